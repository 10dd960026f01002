//! The bytes of one log file, in order: plain or gzipped, from any offset of a plain one.
//!
//! A file that is followed can be cut off and written anew at any moment (logrotate's
//! `copytruncate`). The bytes before the offset are compared after each read, so that what is
//! handed out always continues what was handed out before.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::SystemTime;

use flate2::read::MultiGzDecoder;
use nix::libc::O_NONBLOCK;
use nix::unistd::{Whence, lseek};

/// Bytes at the start of a file by which its copies are told.
const HEAD_BYTES: usize = 1024;
/// Bytes before the offset that are compared after each read.
const TAIL_BYTES: usize = 256;

/// Which file it is, whatever it is called. The time of birth tells a file from a later one that
/// got the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    number: u64,
    born: Option<SystemTime>,
}

impl FileId {
    /// The identity of an opened or named file.
    pub fn of(metadata: &Metadata) -> Self {
        let born = metadata.created().ok();
        Self { device: metadata.dev(), number: metadata.ino(), born }
    }

    /// Whether the file system keeps times of birth.
    pub fn is_sure(&self) -> bool {
        self.born.is_some()
    }
}

/// Opens a regular file without ever waiting: a named pipe in a log's place is refused.
pub fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    Ok((file, metadata))
}

/// What a read gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// So many bytes.
    Bytes(usize),
    /// Nothing: the end, for now.
    Nothing,
    /// The file no longer holds what was read from it: it was cut off.
    Truncated,
}

/// The bytes of one file.
pub struct Input {
    bytes: Bytes,
    offset: u64,
}

enum Bytes {
    Plain(Plain),
    Gzip(Box<MultiGzDecoder<BufReader<FromStart>>>),
    Memory(io::Cursor<Vec<u8>>),
}

/// Reads a file without moving the place that all its handles share.
struct FromStart {
    file: File,
    offset: u64,
}

impl Read for FromStart {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let got = self.file.read_at(into, self.offset)?;
        self.offset += got as u64;
        Ok(got)
    }
}

struct Plain {
    file: File,
    /// Compare what stands before the offset; empty where nothing was read or nobody asks.
    guarded: bool,
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = matches!(self.bytes, Bytes::Plain(_));
        f.debug_struct("Input").field("plain", &plain).field("offset", &self.offset).finish()
    }
}

impl Input {
    /// A plain file from `offset` on.
    pub fn plain(file: File, offset: u64) -> Self {
        let plain = Plain { file, guarded: false, head: Vec::new(), tail: Vec::new() };
        Self { bytes: Bytes::Plain(plain), offset }
    }

    /// A gzipped file, from its beginning.
    pub fn gzip(file: File) -> Self {
        let decoder =
            MultiGzDecoder::new(BufReader::with_capacity(64 << 10, FromStart { file, offset: 0 }));
        Self { bytes: Bytes::Gzip(Box::new(decoder)), offset: 0 }
    }

    /// A piece of a file that was read already and begins at `offset` of it.
    pub(super) fn bytes(piece: Vec<u8>, offset: u64) -> Self {
        Self { bytes: Bytes::Memory(io::Cursor::new(piece)), offset }
    }

    /// From now on truncation is noticed.
    pub fn guard(&mut self) -> io::Result<()> {
        let offset = self.offset;
        if let Bytes::Plain(plain) = &mut self.bytes {
            plain.guarded = true;
            plain.remember(offset)?;
        }
        Ok(())
    }

    /// How many bytes were read or passed over.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The start of the file, as far as it was read; empty for gzip.
    pub fn head(&self) -> &[u8] {
        match &self.bytes {
            Bytes::Plain(plain) => &plain.head,
            Bytes::Gzip(_) | Bytes::Memory(_) => &[],
        }
    }

    /// Reads some of what follows into `into`, which is not empty.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<Got> {
        let got = match &mut self.bytes {
            Bytes::Gzip(decoder) => decoder.read(into)?,
            Bytes::Memory(piece) => piece.read(into)?,
            Bytes::Plain(plain) => {
                if plain.guarded && plain.file.metadata()?.len() < self.offset {
                    return Ok(Got::Truncated);
                }
                if plain.guarded && plain.head.is_empty() {
                    self.offset = plain.data_from(self.offset)?;
                }
                let got = plain.file.read_at(into, self.offset)?;
                if plain.guarded {
                    // After the read: what was cut off before it is seen now.
                    if !plain.still_holds(self.offset)? {
                        return Ok(Got::Truncated);
                    }
                    if got > 0 {
                        plain.append(&into[..got]);
                    }
                }
                got
            }
        };
        self.offset += got as u64;
        Ok(if got == 0 { Got::Nothing } else { Got::Bytes(got) })
    }

    /// Begins the same file anew after it was cut off.
    pub fn restart(&mut self) {
        if let Bytes::Plain(plain) = &mut self.bytes {
            plain.head.clear();
            plain.tail.clear();
            self.offset = 0;
        }
    }

    /// The same place in a copy of this file; `None` if `copy` is none, or is no longer than what
    /// was read.
    pub fn continued_in(&self, copy: File, gzip: bool) -> io::Result<Option<Self>> {
        let Bytes::Plain(own) = &self.bytes else { return Ok(None) };
        let mut input = if gzip { Self::gzip(copy) } else { Self::plain(copy, 0) };
        let skip = self.offset.saturating_sub(own.tail.len() as u64);
        if !input.pass(skip)? {
            return Ok(None);
        }
        let mut tail = vec![0; own.tail.len()];
        let same = read_full(&mut input, &mut tail)? == tail.len() && tail == own.tail;
        Ok(same.then_some(input))
    }

    /// Passes over `skip` bytes; false if there are not as many.
    fn pass(&mut self, skip: u64) -> io::Result<bool> {
        match &mut self.bytes {
            Bytes::Plain(plain) => {
                self.offset = skip;
                Ok(plain.file.metadata()?.len() >= skip)
            }
            Bytes::Memory(_) => Ok(false),
            Bytes::Gzip(decoder) => {
                let passed = io::copy(&mut decoder.take(skip), &mut io::sink())?;
                self.offset = passed;
                Ok(passed == skip)
            }
        }
    }
}

impl Plain {
    fn remember(&mut self, offset: u64) -> io::Result<()> {
        self.head =
            read_at(&self.file, 0, HEAD_BYTES.min(usize::try_from(offset).unwrap_or(HEAD_BYTES)))?;
        let tail = TAIL_BYTES.min(usize::try_from(offset).unwrap_or(TAIL_BYTES));
        self.tail = read_at(&self.file, offset - tail as u64, tail)?;
        Ok(())
    }

    /// Where the text begins at or behind `offset`. A writer that does not append goes on at its
    /// old place in a file that was cut off, and leaves a hole before it.
    fn data_from(&self, offset: u64) -> io::Result<u64> {
        let from = i64::try_from(offset).unwrap_or(i64::MAX);
        let data = lseek(&self.file, from, Whence::SeekData).unwrap_or(from);
        let mut data = u64::try_from(data).unwrap_or(offset);
        // The hole ends with a page, the text begins somewhere in the next.
        loop {
            let bytes = read_at(&self.file, data, 4096)?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            data += zeros as u64;
            if zeros < bytes.len() || bytes.is_empty() {
                return Ok(data);
            }
        }
    }

    fn still_holds(&self, offset: u64) -> io::Result<bool> {
        let from = offset.saturating_sub(self.tail.len() as u64);
        Ok(read_at(&self.file, from, self.tail.len())? == self.tail)
    }

    fn append(&mut self, bytes: &[u8]) {
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend_from_slice(&bytes[..bytes.len().min(missing)]);
        let from_new = bytes.len().min(TAIL_BYTES);
        let keep = self.tail.len().min(TAIL_BYTES - from_new);
        self.tail.drain(..self.tail.len() - keep);
        self.tail.extend_from_slice(&bytes[bytes.len() - from_new..]);
    }
}

/// Up to `length` bytes from `offset` on.
pub(super) fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut got = 0;
    while got < length {
        match file.read_at(&mut bytes[got..], offset + got as u64)? {
            0 => break,
            n => got += n,
        }
    }
    bytes.truncate(got);
    Ok(bytes)
}

/// The start of a file's content, by which its copies are told.
pub(super) fn head(file: File, gzip: bool) -> io::Result<Vec<u8>> {
    head_of(if gzip { Input::gzip(file) } else { Input::plain(file, 0) }, HEAD_BYTES)
}

/// The first `most` bytes of what an input holds.
pub(super) fn head_of(mut input: Input, most: usize) -> io::Result<Vec<u8>> {
    let mut head = vec![0; most];
    let got = read_full(&mut input, &mut head)?;
    head.truncate(got);
    Ok(head)
}

/// Whether two heads are of one file: the shorter begins the longer.
pub(super) fn is_same_head(one: &[u8], other: &[u8]) -> bool {
    !one.is_empty() && !other.is_empty() && (one.starts_with(other) || other.starts_with(one))
}

fn read_full(input: &mut Input, into: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < into.len() {
        match input.read(&mut into[got..])? {
            Got::Bytes(n) => got += n,
            Got::Nothing | Got::Truncated => break,
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn file(dir: &Path, name: &str, text: &[u8]) -> File {
        std::fs::write(dir.join(name), text).unwrap();
        open(&dir.join(name)).unwrap().0
    }

    fn read_all(input: &mut Input) -> (Vec<u8>, Got) {
        let (mut all, mut part) = (Vec::new(), [0; 7]);
        loop {
            match input.read(&mut part).unwrap() {
                Got::Bytes(n) => all.extend_from_slice(&part[..n]),
                end => return (all, end),
            }
        }
    }

    #[test]
    fn read_notices_a_file_that_was_cut_off_and_grew_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut input = Input::plain(file(dir.path(), "a", b"one\ntwo\n"), 0);
        input.guard().unwrap();
        assert_eq!(read_all(&mut input), (b"one\ntwo\n".to_vec(), Got::Nothing));
        // `write` keeps the file and cuts it off.
        std::fs::write(dir.path().join("a"), b"three\nfour\nfive\n").unwrap();
        assert_eq!(read_all(&mut input), (Vec::new(), Got::Truncated));
        input.restart();
        assert_eq!(read_all(&mut input), (b"three\nfour\nfive\n".to_vec(), Got::Nothing));
        assert!(is_same_head(input.head(), b"three\nfour"));
    }

    #[test]
    fn read_passes_over_the_hole_that_a_writer_leaves() {
        use std::io::Seek as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let mut writer = File::create(&path).unwrap();
        writer.write_all(&b"0123456789\n".repeat(5_000)).unwrap();
        let mut input = Input::plain(open(&path).unwrap().0, 0);
        input.guard().unwrap();
        assert_eq!(read_all(&mut input).0.len(), 55_000);
        writer.set_len(0).unwrap();
        assert_eq!(read_all(&mut input).1, Got::Truncated);
        input.restart();
        assert_eq!(read_all(&mut input).1, Got::Nothing);
        assert_eq!(writer.stream_position().unwrap(), 55_000);
        writer.write_all(b"next\n").unwrap();
        assert_eq!(read_all(&mut input).0, b"next\n");
    }

    #[test]
    fn continued_in_finds_the_place_in_a_copy() {
        let dir = tempfile::tempdir().unwrap();
        let mut input = Input::plain(file(dir.path(), "a", b"one\ntwo\n"), 0);
        input.guard().unwrap();
        read_all(&mut input);
        let copy = file(dir.path(), "a.1", b"one\ntwo\nthree\n");
        let mut rest = input.continued_in(copy, false).unwrap().unwrap();
        assert_eq!(read_all(&mut rest).0, b"three\n");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(b"one\ntwo\nthree\n").unwrap();
        let copy = file(dir.path(), "a.1.gz", &gzip.finish().unwrap());
        let mut rest = input.continued_in(copy, true).unwrap().unwrap();
        assert_eq!(read_all(&mut rest).0, b"three\n");
        let other = file(dir.path(), "b", b"one\nTWO\nthree\n");
        assert!(input.continued_in(other, false).unwrap().is_none());
        let shorter = file(dir.path(), "c", b"one\n");
        assert!(input.continued_in(shorter, false).unwrap().is_none());
    }

    #[test]
    fn open_refuses_what_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(open(dir.path()).unwrap_err().kind(), io::ErrorKind::IsADirectory);
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(open(&pipe).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
