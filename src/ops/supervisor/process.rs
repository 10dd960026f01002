//! A process of a bench, as a definition describes it.

use std::path::Path;

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// Takes jobs of these queues; empty for all.
    Worker(Vec<String>),
    /// Enqueues scheduled jobs.
    Scheduler,
    /// Something else.
    Other,
}

/// A command line, taken apart far enough to tell what it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CommandLine {
    words: Vec<String>,
}

impl CommandLine {
    /// Splits a command at blanks, quotes taken away: a shell in front of it, as in
    /// `bash -c "bench worker"`, does not hide what it runs.
    pub(super) fn of(text: &str) -> Self {
        let plain: String = text
            .chars()
            .map(|c| if matches!(c, '"' | '\'' | ';' | '&') { ' ' } else { c })
            .collect();
        Self { words: plain.split_whitespace().map(str::to_owned).collect() }
    }

    /// What it starts.
    pub(super) fn job(&self) -> Job {
        let program = |word: &String| {
            let name = word.rsplit('/').next().unwrap_or(word);
            ["bench", "jobctl", "frappe.utils.bench_helper", "bench_helper.py"].contains(&name)
        };
        let Some(at) = self.words.iter().position(program) else { return Job::Other };
        let rest = self.words.get(at + 1..).unwrap_or_default();
        let commands = ["worker", "worker-pool", "schedule"];
        match rest.iter().find(|word| commands.contains(&word.as_str())).map(String::as_str) {
            Some("schedule") => Job::Scheduler,
            Some(_) => Job::Worker(queues(rest)),
            None => Job::Other,
        }
    }

    /// Seconds that a `jobctl worker-pool` lets jobs go on after the first signal, if it is told.
    pub(super) fn grace_s(&self) -> Option<u64> {
        self.words.iter().find(|word| word.rsplit('/').next() == Some("jobctl"))?;
        let mut words = self.words.iter().skip_while(|word| *word != "worker-pool");
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--grace") {
                Some("") => words.next().map(String::as_str),
                Some(value) => value.strip_prefix('='),
                None => None,
            };
            if let Some(value) = value {
                return crate::global::duration(value).ok().map(|grace| grace.as_secs());
            }
        }
        None
    }

    /// Whether one of its words lies below a directory.
    pub(super) fn names(&self, root: &Path) -> bool {
        self.words.iter().any(|word| {
            let word = word.strip_prefix("--bench=").unwrap_or(word);
            Path::new(word).starts_with(root)
        })
    }
}

fn queues(words: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--queue") {
            Some("") => words.next().map(String::as_str),
            Some(value) => value.strip_prefix('='),
            None => None,
        };
        names.extend(value.into_iter().flat_map(|names| names.split(',')).map(str::to_owned));
    }
    names.retain(|name| !name.is_empty());
    names
}

/// One definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// The name of the program or unit.
    pub(super) name: String,
    /// The file that it stands in.
    pub(super) file: String,
    pub(super) job: Job,
    /// How many are started.
    pub(super) count: u64,
    /// Seconds between the first signal and SIGKILL; `None` for no limit.
    pub(super) stop_s: Option<u64>,
    /// Seconds after which a pool cuts jobs off by itself; `None` where nothing sets it.
    pub(super) grace_s: Option<u64>,
    /// The key that sets it, and whether it is set.
    pub(super) stop_key: &'static str,
    pub(super) stop_is_set: bool,
    /// What is wrong with it by itself: statement and what to write.
    pub(super) faults: Vec<(String, String)>,
}
