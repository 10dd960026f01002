//! Counts the jobs that RQ still keeps: those in the registries of finished and failed jobs.

use jiff::Timestamp;

use super::Read;
use crate::backend::redis::read::{ID_PAGE, JOB_BATCH, Place, Store, Want};
use crate::codec::payload::Decoder;
use crate::context::Context;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status};
use crate::model::part::Lack;
use crate::model::queue::Registry;
use crate::ops::scope;
use crate::report::stats::Source;
use crate::stats::line::Transaction;
use crate::stats::{Record, Tally};
use crate::target::Target;

/// Counts the jobs of all queues of the target.
///
/// Cost: a round trip for 10,000 ids, and two for 500 jobs. Memory is that of a page. Errors: those
/// of Redis; what an access list hides is told as a source's problem.
pub(super) fn count(context: &mut Context, tally: &mut Tally<'_>, read: &mut Read) -> Result<()> {
    let queues = scope::all_queues(context)?;
    let notes = scope::prefix_notes(context)?;
    read.is_unknown = !notes.is_empty();
    read.notes.extend(notes);
    let progress = context.ui.progress("reading jobs", None);
    let (target, store) = context.parts()?;
    for registry in [Registry::Finished, Registry::Failed] {
        let name = format!("RQ's registries of {} jobs", registry.word());
        let mut reader = Reader { target, store, decoder: Decoder::default(), tally, undated: 0 };
        let mut source = Source { name, bytes: None, records: Some(0), problem: None };
        for queue in &queues {
            let place = Place::Registry(registry, queue.clone());
            let (jobs, lack) = reader.visit(&place, registry, queue, &|n| progress.add(n))?;
            source.records = source.records.map(|records| records + jobs);
            source.problem = lack.map(|lack| lack.to_string()).or(source.problem);
        }
        read.undated += reader.undated;
        read.sources.push(source);
    }
    Ok(())
}

struct Reader<'a, 'q> {
    target: &'a Target,
    store: &'a mut Store,
    decoder: Decoder,
    tally: &'a mut Tally<'q>,
    /// Jobs that do not tell when they ran.
    undated: u64,
}

impl Reader<'_, '_> {
    /// Counts the jobs of one registry; how many there were, and what could not be read.
    fn visit(
        &mut self,
        place: &Place,
        registry: Registry,
        queue: &QueueName,
        progress: &dyn Fn(u64),
    ) -> Result<(u64, Option<Lack>)> {
        let (mut start, mut jobs, mut lack) = (0, 0, None);
        loop {
            let page = match self.store.entries(place, start, ID_PAGE)? {
                Ok(page) => page,
                Err(why) => return Ok((jobs, Some(why))),
            };
            for page in page.chunks(JOB_BATCH) {
                let ids: Vec<JobId> = page.iter().map(|entry| entry.id.clone()).collect();
                let stored = self.store.jobs(&ids, Want::default())?.into_iter();
                let payloads = self.store.payloads(&ids)?;
                for ((stored, payload), entry) in stored.zip(payloads).zip(page) {
                    match stored {
                        Ok(Some(mut stored)) => {
                            jobs += 1;
                            if registry == Registry::Failed {
                                stored.job.learn_failed_entry(entry.score);
                            }
                            let payload = payload.ok().flatten();
                            self.count(&stored.job, payload.as_deref(), registry, queue);
                        }
                        // It expired; RQ removes the id later.
                        Ok(None) => {}
                        Err(why) => lack = Some(why),
                    }
                }
                progress(ids.len() as u64);
            }
            if page.len() < ID_PAGE {
                return Ok((jobs, lack));
            }
            start += ID_PAGE;
        }
    }

    fn count(&mut self, job: &Job, payload: Option<&[u8]>, registry: Registry, queue: &QueueName) {
        // A job that was lost before it began tells only when that was noticed.
        let Some(began) = job.started_at.or(job.end()) else {
            self.undated += 1;
            return;
        };
        let headline = payload.and_then(|payload| self.decoder.headline(payload));
        let headline = headline.as_ref();
        let scheduled = headline.map(|headline| headline.is_scheduled);
        let failed = match (registry, scheduled) {
            // One that was stopped on request did not fail.
            (Registry::Failed, _) => Some(job.status != Status::Stopped),
            // Frappe swallows the errors of scheduled jobs, so RQ sees them finish.
            (_, Some(true)) => None,
            _ => Some(false),
        };
        let site = headline.and_then(|headline| headline.site.as_deref()).or(job.id.site());
        self.tally.execution(&Record {
            transaction: Transaction::Job,
            site: site.map(str::as_bytes),
            started_us: began.as_microsecond(),
            has_offset: true,
            duration_us: between(job.started_at, job.ended_at),
            method: headline.map(|headline| headline.method.as_bytes()),
            scheduled,
            written_wait_us: between(job.enqueued_at, job.started_at),
            failed,
            job_id: Some(job.id.as_bytes()),
            uuid: None,
            queue: Some(self.target.short_name(queue).as_bytes()),
        });
    }
}

fn between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<i64> {
    Some(to?.as_microsecond() - from?.as_microsecond())
}
