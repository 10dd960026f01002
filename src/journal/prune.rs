//! Throws old journals away.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::dir::JournalDir;
use super::id::OpId;
use super::reader::Summary;
use crate::error::Result;

/// How long journals are kept.
pub const KEPT_FOR: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How much all journals together may take.
pub const KEPT_BYTES: u64 = 2 << 30;

/// What was thrown away, or would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// The operation.
    pub op_id: OpId,
    /// The size of its journal in bytes.
    pub size_bytes: u64,
    /// When it began.
    pub began_at: Timestamp,
}

impl JournalDir {
    /// Throws away the journals that are older than `kept_for`, and the oldest ones as long as all
    /// together take more than `kept_bytes`. An unfinished one is never thrown away: it may be all
    /// that is left of its jobs. Changes nothing with `dry_run`.
    pub fn prune(
        &self,
        now: Timestamp,
        kept_for: Duration,
        kept_bytes: u64,
        dry_run: bool,
    ) -> Result<Vec<Pruned>> {
        let summaries = self.list()?;
        let gone = to_prune(&summaries, now, kept_for, kept_bytes);
        if !dry_run {
            for pruned in &gone {
                self.remove(&pruned.op_id)?;
            }
        }
        Ok(gone)
    }
}

/// Which of `summaries`, newest first, are to go, oldest first.
pub(super) fn to_prune(
    summaries: &[Summary],
    now: Timestamp,
    kept_for: Duration,
    kept_bytes: u64,
) -> Vec<Pruned> {
    let mut total: u64 = summaries.iter().map(|summary| summary.size_bytes).sum();
    let mut gone = Vec::new();
    for summary in summaries.iter().rev() {
        let age = now.duration_since(summary.header.began_at);
        let old =
            age > jiff::SignedDuration::try_from(kept_for).unwrap_or(jiff::SignedDuration::MAX);
        if summary.end.is_none() || summary.running || !(old || total > kept_bytes) {
            continue;
        }
        total -= summary.size_bytes;
        gone.push(Pruned {
            op_id: summary.header.op_id.clone(),
            size_bytes: summary.size_bytes,
            began_at: summary.header.began_at,
        });
    }
    gone
}
