//! Turning switches: values in configuration files and databases that stop and start schedulers.
//!
//! Every turn is journalled in the same order: the place is held against everybody else, what
//! stands there goes to disk, then it is changed, then that is confirmed. So whatever ends the
//! program in between, the journal and the place together tell what was done. What may be turned is
//! decided elsewhere ([`scheduler`], [`database`]); how a place is held, in [`places`] and [`rows`].

pub mod cache;
pub mod database;
pub mod places;
pub mod rows;
pub mod scheduler;
pub mod scope;
pub mod undo;

use std::time::Duration;

use cache::DocumentCache;

use crate::bench::Waiting;
use crate::context::Context;
use crate::error::Result;
use crate::journal::{
    AuditLine, End, Ending, Header, Journal, JournalDir, KEPT_BYTES, KEPT_FOR, OpId, SwitchImage,
    SwitchPlace, Verdict,
};
use crate::ops::change::How;
use crate::ops::change::apply;
use crate::report::switch::{Ended, Stale};
use crate::sys::signals::Interrupts;
use crate::sys::{clock, fault};

/// How long the lock of a configuration is waited for unless `--timeout` says otherwise: as long
/// as Frappe does. Source: `filelock` in `frappe/utils/synchronization.py`.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Bytes that the journal of a few switches takes at most.
const JOURNAL_BYTES: u64 = 1 << 20;

/// What is to become of a place, once it is held and known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// This is to stand there, or nothing.
    Put(Option<String>),
    /// It is to stay as it is, for this reason.
    Leave(String),
}

/// What became of a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turned {
    /// It was changed.
    Changed(SwitchImage),
    /// It stood so already; what stands there.
    AlreadySo(Option<String>),
    /// It was left alone: what stands there, and the reason.
    Left(Option<String>, String),
}

/// An operation on switches. Its journal is begun by the first change.
pub struct Operation {
    header: Header,
    journals: JournalDir,
    journal: Option<Journal>,
    keeps_journal: bool,
    kept_for: Duration,
    made: Vec<(u64, SwitchImage)>,
    left: u64,
    cache: DocumentCache,
}

impl Operation {
    /// Prepares an operation that is going to turn `planned` switches; writes nothing yet.
    ///
    /// Errors: `Io` where the disk has no room for the journal.
    pub fn new(
        context: &Context,
        verb: &str,
        planned: u64,
        how: &How,
        undoes: Option<&OpId>,
    ) -> Result<Self> {
        let journals = context.journals()?;
        if !how.no_undo {
            journals.check_room(JOURNAL_BYTES)?;
        }
        Ok(Self {
            header: apply::header(context, verb, planned, how, undoes)?,
            journals,
            journal: None,
            keeps_journal: !how.no_undo,
            kept_for: how.kept_for.unwrap_or(KEPT_FOR),
            made: Vec::new(),
            left: 0,
            cache: DocumentCache::default(),
        })
    }

    /// The operation's name.
    pub fn op_id(&self) -> &OpId {
        &self.header.op_id
    }

    /// Whether it has changed something that it has not taken back.
    pub fn has_changed(&self) -> bool {
        !self.made.is_empty()
    }

    /// Turns one switch: holds its place, lets `decide` look at what stands there, remembers it,
    /// changes it.
    ///
    /// Errors: those of the place; of the journal, and nothing was changed then.
    pub fn turn(
        &mut self,
        context: &Context,
        place: &SwitchPlace,
        waiting: Waiting<'_>,
        decide: impl FnOnce(Option<&str>) -> Wish,
    ) -> Result<Turned> {
        let mut held = places::hold(context, place, waiting)?;
        let before = held.now();
        let after = match decide(before.as_deref()) {
            Wish::Leave(reason) => {
                self.left += 1;
                return Ok(Turned::Left(before, reason));
            }
            Wish::Put(after) if after == before => {
                drop(held);
                // The cache may say otherwise all the same.
                self.cache.forget(context, place);
                return Ok(Turned::AlreadySo(before));
            }
            Wish::Put(after) => after,
        };
        let image = SwitchImage { place: place.clone(), before, after };
        let number = self.remember(image.clone())?;
        fault::point("switch-journalled");
        held.put(image.after.as_deref())?;
        fault::point("switch-turned");
        self.made.push((number, image.clone()));
        if let Some(journal) = &mut self.journal {
            journal.confirm(number, &[Verdict::Changed])?;
        }
        self.cache.forget(context, place);
        Ok(Turned::Changed(image))
    }

    /// What the last turn left in Frappe's cache although the database says otherwise now.
    pub fn take_stale(&mut self) -> Option<Stale> {
        self.cache.take_stale()
    }

    /// Takes back whatever the operation changed, last first. What somebody else changed since is
    /// left alone.
    ///
    /// Gives what could not be taken back, with the reason; that can still be undone.
    pub fn take_back(&mut self, context: &Context) -> Vec<(SwitchPlace, anyhow::Error)> {
        // Not to be broken off: this is what is done after a signal.
        let waiting = Waiting { limit: LOCK_WAIT, interrupts: None };
        let mut failed = Vec::new();
        while let Some((number, image)) = self.made.pop() {
            let taken_back = places::hold(context, &image.place, waiting).and_then(|mut held| {
                if held.now() == image.after { held.put(image.before.as_deref()) } else { Ok(()) }
            });
            self.cache.forget(context, &image.place);
            let noted = taken_back.and_then(|()| match &mut self.journal {
                Some(journal) => journal.confirm(number, &[Verdict::Untouched]),
                None => Ok(()),
            });
            if let Err(error) = noted {
                failed.push((number, image, error));
            }
        }
        let mut told = Vec::new();
        for (number, image, error) in failed {
            told.push((image.place.clone(), error));
            self.made.push((number, image));
        }
        told
    }

    /// Ends the operation: the journal, the audit line, old journals.
    pub fn end(mut self, ending: Ending) -> Ended {
        let Some(begun) = self.begun() else { return Ended::default() };
        let changed = self.made.len() as u64;
        let end = End { ended_at: clock::now(), ending, changed, skipped: self.left };
        let closed = match &mut self.journal {
            Some(journal) => journal.end(&end),
            None => Ok(()),
        };
        fault::point("switch-ended");
        let journalled = self.journal.is_some();
        let line = AuditLine::of(&self.header, &end, journalled);
        let audited = closed.and_then(|()| self.journals.audit(&line));
        // Locked until here, so that nobody takes it for one that a crash left.
        drop(self.journal);
        let pruned = self.journals.prune(end.ended_at, self.kept_for, KEPT_BYTES, false);
        let notes = [audited, pruned.map(|_| ())].into_iter().filter_map(Result::err);
        Ended {
            op_id: Some(begun),
            undoable: journalled && changed > 0,
            notes: notes.map(|error| format!("{error:#}")).collect(),
        }
    }

    fn begun(&self) -> Option<OpId> {
        let begun = self.journal.is_some() || self.has_changed();
        begun.then(|| self.header.op_id.clone())
    }

    /// Puts an image on disk and returns its number.
    fn remember(&mut self, image: SwitchImage) -> Result<u64> {
        if !self.keeps_journal {
            return Ok(self.made.len() as u64);
        }
        if self.journal.is_none() {
            self.journal = Some(self.journals.create(&self.header)?);
        }
        match &mut self.journal {
            Some(journal) => journal.switch(image),
            // It was filled a line ago.
            None => Ok(0),
        }
    }
}

/// How long this command waits for locks.
pub fn waiting<'i>(context: &Context, interrupts: &'i Interrupts) -> Waiting<'i> {
    let limit = context.global.timeout.unwrap_or(LOCK_WAIT);
    Waiting { limit, interrupts: Some(interrupts) }
}
