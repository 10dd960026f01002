//! How much of a stored object is read before the reader gives up; nothing else.

/// Caps for the readers of this module.
///
/// Together they keep one hostile object under about 60 MiB of memory and a fraction of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that a compressed object may inflate to. Default 16 MiB.
    pub inflated_bytes: usize,
    /// How many times its stored size an object may inflate to. Default 256.
    pub inflate_ratio: usize,
    /// Bytes up to which the ratio does not count: a short text of blanks is no bomb. Default 1 MiB.
    pub inflate_floor: usize,
    /// Values that one pickle may describe, each counted once however often it is shared. Default
    /// 500,000.
    pub nodes: usize,
    /// Levels of a value tree; what is deeper becomes `Truncated`. Default 64, which every later
    /// recursive walk (rendering, dropping) can afford.
    pub depth: usize,
    /// Values in a tree, shared ones counted as often as they appear. Default 200,000.
    pub tree_nodes: usize,
    /// Bytes of text in a tree, shared ones counted as often as they appear. Default 16 MiB.
    pub tree_bytes: usize,
    /// Bytes kept of an exception text: its beginning and, mostly, its end. Default 1 MiB.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inflated_bytes: 16 << 20,
            inflate_ratio: 256,
            inflate_floor: 1 << 20,
            nodes: 500_000,
            depth: 64,
            tree_nodes: 200_000,
            tree_bytes: 16 << 20,
            text_bytes: 1 << 20,
        }
    }
}

impl Limits {
    /// How far an object of `stored` bytes may inflate.
    pub(crate) fn inflated_cap(&self, stored: usize) -> usize {
        stored.saturating_mul(self.inflate_ratio).max(self.inflate_floor).min(self.inflated_bytes)
    }
}
