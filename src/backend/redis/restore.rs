//! Puts jobs back as their images say: the one step by which every verb is undone.

use super::keys::{Key, Keys};
use super::read::Store;
use super::scripts::{Call, Called, RESTORE};
use crate::error::Result;
use crate::journal::{After, JobImage, KeyImage, KeyValue, Membership, OpId};
use crate::model::queue::Registry;

/// The index of what comes last, whatever the length.
const AT_THE_TAIL: u64 = i64::MAX as u64;

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
    /// The job of the same list that is put back right before it.
    pub behind: Option<&'a [u8]>,
}

impl Store {
    /// Puts jobs back that stood in registries. One turn; each job by one script.
    pub fn restore(&mut self, op: &OpId, jobs: &[Restore<'_>]) -> Result<Vec<Called>> {
        let calls: Vec<Call> = jobs.iter().map(|job| restoring(self.keys(), op, job)).collect();
        RESTORE.run(self.link(), &calls)
    }

    /// Puts jobs back that stood in one queue's list, in the order in which they stood. One turn;
    /// each job by one script, which puts it before the job that it stood before. Where that one is
    /// gone, everything before it has run: it goes to the head, behind those put back before it.
    /// Where none stood behind it, it gets the index that it had. One of a row goes to the tail;
    /// [`Store::merge_into_list`] gives the whole row its places.
    ///
    /// Jobs have to come in the order of their indexes, also over several calls. Each costs a search
    /// of the list.
    pub fn restore_to_list(&mut self, op: &OpId, jobs: &[Restore<'_>]) -> Result<Vec<Called>> {
        self.restore(op, jobs)
    }
}

fn restoring(keys: &Keys, op: &OpId, job: &Restore<'_>) -> Call {
    let image = job.image;
    let hash = keys.job(&image.id);
    let (claimed, claim) = match &image.after {
        After::Gone => (hash.clone(), "gone"),
        After::InList { queue } => (keys.queue(queue), "list"),
        After::InRegistry { registry, queue } => (keys.registry(*registry, queue), "zset"),
        After::Unlisted => (hash.clone(), "unlisted"),
        After::Key { key, value: None } => (Key::of(key.clone()), "gone"),
        After::Key { key, value: Some(_) } => (Key::of(key.clone()), "holds"),
    };
    let holds = match &image.after {
        After::Key { value, .. } => value.as_deref().unwrap_or_default(),
        _ => &[],
    };
    let mut steps = Steps::default();
    let mut list = None;
    for membership in &image.memberships {
        match membership {
            Membership::List { key, index, before, .. } => {
                list = Some((key.clone(), *index, before.clone()));
                if !keys.is_intermediate(key) {
                    let queues = keys.queues();
                    steps.add(queues.as_bytes(), &[b"SADD", queues.as_bytes(), key]);
                }
            }
            Membership::Row { key, .. } => {
                list = Some((key.clone(), AT_THE_TAIL, None));
                let queues = keys.queues();
                steps.add(queues.as_bytes(), &[b"SADD", queues.as_bytes(), key]);
            }
            Membership::Zset { key, member, score } => {
                let score = score_now(keys, key, *score, job.elapsed_s).to_string();
                steps.add(key, &[b"ZADD", key, score.as_bytes(), member]);
            }
            Membership::Set { key, member } => steps.add(key, &[b"SADD", key, member]),
        }
    }
    let waits = list.is_some() && image.field(hash.as_bytes(), b"ttl").is_none_or(<[u8]>::is_empty);
    for key in &image.keys {
        let of_hash = key.key == hash.as_bytes();
        // What a queued job inherited from an earlier run would delete it while it waits.
        let forever = waits && !matches!(key.value, KeyValue::Stream(_));
        let mode = if of_hash && image.after != After::Gone { "replace" } else { "keep" };
        steps.key(key, mode, forever);
    }
    let mut call = Call::default();
    call.key(&keys.receipt(op.as_str())).key(&hash).key(&claimed);
    call.arg(&image.id).number(job.number).arg(claim);
    match list {
        None => {
            call.key(&hash).arg("none").arg(holds).arg("0").arg("");
        }
        Some((key, index, before)) => {
            call.keys.push(key);
            call.arg(if before.is_some() { "before" } else { "index" });
            call.arg(before.unwrap_or_default()).number(index).arg(job.behind.unwrap_or_default());
        }
    }
    call.keys.extend(steps.keys);
    call.args.extend(steps.words);
    call
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
struct Steps {
    keys: Vec<Vec<u8>>,
    words: Vec<Vec<u8>>,
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

    fn key(&mut self, image: &KeyImage, mode: &str, forever: bool) {
        let ttl = image.ttl_ms.filter(|_| !forever).map(|ms| ms.to_string());
        let mut commands: Vec<Vec<Vec<u8>>> = Vec::new();
        let mut whole = |name: &str, words: Vec<Vec<u8>>, unit: usize| {
            for part in words.chunks(WORDS / unit * unit) {
                let mut command = vec![name.as_bytes().to_vec(), image.key.clone()];
                command.extend(part.iter().cloned());
                commands.push(command);
            }
        };
        let flat = |pairs: &[(Vec<u8>, Vec<u8>)]| {
            pairs.iter().flat_map(|(name, value)| [name.clone(), value.clone()]).collect()
        };
        match &image.value {
            KeyValue::Hash(fields) => whole("HSET", flat(fields), 2),
            KeyValue::Set(members) => whole("SADD", members.clone(), 1),
            KeyValue::List(items) => whole("RPUSH", items.clone(), 1),
            KeyValue::String(text) => whole("SET", vec![text.clone()], 1),
            KeyValue::Zset(members) => {
                let score = |score: f64| score.to_string().into_bytes();
                let words = members.iter().flat_map(|(m, s)| [score(*s), m.clone()]).collect();
                whole("ZADD", words, 2);
            }
            KeyValue::Stream(entries) => {
                for (id, fields) in entries {
                    let mut words: Vec<Vec<u8>> = flat(fields);
                    words.insert(0, id.clone());
                    // An entry cannot be written in parts; RQ's have less than ten fields.
                    let unit = words.len().min(WORDS);
                    whole("XADD", words, unit);
                }
            }
        }
        if let Some(ttl) = ttl {
            commands.push(vec![b"PEXPIRE".to_vec(), image.key.clone(), ttl.into_bytes()]);
        }
        self.begin(&image.key, mode, commands.len());
        for command in commands {
            let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            self.command(&words);
        }
    }
}
