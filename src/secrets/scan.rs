//! Finds secrets in free text: first by shape (URLs, known kinds of keys), then by the name in
//! front of them. Uses `regex` (its searches are linear); the patterns are compiled once, at the
//! first text that needs them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{MASK, looks_secret};

/// Any of what could announce a secret; what lacks them all is left alone at once.
static HINT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"(?i-u:pass|pwd|secret|token|key|auth|credential|cookie|jwt|otp|sid|bearer|mysql|mariadb|redis-cli)|://|AKIA|ASIA|gh[a-z]_|github_pat|xox|eyJ|-----BEGIN",
    )
});

/// A secret known by its shape.
struct Shape {
    /// Text without this has none of them: looking for it is much faster than the pattern.
    needs: &'static str,
    /// Keeps `a` in front of the secret and `z` behind it.
    pattern: Regex,
}

const SHAPES: &[(&str, &str)] = &[
    // A private key, whole or cut off.
    (
        "-----BEGIN ",
        r"(?P<a>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?s:.*?)(?P<z>-----END [A-Z ]*PRIVATE KEY-----|\z)",
    ),
    // scheme://user:password@
    ("://", r#"(?P<a>[A-Za-z][A-Za-z0-9+.\-]*://[^\s:/?#@'"<>]*:)[^\s/?#'"<>]*(?P<z>@)"#),
    // scheme://token@: long enough not to be a user's name
    ("://", r#"(?P<a>[A-Za-z][A-Za-z0-9+.\-]*://)[^\s:/?#@'"<>]{16,}(?P<z>@)"#),
    // scheme://user:passw, cut off; a port would be digits
    ("://", r#"(?P<a>://:)[^\s/?#@'"<>]+(?P<z>\z)"#),
    (
        "://",
        r#"(?P<a>://[^\s:/?#@'"<>\[\]]+:)[^\s/?#@'"<>]*[^\s/?#@'"<>0-9.…][^\s/?#@'"<>]*(?P<z>\z)"#,
    ),
    // Keys of Amazon, GitHub, Slack; JSON web tokens
    ("AKIA", r"(?P<a>\b)AKIA[0-9A-Z]{12,}(?P<z>\b)"),
    ("ASIA", r"(?P<a>\b)ASIA[0-9A-Z]{12,}(?P<z>\b)"),
    ("gh", r"(?P<a>\b)gh[opusr]_[A-Za-z0-9]{10,}(?P<z>)"),
    ("github_pat_", r"(?P<a>\b)github_pat_[A-Za-z0-9_]{10,}(?P<z>)"),
    ("xox", r"(?P<a>\b)xox[abeoprs]-[A-Za-z0-9\-]{10,}(?P<z>)"),
    ("eyJ", r"(?P<a>\b)eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{4,}(?:\.[A-Za-z0-9_\-]*)?(?P<z>)"),
    // Bearer abc123: without a digit it would be English
    ("", r"(?P<a>(?i-u:\bbearer )\s*)[A-Za-z._~+/=\-]*[0-9][A-Za-z0-9._~+/=\-]*(?P<z>)"),
    // Passwords that have no name of their own on a command line
    ("-p", r"(?P<a>(?i-u:\b(?:mysql|mariadb)[a-z_\-]*)\b[^\n|;&]*?\s-p)[^\s]+(?P<z>)"),
    ("-a", r"(?P<a>(?i-u:\bredis-cli)\b[^\n|;&]*?\s-a\s+)[^\s]+(?P<z>)"),
];

static SHAPED: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let shape =
        |(needs, pattern): &(&'static str, &str)| Some(Shape { needs, pattern: compile(pattern)? });
    SHAPES.iter().filter_map(shape).collect()
});

/// A name that could be a secret's, whatever closes its quotes, and what sets it apart from its
/// value: `password=`, `'password': `, `\"password\": `, `--password `.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r#"(?P<dash>--?)?(?P<name>[A-Za-z0-9_\-]*(?i-u:pass|pwd|secret|token|key|auth|credential|cookie|jwt|otp|sid|bearer)[A-Za-z0-9_\-]*)(?:(?:\\*["'])?[ \t]*(?:=>|:=|[=:])[ \t]*|(?P<blank>[ \t]+))"#,
    )
});

/// The patterns are constant; a test compiles each of them.
fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

/// `text` with each secret replaced.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    if !HINT.as_ref().is_none_or(|hint| hint.is_match(text)) {
        return Cow::Borrowed(text);
    }
    let mut masked = Cow::Borrowed(text);
    for shape in SHAPED.iter().filter(|shape| text.contains(shape.needs)) {
        let keep = |found: &Captures<'_>| format!("{}{MASK}{}", &found["a"], &found["z"]);
        if let Cow::Owned(next) = shape.pattern.replace_all(&masked, keep) {
            masked = Cow::Owned(next);
        }
    }
    match named(&masked) {
        Some(next) => Cow::Owned(next),
        None => masked,
    }
}

/// Masks the value behind each name that announces a secret.
fn named(text: &str) -> Option<String> {
    let pattern = NAMED.as_ref()?;
    let mut out = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(found) = pattern.captures_at(text, from) {
        let whole = found.get_match();
        from = whole.end();
        let name = &found["name"];
        let flag = found.name("dash").is_some() || name.starts_with('-');
        let name = name.trim_start_matches('-');
        let blank = found.name("blank").is_some();
        let announces = looks_secret(name) || (flag && name.eq_ignore_ascii_case("pass"));
        if !announces || (blank && !flag) {
            continue;
        }
        let rest = &text[whole.end()..];
        let Some((begin, end)) = value(rest, name, flag) else { continue };
        out.push_str(&text[copied..whole.end() + begin]);
        out.push_str(MASK);
        copied = whole.end() + end;
        from = copied;
    }
    (copied > 0).then(|| {
        out.push_str(&text[copied..]);
        out
    })
}

/// Where in `rest` the secret stands; `None` for what is none, such as `None` or `true`.
fn value(rest: &str, name: &str, flag: bool) -> Option<(usize, usize)> {
    let prefix = rest.bytes().take(2).take_while(|b| b"bBuUrRfF".contains(b)).count();
    let slashes = rest[prefix..].bytes().take_while(|b| *b == b'\\').count();
    let opened = prefix + slashes;
    let line_end = |from: usize| rest[from..].find('\n').map_or(rest.len(), |at| from + at);
    match rest.as_bytes().get(opened) {
        Some(&quote @ (b'"' | b'\'')) => {
            let begin = opened + 1;
            let line = &rest[begin..line_end(begin)];
            Some((begin, begin + quoted_end(line, quote, slashes)))
        }
        Some(b'[' | b'(' | b'{') if opened == 0 => Some((1, bracketed_end(&rest[..line_end(0)]))),
        _ => {
            let skip = scheme(rest, name);
            let end = skip + bare_end(&rest[skip..], flag);
            let word = &rest[skip..end];
            (!word.is_empty() && !is_harmless(word)).then_some((skip, end))
        }
    }
}

/// The end of a quoted value that was opened with `slashes` backslashes before its quote; the end
/// of the line if it was cut off.
fn quoted_end(line: &str, quote: u8, slashes: usize) -> usize {
    let mut before = 0;
    for (at, b) in line.bytes().enumerate() {
        match b {
            b'\\' => before += 1,
            // In a string within a string the closing quote has as many as the opening one.
            b if b == quote && (before == slashes || (slashes == 0 && before % 2 == 0)) => {
                return at - slashes.min(before);
            }
            _ => before = 0,
        }
    }
    line.len()
}

/// Where the bracket that closes a list or dict stands; the end of the line if it was cut off.
/// Brackets inside quotes do not count.
fn bracketed_end(line: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote: Option<u8> = None;
    let mut escaped = false;
    for (at, b) in line.bytes().enumerate() {
        match (quote, b) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), b) if b == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(b),
            (None, b'[' | b'(' | b'{') => depth += 1,
            (None, b']' | b')' | b'}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    line.len()
}

/// What stands before the secret in `Authorization: Bearer x`.
fn scheme(rest: &str, name: &str) -> usize {
    if !name.to_ascii_lowercase().ends_with("authorization") {
        return 0;
    }
    let word = rest.find([' ', '\t']).unwrap_or(0);
    let known = ["bearer", "basic", "token", "digest", "apikey", "negotiate"];
    if !known.contains(&rest[..word].to_ascii_lowercase().as_str()) {
        return 0;
    }
    word + rest[word..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count()
}

/// The end of a value without quotes. Punctuation ends it only where it ends a word: passwords
/// hold punctuation too.
fn bare_end(rest: &str, flag: bool) -> usize {
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let ends = match c {
            _ if c.is_whitespace() => true,
            '\'' | '"' | '<' | '>' => true,
            _ if flag => false,
            ',' | ';' => next.is_none_or(char::is_whitespace),
            ')' | ']' | '}' => next.is_none_or(|n| n.is_whitespace() || ",;:)]}.".contains(n)),
            '&' => next.is_some_and(|n| n.is_ascii_alphabetic()),
            _ => false,
        };
        if ends {
            return at;
        }
    }
    rest.len()
}

/// Values that say only whether there is a secret; `YES` is what a database says: `(using password: YES)`.
fn is_harmless(word: &str) -> bool {
    ["none", "null", "true", "false", "yes", "no", MASK]
        .iter()
        .any(|known| word.eq_ignore_ascii_case(known))
}

#[cfg(test)]
pub(super) fn all_patterns_compile() -> bool {
    HINT.is_some() && NAMED.is_some() && SHAPED.len() == SHAPES.len()
}
