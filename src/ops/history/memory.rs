//! How much memory jobs take: the kernel's high-water mark of the work horses of this host.
//!
//! Looked at now and then, so a job that ends between two looks is missed, and what it takes after
//! the last look at it. A work horse begins with what its worker has at the fork.

use std::collections::HashMap;

use crate::model::history::MemoryPeak;
use crate::model::id::JobId;
use crate::model::job::Job;
use crate::model::worker::LocalProcess;
use crate::ops::doctor::Facts;
use crate::ops::metrics::task_of;
use crate::sys::proc::ProcTable;

/// The jobs of the last look, and the most memory that each had, in KiB.
#[derive(Debug, Default)]
pub(super) struct Horses(HashMap<JobId, u64>);

impl Horses {
    /// Looks at the work horses of this host. Reads `/proc` only where a worker of this host runs a
    /// job.
    pub(super) fn look(&mut self, facts: &Facts<'_>) -> Vec<MemoryPeak> {
        let here = |member: &&crate::ops::doctor::facts::Member<'_>| {
            member.process == LocalProcess::Present && !member.worker.current_jobs.is_empty()
        };
        let busy: Vec<_> = facts.workers().filter(here).collect();
        let before = std::mem::take(&mut self.0);
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
            let known = before.get(id).copied();
            self.0.insert(id.clone(), kib);
            if known.is_none_or(|known| kib > known) {
                peaks.push(MemoryPeak {
                    at: facts.now,
                    queue: (*queue).to_owned(),
                    method: task_of(job),
                    kib,
                    is_new: known.is_none(),
                });
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
