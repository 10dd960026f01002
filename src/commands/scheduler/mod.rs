//! `jobctl scheduler …`: one file per verb.

pub(super) mod disable;
pub(super) mod enable;
mod list;
mod log;
mod next;
pub(super) mod pause;
pub(super) mod resume;
mod start_job;
mod status;
mod stop_job;

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::Global;
use crate::render::Format;

/// Look at the schedulers of sites, and switch them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl scheduler status
  jobctl scheduler next 24h --site all
  jobctl scheduler pause --site erp.example --reason 'import runs'
  jobctl scheduler resume --site all")]
pub struct Args {
    #[command(subcommand)]
    command: SchedulerCommand,

    /// As bench spells `--output`
    #[arg(short, long, value_name = "FORMAT", global = true, hide = true, value_enum)]
    format: Option<BenchFormat>,
}

#[derive(Debug, Subcommand)]
enum SchedulerCommand {
    Status(status::Args),
    List(list::Args),
    Next(next::Args),
    Log(log::Args),
    Enable(enable::Args),
    Disable(disable::Args),
    Pause(pause::Args),
    Resume(resume::Args),
    StopJob(stop_job::Args),
    StartJob(start_job::Args),
}

/// The formats of `bench scheduler status --format`.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum BenchFormat {
    Json,
    Text,
}

/// Runs one of the commands.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    match &args.command {
        SchedulerCommand::Status(_) => status::run(context),
        SchedulerCommand::List(args) => list::run(args, context),
        SchedulerCommand::Next(args) => next::run(args, context),
        SchedulerCommand::Log(args) => log::run(args, context),
        SchedulerCommand::Enable(args) => enable::run(args, context),
        SchedulerCommand::Disable(args) => disable::run(args, context),
        SchedulerCommand::Pause(args) => pause::run(args, context),
        SchedulerCommand::Resume(args) => resume::run(args, context),
        SchedulerCommand::StopJob(args) => stop_job::run(args, context),
        SchedulerCommand::StartJob(args) => start_job::run(args, context),
    }
}

impl Args {
    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        match self.command {
            SchedulerCommand::Status(_)
            | SchedulerCommand::List(_)
            | SchedulerCommand::Next(_)
            | SchedulerCommand::Log(_) => true,
            SchedulerCommand::Enable(_)
            | SchedulerCommand::Disable(_)
            | SchedulerCommand::Pause(_)
            | SchedulerCommand::Resume(_)
            | SchedulerCommand::StopJob(_)
            | SchedulerCommand::StartJob(_) => false,
        }
    }

    /// The global flags with what bench's own spelling adds to them; `-o` wins.
    pub(super) fn global(&self, global: &Global) -> Global {
        let format = self.format.map(|format| match format {
            BenchFormat::Json => Format::Json,
            BenchFormat::Text => Format::Table,
        });
        Global { output: global.output.or(format), ..global.clone() }
    }
}
