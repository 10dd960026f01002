//! Mutations on real Redis with real RQ: what they change, and that an undo takes all of it back.

mod crash;
mod journal;
mod rules;
mod undo;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use redis::Value;
use serde_json::Value as Json;

use crate::support::env::{Jobctl, Run, jobctl};
use crate::support::redis::RedisServer;

/// Everything in a Redis: key, type, content in a comparable form, lifetime in milliseconds.
#[derive(Debug)]
pub(super) struct Snapshot {
    pub(super) keys: BTreeMap<String, (String, String, i64)>,
    taken: Instant,
}

impl Snapshot {
    pub(super) fn names(&self) -> Vec<&str> {
        self.keys.keys().map(String::as_str).collect()
    }
}

/// Reads everything, in two turns.
pub(super) fn snapshot(server: &RedisServer) -> Snapshot {
    let mut client = server.client();
    let names: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut client).unwrap();
    let taken = Instant::now();
    let mut kinds = redis::pipe();
    for name in &names {
        kinds.cmd("TYPE").arg(name).cmd("PTTL").arg(name);
    }
    let mut kinds: Vec<Value> = kinds.query(&mut client).unwrap();
    let mut contents = redis::pipe();
    for (name, kind) in names.iter().zip(kinds.iter().step_by(2)) {
        let (command, tail): (&str, &[&str]) = match text(kind).as_str() {
            "hash" => ("HGETALL", &[]),
            "set" => ("SMEMBERS", &[]),
            "zset" => ("ZRANGE", &["0", "-1", "WITHSCORES"]),
            "list" => ("LRANGE", &["0", "-1"]),
            "stream" => ("XRANGE", &["-", "+"]),
            _ => ("GET", &[]),
        };
        contents.cmd(command).arg(name).arg(tail);
    }
    let contents: Vec<Value> = contents.query(&mut client).unwrap();
    let mut keys = BTreeMap::new();
    for ((name, content), kind) in names.iter().zip(contents).zip(kinds.chunks_mut(2)) {
        let [kind, ttl] = kind else { panic!("{kind:?}") };
        let kind = text(kind);
        let content = match kind.as_str() {
            "hash" => sorted(content, 2),
            "set" => sorted(content, 1),
            "zset" => sorted(content, 2),
            _ => format!("{content:?}"),
        };
        let ttl: i64 = redis::from_redis_value(ttl.clone()).unwrap();
        keys.insert(String::from_utf8_lossy(name).into_owned(), (kind, content, ttl));
    }
    Snapshot { keys, taken }
}

fn text(value: &Value) -> String {
    redis::from_redis_value(value.clone()).unwrap()
}

fn sorted(value: Value, unit: usize) -> String {
    let items: Vec<Vec<u8>> = redis::from_redis_value(value).unwrap();
    let mut items: Vec<String> = items
        .chunks(unit)
        .map(|chunk| {
            let shown: Vec<String> = chunk.iter().map(|b| b.escape_ascii().to_string()).collect();
            shown.join("=")
        })
        .collect();
    items.sort_unstable();
    items.join("\n")
}

/// Compares two states: the same keys, contents byte for byte, lifetimes within a second. Scores
/// of ended jobs start anew, so they may be as far on as the test took.
pub(super) fn assert_same(before: &Snapshot, after: &Snapshot) {
    assert_eq!(before.names(), after.names());
    // What was not touched has lived on meanwhile; what was put back has what it had.
    let passed = i64::try_from(after.taken.duration_since(before.taken).as_millis()).unwrap();
    for (key, (kind, content, ttl)) in &before.keys {
        let (kind_after, content_after, ttl_after) = &after.keys[key];
        assert_eq!(kind, kind_after, "{key}");
        assert_eq!(*ttl < 0, *ttl_after < 0, "{key}: {ttl} and {ttl_after}");
        let lost = ttl - ttl_after;
        assert!((-1000..=passed + 1000).contains(&lost), "{key}: {ttl} and {ttl_after}");
        if kind == "zset" && (key.contains(":failed:") || key.contains(":finished:")) {
            assert_same_members(key, content, content_after, passed / 1000 + 1);
        } else {
            assert_eq!(content, content_after, "{key}");
        }
    }
}

/// Compares the members of a set, with scores that may be so many seconds later.
fn assert_same_members(key: &str, before: &str, after: &str, later_s: i64) {
    let (before, after) = (before.lines(), after.lines());
    assert_eq!(before.clone().count(), after.clone().count(), "{key}");
    for (before, after) in before.zip(after) {
        let parts = |line: &str| {
            let (member, score) = line.rsplit_once('=').unwrap();
            (member.to_owned(), score.parse::<f64>().unwrap())
        };
        let ((member, score), (member_after, score_after)) = (parts(before), parts(after));
        assert_eq!(member, member_after, "{key}");
        let later = score_after - score;
        assert!(
            score.total_cmp(&score_after).is_eq() || (0.0..=later_s as f64).contains(&later),
            "{before} {after}"
        );
    }
}

/// A `jobctl` on a server, with its journals in `state`.
pub(super) fn on(server: &RedisServer, state: &Path, arguments: &[&str]) -> Jobctl {
    let url = server.url();
    let all = ["--redis", &url].into_iter().chain(arguments.iter().copied());
    jobctl(all).env("XDG_STATE_HOME", state)
}

/// Runs it and expects success.
pub(super) fn done(server: &RedisServer, state: &Path, arguments: &[&str]) -> Run {
    let run = on(server, state, arguments).run();
    assert_eq!(run.code, 0, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

/// Runs an undo that may leave jobs alone, which its exit code says.
pub(super) fn undone(server: &RedisServer, state: &Path, arguments: &[&str]) -> Run {
    let run = on(server, state, arguments).run();
    assert!(matches!(run.code, 0 | 1), "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

/// The `data` of a run with `-o json`.
pub(super) fn data(run: &Run) -> Json {
    let json: Json = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", run.stdout, run.stderr));
    json["data"].clone()
}

/// The operation in the last line of standard error.
pub(super) fn op_of(run: &Run) -> String {
    let last = run.stderr.lines().last().unwrap_or_default();
    let op =
        last.strip_prefix("undo with: jobctl undo ").unwrap_or_else(|| panic!("{}", run.stderr));
    op.split(' ').next().unwrap().to_owned()
}

/// Writes queued jobs without Python, as RQ 1.16 does.
pub(super) fn enqueue_raw(
    server: &RedisServer,
    queue: &str,
    ids: impl IntoIterator<Item = String>,
) {
    let mut client = server.client();
    let mut pipe = redis::pipe();
    pipe.cmd("SADD").arg("rq:queues").arg(format!("rq:queue:{queue}")).ignore();
    for id in ids {
        pipe.cmd("HSET")
            .arg(format!("rq:job:{id}"))
            .arg(&[
                "status",
                "queued",
                "origin",
                queue,
                "created_at",
                "2026-11-21T20:54:24.853556Z",
            ])
            .arg(&[
                "enqueued_at",
                "2026-11-21T20:54:24.853556Z",
                "data",
                "\u{80}x",
                "timeout",
                "180",
            ])
            .ignore();
        pipe.cmd("RPUSH").arg(format!("rq:queue:{queue}")).arg(&id).ignore();
    }
    pipe.exec(&mut client).unwrap();
}

/// The ids in a queue's list.
pub(super) fn list(server: &RedisServer, queue: &str) -> Vec<String> {
    redis::cmd("LRANGE")
        .arg(format!("rq:queue:{queue}"))
        .arg(0)
        .arg(-1)
        .query(&mut server.client())
        .unwrap()
}
