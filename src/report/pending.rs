//! The report of `show-pending-jobs`.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::secrets::Secrets;

/// Methods and sites that a terminal shows; every other format has all of them.
const MOST_LINES: usize = 12;

/// What waits, by queue, site and method.
#[derive(Debug, Serialize)]
pub struct PendingReport {
    /// The queues of the scope, configured ones first.
    pub queues: Vec<QueueLine>,
    /// All queues together.
    pub totals: Totals,
    /// Waiting jobs per site, most first.
    pub by_site: Vec<SiteLine>,
    /// Waiting jobs per method, most first.
    pub by_method: Vec<MethodLine>,
    /// Whether methods were counted over a part of the jobs, from both ends of each queue.
    pub sampled: bool,
    /// Jobs whose method was looked at.
    pub looked_at: u64,
    /// Waiting jobs of the scope.
    pub of: u64,
    /// When it was measured, by the Redis clock.
    pub checked_at: Timestamp,
    /// Where it was measured.
    #[serde(skip)]
    pub place: Vec<String>,
    /// Whether it may be the wrong place, or could not be read.
    #[serde(skip)]
    pub is_unknown: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One queue. A count is `None` where it could not be read.
#[derive(Debug, Clone, Default, Serialize)]
pub struct QueueLine {
    /// Its name, without the bench's prefix.
    pub name: String,
    /// Its name as RQ knows it.
    pub full_name: String,
    /// Waiting jobs, ids whose job is gone included.
    pub queued: Option<u64>,
    /// Whether there may be more: ids that do not tell their site were not all read.
    pub queued_is_least: bool,
    /// Seconds that the oldest of them waits, among those at both ends of the list.
    pub oldest_age_s: Option<f64>,
    /// Ids that a worker took and has not started.
    pub intermediate: Option<u64>,
    /// Running jobs.
    pub started: Option<u64>,
    /// Failed jobs.
    pub failed: Option<u64>,
    /// Jobs that wait for their time.
    pub scheduled: Option<u64>,
    /// Jobs that wait for others.
    pub deferred: Option<u64>,
    /// Finished jobs that are remembered.
    pub finished: Option<u64>,
    /// Canceled jobs.
    pub canceled: Option<u64>,
    /// Waiting jobs whose method was looked at.
    pub looked_at: u64,
}

/// All queues together, as far as they could be read.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Totals {
    /// Waiting jobs.
    pub pending: u64,
    /// Running jobs.
    pub processing: u64,
    /// Failed jobs.
    pub failed: u64,
    /// Jobs that wait for their time.
    pub scheduled: u64,
    /// Jobs that wait for others.
    pub deferred: u64,
    /// Finished jobs that are remembered.
    pub finished: u64,
    /// Canceled jobs.
    pub canceled: u64,
}

/// The waiting jobs of one site.
#[derive(Debug, Serialize)]
pub struct SiteLine {
    /// The site; `null` for what `why` says.
    pub site: Option<String>,
    /// Why there is no site: `no site` (not Frappe's, or unreadable) or `not read`.
    pub why: Option<&'static str>,
    /// How many.
    pub count: u64,
    /// Whether there may be more among those that were not read.
    pub at_least: bool,
    /// Part of all waiting jobs, 1 for all.
    pub share: f64,
}

/// The waiting jobs that call one method.
#[derive(Debug, Serialize)]
pub struct MethodLine {
    /// The method, or in brackets why there is none.
    pub method: String,
    /// The queue, if all of them stand in one.
    pub queue: Option<String>,
    /// The site, if all of them are of one.
    pub site: Option<String>,
    /// Jobs seen.
    pub count: u64,
    /// About how many there are; the same as `count` unless sampled.
    pub estimate: u64,
    /// How many of those seen the scheduler enqueued.
    pub scheduled: u64,
    /// Part of all waiting jobs, 1 for all; estimated where sampled.
    pub share: f64,
}

impl PendingReport {
    /// Hides secrets in what came from outside.
    pub fn mask(&mut self, secrets: Secrets) {
        for line in &mut self.by_method {
            line.method = secrets.text(&line.method).into_owned();
        }
        for note in &mut self.notes {
            *note = secrets.text(note).into_owned();
        }
    }

    /// Whether the totals say less than there is.
    fn is_uncounted(&self) -> bool {
        self.is_unknown || self.queues.iter().any(|line| line.queued.is_none())
    }

    fn headline(&self) -> Block {
        let Totals { pending, processing, failed, .. } = self.totals;
        let verdict = match pending {
            _ if self.is_uncounted() => Cell::new("unknown", Role::Warn),
            0 => Cell::new("nothing pending", Role::Good),
            n => Cell::new(format!("{} pending", human::count(n)), Role::Queued),
        };
        let text =
            format!("{} processing, {} failed", human::count(processing), human::count(failed));
        Block::Headline { verdict, text, aside: self.place.join(" · ") }
    }

    fn queue_table(&self) -> Table {
        let columns = vec![
            Column::left("QUEUE").flexible(),
            Column::right("QUEUED"),
            Column::right("OLDEST"),
            Column::right("STARTED"),
            Column::right("FAILED"),
            Column::right("SCHEDULED"),
            Column::right("DEFERRED"),
            Column::right("FINISHED").wide(),
            Column::right("CANCELED").wide(),
        ];
        let mut table = Table::new(columns, "no queues");
        for line in &self.queues {
            let mut queued = Cell::count(line.queued, Role::Queued);
            if line.queued_is_least {
                queued.text.insert(0, '≥');
            }
            table.row(vec![
                line.name.clone().into(),
                queued,
                line.oldest_age_s.map_or_else(String::new, human::age).into(),
                Cell::count(line.started, Role::Started),
                Cell::count(line.failed, Role::Bad),
                Cell::count(line.scheduled, Role::Waiting),
                Cell::count(line.deferred, Role::Waiting),
                Cell::count(line.finished, Role::Good),
                Cell::count(line.canceled, Role::Dim),
            ]);
        }
        table
    }

    fn site_table(&self) -> Table {
        let columns =
            vec![Column::left("SITE").flexible(), Column::right("JOBS"), Column::right("SHARE")];
        let mut table = Table::new(columns, "").most(MOST_LINES);
        for line in &self.by_site {
            let site = match (&line.site, line.why) {
                (Some(site), _) => site.clone().into(),
                (None, why) => Cell::new(format!("({})", why.unwrap_or("no site")), Role::Dim),
            };
            let sign = if line.at_least { "≥" } else { "" };
            table.row(vec![
                site,
                format!("{sign}{}", human::count(line.count)).into(),
                human::percent(line.share).into(),
            ]);
        }
        table
    }

    fn method_table(&self) -> Table {
        let columns = vec![
            Column::left("METHOD").flexible(),
            Column::right("JOBS"),
            Column::right("SHARE"),
            Column::left("QUEUE"),
            Column::left("SITE").flexible(),
            Column::right("SEEN").wide(),
            Column::right("SCHEDULED").wide(),
        ];
        let mut table = Table::new(columns, "").most(MOST_LINES);
        for line in &self.by_method {
            let is_placeholder = line.method.starts_with('(');
            let about = if self.sampled { "~" } else { "" };
            let several = |name: &Option<String>| match name {
                Some(name) => name.clone().into(),
                None => Cell::new("-", Role::Dim),
            };
            table.row(vec![
                Cell::new(&line.method, if is_placeholder { Role::Warn } else { Role::Plain }),
                format!("{about}{}", human::count(line.estimate)).into(),
                human::percent(line.share).into(),
                several(&line.queue),
                several(&line.site),
                human::count(line.count).into(),
                human::count(line.scheduled).into(),
            ]);
        }
        table
    }

    fn method_heading(&self) -> String {
        if self.sampled {
            format!(
                "Methods, from {} of {} jobs",
                human::count(self.looked_at),
                human::count(self.of)
            )
        } else {
            "Methods".to_owned()
        }
    }
}

impl Report for PendingReport {
    const SCHEMA: &'static str = "jobctl.pending/1";
    const ITEMS: Option<&'static str> = Some("queues");

    fn outcome(&self) -> Outcome {
        if self.is_uncounted() { Outcome::Unknown } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        view.push(self.headline());
        view.push(Block::Table(self.queue_table()));
        if !self.by_site.is_empty() {
            view.push(Block::Heading("Sites".to_owned()));
            view.push(Block::Table(self.site_table()));
        }
        if !self.by_method.is_empty() {
            view.push(Block::Heading(self.method_heading()));
            view.push(Block::Table(self.method_table()));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
