//! Jobs that are named by their ids.

use std::collections::HashSet;

use super::Chosen;
use super::draft::{Draft, Match};
use crate::backend::redis::read::{Store, Want};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::model::plan::{Plan, PlannedJob, Skipped};
use crate::model::selection::{Selection, State};
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::jobs::lookup;
use crate::sys::clock;

/// Named jobs that are looked for in their lists while the plan is made: each costs a search.
const SEARCHED: usize = 64;

/// Ids that are named where none is a job's.
const SHOWN: usize = 5;

/// Finds ids as they were typed, with or without the site; what is not there is skipped.
///
/// Errors: `NotFound` where none of them is there.
pub fn resolve_ids(context: &mut Context, typed: &[String], plan: &mut Plan) -> Result<Vec<JobId>> {
    let mut ids = Vec::new();
    for text in typed {
        match lookup::find(context, text, Want::default())? {
            Some(stored) => ids.push(stored.job.id),
            None => plan.skipped.push(Skipped {
                id: JobId::new(text.as_bytes()),
                reason: "there is no such job".to_owned(),
            }),
        }
    }
    if ids.is_empty() && !typed.is_empty() {
        return Err(not_found(typed).into());
    }
    Ok(ids)
}

fn not_found<T: std::fmt::Display>(ids: &[T]) -> Failure {
    let names: Vec<String> = ids.iter().take(SHOWN).map(|id| format!("`{id}`")).collect();
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    Failure::new(Kind::NotFound, format!("cannot find job {}{more}", names.join(", ")))
        .hint("jobctl jobs list shows the jobs that there are")
}

/// Leaves ids of a selection alone that are no job's; gives the queues of the others.
///
/// Errors: `NotFound` where none of them is.
pub(super) fn leave_unknown(
    context: &mut Context,
    selection: &mut Selection,
    plan: &mut Plan,
) -> Result<Vec<QueueName>> {
    let jobs = context.store()?.jobs(&selection.ids, Want::default())?;
    if !jobs.is_empty() && jobs.iter().all(|job| matches!(job, Ok(None))) {
        return Err(not_found(&selection.ids).into());
    }
    let (mut jobs, mut origins) = (jobs.into_iter(), Vec::new());
    selection.ids.retain(|id| match jobs.next() {
        Some(Ok(None)) => {
            let reason = "there is no such job".to_owned();
            plan.skipped.push(Skipped { id: id.clone(), reason });
            false
        }
        // What cannot be read is told of where it is looked at.
        Some(Err(_)) | None => true,
        Some(Ok(Some(stored))) => {
            origins.extend(stored.job.origin);
            true
        }
    });
    Ok(origins)
}

/// Takes jobs that are named by their ids, where their hashes say that they stand.
pub(super) fn visit_named(
    store: &mut Store,
    queues: &[QueueName],
    selection: &mut Selection,
    allowed: &[State],
    draft: &mut Draft<'_>,
) -> Result<()> {
    let mut seen = HashSet::new();
    selection.ids.retain(|id| seen.insert(id.clone()));
    let shown = Shown { headline: true, failure: false };
    let mut named: Vec<(QueueName, State, Match)> = Vec::new();
    let mut finder = Finder::new(store, selection, shown, clock::now());
    finder.visit_ids(&|queue| queues.contains(queue), &mut |found: Found| {
        match unfit(&found, allowed) {
            Some(reason) => draft.plan.skipped.push(Skipped { id: found.entry.id, reason }),
            None => named.push((found.place.queue().clone(), found.state, Match::of(found))),
        }
        Ok(Flow::More)
    })?;
    let unread = finder.unread.notes().map(|note| format!("not read: {note}"));
    draft.plan.warnings.extend(unread);
    leave_lost(store, &mut named, &mut draft.plan)?;
    // Those of one place together, in the order in which they were named.
    named.sort_by(|a, b| (&a.0, a.1.word()).cmp(&(&b.0, b.1.word())));
    let mut rest = named.into_iter().peekable();
    while let Some((queue, state, found)) = rest.next() {
        draft.begin(&queue, state);
        let mut flow = draft.add(found);
        while let Some((.., found)) = rest.next_if(|next| next.0 == queue && next.1 == state) {
            flow = if flow == Flow::More { draft.add(found) } else { flow };
        }
        draft.end();
        if flow == Flow::Enough {
            break;
        }
    }
    Ok(())
}

/// Leaves those alone that say they wait and stand in no list. Only a few are searched for; of
/// others it turns out once they are walked over.
fn leave_lost(
    store: &mut Store,
    named: &mut Vec<(QueueName, State, Match)>,
    plan: &mut Plan,
) -> Result<()> {
    let waits = |state: &State| *state == State::Queued;
    let waiting = named.iter().filter(|(_, state, _)| waits(state));
    let asked: Vec<(&JobId, &QueueName)> =
        waiting.map(|(queue, _, job)| (&job.id, queue)).collect();
    if asked.len() > SEARCHED {
        return Ok(());
    }
    let mut listed = store.are_listed(&asked)?.into_iter();
    named.retain(|(_, state, job)| {
        let lost = waits(state) && listed.next().flatten() == Some(false);
        if lost {
            let reason = "it stands in no queue: a worker has taken it, or it is lost".to_owned();
            plan.skipped.push(Skipped { id: job.id.clone(), reason });
        }
        !lost
    });
    Ok(())
}

fn unfit(found: &Found, allowed: &[State]) -> Option<String> {
    if allowed.contains(&found.state) {
        return None;
    }
    Some(match found.state {
        State::Started => "it runs; stop it first: jobctl jobs stop".to_owned(),
        state => format!("it is {}", state.word()),
    })
}

/// Adds the jobs that are named by id and stand in no list and no registry: created, held back by
/// a rate limit. Only where nothing but ids selects.
pub(super) fn add_unlisted(
    context: &mut Context,
    chosen: &mut Chosen,
    selection: &Selection,
    queues: &[QueueName],
) -> Result<()> {
    let Chosen { plan, targets, .. } = chosen;
    targets.named.clone_from(&selection.ids);
    let known = |id: &JobId| {
        targets.hold(id) || plan.skipped.first().iter().any(|skipped| skipped.id == *id)
    };
    let rest: Vec<JobId> = selection.ids.iter().filter(|id| !known(id)).cloned().collect();
    if !selection.is_by_place() || !selection.states.is_empty() {
        return Ok(());
    }
    for stored in context.store()?.jobs(&rest, Want::default())?.into_iter().flatten().flatten() {
        let job = stored.job;
        let held =
            matches!(job.status, Status::Created | Status::RateLimited | Status::ReadyToEnqueue);
        let Some(queue) = job.origin.filter(|queue| held && queues.contains(queue)) else {
            continue;
        };
        plan.count += 1;
        plan.by_queue.add(queue.as_str());
        plan.by_status.add(job.status.word());
        targets.unlisted.push(PlannedJob { id: job.id, queue, state: None, spot: None });
    }
    Ok(())
}
