//! The fixed turns of a survey.

use jiff::Timestamp;
use redis::cmd;

use super::super::batch::{Batch, Replies, Slot};
use super::super::read::{CountSlots, Entry, JobSlots, Place, Store, Want, take_job};
use super::super::server::Server;
use super::{
    IdTally, QueueSurvey, SAMPLE, Sampled, Survey, SurveyScope, Suspension, Unlisted, Waiting,
};
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::part::{Lack, Part, Why};
use crate::model::queue::Registry;
use crate::model::worker::Worker;

/// Ids read of each list in the second turn. What stands behind them is streamed.
pub(super) const HEAD: usize = 1_000;
/// Running jobs looked at per queue.
const MOST_RUNNING: isize = 1_000;
/// Parked ids looked at per queue.
const MOST_PARKED: isize = 100;
/// Newest failed and finished jobs whose dates are read, per queue.
const NEWEST_ENDED: usize = 100;
/// Newest failed entries whose scores are read, per queue: Frappe keeps about a thousand.
const MOST_FAILED: isize = 2_000;

/// First turn: the server, and what there is.
struct Overview {
    taken_at: Timestamp,
    latency_ms: f64,
    server: Part<Server>,
    save_rule: Part<String>,
    suspended: Part<Option<Suspension>>,
    queues: Part<Vec<QueueName>>,
    workers: Part<Vec<String>>,
}

/// Where the second turn's replies about a queue stand.
struct QueueSlots {
    name: QueueName,
    counts: CountSlots,
    head: Slot,
    tail: Slot,
    parked: Slot,
    running: Slot,
    failed: Slot,
    finished: Slot,
}

/// A queue after the second turn, with the waiting entries still to be looked at.
pub(super) struct Opened {
    pub(super) survey: QueueSurvey,
    pub(super) waiting: Vec<Entry>,
}

impl Store {
    /// Surveys the scope; `now` is used where the server's clock is hidden.
    ///
    /// Cost: three round trips, one or two more where a job seems to be lost or a queue's list is
    /// longer than a page.
    pub fn survey(&mut self, scope: &SurveyScope, now: Timestamp) -> Result<Survey> {
        let overview = self.overview(now)?;
        let known = overview.queues.clone().unwrap_or_default();
        let (queues, foreign) = divide(scope, &known);
        let names = overview.workers.clone().unwrap_or_default();
        let (mut opened, (workers, lacks)) = self.second_turn(queues, names, scope.deep)?;
        self.third_turn(&mut opened)?;
        self.read_long_lists(&mut opened, scope.deep)?;
        let mut survey = Survey {
            taken_at: overview.taken_at,
            latency_ms: overview.latency_ms,
            server: overview.server,
            save_rule: overview.save_rule,
            suspended: overview.suspended,
            queues: opened.into_iter().map(|opened| opened.survey).collect(),
            known,
            foreign,
            queues_read: overview.queues.map(|_| ()),
            workers: overview.workers.map(|_| workers),
            unlisted: Unlisted::default(),
            lacks,
        };
        self.find_unlisted(scope, &mut survey)?;
        Ok(survey)
    }

    fn overview(&mut self, now: Timestamp) -> Result<Overview> {
        let mut batch = Batch::default();
        let time = batch.add("TIME", cmd("TIME"));
        let info = batch.add("INFO", cmd("INFO"));
        let save = batch.add("CONFIG GET save", cmd("CONFIG").arg("GET").arg("save").take());
        let suspended =
            batch.add("PTTL suspended", cmd("PTTL").arg(self.keys().suspended()).take());
        let queues = batch.add("SMEMBERS queues", cmd("SMEMBERS").arg(self.keys().queues()).take());
        let workers =
            batch.add("SMEMBERS workers", cmd("SMEMBERS").arg(self.keys().workers()).take());
        let begun = crate::sys::clock::Stopwatch::start();
        let mut replies = self.run(batch)?;
        let latency_ms = begun.elapsed().as_secs_f64() * 1000.0;
        let db = i64::from(self.link().endpoint().db());
        let queues = replies.get::<Vec<String>>(queues).map(|members| self.queue_names(&members));
        let workers = replies.get::<Vec<String>>(workers).map(|names| self.worker_names(names));
        Ok(Overview {
            taken_at: server_time(&mut replies, time).unwrap_or(now),
            latency_ms,
            server: replies.get::<String>(info).map(|info| Server::parse(&info, db)),
            save_rule: save_rule(&mut replies, save),
            suspended: replies.get::<i64>(suspended).map(suspension),
            queues,
            workers,
        })
    }

    fn queue_names(&self, members: &[String]) -> Vec<QueueName> {
        let names = members.iter().filter_map(|member| self.keys().queue_name_of(member));
        let mut names: Vec<QueueName> = names.map(QueueName::new).collect();
        names.sort_unstable();
        names
    }

    /// Counts, ends, registries and workers: one round trip.
    fn second_turn(
        &mut self,
        queues: Vec<QueueName>,
        workers: Vec<String>,
        deep: bool,
    ) -> Result<(Vec<Opened>, (Vec<Worker>, Vec<Lack>))> {
        let mut batch = Batch::default();
        let slots: Vec<_> =
            queues.into_iter().map(|queue| self.add_queue(&mut batch, queue)).collect();
        let workers = self.add_workers(&mut batch, workers);
        let mut replies = self.run(batch)?;
        let queues = slots.into_iter().map(|slots| slots.take(&mut replies, deep)).collect();
        Ok((queues, Self::take_workers(&mut replies, workers)))
    }

    fn add_queue(&self, batch: &mut Batch, name: QueueName) -> QueueSlots {
        let list = Place::Queue(name.clone());
        let parked = Place::Intermediate(name.clone());
        let of = |registry| Place::Registry(registry, name.clone());
        QueueSlots {
            counts: self.add_counts(batch, &name),
            head: self.add_entries(batch, &list, 0, index(HEAD) - 1),
            tail: self.add_entries(batch, &list, -index(SAMPLE), -1),
            parked: self.add_entries(batch, &parked, 0, MOST_PARKED - 1),
            running: self.add_entries(batch, &of(Registry::Started), 0, MOST_RUNNING - 1),
            failed: self.add_entries(batch, &of(Registry::Failed), -MOST_FAILED, -1),
            finished: self.add_entries(batch, &of(Registry::Finished), -index(NEWEST_ENDED), -1),
            name,
        }
    }

    /// The jobs behind the sampled entries: one round trip.
    fn third_turn(&mut self, queues: &mut [Opened]) -> Result<()> {
        let mut batch = Batch::default();
        let waiting = Want { ttl: true, ..Want::default() };
        let mut slots: Vec<JobSlots> = Vec::new();
        for queue in &*queues {
            slots.extend(queue.waiting.iter().map(|e| self.add_job(&mut batch, &e.id, waiting)));
            for sampled in queue.survey.samples() {
                slots.push(self.add_job(&mut batch, &sampled.entry.id, Want::default()));
            }
        }
        let mut replies = self.run(batch)?;
        let mut slots = slots.into_iter();
        for queue in queues {
            for entry in std::mem::take(&mut queue.waiting) {
                let Some(slots) = slots.next() else { break };
                let job = take_job(&mut replies, &entry.id, slots);
                queue.survey.waiting.look_at(&Sampled { entry, job });
            }
            for sampled in queue.survey.samples_mut() {
                let Some(slots) = slots.next() else { break };
                sampled.job = take_job(&mut replies, &sampled.entry.id, slots);
            }
        }
        Ok(())
    }
}

impl QueueSurvey {
    fn samples(&self) -> impl Iterator<Item = &Sampled> {
        self.running.iter().chain(&self.parked).chain(&self.failed).chain(&self.finished)
    }

    fn samples_mut(&mut self) -> impl Iterator<Item = &mut Sampled> {
        let ended = self.failed.iter_mut().chain(&mut self.finished);
        self.running.iter_mut().chain(&mut self.parked).chain(ended)
    }
}

impl QueueSlots {
    fn take(self, replies: &mut Replies, deep: bool) -> Opened {
        let (counts, mut lacks) = self.counts.take(replies);
        let of = |registry| Place::Registry(registry, self.name.clone());
        let list = Place::Queue(self.name.clone());
        let mut entries = |slot, place: &Place| {
            Store::take_entries(replies, slot, place)
                .map_err(|lack| lacks.push(lack))
                .unwrap_or_default()
        };
        let head = entries(self.head, &list);
        let tail = entries(self.tail, &list);
        let parked = entries(self.parked, &Place::Intermediate(self.name.clone()));
        let running = entries(self.running, &of(Registry::Started));
        let failed_entries = entries(self.failed, &of(Registry::Failed));
        let finished = entries(self.finished, &of(Registry::Finished));
        let newest = failed_entries.len().saturating_sub(NEWEST_ENDED);
        let unread = |entries: Vec<Entry>| entries.into_iter().map(Sampled::unread).collect();
        let mut ids = IdTally::new(deep);
        head.iter().for_each(|entry| ids.add(entry.id.as_bytes()));
        let (waiting, complete) = both_ends(head, tail, deep);
        let survey = QueueSurvey {
            counts,
            ids,
            waiting: Waiting { complete, ..Waiting::default() },
            running: unread(running),
            parked: unread(parked),
            failed: failed_entries.iter().skip(newest).cloned().map(Sampled::unread).collect(),
            failed_entries,
            finished: unread(finished),
            lacks,
            name: self.name,
        };
        Opened { survey, waiting }
    }
}

/// The entries to look at, and whether they are the whole list. `head` is the first page.
fn both_ends(mut head: Vec<Entry>, tail: Vec<Entry>, deep: bool) -> (Vec<Entry>, bool) {
    let whole = head.len() < HEAD;
    if deep || head.len() <= 2 * SAMPLE {
        return (head, whole);
    }
    head.truncate(SAMPLE);
    head.extend(tail);
    (head, false)
}

/// The queues of the scope, configured ones first, and those of others.
pub(in super::super) fn divide(
    scope: &SurveyScope,
    known: &[QueueName],
) -> (Vec<QueueName>, Vec<QueueName>) {
    let (covered, foreign): (Vec<_>, Vec<_>) =
        known.iter().cloned().partition(|queue| scope.covers(queue));
    let mut queues = scope.configured.clone();
    queues.extend(covered.into_iter().filter(|queue| !scope.configured.contains(queue)));
    (queues, foreign)
}

/// Reads the reply of `TIME`.
pub(in super::super) fn server_time(replies: &mut Replies, slot: Slot) -> Option<Timestamp> {
    let time: Vec<i64> = replies.get(slot).ok()?;
    let [seconds, micros] = time.try_into().ok()?;
    Timestamp::new(seconds, i32::try_from(micros).ok()?.checked_mul(1000)?).ok()
}

fn save_rule(replies: &mut Replies, slot: Slot) -> Part<String> {
    let pairs: Vec<String> = replies.get(slot)?;
    let [_, rule] = <[String; 2]>::try_from(pairs)
        .map_err(|_| Lack::new("CONFIG GET save", Why::Failed, "an answer of another shape"))?;
    Ok(rule)
}

/// Reads the reply of `PTTL`: -2 for no key, -1 for no expiry.
fn suspension(pttl_ms: i64) -> Option<Suspension> {
    match pttl_ms {
        -2 => None,
        ms if ms < 0 => Some(Suspension { ends_in_s: None }),
        ms => Some(Suspension { ends_in_s: Some(ms as f64 / 1000.0) }),
    }
}

fn index(position: usize) -> isize {
    isize::try_from(position).unwrap_or(isize::MAX)
}

/// Keeps an id that was taken out of an entry, for the sets of the search.
pub(super) fn ids_of(sampled: &[Sampled]) -> impl Iterator<Item = &JobId> {
    sampled.iter().map(|sampled| &sampled.entry.id)
}
