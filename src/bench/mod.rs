//! A Frappe bench on disk: where it is, its sites, its configuration, its names.
//!
//! Owns every read of a bench's files and of its processes. Reads only what is asked for, once, and
//! changes nothing but keys of the configuration files ([`config::edit`]). Connects to nothing, prints nothing, and knows no command line.
//! What differs between Frappe versions is decided in `version`.

pub mod config;
mod environment;
mod fault;
mod find;
pub mod id;
mod inside;
pub mod processes;
pub mod queues;
pub mod redis;
pub mod sites;
pub mod version;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::{Failure, Kind, Result};
use crate::sys::proc::ProcTable;

pub use config::{Config, ConfigEdit, ConfigName, Origin, Setting, Waiting};
pub use environment::Environment;
pub use fault::{ConfigFault, ConfigProblem};
pub use find::FoundBy;
pub use id::BenchId;
pub use processes::{BenchProcesses, SchedulerProcess};
pub use queues::Queue;
pub use redis::{RedisTarget, SentinelTarget};
pub use sites::{Site, Sites};
pub use version::{Family, Frappe};

use config::{ConfigFile, Patience};

/// A bench that was found. Everything in it is read on first use.
#[derive(Debug)]
pub struct Bench {
    root: PathBuf,
    real_root: PathBuf,
    found_by: FoundBy,
    environment: Environment,
    patience: Patience,
    frappe: OnceLock<Frappe>,
    rq_version: OnceLock<Option<String>>,
    croniter_version: OnceLock<Option<String>>,
    common: OnceLock<Arc<ConfigFile>>,
    config: OnceLock<Config>,
}

impl Bench {
    /// Opens the bench that `explicit`, the environment or the current directory names.
    ///
    /// Errors: those of [`Bench::find`], and `NotFound` where nothing names a bench.
    pub fn open(explicit: Option<&Path>) -> Result<Self> {
        Self::find(explicit)?.ok_or_else(|| {
            Failure::new(Kind::NotFound, "cannot find a bench: neither the current directory nor one above it has `apps` and `sites`")
                .hint("change into the bench, or name it: --bench DIR")
                .hint("for RQ without Frappe: --redis URL")
                .into()
        })
    }

    /// Like [`Bench::open`], but `None` where nothing names a bench.
    ///
    /// Errors: `NotFound` for a named directory that does not exist, `Config` for one that is no
    /// bench, `Refused` for one that may not be read, `Usage` for an empty name.
    pub fn find(explicit: Option<&Path>) -> Result<Option<Self>> {
        let cwd = std::env::current_dir().ok();
        Self::find_from(explicit, cwd.as_deref(), Environment::of_this_process())
    }

    /// Like [`Bench::find`], from a given directory under a given environment.
    pub fn find_from(
        explicit: Option<&Path>,
        cwd: Option<&Path>,
        environment: Environment,
    ) -> Result<Option<Self>> {
        let Some(place) = find::find(explicit, cwd, &environment)? else { return Ok(None) };
        Ok(Some(Self {
            root: place.root,
            real_root: place.real_root,
            found_by: place.found_by,
            environment,
            patience: Patience::default(),
            frappe: OnceLock::new(),
            rq_version: OnceLock::new(),
            croniter_version: OnceLock::new(),
            common: OnceLock::new(),
            config: OnceLock::new(),
        }))
    }

    /// The same bench, with nothing read of it yet: for a second thread.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            root: self.root.clone(),
            real_root: self.real_root.clone(),
            found_by: self.found_by,
            environment: self.environment.clone(),
            patience: Patience::default(),
            frappe: OnceLock::new(),
            rq_version: OnceLock::new(),
            croniter_version: OnceLock::new(),
            common: OnceLock::new(),
            config: OnceLock::new(),
        }
    }

    /// The bench directory as it was named, made absolute; links are kept.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The bench directory with all links resolved.
    pub fn real_root(&self) -> &Path {
        &self.real_root
    }

    /// What named the bench.
    pub fn found_by(&self) -> FoundBy {
        self.found_by
    }

    /// A path as people speak of it: relative to the bench where it lies inside.
    pub fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// Which Frappe is installed, and how it behaves.
    pub fn frappe(&self) -> &Frappe {
        self.frappe.get_or_init(|| Frappe::read(&self.root))
    }

    /// The RQ version that is installed; workers that were not restarted may still run another.
    pub fn rq_version(&self) -> Option<&str> {
        self.rq_version.get_or_init(|| version::read_package_version(&self.root, "rq")).as_deref()
    }

    /// The croniter version that is installed, which decides how cron expressions are read.
    pub fn croniter_version(&self) -> Option<&str> {
        let read = || version::read_package_version(&self.root, "croniter");
        self.croniter_version.get_or_init(read).as_deref()
    }

    /// What joins the site and the rest of a job id in this bench; `None` where ids carry no site.
    pub fn job_id_separator(&self) -> Option<&'static str> {
        self.frappe().family().job_id_separator(|| self.rq_version().map(str::to_owned))
    }

    /// Lists the sites. One directory read and one `stat` per directory in it.
    pub fn sites(&self) -> Sites {
        sites::read(&self.root, self.frappe().family())
    }

    /// The configuration of processes that serve no site: workers, scheduler.
    pub fn config(&self) -> &Config {
        self.config.get_or_init(|| {
            let stray = self.root.join("sites/site_config.json");
            let stray = stray.exists().then(|| Arc::new(ConfigFile::read(&stray, &self.patience)));
            self.merged(stray)
        })
    }

    /// The configuration of one site. Not cached: one file read per call.
    ///
    /// Never fails: what is wrong with a file is in [`Config::problems`], the rest is usable.
    pub fn site_config(&self, site: &str) -> Config {
        let path = self.root.join("sites").join(site).join("site_config.json");
        let file = if sites::is_plain_name(site) {
            ConfigFile::read(&path, &self.patience)
        } else {
            ConfigFile::missing(&path)
        };
        self.merged(Some(Arc::new(file)))
    }

    /// The site that Frappe takes where none is named, with the file that says so.
    pub fn default_site(&self) -> Option<(String, PathBuf)> {
        sites::default_site(&self.root, self.frappe().family(), self.config())
    }

    /// The prefix of this bench's queues; `None` for v13, which has none.
    pub fn id(&self) -> Option<BenchId> {
        self.id_under(self.config())
    }

    /// The prefix that code running under `config` uses: a site's own `bench_id` changes it.
    pub fn id_under(&self, config: &Config) -> Option<BenchId> {
        BenchId::derive(self.frappe().family(), config, &self.environment, &self.root)
    }

    /// The queues that Frappe knows, in the order in which workers serve them.
    pub fn queues(&self) -> Vec<Queue> {
        queues::known(self.config())
    }

    /// How many jobs Frappe lets wait in one queue of a bench with so many sites; `None` where
    /// this version has no such limit.
    pub fn queue_cap(&self, sites: usize) -> Option<u64> {
        self.frappe().caps_queues().then(|| queues::cap(self.config(), sites))
    }

    /// The Redis of the queues, with what it takes to log in.
    ///
    /// Errors: `Config` where the configuration names none, or names it with something that is no
    /// text.
    pub fn queue_redis(&self) -> Result<RedisTarget> {
        let config = self.config();
        let id = self.id_under(config).map(|id| id.value);
        redis::queue(config, &self.environment, id.as_deref(), &self.root)
    }

    /// The Redis of the cache and the monitor's buffer. Errors: as [`Bench::queue_redis`].
    pub fn cache_redis(&self) -> Result<RedisTarget> {
        redis::cache(self.config(), &self.root)
    }

    /// The Redis on which realtime events are published. Errors: as [`Bench::queue_redis`].
    pub fn realtime_redis(&self) -> Result<RedisTarget> {
        redis::realtime(self.config(), &self.root)
    }

    /// Finds the bench's processes among those of the machine. Costs some milliseconds.
    pub fn processes(&self, table: &ProcTable) -> BenchProcesses {
        BenchProcesses::scan(table, &self.root, &self.real_root)
    }

    /// Finds out whether the scheduler runs, and where. Without side effects; cheap while a living
    /// process holds the lock, a scan of all processes otherwise.
    pub fn scheduler(&self, table: &ProcTable) -> SchedulerProcess {
        processes::scheduler(table, &self.root, &self.real_root)
    }

    /// Whether `sites/.restarting` makes the scheduler skip its rounds (v13 to early v15).
    pub fn is_restarting(&self) -> bool {
        self.frappe().obeys_restarting_file() && self.root.join("sites/.restarting").exists()
    }

    fn common(&self) -> Arc<ConfigFile> {
        let path = self.root.join("sites/common_site_config.json");
        let read = || Arc::new(ConfigFile::read(&path, &self.patience));
        Arc::clone(self.common.get_or_init(read))
    }

    fn merged(&self, site: Option<Arc<ConfigFile>>) -> Config {
        Config::merge(self.common(), site, &self.environment, self.frappe().family())
    }
}
