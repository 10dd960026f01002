//! Mends faults, batch by batch, within the loop that all mutations share.

use super::super::apply::{Change, Item, standings_of};
use super::{Fault, Mend, Spot};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::{Key, Keys};
use crate::backend::redis::read::Store;
use crate::backend::redis::repair::{Behind, DeadWorker, Drop, Fate, Holder, Stray, Stuck};
use crate::backend::redis::scripts::{Called, Code};
use crate::codec;
use crate::error::Result;
use crate::journal::{After, KeyValue, Membership, OpId};
use crate::model::fault::FaultKind;
use crate::model::id::{JobId, QueueName};
use crate::model::part::Part;
use crate::model::queue::Registry;
use crate::sys::clock;

/// Seconds for which RQ keeps a failure of a job that says nothing else. Source: `rq/defaults.py`
/// `DEFAULT_FAILURE_TTL`.
const FAILURE_TTL_S: i64 = 31_536_000;

/// Mends faults.
pub(super) struct Mending {
    keys: Keys,
}

impl Mending {
    pub(super) fn new(keys: Keys) -> Self {
        Self { keys }
    }

    /// The keys that go with a job.
    fn own_keys(&self, id: &JobId, standing: &Standing) -> Vec<Vec<u8>> {
        let id = id.as_bytes();
        let mut own: Vec<Vec<u8>> = standing.keys.iter().map(|image| image.key.clone()).collect();
        for key in [self.keys.job(id), self.keys.executions(id)] {
            if !own.iter().any(|known| known == key.as_bytes()) {
                own.push(key.into_bytes());
            }
        }
        own
    }

    fn dropping<'i>(&self, item: &Item<'i, Fault>, seen: &'i [u8]) -> Drop<'i> {
        let fault = item.job;
        let holder = match &fault.spot {
            Spot::List { key, index, length, .. } => {
                Holder::List(key.clone(), *index > *length / 2)
            }
            Spot::Entry { registry, member, score } => {
                let key = self.keys.registry(*registry, &fault.queue);
                // Only a started entry is told to be stale by its score.
                let most = (*registry == Registry::Started).then_some(*score);
                Holder::Zset(key, member.clone(), most)
            }
            Spot::Nowhere | Spot::Results | Spot::Registration { .. } => Holder::Nothing,
        };
        let unlink = match (fault.mend, &fault.spot) {
            (_, Spot::Results) => vec![self.keys.results(fault.id.as_bytes()).into_bytes()],
            (Mend::Delete, _) => self.own_keys(&fault.id, item.standing),
            _ => Vec::new(),
        };
        let behind =
            if fault.mend == Mend::DropOrphan { Behind::Nothing } else { Behind::Job(seen) };
        Drop { number: item.number, id: &fault.id, behind, holder, unlink }
    }

    fn settling<'i>(&self, item: &Item<'i, Fault>, seen: &'i [u8]) -> Stray<'i> {
        let (fault, standing) = (item.job, item.standing);
        let stuck = match &fault.spot {
            Spot::Entry { member, score, .. } => Stuck::Started(member.clone(), *score),
            Spot::List { .. } => Stuck::Parked,
            _ => Stuck::Nowhere,
        };
        let fate = match fault.mend {
            Mend::Queue => Fate::Queued,
            Mend::Delete => Fate::Dropped(self.own_keys(&fault.id, standing)),
            _ => Fate::Failed(
                codec::compressed(why_failed(fault.kind).as_bytes()),
                failure_ttl_s(standing),
                self.slots(standing),
            ),
        };
        let (number, id, queue) = (item.number, &fault.id, &fault.queue);
        Stray { number, id, queue, fingerprint: seen, stuck, fate }
    }

    /// The sets of a rate limit that hold a job (3.0).
    fn slots(&self, standing: &Standing) -> Vec<Vec<u8>> {
        let Some(limit) = standing.field(b"rate_limit_key") else { return Vec::new() };
        let sets = [self.keys.rate_limit_allowed(limit), self.keys.rate_limited(limit)];
        sets.into_iter().map(Key::into_bytes).collect()
    }

    fn held_in(&self, fault: &Fault) -> Vec<Membership> {
        let member = || self.keys.worker(&fault.id.text()).into_bytes();
        match &fault.spot {
            Spot::Entry { registry, member, score } => vec![Membership::Zset {
                key: self.keys.registry(*registry, &fault.queue).into_bytes(),
                member: member.clone(),
                score: *score,
            }],
            Spot::Registration { sets, .. } => sets
                .iter()
                .map(|set| Membership::Set { key: set.as_bytes().to_vec(), member: member() })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Change for Mending {
    type Job = Fault;

    fn id<'j>(&self, job: &'j Fault) -> &'j JobId {
        &job.id
    }

    fn queues(&self, _job: &Fault) -> Vec<QueueName> {
        // The one place that matters is known already.
        Vec::new()
    }

    fn standings(&self, store: &mut Store, jobs: &[Fault]) -> Result<Vec<Part<Standing>>> {
        let mut standings = standings_of(store, self, jobs)?;
        for (fault, standing) in jobs.iter().zip(&mut standings) {
            if let Spot::Registration { hash, .. } = &fault.spot {
                let keys = hash.iter().cloned().collect();
                *standing = Ok(Standing { keys, memberships: Vec::new() });
            }
        }
        Ok(standings)
    }

    fn touches_keys(&self, job: &Fault) -> bool {
        !matches!(job.mend, Mend::DropEntry | Mend::Keep)
    }

    fn refuses(&self, fault: &Fault, standing: &Standing) -> Option<String> {
        let changed = || Some(Code::Changed.reason().to_owned());
        match (&fault.watched, fault.mend) {
            (Some(seen), _) if *seen != standing.fingerprint() => changed(),
            (_, Mend::DropOrphan) if standing.field(b"status").is_some() => {
                Some(Code::Lives.reason().to_owned())
            }
            (_, Mend::DropOrphan | Mend::Prune) => None,
            _ if !standing.has_hash() => Some(Code::NoHash.reason().to_owned()),
            _ => None,
        }
    }

    fn after(&self, fault: &Fault, _standing: &Standing) -> (After, Option<Membership>) {
        let list = match &fault.spot {
            Spot::List { key, index, follows, .. } if fault.mend != Mend::Keep => {
                Some(Membership::List {
                    key: key.as_bytes().to_vec(),
                    order: *index,
                    follows: follows.as_ref().map(|id| id.as_bytes().to_vec()),
                })
            }
            _ => None,
        };
        let queue = fault.queue.clone();
        let after = match fault.mend {
            Mend::DropOrphan | Mend::Delete => After::Gone,
            Mend::DropEntry => After::Unlisted,
            Mend::Fail => After::InRegistry { registry: Registry::Failed, queue },
            Mend::Queue => After::InList { queue },
            Mend::Keep => {
                let key = self.keys.job(fault.id.as_bytes()).into_bytes();
                After::Key { key, value: None }
            }
            Mend::Prune => {
                let key = self.keys.worker(&fault.id.text()).into_bytes();
                After::Key { key, value: None }
            }
        };
        (after, list)
    }

    fn also_in(&self, fault: &Fault) -> Vec<Membership> {
        self.held_in(fault)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, Fault>],
    ) -> Result<Vec<Called>> {
        let seen: Vec<Vec<u8>> = items.iter().map(|item| item.standing.fingerprint()).collect();
        let both: Vec<(&Item<'_, Fault>, &[u8])> =
            items.iter().zip(seen.iter().map(Vec::as_slice)).collect();
        let of = |wanted: Way| -> Vec<usize> {
            let ways = items.iter().map(|item| Way::of(item.job));
            ways.enumerate().filter(|(_, way)| *way == wanted).map(|(at, _)| at).collect()
        };
        let at = |places: &[usize]| -> Vec<(&Item<'_, Fault>, &[u8])> {
            places.iter().filter_map(|at| both.get(*at).copied()).collect()
        };
        let mut called: Vec<Called> = items.iter().map(|_| Ok(Code::Taken)).collect();
        let mut put = |places: Vec<usize>, results: Vec<Called>| {
            for (at, result) in places.into_iter().zip(results) {
                if let Some(slot) = called.get_mut(at) {
                    *slot = result;
                }
            }
        };
        let places = of(Way::Drop);
        let drops: Vec<Drop<'_>> =
            at(&places).into_iter().map(|(item, seen)| self.dropping(item, seen)).collect();
        put(places, store.drop_entries(op, &drops)?);
        let places = of(Way::Settle);
        let strays: Vec<Stray<'_>> =
            at(&places).into_iter().map(|(item, seen)| self.settling(item, seen)).collect();
        put(places, store.settle_strays(op, &strays, clock::now())?);
        let places = of(Way::Keep);
        let kept: Vec<(u64, &JobId, &[u8])> =
            at(&places).into_iter().map(|(item, seen)| (item.number, &item.job.id, seen)).collect();
        put(places, store.keep_waiting(op, &kept)?);
        let places = of(Way::Prune);
        let names: Vec<String> =
            at(&places).iter().map(|(item, _)| item.job.id.text().into_owned()).collect();
        let dead: Vec<DeadWorker<'_>> =
            at(&places).into_iter().zip(&names).map(|((item, _), name)| dead(item, name)).collect();
        put(places, store.prune_workers(op, &dead)?);
        Ok(called)
    }
}

/// The script by which a fault is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Drop,
    Settle,
    Keep,
    Prune,
}

impl Way {
    fn of(fault: &Fault) -> Self {
        match (fault.mend, &fault.spot) {
            (Mend::Keep, _) => Self::Keep,
            (Mend::Prune, _) => Self::Prune,
            (Mend::Fail | Mend::Queue, _) | (Mend::Delete, Spot::Nowhere) => Self::Settle,
            (Mend::DropOrphan | Mend::DropEntry | Mend::Delete, _) => Self::Drop,
        }
    }
}

fn dead<'i>(item: &Item<'i, Fault>, name: &'i str) -> DeadWorker<'i> {
    let (sets, hash): (&[Key], _) = match &item.job.spot {
        Spot::Registration { sets, hash } => (sets, hash.as_ref()),
        _ => (&[], None),
    };
    let field = |wanted: &[u8]| match hash.map(|hash| &hash.value) {
        Some(KeyValue::Hash(fields)) => fields.get(wanted).unwrap_or_default(),
        _ => &[],
    };
    let seen = [field(b"birth"), field(b"last_heartbeat")].join(&b'\n');
    DeadWorker { number: item.number, name, seen, sets }
}

/// What a job that fails here says of it.
const fn why_failed(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Abandoned => {
            "Moved to FailedJobRegistry by jobctl: its worker was gone (AbandonedJobError)"
        }
        FaultKind::Stuck => {
            "Moved to FailedJobRegistry by jobctl: job was stuck in intermediate queue"
        }
        _ => "Moved to FailedJobRegistry by jobctl: it was queued, but stood in no queue",
    }
}

/// Seconds for which the failure is kept, -1 for ever.
fn failure_ttl_s(standing: &Standing) -> i64 {
    let field = standing.field(b"failure_ttl");
    let ttl = field.and_then(|ttl| std::str::from_utf8(ttl).ok()?.trim().parse().ok());
    ttl.unwrap_or(FAILURE_TTL_S)
}
