//! Where the jobs of fixed ids stand: waiting, running, or nowhere although they say so.
//!
//! Frappe enqueues a scheduled job type only while the hash of its fixed id says neither queued nor
//! started, and looks no further. So a hash that says so while the id stands in no list, no
//! registry and in no worker's hands, a ghost, keeps its type from running for good.
//! Changes nothing. Source: `is_job_in_queue` in `scheduled_job_type.py`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use redis::cmd;

use super::batch::{Batch, Slot};
use super::read::{ID_PAGE, JOB_BATCH, Place, Store};
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Status, parse_rq_date, seconds_between};
use crate::model::part::Part;
use crate::model::queue::Registry;

/// How long a job may be on its way from the list to its worker.
const ON_ITS_WAY: Duration = Duration::from_millis(250);
/// Seconds within which an enqueued job may not stand anywhere yet: RQ writes the hash first.
const FRESH_S: f64 = 10.0;
/// Pages of a list that are looked through for ids, from its end: a million ids.
const MOST_PAGES: usize = 100;

/// Where the job of a fixed id stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FixedJob {
    /// There is none, or it ended: its type can be enqueued.
    None,
    /// It waits in a queue.
    Queued,
    /// A worker runs it.
    Started,
    /// It says queued or started and stands nowhere.
    Ghost,
}

/// What a hash says.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    status: Status,
    queue: Option<QueueName>,
    enqueued_at: Option<Timestamp>,
}

impl Said {
    /// The word of the hash, taken for true.
    fn taken_at_its_word(&self) -> FixedJob {
        match self.status {
            Status::Queued => FixedJob::Queued,
            Status::Started => FixedJob::Started,
            _ => FixedJob::None,
        }
    }
}

impl Store {
    /// Finds where the jobs of fixed ids stand, in the order of `ids`. What cannot be read whole
    /// is taken at its word, and never for a ghost.
    ///
    /// One round trip per some hundred ids; a few more where some say queued or started, and a
    /// second look after a quarter of a second where one of them stands nowhere.
    pub fn fixed_jobs(&mut self, ids: &[JobId], now: Timestamp) -> Result<Vec<Part<FixedJob>>> {
        let said = self.said(ids)?;
        let mut found: Vec<Part<FixedJob>> = Vec::with_capacity(said.len());
        let mut suspects = Vec::new();
        for (at, said) in said.into_iter().enumerate() {
            found.push(match &said {
                Ok(said) => Ok(said.as_ref().map_or(FixedJob::None, Said::taken_at_its_word)),
                Err(lack) => Err(lack.clone()),
            });
            let Ok(Some(said)) = said else { continue };
            let waited = said.enqueued_at.and_then(|since| seconds_between(since, now));
            let is_fresh = waited.is_some_and(|waited| waited < FRESH_S);
            if said.taken_at_its_word() != FixedJob::None && !is_fresh {
                suspects.push((at, said));
            }
        }
        self.keep_unseen(ids, &mut suspects)?;
        if suspects.is_empty() {
            return Ok(found);
        }
        std::thread::sleep(ON_ITS_WAY);
        self.keep_unmoved(ids, &mut suspects)?;
        self.keep_unseen(ids, &mut suspects)?;
        for (at, _) in suspects {
            if let Some(place) = found.get_mut(at) {
                *place = Ok(FixedJob::Ghost);
            }
        }
        Ok(found)
    }

    fn said(&mut self, ids: &[JobId]) -> Result<Vec<Part<Option<Said>>>> {
        let mut said = Vec::with_capacity(ids.len());
        for ids in ids.chunks(JOB_BATCH) {
            let mut batch = Batch::default();
            let slots: Vec<Slot> = ids
                .iter()
                .map(|id| {
                    let key = self.keys().job(id.as_bytes());
                    let read =
                        cmd("HMGET").arg(key).arg(&["status", "origin", "enqueued_at"]).take();
                    batch.add("HMGET job", read)
                })
                .collect();
            let mut replies = self.run(batch)?;
            said.extend(slots.into_iter().map(|slot| {
                let [status, queue, at]: [Option<Vec<u8>>; 3] = replies.get(slot)?;
                let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
                Ok(status.map(|status| Said {
                    status: Status::parse(&text(status)),
                    queue: queue.map(|name| QueueName::new(text(name))),
                    enqueued_at: at.and_then(|at| parse_rq_date(&text(at))),
                }))
            }));
        }
        Ok(said)
    }

    /// Drops the suspects whose hash changed since.
    fn keep_unmoved(&mut self, ids: &[JobId], suspects: &mut Vec<(usize, Said)>) -> Result<()> {
        let asked: Vec<JobId> =
            suspects.iter().filter_map(|(at, _)| ids.get(*at).cloned()).collect();
        let mut again = self.said(&asked)?.into_iter();
        suspects
            .retain(|(_, before)| matches!(again.next(), Some(Ok(Some(now))) if now == *before));
        Ok(())
    }

    /// Drops the suspects that stand somewhere, or that may stand where it cannot be looked.
    fn keep_unseen(&mut self, ids: &[JobId], suspects: &mut Vec<(usize, Said)>) -> Result<()> {
        let mut by_queue: BTreeMap<QueueName, HashSet<JobId>> = BTreeMap::new();
        for (at, said) in suspects.iter() {
            if let (Some(queue), Some(id)) = (&said.queue, ids.get(*at)) {
                by_queue.entry(queue.clone()).or_default().insert(id.clone());
            }
        }
        let mut unseen = HashMap::new();
        for (queue, mut left) in by_queue {
            if self.strike_listed(&queue, &mut left)?.is_ok() {
                unseen.extend(left.into_iter().map(|id| (id, queue.clone())));
            }
        }
        if !unseen.is_empty() {
            // Last, as this is where a job comes last.
            self.strike_in_hand(&mut unseen)?;
        }
        suspects.retain(|(at, _)| ids.get(*at).is_some_and(|id| unseen.contains_key(id)));
        Ok(())
    }

    /// Strikes out the ids that a queue, its intermediate list or its started registry holds.
    ///
    /// The list is read from its end, where new ids come: what leaves it at the front meanwhile
    /// does not shift the pages.
    fn strike_listed(&mut self, queue: &QueueName, left: &mut HashSet<JobId>) -> Result<Part<()>> {
        let mut complete = false;
        for page in 0..MOST_PAGES {
            let Ok(end) = isize::try_from(page * ID_PAGE) else { break };
            let Ok(length) = isize::try_from(ID_PAGE) else { break };
            let entries = match self.slice(&Place::Queue(queue.clone()), -end - length, -end - 1)? {
                Ok(ids) => ids,
                Err(lack) => return Ok(Err(lack)),
            };
            complete = entries.len() < ID_PAGE;
            strike(left, entries);
            if complete || left.is_empty() {
                break;
            }
        }
        let parked = Place::Intermediate(queue.clone());
        let started = Place::Registry(Registry::Started, queue.clone());
        for place in [parked, started] {
            match self.slice(&place, 0, -1)? {
                Ok(ids) => strike(left, ids),
                Err(lack) => return Ok(Err(lack)),
            }
        }
        if !complete {
            left.clear();
        }
        Ok(Ok(()))
    }

    /// Strikes out what a worker runs, and all of a queue of which a worker is busy with a job that
    /// it has not named yet.
    fn strike_in_hand(&mut self, unseen: &mut HashMap<JobId, QueueName>) -> Result<()> {
        let Ok((workers, _)) = self.workers()? else {
            unseen.clear();
            return Ok(());
        };
        for worker in &workers {
            let is_silent = worker.is_busy() && worker.current_jobs.is_empty();
            unseen.retain(|id, queue| {
                !worker.current_jobs.contains(id)
                    && (!is_silent || !worker.queues().contains(queue))
            });
        }
        Ok(())
    }

    fn slice(&mut self, place: &Place, start: isize, stop: isize) -> Result<Part<Vec<JobId>>> {
        let mut batch = Batch::default();
        let slot = self.add_entries(&mut batch, place, start, stop);
        let mut replies = self.run(batch)?;
        let entries = Self::take_entries(&mut replies, slot, place);
        Ok(entries.map(|entries| entries.into_iter().map(|entry| entry.id).collect()))
    }
}

fn strike(left: &mut HashSet<JobId>, ids: Vec<JobId>) {
    for id in ids {
        left.remove(&id);
    }
}
