//! One measured part of a report, or why it is missing; so that a broken part hides nothing else.

use std::fmt;

/// A part that was read, or what kept it from being read.
pub type Part<T> = Result<T, Lack>;

/// Why a part could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// What was asked, as an operator would name it: a command and a key.
    pub what: String,
    /// What sort of obstacle it was.
    pub why: Why,
    /// The other side's words.
    pub text: String,
}

/// What sort of obstacle it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// An access list forbids it: a note, never a fault of the queues.
    Denied,
    /// The key holds another type than RQ's.
    WrongType,
    /// The answer could not be understood, or the server refused for another reason.
    Failed,
}

impl Lack {
    /// Makes a lack of `what`.
    pub fn new(what: impl Into<String>, why: Why, text: impl Into<String>) -> Self {
        Self { what: what.into(), why, text: text.into() }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, text, .. } = self;
        match self.why {
            Why::Denied => write!(f, "{what}: not permitted for this Redis user"),
            Why::WrongType => write!(f, "{what}: the key holds another type than RQ's"),
            Why::Failed => write!(f, "{what}: {text}"),
        }
    }
}
