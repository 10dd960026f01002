//! Enqueues the planned types: who reads them, how they are written, and one script per job.

use std::cell::RefCell;
use std::collections::HashMap;

use super::super::apply::{Change, Item};
use super::super::dialect::Readers;
use super::super::recipe::{self, FrappeFields, Recipe};
use super::super::requeue::Pace;
use crate::backend::redis::enqueue::NewJob;
use crate::backend::redis::images::Standing;
use crate::backend::redis::read::Store;
use crate::backend::redis::scripts::{Called, Code};
use crate::bench::Family;
use crate::codec::new_job::NewFrappeJob;
use crate::codec::payload::Serializer;
use crate::context::Context;
use crate::error::Result;
use crate::journal::{After, Membership, OpId};
use crate::model::generation::Generation;
use crate::model::id::{JobId, QueueName};
use crate::model::job::Status;
use crate::ops::change::BATCH;
use crate::ops::scope::Reach;
use crate::ops::switch::places::bench_of;
use crate::report::trigger::{TriggerReport, Triggered};
use crate::sys::clock;

/// Who reads the queues that the planned types go to.
pub(super) struct Readership {
    /// By the queue's short name.
    queues: HashMap<String, (QueueName, Readers)>,
    pub(super) warnings: Vec<String>,
}

impl Readership {
    pub(super) fn of(context: &Context, reach: &Reach, report: &TriggerReport) -> Result<Self> {
        let bench = bench_of(context)?;
        let mut found = Self { queues: HashMap::new(), warnings: Vec::new() };
        for short in report.types.iter().filter_map(|row| row.queue.as_deref()) {
            if found.queues.contains_key(short) {
                continue;
            }
            let queue = QueueName::in_bench(reach.prefix(), short);
            let readers = Readers::of(reach, &queue).or_installed(bench.rq_version());
            found.warn(short, &readers, bench.frappe().family());
            found.queues.insert(short.to_owned(), (queue, readers));
        }
        if matches!(reach.inventory.suspended, Ok(Some(_))) {
            found.warnings.push("all workers of this Redis are suspended".to_owned());
        }
        Ok(found)
    }

    fn warn(&mut self, short: &str, readers: &Readers, family: Family) {
        if readers.serving == 0 {
            self.warnings
                .push(format!("no live worker serves queue `{short}`: jobs wait until one does"));
        }
        let bars = matches!(family, Family::V16 | Family::V17);
        let oldest = readers.generations.first();
        if bars && readers.serving > 0 && oldest.is_some_and(|rq| *rq < Generation::new(2, 0)) {
            self.warnings.push(format!(
                "a worker of queue `{short}` runs an RQ older than this Frappe's: it was not restarted since the upgrade, and may fail these jobs"
            ));
        }
    }
}

/// A type that is about to be enqueued.
pub(super) struct Prepared {
    id: JobId,
    recipe: Recipe,
    /// The queues in whose registries an ended job of the id may stand.
    registries: Vec<QueueName>,
}

impl Prepared {
    pub(super) fn queue(&self) -> &QueueName {
        &self.recipe.queue
    }
}

/// Prepares what is planned; an id that the workers cannot run is left alone. `origins` are the
/// queues of the ended jobs that have the ids now.
pub(super) fn prepare(
    context: &Context,
    report: &mut TriggerReport,
    readership: &Readership,
    origins: &HashMap<JobId, QueueName>,
) -> Result<Vec<Prepared>> {
    let bench = bench_of(context)?;
    let with_row = !matches!(bench.frappe().family(), Family::V14 | Family::V15);
    let mut prepared = Vec::new();
    for row in report.types.iter_mut().filter(|row| row.state == Triggered::Planned) {
        let (Some(id), Some(short)) = (&row.id, &row.queue) else { continue };
        let Some((queue, readers)) = readership.queues.get(short) else { continue };
        if let Some(reason) = readers.refuses_id(id) {
            row.state = Triggered::LeftAlone;
            row.reason = Some(reason.to_owned());
            continue;
        }
        let name = with_row.then_some(row.name.as_str());
        let mut registries = vec![queue.clone()];
        registries.extend(origins.get(id).filter(|origin| *origin != queue).cloned());
        prepared.push(Prepared {
            id: id.clone(),
            recipe: Recipe {
                call: NewFrappeJob::scheduled(&row.site, &row.method, name).into_call(),
                queue: queue.clone(),
                timeout_s: recipe::timeout_s(Some(bench), short, true),
                frappe: Some(FrappeFields::of(Some(bench))),
                newest: readers.newest(),
                serializer: Serializer::Pickle,
            },
            registries,
        });
    }
    Ok(prepared)
}

/// Carries it out.
pub(super) struct Enqueueing {
    /// Most entries of a queue.
    most: Option<u64>,
    pace: Option<Pace>,
    /// What became of each job: nothing for one that was enqueued, else why not.
    outcomes: RefCell<HashMap<JobId, Option<&'static str>>>,
}

impl Enqueueing {
    pub(super) fn new(most: Option<u64>, rate: Option<u32>) -> Result<Self> {
        let pace = rate.map(Pace::new).transpose()?;
        Ok(Self { most, pace, outcomes: RefCell::default() })
    }

    /// So many at a time.
    pub(super) fn batch(&self) -> usize {
        self.pace.as_ref().map_or(BATCH, Pace::at_once)
    }

    /// What became of each job that was reached.
    pub(super) fn outcomes(self) -> HashMap<JobId, Option<&'static str>> {
        self.outcomes.into_inner()
    }

    fn leave(&self, id: &JobId, reason: &'static str) {
        self.outcomes.borrow_mut().insert(id.clone(), Some(reason));
    }
}

/// Said of a job that the scheduler, or somebody else, was faster with.
const CAME_BETWEEN: &str = "somebody else enqueued it meanwhile";

impl Change for Enqueueing {
    type Job = Prepared;

    fn id<'j>(&self, job: &'j Prepared) -> &'j JobId {
        &job.id
    }

    fn queues(&self, job: &Prepared) -> Vec<QueueName> {
        job.registries.clone()
    }

    fn refuses(&self, job: &Prepared, standing: &Standing) -> Option<String> {
        let status = standing.field(b"status").unwrap_or_default();
        let status = Status::parse(&String::from_utf8_lossy(status));
        let is_live = standing.field(b"data").is_some() && !super::is_over(&status);
        is_live.then(|| {
            self.leave(&job.id, CAME_BETWEEN);
            CAME_BETWEEN.to_owned()
        })
    }

    fn after(&self, job: &Prepared, _standing: &Standing) -> (After, Option<Membership>) {
        (After::InList { queue: job.queue().clone() }, None)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, Prepared>],
    ) -> Result<Vec<Called>> {
        let mut called: Vec<Called> = items.iter().map(|_| Ok(Code::Full)).collect();
        loop {
            let open: Vec<usize> =
                (0..items.len()).filter(|at| called.get(*at) == Some(&Ok(Code::Full))).collect();
            let again = self.enqueue(store, op, open.iter().filter_map(|at| items.get(*at)))?;
            for (at, code) in open.into_iter().zip(again) {
                if let Some(slot) = called.get_mut(at) {
                    *slot = code;
                }
            }
            let is_full = called.contains(&Ok(Code::Full));
            match &self.pace {
                Some(pace) if is_full && !pace.wait_for_room() => {}
                _ => break,
            }
        }
        if let Some(pace) = &mut self.pace {
            pace.keep(items.len());
        }
        for (item, called) in items.iter().zip(&called) {
            match called {
                Ok(Code::Done) | Err(_) => {}
                Ok(Code::Lives | Code::Changed) => self.leave(&item.job.id, CAME_BETWEEN),
                Ok(code) => self.leave(&item.job.id, code.reason()),
            }
        }
        Ok(called)
    }

    fn changed(&mut self, job: &Prepared) {
        self.outcomes.get_mut().insert(job.id.clone(), None);
    }
}

impl Enqueueing {
    fn enqueue<'i>(
        &self,
        store: &mut Store,
        op: &OpId,
        items: impl Iterator<Item = &'i Item<'i, Prepared>>,
    ) -> Result<Vec<Called>> {
        let now = clock::now();
        let items: Vec<&Item<'_, Prepared>> = items.collect();
        let fields: Vec<_> =
            items.iter().map(|item| item.job.recipe.fields(now)).collect::<Result<_>>()?;
        let jobs: Vec<_> = items
            .iter()
            .zip(&fields)
            .map(|(item, fields)| {
                let job = NewJob {
                    id: &item.job.id,
                    queue: item.job.queue(),
                    fields,
                    at_front: false,
                    most: self.most,
                };
                (item.number, job, item.standing)
            })
            .collect();
        store.enqueue_jobs(op, &jobs)
    }
}
