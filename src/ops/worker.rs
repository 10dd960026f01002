//! How a worker of the target is started: Frappe's own through the bench's Python, or RQ's.
//!
//! Source: `bench worker` is `frappe/commands/scheduler.py`, `start_worker`; RQ's is
//! `rq/cli/workers.py` (before 2.0 `rq/cli/cli.py`). Logins go through the environment, which other
//! users cannot read, wherever the worker reads it from there.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;
use nix::unistd::geteuid;
use serde::Deserialize;

use crate::backend::redis::{Endpoint, connect};
use crate::bench::{Bench, Family};
use crate::context::Context;
use crate::env;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::nearby;
use crate::ops::change::approve::refuse_read_only;
use crate::ops::frappe_process;
use crate::sanitize::shell_quote;
use crate::target::Target;

/// What is done, for messages.
const WHAT: &str = "start a worker";

/// The order in which a worker looks at several queues, where it is not the order they stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Each job from the next queue.
    #[value(name = "round_robin", alias = "round-robin")]
    RoundRobin,
    /// Each job from any queue.
    Random,
}

impl Strategy {
    const fn word(self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::Random => "random",
        }
    }
}

/// What a worker is started with.
#[derive(Debug, Clone, Default)]
pub struct WorkerOptions {
    /// Names of queues, also several with commas; none for all of a bench, `default` of RQ.
    pub queues: Vec<String>,
    /// End once the queues are empty.
    pub burst: bool,
    /// Log warnings and errors alone.
    pub quiet: bool,
    /// The order of the queues.
    pub strategy: Option<Strategy>,
    /// The user to log in to Redis as.
    pub username: Option<String>,
    /// That user's password.
    pub password: Option<String>,
    /// The Python with RQ in it; plain RQ only.
    pub python: Option<PathBuf>,
    /// A worker class; plain RQ only.
    pub worker_class: Option<String>,
    /// Where Python finds the jobs' code; plain RQ only.
    pub paths: Vec<String>,
    /// Further arguments of `rq worker`.
    pub rest: Vec<String>,
    /// Run as root also where nothing says that this is meant.
    pub allow_root: bool,
}

/// Replaces this process by a worker of the target; returns only where that fails.
///
/// Errors: those of [`command`]; `Unreachable` where Redis does not answer, which the worker would
/// tell in a traceback after some seconds.
pub fn become_worker(context: &mut Context, options: &WorkerOptions) -> Result<()> {
    refuse_read_only(context, WHAT)?;
    let mut command = command(context, options)?;
    check_redis(context, &endpoint(context.target()?, options)?)?;
    let error = command.exec();
    Err(frappe_process::not_started(&command, &error))
}

/// The command that runs a worker of the target, in the directory and with the variables it needs.
///
/// Errors: `Usage` for options that this target's worker does not have; `NotFound` for a queue that
/// the bench does not know, and without a Python; `Refused` as root; `Config` where the worker
/// cannot be told which Redis is meant.
pub fn command(context: &mut Context, options: &WorkerOptions) -> Result<Command> {
    let queues = queues(context.target()?, &options.queues)?;
    let target = context.target()?;
    let command = match &target.bench {
        Some(bench) => {
            let (command, warning) = of_bench(target, bench, options, &queues)?;
            if let Some(warning) = warning {
                context.ui.warn(warning);
            }
            command
        }
        None => of_rq(target, options, &queues)?,
    };
    Ok(command)
}

/// The queues as the worker is told them: short names within a bench.
///
/// Frappe refuses a queue that its configuration does not name; plain RQ takes any.
pub fn queues(target: &Target, typed: &[String]) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for name in typed.iter().flat_map(|names| names.split(',')).map(str::trim) {
        if name.is_empty() {
            let message = "cannot serve a queue without a name: an empty value selects nothing";
            return Err(Failure::new(Kind::Usage, message).into());
        }
        let prefix = target.prefix().map(|prefix| format!("{prefix}:"));
        let short = prefix.and_then(|prefix| name.strip_prefix(&prefix)).unwrap_or(name);
        if !names.iter().any(|known| known == short) {
            names.push(short.to_owned());
        }
    }
    let Some(bench) = &target.bench else { return Ok(names) };
    let known = bench.queues();
    for name in &names {
        if !known.iter().any(|queue| queue.name == *name) {
            let message = format!("cannot serve queue `{name}`: Frappe knows no such queue here");
            let failure = Failure::new(Kind::NotFound, message);
            let failure = nearby::hint(failure, name, known.iter().map(|q| q.name.as_str()));
            return Err(failure
                .hint("custom queues stand under `workers` in sites/common_site_config.json")
                .into());
        }
    }
    Ok(names)
}

/// Frappe's worker, and what the operator should know of how it is started.
fn of_bench(
    target: &Target,
    bench: &Bench,
    options: &WorkerOptions,
    queues: &[String],
) -> Result<(Command, Option<&'static str>)> {
    refuse_foreign_options(options)?;
    let family = bench.frappe().family();
    if family == Family::V13 {
        refuse_new_options(options)?;
    }
    let mut arguments = vec!["worker".to_owned()];
    if !queues.is_empty() {
        arguments.extend(["--queue".to_owned(), queues.join(",")]);
    }
    for (is_set, flag) in [(options.quiet, "--quiet"), (options.burst, "--burst")] {
        arguments.extend(is_set.then(|| flag.to_owned()));
    }
    if let Some(strategy) = options.strategy {
        arguments.extend(["--strategy".to_owned(), strategy.word().to_owned()]);
    }
    let again: Vec<_> = arguments.iter().map(|argument| shell_quote(argument)).collect();
    let again = again.join(" ");
    let (url, visible) = bench_login(target, family, options)?;
    if visible {
        for (flag, value) in
            [("--rq-username", &options.username), ("--rq-password", &options.password)]
        {
            arguments.extend(value.iter().flat_map(|value| [flag.to_owned(), value.clone()]));
        }
    }
    let warning = (visible && options.password.is_some()).then_some(
        "Frappe takes this password by argument alone, where every user of the machine can read \
         it: better `rq_username`, `rq_password` and `use_rq_auth` in common_site_config.json",
    );
    let borrowed: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut command = frappe_process::command(bench, &borrowed, WHAT, &again)?;
    command.envs(url.map(|url| (env::FRAPPE_REDIS_QUEUE, url)));
    Ok((command, warning))
}

/// The URL with the login for the worker's environment, or whether the login has to be given by
/// argument: before v15, and through Sentinel.
fn bench_login(
    target: &Target,
    family: Family,
    options: &WorkerOptions,
) -> Result<(Option<String>, bool)> {
    let has_login = options.username.is_some() || options.password.is_some();
    if !has_login && !target.has_other_redis() {
        return Ok((None, false));
    }
    let url = endpoint(target, options)?.client_url();
    match url {
        Some(url) if family.reads_environment() => Ok((Some(url), false)),
        _ if target.has_other_redis() => {
            let message = format!(
                "cannot {WHAT} on another Redis: this bench's Frappe takes it from its \
                 configuration alone"
            );
            Err(Failure::new(Kind::Config, message)
                .hint("leave out --redis, or set `redis_queue` in sites/common_site_config.json")
                .into())
        }
        _ => Ok((None, true)),
    }
}

/// The Redis that the worker uses, with its login.
pub(super) fn endpoint(target: &Target, options: &WorkerOptions) -> Result<Endpoint> {
    let mut endpoint = target.endpoint()?;
    if let Some(username) = &options.username {
        endpoint = endpoint.with_username(username);
    }
    if let Some(password) = &options.password {
        endpoint = endpoint.with_password(password);
    }
    Ok(endpoint)
}

/// Asks Redis for a sign of life with the worker's login.
///
/// Errors: `Unreachable` where it gives none, `Refused` for a wrong login.
pub(super) fn check_redis(context: &Context, endpoint: &Endpoint) -> Result<()> {
    let given = context.target()?.endpoint()? != *endpoint;
    let connected = connect(endpoint, context.settings.timeout, "queue Redis");
    let mut link = connected.map_err(|error| match failure_of(&error) {
        Some(failure) if given && failure.kind() == Kind::Refused => {
            Failure::new(Kind::Refused, failure.to_string())
                .hint("the login is that of --rq-username and --rq-password: check both")
                .into()
        }
        _ => error,
    })?;
    // An access list may forbid PING; then it has answered.
    let _ = link.command(&redis::cmd("PING"))?;
    Ok(())
}

fn refuse_foreign_options(options: &WorkerOptions) -> Result<()> {
    let set = [
        (options.python.is_some(), "--python"),
        (options.worker_class.is_some(), "--worker-class"),
        (!options.paths.is_empty(), "--path"),
        (!options.rest.is_empty(), "arguments after `--`"),
    ];
    let Some((_, flag)) = set.into_iter().find(|(is_set, _)| *is_set) else { return Ok(()) };
    let message =
        format!("cannot {WHAT} of the bench with {flag}: Frappe starts its workers its own way");
    Err(Failure::new(Kind::Usage, message)
        .hint("for RQ without Frappe: --redis redis://localhost:6379")
        .into())
}

fn refuse_new_options(options: &WorkerOptions) -> Result<()> {
    let set = [
        (options.burst, "--burst"),
        (options.strategy.is_some(), "--strategy"),
        (options.username.is_some(), "--rq-username"),
        (options.password.is_some(), "--rq-password"),
    ];
    let Some((_, flag)) = set.into_iter().find(|(is_set, _)| *is_set) else { return Ok(()) };
    let message = format!("cannot {WHAT} with {flag}: the worker of Frappe 13 does not have it");
    Err(Failure::new(Kind::Usage, message).into())
}

/// RQ's own worker.
fn of_rq(target: &Target, options: &WorkerOptions, queues: &[String]) -> Result<Command> {
    if geteuid().is_root() && !options.allow_root {
        let message = format!("will not {WHAT} as root: every job would run as root");
        return Err(Failure::new(Kind::Refused, message)
            .hint("run it as another user, or say that root is meant: --allow-root")
            .into());
    }
    let python = python(options.python.as_deref())?;
    let Some(url) = endpoint(target, options)?.client_url() else {
        let message = format!("cannot {WHAT}: `rq worker` takes no Sentinel by URL");
        return Err(Failure::new(Kind::Config, message)
            .hint("name it in a settings module of RQ, and run: rq worker --config MODULE")
            .into());
    };
    let mut command = Command::new(python);
    command.args(["-m", "rq.cli", "worker"]).env(env::RQ_REDIS_URL, url);
    for (is_set, flag) in [(options.burst, "--burst"), (options.quiet, "--quiet")] {
        command.args(is_set.then_some(flag));
    }
    if let Some(strategy) = options.strategy {
        command.args(["--dequeue-strategy", strategy.word()]);
    }
    if let Some(class) = &options.worker_class {
        command.args(["--worker-class", class]);
    }
    for path in &options.paths {
        command.args(["--path", path]);
    }
    command.args(&options.rest).arg("--").args(queues);
    Ok(command)
}

/// The Python that was named, or the first of the search path.
fn python(named: Option<&Path>) -> Result<PathBuf> {
    let Some(named) = named else {
        let path = std::env::var_os(env::PATH).unwrap_or_default();
        let mut places = std::env::split_paths(&path);
        return places
            .find_map(|place| {
                ["python3", "python"].map(|name| place.join(name)).into_iter().find(|p| p.is_file())
            })
            .ok_or_else(|| {
                Failure::new(Kind::NotFound, format!("cannot {WHAT}: there is no `python3`"))
                    .hint("name the one with RQ in it: --python /path/to/env/bin/python")
                    .into()
            });
    };
    if !named.is_file() {
        let message = format!("cannot {WHAT}: there is no `{}`", named.display());
        return Err(Failure::new(Kind::NotFound, message).into());
    }
    // Not resolved: a virtual environment is known by the link through which it is called.
    Ok(std::path::absolute(named).unwrap_or_else(|_| named.to_owned()))
}
