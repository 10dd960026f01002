//! The report of `doctor`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::health::{Finding, Severity, Verdict};
use crate::secrets::Secrets;

/// A diagnosis.
#[derive(Debug, Serialize)]
pub struct DoctorReport {
    /// The verdict over all findings.
    pub verdict: Verdict,
    /// Critical findings.
    pub problems: usize,
    /// Warnings.
    pub warnings: usize,
    /// Findings that do not change the verdict.
    pub infos: usize,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// Checks that passed.
    pub passed: Vec<Passed>,
    /// Checks that could not be made.
    pub not_made: Vec<NotMade>,
    /// The selected sites.
    pub sites: Vec<SiteLine>,
    /// The queues of the scope.
    pub queues: Vec<QueueLine>,
    /// The live workers of the scope.
    pub workers: WorkerCount,
    /// When it was measured, by the Redis clock.
    pub checked_at: Timestamp,
    /// Milliseconds that it took.
    pub took_ms: f64,
    /// Round trips to Redis.
    pub round_trips: u64,
    /// Whether DEGRADED exits 1.
    #[serde(skip)]
    pub degraded_fails: bool,
    /// Whether the queues could be read, so that none means none.
    #[serde(skip)]
    pub queues_read: bool,
    /// Whether passed checks are listed for people.
    #[serde(skip)]
    pub verbose: bool,
    /// Where it was measured.
    #[serde(skip)]
    pub place: Vec<String>,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A check that passed.
#[derive(Debug, Serialize)]
pub struct Passed {
    /// Its name.
    pub check: &'static str,
    /// What holds.
    pub summary: &'static str,
}

/// A check that could not be made.
#[derive(Debug, Serialize)]
pub struct NotMade {
    /// Its name.
    pub check: &'static str,
    /// What kept it from being made.
    pub why: String,
    /// Whether the verdict depends on it.
    pub essential: bool,
}

/// One site.
#[derive(Debug, Serialize)]
pub struct SiteLine {
    /// Its name.
    pub site: String,
    /// The state as `scheduler status` has it; where the database was not read, what the
    /// configuration says, and `null` where only the database knows.
    pub scheduler: Option<&'static str>,
    /// When a job type last began to run.
    pub last_run_at: Option<Timestamp>,
    /// Waiting jobs.
    pub queued: Option<u64>,
    /// Whether there may be more: ids without a site in a queue that was not read whole.
    pub queued_is_least: bool,
    /// Running jobs.
    pub running: Option<u64>,
    /// Jobs that failed within 24 hours.
    pub failed_24h: Option<u64>,
    /// Whether there may be more: failures whose site or age nothing tells.
    pub failed_24h_is_least: bool,
}

/// One queue.
#[derive(Debug, Serialize)]
pub struct QueueLine {
    /// Its name.
    pub queue: String,
    /// Waiting jobs.
    pub queued: Option<u64>,
    /// Seconds that the oldest of them waits.
    pub oldest_age_s: Option<f64>,
    /// Running jobs.
    pub running: Option<u64>,
    /// Entries of the failed registry.
    pub failed: Option<u64>,
    /// Its live workers.
    pub workers: WorkerCount,
}

/// Live workers.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct WorkerCount {
    /// All of them.
    pub alive: usize,
    /// Those that run a job.
    pub busy: usize,
}

impl WorkerCount {
    fn cell(self) -> Cell {
        match (self.alive, self.busy) {
            (0, _) => Cell::new("none", Role::Bad),
            (alive, 0) => alive.to_string().into(),
            (alive, busy) => Cell::new(format!("{alive} ({busy} busy)"), Role::Started),
        }
    }
}

impl DoctorReport {
    /// Hides secrets in everything that came from outside. A command in which something had to be
    /// hidden would not do what it says, so it is left out.
    pub fn mask(&mut self, secrets: Secrets) {
        for finding in &mut self.findings {
            finding.summary = secrets.text(&finding.summary).into_owned();
            for line in &mut finding.evidence {
                *line = secrets.text(line).into_owned();
            }
            finding.fix.retain(|command| secrets.text(command) == *command);
        }
        for check in &mut self.not_made {
            check.why = secrets.text(&check.why).into_owned();
        }
        for note in &mut self.notes {
            *note = secrets.text(note).into_owned();
        }
    }

    fn findings_table(&self) -> Table {
        let columns = ["SEVERITY", "CHECK", "FINDING", "FIGURE", "EVIDENCE", "FIX"];
        let mut table = Table::new(columns.map(Column::left).to_vec(), "");
        for check in self.not_made.iter().filter(|check| check.essential) {
            let what = format!("{} could not be checked", check.check);
            let cells = ["unknown", check.check, &what, "", &check.why, ""];
            table.row(cells.map(Cell::from).to_vec());
        }
        for finding in &self.findings {
            let (evidence, fix) = (finding.evidence.join("\n"), finding.fix.join("\n"));
            let figure = finding.figure.as_deref().unwrap_or_default();
            let word = finding.severity.word();
            let cells = [word, finding.check, &finding.summary, figure, &evidence, &fix];
            table.row(cells.map(Cell::from).to_vec());
        }
        table
    }

    fn headline(&self) -> Block {
        let role = match self.verdict {
            Verdict::Healthy => Role::Good,
            Verdict::Degraded | Verdict::Unknown => Role::Warn,
            Verdict::Unhealthy => Role::Bad,
        };
        let parts: Vec<String> = [
            counted(self.problems, "problem"),
            counted(self.warnings, "warning"),
            counted(self.not_made.iter().filter(|check| check.essential).count(), "unknown"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let text = if parts.is_empty() { "no problems".to_owned() } else { parts.join(", ") };
        let took = format!("{:.3} s", self.took_ms / 1000.0);
        let aside = self.place.iter().cloned().chain([took]).collect::<Vec<_>>().join(" · ");
        Block::Headline { verdict: Cell::new(self.verdict.word(), role), text, aside }
    }

    fn sites_table(&self) -> Table {
        let mut table = Table::new(
            vec![
                Column::left("SITE").flexible(),
                Column::left("SCHEDULER"),
                Column::right("LAST RUN"),
                Column::right("QUEUED"),
                Column::right("RUNNING"),
                Column::right("FAILED 24h"),
            ],
            "no sites",
        );
        for line in &self.sites {
            let scheduler = match line.scheduler {
                Some("enabled") => Cell::new("on", Role::Good),
                Some(word) => Cell::new(word, Role::Warn),
                None => Cell::new("not checked", Role::Dim),
            };
            table.row(vec![
                line.site.clone().into(),
                scheduler,
                self.last_run(line.last_run_at),
                at_least(Cell::count(line.queued, Role::Queued), line.queued_is_least),
                Cell::count(line.running, Role::Started),
                at_least(Cell::count(line.failed_24h, Role::Bad), line.failed_24h_is_least),
            ]);
        }
        table
    }

    fn last_run(&self, at: Option<Timestamp>) -> Cell {
        let Some(at) = at else { return Cell::new("-", Role::Dim) };
        let words = human::ago(self.checked_at.duration_since(at).as_secs_f64());
        Cell { raw: Some(human::rfc3339(at)), ..Cell::from(words) }
    }

    fn queues_table(&self) -> Table {
        let mut table = Table::new(
            vec![
                Column::left("QUEUE").flexible(),
                Column::right("QUEUED"),
                Column::right("OLDEST"),
                Column::right("RUNNING"),
                Column::right("FAILED"),
                Column::left("WORKERS"),
            ],
            if self.queues_read { "no queues" } else { "queues unknown" },
        );
        for line in &self.queues {
            table.row(vec![
                line.queue.clone().into(),
                Cell::count(line.queued, Role::Queued),
                line.oldest_age_s.map_or_else(String::new, human::age).into(),
                Cell::count(line.running, Role::Started),
                Cell::count(line.failed, Role::Bad),
                line.workers.cell(),
            ]);
        }
        table
    }
}

/// `2 problems`; nothing for none.
fn counted(n: usize, what: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 {what}")),
        n => Some(format!("{n} {what}s")),
    }
}

/// Marks a count that may be higher.
fn at_least(mut count: Cell, is_least: bool) -> Cell {
    if is_least {
        count.text.insert(0, '≥');
    }
    count
}

impl Report for DoctorReport {
    const SCHEMA: &'static str = "jobctl.doctor/1";
    const ITEMS: Option<&'static str> = Some("findings");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        self.verdict.outcome(self.degraded_fails)
    }

    fn view(&self, view: &mut View) {
        view.push(self.headline());
        for check in self.not_made.iter().filter(|check| check.essential) {
            view.push(Block::Finding {
                role: Role::Warn,
                mark: '?',
                what: format!("{} could not be checked", check.check),
                aside: None,
                evidence: vec![check.why.clone()],
                fixes: Vec::new(),
            });
        }
        for finding in &self.findings {
            let (role, mark) = match finding.severity {
                Severity::Critical => (Role::Bad, '✗'),
                Severity::Warning => (Role::Warn, '!'),
                Severity::Info => (Role::Dim, 'i'),
            };
            view.push(Block::Finding {
                role,
                mark,
                what: finding.summary.clone(),
                aside: finding.figure.clone(),
                evidence: finding.evidence.clone(),
                fixes: finding.fix.clone(),
            });
        }
        if !self.sites.is_empty() {
            view.push(Block::Table(self.sites_table()));
        }
        view.push(Block::Table(self.queues_table()));
        if self.verbose {
            let passed = self
                .passed
                .iter()
                .map(|check| (check.check.to_owned(), Cell::new(check.summary, Role::Good)));
            view.push(Block::Heading("Passed".to_owned()));
            view.push(Block::Fields(passed.collect()));
            let left = self.not_made.iter().filter(|check| !check.essential);
            let left: Vec<_> = left
                .map(|check| (check.check.to_owned(), Cell::new(check.why.clone(), Role::Dim)))
                .collect();
            if !left.is_empty() {
                view.push(Block::Heading("Not made".to_owned()));
                view.push(Block::Fields(left));
            }
        }
    }

    fn csv(&self) -> Option<(Table, Option<&'static str>)> {
        let elsewhere = "these are the findings; the tables of sites and queues are those of \
                         `jobctl scheduler status -o csv` and `jobctl queues list -o csv`";
        Some((self.findings_table(), Some(elsewhere)))
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
