//! Checks of the scheduled job types of each site, and whether the scheduler ticks.

use super::site_facts::{Site, few, on_sites};
use super::{Checked, Facts, Simple};
use crate::backend::site_db::read::RunTally;
use crate::human::{self, age, counted};
use crate::model::health::{Finding, Severity};
use crate::ops::sites::standing::TimedType;
use crate::sanitize::shell_quote;
use crate::schedule::due::{Effect, Problem};

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple {
        name: "scheduler.ticking",
        passes_when: "the scheduler enqueues what is due",
        run: ticking,
    },
    &Simple { name: "scheduler.overdue", passes_when: "no job type is overdue", run: overdue },
    &Simple { name: "scheduler.failing", passes_when: "few scheduled runs fail", run: failing },
    &Simple {
        name: "scheduler.stale-start",
        passes_when: "every logged run came to an end",
        run: stale_start,
    },
    &Simple {
        name: "scheduler.future",
        passes_when: "no job type counts from the future",
        run: future,
    },
    &Simple {
        name: "scheduler.cron",
        passes_when: "every cron expression has a next time",
        run: cron,
    },
];

/// Types of a site that are named in one finding.
const MOST_NAMED: usize = 5;

/// Runs of a week below which their share of failures says nothing.
const LEAST_RUNS: u64 = 3;

/// Seconds beyond the longest timeout after which a run that did not end is dead.
const GRACE_S: i64 = 120;

/// The late types of all sites that are in no queue, and the site that ran something last.
struct Standstill {
    types: usize,
    sites: usize,
    since_s: f64,
}

/// Finds out whether nothing at all is enqueued although types are due. `None`: all is well, or it
/// is another thing than the scheduler that is late.
fn standstill(facts: &Facts<'_>) -> Option<Standstill> {
    let bench = facts.bench?;
    let (mut types, mut sites) = (0, 0);
    let mut newest = None;
    for site in bench.examined() {
        newest = newest.max(site.standing.last_run_at());
        let late = site.late_types();
        if late.iter().any(|(timed, _)| bench.is_enqueued(site.name(), timed)) {
            return None;
        }
        types += late.len();
        sites += usize::from(!late.is_empty());
    }
    let since_s = newest.map_or(f64::MAX, |at| facts.now.duration_since(at).as_secs_f64());
    let tick_s = bench.around.tick_s() as f64;
    let stands = types > 0 && since_s > (5.0 * tick_s).max(900.0);
    stands.then_some(Standstill { types, sites, since_s })
}

fn ticking(facts: &Facts<'_>) -> Checked {
    let checked = on_sites(facts, |_| Vec::new());
    let (Checked::Findings(_), Some(still)) = (&checked, standstill(facts)) else { return checked };
    // What is in the queues is not known then, so neither is whose fault it is.
    if facts.survey.is_err() {
        return Checked::no_redis();
    }
    let summary = "the scheduler does not tick: nothing is enqueued although job types are due";
    let mut finding =
        Finding::new("scheduler.ticking", Severity::Critical, summary).because(format!(
            "{} overdue on {}, none of them in a queue",
            counted(still.types as u64, "job type"),
            counted(still.sites as u64, "site")
        ));
    if still.since_s < f64::MAX {
        finding = finding.figure(format!("last run {}", human::ago(still.since_s)));
    }
    finding = finding.because(
        "a database or a Redis that hangs holds up all sites; so does a bad job type before v14",
    );
    vec![finding.fix(facts.jobctl("logs --since 1h"))].into()
}

fn overdue(facts: &Facts<'_>) -> Checked {
    if standstill(facts).is_some() {
        return Checked::not_made("the scheduler does not tick");
    }
    on_sites(facts, |site| {
        let late = site.late_types();
        let (waiting, missing): (Vec<_>, Vec<_>) = late.iter().partition(|(timed, _)| {
            facts.bench.is_some_and(|bench| bench.is_enqueued(site.name(), timed))
        });
        let told = |list: &[&(TimedType<'_>, i64)], what: &str, why: &str| {
            let longest = list.iter().map(|(_, by)| *by).max()?;
            let n = counted(list.len() as u64, "job type");
            let summary = format!("{}: {n} overdue, {what}", site.name());
            let names = list.iter().map(|(timed, _)| timed.row.method.as_str());
            Some(
                Finding::new("scheduler.overdue", Severity::Warning, summary)
                    .because(named(names))
                    .because(why)
                    .figure(age(longest as f64)),
            )
        };
        let enqueued = "the scheduler did its part: look at the queues and workers";
        let not = "the scheduler passed them over for several rounds";
        let waiting = told(&waiting, "waiting for workers", enqueued);
        waiting.into_iter().chain(told(&missing, "and not enqueued", not)).collect()
    })
}

/// The first of some names.
pub(super) fn named<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let all: Vec<&str> = names.collect();
    let first: Vec<&str> = all.iter().take(MOST_NAMED).copied().collect();
    match all.len().saturating_sub(MOST_NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn failing(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        let Ok(tallies) = &site.examined.facts.scheduler.tallies else { return Vec::new() };
        let mut failing: Vec<(&str, u64, u64)> = site
            .standing
            .types()
            .iter()
            .filter_map(|timed| {
                let (failed, ended) = shares(tallies, &timed.row.name);
                let percent = failed as f64 * 100.0 / ended.max(1) as f64;
                let many =
                    ended >= LEAST_RUNS && percent > facts.thresholds.scheduled_failure_percent;
                many.then_some((timed.row.method.as_str(), failed, ended))
            })
            .collect();
        if failing.is_empty() {
            return Vec::new();
        }
        failing.sort_by_key(|(_, failed, ended)| std::cmp::Reverse(failed * 1000 / ended));
        let n = counted(failing.len() as u64, "job type");
        let summary = format!("{}: {n} failing within 7 days", site.name());
        let finding = Finding::new("scheduler.failing", Severity::Warning, summary);
        let lines = failing.iter().take(MOST_NAMED);
        let finding = lines.fold(finding, |finding, (method, failed, ended)| {
            finding.because(format!("{method}: {failed} of {}", counted(*ended, "run")))
        });
        vec![finding.because("RQ calls these runs finished: their errors are in the log alone")]
    })
}

/// How many runs of a type failed, of those that ended.
fn shares(tallies: &[RunTally], name: &str) -> (u64, u64) {
    let of = |status: &str| -> u64 {
        let rows = tallies.iter().filter(|row| row.job_type == name && row.status == status);
        rows.map(|row| row.runs).sum()
    };
    let failed = of("Failed");
    (failed, failed + of("Complete"))
}

fn stale_start(facts: &Facts<'_>) -> Checked {
    let timeouts = facts.bench.map(|bench| bench.bench.queues()).unwrap_or_default();
    let longest = timeouts.iter().filter_map(|queue| queue.timeout_s).max().unwrap_or(0);
    on_sites(facts, |site| {
        let Ok(unfinished) = &site.examined.facts.unfinished else { return Vec::new() };
        let now = site.now();
        let is_stale = |started: jiff::civil::DateTime| {
            now.duration_since(started).as_secs() > longest + GRACE_S
        };
        let stale: Vec<_> =
            unfinished.iter().filter(|run| run.started_at.is_some_and(is_stale)).collect();
        let Some(newest) = stale.first().and_then(|run| run.started_at) else { return Vec::new() };
        let n = counted(stale.len() as u64, "scheduled run");
        let summary = format!("{}: {n} began within 7 days and never ended", site.name());
        vec![
            Finding::new("scheduler.stale-start", Severity::Warning, summary)
                .because(named(stale.iter().map(|run| run.job_type.as_str())))
                .because("their processes died: out of memory, killed at the timeout, or restarted")
                .figure(format!("newest {} ago", age(now.duration_since(newest).as_secs_f64()))),
        ]
    })
}

/// The problems of the types of a site.
fn problems<'s>(site: &'s Site<'_>) -> Vec<(TimedType<'s>, Problem)> {
    let types = site.running_types().into_iter();
    types
        .filter_map(|timed| {
            let problem = timed.clock.problem()?.clone();
            Some((timed, problem))
        })
        .collect()
}

fn future(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        // In the hour that the clock shows twice, times of its first pass look so as well.
        let zone = site.standing.zone(&site.examined.facts.scheduler);
        if zone.is_repeating(facts.now) {
            return Vec::new();
        }
        let problems = problems(site);
        let ahead = |problem: &Problem| match problem {
            Problem::FutureBase { base, .. } => {
                let ahead_s = base.duration_since(site.now()).as_secs();
                (ahead_s > 60).then_some(ahead_s)
            }
            _ => None,
        };
        let ahead_of: Vec<_> = problems.iter().filter_map(|(t, p)| Some((t, ahead(p)?))).collect();
        let Some(furthest) = ahead_of.iter().map(|(_, by)| *by).max() else { return Vec::new() };
        let n = counted(ahead_of.len() as u64, "job type");
        let summary = format!("{}: {n} with a last run in the future", site.name());
        vec![
            Finding::new("scheduler.future", Severity::Warning, summary)
                .because(named(ahead_of.iter().map(|(timed, _)| timed.row.method.as_str())))
                .because("they are not due before that time: a clock or a time zone was changed")
                .figure(format!("{} ahead", age(furthest as f64))),
        ]
    })
}

fn cron(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        let rules = site.standing.rules();
        let mut findings: Vec<Finding> = Vec::new();
        if let Some(problem) = rules.problem() {
            let summary = format!("{}: {problem}", site.name());
            let finding = Finding::new("scheduler.cron", Severity::Critical, summary);
            return vec![finding.because(rules.effect(problem).describe())];
        }
        for (timed, problem) in problems(site) {
            let severity = match rules.effect(&problem) {
                Effect::WholeSite | Effect::RestOfRound => Severity::Critical,
                Effect::ThisType => Severity::Warning,
                Effect::Unpredictable => Severity::Info,
            };
            if matches!(problem, Problem::FutureBase { .. }) {
                continue;
            }
            let method = &timed.row.method;
            let summary = format!("{}: job type {method} has no next time", site.name());
            findings.push(
                Finding::new("scheduler.cron", severity, summary)
                    .because(problem.to_string())
                    .because(rules.effect(&problem).describe())
                    .fix(facts.jobctl(&format!(
                        "scheduler stop-job {} --site {}",
                        shell_quote(method),
                        shell_quote(site.name())
                    ))),
            );
        }
        few(findings)
    })
}
