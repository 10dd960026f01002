//! Which queues are meant, and whether they are the right ones.

use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::QueueName;
use crate::nearby;

/// Every queue of the target's scope, configured ones first.
pub fn all_queues(context: &mut Context) -> Result<Vec<QueueName>> {
    let (target, store) = context.parts()?;
    let scope = super::doctor::survey_scope(target, false);
    let known = store.all_queue_names()?.map_err(|lack| {
        Failure::new(Kind::Refused, format!("cannot tell which queues there are: {lack}"))
    })?;
    let mut queues = scope.configured.clone();
    let more = known.into_iter().filter(|queue| scope.covers(queue));
    queues.extend(more.filter(|queue| !scope.configured.contains(queue)));
    Ok(queues)
}

/// What must be said when the bench's prefix is not the one in Redis: then nothing that was read
/// means anything, and the outcome is UNKNOWN. Empty where all is well.
pub fn prefix_notes(context: &mut Context) -> Result<Vec<String>> {
    let (target, store) = context.parts()?;
    let Some(prefix) = target.prefix() else { return Ok(Vec::new()) };
    let Ok(known) = store.all_queue_names()? else { return Ok(Vec::new()) };
    let mut others: Vec<&str> = known.iter().filter_map(QueueName::prefix).collect();
    others.dedup();
    if others.is_empty() || others.contains(&prefix.as_str()) {
        return Ok(Vec::new());
    }
    let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    Ok(vec![format!(
        "UNKNOWN: no queue and no worker in this Redis has the bench's prefix `{prefix}`; there are {}",
        names.join(", ")
    )])
}

/// The queues that `names` mean, short or full; none named means none selected.
///
/// Errors: `NotFound` with the near misses; `Usage` where a short name fits several prefixes.
pub fn queues(context: &mut Context, names: &[String]) -> Result<Vec<QueueName>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let all = all_queues(context)?;
    let mut chosen: Vec<QueueName> = Vec::new();
    for name in names {
        let queue = one_queue(&all, name)?;
        if !chosen.contains(&queue) {
            chosen.push(queue);
        }
    }
    Ok(chosen)
}

fn one_queue(all: &[QueueName], name: &str) -> Result<QueueName> {
    if let Some(queue) = all.iter().find(|queue| queue.as_str() == name) {
        return Ok(queue.clone());
    }
    let fitting: Vec<&QueueName> = all.iter().filter(|queue| queue.short() == name).collect();
    match fitting.as_slice() {
        [queue] => Ok((*queue).clone()),
        [] => {
            let failure = Failure::new(Kind::NotFound, format!("cannot find queue `{name}`"));
            Err(nearby::hint(failure, name, all.iter().map(QueueName::short)).into())
        }
        several => {
            let names: Vec<String> = several.iter().map(|queue| format!("`{queue}`")).collect();
            Err(Failure::new(
                Kind::Usage,
                format!("queue `{name}` may be one of {}", names.join(", ")),
            )
            .hint("give the whole name")
            .into())
        }
    }
}
