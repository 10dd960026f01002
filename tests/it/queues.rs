//! `queues list` and `queues show` on real queues of several RQ releases.

use jobctl::context::Context;
use jobctl::global::Global;
use jobctl::ops;
use serde_json::{Value, json};

use crate::support::bench_dir::BenchDir;
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;

/// The sites of each bench.
const SITES: &[&str] = &["site1.localhost"];

/// The generations whose data differ.
const GENERATIONS: &[&str] = &["1.14.1", "1.16.2", "2.6.1", "3.0.0"];

/// Puts one job into each place that a count is of; the started registry is the workers' test's.
const ONE_OF_EACH: &str = r"
queue = Queue('default', connection=connection)
queue.enqueue(work.ok)
queue.enqueue(work.fail)
queue.enqueue_in(datetime.timedelta(hours=1), work.ok)
parent = Queue('other', connection=connection).enqueue(work.ok)
queue.enqueue(work.ok, depends_on=parent)
queue.enqueue(work.ok).cancel()
";

fn on(server: &RedisServer, arguments: &[&str]) -> Run {
    jobctl(["--redis", &server.url()].iter().chain(arguments)).run()
}

fn queue<'r>(report: &'r Value, name: &str) -> &'r Value {
    let queues = report["data"]["queues"].as_array().unwrap();
    queues.iter().find(|queue| queue["name"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

/// A job as RQ writes it, as far as a list of queues looks.
fn wait_in(server: &RedisServer, queue: &str, id: &str, minutes_ago: u32) {
    let mut client = server.client();
    let now: (i64, i64) = redis::cmd("TIME").query(&mut client).unwrap();
    let at = jiff::Timestamp::from_second(now.0 - i64::from(minutes_ago) * 60).unwrap();
    let at = at.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string();
    server.cmd(&["SADD", "rq:queues", &format!("rq:queue:{queue}")]);
    server.cmd(&["HSET", &format!("rq:job:{id}"), "status", "queued", "enqueued_at", &at]);
    server.cmd(&["RPUSH", &format!("rq:queue:{queue}"), id]);
}

#[test]
fn list_on_every_generation_counts_each_place() {
    std::thread::scope(|scope| {
        for version in GENERATIONS {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                rq.python(&server, ONE_OF_EACH);
                rq.burst(&server, &["default"]);
                rq.enqueue(&server, "default", "work.ok");
                let report = on(&server, &["queues", "-o", "json"]).json();
                let found = queue(&report, "default");
                let counts = ["queued", "started", "finished", "failed", "scheduled", "deferred"]
                    .map(|name| found[name].as_u64().unwrap());
                assert_eq!(counts, [1, 0, 1, 1, 1, 1], "{version}: {found}");
                assert_eq!((&found["canceled"], &found["intermediate"]), (&json!(1), &json!(0)));
                let age = found["oldest_age_s"].as_f64().unwrap();
                assert!((0.0..30.0).contains(&age), "{version}: {age}");
                assert_eq!((&found["workers"], &found["workers_busy"]), (&json!(0), &json!(0)));
                assert_eq!(queue(&report, "other")["queued"], 1);
            });
        }
    });
}

#[test]
fn list_round_trips_do_not_grow_with_queues() {
    let round_trips = |queues: usize| {
        let server = RedisServer::start();
        for at in 0..queues {
            wait_in(&server, &format!("q{at}"), &format!("job{at}"), 1);
        }
        let redis = Some(server.url());
        let mut context = Context::on_target(Global { redis, ..Global::default() }).unwrap();
        context.store().unwrap();
        let before = context.round_trips();
        let report = ops::queues::list(&mut context, &[]).unwrap();
        assert_eq!(report.queues.len(), queues);
        context.round_trips() - before
    };
    assert_eq!(round_trips(1), 4);
    assert_eq!(round_trips(200), 4);
}

#[test]
fn list_oldest_age_looks_behind_a_job_that_was_put_in_front() {
    let server = RedisServer::start();
    for (id, minutes_ago) in [("front", 1), ("old", 50), ("new", 2)] {
        wait_in(&server, "default", id, minutes_ago);
    }
    let report = on(&server, &["queues", "-o", "json"]).json();
    let found = queue(&report, "default");
    let age = found["oldest_age_s"].as_f64().unwrap();
    assert!((3000.0..3060.0).contains(&age), "{age}");
    assert_eq!(found["oldest_is_least"], false);
}

#[test]
fn list_of_a_long_queue_says_that_the_oldest_age_is_a_lower_bound() {
    let server = RedisServer::start();
    for at in 0..21 {
        wait_in(&server, "default", &format!("job{at}"), if at == 10 { 600 } else { 5 });
    }
    let run = on(&server, &["queues", "-o", "table"]);
    assert!(run.stdout.contains("≥5m 0"), "{}", run.stdout);
    assert!(run.stdout.contains("note: ≥: of a long queue"), "{}", run.stdout);
    let report = on(&server, &["queues", "-o", "json"]).json();
    assert_eq!(queue(&report, "default")["oldest_is_least"], true);
}

#[test]
fn list_with_a_key_of_another_type_shows_the_rest_and_says_why() {
    let server = RedisServer::start();
    wait_in(&server, "default", "job", 1);
    server.cmd(&["SET", "rq:failed:default", "x"]);
    server.cmd(&["SET", "rq:wip:default", "x"]);
    let run = on(&server, &["queues", "-o", "json"]);
    let report = run.json();
    let found = queue(&report, "default");
    assert_eq!((&found["queued"], &found["failed"]), (&json!(1), &Value::Null));
    let note =
        "queue `default`: started, failed not counted: ZCARD: the key holds another type than RQ's";
    assert_eq!(report["notes"], json!([note]));
    assert_eq!(run.code, 0);
    assert!(on(&server, &["queues"]).stdout.contains("default\t1\t1m 0"));
    assert!(on(&server, &["queues"]).stdout.contains("\t?\t?\tnone"));
}

#[test]
fn bench_sees_its_own_queues_and_those_of_its_configuration() {
    let server = RedisServer::start();
    let (ours, theirs) = (
        BenchDir::with_queues(&server, "alpha", SITES, &["mail"]),
        BenchDir::new(&server, "beta", SITES),
    );
    wait_in(&server, "alpha:short", "a", 1);
    wait_in(&server, "alpha:extra", "b", 1);
    wait_in(&server, "beta:short", "c", 1);
    wait_in(&server, "beta:short", "d", 1);
    let run = ours.jobctl(&["queues", "-o", "json"]).run();
    let report = run.json();
    let names: Vec<&str> = report["data"]["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|queue| queue["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["short", "default", "long", "mail", "extra"]);
    assert_eq!(queue(&report, "short")["full_name"], "alpha:short");
    assert_eq!(queue(&report, "short")["queued"], 1);
    assert_eq!(queue(&report, "mail")["timeout_s"], 600);
    assert_eq!(queue(&report, "default")["queued"], 0);
    let other = theirs.jobctl(&["queues", "list", "short", "-o", "json"]).run().json();
    assert_eq!(queue(&other, "short")["queued"], 2);
    let show = |name| ours.jobctl(&["queues", "show", name]).run();
    assert_eq!(show("long").code, 0);
    assert_eq!(show("beta:short").code, 66);
    let missed = show("mial");
    assert_eq!(missed.code, 66);
    assert!(missed.stderr.contains("did you mean `mail`?"), "{}", missed.stderr);
}

#[test]
fn bench_whose_prefix_is_unseen_is_unknown_and_counts_nothing() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "alpha", SITES);
    assert_eq!(bench.jobctl(&["queues"]).run().code, 0);
    wait_in(&server, "beta:short", "a", 1);
    for arguments in [&["queues", "-o", "json"][..], &["queues", "show", "short", "-o", "json"]] {
        let run = bench.jobctl(arguments).run();
        assert_eq!(run.code, 3, "{run:?}");
        let report = run.json();
        assert!(report["notes"][0].as_str().unwrap().contains("`beta`"), "{report}");
        let first = if report["data"]["queues"].is_null() {
            &report["data"]
        } else {
            &report["data"]["queues"][0]
        };
        assert_eq!((&first["queued"], &first["workers"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(bench.jobctl(&["workers"]).run().code, 3);
}

#[test]
fn short_name_in_plain_rq_must_not_fit_two_prefixes() {
    let server = RedisServer::start();
    for (at, name) in ["alpha:short", "beta:short", "beta:long"].into_iter().enumerate() {
        wait_in(&server, name, &format!("job{at}"), 1);
    }
    let run = on(&server, &["queues", "show", "short"]);
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("`alpha:short` and `beta:short`"), "{}", run.stderr);
    let long = on(&server, &["queues", "show", "long", "-o", "json"]).json();
    assert_eq!(long["data"]["full_name"], "beta:long");
}

#[test]
fn show_names_both_ends_the_parked_and_the_scheduler() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2");
    let ids = rq.python(
        &server,
        "print(*(Queue('default', connection=connection).enqueue(work.ok, n).id for n in range(12)))",
    );
    let ids: Vec<&str> = ids.split(' ').collect();
    server.cmd(&["DEL", &format!("rq:job:{}", ids[1])]);
    server.cmd(&["RPUSH", "rq:queue:default:intermediate", "stuck"]);
    server.cmd(&["SET", "rq:scheduler-lock:default", "4711", "EX", "60"]);
    let report = on(&server, &["queues", "show", "default", "-o", "json"]).json();
    let data = &report["data"];
    let of = |list: &str| -> Vec<&str> {
        data[list].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect()
    };
    assert_eq!(of("next"), ids[..5]);
    assert_eq!(of("newest"), [ids[11], ids[10], ids[9], ids[8], ids[7]]);
    assert_eq!(of("parked"), ["stuck"]);
    assert_eq!(data["next"][0]["method"], "work.ok");
    assert_eq!(
        (&data["next"][1]["is_gone"], &data["next"][0]["is_gone"]),
        (&json!(true), &json!(false))
    );
    assert_eq!((&data["queued"], &data["intermediate"]), (&json!(12), &json!(1)));
    assert_eq!(data["rq_scheduler"], "pid 4711");
}

#[test]
fn site_is_said_not_to_narrow_the_counts() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "alpha", SITES);
    let run = bench.jobctl(&["queues", "--site", "site1.localhost"]).run();
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("show-pending-jobs"), "{}", run.stderr);
}

#[test]
fn names_that_a_terminal_would_obey_are_shown_escaped() {
    let server = RedisServer::start();
    wait_in(&server, "ev\u{1b}[31mil\n", "a\tb", 1);
    for arguments in
        [&["queues"][..], &["queues", "-o", "wide"], &["queues", "show", "ev\u{1b}[31mil\n"]]
    {
        let run = on(&server, arguments);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
        assert!(run.stdout.contains(r"ev\x1b[31mil\n"), "{}", run.stdout);
    }
}

#[test]
fn redis_that_is_down_is_unreachable() {
    for arguments in
        [&["queues"][..], &["queues", "show", "x"], &["workers"], &["workers", "show", "x"]]
    {
        let target = ["--redis", "unix:///nonexistent/redis.sock"];
        let run = jobctl(target.iter().chain(arguments)).run();
        assert_eq!(run.code, 69, "{run:?}");
    }
}

#[test]
fn key_prefix_of_rq_3_is_taken_from_rqs_own_variable() {
    let server = RedisServer::start();
    let prefix = "{bench}:rq";
    let rq = Rq::version("3.0.0").env("RQ_KEY_PREFIX", prefix);
    let done = rq.enqueue(&server, "default", "work.ok, 1");
    rq.burst(&server, &["default"]);
    let waiting = rq.enqueue(&server, "default", "work.ok, 2");
    let url = server.url();
    let run = |arguments: &[&str]| {
        let target = ["--redis", url.as_str()];
        jobctl(target.iter().chain(arguments)).env("RQ_KEY_PREFIX", prefix).run()
    };

    let queues = run(&["queues", "-o", "json"]).json();
    let queue = &queues["data"]["queues"][0];
    assert_eq!((&queue["name"], &queue["queued"]), (&json!("default"), &json!(1)), "{queue}");
    let listed = run(&["jobs", "list", "-o", "json"]).json();
    let ids: Vec<_> =
        listed["data"]["jobs"].as_array().unwrap().iter().map(|j| j["id"].clone()).collect();
    assert!(ids.contains(&json!(done)) && ids.contains(&json!(waiting)), "{ids:?}");
    let pending = run(&["show-pending-jobs", "-o", "json"]).json();
    assert_eq!(pending["data"]["totals"]["pending"], 1, "{pending}");
}
