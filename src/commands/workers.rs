//! `jobctl workers …`: list and show them, look into them, stop and suspend them, remove dead
//! registrations.

mod dump;
mod prune;
mod stop;
mod suspend;

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops;

/// List and show workers and where they hang; stop, restart, suspend them; remove dead registrations
///
/// Without a subcommand: list.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers
  jobctl workers show 3f2a
  jobctl workers dump --all-stuck")]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(ListArgs),
    Show(ShowArgs),
    Dump(dump::Args),
    Stop(stop::StopArgs),
    Restart(stop::RestartArgs),
    Suspend(suspend::SuspendArgs),
    Resume(suspend::ResumeArgs),
    Prune(prune::Args),
}

impl Args {
    /// Whether the report can have a table.
    pub(super) const fn has_table(&self) -> bool {
        !matches!(self.action, Some(Action::Suspend(_) | Action::Resume(_)))
    }

    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self.action, None | Some(Action::List(_) | Action::Show(_)))
    }
}

/// List the workers: whether they live, what they run, what they have done
///
/// ALIVE is concluded from the process where it runs on this host, from who listens to the
/// worker's commands, and from its last heartbeat: `yes`, `stale` (silent for too long: frozen, or
/// dead a moment ago) or `no`. UTIL is the share of a worker's life spent in jobs, MEM the memory of
/// its processes on this host.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers list -o wide
  jobctl workers list --all -o json")]
struct ListArgs {
    /// Also the workers of other benches on the same Redis
    #[arg(long)]
    all: bool,
}

/// Show one worker: whether it lives and why, its job, its processes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers show 3f2a
  jobctl workers show 4711 -o json")]
struct ShowArgs {
    /// The worker: its name, the beginning of its name, or a process id on this host
    #[arg(value_name = "NAME", value_parser = non_empty)]
    name: String,
}

/// Reads the workers and shows them, or changes something about them.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let scope = context.scope()?;
    match &args.action {
        Some(Action::Show(args)) => {
            let report = ops::workers::show(context, &args.name)?;
            context.ui.finish(&scope, &report)
        }
        Some(Action::Dump(args)) => dump::run(args, context),
        Some(Action::Stop(args)) => stop::run_stop(args, context),
        Some(Action::Restart(args)) => stop::run_restart(args, context),
        Some(Action::Suspend(args)) => suspend::run_suspend(args, context),
        Some(Action::Resume(args)) => suspend::run_resume(args, context),
        Some(Action::Prune(args)) => prune::run(args, context),
        action => {
            let all = matches!(action, Some(Action::List(ListArgs { all: true })));
            let report = ops::workers::list(context, all)?;
            context.ui.finish(&scope, &report)
        }
    }
}
