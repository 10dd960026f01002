//! What conditions are judged by: one measurement, as samples by name, findings by check, and ended
//! jobs by queue.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::expr::{Examined, Lack, Matcher, Sample, Scene, Selection, Series};
use super::message::Subject;
use super::remembered::Remembered;
use crate::backend::redis::survey::{QueueSurvey, Sampled, Survey};
use crate::context::Context;
use crate::error::Result;
use crate::model::job::Status;
use crate::model::queue::Counts;
use crate::ops::doctor::{Ends, Facts, ends, is_abandoned, running};
use crate::ops::health;
use crate::ops::metrics::{crowd_of, measure_and};
use crate::report::doctor::{DoctorReport, SiteLine};
use crate::report::health::{CaseState, HealthReport};
use crate::report::metrics::Family;

/// The name under which every running job is kept.
const RUNNING: &str = "running";

#[cfg(test)]
mod tests;

/// Why nothing of a site is known on plain RQ.
const NO_BENCH: &str = "plain RQ has none; a bench is needed";

/// Why no process is measured.
const NOT_HERE: &str = "no worker of this Redis is on this host";

/// One measurement.
pub(super) struct Readings {
    /// When, by the Redis clock.
    pub(super) at: Timestamp,
    /// Ended jobs by queue.
    pub(super) ends: BTreeMap<String, Ends>,
    series: BTreeMap<&'static str, Series>,
    health: HealthReport,
    /// Why Redis could not be read.
    outage: Option<String>,
    /// Sites whose database could not be read.
    unread_sites: Vec<String>,
    there: There,
    /// Ended jobs below which no failure rate is taken.
    least_jobs: u64,
}

/// What there is that labels name. `None` where that could not be read as a whole, so that what is
/// missing in it may be there all the same.
#[derive(Default)]
struct There {
    queues: Option<BTreeSet<String>>,
    /// All of the bench.
    sites: Option<BTreeSet<String>>,
    /// The selected ones.
    selected: BTreeSet<String>,
    /// Hosts with their queues, as `metrics` labels them.
    workers: Option<BTreeSet<String>>,
    /// Those that run.
    jobs: Option<BTreeSet<String>>,
    /// Processes of jobs on this host.
    pids: Option<BTreeSet<String>>,
}

impl There {
    /// Whether what a label names is certainly not there.
    fn lacks(&self, label: &str, value: &str) -> bool {
        let all = match label {
            "queue" => &self.queues,
            "site" => &self.sites,
            "worker" => &self.workers,
            "job" => &self.jobs,
            "pid" => &self.pids,
            _ => return false,
        };
        all.as_ref().is_some_and(|all| !all.contains(value))
    }
}

/// What is kept of the facts, which end with the measurement.
#[derive(Default)]
struct Taken {
    series: BTreeMap<&'static str, Series>,
    ends: BTreeMap<String, Ends>,
    outage: Option<String>,
    /// Where the age of what waits is not known of every queue.
    ageless: Option<Lack>,
    unread_sites: Vec<String>,
    sites: usize,
    has_bench: bool,
    there: There,
    /// Every running job, where `longest_running` has one of each queue.
    running: Vec<Sample>,
    /// Whether every queue of the scope is known.
    queues_are_all: bool,
}

impl Readings {
    /// Measures. An outage is an answer. Errors: those of [`crate::ops::metrics::metrics`].
    pub(super) fn take(context: &mut Context) -> Result<Self> {
        let least_jobs = context.settings.thresholds.failure_least_jobs.max(1);
        let mut taken = Taken::default();
        let measured = measure_and(context, &mut |facts, report| taken = Taken::of(facts, report))?;
        for family in measured.metrics.families {
            let (name, series) = (family.name, taken.series_of(family));
            taken.series.insert(name, series);
        }
        let lack = taken.no_redis();
        let running = Series { samples: taken.running, lack };
        taken.series.insert(RUNNING, running);
        Ok(Self {
            at: measured.metrics.checked_at,
            ends: taken.ends,
            series: taken.series,
            health: measured.health,
            outage: taken.outage,
            unread_sites: taken.unread_sites,
            there: taken.there,
            least_jobs,
        })
    }

    /// The readings with what was remembered of jobs that ended earlier.
    pub(super) const fn with<'a>(&'a self, remembered: Option<&'a Remembered>) -> View<'a> {
        View { readings: self, remembered, fired_for: &[] }
    }

    /// Whether Redis could not be read.
    pub(super) const fn is_outage(&self) -> bool {
        self.outage.is_some()
    }

    /// Samples of a name, whatever their labels are.
    fn all_of(&self, selection: &Selection) -> Series {
        let asks = |label: &str| selection.matchers.iter().any(|matcher| matcher.label == label);
        let name = match selection.name.as_str() {
            "workers" if !selection.matchers.is_empty() => "jobctl_queue_workers",
            // The one that is asked about need not be the longest of its queue.
            "longest_running" if asks("job") => RUNNING,
            name => name,
        };
        self.series.get(name).cloned().unwrap_or_else(|| {
            let why = match &self.outage {
                Some(why) => why.clone(),
                None => "this target does not tell it".to_owned(),
            };
            Series { samples: Vec::new(), lack: Some(Lack::unread(why)) }
        })
    }

    /// The failure rates of the queues in which enough jobs ended, and of those that the rule fires
    /// for: of these, jobs that are fewer because they fail or wait end nothing.
    fn failure_rates(&self, view: &View<'_>, window_s: u64) -> Series {
        let mut lack = self.outage.clone().map(Lack::unread);
        let mut samples = Vec::new();
        for (queue, ends) in &self.ends {
            let (failed, finished) = match view.remembered {
                Some(remembered) => remembered.within(queue, ends, self.at, window_s),
                None => ends.within(ends.reach_s.min(window_s as f64)),
            };
            let ended = failed + finished;
            let fires = || view.fires_for("failure_rate", "queue", queue);
            if ended >= self.least_jobs || ended > 0 && fires() {
                let value = failed as f64 / ended as f64;
                samples.push(Sample { labels: vec![("queue", queue.clone())], value });
            } else if ended == 0 && self.has_work(queue) && fires() {
                let why = format!("no job of queue `{queue}` ended lately, and some wait or run");
                lack.get_or_insert(Lack::unread(why));
            }
        }
        Series { samples, lack }
    }

    /// Whether jobs of a queue wait or run, as far as is known.
    fn has_work(&self, queue: &str) -> bool {
        let some = |name: &str| {
            self.series.get(name).is_some_and(|series| {
                let of_queue = |label: &(&str, String)| label.0 == "queue" && label.1 == queue;
                let mut samples = series.samples.iter();
                samples.any(|sample| sample.value > 0.0 && sample.labels.iter().any(of_queue))
            })
        };
        some("backlog") || some(RUNNING)
    }
}

/// Readings, and what was remembered.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    readings: &'a Readings,
    remembered: Option<&'a Remembered>,
    /// What the rule fires for.
    fired_for: &'a [Subject],
}

impl<'a> View<'a> {
    /// The same for a rule that fires for something.
    pub(super) const fn of_what_fires(self, fired_for: &'a [Subject]) -> Self {
        Self { fired_for, ..self }
    }

    fn fires_for(&self, quantity: &str, label: &str, value: &str) -> bool {
        self.fired_for.iter().any(|subject| subject.may_be(quantity, label, value))
    }

    /// Whether what a label names is certainly not there.
    pub(super) fn is_gone(&self, label: &str, value: &str) -> bool {
        self.readings.there.lacks(label, value)
    }
}

impl Scene for View<'_> {
    fn series(&self, selection: &Selection, window_s: u64) -> Series {
        let readings = self.readings;
        let mut series = match selection.name.as_str() {
            "failure_rate" => readings.failure_rates(self, window_s),
            _ => readings.all_of(selection),
        };
        let knows = |matcher: &Matcher| {
            // A queue without running jobs has no sample, and is known all the same; so is a site
            // whose scheduler is off.
            let value = &matcher.value;
            match matcher.label.as_str() {
                "queue" => readings.ends.contains_key(value),
                "site" => readings.there.selected.contains(value),
                _ => false,
            }
        };
        series.samples.retain(|sample| selection.matchers.iter().all(|m| fits(m, sample)));
        let misses = series.samples.is_empty() && series.lack.is_none();
        let unknown = selection.matchers.iter().find(|matcher| !matcher.negated && !knows(matcher));
        if let (true, Some(matcher)) = (misses, unknown) {
            let Matcher { label, value, .. } = matcher;
            series.lack = Some(if self.is_gone(label, value) {
                Lack::gone(not_there(label, value))
            } else {
                Lack::unread(format!("nothing has the {label} `{value}`"))
            });
        }
        series
    }

    fn check(&self, name: &str) -> Examined {
        let readings = self.readings;
        let cases = health::cases_of(&readings.health, name);
        let mut examined = Examined::default();
        let (mut made, mut essential, mut why) = (0, false, None);
        for case in &cases {
            match &case.state {
                CaseState::Passed { .. } => made += 1,
                CaseState::Found { findings } => {
                    made += 1;
                    let found = findings.iter().map(|f| (f.severity, f.summary.clone()));
                    examined.findings.extend(found);
                }
                CaseState::NotMade { why: reason, essential: is_essential } => {
                    why.get_or_insert_with(|| format!("{}: {reason}", case.check));
                    essential |= is_essential;
                }
            }
        }
        examined.findings.sort_by_key(|(severity, _)| std::cmp::Reverse(*severity));
        let asks_sites = cases.iter().any(|case| asks_databases(case.check));
        examined.lack = if cases.is_empty() {
            Some(Lack::by_nature(format!("{name} does not apply to this target")))
        } else if essential || made == 0 {
            why.map(Lack::unread)
        } else if asks_sites && !readings.unread_sites.is_empty() {
            Some(unread(&readings.unread_sites))
        } else {
            None
        };
        examined
    }
}

/// That what a label names is not there.
fn not_there(label: &str, value: &str) -> String {
    match label {
        "job" => format!("no job `{value}` runs"),
        "pid" => format!("there is no process {value} of a job"),
        "worker" => format!("no worker `{value}` is registered"),
        label => format!("there is no {label} `{value}`"),
    }
}

/// Whether a check looks into the databases of the sites.
fn asks_databases(check: &str) -> bool {
    let apart = ["site.database", "scheduler.process", "scheduler.twice", "scheduler.ticking"];
    !apart.contains(&check) && (check.starts_with("site.") || check.starts_with("scheduler."))
}

fn unread(sites: &[String]) -> Lack {
    let first = sites.first().map(String::as_str).unwrap_or_default();
    Lack::unread(match sites.len() {
        0 | 1 => format!("the database of {first} could not be read"),
        more => format!("the databases of {first} and {} more could not be read", more - 1),
    })
}

fn fits(matcher: &Matcher, sample: &Sample) -> bool {
    let label = sample.labels.iter().find(|(name, _)| *name == matcher.label);
    let is_same = label.is_some_and(|(_, value)| *value == matcher.value);
    is_same != matcher.negated
}

impl Taken {
    fn of(facts: &Facts<'_>, report: &DoctorReport) -> Self {
        let mut taken = Self {
            outage: facts.survey.err().map(|outage| outage.why.clone()),
            unread_sites: facts.bench.map_or_else(Vec::new, |bench| {
                let unread = bench.databases.iter().filter(|read| read.found.is_err());
                unread.map(|read| read.site.clone()).collect()
            }),
            sites: report.sites.len(),
            has_bench: facts.bench.is_some(),
            ..Self::default()
        };
        for queue in facts.queues() {
            taken.ends.insert(facts.short(&queue.name).to_owned(), ends(facts, queue));
        }
        taken.of_queues(facts);
        taken.of_sites(facts, report);
        taken.of_processes(facts);
        taken.of_what_is_there(facts, report);
        taken
    }

    /// What there is, for conditions on what is there no more.
    fn of_what_is_there(&mut self, facts: &Facts<'_>, report: &DoctorReport) {
        if let Some(bench) = facts.bench {
            self.there.sites = Some(bench.sites.names().map(str::to_owned).collect());
            self.there.selected = report.sites.iter().map(|line| line.site.clone()).collect();
        }
        let memory = facts.processes.memory_of_jobs().ok();
        self.there.pids = memory.map(|jobs| jobs.iter().map(|job| job.0.to_string()).collect());
        let Ok(survey) = facts.survey else { return };
        if survey.workers.is_ok() {
            let crowds = facts.workers().map(|member| crowd_of(facts, member.worker));
            self.there.workers = Some(crowds.collect());
        }
        if self.queues_are_all {
            self.there.queues = Some(self.ends.keys().cloned().collect());
            let is_whole = |queue: &QueueSurvey| {
                queue.counts.started.is_some_and(|all| all <= queue.running.len() as u64)
                    && queue.running.iter().all(|sampled| sampled.stored().is_some())
            };
            if facts.queues().iter().all(is_whole) {
                let id = |(_, sampled): (_, &Sampled)| Some(sampled.stored()?.job.id.to_string());
                self.there.jobs = Some(running(facts).filter_map(id).collect());
            }
        }
    }

    fn put(&mut self, name: &'static str, samples: Vec<Sample>, lack: Option<Lack>) {
        self.series.insert(name, Series { samples, lack });
    }

    fn no_redis(&self) -> Option<Lack> {
        self.outage.clone().map(Lack::unread)
    }

    fn of_queues(&mut self, facts: &Facts<'_>) {
        let up = f64::from(u8::from(facts.survey.is_ok()));
        self.put("redis_up", vec![Sample { labels: Vec::new(), value: up }], None);
        let unread = facts.queues().iter().find(|queue| queue.counts.queued.is_none());
        let unread = unread.map(|queue| {
            Lack::unread(format!("queue `{}` could not be read", facts.short(&queue.name)))
        });
        let unlisted = facts.survey.ok().and_then(|survey| unlisted(facts, survey));
        self.queues_are_all = facts.survey.is_ok() && unlisted.is_none();
        let lack = self.no_redis().or(unlisted).or(unread);
        let of_queue = |queue, value| Sample { labels: vec![("queue", queue)], value };
        let (mut backlog, mut oldest, mut ageless) = (Vec::new(), Vec::new(), None);
        for queue in facts.queues() {
            let name = || facts.short(&queue.name).to_owned();
            let Counts { queued: Some(queued), .. } = queue.counts else { continue };
            backlog.push(of_queue(name(), queued as f64));
            let age = queue.waiting.oldest_at.map(|at| facts.now.duration_since(at).as_secs_f64());
            match age.or((queued == 0).then_some(0.0)) {
                Some(age) => oldest.push(of_queue(name(), age.max(0.0))),
                // Ids whose jobs are gone, or hide since when they wait.
                None => ageless = ageless.or_else(|| Some(name())),
            }
        }
        self.put("backlog", backlog, lack.clone());
        let ageless = ageless
            .map(|queue| Lack::unread(format!("since when jobs of `{queue}` wait is not known")));
        self.put("oldest_age", oldest, lack.or_else(|| ageless.clone()));
        self.ageless = ageless;
        self.running = running_jobs(facts);
        let longest = longest_of_each_queue(&self.running);
        self.put("longest_running", longest, self.no_redis());
        let unreadable = facts.survey.is_ok_and(|survey| survey.workers.is_err());
        let lack =
            self.no_redis().or(unreadable.then(|| Lack::unread("the workers could not be read")));
        let count = facts.living_workers().count() as f64;
        let known = lack.is_none().then_some(Sample { labels: Vec::new(), value: count });
        self.put("workers", known.into_iter().collect(), lack);
    }

    fn of_sites(&mut self, facts: &Facts<'_>, report: &DoctorReport) {
        let of_site = |site: &str, value| Sample { labels: vec![("site", site.to_owned())], value };
        let Some(bench) = facts.bench else {
            for name in ["scheduler_silence", "error_log_rate"] {
                self.put(name, Vec::new(), Some(Lack::by_nature(NO_BENCH)));
            }
            return;
        };
        let lack = (!self.unread_sites.is_empty()).then(|| unread(&self.unread_sites));
        let silence = |line: &SiteLine| {
            let silent = report.checked_at.duration_since(line.last_run_at?).as_secs_f64();
            (line.scheduler == Some("enabled")).then(|| of_site(&line.site, silent.max(0.0)))
        };
        let silences = report.sites.iter().filter_map(silence).collect();
        self.put("scheduler_silence", silences, lack.clone());
        let rate = |read: &crate::ops::sites::ReadSite<crate::ops::doctor::Examined>| {
            let errors = read.found.as_ref().ok()?.facts.errors_1h.as_ref().ok()?;
            Some(of_site(&read.site, *errors as f64))
        };
        let rates: Vec<Sample> = bench.databases.iter().filter_map(rate).collect();
        let partial = rates.len() < bench.databases.len();
        let lack = lack.or(partial.then(|| Lack::unread("an Error Log could not be read")));
        self.put("error_log_rate", rates, lack);
    }

    fn of_processes(&mut self, facts: &Facts<'_>) {
        let memory = facts.processes.memory_of_jobs();
        let lack = match &memory {
            Ok(_) if !facts.processes.are_here() => Some(Lack::by_nature(NOT_HERE)),
            Ok(_) => None,
            Err(why) => Some(Lack::unread(*why)),
        };
        let sample = |(pid, role, bytes): (u32, &'static str, u64)| Sample {
            labels: vec![("pid", pid.to_string()), ("role", role.to_owned())],
            value: bytes as f64,
        };
        let samples = memory.into_iter().flatten().map(sample).collect();
        self.put("worker_memory", samples, lack);
    }

    /// The samples of a family, and what may be missing of them.
    fn series_of(&self, family: Family) -> Series {
        let name = family.name;
        let samples: Vec<Sample> = family
            .samples
            .into_iter()
            .map(|sample| Sample { labels: sample.labels, value: sample.value })
            .collect();
        // The verdict says itself what is not known.
        let always = ["build_info", "redis_up", "collect_duration_seconds", "findings"];
        let short = name.trim_start_matches("jobctl_");
        let of_sites = ["site_queued", "site_failed_24h", "scheduler_enabled"];
        let lack = if always.contains(&short) || short.starts_with("health") {
            None
        } else if short.starts_with("site_") || short.starts_with("scheduler_") {
            let partial = of_sites.contains(&short) && samples.len() < self.sites;
            match (self.has_bench, &self.unread_sites[..]) {
                (false, _) => Some(Lack::by_nature(NO_BENCH)),
                (true, []) => partial.then(|| Lack::unread("it is not known of every site")),
                (true, sites) => partial.then(|| unread(sites)),
            }
        } else if short == "queue_oldest_age_seconds" {
            self.no_redis().or_else(|| self.ageless.clone())
        } else {
            self.no_redis()
        };
        Series { samples, lack }
    }
}

/// Why there may be queues that are not known.
fn unlisted(facts: &Facts<'_>, survey: &Survey) -> Option<Lack> {
    if let Err(lack) = &survey.queues_read {
        return Some(Lack::unread(format!("which queues there are could not be read: {lack}")));
    }
    let unseen = facts.prefix_is_unseen();
    unseen.then(|| Lack::unread("no queue has the prefix of this bench, others have theirs"))
}

/// The running jobs, and for how long they run.
fn running_jobs(facts: &Facts<'_>) -> Vec<Sample> {
    let working = running(facts).filter(|(_, sampled)| !is_abandoned(facts, sampled));
    let sample = |(queue, sampled): (&QueueSurvey, &Sampled)| {
        let job = &sampled.stored()?.job;
        let labels =
            vec![("queue", facts.short(&queue.name).to_owned()), ("job", job.id.to_string())];
        let value = job.running_s(facts.now)?;
        (job.status == Status::Started).then_some(Sample { labels, value })
    };
    working.filter_map(sample).collect()
}

/// The longest running job of each queue.
fn longest_of_each_queue(running: &[Sample]) -> Vec<Sample> {
    let mut longest: BTreeMap<&str, &Sample> = BTreeMap::new();
    for sample in running {
        let queue = sample.labels.first().map_or("", |(_, queue)| queue);
        let most = longest.entry(queue).or_insert(sample);
        if sample.value > most.value {
            *most = sample;
        }
    }
    longest.into_values().cloned().collect()
}
