//! Stored hashes to typed values. Bad fields are reported, never dropped in silence.

use jiff::Timestamp;

use crate::model::id::{JobId, QueueName};
use crate::model::job::{BadField, Job, Status, parse_rq_date};
use crate::model::worker::{Identity, Worker};

/// Longest value of a bad field that is quoted, in characters.
const QUOTED_CHARS: usize = 60;

/// The fields of a job's hash that [`job`] decodes, in its order. `data` and the texts of results
/// are not among them: they are large.
pub(super) const JOB_FIELDS: [&str; 18] = [
    "status",
    "origin",
    "description",
    "created_at",
    "enqueued_at",
    "started_at",
    "ended_at",
    "last_heartbeat",
    "worker_name",
    "timeout",
    "ttl",
    "result_ttl",
    "failure_ttl",
    "retries_left",
    "retry_intervals",
    "number_of_retries",
    "dependency_ids",
    "group_id",
];

/// Reads fields one after the other and collects what cannot be understood.
struct Fields<I> {
    values: I,
    bad: Vec<BadField>,
}

impl<I: Iterator<Item = Option<Vec<u8>>>> Fields<I> {
    /// The next field; RQ writes "none" as the empty text.
    fn bytes(&mut self) -> Option<Vec<u8>> {
        self.values.next().flatten().filter(|value| !value.is_empty())
    }

    fn text(&mut self) -> Option<String> {
        self.bytes().map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    fn bad(&mut self, field: &'static str, value: &str, stops_worker: bool) {
        let value = value.chars().take(QUOTED_CHARS).collect();
        self.bad.push(BadField { field, value, stops_worker });
    }

    /// A date; a worker that meets another form exits.
    fn date(&mut self, field: &'static str) -> Option<Timestamp> {
        let text = self.text()?;
        let date = parse_rq_date(&text);
        if date.is_none() {
            self.bad(field, &text, true);
        }
        date
    }

    /// An integer; a worker that meets anything else exits.
    fn integer(&mut self, field: &'static str) -> Option<i64> {
        let text = self.text()?;
        let number = text.trim().parse().ok();
        if number.is_none() {
            self.bad(field, &text, true);
        }
        number
    }

    fn json<T: serde::de::DeserializeOwned + Default>(&mut self, field: &'static str) -> T {
        let Some(bytes) = self.bytes() else { return T::default() };
        serde_json::from_slice(&bytes).unwrap_or_else(|_| {
            self.bad(field, &String::from_utf8_lossy(&bytes), true);
            T::default()
        })
    }
}

/// Decodes the values of [`JOB_FIELDS`]; `None` when nothing of a job is there: the hash is gone,
/// or a heartbeat re-created it after a delete.
pub(super) fn job(id: JobId, values: Vec<Option<Vec<u8>>>) -> Option<Job> {
    let mut fields = Fields { values: values.into_iter(), bad: Vec::new() };
    let status = Status::parse(&fields.text().unwrap_or_default());
    let origin = fields.text().map(QueueName::new);
    let description = fields.text();
    let created_at = fields.date("created_at");
    let enqueued_at = fields.date("enqueued_at");
    let started_at = fields.date("started_at");
    let ended_at = fields.date("ended_at");
    let last_heartbeat = fields.date("last_heartbeat");
    let worker_name = fields.text();
    let timeout_s = fields.integer("timeout");
    let ttl_s = fields.integer("ttl");
    let result_ttl_s = fields.integer("result_ttl");
    let failure_ttl_s = fields.integer("failure_ttl");
    let retries_left = fields.integer("retries_left");
    let retry_intervals = fields.json("retry_intervals");
    let number_of_retries = fields.integer("number_of_retries");
    let dependency_ids: Vec<String> = fields.json("dependency_ids");
    let group_id = fields.text();
    let nothing = status == Status::Missing && origin.is_none() && created_at.is_none();
    if nothing && description.is_none() && fields.bad.is_empty() {
        return None;
    }
    Some(Job {
        id,
        status,
        origin,
        description,
        created_at,
        enqueued_at,
        started_at,
        ended_at,
        failed_at: None,
        last_heartbeat,
        worker_name,
        timeout_s,
        ttl_s,
        result_ttl_s,
        failure_ttl_s,
        retries_left,
        retry_intervals,
        number_of_retries,
        dependency_ids: dependency_ids.into_iter().map(JobId::new).collect(),
        group_id,
        bad_fields: fields.bad,
    })
}

/// The fields of a worker's hash that [`worker`] decodes, in its order.
pub(super) const WORKER_FIELDS: [&str; 15] = [
    "birth",
    "queues",
    "pid",
    "hostname",
    "version",
    "python_version",
    "state",
    "last_heartbeat",
    "death",
    "shutdown_requested_date",
    "current_job",
    "current_job_working_time",
    "successful_job_count",
    "failed_job_count",
    "total_working_time",
];

/// Decodes the values of [`WORKER_FIELDS`]. Expiry, listeners and the jobs of 3.0 are added by
/// the reader.
pub(super) fn worker(name: String, values: Vec<Option<Vec<u8>>>) -> Worker {
    let mut fields = Fields { values: values.into_iter(), bad: Vec::new() };
    let birth = fields.date("birth");
    let queues = fields.text().map(|text| queue_names(&text));
    let pid = fields.text().and_then(|text| text.parse().ok());
    let hostname = fields.text();
    let version = fields.text();
    let python_version =
        fields.text().and_then(|text| text.split_whitespace().next().map(str::to_owned));
    let identity = (birth.is_some() || queues.is_some()).then(|| Identity {
        birth,
        queues: queues.unwrap_or_default(),
        pid,
        hostname,
        version,
        python_version,
    });
    Worker {
        name,
        identity,
        state: fields.text(),
        last_heartbeat: fields.date("last_heartbeat"),
        died_at: fields.date("death"),
        stop_requested_at: fields.date("shutdown_requested_date"),
        current_jobs: fields.bytes().map(JobId::new).into_iter().collect(),
        current_job_working_s: number(fields.text()),
        successful: number(fields.text()).unwrap_or(0),
        failed: number(fields.text()).unwrap_or(0),
        working_s: number(fields.text()).unwrap_or(0.0),
        ttl_s: None,
        listeners: None,
        registered: true,
    }
}

fn number<T: std::str::FromStr>(text: Option<String>) -> Option<T> {
    text.and_then(|text| text.trim().parse().ok())
}

/// A worker's queues; a comma in a queue's name is ambiguous and splits it.
fn queue_names(text: &str) -> Vec<QueueName> {
    text.split(',').filter(|name| !name.is_empty()).map(QueueName::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Vec<Option<Vec<u8>>> {
        JOB_FIELDS
            .iter()
            .map(|field| {
                pairs.iter().find(|(name, _)| name == field).map(|(_, v)| v.as_bytes().to_vec())
            })
            .collect()
    }

    #[test]
    fn job_with_only_a_heartbeat_is_nothing() {
        let left_over = values(&[("last_heartbeat", "2026-11-21T20:54:24.853556Z")]);
        assert!(job(JobId::new("x"), left_over).is_none());
        assert!(job(JobId::new("x"), values(&[])).is_none());
    }

    #[test]
    fn job_with_bad_fields_is_shown_with_them() {
        let fields = values(&[
            ("status", "queued"),
            ("created_at", "2026-11-21T20:54:24+00:00"),
            ("timeout", "12.5"),
            ("retry_intervals", "[1"),
            ("enqueued_at", ""),
        ]);
        let job = job(JobId::new("x"), fields).unwrap();
        let bad: Vec<_> = job.bad_fields.iter().map(|bad| bad.field).collect();
        assert_eq!(bad, ["created_at", "timeout", "retry_intervals"]);
        assert!(job.bad_fields.iter().all(|bad| bad.stops_worker));
        assert_eq!((job.created_at, job.timeout_s), (None, None));
    }

    #[test]
    fn worker_that_lost_its_hash_has_no_identity() {
        let mut values = vec![None; WORKER_FIELDS.len()];
        values[7] = Some(b"2026-11-21T20:54:24.853556Z".to_vec());
        let lost = worker("w".into(), values);
        assert!(lost.identity.is_none());
        assert!(lost.last_heartbeat.is_some());
    }
}
