//! The first turn: every job's hash, its lifetime, whether it has other keys, and its registries.
//!
//! It is most of what a change reads, so answers are taken as they come from the socket, without a
//! piece of memory for each text.

use super::{Standing, image};
use crate::backend::redis::keys::{Key, Keys};
use crate::backend::redis::read::Store;
use crate::backend::redis::reply::{Commands, Item};
use crate::error::Result;
use crate::journal::{KeyValue, Membership, Pairs};
use crate::model::id::{JobId, QueueName};
use crate::model::part::{Lack, Part};
use crate::model::queue::Registry;

/// The registries that a job which does not run may stand in.
const AT_REST: [Registry; 5] = [
    Registry::Finished,
    Registry::Failed,
    Registry::Scheduled,
    Registry::Deferred,
    Registry::Canceled,
];

/// Commands that are unanswered at a time: Redis holds that many answers in its memory.
const IN_FLIGHT: usize = 1024;

/// What came of one job.
struct Found {
    pairs: Pairs,
    ttl_ms: i64,
    has_others: bool,
    memberships: Vec<Membership>,
    lack: Option<Lack>,
}

impl Found {
    fn new() -> Self {
        let (pairs, memberships) = (Pairs::default(), Vec::new());
        Self { pairs, ttl_ms: -1, has_others: false, memberships, lack: None }
    }

    /// The job as it stands, and whether it has more keys than its hash.
    fn standing(self, key: Key) -> Part<(Standing, bool)> {
        if let Some(lack) = self.lack {
            return Err(lack);
        }
        let mut standing = Standing { keys: Vec::new(), memberships: self.memberships };
        if !self.pairs.is_empty() {
            standing.keys.push(image(key, self.ttl_ms, KeyValue::Hash(self.pairs)));
        }
        Ok((standing, self.has_others))
    }
}

impl Store {
    /// Reads the hash of each job, whether it has other keys, and the registries that hold it. One
    /// round trip.
    ///
    /// Errors: a lost connection; where Redis refuses everything for one reason, that reason.
    pub(super) fn read_hashes(
        &mut self,
        jobs: &[(&JobId, &[QueueName])],
    ) -> Result<Vec<Part<(Standing, bool)>>> {
        let keys = self.keys().clone();
        let registries: Vec<Vec<Key>> =
            jobs.iter().map(|(_, queues)| registries(&keys, queues)).collect();
        let mut found: Vec<Found> = jobs.iter().map(|_| Found::new()).collect();
        let mut asking = Questions::new(&registries);
        let mut answering = Questions::new(&registries);
        let (mut answered, mut refused) = (false, None);
        // The hash whose fields come now; each job then gets a copy that fits.
        let mut pairs = Pairs::default();
        let outcome = self.link().stream(
            IN_FLIGHT,
            |out| {
                let Some((job, part)) = asking.next() else { return false };
                let id = jobs.get(job).map_or(&[][..], |(id, _)| id.as_bytes());
                let set = registries.get(job).and_then(|sets| sets.get(part.checked_sub(OF_EACH)?));
                ask(out, &keys, id, part, set);
                true
            },
            |index, item| {
                answered |= !matches!(item, Item::Error(_));
                let Some((job, part)) = answering.at(index) else { return };
                let Some(found) = found.get_mut(job) else { return };
                if part == 1 {
                    found.pairs = pairs.clone();
                    pairs.clear();
                }
                match (part, item) {
                    (_, Item::Error(error)) => {
                        let name = NAMES.get(part).unwrap_or(&"ZSCORE");
                        refused = refused.take().or_else(|| Some(error.clone()));
                        found.lack = Some(Lack::of(name, error));
                    }
                    (0, Item::Bytes(text)) => pairs.push_text(text),
                    (1, Item::Int(ms)) => found.ttl_ms = ms,
                    (2, Item::Int(count)) => found.has_others = count > 0,
                    (_, Item::Bytes(score)) => {
                        let set = registries
                            .get(job)
                            .and_then(|sets| sets.get(part.checked_sub(OF_EACH)?));
                        let score = std::str::from_utf8(score).ok().and_then(|s| s.parse().ok());
                        let member = jobs.get(job).map(|(id, _)| id.as_bytes().to_vec());
                        if let (Some(key), Some(score), Some(member)) = (set, score, member) {
                            let key = key.as_bytes().to_vec();
                            found.memberships.push(Membership::Zset { key, member, score });
                        }
                    }
                    _ => {}
                }
            },
        );
        if let Some(error) = refused.filter(|error| !answered && error.concerns_the_server()) {
            return Err(self.link().refused("read jobs", &error).into());
        }
        outcome?;
        let standing =
            |((id, _), found): (&(&JobId, _), Found)| found.standing(keys.job(id.as_bytes()));
        Ok(jobs.iter().zip(found).map(standing).collect())
    }
}

/// What is asked of every job, before the registries of its queues.
const NAMES: [&str; OF_EACH] = ["HGETALL", "PTTL", "EXISTS"];
const OF_EACH: usize = 3;

/// The questions, job by job: a number of a job, and of a question about it.
struct Questions<'a> {
    registries: &'a [Vec<Key>],
    job: usize,
    /// The number of the first question about the job among all.
    first: usize,
    asked: usize,
}

impl<'a> Questions<'a> {
    fn new(registries: &'a [Vec<Key>]) -> Self {
        Self { registries, job: 0, first: 0, asked: 0 }
    }

    fn next(&mut self) -> Option<(usize, usize)> {
        let question = self.at(self.asked);
        self.asked += 1;
        question
    }

    /// Question `index` of all; numbers never become smaller.
    fn at(&mut self, index: usize) -> Option<(usize, usize)> {
        loop {
            let count = OF_EACH + self.registries.get(self.job)?.len();
            if index < self.first + count {
                return Some((self.job, index - self.first));
            }
            self.first += count;
            self.job += 1;
        }
    }
}

/// The sorted sets of queues that may hold a job at rest.
fn registries(keys: &Keys, queues: &[QueueName]) -> Vec<Key> {
    let of_queue = |queue| {
        let registries = AT_REST.map(|registry| keys.registry(registry, queue));
        registries.into_iter().chain([keys.ready(queue)])
    };
    queues.iter().flat_map(of_queue).collect()
}

/// Writes one question; `set` is the registry that it is about, if any.
fn ask(out: &mut Commands, keys: &Keys, id: &[u8], part: usize, set: Option<&Key>) {
    let key = keys.job(id);
    let key = key.as_bytes();
    match (part, set) {
        (_, Some(set)) => out.push(&[&[b"ZSCORE"], &[set.as_bytes()], &[id]]),
        (0, _) => out.push(&[&[b"HGETALL"], &[key]]),
        (1, _) => out.push(&[&[b"PTTL"], &[key]]),
        _ => {
            let [dependents, dependencies] = [keys.dependents(id), keys.dependencies(id)];
            let results = keys.results(id);
            out.push(&[
                &[b"EXISTS"],
                &[dependents.as_bytes()],
                &[dependencies.as_bytes()],
                &[results.as_bytes()],
            ]);
        }
    }
}
