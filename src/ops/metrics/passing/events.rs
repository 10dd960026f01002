//! What is read off a job: what it calls, what happened to it, and what stands for that event.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use jiff::{SignedDuration, Timestamp};

use super::totals::OTHER;
use crate::backend::redis::survey::QueueSurvey;
use crate::codec::frappe::headline_of_description;
use crate::model::id::JobId;
use crate::model::job::{Job, Status};
use crate::model::queue::Registry;

/// Seconds by which clocks of hosts usually differ, and beyond which a job began before it was made.
const CLOCKS_DIFFER_S: f64 = 5.0;
const SURELY_BEFORE_S: f64 = 600.0;

/// A length of time beyond which dates are wrong rather than jobs long.
const LONGEST_S: f64 = 30.0 * 86_400.0;

/// What may happen to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Event {
    Enqueued,
    Started,
    Ended,
    Canceled,
    Known,
}

/// The instant of a score.
pub(super) fn moment(score: f64) -> Option<Timestamp> {
    let since = SignedDuration::try_from_secs_f64(score).ok()?;
    Timestamp::from_duration(since).ok()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and the cast saturates"
)]
pub(super) fn milliseconds(seconds: f64) -> u64 {
    (seconds * 1_000.0).round() as u64
}

/// How long an ended job ran, in seconds; `None` where its dates cannot be true.
pub(super) fn ran(job: &Job) -> Option<f64> {
    plausible(begin_of(job)?, job.ended_at?)
}

/// How long an ended job waited, in seconds; `None` where its dates cannot be true.
pub(super) fn waited(job: &Job) -> Option<f64> {
    plausible(job.enqueued_at?, begin_of(job)?)
}

/// When a job began, unless it was made or enqueued long after that.
fn begin_of(job: &Job) -> Option<Timestamp> {
    let began = job.started_at?;
    let is_after = |made: Option<Timestamp>| {
        made.is_none_or(|made| began.duration_since(made).as_secs_f64() >= -SURELY_BEFORE_S)
    };
    (is_after(job.created_at) && is_after(job.enqueued_at)).then_some(began)
}

/// Anybody may write dates into a job, and one wrong one would be in every mean and forecast.
fn plausible(from: Timestamp, to: Timestamp) -> Option<f64> {
    let seconds = to.duration_since(from).as_secs_f64();
    (-CLOCKS_DIFFER_S..=LONGEST_S).contains(&seconds).then_some(seconds.max(0.0))
}

/// The waiting and running jobs of a queue that were looked at.
pub(super) fn moving_jobs(queue: &QueueSurvey) -> impl Iterator<Item = &Job> {
    let running = queue.running.iter().filter_map(|sampled| Some(&sampled.stored()?.job));
    queue.waiting_jobs.iter().chain(running)
}

/// Whether a job ended as the registry says that it did.
pub(super) fn has_ended_in(job: &Job, registry: Registry) -> bool {
    match registry {
        Registry::Finished => job.status == Status::Finished,
        _ => matches!(job.status, Status::Failed | Status::Stopped),
    }
}

/// What a job calls, where its description is a call; other descriptions may be anything.
pub(in crate::ops) fn task_of(job: &Job) -> String {
    let description = job.description.as_deref().unwrap_or_default();
    if let Some(headline) = headline_of_description(description) {
        return headline.method.into_owned();
    }
    let call = description.split_once('(').map_or("", |(call, _)| call);
    let is_dotted = call.contains('.')
        && call.len() <= 200
        && call.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
    if is_dotted { call.to_owned() } else { OTHER.to_owned() }
}

/// Whether a description names no more than what wraps the call: of methods of documents and of
/// scheduled jobs, whose description has an object in place of the method.
pub(in crate::ops) fn is_wrapper(task: &str) -> bool {
    task == OTHER || task.ends_with(".execute_job") || task.ends_with(".run_scheduled_job")
}

/// Stands for an event. A history keeps it: a release of Rust that hashes in another way costs no
/// more than that the ends of the minutes before its update are counted twice.
pub(super) fn hash_of(event: Event, queue: &str, id: &JobId, at: Timestamp) -> u64 {
    let whole = (event, queue, id.as_bytes(), at.as_microsecond());
    BuildHasherDefault::<DefaultHasher>::default().hash_one(whole)
}
