//! Puts jobs back as their images say: the one step by which every verb is undone.

use super::keys::{Key, Keys};
use super::read::Store;
use super::scripts::{Call, Called, RESTORE};
use crate::error::Result;
use crate::journal::{After, JobImage, KeyImage, KeyValue, Membership, OpId, Pairs};
use crate::model::queue::Registry;

/// Words of one command within a script; Lua's stack takes about 8,000.
const WORDS: usize = 1_000;

/// A job that is to be put back.
#[derive(Debug, Clone, Copy)]
pub struct Restore<'a> {
    /// The number of the undoing operation's own image.
    pub number: u64,
    /// The job as it was.
    pub image: &'a JobImage,
    /// Seconds since the image was taken.
    pub elapsed_s: f64,
}

impl Store {
    /// Puts jobs back that the operation left in no list; those that it left in one come through a
    /// [`ListSweep`](super::list_removal::ListSweep). One turn; each job by one script.
    ///
    /// One that stood in a list goes to its tail; [`Store::reorder_list`] gives all of them their
    /// places.
    pub fn restore(&mut self, op: &OpId, jobs: &[Restore<'_>]) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs.iter().map(|job| restoring(self.keys(), op, job)).collect();
        RESTORE.run(self.link(), &calls)
    }
}

fn restoring(keys: &Keys, op: &OpId, job: &Restore<'_>) -> Call {
    let image = job.image;
    let hash = keys.job(&image.id);
    let (claimed, claim) = match &image.after {
        After::Gone => (hash.clone(), "gone"),
        After::InRegistry { registry, queue } => (keys.registry(*registry, queue), "zset"),
        After::InList { .. } | After::Unlisted => (hash.clone(), "unlisted"),
        After::Key { key, value: None } => (Key::of(key.clone()), "gone"),
        After::Key { key, value: Some(_) } => (Key::of(key.clone()), "holds"),
    };
    let holds = match &image.after {
        After::Key { value, .. } => value.as_deref().unwrap_or_default(),
        _ => &[],
    };
    let mut call = Call::default();
    call.key(&keys.receipt(op.as_str())).key(&hash).key(&claimed);
    call.arg(&image.id).number(job.number).arg(claim).arg(holds);
    let steps = steps_of(keys, job);
    call.keys.extend(steps.keys);
    call.args.extend(steps.words);
    call
}

/// What puts a job back once it was taken from where it stands: its keys, its sets, and at last
/// its list, from which a worker may take it at once.
pub(super) fn steps_of(keys: &Keys, job: &Restore<'_>) -> Steps {
    let image = job.image;
    let hash = keys.job(&image.id);
    let mut steps = Steps::default();
    let mut list = None;
    for membership in &image.memberships {
        match membership {
            Membership::List { key, .. } => list = Some(key),
            Membership::Zset { key, member, score } => {
                let score = score_now(keys, key, *score, job.elapsed_s).to_string();
                steps.add(key, &[b"ZADD", key, score.as_bytes(), member]);
            }
            Membership::Set { key, member } => steps.add(key, &[b"SADD", key, member]),
        }
    }
    if image.memberships.iter().any(|membership| is_deferral(keys, membership)) {
        steps.wait_for_parents(keys, image);
    }
    let waits = list.is_some() && image.field(hash.as_bytes(), b"ttl").is_none_or(<[u8]>::is_empty);
    let dependents = keys.dependents(&image.id);
    for key in &image.keys {
        let of_hash = key.key == hash.as_bytes();
        // What a queued job inherited from an earlier run would delete it while it waits.
        let forever = waits && !matches!(key.value, KeyValue::Stream(_));
        if let (true, KeyValue::Set(ids)) = (key.key == dependents.as_bytes(), &key.value) {
            steps.dependents(keys, key, ids, forever);
            continue;
        }
        let mode = if of_hash && image.after != After::Gone { "replace" } else { "keep" };
        steps.key(key, mode, forever);
    }
    if let Some(list) = list {
        if !keys.is_intermediate(list) {
            let queues = keys.queues();
            steps.add(queues.as_bytes(), &[b"SADD", queues.as_bytes(), list]);
        }
        steps.add(list, &[b"RPUSH", list, &image.id]);
    }
    steps
}

fn is_deferral(keys: &Keys, membership: &Membership) -> bool {
    match membership {
        Membership::Zset { key, .. } => {
            matches!(keys.registry_of(key), Some((Registry::Deferred, _)))
        }
        Membership::List { .. } | Membership::Set { .. } => false,
    }
}

/// When an ended job is forgotten counts from anew; every other score is a fact of the past, or a
/// time that somebody chose.
fn score_now(keys: &Keys, key: &[u8], score: f64, elapsed_s: f64) -> f64 {
    match keys.registry_of(key) {
        Some((Registry::Finished | Registry::Failed, _)) if score > 0.0 => {
            score + elapsed_s.max(0.0).floor()
        }
        _ => score,
    }
}

/// Commands for the script, grouped by key.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// Every key that they name.
    pub(super) keys: Vec<Vec<u8>>,
    /// Themselves.
    pub(super) words: Vec<Vec<u8>>,
}

impl Steps {
    fn begin(&mut self, key: &[u8], mode: &str, commands: usize) {
        self.keys.push(key.to_vec());
        self.words.push(key.to_vec());
        self.words.push(mode.as_bytes().to_vec());
        self.words.push(commands.to_string().into_bytes());
    }

    fn command(&mut self, words: &[&[u8]]) {
        self.words.push(words.len().to_string().into_bytes());
        self.words.extend(words.iter().map(|word| word.to_vec()));
    }

    fn add(&mut self, key: &[u8], command: &[&[u8]]) {
        self.begin(key, "add", 1);
        self.command(command);
    }

    /// Lets a deferred job wait again for those that it depends on. Where such a one was gone when
    /// the image was taken, and was put back since, nobody knows any more who waits for it.
    fn wait_for_parents(&mut self, keys: &Keys, image: &JobImage) {
        let dependencies = keys.dependencies(&image.id);
        let of = |key: &&KeyImage| key.key == dependencies.as_bytes();
        let Some(KeyImage { value: KeyValue::Set(parents), .. }) = image.keys.iter().find(of)
        else {
            return;
        };
        for parent in parents {
            let dependents = keys.dependents(parent);
            self.keys.push(dependents.as_bytes().to_vec());
            self.begin(keys.job(parent).as_bytes(), "there", 1);
            self.command(&[b"SADD", dependents.as_bytes(), &image.id]);
        }
    }

    /// Lets jobs wait again for this one, but none that was queued or canceled since: RQ would queue
    /// it at the end of this one, up to 1.14 also a canceled one. Source: `rq/queue.py`
    /// `enqueue_dependents`, 1.14 to 3.0.
    fn dependents(&mut self, keys: &Keys, image: &KeyImage, ids: &[Vec<u8>], forever: bool) {
        self.keys.push(image.key.clone());
        for id in ids {
            self.begin(keys.job(id).as_bytes(), "waiting", 1);
            self.command(&[b"SADD", &image.key, id]);
        }
        if let Some(ttl_ms) = image.ttl_ms.filter(|_| !forever) {
            self.add(&image.key, &[b"PEXPIRE", &image.key, ttl_ms.to_string().as_bytes()]);
        }
    }

    fn key(&mut self, image: &KeyImage, mode: &str, forever: bool) {
        let ttl = image.ttl_ms.filter(|_| !forever).map(|ms| ms.to_string());
        let mut commands: Vec<Vec<&[u8]>> = Vec::new();
        let mut whole = |name, words: Vec<_>, unit| {
            commands.extend(in_parts(name, &image.key, &words, unit));
        };
        let scores: Vec<String> = match &image.value {
            KeyValue::Zset(members) => members.iter().map(|(_, s)| s.to_string()).collect(),
            _ => Vec::new(),
        };
        match &image.value {
            KeyValue::Hash(fields) => whole("HSET", flat(fields).collect(), 2),
            KeyValue::Set(members) => whole("SADD", all(members), 1),
            KeyValue::List(items) => whole("RPUSH", all(items), 1),
            KeyValue::String(text) => whole("SET", vec![text], 1),
            KeyValue::Zset(members) => {
                let scored = scores.iter().zip(members);
                let words = scored.flat_map(|(score, (m, _))| [score.as_bytes(), m.as_slice()]);
                whole("ZADD", words.collect(), 2);
            }
            KeyValue::Stream(entries) => {
                for (id, fields) in entries {
                    let id = std::iter::once(id.as_slice());
                    let words: Vec<&[u8]> = id.chain(flat(fields)).collect();
                    // An entry cannot be written in parts; RQ's have less than ten fields.
                    let unit = words.len().min(WORDS);
                    whole("XADD", words, unit);
                }
            }
        }
        if let Some(ttl) = &ttl {
            commands.push(vec![b"PEXPIRE", &image.key, ttl.as_bytes()]);
        }
        self.begin(&image.key, mode, commands.len());
        for command in commands {
            self.command(&command);
        }
    }
}

/// A command that writes `words` into a key, as often as it takes; `unit` of them stay together.
fn in_parts<'v>(
    name: &'static str,
    key: &'v [u8],
    words: &[&'v [u8]],
    unit: usize,
) -> Vec<Vec<&'v [u8]>> {
    let parts = words.chunks(WORDS / unit * unit);
    parts.map(|part| [&[name.as_bytes(), key], part].concat()).collect()
}

fn all(texts: &[Vec<u8>]) -> Vec<&[u8]> {
    texts.iter().map(Vec::as_slice).collect()
}

fn flat(pairs: &Pairs) -> impl Iterator<Item = &[u8]> {
    pairs.iter().flat_map(|(name, value)| [name, value])
}
