//! The reports of `workers stop` and `workers restart`.

use serde::{Serialize, Serializer};

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;

/// Workers that were told to end, and how that went.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WorkerStopReport {
    /// Whether nothing was to be done.
    pub dry_run: bool,
    /// Whether they are to come back.
    pub restart: bool,
    /// Whether their jobs were to end with them.
    pub cold: bool,
    /// The workers.
    pub workers: Vec<WorkerStop>,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
    /// What must be known besides.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One of them.
#[derive(Debug, Clone, Serialize)]
pub struct WorkerStop {
    /// The worker.
    pub name: String,
    /// The queues that it serves; short names within the bench.
    pub queues: Vec<String>,
    /// Its process id, on its host.
    pub pid: Option<u32>,
    /// Its host.
    pub hostname: Option<String>,
    /// The job that it ran when it was told.
    pub job: Option<String>,
    /// How it is told.
    pub by: Option<By>,
    /// Who starts it again; absent for a worker of another host.
    pub manager: Option<Manager>,
    /// What its process manager is told, with `--via`.
    pub order: Option<ManagerOrder>,
    /// How far it got.
    pub turn: Turn,
    /// Why it is no further.
    pub reason: Option<String>,
    /// What to type instead.
    pub hints: Vec<String>,
    /// The worker that came in its place.
    pub replaced_by: Option<String>,
    /// What it is called in a table.
    #[serde(skip)]
    pub short_name: String,
}

/// How a worker is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// By SIGTERM, on this host.
    Signal,
    /// By RQ's command channel.
    Command,
    /// By its process manager.
    Manager,
}

/// A command for a process manager, and how it ended.
#[derive(Debug, Clone, Serialize)]
pub struct ManagerOrder {
    /// The command, as one would type it.
    pub command: String,
    /// Its exit code; `null` before it has ended, and where a signal ended it.
    pub exit_code: Option<i32>,
    /// What it printed.
    pub printed: Option<String>,
}

/// Who starts a worker again when it has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manager {
    /// A worker pool.
    Pool {
        /// Its process id.
        pid: u32,
        /// Whether it starts another in its place.
        refills: bool,
    },
    /// Supervisor.
    Supervisor {
        /// Its process id.
        pid: u32,
        /// The process's name there.
        program: Option<String>,
    },
    /// Systemd.
    Systemd {
        /// The unit.
        unit: String,
        /// The user whose own systemd runs it; `None` for the system's.
        user: Option<u32>,
    },
    /// `bench start`, which ends everything when one process ends.
    BenchStart {
        /// Its process id.
        pid: u32,
    },
    /// The worker is the first process of a container.
    Container,
    /// Nobody.
    Nobody,
}

impl Manager {
    /// In a word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pool { .. } => "pool",
            Self::Supervisor { .. } => "supervisor",
            Self::Systemd { .. } => "systemd",
            Self::BenchStart { .. } => "bench start",
            Self::Container => "container",
            Self::Nobody => "nobody",
        }
    }
}

impl Serialize for Manager {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

/// How far a worker got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It is going to be told.
    Planned,
    /// It was not told.
    LeftAlone,
    /// It was told, and is still there.
    Stopping,
    /// It has ended.
    Stopped,
    /// It has ended, and another has come in its place.
    Restarted,
    /// It was gone before.
    WasGone,
}

impl Turn {
    fn cell(self, restart: bool) -> Cell {
        let (word, role) = match self {
            Self::Planned if restart => ("would be restarted", Role::Started),
            Self::Planned => ("would be stopped", Role::Started),
            Self::LeftAlone => ("left alone", Role::Warn),
            Self::Stopping => ("still stopping", Role::Warn),
            Self::Stopped if restart => ("stopped, none came in its place", Role::Bad),
            Self::Stopped => ("stopped", Role::Good),
            Self::Restarted => ("restarted", Role::Good),
            Self::WasGone => ("was gone", Role::Dim),
        };
        Cell::new(word, role)
    }
}

impl WorkerStopReport {
    /// How many workers got so far.
    pub fn count(&self, turn: Turn) -> u64 {
        self.workers.iter().filter(|worker| worker.turn == turn).count() as u64
    }

    /// Each reason once, with the workers that it holds for.
    fn reasons(&self) -> Vec<String> {
        let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
        for worker in &self.workers {
            let Some(reason) = worker.reason.as_deref() else { continue };
            match found.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, names)) => names.push(&worker.short_name),
                None => found.push((reason, vec![&worker.short_name])),
            }
        }
        found.into_iter().map(|(why, names)| format!("{}: {why}", names.join(", "))).collect()
    }

    fn sentence(&self) -> String {
        let counted = |turn| human::counted(self.count(turn), "worker");
        if self.dry_run {
            let verb = if self.restart { "restarted" } else { "stopped" };
            return format!("{} would be {verb}; nothing was done", counted(Turn::Planned));
        }
        let main = if self.restart { Turn::Restarted } else { Turn::Stopped };
        let word = if self.restart { "restarted" } else { "stopped" };
        let mut parts = vec![format!("{} {word}", counted(main))];
        for (turn, words) in [
            (Turn::Stopped, "stopped without another in its place"),
            (Turn::Stopping, "still stopping"),
            (Turn::Planned, "not told"),
            (Turn::WasGone, "gone before"),
            (Turn::LeftAlone, "left alone"),
        ] {
            let count = self.count(turn);
            if count > 0 && turn != main {
                parts.push(format!("{} {words}", human::count(count)));
            }
        }
        parts.join(", ")
    }
}

impl Report for WorkerStopReport {
    const SCHEMA: &'static str = "jobctl.worker-stop/1";
    const ITEMS: Option<&'static str> = Some("workers");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if let Some(signal) = self.interrupted_by {
            return Outcome::Interrupted { signal };
        }
        let late = self.count(Turn::Stopping)
            + if self.restart { self.count(Turn::Stopped) } else { 0 }
            + if self.dry_run { 0 } else { self.count(Turn::Planned) };
        match (late, self.count(Turn::LeftAlone)) {
            (0, 0) => Outcome::Done,
            (0, _) => Outcome::No,
            _ => Outcome::TimedOut,
        }
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Text(Cell::new(self.sentence(), Role::Strong)));
        if self.workers.is_empty() {
            return;
        }
        let mut table = Table::new(
            vec![
                Column::left("WORKER"),
                Column::left("QUEUES").flexible(),
                Column::left("HOST").wide(),
                Column::right("PID"),
                Column::left("JOB").flexible(),
                Column::left("MANAGER"),
                Column::left("OUTCOME"),
                Column::left("REASON").wide(),
            ],
            "no workers",
        );
        let text = |text: &Option<String>| Cell::from(text.clone().unwrap_or_default());
        for worker in &self.workers {
            table.row(vec![
                worker.short_name.clone().into(),
                worker.queues.join(",").into(),
                text(&worker.hostname),
                worker.pid.map_or_else(String::new, |pid| pid.to_string()).into(),
                text(&worker.job),
                worker.manager.as_ref().map_or("", Manager::word).into(),
                worker.turn.cell(self.restart),
                text(&worker.reason),
            ]);
        }
        view.push(Block::Table(table));
        let planned = self.workers.iter().filter(|worker| worker.turn == Turn::Planned);
        let orders: Vec<&str> = planned
            .filter_map(|worker| worker.order.as_ref())
            .map(|order| order.command.as_str())
            .collect();
        if !orders.is_empty() {
            view.push(Block::Text(Cell::new(orders.join("\n"), Role::Command)));
        }
        let reasons = self.reasons();
        if !reasons.is_empty() {
            view.push(Block::Text(Cell::from(reasons.join("\n"))));
        }
        let mut hints: Vec<&str> =
            self.workers.iter().flat_map(|worker| &worker.hints).map(String::as_str).collect();
        hints.sort_unstable();
        hints.dedup();
        if !hints.is_empty() {
            view.push(Block::Text(Cell::new(hints.join("\n"), Role::Command)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
