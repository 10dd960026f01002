//! Repairs what crashes, foreign writers and other releases left behind.
//!
//! [`search`] finds the faults, [`mending`] mends them within the loop that all mutations share.
//! A job that a frozen worker may still hold is looked at twice, [`OBSERVED`] apart: it must not
//! have changed in between, and the script that mends it makes the second look itself.

mod mending;
mod search;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use super::apply::batch_size;
use super::choose::weigh;
use super::retry::readers_of;
use super::{Go, How, apply, approve};
use crate::backend::redis::keys::Key;
use crate::context::Context;
use crate::error::Result;
use crate::journal::KeyImage;
use crate::model::fault::FaultKind;
use crate::model::id::{JobId, QueueName};
use crate::model::plan::{Plan, PlannedJob, Skipped, Verb};
use crate::model::queue::Registry;
use crate::model::worker::Alive;
use crate::ops::scope::Reach;
use crate::report::change::{ChangeReport, FaultGroup};
use crate::sys::signals::Interrupts;
use crate::{env, human};
use mending::Mending;
use search::Search;

/// Between the two looks at a job that a worker may still hold: as long as RQ itself waits before
/// it fails such a job. Source: RQ 1.16.2, `rq/intermediate_queue.py` `should_be_cleaned_up`.
const OBSERVED: Duration = Duration::from_secs(60);

/// Ids of a kind that are shown.
const SHOWN: usize = 5;

/// What a repair takes beyond the flags of every mutation.
#[derive(Debug, Clone, Default)]
pub struct Repairing {
    /// The kinds; empty for all.
    pub kinds: Vec<FaultKind>,
    /// The queues; empty for all of the target.
    pub queues: Vec<QueueName>,
    /// Ids, with or without the site in front; empty for all.
    pub ids: Vec<String>,
    /// Stuck, abandoned and lost jobs are queued again instead of failed.
    pub requeue: bool,
}

/// Something that is broken, and what is done about it.
#[derive(Debug)]
pub(super) struct Fault {
    kind: FaultKind,
    /// The job, or the name of a worker.
    id: JobId,
    /// The queue; an empty name where the fault belongs to none.
    queue: QueueName,
    spot: Spot,
    mend: Mend,
    /// The job's fingerprint at the first look, where it is watched.
    watched: Option<Vec<u8>>,
}

/// Where a fault is.
#[derive(Debug)]
enum Spot {
    /// In a list, a queue's or the intermediate one, with its place and the list's length.
    List { key: Key, index: u64, length: u64 },
    /// In a registry: the entry and its score.
    Entry { registry: Registry, member: Vec<u8>, score: f64 },
    /// In no list and no registry.
    Nowhere,
    /// A stream without a job.
    Results,
    /// A registration: the sets that hold it, its hash.
    Registration { sets: Vec<Key>, hash: Option<KeyImage> },
}

/// What is done about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mend {
    /// The entry goes; no job stands behind it.
    DropOrphan,
    /// The entry goes; its job is well without it.
    DropEntry,
    /// The job goes, with everything that belongs to it.
    Delete,
    /// The job fails.
    Fail,
    /// The job goes to the end of its queue.
    Queue,
    /// The job stays and loses its expiry.
    Keep,
    /// The registration goes.
    Prune,
}

/// Repairs the faults of the selected kinds.
///
/// Errors: those of a plan's approval and execution.
pub fn repair(context: &mut Context, options: &Repairing, how: &How) -> Result<ChangeReport> {
    let mut plan = Plan::new(Verb::Repair, how.explicit);
    let mut faults = search(context, options, &mut plan)?;
    if let Some(limit) = how.limit.filter(|limit| (faults.len() as u64) > *limit) {
        faults.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        plan.limit = Some(limit);
    }
    let watched = watch(context, &mut faults)?;
    let seen_at = Instant::now();
    complete(context, &mut plan, &faults, how)?;
    let kinds = groups(&faults, options.requeue);
    warn(&mut plan, &faults, options, watched);
    show(context, &kinds, how);
    if approve(context, &plan, how)? == Go::No {
        let mut report = ChangeReport::of(plan, how.dry_run);
        report.kinds = kinds;
        return Ok(report);
    }
    if watched > 0
        && let Some(signal) = wait(context, watched, seen_at)?
    {
        let mut report = ChangeReport::of(plan, false);
        (report.kinds, report.interrupted_by) = (kinds, Some(signal));
        return Ok(report);
    }
    leave_what_may_be_held(context, &mut plan, &mut faults)?;
    let size = batch_size(&plan);
    let is_undone_by = faults.iter().any(|fault| fault.mend != Mend::Keep);
    let mut faults = faults.into_iter();
    let mut batches = std::iter::from_fn(move || {
        let batch: Vec<Fault> = faults.by_ref().take(size).collect();
        (!batch.is_empty()).then_some(Ok(batch))
    });
    let mut mending = Mending::new(context.store()?.keys().clone());
    let mut report = apply(context, plan, how, None, &mut mending, &mut batches)?;
    report.kinds = kinds;
    // An undo gives no waiting job the expiry back that would remove it.
    report.undoable &= is_undone_by;
    Ok(report)
}

fn search(context: &mut Context, options: &Repairing, plan: &mut Plan) -> Result<Vec<Fault>> {
    let reach = Reach::read(context)?;
    let queues =
        if options.queues.is_empty() { reach.every_queue()? } else { options.queues.clone() };
    let newest = readers_of(context, &reach, &queues)?
        .into_iter()
        .filter_map(|(queue, readers)| Some((queue, readers.newest()?)))
        .collect();
    let kinds: BTreeSet<FaultKind> = match options.kinds.as_slice() {
        [] => FaultKind::ALL.into_iter().collect(),
        kinds => kinds.iter().copied().collect(),
    };
    let sites = context.sites()?;
    let bench_sites = context.target()?.bench.as_ref().map(|bench| {
        let sites = bench.sites();
        sites.names().map(str::to_owned).collect::<HashSet<String>>()
    });
    let progress = context.ui.progress("looking for faults", None);
    let mut search = Search {
        kinds,
        queues,
        sites,
        bench_sites,
        ids: &options.ids,
        requeue: options.requeue,
        all_queues: options.queues.is_empty(),
        newest,
        reach: &reach,
        progress,
        listed: HashSet::new(),
        found: Vec::new(),
        skipped: Vec::new(),
        unread: Vec::new(),
    };
    search.run(context.store()?)?;
    plan.warnings.append(&mut search.unread);
    plan.skipped.append(&mut search.skipped);
    Ok(search.found)
}

/// Takes the fingerprints of what a worker may still hold; returns how many there are.
fn watch(context: &mut Context, faults: &mut [Fault]) -> Result<u64> {
    let mut watched: Vec<&mut Fault> = faults.iter_mut().filter(|fault| fault.is_held()).collect();
    for faults in watched.chunks_mut(super::BATCH) {
        let asked: Vec<(&JobId, &[QueueName])> =
            faults.iter().map(|fault| (&fault.id, &[][..])).collect();
        let standings = context.store()?.standings(&asked)?;
        for (fault, standing) in faults.iter_mut().zip(standings) {
            // What cannot be read is left alone later, with the reason.
            fault.watched = Some(standing.map(|s| s.fingerprint()).unwrap_or_default());
        }
    }
    Ok(watched.len() as u64)
}

impl Fault {
    /// Whether a worker, or a client that is just scheduling a job, may hold what looks broken.
    fn is_held(&self) -> bool {
        match &self.spot {
            Spot::Nowhere => true,
            Spot::List { .. } => self.kind == FaultKind::Stuck,
            // RQ 1.x writes the entry first and the job afterwards. Source: `rq/queue.py`
            // `enqueue_at`.
            Spot::Entry { registry, .. } => {
                *registry == Registry::Scheduled && self.kind == FaultKind::Dangling
            }
            Spot::Results | Spot::Registration { .. } => false,
        }
    }
}

/// Fills the plan in.
fn complete(context: &mut Context, plan: &mut Plan, faults: &[Fault], how: &How) -> Result<()> {
    plan.count = faults.len() as u64;
    plan.sample = faults.iter().take(SHOWN).map(|fault| fault.id.clone()).collect();
    for fault in faults {
        if !fault.queue.as_str().is_empty() {
            plan.by_queue.add(fault.queue.as_str());
        }
        if let Some(site) = fault.id.site() {
            plan.by_site.add(site);
        }
    }
    if !how.no_undo {
        let jobs: Vec<PlannedJob> = faults
            .iter()
            .map(|fault| PlannedJob {
                id: fault.id.clone(),
                queue: fault.queue.clone(),
                state: None,
                spot: None,
            })
            .collect();
        plan.bytes_to_journal = Some(weigh(context, &jobs)?);
    }
    Ok(())
}

fn groups(faults: &[Fault], requeue: bool) -> Vec<FaultGroup> {
    let of = |kind: FaultKind| {
        let faults: Vec<&Fault> = faults.iter().filter(|fault| fault.kind == kind).collect();
        (!faults.is_empty()).then(|| FaultGroup {
            kind,
            count: faults.len() as u64,
            finding: kind.finding(),
            remedy: kind.remedy(requeue),
            watched: faults.iter().any(|fault| fault.is_held()),
            sample: faults.iter().take(SHOWN).map(|fault| fault.id.clone()).collect(),
        })
    };
    FaultKind::ALL.into_iter().filter_map(of).collect()
}

fn warn(plan: &mut Plan, faults: &[Fault], options: &Repairing, watched: u64) {
    if watched > 0 {
        plan.warnings.push(format!(
            "{} may still be in the hands of a frozen worker: looked at twice, {} apart",
            human::counted(watched, "fault"),
            human::age(observed().as_secs_f64())
        ));
    }
    let settled = |mend: Mend| faults.iter().any(|fault| fault.mend == mend);
    if options.requeue && settled(Mend::Queue) {
        plan.warnings.push(
            "a job that is queued again runs twice if a frozen worker holds it after all, or had begun it".to_owned(),
        );
    }
    if settled(Mend::Fail) {
        plan.warnings.push(
            "jobs that fail here call no failure callback and release no dependents; --requeue queues them again instead".to_owned(),
        );
    }
}

/// Says on a terminal what would be repaired, before it asks.
fn show(context: &mut Context, kinds: &[FaultGroup], how: &How) {
    if how.dry_run || how.yes || !context.ui.can_ask() {
        return;
    }
    for group in kinds {
        let ids: Vec<String> = group.sample.iter().map(ToString::to_string).collect();
        let more = if group.count > ids.len() as u64 { ", …" } else { "" };
        context.ui.status(&format!(
            "{}: {} {} ({}{more}): {}",
            group.kind.word(),
            group.count,
            group.finding,
            ids.join(", "),
            group.remedy
        ));
    }
}

/// The time between the two looks.
fn observed() -> Duration {
    let shorter = env::read(env::JOBCTL_TEST_OBSERVE_MS).and_then(|ms| ms.parse().ok());
    shorter.map_or(OBSERVED, Duration::from_millis)
}

/// Waits until the second look is due; returns the signal that came meanwhile.
fn wait(context: &mut Context, watched: u64, seen_at: Instant) -> Result<Option<i32>> {
    let interrupts = Interrupts::catch()?;
    let left = || observed().saturating_sub(seen_at.elapsed());
    let seconds = left().as_secs() + 1;
    context.ui.status(&format!(
        "looking again in {seconds} s at {} that a worker may still hold",
        human::counted(watched, "fault")
    ));
    let progress = context.ui.progress("watching", Some(seconds));
    while !left().is_zero() {
        if let Some(signal) = interrupts.wait(left().min(Duration::from_secs(1))) {
            return Ok(Some(signal));
        }
        progress.add(1);
    }
    drop(progress);
    // An idle connection may have been closed meanwhile.
    context.disconnect();
    Ok(None)
}

/// Leaves alone what a worker of the same queue may hold: one that has fallen silent, or is busy
/// with a job that it does not name.
fn leave_what_may_be_held(
    context: &mut Context,
    plan: &mut Plan,
    faults: &mut Vec<Fault>,
) -> Result<()> {
    if faults.iter().all(|fault| fault.watched.is_none()) {
        return Ok(());
    }
    let reach = Reach::read(context)?;
    let mut holders: HashMap<&QueueName, &str> = HashMap::new();
    for worker in reach.inventory.workers() {
        let alive = reach.liveness(worker).alive;
        let unnamed = worker.is_busy() && worker.current_jobs.is_empty();
        if alive == Alive::Stale || (alive == Alive::Yes && unnamed) {
            holders.extend(worker.queues().iter().map(|queue| (queue, worker.short_name())));
        }
    }
    faults.retain(|fault| {
        let holder = holders.get(&fault.queue).filter(|_| fault.watched.is_some());
        if let Some(worker) = holder {
            let reason = format!("worker `{worker}` of its queue may hold it");
            plan.skipped.push(Skipped { id: fault.id.clone(), reason });
        }
        holder.is_none()
    });
    plan.count = faults.len() as u64;
    Ok(())
}
