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

/// Whether a worker's name is one that RQ drew by lot: 32 hex digits.
pub fn is_drawn(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The first characters of a name that was drawn, the whole of a chosen one.
pub fn short_name(name: &str) -> &str {
    if is_drawn(name) { name.get(..8).unwrap_or(name) } else { name }
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

/// Seconds after its birth within which a worker may not listen yet: it registers first.
/// Source: `rq/worker.py` `work` and `bootstrap`: `register_birth`, then `subscribe`.
const BIRTH_S: f64 = 5.0;

/// Lifetimes that a heartbeat gives to the key, in seconds: idle, and busy with a fork. Source:
/// `rq/worker.py` `heartbeat` (worker TTL 420 + 60) and `get_heartbeat_ttl` (at most 30 + 60).
const IDLE_KEY_S: f64 = 480.0;
/// See [`IDLE_KEY_S`].
const BUSY_KEY_S: f64 = 90.0;

/// What this host knows of a worker's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalProcess {
    /// Another host, or it cannot be told.
    Elsewhere,
    /// The process is there and looks like a worker.
    Present,
    /// No such process is in sight, but there may be one in another namespace.
    OutOfSight,
    /// The whole machine has no such process, or the pid belongs to another program by now.
    Gone,
}

impl Worker {
    /// The queues that it serves, empty for a registration that lost its hash.
    pub fn queues(&self) -> &[QueueName] {
        self.identity.as_ref().map_or(&[], |identity| &identity.queues)
    }

    /// See [`short_name`].
    pub fn short_name(&self) -> &str {
        short_name(&self.name)
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
    /// subscription of its command channel, then silence. A process that is not in sight while
    /// somebody listens may be one of another namespace under this host's name, or may have left a
    /// work horse that inherited the connection; the heartbeats tell these two apart. Where the
    /// whole machine is in sight there is no need to wait for them: only a busy worker can leave
    /// somebody who listens. Source: rq 1.14 to 3.0 `worker.py` (`register_death`, `heartbeat`,
    /// `subscribe`), verified by experiment.
    pub fn liveness(&self, now: Timestamp, process: LocalProcess) -> Liveness {
        if self.died_at.is_some() {
            return Liveness::new(Alive::No, "ended cleanly");
        }
        let listens = self.listeners.map(|listeners| listeners > 0);
        let Some(identity) = &self.identity else {
            return if listens == Some(true) {
                Liveness::new(Alive::Yes, "listens for commands, but its registration was lost")
            } else {
                Liveness::new(Alive::No, "its key expired")
            };
        };
        let silence = self.long_silence_s(now);
        let unheard = listens != Some(true) || silence.is_some();
        let is_gone = match process {
            LocalProcess::Gone => unheard || self.is_busy(),
            LocalProcess::OutOfSight => unheard,
            LocalProcess::Present | LocalProcess::Elsewhere => false,
        };
        if is_gone {
            let pid = identity.pid.unwrap_or_default();
            return Liveness::new(Alive::No, format!("process {pid} is gone from this host"));
        }
        if listens == Some(false) && !self.is_newborn(now) {
            return Liveness::new(Alive::No, "no connection listens for its commands");
        }
        match (silence, self.last_heartbeat) {
            (Some(silence), _) => {
                let minutes = silence / 60.0;
                Liveness::new(Alive::Stale, format!("silent for {minutes:.0} min"))
            }
            _ if listens.is_some() => Liveness::new(Alive::Yes, "listens for commands"),
            (None, Some(_)) => Liveness::new(Alive::Yes, "its heartbeat is recent"),
            (None, None) => Liveness::new(Alive::Stale, "it has no heartbeat"),
        }
    }

    fn is_newborn(&self, now: Timestamp) -> bool {
        let birth = self.identity.as_ref().and_then(|identity| identity.birth);
        birth.and_then(|birth| super::job::seconds_between(birth, now)).is_some_and(|s| s < BIRTH_S)
    }

    /// Seconds of silence, if that is longer than its present state explains.
    ///
    /// Two clocks must agree: the worker's, by which it writes its heartbeat, and the server's, by
    /// which its key expires. A host whose clock is wrong only fools the first, a worker with a TTL
    /// of its own only the second.
    ///
    /// A worker without a fork renews its key for the whole job (timeout + 60 s), a forking one
    /// for at most 90 s at a time; so a busy worker's key that lives longer belongs to the former.
    fn long_silence_s(&self, now: Timestamp) -> Option<f64> {
        let silence = self.silence_s(now)?;
        let forks = self.ttl_s.is_none_or(|left| left <= BUSY_KEY_S);
        let (allowed, key) = if self.is_busy() && forks {
            (BUSY_SILENCE_S, BUSY_KEY_S)
        } else {
            (IDLE_SILENCE_S + 60.0, IDLE_KEY_S)
        };
        let heard = self.ttl_s.is_some_and(|left| key - left <= allowed);
        (silence > allowed && !heard).then_some(silence)
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
        let alive = |second, ttl_s| {
            worker("idle", Some(1), ttl_s).liveness(at(second), LocalProcess::Elsewhere).alive
        };
        assert_eq!(alive(405, 75.0), Alive::Yes);
        assert_eq!(alive(470, 10.0), Alive::Stale);
    }

    #[test]
    fn silence_by_a_wrong_clock_alone_proves_nothing() {
        let idle = worker("idle", Some(1), 470.0);
        assert_eq!(idle.liveness(at(7_200), LocalProcess::Elsewhere).alive, Alive::Yes);
        let busy = worker("busy", Some(1), 85.0);
        assert_eq!(busy.liveness(at(7_200), LocalProcess::Elsewhere).alive, Alive::Yes);
        let long_ttl = worker("idle", Some(1), 3_000.0);
        assert_eq!(long_ttl.liveness(at(4_260), LocalProcess::Elsewhere).alive, Alive::Yes);
    }

    #[test]
    fn worker_that_has_just_registered_need_not_listen_yet() {
        let mut newborn = worker("started", Some(0), 480.0);
        newborn.identity.as_mut().unwrap().birth = Some(at(0));
        assert_eq!(newborn.liveness(at(1), LocalProcess::Elsewhere).alive, Alive::Yes);
        assert_eq!(newborn.liveness(at(6), LocalProcess::Elsewhere).alive, Alive::No);
    }

    #[test]
    fn process_of_another_namespace_is_believed_while_it_speaks() {
        let idle = worker("idle", Some(1), 400.0);
        assert_eq!(idle.liveness(at(80), LocalProcess::OutOfSight).alive, Alive::Yes);
        assert_eq!(idle.liveness(at(80), LocalProcess::Gone).alive, Alive::Yes);
        let orphaned_horse = worker("busy", Some(1), 20.0);
        assert_eq!(orphaned_horse.liveness(at(70), LocalProcess::OutOfSight).alive, Alive::No);
    }

    #[test]
    fn busy_worker_whose_process_is_gone_from_the_machine_is_dead_at_once() {
        let orphaned_horse = worker("busy", Some(1), 89.0);
        assert_eq!(orphaned_horse.liveness(at(1), LocalProcess::Gone).alive, Alive::No);
        assert_eq!(orphaned_horse.liveness(at(1), LocalProcess::OutOfSight).alive, Alive::Yes);
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
