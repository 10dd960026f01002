//! Processes of the target that no registration names: pools, schedulers, and work horses that lost
//! their worker.

use std::time::Duration;

use super::{Dumper, STUCK};
use crate::backend::redis::read::StoredJob;
use crate::bench::processes::Role;
use crate::context::Context;
use crate::error::Result;
use crate::model::job::seconds_between;
use crate::model::worker::short_name;
use crate::ops::headline::Headlines;
use crate::ops::scope::Reach;
use crate::ops::workers::identify::{hold, hold_worker, still_held};
use crate::ops::workers::orphans;
use crate::ops::workers::own::{Host, OwnProcess, looks_left_behind};
use crate::report::dump::{Dump, Duty};
use crate::sys::clock;
use crate::sys::pidfd::ProcessHandle;
use crate::sys::proc::{ProcTable, hostname};

/// A work horse of the target whose worker is gone.
pub(super) struct Orphan {
    held: ProcessHandle,
    /// What is known of it.
    pub(super) dump: Dump,
    /// Seconds since it was forked.
    age_s: Option<f64>,
}

impl Orphan {
    /// Whether it counts as stuck, as a worker would; one whose job is not known only by a time that
    /// was named.
    pub(super) fn is_stuck(&self, longer_than: Option<Duration>) -> bool {
        let age_s = self.dump.running_s.or(self.age_s);
        let limit_s = match longer_than {
            Some(time) => Some(time.as_secs_f64()),
            None => self.dump.timeout_s.map(|limit| limit as f64 * STUCK),
        };
        age_s.zip(limit_s).is_some_and(|(age, limit)| age > limit)
    }
}

impl Dumper<'_> {
    /// The process with this id, if it is the target's: a pool, a scheduler, a worker or a work horse
    /// without a registration.
    pub(super) fn other_process(
        &self,
        context: &mut Context,
        reach: &Reach,
        pid: u32,
    ) -> Result<Option<Dump>> {
        let orphan = self.orphans(context, reach)?.into_iter().find(|o| o.held.pid() == pid);
        if let Some(orphan) = orphan {
            return Ok(self.take_orphan(orphan));
        }
        // Held before it is looked at, so that what is seen is what is held.
        let Ok(held) = hold(pid) else { return Ok(None) };
        let own = self.host(context, reach, &[])?.processes();
        let duty = match own.iter().find(|process| process.pid == pid).map(|own| own.role) {
            Some(Role::Scheduler) => Duty::Scheduler,
            Some(Role::Pool) => Duty::Pool,
            Some(Role::Worker) => Duty::Worker,
            Some(Role::Horse) => Duty::Horse,
            // Web servers do something else on this signal.
            Some(Role::Web) => return Ok(None),
            None if context.target()?.bench.is_none() && self.is_pool(reach, pid) => Duty::Pool,
            None => return Ok(None),
        };
        let held = still_held(held).ok();
        Ok(held.map(|held| self.take(Dump::of(Some(pid), duty), &held)))
    }

    /// Signals a work horse that lost its worker; `None` where it has ended meanwhile.
    pub(super) fn take_orphan(&self, orphan: Orphan) -> Option<Dump> {
        let held = still_held(orphan.held).ok()?;
        Some(self.take(orphan.dump, &held))
    }

    /// The work horses of the target on this host whose worker is gone, held, with their jobs. Where
    /// no process looks like one, nothing is asked of Redis.
    pub(super) fn orphans(&self, context: &mut Context, reach: &Reach) -> Result<Vec<Orphan>> {
        let alike =
            self.table.pids().into_iter().filter(|pid| looks_left_behind(&self.table, *pid));
        let mut held: Vec<ProcessHandle> = alike.filter_map(|pid| hold(pid).ok()).collect();
        if held.is_empty() {
            return Ok(Vec::new());
        }
        let here = hostname();
        let is_elsewhere = |name: &str| {
            let worker = reach.inventory.workers().iter().find(|worker| worker.name == name);
            worker.is_some_and(|worker| {
                let host = worker.identity.as_ref().and_then(|identity| identity.hostname.clone());
                let is_here = host.is_none() || host == here;
                !is_here
                    || orphans::has_process(reach.liveness(worker).alive, reach.process_of(worker))
            })
        };
        let jobs = orphans::read(context, &reach.queues(), is_elsewhere)?;
        let mut own = self.host(context, reach, &jobs)?.processes();
        own.retain(|process| process.is_left_behind);
        let jobs: Vec<&StoredJob> = jobs.iter().collect();
        let found = orphans::jobs_of(&self.table, &own.iter().collect::<Vec<_>>(), &jobs);
        let mut headlines = Headlines::new(self.secrets);
        held.retain(|held| own.iter().any(|process| process.pid == held.pid()));
        let orphans = held.into_iter().filter_map(|held| {
            let process = own.iter().find(|process| process.pid == held.pid())?;
            let job = found.get(&process.pid).copied();
            let dump = of_orphan(process, job, reach, &mut headlines);
            let start = self.table.stat(process.pid).as_ref().and_then(ProcTable::started_exactly);
            let age_s = start.and_then(|start| seconds_between(start, clock::now()));
            Some(Orphan { held, dump, age_s })
        });
        Ok(orphans.collect())
    }

    fn host<'h>(
        &'h self,
        context: &'h Context,
        reach: &'h Reach,
        jobs: &'h [StoredJob],
    ) -> Result<Host<'h>> {
        let workers = reach.inventory.workers().iter();
        let workers = workers.map(|worker| (worker, reach.liveness(worker).alive));
        let named = jobs.iter().filter_map(|stored| stored.job.worker_name.as_deref());
        Ok(Host::new(&self.table, context.target()?, workers, named))
    }

    /// Whether a process is a pool of this target: it started a worker that is certainly one.
    fn is_pool(&self, reach: &Reach, pid: u32) -> bool {
        let command = self.table.command_line(pid).unwrap_or_default();
        let is_named = command.iter().any(|argument| argument.contains("worker-pool"));
        is_named
            && reach.inventory.workers().iter().any(|worker| {
                let held = hold_worker(&self.table, reach, worker);
                let stat = held.ok().and_then(|held| self.table.stat(held.pid()));
                stat.is_some_and(|stat| stat.parent == pid)
            })
    }
}

fn of_orphan(
    process: &OwnProcess,
    job: Option<&StoredJob>,
    reach: &Reach,
    headlines: &mut Headlines,
) -> Dump {
    let mut dump = Dump { orphaned: true, ..Dump::of(Some(process.pid), Duty::Horse) };
    let named = job.and_then(|stored| stored.job.worker_name.as_deref());
    if let Some(name) = process.worker.as_deref().or(named) {
        dump.worker = Some(headlines.shown(name));
        dump.short_name = Some(headlines.shown(short_name(name)));
    }
    let Some(stored) = job else { return dump };
    let called = headlines.of(stored);
    dump.job = Some(headlines.shown(&stored.job.id.text()));
    (dump.method, dump.site) = (called.method, called.site);
    let began = stored.job.started_at;
    dump.running_s = began.and_then(|began| seconds_between(began, reach.inventory.taken_at));
    dump.timeout_s = stored.job.limit_s();
    dump
}
