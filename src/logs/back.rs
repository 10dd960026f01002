//! Finds places from the end of a file: the last records, and the days of lines that carry none.
//! Reads only as much as the answer takes.

use std::collections::VecDeque;
use std::fs::File;
use std::io;

use jiff::civil::{Date, DateTime};
use memchr::{memchr, memchr_iter};

use super::clock::{Clock, DISORDER, Days, micros_of};
use super::input::{Input, read_at};
use super::record::{End, MOST_BYTES};
use super::scan::{Scan, Search};
use super::stamp::Within;

/// How much is read at once.
const BLOCK: u64 = 256 << 10;
/// How far back days are reckoned for lines that have none.
const DAYS_WITHIN: u64 = 256 << 20;
/// Enough of a line to see its time.
const LINE_WITHIN: u64 = 512;
/// Lines of several processes may jump back this far without a midnight between them.
const SAME_DAY: i64 = 60 * DISORDER;

/// A wanted record, found from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its instant, where it is known.
    pub at: Option<i64>,
    /// Where it begins.
    pub offset: u64,
}

/// Finds the wanted records of a plain file, the last first.
#[derive(Debug)]
pub struct Backward {
    file: File,
    clock: Clock,
    /// Everything from here on was looked at.
    upto: u64,
    found: VecDeque<Place>,
}

impl Backward {
    /// Looks at `file` before `upto`.
    pub fn new(file: File, upto: u64, clock: Clock) -> Self {
        Self { file, clock, upto, found: VecDeque::new() }
    }

    /// The wanted record before the last one that was returned.
    pub fn next(&mut self, search: &Search<'_>) -> io::Result<Option<Place>> {
        loop {
            if let Some(place) = self.found.pop_back() {
                return Ok(Some(place));
            }
            if self.upto == 0 || (search.stop)() {
                return Ok(None);
            }
            let begin = self.segment()?;
            let mut bytes = vec![0; usize::try_from(self.upto - begin).unwrap_or(usize::MAX)];
            let got = read_whole(&self.file, begin, &mut bytes)?;
            bytes.truncate(got);
            let piece = Input::bytes(bytes, begin);
            let mut scan = Scan::new(piece, self.clock.clone());
            while let Some(found) = scan.next(search, End::Final)? {
                self.found.push_back(Place { at: found.at, offset: found.offset });
            }
            self.upto = begin;
        }
    }

    /// Where a piece begins that ends at `upto`: at a record with a time if there is one near.
    fn segment(&self) -> io::Result<u64> {
        let mut length = BLOCK;
        let within = self.clock.within;
        loop {
            let from = self.upto.saturating_sub(length);
            if from == 0 {
                return Ok(0);
            }
            let bytes = read_at(&self.file, from, usize::try_from(self.upto - from).unwrap_or(0))?;
            let dated = lines(&bytes).find(|(_, line)| within.find(line).is_some());
            if let Some((at, _)) = dated {
                return Ok(from + at as u64);
            }
            if length >= MOST_BYTES as u64 {
                let line = lines(&bytes)
                    .find(|(_, line)| line.first().is_some_and(|b| !b.is_ascii_whitespace()));
                return Ok(from + line.map_or(0, |(at, _)| at) as u64);
            }
            length *= 4;
        }
    }
}

/// The lines that begin behind a line end, with their places. The last may be cut.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    memchr_iter(b'\n', bytes).filter_map(|at| {
        let rest = bytes.get(at + 1..).filter(|rest| !rest.is_empty())?;
        Some((at + 1, &rest[..memchr(b'\n', rest).unwrap_or(rest.len())]))
    })
}

fn read_whole(file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    use std::os::unix::fs::FileExt;
    let mut got = 0;
    while got < into.len() {
        match file.read_at(&mut into[got..], offset + got as u64)? {
            0 => break,
            n => got += n,
        }
    }
    Ok(got)
}

/// Reckons the days of lines that carry only the time of day, back from the file's last change.
///
/// `None` where the last line with a time has its day too. A day without a line is not noticed:
/// the reckoning is an estimate, and whoever shows it says so.
pub fn days(
    file: &File,
    length: u64,
    modified: DateTime,
    not_before: Option<Date>,
    within: &Within,
) -> io::Result<Option<Days>> {
    let mut from = length;
    let mut later: Option<i64> = None;
    let mut date = modified.date();
    let mut days: Vec<(u64, Date)> = Vec::new();
    let oldest = length.saturating_sub(DAYS_WITHIN);
    while from > oldest {
        let upto = from;
        from = upto.saturating_sub(BLOCK);
        // With the line end before it and the whole of its last line.
        let begin = from.saturating_sub(1);
        let bytes = read_at(file, begin, usize::try_from(upto + LINE_WITHIN - begin).unwrap_or(0))?;
        let first =
            (from == 0).then(|| (0, &bytes[..memchr(b'\n', &bytes).unwrap_or(bytes.len())]));
        let stamps: Vec<_> = first
            .into_iter()
            .chain(lines(&bytes))
            .map(|(at, line)| (begin + at as u64, line))
            .take_while(|(offset, _)| *offset < upto)
            .filter_map(|(offset, line)| Some((offset, within.find(line)?)))
            .collect();
        if later.is_none() && stamps.last().is_some_and(|(_, stamp)| stamp.date.is_some()) {
            return Ok(None);
        }
        for (offset, stamp) in stamps.iter().rev() {
            let limit = later.unwrap_or_else(|| micros_of(modified.time()));
            let crossed =
                stamp.micros_of_day > limit + if later.is_some() { SAME_DAY } else { DISORDER };
            date = match stamp.date {
                // Another day in the text of a record says nothing of those before it.
                Some(other) if other > date || date.since(other).is_ok_and(is_long) => date,
                Some(own) => own,
                None if crossed => date.yesterday().unwrap_or(date),
                None => date,
            };
            later = Some(stamp.micros_of_day);
            match days.last_mut() {
                Some((begin, known)) if *known == date => *begin = *offset,
                _ => days.push((*offset, date)),
            }
        }
        if not_before.is_some_and(|day| date < day) {
            break;
        }
    }
    days.reverse();
    Ok((!days.is_empty()).then_some(Days::From(days)))
}

/// More than a year: no log without days stands still for that long.
fn is_long(span: jiff::Span) -> bool {
    span.get_days() > 366
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::logs::filter::Filter;

    fn file_of(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file
    }

    fn clock() -> Clock {
        Clock::new(TimeZone::UTC)
    }

    fn offsets(text: &[u8], filter: &Filter, backward: bool) -> Vec<u64> {
        let search = Search { filter, sites: &[], stop: &|| false };
        let mut offsets = Vec::new();
        if backward {
            let mut back = Backward::new(file_of(text), text.len() as u64, clock());
            while let Some(place) = back.next(&search).unwrap() {
                offsets.push(place.offset);
            }
            offsets.reverse();
        } else {
            let mut scan = Scan::new(Input::plain(file_of(text), 0), clock());
            while let Some(found) = scan.next(&search, End::Final).unwrap() {
                offsets.push(found.offset);
            }
        }
        offsets
    }

    #[test]
    fn days_are_reckoned_back_over_midnights() {
        let text = "23:50:00 a\n00:10:00 b\n12:00:00 c\n  more\n11:59:30 c\n00:05:00 d\n";
        let modified = "2026-11-21T00:05:01".parse().unwrap();
        let days =
            days(&file_of(text.as_bytes()), text.len() as u64, modified, None, &Within::default())
                .unwrap();
        let Some(Days::From(days)) = days else { panic!("{days:?}") };
        let shown: Vec<_> = days.iter().map(|(at, day)| (*at, day.to_string())).collect();
        assert_eq!(
            shown,
            [(0, "2026-11-19".into()), (11, "2026-11-20".into()), (51, "2026-11-21".into())]
        );
    }

    #[test]
    fn days_of_lines_with_a_day_are_not_needed() {
        let text = b"2026-11-21 09:12:03 x\n  more\n";
        let modified = "2026-11-21T09:12:03".parse().unwrap();
        assert_eq!(
            days(&file_of(text), text.len() as u64, modified, None, &Within::default()).unwrap(),
            None
        );
    }

    #[test]
    fn backward_of_a_long_file_reads_only_its_end() {
        let line = b"2026-11-21 09:12:03,123 INFO x\n";
        let text = line.repeat(200_000);
        let mut back = Backward::new(file_of(&text), text.len() as u64, clock());
        let filter = Filter::default();
        let search = Search { filter: &filter, sites: &[], stop: &|| false };
        let place = back.next(&search).unwrap().unwrap();
        assert_eq!(place.offset, (text.len() - line.len()) as u64);
        assert!(back.upto > text.len() as u64 - 2 * BLOCK);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        /// Reading backwards finds the same records as reading forwards.
        #[test]
        fn backward_finds_what_forward_finds(
            lines in prop::collection::vec(prop::sample::select(vec![
                "2026-11-21 09:12:03,123 ERROR apple", "2026-11-21 09:12:04,123 pear", "09:12:03 x",
                "  apple", "", "Traceback (most recent call last):", "plain", "{\"a\":1}",
                "Thread 0x1 (most recent call first):", "  File \"pear\"",
            ]), 1..60),
            repeat in 1_usize..300,
            pattern in prop::sample::select(vec!["", "apple", "pear$"]),
        ) {
            let text = format!("2026-11-21 09:12:03,123 x\n{}\n", lines.join("\n")).repeat(repeat);
            let mut filter = Filter::default();
            filter.grep(&[pattern.to_owned()]).unwrap();
            let backward = offsets(text.as_bytes(), &filter, true);
            let forward = offsets(text.as_bytes(), &filter, false);
            let differ = backward.iter().zip(&forward).find(|(back, forth)| back != forth);
            prop_assert!(backward.len() == forward.len() && differ.is_none(), "{:?}", differ);
        }
    }
}
