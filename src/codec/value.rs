//! Python values as data: what a reader found, ready to be shown, searched or compared.
//!
//! A tree is finite, at most as deep as [`Limits::depth`](super::Limits::depth) and free of cycles,
//! so walking and dropping it by recursion is safe. Showing it masks secrets; see [`Value::repr`]
//! and [`Value::to_json`].

mod json;
mod repr;

use std::borrow::Cow;

/// A Python value.
///
/// Dates, times and the like are text, in the form that Python's `str` gives them.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A longer integer: decimal, or `0x…` if it is longer than 128 bytes.
    BigInt(String),
    /// A float, also infinite or not a number.
    Float(f64),
    /// Text; what was no UTF-8 in it (a lone surrogate) is U+FFFD.
    Str(String),
    /// `bytes` or `bytearray`.
    Bytes(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A set, in the order in which it was stored.
    Set(Vec<Value>),
    /// A frozenset, in the order in which it was stored.
    FrozenSet(Vec<Value>),
    /// A dictionary, or an instance of a known dictionary class, in order. Keys may repeat; then
    /// the last one counts.
    Dict(Vec<(Value, Value)>),
    /// `2026-11-21 20:54:24.853556`, with the zone behind it: `+05:30`, `[Asia/Kolkata]` or both.
    DateTime(String),
    /// `2026-11-21`.
    Date(String),
    /// `20:54:24.853556`, with the zone behind it.
    Time(String),
    /// `1 day, 2:03:04`.
    TimeDelta(String),
    /// A decimal number as Python wrote it.
    Decimal(String),
    /// A UUID with its dashes.
    Uuid(String),
    /// An instance of another class whose meaning is one text: a path, a complex number, a time
    /// zone.
    Readable {
        /// Dotted name of the class.
        class: String,
        /// What it means.
        text: String,
    },
    /// An instance of a class that means nothing here.
    Object(Box<Object>),
    /// A class, function or method: its dotted name.
    Global(String),
    /// A container that stands inside itself.
    Cycle,
    /// What did not fit the limits.
    Truncated,
}

/// An instance of an unknown class, by its parts. Nothing of it was ever run.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Dotted name of the class, or of the function that would make the instance; in angle brackets
    /// where it has no name.
    pub class: String,
    /// Positional arguments; named ones follow as one dictionary.
    pub args: Vec<Value>,
    /// What would be set on it, mostly a dictionary of attributes.
    pub state: Option<Value>,
    /// What it holds if it is a sort of list or dictionary.
    pub content: Option<Value>,
}

impl Value {
    /// The text of a `str`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list, tuple or set.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) | Self::Tuple(items) | Self::Set(items) | Self::FrozenSet(items) => {
                Some(items)
            }
            _ => None,
        }
    }

    /// The entries of a dictionary.
    pub fn entries(&self) -> Option<&[(Value, Value)]> {
        match self {
            Self::Dict(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under a text key of a dictionary; of repeated keys the last.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let mut entries = self.entries()?.iter().rev();
        entries.find(|(name, _)| name.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// The value at a dotted path of keys and indices, as `filters.items.0.name`.
    ///
    /// A key may hold dots itself. In an object the path goes on in its attributes or its content.
    /// Negative indices count from the end.
    pub fn lookup(&self, path: &str) -> Option<&Value> {
        if path.is_empty() {
            return Some(self);
        }
        match self {
            Self::Dict(entries) => lookup_entry(entries, path),
            Self::Object(object) => {
                let parts = [&object.state, &object.content];
                parts.into_iter().flatten().find_map(|part| part.lookup(path))
            }
            _ => {
                let (index, rest) = path.split_once('.').unwrap_or((path, ""));
                let (items, index) = (self.items()?, index.parse::<isize>().ok()?);
                let from_end = || items.len().checked_sub(index.unsigned_abs());
                let index = usize::try_from(index).ok().or_else(from_end)?;
                items.get(index)?.lookup(rest)
            }
        }
    }

    /// Whether the value at `path` reads `wanted`; both `true` and `True` are true.
    pub fn matches(&self, path: &str, wanted: &str) -> bool {
        let Some(value) = self.lookup(path) else { return false };
        match value {
            Self::None => wanted.eq_ignore_ascii_case("none") || wanted == "null",
            Self::Bool(truth) => wanted.eq_ignore_ascii_case(if *truth { "true" } else { "false" }),
            _ => value.plain_text() == wanted,
        }
    }

    /// What a plain value reads, without quotes; of anything else its `repr`. Masks nothing.
    pub fn plain_text(&self) -> Cow<'_, str> {
        match self {
            Self::Str(text)
            | Self::BigInt(text)
            | Self::DateTime(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::TimeDelta(text)
            | Self::Decimal(text)
            | Self::Uuid(text)
            | Self::Global(text)
            | Self::Readable { text, .. } => Cow::Borrowed(text),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes),
            other => Cow::Owned(other.repr(crate::secrets::Secrets::new(true), usize::MAX)),
        }
    }

    /// The name of the value's class, without its module.
    pub fn class(&self) -> &str {
        let dotted = match self {
            Self::None => "NoneType",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::BigInt(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Set(_) => "set",
            Self::FrozenSet(_) => "frozenset",
            Self::Dict(_) => "dict",
            Self::DateTime(_) => "datetime",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::TimeDelta(_) => "timedelta",
            Self::Decimal(_) => "Decimal",
            Self::Uuid(_) => "UUID",
            Self::Readable { class, .. } => class,
            Self::Object(object) => &object.class,
            Self::Global(name) => name,
            Self::Cycle | Self::Truncated => "object",
        };
        dotted.rsplit('.').next().unwrap_or(dotted)
    }
}

/// Tries the whole path as a key first, then ever shorter beginnings of it.
fn lookup_entry<'a>(entries: &'a [(Value, Value)], path: &str) -> Option<&'a Value> {
    let ends = std::iter::once(path.len()).chain(path.rmatch_indices('.').map(|(at, _)| at));
    ends.filter_map(|end| path.split_at_checked(end)).find_map(|(key, rest)| {
        let mut matching = entries.iter().rev().filter(|(name, _)| match name {
            Value::Dict(_) | Value::List(_) | Value::Tuple(_) | Value::Object(_) => false,
            name => name.plain_text() == key,
        });
        matching.next()?.1.lookup(rest.strip_prefix('.').unwrap_or(rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    fn sample() -> Value {
        let state = Value::Dict(vec![(text("name"), text("INV-1"))]);
        let object =
            Object { class: "app.Doc".into(), args: vec![], state: Some(state), content: None };
        Value::Dict(vec![
            (
                text("a"),
                Value::List(vec![Value::Int(5), Value::Dict(vec![(text("b"), text("x"))])]),
            ),
            (text("a.b"), Value::Bool(true)),
            (Value::Int(7), Value::None),
            (text("doc"), Value::Object(Box::new(object))),
            (text("twice"), Value::Int(1)),
            (text("twice"), Value::Int(2)),
        ])
    }

    #[test]
    fn matches_follows_keys_indices_and_attributes() {
        let value = sample();
        for (path, wanted) in [
            ("a.0", "5"),
            ("a.1.b", "x"),
            ("a.-1.b", "x"),
            ("a.b", "true"),
            ("a.b", "True"),
            ("7", "None"),
            ("doc.name", "INV-1"),
            ("twice", "2"),
        ] {
            assert!(value.matches(path, wanted), "{path}={wanted}");
        }
        for (path, wanted) in
            [("a.2", "5"), ("a.1.c", "x"), ("a.-3", "5"), ("b", ""), ("a.0.0", "5")]
        {
            assert!(!value.matches(path, wanted), "{path}={wanted}");
        }
    }

    #[test]
    fn class_is_the_last_part_of_the_name() {
        assert_eq!(sample().lookup("doc").unwrap().class(), "Doc");
        assert_eq!(Value::Global("a.b.C".into()).class(), "C");
    }
}
