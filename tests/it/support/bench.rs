//! A bench directory, as far as jobctl looks at it.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A bench of Frappe 15 whose queues are in a given Redis.
pub(crate) struct BenchDir {
    folder: TempDir,
}

impl BenchDir {
    /// A bench with these sites; `id` is the prefix of its queues.
    pub(crate) fn new(redis: &str, id: &str, sites: &[&str]) -> Self {
        Self::with_queues(redis, id, sites, &[])
    }

    /// The same with more queues than Frappe's three.
    pub(crate) fn with_queues(redis: &str, id: &str, sites: &[&str], queues: &[&str]) -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(bench.path().join("config/pids")).unwrap();
        fs::create_dir_all(bench.path().join("logs")).unwrap();
        bench.write("apps/frappe/frappe/__init__.py", "__version__ = \"15.44.2\"\n");
        let workers: Vec<String> =
            queues.iter().map(|queue| format!("\"{queue}\": {{\"timeout\": 300}}")).collect();
        let common = format!(
            "{{\"bench_id\": \"{id}\", \"redis_queue\": \"{redis}\", \"workers\": {{{}}}}}",
            workers.join(", ")
        );
        bench.write("sites/common_site_config.json", &common);
        for site in sites {
            bench.write(&format!("sites/{site}/site_config.json"), "{\"db_name\": \"_x\"}");
        }
        bench
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, content: &str) {
        let path: PathBuf = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
