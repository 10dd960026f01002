//! A job as its hash describes it.

use jiff::Timestamp;
use serde::Serialize;

use super::id::{JobId, QueueName};

/// What a job's hash says of its state. The lists and registries are the truth: a worker runs any
/// id that it pops, whatever the status says.
///
/// Source: `rq/job.py` `JobStatus`, 1.11 to 3.0.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Saved, never enqueued (2.4.1+).
    Created,
    /// Waits in a list.
    Queued,
    /// Runs.
    Started,
    /// Ended well.
    Finished,
    /// Ended with an exception, or was abandoned.
    Failed,
    /// Stopped by command; stands in the failed registry.
    Stopped,
    /// Waits for other jobs.
    Deferred,
    /// Waits for its time.
    Scheduled,
    /// Canceled.
    Canceled,
    /// Free of its dependencies, about to be queued (3.0).
    ReadyToEnqueue,
    /// Held back by a rate limit, in no list and no registry (3.0).
    RateLimited,
    /// No status at all: the hash is a left-over.
    Missing,
    /// A word that no RQ writes.
    #[serde(untagged)]
    Other(String),
}

impl Status {
    /// Reads RQ's word; the empty text counts as absent.
    pub fn parse(word: &str) -> Self {
        match word {
            "created" => Self::Created,
            "queued" => Self::Queued,
            "started" => Self::Started,
            "finished" => Self::Finished,
            "failed" => Self::Failed,
            "stopped" => Self::Stopped,
            "deferred" => Self::Deferred,
            "scheduled" => Self::Scheduled,
            "canceled" => Self::Canceled,
            "ready_to_enqueue" => Self::ReadyToEnqueue,
            "rate_limited" => Self::RateLimited,
            "" => Self::Missing,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word that is shown.
    pub fn word(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Queued => "queued",
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Deferred => "deferred",
            Self::Scheduled => "scheduled",
            Self::Canceled => "canceled",
            Self::ReadyToEnqueue => "ready_to_enqueue",
            Self::RateLimited => "rate_limited",
            Self::Missing => "missing",
            Self::Other(word) => word,
        }
    }

    /// Whether the job has ended, one way or the other.
    pub const fn has_ended(&self) -> bool {
        matches!(self, Self::Finished | Self::Failed | Self::Stopped | Self::Canceled)
    }
}

/// A field of a job's hash that cannot be understood.
///
/// `stops_worker` marks what makes a worker that pops the job exit (facts: `rq/job.py` `restore`
/// raises on it in every generation).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadField {
    /// The field's name.
    pub field: &'static str,
    /// What stands there, cut short.
    pub value: String,
    /// Whether a worker that pops this job exits.
    pub stops_worker: bool,
}

/// A job's hash, decoded, without its payload.
///
/// Empty fields count as absent, as RQ writes empty texts for "none".
#[derive(Debug, Clone)]
pub struct Job {
    /// The id.
    pub id: JobId,
    /// What the hash says.
    pub status: Status,
    /// The queue that the job was last enqueued on.
    pub origin: Option<QueueName>,
    /// The call as text, made by the writer.
    pub description: Option<String>,
    /// When the job was made.
    pub created_at: Option<Timestamp>,
    /// When it was last put into a queue.
    pub enqueued_at: Option<Timestamp>,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it last ended, as the hash says. Whoever asks when a job ended asks [`Job::end`].
    pub ended_at: Option<Timestamp>,
    /// When it was put among the failed jobs, as its entry or the text of its failure tells.
    pub failed_at: Option<Timestamp>,
    /// The last sign of life of its worker.
    pub last_heartbeat: Option<Timestamp>,
    /// The worker that ran it last.
    pub worker_name: Option<String>,
    /// Seconds that it may run; -1 for no limit; absent: the worker's default of 180.
    pub timeout_s: Option<i64>,
    /// Seconds that it may wait.
    pub ttl_s: Option<i64>,
    /// Seconds that its result is kept; -1 for ever.
    pub result_ttl_s: Option<i64>,
    /// Seconds that its failure is kept; -1 for ever.
    pub failure_ttl_s: Option<i64>,
    /// Retries that are left, counting down.
    pub retries_left: Option<i64>,
    /// Seconds between retries.
    pub retry_intervals: Vec<i64>,
    /// How often it returned a Retry (2.1+).
    pub number_of_retries: Option<i64>,
    /// The jobs that it waits for.
    pub dependency_ids: Vec<JobId>,
    /// The group it belongs to (2.0+).
    pub group_id: Option<String>,
    /// Fields that cannot be understood.
    pub bad_fields: Vec<BadField>,
}

impl Job {
    /// A job of which nothing is known but its id: one that stores nothing but a payload is such a
    /// one, and a worker runs it all the same.
    pub const fn bare(id: JobId) -> Self {
        Self {
            id,
            status: Status::Missing,
            origin: None,
            description: None,
            created_at: None,
            enqueued_at: None,
            started_at: None,
            ended_at: None,
            failed_at: None,
            last_heartbeat: None,
            worker_name: None,
            timeout_s: None,
            ttl_s: None,
            result_ttl_s: None,
            failure_ttl_s: None,
            retries_left: None,
            retry_intervals: Vec::new(),
            number_of_retries: None,
            dependency_ids: Vec::new(),
            group_id: None,
            bad_fields: Vec::new(),
        }
    }

    /// When it last ended: what the hash says, unless that is of an earlier run; else when it was
    /// put among the failed jobs, where that was learnt.
    ///
    /// RQ writes no end where it fails the job of a lost worker, nor where a job is stopped. Source:
    /// `rq/registry.py` `StartedJobRegistry.cleanup`, 1.11 to 3.0.
    pub fn end(&self) -> Option<Timestamp> {
        let own = self.ended_at.filter(|end| self.started_at.is_none_or(|start| start <= *end));
        own.or(self.failed_at)
    }

    /// Learns from the score of its entry among the failed jobs when it was put there: a failure TTL
    /// before. Nothing where it is kept for ever (-1), or has not failed and merely lingers there.
    ///
    /// Source: `rq/registry.py` `FailedJobRegistry.add`: whole seconds, so an end may seem to lie
    /// before its start.
    pub fn learn_failed_entry(&mut self, score: Option<f64>) {
        let ttl = self.failure_ttl_s.unwrap_or(RQ_FAILURE_TTL_S);
        let score = score.filter(|score| *score > 0.0 && score.is_finite() && ttl >= 0);
        #[expect(clippy::cast_possible_truncation, reason = "saturates and is refused below")]
        let at = score.and_then(|score| Timestamp::from_second(score as i64 - ttl).ok());
        self.learn_failed(at);
    }

    /// Learns when it was put among the failed jobs, where nothing else told.
    pub fn learn_failed(&mut self, at: Option<Timestamp>) {
        if self.failed_at.is_none() && matches!(self.status, Status::Failed | Status::Stopped) {
            self.failed_at = at.max(self.started_at.filter(|_| at.is_some()));
        }
    }

    /// How long it ran, or has been running at `now`, in seconds.
    pub fn running_s(&self, now: Timestamp) -> Option<f64> {
        let end = if self.status == Status::Started { now } else { self.ended_at? };
        seconds_between(self.started_at?, end)
    }

    /// How long it waited before it was started, in seconds; still waiting counts up to `now`.
    pub fn waited_s(&self, now: Timestamp) -> Option<f64> {
        let end = match (&self.status, self.started_at) {
            (Status::Queued, _) => now,
            (_, started) => started?,
        };
        seconds_between(self.enqueued_at?, end)
    }

    /// Seconds that a worker lets it run: RQ's default of 180 where the hash says nothing, `None`
    /// for no limit. Source: `rq/worker.py` `perform_job`, where 0 gives way to the default, and
    /// `rq/timeouts.py`, where a negative one sets no alarm.
    pub fn limit_s(&self) -> Option<i64> {
        match self.timeout_s {
            Some(..0) => None,
            Some(0) | None => Some(180),
            Some(seconds) => Some(seconds),
        }
    }
}

/// Seconds that RQ keeps a failed job that does not say it. Source: `rq/defaults.py`,
/// `DEFAULT_FAILURE_TTL`.
pub const RQ_FAILURE_TTL_S: i64 = 31_536_000;

/// Seconds from `start` to `end`; negative where clocks disagree becomes 0.
pub fn seconds_between(start: Timestamp, end: Timestamp) -> Option<f64> {
    Some(end.duration_since(start).as_secs_f64().max(0.0))
}

/// Reads RQ's date: `YYYY-MM-DDTHH:MM:SS.ffffffZ`, or the old form without a fraction.
///
/// Every other form, offsets included, is refused, as `rq/utils.py` `utcparse` raises on it in
/// the worker.
pub fn parse_rq_date(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let strict = match bytes.len() {
        20 => true,
        22..=27 => bytes.get(19) == Some(&b'.'),
        _ => false,
    };
    if !strict || bytes.get(10) != Some(&b'T') || bytes.last() != Some(&b'Z') {
        return None;
    }
    text.parse().ok()
}

/// Writes an instant as RQ does: UTC, six decimals, 27 bytes. A worker that reads another form
/// exits. Source: `rq/utils.py` `utcformat`.
pub fn rq_date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rq_date_takes_only_what_a_worker_takes() {
        assert!(parse_rq_date("2026-11-21T20:54:24.853556Z").is_some());
        assert!(parse_rq_date("2026-11-21T20:54:24Z").is_some());
        assert!(parse_rq_date("2026-11-21T20:54:24.853556+00:00").is_none());
        assert!(parse_rq_date("2026-11-21 20:54:24.853556Z").is_none());
        assert!(parse_rq_date("2026-13-41T20:54:24.853556Z").is_none());
        assert!(parse_rq_date("").is_none());
        assert!(parse_rq_date("2026-11-21T20:54:2é.85355Z").is_none());
    }

    #[test]
    fn rq_date_written_is_read_to_the_microsecond() {
        let at: Timestamp = "2026-11-21T20:54:24.000050999Z".parse().unwrap();
        assert_eq!(rq_date(at), "2026-11-21T20:54:24.000050Z");
        assert!(parse_rq_date(&rq_date(at)).is_some());
    }

    #[test]
    fn job_of_a_lost_worker_ended_when_it_was_put_among_the_failed() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let job = || Job {
            status: Status::Failed,
            started_at: Some(at(1_000)),
            ..Job::bare(JobId::new("a"))
        };
        let end = |mut job: Job, score| {
            job.learn_failed_entry(Some(score));
            job.end()
        };
        assert_eq!(end(job(), 31_536_000.0 + 1_600.0), Some(at(1_600)));
        let week = Job { failure_ttl_s: Some(604_800), ..job() };
        assert_eq!(end(week.clone(), 604_800.0 + 1_600.0), Some(at(1_600)));
        // Whole seconds.
        assert_eq!(end(week, 604_800.0 + 999.0), Some(at(1_000)));
        assert_eq!(end(Job { failure_ttl_s: Some(-1), ..job() }, -1.0), None);
        assert_eq!(end(Job { status: Status::Finished, ..job() }, 31_537_000.0), None);
        // The end of an earlier run, and one of its own.
        let of = |second| Job { ended_at: Some(at(second)), ..job() };
        assert_eq!(end(of(900), 31_536_000.0 + 1_600.0), Some(at(1_600)));
        assert_eq!(end(of(1_200), 31_536_000.0 + 1_600.0), Some(at(1_200)));
        let mut told = job();
        told.learn_failed(Some(at(1_700)));
        assert_eq!(told.end(), Some(at(1_700)));
    }

    #[test]
    fn status_words_survive_a_round_trip() {
        for word in ["created", "queued", "stopped", "ready_to_enqueue", "rate_limited", "odd"] {
            assert_eq!(Status::parse(word).word(), word);
        }
        assert_eq!(Status::parse(""), Status::Missing);
        assert_eq!(serde_json::to_string(&Status::Other("odd".into())).unwrap(), "\"odd\"");
    }
}
