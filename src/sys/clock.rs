//! The only reader of the wall clock, so that a test can fix the present.
//!
//! Durations come from [`Stopwatch`], which no change of the wall clock can bend.

use std::fmt;
use std::fs::Metadata;
use std::sync::OnceLock;
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

/// A reading of a clock that nobody sets: on Linux the one since boot, which goes on while the
/// machine sleeps; elsewhere that of the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steady {
    /// What it counts from: only readings of the same can be compared.
    epoch: String,
    since: Duration,
}

impl Steady {
    /// Reads the clock.
    #[cfg(target_os = "linux")]
    pub fn now() -> Self {
        let clock = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let whole = Duration::from_secs(u64::try_from(clock.tv_sec).unwrap_or(0));
        let since = whole + Duration::from_nanos(u64::try_from(clock.tv_nsec).unwrap_or(0));
        // Source: proc_sys_kernel(5).
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let boot = boot.trim();
        if boot.is_empty() { Self::of_process() } else { Self { epoch: boot.to_owned(), since } }
    }

    /// Reads the clock.
    #[cfg(not(target_os = "linux"))]
    pub fn now() -> Self {
        Self::of_process()
    }

    /// The clock of this process, which no other one can compare with its own.
    fn of_process() -> Self {
        static STARTED: OnceLock<Instant> = OnceLock::new();
        let since = STARTED.get_or_init(Instant::now).elapsed();
        Self { epoch: format!("process-{}", std::process::id()), since }
    }

    /// A reading that can be compared with no other.
    pub const fn unknown() -> Self {
        Self { epoch: String::new(), since: Duration::ZERO }
    }

    /// A reading that was made up.
    pub fn of(epoch: &str, since: Duration) -> Self {
        Self { epoch: epoch.to_owned(), since }
    }

    /// Reads the two words of its `Display`.
    pub fn from_words(epoch: &str, since_ms: &str) -> Option<Self> {
        Some(Self::of(epoch, Duration::from_millis(since_ms.parse().ok()?)))
    }

    /// The time since an earlier reading; `None` where that was of another clock.
    pub fn since(&self, earlier: &Self) -> Option<Duration> {
        let is_same = self.epoch == earlier.epoch && !self.epoch.is_empty();
        is_same.then(|| self.since.saturating_sub(earlier.since))
    }
}

impl fmt::Display for Steady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.epoch, self.since.as_millis())
    }
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
