//! Makes text from outside harmless to a terminal, and names safe to paste into a shell.
//!
//! Job ids, descriptions, tracebacks, log lines and configs are written by others. What a terminal
//! would obey (escape sequences), or what would make a line look like another one (text that turns
//! direction, has no width, or breaks the line), is shown as an escape instead: `\n`, `\x1b`,
//! `\u{202e}`. Escapes are for reading; only [`field`] can be turned back.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What to do with one character.
enum Fate {
    Keep,
    Put(&'static str),
    Judge,
}

/// `text` on one line, without anything that a terminal would obey. Linear; borrows when clean.
///
/// Applying it twice changes nothing more.
pub fn line(text: &str) -> Cow<'_, str> {
    escape(text, |_| Fate::Judge)
}

/// The same, with newlines kept and each tab as four spaces; `\r\n` counts as a newline.
pub fn text(text: &str) -> Cow<'_, str> {
    if text.contains("\r\n") {
        Cow::Owned(multi_line(&text.replace("\r\n", "\n")).into_owned())
    } else {
        multi_line(text)
    }
}

fn multi_line(text: &str) -> Cow<'_, str> {
    escape(text, |c| match c {
        '\n' => Fate::Keep,
        '\t' => Fate::Put("    "),
        _ => Fate::Judge,
    })
}

/// One tab-separated field: like [`line`], and the backslash is doubled, so that no two texts
/// look the same.
pub fn field(text: &str) -> Cow<'_, str> {
    escape(text, |c| if c == '\\' { Fate::Put("\\\\") } else { Fate::Judge })
}

/// One CSV field before quoting: newlines and tabs stay, the rest as in [`line`].
pub(crate) fn csv(text: &str) -> Cow<'_, str> {
    escape(text, |c| if matches!(c, '\n' | '\t') { Fate::Keep } else { Fate::Judge })
}

/// Whether `text` holds anything that [`line`] would escape. A command to paste is left out then:
/// the escaped name would not be the name.
pub fn holds_control(text: &str) -> bool {
    matches!(line(text), Cow::Owned(_))
}

/// `text` as one word of a POSIX shell; borrows where nothing needs quoting.
///
/// Source: POSIX.1-2024, Shell Command Language, 2.2.2. A leading `=` or `~` is quoted too: zsh
/// and others expand it.
pub fn shell_quote(text: &str) -> Cow<'_, str> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:@%+=,".contains(&b);
    if !text.is_empty() && !text.starts_with('=') && text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

/// Whether `c` may never reach a terminal, whatever stands around it.
pub(crate) fn is_hostile(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\0'..='\u{9f}' => true,
        _ if c < '\u{ad}' => false,
        _ => is_hidden(c),
    }
}

/// Characters without a look of their own: direction marks and overrides, separators, fillers,
/// tags. Source: Unicode 17, `Default_Ignorable_Code_Point` and `Bidi_Control`, and the two line
/// separators; without joiners and emoji selectors, see [`is_joiner`].
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0d}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Joiners and emoji selectors. Names in Indic scripts and Persian need the former, `❤️` the
/// latter, so they stay behind a letter that can use them; behind ASCII they only make two names
/// look alike.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

fn joins(previous: char, c: char) -> bool {
    match previous {
        '\u{200c}' | '\u{200d}' => false,
        '\u{fe0e}' | '\u{fe0f}' => c == '\u{200d}',
        _ => !previous.is_ascii(),
    }
}

fn escape(text: &str, special: impl Fn(char) -> Fate) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    // What was kept last: a joiner must not attach itself to an escape.
    let mut previous = '\0';
    for (at, c) in text.char_indices() {
        let put = match special(c) {
            Fate::Put(replacement) => Some(replacement),
            Fate::Judge if is_hostile(c) => Some(""),
            Fate::Judge if is_joiner(c) && !joins(previous, c) => Some(""),
            Fate::Keep | Fate::Judge => None,
        };
        previous = if put.is_some() { '\\' } else { c };
        let Some(put) = put else { continue };
        out.push_str(&text[copied..at]);
        if put.is_empty() {
            push_escape(&mut out, c);
        } else {
            out.push_str(put);
        }
        copied = at + c.len_utf8();
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn push_escape(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        // Writing to a `String` cannot fail.
        '\0'..='\u{9f}' => drop(write!(out, "\\x{:02x}", u32::from(c))),
        _ => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn line_clean_text_borrows() {
        for clean in ["", "site1||abc", "übung 東京 ❤\u{fe0f} می\u{200c}خواهم", r"C:\new"]
        {
            assert!(matches!(line(clean), Cow::Borrowed(_)), "{clean}");
            assert!(!holds_control(clean));
        }
    }

    #[test]
    fn line_hostile_characters_become_visible() {
        for (text, expected) in [
            ("a\nb\tc\rd", r"a\nb\tc\rd"),
            ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
            ("\0\x07\x7f", r"\x00\x07\x7f"),
            ("\u{85}\u{9b}2J", r"\x85\x9b2J"),
            ("gnp\u{202e}exe", r"gnp\u{202e}exe"),
            ("a\u{2028}b\u{2029}", r"a\u{2028}b\u{2029}"),
            ("ad\u{200b}min\u{feff}", r"ad\u{200b}min\u{feff}"),
            ("x\u{200d}", r"x\u{200d}"),
            ("\u{202e}\u{200d}", r"\u{202e}\u{200d}"),
            ("\u{e0041}", r"\u{e0041}"),
        ] {
            assert_eq!(line(text), expected);
            assert!(holds_control(text));
        }
    }

    #[test]
    fn text_keeps_lines_and_widens_tabs() {
        assert_eq!(text("a\r\n\tb\x1b\n"), "a\n    b\\x1b\n");
        assert_eq!(text("a\rb"), r"a\rb");
    }

    #[test]
    fn field_two_texts_never_look_the_same() {
        assert_eq!(field("a\\n"), r"a\\n");
        assert_eq!(field("a\n"), r"a\n");
    }

    #[test]
    fn shell_quote_quotes_what_a_shell_would_read() {
        for (text, expected) in [
            ("site1.localhost::x", "site1.localhost::x"),
            ("site1||x", "'site1||x'"),
            ("", "''"),
            ("it's", r"'it'\''s'"),
            ("$(reboot)", "'$(reboot)'"),
            ("=ls", "'=ls'"),
            ("~root", "'~root'"),
        ] {
            assert_eq!(shell_quote(text), expected);
        }
    }

    #[test]
    fn shell_quote_comes_back_from_a_real_shell() {
        for text in ["a b", "it's", "$HOME `id` \\ \" ! * ?", "ünï\u{1f600}", "-n"] {
            let script = format!("printf %s {}", shell_quote(text));
            let out = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            let shown = String::from_utf8(out.stdout).unwrap();
            assert!(shown == text || text == "-n", "{text}: {shown}");
        }
    }

    proptest! {
        #[test]
        fn line_any_text_has_no_control_left(s in any::<String>()) {
            let clean = line(&s);
            prop_assert!(!clean.chars().any(is_hostile));
            prop_assert_eq!(line(&clean), clean.as_ref());
        }

        #[test]
        fn text_any_text_has_only_newlines_left(s in "[\\PC\\p{Cc}\\p{Cf}]*") {
            let clean = text(&s);
            prop_assert!(!clean.chars().any(|c| c != '\n' && is_hostile(c)));
            prop_assert_eq!(text(&clean), clean.as_ref());
        }
    }
}
