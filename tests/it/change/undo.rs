//! Delete and cancel, then undo, on what each RQ generation writes.

use tempfile::tempdir;

use super::{assert_same, data, done, enqueue_raw, list, on, op_of, snapshot};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;

/// Jobs of every state that stands still: queued with and without a lifetime, failed, finished,
/// deferred, scheduled, canceled; a group where there is one.
const STATES: &str = r"
from datetime import timedelta
queue = Queue('default', connection=connection)
fine = queue.enqueue(work.ok, 'x', result_ttl=500)
broken = queue.enqueue(work.fail, failure_ttl=600)
rq.SimpleWorker([queue], connection=connection).work(burst=True)
parent = queue.enqueue(work.ok, job_id='parent')
queue.enqueue(work.ok, job_id='child', depends_on=parent)
queue.enqueue(work.ok, job_id='grandchild', depends_on=Job.fetch('child', connection=connection))
queue.enqueue(work.ok, 1, job_id='second', ttl=900)
queue.enqueue(work.ok, 2, job_id='third', meta={'a': 1})
queue.enqueue(work.ok, 3, job_id='canceled').cancel()
queue.enqueue_in(timedelta(hours=1), work.ok, job_id='later')
try:
    from rq.group import Group
    Group.create(connection=connection, name='batch').enqueue_many(
        queue, [Queue.prepare_data(work.ok, job_id='grouped')])
except ImportError:
    pass
";

const GENERATIONS: [&str; 4] = ["1.14.1", "1.16.2", "2.6.1", "3.0.0"];

fn prepared(version: &str) -> (RedisServer, Rq) {
    let server = RedisServer::start();
    let rq = Rq::version(version);
    rq.python(&server, STATES);
    (server, rq)
}

#[test]
fn delete_all_then_undo_gives_back_everything_of_each_generation() {
    for version in GENERATIONS {
        let (server, rq) = prepared(version);
        let state = tempdir().unwrap();
        let before = snapshot(&server);
        let run = done(&server, state.path(), &["jobs", "delete", "--all", "-o", "json"]);
        let report = data(&run);
        let jobs = before
            .names()
            .into_iter()
            .filter(|key| key.starts_with("rq:job:") && !key.contains("depend"));
        assert_eq!(report["removed"], jobs.count(), "{version}: {report}");
        let after = snapshot(&server);
        let left = after.names();
        assert!(left.iter().all(|key| !key.starts_with("rq:job:")), "{version}: {left:?}");
        assert!(left.iter().all(|key| !key.contains("jobctl")), "{version}: {left:?}");
        let op = op_of(&run);
        done(&server, state.path(), &["undo", &op]);
        assert_same(&before, &snapshot(&server));
        let again = done(&server, state.path(), &["undo", &op, "-o", "json"]);
        assert_eq!(data(&again)["changed"], 0);
        // What was put back runs.
        rq.burst(&server, &["default"]);
        let status =
            rq.python(&server, "print(Job.fetch('third', connection=connection).get_status())");
        assert!(status.to_lowercase().contains("finished"), "{version}: {status}");
    }
}

#[test]
fn cancel_then_undo_gives_back_everything_of_each_generation() {
    for version in GENERATIONS {
        let (server, rq) = prepared(version);
        let state = tempdir().unwrap();
        let before = snapshot(&server);
        let run = done(&server, state.path(), &["jobs", "cancel", "--all", "-o", "json"]);
        assert_eq!(data(&run)["removed"], serde_json::Value::Null);
        let statuses = rq.python(
            &server,
            "print(*[connection.hget('rq:job:' + id, 'status').decode() for id in ('third', 'later', 'child')])",
        );
        assert_eq!(statuses, "canceled canceled canceled", "{version}");
        assert!(list(&server, "default").is_empty());
        done(&server, state.path(), &["undo", &op_of(&run)]);
        assert_same(&before, &snapshot(&server));
    }
}

#[test]
fn undo_of_an_undo_removes_again_and_can_be_undone() {
    let (server, _rq) = prepared("2.6.1");
    let state = tempdir().unwrap();
    let before = snapshot(&server);
    let first = done(&server, state.path(), &["jobs", "delete", "--all"]);
    let empty = snapshot(&server);
    let second = done(&server, state.path(), &["undo", &op_of(&first)]);
    let dry = done(&server, state.path(), &["undo", &op_of(&second), "--dry-run"]);
    assert!(dry.stdout.contains("would be removed again"), "{}", dry.stdout);
    let third = done(&server, state.path(), &["undo", &op_of(&second)]);
    assert!(third.stdout.contains(" jobs removed again"), "{}", third.stdout);
    assert!(!third.stdout.contains("restored"), "{}", third.stdout);
    assert_eq!(empty.names(), snapshot(&server).names());
    done(&server, state.path(), &["undo", &op_of(&third)]);
    assert_same(&before, &snapshot(&server));
}

#[test]
fn deleted_parent_and_its_canceled_dependents_are_counted_apart() {
    let (server, _rq) = prepared("2.6.1");
    let state = tempdir().unwrap();
    let words = ["jobs", "delete", "parent", "--dependents", "cancel"];
    let dry = done(&server, state.path(), &[&words[..], &["--dry-run"]].concat());
    assert!(dry.stdout.contains("1 job would be deleted, 2 canceled"), "{}", dry.stdout);
    let run = done(&server, state.path(), &[&words[..], &["-o", "json"]].concat());
    let report = data(&run);
    assert_eq!(report["by_action"], serde_json::json!({"canceled": 2, "deleted": 1}));
    assert_eq!((&report["changed"], &report["removed"]), (&3.into(), &1.into()));
    let undo = done(&server, state.path(), &["undo", &op_of(&run)]);
    assert!(undo.stdout.contains("3 jobs restored"), "{}", undo.stdout);
    let again = done(&server, state.path(), &words);
    assert!(again.stdout.contains("1 job deleted, 2 canceled"), "{}", again.stdout);
}

#[test]
fn undo_of_some_keeps_the_order_of_all_with_jobs_popped_and_pushed_meanwhile() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    enqueue_raw(
        &server,
        "q",
        (0..40).map(|n| format!("{}-{n:02}", if n % 3 == 0 { "a" } else { "b" })),
    );
    let before = list(&server, "q");
    let ids: Vec<&str> =
        before.iter().map(String::as_str).filter(|id| id.starts_with('a')).collect();
    let arguments: Vec<&str> = ["jobs", "delete"].into_iter().chain(ids.iter().copied()).collect();
    let run = done(&server, state.path(), &arguments);
    assert_eq!(list(&server, "q").len(), 26);
    for _ in 0..3 {
        server.cmd(&["LPOP", "rq:queue:q"]);
    }
    enqueue_raw(&server, "q", ["new".to_owned()]);
    done(&server, state.path(), &["undo", &op_of(&run)]);
    let after = list(&server, "q");
    let mut wanted: Vec<String> = before.clone();
    wanted.retain(|id| !["b-01", "b-02", "b-04"].contains(&id.as_str()));
    wanted.push("new".to_owned());
    // The last one had nobody behind it: where it goes beside newer jobs is not defined.
    let core = |ids: &[String]| ids.iter().filter(|id| *id != "a-39").cloned().collect::<Vec<_>>();
    assert_eq!(core(&after), core(&wanted));
    assert_eq!(after.len(), wanted.len());
}

#[test]
fn undo_leaves_a_job_that_lives_again_and_one_that_ran_since_is_not_doubled() {
    let (server, _rq) = prepared("1.16.2");
    let state = tempdir().unwrap();
    let run = done(&server, state.path(), &["jobs", "delete", "second", "third"]);
    enqueue_raw(&server, "default", ["second".to_owned()]);
    let undo = on(&server, state.path(), &["undo", &op_of(&run), "-o", "json"]).run();
    assert_eq!(undo.code, 1, "one was left alone: {undo:?}");
    assert_eq!((&data(&undo)["changed"], &data(&undo)["skipped"]), (&1.into(), &1.into()));
    assert_eq!(list(&server, "default").iter().filter(|id| *id == "second").count(), 1);
    // As if it had run and its result had expired.
    server.cmd(&["DEL", "rq:job:third"]);
    server.cmd(&["LREM", "rq:queue:default", "0", "third"]);
    let again = on(&server, state.path(), &["undo", &op_of(&run), "-o", "json"]).run();
    assert_eq!((again.code, &data(&again)["changed"]), (1, &0.into()));
}

#[test]
fn undo_of_ids_that_the_present_workers_cannot_run_is_refused_and_breaks_nothing() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    enqueue_raw(&server, "default", ["site1.localhost::x".to_owned()]);
    let run = done(&server, state.path(), &["jobs", "delete", "site1.localhost::x"]);
    let rq = Rq::version("3.0.0");
    let _worker = rq.worker(&server, "new", &["default"]);
    let undo = on(&server, state.path(), &["undo", &op_of(&run)]).run();
    assert_eq!(undo.code, 78, "{}", undo.stderr);
    assert!(undo.stderr.contains("RQ 3.0.0"), "{}", undo.stderr);
    let after = snapshot(&server);
    let names = after.names();
    assert!(!names.iter().any(|key| key.contains("job")), "{names:?}");
    assert!(!names.iter().any(|key| key.starts_with("rq:queue:")), "{names:?}");
}

#[test]
fn undo_of_fixed_ids_needs_a_flag() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    let id = "site1.localhost::scheduled_job::app.tasks.daily";
    enqueue_raw(&server, "default", [id.to_owned()]);
    let op = op_of(&done(&server, state.path(), &["jobs", "delete", id]));
    let undo = on(&server, state.path(), &["undo", &op, "-o", "json"]).run();
    assert_eq!(undo.code, 1, "{undo:?}");
    assert_eq!((&data(&undo)["changed"], &data(&undo)["skipped"]), (&0.into(), &1.into()));
    done(&server, state.path(), &["undo", &op, "--include-fixed-ids"]);
    assert_eq!(list(&server, "default"), [id]);
}

#[test]
fn queued_job_with_an_inherited_expiry_gets_none_from_an_undo() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    enqueue_raw(&server, "default", ["ghost-to-be".to_owned()]);
    server.cmd(&["EXPIRE", "rq:job:ghost-to-be", "400"]);
    let op = op_of(&done(&server, state.path(), &["jobs", "delete", "ghost-to-be"]));
    done(&server, state.path(), &["undo", &op]);
    assert_eq!(server.cmd(&["TTL", "rq:job:ghost-to-be"]), redis::Value::Int(-1));
}

#[test]
fn dependents_are_canceled_or_released_with_their_parent() {
    for (how, status) in [("cancel", "canceled"), ("release", "queued"), ("leave", "deferred")] {
        let (server, rq) = prepared("2.6.1");
        let state = tempdir().unwrap();
        let before = snapshot(&server);
        let run = done(&server, state.path(), &["jobs", "delete", "parent", "--dependents", how]);
        let read = |id: &str| {
            rq.python(&server, &format!("print(connection.hget('rq:job:{id}', 'status').decode())"))
        };
        assert_eq!(read("child"), status);
        assert_eq!(read("grandchild") == "canceled", how == "cancel");
        done(&server, state.path(), &["undo", &op_of(&run)]);
        assert_same(&before, &snapshot(&server));
    }
}

#[test]
fn running_job_is_never_deleted_nor_canceled() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    let rq = Rq::version("2.6.1");
    let gate = rq.folder().join("gate");
    let id = rq.enqueue(&server, "default", &format!("work.until, '{}'", gate.display()));
    let _worker = rq.worker(&server, "one", &["default"]);
    crate::support::wait::wait_until(crate::support::wait::PATIENCE, "the job to start", || {
        let status = rq.python(
            &server,
            &format!("print(Job.fetch('{id}', connection=connection).get_status())"),
        );
        status.to_lowercase().contains("started").then_some(())
    });
    for verb in ["delete", "cancel"] {
        let run = on(&server, state.path(), &["jobs", verb, &id, "-o", "json"]).run();
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert_eq!(data(&run)["skipped"], 1);
    }
    std::fs::write(gate, "").unwrap();
    crate::support::wait::wait_until(crate::support::wait::PATIENCE, "the job to end", || {
        let status = rq.python(
            &server,
            &format!("print(Job.fetch('{id}', connection=connection).get_status())"),
        );
        status.to_lowercase().contains("finished").then_some(())
    });
}
