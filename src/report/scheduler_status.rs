//! The report of `scheduler status`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::{Failure, Kind, Outcome};
use crate::human;
use crate::schedule::inactive::{Reason, State};
use crate::secrets::Secrets;

/// Groups of sites with the same reasons that a terminal shows without `-v`.
const MOST_GROUPS: usize = 10;

/// Sites of a group that are named.
const MOST_NAMED: usize = 4;

/// The state of the schedulers of sites.
#[derive(Debug, Serialize)]
pub struct StatusReport {
    /// When it was looked at.
    pub checked_at: Timestamp,
    /// The sites, by name.
    pub sites: Vec<SiteStatus>,
    /// Whether all reasons are shown.
    #[serde(skip)]
    pub verbose: bool,
    /// The sites whose database could not be read, in order.
    #[serde(skip)]
    pub unreadable: Vec<Unreadable>,
    /// What must be known to read the states rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One site.
#[derive(Debug, Clone, Serialize)]
pub struct SiteStatus {
    /// Its name.
    pub site: String,
    /// The state in a word.
    pub state: State,
    /// What makes it, in the order in which Frappe asks; empty exactly where it is `enabled`.
    pub reasons: Vec<Reason>,
    /// When a job type last began to run.
    pub last_run_at: Option<Timestamp>,
    /// When the next one is due, in the past where it waits for the scheduler's next round; `null`
    /// while nothing is enqueued.
    pub next_run_at: Option<Timestamp>,
    /// Whether the bench's scheduler runs.
    pub process: ProcessStatus,
    /// Scheduled jobs that wait in a queue; `null` where Redis could not be read, and in v13.
    pub pending: Option<u64>,
    /// Runs of the last 24 hours that failed; types that are not logged leave no trace.
    pub failed_24h: Option<u64>,
    /// Its job types.
    pub types: Option<TypeCounts>,
    /// The zone in which its types are due.
    pub time_zone: Option<String>,
    /// Round trips to its database, the login apart.
    pub round_trips: Option<u32>,
    /// Why its database could not be read.
    pub error: Option<String>,
    /// What may make the state wrong, a sentence each.
    pub caveats: Vec<String>,
}

/// Whether the scheduler of the bench runs.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessStatus {
    /// `running`, `absent`, `orphaned lock` or `unknown`.
    pub state: &'static str,
    /// Its process id; of an orphaned lock, who took it.
    pub pid: Option<u32>,
    /// Why it is unknown.
    pub detail: Option<String>,
}

/// How many job types there are.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TypeCounts {
    /// All of them.
    pub total: usize,
    /// Those that the scheduler skips.
    pub stopped: usize,
    /// Those that are due now and not stopped.
    pub due: usize,
    /// Those of them that have been for several rounds.
    pub overdue: usize,
    /// Those that something is wrong with, such as an impossible expression.
    pub faulty: usize,
}

/// A site whose database could not be read.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// The sort of failure.
    pub kind: Kind,
    /// What was attempted, and why it failed.
    pub why: String,
    /// What to type next.
    pub hints: Vec<String>,
}

impl StatusReport {
    /// Hides secrets in what came from configuration and database.
    pub fn mask(&mut self, secrets: Secrets) {
        for row in &mut self.sites {
            for reason in &mut row.reasons {
                reason.detail = secrets.text(&reason.detail).into_owned();
            }
            for text in row.caveats.iter_mut().chain(&mut row.error) {
                *text = secrets.text(text).into_owned();
            }
        }
        for note in &mut self.notes {
            *note = secrets.text(note).into_owned();
        }
        for unreadable in &mut self.unreadable {
            unreadable.why = secrets.text(&unreadable.why).into_owned();
        }
    }

    /// The failure to end with where no database could be read at all; `None` where one could.
    pub fn sole_failure(&self) -> Option<Failure> {
        let first = self.unreadable.first()?;
        if self.unreadable.len() < self.sites.len() {
            return None;
        }
        let alike = self.unreadable.iter().all(|other| other.kind == first.kind);
        let kind = if alike { first.kind } else { Kind::Unreachable };
        let message = match self.unreadable.len() {
            1 => first.why.clone(),
            n => format!("{} (and {} more)", first.why, human::counted(n as u64 - 1, "site")),
        };
        let failure = Failure::new(kind, message);
        Some(first.hints.iter().fold(failure, |failure, hint| failure.hint(hint.as_str())))
    }

    fn table(&self) -> Table {
        let columns = vec![
            Column::left("SITE").flexible(),
            Column::left("SCHEDULER"),
            Column::right("LAST RUN"),
            Column::right("NEXT RUN"),
            Column::right("PENDING"),
            Column::right("FAILED 24h"),
            Column::right("TYPES").wide(),
            Column::right("STOPPED").wide(),
            Column::right("OVERDUE").wide(),
            Column::left("ZONE").wide(),
            Column::left("REASON").wide(),
            Column::left("FIX").wide(),
        ];
        let mut table = Table::new(columns, "no sites");
        for row in &self.sites {
            table.row(row.cells(self.checked_at));
        }
        table
    }

    /// The sites that are not enabled, those with the very same reasons together; worst first.
    fn groups(&self) -> Vec<(&SiteStatus, Vec<&str>)> {
        let mut groups: Vec<(&SiteStatus, Vec<&str>)> = Vec::new();
        for row in self.sites.iter().filter(|row| row.state != State::Enabled) {
            match groups.iter_mut().find(|(first, _)| first.reasons == row.reasons) {
                Some((_, names)) => names.push(&row.site),
                None => groups.push((row, vec![&row.site])),
            }
        }
        groups.sort_by_key(|(row, _)| role_of(row.state) != Role::Bad);
        groups
    }
}

impl SiteStatus {
    fn cells(&self, now: Timestamp) -> Vec<Cell> {
        let count = |of: fn(TypeCounts) -> usize, role| {
            Cell::count(self.types.map(|types| of(types) as u64), role)
        };
        let first = self.reasons.first();
        vec![
            self.site.clone().into(),
            Cell::new(self.state.word(), role_of(self.state)),
            instant(self.last_run_at, now, human::ago),
            instant(self.next_run_at, now, |seconds| {
                if seconds >= 0.0 { "now".to_owned() } else { human::until(-seconds) }
            }),
            Cell::count(self.pending, Role::Queued),
            Cell::count(self.failed_24h, Role::Bad),
            count(|types| types.total, Role::Plain),
            count(|types| types.stopped, Role::Warn),
            count(|types| types.overdue, Role::Warn),
            self.time_zone.clone().unwrap_or_default().into(),
            first.map_or_else(String::new, sentence).into(),
            first.and_then(|reason| reason.fix.clone()).unwrap_or_default().into(),
        ]
    }
}

/// An instant in words for people; for programs as it is. Nothing where there is none.
fn instant(at: Option<Timestamp>, now: Timestamp, words: impl Fn(f64) -> String) -> Cell {
    let Some(at) = at else { return Cell::new("-", Role::Dim) };
    let seconds = now.duration_since(at).as_secs_f64();
    Cell { raw: Some(human::rfc3339(at)), ..Cell::from(words(seconds)) }
}

fn sentence(reason: &Reason) -> String {
    format!("{} ({})", reason.detail, reason.source)
}

const fn role_of(state: State) -> Role {
    match state {
        State::Enabled => Role::Good,
        State::Maintenance | State::Paused | State::Dormant => Role::Warn,
        State::Disabled | State::Inactive | State::NoProcess => Role::Bad,
    }
}

fn finding(row: &SiteStatus, names: &[&str]) -> Block {
    let more = names.len().saturating_sub(MOST_NAMED);
    let named: Vec<&str> = names.iter().take(MOST_NAMED).copied().collect();
    let named = named.join(", ");
    let who = if more > 0 { format!("{named} and {more} more") } else { named };
    let role = role_of(row.state);
    Block::Finding {
        role,
        mark: if role == Role::Bad { '✗' } else { '!' },
        what: format!("{who}: {}", row.state.word()),
        aside: None,
        evidence: row.reasons.iter().map(sentence).collect(),
        fixes: row.reasons.iter().filter_map(|reason| reason.fix.clone()).collect(),
    }
}

impl Report for StatusReport {
    const SCHEMA: &'static str = "jobctl.scheduler-status/1";
    const ITEMS: Option<&'static str> = Some("sites");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        if self.unreadable.is_empty() { Outcome::Done } else { Outcome::No }
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Table(self.table()));
        let groups = self.groups();
        let most = if self.verbose { groups.len() } else { MOST_GROUPS };
        for (row, names) in groups.iter().take(most) {
            view.push(finding(row, names));
        }
        if let Some(more) = groups.len().checked_sub(most).filter(|&more| more > 0) {
            let text = format!("… and {more} more; -v shows them all");
            view.push(Block::Text(Cell::new(text, Role::Dim)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
