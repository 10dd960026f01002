//! Counts over time in a fixed number of equal spans, whose width adapts to what was seen.
//!
//! The width is the smallest power of two of seconds with which everything fits, and spans begin
//! at its multiples, so two time lines of the same executions agree however they were divided.

/// How many spans there are.
pub const SPANS: usize = 64;

/// Counts by span.
pub type Counts = [u32; SPANS];

/// Where the spans lie; common to all keys, so that their lines can be compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Axis {
    range: Option<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Range {
    first_s: i64,
    last_s: i64,
    /// The width of a span is two to the power of this, in seconds.
    power: u32,
}

impl Range {
    fn over(first_s: i64, last_s: i64, at_least: u32) -> Self {
        let fits = |power: &u32| {
            let spans = usize::try_from((last_s >> power) - (first_s >> power));
            spans.is_ok_and(|spans| spans < SPANS)
        };
        let power = (at_least..63).find(fits).unwrap_or(62);
        Self { first_s, last_s, power }
    }

    fn base(self) -> i64 {
        self.first_s >> self.power
    }
}

impl Axis {
    /// The span of a second, if the axis reaches so far.
    pub fn span_of(&self, second: i64) -> Option<usize> {
        let range = self.range?;
        let span = usize::try_from((second >> range.power).checked_sub(range.base())?).ok()?;
        (span < SPANS).then_some(span)
    }

    /// Makes the axis reach a second. Counts of the axis before must be moved with
    /// [`Axis::move_counts`] if it changed.
    pub fn reach(&mut self, second: i64) {
        self.range = Some(self.range.map_or_else(
            || Range::over(second, second, 0),
            |r| Range::over(r.first_s.min(second), r.last_s.max(second), r.power),
        ));
    }

    /// Remembers a second that the axis already reaches, so that its ends are known.
    pub fn note(&mut self, second: i64) {
        if let Some(range) = &mut self.range {
            range.first_s = range.first_s.min(second);
            range.last_s = range.last_s.max(second);
        }
    }

    /// Makes the axis reach whatever `other` reaches.
    pub fn cover(&mut self, other: &Self) {
        let Some(theirs) = other.range else { return };
        self.range = Some(self.range.map_or(theirs, |ours| {
            let (first, last) = (ours.first_s.min(theirs.first_s), ours.last_s.max(theirs.last_s));
            Range::over(first, last, ours.power.max(theirs.power))
        }));
    }

    /// Moves counts from the axis `from` to this one, which reaches at least as far.
    pub fn move_counts(&self, from: &Self, counts: &Counts) -> Counts {
        let mut moved = [0; SPANS];
        let (Some(to), Some(from)) = (self.range, from.range) else { return moved };
        for (at, count) in (0_i64..).zip(counts).filter(|(_, count)| **count > 0) {
            let span = ((from.base() + at) >> (to.power - from.power)) - to.base();
            let place = usize::try_from(span).ok().and_then(|span| moved.get_mut(span));
            if let Some(place) = place {
                *place = u32::saturating_add(*place, *count);
            }
        }
        moved
    }

    /// When the first span begins, in seconds since 1970; `None` if nothing was seen.
    pub fn begins_s(&self) -> Option<i64> {
        self.range.map(|range| range.base() << range.power)
    }

    /// The width of a span in seconds.
    pub fn width_s(&self) -> Option<i64> {
        self.range.map(|range| 1 << range.power)
    }

    /// How many spans hold what was seen.
    pub fn used(&self) -> usize {
        self.range.and_then(|range| self.span_of(range.last_s)).map_or(0, |last| last + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn counted(seconds: &[i64]) -> (Axis, Counts) {
        let (mut axis, mut counts) = (Axis::default(), [0; SPANS]);
        for &second in seconds {
            if axis.span_of(second).is_none() {
                let before = axis;
                axis.reach(second);
                counts = axis.move_counts(&before, &counts);
            }
            axis.note(second);
            counts[axis.span_of(second).unwrap()] += 1;
        }
        (axis, counts)
    }

    #[test]
    fn spans_begin_at_multiples_of_their_width() {
        let (axis, counts) = counted(&[1000, 1001, 1100]);
        assert_eq!((axis.width_s(), axis.begins_s()), (Some(2), Some(1000)));
        assert_eq!((counts[0], counts[50], axis.used()), (2, 1, 51));
        assert_eq!(Axis::default().used(), 0);
    }

    #[test]
    fn far_ends_of_time_fit() {
        let (axis, counts) = counted(&[-62_000_000_000, 250_000_000_000, 0]);
        assert_eq!(counts.iter().sum::<u32>(), 3);
        assert!(axis.used() <= SPANS);
    }

    proptest! {
        #[test]
        fn merge_of_parts_equals_the_whole(
            seconds in prop::collection::vec(-5000..5000_i64, 1..60),
            cut in any::<prop::sample::Index>(),
        ) {
            let whole = counted(&seconds);
            let (left, right) = seconds.split_at(cut.index(seconds.len()));
            let (left, right) = (counted(left), counted(right));
            let mut axis = left.0;
            axis.cover(&right.0);
            let (a, b) = (axis.move_counts(&left.0, &left.1), axis.move_counts(&right.0, &right.1));
            let sum: Vec<u32> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            prop_assert_eq!(axis, whole.0);
            prop_assert_eq!(&sum[..], &whole.1[..]);
            prop_assert_eq!(sum.iter().sum::<u32>() as usize, seconds.len());
        }
    }
}
