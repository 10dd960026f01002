//! Which records are wanted. Rejects whole buffers where it can, and single records surely.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

use super::clock::DISORDER;
use super::record::{self, Level};
use super::stamp::Stamp;

/// Most memory of a compiled pattern.
const PATTERN_BYTES: usize = 32 << 20;

/// Text that must stand by itself: `erp` is not in `erp.example`, `7` not in `17`.
#[derive(Debug, Clone)]
pub struct Token {
    finder: Finder<'static>,
}

impl Token {
    /// Looks for `text`.
    pub fn new(text: &str) -> Self {
        Self { finder: Finder::new(text.as_bytes()).into_owned() }
    }

    /// Where it stands at or behind `from`.
    pub fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let length = self.finder.needle().len();
        let mut at = from;
        loop {
            let begin = at + self.finder.find(text.get(at..)?)?;
            let before = &text[..begin];
            let after = &text[begin + length..];
            if !goes_on(before.iter().rev()) && !goes_on(after.iter()) {
                return Some(begin);
            }
            at = begin + 1;
        }
    }
}

/// Whether a name goes on: with a letter, a digit, a dash, or a dot that is not a full stop.
fn goes_on<'a>(mut bytes: impl Iterator<Item = &'a u8>) -> bool {
    match bytes.next() {
        Some(b'-' | b'_') => true,
        Some(b'.') => bytes.next().is_some_and(u8::is_ascii_alphanumeric),
        Some(byte) => byte.is_ascii_alphanumeric() || !byte.is_ascii(),
        None => false,
    }
}

/// A pattern, and whether a match in a buffer is needed for one in a record of it.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    for_buffers: bool,
}

/// Which records are wanted. The default wants all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub(super) grep: Option<Pattern>,
    pub(super) exclude: Option<Pattern>,
    /// The least level.
    pub level: Option<Level>,
    /// The job whose records are wanted.
    pub job: Option<Token>,
    /// Not before this instant, in microseconds since 1970.
    pub since: Option<i64>,
    /// Not after this instant.
    pub until: Option<i64>,
}

impl Filter {
    /// Wants records in which one of the patterns matches. `^` and `$` are the ends of lines.
    ///
    /// The error says in words what is wrong with a pattern.
    pub fn grep(&mut self, patterns: &[String]) -> Result<(), String> {
        self.grep = compile(patterns)?;
        Ok(())
    }

    /// Does not want records in which one of the patterns matches. Errors: as [`Filter::grep`].
    pub fn exclude(&mut self, patterns: &[String]) -> Result<(), String> {
        self.exclude = compile(patterns)?;
        Ok(())
    }

    /// Whether [`Filter::candidate`] can tell anything.
    pub(super) fn jumps(&self, sites: &[Token]) -> bool {
        self.job.is_some()
            || self.grep.as_ref().is_some_and(|grep| grep.for_buffers)
            || sites.len() == 1
    }

    /// The first place at or behind `from` where a wanted record could be.
    pub(super) fn candidate(&self, buffer: &[u8], from: usize, sites: &[Token]) -> Option<usize> {
        if let Some(job) = &self.job {
            return job.find(buffer, from);
        }
        match (&self.grep, sites) {
            (Some(grep), _) if grep.for_buffers => {
                grep.regex.find_at(buffer, from).map(|found| found.start())
            }
            (_, [site]) => site.find(buffer, from),
            _ => Some(from),
        }
    }

    /// Whether a record is wanted for what it says, and its level if it is.
    pub(super) fn wants(
        &self,
        record: &[u8],
        stamp: Option<&Stamp>,
        sites: &[Token],
    ) -> Option<Option<Level>> {
        let text = record.trim_ascii_end();
        let told = record::level(record, stamp);
        let wanted = self.level.is_none_or(|least| told.unwrap_or(Level::Info) >= least)
            && self.job.as_ref().is_none_or(|job| job.find(text, 0).is_some())
            && (sites.is_empty() || sites.iter().any(|site| site.find(text, 0).is_some()))
            && self.grep.as_ref().is_none_or(|grep| grep.regex.is_match(text))
            && !self.exclude.as_ref().is_some_and(|exclude| exclude.regex.is_match(text));
        wanted.then_some(told)
    }

    /// Whether a record of this instant is wanted. One without a time is not, where times count.
    pub(super) fn wants_time(&self, at: Option<i64>) -> bool {
        match at {
            None => self.since.is_none() && self.until.is_none(),
            Some(at) => {
                self.since.is_none_or(|since| at >= since)
                    && self.until.is_none_or(|until| at <= until)
            }
        }
    }

    /// Whether nothing behind a record of this instant can be wanted. Lines that several processes
    /// write stand a little out of order.
    pub(super) fn is_past(&self, at: i64) -> bool {
        self.until.is_some_and(|until| at > until.saturating_add(DISORDER))
    }
}

fn compile(patterns: &[String]) -> Result<Option<Pattern>, String> {
    if patterns.is_empty() {
        return Ok(None);
    }
    for pattern in patterns {
        // Alone, so that the error shows what was typed.
        build(pattern)?;
    }
    let all: Vec<String> = patterns.iter().map(|pattern| format!("(?:{pattern})")).collect();
    // `\A` and `\z`, or `^` and `$` without their lines, mean the ends of a record, not of a buffer.
    let for_buffers = !patterns
        .iter()
        .any(|p| p.contains(r"\A") || p.contains(r"\z") || (p.contains("(?") && p.contains('-')));
    Ok(Some(Pattern { regex: build(&all.join("|"))?, for_buffers }))
}

fn build(pattern: &str) -> Result<Regex, String> {
    let built = RegexBuilder::new(pattern).multi_line(true).size_limit(PATTERN_BYTES).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "it becomes too large".to_owned(),
        // The parser draws the pattern and points into it; its last line says what is wrong.
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_stands_by_itself() {
        let site = Token::new("erp");
        for (text, expected) in [
            ("erp", Some(0)),
            ("erp.example", None),
            ("the erp.", Some(4)),
            ("my-erp", None),
            ("site=erp, x", Some(5)),
            ("erp2 'erp'", Some(6)),
            ("erp||abc", Some(0)),
            ("erp::abc", Some(0)),
            ("übererp", None),
        ] {
            assert_eq!(site.find(text.as_bytes(), 0), expected, "{text}");
        }
    }

    #[test]
    fn wants_needs_every_condition() {
        let mut filter = Filter { level: Some(Level::Warning), ..Filter::default() };
        filter.grep(&["^ *Value".to_owned(), "Key".to_owned()]).unwrap();
        filter.exclude(&["harmless".to_owned()]).unwrap();
        let wants = |text: &str| {
            let stamp = super::super::stamp::find(text.lines().next().unwrap().as_bytes());
            filter.wants(text.as_bytes(), stamp.as_ref(), &[]).is_some()
        };
        assert!(wants("2026-11-21 09:12:03 ERROR x\n ValueError\n"));
        assert!(wants("2026-11-21 09:12:03 ERROR x KeyError\n"));
        assert!(!wants("2026-11-21 09:12:03 INFO x KeyError\n"));
        assert!(!wants("2026-11-21 09:12:03 ERROR x ValueError\n"), "not at a line's start");
        assert!(!wants("2026-11-21 09:12:03 ERROR x KeyError, harmless\n"));
    }

    #[test]
    fn pattern_that_is_wrong_is_explained() {
        let error = Filter::default().grep(&["a(".to_owned()]).unwrap_err();
        assert_eq!(error, "unclosed group");
        assert!(Filter::default().grep(&[r"\w{1000}{1000}".to_owned()]).is_err());
    }

    #[test]
    fn pattern_with_the_ends_of_a_record_is_not_searched_in_buffers() {
        let mut filter = Filter::default();
        filter.grep(&[r"x\z".to_owned()]).unwrap();
        assert!(!filter.jumps(&[]));
        filter.grep(&["x$".to_owned()]).unwrap();
        assert!(filter.jumps(&[]));
    }
}
