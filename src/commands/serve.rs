//! `jobctl serve`: metrics, health and a read-only API over HTTP.
//!
//! The API answers with the reports of commands: a path stands for a command that only reads, a
//! parameter for one of its flags. Each request has a context of its own, so that what changes on
//! disk is seen and one broken connection is nobody else's.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::FromArgMatches as _;

use super::cli::Cli;
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result, failure_of};
use crate::global::{Global, non_empty};
use crate::model::health::Verdict;
use crate::ops::metrics::{Measured, Passing, look, measure};
use crate::render::prometheus::{Dialect, exposition};
use crate::render::{Format, json};
use crate::report::Scope;
use crate::sys::file::read_bounded;
use crate::sys::signals::Interrupts;
use crate::web::{Request, Response, Server};

/// How often it is looked what ended, whether anybody asks or not.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a measurement is good for whoever asks next.
const FRESH: Duration = Duration::from_secs(1);

/// The longest that a measurement may take: Prometheus gives up after ten seconds.
const MEASURE: Duration = Duration::from_secs(5);

/// Requests of the API that are worked on at a time: each may read many jobs.
const MOST_AT_WORK: usize = 4;

/// Bytes of an answer.
const MOST_ANSWER: usize = 16 << 20;

/// Rows of an answer unless told otherwise, and at most.
const ROWS: &str = "100";
const MOST_ROWS: u64 = 1_000;

/// Bytes of a token file, and the least of a token.
const MOST_TOKEN: u64 = 4096;
const LEAST_TOKEN: usize = 16;

/// Answer Prometheus, health checks and a read-only JSON API over HTTP
///
/// `/metrics` in the text format of Prometheus, or `OpenMetrics` where that is asked for; `/health`
/// with the report of `jobctl health`, status 200 for HEALTHY and DEGRADED, 503 for UNHEALTHY and
/// UNKNOWN; `/ready` with 200 once Redis can be read; `/api/v1/queues`, `workers`, `jobs`, `job`,
/// `groups`, `sites`, `stats`, `errors` with the JSON of the commands, their flags as parameters.
///
/// On any address but a loopback one a token is needed: `Authorization: Bearer TOKEN`. It is read
/// only, ends with SIGINT or SIGTERM, and has no TLS: put a proxy in front of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl serve
  jobctl serve --listen 0.0.0.0:9465 --token-file /etc/jobctl/token
  curl -s 'http://127.0.0.1:9465/api/v1/jobs?status=failed&limit=20'")]
pub struct Args {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9465")]
    listen: SocketAddr,

    /// A file with the token that every request must carry; nobody else may read it
    #[arg(long, value_name = "PATH", value_parser = path)]
    token_file: Option<PathBuf>,
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
    let service = Service {
        global,
        sites,
        scope: context.scope()?,
        token,
        newest: Mutex::new(Newest::default()),
        at_work: AtomicUsize::new(0),
    };
    context.ui.status(&format!("serving on http://{address}"));
    std::thread::scope(|threads| {
        threads.spawn(|| {
            service.look();
            while interrupts.wait(LOOK_EVERY).is_none() {
                service.look();
            }
        });
        server.run(&|| interrupts.seen().is_some(), &|request| service.answer(request));
    });
    let signal = interrupts.seen().unwrap_or(0);
    Ok(Outcome::Interrupted { signal })
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

/// What a request is answered from.
struct Service {
    global: Global,
    /// The sites that it was started for; `None` for all.
    sites: Option<Vec<String>>,
    scope: Scope,
    token: Option<Vec<u8>>,
    newest: Mutex<Newest>,
    at_work: AtomicUsize,
}

/// What was measured last, and what passed until then.
#[derive(Default)]
struct Newest {
    measured: Option<(Instant, Arc<Measured>)>,
    passing: Passing,
}

impl Service {
    fn answer(&self, request: &Request) -> Response {
        if let Some(refusal) = self.refusal(request) {
            return refusal;
        }
        match request.path() {
            "/" => Response::new(200, "text/plain; charset=utf-8", INDEX),
            "/metrics" => self.metrics(request),
            "/health" => self.health(),
            "/ready" => self.ready(),
            path => match path.strip_prefix("/api/v1/").and_then(Endpoint::of) {
                Some(endpoint) => self.api(&endpoint, request),
                None => Response::refusal(404, "there is nothing here"),
            },
        }
    }

    /// Whether a request may be answered at all.
    ///
    /// Without a token the name that was asked for must be a loopback one: a page of another site
    /// can make a browser ask here under a name of its own (DNS rebinding).
    fn refusal(&self, request: &Request) -> Option<Response> {
        let Some(token) = &self.token else {
            let host = request.field("host").unwrap_or("localhost");
            return (!is_loopback(host)).then(|| {
                Response::refusal(421, "without a token only loopback names are answered")
            });
        };
        let given = request.field("authorization").and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let right = given.is_some_and(|given| is_same(given.as_bytes(), token));
        (!right).then(|| {
            Response::refusal(401, "a bearer token is needed").with("WWW-Authenticate", "Bearer")
        })
    }

    /// The newest measurement, made now unless one is fresh; who comes meanwhile waits for it.
    fn measured(&self) -> Result<Arc<Measured>> {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, measured)) = newest.measured.as_ref().filter(|(at, _)| at.elapsed() < FRESH)
        {
            return Ok(Arc::clone(measured));
        }
        let mut context = self.context()?;
        let measured = Arc::new(measure(&mut context, Some(&mut newest.passing))?);
        newest.measured = Some((Instant::now(), Arc::clone(&measured)));
        Ok(measured)
    }

    /// Looks what ended. A failure is told by the next measurement, which meets it as well.
    fn look(&self) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = self
            .context()
            .and_then(|mut context| look(&mut context, &mut newest.passing, &mut |_| {}));
    }

    /// A context for a measurement.
    fn context(&self) -> Result<Context> {
        let global = Global { site: self.every_site(), ..self.global.clone() };
        let mut context = Context::writing_to(global, Box::new(io::sink()))?;
        context.settings.timeout = context.settings.timeout.min(MEASURE);
        Ok(context)
    }

    /// The sites that are served, in words that no variable can narrow.
    fn every_site(&self) -> Vec<String> {
        self.sites.clone().unwrap_or_else(|| vec!["all".to_owned()])
    }

    fn metrics(&self, request: &Request) -> Response {
        let open = request.field("accept").is_some_and(|accept| {
            accept.split(',').any(|kind| kind.trim().starts_with("application/openmetrics-text"))
        });
        let dialect = if open { Dialect::OpenMetrics } else { Dialect::Text };
        match self.measured() {
            Ok(measured) => {
                let text = exposition(&measured.metrics, dialect);
                Response::new(200, dialect.content_type(), text)
            }
            Err(error) => self.failed(&error),
        }
    }

    fn health(&self) -> Response {
        let measured = match self.measured() {
            Ok(measured) => measured,
            Err(error) => return self.failed(&error),
        };
        let status = match measured.health.verdict {
            Verdict::Healthy | Verdict::Degraded => 200,
            Verdict::Unhealthy | Verdict::Unknown => 503,
        };
        let mut body = Vec::new();
        match json::write(&self.scope, &measured.health, false, &mut body) {
            Ok(()) => Response::new(status, JSON, body),
            Err(error) => self.failed(&error.into()),
        }
    }

    fn ready(&self) -> Response {
        let up = |measured: &Measured| {
            let family = measured.metrics.families.iter().find(|f| f.name == "jobctl_redis_up");
            family.is_some_and(|family| family.samples.iter().any(|sample| sample.value > 0.0))
        };
        match self.measured() {
            Ok(measured) if up(&measured) => Response::new(200, JSON, "{\"ready\":true}\n"),
            Ok(_) => Response::new(503, JSON, "{\"ready\":false}\n"),
            Err(error) => self.failed(&error),
        }
    }

    fn api(&self, endpoint: &Endpoint, request: &Request) -> Response {
        let Some(_turn) = Turn::take(&self.at_work) else {
            return Response::refusal(503, "too many requests at work").with("Retry-After", "1");
        };
        match self.command(endpoint, request) {
            Ok(body) => Response::new(200, JSON, body),
            Err(Refused::Parameter(why)) => Response::refusal(400, &why),
            Err(Refused::Failed(error)) => self.failed(&error),
        }
    }

    /// Runs the command that an endpoint stands for.
    fn command(
        &self,
        endpoint: &Endpoint,
        request: &Request,
    ) -> std::result::Result<Vec<u8>, Refused> {
        let (arguments, sites) = self.arguments(endpoint, request)?;
        let parsed = super::command_line()
            .try_get_matches_from(arguments)
            .and_then(|matches| Cli::from_arg_matches(&matches));
        let cli = parsed.map_err(|error| {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            Refused::Parameter(first.trim_start_matches("error: ").to_owned())
        })?;
        let global = Global { site: sites, ..self.global.clone() };
        let body = Body::default();
        let context = Context::writing_to(global.clone(), Box::new(body.clone()))?;
        cli.command.run(&global, &mut Some(context))?;
        Ok(body.take())
    }

    /// The command line that a request stands for, and the sites that it is about.
    fn arguments(
        &self,
        endpoint: &Endpoint,
        request: &Request,
    ) -> std::result::Result<(Vec<String>, Vec<String>), Refused> {
        let refuse = |why: String| Err(Refused::Parameter(why));
        let mut arguments: Vec<String> = vec!["jobctl".to_owned()];
        arguments.extend(endpoint.words.iter().map(ToString::to_string));
        let (mut sites, mut limited, mut id) = (Vec::new(), false, None);
        for (name, value) in request.parameters() {
            match &*name {
                "site" => {
                    let served = self.sites.as_ref();
                    if served.is_some_and(|served| !served.iter().any(|site| *site == value)) {
                        return refuse(format!("site `{value}` is not served here"));
                    }
                    sites.push(value.into_owned());
                }
                "id" if endpoint.takes_id => id = Some(value.into_owned()),
                "limit" if endpoint.is_limited => {
                    let rows = value.parse::<u64>().ok().filter(|n| (1..=MOST_ROWS).contains(n));
                    let Some(rows) = rows else {
                        return refuse(format!("`limit` is a number from 1 to {MOST_ROWS}"));
                    };
                    limited = true;
                    arguments.push(format!("--limit={rows}"));
                }
                // With `=` a value can never become a flag of its own.
                name if endpoint.flags.contains(&name) => {
                    arguments.push(format!("--{name}={value}"));
                }
                name => return refuse(format!("there is no parameter `{name}` here")),
            }
        }
        if endpoint.is_limited && !limited {
            arguments.push(format!("--limit={ROWS}"));
        }
        match (endpoint.takes_id, id) {
            (true, Some(id)) => arguments.extend(["--".to_owned(), id]),
            (true, None) => return refuse("the parameter `id` is missing".to_owned()),
            (false, _) => {}
        }
        if sites.is_empty() {
            sites = self.every_site();
        }
        Ok((arguments, sites))
    }

    /// The answer to a failure: its words, with secrets masked, without hints.
    fn failed(&self, error: &anyhow::Error) -> Response {
        let Some(failure) = failure_of(error) else {
            return Response::refusal(500, "internal error; this is a bug in jobctl");
        };
        let status = match failure.kind() {
            Kind::Usage => 400,
            Kind::NotFound => 404,
            Kind::Refused => 403,
            Kind::Unreachable | Kind::TryAgain => 503,
            _ => 500,
        };
        let secrets = crate::secrets::Secrets::new(self.global.show_secrets);
        Response::refusal(status, &secrets.text(&failure.to_string()))
    }
}

const JSON: &str = "application/json";

const INDEX: &str = "\
jobctl: /metrics /health /ready
/api/v1/queues /api/v1/workers /api/v1/jobs?status=failed /api/v1/job?id=ID /api/v1/groups
/api/v1/sites /api/v1/stats?since=24h /api/v1/errors?since=24h
";

/// Why there is no answer.
enum Refused {
    Parameter(String),
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// A path of the API: the command that it stands for, and which of its flags may be set.
struct Endpoint {
    words: &'static [&'static str],
    flags: &'static [&'static str],
    is_limited: bool,
    takes_id: bool,
}

impl Endpoint {
    /// Every path, in so many words: nothing is decoded or joined, so nothing can be escaped from.
    fn of(name: &str) -> Option<Self> {
        let endpoint =
            |words, flags, is_limited| Self { words, flags, is_limited, takes_id: false };
        Some(match name {
            "queues" => endpoint(&["queues", "list"], &[], false),
            "workers" => endpoint(&["workers", "list"], &[], false),
            "jobs" => endpoint(
                &["jobs", "list"],
                &["status", "queue", "method", "exception", "since", "until", "older-than", "sort"],
                true,
            ),
            "job" => Self { takes_id: true, ..endpoint(&["jobs", "show"], &[], false) },
            "groups" => endpoint(&["groups", "list"], &[], false),
            "sites" => endpoint(&["scheduler", "status"], &[], false),
            "stats" => endpoint(&["stats"], &["by", "since", "until", "slowest"], true),
            "errors" => endpoint(&["errors"], &["by", "since", "class"], false),
            _ => return None,
        })
    }
}

/// A turn at the work, given back at the end.
struct Turn<'t>(&'t AtomicUsize);

impl<'t> Turn<'t> {
    fn take(at_work: &'t AtomicUsize) -> Option<Self> {
        let turn = Self(at_work);
        // Dropping it gives back the one that was too many.
        (at_work.fetch_add(1, Ordering::Relaxed) < MOST_AT_WORK).then_some(turn)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Where a command writes its answer; bounded.
#[derive(Clone, Default)]
struct Body(Arc<Mutex<Vec<u8>>>);

impl Body {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Body {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if body.len() + bytes.len() > MOST_ANSWER {
            return Err(io::Error::other("the answer is too large; ask for less"));
        }
        body.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a `Host` names this machine to itself.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Compares in a time that depends on the lengths alone.
fn is_same(given: &[u8], token: &[u8]) -> bool {
    let differing = given
        .iter()
        .zip(token)
        .fold(0, |differing, (a, b)| std::hint::black_box(differing | (a ^ b)));
    given.len() == token.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_told_from_others() {
        for host in ["localhost", "LOCALHOST:9465", "127.0.0.1:1", "127.8.8.8", "[::1]:9465"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example", "10.0.0.1", "", "[::2]", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn token_is_the_same_only_as_a_whole() {
        assert!(is_same(b"0123456789abcdef", b"0123456789abcdef"));
        assert!(!is_same(b"0123456789abcde", b"0123456789abcdef"));
        assert!(!is_same(b"0123456789abcdeg", b"0123456789abcdef"));
        assert!(!is_same(b"", b"0123456789abcdef"));
    }
}
