//! The command line of RQ's own worker, read as RQ reads it.
//!
//! Source: `rq/cli/helpers.py`, `shared_options` and `get_redis_from_config`, 1.11 to 3.0.

use crate::sys::proc::is_python;

/// RQ's address where nothing names one.
const DEFAULT_URL: &str = "redis://localhost:6379/0";

/// `rq worker …`, `rq worker-pool …`, or the same through `python -m rq.cli`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RqCommand {
    /// Whether it starts several workers.
    pub(super) is_pool: bool,
    /// The name that was chosen for the worker.
    pub(super) name: Option<String>,
    url: Option<String>,
    /// A module with settings.
    config: Option<String>,
}

impl RqCommand {
    /// `None` for every other command.
    pub(super) fn of(arguments: &[String]) -> Option<Self> {
        if !is_python(arguments) {
            return None;
        }
        let is_rq = |word: &&String| *word == "rq.cli" || word.rsplit('/').next() == Some("rq");
        let at = arguments.iter().skip(1).position(|word| is_rq(&word))? + 1;
        let mut words = arguments.get(at + 1..)?.iter().map(String::as_str);
        let is_pool = match words.next()? {
            "worker" => false,
            "worker-pool" => true,
            _ => return None,
        };
        let mut command = Self { is_pool, name: None, url: None, config: None };
        while let Some(word) = words.next().filter(|word| *word != "--") {
            let (option, given) = match word.split_once('=') {
                Some((option, value)) if word.starts_with("--") => (option, Some(value)),
                _ => (word, None),
            };
            let wanted = match option {
                "--url" | "-u" => &mut command.url,
                "--config" | "-c" => &mut command.config,
                // A pool's `-n` is a number.
                "--name" | "-n" if !is_pool => &mut command.name,
                _ => continue,
            };
            *wanted = given.or_else(|| words.next()).map(str::to_owned);
        }
        Some(command)
    }

    /// The address that the worker was told, with these variables; `None` where it cannot be told
    /// without asking Python.
    pub(super) fn url<'v>(&self, variable: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if let Some(url) = self.url.as_deref().or_else(|| set("RQ_REDIS_URL")) {
            return Some(url.to_owned());
        }
        if self.config.is_some() || set("RQ_CONFIG").is_some() {
            return None;
        }
        if let Some(url) = variable("REDIS_URL") {
            return Some(url.to_owned());
        }
        if ["SENTINEL", "REDIS_HOST", "REDIS_PORT", "REDIS_DB"]
            .into_iter()
            .all(|n| variable(n).is_none())
        {
            return Some(DEFAULT_URL.to_owned());
        }
        if variable("SENTINEL").is_some() {
            return None;
        }
        let or = |name, default| variable(name).unwrap_or(default);
        let (host, port) = (or("REDIS_HOST", "localhost"), or("REDIS_PORT", "6379"));
        Some(format!("redis://{host}:{port}/{}", or("REDIS_DB", "0")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> Option<RqCommand> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        RqCommand::of(&words)
    }

    fn url(line: &str, variables: &[(&str, &'static str)]) -> Option<String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        };
        command(line).unwrap().url(variable)
    }

    #[test]
    fn command_of_rq_is_told_from_others() {
        for line in [
            "/v/bin/python /v/bin/rq worker default",
            "python3 -m rq.cli worker -- default",
            "python3 -c code rq.cli worker -- default",
        ] {
            assert!(command(line).is_some_and(|command| !command.is_pool), "{line}");
        }
        assert!(command("python3 -m rq.cli worker-pool -n 3 a").unwrap().is_pool);
        assert_eq!(command("python3 -m rq.cli worker-pool -n 3 a").unwrap().name, None);
        assert_eq!(command("python rq worker -n w1 a").unwrap().name.as_deref(), Some("w1"));
        assert_eq!(command("python rq worker --name=w1").unwrap().name.as_deref(), Some("w1"));
        for line in
            ["rq worker", "vim rq worker", "python rq info", "python worker.py rq", "python rq", ""]
        {
            assert_eq!(command(line), None, "{line}");
        }
    }

    #[test]
    fn url_is_the_one_that_rq_would_use() {
        let line = "python rq worker a";
        assert_eq!(url(line, &[]).unwrap(), DEFAULT_URL);
        assert_eq!(url("python rq worker -u redis://a b", &[]).unwrap(), "redis://a");
        assert_eq!(url("python rq worker --url=redis://a", &[]).unwrap(), "redis://a");
        // What stands behind `--` is a queue.
        assert_eq!(url("python rq worker -- --url=redis://a", &[]).unwrap(), DEFAULT_URL);
        let both = [("RQ_REDIS_URL", "redis://b"), ("REDIS_URL", "redis://c")];
        assert_eq!(url("python rq worker -u redis://a", &both).unwrap(), "redis://a");
        assert_eq!(url(line, &both).unwrap(), "redis://b");
        assert_eq!(url(line, &both[1..]).unwrap(), "redis://c");
        assert_eq!(url(line, &[("REDIS_DB", "3")]).unwrap(), "redis://localhost:6379/3");
        for unclear in [&[("RQ_CONFIG", "settings")][..], &[("SENTINEL", "{}")]] {
            assert_eq!(url(line, unclear), None);
        }
        assert_eq!(url("python rq worker -c settings", &both[1..]), None);
    }
}
