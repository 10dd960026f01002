//! One turn with Redis, and what is done where the connection is lost in it.

use super::{Change, Item};
use crate::backend::redis::images::Standing;
use crate::backend::redis::read::Store;
use crate::backend::redis::scripts::{Called, Code};
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::journal::OpId;
use crate::model::id::{JobId, QueueName};
use crate::model::part::Part;

/// Runs the scripts on a batch; returns a code per job, and what refused some of them.
pub(super) fn change<C: Change>(
    op: &OpId,
    context: &mut Context,
    change: &mut C,
    items: &[Item<'_, C::Job>],
) -> Result<(Vec<Code>, Option<anyhow::Error>)> {
    let called = context.store().and_then(|store| change.act(store, op, items));
    let called = match called {
        Ok(called) => called,
        Err(error) if is_lost(&error) => change_again(op, context, change, items, error)?,
        Err(error) => return Err(error),
    };
    let Some(refusal) = called.iter().find_map(|called| called.as_ref().err()).cloned() else {
        return Ok((called.into_iter().flatten().collect(), None));
    };
    // A refusal may come in the middle of a script: only the receipt tells.
    let receipts = context.store()?.receipts(op)?;
    let codes = called.iter().zip(items).map(|(called, item)| match called {
        Ok(code) => *code,
        Err(_) if receipts.contains(&item.number) => Code::Done,
        Err(_) => Code::Changed,
    });
    let failure = context.store()?.link().refused("change jobs", &refusal);
    Ok((codes.collect(), Some(failure.into())))
}

/// After a lost connection: what the receipts have was done, the rest is tried once more.
fn change_again<C: Change>(
    op: &OpId,
    context: &mut Context,
    change: &mut C,
    items: &[Item<'_, C::Job>],
    error: anyhow::Error,
) -> Result<Vec<Called>> {
    context.disconnect();
    let receipts = context.store().and_then(|store| store.receipts(op));
    let Ok(receipts) = receipts else { return Err(error) };
    let rest: Vec<Item<'_, C::Job>> = items
        .iter()
        .filter(|item| !receipts.contains(&item.number))
        .map(|item| Item { number: item.number, job: item.job, standing: item.standing })
        .collect();
    let store = context.store()?;
    let mut again = change.act(store, op, &rest)?.into_iter();
    // The lost connection's commands may have run as late as during this turn.
    let receipts = store.receipts(op)?;
    Ok(items
        .iter()
        .map(|item| {
            let retried = rest.iter().any(|other| other.number == item.number);
            let called = if retried { again.next() } else { None };
            match called {
                _ if receipts.contains(&item.number) => Ok(Code::Done),
                Some(called) => called,
                None => Ok(Code::Done),
            }
        })
        .collect())
}

/// Runs a read, or a write that may be repeated, and once more on a new connection where the first
/// is lost.
pub(super) fn reconnecting<T>(
    context: &mut Context,
    mut run: impl FnMut(&mut Store) -> Result<T>,
) -> Result<T> {
    match context.store().and_then(&mut run) {
        Err(error) if is_lost(&error) => {
            context.disconnect();
            context.store().and_then(run)
        }
        result => result,
    }
}

fn is_lost(error: &anyhow::Error) -> bool {
    matches!(failure_of(error).map(Failure::kind), Some(Kind::Unreachable | Kind::TryAgain))
}

/// Reads jobs with the sets of the queues that the change names.
pub(in crate::ops::change) fn standings_of<C: Change>(
    store: &mut Store,
    change: &C,
    jobs: &[C::Job],
) -> Result<Vec<Part<Standing>>> {
    let queues: Vec<Vec<QueueName>> = jobs.iter().map(|job| change.queues(job)).collect();
    let asked: Vec<(&JobId, &[QueueName])> =
        jobs.iter().zip(&queues).map(|(job, queues)| (change.id(job), queues.as_slice())).collect();
    store.standings(&asked)
}
