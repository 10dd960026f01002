//! Counts of lengths of time in a few bytes: for quantiles of months of jobs.
//!
//! Each power of two is divided into four buckets, and a value is taken for the middle of its
//! bucket, so it is off by at most [`ERROR`] of itself. Values below 8 are exact.

use std::collections::BTreeMap;

/// By how much a value may be off, as a share of itself: half a bucket's width.
pub const ERROR: f64 = 0.125;

/// Buckets of one power of two, as a power of two.
const FINENESS: u32 = 2;

/// Counts by bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: BTreeMap<u16, u64>,
}

impl Histogram {
    /// Counts a value.
    pub fn add(&mut self, value: u64) {
        let count = self.counts.entry(bucket_of(value)).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in &other.counts {
            let sum = self.counts.entry(*bucket).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.counts.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// What a share of the values (0.5 is half) does not exceed, within [`ERROR`].
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (self.count() as f64 * share).ceil().max(1.0);
        let mut below = 0.0;
        for (bucket, count) in &self.counts {
            below += *count as f64;
            if below >= rank {
                return Some(middle_of(*bucket));
            }
        }
        None
    }

    /// The counts as bytes: pairs of numbers of variable length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut last = 0;
        for (bucket, count) in &self.counts {
            put(&mut bytes, u64::from(bucket - last));
            put(&mut bytes, *count);
            last = *bucket;
        }
        bytes
    }

    /// Reads [`Self::to_bytes`]; what cannot be understood ends it.
    pub fn from_bytes(mut bytes: &[u8]) -> Self {
        let mut counts = BTreeMap::new();
        let mut last = 0_u16;
        while let (Some(step), Some(count)) = (take(&mut bytes), take(&mut bytes)) {
            let Some(bucket) = u16::try_from(step).ok().and_then(|step| last.checked_add(step))
            else {
                break;
            };
            counts.insert(bucket, count);
            last = bucket;
        }
        Self { counts }
    }
}

fn bucket_of(value: u64) -> u16 {
    let shift = (u64::BITS - value.leading_zeros()).saturating_sub(FINENESS + 1);
    let within = value >> shift;
    #[expect(clippy::cast_possible_truncation, reason = "62 shifts of four, and below 8 after one")]
    let bucket = (u64::from(shift) * 4 + within) as u16;
    bucket
}

fn middle_of(bucket: u16) -> f64 {
    if bucket < 8 {
        return f64::from(bucket);
    }
    let shift = i32::from(bucket / 4) - 1;
    let within = f64::from(bucket - 4 * (bucket / 4 - 1));
    let width = 2_f64.powi(shift);
    // The values of a bucket are whole numbers.
    within * width + (width - 1.0) / 2.0
}

/// Appends a number, seven bits a byte, the lowest first.
pub fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "the low seven bits are meant")]
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 128")]
    bytes.push(number as u8);
}

/// Takes a number that [`put`] wrote; `None` at the end and for what it never writes.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn histogram_quantile_is_within_the_stated_error() {
        let mut histogram = Histogram::default();
        let values: Vec<u64> = (1..=5_000).map(|n| n * n).collect();
        for value in &values {
            histogram.add(*value);
        }
        for (share, rank) in [(0.5, 2_500), (0.95, 4_750), (1.0, 5_000)] {
            let exact = values[rank - 1] as f64;
            let found = histogram.quantile(share).unwrap();
            assert!((found - exact).abs() <= exact * ERROR, "{share}: {found} for {exact}");
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    proptest! {
        #[test]
        fn histogram_survives_its_bytes(values: Vec<u64>) {
            let mut histogram = Histogram::default();
            for value in &values {
                histogram.add(*value);
            }
            prop_assert_eq!(&Histogram::from_bytes(&histogram.to_bytes()), &histogram);
            for value in values {
                let middle = middle_of(bucket_of(value));
                prop_assert!((middle - value as f64).abs() <= value as f64 * ERROR + 0.5);
            }
        }

        #[test]
        fn histogram_of_any_bytes_never_panics(bytes: Vec<u8>) {
            let histogram = Histogram::from_bytes(&bytes);
            let _ = (histogram.count(), histogram.quantile(0.99));
        }
    }
}
