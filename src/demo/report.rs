//! What `jobctl demo` says: where the bench is, which processes run, what to try on it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::server;
use super::state::State;
use crate::error::Outcome;
use crate::report::{Block, Cell, Column, Layout, Report, Role, Table, View};

/// How the demo stands after the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DemoStatus {
    /// It was built and started.
    Started,
    /// It ran already.
    Running,
    /// It was ended and removed.
    Stopped,
    /// There was none to end.
    Absent,
    /// A signal came while it was built; it was ended and removed.
    Interrupted,
}

/// A process of the demo.
#[derive(Debug, Clone, Serialize)]
pub struct DemoProcess {
    /// What it is, such as `worker short,default`.
    pub name: String,
    /// Its id.
    pub pid: i32,
}

/// The demo as the command leaves it.
#[derive(Debug, Clone, Serialize)]
pub struct DemoReport {
    /// How it stands.
    pub status: DemoStatus,
    /// The bench's directory, absolute.
    pub bench: String,
    /// The URL of its Redis; absent unless it runs.
    pub redis: Option<String>,
    /// The Frappe version that it looks like.
    pub frappe: Option<String>,
    /// The RQ version of its workers.
    pub rq: Option<String>,
    /// Jobs per state when it had been built; queued ones counted as ids in lists.
    pub jobs: BTreeMap<String, u64>,
    /// Its processes, in the order in which they were started; those ended if it was stopped.
    pub processes: Vec<DemoProcess>,
    /// Commands to try next.
    pub next: Vec<String>,
    /// The number of the signal that interrupted the start.
    pub signal: Option<i32>,
    #[serde(skip)]
    notes: Vec<String>,
}

impl DemoReport {
    pub(super) fn started(bench: &Path, state: &State, notes: Vec<String>) -> Self {
        Self { notes, ..Self::of_state(DemoStatus::Started, bench, state) }
    }

    pub(super) fn running(bench: &Path, state: &State, healthy: bool) -> Self {
        let mut report = Self::of_state(DemoStatus::Running, bench, state);
        if state.healthy != healthy {
            let (is, other) =
                if state.healthy { ("healthy", "broken") } else { ("broken", "healthy") };
            report.notes.push(format!(
                "the running demo is the {is} one; for the {other} one end it first: jobctl demo --stop"
            ));
        }
        report
    }

    pub(super) fn stopped(bench: &Path, state: &State) -> Self {
        let mut report = Self::of_state(DemoStatus::Stopped, bench, state);
        report.redis = None;
        report.next = vec!["jobctl demo".to_owned()];
        report
    }

    pub(super) fn absent(bench: &Path) -> Self {
        Self::empty(DemoStatus::Absent, bench)
    }

    pub(super) fn interrupted(bench: &Path, signal: i32) -> Self {
        Self { signal: Some(signal), ..Self::empty(DemoStatus::Interrupted, bench) }
    }

    fn of_state(status: DemoStatus, bench: &Path, state: &State) -> Self {
        let process = |p: &super::Process| DemoProcess { name: p.name.clone(), pid: p.pid };
        Self {
            redis: server::url(bench, 0).ok(),
            frappe: Some(state.frappe.clone()),
            rq: Some(state.rq.clone()),
            jobs: state.jobs.clone(),
            processes: state.processes.iter().map(process).collect(),
            next: commands(bench, state),
            ..Self::empty(status, bench)
        }
    }

    fn empty(status: DemoStatus, bench: &Path) -> Self {
        Self {
            status,
            bench: bench.display().to_string(),
            redis: None,
            frappe: None,
            rq: None,
            jobs: BTreeMap::new(),
            processes: Vec::new(),
            next: Vec::new(),
            signal: None,
            notes: Vec::new(),
        }
    }

    fn headline(&self) -> Block {
        let (word, role, text) = match self.status {
            DemoStatus::Started => ("STARTED", Role::Good, self.describe()),
            DemoStatus::Running => ("RUNNING", Role::Good, self.describe()),
            DemoStatus::Stopped => {
                let text = format!("{} processes ended, directory removed", self.processes.len());
                ("STOPPED", Role::Good, text)
            }
            DemoStatus::Absent => ("ABSENT", Role::Dim, "no demo to end".to_owned()),
            DemoStatus::Interrupted => {
                ("INTERRUPTED", Role::Warn, "what was there of the demo is removed".to_owned())
            }
        };
        Block::Headline { verdict: Cell::new(word, role), text, aside: self.bench.clone() }
    }

    fn describe(&self) -> String {
        let rq = self.rq.as_deref().unwrap_or_default();
        let frappe = self.frappe.as_deref().unwrap_or_default();
        format!("2 sites · looks like Frappe {frappe} · rq {rq}")
    }

    fn jobs_line(&self) -> String {
        let order =
            ["queued", "started", "finished", "failed", "scheduled", "deferred", "canceled"];
        let counts = order.iter().filter_map(|state| {
            let count = self.jobs.get(*state).filter(|count| **count > 0)?;
            Some(format!("{count} {state}"))
        });
        counts.collect::<Vec<_>>().join(", ")
    }
}

impl Report for DemoReport {
    const SCHEMA: &'static str = "jobctl.demo/1";
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        self.signal.map_or(Outcome::Done, |signal| Outcome::Interrupted { signal })
    }

    fn view(&self, view: &mut View) {
        view.push(self.headline());
        if !matches!(self.status, DemoStatus::Started | DemoStatus::Running) {
            return;
        }
        let mut fields = vec![("bench".to_owned(), Cell::from(self.bench.clone()))];
        if let Some(redis) = &self.redis {
            fields.push(("redis".to_owned(), Cell::from(redis.clone())));
        }
        fields.push(("jobs at start".to_owned(), Cell::from(self.jobs_line())));
        view.push(Block::Fields(fields));
        let mut table = Table::new(vec![Column::left("PROCESS"), Column::right("PID")], "");
        for process in &self.processes {
            table.row(vec![Cell::from(process.name.clone()), Cell::from(process.pid.to_string())]);
        }
        view.push(Block::Table(table));
        view.push(Block::Heading("Try".to_owned()));
        view.push(Block::Text(Cell::new(self.next.join("\n"), Role::Command)));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// What to try, ready to paste; the last one ends the demo.
fn commands(bench: &Path, state: &State) -> Vec<String> {
    let bench = shell_quoted(&bench.display().to_string());
    let stuck = shell_quoted(&format!("site1.localhost{}import-items", state.id_separator()));
    let mut tries: Vec<String> =
        ["doctor", "show-pending-jobs", "queues", "workers list"].map(str::to_owned).into();
    if state.healthy {
        tries.push("jobs list --status finished".to_owned());
    } else {
        tries.push("jobs list --status failed".to_owned());
        tries.push(format!("jobs show {stuck}"));
        tries.push("workers dump --all-stuck".to_owned());
    }
    let mut commands: Vec<String> =
        tries.iter().map(|command| format!("jobctl --bench {bench} {command}")).collect();
    commands.push(format!("jobctl demo --stop --dir {bench}"));
    commands
}

/// A word that a shell takes as it is.
fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_quoted_when_word_is_special_wraps_it() {
        for (word, quoted) in [
            ("/home/kim/.local/state/jobctl/demo", "/home/kim/.local/state/jobctl/demo"),
            ("site1.localhost||x", "'site1.localhost||x'"),
            ("it's $(here)", r"'it'\''s $(here)'"),
            ("", "''"),
        ] {
            assert_eq!(shell_quoted(word), quoted);
        }
    }

    #[test]
    fn outcome_when_interrupted_is_the_signals() {
        let report = DemoReport::interrupted(Path::new("/demo"), 2);
        assert_eq!(report.outcome().exit_code(), 130);
        assert_eq!(DemoReport::absent(Path::new("/demo")).outcome().exit_code(), 0);
    }
}
