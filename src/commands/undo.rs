//! `jobctl undo`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::journal::OpId;
use crate::ops;
use crate::ops::change::undo::{self, UndoOptions};

/// Put back what an operation removed or changed
///
/// Restores each job byte for byte: its hash, its place in the queue or registry, results,
/// dependencies; and each switch, its absence included. Jobs that live again, or that somebody else changed since, are left alone. An undo
/// can be undone, too. On a terminal, without an operation, asks about the last one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl undo 20261121T232501-3f9a2c --dry-run
  jobctl undo 20261121T232501-3f9a2c")]
pub struct Args {
    /// The operation; `ops list` shows them
    #[arg(value_name = "OPERATION")]
    operation: Option<OpId>,

    /// Restore also jobs of which a crash left it open whether they were removed, and switches that
    /// somebody changed since
    #[arg(long)]
    force: bool,

    /// Restore also fixed ids that a scheduler may have run since
    #[arg(long)]
    include_fixed_ids: bool,

    /// Put more jobs into a queue than Frappe allows
    #[arg(long)]
    over_cap: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Undoes the operation.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let op = match &args.operation {
        Some(op) => op.clone(),
        None => last(context)?,
    };
    let options = UndoOptions {
        force: args.force,
        include_fixed_ids: args.include_fixed_ids,
        over_cap: args.over_cap,
    };
    let how = args.mutation.how(true, false, false);
    if let Some(report) = ops::switch::undo::undo(context, &op, args.force, &how)? {
        return switch::finish(context, &report);
    }
    let report = undo::undo(context, &op, options, &how)?;
    finish(context, report)
}

fn last(context: &mut Context) -> Result<OpId> {
    let last = undo::last(context)?;
    if !context.ui.can_ask() {
        let failure = Failure::new(
            Kind::Refused,
            "will not guess which operation is to be undone: nobody is there to ask",
        );
        return Err(match last {
            Some(op) => {
                let command = context.target()?.undo_command(op.as_str());
                failure.hint(format!("the last one is: {command}"))
            }
            None => failure,
        }
        .into());
    }
    let Some(op) = last else {
        return Err(Failure::new(Kind::NotFound, "there is no operation to undo").into());
    };
    context.ui.status(&format!("the last operation is {op}"));
    Ok(op)
}
