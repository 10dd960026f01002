//! Counts what happens to jobs while somebody looks now and then.
//!
//! Redis keeps no totals, and RQ forgets finished jobs after minutes, so what happened is counted
//! from the waiting, running and newest ended jobs: an event that was not seen before is one more.
//! The counts go on when workers restart. They begin anew when jobctl does, which Prometheus expects
//! of a counter, unless a history keeps them ([`Passing::resumed`]). Where the newest ended jobs of a
//! queue are all new, older ones are read as well, up to a bound; what is beyond it is lost, and such
//! looks are counted.

mod attention;
mod busiest;
mod events;
mod naming;
mod retries;
mod totals;

use std::collections::HashMap;

use jiff::Timestamp;

use super::crowd_of;
use crate::backend::history::Batch;
use crate::backend::redis::read::{Store, Want};
use crate::backend::redis::survey::{QueueSurvey, SAMPLE};
use crate::error::Result;
use crate::model::history::EndedJob;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status};
use crate::model::queue::Registry;
use crate::ops::doctor::{Facts, site_of};
use crate::report::metrics::Family;
use crate::sys::clock::Steady;
use crate::sys::reckoning::Reckoning;
use attention::{Attention, LONGEST_ABSENCE, Look, SLACK, back};
use events::{Event, has_ended_in, hash_of, milliseconds, moment, moving_jobs, ran, waited};
pub(in crate::ops) use events::{is_scheduled_run, is_wrapper, task_of};
pub(in crate::ops) use naming::{Named, methods_of};
use retries::Retries;
use totals::{Series, Totals, What};

/// Workers whose hosts and queues are remembered, as jobs name workers that may be gone.
const MOST_WORKERS: usize = 5_000;

/// Jobs of a further page of a registry, and how many pages are read at most.
const PAGE: usize = 500;
const MOST_PAGES: usize = 20;

/// Jobs of a look whose payloads are read at most.
const MOST_NAMED: usize = 2_000;

/// The facts that say when was last looked, and what time it was reckoned to be by the clock of Redis.
/// See [`Batch::facts`].
const LAST_LOOK: &str = "last_look";
const RECKONING: &str = "look_reckoning";

/// An end of which it is to be read what the job called, or what its failure is.
pub(super) struct NewEnd {
    id: JobId,
    worker: Option<String>,
    ended: EndedJob,
    /// Whether it is dated by the look that found it.
    is_undated: bool,
    /// Whether it was stopped on request, which is neither a failure nor a success.
    was_stopped: bool,
}

/// What passed so far.
#[derive(Debug, Default)]
pub struct Passing {
    attention: Attention,
    /// Whether what happened is handed over to a history.
    is_recorded: bool,
    /// Events that were seen, by their hash, and when they were.
    seen: HashMap<u64, Timestamp>,
    /// Host and queues of workers, by their names.
    crews: HashMap<String, String>,
    /// How many jobs each registry held.
    sizes: HashMap<(QueueName, Registry), u64>,
    /// Where the newest jobs were all new, so that there may be more.
    deeper: Vec<Deeper>,
    retries: Retries,
    unnamed: Vec<Unnamed>,
    totals: Totals,
    /// What is to be handed over.
    news: Batch,
}

impl Passing {
    /// Goes on where a history ended: with its totals, the events that it remembers, and when was
    /// last looked. A fresh history takes what RQ still shows of the last minutes. A last look that is
    /// still to come is one by a clock that was ahead: it is taken for now.
    ///
    /// `fact` gives the facts that [`Self::hand_over`] added.
    pub fn resumed(
        totals: Vec<(String, String)>,
        seen: Vec<(u64, Timestamp)>,
        fact: impl Fn(&str) -> Option<String>,
        now: Timestamp,
    ) -> Self {
        let last_look = fact(LAST_LOOK).and_then(|text| text.parse::<Timestamp>().ok());
        let reckoning = fact(RECKONING).and_then(|text| Reckoning::from_text(&text));
        Self {
            attention: Attention::resumed(last_look, reckoning, now),
            is_recorded: true,
            seen: seen.into_iter().collect(),
            totals: Totals::restored(totals),
            ..Self::default()
        }
    }

    /// Begins beside somebody who records, to take that over later: until then what may be wanted is
    /// kept as [`Self::keep_ready`] says.
    ///
    /// What `begun` knows of the history, if it could be read, is gone on from.
    pub fn standing_by(begun: Option<Self>) -> Self {
        begun.unwrap_or_else(|| Self { is_recorded: true, ..Self::default() })
    }

    /// Gives up what another recorder has surely written by now.
    pub fn keep_ready(&mut self) {
        let Some(from) = self.attention.remembered_from() else { return };
        self.news.ended.retain(|job| job.ended_at >= from);
        self.news.seen.retain(|(_, at)| *at >= from);
    }

    /// Takes over a history that another one recorded: of each counter the greater goes on, so that
    /// none falls, here or in the history. The whole is handed over.
    pub fn take_over(&mut self, totals: Vec<(String, String)>, seen: Vec<(u64, Timestamp)>) {
        self.totals.adopt(totals);
        for (hash, at) in seen {
            self.seen.entry(hash).or_insert(at);
        }
    }

    /// Hands over what happened since the last time.
    pub fn hand_over(&mut self, batch: &mut Batch) {
        let news = std::mem::take(&mut self.news);
        batch.ended.extend(news.ended);
        batch.seen.extend(news.seen);
        batch.facts.extend(news.facts);
        batch.totals.extend(self.totals.take_changed());
        batch.forget_before = self.attention.remembered_from();
    }

    /// Looks that could not read all jobs that ended.
    pub fn gaps(&self) -> u64 {
        self.totals.count_of(&Series::bare(What::Gaps))
    }

    /// Hands everything over once more, for a history that was begun anew.
    pub fn repeat(&mut self) {
        self.totals.repeat();
        self.news.seen = self.seen.iter().map(|(hash, at)| (*hash, *at)).collect();
    }

    /// Counts what happened since the last look; a first look only remembers, unless a history is
    /// kept. Failures are counted once [`Self::complete`] knows what they are.
    pub(super) fn look(&mut self, facts: &Facts<'_>) -> Vec<NewEnd> {
        let (now, mut failures) = (facts.now, Vec::new());
        if facts.survey.is_err() {
            return failures;
        }
        self.deeper.clear();
        let look = self.attention.begin(now, Steady::now());
        self.meet_workers(facts);
        for queue in facts.queues() {
            let name = facts.short(&queue.name);
            self.totals.know(name);
            for job in moving_jobs(queue) {
                self.meet(name, job, look);
            }
            for (registry, sampled) in
                [(Registry::Finished, &queue.finished), (Registry::Failed, &queue.failed)]
            {
                let jobs = sampled.iter().filter_map(|sampled| Some(&sampled.stored()?.job));
                let page = self.meet_ended(name, registry, jobs, look, &mut failures);
                let missing = self.missing(queue, registry, page.new);
                // Where not one of the newest was there the last time, there may have been more.
                let all_new = page.covered >= SAMPLE && page.new == page.covered;
                if look.counts && (all_new || missing > 0) {
                    let (queue, name) = (queue.name.clone(), name.to_owned());
                    self.deeper.push(Deeper { queue, name, registry, look, missing });
                }
            }
            self.meet_canceled(name, queue, &look);
        }
        self.totals.add(Series::bare(What::Gaps), 0);
        self.end(&look);
        self.retries.forget(now);
        if self.is_recorded {
            self.note_look(now);
        }
        failures
    }

    /// Notes for who goes on later when was looked.
    fn note_look(&mut self, now: Timestamp) {
        self.news.facts.insert(LAST_LOOK, now.to_string());
        self.news.facts.extend(self.attention.reckoning().map(|text| (RECKONING, text)));
    }

    /// Forgets events that no later look covers.
    fn end(&mut self, look: &Look) {
        let from = self.attention.end(look, self.seen.len());
        self.seen.retain(|_, at| *at >= from);
    }

    /// By how many jobs more than the new ones a registry grew: those stand behind jobs that are kept
    /// for longer.
    fn missing(&mut self, queue: &QueueSurvey, registry: Registry, new: usize) -> u64 {
        let Some(now) = queue.counts.registry(registry) else { return 0 };
        let before = self.sizes.insert((queue.name.clone(), registry), now);
        now.saturating_sub(before.unwrap_or(now)).saturating_sub(new as u64)
    }

    /// Counts those jobs of a registry whose end is new.
    fn meet_ended<'j>(
        &mut self,
        queue: &str,
        registry: Registry,
        jobs: impl Iterator<Item = &'j Job>,
        look: Look,
        failures: &mut Vec<NewEnd>,
    ) -> PageRead {
        let mut page = PageRead::default();
        // Ended jobs linger in a registry after they moved on.
        for job in jobs.filter(|job| has_ended_in(job, registry)) {
            self.meet(queue, job, look);
            let Some(at) = job.end() else {
                page.covered += 1;
                if let Some(hash) = self.is_new_undated(queue, job, &look) {
                    page.new += 1;
                    failures.extend(self.count_end(queue, job, look.now, hash));
                }
                continue;
            };
            if !look.covers(at) {
                continue;
            }
            page.covered += 1;
            let hash = hash_of(Event::Ended, queue, &job.id, at);
            if !self.is_new(hash, at) || !look.counts {
                continue;
            }
            page.new += 1;
            failures.extend(self.count_end(queue, job, at, hash));
        }
        page
    }

    /// Remembers which crowd each worker belongs to.
    fn meet_workers(&mut self, facts: &Facts<'_>) {
        if self.crews.len() > MOST_WORKERS {
            self.crews.clear();
        }
        for member in facts.workers().take(MOST_WORKERS) {
            self.crews.insert(member.worker.name.clone(), crowd_of(facts, member.worker));
        }
    }

    fn crew_of(&self, job: &Job) -> Option<&str> {
        self.crews.get(job.worker_name.as_ref()?).map(String::as_str)
    }

    /// Counts that a job was enqueued, started and retried, as far as that is new.
    fn meet(&mut self, queue: &str, job: &Job, look: Look) {
        let mut is_new = |event, at: Option<Timestamp>, run: Option<Timestamp>| {
            let at = at.filter(|at| look.covers(*at))?;
            self.is_new(hash_of(event, queue, &job.id, run.unwrap_or(at)), at).then_some(())
        };
        let enqueued = is_new(Event::Enqueued, job.enqueued_at, None).is_some();
        let has_started = !matches!(job.status, Status::Queued | Status::Scheduled);
        // RQ sets `started_at` twice in a run: in `prepare_execution` and again in the work horse.
        // Each run begins with its own `enqueued_at`. Source: `rq/worker.py` 2.6.1.
        let started =
            has_started && is_new(Event::Started, job.started_at, job.enqueued_at).is_some();
        let key = hash_of(Event::Known, queue, &job.id, Timestamp::UNIX_EPOCH);
        let is_young = look.counts && job.created_at.is_some_and(|at| look.covers(at));
        let retried = self.retries.look_at(key, job, is_young, look.now);
        if !look.counts || !(enqueued || started || retried > 0) {
            return;
        }
        let task = task_of(job);
        let crew = self.crew_of(job).filter(|_| started).map(str::to_owned);
        let counts = [
            (What::Enqueued, u64::from(enqueued), None),
            (What::Started, u64::from(started), crew),
            (What::Retried, retried, None),
        ];
        for (what, more, worker) in counts.into_iter().filter(|(_, more, _)| *more > 0) {
            let series = Series::of(what, queue, &task).by(worker.as_deref());
            if is_wrapper(&task) && self.unnamed.len() < MOST_NAMED {
                self.unnamed.push(Unnamed { id: job.id.clone(), series, more });
            } else {
                self.totals.add(series, more);
            }
        }
    }

    fn meet_canceled(&mut self, name: &str, queue: &QueueSurvey, look: &Look) {
        for sampled in &queue.canceled {
            // The score is when it was canceled. Source: `rq/registry.py`, `CanceledJobRegistry`.
            let at = sampled.entry.score.and_then(moment).filter(|at| look.covers(*at));
            let (Some(at), Some(stored)) = (at, sampled.stored()) else { continue };
            let hash = hash_of(Event::Canceled, name, &sampled.entry.id, at);
            if self.is_new(hash, at) && look.counts {
                let task = task_of(&stored.job);
                self.totals.add(Series::of(What::Cancelled, name, &task), 1);
            }
        }
    }

    /// Whether an event was not seen before; it is remembered.
    fn is_new(&mut self, hash: u64, at: Timestamp) -> bool {
        let is_new = self.seen.insert(hash, at).is_none();
        if is_new && self.is_recorded {
            self.news.seen.push((hash, at));
        }
        is_new
    }

    /// Whether an end that nothing dates counts: where it was not there at the last look, and the
    /// job lived lately. Gives what stands for it; it is remembered for as long as it is looked at.
    fn is_new_undated(&mut self, queue: &str, job: &Job, look: &Look) -> Option<u64> {
        let began = job.started_at.or(job.enqueued_at).unwrap_or(Timestamp::UNIX_EPOCH);
        let hash = hash_of(Event::Ended, queue, &job.id, began);
        let before = self.seen.insert(hash, look.now);
        let is_written = before.is_some_and(|at| at >= back(look.now, SLACK / 2));
        if is_written && let Some(at) = before {
            self.seen.insert(hash, at);
        } else if self.is_recorded {
            self.news.seen.push((hash, look.now));
        }
        let lived = job.last_heartbeat.max(job.started_at).max(job.enqueued_at)?;
        let is_new = before.is_none() && look.counts && !look.is_first;
        (is_new && lived >= back(look.now, LONGEST_ABSENCE)).then_some(hash)
    }

    fn count_end(
        &mut self,
        queue: &str,
        job: &Job,
        ended_at: Timestamp,
        hash: u64,
    ) -> Option<NewEnd> {
        let task = task_of(job);
        let (ran, waited) = (ran(job), waited(job));
        let failed = match job.status {
            Status::Finished if is_scheduled_run(job) => None,
            ref status => Some(*status == Status::Failed),
        };
        let ended = EndedJob {
            hash,
            queue: queue.to_owned(),
            method: task,
            site: site_of(job),
            ended_at,
            failed,
            error: None,
            wait_ms: waited.map(milliseconds),
            run_ms: ran.map(milliseconds),
        };
        let worker = self.crew_of(job).map(str::to_owned);
        let is_undated = job.end().is_none();
        let was_stopped = job.status == Status::Stopped;
        let end = NewEnd { id: job.id.clone(), worker, ended, is_undated, was_stopped };
        if failed == Some(true) || is_wrapper(&end.ended.method) {
            return Some(end);
        }
        self.count_named(end, None);
        None
    }

    fn record(&mut self, ended: EndedJob) {
        if self.is_recorded {
            self.news.ended.push(ended);
        }
    }

    /// Whether there is nothing left of a look for [`Self::complete`].
    pub(super) fn is_whole(&self, new: &[NewEnd]) -> bool {
        new.is_empty() && self.deeper.is_empty() && self.unnamed.is_empty()
    }

    /// Reads on where more jobs ended than the look read, then what is called by jobs whose
    /// description does not tell, then what new failures are. Two round trips for each further page,
    /// one per 500 of the others; failures that cannot be read count as `unknown`.
    ///
    /// Errors: those of Redis, after counting.
    pub(super) fn complete(&mut self, store: &mut Store, mut new: Vec<NewEnd>) -> Result<()> {
        let mut read = Ok(());
        for deeper in std::mem::take(&mut self.deeper) {
            let reached = match &read {
                Ok(()) => self.read_on(store, &deeper, &mut new),
                Err(_) => Ok(false),
            };
            if !matches!(reached, Ok(true)) {
                self.totals.add(Series::bare(What::Gaps), 1);
            }
            read = read.and(reached.map(|_| ()));
        }
        let named = self.name_methods(store, &mut new);
        let failed = self.name_failures(store, new);
        read.and(named).and(failed)
    }

    /// Reads further pages of a registry until one holds nothing new and nothing is missing; whether
    /// that was reached.
    fn read_on(
        &mut self,
        store: &mut Store,
        deeper: &Deeper,
        failures: &mut Vec<NewEnd>,
    ) -> Result<bool> {
        let Deeper { queue, name, registry, look, missing } = deeper;
        let mut missing = *missing;
        for page in 0..MOST_PAGES {
            let skipped = SAMPLE + page * PAGE;
            let Ok(entries) = store.newest_entries(*registry, queue, skipped, PAGE)? else {
                return Ok(false);
            };
            if entries.is_empty() {
                return Ok(true);
            }
            let ids: Vec<JobId> = entries.iter().map(|entry| entry.id.clone()).collect();
            let read = store.jobs(&ids, Want::default())?.into_iter();
            let jobs = read.zip(&entries).filter_map(|(job, entry)| {
                let mut job = job.ok()??.job;
                job.learn_failed_entry(entry.score);
                Some(job)
            });
            let jobs: Vec<Job> = jobs.collect();
            let new = self.meet_ended(name, *registry, jobs.iter(), *look, failures).new;
            missing = missing.saturating_sub(new as u64);
            if new == 0 && missing == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts failures of which nobody can say what they were.
    pub(super) fn count_unnamed(&mut self, new: Vec<NewEnd>) {
        for Unnamed { series, more, .. } in std::mem::take(&mut self.unnamed) {
            self.totals.add(series, more);
        }
        for end in new {
            self.count_named(end, None);
        }
    }

    fn count_named(&mut self, end: NewEnd, sort: Option<String>) {
        let NewEnd { worker, mut ended, was_stopped, .. } = end;
        let of = |what| Series::of(what, &ended.queue, &ended.method);
        for (what, time) in [(What::Ran, ended.run_ms), (What::Waited, ended.wait_ms)] {
            if let Some(ms) = time {
                self.totals.observe(of(what), ms as f64 / 1_000.0);
            }
        }
        let what = match ended.failed {
            _ if was_stopped => What::Stopped,
            Some(true) => What::Failed,
            Some(false) => What::Completed,
            None => What::Unknown,
        };
        let error_type = || Some(sort.clone().unwrap_or_else(|| "unknown".to_owned()));
        let error_type = if what == What::Failed { error_type() } else { None };
        self.totals.add(Series { error_type, ..of(what).by(worker.as_deref()) }, 1);
        ended.error = sort;
        self.record(ended);
    }

    /// The counters so far.
    pub(super) fn families(&self) -> Vec<Family> {
        self.totals.families()
    }
}

/// Something that a job did whose description does not tell what it calls.
#[derive(Debug)]
struct Unnamed {
    id: JobId,
    series: Series,
    more: u64,
}

/// A registry of which more is to be read.
#[derive(Debug)]
struct Deeper {
    queue: QueueName,
    name: String,
    registry: Registry,
    look: Look,
    /// New entries that were not found yet.
    missing: u64,
}

/// What a page of a registry held.
#[derive(Debug, Default)]
struct PageRead {
    /// Ends since the horizon.
    covered: usize,
    /// Those of them that were not seen before.
    new: usize,
}

#[cfg(test)]
mod tests;
