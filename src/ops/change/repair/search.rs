//! Looks for faults: through lists, registries, keys and workers. Changes nothing.

mod unplaced;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::{Fault, Mend, Spot};
use crate::backend::redis::read::{Entry, ID_PAGE, JOB_BATCH, Place, Store, StoredJob, Want};
use crate::error::Result;
use crate::model::fault::{EXPIRED_S, FaultKind};
use crate::model::generation::Generation;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status};
use crate::model::part::Part;
use crate::model::plan::Skipped;
use crate::model::queue::Registry;
use crate::ops::doctor::facts::site_of;
use crate::ops::jobs::behind_site;
use crate::ops::scope::Reach;
use crate::ui::Progress;

/// Faults of one run; the next one goes on.
const MOST_FAULTS: usize = 100_000;
/// A search and what it found.
pub(super) struct Search<'a> {
    pub(super) kinds: BTreeSet<FaultKind>,
    pub(super) queues: Vec<QueueName>,
    pub(super) sites: Option<Vec<String>>,
    /// The sites of the bench; `None` for plain RQ.
    pub(super) bench_sites: Option<HashSet<String>>,
    pub(super) ids: &'a [String],
    pub(super) requeue: bool,
    /// Whether no queue was selected.
    pub(super) all_queues: bool,
    /// The newest RQ that reads each queue.
    pub(super) newest: HashMap<QueueName, Generation>,
    pub(super) reach: &'a Reach,
    pub(super) progress: Progress,
    /// Hashes of the ids that were seen in a list, a started registry or a worker's hands.
    pub(super) listed: HashSet<u64>,
    pub(super) found: Vec<Fault>,
    /// What is broken, but must be left alone.
    pub(super) skipped: Vec<Skipped>,
    /// What could not be read, or was not looked for.
    pub(super) unread: Vec<String>,
}

impl Search<'_> {
    /// Makes the search. Round trips: one per page of each list and registry, and those of SCAN for
    /// the kinds that stand nowhere.
    pub(super) fn run(&mut self, store: &mut Store) -> Result<()> {
        let wants_listed = self.wants_any(&[FaultKind::Lost, FaultKind::Ghost]);
        let queues = if wants_listed { self.reach.every_queue()? } else { self.queues.clone() };
        for queue in &queues {
            let selected = self.queues.contains(queue);
            self.look_into_list(store, queue, selected)?;
            self.look_at_parked(store, queue, selected)?;
            self.look_at_started(store, queue, selected)?;
        }
        for queue in self.queues.clone() {
            self.look_for_dangling(store, &queue)?;
        }
        if wants_listed {
            self.look_for_unlisted(store)?;
        }
        self.let_jobs_pass(store)?;
        if self.wants(FaultKind::Results) && self.all_queues {
            self.look_for_results(store)?;
        }
        if self.wants(FaultKind::Worker) {
            self.look_for_dead_workers(store)?;
        }
        if self.found.len() >= MOST_FAULTS {
            self.unread.push(format!("there may be more than {MOST_FAULTS} faults; run it again"));
        }
        self.found.sort_by_key(|fault| fault.kind);
        Ok(())
    }

    fn wants(&self, kind: FaultKind) -> bool {
        self.kinds.contains(&kind)
    }

    fn wants_any(&self, kinds: &[FaultKind]) -> bool {
        kinds.iter().any(|kind| self.wants(*kind))
    }

    fn is_full(&self) -> bool {
        self.found.len() >= MOST_FAULTS
    }

    /// Whether a job is meant: by the typed ids and the selected sites. One of which nothing tells
    /// the site is of none.
    fn is_meant(&self, id: &JobId, job: Option<&Job>) -> bool {
        let typed = |typed: &String| {
            let rest = id.site().and_then(|site| id.as_bytes().get(site.len()..));
            id.as_bytes() == typed.as_bytes()
                || behind_site(typed).any(|behind| rest == Some(behind.as_bytes()))
        };
        if !self.ids.is_empty() && !self.ids.iter().any(typed) {
            return false;
        }
        let Some(sites) = &self.sites else { return true };
        let site = id.site().map(str::to_owned).or_else(|| site_of(job?));
        site.is_some_and(|site| sites.contains(&site))
    }

    fn add(&mut self, kind: FaultKind, id: JobId, queue: &QueueName, spot: Spot, mend: Mend) {
        if self.wants(kind) && !self.is_full() {
            self.found.push(Fault { kind, id, queue: queue.clone(), spot, mend, watched: None });
        }
    }

    /// What becomes of a job that did not run, or not to its end.
    fn settled(&self) -> Mend {
        if self.requeue { Mend::Queue } else { Mend::Fail }
    }

    fn note(&mut self, place: &Place, lack: &impl std::fmt::Display) {
        let name = place.describe(self.reach.short(place.queue()));
        self.unread.push(format!("not looked into: {name}: {lack}"));
    }

    /// Calls `visit` with each page of a place and the index of its first entry.
    fn pages(
        &mut self,
        store: &mut Store,
        place: &Place,
        mut visit: impl FnMut(&mut Self, &mut Store, usize, Vec<Entry>) -> Result<()>,
    ) -> Result<()> {
        let mut start = 0;
        while !self.is_full() {
            let page = match store.entries(place, start, ID_PAGE)? {
                Ok(page) => page,
                Err(lack) => {
                    self.note(place, &lack);
                    break;
                }
            };
            let length = page.len();
            self.progress.add(length as u64);
            visit(self, store, start, page)?;
            if length < ID_PAGE {
                break;
            }
            start += ID_PAGE;
        }
        Ok(())
    }

    fn look_into_list(
        &mut self,
        store: &mut Store,
        queue: &QueueName,
        selected: bool,
    ) -> Result<()> {
        let wanted = [FaultKind::Hashless, FaultKind::Expiring, FaultKind::Poison];
        let looks = selected && self.wants_any(&wanted);
        if !looks && !self.wants_any(&[FaultKind::Lost, FaultKind::Ghost]) {
            return Ok(());
        }
        let key = store.keys().queue(queue);
        let counts = store.counts(std::slice::from_ref(queue))?.pop();
        let length = counts.and_then(|(counts, _)| counts.queued).unwrap_or(0);
        let mut follows: Option<JobId> = None;
        self.pages(store, &Place::Queue(queue.clone()), |search, store, start, page| {
            search.listed.extend(page.iter().map(|entry| hash_of(&entry.id)));
            for (at, entries) in (start..).step_by(JOB_BATCH).zip(page.chunks(JOB_BATCH)) {
                if !looks {
                    break;
                }
                let ids: Vec<JobId> = entries.iter().map(|entry| entry.id.clone()).collect();
                let jobs = store.jobs(&ids, Want { ttl: true, ..Want::default() })?;
                for ((index, id), job) in (at as u64..).zip(ids).zip(jobs) {
                    let follows = follows.replace(id.clone());
                    let spot = Spot::List { key: key.clone(), index, length, follows };
                    search.judge_waiting(queue, id, job, spot);
                }
            }
            Ok(())
        })
    }

    fn judge_waiting(
        &mut self,
        queue: &QueueName,
        id: JobId,
        job: Part<Option<StoredJob>>,
        spot: Spot,
    ) {
        let Ok(job) = job else { return };
        if !self.is_meant(&id, job.as_ref().map(|stored| &stored.job)) {
            return;
        }
        let Some(stored) = job else {
            return self.add(FaultKind::Hashless, id, queue, spot, Mend::DropOrphan);
        };
        if self.ends_workers(queue, &stored.job) {
            self.add(FaultKind::Poison, id, queue, spot, Mend::Delete);
        } else if stored.ttl_s.is_some()
            && stored.job.ttl_s.is_none()
            && stored.job.status == Status::Queued
        {
            self.add(FaultKind::Expiring, id, queue, spot, Mend::Keep);
        }
    }

    /// Whether the workers of the queue exit on a job. Source: `rq/job.py` `restore`, in all
    /// releases for fields, from 2.0 on for a status, from 2.8 on for an id.
    fn ends_workers(&self, queue: &QueueName, job: &Job) -> bool {
        let newest = self.newest.get(queue).copied();
        let since = |major, minor| newest.is_some_and(|g| g >= Generation::new(major, minor));
        job.bad_fields.iter().any(|bad| bad.stops_worker)
            || (since(2, 0) && matches!(job.status, Status::Other(_)))
            || (since(2, 8) && newest.is_some_and(|g| g.refuses_id(job.id.as_bytes()).is_some()))
    }

    fn look_at_parked(
        &mut self,
        store: &mut Store,
        queue: &QueueName,
        selected: bool,
    ) -> Result<()> {
        let key = store.keys().intermediate(queue);
        self.pages(store, &Place::Intermediate(queue.clone()), |search, store, start, page| {
            search.listed.extend(page.iter().map(|entry| hash_of(&entry.id)));
            let ids: Vec<JobId> = page.into_iter().map(|entry| entry.id).collect();
            let length = (start + ids.len()) as u64;
            let jobs = if selected { store.jobs(&ids, Want::default())? } else { Vec::new() };
            for ((index, id), job) in (start as u64..).zip(ids).zip(jobs) {
                let spot = Spot::List { key: key.clone(), index, length, follows: None };
                search.judge_parked(queue, id, job, spot);
            }
            Ok(())
        })
    }

    fn judge_parked(
        &mut self,
        queue: &QueueName,
        id: JobId,
        job: Part<Option<StoredJob>>,
        spot: Spot,
    ) {
        let Ok(job) = job else { return };
        if !self.is_meant(&id, job.as_ref().map(|stored| &stored.job)) {
            return;
        }
        let Some(StoredJob { job, .. }) = job else {
            return self.add(FaultKind::Hashless, id, queue, spot, Mend::DropOrphan);
        };
        if self.ends_workers(queue, &job) {
            return self.add(FaultKind::Poison, id, queue, spot, Mend::Delete);
        }
        let ours = job.origin.as_ref() == Some(queue);
        if job.status.has_ended() {
            // Maintenance would fail it. A job without an origin stays here although it has run.
            self.add(FaultKind::Stuck, id, queue, spot, Mend::DropEntry);
        } else if job.status == Status::Queued && ours {
            let mend = self.settled();
            self.add(FaultKind::Stuck, id, queue, spot, mend);
        }
    }

    fn look_at_started(
        &mut self,
        store: &mut Store,
        queue: &QueueName,
        selected: bool,
    ) -> Result<()> {
        let before = self.reach.inventory.taken_at.as_second() as f64 - EXPIRED_S;
        let place = Place::Registry(Registry::Started, queue.clone());
        self.pages(store, &place, |search, store, _, page| {
            search.listed.extend(page.iter().map(|entry| hash_of(&entry.id)));
            if !selected || !search.wants(FaultKind::Abandoned) {
                return Ok(());
            }
            // A negative score never passes. Source: `rq/registry.py` `get_expired_job_ids`.
            let expired = |entry: &Entry| entry.score.is_some_and(|s| (0.0..before).contains(&s));
            let expired: Vec<Entry> = page.into_iter().filter(expired).collect();
            let ids: Vec<JobId> = expired.iter().map(|entry| entry.id.clone()).collect();
            let jobs = store.jobs(&ids, Want::default())?;
            for (entry, job) in expired.into_iter().zip(jobs) {
                search.judge_started(queue, entry, job);
            }
            Ok(())
        })
    }

    fn judge_started(&mut self, queue: &QueueName, entry: Entry, job: Part<Option<StoredJob>>) {
        let Ok(job) = job else { return };
        let job = job.map(|stored| stored.job);
        if !self.is_meant(&entry.id, job.as_ref()) {
            return;
        }
        let mut member = entry.id.as_bytes().to_vec();
        if let Some(execution) = &entry.execution {
            member.push(b':');
            member.extend_from_slice(execution.as_bytes());
        }
        let score = entry.score.unwrap_or_default();
        let spot = Spot::Entry { registry: Registry::Started, member, score };
        let mend = match job.map(|job| (job.status, job.origin)) {
            None => Mend::DropOrphan,
            // From 2.0 on the entry comes before the status.
            Some((Status::Started | Status::Queued, Some(origin))) if origin == *queue => {
                self.settled()
            }
            // RQ before 3.0 would fail it, whatever became of it.
            Some(_) => Mend::DropEntry,
        };
        self.add(FaultKind::Abandoned, entry.id, queue, spot, mend);
    }

    fn look_for_dangling(&mut self, store: &mut Store, queue: &QueueName) -> Result<()> {
        if !self.wants(FaultKind::Dangling) {
            return Ok(());
        }
        // Of the finished and failed registries RQ's own clean-up drops what has expired.
        for registry in [Registry::Scheduled, Registry::Deferred, Registry::Canceled] {
            let place = Place::Registry(registry, queue.clone());
            self.pages(store, &place, |search, store, _, page| {
                for entries in page.chunks(JOB_BATCH) {
                    let ids: Vec<&JobId> = entries.iter().map(|entry| &entry.id).collect();
                    let living = store.have_hashes(&ids)?;
                    for (entry, lives) in entries.iter().zip(living) {
                        if lives || !search.is_meant(&entry.id, None) {
                            continue;
                        }
                        let member = entry.id.as_bytes().to_vec();
                        let score = entry.score.unwrap_or_default();
                        let spot = Spot::Entry { registry, member, score };
                        let id = entry.id.clone();
                        search.add(FaultKind::Dangling, id, queue, spot, Mend::DropOrphan);
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

fn hash_of(id: &JobId) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(id.as_bytes())
}
