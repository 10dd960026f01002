//! A pool, and the places of its workers.
//!
//! A place is named by its numbers, so none is ever removed: one that is not needed stands empty.

use std::fmt;
use std::process::Command;
use std::time::Instant;

use crate::human;
use crate::ops::pool::policy::{Failures, Life};
use crate::ops::pool::scaling::{Scaler, Scaling};
use crate::report::pool::Scaled;

/// How many workers a pool is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Always so many.
    Fixed(usize),
    /// As many as what waits asks for.
    Scaled(Scaling),
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(0) => f.write_str("no workers"),
            Self::Fixed(count) => f.write_str(&human::counted(*count as u64, "worker")),
            Self::Scaled(Scaling { min, max, .. }) => write!(f, "{min} to {max} workers"),
        }
    }
}

impl Size {
    /// That of a pool which is no longer wanted.
    pub(crate) const NONE: Self = Self::Fixed(0);

    /// The most workers.
    pub(crate) const fn most(&self) -> usize {
        match self {
            Self::Fixed(count) => *count,
            Self::Scaled(scaling) => scaling.max,
        }
    }

    /// How it is scaled, if it is.
    pub(crate) fn scaling(&self) -> Option<&Scaling> {
        match self {
            Self::Fixed(_) => None,
            Self::Scaled(scaling) => Some(scaling),
        }
    }

    /// The number nearest to `workers` that it allows.
    fn nearest(self, workers: usize) -> usize {
        match self {
            Self::Fixed(count) => count,
            Self::Scaled(Scaling { min, max, .. }) => workers.clamp(min, max),
        }
    }
}

/// One pool as it is to run.
pub(crate) struct Pool {
    /// Its name.
    pub(crate) name: String,
    /// Its queues, short names; empty for all.
    pub(crate) queues: Vec<String>,
    /// How many workers.
    pub(crate) size: Size,
    /// The memory at which a worker is recycled.
    pub(crate) max_memory: Option<u64>,
    /// Whether its workers outgrow that as soon as they start.
    pub(crate) is_cramped: bool,
    /// Workers in a row that were recycled for that soon after their start.
    pub(crate) outgrown: u32,
    /// The jobs after which a worker is recycled, where the worker does not count them itself.
    pub(crate) max_jobs: Option<u64>,
    /// The jobs after which a worker ends by itself.
    pub(crate) ends_after: Option<u64>,
    /// Where in the observer's list its queues stand.
    pub(crate) depths: Vec<usize>,
    /// Whether its workers are given names.
    pub(crate) is_named: bool,
    /// The command of one worker.
    pub(crate) command: Command,
    pub(crate) slots: Vec<Slot>,
    pub(crate) given_up: Option<String>,
    pub(crate) scaler: Scaler,
    /// What was last seen and done about its size, if it is scaled.
    pub(crate) scaled: Option<Scaled>,
}

/// The place of one worker.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    pub(crate) current: Option<u32>,
    /// A worker that is to take the place, in a rolling restart.
    pub(crate) replacement: Option<u32>,
    pub(crate) start_at: Option<Instant>,
    pub(crate) is_done: bool,
    /// A worker that ended here in order, by itself; whether it had come to work, and whether its
    /// queues are empty, is to be seen.
    pub(crate) drained: Option<Drained>,
    /// Not needed now: a worker that ends here is not started again.
    pub(crate) is_parked: bool,
    pub(crate) failures: Failures,
    pub(crate) restarts: u64,
    pub(crate) reason: Option<String>,
}

/// The end of a worker that ended by itself, without a fault.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drained {
    pub(crate) pid: u32,
    pub(crate) at: Instant,
    pub(crate) life: Life,
    /// The inquest that tells of its life.
    pub(crate) inquest: u64,
}

impl Slot {
    /// Leaves the place empty once its worker has ended; gives that worker, and one that was to
    /// take its place.
    pub(crate) fn park(&mut self) -> impl Iterator<Item = u32> + use<> {
        (self.is_parked, self.start_at, self.reason) = (true, None, None);
        self.drained = None;
        self.failures.forget();
        self.current.into_iter().chain(self.replacement.take())
    }
}

impl Pool {
    /// A pool without queues, limits and places.
    pub(crate) fn new(name: String, size: Size, command: Command) -> Self {
        let scaled = size.scaling().map(|scaling| Scaled {
            min: scaling.min,
            max: scaling.max,
            target_s: scaling.target.as_secs_f64(),
            ..Scaled::default()
        });
        Self {
            name,
            queues: Vec::new(),
            size,
            max_memory: None,
            is_cramped: false,
            outgrown: 0,
            max_jobs: None,
            ends_after: None,
            depths: Vec::new(),
            is_named: false,
            command,
            slots: Vec::new(),
            given_up: None,
            scaler: Scaler::default(),
            scaled,
        }
    }

    /// Goes on as `fresh`, with the workers that it has.
    pub(crate) fn take_over(&mut self, fresh: Self) {
        let slots = std::mem::take(&mut self.slots);
        let (given_up, scaler) = (self.given_up.take(), std::mem::take(&mut self.scaler));
        *self = Self { slots, given_up, scaler, ..fresh };
    }

    /// The places that are needed.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| !slot.is_parked)
    }

    /// Makes places until so many are needed, those first that stand empty.
    pub(crate) fn grow(&mut self, to: usize, now: Instant) {
        let mut missing = to.saturating_sub(self.active().count());
        self.slots
            .resize_with(self.slots.len().max(to), || Slot { is_parked: true, ..Slot::default() });
        for leaving in [false, true] {
            let parked = self.slots.iter_mut().filter(|slot| slot.is_parked);
            for slot in parked.filter(|slot| slot.current.is_some() == leaving).take(missing) {
                slot.is_parked = false;
                // One whose worker still leaves is filled when that has ended.
                slot.start_at = (!leaving).then_some(now);
                missing -= 1;
            }
        }
    }

    /// Leaves the last places empty until so many are needed; gives the workers that are to leave.
    pub(crate) fn shrink(&mut self, to: usize) -> Vec<u32> {
        let surplus = self.active().count().saturating_sub(to);
        let active = self.slots.iter_mut().rev().filter(|slot| !slot.is_parked);
        active.take(surplus).flat_map(Slot::park).collect()
    }

    /// Makes as many places needed as its size allows; gives the workers that are to leave.
    pub(crate) fn fit(&mut self, now: Instant) -> Vec<u32> {
        let to = self.size.nearest(self.active().count());
        self.grow(to, now);
        self.shrink(to)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pool(size: Size) -> Pool {
        Pool::new("p".to_owned(), size, Command::new("true"))
    }

    fn scaled(min: usize, max: usize) -> Size {
        let second = Duration::from_secs(1);
        Size::Scaled(Scaling { min, max, target: second, cool_down: second })
    }

    fn needed(pool: &Pool) -> Vec<bool> {
        pool.slots.iter().map(|slot| !slot.is_parked).collect()
    }

    #[test]
    fn fit_starts_with_the_least_and_keeps_within_new_bounds() {
        let now = Instant::now();
        let mut pool = pool(scaled(2, 5));
        assert!(pool.fit(now).is_empty());
        assert_eq!(needed(&pool), [true, true]);
        pool.grow(4, now);
        for (slot, pid) in pool.slots.iter_mut().zip(11..) {
            (slot.current, slot.start_at) = (Some(pid), None);
        }
        assert!(pool.fit(now).is_empty());
        pool.size = scaled(1, 3);
        assert_eq!(pool.fit(now), [14]);
        pool.size = Size::Fixed(1);
        assert_eq!(pool.fit(now), [13, 12]);
        assert_eq!(needed(&pool), [true, false, false, false]);
    }

    #[test]
    fn grow_fills_empty_places_before_those_whose_worker_still_leaves() {
        let now = Instant::now();
        let mut pool = pool(Size::Fixed(3));
        pool.fit(now);
        for (slot, pid) in pool.slots.iter_mut().zip(11..) {
            (slot.current, slot.start_at) = (Some(pid), None);
        }
        assert_eq!(pool.shrink(1), [13, 12]);
        pool.slots[2].current = None;
        pool.grow(2, now);
        assert_eq!(needed(&pool), [true, false, true]);
        assert_eq!(pool.slots[2].start_at, Some(now));
        pool.grow(3, now);
        assert_eq!((needed(&pool), pool.slots[1].start_at), (vec![true; 3], None));
    }
}
