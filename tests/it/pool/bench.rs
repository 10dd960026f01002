//! Pools of a bench: workers that name themselves, Frappe's way to start them, what a bench refuses.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{LONG, Place, Running, wait_gone};
use crate::support::bench::Bench;
use crate::support::env::jobctl;
use crate::support::wait::wait_until;

/// What `frappe worker` does, as far as a pool can tell: `frappe/utils/background_jobs.py`,
/// `start_worker` and `get_worker_name`.
const BENCH_HELPER: &str = r#"
import json, os, socket, sys, uuid
from redis import Redis
from rq import Queue, Worker

arguments = sys.argv[1:]
assert arguments[:2] == ["frappe", "worker"], arguments
queues = arguments[arguments.index("--queue") + 1].split(",")
with open("common_site_config.json") as file:
    config = json.load(file)
root = os.path.dirname(os.path.realpath(os.getcwd()))
prefix = root.strip("/").replace("/", "-")
connection = Redis.from_url(config["redis_queue"])
served = [Queue(f"{prefix}:{queue}", connection=connection) for queue in queues]
name = f"{uuid.uuid4().hex}.{socket.gethostname()}.{os.getpid()}.{queues[0]}"
Worker(served, connection=connection, name=name).work(burst="--burst" in arguments)
"#;

/// A bench of `version` whose Python is that of the place.
fn bench(place: &Place, version: &str) -> Bench {
    let bench = Bench::new(version, &place.server);
    bench.write("apps/frappe/frappe/utils/__init__.py", "");
    bench.write("apps/frappe/frappe/utils/bench_helper.py", BENCH_HELPER);
    let modules = format!("{}:{}", bench.root().join("apps/frappe").display(), place.path(""));
    let script =
        format!("#!/bin/sh\nPYTHONPATH={modules} exec {} \"$@\"\n", place.python.display());
    bench.write("env/bin/python", &script);
    let python = bench.root().join("env/bin/python");
    fs::set_permissions(python, fs::Permissions::from_mode(0o755)).unwrap();
    bench
}

fn pool(place: &Place, bench: &Bench, arguments: &[&str]) -> Running {
    place.pool_of(&["--bench", bench.root().to_str().unwrap()], arguments, |_| {})
}

#[test]
fn pool_of_a_bench_replaces_a_killed_worker_and_follows_its_horse() {
    let place = Place::of("2.6.1");
    let bench = bench(&place, "16.0.0");
    let mut pool = pool(&place, &bench, &["-n", "1", "--queue", "short"]);
    let worker = pool.up(1)[0];
    assert!(pool.log().contains("no scheduler runs"), "{}", pool.log());
    let id = place.enqueue_until(&bench.queue("short"));
    let horse = place.horse();
    kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
    pool.wait_for("the horse to be noticed", |state| {
        (state["orphans"] == json!([horse])).then_some(())
    });
    place.release_job();
    wait_gone(&[horse]);
    assert_eq!(place.status(&id), "finished");
    assert_ne!(pool.up(1)[0], worker);
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
    assert!(pool.log().contains("no job was cut off"), "{}", pool.log());
}

#[test]
fn pool_of_a_bench_recycles_after_a_number_of_jobs_and_names_the_job_that_was_cut_off() {
    let place = Place::of("2.6.1");
    let bench = bench(&place, "15.44.2");
    let queue = bench.queue("short");
    place.enqueue_marks(&queue, 0..3);
    let mut pool = pool(&place, &bench, &["-n", "1", "--queue", "short", "--max-jobs", "2"]);
    wait_until(LONG, "a worker to be recycled", || {
        pool.log().contains("it has run ").then_some(())
    });
    assert!(!pool.log().contains("no scheduler runs"), "{}", pool.log());
    let id = place.enqueue_until(&queue);
    let horse = place.horse();
    let worker = pool.wait_for("the job to be seen", |state| {
        let workers = state["workers"].as_array()?;
        workers.iter().find(|worker| worker["job"] == id.as_str()).map(super::pid_of)
    });
    for pid in [worker, horse] {
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    pool.wait_for("the cut off job", |state| {
        (state["cut_off"][0]["job"] == id.as_str()).then_some(())
    });
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0, "nobody had told that worker to end\n{}", pool.log());
    assert!(pool.log().contains("1 job was cut off with its worker before that"), "{}", pool.log());
}

#[test]
fn pool_of_somebody_else_s_bench_is_refused_to_root_with_the_command_to_type() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let place = Place::of("2.6.1");
    let bench = bench(&place, "15.44.2");
    chown(bench.root().join("sites"), Some(65_534), None).unwrap();
    let root = bench.root().to_str().unwrap();
    let pool = ["worker-pool", "--num-workers", "3", "--queue", "short", "--max-jobs", "5"];
    let run = jobctl(["--bench", root].iter().chain(&pool)).run();
    assert_eq!(run.code, 77, "{run:?}");
    let again = "worker-pool --num-workers 3 --queue short --max-jobs 5";
    assert!(run.stderr.contains(again), "{}", run.stderr);
}
