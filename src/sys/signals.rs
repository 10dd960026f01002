//! Interruption: SIGINT, SIGTERM and SIGHUP as a question that a loop can ask, and any signal as a
//! descriptor that `poll` can wait for. Uses the `signal-hook` crate.

use std::fmt;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag::register_usize;

use super::proc::ProcTable;
use crate::error::{Failure, Kind, Result};

/// How often a waiting loop looks.
const LOOK: Duration = Duration::from_millis(20);

/// The work was broken off by this signal.
#[derive(Debug)]
pub struct Interrupted(pub i32);

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted by signal {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

/// Remembers a signal instead of dying of it, for as long as it lives.
pub struct Interrupts {
    seen: Arc<AtomicUsize>,
    ids: Vec<SigId>,
}

impl Interrupts {
    /// From now on the signals are noted instead of ending the process. SIGHUP stays ignored where it
    /// was when the process began: whoever starts it with nohup(1) wants it to outlive the terminal.
    pub fn catch() -> Result<Self> {
        let seen = Arc::new(AtomicUsize::new(0));
        let mut ids = Vec::new();
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15), (SIGHUP, 1)] {
            if signal == SIGHUP && is_ignored(signal) {
                continue;
            }
            let id = register_usize(signal, Arc::clone(&seen), number)
                .map_err(|e| Failure::new(Kind::Io, "cannot watch for signals").because(e))?;
            ids.push(id);
        }
        Ok(Self { seen, ids })
    }

    /// The signal that came, if one did.
    pub fn seen(&self) -> Option<i32> {
        i32::try_from(self.seen.load(Ordering::Relaxed)).ok().filter(|signal| *signal != 0)
    }

    /// Fails with [`Interrupted`] once a signal has come.
    pub fn check(&self) -> Result<()> {
        self.seen().map_or(Ok(()), |signal| Err(Interrupted(signal).into()))
    }

    /// Waits, but no longer than until a signal comes.
    pub fn wait(&self, time: Duration) -> Option<i32> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.seen() {
                None if !left.is_zero() => std::thread::sleep(left.min(LOOK)),
                seen => return seen,
            }
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// Whether this process passes over a signal; not where that cannot be told.
fn is_ignored(signal: i32) -> bool {
    let status = ProcTable::live().ok().and_then(|table| table.status(std::process::id()));
    status.is_some_and(|status| status.ignores(signal.cast_unsigned()))
}

/// One signal, counted instead of obeyed, for as long as it lives.
#[derive(Debug)]
pub struct SignalCounter {
    stream: UnixStream,
    id: SigId,
}

impl SignalCounter {
    /// Begins to count `signal`.
    pub fn of(signal: i32) -> Result<Self> {
        let open = || -> std::io::Result<Self> {
            let (stream, write) = UnixStream::pair()?;
            stream.set_nonblocking(true)?;
            let id = signal_hook::low_level::pipe::register(signal, write)?;
            Ok(Self { stream, id })
        };
        open().map_err(|e| Failure::new(Kind::Io, "cannot watch for signals").because(e).into())
    }

    /// How often it came since the last question.
    pub fn take(&mut self) -> usize {
        let mut bytes = [0; 64];
        let mut came = 0;
        while let Ok(read @ 1..) = self.stream.read(&mut bytes) {
            came += read;
        }
        came
    }
}

impl AsFd for SignalCounter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

impl Drop for SignalCounter {
    fn drop(&mut self) {
        signal_hook::low_level::unregister(self.id);
    }
}
