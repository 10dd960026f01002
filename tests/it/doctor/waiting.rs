//! Checks of the jobs that wait.

use super::{Stage, evidence, fixes, pairs};
use crate::support::state::put;

/// Lets the RQ of every worker of the stage be this one.
fn upgrade(stage: &mut Stage, version: &str) {
    stage.server.cmd(&["HSET", "rq:worker:w1", "version", version]);
}

pairs! {
    hashless: "queue.hashless" is "warning"
        when |stage| {
            let stage = Stage::bench();
            put(&stage.server, "queue", &stage.queue("short"), b"site1.localhost::gone", None);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            // Only the payload, as another program may write it: a worker runs it.
            stage.server.cmd(&["HSET", "rq:job:site1.localhost::bare", "data", "x", "status", "queued"]);
            put(&stage.server, "queue", &stage.queue("short"), b"site1.localhost::bare", None);
            stage
        }

    expiring: "queue.expiring" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::first").waited(500).wait();
            stage.job("short", "site1.localhost::scheduled_job::app.x").waited(100).expires_in(300).wait();
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            // The expiry of the last run, and a queue that moves fast.
            stage.job("short", "site1.localhost::scheduled_job::app.x").waited(2).expires_in(300).wait();
            // One that was given a time to wait.
            stage.job("long", "site1.localhost::b").waited(90).set("ttl", "120").expires_in(30).wait();
            stage
        }

    parked: "queue.parked" is "warning"
        when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::a").waited(120).save_in("intermediate", None);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            // Waited long, was taken a moment ago, and its worker has not named it yet.
            stage.job("short", "site1.localhost::a").waited(120).save_in("intermediate", None);
            let queue = stage.queue("short");
            let worker = stage.worker("starting", &[&queue]).set("state", "busy").silent(1).start();
            stage.hire(worker);
            stage
        }

    poison: "queue.poison" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::a").set("created_at", "2026-11-21T20:54:24+00:00").wait();
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            let job = stage.job("short", "site1.localhost::a").set("created_at", "2026-11-21T20:54:24Z");
            // Empty and unknown things that RQ 1 takes.
            job.set("timeout", "").set("meta", "").set("status", "resting").wait();
            stage
        }
}

#[test]
fn job_that_leaves_the_intermediate_list_while_it_is_watched_is_not_stuck() {
    let stage = Stage::bench();
    let queue = stage.queue("short");
    stage.job("short", "site1.localhost::a").waited(120).save_in("intermediate", None);
    let key = format!("rq:queue:{queue}:intermediate");
    std::thread::scope(|scope| {
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (mut client, key) = (stage.server.client(), &key);
        // Takes it out at once, as a worker does that is about to start it, and puts it back.
        scope.spawn(move || {
            while stopped.try_recv().is_err() {
                let id = "site1.localhost::a";
                let mut pipe = redis::pipe();
                pipe.cmd("LREM").arg(key).arg(0).arg(id).ignore();
                pipe.exec(&mut client).unwrap();
                std::thread::yield_now();
                redis::cmd("RPUSH").arg(key).arg(id).exec(&mut client).unwrap();
                redis::cmd("LREM").arg(key).arg(0).arg(id).exec(&mut client).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        });
        let diagnosis = stage.diagnose();
        stop.send(()).unwrap();
        assert_eq!(diagnosis.outcome("queue.parked"), "passed", "{:#}", diagnosis.report);
    });
}

#[test]
fn parked_id_without_a_job_is_stuck_at_once() {
    let stage = Stage::bench();
    put(&stage.server, "intermediate", &stage.queue("short"), b"site1.localhost::gone", None);
    assert_eq!(stage.diagnose().outcome("queue.parked"), "warning");
}

#[test]
fn parked_poison_is_a_crash_loop_with_the_repair() {
    let stage = Stage::bench();
    stage
        .job("short", "site1.localhost::a")
        .waited(120)
        .set("timeout", "12.5")
        .save_in("intermediate", None);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("queue.poison");
    assert!(finding["summary"].as_str().unwrap().contains("one worker after the other"));
    assert!(evidence(finding).contains("timeout is `12.5`"), "{finding}");
    assert!(fixes(finding).ends_with("jobs repair --kind poison --queue short"), "{finding}");
}

#[test]
fn poison_with_a_hostile_id_is_told_with_no_command_that_names_it() {
    let stage = Stage::bench();
    stage.job("short", "a\x1b[31m\nb").set("created_at", "yesterday").wait();
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("queue.poison");
    assert!(fixes(finding).ends_with("jobs repair --kind poison --queue short"), "{finding}");
    assert_eq!(fixes(finding).lines().count(), 1, "{finding}");
}

#[test]
fn unknown_status_is_poison_for_rq_2_only() {
    let mut stage = Stage::bench_of("16.10.0");
    stage.job("short", "a").set("status", "resting").wait();
    assert_eq!(stage.diagnose().outcome("queue.poison"), "passed");
    upgrade(&mut stage, "2.6.1");
    assert_eq!(stage.diagnose().outcome("queue.poison"), "critical");
}

#[test]
fn ids_that_the_workers_cannot_run_are_told_by_their_rq() {
    let mut stage = Stage::bench_of("16.10.0");
    stage.job("short", "site1.localhost::a").wait();
    stage.job("short", "site1.localhost||b").wait();
    for (version, expected) in [
        ("1.16.2", None),
        ("2.6.1", Some("nobody will run")),
        ("2.8.0", Some("will make its worker exit")),
    ] {
        upgrade(&mut stage, version);
        let diagnosis = stage.diagnose();
        let summaries: Vec<_> = diagnosis
            .findings("queue.poison")
            .iter()
            .map(|f| f["summary"].as_str().unwrap().to_owned())
            .collect();
        match expected {
            None => assert!(summaries.is_empty(), "{version}: {summaries:?}"),
            Some(words) => assert!(
                summaries.len() == 1 && summaries[0].contains(words),
                "{version}: {summaries:?}"
            ),
        }
    }
}

#[test]
fn expiring_job_of_a_queue_without_a_worker_is_critical_within_a_day_only() {
    let stage = Stage::bench();
    stage.job("orphaned", "site1.localhost::a").expires_in(400_000).wait();
    assert_eq!(stage.diagnose().outcome("queue.expiring"), "passed");
    stage.job("orphaned", "site1.localhost::b").expires_in(5_000).wait();
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("queue.expiring");
    assert_eq!(finding["severity"], "critical");
    assert!(fixes(finding).ends_with("jobs repair --kind expiring --queue orphaned"), "{finding}");
}
