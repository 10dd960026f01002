//! The report of `scheduler list`.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{AskedSites, moment, took};
use crate::error::Outcome;
use crate::human;
use crate::report::{Block, Cell, Column, Report, Role, Table, View};
use crate::secrets::Secrets;

/// Scheduled job types, the next due first.
#[derive(Debug, Serialize)]
pub struct TypesReport {
    /// The types.
    pub types: Vec<TypeRow>,
    /// The sites that were asked.
    pub sites: AskedSites,
    /// When they were asked.
    pub checked_at: Timestamp,
    /// What must be known to read the rows rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One type of one site.
#[derive(Debug, Clone, Serialize)]
pub struct TypeRow {
    /// The site.
    pub site: String,
    /// The key of its row.
    pub name: String,
    /// The method, or for a server script a pseudo method.
    pub method: String,
    /// The column `frequency`.
    pub frequency: String,
    /// Its own cron expression, which wins over the frequency.
    pub cron_format: Option<String>,
    /// The expression in force.
    pub expression: Option<String>,
    /// The queue, without the bench's prefix.
    pub queue: &'static str,
    /// Whether the scheduler skips it.
    pub stopped: bool,
    /// Whether its runs are logged.
    pub create_log: bool,
    /// The server script that it runs.
    pub server_script: Option<String>,
    /// The zone in which it is due.
    pub time_zone: String,
    /// When its last run began.
    pub last_execution_at: Option<Timestamp>,
    /// When it is due next, in the past where it is due already; `null` where it never is.
    pub next_execution_at: Option<Timestamp>,
    /// The seconds that are added to that, drawn at every round of the scheduler.
    pub jitter_s: Option<[i64; 2]>,
    /// Seconds that it has been due for beyond a few rounds of the scheduler, without a job;
    /// `null` where it is not.
    pub overdue_s: Option<f64>,
    /// The fixed id of its job.
    pub job_id: Option<String>,
    /// `queued` or `started` where its job waits or runs; also `null` where that is not known.
    pub pending: Option<&'static str>,
    /// Whether a hash that stands nowhere keeps it from being enqueued; `null`: not known.
    pub ghost: Option<bool>,
    /// Logged runs of the last seven days that ended; `null` where runs are not logged.
    pub runs_7d: Option<u64>,
    /// Those of them that failed.
    pub failed_7d: Option<u64>,
    /// Part of the runs that failed, 1 for all; `null` without runs.
    pub failing_share: Option<f64>,
    /// What a run that ended well took on average in these days.
    pub mean_duration_s: Option<f64>,
    /// The longest run that ended well.
    pub longest_s: Option<f64>,
    /// What is wrong with it.
    pub problems: Vec<TypeProblem>,
    /// The site's zone.
    #[serde(skip)]
    pub zone: TimeZone,
}

/// Something wrong with a type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TypeProblem {
    /// A short word.
    pub code: &'static str,
    /// One sentence.
    pub detail: String,
    /// What stands still because of it.
    pub effect: &'static str,
}

impl TypeRow {
    /// Its state in a few words: what matters most of it.
    fn state(&self) -> Cell {
        if self.stopped {
            return Cell::new("stopped", Role::Warn);
        }
        if self.ghost == Some(true) {
            return Cell::new("ghost", Role::Bad);
        }
        if let Some(problem) = self.problems.first() {
            return Cell::new(problem.code, Role::Bad);
        }
        if let Some(seconds) = self.overdue_s {
            return Cell::new(format!("overdue {}", human::age(seconds)), Role::Bad);
        }
        match self.pending {
            Some("queued") => Cell::new("queued", Role::Queued),
            Some(word) => Cell::new(word, Role::Started),
            None => Cell::new("-", Role::Dim),
        }
    }

    fn failing(&self) -> Cell {
        let (Some(share), Some(failed)) = (self.failing_share, self.failed_7d) else {
            return Cell::new("-", Role::Dim);
        };
        let role = if failed > 0 { Role::Bad } else { Role::Dim };
        Cell { raw: Some(format!("{share:.4}")), ..Cell::new(human::percent(share), role) }
    }

    /// The frequency, or the expression that wins over it.
    fn rhythm(&self) -> &str {
        self.cron_format.as_deref().unwrap_or(&self.frequency)
    }

    fn cells(&self, view: &View) -> Vec<Cell> {
        let problems: Vec<&str> =
            self.problems.iter().map(|problem| problem.detail.as_str()).collect();
        vec![
            Cell::from(self.site.clone()).in_one_line(),
            Cell::from(self.method.clone()).in_one_line(),
            Cell::from(self.rhythm()).in_one_line(),
            moment(self.last_execution_at, &self.zone, view),
            moment(self.next_execution_at, &self.zone, view),
            self.state(),
            self.failing(),
            took(self.mean_duration_s),
            self.queue.into(),
            Cell::from(self.frequency.clone()).in_one_line(),
            Cell::from(self.name.clone()).in_one_line(),
            if self.create_log { "yes" } else { "no" }.into(),
            Cell::count(self.runs_7d, Role::Plain),
            took(self.longest_s),
            self.time_zone.clone().into(),
            Cell::from(problems.join("; ")).in_one_line(),
        ]
    }
}

impl TypesReport {
    /// Hides secrets in what the databases said.
    pub fn mask(&mut self, secrets: Secrets) {
        let hide = |text: &mut String| *text = secrets.text(text).into_owned();
        for row in &mut self.types {
            [&mut row.name, &mut row.method, &mut row.frequency].into_iter().for_each(hide);
            row.cron_format.iter_mut().chain(&mut row.expression).for_each(hide);
            row.server_script.iter_mut().chain(&mut row.job_id).for_each(hide);
            row.problems.iter_mut().for_each(|problem| hide(&mut problem.detail));
        }
        self.notes.iter_mut().for_each(hide);
        self.sites.mask(secrets);
    }
}

impl Report for TypesReport {
    const SCHEMA: &'static str = "jobctl.scheduler-list/1";
    const ITEMS: Option<&'static str> = Some("types");

    fn outcome(&self) -> Outcome {
        self.sites.outcome()
    }

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("SITE").flexible(),
            Column::left("METHOD").flexible(),
            Column::left("FREQUENCY").flexible(),
            Column::left("LAST"),
            Column::left("NEXT"),
            Column::left("STATE"),
            Column::right("FAILING 7d"),
            Column::right("MEAN"),
            Column::left("QUEUE").wide(),
            Column::left("TYPE").wide(),
            Column::left("NAME").wide(),
            Column::left("LOGGED").wide(),
            Column::right("RUNS 7d").wide(),
            Column::right("LONGEST").wide(),
            Column::left("ZONE").wide(),
            Column::left("PROBLEM").wide(),
        ];
        let mut table = Table::new(columns, "no scheduled job types");
        for row in &self.types {
            let cells = row.cells(view);
            table.row(cells);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
