//! Hands jobs from the thread that reads the socket to those that decode them.
//!
//! Jobs travel by the hundred in buffers that come back to be filled again, so that nothing is
//! allocated for a job and memory stays bounded however far the reader is ahead.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::tally::{Payload, Seen};

/// Bytes of a buffer after which it is sent.
const FULL: usize = 64 * 1024;
/// Buffers that may wait to be decoded.
const WAITING: usize = 4;
/// Stand where a payload's length would.
const NOTHING: u32 = u32::MAX;
const REFUSED: u32 = u32::MAX - 1;

/// The reader's end.
pub(super) struct Outbox {
    buffer: Vec<u8>,
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
}

/// A decoder's end; each buffer goes to one of its clones.
#[derive(Clone)]
pub(super) struct Inbox {
    full: Arc<Mutex<Receiver<Vec<u8>>>>,
    empty: Sender<Vec<u8>>,
}

/// Makes the two ends.
pub(super) fn relay() -> (Outbox, Inbox) {
    let (full_sender, full) = sync_channel(WAITING);
    let (empty, empty_receiver) = channel();
    let buffer = Vec::with_capacity(2 * FULL);
    let full = Arc::new(Mutex::new(full));
    (Outbox { buffer, full: full_sender, empty: empty_receiver }, Inbox { full, empty })
}

impl Outbox {
    /// Adds one job; blocks while the decoder is too far behind.
    pub(super) fn add(&mut self, seen: Seen<'_>) {
        let (len, data) = match seen.payload {
            // Redis holds no longer strings than 512 MiB.
            Payload::Bytes(data) => (u32::try_from(data.len()).unwrap_or(REFUSED), data),
            Payload::Nothing => (NOTHING, &[][..]),
            Payload::Refused => (REFUSED, &[][..]),
        };
        let mut head = [0; 12];
        let numbers = [word(seen.span), word(seen.id.len()), len];
        for (place, number) in head.as_chunks_mut().0.iter_mut().zip(numbers) {
            *place = number.to_le_bytes();
        }
        self.buffer.extend_from_slice(&head);
        self.buffer.extend_from_slice(seen.id);
        self.buffer.extend_from_slice(data);
        if self.buffer.len() >= FULL {
            self.send();
        }
    }

    fn send(&mut self) {
        let fresh = self.empty.try_recv().unwrap_or_else(|_| Vec::with_capacity(2 * FULL));
        // A decoder that is gone has panicked; joining it tells.
        let _ = self.full.send(std::mem::replace(&mut self.buffer, fresh));
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        self.send();
    }
}

impl Inbox {
    fn next(&self) -> Option<Vec<u8>> {
        // A decoder that panicked held the lock only while it waited.
        self.full.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }

    /// Shows every job to `visit`, until the other end is dropped; and to `behind` how many came
    /// with each buffer.
    pub(super) fn drain(self, mut visit: impl FnMut(Seen<'_>), mut behind: impl FnMut(u64)) {
        while let Some(mut buffer) = self.next() {
            let mut rest = buffer.as_slice();
            let mut jobs = 0;
            while let Some((seen, behind)) = first(rest) {
                visit(seen);
                rest = behind;
                jobs += 1;
            }
            behind(jobs);
            buffer.clear();
            // One huge payload must not keep its room for ever.
            buffer.shrink_to(2 * FULL);
            let _ = self.empty.send(buffer);
        }
    }
}

fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Splits the first job off a buffer.
fn first(buffer: &[u8]) -> Option<(Seen<'_>, &[u8])> {
    let (head, rest) = buffer.split_first_chunk::<12>()?;
    let number = |at: usize| {
        let bytes = [head[at], head[at + 1], head[at + 2], head[at + 3]];
        u32::from_le_bytes(bytes)
    };
    let (span, id_len, len) = (number(0), number(4), number(8));
    let (id, rest) = rest.split_at_checked(id_len as usize)?;
    let (payload, rest) = match len {
        NOTHING => (Payload::Nothing, rest),
        REFUSED => (Payload::Refused, rest),
        len => {
            let (data, rest) = rest.split_at_checked(len as usize)?;
            (Payload::Bytes(data), rest)
        }
    };
    Some((Seen { span: span as usize, id, payload }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_arrive_whole_and_in_order() {
        let (mut outbox, inbox) = relay();
        let big = vec![7; 3 * FULL];
        let sent: [(usize, &[u8], Payload<'_>); 4] = [
            (0, b"a", Payload::Bytes(b"one")),
            (1, b"", Payload::Nothing),
            (2, b"b", Payload::Bytes(&big)),
            (3, b"c", Payload::Refused),
        ];
        for (span, id, payload) in sent {
            outbox.add(Seen { span, id, payload });
        }
        drop(outbox);
        let (mut arrived, mut jobs) = (Vec::new(), 0);
        inbox.drain(
            |seen| {
                let len = match seen.payload {
                    Payload::Bytes(data) => Ok(data.len()),
                    Payload::Nothing => Err("nothing"),
                    Payload::Refused => Err("refused"),
                };
                arrived.push((seen.span, seen.id.to_vec(), len));
            },
            |more| jobs += more,
        );
        let expected = [
            (0, b"a".to_vec(), Ok(3)),
            (1, Vec::new(), Err("nothing")),
            (2, b"b".to_vec(), Ok(big.len())),
            (3, b"c".to_vec(), Err("refused")),
        ];
        assert_eq!((arrived.as_slice(), jobs), (expected.as_slice(), 4));
    }
}
