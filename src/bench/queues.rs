//! The queues that a bench's configuration names, with their time limits.

use serde_json::Value;

use super::config::{Config, integer};

const STANDARD_TIMEOUT_S: i64 = 300;
const LONG_TIMEOUT_S: i64 = 1500;

/// A queue that Frappe accepts jobs for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The name without the bench id.
    pub name: String,
    /// How long a job may run, in seconds, where the job itself does not say; `None` where the
    /// configured value means nothing to RQ. A negative one is no limit.
    pub timeout_s: Option<i64>,
    /// Whether the key `workers` names it; the standard queues are always there.
    pub custom: bool,
}

/// The queues in the order in which a worker of all queues serves them: `short`, `default`,
/// `long`, then the keys of `workers` in the file's order.
///
/// Source: `get_queues_timeout` in `frappe/utils/background_jobs.py`: a custom queue of a standard
/// name changes the timeout and keeps the place.
pub fn known(config: &Config) -> Vec<Queue> {
    let standard = |name: &str, timeout_s| Queue {
        name: name.to_owned(),
        timeout_s: Some(timeout_s),
        custom: false,
    };
    let mut queues = vec![
        standard("short", STANDARD_TIMEOUT_S),
        standard("default", STANDARD_TIMEOUT_S),
        standard("long", LONG_TIMEOUT_S),
    ];
    let workers = config.get("workers").and_then(|setting| setting.value.as_object());
    for (name, worker) in workers.into_iter().flatten() {
        let timeout_s = worker.get("timeout").map_or(Some(STANDARD_TIMEOUT_S), seconds);
        match queues.iter_mut().find(|queue| queue.name == *name) {
            Some(queue) => (queue.timeout_s, queue.custom) = (timeout_s, true),
            None => queues.push(Queue { name: name.clone(), timeout_s, custom: true }),
        }
    }
    queues
}

/// How many jobs may wait in one queue: `max_queued_jobs` (500) and 50 for every site.
pub(super) fn cap(config: &Config, sites: usize) -> u64 {
    let base = config.get("max_queued_jobs").and_then(|setting| integer(&setting.value));
    let base = base.and_then(|jobs| u64::try_from(jobs).ok()).filter(|&jobs| jobs > 0);
    base.unwrap_or(500).saturating_add(50_u64.saturating_mul(sites as u64))
}

/// A timeout as RQ reads it: a number, or a number with one of the units `d`, `h`, `m`, `s`.
///
/// Source: `parse_timeout` in `rq/utils.py`.
fn seconds(value: &Value) -> Option<i64> {
    let Value::String(text) = value else { return value.as_i64().or_else(|| integer(value)) };
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let unit = match text.chars().last()?.to_ascii_lowercase() {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return None,
    };
    // The unit is one ASCII letter, so the cut is at a character.
    text.get(..text.len() - 1)?.parse::<i64>().ok()?.checked_mul(unit)
}
