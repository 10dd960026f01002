//! One file per command: its arguments with its help, and how they become a report.
//!
//! A new command is one file, one variant and one line of the match.

mod alerts;
mod cli;
pub mod demo;
mod doctor;
mod errors;
mod generate;
mod groups;
mod health;
mod history;
mod jobs;
mod logs;
mod metrics;
mod mutation;
mod ops;
mod publish_realtime;
mod purge_jobs;
mod queues;
mod ready_for_migration;
mod schedule;
mod scheduler;
mod selection;
mod serve;
mod set_maintenance_mode;
mod show_pending_jobs;
mod stats;
mod supervisor;
mod switch;
mod trigger_scheduler_event;
mod undo;
mod worker;
mod worker_pool;
mod workers;

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{FromArgMatches, Subcommand};

use crate::context::Context;
use crate::error::{self, Failure, Kind, Outcome, Result};
use crate::global::Global;
use crate::human::Zone;
use crate::secrets::Secrets;
use crate::sys::signals::Interrupts;
use crate::ui::{Ui, UiOptions};
use cli::Cli;

/// What jobctl can do.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "each variant is documented by its arguments, which are its help")]
pub enum Command {
    Doctor(doctor::Args),
    Health(health::Args),
    Jobs(jobs::Args),
    Queues(queues::Args),
    Workers(workers::Args),
    ShowPendingJobs(show_pending_jobs::Args),
    Logs(logs::Args),
    Stats(stats::Args),
    Serve(serve::Args),
    Errors(errors::Args),
    Metrics(metrics::Args),
    Alerts(alerts::Args),
    History(history::Args),
    PurgeJobs(Box<purge_jobs::Args>),
    TriggerSchedulerEvent(trigger_scheduler_event::Args),
    Scheduler(scheduler::Args),
    EnableScheduler(scheduler::enable::Args),
    DisableScheduler(scheduler::disable::Args),
    PauseScheduler(scheduler::pause::Args),
    ResumeScheduler(scheduler::resume::Args),
    SetMaintenanceMode(set_maintenance_mode::Args),
    ReadyForMigration(ready_for_migration::Args),
    PublishRealtime(publish_realtime::Args),
    Worker(worker::Args),
    WorkerPool(Box<worker_pool::Args>),
    Schedule(schedule::Args),
    Groups(groups::Args),
    Supervisor(supervisor::Args),
    Undo(undo::Args),
    Ops(ops::Args),
    Demo(demo::Args),
    Completions(generate::CompletionsArgs),
    Man(generate::ManArgs),
    #[command(hide = true)]
    Generate(generate::GenerateArgs),
}

impl Command {
    /// Runs the command once.
    fn run(&self, global: &Global, context: &mut Option<Context>) -> Result<Outcome> {
        if !self.has_table() {
            // Before anything is read or changed: the report could not be printed afterwards.
            on_target(global, context)?.ui.refuse_csv()?;
        }
        match self {
            Self::Doctor(args) => doctor::run(args, on_target(global, context)?),
            Self::Health(args) => health::run(args, on_target(global, context)?),
            Self::Jobs(args) => jobs::run(args, on_target(global, context)?),
            Self::Queues(args) => queues::run(args, on_target(global, context)?),
            Self::Workers(args) => workers::run(args, on_target(global, context)?),
            Self::ShowPendingJobs(args) => {
                show_pending_jobs::run(args, on_target(global, context)?)
            }
            Self::Logs(args) if args.needs_target() => logs::run(args, on_target(global, context)?),
            Self::Logs(args) => logs::run(args, without_target(global, context)?),
            Self::Stats(args) if args.names_files() => {
                stats::run(args, without_target(global, context)?)
            }
            Self::Stats(args) => stats::run(args, on_target(global, context)?),
            Self::Serve(args) => serve::run(args, on_target(global, context)?),
            Self::Errors(args) => errors::run(args, on_target(global, context)?),
            Self::Metrics(args) => metrics::run(args, on_target(global, context)?),
            Self::Alerts(args) => alerts::run(args, on_target(global, context)?),
            Self::History(args) if args.names_file() => {
                history::run(args, without_target(global, context)?)
            }
            Self::History(args) => history::run(args, on_target(global, context)?),
            Self::PurgeJobs(args) => purge_jobs::run(args, on_target(global, context)?),
            Self::TriggerSchedulerEvent(args) => {
                trigger_scheduler_event::run(args, on_target(global, context)?)
            }
            Self::Scheduler(args) => {
                scheduler::run(args, on_target(&args.global(global), context)?)
            }
            Self::EnableScheduler(args) => {
                scheduler::enable::run(args, on_target(global, context)?)
            }
            Self::DisableScheduler(args) => {
                scheduler::disable::run(args, on_target(global, context)?)
            }
            Self::PauseScheduler(args) => scheduler::pause::run(args, on_target(global, context)?),
            Self::ResumeScheduler(args) => {
                scheduler::resume::run(args, on_target(global, context)?)
            }
            Self::SetMaintenanceMode(args) => {
                set_maintenance_mode::run(args, on_target(global, context)?)
            }
            Self::ReadyForMigration(args) => {
                ready_for_migration::run(args, on_target(global, context)?)
            }
            Self::PublishRealtime(args) => publish_realtime::run(args, on_target(global, context)?),
            Self::WorkerPool(args) if args.is_read() => {
                worker_pool::run(args, without_target(global, context)?)
            }
            Self::WorkerPool(args) => worker_pool::run(args, on_target(global, context)?),
            Self::Worker(args) => worker::run(args, on_target(global, context)?),
            Self::Schedule(args) => schedule::run(args, on_target(global, context)?),
            Self::Groups(args) => groups::run(args, on_target(global, context)?),
            Self::Supervisor(args) => supervisor::run(args, on_target(global, context)?),
            Self::Undo(args) => undo::run(args, on_target(global, context)?),
            Self::Ops(args) => ops::run(args, on_target(global, context)?),
            Self::Demo(args) => demo::run(args, without_target(global, context)?),
            Self::Completions(args) => {
                generate::completions(args, without_target(global, context)?)
            }
            Self::Man(args) => generate::man(args, without_target(global, context)?),
            Self::Generate(args) => generate::generate(args),
        }
    }

    /// Whether its report can have a table, which is what CSV prints.
    const fn has_table(&self) -> bool {
        match self {
            Self::PurgeJobs(_) | Self::Undo(_) => false,
            Self::Jobs(args) => args.has_table(),
            Self::Workers(args) => args.has_table(),
            Self::Ops(args) => args.has_table(),
            Self::Groups(args) => args.is_read(),
            _ => true,
        }
    }

    /// Whether it only reads, so that it may be repeated.
    const fn is_read(&self) -> bool {
        match self {
            Self::Doctor(_)
            | Self::Health(_)
            | Self::Metrics(_)
            | Self::Errors(_)
            | Self::Queues(_)
            | Self::ShowPendingJobs(_)
            | Self::Stats(_) => true,
            Self::Alerts(args) => args.is_read(),
            Self::Workers(args) => args.is_read(),
            Self::Jobs(args) => args.is_read(),
            Self::Ops(args) => args.is_read(),
            Self::Groups(args) => args.is_read(),
            Self::History(args) => args.is_read(),
            Self::WorkerPool(args) => args.is_read(),
            Self::Supervisor(args) => args.is_read(),
            Self::Scheduler(args) => args.is_read(),
            Self::Logs(_)
            | Self::Serve(_)
            | Self::PurgeJobs(_)
            | Self::EnableScheduler(_)
            | Self::DisableScheduler(_)
            | Self::TriggerSchedulerEvent(_)
            | Self::PauseScheduler(_)
            | Self::ResumeScheduler(_)
            | Self::SetMaintenanceMode(_)
            | Self::ReadyForMigration(_)
            | Self::PublishRealtime(_)
            | Self::Worker(_)
            | Self::Schedule(_)
            | Self::Undo(_)
            | Self::Demo(_)
            | Self::Completions(_)
            | Self::Man(_)
            | Self::Generate(_) => false,
        }
    }
}

/// Runs the program and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match parse(arguments) {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    let mut context = None;
    match watch(&cli, &mut context) {
        Ok(outcome) => outcome.exit_code(),
        Err(error) => {
            match &mut context {
                Some(context) => context.ui.error(&error),
                None => plain_ui(&cli.global).error(&error),
            }
            error::exit_code_of(&error)
        }
    }
}

/// Parses the command line. Help and version go out as they are; clap's exit code 2 would page
/// somebody, so a wrong command line is 64.
fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, u8> {
    let parsed = command_line()
        .try_get_matches_from(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let error = with_tip(error);
        let helped = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        // A closed pipe under `--help | head` is nobody's fault.
        let _ = error.print();
        if helped { 0 } else { Kind::Usage.exit_code() }
    })
}

/// Says how the demo is started and ended to who takes that for a subcommand.
fn with_tip(mut error: clap::Error) -> clap::Error {
    let is_of_demo = matches!(
        error.get(ContextKind::Usage),
        Some(ContextValue::StyledStr(usage)) if usage.to_string().contains(" demo ")
    );
    let word = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if is_of_demo => word.as_str(),
        _ => "",
    };
    let tip = match word {
        "start" => "it is started with `jobctl demo`",
        "stop" => "it is ended with `jobctl demo --stop`",
        _ => return error,
    };
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}

/// The definition of the command line.
pub fn command_line() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the command, repeatedly with `--watch`.
fn watch(cli: &Cli, context: &mut Option<Context>) -> Result<Outcome> {
    let Some(interval) = cli.global.watch else {
        return cli.command.run(&cli.global, context);
    };
    if !cli.command.is_read() {
        return Err(Failure::new(
            Kind::Usage,
            "cannot repeat this command: `--watch` is for reads",
        )
        .into());
    }
    let interrupts = Interrupts::catch()?;
    on_target(&cli.global, context)?.ui.redraw();
    loop {
        let outcome = cli.command.run(&cli.global, context);
        let context = on_target(&cli.global, context)?;
        match outcome {
            Ok(_) if context.ui.is_closed() => return Ok(Outcome::Done),
            Ok(_) => {}
            // What passes by itself is told and tried again; a wrong name never becomes right.
            Err(error) if is_passing(&error) => {
                context.ui.error(&error);
                context.disconnect();
            }
            Err(error) => return Err(error),
        }
        if let Some(signal) = interrupts.wait(interval) {
            return Ok(Outcome::Interrupted { signal });
        }
    }
}

fn is_passing(error: &anyhow::Error) -> bool {
    let kind = error::failure_of(error).map(Failure::kind);
    matches!(kind, Some(Kind::Unreachable | Kind::TryAgain | Kind::Io))
}

fn on_target<'c>(global: &Global, context: &'c mut Option<Context>) -> Result<&'c mut Context> {
    if context.is_none() {
        *context = Some(Context::on_target(global.clone())?);
    }
    context.as_mut().ok_or_else(|| anyhow::anyhow!("no context"))
}

fn without_target<'c>(
    global: &Global,
    context: &'c mut Option<Context>,
) -> Result<&'c mut Context> {
    if context.is_none() {
        *context = Some(Context::without_target(global.clone())?);
    }
    context.as_mut().ok_or_else(|| anyhow::anyhow!("no context"))
}

/// An output gate for errors that came before there was a context.
fn plain_ui(global: &Global) -> Ui {
    Ui::new(UiOptions {
        format: global.output,
        color: global.color.unwrap_or_default(),
        quiet: global.quiet,
        verbose: global.verbose,
        zone: Zone::Local,
        secrets: Secrets::new(global.show_secrets),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_with_a_word_of_other_commands_says_how_it_is_started_and_ended() {
        let told = |words: [&str; 3]| {
            with_tip(command_line().try_get_matches_from(words).unwrap_err()).to_string()
        };
        assert!(told(["jobctl", "demo", "start"]).contains("`jobctl demo`"));
        assert!(told(["jobctl", "demo", "stop"]).contains("`jobctl demo --stop`"));
        assert!(!told(["jobctl", "schedule", "start"]).contains("demo"));
    }
}
