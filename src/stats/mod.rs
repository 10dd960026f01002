//! Statistics over executions of jobs: reading Frappe's monitor log, and counting.
//!
//! A leaf: knows bytes, files and numbers, but no Redis, no bench and no report. From bytes to
//! figures: [`scan`] cuts files into lines on several threads, [`line`] reads one line, [`seen`]
//! drops what was read before, [`tally`] counts. Each aggregate is a file of its own and says how
//! two of its kind are merged, so that threads count apart and the result does not depend on how
//! the work was divided.
//!
//! Memory is bounded whatever the input: lines, keys, remembered records and exact values each
//! have a limit here, and what is beyond it is counted, never dropped in silence.

pub mod buckets;
pub mod distribution;
pub mod group;
pub mod instant;
pub mod keys;
pub mod line;
pub mod lines;
pub mod quantiles;
pub mod query;
pub mod scan;
pub mod seen;
pub mod slowest;
pub mod tally;
pub mod timeline;

pub use line::Record;
pub use query::{By, Query};
pub use tally::Tally;
