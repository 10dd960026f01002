//! Whether a plan may be carried out: read-only, the right bench, room for the journal, the
//! operator's word.

use super::How;
use crate::bench::Family;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::journal::Pruned;
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

/// Refuses under `--read-only`, and on a bench that is only read.
pub fn check_read_only(context: &Context, verb: Verb) -> Result<()> {
    refuse_change(context, &format!("{} anything", verb.word()))
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

/// Refuses to change anything under `--read-only`, and on a bench of Frappe 13: what that writes was
/// never compared with what jobctl would write.
pub(in crate::ops) fn refuse_change(context: &Context, what: &str) -> Result<(), Failure> {
    refuse_read_only(context, what)?;
    let bench = context.target().ok().and_then(|target| target.bench.as_ref());
    if bench.is_none_or(|bench| bench.frappe().family() != Family::V13) {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Refused,
        format!("cannot {what}: this bench runs Frappe 13, which jobctl only reads"),
    )
    .hint("use the command of bench itself; `bench --help` lists them"))
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
    let bench = context.scope()?.bench;
    let ui = &mut context.ui;
    if let Some(bench) = bench {
        ui.status(&format!("bench: {bench}"));
    }
    if let Some(to) = &plan.to {
        ui.status(&format!("to queue: {to}"));
    }
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
        None => return confirm(context, &what),
    };
    if agreed { Ok(()) } else { Err(not_confirmed(&what).into()) }
}

/// Asks whether journals are to be thrown away.
pub(super) fn confirm_prune(context: &mut Context, pruned: &[Pruned]) -> Result<()> {
    let bytes = human::bytes(pruned.iter().map(|pruned| pruned.size_bytes).sum());
    let journals = human::counted(pruned.len() as u64, "journal");
    context.ui.warn("what they tell of cannot be undone any more");
    confirm(context, &format!("remove {journals} of {bytes}"))
}

fn confirm(context: &mut Context, what: &str) -> Result<()> {
    match context.ui.ask(&format!("{what}? [y/N]"))?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(not_confirmed(what).into()),
    }
}

fn not_confirmed(what: &str) -> Failure {
    Failure::new(Kind::Refused, format!("did not {what}: not confirmed"))
}
