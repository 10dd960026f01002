//! `jobctl ready-for-migration` against real workers and hand-made states.

use std::fs;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use super::{ends, key, on, op_of};
use crate::support::bench::Bench;
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;
use crate::support::state::{description, in_s, job, put, worker};
use crate::support::wait::{PATIENCE, wait_until};

fn bench() -> (RedisServer, Bench) {
    let server = RedisServer::start();
    let mut bench = Bench::new("15.44.2", &server);
    bench.site("erp");
    bench.site("erp.example");
    (server, bench)
}

fn ready(code: i32, bench: &Bench, arguments: &[&str]) -> Value {
    let all = ["ready-for-migration", "-o", "json"].iter().chain(arguments).copied();
    ends(code, bench, &all.collect::<Vec<_>>()).json()["data"].clone()
}

fn paused(bench: &Bench) -> Option<Value> {
    key(bench, "erp", "pause_scheduler")
}

#[test]
fn site_without_jobs_is_ready_after_three_looks_over_two_seconds() {
    let (server, bench) = bench();
    // A job of another site whose name begins alike is none of this one's.
    job(&server, &bench.queue("short"), "erp.example::1").wait();
    let data = ready(0, &bench, &["--site", "erp"]);
    assert!(data["samples"].as_u64() >= Some(3) && data["watched_s"].as_f64() >= Some(2.0));
    assert_eq!(
        (&data["sites"][0]["ready"], &data["sites"][0]["queued"]),
        (&json!(true), &json!(0))
    );
    let data = ready(1, &bench, &[]);
    assert_eq!(
        (&data["sites"][0]["ready"], &data["sites"][1]["ready"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(data["sites"][1]["blocking"][0]["id"], "erp.example::1");
}

#[test]
fn job_in_any_place_is_in_the_way() {
    let (server, bench) = bench();
    let queue = bench.queue("long");
    for (place, field, score) in [
        ("queue", "queued", None),
        ("queue:intermediate", "intermediate", None),
        ("wip", "started", Some(in_s(60))),
        ("scheduled", "scheduled", Some(in_s(3600))),
        ("deferred", "deferred", Some(in_s(0))),
    ] {
        let place = place.strip_prefix("queue:").unwrap_or(place);
        job(&server, &queue, "erp::1").save_in(place, score.as_deref());
        let data = ready(1, &bench, &["--site", "erp"]);
        assert_eq!(data["sites"][0][field], 1, "{field}: {data}");
        assert_eq!(data["sites"][0]["blocking"][0]["state"], field);
        server.cmd(&["FLUSHALL"]);
    }
}

#[test]
fn job_whose_site_cannot_be_told_is_in_the_way_of_every_site() {
    let (server, bench) = bench();
    job(&server, &bench.queue("short"), "0b1c2d3e").wait();
    let data = ready(1, &bench, &["--site", "erp"]);
    assert_eq!(
        (&data["unattributed"]["queued"], &data["sites"][0]["queued"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(data["sites"][0]["blocking"][0]["attributed"], false);
    server.cmd(&["FLUSHALL"]);
    // An id whose job is gone will be passed over; what stands before `::` need not be a site.
    put(&server, "queue", &bench.queue("short"), b"gone", None);
    ready(0, &bench, &["--site", "erp"]);
    job(&server, &bench.queue("short"), "module::thing").wait();
    ready(1, &bench, &["--site", "erp"]);
}

#[test]
fn job_of_an_old_frappe_is_told_by_its_payload() {
    let (server, bench) = bench();
    let rq = Rq::version("1.14.1");
    let call = "'frappe.utils.background_jobs.execute_job', kwargs=dict(site='erp.example', user='Administrator', method='app.x', event=None, job_name='x', is_async=True, kwargs={})";
    rq.enqueue(&server, &bench.queue("default"), call);
    let data = ready(0, &bench, &["--site", "erp"]);
    assert_eq!(data["unattributed"]["queued"], 0);
    let data = ready(1, &bench, &["--site", "erp.example"]);
    assert_eq!(data["sites"][0]["queued"], 1);
}

#[test]
fn busy_worker_that_does_not_say_with_what_is_in_the_way() {
    let (server, bench) = bench();
    let queue = bench.queue("short");
    // Between taking a job and starting it: busy, and the job is in no list.
    let busy = worker(&server, "w1", &[&queue]).set("state", "busy").silent(1).start();
    let data = ready(1, &bench, &["--site", "erp"]);
    assert_eq!(data["unattributed"]["busy_workers"], 1);
    drop(busy);
    server.cmd(&["FLUSHALL"]);
    let other =
        worker(&server, "w2", &[&queue]).set("state", "busy").set("current_job", "erp.example::1");
    let _other = other.silent(1).start();
    job(&server, &queue, "erp.example::1").started(1).save();
    ready(0, &bench, &["--site", "erp"]);
    let data = ready(1, &bench, &["--site", "erp.example"]);
    assert_eq!(data["sites"][0]["busy_workers"], 1);
}

#[test]
fn running_job_is_waited_for_and_the_scheduler_stays_paused_once_ready() {
    for version in ["1.15.1", "1.16.2"] {
        let (server, bench) = bench();
        let rq = Rq::version(version);
        let queue = bench.queue("default");
        let flag = rq.folder().join("flag");
        let _worker = rq.worker(&server, "w1", &[&queue]);
        let call = format!("work.until, '{}', job_id='erp::run'", flag.display());
        rq.enqueue(&server, &queue, &call);
        wait_until(PATIENCE, "the job to start", || {
            let status: String = redis::cmd("HGET")
                .arg("rq:job:erp::run")
                .arg("status")
                .query(&mut server.client())
                .unwrap();
            (status == "started").then_some(())
        });
        let data = ready(1, &bench, &["--site", "erp"]);
        assert_eq!(
            (&data["sites"][0]["started"], &data["sites"][0]["busy_workers"]),
            (&json!(1), &json!(1))
        );
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                ends(
                    0,
                    &bench,
                    &["ready-for-migration", "--site", "erp", "--wait", "25s", "--stop-scheduler"],
                )
            });
            wait_until(PATIENCE, "the pause", || paused(&bench));
            fs::write(&flag, "").unwrap();
            let run = waiting.join().unwrap();
            assert!(run.stdout.contains("READY"), "{}", run.stdout);
            assert_eq!(paused(&bench), Some(json!(true)));
            ends(0, &bench, &["undo", &op_of(&run)]);
            assert_eq!(paused(&bench), None);
        });
    }
}

#[test]
fn scheduler_gets_back_what_it_was_when_the_time_is_up_or_the_site_is_not_ready() {
    let (server, mut bench) = bench();
    bench.set_on("erp.example", "pause_scheduler", 0);
    job(&server, &bench.queue("short"), "erp::1").wait();
    let arguments = ["--site", "all", "--stop-scheduler"];
    let data = ready(1, &bench, &arguments);
    assert_eq!(data["op_id"], Value::Null);
    let data = ready(75, &bench, &[&arguments[..], &["--wait", "1s"]].concat());
    assert_eq!(data["timed_out"], true);
    assert_eq!(
        (paused(&bench), key(&bench, "erp.example", "pause_scheduler")),
        (None, Some(json!(0)))
    );
    // Nothing is left to undo, and the journal says so.
    let ops = ends(0, &bench, &["ops", "list", "-o", "json"]).json();
    assert_eq!(ops["data"]["ops"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&ops["data"]["ops"][0]["changed"], &ops["data"]["ops"][0]["ending"]),
        (&json!(0), &json!("done"))
    );
}

#[test]
fn scheduler_gets_back_what_it_was_after_a_signal() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let (server, bench) = bench();
        job(&server, &bench.queue("short"), "erp::1").wait();
        let mut child = Command::new(env!("CARGO_BIN_EXE_jobctl"))
            .args(["--bench", bench.root().to_str().unwrap(), "--site", "erp"])
            .args(["ready-for-migration", "--wait", "1h", "--stop-scheduler"])
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_until(PATIENCE, "the pause", || paused(&bench));
        kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
        let status = wait_until(PATIENCE, "jobctl to end", || child.try_wait().unwrap());
        assert_eq!(status.code(), Some(code));
        assert_eq!(paused(&bench), None);
    }
}

#[test]
fn scheduler_gets_back_what_it_was_when_redis_goes_away() {
    let (mut server, bench) = bench();
    job(&server, &bench.queue("short"), "erp::1").wait();
    std::thread::scope(|scope| {
        let arguments =
            ["ready-for-migration", "--site", "erp", "--wait", "1h", "--stop-scheduler"];
        let bench = &bench;
        let waiting = scope.spawn(move || ends(69, bench, &arguments));
        wait_until(PATIENCE, "the pause", || paused(bench));
        server.kill();
        waiting.join().unwrap();
        assert_eq!(paused(bench), None);
        // A Redis that is down from the beginning touches no file.
        ends(69, bench, &arguments);
        assert_eq!(paused(bench), None);
    });
}

#[test]
fn run_that_was_killed_is_told_of_by_the_next_and_can_be_undone() {
    let (_server, bench) = bench();
    let arguments = ["ready-for-migration", "--site", "erp", "--stop-scheduler"];
    let run = on(&bench, &arguments).env("JOBCTL_TEST_FAULT", "schedulers-paused").run();
    assert_eq!(run.code, -1, "{}", run.stderr);
    assert_eq!(paused(&bench), Some(json!(true)));
    let next = ends(0, &bench, &arguments);
    let line = next.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let op = line.split("jobctl undo ").nth(1).unwrap_or_else(|| panic!("{line}"));
    let op = op.split(' ').next().unwrap();
    ends(0, &bench, &["undo", op]);
    assert_eq!(paused(&bench), None);
    let last = ends(0, &bench, &arguments);
    assert!(!last.stdout.contains("killed"), "{}", last.stdout);
}

#[test]
fn prefix_that_redis_has_not_seen_is_no_readiness() {
    let (server, mut bench) = bench();
    job(&server, "another-bench:short", "erp::1")
        .set("description", description("erp", "x"))
        .wait();
    ends(78, &bench, &["ready-for-migration", "--site", "erp", "--stop-scheduler"]);
    assert_eq!(paused(&bench), None);
    server.cmd(&["FLUSHALL"]);
    bench.set_on("erp", "bench_id", "its-own");
    ends(78, &bench, &["ready-for-migration", "--site", "erp"]);
}

#[test]
fn job_that_redis_handed_to_a_frozen_worker_is_in_the_way() {
    let (server, bench) = bench();
    let rq = Rq::version("2.6.1");
    // With several queues it blocks in BLPOP, so that the job goes into its socket alone.
    let worker = rq.worker(&server, "w1", &[&bench.queue("short"), &bench.queue("long")]);
    wait_until(PATIENCE, "the worker to block", || {
        let clients: String = redis::cmd("CLIENT").arg("LIST").query(&mut server.client()).unwrap();
        clients.contains("cmd=blpop").then_some(())
    });
    worker.signal(Signal::SIGSTOP);
    rq.enqueue(&server, &bench.queue("short"), "work.ok, job_id='erp||1'");
    let data = ready(1, &bench, &["--site", "erp"]);
    assert_eq!(
        (&data["sites"][0]["unlisted"], &data["sites"][0]["blocking"][0]["id"]),
        (&json!(1), &json!("erp||1")),
        "{data}"
    );
    let run = ends(1, &bench, &["ready-for-migration", "--site", "erp"]);
    let words = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("in no queue") && words.contains("jobctl jobs repair"), "{words}");
    ready(0, &bench, &["--site", "erp.example"]);
    worker.signal(Signal::SIGCONT);
}

#[test]
fn job_that_stands_nowhere_is_in_the_way_of_its_site_alone() {
    let (server, bench) = bench();
    let queue = bench.queue("short");
    for status in ["queued", "started", "rate_limited"] {
        job(&server, &queue, "erp::1").set("status", status).save();
        let data = ready(1, &bench, &["--site", "erp"]);
        assert_eq!(data["sites"][0]["unlisted"], 1, "{status}: {data}");
        ready(0, &bench, &["--site", "erp.example"]);
    }
    server.cmd(&["FLUSHALL"]);
    job(&server, &queue, "0b1c2d3e").save();
    assert_eq!(ready(1, &bench, &["--site", "erp"])["unattributed"]["unlisted"], 1);
    server.cmd(&["FLUSHALL"]);
    job(&server, &queue, "erp::1").ended("finished", 5).save();
    job(&server, "another-bench:short", "erp::2").save();
    ready(0, &bench, &["--site", "erp"]);
}

#[test]
fn job_that_waits_in_a_queue_that_rq_has_not_registered_is_in_the_way() {
    for version in ["1.14.1", "1.15.1", "1.16.2"] {
        let (server, bench) = bench();
        let (parents, children) = (bench.queue("default"), bench.queue("custom"));
        Rq::version(version).python(
            &server,
            &format!(
                "parent = Queue('{parents}', connection=connection).enqueue(work.ok, job_id='erp.example::a')\n\
                 Queue('{children}', connection=connection).enqueue(work.ok, job_id='erp::b', depends_on=parent)"
            ),
        );
        let data = ready(1, &bench, &["--site", "erp"]);
        assert_eq!(data["sites"][0]["deferred"], 1, "RQ {version}: {data}");
        assert_eq!(data["sites"][0]["blocking"][0]["at"], "custom");
    }
}

#[test]
fn jobs_that_are_not_listed_are_counted_and_ids_without_a_job_are_marked() {
    let (server, bench) = bench();
    let queue = bench.queue("short");
    put(&server, "queue", &queue, b"erp::gone", None);
    (0..11).for_each(|n| job(&server, &queue, format!("erp::{n}")).wait());
    let data = ready(1, &bench, &["--site", "erp"]);
    let site = &data["sites"][0];
    assert_eq!(site["blocking"].as_array().unwrap().len(), 10);
    assert_eq!(site["blocking_total"], 12);
    assert_eq!(
        (&site["blocking"][0]["gone"], &site["blocking"][1]["gone"]),
        (&json!(true), &json!(false))
    );
    let run = ends(1, &bench, &["ready-for-migration", "--site", "erp"]);
    let words = run.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("and 2 more") && words.contains("queued, gone"), "{words}");
    assert!(words.contains("jobctl jobs repair"), "{words}");
}
