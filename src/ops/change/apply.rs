//! Carries a plan out, batch by batch: images to disk, scripts, what they did.
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
    /// The next batch; `None` when there is none. May read for it.
    fn next(&mut self, store: &mut Store) -> Option<Result<Vec<J>>>;

    /// The planned jobs that it never met, or not where it met them. Asked once, after the last
    /// batch.
    fn unmet(&mut self) -> LeftAlone {
        LeftAlone::default()
    }
}

impl<J, I: Iterator<Item = Result<Vec<J>>>> Source<J> for I {
    fn next(&mut self, _store: &mut Store) -> Option<Result<Vec<J>>> {
        Iterator::next(self)
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
    let mut ended = Ok(Ending::Done);
    loop {
        if let Some(signal) = interrupts.seen() {
            run.report.interrupted_by = Some(signal);
            ended = Ok(Ending::Interrupted);
            break;
        }
        let batch = match reconnecting(context, |store| batches.next(store).transpose()) {
            Ok(None) => break,
            Ok(Some(batch)) => batch,
            Err(error) => {
                ended = Err(error);
                break;
            }
        };
        let count = batch.len() as u64;
        if let Err(error) = run.batch(context, change, batch) {
            ended = Err(error);
            break;
        }
        progress.add(count);
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

impl Run {
    fn batch<C: Change>(
        &mut self,
        context: &mut Context,
        change: &mut C,
        mut jobs: Vec<C::Job>,
    ) -> Result<()> {
        let (jobs, standings) = reconnecting(context, |store| {
            change.prepare(store, &mut jobs)?;
            change.standings(store, &jobs)
        })
        .map(|standings| (jobs, standings))?;
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
        let first = self.remember(change, &mut chosen, taken_at_ms)?;
        fault::point("images-synced");
        if self.receipted > 0 {
            // The sync of the images carried the confirmations before them to disk as well.
            let receipted = std::mem::take(&mut self.receipted);
            let op = self.op.clone();
            reconnecting(context, |store| store.drop_receipts(&op, receipted))?;
        }
        let items: Vec<Item<'_, C::Job>> = (first..)
            .zip(&chosen)
            .map(|(number, (job, standing))| Item { number, job, standing })
            .collect();
        self.open = true;
        let (codes, failed) = self.change(context, change, &items)?;
        fault::point("script-replied");
        self.confirm(change, &items, &codes, first)?;
        fault::point("confirmed");
        failed.map_or(Ok(()), Err)
    }

    /// Puts the images on disk; returns the number of the first.
    fn remember<C: Change>(
        &mut self,
        change: &C,
        chosen: &mut [(C::Job, Standing)],
        taken_at_ms: i64,
    ) -> Result<u64> {
        let first = self.images;
        self.images += chosen.len() as u64;
        let Some(journal) = &mut self.journal else { return Ok(first) };
        let images: Vec<JobImage> = chosen
            .iter_mut()
            .map(|(job, standing)| {
                let (after, list) = change.after(job, standing);
                let memberships = list.into_iter().chain(standing.memberships.iter().cloned());
                let memberships = memberships.chain(change.also_in(job)).collect();
                let id = change.id(job).as_bytes().to_vec();
                // Lent to the image: they are most of what a batch takes in memory.
                let lent = change.touches_keys(job).then(|| std::mem::take(&mut standing.keys));
                let keys = lent.unwrap_or_default();
                JobImage { id, after, memberships, keys }
            })
            .collect();
        journal.images(taken_at_ms, &images)?;
        for ((job, standing), image) in chosen.iter_mut().zip(images) {
            if change.touches_keys(job) {
                standing.keys = image.keys;
            }
        }
        journal.sync()?;
        Ok(first)
    }

    /// Writes down what became of a batch.
    fn confirm<C: Change>(
        &mut self,
        change: &mut C,
        items: &[Item<'_, C::Job>],
        codes: &[Code],
        first: u64,
    ) -> Result<()> {
        let mut verdicts = Vec::with_capacity(codes.len());
        for (item, code) in items.iter().zip(codes) {
            if *code == Code::Done {
                self.report.add_changed(1);
                self.receipted += 1;
                change.changed(item.job);
            } else if *code != Code::Missed {
                self.skip(change.id(item.job), code.reason().to_owned());
            }
            let done = *code == Code::Done;
            verdicts.push(if done { Verdict::Changed } else { Verdict::Untouched });
        }
        if let Some(journal) = &mut self.journal {
            journal.confirm(first, &verdicts)?;
        }
        self.open = false;
        Ok(())
    }

    fn skip(&mut self, id: &JobId, reason: String) {
        self.report.skip(Skipped { id: id.clone(), reason });
    }
}

/// So many jobs that their images stay within bounds.
pub fn batch_size(plan: &Plan) -> usize {
    let each = plan.bytes_to_journal.unwrap_or(0) / plan.count.max(1);
    usize::try_from(BATCH_BYTES / each.max(1)).map_or(BATCH, |fits| fits.clamp(1, BATCH))
}
