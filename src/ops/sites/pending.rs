//! Which scheduled jobs of sites wait in a queue, by the fixed ids that Frappe gives them.

use crate::backend::redis::read::Store;
use crate::backend::site_db::read::ScheduledJobType;
use crate::bench::{Bench, Family};
use crate::error::Result;
use crate::model::id::JobId;
use crate::model::job::Status;

/// The fixed id of a type's job; `None` where this Frappe gives it a random one (v13), or where
/// the version is unknown.
///
/// Source: `rq_job_id` in `scheduled_job_type.py`, and `create_job_id` in
/// `frappe/utils/background_jobs.py`, which from 16 on takes colons out of what follows the site.
pub fn job_id(bench: &Bench, site: &str, row: &ScheduledJobType) -> Option<JobId> {
    let separator = bench.job_id_separator()?;
    let of_type = match bench.frappe().family() {
        Family::V14 | Family::V15 => &row.method,
        _ => &row.name,
    };
    let rest = format!("scheduled_job::{of_type}");
    let rest = if separator == "||" { rest.replace(':', "|") } else { rest };
    Some(JobId::new(format!("{site}{separator}{rest}").as_bytes()))
}

/// Counts for each list of ids how many of these jobs wait in a queue; `None` where one of them
/// could not be read. One round trip per some hundred ids.
///
/// Goes by the status in the job's hash. A ghost, which says queued and stands in no list, counts:
/// it keeps its type from being enqueued just as well.
pub fn count(store: &mut Store, ids: &[Vec<JobId>]) -> Result<Vec<Option<u64>>> {
    let all: Vec<JobId> = ids.iter().flatten().cloned().collect();
    let mut statuses = store.statuses(&all)?.into_iter();
    let of_site = |ids: &Vec<JobId>| {
        let statuses: Vec<_> = statuses.by_ref().take(ids.len()).collect();
        let known: Option<Vec<_>> = statuses.into_iter().map(std::result::Result::ok).collect();
        Some(known?.iter().filter(|status| **status == Some(Status::Queued)).count() as u64)
    };
    Ok(ids.iter().map(of_site).collect())
}
