//! Running jobs that were told to stop, and how they ended.

use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::id::JobId;
use crate::model::plan::Plan;

/// Running jobs that were told to stop, and how they ended.
#[derive(Debug, Clone, Default, Serialize)]
pub struct StopReport {
    /// Whether nothing was to be done.
    pub dry_run: bool,
    /// The jobs.
    pub jobs: Vec<Stopping>,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
    /// Warnings.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One of them.
#[derive(Debug, Clone, Serialize)]
pub struct Stopping {
    /// The job.
    pub id: JobId,
    /// Its queue.
    pub queue: String,
    /// The worker that runs it.
    pub worker: Option<String>,
    /// How far it got.
    pub turn: Turn,
    /// Why it did not stop.
    pub reason: Option<String>,
}

/// How far stopping a job got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Its worker is going to be told.
    Planned,
    /// Its worker was not told.
    LeftAlone,
    /// Its worker was told; it runs still.
    Told,
    /// It was stopped.
    Stopped,
    /// It ended otherwise.
    EndedItself,
}

impl StopReport {
    /// Takes over what a plan left alone, and what it warns of.
    pub fn skip(&mut self, plan: &Plan) {
        self.notes.extend(plan.warnings.iter().cloned());
        self.jobs.extend(plan.skipped.first().iter().map(|skipped| Stopping {
            id: skipped.id.clone(),
            queue: String::new(),
            worker: None,
            turn: Turn::LeftAlone,
            reason: Some(skipped.reason.clone()),
        }));
    }

    /// How many jobs got so far.
    pub fn count(&self, turn: Turn) -> u64 {
        self.jobs.iter().filter(|job| job.turn == turn).count() as u64
    }

    fn sentence(&self) -> String {
        if self.dry_run {
            let what = human::counted(self.count(Turn::Planned), "job");
            return format!("{what} would be stopped, which cannot be undone; nothing was done");
        }
        let mut parts =
            vec![format!("{} stopped", human::counted(self.count(Turn::Stopped), "job"))];
        for (turn, words) in [
            (Turn::EndedItself, "ended by itself"),
            (Turn::Told, "still running"),
            (Turn::LeftAlone, "left alone"),
        ] {
            let count = self.count(turn);
            if count > 0 {
                parts.push(format!("{} {words}", human::count(count)));
            }
        }
        parts.join(", ")
    }
}

impl Report for StopReport {
    const SCHEMA: &'static str = "jobctl.stop/1";
    const ITEMS: Option<&'static str> = Some("jobs");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if let Some(signal) = self.interrupted_by {
            return Outcome::Interrupted { signal };
        }
        match (self.count(Turn::Told), self.count(Turn::LeftAlone)) {
            (0, 0) => Outcome::Done,
            (0, _) => Outcome::No,
            _ => Outcome::TimedOut,
        }
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Text(Cell::new(self.sentence(), Role::Strong)));
        let columns = vec![
            Column::left("JOB").flexible(),
            Column::left("QUEUE"),
            Column::left("WORKER").wide(),
            Column::left("OUTCOME"),
        ];
        let mut table = Table::new(columns, "no such jobs run");
        for job in &self.jobs {
            table.row(vec![
                Cell::from(job.id.to_string()),
                Cell::from(job.queue.clone()),
                Cell::from(job.worker.clone().unwrap_or_default()),
                job.turn.cell(job.reason.as_deref()),
            ]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Turn {
    fn cell(self, reason: Option<&str>) -> Cell {
        let (word, role) = match self {
            Self::Planned => ("would be stopped", Role::Started),
            Self::LeftAlone => ("left alone", Role::Warn),
            Self::Told => ("still running", Role::Warn),
            Self::Stopped => ("stopped", Role::Good),
            Self::EndedItself => ("ended", Role::Plain),
        };
        match reason {
            Some(reason) => Cell::new(format!("{word}: {reason}"), role),
            None => Cell::new(word, role),
        }
    }
}
