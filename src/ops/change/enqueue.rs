//! Enqueues one job in the dialect of the workers that will read it: Frappe v13 to v17, or plain
//! RQ 1.11 to 3.0.

mod fields;
mod naming;

use super::How;
use super::apply::audit;
use super::approve::check_read_only;
use super::dialect::{Readers, custom_of};
use super::move_jobs::target_queue;
use crate::backend::redis::enqueue::{Enqueued, NewJob};
use crate::bench::Bench;
use crate::codec::new_job::NewCall;
use crate::codec::payload::Serializer;
use crate::codec::value::Value;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::Ending;
use crate::model;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::model::plan::Verb;
use crate::ops::scope::Reach;
use crate::report::enqueue::EnqueueReport;
use crate::sys::clock;
use fields::{FrappeFields, call_of, frappe_fields};
use naming::{id_of, site_of};

/// Seconds that RQ lets a job run that says nothing. Source: `rq/queue.py` `DEFAULT_TIMEOUT`.
const RQ_TIMEOUT_S: i64 = 180;

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
        let fields = plan.fields(clock::now())?;
        let store = context.store()?;
        let job = NewJob {
            id: &plan.id,
            queue: &plan.queue,
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
    queue: QueueName,
    call: NewCall,
    method: String,
    site: Option<String>,
    timeout_s: i64,
    /// Frappe's lifetimes and callback; `None` for plain RQ.
    frappe: Option<FrappeFields>,
    readers: Readers,
    serializer: Serializer,
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
    let of_queue = bench.map(Bench::queues).unwrap_or_default();
    let of_queue = of_queue.iter().find(|known| known.name == short).and_then(|q| q.timeout_s);
    let timeout_s = order.timeout_s.or(of_queue).unwrap_or(match site {
        Some(_) => 300,
        None => RQ_TIMEOUT_S,
    });
    let most = match bench.and_then(|bench| bench.queue_cap(bench.sites().names().count())) {
        Some(cap) if !order.over_cap => Some(cap),
        _ => None,
    };
    Ok(Plan {
        call: call_of(order, site.as_deref())?,
        method: order.method.clone(),
        frappe: site.as_ref().map(|_| frappe_fields(context)).transpose()?,
        site,
        id,
        queue,
        timeout_s,
        readers,
        serializer: custom.serializer.unwrap_or(Serializer::Pickle),
        at_front: order.at_front,
        most,
        warnings,
    })
}

impl Plan {
    fn report(&self, context: &Context) -> Result<EnqueueReport> {
        let secrets = context.secrets;
        let bench = context.target()?.bench.as_ref();
        Ok(EnqueueReport {
            id: self.id.clone(),
            queue: context.target()?.short_name(&self.queue).to_owned(),
            site: self.site.clone(),
            method: secrets.text(&self.method).into_owned(),
            description: secrets.text(&self.call.description()).into_owned(),
            frappe: self.frappe.as_ref().and(bench).map(|b| format!("{:?}", b.frappe().family())),
            rq: self.readers.generations.iter().map(ToString::to_string).collect(),
            serializer: self.serializer.name(),
            timeout_s: self.timeout_s,
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
    let queue = target.short_name(&plan.queue);
    let (id, command) = (&plan.id, target.command());
    let text = id.text();
    let quoted = crate::render::sanitize::shell_quote(&text);
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
