//! Remembers which records were read, within a fixed amount of memory.
//!
//! Frappe's flush leaves the last record that it wrote in its buffer and so writes it again the
//! next time, behind what other sites flushed meanwhile (`frappe/monitor.py`, `flush`: `ltrim` from
//! `len - 1`). Records are told apart by a 64-bit hash of their id and time. Buckets of seven
//! hashes, one cache line each with its lock, forget their oldest first: of a log whose records
//! fit, every repetition is found; of a longer one those within the last few million records.
//!
//! Shared by all threads. Uses the `foldhash` crate.

use std::hash::BuildHasher;
use std::sync::Mutex;

use foldhash::quality::RandomState;

/// Hashes of one bucket; with the lock they fill a cache line.
const WAYS: usize = 7;
/// Buckets at most: 32 MiB, the hashes of 3.6 million records.
const MOST_BUCKETS: u64 = 1 << 19;
/// Buckets at least.
const LEAST_BUCKETS: u64 = 1 << 8;
/// Bytes that a record takes in a log at least; most take more than 200.
const RECORD_BYTES: u64 = 128;

/// A bucket, newest first; 0 is a free place.
#[repr(align(64))]
struct Bucket(Mutex<[u64; WAYS]>);

/// The records that were read.
pub struct Seen {
    buckets: Vec<Bucket>,
    hasher: RandomState,
}

impl Seen {
    /// Makes room for the records in `bytes` of log, or for as many as are ever remembered where
    /// the length is not known.
    pub fn for_log_of(bytes: Option<u64>) -> Self {
        let records = bytes.unwrap_or(u64::MAX) / RECORD_BYTES;
        // Half full on average, so that few buckets overflow.
        let wanted = (records / (WAYS as u64 / 2)).clamp(LEAST_BUCKETS, MOST_BUCKETS);
        let buckets =
            (0..wanted.next_power_of_two()).map(|_| Bucket(Mutex::new([0; WAYS]))).collect();
        Self { buckets, hasher: RandomState::default() }
    }

    /// Whether the record of this id and time is new; from now on it is not.
    pub fn is_new(&self, id: &[u8], at_us: i64) -> bool {
        let hash = self.hasher.hash_one((id, at_us)).max(1);
        #[expect(clippy::cast_possible_truncation, reason = "only the low bits choose a bucket")]
        let at = hash as usize & (self.buckets.len() - 1);
        // There is at least one bucket, and their number is a power of two, so it exists.
        let Some(Bucket(bucket)) = self.buckets.get(at) else { return true };
        // A thread that panicked cannot have left half a hash.
        let mut hashes = bucket.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if hashes.contains(&hash) {
            return false;
        }
        hashes.copy_within(..WAYS - 1, 1);
        hashes[0] = hash;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_is_new_once() {
        let seen = Seen::for_log_of(Some(0));
        assert!(seen.is_new(b"a", 1));
        assert!(!seen.is_new(b"a", 1));
        assert!(seen.is_new(b"a", 2));
        assert!(seen.is_new(b"b", 1));
    }

    #[test]
    fn log_that_fits_is_remembered_whole() {
        let records = 100_000;
        let seen = Seen::for_log_of(Some(records * 200));
        let all_new = (0..records).filter(|n| seen.is_new(&n.to_le_bytes(), 7)).count() as u64;
        let again = (0..records).filter(|n| seen.is_new(&n.to_le_bytes(), 7)).count();
        assert_eq!(all_new, records);
        // A bucket may overflow: with 3.5 hashes on average about one in a hundred does.
        assert!(again < 2_000, "{again} of {records} were forgotten");
    }

    #[test]
    fn repetition_behind_other_records_is_found_in_a_full_memory() {
        let seen = Seen::for_log_of(Some(0));
        for n in 0..50_000_u64 {
            assert!(seen.is_new(&n.to_le_bytes(), 0));
        }
        assert!(seen.is_new(b"flushed", 1));
        for n in 0..100_u64 {
            assert!(seen.is_new(&n.to_le_bytes(), 1));
        }
        assert!(!seen.is_new(b"flushed", 1));
    }

    #[test]
    fn threads_share_what_they_saw() {
        let seen = Seen::for_log_of(None);
        let count =
            |seen: &Seen| (0..10_000_u64).filter(|n| seen.is_new(&n.to_le_bytes(), 0)).count();
        let new: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| count(&seen))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(new, 10_000);
        assert_eq!(std::mem::size_of::<Bucket>(), 64);
    }
}
