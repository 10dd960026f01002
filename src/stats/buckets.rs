//! Counts of values in buckets that grow with the value, for quantiles in bounded memory.
//!
//! Each power of two is divided into 64 buckets, and a value is taken for the middle of its bucket,
//! so it is off by at most [`ERROR`] of itself. Values below 128 are exact.

/// By how much a value may be off, as a share of itself: half a bucket's width.
pub const ERROR: f64 = 1.0 / 128.0;

/// Buckets of one power of two, as a power of two.
const FINENESS: u32 = 6;
const PER_OCTAVE: usize = 1 << FINENESS;

/// Counts by bucket. Only the range between the smallest and the largest value takes memory: 256
/// bytes for each power of two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Buckets {
    /// The number of the first bucket in `counts`.
    first: usize,
    /// Counts stop at 2³²−1, far beyond what a log holds.
    counts: Vec<u32>,
}

impl Buckets {
    /// Counts a value.
    pub fn add(&mut self, value: u64) {
        let bucket = bucket_of(value);
        let count = self.count_mut(bucket);
        *count = count.saturating_add(1);
    }

    /// Counts several values.
    pub fn extend(&mut self, values: &[u64]) {
        for value in values {
            self.add(*value);
        }
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in other.iter() {
            let sum = self.count_mut(bucket);
            *sum = sum.saturating_add(count);
        }
    }

    /// The value of a rank (0 is the smallest), within [`ERROR`]; the largest beyond the last.
    pub fn at_rank(&self, rank: u64) -> Option<u64> {
        let mut below = 0;
        let mut last = None;
        for (bucket, count) in self.iter() {
            below += u64::from(count);
            last = Some(middle_of(bucket));
            if below > rank {
                break;
            }
        }
        last
    }

    /// Values with how often each was counted, smallest first.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> {
        self.iter().map(|(bucket, count)| (middle_of(bucket), u64::from(count)))
    }

    fn iter(&self) -> impl Iterator<Item = (usize, u32)> {
        let counts = self.counts.iter().enumerate();
        counts.map(|(at, &count)| (self.first + at, count)).filter(|(_, count)| *count > 0)
    }

    fn count_mut(&mut self, bucket: usize) -> &mut u32 {
        if self.counts.is_empty() {
            self.first = bucket;
        }
        if bucket < self.first {
            let missing = self.first - bucket;
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = bucket;
        }
        let at = bucket - self.first;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        // The line above made room for it.
        &mut self.counts[at]
    }
}

fn bucket_of(value: u64) -> usize {
    let shift = shift_of(value);
    #[expect(clippy::cast_possible_truncation, reason = "below 128 after the shift")]
    let within = (value >> shift) as usize;
    shift as usize * PER_OCTAVE + within
}

/// How many low bits do not matter.
fn shift_of(value: u64) -> u32 {
    (u64::BITS - value.leading_zeros()).saturating_sub(FINENESS + 1)
}

fn middle_of(bucket: usize) -> u64 {
    if bucket < 2 * PER_OCTAVE {
        return bucket as u64;
    }
    let shift = bucket / PER_OCTAVE - 1;
    let within = (bucket - shift * PER_OCTAVE) as u64;
    (within << shift) + (1 << shift) / 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(approximate: u64, exact: u64) -> bool {
        (approximate as f64 - exact as f64).abs() <= exact as f64 * ERROR
    }

    #[test]
    fn small_values_are_exact_and_the_largest_has_a_bucket() {
        for value in 0..128 {
            assert_eq!(middle_of(bucket_of(value)), value);
        }
        assert!(close(middle_of(bucket_of(u64::MAX)), u64::MAX));
        assert_eq!(Buckets::default().at_rank(0), None);
    }

    proptest! {
        #[test]
        fn value_is_off_by_no_more_than_the_error(bits in 0..64_u32, low in any::<u64>()) {
            let value = low >> bits;
            prop_assert!(close(middle_of(bucket_of(value)), value));
        }

        #[test]
        fn rank_finds_the_sorted_value(mut values in prop::collection::vec(0..10_u64.pow(10), 1..200)) {
            let mut buckets = Buckets::default();
            buckets.extend(&values);
            values.sort_unstable();
            for (rank, value) in values.iter().enumerate() {
                prop_assert!(close(buckets.at_rank(rank as u64).unwrap(), *value));
            }
        }

        #[test]
        fn merge_of_parts_equals_the_whole(
            left in prop::collection::vec(any::<u64>(), 0..50),
            right in prop::collection::vec(any::<u64>(), 0..50),
        ) {
            let of = |values: &[u64]| {
                let mut buckets = Buckets::default();
                buckets.extend(values);
                buckets
            };
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let whole = of(&[left, right].concat());
            prop_assert!(merged.values().eq(whole.values()));
        }
    }
}
