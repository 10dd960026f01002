//! `jobctl groups …`: RQ's groups as batches.

use clap::Subcommand;

use super::jobs::retry::RetryingArgs;
use super::mutation::{MutationArgs, finish};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::change::Dependents;
use crate::ops::groups;

/// List, show, cancel and retry groups of jobs (RQ 2.0 and newer)
///
/// A group belongs to a Redis: of each only the jobs in the queues of the scope count.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl groups list
  jobctl groups show nightly-import
  jobctl groups retry nightly-import")]
pub struct Args {
    #[command(subcommand)]
    command: GroupsCommand,
}

#[derive(Debug, Subcommand)]
enum GroupsCommand {
    /// List the groups: how many jobs wait, run, finished and failed, and how long it will take
    #[command(after_help = "\
Examples:
  jobctl groups list
  jobctl groups list --watch")]
    List,
    /// Show a group with its jobs
    #[command(after_help = "\
Examples:
  jobctl groups show nightly-import
  jobctl groups show nightly-import -o jsonl")]
    Show {
        /// The group
        #[arg(value_name = "GROUP", value_parser = non_empty)]
        group: String,
    },
    /// Cancel the jobs of a group that wait; those that run go on
    #[command(after_help = "\
Examples:
  jobctl groups cancel nightly-import --dry-run
  jobctl groups cancel nightly-import")]
    Cancel {
        /// The group
        #[arg(value_name = "GROUP", value_parser = non_empty)]
        group: String,
        /// What becomes of jobs that wait for one that goes
        #[arg(long, value_name = "WHAT", default_value = "leave")]
        dependents: Dependents,
        #[command(flatten)]
        mutation: MutationArgs,
    },
    /// Queue the failed jobs of a group again, and only these
    #[command(after_help = "\
Examples:
  jobctl groups retry nightly-import
  jobctl groups retry nightly-import --rate 20/s")]
    Retry {
        /// The group
        #[arg(value_name = "GROUP", value_parser = non_empty)]
        group: String,
        #[command(flatten)]
        retrying: RetryingArgs,
        #[command(flatten)]
        mutation: MutationArgs,
    },
}

impl Args {
    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self.command, GroupsCommand::List | GroupsCommand::Show { .. })
    }
}

/// Runs one of the commands.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    match &args.command {
        GroupsCommand::List => {
            let report = groups::list(context)?;
            let scope = context.scope()?;
            context.ui.finish(&scope, &report)
        }
        GroupsCommand::Show { group } => {
            let report = groups::show(context, group)?;
            let scope = context.scope()?;
            context.ui.finish(&scope, &report)
        }
        // A group is named, its jobs are not: those that do not fit are no failures.
        GroupsCommand::Cancel { group, dependents, mutation } => {
            let how = mutation.how(true, false, false);
            let report = groups::cancel_group(context, group, *dependents, &how)?;
            finish(context, report)
        }
        GroupsCommand::Retry { group, retrying, mutation } => {
            let how = mutation.how(true, false, false);
            let report = groups::retry_group(context, group, retrying.options(), &how)?;
            finish(context, report)
        }
    }
}
