//! `jobctl scheduler resume`, also `jobctl resume-scheduler`.

use crate::commands::mutation::MutationArgs;
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::switch::scheduler::Switch;

/// Resume the scheduler of sites
///
/// Takes `pause_scheduler` back in each site's `site_config.json`, under Frappe's lock, and says what
/// else keeps the scheduler from running. Refuses (77) while the pause stands in
/// `common_site_config.json`, where an update of the bench puts it for all sites.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl resume-scheduler --site erp.example
  jobctl scheduler resume --site all --dry-run

--limit takes the first N sites by name. Exit code 1 if some sites could not be resumed.")]
pub struct Args {
    /// Let the site's own file win over a pause in the common file
    #[arg(long)]
    override_bench: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Resumes.
pub(in crate::commands) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    switch::turn(context, Switch::Resume, args.override_bench, &args.mutation)
}
