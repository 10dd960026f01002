//! What a history knows of methods and queues in a window, for who has other figures of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Open, Wanted};
use crate::backend::history::Span;
use crate::context::Context;
use crate::error::{Kind, Result, failure_of};

/// Seconds within which the window is that of whole minutes; a longer one is that of whole hours.
const BY_MINUTES_S: i64 = 3 * 3_600;

/// What is known.
#[derive(Debug, Default)]
pub(in crate::ops) struct Known {
    /// Where it stands.
    pub(in crate::ops) path: String,
    /// Whether it was recorded since before the window began.
    pub(in crate::ops) covers: bool,
    /// Failures, of those runs that tell, by method; and how many tell.
    pub(in crate::ops) failed: BTreeMap<String, (u64, u64)>,
    /// The queues in which methods ran.
    pub(in crate::ops) queues: BTreeMap<String, BTreeSet<String>>,
    /// The most memory that a job of a method was seen to have, in KiB.
    pub(in crate::ops) memory: BTreeMap<String, u64>,
    /// The same by queue.
    pub(in crate::ops) memory_of_queues: BTreeMap<String, u64>,
}

/// Reads what the history of the target knows; `None` where there is none.
///
/// Errors: those of [`Open::of`] but `NotFound`, and of reading.
pub(in crate::ops) fn known(
    context: &Context,
    since: Timestamp,
    until: Timestamp,
) -> Result<Option<Known>> {
    let mut open = match Open::of(context, &Wanted::default()) {
        Ok(open) => open,
        Err(error) if failure_of(&error).is_some_and(|f| f.kind() == Kind::NotFound) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let short = until.as_second().saturating_sub(since.as_second()) <= BY_MINUTES_S;
    let span = if short { Span::Minute } else { Span::Hour };
    open.filter.until_s = until.as_second().saturating_add(1);
    open.filter.since_s = span.start(since, &open.zone);
    let (reader, filter) = (&open.reader, &open.filter);
    let failed = reader.ended_by_method(span, filter)?.into_iter();
    let mut known = Known {
        path: open.reader.path().display().to_string(),
        covers: open.recorded.first.is_some_and(|first| first <= since),
        failed: failed.map(|(name, of)| (name, (of.failed, of.failed_known()))).collect(),
        queues: reader.queues_of_methods(span, filter)?,
        ..Known::default()
    };
    // Memory is kept by the day.
    open.filter.since_s = Span::Day.start(since, &open.zone);
    let memory = open.reader.memory(&open.filter)?.into_iter();
    known.memory = memory.map(|(method, (kib, _))| (method, kib)).collect();
    known.memory_of_queues = open.reader.memory_of_queues(&open.filter)?;
    Ok(Some(known))
}
