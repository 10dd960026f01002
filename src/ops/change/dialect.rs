//! Which generation of RQ will read what is written, and what that allows.

use std::collections::BTreeSet;

use crate::backend::redis::read::{Place, Store, Want};
use crate::codec::payload::{Decoder, Payload, Serializer};
use crate::error::Result;
use crate::model::generation::Generation;
use crate::model::id::{JobId, QueueName};
use crate::model::queue::Registry;
use crate::model::worker::Alive;
use crate::ops::scope::Reach;

/// Jobs of one place that are looked at to learn how others write there.
const SAMPLE: usize = 5;

/// The live workers that a queue's jobs can reach.
#[derive(Debug, Clone, Default)]
pub struct Readers {
    /// How many live workers serve the queue.
    pub serving: usize,
    /// Their generations; where none serves it, those of the target's other live workers.
    pub generations: BTreeSet<Generation>,
}

impl Readers {
    /// The readers of `queue`, by what was read of the target.
    pub fn of(reach: &Reach, queue: &QueueName) -> Self {
        let live = || {
            let workers = reach.inventory.workers().iter();
            workers.filter(|worker| reach.liveness(worker).alive != Alive::No)
        };
        let generation = |worker: &crate::model::worker::Worker| {
            Generation::parse(worker.identity.as_ref()?.version.as_deref()?)
        };
        let serving: Vec<_> = live().filter(|worker| worker.queues().contains(queue)).collect();
        let mut generations: BTreeSet<_> =
            serving.iter().filter_map(|worker| generation(worker)).collect();
        if serving.is_empty() {
            let ours = live().filter(|worker| reach.is_foreign(worker) == Some(false));
            generations = ours.filter_map(generation).collect();
        }
        Self { serving: serving.len(), generations }
    }

    /// Adds the generation that the bench has installed, where no live worker tells.
    #[must_use]
    pub fn or_installed(mut self, version: Option<&str>) -> Self {
        if self.generations.is_empty() {
            self.generations.extend(version.and_then(Generation::parse));
        }
        self
    }

    /// The newest of them, which is the strictest.
    pub fn newest(&self) -> Option<Generation> {
        self.generations.last().copied()
    }

    /// Why one of them cannot run a job with this id; `None` where all can.
    pub fn refuses_id(&self, id: &JobId) -> Option<&'static str> {
        self.newest()?.refuses_id(id.as_bytes())
    }
}

/// How those who wrote to a queue before did it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Custom {
    /// What stands between site and id.
    pub separator: Option<&'static str>,
    /// How payloads are serialized.
    pub serializer: Option<Serializer>,
}

/// Looks at a few jobs of a queue: those that wait, and those that ended last. Five round trips.
pub fn custom_of(store: &mut Store, queue: &QueueName) -> Result<Custom> {
    let ended = [Registry::Finished, Registry::Failed];
    let mut places = vec![Place::Queue(queue.clone())];
    places.extend(ended.map(|registry| Place::Registry(registry, queue.clone())));
    let mut ids = Vec::new();
    for place in places {
        let entries = store.entries(&place, 0, SAMPLE)?.unwrap_or_default();
        ids.extend(entries.into_iter().map(|entry| entry.id));
    }
    let mut custom = Custom::default();
    let mut decoder = Decoder::default();
    let want = Want { data: true, ..Want::default() };
    for job in store.jobs(&ids, want)?.into_iter().flatten().flatten() {
        let payload = job.data.as_deref().map(|data| decoder.payload(data));
        if let Some(Payload::Call(_, serializer)) = payload {
            custom.serializer.get_or_insert(serializer);
        }
        if let Some(separator) = separator_in(&job.job.id) {
            custom.separator.get_or_insert(separator);
        }
    }
    Ok(custom)
}

fn separator_in(id: &JobId) -> Option<&'static str> {
    let site = id.site()?;
    let rest = id.as_bytes().get(site.len()..)?;
    [crate::ops::jobs::SEPARATORS[0], crate::ops::jobs::SEPARATORS[1]]
        .into_iter()
        .find(|separator| rest.starts_with(separator.as_bytes()))
}
