//! Triggered jobs in the hands of real workers, and what is told of their ends.

use std::fs;

use serde_json::{Value, json};

use super::{Place, SITE, column};
use crate::support::rq::{RELEASES, Rq};
use crate::support::site_schema::{Schema, V14, V15, V16, job_type, run, site_time};
use crate::support::wait::{PATIENCE, wait_until};

/// What Frappe's workers call, as far as a scheduled job can tell.
const EXECUTE: &str = r"
import importlib

def execute_job(site, method, event, job_name, kwargs, user=None, is_async=True, retry=0):
    module, name = method.rsplit('.', 1)
    assert (user, event, job_name, is_async) == ('Administrator', None, method, True)
    getattr(importlib.import_module(module), name)(**kwargs)

def truncate_failed_registry(job, connection, type, value, traceback):
    pass
";

/// Runs a type and logs it, swallowing its error, as Frappe does. Without a database it waits for
/// somebody to write the log: until there is a file.
const RUN: &str = r"
import datetime, json, os, sqlite3, time

def run_scheduled_job(job_type, **later):
    with open(os.environ['TALLY'], 'a') as tally:
        tally.write(json.dumps([job_type, later]) + '\n')
    if job_type.endswith('.broken'):
        raise RuntimeError('the type is gone')
    if 'SITE_DB' not in os.environ:
        while not os.path.exists(os.environ['TALLY'] + '.go'):
            time.sleep(0.01)
        return
    if job_type.endswith('.silent'):
        return
    name = later.get('scheduled_job_type') or '.'.join(job_type.split('.')[-2:])
    failed = job_type.endswith('.fails')
    details = 'Traceback (most recent call last):\nValueError: no stock left' if failed else None
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat(' ')
    database = sqlite3.connect(os.environ['SITE_DB'], timeout=20)
    database.execute(
        'INSERT INTO `tabScheduled Job Log` '
        '(name, creation, modified, status, scheduled_job_type, details) VALUES (?, ?, ?, ?, ?, ?)',
        (os.urandom(5).hex(), now, now, 'Failed' if failed else 'Complete', name, details))
    database.commit()
    database.close()
";

fn rq_for(version: &str, place: &Place, database: bool) -> Rq {
    let rq = Rq::version(version)
        .module("frappe/utils/background_jobs", EXECUTE)
        .module("frappe/core/doctype/scheduled_job_type/scheduled_job_type", RUN);
    let tally = rq.folder().join("tally.jsonl");
    let rq = rq.env("TALLY", tally.to_str().unwrap());
    if database { rq.env("SITE_DB", place.db.file().to_str().unwrap()) } else { rq }
}

fn calls(rq: &Rq) -> Vec<Value> {
    let text = fs::read_to_string(rq.folder().join("tally.jsonl")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn types() -> [crate::support::site_schema::JobType; 3] {
    [
        job_type("app.tasks.works", "Daily"),
        job_type("app.tasks.fails", "Daily"),
        job_type("app.tasks.silent", "All").set("create_log", "0"),
    ]
}

/// The Frappe whose workers run each release, and its tables.
fn frappe_of(release: &str) -> (&'static str, Schema) {
    match release {
        "1.14.1" => (V14.version(), V14),
        "1.15.1" => (V15.version(), V15),
        "1.16.2" => ("16.0.0-dev", V16),
        "2.6.1" => (V16.version(), V16),
        _ => ("17.0.0-dev", V16),
    }
}

#[test]
fn triggered_jobs_run_once_and_the_log_tells_how_on_every_release() {
    std::thread::scope(|scope| {
        for release in RELEASES {
            scope.spawn(move || {
                let (version, schema) = frappe_of(release);
                let place = Place::new(version, schema, &types());
                place.bench.install_rq(release);
                let rq = rq_for(release, &place, true);
                let queues = [place.bench.queue("default"), place.bench.queue("long")];
                let _worker =
                    rq.worker(&place.server, "w1", &queues.each_ref().map(String::as_str));
                if *release == "3.0.0" {
                    let data = place.trigger(1, &["daily", "--wait", "30s"]);
                    assert_eq!(column(&data, "state"), ["left_alone"; 2], "{data}");
                    assert!(data["types"][0]["reason"].as_str().unwrap().contains("RQ 2.8"));
                    assert_eq!(calls(&rq), [json!(null); 0]);
                    return;
                }
                let data = place.trigger(1, &["any", "--wait", "60s"]);
                let told = |method: &str| {
                    let rows = data["types"].as_array().unwrap();
                    rows.iter().find(|row| row["method"] == method).unwrap().clone()
                };
                let works = told("app.tasks.works");
                assert_eq!(works["state"], "finished", "{release} {data}");
                assert_eq!(works["log"]["status"], "Complete", "{release}");
                let fails = told("app.tasks.fails");
                assert_eq!(
                    (&fails["state"], &fails["status"]),
                    (&json!("failed"), &json!("finished"))
                );
                assert_eq!(fails["reason"], "ValueError: no stock left", "{release}");
                let silent = told("app.tasks.silent");
                assert_eq!((&silent["state"], &silent["log"]), (&json!("finished"), &json!(null)));
                assert!(silent["reason"].as_str().unwrap().contains("no trace"), "{release}");

                let mut ran = calls(&rq);
                ran.sort_by_key(|call| call[0].as_str().unwrap().to_owned());
                let row = |method: &str| match schema {
                    V16 => json!([method, {"scheduled_job_type": V16.type_name(method)}]),
                    _ => json!([method, {}]),
                };
                let all = ["app.tasks.fails", "app.tasks.silent", "app.tasks.works"];
                assert_eq!(ran, all.map(row), "{release}");
                // The ended job of an id makes room for the next one.
                place.trigger(0, &["app.tasks.works", "--wait", "60s"]);
                assert_eq!(calls(&rq).len(), 4, "{release}");
            });
        }
    });
}

#[test]
fn log_on_a_server_is_read_in_the_zone_of_the_site() {
    let place = Place::on_mariadb(V15.version(), V15, &[job_type("app.tasks.slow", "Daily")]);
    // A run of yesterday says nothing about this one.
    let db = place.db.run_of("app.tasks.slow", run("Failed", &site_time("Asia/Tokyo", 86_400)));
    db.execute("UPDATE `tabSingles` SET `value` = 'Asia/Tokyo' WHERE `field` = 'time_zone'");
    let place = Place { db, ..place };
    let rq = rq_for("1.15.1", &place, false);
    let _worker = rq.worker(&place.server, "w1", &[&place.bench.queue("default")]);
    let base = ["trigger-scheduler-event", "--site", SITE, "-o", "json", "daily", "--wait", "60s"];
    let waiting = place.jobctl(&base);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| waiting.run());
        wait_until(PATIENCE, "the job to start", || (!calls(&rq).is_empty()).then_some(()));
        let started = site_time("Asia/Tokyo", 0);
        let name = V15.type_name("app.tasks.slow");
        place.db.execute(&format!(
            "INSERT INTO `tabScheduled Job Log` (`name`, `creation`, `modified`, `status`, \
             `scheduled_job_type`) VALUES ('new', '{started}', '{started}', 'Complete', '{name}')"
        ));
        fs::write(rq.folder().join("tally.jsonl.go"), "").unwrap();
        let run = waiting.join().unwrap();
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(run.json()["data"]["types"][0]["log"]["status"], "Complete");
    });
}

#[test]
fn job_that_fails_in_rq_is_a_failure_with_its_exception() {
    let place = Place::v15(&[job_type("app.tasks.broken", "Daily")]);
    let rq = rq_for("1.15.1", &place, true);
    let _worker = rq.worker(&place.server, "w1", &[&place.bench.queue("default")]);
    let data = place.trigger(1, &["daily", "--wait", "60s"]);
    assert_eq!(
        (&data["types"][0]["status"], column(&data, "state")),
        (&json!("failed"), vec!["failed".to_owned()])
    );
    assert_eq!(data["types"][0]["reason"], "RuntimeError: the type is gone");
}

#[test]
fn wait_without_a_worker_ends_with_its_time() {
    let place = Place::v15(&types());
    let run = place.jobctl(&[
        "trigger-scheduler-event",
        "daily",
        "--site",
        SITE,
        "--wait",
        "0.3",
        "-o",
        "json",
    ]);
    let run = run.run();
    assert_eq!(run.code, 75, "{run:?}");
    assert_eq!(column(&run.json()["data"], "state"), ["not_ended"; 2]);
    let notes = run.json()["notes"].to_string();
    assert!(notes.contains("no live worker"), "{notes}");
    assert!(run.stderr.lines().last().unwrap().starts_with("undo with"), "{}", run.stderr);
}
