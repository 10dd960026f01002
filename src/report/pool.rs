//! What a worker pool does: the file that it keeps, and what `worker-pool status` shows of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::fault::ABANDONED_AFTER_S;

/// Jobs that were cut off, which the text shows.
const SHOWN: usize = 5;

/// What the supervisor is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It keeps its workers running.
    Running,
    /// It replaces its workers one by one.
    Restarting,
    /// It waits for the jobs that still run.
    Stopping,
    /// It ends its workers with their jobs.
    Ending,
    /// It has ended.
    Ended,
}

impl Phase {
    const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Stopping => "stopping",
            Self::Ending => "ending",
            Self::Ended => "ended",
        }
    }
}

/// What a supervisor writes about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolState {
    /// The supervisor's process.
    pub pid: u32,
    /// When that started, in clock ticks since boot: ids are given out again.
    pub start_ticks: Option<u64>,
    /// When it started.
    pub started_at: Timestamp,
    /// When this was written.
    pub written_at: Timestamp,
    /// What it is about.
    pub phase: Phase,
    /// Why Redis does not answer; `null` where it does.
    pub redis_fault: Option<String>,
    /// Its pools.
    pub pools: Vec<PoolRow>,
    /// The places of workers, and workers that are leaving.
    pub workers: Vec<MemberRow>,
    /// Work horses whose worker died; they finish their job.
    pub orphans: Vec<u32>,
    /// The jobs that were cut off with their workers, the last ones.
    #[serde(default)]
    pub cut_off: Vec<CutOff>,
}

/// A job that was cut off with its worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CutOff {
    /// The job.
    pub job: String,
    /// Its queue, where that is known.
    pub queue: Option<String>,
    /// The pool's name for the worker, `short-1`.
    pub worker: String,
    /// The worker's process.
    pub pid: u32,
    /// How that ended: an exit code or a signal.
    pub ending: String,
    /// Why it had been told to end, if it had.
    pub told: Option<String>,
    /// When this was noticed.
    pub at: Timestamp,
}

impl CutOff {
    /// What happened, in one line.
    pub fn text(&self) -> String {
        let queue = self.queue.as_ref().map_or_else(String::new, |q| format!(" of queue `{q}`"));
        let Self { job, worker, pid, ending, .. } = self;
        format!(
            "{worker}: job `{job}`{queue} was cut off; its worker, process {pid}, ended with {ending}"
        )
    }
}

/// One pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolRow {
    /// Its name.
    pub name: String,
    /// Its queues in the order of priority; empty for all of the bench.
    pub queues: Vec<String>,
    /// How many workers it is to have.
    pub wanted: usize,
    /// How many run.
    pub up: usize,
    /// Why it was given up.
    pub given_up: Option<String>,
    /// How it is scaled; absent for a fixed number of workers.
    #[serde(default)]
    pub scaled: Option<Scaled>,
}

/// What was last seen and done about the size of a pool that is scaled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scaled {
    /// The fewest workers.
    pub min: usize,
    /// The most workers.
    pub max: usize,
    /// Seconds in which its queues are to be cleared.
    pub target_s: f64,
    /// Jobs that wait in its queues; `null` where that is hidden.
    pub waiting: Option<u64>,
    /// Seconds until they would be cleared; `null` where it is not known how long jobs run.
    pub time_to_clear_s: Option<f64>,
    /// When the number of workers was changed last.
    pub changed_at: Option<Timestamp>,
    /// From what to what, and why.
    pub reason: Option<String>,
}

/// What a worker's place is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberState {
    /// Its worker runs.
    Up,
    /// Its worker was told to end after its job.
    Leaving,
    /// It waits before the next start.
    Waiting,
    /// Its worker found the queues empty and ended (`--burst`).
    Done,
}

impl MemberState {
    const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Leaving => "leaving",
            Self::Waiting => "waiting",
            Self::Done => "done",
        }
    }

    /// The same of a supervisor that is gone without a word.
    const fn past(self) -> &'static str {
        match self {
            Self::Up => "was up",
            Self::Leaving => "was leaving",
            Self::Waiting => "was waiting",
            Self::Done => "done",
        }
    }
}

/// One worker, or a place without one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Pool and number, `short-1`.
    pub name: String,
    /// What it is about.
    pub state: MemberState,
    /// The worker's process.
    pub pid: Option<u32>,
    /// When the worker started.
    pub started_at: Option<Timestamp>,
    /// How often it was started again.
    pub restarts: u64,
    /// How often in a row it ended as soon as it had started.
    pub failures: u32,
    /// When it is started next.
    pub next_start_at: Option<Timestamp>,
    /// How it ended last, or why it leaves.
    pub reason: Option<String>,
    /// Its name in Redis.
    pub worker: Option<String>,
    /// The job that it runs.
    pub job: Option<String>,
    /// Jobs that it has run.
    pub jobs: Option<u64>,
    /// The memory of its processes.
    pub memory_bytes: Option<u64>,
}

/// What `worker-pool status` says.
#[derive(Debug, Clone, Serialize)]
pub struct PoolStatusReport {
    /// Whether the supervisor that wrote the file runs.
    pub alive: bool,
    /// Whether it runs but has not written for long: what it wrote is not how it is.
    pub stale: bool,
    /// Seconds since it wrote.
    pub written_age_s: f64,
    /// What it wrote.
    #[serde(flatten)]
    pub state: PoolState,
    /// What must be known to read it rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl PoolStatusReport {
    fn is_well(&self) -> bool {
        self.alive && !self.stale && self.state.pools.iter().all(|pool| pool.given_up.is_none())
    }

    /// Whether the supervisor is gone without a word: what it wrote is how it was.
    fn is_cut_short(&self) -> bool {
        !self.alive && self.state.phase != Phase::Ended
    }

    fn headline(&self) -> Block {
        let state = &self.state;
        let verdict = match (self.alive, self.is_well()) {
            (false, _) if state.phase == Phase::Ended => Cell::new("ended", Role::Warn),
            (false, _) => Cell::new("gone", Role::Bad),
            (true, _) if self.stale => Cell::new("stale", Role::Bad),
            (true, false) => Cell::new("given up", Role::Bad),
            (true, true) => Cell::new(state.phase.word(), Role::Good),
        };
        let up: usize = state.pools.iter().map(|pool| pool.up).sum();
        let wanted: usize = state.pools.iter().map(|pool| pool.wanted).sum();
        let when = if self.is_cut_short() { "were up" } else { "up" };
        let mut text = format!("{up} of {} {when}", human::counted(wanted as u64, "worker"));
        if !state.orphans.is_empty() {
            let horses = human::counted(state.orphans.len() as u64, "work horse");
            text.push_str(&format!(", {horses} without a worker"));
        }
        let age = human::age(self.written_age_s);
        Block::Headline { verdict, text, aside: format!("process {} · {age} ago", state.pid) }
    }
}

impl PoolRow {
    /// One line about how it is scaled.
    fn scaling(&self, written_at: Timestamp) -> Option<String> {
        let scaled = self.scaled.as_ref()?;
        let mut text = format!(
            "pool `{}`: {} of {} to {} workers",
            self.name, self.wanted, scaled.min, scaled.max
        );
        if let Some(waiting) = scaled.waiting {
            text.push_str(&format!("; {} waiting", human::counted(waiting, "job")));
        }
        if let Some(seconds) = scaled.time_to_clear_s.filter(|seconds| *seconds > 0.0) {
            let (clear, target) = (human::age(seconds), human::age(scaled.target_s));
            text.push_str(&format!(", {clear} to clear (aim: {target})"));
        }
        if let (Some(at), Some(reason)) = (scaled.changed_at, &scaled.reason) {
            let ago = human::ago(written_at.duration_since(at).as_secs_f64());
            text.push_str(&format!("\n  {ago}: {reason}"));
        }
        Some(text)
    }
}

impl MemberRow {
    fn cells(&self, written_at: Timestamp, is_past: bool) -> Vec<Cell> {
        let role = match self.state {
            _ if is_past => Role::Dim,
            MemberState::Up => Role::Good,
            MemberState::Leaving | MemberState::Waiting => Role::Warn,
            MemberState::Done => Role::Dim,
        };
        let age = |at: Timestamp| written_at.duration_since(at).as_secs_f64();
        let dim = |text: Option<String>| text.map_or_else(|| Cell::new("–", Role::Dim), Cell::from);
        let why = match self.next_start_at {
            Some(at) => {
                let wait = human::until(-age(at));
                Some(format!("{wait}: {}", self.reason.as_deref().unwrap_or("to be started")))
            }
            None => self.reason.clone(),
        };
        vec![
            self.name.clone().into(),
            Cell::new(if is_past { self.state.past() } else { self.state.word() }, role),
            dim(self.pid.map(|pid| pid.to_string())),
            dim(self.started_at.map(|at| human::age(age(at)))),
            Cell::count(Some(self.restarts), Role::Plain),
            dim(self.jobs.map(human::count)),
            dim(self.memory_bytes.map(human::bytes)),
            dim(self.job.clone()),
            dim(why),
        ]
    }
}

impl Report for PoolStatusReport {
    const SCHEMA: &'static str = "jobctl.worker-pool/1";
    const ITEMS: Option<&'static str> = Some("workers");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if self.is_well() { Outcome::Done } else { Outcome::No }
    }

    fn view(&self, view: &mut View) {
        view.push(self.headline());
        let state = &self.state;
        for pool in state.pools.iter().filter(|pool| pool.given_up.is_some()) {
            view.push(Block::Finding {
                role: Role::Bad,
                mark: '✗',
                what: format!("pool `{}` was given up", pool.name),
                aside: None,
                evidence: pool.given_up.iter().cloned().collect(),
                fixes: Vec::new(),
            });
        }
        if let Some(fault) = &state.redis_fault {
            view.push(Block::Finding {
                role: Role::Warn,
                mark: '!',
                what: "Redis does not answer: no worker is started".to_owned(),
                aside: None,
                evidence: vec![fault.clone()],
                fixes: Vec::new(),
            });
        }
        if !state.cut_off.is_empty() {
            let count = human::counted(state.cut_off.len() as u64, "job");
            let verb = if state.cut_off.len() == 1 { "was" } else { "were" };
            let since = |cut: &CutOff| {
                let ago = human::ago(state.written_at.duration_since(cut.at).as_secs_f64());
                format!("{ago}: {}", cut.text())
            };
            let shown = state.cut_off.iter().rev().take(SHOWN);
            let mended = format!("mended from {} after that on", human::age(ABANDONED_AFTER_S));
            view.push(Block::Finding {
                role: Role::Bad,
                mark: '✗',
                what: format!("{count} {verb} cut off with a worker"),
                aside: None,
                evidence: shown.map(since).chain([mended]).collect(),
                fixes: vec!["jobctl jobs repair --kind abandoned".to_owned()],
            });
        }
        let scaling = |pool: &PoolRow| pool.scaling(state.written_at);
        let scaled: Vec<String> = state.pools.iter().filter_map(scaling).collect();
        if !scaled.is_empty() {
            view.push(Block::Text(Cell::from(scaled.join("\n"))));
        }
        let columns = vec![
            Column::left("WORKER"),
            Column::left("STATE"),
            Column::right("PID"),
            Column::right("UP"),
            Column::right("RESTARTS"),
            Column::right("JOBS"),
            Column::right("MEM"),
            Column::left("JOB").flexible(),
            Column::left("WHY").flexible(),
        ];
        let mut table = Table::new(columns, "no worker");
        for worker in &state.workers {
            table.row(worker.cells(state.written_at, self.is_cut_short()));
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
