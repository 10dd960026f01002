//! Bad input: whatever stands in Redis, the rest of the list is intact and nothing changes.

use std::io::Write;
use std::thread;
use std::time::Instant;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};

use super::{Job, NOON, changes, data, ids, jobs, list};
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;
use crate::support::wait::PATIENCE;

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A list that holds itself: `l = []; l.append(l)`, as the argument of `work.ok`.
const SELF_REFERENCE: &[u8] = b"\x80\x04(\x8c\x07work.ok\x94N]\x94(h\x01e\x85\x94}\x94t.";

#[test]
fn payloads_that_are_broken_cost_only_what_they_would_have_said() {
    let server = RedisServer::start();
    let bomb = zlib(&vec![b'['; 32 << 20]);
    let nested = [b"\x80\x04".as_slice(), &b"](".repeat(100_000), b"."].concat();
    let unknown = b"\x80\x04(\x8c\x04pay!\x94Ncos\nsystem\n\x8c\x02ls\x85R\x85}t.".to_vec();
    let broken: Vec<(&str, Vec<u8>)> = vec![
        ("bomb", bomb),
        ("nested", zlib(&nested)),
        ("cut", zlib(b"[1, 2, 3]")[..6].to_vec()),
        ("noise", vec![0xff; 300]),
        ("empty", Vec::new()),
        ("number", b"42".to_vec()),
        ("short", b"[\"f\", null]".to_vec()),
    ];
    for (id, payload) in &broken {
        Job::new(id, "q", "queued").field("data", payload).write(&server);
    }
    Job::new("self", "q", "queued").field("data", SELF_REFERENCE).write(&server);
    Job::new("global", "q", "queued").field("data", &unknown).write(&server);
    Job::new("good", "q", "queued").write(&server);
    let before = changes(&server);

    let listed = list(&server, &[]);
    assert_eq!(listed.len(), broken.len() + 3);
    for job in &listed {
        let readable = ["self", "global", "good"].contains(&job["id"].as_str().unwrap());
        assert_eq!(job["method"].is_string(), readable, "{job}");
        assert_eq!(job["status"], "queued");
    }
    for (id, _) in &broken {
        let run = jobs(&server, &["show", id, "-o", "json"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        assert!(report["data"]["arguments"].is_null());
        assert!(report["notes"][0].as_str().unwrap().contains("payload"), "{report}");
    }
    assert_eq!(jobs(&server, &["show", "self"]).code, 0);
    let global = jobs(&server, &["show", "global"]);
    assert!(global.code == 0 && global.stdout.contains("os.system"), "{}", global.stdout);
    // A filter on payloads is not fooled by what cannot be read.
    assert_eq!(ids(&server, &["--method", "work.*"]), ["self", "good"]);
    assert_eq!(changes(&server), before);
}

#[test]
fn hashes_with_missing_or_garbage_fields_are_shown_with_what_they_have() {
    let server = RedisServer::start();
    Job::new("garbage", "q", "queued")
        .field("created_at", "yesterday")
        .field("timeout", "12.5")
        .field("retries_left", "many")
        .field("description", b"caf\xe9 \x1b[31m")
        .write(&server);
    Job::new("odd", "q", "sleeping").write(&server);
    server.cmd(&["RPUSH", "rq:queue:q", "gone", "beat", "bare"]);
    server.cmd(&["HSET", "rq:job:beat", "last_heartbeat", "2026-11-21T12:00:00.000000Z"]);
    let payload = super::call("work.ok", &json!([]), &json!({}));
    let payload = String::from_utf8(payload).unwrap();
    server.cmd(&["HSET", "rq:job:bare", "data", &payload]);
    // Ended jobs whose hash has expired are no news, waiting ones are.
    server.cmd(&["ZADD", "rq:finished:q", "1", "expired"]);
    server.cmd(&["ZADD", "rq:deferred:q", "1", "dangling"]);

    let listed = list(&server, &[]);
    let told: Vec<_> = listed
        .iter()
        .map(|job| (job["id"].as_str().unwrap(), job["status"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("garbage", "queued"),
            ("odd", "queued"),
            ("gone", "missing"),
            ("beat", "missing"),
            ("bare", "missing"),
            ("dangling", "missing"),
        ]
    );
    assert!(listed[0]["timeout_s"].is_null() && listed[0]["created_at"].is_null());
    assert!(listed[0]["age_s"].is_null() && listed[0]["attempts"] == 0);
    let shown = data(&jobs(&server, &["show", "garbage", "-o", "json"]));
    let bad: Vec<_> = shown["bad_fields"].as_array().unwrap().iter().map(|b| &b["field"]).collect();
    assert_eq!(bad, ["created_at", "timeout", "retries_left"]);
    assert!(shown["bad_fields"][0]["stops_worker"] == true);
    let text = jobs(&server, &["show", "garbage"]).stdout;
    assert!(text.contains("the worker that takes this job exits") && !text.contains('\x1b'));

    assert_eq!(jobs(&server, &["exists", "gone"]).code, 1);
    let run = jobs(&server, &["show", "gone"]);
    assert_eq!(run.code, 66);
    assert!(run.stderr.contains("only its id still stands in a list"), "{}", run.stderr);
    assert_eq!(jobs(&server, &["show", "bare"]).code, 0);
}

#[test]
fn ids_of_every_kind_are_listed_found_and_harmless() {
    let server = RedisServer::start();
    let odd = [
        "with space",
        "new\nline",
        "tab\there",
        "esc\x1b[2J\x1b]0;x\x07",
        "émoji 🦀",
        "::",
        "||",
        "erp::a::b",
        "erp||a|b",
        "back\\slash",
        "%s'\"$(id)",
        "\u{202e}rtl",
        "*",
        "-n",
    ];
    for id in odd {
        Job::new(id, "q", "queued").write(&server);
    }
    let binary: &[u8] = b"bin\xff\xfe\x00x";
    Job::new(binary, "q", "queued").write(&server);

    let mut found = ids(&server, &[]);
    assert_eq!(found.pop().unwrap(), String::from_utf8_lossy(binary));
    assert_eq!(found, odd);
    for id in odd {
        let run = jobs(&server, &["exists", "--", id]);
        assert_eq!(run.code, 0, "{id:?}: {}", run.stderr);
        let run = jobs(&server, &["show", "-o", "json", "--", id]);
        assert_eq!(data(&run)["id"], id, "{}", run.stderr);
        let flag = format!("--id={id}");
        assert_eq!(ids(&server, &[&flag]), [id]);
    }
    for format in ["table", "wide", "plain"] {
        let run = jobs(&server, &["list", "-o", format]);
        let harmful = |c: char| c.is_control() && c != '\n' && (c != '\t' || format != "plain");
        assert!(!run.stdout.contains(harmful), "{format}: {:?}", run.stdout);
        assert!(!run.stdout.contains('\u{202e}'), "{format}");
    }
    let plain = jobs(&server, &["list", "-o", "plain"]).stdout;
    assert_eq!(plain.lines().count(), odd.len() + 2, "a line a job, and the heading");
    let csv = jobs(&server, &["list", "-o", "csv"]);
    assert_eq!(csv.code, 0, "{}", csv.stderr);
}

#[test]
fn keys_of_another_type_cost_their_part_and_are_named() {
    let server = RedisServer::start();
    Job::new("good", "q", "queued").write(&server);
    server.cmd(&["RPUSH", "rq:queue:q", "text"]);
    server.cmd(&["SET", "rq:job:text", "not a hash"]);
    let run = jobs(&server, &["list", "-o", "json"]);
    let listed = data(&run)["jobs"].clone();
    assert_eq!(run.code, 0, "the list is complete: {}", run.stdout);
    assert_eq!((&listed[0]["id"], &listed[1]["id"]), (&"good".into(), &"text".into()));
    assert_eq!(listed[1]["status"], "unreadable");
    assert!(run.stdout.contains("job `text`: HMGET: the key holds another type"), "{}", run.stdout);
    let run = jobs(&server, &["show", "text"]);
    assert_eq!(run.code, 65, "{}", run.stderr);

    // A registry that cannot be read may have held anything.
    server.cmd(&["SET", "rq:failed:q", "not a zset"]);
    let run = jobs(&server, &["list", "-o", "json"]);
    assert_eq!((run.code, data(&run)["jobs"].as_array().unwrap().len()), (3, 2));
    assert!(run.stdout.contains("queue `q`, failed: ZRANGE: the key holds another type"));
    server.cmd(&["DEL", "rq:queues"]);
    server.cmd(&["SET", "rq:queues", "not a set"]);
    let run = jobs(&server, &["list"]);
    assert!(run.code == 77 || run.code == 65, "{}: {}", run.code, run.stderr);
    assert_eq!(run.stdout, "");
}

#[test]
fn rights_that_are_missing_are_said_once_and_make_the_list_unknown() {
    let server = RedisServer::builder()
        .acl(&[
            "user reader on >p ~* &* +@read +@connection -@write",
            "user nopayload on >p ~* &* +@read +@connection -hget",
            "user nozset on >p ~* &* +@read +@connection -zrange",
            "user nothing on >p ~* &* +@connection",
        ])
        .start();
    for n in 0..30 {
        Job::new(format!("j{n}"), "q", "queued").write(&server);
    }
    let run = |user: &str, arguments: &[&str]| {
        let url = server.url_as(user, "p");
        jobctl(["--redis", &url, "jobs"].into_iter().chain(arguments.iter().copied())).run()
    };
    let as_reader = run("reader", &["list", "-o", "plain", "--utc"]);
    // Ages go on between two runs.
    let without_ages = |run: &Run| -> Vec<String> {
        let ids_and_status = |line: &str| line.split('\t').take(5).collect::<Vec<_>>().join(" ");
        run.stdout.lines().map(ids_and_status).collect()
    };
    let own = jobs(&server, &["list", "-o", "plain", "--utc"]);
    assert_eq!(without_ages(&as_reader), without_ages(&own));
    assert_eq!(as_reader.code, 0);

    let listed = run("nopayload", &["list", "-o", "json"]);
    assert_eq!(listed.code, 3, "{}", listed.stderr);
    assert_eq!(data(&listed)["jobs"].as_array().unwrap().len(), 30);
    let report: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(report["notes"].as_array().unwrap().len(), 1, "{}", report["notes"]);
    let listed = run("nopayload", &["list", "--method", "work.*", "-o", "json"]);
    assert_eq!((listed.code, data(&listed)["jobs"].as_array().unwrap().len()), (3, 0));

    let listed = run("nozset", &["list", "-o", "plain"]);
    assert_eq!((listed.code, listed.stdout.lines().count()), (3, 31));
    assert!(listed.stderr.contains("ZRANGE: not permitted"), "{}", listed.stderr);
    assert_eq!(run("nozset", &["list", "--status", "queued"]).code, 0);

    let refused = run("nothing", &["list"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (77, ""), "{}", refused.stderr);
}

#[test]
fn list_beside_working_workers_never_fails() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2");
    rq.python(
        &server,
        "q = Queue('q', connection=connection)\n\
         q.enqueue_many([Queue.prepare_data(work.ok, result_ttl=0) for _ in range(100)])",
    );
    thread::scope(|scope| {
        let working = scope.spawn(|| rq.burst(&server, &["q"]));
        let started = Instant::now();
        while !working.is_finished() {
            assert!(started.elapsed() < PATIENCE);
            let run = jobs(&server, &["list", "-o", "json"]);
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
            for job in data(&run)["jobs"].as_array().unwrap() {
                let status = job["status"].as_str().unwrap();
                assert!(["queued", "started", "missing"].contains(&status), "{job}");
            }
        }
    });
    assert!(ids(&server, &[]).is_empty());
}

#[test]
fn texts_from_outside_are_masked_unless_asked_for() {
    let server = RedisServer::start();
    let secret = "hunter2-s3cret";
    let kwargs = json!({"site": "erp", "method": "shop.pay", "user": "kim", "kwargs": {
        "api_key": secret, "nested": {"password": secret},
        "url": format!("mysql://root:{secret}@db/x")}});
    Job::new("erp::a", "q", "failed")
        .at("started_at", NOON)
        .at("ended_at", NOON)
        .calls(&kwargs)
        .field("description", format!("shop.pay(password='{secret}')"))
        .field("meta", json!({"token": secret}).to_string())
        .field("result", json!({"secret": secret}).to_string())
        .field(
            "exc_info",
            format!(
                "Traceback (most recent call last):\n  File \"shop/pay.py\", line 3, in pay\n    \
             login(password=\"{secret}\")\nValueError: cannot reach mysql://root:{secret}@db/x\n"
            ),
        )
        .write(&server);
    for arguments in [
        &["show", "erp::a"][..],
        &["show", "erp::a", "--full"],
        &["show", "erp::a", "-o", "json"],
        &["list", "-o", "json"],
        &["list", "-o", "wide"],
    ] {
        let run = jobs(&server, arguments);
        assert_eq!(run.code, 0);
        assert!(!run.stdout.contains(secret), "{arguments:?}: {}", run.stdout);
    }
    let shown = jobs(&server, &["show", "erp::a", "-o", "json", "--show-secrets"]).stdout;
    assert!(shown.matches(secret).count() >= 6, "{shown}");
}
