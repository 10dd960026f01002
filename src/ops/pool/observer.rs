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

use super::examine::{Finding, Subject, examine};
use super::naming::is_another;
use super::runtimes;
use crate::backend::redis::read::Store;
use crate::backend::redis::{Endpoint, connect};
use crate::context;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::sys::proc::{ProcTable, hostname};

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
    pub(super) job: Option<JobId>,
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

/// What tells a worker of the pool from all others.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) pid: u32,
    /// When it was started.
    pub(crate) since: Timestamp,
    /// The name that it was given; `None` where it names itself.
    pub(crate) name: Option<String>,
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
    /// The worker that goes by the name it was given, else the only one that claims its process and
    /// was not born before: `None` where several do, as one of them is another host's.
    pub(super) fn worker(&self, who: &Who) -> Option<&Seen> {
        let own = self.claims(who).find(|seen| Some(&seen.name) == who.name.as_ref());
        own.or_else(|| {
            let mut here = self.claims(who);
            here.next().filter(|_| here.next().is_none())
        })
    }

    /// Whether that worker has registered. Where Redis hides workers, `is_old` has to do.
    pub(super) fn shows(&self, who: &Who, is_old: bool) -> bool {
        // Of several that claim an unnamed worker's process, one is the worker.
        let is_among = || who.name.is_none() && self.claims(who).next().is_some();
        self.worker(who).is_some() || is_among() || (self.hides_workers && is_old)
    }

    /// Those that are registered as its process, without those that had the same id before it.
    fn claims(&self, who: &Who) -> impl Iterator<Item = &Seen> {
        let began = who.since.checked_sub(SLACK).unwrap_or(who.since);
        self.workers.get(&who.pid).into_iter().flatten().filter(move |seen| seen.birth >= began)
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
    asked: Sender<Ask>,
    findings: Receiver<Finding>,
    pace: Pace,
}

/// What the one who looks is asked; each has it look again at once.
#[derive(Debug)]
enum Ask {
    /// To look so often from now on.
    Look(Pace),
    /// To find out what became of a worker's job.
    Examine(Subject),
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
        let ((asked, asks), (found, findings)) = (channel(), channel());
        let shared = Arc::clone(&sight);
        // Not joined: it may wait for Redis when the supervisor ends, and holds nothing.
        thread::spawn(move || watch(&endpoint, timeout, &watched, &shared, &asks, &found));
        Self { sight, asked, findings, pace: Pace::Calm }
    }

    /// What was read last.
    pub(super) fn sight(&self) -> Sight {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has it look again at once.
    pub(super) fn look_now(&self) {
        // It lives as long as this value.
        let _ = self.asked.send(Ask::Look(self.pace));
    }

    /// Has it find out what became of a worker's job, as soon as Redis answers.
    pub(super) fn examine(&self, subject: Subject) {
        let _ = self.asked.send(Ask::Examine(subject));
    }

    /// What it has found out.
    pub(super) fn findings(&self) -> Vec<Finding> {
        self.findings.try_iter().collect()
    }

    /// Whether something is awaited, so that it should look more often.
    pub(super) fn hurry(&mut self, eager: bool) {
        let pace = if eager { Pace::Eager } else { Pace::Calm };
        if pace != self.pace {
            self.pace = pace;
            self.look_now();
        }
    }
}

fn watch(
    endpoint: &Endpoint,
    timeout: Duration,
    watched: &Watched,
    shared: &Mutex<Sight>,
    asks: &Receiver<Ask>,
    found: &Sender<Finding>,
) {
    let host = hostname();
    let mut store = None;
    let mut pace = Pace::Calm;
    let mut subjects: Vec<Subject> = Vec::new();
    loop {
        let began = Instant::now();
        let looked = look(&mut store, endpoint, timeout, watched, host.as_deref());
        let looked = looked.and_then(|sight| {
            while let (Some(store), Some(subject)) = (&mut store, subjects.last()) {
                let finding = examine(store, &sight, subject)?;
                // Who asked may have got another observer meanwhile.
                let _ = found.send(finding);
                subjects.pop();
            }
            Ok(sight)
        });
        let sight = match looked {
            Ok(sight) => Sight { at: Some(began), ..sight },
            Err(error) => {
                store = None;
                Sight { at: Some(began), fault: Some(error.to_string()), ..Sight::default() }
            }
        };
        *shared.lock().unwrap_or_else(PoisonError::into_inner) = sight;
        // Who asks for each of many workers is answered with one look.
        let first = asks.recv_timeout(if pace == Pace::Eager { EAGER } else { CALM });
        match first {
            Err(RecvTimeoutError::Disconnected) => return,
            _ => {
                for ask in first.into_iter().chain(asks.try_iter()) {
                    match ask {
                        Ask::Look(asked) => pace = asked,
                        Ask::Examine(subject) => subjects.push(subject),
                    }
                }
            }
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
    let workers = store.workers()?.map(|(workers, _)| workers);
    sight.hides_workers = workers.is_err();
    let workers = workers.unwrap_or_default();
    let table = ProcTable::live().ok();
    for worker in &workers {
        let Some(identity) = &worker.identity else { continue };
        let (Some(pid), true) = (identity.pid, identity.hostname.as_deref() == host) else {
            continue;
        };
        let (Some(birth), None) = (identity.birth, worker.died_at) else { continue };
        if table.as_ref().is_some_and(|table| is_another(table, pid, &worker.name)) {
            continue;
        }
        let seen = Seen {
            job: worker.current_jobs.first().cloned(),
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

    /// A worker of the pool that was started half a second after 1,000,000.
    fn who(pid: u32, name: Option<&str>) -> Who {
        let since = Timestamp::from_millisecond(1_000_000_500).unwrap();
        Who { pid, since, name: name.map(str::to_owned) }
    }

    #[test]
    fn worker_with_an_id_that_another_had_is_told_from_it_by_its_birth() {
        let mut sight = Sight::default();
        sight.workers.insert(7, vec![seen("dead", 913_600)]);
        assert!(sight.worker(&who(7, None)).is_none(), "it had the same process id a day before");
        sight.workers.insert(7, vec![seen("dead", 913_600), seen("own", 1_000_000)]);
        let own = sight.worker(&who(7, None)).map(|seen| seen.name.as_str());
        assert_eq!(own, Some("own"));
        assert!(sight.worker(&who(8, None)).is_none());
    }

    #[test]
    fn worker_is_told_from_a_twin_of_its_host_name_and_process_by_its_name_or_not_at_all() {
        let mut sight = Sight::default();
        sight.workers.insert(7, vec![seen("twin", 1_000_000), seen("own", 1_000_001)]);
        let named = sight.worker(&who(7, Some("own"))).map(|seen| seen.name.as_str());
        assert_eq!(named, Some("own"));
        assert!(sight.worker(&who(7, None)).is_none(), "either may be the twin");
        assert!(sight.shows(&who(7, None), false), "one of them is it");
        // A worker class may give itself another name.
        sight.workers.insert(7, vec![seen("self-made", 1_000_001)]);
        assert!(sight.worker(&who(7, Some("own"))).is_some());
    }

    #[test]
    fn worker_that_has_not_registered_is_not_ready_however_old_unless_workers_are_hidden() {
        let (who, mut sight) = (who(7, None), Sight::default());
        assert!(!sight.shows(&who, true), "it may still import its application");
        sight.hides_workers = true;
        assert!(!sight.shows(&who, false));
        assert!(sight.shows(&who, true));
        sight.hides_workers = false;
        sight.workers.insert(7, vec![seen("own", 1_000_001)]);
        assert!(sight.shows(&who, false));
    }
}
