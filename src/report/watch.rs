//! A job that was followed to its end.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Layout, Report, Role, View};
use crate::error::Outcome;
use crate::human::{self, Zone};
use crate::model::id::JobId;

/// A job that was followed to its end.
#[derive(Debug, Clone, Serialize)]
pub struct WatchReport {
    /// The job.
    pub id: JobId,
    /// Its last state.
    pub status: Option<String>,
    /// Seconds of its last run.
    pub duration_s: Option<f64>,
    /// Why it failed.
    pub exception: Option<String>,
    /// The states that were seen, in order.
    pub changes: Vec<Change>,
    /// How it turned out.
    #[serde(skip)]
    pub outcome: Outcome,
    /// What must be known.
    pub notes: Vec<String>,
}

/// A state that was seen.
#[derive(Debug, Clone, Serialize)]
pub struct Change {
    /// When it was first seen.
    pub at: Timestamp,
    /// The state.
    pub status: String,
}

impl Change {
    /// The change as one line.
    pub fn line(&self, zone: &Zone, id: &JobId) -> String {
        format!("{}  {id}  {}", human::time(self.at, zone), self.status)
    }
}

impl WatchReport {
    /// A report of which nothing is known yet.
    pub fn new(id: JobId) -> Self {
        Self {
            id,
            status: None,
            duration_s: None,
            exception: None,
            changes: Vec::new(),
            outcome: Outcome::Done,
            notes: Vec::new(),
        }
    }

    fn role(&self) -> Role {
        match self.outcome {
            Outcome::Done => Role::Good,
            Outcome::No => Role::Bad,
            _ => Role::Warn,
        }
    }
}

impl Report for WatchReport {
    const SCHEMA: &'static str = "jobctl.watch/1";
    const ITEMS: Option<&'static str> = Some("changes");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        self.outcome
    }

    fn view(&self, view: &mut View) {
        let status = self.status.clone().unwrap_or_default();
        let mut fields = vec![
            ("job".to_owned(), Cell::new(self.id.to_string(), Role::Strong).in_one_line()),
            ("status".to_owned(), Cell::new(status, self.role()).in_one_line()),
        ];
        if let Some(seconds) = self.duration_s {
            fields.push(("ran".to_owned(), Cell::from(human::age(seconds))));
        }
        if let Some(exception) = &self.exception {
            let cell = Cell::new(exception.clone(), Role::Bad).in_one_line();
            fields.push(("exception".to_owned(), cell));
        }
        view.push(Block::Fields(fields));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
