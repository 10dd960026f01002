//! Which pools flags and settings describe.
//!
//! Read at the start and again at SIGHUP; starts nothing.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueEnum;

use super::PoolOptions;
use super::mortality::heeding;
use super::naming::may_name;
use super::output::LogTo;
use super::scaling::{COOL_DOWN, Scaling, TARGET};
use super::supervisor::{Pool, Size};
use crate::backend::redis::Endpoint;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::global;
use crate::human;
use crate::model::id::QueueName;
use crate::nearby;
use crate::ops::frappe_process::refuse_root;
use crate::ops::worker::{self, Strategy};
use crate::sanitize::shell_quote;
use crate::settings::PoolSettings;

/// Workers of a pool where nothing says how many; bench's number.
const DEFAULT_WORKERS: usize = 2;

/// The most workers of one pool; more is a slip of the finger.
const MOST_WORKERS: usize = 1_000;

/// Beyond the longest time limit of a job, for a worker to end. Source: the same surplus after which
/// RQ kills a horse, `rq/worker.py`, `monitor_work_horse`.
const SURPLUS: Duration = Duration::from_secs(60);

/// RQ's time limit of a job where nothing names one. Source: `rq/defaults.py`, `DEFAULT_TIMEOUT`.
const RQ_TIMEOUT: Duration = Duration::from_secs(180);

/// Between which numbers a pool without a name is kept, and at what every scaled pool aims.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScaleOptions {
    /// The fewest workers.
    pub min: Option<usize>,
    /// The most workers; only with it is a pool scaled.
    pub max: Option<usize>,
    /// In what time the queues are to be cleared.
    pub target: Option<Duration>,
    /// How long fewer workers must have been enough before some leave.
    pub cool_down: Option<Duration>,
}

/// Pools that are ready to run.
pub(super) struct Prepared {
    pub(super) pools: Vec<Pool>,
    /// The queues of all of them, each once; what [`Pool::depths`] counts in.
    pub(super) served: Vec<QueueName>,
    pub(super) endpoint: Endpoint,
    /// How long jobs may go on after the first signal.
    pub(super) grace: Duration,
}

/// One pool as it was asked for.
#[derive(Debug, Clone)]
struct Plan {
    name: String,
    queues: Vec<String>,
    size: Size,
    max_memory: Option<u64>,
    max_jobs: Option<u64>,
    strategy: Option<Strategy>,
}

/// Makes the pools that flags and settings describe.
///
/// Errors: those of [`worker::command`]; `NotFound` for a pool that the settings do not have;
/// `Usage` and `Config` for numbers that mean nothing.
pub(super) fn prepare(context: &mut Context, options: &PoolOptions) -> Result<Prepared> {
    let mut served = Vec::new();
    let mut pools = Vec::new();
    for plan in plans(context, options)? {
        pools.push(pool(context, options, plan, &mut served)?);
    }
    refuse_words_of_one(&options.worker.rest, pools.iter().map(|pool| pool.size.most()).sum())?;
    let sets_aim = options.scale.target.is_some() || options.scale.cool_down.is_some();
    if sets_aim && !options.worker.burst && pools.iter().all(|pool| pool.size.scaling().is_none()) {
        let message = "cannot use --scale-target or --cool-down: no pool is scaled";
        return Err(Failure::new(Kind::Usage, message)
            .hint("a pool is scaled with --max N")
            .into());
    }
    let endpoint = worker::endpoint(context.target()?, &options.worker)?;
    let grace = options.grace.unwrap_or(longest_job(context, &served)? + SURPLUS);
    Ok(Prepared { pools, served, endpoint, grace })
}

/// Refuses arguments of `rq worker` that only one worker by itself can have: a name is taken once, and
/// a worker that ends with its queues' last job is started again by a pool that does not know.
///
/// Source: `rq/cli/workers.py`, `--burst`, `-b`; the other letters are those of its flags.
fn refuse_words_of_one(rest: &[String], workers: usize) -> Result<()> {
    let is_burst = |word: &String| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        word == "--burst"
            || (letters.contains('b')
                && letters.chars().all(|c| matches!(c, 'b' | 'v' | 'q' | 's')))
    };
    let (what, hint) = if rest.iter().any(is_burst) {
        ("--burst behind `--`: the pool would start them again for ever", "put --burst before `--`")
    } else if workers > 1 && !may_name(rest) {
        (
            "--name: only one can have it",
            "leave it out: the pool names its workers; --num-workers 1 may have one of yours",
        )
    } else {
        return Ok(());
    };
    let message = format!("cannot start {} with {what}", human::counted(workers as u64, "worker"));
    Err(Failure::new(Kind::Usage, message).hint(hint).into())
}

/// The same with the bench and the settings as they are now. Where that fails, what was read before
/// stays.
pub(super) fn prepare_anew(context: &mut Context, options: &PoolOptions) -> Result<Prepared> {
    let known = (!context.settings.pools.is_empty()).then(|| context.settings.file.clone());
    let before = context.read_anew()?;
    let prepared = match known {
        Some(file) if !is_ad_hoc(options) && context.settings.pools.is_empty() => {
            Err(without_pools(file).into())
        }
        _ => prepare(context, options),
    };
    if prepared.is_err() {
        context.go_back_to(before);
    }
    prepared
}

/// Whether flags alone describe the pool.
fn is_ad_hoc(options: &PoolOptions) -> bool {
    options.workers.is_some() || options.scale.max.is_some() || !options.worker.queues.is_empty()
}

/// Settings that had pools and have none any more: more likely lost than meant, and the queues would
/// be left alone.
fn without_pools(file: Option<PathBuf>) -> Failure {
    let message = match file {
        Some(file) if !file.exists() => format!("`{}` is gone", file.display()),
        Some(file) => format!("`{}` has no [pool.NAME] any more", file.display()),
        None => "the settings have no pools any more".to_owned(),
    };
    Failure::new(Kind::Config, message)
}

fn plans(context: &Context, options: &PoolOptions) -> Result<Vec<Plan>> {
    let known = &context.settings.pools;
    let PoolOptions { scale, .. } = options;
    if is_ad_hoc(options) || (options.names.is_empty() && known.is_empty()) {
        if let Some(name) = options.names.first() {
            let message = format!(
                "cannot start pool `{name}` with --queue, --num-workers or --max: its settings say \
                 those"
            );
            return Err(Failure::new(Kind::Usage, message).into());
        }
        let size = match scale.max {
            None => {
                Size::Fixed(checked(options.workers.unwrap_or(DEFAULT_WORKERS), "--num-workers")?)
            }
            Some(max) => Size::Scaled(Scaling {
                min: checked(scale.min.unwrap_or(1), "--min")?,
                max: checked(max, "--max")?,
                target: scale.target.unwrap_or(TARGET),
                cool_down: scale.cool_down.unwrap_or(COOL_DOWN),
            }),
        };
        refuse_crossed(size).map_err(|why| Failure::new(Kind::Usage, why))?;
        let plan = Plan {
            name: "worker".to_owned(),
            queues: options.worker.queues.clone(),
            size,
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
    let mut known_names = HashSet::new();
    names.retain(|name| known_names.insert(name.clone()));
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

fn refuse_crossed(size: Size) -> std::result::Result<(), String> {
    match size {
        Size::Scaled(Scaling { min, max, .. }) if min > max => Err(format!(
            "cannot keep between {min} and {max} workers: the least is more than the most"
        )),
        _ => Ok(()),
    }
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
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        let why = "letters, digits, `-`, `_` and `.` make a name";
        return Err(
            Failure::new(Kind::Config, format!("cannot use the pool `{name}`: {why}")).into()
        );
    }
    let entry = Entry { pool: name, file: &file };
    let strategy = found.strategy.as_deref().map(|text| {
        Strategy::from_str(text, false)
            .map_err(|_| entry.wrong("strategy", text, "known are round_robin, random"))
    });
    let of_file = found
        .max_memory
        .as_deref()
        .map(|text| global::size(text).map_err(|why| entry.wrong("max_memory", text, &why)));
    Ok(Plan {
        name: name.to_owned(),
        queues: found.queues.iter().cloned().collect(),
        size: entry.size(found, options)?,
        max_memory: options.max_memory.or(of_file.transpose()?),
        max_jobs: options.max_jobs.or(found.max_jobs),
        strategy: options.worker.strategy.or(strategy.transpose()?),
    })
}

/// A pool's place in the settings, for what is wrong there.
struct Entry<'e> {
    pool: &'e str,
    file: &'e str,
}

impl Entry<'_> {
    fn wrong(&self, key: &str, text: &str, why: &str) -> Failure {
        let Self { pool, file } = self;
        let message = format!("cannot use `{text}` as `pool.{pool}.{key}` in `{file}`: {why}");
        Failure::new(Kind::Config, message)
    }

    fn count(&self, key: &str, count: usize) -> Result<usize> {
        checked(count, key).map_err(|_| {
            self.wrong(key, &count.to_string(), &format!("between 1 and {MOST_WORKERS}")).into()
        })
    }

    fn time(&self, key: &str, text: Option<&str>) -> Result<Option<Duration>> {
        let read = |text| global::duration(text).map_err(|why| self.wrong(key, text, &why).into());
        text.map(read).transpose()
    }

    /// How many workers. A burst has nothing to scale: its workers end with the queues' last job.
    fn size(&self, found: &PoolSettings, options: &PoolOptions) -> Result<Size> {
        let target = self.time("scale_target", found.scale_target.as_deref())?;
        let cool_down = self.time("cool_down", found.cool_down.as_deref())?;
        let Some(max) = found.max else {
            if let Some(min) = found.min {
                let why = "it means something beside `max` alone";
                return Err(self.wrong("min", &min.to_string(), why).into());
            }
            let workers = found.workers.unwrap_or(DEFAULT_WORKERS);
            return Ok(Size::Fixed(self.count("workers", workers)?));
        };
        if let Some(workers) = found.workers {
            let why = "a pool has `workers`, or `min` and `max`";
            return Err(self.wrong("workers", &workers.to_string(), why).into());
        }
        let (min, max) = (self.count("min", found.min.unwrap_or(1))?, self.count("max", max)?);
        let size = Size::Scaled(Scaling {
            min,
            max,
            target: options.scale.target.or(target).unwrap_or(TARGET),
            cool_down: options.scale.cool_down.or(cool_down).unwrap_or(COOL_DOWN),
        });
        refuse_crossed(size)
            .map_err(|_| self.wrong("min", &min.to_string(), &format!("`max` is {max}")))?;
        Ok(if options.worker.burst { Size::Fixed(max) } else { size })
    }
}

/// Makes a pool of a plan, and adds its queues to those that are served.
fn pool(
    context: &mut Context,
    options: &PoolOptions,
    plan: Plan,
    served: &mut Vec<QueueName>,
) -> Result<Pool> {
    let queues = worker::queues(context.target()?, &plan.queues)?;
    if let Some(bench) = &context.target()?.bench {
        refuse_root(bench, "start workers", &again(options))?;
    }
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
    let depths = served.iter().enumerate().filter(|(_, queue)| full.contains(queue));
    Ok(Pool {
        depths: depths.map(|(at, _)| at).collect(),
        queues,
        max_memory: plan.max_memory,
        max_jobs: plan.max_jobs.filter(|_| !counts_itself),
        ends_after: plan.max_jobs.filter(|_| counts_itself),
        is_named: target.bench.is_none() && may_name(&options.worker.rest),
        ..Pool::new(plan.name, plan.size, heeding(&worker::command(context, &of_worker)?))
    })
}

/// What to type for the same pool; logins are not repeated.
fn again(options: &PoolOptions) -> String {
    let mut words = vec!["worker-pool".to_owned()];
    let mut add = |flag: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("{flag} {}", shell_quote(&value))));
    };
    let count = |count: Option<usize>| count.map(|count| count.to_string());
    let path = |path: Option<&Path>| path.map(|path| path.to_string_lossy().into_owned());
    add("--num-workers", count(options.workers));
    add("--min", count(options.scale.min));
    add("--max", count(options.scale.max));
    let queues = &options.worker.queues;
    add("--queue", (!queues.is_empty()).then(|| queues.join(",")));
    for name in &options.names {
        add("--pool", Some(name.clone()));
    }
    add("--max-memory", options.max_memory.map(|bytes| bytes.to_string()));
    add("--max-jobs", options.max_jobs.map(|jobs| jobs.to_string()));
    add("--grace", options.grace.map(|grace| format!("{}s", grace.as_secs())));
    add(
        "--log-dir",
        path(match &options.log {
            LogTo::Dir(dir) => Some(dir),
            LogTo::Inherit | LogTo::Prefix => None,
        }),
    );
    add("--status-file", path(options.state.as_deref()));
    let flags = [
        (options.log == LogTo::Prefix, "--log-prefix"),
        (options.worker.burst, "--burst"),
        (options.fail_on_job_failure, "--fail-on-job-failure"),
    ];
    words.extend(flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| (*flag).to_owned()));
    words.join(" ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_only_one_worker_by_itself_can_have_are_refused() {
        let refused = |line: &str, workers| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            refuse_words_of_one(&words, workers).is_err()
        };
        for (line, one, two) in [
            ("--with-scheduler --results-ttl 5", false, false),
            ("--name x", false, true),
            ("-nx", false, true),
            ("--burst", true, true),
            ("-vb", true, true),
            ("-v --job-class a.b", false, false),
        ] {
            assert_eq!((refused(line, 1), refused(line, 2)), (one, two), "{line}");
        }
    }
}
