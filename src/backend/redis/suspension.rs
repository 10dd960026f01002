//! Suspends all workers of a Redis database, and reads whole keys that belong to no job.
//!
//! Source: RQ 1.14 to 3.0, `rq/suspension.py`: a worker looks for the key's existence before each
//! job; 3.0 puts it under its own prefix.

use redis::cmd;

use super::batch::Batch;
use super::keys::Key;
use super::read::Store;
use super::scripts::{Call, Called, SUSPEND};
use crate::error::Result;
use crate::journal::{KeyImage, KeyValue, OpId, Pairs};
use crate::model::part::Part;

/// What is to become of the suspension.
#[derive(Debug, Clone, Copy)]
pub struct Suspending<'a> {
    /// The value that was seen.
    pub seen: Option<&'a [u8]>,
    /// The value it gets, and for how many milliseconds; `None` to end it.
    pub becomes: Option<(&'a [u8], u64)>,
}

impl Store {
    /// Suspends the workers, or lets them go on, if nobody did meanwhile. One turn.
    pub fn suspend(&mut self, op: &OpId, number: u64, what: Suspending<'_>) -> Result<Vec<Called>> {
        let mut call = Call::default();
        call.key(&self.keys().receipt(op.as_str())).key(&self.keys().suspended()).number(number);
        call.arg(if what.seen.is_some() { "there" } else { "absent" });
        call.arg(what.seen.unwrap_or_default());
        let (value, ms) = what.becomes.unwrap_or_default();
        call.arg(value).number(ms);
        SUSPEND.run(self.link(), &[call])
    }

    /// Reads a key that holds text, with its lifetime. One round trip.
    pub fn text_key(&mut self, key: &Key) -> Result<Part<Option<KeyImage>>> {
        let mut batch = Batch::default();
        let value = batch.add("GET", cmd("GET").arg(key).take());
        let ttl = batch.add("PTTL", cmd("PTTL").arg(key).take());
        let mut replies = self.run(batch)?;
        let value: Part<Option<Vec<u8>>> = replies.get(value);
        let ttl: Part<i64> = replies.get(ttl);
        Ok(value.map(|value| {
            Some(KeyImage {
                key: key.as_bytes().to_vec(),
                ttl_ms: ttl.ok().filter(|ms| *ms >= 0),
                value: KeyValue::String(value?),
            })
        }))
    }

    /// Reads a key that holds fields, with its lifetime. One round trip.
    pub fn fields_key(&mut self, key: &Key) -> Result<Part<Option<KeyImage>>> {
        let mut batch = Batch::default();
        let fields = batch.add("HGETALL", cmd("HGETALL").arg(key).take());
        let ttl = batch.add("PTTL", cmd("PTTL").arg(key).take());
        let mut replies = self.run(batch)?;
        let fields: Part<Vec<Vec<u8>>> = replies.get(fields);
        let ttl: Part<i64> = replies.get(ttl);
        Ok(fields.map(|flat| {
            let pairs: Pairs = flat.chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect();
            (!pairs.is_empty()).then(|| KeyImage {
                key: key.as_bytes().to_vec(),
                ttl_ms: ttl.ok().filter(|ms| *ms >= 0),
                value: KeyValue::Hash(pairs),
            })
        }))
    }
}
