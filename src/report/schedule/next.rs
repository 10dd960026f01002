//! The report of `scheduler next`: what is due within a window.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{AskedSites, moment};
use crate::error::Outcome;
use crate::human;
use crate::report::{Block, Cell, Column, Report, Role, Table, View};
use crate::schedule::inactive::{Reason, State};
use crate::secrets::Secrets;

/// Rows that a terminal shows; every other format has all of them.
const MOST_ROWS: usize = 60;

/// Sites held back for the same reasons that are named.
const MOST_NAMED: usize = 4;

/// What is due within a window: the overdue first, then by time, at last what never is.
#[derive(Debug, Serialize)]
pub struct TimelineReport {
    /// The present.
    pub from: Timestamp,
    /// The end of the window.
    pub until: Timestamp,
    /// What is due.
    pub due: Vec<DueRow>,
    /// The sites of which nothing is enqueued, and why.
    pub held_back: Vec<HeldBack>,
    /// The sites that were asked.
    pub sites: AskedSites,
    /// What must be known to read the rows rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A type at a time, or at many.
#[derive(Debug, Clone, Serialize)]
pub struct DueRow {
    /// The time, the first of many; `null` where it is never due, or nobody can tell.
    pub at: Option<Timestamp>,
    /// The zone in which it is due.
    pub time_zone: String,
    /// The site.
    pub site: String,
    /// The method.
    pub method: String,
    /// The key of the type.
    pub name: String,
    /// The frequency.
    pub frequency: String,
    /// The expression in force.
    pub expression: Option<String>,
    /// The queue, without the bench's prefix.
    pub queue: &'static str,
    /// How many times of the window the row stands for.
    pub count: usize,
    /// Whether there are more than were counted.
    pub count_is_least: bool,
    /// Seconds between these times, where they are all alike.
    pub every_s: Option<i64>,
    /// The last of these times.
    pub last_at: Option<Timestamp>,
    /// Seconds that it has been due for already.
    pub due_for_s: Option<f64>,
    /// Whether that is longer than a few rounds of the scheduler, and there is no job.
    pub overdue: bool,
    /// `queued` or `started` where its job waits or runs.
    pub pending: Option<&'static str>,
    /// The seconds that are added to each time, drawn at every round of the scheduler.
    pub jitter_s: Option<[i64; 2]>,
    /// Why it will not be enqueued: `stopped`, `ghost`, a problem of its own, or the state of the
    /// site; `null` where it will.
    pub blocked_by: Option<&'static str>,
    /// The same in a sentence.
    pub detail: Option<String>,
    /// The site's zone.
    #[serde(skip)]
    pub zone: TimeZone,
}

/// A site of which nothing is enqueued.
#[derive(Debug, Clone, Serialize)]
pub struct HeldBack {
    /// The site.
    pub site: String,
    /// Its state.
    pub state: State,
    /// Why, in the order in which Frappe asks.
    pub reasons: Vec<Reason>,
}

impl DueRow {
    fn times(&self) -> String {
        if self.count <= 1 {
            return String::new();
        }
        let least = if self.count_is_least { "≥ " } else { "" };
        let times = format!("{least}{} times", human::count(self.count as u64));
        match self.every_s {
            Some(seconds) => format!("every {}, {times}", short_interval(seconds)),
            None => times,
        }
    }

    fn state(&self) -> Cell {
        if let Some(word) = self.blocked_by {
            return Cell::new(word, Role::Warn);
        }
        match (self.pending, self.due_for_s) {
            (Some("queued"), _) => Cell::new("queued", Role::Queued),
            (Some(word), _) => Cell::new(word, Role::Started),
            (None, Some(seconds)) if self.overdue => {
                Cell::new(format!("overdue {}", human::age(seconds)), Role::Bad)
            }
            (None, Some(_)) => Cell::new("due", Role::Good),
            (None, None) => Cell::new("-", Role::Dim),
        }
    }

    fn cells(&self, view: &View) -> Vec<Cell> {
        let when = match self.at {
            None if self.blocked_by.is_none() => Cell::new("unknown", Role::Warn),
            None => Cell::new("never", Role::Bad),
            at => moment(at, &self.zone, view),
        };
        vec![
            when,
            Cell::from(self.site.clone()).in_one_line(),
            Cell::from(self.method.clone()).in_one_line(),
            Cell { raw: Some(self.count.to_string()), ..Cell::from(self.times()) },
            self.state(),
            self.queue.into(),
            Cell::from(self.frequency.clone()).in_one_line(),
            Cell::from(self.expression.clone().unwrap_or_default()).in_one_line(),
            moment(self.last_at, &self.zone, view),
            self.time_zone.clone().into(),
            Cell::from(self.detail.clone().unwrap_or_default()).in_one_line(),
        ]
    }
}

/// `4m`, `1h`, `1h 30m`, `1d`: exact, without the parts that are nothing.
fn short_interval(seconds: i64) -> String {
    let parts = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut left = seconds;
    let mut words = Vec::new();
    for (size, unit) in parts {
        if left >= size {
            words.push(format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if words.is_empty() { "0s".to_owned() } else { words.join(" ") }
}

impl TimelineReport {
    /// Hides secrets in what the databases and configurations said.
    pub fn mask(&mut self, secrets: Secrets) {
        let hide = |text: &mut String| *text = secrets.text(text).into_owned();
        for row in &mut self.due {
            [&mut row.name, &mut row.method, &mut row.frequency].into_iter().for_each(hide);
            row.expression.iter_mut().chain(&mut row.detail).for_each(hide);
        }
        let reasons = self.held_back.iter_mut().flat_map(|held| &mut held.reasons);
        reasons.for_each(|reason| hide(&mut reason.detail));
        self.notes.iter_mut().for_each(hide);
        self.sites.mask(secrets);
    }

    /// Sites with the very same reasons together.
    fn groups(&self) -> Vec<(&HeldBack, Vec<&str>)> {
        let mut groups: Vec<(&HeldBack, Vec<&str>)> = Vec::new();
        for held in &self.held_back {
            match groups.iter_mut().find(|(first, _)| first.reasons == held.reasons) {
                Some((_, names)) => names.push(&held.site),
                None => groups.push((held, vec![&held.site])),
            }
        }
        groups
    }
}

fn finding(held: &HeldBack, names: &[&str]) -> Block {
    let named: Vec<&str> = names.iter().take(MOST_NAMED).copied().collect();
    let more = names.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let sentence = |reason: &Reason| format!("{} ({})", reason.detail, reason.source);
    Block::Finding {
        role: Role::Warn,
        mark: '!',
        what: format!("{}{more}: nothing is enqueued: {}", named.join(", "), held.state.word()),
        aside: None,
        evidence: held.reasons.iter().map(sentence).collect(),
        fixes: held.reasons.iter().filter_map(|reason| reason.fix.clone()).collect(),
    }
}

impl Report for TimelineReport {
    const SCHEMA: &'static str = "jobctl.scheduler-next/1";
    const ITEMS: Option<&'static str> = Some("due");

    fn outcome(&self) -> Outcome {
        self.sites.outcome()
    }

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("DUE"),
            Column::left("SITE").flexible(),
            Column::left("METHOD").flexible(),
            Column::left("TIMES"),
            Column::left("STATE"),
            Column::left("QUEUE").wide(),
            Column::left("FREQUENCY").wide(),
            Column::left("CRON").wide(),
            Column::left("LAST TIME").wide(),
            Column::left("ZONE").wide(),
            Column::left("WHY").wide(),
        ];
        let mut table = Table::new(columns, "nothing is due in this window").most(MOST_ROWS);
        for row in &self.due {
            let cells = row.cells(view);
            table.row(cells);
        }
        view.push(Block::Table(table));
        for (held, names) in self.groups() {
            view.push(finding(held, &names));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_interval_is_exact_and_leaves_nothing_out() {
        for (seconds, words) in
            [(0, "0s"), (60, "1m"), (240, "4m"), (5_400, "1h 30m"), (90_061, "1d 1h 1m 1s")]
        {
            assert_eq!(short_interval(seconds), words);
        }
    }
}
