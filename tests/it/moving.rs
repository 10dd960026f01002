//! `jobctl jobs move` against real workers, and against clients that push and pop meanwhile.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use redis::Value;

use super::enqueue::{lines, rq_with_tally};
use super::support::env::{Jobctl, Run, jobctl};
use super::support::redis::RedisServer;
use super::support::rq::RELEASES;
use super::support::wait::StopOnDrop;

fn journalling(server: &RedisServer, state: &Path, arguments: &[&str]) -> Jobctl {
    let url = server.url();
    jobctl(["--redis", &url].iter().chain(arguments)).env("XDG_STATE_HOME", state)
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

#[test]
fn moved_job_is_booked_on_its_new_queue_on_every_release_and_undo_restores_the_order() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::start();
                let (rq, path) = rq_with_tally(version);
                let state = tempfile::tempdir().unwrap();
                let names = ["a", "b", "c", "d", "e"];
                for name in names {
                    let function = if matches!(name, "b" | "d") { "note" } else { "fail_once" };
                    let path = path.display();
                    let call = format!(
                        "__import__('tally').{function}, '{path}', '{name}', job_id='{name}'"
                    );
                    rq.enqueue(&server, "from", &call);
                }
                let unknown = ["jobs", "move", "--all", "--to", "onto"];
                assert_eq!(journalling(&server, state.path(), &unknown).run().code, 66);
                let arguments = [
                    "jobs",
                    "move",
                    "--method",
                    "tally.note",
                    "--to",
                    "onto",
                    "--create",
                    "-o",
                    "json",
                ];
                let run = journalling(&server, state.path(), &arguments).run();
                assert_eq!(changed(&run), (2, 0), "{version} {run:?}");
                assert_eq!(
                    (list(&server, "from"), list(&server, "onto")),
                    (
                        ["a", "c", "e"].map(str::to_owned).to_vec(),
                        ["b", "d"].map(str::to_owned).to_vec(),
                    )
                );
                let op = run.json()["data"]["op_id"].as_str().unwrap().to_owned();
                let undone = journalling(&server, state.path(), &["undo", &op, "-o", "json"]).run();
                assert_eq!(changed(&undone), (2, 0), "{version} {undone:?}");
                assert_eq!(
                    (list(&server, "from"), list(&server, "onto")),
                    (names.map(str::to_owned).to_vec(), Vec::new(),)
                );
                let run = journalling(&server, state.path(), &arguments).run();
                assert_eq!(changed(&run), (2, 0), "{version} {run:?}");
                rq.burst(&server, &["onto"]);
                let ran: Vec<_> = lines(&path).iter().map(|line| line[0][0].clone()).collect();
                assert_eq!(ran, ["b", "d"], "{version}");
                for id in ["b", "d"] {
                    let score = server.cmd(&["ZSCORE", "rq:finished:onto", id]);
                    assert_ne!(score, Value::Nil, "{version}");
                }
                for key in ["rq:wip:from", "rq:wip:onto", "rq:finished:from"] {
                    assert_eq!(server.cmd(&["ZCARD", key]), Value::Int(0), "{version} {key}");
                }
            });
        }
    });
}

/// Every job is, at the end, exactly once where it belongs, in the order in which it stood.
#[test]
fn move_of_every_third_job_holds_against_pushes_and_pops_at_both_ends() {
    const JOBS: usize = 12_000;
    let server = RedisServer::start();
    let state = tempfile::tempdir().unwrap();
    let mut pipeline = redis::pipe();
    pipeline.sadd("rq:queues", "rq:queue:from").ignore();
    pipeline.sadd("rq:queues", "rq:queue:onto").ignore();
    let name = |n: usize| format!("{}{n:06}", if n.is_multiple_of(3) { "move" } else { "stay" });
    for n in 0..JOBS {
        add_job(&mut pipeline, &name(n));
        pipeline.rpush("rq:queue:from", name(n)).ignore();
    }
    let () = pipeline.query(&mut server.client()).unwrap();
    let done = AtomicBool::new(false);
    let (popped, run) = std::thread::scope(|scope| {
        let pushing = scope.spawn(|| push_at_both_ends(&server, &done));
        let popping = scope.spawn(|| pop(&server, &done));
        let meanwhile = StopOnDrop(&done);
        let arguments = ["jobs", "move", "--method", "app.move", "--to", "onto", "-o", "json"];
        let run = journalling(&server, state.path(), &arguments).run();
        drop(meanwhile);
        pushing.join().unwrap();
        (popping.join().unwrap(), run)
    });
    let (from, onto) = (list(&server, "from"), list(&server, "onto"));
    let moved = usize::try_from(changed(&run).0).unwrap();
    assert_eq!(onto.len(), moved);
    assert!(moved > JOBS / 6, "{moved} moved, {} popped", popped.len());
    let all: Vec<&String> = from.iter().chain(&onto).chain(&popped).collect();
    let once: HashSet<&String> = all.iter().copied().collect();
    assert_eq!(once.len(), all.len(), "an id stands twice");
    for n in 0..JOBS {
        assert!(once.contains(&name(n)), "{} is lost", name(n));
    }
    assert!(!once.iter().any(|id| id.contains('\0')), "a marker was left");
    // Of those that were planned, only what somebody popped was left alone.
    let left_alone = usize::try_from(changed(&run).1).unwrap();
    let popped_first = popped.iter().filter(|id| id.starts_with("move")).count();
    assert!(left_alone <= popped_first, "{left_alone} left alone, {popped_first} popped");
    let planned = run.json()["data"]["plan"]["count"].as_u64().unwrap();
    assert_eq!(usize::try_from(planned).unwrap(), moved + left_alone);
    assert!(onto.is_sorted());
    let stay: Vec<&String> = from.iter().filter(|id| id.starts_with("stay")).collect();
    assert!(stay.is_sorted());
    let origins: HashMap<&str, usize> = HashMap::from([("from", JOBS - moved), ("onto", moved)]);
    let mut client = server.client();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for n in 0..JOBS {
        let origin: String = redis::cmd("HGET")
            .arg(format!("rq:job:{}", name(n)))
            .arg("origin")
            .query(&mut client)
            .unwrap();
        *seen.entry(origin).or_default() += 1;
    }
    assert_eq!(seen.iter().map(|(k, v)| (k.as_str(), *v)).collect::<HashMap<_, _>>(), origins);
}

fn add_job(pipeline: &mut redis::Pipeline, id: &str) {
    let function = if id.starts_with("move") { "app.move" } else { "app.stay" };
    let data = format!("[\"{function}\", null, [], {{}}]");
    let fields = [
        ("status", "queued"),
        ("origin", "from"),
        ("data", &data),
        ("created_at", "2026-11-21T20:54:24.853556Z"),
        ("enqueued_at", "2026-11-21T20:54:24.853556Z"),
    ];
    pipeline.hset_multiple(format!("rq:job:{id}"), &fields).ignore();
}

fn push_at_both_ends(server: &RedisServer, done: &AtomicBool) {
    let mut client = server.client();
    for n in 0.. {
        if done.load(Ordering::Relaxed) {
            return;
        }
        let mut pipeline = redis::pipe();
        for (end, at) in [("LPUSH", "head"), ("RPUSH", "tail")] {
            let id = format!("{at}{n:06}");
            add_job(&mut pipeline, &id);
            pipeline.cmd(end).arg("rq:queue:from").arg(id).ignore();
        }
        let () = pipeline.query(&mut client).unwrap();
        std::thread::sleep(std::time::Duration::from_micros(100));
    }
}

/// Takes two for one that is pushed in front, so that the planned jobs come to the head.
fn pop(server: &RedisServer, done: &AtomicBool) -> Vec<String> {
    let mut client = server.client();
    let mut popped = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let ids: Vec<String> =
            redis::cmd("LPOP").arg("rq:queue:from").arg(3).query(&mut client).unwrap();
        for id in ids {
            redis::cmd("HSET")
                .arg(format!("rq:job:{id}"))
                .arg("status")
                .arg("started")
                .exec(&mut client)
                .unwrap();
            popped.push(id);
        }
        std::thread::sleep(std::time::Duration::from_micros(300));
    }
    popped
}
