//! Reads one journal, as far as it is whole.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::codec::Reader;
use super::frame::{self, Kind, MAGIC};
use super::image::JobImage;
use super::record::{End, Header, Step, Verdict};
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
        let cannot = |error: std::io::Error, path: &Path| {
            Failure::new(error::Kind::Io, format!("cannot read `{}`: {error}", path.display()))
        };
        let read = frame::unpack(&mut self.source).map_err(|error| cannot(error, &self.path))?;
        let Some((kind, raw, length)) = read else { return Ok(None) };
        let step = match kind {
            Kind::Header => None,
            Kind::Images => images(&raw).map(Step::Images),
            Kind::Switches => serde_json::from_slice(&raw).ok().map(Step::Switches),
            Kind::Verdicts => verdicts(&raw),
            Kind::End => serde_json::from_slice(&raw).ok().map(Step::End),
        };
        // Its checksum is right, so it was written like this: by another version.
        let step = step.ok_or_else(|| {
            Failure::new(
                error::Kind::Data,
                format!("cannot understand a frame of `{}`", self.path.display()),
            )
            .hint("it was written by another version of jobctl; use that one")
        })?;
        self.offset += length;
        Ok(Some(step))
    }

    /// What became of each image, by number; `None` where nothing is known. Reads everything once.
    pub fn verdicts(&mut self) -> Result<Vec<Option<Verdict>>> {
        Ok(self.scan()?.1)
    }

    /// The end, what became of each image, and where the last whole frame ends.
    pub(super) fn scan(&mut self) -> Result<(Option<End>, Vec<Option<Verdict>>, u64)> {
        self.rewind()?;
        let mut end = None;
        let mut all: Vec<Option<Verdict>> = Vec::new();
        while let Some(step) = self.step()? {
            match step {
                Step::Images(batch) => all.resize(all.len() + batch.images.len(), None),
                Step::Switches(batch) => all.resize(all.len() + batch.switches.len(), None),
                Step::Verdicts { first, verdicts } => {
                    for (number, verdict) in (first..).zip(verdicts) {
                        if let Some(slot) = all.get_mut(usize::try_from(number)?) {
                            *slot = Some(verdict);
                        }
                    }
                }
                Step::End(found) => end = Some(found),
            }
        }
        let length = self.offset;
        self.rewind()?;
        Ok((end, all, length))
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
