//! Which queues and workers belong to the target, and which of them a typed name means.
//!
//! A queue exists if Redis knows it, if the bench's configuration names it, or if a live worker
//! serves it. Another bench on the same Redis is another bench: its queues and workers are never
//! taken for ours.

use std::collections::HashMap;

use crate::backend::redis::inventory::Inventory;
use crate::context::{Context, local_processes};
use crate::error::{Failure, Kind, Result};
use crate::model::id::QueueName;
use crate::model::part::Lack;
use crate::model::worker::{Alive, Liveness, LocalProcess, Worker};
use crate::nearby;
use crate::sys::clock;

/// What was read of a Redis, seen from a target.
#[derive(Debug)]
pub struct Reach {
    /// Every queue and worker of the Redis.
    pub inventory: Inventory,
    prefix: Option<String>,
    configured: Vec<QueueName>,
    processes: HashMap<String, LocalProcess>,
}

/// Every queue of the target: those of the configuration first, then the others by name.
///
/// Two round trips. Errors: `Refused` where Redis hides which queues there are.
pub fn all_queues(context: &mut Context) -> Result<Vec<QueueName>> {
    Reach::read(context)?.every_queue()
}

/// The same as [`all_queues`], with those in which nothing but waiting for other jobs happens, which
/// RQ 1.x does not register; and what kept these from being found.
///
/// Cost: beside that of [`all_queues`] a walk through all keys. Errors: as there.
pub fn all_queues_and_deferred(context: &mut Context) -> Result<(Vec<QueueName>, Option<Lack>)> {
    let reach = Reach::read(context)?;
    let mut queues = reach.every_queue()?;
    let found = context.store()?.queues_of_deferred()?;
    let lack = found.map(|found| reach.add_found(&mut queues, found)).err();
    Ok((queues, lack))
}

/// The same as [`all_queues`], with those of `found` that are the target's. Two round trips.
pub fn all_queues_and(context: &mut Context, found: Vec<QueueName>) -> Result<Vec<QueueName>> {
    let reach = Reach::read(context)?;
    let mut queues = reach.every_queue()?;
    reach.add_found(&mut queues, found);
    Ok(queues)
}

/// What must be said when the bench's prefix is not the one in Redis: then nothing that was read
/// means anything, and the outcome is UNKNOWN. Empty where all is well. Two round trips.
pub fn prefix_notes(context: &mut Context) -> Result<Vec<String>> {
    Ok(Reach::read(context)?.unseen_prefix().into_iter().collect())
}

/// The queues that `names` mean, in the order typed, each once; none without names.
///
/// A name is a short or a full one, or several separated by commas. Two round trips, none without
/// names. Errors: `NotFound` with the near misses; `Usage` for an empty name, and in plain RQ for
/// a short name that fits queues of two prefixes.
pub fn queues(context: &mut Context, names: &[String]) -> Result<Vec<QueueName>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    Reach::read(context)?.select(names)
}

impl Reach {
    /// Reads which queues and workers there are: two round trips.
    pub fn read(context: &mut Context) -> Result<Self> {
        let (target, store) = context.parts()?;
        let inventory = store.inventory(clock::now())?;
        Ok(Self::new(inventory, target.prefix(), target.configured_queues()))
    }

    /// The target with this prefix and these configured queues, on what was read.
    pub fn new(inventory: Inventory, prefix: Option<String>, configured: Vec<QueueName>) -> Self {
        let processes = local_processes(inventory.workers().iter());
        Self { inventory, prefix, configured, processes }
    }

    /// The bench's prefix; `None` for plain RQ and v13.
    pub fn prefix(&self) -> Option<&str> {
        self.prefix.as_deref()
    }

    /// Whether a queue is the target's.
    pub fn covers(&self, queue: &QueueName) -> bool {
        self.prefix.is_none() || self.prefix() == queue.prefix() || self.is_configured(queue)
    }

    /// Whether the bench's configuration names a queue.
    pub fn is_configured(&self, queue: &QueueName) -> bool {
        self.configured.contains(queue)
    }

    /// The same as [`Self::queues`], for those who must not overlook one.
    ///
    /// Errors: `Refused` where Redis hides which queues there are.
    pub fn every_queue(&self) -> Result<Vec<QueueName>> {
        if let Err(lack) = &self.inventory.known {
            let message = format!("cannot tell which queues there are: {lack}");
            return Err(Failure::new(Kind::Refused, message).into());
        }
        Ok(self.queues())
    }

    /// The target's queues: those of the configuration in its order, then the others by name.
    pub fn queues(&self) -> Vec<QueueName> {
        let alive = |worker: &&Worker| self.liveness(worker).alive != Alive::No;
        let served = self.inventory.workers().iter().filter(alive).flat_map(Worker::queues);
        let mut others: Vec<QueueName> =
            self.inventory.known().iter().chain(served).cloned().collect();
        others.retain(|queue| self.covers(queue) && !self.is_configured(queue));
        others.sort_unstable();
        others.dedup();
        let mut queues = self.configured.clone();
        queues.append(&mut others);
        queues
    }

    /// Adds those queues of the target that `queues` lacks.
    pub fn add_found(&self, queues: &mut Vec<QueueName>, found: Vec<QueueName>) {
        for queue in found {
            if self.covers(&queue) && !queues.contains(&queue) {
                queues.push(queue);
            }
        }
    }

    /// A queue's name as the operator types it: short within the bench.
    pub fn short<'q>(&self, queue: &'q QueueName) -> &'q str {
        match self.prefix() {
            Some(prefix) => queue
                .as_str()
                .strip_prefix(prefix)
                .and_then(|rest| rest.strip_prefix(':'))
                .unwrap_or(queue.as_str()),
            None => queue.as_str(),
        }
    }

    /// Whether a worker lives, by what Redis and this host know of it.
    pub fn liveness(&self, worker: &Worker) -> Liveness {
        let process = self.process_of(worker).unwrap_or(LocalProcess::Elsewhere);
        worker.liveness(self.inventory.taken_at, process)
    }

    /// What this host knows of a worker's process; `None` for a worker of another host.
    pub fn process_of(&self, worker: &Worker) -> Option<LocalProcess> {
        self.processes.get(&worker.name).copied()
    }

    /// Whether a worker serves none of the target's queues; `None` where its registration no
    /// longer says what it serves.
    pub fn is_foreign(&self, worker: &Worker) -> Option<bool> {
        match worker.queues() {
            [] if self.prefix.is_some() => None,
            queues => Some(!queues.is_empty() && !queues.iter().any(|queue| self.covers(queue))),
        }
    }

    /// What is wrong if the bench's prefix is nowhere in this Redis while others are: then the
    /// prefix is not the one that the bench's processes use, and counts of 0 would be a lie.
    pub fn unseen_prefix(&self) -> Option<String> {
        let prefix = self.prefix()?;
        let seen = self.inventory.prefixes();
        if seen.contains(prefix) || seen.is_empty() {
            return None;
        }
        let others: Vec<String> = seen.iter().map(|other| format!("`{other}`")).collect();
        Some(format!(
            "no queue and no worker in this Redis has the bench's prefix `{prefix}`, so nothing can be said of its queues; the prefixes here: {}",
            others.join(", ")
        ))
    }

    /// The queues that `names` mean, all of them without names; see [`queues`].
    pub fn select(&self, names: &[String]) -> Result<Vec<QueueName>> {
        let all = self.queues();
        if names.is_empty() {
            return Ok(all);
        }
        let mut selected: Vec<QueueName> = Vec::new();
        for name in names {
            for queue in self.meant(name, &all)? {
                if !selected.contains(&queue) {
                    selected.push(queue);
                }
            }
        }
        Ok(selected)
    }

    /// The queue that one name means. Errors as [`queues`].
    pub fn resolve(&self, name: &str) -> Result<QueueName> {
        self.one(name, &self.queues())
    }

    /// A name may hold a comma itself, so it is tried whole before it is taken apart.
    fn meant(&self, name: &str, all: &[QueueName]) -> Result<Vec<QueueName>> {
        if !name.contains(',') || !self.matching(name, all).is_empty() {
            return Ok(vec![self.one(name, all)?]);
        }
        name.split(',').map(|name| self.one(name.trim(), all)).collect()
    }

    fn one(&self, name: &str, all: &[QueueName]) -> Result<QueueName> {
        if name.trim().is_empty() {
            return Err(Failure::new(
                Kind::Usage,
                "cannot select a queue by an empty name; leave it out to select all",
            )
            .into());
        }
        match self.matching(name, all).as_slice() {
            [queue] => Ok((*queue).clone()),
            [] => self.unknown(name, all),
            several => Err(ambiguous(name, several).into()),
        }
    }

    /// The queues that a name fits: the full name before short ones, and in a bench our own short
    /// name before a full name that happens to be equal.
    fn matching<'q>(&self, name: &str, all: &'q [QueueName]) -> Vec<&'q QueueName> {
        let ours = self.prefix().map(|prefix| QueueName::in_bench(Some(prefix), name));
        let exact = |wanted: &str| all.iter().find(|queue| queue.as_str() == wanted);
        if let Some(queue) = ours.as_ref().and_then(|ours| exact(ours.as_str())).or(exact(name)) {
            return vec![queue];
        }
        if self.prefix.is_some() {
            return Vec::new();
        }
        all.iter().filter(|queue| queue.short() == name).collect()
    }

    fn unknown(&self, name: &str, all: &[QueueName]) -> Result<QueueName> {
        // Where the set of queues is hidden, a name can only be taken at its word.
        if self.inventory.known.is_err() {
            let prefix = self.prefix().filter(|prefix| !name.starts_with(&format!("{prefix}:")));
            return Ok(QueueName::in_bench(prefix, name));
        }
        let foreign = |queue: &&QueueName| queue.as_str() == name;
        if self.inventory.known().iter().any(|queue| foreign(&queue)) {
            return Err(Failure::new(
                Kind::NotFound,
                format!("cannot select queue `{name}`: it is not one of this bench's"),
            )
            .hint("to look at every queue of this Redis, name the Redis instead of the bench: --redis URL")
            .into());
        }
        let failure = Failure::new(
            Kind::NotFound,
            format!(
                "cannot select queue `{name}`: Redis, the configuration and live workers know none of this name"
            ),
        );
        Err(nearby::hint(failure, name, all.iter().map(|queue| self.short(queue))).into())
    }
}

fn ambiguous(name: &str, queues: &[&QueueName]) -> Failure {
    let names: Vec<String> = queues.iter().map(|queue| format!("`{queue}`")).collect();
    let message = format!("cannot tell which queue `{name}` is: {} fit", names.join(" and "));
    Failure::new(Kind::Usage, message).hint("type the full name")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::error::exit_code_of;

    fn reach(known: &[&str], prefix: Option<&str>, configured: &[&str]) -> Reach {
        let inventory = Inventory {
            taken_at: Timestamp::UNIX_EPOCH,
            known: Ok(known.iter().copied().map(QueueName::new).collect()),
            workers: Ok(Vec::new()),
            suspended: Ok(None),
            lacks: Vec::new(),
        };
        let configured = configured.iter().map(|name| QueueName::in_bench(prefix, name)).collect();
        Reach::new(inventory, prefix.map(str::to_owned), configured)
    }

    fn selected(reach: &Reach, names: &[&str]) -> Result<Vec<String>> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let queues = reach.select(&names)?;
        Ok(queues.iter().map(|queue| queue.as_str().to_owned()).collect())
    }

    #[test]
    fn select_in_a_bench_takes_short_and_full_names_of_its_own() {
        let bench = reach(&["a:short", "a:x", "b:x", "x"], Some("a"), &["short", "long"]);
        assert_eq!(selected(&bench, &[]).unwrap(), ["a:short", "a:long", "a:x"]);
        assert_eq!(selected(&bench, &["x,a:short", "x"]).unwrap(), ["a:x", "a:short"]);
        assert_eq!(selected(&bench, &["long"]).unwrap(), ["a:long"]);
        let foreign = selected(&bench, &["b:x"]).unwrap_err();
        assert_eq!(exit_code_of(&foreign), 66);
        assert!(foreign.to_string().contains("not one of this bench's"));
    }

    #[test]
    fn select_in_plain_rq_refuses_a_short_name_of_two_prefixes() {
        let plain = reach(&["a:short", "b:short", "b:long", "long"], None, &[]);
        assert_eq!(exit_code_of(&selected(&plain, &["short"]).unwrap_err()), 64);
        assert_eq!(selected(&plain, &["long", "b:long"]).unwrap(), ["long", "b:long"]);
        assert_eq!(exit_code_of(&selected(&plain, &["lon"]).unwrap_err()), 66);
        assert_eq!(exit_code_of(&selected(&plain, &["long,"]).unwrap_err()), 64);
    }

    #[test]
    fn select_of_a_name_with_a_comma_tries_it_whole() {
        let plain = reach(&["a", "a,b", "c"], None, &[]);
        assert_eq!(selected(&plain, &["a,b"]).unwrap(), ["a,b"]);
        assert_eq!(selected(&plain, &["a,c"]).unwrap(), ["a", "c"]);
    }

    #[test]
    fn select_where_the_set_of_queues_is_hidden_takes_names_at_their_word() {
        let mut bench = reach(&[], Some("a"), &["short"]);
        bench.inventory.known =
            Err(crate::model::part::Lack::new("x", crate::model::part::Why::Denied, ""));
        assert_eq!(selected(&bench, &["x", "a:y"]).unwrap(), ["a:x", "a:y"]);
    }

    #[test]
    fn prefix_that_is_unseen_matters_only_beside_others() {
        assert_eq!(reach(&[], Some("a"), &["short"]).unseen_prefix(), None);
        assert_eq!(reach(&["a:x", "b:x"], Some("a"), &[]).unseen_prefix(), None);
        assert_eq!(reach(&["b:x"], None, &[]).unseen_prefix(), None);
        let note = reach(&["b:x", "c:x"], Some("a"), &["short"]).unseen_prefix().unwrap();
        assert!(note.contains("`a`") && note.contains("`b`, `c`"), "{note}");
    }
}
