// Command generate asks Kubernetes' own Go libraries how they read YAML, streams and quantities. It writes
// their answers to ../yaml.json, ../stream.json and ../quantity.json, to which tests/yaml_vectors.rs and
// tests/quantity_vectors.rs hold volguard. Tests do not run it. To make the files anew, in this folder:
//
//	go run .
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"strings"

	inf "gopkg.in/inf.v0"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() {
	write("../yaml.json", yamlVectors())
	write("../stream.json", streamVectors())
	write("../quantity.json", quantityVectors())
}

func write(path string, vectors any) {
	file, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	encoder := json.NewEncoder(file)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(vectors); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}

// yamlVector is one document and either the JSON that sigs.k8s.io/yaml makes of it or its error.
type yamlVector struct {
	YAML  string          `json:"yaml"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

func yamlVectors() []yamlVector {
	var texts []string
	for _, scalar := range scalars {
		texts = append(texts, "v: "+scalar+"\n", "- "+scalar+"\n", "{v: "+scalar+"}\n")
	}
	for _, key := range keys {
		texts = append(texts, key+": v\n")
	}
	texts = append(texts, snippets...)
	var vectors []yamlVector
	seen := map[string]bool{}
	for _, text := range texts {
		if seen[text] {
			continue
		}
		seen[text] = true
		vector := yamlVector{YAML: text}
		if out, err := read(text); err != nil {
			vector.Error = err.Error()
		} else {
			vector.JSON = out
		}
		vectors = append(vectors, vector)
	}
	return vectors
}

// read is what kubectl makes of a text with one document, but strict about keys that are set twice.
func read(text string) ([]byte, error) {
	if utilyaml.IsJSONBuffer([]byte(text)) && json.Valid([]byte(text)) {
		var value any
		if err := utiljson.Unmarshal([]byte(text), &value); err != nil {
			return nil, err
		}
		return json.Marshal(value)
	}
	// This reader unifies the ends of lines and ends the last one.
	document, err := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(text))).Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	// Go's strict reading also refuses a key that replaces a merged one, which kubectl does not.
	if strings.Contains(text, "<<") {
		return yaml.YAMLToJSON(document)
	}
	return yaml.YAMLToJSONStrict(document)
}

// streamVector is a stream and the documents that kubectl's decoder finds in it, up to the error that ends it, if any.
type streamVector struct {
	Stream    string            `json:"stream"`
	Documents []json.RawMessage `json:"documents"`
	Error     string            `json:"error,omitempty"`
}

func streamVectors() []streamVector {
	var vectors []streamVector
	for _, stream := range streams {
		vector := streamVector{Stream: stream, Documents: []json.RawMessage{}}
		decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(stream), 4096)
		for {
			var extension runtime.RawExtension
			if err := decoder.Decode(&extension); err != nil {
				if !errors.Is(err, io.EOF) {
					vector.Error = err.Error()
				}
				break
			}
			// kubectl's resource builder leaves these out too.
			if raw := strings.TrimSpace(string(extension.Raw)); raw != "" && raw != "null" {
				vector.Documents = append(vector.Documents, json.RawMessage(raw))
			}
		}
		vectors = append(vectors, vector)
	}
	return vectors
}

// quantities are answers of resource.ParseQuantity and of Quantity.Cmp.
type quantities struct {
	Parse []quantityVector `json:"parse"`
	// Compared names the quantities of Order: character c of line l says how Compared[l] compares with Compared[c].
	Compared []string `json:"compared"`
	Order    []string `json:"order"`
}

// quantityVector is a text and either its error or its value: exact in plain decimal notation, and rounded up to
// an integer (away from zero) as Value documents.
type quantityVector struct {
	Text  string `json:"text"`
	Exact string `json:"exact,omitempty"`
	Value string `json:"value,omitempty"`
	Error string `json:"error,omitempty"`
}

func quantityVectors() quantities {
	var vectors quantities
	texts := append([]string{}, quantityTexts...)
	for _, suffix := range quantitySuffixes {
		for _, number := range quantityNumbers {
			texts = append(texts, number+suffix)
		}
	}
	for _, text := range texts {
		vector := quantityVector{Text: text}
		quantity, err := resource.ParseQuantity(text)
		if err != nil {
			vector.Error = err.Error()
		} else {
			value := quantity.Value()
			exact := quantity.AsDec()
			rounded := new(inf.Dec).Round(exact, 0, inf.RoundUp)
			vector.Exact = exact.String()
			vector.Value = rounded.String()
			// Value is an int64 and wraps beyond, and it loses some negative numbers on its way through big decimals; no
			// rule depends on either, so that the vectors have the rounded number itself.
			if whole := rounded.UnscaledBig(); rounded.Sign() > 0 && whole.IsInt64() && value != whole.Int64() {
				log.Fatalf("Value() of %s is %d and not %s", text, value, rounded)
			}
		}
		vectors.Parse = append(vectors.Parse, vector)
	}
	vectors.Compared = compared
	for _, left := range compared {
		var line strings.Builder
		for _, right := range compared {
			left, right := resource.MustParse(left), resource.MustParse(right)
			line.WriteByte("<=>"[left.Cmp(right)+1])
		}
		vectors.Order = append(vectors.Order, line.String())
	}
	return vectors
}
