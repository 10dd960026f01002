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

/// The instant at which the kernel's clock since boot stood at `boot_s` seconds, by the real clock;
/// `None` where there is no such clock.
///
/// Exact to some microseconds, unless the wall clock was set since.
#[cfg(target_os = "linux")]
pub fn instant_of_boot_clock(boot_s: f64) -> Option<Timestamp> {
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    let since_boot_s = clock.tv_sec as f64 + clock.tv_nsec as f64 / 1e9;
    let ago = jiff::SignedDuration::try_from_secs_f64(since_boot_s - boot_s).ok()?;
    Timestamp::now().checked_sub(ago).ok()
}

/// There is no such clock here.
#[cfg(not(target_os = "linux"))]
pub fn instant_of_boot_clock(_boot_s: f64) -> Option<Timestamp> {
    None
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
