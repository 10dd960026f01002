//! What a recorder writes with: the file, once it is ours and there is something to write.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::backend::history::{Batch, Claim, Displaced, Opened, Place, Pruned, Writer};
use crate::error::{Failure, Kind, Result, failure_of};
use crate::model::history::Retention;
use crate::ops::metrics::Passing;

/// How far it has come.
enum State {
    /// Another process records, or this one did not try yet.
    Elsewhere,
    /// It is ours, and nothing is made yet.
    Claimed(Arc<Claim>),
    /// It is open.
    Open(Box<Writer>),
}

/// What a recorder writes with.
pub(super) struct Pen {
    place: Place,
    zone: TimeZone,
    patience: Option<Duration>,
    state: State,
}

/// What came of a claim.
pub(super) enum Claimed {
    /// It is ours.
    Ours {
        /// Where a damaged file is now that stood in its place.
        moved_aside: Option<PathBuf>,
    },
    /// Another process has it: in words that name it.
    Elsewhere(anyhow::Error),
}

/// What came of writing.
pub(super) enum Written {
    /// All of it is written.
    All,
    /// There was nothing to write.
    Nothing,
    /// Another process records now.
    Elsewhere(anyhow::Error),
}

impl Pen {
    /// A pen that has nothing yet.
    ///
    /// `patience` bounds how long it waits for a program that has the file locked.
    pub(super) const fn new(place: Place, zone: TimeZone, patience: Option<Duration>) -> Self {
        Self { place, zone, patience, state: State::Elsewhere }
    }

    pub(super) const fn place(&self) -> &Place {
        &self.place
    }

    pub(super) fn shown(&self) -> String {
        self.place.path().display().to_string()
    }

    /// Whether no other process records.
    pub(super) const fn is_ours(&self) -> bool {
        !matches!(self.state, State::Elsewhere)
    }

    /// Whether there is a file.
    pub(super) const fn has_file(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    pub(super) fn writer(&self) -> Option<&Writer> {
        match &self.state {
            State::Open(writer) => Some(writer),
            State::Elsewhere | State::Claimed(_) => None,
        }
    }

    /// Makes it ours, and opens it where there is a file.
    ///
    /// Errors: those of [`Claim::take`] and [`Writer::begin`], but for another process that records.
    pub(super) fn claim(&mut self) -> Result<Claimed> {
        match Claim::take(self.place.clone()) {
            Ok(claim) => self.state = State::Claimed(Arc::new(claim)),
            Err(error) if is_elsewhere(&error) => return Ok(Claimed::Elsewhere(error)),
            Err(error) => return Err(error),
        }
        let has_file = matches!(&self.state, State::Claimed(claim) if claim.has_file());
        if !has_file {
            return Ok(Claimed::Ours { moved_aside: None });
        }
        match self.open() {
            Ok(moved_aside) => Ok(Claimed::Ours { moved_aside }),
            Err(error) => {
                // What is in it must be known before anything is written.
                self.state = State::Elsewhere;
                Err(error)
            }
        }
    }

    /// Opens what is claimed, made where it is missing; says where a damaged file is now.
    fn open(&mut self) -> Result<Option<PathBuf>> {
        let State::Claimed(claim) = &self.state else { return Ok(None) };
        let Opened { writer, moved_aside } = Writer::begin(Arc::clone(claim), self.zone.clone())?;
        let mut writer = Box::new(writer);
        if let Some(patience) = self.patience {
            writer.set_patience(patience)?;
        }
        self.state = State::Open(writer);
        Ok(moved_aside)
    }

    /// Writes a batch, which is empty afterwards. A file that was removed, replaced or damaged is
    /// begun anew, with what `passing` has counted so far, and that is said.
    ///
    /// Errors: those of [`Writer::write`]; the batch is kept.
    pub(super) fn write(
        &mut self,
        batch: &mut Batch,
        passing: &mut Passing,
        said: &mut Vec<String>,
    ) -> Result<Written> {
        if let State::Open(writer) = &mut self.state
            && let Some(displaced) = writer.displaced()
        {
            match writer.reclaim() {
                Err(error) if is_elsewhere(&error) => {
                    self.state = State::Elsewhere;
                    return Ok(Written::Elsewhere(error));
                }
                reclaimed => reclaimed?,
            }
            let moved_aside = writer.reopen()?;
            said.push(self.displaced_line(displaced));
            said.extend(moved_aside.map(|aside| aside_line(&aside)));
            // What was counted is known here alone.
            passing.repeat();
            passing.hand_over(batch);
        }
        said.extend(self.open()?.map(|aside| aside_line(&aside)));
        let State::Open(writer) = &mut self.state else { return Ok(Written::Nothing) };
        if batch.is_empty() {
            return Ok(Written::Nothing);
        }
        match writer.write(batch) {
            Err(error) if failure_of(&error).map(Failure::kind) == Some(Kind::Data) => {
                said.push(aside_line(&writer.start_anew()?));
                passing.repeat();
                passing.hand_over(batch);
                writer.write(batch)?;
            }
            written => written?,
        }
        *batch = Batch::default();
        Ok(Written::All)
    }

    fn displaced_line(&self, displaced: Displaced) -> String {
        let path = self.place.path().display();
        match displaced {
            Displaced::Removed => format!("the history `{path}` was removed: a new one is begun"),
            Displaced::Replaced => {
                format!("the history `{path}` was replaced: recording goes on in what is there now")
            }
        }
    }

    /// Removes what is older than it is to be kept.
    pub(super) fn prune(
        &mut self,
        now: Timestamp,
        retention: &Retention,
    ) -> Result<Option<Pruned>> {
        match &mut self.state {
            State::Open(writer) => writer.prune(now, retention).map(Some),
            State::Elsewhere | State::Claimed(_) => Ok(None),
        }
    }
}

/// Whether a failure is that another process records.
fn is_elsewhere(error: &anyhow::Error) -> bool {
    failure_of(error).map(Failure::kind) == Some(Kind::TryAgain)
}

/// That a damaged history was moved aside.
pub(super) fn aside_line(aside: &Path) -> String {
    format!("the history was damaged: it is now `{}`, and a new one was begun", aside.display())
}
