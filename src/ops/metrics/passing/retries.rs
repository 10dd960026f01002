//! Tells that a job runs again, from what it said when it was looked at before.
//!
//! RQ writes no event for a retry. What it leaves behind: `retries_left` is one less (a failure that
//! is repeated), `number_of_retries` is one more (a job that returned `Retry`, 2.1 and newer), or a
//! job that stood in the failed registry is enqueued anew (by hand). Source: `rq/job.py` `retry`,
//! `rq/worker.py` `handle_job_retry`.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::job::{Job, Status, seconds_between};

/// Jobs that are remembered; beyond that those that were not looked at lately are forgotten.
const MOST: usize = 20_000;

/// Seconds after the last look at a job until it is forgotten.
const REMEMBERED_S: f64 = 600.0;

/// What a job said.
#[derive(Debug, Clone, Default)]
struct Said {
    retries_left: Option<i64>,
    number_of_retries: i64,
    failed_at: Option<Timestamp>,
    looked_at: Timestamp,
}

/// What jobs said when they were looked at.
#[derive(Debug, Default)]
pub(super) struct Retries(HashMap<u64, Said>);

impl Retries {
    /// How often a job was retried since it was looked at before. `key` stands for the job;
    /// `is_young` says that it was made since somebody looks, so that all its retries are new.
    pub(super) fn look_at(&mut self, key: u64, job: &Job, is_young: bool, now: Timestamp) -> u64 {
        let times = job.number_of_retries.unwrap_or(0).clamp(0, 1_000);
        let before = self.0.get(&key);
        let retries = match before {
            Some(before) => {
                let returned = times - before.number_of_retries;
                let spent = before.retries_left.zip(job.retries_left).map_or(0, |(a, b)| a - b);
                let again = before.failed_at.is_some_and(|failed| job.enqueued_at > Some(failed));
                [returned, spent, i64::from(again)].into_iter().max().unwrap_or(0).clamp(0, 1_000)
            }
            None if is_young => times,
            None => 0,
        };
        let failed = matches!(job.status, Status::Failed | Status::Stopped);
        let said = Said {
            retries_left: job.retries_left,
            number_of_retries: times,
            failed_at: job.end().filter(|_| failed),
            looked_at: now,
        };
        if self.0.len() < MOST || before.is_some() {
            self.0.insert(key, said);
        }
        u64::try_from(retries).unwrap_or(0)
    }

    /// Forgets jobs that were not looked at for long.
    pub(super) fn forget(&mut self, now: Timestamp) {
        self.0.retain(|_, said| {
            seconds_between(said.looked_at, now).is_some_and(|age| age <= REMEMBERED_S)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::JobId;

    fn job(status: Status) -> Job {
        Job { status, ..Job::bare(JobId::new("a")) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn retries_are_counted_once_each_however_rq_makes_them() {
        let mut retries = Retries::default();
        let left = |left| Job { retries_left: Some(left), ..job(Status::Queued) };
        assert_eq!(retries.look_at(1, &left(3), true, at(1)), 0);
        assert_eq!(retries.look_at(1, &left(1), true, at(2)), 2);
        assert_eq!(retries.look_at(1, &left(1), true, at(3)), 0);
        // An operator gives it more.
        assert_eq!(retries.look_at(1, &left(5), true, at(4)), 0);
        let returned = |times| Job { number_of_retries: Some(times), ..job(Status::Started) };
        assert_eq!(retries.look_at(2, &returned(2), true, at(1)), 2);
        assert_eq!(retries.look_at(2, &returned(3), true, at(2)), 1);
        assert_eq!(retries.look_at(3, &returned(2), false, at(1)), 0);
    }

    #[test]
    fn retry_by_hand_is_seen_after_a_failure_only() {
        let mut retries = Retries::default();
        let failed =
            Job { ended_at: Some(at(10)), enqueued_at: Some(at(1)), ..job(Status::Failed) };
        assert_eq!(retries.look_at(1, &failed, true, at(11)), 0);
        assert_eq!(retries.look_at(1, &failed, true, at(12)), 0);
        let again = Job { enqueued_at: Some(at(13)), ..job(Status::Queued) };
        assert_eq!(retries.look_at(1, &again, true, at(14)), 1);
        assert_eq!(retries.look_at(1, &again, true, at(15)), 0);
        retries.forget(at(15 + 601));
        assert!(retries.0.is_empty());
    }
}
