//! Into which gap of a list each id goes: gap 0 is before its first id, gap n behind its last.

use super::Merged;
use crate::model::id_set::{IdSet, IdSetBuilder};

/// A gap that is not known.
const UNKNOWN: u32 = u32::MAX;

/// An id that is not put in anywhere: it is there.
const THERE: u32 = u32::MAX - 1;

/// Collects the ids of the list.
pub(super) struct GapsBuilder {
    ids: IdSetBuilder,
    count: usize,
}

/// The gaps, one for each id in the order of the source.
pub(super) struct Gaps {
    ids: IdSet,
    /// Where each id of the set stands in the list.
    indexes: Vec<u32>,
    gaps: Vec<u32>,
    /// The id that was placed last.
    previous: Vec<u8>,
    count: u32,
    merged: Merged,
}

impl GapsBuilder {
    pub(super) fn add(&mut self, id: &[u8]) {
        self.ids.add(id);
    }

    pub(super) fn index(self) -> Gaps {
        let ids = self.ids.build();
        let indexes = vec![UNKNOWN; ids.len()];
        let count = u32::try_from(self.count).unwrap_or(THERE - 1);
        let merged = Merged::default();
        Gaps { ids, indexes, gaps: Vec::new(), previous: Vec::new(), count, merged }
    }
}

impl Gaps {
    pub(super) fn builder(count: usize) -> GapsBuilder {
        GapsBuilder { ids: IdSetBuilder::default(), count }
    }

    /// Says where an id of the list stands.
    pub(super) fn stands(&mut self, id: &[u8], index: usize) {
        let slot = self.ids.position(id).and_then(|position| self.indexes.get_mut(position));
        if let Some(slot) = slot {
            *slot = u32::try_from(index).unwrap_or(UNKNOWN);
        }
    }

    /// Places the next id of the source.
    pub(super) fn place(&mut self, id: &[u8], follows: Option<&[u8]>) {
        let gap = match follows {
            _ if self.index_of(id).is_some() => THERE,
            None => 0,
            Some(follows) => match self.index_of(follows) {
                Some(index) => index + 1,
                None if follows == self.previous => self.gaps.last().copied().unwrap_or(UNKNOWN),
                None => UNKNOWN,
            },
        };
        self.gaps.push(gap);
        self.previous.clear();
        self.previous.extend_from_slice(id);
    }

    fn index_of(&self, id: &[u8]) -> Option<u32> {
        self.ids.position(id).and_then(|position| self.indexes.get(position)).copied()
    }

    /// Makes the gaps rise with the order of the source, and fills those that are not known.
    pub(super) fn settle(mut self) -> Self {
        (self.ids, self.indexes) = (IdSet::default(), Vec::new());
        self.forget_out_of_order();
        let mut above = vec![self.count; self.gaps.len()];
        let mut next = self.count;
        for (gap, above) in self.gaps.iter().zip(&mut above).rev() {
            next = if *gap < THERE { *gap } else { next };
            *above = next;
        }
        let mut below = 0;
        for (gap, above) in self.gaps.iter_mut().zip(above) {
            if *gap == THERE {
                self.merged.there += 1;
                continue;
            }
            self.merged.restored += 1;
            if *gap == UNKNOWN {
                self.merged.unplaced += usize::from(below != above);
                *gap = below;
            }
            below = *gap;
        }
        self
    }

    /// Keeps the longest row of gaps that never falls; the others become unknown.
    fn forget_out_of_order(&mut self) {
        // Of each length, the row that ends lowest: its last element. Source: patience sorting.
        let mut ends: Vec<u32> = Vec::new();
        let mut before: Vec<u32> = vec![UNKNOWN; self.gaps.len()];
        for (at, gap) in self.gaps.iter().enumerate().filter(|(_, gap)| **gap < THERE) {
            let gap_at = |at: &u32| self.gaps.get(*at as usize).copied().unwrap_or(0);
            let length = ends.partition_point(|end| gap_at(end) <= *gap);
            if let Some(before) = before.get_mut(at) {
                *before = length.checked_sub(1).and_then(|l| ends.get(l)).copied().unwrap_or(UNKNOWN);
            }
            let at = u32::try_from(at).unwrap_or(UNKNOWN);
            match ends.get_mut(length) {
                Some(end) => *end = at,
                None => ends.push(at),
            }
        }
        let mut kept = vec![false; self.gaps.len()];
        let mut at = ends.last().copied();
        while let Some(slot) = at.and_then(|at| kept.get_mut(at as usize)) {
            *slot = true;
            at = at.and_then(|at| before.get(at as usize)).copied();
        }
        for (gap, kept) in self.gaps.iter_mut().zip(kept) {
            if *gap < THERE && !kept {
                *gap = UNKNOWN;
            }
        }
    }

    /// The gap of the source's id with this number; `None` where it is not put in.
    pub(super) fn of(&self, number: usize) -> Option<usize> {
        self.gaps.get(number).filter(|gap| **gap < THERE).map(|gap| *gap as usize)
    }

    pub(super) const fn merged(&self) -> Merged {
        self.merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(list: &str, source: &[(&str, Option<&str>)]) -> (Vec<Option<usize>>, Merged) {
        let mut builder = Gaps::builder(list.len());
        list.bytes().for_each(|id| builder.add(&[id]));
        let mut gaps = builder.index();
        list.bytes().enumerate().for_each(|(at, id)| gaps.stands(&[id], at));
        for (id, follows) in source {
            gaps.place(id.as_bytes(), follows.map(str::as_bytes));
        }
        let gaps = gaps.settle();
        ((0..source.len()).map(|number| gaps.of(number)).collect(), gaps.merged())
    }

    #[test]
    fn ids_go_behind_what_they_followed() {
        let (found, merged) =
            gaps("bdf", &[("a", None), ("c", Some("b")), ("e", Some("d")), ("E", Some("e"))]);
        assert_eq!(found, [Some(0), Some(1), Some(2), Some(2)]);
        assert_eq!(merged, Merged { restored: 4, there: 0, unplaced: 0 });
    }

    #[test]
    fn ids_that_are_there_are_left_out_and_still_lead_others() {
        let (found, merged) = gaps("bcd", &[("c", Some("b")), ("C", Some("c"))]);
        assert_eq!(found, [None, Some(2)]);
        assert_eq!((merged.there, merged.unplaced), (1, 0));
    }

    #[test]
    fn ids_whose_leader_is_gone_keep_their_order() {
        let (found, merged) = gaps("df", &[("a", None), ("c", Some("b")), ("e", Some("d"))]);
        assert_eq!(found, [Some(0), Some(0), Some(1)]);
        assert_eq!(merged.unplaced, 1);
        let (found, merged) = gaps("", &[("a", Some("x")), ("c", Some("y"))]);
        assert_eq!(found, [Some(0), Some(0)]);
        assert_eq!(merged.unplaced, 0);
    }

    #[test]
    fn a_leader_that_moved_to_the_end_does_not_draw_the_others_there() {
        let source = [("1", Some("a")), ("2", Some("b")), ("3", Some("c")), ("4", Some("d"))];
        let (found, merged) = gaps("bcda", &source);
        assert_eq!(found, [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(merged.unplaced, 1);
    }
}
