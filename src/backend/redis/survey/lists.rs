//! Lists that are longer than a page, and what is concluded from each waiting job.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::super::batch::Batch;
use super::super::read::{Entry, ID_PAGE, JOB_BATCH, Place, Store, Want};
use super::collect::Opened;
use super::{IdTally, Sampled, Waiting};
use crate::codec::frappe::headline_of_description;
use crate::error::Result;
use crate::model::id::{JobId, is_scheduled_job_id};
use crate::model::job::{Job, Status};

/// Pages of ids asked for in one round trip: the next ones are on their way while one is read.
const PAGES: usize = 4;

/// Methods told apart per queue.
const MOST_METHODS: usize = 1_000;

impl Store {
    /// Counts the ids behind the first page; a deep survey looks at every job, too.
    pub(super) fn read_long_lists(&mut self, queues: &mut [Opened], deep: bool) -> Result<()> {
        for queue in queues {
            let listed = usize::try_from(queue.survey.counts.queued.unwrap_or(0)).unwrap_or(0);
            let place = Place::Queue(queue.survey.name.clone());
            let mut start = ID_PAGE;
            while start < listed {
                let pages = self.pages(&place, start)?;
                let read: usize = pages.iter().map(Vec::len).sum();
                for entry in pages.iter().flatten() {
                    queue.survey.ids.add(&entry.id);
                }
                if deep {
                    self.look_at_all(pages, &mut queue.survey.waiting)?;
                }
                if read < PAGES * ID_PAGE {
                    break;
                }
                start += PAGES * ID_PAGE;
            }
            queue.survey.waiting.complete |= deep;
        }
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

    pub(super) fn add(&mut self, id: &JobId) {
        self.seen += 1;
        match id.site() {
            Some(site) => match self.by_site.get_mut(site) {
                Some(count) => *count += 1,
                None => {
                    self.by_site.insert(site.to_owned(), 1);
                }
            },
            None => self.without_site += 1,
        }
        if is_scheduled_job_id(id.as_bytes()) {
            self.fixed.insert(id.clone());
        }
        if let Some(hashes) = &mut self.hashes {
            hashes.insert(hash_of(id));
        }
    }

    /// Whether the list held this id; certain only in a deep survey, or for fixed ids.
    pub(super) fn holds(&self, id: &JobId) -> bool {
        self.fixed.contains(id)
            || self.hashes.as_ref().is_some_and(|hashes| hashes.contains(&hash_of(id)))
    }
}

fn hash_of(id: &JobId) -> u64 {
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
