//! `jobctl jobs enqueue` and `jobs watch` against real workers of every generation. What ran is
//! counted in a file that RQ knows nothing of.

use std::fs;
use std::path::PathBuf;

use redis::Value;

use super::support::bench_dir::BenchDir;
use super::support::env::{Run, jobctl};
use super::support::redis::RedisServer;
use super::support::rq::{RELEASES, Rq};
use super::support::wait::{PATIENCE, wait_until};

/// Writes one line per call.
pub(crate) const TALLY: &str = r"
import json, os

def note(path, *args, **kwargs):
    with open(path, 'a') as tally:
        tally.write(json.dumps([args, kwargs]) + '\n')

def fail_once(path, *args, **kwargs):
    'Fails at its first call with these arguments.'
    before = open(path).read() if os.path.exists(path) else ''
    note(path, *args, **kwargs)
    if json.dumps([args, kwargs]) not in before:
        raise ValueError('broken on purpose')

def fail(path, *args, **kwargs):
    note(path, *args, **kwargs)
    raise ValueError('broken on purpose')
";

/// What Frappe's workers call, as far as a job can tell.
const FRAPPE: &str = r"
import importlib, json

def execute_job(site, method, event, job_name, kwargs, user=None, is_async=True, retry=0):
    module, name = method.rsplit('.', 1)
    return getattr(importlib.import_module(module), name)(
        site=site, user=user, event=event, job_name=job_name, is_async=is_async, **kwargs)

def truncate_failed_registry(job, connection, type, value, traceback):
    connection.incr('truncated')
";

pub(crate) fn rq_with_tally(version: &str) -> (Rq, PathBuf) {
    let rq =
        Rq::version(version).module("tally", TALLY).module("frappe/utils/background_jobs", FRAPPE);
    let path = rq.folder().join("tally.jsonl");
    (rq, path)
}

pub(crate) fn lines(path: &PathBuf) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn wait_for_lines(path: &PathBuf, count: usize) -> Vec<serde_json::Value> {
    wait_until(PATIENCE, "the jobs to run", || Some(lines(path)).filter(|l| l.len() >= count))
}

fn plain(server: &RedisServer, arguments: &[&str]) -> Run {
    let url = server.url();
    jobctl(["--redis", &url].iter().chain(arguments)).run()
}

fn id_of(run: &Run) -> String {
    assert_eq!(run.code, 0, "{run:?}");
    run.json()["data"]["id"].as_str().unwrap().to_owned()
}

fn field(server: &RedisServer, id: &str, field: &str) -> String {
    let key = format!("rq:job:{id}");
    redis::cmd("HGET").arg(key).arg(field).query(&mut server.client()).unwrap()
}

#[test]
fn enqueued_plain_job_runs_once_with_its_arguments_on_every_release() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::start();
                let (rq, path) = rq_with_tally(version);
                let _worker = rq.worker(&server, "w1", &["default"]);
                let tally = path.to_str().unwrap();
                let run = plain(
                    &server,
                    &[
                        "jobs", "enqueue", "tally.note", tally, "1", "é", "--kwarg", "n=2.5",
                        "--kwargs", r#"{"deep": {"list": [true, null, -70000, 5000000000]}}"#,
                        "--job-timeout", "90", "-o", "json",
                    ],
                );
                let id = id_of(&run);
                let ran = wait_for_lines(&path, 1);
                let expected = serde_json::json!(
                    [[1, "é"], {"deep": {"list": [true, null, -70000, 5_000_000_000_i64]}, "n": 2.5}]
                );
                assert_eq!(ran, [expected], "{version}");
                let watched = plain(&server, &["jobs", "watch", &id, "--wait", "20", "-o", "json"]);
                assert_eq!(watched.code, 0, "{version} {watched:?}");
                // RQ itself finds the job that it would have made.
                let told = rq.python(
                    &server,
                    &format!(
                        "job = Job.fetch('{id}', connection=connection)\n\
                         same = job.get_call_string() == job.description\n\
                         print(same, job.timeout, job.origin, job.args[1:], job.kwargs['n'])"
                    ),
                );
                assert_eq!(told, "True 90 default (1, 'é') 2.5", "{version}");
                assert_eq!(lines(&path).len(), 1, "{version}");
            });
        }
    });
}

#[test]
fn enqueued_frappe_job_runs_in_the_dialect_of_its_workers() {
    std::thread::scope(|scope| {
        for (version, prefix) in [
            ("1.14.1", "site1.localhost::"),
            ("1.16.2", "site1.localhost::"),
            ("2.6.1", "site1.localhost||"),
            ("3.0.0", ""),
        ] {
            scope.spawn(move || {
                let server = RedisServer::start();
                let (rq, path) = rq_with_tally(version);
                let bench = BenchDir::new(&server, "b", &["site1.localhost"]);
                let _worker = rq.worker(&server, "w1", &["b:long"]);
                let pair = format!("path={}", path.display());
                let enqueue = |method: &str| {
                    let arguments = [
                        "jobs", "enqueue", method, "--queue", "long", "--kwarg", &pair, "-o",
                        "json",
                    ];
                    id_of(&bench.jobctl(&arguments).run())
                };
                let id = enqueue("tally.note");
                assert!(id.starts_with(prefix) && id.len() == prefix.len() + 36, "{version} {id}");
                let ran = wait_for_lines(&path, 1);
                let expected = serde_json::json!([[], {
                    "site": "site1.localhost", "user": "Administrator", "event": null,
                    "job_name": "tally.note", "is_async": true,
                }]);
                assert_eq!(ran, [expected], "{version}");
                assert_eq!(field(&server, &id, "timeout"), "1500", "{version}");
                assert_eq!(field(&server, &id, "failure_ttl"), "604800");
                // The callback of a job that fails is called.
                let id = enqueue("tally.fail");
                let watched =
                    bench.jobctl(&["jobs", "watch", &id, "--wait", "20", "-o", "json"]).run();
                assert_eq!(watched.code, 1, "{version} {watched:?}");
                let exception = watched.json()["data"]["exception"].clone();
                assert_eq!(exception, "ValueError: broken on purpose", "{version}");
                wait_until(PATIENCE, "the callback", || {
                    let value = server.cmd(&["GET", "truncated"]);
                    (value == Value::BulkString(b"1".to_vec())).then_some(())
                });
            });
        }
    });
}

#[test]
fn enqueue_of_a_fixed_id_is_refused_while_it_waits_and_never_inherits_an_expiry() {
    let server = RedisServer::start();
    let (rq, path) = rq_with_tally("1.16.2");
    let tally = path.to_str().unwrap();
    let enqueue = ["jobs", "enqueue", "tally.note", tally, "--job-id", "nightly", "-o", "json"];
    let create = [&enqueue[..], &["--create"]].concat();
    assert_eq!(plain(&server, &enqueue).code, 66);
    assert_eq!(id_of(&plain(&server, &create)), "nightly");
    let again = plain(&server, &enqueue);
    assert_eq!(again.code, 77, "{again:?}");
    assert!(again.stderr.contains("queued"), "{again:?}");

    rq.burst(&server, &["default"]);
    assert_eq!(wait_for_lines(&path, 1).len(), 1);
    let ttl = || server.cmd(&["TTL", "rq:job:nightly"]);
    assert!(matches!(ttl(), Value::Int(1..)), "a finished job expires");
    server.cmd(&["HSET", "rq:job:nightly", "meta", "stale"]);
    assert_eq!(id_of(&plain(&server, &enqueue)), "nightly");
    assert_eq!(ttl(), Value::Int(-1));
    assert_eq!(server.cmd(&["HEXISTS", "rq:job:nightly", "meta"]), Value::Int(0));
    assert_eq!(server.cmd(&["ZSCORE", "rq:finished:default", "nightly"]), Value::Nil);
    rq.burst(&server, &["default"]);
    assert_eq!(lines(&path).len(), 2);
}

#[test]
fn id_that_was_given_without_the_site_finds_the_job_and_takes_it_back() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["erp"]);
    let version = bench.path().join("apps/frappe/frappe/__init__.py");
    fs::write(version, "__version__ = \"16.1.0\"\n").unwrap();
    let words = ["jobs", "enqueue", "frappe.ping", "--job-id", "my:id2", "--site", "erp"];
    let state = tempfile::tempdir().unwrap();
    let run = bench.jobctl(&words).env("XDG_STATE_HOME", state.path()).run();
    assert_eq!(run.code, 0, "{run:?}");
    let command = format!("jobctl --bench {} jobs delete 'erp||my|id2'", bench.path().display());
    assert!(run.stdout.contains(&command), "{run:?}");
    let exists = bench.jobctl(&["jobs", "exists", "my:id2", "--site", "erp"]).run();
    assert_eq!(exists.code, 0, "{exists:?}");
    assert_eq!(bench.jobctl(&["jobs", "delete", "my:id2", "--site", "erp"]).run().code, 0);
    let no_undo = bench.jobctl(&[&words[..], &["--no-undo"]].concat()).run();
    assert_eq!(no_undo.code, 64, "{no_undo:?}");
}

#[test]
fn enqueue_with_dry_run_or_read_only_changes_nothing() {
    let server = RedisServer::start();
    let base = ["jobs", "enqueue", "app.run", "--create", "-o", "json"];
    let dry = plain(&server, &[&base[..], &["--dry-run"]].concat());
    assert_eq!((dry.code, dry.json()["data"]["enqueued"].as_bool()), (0, Some(false)), "{dry:?}");
    assert_eq!(plain(&server, &[&base[..], &["--read-only"]].concat()).code, 77);
    assert_eq!(server.cmd(&["DBSIZE"]), Value::Int(0));
}

#[test]
fn enqueue_over_frappes_cap_is_refused() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["site1.localhost"]);
    fs::write(bench.path().join("apps/frappe/frappe/__init__.py"), "__version__ = \"16.1.0\"\n")
        .unwrap();
    let others: Vec<String> = (0..550).map(|n| format!("x{n}")).collect();
    redis::cmd("RPUSH").arg("rq:queue:b:default").arg(&others).exec(&mut server.client()).unwrap();
    let base = ["jobs", "enqueue", "app.run", "-o", "json"];
    let full = bench.jobctl(&base).run();
    assert_eq!(full.code, 77, "{full:?}");
    assert!(full.stderr.contains("550") && full.stderr.contains("--over-cap"), "{full:?}");
    let front = [&base[..], &["--over-cap", "--at-front"]].concat();
    let id = id_of(&bench.jobctl(&front).run());
    assert_eq!(server.cmd(&["LINDEX", "rq:queue:b:default", "0"]), Value::BulkString(id.into()));
}

#[test]
fn enqueue_of_an_id_that_the_workers_cannot_run_is_refused() {
    let server = RedisServer::start();
    let (rq, _) = rq_with_tally("3.0.0");
    let _worker = rq.worker(&server, "w1", &["default"]);
    let bad = plain(&server, &["jobs", "enqueue", "app.run", "--job-id", "a.b"]);
    assert_eq!(bad.code, 77, "{bad:?}");
    assert_eq!(server.cmd(&["EXISTS", "rq:job:a.b"]), Value::Int(0));
}

#[test]
fn watch_tells_unknown_late_and_vanished_jobs_apart() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    assert_eq!(plain(&server, &["jobs", "watch", "nobody"]).code, 66);
    let id = rq.enqueue(&server, "default", "work.ok");
    let late = plain(&server, &["jobs", "watch", &id, "--wait", "0.2", "-o", "json"]);
    assert_eq!(
        (late.code, late.json()["data"]["status"].as_str()),
        (75, Some("queued")),
        "{late:?}"
    );
    assert!(late.stdout.contains("the time is up"), "{late:?}");
    // A job without a result to keep is deleted by its end.
    let flag = rq.folder().join("flag");
    let call = format!("work.until, '{}', result_ttl=0", flag.display());
    let short = rq.enqueue(&server, "other", &call);
    let _worker = rq.worker(&server, "w1", &["other"]);
    let url = server.url();
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            jobctl(["--redis", &url, "jobs", "watch", &short, "--wait", "20", "-o", "json"]).run()
        });
        wait_until(PATIENCE, "the job to start", || {
            (field(&server, &short, "status") == "started").then_some(())
        });
        let seen_before = server.cmd(&["INFO", "commandstats"]);
        // The watcher looks twice a second; it must have seen the job run.
        wait_until(PATIENCE, "the watcher to look", || {
            let calls = |info: &Value| match info {
                Value::VerbatimString { text, .. } => hmget_calls(text),
                Value::BulkString(text) => hmget_calls(&String::from_utf8_lossy(text)),
                _ => 0,
            };
            let now = server.cmd(&["INFO", "commandstats"]);
            (calls(&now) >= calls(&seen_before) + 2).then_some(())
        });
        fs::write(&flag, "").unwrap();
        let run = watching.join().unwrap();
        assert_eq!(
            (run.code, run.json()["data"]["status"].as_str()),
            (0, Some("finished")),
            "{run:?}"
        );
    });
}

fn hmget_calls(info: &str) -> u64 {
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_hmget:calls="));
    line.and_then(|line| line.split(',').next()?.parse().ok()).unwrap_or(0)
}
