//! Process definitions of a bench's workers, for supervisor and systemd: what they should be, and
//! what is wrong with those that are there.
//!
//! Reads definitions as text; asks neither supervisord nor systemd, and changes nothing.

mod check;
mod generate;
mod ini;
mod process;
mod running;
#[cfg(test)]
mod tests;
mod unit;

use crate::bench::Bench;
use crate::bench::config::integer;

pub use check::{WorkerDefinition, check, workers_of_bench_conf};
pub use generate::{Manager, generate};
pub use running::{starts_again, stop_wait_s};

/// Beyond the longest time limit of a job, for its worker to end. RQ itself kills a horse that is a
/// minute late. Source: `rq/worker.py`, `monitor_work_horse`.
const SURPLUS_S: u64 = 60;

/// How long to wait where jobs of a queue have no limit: a day.
const ENDLESS_S: u64 = 86_400;

/// Queues whose workers belong together, and how many of them there are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// `short`, `long`, or the custom queue.
    name: String,
    /// The queues in the order of priority.
    queues: Vec<String>,
    workers: u64,
}

/// The groups of bench's own definitions: `short` also serves `default`, `long` serves all three,
/// and each custom queue has workers of its own.
///
/// Source: `bench/config/supervisor.py` and its template of bench 5, for Frappe above 14.18.
fn groups(bench: &Bench) -> Vec<Group> {
    let config = bench.config();
    let count = |value: Option<&serde_json::Value>| {
        let count = value.and_then(integer).and_then(|count| u64::try_from(count).ok());
        count.filter(|&count| count > 0).unwrap_or(1)
    };
    let common = count(config.get("background_workers").map(|setting| &setting.value));
    let standard = |name: &str, queues: &[&str]| Group {
        name: name.to_owned(),
        queues: queues.iter().map(|&queue| queue.to_owned()).collect(),
        workers: common,
    };
    let mut groups = vec![
        standard("short", &["short", "default"]),
        standard("long", &["long", "default", "short"]),
    ];
    let custom = config.get("workers").and_then(|setting| setting.value.as_object());
    for (name, worker) in custom.into_iter().flatten() {
        if !["short", "default", "long"].contains(&name.as_str()) {
            let workers = count(worker.get("background_workers"));
            groups.push(Group { name: name.clone(), queues: vec![name.clone()], workers });
        }
    }
    groups
}

/// RQ's time limit of a job where nothing names one that means something. Source:
/// `rq/defaults.py`, `DEFAULT_TIMEOUT`.
const RQ_TIMEOUT_S: u64 = 180;

/// The longest time limit of a job in `queues`, in seconds; `None` where one has no limit.
fn longest(bench: &Bench, queues: &[String]) -> Option<u64> {
    let limits = bench.queues().into_iter().filter(|queue| queues.contains(&queue.name));
    limits
        // A negative limit is none.
        .map(|queue| queue.timeout_s.map_or(Some(RQ_TIMEOUT_S), |limit| u64::try_from(limit).ok()))
        .max_by_key(|limit| limit.unwrap_or(u64::MAX))
        .unwrap_or(Some(RQ_TIMEOUT_S))
}
