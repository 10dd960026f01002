//! `jobctl scheduler next`.

use std::time::Duration;

use jiff::SignedDuration;

use crate::commands::selection::glob;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops::scheduler::next::{LONGEST_WINDOW, next};

/// Show what is due when: a timeline of the scheduled job types of sites
///
/// What is due already comes first, then what comes within the window, on each site's own clock. A
/// type that is due more than three times is one row. What will not be enqueued is in the list all
/// the same, and STATE says why: the type is stopped, a ghost or an impossible expression holds it
/// back, or the site is paused, disabled, dormant or in maintenance. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl scheduler next
  jobctl scheduler next 7d --site erp.example
  jobctl scheduler next 2h --method '*.backup*' -o json

Exit code 1 if the database of some sites could not be read, 69 if that of none could be reached.")]
pub(super) struct Args {
    /// How far to look ahead, such as `6h` or `7d`
    #[arg(value_name = "WINDOW", default_value = "24h", value_parser = window)]
    window: SignedDuration,

    /// Only methods, or keys of types, that fit this pattern, such as `erpnext.*`
    #[arg(long, value_name = "GLOB", value_parser = non_empty)]
    method: Option<String>,
}

/// Shows it.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let method = args.method.as_deref().map(glob).transpose()?;
    let report = next(context, args.window, method.as_ref())?;
    let scope = context.scope()?;
    let outcome = context.ui.finish(&scope, &report)?;
    report.sites.sole_failure().map_or(Ok(outcome), |failure| Err(failure.into()))
}

fn window(text: &str) -> Result<SignedDuration, String> {
    let window: Duration = duration(text)?;
    SignedDuration::try_from(window)
        .ok()
        .filter(|window| *window <= LONGEST_WINDOW)
        .ok_or_else(|| "the longest window is 366d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_is_a_year_at_the_most() {
        assert_eq!(window("24h"), Ok(SignedDuration::from_hours(24)));
        assert!(window("366d").is_ok() && window("367d").is_err() && window("0").is_err());
        assert!(window("99999999999999999999y").is_err());
    }
}
