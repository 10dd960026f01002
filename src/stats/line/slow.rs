//! Reads any JSON that holds a record: other orders, blanks, escapes, keys of apps, odd values.

use serde::Deserialize;
use serde_json::Value;

use super::{Record, Text, Transaction, fast, told_failure};
use crate::stats::instant;

/// The keys that matter; others are passed over.
#[derive(Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    transaction_type: Option<String>,
    #[serde(default)]
    site: Option<String>,
    timestamp: String,
    #[serde(default)]
    duration: Option<Value>,
    #[serde(default)]
    job: Option<WireJob>,
    #[serde(default)]
    exception: Option<Value>,
    #[serde(default)]
    job_id: Option<String>,
    #[serde(default)]
    uuid: Option<String>,
}

#[derive(Deserialize)]
struct WireJob {
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    scheduled: Option<bool>,
    #[serde(default)]
    wait: Option<Value>,
}

impl Wire {
    /// Reads a line; `None` for what is no JSON object or has no time.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The record; `None` if its time cannot be read.
    pub(super) fn record(&self) -> Option<Record<'_>> {
        let started = instant::read(self.timestamp.as_bytes())?;
        let job = self.job.as_ref();
        let transaction = match &self.transaction_type {
            Some(word) => fast::transaction(word.as_bytes()),
            None if job.is_some() => Transaction::Job,
            None => Transaction::Other,
        };
        let scheduled = job.and_then(|job| job.scheduled);
        let has_exception = self.exception.as_ref().is_some_and(|exception| !exception.is_null());
        Some(Record {
            transaction,
            site: text(self.site.as_ref()),
            started_us: started.at_us,
            has_offset: started.has_offset,
            duration_us: micros(self.duration.as_ref()),
            method: job.and_then(|job| text(job.method.as_ref())),
            scheduled,
            written_wait_us: job.and_then(|job| micros(job.wait.as_ref())),
            failed: told_failure(has_exception, self.job_id.is_some(), scheduled),
            job_id: text(self.job_id.as_ref()),
            uuid: text(self.uuid.as_ref()),
            queue: None,
        })
    }
}

fn text(text: Option<&String>) -> Option<Text<'_>> {
    text.map(String::as_bytes)
}

/// A number of microseconds; a fraction is rounded.
fn micros(value: Option<&Value>) -> Option<i64> {
    let value = value?;
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|number| number.abs() < 9.0e18)?;
        #[expect(clippy::cast_possible_truncation, reason = "it was rounded and is in range")]
        Some(number.round() as i64)
    })
}
