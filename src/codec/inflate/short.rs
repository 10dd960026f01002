//! Inflates short zlib streams, such as a job's payload, three times as fast as a general inflater.
//!
//! In a stream of some hundred bytes the time goes into its tables, so these are only as large as
//! the stream's own codes need, and are built over the symbols that occur. Answers "here is all of
//! it" or "not mine": whatever is not one sound block with codes of its own is left to the general
//! inflater, which also judges what is wrong with it.
//!
//! Source: RFC 1950 and RFC 1951.

#[cfg(test)]
mod tests;

/// Longer streams gain little.
const MOST_STORED: usize = 4 * 1024;
/// Room for what comes out; more is left to the general inflater.
const ROOM: usize = 16 * 1024;
/// Longest code that is looked up at once. The codes of short streams stay below it.
const LONGEST_CODE: usize = 11;
/// Room for the longest code of a block's codes.
const CODE_ROOM: usize = 1 << LONGEST_CODE;
/// Literals, the end of the block, and lengths.
const SYMBOLS: usize = 286;
/// Distances.
const DISTANCES: usize = 30;
/// The symbol that ends a block.
const END: u16 = 256;

/// In which order the lengths of the codes for lengths are stored.
const ORDER: [u8; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// Base and extra bits of each length, from the symbol behind [`END`] on.
#[rustfmt::skip]
const LENGTHS: [(u16, u8); 29] = [
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1),
    (15, 1), (17, 1), (19, 2), (23, 2), (27, 2), (31, 2), (35, 3), (43, 3), (51, 3), (59, 3),
    (67, 4), (83, 4), (99, 4), (115, 4), (131, 5), (163, 5), (195, 5), (227, 5), (258, 0),
];

/// Base and extra bits of each distance.
#[rustfmt::skip]
const OFFSETS: [(u16, u8); 30] = [
    (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3),
    (33, 4), (49, 4), (65, 5), (97, 5), (129, 6), (193, 6), (257, 7), (385, 7), (513, 8),
    (769, 8), (1025, 9), (1537, 9), (2049, 10), (3073, 10), (4097, 11), (6145, 11),
    (8193, 12), (12289, 12), (16385, 13), (24577, 13),
];

/// Inflates one short stream after the other without allocating.
pub(super) struct ShortInflater {
    out: Box<[u8; ROOM]>,
    /// How the lengths of the codes are coded.
    meta: Table<128>,
    symbols: Table<CODE_ROOM>,
    distances: Table<CODE_ROOM>,
    used: [Used; 3],
    sorted: Sorted,
}

impl Default for ShortInflater {
    fn default() -> Self {
        Self {
            out: Box::new([0; ROOM]),
            meta: Table::new(),
            symbols: Table::new(),
            distances: Table::new(),
            used: [Used::new(), Used::new(), Used::new()],
            sorted: [0; SYMBOLS],
        }
    }
}

impl ShortInflater {
    /// Inflates a whole zlib stream, whose header was checked; `None` if it is not one for this
    /// inflater. Bytes behind it are ignored.
    pub(super) fn inflate(&mut self, stored: &[u8]) -> Option<&[u8]> {
        if stored.len() > MOST_STORED {
            return None;
        }
        // A preset dictionary is announced in the header's second byte.
        let ([_, flags], deflated) = stored.split_first_chunk()?;
        let mut bits = Bits { input: deflated, at: 0, hold: 0, count: 0 };
        bits.refill();
        let last_with_own_codes = 0b101;
        if flags & 0x20 != 0 || bits.take(3) != last_with_own_codes {
            return None;
        }
        let bits = self.read_codes(bits)?;
        let (len, bits) = self.expand(bits)?;
        let out = self.out.get(..len)?;
        (bits.checksum()? == adler32(out)).then_some(out)
    }

    /// Reads the lengths of all codes, and makes the tables; gives what is behind them.
    fn read_codes<'a>(&mut self, mut bits: Bits<'a>) -> Option<Bits<'a>> {
        let symbols = usize::from(bits.take(5)) + 257;
        let distances = usize::from(bits.take(5)) + 1;
        let metas = usize::from(bits.take(4)) + 4;
        if symbols > SYMBOLS || distances > DISTANCES {
            return None;
        }
        let [of_meta, of_symbols, of_distances] = &mut self.used;
        let mut lengths = [0; ORDER.len()];
        for place in ORDER.get(..metas)? {
            bits.refill();
            *lengths.get_mut(usize::from(*place))? = bits.take(3);
        }
        of_meta.clear();
        for (symbol, length) in (0..).zip(lengths).filter(|(_, length)| *length > 0) {
            of_meta.add(symbol, length);
        }
        self.meta.build(of_meta, &mut self.sorted)?;
        of_symbols.clear();
        of_distances.clear();
        // Both sets of lengths are one row, and a repetition may reach from one into the other.
        let mut add = |at: usize, length: u16| match at.checked_sub(symbols) {
            None => of_symbols.add(word(at), length),
            Some(at) => of_distances.add(word(at), length),
        };
        let (mut at, mut last) = (0, 0);
        while at < symbols + distances {
            bits.refill();
            let length = self.meta.next(&mut bits);
            if length < 16 {
                if length > 0 {
                    add(at, length);
                }
                (last, at) = (length, at + 1);
                continue;
            }
            let (length, times) = match length {
                16 if at > 0 => (last, 3 + bits.take(2)),
                17 => (0, 3 + bits.take(3)),
                18 => (0, 11 + bits.take(7)),
                _ => return None,
            };
            last = length;
            let end = at + usize::from(times);
            if end > symbols + distances {
                return None;
            }
            if length > 0 {
                (at..end).for_each(|at| add(at, length));
            }
            at = end;
        }
        self.symbols.build(of_symbols, &mut self.sorted)?;
        self.distances.build(of_distances, &mut self.sorted)?;
        Some(bits)
    }

    /// Expands the block; gives how many bytes came out, and what is behind it.
    fn expand<'a>(&mut self, mut bits: Bits<'a>) -> Option<(usize, Bits<'a>)> {
        let Self { symbols, distances, out, .. } = self;
        let mut at = 0;
        loop {
            bits.refill();
            let mut symbol = symbols.next(&mut bits);
            // A refill holds 56 bits at least: five codes of eleven.
            for _ in 0..4 {
                if symbol >= END {
                    break;
                }
                put(out, &mut at, symbol)?;
                symbol = symbols.next(&mut bits);
            }
            if symbol < END {
                put(out, &mut at, symbol)?;
                continue;
            }
            // Beyond the end only zeros come: they end here, or where there is no more room.
            if !bits.are_of_input() {
                return None;
            }
            if symbol == END {
                return Some((at, bits));
            }
            bits.refill();
            let (base, extra) = *LENGTHS.get(usize::from(symbol - END - 1))?;
            let length = usize::from(base + bits.take(extra));
            let (base, extra) = *OFFSETS.get(usize::from(distances.next(&mut bits)))?;
            let distance = usize::from(base + bits.take(extra));
            repeat(out, at, distance, length)?;
            at += length;
        }
    }
}

/// Writes a literal.
#[inline]
fn put(out: &mut [u8; ROOM], at: &mut usize, symbol: u16) -> Option<()> {
    let [literal, _] = symbol.to_le_bytes();
    *out.get_mut(*at)? = literal;
    *at += 1;
    Some(())
}

/// Writes again, at `at`, what begins `distance` before; the two may overlap.
fn repeat(out: &mut [u8; ROOM], at: usize, distance: usize, length: usize) -> Option<()> {
    let from = at.checked_sub(distance)?;
    let place = out.get_mut(from..at + length)?;
    if distance < 8 {
        for step in 0..length {
            let byte = *place.get(step)?;
            *place.get_mut(distance + step)? = byte;
        }
        return Some(());
    }
    // By eights, as nearly all are short; the last step may write beyond, which is overwritten.
    let place = out.get_mut(from..at + length + 8)?;
    for step in (0..length).step_by(8) {
        let eight: [u8; 8] = *place.get(step..)?.first_chunk()?;
        *place.get_mut(distance + step..)?.first_chunk_mut()? = eight;
    }
    Some(())
}

/// The stream as bits, lowest first.
struct Bits<'a> {
    input: &'a [u8],
    at: usize,
    hold: u64,
    /// How many bits are held.
    count: u32,
}

impl Bits<'_> {
    /// Holds 56 bits at least; zeros stand for what is beyond the end.
    #[inline]
    fn refill(&mut self) {
        let Some(next) = self.input.get(self.at..).and_then(|rest| rest.first_chunk()) else {
            (self.at, self.hold, self.count) =
                refilled_at_the_end(self.input, self.at, self.hold, self.count);
            return;
        };
        self.hold |= u64::from_le_bytes(*next) << self.count;
        let bytes = (63 - self.count) / 8;
        self.at += bytes as usize;
        self.count += bytes * 8;
    }

    /// Takes up to 15 bits of those that are held.
    #[inline]
    fn take(&mut self, bits: u8) -> u16 {
        let [low, high, ..] = self.hold.to_le_bytes();
        self.skip(bits);
        u16::from_le_bytes([low, high]) & ((1 << bits) - 1)
    }

    #[inline]
    fn skip(&mut self, bits: u8) {
        self.hold >>= bits;
        self.count -= u32::from(bits);
    }

    /// How many bytes were used, the last one perhaps in part.
    fn used(&self) -> usize {
        self.at - (self.count / 8) as usize
    }

    /// Whether everything taken so far was in the input.
    fn are_of_input(&self) -> bool {
        self.used() <= self.input.len()
    }

    /// The checksum behind the block, which begins at a whole byte.
    fn checksum(&self) -> Option<u32> {
        let bytes = self.input.get(self.used()..)?.first_chunk()?;
        Some(u32::from_be_bytes(*bytes))
    }
}

/// Refills byte by byte. Takes and gives values, so that the fields of [`Bits`] stay in registers.
#[cold]
fn refilled_at_the_end(
    input: &[u8],
    mut at: usize,
    mut hold: u64,
    mut count: u32,
) -> (usize, u64, u32) {
    while count < 56 {
        hold |= u64::from(input.get(at).copied().unwrap_or(0)) << count;
        at += 1;
        count += 8;
    }
    (at, hold, count)
}

/// The symbols that occur, and how long their codes are.
struct Used {
    /// In ascending order of symbols.
    symbols: [(u16, u16); SYMBOLS],
    count: usize,
    /// How many codes have each length.
    of_length: [u16; 16],
}

impl Used {
    const fn new() -> Self {
        Self { symbols: [(0, 0); SYMBOLS], count: 0, of_length: [0; 16] }
    }

    fn clear(&mut self) {
        self.count = 0;
        self.of_length = [0; 16];
    }

    /// Adds a symbol whose code has 1 to 15 bits. No set has more symbols than there is room for.
    #[inline]
    fn add(&mut self, symbol: u16, length: u16) {
        if let Some(place) = self.symbols.get_mut(self.count) {
            *place = (symbol, length);
            self.count += 1;
            // Four bits, so it is inside.
            self.of_length[usize::from(length & 15)] += 1;
        }
    }
}

/// Symbols in the order of their codes.
type Sorted = [u16; SYMBOLS];

/// What the next bits stand for: a symbol and the length of its code, by as many bits as the
/// longest code has.
struct Table<const N: usize> {
    /// The symbol above six bits of length: as many as a shift looks at.
    entries: Box<[u16; N]>,
    mask: u64,
}

impl<const N: usize> Table<N> {
    fn new() -> Self {
        Self { entries: Box::new([0; N]), mask: 0 }
    }

    /// Takes one code of those bits that are held.
    #[inline]
    fn next(&self, bits: &mut Bits<'_>) -> u16 {
        let [low, high, ..] = (bits.hold & self.mask).to_le_bytes();
        // `N` is a power of two, and the mask is below it.
        let entry = self.entries[usize::from(u16::from_le_bytes([low, high])) & (N - 1)];
        let [code, _] = (entry & 63).to_le_bytes();
        bits.skip(code);
        entry >> 6
    }

    /// Makes the table; `None` for codes that are too long, incomplete or too many.
    fn build(&mut self, used: &Used, sorted: &mut Sorted) -> Option<()> {
        let longest = used.of_length.iter().rposition(|count| *count > 0)?;
        if 1 << longest > N {
            return None;
        }
        self.mask = (1 << longest) - 1;
        let mut symbols = sort(used, longest, sorted)?.iter();
        let (mut code, mut filled) = (0_usize, 1);
        for (length, count) in (0..).zip(used.of_length).take(longest + 1).skip(1) {
            // What is there reads the same whatever the next bit is.
            self.double(filled)?;
            filled *= 2;
            for _ in 0..count {
                *self.entries.get_mut(code)? = symbols.next()? << 6 | length;
                code = following(code, filled - 1);
            }
        }
        Some(())
    }

    /// Copies the first entries behind themselves. By blocks, the last of which may write beyond:
    /// that is overwritten. A call for each of so few would cost more.
    fn double(&mut self, filled: usize) -> Option<()> {
        for start in (0..filled).step_by(16) {
            let block: [u16; 16] = *self.entries.get(start..)?.first_chunk()?;
            *self.entries.get_mut(filled + start..)?.first_chunk_mut()? = block;
        }
        Some(())
    }
}

/// The symbols in the order of their codes; `None` if the codes do not use up all bits.
fn sort<'s>(used: &Used, longest: usize, sorted: &'s mut Sorted) -> Option<&'s [u16]> {
    let mut next = [0_usize; 16];
    let (mut codes, mut first) = (0, 0);
    for (next, count) in next.iter_mut().zip(used.of_length).take(longest + 1).skip(1) {
        *next = first;
        first += usize::from(count);
        codes = codes * 2 + u32::from(count);
    }
    // An over-subscribed length overshoots, and cannot be brought back by longer ones.
    if codes != 1 << longest {
        return None;
    }
    for (symbol, length) in used.symbols.get(..used.count)? {
        let place = next.get_mut(usize::from(*length))?;
        *sorted.get_mut(*place)? = *symbol;
        *place += 1;
    }
    sorted.get(..used.count)
}

/// The code after `code`, counted up from its highest bit, as the stream has codes backwards.
fn following(code: usize, mask: usize) -> usize {
    let zeros = !code & mask;
    match zeros.checked_ilog2() {
        Some(top) => code & ((1 << top) - 1) | 1 << top,
        None => 0,
    }
}

fn word(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// The checksum of RFC 1950.
fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1_u32, 0_u32);
    // So many steps cannot overflow. Source: zlib, `NMAX`.
    for bytes in bytes.chunks(5552) {
        for byte in bytes {
            a += u32::from(*byte);
            b += a;
        }
        a %= 65_521;
        b %= 65_521;
    }
    b << 16 | a
}
