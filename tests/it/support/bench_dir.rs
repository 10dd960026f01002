//! A bench directory in one line, for tests that need no more of a bench than its names.
//!
//! [`super::bench::Bench`] is for the tests that change one.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::env::{Jobctl, jobctl};
use super::redis::RedisServer;

/// A bench of Frappe 15; gone with the value.
pub(crate) struct BenchDir {
    folder: TempDir,
}

impl BenchDir {
    /// A bench with these sites on `server`; `id` is the prefix of its queues.
    pub(crate) fn new(server: &RedisServer, id: &str, sites: &[&str]) -> Self {
        Self::with_queues(server, id, sites, &[])
    }

    /// The same with more queues than Frappe's three.
    pub(crate) fn with_queues(
        server: &RedisServer,
        id: &str,
        sites: &[&str],
        queues: &[&str],
    ) -> Self {
        let folder = tempfile::Builder::new().prefix("jobctl-bench-").tempdir().unwrap();
        let bench = Self { folder };
        bench.write("apps/frappe/frappe/__init__.py", "__version__ = \"15.44.2\"\n");
        let workers: serde_json::Map<_, _> =
            queues.iter().map(|name| ((*name).to_owned(), json!({"timeout": 600}))).collect();
        let config = json!({"bench_id": id, "redis_queue": server.url(), "workers": workers});
        bench.write("sites/common_site_config.json", &config.to_string());
        for site in sites {
            let config = json!({"db_name": "_x"});
            bench.write(&format!("sites/{site}/site_config.json"), &config.to_string());
        }
        bench
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A `jobctl` on this bench.
    pub(crate) fn jobctl(&self, arguments: &[&str]) -> Jobctl {
        let target = ["--bench", self.path().to_str().unwrap()];
        jobctl(target.iter().chain(arguments))
    }

    fn write(&self, path: &str, content: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
