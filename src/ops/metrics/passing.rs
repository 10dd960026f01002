//! Counts the jobs that end while somebody looks now and then.
//!
//! Redis keeps no totals, and RQ forgets finished jobs after minutes, so what ended is counted from
//! the newest entries of the registries: an end that was not seen before is one more. The counts
//! go on when workers restart and begin anew when jobctl does, which Prometheus expects of a
//! counter. A job whose result is not kept is never seen; more ends between two looks than are read
//! of a queue are lost, and such looks are counted.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use jiff::Timestamp;

use crate::backend::redis::read::{Store, Want};
use crate::backend::redis::survey::{QueueSurvey, SAMPLE};
use crate::codec::frappe::headline_of_description;
use crate::codec::payload::Decoder;
use crate::codec::traceback::Traceback;
use crate::error::Result;
use crate::model::id::JobId;
use crate::model::job::{Job, Status, seconds_between};
use crate::ops::doctor::Facts;
use crate::ops::jobs::decode::failure_text;
use crate::report::metrics::{Family, MetricKind, Sample};

/// Pairs of a queue and a task that are told apart, and sorts of errors of one.
const MOST_PAIRS: usize = 100;
const MOST_ERRORS: usize = 20;

/// Stands for what is beyond a bound.
const OTHER: &str = "other";

/// Seconds after which an end is old: it is not counted any more, and need not be remembered. Far
/// longer than the time between two looks.
const OLD_S: f64 = 600.0;

/// Upper bounds of the buckets, in seconds.
const BUCKETS: [f64; 12] =
    [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_800.0, 3_600.0];

/// Observations by size.
#[derive(Debug, Default)]
struct Histogram {
    counts: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Histogram {
    fn observe(&mut self, seconds: f64) {
        self.count += 1;
        self.sum += seconds;
        for (count, bound) in self.counts.iter_mut().zip(BUCKETS) {
            *count += u64::from(seconds <= bound);
        }
    }
}

/// What ended of one queue and task.
#[derive(Debug, Default)]
struct Ended {
    completed: u64,
    failed: BTreeMap<String, u64>,
    ran: Histogram,
    waited: Histogram,
}

/// A queue and a task.
type Pair = (String, String);

/// A failure whose sort is not known yet.
pub(super) struct NewFailure {
    id: JobId,
    pair: Pair,
}

/// What passed so far.
#[derive(Debug, Default)]
pub struct Passing {
    looked: bool,
    /// Ends that were seen, by their hash, and when they were.
    seen: HashMap<u64, Timestamp>,
    ended: BTreeMap<Pair, Ended>,
    gaps: u64,
}

impl Passing {
    /// Counts what ended since the last look; the first look only remembers. Failures are counted
    /// once [`Self::name_failures`] knows what they are.
    pub(super) fn look(&mut self, facts: &Facts<'_>) -> Vec<NewFailure> {
        let (first, now) = (!self.looked, facts.now);
        let mut failures = Vec::new();
        if facts.survey.is_err() {
            return failures;
        }
        self.looked = true;
        for queue in facts.queues() {
            let name = facts.short(&queue.name);
            let (mut read, mut new) = (0, 0);
            for (job, is_finished) in ended_jobs(queue) {
                let Some(at) = job.ended_at else { continue };
                if seconds_between(at, now).is_none_or(|age| age > OLD_S) {
                    continue;
                }
                read += usize::from(is_finished);
                if self.seen.insert(hash_of(name, &job.id, at), at).is_some() || first {
                    continue;
                }
                new += usize::from(is_finished);
                failures.extend(self.count(name, job));
            }
            // Not one of the newest was there the last time: there may have been more.
            self.gaps += u64::from(!first && read >= SAMPLE && new == read);
        }
        let is_young = |at: &Timestamp| seconds_between(*at, now).is_some_and(|age| age <= OLD_S);
        self.seen.retain(|_, at| is_young(at));
        failures
    }

    fn count(&mut self, queue: &str, job: &Job) -> Option<NewFailure> {
        let mut pair = (queue.to_owned(), task_of(job));
        if self.ended.len() >= MOST_PAIRS && !self.ended.contains_key(&pair) {
            pair = (OTHER.to_owned(), OTHER.to_owned());
        }
        let ended = self.ended.entry(pair.clone()).or_default();
        let between = |from: Option<Timestamp>, to: Option<Timestamp>| seconds_between(from?, to?);
        if let Some(seconds) = between(job.started_at, job.ended_at) {
            ended.ran.observe(seconds);
        }
        if let Some(seconds) = between(job.enqueued_at, job.started_at) {
            ended.waited.observe(seconds);
        }
        if job.status == Status::Finished {
            ended.completed += 1;
            return None;
        }
        Some(NewFailure { id: job.id.clone(), pair })
    }

    /// Reads what new failures are and counts them. One round trip per 500; where that fails they
    /// count as `unknown`.
    ///
    /// Errors: those of Redis, after counting.
    pub(super) fn name_failures(&mut self, store: &mut Store, new: Vec<NewFailure>) -> Result<()> {
        if new.is_empty() {
            return Ok(());
        }
        let ids: Vec<JobId> = new.iter().map(|failure| failure.id.clone()).collect();
        let read = store.jobs(&ids, Want { exception: true, ..Want::default() });
        let mut decoder = Decoder::default();
        let mut texts = match &read {
            Ok(jobs) => jobs
                .iter()
                .map(|job| failure_text(&mut decoder, job.as_ref().ok()?.as_ref()?))
                .collect::<Vec<_>>(),
            Err(_) => Vec::new(),
        }
        .into_iter();
        for NewFailure { pair, .. } in new {
            let text = texts.next().flatten();
            let sort = text.as_deref().map(|text| Traceback::parse(text).short_class().to_owned());
            let sort = sort.filter(|sort| !sort.is_empty()).unwrap_or_else(|| "unknown".to_owned());
            let failed = &mut self.ended.entry(pair).or_default().failed;
            let is_known = failed.len() < MOST_ERRORS || failed.contains_key(&sort);
            *failed.entry(if is_known { sort } else { OTHER.to_owned() }).or_default() += 1;
        }
        read.map(|_| ())
    }

    /// The counters so far.
    pub(super) fn families(&self) -> Vec<Family> {
        let mut completed = Family::new(
            "jobctl_job_completed",
            MetricKind::Counter,
            "Jobs that ended well since jobctl serve began to look.",
        );
        let mut failed = Family::new(
            "jobctl_job_failed",
            MetricKind::Counter,
            "Runs of jobs that failed since jobctl serve began to look.",
        );
        let mut ran = Family::new(
            "jobctl_execution_time_seconds",
            MetricKind::Histogram,
            "How long jobs ran that ended since jobctl serve began to look.",
        );
        let mut waited = Family::new(
            "jobctl_wait_time_seconds",
            MetricKind::Histogram,
            "How long jobs waited that ended since jobctl serve began to look.",
        );
        let total = |labels, count: u64| Sample { suffix: "_total", labels, value: count as f64 };
        for ((queue, task), ended) in &self.ended {
            let labels = || vec![("queue", queue.clone()), ("task", task.clone())];
            completed.samples.push(total(labels(), ended.completed));
            for (sort, count) in &ended.failed {
                let labels = [labels(), vec![("error_type", sort.clone())]].concat();
                failed.samples.push(total(labels, *count));
            }
            ended.ran.add_to(&mut ran, &labels());
            ended.waited.add_to(&mut waited, &labels());
        }
        let mut gaps = Family::new(
            "jobctl_watch_gaps",
            MetricKind::Counter,
            "Looks before which jobs of a queue may have ended uncounted.",
        );
        gaps.samples.push(total(Vec::new(), self.gaps));
        vec![completed, failed, ran, waited, gaps]
    }
}

impl Histogram {
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

/// The newest ended jobs of a queue, and whether each finished.
fn ended_jobs(queue: &QueueSurvey) -> impl Iterator<Item = (&Job, bool)> {
    let finished = queue.finished.iter().map(|sampled| (sampled, true));
    let failed = queue.failed.iter().map(|sampled| (sampled, false));
    finished.chain(failed).filter_map(|(sampled, is_finished)| {
        let job = &sampled.stored()?.job;
        // Ended jobs linger in a registry after they moved on.
        let fits = if is_finished {
            job.status == Status::Finished
        } else {
            matches!(job.status, Status::Failed | Status::Stopped)
        };
        fits.then_some((job, is_finished))
    })
}

/// What a job calls, where its description is a call; other descriptions may be anything.
fn task_of(job: &Job) -> String {
    let description = job.description.as_deref().unwrap_or_default();
    if let Some(headline) = headline_of_description(description) {
        return headline.method.into_owned();
    }
    let call = description.split_once('(').map_or("", |(call, _)| call);
    let is_dotted = call.contains('.')
        && call.len() <= 200
        && call.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'));
    if is_dotted { call.to_owned() } else { OTHER.to_owned() }
}

fn hash_of(queue: &str, id: &JobId, at: Timestamp) -> u64 {
    let whole = (queue, id.as_bytes(), at.as_microsecond());
    BuildHasherDefault::<DefaultHasher>::default().hash_one(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_counts_up_to_each_bound_and_all_at_the_end() {
        let mut histogram = Histogram::default();
        for seconds in [0.05, 0.1, 7.0, 9_999.0] {
            histogram.observe(seconds);
        }
        let mut family = Family::new("x", MetricKind::Histogram, "X.");
        histogram.add_to(&mut family, &[]);
        let of = |bound: &str| {
            let is = |sample: &&Sample| sample.labels == [("le", bound.to_owned())];
            family.samples.iter().find(is).unwrap().value.to_string()
        };
        let bounds = ["0.1", "5.0", "10.0", "3600.0", "+Inf"].map(of);
        assert_eq!(bounds, ["2", "2", "3", "3", "4"]);
        assert_eq!(family.samples.last().unwrap().value.to_string(), "4");
    }
}
