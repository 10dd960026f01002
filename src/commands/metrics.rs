//! `jobctl metrics`.

use std::io;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::global::non_empty;
use crate::ops::metrics::metrics;
use crate::render::prometheus::{Dialect, exposition};
use crate::sys::replace::replace;

/// Print what Prometheus scrapes: queues, workers, schedulers, the verdict
///
/// One measurement, in the text format of Prometheus unless `-o` asks for another. An outage is an
/// answer: `jobctl_redis_up 0`, and exit code 0. Gauges only, as Redis keeps no totals. Workers are
/// told apart by host and queues, as their names change at every start; what is beyond 500 queues
/// or such groups is summed up under `other`. Changes nothing but the file it is told to write.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl metrics
  jobctl metrics --textfile /var/lib/node_exporter/textfile/jobctl.prom
  jobctl metrics -o json")]
pub struct Args {
    /// Write it into this file, as a whole, for the textfile collector of the node exporter
    #[arg(long, value_name = "PATH", value_parser = path)]
    textfile: Option<PathBuf>,
}

fn path(text: &str) -> std::result::Result<PathBuf, String> {
    non_empty(text).map(PathBuf::from)
}

/// What may read a textfile: the exporter runs as another user.
const READABLE: u32 = 0o644;

/// Measures and shows.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    if args.textfile.is_some() && context.global.output.is_some() {
        let message = "cannot write a textfile in another format: leave out `-o`";
        return Err(Failure::new(Kind::Usage, message).into());
    }
    let report = metrics(context)?;
    if let Some(path) = &args.textfile {
        write(path, &exposition(&report, Dialect::Text))?;
        return Ok(Outcome::Done);
    }
    if context.global.output.is_some() {
        let scope = context.scope()?;
        return context.ui.finish(&scope, &report);
    }
    context.ui.raw(exposition(&report, Dialect::Text).as_bytes())?;
    Ok(Outcome::Done)
}

fn write(path: &Path, text: &str) -> Result<()> {
    replace(path, text.as_bytes(), READABLE).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidInput => Kind::CannotCreate,
            _ => Kind::Io,
        };
        let message = format!("cannot write the metrics to `{}`", path.display());
        Failure::new(kind, message).because(error).into()
    })
}
