//! Groups, made by the releases of RQ that know them.

use serde_json::{Value, json};

use crate::support::bench_dir::BenchDir;
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;

/// The releases with groups.
const WITH_GROUPS: [&str; 2] = ["2.6.1", "3.0.0"];

fn on(server: &RedisServer, arguments: &[&str]) -> Run {
    jobctl(["--redis", &server.url()].iter().chain(arguments)).run()
}

/// Enqueues calls as one group.
fn enqueue(rq: &Rq, server: &RedisServer, group: &str, queue: &str, calls: &[&str]) {
    let calls: Vec<String> =
        calls.iter().map(|call| format!("Queue.prepare_data({call})")).collect();
    rq.python(
        server,
        &format!(
            "from rq.group import Group\n\
             Group.create(connection=connection, name={group:?}).enqueue_many(\
             Queue({queue:?}, connection=connection), [{}])",
            calls.join(", ")
        ),
    );
}

fn line(server: &RedisServer, group: &str) -> Value {
    let json = on(server, &["groups", "list", "-o", "json"]).json();
    let all = json["data"]["groups"].as_array().unwrap();
    all.iter().find(|line| line["group"] == group).unwrap_or_else(|| panic!("{json:#}")).clone()
}

fn counts(line: &Value) -> [&Value; 6] {
    ["total", "pending", "running", "finished", "failed", "canceled"].map(|field| &line[field])
}

#[test]
fn groups_of_real_jobs_are_counted_canceled_and_only_their_failures_retried() {
    for version in WITH_GROUPS {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        enqueue(&rq, &server, "import 1", "default", &["work.ok", "work.ok", "work.fail"]);
        enqueue(&rq, &server, "import 1", "later", &["work.ok"]);
        enqueue(&rq, &server, "other", "default", &["work.fail"]);
        rq.burst(&server, &["default"]);
        let before = line(&server, "import 1");
        assert_eq!(counts(&before), [4, 1, 0, 2, 1, 0].map(|n| json!(n)).each_ref(), "{before:#}");
        assert_eq!(before["progress"], 0.75);
        assert!(before["eta_s"].is_number(), "{before:#}");

        let show = on(&server, &["groups", "show", "import 1"]);
        assert_eq!(show.code, 0, "{show:?}");
        assert!(show.stdout.contains("groups retry 'import 1'"), "{}", show.stdout);

        let retry = on(&server, &["groups", "retry", "import 1"]);
        assert_eq!(retry.code, 0, "{retry:?}");
        let after = line(&server, "import 1");
        assert_eq!(counts(&after), [4, 2, 0, 2, 0, 0].map(|n| json!(n)).each_ref(), "{after:#}");
        assert_eq!(line(&server, "other")["failed"], 1, "it is another group's");

        let cancel = on(&server, &["groups", "cancel", "import 1"]);
        assert_eq!(cancel.code, 0, "{cancel:?}");
        let after = line(&server, "import 1");
        assert_eq!(counts(&after), [4, 0, 0, 2, 0, 2].map(|n| json!(n)).each_ref(), "{after:#}");
    }
}

#[test]
fn groups_reads_change_nothing_and_dry_runs_neither() {
    let server = RedisServer::builder().config("enable-debug-command", "local").start();
    let rq = Rq::version("2.6.1");
    enqueue(&rq, &server, "g", "default", &["work.ok", "work.fail"]);
    // RQ's own reads would drop it from the group.
    server.cmd(&["SADD", "rq:group:g", "long-gone"]);
    let dump = || format!("{:?}", server.cmd(&["DEBUG", "DIGEST"]));
    let before = dump();
    let json = on(&server, &["groups", "show", "g", "-o", "json"]).json();
    assert_eq!((&json["data"]["gone"], &json["data"]["total"]), (&json!(1), &json!(3)));
    on(&server, &["groups", "list"]);
    assert_eq!(on(&server, &["groups", "cancel", "g", "--dry-run"]).code, 0);
    assert_eq!(on(&server, &["groups", "cancel", "g", "--read-only"]).code, 77);
    assert_eq!(dump(), before);
}

#[test]
fn groups_that_are_unknown_or_empty_never_mean_all_jobs() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    rq.enqueue(&server, "default", "work.ok");
    enqueue(&rq, &server, "nightly", "default", &["work.ok"]);
    server.cmd(&["SADD", "rq:groups", "empty"]);
    for name in ["nigthly", "empty"] {
        for verb in ["cancel", "retry", "show"] {
            let run = on(&server, &["groups", verb, name]);
            assert_eq!(run.code, 66, "{run:?}");
        }
    }
    let run = on(&server, &["groups", "show", "nigthly"]);
    assert!(run.stderr.contains("did you mean `nightly`?"), "{}", run.stderr);
    assert_eq!(on(&server, &["groups", "cancel", ""]).code, 64);
    let waiting: usize =
        redis::cmd("LLEN").arg("rq:queue:default").query(&mut server.client()).unwrap();
    assert_eq!(waiting, 2);
    // A group without anything to retry is no reason to fail.
    let run = on(&server, &["groups", "retry", "nightly"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn groups_of_another_bench_are_neither_listed_nor_touched() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let bench = BenchDir::new(&server, "ours", &["site1.localhost"]);
    enqueue(&rq, &server, "mixed", "ours:short", &["work.ok"]);
    enqueue(&rq, &server, "mixed", "theirs:short", &["work.ok"]);
    enqueue(&rq, &server, "foreign", "theirs:short", &["work.ok"]);
    let json = bench.jobctl(&["groups", "list", "-o", "json"]).run().json();
    let all = json["data"]["groups"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{json:#}");
    assert_eq!((&all[0]["group"], &all[0]["total"]), (&json!("mixed"), &json!(1)));
    let run = bench.jobctl(&["groups", "cancel", "mixed"]).run();
    assert_eq!(run.code, 0, "{run:?}");
    let length = |queue: &str| -> usize {
        redis::cmd("LLEN").arg(format!("rq:queue:{queue}")).query(&mut server.client()).unwrap()
    };
    assert_eq!((length("ours:short"), length("theirs:short")), (0, 2));
}

#[test]
fn groups_with_hostile_names_are_shown_harmless_and_without_commands() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    for name in ["\u{1b}[2J\nx", "-rf", "a|b\t'c'"] {
        enqueue(&rq, &server, "g", "default", &["work.fail"]);
        rq.burst(&server, &["default"]);
        let members = server.cmd(&["SMEMBERS", "rq:group:g"]);
        let redis::Value::Array(members) = members else { panic!("{members:?}") };
        let ids: Vec<String> =
            members.iter().map(|id| redis::from_redis_value_ref(id).unwrap()).collect();
        server.cmd(&["SADD", "rq:groups", name]);
        let key = format!("rq:group:{name}");
        let mut add = vec!["SADD", key.as_str()];
        add.extend(ids.iter().map(String::as_str));
        server.cmd(&add);
    }
    server.cmd(&["SET", "rq:group:wrong", "a text"]);
    server.cmd(&["SADD", "rq:groups", "wrong"]);
    for format in ["table", "plain", "csv"] {
        let run = on(&server, &["groups", "list", "-o", format]);
        assert_eq!(run.code, 3, "one key is of another type: {run:?}");
        let hostile = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
        assert!(!run.stdout.contains(hostile), "{:?}", run.stdout);
    }
    let csv = on(&server, &["groups", "show", "g", "-o", "csv"]);
    assert!(csv.stdout.starts_with("JOB,STATUS,QUEUE,RAN,CALL\r\n"), "the jobs: {csv:?}");
    let show = on(&server, &["groups", "show", "--", "-rf"]);
    assert_eq!(show.code, 0, "{show:?}");
    assert!(!show.stdout.contains("groups retry"), "{}", show.stdout);
}
