//! Which jobs of an operation are taken back, and the plan for it.

use std::collections::BTreeMap;

use super::UndoOptions;
use super::ledger::{Ledger, Undone};
use super::restoring::list_of;
use super::runnable::{Runnable, runs_again};
use super::source::Listed;
use crate::backend::redis::keys::Keys;
use crate::backend::redis::scripts::Code;
use crate::codec::payload::Decoder;
use crate::context::Context;
use crate::error::Result;
use crate::journal::{After, JobImage, JournalReader, Membership, Step, Verdict};
use crate::model::id::{JobId, QueueName, is_scheduled_job_id};
use crate::model::plan::{Plan, Skipped, Verb};

/// Jobs of the sample.
const SHOWN: usize = 5;

/// Said of jobs of which it is not known whether the operation changed them.
const DOUBTFUL: &str = "it is not known whether the operation removed it; --force restores it";

const PUT_BACK: &str = "it was put back already";
const NO_EXPIRY: &str = "a waiting job gets no expiry of an earlier run back";

/// Reasons to leave a job alone after which nothing is missing.
pub(super) const HARMLESS: [&str; 2] = [PUT_BACK, NO_EXPIRY];

/// What is wanted of an undo.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) options: UndoOptions,
    pub(super) limit: Option<u64>,
    /// Whether the undo keeps a journal of its own.
    pub(super) journalled: bool,
}

/// A frame of images in the journal.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Where it begins.
    pub(super) position: u64,
    /// The number of its first image.
    pub(super) first: u64,
    /// The lists in which its jobs stood, each with the least order.
    pub(super) lists: Vec<(Vec<u8>, u64)>,
}

/// What an undo is going to do.
pub(super) struct Choice {
    pub(super) plan: Plan,
    /// By number, which images are taken back.
    pub(super) chosen: Vec<bool>,
    pub(super) runnable: Runnable,
    pub(super) frames: Vec<Frame>,
    /// Chosen ones that the operation left in lists.
    pub(super) listed: BTreeMap<QueueName, Listed>,
    /// How many more jobs each queue gets.
    pub(super) into: BTreeMap<QueueName, u64>,
}

impl Choice {
    /// Reads the whole journal once, and asks Redis which of its jobs live.
    pub(super) fn make(
        context: &mut Context,
        reader: &mut JournalReader,
        ledger: &Ledger,
        undone: &Undone,
        wanted: Wanted,
    ) -> Result<Self> {
        let keys = context.store()?.keys().clone();
        let mut choosing = Choosing {
            choice: Self {
                plan: Plan::new(Verb::Undo, true),
                chosen: vec![false; ledger.images()],
                runnable: Runnable::default(),
                frames: Vec::new(),
                listed: BTreeMap::new(),
                into: BTreeMap::new(),
            },
            ledger,
            undone,
            wanted,
            keys,
            decoder: Decoder::default(),
            bytes: 0,
            doubtful: false,
        };
        loop {
            let position = reader.position();
            let Some(step) = reader.step()? else { break };
            let Step::Images(batch) = step else { continue };
            let ids: Vec<JobId> =
                batch.images.iter().map(|image| JobId::new(image.id.clone())).collect();
            let living = context.store()?.have_hashes(&ids.iter().collect::<Vec<_>>())?;
            choosing.choice.frames.push(Frame::of(position, batch.first, &batch.images));
            for (((number, image), id), lives) in
                (batch.first..).zip(&batch.images).zip(ids).zip(living)
            {
                choosing.look_at(number, image, id, lives);
            }
        }
        reader.rewind()?;
        Ok(choosing.finish())
    }
}

impl Frame {
    fn of(position: u64, first: u64, images: &[JobImage]) -> Self {
        let mut lists: Vec<(Vec<u8>, u64)> = Vec::new();
        for membership in images.iter().flat_map(|image| &image.memberships) {
            let Membership::List { key, order, .. } = membership else { continue };
            match lists.iter_mut().find(|(known, _)| known == key) {
                Some((_, least)) => *least = (*least).min(*order),
                None => lists.push((key.clone(), *order)),
            }
        }
        Self { position, first, lists }
    }
}

/// The queue in which a job is going to wait, and does not yet.
fn enters(image: &JobImage, keys: &Keys) -> Option<QueueName> {
    if matches!(image.after, After::Key { .. }) {
        return None;
    }
    let list = list_of(image).and_then(|key| keys.queue_of_list(key))?;
    let queue = QueueName::new(list);
    let stays = matches!(&image.after, After::InList { queue: other } if *other == queue);
    (!stays).then_some(queue)
}

/// What an undo does to a job, in a word.
pub(super) fn done(image: &JobImage) -> &'static str {
    if image.is_put_back() { Verb::Undo.done() } else { "removed again" }
}

enum Judged {
    Undo,
    Leave(&'static str),
    /// The operation did not touch it.
    NotOurs,
}

struct Choosing<'a> {
    choice: Choice,
    ledger: &'a Ledger,
    undone: &'a Undone,
    wanted: Wanted,
    keys: Keys,
    decoder: Decoder,
    bytes: u64,
    doubtful: bool,
}

impl Choosing<'_> {
    fn look_at(&mut self, number: u64, image: &JobImage, id: JobId, lives: bool) {
        let plan = &mut self.choice.plan;
        let full = self.wanted.limit.filter(|limit| plan.count >= *limit);
        match self.judge(number, image, lives) {
            Judged::Undo if full.is_some() => self.choice.plan.limit = full,
            Judged::Undo => self.choose(number, image, &id),
            Judged::Leave(reason) => {
                self.doubtful |= reason == DOUBTFUL;
                self.choice.plan.skipped.push(Skipped { id, reason: reason.to_owned() });
            }
            Judged::NotOurs => {}
        }
    }

    fn judge(&self, number: u64, image: &JobImage, lives: bool) -> Judged {
        let verdict = self.ledger.verdict(number);
        let options = self.wanted.options;
        let removed = image.after == After::Gone;
        if verdict == Some(Verdict::Untouched) {
            return Judged::NotOurs;
        }
        if self.undone.holds(&image.id) {
            return Judged::Leave(PUT_BACK);
        }
        if verdict.is_none() && removed && lives {
            // It was to be removed and is there: the crash came before.
            return Judged::NotOurs;
        }
        if verdict.is_none() && !options.force {
            return Judged::Leave(DOUBTFUL);
        }
        if matches!(image.after, After::Key { value: None, .. }) && !image.existed() {
            return Judged::Leave(NO_EXPIRY);
        }
        if matches!(image.after, After::Key { .. }) {
            return Judged::Undo;
        }
        if removed && lives {
            return Judged::Leave(Code::Lives.reason());
        }
        if !removed && !lives {
            return Judged::Leave("it is gone since");
        }
        let fixed = is_scheduled_job_id(&image.id) && runs_again(image, &self.keys).is_some();
        if fixed && removed && !options.include_fixed_ids {
            return Judged::Leave(
                "a scheduler may have run it since; --include-fixed-ids restores it",
            );
        }
        Judged::Undo
    }

    fn choose(&mut self, number: u64, image: &JobImage, id: &JobId) {
        let Choice { plan, chosen, runnable, listed, into, .. } = &mut self.choice;
        if let Some(slot) = usize::try_from(number).ok().and_then(|at| chosen.get_mut(at)) {
            *slot = true;
        }
        if let After::InList { queue } = &image.after {
            listed.entry(queue.clone()).or_default().add(&image.id, number);
        }
        if let Some(queue) = runs_again(image, &self.keys) {
            runnable.note(id, queue);
        }
        if let Some(queue) = enters(image, &self.keys) {
            *into.entry(queue).or_default() += 1;
        }
        self.bytes += image.size() as u64;
        plan.count += 1;
        plan.by_action.add(done(image));
        if plan.sample.len() < SHOWN {
            plan.sample.push(id.clone());
        }
        let job_key = self.keys.job(&image.id);
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

    fn finish(self) -> Choice {
        let mut choice = self.choice;
        choice.plan.bytes_to_journal = self.wanted.journalled.then_some(self.bytes + 512);
        if self.doubtful {
            choice.plan.warnings.push("a crash left it open whether some jobs were changed; --force restores them, which may run one twice".to_owned());
        }
        choice
    }
}
