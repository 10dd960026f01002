//! Past runs.

use serde_json::{Value, json};

use super::{DAILY, HOURLY, OFTEN, Place, ZONE, age_s, ago, every_place, field, notes, rows};
use crate::support::site_schema::{SiteDb, V15, V16, job_type, run};
use crate::support::state;

const TRACE: &str = "Traceback (most recent call last):\n  File \"x.py\", line 1\n\
    ConnectionError: redis://user:hunter2@cache \u{1b}[31m\u{9b}refused\n";

fn fill(db: SiteDb) -> SiteDb {
    db.job_type(job_type(DAILY, "Daily Long"))
        .job_type(job_type(HOURLY, "Hourly"))
        .job_type(job_type(OFTEN, "All").set("create_log", "0"))
        .run_of(DAILY, run("Complete", &ago(30 * 3600)))
        .run_of(DAILY, run("Start", &ago(20 * 3600)))
        .run_of(DAILY, run("Failed", &ago(7200)).took_s(5).details(TRACE))
        .run_of(HOURLY, run("Complete", &ago(3600)).took_s(90))
        .run_of(HOURLY, run("Start", &ago(100)))
        .run_of("gone.app.task", run("Complete", &ago(50)))
}

fn of<'j>(json: &'j Value, method: &str, status: &str) -> &'j Value {
    let is = |row: &&Value| row["method"] == method && row["status"] == status;
    rows(json, "runs").iter().find(is).unwrap_or_else(|| panic!("{json:#}"))
}

#[test]
fn runs_of_every_engine_and_version_are_told_alike() {
    every_place(fill, |place| {
        let json = place.json(&["log"]);
        assert_eq!(json["schema"], "jobctl.scheduler-log/1");
        let statuses = field(&json, "runs", "status");
        assert_eq!(statuses, ["Complete", "Start", "Complete", "Failed", "Start"], "newest first");
        let failed = of(&json, DAILY, "Failed");
        assert!((age_s(&failed["started_at"]) - 7200.0).abs() < 60.0, "{failed:#}");
        assert!((failed["duration_s"].as_f64().unwrap() - 5.0).abs() < 0.01);
        let error = failed["error"].as_str().unwrap();
        assert!(error.starts_with("ConnectionError") && error.contains("refused"), "{error}");
        assert!(failed["details"].as_str().unwrap().starts_with("Traceback"));
        assert_eq!((&failed["stale"], &failed["time_zone"]), (&json!(false), &json!(ZONE)));
        assert_eq!(of(&json, DAILY, "Start")["stale"], true, "a newer run came");
        assert_eq!(of(&json, HOURLY, "Start")["stale"], false, "within its time");
        assert_eq!(of(&json, HOURLY, "Start")["ended_at"], json!(null));
        assert_eq!(of(&json, HOURLY, "Complete")["duration_s"], 90.0);
        let gone = place.schema.type_name("gone.app.task");
        assert_eq!(rows(&json, "runs")[0]["method"], gone, "its type is gone");
        assert!(notes(&json, OFTEN), "{json:#}");
    });
}

#[test]
fn secrets_and_escapes_of_a_traceback_reach_nobody() {
    let place = Place::new("sqlite", V15, fill);
    for format in ["json", "jsonl", "table", "wide", "plain", "csv"] {
        let run = place.ends(0, &["log", "-o", format]);
        assert!(!run.stdout.contains("hunter2"), "{format}: {}", run.stdout);
        assert!(!run.stdout.contains(['\u{1b}', '\u{9b}']), "{format}: {:?}", run.stdout);
        assert!(run.stdout.contains("ConnectionError"), "{format}: {}", run.stdout);
    }
}

#[test]
fn filters_and_limit_choose_the_newest_that_fit() {
    let place = Place::new("sqlite", V16, fill);
    let found = |arguments: &[&str]| {
        let json = place.json(&[&["log"], arguments].concat());
        (field(&json, "runs", "method").len(), json["data"]["truncated"] == json!(true))
    };
    assert_eq!(found(&["--status", "failed"]), (1, false));
    assert_eq!(found(&["--since", "3d"]), (6, false));
    assert_eq!(found(&["--since", "30m"]), (2, false));
    assert_eq!(found(&["--method", "app.tasks.*"]), (2, false));
    assert_eq!(found(&["--method", "app.*"]), (4, false));
    assert_eq!(found(&["--method", "app.*", "--limit", "3"]), (3, true));
    assert_eq!(found(&["--limit", "2"]), (2, true));
    assert_eq!(found(&["--limit", "5"]), (5, false));
    assert_eq!(found(&["--method", "no.such.*"]), (0, false));
    for wrong in [["--limit", "0"], ["--status", "ok"], ["--since", "later"], ["--method", "["]] {
        place.ends(64, &[&["log"], &wrong[..]].concat());
    }
}

#[test]
fn old_start_is_stale_unless_a_worker_runs_the_job() {
    for schema in [V15, V16] {
        let mut place = Place::new("sqlite", schema, |db| {
            db.job_type(job_type(DAILY, "Daily Long")).run_of(DAILY, run("Start", &ago(5000)))
        });
        let stale = |place: &Place| of(&place.json(&["log"]), DAILY, "Start")["stale"].clone();
        assert_eq!(stale(&place), json!(true));
        assert!(place.ends(0, &["log"]).stdout.contains("Start (died)"));
        let queue = place.bench.queue("long");
        let job = state::job(&place.server, &queue, place.job_id(DAILY)).started(5000);
        job.save_in("wip", Some(&state::in_s(100)));
        assert_eq!(stale(&place), json!(false));
        place.server.kill();
        assert_eq!(stale(&place), json!(null), "nobody can tell");
    }
}
