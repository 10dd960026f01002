//! `jobctl worker`.

use std::path::PathBuf;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::non_empty;
use crate::ops::worker::{Strategy, WorkerOptions, become_worker};

/// Run a worker in the foreground: the bench's own, or RQ's
///
/// Becomes the real thing: `env/bin/python -m frappe.utils.bench_helper frappe worker` in a bench,
/// `python -m rq.cli worker` without one. Signals, logs and exit codes are that worker's; jobctl
/// first sees to it that Redis answers and that Frappe knows the queues. A login reaches the worker
/// by its environment wherever it reads one.
///
/// One worker is not restarted when it ends: that is for `jobctl worker-pool`, supervisor or
/// systemd.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl worker --queue short,default
  jobctl worker --queue long --burst
  jobctl --redis redis://localhost:6379 worker --python env/bin/python --queue high -- --max-jobs 100")]
pub struct Args {
    #[command(flatten)]
    worker: WorkerArgs,
}

/// What is the same for one worker and for a pool of them.
#[derive(Debug, clap::Args)]
pub(super) struct WorkerArgs {
    /// Queues in the order of priority, with commas [default: all of the bench; `default` of RQ]
    #[arg(long, value_name = "NAMES", value_parser = non_empty)]
    pub(super) queue: Vec<String>,

    /// End once the queues are empty
    #[arg(short, long)]
    pub(super) burst: bool,

    /// The order of the queues, where it is not the order of their names
    #[arg(long, value_name = "ORDER")]
    pub(super) strategy: Option<Strategy>,

    /// Log in to Redis as this user
    #[arg(short = 'u', long, value_name = "NAME", value_parser = non_empty)]
    rq_username: Option<String>,

    /// Log in to Redis with this password; better kept in the bench's configuration or the URL
    #[arg(short = 'p', long, value_name = "PASSWORD", value_parser = non_empty)]
    rq_password: Option<String>,

    /// Without a bench: the Python with RQ in it [default: the first of the search path]
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,

    /// Without a bench: a worker class of your own
    #[arg(long, value_name = "CLASS", value_parser = non_empty)]
    worker_class: Option<String>,

    /// Without a bench: where Python finds the code of jobs; repeatable
    #[arg(long, value_name = "DIR", value_parser = non_empty)]
    path: Vec<String>,

    /// Without a bench: run jobs as root
    #[arg(long)]
    pub(super) allow_root: bool,

    /// Without a bench: further arguments of `rq worker`
    #[arg(last = true, value_name = "ARGS")]
    rest: Vec<String>,
}

impl WorkerArgs {
    /// The same for `ops`; `-q` is the worker's as well.
    pub(super) fn options(&self, context: &Context) -> WorkerOptions {
        WorkerOptions {
            queues: self.queue.clone(),
            burst: self.burst,
            quiet: context.global.quiet,
            strategy: self.strategy,
            username: self.rq_username.clone(),
            password: self.rq_password.clone(),
            python: self.python.clone(),
            worker_class: self.worker_class.clone(),
            paths: self.path.clone(),
            rest: self.rest.clone(),
            allow_root: self.allow_root,
        }
    }
}

/// Becomes the worker.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    note_site(context);
    become_worker(context, &args.worker.options(context))?;
    Ok(Outcome::Done)
}

/// bench takes `--site` here and passes over it too.
pub(super) fn note_site(context: &mut Context) {
    if !context.global.site.is_empty() {
        context.ui.note("--site changes nothing: a worker serves all sites of the bench");
    }
}
