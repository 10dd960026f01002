//! Carries a plan out, batch by batch: images to disk, scripts, what they did.
//!
//! While the scripts change one batch, the images of the next are packed and written: Redis works
//! then, and this program would wait. The images are on disk before their batch is changed, and
//! nothing is read of a batch that the one before could have a say in (see [`Source::next`]).
//!
//! No time limit ends it; a signal does, between two batches. A connection that is lost is opened
//! once more, and the receipts tell which jobs of the batch were changed.

mod ending;
mod turn;

use super::{BATCH, BATCH_BYTES, How};
use crate::backend::redis::images::Standing;
use crate::backend::redis::read::Store;
use crate::backend::redis::scripts::{Called, Code};
use crate::context::Context;
use crate::error::Result;
use crate::journal::{After, Ending, JobImage, Journal, Membership, OpId, Verdict};
use crate::model::id::{JobId, QueueName};
use crate::model::part::Part;
use crate::model::plan::{LeftAlone, Plan, Skipped};
use crate::report::change::ChangeReport;
use crate::sys::clock;
use crate::sys::fault;
use crate::sys::signals::Interrupts;
use crate::ui::Progress;
use ending::header_of;
use turn::reconnecting;

pub(in crate::ops) use ending::{actor, audit, header};
pub(super) use turn::standings_of;

/// What a verb does to a job.
pub trait Change {
    /// What is planned of one job.
    type Job;

    /// The job's id.
    fn id<'j>(&self, job: &'j Self::Job) -> &'j JobId;

    /// The queues in whose registries it may stand.
    fn queues(&self, job: &Self::Job) -> Vec<QueueName>;

    /// Reads what the images need beyond the jobs' own keys and sets.
    fn prepare(&mut self, _store: &mut Store, _jobs: &mut [Self::Job]) -> Result<()> {
        Ok(())
    }

    /// Reads the jobs as they stand.
    fn standings(&self, store: &mut Store, jobs: &[Self::Job]) -> Result<Vec<Part<Standing>>>
    where
        Self: Sized,
    {
        standings_of(store, self, jobs)
    }

    /// Whether an undo needs the job's own keys; not where the change leaves all of them alone.
    fn touches_keys(&self, _job: &Self::Job) -> bool {
        true
    }

    /// Why the job is to be left alone, as it stands now.
    fn refuses(&self, job: &Self::Job, standing: &Standing) -> Option<String>;

    /// Where the change leaves the job, and the list that it stands in now.
    fn after(&self, job: &Self::Job, standing: &Standing) -> (After, Option<Membership>);

    /// The sets beside the job's own that the change takes it out of.
    fn also_in(&self, _job: &Self::Job) -> Vec<Membership> {
        Vec::new()
    }

    /// Changes a batch, in its order. Called again with what is left of a batch whose connection
    /// was lost.
    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, Self::Job>],
    ) -> Result<Vec<Called>>;

    /// Told of each job that was changed.
    fn changed(&mut self, _job: &Self::Job) {}

    /// Ends the change once no batch is left, or a signal came; gives notes for the report.
    fn finish(&mut self, _store: &mut Store, _op: &OpId) -> Result<Vec<String>> {
        Ok(Vec::new())
    }
}

/// Where the batches come from.
pub trait Source<J> {
    /// The next batch. May read for it.
    ///
    /// `open` says that the last one was not changed yet. Where that matters for what comes next,
    /// or for what is read of it, the answer is [`Next::Later`].
    fn next(&mut self, store: &mut Store, open: bool) -> Result<Next<J>>;

    /// The planned jobs that it never met, or not where it met them. Asked once, after the last
    /// batch.
    fn unmet(&mut self) -> LeftAlone {
        LeftAlone::default()
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Next<J> {
    /// A batch, of one job at least.
    Batch(Vec<J>),
    /// It can be told once the last batch was changed.
    Later,
    /// Nothing.
    End,
}

impl<J> Next<J> {
    /// The same with other jobs.
    pub fn map<K>(self, job: impl FnMut(J) -> K) -> Next<K> {
        match self {
            Self::Batch(jobs) => Next::Batch(jobs.into_iter().map(job).collect()),
            Self::Later => Next::Later,
            Self::End => Next::End,
        }
    }
}

impl<J, I: Iterator<Item = Result<Vec<J>>>> Source<J> for I {
    fn next(&mut self, _store: &mut Store, open: bool) -> Result<Next<J>> {
        if open {
            return Ok(Next::Later);
        }
        Iterator::next(self).map_or(Ok(Next::End), |batch| batch.map(Next::Batch))
    }
}

/// A job of a batch.
#[derive(Debug)]
pub struct Item<'a, J> {
    /// The number of its image.
    pub number: u64,
    /// What is planned.
    pub job: &'a J,
    /// The job as its image has it.
    pub standing: &'a Standing,
}

/// Carries a plan out on `batches` of jobs, each about [`batch_size`] long.
///
/// Errors: those of the journal before anything was changed; a connection that could not be
/// opened again, with the journal left unfinished for `undo` to sort out.
pub fn apply<C: Change>(
    context: &mut Context,
    plan: Plan,
    how: &How,
    undoes: Option<&OpId>,
    change: &mut C,
    batches: &mut dyn Source<C::Job>,
) -> Result<ChangeReport> {
    let interrupts = Interrupts::catch()?;
    let header = header_of(context, &plan, how, undoes)?;
    let journals = context.journals()?;
    let journal = if how.no_undo { None } else { Some(journals.create(&header)?) };
    fault::point("journal-created");
    let progress = context.ui.progress("changing jobs", Some(plan.count));
    let mut run = Run {
        op: header.op_id.clone(),
        journal,
        report: ChangeReport::of(plan, false),
        images: 0,
        receipted: 0,
        open: false,
    };
    let mut ready = None;
    let mut ended = loop {
        if let Some(signal) = interrupts.seen() {
            run.report.interrupted_by = Some(signal);
            break Ok(Ending::Interrupted);
        }
        let next = match reconnecting(context, |store| batches.next(store, ready.is_some())) {
            Ok(next) => next,
            Err(error) => break Err(error),
        };
        let step = match (ready.take(), next) {
            (None, Next::Batch(jobs)) => run.first(context, change, jobs).map(Some),
            (None, Next::Later | Next::End) => break Ok(Ending::Done),
            (Some(batch), Next::Batch(jobs)) => {
                run.change_beside(context, change, &batch, jobs, &progress).map(Some)
            }
            (Some(batch), Next::Later | Next::End) => {
                run.change_alone(context, change, &batch, &progress).map(|()| None)
            }
        };
        match step {
            Ok(next) => ready = next,
            Err(error) => break Err(error),
        }
    };
    if let Some(batch) = ready
        && let Err(error) = run.leave(&batch)
    {
        ended = ended.and(Err(error));
    }
    drop(progress);
    if matches!(ended, Ok(Ending::Done)) {
        run.report.leave(&batches.unmet());
    }
    if ended.is_ok() {
        match context.store().and_then(|store| change.finish(store, &run.op)) {
            Ok(notes) => run.report.notes.extend(notes),
            Err(error) => ended = Err(error),
        }
    }
    run.finish(context, &header, &journals, how, ended)
}

/// An operation that is being carried out.
struct Run {
    op: OpId,
    journal: Option<Journal>,
    report: ChangeReport,
    /// Images so far.
    images: u64,
    /// Receipts in Redis whose confirmation is in the journal, but perhaps not on disk yet.
    receipted: usize,
    /// Whether it is unknown what became of the last batch.
    open: bool,
}

/// A batch whose images are on disk.
struct Ready<J> {
    /// The number of the first image.
    first: u64,
    jobs: Vec<(J, Standing)>,
}

impl<J> Ready<J> {
    fn items(&self) -> Vec<Item<'_, J>> {
        (self.first..)
            .zip(&self.jobs)
            .map(|(number, (job, standing))| Item { number, job, standing })
            .collect()
    }
}

/// A batch that was read, with its images. The keys are lent to these until they are written: they
/// are most of what a batch takes in memory.
struct Read<J> {
    jobs: Vec<(J, Standing)>,
    images: Vec<JobImage>,
    taken_at_ms: i64,
}

impl<J> Read<J> {
    /// The batch once its images are written.
    fn into_ready(self, first: u64) -> Ready<J> {
        let mut jobs = self.jobs;
        for ((_, standing), image) in jobs.iter_mut().zip(self.images) {
            // Empty where the change leaves the keys alone: then they were not lent.
            if !image.keys.is_empty() {
                standing.keys = image.keys;
            }
        }
        Ready { first, jobs }
    }
}

/// Puts images on disk, and with them what was confirmed before.
fn write(journal: Option<&mut Journal>, taken_at_ms: i64, images: &[JobImage]) -> Result<()> {
    if let Some(journal) = journal {
        journal.images(taken_at_ms, images)?;
        journal.sync()?;
    }
    fault::point("images-synced");
    Ok(())
}

impl Run {
    /// Reads the first batch, or one behind which nothing could be read, and puts its images on
    /// disk.
    fn first<C: Change>(
        &mut self,
        context: &mut Context,
        change: &mut C,
        jobs: Vec<C::Job>,
    ) -> Result<Ready<C::Job>> {
        let read = self.read(context, change, jobs)?;
        write(self.journal.as_mut(), read.taken_at_ms, &read.images)?;
        self.drop_receipts(context)?;
        let first = self.number(read.jobs.len());
        Ok(read.into_ready(first))
    }

    /// Changes a batch while the images of the next are written.
    fn change_beside<C: Change>(
        &mut self,
        context: &mut Context,
        change: &mut C,
        batch: &Ready<C::Job>,
        next: Vec<C::Job>,
        progress: &Progress,
    ) -> Result<Ready<C::Job>> {
        let next = self.read(context, change, next)?;
        let (op, mut journal) = (self.op.clone(), self.journal.take());
        self.open = true;
        let (changed, written) = std::thread::scope(|threads| {
            let (journal, images, taken_at_ms) = (journal.as_mut(), &next.images, next.taken_at_ms);
            let writing = threads.spawn(move || write(journal, taken_at_ms, images));
            let changed = turn::change(&op, context, change, &batch.items());
            let written = writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (changed, written)
        });
        self.journal = journal;
        let (codes, failed) = changed?;
        fault::point("script-replied");
        if written.is_ok() {
            self.drop_receipts(context)?;
        }
        self.confirm(change, batch, &codes)?;
        progress.add(batch.jobs.len() as u64);
        fault::point("confirmed");
        written?;
        failed.map_or(Ok(()), Err)?;
        let first = self.number(next.jobs.len());
        Ok(next.into_ready(first))
    }

    /// Changes a batch behind which nothing can be read yet.
    fn change_alone<C: Change>(
        &mut self,
        context: &mut Context,
        change: &mut C,
        batch: &Ready<C::Job>,
        progress: &Progress,
    ) -> Result<()> {
        self.open = true;
        let (codes, failed) = turn::change(&self.op, context, change, &batch.items())?;
        fault::point("script-replied");
        self.confirm(change, batch, &codes)?;
        progress.add(batch.jobs.len() as u64);
        fault::point("confirmed");
        failed.map_or(Ok(()), Err)
    }

    /// Notes that a batch whose images are on disk is not going to be changed.
    fn leave<J>(&mut self, batch: &Ready<J>) -> Result<()> {
        let Some(journal) = &mut self.journal else { return Ok(()) };
        journal.confirm(batch.first, &vec![Verdict::Untouched; batch.jobs.len()])
    }

    /// Reads a batch, leaves out what is to be left alone, and makes the images.
    fn read<C: Change>(
        &mut self,
        context: &mut Context,
        change: &mut C,
        mut jobs: Vec<C::Job>,
    ) -> Result<Read<C::Job>> {
        let standings = reconnecting(context, |store| {
            change.prepare(store, &mut jobs)?;
            change.standings(store, &jobs)
        })?;
        let taken_at_ms = clock::now().as_millisecond();
        let mut chosen: Vec<(C::Job, Standing)> = Vec::with_capacity(jobs.len());
        for (job, standing) in jobs.into_iter().zip(standings) {
            let reason = match &standing {
                Ok(standing) => change.refuses(&job, standing),
                Err(lack) => Some(format!("it cannot be read: {lack}")),
            };
            match (reason, standing) {
                (None, Ok(standing)) => chosen.push((job, standing)),
                (reason, _) => self.skip(change.id(&job), reason.unwrap_or_default()),
            }
        }
        let images =
            if self.journal.is_some() { images_of(change, &mut chosen) } else { Vec::new() };
        Ok(Read { jobs: chosen, images, taken_at_ms })
    }

    /// Gives a batch of images its numbers; returns the first.
    fn number(&mut self, jobs: usize) -> u64 {
        let first = self.images;
        self.images += jobs as u64;
        first
    }

    /// Drops the receipts of what was confirmed before the last images were synced: that sync
    /// carried the confirmations to disk as well.
    fn drop_receipts(&mut self, context: &mut Context) -> Result<()> {
        match std::mem::take(&mut self.receipted) {
            0 => Ok(()),
            receipted => {
                let op = self.op.clone();
                reconnecting(context, |store| store.drop_receipts(&op, receipted))
            }
        }
    }

    /// Writes down what became of a batch.
    fn confirm<C: Change>(
        &mut self,
        change: &mut C,
        batch: &Ready<C::Job>,
        codes: &[Code],
    ) -> Result<()> {
        let mut verdicts = Vec::with_capacity(codes.len());
        for ((job, _), code) in batch.jobs.iter().zip(codes) {
            if *code == Code::Done {
                self.report.add_changed(1);
                self.receipted += 1;
                change.changed(job);
            } else if *code != Code::Missed {
                self.skip(change.id(job), code.reason().to_owned());
            }
            let done = *code == Code::Done;
            verdicts.push(if done { Verdict::Changed } else { Verdict::Untouched });
        }
        if let Some(journal) = &mut self.journal {
            journal.confirm(batch.first, &verdicts)?;
        }
        self.open = false;
        Ok(())
    }

    fn skip(&mut self, id: &JobId, reason: String) {
        self.report.skip(Skipped { id: id.clone(), reason });
    }
}

/// The images of jobs, to which the keys of their standings are lent.
fn images_of<C: Change>(change: &C, chosen: &mut [(C::Job, Standing)]) -> Vec<JobImage> {
    let image = |(job, standing): &mut (C::Job, Standing)| {
        let (after, list) = change.after(job, standing);
        let memberships = list.into_iter().chain(standing.memberships.iter().cloned());
        let memberships = memberships.chain(change.also_in(job)).collect();
        let id = change.id(job).as_bytes().to_vec();
        let lent = change.touches_keys(job).then(|| std::mem::take(&mut standing.keys));
        JobImage { id, after, memberships, keys: lent.unwrap_or_default() }
    };
    chosen.iter_mut().map(image).collect()
}

/// So many jobs that their images stay within bounds.
pub fn batch_size(plan: &Plan) -> usize {
    let each = plan.bytes_to_journal.unwrap_or(0) / plan.count.max(1);
    usize::try_from(BATCH_BYTES / each.max(1)).map_or(BATCH, |fits| fits.clamp(1, BATCH))
}
