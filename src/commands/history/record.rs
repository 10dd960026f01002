//! `jobctl history record`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::path;
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::global::duration;
use crate::human;
use crate::ops::history::place;
use crate::ops::history::recorder::{Looked, Purpose, Recorder, Recording};
use crate::report::history::record::RecordReport;
use crate::sys::signals::Interrupts;

/// Record queues, workers, Redis and the jobs that end, until interrupted
///
/// It looks every five seconds for jobs that ended, and samples every 30 s unless told otherwise. An
/// outage of Redis becomes a gap; a crash loses nothing that was written and counts nothing twice. One
/// process records into a history, also while it serves or watches (`jobctl serve --record`, `jobctl
/// alerts run --record`); another one says which, and takes over when that ends. On the host of the
/// workers it also notes how much memory the jobs take, as the kernel tells it. A file that is removed
/// meanwhile is begun anew. With `--once` it reports what was recorded, and fails where another process
/// records.
///
/// Kept are samples and single jobs for 2 days, figures by minute for 2 days, by hour for 400, by day
/// for ten years: `[history]` in the settings has `every`, `keep_samples`, `keep_jobs`,
/// `keep_minutes`, `keep_hours`, `keep_days` and `memory_mb`. Changes nothing in Redis.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl history record
  jobctl history record --every 10s --for 1h
  jobctl history record --once --file /tmp/history.db
  jobctl history record --once -o json")]
pub(super) struct Args {
    /// How often to sample [default: 30s, or `every` of the settings]
    #[arg(long, value_name = "TIME", value_parser = interval)]
    every: Option<Duration>,

    /// End after this long
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    lasting: Option<Duration>,

    /// Take one sample and end, for cron
    #[arg(long, conflicts_with_all = ["every", "lasting"])]
    once: bool,

    /// Record into this file instead of the target's
    #[arg(long, value_name = "PATH", value_parser = path)]
    file: Option<PathBuf>,
}

fn interval(text: &str) -> std::result::Result<Duration, String> {
    let every = duration(text)?;
    if every < Duration::from_secs(1) {
        return Err("the shortest interval is 1s".to_owned());
    }
    if every > Duration::from_secs(24 * 60 * 60) {
        return Err("the longest interval is 1d".to_owned());
    }
    Ok(every)
}

/// Records until a signal comes or the time is over.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    if context.sites()?.is_some() {
        context.ui.warn("every site is recorded, whatever --site says; it narrows what is shown");
    }
    let interrupts = Interrupts::catch()?;
    let every = args.every.unwrap_or(context.settings.history.every);
    let place = place(context, args.file.as_deref())?;
    let purpose = if args.once { Purpose::Once } else { Purpose::History };
    let recording = Recording { every, purpose };
    let (mut recorder, mut passing, said) = Recorder::open(place, context, recording)?;
    if args.once {
        let looked = recorder.look(context, &mut passing)?;
        return once(context, looked, said, recorder.place().path());
    }
    for line in said {
        context.ui.warn(&line);
    }
    let path = recorder.place().path().display().to_string();
    let end = args.lasting.and_then(|time| Instant::now().checked_add(time));
    if recorder.is_at_work() {
        let every = human::age(every.as_secs_f64());
        context.ui.status(&format!("recording into {path} every {every}"));
    }
    loop {
        let looked = recorder.look(context, &mut passing)?;
        for line in &looked.said {
            context.ui.warn(line);
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Ok(Outcome::Done);
        }
        if let Some(signal) = interrupts.wait(recorder.pause().min(left.unwrap_or(Duration::MAX))) {
            return Ok(Outcome::Interrupted { signal });
        }
    }
}

/// What one sample was.
fn once(
    context: &mut Context,
    looked: Looked,
    mut said: Vec<String>,
    path: &Path,
) -> Result<Outcome> {
    let Some(sample) = looked.sample.filter(|_| looked.outage.is_none()) else {
        let why = looked.outage.unwrap_or_else(|| "Redis could not be read".to_owned());
        let message = format!("cannot take a sample: {why}");
        return Err(Failure::new(Kind::Unreachable, message).hint("jobctl doctor").into());
    };
    said.extend(looked.said);
    let pruned = looked.pruned.unwrap_or_default();
    let report = RecordReport {
        file: path.display().to_string(),
        sampled_at: sample.at,
        queues: sample.queues,
        workers_busy: sample.busy,
        workers_idle: sample.idle,
        redis_memory_bytes: sample.redis_memory,
        jobs_ended: looked.ended,
        jobs_failed: looked.failed,
        is_partial: looked.is_partial,
        gap: looked.gap,
        pruned_samples: pruned.samples,
        pruned_jobs: pruned.jobs,
        pruned_figures: pruned.figures,
        notes: said,
    };
    let scope = context.scope()?;
    context.ui.finish(&scope, &report)
}
