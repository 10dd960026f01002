//! `jobs list`, `jobs show` and `jobs exists`, end to end on real servers.

mod filters;
mod hostile;
mod releases;
mod scope;
mod show;
mod stages;
mod volume;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;

/// Seconds since 1970 of what the tests call the present; far enough from the real one that
/// nothing passes by accident.
const NOON: i64 = 1_795_262_400;

/// Runs `jobctl --redis … jobs …`.
fn jobs(server: &RedisServer, arguments: &[&str]) -> Run {
    let url = server.url();
    jobctl(["--redis", &url, "jobs"].into_iter().chain(arguments.iter().copied())).run()
}

/// The jobs of `jobs list -o json` with these arguments, which must go well.
fn list(server: &RedisServer, arguments: &[&str]) -> Vec<Value> {
    let run = jobs(server, &[&["list", "-o", "json"], arguments].concat());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}: {}", run.stdout);
    data(&run)["jobs"].as_array().unwrap().clone()
}

/// The ids of [`list`].
fn ids(server: &RedisServer, arguments: &[&str]) -> Vec<String> {
    list(server, arguments).iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

/// `data` of a JSON report.
fn data(run: &Run) -> Value {
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    report["data"].clone()
}

/// One job as RQ would have written it, put where it belongs by [`Job::write`].
#[derive(Clone)]
struct Job {
    id: Vec<u8>,
    queue: String,
    fields: BTreeMap<String, Vec<u8>>,
}

impl Job {
    fn new(id: impl AsRef<[u8]>, queue: &str, status: &str) -> Self {
        let job = Self { id: id.as_ref().to_vec(), queue: queue.into(), fields: BTreeMap::new() };
        let job = job.field("status", status).field("origin", queue).at("created_at", NOON);
        job.field("data", call("work.ok", &json!([]), &json!({})))
    }

    /// A job of Frappe, which calls `method` with `kwargs` on `site`.
    fn frappe(id: &str, queue: &str, status: &str, site: &str, method: &str) -> Self {
        let kwargs = json!({"site": site, "method": method, "user": "Administrator",
                            "event": null, "job_name": method, "is_async": true, "kwargs": {}});
        Self::new(id, queue, status).calls(&kwargs)
    }

    /// Gives a job of Frappe these named arguments of `execute_job`.
    fn calls(self, kwargs: &Value) -> Self {
        self.field("data", call("frappe.utils.background_jobs.execute_job", &json!([]), kwargs))
    }

    fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.insert(name.into(), value.as_ref().to_vec());
        self
    }

    fn at(self, name: &str, seconds: i64) -> Self {
        let at = jiff::Timestamp::from_second(seconds).unwrap();
        self.field(name, at.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string())
    }

    fn write(&self, server: &RedisServer) {
        let mut client = server.client();
        let mut pipe = redis::pipe();
        pipe.sadd("rq:queues", format!("rq:queue:{}", self.queue));
        let key = [b"rq:job:".as_slice(), &self.id].concat();
        for (name, value) in &self.fields {
            pipe.hset(&key, name, value);
        }
        let status = self.fields.get("status").map(|s| String::from_utf8_lossy(s).into_owned());
        let registry = match status.as_deref() {
            Some("started") => "wip",
            Some("finished") => "finished",
            Some("failed" | "stopped") => "failed",
            Some("scheduled") => "scheduled",
            Some("deferred") => "deferred",
            Some("canceled") => "canceled",
            _ => {
                pipe.rpush(format!("rq:queue:{}", self.queue), &self.id);
                return pipe.exec(&mut client).unwrap();
            }
        };
        pipe.zadd(format!("rq:{registry}:{}", self.queue), &self.id, NOON);
        pipe.exec(&mut client).unwrap();
    }
}

/// A payload as RQ's `JSONSerializer` packs it.
fn call(function: &str, args: &Value, kwargs: &Value) -> Vec<u8> {
    json!([function, null, args, kwargs]).to_string().into_bytes()
}

/// How many changes the server has ever made to its data; a read adds none.
fn changes(server: &RedisServer) -> u64 {
    info(server, "persistence", "rdb_changes_since_last_save:").parse().unwrap()
}

/// What stands behind `name` in a section of `INFO`; empty if it is not there.
fn info(server: &RedisServer, section: &str, name: &str) -> String {
    let text: String = redis::cmd("INFO").arg(section).query(&mut server.client()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default().trim().to_owned()
}

/// A v15 bench with these sites on `server`; the prefix of its queues comes with it.
struct TestBench {
    folder: TempDir,
    prefix: String,
}

impl TestBench {
    fn new(server: &RedisServer, sites: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("apps/frappe/frappe/__init__.py", "__version__ = \"15.44.2\"\n");
        write("sites/apps.txt", "frappe\n");
        fs::create_dir_all(root.join("config")).unwrap();
        fs::create_dir_all(root.join("env/bin")).unwrap();
        let common = json!({"redis_queue": server.url()});
        write("sites/common_site_config.json", &common.to_string());
        for site in sites {
            write(&format!("sites/{site}/site_config.json"), r#"{"db_name": "x"}"#);
        }
        let prefix = root.to_str().unwrap().trim_start_matches('/').replace('/', "-");
        Self { folder, prefix }
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn queue(&self, short: &str) -> String {
        format!("{}:{short}", self.prefix)
    }

    fn jobs(&self, arguments: &[&str]) -> Run {
        let root = self.root().to_str().unwrap();
        jobctl(["--bench", root, "jobs"].into_iter().chain(arguments.iter().copied())).run()
    }
}
