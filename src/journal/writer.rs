//! Writes one journal.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;

use nix::fcntl::Flock;

use super::codec::Writer;
use super::frame::{self, Kind};
use super::image::JobImage;
use super::record::{End, Header, Verdict};
use super::switch::{SwitchBatch, SwitchImage};
use crate::error::{self, Failure, Result};

/// Images in one frame, in bytes before compression.
const FRAME_BYTES: usize = 4 << 20;

/// So few images are packed before a thread would have begun.
const FEW: usize = 32;

/// A journal that is being written. Locked until it is dropped: a second writer, or an undo
/// meanwhile, is refused.
#[derive(Debug)]
pub struct Journal {
    file: Flock<File>,
    path: PathBuf,
    /// Where the last whole frame ends.
    length: u64,
    /// Images so far; the next one's number.
    images: u64,
}

impl Journal {
    /// Begins a journal in an empty, locked file. It is durable when this returns.
    pub(super) fn begin(file: Flock<File>, path: PathBuf, header: &Header) -> Result<Self> {
        let mut journal = Self { file, path, length: 0, images: 0 };
        journal.write(frame::MAGIC)?;
        let json = serde_json::to_vec(header)?;
        journal.frame(Kind::Header, &json)?;
        journal.sync()?;
        Ok(journal)
    }

    /// Goes on with a journal whose last whole frame ends at `length`; what follows is cut off.
    pub(super) fn resume(
        file: Flock<File>,
        path: PathBuf,
        length: u64,
        images: u64,
    ) -> Result<Self> {
        let mut journal = Self { file, path, length, images };
        let cut = journal.file.set_len(length);
        let cut = cut.and_then(|()| journal.file.seek(SeekFrom::Start(length)));
        cut.map_err(|error| journal.cannot_write(&error))?;
        Ok(journal)
    }

    /// Appends images and returns the number of the first; the others follow in order. Not
    /// durable before [`Self::sync`].
    ///
    /// Errors: `Io`; the journal is then as it was before.
    pub fn images(&mut self, taken_at_ms: i64, images: &[JobImage]) -> Result<u64> {
        let first = self.images;
        let half = if images.len() < FEW { images.len() } else { images.len() / 2 };
        let (front, back) = images.split_at(half);
        let behind = first + half as u64;
        // Packing takes longer than writing, and Redis is idle meanwhile: two do it.
        let frames = std::thread::scope(|scope| {
            let back =
                (!back.is_empty()).then(|| scope.spawn(|| packed(behind, taken_at_ms, back)));
            let mut frames = packed(first, taken_at_ms, front)?;
            if let Some(back) = back {
                let back = back.join().unwrap_or_else(|_| Err(io::Error::other("a thread failed")));
                frames.extend(back?);
            }
            Ok(frames)
        });
        let frames = frames.map_err(|error| self.cannot_write(&error))?;
        self.write(&frames)?;
        self.images += images.len() as u64;
        Ok(first)
    }

    /// Appends the image of a switch and makes it durable; returns its number.
    ///
    /// Errors: `Io`; the journal is then as it was before.
    pub fn switch(&mut self, image: SwitchImage) -> Result<u64> {
        let first = self.images;
        let json = serde_json::to_vec(&SwitchBatch { first, switches: vec![image] })?;
        self.frame(Kind::Switches, &json)?;
        self.images += 1;
        self.sync()?;
        Ok(first)
    }

    /// Makes everything durable that was appended.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|error| self.cannot_write(&error))
    }

    /// Appends what became of the images from number `first` on. Not durable before
    /// [`Self::sync`].
    pub fn confirm(&mut self, first: u64, verdicts: &[Verdict]) -> Result<()> {
        let mut out = Writer::default();
        out.number(first);
        let codes: Vec<u8> =
            verdicts.iter().map(|verdict| u8::from(*verdict == Verdict::Changed)).collect();
        out.text(&codes);
        self.frame(Kind::Verdicts, &out.bytes)
    }

    /// Appends the end and makes everything durable.
    pub fn end(&mut self, end: &End) -> Result<()> {
        let json = serde_json::to_vec(end)?;
        self.frame(Kind::End, &json)?;
        self.sync()
    }

    fn frame(&mut self, kind: Kind, raw: &[u8]) -> Result<()> {
        let frame = frame::pack(kind, raw).map_err(|error| self.cannot_write(&error))?;
        self.write(&frame)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if let Err(error) = self.file.write_all(bytes) {
            // Half a frame is harmless at the tail, but hides what is appended after it.
            let _ = self.file.set_len(self.length);
            let _ = self.file.seek(SeekFrom::Start(self.length));
            return Err(self.cannot_write(&error));
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn cannot_write(&self, error: &std::io::Error) -> anyhow::Error {
        let path = self.path.display();
        Failure::new(error::Kind::Io, format!("cannot write the journal `{path}`: {error}"))
            .hint("make room on that disk; jobctl ops prune removes old journals")
            .into()
    }
}

/// Packs images, numbered from `first`, into frames of about [`FRAME_BYTES`], end to end.
fn packed(mut first: u64, taken_at_ms: i64, images: &[JobImage]) -> io::Result<Vec<u8>> {
    let mut frames = Vec::new();
    let mut rest = images;
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take_while(|image| {
            let fits = bytes == 0 || bytes < FRAME_BYTES;
            bytes += image.size();
            fits
        });
        let (now, later) = rest.split_at(fits.count());
        let mut out = Writer::default();
        out.number(first);
        out.number(u64::try_from(taken_at_ms).unwrap_or(0));
        out.number(now.len() as u64);
        for image in now {
            out.image(image);
        }
        frames.extend(frame::pack(Kind::Images, &out.bytes)?);
        first += now.len() as u64;
        rest = later;
    }
    Ok(frames)
}
