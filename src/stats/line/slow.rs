//! Reads any JSON that holds a record: other orders, blanks, escapes, keys of apps, odd values.

use serde::Deserialize;
use serde_json::Value;

use super::{Record, Text, Transaction, fast, told_failure};
use crate::stats::instant;

/// The keys that matter; others are passed over.
#[derive(Deserialize)]
struct Wire {
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

/// Reads a line; `None` for what is no record: no JSON, no object, no time.
pub(super) fn read(line: &[u8]) -> Option<Record<'static>> {
    let wire: Wire = serde_json::from_slice(line).ok()?;
    let started = instant::read(wire.timestamp.as_bytes())?;
    let text = |text: Option<String>| text.map(|text| Text::Owned(text.into_bytes()));
    let transaction = match &wire.transaction_type {
        Some(word) => fast::transaction(word.as_bytes()),
        None if wire.job.is_some() => Transaction::Job,
        None => Transaction::Other,
    };
    let (method, scheduled, wait) = match wire.job {
        Some(job) => (text(job.method), job.scheduled, micros(job.wait.as_ref())),
        None => (None, None, None),
    };
    let has_exception = wire.exception.is_some_and(|exception| !exception.is_null());
    Some(Record {
        transaction,
        site: text(wire.site),
        started_us: started.at_us,
        has_offset: started.has_offset,
        duration_us: micros(wire.duration.as_ref()),
        method,
        scheduled,
        written_wait_us: wait,
        failed: told_failure(has_exception, wire.job_id.is_some(), scheduled),
        job_id: text(wire.job_id),
        uuid: text(wire.uuid),
        queue: None,
    })
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
