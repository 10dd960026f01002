//! Writes pickles of plain values: what RQ's workers read as the call of a new job.
//!
//! Owns the encoding of a call; which call it is, is [`frappe`](super::frappe)'s and the
//! operator's. Protocol 4 without frames and memo, which every Python since 3.4 reads. Bounded in
//! depth and size, so that what is written can be read back within [`Limits`].

use std::fmt;

use super::limits::Limits;
use super::value::Value;

const PROTO: u8 = 0x80;
const MARK: u8 = b'(';
const STOP: u8 = b'.';

/// Decimal digits of the longest integer that is written: what one length byte can carry is 255
/// bytes, about 612 digits.
const MOST_DIGITS: usize = 600;

/// Why a value cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unwritable {
    /// It is nested deeper than a reader goes.
    TooDeep,
    /// It is longer than a reader takes.
    TooLarge,
    /// Not a plain value: the name of its class.
    Class(String),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooDeep => f.write_str("it is nested too deeply"),
            Self::TooLarge => f.write_str("it is too large"),
            Self::Class(class) => write!(f, "a `{class}` cannot be written"),
        }
    }
}

impl std::error::Error for Unwritable {}

/// The pickle of the tuple `(func, None, args, kwargs)`.
///
/// Source: `rq/job.py` `Job.data`, 1.11 to 3.0.
pub fn call(func: &str, args: &[Value], kwargs: &[(String, Value)]) -> Result<Vec<u8>, Unwritable> {
    let mut writer = Writer { out: vec![PROTO, 4], limits: Limits::default() };
    writer.out.push(MARK);
    writer.text(func);
    writer.value(&Value::None, 0)?;
    writer.tuple(args, 0)?;
    let entries = kwargs.iter().map(|(key, value)| (Key::Text(key), value));
    writer.dict(entries, 0)?;
    writer.out.extend([b't', STOP]);
    Ok(writer.out)
}

/// The pickle of one value.
pub fn value(value: &Value) -> Result<Vec<u8>, Unwritable> {
    let mut writer = Writer { out: vec![PROTO, 4], limits: Limits::default() };
    writer.value(value, 0)?;
    writer.out.push(STOP);
    Ok(writer.out)
}

enum Key<'v> {
    Text(&'v str),
    Value(&'v Value),
}

struct Writer {
    out: Vec<u8>,
    limits: Limits,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), Unwritable> {
        if depth > self.limits.depth {
            return Err(Unwritable::TooDeep);
        }
        if self.out.len() > self.limits.inflated_bytes {
            return Err(Unwritable::TooLarge);
        }
        match value {
            Value::None => self.out.push(b'N'),
            Value::Bool(truth) => self.out.push(if *truth { 0x88 } else { 0x89 }),
            Value::Int(number) => self.int(*number),
            Value::BigInt(digits) => self.long(digits)?,
            Value::Float(number) => {
                self.out.push(b'G');
                self.out.extend(number.to_be_bytes());
            }
            Value::Str(text) => self.text(text),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::List(items) => self.list(items, depth)?,
            Value::Tuple(items) => self.tuple(items, depth)?,
            Value::Dict(entries) => {
                self.dict(entries.iter().map(|(key, value)| (Key::Value(key), value)), depth)?;
            }
            other => return Err(Unwritable::Class(other.class().to_owned())),
        }
        Ok(())
    }

    fn int(&mut self, number: i64) {
        if let Ok(byte) = u8::try_from(number) {
            self.out.extend([b'K', byte]);
        } else if let Ok(short) = u16::try_from(number) {
            self.out.push(b'M');
            self.out.extend(short.to_le_bytes());
        } else if let Ok(int) = i32::try_from(number) {
            self.out.push(b'J');
            self.out.extend(int.to_le_bytes());
        } else {
            self.out.extend([0x8a, 8]);
            self.out.extend(number.to_le_bytes());
        }
    }

    /// An integer of more than 64 bits: two's complement, least byte first, as short as its sign
    /// allows is not asked for by readers.
    fn long(&mut self, digits: &str) -> Result<(), Unwritable> {
        let (negative, digits) =
            digits.strip_prefix('-').map_or((false, digits), |digits| (true, digits));
        if digits.len() > MOST_DIGITS {
            return Err(Unwritable::TooLarge);
        }
        let mut bytes = Vec::new();
        for digit in digits.bytes() {
            if !digit.is_ascii_digit() {
                return Err(Unwritable::Class("int".to_owned()));
            }
            let mut carry = u16::from(digit - b'0');
            for byte in &mut bytes {
                carry += u16::from(*byte) * 10;
                [*byte, _] = carry.to_le_bytes();
                carry >>= 8;
            }
            if carry > 0 {
                bytes.extend(carry.to_le_bytes().first());
            }
        }
        bytes.push(0);
        if negative {
            let mut carry = true;
            for byte in &mut bytes {
                (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
            }
        }
        // 600 digits take 250 bytes.
        self.out.extend([0x8a, u8::try_from(bytes.len()).unwrap_or(u8::MAX)]);
        self.out.extend(bytes);
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.sized(0x8c, b'X', 0x8d, text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.sized(b'C', b'B', 0x8e, bytes);
    }

    /// One of three opcodes, by how many bytes the length takes: 1, 4 or 8.
    fn sized(&mut self, short: u8, long: u8, longest: u8, bytes: &[u8]) {
        if let Ok(length) = u8::try_from(bytes.len()) {
            self.out.extend([short, length]);
        } else if let Ok(length) = u32::try_from(bytes.len()) {
            self.out.push(long);
            self.out.extend(length.to_le_bytes());
        } else {
            self.out.push(longest);
            self.out.extend((bytes.len() as u64).to_le_bytes());
        }
        self.out.extend(bytes);
    }

    fn list(&mut self, items: &[Value], depth: usize) -> Result<(), Unwritable> {
        self.out.push(b']');
        if items.is_empty() {
            return Ok(());
        }
        self.out.push(MARK);
        for item in items {
            self.value(item, depth + 1)?;
        }
        self.out.push(b'e');
        Ok(())
    }

    fn tuple(&mut self, items: &[Value], depth: usize) -> Result<(), Unwritable> {
        if items.is_empty() {
            self.out.push(b')');
            return Ok(());
        }
        self.out.push(MARK);
        for item in items {
            self.value(item, depth + 1)?;
        }
        self.out.push(b't');
        Ok(())
    }

    fn dict<'v>(
        &mut self,
        entries: impl Iterator<Item = (Key<'v>, &'v Value)>,
        depth: usize,
    ) -> Result<(), Unwritable> {
        self.out.push(b'}');
        let before = self.out.len();
        self.out.push(MARK);
        let empty = self.out.len();
        for (key, value) in entries {
            match key {
                Key::Text(text) => self.text(text),
                Key::Value(key) => self.value(key, depth + 1)?,
            }
            self.value(value, depth + 1)?;
        }
        if self.out.len() == empty {
            self.out.truncate(before);
        } else {
            self.out.push(b'u');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec::payload::{Decoder, Payload, Stored};

    fn read_back(bytes: &[u8]) -> Value {
        match Decoder::default().value(bytes) {
            Stored::Value(value, _) => value,
            Stored::Opaque(opaque) => panic!("{}", opaque.reason),
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::None),
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Int),
            any::<f64>()
                .prop_filter("nan is unequal to itself", |f| !f.is_nan())
                .prop_map(Value::Float),
            ".{0,300}".prop_map(Value::Str),
            prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::List),
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Tuple),
                prop::collection::vec((".{0,9}".prop_map(Value::Str), inner), 0..6)
                    .prop_map(Value::Dict),
            ]
        })
    }

    proptest! {
        #[test]
        fn value_written_reads_back_equal(value in any_value()) {
            prop_assert_eq!(read_back(&super::value(&value).unwrap()), value);
        }

        #[test]
        fn long_integers_keep_every_digit(digits in "-?[1-9][0-9]{19,120}") {
            let big = Value::BigInt(digits);
            prop_assert_eq!(read_back(&super::value(&big).unwrap()), big);
        }
    }

    #[test]
    fn call_written_is_a_call() {
        let kwargs = vec![("x".to_owned(), Value::Str("é".into()))];
        let bytes = call("tjobs.ok", &[Value::Int(1), Value::Int(-70_000)], &kwargs).unwrap();
        let Payload::Call(call, _) = Decoder::default().payload(&bytes) else { panic!() };
        assert_eq!((call.func.as_str(), call.args.len()), ("tjobs.ok", 2));
        assert_eq!(call.kwargs.get("x"), Some(&Value::Str("é".into())));
        assert_eq!(call.instance, Value::None);
    }

    #[test]
    fn values_that_are_not_plain_are_refused() {
        assert_eq!(
            value(&Value::Date("2026-11-21".into())),
            Err(Unwritable::Class("date".to_owned()))
        );
        let mut deep = Value::None;
        for _ in 0..100 {
            deep = Value::List(vec![deep]);
        }
        assert_eq!(value(&deep), Err(Unwritable::TooDeep));
    }
}
