//! What jobctl works on: a bench, or the queues of one Redis; and which part of it.
//!
//! Flags win over the environment, the environment over the current directory. An empty value of
//! a selecting flag or variable is an error, never "all".

use std::path::PathBuf;

use crate::backend::redis::Endpoint;
use crate::bench::{Bench, RedisTarget, Sites};
use crate::env;
use crate::error::{Failure, Kind, Result};
use crate::global::Global;
use crate::model::id::QueueName;
use crate::nearby;
use crate::report::Scope;

/// The word that selects every site.
const ALL: &str = "all";

/// What jobctl works on.
#[derive(Debug)]
pub struct Target {
    /// The bench; `None` for plain RQ.
    pub bench: Option<Bench>,
    /// The Redis that was named instead of the bench's own, or for plain RQ.
    redis: Option<String>,
    /// How the target was named, to name it again in a command to paste.
    named: Named,
}

/// How the target was named.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// By the current directory or by variables: a pasted command finds it again.
    Silently,
    /// By `--bench`.
    Bench(PathBuf),
    /// By `--redis`.
    Redis,
}

impl Target {
    /// Finds the target.
    ///
    /// `--redis` beside `--bench` (or both variables) takes another Redis for the bench; a
    /// `--redis` alone is plain RQ, whatever the environment and the current directory say.
    pub fn find(global: &Global) -> Result<Self> {
        if let Some(dir) = &global.bench {
            let bench = Some(Bench::open(Some(dir))?);
            let named = Named::Bench(dir.clone());
            return Ok(Self { bench, redis: global.redis.clone(), named });
        }
        if let Some(url) = &global.redis {
            return Ok(Self { bench: None, redis: Some(url.clone()), named: Named::Redis });
        }
        let redis = selecting_variable(env::JOBCTL_REDIS)?;
        let in_environment = selecting_variable(env::JOBCTL_BENCH)?.is_some();
        if redis.is_some() && !in_environment {
            return Ok(Self { bench: None, redis, named: Named::Silently });
        }
        match Bench::find(None)? {
            Some(bench) => Ok(Self { bench: Some(bench), redis, named: Named::Silently }),
            None => Err(Failure::new(
                Kind::Usage,
                "nothing to work on: the current directory is in no bench, and no Redis is named",
            )
            .hint("change into the bench, or name it: --bench DIR")
            .hint("for RQ without Frappe: --redis redis://localhost:6379")
            .hint("to try it out: jobctl demo")
            .into()),
        }
    }

    /// Plain RQ on a Redis.
    pub fn plain(url: &str) -> Self {
        Self { bench: None, redis: Some(url.to_owned()), named: Named::Redis }
    }

    /// A queue's name as the operator types it: short within the bench.
    pub fn short_name<'q>(&self, queue: &'q QueueName) -> &'q str {
        let prefix = self.prefix();
        if prefix.is_some() && queue.prefix() == prefix.as_deref() {
            queue.short()
        } else {
            queue.as_str()
        }
    }

    /// The address of the queues.
    pub fn endpoint(&self) -> Result<Endpoint> {
        match (&self.redis, &self.bench) {
            (Some(url), _) => Endpoint::parse(url),
            (None, Some(bench)) => endpoint_of(&bench.queue_redis()?, "redis_queue"),
            // `find` gives one of the two.
            (None, None) => Err(Failure::new(Kind::Usage, "no Redis is named").into()),
        }
    }

    /// Whether another Redis than the bench's own was named for it.
    pub fn has_other_redis(&self) -> bool {
        self.bench.is_some() && self.redis.is_some()
    }

    /// The address of the bench's cache; `None` for plain RQ.
    pub fn cache_endpoint(&self) -> Result<Option<Endpoint>> {
        let Some(bench) = &self.bench else { return Ok(None) };
        endpoint_of(&bench.cache_redis()?, "redis_cache").map(Some)
    }

    /// The address on which realtime events are published.
    pub fn realtime_endpoint(&self) -> Result<Endpoint> {
        match (&self.redis, &self.bench) {
            (None, Some(bench)) => endpoint_of(&bench.realtime_redis()?, "the realtime Redis"),
            _ => self.endpoint(),
        }
    }

    /// The prefix of this bench's queues; `None` for plain RQ and v13.
    pub fn prefix(&self) -> Option<String> {
        self.bench.as_ref()?.id().map(|id| id.value)
    }

    /// The queues that the bench's configuration names.
    pub fn configured_queues(&self) -> Vec<QueueName> {
        let Some(bench) = &self.bench else { return Vec::new() };
        let prefix = self.prefix();
        bench
            .queues()
            .iter()
            .map(|queue| QueueName::in_bench(prefix.as_deref(), &queue.name))
            .collect()
    }

    /// The selected sites, `None` for all of them.
    ///
    /// Errors: `NotFound` for a site that the bench does not have, with the near misses; `Usage`
    /// for an empty selection.
    pub fn sites(&self, global: &Global) -> Result<Option<Vec<String>>> {
        let Some(named) = selected_sites(global)? else { return Ok(None) };
        if let Some(bench) = &self.bench {
            let sites = bench.sites();
            for site in &named {
                must_exist(&sites, site)?;
            }
        }
        Ok(Some(named))
    }

    /// How `jobctl` is called to reach this target again, for commands to paste.
    pub fn command(&self) -> String {
        match &self.named {
            Named::Silently => "jobctl".to_owned(),
            Named::Bench(dir) => {
                format!("jobctl --bench {}", crate::sanitize::shell_quote(&dir.to_string_lossy()))
            }
            // The URL may hold a password, so it is not repeated.
            Named::Redis => match self.endpoint().ok().and_then(|endpoint| endpoint.public_url()) {
                Some(url) => {
                    format!("jobctl --redis {}", crate::sanitize::shell_quote(&url))
                }
                None => "jobctl --redis \"$JOBCTL_REDIS\"".to_owned(),
            },
        }
    }

    /// The command that undoes an operation on this target. The flags come last, so that the
    /// operation's name stands in the same place for everybody who reads it with a script.
    pub fn undo_command(&self, op: &str) -> String {
        let command = self.command();
        format!("jobctl undo {op}{}", command.strip_prefix("jobctl").unwrap_or_default())
    }

    /// What every report says of its scope.
    pub fn scope(&self, sites: Option<&[String]>) -> Scope {
        Scope {
            bench: self.bench.as_ref().map(|bench| bench.root().to_string_lossy().into_owned()),
            bench_id: self.prefix(),
            redis: self.endpoint().ok().map(|endpoint| endpoint.to_string()),
            sites: sites.map(<[String]>::to_vec),
        }
    }
}

/// The sites that flags or the environment select, whether they exist or not; `None` for all.
///
/// Errors: `Usage` for an empty selection.
pub fn selected_sites(global: &Global) -> Result<Option<Vec<String>>> {
    let mut named =
        if global.site.is_empty() { sites_of_environment()? } else { global.site.clone() };
    if named.is_empty() || named.iter().any(|site| site == ALL) {
        return Ok(None);
    }
    named.sort_unstable();
    named.dedup();
    Ok(Some(named))
}

/// Whether flags or the environment name every site in so many words, by `all`.
///
/// Errors: as [`selected_sites`].
pub fn names_every_site(global: &Global) -> Result<bool> {
    let named = if global.site.is_empty() { sites_of_environment()? } else { global.site.clone() };
    Ok(named.iter().any(|site| site == ALL))
}

/// A variable that selects something; set but empty is an error.
fn selecting_variable(name: &str) -> Result<Option<String>> {
    match env::read(name) {
        Some(value) if value.trim().is_empty() => Err(Failure::new(
            Kind::Usage,
            format!("the variable `{name}` is set but empty; an empty value selects nothing"),
        )
        .hint(format!("unset {name}"))
        .into()),
        value => Ok(value),
    }
}

fn sites_of_environment() -> Result<Vec<String>> {
    if let Some(names) = selecting_variable(env::JOBCTL_SITE)? {
        let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) {
            return Err(Failure::new(
                Kind::Usage,
                format!("`{}` holds an empty site name", env::JOBCTL_SITE),
            )
            .into());
        }
        return Ok(names);
    }
    Ok(selecting_variable(env::FRAPPE_SITE)?.into_iter().collect())
}

fn must_exist(sites: &Sites, name: &str) -> Result<()> {
    if sites.find(name).is_some() {
        return Ok(());
    }
    let is_in = |list: &[String]| list.iter().any(|other| other == name);
    let why = if is_in(&sites.without_config) {
        "its directory has no site_config.json"
    } else if is_in(&sites.links) {
        "it is a link, which Frappe does not list"
    } else if is_in(&sites.refused_names) {
        "this Frappe does not accept the name"
    } else {
        "the bench has no such site"
    };
    let failure = Failure::new(Kind::NotFound, format!("cannot select site `{name}`: {why}"));
    Err(nearby::hint(failure, name, sites.names()).into())
}

/// The address that a bench's configuration describes.
fn endpoint_of(target: &RedisTarget, key: &str) -> Result<Endpoint> {
    let mut endpoint = Endpoint::parse(&target.url).map_err(|error| {
        let message = format!("cannot use `{key}` of the bench's configuration");
        Failure::new(Kind::Config, message).because(error)
    })?;
    if let Some(username) = &target.username {
        endpoint = endpoint.with_username(username);
    }
    if let Some(password) = &target.password {
        endpoint = endpoint.with_password(password);
    }
    let Some(sentinel) = &target.sentinel else { return Ok(endpoint) };
    if let Some(username) = &sentinel.master_username {
        endpoint = endpoint.with_username(username);
    }
    if let Some(password) = &sentinel.master_password {
        endpoint = endpoint.with_password(password);
    }
    endpoint.through_sentinel(
        &sentinel.nodes,
        &sentinel.service,
        sentinel.username.clone(),
        sentinel.password.clone(),
    )
}
