//! `workers stop` and `workers restart` on real workers.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::{Rq, venv};
use crate::support::wait::{PATIENCE, wait_until};

const GENERATIONS: &[&str] = &["1.14.1", "1.15.1", "1.16.2", "2.6.1", "3.0.0"];

fn on(server: &RedisServer, arguments: &[&str]) -> Run {
    jobctl(["--redis", &server.url()].iter().chain(arguments)).run()
}

fn field(server: &RedisServer, key: &str, name: &str) -> Option<String> {
    redis::cmd("HGET").arg(key).arg(name).query(&mut server.client()).unwrap()
}

fn status(server: &RedisServer, id: &str) -> String {
    field(server, &format!("rq:job:{id}"), "status").unwrap_or_default()
}

fn row<'r>(report: &'r Value, name: &str) -> &'r Value {
    let workers = report["data"]["workers"].as_array().unwrap();
    workers.iter().find(|w| w["name"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

/// Gives a worker a job that runs until the file appears.
fn busy(rq: &Rq, server: &RedisServer, worker: &str, queue: &str) -> (String, PathBuf) {
    let flag = rq.folder().join(format!("{worker}.flag"));
    let id = rq.enqueue(server, queue, &format!("work.until, '{}'", flag.display()));
    wait_until(PATIENCE, "the job to run", || {
        let state = field(server, &format!("rq:worker:{worker}"), "state")?;
        (status(server, &id) == "started" && state == "busy").then_some(())
    });
    (id, flag)
}

fn asked(server: &RedisServer, worker: &str) {
    wait_until(PATIENCE, "the worker to note that it is to stop", || {
        field(server, &format!("rq:worker:{worker}"), "shutdown_requested_date").map(drop)
    });
}

#[test]
fn stop_lets_the_job_end_and_a_second_stop_only_waits_in_every_generation() {
    std::thread::scope(|scope| {
        for version in GENERATIONS {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                let mut worker = rq.worker(&server, "w1", &["default"]);
                let (id, flag) = busy(&rq, &server, "w1", "default");
                let stop = |more: &[&str]| {
                    on(&server, &[&["workers", "stop", "w1", "-o", "json"], more].concat())
                };
                let dry = stop(&["--dry-run"]);
                assert_eq!((dry.code, &row(&dry.json(), "w1")["turn"]), (0, &json!("planned")));
                let run = std::thread::scope(|scope| {
                    let first = scope.spawn(|| stop(&["--wait", "100"]));
                    asked(&server, "w1");
                    let second = stop(&["--wait", "2"]);
                    assert_eq!(second.code, 75, "{version}: {second:?}");
                    assert_eq!(row(&second.json(), "w1")["reason"], "was asked before");
                    let third = stop(&["--wait", "0.1"]);
                    assert_eq!(third.code, 75, "{version}: {third:?}");
                    // Stops more than a second apart: the job runs on all the same.
                    assert!(worker.lives());
                    assert_eq!(status(&server, &id), "started", "{version}");
                    fs::write(&flag, "").unwrap();
                    first.join().unwrap()
                });
                assert_eq!(run.code, 0, "{version}: {run:?}");
                assert_eq!(row(&run.json(), "w1")["turn"], "stopped", "{version}");
                wait_until(PATIENCE, "the worker to end", || (!worker.lives()).then_some(()));
                assert_eq!(status(&server, &id), "finished", "{version}");
            });
        }
    });
}

#[test]
fn stop_now_ends_worker_and_job_in_every_generation() {
    std::thread::scope(|scope| {
        for version in GENERATIONS {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                let mut worker = rq.worker(&server, "w1", &["default"]);
                let (id, _flag) = busy(&rq, &server, "w1", "default");
                let pid = worker.pid();
                let horse = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
                let run =
                    on(&server, &["workers", "stop", "w1", "--now", "--wait", "60", "-o", "json"]);
                assert_eq!(run.code, 0, "{version}: {run:?}");
                assert_eq!(row(&run.json(), "w1")["turn"], "stopped", "{version}");
                assert!(run.json()["notes"].to_string().contains("--kind abandoned"), "{run:?}");
                wait_until(PATIENCE, "the worker to end", || (!worker.lives()).then_some(()));
                let horse = format!("/proc/{}", horse.trim());
                wait_until(PATIENCE, "the horse to end", || {
                    (!Path::new(&horse).exists()).then_some(())
                });
                assert_ne!(status(&server, &id), "finished", "{version}");
            });
        }
    });
}

#[test]
fn worker_of_another_host_is_told_by_the_command_channel() {
    for version in ["1.16.2", "3.0.0"] {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        let mut worker = rq.worker(&server, "w1", &["default"]);
        server.cmd(&["HSET", "rq:worker:w1", "hostname", "elsewhere"]);
        let restart = on(&server, &["workers", "restart", "w1", "-o", "json"]);
        assert_eq!((restart.code, &row(&restart.json(), "w1")["turn"]), (1, &json!("left_alone")));
        assert!(worker.lives());
        let (id, flag) = busy(&rq, &server, "w1", "default");
        let stop = |wait| on(&server, &["workers", "stop", "w1", "--wait", wait, "-o", "json"]);
        let run = std::thread::scope(|scope| {
            let first = scope.spawn(|| stop("100"));
            asked(&server, "w1");
            let second = stop("2");
            assert_eq!(second.code, 75, "{version}: {second:?}");
            assert_eq!(row(&second.json(), "w1")["by"], "command", "{version}");
            assert!(worker.lives());
            fs::write(&flag, "").unwrap();
            first.join().unwrap()
        });
        assert_eq!(run.code, 0, "{version}: {run:?}");
        assert_eq!(status(&server, &id), "finished", "{version}");
        wait_until(PATIENCE, "the worker to end", || (!worker.lives()).then_some(()));
    }
}

#[test]
fn worker_that_ignores_sigterm_is_reported_as_still_there() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2");
    let mut worker = rq.worker(&server, "w1", &["default"]);
    wait_until(PATIENCE, "the worker to wait for jobs", || {
        (field(&server, "rq:worker:w1", "state")? == "idle").then_some(())
    });
    // One that stands still does what one does that ignores it.
    worker.signal(Signal::SIGSTOP);
    let run = on(&server, &["workers", "stop", "w1", "--now", "--wait", "2", "-o", "json"]);
    assert_eq!((run.code, &row(&run.json(), "w1")["turn"]), (75, &json!("stopping")), "{run:?}");
    assert!(worker.lives());
    worker.signal(Signal::SIGCONT);
}

#[test]
fn process_that_has_the_id_of_a_worker_is_never_stopped_in_its_place() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let mut worker = rq.worker(&server, "w1", &["default"]);
    let mut stranger = Command::new("sleep").arg("600").spawn().unwrap();
    server.cmd(&["HSET", "rq:worker:w1", "pid", &stranger.id().to_string()]);
    // By its name on the command channel it is told all the same.
    let run = on(&server, &["workers", "stop", "w1", "--now", "--wait", "60", "-o", "json"]);
    assert_eq!((run.code, &row(&run.json(), "w1")["by"]), (0, &json!("command")), "{run:?}");
    wait_until(PATIENCE, "the worker to end", || (!worker.lives()).then_some(()));
    let ended = stranger.try_wait().unwrap();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(ended, None);
}

#[test]
fn scope_must_be_said_and_nothing_restarts_a_worker_of_nobody() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let mut one = rq.worker(&server, "w1", &["one"]);
    let mut two = rq.worker(&server, "w2", &["two", "one"]);
    let mut three = rq.worker(&server, "w3", &["three"]);
    assert_eq!(on(&server, &["workers", "stop"]).code, 77);
    assert_eq!(on(&server, &["--read-only", "workers", "stop", "--all"]).code, 77);
    assert_eq!(on(&server, &["workers", "stop", "nobody"]).code, 66);
    assert_eq!(on(&server, &["workers", "stop", "--queue", ""]).code, 64);
    let restart = on(&server, &["workers", "restart", "--all", "-o", "json"]);
    assert_eq!(restart.code, 1, "{restart:?}");
    for name in ["w1", "w2", "w3"] {
        let report = restart.json();
        assert_eq!(row(&report, name)["turn"], "left_alone");
        assert!(row(&report, name)["reason"].as_str().unwrap().contains("start it again"));
    }
    assert!(one.lives() && two.lives() && three.lives());
    let run = on(&server, &["workers", "stop", "--queue", "one", "--wait", "60", "-o", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.json()["data"]["workers"].as_array().unwrap().len(), 2);
    wait_until(PATIENCE, "both to end", || (!one.lives() && !two.lives()).then_some(()));
    assert!(three.lives());
    let again = on(&server, &["workers", "stop", "--queue", "three", "--wait", "60"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(on(&server, &["workers", "stop", "--all"]).code, 0);
}

/// RQ's own pool in a process group of its own; ends with the value.
struct Pool(Child);

impl Pool {
    fn start(version: &str, server: &RedisServer, folder: &Path, workers: usize) -> Self {
        let file = File::create(folder.join("pool.log")).unwrap();
        let child = Command::new(venv(&format!("rq-{version}")).join("bin/rq"))
            .args(["worker-pool", "--url", &server.url(), "-n", &workers.to_string(), "default"])
            .env("PYTHONPATH", folder)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .process_group(0)
            .spawn()
            .unwrap();
        Self(child)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let group = nix::unistd::Pid::from_raw(i32::try_from(self.0.id()).unwrap());
        // Its workers are in its group.
        let _ = nix::sys::signal::killpg(group, Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

fn names(server: &RedisServer) -> Vec<String> {
    let run = on(server, &["workers", "list", "-o", "json"]);
    let report = run.json();
    let living = report["data"]["workers"].as_array().unwrap().iter();
    living.filter(|w| w["alive"] == "yes").map(|w| w["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn restart_of_a_pools_workers_rolls_and_stop_leaves_them_alone() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let mut pool = Pool::start("2.6.1", &server, rq.folder(), 2);
    let before = wait_until(PATIENCE, "two workers", || {
        let names = names(&server);
        (names.len() == 2).then_some(names)
    });
    let stop = on(&server, &["workers", "stop", "--all", "-o", "json"]);
    assert_eq!(stop.code, 1, "{stop:?}");
    let hint = stop.json()["data"]["workers"][0]["hints"][0].to_string();
    assert!(hint.contains(&format!("kill -TERM {}", pool.0.id())), "{hint}");
    assert_eq!(names(&server).len(), 2);

    let run = on(&server, &["workers", "restart", "--all", "--wait", "100", "-o", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let report = run.json();
    for name in &before {
        let row = row(&report, name);
        assert_eq!((&row["turn"], &row["manager"]), (&json!("restarted"), &json!("pool")));
        assert!(!before.contains(&row["replaced_by"].as_str().unwrap().to_owned()), "{row}");
    }
    let after = names(&server);
    assert_eq!(after.len(), 2, "{after:?}");
    assert!(after.iter().all(|name| !before.contains(name)), "{before:?} {after:?}");
    assert!(pool.0.try_wait().unwrap().is_none());
    // The pool itself can be looked into, by its process id, where it has a handler: this has none.
    let dump = on(&server, &["workers", "dump", &pool.0.id().to_string()]);
    assert_eq!(dump.code, 77, "{dump:?}");
    assert!(dump.stderr.contains("worker pool"), "{}", dump.stderr);
}

#[test]
fn restart_of_a_worker_that_does_not_come_back_stops_the_round() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2");
    let mut one = rq.worker(&server, "w1", &["default"]);
    let mut two = rq.worker(&server, "w2", &["default"]);
    let run = on(&server, &["workers", "restart", "--all", "--force", "--wait", "3", "-o", "json"]);
    assert_eq!(run.code, 75, "{run:?}");
    let turns: Vec<Value> =
        ["w1", "w2"].iter().map(|name| row(&run.json(), name)["turn"].clone()).collect();
    assert_eq!(turns, ["stopped", "planned"]);
    assert!(run.json()["notes"].to_string().contains("the others were left as they are"));
    wait_until(PATIENCE, "the first to end", || (!one.lives()).then_some(()));
    assert!(two.lives());
    // Where only one was meant there are no others.
    let lone = on(&server, &["workers", "restart", "w2", "--force", "--wait", "3", "-o", "json"]);
    assert_eq!(lone.code, 75, "{lone:?}");
    assert!(!lone.json()["notes"].to_string().contains("the others"), "{lone:?}");
}

#[test]
fn process_id_of_a_dead_registration_means_that_worker() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let mut worker = rq.worker(&server, "w1", &["default"]);
    let pid = worker.pid().to_string();
    worker.signal(Signal::SIGKILL);
    wait_until(PATIENCE, "the worker to end", || (!worker.lives()).then_some(()));
    let run = on(&server, &["workers", "stop", &pid, "-o", "json"]);
    assert_eq!((run.code, &row(&run.json(), "w1")["turn"]), (0, &json!("was_gone")), "{run:?}");
}
