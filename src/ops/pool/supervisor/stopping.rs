//! Ends the workers: after their jobs, or now.

use std::time::Instant;

use nix::sys::signal::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::{BETWEEN_SIGNALS, COLD, Leaving, Stage, Supervisor, Telling};
use crate::human;
use crate::sys::child;

impl Supervisor<'_> {
    /// Has a worker end after its job. It is told once Redis has been looked at, by
    /// [`Supervisor::tell_leaving`]: a second signal would cut its job off.
    pub(super) fn ask_to_leave(&mut self, pid: u32, why: &str) {
        let Some(member) = self.members.get_mut(&pid) else { return };
        if member.leaving.is_some() {
            return;
        }
        member.leaving = Some(Leaving::new(why, Instant::now()));
        let text = format!("{}: process {pid} is to end after its job ({why})", member.name);
        self.observer.look_now();
        self.say(&text);
    }

    /// Tells those that are to leave and do not know yet.
    pub(super) fn tell_leaving(&mut self) {
        let now = Instant::now();
        let mut spared = Vec::new();
        for (&pid, member) in &mut self.members {
            let Some(leaving) = &mut member.leaving else { continue };
            let seen = self.sight.worker(&member.who);
            match leaving.telling(now, self.sight.at, seen.is_some_and(|seen| seen.is_stopping)) {
                Telling::Wait => continue,
                Telling::Tell => child::signal(pid, Signal::SIGTERM),
                Telling::Spare => spared.push(format!(
                    "{}: process {pid} has been told to end already; its job is waited for",
                    member.name
                )),
            }
            leaving.told = Some(now);
        }
        for text in spared {
            self.say(&text);
        }
    }

    // --- signals ------------------------------------------------------------------------------

    pub(super) fn obey_signals(&mut self) {
        let (terminate, interrupt) = (self.signals.terminate.take(), self.signals.interrupt.take());
        for signal in
            std::iter::repeat_n(SIGTERM, terminate).chain(std::iter::repeat_n(SIGINT, interrupt))
        {
            self.stop(signal);
        }
        if self.signals.hang_up.take() > 0 {
            if self.has_terminal && !self.context.ui.has_terminal() {
                // The terminal went away: nobody is left who could stop it.
                self.stop(SIGHUP);
            } else if matches!(self.stage, Stage::Running) {
                self.reload();
                self.restart_all();
            }
        }
    }

    pub(super) fn stop(&mut self, signal: i32) {
        let now = Instant::now();
        match self.stage {
            Stage::Running => {
                self.stage = Stage::Warm { deadline: now + self.rules.grace, signal };
                self.rolling = None;
                let grace = human::age(self.rules.grace.as_secs_f64());
                let busy = human::counted(self.members.len() as u64, "worker");
                self.say(&format!(
                    "stopping: {busy} may finish their jobs within {grace}; a second signal cuts them off"
                ));
                self.notifier.stopping("waiting for the jobs that still run");
                let pids: Vec<u32> = self.members.keys().copied().collect();
                for pid in pids {
                    self.ask_to_leave(pid, "the pool stops");
                }
            }
            Stage::Warm { .. } => self.go_cold("second signal", signal),
            Stage::Cold { .. } => self.kill_all(signal),
            Stage::Killed { .. } => {}
        }
    }

    pub(super) fn go_cold(&mut self, why: &str, signal: i32) {
        self.warn(&format!("{why}: cutting the jobs off that still run"));
        self.stage = Stage::Cold { deadline: Instant::now() + COLD + BETWEEN_SIGNALS, signal };
        for &pid in &self.orphans {
            child::signal(pid, Signal::SIGKILL);
        }
    }

    /// Tells workers for the second time, no sooner than RQ listens.
    pub(super) fn tell_twice(&mut self) {
        for (&pid, member) in &mut self.members {
            let Some(leaving) = &mut member.leaving else { continue };
            let is_time = leaving.told.is_some_and(|told| told.elapsed() >= BETWEEN_SIGNALS);
            if !leaving.told_twice && is_time {
                leaving.told_twice = true;
                child::signal(pid, Signal::SIGTERM);
            }
        }
    }

    /// Ends what ignored two signals. Horses become the supervisor's children when their worker
    /// dies, and are killed when that is seen.
    pub(super) fn kill_all(&mut self, signal: i32) {
        self.stage = Stage::Killed { signal };
        for (&pid, member) in &self.members {
            self.context
                .ui
                .warn(&format!("{}: process {pid} does not end and is killed", member.name));
            child::signal(pid, Signal::SIGKILL);
        }
        for &pid in &self.orphans {
            child::signal(pid, Signal::SIGKILL);
        }
    }
}
