//! What real RQ of five releases writes, and what jobctl reads of it.

use std::collections::HashMap;
use std::thread;

use serde_json::Value;

use super::{data, ids, jobs, list};
use crate::support::redis::RedisServer;
use crate::support::rq::{RELEASES, Rq};
use crate::support::wait::{PATIENCE, wait_until};

/// The fields of a job that issue 2 promises.
const CONTRACT: [&str; 17] = [
    "id",
    "queue",
    "site",
    "method",
    "event",
    "status",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "duration_ms",
    "wait_ms",
    "attempts",
    "max_attempts",
    "worker",
    "exception",
    "retries_left",
];

const FRAPPE: &str = r"
def execute_job(site, method, event, job_name, kwargs, user=None, is_async=True, retry=0):
    if kwargs.get('breaks'):
        raise ValueError('broken on ' + site)
    return kwargs
";

const FLAKY: &str = r"
import os, time
def second_time_lasts(path):
    if not os.path.exists(path + '.failed'):
        open(path + '.failed', 'w').close()
        raise RuntimeError('the first time')
    while not os.path.exists(path) and os.path.isdir(os.path.dirname(path)):
        time.sleep(0.01)
";

/// Prints the ids of jobs in every state, by name. `lost` is abandoned as RQ itself finds it out.
const WRITE: &str = r"
import zlib, base64
from datetime import timedelta
from rq import Retry
from rq.registry import StartedJobRegistry
from frappe.utils.background_jobs import execute_job

major = int(rq.VERSION.split('.')[0])
minor = int(rq.VERSION.split('.')[1])
made = {}
def put(name, job):
    made[name] = job.id

b = Queue('b', connection=connection)
idle = Queue('idle', connection=connection)
lost = Queue('lost', connection=connection)
put('ok', b.enqueue(work.ok, 1, name='x', result_ttl=600))
bad = b.enqueue(work.fail, 'why')
put('bad', bad)
put('retried', b.enqueue(work.fail, retry=Retry(max=2)))
put('retried_later', b.enqueue(work.fail, 'later', retry=Retry(max=3, interval=[3600, 7200])))
put('first_run', b.enqueue(work.ok, retry=Retry(max=3, interval=[3600, 7200])))
put('scheduled', b.enqueue_in(timedelta(hours=1), work.ok))
put('deferred', b.enqueue(work.ok, depends_on=bad))
put('queued', idle.enqueue(work.ok, 7))
put('waiting', idle.enqueue(work.ok, retry=Retry(max=2)))
canceled = idle.enqueue(work.ok)
canceled.cancel()
put('canceled', canceled)

def frappe(name, id, **kwargs):
    kwargs = dict(site='erp', user='kim@example.com', method='shop.pay', event='daily',
                  job_name='shop.pay', is_async=True, kwargs=kwargs)
    put(name, b.enqueue(execute_job, kwargs=kwargs, job_id=id))
frappe('v14', None, invoice='SINV-1', breaks=True)
if (major, minor) < (2, 1):
    frappe('v15', 'erp::abc', invoice='SINV-2')
if (major, minor) < (2, 8):
    frappe('v16', 'erp||abc', invoice='SINV-3')
if major >= 2:
    from rq.group import Group
    group = Group.create(connection=connection, name='batch')
    put('grouped', group.enqueue_many(b, [Queue.prepare_data(work.ok)])[0])

abandoned = lost.enqueue(work.ok)
put('lost', abandoned)
connection.lrem('rq:queue:lost', 0, abandoned.id)
connection.hset('rq:job:' + abandoned.id, 'status', 'started')
connection.hset('rq:job:' + abandoned.id, 'started_at', '2026-11-21T12:00:00.000000Z')
member = abandoned.id if major < 2 else abandoned.id + ':' + '0' * 32
connection.zadd('rq:wip:lost', {member: 1})
StartedJobRegistry('lost', connection=connection).cleanup()
print(json.dumps(made))
";

#[test]
fn list_of_every_release_shows_every_state_as_rq_left_it() {
    thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || check_states(version));
        }
    });
}

fn check_states(version: &str) {
    let server = RedisServer::start();
    let rq = Rq::version(version).module("frappe/utils/background_jobs", FRAPPE);
    let made: HashMap<String, String> = serde_json::from_str(&rq.python(&server, WRITE)).unwrap();
    rq.burst(&server, &["b"]);

    let listed = list(&server, &[]);
    assert_eq!(listed.len(), made.len(), "{version}: {listed:#?}");
    let job = |name: &str| -> &Value {
        let found = listed.iter().find(|job| job["id"] == made[name].as_str());
        found.unwrap_or_else(|| panic!("{version}: no {name}"))
    };
    for job in &listed {
        for field in CONTRACT {
            assert!(job.get(field).is_some(), "{version}: {field} is missing in {job}");
        }
    }
    for (name, status) in [
        ("ok", "finished"),
        ("bad", "failed"),
        ("retried", "failed"),
        ("retried_later", "scheduled"),
        ("first_run", "finished"),
        ("scheduled", "scheduled"),
        ("deferred", "deferred"),
        ("queued", "queued"),
        ("canceled", "canceled"),
        ("v14", "failed"),
        ("lost", "failed"),
    ] {
        assert_eq!(job(name)["status"], status, "{version}: {name}");
    }
    for name in ["ok", "bad", "v14"] {
        assert!(job(name)["duration_ms"].is_u64() && job(name)["wait_ms"].is_u64(), "{version}");
        assert!(job(name)["worker"].is_string(), "{version}: {}", job(name));
    }
    assert_eq!(job("ok")["method"], "work.ok");
    assert_eq!(job("bad")["exception"], "ValueError: why", "{version}");
    assert_eq!(job("retried")["exception"], "ValueError: broken on purpose");
    // Of 1.x in the hash, later in the stream.
    let lost = job("lost")["exception"].as_str().unwrap();
    assert!(lost.contains("AbandonedJobError"), "{version}: {lost}");
    assert!(job("lost")["duration_ms"].is_null(), "{version}");
    check_frappe(version, &made, &listed);
    check_attempts(version, job);
    check_shown(version, &server, &made);
}

fn check_frappe(version: &str, made: &HashMap<String, String>, listed: &[Value]) {
    for (name, status) in [("v14", "failed"), ("v15", "finished"), ("v16", "finished")] {
        let Some(id) = made.get(name) else { continue };
        let job = listed.iter().find(|job| job["id"] == id.as_str()).unwrap();
        let told = (&job["site"], &job["method"], &job["event"], &job["user"], &job["status"]);
        let told = told.0.as_str().zip(told.1.as_str()).zip(told.2.as_str()).zip(told.3.as_str());
        let wanted = ((("erp", "shop.pay"), "daily"), "kim@example.com");
        assert_eq!(told, Some(wanted), "{version}: {name}");
        assert_eq!(job["status"], status);
    }
}

fn check_attempts<'v>(version: &str, job: impl Fn(&str) -> &'v Value) {
    let counts = |name: &str| {
        let job = job(name);
        (job["attempts"].as_u64(), job["max_attempts"].as_u64(), job["retries_left"].as_u64())
    };
    assert_eq!(counts("bad"), (Some(1), Some(1), None), "{version}");
    assert_eq!(counts("queued"), (Some(0), Some(1), None), "{version}");
    assert_eq!(counts("waiting"), (Some(0), Some(3), Some(2)), "{version}");
    // It ran three times, but RQ forgot how often it might have.
    assert_eq!(counts("retried"), (None, None, Some(0)), "{version}");
    assert_eq!(counts("retried_later"), (None, None, Some(2)), "{version}");
    assert_eq!(counts("first_run"), (Some(1), Some(4), Some(3)), "{version}");
}

fn check_shown(version: &str, server: &RedisServer, made: &HashMap<String, String>) {
    let show = |name: &str| data(&jobs(server, &["show", &made[name], "-o", "json"]));
    let ok = show("ok");
    assert_eq!(ok["result"], 42, "{version}");
    assert_eq!(ok["arguments"]["args"], serde_json::json!([1]), "{version}");
    assert_eq!(ok["arguments"]["kwargs"]["name"], "x", "{version}");
    assert_eq!(ok["executions"][0]["outcome"], "successful", "{version}");
    let tells_times = version.starts_with('3');
    assert_eq!(ok["executions"][0]["started_at"].is_string(), tells_times, "{version}");
    assert_eq!(ok["executions"][0]["ended_at"].is_string(), tells_times, "{version}");
    let bad = show("bad");
    assert_eq!(bad["failure"]["class"], "ValueError", "{version}");
    assert!(bad["failure"]["at"].as_str().unwrap().ends_with(" in fail"), "{version}");
    assert_eq!(bad["dependents"], serde_json::json!([made["deferred"]]), "{version}");
    let deferred = show("deferred");
    assert_eq!(deferred["dependencies"][0]["status"], "failed", "{version}");
    assert!(show("scheduled")["due_at"].is_string(), "{version}");
    assert_eq!(show("v14")["arguments"]["kwargs"]["invoice"], "SINV-1", "{version}");
    assert!(show("lost")["failure"]["message"].is_string(), "{version}");
    if made.contains_key("grouped") {
        assert_eq!(show("grouped")["group"], "batch", "{version}");
    }
}

#[test]
fn list_of_every_release_shows_running_and_stopped_jobs() {
    thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || check_running(version));
        }
    });
}

fn check_running(version: &str) {
    let server = RedisServer::start();
    let rq = Rq::version(version).module("flaky", FLAKY);
    let (flag, other) = (rq.folder().join("flag"), rq.folder().join("other"));
    let snippet = format!(
        "from rq import Retry\nimport flaky\n\
         print(Queue('b', connection=connection).enqueue(\
         flaky.second_time_lasts, '{}', retry=Retry(max=2)).id)",
        flag.display()
    );
    let retried = rq.python(&server, &snippet);
    let call = format!("work.until, '{}', retry=__import__('rq').Retry(max=2)", other.display());
    let worker = rq.worker(&server, "w1", &["b"]);
    let running = |id: &str, runs_again: bool| {
        wait_until(PATIENCE, "the job to run", || {
            let job =
                list(&server, &["--status", "started"]).into_iter().find(|j| j["id"] == id)?;
            let started = job["started_at"].is_string() && job["worker"] == "w1";
            (started && (!runs_again || job["retries_left"] == 1)).then_some(job)
        })
    };
    let second = running(&retried, true);
    assert!(
        second["attempts"].is_null() && second["max_attempts"].is_null(),
        "{version}: {second}"
    );
    assert!(second["duration_ms"].is_u64() && second["exception"].is_null(), "{version}");
    std::fs::write(&flag, "").unwrap();

    let first = rq.enqueue(&server, "b", &call);
    let job = running(&first, false);
    assert_eq!((&job["attempts"], &job["max_attempts"]), (&1.into(), &3.into()), "{version}");
    assert_eq!(ids(&server, &["--status", "finished"]), [retried], "{version}");

    let stop = format!(
        "from rq.command import send_stop_job_command\n\
         send_stop_job_command(connection, '{first}')"
    );
    rq.python(&server, &stop);
    wait_until(PATIENCE, "the job to be stopped", || {
        (ids(&server, &["--status", "stopped"]) == [first.clone()]).then_some(())
    });
    assert!(ids(&server, &["--status", "failed"]).is_empty(), "{version}");
    drop(worker);
}
