//! Redis dies in the middle of a mutation and comes back: with everything, or with what it had.

use std::thread;

use tempfile::tempdir;

use super::{MOVE, PURGE_HALF, RETRY, Verb, leavings, newest};
use crate::change::{assert_same, data, done, on, op_of, snapshot, undone};
use crate::support::env::jobctl;
use crate::support::redis::RedisServer;
use crate::support::wait::{PATIENCE, wait_until};

/// Kills Redis as soon as the first jobs are changed.
fn dies_in_the_middle_of(verb: Verb) {
    let mut server = RedisServer::builder().persistent().config("appendfsync", "always").start();
    let state = tempdir().unwrap();
    verb.prepare(&server, 4_000);
    let before = snapshot(&server);
    let (url, folder) = (server.url(), state.path().to_owned());
    let running = thread::spawn(move || {
        jobctl(["--redis", &url].iter().chain(verb.words)).env("XDG_STATE_HOME", folder).run()
    });
    let mut client = server.client();
    wait_until(PATIENCE, "the first jobs to be changed", || {
        let receipts: Vec<String> =
            redis::cmd("KEYS").arg("rq:jobctl:receipt:*").query(&mut client).unwrap();
        (!receipts.is_empty() || running.is_finished()).then_some(())
    });
    server.kill();
    let run = running.join().unwrap();
    server.restart();
    assert!([0, 69, 75].contains(&run.code), "{verb:?}: {run:?}");
    let op = newest(&server, state.path()).unwrap();
    if run.code != 0 {
        // What is known to be undoable is said to be.
        assert!(run.stderr.contains(&op), "{verb:?}: {run:?}");
    }
    undone(&server, state.path(), &["undo", &op]);
    assert_same(&before, &snapshot(&server));
    assert_eq!(leavings(&server), [""; 0], "{verb:?}");
}

#[test]
fn redis_that_dies_in_the_middle_loses_nothing() {
    [PURGE_HALF, MOVE, RETRY].into_iter().for_each(dies_in_the_middle_of);
}

#[test]
fn redis_that_forgets_a_mutation_is_not_given_its_jobs_twice() {
    for verb in [PURGE_HALF, MOVE, RETRY] {
        let mut server = RedisServer::start();
        let state = tempdir().unwrap();
        verb.prepare(&server, 800);
        let before = snapshot(&server);
        server.cmd(&["SAVE"]);
        let op = op_of(&done(&server, state.path(), verb.words));
        server.restart();
        assert_same(&before, &snapshot(&server));
        let undo = undone(&server, state.path(), &["undo", &op, "-o", "json"]);
        assert_eq!(data(&undo)["changed"], 0, "{verb:?}: {undo:?}");
        assert_same(&before, &snapshot(&server));
    }
}

#[test]
fn undo_that_redis_died_in_is_completed_by_the_next() {
    let mut server = RedisServer::builder().persistent().config("appendfsync", "always").start();
    let state = tempdir().unwrap();
    PURGE_HALF.prepare(&server, 4_000);
    let before = snapshot(&server);
    let op = op_of(&done(&server, state.path(), PURGE_HALF.words));
    let (url, folder, named) = (server.url(), state.path().to_owned(), op.clone());
    let running = thread::spawn(move || {
        jobctl(["--redis", &url, "undo", &named]).env("XDG_STATE_HOME", folder).run()
    });
    let mut client = server.client();
    wait_until(PATIENCE, "the first jobs to come back", || {
        let length: usize = redis::cmd("LLEN").arg("rq:queue:q").query(&mut client).unwrap();
        (length > 2_000 || running.is_finished()).then_some(())
    });
    server.kill();
    let run = running.join().unwrap();
    assert!([0, 69, 75].contains(&run.code), "{run:?}");
    server.restart();
    let undo = on(&server, state.path(), &["undo", &op]).run();
    assert_eq!(undo.code, 0, "{undo:?}");
    let after = snapshot(&server);
    assert_eq!(before.names(), after.names());
    assert_eq!(leavings(&server), [""; 0]);
}
