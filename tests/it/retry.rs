//! `jobctl jobs retry` and `jobs promote` against real workers. What ran is counted in a file that
//! RQ knows nothing of.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use redis::Value;

use super::enqueue::{lines, rq_with_tally, wait_for_lines};
use super::support::bench_dir::BenchDir;
use super::support::env::{Jobctl, Run, jobctl};
use super::support::redis::RedisServer;
use super::support::rq::{RELEASES, Rq};
use super::support::wait::{PATIENCE, wait_until};

/// A `jobctl` whose journals outlive it.
fn journalling(server: &RedisServer, state: &Path, arguments: &[&str]) -> Jobctl {
    let url = server.url();
    jobctl(["--redis", &url].iter().chain(arguments)).env("XDG_STATE_HOME", state)
}

fn plain(server: &RedisServer, arguments: &[&str]) -> Run {
    let url = server.url();
    jobctl(["--redis", &url].iter().chain(arguments)).run()
}

fn changed(run: &Run) -> (i64, i64) {
    assert!(run.code == 0 || run.code == 1, "{run:?}");
    let data = &run.json()["data"];
    (data["changed"].as_i64().unwrap(), data["skipped"].as_i64().unwrap())
}

fn list(server: &RedisServer, queue: &str) -> Vec<String> {
    let key = format!("rq:queue:{queue}");
    redis::cmd("LRANGE").arg(key).arg(0).arg(-1).query(&mut server.client()).unwrap()
}

fn hash(server: &RedisServer, id: &str) -> HashMap<String, Vec<u8>> {
    redis::cmd("HGETALL").arg(format!("rq:job:{id}")).query(&mut server.client()).unwrap()
}

fn field(server: &RedisServer, id: &str, field: &str) -> String {
    let value: Option<String> = redis::cmd("HGET")
        .arg(format!("rq:job:{id}"))
        .arg(field)
        .query(&mut server.client())
        .unwrap();
    value.unwrap_or_default()
}

fn failed(server: &RedisServer, rq: &Rq, path: &Path, more: &str) -> String {
    let call = format!("__import__('tally').fail_once, '{}'{more}", path.display());
    let id = rq.enqueue(server, "default", &call);
    rq.burst(server, &["default"]);
    assert_eq!(field(server, &id, "status"), "failed");
    id
}

#[test]
fn retried_job_really_runs_on_every_release_and_undo_gives_back_the_failure() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::start();
                let (rq, path) = rq_with_tally(version);
                let state = tempfile::tempdir().unwrap();
                let id = failed(&server, &rq, &path, "");
                let before = hash(&server, &id);
                let score = server.cmd(&["ZSCORE", "rq:failed:default", &id]);
                let key = format!("rq:job:{id}");
                let ttl =
                    || -> i64 { redis::cmd("TTL").arg(&key).query(&mut server.client()).unwrap() };
                let ttl_before = ttl();
                assert!(ttl_before > 0, "{version}");

                let retry = ["jobs", "retry", "--all", "-o", "json"];
                let run = journalling(&server, state.path(), &retry).run();
                assert_eq!(changed(&run), (1, 0), "{version} {run:?}");
                assert_eq!((ttl(), list(&server, "default")), (-1, vec![id.clone()]), "{version}");
                let op = run.json()["data"]["op_id"].as_str().unwrap().to_owned();
                assert!(run.stderr.contains(&format!("undo with: jobctl undo {op} ")), "{run:?}");

                let undone = journalling(&server, state.path(), &["undo", &op, "-o", "json"]).run();
                assert_eq!(changed(&undone), (1, 0), "{version} {undone:?}");
                assert_eq!(hash(&server, &id), before, "{version}");
                assert!((ttl() - ttl_before).abs() <= 2, "{version}");
                assert_eq!(server.cmd(&["ZSCORE", "rq:failed:default", &id]), score, "{version}");
                assert!(list(&server, "default").is_empty());

                let run = journalling(&server, state.path(), &retry).run();
                assert_eq!(changed(&run), (1, 0), "{version} {run:?}");
                rq.burst(&server, &["default"]);
                assert_eq!(field(&server, &id, "status"), "finished", "{version}");
                assert_eq!(lines(&path).len(), 2, "{version}");
                assert_eq!(server.cmd(&["ZCARD", "rq:failed:default"]), Value::Int(0));
                let nothing = journalling(&server, state.path(), &retry).run();
                assert_eq!(changed(&nothing), (0, 0), "{version}");
            });
        }
    });
}

#[test]
fn retry_of_all_takes_only_what_failed() {
    let server = RedisServer::start();
    let (rq, path) = rq_with_tally("1.16.2");
    let ids: Vec<String> = (0..3).map(|_| rq.enqueue(&server, "default", "work.fail")).collect();
    rq.burst(&server, &["default"]);
    server.cmd(&["HSET", &format!("rq:job:{}", ids[1]), "status", "finished"]);
    server.cmd(&["HSET", &format!("rq:job:{}", ids[2]), "status", "stopped"]);
    let call = format!("__import__('tally').note, '{}'", path.display());
    let waiting = rq.enqueue(&server, "default", &call);

    let refused = plain(&server, &["jobs", "retry"]);
    assert_eq!(refused.code, 77, "{refused:?}");
    assert_eq!(changed(&plain(&server, &["jobs", "retry", "--all", "-o", "json"])), (1, 0));
    assert_eq!(list(&server, "default"), [waiting.clone(), ids[0].clone()]);
    let stopped = [
        "jobs",
        "retry",
        "--all",
        "--status",
        "stopped",
        "--front",
        "--retries",
        "2",
        "-o",
        "json",
    ];
    assert_eq!(changed(&plain(&server, &stopped)), (1, 0));
    assert_eq!(list(&server, "default"), [ids[2].clone(), waiting, ids[0].clone()]);
    assert_eq!(field(&server, &ids[2], "retries_left"), "2");
    assert_eq!(field(&server, &ids[0], "retries_left"), "");
    let usage = plain(&server, &["jobs", "retry", "--all", "--status", "finished"]);
    assert_eq!(usage.code, 64, "{usage:?}");
}

#[test]
fn retry_in_front_keeps_the_order_and_fits_the_exception() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let ids: Vec<String> = (0..4)
        .map(|n| {
            let ttl = 1000 + n;
            rq.enqueue(&server, "default", &format!("work.fail, 'no {n}', failure_ttl={ttl}"))
        })
        .collect();
    rq.burst(&server, &["default"]);
    let waiting = rq.enqueue(&server, "default", "work.ok");
    let arguments =
        ["jobs", "retry", "--exception", "valueerror.*no [123]", "--front", "-o", "json"];
    let run = plain(&server, &arguments);
    assert_eq!(changed(&run), (3, 0), "{run:?}");
    assert_eq!(list(&server, "default"), [&ids[1], &ids[2], &ids[3], &waiting].map(String::clone));
    // Requeued twice: the second finds nothing that failed.
    let again = plain(&server, &["jobs", "retry", &ids[1], "-o", "json"]);
    assert_eq!((again.code, changed(&again)), (1, (0, 1)), "{again:?}");
}

#[test]
fn retry_goes_through_the_rate_limiter() {
    let server = RedisServer::start();
    let (rq, path) = rq_with_tally("3.0.0");
    let call = format!(
        "__import__('tally').fail_once, '{}', 'N', rate_limit=rq.rate_limit.RateLimit('slow', 1), failure_ttl=TTL",
        path.display()
    );
    // Retried in the order of the registry: the failure that is forgotten first comes first.
    let ids = [("a", "1000"), ("b", "2000")].map(|(n, ttl)| {
        let snippet = format!(
            "import rq.rate_limit\nprint(Queue('default', connection=connection).enqueue({}).id)",
            call.replace("'N'", &format!("'{n}'")).replace("TTL", ttl)
        );
        rq.python(&server, &snippet)
    });
    rq.burst(&server, &["default"]);
    rq.burst(&server, &["default"]);
    assert_eq!(ids.each_ref().map(|id| field(&server, id, "status")), ["failed", "failed"]);
    // It waited for one that has not ended, and was requeued by hand.
    server.cmd(&["SADD", &format!("rq:job::{}:dependencies", ids[0]), "parent"]);
    server.cmd(&["SADD", "rq:job:parent:dependents", &ids[0], "other"]);
    let run = plain(&server, &["jobs", "retry", "--all", "-o", "json"]);
    assert_eq!(changed(&run), (2, 0), "{run:?}");
    assert_eq!(server.cmd(&["SISMEMBER", "rq:job:parent:dependents", &ids[0]]), Value::Int(0));
    assert_eq!(server.cmd(&["SCARD", "rq:job:parent:dependents"]), Value::Int(1));
    let statuses = ids.each_ref().map(|id| field(&server, id, "status"));
    assert_eq!(statuses, ["queued", "rate_limited"]);
    assert_eq!(list(&server, "default"), [ids[0].clone()]);
    let _worker = rq.worker(&server, "w1", &["default"]);
    wait_for_lines(&path, 4);
    wait_until(PATIENCE, "both to finish", || {
        let both = ids.each_ref().map(|id| field(&server, id, "status"));
        (both == ["finished", "finished"]).then_some(())
    });
    assert_eq!(lines(&path).len(), 4);
}

#[test]
fn retry_leaves_alone_what_would_end_the_worker() {
    let server = RedisServer::start();
    let rq = Rq::version("3.0.0");
    let ids: Vec<String> = (0..2).map(|_| rq.enqueue(&server, "default", "work.fail")).collect();
    rq.burst(&server, &["default"]);
    server.cmd(&["HSET", &format!("rq:job:{}", ids[0]), "result_ttl", "soon"]);
    // Written for an RQ that took such ids.
    server.cmd(&["COPY", &format!("rq:job:{}", ids[1]), "rq:job:a.b"]);
    server.cmd(&["ZADD", "rq:failed:default", "99999999999", "a.b"]);
    let _worker = rq.worker(&server, "w1", &["default"]);
    let run = plain(&server, &["jobs", "retry", "--all", "-o", "json"]);
    assert_eq!(changed(&run), (1, 2), "{run:?}");
    let reasons = run.json()["data"]["skipped_by_reason"].to_string();
    assert!(reasons.contains("result_ttl") && reasons.contains("2.8"), "{reasons}");
}

#[test]
fn retry_honours_frappes_cap_and_fills_up_at_a_rate() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["site1.localhost"]);
    let version = bench.path().join("apps/frappe/frappe/__init__.py");
    fs::write(version, "__version__ = \"16.1.0\"\n").unwrap();
    let rq = Rq::version("1.16.2");
    for _ in 0..3 {
        rq.enqueue(&server, "b:default", "work.fail");
    }
    rq.burst(&server, &["b:default"]);
    let others: Vec<String> = (0..549).map(|n| format!("x{n}")).collect();
    redis::cmd("RPUSH").arg("rq:queue:b:default").arg(&others).exec(&mut server.client()).unwrap();
    let retry = |more: &[&str]| {
        bench.jobctl(&[&["jobs", "retry", "--all", "-o", "json"], more].concat()).run()
    };
    let full = retry(&[]);
    assert_eq!(full.code, 77, "{full:?}");
    assert!(full.stderr.contains("--limit 1") && full.stderr.contains("--rate"), "{full:?}");
    assert_eq!(changed(&retry(&["--limit", "1"])), (1, 0));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| retry(&["--rate", "50/s"]));
        // It waits for room, which somebody makes in time.
        wait_until(PATIENCE, "the retry to wait", || {
            let calls: String =
                redis::cmd("INFO").arg("commandstats").query(&mut server.client()).unwrap();
            let evals = calls.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
            let evals: u64 = evals?.split(',').next()?.parse().ok()?;
            (evals > 4).then_some(())
        });
        server.cmd(&["LTRIM", "rq:queue:b:default", "0", "100"]);
        assert_eq!(changed(&waiting.join().unwrap()), (2, 0));
    });
}

#[test]
fn undo_honours_frappes_cap() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["site1.localhost"]);
    let version = bench.path().join("apps/frappe/frappe/__init__.py");
    fs::write(version, "__version__ = \"16.1.0\"\n").unwrap();
    let rq = Rq::version("1.16.2");
    for _ in 0..3 {
        rq.enqueue(&server, "b:default", "work.ok");
    }
    let purge = bench.jobctl(&["purge-jobs", "--queue", "default", "-o", "json"]).run();
    let op = purge.json()["data"]["op_id"].as_str().unwrap().to_owned();
    let others: Vec<String> = (0..548).map(|n| format!("x{n}")).collect();
    redis::cmd("RPUSH").arg("rq:queue:b:default").arg(&others).exec(&mut server.client()).unwrap();
    let undo = |more: &[&str]| bench.jobctl(&[&["undo", &op, "-o", "json"], more].concat()).run();
    let full = undo(&[]);
    assert_eq!(full.code, 77, "{full:?}");
    assert!(full.stderr.contains("--limit 2") && full.stderr.contains("--over-cap"), "{full:?}");
    assert_eq!(list(&server, "b:default").len(), 548);
    assert_eq!(changed(&undo(&["--limit", "2"])), (2, 0));
    assert_eq!(changed(&undo(&["--over-cap"])).0, 1);
}

#[test]
fn promoted_jobs_run_next_and_undo_puts_them_back() {
    let server = RedisServer::start();
    let (rq, path) = rq_with_tally("2.6.1");
    let state = tempfile::tempdir().unwrap();
    let note = |name: &str, more: &str| {
        format!("__import__('tally').note, '{}', '{name}', job_id='{name}'{more}", path.display())
    };
    for name in ["a", "b", "c"] {
        rq.enqueue(&server, "default", &note(name, ""));
    }
    let later = format!(
        "Queue('default', connection=connection).enqueue_in(datetime.timedelta(hours=1), {})",
        note("later", "")
    );
    rq.python(&server, &later);
    let score = server.cmd(&["ZSCORE", "rq:scheduled:default", "later"]);
    let promote = ["jobs", "promote", "later", "c", "-o", "json"];
    let run = journalling(&server, state.path(), &promote).run();
    assert_eq!(changed(&run), (2, 0), "{run:?}");
    assert_eq!(list(&server, "default"), ["later", "c", "a", "b"]);
    let op = run.json()["data"]["op_id"].as_str().unwrap().to_owned();
    let undone = journalling(&server, state.path(), &["undo", &op, "-o", "json"]).run();
    assert_eq!(changed(&undone), (2, 0), "{undone:?}");
    assert_eq!(list(&server, "default"), ["a", "b", "c"]);
    assert_eq!(server.cmd(&["ZSCORE", "rq:scheduled:default", "later"]), score);
    assert_eq!(field(&server, "later", "status"), "scheduled");

    assert_eq!(changed(&journalling(&server, state.path(), &promote).run()), (2, 0));
    rq.burst(&server, &["default"]);
    let ran: Vec<_> =
        lines(&path).iter().map(|line| line[0][0].as_str().unwrap().to_owned()).collect();
    assert_eq!(ran, ["later", "c", "a", "b"]);
}

#[test]
fn promote_of_a_deferred_job_needs_force_and_it_still_runs_once() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::start();
                let (rq, path) = rq_with_tally(version);
                let state = tempfile::tempdir().unwrap();
                let call = |name: &str, more: &str| {
                    let path = path.display();
                    format!("__import__('tally').note, '{path}', '{name}', job_id='{name}'{more}")
                };
                rq.enqueue(&server, "default", &call("parent", ""));
                rq.enqueue(&server, "default", &call("child", ", depends_on='parent'"));
                let promote = |more: &[&str]| {
                    let arguments = [&["jobs", "promote", "child", "-o", "json"], more].concat();
                    journalling(&server, state.path(), &arguments).run()
                };
                let refused = promote(&[]);
                assert_eq!((refused.code, changed(&refused)), (1, (0, 1)), "{version} {refused:?}");
                let forced = promote(&["--force"]);
                assert_eq!(changed(&forced), (1, 0), "{version} {forced:?}");
                // Undone, it waits again, and is released again.
                let op = forced.json()["data"]["op_id"].as_str().unwrap().to_owned();
                let undone = journalling(&server, state.path(), &["undo", &op, "-o", "json"]).run();
                assert_eq!(changed(&undone), (1, 0), "{version} {undone:?}");
                let waits = server.cmd(&["SISMEMBER", "rq:job:parent:dependents", "child"]);
                assert_eq!(
                    (waits, list(&server, "default")),
                    (Value::Int(1), vec!["parent".to_owned()])
                );
                assert_eq!(changed(&promote(&["--force"])), (1, 0), "{version}");
                rq.burst(&server, &["default"]);
                let ran: Vec<_> = lines(&path).iter().map(|line| line[0][0].clone()).collect();
                assert_eq!(ran, ["child", "parent"], "{version}");
            });
        }
    });
}
