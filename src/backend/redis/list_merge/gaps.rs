//! Into which gap of a list each id goes: gap 0 is before its first id, gap n behind its last.

use std::collections::HashSet;

use super::Merged;
use crate::model::id_set::{IdSet, IdSetBuilder};

/// A gap that is not known.
const UNKNOWN: u32 = u32::MAX;

/// Collects the ids of the list.
pub(super) struct GapsBuilder {
    ids: IdSetBuilder,
    count: usize,
    inserts: bool,
}

/// The gaps, one for each id in the order of the source.
pub(super) struct Gaps {
    ids: IdSet,
    /// Where each id of the set stands in the list.
    indexes: Vec<u32>,
    places: Vec<u32>,
    /// Ids of the source, by number, that do not stand in the list and stay out of it.
    left_out: HashSet<usize>,
    inserts: bool,
    /// One bit per id of the list: it is in the source, and goes where that says.
    moving: Vec<u64>,
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
        let count = u32::try_from(self.count).unwrap_or(UNKNOWN - 1);
        let merged = Merged::default();
        let moving = vec![0; self.count.div_ceil(64)];
        let (places, previous, left_out) = (Vec::new(), Vec::new(), HashSet::new());
        let inserts = self.inserts;
        Gaps { ids, indexes, places, left_out, inserts, moving, previous, count, merged }
    }
}

impl Gaps {
    pub(super) fn builder(count: usize, inserts: bool) -> GapsBuilder {
        GapsBuilder { ids: IdSetBuilder::default(), count, inserts }
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
        match self.index_of(id) {
            Some(index) => {
                self.merged.moved += 1;
                if let Some(word) = self.moving.get_mut(index as usize / 64) {
                    *word |= 1 << (index % 64);
                }
            }
            None if self.inserts => self.merged.restored += 1,
            // It still tells where those stood that followed it.
            None => {
                self.left_out.insert(self.places.len());
            }
        }
        let gap = match follows {
            None => 0,
            Some(follows) if follows == self.previous => {
                self.places.last().copied().unwrap_or(UNKNOWN)
            }
            Some(follows) => self
                .index_of(follows)
                .filter(|index| !self.is_moving(*index as usize))
                .map_or(UNKNOWN, |index| index + 1),
        };
        self.places.push(gap);
        self.previous.clear();
        self.previous.extend_from_slice(id);
    }

    /// Whether the id at this index of the list goes somewhere else.
    pub(super) fn is_moving(&self, index: usize) -> bool {
        self.moving.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    fn index_of(&self, id: &[u8]) -> Option<u32> {
        self.ids.position(id).and_then(|position| self.indexes.get(position)).copied()
    }

    /// Makes the gaps rise with the order of the source, and fills those that are not known.
    pub(super) fn settle(mut self) -> Self {
        (self.ids, self.indexes) = (IdSet::default(), Vec::new());
        self.forget_out_of_order();
        let mut above = vec![self.count; self.places.len()];
        let mut next = self.count;
        for (gap, above) in self.places.iter().zip(&mut above).rev() {
            next = if *gap == UNKNOWN { next } else { *gap };
            *above = next;
        }
        let staying = self.staying_before();
        let staying = |gap: u32| staying.get(gap as usize).copied().unwrap_or(0);
        let mut below = 0;
        for at in 0..self.places.len() {
            let (Some(gap), Some(above)) = (self.places.get(at), above.get(at)) else { continue };
            if *gap == UNKNOWN {
                // Between the two stands nothing but what moves itself: then it is its old place.
                self.merged.unplaced += usize::from(staying(below) != staying(*above));
                if let Some(gap) = self.places.get_mut(at) {
                    *gap = below;
                }
            }
            below = self.places.get(at).copied().unwrap_or(below);
        }
        self
    }

    /// How many ids stay before each gap.
    fn staying_before(&self) -> Vec<u32> {
        let mut staying = 0;
        let counts = (0..self.count).map(|index| {
            let before = staying;
            staying += u32::from(!self.is_moving(index as usize));
            before
        });
        let mut counts: Vec<u32> = counts.collect();
        counts.push(staying);
        counts
    }

    /// Keeps the longest row of gaps that never falls; the others become unknown.
    fn forget_out_of_order(&mut self) {
        // Of each length, the row that ends lowest: its last element. Source: patience sorting.
        let mut ends: Vec<u32> = Vec::new();
        let mut before: Vec<u32> = vec![UNKNOWN; self.places.len()];
        for (at, gap) in self.places.iter().enumerate().filter(|(_, gap)| **gap != UNKNOWN) {
            let gap_at = |at: &u32| self.places.get(*at as usize).copied().unwrap_or(0);
            let length = ends.partition_point(|end| gap_at(end) <= *gap);
            if let Some(before) = before.get_mut(at) {
                *before =
                    length.checked_sub(1).and_then(|l| ends.get(l)).copied().unwrap_or(UNKNOWN);
            }
            let at = u32::try_from(at).unwrap_or(UNKNOWN);
            match ends.get_mut(length) {
                Some(end) => *end = at,
                None => ends.push(at),
            }
        }
        let mut kept = vec![false; self.places.len()];
        let mut at = ends.last().copied();
        while let Some(slot) = at.and_then(|at| kept.get_mut(at as usize)) {
            *slot = true;
            at = at.and_then(|at| before.get(at as usize)).copied();
        }
        for (gap, kept) in self.places.iter_mut().zip(kept) {
            if *gap != UNKNOWN && !kept {
                *gap = UNKNOWN;
            }
        }
    }

    /// The gap of the source's id with this number; `None` where it stays out of the list.
    pub(super) fn of(&self, number: usize) -> Option<usize> {
        let gap = self.places.get(number).map_or(0, |gap| *gap as usize);
        (!self.left_out.contains(&number)).then_some(gap)
    }

    pub(super) const fn merged(&self) -> Merged {
        self.merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(list: &str, source: &[(&str, Option<&str>)]) -> (Vec<usize>, Merged) {
        let mut builder = Gaps::builder(list.len(), true);
        list.bytes().for_each(|id| builder.add(&[id]));
        let mut gaps = builder.index();
        list.bytes().enumerate().for_each(|(at, id)| gaps.stands(&[id], at));
        for (id, follows) in source {
            gaps.place(id.as_bytes(), follows.map(str::as_bytes));
        }
        let gaps = gaps.settle();
        ((0..source.len()).filter_map(|number| gaps.of(number)).collect(), gaps.merged())
    }

    #[test]
    fn ids_go_behind_what_they_followed() {
        let (found, merged) =
            gaps("bdf", &[("a", None), ("c", Some("b")), ("e", Some("d")), ("E", Some("e"))]);
        assert_eq!(found, [0, 1, 2, 2]);
        assert_eq!(merged, Merged { restored: 4, moved: 0, unplaced: 0 });
    }

    #[test]
    fn ids_that_are_there_move_and_still_lead_others() {
        let (found, merged) = gaps("bdc", &[("c", Some("b")), ("C", Some("c"))]);
        assert_eq!(found, [1, 1]);
        assert_eq!(merged, Merged { restored: 1, moved: 1, unplaced: 0 });
    }

    #[test]
    fn ids_whose_leader_is_gone_keep_their_order() {
        let (found, merged) = gaps("df", &[("a", None), ("c", Some("b")), ("e", Some("d"))]);
        assert_eq!(found, [0, 0, 1]);
        assert_eq!(merged.unplaced, 1);
        let (found, merged) = gaps("", &[("a", Some("x")), ("c", Some("y"))]);
        assert_eq!(found, [0, 0]);
        assert_eq!(merged.unplaced, 0);
    }

    #[test]
    fn a_leader_that_moved_to_the_end_does_not_draw_the_others_there() {
        let source = [("1", Some("a")), ("2", Some("b")), ("3", Some("c")), ("4", Some("d"))];
        let (found, merged) = gaps("bcda", &source);
        assert_eq!(found, [0, 1, 2, 3]);
        assert_eq!(merged.unplaced, 1);
    }
}
