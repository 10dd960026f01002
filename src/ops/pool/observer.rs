//! Asks Redis about the pool's workers, in a thread of its own: a Redis that hangs must not keep
//! the supervisor from its signals.
//!
//! Reads only. The thread starts no process: children are tied to the thread that forks them.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

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

/// What Redis says of one worker of this host.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Its name.
    pub(super) name: String,
    /// Its job.
    pub(super) job: Option<String>,
    /// Runs that it has finished, well or not.
    pub(super) jobs: u64,
    /// Whether it takes no job because all workers are suspended.
    pub(super) is_suspended: bool,
}

/// What was read last.
#[derive(Debug, Clone, Default)]
pub(super) struct Sight {
    /// When it was read; `None` before the first look ends.
    pub(super) at: Option<Instant>,
    /// Why Redis could not be read.
    pub(super) fault: Option<String>,
    /// The workers that name this host, by process id. Empty where Redis hides them.
    pub(super) workers: HashMap<u32, Seen>,
    /// Jobs that wait in each of the queues, in their order; `None` where that is hidden.
    pub(super) waiting: Vec<Option<u64>>,
    /// Seconds that a job of each of them runs, where jobs wait and that is known. Empty unless it
    /// was asked for.
    pub(super) run_s: Vec<Option<f64>>,
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
        let sight = match look(&mut store, endpoint, timeout, watched, host.as_deref()) {
            Ok(sight) => sight,
            Err(error) => {
                store = None;
                Sight {
                    at: Some(Instant::now()),
                    fault: Some(error.to_string()),
                    ..Sight::default()
                }
            }
        };
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = sight;
        match asked.recv_timeout(if pace == Pace::Eager { EAGER } else { CALM }) {
            Ok(asked) => pace = asked,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
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
    let workers = store.workers()?.map(|(workers, _)| workers).unwrap_or_default();
    for worker in &workers {
        let Some(identity) = &worker.identity else { continue };
        let (Some(pid), true) = (identity.pid, identity.hostname.as_deref() == host) else {
            continue;
        };
        if worker.died_at.is_some() {
            continue;
        }
        let seen = Seen {
            job: worker.current_jobs.first().map(|id| id.text().into_owned()),
            jobs: worker.successful.saturating_add(worker.failed),
            is_suspended: worker.state.as_deref() == Some("suspended"),
            name: worker.name.clone(),
        };
        sight.workers.insert(pid, seen);
    }
    if !watched.queues.is_empty() {
        let counts = store.counts(&watched.queues)?;
        sight.waiting = counts.into_iter().map(|(counts, _)| counts.queued).collect();
    }
    if watched.times {
        sight.run_s = runtimes::of(store, &watched.queues, &sight.waiting, &workers)?;
    }
    sight.at = Some(Instant::now());
    Ok(sight)
}
