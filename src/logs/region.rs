//! Which part of a plain file can hold what was written between two instants, and which days its
//! lines can be of. A few dozen reads, however long the file is.
//!
//! A line may begin with a time that is not its own: an imported row, a date that is talked about.
//! No single one decides anything here: the file is sampled from end to end, and what stands outside
//! is a stretch of [`STRETCH`] bytes in which every sample says so.

use std::fs::File;
use std::io;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::back::lines;
use super::clock::{Clock, DISORDER};
use super::input::{Input, head_of, read_at};
use super::stamp::{self, Within};

/// So many bytes in a row outside what is wanted, by their samples, end the search in their
/// direction. Shorter files are read whole.
pub(super) const STRETCH: u64 = 16 << 20;
/// Between two samples of a stretch.
pub(super) const BLOCK: u64 = 256 << 10;
/// Samples of a whole file.
const SAMPLES: u64 = 64;
/// How far a sample looks for a line with a time.
const SAMPLE: usize = 128 << 10;
/// How much of a file's start tells from when it is.
const HEAD: usize = 64 << 10;
/// Clocks go back by an hour at most, and a little more for disorder.
const CLOCK_CHANGE: i64 = 65 * DISORDER;

/// Where to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    /// A line's start; what stands before it is older than what is wanted.
    pub(super) begin: u64,
    /// Before it reading must not end.
    pub(super) last: u64,
    /// Whether the samples ascend.
    pub(super) ordered: bool,
}

impl Region {
    const fn whole(length: u64) -> Self {
        Self { begin: 0, last: length, ordered: true }
    }
}

/// The part of `file` that can hold records between `since` and `until`.
pub(super) fn find(
    file: &File,
    length: u64,
    since: Option<i64>,
    until: Option<i64>,
    clock: &Clock,
) -> io::Result<Region> {
    if length <= STRETCH || (since.is_none() && until.is_none()) {
        return Ok(Region::whole(length));
    }
    let wanted = since.map(|since| since.saturating_sub(CLOCK_CHANGE));
    let step = (length / SAMPLES).max(BLOCK);
    let mut region = Region { last: 0, ..Region::whole(length) };
    // The last sample before the first that is young enough, and that one.
    let (mut low, mut high) = (0, None);
    let mut latest = i64::MIN;
    for number in 0..length.div_ceil(step) {
        let from = number * step;
        let upto = length.min(from + step);
        let Some((offset, at)) = first_dated(file, from, upto, clock)? else { continue };
        if high.is_none() {
            match wanted {
                Some(wanted) if at < wanted => low = offset,
                _ => high = Some(offset),
            }
        }
        if until.is_none_or(|until| at <= until.saturating_add(DISORDER)) {
            region.last = upto;
        }
        region.ordered &= at >= latest.saturating_sub(CLOCK_CHANGE);
        latest = latest.max(at);
    }
    if let Some(wanted) = wanted {
        let near = between(file, low, high.unwrap_or(length), wanted, clock)?;
        region.begin = back_over_older(file, near, wanted, clock)?;
    }
    Ok(region)
}

/// A place between an old sample and a young one before which it looks old.
fn between(file: &File, low: u64, high: u64, wanted: i64, clock: &Clock) -> io::Result<u64> {
    let (mut low, mut high) = (low, high);
    while high - low > BLOCK {
        let middle = low + (high - low) / 2;
        match first_dated(file, middle, high, clock)? {
            Some((offset, at)) if at < wanted => low = offset,
            // What has no time in all this room is not passed over.
            Some(_) | None => high = middle,
        }
    }
    Ok(low)
}

/// The first place that is young enough and has a whole stretch of what is older before it: the
/// halving may have met a line that tells another time than its own.
fn back_over_older(file: &File, from: u64, wanted: i64, clock: &Clock) -> io::Result<u64> {
    let (mut begin, mut upto) = (from, from);
    while upto > 0 && begin - upto < STRETCH {
        let from = upto.saturating_sub(BLOCK);
        match first_dated(file, from, upto, clock)? {
            Some((_, at)) if at < wanted => {}
            // A line at the very start stands behind no line end and is not looked at.
            _ if from == 0 => begin = 0,
            Some((offset, _)) => begin = offset,
            None => {}
        }
        upto = from;
    }
    Ok(begin)
}

/// The first line with a time between two places.
fn first_dated(file: &File, from: u64, upto: u64, clock: &Clock) -> io::Result<Option<(u64, i64)>> {
    let most = usize::try_from(upto - from).unwrap_or(usize::MAX).min(SAMPLE);
    let mut length = most.min(16 << 10);
    loop {
        let bytes = read_at(file, from, length)?;
        for (at, line) in lines(&bytes) {
            let offset = from + at as u64;
            let stamp = clock.within.find(line);
            if let Some(at) = stamp.and_then(|stamp| clock.clone().resolve(&stamp, offset)) {
                return Ok(Some((offset, at)));
            }
        }
        if length >= most || bytes.len() < length {
            return Ok(None);
        }
        length = most;
    }
}

/// The days that a line of the file can be of: none behind its last change, none a year before its
/// first lines. A day more is left to zones and clocks that go wrong.
///
/// Where most of the first lines lie behind the last change, that is not what it says, and nothing is
/// excluded.
pub(super) fn days_within(file: &File, gzip: bool, modified: i64) -> io::Result<Within> {
    let head =
        if gzip { head_of(Input::gzip(file.try_clone()?), HEAD)? } else { read_at(file, 0, HEAD)? };
    let days: Vec<Date> =
        head.split(|byte| *byte == b'\n').filter_map(|line| stamp::find(line)?.date).collect();
    let last = Timestamp::from_microsecond(modified)
        .ok()
        .and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date().checked_add(1.day()).ok());
    let Some(last) = last else { return Ok(Within::default()) };
    let before: Vec<Date> = days.iter().copied().filter(|day| *day <= last).collect();
    if before.len() * 2 < days.len() {
        return Ok(Within::default());
    }
    let first = before.into_iter().min().and_then(|day| day.checked_sub(1.year()).ok());
    Ok(Within { first: first.unwrap_or(Date::MIN), last })
}

#[cfg(test)]
mod tests;
