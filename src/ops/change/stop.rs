//! Stops running jobs through their workers, and waits for the outcome. Cannot be undone.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::apply::audit;
use super::choose::{Chosen, Rule, choose, resolve_ids};
use super::walk::all_of;
use super::{Go, How, approve};
use crate::backend::redis::read::Want;
use crate::backend::redis::stop::StopSent;
use crate::context::Context;
use crate::error::Result;
use crate::journal::Ending;
use crate::model::id::JobId;
use crate::model::job::Status;
use crate::model::plan::{Plan, PlannedJob, Verb};
use crate::model::selection::{Selection, State};
use crate::model::worker::{Alive, Worker};
use crate::ops::scope::Reach;
use crate::report::stop::{StopReport, Stopping, Turn};
use crate::sys::signals::Interrupts;

/// Between two looks at the jobs that are being stopped.
const PAUSE: Duration = Duration::from_millis(50);

/// Seconds that the key of a busy worker that forks lives at most, with some more for one that is
/// late. Source: `rq/worker.py`: 30 s between heartbeats and 60 more.
const FORKING_TTL_S: f64 = 100.0;

/// Stops the running jobs of a selection, `typed` ids among them, and waits up to `limit` for
/// their ends. `force` also tells workers that do not fork: it ends them, or they ignore it.
///
/// Errors: `Refused` where the login may not publish.
pub fn stop(
    context: &mut Context,
    mut selection: Selection,
    typed: &[String],
    force: bool,
    limit: Duration,
    how: &How,
) -> Result<StopReport> {
    // Nothing is removed that could be put back.
    let how = &How { no_undo: true, ..how.clone() };
    let mut plan = Plan::new(Verb::Stop, how.explicit);
    selection.ids.extend(resolve_ids(context, typed, &mut plan)?);
    let rule = Rule::of(&[State::Started]);
    let Chosen { mut plan, targets, .. } = choose(context, plan, &mut selection, &rule, how)?;
    let jobs = all_of(targets, context.store()?)?;
    plan.warnings
        .push("a job that is stopped is not retried, and stopping cannot be undone".into());
    let mut report = find_workers(context, &jobs, force)?;
    report.skip(&plan);
    report.dry_run = how.dry_run;
    if approve(context, &plan, how)? == Go::No {
        return Ok(report);
    }
    let report = tell(context, report, limit)?;
    let ending = if report.interrupted_by.is_some() { Ending::Interrupted } else { Ending::Done };
    audit(context, &plan, how, ending, report.count(Turn::Stopped))?;
    Ok(report)
}

/// Finds the workers of `jobs`: what would be done. Four round trips.
fn find_workers(context: &mut Context, jobs: &[PlannedJob], force: bool) -> Result<StopReport> {
    let reach = Reach::read(context)?;
    let workers = reach.inventory.workers();
    let silent: Vec<&Worker> =
        workers.iter().filter(|worker| worker.current_jobs.is_empty()).collect();
    let store = context.store()?;
    let found = store.find_current_jobs(&silent)?;
    let mut runs: HashMap<&JobId, &Worker> = HashMap::new();
    for worker in workers {
        let guessed = found.get(&worker.name);
        for id in worker.current_jobs.iter().chain(guessed) {
            runs.insert(id, worker);
        }
    }
    let ids: Vec<JobId> = jobs.iter().map(|job| job.id.clone()).collect();
    let read = store.jobs(&ids, Want::default())?;
    let mut report = StopReport::default();
    for (job, stored) in jobs.iter().zip(read) {
        let status = stored.ok().flatten().map(|stored| stored.job.status);
        let worker = runs.get(&job.id).copied();
        let obstacle = match (&status, worker) {
            (Some(Status::Started), Some(worker)) => obstacle(&reach, worker, force),
            (Some(Status::Started), None) => Some("no worker says that it runs it".to_owned()),
            (Some(other), _) => Some(format!("does not run: it is {}", other.word())),
            (None, _) => Some("there is no such job, or it has expired".to_owned()),
        };
        report.jobs.push(Stopping {
            id: job.id.clone(),
            queue: reach.short(&job.queue).to_owned(),
            worker: worker.map(|worker| worker.name.clone()),
            turn: if obstacle.is_some() { Turn::LeftAlone } else { Turn::Planned },
            reason: obstacle,
        });
    }
    Ok(report)
}

/// Why a worker must not be told; `None` where it may.
fn obstacle(reach: &Reach, worker: &Worker, force: bool) -> Option<String> {
    let name = worker.short_name();
    if worker.stop_requested_at.is_some() {
        return Some(format!("worker `{name}` is shutting down; it ends once the job has"));
    }
    let liveness = reach.liveness(worker);
    if liveness.alive == Alive::No {
        return Some(format!("worker `{name}` is gone: {}", liveness.reason));
    }
    if worker.is_busy() && worker.ttl_s.is_some_and(|ttl| ttl > FORKING_TTL_S) && !force {
        return Some(format!(
            "worker `{name}` runs jobs without a fork: to stop the job it would have to end itself (--force tells it all the same)"
        ));
    }
    None
}

/// Tells the workers, each once, and waits until the jobs have ended or the time is up.
fn tell(context: &mut Context, mut report: StopReport, limit: Duration) -> Result<StopReport> {
    let interrupts = Interrupts::catch()?;
    for job in report.jobs.iter_mut().filter(|job| job.turn == Turn::Planned) {
        if interrupts.seen().is_some() {
            break;
        }
        let worker = job.worker.clone().unwrap_or_default();
        let sent = context.store()?.send_stop(&job.id, &worker)?;
        (job.turn, job.reason) = told(sent, &worker);
    }
    wait(context, &mut report, limit, &interrupts)?;
    report.interrupted_by = interrupts.seen();
    Ok(report)
}

fn told(sent: StopSent, worker: &str) -> (Turn, Option<String>) {
    let left = |reason: String| (Turn::LeftAlone, Some(reason));
    match sent {
        StopSent::Sent => (Turn::Told, None),
        StopSent::SentBefore => (Turn::Told, Some("was told before".to_owned())),
        StopSent::NotRunning => left("does not run any more".to_owned()),
        StopSent::NobodyListens => left(format!("worker `{worker}` does not listen: it is gone")),
        StopSent::ShuttingDown => left(format!("worker `{worker}` is shutting down")),
    }
}

/// Looks at the jobs whose workers were told until none runs.
fn wait(
    context: &mut Context,
    report: &mut StopReport,
    limit: Duration,
    interrupts: &Interrupts,
) -> Result<()> {
    let started = Instant::now();
    loop {
        let open: Vec<usize> = report
            .jobs
            .iter()
            .enumerate()
            .filter(|(_, job)| job.turn == Turn::Told)
            .map(|(at, _)| at)
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        let ids: Vec<JobId> =
            open.iter().filter_map(|at| report.jobs.get(*at)).map(|job| job.id.clone()).collect();
        let read = context.store()?.jobs(&ids, Want::default())?;
        for (at, stored) in open.into_iter().zip(read) {
            let Some(job) = report.jobs.get_mut(at) else { continue };
            match stored.ok().flatten().map(|stored| stored.job.status) {
                Some(Status::Started) => {}
                Some(Status::Stopped) => job.turn = Turn::Stopped,
                Some(other) => {
                    job.turn = Turn::EndedItself;
                    job.reason = Some(format!("is {} now", other.word()));
                }
                None => {
                    job.turn = Turn::EndedItself;
                    job.reason = Some("is gone now".to_owned());
                }
            }
        }
        if started.elapsed() >= limit || interrupts.wait(PAUSE).is_some() {
            return Ok(());
        }
    }
}
