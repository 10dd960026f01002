//! Where a Redis is, and how to log in there.
//!
//! Owns the URL forms that RQ, redis-py and Frappe users write, and how an address is shown: a
//! password goes in here and is never displayed again. Opens nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use url::form_urlencoded;

use crate::error::{Failure, Kind, Result};

/// Redis' own port. Source: redis.conf, `port`.
const REDIS_PORT: u16 = 6379;
/// The port of a sentinel. Source: sentinel.conf, `port`.
const SENTINEL_PORT: u16 = 26379;
/// What redis-py's `from_url` accepts and what has no meaning for a client that lives for seconds.
///
/// Source: redis-py 5 and 6, `redis/connection.py`, the arguments of the connection classes.
const WITHOUT_MEANING_HERE: &[&str] = &[
    "client_name",
    "decode_responses",
    "encoding",
    "encoding_errors",
    "health_check_interval",
    "lib_name",
    "lib_version",
    "max_connections",
    "protocol",
    "retry_on_timeout",
    "socket_connect_timeout",
    "socket_keepalive",
    "socket_read_size",
    "socket_timeout",
    "timeout",
];

/// A host and a port.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::backend) struct Node {
    pub(in crate::backend) host: String,
    pub(in crate::backend) port: u16,
}

impl Node {
    fn parse(text: &str, default_port: u16) -> Result<Self, &'static str> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) =
                    rest.split_once(']').ok_or("the bracket of the IPv6 address is not closed")?;
                (host, after.strip_prefix(':').unwrap_or(after))
            }
            None => text.split_once(':').unwrap_or((text, "")),
        };
        let port = match port {
            "" => default_port,
            digits => digits.parse().map_err(|_| "the port is not a number between 1 and 65535")?,
        };
        if port == 0 {
            return Err("the port is not a number between 1 and 65535");
        }
        let host = if host.is_empty() { "localhost".to_owned() } else { decode(host)? };
        Ok(Self { host, port })
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// A user name and a password, either of them optional.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) username: Option<String>,
    pub(super) password: Option<String>,
}

/// How the socket is reached.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Route {
    Tcp(Node),
    Unix(PathBuf),
    Sentinel { nodes: Vec<Node>, service: String, login: Login },
}

/// How far a server's certificate is trusted.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::backend) struct TlsOptions {
    /// `ssl_cert_reqs`: `false` for `none`; `optional` is `required` for a client, as in Python.
    pub(super) verify: bool,
    /// `ssl_check_hostname`.
    pub(super) check_hostname: bool,
    /// `ssl_ca_certs`, in place of the system's store.
    pub(super) ca_file: Option<PathBuf>,
    /// `ssl_certfile`.
    pub(super) cert_file: Option<PathBuf>,
    /// `ssl_keyfile`; without it the key is in the certificate's file.
    pub(super) key_file: Option<PathBuf>,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self { verify: true, check_hostname: true, ca_file: None, cert_file: None, key_file: None }
    }
}

/// The address of a Redis with the login that belongs to it.
///
/// `Display` and `Debug` show the address without the login.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) route: Route,
    pub(super) login: Login,
    pub(super) db: u32,
    pub(super) tls: Option<TlsOptions>,
}

impl Endpoint {
    /// Reads `redis://`, `rediss://`, `unix://`, `redis+unix://`, `redis+sentinel://` and
    /// `rediss+sentinel://` URLs, a bare `host:port`, and a bare `/path/to.sock`.
    ///
    /// Errors: `Kind::Usage`; the message says what is wrong and never repeats the URL, which may
    /// hold a password. As in redis-py, `db` among the parameters wins over the path, and a login
    /// before the host wins over one among the parameters; unlike it, a database that is not a
    /// number is an error and not database 0.
    ///
    /// Source: redis-py 6, `redis/connection.py`, `parse_url`.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text.trim()).map_err(|why| {
            Failure::new(Kind::Usage, format!("cannot read the Redis URL: {why}"))
                .hint("write it as redis://[user:password@]host:port/db or unix:///path.sock?db=0")
                .into()
        })
    }

    /// Logs in as `username`.
    #[must_use]
    pub fn with_username(mut self, username: impl Into<String>) -> Self {
        self.login.username = Some(username.into());
        self
    }

    /// Logs in with `password`.
    #[must_use]
    pub fn with_password(mut self, password: impl Into<String>) -> Self {
        self.login.password = Some(password.into());
        self
    }

    /// Asks the sentinels `nodes` (each `host[:port]`) for the master of `service`, and connects to
    /// that; login and database of this endpoint are the master's, TLS applies to both.
    ///
    /// Errors: `Kind::Usage` where no node is given or one cannot be read.
    pub fn through_sentinel(
        mut self,
        nodes: &[String],
        service: impl Into<String>,
        username: Option<String>,
        password: Option<String>,
    ) -> Result<Self> {
        let nodes = nodes
            .iter()
            .map(|node| Node::parse(node.trim(), SENTINEL_PORT))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|why| {
                Failure::new(Kind::Usage, format!("cannot read the list of sentinels: {why}"))
            })?;
        if nodes.is_empty() {
            return Err(Failure::new(Kind::Usage, "the list of sentinels is empty").into());
        }
        let login = Login { username, password };
        self.route = Route::Sentinel { nodes, service: service.into(), login };
        Ok(self)
    }

    /// The number of the database.
    pub const fn db(&self) -> u32 {
        self.db
    }

    /// Whether the connection is encrypted.
    pub const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// A URL that reaches the same place, without the login; `None` for sentinels.
    pub fn public_url(&self) -> Option<String> {
        match &self.route {
            Route::Tcp(_) => Some(self.to_string()),
            Route::Unix(path) => Some(format!("unix://{}?db={}", path.display(), self.db)),
            Route::Sentinel { .. } => None,
        }
    }

    /// A URL that redis-py reads as this address with its login, for the environment of a child,
    /// never for its arguments; `None` for sentinels, which no URL of redis-py names.
    ///
    /// Source: redis-py 3.5 to 7, `redis/connection.py`, `parse_url` and `from_url`.
    pub fn client_url(&self) -> Option<String> {
        let text = |value: &Option<String>| encode(value.as_deref().unwrap_or_default());
        let login = match (&self.login.username, &self.login.password) {
            (None, None) => String::new(),
            (name, None) => format!("{}@", text(name)),
            (name, password) => format!("{}:{}@", text(name), text(password)),
        };
        let db = self.db;
        match &self.route {
            Route::Tcp(node) if self.tls.is_none() => Some(format!("redis://{login}{node}/{db}")),
            Route::Tcp(node) => Some(format!("rediss://{login}{node}/{db}{}", self.tls_query())),
            Route::Unix(path) => {
                let path = path.to_string_lossy();
                let path: Vec<String> = path.split('/').map(encode).collect();
                Some(format!("unix://{login}{}?db={db}", path.join("/")))
            }
            Route::Sentinel { .. } => None,
        }
    }

    /// What differs from the default trust, as redis-py spells it.
    fn tls_query(&self) -> String {
        let Some(tls) = &self.tls else { return String::new() };
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !tls.verify {
            query.append_pair("ssl_cert_reqs", "none");
        }
        if !tls.check_hostname {
            query.append_pair("ssl_check_hostname", "False");
        }
        for (name, file) in [
            ("ssl_ca_certs", &tls.ca_file),
            ("ssl_certfile", &tls.cert_file),
            ("ssl_keyfile", &tls.key_file),
        ] {
            if let Some(file) = file {
                query.append_pair(name, &file.to_string_lossy());
            }
        }
        let query = query.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// How `redis-cli` is called for this address, without the login; `None` for sentinels.
    pub fn redis_cli(&self) -> Option<String> {
        let quote = crate::sanitize::shell_quote;
        let db = if self.db == 0 { String::new() } else { format!(" -n {}", self.db) };
        let tls = if self.tls.is_some() { " --tls" } else { "" };
        match &self.route {
            Route::Tcp(node) => {
                Some(format!("redis-cli -h {} -p {}{db}{tls}", quote(&node.host), node.port))
            }
            Route::Unix(path) => {
                Some(format!("redis-cli -s {}{db}", quote(&path.to_string_lossy())))
            }
            Route::Sentinel { .. } => None,
        }
    }

    /// The path, where the address is a Unix socket.
    pub fn socket_path(&self) -> Option<&Path> {
        match &self.route {
            Route::Unix(path) => Some(path),
            Route::Tcp(_) | Route::Sentinel { .. } => None,
        }
    }

    /// Host and port, where the address is a single TCP server.
    pub fn host_and_port(&self) -> Option<(&str, u16)> {
        match &self.route {
            Route::Tcp(node) => Some((&node.host, node.port)),
            Route::Unix(_) | Route::Sentinel { .. } => None,
        }
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it is empty".into());
        }
        if text.starts_with('/') {
            return Ok(Self::plain(Route::Unix(PathBuf::from(text))));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("redis", text));
        let parts = Parts::split(rest);
        let mut endpoint = match scheme {
            "redis" | "rediss" | "valkey" | "valkeys" => {
                let mut at = Self::plain(Route::Tcp(Node::parse(parts.authority, REDIS_PORT)?));
                at.db = database(parts.path.trim_start_matches('/'))?;
                at
            }
            "unix" | "redis+unix" | "valkey+unix" => {
                let path = decode(parts.path)?;
                // `unix://run/redis.sock` would leave out `run` without a word.
                if path.is_empty() || !parts.authority.is_empty() {
                    return Err(
                        "the path of the socket is not absolute, as in unix:///path.sock".into()
                    );
                }
                Self::plain(Route::Unix(PathBuf::from(path)))
            }
            "redis+sentinel" | "rediss+sentinel" => Self::sentinels(&parts)?,
            _ => return Err("its scheme is none of redis, rediss, unix, redis+sentinel".into()),
        };
        if matches!(scheme, "rediss" | "valkeys" | "rediss+sentinel") {
            endpoint.tls = Some(TlsOptions::default());
        }
        for (name, value) in form_urlencoded::parse(parts.query.as_bytes()) {
            endpoint.set(&name, value.into_owned())?;
        }
        if let Some(userinfo) = parts.userinfo {
            let (username, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
            if !username.is_empty() {
                endpoint.login.username = Some(decode(username)?);
            }
            if !password.is_empty() {
                endpoint.login.password = Some(decode(password)?);
            }
        }
        Ok(endpoint)
    }

    const fn plain(route: Route) -> Self {
        Self { route, login: Login { username: None, password: None }, db: 0, tls: None }
    }

    fn sentinels(parts: &Parts<'_>) -> Result<Self, String> {
        let nodes = parts
            .authority
            .split(',')
            .map(|node| Node::parse(node, SENTINEL_PORT))
            .collect::<Result<Vec<_>, _>>()?;
        let path = parts.path.trim_start_matches('/');
        let (service, db) = path.split_once('/').unwrap_or((path, ""));
        if service.is_empty() {
            return Err("the name of the service is missing, as in \
                        redis+sentinel://host:26379/service/0"
                .into());
        }
        let service = decode(service)?;
        let mut at = Self::plain(Route::Sentinel { nodes, service, login: Login::default() });
        at.db = database(db)?;
        Ok(at)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), String> {
        match (name, &mut self.tls, &mut self.route) {
            ("db", ..) => self.db = database(&value)?,
            ("username", ..) => self.login.username = Some(value),
            ("password", ..) => self.login.password = Some(value),
            ("sentinel_username", _, Route::Sentinel { login, .. }) => login.username = Some(value),
            ("sentinel_password", _, Route::Sentinel { login, .. }) => login.password = Some(value),
            ("ssl_cert_reqs", Some(tls), _) => {
                tls.verify = match value.as_str() {
                    "none" | "CERT_NONE" => false,
                    "optional" | "required" | "CERT_OPTIONAL" | "CERT_REQUIRED" => true,
                    _ => return Err("`ssl_cert_reqs` is none of none, optional, required".into()),
                }
            }
            ("ssl_check_hostname", Some(tls), _) => tls.check_hostname = truth(&value)?,
            ("ssl_ca_certs", Some(tls), _) => tls.ca_file = Some(value.into()),
            ("ssl_certfile", Some(tls), _) => tls.cert_file = Some(value.into()),
            ("ssl_keyfile", Some(tls), _) => tls.key_file = Some(value.into()),
            (name, None, _) if name.starts_with("ssl_") => {
                return Err(format!("`{name}` needs rediss:// in front"));
            }
            (name, ..) if WITHOUT_MEANING_HERE.contains(&name) => {}
            (name, ..) => return Err(format!("its parameter `{name}` is not known")),
        }
        Ok(())
    }
}

/// Shows where the Redis is: `redis://127.0.0.1:11000/0`, `unix:/run/redis.sock (db 1)`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "rediss" } else { "redis" };
        match &self.route {
            Route::Tcp(node) => write!(f, "{scheme}://{node}/{}", self.db),
            Route::Unix(path) => write!(f, "unix:{} (db {})", path.display(), self.db),
            Route::Sentinel { nodes, service, .. } => {
                write!(f, "{scheme}+sentinel://")?;
                for (index, node) in nodes.iter().enumerate() {
                    write!(f, "{}{node}", if index == 0 { "" } else { "," })?;
                }
                write!(f, "/{service}/{}", self.db)
            }
        }
    }
}

/// The same as `Display`: a debug print must not be the way by which a password leaks.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

/// What follows `scheme://`, cut as Python's `urlsplit` cuts it.
struct Parts<'a> {
    userinfo: Option<&'a str>,
    authority: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Parts<'a> {
    fn split(rest: &'a str) -> Self {
        let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, authority),
        };
        Self { userinfo, authority, path, query }
    }
}

fn database(text: &str) -> Result<u32, &'static str> {
    match text.trim_end_matches('/') {
        "" => Ok(0),
        digits => digits.parse().map_err(|_| "the database is not a number"),
    }
}

fn truth(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err("`ssl_check_hostname` is neither true nor false"),
    }
}

/// Undoes percent-encoding; a `%` that starts no escape stands for itself, as in Python.
fn decode(text: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'%', [high, low, after @ ..])
                if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                bytes.push(nibble(*high) << 4 | nibble(*low));
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).map_err(|_| "a percent-encoded part is not UTF-8")
}

/// Percent-encodes whatever has a meaning in a URL; the reverse of [`decode`].
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests;
