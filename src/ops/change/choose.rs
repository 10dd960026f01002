//! Chooses the jobs of a selection for a change: who they are, where they stand, what they weigh.

use std::collections::{BTreeMap, HashSet};

use super::How;
use crate::backend::redis::images::Standing;
use crate::backend::redis::read::{Place, Want};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::JobImage;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::model::plan::{ListSpot, Plan, PlannedJob, Skipped, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::{jobs::lookup, scope};
use crate::sys::clock;

/// Jobs that stand in a plan's sample, and whose size is measured.
const SAMPLE: usize = 64;
/// Jobs of the sample that are shown.
const SHOWN: usize = 5;
/// Elements of a list asked for in one turn.
const PAGE: usize = 1_000;

/// A plan and its jobs.
#[derive(Debug)]
pub struct Chosen {
    /// The plan.
    pub plan: Plan,
    /// The jobs, in the order of their queues.
    pub jobs: Vec<PlannedJob>,
}

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
        let names: Vec<String> = typed.iter().map(|id| format!("`{id}`")).collect();
        return Err(Failure::new(Kind::NotFound, format!("cannot find job {}", names.join(", ")))
            .hint("jobctl jobs list shows the jobs that there are")
            .into());
    }
    Ok(ids)
}

/// Chooses the jobs of `selection` that are in one of the `allowed` states.
///
/// Errors: `Usage` where the selection asks for another state.
pub fn choose(
    context: &mut Context,
    plan: Plan,
    selection: &mut Selection,
    allowed: &[State],
    how: &How,
) -> Result<Chosen> {
    choose_unless(context, plan, selection, allowed, how, &|_| None)
}

/// The same without the jobs that `obstacle` gives a reason against.
pub(super) fn choose_unless(
    context: &mut Context,
    mut plan: Plan,
    selection: &mut Selection,
    allowed: &[State],
    how: &How,
    obstacle: &dyn Fn(&Found) -> Option<String>,
) -> Result<Chosen> {
    check_states(plan.kind, selection, allowed)?;
    let queues = if selection.queues.is_empty() {
        scope::all_queues(context)?
    } else {
        selection.queues.clone()
    };
    let named = !selection.ids.is_empty();
    if !named && selection.states.is_empty() {
        selection.states = allowed.to_vec();
    }
    let limit = how.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let (_, store) = context.parts()?;
    let shown = Shown { headline: true, failure: false };
    let mut finder = Finder::new(store, selection, shown, clock::now());
    let mut jobs: Vec<PlannedJob> = Vec::new();
    let mut seen: HashSet<JobId> = HashSet::new();
    let mut cut = false;
    let mut visit = |found: Found| -> Result<Flow> {
        // A job may linger in a second registry; it is changed once.
        if !seen.insert(found.entry.id.clone()) {
            return Ok(Flow::More);
        }
        if let Some(reason) = unfit(&found, allowed).or_else(|| obstacle(&found)) {
            plan.skipped.push(Skipped { id: found.entry.id, reason });
            return Ok(Flow::More);
        }
        if jobs.len() == limit {
            cut = true;
            return Ok(Flow::Enough);
        }
        count(&mut plan, &found);
        let spot = found.index.filter(|_| found.state == State::Queued);
        jobs.push(PlannedJob {
            queue: found.place.queue().clone(),
            state: Some(found.state),
            spot: spot.map(|index| ListSpot { index, ..ListSpot::default() }),
            id: found.entry.id,
        });
        Ok(Flow::More)
    };
    if named {
        finder.visit_ids(&|queue| queues.contains(queue), &mut visit)?;
    } else {
        finder.visit(&queues, &mut visit)?;
    }
    plan.warnings.extend(finder.unread.notes().map(|note| format!("not read: {note}")));
    plan.limit = how.limit.filter(|_| cut);
    if named {
        add_unlisted(context, &mut plan, selection, &queues, &seen, &mut jobs)?;
        find_spots(context, &mut plan, &mut jobs)?;
    }
    mark_what_stays(context, &mut jobs)?;
    plan.sample = jobs.iter().take(SHOWN).map(|job| job.id.clone()).collect();
    plan.count = jobs.len() as u64;
    if !how.no_undo {
        plan.bytes_to_journal = Some(weigh(context, &jobs)?);
    }
    Ok(Chosen { plan, jobs })
}

fn check_states(verb: Verb, selection: &Selection, allowed: &[State]) -> Result<()> {
    let Some(other) = selection.states.iter().find(|state| !allowed.contains(state)) else {
        return Ok(());
    };
    let names: Vec<&str> = allowed.iter().map(|state| state.word()).collect();
    let failure = Failure::new(
        Kind::Usage,
        format!("cannot {} {} jobs, only {}", verb.word(), other.word(), names.join(", ")),
    );
    Err(match other {
        State::Started => failure.hint("a running job has to be stopped first: jobctl jobs stop"),
        _ => failure,
    }
    .into())
}

fn unfit(found: &Found, allowed: &[State]) -> Option<String> {
    if matches!(found.place, Place::Intermediate(_)) {
        return Some("a worker has taken it".to_owned());
    }
    if allowed.contains(&found.state) {
        return None;
    }
    Some(match found.state {
        State::Started => "it runs; stop it first: jobctl jobs stop".to_owned(),
        state => format!("it is {}", state.word()),
    })
}

fn count(plan: &mut Plan, found: &Found) {
    plan.by_queue.add(found.place.queue().as_str());
    plan.by_status.add(found.state.word());
    if let Some(site) = found.site() {
        plan.by_site.add(site);
    }
    let method = found.headline.as_ref().map(|headline| headline.method.as_ref());
    plan.by_method.add(method.unwrap_or("(unreadable)"));
}

/// Adds the jobs that are named by id and stand in no list and no registry: created, held back by
/// a rate limit. Only where nothing but ids selects.
fn add_unlisted(
    context: &mut Context,
    plan: &mut Plan,
    selection: &Selection,
    queues: &[QueueName],
    seen: &HashSet<JobId>,
    jobs: &mut Vec<PlannedJob>,
) -> Result<()> {
    let rest: Vec<JobId> = selection.ids.iter().filter(|id| !seen.contains(id)).cloned().collect();
    if !selection.is_by_place() || !selection.states.is_empty() || rest.is_empty() {
        return Ok(());
    }
    for stored in context.store()?.jobs(&rest, Want::default())?.into_iter().flatten().flatten() {
        let job = stored.job;
        let held =
            matches!(job.status, Status::Created | Status::RateLimited | Status::ReadyToEnqueue);
        let Some(queue) = job.origin.filter(|queue| held && queues.contains(queue)) else {
            continue;
        };
        plan.by_queue.add(queue.as_str());
        plan.by_status.add(job.status.word());
        jobs.push(PlannedJob { id: job.id, queue, state: None, spot: None });
    }
    Ok(())
}

/// Finds where jobs stand that were named by id. One that its list does not hold is left alone.
fn find_spots(context: &mut Context, plan: &mut Plan, jobs: &mut Vec<PlannedJob>) -> Result<()> {
    let queued: Vec<(&JobId, &QueueName)> = jobs
        .iter()
        .filter(|job| job.state == Some(State::Queued))
        .map(|job| (&job.id, &job.queue))
        .collect();
    let mut spots = context.store()?.positions(&queued)?.into_iter();
    jobs.retain_mut(|job| {
        if job.state != Some(State::Queued) {
            return true;
        }
        let found = spots.next().flatten();
        job.spot = found.map(|(index, length)| ListSpot { index, length, ..ListSpot::default() });
        if found.is_none() {
            let reason = "it stands in no queue: a worker has taken it, or it is lost".to_owned();
            plan.skipped.push(Skipped { id: job.id.clone(), reason });
        }
        found.is_some()
    });
    Ok(())
}

/// Notes for each queued job how long its list is, and the next id behind it that stays: a job
/// that is put back later goes before that one.
fn mark_what_stays(context: &mut Context, jobs: &mut [PlannedJob]) -> Result<()> {
    let planned: HashSet<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
    let mut lists: BTreeMap<QueueName, Vec<(u64, usize)>> = BTreeMap::new();
    for (at, job) in jobs.iter().enumerate() {
        if let Some(spot) = &job.spot {
            lists.entry(job.queue.clone()).or_default().push((spot.index, at));
        }
    }
    let store = context.store()?;
    for (queue, mut spots) in lists {
        spots.sort_unstable();
        let length = store.counts(std::slice::from_ref(&queue))?.pop();
        let length = length.and_then(|(counts, _)| counts.queued).unwrap_or(0);
        // Neighbours in the list share the one behind the last of them.
        let ends: Vec<u64> = spots
            .iter()
            .zip(spots.iter().skip(1).map(Some).chain([None]))
            .filter(|((index, _), next)| next.is_none_or(|(next, _)| *next != index + 1))
            .map(|((index, _), _)| index + 1)
            .collect();
        let mut staying = Vec::with_capacity(ends.len());
        for page in ends.chunks(PAGE) {
            staying.extend(store.ids_at(&queue, page)?);
        }
        let mut runs = ends.into_iter().zip(staying).peekable();
        for (ahead, (index, at)) in (0..).zip(spots) {
            while runs.next_if(|(end, _)| *end <= index).is_some() {}
            let before = runs.peek().and_then(|(_, id)| id.clone());
            let spot = jobs.get_mut(at).and_then(|job| job.spot.as_mut());
            if let Some(spot) = spot {
                // The list moved meanwhile if one of the planned stands there.
                spot.before = before.filter(|id| !planned.contains(id));
                (spot.length, spot.ahead) = (length, ahead);
            }
        }
    }
    Ok(())
}

/// About how many bytes the images of `jobs` take, by a sample.
pub(super) fn weigh(context: &mut Context, jobs: &[PlannedJob]) -> Result<u64> {
    let step = jobs.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&PlannedJob> = jobs.iter().step_by(step).collect();
    let asked: Vec<(&JobId, &[QueueName])> =
        sample.iter().map(|job| (&job.id, std::slice::from_ref(&job.queue))).collect();
    let standings = context.store()?.standings(&asked)?;
    let sizes: Vec<u64> = standings.into_iter().flatten().map(size_of).collect();
    let sum: u64 = sizes.iter().sum();
    Ok(sum.checked_div(sizes.len() as u64).unwrap_or(0).saturating_mul(jobs.len() as u64) + 512)
}

fn size_of(standing: Standing) -> u64 {
    let image = JobImage {
        id: Vec::new(),
        after: crate::journal::After::Gone,
        memberships: standing.memberships,
        keys: standing.keys,
    };
    image.size() as u64 + 64
}
