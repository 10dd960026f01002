//! Counters by their labels, how many of them there may be, and how they are exposed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::report::metrics::{Family, MetricKind, Sample};

/// Pairs of a queue and a task that are told apart, labels of workers, sorts of errors, and series
/// altogether.
const MOST_PAIRS: usize = 100;
/// Queues that are told apart beyond that, with all their other tasks as one.
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

    pub(super) fn by(mut self, worker: Option<&str>) -> Self {
        self.worker = worker.map(str::to_owned);
        self
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

/// All counters.
#[derive(Debug, Default)]
pub(super) struct Totals {
    counted: BTreeMap<Series, Total>,
    pairs: BTreeSet<(Option<String>, Option<String>)>,
    workers: BTreeSet<String>,
    errors: BTreeSet<String>,
    /// Those that changed since they were last handed over.
    changed: BTreeSet<Series>,
}

impl Totals {
    /// Takes up counters that [`Self::take_changed`] gave; what cannot be understood is left out.
    pub(super) fn restored(written: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut totals = Self::default();
        for (series, total) in written {
            let read = (serde_json::from_str(&series), serde_json::from_str(&total));
            if let (Ok(series), Ok(total)) = read {
                let series: Series = totals.bounded(series);
                totals.counted.insert(series, total);
            }
        }
        totals
    }

    /// The counters that changed since the last time, as texts.
    pub(super) fn take_changed(&mut self) -> Vec<(String, String)> {
        let changed = std::mem::take(&mut self.changed).into_iter();
        let texts = changed.filter_map(|series| {
            let total = self.counted.get(&series)?;
            Some((serde_json::to_string(&series).ok()?, serde_json::to_string(total).ok()?))
        });
        texts.collect()
    }

    /// Takes every counter for changed.
    pub(super) fn repeat(&mut self) {
        self.changed = self.counted.keys().cloned().collect();
    }

    /// Counts more of something.
    pub(super) fn add(&mut self, series: Series, more: u64) {
        let series = self.bounded(series);
        if let Total::Count(count) = self.counted.entry(series.clone()).or_insert(Total::Count(0)) {
            *count += more;
        }
        self.changed.insert(series);
    }

    /// Observes a length of time.
    pub(super) fn observe(&mut self, series: Series, seconds: f64) {
        let series = self.bounded(series);
        let new = || Total::Times(Times::default());
        if let Total::Times(times) = self.counted.entry(series.clone()).or_insert_with(new) {
            times.observe(seconds);
        }
        self.changed.insert(series);
    }

    /// The series, or the one for what is beyond the bounds.
    fn bounded(&mut self, mut series: Series) -> Series {
        fn keep<T: Ord>(known: &mut BTreeSet<T>, value: T, most: usize) -> bool {
            known.contains(&value) || (known.len() < most && known.insert(value))
        }
        let other = || OTHER.to_owned();
        let pair = (series.queue.clone(), series.task.clone());
        if series.queue.is_some() && !keep(&mut self.pairs, pair, MOST_PAIRS) {
            // Queues are few: which one it is is told for as long as that holds.
            let queue = (series.queue.clone(), Some(other()));
            if !keep(&mut self.pairs, queue, MOST_PAIRS + MOST_QUEUES) {
                series.queue = Some(other());
            }
            series.task = Some(other());
        }
        let worker = series.worker.take();
        series.worker = worker.map(|worker| {
            if keep(&mut self.workers, worker.clone(), MOST_WORKERS) { worker } else { other() }
        });
        let error = series.error_type.take();
        series.error_type = error.map(|error| {
            if keep(&mut self.errors, error.clone(), MOST_ERRORS) { error } else { other() }
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

/// What each is called, and how it is seen.
const FAMILIES: [(What, &str, MetricKind, &str); 9] = [
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
        "Jobs that ended well; seen in the finished registry. Lost: jobs whose result is not kept.",
    ),
    (
        What::Failed,
        "jobctl_job_failed",
        MetricKind::Counter,
        "Runs of jobs that failed or were stopped; seen in the failed registry. Runs that RQ itself \
         repeats are in jobctl_job_retry_total.",
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
mod tests {
    use super::*;

    #[test]
    fn times_count_up_to_each_bound_and_all_at_the_end() {
        let mut times = Times::default();
        for seconds in [0.05, 0.1, 7.0, 9_999.0] {
            times.observe(seconds);
        }
        let mut family = Family::new("x", MetricKind::Histogram, "X.");
        times.add_to(&mut family, &[]);
        let of = |bound: &str| {
            let is = |sample: &&Sample| sample.labels == [("le", bound.to_owned())];
            family.samples.iter().find(is).unwrap().value.to_string()
        };
        let bounds = ["0.1", "5.0", "10.0", "3600.0", "+Inf"].map(of);
        assert_eq!(bounds, ["2", "2", "3", "3", "4"]);
        assert_eq!(family.samples.last().unwrap().value.to_string(), "4");
    }

    #[test]
    fn totals_of_many_names_are_bounded_and_lose_no_count() {
        let mut totals = Totals::default();
        for number in 0..3_000 {
            let series = Series::of(What::Failed, "q", &format!("task{number}"));
            let worker = format!("host{number}/q");
            let error_type = Some(format!("Error{number}"));
            totals.add(Series { error_type, ..series.by(Some(&worker)) }, 1);
        }
        let family = totals.families().into_iter().find(|f| f.name == "jobctl_job_failed").unwrap();
        assert!(family.samples.len() <= MOST_PAIRS + 2, "{}", family.samples.len());
        let sum: f64 = family.samples.iter().map(|sample| sample.value).sum();
        assert!((sum - 3_000.0).abs() < 0.5);
        let keeps_queue = |sample: &Sample| sample.labels.contains(&("queue", "q".to_owned()));
        assert!(family.samples.iter().all(keeps_queue));
    }

    #[test]
    fn totals_survive_being_written_down() {
        let mut totals = Totals::default();
        totals.add(Series::of(What::Started, "q", "a.b").by(Some("h/q")), 2);
        totals.observe(Series::of(What::Ran, "q", "a.b"), 0.25);
        totals.add(Series::bare(What::Gaps), 0);
        let written = totals.take_changed();
        assert_eq!(written.len(), 3);
        assert!(totals.take_changed().is_empty());
        let mut again = Totals::restored(written);
        assert_eq!(again.counted, totals.counted);
        again.add(Series::of(What::Started, "q", "a.b").by(Some("h/q")), 1);
        let text = again.take_changed();
        assert_eq!(text[0].1, "3");
        let hostile = [("{".to_owned(), "1".to_owned()), ("{\"what\":\"x\"}".into(), "1".into())];
        assert!(Totals::restored(hostile).counted.is_empty());
    }
}
