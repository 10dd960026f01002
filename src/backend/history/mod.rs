//! The history: what was sampled and what ended, in a `SQLite` file of jobctl's own.
//!
//! Owns the file, its tables and every SQL statement on them. One process writes ([`Writer`]), by a
//! lock beside the file; anybody who may read the file reads ([`Reader`]), also meanwhile. What one
//! look found out is written as a whole or not at all, so that a crash tears nothing.
//!
//! Knows nothing of Redis, of commands and of what the numbers mean for operators.

mod fault;
mod held;
mod identity;
mod kept;
mod place;
mod reader;
mod rollup;
mod sample;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

pub use place::Place;
pub use reader::{Demand, Filter, Level, Reader, Recorded};
pub use rollup::{Figures, Span};
pub use writer::{Batch, Claim, Displaced, Opened, Pruned, Writer};
