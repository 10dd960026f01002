//! The report of `history show`.

use jiff::Timestamp;
use serde::Serialize;

use super::super::stats::{share, time};
use super::super::{Block, Cell, Column, Report, Role, Table, View};
use super::{Source, age, bar, bytes, count, failed, failure_rate, number};
use crate::human::{self, Zone};
use crate::model::history::Gap;

/// Gaps that a table shows.
const SHOWN_GAPS: usize = 10;

/// What was recorded, by a key.
#[derive(Debug, Serialize)]
pub struct HistoryReport {
    /// What a row is about: `minute`, `hour`, `day`, `method`, `queue`, `site`, `error`.
    pub by: &'static str,
    /// What the figures are from.
    pub source: Source,
    /// From then on, to the beginning of a span.
    pub since: Timestamp,
    /// Before then.
    pub until: Timestamp,
    /// The rows: spans of time in their order, others by their jobs, most first.
    pub rows: Vec<HistoryRow>,
    /// Rows that are left out because of a limit.
    pub rows_left_out: usize,
    /// All of it together.
    pub total: HistoryRow,
    /// Times of which nothing is known.
    pub gaps: Vec<Gap>,
    /// KiB of one job from which on its method stands out.
    pub memory_threshold_kib: u64,
    /// The most by which a quantile is off, as a share of itself.
    pub quantile_error: f64,
    /// Whether bars are drawn.
    #[serde(skip)]
    pub drawn: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// Figures of one key. What is not known is `null`, never 0.
#[derive(Debug, Clone, Default, Serialize)]
pub struct HistoryRow {
    /// The beginning of the span; or the name, `null` where there is none.
    pub key: Option<String>,
    /// Jobs that ended.
    pub count: u64,
    /// Those that failed.
    pub failed: u64,
    /// Their share (1.0 is all).
    pub failure_rate: Option<f64>,
    /// Mean duration.
    pub mean_ms: Option<f64>,
    /// Standard deviation of the durations.
    pub deviation_ms: Option<f64>,
    /// Median duration.
    pub median_ms: Option<f64>,
    /// What 95 % of the durations do not exceed.
    pub p95_ms: Option<f64>,
    /// The longest duration.
    pub max_ms: Option<f64>,
    /// Median wait.
    pub wait_median_ms: Option<f64>,
    /// What 95 % of the waits do not exceed.
    pub wait_p95_ms: Option<f64>,
    /// Waiting jobs, the mean of the samples.
    pub queued_mean: Option<f64>,
    /// The most waiting jobs of a sample.
    pub queued_max: Option<u64>,
    /// The longest that a waiting job waited.
    pub oldest_max_s: Option<u64>,
    /// The most live workers.
    pub workers_max: Option<u64>,
    /// The share of the workers that were busy, the mean of the samples.
    pub busy_share: Option<f64>,
    /// The most memory that the data of Redis took.
    pub redis_memory_max_bytes: Option<u64>,
    /// The most memory that a job was seen to have.
    pub memory_peak_kib: Option<u64>,
    /// Jobs whose memory was looked at.
    pub memory_jobs: Option<u64>,
}

/// A column with what stands in it.
type Shown = (Column, fn(&HistoryReport, &HistoryRow) -> Cell);

impl HistoryReport {
    fn is_by_time(&self) -> bool {
        matches!(self.by, "minute" | "hour" | "day")
    }

    /// The columns that this report has something for.
    fn columns(&self) -> Vec<Shown> {
        if self.by == "error" {
            return vec![(Column::right("FAILED"), |_, row| failed(row.failed))];
        }
        let mut columns: Vec<Shown> = vec![
            (Column::right("JOBS"), |_, row| count(Some(row.count))),
            (Column::right("FAILED"), |_, row| failed(row.failed)),
            (Column::right("RATE").for_programs("FAILURE_RATE").wide(), |_, row| {
                failure_rate(row.failure_rate)
            }),
            (Column::right("MEAN").for_programs("MEAN_MS"), |_, row| time(row.mean_ms)),
            (Column::right("DEVIATION").for_programs("DEVIATION_MS").wide(), |_, row| {
                time(row.deviation_ms)
            }),
            (Column::right("MEDIAN").for_programs("MEDIAN_MS").wide(), |_, row| {
                time(row.median_ms)
            }),
            (Column::right("P95").for_programs("P95_MS"), |_, row| time(row.p95_ms)),
            (Column::right("MAX").for_programs("MAX_MS").wide(), |_, row| time(row.max_ms)),
            (Column::right("WAIT").for_programs("WAIT_MEDIAN_MS").wide(), |_, row| {
                time(row.wait_median_ms)
            }),
            (Column::right("WAIT P95").for_programs("WAIT_P95_MS"), |_, row| time(row.wait_p95_ms)),
        ];
        if self.is_by_time() || self.by == "queue" {
            columns.push((Column::right("QUEUED").for_programs("QUEUED_MAX"), |_, row| {
                count(row.queued_max)
            }));
            columns.push((
                Column::right("MEAN QUEUED").for_programs("QUEUED_MEAN").wide(),
                |_, row| number(row.queued_mean),
            ));
            columns
                .push((Column::right("OLDEST").for_programs("OLDEST_MAX_S").wide(), |_, row| {
                    age(row.oldest_max_s)
                }));
            let workers = Column::right("WORKERS").for_programs("WORKERS_MAX");
            let workers = if self.is_by_time() { workers.wide() } else { workers };
            columns.push((workers, |_, row| count(row.workers_max)));
        }
        if self.is_by_time() {
            columns.push((Column::right("BUSY").for_programs("BUSY_SHARE"), |_, row| {
                share(row.busy_share)
            }));
            columns
                .push((Column::right("REDIS").for_programs("REDIS_MAX_BYTES").wide(), |_, row| {
                    row.redis_memory_max_bytes.map_or_else(Cell::default, bytes)
                }));
        }
        if self.by == "method" {
            columns.push((
                Column::right("MEMORY").for_programs("MEMORY_PEAK_BYTES"),
                |report, row| {
                    let Some(kib) = row.memory_peak_kib else { return Cell::default() };
                    let is_much = kib >= report.memory_threshold_kib;
                    let role = if is_much { Role::Warn } else { Role::Plain };
                    Cell { role, ..bytes(kib.saturating_mul(1024)) }
                },
            ));
        }
        columns
    }

    fn table(&self, zone: &Zone) -> Table {
        let key = match self.by {
            "minute" => Column::left("MINUTE"),
            "hour" => Column::left("HOUR"),
            "day" => Column::left("DAY"),
            "method" => Column::left("METHOD").flexible(),
            "queue" => Column::left("QUEUE").flexible(),
            "site" => Column::left("SITE").flexible(),
            _ => Column::left("ERROR").flexible(),
        };
        let shown = self.columns();
        let mut columns = vec![key];
        columns.extend(shown.iter().map(|(column, _)| column.clone()));
        if self.drawn {
            columns.push(Column::left(""));
        }
        let mut table = Table::new(columns, "nothing was recorded in this time");
        let largest = self.rows.iter().map(|row| row.count.max(row.failed)).max().unwrap_or(0);
        for row in &self.rows {
            let mut cells = vec![self.name_of(row, zone)];
            cells.extend(shown.iter().map(|(_, cell)| cell(self, row)));
            if self.drawn {
                let value = row.count.max(row.failed) as f64;
                cells.push(bar(value, largest as f64, Role::Started));
            }
            table.row(cells);
        }
        table
    }

    fn name_of(&self, row: &HistoryRow, zone: &Zone) -> Cell {
        let Some(key) = &row.key else { return Cell::new("(none)", Role::Dim) };
        let start = key.parse::<Timestamp>().ok().filter(|_| self.is_by_time());
        match (start, self.by) {
            (Some(start), "day") => {
                let tz =
                    self.source.zone.as_deref().and_then(|name| jiff::tz::TimeZone::get(name).ok());
                let tz = tz.unwrap_or(jiff::tz::TimeZone::UTC);
                start.to_zoned(tz).strftime("%a %Y-%m-%d").to_string().into()
            }
            (Some(start), _) => {
                let start = start.to_zoned(zone.tz());
                let raw = Some(start.strftime("%Y-%m-%d %H:%M %Z").to_string());
                Cell { raw, ..start.strftime("%m-%d %H:%M").to_string().into() }
            }
            (None, _) => Cell::from(key.clone()).in_one_line(),
        }
    }

    fn gaps_table(&self, zone: &Zone) -> Table {
        let columns = vec![
            // Set as numbers are: cut short they say nothing.
            Column::right("FROM"),
            Column::right("UNTIL"),
            Column::right("FOR").for_programs("FOR_S"),
            Column::left("WHY").flexible(),
        ];
        let mut table = Table::new(columns, "none").most(SHOWN_GAPS);
        for gap in self.gaps.iter().rev() {
            table.row(vec![
                human::time(gap.from, zone).into(),
                human::time(gap.until, zone).into(),
                age(u64::try_from(gap.until.duration_since(gap.from).as_secs()).ok()),
                Cell::from(gap.why.clone()).in_one_line(),
            ]);
        }
        table
    }
}

impl Report for HistoryReport {
    const SCHEMA: &'static str = "jobctl.history/1";
    const ITEMS: Option<&'static str> = Some("rows");

    fn view(&self, view: &mut View) {
        let zone = view.zone.clone();
        view.push(Block::Table(self.table(&zone)));
        if self.drawn {
            view.push(self.source.block(&zone));
            if !self.gaps.is_empty() {
                view.push(Block::Heading("Gaps, newest first".to_owned()));
                view.push(Block::Table(self.gaps_table(&zone)));
            }
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
