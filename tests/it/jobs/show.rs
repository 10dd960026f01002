//! `jobs show` for people: what matters first, nothing that says nothing.

use super::{Job, NOON, jobs};
use crate::support::redis::RedisServer;

const FAILURE: &str = r#"Traceback (most recent call last):
  File "/b/apps/shop/shop/pay.py", line 7, in fetch
    return self.cache[key]
KeyError: 'acme'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/b/env/lib/python3.11/site-packages/rq/worker.py", line 1428, in perform_job
    rv = job.perform()
  File "/b/apps/frappe/frappe/utils/background_jobs.py", line 233, in execute_job
    method(**kwargs)
  File "/b/apps/shop/shop/pay.py", line 12, in charge
    raise PaymentError("no provider")
shop.exceptions.PaymentError: no provider
"#;

fn failed() -> Job {
    Job::frappe("erp::4d000053-2c96", "b:short", "failed", "erp", "shop.pay.charge")
        .at("enqueued_at", NOON)
        .at("started_at", NOON + 2)
        .at("ended_at", NOON + 5)
        .field("timeout", "300")
        .field("exc_info", FAILURE)
}

#[test]
fn show_of_a_failed_job_begins_with_what_went_wrong() {
    let server = RedisServer::start();
    failed().write(&server);
    let shown = jobs(&server, &["show", "erp::4d000053-2c96", "--utc"]).stdout;
    let (before, after) = shown.split_once("queue ").unwrap();
    let (headline, before) = before.split_once('\n').unwrap();
    assert!(headline.starts_with("failed  erp::4d000053-2c96  "), "{headline}");
    assert!(headline.ends_with("  ran 3.0s · waited 2.0s"), "{headline}");
    let wanted = "
shop.exceptions.PaymentError
no provider
at /b/apps/shop/shop/pay.py:12 in charge
   raise PaymentError(\"no provider\")
after KeyError: 'acme'
   at /b/apps/shop/shop/pay.py:7 in fetch
and 2 other frames; --full shows the whole traceback
";
    assert!(before.starts_with(wanted), "{shown}");
    assert!(after.contains("enqueued  2026-11-21 12:00:00 UTC ("), "{shown}");
    assert!(!shown.contains("execute_job"), "Frappe's wrapper says nothing: {shown}");
    let full = jobs(&server, &["show", "erp::4d000053-2c96", "--full"]).stdout;
    assert!(full.contains(FAILURE.trim_end()), "{full}");
}

#[test]
fn show_takes_the_beginning_of_an_id_that_a_table_cut() {
    let server = RedisServer::start();
    failed().write(&server);
    Job::new("erp::4dffffff-0000", "b:short", "queued").write(&server);
    for typed in ["erp::4d00…", "erp::4d0000", "4d000053-2"] {
        assert_eq!(jobs(&server, &["show", typed]).code, 0, "{typed}");
        assert_eq!(jobs(&server, &["exists", typed]).code, 1, "a script means what it says");
    }
    let run = jobs(&server, &["show", "erp::4d…"]);
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("`erp::4d000053-2c96`, `erp::4dffffff-0000`"), "{}", run.stderr);
    assert_eq!(jobs(&server, &["show", "4d…"]).code, 66, "too short to be meant");
    assert_eq!(jobs(&server, &["show", "4d001111"]).code, 66);
}

#[test]
fn show_of_a_job_past_its_timeout_says_by_how_much() {
    let server = RedisServer::start();
    let now = jiff::Timestamp::now().as_second();
    let running = |id: &str, since: i64| {
        Job::new(id, "q", "started").at("started_at", now - since).field("timeout", "60")
    };
    running("late", 200).write(&server);
    running("early", 20).write(&server);
    let late = jobs(&server, &["show", "late"]).stdout;
    assert!(late.contains("1m 00s, passed 2m ago"), "{late}");
    let early = jobs(&server, &["show", "early"]).stdout;
    assert!(!early.contains("passed"), "{early}");
    let kept = "kept     until it ends, then 8m 20s if it finishes, 365d if it fails";
    assert!(early.contains(kept), "{early}");
}

#[test]
fn show_of_a_waiting_job_that_will_expire_warns() {
    let server = RedisServer::start();
    Job::new("heir", "q", "queued").write(&server);
    server.cmd(&["EXPIRE", "rq:job:heir", "600"]);
    let shown = jobs(&server, &["show", "heir"]).stdout;
    assert!(shown.contains("then it is lost without having run"), "{shown}");
    Job::new("limited", "q", "queued").field("ttl", "600").write(&server);
    server.cmd(&["EXPIRE", "rq:job:limited", "600"]);
    assert!(!jobs(&server, &["show", "limited"]).stdout.contains("lost"));
}

#[test]
fn exists_answers_by_exit_code_word_and_json() {
    let server = RedisServer::start();
    Job::new("here", "q", "queued").write(&server);
    let here = jobs(&server, &["exists", "here"]);
    assert_eq!((here.code, here.stdout.as_str()), (0, "here exists: queued\n"));
    let gone = jobs(&server, &["exists", "gone", "-o", "json"]);
    assert_eq!(gone.code, 1);
    assert_eq!(super::data(&gone)["exists"], false);
}
