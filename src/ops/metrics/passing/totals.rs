//! Counters by their labels, how many of them there may be, and how they are exposed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::busiest::{Busiest, Pair};
use crate::report::metrics::{Family, MetricKind, Sample};

/// Queues that are told apart beyond the pairs of a queue and a task, with all their other tasks as
/// one; labels of workers, sorts of errors, and series altogether.
const MOST_QUEUES: usize = 50;
const MOST_WORKERS: usize = 50;
const MOST_ERRORS: usize = 50;
const MOST_SERIES: usize = 5_000;

/// Stands for what is beyond a bound.
pub(super) const OTHER: &str = "other";

/// Upper bounds of the buckets, in seconds.
const BUCKETS: [f64; 12] =
    [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];

/// What is counted or observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Enqueued,
    Started,
    Completed,
    Failed,
    Stopped,
    Unknown,
    Retried,
    Cancelled,
    Ran,
    Waited,
    Gaps,
}

/// One counter: what it counts, and its labels as far as they are known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Series {
    pub(super) what: What,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) queue: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) task: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) worker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) error_type: Option<String>,
}

impl Series {
    pub(super) const fn bare(what: What) -> Self {
        Self { what, queue: None, task: None, worker: None, error_type: None }
    }

    pub(super) fn of(what: What, queue: &str, task: &str) -> Self {
        let (queue, task) = (Some(queue.to_owned()), Some(task.to_owned()));
        Self { queue, task, ..Self::bare(what) }
    }

    /// The counter of an outcome, with the labels that every one of its kind has.
    fn of_outcome(what: What, queue: &str, task: &str) -> Self {
        let error_type = (what == What::Failed).then(|| OTHER.to_owned());
        Self { error_type, ..Self::of(what, queue, task) }
    }

    pub(super) fn by(mut self, worker: Option<&str>) -> Self {
        self.worker = worker.map(str::to_owned);
        self
    }

    fn pair(&self) -> Option<Pair> {
        self.queue.clone().zip(self.task.clone())
    }

    fn labels(&self) -> Vec<(&'static str, String)> {
        let labels = [
            ("queue", &self.queue),
            ("task", &self.task),
            ("worker", &self.worker),
            ("error_type", &self.error_type),
        ];
        labels.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))).collect()
    }
}

/// A counter's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Total {
    Count(u64),
    Times(Times),
}

impl Total {
    /// The same sort of counter at nothing.
    fn zero(&self) -> Self {
        match self {
            Self::Count(_) => Self::Count(0),
            Self::Times(_) => Self::Times(Times::default()),
        }
    }

    /// How many events it counted.
    const fn events(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            Self::Times(times) => times.count,
        }
    }

    fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Count(count), Self::Count(more)) => *count = count.saturating_add(*more),
            (Self::Times(times), Self::Times(more)) => times.merge(more),
            // Somebody else's text; a series has one sort of counter.
            _ => {}
        }
    }
}

/// Lengths of time by size, as Prometheus counts them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Times {
    counts: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Times {
    fn observe(&mut self, seconds: f64) {
        self.count += 1;
        self.sum += seconds;
        for (count, bound) in self.counts.iter_mut().zip(BUCKETS) {
            *count += u64::from(seconds <= bound);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.sum += other.sum;
        for (count, more) in self.counts.iter_mut().zip(other.counts) {
            *count = count.saturating_add(more);
        }
    }

    fn add_to(&self, family: &mut Family, labels: &[(&'static str, String)]) {
        let mut add = |suffix, bound: Option<String>, value: f64| {
            let mut labels = labels.to_vec();
            labels.extend(bound.map(|bound| ("le", bound)));
            family.samples.push(Sample { suffix, labels, value });
        };
        for (count, bound) in self.counts.iter().zip(BUCKETS) {
            add("_bucket", Some(format!("{bound:?}")), *count as f64);
        }
        add("_bucket", Some("+Inf".to_owned()), self.count as f64);
        add("_sum", None, self.sum);
        add("_count", None, self.count as f64);
    }
}

/// What is exposed at 0 from the start, so that the first event is a rise.
const OUTCOMES: [What; 8] = [
    What::Enqueued,
    What::Started,
    What::Completed,
    What::Failed,
    What::Stopped,
    What::Unknown,
    What::Retried,
    What::Cancelled,
];

/// All counters.
#[derive(Debug, Default)]
pub(super) struct Totals {
    counted: BTreeMap<Series, Total>,
    pairs: Busiest,
    /// Queues whose other tasks are one.
    queues: BTreeSet<String>,
    workers: BTreeSet<String>,
    errors: BTreeSet<String>,
    /// Those that changed since they were last handed over, or are gone.
    changed: BTreeSet<Series>,
}

impl Totals {
    /// Takes up counters that [`Self::take_changed`] gave; what cannot be understood is left out.
    /// Of many tasks the least busy are counted among the others from now on.
    pub(super) fn restored(written: impl IntoIterator<Item = (String, String)>) -> Self {
        let read = written.into_iter().filter_map(|(series, total)| {
            let series: Series = serde_json::from_str(&series).ok()?;
            Some((series, serde_json::from_str::<Total>(&total).ok()?))
        });
        let read: Vec<(Series, Total)> = read.collect();
        let mut totals = Self { pairs: Busiest::restored(ranked(&read)), ..Self::default() };
        for (series, total) in read {
            let place = totals.bounded(series.clone());
            if place != series {
                totals.changed.extend([series, place.clone()]);
            }
            totals.counted.entry(place).or_insert_with(|| total.zero()).merge(&total);
        }
        totals
    }

    /// Takes up counters that somebody else counted: of two of a series the greater one.
    pub(super) fn adopt(&mut self, written: impl IntoIterator<Item = (String, String)>) {
        for (series, total) in Self::restored(written).counted {
            self.note(&series, 0);
            let place = self.bounded(series.clone());
            if place == series {
                let own = self.counted.entry(series).or_insert_with(|| total.zero());
                if own.events() < total.events() {
                    *own = total;
                }
            }
        }
        self.repeat();
    }

    /// The counters that changed since the last time, as texts; without a value those that are gone.
    pub(super) fn take_changed(&mut self) -> Vec<(String, Option<String>)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let texts = changed.filter_map(|series| {
            let total = self.counted.get(&series);
            let text = total.map(serde_json::to_string).transpose().ok()?;
            Some((serde_json::to_string(&series).ok()?, text))
        });
        texts.collect()
    }

    /// Takes every counter for changed.
    pub(super) fn repeat(&mut self) {
        self.changed.extend(self.counted.keys().cloned());
    }

    /// Counts more of something.
    pub(super) fn add(&mut self, series: Series, more: u64) {
        if let Some((queue, task)) = self.note(&series, more) {
            // That the first is a rise; of other outcomes it is not known by whom or of what sort.
            for what in [What::Retried, What::Cancelled] {
                self.add(Series::of(what, &queue, &task), 0);
            }
        }
        let series = self.bounded(series);
        let is_new = !self.counted.contains_key(&series);
        if let Total::Count(count) = self.counted.entry(series.clone()).or_insert(Total::Count(0)) {
            *count = count.saturating_add(more);
        }
        if is_new || more > 0 {
            self.changed.insert(series);
        }
    }

    /// Exposes the outcomes of a queue, of which nothing needs to have happened yet.
    pub(super) fn know(&mut self, queue: &str) {
        if self.queues.len() >= MOST_QUEUES && !self.queues.contains(queue) {
            return;
        }
        for what in OUTCOMES {
            self.add(Series::of_outcome(what, queue, OTHER), 0);
        }
    }

    /// A counter; 0 where there is none.
    pub(super) fn count_of(&self, series: &Series) -> u64 {
        match self.counted.get(series) {
            Some(Total::Count(count)) => *count,
            _ => 0,
        }
    }

    /// Observes a length of time.
    pub(super) fn observe(&mut self, series: Series, seconds: f64) {
        self.note(&series, 0);
        let series = self.bounded(series);
        let new = || Total::Times(Times::default());
        if let Total::Times(times) = self.counted.entry(series.clone()).or_insert_with(new) {
            times.observe(seconds);
        }
        self.changed.insert(series);
    }

    /// Notes events of a task; gives it where it is told apart from now on and was not before.
    fn note(&mut self, series: &Series, times: u64) -> Option<Pair> {
        let pair = series.pair().filter(|pair| pair.1 != OTHER)?;
        let is_known = self.pairs.has(&pair);
        (self.pairs.meet(&pair, times) && !is_known).then_some(pair)
    }

    /// The series, or the one for what is beyond the bounds.
    fn bounded(&mut self, mut series: Series) -> Series {
        fn keep(known: &mut BTreeSet<String>, value: &str, most: usize) -> bool {
            known.contains(value) || (known.len() < most && known.insert(value.to_owned()))
        }
        let other = || OTHER.to_owned();
        if let Some(pair) = series.pair().filter(|pair| !self.pairs.has(pair)) {
            // Queues are few: which one it is is told for as long as that holds.
            if !keep(&mut self.queues, &pair.0, MOST_QUEUES) {
                series.queue = Some(other());
            }
            series.task = Some(other());
        }
        let worker = series.worker.take();
        series.worker = worker.map(|worker| {
            if keep(&mut self.workers, &worker, MOST_WORKERS) { worker } else { other() }
        });
        let error = series.error_type.take();
        series.error_type = error.map(|error| {
            if error == OTHER || keep(&mut self.errors, &error, MOST_ERRORS) {
                error
            } else {
                other()
            }
        });
        if self.counted.len() >= MOST_SERIES && !self.counted.contains_key(&series) {
            let rest = |label: Option<String>| label.map(|_| other());
            return Series {
                what: series.what,
                queue: rest(series.queue),
                task: rest(series.task),
                worker: rest(series.worker),
                error_type: rest(series.error_type),
            };
        }
        series
    }

    /// The counters as Prometheus takes them.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut families: Vec<Family> =
            FAMILIES.iter().map(|(_, name, kind, help)| Family::new(name, *kind, help)).collect();
        for (series, total) in &self.counted {
            let place = FAMILIES.iter().position(|(what, ..)| *what == series.what);
            let Some(family) = place.and_then(|at| families.get_mut(at)) else { continue };
            let labels = series.labels();
            match total {
                Total::Times(times) => times.add_to(family, &labels),
                Total::Count(count) => {
                    family.samples.push(Sample { suffix: "_total", labels, value: *count as f64 });
                }
            }
        }
        families
    }
}

/// The pairs of a queue and a task of counters, the busiest first.
fn ranked(counters: &[(Series, Total)]) -> Vec<Pair> {
    let mut events: BTreeMap<Pair, u64> = BTreeMap::new();
    for (series, total) in counters {
        let pair = series.pair();
        if let (Some(pair), Total::Count(count)) = (pair.filter(|pair| pair.1 != OTHER), total) {
            let sum = events.entry(pair).or_default();
            *sum = sum.saturating_add(*count);
        }
    }
    let mut ranked: Vec<(Pair, u64)> = events.into_iter().collect();
    ranked.sort_by_key(|(_, count)| Reverse(*count));
    ranked.into_iter().map(|(pair, _)| pair).collect()
}

/// What each is called, and how it is seen.
const FAMILIES: [(What, &str, MetricKind, &str); 11] = [
    (
        What::Enqueued,
        "jobctl_job_enqueued",
        MetricKind::Counter,
        "Jobs put into a queue; each counts when it is first seen waiting, running or ended. Lost: \
         what waits for over ten minutes behind a burst, and what is gone before a look.",
    ),
    (
        What::Started,
        "jobctl_job_started",
        MetricKind::Counter,
        "Runs of jobs that began, by the host and the queues of the worker; seen running or ended. \
         RQ knows no priority but the order of a worker's queues.",
    ),
    (
        What::Completed,
        "jobctl_job_completed",
        MetricKind::Counter,
        "Jobs that ended well; seen in the finished registry. Lost: jobs whose result is not kept. \
         Runs of Frappe's scheduled jobs are in jobctl_job_outcome_unknown_total.",
    ),
    (
        What::Failed,
        "jobctl_job_failed",
        MetricKind::Counter,
        "Runs of jobs that failed; seen in the failed registry. Runs that RQ itself repeats are in \
         jobctl_job_retry_total, jobs that were stopped in jobctl_job_stopped_total.",
    ),
    (
        What::Stopped,
        "jobctl_job_stopped",
        MetricKind::Counter,
        "Jobs that were stopped on request while they ran, which is neither a failure nor a success.",
    ),
    (
        What::Unknown,
        "jobctl_job_outcome_unknown",
        MetricKind::Counter,
        "Runs of Frappe's scheduled jobs that ended: it swallows their errors, so RQ sees all of them \
         finish. Which failed is in the Scheduled Job Log.",
    ),
    (
        What::Retried,
        "jobctl_job_retry",
        MetricKind::Counter,
        "Runs that were repeated, by RQ or by hand; seen by the retries left of a job that was \
         looked at before, or by its place in a queue after a failure.",
    ),
    (
        What::Cancelled,
        "jobctl_job_cancelled",
        MetricKind::Counter,
        "Jobs that were canceled; seen in the canceled registry. Lost: jobs that were deleted.",
    ),
    (
        What::Ran,
        "jobctl_execution_time_seconds",
        MetricKind::Histogram,
        "How long jobs ran that ended.",
    ),
    (
        What::Waited,
        "jobctl_wait_time_seconds",
        MetricKind::Histogram,
        "How long jobs waited that ended.",
    ),
    (
        What::Gaps,
        "jobctl_watch_gaps",
        MetricKind::Counter,
        "Looks that could not read all jobs of a queue that ended since the last: some were not counted.",
    ),
];

#[cfg(test)]
mod tests;
