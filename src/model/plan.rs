//! What a mutation is going to do, before it does it.

use std::collections::HashMap;

use serde::{Serialize, Serializer};

use super::id::{JobId, QueueName};
use super::selection::State;

/// What is done to jobs, workers or operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Remove waiting jobs.
    Purge,
    /// Remove jobs.
    Delete,
    /// Cancel waiting jobs.
    Cancel,
    /// Queue ended jobs again.
    Retry,
    /// Put jobs into another queue.
    Move,
    /// Run next.
    Promote,
    /// Stop running jobs.
    Stop,
    /// Make a job.
    Enqueue,
    /// Repair what is broken.
    Repair,
    /// Stop all workers from taking jobs.
    Suspend,
    /// Let them take jobs again.
    Resume,
    /// Take an operation back.
    Undo,
}

impl Verb {
    /// The word in operations and schemas.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Purge => "purge",
            Self::Delete => "delete",
            Self::Cancel => "cancel",
            Self::Retry => "retry",
            Self::Move => "move",
            Self::Promote => "promote",
            Self::Stop => "stop",
            Self::Enqueue => "enqueue",
            Self::Repair => "repair",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Undo => "undo",
        }
    }

    /// What was done, as in `12 jobs deleted`.
    pub const fn done(self) -> &'static str {
        match self {
            Self::Purge => "purged",
            Self::Delete => "deleted",
            Self::Cancel => "canceled",
            Self::Retry => "queued again",
            Self::Move => "moved",
            Self::Promote => "promoted",
            Self::Stop => "stopped",
            Self::Enqueue => "enqueued",
            Self::Repair => "repaired",
            Self::Suspend => "suspended",
            Self::Resume => "resumed",
            Self::Undo => "restored",
        }
    }

    /// What it is done to, one of them.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Repair => "fault",
            Self::Suspend | Self::Resume => "worker",
            _ => "job",
        }
    }

    /// Whether what it changes is gone from Redis afterwards.
    pub const fn removes(self) -> bool {
        matches!(self, Self::Purge | Self::Delete)
    }
}

/// Counts by name, the largest first; serialized as an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(HashMap<String, u64>);

impl Tally {
    /// Counts one.
    pub fn add(&mut self, name: impl Into<String>) {
        self.add_many(name, 1);
    }

    /// Counts several.
    pub fn add_many(&mut self, name: impl Into<String>, count: u64) {
        *self.0.entry(name.into()).or_default() += count;
    }

    /// Names and counts, the largest count first, then by name.
    pub fn sorted(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> =
            self.0.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        all
    }

    /// The count of one name.
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.sorted())
    }
}

/// What a mutation is going to do.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// What is done.
    pub kind: Verb,
    /// Jobs that are going to be changed.
    pub count: u64,
    /// About how many bytes the journal takes; `null` where none is kept.
    pub bytes_to_journal: Option<u64>,
    /// Jobs by what they call.
    pub by_method: Tally,
    /// Jobs by queue.
    pub by_queue: Tally,
    /// Jobs by site.
    pub by_site: Tally,
    /// Jobs by state.
    pub by_status: Tally,
    /// With `--event`, jobs by what they belong to it by.
    pub by_event: Tally,
    /// Jobs by what is done to them, where that is not the same for all.
    pub by_action: Tally,
    /// The queue that they go to, by its short name; `null` where they go to none, or to their own.
    pub to: Option<String>,
    /// Jobs that wait for one of these.
    pub dependents: u64,
    /// `--limit`, where it cut the selection short.
    pub limit: Option<u64>,
    /// What should be known before it is approved.
    pub warnings: Vec<String>,
    /// A few of the jobs.
    pub sample: Vec<JobId>,
    /// Jobs that are left alone, known before anything is changed; serialized as the first of them.
    pub skipped: LeftAlone,
    /// What has to be typed on a terminal; without it `y` will do.
    #[serde(skip)]
    pub to_type: Option<String>,
    /// Whether the scope was given by flags.
    #[serde(skip)]
    pub explicit: bool,
}

impl Plan {
    /// A plan for nothing yet.
    pub fn new(kind: Verb, explicit: bool) -> Self {
        Self {
            kind,
            count: 0,
            bytes_to_journal: None,
            by_method: Tally::default(),
            by_queue: Tally::default(),
            by_site: Tally::default(),
            by_status: Tally::default(),
            by_event: Tally::default(),
            by_action: Tally::default(),
            to: None,
            dependents: 0,
            limit: None,
            warnings: Vec::new(),
            sample: Vec::new(),
            skipped: LeftAlone::default(),
            to_type: None,
            explicit,
        }
    }
}

/// A job that is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The job.
    pub id: JobId,
    /// Why.
    pub reason: String,
}

/// Jobs left alone that are kept one by one.
pub const MOST_LISTED: usize = 100;

/// Jobs that are left alone: how many, why, and the first of them. There may be a million.
#[derive(Debug, Clone, Default)]
pub struct LeftAlone {
    count: u64,
    by_reason: Tally,
    first: Vec<Skipped>,
}

impl LeftAlone {
    /// Adds a job.
    pub fn push(&mut self, skipped: Skipped) {
        self.count += 1;
        self.by_reason.add(skipped.reason.as_str());
        if self.first.len() < MOST_LISTED {
            self.first.push(skipped);
        }
    }

    /// Adds jobs whose ids nobody knows any more.
    pub fn push_nameless(&mut self, count: u64, reason: &str) {
        if count > 0 {
            self.count += count;
            self.by_reason.add_many(reason, count);
        }
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many were left alone for each reason.
    pub const fn by_reason(&self) -> &Tally {
        &self.by_reason
    }

    /// The first of them, at most [`MOST_LISTED`].
    pub fn first(&self) -> &[Skipped] {
        &self.first
    }
}

impl Serialize for LeftAlone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.first.serialize(serializer)
    }
}

/// A job that is going to be changed, where it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedJob {
    /// The job.
    pub id: JobId,
    /// The queue where it stands.
    pub queue: QueueName,
    /// Its state by its place; `None` for a job that stands nowhere.
    pub state: Option<State>,
    /// Where it stands in the list, for a queued one.
    pub spot: Option<ListSpot>,
}

/// A place in a list, so far as it means something while others push and pop.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListSpot {
    /// Of two jobs of one change the one with the smaller number stood nearer to the head.
    pub order: u64,
    /// The id that it directly followed, which may go as well; `None` at the head.
    pub follows: Option<JobId>,
}
