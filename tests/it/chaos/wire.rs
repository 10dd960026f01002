//! The connection is lost in the middle of a pipeline: of the commands, or of their replies.

use std::path::Path;

use tempfile::tempdir;

use super::proxy::{Proxy, Way};
use super::{DELETE, MOVE, PROMOTE, PURGE_HALF, RETRY, Verb, leavings};
use crate::change::{assert_same, op_of, snapshot};
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;

/// Into how many parts the traffic of a whole run is divided by the cuts.
const PARTS: u64 = 5;

fn through(proxy: &Proxy, state: &Path, words: &[&str]) -> Run {
    let url = proxy.url();
    jobctl(["--redis", &url].iter().chain(words)).env("XDG_STATE_HOME", state).run()
}

/// Every operation that has begun, newest first.
fn operations(proxy: &Proxy, state: &Path) -> Vec<String> {
    let run = through(proxy, state, &["ops", "list", "-o", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let ops = run.json()["data"]["ops"].as_array().unwrap().clone();
    ops.iter().map(|op| op["op_id"].as_str().unwrap().to_owned()).collect()
}

/// Cuts the connection at several places of a run, and takes back what was done.
fn survives_cuts(verb: Verb) {
    let server = RedisServer::start();
    verb.prepare(&server, verb.two_batches());
    let before = snapshot(&server);
    let proxy = Proxy::to(&server);
    let state = tempdir().unwrap();
    let whole = through(&proxy, state.path(), verb.words);
    assert_eq!(whole.code, 0, "{whole:?}");
    let totals = [Way::There, Way::Back].map(|way| (way, proxy.passed(way)));
    undo_all(&proxy, state.path());
    assert_same(&before, &snapshot(&server));
    for (way, total) in totals {
        for part in 1..PARTS {
            let at = total * part / PARTS;
            let context = format!("{verb:?} cut {way:?} at byte {at} of {total}");
            let state = tempdir().unwrap();
            proxy.cut_after(way, at);
            let run = through(&proxy, state.path(), verb.words);
            proxy.cut_after(way, 0);
            assert!([0, 69, 75].contains(&run.code), "{context}: {run:?}");
            undo_all(&proxy, state.path());
            assert_same(&before, &snapshot(&server));
            assert_eq!(leavings(&server), [""; 0], "{context}: {run:?}");
        }
    }
}

fn undo_all(proxy: &Proxy, state: &Path) {
    for op in operations(proxy, state) {
        let undo = through(proxy, state, &["undo", &op]);
        assert_eq!(undo.code, 0, "{undo:?}");
    }
}

#[test]
fn purge_survives_a_cut_connection() {
    survives_cuts(PURGE_HALF);
}

#[test]
fn delete_and_move_survive_a_cut_connection() {
    survives_cuts(DELETE);
    survives_cuts(MOVE);
}

#[test]
fn retry_and_promote_survive_a_cut_connection() {
    survives_cuts(RETRY);
    survives_cuts(PROMOTE);
}

#[test]
fn undo_survives_a_cut_connection() {
    let server = RedisServer::start();
    PURGE_HALF.prepare(&server, PURGE_HALF.two_batches());
    let before = snapshot(&server);
    let proxy = Proxy::to(&server);
    let state = tempdir().unwrap();
    let total = 200_000;
    for part in 1..PARTS {
        let run = through(&proxy, state.path(), PURGE_HALF.words);
        let op = op_of(&run);
        proxy.cut_after(Way::There, total * part / PARTS);
        let first = through(&proxy, state.path(), &["undo", &op]);
        proxy.cut_after(Way::There, 0);
        assert!([0, 69, 75].contains(&first.code), "part {part}: {first:?}");
        let second = through(&proxy, state.path(), &["undo", &op]);
        assert_eq!(second.code, 0, "part {part}: {second:?}");
        assert_same(&before, &snapshot(&server));
    }
}
