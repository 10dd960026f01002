//! The reports of `workers list` and `workers show`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::worker::Alive;

/// The workers of the target.
#[derive(Debug, Serialize)]
pub struct WorkersReport {
    /// The workers: those that need a look first.
    pub workers: Vec<WorkerRow>,
    /// Whether something without which the list means nothing could not be read.
    #[serde(skip)]
    pub is_unknown: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One worker.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerRow {
    /// Its name.
    pub name: String,
    /// Its own word: `started`, `idle`, `busy`, `suspended`. Stale once it is gone.
    pub state: Option<String>,
    /// Whether it lives.
    pub alive: Alive,
    /// What that was concluded from.
    pub alive_reason: String,
    /// The queues that it serves, in order of priority; short names within the bench.
    pub queues: Vec<String>,
    /// Its process id, in its own namespace.
    pub pid: Option<u32>,
    /// Its host, a container's id inside containers.
    pub hostname: Option<String>,
    /// The job that it runs, or ran when it was last heard of.
    pub current_job: Option<String>,
    /// That job's method.
    pub current_method: Option<String>,
    /// That job's site.
    pub current_site: Option<String>,
    /// Seconds since that job was started.
    pub current_job_age_s: Option<f64>,
    /// Seconds that it may run; absent for no limit.
    pub current_job_timeout_s: Option<i64>,
    /// Jobs that ended well.
    pub successful: u64,
    /// Runs that failed, retried ones included.
    pub failed: u64,
    /// Seconds spent in jobs that have ended.
    pub working_s: f64,
    /// Share of its life spent in jobs, the current one included.
    pub utilisation_percent: Option<f64>,
    /// Its RQ version.
    pub version: Option<String>,
    /// Its Python version.
    pub python_version: Option<String>,
    /// When it started.
    pub birth: Option<Timestamp>,
    /// Its last sign of life, by its own clock.
    pub last_heartbeat: Option<Timestamp>,
    /// Seconds since then.
    pub heartbeat_age_s: Option<f64>,
    /// Present once it was asked to stop while busy.
    pub stop_requested_at: Option<Timestamp>,
    /// Seconds until its registration expires.
    pub ttl_s: Option<f64>,
    /// Memory of its process tree, where it runs on this host.
    pub memory_bytes: Option<u64>,
    /// How that was counted: `pss` divides shared pages, `rss` counts them several times.
    pub memory_measure: Option<&'static str>,
    /// Whether it runs on this host.
    pub local: bool,
    /// Whether it serves none of this bench's queues; absent where its registration no longer
    /// says what it serves.
    pub foreign: Option<bool>,
    /// What it is called in a table.
    #[serde(skip)]
    pub short_name: String,
}

/// One worker in detail.
#[derive(Debug, Serialize)]
pub struct WorkerReport {
    /// The worker.
    #[serde(flatten)]
    pub worker: WorkerRow,
    /// The process that runs the current job, where it can be told on this host.
    pub horse_pid: Option<u32>,
    /// Its processes on this host, itself first.
    pub processes: Vec<Process>,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A process of a worker.
#[derive(Debug, Clone, Serialize)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// Its parent's id.
    pub parent_pid: u32,
    /// `worker`, `horse` or `child`.
    pub role: &'static str,
    /// When it started, to about a second.
    pub started_at: Option<Timestamp>,
    /// Its command line, without secrets.
    pub command: String,
}

impl WorkerRow {
    /// Its state, in the colour of what it means.
    pub(super) fn state_cell(&self) -> Cell {
        let role = match (self.alive, self.state.as_deref()) {
            (Alive::No, _) => Role::Dim,
            (_, Some("busy")) => Role::Started,
            (_, Some("suspended")) => Role::Warn,
            _ => Role::Plain,
        };
        Cell::new(self.state.as_deref().unwrap_or("?"), role)
    }

    /// Whether it lives, as a word.
    pub(super) fn alive_cell(&self) -> Cell {
        let (word, role) = match self.alive {
            Alive::Yes => ("yes", Role::Good),
            Alive::Stale => ("stale", Role::Warn),
            Alive::No => ("no", Role::Bad),
        };
        Cell::new(word, role)
    }

    /// How long its job runs; past its limit it stands out.
    pub(super) fn age_cell(&self) -> Cell {
        let Some(age) = self.current_job_age_s else { return "".into() };
        let late = self.current_job_timeout_s.is_some_and(|limit| age > limit as f64);
        Cell::new(human::age(age), if late { Role::Bad } else { Role::Plain })
    }

    fn cells(&self, zone: &human::Zone) -> Vec<Cell> {
        let text = |text: &Option<String>| Cell::from(text.clone().unwrap_or_default());
        let count =
            |n: u64, role| Cell::new(human::count(n), if n == 0 { Role::Dim } else { role });
        vec![
            self.short_name.clone().into(),
            self.queues.join(",").into(),
            self.state_cell(),
            self.alive_cell(),
            text(&self.current_job),
            self.age_cell(),
            self.pid.map_or_else(String::new, |pid| pid.to_string()).into(),
            text(&self.hostname),
            count(self.successful, Role::Plain),
            count(self.failed, Role::Bad),
            self.utilisation_percent.map_or_else(String::new, |p| human::percent(p / 100.0)).into(),
            self.memory_bytes.map_or_else(String::new, human::bytes).into(),
            text(&self.version),
            text(&self.python_version),
            self.last_heartbeat.map_or_else(String::new, |at| human::time(at, zone)).into(),
            text(&self.current_method),
            self.alive_reason.clone().into(),
            self.name.clone().into(),
        ]
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::left("WORKER").flexible(),
        Column::left("QUEUES").flexible(),
        Column::left("STATE"),
        Column::left("ALIVE"),
        Column::left("JOB").flexible(),
        Column::right("AGE"),
        Column::right("PID"),
        Column::left("HOST").flexible(),
        Column::right("DONE"),
        Column::right("FAILED"),
        Column::right("UTIL"),
        Column::right("MEM"),
        Column::left("VERSION").wide(),
        Column::left("PYTHON").wide(),
        Column::left("HEARTBEAT").wide(),
        Column::left("METHOD").wide(),
        Column::left("REASON").wide(),
        Column::left("NAME").wide(),
    ]
}

impl Report for WorkersReport {
    const SCHEMA: &'static str = "jobctl.workers/1";
    const ITEMS: Option<&'static str> = Some("workers");

    fn outcome(&self) -> Outcome {
        if self.is_unknown { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let when_empty = if self.is_unknown { "workers unknown" } else { "no workers" };
        let mut table = Table::new(columns(), when_empty);
        for worker in &self.workers {
            table.row(worker.cells(&view.zone));
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl WorkerReport {
    fn fields(&self, zone: &human::Zone) -> Vec<(String, Cell)> {
        let worker = &self.worker;
        let mut fields: Vec<(&str, Cell)> = vec![
            ("Worker", Cell::new(&worker.name, Role::Strong)),
            ("State", worker.state_cell()),
            ("Alive", worker.alive_cell()),
            ("Because", worker.alive_reason.clone().into()),
            ("Queues", worker.queues.join(", ").into()),
        ];
        let mut optional = |label, text: Option<String>| {
            fields.extend(text.map(|text| (label, Cell::from(text))));
        };
        let time = |at: Option<Timestamp>| at.map(|at| human::time(at, zone));
        optional(
            "Belongs to",
            (worker.foreign == Some(true)).then(|| "others, not to this bench".to_owned()),
        );
        optional(
            "Host",
            worker
                .hostname
                .clone()
                .map(|host| if worker.local { format!("{host} (this host)") } else { host }),
        );
        optional("Pid", worker.pid.map(|pid| pid.to_string()));
        optional("Work horse", self.horse_pid.map(|pid| format!("pid {pid}")));
        optional("RQ", worker.version.clone());
        optional("Python", worker.python_version.clone());
        optional("Started", time(worker.birth));
        optional(
            "Last heartbeat",
            time(worker.last_heartbeat).map(|at| match worker.heartbeat_age_s {
                Some(age) => format!("{at}, {}", human::ago(age)),
                None => at,
            }),
        );
        optional("Asked to stop", time(worker.stop_requested_at));
        optional("Key expires", worker.ttl_s.map(human::until));
        optional("Done", Some(human::count(worker.successful)));
        optional("Failed", Some(human::count(worker.failed)));
        optional("Working time", Some(human::age(worker.working_s)));
        optional("Utilisation", worker.utilisation_percent.map(|p| human::percent(p / 100.0)));
        optional(
            "Memory",
            worker.memory_bytes.map(|bytes| {
                let measure = worker.memory_measure.unwrap_or_default().to_uppercase();
                format!(
                    "{} ({measure} of {})",
                    human::bytes(bytes),
                    processes(self.processes.len())
                )
            }),
        );
        fields.into_iter().map(|(label, cell)| (label.to_owned(), cell.in_one_line())).collect()
    }

    fn job(&self) -> Option<Vec<(String, Cell)>> {
        let worker = &self.worker;
        let job = Cell::from(worker.current_job.clone()?);
        let mut fields = vec![("Job".to_owned(), job.in_one_line())];
        let mut optional = |label: &str, cell: Option<Cell>| {
            fields.extend(cell.map(|cell| (label.to_owned(), cell.in_one_line())));
        };
        optional("Method", worker.current_method.clone().map(Cell::from));
        optional("Site", worker.current_site.clone().map(Cell::from));
        let age = worker.current_job_age_s.map(|age| {
            let cell = worker.age_cell();
            let limit = worker.current_job_timeout_s;
            let limit = limit.map_or("no limit".to_owned(), |limit| human::age(limit as f64));
            Cell::new(format!("{} of {limit}", human::age(age)), cell.role)
        });
        optional("Running", age);
        Some(fields)
    }

    fn process_table(&self, zone: &human::Zone) -> Table {
        let mut table = Table::new(
            vec![
                Column::right("PID"),
                Column::right("PARENT"),
                Column::left("ROLE"),
                Column::left("STARTED"),
                Column::left("COMMAND").flexible(),
            ],
            "no processes",
        );
        for process in &self.processes {
            table.row(vec![
                process.pid.to_string().into(),
                process.parent_pid.to_string().into(),
                process.role.into(),
                process.started_at.map_or_else(String::new, |at| human::time(at, zone)).into(),
                process.command.clone().into(),
            ]);
        }
        table
    }
}

fn processes(n: usize) -> String {
    if n == 1 { "1 process".to_owned() } else { format!("{n} processes") }
}

impl Report for WorkerReport {
    const SCHEMA: &'static str = "jobctl.worker/1";
    const ITEMS: Option<&'static str> = None;
    const LAYOUT: Layout = Layout::Human;

    fn view(&self, view: &mut View) {
        view.push(Block::Fields(self.fields(&view.zone)));
        if let Some(job) = self.job() {
            let gone = self.worker.alive == Alive::No;
            let heading = if gone { "Job when it was last heard of" } else { "Current job" };
            view.push(Block::Heading(heading.to_owned()));
            view.push(Block::Fields(job));
        }
        if !self.processes.is_empty() {
            view.push(Block::Heading("Processes".to_owned()));
            view.push(Block::Table(self.process_table(&view.zone)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
