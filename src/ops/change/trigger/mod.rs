//! Triggers scheduled job types: enqueues them as the scheduler of that Frappe would, or has Frappe
//! run them itself.
//!
//! Nothing is due here: whether a type is, the operator decides. Everything else is the scheduler's
//! own way: the queue by the frequency, one fixed id per type, nothing while that id is queued or
//! runs. Unlike the scheduler's, a job never inherits the expiry that an earlier run of its id left.

mod choose;
mod enqueueing;
mod follow;
mod inline;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::approve::{check_read_only, refuse_read_only};
use super::{Go, How, apply, approve};
use crate::backend::redis::fixed_ids::FixedJob;
use crate::backend::redis::read::Want;
use crate::bench::Family;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::model::plan::{Plan, Verb};
use crate::ops::job_types;
use crate::ops::scope::Reach;
use crate::ops::switch::places::bench_of;
use crate::report::trigger::{TriggerReport, TriggerRow, Triggered};
use crate::sanitize::{holds_control, shell_quote};
use crate::sys::clock;
use enqueueing::{Enqueueing, Prepared, Readership};

/// About how much of the journal one job takes: the image of the ended job of its id.
const IMAGE_BYTES: u64 = 2_048;

/// How long jobs are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Until they have ended.
    ForEver,
    /// No longer than this.
    NoLonger(Duration),
}

/// What triggering takes beyond the flags of every mutation.
#[derive(Debug, Clone, Copy, Default)]
pub struct Triggering {
    /// Follow the jobs to their ends.
    pub wait: Option<Wait>,
    /// Have Frappe run them, without a queue.
    pub inline: bool,
    /// So many a second, waiting while a queue is full.
    pub rate: Option<u32>,
    /// Beyond what Frappe lets wait in a queue.
    pub over_cap: bool,
}

/// Triggers the types of `sites` that `word` means: an event, a method, or the name of a row.
///
/// Errors: `NotFound` where no site has such a type, `Usage` for a word that is nothing, `Config`
/// for a Frappe whose dialect is not known, `Refused` for a full queue and what an approval refuses;
/// what keeps one site or one type from being done stands in the report.
pub fn trigger(
    context: &mut Context,
    word: &str,
    sites: &[String],
    options: Triggering,
    how: &How,
) -> Result<TriggerReport> {
    if !options.inline {
        check_dialect(bench_of(context)?.frappe().family())?;
    }
    if !how.dry_run && options.inline {
        refuse_read_only(context, "run scheduled jobs")?;
    } else if !how.dry_run {
        check_read_only(context, Verb::Enqueue)?;
    }
    let types = job_types::read(context, sites)?;
    let mut report = choose::report(context, word, &types, options.inline, how)?;
    if report.types.is_empty() {
        return Ok(report);
    }
    if options.inline {
        inline::run(context, &mut report, &types, how)?;
        return Ok(report);
    }
    enqueue(context, &mut report, options, how)?;
    if let (Some(wait), false, None) = (options.wait, how.dry_run, report.interrupted_by) {
        follow::follow(context, &mut report, &types, wait)?;
    }
    Ok(report)
}

/// Refuses where it is not known how the scheduler names its jobs.
fn check_dialect(family: Family) -> Result<()> {
    let why = match family {
        Family::V13 => "its jobs have no fixed ids, so that one could be enqueued twice",
        Family::Unknown => {
            "its version cannot be read from apps/frappe/frappe/__init__.py, and each names its jobs differently"
        }
        Family::V14 | Family::V15 | Family::V16Dev | Family::V16 | Family::V17 => return Ok(()),
    };
    let (kind, name) = match family {
        Family::V13 => (Kind::Refused, "Frappe 13"),
        _ => (Kind::Config, "this Frappe"),
    };
    Err(Failure::new(kind, format!("cannot trigger scheduled jobs of {name}: {why}"))
        .hint("--inline has Frappe itself run them")
        .into())
}

fn enqueue(
    context: &mut Context,
    report: &mut TriggerReport,
    options: Triggering,
    how: &How,
) -> Result<()> {
    let reach = Reach::read(context)?;
    if let Some(problem) = reach.unseen_prefix() {
        let message = format!("cannot trigger scheduled jobs: {problem}");
        return Err(Failure::new(Kind::Config, message)
            .hint("check the bench's path and `bench_id`, and whether this is its Redis")
            .into());
    }
    let readership = Readership::of(context, &reach, report)?;
    let origins = leave_present_alone(context, report)?;
    let prepared = enqueueing::prepare(context, report, &readership, &origins)?;
    let mut plan = plan_of(report, &prepared, how);
    plan.warnings.extend(readership.warnings);
    check_cap(context, &mut plan, &prepared, options, how)?;
    report.notes.extend(plan.warnings.iter().cloned());
    if approve(context, &plan, how)? == Go::No {
        return Ok(());
    }
    let most = super::retry::cap(context, options.over_cap)?;
    let mut enqueueing = Enqueueing::new(most, options.rate)?;
    let (size, mut jobs) = (enqueueing.batch(), prepared.into_iter());
    let mut batches = std::iter::from_fn(|| {
        let batch: Vec<Prepared> = jobs.by_ref().take(size).collect();
        (!batch.is_empty()).then_some(Ok(batch))
    });
    let done = apply(context, plan, how, None, &mut enqueueing, &mut batches)?;
    let outcomes = enqueueing.outcomes();
    for row in report.types.iter_mut().filter(|row| row.state == Triggered::Planned) {
        match row.id.as_ref().and_then(|id| outcomes.get(id)) {
            None => {}
            Some(None) => row.state = Triggered::Enqueued,
            Some(Some(reason)) => {
                row.state = Triggered::LeftAlone;
                row.reason = Some((*reason).to_owned());
            }
        }
    }
    report.op_id = done.op_id;
    report.undoable = done.undoable;
    report.interrupted_by = done.interrupted_by;
    report.notes.extend(done.notes);
    Ok(())
}

/// Leaves out the types whose id a job has that waits or runs, and says which of these are ghosts.
/// Gives the queues of the ended jobs that have ids of the others.
fn leave_present_alone(
    context: &mut Context,
    report: &mut TriggerReport,
) -> Result<HashMap<JobId, QueueName>> {
    let planned = |row: &&mut TriggerRow| row.state == Triggered::Planned && row.id.is_some();
    let ids: Vec<JobId> =
        report.in_state(Triggered::Planned).filter_map(|row| row.id.clone()).collect();
    let jobs = context.store()?.jobs(&ids, Want::default())?;
    let (mut present, mut origins) = (Vec::new(), HashMap::new());
    for (row, job) in report.types.iter_mut().filter(planned).zip(jobs) {
        match job {
            Ok(None) => {}
            Ok(Some(stored)) if is_over(&stored.job.status) => {
                origins.extend(stored.job.origin.map(|origin| (stored.job.id, origin)));
            }
            Ok(Some(stored)) => {
                row.state = Triggered::AlreadyThere;
                row.status = Some(stored.job.status.word().to_owned());
                present.push(stored.job.id);
            }
            Err(lack) => {
                row.state = Triggered::LeftAlone;
                row.reason = Some(format!("what has its id cannot be read: {lack}"));
            }
        }
    }
    let standing = context.store()?.fixed_jobs(&present, clock::now())?;
    let ghosts: HashSet<JobId> = present
        .into_iter()
        .zip(standing)
        .filter(|(_, standing)| matches!(standing, Ok(FixedJob::Ghost)))
        .map(|(id, _)| id)
        .collect();
    let command = context.target()?.command();
    for row in &mut report.types {
        let Some(id) = row.id.as_ref().filter(|id| ghosts.contains(*id)) else { continue };
        let status = row.status.as_deref().unwrap_or_default();
        row.state = Triggered::Ghost;
        row.reason = Some(format!(
            "a ghost has its id: the hash says {status}, but it stands in no list, no registry and no worker, and Frappe enqueues nothing while it is there"
        ));
        let text = id.text();
        let fix = format!("{command} jobs repair --kind ghost {}", shell_quote(&text));
        row.fix = (!holds_control(&text)).then_some(fix);
    }
    Ok(origins)
}

/// Whether a job of this status makes room for another of its id.
fn is_over(status: &Status) -> bool {
    status.has_ended() || matches!(status, Status::Missing)
}

fn plan_of(report: &TriggerReport, prepared: &[Prepared], how: &How) -> Plan {
    let mut plan = Plan::new(Verb::Enqueue, how.explicit);
    plan.count = prepared.len() as u64;
    for row in report.in_state(Triggered::Planned) {
        plan.by_method.add(row.method.as_str());
        plan.by_site.add(row.site.as_str());
        plan.by_queue.add(row.queue.as_deref().unwrap_or_default());
        if plan.sample.len() < 5 {
            plan.sample.extend(row.id.clone());
        }
    }
    plan.bytes_to_journal = (!how.no_undo).then_some(plan.count * IMAGE_BYTES);
    plan
}

/// Refuses what would not fit into the queues, unless there is a pace to wait for room.
fn check_cap(
    context: &mut Context,
    plan: &mut Plan,
    prepared: &[Prepared],
    options: Triggering,
    how: &How,
) -> Result<()> {
    let (Some(cap), None) = (super::retry::cap(context, options.over_cap)?, options.rate) else {
        return Ok(());
    };
    let mut queues: Vec<_> = prepared.iter().map(|job| job.queue().clone()).collect();
    queues.sort_unstable();
    for group in queues.chunk_by(|a, b| a == b) {
        if let Some(queue) = group.first() {
            super::retry::check_room_in(context, plan, queue, group.len() as u64, cap, how)?;
        }
    }
    Ok(())
}
