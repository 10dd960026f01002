//! A sample as bytes: one row of a few bytes for each queue.
//!
//! Numbers of variable length ([`put`]): a number that is not known is 0, any other one more than
//! it is. Names of queues are numbers of the table `names`.

use jiff::Timestamp;

use crate::model::histogram::{put, take};
use crate::model::history::{QueueSample, Sample};

/// The first number of a body; another layout gets another.
const LAYOUT: u64 = 1;

/// The bytes of a sample; `ids` are the numbers of its queues' names, in their order.
pub(super) fn to_bytes(sample: &Sample, ids: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, LAYOUT);
    for number in [sample.redis_memory, sample.busy, sample.idle] {
        put_known(&mut bytes, number);
    }
    for (queue, id) in sample.queues.iter().zip(ids) {
        put(&mut bytes, id.unsigned_abs());
        for number in numbers(queue) {
            put_known(&mut bytes, number);
        }
    }
    bytes
}

/// Reads [`to_bytes`]; `None` for another layout or a damaged row.
pub(super) fn from_bytes(
    at: Timestamp,
    mut bytes: &[u8],
    name_of: impl Fn(i64) -> Option<String>,
) -> Option<Sample> {
    let bytes = &mut bytes;
    if take(bytes)? != LAYOUT {
        return None;
    }
    let known = |bytes: &mut &[u8]| Some(take(bytes)?.checked_sub(1));
    let (redis_memory, busy, idle) = (known(bytes)?, known(bytes)?, known(bytes)?);
    let mut queues = Vec::new();
    while !bytes.is_empty() {
        queues.push(QueueSample {
            queue: name_of(i64::try_from(take(bytes)?).ok()?)?,
            queued: known(bytes)?,
            started: known(bytes)?,
            finished: known(bytes)?,
            failed: known(bytes)?,
            scheduled: known(bytes)?,
            deferred: known(bytes)?,
            oldest_s: known(bytes)?,
            workers: known(bytes)?,
        });
    }
    Some(Sample { at, redis_memory, busy, idle, queues })
}

fn numbers(queue: &QueueSample) -> [Option<u64>; 8] {
    let QueueSample { queued, started, finished, failed, scheduled, .. } = *queue;
    [queued, started, finished, failed, scheduled, queue.deferred, queue.oldest_s, queue.workers]
}

fn put_known(bytes: &mut Vec<u8>, number: Option<u64>) {
    put(bytes, number.map_or(0, |number| number.saturating_add(1)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sample_survives_its_bytes() {
        let queue = QueueSample {
            queue: "short".to_owned(),
            queued: Some(300),
            failed: Some(0),
            oldest_s: None,
            workers: Some(2),
            ..QueueSample::default()
        };
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let sample = Sample {
            at,
            redis_memory: Some(1 << 40),
            busy: None,
            idle: Some(0),
            queues: vec![queue],
        };
        let bytes = to_bytes(&sample, &[7]);
        let name = |id| (id == 7).then(|| "short".to_owned());
        assert_eq!(from_bytes(at, &bytes, name), Some(sample));
        for end in 1..bytes.len() {
            // Cut between queues it is a shorter sample, anywhere else none.
            let cut = from_bytes(at, &bytes[..end], name);
            assert!(cut.is_none_or(|sample| sample.queues.is_empty()), "{end}");
        }
    }

    proptest! {
        #[test]
        fn sample_of_any_bytes_never_panics(bytes: Vec<u8>) {
            let _ = from_bytes(Timestamp::UNIX_EPOCH, &bytes, |_| Some(String::new()));
        }
    }
}
