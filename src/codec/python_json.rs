//! JSON as Python's `json` module writes it, byte for byte, so that a file that Frappe wrote and
//! jobctl changed differs by the change alone.
//!
//! Owns the layout (indent 1, keys sorted, everything but ASCII escaped) and the numbers: integers
//! of any length keep their digits, floats are printed as Python's `repr` prints them. Reads what
//! `serde_json` accepts, and nothing more.
//!
//! Source: `Lib/json/encoder.py` and `Python/pystrtod.c` of `CPython` 3.7 to 3.14; Frappe calls
//! `json.dumps(…, indent=1, sort_keys=True)` for its files and in `frappe.as_json`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde_json::value::RawValue;

/// A JSON value.
#[derive(Clone, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer, as its digits.
    Integer(String),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// An object; of a key that came twice, the last value.
    Object(BTreeMap<String, Self>),
}

/// Scalars without text only: what is read are configurations, and passwords are in them.
impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null | Self::Bool(_) | Self::Integer(_) | Self::Float(_) => {
                f.write_str(&self.dump())
            }
            Self::Text(_) => f.write_str("a text"),
            Self::List(items) => write!(f, "a list of {}", items.len()),
            Self::Object(fields) => f.debug_set().entries(fields.keys()).finish(),
        }
    }
}

impl From<bool> for Json {
    fn from(on: bool) -> Self {
        Self::Bool(on)
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Self {
        Self::Integer(number.to_string())
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Json {
    /// Reads a document.
    ///
    /// Errors: those of `serde_json`, which also refuses more than 128 levels.
    pub fn parse(bytes: &[u8]) -> serde_json::Result<Self> {
        // First as a whole: raw values are checked neither for depth nor for the range of numbers,
        // and errors in them would tell a wrong place.
        serde_json::from_slice::<serde_json::Value>(bytes)?;
        Self::of_raw(serde_json::from_slice(bytes)?)
    }

    fn of_raw(raw: &RawValue) -> serde_json::Result<Self> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text)?;
                let fields = fields.into_iter().map(|(key, raw)| Ok((key, Self::of_raw(&raw)?)));
                Self::Object(fields.collect::<serde_json::Result<_>>()?)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text)?;
                let items = items.iter().map(|raw| Self::of_raw(raw));
                Self::List(items.collect::<serde_json::Result<_>>()?)
            }
            Some(b'"') => Self::Text(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(serde_json::from_str(text)?),
            Some(b'n') => Self::Null,
            _ if text.contains(['.', 'e', 'E']) => {
                // Not by `serde_json`, whose floats may be off by the last digit.
                Self::Float(text.parse().map_err(serde::de::Error::custom)?)
            }
            // Python has no negative zero among its integers.
            _ if text == "-0" => Self::Integer("0".to_owned()),
            _ => Self::Integer(text.to_owned()),
        })
    }

    /// Writes it as `json.dumps(…, indent=1, sort_keys=True)` does; no newline at the end.
    pub fn dump(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    /// Whether it counts as true in Python. The text `"0"` does: it is not empty.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(on) => *on,
            Self::Integer(digits) => digits != "0",
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Object(fields) => !fields.is_empty(),
        }
    }

    fn write(&self, out: &mut String, level: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(on) => out.push_str(if *on { "true" } else { "false" }),
            Self::Integer(digits) => out.push_str(digits),
            Self::Float(number) => out.push_str(&float(*number)),
            Self::Text(text) => quote(text, out),
            Self::List(items) if items.is_empty() => out.push_str("[]"),
            Self::List(items) => {
                let write = |out: &mut String, item: &Self| item.write(out, level + 1);
                each(out, ['[', ']'], level, items.iter(), write);
            }
            Self::Object(fields) if fields.is_empty() => out.push_str("{}"),
            Self::Object(fields) => {
                let write = |out: &mut String, (key, value): (&String, &Self)| {
                    quote(key, out);
                    out.push_str(": ");
                    value.write(out, level + 1);
                };
                each(out, ['{', '}'], level, fields.iter(), write);
            }
        }
    }
}

/// Writes items on lines of their own, one blank per level in front.
fn each<T>(
    out: &mut String,
    [open, close]: [char; 2],
    level: usize,
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut String, T),
) {
    let line = |out: &mut String, level: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', level));
    };
    out.push(open);
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(',');
        }
        line(out, level + 1);
        write(out, item);
    }
    line(out, level);
    out.push(close);
}

/// A text in quotes. Source: `ESCAPE_ASCII` and `py_encode_basestring_ascii`.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{c}' => out.push_str("\\f"),
            '\u{8}' => out.push_str("\\b"),
            ' '..='~' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a text does not fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// A float as `repr` prints it. Both languages print the fewest digits that read back as the same
/// number; Python has an exponent below 1e-4 and from 1e16 on, with two digits at least.
fn float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..16).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.abs())
        }
        _ => {
            let plain = number.to_string();
            if plain.contains('.') { plain } else { plain + ".0" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        Json::parse(text.as_bytes()).unwrap().dump()
    }

    #[test]
    fn dump_is_laid_out_as_python_does() {
        let text =
            r#"{"b": [1, {"z": null, "a": []}], "a": {}, "Ä": "\u0007é\ud83d\ude00\"/\u007f"}"#;
        let expected = "{\n \"a\": {},\n \"b\": [\n  1,\n  {\n   \"a\": [],\n   \"z\": null\n  }\n ],\n \
                        \"\\u00c4\": \"\\u0007\\u00e9\\ud83d\\ude00\\\"/\\u007f\"\n}";
        assert_eq!(again(text), expected);
        assert_eq!(again("{\"a\": 1, \"a\": 2}"), "{\n \"a\": 2\n}");
    }

    #[test]
    fn dump_of_numbers_is_what_repr_says() {
        for (text, expected) in [
            ("1.0", "1.0"),
            ("1e5", "100000.0"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("123456789012345680.0", "1.2345678901234568e+17"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("1.5E-7", "1.5e-07"),
            ("1e-300", "1e-300"),
            ("3.6209201503668242e-264", "3.6209201503668242e-264"),
            ("-0.0", "-0.0"),
            ("-0", "0"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(again(text), expected, "{text}");
        }
    }

    #[test]
    fn parse_refuses_what_the_reader_of_configurations_refuses() {
        for text in ["", "{", "{\"a\": 1e400}", "NaN", "\"\\ud800\"", "{} x", &"[".repeat(200)] {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_no_text() {
        let json = Json::parse(br#"{"db_password": "hunter2"}"#).unwrap();
        assert!(!format!("{json:?}").contains("hunter2"));
    }
}
