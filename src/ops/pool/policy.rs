//! When a worker that ended is started again, and when that is given up.
//!
//! Numbers and rules only; starts nothing and knows no process.

use std::time::Duration;

/// A worker that ends with a fault sooner than this is no good: Python alone takes a second or two.
pub(super) const EARLY: Duration = Duration::from_secs(10);

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Failures in a row after which a worker counts as hopeless. The waits up to then add up to half a
/// minute.
pub(super) const MOST_FAILURES: u32 = 6;

/// Workers in a row that may outgrow their limit of memory within [`LONGEST_WAIT`] before the limit
/// counts as too small.
pub(super) const MOST_OUTGROWN: u32 = 3;

/// Whether a worker is held to its limit of memory: once it has come to work, as one that is replaced
/// before has done nothing; under a limit that is less than a worker needs, not too often either.
pub(super) fn is_judged(has_worked: bool, is_cramped: bool, lived: Duration) -> bool {
    has_worked && (!is_cramped || lived >= LONGEST_WAIT)
}

/// What is known of a worker that has ended by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) lived: Duration,
    /// Whether it had come to work: it had registered in Redis.
    pub(super) registered: bool,
    /// Runs that it had finished; `None` where it is not known.
    pub(super) jobs: Option<u64>,
    /// Whether it ended with exit code 0.
    pub(super) in_order: bool,
}

impl Life {
    /// Whether it should not have ended so. One that had come to work may end in order whenever it
    /// likes: it has run its number of jobs, or somebody told it to.
    pub(super) fn is_failure(&self) -> bool {
        !self.registered || !(self.in_order || self.lived >= EARLY)
    }

    fn has_worked(&self) -> bool {
        self.jobs.is_some_and(|jobs| jobs > 0) || self.lived >= EARLY
    }
}

/// The failures of one worker's place in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Failures {
    count: u32,
    /// Ends in a row, in order, of workers that had not run a job: no failure, but no reason to start
    /// the next in a hurry.
    idle: u32,
}

impl Failures {
    /// Notes that a worker ended by itself, and says how long to wait.
    ///
    /// One that worked is replaced at once: `Duration::ZERO`.
    pub(super) fn ended(&mut self, life: &Life) -> Duration {
        if life.is_failure() {
            self.count = self.count.saturating_add(1);
            return nth_wait(self.count);
        }
        self.count = 0;
        if life.has_worked() {
            self.idle = 0;
            return Duration::ZERO;
        }
        self.idle = self.idle.saturating_add(1);
        nth_wait(self.idle)
    }

    /// Forgets them: the next start is a new beginning.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// How many there were in a row.
    pub(super) const fn count(self) -> u32 {
        self.count
    }

    /// Whether there is little hope that the next start goes better.
    pub(super) const fn is_hopeless(self) -> bool {
        self.count >= MOST_FAILURES
    }
}

/// The wait after the `count`th of several ends in a row.
fn nth_wait(count: u32) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << count.saturating_sub(1).min(16));
    doubled.min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(lived_s: u64, registered: bool, jobs: u64, in_order: bool) -> Life {
        Life { lived: Duration::from_secs(lived_s), registered, jobs: Some(jobs), in_order }
    }

    /// The end of a worker whose Python does not start.
    const STILLBORN: Life =
        Life { lived: Duration::ZERO, registered: false, jobs: None, in_order: false };

    #[test]
    fn memory_is_judged_after_work_and_under_a_limit_that_is_too_small_once_a_minute() {
        let soon = Duration::from_secs(5);
        assert!(!is_judged(false, false, LONGEST_WAIT), "it may still import its application");
        assert!(is_judged(true, false, soon));
        assert!(!is_judged(true, true, soon), "the queue would starve");
        assert!(is_judged(true, true, LONGEST_WAIT));
    }

    #[test]
    fn ended_at_once_doubles_the_wait_up_to_a_minute() {
        let mut failures = Failures::default();
        let waits: Vec<u128> = (0..10).map(|_| failures.ended(&STILLBORN).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
        for _ in 0..100 {
            failures.ended(&STILLBORN);
        }
        assert_eq!(failures.ended(&STILLBORN), LONGEST_WAIT);
    }

    #[test]
    fn ended_after_work_is_replaced_at_once_and_forgives() {
        let mut failures = Failures::default();
        for _ in 0..MOST_FAILURES {
            assert!(!failures.is_hopeless());
            failures.ended(&STILLBORN);
        }
        assert!(failures.is_hopeless());
        assert_eq!(failures.ended(&life(11, true, 0, false)), Duration::ZERO);
        assert_eq!(failures.count(), 0);
    }

    #[test]
    fn ended_in_order_after_its_number_of_jobs_is_no_failure_however_soon() {
        let mut failures = Failures::default();
        for _ in 0..100 {
            assert_eq!(failures.ended(&life(3, true, 100, true)), Duration::ZERO);
        }
        assert_eq!(failures.count(), 0);
    }

    #[test]
    fn ended_in_order_without_a_job_is_no_failure_and_not_replaced_in_a_hurry() {
        let mut failures = Failures::default();
        let waits: Vec<u128> =
            (0..3).map(|_| failures.ended(&life(1, true, 0, true)).as_millis()).collect();
        assert_eq!((waits.as_slice(), failures.count()), (&[500, 1000, 2000][..], 0));
        assert_eq!(failures.ended(&life(1, true, 1, true)), Duration::ZERO);
        assert_eq!(failures.ended(&life(1, true, 0, true)).as_millis(), 500);
    }

    #[test]
    fn ended_without_ever_having_registered_is_a_failure_however_late() {
        let mut failures = Failures::default();
        assert_eq!(failures.ended(&life(11, false, 0, false)).as_millis(), 500);
        assert_eq!(failures.ended(&life(600, false, 0, true)).as_millis(), 1000);
        assert_eq!(failures.count(), 2);
    }
}
