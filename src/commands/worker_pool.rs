//! `jobctl worker-pool`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;

use super::worker::{WorkerArgs, note_site};
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::global::{duration, non_empty, size};
use crate::ops::pool::{LogTo, PoolOptions, ScaleOptions, run as run_pool, status};

/// Keep a number of workers running
///
/// A supervisor over real workers, those of `jobctl worker`. One that ends is started again: at once
/// if it had worked; after 0.5 s, 1 s, 2 s and so on if it had not registered in Redis, or ended with a
/// fault within ten seconds; a pool of which every worker did so six times in a row is given up, with
/// the reason. While Redis is down nothing is started.
///
/// SIGTERM and SIGINT: workers finish their jobs within --grace, then are cut off; a second signal
/// cuts them off at once. SIGHUP: the settings are read again, then every worker is replaced, one by
/// one, the old one leaving only when the new one takes jobs. Workers run in sessions of their own;
/// if the supervisor is killed, at whatever moment, they finish their job and end.
///
/// With --max the number follows the queues: waiting jobs times their recent run time over the
/// workers is the time to clear them. Above --scale-target there are more workers at once, at most
/// twice as many at a time; once fewer have been enough for --cool-down, idle ones leave. A --burst
/// of a pool of the settings starts its `max`.
///
/// A job that is cut off with its worker, by whomever, is named, and stands in the state.
///
/// Exit codes: 0 stopped or drained, 1 given up (with --fail-on-job-failure also: jobs failed or were
/// cut off), 130 or 143 stopped, and jobs were cut off of workers that the pool had told to end.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl worker-pool --num-workers 4 --queue short,default --max-memory 512M
  jobctl worker-pool --min 1 --max 8 --queue long --scale-target 5m
  jobctl worker-pool --num-workers 3 --burst --fail-on-job-failure
  jobctl worker-pool --pool all --log-dir logs --status-file config/pool.json
  jobctl worker-pool status --status-file config/pool.json -o json")]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,

    /// How many workers [default: 2]
    #[arg(short, long, value_name = "N")]
    num_workers: Option<usize>,

    /// Keep between --min and so many workers, as many as clear the queues in --scale-target
    #[arg(long, value_name = "N", conflicts_with_all = ["num_workers", "burst"])]
    max: Option<usize>,

    /// The fewest workers of a pool with --max [default: 1]
    #[arg(long, value_name = "N", requires = "max")]
    min: Option<usize>,

    /// Start more workers while the jobs that wait need longer than this [default: 60s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    scale_target: Option<Duration>,

    /// Let workers leave once fewer have been enough for this long [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    cool_down: Option<Duration>,

    /// The pool [pool.NAME] of the settings; repeatable, or `all` [default: all, if there are any]
    #[arg(long, value_name = "NAME", value_parser = non_empty)]
    pool: Vec<String>,

    /// Replace a worker that uses more than this, its work horse included, after its job; one that has
    /// run none is left alone
    #[arg(long, value_name = "SIZE", value_parser = size)]
    max_memory: Option<u64>,

    /// Replace a worker after so many jobs
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_jobs: Option<u64>,

    /// How long jobs may go on after the first signal [default: a minute more than the longest time
    /// limit of the queues]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    grace: Option<Duration>,

    /// Exit with 1 if jobs of these queues failed or were cut off during a --burst, or wait for a retry;
    /// of failed runs that no job tells of any more one is excused for each ended job with retries
    #[arg(long, requires = "burst")]
    fail_on_job_failure: bool,

    /// Put each worker's name before its lines
    #[arg(long, conflicts_with = "log_dir")]
    log_prefix: bool,

    /// Write each worker's output to NAME.log and NAME.error.log there
    #[arg(long, value_name = "DIR")]
    log_dir: Option<PathBuf>,

    /// Keep the state in this file, for `worker-pool status`
    #[arg(long, value_name = "FILE", global = true)]
    status_file: Option<PathBuf>,

    #[command(flatten)]
    worker: WorkerArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    Status(StatusArgs),
}

/// Show what a pool does, from its --status-file
///
/// Exit code 1 where the supervisor is gone or has not written for 15 seconds, or a pool was given up.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl worker-pool status --status-file config/pool.json
  jobctl worker-pool status --status-file config/pool.json -o json")]
struct StatusArgs {}

impl Args {
    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        self.action.is_some()
    }

    fn options(&self, context: &Context) -> PoolOptions {
        let log = match (&self.log_dir, self.log_prefix) {
            (Some(dir), _) => LogTo::Dir(dir.clone()),
            (None, true) => LogTo::Prefix,
            (None, false) => LogTo::Inherit,
        };
        PoolOptions {
            worker: self.worker.options(context),
            names: self.pool.clone(),
            workers: self.num_workers,
            scale: ScaleOptions {
                min: self.min,
                max: self.max,
                target: self.scale_target,
                cool_down: self.cool_down,
            },
            max_memory: self.max_memory,
            max_jobs: self.max_jobs,
            grace: self.grace,
            log,
            state: self.status_file.clone(),
            fail_on_job_failure: self.fail_on_job_failure,
        }
    }
}

/// Runs the pool, or shows one.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    if let Some(Action::Status(StatusArgs {})) = args.action {
        let Some(path) = &args.status_file else {
            let message = "cannot tell which pool is meant: no state file is named";
            return Err(Failure::new(Kind::Usage, message)
                .hint("name the one that the pool keeps: --status-file FILE")
                .into());
        };
        let report = status(path)?;
        let scope = context.target().and(context.scope()).unwrap_or_default();
        return context.ui.finish(&scope, &report);
    }
    note_site(context);
    let options = args.options(context);
    run_pool(context, &options)
}
