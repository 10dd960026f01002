//! Which Redis a bench uses, and how to log in to it. Values only; nothing is connected here.

use std::fmt;
use std::path::Path;

use serde_json::Value;

use super::{Config, Environment, Family, Origin};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::secrets::MASK;

/// A Redis as the configuration describes it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisTarget {
    /// The URL, which may hold credentials of its own.
    pub url: String,
    /// The user to log in as, where the URL names none.
    pub username: Option<String>,
    /// The password, where the URL holds none.
    pub password: Option<String>,
    /// Where to ask for the server instead, if Sentinel is on.
    pub sentinel: Option<SentinelTarget>,
    /// What set the URL.
    pub origin: Origin,
}

/// The Sentinels that know where a Redis is.
#[derive(Clone, PartialEq, Eq)]
pub struct SentinelTarget {
    /// Each `host:port`.
    pub nodes: Vec<String>,
    /// The name under which the Sentinels know the server.
    pub service: String,
    /// The user at the Sentinels.
    pub username: Option<String>,
    /// The password at the Sentinels.
    pub password: Option<String>,
    /// The user at the server.
    pub master_username: Option<String>,
    /// The password at the server.
    pub master_password: Option<String>,
}

impl fmt::Debug for RedisTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTarget")
            .field("url", &without_credentials(&self.url))
            .field("username", &self.username)
            .field("password", &masked(self.password.as_ref()))
            .field("sentinel", &self.sentinel)
            .field("origin", &self.origin)
            .finish()
    }
}

impl fmt::Debug for SentinelTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentinelTarget")
            .field("nodes", &self.nodes)
            .field("service", &self.service)
            .field("username", &self.username)
            .field("password", &masked(self.password.as_ref()))
            .field("master_username", &self.master_username)
            .field("master_password", &masked(self.master_password.as_ref()))
            .finish()
    }
}

fn masked(secret: Option<&String>) -> Option<&'static str> {
    secret.map(|_| MASK)
}

/// The Redis of the queues.
///
/// `id` is the bench id, the user's name where none is configured. Source: `get_redis_conn` in
/// `frappe/utils/background_jobs.py`.
pub(super) fn queue(
    config: &Config,
    environment: &Environment,
    id: Option<&str>,
    root: &Path,
) -> Result<RedisTarget> {
    let mut target = target(config, "redis_queue", root)?;
    if !config.family().knows_redis_login() {
        return Ok(target);
    }
    let (username, password) = if config.is_on("use_rq_auth") {
        let username = credential(config, "rq_username").or_else(|| id.map(str::to_owned));
        (username, credential(config, "rq_password"))
    } else if let Some(password) = environment.get_filled(env::RQ_ADMIN_PASSWORD) {
        (Some("default".to_owned()), Some(password.to_owned()))
    } else {
        (None, None)
    };
    // What the URL says wins over the arguments. Source: `ConnectionPool.from_url` of redis-py.
    let (in_url_user, in_url_password) = credentials_in(&target.url);
    target.username = username.filter(|_| !in_url_user);
    target.password = password.filter(|_| !in_url_password);
    Ok(target)
}

/// The Redis of the cache.
pub(super) fn cache(config: &Config, root: &Path) -> Result<RedisTarget> {
    target(config, "redis_cache", root)
}

/// The Redis on which realtime events are published, without the login of workers.
///
/// Source: `get_redis_server` in `frappe/realtime.py` up to v14, and from v15 on
/// `get_redis_connection_without_auth` in `frappe/utils/background_jobs.py`.
pub(super) fn realtime(config: &Config, root: &Path) -> Result<RedisTarget> {
    if !matches!(config.family(), Family::V13 | Family::V14) {
        return target(config, "redis_queue", root);
    }
    let key = "redis_socketio";
    match config.get(key).filter(|setting| super::config::truthy(&setting.value)) {
        Some(_) => target(config, key, root),
        None => Ok(RedisTarget {
            url: "redis://localhost:12311".to_owned(),
            username: None,
            password: None,
            sentinel: None,
            origin: Origin::Default,
        }),
    }
}

fn target(config: &Config, key: &str, root: &Path) -> Result<RedisTarget> {
    let common = Path::new("sites/common_site_config.json");
    let sentinel = sentinel(config, key)?;
    let Some(setting) = config.get(key) else {
        let failure = Failure::new(
            Kind::Config,
            format!("cannot tell where Redis is: `{key}` is not set in `{}`", common.display()),
        );
        // A file that cannot be read is the likelier cause than a key that nobody set.
        let because = config.problems().map(ToString::to_string).collect::<Vec<_>>();
        return Err(because.into_iter().fold(failure, Failure::hint).into());
    };
    let Some(url) = setting.value.as_str().filter(|url| !url.is_empty()) else {
        let path = setting.origin.path().unwrap_or(common);
        let path = path.strip_prefix(root).unwrap_or(path);
        let message = format!("cannot use `{key}` in `{}`: it is not a URL", path.display());
        return Err(Failure::new(Kind::Config, message)
            .hint("write it as redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH")
            .into());
    };
    let origin = setting.origin.clone();
    Ok(RedisTarget { url: url.to_owned(), username: None, password: None, sentinel, origin })
}

fn sentinel(config: &Config, key: &str) -> Result<Option<SentinelTarget>> {
    let text = |rest: &str| credential(config, &format!("{key}_{rest}"));
    let enabled = config.is_on(&format!("{key}_sentinel_enabled"));
    if !enabled || !config.family().knows_redis_login() {
        return Ok(None);
    }
    let sentinels = format!("{key}_sentinels");
    let nodes: Vec<String> = match config.get(&sentinels).map(|setting| &setting.value) {
        Some(Value::Array(nodes)) => {
            nodes.iter().filter_map(|node| node.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    let Some(service) = text("master_service").filter(|_| !nodes.is_empty()) else {
        let missing = if nodes.is_empty() { sentinels } else { format!("{key}_master_service") };
        let message = format!("cannot ask Sentinel for `{key}`: `{missing}` is not set");
        return Err(Failure::new(Kind::Config, message).into());
    };
    Ok(Some(SentinelTarget {
        nodes,
        service,
        username: text("sentinel_username"),
        password: text("sentinel_password"),
        master_username: text("master_username"),
        master_password: text("master_password"),
    }))
}

/// A name or a password. One of digits alone may stand in the file as a number.
fn credential(config: &Config, key: &str) -> Option<String> {
    match &config.get(key)?.value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether the URL names a user, and whether it holds a password.
fn credentials_in(url: &str) -> (bool, bool) {
    let after_scheme = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or_default();
    let userinfo = authority.rsplit_once('@').map_or("", |(userinfo, _)| userinfo);
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    (!user.is_empty(), !password.is_empty())
}

/// A URL for `Debug`. A password may hold any sign, also those that should be escaped, so
/// everything up to the last `@` goes, and what stands behind a `?`.
fn without_credentials(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (hidden, shown) = match rest.rsplit_once('@') {
        Some((_, shown)) => (format!("{MASK}@"), shown),
        None => (String::new(), rest),
    };
    let shown = shown.split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{hidden}{shown}")
}
