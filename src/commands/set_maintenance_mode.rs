//! `jobctl set-maintenance-mode`.

use crate::commands::mutation::MutationArgs;
use crate::commands::switch;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::ops::switch::scheduler::Switch;

/// Switch the maintenance mode of sites on or off
///
/// Sets `maintenance_mode` in each site's `site_config.json`, under Frappe's lock. While it is on,
/// web requests are refused and no scheduled job is enqueued. `off` refuses (77) while the mode
/// stands in `common_site_config.json`, where an update of the bench puts it for all sites.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl set-maintenance-mode on --site erp.example --reason 'restore'
  jobctl set-maintenance-mode off --site all --dry-run

--limit takes the first N sites by name. Exit code 1 if some sites could not be switched.")]
pub struct Args {
    /// What it is to be
    #[arg(value_enum)]
    state: State,

    /// Let the site's own file win over the common file
    #[arg(long)]
    override_bench: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum State {
    On,
    Off,
}

/// Switches.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let switch = match args.state {
        State::On => Switch::MaintenanceOn,
        State::Off => Switch::MaintenanceOff,
    };
    switch::turn(context, switch, args.override_bench, &args.mutation)
}
