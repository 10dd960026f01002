//! Log files: which there are, what their records are, how to read and to follow them.
//!
//! A leaf: knows files and bytes, no bench, no Redis, no format of output. Everything that comes
//! out of it is untrusted; whoever shows it masks secrets and sanitizes it.
//!
//! ```text
//! rotation ─► trail ─► scan ─► input        what stands there, merged
//!               │  └──► region, back          where to begin
//!               │        └──► record, stamp, clock, filter
//!               └─► follow ─► scan           what is added, through rotations
//! ```

pub mod back;
pub mod clock;
pub mod discover;
pub mod filter;
pub mod follow;
pub mod input;
pub mod record;
mod region;
pub mod rotation;
pub mod scan;
pub mod stamp;
pub mod trail;
pub mod watch;
pub mod when;
