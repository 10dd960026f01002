//! The reports of `jobs show` and `jobs exists`.

use jiff::Timestamp;
use serde::Serialize;

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

    fn cell(self) -> Cell {
        match self.expires_in_s {
            None => Cell::new("for good", Role::Dim),
            Some(seconds) if self.inherited => Cell::new(
                format!("for {}, then it is lost without having run", human::age(seconds)),
                Role::Bad,
            ),
            Some(seconds) => format!("for {}", human::age(seconds)).into(),
        }
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

/// A failure, taken apart.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// The exception's class with its module.
    pub class: String,
    /// What it says.
    pub message: String,
    /// The frame to look at first.
    pub at: Option<String>,
    /// The frames of the exception, outermost first.
    pub frames: Vec<Frame>,
    /// The whole text as it was stored.
    pub traceback: String,
    /// Whether people get the whole text.
    #[serde(skip)]
    pub full: bool,
}

/// One call on the way to the exception.
#[derive(Debug, Serialize)]
pub struct Frame {
    /// The source file.
    pub file: String,
    /// The line in it.
    pub line: u32,
    /// The function.
    pub function: String,
    /// The source line.
    pub code: Option<String>,
    /// Whether it is the application's own code.
    pub application: bool,
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
        let time = |at: Option<Timestamp>| at.map(|at| human::time(at, &view.zone));
        add("method", row.method.clone());
        add(
            "function",
            self.function.clone().filter(|function| row.method.as_ref() != Some(function)),
        );
        add("queue", Some(row.queue.clone()));
        add("site", row.site.clone());
        add("user", row.user.clone());
        add("event", row.event.clone());
        add("job name", self.job_name.clone().filter(|name| row.method.as_ref() != Some(name)));
        add("created", time(row.created_at));
        add("enqueued", time(row.enqueued_at));
        add("started", time(row.started_at));
        add("ended", time(row.ended_at));
        add("heartbeat", time(self.last_heartbeat_at).filter(|_| row.status == "started"));
        add("worker", row.worker.clone());
        add("attempts", Some(row.attempts_text()));
        add("timeout", row.timeout_s.map(lifetime));
        add("result kept", self.result_ttl_s.map(lifetime));
        add("failure kept", self.failure_ttl_s.map(lifetime));
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
        if let Some((_, cell)) = fields.iter_mut().find(|(label, _)| label == "waits for") {
            cell.role = Role::Waiting;
        }
        fields.push(("kept".to_owned(), self.kept.cell()));
        for bad in &self.bad_fields {
            let effect =
                if bad.stops_worker { ": the worker that takes this job exits" } else { "" };
            let text = format!("`{}`{effect}", bad.value);
            fields.push((format!("bad {}", bad.field), Cell::new(text, Role::Bad)));
        }
        fields
    }

    fn executions(&self, view: &View) -> Table {
        let columns = vec![
            Column::left("EXECUTION"),
            Column::left("RECORDED"),
            Column::left("WORKER").flexible(),
            Column::left("EXCEPTION").flexible(),
        ];
        let mut table = Table::new(columns, "no executions");
        for execution in &self.executions {
            let at = execution.ended_at.or(execution.recorded_at);
            let role = if execution.outcome == "successful" { Role::Good } else { Role::Bad };
            table.row(vec![
                Cell::new(execution.outcome, role),
                at.map_or_else(String::new, |at| human::time(at, &view.zone)).into(),
                execution.worker.clone().unwrap_or_default().into(),
                execution.exception.clone().unwrap_or_default().into(),
            ]);
        }
        table
    }
}

impl Failed {
    fn blocks(&self, view: &mut View) {
        let class = if self.class.is_empty() { "Failure" } else { &self.class };
        view.push(Block::Heading(class.to_owned()));
        if self.full || self.frames.is_empty() {
            view.push(Block::Text(self.traceback.trim_end().into()));
            return;
        }
        let mut lines: Vec<String> = vec![self.message.clone()];
        // The application's own frames first, innermost on top; the rest is in --full.
        let own: Vec<&Frame> = self.frames.iter().rev().filter(|frame| frame.application).collect();
        let shown: Vec<&Frame> =
            if own.is_empty() { self.frames.iter().rev().take(3).collect() } else { own };
        for frame in &shown {
            lines.push(format!("at {}:{} in {}", frame.file, frame.line, frame.function));
            lines.extend(frame.code.as_ref().map(|code| format!("   {code}")));
        }
        let hidden = self.frames.len() - shown.len();
        if hidden > 0 {
            lines.push(format!(
                "and {}; --full shows the whole traceback",
                human::counted(hidden as u64, "other frame")
            ));
        }
        view.push(Block::Text(lines.join("\n").into()));
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
        let fields = self.fields(view);
        view.push(Block::Fields(fields));
        if let Some(arguments) =
            self.arguments.as_ref().filter(|arguments| !arguments.lines.is_empty())
        {
            view.push(Block::Heading("Arguments".to_owned()));
            let lines = arguments.lines.iter().cloned();
            view.push(Block::Fields(lines.map(|(name, text)| (name, text.into())).collect()));
        }
        if let Some(failure) = &self.failure {
            failure.blocks(view);
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
