//! What requests are answered from: the newest measurement, and commands that only read.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::FromArgMatches as _;

use super::super::cli::Cli;
use super::super::command_line;
use super::endpoint::Endpoint;
use crate::context::Context;
use crate::error::{Kind, Result, failure_of};
use crate::global::Global;
use crate::model::health::Verdict;
use crate::ops::history::recorder::{LOOK_EVERY, Recorder};
use crate::ops::metrics::{Measured, Passing, look, measure};
use crate::render::json;
use crate::render::prometheus::{Dialect, exposition};
use crate::report::Scope;
use crate::sys::heap;
use crate::web::{Request, Response};

/// How long a measurement is good for whoever asks next.
const FRESH: Duration = Duration::from_secs(1);

/// The longest that a measurement may take: Prometheus gives up after ten seconds.
const MEASURE: Duration = Duration::from_secs(5);

/// The time that a measurement has left at least where somebody else was waited for.
const LEAST_MEASURE: Duration = Duration::from_secs(1);

/// Requests of the API that are worked on at a time: each may read many jobs.
const MOST_AT_WORK: usize = 4;

/// Bytes of an answer.
const MOST_ANSWER: usize = 16 << 20;

/// Rows of an answer unless told otherwise, and at most.
const ROWS: &str = "100";
const MOST_ROWS: u64 = 1_000;

/// What a request is answered from.
pub(super) struct Service {
    global: Global,
    /// The sites that it was started for; `None` for all.
    sites: Option<Vec<String>>,
    scope: Scope,
    token: Option<Vec<u8>>,
    newest: Mutex<Newest>,
    at_work: AtomicUsize,
}

/// What was measured last, and what passed until then.
struct Newest {
    measured: Option<(Instant, Arc<Measured>)>,
    passing: Passing,
    /// Who writes it down, if anybody.
    recorder: Option<Recorder>,
    /// What the operator should know and was not told yet.
    said: Vec<String>,
    /// The failure that was told last.
    told: Option<String>,
}

impl Service {
    /// Answers for `sites` (`None` for all), and to nobody without the `token`, if there is one.
    pub(super) fn new(
        global: Global,
        sites: Option<Vec<String>>,
        scope: Scope,
        token: Option<Vec<u8>>,
        passing: Passing,
        recorder: Option<Recorder>,
    ) -> Self {
        let newest = Newest { measured: None, passing, recorder, said: Vec::new(), told: None };
        let (newest, at_work) = (Mutex::new(newest), AtomicUsize::new(0));
        Self { global, sites, scope, token, newest, at_work }
    }

    /// Answers a request that is not refused.
    pub(super) fn answer(&self, request: &Request) -> Response {
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

    /// Why a request is not answered at all.
    ///
    /// Without a token the name that was asked for must be a loopback one: a page of another site
    /// can make a browser ask here under a name of its own (DNS rebinding).
    pub(super) fn refuse(&self, request: &Request) -> Option<Response> {
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
        let waiting = Instant::now();
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, measured)) = newest.measured.as_ref().filter(|(at, _)| at.elapsed() < FRESH)
        {
            return Ok(Arc::clone(measured));
        }
        // A Redis that hangs kept somebody else until now: both waits together must end before
        // Prometheus gives up.
        let left = MEASURE.saturating_sub(waiting.elapsed()).max(LEAST_MEASURE);
        let mut context = self.context(left)?;
        let Newest { passing, recorder, said, .. } = &mut *newest;
        let measured = Arc::new(measure(&mut context, Some(&mut *passing))?);
        if let Some(recorder) = recorder {
            // What was shown once must be known after a crash.
            match recorder.hand_over(passing) {
                Ok(lines) => said.extend(lines),
                Err(error) => said.push(error.to_string()),
            }
        }
        newest.measured = Some((Instant::now(), Arc::clone(&measured)));
        Ok(measured)
    }

    /// Looks what happened, and writes it down. Gives what the operator should know, and how long to
    /// wait until the next look. A failure is told by the next measurement, which meets it as well.
    pub(super) fn look(&self) -> (Vec<String>, Duration) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let Newest { passing, recorder, said, told, .. } = &mut *newest;
        let Ok(mut context) = self.context(MEASURE) else { return (Vec::new(), LOOK_EVERY) };
        let Some(recorder) = recorder else {
            let _ = look(&mut context, passing, &mut |_| {});
            return (Vec::new(), LOOK_EVERY);
        };
        match recorder.look(&mut context, passing) {
            Ok(looked) => said.extend(looked.said),
            // A configuration that is being edited, for instance: nothing to say every five seconds.
            Err(error) if told.as_deref() == Some(&*error.to_string()) => {}
            Err(error) => {
                *told = Some(error.to_string());
                said.push(error.to_string());
            }
        }
        let pause = recorder.pause();
        (std::mem::take(said), pause)
    }

    /// A context for a measurement that takes no longer than `limit`.
    fn context(&self, limit: Duration) -> Result<Context> {
        let global = Global { site: self.every_site(), ..self.global.clone() };
        let mut context = Context::writing_to(global, Box::new(io::sink()))?;
        context.settings.timeout = context.settings.timeout.min(limit);
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
        let parsed = command_line()
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
        let ran = cli.command.run(&global, &mut Some(context));
        let body = body.take();
        match ran {
            // The report says itself of which site what could not be read.
            Err(_) if endpoint.tells_failures && !body.is_empty() => Ok(body),
            ran => ran.map(|_| body).map_err(Refused::from),
        }
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
/api/v1/history?by=hour /api/v1/trend /api/v1/peaks /api/v1/forecast
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
        if self.0.fetch_sub(1, Ordering::Relaxed) == 1 {
            heap::give_back();
        }
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
