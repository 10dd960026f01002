//! The report of `history peaks`.

use serde::Serialize;

use super::super::stats::{share, time};
use super::super::{Block, Cell, Column, Report, Role, Table, View};
use super::{Source, bar, count, number};

/// When there is most to do.
#[derive(Debug, Serialize)]
pub struct PeaksReport {
    /// What the figures are from.
    pub source: Source,
    /// The hours of the day, 0 to 23.
    pub hours: Vec<Peak>,
    /// The days of the week, Monday first.
    pub weekdays: Vec<Peak>,
    /// The hour with the most jobs; `null` with too little data.
    pub busiest_hour: Option<String>,
    /// The weekday with the most jobs; `null` with too little data.
    pub busiest_weekday: Option<String>,
    /// Whether bars are drawn.
    #[serde(skip)]
    pub drawn: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One hour of the day, or one day of the week.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Peak {
    /// `09:00` or `Monday`.
    pub key: String,
    /// How many such hours or days were recorded.
    pub recorded: u64,
    /// Jobs that ended in one of them, on average; `null` where none was recorded.
    pub jobs_mean: Option<f64>,
    /// The most jobs of one of them.
    pub jobs_max: Option<u64>,
    /// The most waiting jobs.
    pub queued_max: Option<u64>,
    /// What 95 % of the waits do not exceed.
    pub wait_p95_ms: Option<f64>,
    /// The share of the workers that were busy.
    pub busy_share: Option<f64>,
}

fn table(
    title: &'static str,
    of: &'static str,
    rows: &[Peak],
    top: Option<&str>,
    drawn: bool,
) -> Table {
    let mut columns = vec![
        Column::left(title),
        Column::right(of),
        Column::right("JOBS").for_programs("JOBS_MEAN"),
        Column::right("MOST").for_programs("JOBS_MAX"),
        Column::right("QUEUED").for_programs("QUEUED_MAX"),
        Column::right("WAIT P95").for_programs("WAIT_P95_MS"),
        Column::right("BUSY").for_programs("BUSY_SHARE"),
    ];
    if drawn {
        columns.push(Column::left(""));
    }
    let mut table = Table::new(columns, "nothing was recorded");
    let most = rows.iter().filter_map(|row| row.jobs_mean).fold(0.0, f64::max);
    for row in rows {
        let is_top = top == Some(row.key.as_str());
        let role = if is_top { Role::Strong } else { Role::Plain };
        let mut cells = vec![
            Cell::new(row.key.clone(), role),
            count(Some(row.recorded)),
            number(row.jobs_mean),
            count(row.jobs_max),
            count(row.queued_max),
            time(row.wait_p95_ms),
            share(row.busy_share),
        ];
        if drawn {
            let role = if is_top { Role::Waiting } else { Role::Started };
            cells.push(bar(row.jobs_mean.unwrap_or(0.0), most, role));
        }
        table.row(cells);
    }
    table
}

impl Report for PeaksReport {
    const SCHEMA: &'static str = "jobctl.history_peaks/1";
    const ITEMS: Option<&'static str> = Some("hours");

    fn view(&self, view: &mut View) {
        let zone = view.zone.clone();
        let (hour, day) = (self.busiest_hour.as_deref(), self.busiest_weekday.as_deref());
        view.push(Block::Table(table("HOUR", "HOURS", &self.hours, hour, self.drawn)));
        view.push(Block::Table(table("WEEKDAY", "DAYS", &self.weekdays, day, self.drawn)));
        if self.drawn {
            view.push(self.source.block(&zone));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
