//! Starts workers, notices their ends, and gives up where starting again is hopeless.

use std::collections::HashSet;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::place::Drained;
use super::{Member, Place, Slot, Stage, Supervisor, copy_of};
use crate::human;
use crate::ops::frappe_process::not_started;
use crate::ops::pool::naming::{draw, named};
use crate::ops::pool::observer::Who;
use crate::ops::pool::orphans::{self, Dead, Orphan};
use crate::ops::pool::output::{LogTo, Pipe, shortened};
use crate::ops::pool::policy::{EARLY, Life, MOST_FAILURES};
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
        let pool = self.pools.get(place.0)?;
        let mut command = copy_of(&pool.command);
        let given = if pool.is_named { draw() } else { None };
        if let Some(given) = &given {
            command = named(&command, given);
        }
        self.last_lines.remove(&name);
        self.log_began.insert(name.clone(), self.rules.log.size(&name));
        let started = self.rules.log.connect(&mut command, &name).and_then(|()| {
            child::spawn(&mut command).map_err(|error| not_started(&command, &error))
        });
        let mut child = match started {
            Ok(child) => child,
            Err(error) => {
                self.failed(place, &Life::default(), &error.to_string());
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
            who: Who { pid, since: clock::now(), name: given },
            arguments: words_of(&command),
            leaving: None,
            memory: None,
            children: Vec::new(),
            last: None,
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
        let horse = if ending.is_clean() { None } else { self.adopt(pid, member) };
        let inquest = self.open_inquest(member, ending, horse);
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
            let how = if ending.is_clean() { String::new() } else { format!(" with {ending}") };
            self.say(&format!("{}: process {pid} ended{how} ({})", member.name, leaving.why));
            if is_missed {
                self.start_again(member.place, Duration::ZERO, &leaving.why);
            }
        } else if !is_missed {
            self.say(&format!("{}: process {pid} {how}", member.name));
        } else {
            let life = self.life_of(member, ending);
            if ending.is_clean() {
                let at = Instant::now();
                self.slot(member.place).drained = Some(Drained { pid, at, life, inquest });
                self.observer.look_now();
                return;
            }
            let why = format!("process {pid} {how}{}", self.last_words(&member.name));
            self.failed(member.place, &life, &why);
        }
    }

    /// What is known of a worker that has just ended. Where Redis hides workers, its age has to tell
    /// whether it had come to work, or that it is one that ends after a number of jobs.
    fn life_of(&self, member: &Member, ending: Ending) -> Life {
        let (lived, in_order) = (member.started.elapsed(), ending.is_clean());
        let ends_after = self.pools.get(member.place.0).and_then(|pool| pool.ends_after);
        let is_believed = lived >= EARLY || (in_order && ends_after.is_some());
        Life {
            lived,
            registered: member.last.is_some() || (self.sight.hides_workers && is_believed),
            jobs: match &member.last {
                Some(seen) => Some(seen.jobs),
                None => ends_after.filter(|_| self.sight.hides_workers),
            },
            in_order,
        }
    }

    /// Decides about workers that ended in order, once Redis has been asked since whether they had come
    /// to work, and what waits. One of a burst that has run its number of jobs leaves some behind, and so
    /// does one that somebody told to end.
    pub(super) fn judge_drained(&mut self) {
        let Some(looked) = self.sight.at.filter(|_| self.sight.fault.is_none()) else { return };
        for place in self.places() {
            let drained = self.slot(place).drained;
            let is_known =
                |drained: &Drained| drained.at <= looked && !self.is_open(drained.inquest);
            if let Some(drained) = drained.filter(is_known) {
                self.slot(place).drained = None;
                self.ended_in_order(place, drained);
            }
        }
    }

    fn ended_in_order(&mut self, place: Place, drained: Drained) {
        let Drained { pid, life, .. } = drained;
        if self.rules.burst && !self.has_waiting_jobs(place.0) {
            let name = self.name(place);
            self.say(&format!("{name}: process {pid} found its queues empty and ended"));
            self.slot(place).is_done = true;
            return;
        }
        let ends_after = self.pools.get(place.0).and_then(|pool| pool.ends_after);
        let has_run = |most: u64| life.jobs.is_none_or(|jobs| jobs >= most);
        let age = human::age(life.lived.as_secs_f64());
        let why = if life.registered && ends_after.is_some_and(has_run) {
            format!("process {pid} has run its number of jobs")
        } else if self.rules.burst {
            format!("process {pid} ended in order, but jobs wait in its queues")
        } else if life.registered {
            format!("process {pid} ended in order after {age}")
        } else {
            let words = self.last_words(&self.name(place));
            format!(
                "process {pid} ended with exit code 0 after {age} without having registered{words}"
            )
        };
        self.failed(place, &life, &why);
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
        let began = self.log_began.get(name).copied().unwrap_or(0);
        let of_log = || self.rules.log.last_words(name, began);
        let words = self.last_lines.get(name).cloned().or_else(of_log);
        words.map_or_else(String::new, |line| {
            format!(": {}", self.context.ui.secrets().text(&shortened(&line)))
        })
    }

    fn has_waiting_jobs(&self, pool: usize) -> bool {
        let waiting = |at: &usize| self.sight.waiting.get(*at).copied().flatten().unwrap_or(0) > 0;
        self.pools.get(pool).is_some_and(|pool| pool.depths.iter().any(waiting))
    }

    /// A worker ended by itself: it is started again, where that was a failure later and later, until
    /// it is hopeless.
    pub(super) fn failed(&mut self, place: Place, life: &Life, why: &str) {
        self.look();
        let name = self.name(place);
        if self.sight.fault.is_some() {
            // Not its fault: it is started once Redis answers.
            self.start_again(place, Duration::ZERO, why);
            self.say(&format!("{name}: {why}"));
            return;
        }
        let wait = self.slot(place).failures.ended(life);
        self.start_again(place, wait, why);
        if self.is_hopeless(place.0) {
            self.warn(&format!("{name}: {why}"));
            self.give_up(place.0);
            return;
        }
        let when = if wait.is_zero() {
            "starting it again".to_owned()
        } else {
            format!("starting it again in {} s", wait.as_secs_f64())
        };
        let text = format!("{name}: {why}; {when}");
        if life.is_failure() { self.warn(&text) } else { self.say(&text) }
    }

    /// Whether none of a pool's workers runs and each has failed too often in a row.
    fn is_hopeless(&self, at: usize) -> bool {
        let hopeless = |slot: &Slot| {
            let is_empty = slot.current.is_none() && slot.drained.is_none();
            slot.is_done || (is_empty && slot.failures.is_hopeless())
        };
        self.pools.get(at).is_some_and(|pool| pool.active().all(hopeless))
    }

    fn give_up(&mut self, at: usize) {
        let Some(pool) = self.pools.get_mut(at) else { return };
        // What the pool does not read it cannot repeat.
        let heard = match self.rules.log {
            LogTo::Inherit => "; its own words went where those of the pool go",
            LogTo::Prefix | LogTo::Dir(_) => "",
        };
        let last = pool.active().filter_map(|slot| slot.reason.as_deref()).last();
        let why = format!(
            "each worker ended {MOST_FAILURES} times in a row within {} s of its start, or without \
             having registered; last: {}{heard}",
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

    /// Notes what a dead worker left behind, and gives its work horse, which finishes its job; helpers
    /// are ended.
    pub(super) fn adopt(&mut self, worker: u32, member: &Member) -> Option<u32> {
        let mut left = None;
        let known = self.members.keys().chain(&self.orphans).chain(&self.strangers);
        let known: HashSet<u32> = known.copied().collect();
        let seen_as = member.last.as_ref().map(|seen| seen.name.as_str());
        let dead = Dead {
            pid: worker,
            arguments: &member.arguments,
            name: seen_as.or(member.who.name.as_deref()),
            children: &member.children,
        };
        for orphan in orphans::left_by(&dead, &known) {
            match orphan {
                Orphan::Helper(pid) => child::signal(pid, Signal::SIGTERM),
                Orphan::Horse(pid) => {
                    self.orphans.insert(pid);
                    left = Some(pid);
                    self.warn(&format!(
                        "{}: its work horse {pid} runs on without it, to the end of its job",
                        member.name
                    ));
                }
            }
        }
        left
    }
}

/// The arguments of a command as the process table shows them.
fn words_of(command: &Command) -> Vec<String> {
    command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect()
}
