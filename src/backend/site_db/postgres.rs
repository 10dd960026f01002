//! PostgreSQL.
//!
//! The driver is asynchronous and has no time limits of its own; each connection drives it on a
//! small executor within this file, and every wait for it is bounded. TLS is not spoken: Frappe
//! has no keys for it, and what libpq would read from its environment is not read here.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage};

use super::connect::GRACE;
use super::fault::{DbError, DbFault};
use super::settings::{Address, Settings};
use super::sql::{self, Query, Value};
use super::{Access, Dialect, Rows, SiteDatabase};

/// How long a farewell may take; without one the server logs a lost client.
const FAREWELL: Duration = Duration::from_millis(100);

struct Postgres {
    /// Both are there until the value is dropped.
    runtime: Option<Runtime>,
    client: Option<Client>,
    connection: JoinHandle<()>,
    schema: String,
    limit: Duration,
    place: String,
}

/// Connects, within `limit` for everything up to the login's end.
pub(super) fn open(settings: &Settings, limit: Duration) -> Result<Box<dyn SiteDatabase>, DbError> {
    let place = settings.to_string();
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .map_err(|error| DbError::opening(DbFault::Other, &place, error.to_string()))?;
    let options = options(settings);
    let connected = runtime.block_on(async {
        // The clock starts inside: outside of the executor there is none.
        timeout(limit, async {
            let (client, connection) = options.connect(NoTls).await?;
            // Its error reaches the client, which waits for every answer.
            Ok((client, tokio::spawn(async move { drop(connection.await) })))
        })
        .await
    });
    let (client, connection) = match connected {
        Ok(Ok(connected)) => connected,
        Ok(Err(error)) => {
            runtime.shutdown_background();
            let (fault, why) = explain(&error);
            return Err(DbError::opening(fault, &place, why));
        }
        Err(_elapsed) => {
            // The resolution of a name may still run; it is left behind.
            runtime.shutdown_background();
            return Err(DbError::no_answer(&place, limit));
        }
    };
    let (runtime, client) = (Some(runtime), Some(client));
    let schema = settings.schema.clone();
    Ok(Box::new(Postgres { runtime, client, connection, schema, limit, place }))
}

fn options(settings: &Settings) -> Config {
    let mut options = Config::new();
    options
        .user(&settings.user)
        .dbname(&settings.database)
        .application_name("jobctl")
        .ssl_mode(SslMode::Disable);
    if let Some(password) = &settings.password {
        options.password(password);
    }
    match &settings.address {
        Address::Tcp(host, port) => options.host(host).port(*port),
        Address::Socket(folder, port) => options.host_path(folder).port(*port),
        Address::File(path) => options.host_path(path),
    };
    options
}

impl SiteDatabase for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn opening(&self, access: Access) -> Vec<String> {
        let begin = match access {
            Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Access::Write => "BEGIN",
        };
        let limits = Query::new(sql::POSTGRES_LIMITS)
            .with(Value::Millis(self.limit))
            .with(Value::Millis(self.limit))
            .with(Value::Name(self.schema.clone()));
        vec![begin.to_owned(), limits.render(Dialect::Postgres)]
    }

    fn run(&mut self, statements: &[String]) -> Result<Vec<Rows>, DbError> {
        let gone =
            || DbError::working(DbFault::Unreachable, &self.place, "the connection is closed");
        let (Some(runtime), Some(client)) = (&self.runtime, &self.client) else {
            return Err(gone());
        };
        let text = statements.join(";\n");
        // Each statement has the server's limit to itself; they are few.
        let statements = u32::try_from(statements.len()).unwrap_or(u32::MAX);
        let limit = self.limit.saturating_mul(statements).saturating_add(GRACE);
        let answer = runtime.block_on(async { timeout(limit, client.simple_query(&text)).await });
        match answer {
            Ok(Ok(messages)) => Ok(collect(messages)),
            Ok(Err(error)) => {
                if error.as_db_error().is_some() {
                    // The statement was refused, the connection is well; should it not be after
                    // all, its end undoes the transaction too.
                    let _ = runtime.block_on(async {
                        timeout(self.limit, client.batch_execute("ROLLBACK")).await
                    });
                }
                let (fault, why) = explain(&error);
                Err(DbError::working(fault, &self.place, why))
            }
            Err(_elapsed) => {
                let why = format!("no answer within {}", humantime::format_duration(self.limit));
                // An answer that comes later would be taken for that of the next question.
                self.client = None;
                Err(DbError::working(DbFault::TimedOut, &self.place, why))
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.client = None;
        if let Some(runtime) = self.runtime.take() {
            let connection = &mut self.connection;
            let _ = runtime.block_on(async { timeout(FAREWELL, connection).await });
            runtime.shutdown_background();
        }
    }
}

fn collect(messages: Vec<SimpleQueryMessage>) -> Vec<Rows> {
    let mut found: Vec<Rows> = Vec::new();
    for message in messages {
        match message {
            SimpleQueryMessage::RowDescription(columns) => {
                found.push(Rows::of(
                    columns.iter().map(|column| column.name().to_owned()).collect(),
                ));
            }
            SimpleQueryMessage::Row(row) => {
                let cells = (0..row.len())
                    .map(|index| row.try_get(index).ok().flatten().map(str::to_owned));
                if let Some(rows) = found.last_mut() {
                    rows.push(cells.collect());
                }
            }
            _ => {}
        }
    }
    found
}

/// Source: appendix A of the PostgreSQL manual, error codes.
fn explain(error: &Error) -> (DbFault, String) {
    let Some(refusal) = error.as_db_error() else {
        // The driver says only "error connecting to server"; the cause says why.
        let cause = std::error::Error::source(error).map(ToString::to_string);
        let fault = match &cause {
            // The server asks for one and the configuration has none.
            Some(cause) if cause.contains("password missing") => DbFault::Denied,
            _ => DbFault::Unreachable,
        };
        let why = match cause {
            Some(cause) if cause.contains("Connection refused") => "connection refused".to_owned(),
            Some(cause) => cause,
            None => error.to_string(),
        };
        return (fault, why);
    };
    let code = refusal.code();
    let fault = match code {
        _ if [
            &SqlState::INVALID_PASSWORD,
            &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            &SqlState::INSUFFICIENT_PRIVILEGE,
        ]
        .contains(&code) =>
        {
            DbFault::Denied
        }
        _ if *code == SqlState::INVALID_CATALOG_NAME => DbFault::NoDatabase,
        _ if *code == SqlState::UNDEFINED_TABLE => DbFault::NoTable,
        _ if *code == SqlState::UNDEFINED_COLUMN => DbFault::NoColumn,
        _ if *code == SqlState::QUERY_CANCELED => DbFault::TimedOut,
        _ if [
            &SqlState::LOCK_NOT_AVAILABLE,
            &SqlState::T_R_DEADLOCK_DETECTED,
            &SqlState::T_R_SERIALIZATION_FAILURE,
        ]
        .contains(&code) =>
        {
            DbFault::Locked
        }
        _ if code.code().starts_with("57P") || *code == SqlState::TOO_MANY_CONNECTIONS => {
            DbFault::Unreachable
        }
        _ => DbFault::Other,
    };
    (fault, refusal.message().to_owned())
}
