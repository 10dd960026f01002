//! The report of `history forecast`.

use jiff::Timestamp;
use serde::Serialize;

use super::super::stats::time;
use super::super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use super::{Source, count, number};
use crate::error::Outcome;
use crate::human;

/// How much there will be to do, and how many workers that takes.
#[derive(Debug, Serialize)]
pub struct ForecastReport {
    /// What the figures are from.
    pub source: Source,
    /// How jobs a day grow; `null` with too little data.
    pub growth: Option<Growth>,
    /// Seconds within which a peak is to be worked off.
    pub within_s: f64,
    /// Workers for the hour that needs most of them, by queue.
    pub capacity: Vec<Capacity>,
    /// Whole days that were recorded.
    pub days_recorded: u64,
    /// Whole days that a forecast of the growth needs.
    pub days_needed: u64,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A straight line through the jobs of whole days.
#[derive(Debug, Clone, Serialize)]
pub struct Growth {
    /// Days that it is drawn through.
    pub days: u64,
    /// Jobs a day at its end.
    pub jobs_per_day: f64,
    /// Jobs a day that come to it every day.
    pub slope: f64,
    /// The lower end of the 95 % confidence interval of the slope.
    pub slope_low: f64,
    /// The upper end.
    pub slope_high: f64,
    /// The share of the differences between days that the line explains (R²).
    pub r2: f64,
    /// Whether the confidence interval of the slope is on one side of 0.
    pub is_significant: bool,
    /// What the line says of days to come.
    pub ahead: Vec<Ahead>,
}

/// What a line says of a day to come.
#[derive(Debug, Clone, Serialize)]
pub struct Ahead {
    /// Days from now.
    pub in_days: u64,
    /// Jobs of that day.
    pub jobs_per_day: f64,
    /// The lower end of the 95 % prediction interval; not below 0.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Whether it is further ahead than the line is long.
    pub is_far: bool,
}

/// What one queue needs in the hour that needs most.
#[derive(Debug, Clone, Serialize)]
pub struct Capacity {
    /// The queue.
    pub queue: String,
    /// When that hour began.
    pub peak_at: Option<Timestamp>,
    /// Jobs that ended in it.
    pub jobs: u64,
    /// The most jobs that waited in it.
    pub queued_max: u64,
    /// Mean duration of the queue's jobs over the whole time.
    pub mean_ms: f64,
    /// Workers that work off what comes in that hour, as it comes.
    pub workers_steady: u64,
    /// Workers that also work off what waits, within the given time.
    pub workers_needed: u64,
    /// The same after 90 days of growth; `null` without a forecast of it.
    pub workers_in_90_days: Option<u64>,
    /// The most workers that served the queue in the last day that was recorded.
    pub workers_now: Option<u64>,
}

impl ForecastReport {
    fn growth_fields(growth: &Growth) -> Block {
        let signed = |slope: f64| format!("{slope:+.2}");
        let slope = format!(
            "{} jobs a day, every day (95 % confidence: {} to {})",
            signed(growth.slope),
            signed(growth.slope_low),
            signed(growth.slope_high)
        );
        let role = if growth.is_significant { Role::Plain } else { Role::Warn };
        let fit = format!("{:.2} over {}", growth.r2, human::counted(growth.days, "day"));
        Block::Fields(vec![
            ("Jobs a day".to_owned(), number(Some(growth.jobs_per_day))),
            ("Growth".to_owned(), Cell::new(slope, role)),
            ("R²".to_owned(), fit.into()),
        ])
    }

    fn ahead_table(growth: &Growth) -> Table {
        let columns = vec![
            Column::right("IN DAYS").for_programs("IN_DAYS"),
            Column::right("JOBS A DAY").for_programs("JOBS_PER_DAY"),
            Column::right("AT LEAST").for_programs("LOW"),
            Column::right("AT MOST").for_programs("HIGH"),
            // Set as a number is, it is not cut.
            Column::right(""),
        ];
        let mut table = Table::new(columns, "");
        for ahead in &growth.ahead {
            let far = if ahead.is_far { "beyond the data" } else { "" };
            table.row(vec![
                count(Some(ahead.in_days)),
                number(Some(ahead.jobs_per_day)),
                number(Some(ahead.low)),
                number(Some(ahead.high)),
                Cell::new(far, Role::Dim),
            ]);
        }
        table
    }

    fn capacity_table(&self, zone: &human::Zone) -> Table {
        let columns = vec![
            Column::left("QUEUE").flexible(),
            Column::right("NEEDED"),
            Column::right("NOW"),
            Column::right("IN 90 DAYS").for_programs("IN_90_DAYS"),
            Column::right("STEADY").wide(),
            Column::right("JOBS/H").for_programs("JOBS_PER_HOUR"),
            Column::right("QUEUED").for_programs("QUEUED_MAX"),
            Column::right("MEAN").for_programs("MEAN_MS"),
            // A moment is a number: cut short it says nothing.
            Column::right("PEAK"),
        ];
        let mut table = Table::new(columns, "no queue has enough data");
        for line in &self.capacity {
            let is_short = line.workers_now.is_some_and(|now| now < line.workers_needed);
            let needed = Cell {
                raw: Some(line.workers_needed.to_string()),
                ..Cell::new(
                    human::count(line.workers_needed),
                    if is_short { Role::Warn } else { Role::Good },
                )
            };
            table.row(vec![
                Cell::from(line.queue.clone()).in_one_line(),
                needed,
                count(line.workers_now),
                count(line.workers_in_90_days),
                count(Some(line.workers_steady)),
                count(Some(line.jobs)),
                count(Some(line.queued_max)),
                time(Some(line.mean_ms)),
                line.peak_at.map_or_else(Cell::default, |at| {
                    let at = at.to_zoned(zone.tz());
                    let raw = Some(at.strftime("%Y-%m-%d %H:%M %Z").to_string());
                    Cell { raw, ..at.strftime("%a %m-%d %H:%M").to_string().into() }
                }),
            ]);
        }
        table
    }
}

impl Report for ForecastReport {
    const SCHEMA: &'static str = "jobctl.history_forecast/1";
    const ITEMS: Option<&'static str> = Some("capacity");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        // Nothing could be said at all.
        if self.growth.is_none() && self.capacity.is_empty() { Outcome::No } else { Outcome::Done }
    }

    fn view(&self, view: &mut View) {
        let zone = view.zone.clone();
        let within = human::age(self.within_s);
        let capacity = Block::Table(self.capacity_table(&zone));
        if let Some(growth) = &self.growth {
            view.push(Self::growth_fields(growth));
        }
        view.push(Block::Heading(format!("Workers that clear the peak within {within}")));
        view.push(capacity);
        if let Some(growth) = &self.growth {
            view.push(Block::Heading("Jobs a day to come".to_owned()));
            view.push(Block::Table(Self::ahead_table(growth)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
