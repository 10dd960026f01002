//! MariaDB and MySQL.
//!
//! The driver bounds single reads of the socket; here the login as a whole is bounded too.
//! It holds text on both sides, and several statements per packet, which saves round trips.

use std::fs::File;
use std::io;
use std::time::Duration;

use mysql::prelude::Queryable as _;
use mysql::{ClientIdentity, Conn, DriverError, Error, OptsBuilder, SslOpts};

use super::bounded::within;
use super::connect::GRACE;
use super::fault::{DbError, DbFault};
use super::settings::{Address, Settings, Tls};
use super::sql::{self, Query, Value};
use super::{Access, Dialect, Rows, SiteDatabase};
use crate::backend::network::tls_problem;

/// The largest answer that is taken, row by row; the driver would ask the server otherwise.
const MAX_PACKET: usize = 64 << 20;

struct MariaDb {
    conn: Conn,
    limit: Duration,
    place: String,
}

/// Connects, within `limit` for everything up to the login's end.
pub(super) fn open(settings: &Settings, limit: Duration) -> Result<Box<dyn SiteDatabase>, DbError> {
    let options = options(settings, limit)?;
    let place = settings.to_string();
    let conn = within(limit, move || Conn::new(options))
        .ok_or_else(|| DbError::no_answer(&place, limit))?
        .map_err(|error| {
            let (fault, why) = explain(&error, limit);
            DbError::opening(fault, &place, why)
        })?;
    Ok(Box::new(MariaDb { conn, limit, place }))
}

fn options(settings: &Settings, limit: Duration) -> Result<OptsBuilder, DbError> {
    let options = OptsBuilder::new()
        .user(Some(settings.user.clone()))
        .pass(settings.password.clone())
        .db_name(Some(settings.database.clone()))
        .tcp_connect_timeout(Some(limit))
        .read_timeout(Some(limit.saturating_add(GRACE)))
        .write_timeout(Some(limit.saturating_add(GRACE)))
        .max_allowed_packet(Some(MAX_PACKET))
        // The driver would leave the address that was configured for a socket of the server's.
        .prefer_socket(false);
    Ok(match &settings.address {
        Address::Socket(path, _) | Address::File(path) => {
            options.socket(Some(path.to_string_lossy()))
        }
        Address::Tcp(host, port) => {
            let tls = settings.tls.as_ref().map(|tls| tls_options(tls, settings)).transpose()?;
            options.ip_or_hostname(Some(host.clone())).tcp_port(*port).ssl_opts(tls)
        }
    })
}

/// Errors: `Misconfigured` with the file that cannot be read; the driver would not say which.
fn tls_options(tls: &Tls, settings: &Settings) -> Result<SslOpts, DbError> {
    let (certificate, key) = tls.identity.clone().unzip();
    let files = [
        ("db_ssl_ca", Some(&tls.authority)),
        ("db_ssl_cert", certificate.as_ref()),
        ("db_ssl_key", key.as_ref()),
    ];
    for (name, file) in files {
        let Some(file) = file else { continue };
        if let Err(error) = File::open(file) {
            let why = format!("`{name}` names `{}`, which cannot be read: {error}", file.display());
            return Err(DbError::opening(DbFault::Misconfigured, settings, why));
        }
    }
    let options = SslOpts::default()
        .with_root_cert_path(Some(tls.authority.clone()))
        .with_danger_skip_domain_validation(!tls.check_hostname);
    Ok(match certificate.zip(key) {
        Some((certificate, key)) => {
            options.with_client_identity(Some(ClientIdentity::new(certificate, key)))
        }
        None => options,
    })
}

impl SiteDatabase for MariaDb {
    fn dialect(&self) -> Dialect {
        Dialect::MariaDb
    }

    fn opening(&self, access: Access) -> Vec<String> {
        // Locks are waited for in whole seconds.
        let lock_s = i64::try_from(self.limit.as_secs().max(1)).unwrap_or(i64::MAX);
        let limits = Query::new(sql::MARIADB_LIMITS)
            .with(Value::Seconds(self.limit))
            .with(Value::Millis(self.limit))
            .with(Value::Int(lock_s))
            .with(Value::Int(lock_s));
        let begin = match access {
            Access::Read => "START TRANSACTION READ ONLY",
            Access::Write => "START TRANSACTION",
        };
        vec![limits.render(Dialect::MariaDb), begin.to_owned()]
    }

    fn run(&mut self, statements: &[String]) -> Result<Vec<Rows>, DbError> {
        collect(&mut self.conn, &statements.join(";\n")).map_err(|error| {
            if matches!(error, Error::MySqlError(_)) {
                // The statement was refused, the connection is well; should it not be after all,
                // its end undoes the transaction too.
                let _ = self.conn.query_drop("ROLLBACK");
            }
            let (fault, why) = explain(&error, self.limit);
            DbError::working(fault, &self.place, why)
        })
    }
}

fn collect(conn: &mut Conn, text: &str) -> Result<Vec<Rows>, Error> {
    let mut found = Vec::new();
    let mut result = conn.query_iter(text)?;
    while let Some(set) = result.iter() {
        let columns = set.columns();
        let names: Vec<_> =
            columns.as_ref().iter().map(|column| column.name_str().into_owned()).collect();
        let has_columns = !names.is_empty();
        let mut rows = Rows::of(names);
        for row in set {
            rows.push(row?.unwrap().into_iter().map(cell).collect());
        }
        if has_columns {
            found.push(rows);
        }
    }
    Ok(found)
}

fn cell(value: mysql::Value) -> Option<String> {
    match value {
        mysql::Value::NULL => None,
        mysql::Value::Bytes(bytes) => Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }),
        // Not met in answers to text; what it is, is kept.
        other => Some(other.as_sql(true)),
    }
}

/// Source: the error lists of MariaDB and MySQL (`mysqld_error.h`).
fn explain(error: &Error, limit: Duration) -> (DbFault, String) {
    let of_tls = match error {
        Error::IoError(error) => tls_problem(error),
        Error::TlsError(error) => tls_problem(error),
        Error::CodecError(error) => tls_problem(error),
        _ => None,
    };
    if let Some(why) = of_tls {
        return (DbFault::Unreachable, why);
    }
    match error {
        Error::MySqlError(refusal) => {
            let fault = match refusal.code {
                1044 | 1045 | 1129 | 1130 | 1142 | 1143 | 1227 | 1370 | 1698 => DbFault::Denied,
                1049 => DbFault::NoDatabase,
                1146 => DbFault::NoTable,
                1054 => DbFault::NoColumn,
                1205 | 1213 => DbFault::Locked,
                1969 | 3024 => DbFault::TimedOut,
                1040 | 1053 | 1203 | 1226 => DbFault::Unreachable,
                _ => DbFault::Other,
            };
            (fault, refusal.message.clone())
        }
        Error::DriverError(DriverError::ConnectTimeout) => timed_out(limit),
        Error::DriverError(DriverError::CouldNotConnect(Some((_, why, kind)))) => {
            (DbFault::Unreachable, said(*kind, why))
        }
        Error::IoError(error)
            if matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock) =>
        {
            timed_out(limit)
        }
        Error::IoError(error) => (DbFault::Unreachable, said(error.kind(), &error.to_string())),
        other if other.is_connectivity_error() => (DbFault::Unreachable, other.to_string()),
        other => (DbFault::Other, other.to_string()),
    }
}

fn timed_out(limit: Duration) -> (DbFault, String) {
    (DbFault::TimedOut, format!("no answer within {}", humantime::format_duration(limit)))
}

fn said(kind: io::ErrorKind, why: &str) -> String {
    match kind {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::NotFound => "the socket does not exist".to_owned(),
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => "the server closed the connection".to_owned(),
        _ => why.to_owned(),
    }
}
