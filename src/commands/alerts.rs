//! `jobctl alerts …`.

use std::time::Duration;

use clap::Subcommand;

use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::global::{duration, non_empty};
use crate::ops::alerts::{check, test, watch};
use crate::ops::history::aside::Aside;

/// Tell people when jobs fail, hang or pile up, and when that is over
///
/// Five alerts hold without settings: `redis` (it cannot be read), `failure-rate` (5 % of the jobs
/// that ended within 5 minutes failed, 10 jobs at least), `timeout` (a job runs longer than 600 s),
/// `backlog` (1,000 jobs wait in a queue), `errors` (more than 100 rows of a site's Error Log within
/// an hour). `[alert.NAME]` in the settings changes one, switches it off or adds another,
/// `[channel.NAME]` says who is told: by mail, Slack, webhook or a program. What could not be read is
/// unknown: it fires nothing and resolves nothing. What is certainly gone is resolved. A failure rate
/// that fires is over when jobs end well, or when none is left to run, not when too few end.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl alerts check
  jobctl alerts test ops
  jobctl alerts run --every 30s

Settings:
  [channel.ops]
  type = \"mail\"
  host = \"mail.example.com\"
  username = \"alerts@example.com\"
  password_file = \"mail-password\"
  from = \"alerts@example.com\"
  to = [\"ops@example.com\"]

  [alert.backlog]
  threshold = 5000

  [alert.stuck]
  condition = 'check(\"queue.stalled\") >= warning or max(oldest_age{queue=\"long\"}) > 2h'
  for = \"5m\"
  severity = \"critical\"
  channels = [\"ops\"]")]
pub struct Args {
    #[command(subcommand)]
    command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
enum AlertsCommand {
    Check(CheckArgs),
    Run(RunArgs),
    Test(TestArgs),
}

/// Judge every rule now, and show how it stands
///
/// One measurement; nobody is told. Exits 1 when something fires, 3 when nothing fires and something
/// is unknown. `for` is left to `alerts run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl alerts check
  jobctl alerts check -o json
  jobctl alerts check --watch 5")]
struct CheckArgs {}

/// Keep watching: each alert is told once when it begins to fire and once when it is over
///
/// What was told is kept beside the journals, so that a restart tells nothing again. A channel that
/// fails is tried again with growing pauses and delays no other. One process watches a target at a
/// time. With `--record` it also records, as `jobctl history record` does. Settings are read once, at
/// the start. SIGINT or SIGTERM ends it, with 130 or 143.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl alerts run
  jobctl alerts run --record
  jobctl --bench /home/frappe/frappe-bench alerts run --every 1m
  jobctl alerts run -o jsonl")]
struct RunArgs {
    /// The time between two looks
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = interval)]
    every: Duration,

    /// Record into the history of the target meanwhile
    #[arg(long)]
    record: bool,
}

/// Send a message that says that it is a test through a channel, or through each
///
/// Exits 1 when a channel fails.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl alerts test
  jobctl alerts test ops -o json")]
struct TestArgs {
    /// The channel [default: all]
    #[arg(value_name = "CHANNEL", value_parser = non_empty)]
    channel: Option<String>,
}

fn interval(text: &str) -> std::result::Result<Duration, String> {
    let fits = Duration::from_secs(1)..=Duration::from_secs(3_600);
    let time = duration(text)?;
    if fits.contains(&time) { Ok(time) } else { Err("between 1s and 1h".to_owned()) }
}

impl Args {
    /// Whether it only reads.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self.command, AlertsCommand::Check(_))
    }
}

/// Runs one of the commands.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    match &args.command {
        AlertsCommand::Check(CheckArgs {}) => {
            let report = check(context)?;
            let scope = context.scope()?;
            context.ui.finish(&scope, &report)
        }
        AlertsCommand::Run(args) => {
            let recording = args.record.then(|| Aside::begin(context)).transpose()?;
            watch(context, args.every, recording)
        }
        AlertsCommand::Test(args) => {
            let report = test(context, args.channel.as_deref())?;
            let scope = context.scope()?;
            context.ui.finish(&scope, &report)
        }
    }
}
