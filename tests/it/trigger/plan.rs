//! Which types, on which queues, under which ids, and what keeps one from being enqueued.

use std::fs;

use redis::Value;
use serde_json::json;

use super::{Place, SITE, column, fixed_id, op_of, several};
use crate::change::{assert_same, snapshot};
use crate::support::redis::free_port;
use crate::support::site_schema::{SiteDb, V14, V15, V16, job_type};
use crate::support::state::{ago, in_s, job};

#[test]
fn dry_run_lists_types_queues_and_ids_of_the_installed_frappe() {
    for (version, schema, separator, by_method) in [
        (V14.version(), V14, "::", true),
        (V15.version(), V15, "::", true),
        ("16.0.0-dev", V16, "::", false),
        (V16.version(), V16, "||", false),
        ("17.0.0-dev", V16, "||", false),
    ] {
        let place = Place::on_mariadb(version, schema, &several());
        if version == "16.0.0-dev" {
            place.bench.install_rq("1.16.2");
        }
        let data = place.trigger(0, &["any", "--dry-run"]);
        let method = "app.more.nightly";
        let rows = data["types"].as_array().unwrap();
        let row = rows.iter().find(|row| row["method"] == method).unwrap();
        let name = schema.type_name(method);
        let key = if by_method { method } else { name.as_str() };
        let id = format!("{SITE}{separator}scheduled_job{separator}{key}");
        assert_eq!(row["id"], id, "{version}");
        assert_eq!((&row["queue"], &row["name"]), (&json!("long"), &json!(name)), "{version}");
        assert_eq!((&row["frequency"], &row["state"]), (&json!("Daily Long"), &json!("planned")));
        assert_eq!(rows.len(), 5, "{version}: stopped types have to be named");
        assert_eq!(place.server.cmd(&["DBSIZE"]), Value::Int(0), "{version}");
    }
}

#[test]
fn event_means_one_frequency_and_a_stopped_type_has_to_be_named() {
    let place = Place::v16(&several());
    let methods = |word: &str| column(&place.trigger(0, &[word, "--dry-run"]), "method");
    assert_eq!(methods("all"), ["app.tasks.all"]);
    assert_eq!(methods("daily"), ["app.tasks.daily"]);
    assert_eq!(methods("daily_long"), ["app.more.nightly"]);
    assert_eq!(methods("cron"), ["app.more.cron"]);
    assert_eq!(methods("app.tasks.idle"), ["app.tasks.idle"]);
    assert_eq!(methods(&V16.type_name("app.tasks.idle")), ["app.tasks.idle"]);

    let none = place.ends(66, &["trigger-scheduler-event", "weekly", "--site", SITE]);
    assert!(none.stderr.contains("`weekly`") && none.stderr.contains("`all` has 1"), "{none:?}");
    let near = place.ends(66, &["trigger-scheduler-event", "app.tasks.dail", "--site", SITE]);
    assert!(near.stderr.contains("`app.tasks.daily`"), "{near:?}");
    let word = place.ends(64, &["trigger-scheduler-event", "dayly", "--site", SITE]);
    assert!(word.stderr.contains("`daily`"), "{word:?}");
}

#[test]
fn hourly_without_types_names_the_maintenance_form_first() {
    let types = [
        job_type("app.care", "Hourly Maintenance"),
        job_type("app.tidy", "Hourly Maintenance"),
        job_type("app.all", "All"),
    ];
    let place = Place::new("17.0.0-dev", V16, &types);
    let run = place.ends(66, &["trigger-scheduler-event", "hourly", "--site", SITE]);
    assert!(run.stderr.contains("`hourly_maintenance` has 2, `all` has 1"), "{}", run.stderr);
    let data = place.trigger(0, &["hourly_maintenance", "--dry-run"]);
    assert_eq!(column(&data, "queue"), ["long", "long"]);
}

#[test]
fn scope_has_to_be_given_and_read_only_refuses() {
    let place = Place::v15(&several());
    place.ends(77, &["trigger-scheduler-event", "daily"]);
    let by_variable = place.jobctl(&["trigger-scheduler-event", "daily"]);
    assert_eq!(by_variable.env("FRAPPE_SITE", SITE).run().code, 77);
    place.ends(77, &["trigger-scheduler-event", "daily", "--site", SITE, "--read-only"]);
    place.ends(66, &["trigger-scheduler-event", "daily", "--site", "erp"]);
    assert_eq!(place.server.cmd(&["DBSIZE"]), Value::Int(0));
}

#[test]
fn frappe_13_is_refused_unless_it_runs_them_itself() {
    let place = Place::new("13.58.1", V14, &several());
    let run = place.ends(77, &["trigger-scheduler-event", "daily", "--site", SITE]);
    assert!(run.stderr.contains("Frappe 13") && run.stderr.contains("--inline"), "{run:?}");
}

#[test]
fn pause_and_maintenance_are_shown_and_do_not_keep_the_jobs_back() {
    let mut place = Place::v15(&several());
    place.bench.set("pause_scheduler", 1);
    place.bench.set_on(SITE, "maintenance_mode", 1);
    let data = place.trigger(0, &["daily"]);
    let obstacle = |code: &str, source: &str| {
        let detail = format!("`{code}` is set in {source}");
        json!({"code": code, "source": source, "detail": detail, "fix": null})
    };
    let expected = json!([
        obstacle("maintenance_mode", &format!("sites/{SITE}/site_config.json")),
        obstacle("pause_scheduler", "sites/common_site_config.json"),
    ]);
    assert_eq!(data["sites"][0]["obstacles"], expected);
    assert_eq!(place.queued("default"), [fixed_id("app.tasks.daily")]);
}

#[test]
fn fixed_id_never_inherits_an_expiry_and_undo_puts_the_ended_job_back() {
    let place = Place::v15(&several());
    let (queue, id) = (place.bench.queue("default"), fixed_id("app.tasks.daily"));
    let ended = job(&place.server, &queue, &id).ended("finished", 60).set("meta", "stale");
    ended.expires_in(500).save_in("finished", Some(&in_s(500)));
    let before = snapshot(&place.server);
    let key = format!("rq:job:{id}");

    let arguments = ["trigger-scheduler-event", "daily", "--site", SITE];
    let run = place.ends(0, &arguments);
    assert_eq!(place.server.cmd(&["TTL", &key]), Value::Int(-1));
    assert_eq!(place.server.cmd(&["HEXISTS", &key, "meta"]), Value::Int(0));
    assert_eq!(place.queued("default"), std::slice::from_ref(&id));
    let finished = format!("rq:finished:{queue}");
    assert_eq!(place.server.cmd(&["ZCARD", &finished]), Value::Int(0));

    place.ends(0, &["undo", &op_of(&run), "--yes"]);
    assert_same(&before, &snapshot(&place.server));

    // What a worker took since stays with it.
    let run = place.ends(0, &arguments);
    place.server.cmd(&["LPOP", &format!("rq:queue:{queue}")]);
    place.server.cmd(&["HSET", &key, "status", "started", "started_at", &ago(0)]);
    place.ends(1, &["undo", &op_of(&run), "--yes"]);
    let status = Value::BulkString(b"started".to_vec());
    assert_eq!(place.server.cmd(&["HGET", &key, "status"]), status);
}

#[test]
fn what_waits_or_runs_is_left_alone_and_a_ghost_is_named_with_its_repair() {
    let place = Place::v15(&several());
    let queue = place.bench.queue("default");
    let waits = fixed_id("app.tasks.all");
    job(&place.server, &queue, &waits).waited(600).wait();
    let runs = fixed_id("app.more.cron");
    let running = job(&place.server, &queue, &runs).started(30);
    running.save_in("wip", Some(&in_s(300)));
    let ghost = fixed_id("app.more.hourly");
    job(&place.server, &queue, &ghost).waited(600).save();

    let data = place.trigger(1, &["any"]);
    let state = |method: &str| {
        let rows = data["types"].as_array().unwrap();
        let row = rows.iter().find(|row| row["method"] == method).unwrap();
        row["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state("app.tasks.all"), "already_there");
    assert_eq!(state("app.more.cron"), "already_there");
    assert_eq!(state("app.more.hourly"), "ghost");
    assert_eq!(state("app.tasks.daily"), "enqueued");
    assert_eq!(place.queued("default"), [waits, fixed_id("app.tasks.daily")]);
    assert_eq!(place.queued("long"), [fixed_id("app.more.nightly")]);
    let rows = data["types"].as_array().unwrap();
    let fix = rows.iter().find(|row| row["state"] == "ghost").unwrap()["fix"].clone();
    assert!(fix.as_str().unwrap().ends_with(&format!("jobs repair --kind ghost {ghost}")), "{fix}");
    // Nothing is left to do, and nothing is done.
    let again = place.trigger(0, &["daily"]);
    assert_eq!(
        (&again["op_id"], column(&again, "state")),
        (&json!(null), vec!["already_there".to_owned()])
    );
}

#[test]
fn full_queue_refuses_unless_told_otherwise() {
    let place = Place::v16(&several());
    let others: Vec<String> = (0..550).map(|n| format!("x{n}")).collect();
    let key = format!("rq:queue:{}", place.bench.queue("default"));
    redis::cmd("RPUSH").arg(&key).arg(&others).exec(&mut place.server.client()).unwrap();
    let base = ["trigger-scheduler-event", "daily", "--site", SITE];
    let full = place.ends(77, &base);
    assert!(full.stderr.contains("550") && full.stderr.contains("--over-cap"), "{full:?}");
    place.ends(0, &[&base[..], &["--over-cap"]].concat());
    assert_eq!(place.queued("default").len(), 551);
    // At a rate, it waits for room.
    place.server.cmd(&["LPOP", &key]);
    let base = ["trigger-scheduler-event", "all", "--site", SITE, "--rate", "50/s", "-o", "json"];
    let waiting = place.jobctl(&base);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| waiting.run());
        for _ in 0..2 {
            place.server.cmd(&["LPOP", &key]);
        }
        let run = waiting.join().unwrap();
        assert_eq!(column(&run.json()["data"], "state"), ["enqueued"], "{run:?}");
    });
}

#[test]
fn site_whose_database_is_gone_fails_alone_and_all_of_them_together() {
    let mut place = Place::v15(&several());
    let other = SiteDb::sqlite(place.bench.root(), "other", V15);
    let other = other.job_type(job_type("app.tasks.other", "Daily"));
    other.join(&mut place.bench);
    fs::remove_file(other.file()).unwrap();
    let base = ["trigger-scheduler-event", "daily", "-o", "json"];
    let run = place.ends(1, &[&base[..], &["--site", "all"]].concat());
    let data = run.json()["data"].clone();
    assert_eq!(column(&data, "state"), ["enqueued"]);
    let error = data["sites"][1]["error"].as_str().unwrap();
    assert!(error.contains("`other`"), "{error}");
    place.ends(78, &[&base[..], &["--site", "other"]].concat());

    let port = free_port();
    for (key, value) in [("db_type", json!("mariadb")), ("db_port", json!(port))] {
        place.bench.set_on("other", key, value.clone());
        place.bench.set_on(SITE, key, value);
    }
    place.ends(69, &[&base[..], &["--site", "all"]].concat());
}

#[test]
fn limit_takes_the_first_types_and_says_so() {
    let place = Place::v15(&several());
    let run = place.ends(0, &["trigger-scheduler-event", "any", "--site", SITE, "--limit", "2"]);
    assert!(run.stdout.contains("first 2 of 5"), "{}", run.stdout);
    assert_eq!(place.queued("default").len() + place.queued("long").len(), 2);
}

#[test]
fn kill_at_every_point_leaves_what_undo_takes_back() {
    for point in ["images-synced", "script-replied", "confirmed", "before-end"] {
        let place = Place::v15(&several());
        let killed = place
            .jobctl(&["trigger-scheduler-event", "any", "--site", SITE])
            .env("JOBCTL_TEST_FAULT", point)
            .run();
        assert_eq!(killed.code, -1, "{point}: {killed:?}");
        let waiting = place.queued("default").len() + place.queued("long").len();
        assert_eq!(waiting, if point == "images-synced" { 0 } else { 5 }, "{point}");
        let ops = place.ends(0, &["ops", "list", "-o", "json"]).json();
        let op = ops["data"]["ops"][0]["op_id"].as_str().unwrap();
        // Without any receipt it cannot be known that the first script never ran.
        place.ends(i32::from(point == "images-synced"), &["undo", op, "--yes"]);
        assert!(place.queued("default").is_empty() && place.queued("long").is_empty(), "{point}");
        let key = format!("rq:job:{}", fixed_id("app.tasks.daily"));
        assert_eq!(place.server.cmd(&["EXISTS", &key]), Value::Int(0), "{point}");
    }
}
