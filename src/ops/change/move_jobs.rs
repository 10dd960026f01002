//! Moves queued jobs to the back of another queue, in their order.

use super::approve::left_undone;
use super::choose::{Chosen, Rule, choose, resolve_ids};
use super::requeue::{Pace, paced, when_there_is_room};
use super::retry::{cap, check_room_in, readers_of, refusal};
use super::walk::Walk;
use super::{Change, Go, How, Item, apply, approve};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::Keys;
use crate::backend::redis::list_removal::{Course, Deed, Taking};
use crate::backend::redis::read::Store;
use crate::backend::redis::requeue::poison_of;
use crate::backend::redis::scripts::Called;
use crate::backend::redis::write::{Hold, Marked};
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::journal::{After, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{Plan, PlannedJob, Verb};
use crate::model::selection::{Selection, State};
use crate::ops::scope::Reach;
use crate::report::change::ChangeReport;

/// What a move takes beyond the flags of every mutation.
#[derive(Debug, Clone, Default)]
pub struct Moving {
    /// The queue to move to, by its short or full name.
    pub to: String,
    /// Make the queue where there is none of that name.
    pub create: bool,
    /// So many a second, waiting while the queue is full.
    pub rate: Option<u32>,
    /// Beyond what Frappe lets wait in a queue.
    pub over_cap: bool,
}

/// Moves the queued jobs of a selection, `typed` ids among them.
///
/// Errors: `NotFound` for a queue that is not there.
pub fn move_jobs(
    context: &mut Context,
    mut selection: Selection,
    typed: &[String],
    options: &Moving,
    how: &How,
) -> Result<ChangeReport> {
    let reach = Reach::read(context)?;
    let to = target_queue(&reach, &options.to, options.create)?;
    let mut plan = Plan::new(Verb::Move, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    let readers = readers_of(context, &reach, std::slice::from_ref(&to))?;
    let obstacle = |id: &JobId, queue: &QueueName| {
        let stays = *queue == to;
        stays.then(|| "it is in that queue".to_owned()).or_else(|| refusal(&readers, &to, id))
    };
    let rule = Rule { obstacle: &obstacle, ..Rule::of(&[State::Queued]) };
    let Chosen { mut plan, targets, .. } = choose(context, plan, &mut selection, &rule, how)?;
    let short = context.target()?.short_name(&to).to_owned();
    plan.to = Some(short.clone());
    if readers.get(&to).is_none_or(|readers| readers.serving == 0) {
        plan.warnings.push(format!("no live worker serves queue `{short}`"));
    }
    let most = cap(context, options.over_cap)?;
    if let (Some(cap), None) = (most, options.rate) {
        let more = plan.count;
        check_room_in(context, &mut plan, &to, more, cap, how)?;
    }
    if approve(context, &plan, how)? == Go::No {
        return Ok(left_undone(plan, how));
    }
    let pace = options.rate.map(Pace::new).transpose()?;
    // From the head, so that their order is kept.
    let walk = Walk::new(targets, Course::FromHead, paced(&plan, pace.as_ref()));
    let mut mover = Mover { keys: context.store()?.keys().clone(), walk: &walk, to, most, pace };
    apply(context, plan, how, None, &mut mover, &mut &walk)
}

/// The queue of that name; a new one only where that is wanted.
///
/// Errors: `NotFound` with the near misses, and how to make one.
pub(super) fn target_queue(reach: &Reach, name: &str, create: bool) -> Result<QueueName> {
    let error = match reach.resolve(name) {
        Err(error) if failure_of(&error).map(Failure::kind) == Some(Kind::NotFound) => error,
        found => return found,
    };
    if create {
        let is_full = name.contains(':') || reach.prefix().is_none();
        let prefix = reach.prefix().filter(|_| !is_full);
        return Ok(QueueName::in_bench(prefix, name));
    }
    Err(match error.downcast::<Failure>() {
        Ok(failure) => failure.hint("--create makes a new queue").into(),
        Err(error) => error,
    })
}

/// Moves jobs.
struct Mover<'w> {
    keys: Keys,
    walk: &'w Walk,
    to: QueueName,
    most: Option<u64>,
    pace: Option<Pace>,
}

impl Change for Mover<'_> {
    type Job = PlannedJob;

    fn id<'j>(&self, job: &'j PlannedJob) -> &'j JobId {
        &job.id
    }

    fn queues(&self, _job: &PlannedJob) -> Vec<QueueName> {
        // A waiting job stands in its list alone.
        Vec::new()
    }

    fn refuses(&self, job: &PlannedJob, standing: &Standing) -> Option<String> {
        if !standing.has_hash() || standing.field(b"data").is_none() {
            return Some("it has expired".to_owned());
        }
        let bad = poison_of(&job.id, standing).into_iter().next()?;
        Some(format!("its field `{}` would make the worker exit that takes it", bad.field))
    }

    fn after(&self, job: &PlannedJob, _standing: &Standing) -> (After, Option<Membership>) {
        let list = job.spot.as_ref().map(|spot| Membership::List {
            key: self.keys.queue(&job.queue).into_bytes(),
            order: spot.order,
            follows: spot.follows.as_ref().map(|id| id.as_bytes().to_vec()),
        });
        (After::InList { queue: self.to.clone() }, list)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, PlannedJob>],
    ) -> Result<Vec<Called>> {
        let hold = Hold::Nothing;
        let marked: Vec<Marked<'_>> = items
            .iter()
            .map(|item| Marked {
                number: item.number,
                id: &item.job.id,
                queue: &item.job.queue,
                hold: &hold,
                standing: item.standing,
            })
            .collect();
        let deed = Deed::Move { to: self.to.clone(), most: self.most };
        let mut change = |jobs: &[Marked<'_>]| {
            let jobs: Vec<Taking> =
                jobs.iter().map(|job| Taking::of(&self.keys, &deed, job)).collect();
            self.walk.take(store, op, &deed, &jobs)
        };
        let called = change(&marked)?;
        let called = when_there_is_room(self.pace.as_ref(), &marked, called, change)?;
        if let Some(pace) = &mut self.pace {
            pace.keep(items.len());
        }
        Ok(called)
    }
}
