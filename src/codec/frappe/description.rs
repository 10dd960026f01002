//! The headline of a Frappe job from its `description`, without its payload.
//!
//! The text is the call with sorted arguments, each value's `repr` cut to 75 characters and `...`.
//! Source: rq/utils.py, `get_call_string`. Free text from elsewhere must never be taken for it:
//! whatever is cut, missing or unclear where it matters makes the whole inconclusive.

use std::borrow::Cow;

use super::{EXECUTE_JOB, Headline, Look, RUN_DOC_METHOD, RUN_SCHEDULED_JOB, shown_method};

/// Characters that RQ keeps of each argument's `repr`.
const KEPT_CHARS: usize = 75;

/// Reads a headline from a job's description; `None` where it is not certain, so that the payload
/// must be read: another job, a cut or callable method, arguments that do not show enough.
pub fn headline_of_description(description: &str) -> Option<Headline<'_>> {
    let mut rest = description.strip_prefix(EXECUTE_JOB)?.strip_prefix('(')?.strip_suffix(')')?;
    let mut args = Args::default();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=')?;
        let (value, tail) = argument(after)?;
        match name {
            "event" => args.event = optional_text(value)?,
            "user" => args.user = optional_text(value)?,
            "site" => args.site = optional_text(value)?,
            "method" => args.method = Some(quoted(value)?),
            "kwargs" => args.kwargs = Some(Shown(value)),
            "is_async" | "job_name" => {}
            _ => return None,
        }
        rest = tail;
    }
    let stored = args.method?;
    let method = shown_method(Cow::Borrowed(stored), args.kwargs);
    if method == stored && matches!(stored, RUN_SCHEDULED_JOB | RUN_DOC_METHOD) {
        return None;
    }
    Some(Headline {
        method,
        site: args.site.map(Cow::Borrowed),
        event: args.event.map(Cow::Borrowed),
        user: args.user.map(Cow::Borrowed),
        is_scheduled: stored == RUN_SCHEDULED_JOB,
    })
}

#[derive(Default)]
struct Args<'a> {
    event: Option<&'a str>,
    user: Option<&'a str>,
    site: Option<&'a str>,
    method: Option<&'a str>,
    kwargs: Option<Shown<'a>>,
}

/// Cuts one argument's value off the front of `text`; gives it and what follows the comma.
fn argument(text: &str) -> Option<(&str, &str)> {
    let end = repr_len(text)
        .filter(|end| {
            text.get(*end..).is_some_and(|rest| rest.is_empty() || rest.starts_with(", "))
        })
        .filter(|end| *end <= KEPT_CHARS || text.get(..*end).is_some_and(is_kept))
        .or_else(|| cut_len(text))?;
    let (value, rest) = text.split_at_checked(end)?;
    Some((value, rest.strip_prefix(", ").unwrap_or(rest)))
}

fn is_kept(value: &str) -> bool {
    value.chars().count() <= KEPT_CHARS
}

/// The length of a value that was cut, with its three dots.
fn cut_len(text: &str) -> Option<usize> {
    let (at, _) = text.char_indices().nth(KEPT_CHARS)?;
    let rest = text.get(at..)?.strip_prefix("...")?;
    (rest.is_empty() || rest.starts_with(", ")).then_some(at + 3)
}

/// The length of the `repr` that `text` begins with: up to a comma or closing bracket outside of
/// quotes and brackets, or to the end. `None` if quotes or brackets stay open.
fn repr_len(text: &str) -> Option<usize> {
    let mut depth = 0u32;
    let mut quote = None;
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (Some(_), b'\\') => drop(bytes.next()),
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b',' | b')' | b']' | b'}') if depth == 0 => return Some(at),
            (None, b')' | b']' | b'}') => depth -= 1,
            _ => {}
        }
    }
    (depth == 0 && quote.is_none()).then_some(text.len())
}

/// What a quoted literal holds, if it is whole and needs no unescaping.
fn quoted(literal: &str) -> Option<&str> {
    let quote = literal.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.contains(['\\', quote])).then_some(inner)
}

#[expect(clippy::option_option, reason = "not conclusive, `None`, or a text")]
fn optional_text(literal: &str) -> Option<Option<&str>> {
    if literal == "None" { Some(None) } else { quoted(literal).map(Some) }
}

/// The `repr` of a value, perhaps cut.
#[derive(Clone, Copy)]
struct Shown<'a>(&'a str);

impl<'a> Look<'a> for Shown<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        quoted(self.0).map(Cow::Borrowed)
    }

    fn reference(self) -> Option<Cow<'a, str>> {
        None
    }

    /// Finds a key among the entries before the cut.
    fn entry(self, key: &str) -> Option<Self> {
        let mut rest = self.0.strip_prefix('{')?;
        loop {
            let (name, after) = rest.split_once(": ")?;
            let end = repr_len(after)?;
            let (value, tail) = after.split_at_checked(end)?;
            if quoted(name)? == key {
                return Some(Self(value));
            }
            rest = tail.strip_prefix(", ")?;
        }
    }
}
