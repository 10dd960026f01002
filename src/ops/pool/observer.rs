//! Asks Redis about the pool's workers, in a thread of its own: a Redis that hangs must not keep
//! the supervisor from its signals.
//!
//! Reads only. The thread starts no process: children are tied to the thread that forks them.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::runtimes;
use crate::backend::redis::read::Store;
use crate::backend::redis::{Endpoint, connect};
use crate::context;
use crate::error::Result;
use crate::model::id::QueueName;
use crate::sys::proc::hostname;

/// Between two looks while nothing is awaited.
const CALM: Duration = Duration::from_secs(5);

/// Between two looks while the supervisor waits for a worker or for Redis.
const EAGER: Duration = Duration::from_millis(300);

/// What a worker's birth may lie before its start: some releases write whole seconds.
const SLACK: Duration = Duration::from_secs(2);

/// What Redis says of one worker of this host.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Its name.
    pub(super) name: String,
    /// Its job.
    pub(super) job: Option<String>,
    /// When it began.
    pub(super) birth: Timestamp,
    /// Whether it has been told to end after its job, by whomever. Source: `rq/worker.py`,
    /// `set_shutdown_requested_date`, all releases.
    pub(super) is_stopping: bool,
    /// Runs that it has finished, well or not.
    pub(super) jobs: u64,
    /// Whether it takes no job because all workers are suspended.
    pub(super) is_suspended: bool,
}

/// What was read last.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight {
    /// When reading it began; `None` before the first look ends.
    pub(super) at: Option<Instant>,
    /// Why Redis could not be read.
    pub(super) fault: Option<String>,
    /// Whether an access list hides the workers.
    pub(super) hides_workers: bool,
    /// The workers that name this host, by process id. An id comes again, and the record of one that
    /// was killed stays for minutes: see [`Sight::worker`].
    pub(super) workers: HashMap<u32, Vec<Seen>>,
    /// Jobs that wait in each of the queues, in their order; `None` where that is hidden.
    pub(super) waiting: Vec<Option<u64>>,
    /// Seconds that a job of each of them runs, where jobs wait and that is known. Empty unless it
    /// was asked for.
    pub(super) run_s: Vec<Option<f64>>,
}

impl Sight {
    /// The worker that is the process `pid`, which was started at `since`: not one that had the same
    /// process id before.
    pub(super) fn worker(&self, pid: u32, since: Timestamp) -> Option<&Seen> {
        let began = since.checked_sub(SLACK).unwrap_or(since);
        let here = self.workers.get(&pid)?.iter().filter(|seen| seen.birth >= began);
        here.min_by_key(|seen| seen.birth)
    }

    /// Whether that worker has registered. Where Redis hides workers, `is_old` has to do.
    pub(super) fn shows(&self, pid: u32, since: Timestamp, is_old: bool) -> bool {
        self.worker(pid, since).is_some() || (self.hides_workers && is_old)
    }
}

/// What is looked at beside the workers.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub(super) queues: Vec<QueueName>,
    /// Whether it matters how long jobs run.
    pub(super) times: bool,
}

/// The one who looks.
pub(super) struct Observer {
    sight: Arc<Mutex<Sight>>,
    wake: Sender<Pace>,
    pace: Pace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Calm,
    Eager,
}

impl Observer {
    /// Begins to look at the workers of this host and at what is to be watched. Until the first look
    /// has ended, `fault` is what is known of Redis.
    pub(super) fn start(
        endpoint: Endpoint,
        timeout: Duration,
        watched: Watched,
        fault: Option<String>,
    ) -> Self {
        let sight = Arc::new(Mutex::new(Sight { fault, ..Sight::default() }));
        let (wake, asked) = channel();
        let shared = Arc::clone(&sight);
        // Not joined: it may wait for Redis when the supervisor ends, and holds nothing.
        thread::spawn(move || watch(&endpoint, timeout, &watched, &shared, &asked));
        Self { sight, wake, pace: Pace::Calm }
    }

    /// What was read last.
    pub(super) fn sight(&self) -> Sight {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has it look again at once.
    pub(super) fn look_now(&self) {
        let _ = self.wake.send(self.pace);
    }

    /// Whether something is awaited, so that it should look more often.
    pub(super) fn hurry(&mut self, eager: bool) {
        let pace = if eager { Pace::Eager } else { Pace::Calm };
        if pace != self.pace {
            self.pace = pace;
            // It lives as long as this value.
            let _ = self.wake.send(pace);
        }
    }
}

fn watch(
    endpoint: &Endpoint,
    timeout: Duration,
    watched: &Watched,
    shared: &Mutex<Sight>,
    asked: &Receiver<Pace>,
) {
    let host = hostname();
    let mut store = None;
    let mut pace = Pace::Calm;
    loop {
        let began = Instant::now();
        let sight = match look(&mut store, endpoint, timeout, watched, host.as_deref()) {
            Ok(sight) => Sight { at: Some(began), ..sight },
            Err(error) => {
                store = None;
                Sight { at: Some(began), fault: Some(error.to_string()), ..Sight::default() }
            }
        };
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = sight;
        match asked.recv_timeout(if pace == Pace::Eager { EAGER } else { CALM }) {
            Ok(asked) => pace = asked,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        // Who asks for each of many workers is answered with one look.
        pace = asked.try_iter().last().unwrap_or(pace);
    }
}

/// Three round trips: names, workers, depths; for run times those of [`runtimes::of`].
fn look(
    store: &mut Option<Store>,
    endpoint: &Endpoint,
    timeout: Duration,
    watched: &Watched,
    host: Option<&str>,
) -> Result<Sight> {
    let store = if let Some(store) = store {
        store
    } else {
        let link = connect(endpoint, timeout, "queue Redis")?;
        store.insert(Store::new(link, context::keys()))
    };
    let mut sight = Sight::default();
    // Where an access list hides them, the supervisor goes by its processes alone.
    let workers = store.workers()?.map(|(workers, _)| workers);
    sight.hides_workers = workers.is_err();
    let workers = workers.unwrap_or_default();
    for worker in &workers {
        let Some(identity) = &worker.identity else { continue };
        let (Some(pid), true) = (identity.pid, identity.hostname.as_deref() == host) else {
            continue;
        };
        let (Some(birth), None) = (identity.birth, worker.died_at) else { continue };
        let seen = Seen {
            job: worker.current_jobs.first().map(|id| id.text().into_owned()),
            jobs: worker.successful.saturating_add(worker.failed),
            is_suspended: worker.state.as_deref() == Some("suspended"),
            name: worker.name.clone(),
            birth,
            is_stopping: worker.stop_requested_at.is_some(),
        };
        sight.workers.entry(pid).or_default().push(seen);
    }
    if !watched.queues.is_empty() {
        let counts = store.counts(&watched.queues)?;
        sight.waiting = counts.into_iter().map(|(counts, _)| counts.queued).collect();
    }
    if watched.times {
        sight.run_s = runtimes::of(store, &watched.queues, &sight.waiting, &workers)?;
    }
    Ok(sight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, birth: i64) -> Seen {
        Seen {
            name: name.to_owned(),
            job: None,
            birth: Timestamp::from_second(birth).unwrap(),
            is_stopping: false,
            jobs: 5_000,
            is_suspended: false,
        }
    }

    #[test]
    fn worker_with_an_id_that_another_had_is_told_from_it_by_its_birth() {
        let since = Timestamp::from_millisecond(1_000_000_500).unwrap();
        let mut sight = Sight::default();
        sight.workers.insert(7, vec![seen("dead", 913_600)]);
        assert!(sight.worker(7, since).is_none(), "it had the same process id a day before");
        sight.workers.insert(7, vec![seen("dead", 913_600), seen("own", 1_000_000)]);
        assert_eq!(sight.worker(7, since).map(|seen| seen.name.as_str()), Some("own"));
        assert!(sight.worker(8, since).is_none());
    }

    #[test]
    fn worker_that_has_not_registered_is_not_ready_however_old_unless_workers_are_hidden() {
        let since = Timestamp::from_second(1_000_000).unwrap();
        let mut sight = Sight::default();
        assert!(!sight.shows(7, since, true), "it may still import its application");
        sight.hides_workers = true;
        assert!(!sight.shows(7, since, false));
        assert!(sight.shows(7, since, true));
        sight.hides_workers = false;
        sight.workers.insert(7, vec![seen("own", 1_000_001)]);
        assert!(sight.shows(7, since, false));
    }
}
