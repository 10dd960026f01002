//! Workers of another RQ stand there when a purge is to be taken back.

use std::fs;

use tempfile::tempdir;

use crate::change::{assert_same, done, enqueue_raw, list, on, op_of, snapshot};
use crate::support::redis::RedisServer;
use crate::support::rq::{RELEASES, Rq};
use crate::support::wait::{PATIENCE, wait_until};

/// An id, the release that wrote it, and those that cannot run it.
const IDS: [(&str, &str, &[&str]); 2] = [
    ("site1.localhost::0b1c", "1.16.2", &["2.6.1", "3.0.0"]),
    ("site1.localhost||0b1c", "2.6.1", &["3.0.0"]),
];

const RUN: &str = "
import os

def note(path):
    open(path, 'a').write('ran\\n')
";

#[test]
fn undo_of_a_purge_waits_for_workers_that_can_run_the_ids() {
    for (id, release, refusing) in IDS {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        let rq = Rq::version(release).module("running", RUN);
        let ran = rq.folder().join("ran");
        rq.python(
            &server,
            &format!(
                "import running\nqueue = Queue('q', connection=connection)\n\
                 queue.enqueue(running.note, '{}', job_id='{id}')",
                ran.display()
            ),
        );
        let op = op_of(&done(&server, state.path(), &["purge-jobs", "--queue", "q"]));
        for version in refusing {
            let newer = Rq::version(version);
            let worker = newer.worker(&server, "newer", &["q"]);
            let undo = on(&server, state.path(), &["undo", &op]).run();
            assert_eq!(undo.code, 78, "{id} on {version}: {undo:?}");
            assert!(undo.stderr.contains(&format!("RQ {version}")), "{undo:?}");
            let keys: Vec<String> =
                redis::cmd("KEYS").arg("rq:job*").query(&mut server.client()).unwrap();
            assert!(
                keys.is_empty() && list(&server, "q").is_empty(),
                "{id} on {version}: {keys:?}"
            );
            // The worker is well: it runs what it can.
            let fine = newer.enqueue(&server, "q", "work.ok");
            wait_until(PATIENCE, "the newer worker to run a job", || {
                let key = format!("rq:job:{fine}");
                let status: Option<String> =
                    redis::cmd("HGET").arg(key).arg("status").query(&mut server.client()).unwrap();
                (status.as_deref() == Some("finished")).then_some(())
            });
            drop(worker);
            server.cmd(&["UNLINK", &format!("rq:job:{fine}"), &format!("rq:results:{fine}")]);
        }
        done(&server, state.path(), &["undo", &op]);
        assert_eq!(list(&server, "q"), [id]);
        rq.burst(&server, &["q"]);
        assert_eq!(fs::read_to_string(&ran).unwrap(), "ran\n", "{id}");
    }
}

/// Jobs of every state that stands still, in groups and waiting for each other.
const STATES: &str = r"
queue = Queue('q', connection=connection)
queue.enqueue(work.ok, job_id='finished', result_ttl=500)
queue.enqueue(work.fail, job_id='failed', failure_ttl=600)
rq.SimpleWorker([queue], connection=connection).work(burst=True)
parent = queue.enqueue(work.ok, job_id='parent', meta={'a': 1})
child = queue.enqueue(work.ok, job_id='child', depends_on=parent)
queue.enqueue(work.ok, job_id='grandchild', depends_on=child)
queue.enqueue(work.ok, job_id='mortal', ttl=900)
queue.enqueue(work.ok, job_id='canceled').cancel()
queue.enqueue_in(datetime.timedelta(hours=1), work.ok, job_id='later')
try:
    from rq.group import Group
    Group.create(connection=connection, name='batch').enqueue_many(
        queue, [Queue.prepare_data(work.ok, job_id=f'grouped-{n}') for n in range(3)])
except ImportError:
    pass
";

#[test]
fn undo_of_purges_of_every_state_gives_back_the_whole_keyspace_on_every_release() {
    for version in RELEASES {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        Rq::version(version).python(&server, STATES);
        enqueue_raw(&server, "r", ["beside".to_owned()]);
        let before = snapshot(&server);
        let mut ops = Vec::new();
        for status in ["queued", "finished", "failed", "deferred", "scheduled", "canceled"] {
            let words = ["purge-jobs", "--queue", "q", "--status", status];
            ops.push(op_of(&done(&server, state.path(), &words)));
        }
        let after = snapshot(&server);
        let jobs = after.names().into_iter().filter(|key| key.starts_with("rq:job:"));
        assert_eq!(jobs.collect::<Vec<_>>(), ["rq:job:beside"], "{version}");
        for op in ops.iter().rev() {
            done(&server, state.path(), &["undo", op]);
        }
        assert_same(&before, &snapshot(&server));
    }
}
