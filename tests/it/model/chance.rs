//! Chance that comes out the same for the same seed.

/// A small generator of pseudo-random numbers. Source: Marsaglia, "Xorshift RNGs" (2003).
pub(super) struct Chance(u64);

impl Chance {
    /// Chances of the `part`-th of those who share a seed.
    pub(super) fn new(seed: u64, part: u64) -> Self {
        // Never zero, and far apart for seeds that are close.
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (part + 1).wrapping_mul(0xbf58_476d))
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % (end as u64)).unwrap()
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    /// One of several.
    pub(super) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}
