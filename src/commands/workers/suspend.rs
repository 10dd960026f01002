//! `jobctl workers suspend` and `workers resume`.

use std::time::Duration;

use crate::commands::mutation::{MutationArgs, finish};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::duration;
use crate::ops::change::suspend::{resume, suspend};

/// Keep all workers of this Redis from starting jobs
///
/// Running jobs go on. A worker that waits for a job may still take one. RQ knows only one switch
/// for a whole Redis database, so this is refused while others share it, unless --whole-redis. Ends
/// by itself after --for; a second time extends it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers suspend --for 15m --reason 'database upgrade'
  jobctl workers suspend --whole-redis --dry-run")]
pub(super) struct SuspendArgs {
    /// For so long
    #[arg(long = "for", value_name = "TIME", value_parser = duration, default_value = "1h")]
    time: Duration,

    #[command(flatten)]
    both: ResumeArgs,
}

/// Let the workers of this Redis start jobs again
///
/// A worker notices within a second.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers resume
  jobctl workers resume --whole-redis --reason 'upgrade done'")]
pub(super) struct ResumeArgs {
    /// Also the workers of others who share the Redis database
    #[arg(long)]
    whole_redis: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Suspends the workers.
pub(super) fn run_suspend(args: &SuspendArgs, context: &mut Context) -> Result<Outcome> {
    // The command says what is meant: all of them.
    let how = args.both.mutation.how(true, false, false);
    let report = suspend(context, args.time, args.both.whole_redis, &how)?;
    finish(context, report)
}

/// Lets them go on.
pub(super) fn run_resume(args: &ResumeArgs, context: &mut Context) -> Result<Outcome> {
    let how = args.mutation.how(true, false, false);
    let report = resume(context, args.whole_redis, &how)?;
    finish(context, report)
}
