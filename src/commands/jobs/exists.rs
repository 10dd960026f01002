//! `jobctl jobs exists`.

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops;

/// Say whether a job exists: exit code 0 if it does, 1 if not
///
/// A job whose hash has expired does not exist, even if its id still stands in a list.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs exists site1.localhost::0b1c2d3e
  jobctl jobs exists nightly-import --site site1.localhost -q && echo still there")]
pub(super) struct Args {
    /// The job's id, with or without the site in front
    #[arg(value_parser = non_empty)]
    id: String,
}

/// Looks the job up.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let report = ops::jobs::exists(context, &args.id)?;
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
