//! The fixed turns of a survey. What is asked of each queue is in [`queue`](super::queue).

use jiff::Timestamp;
use redis::{Cmd, cmd};

use super::super::batch::{Batch, Replies, Slot};
use super::super::keys::Keys;
use super::super::read::{JobSlots, Store, Want, take_job};
use super::super::server::Server;
use super::queue::{Opened, Turn};
use super::{QueueSurvey, Sampled, Survey, SurveyScope, Suspension, Unlisted};
use crate::error::{Failure, Kind, Result, failure_of};
use crate::model::id::{JobId, QueueName};
use crate::model::part::{Lack, Part, Why};
use crate::model::worker::Worker;
use crate::sys::clock::{self, Stopwatch};

/// What the read of a registration is called where it fails.
const WORKER_HASH: &str = "HMGET worker";
/// Unregistered workers looked at: channels may be anybody's.
const MOST_LISTENING: usize = 1_000;
/// Milliseconds from which on a first answer is not believed to be typical.
const SLOW_MS: f64 = 20.0;

/// First turn: the server, and what there is.
struct Overview {
    taken_at: Timestamp,
    latency_ms: f64,
    clock_ahead_s: Option<f64>,
    keys: Part<u64>,
    server: Part<Server>,
    save_rule: Part<String>,
    stops_on_failed_save: Part<bool>,
    suspended: Part<Option<Suspension>>,
    queues: Part<Vec<QueueName>>,
    workers: Part<Vec<String>>,
    /// Workers that listen for commands, registered or not.
    listening: Vec<String>,
}

impl Store {
    /// Surveys the scope; `now` is used where the server's clock is hidden.
    ///
    /// Cost: three round trips; one more where a worker serves a queue that nothing else names,
    /// where a queue's list is longer than a page, and a few where a job seems to be stuck or lost.
    ///
    /// Errors: those of the connection until the essential turns are over; a time limit that is
    /// reached later cuts the survey short.
    pub fn survey(&mut self, scope: &SurveyScope, now: Timestamp) -> Result<Survey> {
        let overview = self.overview(now)?;
        let known = overview.queues.clone().unwrap_or_default();
        let (queues, foreign) = divide(scope, &known);
        let registered = overview.workers.clone().unwrap_or_default();
        let names = registered.iter().chain(&overview.listening).cloned().collect();
        let turn = Turn::of(scope, queues.len(), overview.taken_at);
        let (mut opened, (mut workers, lacks)) = self.second_turn(queues, names, turn)?;
        tell_registered(&mut workers, &registered);
        let served = only_served(scope, &opened, &workers);
        if !served.is_empty() {
            opened.extend(self.second_turn(served, Vec::new(), turn)?.0);
        }
        self.third_turn(&mut opened, scope.heads_only)?;
        self.let_jobs_pass(&mut opened)?;
        let cut = if scope.heads_only {
            None
        } else {
            time_limit_of(self.read_long_lists(&mut opened, scope.deep))?
        };
        let mut survey = Survey {
            taken_at: overview.taken_at,
            latency_ms: overview.latency_ms,
            clock_ahead_s: overview.clock_ahead_s,
            keys: overview.keys,
            server: overview.server,
            save_rule: overview.save_rule,
            stops_on_failed_save: overview.stops_on_failed_save,
            suspended: overview.suspended,
            queues: opened.into_iter().map(|opened| opened.survey).collect(),
            known,
            foreign,
            queues_read: overview.queues.map(|_| ()),
            workers: overview.workers.and_then(|names| seen_workers(&names, workers, &lacks)),
            unlisted: Unlisted::default(),
            lacks,
            cut_short: cut,
        };
        if survey.cut_short.is_none() && !scope.heads_only {
            let searched = self.find_unlisted(scope, &mut survey);
            survey.cut_short = time_limit_of(searched)?;
        }
        Ok(survey)
    }

    fn overview(&mut self, now: Timestamp) -> Result<Overview> {
        let mut batch = Batch::default();
        let time = batch.add("TIME", cmd("TIME"));
        let info = batch.add("INFO", cmd("INFO"));
        let keys = batch.add("DBSIZE", cmd("DBSIZE"));
        let save = batch.add("CONFIG GET save", config_get("save"));
        let stops = batch.add("CONFIG GET stop-writes", config_get("stop-writes-on-bgsave-error"));
        let suspended =
            batch.add("PTTL suspended", cmd("PTTL").arg(self.keys().suspended()).take());
        let queues = batch.add("SMEMBERS queues", cmd("SMEMBERS").arg(self.keys().queues()).take());
        let workers =
            batch.add("SMEMBERS workers", cmd("SMEMBERS").arg(self.keys().workers()).take());
        let channels = cmd("PUBSUB").arg("CHANNELS").arg(self.keys().pubsub_pattern()).take();
        let channels = batch.add("PUBSUB CHANNELS", channels);
        let (begun, asked_at) = (Stopwatch::start(), clock::now());
        let mut replies = self.run(batch)?;
        let latency_ms = self.typical_latency_ms(ms_since(begun))?;
        let server_time = server_time(&mut replies, time);
        let db = i64::from(self.link().endpoint().db());
        let queues =
            replies.get::<Vec<String>>(queues).map(|members| queue_names(self.keys(), &members));
        let workers = replies.get::<Vec<String>>(workers).map(|names| self.worker_names(&names));
        let channels = replies.get::<Vec<String>>(channels).unwrap_or_default();
        let names = channels.iter().filter_map(|name| self.keys().worker_name_of_channel(name));
        let registered = workers.as_deref().unwrap_or_default();
        let listening = names.filter(|name| !registered.iter().any(|known| known == name));
        Ok(Overview {
            taken_at: server_time.unwrap_or(now),
            latency_ms,
            clock_ahead_s: server_time.map(|time| time.duration_since(asked_at).as_secs_f64()),
            keys: replies.get(keys),
            listening: listening.take(MOST_LISTENING).map(str::to_owned).collect(),
            server: replies.get::<String>(info).map(|info| Server::parse(&info, db)),
            save_rule: config_value(&mut replies, save),
            stops_on_failed_save: config_value(&mut replies, stops).map(|word| word == "yes"),
            suspended: replies.get::<i64>(suspended).map(suspension),
            queues,
            workers,
        })
    }

    /// Looks twice more where an answer was slow: a single hiccup is nobody's fault.
    fn typical_latency_ms(&mut self, first_ms: f64) -> Result<f64> {
        let mut least_ms = first_ms;
        for _ in 0..2 {
            if least_ms < SLOW_MS {
                break;
            }
            let mut batch = Batch::default();
            // Refused or not, it is an answer.
            let _ = batch.add("TIME", cmd("TIME"));
            let begun = Stopwatch::start();
            self.run(batch)?;
            least_ms = least_ms.min(ms_since(begun));
        }
        Ok(least_ms)
    }

    /// Counts, ends, registries and workers: one round trip.
    fn second_turn(
        &mut self,
        queues: Vec<QueueName>,
        workers: Vec<String>,
        turn: Turn,
    ) -> Result<(Vec<Opened>, Staff)> {
        let mut batch = Batch::default();
        let slots: Vec<_> =
            queues.into_iter().map(|queue| self.add_queue(&mut batch, queue, turn)).collect();
        let workers = self.add_workers(&mut batch, workers);
        let mut replies = self.run(batch)?;
        let queues = slots.into_iter().map(|slots| slots.take(&mut replies, turn)).collect();
        Ok((queues, Self::take_workers(&mut replies, workers)))
    }

    /// The jobs behind the sampled entries: one round trip.
    fn third_turn(&mut self, queues: &mut [Opened], keep_waiting: bool) -> Result<()> {
        let mut batch = Batch::default();
        let waiting = Want { ttl: true, ..Want::default() };
        let mut slots: Vec<JobSlots> = Vec::new();
        for queue in &*queues {
            slots.extend(queue.waiting.iter().map(|e| self.add_job(&mut batch, &e.id, waiting)));
            for sampled in queue.survey.samples() {
                slots.push(self.add_job(&mut batch, &sampled.entry.id, Want::default()));
            }
        }
        let mut replies = self.run(batch)?;
        let mut slots = slots.into_iter();
        for queue in queues {
            for entry in std::mem::take(&mut queue.waiting) {
                let Some(slots) = slots.next() else { break };
                let job = take_job(&mut replies, &entry.id, slots);
                let sampled = Sampled { entry, job };
                queue.survey.waiting.look_at(&sampled);
                if let (true, Ok(Some(stored))) = (keep_waiting, sampled.job) {
                    queue.survey.waiting_jobs.push(stored.job);
                }
            }
            for sampled in queue.survey.samples_mut() {
                let Some(slots) = slots.next() else { break };
                sampled.job = take_job(&mut replies, &sampled.entry.id, slots);
            }
        }
        Ok(())
    }
}

impl QueueSurvey {
    fn samples(&self) -> impl Iterator<Item = &Sampled> {
        let ended = self.failed.iter().chain(&self.finished).chain(&self.canceled);
        self.running.iter().chain(&self.parked).chain(ended)
    }

    fn samples_mut(&mut self) -> impl Iterator<Item = &mut Sampled> {
        let ended = self.failed.iter_mut().chain(&mut self.finished).chain(&mut self.canceled);
        self.running.iter_mut().chain(&mut self.parked).chain(ended)
    }
}

/// The workers that could be read, and what could not.
type Staff = (Vec<Worker>, Vec<Lack>);

/// The workers, unless there are registrations and not one could be read: then nothing is known of
/// them, which is not the same as none.
fn seen_workers(names: &[String], workers: Vec<Worker>, lacks: &[Lack]) -> Part<Vec<Worker>> {
    match lacks.iter().find(|lack| lack.what == WORKER_HASH) {
        Some(lack) if workers.is_empty() && !names.is_empty() => Err(lack.clone()),
        _ => Ok(workers),
    }
}

/// Marks the workers that no registration names, and leaves out those of which nothing is stored:
/// they listen in another database, as channels know none.
fn tell_registered(workers: &mut Vec<Worker>, registered: &[String]) {
    for worker in &mut *workers {
        worker.registered = registered.contains(&worker.name);
    }
    workers.retain(|worker| {
        worker.registered || worker.identity.is_some() || worker.last_heartbeat.is_some()
    });
}

/// The queues of the scope that only a worker names: nothing was ever enqueued there.
fn only_served(scope: &SurveyScope, opened: &[Opened], workers: &[Worker]) -> Vec<QueueName> {
    let known = |queue: &QueueName| opened.iter().any(|opened| opened.survey.name == *queue);
    let served = workers.iter().flat_map(Worker::queues);
    let mut only: Vec<QueueName> =
        served.filter(|queue| scope.covers(queue) && !known(queue)).cloned().collect();
    only.sort_unstable();
    only.dedup();
    only
}

/// The words of a failure that only says that time is up; every other one is passed on.
fn time_limit_of(result: Result<()>) -> Result<Option<String>> {
    match result {
        Ok(()) => Ok(None),
        Err(error) if failure_of(&error).map(Failure::kind) == Some(Kind::TryAgain) => {
            Ok(Some(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn ms_since(begun: Stopwatch) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

fn config_get(name: &str) -> Cmd {
    cmd("CONFIG").arg("GET").arg(name).take()
}

/// The queues of the scope, configured ones first, and those of others.
pub(in super::super) fn divide(
    scope: &SurveyScope,
    known: &[QueueName],
) -> (Vec<QueueName>, Vec<QueueName>) {
    let (covered, foreign): (Vec<_>, Vec<_>) =
        known.iter().cloned().partition(|queue| scope.covers(queue));
    let mut queues = scope.configured.clone();
    queues.extend(covered.into_iter().filter(|queue| !scope.configured.contains(queue)));
    (queues, foreign)
}

/// The names in the members of `rq:queues`, sorted.
pub(in crate::backend::redis) fn queue_names(keys: &Keys, members: &[String]) -> Vec<QueueName> {
    let names = members.iter().filter_map(|member| keys.queue_name_of(member));
    let mut names: Vec<QueueName> = names.map(QueueName::new).collect();
    names.sort_unstable();
    names
}

/// Reads the reply of `TIME`; `None` where it was refused.
pub(in crate::backend::redis) fn server_time(
    replies: &mut Replies,
    slot: Slot,
) -> Option<Timestamp> {
    let time: Vec<i64> = replies.get(slot).ok()?;
    let [seconds, micros] = time.try_into().ok()?;
    Timestamp::new(seconds, i32::try_from(micros).ok()?.checked_mul(1000)?).ok()
}

/// The value in a reply of `CONFIG GET` of one name.
fn config_value(replies: &mut Replies, slot: Slot) -> Part<String> {
    let pairs: Vec<String> = replies.get(slot)?;
    let [_, value] = <[String; 2]>::try_from(pairs)
        .map_err(|_| Lack::new("CONFIG GET", Why::Failed, "an answer of another shape"))?;
    Ok(value)
}

/// Reads the reply of `PTTL`: -2 for no key, -1 for no expiry.
pub(in crate::backend::redis) fn suspension(pttl_ms: i64) -> Option<Suspension> {
    match pttl_ms {
        -2 => None,
        ms if ms < 0 => Some(Suspension { ends_in_s: None }),
        ms => Some(Suspension { ends_in_s: Some(ms as f64 / 1000.0) }),
    }
}

/// Keeps an id that was taken out of an entry, for the sets of the search.
pub(super) fn ids_of(sampled: &[Sampled]) -> impl Iterator<Item = &JobId> {
    sampled.iter().map(|sampled| &sampled.entry.id)
}
