//! Chooses the jobs of a selection for a change: how many, of which kind, what they weigh.
//!
//! Made for long queues: the plan counts jobs and keeps a fingerprint of each id, and the walk that
//! carries it out finds them again ([`super::walk`]).

mod draft;
mod fields;

use std::collections::HashSet;

use super::How;
use crate::backend::redis::images::Standing;
use crate::backend::redis::read::{Place, Store, Want};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::{After, JobImage};
use crate::model::id::{JobId, QueueName};
use crate::model::id_set::IdSet;
use crate::model::job::Status;
use crate::model::plan::{Plan, PlannedJob, Skipped, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::{jobs::lookup, scope};
use crate::sys::clock;
use draft::{Draft, Match};

/// Jobs of the sample that are shown.
const SHOWN: usize = 5;

/// Named jobs that are looked for in their lists while the plan is made: each costs a search.
const SEARCHED: usize = 64;

/// Planned ids in one place.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) state: State,
    pub(super) ids: IdSet,
}

/// Planned jobs.
#[derive(Debug, Default)]
pub(super) struct Targets {
    /// Those that stand somewhere, in the order of the queues.
    pub(super) places: Vec<Target>,
    /// Those that stand nowhere: created, held back by a rate limit.
    pub(super) unlisted: Vec<PlannedJob>,
    /// The ids by which jobs were named.
    pub(super) named: Vec<JobId>,
}

impl Targets {
    /// Whether a job is planned.
    pub(super) fn hold(&self, id: &JobId) -> bool {
        self.places.iter().any(|target| target.ids.position(id.as_bytes()).is_some())
            || self.unlisted.iter().any(|job| job.id == *id)
    }
}

/// A plan and its jobs.
#[derive(Debug)]
pub(super) struct Chosen {
    pub(super) plan: Plan,
    pub(super) targets: Targets,
    /// Sites of planned jobs that a scheduler enqueued under their fixed ids.
    pub(super) fixed_sites: Vec<String>,
}

/// Why a job of that id in that queue is not to be changed.
pub(super) type Obstacle<'o> = dyn Fn(&JobId, &QueueName) -> Option<String> + 'o;

/// Which of the jobs that match a verb takes.
pub(super) struct Rule<'o> {
    /// The states that it knows; also those that it takes where none is asked for.
    pub(super) allowed: &'o [State],
    /// Leaves the so many newest of each queue and state.
    pub(super) keep_newest: usize,
    pub(super) obstacle: &'o Obstacle<'o>,
}

impl<'o> Rule<'o> {
    /// Takes every job in one of these states.
    pub(super) fn of(allowed: &'o [State]) -> Self {
        Self { allowed, keep_newest: 0, obstacle: &|_, _| None }
    }
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

/// Chooses the jobs of `selection` that `rule` takes.
///
/// Cost: for jobs in lists one pipelined reading of four fields of those that may match, for
/// registries what `jobs list` costs. Memory: sixteen bytes per job, beside those that
/// `keep_newest` leaves.
///
/// Errors: `Usage` where the selection asks for a state that the verb does not know, or for a site
/// that stands in several benches.
pub(super) fn choose(
    context: &mut Context,
    plan: Plan,
    selection: &mut Selection,
    rule: &Rule<'_>,
    how: &How,
) -> Result<Chosen> {
    check_states(plan.kind, selection, rule.allowed)?;
    let queues = if selection.queues.is_empty() {
        scope::all_queues(context)?
    } else {
        selection.queues.clone()
    };
    let named = !selection.ids.is_empty();
    if !named && selection.states.is_empty() {
        selection.states = rule.allowed.to_vec();
    }
    let (_, store) = context.parts()?;
    let mut draft = Draft::new(plan, rule, how);
    if named {
        visit_named(store, &queues, selection, rule.allowed, &mut draft)?;
    } else {
        visit_places(store, &queues, selection, &mut draft)?;
    }
    let sample = draft.sample();
    let mut chosen = draft.finish();
    if context.target()?.bench.is_none() && selection.sites.is_some() && selection.queues.is_empty()
    {
        draft::check_one_bench(&chosen.targets)?;
    }
    if named {
        add_unlisted(context, &mut chosen, selection, &queues)?;
    }
    let plan = &mut chosen.plan;
    plan.sample = sample.iter().take(SHOWN).map(|job| job.id.clone()).collect();
    plan.sample.extend(chosen.targets.unlisted.iter().take(SHOWN).map(|job| job.id.clone()));
    plan.to_type = whole_queue(selection, rule, how);
    if !how.no_undo {
        let sample: Vec<&PlannedJob> = sample.iter().chain(&chosen.targets.unlisted).collect();
        plan.bytes_to_journal = Some(bytes_to_journal(context, &sample, plan.count)?);
    }
    Ok(chosen)
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

/// The place where jobs of a state stand.
fn place_of(queue: &QueueName, state: State) -> Place {
    state.registry().map_or_else(
        || Place::Queue(queue.clone()),
        |registry| Place::Registry(registry, queue.clone()),
    )
}

fn visit_places(
    store: &mut Store,
    queues: &[QueueName],
    selection: &Selection,
    draft: &mut Draft<'_>,
) -> Result<()> {
    for queue in queues {
        for state in selection.wanted_states() {
            if draft.is_full() {
                return Ok(());
            }
            draft.begin(queue, state);
            if state == State::Queued && fields::suffice(selection) {
                fields::visit_list(store, queue, selection, draft)?;
            } else {
                visit_place(store, queue, state, selection, draft)?;
            }
            draft.end();
        }
    }
    Ok(())
}

/// Visits a place with everything that the selection language knows.
fn visit_place(
    store: &mut Store,
    queue: &QueueName,
    state: State,
    selection: &Selection,
    draft: &mut Draft<'_>,
) -> Result<()> {
    let shown = Shown { headline: true, failure: false };
    let mut finder = Finder::new(store, selection, shown, clock::now());
    let mut visit = |found: Found| -> Result<Flow> {
        // A failed registry holds stopped jobs, too.
        if found.state != state {
            return Ok(Flow::More);
        }
        Ok(draft.add(Match::of(found)))
    };
    finder.visit_place(&place_of(queue, state), &mut visit)?;
    let unread = finder.unread.notes().map(|note| format!("not read: {note}"));
    draft.plan.warnings.extend(unread);
    Ok(())
}

/// Takes jobs that are named by their ids, where their hashes say that they stand.
fn visit_named(
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
fn add_unlisted(
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

/// The name to type where all of one queue goes.
fn whole_queue(selection: &Selection, rule: &Rule<'_>, how: &How) -> Option<String> {
    let [queue] = selection.queues.as_slice() else { return None };
    let whole = selection.is_by_place()
        && selection.sites.is_none()
        && selection.ids.is_empty()
        && how.limit.is_none()
        && rule.keep_newest == 0;
    whole.then(|| queue.short().to_owned())
}

/// About how many bytes the images of `count` jobs take, by a sample.
fn bytes_to_journal(context: &mut Context, sample: &[&PlannedJob], count: u64) -> Result<u64> {
    let asked: Vec<(&JobId, &[QueueName])> =
        sample.iter().map(|job| (&job.id, std::slice::from_ref(&job.queue))).collect();
    let standings = context.store()?.standings(&asked)?;
    let sizes: Vec<u64> = standings.into_iter().flatten().map(size_of).collect();
    let sum: u64 = sizes.iter().sum();
    Ok(sum.checked_div(sizes.len() as u64).unwrap_or(0).saturating_mul(count) + 512)
}

fn size_of(standing: Standing) -> u64 {
    let image = JobImage {
        id: Vec::new(),
        after: After::Gone,
        memberships: standing.memberships,
        keys: standing.keys,
    };
    image.size() as u64 + 64
}
