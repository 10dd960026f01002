//! What is due when.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{DAILY, HOURLY, OFTEN, Place, SITE, ZONE, age_s, ago, every_place, field, notes, rows};
use crate::support::site_schema::{SiteDb, V14, V15, V16, job_type, run};
use crate::support::state;

fn fill(db: SiteDb) -> SiteDb {
    db.job_type(job_type(DAILY, "Daily Long").last_execution(&ago(0)))
        .job_type(job_type(HOURLY, "Hourly").last_execution(&ago(7300)))
        .job_type(job_type(OFTEN, "All").last_execution(&ago(0)))
}

fn of<'j>(json: &'j Value, method: &str) -> Vec<&'j Value> {
    rows(json, "due").iter().filter(|row| row["method"] == method).collect()
}

#[test]
fn timeline_of_every_engine_and_version_agrees() {
    every_place(fill, |place| {
        let json = place.json(&["next", "24h"]);
        assert_eq!(json["schema"], "jobctl.scheduler-next/1");
        let first = &rows(&json, "due")[0];
        assert_eq!((&first["method"], &first["overdue"]), (&json!(HOURLY), &json!(true)));
        assert!(age_s(&first["at"]) > 3600.0, "{first:#}");

        // One more row where it came due since the database was filled.
        let often = *of(&json, OFTEN).last().unwrap();
        assert_eq!((&often["count"], &often["every_s"]), (&json!(360), &json!(240)));
        let hours: u64 = of(&json, HOURLY).iter().map(|row| row["count"].as_u64().unwrap()).sum();
        assert_eq!(hours, 25, "the overdue one, and one an hour: {json:#}");

        let [daily] = of(&json, DAILY)[..] else { panic!("{json:#}") };
        let at: Timestamp = daily["at"].as_str().unwrap().parse().unwrap();
        assert_eq!(at.in_tz(ZONE).unwrap().strftime("%H:%M:%S").to_string(), "00:00:00");
        assert_eq!((&daily["time_zone"], &daily["queue"]), (&json!(ZONE), &json!("long")));
        assert!(rows(&json, "due").iter().all(|row| row["blocked_by"] == json!(null)), "{json:#}");
        let has_jitter = place.schema != V16;
        assert_eq!(daily["jitter_s"] == json!([1, 600]), has_jitter);
        assert_eq!(notes(&json, "1 to 600 s"), has_jitter);
        let text = place.ends(0, &["next"]).stdout;
        assert!(text.contains(DAILY), "{text}");
    });
}

#[test]
fn window_bounds_the_times_and_their_number() {
    let place = Place::new("sqlite", V15, |db| {
        db.job_type(job_type(OFTEN, "Cron").cron("* * * * *").last_execution(&ago(0)))
            .job_type(job_type(DAILY, "Yearly").last_execution(&ago(0)))
    });
    let json = place.json(&["next", "1h"]);
    assert!(field(&json, "due", "method").iter().all(|method| *method == OFTEN), "{json:#}");
    assert_eq!(rows(&json, "due").last().unwrap()["count"], 60);
    let json = place.json(&["next", "366d"]);
    let often = *of(&json, OFTEN).last().unwrap();
    assert_eq!((&often["count"], &often["count_is_least"]), (&json!(1500), &json!(true)));
    assert!(!of(&json, DAILY).is_empty());
    place.ends(64, &["next", "10y"]);
    place.ends(64, &["next", "soon"]);
}

#[test]
fn what_will_not_run_is_told_with_its_reason() {
    let mut place = Place::new("sqlite", V15, |db| {
        db.job_type(job_type(DAILY, "Daily").stopped())
            .job_type(job_type(HOURLY, "Hourly").last_execution(&ago(7300)))
            .job_type(job_type(OFTEN, "Cron").cron("30 2 31 2 *"))
            .job_type(job_type("app.tasks.well", "Daily").last_execution(&ago(0)))
    });
    let id = place.job_id(HOURLY);
    state::job(&place.server, &place.bench.queue("default"), id).waited(1000).save();
    let json = place.json(&["next"]);
    let why = |method| of(&json, method)[0]["blocked_by"].clone();
    assert_eq!((why(DAILY), why(HOURLY)), (json!("stopped"), json!("ghost")));
    assert_eq!((why(OFTEN), why("app.tasks.well")), (json!("impossible-cron"), json!(null)));
    assert_eq!(rows(&json, "due").last().unwrap()["at"], json!(null), "never due comes last");

    place.bench.set_on(SITE, "pause_scheduler", 1);
    let json = place.json(&["next"]);
    assert_eq!(of(&json, "app.tasks.well")[0]["blocked_by"], "paused");
    assert_eq!(json["data"]["held_back"][0]["reasons"][0]["code"], "pause-scheduler");
    let text = place.ends(0, &["next"]).stdout;
    assert!(text.contains("resume-scheduler") && text.contains("nothing is enqueued"), "{text}");
}

#[test]
fn dormant_site_says_so() {
    let ran = run("Complete", &ago(3600));
    let place = Place::new("sqlite", V14, |db| fill(db).run_of(DAILY, ran));
    place.db.execute("UPDATE `tabActivity Log` SET `modified` = '2026-01-01 00:00:00'");
    let json = place.json(&["next"]);
    assert_eq!(json["data"]["held_back"][0]["state"], "dormant", "{json:#}");
    assert_eq!(of(&json, DAILY)[0]["blocked_by"], "dormant");
}
