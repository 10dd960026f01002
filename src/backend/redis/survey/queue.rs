//! One queue in the second turn of a survey: what is asked of it, and what comes of that.

use jiff::Timestamp;
use redis::cmd;

use super::super::batch::{Batch, Replies, Slot};
use super::super::read::{CountSlots, Entry, Place, Store};
use super::{IdTally, OVERDUE_S, Overdue, QueueSurvey, SAMPLE, Sampled, SurveyScope, Waiting};
use crate::model::id::QueueName;
use crate::model::part::Lack;
use crate::model::queue::{Counts, Registry};

/// Ids read of each list in the second turn. What stands behind them is streamed.
pub(super) const HEAD: usize = 1_000;
/// Running jobs looked at per queue.
const MOST_RUNNING: isize = 1_000;
/// Parked ids looked at per queue.
const MOST_PARKED: isize = 100;
/// Newest failed and finished jobs whose dates are read, per queue.
const NEWEST_ENDED: usize = 100;
/// Ids and waiting jobs that the queues of a survey of heads share, and what each gets at least.
const SHARED_IDS: usize = 20_000;
const SHARED_JOBS: usize = 1_000;
const LEAST_SAMPLE: usize = 5;
/// Newest failed entries whose scores are read, per queue: Frappe keeps about a thousand.
const MOST_FAILED: isize = 2_000;

/// Overdue scheduled jobs that are named, per queue.
const MOST_OVERDUE: isize = 5;

/// Where the second turn's replies about a queue stand.
pub(super) struct QueueSlots {
    name: QueueName,
    counts: CountSlots,
    head: Slot,
    tail: Slot,
    parked: Slot,
    running: Slot,
    failed: Slot,
    finished: Slot,
    canceled: Option<Slot>,
    overdue: Slot,
    due_first: Slot,
    scheduler: Slot,
}

/// A queue after the second turn, with the waiting entries still to be looked at.
pub(super) struct Opened {
    pub(super) survey: QueueSurvey,
    pub(super) waiting: Vec<Entry>,
}

impl Store {
    /// Adds what a survey asks of one queue.
    pub(super) fn add_queue(&self, batch: &mut Batch, name: QueueName, turn: Turn) -> QueueSlots {
        let list = Place::Queue(name.clone());
        let parked = Place::Intermediate(name.clone());
        let of = |registry| Place::Registry(registry, name.clone());
        let due_by = turn.now.as_second() - OVERDUE_S;
        let scheduled = self.keys().registry(Registry::Scheduled, &name);
        let finished = self.keys().registry(Registry::Finished, &name);
        let lock = self.keys().scheduler_lock(&name);
        QueueSlots {
            counts: self.add_counts(batch, &name),
            head: self.add_entries(batch, &list, 0, index(turn.head) - 1),
            tail: self.add_entries(batch, &list, -index(turn.sample), -1),
            parked: self.add_entries(batch, &parked, 0, MOST_PARKED - 1),
            running: self.add_entries(batch, &of(Registry::Started), 0, MOST_RUNNING - 1),
            failed: self.add_entries(batch, &of(Registry::Failed), -MOST_FAILED, -1),
            // Entries that are kept for ever have the highest score and say nothing of the present.
            finished: batch.add(
                "ZREVRANGEBYSCORE",
                cmd("ZREVRANGEBYSCORE")
                    .arg(finished)
                    .arg("(+inf")
                    .arg("-inf")
                    .arg("WITHSCORES")
                    .arg("LIMIT")
                    .arg(0)
                    .arg(NEWEST_ENDED)
                    .take(),
            ),
            canceled: turn.heads_only.then(|| {
                self.add_entries(batch, &of(Registry::Canceled), -index(NEWEST_ENDED), -1)
            }),
            overdue: batch.add("ZCOUNT", cmd("ZCOUNT").arg(scheduled).arg(0).arg(due_by).take()),
            due_first: self.add_entries(batch, &of(Registry::Scheduled), 0, MOST_OVERDUE - 1),
            scheduler: batch.add("EXISTS scheduler-lock", cmd("EXISTS").arg(lock).take()),
            name,
        }
    }
}

impl QueueSlots {
    /// Takes what came of it.
    pub(super) fn take(self, replies: &mut Replies, turn: Turn) -> Opened {
        let (counts, lacks) = self.counts.take(replies);
        let of = |registry| Place::Registry(registry, self.name.clone());
        let list = Place::Queue(self.name.clone());
        let parked_at = Place::Intermediate(self.name.clone());
        let mut unreadable: Vec<(Place, Lack)> =
            uncounted(&counts, &self.name).into_iter().zip(lacks).collect();
        let mut entries = |slot, place: &Place| {
            Store::take_entries(replies, slot, place).unwrap_or_else(|lack| {
                if !unreadable.iter().any(|(known, _)| known == place) {
                    unreadable.push((place.clone(), lack));
                }
                Vec::new()
            })
        };
        let head = entries(self.head, &list);
        let tail = entries(self.tail, &list);
        let parked = entries(self.parked, &parked_at);
        let running = entries(self.running, &of(Registry::Started));
        let failed_entries = entries(self.failed, &of(Registry::Failed));
        let finished = entries(self.finished, &of(Registry::Finished));
        let canceled = self.canceled.map(|slot| entries(slot, &of(Registry::Canceled)));
        let due_first = entries(self.due_first, &of(Registry::Scheduled));
        let overdue = Overdue {
            count: replies.get(self.overdue).unwrap_or(0),
            first: due_first,
            scheduler: replies.get(self.scheduler).unwrap_or(false),
        };
        let unread = |entries: Vec<Entry>| entries.into_iter().map(Sampled::unread).collect();
        let mut ids = IdTally::new(turn.deep);
        for entry in &head {
            ids.add(entry.id.as_bytes());
        }
        let (waiting, complete) = both_ends(head, tail, turn);
        let survey = QueueSurvey {
            counts,
            ids,
            waiting: Waiting { complete, ..Waiting::default() },
            running: unread(running),
            parked: unread(parked),
            failed: unread(failed_sample(&failed_entries)),
            failed_entries,
            finished: unread(finished),
            canceled: unread(canceled.unwrap_or_default()),
            waiting_jobs: Vec::new(),
            overdue,
            unreadable,
            lacks: Vec::new(),
            name: self.name,
        };
        Opened { survey, waiting }
    }
}

/// What a second turn needs to know.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) now: Timestamp,
    deep: bool,
    heads_only: bool,
    /// Ids read of the front of each list.
    head: usize,
    /// Waiting jobs looked at from each end of a list that is longer than both together.
    sample: usize,
}

impl Turn {
    /// For a survey of heads only the queues share a budget, so that a hundred of them cost little
    /// more than a few.
    pub(super) fn of(scope: &SurveyScope, queues: usize, now: Timestamp) -> Self {
        let share = |budget: usize, least: usize, most: usize| {
            if scope.heads_only { (budget / queues.max(1)).clamp(least, most) } else { most }
        };
        let (head, sample) =
            (share(SHARED_IDS, 4 * LEAST_SAMPLE, HEAD), share(SHARED_JOBS, LEAST_SAMPLE, SAMPLE));
        Self { now, deep: scope.deep, heads_only: scope.heads_only, head, sample }
    }
}

/// The places of a queue that have no count, in the order of [`CountSlots::take`].
fn uncounted(counts: &Counts, queue: &QueueName) -> Vec<Place> {
    let lists = [
        (Place::Queue(queue.clone()), counts.queued),
        (Place::Intermediate(queue.clone()), counts.intermediate),
    ];
    let registries = Registry::ALL
        .map(|registry| (Place::Registry(registry, queue.clone()), counts.registry(registry)));
    let all = lists.into_iter().chain(registries);
    all.filter(|(_, count)| count.is_none()).map(|(place, _)| place).collect()
}

/// The failed entries whose jobs are looked at: those with the highest scores, and of those that
/// are kept for ever (a score of -1), which stand in front, the first.
fn failed_sample(entries: &[Entry]) -> Vec<Entry> {
    let newest = entries.len().saturating_sub(NEWEST_ENDED);
    let (front, newest) = entries.split_at(newest);
    let endless = front.iter().take_while(|entry| entry.score.is_some_and(|score| score < 0.0));
    endless.take(NEWEST_ENDED).chain(newest).cloned().collect()
}

/// The entries to look at, and whether they are the whole list. `head` is the first page.
fn both_ends(mut head: Vec<Entry>, tail: Vec<Entry>, turn: Turn) -> (Vec<Entry>, bool) {
    let whole = head.len() < turn.head;
    if turn.deep || head.len() <= 2 * turn.sample {
        return (head, whole);
    }
    head.truncate(turn.sample);
    head.extend(tail);
    (head, false)
}

fn index(position: usize) -> isize {
    isize::try_from(position).unwrap_or(isize::MAX)
}
