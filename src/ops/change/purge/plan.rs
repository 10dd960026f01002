//! Counts what a purge would take, and remembers who that is.

use std::collections::{BTreeSet, VecDeque};

use super::super::How;
use super::super::choose::weigh;
use super::PurgeOptions;
use crate::backend::redis::Item;
use crate::backend::redis::list_removal::ListPages;
use crate::backend::redis::read::{ID_PAGE, JOB_BATCH, Place, Store, Want};
use crate::codec::payload::Decoder;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::model::event::MatchedBy;
use crate::model::id::{JobId, QueueName, is_scheduled_job_id};
use crate::model::id_set::{IdSet, IdSetBuilder};
use crate::model::job::parse_rq_date;
use crate::model::plan::{Plan, PlannedJob, Verb};
use crate::model::queue::Registry;
use crate::model::selection::{Admits, Facets, Selection, State};
use crate::ops::change::dependents::Dependents;
use crate::ops::jobs::find::{Finder, Flow, Found, Shown};
use crate::ops::scope;
use crate::sys::clock;
use jiff::Timestamp;

/// Jobs whose images are weighed to tell how long the journal gets.
const SAMPLE: usize = 64;

/// Jobs of the sample that are shown.
const SHOWN: usize = 5;

/// What is called a method where the payload tells none.
const UNREADABLE: &str = "(unreadable)";

/// Planned ids in one place.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) place: Place,
    pub(super) ids: IdSet,
}

/// A job that matches, as far as the plan counts it.
#[derive(Debug)]
pub(super) struct Match {
    id: JobId,
    queue: QueueName,
    state: State,
    site: Option<String>,
    method: Option<String>,
    /// What it belongs to the selected event by.
    matched_by: Option<MatchedBy>,
}

/// Makes the plan, and says what stands where.
///
/// Cost: for jobs in lists one pipelined reading of two to four fields of those that may match;
/// for registries what `jobs list` costs. Memory: sixteen bytes per job that matches.
pub(super) fn plan(
    context: &mut Context,
    selection: &Selection,
    options: PurgeOptions,
    how: &How,
) -> Result<(Plan, Vec<Target>)> {
    let queues = if selection.queues.is_empty() {
        scope::all_queues(context)?
    } else {
        selection.queues.clone()
    };
    let (_, store) = context.parts()?;
    let mut draft = Draft::new(Plan::new(Verb::Purge, how.explicit), options, how);
    for queue in &queues {
        for state in selection.wanted_states() {
            if draft.is_full() {
                break;
            }
            draft.begin(queue, state);
            match state.registry() {
                None if is_plain(selection) => visit_list(store, queue, selection, &mut draft)?,
                _ => visit_place(store, queue, state, selection, &mut draft)?,
            }
            draft.finish();
        }
    }
    let Draft { mut plan, mut targets, sample, fixed_sites, cut, .. } = draft;
    targets.retain(|target| !target.ids.is_empty());
    if context.target()?.bench.is_none() && selection.sites.is_some() && selection.queues.is_empty()
    {
        check_one_bench(&targets)?;
    }
    plan.limit = how.limit.filter(|_| cut);
    plan.sample = sample.iter().take(SHOWN).map(|job| job.id.clone()).collect();
    if selection.is_by_place() && selection.sites.is_none() && how.limit.is_none() {
        plan.to_type = whole_queue(selection, options);
    }
    if !how.no_undo {
        plan.bytes_to_journal = Some(bytes_to_journal(context, &plan, &sample)?);
    }
    count_dependents(context, &mut plan, &targets, options)?;
    plan.warnings.extend(scheduler_warning(context, &fixed_sites)?);
    Ok((plan, targets))
}

/// Refuses a site's name that stands for sites of several benches, which must not be mixed.
fn check_one_bench(targets: &[Target]) -> Result<()> {
    let prefixes: BTreeSet<&str> =
        targets.iter().map(|target| target.place.queue().prefix().unwrap_or_default()).collect();
    if prefixes.len() < 2 {
        return Ok(());
    }
    let names: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
    let names = names.join(", ");
    let message = format!("the site stands in several benches on this Redis: {names}");
    Err(Failure::new(Kind::Usage, message)
        .hint("name one of them with --bench, or its queues with --queue")
        .into())
}

/// Whether a list can be read with few fields of each job: nothing asks for failures or arguments.
fn is_plain(selection: &Selection) -> bool {
    selection.ids.is_empty() && selection.exception.is_none() && selection.args.is_empty()
}

/// The name to type where all of one queue goes.
fn whole_queue(selection: &Selection, options: PurgeOptions) -> Option<String> {
    let [queue] = selection.queues.as_slice() else { return None };
    let whole = selection.ids.is_empty() && options.keep_newest.is_none();
    whole.then(|| queue.short().to_owned())
}

/// A plan in the making.
struct Draft {
    plan: Plan,
    targets: Vec<Target>,
    sample: Vec<PlannedJob>,
    /// Between two jobs of the sample; doubles whenever it gets too large.
    sample_step: u64,
    /// Sites of planned jobs that a scheduler enqueued under their fixed ids.
    fixed_sites: Vec<String>,
    /// The newest ones of this place, which may have to stay.
    newest: VecDeque<Match>,
    keep_newest: usize,
    ids: IdSetBuilder,
    place: Option<Place>,
    limit: u64,
    cut: bool,
}

impl Draft {
    fn new(plan: Plan, options: PurgeOptions, how: &How) -> Self {
        Self {
            plan,
            targets: Vec::new(),
            sample: Vec::new(),
            sample_step: 1,
            fixed_sites: Vec::new(),
            newest: VecDeque::new(),
            keep_newest: options.keep_newest.unwrap_or(0),
            ids: IdSetBuilder::default(),
            place: None,
            limit: how.limit.unwrap_or(u64::MAX),
            cut: false,
        }
    }

    fn is_full(&self) -> bool {
        self.cut
    }

    fn begin(&mut self, queue: &QueueName, state: State) {
        let place = state.registry().map_or_else(
            || Place::Queue(queue.clone()),
            |registry| Place::Registry(registry, queue.clone()),
        );
        self.place = Some(place);
    }

    /// Takes a match, oldest first.
    fn add(&mut self, found: Match) -> Flow {
        self.newest.push_back(found);
        if self.newest.len() > self.keep_newest
            && let Some(found) = self.newest.pop_front()
        {
            if self.plan.count == self.limit {
                self.cut = true;
                return Flow::Enough;
            }
            self.count(found);
        }
        Flow::More
    }

    fn count(&mut self, found: Match) {
        let Match { id, queue, state, site, method, matched_by } = found;
        let plan = &mut self.plan;
        plan.count += 1;
        plan.by_queue.add(queue.as_str());
        plan.by_status.add(state.word());
        plan.by_method.add(method.as_deref().unwrap_or(UNREADABLE));
        if let Some(matched_by) = matched_by {
            plan.by_event.add(matched_by.word());
        }
        if let Some(site) = site {
            if is_scheduled_job_id(id.as_bytes()) && !self.fixed_sites.contains(&site) {
                self.fixed_sites.push(site.clone());
            }
            plan.by_site.add(site);
        }
        self.ids.add(id.as_bytes());
        if plan.count.is_multiple_of(self.sample_step) {
            self.sample.push(PlannedJob { id, queue, state: Some(state), spot: None });
        }
        if self.sample.len() > 2 * SAMPLE {
            let mut keep = false;
            self.sample.retain(|_| {
                keep = !keep;
                keep
            });
            self.sample_step *= 2;
        }
    }

    fn finish(&mut self) {
        self.newest.clear();
        let ids = std::mem::take(&mut self.ids).build();
        self.targets.extend(self.place.take().map(|place| Target { place, ids }));
    }
}

/// Visits a place with everything that the selection language knows.
fn visit_place(
    store: &mut Store,
    queue: &QueueName,
    state: State,
    selection: &Selection,
    draft: &mut Draft,
) -> Result<()> {
    let shown = Shown { headline: true, failure: false };
    let mut finder = Finder::new(store, selection, shown, clock::now());
    let mut visit = |found: Found| -> Result<Flow> {
        // A failed registry holds stopped jobs, too; what a worker took is not in the list.
        if found.state != state || matches!(found.place, Place::Intermediate(_)) {
            return Ok(Flow::More);
        }
        let site = found.site().map(std::borrow::Cow::into_owned);
        let method = found.headline.as_ref().map(|headline| headline.method.to_string());
        let queue = found.place.queue().clone();
        let matched_by = found.matched_by;
        Ok(draft.add(Match { id: found.entry.id, queue, state, site, method, matched_by }))
    };
    if selection.ids.is_empty() {
        finder.visit(std::slice::from_ref(queue), &mut visit)?;
    } else {
        finder.visit_ids(&|of| of == queue, &mut visit)?;
    }
    let unread = finder.unread.notes().map(|note| format!("not read: {note}"));
    draft.plan.warnings.extend(unread);
    Ok(())
}

/// Visits a list with the few fields that tell site, method and age: the server sends a fifth of
/// what whole jobs take, and is never waited for.
fn visit_list(
    store: &mut Store,
    queue: &QueueName,
    selection: &Selection,
    draft: &mut Draft,
) -> Result<()> {
    let mut reader = FieldReader { decoder: Decoder::default(), selection, now: clock::now() };
    let mut pages = ListPages::new(store.keys().queue(queue));
    while let Some(page) = pages.next_page(store)? {
        let admitted: Vec<(JobId, Admits)> = page
            .into_iter()
            .map(JobId::new)
            .map(|id| (selection.admits_id(&id), id))
            .filter(|(admits, _)| *admits != Admits::No)
            .map(|(admits, id)| (id, admits))
            .collect();
        let matches = reader.read(store, queue, &admitted)?;
        for found in matches {
            if draft.add(found) == Flow::Enough {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The fields that [`FieldReader`] asks for, in its order.
const FIELDS: [&[u8]; 4] = [b"status", b"enqueued_at", b"created_at", b"data"];

/// Decides about waiting jobs by a few fields of each.
struct FieldReader<'a> {
    decoder: Decoder,
    selection: &'a Selection,
    now: Timestamp,
}

/// The small fields of one job, while its payload is on the way.
#[derive(Default)]
struct Row {
    status: Vec<u8>,
    enqueued_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
}

impl FieldReader<'_> {
    /// Reads the jobs of one page and gives those that match, in their order.
    fn read(
        &mut self,
        store: &mut Store,
        queue: &QueueName,
        admitted: &[(JobId, Admits)],
    ) -> Result<Vec<Match>> {
        let keys = store.keys().clone();
        let mut asked = admitted.iter();
        let mut matches = Vec::with_capacity(admitted.len());
        let (mut row, mut current, mut field) = (Row::default(), usize::MAX, 0);
        store.link().stream(
            JOB_BATCH,
            |out| match asked.next() {
                Some((id, _)) => {
                    let key = keys.job(id.as_bytes());
                    out.push(&[
                        &[b"HMGET"],
                        &[key.as_bytes()],
                        &[FIELDS[0]],
                        &[FIELDS[1]],
                        &[FIELDS[2]],
                        &[FIELDS[3]],
                    ]);
                    true
                }
                None => false,
            },
            |index, item| {
                if index != current {
                    (row, current, field) = (Row::default(), index, 0);
                }
                field += 1;
                let bytes = match item {
                    Item::Bytes(bytes) => Some(bytes),
                    _ => None,
                };
                let date = || parse_rq_date(std::str::from_utf8(bytes?).ok()?);
                match field {
                    1 => row.status = bytes.unwrap_or_default().to_vec(),
                    2 => row.enqueued_at = date(),
                    3 => row.created_at = date(),
                    _ => {
                        let job = admitted.get(index);
                        matches.extend(job.and_then(|job| self.decide(queue, job, &row, bytes)));
                    }
                }
            },
        )?;
        Ok(matches)
    }

    /// Whether a job matches, once its fields are there; `data` is its payload.
    fn decide(
        &mut self,
        queue: &QueueName,
        (id, admits): &(JobId, Admits),
        row: &Row,
        data: Option<&[u8]>,
    ) -> Option<Match> {
        let selection = self.selection;
        // Another run under the same id: what runs is never purged.
        if row.status == b"started" {
            return None;
        }
        let exists = !row.status.is_empty() || row.created_at.is_some() || data.is_some();
        if !exists && !selection.is_by_place() {
            return None;
        }
        if exists && !selection.admits_age(row.enqueued_at.or(row.created_at), self.now) {
            return None;
        }
        let headline = data.and_then(|data| self.decoder.headline(data));
        let headline = headline.as_ref();
        let facets = Facets {
            site: headline.and_then(|headline| headline.site.as_deref()),
            method: headline.map(|headline| &*headline.method),
            event: headline.and_then(|headline| headline.event.as_deref()),
            user: headline.and_then(|headline| headline.user.as_deref()),
            is_scheduled: headline.is_some_and(|headline| headline.is_scheduled),
        };
        selection.admits_facets(id, *admits, &facets).then(|| Match {
            matched_by: selection.event.as_ref().and_then(|e| e.matched_by(id, &facets)),
            id: id.clone(),
            queue: queue.clone(),
            state: State::Queued,
            site: id.site().or(facets.site).map(str::to_owned),
            method: facets.method.map(str::to_owned),
        })
    }
}

/// About how many bytes the journal takes, by the images of a sample.
fn bytes_to_journal(context: &mut Context, plan: &Plan, sample: &[PlannedJob]) -> Result<u64> {
    if sample.is_empty() {
        return Ok(0);
    }
    let bytes = weigh(context, sample)?;
    Ok((bytes / sample.len() as u64).saturating_mul(plan.count))
}

/// Counts the deferred jobs that wait for a planned one.
///
/// What waits stands in a deferred registry and names its parents, so that only those are read
/// and no planned job is asked who waits for it. Source: `rq/job.py` `Job.register_dependency`.
fn count_dependents(
    context: &mut Context,
    plan: &mut Plan,
    targets: &[Target],
    options: PurgeOptions,
) -> Result<()> {
    let queues = scope::all_queues(context)?;
    let store = context.store()?;
    let planned =
        |id: &JobId| targets.iter().any(|target| target.ids.position(id.as_bytes()).is_some());
    for queue in queues {
        let place = Place::Registry(Registry::Deferred, queue);
        let mut start = 0;
        while let Ok(entries) = store.entries(&place, start, ID_PAGE)? {
            let ids: Vec<JobId> = entries.into_iter().map(|entry| entry.id).collect();
            for job in store.jobs(&ids, Want::default())?.into_iter().flatten().flatten() {
                let stranded = !planned(&job.job.id) && job.job.dependency_ids.iter().any(planned);
                plan.dependents += u64::from(stranded);
            }
            if ids.len() < ID_PAGE {
                break;
            }
            start += ID_PAGE;
        }
    }
    if plan.dependents > 0 && options.dependents == Dependents::Leave {
        plan.warnings.push(format!(
            "{} wait for these and will wait for ever; --dependents cancel or release says otherwise",
            human::counted(plan.dependents, "job")
        ));
    }
    Ok(())
}

/// What the operator should know where a scheduler enqueues the same jobs again.
///
/// Source: `frappe/utils/scheduler.py` `is_scheduler_disabled`; what the site's database says is
/// not looked at.
fn scheduler_warning(context: &Context, sites: &[String]) -> Result<Option<String>> {
    let Some(bench) = &context.target()?.bench else { return Ok(None) };
    let runs = |site: &&String| {
        let config = bench.site_config(site);
        !["pause_scheduler", "disable_scheduler", "maintenance_mode"]
            .iter()
            .any(|key| config.is_on(key))
    };
    let names: Vec<String> = sites.iter().filter(runs).map(|site| format!("`{site}`")).collect();
    Ok((!names.is_empty()).then(|| {
        format!(
            "the scheduler of {} is not paused and will enqueue its scheduled jobs again",
            names.join(", ")
        )
    }))
}
