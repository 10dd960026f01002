//! The scripts that change jobs: their text, and how they are called.
//!
//! Each does one job, a pipeline of calls does a batch; only the scripts that take jobs out of a
//! list do hundreds at once, at the cost of one scan ([`super::list_removal`]). What KEYS and ARGV are, and what a reply means, stands at the head of each
//! script. Every script first takes the job from where the plan saw it and goes on only if it got
//! it, then notes the number of the job's image in the receipts, then changes the job.

use std::sync::OnceLock;

use redis::{FromRedisValue, Pipeline, Value, cmd};

use super::connect::Link;
use super::keys::Key;
use super::reply::{Reply, ReplyError, ReplyErrorKind};
use crate::error::Result;

/// A script and, once Redis told it, its digest.
pub(super) struct Script {
    text: &'static str,
    digest: OnceLock<String>,
}

pub(super) static DELETE: Script = Script::new(include_str!("scripts/delete.lua"));
pub(super) static CANCEL: Script = Script::new(include_str!("scripts/cancel.lua"));
pub(super) static RELEASE: Script = Script::new(include_str!("scripts/release.lua"));
pub(super) static ENQUEUE: Script = Script::new(include_str!("scripts/enqueue.lua"));
pub(super) static STOP: Script = Script::new(include_str!("scripts/stop.lua"));
pub(super) static SHUTDOWN: Script = Script::new(include_str!("scripts/shutdown.lua"));
pub(super) static REQUEUE: Script = Script::new(include_str!("scripts/requeue.lua"));
pub(super) static REQUEUE_LIMITED: Script =
    Script::new(include_str!("scripts/requeue_limited.lua"));
pub(super) static RESTORE: Script = Script::new(concat!(
    include_str!("scripts/restore_steps.lua"),
    include_str!("scripts/restore.lua")
));
pub(super) static DROP_ENTRY: Script = Script::new(include_str!("scripts/drop_entry.lua"));
pub(super) static SETTLE_STRAY: Script = Script::new(include_str!("scripts/settle_stray.lua"));
pub(super) static KEEP_WAITING: Script = Script::new(include_str!("scripts/keep_waiting.lua"));
pub(super) static PRUNE_WORKER: Script = Script::new(include_str!("scripts/prune_worker.lua"));
pub(super) static SUSPEND: Script = Script::new(include_str!("scripts/suspend.lua"));

/// What one call did, by the number that the script replied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// 0: the job is not where the plan saw it; somebody took it.
    Taken,
    /// 1: done.
    Done,
    /// 2: the job runs.
    Running,
    /// 3: the job is where it was, but ran or was queued anew meanwhile.
    Changed,
    /// 4: the job's hash is gone.
    NoHash,
    /// 5: a job of this id lives again.
    Lives,
    /// 6: it waits for something else as well.
    Waits,
    /// 7: the queue that it would go into holds as many jobs as it may.
    Full,
    /// Not where a sweep had seen it; should it stand elsewhere in the list, it comes again.
    Missed,
}

impl Code {
    /// The code that a script replied.
    pub(super) fn of(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::Taken,
            1 => Self::Done,
            2 => Self::Running,
            3 => Self::Changed,
            4 => Self::NoHash,
            5 => Self::Lives,
            6 => Self::Waits,
            7 => Self::Full,
            _ => return None,
        })
    }

    /// Why a job was left alone, as a report says it.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Taken | Self::Missed => {
                "it is no longer where it was: a worker or somebody else took it"
            }
            Self::Running => "it runs",
            Self::Changed => "it changed meanwhile",
            Self::NoHash => "only its id is left",
            Self::Lives => "a job of this id lives again",
            Self::Waits => "it waits for something else as well",
            Self::Full => "the queue holds as many jobs as Frappe allows",
        }
    }
}

/// What became of one call; a refusal says nothing about whether the job was changed before it.
pub type Called = std::result::Result<Code, ReplyError>;

/// One call of a script.
#[derive(Debug, Default)]
pub(super) struct Call {
    pub(super) keys: Words,
    pub(super) args: Words,
}

impl Call {
    pub(super) fn key(&mut self, key: &Key) -> &mut Self {
        self.keys.push(key.as_bytes());
        self
    }

    pub(super) fn arg(&mut self, arg: impl AsRef<[u8]>) -> &mut Self {
        self.args.push(arg.as_ref());
        self
    }

    pub(super) fn number(&mut self, number: impl std::fmt::Display) -> &mut Self {
        self.args.push(number.to_string().as_bytes());
        self
    }
}

/// Words end to end: a call that takes a thousand jobs has twelve thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Words {
    pub(super) fn push(&mut self, word: &[u8]) {
        self.bytes.extend_from_slice(word);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        // Each end is behind the one before it, so every range lies within the bytes.
        begins.zip(&self.ends).map(|(begin, end)| self.bytes.get(begin..*end).unwrap_or_default())
    }

    pub(super) fn extend(&mut self, others: impl IntoIterator<Item = impl AsRef<[u8]>>) {
        others.into_iter().for_each(|word| self.push(word.as_ref()));
    }
}

impl Script {
    pub(super) const fn new(text: &'static str) -> Self {
        Self { text, digest: OnceLock::new() }
    }

    /// Makes all `calls` in one turn; what Redis had forgotten the script for, once more.
    ///
    /// Errors: a lost connection; the receipts tell which calls ran.
    pub(super) fn run(&self, link: &mut Link, calls: &[Call]) -> Result<Vec<Called>> {
        let mut replies: Vec<Option<Reply>> = calls.iter().map(|_| None).collect();
        if self.digest.get().is_none() {
            self.load(link)?;
        }
        // A restart or `SCRIPT FLUSH` may come at any time, but hardly twice within a batch.
        for attempt in 0..2 {
            let open: Vec<usize> = replies
                .iter()
                .enumerate()
                .filter(|(_, reply)| is_open(reply.as_ref()))
                .map(|(at, _)| at)
                .collect();
            if open.is_empty() {
                break;
            }
            if attempt > 0 {
                self.load(link)?;
            }
            let pipeline = self.pipeline(open.iter().filter_map(|at| calls.get(*at)));
            for (at, reply) in open.into_iter().zip(link.pipeline(&pipeline)?) {
                replies[at] = Some(reply);
            }
        }
        Ok(replies.into_iter().map(code_of).collect())
    }

    /// Makes one call of which nothing is known but the answer's shape; a refusal is an error.
    ///
    /// `attempt` is for its message.
    pub(super) fn answer<T: FromRedisValue>(
        &self,
        link: &mut Link,
        attempt: &str,
        call: &Call,
    ) -> Result<T> {
        self.ask(link, call)?.map_err(|error| link.refused(attempt, &error).into())
    }

    /// Makes one call whose answer is no code, in one turn; again where Redis had forgotten the
    /// script.
    ///
    /// Errors: a lost connection, and an answer of another shape.
    pub(super) fn ask<T: FromRedisValue>(
        &self,
        link: &mut Link,
        call: &Call,
    ) -> Result<std::result::Result<T, ReplyError>> {
        for _ in 0..2 {
            if self.digest.get().is_none() {
                self.load(link)?;
            }
            let pipeline = self.pipeline(std::iter::once(call));
            match link.pipeline(&pipeline)?.pop() {
                Some(Err(error)) if error.kind == ReplyErrorKind::NoScript => self.load(link)?,
                Some(Err(error)) => return Ok(Err(error)),
                Some(Ok(value)) => return Ok(Ok(T::from_redis_value(value)?)),
                None => break,
            }
        }
        Err(anyhow::anyhow!("a script that was just loaded is not known"))
    }

    fn pipeline<'c>(&self, calls: impl Iterator<Item = &'c Call>) -> Pipeline {
        let digest = self.digest.get().map_or("", String::as_str);
        let mut pipeline = Pipeline::new();
        for call in calls {
            let mut evalsha = cmd("EVALSHA");
            evalsha.arg(digest).arg(call.keys.len());
            for word in call.keys.iter().chain(call.args.iter()) {
                evalsha.arg(word);
            }
            pipeline.add_command(evalsha);
        }
        pipeline
    }

    fn load(&self, link: &mut Link) -> Result<()> {
        match link.command(cmd("SCRIPT").arg("LOAD").arg(self.text))? {
            Ok(Value::BulkString(digest)) => {
                let digest = String::from_utf8_lossy(&digest).into_owned();
                // The digest depends on the text alone: whoever set it before set the same.
                let _ = self.digest.set(digest);
                Ok(())
            }
            Ok(_) => Err(anyhow::anyhow!("SCRIPT LOAD answered with something else than a digest")),
            Err(error) => Err(link.refused("load a script", &error).into()),
        }
    }
}

fn is_open(reply: Option<&Reply>) -> bool {
    match reply {
        None => true,
        Some(reply) => reply.as_ref().is_err_and(|error| error.kind == ReplyErrorKind::NoScript),
    }
}

fn code_of(reply: Option<Reply>) -> Called {
    let odd = |text: &str| ReplyError {
        kind: ReplyErrorKind::Other,
        code: "ERR".to_owned(),
        text: text.to_owned(),
    };
    match reply {
        Some(Ok(Value::Int(number))) => {
            Code::of(number).ok_or_else(|| odd("the script answered with an unknown number"))
        }
        Some(Ok(_)) => Err(odd("the script answered with something else than a number")),
        Some(Err(error)) => Err(error),
        None => Err(odd("no answer came")),
    }
}
