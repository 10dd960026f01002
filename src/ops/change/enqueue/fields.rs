//! What a job's hash holds, in the dialect of the workers that will read it.

use jiff::Timestamp;

use super::{Order, Plan};
use crate::bench::Family;
use crate::codec::new_job::{NewCall, NewFrappeJob};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::generation::Generation;
use crate::model::job::rq_date;

/// Seconds that Frappe keeps a failed and a finished job. Source: `frappe/utils/background_jobs.py`.
const FRAPPE_FAILURE_TTL_S: i64 = 604_800;
const FRAPPE_RESULT_TTL_S: i64 = 600;

/// What Frappe calls when a job fails, from v14 on.
const FRAPPE_FAILURE_CALLBACK: &str = "frappe.utils.background_jobs.truncate_failed_registry";

/// Seconds that a callback may take. Source: `rq/defaults.py` `CALLBACK_TIMEOUT`.
const CALLBACK_TIMEOUT_S: &[u8] = b"60";

/// Frappe's lifetimes and callback.
pub(super) struct FrappeFields {
    failure_ttl_s: i64,
    result_ttl_s: i64,
    has_callback: bool,
}

/// What the job calls.
pub(super) fn call_of(order: &Order, site: Option<&str>) -> Result<NewCall> {
    let Some(site) = site else {
        if order.event.is_some() || order.user.is_some() {
            return Err(Failure::new(
                Kind::Usage,
                "cannot give a plain RQ job an event or a user: only Frappe's jobs have them",
            )
            .hint("name the bench with --bench, or the site with --site")
            .into());
        }
        let (func, args) = (order.method.clone(), order.args.clone());
        return Ok(NewCall { func, args, kwargs: order.kwargs.clone() });
    };
    if !order.args.is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            "cannot give a Frappe method positional arguments: it takes named ones",
        )
        .hint("write --kwarg NAME=VALUE")
        .into());
    }
    let job = NewFrappeJob {
        site: site.to_owned(),
        user: order.user.clone().unwrap_or_else(|| "Administrator".to_owned()),
        method: order.method.clone(),
        event: order.event.clone(),
        kwargs: order.kwargs.clone(),
    };
    Ok(job.into_call())
}

/// What the bench's configuration says of them.
pub(super) fn frappe_fields(context: &Context) -> Result<FrappeFields> {
    let bench = context.target()?.bench.as_ref();
    let seconds = |key: &str, default| {
        let setting = bench.and_then(|bench| bench.config().get(key));
        setting.and_then(|setting| setting.value.as_i64()).unwrap_or(default)
    };
    let family = bench.map(|bench| bench.frappe().family());
    Ok(FrappeFields {
        failure_ttl_s: seconds("rq_job_failure_ttl", FRAPPE_FAILURE_TTL_S),
        result_ttl_s: seconds("rq_results_ttl", FRAPPE_RESULT_TTL_S),
        has_callback: family != Some(Family::V13),
    })
}

impl Plan {
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
        let newest = self.readers.newest();
        if newest.is_some_and(Generation::has_stopped_callback) {
            fields.push(("stopped_callback_name", Vec::new()));
        }
        if newest.is_some_and(Generation::has_groups) {
            fields.push(("group_id", Vec::new()));
        }
        Ok(fields)
    }
}
