//! A plan in the making: counts what matches, and remembers who that is.

use std::collections::{BTreeSet, VecDeque};

use super::{Chosen, Rule, Target, Targets, place_of};
use crate::backend::redis::read::Place;
use crate::error::{Failure, Kind, Result};
use crate::model::event::MatchedBy;
use crate::model::id::{JobId, QueueName, is_scheduled_job_id};
use crate::model::id_set::IdSetBuilder;
use crate::model::plan::{Plan, PlannedJob, Skipped};
use crate::model::selection::State;
use crate::ops::change::How;
use crate::ops::jobs::find::{Flow, Found};

/// Jobs whose images are weighed to tell how long the journal gets.
const SAMPLE: usize = 64;

/// What is called a method where the payload tells none.
const UNREADABLE: &str = "(unreadable)";

/// A job that matches, as far as the plan counts it.
#[derive(Debug)]
pub(super) struct Match {
    pub(super) id: JobId,
    pub(super) site: Option<String>,
    pub(super) method: Option<String>,
    /// What it belongs to the selected event by.
    pub(super) matched_by: Option<MatchedBy>,
}

impl Match {
    pub(super) fn of(found: Found) -> Self {
        let site = found.site().map(std::borrow::Cow::into_owned);
        let method = found.headline.as_ref().map(|headline| headline.method.to_string());
        Self { id: found.entry.id, site, method, matched_by: found.matched_by }
    }
}

/// A plan in the making.
pub(super) struct Draft<'r> {
    pub(super) plan: Plan,
    rule: &'r Rule<'r>,
    targets: Vec<Target>,
    /// The place that is being read.
    current: Option<(Place, State)>,
    ids: IdSetBuilder,
    /// The newest ones of this place, which may have to stay.
    newest: VecDeque<Match>,
    sample: Vec<PlannedJob>,
    /// Between two jobs of the sample; doubles whenever it gets too large.
    sample_step: u64,
    fixed_sites: Vec<String>,
    limit: u64,
    cut: bool,
}

impl<'r> Draft<'r> {
    pub(super) fn new(plan: Plan, rule: &'r Rule<'r>, how: &How) -> Self {
        Self {
            plan,
            rule,
            targets: Vec::new(),
            current: None,
            ids: IdSetBuilder::default(),
            newest: VecDeque::new(),
            sample: Vec::new(),
            sample_step: 1,
            fixed_sites: Vec::new(),
            limit: how.limit.unwrap_or(u64::MAX),
            cut: false,
        }
    }

    /// Whether the limit is reached.
    pub(super) const fn is_full(&self) -> bool {
        self.cut
    }

    /// Begins a place.
    pub(super) fn begin(&mut self, queue: &QueueName, state: State) {
        self.current = Some((place_of(queue, state), state));
    }

    /// Takes a match, oldest first.
    pub(super) fn add(&mut self, found: Match) -> Flow {
        let Some((place, _)) = &self.current else { return Flow::Enough };
        let queue = place.queue();
        // A job may linger in a second registry of its queue; it is changed once.
        let of_queue = self.targets.iter().filter(|target| target.place.queue() == queue);
        if of_queue.into_iter().any(|target| target.ids.position(found.id.as_bytes()).is_some()) {
            return Flow::More;
        }
        if let Some(reason) = (self.rule.obstacle)(&found.id, queue) {
            self.plan.skipped.push(Skipped { id: found.id, reason });
            return Flow::More;
        }
        self.newest.push_back(found);
        if self.newest.len() > self.rule.keep_newest
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
        let Match { id, site, method, matched_by } = found;
        let Some((place, state)) = &self.current else { return };
        let plan = &mut self.plan;
        plan.count += 1;
        plan.by_queue.add(place.queue().as_str());
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
            let (queue, state) = (place.queue().clone(), Some(*state));
            self.sample.push(PlannedJob { id, queue, state, spot: None });
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

    /// Ends a place.
    pub(super) fn end(&mut self) {
        self.newest.clear();
        let ids = std::mem::take(&mut self.ids).build();
        let current = self.current.take().filter(|_| !ids.is_empty());
        self.targets.extend(current.map(|(place, state)| Target { place, state, ids }));
    }

    /// Planned jobs from all over the plan.
    pub(super) fn sample(&mut self) -> Vec<PlannedJob> {
        std::mem::take(&mut self.sample)
    }

    pub(super) fn finish(self) -> Chosen {
        let Self { mut plan, targets: places, fixed_sites, limit, cut, .. } = self;
        plan.limit = cut.then_some(limit);
        let targets = Targets { places, ..Targets::default() };
        Chosen { plan, targets, fixed_sites }
    }
}

/// Refuses a site's name that stands for sites of several benches, which must not be mixed.
pub(super) fn check_one_bench(targets: &Targets) -> Result<()> {
    let prefix = |target: &Target| target.place.queue().prefix().unwrap_or_default().to_owned();
    let prefixes: BTreeSet<String> = targets.places.iter().map(prefix).collect();
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
