//! Starts workers, notices their ends, and gives up where starting again is hopeless.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::{EAGER_ROUND, Member, Place, Slot, Stage, Supervisor, copy_of};
use crate::human;
use crate::ops::frappe_process::not_started;
use crate::ops::pool::orphans::{self, Orphan};
use crate::ops::pool::output::{Pipe, shortened};
use crate::ops::pool::policy::{EARLY, MOST_FAILURES};
use crate::sys::child::{self, Ending};
use crate::sys::clock;

impl Supervisor<'_> {
    /// Starts the workers whose time has come, one after the other without waiting for any.
    pub(super) fn start_due(&mut self) {
        if !matches!(self.stage, Stage::Running) {
            return;
        }
        let now = Instant::now();
        for place in self.places() {
            let slot = self.slot(place);
            if slot.start_at.is_some_and(|at| at <= now) {
                slot.start_at = None;
                if let Some(pid) = self.start(place) {
                    self.slot(place).current = Some(pid);
                }
            }
        }
    }

    /// Starts a worker for a place; a start that fails counts as a worker that ended at once.
    pub(super) fn start(&mut self, place: Place) -> Option<u32> {
        let name = self.name(place);
        let mut command = copy_of(&self.pools.get(place.0)?.command);
        let started = self.rules.log.connect(&mut command, &name).and_then(|()| {
            child::spawn(&mut command).map_err(|error| not_started(&command, &error))
        });
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                self.failed(place, Duration::ZERO, &error.to_string());
                return None;
            }
        };
        let pid = child.id();
        self.pipes.extend(Pipe::of(&mut child, &name));
        self.say(&format!("{name}: started, process {pid}"));
        let member = Member {
            place,
            name,
            started: Instant::now(),
            started_at: clock::now(),
            leaving: None,
            memory: None,
        };
        self.members.insert(pid, member);
        Some(pid)
    }

    // --- ending -------------------------------------------------------------------------------

    /// Takes the children that ended.
    pub(super) fn reap(&mut self) {
        if self.signals.child.take() == 0 {
            return;
        }
        while let Some((pid, ending)) = child::reap() {
            if let Some(member) = self.members.remove(&pid) {
                self.ended_member(pid, &member, ending);
            } else if self.orphans.remove(&pid) {
                self.say(&format!("work horse {pid}, whose worker died, ended with {ending}"));
            }
        }
    }

    pub(super) fn ended_member(&mut self, pid: u32, member: &Member, ending: Ending) {
        if !ending.is_clean() {
            self.adopt(pid, member);
        }
        let lived = member.started.elapsed();
        let how = format!("ended with {ending} after {}", human::age(lived.as_secs_f64()));
        let slot = self.slot(member.place);
        if slot.replacement == Some(pid) {
            slot.replacement = None;
            self.abandon_restart(member, &how);
            return;
        }
        let is_current = slot.current == Some(pid);
        if is_current {
            slot.current = None;
        }
        let is_missed = is_current && !slot.is_parked && matches!(self.stage, Stage::Running);
        if let Some(leaving) = &member.leaving {
            self.say(&format!("{}: process {pid} ended ({})", member.name, leaving.why));
            if is_missed {
                self.start_again(member.place, Duration::ZERO, &leaving.why);
            }
        } else if !is_missed {
            self.say(&format!("{}: process {pid} {how}", member.name));
        } else if self.rules.burst && ending.is_clean() {
            self.ended_burst(pid, member);
        } else {
            let why = format!("process {pid} {how}{}", self.last_words(&member.name));
            self.failed(member.place, lived, &why);
        }
    }

    /// A worker that may end after so many jobs may leave some behind; else its queues are empty.
    pub(super) fn ended_burst(&mut self, pid: u32, member: &Member) {
        if self.has_waiting_jobs(member.place.0) {
            self.say(&format!("{}: process {pid} has run its number of jobs", member.name));
            self.start_again(member.place, EAGER_ROUND, "has run its number of jobs");
            return;
        }
        self.say(&format!("{}: process {pid} found its queues empty and ended", member.name));
        self.slot(member.place).is_done = true;
    }

    pub(super) fn start_again(&mut self, place: Place, wait: Duration, why: &str) {
        let slot = self.slot(place);
        slot.reason = Some(why.to_owned());
        slot.restarts += 1;
        slot.start_at = Some(Instant::now() + wait);
    }

    /// What the worker said last, where it can be read.
    pub(super) fn last_words(&mut self, name: &str) -> String {
        self.read_output();
        let words = self.last_lines.get(name).cloned().or_else(|| self.rules.log.last_words(name));
        words.map_or_else(String::new, |line| {
            format!(": {}", self.context.ui.secrets().text(&shortened(&line)))
        })
    }

    pub(super) fn has_waiting_jobs(&mut self, pool: usize) -> bool {
        self.look();
        // Before the first look that is not known, and starting one worker more does no harm.
        let is_unknown = self.sight.at.is_none();
        let waiting = |at: &usize| self.sight.waiting.get(*at).copied().flatten().unwrap_or(0) > 0;
        self.pools
            .get(pool)
            .is_some_and(|pool| pool.ends_early && (is_unknown || pool.depths.iter().any(waiting)))
    }

    /// A worker ended by itself: it is started again, later and later, until that is hopeless.
    pub(super) fn failed(&mut self, place: Place, lived: Duration, why: &str) {
        self.look();
        let name = self.name(place);
        if self.sight.fault.is_some() {
            // Not its fault: it is started once Redis answers.
            self.start_again(place, Duration::ZERO, why);
            self.say(&format!("{name}: {why}"));
            return;
        }
        let wait = self.slot(place).failures.ended(lived);
        self.start_again(place, wait, why);
        let when = if wait.is_zero() {
            "starting it again".to_owned()
        } else {
            format!("starting it again in {} s", wait.as_secs_f64())
        };
        self.warn(&format!("{name}: {why}; {when}"));
        self.give_up_if_hopeless(place.0);
    }

    /// Gives a pool up once none of its workers runs and each has failed too often in a row.
    pub(super) fn give_up_if_hopeless(&mut self, at: usize) {
        let Some(pool) = self.pools.get_mut(at) else { return };
        let hopeless =
            |slot: &Slot| slot.is_done || (slot.current.is_none() && slot.failures.is_hopeless());
        if !pool.active().all(hopeless) {
            return;
        }
        let last = pool.active().filter_map(|slot| slot.reason.as_deref()).last();
        let why = format!(
            "each worker ended {MOST_FAILURES} times in a row within {} s of its start; last: {}",
            EARLY.as_secs(),
            last.unwrap_or("no reason known")
        );
        for slot in &mut pool.slots {
            slot.start_at = None;
        }
        pool.given_up = Some(why.clone());
        let text = format!("gave up pool `{}`: {why}", pool.name);
        self.warn(&text);
    }

    /// Notes what a dead worker left behind. Horses finish their job; helpers are ended.
    pub(super) fn adopt(&mut self, worker: u32, member: &Member) {
        let known: HashSet<u32> = self.members.keys().chain(&self.orphans).copied().collect();
        let Some(command) = self.pools.get(member.place.0).map(|pool| &pool.command) else {
            return;
        };
        let arguments: Vec<String> =
            command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
        for orphan in orphans::left_by(worker, &arguments, &known) {
            match orphan {
                Orphan::Helper(pid) => child::signal(pid, Signal::SIGTERM),
                Orphan::Horse(pid) => {
                    self.orphans.insert(pid);
                    self.warn(&format!(
                        "{}: its work horse {pid} runs on without it, to the end of its job",
                        member.name
                    ));
                }
            }
        }
    }
}
