//! Suspends all workers of a Redis database, and lets them go on.
//!
//! RQ knows one switch per database (per key prefix from 3.0 on), so whoever shares it is suspended
//! as well; that has to be said with `--whole-redis`.

use std::time::Duration;

use super::apply::{Change, Item};
use super::{Go, How, apply, approve};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::Key;
use crate::backend::redis::read::Store;
use crate::backend::redis::scripts::Called;
use crate::backend::redis::suspension::Suspending;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::journal::{After, KeyImage, KeyValue, Membership, OpId};
use crate::model::id::{JobId, QueueName};
use crate::model::part::Part;
use crate::model::plan::{Plan, Verb};
use crate::model::worker::Alive;
use crate::ops::scope::Reach;
use crate::report::change::ChangeReport;
use crate::sys::clock;

/// Suspends the workers for `time`; extends, or shortens, a suspension that holds.
///
/// Errors: `Refused` while others share the Redis database, unless `whole_redis`.
pub fn suspend(
    context: &mut Context,
    time: Duration,
    whole_redis: bool,
    how: &How,
) -> Result<ChangeReport> {
    let now = clock::now();
    let Switch { plan, workers, seen } = plan(context, Verb::Suspend, whole_redis, how)?;
    let until = now.checked_add(time).map_err(|error| {
        Failure::new(Kind::Usage, "cannot suspend workers for that long").because(error)
    })?;
    let time_shown = human::age(time.as_secs_f64());
    let what = match &seen {
        None => format!("suspended for {time_shown}: {workers}"),
        Some(former) => format!(
            "suspended for {time_shown} from now, before it was {}: {workers}",
            lifetime(former)
        ),
    };
    let becomes = Some((format!("jobctl {now}").into_bytes(), time));
    let change = Switching { key: context.store()?.keys().suspended(), seen, becomes };
    let mut report = switch(context, plan, change, how, &what)?;
    report.suspended_until = Some(until);
    Ok(report)
}

/// Lets the workers go on. Nothing is done where they are not suspended.
///
/// Errors: as [`suspend`].
pub fn resume(context: &mut Context, whole_redis: bool, how: &How) -> Result<ChangeReport> {
    let Switch { mut plan, workers, seen } = plan(context, Verb::Resume, whole_redis, how)?;
    let what = match &seen {
        None => {
            plan.count = 0;
            "the workers are not suspended".to_owned()
        }
        Some(former) => format!("resumed: {workers}; the suspension was {}", lifetime(former)),
    };
    let change = Switching { key: context.store()?.keys().suspended(), seen, becomes: None };
    switch(context, plan, change, how, &what)
}

/// What is about to be switched.
struct Switch {
    plan: Plan,
    /// The workers concerned, in words.
    workers: String,
    /// How the key is now.
    seen: Option<KeyImage>,
}

fn plan(context: &mut Context, verb: Verb, whole_redis: bool, how: &How) -> Result<Switch> {
    let reach = Reach::read(context)?;
    if !whole_redis && let Some(who) = others(&reach) {
        return Err(Failure::new(
            Kind::Refused,
            format!(
                "will not {} the workers: others share this Redis database: {who}",
                verb.word()
            ),
        )
        .hint("RQ knows one switch for all of them; --whole-redis uses it")
        .into());
    }
    let mut plan = Plan::new(verb, how.explicit);
    let alive = reach.inventory.workers().iter();
    let alive = alive.filter(|worker| reach.liveness(worker).alive != Alive::No).count();
    // Also without workers there is a switch: it holds for those that start.
    plan.count = (alive as u64).max(1);
    let idle = reach
        .inventory
        .workers()
        .iter()
        .filter(|worker| reach.liveness(worker).alive != Alive::No && !worker.is_busy());
    let idle = idle.count() as u64;
    if verb == Verb::Suspend && idle > 0 {
        plan.warnings.push(format!(
            "{} for a job in Redis and may still take one: a suspension is seen after that, or \
             after a wait of up to 405 seconds",
            if idle == 1 {
                "1 idle worker waits".to_owned()
            } else {
                format!("{idle} idle workers wait")
            }
        ));
    }
    plan.bytes_to_journal = (!how.no_undo).then_some(512);
    let workers = match alive {
        0 => "no worker lives, it holds for those to come".to_owned(),
        _ => human::counted(alive as u64, "worker"),
    };
    let key = context.store()?.keys().suspended();
    let seen = context.store()?.text_key(&key)?.map_err(|lack| {
        let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
        Failure::new(Kind::Refused, format!("cannot read `{key}`: {lack}"))
    })?;
    Ok(Switch { plan, workers, seen })
}

/// Who else shares the database, in a few words.
fn others(reach: &Reach) -> Option<String> {
    let inventory = &reach.inventory;
    let ours = reach.prefix();
    let mut parties: Vec<String> = inventory
        .prefixes()
        .into_iter()
        .filter(|prefix| Some(*prefix) != ours)
        .map(|prefix| format!("`{prefix}`"))
        .collect();
    // Plain RQ has no prefix of its own: a single one may be all that there is.
    let plain = inventory.known().iter().any(|queue| queue.prefix().is_none());
    if ours.is_none() && parties.len() == 1 && !plain {
        parties.clear();
    }
    let strangers = inventory.workers().iter().filter(|w| reach.is_foreign(w) == Some(true));
    let strangers = strangers.count() as u64;
    match (parties.is_empty(), strangers) {
        (true, 0) => None,
        (true, _) => Some(human::counted(strangers, "worker")),
        (false, 0) => Some(format!("queues of {}", parties.join(", "))),
        (false, _) => {
            let workers = human::counted(strangers, "worker");
            Some(format!("queues of {}, {workers}", parties.join(", ")))
        }
    }
}

fn lifetime(former: &KeyImage) -> String {
    former.ttl_ms.map_or_else(
        || "without an end".to_owned(),
        |ms| format!("for another {}", human::age(ms as f64 / 1000.0)),
    )
}

fn switch(
    context: &mut Context,
    plan: Plan,
    mut change: Switching,
    how: &How,
    what: &str,
) -> Result<ChangeReport> {
    let go = approve(context, &plan, how)?;
    let count = plan.count;
    if go == Go::No {
        let mut report = ChangeReport::of(plan, how.dry_run);
        let tail = if count > 0 { "; nothing was changed" } else { "" };
        let head = if count > 0 { "would be " } else { "" };
        report.headline = Some(format!("{head}{what}{tail}"));
        return Ok(report);
    }
    let mut batches = std::iter::once(Ok(vec![JobId::new("suspended")]));
    let mut report = apply(context, plan, how, None, &mut change, &mut batches)?;
    if report.changed > 0 {
        report.changed = count;
        report.headline = Some(what.to_owned());
    }
    Ok(report)
}

/// Turns the switch.
struct Switching {
    key: Key,
    seen: Option<KeyImage>,
    /// The value and for how long; `None` to let the workers go on.
    ///
    /// RQ looks at nothing but whether the key is there, so the value can be one of this operation
    /// alone: its undo tells by it whether somebody else has suspended the workers since.
    becomes: Option<(Vec<u8>, Duration)>,
}

impl Change for Switching {
    type Job = JobId;

    fn id<'j>(&self, job: &'j JobId) -> &'j JobId {
        job
    }

    fn queues(&self, _job: &JobId) -> Vec<QueueName> {
        Vec::new()
    }

    fn standings(&self, _store: &mut Store, _jobs: &[JobId]) -> Result<Vec<Part<Standing>>> {
        let keys = self.seen.iter().cloned().collect();
        Ok(vec![Ok(Standing { keys, memberships: Vec::new() })])
    }

    fn refuses(&self, _job: &JobId, _standing: &Standing) -> Option<String> {
        None
    }

    fn after(&self, _job: &JobId, _standing: &Standing) -> (After, Option<Membership>) {
        let value = self.becomes.as_ref().map(|(value, _)| value.clone());
        (After::Key { key: self.key.as_bytes().to_vec(), value }, None)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, JobId>],
    ) -> Result<Vec<Called>> {
        let seen = self.seen.as_ref().and_then(|image| match &image.value {
            KeyValue::String(text) => Some(text.as_slice()),
            _ => None,
        });
        let ms = |time: &Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
        let becomes = self.becomes.as_ref().map(|(value, time)| (value.as_slice(), ms(time)));
        let number = items.first().map_or(0, |item| item.number);
        store.suspend(op, number, Suspending { seen, becomes })
    }
}
