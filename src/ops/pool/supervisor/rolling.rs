//! Replaces the workers one by one, so that no queue is left alone.

use std::collections::VecDeque;
use std::time::Instant;

use super::{Member, Rolling, Stage, Supervisor};
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
        let workers = human::counted(left.len() as u64, "worker");
        self.say(&format!("restarting {workers}, one by one"));
        self.rolling = Some(Rolling { left, awaited });
    }

    /// Goes on with a rolling restart: a worker is told to leave only once its replacement takes
    /// jobs.
    pub(super) fn go_on_restarting(&mut self) {
        let Some(awaited) = self.rolling.as_ref().map(|rolling| rolling.awaited) else { return };
        if let Some(place) = awaited {
            let Some(new) = self.slot(place).replacement.filter(|&pid| self.takes_jobs(pid)) else {
                return;
            };
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
            self.rolling = None;
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

    /// A replacement that ends at once would take the place of one that works.
    pub(super) fn abandon_restart(&mut self, member: &Member, why: &str) {
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
