//! A set of job ids that stays small: sixteen bytes each, a million of them in 16 MB.
//!
//! Ids are kept as fingerprints, so they cannot be listed; whoever needs them reads the queue again
//! and asks for each id whether it is meant.

use std::hash::{BuildHasher, RandomState};

/// Collects ids for an [`IdSet`].
#[derive(Debug, Default)]
pub struct IdSetBuilder {
    keys: Keys,
    prints: Vec<u128>,
}

/// Ids, each of which can be claimed once.
///
/// Two ids have the same fingerprint with a probability of 2⁻¹²⁸, and the keys are drawn anew for
/// each set, so that nobody can make up an id that passes for another.
#[derive(Debug, Default)]
pub struct IdSet {
    keys: Keys,
    /// Sorted.
    prints: Vec<u128>,
    /// One bit per fingerprint.
    claimed: Vec<u64>,
    /// How many are not claimed.
    open: usize,
}

/// What came of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It is in the set, and claimed from now on.
    Fresh,
    /// It was claimed before.
    Again,
    /// It is not in the set.
    Foreign,
}

#[derive(Debug, Clone, Default)]
struct Keys {
    high: RandomState,
    low: RandomState,
}

impl Keys {
    fn print(&self, id: &[u8]) -> u128 {
        (u128::from(self.high.hash_one(id)) << 64) | u128::from(self.low.hash_one(id))
    }
}

impl IdSetBuilder {
    /// Adds an id; once more does no harm.
    pub fn add(&mut self, id: &[u8]) {
        self.prints.push(self.keys.print(id));
    }

    /// The set, and of each of its ids, by [`IdSet::position`], the number that was given for it: the
    /// last one where an id was added twice.
    pub fn build_numbered(self, numbers: &[u32]) -> (IdSet, Vec<u32>) {
        let print = |at: &u32| self.prints.get(*at as usize).copied().unwrap_or_default();
        let count = u32::try_from(self.prints.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..count).collect();
        order.sort_unstable_by_key(|at| (print(at), std::cmp::Reverse(*at)));
        order.dedup_by_key(|at| print(at));
        let number = |at: &u32| numbers.get(*at as usize).copied().unwrap_or_default();
        let numbers = order.iter().map(number).collect();
        drop(order);
        (self.build(), numbers)
    }

    /// The set.
    pub fn build(mut self) -> IdSet {
        self.prints.sort_unstable();
        self.prints.dedup();
        let claimed = vec![0; self.prints.len().div_ceil(64)];
        let open = self.prints.len();
        IdSet { keys: self.keys, prints: self.prints, claimed, open }
    }
}

impl IdSet {
    /// How many ids there are.
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// Where an id stands in the set, if it is in it; stable, below [`Self::len`].
    pub fn position(&self, id: &[u8]) -> Option<usize> {
        self.prints.binary_search(&self.keys.print(id)).ok()
    }

    /// Whether an id is in the set and not claimed.
    pub fn is_open(&self, id: &[u8]) -> bool {
        self.position(id).is_some_and(|at| {
            self.claimed.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) == 0)
        })
    }

    /// How many ids are not claimed.
    pub const fn open(&self) -> usize {
        self.open
    }

    /// Claims an id, if it is in the set and not claimed yet.
    pub fn claim(&mut self, id: &[u8]) -> Claim {
        let Some((word, bit)) = self.bit(id) else { return Claim::Foreign };
        if *word & bit != 0 {
            return Claim::Again;
        }
        *word |= bit;
        self.open -= 1;
        Claim::Fresh
    }

    /// Takes a claim back, so that the id can be claimed once more.
    pub fn release(&mut self, id: &[u8]) {
        if let Some((word, bit)) = self.bit(id).filter(|(word, bit)| **word & bit != 0) {
            *word &= !bit;
            self.open += 1;
        }
    }

    /// The word and the bit in it that stand for an id.
    fn bit(&mut self, id: &[u8]) -> Option<(&mut u64, u64)> {
        let position = self.position(id)?;
        Some((self.claimed.get_mut(position / 64)?, 1 << (position % 64)))
    }
}

impl<T: AsRef<[u8]>> FromIterator<T> for IdSet {
    fn from_iter<I: IntoIterator<Item = T>>(ids: I) -> Self {
        let mut builder = IdSetBuilder::default();
        ids.into_iter().for_each(|id| builder.add(id.as_ref()));
        builder.build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_set_keeps_the_number_of_each_id() {
        let mut builder = IdSetBuilder::default();
        let ids = [b"a", b"b", b"c", b"a"];
        for id in ids {
            builder.add(id);
        }
        let (set, numbers) = builder.build_numbered(&[10, 11, 12, 13]);
        let number = |id: &[u8]| numbers[set.position(id).unwrap()];
        assert_eq!([number(b"a"), number(b"b"), number(b"c")], [13, 11, 12]);
    }

    #[test]
    fn id_set_claims_each_id_once_until_it_is_released() {
        let mut set: IdSet = ["a", "b", "b"].into_iter().collect();
        assert_eq!(set.len(), 2);
        assert_eq!([set.claim(b"a"), set.claim(b"b")], [Claim::Fresh; 2]);
        assert_eq!([set.claim(b"a"), set.claim(b"c")], [Claim::Again, Claim::Foreign]);
        assert_eq!(set.open(), 0);
        set.release(b"a");
        assert_eq!([set.claim(b"a"), set.claim(b"b")], [Claim::Fresh, Claim::Again]);
        assert!(set.position(b"c").is_none());
    }
}
