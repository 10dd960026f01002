//! The state of each site's scheduler, and why.

use jiff::Timestamp;

use super::pending;
use super::read::{ReadSite, read_each, selected};
use super::standing::{Standing, Surroundings, TimedType};
use crate::backend::site_db::read::SchedulerFacts;
use crate::bench::{Bench, Family, SchedulerProcess};
use crate::context::Context;
use crate::error::{Result, failure_of};
use crate::model::id::JobId;
use crate::ops::switch::places::bench_of;
use crate::report::scheduler_status::{
    ProcessStatus, SiteStatus, StatusReport, TypeCounts, Unreadable,
};
use crate::schedule::due::Due;
use crate::schedule::inactive::{State, Verdict};
use crate::sys::clock;

/// What is told with `-v` of the versions that go by a cached document, and where types are overdue.
const CACHED: &str = "this Frappe goes by the System Settings in its cache: a row that was changed by hand has no effect before the cached document is deleted, which `jobctl enable-scheduler` does also where the row says 1 already";

/// Rounds of the scheduler after which a type that is due and not enqueued is noteworthy.
pub(in crate::ops) const ROUNDS: i64 = 3;

/// What was read of a site, and in how many round trips.
type Read = ReadSite<(SchedulerFacts, u32)>;

/// Tells the state of the scheduler of the selected sites.
///
/// Two round trips to each site's database, several sites at a time; to Redis one per some hundred
/// job types. Errors: `Usage` without a bench, `NotFound` for an unknown site. What fails of a
/// single site is in its row; an unreachable Redis is a note.
pub fn status(context: &mut Context) -> Result<StatusReport> {
    let now = clock::now();
    let timeout = context.settings.timeout;
    let bench = bench_of(context)?;
    let sites = selected(context, bench)?;
    let read: Vec<Read> = read_each(bench, &sites, timeout, |_, db| {
        let facts = db.scheduler_facts(now)?;
        Ok((facts, db.round_trips()))
    });
    let ids: Vec<Vec<JobId>> = read.iter().map(|site| fixed_ids(bench, site)).collect();
    let (waiting, mut notes) = waiting(context, &ids);
    let bench = bench_of(context)?;
    let around = Surroundings::of(bench, context.target()?.command(), now);
    let mut report = StatusReport {
        checked_at: now,
        sites: read
            .iter()
            .zip(waiting)
            .map(|(site, waiting)| row(&around, site, waiting))
            .collect(),
        verbose: context.global.verbose > 0,
        unreadable: read.iter().filter_map(unreadable).collect(),
        notes: Vec::new(),
    };
    notes.extend(shared_notes(&around, &report));
    report.notes = notes;
    report.mask(context.secrets);
    Ok(report)
}

/// The ids that the jobs of a site's types have.
fn fixed_ids(bench: &Bench, site: &Read) -> Vec<JobId> {
    let Ok((facts, _)) = &site.found else { return Vec::new() };
    let types = facts.types.iter().flatten();
    types.filter_map(|row| pending::job_id(bench, &site.site, row)).collect()
}

/// How many scheduled jobs of each site wait; what keeps that from being known is a note.
fn waiting(context: &mut Context, ids: &[Vec<JobId>]) -> (Vec<Option<u64>>, Vec<String>) {
    if ids.iter().all(Vec::is_empty) {
        return (vec![None; ids.len()], Vec::new());
    }
    match context.store().and_then(|store| pending::count(store, ids)) {
        Ok(counts) => {
            let of_site =
                |(count, ids): (Option<u64>, &Vec<JobId>)| count.filter(|_| !ids.is_empty());
            (counts.into_iter().zip(ids).map(of_site).collect(), Vec::new())
        }
        Err(error) => {
            context.disconnect();
            let why = failure_of(&error).map_or_else(|| format!("{error:#}"), ToString::to_string);
            let note = format!("how many scheduled jobs wait is not known: {why}");
            (vec![None; ids.len()], vec![note])
        }
    }
}

fn unreadable(site: &Read) -> Option<Unreadable> {
    let error = site.found.as_ref().err()?;
    let failure = error.failure(&site.site);
    Some(Unreadable {
        kind: failure.kind(),
        why: failure.to_string(),
        hints: failure.hints().to_vec(),
    })
}

fn row(around: &Surroundings<'_>, read: &Read, pending: Option<u64>) -> SiteStatus {
    let facts = read.found.as_ref().map(|(facts, _)| facts);
    let standing = Standing { around, site: &read.site, config: &read.config, facts };
    let types = standing.types();
    let counts = counts(&standing, &types);
    let mut verdict = standing.verdict();
    if around.process == SchedulerProcess::Absent {
        let overdue = counts.map_or(0, |counts| counts.overdue);
        verdict = verdict.with_overdue(overdue, ROUNDS * around.tick_s());
    }
    let Verdict { state, reasons, mut caveats } = verdict;
    let mut parts = Vec::new();
    if let Ok(facts) = facts {
        parts.extend(facts.types.as_ref().err().map(|error| format!("job types: {error}")));
        parts.extend(facts.tallies.as_ref().err().map(|error| format!("logged runs: {error}")));
    }
    caveats.extend(parts);
    let failed = facts.ok().and_then(|facts| facts.tallies.as_ref().ok()).map(|tallies| {
        tallies.iter().filter(|tally| tally.status == "Failed").map(|tally| tally.runs).sum()
    });
    SiteStatus {
        state,
        reasons,
        last_run_at: standing.last_run_at(),
        next_run_at: next_run(&standing, state, &types),
        process: process(around),
        pending,
        failed_24h: failed,
        types: counts,
        time_zone: facts.ok().map(|facts| standing.zone(facts).name().to_owned()),
        round_trips: read.found.as_ref().ok().map(|(_, trips)| *trips),
        error: read.found.as_ref().err().map(ToString::to_string),
        caveats,
        site: read.site.clone(),
    }
}

/// When something is enqueued next: never while something keeps the scheduler from it, and for a
/// dormant site not before its daily round.
fn next_run(standing: &Standing<'_>, state: State, types: &[TimedType<'_>]) -> Option<Timestamp> {
    match state {
        State::Enabled => standing.next_run_at(types),
        State::Dormant => {
            let round = standing.next_round_at()?;
            Some(standing.next_run_at(types)?.max(round))
        }
        _ => None,
    }
}

fn process(around: &Surroundings<'_>) -> ProcessStatus {
    let of = |state, pid, detail: Option<String>| ProcessStatus { state, pid, detail };
    match &around.process {
        SchedulerProcess::Running { pid, .. } => of("running", Some(*pid), None),
        SchedulerProcess::Absent if around.workers_here => of("absent", None, None),
        SchedulerProcess::Absent => {
            let why = "no process of this bench runs on this host".to_owned();
            of("unknown", None, Some(why))
        }
        SchedulerProcess::HeldByOrphan { owner, .. } => {
            let why = "left-over processes hold config/scheduler_process".to_owned();
            of("orphaned lock", *owner, Some(why))
        }
        SchedulerProcess::CannotTell(why) => of("unknown", None, Some(why.clone())),
    }
}

fn counts(standing: &Standing<'_>, types: &[TimedType<'_>]) -> Option<TypeCounts> {
    let facts = standing.facts.ok()?;
    facts.types.as_ref().ok()?;
    let now = standing.now(facts);
    let running = || types.iter().filter(|timed| !timed.row.stopped);
    let late_s = ROUNDS * standing.around.tick_s();
    let is_late = |timed: &&TimedType<'_>| {
        timed.clock.overdue_by(now).is_some_and(|by| by.as_secs() > late_s)
    };
    Some(TypeCounts {
        total: types.len(),
        stopped: types.iter().filter(|timed| timed.row.stopped).count(),
        due: running().filter(|timed| matches!(timed.clock.due(now), Due::Since(_))).count(),
        overdue: running().filter(is_late).count(),
        faulty: running().filter(|timed| timed.clock.problem().is_some()).count(),
    })
}

/// What holds for all sites, each sentence once.
fn shared_notes(around: &Surroundings<'_>, report: &StatusReport) -> Vec<String> {
    let mut notes = Vec::new();
    let goes_by_cache = matches!(around.family(), Family::V16 | Family::V17 | Family::Unknown);
    let is_overdue = |row: &SiteStatus| {
        row.state == State::Enabled && row.types.is_some_and(|types| types.overdue > 0)
    };
    if goes_by_cache && (report.verbose || report.sites.iter().any(is_overdue)) {
        notes.push(CACHED.to_owned());
    }
    for row in &report.sites {
        for caveat in &row.caveats {
            let shared = report.sites.iter().all(|other| other.caveats.contains(caveat));
            let note = if shared { caveat.clone() } else { format!("{}: {caveat}", row.site) };
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}
