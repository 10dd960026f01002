//! `jobctl doctor`.

use clap::ValueEnum;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops;

/// Say what is wrong with the background jobs, and what to type next
///
/// First the verdict: HEALTHY, DEGRADED, UNHEALTHY or UNKNOWN. Then what was found, worst first,
/// each with its evidence and commands to paste. Then sites, queues and workers. Changes nothing.
///
/// Long queues are looked at from both ends; the output says so. `--deep` reads every job;
/// all of it must be over within `--timeout`, so allow it more.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl doctor
  jobctl doctor --site site1.localhost -o json
  jobctl --redis redis://127.0.0.1:6379 doctor --fail-on unhealthy")]
pub struct Args {
    /// Read every job and every registry entry, not both ends only
    #[arg(long)]
    deep: bool,

    /// The verdict from which on the exit code is not 0; UNKNOWN always exits 3
    #[arg(long, value_name = "VERDICT", default_value = "degraded")]
    fail_on: FailOn,
}

/// The verdict from which on the exit code is not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// DEGRADED exits 1, UNHEALTHY 2
    Degraded,
    /// DEGRADED exits 0, UNHEALTHY 2
    Unhealthy,
}

impl FailOn {
    /// Whether DEGRADED exits 1.
    pub(super) fn degraded_fails(self) -> bool {
        self == Self::Degraded
    }
}

/// Makes the diagnosis and shows it.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let report = ops::doctor::diagnose(context, args.deep, args.fail_on.degraded_fails())?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
