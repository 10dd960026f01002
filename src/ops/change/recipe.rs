//! How the hash of a new job is written: as Frappe of the bench, or plain RQ, would write it for
//! the workers that are going to read it.

use jiff::Timestamp;

use crate::bench::{Bench, Family};
use crate::codec::new_job::NewCall;
use crate::codec::payload::Serializer;
use crate::error::{Failure, Kind, Result};
use crate::model::generation::Generation;
use crate::model::id::QueueName;
use crate::model::job::rq_date;

/// Seconds that RQ lets a job run that says nothing. Source: `rq/queue.py` `DEFAULT_TIMEOUT`.
const RQ_TIMEOUT_S: i64 = 180;

/// Seconds that Frappe lets a job run on a queue that it does not know the limit of.
const FRAPPE_TIMEOUT_S: i64 = 300;

/// Seconds that Frappe keeps a failed and a finished job. Source: `frappe/utils/background_jobs.py`.
const FRAPPE_FAILURE_TTL_S: i64 = 604_800;
const FRAPPE_RESULT_TTL_S: i64 = 600;

/// What Frappe calls when a job fails, from v14 on.
const FRAPPE_FAILURE_CALLBACK: &str = "frappe.utils.background_jobs.truncate_failed_registry";

/// Seconds that a callback may take. Source: `rq/defaults.py` `CALLBACK_TIMEOUT`.
const CALLBACK_TIMEOUT_S: &[u8] = b"60";

/// What a job's hash is made of.
pub(super) struct Recipe {
    pub(super) call: NewCall,
    pub(super) queue: QueueName,
    /// Seconds that it may run; -1 for no limit.
    pub(super) timeout_s: i64,
    /// Frappe's lifetimes and callback; `None` for plain RQ.
    pub(super) frappe: Option<FrappeFields>,
    /// The newest RQ that reads it; `None` where nothing tells.
    pub(super) newest: Option<Generation>,
    pub(super) serializer: Serializer,
}

/// What Frappe gives to its jobs.
#[derive(Debug, Clone, Copy)]
pub(super) struct FrappeFields {
    failure_ttl_s: i64,
    result_ttl_s: i64,
    has_callback: bool,
}

impl FrappeFields {
    /// By the bench's configuration and version.
    pub(super) fn of(bench: Option<&Bench>) -> Self {
        let seconds = |key: &str, default| {
            let setting = bench.and_then(|bench| bench.config().get(key));
            setting.and_then(|setting| setting.value.as_i64()).unwrap_or(default)
        };
        Self {
            failure_ttl_s: seconds("rq_job_failure_ttl", FRAPPE_FAILURE_TTL_S),
            result_ttl_s: seconds("rq_results_ttl", FRAPPE_RESULT_TTL_S),
            has_callback: bench.map(|bench| bench.frappe().family()) != Some(Family::V13),
        }
    }
}

/// Seconds that a job may run which does not say so itself; `queue` is the queue's short name.
pub(super) fn timeout_s(bench: Option<&Bench>, queue: &str, is_frappe: bool) -> i64 {
    let queues = bench.map(Bench::queues).unwrap_or_default();
    let known = queues.iter().find(|known| known.name == queue).and_then(|known| known.timeout_s);
    known.unwrap_or(if is_frappe { FRAPPE_TIMEOUT_S } else { RQ_TIMEOUT_S })
}

impl Recipe {
    /// The hash as the readers' own RQ would write it; fields that only some generations know are
    /// left out where the generation is not known.
    pub(super) fn fields(&self, now: Timestamp) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let data = self.call.data(self.serializer).map_err(|error| {
            Failure::new(Kind::Usage, "cannot write the job's arguments").because(error)
        })?;
        let now: Vec<u8> = rq_date(now).into();
        let number = |number: i64| number.to_string().into_bytes();
        let mut fields = vec![
            ("status", b"queued".to_vec()),
            ("created_at", now.clone()),
            ("enqueued_at", now),
            ("origin", self.queue.as_str().into()),
            ("data", data),
            ("description", self.call.description().into()),
            ("timeout", number(self.timeout_s)),
        ];
        let mut callback = Vec::new();
        if let Some(frappe) = &self.frappe {
            fields.push(("failure_ttl", number(frappe.failure_ttl_s)));
            fields.push(("result_ttl", number(frappe.result_ttl_s)));
            if frappe.has_callback {
                callback = FRAPPE_FAILURE_CALLBACK.into();
                fields.push(("failure_callback_timeout", CALLBACK_TIMEOUT_S.to_vec()));
            }
        }
        fields.push(("failure_callback_name", callback));
        let empty =
            ["success_callback_name", "started_at", "ended_at", "last_heartbeat", "worker_name"];
        fields.extend(empty.map(|field| (field, Vec::new())));
        if self.newest.is_some_and(Generation::has_stopped_callback) {
            fields.push(("stopped_callback_name", Vec::new()));
        }
        if self.newest.is_some_and(Generation::has_groups) {
            fields.push(("group_id", Vec::new()));
        }
        Ok(fields)
    }
}
