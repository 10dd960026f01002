//! Checks of single jobs.

use super::{Stage, evidence, fixes, pairs};
use crate::support::state::{ago, in_s, put};

const GHOST: &str = "site1.localhost::scheduled_job::app.tasks.daily";

fn fail(stage: &Stage, id: &str, seconds_ago: i64) {
    let job = stage.job("short", id).ended("failed", seconds_ago).set("failure_ttl", "604800");
    job.save_in("failed", Some(&in_s(604_800 - seconds_ago)));
}

fn finish(stage: &Stage, id: &str, seconds_ago: i64) {
    let job = stage.job("short", id).ended("finished", seconds_ago).set("result_ttl", "600");
    job.save_in("finished", Some(&in_s(600 - seconds_ago)));
}

pairs! {
    failed: "job.failed" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            stage.threshold("failed_warning", 2.0);
            fail(&stage, "site1.localhost::a", 3_600);
            fail(&stage, "site1.localhost::b", 86_000);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.threshold("failed_warning", 2.0);
            fail(&stage, "site1.localhost::a", 3_600);
            fail(&stage, "site1.localhost::b", 86_800);
            stage
        }

    failure_rate: "job.failure-rate" is "warning"
        when |stage| {
            let stage = Stage::bench();
            (0..9).for_each(|n| finish(&stage, &format!("site1.localhost::{n}"), 30));
            fail(&stage, "site1.localhost::a", 30);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            (0..9).for_each(|n| finish(&stage, &format!("site1.localhost::{n}"), 30));
            fail(&stage, "site1.localhost::a", 400);
            stage
        }

    timeout: "job.timeout" is "warning"
        when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::a").started(310).save_in("wip", Some(&in_s(60)));
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::a").started(295).save_in("wip", Some(&in_s(60)));
            let job = stage.job("long", "site1.localhost::b").started(9_000).set("timeout", "-1");
            job.save_in("wip", Some(&in_s(60)));
            stage
        }

    abandoned: "job.abandoned" is "warning"
        when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::a").started(200).save_in("wip", Some(&in_s(-20)));
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.job("short", "site1.localhost::a").started(20).save_in("wip", Some(&in_s(5)));
            stage.job("short", "site1.localhost::b").started(20).save_in("wip", Some("-1"));
            stage.job("short", "site1.localhost::c").started(20).save_in("wip", Some("+inf"));
            stage
        }

    overdue: "job.overdue" is "warning"
        when |stage| {
            let stage = Stage::bench();
            let job = stage.job("short", "site1.localhost::a").set("status", "scheduled");
            job.save_in("scheduled", Some(&in_s(-400)));
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            let job = stage.job("short", "site1.localhost::a").set("status", "scheduled");
            job.save_in("scheduled", Some(&in_s(-200)));
            stage
        }

    ghost: "job.ghost" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.job("short", GHOST).waited(100).save();
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.job("short", GHOST).waited(100).wait();
            // Ended, and with a hash that is still kept.
            stage.job("short", "site2.localhost::scheduled_job::app.x").ended("finished", 100).save();
            // A site's job that only looks like a scheduled one.
            stage.job("short", "site1.localhost::my_scheduled_job").waited(100).save();
            stage
        }

    lost: "job.lost" is "critical"
        when |stage| {
            let mut stage = Stage::bench();
            stage.with("--deep");
            stage.job("short", "site1.localhost::a").waited(100).save();
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.with("--deep");
            stage.job("short", "site1.localhost::a").waited(100).wait();
            // Enqueued after the lists were read, for all that can be told.
            stage.job("short", "site1.localhost::b").waited(2).save();
            // On its way: 2.x lists it as started while it still says queued.
            stage.job("short", "site1.localhost::c").waited(100).save();
            let member = format!("site1.localhost::c:{}", "0".repeat(32));
            put(&stage.server, "wip", &stage.queue("short"), member.as_bytes(), Some(&in_s(60)));
            stage
        }

    dangling: "job.dangling" is "info"
        when |stage| {
            let mut stage = Stage::bench();
            stage.with("--deep");
            put(&stage.server, "canceled", &stage.queue("short"), b"gone", Some(&in_s(-9)));
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.with("--deep");
            stage.job("short", "kept").set("status", "canceled").save_in("canceled", Some(&in_s(-9)));
            // Dropped by the next clean-up.
            put(&stage.server, "finished", &stage.queue("short"), b"gone", Some(&in_s(-9)));
            stage
        }
}

/// The figure of the table for a site.
fn failed_24h(stage: &Stage, site: usize) -> (u64, bool) {
    let diagnosis = stage.diagnose();
    let line = &diagnosis.data()["sites"][site];
    (line["failed_24h"].as_u64().unwrap(), line["failed_24h_is_least"].as_bool().unwrap())
}

#[test]
fn failures_of_a_day_are_told_by_their_own_dates() {
    let stage = Stage::bench();
    fail(&stage, "site1.localhost::new", 100);
    fail(&stage, "site1.localhost::old", 90_000);
    // Kept for a year among others of a week: its score is far ahead.
    let year = stage.job("short", "site1.localhost::year").ended("failed", 200_000);
    year.save_in("failed", Some(&in_s(31_536_000 - 200_000)));
    // Kept for ever: the score tells nothing.
    let ever =
        stage.job("short", "site1.localhost::ever").ended("failed", 50).set("failure_ttl", "-1");
    ever.save_in("failed", Some("-1"));
    let ever = stage
        .job("short", "site1.localhost::ever-old")
        .ended("failed", 99_999)
        .set("failure_ttl", "-1");
    ever.save_in("failed", Some("-1"));
    // Abandoned, as 1.x leaves it: no end, no TTL of its own.
    let abandoned =
        stage.job("short", "site1.localhost::abandoned").started(400).set("status", "failed");
    abandoned.save_in("failed", Some(&in_s(31_536_000 - 300)));
    // The other site's, and one without a hash, whose end follows from the usual TTL.
    fail(&stage, "site2.localhost::x", 100);
    put(
        &stage.server,
        "failed",
        &stage.queue("short"),
        b"site2.localhost::gone",
        Some(&in_s(604_800 - 50)),
    );
    assert_eq!(failed_24h(&stage, 0), (3, false));
    assert_eq!(failed_24h(&stage, 1), (2, false));
}

#[test]
fn failures_with_ids_of_v14_are_counted_by_their_description() {
    let stage = Stage::bench_of("14.81.0");
    fail(&stage, "6f1c7c3e-0000-4000-8000-000000000001", 100);
    let running = stage.job("long", "6f1c7c3e-0000-4000-8000-000000000002").started(5);
    running.save_in("wip", Some(&in_s(60)));
    let diagnosis = stage.diagnose();
    let sites = &diagnosis.data()["sites"];
    assert_eq!((&sites[0]["failed_24h"], &sites[1]["failed_24h"]), (&1.into(), &0.into()));
    assert_eq!((&sites[0]["running"], &sites[1]["running"]), (&1.into(), &0.into()));
}

#[test]
fn failure_rate_without_traces_of_success_is_not_taken() {
    let stage = Stage::bench();
    for n in 0..20 {
        let job = stage
            .job("short", format!("site1.localhost::{n}"))
            .ended("failed", 20)
            .set("result_ttl", "0");
        job.save_in("failed", Some(&in_s(604_800)));
    }
    // Kept for ever, so that their place in the registry tells no time.
    for n in 0..20 {
        let job = stage
            .job("long", format!("site1.localhost::k{n}"))
            .ended("finished", 20)
            .set("result_ttl", "-1");
        job.save_in("finished", Some("+inf"));
        let job = stage
            .job("long", format!("site1.localhost::f{n}"))
            .ended("failed", 20)
            .set("result_ttl", "-1");
        job.save_in("failed", Some(&in_s(604_800)));
    }
    assert_eq!(stage.diagnose().outcome("job.failure-rate"), "passed");
}

#[test]
fn failure_rate_of_a_fast_queue_compares_equal_times() {
    let stage = Stage::bench();
    // 150 finished within the last 75 s, of which the newest 100 are looked at; 60 failed over 300 s.
    for n in 0..150 {
        finish(&stage, &format!("site1.localhost::d{n}"), i64::from(n / 2));
    }
    for n in 0..60 {
        fail(&stage, &format!("site1.localhost::f{n}"), 60 + i64::from(n * 4));
    }
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.outcome("job.failure-rate"), "passed", "{:#}", diagnosis.report);
}

#[test]
fn running_job_of_every_generation_is_known_by_its_member() {
    let stage = Stage::bench();
    let queue = stage.queue("short");
    stage.job("short", "site1.localhost::one").started(400).save_in("wip", Some(&in_s(60)));
    stage.job("short", "site1.localhost::two").started(400).save();
    let execution = "0123456789abcdef0123456789abcdef";
    for eid in [execution, "00000000000000000000000000000000"] {
        let member = format!("site1.localhost::two:{eid}");
        put(&stage.server, "wip", &queue, member.as_bytes(), Some(&in_s(60)));
    }
    let diagnosis = stage.diagnose();
    let found = diagnosis.findings("job.timeout");
    assert_eq!(found.len(), 2, "{:#}", diagnosis.report);
    assert_eq!(diagnosis.data()["sites"][0]["running"], 2);
    let worker = stage.worker("busy-one", &[&queue]).set("state", "busy").silent(3);
    let _worker = worker.set("current_job", "site1.localhost::one").start();
    let diagnosis = stage.diagnose();
    let texts: Vec<_> = diagnosis.findings("job.timeout").into_iter().map(evidence).collect();
    assert!(
        texts.iter().any(|text| text.contains("worker busy-one (pid 4711, short)")),
        "{texts:?}"
    );
    assert!(texts.iter().all(|text| text.contains("method app.tasks.run")), "{texts:?}");
}

#[test]
fn abandoned_jobs_nobody_will_clean_up_after_say_so() {
    let stage = Stage::bench();
    stage.job("orphaned", "site1.localhost::a").started(9_000).save_in("wip", Some(&in_s(-8_000)));
    let diagnosis = stage.diagnose();
    assert!(evidence(diagnosis.finding("job.abandoned")).contains("nothing will ever"));
    assert_eq!(diagnosis.outcome("job.timeout"), "passed");
}

#[test]
fn ghost_of_every_kind_is_found_and_its_fix_names_it_alone() {
    let stage = Stage::bench_of("16.10.0");
    stage.job("short", "site1.localhost||scheduled_job||a1b2c3").waited(60).save();
    stage.job("short", "site2.localhost||scheduled_job||started").started(90).save();
    let diagnosis = stage.diagnose();
    let found = diagnosis.findings("job.ghost");
    assert_eq!(found.len(), 2, "{:#}", diagnosis.report);
    assert!(found.iter().any(|finding| {
        fixes(finding)
            .ends_with("jobs repair --kind ghost 'site1.localhost||scheduled_job||a1b2c3'")
    }));
}

#[test]
fn scheduled_job_that_came_while_the_survey_ran_is_no_ghost() {
    let stage = Stage::bench();
    // As the scheduler leaves it when the list was read a moment before.
    stage.job("short", GHOST).waited(1).save();
    assert_eq!(stage.diagnose().outcome("job.ghost"), "passed");
}

#[test]
fn fixed_id_in_the_hands_of_a_worker_is_no_ghost() {
    let mut stage = Stage::bench();
    stage.job("short", GHOST).waited(100).save();
    let queue = stage.queue("short");
    let worker = stage.worker("busy", &[&queue]).set("state", "busy").silent(2);
    let worker = worker.set("version", "3.0.0").start();
    stage.hire(worker);
    let members = ["SADD", "rq:worker:busy:executions", &format!("{GHOST}:{}", "a".repeat(32))];
    stage.server.cmd(&members);
    assert_eq!(stage.diagnose().outcome("job.ghost"), "passed");
    // Busy, and nothing is named yet.
    stage.server.cmd(&["DEL", "rq:worker:busy:executions"]);
    assert_eq!(stage.diagnose().outcome("job.ghost"), "passed");
}

#[test]
fn overdue_job_says_who_should_have_enqueued_it() {
    let stage = Stage::plain();
    let job = stage.job("default", "a").set("status", "scheduled");
    job.save_in("scheduled", Some(&in_s(-4_000)));
    let _worker = stage.worker("w", &["default"]).start();
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("job.overdue");
    assert!(fixes(finding).ends_with("default --with-scheduler"), "{finding}");
    stage.server.cmd(&["SET", "rq:scheduler-lock:default", "77"]);
    assert!(
        fixes(stage.diagnose().finding("job.overdue")).ends_with("get rq:scheduler-lock:default")
    );
}

#[test]
fn times_in_garbage_never_end_the_report() {
    let stage = Stage::bench();
    let job = stage
        .job("short", "site1.localhost::a")
        .started(9)
        .set("started_at", "9999-99-99T99:99:99Z");
    job.set("timeout", "99999999999999999999")
        .save_in("wip", Some("nan-is-refused").filter(|_| false).or(Some("1e300")));
    let future = stage.job("short", "site1.localhost::b").set("enqueued_at", ago(-900_000));
    future.wait();
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.data()["queues"][0]["running"], 1);
    assert_eq!(diagnosis.data()["queues"][0]["oldest_age_s"], 0.0);
}
