//! The reports of `groups`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::id::JobId;
use crate::sanitize::{holds_control, shell_quote};

/// Rows of a table on a terminal; everything else gets all of them.
const TABLE_ROWS: usize = 100;

/// How far a group is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GroupLine {
    /// Its name.
    pub group: String,
    /// Its jobs.
    pub total: u64,
    /// Those that wait: queued, scheduled, deferred.
    pub pending: u64,
    /// Those that run.
    pub running: u64,
    /// Those that ended well.
    pub finished: u64,
    /// Those that failed or were stopped.
    pub failed: u64,
    /// Those that were canceled.
    pub canceled: u64,
    /// Ids whose job RQ has forgotten; how they ended is not known.
    pub gone: u64,
    /// The share of jobs that ended, from 0 to 1.
    pub progress: Option<f64>,
    /// Seconds until the rest is done, at the pace of those that finished.
    pub eta_s: Option<f64>,
    /// When its first job was made.
    pub created_at: Option<Timestamp>,
}

impl GroupLine {
    fn columns() -> Vec<Column> {
        vec![
            Column::left("GROUP").flexible(),
            Column::right("JOBS"),
            Column::right("PENDING"),
            Column::right("RUNNING"),
            Column::right("FINISHED"),
            Column::right("FAILED"),
            Column::right("CANCELED").wide(),
            Column::right("GONE").wide(),
            Column::right("DONE"),
            Column::right("TIME LEFT"),
        ]
    }

    fn cells(&self) -> Vec<Cell> {
        let done = self.progress.map_or_else(
            || Cell::new("-", Role::Dim),
            |share| Cell { raw: Some(format!("{share:.4}")), ..human::percent(share).into() },
        );
        let left = self.eta_s.map_or_else(String::new, human::age);
        vec![
            Cell::from(self.group.clone()).in_one_line(),
            Cell::count(Some(self.total), Role::Plain),
            Cell::count(Some(self.pending), Role::Queued),
            Cell::count(Some(self.running), Role::Started),
            Cell::count(Some(self.finished), Role::Good),
            Cell::count(Some(self.failed), Role::Bad),
            Cell::count(Some(self.canceled), Role::Plain),
            Cell::count(Some(self.gone), Role::Plain),
            done,
            Cell { raw: self.eta_s.map(|seconds| format!("{seconds:.0}")), ..left.into() },
        ]
    }
}

/// All groups.
#[derive(Debug, Serialize)]
pub struct GroupsReport {
    /// The groups, by name.
    pub groups: Vec<GroupLine>,
    /// Whether something could not be read.
    pub incomplete: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl Report for GroupsReport {
    const SCHEMA: &'static str = "jobctl.groups/1";
    const ITEMS: Option<&'static str> = Some("groups");

    fn outcome(&self) -> Outcome {
        if self.incomplete { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let mut table = Table::new(GroupLine::columns(), "no groups").most(TABLE_ROWS);
        self.groups.iter().for_each(|line| table.row(line.cells()));
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// One job of a group.
#[derive(Debug, Serialize)]
pub struct GroupJob {
    /// Its id.
    pub id: JobId,
    /// Its state, by its hash.
    pub status: String,
    /// Its queue.
    pub queue: Option<String>,
    /// The call as text.
    pub description: Option<String>,
    /// Seconds that it ran, or has been running.
    pub duration_s: Option<f64>,
}

/// One group with its jobs.
#[derive(Debug, Serialize)]
pub struct GroupReport {
    /// How far it is.
    #[serde(flatten)]
    pub line: GroupLine,
    /// Its jobs, by id.
    pub jobs: Vec<GroupJob>,
    /// How commands to paste begin.
    #[serde(skip)]
    pub command: String,
    /// Whether something could not be read.
    pub incomplete: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl GroupReport {
    fn jobs_table(&self) -> Table {
        let columns = vec![
            Column::left("JOB").flexible(),
            Column::left("STATUS"),
            Column::left("QUEUE"),
            Column::right("RAN"),
            Column::left("CALL").wide(),
        ];
        let mut table = Table::new(columns, "all of its jobs are gone").most(TABLE_ROWS);
        for job in &self.jobs {
            let role = match job.status.as_str() {
                "failed" | "stopped" => Role::Bad,
                "finished" => Role::Good,
                "started" => Role::Started,
                "queued" => Role::Queued,
                "scheduled" | "deferred" => Role::Waiting,
                _ => Role::Plain,
            };
            table.row(vec![
                Cell::from(job.id.text().into_owned()).in_one_line(),
                Cell::new(job.status.clone(), role),
                job.queue.clone().unwrap_or_default().into(),
                job.duration_s.map_or_else(String::new, human::age).into(),
                Cell::from(job.description.clone().unwrap_or_default()).in_one_line(),
            ]);
        }
        table
    }
}

impl Report for GroupReport {
    const SCHEMA: &'static str = "jobctl.group/1";
    const ITEMS: Option<&'static str> = Some("jobs");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if self.incomplete { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let line = &self.line;
        let (word, role) = match (line.pending + line.running, line.failed) {
            (0, 0) => ("done", Role::Good),
            (0, _) => ("failed", Role::Bad),
            _ => ("under way", Role::Started),
        };
        let left = line.eta_s.map(|left| format!("about {} left", human::age(left)));
        view.push(Block::Headline {
            verdict: Cell::new(word, role),
            text: line.group.clone(),
            aside: left.unwrap_or_default(),
        });
        let mut table = Table::new(GroupLine::columns(), "");
        table.row(line.cells());
        view.push(Block::Table(table));
        view.push(Block::Table(self.jobs_table()));
        // A name that begins with a dash would be read as an option.
        let pasteable = !holds_control(&line.group) && !line.group.starts_with('-');
        if line.failed > 0 && pasteable {
            view.push(Block::Finding {
                role: Role::Bad,
                mark: '✗',
                what: format!("{} failed", human::counted(line.failed, "job")),
                aside: None,
                evidence: Vec::new(),
                fixes: vec![format!("{} groups retry {}", self.command, shell_quote(&line.group))],
            });
        }
    }

    fn csv(&self) -> Option<(Table, Option<&'static str>)> {
        Some((self.jobs_table(), None))
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
