//! What makes two failures the same: the exception, what it says without what varies, and where it
//! was raised.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::codec::traceback::Traceback;
use crate::report::errors::ErrorClass;

/// Bytes of a message that are compared; the rest hardly ever tells two failures apart.
const COMPARED: usize = 500;

/// What varies from one failure to the next: quoted names, ids, addresses, numbers.
static VARYING: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"(?i)'[^']*'|"[^"]*"|`[^`]*`|\b0x[0-9a-f]+\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]*[0-9][0-9a-f]{7,}\b|\d+"#;
    // A pattern that is a constant compiles always; a test compiles it.
    Regex::new(pattern).unwrap_or_else(|error| unreachable!("{error}"))
});

/// A failure, as far as it is like others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    /// What sort of failure it is.
    pub class: ErrorClass,
    /// The exception's class without its module; empty if the text names none.
    pub exception: String,
    /// What it says.
    pub message: String,
    /// The same without what varies.
    pub pattern: String,
    /// The file and function to look at first.
    pub place: Option<String>,
}

impl Signature {
    /// Reads a traceback, or what RQ wrote in its place.
    pub(super) fn of(text: &str) -> Self {
        let traceback = Traceback::parse(text);
        let message = traceback.message().trim();
        let message = message.lines().next().unwrap_or_default();
        let message = cut(message, COMPARED);
        let place = traceback.application_frame().map(|frame| match frame.function {
            "" => short_path(frame.file).to_owned(),
            function => format!("{} in {function}", short_path(frame.file)),
        });
        Self {
            class: class_of(traceback.class(), message),
            exception: traceback.short_class().to_owned(),
            message: message.to_owned(),
            pattern: pattern_of(message),
            place,
        }
    }

    /// A name for all that are alike, the same in every run: eight hexadecimal digits.
    pub(super) fn id(&self) -> String {
        let parts = [&*self.exception, &*self.pattern, self.place.as_deref().unwrap_or_default()];
        format!("{:08x}", fold(&parts.join("\n")))
    }

    /// A regular expression that finds the failures of this sort by their text.
    ///
    /// Only what stands before the first thing that varies can be looked for literally.
    pub(super) fn regex(&self) -> Option<String> {
        let varying = VARYING.find(&self.message).map_or(self.message.len(), |found| found.start());
        let start = self.message.get(..varying).unwrap_or_default();
        let start = cut(start.trim_end(), 60);
        // A class that the text does not spell out, as of RQ's own texts, is no help.
        let invented = ["WorkHorseTerminated", "AbandonedJobError", "JobStopped"];
        let class = Some(self.exception.as_str())
            .filter(|class| !class.is_empty() && !invented.contains(class));
        match (class, start) {
            (None, "") => None,
            (None, start) => Some(regex::escape(start)),
            (Some(class), "") => Some(format!(r"\b{}\b", regex::escape(class))),
            (Some(class), start) => {
                Some(format!("{}: {}", regex::escape(class), regex::escape(start)))
            }
        }
    }
}

/// The message without what varies. The number that opens a database's error says what it is.
fn pattern_of(message: &str) -> String {
    let code = message.strip_prefix('(').and_then(|rest| rest.split_once(','));
    let (kept, rest) = match code {
        Some((digits, rest)) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            message.split_at(message.len() - rest.len())
        }
        _ => ("", message),
    };
    let rest = VARYING.replace_all(rest, |found: &Captures<'_>| {
        match found.get(0).map(|found| found.as_str().as_bytes()) {
            Some([b'\'' | b'"' | b'`', ..]) => "'…'",
            _ => "N",
        }
    });
    format!("{kept}{rest}")
}

/// The path below the bench's apps or the installed packages.
fn short_path(file: &str) -> &str {
    ["/site-packages/", "/dist-packages/", "/apps/"]
        .into_iter()
        .find_map(|folder| file.rsplit_once(folder))
        .map_or(file, |(_, short)| short)
}

fn cut(text: &str, bytes: usize) -> &str {
    let beyond = |(at, c): &(usize, char)| at + c.len_utf8() > bytes;
    let end = text.char_indices().find(beyond).map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

/// FNV-1a, folded to 32 bits: needs to be the same in every run and every version, no more.
fn fold(text: &str) -> u32 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let bytes = (hash ^ (hash >> 32)).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// What sort of failure it is, by the exception's dotted class and what it says.
///
/// Source of the names: `rq/timeouts.py`, `rq/worker.py`, `rq/registry.py`, `frappe/exceptions.py`,
/// `pymysql.err`, `psycopg2.errors`, `requests.exceptions`, `smtplib`.
fn class_of(class: &str, message: &str) -> ErrorClass {
    let short = class.rsplit('.').next().unwrap_or(class);
    let module = class.split('.').next().unwrap_or(class);
    let has = |words: &[&str]| words.iter().any(|word| short.contains(word));
    let says = |words: &[&str]| {
        let message = message.to_lowercase();
        words.iter().any(|word| message.contains(word))
    };
    if has(&["JobTimeoutException", "SoftTimeLimitExceeded", "HorseMonitorTimeoutException"]) {
        return ErrorClass::Timeout;
    }
    if has(&["MemoryError", "WorkHorseTerminated", "AbandonedJobError", "WorkerLostError"])
        || says(&["work-horse terminated", "out of memory", "cannot allocate memory"])
    {
        return ErrorClass::Killed;
    }
    let database = ["pymysql", "MySQLdb", "psycopg2", "psycopg", "sqlite3", "mariadb"];
    if database.contains(&module)
        || has(&[
            "OperationalError",
            "IntegrityError",
            "ProgrammingError",
            "InterfaceError",
            "InternalError",
            "DataError",
            "QueryDeadlockError",
            "QueryTimeoutError",
            "DuplicateEntryError",
            "UniqueValidationError",
            "InFailedSqlTransaction",
        ])
        || says(&["deadlock", "lock wait timeout"])
    {
        return ErrorClass::Database;
    }
    if has(&["ImportError", "ModuleNotFoundError", "SyntaxError", "IndentationError"])
        || says(&["failed to get method", "no module named", "invalid attribute name"])
        || (short == "AttributeError" && message.starts_with("module "))
    {
        return ErrorClass::Import;
    }
    if has(&["PermissionError", "AuthenticationError", "AccessDenied", "Forbidden", "Unauthorized"])
        || says(&["permission denied", "not permitted"])
    {
        return ErrorClass::Permission;
    }
    let network =
        ["requests", "urllib3", "httpx", "aiohttp", "smtplib", "socket", "ssl", "imaplib"];
    if network.contains(&module)
        || has(&[
            "ConnectionError",
            "ConnectionRefusedError",
            "ConnectionResetError",
            "BrokenPipeError",
            "ConnectTimeout",
            "ReadTimeout",
            "TimeoutError",
            "HTTPError",
            "URLError",
            "SSLError",
            "SMTP",
            "gaierror",
            "RemoteDisconnected",
        ])
    {
        return ErrorClass::Network;
    }
    ErrorClass::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pattern_of_messages_that_differ_in_names_and_numbers_is_one() {
        let a = pattern_of("User 'anna@example.com' not found in 12 rows");
        assert_eq!(a, pattern_of("User 'bob@example.com' not found in 7 rows"));
        assert_eq!(a, "User '…' not found in N rows");
        let id = pattern_of("job 3f2a9c11-0000-4000-8000-123456789abc at 0x7f00aa is gone");
        assert_eq!(id, "job N at N is gone");
        assert_eq!(pattern_of("dead beef"), "dead beef");
    }

    #[test]
    fn pattern_of_a_database_error_keeps_its_number() {
        let deadlock = pattern_of("(1213, 'Deadlock found when trying to get lock')");
        assert_eq!(deadlock, "(1213, '…')");
        assert_ne!(deadlock, pattern_of("(1205, 'Lock wait timeout exceeded')"));
    }

    #[test]
    fn class_of_what_workers_and_libraries_raise() {
        let cases = [
            ("rq.timeouts.JobTimeoutException", "", ErrorClass::Timeout),
            ("WorkHorseTerminated", "", ErrorClass::Killed),
            ("MemoryError", "", ErrorClass::Killed),
            ("pymysql.err.OperationalError", "(1213, 'Deadlock')", ErrorClass::Database),
            ("frappe.exceptions.QueryDeadlockError", "", ErrorClass::Database),
            ("requests.exceptions.ReadTimeout", "", ErrorClass::Network),
            ("redis.exceptions.ConnectionError", "", ErrorClass::Network),
            ("smtplib.SMTPAuthenticationError", "", ErrorClass::Permission),
            ("ModuleNotFoundError", "No module named 'x'", ErrorClass::Import),
            ("frappe.exceptions.PermissionError", "", ErrorClass::Permission),
            ("ValueError", "no", ErrorClass::Other),
            ("", "", ErrorClass::Other),
        ];
        for (class, message, expected) in cases {
            assert_eq!(class_of(class, message), expected, "{class} {message}");
        }
    }

    #[test]
    fn signature_is_the_same_from_another_line_of_the_same_function() {
        let text = |line: u32, name: &str| {
            format!(
                "Traceback (most recent call last):\n  File \"/b/apps/shop/shop/x.py\", line {line}, \
                 in run\n    go()\nValueError: no item '{name}'\n"
            )
        };
        let (a, b) = (Signature::of(&text(1, "a")), Signature::of(&text(9, "b")));
        assert_eq!(a.id(), b.id());
        assert_eq!(a.place.as_deref(), Some("shop/shop/x.py in run"));
        assert_eq!(a.regex().as_deref(), Some("ValueError: no item"));
        assert_eq!(a.id().len(), 8);
    }

    #[test]
    fn signature_of_no_text_at_all_has_a_name() {
        let empty = Signature::of("");
        assert_eq!((empty.class, empty.regex()), (ErrorClass::Other, None));
        assert_eq!(empty.id().len(), 8);
    }
}
