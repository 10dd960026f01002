//! Lists the jobs of a selection.

use serde_json::json;

use super::benches::refuse_ambiguous_sites;
use super::find::{Finder, Flow, Found, Shown};
use super::order::{ListOptions, Rows, Taken};
use super::row::row_of;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::model::id::QueueName;
use crate::model::selection::{Selection, State};
use crate::ops::scope::Reach;
use crate::render::list::ListSpec;
use crate::report::jobs::{JobRow, LIST_SCHEMA};
use crate::sys::clock;

/// Keys that may be walked through for queues that only jobs which wait for others are in.
const FEW_KEYS: u64 = 100_000;

/// Lists the jobs of `selection` as they are found, or sorted once all are known.
///
/// Unsorted, memory does not depend on the number of jobs; sorted, as many rows are held as go
/// out. The outcome is UNKNOWN where jobs that fit may be missing from the list.
pub fn list(
    context: &mut Context,
    selection: &Selection,
    options: &ListOptions,
) -> Result<Outcome> {
    let reach = Reach::read(context)?;
    let mut queues = match selection.queues.as_slice() {
        [] => reach.every_queue()?,
        chosen => chosen.to_vec(),
    };
    if selection.queues.is_empty() && selection.states.contains(&State::Deferred) {
        add_unregistered(context, &reach, &mut queues)?;
    }
    let scope = context.scope()?;
    let mut notes: Vec<String> = reach.unseen_prefix().into_iter().collect();
    let secrets = context.secrets;
    let now = clock::now();
    let (ui, target, store) = context.split()?;
    refuse_ambiguous_sites(target, store, selection, &queues, now)?;
    let spec = ListSpec {
        schema: LIST_SCHEMA,
        items: "jobs",
        columns: JobRow::columns(),
        when_empty: "no such jobs",
    };
    let zone = ui.zone().clone();
    let mut writer = ui.list(&scope, spec)?;
    let mut finder = Finder::new(store, selection, Shown { headline: true, failure: true }, now);
    let mut rows = Rows::new(options);
    let mut visit = |found: Found| -> Result<Flow> {
        match rows.take(row_of(&found, target, secrets, now)) {
            Taken::Write(row) if !writer.row(&row, || row.cells(&zone))? => Ok(Flow::Enough),
            Taken::Write(_) | Taken::Keep => Ok(Flow::More),
            Taken::Full => Ok(Flow::Enough),
        }
    };
    if selection.ids.is_empty() {
        finder.visit(&queues, &mut visit)?;
    } else {
        finder.visit_ids(&|queue| queues.contains(queue), &mut visit)?;
    }
    let incomplete = !notes.is_empty() || finder.unread.is_incomplete();
    notes.extend(finder.unread.notes());
    let truncated = rows.is_truncated();
    for row in rows.sorted() {
        if !writer.row(&row, || row.cells(&zone))? {
            break;
        }
    }
    if truncated {
        let limit = options.limit.unwrap_or(0);
        notes.push(format!("only {limit} jobs are shown; --limit 0 shows all of them"));
    }
    writer.finish(&[("truncated", json!(truncated))], &notes)?;
    Ok(if incomplete { Outcome::Unknown } else { Outcome::Done })
}

/// Adds the queues that RQ 1.x has not registered, as nothing was queued in them yet; only in a small
/// Redis, where that costs a few milliseconds.
fn add_unregistered(
    context: &mut Context,
    reach: &Reach,
    queues: &mut Vec<QueueName>,
) -> Result<()> {
    let store = context.store()?;
    if store.key_count()?.is_ok_and(|keys| keys <= FEW_KEYS) {
        let found = store.queues_of_deferred()?;
        reach.add_found(queues, found.unwrap_or_default());
    }
    Ok(())
}
