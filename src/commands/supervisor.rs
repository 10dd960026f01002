//! `jobctl supervisor …`: process definitions of a bench.

use std::path::PathBuf;

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::supervisor::{Manager, check, generate};

/// Make process definitions for a bench, or find the faults of its own
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl supervisor check
  jobctl supervisor generate --pool --format systemd")]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Generate(GenerateArgs),
    Check(CheckArgs),
}

/// Print process definitions for the bench's queues and its scheduler
///
/// As many workers as `background_workers` says, custom queues included, run as the bench's owner;
/// they are given the longest time limit of their queues and a minute to end. Under systemd work
/// horses are left alone until then. Nothing is written: put the output where it belongs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl supervisor generate > config/supervisor-workers.conf
  jobctl supervisor generate --format systemd --pool")]
struct GenerateArgs {
    /// Who is to start the processes
    #[arg(long, value_name = "MANAGER", default_value = "supervisor")]
    format: Manager,

    /// One `jobctl worker-pool` for each group of queues in place of single workers
    #[arg(long)]
    pool: bool,
}

/// Find the faults of the bench's process definitions
///
/// Workers that are killed before their longest job can end, queues that nobody serves, missing or
/// doubled schedulers, signals that cut jobs off. Looks into the bench's config/supervisor.conf and
/// config/systemd, /etc/supervisor/conf.d, /etc/supervisord.d and /etc/systemd/system, unless files
/// are named; a unit is read with its drop-ins, a pool of jobctl with its settings. Exit code 1 where
/// there are faults.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl supervisor check
  jobctl supervisor check /etc/supervisor/conf.d/frappe-bench.conf -o json")]
struct CheckArgs {
    /// Files of supervisor, or of systemd by their ending `.service`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Args {
    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self.action, Action::Check(_))
    }
}

/// Makes or checks definitions.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let scope = context.scope()?;
    match &args.action {
        Action::Generate(args) => {
            let report = generate(context, args.format, args.pool)?;
            context.ui.finish(&scope, &report)
        }
        Action::Check(args) => {
            let report = check(context, &args.files)?;
            context.ui.finish(&scope, &report)
        }
    }
}
