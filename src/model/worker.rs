//! A worker as its registration describes it, and whether it lives.

use jiff::Timestamp;
use serde::Serialize;

use super::id::{JobId, QueueName};

/// Seconds that an idle worker may stay silent: it blocks 405 s (worker TTL 420 less 15) for a
/// job, then writes a heartbeat. Source: `rq/worker.py` `dequeue_timeout`, all versions.
pub const IDLE_SILENCE_S: f64 = 405.0;

/// Seconds that a forking worker may stay silent while it runs a job: it writes a heartbeat every
/// 30 s; ten more for a slow machine. Source: `rq/worker.py` `job_monitoring_interval`.
pub const BUSY_SILENCE_S: f64 = 40.0;

/// A registration: the worker's hash, and what Redis says of its key and channel.
#[derive(Debug, Clone)]
pub struct Worker {
    /// Its name, 32 hex digits unless somebody chose one.
    pub name: String,
    /// `None` when the hash is gone or holds only a heartbeat.
    pub identity: Option<Identity>,
    /// The word in `state`: `started`, `idle`, `busy`, `suspended`.
    pub state: Option<String>,
    /// The last sign of life, by the worker's clock.
    pub last_heartbeat: Option<Timestamp>,
    /// Present after a clean end.
    pub died_at: Option<Timestamp>,
    /// Present once it was asked to stop while busy.
    pub stop_requested_at: Option<Timestamp>,
    /// The jobs that it runs, by its own word (up to 2.12) or by the started registries (3.0).
    pub current_jobs: Vec<JobId>,
    /// Seconds since the current job was started, as the worker last said (1.9 to 2.12).
    pub current_job_working_s: Option<f64>,
    /// Jobs that ended well.
    pub successful: u64,
    /// Runs that ended in an exception, retried ones included.
    pub failed: u64,
    /// Seconds spent in jobs.
    pub working_s: f64,
    /// Seconds until the key expires; `None` without an expiry or without a key.
    pub ttl_s: Option<f64>,
    /// Connections that listen for its commands; `None` where that cannot be asked.
    pub listeners: Option<u64>,
    /// Whether it stands in `rq:workers`.
    pub registered: bool,
}

/// What a worker writes once, when it starts.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// When it started.
    pub birth: Option<Timestamp>,
    /// The queues that it serves, in order of priority.
    pub queues: Vec<QueueName>,
    /// Its process id, in its own namespace.
    pub pid: Option<u32>,
    /// Its host name, a container's id inside containers.
    pub hostname: Option<String>,
    /// Its RQ version.
    pub version: Option<String>,
    /// Its Python version, `sys.version` cut at the first blank.
    pub python_version: Option<String>,
}

/// Whether a worker lives, with what was concluded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Alive {
    /// It answers for itself.
    Yes,
    /// It has not been heard of for too long: frozen, or dead a moment ago.
    Stale,
    /// It is gone.
    No,
}

/// A verdict on a worker, with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Liveness {
    /// The verdict.
    pub alive: Alive,
    /// What it was concluded from.
    pub reason: String,
}

impl Liveness {
    fn new(alive: Alive, reason: impl Into<String>) -> Self {
        Self { alive, reason: reason.into() }
    }
}

/// What this host knows of a worker's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalProcess {
    /// Another host, or it cannot be told.
    Elsewhere,
    /// The process is there and looks like a worker.
    Present,
    /// There is no such process, or the pid belongs to another program by now.
    Gone,
}

impl Worker {
    /// The queues that it serves, empty for a registration that lost its hash.
    pub fn queues(&self) -> &[QueueName] {
        self.identity.as_ref().map_or(&[], |identity| &identity.queues)
    }

    /// The first characters of a name of 32 hex digits, the whole of a chosen one.
    pub fn short_name(&self) -> &str {
        let generated = self.name.len() == 32 && self.name.bytes().all(|b| b.is_ascii_hexdigit());
        if generated { self.name.get(..8).unwrap_or(&self.name) } else { &self.name }
    }

    /// Whether it says that it runs a job.
    pub fn is_busy(&self) -> bool {
        self.state.as_deref() == Some("busy")
    }

    /// Seconds since the last heartbeat at `now`.
    pub fn silence_s(&self, now: Timestamp) -> Option<f64> {
        super::job::seconds_between(self.last_heartbeat?, now)
    }

    /// Concludes whether it lives.
    ///
    /// The strongest evidence decides first: a clean end, the process on this host, the
    /// subscription of its command channel, then silence. A non-forking worker is silent for a
    /// whole job, which its long key lifetime tells. Source: rq 1.14 to 3.0 `worker.py`
    /// (`register_death`, `heartbeat`, `subscribe`), verified by experiment.
    pub fn liveness(&self, now: Timestamp, process: LocalProcess) -> Liveness {
        if self.died_at.is_some() {
            return Liveness::new(Alive::No, "ended cleanly");
        }
        let Some(identity) = &self.identity else {
            return if self.listeners.unwrap_or(0) > 0 {
                Liveness::new(Alive::Yes, "listens for commands, but its registration was lost")
            } else {
                Liveness::new(Alive::No, "its key expired")
            };
        };
        if process == LocalProcess::Gone {
            let pid = identity.pid.unwrap_or_default();
            return Liveness::new(Alive::No, format!("process {pid} is gone from this host"));
        }
        if self.listeners == Some(0) {
            return Liveness::new(Alive::No, "no connection listens for its commands");
        }
        match self.silence_s(now) {
            Some(silence) if silence > self.allowed_silence_s() => {
                let minutes = silence / 60.0;
                Liveness::new(Alive::Stale, format!("silent for {minutes:.0} min"))
            }
            Some(_) if self.listeners.is_some() => {
                Liveness::new(Alive::Yes, "listens for commands")
            }
            Some(_) => Liveness::new(Alive::Yes, "its heartbeat is recent"),
            None if self.listeners.is_some() => Liveness::new(Alive::Yes, "listens for commands"),
            None => Liveness::new(Alive::Stale, "it has no heartbeat"),
        }
    }

    /// Seconds that it may be silent in its present state.
    ///
    /// A worker without a fork renews its key for the whole job (timeout + 60 s), a forking one
    /// for at most 90 s at a time; so a busy worker's key that lives longer belongs to the former.
    fn allowed_silence_s(&self) -> f64 {
        let remaining = self.ttl_s.unwrap_or(0.0);
        if self.is_busy() && remaining <= 90.0 {
            BUSY_SILENCE_S
        } else {
            (IDLE_SILENCE_S + 60.0).max(remaining)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn worker(state: &str, listeners: Option<u64>, ttl_s: f64) -> Worker {
        Worker {
            name: "w".into(),
            identity: Some(Identity { pid: Some(7), ..Identity::default() }),
            state: Some(state.into()),
            last_heartbeat: Some(at(0)),
            died_at: None,
            stop_requested_at: None,
            current_jobs: Vec::new(),
            current_job_working_s: None,
            successful: 0,
            failed: 0,
            working_s: 0.0,
            ttl_s: Some(ttl_s),
            listeners,
            registered: true,
        }
    }

    #[test]
    fn idle_worker_silent_for_405_s_is_alive() {
        let idle = worker("idle", Some(1), 75.0);
        assert_eq!(idle.liveness(at(405), LocalProcess::Elsewhere).alive, Alive::Yes);
        assert_eq!(idle.liveness(at(470), LocalProcess::Elsewhere).alive, Alive::Stale);
    }

    #[test]
    fn busy_forking_worker_silent_for_a_minute_is_stale() {
        let busy = worker("busy", Some(1), 30.0);
        assert_eq!(busy.liveness(at(35), LocalProcess::Elsewhere).alive, Alive::Yes);
        assert_eq!(busy.liveness(at(61), LocalProcess::Elsewhere).alive, Alive::Stale);
    }

    #[test]
    fn busy_worker_without_fork_may_be_silent_for_its_job() {
        let busy = worker("busy", Some(1), 1400.0);
        assert_eq!(busy.liveness(at(160), LocalProcess::Elsewhere).alive, Alive::Yes);
    }

    #[test]
    fn worker_without_a_listener_is_gone() {
        let killed = worker("idle", Some(0), 400.0);
        assert_eq!(killed.liveness(at(1), LocalProcess::Elsewhere).alive, Alive::No);
        let unknown = worker("idle", None, 400.0);
        assert_eq!(unknown.liveness(at(1), LocalProcess::Elsewhere).alive, Alive::Yes);
        assert_eq!(unknown.liveness(at(1), LocalProcess::Gone).alive, Alive::No);
    }
}
