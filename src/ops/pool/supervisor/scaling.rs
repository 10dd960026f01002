//! Grows and shrinks the pools that are scaled.

use std::cmp::Reverse;
use std::time::Instant;

use super::{Pool, Slot, Supervisor};
use crate::human;
use crate::ops::pool::scaling::{Decision, Load};
use crate::sys::clock;

impl Supervisor<'_> {
    /// Decides for each pool, and does it. Not during a rolling restart, which needs its places.
    pub(super) fn scale(&mut self, now: Instant) {
        if self.rolling.is_some() || self.sight.fault.is_some() || self.sight.at.is_none() {
            return;
        }
        for at in 0..self.pools.len() {
            self.scale_pool(at, now);
        }
    }

    fn scale_pool(&mut self, at: usize, now: Instant) {
        let Some(load) = self.pools.get(at).and_then(|pool| self.load(pool)) else { return };
        let Some(pool) = self.pools.get_mut(at).filter(|pool| pool.given_up.is_none()) else {
            return;
        };
        let Some(&scaling) = pool.size.scaling() else { return };
        let decision = pool.scaler.decide(&scaling, &load, now);
        if let Some(scaled) = &mut pool.scaled {
            (scaled.waiting, scaled.time_to_clear_s) = (load.waiting, load.time_to_clear_s());
        }
        if let Some(Decision { to, why }) = decision {
            self.resize(at, load.workers, to, &why, now);
        }
    }

    /// What is known of a pool; `None` for one that is not scaled, and while all workers are
    /// suspended, when more of them would only wait as well.
    fn load(&self, pool: &Pool) -> Option<Load> {
        pool.size.scaling()?;
        let seen = |pid: Option<u32>| self.seen(pid?);
        let workers = || pool.active().filter_map(|slot| seen(slot.current));
        if workers().any(|seen| seen.is_suspended) {
            return None;
        }
        let waiting: Option<Vec<u64>> =
            pool.depths.iter().map(|&at| self.sight.waiting.get(at).copied().flatten()).collect();
        let work_s = waiting.as_ref().and_then(|waiting| {
            let times = pool.depths.iter().map(|&at| self.sight.run_s.get(at).copied().flatten());
            let of_queue = |(&waiting, time): (&u64, Option<f64>)| match waiting {
                0 => Some(0.0),
                _ => Some(waiting as f64 * time?),
            };
            waiting.iter().zip(times).map(of_queue).sum()
        });
        Some(Load {
            workers: pool.active().count(),
            busy: workers().filter(|seen| seen.job.is_some()).count(),
            is_settled: pool.active().all(|slot| {
                slot.current.is_some_and(|pid| self.takes_jobs(pid) || self.has_settled(pid))
            }),
            waiting: waiting.map(|waiting| waiting.iter().sum()),
            work_s,
        })
    }

    /// Makes a pool larger, or asks as many of its idle workers as that takes to leave.
    fn resize(&mut self, at: usize, from: usize, to: usize, why: &str, now: Instant) {
        let idle = self.idle_places(at);
        let Some(pool) = self.pools.get_mut(at) else { return };
        pool.grow(to, now);
        let mut leaving = Vec::new();
        for number in idle.into_iter().take(from.saturating_sub(to)) {
            leaving.extend(pool.slots.get_mut(number).into_iter().flat_map(Slot::park));
        }
        let workers = pool.active().count();
        if workers == from {
            return;
        }
        let text = format!("{from} → {}: {why}", human::counted(workers as u64, "worker"));
        if let Some(scaled) = &mut pool.scaled {
            (scaled.changed_at, scaled.reason) = (Some(clock::now()), Some(text.clone()));
        }
        let name = pool.name.clone();
        self.say(&format!("pool `{name}`: {text}"));
        for pid in leaving {
            self.ask_to_leave(pid, "not needed now");
        }
    }

    /// The needed places of a pool whose worker runs no job, or that wait for one; the last first.
    fn idle_places(&self, at: usize) -> Vec<usize> {
        let Some(pool) = self.pools.get(at) else { return Vec::new() };
        let is_idle = |pid: u32| self.seen(pid).is_some_and(|seen| seen.job.is_none());
        let mut idle: Vec<usize> = pool
            .slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| !slot.is_parked && slot.current.is_none_or(is_idle))
            .map(|(number, _)| number)
            .collect();
        idle.sort_unstable_by_key(|&number| Reverse(number));
        idle
    }
}
