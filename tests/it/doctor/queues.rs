//! Checks of the queues as a whole.

use super::{Stage, evidence, fixes, pairs};
use crate::support::state::{ago, know, put};

/// A user who may read everything but what `rules` take away.
fn reader_without(stage: &mut Stage, rules: &[&str]) {
    let mut setuser = vec!["ACL", "SETUSER", "reader", "on", ">pw", "~*", "&*", "+@all"];
    setuser.extend(rules);
    stage.server.cmd(&setuser);
    let url = stage.server.url_as("reader", "pw");
    stage.at(url);
}

fn fill(stage: &Stage, queue: &str, jobs: usize) {
    for n in 0..jobs {
        stage.job(queue, format!("site1.localhost::{n}")).wait();
    }
}

/// Another bench on the same Redis, with a queue and a worker.
fn another_bench(stage: &mut Stage) {
    know(&stage.server, "home-other-bench:short");
    let worker = stage.worker("other", &["home-other-bench:short"]).start();
    stage.hire(worker);
}

pairs! {
    readable: "queue.readable" is "unknown"
        when |stage| {
            let mut stage = Stage::bench();
            reader_without(&mut stage, &["-llen", "-lrange"]);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            reader_without(&mut stage, &["-zcard", "-info", "-time", "-config"]);
            stage
        }

    types: "queue.types" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["SET", &format!("rq:wip:{}", stage.queue("short")), "x"]);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::a").started(1).save_in("wip", Some("99999999999"));
            // A key beside RQ's own is nobody's business.
            stage.server.cmd(&["SET", &format!("rq:unknown:{}", stage.queue("short")), "x"]);
            stage
        }

    prefix: "queue.prefix" is "unknown"
        when |stage| {
            let mut stage = Stage::bench();
            another_bench(&mut stage);
            stage.bench_mut().set("bench_id", "never-seen");
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            another_bench(&mut stage);
            stage
        }

    worker: "queue.worker" is "critical"
        when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set("workers", serde_json::json!({"myqueue": {"timeout": 60}}));
            fill(&stage, "myqueue", 1);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            fill(&stage, "myqueue", 1);
            let queue = stage.queue("myqueue");
            let worker = stage.worker("mine", &[&queue]).start();
            stage.hire(worker);
            stage
        }

    backlog: "queue.backlog" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            stage.threshold("backlog_warning", 5.0);
            fill(&stage, "short", 5);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.threshold("backlog_warning", 5.0);
            fill(&stage, "short", 4);
            stage
        }

    oldest: "queue.oldest" is "warning"
        when |stage| {
            let stage = Stage::bench();
            // Enqueued at the front, so that the oldest is not the first.
            stage.job("short", "site1.localhost::new").wait();
            stage.job("short", "site1.localhost::old").waited(700).wait();
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::new").waited(500).wait();
            stage
        }

    cap: "queue.cap" is "warning"
        when |stage| {
            let mut stage = Stage::bench_of("16.10.0");
            stage.bench_mut().set("max_queued_jobs", 10);
            stage.threshold("queue_cap_percent", 4.0);
            fill(&stage, "short", 5);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench_of("16.10.0");
            stage.bench_mut().set("max_queued_jobs", 10);
            stage.threshold("queue_cap_percent", 4.0);
            fill(&stage, "short", 4);
            stage
        }

    suspended: "queue.suspended" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["SET", "rq:suspended", "1", "EX", "600"]);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["SET", "rq:suspended:note", "1"]);
            stage
        }
}

#[test]
fn denied_counts_are_a_note_and_no_fault() {
    let mut stage = Stage::bench();
    fill(&stage, "short", 1);
    reader_without(&mut stage, &["-zcard", "-pubsub|numsub", "-pubsub|channels", "-config"]);
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("HEALTHY", 0), "{:#}", diagnosis.report);
    assert!(diagnosis.notes().contains("not permitted for this Redis user"));
    assert_eq!(diagnosis.data()["queues"][0]["queued"], 1);
    assert!(diagnosis.data()["queues"][0]["failed"].is_null());
}

#[test]
fn denied_set_of_workers_is_unknown() {
    let mut stage = Stage::bench();
    reader_without(&mut stage, &["-smembers"]);
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("UNKNOWN", 3), "{:#}", diagnosis.report);
    assert!(diagnosis.troubles().is_empty(), "{:#}", diagnosis.report);
}

#[test]
fn registry_of_another_type_costs_only_its_own_figures() {
    let stage = Stage::bench();
    fill(&stage, "short", 2);
    let key = format!("rq:failed:{}", stage.queue("short"));
    stage.server.cmd(&["SET", &key, "x"]);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("queue.types");
    assert_eq!(finding["severity"], "warning");
    assert!(fixes(finding).ends_with(&format!("type {key}")), "{finding}");
    assert_eq!(diagnosis.data()["queues"][0]["queued"], 2);
    assert!(diagnosis.data()["queues"][0]["failed"].is_null());
    assert_eq!(diagnosis.data()["queues"][1]["failed"], 0);
}

#[test]
fn unseen_prefix_is_unknown_and_names_those_that_are_there() {
    let mut stage = Stage::bench();
    another_bench(&mut stage);
    stage.bench_mut().set("bench_id", "never-seen");
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("UNKNOWN", 3), "{:#}", diagnosis.report);
    let text = diagnosis.data()["not_made"].to_string();
    assert!(text.contains("home-other-bench") && text.contains("never-seen"), "{text}");
}

#[test]
fn unserved_queue_names_what_the_workers_do_serve_and_how_to_serve_it() {
    let stage = Stage::bench();
    stage.job("my queue", "site1.localhost::a").waited(30).wait();
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("queue.worker");
    assert!(evidence(finding).contains("default, long, short"), "{finding}");
    assert!(fixes(finding).ends_with("bench worker --queue 'my queue'"), "{finding}");
    let table = stage.run(&[]).stdout;
    assert!(table.contains("oldest 3"), "{table}");
}

#[test]
fn configured_queue_without_jobs_and_worker_is_a_warning_an_old_one_nothing() {
    let mut stage = Stage::bench();
    know(&stage.server, &stage.queue("of-last-year"));
    assert_eq!(stage.diagnose().verdict(), "HEALTHY");
    stage.bench_mut().set("workers", serde_json::json!({"myqueue": {}}));
    assert_eq!(stage.diagnose().outcome("queue.worker"), "warning");
}

#[test]
fn full_queue_is_critical_and_a_version_without_a_cap_says_nothing() {
    let mut stage = Stage::bench_of("16.10.0");
    stage.bench_mut().set("max_queued_jobs", 1);
    // 1 + 50 for each of two sites.
    fill(&stage, "short", 101);
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.outcome("queue.cap"), "critical", "{:#}", diagnosis.report);
    let old = Stage::bench_of("14.81.0");
    assert_eq!(old.diagnose().outcome("queue.cap"), "skipped");
}

#[test]
fn long_queue_is_counted_whole_and_looked_at_from_both_ends() {
    let mut stage = Stage::bench();
    let queue = stage.queue("long");
    know(&stage.server, &queue);
    let mut pipe = redis::pipe();
    for n in 0..12_000 {
        let site = if n % 3 == 0 { "site1.localhost" } else { "site2.localhost" };
        pipe.cmd("RPUSH").arg(format!("rq:queue:{queue}")).arg(format!("{site}::{n}")).ignore();
        if !(150..11_900).contains(&n) {
            let key = format!("rq:job:{site}::{n}");
            pipe.cmd("HSET")
                .arg(key)
                .arg(&[("status", "queued"), ("origin", &queue)])
                .arg("created_at")
                .arg(ago(5))
                .ignore();
        }
    }
    pipe.exec(&mut stage.server.client()).unwrap();
    put(&stage.server, "failed", &queue, b"site1.localhost::f", Some("99999999999"));
    let diagnosis = stage.diagnose();
    let line = &diagnosis.data()["queues"][2];
    assert_eq!((&line["queue"], &line["queued"]), (&"long".into(), &12_000.into()));
    let sites = &diagnosis.data()["sites"];
    assert_eq!((&sites[0]["queued"], &sites[1]["queued"]), (&4_000.into(), &8_000.into()));
    assert_eq!(sites[0]["queued_is_least"], false);
    assert!(diagnosis.notes().contains("from both ends"), "{}", diagnosis.notes());
    assert_eq!(diagnosis.outcome("queue.hashless"), "passed", "{:#}", diagnosis.report);
    stage.with("--deep");
    stage.with("--timeout=60s");
    let deep = stage.diagnose();
    let summary = deep.finding("queue.hashless")["summary"].as_str().unwrap();
    assert!(summary.contains("11,750"), "{summary}");
}
