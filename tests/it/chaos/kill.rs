//! jobctl is killed at every step of every mutation.

use tempfile::tempdir;

use super::{
    CANCEL, DELETE, MOVE, PROMOTE, PURGE, PURGE_FAILED, PURGE_HALF, RETRY, VERBS, Verb, leavings,
    newest,
};
use crate::change::{
    Snapshot, assert_same, data, done, enqueue_raw, list, on, op_of, snapshot, undone,
};
use crate::support::redis::RedisServer;

/// Every point at which the loop of all mutations may be killed; where it comes once per batch, in
/// the first batch or in the second.
const POINTS: [&str; 7] = [
    "journal-created",
    "images-synced:2",
    "script-replied:1",
    "script-replied:2",
    "confirmed:1",
    "before-end",
    "ended",
];

/// Kills at every point, and takes it back each time.
fn undo_restores(verb: Verb) {
    let server = RedisServer::start();
    verb.prepare(&server, verb.two_batches());
    let before = snapshot(&server);
    for point in POINTS {
        let state = tempdir().unwrap();
        let killed = on(&server, state.path(), verb.words).env("JOBCTL_TEST_FAULT", point).run();
        assert_eq!(killed.code, -1, "{verb:?} {point}: {killed:?}");
        let op = newest(&server, state.path()).unwrap();
        let undo = on(&server, state.path(), &["undo", &op]).run();
        // Killed before its first script it has no receipts: what it did not remove is then listed
        // as doubtful, which is no success, though it stands where it stood.
        let is_doubtful = undo.stdout.contains("it is not known whether");
        assert_eq!(undo.code, i32::from(is_doubtful), "{verb:?} {point}: {undo:?}");
        assert_same(&before, &snapshot(&server));
        if point == "script-replied:2" {
            let again = undone(&server, state.path(), &["undo", &op, "-o", "json"]);
            assert_eq!(data(&again)["changed"], 0, "{verb:?} {point}");
        }
    }
    assert_same(&before, &snapshot(&server));
    assert_eq!(leavings(&server), [""; 0], "{verb:?}");
}

/// The ids in the lists, and the keys; scores and dates are of the moment.
fn shape(server: &RedisServer, verb: Verb) -> (Vec<Vec<String>>, Vec<String>) {
    let Snapshot { keys, .. } = snapshot(server);
    let names = keys.keys().filter(|key| !key.contains("jobctl")).cloned().collect();
    let mut lists = ["q", "r"].map(|queue| list(server, queue)).to_vec();
    if [PROMOTE.words, RETRY.words].contains(&verb.words) {
        // Those that were promoted before the kill stand before the others when it is run again,
        // and those that an undo let fail again are forgotten later than the others.
        for list in &mut lists {
            list.sort_unstable();
        }
    }
    (lists, names)
}

/// Kills, runs the same again to the end, and takes both back.
fn again_completes(verb: Verb) {
    let server = RedisServer::start();
    verb.prepare(&server, verb.two_batches());
    let before = snapshot(&server);
    let state = tempdir().unwrap();
    let whole = op_of(&done(&server, state.path(), verb.words));
    let wanted = shape(&server, verb);
    undone(&server, state.path(), &["undo", &whole]);
    for point in ["images-synced:2", "script-replied:1"] {
        let state = tempdir().unwrap();
        on(&server, state.path(), verb.words).env("JOBCTL_TEST_FAULT", point).run();
        let first = newest(&server, state.path()).unwrap();
        let second = op_of(&done(&server, state.path(), verb.words));
        assert_eq!(shape(&server, verb), wanted, "{verb:?} {point}");
        undone(&server, state.path(), &["undo", &second]);
        undone(&server, state.path(), &["undo", &first]);
        assert_same(&before, &snapshot(&server));
    }
    assert_eq!(leavings(&server), [""; 0], "{verb:?}");
}

#[test]
fn purge_killed_anywhere_is_taken_back_by_undo() {
    undo_restores(PURGE);
    undo_restores(PURGE_HALF);
    undo_restores(PURGE_FAILED);
}

#[test]
fn delete_and_cancel_killed_anywhere_are_taken_back_by_undo() {
    undo_restores(DELETE);
    undo_restores(CANCEL);
}

#[test]
fn move_retry_and_promote_killed_anywhere_are_taken_back_by_undo() {
    undo_restores(MOVE);
    undo_restores(RETRY);
    undo_restores(PROMOTE);
}

#[test]
fn removals_killed_anywhere_are_completed_by_running_them_again() {
    VERBS.into_iter().take(4).for_each(again_completes);
}

#[test]
fn other_mutations_killed_anywhere_are_completed_by_running_them_again() {
    VERBS.into_iter().skip(4).for_each(again_completes);
}

/// Does to a job what a worker does that runs it, and what time does to it afterwards.
fn run_and_expire(server: &RedisServer, queue: &str, id: &str) {
    let popped = server.cmd(&["LREM", &format!("rq:queue:{queue}"), "1", id]);
    assert_eq!(popped, redis::Value::Int(1), "{id} does not wait in {queue}");
    server.cmd(&["DEL", &format!("rq:job:{id}")]);
}

#[test]
fn job_that_ran_and_expired_after_a_kill_is_not_brought_back() {
    for (verb, queue) in [(RETRY, "q"), (MOVE, "r"), (PROMOTE, "q")] {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        verb.prepare(&server, 1);
        let killed =
            on(&server, state.path(), verb.words).env("JOBCTL_TEST_FAULT", "script-replied").run();
        assert_eq!(killed.code, -1, "{verb:?}");
        run_and_expire(&server, queue, "erp::job-00000");
        let op = newest(&server, state.path()).unwrap();
        let undo = undone(&server, state.path(), &["undo", &op, "-o", "json"]);
        assert_eq!(data(&undo)["changed"], 0, "{verb:?}: {undo:?}");
        assert_eq!(snapshot(&server).names(), ["rq:queues"], "{verb:?}");
    }
}

#[test]
fn job_that_ran_and_expired_after_its_undo_was_killed_is_not_brought_back_twice() {
    for (point, restored) in [("script-replied", 0), ("confirmed", 0), ("images-synced", 1)] {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        enqueue_raw(&server, "q", ["one".to_owned()]);
        let op = op_of(&done(&server, state.path(), &["purge-jobs", "--queue", "q"]));
        on(&server, state.path(), &["undo", &op]).env("JOBCTL_TEST_FAULT", point).run();
        if restored == 0 {
            run_and_expire(&server, "q", "one");
        }
        let again = undone(&server, state.path(), &["undo", &op, "-o", "json"]);
        assert_eq!(data(&again)["changed"], restored, "{point}: {again:?}");
        assert_eq!(list(&server, "q").len(), restored, "{point}");
    }
}

#[test]
fn purged_job_that_was_enqueued_again_and_ran_after_a_kill_lives_on_as_it_is() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    enqueue_raw(&server, "q", ["one".to_owned()]);
    on(&server, state.path(), &["purge-jobs", "--queue", "q"])
        .env("JOBCTL_TEST_FAULT", "script-replied")
        .run();
    enqueue_raw(&server, "q", ["one".to_owned()]);
    server.cmd(&["LPOP", "rq:queue:q"]);
    server.cmd(&["HSET", "rq:job:one", "status", "started"]);
    let before = snapshot(&server);
    let op = newest(&server, state.path()).unwrap();
    let undo = undone(&server, state.path(), &["undo", &op, "-o", "json"]);
    assert_eq!(data(&undo)["changed"], 0, "{undo:?}");
    let mut after = snapshot(&server);
    after.keys.retain(|key, _| before.keys.contains_key(key));
    assert_eq!(before.keys.get("rq:job:one"), after.keys.get("rq:job:one"));
    assert!(list(&server, "q").is_empty());
}
