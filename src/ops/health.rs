//! The doctor's diagnosis as a gate: its checks gathered under the names that a monitoring system
//! asks for. Makes no check of its own.

use crate::context::Context;
use crate::error::Result;
use crate::model::health::{Finding, Severity, Verdict};
use crate::ops::doctor;
use crate::report::doctor::DoctorReport;
use crate::report::health::{Case, CaseState, Figure, GateLine, HealthReport};
use crate::secrets::Secrets;
use crate::settings::Thresholds;

/// Queues with figures of their own, in the order of the report: a monitoring system cuts long
/// answers, and the totals stand first.
const MOST_QUEUES: usize = 20;

/// A gate, and the doctor's checks that it stands for.
struct Gate {
    name: &'static str,
    checks: &'static [&'static str],
    /// Whether nothing can be said of it while Redis cannot be read.
    needs_redis: bool,
}

/// Every gate; each of the doctor's checks belongs to one.
const GATES: &[Gate] = &[
    Gate {
        name: "queue.length",
        checks: &[
            "queue.readable",
            "queue.types",
            "queue.prefix",
            "queue.backlog",
            "queue.oldest",
            "queue.cap",
        ],
        needs_redis: true,
    },
    Gate { name: "queue.failed", checks: &["job.failed", "job.failure-rate"], needs_redis: true },
    Gate {
        name: "queue.stalled",
        checks: &[
            "queue.worker",
            "queue.suspended",
            "queue.hashless",
            "queue.expiring",
            "queue.parked",
            "queue.poison",
            "job.overdue",
            "job.ghost",
            "job.lost",
            "job.dangling",
        ],
        needs_redis: true,
    },
    Gate {
        name: "worker.activity",
        checks: &[
            "worker.none",
            "worker.stale",
            "worker.gone",
            "worker.unregistered",
            "worker.versions",
            "worker.generation",
            "worker.foreign",
            "process.unregistered",
            "process.memory",
            "process.stop-timeout",
        ],
        needs_redis: true,
    },
    Gate {
        name: "worker.processing",
        checks: &["job.timeout", "job.abandoned"],
        needs_redis: true,
    },
    Gate {
        name: "scheduler.activity",
        checks: &[
            "scheduler.process",
            "scheduler.twice",
            "scheduler.ticking",
            "site.scheduler",
            "site.dormant",
            "config.switches",
        ],
        needs_redis: false,
    },
    Gate {
        name: "scheduler.processing",
        checks: &[
            "scheduler.overdue",
            "scheduler.failing",
            "scheduler.future",
            "scheduler.cron",
            "scheduler.stale-start",
            "scheduler.drift",
            "scheduler.collision",
        ],
        needs_redis: false,
    },
    Gate {
        name: "redis",
        checks: &[
            "redis.reachable",
            "redis.deadline",
            "redis.latency",
            "redis.clock",
            "redis.memory",
            "redis.eviction",
            "redis.persistence",
            "redis.writes",
        ],
        needs_redis: true,
    },
    Gate { name: "database", checks: &["site.database"], needs_redis: false },
    Gate {
        name: "site",
        checks: &["site.settings", "site.errors", "site.mail"],
        needs_redis: false,
    },
    Gate {
        name: "config",
        checks: &[
            "config.files",
            "config.sites",
            "config.keys",
            "config.deceptive",
            "config.extra",
            "config.monitor",
            "config.bench-id",
        ],
        needs_redis: false,
    },
];

/// The word that asks for all gates.
const AGGREGATE: &str = "aggregate";

/// Checks without which the gates that need Redis say nothing: a failure of theirs counts for
/// each of these.
const FOUNDATION: &[&str] =
    &["redis.reachable", "redis.deadline", "queue.readable", "queue.prefix"];

/// Whether `wanted` names gates or one of the doctor's checks.
fn selects(wanted: &str, gate: &Gate, check: &str) -> bool {
    let family = |name: &str| name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'));
    wanted == AGGREGATE || wanted == gate.name || family(gate.name) || wanted == check
}

/// What `--check` takes: families of gates, gates, and the doctor's own checks.
pub fn names() -> Vec<&'static str> {
    let mut names = vec![AGGREGATE, "queue", "worker", "scheduler"];
    names.extend(GATES.iter().map(|gate| gate.name));
    names.extend(GATES.iter().flat_map(|gate| gate.checks.iter().copied()));
    names
}

/// What came of the doctor's checks that a name of [`names`] stands for; those that do not apply to
/// the target are absent.
pub fn cases_of<'r>(report: &'r HealthReport, wanted: &str) -> Vec<&'r Case> {
    let of_gate = |line: &'r GateLine| {
        let gate = GATES.iter().find(|gate| gate.name == line.check);
        let chosen = move |case: &&Case| gate.is_some_and(|g| selects(wanted, g, case.check));
        line.cases.iter().filter(chosen)
    };
    report.checks.iter().flat_map(of_gate).collect()
}

/// Makes the diagnosis and passes it through the gates that `wanted` names; all of them where it
/// is empty.
///
/// Errors: those of [`doctor::diagnose`].
pub fn health(
    context: &mut Context,
    wanted: &[String],
    degraded_fails: bool,
) -> Result<HealthReport> {
    let doctor = doctor::diagnose(context, false, degraded_fails)?;
    let mut report = judge(doctor, wanted, &context.settings.thresholds);
    report.mask(context.secrets);
    report.verbose = context.global.verbose > 0;
    Ok(report)
}

impl HealthReport {
    /// Hides secrets in the line that was made here; the findings come masked.
    fn mask(&mut self, secrets: Secrets) {
        self.message = secrets.text(&self.message).into_owned();
    }
}

/// Passes a diagnosis through the gates.
pub fn judge(doctor: DoctorReport, wanted: &[String], thresholds: &Thresholds) -> HealthReport {
    let figures = figures(&doctor, thresholds);
    let healthy = in_figures(&doctor);
    let (checked_at, took_ms, degraded_fails) =
        (doctor.checked_at, doctor.took_ms, doctor.degraded_fails);
    let mut cases = Cases::of(doctor);
    let is_wanted = |gate: &Gate, check: &str| {
        wanted.is_empty() || wanted.iter().any(|wanted| selects(wanted, gate, check))
    };
    let needs_redis = GATES
        .iter()
        .any(|gate| gate.needs_redis && gate.checks.iter().any(|check| is_wanted(gate, check)));
    let (mut lines, mut unfit) = (Vec::new(), Vec::new());
    for gate in GATES {
        let mut line = GateLine { check: gate.name, verdict: None, cases: Vec::new() };
        let mut asked = false;
        for check in gate.checks {
            let chosen = is_wanted(gate, check);
            asked |= chosen;
            let foundation = needs_redis && FOUNDATION.contains(check);
            let Some(case) = cases.take(check) else { continue };
            if chosen || (foundation && case.state.is_fault()) {
                line.cases.push(case);
            }
        }
        line.verdict = verdict_of(&line.cases);
        // Who names a gate wants an answer: that none of its checks could be made is not known.
        // What does not apply to the target is no part of the verdict, unless nothing else is asked.
        let named = asked && !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == AGGREGATE);
        if line.verdict.is_none() && named {
            line.verdict = (!line.cases.is_empty()).then_some(Verdict::Unknown);
            unfit.extend(line.cases.is_empty().then_some(gate.name));
        }
        if asked || !line.cases.is_empty() {
            lines.push(line);
        }
    }
    // A gate at the wrong target must not pass for want of anything to look at.
    let nothing_fits = !unfit.is_empty() && lines.iter().all(|line| line.verdict.is_none());
    let verdict = if nothing_fits { Verdict::Unknown } else { worst(&lines) };
    let unfit = does_not_apply(&unfit);
    let message = match (verdict, &unfit) {
        (_, Some(unfit)) if nothing_fits => unfit.clone(),
        (Verdict::Healthy, _) => healthy,
        _ => in_words(&lines),
    };
    let notes = unfit.filter(|unfit| *unfit != message).into_iter().collect();
    HealthReport {
        verdict,
        message,
        checks: lines,
        figures,
        checked_at,
        took_ms,
        ping: None,
        degraded_fails,
        verbose: false,
        notes,
    }
}

/// What came of each of the doctor's checks; what does not apply is absent.
struct Cases(Vec<Case>);

impl Cases {
    fn of(doctor: DoctorReport) -> Self {
        let mut cases: Vec<Case> = Vec::new();
        for finding in doctor.findings {
            match cases.iter_mut().find(|case| case.check == finding.check) {
                Some(Case { state: CaseState::Found { findings }, .. }) => findings.push(finding),
                _ => cases.push(Case {
                    check: finding.check,
                    state: CaseState::Found { findings: vec![finding] },
                }),
            }
        }
        cases.extend(doctor.passed.into_iter().map(|passed| Case {
            check: passed.check,
            state: CaseState::Passed { summary: passed.summary },
        }));
        cases.extend(doctor.not_made.into_iter().map(|left| Case {
            check: left.check,
            state: CaseState::NotMade { why: left.why, essential: left.essential },
        }));
        Self(cases)
    }

    fn take(&mut self, check: &str) -> Option<Case> {
        let at = self.0.iter().position(|case| case.check == check)?;
        Some(self.0.swap_remove(at))
    }
}

/// The verdict over some checks; `None` where none of them was made.
fn verdict_of(cases: &[Case]) -> Option<Verdict> {
    let essential = |case: &Case| matches!(case.state, CaseState::NotMade { essential: true, .. });
    let unmeasured = cases.iter().any(essential);
    let made = cases.iter().any(|case| !matches!(case.state, CaseState::NotMade { .. }));
    let severities = cases.iter().flat_map(Case::findings).map(|finding| finding.severity);
    (made || unmeasured).then(|| Verdict::of(severities, !unmeasured))
}

/// The verdict over all gates, by the doctor's rule: critical, then unknown, then warning.
fn worst(lines: &[GateLine]) -> Verdict {
    let has = |wanted: Verdict| lines.iter().any(|line| line.verdict == Some(wanted));
    [Verdict::Unhealthy, Verdict::Unknown, Verdict::Degraded]
        .into_iter()
        .find(|verdict| has(*verdict))
        .unwrap_or(Verdict::Healthy)
}

/// The worst finding, and how many more there are.
fn in_words(lines: &[GateLine]) -> String {
    let cases = || lines.iter().flat_map(|line| &line.cases);
    let mut findings: Vec<&Finding> = cases().flat_map(Case::findings).collect();
    findings.retain(|finding| finding.severity > Severity::Info);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let mut parts: Vec<String> = findings
        .iter()
        .map(|finding| match &finding.figure {
            Some(figure) => format!("{} ({figure})", finding.summary),
            None => finding.summary.clone(),
        })
        .collect();
    let unmeasured = cases().filter_map(|case| match &case.state {
        CaseState::NotMade { why, essential: true } => Some(format!("{}: {why}", case.check)),
        _ => None,
    });
    // What is critical goes before what is not known, and that before what is only a warning.
    let critical = findings.iter().filter(|f| f.severity == Severity::Critical).count();
    let rest = parts.split_off(critical);
    parts.extend(unmeasured);
    let unanswered = |line: &&GateLine| {
        line.verdict == Some(Verdict::Unknown) && !line.cases.iter().any(|c| c.state.is_fault())
    };
    parts.extend(lines.iter().filter(unanswered).map(|line| {
        let why = line.cases.iter().find_map(|case| match &case.state {
            CaseState::NotMade { why, .. } => Some(why.as_str()),
            _ => None,
        });
        format!("{}: {}", line.check, why.unwrap_or("not known"))
    }));
    parts.extend(rest);
    let more = parts.len().saturating_sub(1);
    let first = parts.into_iter().next().unwrap_or_default();
    if more == 0 { first } else { format!("{first} (+{more} more)") }
}

/// That gates which were asked for have nothing to check on this target; `None` where all have.
fn does_not_apply(gates: &[&str]) -> Option<String> {
    let verb = if gates.len() == 1 { "does" } else { "do" };
    (!gates.is_empty()).then(|| format!("{} {verb} not apply to this target", gates.join(", ")))
}

/// A healthy target in figures.
fn in_figures(doctor: &DoctorReport) -> String {
    let sum = |count: fn(&crate::report::doctor::QueueLine) -> Option<u64>| {
        doctor.queues.iter().filter_map(count).sum::<u64>()
    };
    format!(
        "{} queued, {} running, {} failed, {} ({} busy)",
        crate::human::count(sum(|queue| queue.queued)),
        crate::human::count(sum(|queue| queue.running)),
        crate::human::count(sum(|queue| queue.failed)),
        crate::human::counted(doctor.workers.alive as u64, "worker"),
        doctor.workers.busy,
    )
}

/// Figures for a monitoring system: totals, then the first queues. What could not be read is left
/// out, never 0.
fn figures(doctor: &DoctorReport, thresholds: &Thresholds) -> Vec<Figure> {
    let seconds = |name: String, value: f64| Figure::new(name, value, "s");
    let mut figures = Vec::new();
    if doctor.queues_read {
        let all = |count: fn(&crate::report::doctor::QueueLine) -> Option<u64>| {
            doctor.queues.iter().map(count).sum::<Option<u64>>()
        };
        let totals = [
            ("queued", all(|queue| queue.queued)),
            ("running", all(|queue| queue.running)),
            ("failed", all(|queue| queue.failed)),
        ];
        for (name, total) in totals {
            figures.extend(total.map(|total| Figure::new(name.to_owned(), total as f64, "")));
        }
        figures.push(Figure::new("workers".to_owned(), doctor.workers.alive as f64, ""));
        figures.push(Figure::new("busy".to_owned(), doctor.workers.busy as f64, ""));
    }
    figures.push(seconds("time".to_owned(), doctor.took_ms / 1000.0));
    for queue in doctor.queues.iter().take(MOST_QUEUES) {
        let name = &queue.queue;
        if let Some(queued) = queue.queued {
            figures.push(
                Figure::new(format!("{name} queued"), queued as f64, "")
                    .bounds(thresholds.backlog_warning as f64, thresholds.backlog_critical as f64),
            );
            // An empty queue has nobody who waits.
            let oldest = queue.oldest_age_s.or((queued == 0).then_some(0.0));
            figures.extend(oldest.map(|age| {
                seconds(format!("{name} oldest"), age)
                    .bounds(thresholds.oldest_warning_s, thresholds.oldest_critical_s)
            }));
        }
        let failed = queue.failed.map(|n| Figure::new(format!("{name} failed"), n as f64, ""));
        figures.extend(failed);
    }
    figures
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn gates_hold_every_check_of_the_doctor_once() {
        let mut gated = HashSet::new();
        for check in GATES.iter().flat_map(|gate| gate.checks) {
            assert!(gated.insert(*check), "{check} stands under two gates");
        }
        let all: HashSet<&str> = doctor::all_checks().map(doctor::Check::name).collect();
        assert_eq!(gated, all);
    }

    #[test]
    fn gate_name_selects_itself_its_family_and_its_checks() {
        let length = &GATES[0];
        assert!(selects("queue", length, "queue.types"));
        assert!(selects("queue.length", length, "queue.types"));
        assert!(selects("queue.types", length, "queue.types"));
        assert!(selects("aggregate", length, "queue.types"));
        assert!(!selects("queue.types", length, "queue.cap"));
        assert!(!selects("que", length, "queue.types"));
        assert!(!selects("queue.failed", length, "queue.types"));
    }
}
