//! Which database a site has and how to log in to it, from its merged configuration.
//!
//! Follows Frappe of the bench's version. Connects to nothing.
//! Source: `frappe/database/*/database.py` and `get_site_config` in `frappe/config.py`.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::fault::{DbError, DbFault};
use super::sql::Dialect;
use crate::bench::config::integer;
use crate::bench::{Bench, Config, Family};
use crate::env;
use crate::secrets::MASK;

/// The `db_type` of a directory that stands for a site and has no database, as those of `jobctl
/// demo`. Frappe knows no such thing.
pub const NO_DATABASE: &str = "none";

/// Where the C client of MariaDB looks for a local server, by distribution. Source: the
/// `MYSQL_UNIX_ADDR` that Debian, Red Hat and the upstream packages build with.
const LOCAL_SOCKETS: [&str; 4] = [
    "/run/mysqld/mysqld.sock",
    "/var/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];

/// A site's database and the login to it.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings {
    pub(super) dialect: Dialect,
    pub(super) address: Address,
    pub(super) user: String,
    pub(super) password: Option<String>,
    pub(super) database: String,
    /// The schema of PostgreSQL.
    pub(super) schema: String,
    pub(super) tls: Option<Tls>,
    pub(super) family: Family,
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A host name or address, and a port.
    Tcp(String, u16),
    /// A Unix socket; for PostgreSQL its directory, and the port that names the socket in it.
    Socket(PathBuf, u16),
    /// The file of a SQLite database.
    File(PathBuf),
}

/// The keys `db_ssl_*` of MariaDB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tls {
    pub(super) authority: PathBuf,
    /// Certificate and key.
    pub(super) identity: Option<(PathBuf, PathBuf)>,
    pub(super) check_hostname: bool,
}

impl Settings {
    /// Reads a site's configuration, one file, and finds its database.
    ///
    /// Errors: `Misconfigured`, naming the key.
    pub fn of(bench: &Bench, site: &str) -> Result<Self, DbError> {
        let config = bench.site_config(site);
        Self::from_config(&config, &bench.root().join("sites"), site)
    }

    /// Finds the database that a merged configuration describes; `sites` is the directory of the
    /// sites, from which Frappe runs and to which relative paths refer.
    ///
    /// Errors: `Misconfigured`, naming the key.
    pub fn from_config(config: &Config, sites: &Path, site: &str) -> Result<Self, DbError> {
        let keys = Keys { config, site };
        let dialect = keys.dialect()?;
        let (user, database) = keys.names()?;
        let address = match dialect {
            Dialect::Sqlite => Address::File(keys.file(sites, &database)?),
            Dialect::Postgres => keys.postgres_address()?,
            Dialect::MariaDb => keys.mariadb_address(&local_sockets())?,
        };
        Ok(Self {
            dialect,
            address,
            user,
            password: keys.text("db_password"),
            database,
            schema: keys.text("db_schema").unwrap_or_else(|| "public".to_owned()),
            tls: (dialect == Dialect::MariaDb).then(|| keys.tls(sites)).flatten(),
            family: config.family(),
        })
    }

    /// The engine.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The database's name, which is also what every key in the cache Redis starts with.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The Frappe version by whose rules the site is read.
    pub fn family(&self) -> Family {
        self.family
    }
}

/// Everything but the password.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("dialect", &self.dialect)
            .field("address", &self.address)
            .field("user", &self.user)
            .field("password", &self.password.as_ref().map(|_| MASK))
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// As messages name it: `MariaDB database "x" at 127.0.0.1:3306`.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let engine = self.dialect.name();
        match &self.address {
            Address::File(path) => write!(f, "{engine} file `{}`", path.display()),
            Address::Tcp(host, port) => {
                write!(f, "{engine} database `{}` at {host}:{port}", self.database)
            }
            Address::Socket(path, _) => {
                write!(f, "{engine} database `{}` at {}", self.database, path.display())
            }
        }
    }
}

/// The keys of one site's configuration that concern its database.
struct Keys<'a> {
    config: &'a Config,
    site: &'a str,
}

impl Keys<'_> {
    /// A text or a number; numbers stand unquoted in many a file.
    fn text(&self, key: &str) -> Option<String> {
        match &self.config.get(key)?.value {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn wrong(&self, why: String) -> DbError {
        DbError::opening(DbFault::Misconfigured, &format!("configuration of `{}`", self.site), why)
    }

    fn dialect(&self) -> Result<Dialect, DbError> {
        match self.text("db_type").as_deref() {
            None | Some("mariadb") => Ok(Dialect::MariaDb),
            Some("postgres") => Ok(Dialect::Postgres),
            Some("sqlite") => Ok(Dialect::Sqlite),
            Some(NO_DATABASE) => {
                let place = format!("configuration of `{}`", self.site);
                let why = "the site has no database: `db_type` is `none`";
                Err(DbError::opening(DbFault::NoneThere, &place, why))
            }
            Some(other) => {
                Err(self
                    .wrong(format!("`db_type` is `{other}`, not one of mariadb, postgres, sqlite")))
            }
        }
    }

    /// User and database. Up to 15 they are one name; later each stands in for the other.
    fn names(&self) -> Result<(String, String), DbError> {
        let database = self.text("db_name");
        let user = if self.config.family().reads_database_environment() {
            self.text("db_user")
        } else {
            None
        };
        match (user, database) {
            (Some(user), Some(database)) => Ok((user, database)),
            (None, Some(name)) | (Some(name), None) => Ok((name.clone(), name)),
            (None, None) => {
                let problem = self.config.problems().next();
                let why = problem.map_or_else(
                    || "`db_name` is not set".to_owned(),
                    |problem| format!("`db_name` is not known: {problem}"),
                );
                Err(self.wrong(why))
            }
        }
    }

    fn port(&self, default: u16) -> Result<u16, DbError> {
        let Some(setting) = self.config.get("db_port") else { return Ok(default) };
        // As Python's `or`: 0 and the empty text give way to the default.
        if !crate::bench::config::truthy(&setting.value) {
            return Ok(default);
        }
        integer(&setting.value)
            .and_then(|port| u16::try_from(port).ok())
            .filter(|&port| port > 0)
            .ok_or_else(|| self.wrong("`db_port` is not a port".to_owned()))
    }

    fn host(&self) -> String {
        self.text("db_host").unwrap_or_else(|| "127.0.0.1".to_owned())
    }

    /// `db_socket` plays no part: Frappe prefers the host, which always has a default.
    fn postgres_address(&self) -> Result<Address, DbError> {
        let (host, port) = (self.host(), self.port(5432)?);
        Ok(if host.starts_with('/') {
            Address::Socket(host.into(), port)
        } else {
            Address::Tcp(host, port)
        })
    }

    /// PyMySQL, up to the 16 development line, takes `localhost` for a host like any other; the C
    /// client, from 16 on, for the local server's Unix socket.
    fn mariadb_address(&self, local_sockets: &[PathBuf]) -> Result<Address, DbError> {
        let family = self.config.family();
        if family.reads_database_environment()
            && let Some(socket) = self.text("db_socket")
        {
            return Ok(Address::Socket(socket.into(), 0));
        }
        let (host, port) = (self.host(), self.port(3306)?);
        let c_client = matches!(family, Family::V16 | Family::V17)
            && self
                .config
                .get("use_mysqlclient")
                .is_none_or(|_| self.config.is_on("use_mysqlclient"));
        if host == "localhost" && c_client {
            // Without a socket, TCP is tried: the server may run in a container.
            if let Some(socket) = local_sockets.iter().find(|path| path.exists()) {
                return Ok(Address::Socket(socket.clone(), 0));
            }
        }
        Ok(Address::Tcp(host, port))
    }

    /// A name that would leave the site's directory is refused rather than followed.
    fn file(&self, sites: &Path, database: &str) -> Result<PathBuf, DbError> {
        if database.contains(['/', '\0']) {
            return Err(self.wrong("`db_name` is not a file's name".to_owned()));
        }
        Ok(sites.join(self.site).join("db").join(format!("{database}.db")))
    }

    /// Up to the 16 development line TLS needs all three files, and names are checked; from 16 on
    /// the authority alone is enough, and `db_ssl_check_hostname` decides.
    fn tls(&self, sites: &Path) -> Option<Tls> {
        let path = |key| self.text(key).map(|path| sites.join(path));
        let authority = path("db_ssl_ca")?;
        let identity = path("db_ssl_cert").zip(path("db_ssl_key"));
        if matches!(self.config.family(), Family::V16 | Family::V17 | Family::Unknown) {
            let check_hostname = self.config.is_on("db_ssl_check_hostname");
            return Some(Tls { authority, identity, check_hostname });
        }
        identity.map(|identity| Tls { authority, identity: Some(identity), check_hostname: true })
    }
}

fn local_sockets() -> Vec<PathBuf> {
    let named = env::read(env::MYSQL_UNIX_PORT).filter(|path| !path.is_empty());
    named.into_iter().map(PathBuf::from).chain(LOCAL_SOCKETS.map(PathBuf::from)).collect()
}

#[cfg(test)]
mod tests;
