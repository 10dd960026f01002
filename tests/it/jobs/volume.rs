//! Many jobs: streamed, complete, in bounded memory.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::redis::RedisServer;

const JOBS: usize = 100_000;
const PEAK_KIB: u64 = 64 * 1024;

/// Makes the jobs inside the server: a million commands over a socket would take longer.
const FILL: &str = "
local data = ARGV[1]
for n = 1, tonumber(ARGV[2]) do
  local id = 'erp::' .. n
  redis.call('HSET', 'rq:job:' .. id, 'status', 'queued', 'origin', 'q', 'data', data,
             'created_at', '2026-11-21T12:00:00.000000Z', 'description', string.rep('x', 240))
  redis.call('RPUSH', 'rq:queue:q', id)
end
redis.call('SADD', 'rq:queues', 'rq:queue:q')";

#[test]
fn list_of_a_hundred_thousand_jobs_is_complete_in_bounded_memory() {
    let server = RedisServer::start();
    let kwargs = serde_json::json!({"site": "erp", "method": "shop.pay", "user": "kim",
                                    "kwargs": {"text": "x".repeat(150)}});
    let payload =
        super::call("frappe.utils.background_jobs.execute_job", &serde_json::json!([]), &kwargs);
    let payload = String::from_utf8(payload).unwrap();
    server.cmd(&["EVAL", FILL, "0", &payload, &JOBS.to_string()]);

    let mut child = Command::new(env!("CARGO_BIN_EXE_jobctl"))
        .args(["--redis", &server.url(), "jobs", "list", "-o", "jsonl", "--method", "shop.*"])
        .env_clear()
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let mut count = 0;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        count += 1;
        if count % 5_000 == 0 {
            let job: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(job["id"], format!("erp::{count}"));
            // The last lines may come out of the pipe after the process has gone.
            peak = peak.max(peak_kib(child.id()).unwrap_or(0));
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(count, JOBS);
    assert!((1..PEAK_KIB).contains(&peak), "{peak} KiB");
}

/// The most memory that a process ever had. Source: `proc_pid_status(5)`, `VmHWM`.
fn peak_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}
