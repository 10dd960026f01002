//! What a journal says of its operation: who, what, where, why, and how it ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::OpId;

/// The beginning of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The operation.
    pub op_id: OpId,
    /// The verb, such as `delete`.
    pub verb: String,
    /// The version of jobctl that wrote it.
    pub version: String,
    /// When it began.
    pub began_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// Why, as the operator said.
    pub reason: Option<String>,
    /// The command line, without secrets.
    pub command: String,
    /// The bench directory.
    pub bench: Option<String>,
    /// The Redis, without credentials.
    pub redis: String,
    /// The prefix of its keys.
    pub key_prefix: String,
    /// How many jobs were planned.
    pub planned: u64,
    /// The operation that this one undoes.
    pub undoes: Option<OpId>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The login name, or the number of a user without one.
    pub user: String,
    /// Who called `sudo`.
    pub sudo_user: Option<String>,
    /// The host.
    pub host: Option<String>,
}

/// What became of one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The change did not touch the job.
    Untouched,
    /// The change was made.
    Changed,
}

/// The end of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When it ended.
    pub ended_at: Timestamp,
    /// How it ended.
    pub ending: Ending,
    /// How many jobs were changed.
    pub changed: u64,
    /// How many were left alone.
    pub skipped: u64,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// As planned.
    Done,
    /// By a signal, between two batches.
    Interrupted,
    /// By an error; what was done before is known.
    Failed,
    /// By a crash; what was done was found out afterwards.
    Recovered,
}

/// One step of a journal, as it is read.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Images of a batch.
    Images(super::reader::ImageBatch),
    /// Images of switches.
    Switches(super::switch::SwitchBatch),
    /// What became of the images from number `first` on.
    Verdicts {
        /// The number of the first image.
        first: u64,
        /// One per image.
        verdicts: Vec<Verdict>,
    },
    /// The end.
    End(End),
}
