//! Puts ended, scheduled and waiting jobs into a queue, against live workers.
//!
//! Each job is claimed by its place and its status inside the script that changes it; what a
//! worker or another client took meanwhile is left alone and said. Source of the fields: RQ 1.14
//! to 3.0, `rq/registry.py` `requeue`, `rq/queue.py` `_enqueue_job`.

use jiff::Timestamp;

use super::keys::Key;
use super::read::{Place, Store};
use super::script::Script;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Status, rq_date};
use crate::model::queue::Registry;

/// Jobs that one script requeues: about 15 µs each of the server's time.
pub const REQUEUE_BATCH: usize = 250;

static REQUEUE: Script = Script::new(include_str!("scripts/requeue.lua"));
static REQUEUE_LIMITED: Script = Script::new(include_str!("scripts/requeue_limited.lua"));
static PROMOTE: Script = Script::new(include_str!("scripts/promote.lua"));

/// How jobs go back into a queue.
#[derive(Debug, Clone)]
pub struct Requeue<'a> {
    /// Where they stand.
    pub from: Registry,
    /// The queue of that registry, which they go to.
    pub queue: &'a QueueName,
    /// What their hashes must say.
    pub statuses: &'a [Status],
    /// The time of the change.
    pub at: Timestamp,
    /// In front of those that wait, the first of a batch first.
    pub at_front: bool,
    /// The retries that they get; `None` keeps what they have.
    pub retries_left: Option<u64>,
    /// Most entries of the queue; `None` for no limit.
    pub most: Option<u64>,
    /// The operation's receipt.
    pub receipt: &'a Key,
}

/// What became of one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requeued {
    /// It waits in the queue.
    Queued,
    /// It waits for a slot of its rate limit.
    WaitsForSlot,
    /// It does not stand there any more.
    Gone,
    /// Its hash is gone or has no payload.
    NoJob,
    /// Its hash says another status.
    OtherStatus,
    /// Its hash says another queue.
    OtherQueue,
    /// The queue holds as many as it may.
    Full,
    /// It has a rate limit, which must let it through: [`Store::requeue_limited`].
    Limited,
}

impl Requeued {
    fn of(code: i64) -> Self {
        match code {
            1 => Self::Queued,
            2 => Self::WaitsForSlot,
            -1 => Self::NoJob,
            -2 => Self::OtherStatus,
            -3 => Self::OtherQueue,
            -4 => Self::Full,
            -5 => Self::Limited,
            _ => Self::Gone,
        }
    }

    /// Whether the job was changed.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Queued | Self::WaitsForSlot)
    }

    /// Why it was left alone, as it follows the job's name; empty where it was not.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Queued | Self::WaitsForSlot => "",
            Self::Gone => "is no longer there: somebody else took it",
            Self::NoJob => "has expired",
            Self::OtherStatus => "has another status by now",
            Self::OtherQueue => "belongs to another queue by now",
            Self::Full => "does not fit: the queue holds as many jobs as Frappe allows",
            Self::Limited => "has a rate limit",
        }
    }
}

/// A job that is to run next.
#[derive(Debug, Clone)]
pub struct Promote<'a> {
    /// The job.
    pub id: &'a JobId,
    /// Where it waits.
    pub from: &'a Place,
    /// What its hash must say, where it waits in a registry.
    pub status: &'a Status,
    /// The jobs that it waits for: they must not queue it again.
    pub dependencies: &'a [JobId],
    /// The time of the change.
    pub at: Timestamp,
    /// The operation's receipt.
    pub receipt: &'a Key,
}

impl Store {
    /// Requeues up to [`REQUEUE_BATCH`] jobs, with what became of each. One script.
    ///
    /// With `at_front` the last batch of several goes first, so that the order is kept.
    pub fn requeue(&mut self, how: &Requeue<'_>, ids: &[JobId]) -> Result<Vec<Requeued>> {
        let in_order: Vec<&JobId> =
            if how.at_front { ids.iter().rev().collect() } else { ids.iter().collect() };
        let names = self.keys();
        let mut keys = vec![
            names.registry(how.from, how.queue),
            names.queue(how.queue),
            names.queues(),
            how.receipt.clone(),
        ];
        let mut arguments = vec![
            how.queue.as_str().into(),
            words(how.statuses),
            rq_date(how.at).into(),
            end(how.at_front),
            number_or_empty(how.retries_left),
            how.most.unwrap_or(0).to_string().into_bytes(),
        ];
        for id in in_order {
            let id = id.as_bytes();
            keys.extend([names.job(id), names.dependents(id), names.dependencies(id)]);
            arguments.push(id.to_vec());
        }
        let codes: Vec<i64> = REQUEUE.run(self, "requeue jobs", &keys, &arguments)?;
        let mut became: Vec<Requeued> = codes.into_iter().map(Requeued::of).collect();
        if how.at_front {
            became.reverse();
        }
        Ok(became)
    }

    /// Hands one job with the rate limit `limit` to RQ's limiter (3.0). One script.
    pub fn requeue_limited(
        &mut self,
        how: &Requeue<'_>,
        id: &JobId,
        limit: &[u8],
    ) -> Result<Requeued> {
        let (names, id) = (self.keys(), id.as_bytes());
        let keys = [
            names.registry(how.from, how.queue),
            names.limits(),
            names.limit(limit),
            names.limit_allowed(limit),
            names.limit_waiting(limit),
            how.receipt.clone(),
            names.job(id),
            names.dependents(id),
            names.dependencies(id),
            names.queues(),
            names.queue(how.queue),
        ];
        let arguments = [
            id.to_vec(),
            limit.to_vec(),
            words(how.statuses),
            rq_date(how.at).into(),
            how.at.as_second().to_string().into_bytes(),
            end(how.at_front),
            number_or_empty(how.retries_left),
            names.queue_prefix().as_bytes().to_vec(),
            names.job_prefix().as_bytes().to_vec(),
        ];
        let code: i64 = REQUEUE_LIMITED.run(self, "requeue a job", &keys, &arguments)?;
        Ok(Requeued::of(code))
    }

    /// Puts one waiting job at the head of its queue. One script.
    ///
    /// Cost: for a job in a list, one scan of the list up to it.
    pub fn promote(&mut self, how: &Promote<'_>) -> Result<Requeued> {
        let (names, id, queue) = (self.keys(), how.id.as_bytes(), how.from.queue());
        let in_list = matches!(how.from, Place::Queue(_) | Place::Intermediate(_));
        let mut keys = vec![
            self.key_of(how.from),
            names.queue(queue),
            names.queues(),
            how.receipt.clone(),
            names.job(id),
            names.dependents(id),
            names.dependencies(id),
        ];
        keys.extend(how.dependencies.iter().map(|parent| names.dependents(parent.as_bytes())));
        let arguments = [
            id.to_vec(),
            if in_list { b"list".to_vec() } else { b"registry".to_vec() },
            words(std::slice::from_ref(how.status)),
            rq_date(how.at).into(),
            queue.as_str().into(),
        ];
        let code: i64 = PROMOTE.run(self, "promote a job", &keys, &arguments)?;
        Ok(Requeued::of(code))
    }
}

/// Statuses as scripts look for one: `,failed,stopped,`.
fn words(statuses: &[Status]) -> Vec<u8> {
    let mut words = String::from(",");
    for status in statuses {
        words.push_str(status.word());
        words.push(',');
    }
    words.into_bytes()
}

fn end(at_front: bool) -> Vec<u8> {
    if at_front { b"front".to_vec() } else { b"back".to_vec() }
}

fn number_or_empty(number: Option<u64>) -> Vec<u8> {
    number.map(|number| number.to_string().into_bytes()).unwrap_or_default()
}
