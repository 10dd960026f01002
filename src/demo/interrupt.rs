//! Notices Ctrl-C and SIGTERM while the demo is being built, so that it can be taken down again.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use signal_hook::SigId;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::error::{Failure, Kind, Result};

/// The work was broken off by this signal.
#[derive(Debug)]
pub(super) struct Interrupted(pub(super) i32);

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted by signal {}", self.0)
    }
}

impl std::error::Error for Interrupted {}

/// Remembers a signal instead of dying of it, for as long as it lives.
pub(super) struct Interrupts {
    seen: Arc<AtomicUsize>,
    ids: Vec<SigId>,
}

impl Interrupts {
    /// Starts to watch.
    pub(super) fn watch() -> Result<Self> {
        let seen = Arc::new(AtomicUsize::new(0));
        let mut ids = Vec::new();
        for (signal, number) in [(SIGINT, 2), (SIGTERM, 15), (SIGHUP, 1)] {
            let id = signal_hook::flag::register_usize(signal, Arc::clone(&seen), number)
                .map_err(|e| Failure::new(Kind::Io, "cannot watch for signals").because(e))?;
            ids.push(id);
        }
        Ok(Self { seen, ids })
    }

    /// Fails with [`Interrupted`] once a signal has come.
    pub(super) fn check(&self) -> Result<()> {
        match i32::try_from(self.seen.load(Ordering::Relaxed)) {
            Ok(0) | Err(_) => Ok(()),
            Ok(signal) => Err(Interrupted(signal).into()),
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
