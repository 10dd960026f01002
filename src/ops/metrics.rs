//! What Prometheus wants to know, out of the facts of the doctor: one reading for both.
//!
//! Once it is gauges only: Redis keeps no totals, so counters come from somebody who goes on
//! looking ([`Passing`]).

mod passing;

use std::collections::BTreeMap;

use crate::context::Context;
use crate::error::Result;
use crate::model::health::{Severity, Verdict};
use crate::model::job::seconds_between;
use crate::model::queue::Registry;
use crate::model::worker::{Alive, Worker};
use crate::ops::doctor::{Facts, Look, diagnose_and};
use crate::ops::health;
use crate::report::doctor::DoctorReport;
use crate::report::health::HealthReport;
use crate::report::metrics::{Family, MetricsReport};
use passing::NewEnd;
pub use passing::Passing;
pub(in crate::ops) use passing::{is_wrapper, methods_of, task_of};

/// Values of a label that are told apart; the others are summed up under [`OTHER`].
const MOST: usize = 500;

/// Stands for the values beyond [`MOST`].
const OTHER: &str = "other";

/// Measures once.
///
/// Redis is asked in a number of round trips that does not grow with queues, workers, jobs or
/// keys. An outage is an answer. Errors: those of [`crate::ops::doctor::diagnose`].
pub fn metrics(context: &mut Context) -> Result<MetricsReport> {
    measure(context, None).map(|measured| measured.metrics)
}

/// Looks what happened since the last look, without the databases of the sites; `visit` sees the
/// same facts.
///
/// Cost and errors: as [`metrics`].
pub fn look(
    context: &mut Context,
    passing: &mut Passing,
    visit: &mut dyn FnMut(&Facts<'_>),
) -> Result<()> {
    let look = Look { heads_only: true, without_databases: true, ..Look::default() };
    let new = diagnose_and(context, look, |facts, _| {
        visit(facts);
        passing.look(facts)
    })?;
    complete(context, passing, new)
}

/// Reads what the facts did not tell of what happened.
fn complete(context: &mut Context, passing: &mut Passing, new: Vec<NewEnd>) -> Result<()> {
    if passing.is_whole(&new) {
        return Ok(());
    }
    match context.store() {
        Ok(store) => passing.complete(store, new),
        Err(error) => {
            // What they were called is lost with the connection, that they were is not.
            passing.count_unnamed(new);
            Err(error)
        }
    }
}

/// What one reading tells.
pub struct Measured {
    /// In numbers.
    pub metrics: MetricsReport,
    /// As a verdict.
    pub health: HealthReport,
}

/// Measures once, for numbers and the verdict; with the counters of somebody who looks.
///
/// Cost and errors: as [`metrics`].
pub fn measure(context: &mut Context, passing: Option<&mut Passing>) -> Result<Measured> {
    let Some(passing) = passing else { return measure_and(context, &mut |_, _| {}) };
    let mut new = Vec::new();
    let mut measured = measure_and(context, &mut |facts, _| new = passing.look(facts))?;
    complete(context, passing, new)?;
    measured.metrics.families.extend(passing.families());
    Ok(measured)
}

/// Measures once, and shows the facts to somebody who makes more of them.
///
/// Cost and errors: as [`metrics`].
pub fn measure_and(
    context: &mut Context,
    visit: &mut dyn FnMut(&Facts<'_>, &DoctorReport),
) -> Result<Measured> {
    let look = Look { heads_only: true, ..Look::default() };
    let thresholds = context.settings.thresholds.clone();
    diagnose_and(context, look, |facts, report| {
        visit(facts, &report);
        let mut families = vec![
            build(),
            Family::gauge("jobctl_redis_up", "Whether Redis could be read.")
                .alone(f64::from(u8::from(facts.survey.is_ok()))),
            Family::gauge("jobctl_collect_duration_seconds", "How long this collection took.")
                .alone(report.took_ms / 1000.0),
        ];
        families.extend(server(facts));
        families.extend(queues(facts));
        families.extend(workers(facts));
        families.extend(sites(facts, &report));
        families.push(findings(&report));
        let (checked_at, notes) = (report.checked_at, report.notes.clone());
        let health = health::judge(report, &[], &thresholds);
        families.extend(verdicts(&health));
        Measured { metrics: MetricsReport { families, checked_at, notes }, health }
    })
}

fn build() -> Family {
    let mut family = Family::gauge("jobctl_build_info", "The version of jobctl.");
    family.add([("version", env!("CARGO_PKG_VERSION"))], 1.0);
    family
}

fn server(facts: &Facts<'_>) -> Vec<Family> {
    let Ok(survey) = facts.survey else { return Vec::new() };
    let mut families = vec![
        Family::gauge("jobctl_redis_latency_seconds", "How long Redis takes for an answer.")
            .alone(survey.latency_ms / 1000.0),
    ];
    if let Ok(suspended) = &survey.suspended {
        let help = "Whether all workers of this Redis are suspended.";
        let value = f64::from(u8::from(suspended.is_some()));
        families.push(Family::gauge("jobctl_workers_suspended", help).alone(value));
    }
    let Ok(server) = &survey.server else { return families };
    if let Some(used) = server.used_memory {
        let help = "Memory that the data of Redis takes.";
        families.push(Family::gauge("jobctl_redis_memory_bytes", help).alone(used as f64));
    }
    if let Some(most) = server.max_memory.filter(|most| *most > 0) {
        let help = "Memory that the data of Redis may take.";
        families.push(Family::gauge("jobctl_redis_memory_max_bytes", help).alone(most as f64));
    }
    families
}

fn queues(facts: &Facts<'_>) -> Vec<Family> {
    let mut length = Family::gauge("jobctl_queue_length", "Jobs of a queue by status.");
    let mut oldest = Family::gauge(
        "jobctl_queue_oldest_age_seconds",
        "How long the oldest waiting job of a queue waits; 0 for an empty queue.",
    );
    let mut served = Family::gauge("jobctl_queue_workers", "Live workers that serve a queue.");
    let (kept, rest) = facts.queues().split_at(facts.queues().len().min(MOST));
    for queue in kept {
        let name = facts.short(&queue.name);
        for (status, count) in by_status(&queue.counts) {
            if let Some(count) = count {
                length.add([("queue", name), ("status", status)], count as f64);
            }
        }
        let age = queue.waiting.oldest_at.and_then(|at| seconds_between(at, facts.now));
        if let Some(age) = age.or((queue.counts.queued == Some(0)).then_some(0.0)) {
            oldest.add([("queue", name)], age);
        }
        served.add([("queue", name)], facts.serving(&queue.name).count() as f64);
    }
    let mut others: BTreeMap<&str, u64> = BTreeMap::new();
    for (status, count) in rest.iter().flat_map(|queue| by_status(&queue.counts)) {
        *others.entry(status).or_default() += count.unwrap_or(0);
    }
    for (status, count) in others {
        length.add([("queue", OTHER), ("status", status)], count as f64);
    }
    vec![length, oldest, served]
}

fn by_status(
    counts: &crate::model::queue::Counts,
) -> impl Iterator<Item = (&'static str, Option<u64>)> + use<> {
    let counts = *counts;
    let registries =
        Registry::ALL.map(|registry| (registry.word(), counts.registry(registry))).into_iter();
    [("queued", counts.queued), ("intermediate", counts.intermediate)].into_iter().chain(registries)
}

/// Workers of one host for the same queues. Their names are made up anew at every start, so none
/// of them is a label.
#[derive(Default)]
struct Crowd {
    busy: u64,
    idle: u64,
    stale: u64,
    silence_s: Option<f64>,
}

fn workers(facts: &Facts<'_>) -> Vec<Family> {
    let readable = facts.survey.is_ok_and(|survey| survey.workers.is_ok());
    if !readable {
        return Vec::new();
    }
    let mut crowds: BTreeMap<String, Crowd> = BTreeMap::new();
    let mut dead = 0_u64;
    for member in facts.workers() {
        if member.liveness.alive == Alive::No {
            dead += 1;
            continue;
        }
        let label = crowd_of(facts, member.worker);
        let full = crowds.len() >= MOST && !crowds.contains_key(&label);
        let crowd = crowds.entry(if full { OTHER.to_owned() } else { label }).or_default();
        match (member.liveness.alive, member.worker.is_busy()) {
            (Alive::Stale, _) => crowd.stale += 1,
            (_, true) => crowd.busy += 1,
            (_, false) => crowd.idle += 1,
        }
        if let Some(silence) = member.worker.silence_s(facts.now) {
            crowd.silence_s = Some(crowd.silence_s.unwrap_or(0.0).max(silence));
        }
    }
    let mut busy =
        Family::gauge("jobctl_worker_busy", "Live workers that run a job, by host and queues.");
    let mut idle =
        Family::gauge("jobctl_worker_idle", "Live workers that wait for one, by host and queues.");
    let mut stale = Family::gauge(
        "jobctl_worker_stale",
        "Workers that were not heard of for too long, by host and queues.",
    );
    let mut silence = Family::gauge(
        "jobctl_worker_heartbeat_age_seconds",
        "The oldest heartbeat of the live workers of a host for the same queues.",
    );
    for (label, crowd) in &crowds {
        let labels = [("worker", label.as_str())];
        busy.add(labels, crowd.busy as f64);
        idle.add(labels, crowd.idle as f64);
        stale.add(labels, crowd.stale as f64);
        if let Some(silence_s) = crowd.silence_s {
            silence.add(labels, silence_s);
        }
    }
    let gone = Family::gauge("jobctl_workers_dead", "Registrations whose worker is gone.");
    vec![busy, idle, stale, silence, gone.alone(dead as f64)]
}

/// `host/short,default`.
pub(in crate::ops) fn crowd_of(facts: &Facts<'_>, worker: &Worker) -> String {
    let host = worker.identity.as_ref().and_then(|identity| identity.hostname.as_deref());
    let queues: Vec<&str> = worker.queues().iter().map(|queue| facts.short(queue)).collect();
    format!("{}/{}", host.unwrap_or("unknown"), queues.join(","))
}

fn sites(facts: &Facts<'_>, report: &DoctorReport) -> Vec<Family> {
    let mut queued =
        Family::gauge("jobctl_site_queued", "Waiting jobs of a site, where all ids were read.");
    let mut failed =
        Family::gauge("jobctl_site_failed_24h", "Jobs of a site that failed in 24 hours.");
    let mut enabled = Family::gauge(
        "jobctl_scheduler_enabled",
        "Whether scheduled jobs of a site are enqueued: 0 also where a switch of the configuration, \
         maintenance or dormancy stops them.",
    );
    let mut last = Family::gauge(
        "jobctl_scheduler_last_run_timestamp_seconds",
        "When a scheduled job of a site last began.",
    );
    // A queue of which only the head was read may hold more of each site.
    let whole = facts.queues().iter().all(|queue| queue.counts.queued == Some(queue.ids.seen));
    for line in report.sites.iter().take(MOST) {
        let site = [("site", line.site.as_str())];
        if let Some(count) = line.queued.filter(|_| whole && !line.queued_is_least) {
            queued.add(site, count as f64);
        }
        if let Some(count) = line.failed_24h.filter(|_| !line.failed_24h_is_least) {
            failed.add(site, count as f64);
        }
        if let Some(state) = line.scheduler {
            enabled.add(site, f64::from(u8::from(state == "enabled")));
        }
        if let Some(at) = line.last_run_at {
            last.add(site, at.as_microsecond() as f64 / 1e6);
        }
    }
    let mut families = vec![queued, failed, enabled, last];
    families.extend(scheduler(facts));
    families
}

/// Whether the scheduler's process runs; absent where this host cannot tell.
fn scheduler(facts: &Facts<'_>) -> Option<Family> {
    use crate::bench::SchedulerProcess;
    let around = &facts.bench?.around;
    let up = match &around.process {
        SchedulerProcess::Running { .. } => 1.0,
        SchedulerProcess::Absent if around.workers_here => 0.0,
        SchedulerProcess::HeldByOrphan { .. } => 0.0,
        SchedulerProcess::Absent | SchedulerProcess::CannotTell(_) => return None,
    };
    let help = "Whether the scheduler of the bench runs on this host.";
    Some(Family::gauge("jobctl_scheduler_up", help).alone(up))
}

fn findings(report: &DoctorReport) -> Family {
    let mut family = Family::gauge("jobctl_findings", "Findings of the doctor by severity.");
    let count = |wanted| report.findings.iter().filter(|f| f.severity == wanted).count() as f64;
    family.add([("severity", "critical")], count(Severity::Critical));
    family.add([("severity", "warning")], count(Severity::Warning));
    family
}

fn verdicts(health: &HealthReport) -> Vec<Family> {
    const ALL: [(Verdict, &str); 4] = [
        (Verdict::Healthy, "healthy"),
        (Verdict::Degraded, "degraded"),
        (Verdict::Unhealthy, "unhealthy"),
        (Verdict::Unknown, "unknown"),
    ];
    let mut overall = Family::gauge("jobctl_health", "The verdict: 1 for the one that holds.");
    let mut gates = Family::gauge("jobctl_health_check", "The verdict of each gate of `health`.");
    for (verdict, word) in ALL {
        overall.add([("status", word)], f64::from(u8::from(health.verdict == verdict)));
    }
    for gate in &health.checks {
        let Some(of_gate) = gate.verdict else { continue };
        for (verdict, word) in ALL {
            let value = f64::from(u8::from(of_gate == verdict));
            gates.add([("check", gate.check), ("status", word)], value);
        }
    }
    vec![overall, gates]
}
