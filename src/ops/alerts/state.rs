//! What `alerts run` keeps across restarts: how rules stand, what is still to be sent, and what
//! ended. One file beside the journals, and a lock that lets one process work at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;

use jiff::Timestamp;
use nix::fcntl::Flock;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::hexadecimal;
use super::message::Event;
use super::remembered::Remembered;
use super::standing::Standing;
use crate::error::{Failure, Kind, Result};
use crate::journal::JournalDir;

/// The form of the file.
const VERSION: u32 = 1;

/// Bytes that are read of it.
const MOST_BYTES: u64 = 32 << 20;

/// What is kept.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    version: u32,
    /// When it was written.
    pub(super) written_at: Timestamp,
    /// How each rule stands.
    pub(super) rules: BTreeMap<String, Standing>,
    /// What each channel has still to send.
    pub(super) outbox: BTreeMap<String, Vec<Event>>,
    /// When each channel took its last messages.
    #[serde(default)]
    pub(super) sent: BTreeMap<String, Vec<Timestamp>>,
    /// Jobs that ended.
    pub(super) remembered: Remembered,
}

impl State {
    /// Whether a restart from either would tell the same.
    pub(super) fn tells_the_same(&self, other: &Self) -> bool {
        self.rules == other.rules && self.outbox == other.outbox
    }
}

/// Where it is kept, while the lock is held.
pub(super) struct StateFile {
    journals: JournalDir,
    name: String,
    _lock: Flock<File>,
}

impl StateFile {
    /// Takes the state of a target; `redis` tells targets apart that share a folder.
    ///
    /// Errors: `TryAgain` where another process has it.
    pub(super) fn take(journals: JournalDir, redis: Option<&str>) -> Result<Self> {
        let stem = redis.map_or_else(
            || "alerts".to_owned(),
            |redis| {
                let hash = hexadecimal(&Sha256::digest(redis.as_bytes()));
                format!("alerts-{}", hash.get(..12).unwrap_or_default())
            },
        );
        let lock = format!("{stem}.lock");
        let path = journals.path_beside(&lock);
        let Some(mut held) = journals.lock_beside(&lock)? else {
            let holder = std::fs::read_to_string(&path).unwrap_or_default();
            let message = match holder.trim().parse::<u32>() {
                Ok(pid) => format!("cannot watch: process {pid} already sends these alerts"),
                Err(_) => "cannot watch: another process already sends these alerts".to_owned(),
            };
            return Err(Failure::new(Kind::TryAgain, message)
                .hint(format!("its lock is `{}`", path.display()))
                .into());
        };
        // For the message above; whether it can be written matters to nobody else.
        let _ = held.set_len(0).and_then(|()| writeln!(held, "{}", std::process::id()));
        Ok(Self { journals, name: format!("{stem}.json"), _lock: held })
    }

    /// Reads the state. One that cannot be understood is moved aside, which the second value says.
    pub(super) fn read(&self) -> Result<(State, Option<String>)> {
        let begun = State { version: VERSION, ..State::default() };
        let why = match self.journals.read_beside(&self.name, MOST_BYTES)? {
            None => return Ok((begun, None)),
            Some(bytes) => match serde_json::from_slice::<State>(&bytes) {
                Ok(state) if state.version == VERSION => return Ok((state, None)),
                Ok(state) => format!("it has the version {}", state.version),
                Err(error) => error.to_string(),
            },
        };
        let aside = format!("{}.broken", self.name);
        self.journals.rename_beside(&self.name, &aside)?;
        let path = self.journals.path_beside(&aside);
        let told = format!(
            "the state of alerts could not be understood ({why}): it is kept in `{}`, and what \
             fires is told anew",
            path.display()
        );
        Ok((begun, Some(told)))
    }

    /// Writes the state as a whole.
    pub(super) fn write(&self, state: &State) -> Result<()> {
        let bytes = serde_json::to_vec(state)
            .map_err(|error| anyhow::anyhow!("cannot form the state of alerts: {error}"))?;
        self.journals.replace_beside(&self.name, &bytes)
    }
}
