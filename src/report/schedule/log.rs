//! The report of `scheduler log`: runs out of the Scheduled Job Log.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{AskedSites, moment, took};
use crate::error::Outcome;
use crate::report::{Block, Cell, Column, Report, Role, Table, View};
use crate::secrets::Secrets;

/// Logged runs, the newest first.
#[derive(Debug, Serialize)]
pub struct RunsReport {
    /// Since when.
    pub since: Timestamp,
    /// The runs.
    pub runs: Vec<RunRow>,
    /// Whether older runs of the window were left out.
    pub truncated: bool,
    /// The sites that were asked.
    pub sites: AskedSites,
    /// What must be known to read the rows rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
pub struct RunRow {
    /// The site.
    pub site: String,
    /// The zone of its clock.
    pub time_zone: String,
    /// The key of the log's row.
    pub name: String,
    /// The key of the type.
    pub job_type: String,
    /// The type's method; the key where the type is gone.
    pub method: String,
    /// `Complete`, `Failed`, `Start` while it runs or if its process died, `Scheduled` before.
    pub status: String,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long it took.
    pub duration_s: Option<f64>,
    /// Whether it did not end within its queue's time limit and no worker runs it: its process
    /// died. `null` where that cannot be told; for runs that ended, false.
    pub stale: Option<bool>,
    /// Seconds since it began, of a run that did not end.
    pub age_s: Option<f64>,
    /// The last line of its traceback.
    pub error: Option<String>,
    /// The end of its traceback.
    pub details: Option<String>,
    /// Whether the traceback is longer.
    pub details_truncated: bool,
    /// The site's zone.
    #[serde(skip)]
    pub zone: TimeZone,
}

impl RunRow {
    fn state(&self) -> Cell {
        let role = match (self.status.as_str(), self.stale) {
            (_, Some(true)) => return Cell::new(format!("{} (died)", self.status), Role::Bad),
            ("Complete", _) => Role::Good,
            ("Failed", _) => Role::Bad,
            (_, None) => return Cell::new(format!("{} (?)", self.status), Role::Warn),
            ("Start", _) => Role::Started,
            _ => Role::Plain,
        };
        Cell::new(self.status.clone(), role).in_one_line()
    }

    fn cells(&self, view: &View) -> Vec<Cell> {
        vec![
            moment(self.started_at, &self.zone, view),
            Cell::from(self.site.clone()).in_one_line(),
            Cell::from(self.method.clone()).in_one_line(),
            self.state(),
            took(self.duration_s),
            Cell::from(self.error.clone().unwrap_or_default()).in_one_line(),
            moment(self.ended_at, &self.zone, view),
            Cell::from(self.name.clone()).in_one_line(),
            self.time_zone.clone().into(),
        ]
    }
}

impl RunsReport {
    /// Hides secrets in what the databases said.
    pub fn mask(&mut self, secrets: Secrets) {
        let hide = |text: &mut String| *text = secrets.text(text).into_owned();
        for row in &mut self.runs {
            [&mut row.name, &mut row.job_type, &mut row.method, &mut row.status]
                .into_iter()
                .for_each(hide);
            row.error.iter_mut().chain(&mut row.details).for_each(hide);
        }
        self.notes.iter_mut().for_each(hide);
        self.sites.mask(secrets);
    }
}

impl Report for RunsReport {
    const SCHEMA: &'static str = "jobctl.scheduler-log/1";
    const ITEMS: Option<&'static str> = Some("runs");

    fn outcome(&self) -> Outcome {
        self.sites.outcome()
    }

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("STARTED"),
            Column::left("SITE").flexible(),
            Column::left("METHOD").flexible(),
            Column::left("STATUS"),
            Column::right("TOOK"),
            Column::left("ERROR").flexible(),
            Column::left("ENDED").wide(),
            Column::left("NAME").wide(),
            Column::left("ZONE").wide(),
        ];
        let mut table = Table::new(columns, "no logged runs");
        for row in &self.runs {
            let cells = row.cells(view);
            table.row(cells);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
