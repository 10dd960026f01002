//! `jobctl jobs …`: inspect single jobs and filtered sets.

mod cancel;
mod delete;
mod enqueue;
mod exists;
mod list;
mod move_jobs;
mod promote;
mod repair;
pub(super) mod retry;
mod show;
mod stop;
mod watch;

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
    Enqueue(Box<enqueue::Args>),
    Watch(watch::Args),
    Retry(Box<retry::Args>),
    Move(Box<move_jobs::Args>),
    Promote(Box<promote::Args>),
    Stop(Box<stop::Args>),
    Delete(Box<delete::Args>),
    Cancel(Box<cancel::Args>),
    Repair(repair::Args),
}

/// Runs one of the commands.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    match &args.command {
        JobsCommand::List(args) => list::run(args, context),
        JobsCommand::Show(args) => show::run(args, context),
        JobsCommand::Exists(args) => exists::run(args, context),
        JobsCommand::Enqueue(args) => enqueue::run(args, context),
        JobsCommand::Watch(args) => watch::run(args, context),
        JobsCommand::Retry(args) => retry::run(args, context),
        JobsCommand::Move(args) => move_jobs::run(args, context),
        JobsCommand::Promote(args) => promote::run(args, context),
        JobsCommand::Stop(args) => stop::run(args, context),
        JobsCommand::Delete(args) => delete::run(args, context),
        JobsCommand::Cancel(args) => cancel::run(args, context),
        JobsCommand::Repair(args) => repair::run(args, context),
    }
}

impl Args {
    /// Whether the report can have a table.
    pub(super) const fn has_table(&self) -> bool {
        matches!(
            self.command,
            JobsCommand::List(_)
                | JobsCommand::Show(_)
                | JobsCommand::Stop(_)
                | JobsCommand::Repair(_)
        )
    }

    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self.command, JobsCommand::List(_) | JobsCommand::Show(_) | JobsCommand::Exists(_))
    }
}
