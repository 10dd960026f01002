//! A pool of real workers under a supervisor that survives what bench's does not.
//!
//! The workers are those that `jobctl worker` becomes ([`crate::ops::worker`]); here is decided
//! which pools there are, and what the end of the supervisor means.

mod failures;
mod observer;
mod orphans;
mod output;
mod policy;
mod state;
mod supervisor;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use crate::backend::redis::connect;
use crate::backend::redis::read::Store;
use crate::bench::{Family, SchedulerProcess};
use crate::context::{self, Context};
use crate::error::{Failure, Kind, Outcome, Result};
use crate::global;
use crate::human;
use crate::model::id::QueueName;
use crate::nearby;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::worker::{self, Strategy, WorkerOptions};
use crate::settings::PoolSettings;
use crate::sys::clock;
use crate::sys::proc::ProcTable;

use failures::Failed;
use observer::Observer;
pub use output::LogTo;
use state::StateFile;
pub use state::status;
use supervisor::{Ended, Pool, Rules, Supervisor};

/// Workers of a pool where nothing says how many; bench's number.
pub const DEFAULT_WORKERS: usize = 2;

/// The most workers of one pool; more is a slip of the finger.
const MOST_WORKERS: usize = 1_000;

/// Beyond the longest time limit of a job, for a worker to end. Source: the same surplus after which
/// RQ kills a horse, `rq/worker.py`, `monitor_work_horse`.
const SURPLUS: Duration = Duration::from_secs(60);

/// RQ's time limit of a job where nothing names one. Source: `rq/defaults.py`, `DEFAULT_TIMEOUT`.
const RQ_TIMEOUT: Duration = Duration::from_secs(180);

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

/// One pool as it was asked for.
#[derive(Debug, Clone)]
struct Plan {
    name: String,
    queues: Vec<String>,
    workers: usize,
    max_memory: Option<u64>,
    max_jobs: Option<u64>,
    strategy: Option<Strategy>,
}

/// Runs pools until they are drained, stopped or hopeless.
///
/// Errors: those of [`worker::command`]; `Unreachable` where Redis does not answer at the start;
/// `Partial` where no worker could be kept running.
pub fn run(context: &mut Context, options: &PoolOptions) -> Result<Outcome> {
    refuse_read_only(context, "start workers")?;
    options.log.check()?;
    let plans = plans(context, options)?;
    let mut served: Vec<QueueName> = Vec::new();
    let mut pools = Vec::new();
    for plan in &plans {
        pools.push(pool(context, options, plan, &mut served)?);
    }
    let endpoint = worker::endpoint(context.target()?, &options.worker)?;
    worker::check_redis(context, &endpoint)?;
    warn_of_scheduler(context)?;
    let link = connect(&endpoint, context.settings.timeout, "queue Redis")?;
    let mut store = Store::new(link, context::keys());
    let before = options
        .fail_on_job_failure
        .then(|| Failed::read(&mut store, &served, clock::now()))
        .transpose()?;
    drop(store);
    let grace = options.grace.unwrap_or(longest_job(context, &served)? + SURPLUS);
    let rules = Rules { burst: options.worker.burst, grace, log: options.log.clone() };
    let state = options.state.as_deref().map(StateFile::take).transpose()?;
    let observer = Observer::start(endpoint.clone(), context.settings.timeout, served.clone());
    let ended = Supervisor::new(&mut context.ui, pools, rules, observer, state)?.run()?;
    let outcome = outcome(context, ended)?;
    let Some(before) = before.filter(|_| outcome == Outcome::Done) else { return Ok(outcome) };
    // A new connection: the first one may have been idle for days.
    let link = connect(&endpoint, context.settings.timeout, "queue Redis")?;
    let failed = before.since(&mut Store::new(link, context::keys()), &served)?;
    if failed == 0 {
        return Ok(outcome);
    }
    context.ui.warn(&format!("{} failed in these queues", human::counted(failed, "job")));
    context.ui.hint(&format!("{} jobs list --status failed", context.target()?.command()));
    Ok(Outcome::No)
}

fn outcome(context: &mut Context, ended: Ended) -> Result<Outcome> {
    match ended {
        Ended::Drained => {
            context.ui.status("the queues are empty");
            Ok(Outcome::Done)
        }
        Ended::Warm => {
            context.ui.status("stopped; no job was cut off");
            Ok(Outcome::Done)
        }
        Ended::Cold(signal) => Ok(Outcome::Interrupted { signal }),
        Ended::GivenUp(why) => {
            let message = format!("cannot keep workers running: {}", why.join("; "));
            Err(Failure::new(Kind::Partial, message)
                .hint(format!("see it happen: {} worker", context.target()?.command()))
                .into())
        }
    }
}

/// The pools that flags or settings describe.
fn plans(context: &Context, options: &PoolOptions) -> Result<Vec<Plan>> {
    let known = &context.settings.pools;
    let ad_hoc = options.workers.is_some() || !options.worker.queues.is_empty();
    if ad_hoc || (options.names.is_empty() && known.is_empty()) {
        if let Some(name) = options.names.first() {
            let message = format!(
                "cannot start pool `{name}` with --queue or --num-workers: its settings say those"
            );
            return Err(Failure::new(Kind::Usage, message).into());
        }
        let plan = Plan {
            name: "worker".to_owned(),
            queues: options.worker.queues.clone(),
            workers: checked(options.workers.unwrap_or(DEFAULT_WORKERS), "--num-workers")?,
            max_memory: options.max_memory,
            max_jobs: options.max_jobs,
            strategy: options.worker.strategy,
        };
        return Ok(vec![plan]);
    }
    let mut names = options.names.clone();
    if names.is_empty() || names.iter().any(|name| name == "all") {
        names = known.keys().cloned().collect();
    }
    names.dedup();
    names.iter().map(|name| configured(context, options, name)).collect()
}

fn checked(workers: usize, origin: &str) -> Result<usize> {
    if (1..=MOST_WORKERS).contains(&workers) {
        return Ok(workers);
    }
    let message =
        format!("cannot start {workers} workers ({origin}): between 1 and {MOST_WORKERS}");
    Err(Failure::new(Kind::Usage, message).into())
}

/// A pool of the settings; flags win over it.
fn configured(context: &Context, options: &PoolOptions, name: &str) -> Result<Plan> {
    let pools = &context.settings.pools;
    let file = context.settings.file.as_ref().map(|file| file.display().to_string());
    let file = file.unwrap_or_default();
    let Some(found) = pools.get(name) else {
        let failure = Failure::new(Kind::NotFound, format!("there is no pool `{name}`"));
        let failure = nearby::hint(failure, name, pools.keys().map(String::as_str));
        let place = if file.is_empty() { "the settings" } else { &file };
        return Err(failure.hint(format!("pools stand in {place}, as [pool.{name}]")).into());
    };
    let wrong = |key: &str, text: &str, why: &str| {
        let message = format!("cannot use `{text}` as `pool.{name}.{key}` in `{file}`: {why}");
        Failure::new(Kind::Config, message)
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        let why = "letters, digits, `-`, `_` and `.` make a name";
        return Err(
            Failure::new(Kind::Config, format!("cannot use the pool `{name}`: {why}")).into()
        );
    }
    let PoolSettings { queues, workers, max_memory, max_jobs, strategy } = found;
    let strategy = strategy.as_deref().map(|text| {
        Strategy::from_str(text, false)
            .map_err(|_| wrong("strategy", text, "known are round_robin, random"))
    });
    let of_file = max_memory
        .as_deref()
        .map(|text| global::size(text).map_err(|why| wrong("max_memory", text, &why)));
    let workers = workers.unwrap_or(DEFAULT_WORKERS);
    checked(workers, "workers").map_err(|_| {
        wrong("workers", &workers.to_string(), &format!("between 1 and {MOST_WORKERS}"))
    })?;
    Ok(Plan {
        name: name.to_owned(),
        queues: queues.iter().cloned().collect(),
        workers,
        max_memory: options.max_memory.or(of_file.transpose()?),
        max_jobs: options.max_jobs.or(*max_jobs),
        strategy: options.worker.strategy.or(strategy.transpose()?),
    })
}

/// Makes a pool of a plan, and adds its queues to those that are served.
fn pool(
    context: &mut Context,
    options: &PoolOptions,
    plan: &Plan,
    served: &mut Vec<QueueName>,
) -> Result<Pool> {
    let queues = worker::queues(context.target()?, &plan.queues)?;
    let mut of_worker = options.worker.clone();
    of_worker.queues.clone_from(&queues);
    of_worker.strategy = plan.strategy;
    let target = context.target()?;
    let counts_itself = target.bench.is_none();
    if let (Some(most), true) = (plan.max_jobs, counts_itself) {
        of_worker.rest.extend(["--max-jobs".to_owned(), most.to_string()]);
    }
    let full: Vec<QueueName> = match (&target.bench, queues.is_empty()) {
        (Some(_), true) => target.configured_queues(),
        (None, true) => vec![QueueName::new("default")],
        _ => queues.iter().map(|q| QueueName::in_bench(target.prefix().as_deref(), q)).collect(),
    };
    for queue in &full {
        if !served.contains(queue) {
            served.push(queue.clone());
        }
    }
    let limited = plan.max_jobs.is_some();
    let depths = served.iter().enumerate().filter(|(_, queue)| limited && full.contains(queue));
    Ok(Pool {
        name: plan.name.clone(),
        depths: depths.map(|(at, _)| at).collect(),
        queues,
        wanted: plan.workers,
        max_memory: plan.max_memory,
        max_jobs: plan.max_jobs.filter(|_| !counts_itself),
        command: worker::command(context, &of_worker)?,
        slots: Vec::new(),
        given_up: None,
    })
}

/// The longest time limit of the queues that are served. A job may have a longer one of its own.
fn longest_job(context: &Context, served: &[QueueName]) -> Result<Duration> {
    let target = context.target()?;
    let Some(bench) = &target.bench else { return Ok(RQ_TIMEOUT) };
    let prefix = target.prefix();
    let known = bench.queues();
    let limits = known
        .iter()
        .filter(|queue| served.contains(&QueueName::in_bench(prefix.as_deref(), &queue.name)));
    let longest = limits.filter_map(|queue| u64::try_from(queue.timeout_s?).ok()).max();
    Ok(longest.map_or(RQ_TIMEOUT, Duration::from_secs))
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
