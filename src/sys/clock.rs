//! The only reader of the wall clock, so that a test can fix the present.
//!
//! Durations come from [`Stopwatch`], which no change of the wall clock can bend.

use std::fs::Metadata;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::env;

/// The present, or the instant in `JOBCTL_TEST_NOW` where that holds one.
pub fn now() -> Timestamp {
    env::read(env::JOBCTL_TEST_NOW)
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(Timestamp::now)
}

/// How long ago a file was last written, by the real clock.
///
/// Zero for a file of the future (a clock that was set back, a file server with another clock)
/// and where the file system keeps no times.
pub fn age_of(file: &Metadata) -> Duration {
    file.modified().ok().and_then(|written| written.elapsed().ok()).unwrap_or_default()
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch {
    started: Instant,
}

impl Stopwatch {
    /// Starts measuring.
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// The time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
