//! Reads the wanted records of one file, forwards.

use std::io;

use memchr::{memchr, memrchr};

use jiff::civil::Date;

use super::back::lines;
use super::clock::{Clock, Days};
use super::filter::{Filter, Token};
use super::input::{Got, Input};
use super::record::{self, End, Level, Span, Splitter};
use super::region::STRETCH;
use super::stamp::Stamp;

/// How much is read at once.
const BLOCK: usize = 256 << 10;

/// A wanted record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When it was written; taken from the record before where it has no time of its own.
    pub at: Option<i64>,
    /// Its level, where it tells.
    pub level: Option<Level>,
    /// Its bytes, without the line ends behind it.
    pub text: Vec<u8>,
    /// Where in its (uncompressed) file it begins.
    pub offset: u64,
    /// The rest of a record that was handed out before.
    pub continued: bool,
}

/// What is looked for, and who may end the search.
#[derive(Clone, Copy)]
pub struct Search<'a> {
    /// Which records are wanted.
    pub filter: &'a Filter,
    /// The sites of which a record must name one; empty for all.
    pub sites: &'a [Token],
    /// Asked once per block: true ends the search.
    pub stop: &'a dyn Fn() -> bool,
}

impl std::fmt::Debug for Search<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("filter", &self.filter).finish_non_exhaustive()
    }
}

/// Reads one file.
#[derive(Debug)]
pub struct Scan {
    input: Input,
    /// What was read: `buffer[from..filled]` is not yet handed out.
    buffer: Vec<u8>,
    from: usize,
    filled: usize,
    /// Offset of the buffer's start.
    base: u64,
    /// Where in the buffer the next wanted record could be; its end if nowhere.
    candidate: Option<usize>,
    splitter: Splitter,
    clock: Clock,
    /// The last time seen, resolved when somebody needs it.
    last: Option<(Stamp, u64)>,
    /// Taken for records before the first time.
    inherited: Option<i64>,
    /// A record was passed over because it has no time.
    undated: bool,
    truncated: bool,
    /// So many bytes before this place are younger than what is wanted, by the first time of each
    /// block.
    younger: u64,
    /// Before this place reading does not end.
    least: u64,
    /// Nothing that follows can be wanted.
    past: bool,
}

impl Scan {
    /// Reads `input` from where it stands.
    pub fn new(input: Input, clock: Clock) -> Self {
        Self {
            base: input.offset(),
            input,
            buffer: Vec::new(),
            from: 0,
            filled: 0,
            candidate: None,
            splitter: Splitter::within(clock.within),
            clock,
            last: None,
            inherited: None,
            undated: false,
            truncated: false,
            younger: 0,
            least: 0,
            past: false,
        }
    }

    /// Reads at least to `last`, whatever times stand there.
    pub(super) fn read_at_least_to(&mut self, least: u64) {
        self.least = least;
    }

    /// The instant of records that come before the first time.
    pub fn inherit(&mut self, at: Option<i64>) {
        self.inherited = at;
        self.splitter.dated |= at.is_some();
    }

    /// What is read.
    pub(super) fn input(&self) -> &Input {
        &self.input
    }

    /// From now on lines without a day are taken for new ones.
    pub(super) fn is_live(&mut self) {
        self.clock.days = Days::Now;
        self.splitter.within.last = Date::MAX;
    }

    /// Whether a record was passed over because it has no time.
    pub fn met_undated(&self) -> bool {
        self.undated
    }

    /// Whether the last read found the file cut off.
    pub(super) fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Whether something was read that is not yet handed out.
    pub(super) fn has_rest(&self) -> bool {
        self.from < self.filled
    }

    /// How far it has read.
    pub(super) fn read_to(&self) -> u64 {
        self.base + self.filled as u64
    }

    /// Goes on in another input, which continues this one.
    pub(super) fn continue_in(&mut self, input: Input) -> Input {
        self.truncated = false;
        std::mem::replace(&mut self.input, input)
    }

    /// Hands out what was read and waits for more that will not come, without reading.
    pub(super) fn hand_out_rest(&mut self, search: &Search<'_>, out: &mut Vec<Found>) {
        while let Some(span) =
            self.splitter.next(&self.buffer[..self.filled], self.from, End::Final)
        {
            self.from = span.end;
            out.extend(self.judge(span, search));
        }
    }

    /// Begins the same file anew after it was cut off and everything was handed out.
    pub(super) fn restart(&mut self) {
        self.input.restart();
        self.base = 0;
        (self.from, self.filled, self.candidate) = (0, 0, None);
        self.truncated = false;
    }

    /// The next wanted record; `None` at the end, and where [`Search::stop`] says so.
    ///
    /// `end` tells what the file's end means for its last record. May be called again after the
    /// end: it reads what was added since.
    pub fn next(&mut self, search: &Search<'_>, end: End) -> io::Result<Option<Found>> {
        let mut at_end = false;
        while !self.past {
            if search.filter.jumps(search.sites) {
                self.pass_over(search);
            }
            let end = if at_end { end } else { End::Open };
            match self.splitter.next(&self.buffer[..self.filled], self.from, end) {
                Some(span) => {
                    self.from = span.end;
                    if let Some(found) = self.judge(span, search) {
                        return Ok(Some(found));
                    }
                }
                None if at_end || (search.stop)() => return Ok(None),
                None => at_end = !self.fill(search.filter)?,
            }
        }
        Ok(None)
    }

    /// Moves to the last record with a time before the next place where a wanted one could be.
    fn pass_over(&mut self, search: &Search<'_>) {
        if self.candidate.is_some_and(|candidate| candidate >= self.from) {
            return;
        }
        let text = &self.buffer[..self.filled];
        let candidate = search.filter.candidate(text, self.from, search.sites);
        let candidate = candidate.unwrap_or(self.filled);
        self.candidate = Some(candidate);
        let mut upto = candidate;
        while let Some(at) = memrchr(b'\n', &text[self.from..upto]) {
            let begin = self.from + at + 1;
            // A line that is not whole may still turn out to be something else.
            let line = memchr(b'\n', &text[begin..]).map(|end| &text[begin..begin + end]);
            if line.is_some_and(|line| self.splitter.within.find(line).is_some()) {
                self.from = begin;
                return;
            }
            upto = begin - 1;
        }
    }

    fn judge(&mut self, span: Span, search: &Search<'_>) -> Option<Found> {
        let offset = self.base + span.begin as u64;
        if let Some(stamp) = span.stamp {
            self.last = Some((stamp, offset));
        }
        let record = &self.buffer[span.begin..span.end];
        let stamp = span.stamp.as_ref();
        let wanted = search.filter.wants(record, stamp, search.sites)?;
        let at = match &self.last {
            Some((stamp, offset)) => self.clock.resolve(stamp, *offset),
            None => self.inherited,
        };
        if !search.filter.wants_time(at) {
            self.undated |= at.is_none();
            return None;
        }
        let continued = span.stamp.is_none() && self.splitter.dated && !record::is_dump(record);
        let text = without_line_ends(record).to_vec();
        Some(Found { at, level: wanted.level, text, offset, continued })
    }

    /// Reads more; false at the end of the file.
    fn fill(&mut self, filter: &Filter) -> io::Result<bool> {
        self.buffer.copy_within(self.from..self.filled, 0);
        self.base += self.from as u64;
        self.filled -= self.from;
        (self.from, self.candidate) = (0, None);
        // As much again, so that a long record is not looked at too often while it arrives.
        let room = self.filled + self.filled.max(BLOCK);
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        match self.input.read(&mut self.buffer[self.filled..])? {
            Got::Bytes(got) => {
                self.filled += got;
                // A hole may have been passed over.
                self.base = self.input.offset() - self.filled as u64;
                self.notice_end(filter, got);
            }
            Got::Nothing => return Ok(false),
            Got::Truncated => {
                self.truncated = true;
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Scan {
    /// Ends the reading behind a long stretch of what is younger than everything wanted. A single
    /// line proves nothing: it may tell another time than its own.
    fn notice_end(&mut self, filter: &Filter, got: usize) {
        if filter.until.is_none() {
            return;
        }
        let fresh = self.filled - got;
        let base = self.base;
        let mut times = lines(&self.buffer[fresh..self.filled]).filter_map(|(at, line)| {
            let stamp = self.splitter.within.find(line)?;
            self.clock.clone().resolve(&stamp, base + (fresh + at) as u64)
        });
        match times.next() {
            Some(at) if filter.is_past(at) => self.younger += got as u64,
            Some(_) => self.younger = 0,
            None => {}
        }
        self.past = self.younger > STRETCH && self.base + fresh as u64 > self.least;
    }
}

/// A record without the line ends behind it.
fn without_line_ends(record: &[u8]) -> &[u8] {
    let end = record.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r'));
    &record[..end.map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    fn scan_of(text: &[u8]) -> Scan {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        Scan::new(Input::plain(file, 0), Clock::new(TimeZone::UTC))
    }

    fn all(scan: &mut Scan, filter: &Filter, sites: &[Token]) -> Vec<String> {
        let search = Search { filter, sites, stop: &|| false };
        let mut texts = Vec::new();
        while let Some(found) = scan.next(&search, End::Final).unwrap() {
            texts.push(String::from_utf8(found.text).unwrap());
        }
        texts
    }

    #[test]
    fn next_of_a_record_without_time_takes_the_time_before() {
        let mut scan = scan_of(b"2026-11-21 09:12:03 one\nThread 0x1 (most recent call first):\n");
        let filter = Filter::default();
        let search = Search { filter: &filter, sites: &[], stop: &|| false };
        let one = scan.next(&search, End::Final).unwrap().unwrap();
        let dump = scan.next(&search, End::Final).unwrap().unwrap();
        assert_eq!((one.at, one.continued), (dump.at, dump.continued));
        assert_eq!(dump.offset, 24);
    }

    #[test]
    fn next_with_until_stops_reading() {
        let mut text = b"2026-11-21 09:00:00 one\n2026-11-21 09:30:00 two\n".to_vec();
        text.extend(b"2026-11-21 09:40:00 three\n".repeat(1_000_000));
        let mut scan = scan_of(&text);
        let until = "2026-11-21T09:30:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let filter = Filter { until: Some(until), ..Filter::default() };
        assert_eq!(all(&mut scan, &filter, &[]).len(), 2);
        assert!(scan.read_to() < text.len() as u64);
    }

    #[test]
    fn next_that_is_stopped_ends() {
        let mut scan = scan_of(&b"2026-11-21 09:00:00 one\n".repeat(100_000));
        let mut filter = Filter::default();
        filter.grep(&["none".to_owned()]).unwrap();
        let search = Search { filter: &filter, sites: &[], stop: &|| true };
        assert_eq!(scan.next(&search, End::Final).unwrap(), None);
        assert_eq!(scan.read_to(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Jumping from candidate to candidate finds what looking at every record finds.
        #[test]
        fn next_that_jumps_finds_what_every_record_would(
            lines in prop::collection::vec(prop::sample::select(vec![
                "2026-11-21 09:12:03,123 ERROR apple", "2026-11-21 09:12:04,123 pear", "09:12:03 x",
                "  apple", "", "Traceback (most recent call last):", "apple", "plain", "{\"a\":1}",
                "Thread 0x1 (most recent call first):", "  File \"pear\"", "apple.pie erp",
            ]), 0..60),
            pattern in prop::sample::select(vec!["apple", "^apple$", "pear", "e\\s+a", "nothing"]),
            repeat in 1_usize..3,
        ) {
            let text = (lines.join("\n") + "\n").repeat(repeat * 150);
            let mut jumping = Filter::default();
            jumping.grep(&[pattern.to_owned()]).unwrap();
            let mut slow = Filter::default();
            slow.grep(&[format!(r"(?:{pattern}|\Anever\z)")]).unwrap();
            prop_assert!(jumping.jumps(&[]) && !slow.jumps(&[]));
            let jumped = all(&mut scan_of(text.as_bytes()), &jumping, &[]);
            let judged = all(&mut scan_of(text.as_bytes()), &slow, &[]);
            let differ = jumped.iter().zip(&judged).find(|(one, other)| one != other);
            prop_assert!(jumped.len() == judged.len() && differ.is_none(), "{:?}", differ);
            let sites = [Token::new("erp")];
            let by_site = all(&mut scan_of(text.as_bytes()), &Filter::default(), &sites);
            prop_assert!(by_site.iter().all(|record| record.contains(" erp")));
        }
    }
}
