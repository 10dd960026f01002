//! Replaces the workers one by one, so that no queue is left alone.

use std::collections::VecDeque;
use std::time::Instant;

use super::{LONGEST_START, Member, Place, Rolling, Slot, Stage, Supervisor};
use crate::human;

impl Supervisor<'_> {
    pub(super) fn restart_all(&mut self) {
        let revived: Vec<bool> =
            self.pools.iter_mut().map(|p| p.given_up.take().is_some()).collect();
        let mut left = VecDeque::new();
        for place in self.places() {
            let was_given_up = revived.get(place.0).copied().unwrap_or(false);
            let slot = self.slot(place);
            if slot.is_parked {
                continue;
            }
            slot.failures.forget();
            if slot.current.is_some() {
                left.push_back(place);
            } else if slot.start_at.is_some() || was_given_up {
                // It is started with the new code anyway.
                slot.start_at = Some(Instant::now());
            }
        }
        let awaited = self.rolling.take().and_then(|rolling| rolling.awaited);
        let awaited = awaited.filter(|&place| self.slot(place).replacement.is_some());
        self.observer.look_now();
        let workers = human::counted(left.len() as u64, "worker");
        self.say(&format!("restarting {workers}, one by one"));
        self.rolling = Some(Rolling { left, awaited, since: Instant::now() });
    }

    /// Goes on with a rolling restart: a worker is told to leave only once its replacement takes
    /// jobs.
    pub(super) fn go_on_restarting(&mut self) {
        let Some(rolling) = &self.rolling else { return };
        let (awaited, since) = (rolling.awaited, rolling.since);
        // Nothing is started before it was seen that Redis answers.
        if self.sight.fault.is_some() || self.sight.at.is_none_or(|at| at < since) {
            return;
        }
        if let Some(place) = awaited {
            let Some(new) = self.slot(place).replacement else { return };
            if !self.takes_jobs(new) {
                self.give_up_waiting_for(new, place);
                return;
            }
            let slot = self.slot(place);
            slot.replacement = None;
            slot.restarts += 1;
            if let Some(old) = slot.current.replace(new) {
                self.ask_to_leave(old, "replaced");
            }
        }
        let next = self.rolling.as_mut().and_then(|rolling| {
            rolling.awaited = None;
            rolling.left.pop_front()
        });
        let Some(place) = next else {
            self.retire(since);
            if self.rolling.is_some() || !self.retired.is_empty() {
                return;
            }
            self.say("restarted; workers with a job leave when it ends");
            return;
        };
        // One that ended meanwhile is started anew the usual way.
        if self.slot(place).current.is_none() || self.slot(place).is_parked {
            return;
        }
        if let Some(new) = self.start(place) {
            self.slot(place).replacement = Some(new);
            self.rolling = self.rolling.take().map(|r| Rolling { awaited: Some(place), ..r });
        } else {
            self.slot(place).start_at = None;
            self.rolling = None;
        }
    }

    /// Has the workers of pools that were removed leave, once all others are served: a pool may have
    /// got another name.
    fn retire(&mut self, since: Instant) {
        let serves =
            |slot: &Slot| slot.is_done || slot.current.is_some_and(|pid| self.takes_jobs(pid));
        let is_served = self.pools.iter().all(|pool| pool.active().all(serves));
        let is_hopeless = self.pools.iter().any(|pool| pool.given_up.is_some())
            || since.elapsed() >= LONGEST_START;
        if self.retired.is_empty() || is_served {
            self.rolling = None;
            for pid in std::mem::take(&mut self.retired) {
                let mut slots = self.pools.iter().flat_map(|pool| &pool.slots);
                // The next settings may have had its pool again.
                if slots.all(|slot| slot.is_parked || slot.current != Some(pid)) {
                    self.ask_to_leave(pid, "its pool was removed");
                }
            }
        } else if is_hopeless {
            self.rolling = None;
            self.warn("not every new worker has registered; those of the removed pools stay");
        }
    }

    /// Ends a replacement that does not come to work, and the restart with it. It runs no job: nobody
    /// who has not registered gets one.
    fn give_up_waiting_for(&mut self, pid: u32, place: Place) {
        let is_late = self.members.get(&pid).is_some_and(|m| m.started.elapsed() >= LONGEST_START);
        if !is_late || self.sight.fault.is_some() {
            return;
        }
        self.slot(place).replacement = None;
        self.rolling = None;
        let (name, time) = (self.name(place), human::age(LONGEST_START.as_secs_f64()));
        self.warn(&format!(
            "{name}: its replacement, process {pid}, has not registered within {time}; the restart is \
             abandoned, the old workers stay"
        ));
        self.ask_to_leave(pid, "it has not registered");
    }

    /// A replacement that ends at once would take the place of one that works.
    pub(super) fn abandon_restart(&mut self, member: &Member, why: &str) {
        self.look();
        if let (Some(rolling), Some(_)) = (&mut self.rolling, &self.sight.fault) {
            rolling.awaited = None;
            rolling.left.push_front(member.place);
            self.say(&format!("{}: its replacement {why}; Redis is waited for", member.name));
            return;
        }
        self.rolling = None;
        let words = self.last_words(&member.name);
        if matches!(self.stage, Stage::Running) {
            self.warn(&format!(
                "{}: its replacement {why}{words}; the restart is abandoned, the old workers stay",
                member.name
            ));
        }
    }
}
