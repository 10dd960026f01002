//! What belongs to an id and goes with it.

use super::super::keys::{Key, Keys};

/// Keys of one sort that a script takes for one id: it gets their number as one digit.
const MOST_KEYS: usize = 9;

/// The keys that a job leaves behind when its id is taken out of a list or a registry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attached {
    /// Keys that go: the hash first. At most nine.
    pub unlink: Vec<Key>,
    /// Sets that the id leaves: its group. At most nine.
    pub sets: Vec<Key>,
    /// Sorted sets that the id leaves: those of its rate limit. At most nine.
    pub sorted_sets: Vec<Key>,
    /// What the receipts say of it.
    pub receipt: Vec<u8>,
    /// `status`, `enqueued_at`, `started_at` and `ended_at` as they were read, joined by line
    /// feeds; a job of which one has changed stays. Empty where any will do.
    pub fingerprint: Vec<u8>,
}

/// What may belong to any job, whatever state it is in by now: its hash, both dependency sets, results and executions.
///
/// Five keys per job cost the server 4 µs more than two. While a job waits, only its `:dependents`
/// can come into being: `::dependencies` is written with the job, results and executions by a run.
/// So whoever has read a job's keys in the same batch may leave out those that were not there.
pub fn attached_to(keys: &Keys, id: &[u8]) -> Attached {
    let unlink = vec![
        keys.job(id),
        keys.dependents(id),
        keys.dependencies(id),
        keys.results(id),
        keys.executions(id),
    ];
    Attached { unlink, receipt: id.to_vec(), ..Attached::default() }
}

/// The keys in the order in which the scripts take them.
pub(in crate::backend::redis) fn keys_of(attached: &Attached) -> impl Iterator<Item = &Key> {
    let Attached { unlink, sets, sorted_sets, .. } = attached;
    [unlink, sets, sorted_sets].into_iter().flat_map(|keys| keys.iter().take(MOST_KEYS))
}

/// How many keys of each sort, as the scripts take it.
pub(in crate::backend::redis) fn digits(attached: &Attached) -> [u8; 3] {
    // At most nine, so it is a digit.
    let digit = |keys: &Vec<Key>| b'0' + u8::try_from(keys.len().min(MOST_KEYS)).unwrap_or(0);
    [digit(&attached.unlink), digit(&attached.sets), digit(&attached.sorted_sets)]
}
