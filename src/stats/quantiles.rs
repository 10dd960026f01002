//! Quantiles: exact up to a number of values, then within [`ERROR`](super::buckets::ERROR).
//!
//! Defined as linear interpolation between the two nearest ranks, as `quantile_cont` of SQL and
//! the default of `numpy` do. Values are exact iff there are no more of them than the limit that
//! holds at the end, however they were divided and merged before: limits only shrink.

use super::buckets::Buckets;

/// Values of which quantiles can be asked.
#[derive(Debug, Clone, Default)]
pub struct Quantiles {
    /// All values, while `buckets` is absent.
    exact: Vec<u64>,
    buckets: Option<Box<Buckets>>,
    count: u64,
}

impl Quantiles {
    /// Adds a value; beyond `limit` values they are counted in buckets.
    pub fn add(&mut self, value: u64, limit: usize) {
        self.count += 1;
        if let Some(buckets) = &mut self.buckets {
            buckets.add(value);
        } else {
            self.exact.push(value);
            self.settle(limit);
        }
    }

    /// Adds the values of `other`.
    pub fn merge(&mut self, other: &Self, limit: usize) {
        self.count += other.count;
        match &other.buckets {
            Some(buckets) => self.give_up_exact().merge(buckets),
            None => match &mut self.buckets {
                Some(own) => own.extend(&other.exact),
                None => self.exact.extend_from_slice(&other.exact),
            },
        }
        self.settle(limit);
    }

    /// Gives up exact values where there are more than `limit`.
    pub fn settle(&mut self, limit: usize) {
        if self.buckets.is_none() && self.exact.len() > limit {
            self.give_up_exact();
        }
    }

    /// Whether the quantiles are exact.
    pub fn is_exact(&self) -> bool {
        self.buckets.is_none()
    }

    /// The value below which a share `q` (0 to 1) of the values lies; `None` without values.
    ///
    /// Exact values must have been put in order before, by [`Self::sort`].
    pub fn at(&self, q: f64) -> Option<f64> {
        let last = self.count.checked_sub(1)?;
        let rank = q.clamp(0.0, 1.0) * last as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of values"
        )]
        let below = rank.floor() as u64;
        let lower = self.at_rank(below)? as f64;
        let upper = self.at_rank((below + 1).min(last))? as f64;
        Some(lower + (upper - lower) * (rank - rank.floor()))
    }

    /// Puts exact values in order.
    pub fn sort(&mut self) {
        self.exact.sort_unstable();
    }

    /// Values with how often each was counted: exact ones singly and in any order.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> {
        let counted = self.buckets.iter().flat_map(|buckets| buckets.values());
        self.exact.iter().map(|value| (*value, 1)).chain(counted)
    }

    fn at_rank(&self, rank: u64) -> Option<u64> {
        match &self.buckets {
            Some(buckets) => buckets.at_rank(rank),
            None => self.exact.get(usize::try_from(rank).ok()?).copied(),
        }
    }

    fn give_up_exact(&mut self) -> &mut Buckets {
        let exact = std::mem::take(&mut self.exact);
        let buckets = self.buckets.get_or_insert_default();
        buckets.extend(&exact);
        buckets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::buckets::ERROR;

    fn of(values: &[u64], limit: usize) -> Quantiles {
        let mut quantiles = Quantiles::default();
        for value in values {
            quantiles.add(*value, limit);
        }
        quantiles.sort();
        quantiles
    }

    /// What `quantile_cont` of SQL gives.
    fn oracle(values: &[u64], q: f64) -> f64 {
        let mut sorted: Vec<f64> = values.iter().map(|value| *value as f64).collect();
        sorted.sort_by(f64::total_cmp);
        let rank = q * (sorted.len() - 1) as f64;
        let at = |rank: f64| {
            *sorted.iter().zip(0..).find(|(_, n)| f64::from(*n).total_cmp(&rank).is_eq()).unwrap().0
        };
        let (lower, upper) = (at(rank.floor()), at(rank.ceil()));
        lower + (upper - lower) * rank.fract()
    }

    #[test]
    fn quantiles_of_few_values_are_interpolated() {
        let quantiles = of(&[10, 20, 30, 40], 100);
        assert_eq!(quantiles.at(0.5), Some(25.0));
        assert_eq!((quantiles.at(0.0), quantiles.at(1.0)), (Some(10.0), Some(40.0)));
        assert_eq!(of(&[], 100).at(0.5), None);
        assert_eq!(of(&[7], 100).at(0.99), Some(7.0));
    }

    proptest! {
        #[test]
        fn quantiles_are_exact_up_to_the_limit_and_close_beyond(
            values in prop::collection::vec(0..10_u64.pow(9), 1..300),
            limit in 1..300_usize,
            q in 0.0..=1.0_f64,
        ) {
            let quantiles = of(&values, limit);
            let (found, expected) = (quantiles.at(q).unwrap(), oracle(&values, q));
            prop_assert_eq!(quantiles.is_exact(), values.len() <= limit);
            let error = if quantiles.is_exact() { 1e-9 } else { ERROR };
            prop_assert!((found - expected).abs() <= expected * error + 1e-6);
        }

        #[test]
        fn merge_of_parts_equals_the_whole(
            values in prop::collection::vec(0..10_u64.pow(9), 0..200),
            cut in any::<prop::sample::Index>(),
            limit in 1..200_usize,
            wider in 0..200_usize,
        ) {
            let (left, right) = values.split_at(cut.index(values.len() + 1));
            // A part may have had a higher limit before it was merged.
            let mut merged = of(left, limit + wider);
            merged.merge(&of(right, limit + wider), limit);
            merged.sort();
            let whole = of(&values, limit);
            prop_assert_eq!(merged.is_exact(), whole.is_exact());
            for q in [0.0, 0.5, 0.95, 0.99, 1.0] {
                prop_assert_eq!(merged.at(q), whole.at(q));
            }
        }
    }
}
