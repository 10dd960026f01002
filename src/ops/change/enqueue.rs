//! Enqueues one job in the dialect of the workers that will read it: Frappe v13 to v17, or plain
//! RQ 1.11 to 3.0.

use std::io::Read as _;

use super::How;
use super::apply::audit;
use super::approve::check_read_only;
use super::dialect::{Custom, Readers, custom_of};
use super::move_jobs::target_queue;
use super::recipe::{self, FrappeFields, Recipe};
use crate::backend::redis::enqueue::{Enqueued, NewJob};
use crate::bench::{Bench, Family};
use crate::codec::new_job::{NewCall, NewFrappeJob};
use crate::codec::payload::Serializer;
use crate::codec::value::Value;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::Ending;
use crate::model;
use crate::model::generation::Generation;
use crate::model::id::JobId;
use crate::model::job::Status;
use crate::model::plan::Verb;
use crate::ops::scope::Reach;
use crate::report::enqueue::EnqueueReport;
use crate::sys::clock;

/// The queue where neither Frappe nor RQ is told one.
const DEFAULT_QUEUE: &str = "default";

/// A job to be, as the operator describes it.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Dotted name of the method or function.
    pub method: String,
    /// Positional arguments; Frappe's methods take none.
    pub args: Vec<Value>,
    /// Named arguments.
    pub kwargs: Vec<(String, Value)>,
    /// The queue, by its short or full name.
    pub queue: Option<String>,
    /// Make the queue where there is none of that name.
    pub create: bool,
    /// The id, without the site.
    pub job_id: Option<String>,
    /// In front of those that wait.
    pub at_front: bool,
    /// Seconds that it may run; -1 for no limit.
    pub timeout_s: Option<i64>,
    /// The event of a Frappe job.
    pub event: Option<String>,
    /// The user of a Frappe job.
    pub user: Option<String>,
    /// Enqueue although the queue holds as many as Frappe allows.
    pub over_cap: bool,
}

/// Enqueues a job.
///
/// Errors: `Refused` for an id that is taken or that the workers cannot run, a full queue, and
/// read-only; `NotFound` for an unknown queue or site; `Config` for a prefix that is not in Redis.
pub fn enqueue(context: &mut Context, order: &Order, how: &How) -> Result<EnqueueReport> {
    if !how.dry_run {
        check_read_only(context, Verb::Enqueue)?;
    }
    let plan = plan(context, order)?;
    let mut report = plan.report(context)?;
    if !how.dry_run {
        let fields = plan.recipe.fields(clock::now())?;
        let store = context.store()?;
        let job = NewJob {
            id: &plan.id,
            queue: &plan.recipe.queue,
            fields: &fields,
            at_front: order.at_front,
            most: plan.most,
        };
        let outcome = store.enqueue(&job)?;
        refuse_unless_done(&outcome, &plan, context)?;
        report.enqueued = true;
        let mut planned = model::plan::Plan::new(Verb::Enqueue, true);
        planned.count = 1;
        audit(context, &planned, how, Ending::Done, 1)?;
    }
    Ok(report)
}

struct Plan {
    id: JobId,
    recipe: Recipe,
    method: String,
    site: Option<String>,
    readers: Readers,
    at_front: bool,
    most: Option<u64>,
    warnings: Vec<String>,
}

fn plan(context: &mut Context, order: &Order) -> Result<Plan> {
    let reach = Reach::read(context)?;
    if let Some(problem) = reach.unseen_prefix() {
        return Err(Failure::new(Kind::Config, format!("cannot enqueue a job: {problem}")).into());
    }
    let name = order.queue.as_deref().unwrap_or(DEFAULT_QUEUE);
    let queue = target_queue(&reach, name, order.create)?;
    let site = site_of(context)?;
    let custom = custom_of(context.store()?, &queue)?;
    let target = context.target()?;
    let bench = target.bench.as_ref();
    let readers = Readers::of(&reach, &queue).or_installed(bench.and_then(|b| b.rq_version()));
    let mut warnings = Vec::new();
    if readers.serving == 0 {
        let short = reach.short(&queue);
        warnings
            .push(format!("no live worker serves queue `{short}`: the job waits until one does"));
    }
    if matches!(reach.inventory.suspended, Ok(Some(_))) {
        warnings.push("all workers of this Redis are suspended".to_owned());
    }
    let id = id_of(context, order, site.as_deref(), readers.newest(), custom)?;
    if let Some(reason) = readers.refuses_id(&id) {
        return Err(Failure::new(
            Kind::Refused,
            format!("cannot enqueue a job as `{id}`: {reason}"),
        )
        .hint("give another id with --job-id, or none")
        .into());
    }
    let target = context.target()?;
    let bench = target.bench.as_ref();
    let short = reach.short(&queue);
    let timeout_s =
        order.timeout_s.unwrap_or_else(|| recipe::timeout_s(bench, short, site.is_some()));
    let most = match bench.and_then(|bench| bench.queue_cap(bench.sites().names().count())) {
        Some(cap) if !order.over_cap => Some(cap),
        _ => None,
    };
    let recipe = Recipe {
        call: call_of(order, site.as_deref())?,
        queue,
        timeout_s,
        frappe: site.as_ref().map(|_| FrappeFields::of(bench)),
        newest: readers.newest(),
        serializer: custom.serializer.unwrap_or(Serializer::Pickle),
    };
    Ok(Plan {
        recipe,
        method: order.method.clone(),
        site,
        id,
        readers,
        at_front: order.at_front,
        most,
        warnings,
    })
}

/// The one site that a Frappe job runs on; `None` for plain RQ.
fn site_of(context: &Context) -> Result<Option<String>> {
    let mut named = context.sites()?.unwrap_or_default();
    let target = context.target()?;
    let Some(bench) = &target.bench else {
        return match named.len() {
            0 => Ok(None),
            1 => Ok(named.pop()),
            _ => Err(several_sites()),
        };
    };
    if named.is_empty() {
        named = bench.sites().names().map(str::to_owned).collect();
    }
    match named.len() {
        1 => Ok(named.pop()),
        0 => Err(Failure::new(Kind::Config, "cannot enqueue a job: the bench has no site").into()),
        _ => Err(several_sites()),
    }
}

fn several_sites() -> anyhow::Error {
    Failure::new(Kind::Usage, "cannot enqueue a job: it runs on one site, and several are meant")
        .hint("name the site with --site")
        .into()
}

fn call_of(order: &Order, site: Option<&str>) -> Result<NewCall> {
    let Some(site) = site else {
        if order.event.is_some() || order.user.is_some() {
            return Err(Failure::new(
                Kind::Usage,
                "cannot give a plain RQ job an event or a user: only Frappe's jobs have them",
            )
            .hint("name the bench with --bench, or the site with --site")
            .into());
        }
        let (func, args) = (order.method.clone(), order.args.clone());
        return Ok(NewCall { func, args, kwargs: order.kwargs.clone() });
    };
    if !order.args.is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            "cannot give a Frappe method positional arguments: it takes named ones",
        )
        .hint("write --kwarg NAME=VALUE")
        .into());
    }
    let job = NewFrappeJob {
        site: site.to_owned(),
        user: order.user.clone().unwrap_or_else(|| "Administrator".to_owned()),
        method: order.method.clone(),
        event: order.event.clone(),
        kwargs: order.kwargs.clone(),
    };
    Ok(job.into_call())
}

/// The id as Frappe or RQ would make it, legal for the newest reader.
///
/// Source: `frappe.utils.background_jobs.create_job_id` (v14 to v17): v14 puts the site only
/// before a given id; v16 turns each colon in a given id into a bar.
fn id_of(
    context: &Context,
    order: &Order,
    site: Option<&str>,
    newest: Option<Generation>,
    custom: Custom,
) -> Result<JobId> {
    let bench = context.target()?.bench.as_ref();
    let family = bench.map(|bench| bench.frappe().family());
    let separator = match (newest, site) {
        (_, None) => None,
        _ if family == Some(Family::V13) => None,
        // Neither separator is legal any more.
        (Some(newest), _) if newest >= Generation::new(2, 8) => None,
        (Some(newest), _) if newest >= Generation::new(2, 0) => Some("||"),
        _ => bench.and_then(Bench::job_id_separator).or(custom.separator),
    };
    let bare_when_random = family == Some(Family::V14);
    Ok(match (&order.job_id, site, separator) {
        (Some(given), Some(site), Some(separator)) => {
            let given = if separator == "||" { given.replace(':', "|") } else { given.clone() };
            JobId::new(format!("{site}{separator}{given}"))
        }
        (Some(given), ..) => JobId::new(given.as_bytes()),
        (None, Some(site), Some(separator)) if !bare_when_random => {
            JobId::new(format!("{site}{separator}{}", random_uuid()?))
        }
        (None, ..) => JobId::new(random_uuid()?),
    })
}

/// A random UUID (version 4), as both RQ and Frappe make them.
fn random_uuid() -> Result<String> {
    let mut bytes = [0_u8; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|e| Failure::new(Kind::Io, "cannot read `/dev/urandom`").because(e))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    Ok([part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-"))
}

impl Plan {
    fn report(&self, context: &Context) -> Result<EnqueueReport> {
        let secrets = context.secrets;
        let bench = context.target()?.bench.as_ref();
        Ok(EnqueueReport {
            id: self.id.clone(),
            queue: context.target()?.short_name(&self.recipe.queue).to_owned(),
            site: self.site.clone(),
            method: secrets.text(&self.method).into_owned(),
            description: secrets.text(&self.recipe.call.description()).into_owned(),
            frappe: self
                .recipe
                .frappe
                .as_ref()
                .and(bench)
                .map(|b| format!("{:?}", b.frappe().family())),
            rq: self.readers.generations.iter().map(ToString::to_string).collect(),
            serializer: self.recipe.serializer.name(),
            timeout_s: self.recipe.timeout_s,
            at_front: self.at_front,
            workers: self.readers.serving,
            enqueued: false,
            command: context.target()?.command(),
            notes: self.warnings.clone(),
        })
    }
}

fn refuse_unless_done(outcome: &Enqueued, plan: &Plan, context: &Context) -> Result<()> {
    let target = context.target()?;
    let queue = target.short_name(&plan.recipe.queue);
    let (id, command) = (&plan.id, target.command());
    let text = id.text();
    let quoted = crate::sanitize::shell_quote(&text);
    Err(match outcome {
        Enqueued::Done => return Ok(()),
        Enqueued::Exists(status) => Failure::new(
            Kind::Refused,
            format!("cannot enqueue job `{id}`: a job of this id is {}", status_word(status)),
        )
        .hint(format!("follow it: {command} jobs watch {quoted}")),
        Enqueued::Full => Failure::new(
            Kind::Refused,
            format!(
                "cannot enqueue job `{id}`: queue `{queue}` holds the {} jobs that Frappe allows",
                plan.most.unwrap_or_default()
            ),
        )
        .hint("see what waits there: jobctl show-pending-jobs")
        .hint("--over-cap enqueues it all the same"),
        Enqueued::Contended => Failure::new(
            Kind::TryAgain,
            format!("cannot enqueue job `{id}`: others enqueue jobs of this id at the same time"),
        ),
    }
    .into())
}

fn status_word(status: &Status) -> &str {
    match status {
        Status::Started => "running",
        other => other.word(),
    }
}
