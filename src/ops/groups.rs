//! RQ's groups as batches: how far each is, and changing the jobs of one.
//!
//! A group belongs to a Redis, not to a bench: only its jobs in the queues of the scope are counted
//! and changed.

use jiff::Timestamp;

use crate::backend::redis::read::{JOB_BATCH, Store, Want};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::id::JobId;
use crate::model::job::{Job, Status};
use crate::model::part::Lack;
use crate::model::selection::{Selection, State};
use crate::nearby;
use crate::ops::change::retry::Retrying;
use crate::ops::change::{Dependents, How, cancel, retry};
use crate::ops::scope::Reach;
use crate::report::change::ChangeReport;
use crate::report::groups::{GroupJob, GroupLine, GroupReport, GroupsReport};
use crate::sys::clock;
use crate::target::Target;

/// Finished jobs from which on the time left is estimated.
const LEAST_FINISHED: u64 = 2;

/// Lists the groups that have a job in scope.
///
/// Cost: a round trip per 500 groups, and one per [`JOB_BATCH`] jobs.
pub fn list(context: &mut Context) -> Result<GroupsReport> {
    let reach = Reach::read(context)?;
    let mut notes: Vec<String> = reach.unseen_prefix().into_iter().collect();
    let mut incomplete = !notes.is_empty();
    let sites = context.sites()?;
    let (target, store) = context.parts()?;
    let scope = Scope { reach: &reach, sites: sites.as_deref() };
    let names = match store.groups()? {
        Ok((names, lost)) => {
            if lost > 0 {
                incomplete = true;
                notes.push(format!("{lost} groups are left out: their names are no UTF-8"));
            }
            names
        }
        Err(lack) => {
            incomplete = true;
            notes.push(lack.to_string());
            Vec::new()
        }
    };
    let members = store.group_members(&names)?;
    let mut groups = Vec::new();
    for (name, ids) in names.into_iter().zip(members) {
        let ids = match ids {
            Ok(ids) => ids,
            Err(lack) => {
                incomplete = true;
                notes.push(format!("group `{name}`: {lack}"));
                continue;
            }
        };
        let mut count = Count::new(name, clock::now());
        count.read(store, &ids, &scope, target, &mut |_| {})?;
        incomplete |= count.lack.is_some();
        notes.extend(count.lack.take().map(|lack| format!("group `{}`: {lack}", count.line.group)));
        // Of another bench, or of other sites.
        if count.line.total > 0 || (ids.is_empty() && scope.is_everything(target)) {
            groups.push(count.finish());
        }
    }
    Ok(GroupsReport { groups, incomplete, notes })
}

/// Shows one group with its jobs.
///
/// Errors: `NotFound` where there is none of that name.
pub fn show(context: &mut Context, name: &str) -> Result<GroupReport> {
    let reach = Reach::read(context)?;
    let ids = members(context, name)?;
    let sites = context.sites()?;
    let secrets = context.secrets;
    let (target, store) = context.parts()?;
    let scope = Scope { reach: &reach, sites: sites.as_deref() };
    let mut count = Count::new(name.to_owned(), clock::now());
    let mut jobs = Vec::new();
    count.read(store, &ids, &scope, target, &mut |job| jobs.push(job))?;
    for job in &mut jobs {
        job.description = job.description.take().map(|text| secrets.text(&text).into_owned());
    }
    let incomplete = count.lack.is_some();
    let notes = count.lack.take().map(|lack| lack.to_string()).into_iter().collect();
    let command = target.command();
    Ok(GroupReport { line: count.finish(), jobs, command, incomplete, notes })
}

/// Cancels the jobs of a group that wait.
///
/// Errors: as `show`, and those of canceling jobs.
pub fn cancel_group(
    context: &mut Context,
    name: &str,
    dependents: Dependents,
    how: &How,
) -> Result<ChangeReport> {
    let waiting = vec![State::Queued, State::Scheduled, State::Deferred];
    let selection = of_group(context, name, waiting)?;
    cancel::cancel(context, selection, &[], dependents, how)
}

/// Queues the failed jobs of a group again, and only these.
///
/// Errors: as `show`, and those of retrying jobs.
pub fn retry_group(
    context: &mut Context,
    name: &str,
    options: Retrying,
    how: &How,
) -> Result<ChangeReport> {
    let selection = of_group(context, name, vec![State::Failed])?;
    retry::retry(context, selection, &[], options, how)
}

/// The jobs of a group in some states. Never empty of ids: without them a selection means all jobs.
fn of_group(context: &mut Context, name: &str, states: Vec<State>) -> Result<Selection> {
    let ids = members(context, name)?;
    Ok(Selection { ids, states, sites: context.sites()?, ..Selection::default() })
}

/// The ids of a group; there is at least one.
fn members(context: &mut Context, name: &str) -> Result<Vec<JobId>> {
    let store = context.store()?;
    let found = store.group_members(&[name.to_owned()])?.pop();
    match found {
        Some(Ok(ids)) if !ids.is_empty() => Ok(ids),
        Some(Err(lack)) => {
            Err(Failure::new(Kind::Data, format!("cannot read group `{name}`: {lack}")).into())
        }
        _ => {
            let known = store.groups()?.map(|(names, _)| names).unwrap_or_default();
            let failure = Failure::new(Kind::NotFound, format!("there is no group `{name}`"));
            let failure = nearby::hint(failure, name, known.iter().map(String::as_str));
            Err(failure.hint("jobctl groups list shows those that there are").into())
        }
    }
}

/// Which jobs count.
struct Scope<'a> {
    reach: &'a Reach,
    sites: Option<&'a [String]>,
}

impl Scope<'_> {
    fn covers(&self, job: &Job) -> bool {
        let of_queue = job.origin.as_ref().is_none_or(|queue| self.reach.covers(queue));
        of_queue && self.covers_id(&job.id)
    }

    fn covers_id(&self, id: &JobId) -> bool {
        let Some(sites) = self.sites else { return true };
        id.site().is_some_and(|site| sites.iter().any(|wanted| wanted == site))
    }

    fn is_everything(&self, target: &Target) -> bool {
        self.sites.is_none() && target.bench.is_none()
    }
}

/// Counts the jobs of a group.
struct Count {
    line: GroupLine,
    first_start: Option<Timestamp>,
    last_end: Option<Timestamp>,
    now: Timestamp,
    lack: Option<Lack>,
}

impl Count {
    fn new(group: String, now: Timestamp) -> Self {
        let line = GroupLine { group, ..GroupLine::default() };
        Self { line, first_start: None, last_end: None, now, lack: None }
    }

    fn read(
        &mut self,
        store: &mut Store,
        ids: &[JobId],
        scope: &Scope<'_>,
        target: &Target,
        visit: &mut dyn FnMut(GroupJob),
    ) -> Result<()> {
        let mut gone = 0;
        for ids in ids.chunks(JOB_BATCH) {
            for (id, stored) in ids.iter().zip(store.jobs(ids, Want::default())?) {
                match stored {
                    Ok(Some(stored)) if scope.covers(&stored.job) => {
                        self.add(&stored.job);
                        visit(self.row(&stored.job, target));
                    }
                    Ok(Some(_)) => {}
                    Ok(None) => gone += u64::from(scope.covers_id(id)),
                    Err(lack) => self.lack = Some(lack),
                }
            }
        }
        // Of a job that is gone nothing tells the bench; it counts where others of its group do.
        if self.line.total > 0 || scope.is_everything(target) {
            self.line.gone = gone;
            self.line.total += gone;
        }
        Ok(())
    }

    fn add(&mut self, job: &Job) {
        let line = &mut self.line;
        line.total += 1;
        match job.status {
            Status::Finished => line.finished += 1,
            Status::Failed | Status::Stopped => line.failed += 1,
            Status::Canceled => line.canceled += 1,
            Status::Started => line.running += 1,
            _ => line.pending += 1,
        }
        let earliest = |a: Option<Timestamp>, b: Option<Timestamp>| a.into_iter().chain(b).min();
        line.created_at = earliest(line.created_at, job.created_at);
        self.first_start = earliest(self.first_start, job.started_at);
        if job.status == Status::Finished {
            self.last_end = self.last_end.max(job.ended_at);
        }
    }

    fn row(&self, job: &Job, target: &Target) -> GroupJob {
        GroupJob {
            id: job.id.clone(),
            status: job.status.word().to_owned(),
            queue: job.origin.as_ref().map(|queue| target.short_name(queue).to_owned()),
            description: job.description.clone(),
            duration_s: job.running_s(self.now),
        }
    }

    fn finish(mut self) -> GroupLine {
        let line = &mut self.line;
        // What is gone had ended: RQ forgets finished jobs after minutes, and keeps others longer.
        let ended = line.finished + line.failed + line.canceled + line.gone;
        line.progress = (line.total > 0).then(|| ended as f64 / line.total as f64);
        let left = line.pending + line.running;
        let rate = || {
            let took = self.last_end?.duration_since(self.first_start?).as_secs_f64();
            (took > 0.0 && line.finished >= LEAST_FINISHED).then(|| line.finished as f64 / took)
        };
        line.eta_s = if left == 0 { None } else { rate().map(|rate| left as f64 / rate) };
        self.line
    }
}
