//! What goes to Redis and what comes back: commands, answers, refusals.
//!
//! Owns how a refusal is classified, so that callers ask for a kind and never compare text.

use redis::Value;

/// What Redis answered to one command.
pub type Reply = Result<Value, ReplyError>;

/// Why Redis refused a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyErrorKind {
    /// The login may not run this command, or not on this key (`NOPERM`).
    Denied,
    /// Nobody is logged in where somebody must be, or the password is wrong (`NOAUTH`,
    /// `WRONGPASS`).
    Login,
    /// The key holds another type (`WRONGTYPE`).
    WrongType,
    /// The script is not loaded (`NOSCRIPT`).
    NoScript,
    /// Redis is still loading its data (`LOADING`).
    Loading,
    /// A script runs and blocks the server (`BUSY`).
    Busy,
    /// The server is a replica (`READONLY`).
    ReadOnly,
    /// Redis cannot save to its disk and takes no writes (`MISCONF`).
    CannotSave,
    /// Other servers of the set are missing, or are just changing places (`NOREPLICAS`,
    /// `MASTERDOWN`, `CLUSTERDOWN`, `TRYAGAIN`).
    Unsettled,
    /// Anything else.
    Other,
}

/// A refusal of one command; the connection goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyError {
    /// What sort of refusal it is.
    pub kind: ReplyErrorKind,
    /// The first word, `ERR` where Redis gives no better.
    pub code: String,
    /// All of Redis' text. Untrusted: sanitize where it is shown.
    pub text: String,
}

impl ReplyError {
    /// Reads the line after the `-`.
    ///
    /// Source: Redis 7, `src/server.c`, the shared error objects.
    pub(super) fn parse(line: &[u8]) -> Self {
        let text = String::from_utf8_lossy(line).into_owned();
        let code = text.split(' ').next().unwrap_or_default().to_owned();
        let kind = match code.as_str() {
            "NOPERM" => ReplyErrorKind::Denied,
            "NOAUTH" | "WRONGPASS" => ReplyErrorKind::Login,
            "WRONGTYPE" => ReplyErrorKind::WrongType,
            "NOSCRIPT" => ReplyErrorKind::NoScript,
            "LOADING" => ReplyErrorKind::Loading,
            "BUSY" => ReplyErrorKind::Busy,
            "READONLY" => ReplyErrorKind::ReadOnly,
            "MISCONF" => ReplyErrorKind::CannotSave,
            "NOREPLICAS" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN" => ReplyErrorKind::Unsettled,
            // Redis 7 says this of a script's command, without a code of its own.
            _ if text.contains("The user executing the script can't") => ReplyErrorKind::Denied,
            _ => ReplyErrorKind::Other,
        };
        Self { kind, code, text }
    }

    /// The same as an element of an array. The driver makes its error type only by parsing.
    pub(super) fn into_value(self) -> Value {
        redis::parse_redis_value(format!("-{}\r\n", self.text).as_bytes())
            .unwrap_or(Value::SimpleString(self.text))
    }

    /// Whether Redis says this before it closes a connection that it never wanted.
    ///
    /// Source: Redis 7, `src/networking.c`, `acceptCommonHandler` and `clientAcceptHandler`.
    pub(super) fn turns_away(&self) -> bool {
        self.code == "DENIED" || self.text.starts_with("ERR max number of clients reached")
    }

    /// Whether the reason lies in the server or the login, not in what was asked.
    pub(super) fn concerns_the_server(&self) -> bool {
        let of_the_server = [ReplyErrorKind::Login, ReplyErrorKind::Loading, ReplyErrorKind::Busy];
        self.turns_away() || of_the_server.contains(&self.kind)
    }
}

/// One element of an answer, where it lies in the buffer.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A string or a status.
    Bytes(&'a [u8]),
    /// A number.
    Int(i64),
    /// Nothing there.
    Nil,
    /// A refusal.
    Error(ReplyError),
}

/// Commands in wire form, ready to be written.
#[derive(Debug, Default)]
pub struct Commands {
    bytes: Vec<u8>,
}

impl Commands {
    /// Adds one command; the pieces of each argument are written one after the other, so that
    /// a key such as `rq:job:` and an id needs no string of its own.
    ///
    /// ```
    /// # let mut commands = jobctl::backend::redis::Commands::default();
    /// commands.push(&[&[b"HGET"], &[b"rq:job:", b"4711"], &[b"data"]]);
    /// ```
    pub fn push(&mut self, arguments: &[&[&[u8]]]) {
        self.header(b'*', arguments.len());
        for pieces in arguments {
            self.header(b'$', pieces.iter().map(|piece| piece.len()).sum());
            for piece in *pieces {
                self.bytes.extend_from_slice(piece);
            }
            self.bytes.extend_from_slice(b"\r\n");
        }
    }

    /// Adds one command that the driver's builder made.
    pub fn push_command(&mut self, command: &redis::Cmd) {
        command.write_packed_command(&mut self.bytes);
    }

    /// What will be written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    fn header(&mut self, kind: u8, mut count: usize) {
        let mut digits = [0_u8; 20];
        let mut left = digits.len();
        for digit in digits.iter_mut().rev() {
            // A remainder of ten is below 256.
            *digit = b'0' + u8::try_from(count % 10).unwrap_or_default();
            count /= 10;
            left -= 1;
            if count == 0 {
                break;
            }
        }
        self.bytes.push(kind);
        self.bytes.extend_from_slice(digits.get(left..).unwrap_or_default());
        self.bytes.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_pushed_equal_the_drivers_encoding() {
        let key = format!("rq:job:{}", "x".repeat(120));
        let mut ours = Commands::default();
        ours.push(&[&[b"HGET"], &[b"rq:job:", "x".repeat(120).as_bytes()], &[b"", b"data"], &[]]);
        let mut theirs = Commands::default();
        theirs.push_command(redis::cmd("HGET").arg(key).arg("data").arg(""));
        assert_eq!(ours.as_bytes(), theirs.as_bytes());
    }

    #[test]
    fn reply_error_codes_give_their_kind() {
        for (line, kind) in [
            ("NOPERM User x has no permissions", ReplyErrorKind::Denied),
            ("NOAUTH Authentication required.", ReplyErrorKind::Login),
            ("WRONGTYPE Operation against a key", ReplyErrorKind::WrongType),
            ("NOSCRIPT No matching script.", ReplyErrorKind::NoScript),
            ("LOADING Redis is loading", ReplyErrorKind::Loading),
            ("BUSY Redis is busy running a script.", ReplyErrorKind::Busy),
            ("READONLY You can't write", ReplyErrorKind::ReadOnly),
            ("MISCONF Redis is configured", ReplyErrorKind::CannotSave),
            ("NOREPLICAS Not enough good replicas to write.", ReplyErrorKind::Unsettled),
            ("MASTERDOWN Link with MASTER is down", ReplyErrorKind::Unsettled),
            ("ERR The user executing the script can't run this command", ReplyErrorKind::Denied),
            ("ERR unknown command", ReplyErrorKind::Other),
            ("", ReplyErrorKind::Other),
        ] {
            assert_eq!(ReplyError::parse(line.as_bytes()).kind, kind, "{line}");
        }
    }
}
