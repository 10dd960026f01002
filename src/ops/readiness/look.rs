//! One look at everything that may be, or become, a job of some sites.
//!
//! Places are read in the direction in which jobs move: what waits for a time or another job, then
//! queues, then what a worker has taken, then what runs, then the workers. So a job that moves on
//! during the look is seen at least once.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::backend::redis::read::Place;
use crate::backend::redis::sweep::{Found, Span};
use crate::codec::Decoder;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::model::id::{JobId, QueueName, site_of_id};
use crate::model::part::{Lack, Why};
use crate::model::queue::{self, Registry};
use crate::model::worker::{Alive, Worker};
use crate::ops::scope::Reach;
use crate::ops::switch::places::bench_of;
use crate::report::readiness::{Blocking, Counts, MOST_BLOCKING};
use crate::sys::signals::Interrupts;

/// Positions read beyond a place's length: it may grow between the two questions.
const MARGIN: u64 = 1_000;

/// Looks again and again.
pub(super) struct Looker {
    /// The sites, sorted.
    sites: Vec<String>,
    /// Every site of the bench.
    known: HashSet<String>,
    pub(super) reach: Reach,
}

/// What one look found.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Per site.
    pub(super) counts: Vec<Counts>,
    /// The first jobs in the way, per site.
    pub(super) blocking: Vec<Vec<Blocking>>,
    /// Jobs whose site cannot be told.
    pub(super) unattributed: Counts,
    /// The first of them.
    pub(super) unknown: Vec<Blocking>,
    /// Why not every job was looked at; `None` where all were.
    pub(super) incomplete: Option<String>,
}

/// Whose a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The site of this number.
    Site(usize),
    /// Another site's.
    Other,
    /// It cannot be told.
    Unknown,
}

impl Sample {
    fn for_sites(count: usize) -> Self {
        let (counts, blocking) = (vec![Counts::default(); count], vec![Vec::new(); count]);
        Self { counts, blocking, ..Self::default() }
    }

    /// Whether nothing is in the way of any site.
    pub(super) fn is_clear(&self) -> bool {
        self.incomplete.is_none()
            && self.unattributed.is_zero()
            && self.counts.iter().all(Counts::is_zero)
    }

    /// Jobs and busy workers in the way.
    pub(super) fn left(&self) -> u64 {
        let all = self.counts.iter().chain([&self.unattributed]);
        all.map(|counts| counts.jobs() + counts.busy_workers).sum()
    }

    /// What is waited for: `12 jobs, 1 busy worker`.
    pub(super) fn summary(&self) -> String {
        let all = self.counts.iter().chain([&self.unattributed]);
        let (jobs, workers) = all.fold((0, 0), |(jobs, workers), counts| {
            (jobs + counts.jobs(), workers + counts.busy_workers)
        });
        let jobs = human::counted(jobs, "job");
        match workers {
            0 => jobs,
            workers => format!("{jobs}, {}", human::counted(workers, "busy worker")),
        }
    }

    pub(super) fn add(&mut self, owner: Owner, id: Option<&[u8]>, state: &'static str, at: &str) {
        let (counts, listed) = match owner {
            Owner::Other => return,
            Owner::Unknown => (&mut self.unattributed, &mut self.unknown),
            Owner::Site(number) => {
                match (self.counts.get_mut(number), self.blocking.get_mut(number)) {
                    (Some(counts), Some(listed)) => (counts, listed),
                    _ => return,
                }
            }
        };
        let count = match state {
            "queued" => &mut counts.queued,
            "started" => &mut counts.started,
            "scheduled" => &mut counts.scheduled,
            "deferred" => &mut counts.deferred,
            "intermediate" => &mut counts.intermediate,
            "unlisted" => &mut counts.unlisted,
            _ => &mut counts.busy_workers,
        };
        *count += 1;
        if listed.len() < MOST_BLOCKING {
            let attributed = owner != Owner::Unknown;
            let id = id.map(JobId::new);
            listed.push(Blocking { id, state, at: at.to_owned(), attributed, gone: false });
        }
    }
}

impl Looker {
    /// Prepares to look for jobs of `sites`. Two round trips.
    ///
    /// Errors: `Config` where the bench's prefix is unseen while others are there.
    pub(super) fn new(context: &mut Context, sites: Vec<String>) -> Result<Self> {
        let known = bench_of(context)?.sites().names().map(str::to_owned).collect();
        let reach = Reach::read(context)?;
        let looker = Self { sites, known, reach };
        looker.check_prefix()?;
        Ok(looker)
    }

    pub(super) fn sites(&self) -> &[String] {
        &self.sites
    }

    /// Looks once. Six round trips, and what the ids and payloads of the bench's jobs take; where
    /// nothing is in the way, a walk through all keys as well.
    ///
    /// Errors: `Refused` where Redis hides something, `Data` where a key is not RQ's.
    pub(super) fn look(
        &mut self,
        context: &mut Context,
        interrupts: &Interrupts,
    ) -> Result<Sample> {
        let queues = self.reach.every_queue()?;
        let mut sample = self.look_at_places(context, &queues)?;
        self.reach = Reach::read(context)?;
        self.check_prefix()?;
        // A queue that came up meanwhile was not looked at.
        for queue in self.reach.every_queue()? {
            if !queues.contains(&queue) {
                sample.add(Owner::Unknown, None, "queued", queue.as_str());
            }
        }
        self.look_at_workers(context, &mut sample)?;
        if sample.is_clear() {
            self.look_at_hashes(context, &mut sample, interrupts)?;
        }
        Ok(sample)
    }

    fn check_prefix(&self) -> Result<()> {
        let Some(why) = self.reach.unseen_prefix() else { return Ok(()) };
        Err(Failure::new(Kind::Config, format!("cannot tell whether sites are ready: {why}"))
            .hint("check the bench's path and `bench_id`, and whether this is its Redis")
            .into())
    }

    fn look_at_places(&self, context: &mut Context, queues: &[QueueName]) -> Result<Sample> {
        let store = context.store()?;
        let mut spans: Vec<(&'static str, Span)> = Vec::new();
        for (queue, (counts, lacks)) in queues.iter().zip(store.counts(queues)?) {
            spans.extend(places(queue, &counts).ok_or_else(|| match lacks.first() {
                Some(lack) => unseen(lack),
                None => unseen(&Lack::new("LLEN", Why::Failed, "no reply came")),
            })?);
        }
        spans.sort_by_key(|(state, _)| order(state));
        let (states, spans): (Vec<_>, Vec<_>) = spans.into_iter().unzip();
        let sample = RefCell::new(Sample::for_sites(self.sites.len()));
        let at = |number: usize| {
            let state = states.get(number).copied().unwrap_or("queued");
            let queue = spans.get(number).map(|span| self.reach.short(span.place.queue()));
            (state, queue.unwrap_or_default())
        };
        let wants = |number: usize, id: &[u8]| match self.owner_by_id(id) {
            Some(owner) => {
                let (state, queue) = at(number);
                sample.borrow_mut().add(owner, Some(id), state, queue);
                false
            }
            None => true,
        };
        let mut decoder = Decoder::default();
        let visit = |number: usize, id: &[u8], found: Found<'_>| {
            let owner = match found {
                Found::Payload(data) => self.owner_by_payload(&mut decoder, data),
                // A worker passes over an id without a job.
                Found::Nothing => Owner::Other,
                Found::Refused(_) => Owner::Unknown,
            };
            let (state, queue) = at(number);
            sample.borrow_mut().add(owner, Some(id), state, queue);
        };
        for part in store.sweep_payloads(&spans, wants, visit)? {
            part.map_err(|lack| unseen(&lack))?;
        }
        Ok(sample.into_inner())
    }

    /// A job between its queue and its start is in no registry; its worker is busy by then.
    fn look_at_workers(&self, context: &mut Context, sample: &mut Sample) -> Result<()> {
        let workers = self.reach.inventory.workers.as_ref().map_err(unseen)?;
        if let Some(lack) = self.reach.inventory.lacks.first() {
            return Err(unseen(lack).into());
        }
        let busy: Vec<&Worker> = workers
            .iter()
            .filter(|worker| worker.is_busy() || !worker.current_jobs.is_empty())
            .filter(|worker| self.reach.is_foreign(worker) != Some(true))
            .filter(|worker| self.reach.liveness(worker).alive != Alive::No)
            .collect();
        let silent: Vec<&Worker> =
            busy.iter().copied().filter(|worker| worker.current_jobs.is_empty()).collect();
        let store = context.store()?;
        let found = store.find_current_jobs(&silent)?;
        let mut decoder = Decoder::default();
        for worker in busy {
            let guessed = found.get(&worker.name);
            let jobs: Vec<JobId> = worker.current_jobs.iter().chain(guessed).cloned().collect();
            if jobs.is_empty() {
                sample.add(Owner::Unknown, None, "busy_worker", worker.short_name());
            }
            for (id, payload) in jobs.iter().zip(store.payloads(&jobs)?) {
                let by_payload = |data: Vec<u8>| self.owner_by_payload(&mut decoder, &data);
                let owner = self.owner_by_id(id.as_bytes());
                let owner = owner.or_else(|| payload.ok().flatten().map(by_payload));
                let owner = owner.unwrap_or(Owner::Unknown);
                sample.add(owner, Some(id.as_bytes()), "busy_worker", worker.short_name());
            }
        }
        Ok(())
    }

    /// Whose a job is by its id; `None` where that says nothing: what stands in front need not be
    /// a site.
    pub(super) fn owner_by_id(&self, id: &[u8]) -> Option<Owner> {
        let site = site_of_id(id)?;
        self.known.contains(site).then(|| self.owner(site))
    }

    pub(super) fn owner_by_payload(&self, decoder: &mut Decoder, data: &[u8]) -> Owner {
        let site = decoder.headline(data).and_then(|headline| headline.site);
        site.map_or(Owner::Unknown, |site| self.owner(&site))
    }

    fn owner(&self, site: &str) -> Owner {
        let number = self.sites.binary_search_by(|own| own.as_str().cmp(site));
        number.map_or(Owner::Other, Owner::Site)
    }
}

/// The places of a queue in which jobs stand that are going to run, or run; `None` where one of
/// them could not be counted.
fn places(queue: &QueueName, counts: &queue::Counts) -> Option<Vec<(&'static str, Span)>> {
    let registry = |registry| Place::Registry(registry, queue.clone());
    let all = [
        ("deferred", registry(Registry::Deferred), counts.deferred),
        ("scheduled", registry(Registry::Scheduled), counts.scheduled),
        ("queued", Place::Queue(queue.clone()), counts.queued),
        ("intermediate", Place::Intermediate(queue.clone()), counts.intermediate),
        ("started", registry(Registry::Started), counts.started),
    ];
    all.into_iter()
        .map(|(state, place, count)| {
            let count = usize::try_from(count? + MARGIN).unwrap_or(usize::MAX);
            Some((state, Span::first(place, count)))
        })
        .collect()
}

/// The direction in which jobs move.
fn order(state: &str) -> usize {
    let states = ["deferred", "scheduled", "queued", "intermediate", "started"];
    states.iter().position(|known| *known == state).unwrap_or(states.len())
}

/// What cannot be seen may hide a job.
pub(super) fn unseen(lack: &Lack) -> Failure {
    let kind = if lack.why == Why::Denied { Kind::Refused } else { Kind::Data };
    Failure::new(kind, format!("cannot tell whether sites are ready: {lack}"))
}
