//! The name of an operation.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The name of an operation: its start in UTC, three hex digits of the second's fraction and three
/// random ones, `20261121T232501-3f9a2c`. Sorts by time, and is a plain file name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(String);

impl OpId {
    /// Makes a new name for an operation that begins `now`.
    pub fn new(now: Timestamp) -> Self {
        let time = now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%S").to_string();
        // The standard library's hash keys are random per process and thread.
        let random = RandomState::new().build_hasher().finish() & 0xfff;
        let fraction = i64::from(now.subsec_nanosecond()) * 0x1000 / 1_000_000_000;
        Self(format!("{time}-{fraction:03x}{random:03x}"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OpId {
    type Err = String;

    /// Takes a name of exactly this form, so that one can never lead out of the folder.
    fn from_str(text: &str) -> Result<Self, String> {
        let fits = text.len() == 22
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'-',
                0..=14 => byte.is_ascii_digit(),
                _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            });
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err("an operation is named like 20261121T232501-3f9a2c".to_owned())
        }
    }
}

impl Serialize for OpId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for OpId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
