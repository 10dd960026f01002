//! What can be broken in the state of a queue, and how each kind is mended.

use jiff::Timestamp;
use serde::Serialize;

/// Seconds for which a started entry must have been expired before it is a fault: as if it had been
/// watched so long, as every heartbeat would have renewed it.
pub const EXPIRED_S: f64 = 60.0;

/// Seconds for which RQ takes a job for running after its last heartbeat, at most. Source:
/// `rq/worker.py`, `get_heartbeat_ttl`: a minute beyond `DEFAULT_JOB_MONITORING_INTERVAL`.
const LEASE_S: f64 = 90.0;

/// How many seconds after it was cut off a job is found to be [`FaultKind::Abandoned`], at the
/// latest, unless its worker was given a longer monitoring interval: scores are whole seconds, and
/// have to be older.
pub const ABANDONED_AFTER_S: f64 = LEASE_S + EXPIRED_S + 1.0;

/// The same from now on; 0 where that time is over.
pub fn abandoned_in_s(cut_off: Timestamp, now: Timestamp) -> f64 {
    let left = ABANDONED_AFTER_S - now.duration_since(cut_off).as_secs_f64();
    left.clamp(0.0, ABANDONED_AFTER_S)
}

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// Waiting ids whose job is gone: taken out
    Hashless,
    /// Waiting jobs that keep the expiry of an earlier run: it is taken away
    Expiring,
    /// Waiting or taken jobs that make each worker exit: deleted
    Poison,
    /// Jobs stuck between queue and worker: fail, or are queued again with --requeue
    Stuck,
    /// Running jobs whose worker is gone: fail, or are queued again with --requeue
    Abandoned,
    /// Queued jobs that stand in no list: fail, or are queued again with --requeue
    Lost,
    /// Jobs of a scheduled job's fixed id that stand nowhere and keep it from running: deleted
    Ghost,
    /// Entries of the scheduled, deferred and canceled registries whose job is gone: taken out
    Dangling,
    /// Streams of results whose job is gone: deleted
    Results,
    /// Registrations of workers that died without signing off: removed
    Worker,
}

impl FaultKind {
    /// All kinds, in the order in which they are repaired.
    pub const ALL: [Self; 10] = [
        Self::Hashless,
        Self::Expiring,
        Self::Poison,
        Self::Stuck,
        Self::Abandoned,
        Self::Lost,
        Self::Ghost,
        Self::Dangling,
        Self::Results,
        Self::Worker,
    ];

    /// The word by which it is selected.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Hashless => "hashless",
            Self::Expiring => "expiring",
            Self::Poison => "poison",
            Self::Stuck => "stuck",
            Self::Abandoned => "abandoned",
            Self::Lost => "lost",
            Self::Ghost => "ghost",
            Self::Dangling => "dangling",
            Self::Results => "results",
            Self::Worker => "worker",
        }
    }

    /// What was found.
    pub const fn finding(self) -> &'static str {
        match self {
            Self::Hashless => "waiting ids whose job is gone",
            Self::Expiring => "waiting jobs with the expiry of an earlier run",
            Self::Poison => "jobs that make each worker exit",
            Self::Stuck => "jobs stuck between queue and worker",
            Self::Abandoned => "running jobs whose worker is gone",
            Self::Lost => "queued jobs that stand in no list",
            Self::Ghost => "ghosts that keep a scheduled job from running",
            Self::Dangling => "registry entries whose job is gone",
            Self::Results => "results whose job is gone",
            Self::Worker => "registrations of dead workers",
        }
    }

    /// What is done about it.
    pub const fn remedy(self, requeue: bool) -> &'static str {
        match self {
            Self::Hashless | Self::Dangling => "take out",
            Self::Expiring => "take the expiry away",
            Self::Poison | Self::Ghost | Self::Results => "delete",
            Self::Stuck | Self::Abandoned | Self::Lost if requeue => "queue again",
            Self::Stuck | Self::Abandoned | Self::Lost => "fail",
            Self::Worker => "remove",
        }
    }
}
