//! Crashes of jobctl, of Redis, and two at once: nothing is lost, nothing doubled.

use tempfile::tempdir;

use super::{assert_same, data, done, enqueue_raw, list, on, op_of, snapshot};
use crate::support::redis::RedisServer;
use crate::support::wait::{PATIENCE, wait_until};

const POINTS: [&str; 6] =
    ["journal-created", "images-synced", "script-replied", "confirmed", "before-end", "ended"];

/// The newest operation in the journal.
fn newest(server: &RedisServer, state: &std::path::Path) -> String {
    let ops = data(&done(server, state, &["ops", "list", "-o", "json"]));
    ops["ops"][0]["op_id"].as_str().unwrap().to_owned()
}

fn many(server: &RedisServer) {
    enqueue_raw(server, "q", (0..1200).map(|n| format!("job-{n:04}")));
}

#[test]
fn kill_at_every_point_then_undo_restores_everything() {
    for point in POINTS {
        for passing in ["1", "2"] {
            let server = RedisServer::start();
            let state = tempdir().unwrap();
            many(&server);
            let before = snapshot(&server);
            let fault = format!("{point}:{passing}");
            let run = on(&server, state.path(), &["jobs", "delete", "--queue", "q"])
                .env("JOBCTL_TEST_FAULT", &fault)
                .run();
            let batches = matches!(point, "images-synced" | "script-replied" | "confirmed");
            assert_eq!(run.code == -1, batches || passing == "1", "{fault}: {}", run.stderr);
            let op = newest(&server, state.path());
            let undo = on(&server, state.path(), &["undo", &op]).run();
            assert_eq!(undo.code, 0, "{fault}: {}", undo.stderr);
            assert_same(&before, &snapshot(&server));
        }
    }
}

#[test]
fn kill_at_every_point_then_running_again_completes() {
    for point in POINTS {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        many(&server);
        let before = snapshot(&server);
        on(&server, state.path(), &["jobs", "delete", "--queue", "q"])
            .env("JOBCTL_TEST_FAULT", point)
            .run();
        let first = newest(&server, state.path());
        let second = done(&server, state.path(), &["jobs", "delete", "--all", "-o", "json"]);
        assert!(list(&server, "q").is_empty(), "{point}");
        if data(&second)["op_id"].is_string() && data(&second)["removed"] != 0 {
            done(&server, state.path(), &["undo", data(&second)["op_id"].as_str().unwrap()]);
        }
        done(&server, state.path(), &["undo", &first]);
        assert_eq!(before.names(), snapshot(&server).names(), "{point}");
        assert_eq!(list(&server, "q").len(), 1200, "{point}");
    }
}

#[test]
fn kill_of_an_undo_then_undo_again_restores_each_job_once() {
    for point in ["images-synced:2", "script-replied:2", "confirmed:1"] {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        many(&server);
        let before = snapshot(&server);
        let op = op_of(&done(&server, state.path(), &["jobs", "delete", "--queue", "q"]));
        let killed =
            on(&server, state.path(), &["undo", &op]).env("JOBCTL_TEST_FAULT", point).run();
        assert_eq!(killed.code, -1, "{point}: {}", killed.stderr);
        done(&server, state.path(), &["undo", &op]);
        assert_same(&before, &snapshot(&server));
    }
}

#[test]
fn job_that_ran_and_expired_after_a_crash_is_not_run_again_unless_forced() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    enqueue_raw(&server, "q", ["one".to_owned()]);
    on(&server, state.path(), &["jobs", "delete", "one"])
        .env("JOBCTL_TEST_FAULT", "images-synced")
        .run();
    // A worker takes it, and its result expires.
    server.cmd(&["LPOP", "rq:queue:q"]);
    server.cmd(&["DEL", "rq:job:one"]);
    let op = newest(&server, state.path());
    let undo = on(&server, state.path(), &["undo", &op, "-o", "json"]).run();
    assert_eq!((undo.code, &data(&undo)["changed"]), (1, &0.into()));
    assert!(data(&undo)["skipped_jobs"][0]["reason"].as_str().unwrap().contains("--force"));
    done(&server, state.path(), &["undo", &op, "--force"]);
    assert_eq!(list(&server, "q"), ["one"]);
}

#[test]
fn redis_killed_and_restarted_in_the_middle_loses_nothing() {
    let mut server = RedisServer::builder().persistent().config("appendfsync", "always").start();
    let state = tempdir().unwrap();
    enqueue_raw(&server, "q", (0..6000).map(|n| format!("job-{n:04}")));
    let before = snapshot(&server);
    let url = server.url();
    let folder = state.path().to_owned();
    let running = std::thread::spawn(move || {
        crate::support::env::jobctl(["--redis", &url, "jobs", "delete", "--queue", "q"])
            .env("XDG_STATE_HOME", &folder)
            .run()
    });
    wait_until(PATIENCE, "the first jobs to go", || {
        let left: u64 = redis::cmd("LLEN").arg("rq:queue:q").query(&mut server.client()).unwrap();
        (left < 6000).then_some(())
    });
    server.kill();
    let run = running.join().unwrap();
    server.restart();
    assert!([0, 69, 75].contains(&run.code), "{}: {}", run.code, run.stderr);
    let op = newest(&server, state.path());
    done(&server, state.path(), &["undo", &op]);
    assert_same(&before, &snapshot(&server));
}

#[test]
fn signal_ends_between_two_batches_with_everything_undoable() {
    use nix::sys::signal::{Signal, kill};
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        enqueue_raw(&server, "q", (0..20_000).map(|n| format!("job-{n:05}")));
        let before = snapshot(&server);
        let child = std::process::Command::new(env!("CARGO_BIN_EXE_jobctl"))
            .args(["--redis", &server.url(), "jobs", "delete", "--queue", "q"])
            .env("XDG_STATE_HOME", state.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        wait_until(PATIENCE, "the first jobs to go", || {
            let left: u64 =
                redis::cmd("LLEN").arg("rq:queue:q").query(&mut server.client()).unwrap();
            (left < 20_000).then_some(())
        });
        kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{errors}");
        assert!(!list(&server, "q").is_empty());
        let ops = data(&done(&server, state.path(), &["ops", "list", "-o", "json"]));
        assert_eq!(ops["ops"][0]["ending"], "interrupted");
        assert!(errors.contains("undo with: jobctl undo "), "{errors}");
        done(&server, state.path(), &["undo", ops["ops"][0]["op_id"].as_str().unwrap()]);
        assert_same(&before, &snapshot(&server));
    }
}

#[test]
fn two_deletes_at_once_remove_each_job_once_and_both_undos_restore_all() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    enqueue_raw(&server, "q", (0..4000).map(|n| format!("job-{n:04}")));
    let both: Vec<_> = (0..2)
        .map(|_| {
            let (url, folder) = (server.url(), state.path().to_owned());
            std::thread::spawn(move || {
                crate::support::env::jobctl([
                    "--redis", &url, "jobs", "delete", "--queue", "q", "-o", "json",
                ])
                .env("XDG_STATE_HOME", &folder)
                .run()
            })
        })
        .collect();
    let runs: Vec<_> = both.into_iter().map(|thread| thread.join().unwrap()).collect();
    let removed: u64 = runs.iter().map(|run| data(run)["removed"].as_u64().unwrap()).sum();
    assert_eq!(removed, 4000);
    for run in &runs {
        if let Some(op) = data(run)["op_id"].as_str() {
            done(&server, state.path(), &["undo", op]);
        }
    }
    let mut after = list(&server, "q");
    after.sort_unstable();
    assert_eq!(after, (0..4000).map(|n| format!("job-{n:04}")).collect::<Vec<_>>());
}

#[test]
fn script_cache_flushed_in_between_is_noticed() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    many(&server);
    let socket = server.socket();
    let flushing = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let stop = std::sync::Arc::clone(&flushing);
    let thread = std::thread::spawn(move || {
        let client = redis::Client::open(format!("unix://{}", socket.display())).unwrap();
        let mut client = client.get_connection().unwrap();
        while stop.load(std::sync::atomic::Ordering::Relaxed) {
            redis::cmd("SCRIPT").arg("FLUSH").exec(&mut client).unwrap();
            std::thread::yield_now();
        }
    });
    let run = on(&server, state.path(), &["jobs", "delete", "--queue", "q"]).run();
    flushing.store(false, std::sync::atomic::Ordering::Relaxed);
    thread.join().unwrap();
    // What was flushed twice within one batch is told, and can be tried again.
    if run.code != 0 {
        done(&server, state.path(), &["jobs", "delete", "--queue", "q"]);
    }
    assert!(list(&server, "q").is_empty());
}
