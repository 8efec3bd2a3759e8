package main

import (
	"fmt"
	"strings"
)

// scalars are read as the value in a block mapping, in a block sequence and in a flow mapping.
var scalars = []string{
	// Booleans, null and what only looks like them.
	"y", "Y", "yes", "Yes", "YES", "yEs", "true", "True", "TRUE", "tRUE", "on", "On", "ON", "oN",
	"n", "N", "no", "No", "NO", "nO", "false", "False", "FALSE", "off", "Off", "OFF", "t", "f", "o",
	"", "~", "null", "Null", "NULL", "nUll", "nil", "none", "~~",
	// Integers.
	"0", "00", "-0", "+0", "1", "+1", "-1", "007", "0777", "08", "09", "0o17", "0O17", "0o8", "-0o17", "+0o17", "-0777",
	"0x10", "0X1f", "-0x10", "+0x10", "0x", "0xg", "0b101", "0B11", "-0b11", "+0b11", "0b", "0b2", "0b-11", "0b+11", "-0b-11", "-0b+11",
	"1_000", "1__0", "_1", "1_", "-_1", "0x_1", "0_7", "0_x1", "1_0.5_0", "--1", "++1", "+-1", "-+1",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
	"+9223372036854775808", "18446744073709551615", "18446744073709551616", "0xFFFFFFFFFFFFFFFF", "0x1FFFFFFFFFFFFFFFF",
	"0777777777777777777777", "07777777777777777777777777", "123456789012345678901234567890",
	"0b1111111111111111111111111111111111111111111111111111111111111111", "0b-", "0x-1", "0o-1", "0-1", "00x1",
	// Floats.
	"1.5", "-1.5", "+1.5", ".5", "-.5", "+.5", "5.", "-5.", ".", "..", "...5", ".5.", "1.2.3", "1.0", "0.0", "-0.0", "100.0",
	"1e3", "1E3", "1e+3", "1e-3", "-1e3", "1.5e3", "1.e3", ".5e1", ".e1", "1e", "1e+", "e3", "1e3.5", "1_0e1_0", "08.5",
	"1e15", "1e18", "1e19", "1e20", "1e21", "1e22", "-1e21", "12345678901234567890.0", "0.000001", "0.0000001", "1e308", "1e309", "-1e309", "1e-400",
	".5_0", "._5", "0x1p4", "0x1.8p1", "Infinity", "inf", "nan", "NaN", "+nan", "-nan", "+inf",
	".inf", ".Inf", ".INF", "+.inf", "-.inf", "-.INF", ".nan", ".NaN", ".NAN", ".iNf", "+.nan",
	"1:30", "190:20:30", "12:30:45", "1,000", "1 000", "10Gi", "1.5Gi", "100m", "10%", "1e3Gi",
	// Timestamps.
	"2001-01-01", "2001-1-1", "2001-12-14t21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5", "2001-12-15T02:59:43.1Z", "2001-13-45",
	// Strings.
	"abc", "a b", "a: b", "a:b", "a #b", "a#b", "a, b", "-a", "- a", "?a", "? a", ":a", "*", "&", "!", "@a", "`a", "%a", "|a", ">a",
	"=", "<<", "...", "a\\nb", "über", "日本語", "a\u00a0b", "🚀", "http://example.com:80/x?y=z#w",
	"[a]b", "a[b]", "a{b}", "a]", "}", "#", "a'b", "a\"b", "'", "\"",
	// Quotes.
	"'yes'", "\"no\"", "'1'", "\"1\"", "''", "\"\"", "'it''s'", "\"a\\tb\"", "\"\\u00e9\\x41\\U0001F680\"", "\"\\/\"", "\"\\ud83d\\ude80\"",
	"\"\\q\"", "\"a\\\n  b\"", "'a\n  b'", "\"a\n\n  b\"", "'a' b", "\"a\" #c", "'~'", "'<<'", "\"\\0\\a\\b\\e\\f\\v\\N\\_\\L\\P\\r\\\\\"", "\"\\'\"",
	// Tags.
	"!!str 1", "!!str yes", "!!str", "!!str ''", "!!str ~", "!!str 1e3", "!!str 2001-01-01", "!!int 1", "!!int '1'", "!!int 1.5", "!!int a", "!!int 0x10",
	"!!int ''", "!!int", "!!int 1_0", "!!float 1", "!!float '1.5'", "!!float 0x10", "!!float 1e3", "!!float a", "!!float 18446744073709551615",
	"!!bool yes", "!!bool 'no'", "!!bool 1", "!!bool", "!!null ''", "!!null", "!!null ~", "!!null a", "!!null null",
	"!!binary aGVsbG8=", "!!binary 'aGVs bG8='", "!!binary aGVsbG8", "!!binary \"aGVs\\nbG8=\"", "!!binary ''", "!!binary '='", "!!binary aGVsbG8==",
	"!!timestamp 2001-01-01", "!!timestamp 1", "!!timestamp a", "!!timestamp '2001-01-01'",
	"!custom 1", "!custom yes", "!custom", "!!custom 1", "!!seq a", "!!map a", "!!set {a, b}", "!!omap [a: 1]", "!!merge 1", "! 1", "! '1'", "! yes", "! ''", "! a",
	"!<tag:yaml.org,2002:int> '1'", "!<tag:yaml.org,2002:str> 1", "!e!x 1", "!!str [1]", "!!seq {a: 1}", "!!map [1]", "!!int {a: 1}", "!x {a: 1}",
	"&a 1", "&a", "&a 'x'", "&a !!str 1", "!!str &a 1", "*a", "&a *a", "&a [1, 2]", "&a {b: c}", "&a: 1",
	// Flow collections.
	"[]", "{}", "[a, b]", "[a, b,]", "[,]", "[a,,b]", "{a: 1, b: 2}", "{a: 1,}", "{a}", "{a, b: 1}", "{a:1}", "{\"a\":1}", "{'a':1}", "{a: }", "{: a}", "{a: [1, {b: 2}]}",
	"[a: 1]", "[a: 1, b]", "[? a : b]", "{? a : b}", "{? a}", "[[], {}]", "[a", "{a", "[a}", "{a: 1]", "[a: b: c]", "{a: b: c}", "[1, 0x10, yes, ~, '', \"1\"]",
	"[a:b]", "[a :b]", "[http://x:80]", "{a: http://x:80}", "{a#b: 1}", "[a #b\n]", "[-1]", "[-]", "[- a]", "[a-]", "[?]", "[? ]", "[:]", "[a?]", "[::a]", "{a?: 1}", "[\"a\"b]", "[*]",
}

// keys are read as the key of a block mapping.
var keys = []string{
	"1", "-1", "0x10", "0777", "1.5", "1.0", "0.1", "1e3", "1e5", "999999.0", "1e6", "1000000.0", "1234567.5", "123456789.0", "1e20", "1e21", "1e-4", "1e-5", "1.5e-7", "0.00012", "1e39", "-1e300", "3.14159265358979", "16777217.0",
	"yes", "no", "y", "n", "on", "off", "true", "True", "FALSE", "~", "null", "", "''", "'~'", "'null'", "'1'", "\"yes\"",
	".inf", "-.inf", ".nan", "2001-01-01", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615",
	"a b", "a.b/c", "a-b", "? a\n", "[a]", "{a: b}", "? [a]\n", "? {a: b}\n", "? - a\n", "!!str 1", "!!int '1'", "!!binary aGVsbG8=", "!custom 1", "! '1'", "&a b", "\"a\\nb\"", "'a\n b'", "a\nb",
	"<", "=", "-", "-a", "?a", ":", ":a", "::", "a:", "*x", "@a", "%a", "|", ">", "\"a\" ", "a  ", "\ta", "a\t", "-0", "-0.0", "+1", "1_000", "0b11", "08",
	strings.Repeat("k", 128), strings.Repeat("k", 1100),
}

// snippets are whole documents.
var snippets = []string{
	"", "\n", "# only\n# comments\n", "   \n", "\t\n", "a", "1", "yes", "~", "null", "'a'", "[]", "{}", "- a", "- a\n- b\n", "-", "- \n-\n", "a: b", "a:\n", "a:\n- b\n- c\n", "a:\n  - b\n  - c\n", "a:\n - b\n- c\n",
	"a:\n  b:\n    c: 1\n  d: 2\n", "a:\n    b: 1\n  c: 2\n", "a:\n  b: 1\n    c: 2\n", " a: 1\n b: 2\n", " a: 1\nb: 2\n", "a: 1\n b: 2\n", "a: b: c\n", "- - a\n  - b\n- - c\n", "- a: 1\n  b: 2\n- c\n", "- a: 1\n b: 2\n", "a: - b\n", "a: 1\n- b\n", "- a\nb: 1\n",
	"a:\tb\n", "a:\n\tb: 1\n", "\ta: 1\n", "a: 1\t\n", "a: 1 \t# c\n", "a:\n  b: 1\n\t\n  c: 2\n", "-\ta\n", "- \ta: 1\n", "a: [\t1,\t2\t]\n", "{\n\t\"a\": 1,\n\t\"b\": [\n\t\t2\n\t]\n}\n", "a: |\n\tb\n", "a: |\n  b\n\tc\n", "a: |\n  \tb\n", "a: b\tc\n", "a: b\n\tc\n", "a: 'b\n\tc'\n", "? \ta\n", "a\t: 1\n",
	"a: 1\r\nb: 2\r\n", "a: |\r\n  x\r\n  y\r\nb: 1\r\n", "a: 'x\r\n  y'\r\n", "a: >\r\n  x\r\n  y\r\n", "a: 1\rb: 2\r", "- a\r\n- b", "# c\r\na: 1\r\n",
	"\ufeffa: 1\n", "\ufeff# c\na: 1\n", "a: \ufeffb\n", "a: b\ufeffc\n", "a: '\ufeff'\n", "\ufeff\ufeffa: 1\n", "a: 1\n\ufeffb: 2\n",
	"a: \x00\n", "a: \x01\n", "a: 'b\x07'\n", "a: \x7f\n", "a: \u0080\n", "a: \u009f\n", "# \x02\na: 1\n", "a: \x1b[0m\n", "a: \"\x08\"\n", "a: \ufffd\n", "a: '\ufffe'\n",
	"a: 1\na: 2\n", "a: 1\nb:\n  c: 1\n  c: 2\n", "{a: 1, a: 2}\n", "a: 1\n'a': 2\n", "1: a\n1: b\n", "1: a\n0x1: b\n", "yes: a\ntrue: b\n", "- a: 1\n  a: 1\n", "a: ~\na: ~\n", "a: 1\nA: 2\n", "? a\n? a\n", "1: a\n2: b\nyes: c\n",
	"a: &x 1\nb: *x\n", "a: &x {k: v}\nb: *x\nc: [*x, *x]\n", "a: &x [1]\nb: &x [2]\nc: *x\n", "a: *x\n", "b: *x\na: &x 1\n", "&a a: 1\n", "&a [*a]\n", "&a {b: *a}\n", "a: &x {b: [*x]}\n", "&k key: 1\nb: *k\n", "&k key: 1\n*k : 2\n", "a: &x key\n*x : 2\n", "a: &x [1]\n*x : 2\n", "a: &x\nb: *x\n", "a: &x\n  b: 1\nc: *x\n", "&x\na: 1\n", "a: &x-y_1.z 1\nb: *x-y_1.z\n", "a: &x 1\nb: *x \nc: *x #c\n", "a: &x 1\nb: [*x]\n", "a: &x 1\nb: {*x : 2}\n", "a: &x 1\nb: {c: *x}\n", "a: &x 1\nb: !!str *x\n",
	"a: &x 1\nb: *xy\n", "a: &é 1\nb: *é\n",
	"x: &b {a: 1, b: 2}\ny:\n  <<: *b\n  c: 3\n", "x: &b {a: 1}\ny:\n  <<: *b\n  a: 2\n", "x: &b {a: 1}\ny:\n  a: 2\n  <<: *b\n", "x: &b {a: 1}\nz: &c {a: 2, b: 3}\ny:\n  <<: [*b, *c]\n", "x: &b {a: 1}\ny: {<<: *b}\n", "y: {<<: {a: 1}}\n", "y: {<<: [{a: 1}, {a: 2, b: 1}]}\n", "y:\n  <<: 1\n", "y:\n  <<: [1]\n", "y:\n  <<:\n", "y:\n  <<: []\n", "x: &b [1]\ny:\n  <<: *b\n", "x: &b 1\ny:\n  <<: *b\n", "x: &b {a: 1}\ny:\n  '<<': *b\n", "x: &b {a: 1}\ny:\n  !!merge <<: *b\n", "x: &b {a: 1}\ny:\n  !!str <<: *b\n", "x: &b {<<: {a: 1}, c: 2}\ny: {<<: *b}\n", "x: &b {a: 1}\nz: &c {d: 2}\ny:\n  <<: *b\n  <<: *c\n", "- &b {a: 1}\n- {<<: *b, b: 2}\n", "- <<\n", "<<: {a: 1}\n", "a: &a\n  <<: *a\n", "x: &b {a: {k: 1}}\ny:\n  <<: *b\n  a: {l: 2}\n", "x: &l [{a: 1}]\ny:\n  <<: *l\n", "y: {<<: [[{a: 1}]]}\n", "x: &b {1: a, yes: b}\ny: {<<: *b, 1: c}\n",
	"a: |\n  x\n  y\n", "a: |-\n  x\n  y\n", "a: |+\n  x\n\n\nb: 1\n", "a: |\n  x\n\n\nb: 1\n", "a: >\n  x\n  y\n\n  z\n", "a: >-\n  x\n   y\n  z\n", "a: |2\n   x\n  y\n", "a: |1\n x\n", "a: |2-\n   x\n", "a: |-2\n   x\n", "a: |0\n x\n", "a: |\n\n  x\n", "a: |\n   x\n  y\n", "a: |\nb: 1\n", "a: |", "a: |\n", "a: |\n  x", "a: |-\n  x", "a: |+\n  x", "a: >\n  x", "a: | # c\n  x\n", "a: |x\n  x\n", "- |\n x\n- >\n y\n", "a: |\n  # not a comment\n  x # y\n", "a: !!int |\n  1\n", "a: !!int |-\n  1\n", "a: &x |\n  1\nb: *x\n", "|\n x\n", "|\nx\n", ">\n x\n y\n", "a: |\n    x\n  y: 1\n", "a: |\n  x\n y: 1\n", "a: >\n\n  x\n\n\n  y\n", "a: |\n  x\n  \n  y\n", "a: |\n  x\n    \n  y\n",
	"a: b\n  c\n  d\n", "a: b\n\n  c\n", "a: b\nc\n", "a: b #c\n  d\n", "a:\n  b\n  c\n", "- a\n  b\n", "a: b\n  c: d\n", "a\nb\n", "a\nb: 1\n", "a: b\n  - c\n", "a: 1\n  2\n", "a: 'b\nc'\n", "a: \"b\nc\"\n", "a: [b,\nc]\n", "a: [b,\n  c\n]\n", "a: {\n  b: 1\n}\n", "a: {\nb: 1\n}\n", "a: [\n  b, # c\n  d\n  ]\n", "a: 'b\n", "a: \"b\n", "a: [b\nc: d\n", "a: {b: c\n  d: e}\n", "a: [b\n  c]\n", "[a,\n b]: c\n", "{a: 1}\n", "{\"a\":\n 1}\n", "{\"a\"\n: 1}\n", "[\n  {\"a\": 1}\n]\n",
	"? a\n: b\n", "? a\n: - b\n  - c\n", "? |\n  a\n: b\n", "? a\nb: c\n", "? a\n:\n", "a: ? b\n", ": a\n", "? \n: a\n", "a :\n", "a : b\n", "a: # c\n  b\n", "a: # c\n  b: 1\n", "a:# c\n", "'a' : 1\n", "\"a\":1\n", "'a':1\n", "a: b:\n", "a: 'b': c\n", "a: \"b\" c\n", "a: [b] c\n", "a: [b]: c\n", "a: {b}: c\n", "a: !!str\n  b: 1\n", "!!map\na: 1\n", "!!map {a: 1}\n", "!!str a: 1\n", "!x\na: 1\n",
	"a: 1\n# c\nb: 2\n  # d\nc: 3\n", "a:\n# c\n  b: 1\n", "a:\n  # c\n  - b\n# d\n  - c\n", "# c\n\n\na: 1\n", "a: 1 # c", "a: 1# c\n", "a: '#'\n", "a: #\n", "#a\nb: #c\n  d #e\n",
	"{\"apiVersion\":\"v1\",\"kind\":\"PersistentVolumeClaim\",\"spec\":{\"resources\":{\"requests\":{\"storage\":\"10Gi\"}}}}\n", "{\"a\": 1e3, \"b\": 1.0, \"c\": -0, \"e\": null, \"f\": true, \"g\": \"\\u00e9\\n\\\"\\\\\\/\"}\n", "{\"a\": \"\\ud83d\\ude80\"}\n", "[1, \"2\", [3], {\"4\": 5}]\n", "{ \"a\" : [ ] , \"b\" : { } }\n",
	"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  annotations:\n    a/b: \"true\"\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 10Gi\n", "spec:\n  storage: 10\n  mode: 0644\n  size: 1e9\n  enabled: on\n  name: y\n",
	"@a", "`a`", "a: @b\n", "a: `b\n", "%a", "% a: 1\n", "a: %b\n", "a: ]\n", "a: ,\n", "a: ,b\n", "a: }b\n", "]\n", "a: !\n", "a: ! \n", "a: !<>\n", "a: !<x y\n", "a: !a!b c\n", "a: !!\n", "!\n", "&\n", "*\n", "&a\n", "*a\n", "a: & b\n", "a: * b\n", "- - - a\n", "-- a\n", "-a\n", "- -a\n", "-\n-\n", "- # c\n- a\n", "-\n  a\n", "-\n a: 1\n b: 2\n", "- a\n - b\n", " - a\n- b\n", "- a\n  - b\n",
	"{{ .Values.name }}\n", "a: {{ .Values.name }}\n", "a: \"{{ .Values.name }}\"\n", "a: ${X}\n", "a: $(x)\n", "a: <b>\n", "a: b=c\n", "a: ~b\n", "a: ~ b\n", "a: !b\n",
	deepFlow(100), deepFlow(120), deepBlock(100), deepSequence(100), aliases(3), aliases(10), wideAliases(50), wideAliases(150),
	"a: " + strings.Repeat("x", 2000) + "\n", "\"" + strings.Repeat("k", 1000) + "\": 1\n", "[" + strings.Repeat("1, ", 500) + "1]\n",
}

func deepFlow(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth) + "\n"
}

func deepBlock(depth int) string {
	var text strings.Builder
	for level := range depth {
		fmt.Fprintf(&text, "%sa:\n", strings.Repeat(" ", level))
	}
	return text.String()
}

func deepSequence(depth int) string {
	return strings.Repeat("- ", depth) + "a\n"
}

// aliases is a mapping in which each value has the one before nine times: nine to the power of depth in the end.
func aliases(depth int) string {
	text := "l0: &l0 x\n"
	for level := 1; level <= depth; level++ {
		text += fmt.Sprintf("l%d: &l%d [%s]\n", level, level, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*l%d, ", level-1), 9), ", "))
	}
	return text
}

func wideAliases(count int) string {
	return "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: [" + strings.TrimSuffix(strings.Repeat("*a, ", count), ", ") + "]\n"
}

// streams are cut into documents.
var streams = []string{
	"", "\n", "---\n", "---\n---\n", "# c\n---\n# d\n", "a: 1\n", "a: 1\n---\nb: 2\n", "---\na: 1\n---\nb: 2\n---\n", "a: 1\n--- # c\nb: 2\n", "a: 1\n---   \nb: 2\n", "a: 1\n---\t\nb: 2\n", "a: 1\r\n---\r\nb: 2\r\n", "a: 1\n---",
	"--- {a: 1}\n", "a: 1\n--- b\n", "----\na: 1\n", "a: 1\n---b\n", "a: |\n  ---\n  x\n---\nb: 2\n", "a: 1\n ---\nb: 2\n", "a: '\n---\n'\n", "a: 1\n---\n\n# c\n---\nb: 2\n", "~\n---\na: 1\n---\nnull\n", "\ufeffa: 1\n---\nb: 2\n", "a: 1\n---\n\ufeffb: 2\n",
	"{\"a\": 1}", "{\"a\": 1}{\"b\": 2}", "{\"a\": 1}\n{\"b\": 2}\n", "{\"a\": 1}\n---\n{\"b\": 2}\n", "{\"a\": 1}\n---\nb: 2\n", "{a: 1}\n---\n{b: 2}\n", "  {\"a\": 1}\n", "\n\n{\"a\": \"x\\ty\"}\n", "a: 1\n---\n{\"b\": 2}\n",
	"[1, 2]\n---\n3\n", "a: [\n---\nb: 2\n", "a: 1\n---\nb: [\n", "%YAML 1.1\n---\na: 1\n", "%TAG ! tag:x,2000:\n---\na: 1\n", "a: 1\n...\n---\nb: 2\n", "a: 1\n...\n", "a: 1\n...\n# c\n", "a: 1\n... # c\n---\nb: 2\n", "{\"a\": 1}}", "{\"a\": 1} x\n", "{\"a\": 1}\n# c\n", "{\"a\": 1} # c\n", "{\"a\": 1}\n{b: 2}\n", "{\"a\": 1} {\"b\": 2} x\n", "{\"a\": 1}\nb: 2\n", "{\"a\": 1},\n", "{\"a\": 1}\n# c\n{\"b\": 2}\n", "{\"a\": 1}\n# c\n---\n{\"b\": 2}\n", "{\"" + strings.Repeat("k", 1000) + "\": 1}",
}

// Every one of quantityNumbers is parsed with every one of quantitySuffixes.
var quantitySuffixes = []string{
	"", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e2", "E-2",
}

var quantityNumbers = []string{
	"0", "1", "-1", "+7", "0.5", "1.5", ".25", "3.", "9223372036854775807", "0.0000000001", "-1.0000000001",
}

// quantityTexts are parsed besides.
var quantityTexts = []string{
	"", " ", "0", "00", "-0", "+0", "+", "-", ".", "+.", "-.", "..", "1..2", "1.2.3", "5.", ".5", "-.5", "+.5", "0.", ".0", "007", "0010Gi", "00.5",
	"10Gi", "10gi", "10GI", "10G", "10g", "10GiB", "10GB", "10 Gi", " 10Gi", "10Gi ", "10Gi\n", "1,5Gi", "1_000", "0x10", "10K", "10k", "10ki", "10Ki", "10KI", "10mi", "10M", "10m", "10Mi", "10MI", "10u", "10µ", "10n", "10p", "10P", "10i", "10ii", "10Gii", "10mm", "10kk", "10Kii", "10Zi", "10Yi", "10Z", "10Y", "10R",
	"1e3", "1E3", "1e+3", "1E+3", "1e-3", "1e03", "1e0", "1e-0", "1e", "1E", "1e+", "1E-", "1e3m", "1e3Gi", "1e3.5", "1Ee3", "1ee3", "1e3e3", "1E1E", "1Ei", "1Ei3", "1E3i", "1e 3", "5-1", "5+1", "5-", "5+", "1Gi-1", "1m3", "1M3", "-1e-3", "1.5e3", "1.5E3", "1.5E", ".5e1", "5.e1",
	"Ki", "Gi", "Ti", "Pi", "Ei", "m", "n", "E", "e", "e5", "e-9", "e-10", "E5", "+Gi", "-m", ".Gi", ".Ei", ".e-10", "i", "abc", "NaN", "inf", "Infinity", "true", "null", "1a", "a1", "１０", "10\u00a0Gi", "--1", "++1", "+-1", "-+1", "1-", "(1)",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551616", "8Ei", "7.99999999999999999999Ei", "9Ei", "-9Ei", "100000Ei", "-100000Ei", "8191Pi", "8192Pi", "9007199254740993", "9007199254740993Ki", "9223372036854775807Ki",
	"123456789012345678901234567890", "12345678901234567890123456789012345678", "-123456789012345678901234567890m", "0.123456789", "0.1234567891", "0.12345678901234567890Gi", "1.00000000000000000000000000000000000001", "1.00000000000000000000000000000000000001Gi", "-0.0000000000000000000000000001", "0.0000000000000000000000000000000000000000Ei", "1n", "0.1n", "-0.1n", "1.5n", "999999999n", "1000000000n", "1000000001n",
	"1e10", "1e18", "1e19", "1e30", "1e37", "-1e30", "123e20", "1e-8", "1e-9", "1e-10", "1e-30", "15e-10", "1e4294967296", "1e4294967299", "1e-4294967299", "1e9223372036854775808", "1e-9223372036854775809", "0e100", "0e-100", "0Ei",
	"1.5Gi", "1.1Gi", "0.1Gi", "0.001Ki", "0.0001Ki", "1.0Ki", "-5Gi", "-1.5", "-1500m", "-0.5m", "1500m", "1000m", "999m", "1001m", "0.5", "100m", "1024Ki", "1024Gi", "1000Ki", "0.9999999999", "4000000000", "3.7e9",
}

// compared are compared each with each.
var compared = []string{
	"0", "-0", "0Gi", "1n", "2n", "0.1n", "1m", "0.001", "999m", "1", "1000m", "1001m", "1e0", "1024", "1Ki", "1k", "1000", "1e3", "1.5Gi", "1536Mi", "1610612736", "1610612736000m", "1610612736.000000001",
	"1Gi", "1G", "1e9", "10Gi", "1Ti", "1T", "8191Pi", "8Ei", "9Ei", "9223372036854775807", "9223372036854775808", "1E", "1e18", "1Ei", "1e30", "1e37", "1000000000000000000000000000000", "123456789012345678901234567890", "123456789012345678901234567890000m",
	"-1n", "-1m", "-1", "-1000m", "-1Ki", "-1.5Gi", "-1536Mi", "-9Ei", "-1e30",
}
