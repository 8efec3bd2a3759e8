//! Scalars as Go's goyaml.v2 and sigs.k8s.io/yaml read them: YAML 1.1 with Go's number syntax.

use serde_json::{Number, Value};

/// How a scalar's text is to be read: what its tag or its notation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// By its looks: a plain scalar without a tag.
    Implicit,
    Str,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// A tag that means nothing to kubectl; the text stays as it is.
    Other,
}

impl Schema {
    /// The tag's name, or what the text looks like.
    fn name(self) -> &'static str {
        match self {
            Self::Implicit => "plain text",
            Self::Str | Self::Other => "a string",
            Self::Bool => "a boolean (!!bool)",
            Self::Int => "an integer (!!int)",
            Self::Float => "a number (!!float)",
            Self::Null => "null (!!null)",
            Self::Timestamp => "a timestamp (!!timestamp)",
            Self::Binary => "base64 (!!binary)",
            Self::Merge => "a merge key",
        }
    }
}

/// A scalar with its type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that an `i64` cannot hold.
    Uint(u64),
    Float(f64),
    Text(String),
}

/// Gives a text its type. The error says why it has none.
pub(super) fn resolve(schema: Schema, text: &str) -> Result<Scalar, String> {
    let found = match schema {
        Schema::Implicit => return Ok(looks(text)),
        Schema::Str | Schema::Other | Schema::Merge => return Ok(Scalar::Text(text.to_owned())),
        Schema::Binary => {
            let bytes = decode_base64(text).ok_or("!!binary is followed by something that is not base64")?;
            return Ok(Scalar::Text(String::from_utf8_lossy(&bytes).into_owned()));
        }
        Schema::Timestamp if is_date(text) => return Ok(Scalar::Text(text.to_owned())),
        Schema::Bool | Schema::Int | Schema::Float | Schema::Null | Schema::Timestamp => looks(text),
    };
    match (schema, found) {
        (Schema::Bool, found @ Scalar::Bool(_))
        | (Schema::Int, found @ (Scalar::Int(_) | Scalar::Uint(_)))
        | (Schema::Float, found @ Scalar::Float(_))
        | (Schema::Null, found @ Scalar::Null) => Ok(found),
        #[allow(
            clippy::cast_precision_loss,
            reason = "an integer tagged !!float is rounded to a float"
        )]
        (Schema::Float, Scalar::Int(int)) => Ok(Scalar::Float(int as f64)),
        (schema, _) => Err(format!("`{}` is not {}", shortened(text), schema.name())),
    }
}

impl Scalar {
    /// The JSON value. An infinite number or NaN has none.
    pub(super) fn into_json(self) -> Result<Value, String> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(bool),
            Self::Int(int) => int.into(),
            Self::Uint(int) => int.into(),
            Self::Text(text) => Value::String(text),
            Self::Float(float) => {
                let number = whole_number(float).or_else(|| Number::from_f64(float));
                let number = number.ok_or("infinity and NaN cannot be sent as JSON; quote it if a string is meant")?;
                Value::Number(number)
            }
        })
    }

    /// The key that a mapping's key becomes in JSON.
    pub(super) fn into_key(self) -> Result<String, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Bool(bool) => Ok(bool.to_string()),
            Self::Int(int) => Ok(int.to_string()),
            Self::Float(float) => Ok(float_key(float)),
            Self::Uint(int) => Err(format!("{int} is too large for a key without quotes")),
            Self::Null => Err("null cannot be a key; quote it if a string is meant".to_owned()),
        }
    }
}

/// Go writes a float without a fraction as an integer, so that `1e3` arrives as 1000.
fn whole_number(float: f64) -> Option<Number> {
    let negative_zero = float == 0.0 && float.is_sign_negative();
    if float.fract() != 0.0 || float.abs() >= 1e20 || negative_zero {
        return None;
    }
    let digits = float.to_string();
    digits
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| digits.parse::<u64>().map(Number::from))
        .ok()
}

/// A float as a key: Go's `strconv.FormatFloat(f, 'g', -1, 32)`.
fn float_key(float: f64) -> String {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "Go formats keys with 32 bits of precision"
    )]
    let float = float as f32;
    if float.is_nan() {
        return ".nan".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{float:e}");
    match scientific
        .split_once('e')
        .map(|(mantissa, exponent)| (mantissa, exponent.parse::<i32>()))
    {
        Some((mantissa, Ok(exponent))) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => float.to_string(),
    }
}

/// The type of a text by its looks.
fn looks(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Scalar::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Scalar::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => match text.as_bytes()[0] {
            b'.' if underscores_separate_digits(text) => decimal_float(&text.replace('_', "")).map(Scalar::Float),
            b'0'..=b'9' | b'+' | b'-' => number(&text.replace('_', "")),
            _ => None,
        }
        .unwrap_or_else(|| Scalar::Text(text.to_owned())),
    }
}

/// A number without underscores, in any of Go's notations.
fn number(text: &str) -> Option<Scalar> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = digits.len() < text.len();
    integer(negative, signed, digits)
        .or_else(|| decimal_float(text).map(Scalar::Float))
        .or_else(|| {
            // goyaml.v2 looks at what follows `0b` a second time, and then takes a sign there.
            let binary = text.strip_prefix("0b")?;
            i64::from_str_radix(binary, 2).ok().map(Scalar::Int)
        })
}

/// Go's `ParseInt` and then `ParseUint` with base 0.
fn integer(negative: bool, signed: bool, digits: &str) -> Option<Scalar> {
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (i64::try_from(magnitude), negative) {
        (Ok(int), false) => Some(Scalar::Int(int)),
        (Err(_), false) => (!signed).then_some(Scalar::Uint(magnitude)),
        (_, true) => 0i64.checked_sub_unsigned(magnitude).map(Scalar::Int),
    }
}

/// Go's `ParseFloat` takes underscores between digits.
fn underscores_separate_digits(text: &str) -> bool {
    let is_digit = |part: Option<u8>| part.is_some_and(|byte| byte.is_ascii_digit());
    let mut parts = text.split('_').peekable();
    while let Some(part) = parts.next() {
        if let Some(next) = parts.peek()
            && !(is_digit(part.bytes().last()) && is_digit(next.bytes().next()))
        {
            return false;
        }
    }
    true
}

/// A float in decimal notation: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, if it is finite.
fn decimal_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Rust's grammar of floats is this one and the names of infinity and NaN.
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    text.parse::<f64>().ok().filter(|float| float.is_finite())
}

/// Whether a text begins like the timestamps of YAML 1.1.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() > 4 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

/// Base64 with padding; line breaks are skipped.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let padding = digits.iter().rev().take_while(|&&byte| byte == b'=').count();
    if !digits.len().is_multiple_of(4) || padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0);
    for digit in &digits[..digits.len() - padding] {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
