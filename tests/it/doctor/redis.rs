//! Checks of the server.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{Diagnosis, Stage, evidence, pairs};
use crate::support::redis::RedisServer;
use crate::support::wait::{PATIENCE, wait_until};

/// A number of `INFO`.
fn info(server: &RedisServer, field: &str) -> u64 {
    let text: String = redis::cmd("INFO").query(&mut server.client()).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{field}:"))).unwrap();
    line.trim().parse().unwrap()
}

fn limit_memory(stage: &Stage, percent_used: u64) {
    let limit = info(&stage.server, "used_memory") * 100 / percent_used;
    stage.server.cmd(&["CONFIG", "SET", "maxmemory", &limit.to_string()]);
}

/// Shifts this host's clock, by whole seconds.
fn shift_clock(stage: &mut Stage, seconds: i64) {
    let now = Timestamp::now() + SignedDuration::from_secs(seconds);
    stage.env("JOBCTL_TEST_NOW", &now.to_string());
}

/// A socket that passes everything on to a server, until a client's bytes hold `word`: from then on
/// nothing more is answered.
struct HangingProxy {
    _folder: TempDir,
    socket: PathBuf,
}

impl HangingProxy {
    fn until(server: &RedisServer, word: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("proxy.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let behind = server.socket();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(mut client) = client else { return };
                let mut server = UnixStream::connect(&behind).unwrap();
                let mut back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
                std::thread::spawn(move || {
                    let mut buffer = [0; 8_192];
                    while let Ok(n @ 1..) = client.read(&mut buffer) {
                        let bytes = &buffer[..n];
                        if bytes.windows(word.len()).any(|part| part == word.as_bytes()) {
                            // The client stays connected and waits.
                            let _ = client.read(&mut buffer);
                            return;
                        }
                        server.write_all(bytes).unwrap();
                    }
                });
            }
        });
        Self { _folder: folder, socket }
    }

    fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

pairs! {
    reachable: "redis.reachable" is "critical"
        when |stage| {
            let mut stage = Stage::bench();
            stage.server.kill();
            stage
        }
        but_not_when |stage| { Stage::bench() }

    deadline: "redis.deadline" is "unknown"
        when |stage| {
            let mut stage = Stage::bench();
            let proxy = HangingProxy::until(&stage.server, "SCAN");
            stage.at(proxy.url());
            stage.with("--timeout=500ms");
            std::mem::forget(proxy);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.with("--timeout=20s");
            stage
        }

    latency: "redis.latency" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            stage.threshold("latency_warning_ms", 0.0);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.threshold("latency_warning_ms", 20_000.0);
            stage
        }

    clock: "redis.clock" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            shift_clock(&mut stage, -90);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            shift_clock(&mut stage, -12);
            stage
        }

    memory: "redis.memory" is "warning"
        when |stage| {
            let stage = Stage::bench();
            limit_memory(&stage, 86);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            limit_memory(&stage, 50);
            stage
        }

    eviction: "redis.eviction" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["CONFIG", "SET", "maxmemory", "1gb"]);
            stage.server.cmd(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["CONFIG", "SET", "maxmemory", "1gb"]);
            stage.server.cmd(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
            stage
        }

    persistence: "redis.persistence" is "warning"
        when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["CONFIG", "SET", "save", ""]);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["CONFIG", "SET", "save", ""]);
            stage.server.cmd(&["CONFIG", "SET", "appendonly", "yes"]);
            stage
        }

    writes: "redis.writes" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.server.cmd(&["REPLICAOF", "127.0.0.1", "1"]);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            // A refusal of another kind is nobody's business.
            let refused: redis::RedisResult<()> =
                redis::cmd("LLEN").arg("rq:workers").query(&mut stage.server.client());
            assert!(refused.is_err());
            stage
        }
}

/// Makes snapshots fail: the file's place is taken by a directory that is not empty.
fn break_snapshots(server: &RedisServer) {
    let folder = server.socket().parent().unwrap().join("dump.rdb");
    fs::create_dir_all(folder.join("occupied")).unwrap();
    server.cmd(&["BGSAVE"]);
    wait_until(PATIENCE, "the snapshot to fail", || {
        let text: String = redis::cmd("INFO").query(&mut server.client()).unwrap();
        text.contains("rdb_last_bgsave_status:err").then_some(())
    });
}

#[test]
fn failed_snapshot_that_stops_writes_is_critical_else_a_warning() {
    let stage = Stage::bench();
    break_snapshots(&stage.server);
    assert_eq!(stage.diagnose().outcome("redis.writes"), "critical");
    stage.server.cmd(&["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"]);
    assert_eq!(stage.diagnose().outcome("redis.writes"), "warning");
}

#[test]
fn eviction_without_a_memory_limit_is_only_worth_knowing() {
    let stage = Stage::bench();
    stage.server.cmd(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.outcome("redis.eviction"), diagnosis.verdict()), ("info", "HEALTHY"));
}

#[test]
fn memory_fix_is_a_number_that_redis_takes() {
    let stage = Stage::bench();
    limit_memory(&stage, 86);
    let diagnosis = stage.diagnose();
    let fix = super::fixes(diagnosis.finding("redis.memory"));
    let limit = fix.lines().last().unwrap().rsplit(' ').next().unwrap();
    stage.server.cmd(&["CONFIG", "SET", "maxmemory", limit]);
}

/// What is said of the bench must stand, whatever Redis does.
fn rest_is_intact(diagnosis: &Diagnosis) {
    assert_eq!(diagnosis.outcome("config.files"), "passed", "{:#}", diagnosis.report);
    assert_eq!(diagnosis.outcome("scheduler.process"), "passed", "{:#}", diagnosis.report);
    assert_eq!(diagnosis.data()["sites"][0]["site"], "site1.localhost");
    assert!(diagnosis.data()["sites"][0]["queued"].is_null());
}

#[test]
fn redis_that_is_down_is_unhealthy_and_hides_nothing_else() {
    let mut stage = Stage::bench();
    stage.server.kill();
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("UNHEALTHY", 2));
    assert_eq!(diagnosis.troubles().len(), 1, "{:#}", diagnosis.report);
    rest_is_intact(&diagnosis);
    let table = stage.run(&[]).stdout;
    assert!(table.contains("queues unknown") && !table.contains("no queues"), "{table}");
}

#[test]
fn wrong_and_missing_password_are_findings_with_the_reason() {
    let server = RedisServer::builder().password("right").start();
    let mut stage = Stage::bench();
    stage.at(format!("unix://:wrong@{}", server.socket().display()));
    let wrong = stage.diagnose();
    stage.at(format!("unix://{}", server.socket().display()));
    let missing = stage.diagnose();
    for (diagnosis, word) in [(&wrong, "WRONGPASS"), (&missing, "NOAUTH")] {
        assert_eq!((diagnosis.verdict(), diagnosis.code), ("UNHEALTHY", 2));
        let evidence = evidence(diagnosis.finding("redis.reachable"));
        assert!(evidence.contains(word) && !evidence.contains(":wrong@"), "{evidence}");
        rest_is_intact(diagnosis);
    }
}

#[test]
fn redis_that_never_answers_is_an_outage_within_the_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("silent.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let mut stage = Stage::bench();
    // The login makes a turn of its own; the limit is for both.
    stage.at(format!("unix://:secret@{}", socket.display()));
    stage.with("--timeout=300ms");
    let begun = Instant::now();
    let diagnosis = stage.diagnose();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(diagnosis.data()["took_ms"].as_f64().unwrap() < 2_000.0);
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("UNHEALTHY", 2));
    rest_is_intact(&diagnosis);
}

#[test]
fn redis_that_stops_answering_on_the_way_leaves_what_was_read() {
    let mut stage = Stage::bench();
    stage.job("short", "site1.localhost::a").wait();
    let proxy = HangingProxy::until(&stage.server, "SCAN");
    stage.at(proxy.url());
    stage.with("--timeout=500ms");
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("UNKNOWN", 3), "{:#}", diagnosis.report);
    assert_eq!(diagnosis.data()["queues"][0]["queued"], 1);
    assert_eq!(diagnosis.outcome("job.ghost"), "not made");
}

#[test]
fn address_that_cannot_be_used_is_a_finding() {
    let mut stage = Stage::bench();
    stage.bench_mut().set("redis_queue", "carrier-pigeon://nest");
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("UNHEALTHY", 2));
    rest_is_intact(&diagnosis);
}
