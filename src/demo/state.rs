//! `demo.json`: what was started, and the mark of a directory that is ours to remove.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::layout;
use super::processes::{self, Process};
use super::python::Python;
use crate::error::{Failure, Kind, Result};

/// The file's name, directly in the bench.
pub(super) const FILE: &str = "demo.json";

/// The same while it is being written.
pub(super) const UNFINISHED: &str = "demo.json.new";

const SCHEMA: &str = "jobctl.demo-state/1";

/// The record of one demo.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    schema: String,
    /// The directory, absolute and without links.
    pub(super) bench: PathBuf,
    /// The Frappe version that the stand-in claims.
    pub(super) frappe: String,
    /// The RQ version of the workers.
    pub(super) rq: String,
    /// Made without the broken things.
    pub(super) healthy: bool,
    /// Built to the end.
    pub(super) ready: bool,
    /// Jobs per state when it was ready.
    pub(super) jobs: BTreeMap<String, u64>,
    /// In the order in which they were started.
    pub(super) processes: Vec<Process>,
}

impl State {
    /// The state of a demo of which nothing exists yet.
    pub(super) fn new(bench: &Path, python: &Python, healthy: bool) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            bench: bench.to_owned(),
            frappe: python.frappe_version().to_owned(),
            rq: python.rq.clone(),
            healthy,
            ready: false,
            jobs: BTreeMap::new(),
            processes: Vec::new(),
        }
    }

    /// Reads the state of the demo in `bench`; `None` without the file.
    ///
    /// Errors: `Refused` when the file is not one that this program wrote for this directory.
    pub(super) fn read(bench: &Path) -> Result<Option<Self>> {
        let path = bench.join(FILE);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => {
                let message = format!("cannot read `{}`", path.display());
                return Err(Failure::new(Kind::Io, message).because(e).into());
            }
        };
        let foreign = |why: &str| {
            Failure::new(
                Kind::Refused,
                format!("`{}` is no demo of jobctl: {why}", bench.display()),
            )
            .hint("choose another directory with --dir, or remove this one yourself")
        };
        let state: Self = serde_json::from_slice(&text)
            .map_err(|e| foreign("its demo.json cannot be understood").because(e))?;
        if state.schema != SCHEMA {
            return Err(foreign("its demo.json is of another kind").into());
        }
        if state.bench != bench {
            return Err(foreign("its demo.json was written for another directory").into());
        }
        Ok(Some(state))
    }

    /// Writes the file anew; never leaves half a one.
    pub(super) fn write(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        let new = self.bench.join(UNFINISHED);
        layout::write_private(&new, &text)?;
        fs::rename(&new, self.bench.join(FILE)).map_err(|e| {
            let message = format!("cannot write `{}`", self.bench.join(FILE).display());
            Failure::new(Kind::Io, message).because(e).into()
        })
    }

    /// Records a process, on disk before anything else happens.
    pub(super) fn add(&mut self, process: Process) -> Result<()> {
        self.processes.push(process);
        self.write()
    }

    /// Whether it was built to the end and every process still lives.
    pub(super) fn is_running(&self) -> bool {
        self.ready && processes::all_alive(&self.processes)
    }

    /// What stands between site and job id. Source: Frappe changed it with RQ 2, hence in v16.
    pub(super) fn id_separator(&self) -> &'static str {
        if self.frappe.starts_with("15.") { "::" } else { "||" }
    }
}
