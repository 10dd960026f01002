//! Whether a plan may be carried out: read-only, the right bench, room for the journal, the
//! operator's word.

use super::How;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::model::plan::{Plan, Verb};
use crate::ops::scope;
use crate::report::change::ChangeReport;

/// What follows from the approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    /// Carry it out.
    Yes,
    /// Nothing is to be changed: a dry run, or a plan for nothing.
    No,
}

/// Approves a plan, asking on a terminal.
///
/// Errors: `Refused` where read-only holds, the scope is not explicit or the operator says no;
/// `Config` where the bench's prefix is not the one in Redis; `Io` where the disk is too full.
pub fn approve(context: &mut Context, plan: &Plan, how: &How) -> Result<Go> {
    if !how.dry_run {
        check_read_only(context, plan.kind)?;
    }
    // A dry run must not say that there are 0 jobs, either.
    check_prefix(context, plan.kind)?;
    if how.dry_run {
        return Ok(Go::No);
    }
    if plan.count == 0 {
        return Ok(Go::No);
    }
    if let Some(bytes) = plan.bytes_to_journal.filter(|_| !how.no_undo) {
        context.journals()?.check_room(bytes)?;
    }
    if context.ui.can_ask() && !how.yes {
        ask(context, plan)?;
    } else if !plan.explicit && !how.all {
        return Err(not_explicit(plan).into());
    }
    Ok(Go::Yes)
}

/// The report of a plan that is not carried out.
pub(super) fn left_undone(plan: Plan, how: &How) -> ChangeReport {
    let mut report = ChangeReport::of(plan, how.dry_run);
    report.named_skipped = how.named && report.skipped > 0;
    report
}

/// Refuses under `--read-only`.
pub fn check_read_only(context: &Context, verb: Verb) -> Result<()> {
    refuse_read_only(context, &format!("{} anything", verb.word()))
        .map_err(|failure| failure.hint("--dry-run shows the plan").into())
}

/// Refuses to do `what` under `--read-only`.
pub(in crate::ops) fn refuse_read_only(context: &Context, what: &str) -> Result<(), Failure> {
    if !context.settings.read_only {
        return Ok(());
    }
    Err(Failure::new(Kind::Refused, format!("cannot {what}: read-only is set"))
        .hint("leave out --read-only, unset JOBCTL_READ_ONLY, or change the settings file"))
}

/// Refuses where no queue has the bench's prefix while others are there: it is the wrong Redis, or
/// the bench was moved.
fn check_prefix(context: &mut Context, verb: Verb) -> Result<()> {
    let Some(note) = scope::prefix_notes(context)?.into_iter().next() else { return Ok(()) };
    let why = note.trim_start_matches("UNKNOWN: ");
    Err(Failure::new(Kind::Config, format!("cannot {} anything: {why}", verb.word()))
        .hint("check the bench's path and `bench_id`, and whether this is its Redis")
        .into())
}

fn not_explicit(plan: &Plan) -> Failure {
    let what = human::counted(plan.count, plan.kind.unit());
    Failure::new(
        Kind::Refused,
        format!(
            "will not {} {what} unasked: no flag says which {}s are meant",
            plan.kind.word(),
            plan.kind.unit()
        ),
    )
    .hint(match plan.kind {
        Verb::Repair => "say which: --kind, --queue, --site or ids; --dry-run shows them",
        _ => "say which: --queue, --site, --method or another filter, or ids",
    })
    .hint("--all takes every one of them; variables and default sites do not count")
}

fn ask(context: &mut Context, plan: &Plan) -> Result<()> {
    let ui = &mut context.ui;
    for (name, tally) in [
        ("by queue", &plan.by_queue),
        ("by site", &plan.by_site),
        ("by method", &plan.by_method),
        ("by event", &plan.by_event),
    ] {
        let shown: Vec<String> =
            tally.sorted().iter().take(6).map(|(name, n)| format!("{name} {n}")).collect();
        if !shown.is_empty() {
            ui.status(&format!("{name}: {}", shown.join(", ")));
        }
    }
    if let Some(bytes) = plan.bytes_to_journal {
        ui.status(&format!("journal: about {}", human::bytes(bytes)));
    }
    for warning in &plan.warnings {
        ui.warn(warning);
    }
    let what = format!("{} {}", plan.kind.word(), human::counted(plan.count, plan.kind.unit()));
    let agreed = match &plan.to_type {
        Some(name) => ui.ask(&format!("{what}? Type `{name}` to go on:"))? == *name,
        None => matches!(ui.ask(&format!("{what}? [y/N]"))?.as_str(), "y" | "Y" | "yes"),
    };
    if agreed {
        return Ok(());
    }
    Err(Failure::new(Kind::Refused, format!("did not {what}: not confirmed")).into())
}
