//! A pool of real workers under a supervisor that survives what bench's does not.
//!
//! The workers are those that `jobctl worker` becomes ([`crate::ops::worker`]); [`plan`] decides
//! which pools there are, [`scaling`] how large they are. Here is decided what the end of the
//! supervisor means.

mod examine;
mod failures;
mod mortality;
mod naming;
mod observer;
mod orphans;
mod output;
mod plan;
mod policy;
mod runtimes;
mod scaling;
mod state;
mod supervisor;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::backend::redis::connect;
use crate::backend::redis::read::Store;
use crate::bench::{Family, SchedulerProcess};
use crate::context::{self, Context};
use crate::error::{Failure, Kind, Outcome, Result};
use crate::human;
use crate::model::fault::abandoned_in_s;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::worker::{self, WorkerOptions};
use crate::report::pool::CutOff;
use crate::sanitize::shell_quote;
use crate::sys::clock;
use crate::sys::proc::ProcTable;

use failures::{Failed, Since};
pub use output::LogTo;
pub use plan::ScaleOptions;
use plan::prepare;
use state::StateFile;
pub use state::status;
use supervisor::{Ended, Supervisor};

/// Jobs that were cut off, which are named at the end.
const NAMED_JOBS: usize = 5;

/// What a pool is started with.
#[derive(Debug, Clone, Default)]
pub struct PoolOptions {
    /// What holds for every worker; queues and strategy for the pool without a name.
    pub worker: WorkerOptions,
    /// The pools of the settings that are meant; empty for all of them, unless `workers` or queues
    /// are given.
    pub names: Vec<String>,
    /// How many workers.
    pub workers: Option<usize>,
    /// Between which numbers, and at what a number is aimed.
    pub scale: ScaleOptions,
    /// The memory at which a worker is recycled.
    pub max_memory: Option<u64>,
    /// The jobs after which a worker is recycled.
    pub max_jobs: Option<u64>,
    /// How long jobs may go on after the first signal.
    pub grace: Option<Duration>,
    /// Where the workers' output goes.
    pub log: LogTo,
    /// Where the state is kept.
    pub state: Option<PathBuf>,
    /// Whether failed jobs of a burst are a failure of the pool.
    pub fail_on_job_failure: bool,
}

/// Runs pools until they are drained, stopped or hopeless.
///
/// Errors: those of [`worker::command`]; `Unreachable` where Redis does not answer at the start;
/// `Partial` where no worker could be kept running.
pub fn run(context: &mut Context, options: &PoolOptions) -> Result<Outcome> {
    refuse_read_only(context, "start workers")?;
    options.log.check()?;
    let prepared = prepare(context, options)?;
    for pool in &prepared.pools {
        for number in 1..=pool.size.most() {
            options.log.check_files(&format!("{}-{number}", pool.name))?;
        }
    }
    let (endpoint, served) = (prepared.endpoint.clone(), prepared.served.clone());
    worker::check_redis(context, &endpoint)?;
    warn_of_scheduler(context)?;
    let link = connect(&endpoint, context.settings.timeout, "queue Redis")?;
    let mut store = Store::new(link, context::keys());
    let before = options
        .fail_on_job_failure
        .then(|| Failed::read(&mut store, &served, clock::now()))
        .transpose()?;
    drop(store);
    let state = options.state.as_deref().map(StateFile::take).transpose()?;
    let mut supervisor = Supervisor::new(context, options, prepared, state)?;
    let ended = supervisor.run()?;
    let cut_off = std::mem::take(&mut supervisor.cut_off);
    let failed_runs = supervisor.failed_runs;
    drop(supervisor);
    let outcome = outcome(context, options, ended, &cut_off)?;
    let Some(before) = before.filter(|_| outcome == Outcome::Done) else { return Ok(outcome) };
    // A new connection: the first one may have been idle for days.
    let link = connect(&endpoint, context.settings.timeout, "queue Redis")?;
    let since = before.since(&mut Store::new(link, context::keys()), &served, failed_runs)?;
    tell_failed(context, &since)?;
    Ok(if since.is_any() || !cut_off.is_empty() { Outcome::No } else { outcome })
}

fn tell_failed(context: &mut Context, since: &Since) -> Result<()> {
    let command = context.target()?.command();
    if since.failed > 0 {
        let jobs = human::counted(since.failed, "job");
        context.ui.warn(&format!("{jobs} failed in these queues"));
        context.ui.hint(&format!("{command} jobs list --status failed"));
    }
    if since.to_retry > 0 {
        let (jobs, verb) = (
            human::counted(since.to_retry, "job"),
            if since.to_retry == 1 { "waits" } else { "wait" },
        );
        context.ui.warn(&format!("{jobs} failed in these queues and {verb} for a retry"));
        context.ui.hint(&format!("{command} jobs list --status scheduled"));
    }
    if since.without_record() > 0 {
        let runs = human::counted(since.without_record(), "run");
        let or = if since.excused() > 0 { ", or that were retried more than once" } else { "" };
        context
            .ui
            .warn(&format!("{runs} failed of jobs whose failure is not kept (failure_ttl){or}"));
    }
    if since.excused() > 0 {
        let runs = human::counted(since.excused(), "run");
        context.ui.warn(&format!(
            "{runs} failed of which no job tells any more; as many jobs with retries ended too, so \
             whether a retry made that good cannot be told"
        ));
    }
    Ok(())
}

fn outcome(
    context: &mut Context,
    options: &PoolOptions,
    ended: Ended,
    cut_off: &[CutOff],
) -> Result<Outcome> {
    match ended {
        Ended::Drained => {
            context.ui.status("the queues are empty");
            tell_cut_off(context, "", cut_off)?;
            Ok(Outcome::Done)
        }
        Ended::Warm => {
            context.ui.status("stopped; no job was cut off");
            tell_cut_off(context, " before that", cut_off)?;
            Ok(Outcome::Done)
        }
        Ended::Cold(signal) => {
            tell_cut_off(context, "", cut_off)?;
            Ok(Outcome::Interrupted { signal })
        }
        Ended::GivenUp { why, queues } => {
            let message = format!("cannot keep workers running: {}", why.join("; "));
            Err(Failure::new(Kind::Partial, message)
                .hint(format!(
                    "see it happen: {} {}",
                    context.target()?.command(),
                    one_worker(&options.worker, &queues)
                ))
                .into())
        }
    }
}

/// Names the jobs that were cut off, and what mends them.
fn tell_cut_off(context: &mut Context, when: &str, cut_off: &[CutOff]) -> Result<()> {
    if cut_off.is_empty() {
        return Ok(());
    }
    let count = human::counted(cut_off.len() as u64, "job");
    let (verb, whose) =
        if cut_off.len() == 1 { ("was", "its worker") } else { ("were", "their workers") };
    let mut jobs: Vec<String> =
        cut_off.iter().take(NAMED_JOBS).map(|cut| format!("`{}`", cut.job)).collect();
    if cut_off.len() > NAMED_JOBS {
        jobs.push(format!("{} more", cut_off.len() - NAMED_JOBS));
    }
    context.ui.warn(&format!("{count} {verb} cut off with {whose}{when}: {}", jobs.join(", ")));
    let command = context.target()?.command();
    context.ui.hint(&mending(&command, cut_off, clock::now()));
    Ok(())
}

/// What to type for jobs that were cut off, and from when on it finds them.
fn mending(command: &str, cut_off: &[CutOff], now: Timestamp) -> String {
    let waits = cut_off.iter().map(|cut| abandoned_in_s(cut.at, now).ceil());
    let wait = waits.fold(0.0, f64::max);
    let when = if wait > 0.0 { format!("in {}: ", human::age(wait)) } else { String::new() };
    format!("{when}{command} jobs repair --kind abandoned")
}

/// The command line of one worker of these queues; logins are not repeated.
fn one_worker(options: &WorkerOptions, queues: &[String]) -> String {
    let mut words = vec!["worker".to_owned()];
    let mut add = |flag: &str, value: &str| words.push(format!("{flag} {}", shell_quote(value)));
    if let Some(python) = &options.python {
        add("--python", &python.to_string_lossy());
    }
    for path in &options.paths {
        add("--path", path);
    }
    if let Some(class) = &options.worker_class {
        add("--worker-class", class);
    }
    if !queues.is_empty() {
        add("--queue", &queues.join(","));
    }
    if options.allow_root {
        words.push("--allow-root".to_owned());
    }
    if !options.rest.is_empty() {
        words.push("--".to_owned());
        words.extend(options.rest.iter().map(|word| shell_quote(word).into_owned()));
    }
    words.join(" ")
}

/// From 16 on bench's own pool runs the scheduler in its workers; `frappe worker` does not.
fn warn_of_scheduler(context: &mut Context) -> Result<()> {
    let Some(bench) = &context.target()?.bench else { return Ok(()) };
    if !matches!(bench.frappe().family(), Family::V16Dev | Family::V16 | Family::V17) {
        return Ok(());
    }
    let Ok(table) = ProcTable::live() else { return Ok(()) };
    if bench.scheduler(&table) != SchedulerProcess::Absent {
        return Ok(());
    }
    let command = context.target()?.command();
    context.ui.warn(
        "no scheduler runs, so nothing enqueues scheduled jobs: bench's own worker-pool runs one in \
         its workers, this pool does not",
    );
    context.ui.hint(&format!("beside the pool: {command} schedule"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mending_says_from_when_on_a_job_that_was_cut_off_last_is_found() {
        let cut = |at: i64| CutOff {
            job: "j".to_owned(),
            queue: None,
            worker: "worker-1".to_owned(),
            pid: 1,
            ending: String::new(),
            told: None,
            at: Timestamp::from_second(at).unwrap(),
        };
        let mending =
            |now: i64| mending("jobctl", &[cut(60), cut(0)], Timestamp::from_second(now).unwrap());
        assert_eq!(mending(60), "in 2m 31s: jobctl jobs repair --kind abandoned");
        assert_eq!(mending(180), "in 31s: jobctl jobs repair --kind abandoned");
        assert_eq!(mending(211), "jobctl jobs repair --kind abandoned");
    }

    #[test]
    fn one_worker_is_started_as_those_of_the_pool() {
        let options = WorkerOptions {
            python: Some("/opt/my env/python".into()),
            paths: vec![".".to_owned()],
            worker_class: Some("a.B".to_owned()),
            rest: vec!["--with-scheduler".to_owned()],
            allow_root: true,
            ..WorkerOptions::default()
        };
        assert_eq!(
            one_worker(&options, &["a".to_owned(), "b".to_owned()]),
            "worker --python '/opt/my env/python' --path . --worker-class a.B --queue a,b \
             --allow-root -- --with-scheduler"
        );
    }
}
