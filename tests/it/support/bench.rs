//! A bench directory whose configuration points at a test's Redis. Nothing of Frappe is in it but
//! what tells its version.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::redis::RedisServer;

/// A bench.
pub(crate) struct Bench {
    folder: TempDir,
    common: Map<String, Value>,
    sites: BTreeMap<String, Map<String, Value>>,
    lock: Option<Flock<File>>,
    has_prefix: bool,
}

impl Bench {
    /// A bench of `version`, such as `15.44.2`, on `server`, without sites.
    pub(crate) fn new(version: &str, server: &RedisServer) -> Self {
        let folder = tempfile::Builder::new().prefix("jobctl-bench-").tempdir().unwrap();
        let package = folder.path().join("apps/frappe/frappe");
        fs::create_dir_all(&package).unwrap();
        fs::write(package.join("__init__.py"), format!("__version__ = \"{version}\"\n")).unwrap();
        for directory in ["sites", "logs", "config/pids"] {
            fs::create_dir_all(folder.path().join(directory)).unwrap();
        }
        let has_prefix = !version.starts_with("13.");
        let (common, sites) = (Map::new(), BTreeMap::new());
        let mut bench = Self { folder, common, sites, lock: None, has_prefix };
        bench.set("redis_queue", server.url());
        bench.set("redis_cache", server.url());
        bench
    }

    /// Adds a site.
    pub(crate) fn site(&mut self, site: &str) {
        self.set_on(site, "db_name", "_db");
    }

    /// Sets a key of the common file.
    pub(crate) fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.common.insert(key.to_owned(), value.into());
        write(&self.root().join("sites/common_site_config.json"), &self.common);
    }

    /// Removes a key of the common file.
    pub(crate) fn unset(&mut self, key: &str) {
        self.common.remove(key);
        write(&self.root().join("sites/common_site_config.json"), &self.common);
    }

    /// Sets a key of a site's file, and makes the site where there is none.
    pub(crate) fn set_on(&mut self, site: &str, key: &str, value: impl Into<Value>) {
        let config = self.sites.entry(site.to_owned()).or_default();
        config.insert(key.to_owned(), value.into());
        let path = self.folder.path().join("sites").join(site).join("site_config.json");
        write(&path, config);
    }

    /// Removes a key of a site's file.
    pub(crate) fn unset_on(&mut self, site: &str, key: &str) {
        let config = self.sites.get_mut(site).unwrap();
        config.remove(key);
        let path = self.folder.path().join("sites").join(site).join("site_config.json");
        write(&path, config);
    }

    /// Writes a file below the bench.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Makes the bench's environment one with this RQ in it.
    pub(crate) fn install_rq(&self, version: &str) {
        let packages = self.root().join("env/lib/python3.11/site-packages");
        fs::create_dir_all(packages.join(format!("rq-{version}.dist-info"))).unwrap();
    }

    /// Takes the lock of a running scheduler for this process, until the bench is dropped.
    pub(crate) fn run_scheduler(&mut self) {
        let file = File::create(self.root().join("config/scheduler_process")).unwrap();
        self.lock = Some(Flock::lock(file, FlockArg::LockExclusiveNonblock).unwrap());
    }

    /// Gives the lock back.
    pub(crate) fn stop_scheduler(&mut self) {
        self.lock = None;
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// A link to the bench, in a folder that lives as long as the value.
    pub(crate) fn link(&self) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("linked-bench");
        symlink(self.root(), &link).unwrap();
        (folder, link)
    }

    /// The prefix of its queues, as Frappe computes it from the path.
    pub(crate) fn prefix(&self) -> String {
        let root = self.root().canonicalize().unwrap();
        root.to_str().unwrap().trim_start_matches('/').replace('/', "-")
    }

    /// The name in Redis of one of its queues.
    pub(crate) fn queue(&self, name: &str) -> String {
        if !self.has_prefix {
            return name.to_owned();
        }
        format!("{}:{name}", self.prefix())
    }
}

/// Writes a configuration as Frappe does: keys sorted, indent 1, no newline at the end.
fn write(path: &Path, config: &Map<String, Value>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let sorted: BTreeMap<_, _> = config.iter().collect();
    fs::write(path, json!(sorted).to_string()).unwrap();
}
