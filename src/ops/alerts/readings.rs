//! What conditions are judged by: one measurement, as samples by name, findings by check, and ended
//! jobs by queue.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::expr::{Examined, Lack, Matcher, Sample, Scene, Selection, Series};
use super::message::Subject;
use super::remembered::Remembered;
use crate::context::Context;
use crate::error::Result;
use crate::ops::doctor::Ends;
use crate::ops::health;
use crate::ops::metrics::measure_and;
use crate::report::health::{CaseState, HealthReport};

mod taken;
#[cfg(test)]
mod tests;

use taken::Taken;

/// The name under which every running job is kept.
const RUNNING: &str = "running";

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
