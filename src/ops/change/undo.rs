//! Takes an operation back: puts its jobs where they stood, or removes those that it made.
//!
//! Only what is known to have been changed by the operation is touched: its journal says so, or,
//! where a crash came between, its receipts in Redis. Whatever has moved on since is left alone.

use std::collections::HashSet;
use std::fs::File;

use nix::fcntl::Flock;

use super::apply::{Change, Item, actor, standings_of};
use super::rows::Rows;
use super::{Go, How, apply, approve};
use crate::backend::redis::images::Standing;
use crate::backend::redis::keys::{Key, Keys};
use crate::backend::redis::read::Store;
use crate::backend::redis::restore::Restore;
use crate::backend::redis::scripts::{Called, Code};
use crate::backend::redis::write::{Hold, Marked};
use crate::codec::payload::Decoder;
use crate::context::{Context, local_processes};
use crate::error::{Failure, Kind, Result};
use crate::journal::{
    After, AuditLine, End, Ending, ImageBatch, JobImage, Journal, JournalDir, JournalReader,
    KeyValue, Membership, OpId, Step, Verdict,
};
use crate::model::id::{JobId, QueueName, is_scheduled_job_id};
use crate::model::part::Part;
use crate::model::plan::{Plan, Skipped, Verb};
use crate::model::queue::Registry;
use crate::model::worker::Alive;
use crate::report::change::ChangeReport;
use crate::sys::clock;

/// What an undo takes beyond the flags of every mutation.
#[derive(Debug, Clone, Copy, Default)]
pub struct UndoOptions {
    /// Restore jobs of which it is not known whether the operation removed them.
    pub force: bool,
    /// Restore fixed ids that a scheduler may have enqueued and run since.
    pub include_fixed_ids: bool,
}

/// Stands for the end of a list where the index is not known.
const AT_THE_TAIL: u64 = i64::MAX as u64;

/// Undoes an operation.
///
/// Errors: `NotFound` where there is no such operation, `TryAgain` while it or its undo runs,
/// `Config` where it was done on another Redis or its ids cannot be run by the present workers.
pub fn undo(
    context: &mut Context,
    op: &OpId,
    options: UndoOptions,
    how: &How,
) -> Result<ChangeReport> {
    let journals = context.journals()?;
    if !how.dry_run {
        approve::check_read_only(context, Verb::Undo)?;
    }
    check_place(context, &journals, op, options)?;
    // Held to the end: two undos at once would restore a job twice.
    let _held = recover(context, &journals, op, how.dry_run)?;
    let mut reader = journals.open(op)?;
    let undone = undone_ids(context, &journals, op, how.dry_run)?;
    let mut choice = Choice::new(options, &mut reader, undone)?;
    let (plan, chosen) = choice.plan(context, &mut reader, how)?;
    refuse_unrunnable(context, &choice)?;
    if approve(context, &plan, how)? == Go::No {
        return Ok(ChangeReport::of(plan, how.dry_run));
    }
    let mut undoing = Undoing::new(context.store()?.keys().clone());
    let mut batches = Batches { reader, chosen };
    apply(context, plan, how, Some(op), &mut undoing, &mut batches)
}

/// The newest operation that may be undone.
pub fn last(context: &Context) -> Result<Option<OpId>> {
    let journals = context.journals()?;
    let mut undone: HashSet<OpId> = HashSet::new();
    for op in journals.ids()? {
        let Ok(reader) = journals.open(&op) else { continue };
        undone.extend(reader.header().undoes.clone());
        if reader.header().undoes.is_none() && !undone.contains(&op) {
            return Ok(Some(op));
        }
    }
    Ok(None)
}

fn check_place(
    context: &Context,
    journals: &JournalDir,
    op: &OpId,
    options: UndoOptions,
) -> Result<()> {
    let reader = journals.open(op)?;
    let header = reader.header();
    let here = context.scope()?.redis.unwrap_or_default();
    let prefix = crate::context::keys();
    if (header.redis == here && header.key_prefix == prefix.prefix()) || options.force {
        return Ok(());
    }
    Err(Failure::new(
        Kind::Config,
        format!("cannot undo `{op}` here: it was done on the Redis `{}`", header.redis),
    )
    .hint("name that Redis with --redis; where it only has another address now: --force")
    .into())
}

/// What keeps others from an operation.
enum Held {
    /// An operation that ended.
    Ended(#[expect(dead_code, reason = "kept for its lock")] Flock<File>),
    /// One that a crash had left open.
    Recovered(#[expect(dead_code, reason = "kept for its lock")] Journal),
}

/// Locks an operation; writes down what its receipts tell where a crash kept it from doing so.
fn recover(context: &mut Context, journals: &JournalDir, op: &OpId, dry_run: bool) -> Result<Held> {
    let held = journals.hold(op)?;
    let summary = journals.summary(op)?;
    if dry_run {
        return Ok(Held::Ended(held));
    }
    if summary.end.is_some() {
        // An end without Redis leaves them behind; the journal has what they say.
        context.store()?.forget_receipts(op)?;
        return Ok(Held::Ended(held));
    }
    let receipts = context.store()?.receipts(op)?;
    let mut known = journals.open(op)?.verdicts()?;
    let mut journal = journals.resume(op, held)?;
    for number in receipts {
        let slot = usize::try_from(number).ok().and_then(|at| known.get_mut(at));
        let Some(slot @ None) = slot else { continue };
        *slot = Some(Verdict::Changed);
        journal.confirm(number, &[Verdict::Changed])?;
    }
    let changed = known.iter().filter(|verdict| **verdict == Some(Verdict::Changed)).count() as u64;
    let end = End {
        ended_at: clock::now(),
        ending: Ending::Recovered,
        changed,
        skipped: known.len() as u64 - changed,
    };
    journal.end(&end)?;
    context.store()?.forget_receipts(op)?;
    journals.audit(&AuditLine { actor: actor(), ..AuditLine::of(&summary.header, &end, true) })?;
    Ok(Held::Recovered(journal))
}

/// Which ids earlier undos of `op` put back, less those whose undo was undone in turn.
///
/// What such an undo has neither confirmed nor in its receipts was not put back: the script that
/// puts a job back writes the receipt as well, so Redis loses both or none.
fn undone_ids(
    context: &mut Context,
    journals: &JournalDir,
    op: &OpId,
    dry_run: bool,
) -> Result<HashSet<Vec<u8>>> {
    let mut undone = HashSet::new();
    for other in journals.ids()? {
        // All of them: the clock may have been set back between the two.
        let Ok(reader) = journals.open(&other) else { continue };
        if reader.header().undoes.as_ref() != Some(op) {
            continue;
        }
        drop(reader);
        drop(recover(context, journals, &other, dry_run)?);
        let mut reader = journals.open(&other)?;
        let verdicts = reader.verdicts()?;
        let taken_back = undone_ids(context, journals, &other, dry_run)?;
        while let Some(step) = reader.step()? {
            let Step::Images(batch) = step else { continue };
            for (number, image) in (batch.first..).zip(batch.images) {
                let put_back = verdict_of(&verdicts, number) == Some(Verdict::Changed);
                if put_back && !taken_back.contains(&image.id) {
                    undone.insert(image.id);
                }
            }
        }
    }
    Ok(undone)
}

fn verdict_of(verdicts: &[Option<Verdict>], number: u64) -> Option<Verdict> {
    usize::try_from(number).ok().and_then(|at| verdicts.get(at).copied().flatten())
}

/// Decides which images are undone.
struct Choice {
    options: UndoOptions,
    verdicts: Vec<Option<Verdict>>,
    undone: HashSet<Vec<u8>>,
    /// Ids that not every RQ runs, and the queues that they go back to.
    runnable: Vec<(JobId, QueueName)>,
    decoder: Decoder,
}

impl Choice {
    fn new(
        options: UndoOptions,
        reader: &mut JournalReader,
        undone: HashSet<Vec<u8>>,
    ) -> Result<Self> {
        let verdicts = reader.verdicts()?;
        Ok(Self { options, verdicts, undone, runnable: Vec::new(), decoder: Decoder::default() })
    }

    /// The plan, and by number which images are undone.
    fn plan(
        &mut self,
        context: &mut Context,
        reader: &mut JournalReader,
        how: &How,
    ) -> Result<(Plan, Vec<bool>)> {
        let mut plan = Plan::new(Verb::Undo, true);
        let mut chosen = vec![false; self.verdicts.len()];
        let keys = context.store()?.keys().clone();
        let mut bytes = 0;
        while let Some(step) = reader.step()? {
            let Step::Images(batch) = step else { continue };
            let ids: Vec<JobId> =
                batch.images.iter().map(|image| JobId::new(image.id.clone())).collect();
            let living = context.store()?.have_hashes(&ids.iter().collect::<Vec<_>>())?;
            for (((number, image), id), lives) in
                (batch.first..).zip(&batch.images).zip(ids).zip(living)
            {
                match self.judge(number, image, lives, &keys) {
                    Judged::Undo if how.limit.is_some_and(|limit| plan.count >= limit) => {
                        plan.limit = how.limit;
                    }
                    Judged::Undo => {
                        if let Some(slot) =
                            usize::try_from(number).ok().and_then(|at| chosen.get_mut(at))
                        {
                            *slot = true;
                        }
                        bytes += image.size() as u64;
                        self.count(&mut plan, image, &id, &keys);
                    }
                    Judged::Leave(reason) => plan.skipped.push(Skipped { id, reason }),
                    Judged::NotOurs => {}
                }
            }
        }
        reader.rewind()?;
        plan.bytes_to_journal = (!how.no_undo).then_some(bytes + 512);
        if plan.skipped.iter().any(|skipped| skipped.reason == DOUBTFUL) {
            plan.warnings.push("a crash left it open whether some jobs were changed; --force restores them, which may run one twice".to_owned());
        }
        Ok((plan, chosen))
    }

    fn judge(&self, number: u64, image: &JobImage, lives: bool, keys: &Keys) -> Judged {
        let verdict = verdict_of(&self.verdicts, number);
        let removed = image.after == After::Gone;
        if verdict == Some(Verdict::Untouched) {
            return Judged::NotOurs;
        }
        if self.undone.contains(&image.id) {
            return Judged::Leave("it was put back already".to_owned());
        }
        if verdict.is_none() && removed && lives {
            // It was to be removed and is there: the crash came before.
            return Judged::NotOurs;
        }
        if verdict.is_none() && !self.options.force {
            return Judged::Leave(DOUBTFUL.to_owned());
        }
        if matches!(image.after, After::Key { value: None, .. }) && !image.existed() {
            return Judged::Leave("a waiting job gets no expiry of an earlier run back".to_owned());
        }
        if matches!(image.after, After::Key { .. }) {
            return Judged::Undo;
        }
        if removed && lives {
            return Judged::Leave(Code::Lives.reason().to_owned());
        }
        if !removed && !lives {
            return Judged::Leave("it is gone since".to_owned());
        }
        let fixed = is_scheduled_job_id(&image.id) && runs_again(image, keys).is_some();
        if fixed && removed && !self.options.include_fixed_ids {
            return Judged::Leave(
                "a scheduler may have run it since; --include-fixed-ids restores it".to_owned(),
            );
        }
        Judged::Undo
    }

    fn count(&mut self, plan: &mut Plan, image: &JobImage, id: &JobId, keys: &Keys) {
        plan.count += 1;
        if plan.sample.len() < 5 {
            plan.sample.push(id.clone());
        }
        let odd = id.as_bytes().iter().any(|byte| !is_plain(*byte));
        self.runnable.extend(runs_again(image, keys).filter(|_| odd).map(|q| (id.clone(), q)));
        let job_key = keys.job(&image.id);
        let field = |name: &[u8]| image.field(job_key.as_bytes(), name);
        if let Some(origin) = field(b"origin") {
            plan.by_queue.add(String::from_utf8_lossy(origin));
        }
        if let Some(status) = field(b"status") {
            plan.by_status.add(String::from_utf8_lossy(status));
        }
        if let Some(site) = id.site() {
            plan.by_site.add(site);
        }
        let headline = field(b"data").and_then(|data| self.decoder.headline(data));
        if let Some(headline) = headline {
            plan.by_method.add(headline.method);
        }
    }
}

/// Said of jobs of which it is not known whether the operation changed them.
const DOUBTFUL: &str = "it is not known whether the operation removed it; --force restores it";

enum Judged {
    Undo,
    Leave(String),
    /// The operation did not touch it.
    NotOurs,
}

/// The queue on which a restored job may run: it stands in a list, or will by itself.
fn runs_again(image: &JobImage, keys: &Keys) -> Option<QueueName> {
    image.memberships.iter().find_map(|membership| match membership {
        Membership::List { key, .. } | Membership::Row { key, .. } => {
            keys.queue_of_list(key).map(QueueName::new)
        }
        Membership::Zset { key, .. } => match keys.registry_of(key)? {
            (Registry::Scheduled | Registry::Deferred, queue) => Some(queue),
            _ => None,
        },
        Membership::Set { .. } => None,
    })
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Refuses where living workers would exit on an id, or pass over it for ever.
///
/// Source: RQ 2.0 reads an id up to its first colon; RQ 2.8 raises on everything outside of
/// `[A-Za-z0-9_-]` (`rq/job.py`, `rq/utils.py`).
fn refuse_unrunnable(context: &mut Context, choice: &Choice) -> Result<()> {
    if choice.runnable.is_empty() {
        return Ok(());
    }
    let Ok((workers, _)) = context.store()?.workers()? else { return Ok(()) };
    let now = clock::now();
    let processes = local_processes(workers.iter());
    let mut serving: Vec<(Option<String>, Vec<QueueName>)> = workers
        .iter()
        .filter(|worker| {
            let process = processes.get(&worker.name).copied();
            let process = process.unwrap_or(crate::model::worker::LocalProcess::Elsewhere);
            worker.liveness(now, process).alive != Alive::No
        })
        .map(|worker| {
            let version = worker.identity.as_ref().and_then(|identity| identity.version.clone());
            (version, worker.queues().to_vec())
        })
        .collect();
    if serving.is_empty() {
        let bench = context.target()?.bench.as_ref();
        let installed = bench.and_then(|bench| bench.rq_version()).map(str::to_owned);
        let queues = choice.runnable.iter().map(|(_, queue)| queue.clone()).collect();
        serving.push((installed, queues));
    }
    let refused = choice.runnable.iter().find_map(|(id, queue)| {
        let versions = serving.iter().filter(|(_, queues)| queues.contains(queue));
        let version = versions.filter_map(|(version, _)| version.as_deref());
        let mut version = version.filter(|version| refuses(version, id.as_bytes()));
        Some((id, queue, version.next()?))
    });
    let Some((id, queue, version)) = refused else { return Ok(()) };
    Err(Failure::new(
        Kind::Config,
        format!("cannot put `{id}` back: the workers of `{queue}` run RQ {version}, which cannot run a job of this id"),
    )
    .hint("restore it while workers of the older RQ serve the queue")
    .into())
}

/// Whether workers of this RQ cannot run a job of this id.
fn refuses(version: &str, id: &[u8]) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    (version >= (2, 8) && !id.iter().all(|byte| is_plain(*byte)))
        || (version >= (2, 0) && id.contains(&b':'))
}

/// Reads the chosen images again, batch by batch.
struct Batches {
    reader: JournalReader,
    chosen: Vec<bool>,
}

impl Iterator for Batches {
    type Item = Result<Vec<UndoneJob>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let batch = match self.reader.step() {
                Ok(Some(Step::Images(batch))) => batch,
                Ok(Some(_)) => continue,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            let jobs = self.chosen_of(batch);
            if !jobs.is_empty() {
                return Some(Ok(jobs));
            }
        }
    }
}

impl Batches {
    fn chosen_of(&self, batch: ImageBatch) -> Vec<UndoneJob> {
        let chosen = |number: u64| {
            usize::try_from(number).ok().and_then(|at| self.chosen.get(at).copied()) == Some(true)
        };
        let taken_at_ms = batch.taken_at_ms;
        (batch.first..)
            .zip(batch.images)
            .filter(|(number, _)| chosen(*number))
            .map(|(_, image)| UndoneJob {
                id: JobId::new(image.id.clone()),
                image,
                taken_at_ms,
                spot: None,
            })
            .collect()
    }
}

/// A job that is put back, or removed where the operation had made it.
#[derive(Debug)]
struct UndoneJob {
    id: JobId,
    image: JobImage,
    taken_at_ms: i64,
    /// Where it stands in a list now.
    spot: Option<(u64, u64)>,
}

/// Carries an undo out.
struct Undoing {
    keys: Keys,
    /// The job that was put back last, and its list.
    last: Option<(Vec<u8>, Vec<u8>)>,
    /// What was put back of rows, list by list.
    rows: Rows,
}

impl Undoing {
    fn new(keys: Keys) -> Self {
        Self { keys, last: None, rows: Rows::default() }
    }

    /// The list that a job goes back into.
    fn list_of(image: &JobImage) -> Option<&[u8]> {
        image.memberships.iter().find_map(|membership| match membership {
            Membership::List { key, .. } | Membership::Row { key, .. } => Some(key.as_slice()),
            _ => None,
        })
    }

    /// Where putting the job back leaves it.
    fn restored(&self, image: &JobImage) -> After {
        if let After::Key { key, .. } = &image.after {
            let value = image.keys.iter().find_map(|image| match &image.value {
                KeyValue::String(text) if image.key == *key => Some(text.clone()),
                _ => None,
            });
            return After::Key { key: key.clone(), value };
        }
        let list = Self::list_of(image).and_then(|key| self.keys.queue_of_list(key));
        if let Some(queue) = list {
            return After::InList { queue: QueueName::new(queue) };
        }
        let registry = image.memberships.iter().find_map(|membership| match membership {
            Membership::Zset { key, .. } => self.keys.registry_of(key),
            _ => None,
        });
        registry.map_or(After::Unlisted, |(registry, queue)| After::InRegistry { registry, queue })
    }

    /// Restores jobs; `items` come in the order in which they stood.
    fn restore(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[(usize, &Item<'_, UndoneJob>)],
    ) -> Result<Vec<(usize, Called)>> {
        let now_ms = clock::now().as_millisecond();
        let mut lists: Vec<(usize, Restore<'_>)> = Vec::new();
        let mut others: Vec<(usize, Restore<'_>)> = Vec::new();
        let mut behind: Option<(&[u8], &[u8])> =
            self.last.as_ref().map(|(list, id)| (list.as_slice(), id.as_slice()));
        for (at, item) in items {
            let image = &item.job.image;
            #[expect(clippy::cast_precision_loss, reason = "an age, not a key")]
            let elapsed_s = (now_ms - item.job.taken_at_ms) as f64 / 1000.0;
            let mut restore = Restore { number: item.number, image, elapsed_s, behind: None };
            match Self::list_of(image) {
                None => others.push((*at, restore)),
                Some(list) => {
                    restore.behind = behind.filter(|(of, _)| *of == list).map(|(_, id)| id);
                    behind = Some((list, &image.id));
                    lists.push((*at, restore));
                }
            }
        }
        let last = behind.map(|(list, id)| (list.to_vec(), id.to_vec()));
        let (mut places, jobs): (Vec<usize>, Vec<_>) = others.into_iter().unzip();
        let mut called = store.restore(op, &jobs)?;
        let (more, jobs): (Vec<usize>, Vec<_>) = lists.into_iter().unzip();
        called.extend(store.restore_to_list(op, &jobs)?);
        places.extend(more);
        self.last = last;
        Ok(places.into_iter().zip(called).collect())
    }

    /// Removes jobs that the operation had made or put back.
    fn remove(
        store: &mut Store,
        keys: &Keys,
        op: &OpId,
        items: &[(usize, &Item<'_, UndoneJob>)],
    ) -> Result<Vec<(usize, Called)>> {
        let nowhere = QueueName::new("");
        let holds: Vec<Hold> = items
            .iter()
            .map(|(_, item)| match &item.job.image.after {
                After::InList { queue } => {
                    let from_tail = item.job.spot.is_some_and(|(at, length)| at > length / 2);
                    Hold::List { queue: queue.clone(), from_tail }
                }
                After::InRegistry { registry, queue } => {
                    Hold::Zset(keys.registry(*registry, queue).into_bytes())
                }
                After::Gone | After::Unlisted | After::Key { .. } => Hold::Nothing,
            })
            .collect();
        let marked: Vec<Marked<'_>> = items
            .iter()
            .zip(&holds)
            .map(|((_, item), hold)| Marked {
                number: item.number,
                id: &item.job.id,
                queue: &nowhere,
                hold,
                standing: item.standing,
            })
            .collect();
        let called = store.delete_jobs(op, &marked)?;
        Ok(items.iter().map(|(at, _)| *at).zip(called).collect())
    }
}

impl Change for Undoing {
    type Job = UndoneJob;

    fn id<'j>(&self, job: &'j UndoneJob) -> &'j JobId {
        &job.id
    }

    fn queues(&self, job: &UndoneJob) -> Vec<QueueName> {
        match &job.image.after {
            After::InList { queue } | After::InRegistry { queue, .. } => vec![queue.clone()],
            After::Gone | After::Unlisted | After::Key { .. } => Vec::new(),
        }
    }

    fn prepare(&mut self, store: &mut Store, jobs: &mut [UndoneJob]) -> Result<()> {
        let listed: Vec<(&JobId, &QueueName)> = jobs
            .iter()
            .filter_map(|job| match &job.image.after {
                After::InList { queue } => Some((&job.id, queue)),
                _ => None,
            })
            .collect();
        let mut spots = store.positions(&listed)?.into_iter();
        for job in jobs {
            if matches!(job.image.after, After::InList { .. }) {
                job.spot = spots.next().flatten();
            }
        }
        Ok(())
    }

    fn standings(&self, store: &mut Store, jobs: &[UndoneJob]) -> Result<Vec<Part<Standing>>> {
        let mut standings = standings_of(store, self, jobs)?;
        for (job, standing) in jobs.iter().zip(&mut standings) {
            let After::Key { key, value: Some(_) } = &job.image.after else { continue };
            let read = store.text_key(&Key::of(key.clone()))?;
            *standing = read.map(|image| Standing {
                keys: image.into_iter().collect(),
                memberships: Vec::new(),
            });
        }
        Ok(standings)
    }

    fn refuses(&self, job: &UndoneJob, standing: &Standing) -> Option<String> {
        let gone = job.image.after == After::Gone;
        (gone && standing.has_hash()).then(|| Code::Lives.reason().to_owned())
    }

    fn after(&self, job: &UndoneJob, _standing: &Standing) -> (After, Option<Membership>) {
        let after = if job.image.is_put_back() { self.restored(&job.image) } else { After::Gone };
        let list = match &job.image.after {
            After::InList { queue } => {
                let (index, length) = job.spot.unwrap_or((AT_THE_TAIL, 0));
                let key = self.keys.queue(queue).into_bytes();
                Some(Membership::List { key, index, length, before: None })
            }
            _ => None,
        };
        (after, list)
    }

    fn act(
        &mut self,
        store: &mut Store,
        op: &OpId,
        items: &[Item<'_, UndoneJob>],
    ) -> Result<Vec<Called>> {
        let (back, away): (Vec<_>, Vec<_>) =
            items.iter().enumerate().partition(|(_, item)| item.job.image.is_put_back());
        let mut called: Vec<Called> = items.iter().map(|_| Ok(Code::Taken)).collect();
        let mut results = self.restore(store, op, &back)?;
        results.extend(Self::remove(store, &self.keys, op, &away)?);
        for (at, result) in results {
            if let Some(slot) = called.get_mut(at) {
                *slot = result;
            }
        }
        Ok(called)
    }

    fn changed(&mut self, job: &UndoneJob) {
        self.rows.add(&job.image);
    }

    fn finish(&mut self, store: &mut Store, op: &OpId) -> Result<Vec<String>> {
        self.rows.give_places(store, op)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_follows_what_each_rq_does_with_an_id() {
        assert!(!refuses("1.16.2", b"site::x"));
        assert!(refuses("2.6.1", b"site::x"));
        assert!(!refuses("2.6.1", b"site||x"));
        assert!(refuses("2.8.0", b"site||x"));
        assert!(refuses("3.0.0", b"site.x"));
        assert!(!refuses("3.0.0", b"0b1c-2d"));
    }
}
