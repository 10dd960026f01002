//! Whether sites have no background jobs left, and what is in the way.

use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::journal::OpId;
use crate::model::id::JobId;

/// Jobs in the way that are listed per site.
pub const MOST_BLOCKING: usize = 10;

/// Whether sites are ready for a migration.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReadinessReport {
    /// Whether all of them are.
    pub ready: bool,
    /// The sites.
    pub sites: Vec<SiteReadiness>,
    /// Jobs whose site cannot be told: each is in the way of every site.
    pub unattributed: Counts,
    /// How often was looked.
    pub samples: u64,
    /// Seconds from the first look to the last.
    pub watched_s: f64,
    /// Why not every job could be looked at; then no site is ready.
    pub incomplete: Option<String>,
    /// Whether the time was up before all sites were ready.
    pub timed_out: bool,
    /// The operation that paused schedulers; `null` where none is paused by it any more.
    pub op_id: Option<OpId>,
    /// The signal that ended it early.
    pub interrupted_by: Option<i32>,
    /// What is not as one would think.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// Jobs by where they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Waiting in a queue.
    pub queued: u64,
    /// Running.
    pub started: u64,
    /// Due at a time, retries among them.
    pub scheduled: u64,
    /// Waiting for another job.
    pub deferred: u64,
    /// Taken by a worker and not started.
    pub intermediate: u64,
    /// In no queue, though they say that they are queued or run: taken by a frozen worker, lost, or
    /// held back by a rate limit. Looked for only where nothing else is in the way.
    pub unlisted: u64,
    /// Workers that are busy with one, or do not say with what.
    pub busy_workers: u64,
}

impl Counts {
    /// Whether there is nothing.
    pub fn is_zero(&self) -> bool {
        self.all() == 0
    }

    /// Jobs and busy workers.
    pub fn all(&self) -> u64 {
        self.jobs() + self.busy_workers
    }

    /// Jobs; a running one may be counted at its worker as well.
    pub fn jobs(&self) -> u64 {
        let waiting = self.queued + self.scheduled + self.deferred;
        waiting + self.started + self.intermediate + self.unlisted
    }
}

/// A site.
#[derive(Debug, Clone, Serialize)]
pub struct SiteReadiness {
    /// Its name.
    pub site: String,
    /// Whether nothing is in the way.
    pub ready: bool,
    /// Its jobs, when last looked at.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first of what is in the way; jobs whose site cannot be told come last.
    pub blocking: Vec<Blocking>,
    /// How many things are in the way, those that are not listed included.
    pub blocking_total: u64,
}

/// A job, or a worker, that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocking {
    /// The job; `null` for a worker that does not say what it runs.
    pub id: Option<JobId>,
    /// Where it stands: `queued`, `started`, `scheduled`, `deferred`, `intermediate`, `unlisted`
    /// (in no queue), `busy_worker`.
    pub state: &'static str,
    /// Its queue, or the worker's name.
    pub at: String,
    /// Whether its site could be told.
    pub attributed: bool,
    /// Whether only this id is left of the job.
    pub gone: bool,
}

impl ReadinessReport {
    fn verdict(&self) -> Cell {
        if self.ready {
            return Cell::new("READY", Role::Good);
        }
        Cell::new("NOT READY", Role::Bad)
    }

    fn sentence(&self) -> String {
        let open = self.sites.iter().filter(|site| !site.ready).count() as u64;
        let sites = human::counted(self.sites.len() as u64, "site");
        if self.ready {
            return format!("no background jobs of {sites}");
        }
        let time = if self.timed_out { ", and the time is up" } else { "" };
        if self.incomplete.is_some() {
            return format!("not every job of {sites} could be looked at{time}");
        }
        format!("{} of {sites} have background jobs{time}", human::count(open))
    }
}

impl Report for ReadinessReport {
    const SCHEMA: &'static str = "jobctl.ready-for-migration/1";
    const ITEMS: Option<&'static str> = Some("sites");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        match (self.interrupted_by, self.ready, self.timed_out) {
            (Some(signal), ..) => Outcome::Interrupted { signal },
            (None, true, _) => Outcome::Done,
            (None, false, true) => Outcome::TimedOut,
            (None, false, false) => Outcome::No,
        }
    }

    fn view(&self, view: &mut View) {
        let looked = human::counted(self.samples, "look");
        let aside = format!("{looked} in {}", human::age(self.watched_s));
        view.push(Block::Headline { verdict: self.verdict(), text: self.sentence(), aside });
        // Rare, and the table is wide enough without it.
        let has_unlisted = self.all_counts().any(|counts| counts.unlisted > 0);
        let mut columns = vec![
            Column::left("SITE"),
            Column::left("READY"),
            Column::right("QUEUED"),
            Column::right("STARTED"),
            Column::right("SCHEDULED"),
            Column::right("DEFERRED"),
            Column::right("INTERMEDIATE"),
            Column::right("BUSY WORKERS"),
        ];
        columns.extend(has_unlisted.then(|| Column::right("IN NO QUEUE")));
        let mut table = Table::new(columns, "no site");
        let mut row = |name: &str, ready: Cell, counts: &Counts| {
            let count = |count: u64, role| Cell::count(Some(count), role);
            let mut cells = vec![
                name.into(),
                ready,
                count(counts.queued, Role::Queued),
                count(counts.started, Role::Started),
                count(counts.scheduled, Role::Waiting),
                count(counts.deferred, Role::Waiting),
                count(counts.intermediate, Role::Queued),
                count(counts.busy_workers, Role::Started),
            ];
            cells.extend(has_unlisted.then(|| count(counts.unlisted, Role::Queued)));
            table.row(cells);
        };
        for site in &self.sites {
            let ready =
                if site.ready { Cell::new("yes", Role::Good) } else { Cell::new("no", Role::Bad) };
            row(&site.site, ready, &site.counts);
        }
        if !self.unattributed.is_zero() {
            row("(site unknown)", Cell::new("", Role::Plain), &self.unattributed);
        }
        view.push(Block::Table(table));
        self.lay_out_blocking(view);
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl ReadinessReport {
    fn all_counts(&self) -> impl Iterator<Item = &Counts> {
        self.sites.iter().map(|site| &site.counts).chain([&self.unattributed])
    }

    fn lay_out_blocking(&self, view: &mut View) {
        let columns = vec![
            Column::left("IN THE WAY").flexible(),
            Column::left("STATE"),
            Column::left("AT"),
            Column::left("SITE"),
        ];
        let mut table = Table::new(columns, "").most(20);
        let mut told: Vec<&Blocking> = Vec::new();
        for site in &self.sites {
            for blocking in &site.blocking {
                if told.contains(&blocking) {
                    continue;
                }
                told.push(blocking);
                let id = blocking.id.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string);
                let name = if blocking.attributed { site.site.as_str() } else { "cannot be told" };
                let state = match (blocking.state, blocking.gone) {
                    ("unlisted", _) => "in no queue".to_owned(),
                    (state, true) => format!("{state}, gone"),
                    (state, false) => state.to_owned(),
                };
                table.row(vec![
                    Cell::from(id).in_one_line(),
                    state.into(),
                    blocking.at.clone().into(),
                    name.into(),
                ]);
            }
        }
        let all: u64 = self.all_counts().map(Counts::all).sum();
        let more = all.saturating_sub(told.len() as u64);
        if !table.rows.is_empty() {
            view.push(Block::Table(table));
        }
        if more > 0 {
            let text = format!("… and {} more in the way", human::count(more));
            view.push(Block::Text(Cell::new(text, Role::Dim)));
        }
    }
}
