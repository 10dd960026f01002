//! What a list, and the head of `jobs show`, say of a job.

use std::borrow::Cow;

use jiff::Timestamp;

use super::attempts::attempts_of;
use super::decode::short_exception;
use super::find::Found;
use crate::model::job::{Job, seconds_between};
use crate::model::selection::{State, in_state_since};
use crate::report::jobs::JobRow;
use crate::secrets::Secrets;
use crate::target::Target;

/// Clocks of hosts and processes may disagree by this much without making nonsense of a time.
const SKEW_S: f64 = 1.0;

/// The row of a job.
pub(super) fn row_of(found: &Found, target: &Target, secrets: Secrets, now: Timestamp) -> JobRow {
    let job = found.job.as_ref();
    let headline = found.headline.as_ref();
    let text = |text: &str| secrets.text(text).into_owned();
    let at = |of: fn(&Job) -> Option<Timestamp>| job.and_then(of);
    let since = job.and_then(|job| in_state_since(found.state, job));
    let (attempts, max_attempts) = job.map_or((None, None), |job| attempts_of(found.state, job));
    JobRow {
        id: found.entry.id.clone(),
        queue: target.short_name(found.place.queue()).to_owned(),
        site: found.site().map(Cow::into_owned),
        method: headline.map(|headline| text(&headline.method)),
        event: headline.and_then(|headline| headline.event.as_deref()).map(text),
        user: headline.and_then(|headline| headline.user.as_deref()).map(text),
        scheduled_job: headline.map(|headline| headline.is_scheduled),
        status: status_of(found).to_owned(),
        created_at: at(|job| job.created_at),
        enqueued_at: at(|job| job.enqueued_at),
        started_at: at(|job| job.started_at),
        ended_at: at(Job::end),
        due_at: found.due_at(),
        duration_ms: job.and_then(|job| duration_ms(found.state, job, now)),
        wait_ms: job.and_then(|job| wait_ms(found.state, job, now)),
        attempts,
        max_attempts,
        retries_left: job.and_then(|job| u64::try_from(job.retries_left?).ok()),
        timeout_s: job.and_then(|job| job.timeout_s),
        worker: job.and_then(|job| job.worker_name.clone()),
        exception: found.failure.as_deref().map(|failure| text(&short_exception(failure))),
        age_s: since.and_then(|since| seconds_between(since, now)),
    }
}

fn status_of(found: &Found) -> &'static str {
    match (&found.job, found.unreadable) {
        (Some(_), _) => found.state.word(),
        (None, true) => "unreadable",
        (None, false) => "missing",
    }
}

/// Milliseconds that a job ran the last time, or has been running.
///
/// An end before the start belongs to an earlier run: a job that was abandoned in a later one has
/// no end of its own.
fn duration_ms(state: State, job: &Job, now: Timestamp) -> Option<u64> {
    let end = if state == State::Started { now } else { job.ended_at? };
    ms_between(job.started_at?, end)
}

/// Milliseconds that a job waited for its start, or has been waiting.
fn wait_ms(state: State, job: &Job, now: Timestamp) -> Option<u64> {
    let start = match state {
        State::Queued => now,
        State::Scheduled | State::Deferred => return None,
        _ => job.started_at?,
    };
    ms_between(job.enqueued_at?, start)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and a negative one becomes 0"
)]
fn ms_between(start: Timestamp, end: Timestamp) -> Option<u64> {
    let seconds = end.duration_since(start).as_secs_f64();
    (seconds >= -SKEW_S).then(|| (seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::redis::read::{Entry, Place};
    use crate::model::id::{JobId, QueueName};

    #[test]
    fn row_of_an_expired_job_is_missing() {
        let entry = Entry { id: JobId::new("site::x"), execution: None, score: None };
        let place = Place::Queue(QueueName::new("default"));
        let found = Found::new(&place, State::Queued, &entry, None);
        let target = Target::plain("redis://localhost");
        let row = row_of(&found, &target, Secrets::default(), Timestamp::UNIX_EPOCH);
        assert_eq!((row.status.as_str(), row.site.as_deref()), ("missing", Some("site")));
        let found = Found { unreadable: true, ..found };
        let row = row_of(&found, &target, Secrets::default(), Timestamp::UNIX_EPOCH);
        assert_eq!(row.status, "unreadable");
    }

    #[test]
    fn duration_of_an_end_before_the_start_is_unknown() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(ms_between(at(10), at(12)), Some(2000));
        assert_eq!(ms_between(at(10), at(9)), Some(0));
        assert_eq!(ms_between(at(10), at(5)), None);
    }
}
