//! Gathers the facts, makes the checks, and sums up.

use std::collections::HashMap;

use jiff::Timestamp;

use super::facts::BenchFacts;
use super::{Checked, Facts, examine, tables};
use crate::backend::redis::survey::{Survey, SurveyScope};
use crate::bench::{Bench, SchedulerProcess, Sites};
use crate::context::{Context, local_processes};
use crate::error::{Failure, Kind, Result, failure_of};
use crate::model::health::{Finding, Severity, Verdict};
use crate::model::worker::{LocalProcess, Worker};
use crate::report::doctor::{DoctorReport, NotMade, Passed};
use crate::sys::clock::{self, Stopwatch};
use crate::sys::proc::{ProcTable, hostname};
use crate::target::Target;

/// Makes a diagnosis of the target.
///
/// Nothing that is broken ends it, but for a selection that names nothing: what cannot be read
/// becomes a finding or a missing check.
pub fn diagnose(context: &mut Context, deep: bool, degraded_fails: bool) -> Result<DoctorReport> {
    let watch = Stopwatch::start();
    let sites = context.sites()?;
    let scope = survey_scope(context.target()?, deep);
    let survey = read_survey(context, &scope, clock::now())?;
    let round_trips = context.round_trips();
    let target = context.target()?;
    let now = survey.as_ref().map_or_else(|_| clock::now(), |survey| survey.taken_at);
    let workers = || survey.iter().filter_map(|survey| survey.workers.as_ref().ok()).flatten();
    let processes = local_processes(workers(), now);
    let all_sites = target.bench.as_ref().map(Bench::sites).unwrap_or_default();
    let bench = target.bench.as_ref().map(|bench| {
        bench_facts(bench, target, &all_sites, sites.as_deref(), workers(), &processes)
    });
    let endpoint = target.endpoint().ok();
    let place = endpoint.as_ref().map(ToString::to_string).unwrap_or_default();
    let keys = crate::context::keys();
    let redis_cli =
        endpoint.as_ref().and_then(crate::backend::redis::endpoint::Endpoint::redis_cli);
    let facts = Facts {
        survey: survey.as_ref().map_err(String::as_str),
        bench: bench.as_ref(),
        sites: sites.as_deref(),
        thresholds: &context.settings.thresholds,
        processes: &processes,
        now,
        jobctl: &target.command(),
        redis_cli: redis_cli.as_deref().unwrap_or("redis-cli"),
        rq_url: &endpoint.and_then(|endpoint| endpoint.public_url()).unwrap_or_default(),
        place: &place,
        keys: &keys,
        deep,
    };
    let mut report = sum_up(&facts, degraded_fails);
    report.round_trips = round_trips;
    report.took_ms = watch.elapsed().as_secs_f64() * 1000.0;
    report.verbose = context.global.verbose > 0;
    report.mask(context.secrets);
    Ok(report)
}

/// What to survey of a target.
pub fn survey_scope(target: &Target, deep: bool) -> SurveyScope {
    SurveyScope { prefix: target.prefix(), configured: target.configured_queues(), deep }
}

/// Reads Redis. An outage is a result; a wrong login or URL is an error of the call.
fn read_survey(
    context: &mut Context,
    scope: &SurveyScope,
    now: Timestamp,
) -> Result<std::result::Result<Survey, String>> {
    let read = context.store().and_then(|store| store.survey(scope, now));
    match read {
        Ok(survey) => Ok(Ok(survey)),
        Err(error) => match failure_of(&error).map(Failure::kind) {
            Some(Kind::Unreachable | Kind::TryAgain | Kind::Refused | Kind::Config | Kind::Io) => {
                let lines: Vec<String> = error.chain().map(ToString::to_string).collect();
                Ok(Err(lines.join(": ")))
            }
            _ => Err(error),
        },
    }
}

fn bench_facts<'a, 'w>(
    bench: &'a Bench,
    target: &Target,
    sites: &'a Sites,
    selected: Option<&[String]>,
    mut workers: impl Iterator<Item = &'w Worker>,
    processes: &HashMap<String, LocalProcess>,
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
        scheduler: ProcTable::live().map_or_else(
            |cannot| SchedulerProcess::CannotTell(cannot.to_string()),
            |table| bench.scheduler(&table),
        ),
        workers_here,
    }
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
            Checked::Findings(found) => findings.extend(found),
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
        verbose: false,
        place: tables::place(facts),
        notes: tables::notes(facts),
    }
}
