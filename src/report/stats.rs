//! The report of `stats`: figures by key, the slowest executions, and where they are from.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human::{self, Zone};

/// Signs of a spark line, lowest first.
const SPARKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Columns of a spark line.
const SPARK_COLUMNS: usize = 16;
/// Columns of the longest bar of a histogram.
const BAR_COLUMNS: u64 = 40;

/// Figures of executions.
#[derive(Debug, Serialize)]
pub struct StatsReport {
    /// What a row is about: `method`, `queue`, `site`, `hour`, `day`.
    pub by: &'static str,
    /// Where the figures are from: `monitor` (Frappe's log) or `rq` (what RQ still keeps).
    pub source: &'static str,
    /// What was read.
    pub sources: Vec<Source>,
    /// When the first execution began.
    pub first_at: Option<Timestamp>,
    /// When the last one ended.
    pub last_at: Option<Timestamp>,
    /// All executions together.
    pub total: Row,
    /// Figures by key: those that took most time first, hours and days in their order.
    pub rows: Vec<Row>,
    /// Keys that have no row, because of a limit.
    pub rows_left_out: usize,
    /// The slowest executions, slowest first.
    pub slowest: Vec<SlowExecution>,
    /// How durations are distributed, shortest first.
    pub histogram: Vec<Bar>,
    /// What the numbers in a row's `trend` count.
    pub trend: Option<TrendAxis>,
    /// What was met and is not among the executions.
    pub left_out: LeftOut,
    /// The most by which a quantile that is not exact is off, as a share of itself.
    pub quantile_error: f64,
    /// Whether a source could not be read, or not to its end.
    pub is_partial: bool,
    /// Whether the figures mean nothing, because they may be another bench's.
    #[serde(skip)]
    pub is_unknown: bool,
    /// Whether spark lines and the histogram are drawn.
    #[serde(skip)]
    pub drawn: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// Something that was read.
#[derive(Debug, Clone, Serialize)]
pub struct Source {
    /// A path, `-` for standard input, or what it is.
    pub name: String,
    /// Its bytes, where it is a file.
    pub bytes: Option<u64>,
    /// Its records, where it is not a file.
    pub records: Option<u64>,
    /// What kept it from being read, or from being read to its end.
    pub problem: Option<String>,
}

/// Figures of one key. What no source tells is `null`, never 0.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Row {
    /// The method, queue or site; the beginning of an hour or a day; `null` where it is not told.
    pub key: Option<String>,
    /// Whether the row stands for all keys beyond those that can be told apart.
    pub is_rest: bool,
    /// Executions.
    pub count: u64,
    /// Those that failed; `null` where none tells.
    pub failed: Option<u64>,
    /// Executions that tell whether they failed.
    pub failed_known: u64,
    /// Executions that the scheduler enqueued.
    pub scheduled: u64,
    /// Mean duration.
    pub mean_ms: Option<f64>,
    /// Median duration.
    pub median_ms: Option<f64>,
    /// What 95 % of the durations do not exceed.
    pub p95_ms: Option<f64>,
    /// What 99 % of the durations do not exceed.
    pub p99_ms: Option<f64>,
    /// The longest duration.
    pub max_ms: Option<f64>,
    /// All durations together.
    pub total_ms: Option<f64>,
    /// The share of all durations (1.0 is all).
    pub share: Option<f64>,
    /// Executions in an hour, over the whole time from `first_at` to `last_at` of the report.
    pub per_hour: Option<f64>,
    /// Executions that tell how long they waited.
    pub wait_known: u64,
    /// Mean wait.
    pub wait_mean_ms: Option<f64>,
    /// Median wait.
    pub wait_median_ms: Option<f64>,
    /// What 95 % of the waits do not exceed.
    pub wait_p95_ms: Option<f64>,
    /// The longest wait.
    pub wait_max_ms: Option<f64>,
    /// Whether medians and percentiles are exact; otherwise see `quantile_error`.
    pub is_exact: bool,
    /// When the first execution began.
    pub first_at: Option<Timestamp>,
    /// When the last one ended.
    pub last_at: Option<Timestamp>,
    /// Executions over time; see the report's `trend`.
    pub trend: Vec<u32>,
}

/// One slow execution.
#[derive(Debug, Clone, Serialize)]
pub struct SlowExecution {
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// How long it took.
    pub duration_ms: f64,
    /// How long it had waited.
    pub wait_ms: Option<f64>,
    /// The method.
    pub method: Option<String>,
    /// The site.
    pub site: Option<String>,
    /// The queue.
    pub queue: Option<String>,
    /// RQ's id of the job.
    pub job_id: Option<String>,
    /// Whether the scheduler enqueued it.
    pub scheduled: Option<bool>,
    /// Whether it failed.
    pub failed: Option<bool>,
}

/// One bar of the histogram.
#[derive(Debug, Clone, Serialize)]
pub struct Bar {
    /// Durations below this, and not below the bar before; `null` for the last bar.
    pub below_ms: Option<u64>,
    /// Executions.
    pub count: u64,
}

/// What the numbers in a row's `trend` count.
#[derive(Debug, Clone, Serialize)]
pub struct TrendAxis {
    /// When the first span begins.
    pub begins_at: Timestamp,
    /// How long a span is.
    pub span_s: i64,
}

/// What was met and is not among the executions, or only in part.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LeftOut {
    /// Records that a flush wrote twice.
    pub duplicates: u64,
    /// Records of web requests.
    pub requests: u64,
    /// Records of something else.
    pub other_records: u64,
    /// Lines that hold no record.
    pub unreadable_lines: u64,
    /// Last lines without an end.
    pub cut_short_lines: u64,
    /// Jobs that do not tell when they ran.
    pub undated_jobs: u64,
    /// Durations below 0, because a clock was set back.
    pub negative_durations: u64,
}

impl StatsReport {
    fn columns(&self) -> Vec<Column> {
        let key = match self.by {
            "queue" => Column::left("QUEUE").flexible(),
            "site" => Column::left("SITE").flexible(),
            "hour" => Column::left("HOUR"),
            "day" => Column::left("DAY"),
            _ => Column::left("METHOD").flexible(),
        };
        let mut columns = vec![
            key,
            Column::right("COUNT"),
            Column::right("FAILED"),
            Column::right("SCHEDULED").wide(),
            Column::right("MEAN").for_programs("MEAN_MS"),
            Column::right("MEDIAN").for_programs("MEDIAN_MS"),
            Column::right("P95").for_programs("P95_MS"),
            Column::right("P99").for_programs("P99_MS").wide(),
            Column::right("MAX").for_programs("MAX_MS"),
            Column::right("TOTAL").for_programs("TOTAL_MS"),
            Column::right("SHARE"),
            Column::right("PER HOUR").for_programs("PER_HOUR").wide(),
            Column::right("WAIT").for_programs("WAIT_MEDIAN_MS"),
            Column::right("WAIT P95").for_programs("WAIT_P95_MS"),
            Column::right("WAIT MAX").for_programs("WAIT_MAX_MS").wide(),
        ];
        if self.drawn {
            columns.push(Column::left("OVER TIME"));
        }
        columns
    }

    fn cells(&self, row: &Row, name: Cell) -> Vec<Cell> {
        let failed = match row.failed {
            None => Cell { raw: Some(String::new()), ..Cell::new("?", Role::Dim) },
            failed => Cell::count(failed, Role::Bad),
        };
        let mut cells = vec![
            name,
            number(row.count),
            failed,
            number(row.scheduled),
            time(row.mean_ms),
            time(row.median_ms),
            time(row.p95_ms),
            time(row.p99_ms),
            time(row.max_ms),
            time(row.total_ms),
            share(row.share),
            row.per_hour.map_or_else(Cell::default, |rate| Cell {
                raw: Some(format!("{rate:.3}")),
                ..self::rate(rate).into()
            }),
            time(row.wait_median_ms),
            time(row.wait_p95_ms),
            time(row.wait_max_ms),
        ];
        if self.drawn {
            cells.push(Cell::new(sparks(&row.trend), Role::Started));
        }
        cells
    }

    fn name_of(&self, row: &Row, zone: &Zone) -> Cell {
        let Some(key) = &row.key else {
            let word = if row.is_rest { "(all others)" } else { "(not told)" };
            return Cell::new(word, Role::Dim);
        };
        let start = key.parse::<Timestamp>().ok().map(|at| human::time(at, zone));
        match (self.by, start) {
            ("hour", Some(start)) => start.into(),
            ("day", Some(start)) => start.split(' ').next().unwrap_or_default().into(),
            _ => key.clone().into(),
        }
    }

    fn table(&self, zone: &Zone) -> Table {
        let mut table = Table::new(self.columns(), "no executions");
        for row in &self.rows {
            table.row(self.cells(row, self.name_of(row, zone)));
        }
        if self.drawn && self.rows.len() + self.rows_left_out > 1 {
            table.row(self.cells(&self.total, Cell::new("all", Role::Strong)));
        }
        table
    }

    fn slowest_table(&self, zone: &Zone) -> Table {
        let mut table = Table::new(
            vec![
                Column::left("STARTED"),
                Column::right("DURATION").for_programs("DURATION_MS"),
                Column::right("WAIT").for_programs("WAIT_MS"),
                Column::left("METHOD").flexible(),
                Column::left("SITE"),
                Column::left("QUEUE").wide(),
                Column::left("RESULT"),
                Column::left("JOB").flexible(),
            ],
            "none",
        );
        let text = |text: &Option<String>| text.clone().unwrap_or_default().into();
        for slow in &self.slowest {
            let result = match slow.failed {
                None => Cell::default(),
                Some(true) => Cell::new("failed", Role::Bad),
                Some(false) => Cell::new("finished", Role::Good),
            };
            table.row(vec![
                slow.started_at.map_or_else(String::new, |at| human::time(at, zone)).into(),
                time(Some(slow.duration_ms)),
                time(slow.wait_ms),
                text(&slow.method),
                text(&slow.site),
                text(&slow.queue),
                result,
                text(&slow.job_id),
            ]);
        }
        table
    }

    fn histogram_table(&self) -> Table {
        let columns = vec![
            Column::right("DURATION BELOW").for_programs("BELOW_MS"),
            Column::right("COUNT"),
            Column::right("SHARE"),
            Column::left(""),
        ];
        let mut table = Table::new(columns, "");
        let most = self.histogram.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
        let all: u64 = self.histogram.iter().map(|bar| bar.count).sum();
        for bar in &self.histogram {
            let length = usize::try_from((bar.count * BAR_COLUMNS).div_ceil(most)).unwrap_or(0);
            table.row(vec![
                bar.below_ms.map_or_else(
                    || "longer".into(),
                    |ms| Cell { raw: Some(ms.to_string()), ..human::duration_ms(ms).into() },
                ),
                number(bar.count),
                share(Some(bar.count as f64 / all.max(1) as f64)),
                Cell::new("█".repeat(length), Role::Started),
            ]);
        }
        table
    }
}

impl Report for StatsReport {
    const SCHEMA: &'static str = "jobctl.stats/1";
    const ITEMS: Option<&'static str> = Some("rows");

    fn outcome(&self) -> Outcome {
        match (self.is_unknown, self.is_partial) {
            (true, _) => Outcome::Unknown,
            (false, true) => Outcome::No,
            (false, false) => Outcome::Done,
        }
    }

    fn view(&self, view: &mut View) {
        let zone = view.zone.clone();
        view.push(Block::Table(self.table(&zone)));
        if self.drawn && !self.histogram.is_empty() {
            view.push(Block::Table(self.histogram_table()));
        }
        if !self.slowest.is_empty() {
            view.push(Block::Heading("Slowest".to_owned()));
            view.push(Block::Table(self.slowest_table(&zone)));
        }
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// A length of time; nothing where it is not known. Below 10 ms with a decimal. For programs in
/// milliseconds.
pub(super) fn time(ms: Option<f64>) -> Cell {
    let Some(ms) = ms else { return Cell::default() };
    let text = if ms < 9.95 {
        format!("{ms:.1}ms")
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "above 9, and the cast saturates"
        )]
        human::duration_ms(ms.round() as u64)
    };
    Cell { raw: Some(format!("{ms:.3}")), ..text.into() }
}

/// A share: of 1 for programs, in percent for people; nothing where it is not known.
pub(super) fn share(share: Option<f64>) -> Cell {
    share.map_or_else(Cell::default, |share| Cell {
        raw: Some(format!("{share:.4}")),
        ..human::percent(share).into()
    })
}

fn number(count: u64) -> Cell {
    Cell { raw: Some(count.to_string()), ..human::count(count).into() }
}

fn rate(per_hour: f64) -> String {
    if per_hour < 9.95 {
        return format!("{per_hour:.1}");
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "above 9, and the cast saturates"
    )]
    human::count(per_hour.round() as u64)
}

/// A line whose heights follow `counts`, neighbours added up to fit; none is a blank.
pub(super) fn sparks(counts: &[u32]) -> String {
    let width = counts.len().div_ceil(SPARK_COLUMNS).max(1);
    let sums: Vec<u64> =
        counts.chunks(width).map(|chunk| chunk.iter().map(|n| u64::from(*n)).sum()).collect();
    let most = sums.iter().copied().max().unwrap_or(0);
    let spark = |sum: u64| {
        if sum == 0 {
            return ' ';
        }
        let height = (sum * SPARKS.len() as u64).div_ceil(most).max(1) - 1;
        usize::try_from(height).ok().and_then(|height| SPARKS.get(height)).copied().unwrap_or('█')
    };
    sums.into_iter().map(spark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparks_follow_the_counts() {
        assert_eq!(sparks(&[0, 1, 4, 8]), " ▁▄█");
        assert_eq!(sparks(&[5]), "█");
        assert_eq!(sparks(&[]), "");
        assert_eq!(sparks(&[1; 64]).chars().count(), SPARK_COLUMNS);
        assert_eq!(sparks(&[u32::MAX; 64]), "█".repeat(SPARK_COLUMNS));
    }

    #[test]
    fn time_is_empty_where_it_is_not_known() {
        assert_eq!(time(None).text, "");
        assert_eq!(time(Some(0.04)).text, "0.0ms");
        assert_eq!(time(Some(3.931)).text, "3.9ms");
        assert_eq!(time(Some(61_000.0)).for_programs(), "61000.000");
        assert_eq!(time(Some(860.449)).text, "860ms");
        assert_eq!(rate(0.25), "0.2");
        assert_eq!(rate(1234.5), "1,235");
    }
}
