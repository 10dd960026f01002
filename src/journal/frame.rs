//! Frames: the unit in which a journal is written, checked and cut off.
//!
//! ```text
//! file  = "jobctl journal 1\n" frame*
//! frame = kind:u8 raw_length:u32 stored_length:u32 crc32:u32 stored      (little-endian)
//! ```
//!
//! `stored` is a zlib stream of `raw_length` bytes. The checksum covers everything else of the
//! frame, so that half a frame at the tail is never taken for a whole one.

use std::io::{self, BufReader, Read, Seek, Write};

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

/// Bytes of a frame of images that a glance looks at, packed and unpacked.
const GLANCE: u64 = 512;

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

/// What stands in front of a frame's content.
struct Head {
    kind: Kind,
    raw_length: u32,
    stored_length: u32,
    crc: u32,
}

impl Head {
    fn read(source: &mut impl Read) -> io::Result<Option<Self>> {
        let mut head = [0; HEAD_BYTES];
        if !read_whole(source, &mut head)? {
            return Ok(None);
        }
        let word =
            |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let (raw_length, stored_length, crc) = (word(1), word(5), word(9));
        let known = Kind::of(head[0]).filter(|_| raw_length <= LONGEST && stored_length <= LONGEST);
        Ok(known.map(|kind| Self { kind, raw_length, stored_length, crc }))
    }

    /// Bytes of the whole frame.
    fn length(&self) -> u64 {
        HEAD_BYTES as u64 + u64::from(self.stored_length)
    }

    /// Reads the content; `None` where it is cut off or damaged.
    fn content(&self, source: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
        // Grows by what comes, not by what is announced.
        let mut stored = Vec::new();
        source.take(u64::from(self.stored_length)).read_to_end(&mut stored)?;
        let crc = checksum(self.kind.code(), self.raw_length, self.stored_length, &stored);
        let whole = stored.len() as u64 == u64::from(self.stored_length) && crc == self.crc;
        Ok(whole.then_some(stored))
    }
}

/// Reads the next frame; `None` where no whole frame follows.
///
/// Errors: those of `source`, apart from its end.
pub(super) fn unpack(source: &mut impl Read) -> io::Result<Option<(Kind, Vec<u8>, u64)>> {
    let Some(head) = Head::read(source)? else { return Ok(None) };
    let Some(stored) = head.content(source)? else { return Ok(None) };
    let mut raw = Vec::new();
    let limit = u64::from(head.raw_length) + 1;
    let inflated = ZlibDecoder::new(stored.as_slice()).take(limit).read_to_end(&mut raw);
    if inflated.is_err() || raw.len() as u64 != u64::from(head.raw_length) {
        return Ok(None);
    }
    Ok(Some((head.kind, raw, head.length())))
}

/// The same, but of a frame of images only the beginning is unpacked. Images are nearly all of a
/// journal: with `check` they are read, else passed over, and the file's length, of which `left`
/// bytes follow, tells whether the frame is whole.
pub(super) fn glance<S: Read + Seek>(
    source: &mut BufReader<S>,
    left: u64,
    check: bool,
) -> io::Result<Option<(Kind, Vec<u8>, u64)>> {
    let Some(head) = Head::read(source)? else { return Ok(None) };
    if head.length() > left {
        return Ok(None);
    }
    let passed_over = head.kind == Kind::Images && !check;
    let stored = if passed_over {
        let mut beginning = Vec::new();
        let count = GLANCE.min(u64::from(head.stored_length));
        source.take(count).read_to_end(&mut beginning)?;
        source.seek_relative(i64::from(head.stored_length) - i64::try_from(count).unwrap_or(0))?;
        Some(beginning)
    } else {
        head.content(source)?
    };
    let Some(stored) = stored else { return Ok(None) };
    let mut raw = Vec::new();
    let limit = if head.kind == Kind::Images { GLANCE } else { u64::from(head.raw_length) };
    // A stream that was cut off gives what it has, and then an error.
    let _ = ZlibDecoder::new(stored.as_slice()).take(limit).read_to_end(&mut raw);
    Ok(Some((head.kind, raw, head.length())))
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
