//! Whose jobs count: one bench of several, one site of several, plain RQ; and what is healthy.

use super::{Stage, evidence};
use crate::support::bench::Bench;
use crate::support::rq::{RELEASES, Rq};
use crate::support::state::{in_s, know, put};

#[test]
fn idle_bench_with_real_workers_and_a_scheduler_is_healthy() {
    let mut stage = Stage::bench();
    stage.crew.clear();
    stage.server.cmd(&["FLUSHALL"]);
    let rq = Rq::version("1.16.2");
    stage.bench.as_ref().unwrap().install_rq("1.16.2");
    let queues = ["short", "default", "long"].map(|name| stage.queue(name));
    let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
    let _general = rq.worker(&stage.server, "general", &queues);
    let _long = rq.worker(&stage.server, "for-long", &queues[2..]);
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("HEALTHY", 0), "{:#}", diagnosis.report);
    assert_eq!(diagnosis.data()["workers"]["alive"], 2);
    assert_eq!(diagnosis.outcome("scheduler.process"), "passed");
    // An hour later, for all that Redis knows of idle workers.
    for name in ["general", "for-long"] {
        let key = format!("rq:worker:{name}");
        stage.server.cmd(&["HSET", &key, "last_heartbeat", &crate::support::state::ago(404)]);
        stage.server.cmd(&["EXPIRE", &key, "76"]);
    }
    let later = stage.diagnose();
    assert_eq!((later.verdict(), later.code), ("HEALTHY", 0), "{:#}", later.report);
}

#[test]
fn bench_that_never_ran_anything_is_healthy_in_every_version() {
    for version in ["13.58.0", "14.81.0", "15.44.2", "16.10.0", "17.0.0-dev"] {
        let stage = Stage::bench_of(version);
        let diagnosis = stage.diagnose();
        assert_eq!(diagnosis.code, 0, "{version}: {:#}", diagnosis.report);
        assert_eq!(diagnosis.data()["queues"].as_array().unwrap().len(), 3);
    }
}

#[test]
fn job_that_a_real_worker_runs_is_healthy_in_every_generation() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let mut stage = Stage::plain();
                let rq = Rq::version(version);
                let flag = rq.folder().join("flag");
                let call = format!("work.until, '{}'", flag.display());
                rq.enqueue(&stage.server, "default", &call);
                let _worker = rq.worker(&stage.server, "w", &["default"]);
                stage.with("--deep");
                let diagnosis = crate::support::wait::wait_until(
                    crate::support::wait::PATIENCE,
                    "the job to run",
                    || {
                        let diagnosis = stage.diagnose();
                        assert_eq!(diagnosis.code, 0, "{version}: {:#}", diagnosis.report);
                        let running = diagnosis.data()["queues"][0]["running"] == 1;
                        running.then_some(diagnosis)
                    },
                );
                assert_eq!(diagnosis.data()["workers"]["alive"], 1, "{version}");
                // Lets the job end, so that its worker does not have to be forced.
                std::fs::write(&flag, "").unwrap();
            });
        }
    });
}

#[test]
fn worker_that_was_killed_leaves_a_trail_in_every_generation() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let stage = Stage::plain();
                let rq = Rq::version(version);
                let mut worker = rq.worker(&stage.server, "victim", &["default"]);
                worker.crash();
                let diagnosis = stage.diagnose();
                assert_eq!(diagnosis.outcome("worker.gone"), "warning", "{version}");
                assert_eq!(diagnosis.outcome("worker.none"), "warning", "{version}");
                let evidence = evidence(diagnosis.finding("worker.gone"));
                assert!(evidence.contains("is gone from this host"), "{version}: {evidence}");
            });
        }
    });
}

#[test]
fn two_benches_with_equal_sites_on_one_redis_are_kept_apart() {
    let mut stage = Stage::bench();
    let mut other = Bench::new("15.44.2", &stage.server);
    other.site("site1.localhost");
    let queue = other.queue("short");
    for n in 0..3 {
        let job =
            crate::support::state::job(&stage.server, &queue, format!("site1.localhost::{n}"));
        job.waited(9_000).wait();
    }
    put(&stage.server, "failed", &queue, b"site1.localhost::f", Some(&in_s(604_700)));
    stage.job("short", "site1.localhost::mine").wait();
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("HEALTHY", 0), "{:#}", diagnosis.report);
    assert_eq!(diagnosis.data()["sites"][0]["queued"], 1);
    assert_eq!(diagnosis.data()["sites"][0]["failed_24h"], 0);
    let finding = diagnosis.finding("worker.foreign");
    assert!(evidence(finding).contains(&other.prefix()), "{finding}");
    // From the other side nobody works.
    stage.bench = Some(other);
    let theirs = stage.diagnose();
    assert_eq!((theirs.verdict(), theirs.code), ("UNHEALTHY", 2));
    assert_eq!(theirs.data()["queues"][0]["queued"], 3);
    assert_eq!(theirs.data()["workers"]["alive"], 0);
}

#[test]
fn bench_reached_through_a_link_is_the_same_bench() {
    let stage = Stage::bench();
    stage.job("short", "site1.localhost::a").wait();
    let (_folder, link) = stage.bench.as_ref().unwrap().link();
    let link = link.to_str().unwrap();
    let run = crate::support::env::jobctl(["doctor", "--bench", link, "-o", "json"]).run();
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["scope"]["bench_id"], stage.bench.as_ref().unwrap().prefix());
    assert_eq!(report["data"]["queues"][0]["queued"], 1);
    assert_eq!(report["data"]["workers"]["alive"], 1);
}

#[test]
fn selected_site_hears_of_shared_faults_and_not_of_other_sites() {
    let mut stage = Stage::bench();
    // The other site's own.
    put(&stage.server, "queue", &stage.queue("short"), b"site2.localhost::gone", None);
    stage.job("short", "site2.localhost::scheduled_job::app.x").waited(99).save();
    stage.job("short", "site2.localhost::b").started(900).save_in("wip", Some(&in_s(60)));
    stage.job("short", "site2.localhost::c").started(900).save_in("wip", Some(&in_s(-60)));
    stage.bench_mut().set_on("site2.localhost", "pause_scheduler", 1);
    stage.bench.as_ref().unwrap().write("sites/half.localhost/private/x", "");
    stage.threshold("failed_warning", 1.0);
    stage
        .job("short", "site2.localhost::f")
        .ended("failed", 9)
        .save_in("failed", Some(&in_s(604_700)));
    stage.with("--site=site1.localhost");
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("HEALTHY", 0), "{:#}", diagnosis.report);
    assert_eq!(diagnosis.data()["sites"].as_array().unwrap().len(), 1);
    // Shared: a queue that nobody serves, a poisonous job, a pause for all.
    stage.bench_mut().set("maintenance_mode", 1);
    stage.job("orphaned", "site2.localhost::d").wait();
    stage.job("long", "site2.localhost::e").set("timeout", "soon").wait();
    let diagnosis = stage.diagnose();
    for check in ["queue.worker", "queue.poison", "config.switches"] {
        assert_eq!(diagnosis.findings(check).len(), 1, "{check}: {:#}", diagnosis.report);
    }
}

#[test]
fn hashless_ids_of_many_sites_are_counted_for_the_selected_one() {
    let mut stage = Stage::bench();
    for n in 0..30 {
        for site in ["site2.localhost", "site1.localhost"] {
            put(
                &stage.server,
                "queue",
                &stage.queue("short"),
                format!("{site}::{n}").as_bytes(),
                None,
            );
        }
    }
    stage.with("--site=site1.localhost");
    let diagnosis = stage.diagnose();
    let summary = diagnosis.finding("queue.hashless")["summary"].as_str().unwrap();
    assert_eq!(summary, "queue `short`: 30 waiting ids without a job");
}

#[test]
fn site_that_does_not_exist_is_an_error_with_the_near_miss() {
    let stage = Stage::bench();
    let run = stage.run(&["--site", "site1.localhos"]);
    assert_eq!(run.code, 66);
    assert!(run.stderr.contains("site1.localhost"), "{}", run.stderr);
}

#[test]
fn bench_without_a_prefix_leaves_prefixed_queues_to_others() {
    let mut stage = Stage::bench_of("13.58.0");
    stage.bench = stage.bench.take();
    stage.crew.clear();
    stage.server.cmd(&["FLUSHALL"]);
    let ours = stage.worker("ours", &["short", "default", "long"]).start();
    stage.hire(ours);
    let theirs = stage.worker("theirs", &["home-other:short"]).start();
    stage.hire(theirs);
    know(&stage.server, "home-other:short");
    know(&stage.server, "emails");
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.code, 0, "{:#}", diagnosis.report);
    let queues: Vec<_> = diagnosis.data()["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| q["queue"].as_str().unwrap())
        .collect();
    assert_eq!(queues, ["short", "default", "long", "emails"]);
    assert_eq!(diagnosis.data()["workers"]["alive"], 1);
}

#[test]
fn plain_rq_whose_worker_waits_for_its_first_job_is_healthy() {
    let mut stage = Stage::plain();
    let empty = stage.diagnose();
    assert_eq!((empty.verdict(), empty.code), ("DEGRADED", 1), "{:#}", empty.report);
    let worker = stage.worker("w", &["emails", "app:reports"]).start();
    stage.hire(worker);
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("HEALTHY", 0), "{:#}", diagnosis.report);
    assert_eq!(diagnosis.data()["queues"][0]["queue"], "app:reports");
    for check in ["config.files", "queue.cap", "scheduler.process", "worker.foreign"] {
        assert_eq!(diagnosis.outcome(check), "skipped", "{check}");
    }
}

#[test]
fn queues_of_a_bench_that_was_not_named_are_never_given_to_a_plain_worker() {
    let stage = Stage::plain();
    stage.job("home-x:short", "site1.localhost::a").wait();
    let none = stage.diagnose();
    assert_eq!(super::fixes(none.finding("worker.none")), "bench worker --queue short");
    let plain = Stage::plain();
    plain.job("emails", "user::a").set("description", "app.mail.send(1)").wait();
    let none = plain.diagnose();
    let fix = super::fixes(none.finding("worker.none"));
    assert!(fix.starts_with("rq worker --url 'unix://") && fix.ends_with(" emails"), "{fix}");
}

#[test]
fn round_trips_do_not_grow_with_queues_and_sites() {
    let few = Stage::bench().diagnose();
    let mut stage = Stage::bench();
    for n in 0..40 {
        let queue = format!("q{n}");
        stage.bench_mut().set_on(&format!("site{n}.example"), "db_name", "_db");
        stage.bench_mut().set_on(&format!("site{n}.example"), "db_type", "none");
        for id in 0..5 {
            stage.job(&queue, format!("site{n}.example::{n}-{id}")).wait();
        }
        let full = stage.queue(&queue);
        let worker = stage.worker(&format!("w-{n}"), &[&full]).start();
        stage.hire(worker);
    }
    let many = stage.diagnose();
    assert_eq!(many.code, 0, "{:#}", many.report);
    let trips = |diagnosis: &super::Diagnosis| diagnosis.data()["round_trips"].as_u64().unwrap();
    // A slow machine may make the latency be measured again.
    assert!(trips(&few) <= 6, "{}", trips(&few));
    assert!(trips(&many) <= trips(&few) + 2, "{} and {}", trips(&few), trips(&many));
}

#[test]
fn command_that_reaches_the_target_again_names_it_as_it_was_named() {
    let stage = Stage::plain();
    stage.job("default", "a").waited(700).wait();
    let _worker = stage.worker("w", &["default"]).start();
    let diagnosis = stage.diagnose();
    let fix = super::fixes(diagnosis.finding("queue.oldest"));
    assert!(fix.starts_with("jobctl --redis 'unix://"), "{fix}");
}
