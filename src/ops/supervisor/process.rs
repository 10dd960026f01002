//! A process of a bench, as a definition describes it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Job {
    /// Takes jobs of these queues; empty for all that the bench has.
    Worker(Vec<String>),
    /// Takes the jobs of pools that jobctl's settings describe.
    Pools(Pools),
    /// Enqueues scheduled jobs.
    Scheduler,
    /// Something else.
    Other,
}

impl Job {
    /// Whether it takes jobs.
    pub(super) const fn is_worker(&self) -> bool {
        matches!(self, Self::Worker(_) | Self::Pools(_))
    }
}

/// Pools of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pools {
    /// Their names; empty for all.
    pub(super) names: Vec<String>,
    /// The settings that the command line names.
    pub(super) config: Option<PathBuf>,
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
            Some("worker-pool") if self.is_ours() && !is_ad_hoc(rest) => Job::Pools(Pools {
                names: values(rest, "--pool").map(str::to_owned).collect(),
                config: values(rest, "--config").last().map(PathBuf::from),
            }),
            Some(_) => Job::Worker(queues(rest)),
            None => Job::Other,
        }
    }

    /// Whether it is a pool of bench's own.
    pub(super) fn is_pool_of_bench(&self) -> bool {
        self.words.iter().any(|word| word == "worker-pool") && !self.is_ours()
    }

    fn is_ours(&self) -> bool {
        self.words.iter().any(|word| word.rsplit('/').next() == Some("jobctl"))
    }

    /// Seconds that a `jobctl worker-pool` lets jobs go on after the first signal, if it is told.
    pub(super) fn grace_s(&self) -> Option<u64> {
        let pool =
            self.words.iter().position(|word| word == "worker-pool").filter(|_| self.is_ours());
        let grace = values(self.words.get(pool?..)?, "--grace").next()?;
        crate::global::duration(grace).ok().map(|grace| grace.as_secs())
    }

    /// Whether one of its words lies below a directory.
    pub(super) fn names(&self, root: &Path) -> bool {
        self.words.iter().any(|word| {
            let word = word.strip_prefix("--bench=").unwrap_or(word);
            Path::new(word).starts_with(root)
        })
    }
}

/// Whether flags alone describe a pool of ours, so that the settings do not count.
fn is_ad_hoc(words: &[String]) -> bool {
    let own = words.iter().take_while(|word| *word != "--");
    own.into_iter().any(|word| {
        let flag = word.split('=').next().unwrap_or(word);
        // `-bn4` is `-b -n 4`.
        let short = word.strip_prefix('-').map(|rest| rest.trim_start_matches('b'));
        ["--queue", "--num-workers", "--max"].contains(&flag)
            || short.is_some_and(|rest| rest.starts_with('n'))
    })
}

/// The values of a flag.
fn values<'w>(words: &'w [String], flag: &'w str) -> impl Iterator<Item = &'w str> {
    let value = move |(at, word): (usize, &'w String)| match word.strip_prefix(flag)? {
        "" => words.get(at + 1).map(String::as_str),
        value => value.strip_prefix('='),
    };
    words.iter().enumerate().filter_map(value)
}

fn queues(words: &[String]) -> Vec<String> {
    let names = values(words, "--queue").flat_map(|names| names.split(','));
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// One definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    /// The name of the program or unit.
    pub(super) name: String,
    /// The file that it stands in.
    pub(super) file: String,
    /// What else systemd reads for it.
    pub(super) drop_ins: Vec<PathBuf>,
    /// The keys that these set, and the last one that does.
    pub(super) set_in: BTreeMap<String, PathBuf>,
    pub(super) job: Job,
    /// Whether it is a pool of bench's own.
    pub(super) is_pool_of_bench: bool,
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

impl Process {
    /// The file in which a key is set that a fault is mended with, `KillMode=mixed`: the last drop-in
    /// that sets it, or else the unit. An argument is one of its command.
    pub(super) fn file_to_mend(&self, fix: &str) -> String {
        let key = fix.split('=').next().unwrap_or_default().to_ascii_lowercase();
        let keys = match key.as_str() {
            argument if argument.starts_with("--") => ["execstart", ""],
            "timeoutstopsec" => ["timeoutstopsec", "timeoutsec"],
            key => [key, ""],
        };
        let found = keys.iter().find_map(|key| self.set_in.get(*key));
        found.map_or_else(|| self.file.clone(), |path| path.display().to_string())
    }
}
