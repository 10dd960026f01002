//! When a worker that ended is started again, and when that is given up.
//!
//! Numbers and rules only; starts nothing and knows no process.

use std::time::Duration;

/// A worker that ends sooner than this never came to work: Python alone takes a second or two.
pub(super) const EARLY: Duration = Duration::from_secs(10);

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Failures in a row after which a worker counts as hopeless. The waits up to then add up to half a
/// minute.
pub(super) const MOST_FAILURES: u32 = 6;

/// The failures of one worker's place in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Failures(u32);

impl Failures {
    /// Notes that a worker ended by itself after `lived`, and says how long to wait.
    ///
    /// One that worked for a while is replaced at once, however it ended: `Duration::ZERO`.
    pub(super) fn ended(&mut self, lived: Duration) -> Duration {
        if lived >= EARLY {
            self.0 = 0;
            return Duration::ZERO;
        }
        self.0 = self.0.saturating_add(1);
        let doubled = FIRST_WAIT.saturating_mul(1 << (self.0 - 1).min(16));
        doubled.min(LONGEST_WAIT)
    }

    /// Forgets them: the next start is a new beginning.
    pub(super) fn forget(&mut self) {
        self.0 = 0;
    }

    /// How many there were in a row.
    pub(super) const fn count(self) -> u32 {
        self.0
    }

    /// Whether there is little hope that the next start goes better.
    pub(super) const fn is_hopeless(self) -> bool {
        self.0 >= MOST_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_at_once_doubles_the_wait_up_to_a_minute() {
        let mut failures = Failures::default();
        let waits: Vec<u128> =
            (0..10).map(|_| failures.ended(Duration::from_secs(1)).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000]);
        for _ in 0..100 {
            failures.ended(Duration::ZERO);
        }
        assert_eq!(failures.ended(Duration::ZERO), LONGEST_WAIT);
    }

    #[test]
    fn ended_after_work_is_replaced_at_once_and_forgives() {
        let mut failures = Failures::default();
        for _ in 0..MOST_FAILURES {
            assert!(!failures.is_hopeless());
            failures.ended(Duration::ZERO);
        }
        assert!(failures.is_hopeless());
        assert_eq!(failures.ended(EARLY), Duration::ZERO);
        assert_eq!(failures.count(), 0);
    }
}
