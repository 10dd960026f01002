//! Which processes of this host are certainly the target's workers and work horses, registered or
//! not.
//!
//! Of a bench its directory tells. Of plain RQ either a registration does, or the process itself: by
//! the address in its arguments or variables, read as `rq worker` reads them, or by a title with a
//! name that nobody chose. What merely looks like a worker is nobody's. Nothing is signalled here.

mod command;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use super::identify::{is_worker_by_look, runs_the_same};
use crate::backend::redis::Endpoint;
use crate::bench::processes::Role;
use crate::env;
use crate::model::worker::{Alive, Worker, is_drawn};
use crate::sys::pidfd::Signal;
use crate::sys::proc::{ProcTable, Title, hostname, readable};
use crate::target::Target;
use command::RqCommand;

/// SIGINT, which work horses ignore. Source: `rq/worker.py` `setup_work_horse_signals`, 1.11 to 3.0.
const SIGINT: u32 = nix::libc::SIGINT.cast_unsigned();

/// A process of the target.
#[derive(Debug, Clone)]
pub(crate) struct OwnProcess {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) role: Role,
    /// Its command line or title, as it stands there.
    pub(crate) command: String,
    /// The name of its worker, where that is known.
    pub(crate) worker: Option<String>,
    /// Whether it is a work horse whose worker is gone.
    pub(crate) is_left_behind: bool,
}

/// Where the target's processes are looked for.
pub(crate) struct Host<'h> {
    table: &'h ProcTable,
    target: &'h Target,
    /// Names of workers that this Redis knows, dead or alive.
    known: HashSet<&'h str>,
    /// The living workers that are registered under this host's name and have a process here.
    registered: HashMap<u32, &'h Worker>,
    /// The living workers, under whatever host's name.
    living: Vec<&'h Worker>,
}

impl<'h> Host<'h> {
    /// This host, with the workers that Redis knows of; `named` are workers of which it only knows
    /// the names, such as those of running jobs.
    pub(crate) fn new(
        table: &'h ProcTable,
        target: &'h Target,
        workers: impl Iterator<Item = (&'h Worker, Alive)>,
        named: impl Iterator<Item = &'h str>,
    ) -> Self {
        let here = hostname();
        let mut known: HashSet<&str> = named.collect();
        let mut living = Vec::new();
        for (worker, alive) in workers {
            known.insert(&worker.name);
            if alive != Alive::No {
                living.push(worker);
            }
        }
        let registered = registered_here(table, here.as_deref(), &living);
        Self { table, target, known, registered, living }
    }

    /// Whether a living worker is registered as this process, and the process may be that worker.
    fn is_registered(&self, pid: u32) -> bool {
        self.registered.contains_key(&pid)
    }

    /// Whether the registration of a living worker may mean this process: by its process id, under
    /// whatever host's name, as hosts are renamed, or by a name that the process has in its title.
    pub(crate) fn is_claimed(&self, pid: u32) -> bool {
        is_claimed(self.table, &self.living, pid)
    }

    /// Every process that is certainly the target's, by process id. One look at each process of this
    /// host: some milliseconds.
    pub(crate) fn processes(&self) -> Vec<OwnProcess> {
        match &self.target.bench {
            Some(bench) => {
                let ours = bench.processes(self.table).ours.into_iter();
                ours.map(|process| {
                    // A forked horse keeps the command line of its worker, or of its worker's pool.
                    let is_left_behind = matches!(process.role, Role::Worker | Role::Pool)
                        && self.is_lone_horse(process.pid);
                    OwnProcess {
                        pid: process.pid,
                        parent: process.parent,
                        role: if is_left_behind { Role::Horse } else { process.role },
                        worker: self.worker_of(process.pid),
                        command: process.command,
                        is_left_behind,
                    }
                })
                .collect()
            }
            None => self.of_rq(),
        }
    }

    fn of_rq(&self) -> Vec<OwnProcess> {
        let Ok(endpoint) = self.target.endpoint() else { return Vec::new() };
        let mut pids = self.table.pids();
        pids.sort_unstable();
        let seen: HashMap<u32, Seen> =
            pids.iter().filter_map(|&pid| Some((pid, self.see(pid)?))).collect();
        let own = pids.into_iter().filter_map(|pid| {
            let seen_here = seen.get(&pid)?;
            let (role, is_left_behind) = self.role(pid, seen_here, &seen)?;
            if !self.is_proven(pid, seen_here, &endpoint) {
                return None;
            }
            Some(OwnProcess {
                pid,
                parent: seen_here.parent,
                role,
                command: readable(&seen_here.arguments),
                worker: self.worker_of(pid).or_else(|| seen_here.rq.as_ref()?.name.clone()),
                is_left_behind,
            })
        });
        own.collect()
    }

    /// A process that may be one of RQ's.
    fn see(&self, pid: u32) -> Option<Seen> {
        let arguments = self.table.command_line(pid)?;
        let rq = RqCommand::of(&arguments);
        let is_titled = Title::of(&arguments).is_some();
        let parent = self.table.stat(pid)?.parent;
        let is_child = self.is_registered(parent) && runs_the_same(self.table, parent, pid);
        let may_be = rq.is_some() || is_titled || is_child || self.is_registered(pid);
        may_be.then_some(Seen { arguments, parent, rq })
    }

    /// What a process does, and whether it is a work horse without a worker; `None` for what serves
    /// a worker otherwise, such as RQ's scheduler.
    fn role(&self, pid: u32, seen: &Seen, all: &HashMap<u32, Seen>) -> Option<(Role, bool)> {
        if self.is_registered(pid) {
            return Some((Role::Worker, false));
        }
        let is_pool = |seen: &Seen| seen.rq.as_ref().is_some_and(|rq| rq.is_pool);
        match all.get(&seen.parent) {
            Some(parent) if is_pool(parent) && !self.is_registered(seen.parent) => {
                Some((Role::Worker, false))
            }
            Some(_) => {
                let leads = self.table.stat(pid)?.leads_group();
                leads.then_some((Role::Horse, false))
            }
            None if self.is_lone_horse(pid) => Some((Role::Horse, true)),
            None if is_pool(seen) => Some((Role::Pool, false)),
            None => Some((Role::Worker, false)),
        }
    }

    /// Whether it is certain that a process works for this Redis.
    fn is_proven(&self, pid: u32, seen: &Seen, endpoint: &Endpoint) -> bool {
        // A work horse is its worker's.
        if self.is_registered(pid) || self.is_registered(seen.parent) {
            return true;
        }
        let is_within_reach = self.table.status(pid).is_some_and(|s| !s.is_in_container())
            && self.table.shares_network(pid) == Some(true);
        is_within_reach && (self.has_known_title(seen) || self.names_redis(pid, seen, endpoint))
    }

    /// Whether the title holds the name of a worker that this Redis knows, and that no other Redis
    /// can know: one that was drawn by lot.
    fn has_known_title(&self, seen: &Seen) -> bool {
        let Some(Title::Worker(text)) = Title::of(&seen.arguments) else { return false };
        let name = text.split(':').next().unwrap_or_default();
        is_drawn(name) && self.known.contains(name)
    }

    /// Whether the process was told the address of this Redis, and the names of its keys.
    fn names_redis(&self, pid: u32, seen: &Seen, endpoint: &Endpoint) -> bool {
        let Some(rq) = &seen.rq else { return false };
        let Some(variables) = self.table.variables(pid) else { return false };
        let variable = |name: &str| variables.get(name).map(String::as_str);
        let url = rq.url(variable);
        let is_here = url.and_then(|url| Endpoint::parse(&url).ok());
        let prefix =
            |value: Option<&str>| value.filter(|prefix| !prefix.is_empty()).map(str::to_owned);
        is_here.is_some_and(|named| named.is_same_place(endpoint))
            && prefix(variable(env::RQ_KEY_PREFIX))
                == prefix(env::read(env::RQ_KEY_PREFIX).as_deref())
    }

    /// The known worker whose name a process has in its title.
    fn worker_of(&self, pid: u32) -> Option<String> {
        if let Some(worker) = self.registered.get(&pid) {
            return Some(worker.name.clone());
        }
        let arguments = self.table.command_line(pid)?;
        let title = Title::of(&arguments)?;
        let longest = self.known.iter().filter(|name| title.names(name)).max_by_key(|n| n.len())?;
        Some((*longest).to_owned())
    }

    fn is_lone_horse(&self, pid: u32) -> bool {
        !self.is_registered(pid) && looks_left_behind(self.table, pid)
    }
}

/// The workers whose process is here, by process id, out of those that are registered under this
/// host's name: containers may share the name, and count their processes for themselves.
fn registered_here<'h>(
    table: &ProcTable,
    here: Option<&str>,
    living: &[&'h Worker],
) -> HashMap<u32, &'h Worker> {
    let mut registered = HashMap::new();
    for worker in living {
        let identity = worker.identity.as_ref();
        let identity = identity.filter(|i| i.hostname.is_some() && i.hostname.as_deref() == here);
        let Some(pid) = identity.and_then(|identity| identity.pid) else { continue };
        match may_be(table, worker, pid) {
            Some(true) => {
                registered.insert(pid, *worker);
            }
            Some(false) => {
                registered.entry(pid).or_insert(*worker);
            }
            None => {}
        }
    }
    registered
}

/// Whether the title of a process names a worker that is registered as it, or it may be the worker
/// otherwise; `None` where it is something else. The first process adopts the work horses of others,
/// so it is a worker only where its title or its arguments say so.
fn may_be(table: &ProcTable, worker: &Worker, pid: u32) -> Option<bool> {
    let is_named = is_worker_by_look(table, worker, pid).ok()?;
    let is_told = || table.command_line(pid).is_some_and(|words| RqCommand::of(&words).is_some());
    (is_named || pid != 1 || is_told()).then_some(is_named)
}

fn is_claimed(table: &ProcTable, living: &[&Worker], pid: u32) -> bool {
    let arguments = table.command_line(pid).unwrap_or_default();
    let title = Title::of(&arguments);
    living.iter().any(|worker| {
        worker.identity.as_ref().is_some_and(|identity| identity.pid == Some(pid))
            || title.is_some_and(|title| title.names(&worker.name))
    })
}

/// Whether a process, if there is no worker above it, is a work horse: it leads a group, and has RQ's
/// signals of a horse. A worker that has not come to set its own yet has Python's handler of SIGINT,
/// unless a shell had it ignore that one; then it leads no group.
pub(super) fn looks_left_behind(table: &ProcTable, pid: u32) -> bool {
    let Some(stat) = table.stat(pid).filter(|stat| stat.leads_group() && !stat.is_dead()) else {
        return false;
    };
    let Some(status) = table.status(pid) else { return false };
    let is_adopted =
        stat.parent == 1 || table.stat(stat.parent).is_none_or(|parent| parent.name == "systemd");
    !status.catches(Signal::Term.number())
        && !status.catches(SIGINT)
        && (status.ignores(SIGINT) || (is_adopted && table.service(pid).is_none()))
}

/// A process that may be one of RQ's.
struct Seen {
    arguments: Vec<String>,
    parent: u32,
    rq: Option<RqCommand>,
}
