//! Moves queued jobs to another queue, in their order, against live workers and producers.
//!
//! Where a job stood when the plan was made is only a hint: workers pop at the head and producers
//! push at both ends meanwhile. A window around the hint is read inside the script that moves, and
//! every id in it is compared with the plan.

use super::read::Store;
use super::scripts::{Call, Called, Code, MOVE_WINDOW};
use super::write::Marked;
use crate::error::Result;
use crate::journal::OpId;
use crate::model::id::QueueName;

/// Jobs that one script moves.
pub const MOVE_BATCH: usize = 250;

/// Entries of the list between the first and the last job of one script.
pub const MOVE_SPAN: u64 = 4_000;

/// Entries around the expected places that are looked at.
const SLACK: u64 = 1_000;

/// Stands in a job's place inside one script; no id has a zero byte.
const MARKER: &[u8] = b"\0jobctl\0";

/// What became of a batch.
#[derive(Debug)]
pub struct MovedWindow {
    /// Where the first of the jobs that were found stood.
    pub first_at: Option<u64>,
    /// What became of each, in their order; [`Code::Taken`] also for one that stands elsewhere.
    pub jobs: Vec<Called>,
}

impl Store {
    /// Moves up to [`MOVE_BATCH`] jobs of one queue that are expected from index `first` to index
    /// `last` (inclusive), at most [`MOVE_SPAN`] apart. One script.
    ///
    /// Cost: one scan from the nearer end of the list.
    pub fn move_window(
        &mut self,
        op: &OpId,
        jobs: &[Marked<'_>],
        to: &QueueName,
        most: Option<u64>,
        (first, last): (u64, u64),
    ) -> Result<MovedWindow> {
        let Some(from) = jobs.first().map(|job| job.queue) else {
            return Ok(MovedWindow { first_at: None, jobs: Vec::new() });
        };
        let names = self.keys();
        let mut call = Call::default();
        call.key(&names.receipt(op.as_str())).key(&names.queue(from)).key(&names.queue(to));
        call.key(&names.queues()).arg(to.as_str()).arg(MARKER);
        call.number(first.saturating_sub(SLACK)).number(last.saturating_add(SLACK));
        call.number(most.unwrap_or(0));
        for job in jobs {
            call.key(&names.job(job.id.as_bytes()));
            call.arg(job.id.as_bytes()).number(job.number).arg(job.standing.fingerprint());
        }
        let reply: Vec<i64> = match MOVE_WINDOW.ask(self.link(), &call)? {
            Ok(reply) => reply,
            Err(error) => {
                let jobs = jobs.iter().map(|_| Err(error.clone())).collect();
                return Ok(MovedWindow { first_at: None, jobs });
            }
        };
        let mut reply = reply.into_iter();
        let first_at = reply.next().and_then(|at| u64::try_from(at).ok());
        let codes = reply.map(|code| Ok(Code::of(code).unwrap_or(Code::Taken)));
        Ok(MovedWindow { first_at, jobs: codes.collect() })
    }
}
