//! `jobctl jobs repair`, `workers prune`, `workers suspend` and `resume`: each kind of fault is
//! mended, its near miss is not touched, and an undo takes everything back.

use std::fs;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use redis::Value;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use super::change::{Snapshot, assert_same, data, list, on, op_of, snapshot};
use super::support::bench::Bench;
use super::support::env::Run;
use super::support::redis::RedisServer;
use super::support::rq::{RELEASES, Rq};
use super::support::state::{ago, in_s, job, know, put, worker};
use super::support::wait::{PATIENCE, wait_until};

/// A server, and where journals go.
struct Stage {
    server: RedisServer,
    state: TempDir,
}

impl Stage {
    fn new() -> Self {
        Self { server: RedisServer::start(), state: tempdir().unwrap() }
    }

    /// Runs a command without the minute between two looks; expects an outcome.
    fn run(&self, arguments: &[&str], code: i32) -> Run {
        run(&self.server, self.state.path(), arguments, code)
    }

    fn repair(&self, arguments: &[&str]) -> Run {
        self.run(&[&["jobs", "repair", "-o", "json"], arguments].concat(), 0)
    }

    fn undo(&self, run: &Run) {
        self.run(&["undo", &op_of(run)], 0);
    }

    /// Repairs `arguments`, expects so many changes, and that an undo takes all of them back.
    fn repairs_and_undoes(&self, arguments: &[&str], changes: u64) {
        let before = snapshot(&self.server);
        let run = self.repair(arguments);
        assert_eq!(data(&run)["changed"], changes, "{arguments:?} {run:?}");
        assert_ne!(keyed(&before), keyed(&snapshot(&self.server)), "{arguments:?}");
        self.undo(&run);
        assert_same(&before, &snapshot(&self.server));
    }

    fn field(&self, id: &str, field: &str) -> String {
        let key = format!("rq:job:{id}");
        let value: Option<String> =
            redis::cmd("HGET").arg(key).arg(field).query(&mut self.server.client()).unwrap();
        value.unwrap_or_default()
    }

    fn int(&self, words: &[&str]) -> i64 {
        match self.server.cmd(words) {
            Value::Int(number) => number,
            other => panic!("{words:?}: {other:?}"),
        }
    }

    fn exists(&self, key: &str) -> bool {
        self.int(&["EXISTS", key]) == 1
    }
}

fn run(server: &RedisServer, state: &Path, arguments: &[&str], code: i32) -> Run {
    let run = on(server, state, arguments).env("JOBCTL_TEST_OBSERVE_MS", "100").run();
    assert_eq!(run.code, code, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

fn keyed(snapshot: &Snapshot) -> Vec<(&String, &String)> {
    snapshot.keys.iter().map(|(key, (_, content, _))| (key, content)).collect()
}

fn kinds(run: &Run) -> Vec<String> {
    let kinds = data(run)["kinds"].as_array().cloned().unwrap_or_default();
    kinds.iter().map(|kind| kind["kind"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn repair_of_a_healthy_queue_finds_nothing_on_every_release() {
    for version in RELEASES {
        let stage = Stage::new();
        let rq = Rq::version(version);
        let flag = rq.folder().join("flag");
        let _worker = rq.worker(&stage.server, "w1", &["default", "other"]);
        let running =
            rq.enqueue(&stage.server, "default", &format!("work.until, '{}'", flag.display()));
        wait_until(PATIENCE, "the job to start", || {
            (stage.field(&running, "status") == "started").then_some(())
        });
        rq.enqueue(&stage.server, "default", "work.ok, ttl=900");
        rq.enqueue(&stage.server, "other", "work.ok");
        rq.enqueue(
            &stage.server,
            "other",
            "work.ok, depends_on=Job.fetch('ID', connection=connection)"
                .replace("ID", &running)
                .as_str(),
        );
        rq.python(
            &stage.server,
            "Queue('default', connection=connection).enqueue_in(datetime.timedelta(hours=1), work.ok)",
        );
        let before = snapshot(&stage.server);
        let run = stage.repair(&["--all"]);
        assert_eq!(
            (data(&run)["plan"]["count"].as_u64(), kinds(&run)),
            (Some(0), vec![]),
            "{version}"
        );
        assert_eq!(before.names(), snapshot(&stage.server).names(), "{version}");
        fs::write(&flag, "").unwrap();
    }
}

#[test]
fn hashless_ids_go_from_the_list_and_the_jobs_around_them_stay() {
    let stage = Stage::new();
    for id in ["a", "gone", "b", "gone", "c"] {
        match id {
            "gone" => put(&stage.server, "queue", "default", b"gone", None),
            id => job(&stage.server, "default", id).wait(),
        }
    }
    put(&stage.server, "intermediate", "default", b"taken", None);
    // A worker runs what has a payload, whatever else its hash lacks.
    stage.server.cmd(&["HSET", "rq:job:bare", "data", "x"]);
    put(&stage.server, "queue", "default", b"bare", None);
    let arguments = ["--kind", "hashless"];
    let before = snapshot(&stage.server);
    let run = stage.repair(&arguments);
    assert_eq!(data(&run)["changed"], 3, "{run:?}");
    assert_eq!(list(&stage.server, "default"), ["a", "b", "c", "bare"]);
    assert!(!stage.exists("rq:queue:default:intermediate"));
    stage.undo(&run);
    let after = snapshot(&stage.server);
    assert_eq!(before.names(), after.names());
    assert_eq!(list(&stage.server, "default").iter().filter(|id| *id == "gone").count(), 2);
    assert!(stage.int(&["SISMEMBER", "rq:queues", "rq:queue:default:intermediate"]) == 0);
}

#[test]
fn inherited_expiry_goes_and_one_that_was_given_stays() {
    let stage = Stage::new();
    job(&stage.server, "default", "inherited").expires_in(300).wait();
    job(&stage.server, "default", "given").set("ttl", "300").expires_in(300).wait();
    job(&stage.server, "default", "ended").ended("finished", 5).expires_in(300).save();
    let run = stage.repair(&["--kind", "expiring"]);
    assert_eq!(data(&run)["changed"], 1, "{run:?}");
    assert_eq!(stage.int(&["TTL", "rq:job:inherited"]), -1);
    assert!(stage.int(&["TTL", "rq:job:given"]) > 0 && stage.int(&["TTL", "rq:job:ended"]) > 0);
    // What a waiting job must not have is not given back to it.
    assert!(!run.stderr.contains("undo with"), "{run:?}");
    let op = data(&run)["op_id"].as_str().unwrap().to_owned();
    let undone = stage.run(&["undo", &op, "-o", "json"], 0);
    assert_eq!(
        (data(&undone)["changed"].as_u64(), stage.int(&["TTL", "rq:job:inherited"])),
        (Some(0), -1)
    );
}

#[test]
fn poison_in_the_intermediate_list_goes_and_the_next_worker_lives() {
    for version in ["1.16.2", "2.6.1", "3.0.0"] {
        let stage = Stage::new();
        let rq = Rq::version(version);
        let id = rq.enqueue(&stage.server, "default", "work.ok");
        let good = rq.enqueue(&stage.server, "default", "work.ok");
        stage.server.cmd(&["HSET", &format!("rq:job:{id}"), "timeout", "soon"]);
        stage.server.cmd(&[
            "LMOVE",
            "rq:queue:default",
            "rq:queue:default:intermediate",
            "LEFT",
            "RIGHT",
        ]);
        stage.repairs_and_undoes(&["--kind", "poison", "--queue", "default"], 1);
        stage.repair(&["--kind", "poison"]);
        assert!(!stage.exists(&format!("rq:job:{id}")), "{version}");
        rq.burst(&stage.server, &["default"]);
        assert_eq!(stage.field(&good, "status"), "finished", "{version}");
    }
}

#[test]
fn stuck_jobs_fail_or_run_and_one_that_starts_meanwhile_is_left_alone() {
    let stage = Stage::new();
    let rq = Rq::version("2.6.1");
    let stuck = rq.enqueue(&stage.server, "default", "work.ok");
    let starts = rq.enqueue(&stage.server, "default", "work.ok");
    let list = ["rq:queue:default", "rq:queue:default:intermediate", "LEFT", "RIGHT"];
    for _ in 0..2 {
        stage.server.cmd(&[&["LMOVE"], &list[..]].concat());
    }
    let both = ["jobs", "repair", "--kind", "stuck", "-o", "json"];
    let run = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            on(&stage.server, stage.state.path(), &both).env("JOBCTL_TEST_OBSERVE_MS", "2000").run()
        });
        // The search has looked once the journal's folder is not yet there and Redis was read.
        wait_until(PATIENCE, "the first look", || {
            let calls: String =
                redis::cmd("INFO").arg("commandstats").query(&mut stage.server.client()).unwrap();
            calls.contains("cmdstat_hgetall").then_some(())
        });
        let started = format!("rq:job:{starts}");
        stage.server.cmd(&["HSET", &started, "status", "started", "started_at", &ago(0)]);
        stage.server.cmd(&["LREM", list[1], "0", &starts]);
        waiting.join().unwrap()
    });
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(
        (data(&run)["changed"].as_u64(), data(&run)["skipped"].as_u64()),
        (Some(1), Some(1))
    );
    assert_eq!(stage.field(&stuck, "status"), "failed");
    assert_eq!(stage.field(&starts, "status"), "started");
    let text = rq.python(
        &stage.server,
        &format!("print(Job.fetch('{stuck}', connection=connection).exc_info)"),
    );
    assert!(text.contains("stuck in intermediate queue"), "{text}");
    stage.undo(&run);
    assert!(stage.exists(list[1]));
    let again = stage.repair(&["--kind", "stuck", "--requeue"]);
    assert_eq!(data(&again)["changed"], 1, "{again:?}");
    rq.burst(&stage.server, &["default"]);
    assert_eq!(stage.field(&stuck, "status"), "finished");
}

#[test]
fn stuck_job_is_left_alone_while_a_worker_of_its_queue_is_frozen() {
    let stage = Stage::new();
    job(&stage.server, "default", "a").waited(600).save_in("intermediate", None);
    let _frozen = worker(&stage.server, "w1", &["default"]).silent(475).start();
    let run = stage.repair(&["--kind", "stuck"]);
    assert_eq!(data(&run)["changed"], 0, "{run:?}");
    assert!(data(&run)["skipped_by_reason"].to_string().contains("w1"), "{run:?}");
}

#[test]
fn abandoned_jobs_fail_with_their_text_or_run_again_on_every_release() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let stage = Stage::new();
                let rq = Rq::version(version);
                let flag = rq.folder().join("flag");
                let call = format!("work.until, '{}', failure_ttl=700", flag.display());
                let id = rq.enqueue(&stage.server, "default", &call);
                let mut worker = rq.worker(&stage.server, "w1", &["default"]);
                wait_until(PATIENCE, "the job to start", || {
                    (stage.field(&id, "status") == "started").then_some(())
                });
                assert_eq!(kinds(&stage.repair(&["--all"])), Vec::<String>::new(), "{version}");
                let children = format!("/proc/{0}/task/{0}/children", worker.pid());
                let horse: i32 = fs::read_to_string(children).unwrap().trim().parse().unwrap();
                worker.crash();
                kill(Pid::from_raw(horse), Signal::SIGKILL).unwrap();
                wait_until(PATIENCE, "the horse to end", || {
                    let listeners = stage.server.cmd(&["PUBSUB", "NUMSUB", "rq:pubsub:w1"]);
                    let (_, count): (String, i64) = redis::from_redis_value(listeners).unwrap();
                    (count == 0).then_some(())
                });
                stage.server.cmd(&["DEL", &format!("rq:executions:{id}")]);
                let member: Vec<String> = redis::cmd("ZRANGE")
                    .arg("rq:wip:default")
                    .arg(0)
                    .arg(-1)
                    .query(&mut stage.server.client())
                    .unwrap();
                // Expired, but not for long enough to be sure.
                stage.server.cmd(&["ZADD", "rq:wip:default", &in_s(-30), &member[0]]);
                assert_eq!(kinds(&stage.repair(&["--kind", "abandoned"])), Vec::<String>::new());
                stage.server.cmd(&["ZADD", "rq:wip:default", &in_s(-90), &member[0]]);
                let abandoned = ["--kind", "abandoned"];
                stage.repairs_and_undoes(&abandoned, 1);
                let run = stage.repair(&abandoned);
                assert_eq!(data(&run)["changed"], 1, "{version} {run:?}");
                assert_eq!(stage.field(&id, "status"), "failed", "{version}");
                assert!(!stage.exists("rq:wip:default"), "{version}");
                let ttl = stage.int(&["TTL", &format!("rq:job:{id}")]);
                assert!((690..=700).contains(&ttl), "{version}: {ttl}");
                stage.undo(&run);
                let requeue = stage.repair(&["--kind", "abandoned", "--requeue"]);
                assert_eq!(data(&requeue)["changed"], 1, "{version} {requeue:?}");
                assert_eq!(list(&stage.server, "default"), std::slice::from_ref(&id), "{version}");
                fs::write(&flag, "").unwrap();
                rq.burst(&stage.server, &["default"]);
                assert_eq!(stage.field(&id, "status"), "finished", "{version}");
            });
        }
    });
}

#[test]
fn leftover_entry_of_a_job_that_ended_goes_and_the_job_stays_as_it_is() {
    let stage = Stage::new();
    let expired = in_s(-500);
    job(&stage.server, "default", "done")
        .ended("finished", 400)
        .expires_in(300)
        .save_in("wip", Some(&expired));
    job(&stage.server, "default", "renewed").started(900).save_in("wip", Some(&in_s(60)));
    put(&stage.server, "wip", "default", b"gone:0123456789abcdef0123456789abcdef", Some(&expired));
    stage.repairs_and_undoes(&["--kind", "abandoned"], 2);
    stage.repair(&["--kind", "abandoned"]);
    assert_eq!(
        (stage.field("done", "status"), stage.int(&["ZCARD", "rq:wip:default"])),
        ("finished".into(), 1)
    );
}

#[test]
fn lost_jobs_fail_and_run_again_only_when_asked_on_every_release() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let stage = Stage::new();
                let rq = Rq::version(version);
                let lost = rq.enqueue(&stage.server, "default", "work.ok");
                // As a worker of several queues leaves it that dies between taking and starting.
                stage.server.cmd(&["LPOP", "rq:queue:default"]);
                let waits = rq.enqueue(&stage.server, "default", "work.ok");
                assert_eq!(
                    kinds(&stage.repair(&["--all"])),
                    Vec::<String>::new(),
                    "{version}: fresh"
                );
                for id in [&lost, &waits] {
                    stage.server.cmd(&["HSET", &format!("rq:job:{id}"), "enqueued_at", &ago(60)]);
                }
                stage.repairs_and_undoes(&["--kind", "lost"], 1);
                let run = stage.repair(&["--kind", "lost"]);
                assert_eq!(stage.field(&lost, "status"), "failed", "{version} {run:?}");
                let retried = stage.run(&["jobs", "retry", &lost, "-o", "json"], 0);
                assert_eq!(data(&retried)["changed"], 1, "{version}");
                stage.undo(&retried);
                stage.undo(&run);
                let run = stage.repair(&["--kind", "lost", "--requeue"]);
                assert_eq!(data(&run)["changed"], 1, "{version} {run:?}");
                assert_eq!(list(&stage.server, "default"), [waits.clone(), lost.clone()]);
                rq.burst(&stage.server, &["default"]);
                assert_eq!(stage.field(&lost, "status"), "finished", "{version}");
            });
        }
    });
}

#[test]
fn ghosts_go_and_other_fixed_ids_stay() {
    let stage = Stage::new();
    let fixed = |name: &str| format!("site1.localhost::scheduled_job::{name}");
    job(&stage.server, "default", fixed("ghost")).waited(60).save();
    job(&stage.server, "default", fixed("started")).started(600).save();
    job(&stage.server, "default", fixed("waits")).waited(60).wait();
    job(&stage.server, "default", fixed("runs")).started(60).save_in("wip", Some(&in_s(60)));
    job(&stage.server, "default", fixed("done")).ended("finished", 5).expires_in(300).save();
    stage.repairs_and_undoes(&["--kind", "ghost"], 2);
    stage.repair(&["--kind", "ghost", &fixed("ghost")]);
    let left = |name: &str| stage.exists(&format!("rq:job:{}", fixed(name)));
    assert_eq!(
        ["ghost", "started", "waits", "runs", "done"].map(left),
        [false, true, true, true, true]
    );
}

#[test]
fn dangling_entries_and_orphaned_results_go() {
    let stage = Stage::new();
    for (registry, score) in
        [("scheduled", in_s(90)), ("deferred", "+inf".into()), ("canceled", in_s(-9))]
    {
        put(&stage.server, registry, "default", b"gone", Some(&score));
        job(&stage.server, "default", "kept")
            .set("status", registry)
            .save_in(registry, Some(&score));
    }
    for id in ["gone", "kept"] {
        stage.server.cmd(&["XADD", &format!("rq:results:{id}"), "1-1", "type", "1"]);
    }
    stage.repairs_and_undoes(&["--kind", "dangling,results"], 4);
    let run = stage.repair(&["--all"]);
    assert_eq!(kinds(&run), ["dangling", "results"]);
    for registry in ["scheduled", "deferred", "canceled"] {
        assert_eq!(stage.int(&["ZCARD", &format!("rq:{registry}:default")]), 1);
    }
    assert!(stage.exists("rq:results:kept") && !stage.exists("rq:results:gone"));
}

#[test]
fn dead_workers_are_pruned_and_frozen_ones_stay() {
    let stage = Stage::new();
    let mut dead = worker(&stage.server, "dead", &["default", "other"]).start();
    let _frozen = worker(&stage.server, "frozen", &["default"]).silent(475).start();
    let _alive = worker(&stage.server, "alive", &["default"]).start();
    for queue in ["default", "other"] {
        know(&stage.server, queue);
        stage.server.cmd(&["SADD", &format!("rq:workers:{queue}"), "rq:worker:dead"]);
    }
    stage.server.cmd(&["SADD", "rq:workers:default", "rq:worker:alive", "rq:worker:vanished"]);
    assert_eq!(kinds(&stage.repair(&["--all"])), ["worker"], "only the vanished one");
    stage.server.cmd(&["SADD", "rq:workers:default", "rq:worker:vanished"]);
    dead.kill();
    stage.repairs_and_undoes(&["--kind", "worker"], 2);
    let run = stage.run(&["workers", "prune", "-o", "json"], 0);
    assert_eq!(data(&run)["changed"], 2, "{run:?}");
    assert!(!stage.exists("rq:worker:dead") && !stage.exists("rq:workers:other"));
    let left: Vec<String> =
        redis::cmd("SMEMBERS").arg("rq:workers:default").query(&mut stage.server.client()).unwrap();
    assert_eq!(
        (left, stage.int(&["SCARD", "rq:workers"])),
        (vec!["rq:worker:alive".to_owned()], 2)
    );
}

/// RQ notes a queue in `rq:queues` when something is enqueued to it, not when a worker serves it.
#[test]
fn dead_worker_of_a_queue_that_was_never_enqueued_to_is_pruned() {
    let stage = Stage::new();
    let mut dead = worker(&stage.server, "dead", &["never"]).start();
    dead.kill();
    let run = stage.run(&["workers", "prune", "-o", "json"], 0);
    assert_eq!(data(&run)["changed"], 1, "{run:?}");
    assert!(!stage.exists("rq:worker:dead"));
    assert_eq!(stage.int(&["SCARD", "rq:workers"]), 0);
}

#[test]
fn repair_wants_a_scope_and_a_dry_run_changes_nothing() {
    let stage = Stage::new();
    put(&stage.server, "queue", "default", b"gone", None);
    put(&stage.server, "queue", "other", b"gone", None);
    let before = snapshot(&stage.server);
    stage.run(&["jobs", "repair"], 77);
    stage.run(&["jobs", "repair", "--all", "--read-only"], 77);
    stage.run(&["jobs", "repair", "--kind", "unheard-of"], 64);
    let dry = stage.run(&["jobs", "repair", "--dry-run"], 0);
    assert!(
        dry.stdout.contains("2 faults would be repaired") && dry.stdout.contains("hashless"),
        "{dry:?}"
    );
    assert_eq!(keyed(&before), keyed(&snapshot(&stage.server)));
    let run = stage.repair(&["--queue", "other"]);
    assert_eq!(data(&run)["changed"], 1, "{run:?}");
    let run = stage.repair(&["--all", "--limit", "1"]);
    assert_eq!(data(&run)["changed"], 1, "{run:?}");
    assert!(list(&stage.server, "default").is_empty());
}

#[test]
fn repair_of_a_bench_leaves_other_benches_and_sites_alone() {
    let server = RedisServer::start();
    let mut bench = Bench::new("15.44.2", &server);
    bench.site("site1.localhost");
    let ours = bench.queue("short");
    for queue in [ours.as_str(), "other-bench:short"] {
        put(&server, "queue", queue, b"site1.localhost::gone", None);
        put(&server, "queue", queue, b"site2.localhost::gone", None);
        put(&server, "queue", queue, b"nobody", None);
    }
    for id in ["site1.localhost::x", "elsewhere::x", "plain"] {
        server.cmd(&["XADD", &format!("rq:results:{id}"), "*", "type", "1"]);
    }
    let at = bench.root().to_str().unwrap().to_owned();
    let state = tempdir().unwrap();
    let repair = |more: &[&str]| {
        let arguments = [&["jobs", "repair", "-o", "json", "--bench", at.as_str()], more].concat();
        let run = super::support::env::jobctl(arguments)
            .env("XDG_STATE_HOME", state.path())
            .env("JOBCTL_TEST_OBSERVE_MS", "100")
            .run();
        assert_eq!(run.code, 0, "{run:?}");
        data(&run)["changed"].as_u64()
    };
    assert_eq!(repair(&["--site", "site1.localhost"]), Some(2));
    assert_eq!(repair(&["--all"]), Some(2));
    assert_eq!(list(&server, "other-bench:short").len(), 3);
    assert_eq!(
        server.cmd(&["EXISTS", "rq:results:elsewhere::x", "rq:results:plain"]),
        Value::Int(2)
    );
}

#[test]
fn suspended_workers_start_nothing_until_they_are_resumed_on_every_release() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let stage = Stage::new();
                let rq = Rq::version(version);
                let flag = rq.folder().join("flag");
                // One that is idle notices nothing before its next job.
                let _worker = rq.worker(&stage.server, "w1", &["default"]);
                let call = format!("work.until, '{}'", flag.display());
                let running = rq.enqueue(&stage.server, "default", &call);
                wait_until(PATIENCE, "the job to start", || {
                    (stage.field(&running, "status") == "started").then_some(())
                });
                let run = stage.run(&["workers", "suspend", "--for", "10m", "-o", "json"], 0);
                let ttl = stage.int(&["TTL", "rq:suspended"]);
                assert!((590..=600).contains(&ttl), "{version}: {ttl}");
                assert!(data(&run)["suspended_until"].is_string(), "{run:?}");
                assert_eq!(data(&run)["plan"]["warnings"], json!([]), "it is busy");
                let id = rq.enqueue(&stage.server, "default", "work.ok");
                fs::write(&flag, "").unwrap();
                wait_until(PATIENCE, "the worker to notice", || {
                    let state: Option<String> = redis::cmd("HGET")
                        .arg("rq:worker:w1")
                        .arg("state")
                        .query(&mut stage.server.client())
                        .unwrap();
                    (state.as_deref() == Some("suspended")).then_some(())
                });
                assert_eq!(stage.field(&running, "status"), "finished", "{version}");
                assert_eq!(stage.field(&id, "status"), "queued", "{version}");
                let run = stage.run(&["workers", "resume", "-o", "json"], 0);
                assert!(data(&run)["op_id"].is_string(), "{run:?}");
                wait_until(PATIENCE, "the job to run", || {
                    (stage.field(&id, "status") == "finished").then_some(())
                });
                wait_until(PATIENCE, "the plan to tell of the idle worker", || {
                    let run = stage.run(&["workers", "suspend", "--dry-run", "-o", "json"], 0);
                    let warnings = data(&run)["plan"]["warnings"].to_string();
                    warnings.contains("1 idle worker waits").then_some(())
                });
            });
        }
    });
}

#[test]
fn undo_of_suspend_and_resume_gives_back_what_was() {
    let stage = Stage::new();
    let first = stage.run(&["workers", "suspend"], 0);
    assert!(first.stdout.contains("suspended for 1h"), "{first:?}");
    stage.undo(&first);
    assert!(!stage.exists("rq:suspended"));
    // As RQ does it, without an end.
    stage.server.cmd(&["SET", "rq:suspended", "1"]);
    let second = stage.run(&["workers", "suspend", "--for", "5m"], 0);
    assert!(second.stdout.contains("before it was without an end"), "{second:?}");
    let third = stage.run(&["workers", "suspend", "--for", "30m"], 0);
    assert!(stage.int(&["TTL", "rq:suspended"]) > 1_700);
    // Somebody suspended anew: that is not the second one's to take back.
    let late = stage.run(&["undo", &op_of(&second), "-o", "json"], 1);
    assert_eq!(data(&late)["changed"], 0, "{late:?}");
    stage.undo(&third);
    let ttl = stage.int(&["TTL", "rq:suspended"]);
    assert!((200..=300).contains(&ttl), "{ttl}");
    let resumed = stage.run(&["workers", "resume"], 0);
    assert!(!stage.exists("rq:suspended"));
    stage.undo(&resumed);
    assert!(stage.int(&["TTL", "rq:suspended"]) > 200);
    stage.run(&["workers", "resume"], 0);
    let idle = stage.run(&["workers", "resume", "-o", "json"], 0);
    assert_eq!(data(&idle)["op_id"], serde_json::Value::Null, "{idle:?}");
}

#[test]
fn suspend_is_refused_while_others_share_the_redis() {
    let server = RedisServer::start();
    let mut bench = Bench::new("15.44.2", &server);
    bench.site("site1.localhost");
    know(&server, &bench.queue("short"));
    let at = bench.root().to_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let arguments = [&["--bench", at.as_str(), "workers"], arguments].concat();
        super::support::env::jobctl(arguments).run()
    };
    assert_eq!(run(&["suspend"]).code, 0);
    assert_eq!(run(&["resume"]).code, 0);
    know(&server, "other-bench:short");
    let refused = run(&["suspend"]);
    assert_eq!(refused.code, 77, "{refused:?}");
    assert!(refused.stderr.contains("`other-bench`") && refused.stderr.contains("--whole-redis"));
    assert_eq!(run(&["suspend", "--whole-redis", "--dry-run"]).code, 0);
    assert_eq!(server.cmd(&["EXISTS", "rq:suspended"]), Value::Int(0));
    let whole = run(&["suspend", "--whole-redis"]);
    assert_eq!(whole.code, 0, "{whole:?}");
    assert_eq!(run(&["resume"]).code, 77);
    let doctor = super::support::env::jobctl(["--bench", &at, "doctor"]).run();
    assert!(doctor.stdout.contains("workers resume"), "{doctor:?}");
}

#[test]
fn suspend_under_a_prefix_of_its_own_is_seen_by_rq_3() {
    let server = RedisServer::start();
    let rq = Rq::version("3.0.0").env("RQ_KEY_PREFIX", "{b}:rq");
    let url = server.url();
    let run = super::support::env::jobctl(["--redis", &url, "workers", "suspend"])
        .env("RQ_KEY_PREFIX", "{b}:rq")
        .run();
    assert_eq!(run.code, 0, "{run:?}");
    let seen = "from rq.suspension import is_suspended\nprint(bool(is_suspended(connection)))";
    assert_eq!(rq.python(&server, seen), "True");
    assert_eq!(server.cmd(&["EXISTS", "rq:suspended"]), Value::Int(0));
}
