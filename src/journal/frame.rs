//! Frames: the unit in which a journal is written, checked and cut off.
//!
//! ```text
//! file  = "jobctl journal 1\n" frame*
//! frame = kind:u8 raw_length:u32 stored_length:u32 crc32:u32 stored      (little-endian)
//! ```
//!
//! `stored` is a zlib stream of `raw_length` bytes. The checksum covers everything else of the
//! frame, so that half a frame at the tail is never taken for a whole one.

use std::io::{self, Read, Write};

use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

/// What every journal begins with.
pub(super) const MAGIC: &[u8] = b"jobctl journal 1\n";
/// The bytes in front of a frame's content.
pub(super) const HEAD_BYTES: usize = 13;
/// The longest content of a frame that is read. A job's image is far below; what is longer was
/// not written by us.
const LONGEST: u32 = 1 << 30;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The header, as JSON.
    Header,
    /// Images of jobs.
    Images,
    /// Images of switches, as JSON.
    Switches,
    /// What became of images.
    Verdicts,
    /// The end, as JSON.
    End,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::Images => b'I',
            Self::Switches => b'S',
            Self::Verdicts => b'V',
            Self::End => b'E',
        }
    }

    fn of(code: u8) -> Option<Self> {
        [Self::Header, Self::Images, Self::Switches, Self::Verdicts, Self::End]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// Packs `raw` into a frame.
pub(super) fn pack(kind: Kind, raw: &[u8]) -> io::Result<Vec<u8>> {
    let too_long = || io::Error::new(io::ErrorKind::InvalidInput, "too long for one frame");
    let raw_length = u32::try_from(raw.len()).ok().filter(|length| *length <= LONGEST);
    let raw_length = raw_length.ok_or_else(too_long)?;
    let mut frame = vec![0; HEAD_BYTES];
    // The lowest level: what is compressed are mostly zlib streams already, and keys that repeat.
    let mut encoder = ZlibEncoder::new(&mut frame, Compression::fast());
    encoder.write_all(raw)?;
    encoder.finish()?;
    let stored_length = u32::try_from(frame.len() - HEAD_BYTES).map_err(|_| too_long())?;
    let (head, stored) = frame.split_at_mut(HEAD_BYTES);
    let crc = checksum(kind.code(), raw_length, stored_length, stored);
    head[0] = kind.code();
    head[1..5].copy_from_slice(&raw_length.to_le_bytes());
    head[5..9].copy_from_slice(&stored_length.to_le_bytes());
    head[9..13].copy_from_slice(&crc.to_le_bytes());
    Ok(frame)
}

/// Reads the next frame; `None` where no whole frame follows.
///
/// Errors: those of `source`, apart from its end.
pub(super) fn unpack(source: &mut impl Read) -> io::Result<Option<(Kind, Vec<u8>, u64)>> {
    let mut head = [0; HEAD_BYTES];
    if !read_whole(source, &mut head)? {
        return Ok(None);
    }
    let word = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let (raw_length, stored_length, crc) = (word(1), word(5), word(9));
    let Some(kind) = Kind::of(head[0]) else { return Ok(None) };
    if raw_length > LONGEST || stored_length > LONGEST {
        return Ok(None);
    }
    // Grows by what comes, not by what is announced.
    let mut stored = Vec::new();
    source.take(u64::from(stored_length)).read_to_end(&mut stored)?;
    if stored.len() as u64 != u64::from(stored_length)
        || checksum(head[0], raw_length, stored_length, &stored) != crc
    {
        return Ok(None);
    }
    let mut raw = Vec::new();
    let limit = u64::from(raw_length) + 1;
    let inflated = ZlibDecoder::new(stored.as_slice()).take(limit).read_to_end(&mut raw);
    if inflated.is_err() || raw.len() as u64 != u64::from(raw_length) {
        return Ok(None);
    }
    Ok(Some((kind, raw, HEAD_BYTES as u64 + u64::from(stored_length))))
}

fn checksum(kind: u8, raw_length: u32, stored_length: u32, stored: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(&[kind]);
    crc.update(&raw_length.to_le_bytes());
    crc.update(&stored_length.to_le_bytes());
    crc.update(stored);
    crc.sum()
}

/// Fills `buffer`, or says that the source ended before.
fn read_whole(source: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match source.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
