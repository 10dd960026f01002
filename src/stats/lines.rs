//! Cuts a part of a file, or a stream, into lines. Uses the `memchr` crate.
//!
//! Parts are read by several threads: a line belongs to the part in which it begins. Files may grow
//! and be cut while they are read, so nothing is mapped into memory; memory is one buffer.

use std::io;
use std::ops::Range;

use memchr::memchr_iter;

/// Bytes that are read at once: what fits into the cache of a core.
const READ_BYTES: usize = 256 * 1024;
/// Bytes that are read at once beyond the end of a part, to end its last line.
const TAIL_BYTES: usize = 4 * 1024;
/// A longer line is no record.
const LONGEST_LINE: usize = 1024 * 1024;

/// A line, without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// One that ends.
    Whole(&'a [u8]),
    /// The last one, which ends without a newline.
    Open(&'a [u8]),
    /// One of more than a mebibyte.
    Oversized,
}

/// Shows each line that begins within `part` to `visit`.
///
/// `read_at` reads at an offset, 0 bytes at the end, as `pread(2)`; it is asked for consecutive
/// places only, so it may be a stream. Errors: those of `read_at`; lines before are shown.
pub fn each(
    part: Range<u64>,
    buffer: &mut Vec<u8>,
    mut read_at: impl FnMut(u64, &mut [u8]) -> io::Result<usize>,
    mut visit: impl FnMut(Line<'_>),
) -> io::Result<()> {
    // Beginning one byte early tells whether a line begins at the part's first byte.
    let mut begin = part.start.saturating_sub(1);
    let mut inside_line = part.start > 0;
    let mut held = 0;
    loop {
        let filled_to = begin + held as u64;
        let wanted = match part.end.saturating_sub(filled_to) {
            0 => TAIL_BYTES,
            left => usize::try_from(left).unwrap_or(READ_BYTES).min(READ_BYTES),
        };
        buffer.resize(buffer.len().max(held + wanted), 0);
        // The line above made them that long.
        let got = match read_at(filled_to, &mut buffer[held..held + wanted]) {
            Ok(got) => got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let filled = buffer.get(..held + got).unwrap_or_default();
        if got == 0 {
            if held > 0 && !inside_line {
                visit(Line::Open(filled));
            }
            return Ok(());
        }
        let mut start = 0;
        for newline in memchr_iter(b'\n', filled.get(held..).unwrap_or_default()) {
            let end = held + newline;
            if begin + start as u64 >= part.end {
                return Ok(());
            }
            if !std::mem::take(&mut inside_line) {
                visit(Line::Whole(filled.get(start..end).unwrap_or_default()));
            }
            start = end + 1;
        }
        let rest = filled.len() - start;
        if begin + start as u64 >= part.end {
            return Ok(());
        }
        if inside_line {
            // Of the line in which the part begins nothing is kept.
            (begin, held) = (begin + filled.len() as u64, 0);
        } else if rest > LONGEST_LINE {
            visit(Line::Oversized);
            inside_line = true;
            (begin, held) = (begin + filled.len() as u64, 0);
        } else {
            buffer.copy_within(start..start + rest, 0);
            (begin, held) = (begin + start as u64, rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads at most `most` bytes at once.
    fn lines_of(data: &[u8], part: Range<u64>, most: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Vec::new();
        let read_at = |at: u64, out: &mut [u8]| {
            let rest = data.get(usize::try_from(at).unwrap()..).unwrap_or_default();
            let got = rest.len().min(out.len()).min(most);
            out[..got].copy_from_slice(&rest[..got]);
            Ok(got)
        };
        let visit = |line: Line<'_>| {
            lines.push(match line {
                Line::Whole(line) | Line::Open(line) => Some(line.to_vec()),
                Line::Oversized => None,
            });
        };
        each(part, &mut Vec::new(), read_at, visit).unwrap();
        lines
    }

    #[test]
    fn line_without_an_end_is_shown_as_open() {
        let mut open = 0;
        let read_at = |at: u64, out: &mut [u8]| {
            let rest = &b"a\nb"[usize::try_from(at).unwrap()..];
            out[..rest.len()].copy_from_slice(rest);
            Ok(rest.len())
        };
        let count = |line: Line<'_>| open += u32::from(matches!(line, Line::Open(b"b")));
        each(0..3, &mut Vec::new(), read_at, count).unwrap();
        assert_eq!(open, 1);
    }

    #[test]
    fn endless_line_is_passed_over_in_bounded_memory() {
        let mut data = vec![b'x'; 3 * LONGEST_LINE];
        data.extend(b"\nnext\n");
        let whole = 0..data.len() as u64;
        assert_eq!(lines_of(&data, whole, usize::MAX), [None, Some(b"next".to_vec())]);
    }

    #[test]
    fn error_comes_after_the_lines_before_it() {
        let mut seen = 0;
        let mut reads = 0;
        let read_at = |_: u64, out: &mut [u8]| {
            reads += 1;
            if reads > 1 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out[..4].copy_from_slice(b"a\nb\n");
            Ok(4)
        };
        let result = each(0..u64::MAX, &mut Vec::new(), read_at, |_| seen += 1);
        assert_eq!((seen, result.unwrap_err().kind()), (2, io::ErrorKind::UnexpectedEof));
    }

    proptest! {
        #[test]
        fn parts_show_each_line_once(
            data in prop::collection::vec(prop::sample::select(b"ab\n".to_vec()), 0..80),
            width in 1..40_u64,
            most in 1..20_usize,
        ) {
            let mut expected: Vec<Vec<u8>> = data.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
            if expected.last().is_some_and(Vec::is_empty) {
                expected.pop();
            }
            let len = data.len() as u64;
            let mut shown = Vec::new();
            for start in (0..len).step_by(usize::try_from(width).unwrap()) {
                shown.extend(lines_of(&data, start..(start + width).min(len), most));
            }
            let shown: Vec<Vec<u8>> = shown.into_iter().flatten().collect();
            prop_assert_eq!(shown, expected);
        }
    }
}
