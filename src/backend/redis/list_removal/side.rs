//! One of the two sweeps: what it left standing at its end, and what it has read ahead.
//!
//! Everything is counted as a distance from that end, so that both are the same.

use std::collections::VecDeque;

use super::Candidate;
use crate::model::id::JobId;
use crate::model::id_set::{Claim, IdSet};

/// Ids read ahead at a time: 1 ms of the server's time, half a megabyte.
const PAGE: usize = 10_000;

/// Ids that a page reads again, to find the place where the last one ended.
pub(super) const OVERLAP: usize = 64;

/// The same, where that was not enough: workers are fast.
pub(super) const WIDE_OVERLAP: usize = 8_192;

/// An end of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Where workers pop.
    Head,
    /// Where producers push.
    Tail,
}

impl End {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Head => Self::Tail,
            Self::Tail => Self::Head,
        }
    }

    /// Start and stop of `LRANGE` for `count` ids from the distance `from` on.
    pub(super) fn range(self, from: usize, count: usize) -> (i64, i64) {
        let (near, far) = (as_index(from), as_index(from + count) - 1);
        match self {
            Self::Head => (near, far),
            Self::Tail => (-far - 1, -near - 1),
        }
    }

    /// Cuts jobs that were seen at these distances, in the list's order, into pieces of at most
    /// `size` that lie at most `span` apart: where each begins and ends, the nearest first.
    pub(super) fn pieces(self, stood: &[usize], size: usize, span: usize) -> Vec<(usize, usize)> {
        let mut pieces = Vec::new();
        let mut rest = stood;
        while let Some(nearest) = self.nearest(rest) {
            let fits = |distance: &&usize| distance.abs_diff(nearest) < span;
            let begin = stood.len() - rest.len();
            match self {
                Self::Head => {
                    let count = rest.iter().take(size).take_while(fits).count().max(1);
                    pieces.push((begin, begin + count));
                    rest = rest.get(count..).unwrap_or_default();
                }
                Self::Tail => {
                    let count = rest.iter().rev().take(size).take_while(fits).count().max(1);
                    pieces.push((rest.len() - count, rest.len()));
                    rest = rest.get(..rest.len() - count).unwrap_or_default();
                }
            }
        }
        pieces
    }

    /// The first of a row that this end comes to.
    fn nearest(self, stood: &[usize]) -> Option<usize> {
        match self {
            Self::Head => stood.first().copied(),
            Self::Tail => stood.last().copied(),
        }
    }

    /// What the script gets for where ids were seen: indexes from the head, or negative ones.
    pub(super) fn seen(self, nearest: usize, farthest: usize) -> (i64, i64) {
        self.range(nearest, farthest + 1 - nearest)
    }

    /// The distance of an index in a list of `length`.
    pub(super) fn distance(self, index: usize, length: usize) -> usize {
        match self {
            Self::Head => index,
            Self::Tail => length.saturating_sub(index + 1),
        }
    }
}

/// A sweep from one end.
#[derive(Debug)]
pub(super) struct Side {
    end: End,
    /// Ids between the end and the first one ahead: all of them stay.
    pub(super) kept: usize,
    /// Ids read ahead, the nearest first.
    pub(super) ahead: VecDeque<Vec<u8>>,
    /// Whether nothing lies behind the last one ahead but what the other side has read.
    complete: bool,
    /// The last id that was passed.
    pub(super) passed: Option<Vec<u8>>,
    /// The last id that was passed and stays.
    border: Option<Vec<u8>>,
    /// Ids that came twice: the second one is left for another pass.
    pub(super) doubled: Vec<Vec<u8>>,
    next_order: i64,
}

impl Side {
    pub(super) const fn new(end: End, next_order: i64) -> Self {
        Self {
            end,
            kept: 0,
            ahead: VecDeque::new(),
            complete: false,
            passed: None,
            border: None,
            doubled: Vec::new(),
            next_order,
        }
    }

    /// Whether another id can be looked at. What stands before it must be known, and seen from the
    /// tail that is the next one.
    pub(super) fn has_next(&self) -> bool {
        let needed = if self.end == End::Tail && !self.complete { 2 } else { 1 };
        self.ahead.len() >= needed
    }

    /// Whether nothing is left for this side.
    pub(super) fn is_done(&self) -> bool {
        self.complete && self.ahead.is_empty()
    }

    /// The distance from which the next page is read, and how many ids.
    pub(super) fn page(&self, overlap: usize) -> (usize, usize) {
        let overlap = if self.border.is_some() { overlap.min(self.kept) } else { 0 };
        (self.kept - overlap, overlap + PAGE)
    }

    /// Takes a page that was read from the distance `from`, in the list's order; nothing at or
    /// beyond the distance `limit` is this side's.
    ///
    /// False where the page does not hold the border; then it is taken from its beginning, which
    /// at worst shows ids again that stay.
    pub(super) fn take_page(&mut self, mut page: Vec<Vec<u8>>, from: usize, limit: usize) -> bool {
        if self.end == End::Tail {
            page.reverse();
        }
        let border = self.border.as_ref().map(|border| page.iter().position(|id| id == border));
        let skipped = match border {
            None => 0,
            Some(position) => position.map_or(0, |position| position + 1),
        };
        self.kept = from + skipped;
        let mine = limit.saturating_sub(self.kept);
        self.complete = page.len() - skipped >= mine || page.len() - skipped < PAGE;
        self.ahead = page.into_iter().skip(skipped).take(mine).collect();
        border != Some(None)
    }

    /// Passes ids until `most` of them are meant, or there are none ahead. The nearest comes first.
    pub(super) fn gather(&mut self, ids: &mut IdSet, most: usize) -> Vec<Candidate> {
        let mut batch: Vec<Candidate> = Vec::new();
        while self.has_next() && batch.len() < most {
            let Some(id) = self.ahead.pop_front() else { break };
            let claim = ids.claim(&id);
            if claim == Claim::Fresh {
                batch.push(self.candidate(&id));
            } else {
                self.border = Some(id.clone());
            }
            if claim == Claim::Again {
                self.doubled.push(id.clone());
            }
            self.passed = Some(id);
            // Counted as left standing until `settle` knows better.
            self.kept += 1;
        }
        batch
    }

    /// Passes everything ahead; all of it stays.
    pub(super) fn pass_all(&mut self) -> Vec<Vec<u8>> {
        let page: Vec<Vec<u8>> = self.ahead.drain(..).collect();
        self.kept += page.len();
        self.border = page.last().cloned().or(self.border.take());
        page
    }

    fn candidate(&mut self, id: &[u8]) -> Candidate {
        let order = self.next_order;
        let follows = match self.end {
            End::Head => {
                self.next_order += 1;
                self.passed.as_ref()
            }
            End::Tail => {
                self.next_order -= 1;
                self.ahead.front()
            }
        };
        Candidate {
            id: JobId::new(id),
            order,
            follows: follows.map(|id| JobId::new(id.as_slice())),
            distance: self.kept,
        }
    }

    /// Corrects the count after a batch: `taken` are out, `missed` were not found, and one that was
    /// found stood at the first of two distances where the second was expected.
    pub(super) fn settle(&mut self, taken: usize, missed: usize, found: Option<(usize, usize)>) {
        let kept = match found {
            Some((stood, expected)) => (self.kept + stood).saturating_sub(expected),
            None => self.kept.saturating_sub(missed),
        };
        self.kept = kept.saturating_sub(taken);
    }
}

fn as_index(distance: usize) -> i64 {
    i64::try_from(distance).unwrap_or(i64::MAX - 1)
}
