//! A worker that runs, and how it is told to leave: once, and not where somebody else has.

use std::time::{Duration, Instant};

use crate::ops::pool::observer::{Seen, Who};

/// How long a look at Redis may take before a worker is told to leave: less than RQ's second, in
/// which it passes over the signal if somebody tells all processes at once.
const BEFORE_SIGNAL: Duration = Duration::from_millis(500);

/// The place of a worker: the number of its pool, and its number there. Neither is ever removed.
pub(crate) type Place = (usize, usize);

/// A worker that runs.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) started: Instant,
    pub(crate) who: Who,
    /// What it was called with.
    pub(super) arguments: Vec<String>,
    pub(crate) leaving: Option<Leaving>,
    pub(crate) memory: Option<u64>,
    /// Its children when they were looked at last: its work horse, a scheduler.
    pub(super) children: Vec<u32>,
    /// What Redis said of it last, once it had registered.
    pub(super) last: Option<Seen>,
}

impl Member {
    /// Whether it is to leave and has not been told yet.
    pub(super) fn is_untold(&self) -> bool {
        self.leaving.as_ref().is_some_and(|leaving| leaving.told.is_none())
    }
}

/// Why and since when a worker is to end.
#[derive(Debug, Clone)]
pub(crate) struct Leaving {
    pub(crate) why: String,
    pub(super) asked: Instant,
    /// When it was told, or was seen to have been told by somebody else.
    pub(super) told: Option<Instant>,
    pub(super) told_twice: bool,
}

/// What is to be done about a worker that is to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    /// Nothing, or nothing yet.
    Wait,
    /// Tell it.
    Tell,
    /// Only wait for its end: somebody else has told it, and a second signal would cut its job off.
    Spare,
}

impl Leaving {
    pub(super) fn new(why: &str, asked: Instant) -> Self {
        Self { why: why.to_owned(), asked, told: None, told_twice: false }
    }

    /// Decides by a look that began at `looked`, and that saw whether it is stopping already. Where
    /// Redis does not answer in time it is told.
    pub(super) fn telling(
        &self,
        now: Instant,
        looked: Option<Instant>,
        is_stopping: bool,
    ) -> Telling {
        let is_fresh = looked.is_some_and(|at| at >= self.asked);
        let is_over = now.saturating_duration_since(self.asked) >= BEFORE_SIGNAL;
        match self.told {
            Some(_) => Telling::Wait,
            None if is_stopping => Telling::Spare,
            None if is_fresh || is_over => Telling::Tell,
            None => Telling::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worker_that_somebody_else_has_told_to_end_is_not_told_again() {
        let now = Instant::now();
        let leaving = Leaving::new("the pool stops", now);
        let before = now.checked_sub(Duration::from_secs(4));
        assert_eq!(leaving.telling(now, before, false), Telling::Wait, "what was seen is old");
        assert_eq!(leaving.telling(now, before, true), Telling::Spare);
        assert_eq!(leaving.telling(now, Some(now), true), Telling::Spare);
        assert_eq!(leaving.telling(now, Some(now), false), Telling::Tell);
        let late = now + BEFORE_SIGNAL;
        assert_eq!(leaving.telling(late, before, false), Telling::Tell, "Redis is silent");
        let told = Leaving { told: Some(now), ..leaving };
        assert_eq!(told.telling(late, Some(late), false), Telling::Wait);
    }
}
