//! Which jobs a command may see: benches, prefixes, sites, names that do not exist.

use super::{Job, TestBench, ids, jobs};
use crate::support::env::Run;
use crate::support::redis::RedisServer;

fn assert_fails(run: &Run, code: i32, words: &[&str]) {
    assert_eq!(run.code, code, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.stdout, "", "nothing is printed before a refusal");
    for word in words {
        assert!(run.stderr.contains(word), "`{word}` is not in: {}", run.stderr);
    }
}

#[test]
fn queue_that_does_not_exist_is_not_found_and_its_neighbour_named() {
    let server = RedisServer::start();
    Job::new("a", "b:short", "queued").write(&server);
    assert_fails(
        &jobs(&server, &["list", "--queue", "shrot"]),
        66,
        &["cannot select queue `shrot`", "short"],
    );
    // One that is known and empty exists.
    server.cmd(&["SADD", "rq:queues", "rq:queue:b:empty"]);
    assert!(ids(&server, &["--queue", "empty"]).is_empty());
}

#[test]
fn queue_of_two_prefixes_must_be_named_whole() {
    let server = RedisServer::start();
    Job::new("a", "one:short", "queued").write(&server);
    Job::new("b", "two:short", "queued").write(&server);
    let run = jobs(&server, &["list", "--queue", "short"]);
    assert_fails(&run, 64, &["`one:short`", "`two:short`", "type the full name"]);
    assert_eq!(ids(&server, &["--queue", "two:short"]), ["b"]);
}

#[test]
fn site_of_two_benches_must_be_told_apart_without_a_bench() {
    let server = RedisServer::start();
    Job::new("erp::a", "one:short", "queued").write(&server);
    Job::new("erp::c", "two:long", "failed").write(&server);
    Job::new("crm::b", "two:short", "queued").write(&server);
    let run = jobs(&server, &["list", "--site", "erp", "-o", "jsonl"]);
    assert_fails(&run, 64, &["site `erp`", "`one`", "`two`", "--bench"]);
    // A site of one bench alone is fine, and a queue tells the bench.
    assert_eq!(ids(&server, &["--site", "crm"]), ["crm::b"]);
    assert_eq!(ids(&server, &["--site", "erp", "--queue", "one:short"]), ["erp::a"]);
}

#[test]
fn bench_sees_its_own_jobs_only() {
    let server = RedisServer::start();
    let bench = TestBench::new(&server, &["erp", "crm"]);
    Job::new("erp::mine", &bench.queue("short"), "queued").write(&server);
    Job::new("erp::theirs", "other-bench:short", "queued").write(&server);
    Job::new("foreign", "default", "queued").write(&server);

    let run = bench.jobs(&["list", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let listed = report["data"]["jobs"].as_array().unwrap();
    assert_eq!((run.code, listed.len()), (0, 1), "{}", run.stderr);
    assert_eq!((&listed[0]["id"], &listed[0]["queue"]), (&"erp::mine".into(), &"short".into()));
    assert_eq!(report["scope"]["bench_id"], bench.prefix.as_str());

    let run = bench.jobs(&["list", "--id", "erp::theirs", "--id", "erp::mine", "-o", "jsonl"]);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
    let run = bench.jobs(&["show", "erp::theirs"]);
    assert_fails(&run, 66, &["belongs to another bench", "other-bench:short"]);
    assert_eq!(bench.jobs(&["exists", "mine", "--site", "erp"]).code, 0);
    assert_eq!(bench.jobs(&["exists", "mine"]).code, 0);
    assert_eq!(bench.jobs(&["exists", "mine", "--site", "crm"]).code, 1);
    assert_fails(&bench.jobs(&["list", "--site", "erq"]), 66, &["`erq`", "erp"]);
    assert_eq!(bench.jobs(&["list", "--queue", "default"]).code, 0, "the configuration names it");
}

#[test]
fn bench_whose_prefix_is_unseen_is_unknown_not_empty() {
    let server = RedisServer::start();
    let bench = TestBench::new(&server, &["erp"]);
    assert_eq!(bench.jobs(&["list"]).code, 0, "an empty Redis is an empty bench");
    Job::new("erp::theirs", "other-bench:short", "queued").write(&server);
    let run = bench.jobs(&["list", "-o", "json"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let note = report["notes"][0].as_str().unwrap();
    assert!(note.contains(&bench.prefix) && note.contains("`other-bench`"), "{note}");
}

#[test]
fn id_that_fits_jobs_of_two_sites_is_refused() {
    let server = RedisServer::start();
    let bench = TestBench::new(&server, &["erp", "crm"]);
    for site in ["erp", "crm"] {
        Job::new(format!("{site}::nightly"), &bench.queue("long"), "queued").write(&server);
    }
    let run = bench.jobs(&["show", "nightly"]);
    assert_fails(&run, 64, &["`crm::nightly`", "`erp::nightly`", "--site"]);
    assert_eq!(bench.jobs(&["show", "nightly", "--site", "crm"]).code, 0);
}
