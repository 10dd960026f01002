//! Databases of sites as Frappe lays them out, with whatever a test puts into them.
//!
//! ```ignore
//! let mut bench = Bench::new(V15.version(), &redis);
//! let db = SiteDb::mariadb(mariadb(), "site1", V15)
//!     .setting("enable_scheduler", "1")
//!     .job_type(job_type("app.tasks.daily", "Daily").last_execution("2026-11-22 00:00:10"))
//!     .run_of("app.tasks.daily", run("Failed", "2026-11-22 00:00:10").took_s(3));
//! db.join(&mut bench);
//! ```
//!
//! Times are those of the site's zone, as text; [`site_time`] makes some. What tests read back is
//! read by the engine's driver, not by jobctl.
//!
//! Columns: rebuilt from sites of Frappe 14, 15 and 16, as far as jobctl or a test looks at them.

mod tables;

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Timestamp;
use mysql::prelude::Queryable as _;
use serde_json::Value;

use super::bench::Bench;
use super::mariadb::MariaDbServer;
use super::postgres::{Connection, PostgresServer};
use tables::{Column, Kind, TABLES, Table};

/// The password of every site.
pub(crate) const PASSWORD: &str = "dbsecret";

/// Which Frappe laid out the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Schema {
    V14,
    V15,
    V16,
}

pub(crate) use Schema::{V14, V15, V16};

impl Schema {
    /// A version of this line, for [`Bench::new`].
    pub(crate) fn version(self) -> &'static str {
        match self {
            V14 => "14.81.0",
            V15 => "15.44.2",
            V16 => "16.10.0",
        }
    }

    /// The key that this Frappe gives the type of a method: up to 15 the method's tail, later ten
    /// random characters; here always the same ones.
    pub(crate) fn type_name(self, method: &str) -> String {
        if self < V16 {
            let parts: Vec<_> = method.rsplit('.').take(2).collect();
            return parts.into_iter().rev().collect::<Vec<_>>().join(".");
        }
        let hash = method.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{:010x}", hash & 0xff_ffff_ffff)
    }
}

/// A moment in `zone`, some seconds before now, as the tables have it.
pub(crate) fn site_time(zone: &str, seconds_ago: i64) -> String {
    let at = Timestamp::now() - jiff::SignedDuration::from_secs(seconds_ago);
    at.in_tz(zone).unwrap().strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// Columns and their values.
type Cells = Vec<(&'static str, Option<String>)>;

/// A Scheduled Job Type about to be written: not stopped, logged, never run.
#[derive(Clone)]
pub(crate) struct JobType(Cells);

/// The type of `method`, made on the first day of 2026.
pub(crate) fn job_type(method: &str, frequency: &str) -> JobType {
    let made = Some("2026-01-01 00:00:00.000000".to_owned());
    JobType(vec![
        ("method", Some(method.to_owned())),
        ("frequency", Some(frequency.to_owned())),
        ("cron_format", Some(String::new())),
        ("create_log", Some("1".to_owned())),
        ("creation", made.clone()),
        ("modified", made),
    ])
}

impl JobType {
    /// Sets a column; `name` too.
    pub(crate) fn set(mut self, column: &'static str, value: &str) -> Self {
        self.0.retain(|(name, _)| *name != column);
        self.0.push((column, Some(value.to_owned())));
        self
    }

    pub(crate) fn cron(self, expression: &str) -> Self {
        self.set("cron_format", expression)
    }

    pub(crate) fn last_execution(self, at: &str) -> Self {
        self.set("last_execution", at)
    }

    pub(crate) fn stopped(self) -> Self {
        self.set("stopped", "1")
    }

    fn method(&self) -> &str {
        let method = self.0.iter().find(|(name, _)| *name == "method");
        method.and_then(|(_, value)| value.as_deref()).unwrap_or_default()
    }
}

/// A Scheduled Job Log about to be written.
#[derive(Clone)]
pub(crate) struct Run {
    status: String,
    started: String,
    took_s: i64,
    details: Option<String>,
}

/// A run that started then and took no time.
pub(crate) fn run(status: &str, started: &str) -> Run {
    Run { status: status.to_owned(), started: started.to_owned(), took_s: 0, details: None }
}

impl Run {
    pub(crate) fn took_s(mut self, seconds: i64) -> Self {
        self.took_s = seconds;
        self
    }

    /// The traceback.
    pub(crate) fn details(mut self, text: &str) -> Self {
        self.details = Some(text.to_owned());
        self
    }
}

enum Engine {
    MariaDb {
        connection: RefCell<mysql::Conn>,
        port: u16,
    },
    Postgres {
        connection: Box<Connection>,
        port: u16,
    },
    /// Opened anew for every statement, so that nothing is open in between.
    Sqlite {
        file: PathBuf,
    },
}

/// The database of a site. Nothing is in System Settings but what the test puts there.
pub(crate) struct SiteDb {
    engine: Engine,
    schema: Schema,
    site: String,
    /// The database's name, unique in the run.
    pub(crate) name: String,
    rows: AtomicU32,
}

impl SiteDb {
    pub(crate) fn mariadb(server: &MariaDbServer, site: &str, schema: Schema) -> Self {
        let name = unique_name();
        let connection = RefCell::new(server.create(&name, PASSWORD));
        Self::lay_out(Engine::MariaDb { connection, port: server.port() }, site, name, schema)
    }

    pub(crate) fn postgres(server: &PostgresServer, site: &str, schema: Schema) -> Self {
        let name = unique_name();
        let connection = Box::new(server.create(&name, PASSWORD));
        Self::lay_out(Engine::Postgres { connection, port: server.port() }, site, name, schema)
    }

    /// A file in the site's folder below the root of `bench`.
    pub(crate) fn sqlite(bench: &Path, site: &str, schema: Schema) -> Self {
        let name = unique_name();
        let file = bench.join("sites").join(site).join("db").join(format!("{name}.db"));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
        drop(connection);
        Self::lay_out(Engine::Sqlite { file }, site, name, schema)
    }

    fn lay_out(engine: Engine, site: &str, name: String, schema: Schema) -> Self {
        let site = site.to_owned();
        let db = Self { engine, schema, site, name, rows: AtomicU32::new(0) };
        let statements: Vec<_> = TABLES.iter().filter_map(|table| db.definition(table)).collect();
        db.execute(&statements.concat());
        db
    }

    /// Writes the keys that lead here into the site's configuration.
    pub(crate) fn join(&self, bench: &mut Bench) {
        for (key, value) in self.config() {
            bench.set_on(&self.site, key, value);
        }
    }

    /// The keys that lead here.
    pub(crate) fn config(&self) -> Vec<(&'static str, Value)> {
        let mut keys =
            vec![("db_name", self.name.as_str().into()), ("db_password", PASSWORD.into())];
        match &self.engine {
            Engine::MariaDb { port, .. } => {
                keys.push(("db_host", "127.0.0.1".into()));
                keys.push(("db_port", (*port).into()));
            }
            Engine::Postgres { port, .. } => {
                keys.push(("db_type", "postgres".into()));
                keys.push(("db_host", "127.0.0.1".into()));
                keys.push(("db_port", (*port).into()));
            }
            Engine::Sqlite { .. } => keys.push(("db_type", "sqlite".into())),
        }
        keys
    }

    /// The file of a SQLite database.
    pub(crate) fn file(&self) -> &Path {
        match &self.engine {
            Engine::Sqlite { file } => file,
            _ => panic!("not a file"),
        }
    }

    /// Adds a row of System Settings; a second one of the same field is a duplicate.
    pub(crate) fn setting(self, field: &str, value: &str) -> Self {
        self.setting_of(field, Some(value))
    }

    /// The same, NULL included.
    pub(crate) fn setting_of(self, field: &str, value: Option<&str>) -> Self {
        let owned = |text: &str| Some(text.to_owned());
        let doctype = ("doctype", owned("System Settings"));
        let value = ("value", value.map(str::to_owned));
        self.insert("Singles", vec![doctype, ("field", owned(field)), value]);
        self
    }

    pub(crate) fn job_type(self, job_type: JobType) -> Self {
        let name = self.schema.type_name(job_type.method());
        let mut row = vec![("name", Some(name))];
        for (column, value) in job_type.0 {
            row.retain(|(other, _)| *other != column);
            row.push((column, value));
        }
        self.insert("Scheduled Job Type", row);
        self
    }

    /// Adds a logged run of a method's type.
    pub(crate) fn run_of(self, method: &str, run: Run) -> Self {
        let Run { status, started, took_s, details } = run;
        let began: jiff::civil::DateTime = started.parse().unwrap();
        let ended = began + jiff::SignedDuration::from_secs(took_s);
        let ended = ended.strftime("%Y-%m-%d %H:%M:%S.%6f").to_string();
        let row = vec![
            ("name", Some(self.row_name())),
            ("creation", Some(started)),
            ("modified", Some(ended)),
            ("status", Some(status)),
            ("scheduled_job_type", Some(self.schema.type_name(method))),
            ("details", details),
        ];
        self.insert("Scheduled Job Log", row);
        self
    }

    /// Adds what counts as activity: an Activity Log row, and a user who was active then.
    pub(crate) fn active_at(self, at: &str) -> Self {
        self.insert("Activity Log", self.row_at(at));
        let last_active = ("last_active", Some(at.to_owned()));
        self.insert("User", vec![("name", Some(self.row_name())), last_active]);
        self
    }

    /// Adds an Error Log row.
    pub(crate) fn error_at(self, at: &str, title: &str) -> Self {
        let mut row = self.row_at(at);
        row.push(("method", Some(title.to_owned())));
        self.insert("Error Log", row);
        self
    }

    /// Adds an Error Log row with its text.
    pub(crate) fn error_of(self, at: &str, title: &str, error: &str) -> Self {
        let mut row = self.row_at(at);
        row.push(("method", Some(title.to_owned())));
        row.push(("error", Some(error.to_owned())));
        self.insert("Error Log", row);
        self
    }

    /// Adds a queued mail.
    pub(crate) fn mail_at(self, at: &str, status: &str) -> Self {
        let mut row = self.row_at(at);
        row.push(("status", Some(status.to_owned())));
        self.insert("Email Queue", row);
        self
    }

    /// Keeps the log of a `DocType` for so many days.
    pub(crate) fn clears(self, doctype: &str, days: u32) -> Self {
        let row = vec![
            ("name", Some(self.row_name())),
            ("ref_doctype", Some(doctype.to_owned())),
            ("days", Some(days.to_string())),
        ];
        self.insert("Logs To Clear", row);
        self
    }

    /// Removes the table of a `DocType`.
    pub(crate) fn without_table(self, doctype: &str) -> Self {
        self.execute(&format!("DROP TABLE `tab{doctype}`"));
        self
    }

    /// Runs statements, with names in backticks.
    pub(crate) fn execute(&self, sql: &str) {
        match &self.engine {
            Engine::MariaDb { connection, .. } => {
                let mut connection = connection.borrow_mut();
                connection.query_drop(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
            Engine::Postgres { connection, .. } => {
                connection.query(&sql.replace('`', "\""));
            }
            Engine::Sqlite { file } => {
                let connection = rusqlite::Connection::open(file).unwrap();
                connection.execute_batch(sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
            }
        }
    }

    /// The rows of a query, with names in backticks, as text.
    pub(crate) fn query(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        match &self.engine {
            Engine::MariaDb { connection, .. } => {
                let rows: Vec<mysql::Row> = connection.borrow_mut().query(sql).unwrap();
                let cell = |value| mysql::from_value::<Option<String>>(value);
                rows.into_iter().map(|row| row.unwrap().into_iter().map(cell).collect()).collect()
            }
            Engine::Postgres { connection, .. } => connection.query(&sql.replace('`', "\"")),
            Engine::Sqlite { file } => {
                let connection = rusqlite::Connection::open(file).unwrap();
                let mut statement = connection.prepare(sql).unwrap();
                let width = statement.column_count();
                let cell = |row: &rusqlite::Row<'_>, index| match row.get_unwrap(index) {
                    rusqlite::types::Value::Null => None,
                    rusqlite::types::Value::Integer(number) => Some(number.to_string()),
                    rusqlite::types::Value::Text(text) => Some(text),
                    other => Some(format!("{other:?}")),
                };
                let rows = statement.query_map([], |row| {
                    Ok((0..width).map(|index| cell(row, index)).collect::<Vec<_>>())
                });
                rows.unwrap().map(Result::unwrap).collect()
            }
        }
    }

    /// The rows of System Settings with this field.
    pub(crate) fn singles(&self, field: &str) -> Vec<Option<String>> {
        let sql = format!(
            "SELECT `value` FROM `tabSingles` WHERE `doctype` = 'System Settings' \
             AND `field` = '{field}'"
        );
        self.query(&sql).into_iter().map(|mut row| row.remove(0)).collect()
    }

    /// Whether the type of `method` is stopped.
    pub(crate) fn is_stopped(&self, method: &str) -> bool {
        let name = self.schema.type_name(method);
        let sql = format!("SELECT `stopped` FROM `tabScheduled Job Type` WHERE `name` = '{name}'");
        self.query(&sql)[0][0].as_deref() == Some("1")
    }

    fn row_name(&self) -> String {
        format!("row{:06}", self.rows.fetch_add(1, Ordering::Relaxed))
    }

    /// The columns of a row that was made then.
    fn row_at(&self, at: &str) -> Cells {
        let at = Some(at.to_owned());
        vec![("name", Some(self.row_name())), ("creation", at.clone()), ("modified", at)]
    }

    /// Columns that this version has not are left out.
    fn insert(&self, doctype: &str, mut row: Cells) {
        let table = TABLES.iter().find(|table| table.doctype == doctype).unwrap();
        row.retain(|(name, _)| {
            table.columns().any(|column| column.name == *name && column.since <= self.schema)
        });
        let names: Vec<_> = row.iter().map(|(column, _)| format!("`{column}`")).collect();
        let literals: Vec<_> = row
            .iter()
            .map(|(_, value)| match value {
                // Backslashes would mean something to MariaDB alone.
                Some(text) => format!("'{}'", text.replace('\'', "''")),
                None => "NULL".to_owned(),
            })
            .collect();
        let (names, literals) = (names.join(", "), literals.join(", "));
        self.execute(&format!("INSERT INTO `tab{doctype}` ({names}) VALUES ({literals})"));
    }

    /// The statements that make a table, if this version has it.
    fn definition(&self, table: &Table) -> Option<String> {
        if table.since > self.schema {
            return None;
        }
        let columns = table.columns().filter(|column| column.since <= self.schema);
        let lines: Vec<_> = columns.map(|column| self.column(column)).collect();
        let name = format!("tab{}", table.doctype);
        let mut sql = format!("CREATE TABLE `{name}` ({});\n", lines.join(",\n"));
        if table.doctype == "Singles" {
            if !matches!(self.engine, Engine::Sqlite { .. }) {
                sql += "CREATE INDEX `singles_doctype_field_index` \
                        ON `tabSingles` (`doctype`, `field`);\n";
            }
        } else {
            let stamp = if self.schema < V16 { "modified" } else { "creation" };
            sql += &format!("CREATE INDEX `{name}_{stamp}_idx` ON `{name}` (`{stamp}`);\n");
        }
        if table.doctype == "Scheduled Job Type" && self.schema == V16 {
            sql += "CREATE UNIQUE INDEX `unique_scheduled_job` \
                    ON `tabScheduled Job Type` (`frequency`, `cron_format`, `method`);\n";
        }
        Some(sql)
    }

    fn column(&self, column: &Column) -> String {
        let kind = match (&self.engine, column.kind) {
            (Engine::MariaDb { .. }, Kind::Key) => "varchar(140) NOT NULL PRIMARY KEY",
            (Engine::MariaDb { .. } | Engine::Postgres { .. }, Kind::Text) => "varchar(140)",
            (Engine::MariaDb { .. }, Kind::Long) => "longtext",
            (Engine::MariaDb { .. }, Kind::Flag) => "int(1) NOT NULL DEFAULT 0",
            (Engine::MariaDb { .. }, Kind::Time) => "datetime(6)",
            (Engine::Postgres { .. }, Kind::Key) => "varchar(140) PRIMARY KEY",
            (Engine::Postgres { .. }, Kind::Flag) => "smallint NOT NULL DEFAULT 0",
            (Engine::Postgres { .. }, Kind::Time) => "timestamp(6)",
            (Engine::Sqlite { .. }, Kind::Key) => "TEXT PRIMARY KEY",
            (Engine::Sqlite { .. }, Kind::Flag) => "INTEGER NOT NULL DEFAULT 0",
            (Engine::Sqlite { .. }, Kind::Time) => "DATETIME",
            (Engine::Postgres { .. } | Engine::Sqlite { .. }, Kind::Text | Kind::Long) => "text",
        };
        // 16 forbids the NULL that its predecessors wrote.
        let strict = column.name == "cron_format" && self.schema == V16;
        let strict = if strict { " NOT NULL DEFAULT ''" } else { "" };
        format!("`{}` {kind}{strict}", column.name)
    }
}

/// A name that no other test of any run has.
fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("_{:x}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
