//! `jobctl workers stop` and `workers restart`.

use std::time::Duration;

use crate::commands::mutation::MutationArgs;
use crate::commands::worker::note_site;
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops::workers::stop::{Stopping, stop};
use crate::ops::workers::via::Via;

/// Stop workers, each after its job
///
/// A worker of this host is told by a signal, once its process is certain to be that worker, any
/// other by RQ's command channel. One that is stopping already is only waited for, as telling it
/// again would end its job. A worker that something would start again is left alone, and what to
/// type instead is said; --via stops it there. Exit code 75 if one is still there after --wait.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers stop 3f2a
  jobctl workers stop --queue long --wait 30m
  jobctl workers stop --queue long --via supervisor
  jobctl workers stop --all --now --reason 'the import ran wild'")]
pub(super) struct StopArgs {
    #[command(flatten)]
    which: WhichArgs,

    /// Also workers that their pool, supervisor or systemd would start again
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

/// Restart workers one after the other, each after its job
///
/// The next one is told when another worker serves the queues of the last. Whatever started the
/// worker (a pool, supervisor, systemd) starts it again; where nothing would, it is left alone. So is a
/// worker of a `jobctl worker-pool` that serves a queue alone: `kill -HUP` to the pool starts the next
/// before the last one ends.
/// Exit code 75 if one is still there, or not back, after --wait; the rest then stay as they are.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl workers restart --all --reason 'new release'
  jobctl workers restart --all --via supervisor
  jobctl workers restart --queue short --dry-run")]
pub(super) struct RestartArgs {
    #[command(flatten)]
    which: WhichArgs,

    /// Also workers that nobody is known to start again, or that alone serve a queue
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    mutation: MutationArgs,
}

#[derive(Debug, clap::Args)]
struct WhichArgs {
    /// Workers: their names, the beginnings of their names, or process ids on this host
    #[arg(value_name = "NAME", value_parser = non_empty, conflicts_with_all = ["queue", "all"])]
    names: Vec<String>,

    /// Workers that serve this queue
    #[arg(long, value_name = "QUEUE", value_parser = non_empty, conflicts_with = "all")]
    queue: Vec<String>,

    /// Every worker
    #[arg(long)]
    all: bool,

    /// End the jobs that run with their workers
    #[arg(long)]
    now: bool,

    /// Let the workers' process manager do it, with its own words for them; the plan shows its commands
    #[arg(long, value_name = "MANAGER", conflicts_with_all = ["now", "force"])]
    via: Option<Via>,

    /// Wait so long for a worker's end
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m")]
    wait: Duration,
}

/// Stops workers.
pub(super) fn run_stop(args: &StopArgs, context: &mut Context) -> Result<Outcome> {
    run(&args.which, &args.mutation, args.force, false, context)
}

/// Restarts workers.
pub(super) fn run_restart(args: &RestartArgs, context: &mut Context) -> Result<Outcome> {
    run(&args.which, &args.mutation, args.force, true, context)
}

fn run(
    which: &WhichArgs,
    mutation: &MutationArgs,
    force: bool,
    restart: bool,
    context: &mut Context,
) -> Result<Outcome> {
    note_site(context);
    let explicit = !which.names.is_empty() || !which.queue.is_empty();
    let how = mutation.how(explicit, !which.names.is_empty(), which.all);
    let stopping = Stopping {
        names: which.names.clone(),
        queues: which.queue.clone(),
        restart,
        now: which.now,
        force,
        via: which.via,
        wait: which.wait,
    };
    let scope = context.scope()?;
    let report = stop(context, &stopping, &how)?;
    context.ui.finish(&scope, &report)
}
