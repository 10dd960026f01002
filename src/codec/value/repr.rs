//! Values as Python's `repr` would show them, masked, and cut at a length.

use std::fmt::Write as _;

use super::{Object, Value};
use crate::secrets::{MASK, Secrets};

/// Characters of a text beyond the ones shown that are still looked at for secrets, so that one
/// which begins before the cut is recognised by what follows it.
const MARGIN: usize = 4096;

impl Value {
    /// The value as Python would show it, at most `max_chars` characters long.
    ///
    /// What is cut ends in `…`. Values under keys that look secret are masked, and so are secrets
    /// inside text. Control characters are escaped.
    pub fn repr(&self, secrets: Secrets, max_chars: usize) -> String {
        let mut writer = Writer { out: String::new(), left: max_chars, is_full: false, secrets };
        writer.value(self);
        writer.finish()
    }
}

struct Writer {
    out: String,
    left: usize,
    is_full: bool,
    secrets: Secrets,
}

impl Writer {
    fn finish(mut self) -> String {
        if self.is_full {
            self.out.pop();
            self.out.push('…');
        }
        self.out
    }

    fn char(&mut self, c: char) {
        if self.left == 0 {
            self.is_full = true;
        } else {
            self.out.push(c);
            self.left -= 1;
        }
    }

    fn plain(&mut self, text: &str) {
        for c in text.chars() {
            self.char(c);
            if self.is_full {
                return;
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            _ if self.is_full => {}
            Value::None => self.plain("None"),
            Value::Bool(true) => self.plain("True"),
            Value::Bool(false) => self.plain("False"),
            Value::Int(number) => self.plain(&number.to_string()),
            Value::BigInt(digits) => self.plain(digits),
            Value::Float(number) => self.plain(&float(*number)),
            Value::Str(text) => self.masked(text),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::List(items) => self.items("[", items, "]"),
            Value::Tuple(items) if items.len() == 1 => self.items("(", items, ",)"),
            Value::Tuple(items) => self.items("(", items, ")"),
            Value::Set(items) if items.is_empty() => self.plain("set()"),
            Value::Set(items) => self.items("{", items, "}"),
            Value::FrozenSet(items) if items.is_empty() => self.plain("frozenset()"),
            Value::FrozenSet(items) => self.items("frozenset({", items, "})"),
            Value::Dict(entries) => self.entries(entries),
            Value::Decimal(text)
            | Value::Uuid(text)
            | Value::DateTime(text)
            | Value::Date(text)
            | Value::Time(text)
            | Value::TimeDelta(text)
            | Value::Readable { text, .. } => {
                self.plain(value.class());
                self.plain("(");
                self.masked(text);
                self.plain(")");
            }
            Value::Object(object) => self.object(object),
            Value::Global(name) => self.plain(name),
            Value::Cycle => self.plain("<cycle>"),
            Value::Truncated => self.plain("<too large>"),
        }
    }

    fn items(&mut self, open: &str, items: &[Value], close: &str) {
        self.plain(open);
        for (index, item) in items.iter().enumerate() {
            if self.is_full {
                return;
            }
            self.plain(if index == 0 { "" } else { ", " });
            self.value(item);
        }
        self.plain(close);
    }

    fn entries(&mut self, entries: &[(Value, Value)]) {
        self.plain("{");
        for (index, (key, value)) in entries.iter().enumerate() {
            if self.is_full {
                return;
            }
            self.plain(if index == 0 { "" } else { ", " });
            self.value(key);
            self.plain(": ");
            if value.is_hidden_under(key, self.secrets) {
                self.plain(MASK);
            } else {
                self.value(value);
            }
        }
        self.plain("}");
    }

    /// `app.models.Report(1, 2){'name': 'x'}`, the attributes in braces.
    fn object(&mut self, object: &Object) {
        self.plain(&object.class);
        self.items("(", &object.args, ")");
        for part in [&object.content, &object.state].into_iter().flatten() {
            self.value(part);
        }
    }

    fn masked(&mut self, text: &str) {
        let seen = self.left.saturating_add(MARGIN);
        let end = text.char_indices().nth(seen).map_or(text.len(), |(at, _)| at);
        let text = text.get(..end).unwrap_or(text);
        let text = self.secrets.text(text);
        let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
        self.char(quote);
        for c in text.chars() {
            match c {
                _ if self.is_full => return,
                '\n' => self.plain("\\n"),
                '\r' => self.plain("\\r"),
                '\t' => self.plain("\\t"),
                '\\' => self.plain("\\\\"),
                c if c == quote => self.plain(&format!("\\{c}")),
                c if c.is_control() => self.plain(&format!("\\x{:02x}", u32::from(c))),
                c => self.char(c),
            }
        }
        self.char(quote);
    }

    /// Bytes that are text are shown, and masked, as text.
    fn bytes(&mut self, bytes: &[u8]) {
        self.plain("b");
        let seen = self.left.saturating_add(MARGIN);
        match std::str::from_utf8(bytes.get(..seen).unwrap_or(bytes)) {
            Ok(text) if text.is_ascii() => self.masked(text),
            _ => {
                self.char('\'');
                for byte in bytes {
                    if self.is_full {
                        return;
                    }
                    self.plain(&byte.escape_ascii().to_string());
                }
                self.char('\'');
            }
        }
    }
}

impl Value {
    /// Whether this value may not be shown because of the key that it stands under. `None` is
    /// never a secret.
    pub(super) fn is_hidden_under(&self, key: &Value, secrets: Secrets) -> bool {
        match (key, self) {
            (_, Self::None) => false,
            (Self::Str(key), _) => secrets.hides(key),
            (Self::Bytes(key), _) => secrets.hides(&String::from_utf8_lossy(key)),
            _ => false,
        }
    }
}

/// Python's `repr` of a float.
pub(super) fn float(number: f64) -> String {
    if !number.is_finite() {
        return if number.is_nan() {
            "nan"
        } else if number > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .into();
    }
    let text = format!("{number:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => {
            let exponent: i32 = exponent.parse().unwrap_or(0);
            let sign = if exponent < 0 { '-' } else { '+' };
            let mut out = digits.strip_suffix(".0").unwrap_or(digits).to_owned();
            // Writing to a string cannot fail.
            let _ = write!(out, "e{sign}{:02}", exponent.unsigned_abs());
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repr(value: &Value) -> String {
        value.repr(Secrets::default(), 1000)
    }

    fn text(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    #[test]
    fn repr_looks_like_python() {
        for (value, shown) in [
            (Value::Tuple(vec![Value::Int(1)]), "(1,)"),
            (Value::Set(vec![]), "set()"),
            (Value::FrozenSet(vec![Value::None]), "frozenset({None})"),
            (text("it's\n\x1b\\"), r#""it's\n\x1b\\""#),
            (text("'\""), r#"'\'"'"#),
            (Value::Bytes(b"a\0\xff".to_vec()), r"b'a\x00\xff'"),
            (Value::Float(1e16), "1e+16"),
            (Value::Float(1.0), "1.0"),
            (Value::Float(-2.5e-7), "-2.5e-07"),
            (Value::Float(f64::NEG_INFINITY), "-inf"),
            (Value::Dict(vec![(text("k"), Value::List(vec![]))]), "{'k': []}"),
            (Value::Decimal("1.50".into()), "Decimal('1.50')"),
        ] {
            assert_eq!(repr(&value), shown);
        }
    }

    #[test]
    fn repr_when_key_looks_secret_masks_the_value() {
        let value = Value::Dict(vec![
            (text("api_key"), text("abc")),
            (Value::Bytes(b"password".to_vec()), Value::List(vec![text("abc")])),
            (text("token"), Value::None),
        ]);
        assert_eq!(repr(&value), "{'api_key': ***, b'password': ***, 'token': None}");
        assert!(value.repr(Secrets::new(true), 1000).contains("abc"));
    }

    proptest! {
        #[test]
        fn repr_stays_within_its_length(body in ".{0,60}", max in 1usize..80) {
            let value = Value::List(vec![text(&body), Value::Bytes(body.into_bytes())]);
            let shown = value.repr(Secrets::default(), max);
            prop_assert!(shown.chars().count() <= max);
            prop_assert!(!shown.chars().any(char::is_control));
            let whole = value.repr(Secrets::default(), usize::MAX);
            prop_assert_eq!(shown.ends_with('…') && shown != whole, whole.chars().count() > max);
        }
    }
}
