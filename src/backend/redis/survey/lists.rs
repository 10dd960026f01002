//! Lists that are longer than a page, and what is concluded from each waiting job.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::super::batch::Batch;
use super::super::read::{Entry, ID_PAGE, JOB_BATCH, Place, Store, Want};
use super::super::sweep::Span;
use super::queue::{HEAD, Opened};
use super::{IdTally, Sampled, Waiting};
use crate::codec::frappe::headline_of_description;
use crate::error::Result;
use crate::model::id::{JobId, is_scheduled_job_id};
use crate::model::job::{Job, Status};

/// Pages of ids asked for in one round trip of a deep survey.
const PAGES: usize = 4;

/// Methods told apart per queue.
const MOST_METHODS: usize = 1_000;

impl Store {
    /// Counts the ids behind the heads, all lists in one round trip; a deep survey looks at every
    /// job, too.
    pub(super) fn read_long_lists(&mut self, queues: &mut [Opened], deep: bool) -> Result<()> {
        let listed = |queue: &Opened| {
            usize::try_from(queue.survey.counts.queued.unwrap_or(0)).unwrap_or(usize::MAX)
        };
        if deep {
            for queue in queues {
                self.read_whole_list(queue, listed(queue))?;
            }
            return Ok(());
        }
        let (mut long, spans): (Vec<&mut Opened>, Vec<Span>) = queues
            .iter_mut()
            .filter_map(|queue| {
                let count = listed(queue).checked_sub(HEAD).filter(|count| *count > 0)?;
                let place = Place::Queue(queue.survey.name.clone());
                Some((queue, Span { place, start: HEAD, count }))
            })
            .unzip();
        if spans.is_empty() {
            return Ok(());
        }
        let parts = self.sweep_ids(&spans, |span, id| {
            if let Some(queue) = long.get_mut(span) {
                queue.survey.ids.add(id);
            }
        })?;
        for (queue, part) in long.into_iter().zip(parts) {
            queue.survey.lacks.extend(part.err());
        }
        Ok(())
    }

    fn read_whole_list(&mut self, queue: &mut Opened, listed: usize) -> Result<()> {
        let place = Place::Queue(queue.survey.name.clone());
        let mut start = HEAD;
        while start < listed {
            let pages = self.pages(&place, start)?;
            let read: usize = pages.iter().map(Vec::len).sum();
            for entry in pages.iter().flatten() {
                queue.survey.ids.add(entry.id.as_bytes());
            }
            self.look_at_all(pages, &mut queue.survey.waiting)?;
            if read < PAGES * ID_PAGE {
                break;
            }
            start += PAGES * ID_PAGE;
        }
        queue.survey.waiting.complete = true;
        Ok(())
    }

    fn pages(&mut self, place: &Place, start: usize) -> Result<Vec<Vec<Entry>>> {
        let mut batch = Batch::default();
        let slots: Vec<_> = (0..PAGES)
            .map(|page| {
                let first = isize::try_from(start + page * ID_PAGE).unwrap_or(isize::MAX);
                let last = first.saturating_add_unsigned(ID_PAGE - 1);
                self.add_entries(&mut batch, place, first, last)
            })
            .collect();
        let mut replies = self.run(batch)?;
        Ok(slots
            .into_iter()
            .map(|slot| Self::take_entries(&mut replies, slot, place).unwrap_or_default())
            .collect())
    }

    fn look_at_all(&mut self, pages: Vec<Vec<Entry>>, waiting: &mut Waiting) -> Result<()> {
        let entries: Vec<Entry> = pages.into_iter().flatten().collect();
        for entries in entries.chunks(JOB_BATCH) {
            let ids: Vec<JobId> = entries.iter().map(|entry| entry.id.clone()).collect();
            let jobs = self.jobs(&ids, Want { ttl: true, ..Want::default() })?;
            for (entry, job) in entries.iter().zip(jobs) {
                waiting.look_at(&Sampled { entry: entry.clone(), job });
            }
        }
        Ok(())
    }
}

impl IdTally {
    pub(super) fn new(deep: bool) -> Self {
        Self { hashes: deep.then(HashSet::new), ..Self::default() }
    }

    pub(super) fn add(&mut self, id: &[u8]) {
        self.seen += 1;
        let is_fixed = if let Some((_, rest)) = self.by_site.add(id) {
            rest.starts_with(b"scheduled_job::") || rest.starts_with(b"scheduled_job||")
        } else {
            self.without_site += 1;
            is_scheduled_job_id(id)
        };
        if is_fixed {
            self.fixed.insert(JobId::new(id));
        }
        if let Some(hashes) = &mut self.hashes {
            hashes.insert(hash_of(id));
        }
    }

    /// Whether the list held this id; certain only in a deep survey, or for fixed ids.
    pub(super) fn holds(&self, id: &JobId) -> bool {
        self.fixed.contains(id)
            || self.hashes.as_ref().is_some_and(|hashes| hashes.contains(&hash_of(id.as_bytes())))
    }
}

fn hash_of(id: &[u8]) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(id)
}

impl Waiting {
    /// Concludes what one waiting job says.
    pub(super) fn look_at(&mut self, sampled: &Sampled) {
        self.looked_at += 1;
        let id = &sampled.entry.id;
        let legal = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if id.as_bytes().contains(&b':') {
            self.colon_ids.add(|| id.clone());
        }
        if !id.as_bytes().iter().all(legal) {
            self.odd_ids.add(|| id.clone());
        }
        let Ok(job) = &sampled.job else { return };
        let Some(stored) = job else {
            self.hashless.add(|| id.clone());
            return;
        };
        let job = &stored.job;
        self.oldest_at =
            [self.oldest_at, job.enqueued_at.or(job.created_at)].into_iter().flatten().min();
        if stored.ttl_s.is_some() && job.ttl_s.is_none() {
            self.expiring.add(|| stored.clone());
        }
        let stops_worker = job.bad_fields.iter().any(|bad| bad.stops_worker);
        if stops_worker || matches!(job.status, Status::Other(_)) {
            self.malformed.add(|| stored.clone());
        }
        self.tally_call(id, job);
    }

    fn tally_call(&mut self, id: &JobId, job: &Job) {
        let Some(headline) = job.description.as_deref().and_then(headline_of_description) else {
            return;
        };
        let method = if self.by_method.len() < MOST_METHODS { &*headline.method } else { "other" };
        *self.by_method.entry(method.to_owned()).or_default() += 1;
        if let (None, Some(site)) = (id.site(), headline.site) {
            *self.by_site.entry(site.into_owned()).or_default() += 1;
        }
    }
}
