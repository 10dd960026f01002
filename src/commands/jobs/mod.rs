//! `jobctl jobs …`: inspect single jobs and filtered sets.

mod cancel;
mod delete;
mod exists;
mod list;
mod show;

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};

/// List, show, look up and change jobs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs list --status failed --since 24h
  jobctl jobs show site1.localhost::0b1c2d3e")]
pub struct Args {
    #[command(subcommand)]
    command: JobsCommand,
}

#[derive(Debug, Subcommand)]
enum JobsCommand {
    List(Box<list::Args>),
    Show(show::Args),
    Exists(exists::Args),
    Delete(Box<delete::Args>),
    Cancel(Box<cancel::Args>),
}

/// Runs one of the commands.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    match &args.command {
        JobsCommand::List(args) => list::run(args, context),
        JobsCommand::Show(args) => show::run(args, context),
        JobsCommand::Exists(args) => exists::run(args, context),
        JobsCommand::Delete(args) => delete::run(args, context),
        JobsCommand::Cancel(args) => cancel::run(args, context),
    }
}

impl Args {
    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self.command, JobsCommand::List(_) | JobsCommand::Show(_) | JobsCommand::Exists(_))
    }
}
