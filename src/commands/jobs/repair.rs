//! `jobctl jobs repair`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::model::fault::FaultKind;
use crate::ops;
use crate::ops::change::repair::{Repairing, repair};

/// Repair what crashes and foreign writers left behind
///
/// Looks for faults of every kind, or of the kinds named, and mends them; --dry-run shows them.
/// Jobs that a frozen worker may still hold (stuck, lost, ghost) are looked at twice, a minute
/// apart, and left alone if anything moved; each fault is checked again by the script that mends
/// it. Jobs that fail here can be retried with `jobs retry`; --requeue queues them again at once.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs repair --dry-run
  jobctl jobs repair --kind hashless,expiring --queue long
  jobctl jobs repair --kind lost,abandoned --requeue --reason 'worker host died'")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    /// Only faults of this kind; repeatable
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<FaultKind>,

    /// Only faults of this queue, by its short or full name; repeatable
    #[arg(long, value_name = "QUEUE", value_parser = non_empty, value_delimiter = ',')]
    queue: Vec<String>,

    /// Repair every fault of every kind
    #[arg(long)]
    all: bool,

    /// Queue stuck, abandoned and lost jobs again instead of failing them
    #[arg(long)]
    requeue: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Repairs faults.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let explicit = !(args.ids.is_empty()
        && args.kind.is_empty()
        && args.queue.is_empty()
        && context.global.site.is_empty());
    let how = args.mutation.how(explicit, !args.ids.is_empty(), args.all);
    let options = Repairing {
        kinds: args.kind.clone(),
        queues: ops::scope::queues(context, &args.queue)?,
        ids: args.ids.clone(),
        requeue: args.requeue,
    };
    let report = repair(context, &options, &how)?;
    finish(context, report)
}
