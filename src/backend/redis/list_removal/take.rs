//! The script that takes what a sweep found, and does something with each of them.

use super::super::keys::{Key, Keys};
use super::super::read::Store;
use super::super::reply::ReplyError;
use super::super::restore::{self, Restore};
use super::super::scripts::{Call, Called, Code, Script};
use super::super::write::{Belongings, Marked};
use super::side::End;
use super::{Candidate, Gathered, ListSweep, REACH, SPAN, script_size};
use crate::error::Result;
use crate::journal::OpId;
use crate::model::id::QueueName;
use crate::model::queue::Registry;

/// A script of three parts, of which the middle one is the deed.
macro_rules! taking {
    ($($deed:literal),+) => {
        Script::new(concat!(
            include_str!("../scripts/find_in_list.lua"),
            $(include_str!(concat!("../scripts/", $deed)),)+
            include_str!("../scripts/take_found.lua"),
        ))
    };
}

static DELETE: Script = taking!("deed_delete.lua");
static CANCEL: Script = taking!("deed_cancel.lua");
static MOVE: Script = taking!("deed_move.lua");
static PROMOTE: Script = taking!("deed_promote.lua");
static RESTORE: Script = taking!("restore_steps.lua", "deed_restore.lua");

/// What is done with jobs that are taken out of a list, in the script that takes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// They are deleted with everything that belongs to them.
    Delete,
    /// They are canceled.
    Cancel {
        /// The queue that they stand in.
        queue: QueueName,
        /// The time of it, Unix seconds.
        now_s: i64,
    },
    /// They go to the back of another queue.
    Move {
        /// That queue.
        to: QueueName,
        /// Most entries of it; `None` for any number.
        most: Option<u64>,
    },
    /// They go to the head of their own list.
    Promote,
    /// They are put back as their images say.
    Restore,
}

/// A job that is about to be taken, with what its deed needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taking {
    /// Its id.
    pub id: Vec<u8>,
    /// What the receipts say of it: the number of its image.
    pub receipt: Vec<u8>,
    /// `status`, `enqueued_at`, `started_at` and `ended_at` as they were read, joined by line
    /// feeds; a job of which one has changed stays. Empty where any will do.
    pub fingerprint: Vec<u8>,
    /// Its hash, then whatever the deed touches.
    pub keys: Vec<Key>,
    /// What the deed has to know.
    pub words: Vec<Vec<u8>>,
}

impl Taking {
    /// A job with what `deed` needs. What an undo puts back comes from [`Self::back`].
    pub fn of(keys: &Keys, deed: &Deed, job: &Marked<'_>) -> Self {
        let mut taking = Self {
            id: job.id.as_bytes().to_vec(),
            receipt: job.number.to_string().into_bytes(),
            fingerprint: job.standing.fingerprint(),
            keys: vec![keys.job(job.id.as_bytes())],
            words: Vec::new(),
        };
        match deed {
            Deed::Delete => {
                let Belongings { unlink, sets, sorted_sets } = Belongings::of_waiting(keys, job);
                let counts = [unlink.len(), sets.len()];
                taking.words = counts.map(|count| count.to_string().into_bytes()).to_vec();
                taking.keys = [unlink, sets, sorted_sets].concat();
            }
            Deed::Cancel { .. } => {
                let waits_in = job.standing.dependents_with_it(keys);
                taking.keys.extend(waits_in.map(|key| Key::of(key.to_vec())));
                taking.words = vec![(taking.keys.len() - 1).to_string().into_bytes()];
                taking.keys.extend(Belongings::of_waiting(keys, job).sorted_sets);
            }
            Deed::Move { .. } | Deed::Promote | Deed::Restore => {}
        }
        taking
    }

    /// A job that is put back as its image says. Whatever happened to it while it stood in the list
    /// is undone, so any fingerprint will do.
    pub fn back(keys: &Keys, job: &Restore<'_>) -> Self {
        let steps = restore::steps_of(keys, job);
        let hash = keys.job(&job.image.id);
        let named = steps.keys.into_iter().map(Key::of);
        Self {
            id: job.image.id.clone(),
            receipt: job.number.to_string().into_bytes(),
            fingerprint: Vec::new(),
            keys: [hash].into_iter().chain(named).collect(),
            words: steps.words,
        }
    }
}

impl Deed {
    fn script(&self) -> &'static Script {
        match self {
            Self::Delete => &DELETE,
            Self::Cancel { .. } => &CANCEL,
            Self::Move { .. } => &MOVE,
            Self::Promote => &PROMOTE,
            Self::Restore => &RESTORE,
        }
    }

    /// `KEYS[3]` of its script, where that is not the list itself.
    fn target(&self, keys: &Keys) -> Option<Key> {
        match self {
            Self::Cancel { queue, .. } => Some(keys.registry(Registry::Canceled, queue)),
            Self::Move { to, .. } => Some(keys.queue(to)),
            Self::Delete | Self::Promote | Self::Restore => None,
        }
    }

    /// `ARGV[5]` and `ARGV[6]` of its script.
    fn words(&self) -> [String; 2] {
        match self {
            Self::Cancel { now_s, .. } => [now_s.to_string(), String::new()],
            Self::Move { to, most } => [to.as_str().to_owned(), most.unwrap_or(0).to_string()],
            Self::Delete | Self::Promote | Self::Restore => Default::default(),
        }
    }
}

/// What the script told.
struct ScriptReply {
    /// The list's length before.
    length: usize,
    /// Index and number, from 1, of the last job that was found.
    latest: Option<(usize, usize)>,
    codes: Vec<u8>,
}

impl ListSweep {
    /// Takes jobs of one batch out of the list and does `deed` with each; those that are not given
    /// stay, and so do those of the batches before. They come in the order of the batch.
    ///
    /// [`Code::Missed`] is one that was not where it was seen: if it stands elsewhere it comes again
    /// in a later batch. Cost: two to four scripts for a whole batch, the one after the other.
    ///
    /// Errors: a lost connection; the receipts tell what was done. A refusal of Redis stands in the
    /// places of those that it concerns.
    pub fn take(
        &mut self,
        store: &mut Store,
        op: &OpId,
        deed: &Deed,
        jobs: &[Taking],
    ) -> Result<Vec<Called>> {
        let Some((end, stood)) = self.gathered_with(jobs) else {
            return Ok(jobs.iter().map(|_| Ok(Code::Missed)).collect());
        };
        let size = script_size(self.side(end).kept);
        let mut called: Vec<Called> = jobs.iter().map(|_| Ok(Code::Missed)).collect();
        let (mut taken, mut missed, mut found) = (0, 0, None);
        for (from, to) in end.pieces(&stood, size, SPAN) {
            let range = from..to;
            let parts = (jobs.get(range.clone()), stood.get(range.clone()), called.get_mut(range));
            let (Some(jobs), Some(stood), Some(slots)) = parts else { break };
            // Those taken before stood nearer to the end.
            let expected: Vec<usize> = stood.iter().map(|at| at.saturating_sub(taken)).collect();
            let seen = seen_from(end, &expected);
            let call = self.call(store.keys(), op, deed, seen, jobs);
            let reply = match ask(store, deed.script(), &call)? {
                Ok(reply) => reply,
                Err(refusal) => {
                    slots.fill(Err(refusal));
                    break;
                }
            };
            if let Some((index, number)) = reply.latest
                && let Some(stood) = number.checked_sub(1).and_then(|at| stood.get(at))
            {
                let at = end.distance(index, reply.length) + taken;
                found = Some((at, *stood));
            }
            for ((job, slot), digit) in jobs.iter().zip(slots).zip(reply.codes) {
                match Code::of(i64::from(digit.saturating_sub(b'0'))) {
                    None | Some(Code::Taken) => {
                        missed += 1;
                        self.ids.release(&job.id);
                    }
                    Some(code) => {
                        taken += usize::from(code == Code::Done);
                        *slot = Ok(code);
                    }
                }
            }
        }
        self.settle(end, taken, missed, found);
        Ok(called)
    }

    /// The end of the batch that the jobs are of, and how far from it each was seen; the batches
    /// before that one stay. `None` where there is no job, or none of a batch.
    fn gathered_with(&mut self, jobs: &[Taking]) -> Option<(End, Vec<usize>)> {
        let first = jobs.first()?;
        let of = |candidate: &Candidate, job: &Taking| candidate.id.as_bytes() == job.id;
        let holds = |gathered: &Gathered| gathered.batch.iter().any(|one| of(one, first));
        let at = self.gathered.iter().position(holds)?;
        self.gathered.drain(..at);
        let gathered = self.gathered.front()?;
        let mut batch = gathered.batch.iter();
        let find = |job: &Taking| batch.find(|candidate| of(candidate, job));
        let stood = jobs.iter().filter_map(find).map(|candidate| candidate.distance).collect();
        Some((gathered.end, stood))
    }

    fn call(
        &self,
        keys: &Keys,
        op: &OpId,
        deed: &Deed,
        (first, last): (i64, i64),
        jobs: &[Taking],
    ) -> Call {
        let mut call = Call::default();
        let receipts = keys.receipt(op.as_str());
        call.key(&self.list).key(&receipts).key(&deed.target(keys).unwrap_or(self.list.clone()));
        call.key(&keys.queues());
        call.arg([b"\0jobctl:", receipts.as_bytes()].concat()).number(first).number(last);
        call.number(REACH);
        for word in deed.words() {
            call.arg(word);
        }
        call.number(jobs.len());
        for job in jobs {
            for key in &job.keys {
                call.key(key);
            }
            call.arg(&job.id).arg(&job.receipt).arg(&job.fingerprint);
            call.number(job.keys.len()).number(job.words.len());
            for word in &job.words {
                call.arg(word);
            }
        }
        call
    }
}

/// What the script gets for where jobs were seen.
fn seen_from(end: End, stood: &[usize]) -> (i64, i64) {
    let (nearest, farthest) = (stood.iter().min(), stood.iter().max());
    end.seen(*nearest.unwrap_or(&0), *farthest.unwrap_or(&0))
}

/// Calls a script of three parts.
fn ask(
    store: &mut Store,
    script: &Script,
    call: &Call,
) -> Result<std::result::Result<ScriptReply, ReplyError>> {
    type Raw = (usize, i64, usize, Vec<u8>);
    Ok(script.ask::<Raw>(store.link(), call)?.map(|(length, index, number, codes)| {
        let latest = usize::try_from(index).ok().map(|index| (index, number));
        ScriptReply { length, latest, codes }
    }))
}
