//! Remembers which records were read, within a fixed amount of memory.
//!
//! Frappe's flush leaves the last record that it wrote in its buffer and so writes it again the
//! next time, behind what other sites flushed meanwhile (`frappe/monitor.py`, `flush`: `ltrim` from
//! `len - 1`). Records are told apart by a 64-bit hash of their id and time. Buckets of a few
//! hashes, one cache line each, forget their oldest first, so the latest records are remembered:
//! [`Recent`] by one thread, [`Seen`] by all of them. Sharing costs the cores a cache line that
//! travels for each record, so of a long log only records near the edges of what a thread reads
//! are shared. In a log of up to 256 MiB and in a stream a repetition
//! is found within about 100,000 records, in a longer log within about 28,000: in the four minutes
//! between two flushes a bench would have to serve more than a hundred requests and jobs a second.
//!
//! Uses the `foldhash` crate.

use std::hash::BuildHasher;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;

/// Buckets of the shared memory at most: 2 MiB, the hashes of 230,000 records.
const MOST_BUCKETS: u64 = 1 << 15;
/// Buckets of the shared memory at least.
const LEAST_BUCKETS: u64 = 1 << 8;
/// Buckets of one thread's memory at most: 256 KiB, the hashes of 32,000 records. More would not
/// stay in the cache of its core, and waiting for memory would cost as much as reading a line.
const MOST_RECENT_BUCKETS: usize = 1 << 12;
/// Hashes of a shared bucket; with the lock they fill a cache line.
const SHARED_WAYS: usize = 7;
/// Hashes of a bucket of one thread.
const WAYS: usize = 8;
/// Bytes that a record takes in a log at least; most take more than 200.
const RECORD_BYTES: u64 = 128;

/// What tells two records apart; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(u64);

/// A bucket's hashes, newest first; 0 is a free place.
struct Hashes<const N: usize>([u64; N]);

impl<const N: usize> Hashes<N> {
    /// Whether a hash is new; from now on it is not.
    fn is_new(&mut self, hash: u64) -> bool {
        // No early exit, so that all are compared at once.
        let known = self.0.iter().fold(0, |known, other| known | u8::from(*other == hash)) > 0;
        if !known {
            self.0.rotate_right(1);
            if let Some(first) = self.0.first_mut() {
                *first = hash;
            }
        }
        !known
    }
}

#[repr(align(64))]
struct SharedBucket(Mutex<Hashes<SHARED_WAYS>>);

#[repr(align(64))]
struct Bucket(Hashes<WAYS>);

/// Records that any thread read near the edges of its work.
pub struct Seen {
    buckets: Vec<SharedBucket>,
    hasher: RandomState,
}

impl Seen {
    /// Makes room for the records in `bytes` of log, or for as many as are ever remembered where
    /// the length is not known.
    pub fn for_log_of(bytes: Option<u64>) -> Self {
        let records = bytes.unwrap_or(u64::MAX) / RECORD_BYTES;
        // Half full on average, so that few buckets overflow.
        let wanted = (records / (SHARED_WAYS as u64 / 2)).clamp(LEAST_BUCKETS, MOST_BUCKETS);
        let bucket = |_| SharedBucket(Mutex::new(Hashes([0; SHARED_WAYS])));
        let buckets = (0..wanted.next_power_of_two()).map(bucket).collect();
        Self { buckets, hasher: RandomState::default() }
    }

    /// What tells the record of this id and time apart.
    pub fn fingerprint(&self, id: &[u8], at_us: i64) -> Fingerprint {
        Fingerprint(self.hasher.hash_one((id, at_us)).max(1))
    }

    /// Whether a record is new to all threads; from now on it is not.
    pub fn is_new(&self, record: Fingerprint) -> bool {
        // There is always a bucket.
        self.buckets.get(bucket_of(record, self.buckets.len())).is_none_or(
            |SharedBucket(bucket)| {
                // A thread that panicked cannot have left half a hash.
                bucket.lock().unwrap_or_else(PoisonError::into_inner).is_new(record.0)
            },
        )
    }

    /// The memory of one more thread.
    pub fn recent(&self) -> Recent {
        let wanted = self.buckets.len().min(MOST_RECENT_BUCKETS);
        Recent { buckets: (0..wanted).map(|_| Bucket(Hashes([0; WAYS]))).collect() }
    }
}

/// Records that one thread read lately.
pub struct Recent {
    buckets: Vec<Bucket>,
}

impl Recent {
    /// Whether a record is new to this thread; from now on it is not.
    pub fn is_new(&mut self, record: Fingerprint) -> bool {
        let at = bucket_of(record, self.buckets.len());
        self.buckets.get_mut(at).is_none_or(|Bucket(hashes)| hashes.is_new(record.0))
    }
}

/// The place of a record; `buckets` is a power of two.
fn bucket_of(record: Fingerprint, buckets: usize) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "only the low bits choose a bucket")]
    let low = record.0 as usize;
    low & buckets.wrapping_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a record was new to the shared memory, which a thread's own must agree on.
    fn is_new(seen: &Seen, recent: &mut Recent, id: &[u8], at_us: i64) -> bool {
        let record = seen.fingerprint(id, at_us);
        let is_new = seen.is_new(record);
        assert_eq!(recent.is_new(record), is_new);
        is_new
    }

    #[test]
    fn record_is_new_once() {
        let seen = Seen::for_log_of(Some(0));
        let mut recent = seen.recent();
        assert!(is_new(&seen, &mut recent, b"a", 1));
        assert!(!is_new(&seen, &mut recent, b"a", 1));
        assert!(is_new(&seen, &mut recent, b"a", 2));
        assert!(is_new(&seen, &mut recent, b"b", 1));
    }

    #[test]
    fn log_that_fits_is_remembered_whole() {
        let records = 10_000_u64;
        let seen = Seen::for_log_of(Some(records * 200));
        let mut recent = seen.recent();
        let news = |of: &mut dyn FnMut(Fingerprint) -> bool| {
            (0..records).filter(|n| of(seen.fingerprint(&n.to_le_bytes(), 7))).count()
        };
        // A bucket may overflow: with three hashes on average one in a hundred does.
        assert_eq!(news(&mut |record| seen.is_new(record)), 10_000);
        assert!(news(&mut |record| seen.is_new(record)) < 200);
        assert_eq!(news(&mut |record| recent.is_new(record)), 10_000);
        assert!(news(&mut |record| recent.is_new(record)) < 200);
    }

    #[test]
    fn repetition_behind_other_records_is_found_in_a_full_memory() {
        let seen = Seen::for_log_of(Some(0));
        let mut recent = seen.recent();
        let mut add = |id: &[u8], at_us| {
            let record = seen.fingerprint(id, at_us);
            (seen.is_new(record), recent.is_new(record))
        };
        for n in 0..50_000_u64 {
            assert_eq!(add(&n.to_le_bytes(), 0), (true, true));
        }
        add(b"flushed", 1);
        for n in 0..100_u64 {
            add(&n.to_le_bytes(), 1);
        }
        assert_eq!(add(b"flushed", 1), (false, false));
    }

    #[test]
    fn threads_share_what_they_saw() {
        let seen = Seen::for_log_of(None);
        let count = |seen: &Seen| {
            let news = |n: &u64| seen.is_new(seen.fingerprint(&n.to_le_bytes(), 0));
            (0..10_000).filter(news).count()
        };
        let new: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| count(&seen))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(new, 10_000);
        assert_eq!((size_of::<SharedBucket>(), size_of::<Bucket>()), (64, 64));
    }
}
