//! Interruption: SIGINT and SIGTERM as a question that a loop can ask. Uses the `signal-hook` crate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::error::Result;

/// How often a waiting loop looks.
const LOOK: Duration = Duration::from_millis(20);

/// The signals that ask to end.
#[derive(Debug)]
pub struct Interrupts {
    caught: Arc<AtomicUsize>,
}

impl Interrupts {
    /// From now on these signals are noted instead of ending the process.
    pub fn catch() -> Result<Self> {
        let caught = Arc::new(AtomicUsize::new(0));
        for signal in [SIGINT, SIGTERM] {
            let number = usize::try_from(signal)?;
            flag::register_usize(signal, Arc::clone(&caught), number)?;
        }
        Ok(Self { caught })
    }

    /// The signal that came, if one did.
    pub fn caught(&self) -> Option<i32> {
        match self.caught.load(Ordering::Relaxed) {
            0 => None,
            signal => i32::try_from(signal).ok(),
        }
    }

    /// Waits, but no longer than until a signal comes.
    pub fn wait(&self, time: Duration) -> Option<i32> {
        let end = Instant::now() + time;
        loop {
            if let Some(signal) = self.caught() {
                return Some(signal);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            std::thread::sleep(left.min(LOOK));
        }
    }
}
