//! Reading RESP2, the protocol in which Redis answers unless asked for another.
//!
//! Owns the buffer and its bounds: an answer is read piece by piece, so that a visitor sees bytes
//! where they lie and a hostile length reserves nothing before its bytes have come. Opens nothing.
//!
//! Source: redis.io, "Redis serialization protocol specification", the parts of version 2.

use std::io::{self, ErrorKind, Read};

use redis::Value;

use super::reply::ReplyError;

/// How much is asked of the socket at once.
const CHUNK: usize = 64 * 1024;
/// Kept from one answer to the next; a buffer that had to grow beyond it is given back.
const KEPT: usize = 1024 * 1024;
/// A line longer than this is not Redis'. An error that quotes a script's message is the longest.
const LONGEST_LINE: usize = 64 * 1024;
/// The longest string that Redis holds. Source: redis.conf, `proto-max-bulk-len`.
const LONGEST_STRING: usize = 512 * 1024 * 1024;
/// How deep arrays may nest; scripts and `COMMAND` stay below ten.
const DEEPEST: usize = 64;
/// Room taken for an array before its elements have come.
const RESERVED: usize = 1024;

/// One step of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A string; a status such as `OK` is one too, see `status`.
    Bytes {
        bytes: &'a [u8],
        status: bool,
    },
    Int(i64),
    Nil,
    Error(ReplyError),
    /// An array of this many answers, which follow.
    Array(usize),
}

/// Reads answers from a socket through one buffer.
pub(super) struct Reader {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; CHUNK], start: 0, end: 0 }
    }

    /// Reads the next piece; blocks until it is there whole.
    ///
    /// Errors: `UnexpectedEof` where the peer closed, `InvalidData` where it does not speak RESP2,
    /// and whatever `source` returns.
    pub(super) fn piece(&mut self, source: &mut impl Read) -> io::Result<Piece<'_>> {
        let (from, to) = self.line(source)?;
        let line = self.buffer.get(from..to).unwrap_or_default();
        let Some((kind, rest)) = line.split_first() else { return Err(foreign()) };
        match kind {
            b'+' => {
                // Not `rest`: a borrow that is returned would last through the arms that read on.
                let bytes = self.buffer.get(from + 1..to).unwrap_or_default();
                Ok(Piece::Bytes { bytes, status: true })
            }
            b'-' => Ok(Piece::Error(ReplyError::parse(rest))),
            b':' => number(rest).map(Piece::Int),
            b'*' => match number(rest)? {
                -1 => Ok(Piece::Nil),
                length => usize::try_from(length).map(Piece::Array).map_err(|_| foreign()),
            },
            b'$' => match number(rest)? {
                -1 => Ok(Piece::Nil),
                length => self.string(source, usize::try_from(length).map_err(|_| foreign())?),
            },
            _ => Err(foreign()),
        }
    }

    /// Reads a whole answer.
    pub(super) fn value(
        &mut self,
        source: &mut impl Read,
    ) -> io::Result<Result<Value, ReplyError>> {
        self.nested(source, 0)
    }

    fn nested(
        &mut self,
        source: &mut impl Read,
        depth: usize,
    ) -> io::Result<Result<Value, ReplyError>> {
        Ok(Ok(match self.piece(source)? {
            Piece::Bytes { bytes: b"OK", status: true } => Value::Okay,
            Piece::Bytes { bytes, status: true } => {
                Value::SimpleString(String::from_utf8_lossy(bytes).into_owned())
            }
            Piece::Bytes { bytes, status: false } => Value::BulkString(bytes.to_vec()),
            Piece::Int(number) => Value::Int(number),
            Piece::Nil => Value::Nil,
            Piece::Error(error) => return Ok(Err(error)),
            Piece::Array(_) if depth == DEEPEST => return Err(foreign()),
            Piece::Array(length) => {
                let mut values = Vec::with_capacity(length.min(RESERVED));
                for _ in 0..length {
                    let value = self.nested(source, depth + 1)?;
                    values.push(value.unwrap_or_else(ReplyError::into_value));
                }
                Value::Array(values)
            }
        }))
    }

    /// The next line, without its end, as a range of the buffer.
    fn line(&mut self, source: &mut impl Read) -> io::Result<(usize, usize)> {
        let mut seen = 0;
        loop {
            let held = self.buffer.get(self.start + seen..self.end).unwrap_or_default();
            if let Some(at) = held.iter().position(|&byte| byte == b'\n') {
                let (from, to) = (self.start, self.start + seen + at);
                self.start = to + 1;
                let to = if to > from && self.buffer.get(to - 1) == Some(&b'\r') {
                    to - 1
                } else {
                    return Err(foreign());
                };
                return Ok((from, to));
            }
            seen = self.end - self.start;
            if seen > LONGEST_LINE {
                return Err(foreign());
            }
            self.fill(source)?;
        }
    }

    fn string(&mut self, source: &mut impl Read, length: usize) -> io::Result<Piece<'_>> {
        if length > LONGEST_STRING {
            return Err(foreign());
        }
        while self.end - self.start < length + 2 {
            self.fill(source)?;
        }
        let from = self.start;
        self.start += length + 2;
        match self.buffer.get(from..from + length + 2) {
            Some([bytes @ .., b'\r', b'\n']) => Ok(Piece::Bytes { bytes, status: false }),
            _ => Err(foreign()),
        }
    }

    /// Reads at least one more byte; grows by what has come, never by what was announced.
    fn fill(&mut self, source: &mut impl Read) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.buffer.len() > KEPT {
                self.buffer = vec![0; CHUNK];
            }
        }
        // A read into the last few bytes would cost a system call and bring little.
        if self.buffer.len() - self.end < CHUNK / 4 {
            if self.start >= self.buffer.len() / 2 {
                self.buffer.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        loop {
            match source.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => return Err(io::Error::from(ErrorKind::UnexpectedEof)),
                Ok(count) => {
                    self.end += count;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn number(digits: &[u8]) -> io::Result<i64> {
    let (negative, digits) = match digits {
        [b'-', rest @ ..] => (true, rest),
        all => (false, all),
    };
    if digits.is_empty() {
        return Err(foreign());
    }
    let mut number = 0_i64;
    for &digit in digits {
        let value = i64::from(digit.wrapping_sub(b'0'));
        if value > 9 {
            return Err(foreign());
        }
        // Counting down reaches the least number, which has no positive counterpart.
        number = number
            .checked_mul(10)
            .and_then(|number| number.checked_sub(value))
            .ok_or_else(foreign)?;
    }
    if negative { Ok(number) } else { number.checked_neg().ok_or_else(foreign) }
}

fn foreign() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the answer is not Redis' protocol")
}

#[cfg(test)]
mod tests;
