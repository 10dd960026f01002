//! What can be wrong with a pickle, and where.

use std::fmt;

/// Why a pickle could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PickleError {
    /// Offset of the opcode at which it failed, in bytes from the pickle's beginning.
    pub offset: usize,
    /// What was wrong there.
    pub problem: Problem,
}

/// What was wrong at an opcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The bytes end before the pickle does.
    UnexpectedEnd,
    /// No protocol has this opcode.
    UnknownOpcode(u8),
    /// A protocol later than 5.
    UnknownProtocol(u8),
    /// The opcode needs more values than the stack holds.
    EmptyStack,
    /// The opcode needs a mark and there is none.
    NoMark,
    /// A memo entry that was never written, or an index no real pickle has.
    BadMemoIndex,
    /// A text operand that is not what its opcode demands.
    BadOperand,
    /// Items are put into something that holds none.
    NotAContainer,
    /// A key without a value.
    OddEntries,
    /// More values than [`Limits::nodes`](crate::codec::Limits::nodes) allows.
    TooManyValues,
    /// More bytes than can be addressed.
    TooLong,
}

impl fmt::Display for PickleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problem {
            Problem::UnexpectedEnd => f.write_str("the pickle is cut"),
            Problem::UnknownOpcode(op) => write!(f, "no pickle opcode is 0x{op:02x}"),
            Problem::UnknownProtocol(version) => write!(f, "pickle protocol {version} is unknown"),
            Problem::EmptyStack => f.write_str("the pickle takes more values than it gives"),
            Problem::NoMark => f.write_str("the pickle lacks a mark"),
            Problem::BadMemoIndex => f.write_str("the pickle recalls what it never stored"),
            Problem::BadOperand => f.write_str("the pickle holds a malformed literal"),
            Problem::NotAContainer => f.write_str("the pickle fills what is no container"),
            Problem::OddEntries => f.write_str("the pickle has a key without a value"),
            Problem::TooManyValues => f.write_str("the pickle holds too many values"),
            Problem::TooLong => f.write_str("the pickle is too long"),
        }?;
        write!(f, " (at byte {})", self.offset)
    }
}

impl std::error::Error for PickleError {}
