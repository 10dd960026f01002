//! Looks at the workers every few seconds: Redis, their memory, their jobs.

use std::time::Instant;

use nix::sys::signal::Signal;

use super::{EAGER_ROUND, LONGEST_START, Member, ROUND, SETTLED, Stage, Supervisor};
use crate::human;
use crate::ops::pool::observer::Seen;
use crate::ops::pool::policy::{LONGEST_WAIT, MOST_OUTGROWN, is_judged};
use crate::sys::child;
use crate::sys::proc::ProcTable;

impl Supervisor<'_> {
    /// What Redis says of a worker that runs.
    pub(crate) fn seen(&self, pid: u32) -> Option<&Seen> {
        self.sight.worker(&self.members.get(&pid)?.who)
    }

    /// Whether a worker has registered, or has lived long enough where that cannot be seen.
    pub(super) fn takes_jobs(&self, pid: u32) -> bool {
        let Some(member) = self.members.get(&pid) else { return false };
        self.sight.shows(&member.who, member.started.elapsed() >= SETTLED)
    }

    /// Whether a worker is about to register: what it is called, and what it runs, is to be seen even
    /// if it does not live long.
    fn has_newcomers(&self) -> bool {
        let is_new =
            |member: &Member| member.last.is_none() && member.started.elapsed() < LONGEST_START;
        !self.sight.hides_workers && self.members.values().any(is_new)
    }

    /// Whether a worker has lived long enough to have registered.
    pub(super) fn has_settled(&self, pid: u32) -> bool {
        self.members.get(&pid).is_some_and(|member| member.started.elapsed() >= SETTLED)
    }

    // --- rounds -------------------------------------------------------------------------------

    pub(super) fn look(&mut self) {
        let sight = self.observer.sight();
        let is_new = sight.at != self.sight.at;
        self.sight = sight;
        if is_new {
            for member in self.members.values_mut() {
                if let Some(seen) = self.sight.worker(&member.who) {
                    member.last = Some(seen.clone());
                }
            }
        }
    }

    /// Does what time has come for.
    pub(super) fn advance(&mut self) {
        let now = Instant::now();
        if let (Some(at), Some(interval)) = (self.next_sign, self.notifier.interval())
            && at <= now
        {
            self.notifier.alive();
            self.next_sign = Some(now + interval);
        }
        self.look();
        self.tell_leaving();
        self.hold_inquests();
        let eager = self.is_waiting() || self.rules.burst || self.has_newcomers();
        self.observer.hurry(eager);
        match self.stage {
            Stage::Running => self.go_on(now),
            Stage::Warm { deadline, signal } if deadline <= now => {
                self.go_cold("the time of grace is over", signal);
            }
            Stage::Cold { deadline, signal } => {
                self.tell_twice();
                if deadline <= now {
                    self.kill_all(signal);
                }
            }
            Stage::Killed { .. } => {
                for &pid in &self.orphans {
                    child::signal(pid, Signal::SIGKILL);
                }
            }
            Stage::Warm { .. } => {}
        }
        if self.next_round <= now {
            self.note_children();
            self.next_round = now + ROUND;
        }
    }

    pub(super) fn go_on(&mut self, now: Instant) {
        self.tell_of_redis();
        self.judge_drained();
        if self.sight.fault.is_none() {
            self.start_due();
        }
        self.go_on_restarting();
        if self.next_round <= now {
            self.measure();
            self.recycle();
            self.scale(now);
        }
    }

    pub(super) fn tell_of_redis(&mut self) {
        match (&self.sight.fault, self.was_told_of_redis) {
            (Some(fault), false) => {
                let text = format!("no worker is started until Redis answers: {fault}");
                self.was_told_of_redis = true;
                self.warn(&text);
            }
            (None, true) => {
                self.was_told_of_redis = false;
                for slot in self.pools.iter_mut().flat_map(|pool| &mut pool.slots) {
                    slot.failures.forget();
                }
                self.say("Redis answers again");
            }
            _ => {}
        }
    }

    /// Measures workers with their horses, where a limit or a state file wants it. Walking page
    /// tables costs a millisecond or more for each process, so a file alone gets it seldom.
    pub(super) fn measure(&mut self) {
        let limited = self.pools.iter().any(|pool| pool.max_memory.is_some());
        let every = if limited { ROUND } else { ROUND * 6 };
        let due = self.measured.is_none_or(|at| at.elapsed() + EAGER_ROUND >= every);
        if !(limited || self.state.is_some()) || !due {
            return;
        }
        self.measured = Some(Instant::now());
        let Ok(table) = ProcTable::live() else { return };
        let parents = table.parents();
        for (&pid, member) in &mut self.members {
            member.memory = table.tree_memory(pid, &parents).map(|memory| memory.bytes);
        }
    }

    /// Asks workers that grew too large, or have run enough jobs, to leave.
    pub(super) fn recycle(&mut self) {
        self.note_cramped();
        let mut leaving = Vec::new();
        for (&pid, member) in self.members.iter().filter(|(_, member)| member.leaving.is_none()) {
            let Some(pool) = self.pools.get_mut(member.place.0) else { continue };
            let seen = self.sight.worker(&member.who);
            let lived = member.started.elapsed();
            let has_worked = match seen {
                Some(seen) => seen.jobs > 0 || seen.job.is_some(),
                None => self.sight.hides_workers && lived >= SETTLED,
            };
            if let (Some(most), Some(used)) = (pool.max_memory, member.memory)
                && used > most
                && is_judged(has_worked, pool.is_cramped, lived)
            {
                let (used, most) = (human::bytes(used), human::bytes(most));
                leaving.push((pid, format!("it uses {used}, more than {most}")));
                pool.outgrown = if lived < LONGEST_WAIT { pool.outgrown + 1 } else { 0 };
            } else if let (Some(most), Some(jobs)) = (pool.max_jobs, seen.map(|seen| seen.jobs))
                && jobs >= most
            {
                leaving.push((pid, format!("it has run {}", human::counted(jobs, "job"))));
            }
        }
        for (pid, why) in leaving {
            self.ask_to_leave(pid, &why);
        }
    }

    /// Notes, once for each pool, that its limit is less than what a worker needs by itself.
    fn note_cramped(&mut self) {
        let mut told = Vec::new();
        for (pid, member) in &self.members {
            let Some(pool) = self.pools.get_mut(member.place.0) else { continue };
            let (Some(most), Some(used)) = (pool.max_memory, member.memory) else { continue };
            let seen = self.sight.worker(&member.who);
            let is_fresh = seen.is_some_and(|seen| seen.jobs == 0 && seen.job.is_none());
            let is_over = (is_fresh && used > most) || pool.outgrown >= MOST_OUTGROWN;
            if pool.is_cramped || !is_over {
                continue;
            }
            pool.is_cramped = true;
            let (shown, most, every) =
                (human::bytes(used), human::bytes(most), human::age(LONGEST_WAIT.as_secs_f64()));
            let how = if is_fresh {
                format!("process {pid} uses {shown} before its first job")
            } else {
                format!("{MOST_OUTGROWN} workers in a row grew larger soon after their start")
            };
            told.push(format!(
                "{}: {how}, and the limit of memory is {most}: workers of pool `{}` are replaced for \
                 that no sooner than {every} after their start",
                member.name, pool.name
            ));
        }
        for text in told {
            self.warn(&text);
        }
    }

    /// Notes who is whose child, so that the work horse of a worker that dies is told from what jobs
    /// leave behind.
    fn note_children(&mut self) {
        let Ok(table) = ProcTable::live() else { return };
        for (&pid, member) in &mut self.members {
            if let Some(children) = table.children(pid) {
                member.children = children;
            }
        }
        if let Some(children) = table.children(std::process::id()) {
            let is_known = |pid: &u32| self.members.contains_key(pid) || self.orphans.contains(pid);
            self.strangers = children.into_iter().filter(|pid| !is_known(pid)).collect();
        }
    }
}
