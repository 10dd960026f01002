//! Counters: how each event is seen with real workers, and that a history keeps them.

use super::*;
use crate::metrics::{promtool, total};
use crate::serve::Serving;
use crate::support::rq::{RELEASES, Rq};

/// What has happened to the jobs of a function so far.
fn counted(text: &str, event: &str, task: &str) -> f64 {
    total(text, &format!("jobctl_job_{event}_total"), &[("queue", "q"), ("task", task)])
}

#[test]
fn counters_of_every_event_rise_with_real_workers() {
    for version in RELEASES {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        let _worker = rq.worker(&server, "w", &["q"]);
        let serving = Serving::on(&["--redis", &server.url()], &[]);
        // The first look only remembers.
        assert_eq!(serving.get("/metrics").status, 200);
        rq.enqueue(&server, "q", "work.ok");
        rq.enqueue(&server, "q", "work.fail");
        let text = wait_until(LONG, "the jobs to be counted", || {
            let text = serving.get("/metrics").body;
            let done =
                counted(&text, "completed", "work.ok") + counted(&text, "failed", "work.fail");
            (done > 1.5).then_some(text)
        });
        promtool(&text);
        for task in ["work.ok", "work.fail"] {
            for event in ["enqueued", "started"] {
                let count = counted(&text, event, task);
                assert!((count - 1.0).abs() < 0.1, "{version}: {event} {task}: {count}\n{text}");
            }
        }
        let by_host = text
            .lines()
            .any(|line| line.starts_with("jobctl_job_started_total{") && line.contains("/q\"} 1"));
        assert!(by_host, "{version}: {text}");
        assert!(!text.contains("worker=\"w\""), "{text}");
        assert_eq!(total(&text, "jobctl_watch_gaps_total", &[]).to_string(), "0");
    }
}

#[test]
fn counters_of_queues_that_are_known_begin_at_0() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let _worker = rq.worker(&server, "w", &["quiet"]);
    let serving = Serving::on(&["--redis", &server.url()], &[]);
    let text = wait_until(LONG, "the queue of the worker", || {
        let text = serving.get("/metrics").body;
        text.contains("jobctl_job_completed_total{queue=\"quiet\"").then_some(text)
    });
    promtool(&text);
    for event in ["enqueued", "started", "completed", "failed", "retry", "cancelled"] {
        let begins = format!("jobctl_job_{event}_total{{queue=\"quiet\",task=\"other\"");
        let line = text.lines().find(|line| line.starts_with(&begins));
        assert!(line.is_some_and(|line| line.ends_with("} 0")), "{event}: {text}");
    }
}

#[test]
fn counters_see_jobs_that_are_canceled_and_retried() {
    for version in ["1.15.1", "2.6.1", "3.0.0"] {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        let serving = Serving::on(&["--redis", &server.url()], &[]);
        let id = rq.enqueue(&server, "q", "work.ok");
        let again = rq.enqueue(&server, "q", "work.fail, retry=__import__('rq').Retry(max=2)");
        // Both are seen while they wait.
        wait_until(LONG, "the jobs to be seen", || {
            let text = serving.get("/metrics").body;
            text.contains(r#"jobctl_queue_length{queue="q",status="queued"} 2"#).then_some(())
        });
        rq.python(&server, &format!("Job.fetch('{id}', connection=connection).cancel()"));
        rq.burst(&server, &["q"]);
        let text = wait_until(LONG, "the retries to be counted", || {
            let text = serving.get("/metrics").body;
            let done = counted(&text, "retry", "work.fail") > 1.5
                && counted(&text, "cancelled", "work.ok") > 0.5
                && counted(&text, "failed", "work.fail") > 0.5;
            done.then_some(text)
        });
        promtool(&text);
        let count = |event: &str, task: &str| counted(&text, event, task).to_string();
        assert_eq!(count("retry", "work.fail"), "2", "{version}: {again}\n{text}");
        assert_eq!(count("cancelled", "work.ok"), "1", "{version}: {text}");
        assert_eq!(count("failed", "work.fail"), "1", "{version}: {text}");
    }
}

#[test]
fn counters_go_on_where_the_history_ended() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let home = tempfile::tempdir().unwrap();
    let (url, state) = (server.url(), home.path().join("state"));
    let record = || Serving::with(&["--redis", &url], &["--record"], "XDG_STATE_HOME", &state);
    let run_one = || {
        rq.enqueue(&server, "q", "work.ok");
        rq.burst(&server, &["q"]);
    };
    let completed = |serving: &Serving, least: f64| {
        wait_until(LONG, "the job to be counted", || {
            let text = serving.get("/metrics").body;
            let count = counted(&text, "completed", "work.ok");
            (count >= least).then_some((count, text))
        })
    };
    let first = record();
    run_one();
    let (count, text) = completed(&first, 1.0);
    assert!((count - 1.0).abs() < 0.1, "{text}");
    // A second one serves beside it, and says who records.
    let second = record();
    assert!(second.said().contains("records into it already"), "{}", second.said());
    assert!(second.said().contains("takes over when that ends"), "{}", second.said());
    assert_eq!(second.get("/ready").status, 200);
    drop(second);
    // Killed, with a job that ends while nobody looks.
    drop(first);
    run_one();
    let again = record();
    let (count, text) = completed(&again, 2.0);
    assert!((count - 2.0).abs() < 0.1, "{text}");
    let runs =
        total(&text, "jobctl_execution_time_seconds_count", &[("queue", "q"), ("task", "work.ok")]);
    assert!((runs - 2.0).abs() < 0.1, "{text}");
    run_one();
    assert!((completed(&again, 3.0).0 - 3.0).abs() < 0.1);
    let history = again.get("/api/v1/history?by=method");
    assert_eq!(history.status, 200, "{history:?}");
    assert_eq!(history.json()["data"]["total"]["count"], 3);
    assert_eq!(again.get("/api/v1/history?file=/etc/passwd").status, 400);
    for path in ["trend", "peaks", "forecast"] {
        assert_eq!(again.get(&format!("/api/v1/{path}")).status, 200, "{path}");
    }
}
