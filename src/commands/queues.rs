//! `jobctl queues list` and `queues show`.

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops;

/// List the queues, or look into one
///
/// Without a subcommand: list.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl queues
  jobctl queues show short")]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(ListArgs),
    Show(ShowArgs),
}

/// List the queues: how many jobs each holds, how long they wait, who serves them
///
/// A queue is listed if Redis knows it, if the bench's configuration names it, or if a live worker
/// serves it. Counts are those of RQ's lists and registries, ids whose job is gone included.
/// `-o wide` shows every count.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl queues list -o wide
  jobctl --redis redis://127.0.0.1:6379 queues list default -o json")]
struct ListArgs {
    /// Only these queues, by their short or full names
    #[arg(value_name = "NAME", value_parser = non_empty)]
    names: Vec<String>,
}

/// Show one queue: its counts, the jobs that are next and newest, and its workers
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl queues show short
  jobctl queues show short -o json")]
struct ShowArgs {
    /// The queue, by its short or full name
    #[arg(value_name = "QUEUE", value_parser = non_empty)]
    queue: String,
}

/// Reads the queues and shows them.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let scope = context.scope()?;
    match &args.action {
        None => {
            let report = ops::queues::list(context, &[])?;
            context.ui.finish(&scope, &report)
        }
        Some(Action::List(args)) => {
            let report = ops::queues::list(context, &args.names)?;
            context.ui.finish(&scope, &report)
        }
        Some(Action::Show(args)) => {
            let report = ops::queues::show(context, &args.queue)?;
            context.ui.finish(&scope, &report)
        }
    }
}
