//! Gathers the facts, makes the checks, and sums up.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use super::facts::{BenchFacts, Crew, Outage, Paste};
use super::processes::Processes;
use jiff::Timestamp;

use super::{Checked, Examined, Facts, examine, hooks, site_facts, tables};
use crate::backend::redis::Endpoint;
use crate::backend::redis::survey::{Survey, SurveyScope};
use crate::bench::{Bench, SchedulerProcess, Sites};
use crate::context::{Context, local_processes};
use crate::error::{Kind, Result, failure_of};
use crate::model::health::{Finding, Severity, Verdict};
use crate::model::id::JobId;
use crate::model::job::Status;
use crate::model::part::Part;
use crate::model::worker::{LocalProcess, Worker};
use crate::ops::sites::{ReadSite, Surroundings};
use crate::report::doctor::{DoctorReport, NotMade, Passed};
use crate::sanitize::{holds_control, shell_quote};
use crate::sys::clock::{self, Stopwatch};
use crate::sys::proc::{ProcTable, hostname};
use crate::target::Target;

/// More than anybody waits for; a moment further away may not be representable.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes a diagnosis of the target.
///
/// Nothing that is broken ends it, but for a selection that names nothing: what cannot be read
/// becomes a finding or a missing check.
pub fn diagnose(context: &mut Context, deep: bool, degraded_fails: bool) -> Result<DoctorReport> {
    let look = Look { deep, degraded_fails, ..Look::default() };
    diagnose_and(context, look, |_, report| report)
}

/// How a diagnosis is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look {
    /// Read everything instead of both ends.
    pub deep: bool,
    /// Read only the heads of lists, so that neither their length nor the number of keys costs
    /// round trips; what needs more is not made.
    pub heads_only: bool,
    /// Leave the databases of the sites alone.
    pub without_databases: bool,
    /// Whether DEGRADED exits 1.
    pub degraded_fails: bool,
}

/// The same, for somebody who makes more of the facts: they are read once for both.
///
/// Errors: those of [`diagnose`].
pub fn diagnose_and<T>(
    context: &mut Context,
    look: Look,
    then: impl FnOnce(&Facts<'_>, DoctorReport) -> T,
) -> Result<T> {
    let watch = Stopwatch::start();
    let deadline = Instant::now() + context.settings.timeout.min(LONGEST);
    let sites = context.sites()?;
    let scope =
        SurveyScope { heads_only: look.heads_only, ..survey_scope(context.target()?, look.deep) };
    let before = context.round_trips();
    let (survey, databases) = read_all(context, &scope, sites.as_deref(), look, deadline)?;
    if survey.as_ref().map_or(true, |survey| survey.cut_short.is_some()) {
        // What is still on its way would be taken for the answers of the next round of `--watch`.
        context.disconnect();
    }
    let now = survey.as_ref().map_or_else(|_| clock::now(), |survey| survey.taken_at);
    let process = scheduler_of(context.target()?);
    let late = late_ids(context.target()?, &process, &databases, now);
    let enqueued = match &survey {
        Ok(survey) if survey.cut_short.is_none() => enqueued(context, late),
        _ => HashSet::new(),
    };
    let round_trips = context.round_trips().saturating_sub(before);
    let target = context.target()?;
    let workers = || survey.iter().filter_map(|survey| survey.workers.as_ref().ok()).flatten();
    let processes = local_processes(workers());
    let crew = survey.as_ref().map(|survey| Crew::of(survey, &processes, now)).unwrap_or_default();
    let all_sites = target.bench.as_ref().map(Bench::sites).unwrap_or_default();
    let bench = target.bench.as_ref().map(|bench| {
        let mut facts = bench_facts(
            bench,
            target,
            &all_sites,
            sites.as_deref(),
            workers(),
            &processes,
            Surroundings::with_process(bench, target.command(), process, now),
        );
        if look.deep {
            let read = databases.iter().filter(|read| read.found.is_ok());
            let sites: Vec<String> = read.map(|read| read.site.clone()).collect();
            facts.hooks = hooks::read(bench, &sites, deadline);
        }
        (facts.databases, facts.enqueued) = (databases, enqueued);
        facts
    });
    let endpoint = target.endpoint().ok();
    let place = endpoint.as_ref().map(ToString::to_string).unwrap_or_default();
    let facts = Facts {
        survey: survey.as_ref(),
        crew: &crew,
        bench: bench.as_ref(),
        processes: &Processes::read(target, survey.as_ref().ok(), &processes, now),
        sites: sites.as_deref(),
        thresholds: &context.settings.thresholds,
        now,
        paste: &paste(target, endpoint.as_ref()),
        place: &place,
        keys: &crate::context::keys(),
        deep: look.deep,
    };
    let mut report = sum_up(&facts, look.degraded_fails);
    report.round_trips = round_trips;
    report.took_ms = watch.elapsed().as_secs_f64() * 1000.0;
    report.verbose = context.global.verbose > 0;
    report.mask(context.secrets);
    Ok(then(&facts, report))
}

/// What to survey of a target.
pub fn survey_scope(target: &Target, deep: bool) -> SurveyScope {
    SurveyScope {
        prefix: target.prefix(),
        configured: target.configured_queues(),
        deep,
        heads_only: false,
    }
}

/// What Redis holds, or why it could not be read.
type Surveyed = std::result::Result<Survey, Outage>;

/// Reads Redis and the databases of the sites at the same time, all of it before `deadline`.
///
/// Errors: those of [`read_survey`].
fn read_all(
    context: &mut Context,
    scope: &SurveyScope,
    selected: Option<&[String]>,
    look: Look,
    deadline: Instant,
) -> Result<(Surveyed, Vec<ReadSite<Examined>>)> {
    let timeout = context.settings.timeout;
    // Opened anew, as the connection to Redis needs the context for itself meanwhile.
    let bench = context.target()?.bench.as_ref().filter(|_| !look.without_databases);
    let bench = bench.map(Bench::again);
    std::thread::scope(|threads| {
        let databases = bench.as_ref().map(|bench| {
            threads.spawn(move || {
                let all = || bench.sites().names().map(str::to_owned).collect();
                let sites = selected.map_or_else(all, <[String]>::to_vec);
                site_facts::read(bench, &sites, timeout, deadline)
            })
        });
        let survey = read_survey(context, scope, deadline);
        let databases = databases.map(|thread| thread.join().map_err(std::panic::resume_unwind));
        let databases: Vec<_> = databases.map_or_else(Vec::new, |Ok(read)| read);
        Ok((survey?, databases))
    })
}

fn scheduler_of(target: &Target) -> SchedulerProcess {
    let Some(bench) = &target.bench else { return SchedulerProcess::Absent };
    ProcTable::live().map_or_else(
        |cannot| SchedulerProcess::CannotTell(cannot.to_string()),
        |table| bench.scheduler(&table),
    )
}

fn late_ids(
    target: &Target,
    process: &SchedulerProcess,
    databases: &[ReadSite<Examined>],
    now: Timestamp,
) -> Vec<JobId> {
    let Some(bench) = &target.bench else { return Vec::new() };
    let around = Surroundings::with_process(bench, target.command(), process.clone(), now);
    site_facts::late_ids(&around, databases)
}

/// Which of these jobs wait or run. What cannot be read counts as absent.
fn enqueued(context: &mut Context, ids: Vec<JobId>) -> HashSet<JobId> {
    let statuses = match context.store() {
        Ok(store) if !ids.is_empty() => store.statuses(&ids),
        _ => return HashSet::new(),
    };
    let is_there = |status: &Part<Option<Status>>| {
        matches!(status, Ok(Some(Status::Queued | Status::Started)))
    };
    let found = ids.into_iter().zip(statuses.unwrap_or_default());
    found.filter(|(_, status)| is_there(status)).map(|(id, _)| id).collect()
}

/// Reads Redis, all of it before `deadline`. An outage, a refused login and a configuration that
/// names no usable address are results; a URL that was mistyped is an error of the call.
fn read_survey(context: &mut Context, scope: &SurveyScope, deadline: Instant) -> Result<Surveyed> {
    let read = context.store().and_then(|store| {
        store.link().end_by(deadline);
        store.survey(scope, clock::now())
    });
    let error = match read {
        Ok(survey) => return Ok(Ok(survey)),
        Err(error) => error,
    };
    match failure_of(&error) {
        Some(failure) if is_outage(failure.kind()) => {
            let lines: Vec<String> = error.chain().map(ToString::to_string).collect();
            let (kind, hints) = (failure.kind(), failure.hints().to_vec());
            Ok(Err(Outage { kind, why: lines.join(": "), hints }))
        }
        _ => Err(error),
    }
}

const fn is_outage(kind: Kind) -> bool {
    matches!(kind, Kind::Unreachable | Kind::TryAgain | Kind::Refused | Kind::Config | Kind::Io)
}

/// How commands to paste begin.
fn paste(target: &Target, endpoint: Option<&Endpoint>) -> Paste {
    let inside = |bench: &Bench| {
        std::env::current_dir()
            .is_ok_and(|here| here.starts_with(bench.root()) || here.starts_with(bench.real_root()))
    };
    let bench = match &target.bench {
        Some(bench) if !inside(bench) => {
            format!("cd {} && bench", shell_quote(&bench.root().to_string_lossy()))
        }
        _ => "bench".to_owned(),
    };
    Paste {
        jobctl: target.command(),
        redis_cli: endpoint.and_then(Endpoint::redis_cli).unwrap_or_else(|| "redis-cli".to_owned()),
        bench,
        rq_url: endpoint.and_then(Endpoint::public_url).unwrap_or_default(),
    }
}

fn bench_facts<'a, 'w>(
    bench: &'a Bench,
    target: &Target,
    sites: &'a Sites,
    selected: Option<&[String]>,
    mut workers: impl Iterator<Item = &'w Worker>,
    processes: &HashMap<String, LocalProcess>,
    around: Surroundings<'a>,
) -> BenchFacts<'a> {
    let prefix = target.prefix();
    let here = hostname();
    let workers_here = workers.any(|worker| {
        let identity = worker.identity.as_ref();
        let on_host = identity.and_then(|i| i.hostname.as_deref()) == here.as_deref();
        let ours = worker.queues().iter().any(|queue| queue.prefix() == prefix.as_deref());
        on_host && ours && processes.get(&worker.name) == Some(&LocalProcess::Present)
    });
    let names = sites.names().filter(|name| selected.is_none_or(|s| s.iter().any(|x| x == name)));
    BenchFacts {
        bench,
        id: bench.id(),
        sites,
        configs: names.map(|name| (name.to_owned(), bench.site_config(name))).collect(),
        around: Surroundings { workers_here, ..around },
        databases: Vec::new(),
        enqueued: HashSet::new(),
        hooks: BTreeMap::new(),
    }
}

/// Leaves out the commands with a name in them that holds a control character or is no UTF-8: what
/// is shown of it is not the name.
fn pasteable(mut finding: Finding) -> Finding {
    finding.fix.retain(|command| {
        !holds_control(command)
            && !command.contains(char::REPLACEMENT_CHARACTER)
            // A name behind these that begins with a dash would be read as an option.
            && ![" show -", " delete -", " ghost -", " --queue -", " --job -"].iter().any(|option| command.contains(option))
    });
    finding
}

/// Makes the checks and sorts what they found, worst first.
fn sum_up(facts: &Facts<'_>, degraded_fails: bool) -> DoctorReport {
    let mut findings: Vec<Finding> = Vec::new();
    let mut passed = Vec::new();
    let mut not_made = Vec::new();
    let mut essential_measured = true;
    for result in examine(facts) {
        match result.checked {
            Checked::Findings(found) if found.is_empty() => {
                passed.push(Passed { check: result.check, summary: result.passes_when });
            }
            Checked::Findings(found) => findings.extend(found.into_iter().map(pasteable)),
            Checked::NotMade { why, essential } => {
                essential_measured &= !essential;
                not_made.push(NotMade { check: result.check, why, essential });
            }
            Checked::Skipped => {}
        }
    }
    // Stable: within one severity the families keep their order.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let severities = findings.iter().map(|finding| finding.severity);
    let count = |wanted: Severity| findings.iter().filter(|f| f.severity == wanted).count();
    DoctorReport {
        verdict: Verdict::of(severities, essential_measured),
        problems: count(Severity::Critical),
        warnings: count(Severity::Warning),
        infos: count(Severity::Info),
        findings,
        passed,
        not_made,
        sites: tables::sites(facts),
        queues: tables::queues(facts),
        workers: tables::workers(facts),
        checked_at: facts.now,
        took_ms: 0.0,
        round_trips: 0,
        degraded_fails,
        queues_read: facts.survey.is_ok_and(|survey| survey.queues_read.is_ok()),
        verbose: false,
        place: tables::place(facts),
        notes: tables::notes(facts),
    }
}
