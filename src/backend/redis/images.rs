//! Reads jobs whole, so that they can be put back: every key, every set that holds them.
//!
//! Bytes are taken as they are; nothing here understands a job beyond the fields that lead on to
//! further keys.

mod hashes;

use redis::{FromRedisValue, Value, cmd};

use super::batch::{Batch, Replies, Slot};
use super::keys::{Key, Keys};
use super::read::Store;
use crate::error::Result;
use crate::journal::{KeyImage, KeyValue, Membership, Pairs, StreamEntry};
use crate::model::id::{JobId, QueueName};
use crate::model::part::{Lack, Part, Why};

/// The fields whose values tell whether a job was queued, run or ended since it was read. The
/// scripts read the same ones.
const FINGERPRINT: [&[u8]; 4] = [b"status", b"enqueued_at", b"started_at", b"ended_at"];

/// A job as it stands: its keys, and the sets that hold it. Lists are not searched.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Standing {
    /// The job's keys.
    pub keys: Vec<KeyImage>,
    /// The registries, the group, the rate limit and the dependents of other jobs that hold it.
    pub memberships: Vec<Membership>,
}

impl Standing {
    /// A field of the hash; an empty one counts as absent, as everywhere in RQ.
    pub fn field(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields()?.get(name).filter(|value| !value.is_empty())
    }

    /// Whether there is a hash.
    pub fn has_hash(&self) -> bool {
        self.fields().is_some_and(|fields| !fields.is_empty())
    }

    /// The fields of the hash, which is the only one among a job's keys.
    fn fields(&self) -> Option<&Pairs> {
        self.keys.iter().find_map(|image| match &image.value {
            KeyValue::Hash(fields) => Some(fields),
            _ => None,
        })
    }

    /// What the scripts compare with the job as they find it.
    pub fn fingerprint(&self) -> Vec<u8> {
        FINGERPRINT.map(|name| self.field(name).unwrap_or_default()).join(&b'\n')
    }

    /// The members of one of the job's sets; none where it is not there.
    pub fn members(&self, set: &Key) -> &[Vec<u8>] {
        let found = self.keys.iter().find(|image| image.key == set.as_bytes());
        match found.map(|image| &image.value) {
            Some(KeyValue::Set(members)) => members,
            _ => &[],
        }
    }

    /// The dependents of other jobs that hold it. At the end of such a job RQ queues what is in there
    /// and neither gone nor canceled, be it queued already; and it watches that set alone, so
    /// whatever takes a job that waits must take it out of there. Source: `rq/queue.py`
    /// `enqueue_dependents`, 1.14 to 3.0.
    pub fn dependents_with_it(&self, keys: &Keys) -> impl Iterator<Item = &[u8]> {
        let prefix = keys.job_prefix();
        self.memberships.iter().filter_map(move |membership| match membership {
            Membership::Set { key, .. }
                if key.starts_with(prefix.as_bytes()) && key.ends_with(b":dependents") =>
            {
                Some(key.as_slice())
            }
            _ => None,
        })
    }

    /// Whether a sorted set holds the job.
    pub fn is_in(&self, set: &Key) -> bool {
        self.memberships.iter().any(
            |membership| matches!(membership, Membership::Zset { key, .. } if key == set.as_bytes()),
        )
    }
}

/// Where the replies about a job's other keys stand.
struct OtherSlots {
    sets: [(Key, Slot, Slot); 2],
    results: (Key, Slot, Slot),
}

impl Store {
    /// Reads jobs whole: one round trip, a second one where some have more than their hash, a third
    /// one where some have a group, a rate limit or jobs that they wait for.
    ///
    /// `queues` are those in whose registries a job is looked for. A job of which a part cannot be
    /// read is a lack as a whole: half of it could not be put back.
    pub fn standings(&mut self, jobs: &[(&JobId, &[QueueName])]) -> Result<Vec<Part<Standing>>> {
        let read = self.read_hashes(jobs)?;
        let others: Vec<usize> = read
            .iter()
            .enumerate()
            .filter(|(_, read)| matches!(read, Ok((_, true))))
            .map(|(at, _)| at)
            .collect();
        let mut standings: Vec<Part<Standing>> =
            read.into_iter().map(|read| read.map(|(standing, _)| standing)).collect();
        self.read_others(jobs, &others, &mut standings)?;
        self.read_groups(jobs, &mut standings)?;
        Ok(standings)
    }

    /// Adds the keys that few waiting jobs have: dependents, dependencies, results.
    fn read_others(
        &mut self,
        jobs: &[(&JobId, &[QueueName])],
        others: &[usize],
        standings: &mut [Part<Standing>],
    ) -> Result<()> {
        let mut batch = Batch::default();
        let mut slots = Vec::with_capacity(others.len());
        for at in others {
            let Some((id, _)) = jobs.get(*at) else { continue };
            let (keys, id) = (self.keys(), id.as_bytes());
            let mut add = |key: Key, command: &'static str, tail: &[&str]| {
                let value = batch.add(command, cmd(command).arg(&key).arg(tail).take());
                let ttl = batch.add("PTTL", cmd("PTTL").arg(&key).take());
                (key, value, ttl)
            };
            let sets = [keys.dependents(id), keys.dependencies(id)];
            let sets = sets.map(|key| add(key, "SMEMBERS", &[]));
            let results = add(keys.results(id), "XRANGE", &["-", "+"]);
            slots.push((*at, OtherSlots { sets, results }));
        }
        let mut replies = self.run(batch)?;
        for (at, slots) in slots {
            let found = take_others(&mut replies, slots);
            let Some(standing) = standings.get_mut(at) else { continue };
            match (standing.as_mut(), found) {
                (Ok(standing), Ok(found)) => standing.keys.extend(found),
                (Ok(_), Err(lack)) => *standing = Err(lack),
                (Err(_), _) => {}
            }
        }
        Ok(())
    }

    /// Reads which jobs wait for each of `ids`. One round trip.
    pub fn dependents_of(&mut self, ids: &[&JobId]) -> Result<Vec<Part<Vec<JobId>>>> {
        let mut batch = Batch::default();
        let slots: Vec<Slot> = ids
            .iter()
            .map(|id| {
                let key = self.keys().dependents(id.as_bytes());
                batch.add("SMEMBERS", cmd("SMEMBERS").arg(key).take())
            })
            .collect();
        let mut replies = self.run(batch)?;
        let ids = |slot| -> Part<Vec<JobId>> {
            let members: Vec<Vec<u8>> = replies.get(slot)?;
            Ok(members.into_iter().map(JobId::new).collect())
        };
        Ok(slots.into_iter().map(ids).collect())
    }

    /// Reads which of `ids` have a hash. One round trip.
    pub fn have_hashes(&mut self, ids: &[&JobId]) -> Result<Vec<bool>> {
        let mut batch = Batch::default();
        let slots: Vec<Slot> = ids
            .iter()
            .map(|id| {
                let key = self.keys().job(id.as_bytes());
                batch.add("EXISTS", cmd("EXISTS").arg(key).take())
            })
            .collect();
        let mut replies = self.run(batch)?;
        // What cannot be asked counts as there: it is then left alone.
        Ok(slots.into_iter().map(|slot| replies.get(slot).unwrap_or(true)).collect())
    }

    /// Adds the sets that a job's own fields and keys lead to.
    fn read_groups(
        &mut self,
        jobs: &[(&JobId, &[QueueName])],
        standings: &mut [Part<Standing>],
    ) -> Result<()> {
        let mut batch = Batch::default();
        let mut sets = Vec::new();
        for (at, ((id, _), standing)) in jobs.iter().zip(standings.iter()).enumerate() {
            let Ok(standing) = standing else { continue };
            if let Some(group) = standing.field(b"group_id") {
                let group = String::from_utf8_lossy(group);
                let keys = [
                    (self.keys().group(&group), id.as_bytes().to_vec()),
                    (self.keys().groups(), group.into_owned().into_bytes()),
                ];
                for (key, member) in keys {
                    let ask = cmd("SISMEMBER").arg(&key).arg(&member).take();
                    sets.push((at, key, member, false, batch.add("SISMEMBER", ask)));
                }
            }
            for parent in standing.members(&self.keys().dependencies(id.as_bytes())) {
                let (key, member) = (self.keys().dependents(parent), id.as_bytes().to_vec());
                let ask = cmd("SISMEMBER").arg(&key).arg(&member).take();
                sets.push((at, key, member, false, batch.add("SISMEMBER", ask)));
            }
            if let Some(limit) = standing.field(b"rate_limit_key") {
                for key in [self.keys().rate_limit_allowed(limit), self.keys().rate_limited(limit)]
                {
                    let ask = cmd("ZSCORE").arg(&key).arg(id.as_bytes()).take();
                    let member = id.as_bytes().to_vec();
                    sets.push((at, key, member, true, batch.add("ZSCORE", ask)));
                }
            }
        }
        let mut replies = self.run(batch)?;
        for (at, key, member, sorted, slot) in sets {
            let found = take_set(&mut replies, key, member, sorted, slot);
            let Some(standing) = standings.get_mut(at) else { continue };
            match (standing.as_mut(), found) {
                (Ok(standing), Ok(found)) => standing.memberships.extend(found),
                (Ok(_), Err(lack)) => *standing = Err(lack),
                (Err(_), _) => {}
            }
        }
        Ok(())
    }
}

fn take_set(
    replies: &mut Replies,
    key: Key,
    member: Vec<u8>,
    sorted: bool,
    slot: Slot,
) -> Part<Option<Membership>> {
    let key = key.into_bytes();
    if sorted {
        let score: Option<f64> = replies.get(slot)?;
        return Ok(score.map(|score| Membership::Zset { key, member, score }));
    }
    let holds: bool = replies.get(slot)?;
    Ok(holds.then_some(Membership::Set { key, member }))
}

fn take_others(replies: &mut Replies, slots: OtherSlots) -> Part<Vec<KeyImage>> {
    let mut images = Vec::new();
    for (key, value, ttl) in slots.sets {
        let members: Vec<Vec<u8>> = replies.get(value)?;
        if !members.is_empty() {
            images.push(image(key, replies.get(ttl)?, KeyValue::Set(members)));
        }
    }
    let (key, value, ttl) = slots.results;
    let entries = entries(replies.value(value)?)?;
    if !entries.is_empty() {
        images.push(image(key, replies.get(ttl)?, KeyValue::Stream(entries)));
    }
    Ok(images)
}

fn image(key: Key, ttl_ms: i64, value: KeyValue) -> KeyImage {
    // -1: for ever. -2: it expired between two commands, which is as good as at once.
    let ttl_ms = (ttl_ms != -1).then_some(ttl_ms.max(1));
    KeyImage { key: key.into_bytes(), ttl_ms, value }
}

/// Fields and values, which come as one flat row.
fn pairs(value: Value) -> Part<Pairs> {
    let flat: Vec<Vec<u8>> = typed("XRANGE", value)?;
    Ok(flat.chunks_exact(2).map(|pair| (&pair[0], &pair[1])).collect())
}

fn entries(value: Value) -> Part<Vec<StreamEntry>> {
    let entries: Vec<(Vec<u8>, Value)> = typed("XRANGE", value)?;
    entries.into_iter().map(|(id, fields)| Ok((id, pairs(fields)?))).collect()
}

fn typed<T: FromRedisValue>(what: &str, value: Value) -> Part<T> {
    T::from_redis_value(value).map_err(|error| Lack::new(what, Why::Failed, error.to_string()))
}
