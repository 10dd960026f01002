//! The demo, end to end: real redis-server, real RQ workers, and nothing left afterwards.
#![expect(clippy::unwrap_used, reason = "also the functions around the tests may panic")]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use jobctl::demo::{self, DemoOptions, DemoReport, DemoStatus};
use redis::{Commands, Connection};
use serde_json::Value;
use tempfile::TempDir;

/// The Python of the environment that `tests/run.sh` makes.
fn python(rq: &str) -> PathBuf {
    let cache = std::env::var("XDG_CACHE_HOME")
        .unwrap_or_else(|_| format!("{}/.cache", std::env::var("HOME").unwrap()));
    let python = Path::new(&cache).join(format!("jobctl-tests/venvs/rq-{rq}/bin/python"));
    assert!(python.exists(), "no `{}`: run tests/run.sh, which makes it", python.display());
    python
}

/// A demo that is ended even if the test fails.
pub(crate) struct Demo {
    _temp: TempDir,
    pub(crate) dir: PathBuf,
    options: DemoOptions,
}

impl Demo {
    pub(crate) fn new(name: &str, healthy: bool) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().canonicalize().unwrap().join(name);
        let options =
            DemoOptions { dir: Some(dir.clone()), python: Some(python("1.16.2")), healthy };
        Self { _temp: temp, dir, options }
    }

    pub(crate) fn start(&self) -> DemoReport {
        demo::start(&self.options).unwrap()
    }

    fn stop(&self) -> DemoReport {
        demo::stop(Some(&self.dir)).unwrap()
    }

    pub(crate) fn redis(&self) -> Connection {
        let config = fs::read(self.dir.join("sites/common_site_config.json")).unwrap();
        let config: Value = serde_json::from_slice(&config).unwrap();
        let url = config["redis_queue"].as_str().unwrap();
        redis::Client::open(url).unwrap().get_connection().unwrap()
    }

    pub(crate) fn queue(&self, name: &str) -> String {
        format!("{}:{name}", self.dir.to_str().unwrap().trim_start_matches('/').replace('/', "-"))
    }

    /// Processes whose working directory is below the bench.
    fn processes(&self) -> HashSet<i32> {
        let inside = |entry: &fs::DirEntry| {
            fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&self.dir))
        };
        let entries = fs::read_dir("/proc").unwrap().flatten().filter(inside);
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
    }

    fn wait_until(what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < deadline, "gave up waiting for {what}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = demo::stop(Some(&self.dir));
    }
}

fn field(redis: &mut Connection, id: &str, name: &str) -> Option<String> {
    redis.hget(format!("rq:job:{id}"), name).unwrap()
}

fn count(redis: &mut Connection, registry: &str, queue: &str) -> usize {
    redis.zcard(format!("rq:{registry}:{queue}")).unwrap()
}

#[test]
fn demo_when_started_holds_jobs_in_every_state_and_stop_leaves_nothing() {
    let demo = Demo::new("demo", false);
    let report = demo.start();
    assert_eq!(report.status, DemoStatus::Started);
    let mut redis = demo.redis();
    let (short, default) = (demo.queue("short"), demo.queue("default"));
    let (long, mine) = (demo.queue("long"), demo.queue("myqueue"));

    let waiting: Vec<String> = redis.lrange(format!("rq:queue:{long}"), 0, -1).unwrap();
    assert_eq!(waiting.len(), 5);
    let without_hash: Vec<&String> = waiting
        .iter()
        .filter(|id| !redis.exists::<_, bool>(format!("rq:job:{id}")).unwrap())
        .collect();
    assert_eq!(without_hash.len(), 1);
    let inherits = "site1.localhost::scheduled_job::shop.tasks.rebuild_search";
    assert!(waiting.iter().any(|id| id == inherits));
    let ttl: i64 = redis.ttl(format!("rq:job:{inherits}")).unwrap();
    assert!((1..=600).contains(&ttl), "ttl {ttl}");

    let unserved: Vec<String> = redis.lrange(format!("rq:queue:{mine}"), 0, -1).unwrap();
    assert_eq!(unserved.len(), 4);
    assert!(!redis.exists::<_, bool>(format!("rq:workers:{mine}")).unwrap());
    assert_eq!(field(&mut redis, &unserved[0], "timeout").as_deref(), Some("600"));

    assert_eq!(count(&mut redis, "failed", &short), 4);
    assert_eq!(count(&mut redis, "failed", &default), 4);
    assert!(count(&mut redis, "finished", &short) >= 12);
    assert_eq!(count(&mut redis, "scheduled", &default), 1);
    assert_eq!(count(&mut redis, "deferred", &default), 1);
    assert_eq!(count(&mut redis, "canceled", &mine), 1);
    assert_eq!(count(&mut redis, "wip", &default), 1);
    assert_eq!(count(&mut redis, "wip", &long), 1);

    let stuck = "site1.localhost::import-items";
    assert_eq!(field(&mut redis, stuck, "status").as_deref(), Some("started"));
    assert_eq!(field(&mut redis, stuck, "timeout").as_deref(), Some("7200"));
    let ghost = "site1.localhost::scheduled_job::shop.tasks.send_reminders";
    assert_eq!(field(&mut redis, ghost, "status").as_deref(), Some("queued"));
    let place: Option<usize> =
        redis.lpos(format!("rq:queue:{default}"), ghost, redis::LposOptions::default()).unwrap();
    assert_eq!(place, None);

    assert_eq!(demo.start().status, DemoStatus::Running);
    let again = demo.start();
    let pids = |report: &DemoReport| report.processes.iter().map(|p| p.pid).collect::<Vec<_>>();
    assert_eq!(pids(&again), pids(&report));

    // Redis, the scheduler, three workers and two work horses.
    assert_eq!(demo.processes().len(), 7);
    assert_eq!(demo.stop().status, DemoStatus::Stopped);
    assert_eq!(demo.processes(), HashSet::new());
    assert!(!demo.dir.exists());
    assert_eq!(demo.stop().status, DemoStatus::Absent);
}

#[test]
fn demo_when_healthy_and_path_is_awkward_holds_no_trouble() {
    let demo = Demo::new("de$mo'%", true);
    let report = demo.start();
    assert!(
        report.next.iter().any(|command| command.contains(r"de$mo'\''%'")),
        "{:?}",
        report.next
    );
    let mut redis = demo.redis();
    for queue in ["short", "default", "long"] {
        let queue = demo.queue(queue);
        assert_eq!(count(&mut redis, "failed", &queue), 0);
        assert_eq!(redis.llen::<_, usize>(format!("rq:queue:{queue}")).unwrap(), 0);
    }
    let site = fs::read_to_string(demo.dir.join("sites/site2.localhost/site_config.json")).unwrap();
    assert!(!site.contains("pause_scheduler"));
    let lock = Command::new("flock")
        .args(["--nonblock", "config/scheduler_process", "true"])
        .current_dir(&demo.dir)
        .status();
    assert!(!lock.unwrap().success(), "the scheduler does not hold its lock");
}

#[test]
fn stop_when_workers_were_killed_ends_their_orphaned_horses() {
    let demo = Demo::new("demo", false);
    for process in demo.start().processes {
        if process.name.starts_with("worker") {
            let pid = process.pid.to_string();
            assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        }
    }
    Demo::wait_until("the workers to end", || demo.processes().len() == 4);
    assert_eq!(demo.stop().status, DemoStatus::Stopped);
    assert_eq!(demo.processes(), HashSet::new());
    assert!(!demo.dir.exists());
}

#[test]
fn start_when_demo_died_builds_it_anew() {
    let demo = Demo::new("demo", true);
    for process in demo.start().processes {
        let pid = process.pid.to_string();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    }
    Demo::wait_until("the demo to end", || {
        demo.processes().iter().all(|pid| fs::read_link(format!("/proc/{pid}/exe")).is_err())
            || demo.processes().len() <= 1
    });
    assert_eq!(demo.start().status, DemoStatus::Started);
    // The orphaned horse of the first one is gone: Redis, scheduler, three workers, one horse.
    assert_eq!(demo.processes().len(), 6);
}
