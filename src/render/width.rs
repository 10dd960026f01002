//! Widths of text on a terminal: measuring, cutting, wrapping. Knows no table and no colour.
//!
//! Text must be sanitized first: a control character has no width that could be measured.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What marks that text was cut.
pub const ELLIPSIS: char = '…';

/// The columns that `text` takes.
pub fn of(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// `text` in at most `width` columns, ending in `…` if it was cut. Linear in what is kept.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.len() <= width || of(text) <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(1);
    let mut used = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        used += at_most(c);
        if used > room {
            break;
        }
        end = at + c.len_utf8();
    }
    let kept = text[..end].trim_end_matches(['\u{200c}', '\u{200d}']);
    if width == 0 { Cow::Borrowed("") } else { Cow::Owned(format!("{kept}{ELLIPSIS}")) }
}

/// The most columns that `c` can add: an emoji selector widens what stands before it.
fn at_most(c: char) -> usize {
    if c == '\u{fe0f}' { 1 } else { c.width().unwrap_or(0) }
}

/// `text` in lines of at most `first`, then `rest` columns, broken at spaces only.
///
/// A word that is longer than a line stays whole, so that ids and paths can be copied. Never empty.
pub fn wrap(text: &str, first: usize, rest: usize) -> Vec<String> {
    if of(text) <= first {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let width = of(word);
        let room = if lines.is_empty() { first } else { rest };
        if !line.is_empty() && used + 1 + width > room {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += width;
    }
    lines.push(line);
    lines
}

/// `text` in lines of at most `width` columns: broken at spaces where that is possible, else within
/// a word. Never empty.
pub fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in wrap(text, width, width) {
        let mut part = String::new();
        let mut used = 0;
        for c in line.chars() {
            if used + at_most(c) > width && !part.is_empty() {
                lines.push(std::mem::take(&mut part));
                used = 0;
            }
            used += at_most(c);
            part.push(c);
        }
        lines.push(part);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cut_wide_characters_counts_columns() {
        assert_eq!(cut("東京都庁", 8), "東京都庁");
        assert_eq!(cut("東京都庁", 7), "東京都…");
        assert_eq!(cut("東京都庁", 6), "東京…");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(cut("😀😀", 3), "😀…");
    }

    #[test]
    fn wrap_long_words_stay_whole() {
        assert_eq!(wrap("one two three", 8, 5), ["one two", "three"]);
        assert_eq!(wrap("a 0123456789 b", 4, 4), ["a", "0123456789", "b"]);
        assert_eq!(wrap("", 4, 4), [""]);
    }

    #[test]
    fn fold_breaks_within_a_word_only_where_it_must() {
        assert_eq!(fold("one two three", 8), ["one two", "three"]);
        assert_eq!(fold("a 0123456789 b", 4), ["a", "0123", "4567", "89", "b"]);
        assert_eq!(fold("東京都", 3), ["東", "京", "都"]);
        assert_eq!(fold("", 4), [""]);
    }

    proptest! {
        #[test]
        fn fold_any_text_fits_and_loses_nothing(s in "\\PC*", width in 2usize..40) {
            let clean = crate::sanitize::line(&s);
            let lines = fold(&clean, width);
            prop_assert!(lines.iter().all(|line| of(line) <= width));
            let letters = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&clean));
        }

        #[test]
        fn cut_any_text_fits(s in "\\PC*", width in 0usize..40) {
            let clean = crate::sanitize::line(&s);
            prop_assert!(of(&cut(&clean, width)) <= width);
        }
    }
}
