//! `jobctl jobs retry`.

use crate::commands::mutation::{MutationArgs, finish};
use crate::commands::selection::SelectionArgs;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::change::retry::{Retrying, retry};

/// Queue ended jobs again
///
/// By id, or by the same filters as `jobs list`; without ids and --status only jobs that failed.
/// Stopped and canceled jobs are taken by id, or with --status. A job keeps the retries that it
/// has left and loses the expiry of its failure. What others requeued or removed meanwhile is left
/// alone. The order is the registry's: the failure that is forgotten first, which usually is the
/// oldest one, comes first; those of one second by id.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl jobs retry site1.localhost::0b1c2d3e
  jobctl jobs retry --queue long --exception Timeout --since 2h --front
  jobctl jobs retry --all --rate 20/s")]
pub(super) struct Args {
    /// Ids of jobs, with or without the site in front
    #[arg(value_name = "ID", value_parser = non_empty)]
    ids: Vec<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Take every job of the bench that failed
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    /// Put them in front of the jobs that wait
    #[arg(long)]
    front: bool,

    /// Give them so many retries [default: as many as they have left]
    #[arg(long, value_name = "N")]
    retries: Option<u64>,

    /// So many a second, waiting while the queue holds as many as Frappe allows
    #[arg(long, value_name = "N/s", value_parser = rate)]
    rate: Option<u32>,

    /// Put more jobs into a queue than Frappe allows
    #[arg(long, conflicts_with = "rate")]
    over_cap: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Retries jobs.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let (selection, how) = args.mutation.on_jobs(&args.selection, &args.ids, args.all, context)?;
    let options = Retrying {
        at_front: args.front,
        retries_left: args.retries,
        rate: args.rate,
        over_cap: args.over_cap,
    };
    let report = retry(context, selection, &args.ids, options, &how)?;
    finish(context, report)
}

/// Takes a number a second, as `20/s` or `20`.
pub(in crate::commands) fn rate(text: &str) -> std::result::Result<u32, String> {
    let number = text.strip_suffix("/s").unwrap_or(text).parse();
    number.ok().filter(|rate| *rate > 0).ok_or_else(|| "write for example 20/s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_is_a_number_a_second() {
        assert_eq!(rate("20/s"), Ok(20));
        assert_eq!(rate("20"), Ok(20));
        assert!(rate("0/s").is_err());
        assert!(rate("20/m").is_err());
    }
}
