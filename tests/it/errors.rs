//! Failures in groups: out of RQ's registries by real workers, and out of the Error Log of every
//! engine.

use serde_json::{Value, json};

use crate::support::bench::Bench;
use crate::support::env::{Run, jobctl};
use crate::support::mariadb::mariadb;
use crate::support::postgres::postgres;
use crate::support::redis::{RedisServer, free_port};
use crate::support::rq::{RELEASES, Rq};
use crate::support::site_schema::{SiteDb, V14, V15, V16, site_time};
use crate::support::state;

const SITE: &str = "site1.localhost";
const ZONE: &str = "Europe/Berlin";

/// A traceback as Frappe logs one.
fn trace(line: u32, last: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  File \"/b/apps/frappe/frappe/utils/background_jobs.py\", \
         line 200, in execute_job\n    method(**kwargs)\n  File \"/b/apps/shop/shop/stock.py\", line \
         {line}, in revalue\n    go()\n{last}\n"
    )
}

fn groups(json: &Value) -> &Vec<Value> {
    json["data"]["groups"].as_array().unwrap_or_else(|| panic!("{json:#}"))
}

fn group<'j>(json: &'j Value, exception: &str) -> &'j Value {
    let all = groups(json).iter();
    let fitting: Vec<_> = all.filter(|group| group["exception"] == exception).collect();
    match fitting.as_slice() {
        [one] => one,
        _ => panic!("{} groups of {exception}: {json:#}", fitting.len()),
    }
}

fn on(server: &RedisServer, arguments: &[&str]) -> Run {
    jobctl(["--redis", &server.url()].iter().chain(arguments)).run()
}

#[test]
fn errors_of_every_release_are_grouped_and_found_again_by_the_retry() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                for name in ["anna", "bob", "carl 17"] {
                    rq.enqueue(&server, "default", &format!("work.fail, \"no user '{name}'\""));
                }
                rq.enqueue(&server, "other", "work.die");
                rq.enqueue(&server, "other", "work.slow, job_timeout=1");
                rq.burst(&server, &["default", "other"]);
                let json = on(&server, &["errors", "-o", "json"]).json();
                let value = group(&json, "ValueError");
                assert_eq!(
                    (&value["count"], &value["class"]),
                    (&json!(3), &json!("other")),
                    "{version}"
                );
                assert_eq!(value["queues"], json!([{"name": "default", "count": 3}]));
                assert!(value["place"].as_str().unwrap().ends_with("work.py in fail"), "{value:#}");
                let timeout = group(&json, "JobTimeoutException");
                assert_eq!(timeout["class"], "timeout");
                let killed = groups(&json).iter().find(|group| group["class"] == "killed");
                assert_eq!(killed.unwrap()["failed_jobs"], 1, "{json:#}");

                // What is proposed for retrying finds exactly these.
                let retry = value["retry"].as_str().unwrap();
                assert_eq!(dry_run(retry), 3, "{retry}");

                let id = value["group"].as_str().unwrap();
                let show = on(&server, &["errors", "show", &id[..6]]);
                assert_eq!(show.code, 0, "{show:?}");
                assert!(show.stdout.contains("raise ValueError(message)"), "{}", show.stdout);
                assert!(show.stdout.contains("jobs retry --exception"), "{}", show.stdout);
            });
        }
    });
}

/// How many jobs a proposed command would change.
fn dry_run(command: &str) -> u64 {
    let rest = command.strip_prefix("jobctl ").unwrap_or_else(|| panic!("{command}"));
    let script = format!("exec {} {rest} --dry-run -o json", env!("CARGO_BIN_EXE_jobctl"));
    let shell = std::process::Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
    let said = String::from_utf8_lossy(&shell.stderr);
    let json: Value = serde_json::from_slice(&shell.stdout)
        .unwrap_or_else(|error| panic!("{error}: {script}: {said}"));
    json["data"]["plan"]["count"].as_u64().unwrap_or_else(|| panic!("{json:#}"))
}

/// A traceback of the same words from a function of this name.
fn from(function: &str, words: &str) -> String {
    format!(
        "Traceback (most recent call last):\n  File \"/b/apps/shop/shop/stock.py\", line 9, in \
         {function}\n    go()\n{words}\n"
    )
}

#[test]
fn errors_show_proposes_a_retry_of_its_group_alone_and_counts_what_else_it_meets() {
    let server = RedisServer::start();
    let fail = |queue: &str, id: &str, seconds: i64, function: &str| {
        let site = if id.starts_with("other") { "site2.localhost" } else { SITE };
        let job = state::job(&server, queue, format!("{site}::{id}")).ended("failed", seconds);
        job.set("exc_info", from(function, "ValueError: no item 'x'"))
            .save_in("failed", Some(&state::in_s(9999)));
    };
    for n in 0_i64..30 {
        let queue = if n % 2 == 0 { "short" } else { "long" };
        fail(queue, &format!("job-{n}"), 60 + n, "revalue");
    }
    // The same words from elsewhere: kept out by the queue, by the site, by the time.
    fail("default", "x", 70, "submit");
    fail("short", "other", 70, "submit");
    fail("short", "early", 5_000, "submit");
    fail("short", "yesterday", 100_000, "revalue");
    fail("short", "late", 3, "submit");
    let find = |place: &str| {
        let json = on(&server, &["errors", "-o", "json"]).json();
        let is_there = |group: &&Value| group["place"].as_str().unwrap().ends_with(place);
        let one = groups(&json).iter().find(is_there);
        one.unwrap().clone()
    };
    let show = |group: &Value| {
        let name = group["group"].as_str().unwrap();
        let json = on(&server, &["errors", "show", name, "-o", "json"]).json()["data"].clone();
        let said = (json["retry_jobs"].as_u64().unwrap(), json["retry_others"].as_u64().unwrap());
        let command = json["retry"].as_str().unwrap().to_owned();
        assert_eq!(dry_run(&command), said.0 + said.1, "{command}");
        (said, command)
    };
    let big = find("in revalue");
    let (said, command) = show(&big);
    assert_eq!(said, (30, 0), "{command}");
    for part in ["--queue long,short ", "--site site1.localhost ", "--since ", "--until "] {
        assert!(command.contains(part), "{part}: {command}");
    }
    // In the midst of it, on the same queue and site: nothing but ids would keep these out.
    for id in ["m1", "m2", "m3"] {
        fail("short", id, 65, "submit");
    }
    assert_eq!(show(&big).0, (30, 3));
    let run = on(&server, &["errors", "show", big["group"].as_str().unwrap()]);
    let words = "retries 30 failed jobs; also retries 3 others, which failed with the same words";
    assert!(run.stdout.contains(words), "{}", run.stdout);
    // A small group is named job by job.
    let small = find("in submit");
    let (said, command) = show(&small);
    assert_eq!(said, (7, 0), "{command}");
    assert!(command.contains(" site1.localhost::m1"), "{command}");
    // What was asked of one site is retried there alone.
    let name = small["group"].as_str().unwrap();
    let one = ["errors", "show", name, "--site", "site2.localhost", "-o", "json"];
    let json = on(&server, &one).json()["data"].clone();
    assert_eq!(dry_run(json["retry"].as_str().unwrap()), 1, "{json:#}");
}

#[test]
fn errors_by_queue_method_and_class_count_the_same_failures() {
    let server = RedisServer::start();
    for (number, queue) in [(0, "short"), (1, "short"), (2, "long")] {
        let job = state::job(&server, queue, format!("{SITE}::job-{number}")).ended("failed", 60);
        job.set(
            "exc_info",
            trace(number, "pymysql.err.OperationalError: (1213, 'Deadlock found')"),
        )
        .save_in("failed", Some(&state::in_s(9999)));
    }
    let old = state::job(&server, "long", "old").ended("failed", 3 * 86_400);
    old.set("exc_info", trace(1, "KeyError: 'x'")).save_in("failed", Some(&state::in_s(9999)));
    let json = on(&server, &["errors", "--by", "queue", "-o", "json"]).json();
    let counts: Vec<_> =
        groups(&json).iter().map(|g| (g["group"].clone(), g["count"].clone())).collect();
    assert_eq!(counts, [(json!("short"), json!(2)), (json!("long"), json!(1))]);
    assert_eq!(json["data"]["failed_jobs"], 3);
    let json = on(&server, &["errors", "--since", "7d", "-o", "json"]).json();
    assert_eq!(groups(&json).len(), 2);
    assert_eq!(group(&json, "OperationalError")["trend"].as_array().unwrap().len(), 12);
    let json =
        on(&server, &["errors", "--since", "7d", "--class", "database", "-o", "json"]).json();
    assert_eq!(group(&json, "OperationalError")["count"], 3);
    assert_eq!(groups(&json).len(), 1);
    let run = on(&server, &["errors", "--class", "strange"]);
    assert_eq!(run.code, 64);
    assert_eq!(on(&server, &["errors", "--since", "later"]).code, 64);
    assert_eq!(on(&server, &["errors", "show", "ffffffff"]).code, 66);
    assert_eq!(on(&server, &["errors", "show", ""]).code, 64);
}

/// A bench with a site whose Error Log holds three errors of one sort and one of another.
fn bench(
    engine: &str,
    schema: crate::support::site_schema::Schema,
    server: &RedisServer,
) -> (Bench, SiteDb) {
    let mut bench = Bench::new(schema.version(), server);
    let db = match engine {
        "mariadb" => SiteDb::mariadb(mariadb(), SITE, schema),
        "postgres" => SiteDb::postgres(postgres(), SITE, schema),
        _ => SiteDb::sqlite(bench.root(), SITE, schema),
    };
    let ago = |seconds| site_time(ZONE, seconds);
    let deadlock = "pymysql.err.OperationalError: (1213, 'Deadlock found when trying to get lock')";
    let db = db
        .setting("enable_scheduler", "1")
        .setting("time_zone", ZONE)
        .active_at(&ago(60))
        .error_of(&ago(40 * 3600), "shop.stock.revalue", &trace(9, "KeyError: 'old'"))
        .error_of(&ago(7200), "shop.stock.revalue", &trace(1, deadlock))
        .error_of(&ago(3600), "shop.stock.revalue", &trace(2, deadlock))
        .error_of(&ago(1800), "shop.mail.send", &trace(3, deadlock))
        .error_of(
            &ago(900),
            "Login",
            &trace(3, "frappe.exceptions.PermissionError: \u{1b}[31mhunter2"),
        );
    db.join(&mut bench);
    (bench, db)
}

fn of_bench(bench: &Bench, arguments: &[&str]) -> Run {
    let target = ["--bench", bench.root().to_str().unwrap(), "errors"];
    jobctl(target.iter().chain(arguments)).run()
}

#[test]
fn errors_of_every_engine_are_read_by_the_clock_of_the_site() {
    for engine in ["mariadb", "postgres", "sqlite"] {
        for schema in [V14, V15, V16] {
            let server = RedisServer::start();
            let (bench, _db) = bench(engine, schema, &server);
            let run = of_bench(&bench, &["-o", "json"]);
            assert_eq!(run.code, 0, "{run:?}");
            let json = run.json();
            let deadlock = group(&json, "OperationalError");
            assert_eq!(
                (&deadlock["logged"], &deadlock["count"]),
                (&json!(3), &json!(3)),
                "{engine}"
            );
            assert_eq!(deadlock["class"], "database");
            assert_eq!(deadlock["place"], "shop/shop/stock.py in revalue");
            let first: jiff::Timestamp = deadlock["first_seen"].as_str().unwrap().parse().unwrap();
            let age = jiff::Timestamp::now().duration_since(first).as_secs();
            assert!((7200..7400).contains(&age), "{engine}: {age}");
            assert_eq!(deadlock["sites"], json!([{"name": SITE, "count": 3}]));
            assert_eq!(deadlock["methods"][0], json!({"name": "shop.stock.revalue", "count": 2}));
            assert_eq!(groups(&json).len(), 2, "the old one is out of the window");
        }
    }
}

#[test]
fn errors_of_a_job_and_its_row_count_once() {
    let server = RedisServer::start();
    let (bench, _db) = bench("sqlite", V15, &server);
    let last = "pymysql.err.OperationalError: (1213, 'Deadlock found when trying to get lock')";
    for number in 0..2 {
        let job = state::job(&server, &bench.queue("long"), format!("{SITE}::{number}"));
        let job = job.ended("failed", 3600).set("exc_info", trace(2, last));
        job.save_in("failed", Some(&state::in_s(9999)));
    }
    let json = of_bench(&bench, &["-o", "json"]).json();
    let row = group(&json, "OperationalError");
    assert_eq!(
        (&row["failed_jobs"], &row["logged"], &row["count"]),
        (&json!(2), &json!(3), &json!(3))
    );
    assert_eq!(row["example_log"]["site"], SITE);
    assert!(row["example_job"].as_str().unwrap().starts_with(SITE));
    let other = of_bench(&bench, &["--site", SITE, "--by", "site", "-o", "json"]).json();
    assert_eq!(groups(&other)[0]["group"], SITE);
}

#[test]
fn errors_without_redis_or_a_database_tell_the_rest_and_exit_3() {
    let mut server = RedisServer::start();
    let (mut bench, _db) = bench("sqlite", V15, &server);
    server.kill();
    let run = of_bench(&bench, &["-o", "json"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert_eq!(group(&run.json(), "OperationalError")["logged"], 3);
    assert!(run.json()["notes"].to_string().contains("failed jobs are missing"), "{run:?}");
    server.restart();
    bench.set_on("dead.localhost", "db_name", "_dead");
    bench.set_on("dead.localhost", "db_host", "127.0.0.1");
    bench.set_on("dead.localhost", "db_port", free_port());
    let run = of_bench(&bench, &["-o", "json"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.json()["notes"].to_string().contains("dead.localhost"), "{run:?}");
    assert_eq!(group(&run.json(), "OperationalError")["logged"], 3);
    assert_eq!(of_bench(&bench, &["--site", SITE]).code, 0);
}

#[test]
fn errors_with_hostile_texts_reach_no_terminal_raw() {
    let server = RedisServer::start();
    let (bench, _db) = bench("sqlite", V15, &server);
    for (number, last) in
        ["\u{1b}[2J: x", "E: redis://user:hunter2@cache\nboom", "", "\u{202e}gnp: '"]
            .iter()
            .enumerate()
    {
        let id = format!("{SITE}::\u{1b}]0;{number}\u{7}");
        let job = state::job(&server, &bench.queue("long"), id).ended("failed", 60);
        job.set("exc_info", trace(2, last)).save_in("failed", Some(&state::in_s(9999)));
    }
    for format in ["table", "wide", "plain", "csv", "json", "jsonl"] {
        let run = of_bench(&bench, &["-o", format]);
        assert_eq!(run.code, 0, "{run:?}");
        let hostile =
            |c: char| (c.is_control() && !matches!(c, '\n' | '\t' | '\r')) || c == '\u{202e}';
        assert!(format.starts_with("json") || !run.stdout.contains(hostile), "{:?}", run.stdout);
        assert!(!run.stdout.contains("user:hunter2"), "{}", run.stdout);
    }
}
