//! The command line of RQ's own worker, read as RQ reads it.
//!
//! Source: `rq/cli/helpers.py`, `shared_options` and `get_redis_from_config`, `rq/cli/cli.py` and
//! `rq/cli/workers.py`, `worker` and `worker_pool`, 1.11 to 3.0; `click/parser.py`, `_process_opts`.

use std::collections::VecDeque;

use crate::sys::proc::is_python;

/// RQ's address where nothing names one.
const DEFAULT_URL: &str = "redis://localhost:6379/0";

/// Options that take no value, of a worker or a pool.
const FLAGS: &[&str] = &[
    "--burst",
    "--disable-default-exception-handler",
    "--disable-job-desc-logging",
    "--quiet",
    "--verbose",
    "--with-scheduler",
];

/// Options that take a value, of a worker or a pool; one of them has one dash and two letters.
const VALUED: &[&str] = &[
    "--config",
    "--connection-class",
    "--date-format",
    "--dequeue-strategy",
    "--exception-handler",
    "--job-class",
    "--job-monitoring-interval",
    "--log-format",
    "--logging-level",
    "--logging_level",
    "--maintenance-interval",
    "--max-idle-time",
    "--max-jobs",
    "--name",
    "--num-workers",
    "--path",
    "--pid",
    "--queue-class",
    "--results-ttl",
    "--sentry-ca-certs",
    "--sentry-debug",
    "--sentry-dsn",
    "--serializer",
    "--url",
    "--worker-class",
    "--worker-ttl",
    "-ds",
];

/// The same of one letter.
const SHORT_FLAGS: &str = "bdqsv";
/// See [`SHORT_FLAGS`].
const SHORT_VALUED: &str = "PSclnjuw";

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
    /// Whether the whole command line is understood.
    is_clear: bool,
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
        let mut command = Self { is_pool, name: None, url: None, config: None, is_clear: true };
        if command.take(words.collect()).is_none() {
            command = Self { is_pool, name: None, url: None, config: None, is_clear: false };
        }
        Some(command)
    }

    /// Takes the options; `None` where one is unknown or lacks its value.
    fn take(&mut self, mut words: VecDeque<&str>) -> Option<()> {
        while let Some(word) = words.pop_front().filter(|word| *word != "--") {
            // A queue.
            if !word.starts_with('-') || word == "-" {
                continue;
            }
            let (option, given) = match word.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (word, None),
            };
            if VALUED.contains(&option) {
                let value = given.or_else(|| words.pop_front())?;
                self.set(option, value);
            } else if word.starts_with("--") {
                FLAGS.contains(&word).then_some(())?;
            } else {
                self.take_letters(word.get(1..)?, &mut words)?;
            }
        }
        Some(())
    }

    /// Takes options of one letter that stand in one word; the first with a value ends them, and has
    /// the rest of the word for its value, an equals sign included, else the next word.
    fn take_letters(&mut self, letters: &str, words: &mut VecDeque<&str>) -> Option<()> {
        for (at, letter) in letters.char_indices() {
            if SHORT_VALUED.contains(letter) {
                let rest = letters.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
                let value = rest.or_else(|| words.pop_front())?;
                self.set(&format!("-{letter}"), value);
                return Some(());
            }
            SHORT_FLAGS.contains(letter).then_some(())?;
        }
        Some(())
    }

    fn set(&mut self, option: &str, value: &str) {
        let wanted = match option {
            "--url" | "-u" => &mut self.url,
            "--config" | "-c" => &mut self.config,
            // A pool's `-n` is a number.
            "--name" | "-n" if !self.is_pool => &mut self.name,
            _ => return,
        };
        *wanted = Some(value.to_owned());
    }

    /// The address that the worker was told, with these variables; `None` where it cannot be told
    /// without asking Python.
    pub(super) fn url<'v>(&self, variable: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
        // What an empty `--url` comes to depends on the release of click.
        if !self.is_clear || self.url.as_deref() == Some("") {
            return None;
        }
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
    #[test]
    fn options_of_one_letter_are_read_as_click_reads_them() {
        let here = [("REDIS_URL", "redis://here")];
        for line in [
            "python rq worker -uredis://there q",
            "python rq worker -qu redis://there q",
            "python rq worker -bdsvquredis://there q",
            "python rq worker q -P /u -u redis://there",
            "python rq worker -ds round_robin -dsu redis://there",
            "python rq worker --pid -q --path=- --url redis://there",
            "python rq worker-pool -n3 -lu -qu redis://there q",
            "python rq worker -uredis://here -uredis://there q",
        ] {
            assert_eq!(url(line, &here).as_deref(), Some("redis://there"), "{line}");
        }
        // A value that looks like an option is none.
        let line = "python rq worker --name -uredis://there - q -w -qu";
        assert_eq!(url(line, &here).as_deref(), Some("redis://here"));
        assert_eq!(command("python rq worker -qnw1 q").unwrap().name.as_deref(), Some("w1"));
        assert_eq!(url("python rq worker -u=redis://here", &here).unwrap(), "=redis://here");
    }

    #[test]
    fn command_that_is_not_understood_has_no_address() {
        let here = [("REDIS_URL", "redis://here")];
        for line in [
            "python rq worker -cmysettings q",
            "python rq worker -qc mysettings q",
            "python rq worker -xu redis://here q",
            "python rq worker --new redis://here q",
            "python rq worker --ur redis://here q",
            "python rq worker --burst=yes q",
            "python rq worker -é q",
            "python rq worker q -u",
            "python rq worker --url= q",
        ] {
            assert_eq!(url(line, &here), None, "{line}");
        }
    }
}
