//! Jobs that wait for one that is changed run once, whatever is done to both.

use std::fs;
use std::path::PathBuf;

use tempfile::tempdir;

use crate::change::{assert_same, data, done, list, on, op_of, snapshot};
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

#[test]
fn child_in_a_queue_that_rq_has_not_registered_is_counted_and_changed_with_its_parent() {
    // Later releases register it.
    for version in ["1.14.1", "1.15.1", "1.16.2"] {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        rq.python(
            &server,
            "parent = Queue('q', connection=connection).enqueue(work.ok, job_id='parent')\n\
             Queue('other', connection=connection).enqueue(work.ok, job_id='child', depends_on=parent)",
        );
        let state = tempdir().unwrap();
        let listed = done(&server, state.path(), &["jobs", "list", "--status", "deferred"]);
        assert!(listed.stdout.contains("child"), "RQ {version}: {}", listed.stdout);
        for verb in [&["purge-jobs", "--queue", "q"][..], &["jobs", "delete", "parent"]] {
            let dry = [verb, &["--dry-run", "-o", "json"]].concat();
            let plan = data(&done(&server, state.path(), &dry))["plan"].clone();
            assert_eq!(plan["dependents"], 1, "RQ {version} {verb:?}: {plan}");
        }
        let before = snapshot(&server);
        let words = ["jobs", "delete", "parent", "--dependents", "cancel"];
        let op = op_of(&done(&server, state.path(), &words));
        let canceled: i64 =
            redis::cmd("ZCARD").arg("rq:canceled:other").query(&mut server.client()).unwrap();
        assert_eq!(canceled, 1, "RQ {version}");
        done(&server, state.path(), &["undo", &op]);
        assert_same(&before, &snapshot(&server));
        let words = ["purge-jobs", "--queue", "q", "--dependents", "release"];
        done(&server, state.path(), &words);
        assert_eq!(list(&server, "other"), ["child"], "RQ {version}");
    }
}

#[test]
fn deferred_job_in_a_queue_that_rq_has_not_registered_can_be_named_and_selected() {
    let server = RedisServer::start();
    Rq::version("1.16.2").python(
        &server,
        "parent = Queue('q', connection=connection).enqueue(work.ok, job_id='parent')\n\
         Queue('other', connection=connection).enqueue(work.ok, job_id='child', depends_on=parent)",
    );
    let state = tempdir().unwrap();
    for words in [&["--status", "deferred"][..], &["--id", "child", "--status", "deferred"]] {
        let dry = [&["purge-jobs", "--dry-run", "-o", "json"], words].concat();
        assert_eq!(data(&done(&server, state.path(), &dry))["plan"]["count"], 1, "{words:?}");
    }
    done(&server, state.path(), &["jobs", "delete", "child"]);
    assert_eq!(server.cmd(&["EXISTS", "rq:job:child"]), redis::Value::Int(0));
}
