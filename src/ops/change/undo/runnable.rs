//! Whether the present workers can run what an undo puts back.

use crate::backend::redis::keys::Keys;
use crate::context::{Context, local_processes};
use crate::error::{Failure, Kind, Result};
use crate::journal::{JobImage, Membership};
use crate::model::id::{JobId, QueueName};
use crate::model::queue::Registry;
use crate::model::worker::{Alive, LocalProcess};
use crate::sys::clock;

/// Ids that not every RQ runs, and the queues that they go back to: one of each sort in each queue.
#[derive(Debug, Default)]
pub(super) struct Runnable {
    odd: Vec<(JobId, QueueName)>,
}

impl Runnable {
    /// Notes a job that goes back to where workers will run it.
    pub(super) fn note(&mut self, id: &JobId, queue: QueueName) {
        let sort = |id: &JobId| {
            (id.as_bytes().contains(&b':'), id.as_bytes().iter().all(|b| is_plain(*b)))
        };
        let known = |(other, of): &(JobId, QueueName)| *of == queue && sort(other) == sort(id);
        if !sort(id).1 && !self.odd.iter().any(known) {
            self.odd.push((id.clone(), queue));
        }
    }
}

/// The queue on which a restored job may run: it stands in a list, or will by itself.
pub(super) fn runs_again(image: &JobImage, keys: &Keys) -> Option<QueueName> {
    image.memberships.iter().find_map(|membership| match membership {
        Membership::List { key, .. } => keys.queue_of_list(key).map(QueueName::new),
        Membership::Zset { key, .. } => match keys.registry_of(key)? {
            (Registry::Scheduled | Registry::Deferred, queue) => Some(queue),
            _ => None,
        },
        Membership::Set { .. } => None,
    })
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Refuses where living workers would exit on an id, or pass over it for ever.
///
/// Source: RQ 2.0 reads an id up to its first colon; RQ 2.8 raises on everything outside of
/// `[A-Za-z0-9_-]` (`rq/job.py`, `rq/utils.py`).
pub(super) fn refuse_unrunnable(context: &mut Context, runnable: &Runnable) -> Result<()> {
    if runnable.odd.is_empty() {
        return Ok(());
    }
    let Ok((workers, _)) = context.store()?.workers()? else { return Ok(()) };
    let now = clock::now();
    let processes = local_processes(workers.iter());
    let mut serving: Vec<(Option<String>, Vec<QueueName>)> = workers
        .iter()
        .filter(|worker| {
            let process = processes.get(&worker.name).copied();
            let process = process.unwrap_or(LocalProcess::Elsewhere);
            worker.liveness(now, process).alive != Alive::No
        })
        .map(|worker| {
            let version = worker.identity.as_ref().and_then(|identity| identity.version.clone());
            (version, worker.queues().to_vec())
        })
        .collect();
    if serving.is_empty() {
        let bench = context.target()?.bench.as_ref();
        let installed = bench.and_then(|bench| bench.rq_version()).map(str::to_owned);
        let queues = runnable.odd.iter().map(|(_, queue)| queue.clone()).collect();
        serving.push((installed, queues));
    }
    let refused = runnable.odd.iter().find_map(|(id, queue)| {
        let versions = serving.iter().filter(|(_, queues)| queues.contains(queue));
        let version = versions.filter_map(|(version, _)| version.as_deref());
        let mut version = version.filter(|version| refuses(version, id.as_bytes()));
        Some((id, queue, version.next()?))
    });
    let Some((id, queue, version)) = refused else { return Ok(()) };
    Err(Failure::new(
        Kind::Config,
        format!("cannot put `{id}` back: the workers of `{queue}` run RQ {version}, which cannot run a job of this id"),
    )
    .hint("restore it while workers of the older RQ serve the queue")
    .into())
}

/// Whether workers of this RQ cannot run a job of this id.
fn refuses(version: &str, id: &[u8]) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    (version >= (2, 8) && !id.iter().all(|byte| is_plain(*byte)))
        || (version >= (2, 0) && id.contains(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_follows_what_each_rq_does_with_an_id() {
        assert!(!refuses("1.16.2", b"site::x"));
        assert!(refuses("2.6.1", b"site::x"));
        assert!(!refuses("2.6.1", b"site||x"));
        assert!(refuses("2.8.0", b"site||x"));
        assert!(refuses("3.0.0", b"site.x"));
        assert!(!refuses("3.0.0", b"0b1c-2d"));
    }
}
