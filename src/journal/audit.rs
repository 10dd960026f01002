//! The audit log: one JSON line per operation.

use std::io::Write;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::dir::JournalDir;
use super::id::OpId;
use super::record::{Actor, Ending, Header};
use crate::error::{Failure, Kind, Result};

/// One operation, as it is audited. Holds no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// When it ended.
    pub at: Timestamp,
    /// The operation.
    pub op_id: OpId,
    /// What.
    pub verb: String,
    /// Who.
    pub actor: Actor,
    /// Why.
    pub reason: Option<String>,
    /// The command line, without secrets.
    pub command: String,
    /// The bench directory.
    pub bench: Option<String>,
    /// The Redis, without credentials.
    pub redis: String,
    /// The operation that it undoes.
    pub undoes: Option<OpId>,
    /// How it ended.
    pub ending: Ending,
    /// Jobs that were planned.
    pub planned: u64,
    /// Jobs that were changed.
    pub changed: u64,
    /// Jobs that were left alone.
    pub skipped: u64,
    /// Whether it can be undone.
    pub journalled: bool,
}

impl AuditLine {
    /// The line of an operation that ended.
    pub fn of(header: &Header, end: &super::record::End, journalled: bool) -> Self {
        Self {
            at: end.ended_at,
            op_id: header.op_id.clone(),
            verb: header.verb.clone(),
            actor: header.actor.clone(),
            reason: header.reason.clone(),
            command: header.command.clone(),
            bench: header.bench.clone(),
            redis: header.redis.clone(),
            undoes: header.undoes.clone(),
            ending: end.ending,
            planned: header.planned,
            changed: end.changed,
            skipped: end.skipped,
            journalled,
        }
    }
}

impl JournalDir {
    /// Fails where the audit log cannot be written: to be asked before what only it will tell of.
    pub fn check_audit(&self) -> Result<()> {
        self.open_audit().map(drop)
    }

    /// Appends a line to the audit log, in one write, and makes it durable.
    pub fn audit(&self, line: &AuditLine) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = self.open_audit()?;
        file.write_all(&text).and_then(|()| file.sync_data()).map_err(|error| {
            let path = self.audit_path();
            Failure::new(
                Kind::Io,
                format!("cannot write the audit log `{}`: {error}", path.display()),
            )
            .into()
        })
    }
}
