//! Lists, shows and prunes the operations whose journals are kept.

use std::time::Duration;

use super::{How, approve};
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::journal::{After, KEPT_BYTES, KEPT_FOR, OpId, Step, Summary};
use crate::report::ops::{OpJob, OpReport, OpRow, OpSwitch, OpsReport, PruneReport};
use crate::sys::clock;

/// Jobs of an operation that are shown one by one.
const SHOWN: usize = 100;

/// Lists operations, newest first. Talks to no Redis.
pub fn list(context: &Context) -> Result<OpsReport> {
    let journals = context.journals()?;
    let summaries = journals.list()?;
    let mut ops: Vec<OpRow> = summaries.iter().map(|summary| row(summary, &summaries)).collect();
    let mut notes = Vec::new();
    for op_id in journals.ids()? {
        if summaries.iter().any(|summary| summary.header.op_id == op_id) {
            continue;
        }
        // One that was pruned meanwhile is not there; any other cannot be read.
        let Err(error) = journals.summary(&op_id) else { continue };
        if failure_of(&error).map(Failure::kind) != Some(Kind::NotFound) {
            notes.push(format!("{error:#}"));
            ops.push(OpRow::unreadable(op_id));
        }
    }
    ops.sort_by(|a, b| b.op_id.cmp(&a.op_id));
    Ok(OpsReport { ops, notes })
}

/// Shows an operation and the first of its jobs. Talks to no Redis.
///
/// Errors: `NotFound`.
pub fn show(context: &Context, op: &OpId) -> Result<OpReport> {
    let journals = context.journals()?;
    let summary = journals.summary(op)?;
    let mut reader = journals.open(op)?;
    let verdicts = reader.verdicts()?;
    let (mut jobs, mut switches) = (Vec::new(), Vec::new());
    while let Some(step) = reader.step()? {
        if let Step::Switches(batch) = step {
            switches.extend(OpSwitch::of(batch, &verdicts));
            continue;
        }
        let Step::Images(batch) = step else { continue };
        for (number, image) in (batch.first..).zip(batch.images) {
            if jobs.len() == SHOWN {
                break;
            }
            let verdict = usize::try_from(number).ok().and_then(|at| verdicts.get(at).copied());
            jobs.push(OpJob {
                id: String::from_utf8_lossy(&image.id).into_owned(),
                verdict: verdict.flatten(),
                left: match &image.after {
                    After::Gone => "nowhere".to_owned(),
                    After::InList { queue } => format!("in queue `{queue}`"),
                    After::InRegistry { registry, queue } => {
                        format!("in queue `{queue}`, {}", registry.word())
                    }
                    After::Unlisted => "in no queue".to_owned(),
                    After::Key { key, value } => {
                        let key = String::from_utf8_lossy(key);
                        let left = match value {
                            Some(_) => "set",
                            None if image.existed() => "gone",
                            None => "kept for ever",
                        };
                        format!("key `{key}`: {left}")
                    }
                },
            });
        }
    }
    let mut notes = Vec::new();
    if switches.is_empty() && summary.images > jobs.len() as u64 {
        notes.push(format!("the first {SHOWN} of {} jobs are shown", summary.images));
    }
    if summary.torn_bytes > 0 && !summary.running {
        notes.push(format!(
            "the last {} bytes of the journal were not written whole: a crash",
            summary.torn_bytes
        ));
    }
    let path = journals.path().join(format!("{op}.journal")).to_string_lossy().into_owned();
    let row = row(&summary, &journals.list()?);
    Ok(OpReport { op: row, header: summary.header, end: summary.end, path, jobs, switches, notes })
}

/// Throws old journals away.
///
/// Errors: `Refused` under read-only, and where the operator says no.
pub fn prune(
    context: &mut Context,
    older_than: Option<Duration>,
    how: &How,
) -> Result<PruneReport> {
    if !how.dry_run {
        approve::refuse_read_only(context, "remove journals")?;
    }
    let kept_for = older_than.unwrap_or(KEPT_FOR);
    let now = clock::now();
    if !how.dry_run && !how.yes && context.ui.can_ask() {
        let planned = context.journals()?.prune(now, kept_for, KEPT_BYTES, true)?;
        if !planned.is_empty() {
            approve::confirm_prune(context, &planned)?;
        }
    }
    let pruned = context.journals()?.prune(now, kept_for, KEPT_BYTES, how.dry_run)?;
    let bytes = pruned.iter().map(|pruned| pruned.size_bytes).sum();
    Ok(PruneReport { dry_run: how.dry_run, bytes, pruned, notes: Vec::new() })
}

fn row(summary: &Summary, all: &[Summary]) -> OpRow {
    let header = &summary.header;
    let undo = all.iter().find(|other| other.header.undoes.as_ref() == Some(&header.op_id));
    OpRow {
        op_id: header.op_id.clone(),
        verb: header.verb.clone(),
        began_at: Some(header.began_at),
        user: header.actor.sudo_user.clone().unwrap_or_else(|| header.actor.user.clone()),
        reason: header.reason.clone(),
        ending: summary.end.as_ref().map(|end| end.ending),
        running: summary.running,
        damaged: summary.is_damaged(),
        changed: summary.confirmed,
        doubtful: summary.doubtful,
        size_bytes: summary.size_bytes,
        undoes: header.undoes.clone(),
        undone_by: undo.map(|other| other.header.op_id.clone()),
    }
}
