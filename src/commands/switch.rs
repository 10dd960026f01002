//! How commands that turn switches choose their sites, and how their report goes out.

use crate::commands::mutation::{MutationArgs, offer_undo};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::switch::scheduler::{self, Switch};
use crate::ops::switch::{database, scope};
use crate::report::switch::SwitchReport;

/// Turns a switch of the configuration for the named sites.
pub(super) fn turn(
    context: &mut Context,
    switch: Switch,
    override_bench: bool,
    mutation: &MutationArgs,
) -> Result<Outcome> {
    let sites = scope::named_sites(context, mutation.plan.limit)?;
    let how = mutation.how(true, false, false);
    let report = scheduler::turn(context, switch, &sites, override_bench, &how)?;
    finish(context, &report)
}

/// Turns a switch in the databases of the named sites.
pub(super) fn turn_in_database(
    context: &mut Context,
    switch: database::Switch<'_>,
    mutation: &MutationArgs,
) -> Result<Outcome> {
    let sites = scope::named_sites(context, mutation.plan.limit)?;
    let how = mutation.how(true, false, false);
    let report = database::turn(context, switch, &sites, &how)?;
    finish(context, &report)
}

/// Shows a report; the last line says how to undo it.
pub(super) fn finish(context: &mut Context, report: &SwitchReport) -> Result<Outcome> {
    let scope = context.scope()?;
    let shown = context.ui.finish(&scope, report);
    offer_undo(context, report.op_id.as_ref().filter(|_| report.undoable))?;
    let outcome = shown?;
    report.sole_failure().map_or(Ok(outcome), |failure| Err(failure.into()))
}
