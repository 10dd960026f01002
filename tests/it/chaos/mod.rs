//! Mutations while things break: kills at every step, a Redis that dies or forgets, cut
//! connections, full disks, upgrades, neighbours, and people who say no.
//!
//! What holds each time: nothing is lost or doubled, an undo or running the command again completes
//! the work, and nothing of jobctl's own stays behind in Redis.

mod dependents;
mod disk;
mod kill;
mod neighbours;
mod outage;
mod prompt;
mod proxy;
mod terminal;
mod upgrade;
mod wire;

use std::path::Path;

use crate::change::{data, done, enqueue_raw, list};
use crate::support::redis::RedisServer;

/// A command that changes jobs, on what [`Verb::prepare`] writes.
#[derive(Debug, Clone, Copy)]
struct Verb {
    words: &'static [&'static str],
    /// Whether it is about failed jobs, not about waiting ones.
    on_failed: bool,
}

/// Takes the state of jobs that wait.
const fn on_waiting(words: &'static [&'static str]) -> Verb {
    Verb { words, on_failed: false }
}

/// Every other job is of the site `erp`.
const PURGE: Verb = on_waiting(&["purge-jobs", "--queue", "q"]);
const PURGE_HALF: Verb = on_waiting(&["purge-jobs", "--site", "erp"]);
const DELETE: Verb = on_waiting(&["jobs", "delete", "--site", "erp"]);
const CANCEL: Verb = on_waiting(&["jobs", "cancel", "--site", "erp"]);
const MOVE: Verb = on_waiting(&["jobs", "move", "--site", "erp", "--to", "r"]);
const PROMOTE: Verb = on_waiting(&["jobs", "promote", "--site", "erp"]);
const RETRY: Verb = Verb { words: &["jobs", "retry", "--queue", "q"], on_failed: true };
const PURGE_FAILED: Verb =
    Verb { words: &["purge-jobs", "--status", "failed", "--queue", "q"], on_failed: true };

const VERBS: [Verb; 8] = [PURGE, PURGE_HALF, DELETE, CANCEL, MOVE, PROMOTE, RETRY, PURGE_FAILED];

/// Lets every job of a queue fail: status, time of the end, registry.
const FAIL: &str = "
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  redis.call('HSET', 'rq:job:' .. id, 'status', 'failed', 'ended_at', '2026-11-21T20:54:24.853556Z',
    'started_at', '2026-11-21T20:54:24.853556Z', 'worker_name', 'w', 'exc_info', 'x')
  redis.call('ZADD', KEYS[2], 1795294602, id)
end
redis.call('DEL', KEYS[1])";

impl Verb {
    /// So many jobs that it takes two batches to change those that are meant.
    fn two_batches(self) -> usize {
        if self.words.contains(&"erp") { 1_040 } else { 520 }
    }

    /// Writes `count` jobs into the queue `q`; `r` is there and empty.
    fn prepare(self, server: &RedisServer, count: usize) {
        let site = |n: usize| if n.is_multiple_of(2) { "erp" } else { "other" };
        enqueue_raw(server, "q", (0..count).map(|n| format!("{}::job-{n:05}", site(n))));
        server.cmd(&["SADD", "rq:queues", "rq:queue:r"]);
        if self.on_failed {
            server.cmd(&["EVAL", FAIL, "2", "rq:queue:q", "rq:failed:q"]);
        }
    }
}

/// The newest operation, if there is one.
fn newest(server: &RedisServer, state: &Path) -> Option<String> {
    let ops = data(&done(server, state, &["ops", "list", "-o", "json"]));
    ops["ops"][0]["op_id"].as_str().map(str::to_owned)
}

/// Keys that jobctl left, and ids that no job has.
fn leavings(server: &RedisServer) -> Vec<String> {
    let mut left: Vec<String> =
        redis::cmd("KEYS").arg("*jobctl*").query(&mut server.client()).unwrap();
    for queue in ["q", "r"] {
        left.extend(list(server, queue).into_iter().filter(|id| !id.contains("::")));
    }
    left
}
