//! Replaced workers: rolling restarts under load, memory, a Redis that goes and comes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::{LONG, Place, Running, in_each_release, pid_of, wait_gone};
use crate::support::env::jobctl;
use crate::support::wait::{StopOnDrop, wait_until};

#[test]
fn rolling_restart_under_load_replaces_all_loses_nothing_and_leaves_no_queue_alone() {
    in_each_release(|version| {
        let place = Place::of(version);
        let mut pool = place.pool(&["-n", "2", "--queue", "a"]);
        let old = pool.up(2);
        place.enqueue_marks("a", 0..40);
        let (over, alone) = (AtomicBool::new(false), AtomicBool::new(false));
        let new = thread::scope(|scope| {
            scope.spawn(|| {
                let mut client = place.server.client();
                while !over.load(Ordering::Relaxed) {
                    let served: usize =
                        redis::cmd("SCARD").arg("rq:workers:a").query(&mut client).unwrap();
                    alone.fetch_or(served == 0, Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(2));
                }
            });
            let meanwhile = StopOnDrop(&over);
            pool.signal(Signal::SIGHUP);
            let new = pool.wait_for("all to be replaced", |state| {
                let workers: Vec<&Value> = state["workers"].as_array().unwrap().iter().collect();
                let pids: Vec<i32> = workers.iter().map(|worker| pid_of(worker)).collect();
                let replaced = pids.len() == 2 && pids.iter().all(|pid| !old.contains(pid));
                (replaced && state["phase"] == "running").then_some(pids)
            });
            drop(meanwhile);
            new
        });
        assert!(!alone.load(Ordering::Relaxed), "{version}: a queue was left alone");
        wait_gone(&old);
        wait_until(LONG, "all jobs", || {
            (place.lines("marks").len() + place.dropped("a") >= 40).then_some(())
        });
        pool.signal(Signal::SIGTERM);
        assert_eq!(pool.ends(), 0, "{version}\n{}", pool.log());
        wait_gone(&new);
        // RQ's own gap: a worker that is told to end when it has taken a job and not begun it drops
        // it. Source: `rq/worker.py`, `_shutdown`.
        let dropped = place.dropped("a");
        assert!(dropped <= old.len(), "{version}: {dropped}\n{}", pool.log());
        let mut numbers: Vec<u32> =
            place.lines("marks").iter().map(|line| line.parse().unwrap()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let run = place.lines("marks").len();
        assert_eq!((numbers.len(), run), (40 - dropped, 40 - dropped), "{version}\n{}", pool.log());
    });
}

/// Lets the job of a worker that is to leave end; then another has its place.
fn replaces_after_its_job(place: &Place, pool: &mut Running, old: &[i32], id: &str) {
    assert_eq!(place.status(id), "started");
    place.release_job();
    wait_gone(old);
    assert_eq!(place.status(id), "finished");
    assert_ne!(pool.up(1), old);
}

#[test]
fn rolling_restart_waits_for_a_job_and_is_abandoned_where_new_workers_do_not_start() {
    let place = Place::of("2.6.1");
    // A Python that can be broken between two starts.
    let python = place.path("python");
    let script = format!(
        "#!/bin/sh\n[ -e broken ] && echo 'broken code' >&2 && exit 1\nexec {} \"$@\"\n",
        place.python.display()
    );
    fs::write(&python, script).unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = place.path("");
    let base = ["--python", &python, "--path", &folder, "--allow-root", "-n", "1"];
    let mut pool = place.pool_as_it_is(&[&base[..], &["--queue", "a", "--log-prefix"]].concat());
    let old = pool.up(1);
    let id = place.enqueue_until("a");
    place.horse();
    fs::write(place.path("broken"), "").unwrap();
    pool.signal(Signal::SIGHUP);
    wait_until(LONG, "the restart to be abandoned", || {
        pool.log().contains("broken code; the restart is abandoned").then_some(())
    });
    assert_eq!(pool.up(1), old);
    fs::remove_file(place.path("broken")).unwrap();
    pool.signal(Signal::SIGHUP);
    pool.wait_for("the old one to leave", |state| {
        let mut states: Vec<&str> = state["workers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|worker| worker["state"].as_str().unwrap())
            .collect();
        states.sort_unstable();
        (states == ["leaving", "up"]).then_some(())
    });
    replaces_after_its_job(&place, &mut pool, &old, &id);
}

#[test]
fn worker_that_grows_too_large_is_replaced_after_its_job() {
    in_each_release(|version| {
        let place = Place::of(version);
        let mut pool = place.pool(&["-n", "1", "--queue", "a", "--max-memory", "150M"]);
        let old = pool.up(1);
        let id = place.enqueue_held("a", "hog", "250");
        place.horse();
        let reason = pool.wait_for("the worker to be told", |state| {
            let worker = &state["workers"][0];
            (worker["state"] == "leaving").then(|| worker["reason"].as_str().unwrap().to_owned())
        });
        assert!(reason.contains("more than 150 MiB"), "{version}: {reason}");
        replaces_after_its_job(&place, &mut pool, &old, &id);
    });
}

#[test]
fn limit_of_memory_below_a_worker_s_own_size_is_said_once_and_starves_no_queue() {
    let place = Place::of("2.6.1");
    let mut pool = place.pool(&["-n", "1", "--queue", "a", "--max-memory", "5M"]);
    let worker = pool.up(1);
    wait_until(LONG, "the warning", || {
        pool.log().contains("before its first job, and the limit of memory is 5").then_some(())
    });
    place.enqueue_marks("a", 0..2);
    let measured = |pool: &mut Running| {
        pool.wait_for("another look at its jobs", |state| {
            let worker = &state["workers"][0];
            (worker["jobs"] == 2).then(|| state["written_at"].to_string())
        })
    };
    let first = measured(&mut pool);
    wait_until(LONG, "the next round", || (measured(&mut pool) != first).then_some(()));
    assert_eq!(pool.up(1), worker, "{}", pool.log());
    assert_eq!(pool.log().matches("the limit of memory").count(), 1, "{}", pool.log());
}

#[test]
fn workers_that_run_their_number_of_jobs_are_replaced_at_once_and_the_pool_goes_on() {
    in_each_release(|version| {
        let place = Place::of(version);
        place.enqueue_marks("a", 0..40);
        let mut pool = place.pool(&["-n", "1", "--queue", "a", "--max-jobs", "5"]);
        pool.wait_for("all jobs", |_| (place.lines("marks").len() == 40).then_some(()));
        // Eight workers, more than may fail in a row.
        let state = pool.wait_for("the eighth to be replaced", |state| {
            let worker = &state["workers"][0];
            (worker["restarts"] == 8 && worker["state"] == "up").then(|| worker.clone())
        });
        assert_eq!(state["failures"], 0, "{version}\n{}", pool.log());
        let log = pool.log();
        assert_eq!(
            log.matches("has run its number of jobs; starting it again\n").count(),
            8,
            "{log}"
        );
        pool.signal(Signal::SIGTERM);
        assert_eq!(pool.ends(), 0, "{version}\n{}", pool.log());
    });
}

#[test]
fn young_worker_that_somebody_tells_to_end_is_no_failure() {
    let place = Place::of("2.6.1");
    let mut pool = place.pool(&["-n", "1", "--queue", "a"]);
    let worker = pool.up(1);
    kill(Pid::from_raw(worker[0]), Signal::SIGTERM).unwrap();
    wait_gone(&worker);
    let failures = pool.wait_for("the next", |state| {
        let worker = &state["workers"][0];
        (worker["restarts"] == 1).then(|| worker["failures"].clone())
    });
    assert_eq!(failures, 0, "{}", pool.log());
    assert_ne!(pool.up(1), worker);
    assert!(pool.log().contains("ended in order after"), "{}", pool.log());
}

#[test]
fn restart_of_a_pool_s_only_worker_from_outside_leaves_it_and_names_what_leaves_no_queue_alone() {
    let place = Place::of("2.6.1");
    let mut pool = place.pool(&["-n", "1", "--queue", "a"]);
    let worker = pool.up(1);
    let url = place.server.url();
    let run = jobctl(["--redis", &url, "workers", "restart", "--all", "-o", "json"]).run();
    let report = run.json();
    let row = &report["data"]["workers"][0];
    assert_eq!((run.code, row["turn"].as_str()), (1, Some("left_alone")), "{run:?}");
    let hint = row["hints"][0].as_str().unwrap();
    assert!(hint.starts_with(&format!("kill -HUP {}", pool.child.id())), "{hint}");
    assert_eq!(pool.up(1), worker);
    let force = ["--redis", &url, "workers", "restart", "--all", "--force", "--wait", "100s"];
    let run = jobctl(force).run();
    assert_eq!(run.code, 0, "{run:?}");
    assert_ne!(pool.up(1), worker);
}

#[test]
fn restart_while_redis_is_down_waits_for_it() {
    let mut place = Place::of("2.6.1");
    let mut pool = place.pool(&["-n", "1", "--queue", "a"]);
    pool.up(1);
    place.server.kill();
    pool.signal(Signal::SIGHUP);
    pool.wait_for("the fault to be seen", |state| {
        (state["redis_fault"].is_string() && state["phase"] == "restarting").then_some(())
    });
    place.server.restart();
    wait_until(LONG, "the restart", || pool.log().contains(" restarted;").then_some(()));
    assert!(!pool.log().contains("abandoned"), "{}", pool.log());
    pool.up(1);
}

#[test]
fn redis_that_goes_and_comes_ends_no_pool() {
    let mut place = Place::of("2.6.1");
    let mut pool = place.pool(&["-n", "2", "--queue", "a"]);
    pool.up(2);
    place.server.kill();
    pool.wait_for("the fault to be seen", |state| state["redis_fault"].as_str().map(drop));
    place.server.restart();
    pool.wait_for("Redis to be seen", |state| state["redis_fault"].is_null().then_some(()));
    place.enqueue_marks("a", 0..3);
    wait_until(LONG, "the jobs", || (place.lines("marks").len() == 3).then_some(()));
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
}
