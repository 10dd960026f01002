//! `jobctl ops …`: the journal of operations.

use std::time::Duration;

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::duration;
use crate::journal::OpId;
use crate::ops;
use crate::ops::change::How;

/// List, show and prune the journals of what was changed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl ops list
  jobctl ops show 20261121T232501-3f9a2c")]
pub struct Args {
    #[command(subcommand)]
    command: OpsCommand,
}

#[derive(Debug, Subcommand)]
enum OpsCommand {
    /// List the operations that can be undone, newest first
    #[command(after_help = "\
Examples:
  jobctl ops list
  jobctl ops list -o json")]
    List,
    /// Show an operation: who, when, why, which jobs
    #[command(after_help = "\
Examples:
  jobctl ops show 20261121T232501-3f9a2c
  jobctl ops show 20261121T232501-3f9a2c -o json")]
    Show {
        /// The operation
        #[arg(value_name = "OPERATION")]
        operation: OpId,
    },
    /// Throw away journals older than 14 days, or beyond 2 GiB in all; never an unfinished one
    #[command(after_help = "\
Examples:
  jobctl ops prune --dry-run
  jobctl ops prune --older-than 2d")]
    Prune(PruneArgs),
}

#[derive(Debug, clap::Args)]
struct PruneArgs {
    /// Throw away what is older than this
    #[arg(long, value_name = "TIME", value_parser = duration)]
    older_than: Option<Duration>,

    /// Show what would go and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do not ask on a terminal
    #[arg(short, long)]
    yes: bool,
}

/// Runs one of the commands.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let scope = context.scope()?;
    match &args.command {
        OpsCommand::List => {
            let report = ops::change::ops::list(context)?;
            context.ui.finish(&scope, &report)
        }
        OpsCommand::Show { operation } => {
            let report = ops::change::ops::show(context, operation)?;
            context.ui.finish(&scope, &report)
        }
        OpsCommand::Prune(args) => {
            let how = How { dry_run: args.dry_run, yes: args.yes, ..How::default() };
            let report = ops::change::ops::prune(context, args.older_than, &how)?;
            context.ui.finish(&scope, &report)
        }
    }
}

impl Args {
    /// Whether the report can have a table.
    pub(super) const fn has_table(&self) -> bool {
        !matches!(self.command, OpsCommand::Prune(_))
    }

    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        !matches!(self.command, OpsCommand::Prune(_))
    }
}
