//! Inflates zlib streams into one reused buffer, up to a cap. Knows nothing of what is inside.
//!
//! The only reader of what `flate2` inflates.

use std::fmt;

use flate2::{Decompress, FlushDecompress, Status};

use super::limits::Limits;

mod short;

/// Capacity that the buffer keeps between objects, so that one huge object is not paid for ever.
const KEPT_BYTES: usize = 1 << 20;
/// First size of the buffer: larger than almost every job payload, and cheap, since the inflater
/// zeroes all of it for each object.
const FIRST_BYTES: usize = 2 << 10;

/// How the reading of a stream ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At its end, with the right checksum.
    Complete,
    /// Before its end: cut or damaged.
    Damaged,
    /// At the cap on size or ratio.
    Capped,
}

/// What came out of a stream, up to where the reading ended.
#[derive(Debug, Clone, Copy)]
pub struct Inflated<'a> {
    /// The bytes up to there.
    pub bytes: &'a [u8],
    /// How it ended.
    pub end: End,
}

/// Inflates one object after the other without allocating for each.
pub struct Inflater {
    short: short::ShortInflater,
    stream: Decompress,
    out: Vec<u8>,
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflater").field("capacity", &self.out.capacity()).finish_non_exhaustive()
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

impl Inflater {
    /// Makes an inflater for zlib streams.
    pub fn new() -> Self {
        Self {
            short: short::ShortInflater::default(),
            stream: Decompress::new(true),
            out: Vec::new(),
        }
    }

    /// Inflates `stored`, if its first two bytes are a zlib header.
    ///
    /// `None` means that these bytes are no zlib stream: they are to be taken as they are, as RQ
    /// does (rq/job.py, `Job.restore`). Bytes after the stream's end are ignored.
    pub fn inflate(&mut self, stored: &[u8], limits: &Limits) -> Option<Inflated<'_>> {
        if !has_zlib_header(stored) {
            return None;
        }
        let cap = limits.inflated_cap(stored.len());
        let Self { short, stream, out } = self;
        if let Some(bytes) = short.inflate(stored).filter(|bytes| bytes.len() <= cap) {
            return Some(Inflated { bytes, end: End::Complete });
        }
        let end = run(stream, out, stored, cap);
        Some(Inflated { bytes: out, end })
    }
}

/// Inflates any zlib stream into `out`, up to `cap` bytes.
fn run(stream: &mut Decompress, out: &mut Vec<u8>, stored: &[u8], cap: usize) -> End {
    stream.reset(true);
    out.clear();
    out.shrink_to(KEPT_BYTES);
    out.reserve(FIRST_BYTES.min(cap.saturating_add(1)));
    loop {
        let consumed = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
        let rest = stored.get(consumed..).unwrap_or_default();
        let before = out.len();
        let status = stream.decompress_vec(rest, out, FlushDecompress::Finish);
        if out.len() > cap {
            out.truncate(cap);
            return End::Capped;
        }
        match status {
            Ok(Status::StreamEnd) => return End::Complete,
            Err(_) => return End::Damaged,
            Ok(_) if out.len() < out.capacity() => {
                // Room was left, so the input is what ran out, unless this step made progress.
                let now = usize::try_from(stream.total_in()).unwrap_or(usize::MAX);
                if now == consumed && out.len() == before {
                    return End::Damaged;
                }
            }
            Ok(_) => {
                let more = out.len().max(FIRST_BYTES).min(cap + 1 - out.len());
                out.reserve_exact(more.max(1));
            }
        }
    }
}

/// Whether `bytes` begin with a zlib header: method 8 and a right header checksum (RFC 1950).
pub fn has_zlib_header(bytes: &[u8]) -> bool {
    matches!(bytes, [cmf, flg, ..]
        if cmf & 0x0f == 8 && (u16::from(*cmf) << 8 | u16::from(*flg)) % 31 == 0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn deflated(plain: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(6));
        writer.write_all(plain).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn inflate_when_not_zlib_says_so() {
        let mut inflater = Inflater::new();
        for raw in [&b""[..], b"\x80", b"\x80\x05N.", b"[1]", b"hello"] {
            assert!(inflater.inflate(raw, &Limits::default()).is_none(), "{raw:?}");
        }
    }

    #[test]
    fn inflate_when_bomb_stops_at_the_cap() {
        let bomb = deflated(&vec![0u8; 40 << 20]);
        let mut inflater = Inflater::new();
        let limits = Limits { inflate_ratio: usize::MAX, ..Limits::default() };
        let out = inflater.inflate(&bomb, &limits).unwrap();
        assert_eq!((out.end, out.bytes.len()), (End::Capped, limits.inflated_bytes));
        let out = inflater.inflate(&bomb, &Limits::default()).unwrap();
        assert_eq!((out.end, out.bytes.len()), (End::Capped, bomb.len() * 256));
        let out = inflater.inflate(&deflated(b"next"), &Limits::default()).unwrap();
        assert_eq!((out.end, out.bytes), (End::Complete, &b"next"[..]));
    }

    #[test]
    fn inflate_when_exactly_at_the_cap_is_complete() {
        let limits = Limits { inflated_bytes: 100_000, ..Limits::default() };
        let mut inflater = Inflater::new();
        let out = inflater.inflate(&deflated(&vec![7; 100_000]), &limits).unwrap();
        assert_eq!((out.end, out.bytes.len()), (End::Complete, 100_000));
    }

    #[test]
    fn inflate_of_the_empty_marker_is_empty() {
        let mut inflater = Inflater::new();
        let out = inflater
            .inflate(&[0x78, 0x9c, 0x03, 0, 0, 0, 0, 1], &Limits::default())
            .map(|out| (out.end, out.bytes.len()));
        assert_eq!(out, Some((End::Complete, 0)));
    }

    proptest! {
        #[test]
        fn inflate_gives_back_what_was_deflated(plain in prop::collection::vec(any::<u8>(), 0..40_000)) {
            let mut inflater = Inflater::new();
            let out = inflater.inflate(&deflated(&plain), &Limits::default()).unwrap();
            prop_assert_eq!(out.end, End::Complete);
            prop_assert_eq!(out.bytes, &plain[..]);
        }

        #[test]
        fn inflate_of_cut_or_changed_streams_ends(
            plain in prop::collection::vec(0u8..4, 1..3000),
            cut in any::<prop::sample::Index>(),
            flip in any::<prop::sample::Index>(),
            bit in 0u8..8,
        ) {
            let whole = deflated(&plain);
            let mut inflater = Inflater::new();
            let cut = inflater.inflate(&whole[..cut.index(whole.len())], &Limits::default());
            if let Some(out) = cut {
                prop_assert_eq!(out.end, End::Damaged);
            }
            let mut changed = whole.clone();
            changed[flip.index(whole.len())] ^= 1 << bit;
            if let Some(out) = inflater.inflate(&changed, &Limits::default()) {
                prop_assert!(out.bytes.len() <= 1 << 20);
            }
        }
    }
}
