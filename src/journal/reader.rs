//! Reads one journal, as far as it is whole.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::codec::Reader;
use super::frame::{self, Kind, MAGIC};
use super::image::{JobImage, Membership};
use super::record::{End, Header, Step, Verdict};
use super::switch::SwitchBatch;
use crate::error::{self, Failure, Result};

/// Images of a batch, numbered from `first`.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageBatch {
    /// The number of the first image.
    pub first: u64,
    /// When they were taken, Unix milliseconds.
    pub taken_at_ms: i64,
    /// The images.
    pub images: Vec<JobImage>,
}

/// Where a job stood in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPlace {
    /// The number of its image.
    pub number: u64,
    /// The job.
    pub id: Vec<u8>,
    /// The list's key.
    pub key: Vec<u8>,
    /// See [`Membership::List`].
    pub order: u64,
    /// See [`Membership::List`].
    pub follows: Option<Vec<u8>>,
}

/// What a journal's frames say without its images' content.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The header.
    pub header: Header,
    /// The end; `None` while the operation runs, and after a crash.
    pub end: Option<End>,
    /// Images.
    pub images: u64,
    /// Images whose change is confirmed.
    pub confirmed: u64,
    /// Images that nothing is known of.
    pub doubtful: u64,
    /// The file's size in bytes.
    pub size_bytes: u64,
    /// Whether another process is writing it.
    pub running: bool,
    /// Bytes at the tail that are no whole frame.
    pub torn_bytes: u64,
}

impl Summary {
    /// Whether it has no end, and stops in the middle of a frame.
    pub const fn is_damaged(&self) -> bool {
        self.end.is_none() && !self.running && self.torn_bytes > 0
    }
}

/// A journal that is being read.
#[derive(Debug)]
pub struct JournalReader {
    source: BufReader<File>,
    path: PathBuf,
    header: Header,
    /// Where the frames after the header begin.
    begin: u64,
    /// Where the last frame that was read ends.
    offset: u64,
}

impl JournalReader {
    /// Reads the header.
    ///
    /// Errors: `Data` for what is no journal or has no whole header.
    pub(super) fn open(file: File, path: &Path) -> Result<Self> {
        let no_journal = |why: &str| {
            Failure::new(error::Kind::Data, format!("cannot read `{}`: {why}", path.display()))
        };
        let mut source = BufReader::with_capacity(256 * 1024, file);
        let mut magic = [0; MAGIC.len()];
        if source.read_exact(&mut magic).is_err() || magic != MAGIC {
            return Err(no_journal("it is no journal of this version").into());
        }
        let read = frame::unpack(&mut source)?;
        let Some((Kind::Header, json, length)) = read else {
            return Err(no_journal("its header is damaged").into());
        };
        let header = serde_json::from_slice(&json)
            .map_err(|error| no_journal("its header is not understood").because(error))?;
        let begin = MAGIC.len() as u64 + length;
        Ok(Self { source, path: path.to_owned(), header, begin, offset: begin })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Goes back to the first step.
    pub fn rewind(&mut self) -> Result<()> {
        self.source.seek(SeekFrom::Start(self.begin))?;
        self.offset = self.begin;
        Ok(())
    }

    /// The next step; `None` at the end, or where no whole frame follows.
    pub fn step(&mut self) -> Result<Option<Step>> {
        let read = frame::unpack(&mut self.source).map_err(|error| self.cannot_read(&error))?;
        let Some((kind, raw, length)) = read else { return Ok(None) };
        let step = match kind {
            Kind::Header => None,
            Kind::Images => images(&raw).map(Step::Images),
            Kind::Switches => serde_json::from_slice(&raw).ok().map(Step::Switches),
            Kind::Verdicts => verdicts(&raw),
            Kind::End => serde_json::from_slice(&raw).ok().map(Step::End),
        };
        let step = step.ok_or_else(|| self.not_understood())?;
        self.offset += length;
        Ok(Some(step))
    }

    /// Where the next frame begins; see [`Self::go_to`].
    pub const fn position(&self) -> u64 {
        self.offset
    }

    /// Goes to a frame that began at `position`.
    pub fn go_to(&mut self, position: u64) -> Result<()> {
        self.source.seek(SeekFrom::Start(position))?;
        self.offset = position;
        Ok(())
    }

    /// Where the jobs stood in lists whose images are in the frame at `position`, in the order of
    /// the lists. Keeps nothing else of the images, which is most of what they are.
    pub fn places_at(&mut self, position: u64) -> Result<Vec<ListPlace>> {
        self.go_to(position)?;
        let read = frame::unpack(&mut self.source)?;
        let Some((Kind::Images, raw, _)) = read else { return Ok(Vec::new()) };
        let mut places = places(&raw).unwrap_or_default();
        places.sort_by_key(|place| place.order);
        Ok(places)
    }

    /// What became of each image, by number; `None` where nothing is known. Reads everything once.
    pub fn verdicts(&mut self) -> Result<Vec<Option<Verdict>>> {
        Ok(self.scan(true)?.1)
    }

    /// The end, what became of each image, and where the last whole frame ends.
    ///
    /// Without `check` images are passed over unread: a summary of many journals must not cost
    /// their reading.
    pub(super) fn scan(&mut self, check: bool) -> Result<(Option<End>, Vec<Option<Verdict>>, u64)> {
        self.rewind()?;
        let size = self.file().metadata()?.len();
        let mut end = None;
        let mut all: Vec<Option<Verdict>> = Vec::new();
        loop {
            let left = size.saturating_sub(self.offset);
            let read = frame::glance(&mut self.source, left, check);
            let read = read.map_err(|error| self.cannot_read(&error))?;
            let Some((kind, raw, length)) = read else { break };
            match kind {
                Kind::Header => {}
                Kind::Images => {
                    let count = counted(&raw).ok_or_else(|| self.not_understood())?;
                    // The count comes from a file: believed as far as the file is long.
                    let count = usize::try_from(count.min(size))?;
                    all.resize(all.len() + count, None);
                }
                Kind::Switches => {
                    let batch: SwitchBatch =
                        serde_json::from_slice(&raw).map_err(|_| self.not_understood())?;
                    all.resize(all.len() + batch.switches.len(), None);
                }
                Kind::Verdicts => {
                    let step = verdicts(&raw).ok_or_else(|| self.not_understood())?;
                    let Step::Verdicts { first, verdicts } = step else { continue };
                    for (number, verdict) in (first..).zip(verdicts) {
                        if let Some(slot) = all.get_mut(usize::try_from(number)?) {
                            *slot = Some(verdict);
                        }
                    }
                }
                Kind::End => {
                    end = Some(serde_json::from_slice(&raw).map_err(|_| self.not_understood())?);
                }
            }
            self.offset += length;
        }
        let length = self.offset;
        self.rewind()?;
        Ok((end, all, length))
    }

    fn cannot_read(&self, error: &std::io::Error) -> Failure {
        Failure::new(error::Kind::Io, format!("cannot read `{}`: {error}", self.path.display()))
    }

    /// Its checksum is right, so it was written like this: by another version.
    fn not_understood(&self) -> Failure {
        Failure::new(
            error::Kind::Data,
            format!("cannot understand a frame of `{}`", self.path.display()),
        )
        .hint("it was written by another version of jobctl; use that one")
    }

    /// The file.
    pub(super) fn file(&self) -> &File {
        self.source.get_ref()
    }
}

fn images(raw: &[u8]) -> Option<ImageBatch> {
    let mut from = Reader { bytes: raw };
    let first = from.number()?;
    let taken_at_ms = i64::try_from(from.number()?).ok()?;
    let count = usize::try_from(from.number()?).ok()?;
    if count > raw.len() {
        return None;
    }
    let images = (0..count).map(|_| from.image()).collect::<Option<_>>()?;
    Some(ImageBatch { first, taken_at_ms, images })
}

/// How many images a frame holds, by its beginning.
fn counted(raw: &[u8]) -> Option<u64> {
    let mut from = Reader { bytes: raw };
    let (_, _, count) = (from.number()?, from.number()?, from.number()?);
    Some(count)
}

fn places(raw: &[u8]) -> Option<Vec<ListPlace>> {
    let mut from = Reader { bytes: raw };
    let (first, _, count) = (from.number()?, from.number()?, from.number()?);
    let mut places = Vec::new();
    for number in first..first.saturating_add(count) {
        let (id, memberships) = from.places()?;
        places.extend(memberships.into_iter().filter_map(|membership| match membership {
            Membership::List { key, order, follows } => {
                Some(ListPlace { number, id: id.to_vec(), key, order, follows })
            }
            _ => None,
        }));
    }
    Some(places)
}

fn verdicts(raw: &[u8]) -> Option<Step> {
    let mut from = Reader { bytes: raw };
    let first = from.number()?;
    let count = usize::try_from(from.number()?).ok()?;
    let codes = from.bytes.get(..count)?;
    let verdict = |code: &u8| match code {
        0 => Some(Verdict::Untouched),
        1 => Some(Verdict::Changed),
        _ => None,
    };
    let verdicts = codes.iter().map(verdict).collect::<Option<_>>()?;
    Some(Step::Verdicts { first, verdicts })
}
