//! Waiting no longer than told for calls that take no time limit.

use std::sync::mpsc;
use std::time::Duration;

/// Runs `call` on a thread of its own; `None` where it did not end within `limit`.
///
/// The thread is left behind then: a name's resolution, a full backlog of a Unix socket, or a
/// server that sends a byte now and then cannot be interrupted otherwise. It ends with its call or
/// with the process.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    call: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("database-connect".into());
    let run = move || {
        // Nobody listens any more once the limit has passed.
        let _ = sender.send(call());
    };
    thread.spawn(run).ok()?;
    receiver.recv_timeout(limit).ok()
}
