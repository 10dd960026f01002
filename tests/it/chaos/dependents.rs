//! Jobs that wait for one that is changed run once, whatever is done to both.

use std::fs;
use std::path::PathBuf;

use tempfile::tempdir;

use crate::change::{assert_same, data, done, on, op_of, snapshot};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;

/// One release of each way in which RQ queues what waited: with and without a check for canceled
/// jobs, and by way of the `ready` registry.
const RELEASES: [&str; 3] = ["1.14.1", "2.6.1", "3.0.0"];

/// Writes down each run, and lets `child` wait for `parent`.
const FAMILY: &str = "
import os

def run(path, name):
    with open(path, 'a') as file:
        file.write(name + '\\n')

def enqueue(queue, path):
    parent = queue.enqueue(run, path, 'parent', job_id='parent')
    queue.enqueue(run, path, 'child', job_id='child', depends_on=parent)
";

struct Family {
    server: RedisServer,
    rq: Rq,
    runs: PathBuf,
}

impl Family {
    fn new(version: &str) -> Self {
        let server = RedisServer::start();
        let rq = Rq::version(version).module("family", FAMILY);
        let runs = rq.folder().join("runs");
        let path = runs.display();
        let queue = "Queue('q', connection=connection)";
        rq.python(&server, &format!("import family\nfamily.enqueue({queue}, '{path}')"));
        Self { server, rq, runs }
    }

    /// Lets a worker do all there is to do; gives who has run so far, in their order.
    fn work(&self) -> Vec<String> {
        self.rq.burst(&self.server, &["q"]);
        fs::read_to_string(&self.runs).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

#[test]
fn child_that_was_canceled_with_its_parent_and_retried_runs_once() {
    for version in RELEASES {
        let family = Family::new(version);
        let state = tempdir().unwrap();
        let both = ["jobs", "cancel", "parent", "--dependents", "cancel"];
        done(&family.server, state.path(), &both);
        let before = snapshot(&family.server);
        let retry = ["jobs", "retry", "--queue", "q", "--status", "canceled"];
        let op = op_of(&done(&family.server, state.path(), &retry));
        done(&family.server, state.path(), &["undo", &op]);
        assert_same(&before, &snapshot(&family.server));
        done(&family.server, state.path(), &retry);
        let mut runs = family.work();
        runs.sort_unstable();
        assert_eq!(runs, ["child", "parent"], "RQ {version}");
    }
}

#[test]
fn child_that_was_released_and_ran_does_not_wait_again_after_an_undo() {
    for version in RELEASES {
        let family = Family::new(version);
        let state = tempdir().unwrap();
        let words = ["purge-jobs", "--queue", "q", "--dependents", "release"];
        let op = op_of(&done(&family.server, state.path(), &words));
        assert_eq!(family.work(), ["child"], "RQ {version}");
        let undo = on(&family.server, state.path(), &["undo", &op, "-o", "json"]).run();
        assert_eq!(undo.code, 1, "the child ran: {undo:?}");
        assert_eq!(data(&undo)["changed"], 1, "RQ {version}: {undo:?}");
        assert_eq!(family.work(), ["child", "parent"], "RQ {version}");
    }
}

#[test]
fn child_that_was_released_and_did_not_run_waits_again_after_an_undo() {
    for version in RELEASES {
        for verb in [&["purge-jobs", "--queue", "q"][..], &["jobs", "cancel", "parent"]] {
            let family = Family::new(version);
            let state = tempdir().unwrap();
            let before = snapshot(&family.server);
            let words = [verb, &["--dependents", "release"]].concat();
            let op = op_of(&done(&family.server, state.path(), &words));
            done(&family.server, state.path(), &["undo", &op]);
            assert_same(&before, &snapshot(&family.server));
            assert_eq!(family.work(), ["parent", "child"], "RQ {version} {verb:?}");
        }
    }
}

#[test]
fn child_that_was_canceled_while_its_parent_was_away_runs_only_after_its_own_undo() {
    for version in RELEASES {
        let family = Family::new(version);
        let state = tempdir().unwrap();
        let change = |words: &[&str]| op_of(&done(&family.server, state.path(), words));
        let undo = |op: &str| done(&family.server, state.path(), &["undo", op]);
        let before = snapshot(&family.server);
        let purge = change(&["purge-jobs", "--queue", "q"]);
        let cancel = change(&["jobs", "cancel", "child"]);
        undo(&purge);
        undo(&cancel);
        assert_same(&before, &snapshot(&family.server));
        let purge = change(&["purge-jobs", "--queue", "q"]);
        change(&["jobs", "cancel", "child"]);
        undo(&purge);
        assert_eq!(family.work(), ["parent"], "RQ {version}");
    }
}
