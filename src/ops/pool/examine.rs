//! What became of the job of a worker that has ended: asked of Redis once its processes are gone.
//!
//! Its exit code does not tell: RQ ends with 0 after a second signal, too, which cuts the job off, and
//! leaves the job as it is. Source: `rq/worker.py`, `request_force_stop`, 1.11 to 3.0.

use super::observer::{Sight, Who};
use crate::backend::redis::read::{Store, Want};
use crate::codec::payload::Decoder;
use crate::codec::traceback::Traceback;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status};
use crate::ops::jobs::decode::failure_text;

/// A worker that has ended.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    /// Which inquest it is the subject of.
    pub(super) number: u64,
    pub(super) who: Who,
    /// The name under which it was seen last.
    pub(super) seen_as: Option<String>,
    /// The job that it was last seen to run.
    pub(super) job: Option<JobId>,
    /// Whether it had been told to end, so that this job was its last one.
    pub(super) was_told: bool,
}

/// What Redis says of it.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) number: u64,
    /// Whether it had registered; its hash stays for a minute after a death in order, longer after
    /// any other.
    pub(super) registered: bool,
    /// Runs that it had finished; `None` where it is not known any more.
    pub(super) jobs: Option<u64>,
    /// Runs of these that failed.
    pub(super) failed: u64,
    /// Jobs that ended with it.
    pub(super) cut_off: Vec<(JobId, Option<QueueName>)>,
}

/// Looks at a worker's hash, at what the started registries of its queues say that it runs, and at
/// those jobs: four round trips.
pub(super) fn examine(store: &mut Store, sight: &Sight, subject: &Subject) -> Result<Finding> {
    let own = || sight.worker(&subject.who).map(|seen| seen.name.clone());
    let name = subject.seen_as.clone().or_else(own).or_else(|| subject.who.name.clone());
    let mut ids: Vec<JobId> = subject.job.iter().cloned().collect();
    let worker = name.as_deref().map(|name| store.worker(name)).transpose()?.flatten();
    if let Some(worker) = &worker {
        ids.extend(worker.current_jobs.iter().cloned());
        ids.extend(store.find_current_jobs(&[worker])?.into_values());
    }
    ids.sort_unstable();
    ids.dedup();
    let jobs = store.jobs(&ids, Want { exception: true, ..Want::default() })?;
    let mut decoder = Decoder::default();
    let mut cut_off = Vec::new();
    for stored in jobs.into_iter().flatten().flatten() {
        let text = failure_text(&mut decoder, &stored);
        let raised = text.as_deref().map(Traceback::parse);
        let class = raised.as_ref().map(Traceback::short_class);
        if is_cut_off(&stored.job, class, name.as_deref(), subject.was_told) {
            cut_off.push((stored.job.id, stored.job.origin));
        }
    }
    Ok(Finding {
        number: subject.number,
        registered: worker.is_some(),
        failed: worker.as_ref().map_or(0, |worker| worker.failed),
        jobs: worker.map(|worker| worker.successful.saturating_add(worker.failed)),
        cut_off,
    })
}

/// Whether a job that a worker ran has lost its work horse: it still counts as running, or RQ has
/// noted that. `class` is what it failed with; `worker` was the worker's name, and `was_told` that
/// this was its last job: what a worker that goes on tells of a horse is its own business.
///
/// One that another worker runs by now is that one's. A retry brings back the job of a horse that was
/// killed alone.
fn is_cut_off(job: &Job, class: Option<&str>, worker: Option<&str>, was_told: bool) -> bool {
    match &job.status {
        Status::Started => match (job.worker_name.as_deref(), worker) {
            (Some(runs), Some(ended)) => runs == ended,
            _ => true,
        },
        Status::Failed => {
            was_told && matches!(class, Some("WorkHorseTerminated" | "AbandonedJobError"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_is_cut_off_while_it_counts_as_running_or_failed_without_its_horse() {
        let killed = Some("WorkHorseTerminated");
        for (status, runs, class, expected) in [
            ("started", Some("own"), None, true),
            ("started", None, None, true),
            ("started", Some("other"), None, false),
            ("failed", Some("own"), killed, true),
            ("failed", None, Some("AbandonedJobError"), true),
            ("failed", Some("own"), Some("ValueError"), false),
            ("failed", Some("own"), None, false),
            ("finished", Some("own"), killed, false),
            ("queued", None, killed, false),
            ("scheduled", Some("own"), killed, false),
            ("stopped", Some("own"), None, false),
        ] {
            let mut job = Job::bare(JobId::new("j"));
            job.status = Status::parse(status);
            job.worker_name = runs.map(str::to_owned);
            let seen = is_cut_off(&job, class, Some("own"), true);
            assert_eq!(seen, expected, "{status} {runs:?} {class:?}");
        }
        let mut job = Job::bare(JobId::new("j"));
        job.status = Status::Failed;
        assert!(!is_cut_off(&job, killed, Some("own"), false), "it went on without that horse");
    }
}
