//! Scheduled job types that were triggered, or would be: one row per type and site.

use jiff::civil::DateTime;
use serde::Serialize;

use super::switch::Obstacle;
use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::{Failure, Kind, Outcome};
use crate::human;
use crate::journal::OpId;
use crate::model::id::JobId;

/// Scheduled job types that were triggered, or would be.
#[derive(Debug, Clone, Serialize)]
pub struct TriggerReport {
    /// The event or method, as it was typed.
    pub event: String,
    /// The operation; `null` where nothing was enqueued.
    pub op_id: Option<OpId>,
    /// Whether nothing was to be enqueued.
    pub dry_run: bool,
    /// Whether Frappe itself ran them, without a queue.
    pub inline: bool,
    /// The Frappe that they were written for.
    pub frappe: String,
    /// The types, sorted by site.
    pub types: Vec<TriggerRow>,
    /// The sites, with what keeps their schedulers from running.
    pub sites: Vec<TriggerSite>,
    /// Whether the operation can be undone.
    pub undoable: bool,
    /// Whether some had not ended when the time was up.
    pub timed_out: bool,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A site whose types were looked at.
#[derive(Debug, Clone, Serialize)]
pub struct TriggerSite {
    /// The site.
    pub site: String,
    /// What keeps its scheduler from running; a triggered job runs all the same, unless it says so.
    pub obstacles: Vec<Obstacle>,
    /// Why its types could not be read.
    pub error: Option<String>,
    /// The sort of that failure.
    #[serde(skip)]
    pub kind: Option<Kind>,
    /// What to type next after it.
    #[serde(skip)]
    pub hints: Vec<String>,
}

/// A type on a site.
#[derive(Debug, Clone, Serialize)]
pub struct TriggerRow {
    /// The site.
    pub site: String,
    /// The name of its row.
    pub name: String,
    /// Its method; of a server script a pseudo method.
    pub method: String,
    /// Its frequency, as the database spells it.
    pub frequency: String,
    /// Its own cron expression.
    pub cron_format: Option<String>,
    /// The server script that it runs.
    pub server_script: Option<String>,
    /// Whether the scheduler skips it.
    pub stopped: bool,
    /// Whether Frappe logs its runs; where not, a failure leaves no trace.
    pub logged: bool,
    /// The queue; `null` where it needs none.
    pub queue: Option<String>,
    /// The job's id; `null` where there is no job.
    pub id: Option<JobId>,
    /// How far it got.
    pub state: Triggered,
    /// What RQ says of the job.
    pub status: Option<String>,
    /// What the Scheduled Job Log says of the run, after a wait.
    pub log: Option<LoggedRun>,
    /// Why it was left alone, or failed, or what cannot be known of it.
    pub reason: Option<String>,
    /// What to type next.
    pub fix: Option<String>,
}

/// How far triggering a type got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Triggered {
    /// It is going to be enqueued, or run.
    Planned,
    /// It waits in its queue.
    Enqueued,
    /// A job of its id waited or ran already, as Frappe leaves it alone, too.
    AlreadyThere,
    /// A job of its id says that it waits or runs, and stands nowhere.
    Ghost,
    /// It was not enqueued, for another reason.
    LeftAlone,
    /// It ran to its end.
    Finished,
    /// It failed.
    Failed,
    /// It ended, but how is not known.
    Untold,
    /// It had not ended when the wait did.
    NotEnded,
}

/// A run in the Scheduled Job Log. Times are those of the site's zone.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRun {
    /// `Complete`, `Failed`, or `Start` for one that did not end.
    pub status: String,
    /// When it began.
    pub started_at: Option<DateTime>,
    /// Seconds from its begin to its end.
    pub duration_s: Option<f64>,
}

impl TriggerReport {
    /// The rows in one state.
    pub fn in_state(&self, state: Triggered) -> impl Iterator<Item = &TriggerRow> {
        self.types.iter().filter(move |row| row.state == state)
    }

    /// The failure to end with where the types of no site could be read: its exit code says more
    /// than "some failed".
    pub fn sole_failure(&self) -> Option<Failure> {
        let first = self.sites.first()?;
        let kind = first.kind?;
        if self.sites.iter().any(|site| site.kind != Some(kind)) {
            return None;
        }
        let mut message = first.error.clone().unwrap_or_default();
        if self.sites.len() > 1 {
            message.push_str(&format!(" (and {} more sites)", self.sites.len() - 1));
        }
        let failure = Failure::new(kind, message);
        Some(first.hints.iter().fold(failure, |failure, hint| failure.hint(hint.as_str())))
    }

    fn sentence(&self) -> String {
        if self.dry_run {
            let what = human::counted(self.in_state(Triggered::Planned).count() as u64, "job type");
            let done =
                if self.inline { "run by Frappe, which cannot be undone" } else { "enqueued" };
            return format!("{what} would be {done}; nothing was changed");
        }
        let mut parts = Vec::new();
        for (state, word) in [
            (Triggered::Enqueued, "enqueued"),
            (Triggered::Finished, "finished"),
            (Triggered::Failed, "failed"),
            (Triggered::Untold, "ended, nobody knows how"),
            (Triggered::NotEnded, "not at their end"),
            (Triggered::AlreadyThere, "there already"),
            (Triggered::Ghost, "kept back by ghosts"),
            (Triggered::LeftAlone, "left alone"),
            (Triggered::Planned, "not reached"),
        ] {
            let count = self.in_state(state).count() as u64;
            if count > 0 {
                let count = human::count(count);
                parts.push(format!("{count} {word}"));
            }
        }
        if parts.is_empty() {
            return "nothing was enqueued".to_owned();
        }
        format!("job types: {}", parts.join(", "))
    }

    fn lay_out_sites(&self, view: &mut View) {
        for site in &self.sites {
            if let Some(error) = &site.error {
                view.push(Block::Text(Cell::new(error.clone(), Role::Bad)));
            }
            for Obstacle { code, source, .. } in &site.obstacles {
                let text =
                    format!("{}: its scheduler does not run: `{code}` in {source}", site.site);
                view.push(Block::Text(Cell::new(text, Role::Warn)));
            }
        }
    }
}

impl Report for TriggerReport {
    const SCHEMA: &'static str = "jobctl.trigger-scheduler-event/1";
    const ITEMS: Option<&'static str> = Some("types");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if let Some(signal) = self.interrupted_by {
            return Outcome::Interrupted { signal };
        }
        let fails = |row: &TriggerRow| match row.state {
            Triggered::Ghost | Triggered::LeftAlone | Triggered::Failed | Triggered::Untold => true,
            Triggered::Planned => !self.dry_run,
            _ => false,
        };
        let failed =
            self.types.iter().any(fails) || self.sites.iter().any(|site| site.error.is_some());
        match (failed, self.timed_out) {
            (true, _) => Outcome::No,
            (false, true) => Outcome::TimedOut,
            (false, false) => Outcome::Done,
        }
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Text(Cell::new(self.sentence(), Role::Strong)));
        self.lay_out_sites(view);
        let columns = vec![
            Column::left("SITE"),
            Column::left("METHOD").flexible(),
            Column::left("FREQUENCY"),
            Column::left("QUEUE"),
            Column::left("RESULT"),
            Column::left("LOG"),
            Column::left("ID").wide(),
        ];
        let mut table = Table::new(columns, "no job types");
        for row in &self.types {
            table.row(vec![
                row.site.clone().into(),
                Cell::from(row.method.clone()).in_one_line(),
                row.frequency.clone().into(),
                row.queue.clone().unwrap_or_default().into(),
                row.result(self.dry_run, self.inline),
                row.log.as_ref().map_or_else(Cell::default, LoggedRun::cell),
                row.id.as_ref().map(ToString::to_string).unwrap_or_default().into(),
            ]);
        }
        if !self.types.is_empty() {
            view.push(Block::Table(table));
        }
        for row in &self.types {
            let Some(reason) = &row.reason else { continue };
            let fails = matches!(row.state, Triggered::Ghost | Triggered::Failed);
            view.push(Block::Finding {
                role: if fails { Role::Bad } else { Role::Warn },
                mark: if fails { '✗' } else { '!' },
                what: format!("{} of {}: {reason}", row.method, row.site),
                aside: None,
                evidence: Vec::new(),
                fixes: row.fix.iter().cloned().collect(),
            });
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl TriggerRow {
    fn result(&self, dry_run: bool, inline: bool) -> Cell {
        let planned = match (dry_run, inline) {
            (true, false) => "would be enqueued",
            (true, true) => "would be run",
            (false, _) => "not reached",
        };
        let (word, role) = match self.state {
            Triggered::Planned => (planned, if dry_run { Role::Plain } else { Role::Warn }),
            Triggered::Enqueued => ("enqueued", Role::Queued),
            Triggered::AlreadyThere => {
                let word = format!("{} already", self.status.as_deref().unwrap_or("there"));
                return Cell::new(word, Role::Waiting);
            }
            Triggered::Ghost => ("ghost", Role::Bad),
            Triggered::LeftAlone => ("left alone", Role::Warn),
            Triggered::Finished => ("finished", Role::Good),
            Triggered::Failed => ("failed", Role::Bad),
            Triggered::Untold => ("not known", Role::Warn),
            Triggered::NotEnded => {
                let word = format!("still {}", self.status.as_deref().unwrap_or("there"));
                return Cell::new(word, Role::Warn);
            }
        };
        Cell::new(word, role)
    }
}

impl LoggedRun {
    fn cell(&self) -> Cell {
        let role = match self.status.as_str() {
            "Complete" => Role::Good,
            "Failed" => Role::Bad,
            _ => Role::Warn,
        };
        let took = self.duration_s.map(|seconds| format!(" in {}", human::age(seconds.max(0.0))));
        Cell::new(format!("{}{}", self.status, took.unwrap_or_default()), role)
    }
}
