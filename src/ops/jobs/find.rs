//! Finds the jobs of a selection, stage by stage, page by page.
//!
//! Memory does not depend on how many jobs there are: a page of ids and a batch of jobs at a time.

use std::borrow::Cow;

use jiff::Timestamp;

use super::decode::failure_text;
use super::unread::Unread;
use crate::backend::redis::read::{Entry, ID_PAGE, JOB_BATCH, Place, Store, StoredJob, Want};
use crate::codec::frappe::Headline;
use crate::codec::payload::{Decoder, Payload};
use crate::error::Result;
use crate::model::event::MatchedBy;
use crate::model::id::{JobId, QueueName};
use crate::model::job::{Job, Status};
use crate::model::part::{Lack, Part};
use crate::model::queue::Registry;
use crate::model::selection::{Admits, Facets, Selection, State};

/// A job that fits the selection.
#[derive(Debug, Clone)]
pub(in crate::ops) struct Found {
    /// Where it stands.
    pub place: Place,
    /// Its state by that place.
    pub state: State,
    /// The entry, with its score.
    pub entry: Entry,
    /// Its fields; `None` where the hash is gone or cannot be read.
    pub job: Option<Job>,
    /// Whether there is something under the job's key that cannot be read.
    pub unreadable: bool,
    /// What it calls, if that was asked for and could be read.
    pub headline: Option<Headline<'static>>,
    /// What it belongs to the selected event by, where one is selected.
    pub matched_by: Option<MatchedBy>,
    /// The text of its failure, if that was asked for and there is one.
    pub failure: Option<String>,
}

/// What the caller shows, beside what the selection itself must read.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::ops) struct Shown {
    /// What the job calls.
    pub headline: bool,
    /// The failure of failed jobs.
    pub failure: bool,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum Flow {
    /// Another one, please.
    More,
    /// Enough.
    Enough,
}

/// Finds jobs.
pub(in crate::ops) struct Finder<'a> {
    store: &'a mut Store,
    selection: &'a Selection,
    shown: Shown,
    now: Timestamp,
    decoder: Decoder,
    /// Parts that could not be read.
    pub unread: Unread,
}

impl<'a> Finder<'a> {
    /// A finder of the jobs in `selection`.
    pub(in crate::ops) fn new(
        store: &'a mut Store,
        selection: &'a Selection,
        shown: Shown,
        now: Timestamp,
    ) -> Self {
        Self {
            store,
            selection,
            shown,
            now,
            decoder: Decoder::default(),
            unread: Unread::default(),
        }
    }

    /// Visits the jobs in `queues` that fit, state by state within each queue, in the order in
    /// which they stand there.
    ///
    /// Cost: one round trip per page of ids, and one to three per [`JOB_BATCH`] jobs, depending on
    /// what the selection asks for. While it reads, workers go on: a job that moves meanwhile may
    /// be seen twice or not at all.
    pub(in crate::ops) fn visit(
        &mut self,
        queues: &[QueueName],
        visit: &mut dyn FnMut(Found) -> Result<Flow>,
    ) -> Result<()> {
        for queue in queues {
            for place in self.places(queue) {
                if self.visit_place(&place, visit)? == Flow::Enough {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Visits the jobs that the selection names by id and that fit. One round trip per batch, no
    /// list is read; where a job stands is told by its hash.
    pub(in crate::ops) fn visit_ids(
        &mut self,
        covers: &dyn Fn(&QueueName) -> bool,
        visit: &mut dyn FnMut(Found) -> Result<Flow>,
    ) -> Result<()> {
        let mut jobs = self.store.jobs(&self.selection.ids, Want::default())?;
        self.learn_failed_entries(&mut jobs)?;
        let mut found = Vec::new();
        for (id, job) in self.selection.ids.iter().zip(jobs) {
            let job = match job {
                Ok(Some(stored)) => stored.job,
                Ok(None) => continue,
                Err(lack) => {
                    self.unread.job(id, &lack);
                    continue;
                }
            };
            let Some(state) = State::told_by(&job.status) else { continue };
            let Some(queue) = job.origin.clone().filter(|queue| covers(queue)) else { continue };
            let place = state
                .registry()
                .map_or_else(|| Place::Queue(queue.clone()), |r| Place::Registry(r, queue.clone()));
            let entry = Entry { id: id.clone(), execution: None, score: None };
            let admits = self.selection.admits_id(id);
            if admits != Admits::No {
                found.extend(self.by_fields(&place, &entry, Some(job)).map(|f| (f, admits)));
            }
        }
        let found = self.by_payload(found)?;
        for found in self.by_failure(found)? {
            if visit(found)? == Flow::Enough {
                break;
            }
        }
        Ok(())
    }

    /// Reads from the failed registries when those ended that do not say it: nothing where all do.
    fn learn_failed_entries(&mut self, jobs: &mut [Part<Option<StoredJob>>]) -> Result<()> {
        let undated: Vec<&mut Job> = jobs
            .iter_mut()
            .filter_map(|job| Some(&mut job.as_mut().ok()?.as_mut()?.job))
            .filter(|job| matches!(job.status, Status::Failed | Status::Stopped))
            .filter(|job| job.origin.is_some() && job.end().is_none())
            .collect();
        let entries: Vec<_> =
            undated.iter().filter_map(|job| Some((job.origin.as_ref()?, &job.id))).collect();
        let scores = self.store.scores(Registry::Failed, &entries)?;
        for (job, score) in undated.into_iter().zip(scores) {
            job.learn_failed_entry(score.ok().flatten());
        }
        Ok(())
    }

    /// The places where jobs of the wanted states stand.
    fn places(&self, queue: &QueueName) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for state in self.selection.wanted_states() {
            let place = state.registry().map_or_else(
                || Place::Queue(queue.clone()),
                |registry| Place::Registry(registry, queue.clone()),
            );
            if !places.contains(&place) {
                places.push(place);
            }
            // What a worker took and has not started still counts as queued.
            if state == State::Queued {
                places.push(Place::Intermediate(queue.clone()));
            }
        }
        places
    }

    /// Visits the jobs in one place that fit, whatever states are wanted of others.
    pub(in crate::ops) fn visit_place(
        &mut self,
        place: &Place,
        visit: &mut dyn FnMut(Found) -> Result<Flow>,
    ) -> Result<Flow> {
        let mut start = 0;
        loop {
            let entries = match self.store.entries(place, start, ID_PAGE)? {
                Ok(entries) => entries,
                Err(lack) => {
                    self.unread.place(place, &lack);
                    return Ok(Flow::More);
                }
            };
            let last = entries.len() < ID_PAGE;
            let admitted: Vec<(Entry, Admits)> = entries
                .into_iter()
                .map(|entry| (self.selection.admits_id(&entry.id), entry))
                .filter(|(admits, _)| *admits != Admits::No)
                .map(|(admits, entry)| (entry, admits))
                .collect();
            for batch in admitted.chunks(JOB_BATCH) {
                if self.visit_batch(place, batch, visit)? == Flow::Enough {
                    return Ok(Flow::Enough);
                }
            }
            if last {
                return Ok(Flow::More);
            }
            start += ID_PAGE;
        }
    }

    fn visit_batch(
        &mut self,
        place: &Place,
        batch: &[(Entry, Admits)],
        visit: &mut dyn FnMut(Found) -> Result<Flow>,
    ) -> Result<Flow> {
        let ids: Vec<JobId> = batch.iter().map(|(entry, _)| entry.id.clone()).collect();
        let jobs = self.store.jobs(&ids, Want::default())?;
        let mut found = Vec::with_capacity(batch.len());
        for ((entry, admits), job) in batch.iter().zip(jobs) {
            let fitting = match job {
                Ok(stored) => self.by_fields(place, entry, stored.map(|stored| stored.job)),
                Err(lack) => self.unreadable(place, entry, &lack),
            };
            found.extend(fitting.map(|found| (found, *admits)));
        }
        let found = self.by_payload(found)?;
        for found in self.by_failure(found)? {
            if visit(found)? == Flow::Enough {
                return Ok(Flow::Enough);
            }
        }
        Ok(Flow::More)
    }

    /// The second stage: the small fields.
    fn by_fields(&self, place: &Place, entry: &Entry, job: Option<Job>) -> Option<Found> {
        let registry = registry_of(place);
        let mut job = job;
        if let Some(job) = job.as_mut().filter(|_| registry == Some(Registry::Failed)) {
            job.learn_failed_entry(entry.score);
        }
        let status = job.as_ref().map_or(&Status::Missing, |job| &job.status);
        let state = State::of(registry, status)?;
        // Ended jobs expire before RQ's clean-up drops their entries; that is no news.
        if job.is_none() && matches!(registry, Some(Registry::Finished | Registry::Failed)) {
            return None;
        }
        let admitted = match &job {
            Some(job) => self.selection.admits_job(state, job, self.now),
            // An id without a job fits only a selection by place and id.
            None => self.selection.is_by_place() && self.selection.admits_state(state),
        };
        admitted.then(|| Found::new(place, state, entry, job))
    }

    /// A job of which only the place is known.
    fn unreadable(&mut self, place: &Place, entry: &Entry, lack: &Lack) -> Option<Found> {
        self.unread.job(&entry.id, lack);
        let state = State::of(registry_of(place), &Status::Missing)?;
        let admitted = self.selection.is_by_place() && self.selection.admits_state(state);
        admitted.then(|| Found { unreadable: true, ..Found::new(place, state, entry, None) })
    }

    /// The third stage: the payload, for those that need it.
    fn by_payload(&mut self, found: Vec<(Found, Admits)>) -> Result<Vec<Found>> {
        let asks = |(found, admits): &(Found, Admits)| {
            found.job.is_some() && (self.shown.headline || self.selection.asks_payload(*admits))
        };
        let ids: Vec<JobId> =
            found.iter().filter(|one| asks(one)).map(|(f, _)| f.entry.id.clone()).collect();
        let wants: Vec<bool> = found.iter().map(asks).collect();
        let mut payloads = self.store.payloads(&ids)?.into_iter();
        let mut kept = Vec::with_capacity(found.len());
        for ((mut found, admits), wanted) in found.into_iter().zip(wants) {
            if wanted {
                let data = self.unread.take(&found.entry.id, payloads.next());
                if !self.admits_payload(&mut found, admits, data.as_deref()) {
                    continue;
                }
            }
            kept.push(found);
        }
        Ok(kept)
    }

    fn admits_payload(&mut self, found: &mut Found, admits: Admits, data: Option<&[u8]>) -> bool {
        found.headline =
            data.and_then(|data| self.decoder.headline(data)).map(Headline::into_owned);
        let headline = found.headline.as_ref();
        let facets = Facets {
            site: headline.and_then(|headline| headline.site.as_deref()),
            method: headline.map(|headline| &*headline.method),
            event: headline.and_then(|headline| headline.event.as_deref()),
            user: headline.and_then(|headline| headline.user.as_deref()),
            is_scheduled: headline.is_some_and(|headline| headline.is_scheduled),
        };
        found.matched_by =
            self.selection.event.as_ref().and_then(|e| e.matched_by(&found.entry.id, &facets));
        self.selection.admits_facets(&found.entry.id, admits, &facets) && self.admits_args(data)
    }

    /// Arguments are looked for among a Frappe job's own, else among the call's.
    fn admits_args(&mut self, data: Option<&[u8]>) -> bool {
        if self.selection.args.is_empty() {
            return true;
        }
        let Some(Payload::Call(call, _)) = data.map(|data| self.decoder.payload(data)) else {
            return false;
        };
        let own = crate::codec::frappe::FrappeJob::of(&call).and_then(|job| job.kwargs);
        let kwargs = own.unwrap_or(&call.kwargs);
        self.selection.args.iter().all(|(path, wanted)| {
            kwargs.matches(path, wanted) || call.matches_position(path, wanted)
        })
    }

    /// The last stage: the failure, for failed jobs.
    fn by_failure(&mut self, found: Vec<Found>) -> Result<Vec<Found>> {
        let asks = |found: &Found| {
            let failed = matches!(found.state, State::Failed | State::Stopped);
            let retried = found.job.as_ref().is_some_and(|job| job.retries_left.is_some());
            let may_hold = failed || (self.selection.exception.is_some() && retried);
            may_hold
                && found.job.is_some()
                && (self.shown.failure || self.selection.exception.is_some())
        };
        let wants: Vec<bool> = found.iter().map(asks).collect();
        let ids: Vec<JobId> =
            found.iter().filter(|one| asks(one)).map(|f| f.entry.id.clone()).collect();
        let want = Want { exception: true, ..Want::default() };
        let mut failures = self.store.jobs(&ids, want)?.into_iter();
        let mut kept = Vec::with_capacity(found.len());
        for (mut found, wanted) in found.into_iter().zip(wants) {
            if wanted {
                let stored: Option<StoredJob> = self.unread.take(&found.entry.id, failures.next());
                found.failure = stored.and_then(|stored| failure_text(&mut self.decoder, &stored));
            }
            if self.selection.admits_exception(found.failure.as_deref()) {
                kept.push(found);
            }
        }
        Ok(kept)
    }
}

fn registry_of(place: &Place) -> Option<Registry> {
    match place {
        Place::Registry(registry, _) => Some(*registry),
        Place::Queue(_) | Place::Intermediate(_) => None,
    }
}

impl Found {
    /// A job that fits so far.
    pub(super) fn new(place: &Place, state: State, entry: &Entry, job: Option<Job>) -> Self {
        let (place, entry) = (place.clone(), entry.clone());
        Self {
            place,
            state,
            entry,
            job,
            unreadable: false,
            headline: None,
            matched_by: None,
            failure: None,
        }
    }

    /// The site: by the id, else by the payload.
    pub(in crate::ops) fn site(&self) -> Option<Cow<'_, str>> {
        let by_id = self.entry.id.site().map(Cow::Borrowed);
        by_id.or_else(|| self.headline.as_ref()?.site.as_deref().map(Cow::Borrowed))
    }

    /// When a scheduled job is due.
    pub(in crate::ops) fn due_at(&self) -> Option<Timestamp> {
        let scheduled = matches!(self.place, Place::Registry(Registry::Scheduled, _));
        let score = self.entry.score.filter(|score| scheduled && score.is_finite())?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a score beyond i64 saturates and is refused below"
        )]
        Timestamp::from_second(score as i64).ok()
    }
}
