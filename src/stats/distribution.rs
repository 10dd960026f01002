//! How a measure is distributed: count, sum, extremes and quantiles of microseconds.

use super::quantiles::Quantiles;

/// A measure's values.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    count: u64,
    /// Stops at 2⁶⁴−1, which is half a million years.
    sum_us: u64,
    min_us: Option<u64>,
    max_us: Option<u64>,
    quantiles: Quantiles,
}

impl Distribution {
    /// Adds a value; `limit` as in [`Quantiles::add`].
    pub fn add(&mut self, value_us: u64, limit: usize) {
        self.count += 1;
        self.sum_us = self.sum_us.saturating_add(value_us);
        self.min_us = Some(self.min_us.map_or(value_us, |min| min.min(value_us)));
        self.max_us = self.max_us.max(Some(value_us));
        self.quantiles.add(value_us, limit);
    }

    /// Adds the values of `other`.
    pub fn merge(&mut self, other: &Self, limit: usize) {
        self.count += other.count;
        self.sum_us = self.sum_us.saturating_add(other.sum_us);
        self.min_us = [self.min_us, other.min_us].into_iter().flatten().min();
        self.max_us = self.max_us.max(other.max_us);
        self.quantiles.merge(&other.quantiles, limit);
    }

    /// Ends the adding: from now on quantiles can be asked.
    pub fn finish(&mut self, limit: usize) {
        self.quantiles.settle(limit);
        self.quantiles.sort();
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum in microseconds.
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// Their mean in microseconds.
    pub fn mean_us(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_us as f64 / self.count as f64)
    }

    /// The largest in microseconds.
    pub fn max_us(&self) -> Option<u64> {
        self.max_us
    }

    /// A quantile in microseconds, after [`Self::finish`]; never outside of the extremes.
    pub fn quantile_us(&self, q: f64) -> Option<f64> {
        let value = self.quantiles.at(q)?;
        Some(value.clamp(self.min_us? as f64, self.max_us? as f64))
    }

    /// Whether the quantiles are exact.
    pub fn is_exact(&self) -> bool {
        self.quantiles.is_exact()
    }

    /// Values in microseconds with how often each was counted, in any order.
    pub fn values(&self) -> impl Iterator<Item = (u64, u64)> {
        self.quantiles.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_no_values_are_absent() {
        let mut empty = Distribution::default();
        empty.finish(10);
        assert_eq!((empty.count(), empty.sum_us(), empty.max_us()), (0, 0, None));
        assert_eq!((empty.mean_us(), empty.quantile_us(0.5)), (None, None));
    }

    #[test]
    fn quantile_in_buckets_stays_within_the_extremes() {
        let mut one = Distribution::default();
        (0..10).for_each(|_| one.add(1_000_003, 0));
        one.finish(0);
        assert!(!one.is_exact());
        assert_eq!(one.quantile_us(0.99), Some(1_000_003.0));
    }
}
