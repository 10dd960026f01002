//! What `scheduler status` says.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{ENGINES, Place, ZONE, codes};
use crate::support::redis::RedisServer;
use crate::support::site_schema::{V14, V15, V16, job_type, run, site_time};
use crate::support::state::job;

const METHOD: &str = "app.tasks.often";

#[test]
fn enabled_site_tells_its_runs_on_every_engine_and_version() {
    for engine in ENGINES {
        for schema in [V14, V15, V16] {
            let mut place = Place::new(schema);
            let (ran, failed) = (site_time(ZONE, 30), site_time(ZONE, 3600));
            let db = place
                .site(engine, "erp", schema)
                .job_type(job_type(METHOD, "Daily").last_execution(&ran))
                .job_type(job_type("app.tasks.stopped", "All").stopped())
                .run_of(METHOD, run("Failed", &failed).took_s(3))
                .run_of(METHOD, run("Complete", &ran));
            let of_type = if schema < V16 { METHOD.to_owned() } else { schema.type_name(METHOD) };
            let separator = if schema < V16 { "::" } else { "||" };
            let id = format!("erp{separator}scheduled_job{separator}{of_type}");
            job(&place.server, &place.bench.queue("default"), &id).wait();
            let site = place.first();
            assert_eq!(site["state"], "enabled", "{engine} {schema:?} {site:#}");
            assert_eq!(codes(&site), [""; 0]);
            assert_eq!(site["process"]["state"], "running");
            assert_eq!((&site["pending"], &site["failed_24h"]), (&json!(1), &json!(1)), "{site:#}");
            assert_eq!(site["types"]["total"], 2);
            assert_eq!(site["types"]["stopped"], 1);
            assert_eq!(site["round_trips"], 2);
            let last: jiff::Timestamp = site["last_run_at"].as_str().unwrap().parse().unwrap();
            let age = jiff::Timestamp::now().duration_since(last).as_secs();
            assert!((25..300).contains(&age), "{engine} {schema:?}: {age}");
            let next: jiff::Timestamp = site["next_run_at"].as_str().unwrap().parse().unwrap();
            let zoned = next.in_tz(ZONE).unwrap();
            assert_eq!((zoned.hour(), zoned.minute()), (0, 0), "midnight of the site: {zoned}");
            drop(db);
        }
    }
}

#[test]
fn reasons_come_in_frappes_order_with_their_places() {
    let mut place = Place::new(V15);
    place.bare_site("sqlite", "erp", V15);
    place.bench.set_on("erp", "maintenance_mode", 1);
    place.bench.set("pause_scheduler", "0");
    let site = place.first();
    assert_eq!(site["state"], "maintenance");
    assert_eq!(codes(&site), ["maintenance-mode", "pause-scheduler", "enable-scheduler-unset"]);
    let sources: Vec<_> =
        site["reasons"].as_array().unwrap().iter().map(|reason| &reason["source"]).collect();
    assert_eq!(
        sources,
        [
            "sites/erp/site_config.json: maintenance_mode",
            "sites/common_site_config.json: pause_scheduler",
            "tabSingles: System Settings.enable_scheduler",
        ]
    );
    let fix =
        format!("jobctl --bench {} enable-scheduler --site erp", place.bench.root().display());
    assert_eq!(site["reasons"][2]["fix"], fix.as_str());
    assert_eq!(site["next_run_at"], Value::Null, "nothing is enqueued");
}

#[test]
fn dormant_site_tells_when_its_next_round_is() {
    let mut place = Place::new(V15);
    let run_at = site_time(ZONE, 3600);
    let db = place
        .bare_site("sqlite", "erp", V15)
        .setting("enable_scheduler", "1")
        .active_at(&site_time(ZONE, 9 * 86400))
        .job_type(job_type(METHOD, "All").last_execution(&run_at))
        .run_of(METHOD, run("Complete", &run_at));
    let site = place.first();
    assert_eq!((&site["state"], codes(&site)), (&json!("dormant"), vec!["dormant"]));
    let next: jiff::Timestamp = site["next_run_at"].as_str().unwrap().parse().unwrap();
    let ahead = next.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((22 * 3600..24 * 3600).contains(&ahead), "{ahead}");
    drop(db.active_at(&site_time(ZONE, 60)));
    assert_eq!(place.first()["state"], "enabled");
}

#[test]
fn hanging_database_beside_healthy_ones_costs_its_limit_once_and_is_named() {
    let mut place = Place::new(V15);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    for site in ["dead1", "dead2", "dead3"] {
        place.bench.set_on(site, "db_name", "_dead");
        place.bench.set_on(site, "db_port", port);
    }
    let _healthy = ENGINES.map(|engine| place.site(engine, &format!("well-{engine}"), V15));
    let started = Instant::now();
    let all = ["scheduler", "status", "--site", "all", "--timeout", "3s", "-o", "json"];
    let report = place.ends(1, &all).json();
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    let sites = report["data"]["sites"].as_array().unwrap();
    for site in sites {
        let is_dead = site["site"].as_str().unwrap().starts_with("dead");
        assert_eq!(site["state"], if is_dead { "inactive" } else { "enabled" }, "{site:#}");
        assert_eq!(site["error"].is_null(), !is_dead);
    }
    assert_eq!(sites.len(), 6);
    let run = place.ends(69, &["scheduler", "status", "--site", "dead1", "--timeout", "1s"]);
    assert!(run.stderr.contains("dead1"), "{}", run.stderr);
}

#[test]
fn wrong_login_missing_table_and_odd_settings_are_told_of_their_site_alone() {
    let mut place = Place::new(V16);
    let _denied = place.site("mariadb", "denied", V16);
    place.bench.set_on("denied", "db_password", "wrong-and-secret");
    let _lacking = place.site("postgres", "lacking", V16).without_table("Scheduled Job Log");
    let _odd = place
        .bare_site("sqlite", "odd", V16)
        .setting("enable_scheduler", "1")
        .setting("enable_scheduler", "0")
        .setting("time_zone", "Mars/Olympus");
    let run = place.ends(1, &["scheduler", "status", "-o", "json"]);
    assert!(!run.stdout.contains("secret") && !run.stderr.contains("secret"), "{run:?}");
    let report = run.json();
    let sites = &report["data"]["sites"];
    assert_eq!(codes(&sites[0]), ["database-unreachable"]);
    assert_eq!((&sites[1]["state"], &sites[1]["failed_24h"]), (&json!("enabled"), &Value::Null));
    assert_eq!(codes(&sites[2]), ["enable-scheduler-unset"], "from 16 on the last row counts");
    let notes = report["notes"].to_string();
    assert!(notes.contains("Mars/Olympus") && notes.contains("rows that differ"), "{notes}");
}

#[test]
fn site_of_which_nothing_is_enqueued_is_not_called_enabled() {
    let mut place = Place::without_scheduler(V15);
    let fresh = site_time(ZONE, 30);
    let db = place.site("sqlite", "erp", V15);
    let db = db.job_type(job_type(METHOD, "Daily").last_execution(&fresh));
    let site = place.first();
    assert_eq!((&site["state"], codes(&site)), (&json!("enabled"), vec![]), "it may be elsewhere");
    let day_old = site_time(ZONE, 86_400);
    let _db = db.job_type(job_type("app.tasks.all", "All").last_execution(&day_old));
    let site = place.first();
    assert_eq!((&site["state"], codes(&site)), (&json!("no process"), vec!["nothing-enqueued"]));
    assert_eq!((&site["next_run_at"], &site["types"]["overdue"]), (&Value::Null, &json!(1)));
}

#[test]
fn broken_file_of_a_site_is_no_database_that_does_not_answer() {
    let mut place = Place::new(V15);
    let _db = place.site("sqlite", "erp", V15);
    let file = place.bench.root().join("sites/erp/site_config.json");
    std::fs::write(file, "{\"db_name\": ").unwrap();
    let run = place.ends(78, &["scheduler", "status"]);
    assert!(!run.stderr.contains("does not answer"), "{run:?}");
    let run = place.ends(78, &["scheduler", "status", "-o", "json"]);
    assert!(run.stderr.contains("site_config.json"), "{run:?}");
}

#[test]
fn redis_that_is_down_leaves_everything_else() {
    let mut place = Place::new(V15);
    let _db = place.site("sqlite", "erp", V15).job_type(job_type(METHOD, "All"));
    place.bench.set("redis_queue", "redis://127.0.0.1:1");
    let report = place.status();
    let site = &report["data"]["sites"][0];
    assert_eq!((&site["state"], &site["pending"]), (&json!("enabled"), &Value::Null));
    assert!(report["notes"].to_string().contains("how many scheduled jobs wait"), "{report:#}");
}

#[test]
fn bench_spellings_and_scope_are_taken() {
    let mut place = Place::new(V15);
    let _db = place.site("sqlite", "erp", V15);
    place.bench.set_on("other", "db_type", "oracle");
    let asked = ["--site", "erp", "scheduler", "status", "--verbose", "--format", "json"];
    let report = place.ends(0, &asked).json();
    assert_eq!(report["schema"], "jobctl.scheduler-status/1");
    assert_eq!(report["data"]["sites"].as_array().unwrap().len(), 1);
    let unknown = place.ends(66, &["scheduler", "status", "--site", "erpp"]);
    assert!(unknown.stderr.contains("`erp`"), "{}", unknown.stderr);
    place.ends(78, &["scheduler", "status", "--site", "other"]);
    place.ends(64, &["scheduler", "status", "--site", ""]);
}

#[test]
fn table_groups_sites_with_the_same_reasons() {
    let mut place = Place::new(V15);
    place.bench.stop_scheduler();
    place.bench.write("sites/.restarting", "");
    let _dbs = ["a", "b"].map(|site| place.site("sqlite", site, V15));
    let run = place.ends(0, &["scheduler", "status"]);
    assert!(run.stdout.contains("a, b: inactive"), "{}", run.stdout);
    assert!(run.stdout.contains("sites/.restarting"), "{}", run.stdout);
    let plain = RedisServer::start();
    let run = crate::support::env::jobctl(["--redis", &plain.url(), "scheduler", "status"]).run();
    assert_eq!(run.code, 64, "{}", run.stderr);
}
