//! Registries and the numbers of a queue.

use serde::Serialize;

/// RQ's registries: the sorted sets beside each queue's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// Running jobs; the score is when the entry counts as abandoned.
    Started,
    /// Finished jobs; the score is when they are forgotten.
    Finished,
    /// Failed and stopped jobs; the score is when they are forgotten, -1 for never.
    Failed,
    /// Scheduled jobs; the score is when they are due.
    Scheduled,
    /// Jobs that wait for others.
    Deferred,
    /// Canceled jobs; the score is when they were canceled.
    Canceled,
}

impl Registry {
    /// Its name for people.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Scheduled => "scheduled",
            Self::Deferred => "deferred",
            Self::Canceled => "canceled",
        }
    }

    /// All registries, in the order in which they are shown.
    pub const ALL: [Self; 6] = [
        Self::Started,
        Self::Finished,
        Self::Failed,
        Self::Scheduled,
        Self::Deferred,
        Self::Canceled,
    ];
}

/// How many jobs a queue and its registries hold.
///
/// `None` stands for a count that could not be read; why is in the notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Entries of the list, ids whose job is gone included.
    pub queued: Option<u64>,
    /// Entries that a worker took and has not started yet.
    pub intermediate: Option<u64>,
    /// Entries of the started registry.
    pub started: Option<u64>,
    /// Entries of the finished registry.
    pub finished: Option<u64>,
    /// Entries of the failed registry.
    pub failed: Option<u64>,
    /// Entries of the scheduled registry.
    pub scheduled: Option<u64>,
    /// Entries of the deferred registry.
    pub deferred: Option<u64>,
    /// Entries of the canceled registry.
    pub canceled: Option<u64>,
}

impl Counts {
    /// The place of a registry's count.
    pub fn registry_mut(&mut self, registry: Registry) -> &mut Option<u64> {
        match registry {
            Registry::Started => &mut self.started,
            Registry::Finished => &mut self.finished,
            Registry::Failed => &mut self.failed,
            Registry::Scheduled => &mut self.scheduled,
            Registry::Deferred => &mut self.deferred,
            Registry::Canceled => &mut self.canceled,
        }
    }

    /// A registry's count.
    pub fn registry(&self, registry: Registry) -> Option<u64> {
        match registry {
            Registry::Started => self.started,
            Registry::Finished => self.finished,
            Registry::Failed => self.failed,
            Registry::Scheduled => self.scheduled,
            Registry::Deferred => self.deferred,
            Registry::Canceled => self.canceled,
        }
    }

    /// The names of the counts that could not be read, in the order in which they are read.
    pub fn missing(&self) -> Vec<&'static str> {
        let lists = [("queued", self.queued), ("intermediate", self.intermediate)];
        let registries = Registry::ALL.map(|registry| (registry.word(), self.registry(registry)));
        let counts = lists.into_iter().chain(registries);
        counts.filter(|(_, count)| count.is_none()).map(|(name, _)| name).collect()
    }

    /// Whether nothing at all is held.
    pub fn is_empty(&self) -> bool {
        [self.queued, self.intermediate]
            .into_iter()
            .chain(Registry::ALL.map(|registry| self.registry(registry)))
            .all(|count| count == Some(0))
    }
}
