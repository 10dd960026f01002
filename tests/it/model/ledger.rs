//! The books: what was enqueued, what journals say was changed, what ran, and what is left.
//!
//! A job that waits, in a list or in the deferred or scheduled registry, holds one run to come; so
//! does one that a worker of RQ 3.0 had made ready when it ended, which the next maintenance queues.
//! Enqueuing makes one, running takes one, deleting and canceling take the one of a job that
//! waits, retrying makes one, moving keeps it, and an undo gives back what its operation took and
//! the reverse. So for each job: **made + changed = ran + waits**. It also exists once, unless it
//! was removed, and stands in the one place that its status names.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jobctl::journal::{After, JobImage, JournalDir, Membership, Step, Verdict};
use jobctl::model::queue::Registry;
use redis::Connection;

use super::world::{Produced, QUEUES, World};

/// The registries in which a job can stand at rest, and the status that it has there.
const REGISTRIES: [(&str, &str); 5] = [
    ("finished", "finished"),
    ("failed", "failed"),
    ("deferred", "deferred"),
    ("scheduled", "scheduled"),
    ("canceled", "canceled"),
];

/// What operations did to a job, all in all.
#[derive(Debug, Default)]
struct Changes {
    /// Runs to come that were given, less those that were taken.
    runs: i64,
    /// How often it was put back or made, less how often it was removed.
    lives: i64,
    /// What was done, in the order of the journals.
    told: Vec<String>,
}

/// A job's hash.
struct Hash {
    status: String,
    group: String,
    has_data: bool,
}

pub(super) struct Ledger<'w> {
    world: &'w World,
    produced: BTreeMap<String, Produced>,
    enqueued: BTreeMap<String, i64>,
    runs: BTreeMap<String, i64>,
    changes: BTreeMap<String, Changes>,
    hashes: BTreeMap<String, Hash>,
    /// Where each id stands: keys, one for each time.
    places: BTreeMap<String, Vec<String>>,
    lists: BTreeMap<String, Vec<String>>,
    groups: BTreeMap<String, BTreeSet<String>>,
    /// What jobctl left in Redis of its own.
    leavings: Vec<String>,
    states: Vec<String>,
}

impl<'w> Ledger<'w> {
    pub(super) fn read(world: &'w World) -> Self {
        let mut client = world.server.client();
        let keys: Vec<String> = ask(&mut client, &["KEYS", "*"]);
        let mut ledger = Self {
            world,
            produced: world.produced(),
            enqueued: world.enqueued.lock().unwrap().clone(),
            runs: world.runs(),
            changes: changes(world),
            hashes: BTreeMap::new(),
            places: BTreeMap::new(),
            lists: BTreeMap::new(),
            groups: BTreeMap::new(),
            leavings: keys.iter().filter(|key| key.contains("jobctl")).cloned().collect(),
            states: Vec::new(),
        };
        for key in &keys {
            ledger.take_key(&mut client, key);
        }
        for queue in QUEUES {
            let list = format!("rq:queue:{queue}");
            let ids: Vec<String> = ask(&mut client, &["LRANGE", &list, "0", "-1"]);
            ledger.stand(&list, &ids);
            ledger.lists.insert(queue.to_owned(), ids);
            let between = format!("{list}:intermediate");
            let ids: Vec<String> = ask(&mut client, &["LRANGE", &between, "0", "-1"]);
            ledger.stand(&between, &ids);
            for registry in REGISTRIES.map(|(name, _)| name).into_iter().chain(["wip", "ready"]) {
                let key = format!("rq:{registry}:{queue}");
                let ids: Vec<String> = ask(&mut client, &["ZRANGE", &key, "0", "-1"]);
                ledger.stand(&key, &ids);
            }
        }
        ledger
    }

    fn take_key(&mut self, client: &mut Connection, key: &str) {
        if let Some(id) = key.strip_prefix("rq:job:") {
            if id.starts_with(':') || id.ends_with(":dependents") {
                return;
            }
            let fields: Vec<Option<Vec<u8>>> =
                ask(client, &["HMGET", key, "status", "group_id", "data"]);
            let text = |field: &Option<Vec<u8>>| {
                String::from_utf8_lossy(field.as_deref().unwrap_or_default()).into_owned()
            };
            let hash = Hash {
                status: text(&fields[0]),
                group: text(&fields[1]),
                has_data: fields[2].is_some(),
            };
            self.hashes.insert(id.to_owned(), hash);
        } else if let Some(group) = key.strip_prefix("rq:group:") {
            self.groups.insert(group.to_owned(), ask(client, &["SMEMBERS", key]));
        } else if key.starts_with("rq:worker:") && !key.ends_with(":executions") {
            let state: Option<String> = ask(client, &["HGET", key, "state"]);
            self.states.push(state.unwrap_or_default());
        }
    }

    fn stand(&mut self, key: &str, ids: &[String]) {
        for id in ids {
            self.places.entry(id.clone()).or_default().push(key.to_owned());
        }
    }

    /// Whether no worker has anything to do, or takes nothing any more.
    pub(super) fn is_still(&self) -> bool {
        let at_work = |place: &String| place.contains(":wip:") || place.ends_with(":intermediate");
        let busy = self.states.iter().any(|state| state == "busy");
        let served = self.lists["a"].is_empty() && self.lists["b"].is_empty();
        let suspended = self.world.stops_early();
        !busy && (served || suspended) && !self.places.values().flatten().any(at_work)
    }

    /// Everything that is not as it must be.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.is_still() {
            faults.push("the workers have not come to rest".to_owned());
        }
        if self.states.len() != 2 {
            faults.push(format!("of two workers there are {:?}", self.states));
        }
        faults.extend(self.leavings.iter().map(|key| format!("key `{key}` was left behind")));
        let ids: BTreeSet<&String> = self
            .produced
            .keys()
            .chain(self.runs.keys())
            .chain(self.changes.keys())
            .chain(self.hashes.keys())
            .chain(self.places.keys())
            .collect();
        faults.extend(ids.into_iter().filter_map(|id| Some(format!("{id}: {}", self.fault(id)?))));
        for (queue, list) in &self.lists {
            faults.extend(self.disorder(queue, list));
        }
        faults
    }

    /// What is wrong about one job.
    fn fault(&self, id: &str) -> Option<String> {
        let none = Changes::default();
        let changes = self.changes.get(id).unwrap_or(&none);
        let places = self.places.get(id).map_or(&[][..], Vec::as_slice);
        let fixed = self.enqueued.get(id).copied();
        let made = fixed.unwrap_or_else(|| i64::from(self.produced.contains_key(id)));
        let ran = self.runs.get(id).copied().unwrap_or(0);
        let holds = |place: &&String| {
            ["rq:queue:", "rq:deferred:", "rq:scheduled:", "rq:ready:"]
                .iter()
                .any(|key| place.starts_with(key))
        };
        let waits = i64::try_from(places.iter().filter(holds).count()).unwrap();
        if made + changes.runs != ran + waits {
            let changed = changes.runs;
            return Some(format!("made {made} + changed {changed} != ran {ran} + waits {waits}"));
        }
        let lives = i64::from(self.hashes.contains_key(id));
        // A fixed id takes the place of one that has ended.
        if fixed.is_none() && made + changes.lives != lives {
            return Some(format!("made {made}, put back {}, but lives {lives}", changes.lives));
        }
        let Some(hash) = self.hashes.get(id) else {
            return (!places.is_empty()).then(|| format!("has no hash, but stands in {places:?}"));
        };
        let fits = match places {
            [place] => {
                (place.starts_with("rq:queue:") && hash.status == "queued")
                    // RQ 3.0: between its dependencies and its queue.
                    || (place.starts_with("rq:ready:") && hash.status == "ready_to_enqueue")
                    || REGISTRIES.iter().any(|(key, status)| {
                        place.starts_with(&format!("rq:{key}:")) && hash.status == *status
                    })
            }
            _ => false,
        };
        if !fits || !hash.has_data {
            return Some(format!("is {}, but stands in {places:?}", hash.status));
        }
        let grouped = self.groups.get(&hash.group).is_some_and(|ids| ids.contains(id));
        (!hash.group.is_empty() && !grouped)
            .then(|| format!("is no longer in its group `{}`", hash.group))
    }

    /// Jobs that nobody but producers touched, where they do not stand as they were enqueued.
    fn disorder(&self, queue: &str, list: &[String]) -> Vec<String> {
        let mut faults = Vec::new();
        let mut before: Option<(i64, &String)> = None;
        for id in list.iter().filter(|id| !self.changes.contains_key(*id)) {
            let Some(produced) = self.produced.get(id) else { continue };
            if produced.queue != queue {
                faults.push(format!("{id}: nobody moved it to {queue}"));
            }
            let Some(rank) = produced.rank else { continue };
            if let Some((above, other)) = before.filter(|(above, _)| *above > rank) {
                faults.push(format!("{id}: of rank {rank} stands behind {other} of {above}"));
            }
            before = Some((rank, id));
        }
        faults
    }

    /// What operations did to the first jobs that `faults` name.
    pub(super) fn story(&self, faults: &[String]) -> String {
        let ids: Vec<&str> =
            faults.iter().filter_map(|fault| Some(fault.split_once(": ")?.0)).collect();
        let told = ids.iter().take(5).map(|id| {
            let told = self.changes.get(*id).map(|changes| changes.told.join("\n  "));
            let places = self.places.get(*id);
            format!("{id}, now in {places:?}\n  {}", told.unwrap_or_default())
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

/// Runs a command and reads what it answers.
fn ask<T: redis::FromRedisValue>(client: &mut Connection, words: &[&str]) -> T {
    redis::cmd(words[0]).arg(&words[1..]).query(client).unwrap()
}

/// What all journals together say.
fn changes(world: &World) -> BTreeMap<String, Changes> {
    let journals = JournalDir::of(Some(world.place.path())).unwrap();
    let mut all: BTreeMap<String, Changes> = BTreeMap::new();
    let mut ops = journals.ids().unwrap();
    ops.reverse();
    for op in ops {
        let mut reader = journals.open(&op).unwrap();
        let verdicts = reader.verdicts().unwrap();
        let verb = reader.header().verb.clone();
        let undoes = reader.header().undoes.clone();
        let mut seen = HashSet::new();
        while let Some(step) = reader.step().unwrap() {
            let Step::Images(batch) = step else { continue };
            for (number, image) in (batch.first..).zip(batch.images) {
                let verdict = verdicts[usize::try_from(number).unwrap()];
                let id = String::from_utf8(image.id.clone()).unwrap();
                let changes = all.entry(id.clone()).or_default();
                let (before, after) = (waits_before(&image), waits_after(&image.after));
                if verdict == Some(Verdict::Changed) {
                    assert!(seen.insert(id.clone()), "{op} changed {id} twice");
                    changes.runs += after - before;
                    changes.lives += i64::from(image.after != After::Gone);
                    changes.lives -= i64::from(existed(&image));
                }
                let undoes = undoes.as_ref().map(|op| format!(" of {op}")).unwrap_or_default();
                changes.told.push(format!("{op} {verb}{undoes}: {verdict:?}, {before} to {after}"));
            }
        }
    }
    all
}

fn existed(image: &JobImage) -> bool {
    image.keys.iter().any(|key| key.key == [b"rq:job:", image.id.as_slice()].concat())
}

/// The runs to come that the job held before the change.
fn waits_before(image: &JobImage) -> i64 {
    let holds = |membership: &Membership| match membership {
        Membership::List { .. } => true,
        Membership::Zset { key, .. } => {
            key.starts_with(b"rq:deferred:") || key.starts_with(b"rq:scheduled:")
        }
        Membership::Set { .. } => false,
    };
    i64::from(image.memberships.iter().any(holds))
}

const fn waits_after(after: &After) -> i64 {
    match after {
        After::InList { .. } => 1,
        After::InRegistry { registry: Registry::Deferred | Registry::Scheduled, .. } => 1,
        After::InRegistry { .. } | After::Gone | After::Unlisted | After::Key { .. } => 0,
    }
}
