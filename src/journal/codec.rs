//! Images to bytes and back: lengths as variable integers, then the bytes as they are.
//!
//! Reading trusts nothing: a length beyond what is left is an error, not an allocation.

use super::image::{After, JobImage, KeyImage, KeyValue, Membership};
use super::pairs::Pairs;
use crate::model::id::QueueName;
use crate::model::queue::Registry;

/// Writes values one after the other.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(low_bits(number) | 0x80);
            number >>= 7;
        }
        self.bytes.push(low_bits(number));
    }

    pub(super) fn text(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.bytes.extend_from_slice(bytes);
    }

    fn score(&mut self, score: f64) {
        self.bytes.extend_from_slice(&score.to_le_bytes());
    }

    fn each<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(items.len() as u64);
        for item in items {
            write(self, item);
        }
    }

    fn pairs(&mut self, pairs: &Pairs) {
        self.number(pairs.len() as u64);
        for (name, value) in pairs.iter() {
            self.text(name);
            self.text(value);
        }
    }

    pub(super) fn image(&mut self, image: &JobImage) {
        self.text(&image.id);
        self.after(&image.after);
        self.each(&image.memberships, Self::membership);
        self.each(&image.keys, Self::key);
    }

    fn after(&mut self, after: &After) {
        match after {
            After::Gone => self.number(0),
            After::InList { queue } => {
                self.number(1);
                self.text(queue.as_str().as_bytes());
            }
            After::InRegistry { registry, queue } => {
                self.number(2);
                self.number(number_of(*registry));
                self.text(queue.as_str().as_bytes());
            }
            After::Unlisted => self.number(3),
            After::Key { key, value } => {
                self.number(4);
                self.text(key);
                self.each(value.as_slice(), |out, value| out.text(value));
            }
        }
    }

    fn membership(&mut self, membership: &Membership) {
        match membership {
            Membership::List { key, order, follows } => {
                self.number(0);
                self.text(key);
                self.number(*order);
                self.each(follows.as_slice(), |out, id| out.text(id));
            }
            Membership::Zset { key, member, score } => {
                self.number(1);
                self.text(key);
                self.text(member);
                self.score(*score);
            }
            Membership::Set { key, member } => {
                self.number(2);
                self.text(key);
                self.text(member);
            }
        }
    }

    fn key(&mut self, image: &KeyImage) {
        self.text(&image.key);
        // No key lives for less than nothing; 0 stands for ever.
        self.number(image.ttl_ms.map_or(0, |ms| u64::try_from(ms).unwrap_or(0) + 1));
        match &image.value {
            KeyValue::Hash(fields) => {
                self.number(0);
                self.pairs(fields);
            }
            KeyValue::Set(members) => {
                self.number(1);
                self.each(members, |out, member| out.text(member));
            }
            KeyValue::Zset(members) => {
                self.number(2);
                self.each(members, |out, (member, score)| {
                    out.text(member);
                    out.score(*score);
                });
            }
            KeyValue::Stream(entries) => {
                self.number(3);
                self.each(entries, |out, (id, fields)| {
                    out.text(id);
                    out.pairs(fields);
                });
            }
            KeyValue::List(items) => {
                self.number(4);
                self.each(items, |out, item| out.text(item));
            }
            KeyValue::String(text) => {
                self.number(5);
                self.text(text);
            }
        }
    }
}

/// The lowest seven bits, which fit into a byte.
fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7f).unwrap_or_default()
}

/// Reads values one after the other; `None` where they are not what was written.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn text(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(text)
    }

    fn owned(&mut self) -> Option<Vec<u8>> {
        self.text().map(<[u8]>::to_vec)
    }

    fn score(&mut self) -> Option<f64> {
        let (score, rest) = self.bytes.split_first_chunk()?;
        self.bytes = rest;
        Some(f64::from_le_bytes(*score))
    }

    fn each<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = usize::try_from(self.number()?).ok()?;
        // Each item takes a byte at least, so no count may exceed what is left.
        if count > self.bytes.len() {
            return None;
        }
        (0..count).map(|_| read(self)).collect()
    }

    fn pairs(&mut self) -> Option<Pairs> {
        let mut pairs = Pairs::default();
        // The text runs out where the number lies, and nothing is taken ahead of it.
        for _ in 0..self.number()? {
            pairs.push(self.text()?, self.text()?);
        }
        pairs.shrink();
        Some(pairs)
    }

    pub(super) fn image(&mut self) -> Option<JobImage> {
        Some(JobImage {
            id: self.owned()?,
            after: self.after()?,
            memberships: self.each(Self::membership)?,
            keys: self.each(Self::key)?,
        })
    }

    /// The id of an image and its places in lists; passes over the rest without keeping it.
    pub(super) fn places(&mut self) -> Option<(&'a [u8], Vec<Membership>)> {
        let id = self.text()?;
        self.after()?;
        let mut memberships = self.each(Self::membership)?;
        memberships.retain(|membership| matches!(membership, Membership::List { .. }));
        for _ in 0..self.number()? {
            self.pass_key()?;
        }
        Some((id, memberships))
    }

    fn pass_key(&mut self) -> Option<()> {
        self.text()?;
        self.number()?;
        let kind = self.number()?;
        if kind == 5 {
            return self.text().map(drop);
        }
        for _ in 0..self.number()? {
            match kind {
                0 => drop((self.text()?, self.text()?)),
                1 | 4 => drop(self.text()?),
                2 => drop((self.text()?, self.score()?)),
                3 => {
                    self.text()?;
                    for _ in 0..self.number()? {
                        self.text()?;
                        self.text()?;
                    }
                }
                _ => return None,
            }
        }
        Some(())
    }

    fn queue(&mut self) -> Option<QueueName> {
        String::from_utf8(self.owned()?).ok().map(QueueName::new)
    }

    fn after(&mut self) -> Option<After> {
        Some(match self.number()? {
            0 => After::Gone,
            1 => After::InList { queue: self.queue()? },
            2 => After::InRegistry { registry: registry_of(self.number()?)?, queue: self.queue()? },
            3 => After::Unlisted,
            4 => After::Key { key: self.owned()?, value: self.each(Self::owned)?.pop() },
            _ => return None,
        })
    }

    fn membership(&mut self) -> Option<Membership> {
        Some(match self.number()? {
            0 => Membership::List {
                key: self.owned()?,
                order: self.number()?,
                follows: self.each(Self::owned)?.pop(),
            },
            1 => {
                Membership::Zset { key: self.owned()?, member: self.owned()?, score: self.score()? }
            }
            2 => Membership::Set { key: self.owned()?, member: self.owned()? },
            _ => return None,
        })
    }

    fn key(&mut self) -> Option<KeyImage> {
        let key = self.owned()?;
        let ttl_ms = match self.number()? {
            0 => None,
            ms => Some(i64::try_from(ms - 1).ok()?),
        };
        let value = match self.number()? {
            0 => KeyValue::Hash(self.pairs()?),
            1 => KeyValue::Set(self.each(Self::owned)?),
            2 => KeyValue::Zset(self.each(|from| Some((from.owned()?, from.score()?)))?),
            3 => KeyValue::Stream(self.each(|from| Some((from.owned()?, from.pairs()?)))?),
            4 => KeyValue::List(self.each(Self::owned)?),
            5 => KeyValue::String(self.owned()?),
            _ => return None,
        };
        Some(KeyImage { key, ttl_ms, value })
    }
}

/// The numbers are part of the format and never change.
const REGISTRIES: [(u64, Registry); 6] = [
    (0, Registry::Started),
    (1, Registry::Finished),
    (2, Registry::Failed),
    (3, Registry::Scheduled),
    (4, Registry::Deferred),
    (5, Registry::Canceled),
];

fn number_of(registry: Registry) -> u64 {
    // The table has every registry; a test sends each through.
    REGISTRIES.iter().find(|(_, known)| *known == registry).map_or(u64::MAX, |(number, _)| *number)
}

fn registry_of(number: u64) -> Option<Registry> {
    REGISTRIES.iter().find(|(known, _)| *known == number).map(|(_, registry)| *registry)
}
