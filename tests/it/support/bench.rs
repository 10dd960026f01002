//! A bench directory with a given id, whose queues stand in a server of the test.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::env::{Jobctl, jobctl};
use super::redis::RedisServer;

/// A bench with one site; gone with the value.
pub(crate) struct BenchDir {
    folder: TempDir,
}

impl BenchDir {
    /// A v15 bench `id` with the queues that Frappe always has and `custom` ones, on `server`.
    pub(crate) fn new(server: &RedisServer, id: &str, custom: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("jobctl-bench-").tempdir().unwrap();
        let bench = Self { folder };
        bench.write("apps/frappe/frappe/__init__.py", "__version__ = \"15.44.2\"\n");
        let workers: serde_json::Map<_, _> =
            custom.iter().map(|name| ((*name).to_owned(), json!({"timeout": 600}))).collect();
        let config = json!({"bench_id": id, "redis_queue": server.url(), "workers": workers});
        bench.write("sites/common_site_config.json", &config.to_string());
        bench.write("sites/site1.localhost/site_config.json", "{}");
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
