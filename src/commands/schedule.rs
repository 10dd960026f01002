//! `jobctl schedule`.

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops;

/// Run the bench's scheduler in the foreground, unless one runs
///
/// Becomes the bench's own process (`env/bin/python -m frappe.utils.bench_helper frappe schedule`),
/// as `bench schedule` does, but refuses (75) where a scheduler runs or its lock is held, and says by
/// whom. Whether the lock is held is read, not tried. It serves all sites of the bench.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl schedule
  sudo -u frappe jobctl --bench /home/frappe/frappe-bench schedule")]
pub struct Args {}

/// Becomes the scheduler.
pub(super) fn run(_args: &Args, context: &mut Context) -> Result<Outcome> {
    if !context.global.site.is_empty() {
        context.ui.note("--site changes nothing: the scheduler serves all sites of the bench");
    }
    ops::schedule::schedule(context)?;
    Ok(Outcome::Done)
}
