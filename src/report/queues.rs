//! The reports of `queues list` and `queues show`.

use serde::Serialize;

use super::workers::WorkerRow;
use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::queue::{Counts, Registry};

/// The queues of the target.
#[derive(Debug, Serialize)]
pub struct QueuesReport {
    /// The queues: those of the configuration in its order, then the others by name.
    pub queues: Vec<QueueRow>,
    /// Whether something without which the list means nothing could not be read.
    #[serde(skip)]
    pub is_unknown: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One queue. Counts that could not be read are absent; the notes say why.
#[derive(Debug, Clone, Serialize)]
pub struct QueueRow {
    /// Its name, short within the bench.
    pub name: String,
    /// Its name in Redis.
    pub full_name: String,
    /// What stands before the last colon: a bench's id.
    pub prefix: Option<String>,
    /// How many jobs it and its registries hold.
    #[serde(flatten)]
    pub counts: Counts,
    /// Seconds that its oldest waiting job waits.
    pub oldest_age_s: Option<f64>,
    /// Whether an older one may stand between both ends, which were looked at.
    pub oldest_is_least: bool,
    /// Live workers that serve it.
    pub workers: Option<usize>,
    /// Those of them that run a job.
    pub workers_busy: Option<usize>,
    /// Whether the bench's configuration names it.
    pub configured: bool,
    /// Seconds that a job may run where it does not say itself, by the bench's configuration.
    pub timeout_s: Option<i64>,
    /// How many jobs Frappe lets wait in it; absent where this version sets no cap.
    pub cap: Option<u64>,
}

/// One queue in detail.
#[derive(Debug, Serialize)]
pub struct QueueReport {
    /// The queue.
    #[serde(flatten)]
    pub queue: QueueRow,
    /// Waiting jobs as a share of Frappe's cap.
    pub cap_percent: Option<f64>,
    /// The jobs that are next, in order.
    pub next: Vec<JobLine>,
    /// The jobs that came last, newest first, without those that are next.
    pub newest: Vec<JobLine>,
    /// Jobs that a worker took and has not started.
    pub parked: Vec<JobLine>,
    /// The workers that serve it, dead ones included.
    pub serving: Vec<WorkerRow>,
    /// Who runs RQ's own scheduler for it: a process id up to RQ 2.9, else a scheduler's name.
    pub rq_scheduler: Option<String>,
    /// Whether something without which the answer means nothing could not be read.
    #[serde(skip)]
    pub is_unknown: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A job where it waits.
#[derive(Debug, Clone, Serialize)]
pub struct JobLine {
    /// Its id.
    pub id: String,
    /// Its method; absent where the job is gone or unreadable.
    pub method: Option<String>,
    /// Its site.
    pub site: Option<String>,
    /// Seconds since it was enqueued.
    pub age_s: Option<f64>,
    /// Whether the id's job is gone: workers skip such ids.
    pub is_gone: bool,
}

impl QueueRow {
    /// How long the oldest job waits, marked where it may be longer.
    fn oldest(&self) -> String {
        let least = if self.oldest_is_least { "≥" } else { "" };
        self.oldest_age_s.map_or_else(String::new, |age| format!("{least}{}", human::age(age)))
    }

    fn workers_cell(&self) -> Cell {
        match (self.workers, self.workers_busy) {
            (None, _) => Cell::new("?", Role::Warn),
            (Some(0), _) if self.counts.queued == Some(0) => Cell::new("none", Role::Warn),
            (Some(0), _) => Cell::new("none", Role::Bad),
            (Some(alive), None | Some(0)) => alive.to_string().into(),
            (Some(alive), Some(busy)) => Cell::new(format!("{alive} ({busy} busy)"), Role::Started),
        }
    }

    fn cells(&self) -> Vec<Cell> {
        let counts = &self.counts;
        vec![
            self.name.clone().into(),
            Cell::count(counts.queued, Role::Queued),
            self.oldest().into(),
            Cell::count(counts.started, Role::Started),
            Cell::count(counts.failed, Role::Bad),
            self.workers_cell(),
            Cell::count(counts.finished, Role::Good),
            Cell::count(counts.scheduled, Role::Waiting),
            Cell::count(counts.deferred, Role::Waiting),
            Cell::count(counts.canceled, Role::Plain),
            Cell::count(counts.intermediate, Role::Warn),
            self.timeout().into(),
            self.cap.map_or_else(String::new, human::count).into(),
            self.full_name.clone().into(),
        ]
    }

    fn timeout(&self) -> String {
        match self.timeout_s {
            None => String::new(),
            Some(seconds) if seconds < 0 => "none".to_owned(),
            Some(seconds) => human::age(seconds as f64),
        }
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::left("QUEUE").flexible(),
        Column::right("QUEUED"),
        Column::right("OLDEST"),
        Column::right("RUNNING"),
        Column::right("FAILED"),
        Column::left("WORKERS"),
        Column::right("FINISHED").wide(),
        Column::right("SCHEDULED").wide(),
        Column::right("DEFERRED").wide(),
        Column::right("CANCELED").wide(),
        Column::right("INTERMEDIATE").wide(),
        Column::right("TIMEOUT").wide(),
        Column::right("CAP").wide(),
        Column::left("FULL NAME").wide(),
    ]
}

impl Report for QueuesReport {
    const SCHEMA: &'static str = "jobctl.queues/1";
    const ITEMS: Option<&'static str> = Some("queues");

    fn outcome(&self) -> Outcome {
        if self.is_unknown { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let when_empty = if self.is_unknown { "queues unknown" } else { "no queues" };
        let mut table = Table::new(columns(), when_empty);
        for queue in &self.queues {
            table.row(queue.cells());
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl QueueReport {
    fn fields(&self) -> Vec<(String, Cell)> {
        let queue = &self.queue;
        let mut queued = Cell::count(queue.counts.queued, Role::Queued);
        if let (Some(cap), Some(percent)) = (queue.cap, self.cap_percent) {
            queued.text = format!(
                "{} of {} that Frappe lets wait ({})",
                queued.text,
                human::count(cap),
                human::percent(percent / 100.0)
            );
        }
        let mut fields = vec![("Queue", Cell::new(&queue.name, Role::Strong))];
        if queue.full_name != queue.name {
            fields.push(("In Redis", queue.full_name.clone().into()));
        }
        fields.push(("Queued", queued));
        fields.push(("Oldest", queue.oldest().into()));
        for registry in Registry::ALL {
            let role = match registry {
                Registry::Started => Role::Started,
                Registry::Finished => Role::Good,
                Registry::Failed => Role::Bad,
                Registry::Scheduled | Registry::Deferred => Role::Waiting,
                Registry::Canceled => Role::Plain,
            };
            fields.push((label(registry), Cell::count(queue.counts.registry(registry), role)));
        }
        fields.push(("Parked", Cell::count(queue.counts.intermediate, Role::Warn)));
        fields.push(("Workers", queue.workers_cell()));
        if queue.timeout_s.is_some() {
            fields.push(("Timeout", queue.timeout().into()));
        }
        if let Some(owner) = &self.rq_scheduler {
            fields.push(("RQ scheduler", owner.clone().into()));
        }
        fields.retain(|(_, cell)| !cell.text.is_empty());
        fields.into_iter().map(|(label, cell)| (label.to_owned(), cell.in_one_line())).collect()
    }

    fn worker_table(&self) -> Table {
        let mut table = Table::new(
            vec![
                Column::left("WORKER"),
                Column::left("STATE"),
                Column::left("ALIVE"),
                Column::left("JOB").flexible(),
                Column::left("METHOD").flexible(),
                Column::right("AGE"),
            ],
            "no workers",
        );
        for worker in &self.serving {
            table.row(vec![
                worker.short_name.clone().into(),
                worker.state_cell(),
                worker.alive_cell(),
                worker.current_job.clone().unwrap_or_default().into(),
                worker.current_method.clone().unwrap_or_default().into(),
                worker.age_cell(),
            ]);
        }
        table
    }
}

const fn label(registry: Registry) -> &'static str {
    match registry {
        Registry::Started => "Running",
        Registry::Finished => "Finished",
        Registry::Failed => "Failed",
        Registry::Scheduled => "Scheduled",
        Registry::Deferred => "Deferred",
        Registry::Canceled => "Canceled",
    }
}

fn job_table(jobs: &[JobLine]) -> Table {
    let mut table = Table::new(
        vec![
            Column::left("JOB").flexible(),
            Column::left("METHOD").flexible(),
            Column::right("AGE"),
        ],
        "",
    );
    for job in jobs {
        let method = match &job.method {
            Some(method) => method.clone().into(),
            None if job.is_gone => Cell::new("job is gone", Role::Warn),
            None => Cell::new("unreadable", Role::Dim),
        };
        let age = job.age_s.map_or_else(String::new, human::age);
        table.row(vec![job.id.clone().into(), method, age.into()]);
    }
    table
}

impl Report for QueueReport {
    const SCHEMA: &'static str = "jobctl.queue/1";
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if self.is_unknown { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Fields(self.fields()));
        let lists = [("Next", &self.next), ("Newest", &self.newest), ("Parked", &self.parked)];
        for (heading, jobs) in lists.into_iter().filter(|(_, jobs)| !jobs.is_empty()) {
            view.push(Block::Heading(heading.to_owned()));
            view.push(Block::Table(job_table(jobs)));
        }
        if !self.serving.is_empty() {
            view.push(Block::Heading("Workers".to_owned()));
            view.push(Block::Table(self.worker_table()));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
