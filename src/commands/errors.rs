//! `jobctl errors …`.

use clap::{Subcommand, ValueEnum};

use super::selection::instant;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::errors::{Ask, By, errors, show};
use crate::report::errors::ErrorClass;
use crate::sys::clock;

/// Say what fails, in groups: the failed jobs that RQ keeps, and the Error Log of the sites
///
/// Failures are one group when the exception, what it says apart from names and numbers, and the
/// function that raised it are the same. A failing job of Frappe leaves a failed job and a row of
/// the Error Log, so the count is the larger of both, not their sum; errors of web requests stand
/// in the Error Log alone. A job that was stopped on request did not fail. Changes nothing.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  jobctl errors
  jobctl errors --since 7d --class database,timeout -o wide
  jobctl errors --by method
  jobctl errors show 3f9a2c11"
)]
pub struct Args {
    #[command(subcommand)]
    command: Option<ErrorsCommand>,

    #[command(flatten)]
    window: Window,

    /// What a group is about
    #[arg(long, value_name = "KEY", default_value = "exception")]
    by: ByArg,

    /// Only failures of this class; repeatable
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    class: Vec<ErrorClass>,
}

/// How far back to look.
#[derive(Debug, Clone, clap::Args)]
struct Window {
    /// Only what failed since then: a time, or how long ago
    #[arg(long, value_name = "WHEN", default_value = "24h", value_parser = non_empty)]
    since: String,
}

#[derive(Debug, Subcommand)]
enum ErrorsCommand {
    /// Show one group: where it fails, the newest traceback, and how to retry its jobs
    #[command(after_help = "\
Examples:
  jobctl errors show 3f9a2c11
  jobctl errors show 3f9a --since 7d -o json")]
    Show {
        /// The group, as `jobctl errors` names it; its first characters will do
        #[arg(value_name = "GROUP", value_parser = non_empty)]
        group: String,
        #[command(flatten)]
        window: Window,
    },
}

/// What a group is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ByArg {
    /// The exception, what it says, and where it was raised
    Exception,
    /// The method; of the Error Log the title
    Method,
    /// The queue; the Error Log names none
    Queue,
    /// The site
    Site,
}

/// Gathers and shows.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let ask = |window: &Window, by: By, utc: bool| -> Result<Ask> {
        let since = instant("--since", &window.since, clock::now(), utc)?;
        Ok(Ask { since, by, classes: args.class.clone() })
    };
    let utc = context.settings.utc;
    match &args.command {
        Some(ErrorsCommand::Show { group, window }) => {
            let report = show(context, &ask(window, By::Exception, utc)?, group)?;
            let scope = context.scope()?;
            context.ui.finish(&scope, &report)
        }
        None => {
            let by = match args.by {
                ByArg::Exception => By::Exception,
                ByArg::Method => By::Method,
                ByArg::Queue => By::Queue,
                ByArg::Site => By::Site,
            };
            let report = errors(context, &ask(&args.window, by, utc)?)?;
            let scope = context.scope()?;
            context.ui.finish(&scope, &report)
        }
    }
}
