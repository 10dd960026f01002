//! Sets switches back as an operation found them, where what it left still stands.
//!
//! A crash leaves it open whether a switch was turned; what stands there tells.

use std::collections::HashSet;

use super::places;
use super::scheduler::is_open;
use super::{Operation, Wish, scope, waiting};
use crate::context::Context;
use crate::error::Result;
use crate::journal::{
    AuditLine, End, Ending, Journal, JournalDir, OpId, Step, SwitchImage, SwitchPlace, Verdict,
};
use crate::ops::change::How;
use crate::ops::change::apply::actor;
use crate::ops::change::approve::refuse_change;
use crate::report::switch::{SwitchReport, SwitchRow, Turn};
use crate::sys::clock;
use crate::sys::signals::{Interrupted, Interrupts};

/// Said of a switch that an earlier undo set back.
const SET_BACK_BEFORE: &str = "it was set back already";

/// Undoes an operation on switches; `None` where the operation is one on jobs. `force` sets back
/// also what somebody changed since.
///
/// Errors: `NotFound` where there is no such operation, `TryAgain` while it runs, `Refused` under
/// read-only.
pub fn undo(
    context: &mut Context,
    op: &OpId,
    force: bool,
    how: &How,
) -> Result<Option<SwitchReport>> {
    let journals = context.journals()?;
    let Some(images) = images_of(&journals, op)? else { return Ok(None) };
    if !how.dry_run {
        refuse_change(context, "undo anything")
            .map_err(|failure| failure.hint("--dry-run shows the plan"))?;
    }
    // Held to the end: two undos at once would each take the other's work for a stranger's.
    let held = journals.hold(op)?;
    let finished = journals.summary(op)?.end.is_some();
    let set_back = if force { HashSet::new() } else { set_back_before(&journals, op)? };
    let undoing = Undoing { force, set_back };
    let mut report = SwitchReport { dry_run: how.dry_run, ..SwitchReport::of("undo") };
    report.rows = undoing.plan(context, &images, how)?;
    if how.dry_run {
        return Ok(Some(report));
    }
    let _recovered = if finished {
        None
    } else {
        Some(recover(context, &journals, op, &images, journals.resume(op, held)?)?)
    };
    let sites: Vec<&str> = report.planned().filter_map(|row| row.site.as_deref()).collect();
    if !sites.is_empty() {
        scope::confirm(context, "set back the switches", &sites, how)?;
        undoing.carry_out(context, op, &images, &mut report, how)?;
    }
    Ok(Some(report))
}

/// An image with its number and what is known of it.
struct Known {
    number: u64,
    image: SwitchImage,
    verdict: Option<Verdict>,
}

/// The switches of an operation; `None` where it is one on jobs.
fn images_of(journals: &JournalDir, op: &OpId) -> Result<Option<Vec<Known>>> {
    let mut reader = journals.open(op)?;
    let verdicts = reader.verdicts()?;
    let mut images = Vec::new();
    while let Some(step) = reader.step()? {
        match step {
            Step::Images(_) => return Ok(None),
            Step::Switches(batch) => {
                for (number, image) in (batch.first..).zip(batch.switches) {
                    let verdict = usize::try_from(number).ok().and_then(|at| verdicts.get(at));
                    let verdict = verdict.copied().flatten();
                    images.push(Known { number, image, verdict });
                }
            }
            Step::Verdicts { .. } | Step::End(_) => {}
        }
    }
    // A crash right after the header leaves nothing to undo, on whatever it was.
    Ok((!images.is_empty()).then_some(images))
}

/// The places that earlier undos of `op` set back, less those whose undo was undone in turn.
fn set_back_before(journals: &JournalDir, op: &OpId) -> Result<HashSet<SwitchPlace>> {
    let mut set_back = HashSet::new();
    for other in journals.ids()? {
        let Ok(reader) = journals.open(&other) else { continue };
        if reader.header().undoes.as_ref() != Some(op) {
            continue;
        }
        let taken_back = set_back_before(journals, &other)?;
        let changed = images_of(journals, &other)?.unwrap_or_default().into_iter();
        let changed = changed.filter(|known| known.verdict == Some(Verdict::Changed));
        set_back.extend(
            changed.map(|known| known.image.place).filter(|place| !taken_back.contains(place)),
        );
    }
    Ok(set_back)
}

/// Writes down what a crash kept the operation from writing down. Returns the journal, for its lock.
fn recover(
    context: &Context,
    journals: &JournalDir,
    op: &OpId,
    images: &[Known],
    mut journal: Journal,
) -> Result<Journal> {
    let mut changed = 0;
    for known in images {
        let verdict = known.verdict.or_else(|| {
            let now = places::look(context, &known.image.place).ok()?;
            Some(if now == known.image.after { Verdict::Changed } else { Verdict::Untouched })
        });
        changed += u64::from(verdict == Some(Verdict::Changed));
        if let (None, Some(verdict)) = (known.verdict, verdict) {
            journal.confirm(known.number, &[verdict])?;
        }
    }
    let skipped = images.len() as u64 - changed;
    let end = End { ended_at: clock::now(), ending: Ending::Recovered, changed, skipped };
    journal.end(&end)?;
    let header = journals.open(op)?.header().clone();
    journals.audit(&AuditLine { actor: actor(), ..AuditLine::of(&header, &end, true) })?;
    Ok(journal)
}

/// An undo.
struct Undoing {
    force: bool,
    set_back: HashSet<SwitchPlace>,
}

impl Undoing {
    /// What is done to each switch, the last one first.
    fn plan(&self, context: &Context, images: &[Known], how: &How) -> Result<Vec<SwitchRow>> {
        let mut rows = Vec::new();
        let mut planned = 0;
        for known in images.iter().rev() {
            if known.verdict == Some(Verdict::Untouched) {
                continue;
            }
            let mut row = SwitchRow::of(&known.image.place, "set back");
            match places::look(context, &known.image.place) {
                Err(error) if is_open(&error, how.dry_run) => planned += 1,
                Err(error) => row.fail(error)?,
                Ok(now) => {
                    row.read = true;
                    row.before.clone_from(&now);
                    match self.wish(&known.image, now.as_deref()) {
                        Wish::Put(after) if after == now => {
                            (row.turn, row.after) = (Turn::AlreadySo, after);
                        }
                        Wish::Put(_) if how.limit.is_some_and(|limit| planned >= limit) => {
                            (row.turn, row.after) = (Turn::LeftAlone, now);
                            row.reason = Some("beyond --limit".to_owned());
                        }
                        Wish::Put(after) => {
                            planned += 1;
                            (row.turn, row.after) = (Turn::Planned, after);
                        }
                        Wish::Leave(reason) => {
                            (row.turn, row.after) = (Turn::LeftAlone, now);
                            row.reason = Some(reason);
                        }
                    }
                }
            }
            rows.push(row);
        }
        Ok(rows)
    }

    fn wish(&self, image: &SwitchImage, now: Option<&str>) -> Wish {
        let put = Wish::Put(image.before.clone());
        if self.force || now == image.before.as_deref() {
            return put;
        }
        if self.set_back.contains(&image.place) {
            return Wish::Leave(SET_BACK_BEFORE.to_owned());
        }
        if now == image.after.as_deref() {
            return put;
        }
        Wish::Leave(match now {
            Some(now) => {
                format!("somebody set it to {now} since; --force sets it back all the same")
            }
            None => "somebody removed it since; --force sets it back all the same".to_owned(),
        })
    }

    fn carry_out(
        &self,
        context: &Context,
        op: &OpId,
        images: &[Known],
        report: &mut SwitchReport,
        how: &How,
    ) -> Result<()> {
        let interrupts = Interrupts::catch()?;
        let planned = report.planned().count() as u64;
        let mut operation = Operation::new(context, "undo", planned, how, Some(op))?;
        let mut notes = Vec::new();
        for row in report.rows.iter_mut().filter(|row| row.turn == Turn::Planned) {
            let Some(known) = images.iter().rev().find(|known| known.image.place == row.place)
            else {
                continue;
            };
            if interrupts.seen().is_some() {
                break;
            }
            let decide = |now: Option<&str>| self.wish(&known.image, now);
            match operation.turn(context, &row.place, waiting(context, &interrupts), decide) {
                Ok(turned) => row.take(turned),
                Err(error) if error.is::<Interrupted>() => break,
                Err(error) => row.fail(error)?,
            }
            notes.extend(operation.take_stale().and_then(|stale| row.leave_stale(stale)));
        }
        report.notes.extend(notes);
        report.interrupted_by = interrupts.seen();
        let interrupted = report.interrupted_by.is_some();
        let ending = if interrupted { Ending::Interrupted } else { Ending::Done };
        report.ended(operation.end(ending));
        Ok(())
    }
}
