//! `jobctl demo`: the arguments, and nothing else; the work is in [`crate::demo`].

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueHint};

use crate::context::Context;
use crate::demo::{self, DemoOptions, DemoReport};
use crate::env;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::report::Scope;

/// Makes a throw-away bench with real Redis and workers to try everything on
///
/// The bench has two sites, a private redis-server on a Unix socket, a scheduler and RQ workers
/// that run harmless jobs in every state: queued, running, failed, finished, scheduled, deferred
/// and canceled; among them a stuck one, one that no queue holds, and a queue without a worker.
/// Everything runs as you, in one private directory. Starting it again says where it is.
///
/// It needs redis-server and a Python with rq 1.15 to 2.7.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "\
Examples:
  jobctl demo
  jobctl demo --stop")]
pub struct Args {
    /// End the demo and remove its directory
    #[arg(long, conflicts_with = "healthy")]
    pub stop: bool,

    /// The bench's directory [default: jobctl/demo in your state directory]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,

    /// The Python with rq in it that the workers run on [default: the one that tests/demo.sh made,
    /// else python3]
    #[arg(long, value_name = "PATH", env = env::JOBCTL_DEMO_PYTHON, value_hint = ValueHint::ExecutablePath)]
    pub python: Option<PathBuf>,

    /// Leave the broken things out: doctor finds nothing
    #[arg(long)]
    pub healthy: bool,
}

/// Starts or ends the demo, and says where it is.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    if context.settings.read_only {
        return Err(Failure::new(Kind::Refused, "cannot start or stop processes: read-only is on")
            .hint(format!("leave out --read-only, unset {}", env::JOBCTL_READ_ONLY))
            .into());
    }
    let report = report(args)?;
    context.ui.finish(&Scope::default(), &report)
}

/// Starts or ends the demo.
pub fn report(args: &Args) -> Result<DemoReport> {
    if args.stop {
        return demo::stop(args.dir.as_deref());
    }
    demo::start(&DemoOptions {
        dir: args.dir.clone(),
        python: args.python.clone(),
        healthy: args.healthy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_takes_a_python_that_the_variable_names_and_no_wish_for_health() {
        let parse = |more: &[&str]| {
            let command = Args::augment_args(clap::Command::new("demo"));
            command.try_get_matches_from([&["demo", "--stop"], more].concat())
        };
        // To clap a value of the variable is one of the flag.
        parse(&["--python", "/usr/bin/python3"]).unwrap();
        parse(&["--healthy"]).unwrap_err();
    }
}
