//! How much memory jobs take: the kernel's high-water mark of the work horses of this host.
//!
//! Looked at now and then, so a job that ends between two looks is missed, and what it takes after
//! the last look at it. A work horse begins with what its worker has at the fork.

use std::collections::HashMap;

use crate::backend::redis::read::Store;
use crate::error::Result;
use crate::model::history::MemoryPeak;
use crate::model::id::JobId;
use crate::model::job::Job;
use crate::model::worker::LocalProcess;
use crate::ops::doctor::Facts;
use crate::ops::metrics::{is_wrapper, methods_of, task_of};
use crate::sys::proc::ProcTable;

/// What was seen of a job.
#[derive(Debug, Default)]
struct Seen {
    /// The most memory that it had, in KiB.
    kib: u64,
    /// What it calls by its payload, where its description does not tell.
    method: Option<String>,
}

/// The jobs of the last look.
#[derive(Debug, Default)]
pub(super) struct Horses(HashMap<JobId, Seen>);

/// A peak, and whose it is.
pub(super) type Peak = (JobId, MemoryPeak);

impl Horses {
    /// Names the methods of jobs whose description names no more than what wraps the call, by their
    /// payloads; where those cannot be read the description stands.
    ///
    /// One round trip where a job is new. Errors: those of Redis, after naming what can be named.
    pub(super) fn name(&mut self, store: &mut Store, peaks: &mut [Peak]) -> Result<()> {
        let unnamed = peaks.iter().filter(|(id, peak)| {
            let is_named = self.0.get(id).is_some_and(|seen| seen.method.is_some());
            is_wrapper(&peak.method) && !is_named
        });
        let ids: Vec<JobId> = unnamed.map(|(id, _)| id.clone()).collect();
        let read = methods_of(store, &ids).map(|methods| {
            for (id, method) in methods {
                if let Some(seen) = self.0.get_mut(&id) {
                    seen.method = Some(method);
                }
            }
        });
        for (id, peak) in peaks.iter_mut().filter(|(_, peak)| is_wrapper(&peak.method)) {
            if let Some(method) = self.0.get(id).and_then(|seen| seen.method.as_ref()) {
                peak.method.clone_from(method);
            }
        }
        read
    }

    /// Whether a peak is named by its wrapper alone.
    pub(super) fn needs_names(peaks: &[Peak]) -> bool {
        peaks.iter().any(|(_, peak)| is_wrapper(&peak.method))
    }

    /// Looks at the work horses of this host. Reads `/proc` only where a worker of this host runs a
    /// job.
    pub(super) fn look(&mut self, facts: &Facts<'_>) -> Vec<Peak> {
        let here = |member: &&crate::ops::doctor::facts::Member<'_>| {
            member.process == LocalProcess::Present && !member.worker.current_jobs.is_empty()
        };
        let busy: Vec<_> = facts.workers().filter(here).collect();
        let mut before = std::mem::take(&mut self.0);
        let Some(table) = (!busy.is_empty()).then(|| ProcTable::live().ok()).flatten() else {
            return Vec::new();
        };
        let running = running_jobs(facts);
        let parents = table.parents();
        let mut peaks = Vec::new();
        for member in busy {
            let worker = member.worker;
            let pid = worker.identity.as_ref().and_then(|identity| identity.pid);
            // With several jobs at a time no process can be told to be one of them.
            let [id] = worker.current_jobs.as_slice() else { continue };
            let (Some(pid), Some((queue, job))) = (pid, running.get(id)) else { continue };
            let horses = table.tree(pid, &parents).into_iter().filter(|stat| stat.pid != pid);
            let Some(bytes) = horses.filter_map(|stat| table.most_resident(stat.pid)).max() else {
                continue;
            };
            let kib = bytes / 1024;
            let known = before.remove(id);
            let before_kib = known.as_ref().map(|seen| seen.kib);
            self.0.insert(id.clone(), Seen { kib, ..known.unwrap_or_default() });
            if before_kib.is_none_or(|before| kib > before) {
                let peak = MemoryPeak {
                    at: facts.now,
                    queue: (*queue).to_owned(),
                    method: task_of(job),
                    kib,
                    is_new: before_kib.is_none(),
                };
                peaks.push((id.clone(), peak));
            }
        }
        peaks
    }
}

/// The running jobs that were read, with the names of their queues.
fn running_jobs<'f>(facts: &Facts<'f>) -> HashMap<&'f JobId, (&'f str, &'f Job)> {
    let queues = facts.queues().iter();
    let jobs = queues.flat_map(|queue| {
        let stored = queue.running.iter().filter_map(|sampled| sampled.stored());
        stored.map(|stored| (&stored.job.id, (facts.short(&queue.name), &stored.job)))
    });
    jobs.collect()
}
