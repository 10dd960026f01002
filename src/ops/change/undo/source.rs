//! Reads the chosen images again, batch by batch, in the order in which they can be put back.
//!
//! First come those that the operation left in no list, as the journal has them. Then, list by
//! list, those that it left in one: the list is walked over, and each job's image is looked up by
//! its number. Both are in about the same order, so a frame is read once, seldom twice.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::choice::Frame;
use super::restoring::UndoneJob;
use crate::backend::redis::list_removal::Course;
use crate::backend::redis::read::{Place, Store};
use crate::error::Result;
use crate::journal::{After, ImageBatch, JournalReader, Step};
use crate::model::id::{JobId, QueueName};
use crate::model::id_set::IdSetBuilder;
use crate::model::plan::{LeftAlone, PlannedJob};
use crate::model::selection::State;
use crate::ops::change::apply::{Next, Source};
use crate::ops::change::choose::{Target, Targets};
use crate::ops::change::walk::Walk;

/// Frames that are kept: jobs of one batch may come from two.
const KEPT_FRAMES: usize = 2;

/// Chosen jobs that the operation left in one list.
#[derive(Default)]
pub(super) struct Listed {
    ids: IdSetBuilder,
    numbers: Vec<u32>,
}

impl Listed {
    /// Adds a job by the number of its image.
    pub(super) fn add(&mut self, id: &[u8], number: u64) {
        self.ids.add(id);
        self.numbers.push(u32::try_from(number).unwrap_or(u32::MAX));
    }
}

/// The batches of an undo.
pub(super) struct Batches {
    walk: Walk,
    inner: RefCell<Inner>,
}

struct Inner {
    reader: JournalReader,
    chosen: Vec<bool>,
    frames: Vec<Frame>,
    /// Frames that were read last.
    kept: Vec<ImageBatch>,
    /// Of each list, which image a job has.
    numbers: BTreeMap<QueueName, Numbers>,
    /// Whether all frames were read for what stands in no list.
    streamed: bool,
}

/// The numbers of images, by the position of the job in its set.
type Numbers = Vec<u32>;

impl Batches {
    /// Is going to read `chosen` images of the journal, at most `size` jobs of a list at a time.
    pub(super) fn new(
        reader: JournalReader,
        chosen: Vec<bool>,
        frames: Vec<Frame>,
        listed: BTreeMap<QueueName, Listed>,
        size: usize,
    ) -> Self {
        let mut targets = Targets::default();
        let mut numbers = BTreeMap::new();
        for (queue, Listed { ids, numbers: of_ids }) in listed {
            let (ids, of_set) = ids.build_numbered(&of_ids);
            numbers.insert(queue.clone(), of_set);
            targets.places.push(Target { place: Place::Queue(queue), state: State::Queued, ids });
        }
        // What goes back into the same list is put at its tail.
        let walk = Walk::new(targets, Course::FromHead, size);
        let kept = Vec::new();
        let inner = Inner { reader, chosen, frames, kept, numbers, streamed: false };
        Self { walk, inner: RefCell::new(inner) }
    }

    /// The walk through the lists.
    pub(super) const fn walk(&self) -> &Walk {
        &self.walk
    }

    fn of_lists(&self, store: &mut Store) -> Result<Next<UndoneJob>> {
        let jobs = match (&self.walk).next(store, false)? {
            Next::Batch(jobs) => jobs,
            Next::Later | Next::End => return Ok(Next::End),
        };
        let mut inner = self.inner.borrow_mut();
        let numbered = |job: PlannedJob| {
            let number = self.walk.position(&job.id).and_then(|at| {
                inner.numbers.get(&job.queue)?.get(at).map(|number| u64::from(*number))
            });
            Some((number?, job))
        };
        let numbered: Vec<(u64, PlannedJob)> = jobs.into_iter().filter_map(numbered).collect();
        inner.with_images(numbered).map(Next::Batch)
    }
}

impl Source<UndoneJob> for &Batches {
    fn next(&mut self, store: &mut Store, open: bool) -> Result<Next<UndoneJob>> {
        // Whether a job may be put back can depend on one that is put back before it.
        if open {
            return Ok(Next::Later);
        }
        let streamed = self.inner.borrow_mut().of_no_list()?;
        streamed.map_or_else(|| self.of_lists(store), |jobs| Ok(Next::Batch(jobs)))
    }

    fn unmet(&mut self) -> LeftAlone {
        (&self.walk).unmet()
    }
}

impl Inner {
    /// The next chosen ones that the operation left in no list; `None` at the end.
    fn of_no_list(&mut self) -> Result<Option<Vec<UndoneJob>>> {
        while !self.streamed {
            match self.reader.step()? {
                Some(Step::Images(batch)) => {
                    let jobs = self.chosen_of(batch);
                    if !jobs.is_empty() {
                        return Ok(Some(jobs));
                    }
                }
                Some(_) => {}
                None => self.streamed = true,
            }
        }
        Ok(None)
    }

    fn chosen_of(&self, batch: ImageBatch) -> Vec<UndoneJob> {
        let chosen = |number: u64| {
            usize::try_from(number).ok().and_then(|at| self.chosen.get(at).copied()) == Some(true)
        };
        let taken_at_ms = batch.taken_at_ms;
        (batch.first..)
            .zip(batch.images)
            .filter(|(number, _)| chosen(*number))
            .filter(|(_, image)| !matches!(image.after, After::InList { .. }))
            .map(|(number, image)| {
                let id = JobId::new(image.id.clone());
                UndoneJob { number, id, image, taken_at_ms, spot: None }
            })
            .collect()
    }

    /// Gives jobs their images, in the order in which they come.
    fn with_images(&mut self, jobs: Vec<(u64, PlannedJob)>) -> Result<Vec<UndoneJob>> {
        let mut by_number: Vec<(usize, (u64, PlannedJob))> = jobs.into_iter().enumerate().collect();
        by_number.sort_unstable_by_key(|(_, (number, _))| *number);
        let mut found = Vec::with_capacity(by_number.len());
        for (at, (number, job)) in by_number {
            let frame = self.frame_of(number)?;
            let image = number.checked_sub(frame.first).and_then(|n| usize::try_from(n).ok());
            let image = image.and_then(|at| frame.images.get(at)).cloned();
            let Some(image) = image.filter(|image| image.id == job.id.as_bytes()) else { continue };
            let taken_at_ms = frame.taken_at_ms;
            found.push((at, UndoneJob { number, id: job.id, image, taken_at_ms, spot: job.spot }));
        }
        found.sort_unstable_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, job)| job).collect())
    }

    /// The frame with the image of that number.
    fn frame_of(&mut self, number: u64) -> Result<&ImageBatch> {
        let holds = |batch: &ImageBatch| {
            number.checked_sub(batch.first).is_some_and(|at| at < batch.images.len() as u64)
        };
        let known = self.kept.iter().position(holds);
        if let Some(at) = known {
            let frame = self.kept.remove(at);
            self.kept.push(frame);
        } else {
            let at = self.frames.partition_point(|frame| frame.first <= number);
            let position = at.checked_sub(1).and_then(|at| self.frames.get(at)).map(|f| f.position);
            let frame = position.map(|position| self.read(position)).transpose()?.flatten();
            if self.kept.len() >= KEPT_FRAMES {
                self.kept.remove(0);
            }
            let nothing = ImageBatch { first: number, taken_at_ms: 0, images: Vec::new() };
            self.kept.push(frame.unwrap_or(nothing));
        }
        // Something was pushed on either way.
        self.kept.last().ok_or_else(|| anyhow::anyhow!("no frame of the journal is kept"))
    }

    fn read(&mut self, position: u64) -> Result<Option<ImageBatch>> {
        self.reader.go_to(position)?;
        Ok(match self.reader.step()? {
            Some(Step::Images(batch)) => Some(batch),
            _ => None,
        })
    }
}
