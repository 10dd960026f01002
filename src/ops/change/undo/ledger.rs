//! What is known of an operation: what its journal says, and where a crash came between, its
//! receipts in Redis.

use std::fs::File;

use nix::fcntl::Flock;

use crate::context::Context;
use crate::error::Result;
use crate::journal::{AuditLine, End, Ending, Journal, JournalDir, OpId, Step, Verdict};
use crate::model::id_set::{IdSet, IdSetBuilder};
use crate::ops::change::apply::actor;
use crate::sys::clock;

/// What became of the jobs of an operation. Nobody else works on it while this lives.
pub(super) struct Ledger {
    verdicts: Vec<Option<Verdict>>,
    /// How it ended; `None` where a crash left it open and nothing may be written.
    ending: Option<Ending>,
    /// Jobs that have a receipt, where the operation did not end by itself.
    pub(super) receipts: u64,
    /// Those of them whose images are not in the journal.
    pub(super) beyond: u64,
    #[expect(dead_code, reason = "kept for its lock")]
    held: Held,
}

/// What keeps others from an operation.
enum Held {
    /// An operation that ended, or is only looked at.
    Ended(#[expect(dead_code, reason = "kept for its lock")] Flock<File>),
    /// One that a crash had left open.
    Recovered(#[expect(dead_code, reason = "kept for its lock")] Journal),
}

impl Ledger {
    /// Locks an operation and finds out what it did; writes down what its receipts tell where a
    /// crash kept it from doing so. A dry run asks the receipts and writes nothing.
    pub(super) fn open(
        context: &mut Context,
        journals: &JournalDir,
        op: &OpId,
        dry_run: bool,
    ) -> Result<Self> {
        let held = journals.hold(op)?;
        let summary = journals.summary(op)?;
        let mut verdicts = journals.open(op)?.verdicts()?;
        if let Some(end) = &summary.end {
            if !dry_run {
                // An end without Redis leaves them behind; the journal has what they say.
                context.store()?.forget_receipts(op)?;
            }
            let (ending, held) = (Some(end.ending), Held::Ended(held));
            return Ok(Self { verdicts, ending, receipts: 0, beyond: 0, held });
        }
        let mut told = Vec::new();
        let (mut receipts, mut beyond) = (0, 0);
        for number in context.store()?.receipts(op)? {
            receipts += 1;
            match usize::try_from(number).ok().and_then(|at| verdicts.get_mut(at)) {
                Some(slot @ None) => {
                    *slot = Some(Verdict::Changed);
                    told.push(number);
                }
                Some(_) => {}
                None => beyond += 1,
            }
        }
        if dry_run {
            let held = Held::Ended(held);
            return Ok(Self { verdicts, ending: None, receipts, beyond, held });
        }
        let mut journal = journals.resume(op, held)?;
        for number in told {
            journal.confirm(number, &[Verdict::Changed])?;
        }
        let changed = verdicts.iter().filter(|verdict| **verdict == Some(Verdict::Changed));
        let changed = changed.count() as u64;
        let end = End {
            ended_at: clock::now(),
            ending: Ending::Recovered,
            changed,
            skipped: verdicts.len() as u64 - changed,
        };
        journal.end(&end)?;
        context.store()?.forget_receipts(op)?;
        journals
            .audit(&AuditLine { actor: actor(), ..AuditLine::of(&summary.header, &end, true) })?;
        let ending = Some(Ending::Recovered);
        Ok(Self { verdicts, ending, receipts, beyond, held: Held::Recovered(journal) })
    }

    /// What became of the image with that number; `None` where nothing is known.
    pub(super) fn verdict(&self, number: u64) -> Option<Verdict> {
        usize::try_from(number).ok().and_then(|at| self.verdicts.get(at).copied().flatten())
    }

    /// How many images there are.
    pub(super) fn images(&self) -> usize {
        self.verdicts.len()
    }
}

/// Which jobs of an operation were put back before.
#[derive(Default)]
pub(super) struct Undone {
    ids: IdSet,
    /// Whether an undo that put some of them back did not come to its end, so that they may stand
    /// at the tail of their lists.
    pub(super) unordered: bool,
}

impl Undone {
    /// Whether a job was put back.
    pub(super) fn holds(&self, id: &[u8]) -> bool {
        self.ids.position(id).is_some()
    }
}

/// Which ids earlier undos of `op` put back, less those whose undo was undone in turn.
///
/// What such an undo has neither confirmed nor in its receipts was not put back: the script that
/// puts a job back writes the receipt as well, so Redis loses both or none.
pub(super) fn undone(
    context: &mut Context,
    journals: &JournalDir,
    op: &OpId,
    dry_run: bool,
) -> Result<Undone> {
    let mut ids = IdSetBuilder::default();
    let mut unordered = false;
    for other in journals.ids()? {
        // All of them: the clock may have been set back between the two.
        let Ok(mut reader) = journals.open(&other) else { continue };
        if reader.header().undoes.as_ref() != Some(op) {
            continue;
        }
        let ledger = Ledger::open(context, journals, &other, dry_run)?;
        let taken_back = undone(context, journals, &other, dry_run)?;
        unordered |= !matches!(ledger.ending, Some(Ending::Done | Ending::Interrupted));
        while let Some(step) = reader.step()? {
            let Step::Images(batch) = step else { continue };
            for (number, image) in (batch.first..).zip(batch.images) {
                let put_back = ledger.verdict(number) == Some(Verdict::Changed);
                if put_back && !taken_back.holds(&image.id) {
                    ids.add(&image.id);
                }
            }
        }
    }
    Ok(Undone { ids: ids.build(), unordered })
}
