//! Which Frappe and which RQ are installed, and the only table of what differs between versions.
//!
//! Reads files, never runs Python. After an upgrade without a restart the running workers still
//! are the old ones: what Redis shows beats what is read here.

use std::path::{Path, PathBuf};

use crate::sys::file;

/// A Frappe source file that is larger than this is no longer looked through to its end.
const MAX_SOURCE: u64 = 1 << 20;

/// A Frappe release line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// 13.x: no queue prefix, no site in job ids.
    V13,
    /// 14.x.
    V14,
    /// 15.x, of which late releases took over parts of 16: see [`Frappe`].
    V15,
    /// 16.0.0-dev, before the release.
    V16Dev,
    /// 16.x.
    V16,
    /// 17.x and whatever comes after it.
    V17,
    /// Not to be found out, or older than 13. Treated as a recent version without its refusals.
    Unknown,
}

impl Family {
    /// The family of a version such as `15.44.2` or `17.0.0-dev`.
    pub fn of(version: &str) -> Self {
        let major = version.split('.').next().and_then(|part| part.parse::<u32>().ok());
        match major {
            Some(13) => Self::V13,
            Some(14) => Self::V14,
            Some(15) => Self::V15,
            Some(16) if version.starts_with("16.0.0-dev") => Self::V16Dev,
            Some(16) => Self::V16,
            Some(17..) => Self::V17,
            _ => Self::Unknown,
        }
    }

    /// Whether queue names carry the bench id.
    pub const fn has_queue_prefix(self) -> bool {
        !matches!(self, Self::V13)
    }

    /// Whether the environment overrides the Redis URLs, the database's place and the bench path.
    pub const fn reads_environment(self) -> bool {
        !matches!(self, Self::V13 | Self::V14)
    }

    /// Whether the environment also overrides the database's name, user, password and socket.
    pub const fn reads_database_environment(self) -> bool {
        matches!(self, Self::V16Dev | Self::V16 | Self::V17 | Self::Unknown)
    }

    /// Whether a configuration file that cannot be parsed stops Frappe, rather than being left out.
    pub const fn refuses_broken_config(self) -> bool {
        matches!(self, Self::V16 | Self::V17)
    }

    /// Whether `extra_config` is called last and may change everything.
    pub const fn calls_extra_config(self) -> bool {
        self.reads_environment()
    }

    /// Whether directories with unusual names are not sites.
    pub const fn restricts_site_names(self) -> bool {
        matches!(self, Self::V16 | Self::V17)
    }

    /// Whether the default site is a configuration key; before, it was a file.
    pub const fn has_default_site_key(self) -> bool {
        self.reads_environment()
    }

    /// Whether the login and Sentinel keys of the Redis connections mean something.
    pub const fn knows_redis_login(self) -> bool {
        !matches!(self, Self::V13)
    }

    /// Seconds between two rounds of the scheduler where the configuration names none.
    pub const fn default_tick_s(self) -> u32 {
        match self {
            Self::V13 | Self::V14 | Self::V15 => 60,
            Self::V16Dev | Self::V16 | Self::V17 | Self::Unknown => 240,
        }
    }

    /// What `redis_queue` is where nothing sets it; `None`: Frappe fails without.
    pub const fn default_redis_queue(self) -> Option<&'static str> {
        match self {
            Self::V13 | Self::V14 => None,
            _ => Some("redis://127.0.0.1:11311"),
        }
    }

    /// What `redis_cache` is where nothing sets it.
    pub const fn default_redis_cache(self) -> Option<&'static str> {
        match self {
            Self::V13 => Some("redis://localhost:11311"),
            Self::V14 => None,
            _ => Some("redis://127.0.0.1:13311"),
        }
    }

    /// What joins the site and the rest of a job id; `None` where ids carry no site, or where it
    /// is not known. RQ 2 refuses colons, so a 16 development snapshot goes by its RQ.
    pub fn job_id_separator(self, rq: impl FnOnce() -> Option<String>) -> Option<&'static str> {
        match self {
            Self::V13 | Self::Unknown => None,
            Self::V14 | Self::V15 => Some("::"),
            Self::V16 | Self::V17 => Some("||"),
            Self::V16Dev => {
                let old = rq().is_none_or(|version| version.starts_with("1."));
                Some(if old { "::" } else { "||" })
            }
        }
    }
}

/// The installed Frappe. Late 15 releases took over single features of 16, so these are looked for
/// in the source rather than concluded from the number.
#[derive(Debug, Clone)]
pub struct Frappe {
    version: Option<String>,
    family: Family,
    caps_queues: bool,
    locks_scheduler: bool,
}

impl Frappe {
    /// Reads what is installed under a bench. One small file; for v15 two more.
    pub fn read(root: &Path) -> Self {
        let package = root.join("apps/frappe/frappe");
        let version = read_source(&package.join("__init__.py")).and_then(|s| assigned_version(&s));
        let family = version.as_deref().map_or(Family::Unknown, Family::of);
        let says = |file: &str, word: &str| {
            read_source(&package.join(file)).is_some_and(|source| source.contains(word))
        };
        let (caps_queues, locks_scheduler) = match family {
            Family::V13 | Family::V14 => (false, false),
            Family::V16 | Family::V17 => (true, true),
            Family::V15 | Family::V16Dev | Family::Unknown => (
                says("utils/background_jobs.py", "max_queued_jobs"),
                says("utils/scheduler.py", "scheduler_process"),
            ),
        };
        Self { version, family, caps_queues, locks_scheduler }
    }

    /// The version as the source spells it; `None` where there is no readable Frappe.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Its release line.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Whether enqueueing fails beyond a number of waiting jobs (late v15, v16).
    pub const fn caps_queues(&self) -> bool {
        self.caps_queues
    }

    /// Whether a running scheduler holds the lock on `config/scheduler_process`.
    pub const fn locks_scheduler(&self) -> bool {
        self.locks_scheduler
    }

    /// Whether the scheduler skips its rounds while `sites/.restarting` exists. The lock came when
    /// the file went.
    pub const fn obeys_restarting_file(&self) -> bool {
        matches!(self.family, Family::V13 | Family::V14 | Family::V15) && !self.locks_scheduler
    }
}

/// Finds the installed version of a Python package in the bench's virtual environment, by the name
/// of its metadata. Reads one large directory.
pub(super) fn read_package_version(root: &Path, package: &str) -> Option<String> {
    let mut pythons = entries(&root.join("env/lib"), |name| name.starts_with("python3"));
    pythons.sort();
    pythons.iter().rev().find_map(|python| {
        let is_of_package = |name: &str| version_in(name, package).is_some();
        let found = entries(&python.join("site-packages"), is_of_package);
        // An aborted upgrade can leave the metadata of two versions; the newer one was meant.
        found
            .iter()
            .filter_map(|path| version_in(path.file_name()?.to_str()?, package))
            .max_by_key(|version| numbers(version))
            .map(str::to_owned)
    })
}

/// The version in the name of a package's metadata, such as `rq-1.15.1.dist-info`.
fn version_in<'d>(directory: &'d str, package: &str) -> Option<&'d str> {
    let version = directory.strip_prefix(package)?.strip_prefix('-')?.strip_suffix(".dist-info")?;
    version.starts_with(|c: char| c.is_ascii_digit()).then_some(version)
}

fn numbers(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn entries(dir: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(&wanted))
        .map(|entry| entry.path())
        .collect()
}

fn read_source(path: &Path) -> Option<String> {
    let (bytes, _) = file::read_start(path, MAX_SOURCE).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text in `__version__ = "…"`, at the start of a line, in either kind of quotes.
fn assigned_version(source: &str) -> Option<String> {
    source.lines().find_map(|line| {
        let rest = line.strip_prefix("__version__")?;
        let value = rest.split_once('=')?.1.trim_start();
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let version = value.get(1..)?.split(quote).next()?;
        (!version.is_empty() && version.len() < 64).then(|| version.to_owned())
    })
}
