//! Everything that `doctor` looks at, read in a fixed number of round trips.
//!
//! The number of turns does not depend on how many queues, sites or workers there are: each turn
//! is one pipeline over all of them. Only lists longer than one page, and what `--deep` asks for,
//! cost further turns.

mod collect;
mod lists;
mod queue;
mod unlisted;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;

pub(super) use collect::{divide, queue_names, server_time, suspension};

use super::read::{Entry, Place, StoredJob};
use super::server::Server;
use super::tally::SiteTally;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Job;
use crate::model::part::{Lack, Part};
use crate::model::queue::Counts;
use crate::model::worker::Worker;

/// Jobs looked at from each end of a list that is longer than both together.
pub const SAMPLE: usize = 100;

/// Examples kept of each kind of finding: more than are shown, as a scope of sites leaves some out.
const EXAMPLES: usize = 100;

/// Seconds after which a due scheduled job is overdue: a scheduler of RQ looks every second, and
/// tries to take the lock of a dead one every 120 s. Source: `rq/scheduler.py`.
pub const OVERDUE_S: i64 = 300;

/// What to survey.
#[derive(Debug, Clone, Default)]
pub struct SurveyScope {
    /// The prefix of the bench whose queues count; `None` counts every queue.
    pub prefix: Option<String>,
    /// Queues that exist because the configuration names them.
    pub configured: Vec<QueueName>,
    /// Read everything instead of both ends.
    pub deep: bool,
    /// Read no more of a list than its head and its end, and search no keys: the number of turns
    /// then depends on nothing that grows.
    pub heads_only: bool,
}

impl SurveyScope {
    /// Whether a queue belongs to this scope.
    ///
    /// A bench without a prefix (v13) has what it configures and what has no prefix either.
    pub fn covers(&self, queue: &QueueName) -> bool {
        match &self.prefix {
            Some(prefix) => queue.prefix() == Some(prefix),
            None if self.configured.is_empty() => true,
            None => queue.prefix().is_none() || self.configured.contains(queue),
        }
    }
}

/// What was found.
#[derive(Debug)]
pub struct Survey {
    /// The server's clock, or this host's where an access list hides it.
    pub taken_at: Timestamp,
    /// Milliseconds of an answer: of the first, or of the fastest of a few if that was slow.
    pub latency_ms: f64,
    /// Seconds by which the server's clock is ahead of this host's; `None` where it is hidden.
    pub clock_ahead_s: Option<f64>,
    /// Keys in the selected database.
    pub keys: Part<u64>,
    /// The server's account of itself.
    pub server: Part<Server>,
    /// The snapshot rule (`save`); denied to most users.
    pub save_rule: Part<String>,
    /// Whether a failed snapshot stops writes (`stop-writes-on-bgsave-error`).
    pub stops_on_failed_save: Part<bool>,
    /// Whether all workers are suspended.
    pub suspended: Part<Option<Suspension>>,
    /// The queues of the scope, configured ones first.
    pub queues: Vec<QueueSurvey>,
    /// Every queue that Redis knows, of other benches too.
    pub known: Vec<QueueName>,
    /// Queues outside of the scope.
    pub foreign: Vec<QueueName>,
    /// Whether the set of queues could be read.
    pub queues_read: Part<()>,
    /// Every worker registered in this Redis, of other benches too, and those that listen for
    /// commands though their registration was lost.
    pub workers: Part<Vec<Worker>>,
    /// Jobs that say queued or started and stand nowhere.
    pub unlisted: Unlisted,
    /// What could not be read.
    pub lacks: Vec<Lack>,
    /// Why the reading ended early, after everything essential; the rest is missing or partial.
    pub cut_short: Option<String>,
}

impl Survey {
    /// Whether a queue or a worker of this Redis has the prefix.
    pub fn sees_prefix(&self, prefix: &str) -> bool {
        let has = |queue: &QueueName| queue.prefix() == Some(prefix);
        self.known.iter().any(has) || self.worker_queues().any(has)
    }

    /// The prefixes of other benches that queues or workers have, sorted.
    pub fn foreign_prefixes(&self, ours: Option<&str>) -> Vec<String> {
        let all = self.known.iter().chain(self.worker_queues()).filter_map(QueueName::prefix);
        let foreign: BTreeSet<&str> = all.filter(|prefix| Some(*prefix) != ours).collect();
        foreign.into_iter().map(str::to_owned).collect()
    }

    fn worker_queues(&self) -> impl Iterator<Item = &QueueName> {
        self.workers.iter().flatten().flat_map(Worker::queues)
    }
}

/// That `rq:suspended` exists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspension {
    /// Seconds until it ends by itself; `None` for never.
    pub ends_in_s: Option<f64>,
}

/// Jobs that say queued or started and stand in no list, no registry and no worker.
#[derive(Debug, Default)]
pub struct Unlisted {
    /// Fixed ids: each blocks its scheduled job for good.
    pub ghosts: Vec<StoredJob>,
    /// Other queued jobs, which will never run (`deep`).
    pub lost: Examples<StoredJob>,
    /// Registry entries whose job is gone (`deep`).
    pub dangling: Vec<(Place, u64)>,
    /// Whether the search for fixed ids reached all keys.
    pub searched: bool,
}

/// One queue of a survey.
#[derive(Debug)]
pub struct QueueSurvey {
    /// Its full name.
    pub name: QueueName,
    /// How many jobs it and its registries hold.
    pub counts: Counts,
    /// What the waiting ids say.
    pub ids: IdTally,
    /// What the waiting jobs say.
    pub waiting: Waiting,
    /// Running jobs.
    pub running: Vec<Sampled>,
    /// Ids that a worker took and has not started.
    pub parked: Vec<Sampled>,
    /// Failed entries with their scores, newest last.
    pub failed_entries: Vec<Entry>,
    /// The newest failed jobs, and some of those that are kept for ever, whose age no score tells.
    pub failed: Vec<Sampled>,
    /// The newest finished jobs, newest first, without those that are kept for ever.
    pub finished: Vec<Sampled>,
    /// The jobs that were canceled last, newest last (`heads_only`).
    pub canceled: Vec<Sampled>,
    /// The waiting jobs that were looked at (`heads_only`).
    pub waiting_jobs: Vec<Job>,
    /// Scheduled jobs whose time has passed.
    pub overdue: Overdue,
    /// Places that could not be read.
    pub unreadable: Vec<(Place, Lack)>,
    /// What else could not be read.
    pub lacks: Vec<Lack>,
}

/// Scheduled jobs that should have been enqueued.
#[derive(Debug, Default)]
pub struct Overdue {
    /// How many are due for longer than [`OVERDUE_S`].
    pub count: u64,
    /// The longest due ones.
    pub first: Vec<Entry>,
    /// Whether somebody holds the lock of RQ's own scheduler for the queue.
    pub scheduler: bool,
}

/// Counts over the ids of a list; exact for the whole list.
#[derive(Debug, Default)]
pub struct IdTally {
    /// Ids seen.
    pub seen: u64,
    /// Ids per site, where the id carries one.
    pub by_site: SiteTally,
    /// Ids without a site.
    pub without_site: u64,
    /// The fixed ids among them.
    pub fixed: HashSet<JobId>,
    /// A hash of every id, kept only by a deep survey: eight bytes each instead of the id.
    pub hashes: Option<HashSet<u64>>,
}

/// What waiting jobs say; from both ends of the list unless `complete`.
#[derive(Debug, Default)]
pub struct Waiting {
    /// Jobs looked at.
    pub looked_at: u64,
    /// Whether that was every waiting job.
    pub complete: bool,
    /// When the oldest of them was enqueued.
    pub oldest_at: Option<Timestamp>,
    /// Ids whose job is gone.
    pub hashless: Examples<JobId>,
    /// Jobs that will expire while they wait, though nobody gave them a time to live.
    pub expiring: Examples<StoredJob>,
    /// Jobs with a field on which a worker exits.
    pub malformed: Examples<StoredJob>,
    /// Ids that newer RQ cannot run: with a colon (2.0+), or outside `[A-Za-z0-9_-]` (2.8+).
    pub colon_ids: Examples<JobId>,
    /// See `colon_ids`.
    pub odd_ids: Examples<JobId>,
    /// What the jobs call, by their descriptions; the many last are summed up under `other`.
    pub by_method: BTreeMap<String, u64>,
    /// Jobs per site, by their descriptions, where the id carries none.
    pub by_site: BTreeMap<String, u64>,
}

/// How many there are, and the first few.
#[derive(Debug, Clone)]
pub struct Examples<T> {
    /// How many.
    pub count: u64,
    /// The first few.
    pub first: Vec<T>,
}

impl<T> Default for Examples<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> Examples<T> {
    /// Counts one more, keeping it if it is among the first.
    pub fn add(&mut self, item: impl FnOnce() -> T) {
        self.count += 1;
        if self.first.len() < EXAMPLES {
            self.first.push(item());
        }
    }
}

/// An entry with its job.
#[derive(Debug, Clone)]
pub struct Sampled {
    /// The entry.
    pub entry: Entry,
    /// The job, `Ok(None)` where the hash is gone.
    pub job: Part<Option<StoredJob>>,
}

impl Sampled {
    fn unread(entry: Entry) -> Self {
        Self { entry, job: Ok(None) }
    }

    /// The job, if it could be read and is there.
    pub fn stored(&self) -> Option<&StoredJob> {
        self.job.as_ref().ok().and_then(Option::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_of_a_bench_covers_only_its_prefix() {
        let bench = SurveyScope { prefix: Some("a".into()), ..SurveyScope::default() };
        assert!(bench.covers(&QueueName::new("a:short")));
        assert!(!bench.covers(&QueueName::new("ab:short")));
        assert!(!bench.covers(&QueueName::new("short")));
        assert!(SurveyScope::default().covers(&QueueName::new("b:long")));
        let v13 =
            SurveyScope { configured: vec![QueueName::new("short")], ..SurveyScope::default() };
        assert!(v13.covers(&QueueName::new("emails")));
        assert!(!v13.covers(&QueueName::new("other-bench:short")));
    }

    #[test]
    fn examples_count_all_and_keep_the_first() {
        let mut examples = Examples::default();
        (0..1_000).for_each(|n| examples.add(|| n));
        assert_eq!((examples.count, examples.first.len()), (1_000, EXAMPLES));
    }
}
