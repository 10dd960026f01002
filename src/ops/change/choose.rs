//! Chooses the jobs of a selection for a change: how many, of which kind, what they weigh.
//!
//! Made for long queues: the plan counts jobs and keeps a fingerprint of each id, and the walk that
//! carries it out finds them again ([`super::walk`]).

mod draft;
mod fields;
mod named;

use super::How;
use crate::backend::redis::images::Standing;
use crate::backend::redis::read::{Place, Store};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::{After, JobImage};
use crate::model::id::{JobId, QueueName};
use crate::model::id_set::IdSet;
use crate::model::plan::{Plan, PlannedJob, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::scope;
use crate::sys::clock;
use draft::{Draft, Match};
use named::{add_unlisted, leave_unknown, visit_named};

pub use named::resolve_ids;

/// Jobs of the sample that are shown.
const SHOWN: usize = 5;

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
    let named = !selection.ids.is_empty();
    let mut plan = plan;
    let origins = leave_unknown(context, selection, &mut plan)?;
    let queues = if !selection.queues.is_empty() {
        selection.queues.clone()
    } else if named {
        scope::all_queues_and(context, origins)?
    } else if selection.states.contains(&State::Deferred) {
        let (queues, lack) = scope::all_queues_and_deferred(context)?;
        plan.warnings.extend(lack.map(|lack| format!("not read: unlisted queues: {lack}")));
        queues
    } else {
        scope::all_queues(context)?
    };
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
pub(super) fn bytes_to_journal(
    context: &mut Context,
    sample: &[&PlannedJob],
    count: u64,
) -> Result<u64> {
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
