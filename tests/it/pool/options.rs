//! Logs, state, systemd, settings, refusals.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::sync::mpsc::channel;
use std::thread;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::{LONG, Place};
use crate::support::env::jobctl;
use crate::support::redis::RedisServer;
use crate::support::wait::wait_until;

#[test]
fn logs_go_into_files_that_may_be_truncated() {
    let place = Place::of("2.6.1");
    let dir = place.path("");
    let mut pool = place.pool(&["-n", "1", "--queue", "a", "--log-dir", &dir]);
    pool.up(1);
    let log = place.path("worker-1.error.log");
    wait_until(LONG, "the first lines", || {
        (!place.lines("worker-1.log").is_empty() || !place.lines("worker-1.error.log").is_empty())
            .then_some(())
    });
    for name in ["worker-1.log", "worker-1.error.log"] {
        fs::File::options().write(true).truncate(true).open(place.path(name)).unwrap();
    }
    place.rq.enqueue(&place.server, "a", "work.fail, 'words to find'");
    let text = wait_until(LONG, "the traceback", || {
        let text = fs::read(&log).unwrap();
        let other = fs::read(place.path("worker-1.log")).unwrap();
        let all = [text, other].concat();
        String::from_utf8_lossy(&all).contains("words to find").then_some(all)
    });
    assert!(!text.contains(&0), "a hole: the file was not opened for appending");
}

#[test]
fn systemd_is_told_and_the_workers_are_not_asked_to() {
    let place = Place::of("2.6.1");
    let path = place.rq.folder().join("notify.sock");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let (send, words) = channel();
    // As systemd does: read at once, or the socket's short queue is full of signs of life.
    thread::spawn(move || {
        let mut bytes = [0; 1024];
        while let Ok(read) = socket.recv(&mut bytes) {
            let word = String::from_utf8(bytes[..read].to_vec()).unwrap();
            if send.send(word).is_err() {
                return;
            }
        }
    });
    let receive = || words.recv_timeout(LONG).unwrap();
    let folder = place.path("");
    let python = place.python.to_str().unwrap();
    let arguments = ["--python", python, "--path", &folder, "--allow-root", "-n", "1"];
    let mut pool = place.pool_with(&arguments, |command| {
        command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    });
    assert_eq!(receive(), "READY=1\nSTATUS=1 of 1 worker up");
    while receive() != "WATCHDOG=1" {}
    let worker = pool.up(1)[0];
    let environment = fs::read(format!("/proc/{worker}/environ")).unwrap();
    let environment = String::from_utf8_lossy(&environment).into_owned();
    assert!(!environment.contains("NOTIFY_SOCKET"), "{environment}");
    assert!(!environment.contains("WATCHDOG_USEC"), "{environment}");
    pool.signal(Signal::SIGTERM);
    while !receive().starts_with("STOPPING=1") {}
    assert_eq!(pool.ends(), 0, "{}", pool.log());
}

#[test]
fn status_shows_a_pool_that_runs_and_one_that_is_gone() {
    let place = Place::of("2.6.1");
    let status = |arguments: &[&str]| {
        let state = place.path("state");
        let base = ["worker-pool", "status", "--status-file", &state];
        jobctl(base.iter().chain(arguments)).run()
    };
    assert_eq!(status(&[]).code, 66);
    let mut pool = place.pool(&["-n", "2", "--queue", "a"]);
    pool.up(2);
    let run = status(&["-o", "json"]);
    let data: Value = run.json()["data"].clone();
    assert_eq!((run.code, &data["alive"], &data["phase"]), (0, &true.into(), &"running".into()));
    assert_eq!(data["pools"][0]["up"], 2);
    let shown = status(&[]);
    assert!(shown.stdout.starts_with("running  2 of 2 workers up"), "{}", shown.stdout);
    // A second pool does not take the file of one that runs.
    let mut second = place.pool(&["-n", "1"]);
    assert_eq!(second.ends(), 75, "{}", second.log());
    pool.child.kill().unwrap();
    pool.child.wait().unwrap();
    let gone = status(&[]);
    assert_eq!(gone.code, 1);
    assert!(gone.stdout.starts_with("gone  2 of 2 workers were up"), "{}", gone.stdout);
    assert_eq!(gone.stdout.matches("was up").count(), 2, "{}", gone.stdout);
    fs::write(place.path("state"), "{}").unwrap();
    assert_eq!(status(&[]).code, 65);
}

#[test]
fn pools_of_the_settings_run_side_by_side() {
    let place = Place::of("2.6.1");
    let settings = "[pool.fast]\nqueues = \"a\"\nworkers = 2\n[pool.slow]\nqueues = \"b,a\"\n\
                    workers = 1\nmax_memory = \"2G\"\nstrategy = \"round_robin\"\n";
    fs::write(place.path("settings.toml"), settings).unwrap();
    place.enqueue_marks("a", 0..4);
    place.enqueue_marks("b", 4..8);
    let config = place.path("settings.toml");
    let mut pool = place.pool(&["--config", &config, "--burst", "--log-prefix"]);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
    assert_eq!(place.lines("marks").len(), 8);
    for name in ["fast-1 ", "fast-2 ", "slow-1 "] {
        assert!(pool.log().lines().any(|line| line.starts_with(name)), "{name}\n{}", pool.log());
    }
    let twice = ["--pool", "fast", "--pool", "slow", "--pool", "fast"];
    let mut named = place.pool(&[&["--config", &config, "--burst"], &twice[..]].concat());
    assert_eq!(named.ends(), 0, "{}", named.log());
    assert_eq!(named.state().unwrap()["pools"].as_array().unwrap().len(), 2, "each once");
    let mut named = place.pool(&["--config", &config, "--burst", "--pool", "slwo"]);
    assert_eq!(named.ends(), 66);
    assert!(named.log().contains("did you mean `slow`?"), "{}", named.log());
    fs::write(place.path("settings.toml"), "[pool.x]\nmax_memory = \"much\"\n").unwrap();
    let mut wrong = place.pool(&["--config", &config, "--burst"]);
    assert_eq!(wrong.ends(), 78);
    assert!(wrong.log().contains("pool.x.max_memory"), "{}", wrong.log());
}

#[test]
fn pool_is_refused_read_only_without_redis_and_with_no_worker() {
    let server = RedisServer::start();
    let url = server.url();
    let run = |more: &[&str]| {
        let base = ["--redis", &url, "worker-pool", "--burst", "--allow-root"];
        jobctl(base.iter().chain(more)).run()
    };
    assert_eq!(run(&["--read-only"]).code, 77);
    assert_eq!(run(&["-n", "0"]).code, 64);
    assert_eq!(run(&["-n", "100000"]).code, 64);
    assert_eq!(run(&["--max-memory", "lots"]).code, 64);
    assert_eq!(run(&["--max-jobs", "0"]).code, 64);
    assert_eq!(run(&["--log-dir", "/nowhere"]).code, 73);
    assert_eq!(run(&["--status-file", "/nowhere/state"]).code, 73);
    assert_eq!(run(&["--python", "/nowhere/python"]).code, 66);
    assert_eq!(jobctl(["--redis", &url, "worker-pool", "--fail-on-job-failure"]).run().code, 64);
    if nix::unistd::geteuid().is_root() {
        assert_eq!(jobctl(["--redis", &url, "worker-pool", "--burst"]).run().code, 77);
    }
    drop(server);
    assert_eq!(run(&["--python", "/bin/true"]).code, 69);
}
