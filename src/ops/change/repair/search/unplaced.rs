//! What stands in no list and no registry of its own: keys that are walked through, and workers.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::super::{Fault, Mend, Spot};
use super::{Search, hash_of};
use crate::backend::redis::keys::Key;
use crate::backend::redis::read::{JOB_BATCH, Store, Want};
use crate::error::Result;
use crate::model::fault::FaultKind;
use crate::model::id::{JobId, QueueName, is_scheduled_job_id};
use crate::model::job::{Job, Status, seconds_between};
use crate::model::plan::Skipped;
use crate::model::worker::{Alive, Worker};

/// Seconds within which a job that was just enqueued may be on its way.
const FRESH_S: f64 = 10.0;
/// How long a job may be on its way from the list to its worker.
const ON_ITS_WAY: Duration = Duration::from_millis(250);
/// Jobs whose places are looked up once more for the plan; each costs a search of its list.
const MOST_LOOKED_UP: usize = 1_000;

impl Search<'_> {
    /// Walks through keys that match; what is visited may come twice.
    fn scan(
        &mut self,
        store: &mut Store,
        pattern: &Key,
        what: &str,
        mut visit: impl FnMut(&mut Self, &mut Store, Vec<Vec<u8>>) -> Result<()>,
    ) -> Result<()> {
        let mut cursor = b"0".to_vec();
        loop {
            let (next, keys) = match store.scan(pattern, &cursor)? {
                Ok(step) => step,
                Err(lack) => {
                    self.unread.push(format!("not looked for {what}: {lack}"));
                    return Ok(());
                }
            };
            self.progress.add(keys.len() as u64);
            visit(self, store, keys)?;
            if next == b"0" || self.is_full() {
                return Ok(());
            }
            cursor = next;
        }
    }

    /// Jobs that say queued or started and stand nowhere.
    pub(super) fn look_for_unlisted(&mut self, store: &mut Store) -> Result<()> {
        if !self.unread.is_empty() {
            // What could not be read may hold them.
            self.unread.push("not looked for lost jobs and ghosts".to_owned());
            return Ok(());
        }
        for worker in self.reach.inventory.workers() {
            self.listed.extend(worker.current_jobs.iter().map(hash_of));
        }
        let pattern = if self.wants(FaultKind::Lost) {
            store.keys().jobs_pattern()
        } else {
            store.keys().scheduled_jobs_pattern()
        };
        let mut seen = HashSet::new();
        self.scan(store, &pattern, "lost jobs and ghosts", |search, store, keys| {
            let ids: Vec<JobId> = keys
                .iter()
                .filter_map(|key| store.keys().job_id_of(key))
                .map(JobId::new)
                .filter(|id| !search.listed.contains(&hash_of(id)))
                .collect();
            for job in store.jobs(&ids, Want::default())?.into_iter().flatten().flatten() {
                if seen.insert(hash_of(&job.job.id)) {
                    search.judge_unlisted(job.job);
                }
            }
            Ok(())
        })
    }

    fn judge_unlisted(&mut self, job: Job) {
        let is_fixed = is_scheduled_job_id(job.id.as_bytes());
        let expected = match job.status {
            Status::Queued => true,
            // A running job is in a registry; without one nothing will ever end it.
            Status::Started => is_fixed,
            _ => false,
        };
        let now = self.reach.inventory.taken_at;
        let waited = job.enqueued_at.and_then(|at| seconds_between(at, now));
        let fresh = waited.is_some_and(|waited| waited < FRESH_S);
        let Some(queue) = job.origin.clone().filter(|queue| self.queues.contains(queue)) else {
            return;
        };
        if !expected || fresh || !self.is_meant(&job.id, Some(&job)) {
            return;
        }
        if is_fixed {
            self.add(FaultKind::Ghost, job.id, &queue, Spot::Nowhere, Mend::Delete);
        } else {
            let mend = self.settled();
            self.add(FaultKind::Lost, job.id, &queue, Spot::Nowhere, mend);
        }
    }

    /// Drops what was only on its way to a worker, or was missed because its list moved while it was
    /// read. What is left is still looked at again before it is touched.
    pub(super) fn let_jobs_pass(&mut self, store: &mut Store) -> Result<()> {
        let is_passing = |fault: &Fault| {
            matches!(fault.kind, FaultKind::Stuck | FaultKind::Lost | FaultKind::Ghost)
        };
        let (passing, mut left): (Vec<Fault>, Vec<Fault>) =
            std::mem::take(&mut self.found).into_iter().partition(is_passing);
        if !passing.is_empty() {
            std::thread::sleep(ON_ITS_WAY);
        }
        let places: Vec<QueueName> = passing.iter().map(Self::expected_in).collect();
        let asked: Vec<(&JobId, &QueueName)> =
            passing.iter().map(|fault| &fault.id).zip(&places).take(MOST_LOOKED_UP).collect();
        let listed = store.are_listed(&asked)?;
        let ids: Vec<JobId> = asked.iter().map(|(id, _)| (*id).clone()).collect();
        let jobs = store.jobs(&ids, Want::default())?;
        let mut seen = listed.into_iter().zip(jobs);
        for fault in passing {
            let stays = match seen.next() {
                Some((listed, Ok(Some(stored)))) => {
                    let is_parked = fault.kind == FaultKind::Stuck;
                    let ran = !is_parked && stored.job.status.has_ended();
                    (listed == Some(true)) == is_parked && !ran
                }
                Some(_) => false,
                None => true,
            };
            left.extend(stays.then_some(fault));
        }
        self.found = left;
        Ok(())
    }

    /// The list that a fault of a passing job speaks of: a lost one must not stand there, a stuck
    /// one must.
    fn expected_in(fault: &Fault) -> QueueName {
        match fault.kind {
            FaultKind::Stuck => QueueName::new(format!("{}:intermediate", fault.queue)),
            _ => fault.queue.clone(),
        }
    }

    pub(super) fn look_for_results(&mut self, store: &mut Store) -> Result<()> {
        let nowhere = QueueName::new("");
        let pattern = store.keys().results_pattern();
        let mut seen = HashSet::new();
        self.scan(store, &pattern, "results", |search, store, keys| {
            let ids: Vec<JobId> = keys
                .iter()
                .filter_map(|key| store.keys().id_of_results(key))
                .map(JobId::new)
                .filter(|id| search.is_meant(id, None) && search.is_ours(id))
                .collect();
            for ids in ids.chunks(JOB_BATCH) {
                let living = store.have_hashes(&ids.iter().collect::<Vec<_>>())?;
                for (id, lives) in ids.iter().zip(living) {
                    if !lives && seen.insert(hash_of(id)) {
                        let (kind, id) = (FaultKind::Results, id.clone());
                        search.add(kind, id, &nowhere, Spot::Results, Mend::DropOrphan);
                    }
                }
            }
            Ok(())
        })
    }

    /// Whether what only an id tells of is this target's: beside others a bench claims nothing but
    /// the jobs of its own sites.
    fn is_ours(&self, id: &JobId) -> bool {
        let ours = |site: &str| self.bench_sites.as_ref().is_some_and(|all| all.contains(site));
        self.is_alone() || id.site().is_some_and(ours)
    }

    /// Whether nobody else is seen in this Redis; plain RQ counts everything as its own.
    fn is_alone(&self) -> bool {
        if self.bench_sites.is_none() {
            return true;
        }
        let prefixes = self.reach.inventory.prefixes();
        let plain = self.reach.inventory.known().iter().any(|queue| queue.prefix().is_none());
        prefixes.iter().all(|prefix| Some(*prefix) == self.reach.prefix())
            && (self.reach.prefix().is_none() || !plain)
    }

    /// Registrations of workers that did not sign off, and the names that queues keep of them.
    pub(super) fn look_for_dead_workers(&mut self, store: &mut Store) -> Result<()> {
        if let Err(lack) = &self.reach.inventory.workers {
            self.unread.push(format!("not looked for dead workers: {lack}"));
            return Ok(());
        }
        let mut sets: HashMap<String, Vec<Key>> = HashMap::new();
        let names = store.workers_of_queues(&self.queues)?;
        for (queue, names) in self.queues.iter().zip(names) {
            for name in names.unwrap_or_default() {
                sets.entry(name).or_default().push(store.keys().queue_workers(queue));
            }
        }
        let workers = self.reach.inventory.workers();
        for worker in workers {
            let of_queues = sets.remove(&worker.name).unwrap_or_default();
            if !self.is_dead(worker, &of_queues) {
                continue;
            }
            if worker.listeners.unwrap_or(0) > 0 {
                let reason = "its work horse is left and still listens".to_owned();
                self.skipped.push(Skipped { id: JobId::new(worker.name.as_bytes()), reason });
            } else {
                let mut sets = of_queues;
                sets.extend(worker.queues().iter().map(|queue| store.keys().queue_workers(queue)));
                sets.push(store.keys().workers());
                self.add_dead(store, &worker.name, sets)?;
            }
        }
        for (name, sets) in sets {
            let is_registered = workers.iter().any(|worker| worker.name == name);
            let hash = store.fields_key(&store.keys().worker(&name))?;
            if !is_registered && matches!(hash, Ok(None)) {
                self.add_dead(store, &name, sets)?;
            }
        }
        Ok(())
    }

    fn is_dead(&self, worker: &Worker, of_queues: &[Key]) -> bool {
        // A queue to which nothing was ever enqueued is known to its workers alone.
        let is_meant = |queue: &QueueName| {
            self.queues.contains(queue) || (self.all_queues && self.reach.covers(queue))
        };
        let ours = !of_queues.is_empty()
            || worker.queues().iter().any(is_meant)
            || (worker.identity.is_none() && self.all_queues && self.is_alone());
        let dead = self.reach.liveness(worker).alive == Alive::No && worker.died_at.is_none();
        ours && dead && self.sites.is_none()
    }

    fn add_dead(&mut self, store: &mut Store, name: &str, mut sets: Vec<Key>) -> Result<()> {
        let id = JobId::new(name);
        if !self.ids.is_empty() && !self.ids.iter().any(|typed| name.starts_with(typed.as_str())) {
            return Ok(());
        }
        let Ok(hash) = store.fields_key(&store.keys().worker(name))? else { return Ok(()) };
        sets.sort_unstable_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
        sets.dedup();
        let spot = Spot::Registration { sets, hash };
        self.add(FaultKind::Worker, id, &QueueName::new(""), spot, Mend::Prune);
        Ok(())
    }
}
