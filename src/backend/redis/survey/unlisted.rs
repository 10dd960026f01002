//! Looks for jobs that say queued or started and stand nowhere, and for entries without a job.
//!
//! A job on its way from the list to its worker stands nowhere for a moment, so a suspect is
//! looked at twice, and never suspected while a worker of its queue is busy with a job that it
//! has not named yet.

use std::collections::HashSet;
use std::time::Duration;

use redis::cmd;

use super::super::batch::Batch;
use super::super::read::{Entry, ID_PAGE, JOB_BATCH, Place, Store, StoredJob, Want};
use super::collect::ids_of;
use super::queue::Opened;
use super::{QueueSurvey, Survey, SurveyScope};
use crate::error::Result;
use crate::model::id::{JobId, QueueName, is_scheduled_job_id};
use crate::model::job::{Status, seconds_between};
use crate::model::part::Part;
use crate::model::queue::Registry;
use crate::model::worker::Worker;

/// Keys that the search for fixed ids may visit without `--deep`.
const SCAN_KEYS: u64 = 50_000;
/// Keys visited per step of a search: about a millisecond of the server's time.
const SCAN_STEP: usize = 5_000;
/// Suspects that are looked at a second time.
const MOST_SUSPECTS: usize = 1_000;
/// How long a job may be on its way from the list to its worker.
const ON_ITS_WAY: Duration = Duration::from_millis(250);
/// Seconds within which an enqueued job may have missed the survey.
const FRESH_S: f64 = 10.0;
/// Ids at each end of a list among which one that came after the survey must stand.
const NEWCOMERS: isize = 10_000;
/// Pauses between looks at parked ids; most are gone at the first. Together [`ON_ITS_WAY`].
const PAUSES_MS: [u64; 4] = [10, 30, 70, 140];

impl Store {
    /// Drops the parked ids that were only on their way to a worker: a few looks, some
    /// milliseconds apart, and only where any is parked.
    pub(super) fn let_jobs_pass(&mut self, queues: &mut [Opened]) -> Result<()> {
        for pause in PAUSES_MS {
            let mut batch = Batch::default();
            let slots: Vec<_> = queues
                .iter()
                .enumerate()
                .filter(|(_, queue)| queue.survey.has_unstarted())
                .map(|(at, queue)| {
                    let place = Place::Intermediate(queue.survey.name.clone());
                    let slot = self.add_entries(&mut batch, &place, 0, -1);
                    (at, place, slot)
                })
                .collect();
            if slots.is_empty() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(pause));
            let mut replies = self.run(batch)?;
            for (at, place, slot) in slots {
                let Ok(left) = Self::take_entries(&mut replies, slot, &place) else { continue };
                let left: HashSet<JobId> = left.into_iter().map(|entry| entry.id).collect();
                if let Some(queue) = queues.get_mut(at) {
                    queue.survey.parked.retain(|sampled| left.contains(&sampled.entry.id));
                }
            }
        }
        Ok(())
    }

    /// Finds ghosts, and for a deep survey lost jobs and dangling entries.
    pub(super) fn find_unlisted(&mut self, scope: &SurveyScope, survey: &mut Survey) -> Result<()> {
        let few = survey.keys.as_ref().is_ok_and(|keys| *keys <= SCAN_KEYS);
        if !scope.deep && !few {
            return Ok(());
        }
        match self.suspects(scope, survey)? {
            Ok(suspects) => {
                survey.unlisted.searched = true;
                self.confirm(suspects, survey)?;
            }
            Err(lack) => survey.lacks.push(lack),
        }
        if scope.deep {
            survey.unlisted.dangling = self.find_dangling(&survey.queues)?;
        }
        Ok(())
    }

    /// Jobs that say queued or started and were seen nowhere.
    fn suspects(&mut self, scope: &SurveyScope, survey: &Survey) -> Result<Part<Vec<StoredJob>>> {
        let pattern = if scope.deep {
            self.keys().jobs_pattern()
        } else {
            self.keys().scheduled_jobs_pattern()
        };
        let seen = seen_elsewhere(survey);
        let mut suspects = Vec::new();
        let mut cursor = b"0".to_vec();
        loop {
            let mut batch = Batch::default();
            let scan = cmd("SCAN").arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").take();
            let slot = batch.add("SCAN", scan.clone().arg(SCAN_STEP).take());
            let step: Part<(Vec<u8>, Vec<Vec<u8>>)> = self.run(batch)?.get(slot);
            let (next, keys) = match step {
                Ok(step) => step,
                Err(lack) => return Ok(Err(lack)),
            };
            let ids: Vec<JobId> = keys
                .iter()
                .filter_map(|key| self.keys().job_id_of(key))
                .map(JobId::new)
                .filter(|id| scope.deep || is_scheduled_job_id(id.as_bytes()))
                .filter(|id| !seen.contains(id) && !survey.queues.iter().any(|q| q.ids.holds(id)))
                .collect();
            for job in self.jobs(&ids, Want::default())?.into_iter().flatten().flatten() {
                if is_suspect(scope, survey, &job) && suspects.len() < MOST_SUSPECTS {
                    suspects.push(job);
                }
            }
            if next == b"0" {
                return Ok(Ok(suspects));
            }
            cursor = next;
        }
    }

    /// Looks a second time, after any job on its way has arrived.
    fn confirm(&mut self, suspects: Vec<StoredJob>, survey: &mut Survey) -> Result<()> {
        if suspects.is_empty() {
            return Ok(());
        }
        std::thread::sleep(ON_ITS_WAY);
        let workers = self.workers()?.map(|(workers, _)| workers).unwrap_or_default();
        let in_transit = queues_in_transit(&workers);
        let mut seen = self.seen_now(&survey.queues)?;
        seen.extend(workers.into_iter().flat_map(|worker| worker.current_jobs));
        let ids: Vec<JobId> = suspects.iter().map(|suspect| suspect.job.id.clone()).collect();
        let again = self.jobs(&ids, Want::default())?;
        for (before, now) in suspects.into_iter().zip(again) {
            let Ok(Some(now)) = now else { continue };
            let moved = now.job.status != before.job.status
                || now.job.enqueued_at != before.job.enqueued_at
                || now.job.started_at != before.job.started_at;
            let on_its_way = now.job.origin.as_ref().is_some_and(|q| in_transit.contains(q));
            let waited = now.job.enqueued_at.and_then(|at| seconds_between(at, survey.taken_at));
            let fresh = waited.is_some_and(|waited| waited < FRESH_S);
            if moved || on_its_way || fresh || seen.contains(&now.job.id) {
                continue;
            }
            if is_scheduled_job_id(now.job.id.as_bytes()) {
                survey.unlisted.ghosts.push(now);
            } else if now.job.status == Status::Queued {
                survey.unlisted.lost.add(|| now);
            }
        }
        Ok(())
    }

    /// What the ends of the lists, the intermediate lists and the started registries hold now: one
    /// round trip, in the order in which a job passes through them.
    ///
    /// A suspect was in no list when that was read whole, so it can only have come to an end of it.
    fn seen_now(&mut self, queues: &[QueueSurvey]) -> Result<HashSet<JobId>> {
        let mut batch = Batch::default();
        let mut slots = Vec::new();
        for queue in queues {
            let list = Place::Queue(queue.name.clone());
            for (start, stop) in [(0, NEWCOMERS - 1), (-NEWCOMERS, -1)] {
                let slot = self.add_entries(&mut batch, &list, start, stop);
                slots.push((list.clone(), slot));
            }
            let parked = Place::Intermediate(queue.name.clone());
            let started = Place::Registry(Registry::Started, queue.name.clone());
            for place in [parked, started] {
                let slot = self.add_entries(&mut batch, &place, 0, -1);
                slots.push((place, slot));
            }
        }
        let mut replies = self.run(batch)?;
        let mut ids = HashSet::new();
        for (place, slot) in slots {
            let entries = Self::take_entries(&mut replies, slot, &place).unwrap_or_default();
            ids.extend(entries.into_iter().map(|entry| entry.id));
        }
        Ok(ids)
    }

    /// Counts registry entries whose job is gone and which no clean-up will drop.
    ///
    /// Finished and failed entries whose score has passed are dropped by the next clean-up, so
    /// only the others count. Source: `rq/registry.py` `cleanup`.
    fn find_dangling(&mut self, queues: &[QueueSurvey]) -> Result<Vec<(Place, u64)>> {
        let mut dangling = Vec::new();
        for queue in queues {
            let kept = [Registry::Scheduled, Registry::Deferred, Registry::Canceled];
            for registry in kept {
                let place = Place::Registry(registry, queue.name.clone());
                let count = self.count_dangling(&place)?;
                if count > 0 {
                    dangling.push((place, count));
                }
            }
        }
        Ok(dangling)
    }

    fn count_dangling(&mut self, place: &Place) -> Result<u64> {
        let mut count = 0;
        let mut start = 0;
        loop {
            let entries = self.entries(place, start, ID_PAGE)?.unwrap_or_default();
            for entries in entries.chunks(JOB_BATCH) {
                count += self.count_gone(entries)?;
            }
            if entries.len() < ID_PAGE {
                return Ok(count);
            }
            start += ID_PAGE;
        }
    }

    fn count_gone(&mut self, entries: &[Entry]) -> Result<u64> {
        let mut batch = Batch::default();
        let slots: Vec<_> = entries
            .iter()
            .map(|entry| {
                let key = self.keys().job(entry.id.as_bytes());
                batch.add("EXISTS", cmd("EXISTS").arg(key).take())
            })
            .collect();
        let mut replies = self.run(batch)?;
        Ok(slots.into_iter().filter(|slot| replies.get::<bool>(*slot) == Ok(false)).count() as u64)
    }
}

/// Ids that stand in a started registry, an intermediate list, or a worker's hands.
fn seen_elsewhere(survey: &Survey) -> HashSet<JobId> {
    let mut seen = HashSet::new();
    for queue in &survey.queues {
        seen.extend(ids_of(&queue.running).cloned());
        seen.extend(ids_of(&queue.parked).cloned());
    }
    for worker in survey.workers.iter().flatten() {
        seen.extend(worker.current_jobs.iter().cloned());
    }
    seen
}

/// Whether a job that was seen nowhere should stand somewhere of this scope.
fn is_suspect(scope: &SurveyScope, survey: &Survey, stored: &StoredJob) -> bool {
    let job = &stored.job;
    let Some(origin) = &job.origin else { return false };
    let expected = match job.status {
        Status::Queued => true,
        // A running job is in a registry; without one nothing will ever end it.
        Status::Started => is_scheduled_job_id(job.id.as_bytes()),
        _ => false,
    };
    // A registry that could not be read whole proves nothing.
    let readable = survey.queues.iter().find(|queue| queue.name == *origin).is_none_or(|queue| {
        queue.lacks.is_empty()
            && queue.unreadable.is_empty()
            && queue.counts.started.unwrap_or(0) <= queue.running.len() as u64
            && queue.counts.intermediate.unwrap_or(0) <= queue.parked.len() as u64
    });
    expected && readable && scope.covers(origin)
}

/// Queues of which a worker is busy with a job that it has not named yet.
fn queues_in_transit(workers: &[Worker]) -> HashSet<QueueName> {
    let unnamed = |worker: &&Worker| worker.is_busy() && worker.current_jobs.is_empty();
    workers.iter().filter(unnamed).flat_map(|worker| worker.queues().iter().cloned()).collect()
}

impl QueueSurvey {
    /// Whether an id is parked that no worker has started.
    fn has_unstarted(&self) -> bool {
        self.parked
            .iter()
            .any(|parked| !self.running.iter().any(|run| run.entry.id == parked.entry.id))
    }
}
