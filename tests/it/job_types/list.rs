//! Which types there are.

use serde_json::{Value, json};

use super::{
    DAILY, HOURLY, OFTEN, Place, SITE, ZONE, add_dead_site, age_s, ago, ends, every_place,
};
use super::{field, notes, rows};
use crate::support::redis::RedisServer;
use crate::support::site_schema::{SiteDb, V14, V15, V16, job_type, run};
use crate::support::state;

const STOPPED: &str = "app.tasks.stopped";

fn fill(db: SiteDb) -> SiteDb {
    db.job_type(job_type(DAILY, "Daily Long").last_execution(&ago(50 * 3600)))
        .job_type(job_type(HOURLY, "Cron").cron("0 * * * *").last_execution(&ago(0)))
        .job_type(job_type(OFTEN, "All").last_execution(&ago(0)).set("create_log", "0"))
        .job_type(job_type(STOPPED, "Daily").stopped().last_execution(&ago(900_000)))
        .run_of(DAILY, run("Complete", &ago(3 * 86_400)).took_s(90))
        .run_of(DAILY, run("Complete", &ago(2 * 86_400)).took_s(30))
        .run_of(DAILY, run("Failed", &ago(50 * 3600)).took_s(500))
        .run_of(DAILY, run("Failed", &ago(8 * 86_400)))
        .run_of(DAILY, run("Start", &ago(60)))
}

fn of<'j>(json: &'j Value, method: &str) -> &'j Value {
    rows(json, "types").iter().find(|row| row["method"] == method).unwrap()
}

#[test]
fn list_of_every_engine_and_version_agrees() {
    every_place(fill, |place| {
        let json = place.json(&["list"]);
        assert_eq!(json["schema"], "jobctl.scheduler-list/1");
        let methods = field(&json, "types", "method");
        assert_eq!((methods[0], methods[3]), (DAILY, STOPPED), "overdue first, stopped last");
        let daily = of(&json, DAILY);
        assert_eq!((&daily["site"], &daily["time_zone"]), (&json!(SITE), &json!(ZONE)));
        assert_eq!((&daily["queue"], &daily["frequency"]), (&json!("long"), &json!("Daily Long")));
        assert!((age_s(&daily["last_execution_at"]) - 50.0 * 3600.0).abs() < 60.0, "{daily:#}");
        let overdue = daily["overdue_s"].as_f64().unwrap();
        assert!(overdue > 24.0 * 3600.0 && overdue < 51.0 * 3600.0, "{daily:#}");
        assert_eq!((&daily["runs_7d"], &daily["failed_7d"]), (&json!(3), &json!(1)));
        assert!((daily["failing_share"].as_f64().unwrap() - 1.0 / 3.0).abs() < 0.001);
        assert!((daily["mean_duration_s"].as_f64().unwrap() - 60.0).abs() < 0.01);
        assert!((daily["longest_s"].as_f64().unwrap() - 90.0).abs() < 0.01);
        assert_eq!(
            daily["jitter_s"],
            if place.schema == V16 { json!(null) } else { json!([1, 600]) }
        );

        let hourly = of(&json, HOURLY);
        assert_eq!(
            (&hourly["expression"], &hourly["queue"]),
            (&json!("0 * * * *"), &json!("default"))
        );
        let wait = -age_s(&hourly["next_execution_at"]);
        assert!(wait > -5.0 && wait <= 3600.0, "{wait}");
        assert_eq!((&hourly["overdue_s"], &hourly["pending"]), (&json!(null), &json!(null)));
        assert_eq!(hourly["ghost"], false);
        let often = of(&json, OFTEN);
        assert_eq!((&often["runs_7d"], &often["failing_share"]), (&json!(null), &json!(null)));
        assert_eq!(of(&json, STOPPED)["overdue_s"], json!(null), "nobody waits for it");
        assert!(notes(&json, ZONE) && notes(&json, OFTEN), "{json:#}");
        assert_eq!(of(&json, DAILY)["job_id"], place.job_id(DAILY));
    });
}

#[test]
fn filters_take_what_they_name_and_nothing_else() {
    let place = Place::new("sqlite", V15, fill);
    for (filter, wanted) in [
        (vec!["--stopped"], vec![STOPPED]),
        (vec!["--overdue"], vec![DAILY]),
        (vec!["--failing"], vec![DAILY]),
        (vec!["--frequency", "daily_long"], vec![DAILY]),
        (vec!["--frequency", "Daily"], vec![STOPPED]),
        (vec!["--method", "app.sync.*"], vec![HOURLY]),
        (vec!["--method", "sync.hourly"], vec![HOURLY]),
        (vec!["--method", "app.*", "--stopped", "--overdue"], vec![]),
    ] {
        let json = place.json(&[&["list"], filter.as_slice()].concat());
        assert_eq!(field(&json, "types", "method"), wanted, "{filter:?}");
    }
    place.ends(64, &["list", "--frequency", "fortnightly"]);
    place.ends(64, &["list", "--method", "["]);
    place.ends(64, &["list", "--method", ""]);
}

#[test]
fn job_that_waits_runs_or_only_says_so_is_told_apart() {
    for schema in [V14, V16] {
        let place = Place::new("sqlite", schema, fill);
        let queue = place.bench.queue("default");
        let job = |method: &str| state::job(&place.server, &queue, place.job_id(method));
        job(DAILY).waited(1000).save();
        job(HOURLY).waited(1000).wait();
        job(OFTEN).started(100).save_in("wip", Some(&state::in_s(100)));
        job(STOPPED).ended("finished", 100).save();
        let json = place.json(&["list"]);
        let standing =
            |method| (of(&json, method)["pending"].clone(), of(&json, method)["ghost"].clone());
        assert_eq!(standing(DAILY), (json!(null), json!(true)), "{schema:?}");
        assert_eq!(standing(HOURLY), (json!("queued"), json!(false)), "{schema:?}");
        assert_eq!(standing(OFTEN), (json!("started"), json!(false)), "{schema:?}");
        assert_eq!(standing(STOPPED), (json!(null), json!(false)), "{schema:?}");
        // As the scheduler leaves it when the list was read a moment before.
        job(DAILY).waited(1).save();
        assert_eq!(of(&place.json(&["list"]), DAILY)["ghost"], false);
        assert!(place.ends(0, &["list"]).stdout.contains("queued"));
    }
}

#[test]
fn list_without_redis_says_what_is_not_known() {
    let mut place = Place::new("sqlite", V15, fill);
    place.server.kill();
    let json = place.json(&["list"]);
    assert_eq!(of(&json, DAILY)["ghost"], json!(null));
    assert!(notes(&json, "which jobs wait or run is not known"), "{json:#}");
}

#[test]
fn problems_of_types_and_of_the_interval_are_named() {
    let mut place = Place::new("sqlite", V15, |db| {
        db.job_type(job_type(DAILY, "Cron").cron("30 2 31 2 *"))
            .job_type(job_type(HOURLY, "Hourly").last_execution(&ago(-90_000)))
            .job_type(job_type(OFTEN, "All"))
            .job_type(job_type("app.x.y", "Fortnightly"))
    });
    place.bench.set("scheduler_interval", 30);
    let json = place.json(&["list"]);
    let code = |method| of(&json, method)["problems"][0]["code"].as_str().unwrap().to_owned();
    assert_eq!(code(DAILY), "impossible-cron");
    assert_eq!(code(HOURLY), "base-in-future");
    assert_eq!(code(OFTEN), "bad-cron");
    assert_eq!(code("app.x.y"), "unknown-frequency");
    assert!(notes(&json, "neither are the types that come after it"), "{json:#}");
    assert!(place.ends(0, &["list"]).stdout.contains("impossible-cron"));
}

#[test]
fn installed_croniter_decides_what_an_expression_means() {
    let place =
        Place::new("sqlite", V16, |db| db.job_type(job_type(DAILY, "Cron").cron("0 22-2 * * *")));
    assert_eq!(of(&place.json(&["list"]), DAILY)["problems"], json!([]));
    let package = "env/lib/python3.11/site-packages/croniter-1.3.15.dist-info/METADATA";
    place.bench.write(package, "");
    assert_eq!(of(&place.json(&["list"]), DAILY)["problems"][0]["code"], "bad-cron");
}

#[test]
fn dead_database_hides_no_other_site_and_alone_ends_with_69() {
    let mut place = Place::new("sqlite", V15, fill);
    add_dead_site(&mut place.bench, "dead.localhost");
    for command in ["list", "next", "log"] {
        let run = place.ends(1, &[command, "--site", "all", "-o", "json"]);
        let json = run.json();
        assert!(notes(&json, "`dead.localhost`"), "{json:#}");
        let sites = rows(&json, "sites");
        assert_eq!((sites.len(), &sites[1]["error"]), (2, &json!(null)));
        let run = place.ends(69, &[command, "--site", "dead.localhost"]);
        assert!(run.stderr.contains("`dead.localhost`"), "{}", run.stderr);
    }
    place.ends(66, &["list", "--site", "dead.localhos"]);
}

#[test]
fn site_without_the_table_of_types_fails_by_name() {
    let place = Place::new("sqlite", V15, |db| db.without_table("Scheduled Job Type"));
    let run = place.ends(78, &["list"]);
    assert!(run.stderr.contains("Scheduled Job Type"), "{}", run.stderr);
    let logless = Place::new("sqlite", V15, |db| fill(db).without_table("Scheduled Job Log"));
    let json = logless.json(&["list"]);
    assert_eq!(of(&json, DAILY)["runs_7d"], json!(null));
    assert!(notes(&json, "the runs are not known"), "{json:#}");
    logless.ends(78, &["log"]);
}

#[test]
fn bench_without_sites_has_no_job_types() {
    let server = RedisServer::start();
    let bench = crate::support::bench::Bench::new("15.44.2", &server);
    let run = ends(&bench, 0, &["list", "-o", "plain"]);
    assert_eq!(run.stdout.lines().count(), 1, "a heading: {}", run.stdout);
}
