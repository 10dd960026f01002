//! `jobctl serve`: metrics, health and a read-only API over HTTP.
//!
//! The API answers with the reports of commands: a path stands for a command that only reads, a
//! parameter for one of its flags. Each request has a context of its own, so that what changes on
//! disk is seen and one broken connection is nobody else's.

mod endpoint;
mod service;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::global::{Global, non_empty};
use crate::ops::history::place;
use crate::ops::history::recorder::{Purpose, Recorder, Recording};
use crate::ops::metrics::Passing;
use crate::render::Format;
use crate::sys::file::read_bounded;
use crate::sys::signals::Interrupts;
use crate::web::{Duty, Server};
use service::Service;

/// Bytes of a token file, and the least of a token.
const MOST_TOKEN: u64 = 4096;
const LEAST_TOKEN: usize = 16;

/// Answer Prometheus, health checks and a read-only JSON API over HTTP
///
/// `/metrics` in the text format of Prometheus, or `OpenMetrics` where that is asked for; `/health`
/// with the report of `jobctl health`, status 200 for HEALTHY and DEGRADED, 503 for UNHEALTHY and
/// UNKNOWN; `/ready` with 200 once Redis can be read; `/api/v1/queues`, `workers`, `jobs`, `job`,
/// `groups`, `sites`, `stats`, `errors`, `history`, `trend`, `peaks`, `forecast` with the JSON of the
/// commands, their flags as parameters.
///
/// Counters begin with it. With `--record` it also records, as `jobctl history record` does, and the
/// counters go on where the history ended. Where another process records already, that one is named,
/// the counters begin anew, and recording is taken over when that one ends.
///
/// On any address but a loopback one a token is needed: `Authorization: Bearer TOKEN`. It is read
/// only, ends with SIGINT or SIGTERM, and has no TLS: put a proxy in front of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl serve
  jobctl serve --record
  jobctl serve --listen 0.0.0.0:9465 --token-file /etc/jobctl/token
  curl -s 'http://127.0.0.1:9465/api/v1/jobs?status=failed&limit=20'")]
pub struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9465")]
    listen: SocketAddr,

    /// A file with the token that every request must carry; nobody else may read it
    #[arg(long, value_name = "PATH", value_parser = path)]
    token_file: Option<PathBuf>,

    /// Record into the history of the target, and keep the counters there
    #[arg(long)]
    record: bool,
}

fn path(text: &str) -> std::result::Result<PathBuf, String> {
    non_empty(text).map(PathBuf::from)
}

/// Serves until a signal comes.
pub(super) fn run(args: &Args, context: &mut Context) -> Result<Outcome> {
    let token = args.token_file.as_deref().map(read_token).transpose()?;
    if token.is_none() && !args.listen.ip().is_loopback() {
        let message = format!(
            "refusing to serve on `{}`, where others can read, without a token",
            args.listen
        );
        return Err(Failure::new(Kind::Refused, message)
            .hint("name a file that only you can read: --token-file PATH")
            .hint("or listen on 127.0.0.1 and put a proxy in front of it")
            .into());
    }
    // A selection that is wrong is told now, not to every request.
    let sites = context.sites()?;
    let cannot = |error: io::Error| {
        let message = format!("cannot listen on `{}`", args.listen);
        Failure::new(Kind::CannotCreate, message).because(error)
    };
    let interrupts = Interrupts::catch()?;
    let server = Server::bind(args.listen).map_err(cannot)?;
    let address = server.address().map_err(cannot)?;
    let global = Global { output: Some(Format::Json), site: Vec::new(), ..context.global.clone() };
    let (passing, recorder) = if args.record { record(context)? } else { Default::default() };
    let service = Service::new(global, sites, context.scope()?, token, passing, recorder);
    context.ui.status(&format!("serving on http://{address}"));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let duty = Duty {
                refuse: &|request| service.refuse(request),
                answer: &|request| service.answer(request),
            };
            server.run(&|| interrupts.seen().is_some(), duty);
        });
        loop {
            let (said, pause) = service.look();
            for line in said {
                context.ui.warn(&line);
            }
            if interrupts.wait(pause).is_some() {
                break;
            }
        }
    });
    let signal = interrupts.seen().unwrap_or(0);
    Ok(Outcome::Interrupted { signal })
}

/// Begins to record; where another process does, its end is waited for, and that is said.
fn record(context: &mut Context) -> Result<(Passing, Option<Recorder>)> {
    let every = context.settings.history.every;
    let recording = Recording { every, purpose: Purpose::Counters };
    let (recorder, passing, said) = Recorder::open(place(context, None)?, context, recording)?;
    for line in said {
        context.ui.warn(&line);
    }
    Ok((passing, Some(recorder)))
}

/// Reads the token: one line, of a file that nobody else can read.
fn read_token(path: &Path) -> Result<Vec<u8>> {
    use std::os::unix::fs::PermissionsExt as _;
    let shown = path.display();
    let cannot = |kind, why: String| {
        Failure::new(kind, format!("cannot use the token file `{shown}`: {why}"))
    };
    let (bytes, metadata) = read_bounded(path, MOST_TOKEN)
        .map_err(|error| cannot(Kind::NotFound, error.to_string()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        let failure = cannot(Kind::Config, "others may read or write it".to_owned());
        return Err(failure.hint(format!("chmod 600 {shown}")).into());
    }
    let token = bytes.trim_ascii().to_vec();
    if token.len() < LEAST_TOKEN || !token.iter().all(u8::is_ascii_graphic) {
        let why = format!("a token is at least {LEAST_TOKEN} visible ASCII characters on one line");
        return Err(cannot(Kind::Config, why)
            .hint(format!("openssl rand -hex 32 > {shown}"))
            .into());
    }
    Ok(token)
}
