//! The reports of `jobs show` and `jobs exists`.

mod failure;

use jiff::Timestamp;
use serde::Serialize;

pub use failure::{Cause, Failed, Frame};

use super::jobs::{JobRow, status_role};
use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::id::JobId;
use crate::model::job::{BadField, Job, Status};

/// Whether a job exists.
#[derive(Debug, Serialize)]
pub struct ExistsReport {
    /// The id, whole if the job was found.
    pub id: String,
    /// Whether it does.
    pub exists: bool,
    /// What its hash says.
    pub status: Option<String>,
    /// Notes.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl Report for ExistsReport {
    const SCHEMA: &'static str = "jobctl.job-exists/1";
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if self.exists { Outcome::Done } else { Outcome::No }
    }

    fn view(&self, view: &mut View) {
        let line = match &self.status {
            Some(status) => Cell::new(format!("{} exists: {status}", self.id), status_role(status)),
            None => Cell::new(format!("{} does not exist", self.id), Role::Dim),
        };
        view.push(Block::Text(line));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// Everything that is known of a job.
#[derive(Debug, Serialize)]
pub struct JobReport {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: JobRow,
    /// The function that RQ calls.
    pub function: Option<String>,
    /// Whether that function is the one which Frappe runs every job through.
    #[serde(skip)]
    pub is_wrapped: bool,
    /// The name that a Frappe job was given.
    pub job_name: Option<String>,
    /// Its arguments; of a Frappe job the method's own.
    pub arguments: Option<Arguments>,
    /// The call as text, made by the writer.
    pub description: Option<String>,
    /// The last sign of life of its worker.
    pub last_heartbeat_at: Option<Timestamp>,
    /// Seconds that it may wait.
    pub ttl_s: Option<i64>,
    /// Seconds that its result is kept; -1 for ever.
    pub result_ttl_s: Option<i64>,
    /// Seconds that its failure is kept; -1 for ever.
    pub failure_ttl_s: Option<i64>,
    /// How long the job itself is still kept.
    pub kept: Kept,
    /// Seconds between retries.
    pub retry_intervals_s: Vec<i64>,
    /// The group that it belongs to.
    pub group: Option<String>,
    /// The jobs that it waits for.
    pub dependencies: Vec<Dependency>,
    /// The jobs that wait for it.
    pub dependents: Vec<JobId>,
    /// What job code stored beside it.
    pub meta: Option<ResultValue>,
    /// What it returned.
    pub result: Option<ResultValue>,
    /// How it failed.
    pub failure: Option<Failed>,
    /// Each execution that RQ kept, newest first.
    pub executions: Vec<Execution>,
    /// Fields that cannot be understood.
    pub bad_fields: Vec<BadField>,
    /// When this was read.
    #[serde(skip)]
    pub now: Timestamp,
    /// Whether the whole traceback is shown to people.
    #[serde(skip)]
    pub full: bool,
    /// Notes.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A job's arguments.
#[derive(Debug, Serialize)]
pub struct Arguments {
    /// The positional ones.
    pub args: Vec<serde_json::Value>,
    /// The named ones.
    pub kwargs: serde_json::Value,
    /// The same for people: name and text.
    #[serde(skip)]
    pub lines: Vec<(String, String)>,
}

/// A value that the job left.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ResultValue {
    /// The value.
    pub value: serde_json::Value,
    /// The same for people.
    #[serde(skip)]
    pub line: String,
}

/// How long a job's hash is still kept.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Kept {
    /// Seconds until it expires; `null` for never.
    pub expires_in_s: Option<f64>,
    /// Whether it will expire while it waits, though nobody gave it a time to live.
    pub inherited: bool,
}

impl Kept {
    /// Concludes from the remaining lifetime and the job.
    pub fn of(expires_in_s: Option<f64>, job: &Job) -> Self {
        let inherited =
            expires_in_s.is_some() && job.ttl_s.is_none() && job.status == Status::Queued;
        Self { expires_in_s, inherited }
    }

    fn cell(self, report: &JobReport) -> Cell {
        match self.expires_in_s {
            Some(seconds) if self.inherited => Cell::new(
                format!("for {}, then it is lost without having run", human::age(seconds)),
                Role::Bad,
            ),
            Some(seconds) => format!("for {}", human::age(seconds)).into(),
            None if Status::parse(&report.summary.status).has_ended() => {
                Cell::new("for good", Role::Dim)
            }
            None => {
                let finished = after_its_end(report.result_ttl_s.unwrap_or(DEFAULT_RESULT_TTL_S));
                let failed = after_its_end(report.failure_ttl_s.unwrap_or(DEFAULT_FAILURE_TTL_S));
                format!("until it ends, then {finished} if it finishes, {failed} if it fails")
                    .into()
            }
        }
    }
}

/// What a worker applies where the hash says nothing. Source: `rq/defaults.py`.
const DEFAULT_RESULT_TTL_S: i64 = 500;
const DEFAULT_FAILURE_TTL_S: i64 = 31_536_000;

fn after_its_end(seconds: i64) -> String {
    match seconds {
        ..0 => "for good".to_owned(),
        0 => "not at all".to_owned(),
        _ => human::age(seconds as f64),
    }
}

/// A job that must end first.
#[derive(Debug, Serialize)]
pub struct Dependency {
    /// Its id.
    pub id: JobId,
    /// Its status; `null` where it is gone.
    pub status: Option<String>,
}

/// One execution.
#[derive(Debug, Serialize)]
pub struct Execution {
    /// How it ended.
    pub outcome: &'static str,
    /// When RQ wrote it down.
    pub recorded_at: Option<Timestamp>,
    /// When it started (2.8+).
    pub started_at: Option<Timestamp>,
    /// When it ended (2.8+).
    pub ended_at: Option<Timestamp>,
    /// The worker (2.5+).
    pub worker: Option<String>,
    /// Class and first line of its failure.
    pub exception: Option<String>,
}

impl JobReport {
    fn headline(&self) -> Block {
        let row = &self.summary;
        let ran = row.duration_ms.map(|ms| format!("ran {}", human::duration_ms(ms)));
        let waited = row.wait_ms.map(|ms| format!("waited {}", human::duration_ms(ms)));
        let parts: Vec<String> = [ran, waited].into_iter().flatten().collect();
        Block::Headline {
            verdict: Cell::new(row.status.clone(), status_role(&row.status)),
            text: row.id.to_string(),
            aside: parts.join(" · "),
        }
    }

    fn fields(&self, view: &View) -> Vec<(String, Cell)> {
        let row = &self.summary;
        let mut fields: Vec<(String, Cell)> = Vec::new();
        let mut add = |label: &str, text: Option<String>| {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                fields.push((label.to_owned(), text.into()));
            }
        };
        let time = |at: Option<Timestamp>| at.map(|at| self.time(at, view));
        add("method", row.method.clone());
        let shown = |function: &String| !self.is_wrapped && row.method.as_ref() != Some(function);
        add("function", self.function.clone().filter(shown));
        add("queue", Some(row.queue.clone()));
        add("site", row.site.clone());
        add("user", row.user.clone());
        add("event", row.event.clone());
        add("job name", self.job_name.clone().filter(|name| self.names_it(name)));
        add("created", time(row.created_at));
        add("enqueued", time(row.enqueued_at));
        add("started", time(row.started_at));
        add("ended", time(row.ended_at));
        add("heartbeat", time(self.last_heartbeat_at).filter(|_| row.status == "started"));
        add("worker", row.worker.clone());
        add("due", time(row.due_at));
        add("attempts", self.attempts());
        add("timeout", row.timeout_s.map(lifetime));
        add("may wait", self.ttl_s.map(lifetime));
        add("group", self.group.clone());
        let waits_for = self.dependencies.iter().map(|dependency| {
            let status = dependency.status.as_deref().unwrap_or("gone");
            format!("{} ({status})", dependency.id)
        });
        add("waits for", Some(waits_for.collect::<Vec<_>>().join("\n")));
        let dependents: Vec<String> = self.dependents.iter().map(ToString::to_string).collect();
        add("waited for by", Some(dependents.join("\n")));
        add("meta", self.meta.as_ref().map(|meta| meta.line.clone()));
        add("result", self.result.as_ref().map(|result| result.line.clone()));
        let opaque = self.description.clone().filter(|_| self.arguments.is_none());
        add("description", opaque);
        if let Some((_, cell)) = fields.iter_mut().find(|(label, _)| label == "timeout") {
            self.mark_timeout(cell);
        }
        if let Some((_, cell)) = fields.iter_mut().find(|(label, _)| label == "waits for") {
            cell.role = Role::Waiting;
        }
        fields.push(("kept".to_owned(), self.kept.cell(self)));
        for bad in &self.bad_fields {
            let effect =
                if bad.stops_worker { ": the worker that takes this job exits" } else { "" };
            let text = format!("`{}`{effect}", bad.value);
            fields.push((format!("bad {}", bad.field), Cell::new(text, Role::Bad)));
        }
        fields
    }

    /// An instant with its distance from now, as `2026-11-21 09:12:03 CET (12m ago)`.
    fn time(&self, at: Timestamp, view: &View) -> String {
        let seconds = self.now.duration_since(at).as_secs_f64();
        let distance = if seconds < 0.0 { human::until(-seconds) } else { human::ago(seconds) };
        format!("{} ({distance})", human::time(at, &view.zone))
    }

    /// Whether a job's name says more than its method: Frappe takes the method for a name.
    fn names_it(&self, name: &str) -> bool {
        let row = &self.summary;
        row.method.as_deref() != Some(name) && !name.starts_with("frappe.utils.background_jobs.")
    }

    /// Nothing for a job that runs once, which is nearly every one.
    fn attempts(&self) -> Option<String> {
        let row = &self.summary;
        let retried = row.retries_left.is_some() || row.attempts > Some(1);
        retried.then(|| row.attempts_text())
    }

    /// Says whether a running job has used up its time.
    fn mark_timeout(&self, cell: &mut Cell) {
        let row = &self.summary;
        let (Some(limit), Some(ran)) = (row.timeout_s, row.duration_ms) else { return };
        let over = ran as f64 / 1000.0 - limit as f64;
        if row.status == "started" && limit >= 0 && over > 0.0 {
            let text = format!("{}, passed {}", cell.text, human::ago(over));
            *cell = Cell::new(text, Role::Bad);
        }
    }

    /// The executions; what no RQ of this generation writes down gets no column.
    fn executions(&self, view: &View) -> Table {
        let any = |told: fn(&Execution) -> bool| self.executions.iter().any(told);
        let (ran, worker) = (any(|e| e.ran().is_some()), any(|e| e.worker.is_some()));
        let exception = any(|e| e.exception.is_some());
        let columns = [
            (true, Column::left("EXECUTION")),
            (true, Column::left("ENDED")),
            (ran, Column::left("STARTED")),
            (ran, Column::right("DURATION")),
            (worker, Column::left("WORKER").flexible()),
            (exception, Column::left("EXCEPTION").flexible()),
        ];
        let chosen = columns.iter().filter(|(chosen, _)| *chosen).map(|(_, c)| c.clone());
        let mut table = Table::new(chosen.collect(), "no executions");
        for execution in &self.executions {
            let cells = execution.cells(view).into_iter().zip(&columns);
            table.row(cells.filter(|(_, (chosen, _))| *chosen).map(|(cell, _)| cell).collect());
        }
        table
    }
}

impl Execution {
    /// Milliseconds between start and end, where both are told.
    fn ran(&self) -> Option<u64> {
        let ran = self.ended_at?.duration_since(self.started_at?);
        u64::try_from(ran.as_millis()).ok()
    }

    fn cells(&self, view: &View) -> [Cell; 6] {
        let role = if self.outcome == "successful" { Role::Good } else { Role::Bad };
        let time = |at: Option<Timestamp>| {
            at.map_or_else(String::new, |at| human::time(at, &view.zone)).into()
        };
        [
            Cell::new(self.outcome, role),
            time(self.ended_at.or(self.recorded_at)),
            time(self.started_at),
            self.ran().map_or_else(String::new, human::duration_ms).into(),
            self.worker.clone().unwrap_or_default().into(),
            self.exception.clone().unwrap_or_default().into(),
        ]
    }
}

/// Seconds of a time limit; -1 is none.
fn lifetime(seconds: i64) -> String {
    if seconds < 0 { "without limit".to_owned() } else { human::age(seconds as f64) }
}

impl Report for JobReport {
    const SCHEMA: &'static str = "jobctl.job/1";
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn view(&self, view: &mut View) {
        view.push(self.headline());
        if let Some(failure) = &self.failure {
            failure.blocks(view);
        }
        let fields = self.fields(view);
        view.push(Block::Fields(fields));
        if let Some(arguments) =
            self.arguments.as_ref().filter(|arguments| !arguments.lines.is_empty())
        {
            view.push(Block::Heading("Arguments".to_owned()));
            let lines = arguments.lines.iter().cloned();
            view.push(Block::Fields(lines.map(|(name, text)| (name, text.into())).collect()));
        }
        if !self.executions.is_empty() {
            let table = self.executions(view);
            view.push(Block::Table(table));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
