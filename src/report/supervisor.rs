//! Process definitions that were made, and the faults of those that are there.

use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;

/// Definitions to be put into files.
#[derive(Debug, Clone, Serialize)]
pub struct SupervisorGenerateReport {
    /// The files.
    pub definitions: Vec<Definition>,
    /// Always empty: what is printed is a file.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Where it belongs; relative to the bench, or absolute.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

impl Report for SupervisorGenerateReport {
    const SCHEMA: &'static str = "jobctl.supervisor-generate/1";
    const ITEMS: Option<&'static str> = Some("definitions");
    const LAYOUT: Layout = Layout::Human;

    fn view(&self, view: &mut View) {
        for definition in &self.definitions {
            let text = format!("# {}\n{}", definition.file, definition.text);
            view.push(Block::Text(Cell::from(text)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// What is wrong with the definitions of a bench.
#[derive(Debug, Clone, Serialize)]
pub struct SupervisorCheckReport {
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// The definitions that were judged.
    pub processes: Vec<ProcessRow>,
    /// What could not be read.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// The program or unit; `null` for what is missing altogether.
    pub process: Option<String>,
    /// The file.
    pub file: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to write, or to type.
    pub fix: Option<String>,
}

/// One definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProcessRow {
    /// The program or unit.
    pub name: String,
    /// The file.
    pub file: String,
    /// `worker` or `schedule`.
    pub role: &'static str,
    /// The queues that it serves.
    pub queues: Vec<String>,
    /// How many are started.
    pub count: u64,
    /// Seconds before it is killed; `null` for never.
    pub stop_s: Option<u64>,
    /// Seconds that a job of its queues may run; `null` for no limit, and where it runs none.
    pub longest_job_s: Option<u64>,
}

impl Report for SupervisorCheckReport {
    const SCHEMA: &'static str = "jobctl.supervisor-check/1";
    const ITEMS: Option<&'static str> = Some("faults");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if self.faults.is_empty() { Outcome::Done } else { Outcome::No }
    }

    fn view(&self, view: &mut View) {
        let counted = human::counted(self.processes.len() as u64, "definition");
        let (word, role) = if self.faults.is_empty() {
            ("no faults".to_owned(), Role::Good)
        } else {
            (human::counted(self.faults.len() as u64, "fault"), Role::Bad)
        };
        let verdict = Cell::new(word, role);
        view.push(Block::Headline { verdict, text: format!("in {counted}"), aside: String::new() });
        for fault in &self.faults {
            let what = match &fault.process {
                Some(process) => format!("{process}: {}", fault.what),
                None => fault.what.clone(),
            };
            view.push(Block::Finding {
                role: Role::Bad,
                mark: '✗',
                what,
                aside: None,
                evidence: fault.file.iter().cloned().collect(),
                fixes: fault.fix.iter().cloned().collect(),
            });
        }
        let columns = vec![
            Column::left("PROCESS").flexible(),
            Column::left("QUEUES").flexible(),
            Column::right("COUNT"),
            Column::right("LONGEST JOB"),
            Column::right("STOP WAIT"),
        ];
        let mut table = Table::new(columns, "no process");
        for row in &self.processes {
            let seconds = |seconds: Option<u64>, none: &str| {
                seconds.map_or_else(|| none.to_owned(), |s| format!("{s} s"))
            };
            let is_worker = row.role == "worker";
            let longest = seconds(row.longest_job_s, if is_worker { "no limit" } else { "–" });
            let queues = if is_worker { row.queues.join(",") } else { "–".to_owned() };
            table.row(vec![
                row.name.clone().into(),
                queues.into(),
                Cell::count(Some(row.count), Role::Plain),
                longest.into(),
                seconds(row.stop_s, "for ever").into(),
            ]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
