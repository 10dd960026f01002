//! Takes an operation back: puts its jobs where they stood, or removes those that it made.
//!
//! Only what is known to have been changed by the operation is touched: its journal says so, or,
//! where a crash came between, its receipts in Redis. Whatever has moved on since is left alone.
//! A journal may hold a million jobs and is read as a stream, several times: for the plan, for the
//! change, and for the order of the lists.

mod choice;
mod ledger;
mod places;
mod restoring;
mod runnable;
mod source;
mod torn;

use std::collections::HashSet;

use super::apply::batch_size;
use super::approve::{self, left_undone};
use super::retry::{cap, check_room_in};
use super::{Go, How, apply, approve as ask};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::{JournalDir, OpId};
use crate::model::plan::Verb;
use crate::report::change::ChangeReport;
use choice::{Choice, Wanted};
use ledger::Ledger;
use places::Places;
use restoring::Undoing;
use source::Batches;
use torn::Torn;

/// What an undo takes beyond the flags of every mutation.
#[derive(Debug, Clone, Copy, Default)]
pub struct UndoOptions {
    /// Restore jobs of which it is not known whether the operation removed them.
    pub force: bool,
    /// Restore fixed ids that a scheduler may have enqueued and run since.
    pub include_fixed_ids: bool,
    /// Beyond what Frappe lets wait in a queue.
    pub over_cap: bool,
}

/// Undoes an operation.
///
/// Memory: 16 bytes per job that is put back or was before, and a few megabytes.
///
/// Errors: `Refused` where a queue would hold more than Frappe allows, `NotFound` where there is no such operation, `TryAgain` while it or its undo runs,
/// `Config` where it was done on another Redis or its ids cannot be run by the present workers.
pub fn undo(
    context: &mut Context,
    op: &OpId,
    options: UndoOptions,
    how: &How,
) -> Result<ChangeReport> {
    let journals = context.journals()?;
    if !how.dry_run {
        approve::check_read_only(context, Verb::Undo)?;
    }
    check_place(context, &journals, op, options)?;
    // Held to the end: two undos at once would restore a job twice.
    let torn = Torn::of(&journals.summary(op)?);
    let ledger = Ledger::open(context, &journals, op, how.dry_run)?;
    let undone = ledger::undone(context, &journals, op, how.dry_run)?;
    let mut reader = journals.open(op)?;
    let wanted = Wanted { options, limit: how.limit, journalled: !how.no_undo };
    let choice = Choice::make(context, &mut reader, &ledger, &undone, wanted)?;
    let Choice { mut plan, chosen, runnable, frames, listed, into } = choice;
    let torn = torn.map(|torn| torn.told(&ledger));
    plan.warnings.extend(torn.as_ref().map(|told| told.text.clone()));
    runnable::refuse_unrunnable(context, &runnable)?;
    let places = Places::new(journals.open(op)?, frames.clone(), undone);
    if let Some(cap) = cap(context, options.over_cap)? {
        for (queue, more) in into {
            check_room_in(context, &mut plan, &queue, more, cap, how)?;
        }
    }
    if ask(context, &plan, how)? == Go::No {
        let mut report = left_undone(plan, how);
        conclude(&mut report, torn);
        if !how.dry_run {
            report.notes.extend(places.finish_earlier(context.store()?, op)?);
        }
        return Ok(report);
    }
    let keys = context.store()?.keys().clone();
    let batches = Batches::new(reader, chosen, frames, listed, batch_size(&plan));
    let mut undoing = Undoing::new(keys, batches.walk(), places);
    let mut report = apply(context, plan, how, Some(op), &mut undoing, &mut &batches)?;
    report.divide(undoing.done);
    conclude(&mut report, torn);
    Ok(report)
}

/// Has the undo fail where something that was asked for was not put back.
fn conclude(report: &mut ChangeReport, torn: Option<torn::Told>) {
    let reasons = report.skipped_by_reason.sorted();
    let left = reasons.iter().any(|(reason, _)| !choice::HARMLESS.contains(reason));
    report.named_skipped = left || torn.as_ref().is_some_and(|told| told.lost);
    // The plan, and its warnings, are shown of what was changed.
    if let Some(told) = torn.filter(|_| !report.dry_run && report.changed == 0) {
        report.notes.push(told.text);
    }
}

/// The newest operation that may be undone.
pub fn last(context: &Context) -> Result<Option<OpId>> {
    let journals = context.journals()?;
    let mut undone: HashSet<OpId> = HashSet::new();
    for op in journals.ids()? {
        let Ok(reader) = journals.open(&op) else { continue };
        undone.extend(reader.header().undoes.clone());
        if reader.header().undoes.is_none() && !undone.contains(&op) {
            return Ok(Some(op));
        }
    }
    Ok(None)
}

fn check_place(
    context: &Context,
    journals: &JournalDir,
    op: &OpId,
    options: UndoOptions,
) -> Result<()> {
    let reader = journals.open(op)?;
    let header = reader.header();
    let here = context.scope()?.redis.unwrap_or_default();
    let prefix = crate::context::keys();
    if (header.redis == here && header.key_prefix == prefix.prefix()) || options.force {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Config,
        format!("cannot undo `{op}` here: it was done on the Redis `{}`", header.redis),
    )
    .hint("name that Redis with --redis; where it only has another address now: --force")
    .into())
}
