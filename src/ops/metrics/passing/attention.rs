//! Which events a look counts: those that are new by the time, told from those that were counted and
//! forgotten.
//!
//! Events are dated by the clocks of workers, looks by that of Redis, and each of them may be set. So
//! an event is new where it happened since the last look by the clock of Redis or by the time that is
//! reckoned on ([`Reckoning`]), and was not yet counted and forgotten.

use jiff::{SignedDuration, Timestamp};

use crate::sys::clock::Steady;
use crate::sys::reckoning::Reckoning;

/// How long before the last look an event may have happened that was not there then: clocks of hosts
/// differ. What is older is not counted, and need not be remembered.
pub(super) const SLACK: SignedDuration = SignedDuration::from_secs(600);

/// The longest time without a look after which what happened meanwhile is still counted.
const LONGEST_ABSENCE: SignedDuration = SignedDuration::from_hours(24);

/// Events that are remembered at most for a clock that was set: beyond that it is believed.
const MOST_REMEMBERED: usize = 300_000;

/// A stretch of time; its end does not belong to it.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from: Timestamp,
    until: Timestamp,
}

impl Stretch {
    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// What one look takes for granted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) now: Timestamp,
    /// Whether what is new counts; otherwise it is only remembered.
    pub(super) counts: bool,
    by_redis: Stretch,
    reckoned: Stretch,
    /// What was counted already and is remembered no more.
    forgotten: Stretch,
}

impl Look {
    /// Whether an event of that time is to be counted, unless it is remembered.
    pub(super) fn covers(&self, at: Timestamp) -> bool {
        (self.by_redis.holds(at) || self.reckoned.holds(at)) && !self.forgotten.holds(at)
    }
}

/// What was looked at so far.
#[derive(Debug, Default)]
pub(super) struct Attention {
    /// Since when the next look counts, by the clock of Redis; `None` before the first look.
    horizon: Option<Timestamp>,
    /// What was counted and is remembered no more, by a clock that was believed all the while.
    forgotten: Option<Stretch>,
    reckoning: Option<Reckoning>,
    /// From when on events are remembered.
    remembered_from: Option<Timestamp>,
    /// Whether what was there at the first look counts.
    from_the_first: bool,
}

impl Attention {
    /// Goes on after a last look. One that is still to come is one by a clock that was ahead: it is
    /// taken for now. Without one what RQ still shows of the last minutes counts.
    pub(super) fn resumed(
        last_look: Option<Timestamp>,
        reckoning: Option<Reckoning>,
        now: Timestamp,
    ) -> Self {
        // What was reckoned then is right also where the clock was not.
        let last = reckoning.as_ref().map(Reckoning::time).or(last_look);
        let since = last.map(|at| at.min(now).max(back(now, LONGEST_ABSENCE)));
        let horizon = since.map(|since| back(since, SLACK));
        Self { horizon, reckoning, from_the_first: true, ..Self::default() }
    }

    /// The time as it is reckoned, for who goes on later.
    pub(super) fn reckoning(&self) -> Option<String> {
        self.reckoning.as_ref().map(Reckoning::to_text)
    }

    /// What a look at `now`, by the clock of Redis, covers.
    pub(super) fn begin(&mut self, now: Timestamp, steady: Steady) -> Look {
        let counts = self.horizon.is_some() || self.from_the_first;
        let reckoning = self.reckoning.get_or_insert_with(|| Reckoning::begin(now, steady.clone()));
        let before = reckoning.time();
        let reckoned = reckoning.look(now, steady);
        let since = before.max(back(reckoned, LONGEST_ABSENCE));
        // After a clock that was ahead and is right again, nothing would be late enough for long.
        let horizon = self.horizon.filter(|at| *at <= now).unwrap_or_else(|| back(now, SLACK));
        let forgotten = *self.forgotten.get_or_insert(Stretch { from: horizon, until: horizon });
        Look {
            now,
            counts,
            by_redis: Stretch { from: horizon, until: ahead(now, SLACK) },
            reckoned: Stretch { from: back(since, SLACK), until: ahead(reckoned, SLACK) },
            forgotten,
        }
    }

    /// Ends a look: from when on events are still to be remembered. Of `remembered` there may be so
    /// many that the clock of Redis is believed.
    pub(super) fn end(&mut self, look: &Look, remembered: usize) -> Timestamp {
        let newest = back(look.now, SLACK);
        self.horizon = Some(newest);
        let Some(reckoning) = &mut self.reckoning else { return newest };
        if reckoning.is_apart() && remembered > MOST_REMEMBERED {
            reckoning.believe(look.now);
        }
        let from = newest.min(back(reckoning.time(), SLACK));
        self.forgotten = Some(match self.forgotten {
            Some(stretch) if !reckoning.has_leapt() => {
                Stretch { until: stretch.until.max(from), ..stretch }
            }
            // By another clock nothing is known to be counted.
            _ => Stretch { from, until: from },
        });
        self.remembered_from = Some(from);
        from
    }

    /// From when on events are remembered; `None` before the first look.
    pub(super) const fn remembered_from(&self) -> Option<Timestamp> {
        self.remembered_from
    }
}

pub(super) fn back(from: Timestamp, time: SignedDuration) -> Timestamp {
    from.checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn ahead(from: Timestamp, time: SignedDuration) -> Timestamp {
    from.checked_add(time).unwrap_or(Timestamp::MAX)
}
