//! The operation journal: what a mutation is about to change, on disk before it changes it.
//!
//! One file per operation under `config/jobctl/ops/` of the bench, or `$XDG_STATE_HOME/jobctl/ops/`
//! without one, and one audit line per operation beside that folder. A journal is a row of frames
//! ([`frame`]): a header, then images of jobs in batches or of switches, and what became of each, then
//! an end. Whatever is cut off by a crash is at its tail, and the reader ignores it.
//!
//! Owns these files alone: their format, owner, mode, room and age. Knows jobs as bytes and switches
//! as texts; never talks to Redis or a database.

mod audit;
mod beside;
mod codec;
mod dir;
pub mod frame;
mod id;
mod image;
mod pairs;
mod prune;
mod reader;
mod record;
mod switch;
mod writer;

#[cfg(test)]
mod tests;

pub use audit::AuditLine;
pub use dir::JournalDir;
pub use id::OpId;
pub use image::{After, JobImage, KeyImage, KeyValue, Membership, StreamEntry};
pub use pairs::Pairs;
pub use prune::{KEPT_BYTES, KEPT_FOR, Pruned};
pub use reader::{ImageBatch, JournalReader, ListPlace, Summary};
pub use record::{Actor, End, Ending, Header, Step, Verdict};
pub use switch::{SwitchBatch, SwitchImage, SwitchPlace};
pub use writer::Journal;
