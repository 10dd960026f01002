//! `jobctl workers prune`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::model::fault::FaultKind;
use crate::ops::change::repair::{Repairing, repair};

/// Remove the registrations of dead workers
///
/// The same as `jobs repair --kind worker`. A worker that was killed stays registered until its
/// key expires, 8 minutes at most, and in RQ's sets until somebody looks. One that is frozen is not
/// dead, and one whose work horse still runs is left alone. What the dead ones were running:
/// `jobs repair --kind abandoned`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers prune --dry-run
  jobctl workers prune 3f2a")]
pub(super) struct Args {
    /// Workers: their names, or the beginnings of their names
    #[arg(value_name = "NAME", value_parser = non_empty)]
    names: Vec<String>,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Removes registrations.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    // The command says what is meant: there is nothing to narrow it to but names.
    let how = args.mutation.how(true, !args.names.is_empty(), false);
    let options = Repairing {
        kinds: vec![FaultKind::Worker],
        ids: args.names.clone(),
        ..Repairing::default()
    };
    let report = repair(context, &options, &how)?;
    finish(context, report)
}
