//! How often a job ran and how often it may: what can be concluded, as RQ keeps no count.
//!
//! RQ counts retries down and forgets how many there were. Two traces remain. A run that failed
//! and is repeated leaves its `ended_at` in the hash; a run that was abandoned does not, but RQ
//! only notices that [`ABANDONED_S`] later. And a retry waits for its interval before the job is
//! enqueued again. Where these prove that the present run is the first, both numbers are known.
//! Source: `rq/job.py` `Job.retry`, `rq/worker.py` `handle_job_failure`, `rq/registry.py`
//! `StartedJobRegistry.cleanup`, 1.11 to 3.0.

use crate::model::job::{Job, seconds_between};
use crate::model::selection::State;

/// No run counts as abandoned sooner after its start: RQ adds a minute to every heartbeat.
const ABANDONED_S: f64 = 60.0;

/// Registry scores are whole seconds, so a retry may come this much early.
const SCORE_ROUNDING_S: f64 = 1.0;

/// Runs so far and runs in all, since the job was enqueued or requeued by hand.
///
/// `None` where RQ keeps no count and nothing proves one.
pub(super) fn attempts_of(state: State, job: &Job) -> (Option<u64>, Option<u64>) {
    let returned = job.number_of_retries.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
    let left = job.retries_left.map(|left| u64::try_from(left).unwrap_or(0));
    match (left, job.started_at) {
        (None, None) => (Some(0), Some(1)),
        // How many retries a job may return is known to its code alone.
        (None, Some(_)) => (Some(1 + returned), (returned == 0).then_some(1)),
        (Some(left), None) => (Some(0), Some(1 + left)),
        (Some(left), Some(_)) if returned == 0 && is_first_run(state, job) => {
            (Some(1), Some(1 + left))
        }
        (Some(_), Some(_)) => (None, None),
    }
}

/// Whether the times prove that no run came before the one that is going on or was the last.
fn is_first_run(state: State, job: &Job) -> bool {
    let delay =
        job.created_at.zip(job.enqueued_at).and_then(|(from, to)| seconds_between(from, to));
    let Some(delay) = delay else { return false };
    let soonest_retry = job.retry_intervals.iter().min().map_or(0.0, |least| *least as f64);
    let before_a_retry = delay < soonest_retry - SCORE_ROUNDING_S;
    // A job that waits for its retry still has the old `enqueued_at`.
    let proven = match state {
        State::Started => job.ended_at.is_none() || before_a_retry,
        State::Finished | State::Failed | State::Stopped => before_a_retry,
        State::Queued | State::Scheduled | State::Deferred | State::Canceled => false,
    };
    proven && delay < ABANDONED_S
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::id::JobId;

    fn job(left: Option<i64>, intervals: &[i64], times: [Option<i64>; 4]) -> Job {
        let [created, enqueued, started, ended] =
            times.map(|at| at.and_then(|at| Timestamp::from_second(at).ok()));
        Job {
            retries_left: left,
            retry_intervals: intervals.to_vec(),
            created_at: created,
            enqueued_at: enqueued,
            started_at: started,
            ended_at: ended,
            ..Job::bare(JobId::new("x"))
        }
    }

    #[test]
    fn attempts_of_a_job_without_retries_are_one() {
        let times = [Some(0), Some(0), Some(1), Some(2)];
        assert_eq!(attempts_of(State::Failed, &job(None, &[], times)), (Some(1), Some(1)));
        let waiting = [Some(0), Some(0), None, None];
        assert_eq!(attempts_of(State::Queued, &job(None, &[], waiting)), (Some(0), Some(1)));
        assert_eq!(attempts_of(State::Queued, &job(Some(2), &[], waiting)), (Some(0), Some(3)));
    }

    #[test]
    fn attempts_of_a_running_job_are_known_in_its_first_run_only() {
        let first = job(Some(2), &[0], [Some(0), Some(0), Some(1), None]);
        assert_eq!(attempts_of(State::Started, &first), (Some(1), Some(3)));
        let second = job(Some(1), &[0], [Some(0), Some(2), Some(3), Some(2)]);
        assert_eq!(attempts_of(State::Started, &second), (None, None));
        let after_abandonment = job(Some(1), &[0], [Some(0), Some(90), Some(91), None]);
        assert_eq!(attempts_of(State::Started, &after_abandonment), (None, None));
    }

    #[test]
    fn attempts_of_an_ended_job_are_known_where_no_interval_had_passed() {
        let at_once = job(Some(2), &[0], [Some(0), Some(0), Some(1), Some(2)]);
        assert_eq!(attempts_of(State::Finished, &at_once), (None, None));
        let waits_for_retry = job(Some(2), &[30, 60], [Some(0), Some(2), Some(3), Some(4)]);
        assert_eq!(attempts_of(State::Scheduled, &waits_for_retry), (None, None));
        let before = job(Some(2), &[30, 60], [Some(0), Some(2), Some(3), Some(4)]);
        assert_eq!(attempts_of(State::Finished, &before), (Some(1), Some(3)));
        let after = job(Some(1), &[30, 60], [Some(0), Some(30), Some(31), Some(32)]);
        assert_eq!(attempts_of(State::Finished, &after), (None, None));
    }
}
