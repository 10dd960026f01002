//! What a look at the present says for a history.

use crate::model::history::{QueueSample, Sample};
use crate::model::job::seconds_between;
use crate::model::worker::Alive;
use crate::ops::doctor::Facts;

/// Queues of a sample; more of them nobody looks at one by one.
const MOST_QUEUES: usize = 500;

/// A sample of what was read; `None` during an outage.
pub(super) fn sample(facts: &Facts<'_>) -> Option<Sample> {
    let survey = facts.survey.ok()?;
    let workers_read = survey.workers.is_ok();
    let living = || facts.workers().filter(|member| member.liveness.alive != Alive::No);
    let busy = living().filter(|member| member.worker.is_busy()).count() as u64;
    let all = living().count() as u64;
    let queues = facts.queues().iter().take(MOST_QUEUES).map(|queue| {
        let age = queue.waiting.oldest_at.and_then(|at| seconds_between(at, facts.now));
        let oldest = age.or((queue.counts.queued == Some(0)).then_some(0.0));
        let counts = queue.counts;
        QueueSample {
            queue: facts.short(&queue.name).to_owned(),
            queued: counts.queued,
            started: counts.started,
            finished: counts.finished,
            failed: counts.failed,
            scheduled: counts.scheduled,
            deferred: counts.deferred,
            oldest_s: oldest.map(whole),
            workers: workers_read.then(|| facts.serving(&queue.name).count() as u64),
        }
    });
    Some(Sample {
        at: facts.now,
        redis_memory: survey.server.as_ref().ok().and_then(|server| server.used_memory),
        busy: workers_read.then_some(busy),
        idle: workers_read.then_some(all - busy),
        queues: queues.collect(),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates: below nothing and NaN become 0"
)]
fn whole(seconds: f64) -> u64 {
    seconds as u64
}
