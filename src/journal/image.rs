//! What is remembered of a job: enough to put it back as it was, byte for byte.

use super::pairs::Pairs;
use crate::model::id::QueueName;
use crate::model::queue::Registry;

/// A job before a change, and where the change leaves it.
///
/// Without keys and memberships the job did not exist before: undoing the change removes it.
#[derive(Debug, Clone, PartialEq)]
pub struct JobImage {
    /// The job's id.
    pub id: Vec<u8>,
    /// Where the change leaves the job; what an undo must find there.
    pub after: After,
    /// The lists and sets in which the job stood.
    pub memberships: Vec<Membership>,
    /// The job's own keys.
    pub keys: Vec<KeyImage>,
}

/// Where a change leaves a job. An undo first takes the job from there; if it cannot, the job has
/// moved on and is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Nowhere: an undo must find no hash.
    Gone,
    /// In a queue's list: an undo must remove it from there.
    InList {
        /// The queue.
        queue: QueueName,
    },
    /// In a registry: an undo must remove it from there.
    InRegistry {
        /// The registry.
        registry: Registry,
        /// The queue that it belongs to.
        queue: QueueName,
    },
    /// In no list and no registry, but its hash is there.
    Unlisted,
    /// It is no job but a key, such as the one that suspends workers: an undo must find it so.
    Key {
        /// The key.
        key: Vec<u8>,
        /// The text that it holds; `None` where it is gone.
        value: Option<Vec<u8>>,
    },
}

/// One place in which a job stood.
#[derive(Debug, Clone, PartialEq)]
pub enum Membership {
    /// A list.
    List {
        /// The list's key.
        key: Vec<u8>,
        /// Of two jobs of one operation the one with the smaller number stood nearer to the head.
        /// Not an index: those shift while an operation runs.
        order: u64,
        /// The id that it directly followed, which may have gone as well; `None` at the head.
        follows: Option<Vec<u8>>,
    },
    /// A sorted set.
    Zset {
        /// The set's key.
        key: Vec<u8>,
        /// The member, which is the job's id nearly everywhere.
        member: Vec<u8>,
        /// Its score.
        score: f64,
    },
    /// A set.
    Set {
        /// The set's key.
        key: Vec<u8>,
        /// The member.
        member: Vec<u8>,
    },
}

/// One key of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyImage {
    /// The key.
    pub key: Vec<u8>,
    /// Milliseconds that it had to live; `None` for ever.
    pub ttl_ms: Option<i64>,
    /// What it held.
    pub value: KeyValue,
}

/// What a key held.
#[derive(Debug, Clone, PartialEq)]
pub enum KeyValue {
    /// Fields and values.
    Hash(Pairs),
    /// Members.
    Set(Vec<Vec<u8>>),
    /// Members and scores.
    Zset(Vec<(Vec<u8>, f64)>),
    /// Entries: id, fields and values.
    Stream(Vec<StreamEntry>),
    /// Elements, head first.
    List(Vec<Vec<u8>>),
    /// Text.
    String(Vec<u8>),
}

/// An entry of a stream: its id, its fields and values.
pub type StreamEntry = (Vec<u8>, Pairs);

impl JobImage {
    /// Whether the job existed before the change.
    pub fn existed(&self) -> bool {
        !(self.keys.is_empty() && self.memberships.is_empty())
    }

    /// Whether an undo puts something back, or removes a key; else it deletes the job.
    pub fn is_put_back(&self) -> bool {
        self.existed() || matches!(self.after, After::Key { .. })
    }

    /// A field of the hash under `job_key`.
    pub fn field(&self, job_key: &[u8], field: &[u8]) -> Option<&[u8]> {
        let hash = self.keys.iter().find(|image| image.key == job_key)?;
        let KeyValue::Hash(fields) = &hash.value else { return None };
        fields.get(field)
    }

    /// About how many bytes it takes before it is compressed.
    pub fn size(&self) -> usize {
        let keys: usize = self.keys.iter().map(|image| image.key.len() + image.value.size()).sum();
        self.id.len() + keys + self.memberships.len() * 64
    }
}

impl KeyValue {
    fn size(&self) -> usize {
        let pairs = |pairs: &Pairs| pairs.size() + 4 * pairs.len();
        match self {
            Self::Hash(fields) => pairs(fields),
            Self::Set(items) | Self::List(items) => items.iter().map(|item| item.len() + 2).sum(),
            Self::Zset(items) => items.iter().map(|(item, _)| item.len() + 10).sum(),
            Self::Stream(entries) => {
                entries.iter().map(|(id, fields)| id.len() + pairs(fields)).sum()
            }
            Self::String(text) => text.len(),
        }
    }
}
