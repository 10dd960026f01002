//! The switches that stand in the databases of sites: whether a scheduler is enabled, and whether
//! it passes a job type over.
//!
//! Source: `enable_scheduler` and `disable_scheduler` in `frappe/commands/scheduler.py`, which set
//! the single value of System Settings; `stopped` is what the desk writes.

use super::rows::{self, flag};
use super::{Operation, Wish, scope, waiting};
use crate::backend::site_db::read::{ScheduledJobType, SchedulerFacts};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::Ending;
use crate::nearby;
use crate::ops::change::How;
use crate::ops::change::approve::refuse_change;
use crate::ops::sites::{ReadSite, Standing, Surroundings, read_each};
use crate::ops::switch::places::bench_of;
use crate::report::switch::{Obstacle, SwitchReport, SwitchRow, Turn};
use crate::schedule::inactive::Verdict;
use crate::sys::clock;
use crate::sys::signals::{Interrupted, Interrupts};

/// The reason that enabling takes away.
const UNSET: &str = "enable-scheduler-unset";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch<'a> {
    /// The scheduler enqueues jobs.
    Enable,
    /// It does not.
    Disable,
    /// It passes the type of this name or method over.
    Stop(&'a str),
    /// It looks at the type again.
    Start(&'a str),
}

type Read = ReadSite<SchedulerFacts>;

impl Switch<'_> {
    const fn verb(self) -> &'static str {
        match self {
            Self::Enable => "enable-scheduler",
            Self::Disable => "disable-scheduler",
            Self::Stop(_) => "stop-job",
            Self::Start(_) => "start-job",
        }
    }

    fn what(self) -> String {
        match self {
            Self::Enable => "enable the scheduler".to_owned(),
            Self::Disable => "disable the scheduler".to_owned(),
            Self::Stop(job_type) => format!("stop the job type `{job_type}`"),
            Self::Start(job_type) => format!("start the job type `{job_type}`"),
        }
    }

    const fn state(self) -> &'static str {
        match self {
            Self::Enable => "enabled",
            Self::Disable => "disabled",
            Self::Stop(_) => "stopped",
            Self::Start(_) => "not stopped",
        }
    }

    /// What is to stand there.
    const fn value(self) -> &'static str {
        flag(matches!(self, Self::Enable | Self::Stop(_)))
    }

    /// Whether jobs are to be enqueued afterwards.
    const fn starts(self) -> bool {
        matches!(self, Self::Enable | Self::Start(_))
    }
}

/// Turns a switch for sites.
///
/// Two round trips to each database for the plan, several sites at a time, then five for each that
/// is changed, one after the other, and one to the cache Redis. Each site is done whatever happens
/// to the others. Errors: `Refused` under read-only or where the operator says no; what keeps a
/// single site from being done stands in the report.
pub fn turn(
    context: &mut Context,
    switch: Switch<'_>,
    sites: &[String],
    how: &How,
) -> Result<SwitchReport> {
    if !how.dry_run {
        refuse_change(context, &switch.what())
            .map_err(|failure| failure.hint("--dry-run shows the plan"))?;
    }
    let now = clock::now();
    let timeout = context.settings.timeout;
    let read = read_each(bench_of(context)?, sites, timeout, |_, db| db.scheduler_facts(now));
    let mut rows = Vec::new();
    for site in &read {
        plan(switch, site, &mut rows)?;
    }
    let mut report = SwitchReport { dry_run: how.dry_run, rows, ..SwitchReport::of(switch.verb()) };
    let planned: Vec<&str> = report.planned().filter_map(|row| row.site.as_deref()).collect();
    if !how.dry_run && !report.rows.is_empty() {
        if !planned.is_empty() {
            scope::confirm(context, &switch.what(), &planned, how)?;
        }
        carry_out(context, switch, &mut report, how)?;
    }
    if switch.starts() {
        tell_obstacles(context, &read, &mut report)?;
    }
    Ok(report)
}

/// Adds what is to be done on a site: one row, or one for each type of a method.
fn plan(switch: Switch<'_>, site: &Read, rows: &mut Vec<SwitchRow>) -> Result<()> {
    let (Switch::Stop(wanted) | Switch::Start(wanted)) = switch else {
        let mut row = SwitchRow::of(&rows::enable_scheduler(&site.site), switch.state());
        match &site.found {
            Ok(facts) => stands(switch, &mut row, facts.settings.switch.to_text()),
            Err(error) => row.fail(error.failure(&site.site).into())?,
        }
        rows.push(row);
        return Ok(());
    };
    let found = site.found.as_ref().and_then(|facts| facts.types.as_ref());
    let failure = match found {
        Err(error) => error.failure(&site.site),
        Ok(types) => {
            let fits = |row: &&ScheduledJobType| row.name == wanted || row.method == wanted;
            let before = rows.len();
            for job_type in types.iter().filter(fits) {
                let place = rows::stopped(&site.site, &job_type.name);
                let mut row = SwitchRow::of(&place, switch.state());
                stands(switch, &mut row, Some(flag(job_type.stopped).to_owned()));
                rows.push(row);
            }
            if rows.len() > before {
                return Ok(());
            }
            unknown_type(&site.site, wanted, types)
        }
    };
    let mut row = SwitchRow::of(&rows::stopped(&site.site, wanted), switch.state());
    row.fail(failure.into())?;
    rows.push(row);
    Ok(())
}

fn stands(switch: Switch<'_>, row: &mut SwitchRow, now: Option<String>) {
    let wanted = Some(switch.value().to_owned());
    row.turn = if now == wanted { Turn::AlreadySo } else { Turn::Planned };
    (row.read, row.before, row.after) = (true, now, wanted);
}

fn unknown_type(site: &str, wanted: &str, types: &[ScheduledJobType]) -> Failure {
    let message = format!("site `{site}` has no scheduled job type `{wanted}`");
    let methods = types.iter().map(|row| row.method.as_str());
    nearby::hint(Failure::new(Kind::NotFound, message), wanted, methods)
}

/// Turns what is planned. What stands so already is gone through as well, for its cached document.
fn carry_out(
    context: &Context,
    switch: Switch<'_>,
    report: &mut SwitchReport,
    how: &How,
) -> Result<()> {
    let interrupts = Interrupts::catch()?;
    let planned = report.planned().count() as u64;
    let mut operation = Operation::new(context, switch.verb(), planned, how, None)?;
    let wanted = |_: Option<&str>| Wish::Put(Some(switch.value().to_owned()));
    let is_concerned = |row: &&mut SwitchRow| matches!(row.turn, Turn::Planned | Turn::AlreadySo);
    let mut notes = Vec::new();
    for row in report.rows.iter_mut().filter(is_concerned) {
        if interrupts.seen().is_some() {
            break;
        }
        let waiting = waiting(context, &interrupts);
        match operation.turn(context, &row.place, waiting, wanted) {
            Ok(turned) => row.take(turned),
            Err(error) if error.is::<Interrupted>() => break,
            Err(error) => row.fail(error)?,
        }
        notes.extend(operation.take_stale().and_then(|stale| row.leave_stale(stale)));
    }
    report.notes.extend(notes);
    report.interrupted_by = interrupts.seen();
    let interrupted = report.interrupted_by.is_some();
    let ending = if interrupted { Ending::Interrupted } else { Ending::Done };
    report.ended(operation.end(ending));
    Ok(())
}

/// Says what keeps the scheduler of a site from running although the switch is on.
fn tell_obstacles(context: &Context, read: &[Read], report: &mut SwitchReport) -> Result<()> {
    let around = Surroundings::of(bench_of(context)?, context.target()?.command(), clock::now());
    let mut caveats: Vec<String> = Vec::new();
    for site in read.iter().filter(|site| site.found.is_ok()) {
        let facts = site.found.as_ref();
        let standing = Standing { around: &around, site: &site.site, config: &site.config, facts };
        let Verdict { reasons, caveats: of_site, .. } = standing.verdict();
        let enables = report.verb == Switch::Enable.verb();
        let kept = reasons.into_iter().filter(|reason| !(enables && reason.code == UNSET));
        let obstacles: Vec<Obstacle> = kept.map(Obstacle::from).collect();
        let of_site_rows = |row: &&mut SwitchRow| {
            row.site.as_deref() == Some(&*site.site) && row.turn != Turn::Failed
        };
        // Of several types of one site, the first row tells it for all.
        if let Some(row) = report.rows.iter_mut().find(of_site_rows) {
            row.obstacles = obstacles;
        }
        caveats.extend(
            of_site.into_iter().filter(|caveat| !caveats.contains(caveat)).collect::<Vec<_>>(),
        );
    }
    report.notes.extend(caveats);
    Ok(())
}
