//! The report of `history trend`.

use serde::Serialize;

use super::super::stats::time;
use super::super::{Block, Cell, Column, Report, Role, Table, View};
use super::{Source, bar, count, failed, failure_rate};

/// How duration and failure rate went.
#[derive(Debug, Serialize)]
pub struct TrendReport {
    /// What the figures are from.
    pub source: Source,
    /// The days, oldest first; today is the last.
    pub days: Vec<TrendDay>,
    /// The weeks, oldest first; this one is the last. A week begins on Monday.
    pub weeks: Vec<TrendWeek>,
    /// Whether bars are drawn.
    #[serde(skip)]
    pub drawn: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// One day.
#[derive(Debug, Clone, Serialize)]
pub struct TrendDay {
    /// The date.
    pub date: String,
    /// Whether it was recorded at all; otherwise the figures are `null`.
    pub is_recorded: bool,
    /// Jobs that ended.
    pub count: Option<u64>,
    /// Those that failed.
    pub failed: Option<u64>,
    /// Mean duration.
    pub mean_ms: Option<f64>,
    /// What 95 % of the durations do not exceed.
    pub p95_ms: Option<f64>,
}

/// One week.
#[derive(Debug, Clone, Serialize)]
pub struct TrendWeek {
    /// The date of its Monday.
    pub monday: String,
    /// Days of it that were recorded.
    pub days_recorded: u64,
    /// Jobs that ended; `null` where nothing was recorded.
    pub count: Option<u64>,
    /// Those that failed.
    pub failed: Option<u64>,
    /// Their share (1.0 is all).
    pub failure_rate: Option<f64>,
}

impl TrendReport {
    fn days(&self) -> Table {
        let mut columns = vec![
            Column::left("DAY"),
            Column::right("JOBS"),
            Column::right("FAILED"),
            Column::right("MEAN").for_programs("MEAN_MS"),
            Column::right("P95").for_programs("P95_MS"),
        ];
        if self.drawn {
            columns.push(Column::left("BY MEAN"));
        }
        let mut table = Table::new(columns, "nothing was recorded within these days");
        let most = self.days.iter().filter_map(|day| day.mean_ms).fold(0.0, f64::max);
        // Before the first recorded day there is nothing to see.
        for day in self.days.iter().skip_while(|day| !day.is_recorded) {
            let name = if day.is_recorded { Role::Plain } else { Role::Dim };
            let mut cells = vec![
                Cell::new(day.date.clone(), name),
                count(day.count),
                day.failed.map_or_else(Cell::default, failed),
                time(day.mean_ms),
                time(day.p95_ms),
            ];
            if self.drawn {
                cells.push(if day.is_recorded {
                    bar(day.mean_ms.unwrap_or(0.0), most, Role::Started)
                } else {
                    Cell::new("no samples", Role::Dim)
                });
            }
            table.row(cells);
        }
        table
    }

    fn weeks(&self) -> Table {
        let mut columns = vec![
            Column::left("WEEK OF"),
            Column::right("DAYS"),
            Column::right("JOBS"),
            Column::right("FAILED"),
            Column::right("RATE").for_programs("FAILURE_RATE"),
        ];
        if self.drawn {
            columns.push(Column::left("BY RATE"));
        }
        let mut table = Table::new(columns, "nothing was recorded within these weeks");
        let most = self.weeks.iter().filter_map(|week| week.failure_rate).fold(0.0, f64::max);
        for week in self.weeks.iter().skip_while(|week| week.days_recorded == 0) {
            let mut cells = vec![
                week.monday.clone().into(),
                count(Some(week.days_recorded)),
                count(week.count),
                week.failed.map_or_else(Cell::default, failed),
                failure_rate(week.failure_rate),
            ];
            if self.drawn {
                cells.push(bar(week.failure_rate.unwrap_or(0.0), most, Role::Bad));
            }
            table.row(cells);
        }
        table
    }
}

impl Report for TrendReport {
    const SCHEMA: &'static str = "jobctl.history_trend/1";
    const ITEMS: Option<&'static str> = Some("days");

    fn view(&self, view: &mut View) {
        let zone = view.zone.clone();
        view.push(Block::Table(self.days()));
        view.push(Block::Table(self.weeks()));
        if self.drawn {
            view.push(self.source.block(&zone));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
