//! The statements, and how each engine spells them.
//!
//! All SQL of jobctl is in `sql/*.sql`, written once with backticks and `?` for values. Here it is
//! put into an engine's words. Values become literals, because several statements then travel in
//! one turn; text is written as hexadecimal digits, so no value can end its literal, whatever the
//! server's quoting rules are. Connects to nothing.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::civil::DateTime;

/// Fields of System Settings that decide about scheduling.
pub(super) const SETTINGS: &str = include_str!("sql/settings.sql");
/// The rows that switching the scheduler replaces, locked.
pub(super) const SETTINGS_LOCK: &str = include_str!("sql/settings_lock.sql");
/// Deletes these rows.
pub(super) const SETTINGS_DELETE: &str = include_str!("sql/settings_delete.sql");
/// Inserts one row; values: field, value.
pub(super) const SETTINGS_INSERT: &str = include_str!("sql/settings_insert.sql");
/// All scheduled job types; value: limit.
pub(super) const JOB_TYPES: &str = include_str!("sql/job_types.sql");
/// One type's `stopped`, locked; value: name.
pub(super) const JOB_TYPE_LOCK: &str = include_str!("sql/job_type_lock.sql");
/// Sets `stopped`; values: stopped, modified, name.
pub(super) const JOB_TYPE_STOP: &str = include_str!("sql/job_type_stop.sql");
/// The newest entry of the activity log.
pub(super) const ACTIVITY_LOG: &str = include_str!("sql/activity_log.sql");
/// When the last user was active.
pub(super) const USER_ACTIVITY: &str = include_str!("sql/user_activity.sql");
/// The newest logged run.
pub(super) const NEWEST_RUN: &str = include_str!("sql/newest_run.sql");
/// Logged runs; values: since twice, type twice, status twice, limit.
pub(super) const RUNS: &str = include_str!("sql/runs.sql");
/// Logged runs counted by type and status; values: since twice.
pub(super) const RUN_TALLIES: &str = include_str!("sql/run_tallies.sql");
/// How many errors were logged; values: since twice.
pub(super) const ERROR_COUNT: &str = include_str!("sql/error_count.sql");
/// Logged errors, the newest first; values: since twice, limit.
pub(super) const ERROR_LOG: &str = include_str!("sql/error_log.sql");
/// Mails counted by status; values: since twice.
pub(super) const MAIL_TALLIES: &str = include_str!("sql/mail_tallies.sql");
/// How long logs are kept; value: limit.
pub(super) const LOGS_TO_CLEAR: &str = include_str!("sql/logs_to_clear.sql");
/// Time limits of MariaDB and MySQL; values: statement (s), statement (ms), lock (s) twice.
pub(super) const MARIADB_LIMITS: &str = include_str!("sql/mariadb_limits.sql");
/// Time limits of PostgreSQL (ms, twice), its date format, and the schema.
pub(super) const POSTGRES_LIMITS: &str = include_str!("sql/postgres_limits.sql");

/// How an engine spells what the three spell differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// MariaDB and MySQL.
    MariaDb,
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// The engine's name, as messages have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "MariaDB",
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }

    const fn quote(self) -> char {
        match self {
            // SQLite takes a name in double quotes that it does not know for a text.
            Self::MariaDb | Self::Sqlite => '`',
            Self::Postgres => '"',
        }
    }

    /// What stands for a `{word}` of a statement.
    fn word(self, word: &str, stamp: &'static str) -> &'static str {
        match (word, self) {
            ("stamp", _) => stamp,
            ("for_update", Self::Sqlite) => "",
            ("for_update", _) => "FOR UPDATE",
            ("details_tail", Self::Sqlite) => "SUBSTR(`details`, -8192)",
            ("details_tail", Self::MariaDb) => "RIGHT(`details`, 8192)",
            ("details_tail", Self::Postgres) => "RIGHT(\"details\", 8192)",
            ("error_tail", Self::Sqlite) => "SUBSTR(`error`, -4096)",
            ("error_tail", Self::MariaDb) => "RIGHT(`error`, 4096)",
            ("error_tail", Self::Postgres) => "RIGHT(\"error\", 4096)",
            ("elapsed_s", Self::MariaDb) => {
                "TIMESTAMPDIFF(MICROSECOND, `creation`, `modified`) / 1000000.0"
            }
            ("elapsed_s", Self::Postgres) => "EXTRACT(EPOCH FROM (\"modified\" - \"creation\"))",
            ("elapsed_s", Self::Sqlite) => {
                "(JULIANDAY(`modified`) - JULIANDAY(`creation`)) * 86400.0"
            }
            _ => "",
        }
    }

    fn write_literal(self, out: &mut String, value: &Value) {
        // Writing into a text cannot fail.
        let _ = match value {
            Value::Null => write!(out, "NULL"),
            Value::Int(number) => write!(out, "{number}"),
            Value::Seconds(time) => {
                write!(out, "{}.{:03}", time.as_secs(), time.subsec_millis())
            }
            Value::Millis(time) => write!(out, "{}", time.as_millis()),
            Value::Time(time) => write!(out, "'{}'", time_text(*time)),
            Value::Text(text) => {
                let digits = Hex(text.as_bytes());
                match self {
                    Self::MariaDb => write!(out, "_utf8mb4 X'{digits}'"),
                    Self::Postgres => {
                        write!(out, "CONVERT_FROM(DECODE('{digits}', 'hex'), 'UTF8')")
                    }
                    Self::Sqlite => write!(out, "CAST(X'{digits}' AS TEXT)"),
                }
            }
            Value::Name(name) => {
                let quote = self.quote();
                let kept: String = name.chars().filter(|&c| c != quote && c != '\0').collect();
                write!(out, "{quote}{kept}{quote}")
            }
        };
    }
}

/// A time as Python writes it: without a fraction where that is zero, so that SQLite, which
/// compares texts, finds the rows of that very moment.
pub(super) fn time_text(time: DateTime) -> String {
    let micros = time.subsec_nanosecond() / 1000;
    let whole = time.strftime("%Y-%m-%d %H:%M:%S");
    if micros == 0 { whole.to_string() } else { format!("{whole}.{micros:06}") }
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A value of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Int(i64),
    /// A length of time, in seconds with a fraction.
    Seconds(Duration),
    /// A length of time, in whole milliseconds.
    Millis(Duration),
    /// A moment in the site's time zone.
    Time(DateTime),
    Text(String),
    /// The name of a schema, not a value.
    Name(String),
}

impl Value {
    /// A text, or nothing.
    pub(super) fn optional(text: Option<&str>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.to_owned()))
    }
}

/// A statement with its values.
#[derive(Debug, Clone)]
pub(super) struct Query {
    text: &'static str,
    values: Vec<Value>,
    stamp: &'static str,
}

impl Query {
    /// A statement of this file without values.
    pub(super) const fn new(text: &'static str) -> Self {
        Self { text, values: Vec::new(), stamp: "creation" }
    }

    /// Adds the value of the next `?`.
    pub(super) fn with(mut self, value: Value) -> Self {
        self.values.push(value);
        self
    }

    /// Says which time column of the logs has an index.
    pub(super) const fn stamped(mut self, column: &'static str) -> Self {
        self.stamp = column;
        self
    }

    /// The statement in an engine's words.
    pub(super) fn render(&self, dialect: Dialect) -> String {
        let mut out = String::with_capacity(self.text.len() + 64);
        let mut values = self.values.iter();
        for line in self.text.lines().filter(|line| !line.trim_start().starts_with("--")) {
            let mut rest = line;
            while let Some(at) = rest.find(['`', '?', '{']) {
                let (plain, special) = rest.split_at(at);
                out.push_str(plain);
                rest = special.get(1..).unwrap_or_default();
                if special.starts_with('`') {
                    out.push(dialect.quote());
                } else if special.starts_with('?') {
                    dialect.write_literal(&mut out, values.next().unwrap_or(&Value::Null));
                } else if let Some((word, after)) = rest.split_once('}') {
                    out.push_str(dialect.word(word, self.stamp));
                    rest = after;
                }
            }
            out.push_str(rest);
            out.push('\n');
        }
        debug_assert!(values.next().is_none(), "more values than `?` in {}", self.text);
        out.truncate(out.trim_end().len());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&str; 18] = [
        SETTINGS,
        SETTINGS_LOCK,
        SETTINGS_DELETE,
        SETTINGS_INSERT,
        JOB_TYPES,
        JOB_TYPE_LOCK,
        JOB_TYPE_STOP,
        ACTIVITY_LOG,
        USER_ACTIVITY,
        NEWEST_RUN,
        RUNS,
        RUN_TALLIES,
        ERROR_COUNT,
        ERROR_LOG,
        MAIL_TALLIES,
        LOGS_TO_CLEAR,
        MARIADB_LIMITS,
        POSTGRES_LIMITS,
    ];

    #[test]
    fn render_of_every_statement_leaves_no_marker() {
        for text in ALL {
            for dialect in [Dialect::MariaDb, Dialect::Postgres, Dialect::Sqlite] {
                let sql = Query::new(text).render(dialect);
                assert!(!sql.contains(['?', '{', '}']), "{sql}");
                assert!(!sql.contains("--"), "{sql}");
                assert!(dialect != Dialect::Postgres || !sql.contains('`'), "{sql}");
            }
        }
    }

    #[test]
    fn render_of_hostile_text_keeps_it_inside_the_literal() {
        let hostile = "x'; DROP TABLE `tabUser`; -- \\ ? {stamp}";
        for dialect in [Dialect::MariaDb, Dialect::Postgres, Dialect::Sqlite] {
            let sql = Query::new(JOB_TYPE_LOCK).with(Value::Text(hostile.into())).render(dialect);
            assert!(!sql.contains("DROP") && !sql.contains(';'), "{sql}");
        }
        let name = Query::new("SET x TO ?").with(Value::Name("a\"; DROP x; \"".into()));
        assert_eq!(name.render(Dialect::Postgres), "SET x TO \"a; DROP x; \"");
    }

    #[test]
    fn time_text_has_a_fraction_only_where_there_is_one() {
        let time = jiff::civil::date(2026, 1, 2).at(3, 4, 5, 0);
        assert_eq!(time_text(time), "2026-01-02 03:04:05");
        let time = jiff::civil::date(2026, 1, 2).at(3, 4, 5, 60_000);
        assert_eq!(time_text(time), "2026-01-02 03:04:05.000060");
    }
}
