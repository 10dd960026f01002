//! Carries a plan out, batch by batch: images to disk, scripts, what they did.
//!
//! No time limit ends it; a signal does, between two batches. A connection that is lost is opened
//! once more, and the receipts tell which jobs of the batch were changed.

use jiff::Timestamp;

use super::{BATCH, BATCH_BYTES, How};
use crate::backend::redis::images::Standing;
use crate::backend::redis::read::Store;
use crate::backend::redis::scripts::{Called, Code};
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::journal::{
    Actor, After, AuditLine, End, Ending, Header, JobImage, Journal, JournalDir, KEPT_BYTES,
    KEPT_FOR, Membership, OpId, Verdict,
};
use crate::model::id::{JobId, QueueName};
use crate::model::part::Part;
use crate::model::plan::{Plan, Skipped};
use crate::report::change::ChangeReport;
use crate::secrets::Secrets;
use crate::sys::clock;
use crate::sys::fault;
use crate::sys::proc::hostname;
use crate::sys::signals::Interrupts;

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
        let next = match context.store() {
            Ok(store) => batches.next(store),
            Err(error) => Some(Err(error)),
        };
        let batch = match next {
            None => break,
            Some(Ok(batch)) => batch,
            Some(Err(error)) => {
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

    /// Runs the scripts on a batch; returns a code per job, and what refused some of them.
    fn change<C: Change>(
        &self,
        context: &mut Context,
        change: &mut C,
        items: &[Item<'_, C::Job>],
    ) -> Result<(Vec<Code>, Option<anyhow::Error>)> {
        let called = context.store().and_then(|store| change.act(store, &self.op, items));
        let called = match called {
            Ok(called) => called,
            Err(error) if is_lost(&error) => self.change_again(context, change, items, error)?,
            Err(error) => return Err(error),
        };
        let Some(refusal) = called.iter().find_map(|called| called.as_ref().err()).cloned() else {
            return Ok((called.into_iter().flatten().collect(), None));
        };
        // A refusal may come in the middle of a script: only the receipt tells.
        let receipts = context.store()?.receipts(&self.op)?;
        let codes = called.iter().zip(items).map(|(called, item)| match called {
            Ok(code) => *code,
            Err(_) if receipts.contains(&item.number) => Code::Done,
            Err(_) => Code::Changed,
        });
        let failure = context.store()?.link().refused("change jobs", &refusal);
        Ok((codes.collect(), Some(failure.into())))
    }

    /// After a lost connection: what the receipts have was done, the rest is tried once more.
    fn change_again<C: Change>(
        &self,
        context: &mut Context,
        change: &mut C,
        items: &[Item<'_, C::Job>],
        error: anyhow::Error,
    ) -> Result<Vec<Called>> {
        context.disconnect();
        let receipts = context.store().and_then(|store| store.receipts(&self.op));
        let Ok(receipts) = receipts else { return Err(error) };
        let rest: Vec<Item<'_, C::Job>> = items
            .iter()
            .filter(|item| !receipts.contains(&item.number))
            .map(|item| Item { number: item.number, job: item.job, standing: item.standing })
            .collect();
        let store = context.store()?;
        let mut again = change.act(store, &self.op, &rest)?.into_iter();
        // The lost connection's commands may have run as late as during this turn.
        let receipts = store.receipts(&self.op)?;
        Ok(items
            .iter()
            .map(|item| {
                let retried = rest.iter().any(|other| other.number == item.number);
                let called = if retried { again.next() } else { None };
                match called {
                    _ if receipts.contains(&item.number) => Ok(Code::Done),
                    Some(called) => called,
                    None => Ok(Code::Done),
                }
            })
            .collect())
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
                verdicts.push(Verdict::Changed);
            } else {
                self.skip(change.id(item.job), code.reason().to_owned());
                verdicts.push(Verdict::Untouched);
            }
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

    /// Ends the journal, drops the receipts, writes the audit line.
    fn finish(
        mut self,
        context: &mut Context,
        header: &Header,
        journals: &JournalDir,
        how: &How,
        ended: Result<Ending>,
    ) -> Result<ChangeReport> {
        let end = End {
            ended_at: clock::now(),
            ending: *ended.as_ref().unwrap_or(&Ending::Failed),
            changed: self.report.changed,
            skipped: self.report.skipped,
        };
        fault::point("before-end");
        // With a batch of which nothing is known the journal stays open: the receipts are needed.
        let closed = if self.open {
            Ok(())
        } else {
            self.close(context, &end)
                .and_then(|()| journals.audit(&AuditLine::of(header, &end, self.journal.is_some())))
        };
        fault::point("ended");
        if let Err(error) = ended.and(closed) {
            return Err(self.explain(context, error));
        }
        let kept_for = how.kept_for.unwrap_or(KEPT_FOR);
        if let Err(error) = journals.prune(end.ended_at, kept_for, KEPT_BYTES, false) {
            self.report.notes.push(format!("old journals were not removed: {error:#}"));
        }
        self.report.op_id = Some(self.op);
        self.report.undoable = self.journal.is_some() && self.report.changed > 0;
        self.report.named_skipped = how.named && self.report.skipped > 0;
        Ok(self.report)
    }

    fn close(&mut self, context: &mut Context, end: &End) -> Result<()> {
        if let Some(journal) = &mut self.journal {
            journal.end(end)?;
        }
        let op = self.op.clone();
        // A receipt that stays behind costs a few bytes; the journal has what it says.
        let forgotten = reconnecting(context, |store| store.forget_receipts(&op));
        if let Err(error) = forgotten {
            self.report.notes.push(format!("receipts were left in Redis: {error:#}"));
        }
        Ok(())
    }

    /// An error in the middle, with how far it got and how to go on.
    fn explain(&self, context: &Context, error: anyhow::Error) -> anyhow::Error {
        let Some(kind) = failure_of(&error).map(Failure::kind) else { return error };
        if self.report.changed == 0 && !self.open {
            return error;
        }
        let done = self.report.changed;
        let told = if self.open { "at least " } else { "" };
        let failure = Failure::new(
            kind,
            format!("stopped in the middle of operation `{}`, {told}{done} jobs changed", self.op),
        );
        let undo = context.target().map(|target| target.undo_command(self.op.as_str()));
        let failure = failure.because(error);
        match (undo, &self.journal) {
            (Ok(undo), Some(_)) => failure.hint(format!("undo with: {undo}")).into(),
            _ => failure.into(),
        }
    }
}

/// Runs a read, or a write that may be repeated, and once more on a new connection where the first
/// is lost.
fn reconnecting<T>(
    context: &mut Context,
    mut run: impl FnMut(&mut Store) -> Result<T>,
) -> Result<T> {
    match context.store().and_then(&mut run) {
        Err(error) if is_lost(&error) => {
            context.disconnect();
            context.store().and_then(run)
        }
        result => result,
    }
}

fn is_lost(error: &anyhow::Error) -> bool {
    matches!(failure_of(error).map(Failure::kind), Some(Kind::Unreachable | Kind::TryAgain))
}

/// Reads jobs with the sets of the queues that the change names.
pub(super) fn standings_of<C: Change>(
    store: &mut Store,
    change: &C,
    jobs: &[C::Job],
) -> Result<Vec<Part<Standing>>> {
    let queues: Vec<Vec<QueueName>> = jobs.iter().map(|job| change.queues(job)).collect();
    let asked: Vec<(&JobId, &[QueueName])> =
        jobs.iter().zip(&queues).map(|(job, queues)| (change.id(job), queues.as_slice())).collect();
    store.standings(&asked)
}

/// Writes the audit line of an operation that keeps no journal.
pub(in crate::ops) fn audit(
    context: &Context,
    plan: &Plan,
    how: &How,
    ending: Ending,
    changed: u64,
) -> Result<()> {
    let header = header_of(context, plan, how, None)?;
    let skipped = plan.count.saturating_sub(changed);
    let end = End { ended_at: clock::now(), ending, changed, skipped };
    context.journals()?.audit(&AuditLine::of(&header, &end, false))
}

/// So many jobs that their images stay within bounds.
pub fn batch_size(plan: &Plan) -> usize {
    let each = plan.bytes_to_journal.unwrap_or(0) / plan.count.max(1);
    usize::try_from(BATCH_BYTES / each.max(1)).map_or(BATCH, |fits| fits.clamp(1, BATCH))
}

fn header_of(context: &Context, plan: &Plan, how: &How, undoes: Option<&OpId>) -> Result<Header> {
    header(context, plan.kind.word(), plan.count, how, undoes)
}

/// The beginning of an operation's journal; `planned` counts what it is going to change.
pub(in crate::ops) fn header(
    context: &Context,
    verb: &str,
    planned: u64,
    how: &How,
    undoes: Option<&OpId>,
) -> Result<Header> {
    let scope = context.scope()?;
    let began_at: Timestamp = clock::now();
    // Always masked: the log outlives the moment in which somebody wanted to see secrets.
    let masked = |text: &str| Secrets::new(false).text(text).into_owned();
    let words: Vec<String> = std::env::args_os()
        .map(|word| crate::render::sanitize::shell_quote(&word.to_string_lossy()).into_owned())
        .collect();
    Ok(Header {
        op_id: OpId::new(began_at),
        verb: verb.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        began_at,
        actor: actor(),
        reason: how.reason.as_deref().map(masked),
        command: masked(&words.join(" ")),
        bench: scope.bench,
        redis: scope.redis.unwrap_or_default(),
        key_prefix: crate::context::keys().prefix().to_owned(),
        planned,
        undoes: undoes.cloned(),
    })
}

/// Who runs this process.
pub(in crate::ops) fn actor() -> Actor {
    let uid = nix::unistd::getuid();
    let user = nix::unistd::User::from_uid(uid).ok().flatten();
    Actor {
        user: user.map_or_else(|| uid.to_string(), |user| user.name),
        sudo_user: crate::env::read(crate::env::SUDO_USER),
        host: hostname(),
    }
}
