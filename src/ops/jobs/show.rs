//! Shows everything that is known of one job.

use jiff::Timestamp;

use super::decode::{exception_of, failure_text};
use super::find::Found;
use super::lookup;
use super::row::row_of;
use crate::backend::redis::read::{Entry, Place, StoredJob, StoredResult, Want};
use crate::codec::frappe::{EXECUTE_JOB, FrappeJob};
use crate::codec::payload::{Decoder, Payload, Stored};
use crate::codec::traceback::{self, Origin, Raised, Traceback};
use crate::codec::value::Value;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::job::Status;
use crate::model::queue::Registry;
use crate::model::selection::State;
use crate::report::job::{
    Arguments, Cause, Dependency, Execution, Failed, Frame, JobReport, Kept, ResultValue,
};
use crate::secrets::Secrets;
use crate::sys::clock;

/// Longest text of one argument for people, in characters.
const ARGUMENT_CHARS: usize = 2_000;

/// Exceptions that led to the last one and are told of.
const CAUSES: usize = 5;

/// Shows a job. Two round trips, three if it waits for others or for its time, or does not say when it failed; where only the beginning of the id
/// was typed, as many more as there are pages of ids.
///
/// Errors: `NotFound`, also for an id whose hash has expired; `Usage` for a beginning that fits
/// several.
pub fn show(context: &mut Context, typed: &str, full: bool) -> Result<JobReport> {
    let want = Want { data: true, meta: true, exception: true, results: true, ttl: true };
    let stored = match lookup::find(context, typed, want)? {
        Some(stored) => stored,
        None => by_beginning(context, typed, want)?,
    };
    let dependencies = dependencies(context, &stored)?;
    let dependents = {
        let store = context.store()?;
        store.dependents(&stored.job.id)?
    };
    let score = score(context, &stored)?;
    let mut stored = stored;
    if matches!(stored.job.status, Status::Failed | Status::Stopped) {
        stored.job.learn_failed_entry(score);
    }
    let mut report =
        Showing { secrets: context.secrets, decoder: Decoder::default(), now: clock::now() }
            .report(context, &stored, score, full)?;
    report.dependencies = dependencies;
    match dependents {
        Ok(ids) => report.dependents = ids,
        Err(lack) => report.notes.push(lack.to_string()),
    }
    Ok(report)
}

fn by_beginning(context: &mut Context, typed: &str, want: Want) -> Result<StoredJob> {
    let jobctl = context.target()?.command();
    let (why, hint) = match lookup::by_beginning(context, typed)? {
        Some(id) => match lookup::find(context, &id.text(), want)? {
            Some(stored) => return Ok(stored),
            None => (
                "it has expired; only its id still stands in a list",
                format!("what else is wrong: {jobctl} doctor --deep"),
            ),
        },
        None => (
            "there is no such job, or it has expired",
            format!("list the jobs there are: {jobctl} jobs list"),
        ),
    };
    Err(Failure::new(Kind::NotFound, format!("cannot find job `{typed}`: {why}")).hint(hint).into())
}

fn dependencies(context: &mut Context, stored: &StoredJob) -> Result<Vec<Dependency>> {
    let ids = &stored.job.dependency_ids;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let jobs = context.store()?.jobs(ids, Want::default())?;
    let status = |job: Option<StoredJob>| job.map(|stored| stored.job.status.word().to_owned());
    let pairs = ids.iter().zip(jobs);
    Ok(pairs
        .map(|(id, job)| Dependency { id: id.clone(), status: job.ok().and_then(status) })
        .collect())
}

/// The score that tells when a scheduled job is due, or when one failed that does not say it.
fn score(context: &mut Context, stored: &StoredJob) -> Result<Option<f64>> {
    let registry = match stored.job.status {
        Status::Scheduled => Registry::Scheduled,
        Status::Failed | Status::Stopped if stored.job.end().is_none() => Registry::Failed,
        _ => return Ok(None),
    };
    let Some(queue) = &stored.job.origin else { return Ok(None) };
    // An access list that hides the registry costs only this time.
    let scores = context.store()?.scores(registry, &[(queue, &stored.job.id)])?;
    Ok(scores.into_iter().next().and_then(|score| score.ok().flatten()))
}

struct Showing {
    secrets: Secrets,
    decoder: Decoder,
    now: Timestamp,
}

impl Showing {
    fn report(
        &mut self,
        context: &Context,
        stored: &StoredJob,
        score: Option<f64>,
        full: bool,
    ) -> Result<JobReport> {
        let job = &stored.job;
        let mut notes = Vec::new();
        let payload = stored.data.as_deref().map(|data| self.decoder.payload(data));
        let call = match &payload {
            Some(Payload::Call(call, _)) => Some(call),
            Some(Payload::Opaque(opaque)) => {
                notes.push(format!(
                    "the payload ({} bytes) cannot be shown: {}",
                    opaque.len, opaque.reason
                ));
                None
            }
            None => {
                notes.push("the hash has no payload: a worker skips this job".to_owned());
                None
            }
        };
        let failure = failure_text(&mut self.decoder, stored).filter(|_| {
            matches!(job.status, Status::Failed | Status::Stopped)
                || stored.results.first().is_some_and(|r| r.kind != Some(1))
        });
        let state = State::told_by(&job.status).unwrap_or(State::Queued);
        let entry = Entry { id: job.id.clone(), execution: None, score };
        let found = Found {
            headline: call.map(|call| call.headline().into_owned()),
            failure: failure.clone(),
            ..Found::new(&place_of(stored), state, &entry, Some(job.clone()))
        };
        let mut summary = row_of(&found, context.target()?, self.secrets, self.now);
        job.status.word().clone_into(&mut summary.status);
        let frappe = call.and_then(FrappeJob::of);
        let arguments = call.map(|call| self.arguments(call, frappe.as_ref()));
        Ok(JobReport {
            function: call.map(|call| self.text(&call.func)),
            is_wrapped: call.is_some_and(|call| call.func == EXECUTE_JOB),
            job_name: frappe.and_then(|frappe| frappe.job_name).map(|name| self.text(name)),
            arguments,
            description: job.description.as_deref().map(|text| self.text(text)),
            last_heartbeat_at: job.last_heartbeat,
            ttl_s: job.ttl_s,
            result_ttl_s: job.result_ttl_s,
            failure_ttl_s: job.failure_ttl_s,
            kept: Kept::of(stored.ttl_s, job),
            retry_intervals_s: job.retry_intervals.clone(),
            group: job.group_id.clone(),
            dependencies: Vec::new(),
            dependents: Vec::new(),
            meta: self.stored(stored.meta.as_deref()),
            result: self.result(stored),
            failure: failure.map(|text| self.failed(&text, full)),
            executions: stored.results.iter().map(|result| self.execution(result)).collect(),
            bad_fields: job.bad_fields.clone(),
            now: self.now,
            full,
            summary,
            notes,
        })
    }

    fn text(&self, text: &str) -> String {
        self.secrets.text(text).into_owned()
    }

    /// A Frappe job's own arguments, or those of the call.
    fn arguments(
        &self,
        call: &crate::codec::payload::Call,
        frappe: Option<&FrappeJob<'_>>,
    ) -> Arguments {
        let (positional, named): (&[Value], &Value) = match frappe {
            Some(FrappeJob { kwargs: Some(kwargs), .. }) => (&[], kwargs),
            _ => (&call.args, &call.kwargs),
        };
        let repr = |value: &Value| value.repr(self.secrets, ARGUMENT_CHARS);
        let mut lines: Vec<(String, String)> = positional
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), repr(value)))
            .collect();
        match named.entries() {
            Some(entries) => lines.extend(entries.iter().map(|(key, value)| {
                let key = key.plain_text().into_owned();
                // The whole dictionary knows which keys hide their values.
                let shown = if self.secrets.hides(&key) && *value != Value::None {
                    crate::secrets::MASK.to_owned()
                } else {
                    repr(value)
                };
                (key, shown)
            })),
            None => lines.push(("kwargs".to_owned(), repr(named))),
        }
        Arguments {
            args: positional.iter().map(|value| value.to_json(self.secrets)).collect(),
            kwargs: named.to_json(self.secrets),
            lines,
        }
    }

    fn stored(&mut self, bytes: Option<&[u8]>) -> Option<ResultValue> {
        let stored = self.decoder.value(bytes.filter(|bytes| !bytes.is_empty())?);
        Some(self.value(stored))
    }

    fn value(&self, stored: Stored) -> ResultValue {
        match stored {
            Stored::Value(value, _) => ResultValue {
                value: value.to_json(self.secrets),
                line: value.repr(self.secrets, ARGUMENT_CHARS),
            },
            Stored::Opaque(opaque) => {
                let line = format!("{} bytes that cannot be shown: {}", opaque.len, opaque.reason);
                ResultValue { value: serde_json::Value::Null, line }
            }
        }
    }

    /// What the job returned: the newest stream entry's value, else the hash's.
    fn result(&mut self, stored: &StoredJob) -> Option<ResultValue> {
        let newest = stored.results.iter().find(|result| result.kind == Some(1));
        if let Some(field) = newest.and_then(|result| result.return_value.as_deref()) {
            let value = self.decoder.return_value(field);
            return Some(self.value(value));
        }
        self.stored(stored.result.as_deref())
    }

    fn failed(&self, text: &str, full: bool) -> Failed {
        let traceback = Traceback::parse(text);
        let at = |frame: &traceback::Frame<'_>| self.text(&place_in_code(frame));
        let earlier = traceback.exceptions().rev().skip(1).take(CAUSES);
        let cause = |raised: &Raised<'_>| Cause {
            class: self.text(raised.class),
            message: self.text(raised.message),
            at: raised.application_frame().map(at),
        };
        Failed {
            class: self.text(traceback.class()),
            message: self.text(traceback.message()),
            at: traceback.application_frame().map(at),
            frames: traceback.last().map_or(Vec::new(), |raised| self.frames(raised)),
            causes: earlier.map(cause).collect(),
            traceback: self.text(text),
            full,
        }
    }

    fn frames(&self, raised: &Raised<'_>) -> Vec<Frame> {
        let of = |frame: &traceback::Frame<'_>| Frame {
            file: self.text(frame.file),
            line: frame.line,
            function: self.text(frame.function),
            code: frame.code.map(|code| self.text(code)),
            origin: match frame.origin() {
                Origin::Application => "application",
                Origin::Framework => "framework",
                Origin::Package => "package",
                Origin::Plumbing => "plumbing",
            },
        };
        raised.frames.iter().map(of).collect()
    }

    fn execution(&mut self, result: &StoredResult) -> Execution {
        let seconds = |s: Option<f64>| {
            s.and_then(|s| jiff::SignedDuration::try_from_secs_f64(s).ok())
                .and_then(|d| Timestamp::UNIX_EPOCH.checked_add(d).ok())
        };
        let exception = exception_of(&mut self.decoder, result)
            .map(|text| self.secrets.text(&super::decode::short_exception(&text)).into_owned());
        Execution {
            outcome: match result.kind {
                Some(1) => "successful",
                Some(2) => "failed",
                Some(3) => "stopped",
                Some(4) => "retried",
                Some(5) => "retries exceeded",
                _ => "unknown",
            },
            recorded_at: Timestamp::from_millisecond(result.at_ms).ok(),
            started_at: seconds(result.started_s),
            ended_at: seconds(result.ended_s),
            worker: result.worker_name.clone(),
            exception,
        }
    }
}

fn place_in_code(frame: &traceback::Frame<'_>) -> String {
    format!("{}:{} in {}", frame.file, frame.line, frame.function)
}

fn place_of(stored: &StoredJob) -> Place {
    let queue = stored.job.origin.clone().unwrap_or_else(|| crate::model::id::QueueName::new(""));
    match State::told_by(&stored.job.status).and_then(State::registry) {
        Some(registry) => Place::Registry(registry, queue),
        None => Place::Queue(queue),
    }
}
