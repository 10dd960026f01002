//! Which pairs of a queue and a task are told apart by the counters: the first, and beyond those the
//! busiest, whenever they come.
//!
//! A counter never falls and never vanishes while its process lives, so no pair is given up for
//! another. What there is of places is bounded, so the last of them are dear: the fewer are left, the
//! larger the share of all events must be that a pair has. Shares are those of late: counts are halved
//! now and then. They only decide; what is exposed was counted since the pair got its place.
//!
//! Counts are kept of no more than [`MOST_COUNTED`] pairs, as "space saving" does it: a new pair takes
//! the place of the least one and its count as a possible error. A pair with more than that share of
//! the events is always among them. Source: Metwally, Agrawal and El Abbadi, "Efficient Computation of
//! Frequent and Top-k Elements in Data Streams", 2005.

use std::collections::{BTreeSet, HashMap};

/// Pairs that get a place when they are first seen.
pub(super) const FIRST: usize = 100;
/// Places for pairs that turn out to be busy later.
pub(super) const RESERVED: usize = 50;
/// Pairs whose events are counted for that.
const MOST_COUNTED: usize = 500;
/// Events after which counts are halved.
const WINDOW: u64 = 20_000;
/// Events of a pair that a share is taken of at least.
const LEAST: u64 = 10;

/// A queue and a task.
pub(super) type Pair = (String, String);

/// How often a pair was met.
#[derive(Debug, Clone, Copy, Default)]
struct Met {
    times: u64,
    /// How many of those may have been another pair's.
    error: u64,
}

/// The pairs that are told apart, and how busy others are.
#[derive(Debug, Default)]
pub(super) struct Busiest {
    kept: BTreeSet<Pair>,
    met: HashMap<Pair, Met>,
    all: u64,
}

impl Busiest {
    /// Takes up pairs of an earlier process, the busiest first; of many, those that come last lose
    /// their places. Whether one kept its place is told by [`Self::has`].
    pub(super) fn restored(pairs: impl IntoIterator<Item = Pair>) -> Self {
        let kept = pairs.into_iter().take(FIRST + RESERVED / 2).collect();
        Self { kept, ..Self::default() }
    }

    /// Whether a pair has a place.
    pub(super) fn has(&self, pair: &Pair) -> bool {
        self.kept.contains(pair)
    }

    /// Notes that something happened `times` times, and tells whether it is to be told apart from now
    /// on.
    pub(super) fn meet(&mut self, pair: &Pair, times: u64) -> bool {
        self.all = self.all.saturating_add(times);
        if self.all > WINDOW {
            self.halve();
        }
        if self.has(pair) {
            return true;
        }
        let place = self.kept.len() < FIRST || self.earns(pair, times);
        if place {
            self.met.remove(pair);
            self.kept.insert(pair.clone());
        }
        place
    }

    /// Counts, and tells whether the pair is busy enough for one of the places that are left.
    fn earns(&mut self, pair: &Pair, times: u64) -> bool {
        let surely = self.count(pair, times);
        let left = (FIRST + RESERVED).saturating_sub(self.kept.len()) as u64;
        left > 0 && surely >= LEAST && surely.saturating_mul(left) >= self.all
    }

    /// How often the pair was surely met.
    fn count(&mut self, pair: &Pair, times: u64) -> u64 {
        if !self.met.contains_key(pair) && self.met.len() >= MOST_COUNTED {
            let least = self.met.iter().min_by_key(|(_, met)| met.times);
            let least = least.map(|(pair, met)| (pair.clone(), met.times));
            if let Some((least, error)) = least {
                self.met.remove(&least);
                self.met.insert(pair.clone(), Met { times: error, error });
            }
        }
        let met = self.met.entry(pair.clone()).or_default();
        met.times = met.times.saturating_add(times);
        met.times - met.error
    }

    fn halve(&mut self) {
        self.all /= 2;
        for met in self.met.values_mut() {
            met.times /= 2;
            met.error /= 2;
        }
        self.met.retain(|_, met| met.times > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(task: usize) -> Pair {
        ("q".to_owned(), format!("task{task}"))
    }

    #[test]
    fn busy_pair_that_comes_late_gets_a_place_and_rare_ones_get_none() {
        let mut busiest = Busiest::default();
        for task in 0..5_000 {
            busiest.meet(&pair(task), 1);
        }
        assert_eq!(busiest.kept.len(), FIRST);
        let busy = ("q".to_owned(), "busy".to_owned());
        let needed = (0..5_000).position(|task| {
            busiest.meet(&pair(5_000 + task), 1);
            busiest.meet(&busy, 1)
        });
        assert!(needed.is_some_and(|needed| needed < 200), "{needed:?}");
        assert_eq!(busiest.kept.len(), FIRST + 1);
    }

    #[test]
    fn places_are_bounded_and_the_last_are_for_the_busiest() {
        let mut busiest = Busiest::default();
        // Another one is busy each week, for a year and more.
        for week in 0..60 {
            for turn in 0..1_000 {
                busiest.meet(&pair(week), 1);
                busiest.meet(&pair(100_000 + week * 1_000 + turn), 1);
            }
        }
        assert!(busiest.kept.len() < FIRST + RESERVED, "{}", busiest.kept.len());
        let most = ("q".to_owned(), "most".to_owned());
        assert!((0..60_000).any(|_| busiest.meet(&most, 1)));
        assert!(busiest.kept.len() <= FIRST + RESERVED && busiest.met.len() <= MOST_COUNTED);
    }

    #[test]
    fn pairs_of_an_earlier_process_make_room_for_new_ones() {
        let busiest = Busiest::restored((0..FIRST + RESERVED).map(pair));
        assert!(busiest.has(&pair(0)) && !busiest.has(&pair(FIRST + RESERVED - 1)));
        assert_eq!(busiest.kept.len(), FIRST + RESERVED / 2);
    }
}
