//! What a command found out, as typed values, and how such a value is laid out.
//!
//! A report is the single source of the table, the plain text, the JSON, the CSV and the exit
//! code. This module knows no colour, no width and no backend: a [`View`] says *what* each piece
//! of text means (its [`Role`]), `render` decides how it looks.

use serde::Serialize;

use crate::error::Outcome;
use crate::human::{self, Zone};

pub mod alerts;
pub mod change;
pub mod doctor;
pub mod dump;
pub mod enqueue;
pub mod errors;
pub mod groups;
pub mod health;
pub mod history;
pub mod job;
pub mod jobs;
pub mod logs;
pub mod metrics;
pub mod ops;
pub mod pending;
pub mod pool;
pub mod publish;
pub mod queues;
pub mod readiness;
pub mod schedule;
pub mod scheduler_status;
pub mod stats;
pub mod stop;
pub mod supervisor;
pub mod switch;
pub mod trigger;
pub mod watch;
pub mod worker_stop;
pub mod workers;

/// A typed result that the output gate can show in every format.
pub trait Report: Serialize {
    /// Name and version of the JSON form, `jobctl.<report>/<version>`.
    const SCHEMA: &'static str;
    /// The field of the serialized report that holds its items: what `jsonl` prints line by line.
    /// `None` prints the whole report as one line.
    const ITEMS: Option<&'static str>;
    /// How a pipe gets it.
    const LAYOUT: Layout = Layout::List;

    /// How the command turned out; decides the exit code.
    fn outcome(&self) -> Outcome {
        Outcome::Done
    }

    /// Lays the report out for people.
    fn view(&self, view: &mut View);

    /// The table of CSV where that is not the first of the view, and where to find what it leaves
    /// out: CSV is one table, that of the items.
    fn csv(&self) -> Option<(Table, Option<&'static str>)> {
        None
    }

    /// What must be known to read the numbers rightly: truncated, sampled, stale, partial.
    fn notes(&self) -> &[String];
}

/// How a report reaches a pipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Tab-separated and complete.
    List,
    /// The layout of the terminal, without colour.
    Human,
}

/// What a report is about; printed with every JSON report.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Scope {
    /// The bench directory, absent for plain RQ.
    pub bench: Option<String>,
    /// The prefix of this bench's queues, absent for plain RQ and v13.
    pub bench_id: Option<String>,
    /// The Redis that was read, without credentials.
    pub redis: Option<String>,
    /// The selected sites; `None` means all of them.
    pub sites: Option<Vec<String>>,
}

/// What a piece of text means. The renderer maps it to a colour; the words carry it without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Ordinary text.
    #[default]
    Plain,
    /// A heading or a name that stands out.
    Strong,
    /// Secondary text.
    Dim,
    /// Healthy, finished, alive.
    Good,
    /// A warning.
    Warn,
    /// Critical, failed.
    Bad,
    /// A queued job (yellow).
    Queued,
    /// A started job or a busy worker (blue).
    Started,
    /// A retried, scheduled or deferred job (orange).
    Waiting,
    /// A command to paste.
    Command,
}

/// One piece of text with its meaning.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// The text, not yet sanitized.
    pub text: String,
    /// What it means.
    pub role: Role,
    /// The same for programs, where it differs: plain text and CSV print a count without
    /// separators.
    pub raw: Option<String>,
}

impl Cell {
    /// Makes a cell of `text` that means `role`.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role, raw: None }
    }

    /// Makes a cell of a count that stands out when it is not 0; `?` where it could not be read.
    pub fn count(count: Option<u64>, role: Role) -> Self {
        match count {
            None => Self::new("?", Role::Warn),
            Some(0) => Self::new("0", Role::Dim),
            Some(n) => Self { text: human::count(n), role, raw: Some(n.to_string()) },
        }
    }

    /// The text for programs.
    pub fn for_programs(&self) -> &str {
        self.raw.as_deref().unwrap_or(&self.text)
    }

    /// The same for a value that is a name: a field would break its text at newlines.
    #[must_use]
    pub fn in_one_line(mut self) -> Self {
        if self.text.contains('\n') {
            self.text = self.text.replace('\n', "\\n");
        }
        self
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Role::Plain)
    }
}

/// Which side of its column a cell stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// Names and words.
    #[default]
    Left,
    /// Numbers and ages.
    Right,
}

/// One column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    /// The heading, in capitals, without the need of a unit.
    pub title: &'static str,
    /// Which side its cells stand on.
    pub align: Align,
    /// Only shown by `wide`, plain and CSV.
    pub wide: bool,
    /// May be cut short with `…` where the terminal is narrow.
    pub flexible: bool,
    /// Goes on in further lines where the terminal is narrow: it says nothing when it is cut.
    pub wraps: bool,
    /// The heading for programs, where it differs: with the unit that people see in each cell.
    pub raw_title: Option<&'static str>,
}

impl Column {
    /// A column of names.
    pub const fn left(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Left,
            wide: false,
            flexible: false,
            wraps: false,
            raw_title: None,
        }
    }

    /// A column of numbers or ages.
    pub const fn right(title: &'static str) -> Self {
        Self {
            title,
            align: Align::Right,
            wide: false,
            flexible: false,
            wraps: false,
            raw_title: None,
        }
    }

    /// The same column, only shown where there is room for everything.
    #[must_use]
    pub const fn wide(mut self) -> Self {
        self.wide = true;
        self
    }

    /// The same column, which plain text and CSV give another heading: such as `MEAN_MS`, where people
    /// see `1.2s` and programs get the number.
    #[must_use]
    pub const fn for_programs(mut self, title: &'static str) -> Self {
        self.raw_title = Some(title);
        self
    }

    /// The heading for programs.
    pub fn program_title(&self) -> &'static str {
        self.raw_title.unwrap_or(self.title)
    }

    /// The same column, which may be cut short on a narrow terminal.
    #[must_use]
    pub const fn flexible(mut self) -> Self {
        self.flexible = true;
        self
    }

    /// The same column, which goes on in further lines on a narrow terminal.
    #[must_use]
    pub const fn wraps(mut self) -> Self {
        self.wraps = true;
        self
    }
}

/// Rows under named columns.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The columns, in order.
    pub columns: Vec<Column>,
    /// The rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
    /// Said instead of an empty table on a terminal.
    pub when_empty: &'static str,
    /// Rows that `table` shows; of the others it says how many there are.
    pub most: Option<usize>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(columns: Vec<Column>, when_empty: &'static str) -> Self {
        Self { columns, rows: Vec::new(), when_empty, most: None }
    }

    /// The same table, of which a terminal shows no more than `rows`; every other format has all.
    #[must_use]
    pub const fn most(mut self, rows: usize) -> Self {
        self.most = Some(rows);
        self
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }
}

/// One part of a laid out report.
#[derive(Debug, Clone)]
pub enum Block {
    /// The verdict, what it counts, and where it was measured (set to the right).
    Headline {
        /// The verdict's word.
        verdict: Cell,
        /// What it counts.
        text: String,
        /// Where and how fast it was measured.
        aside: String,
    },
    /// Something that is wrong: mark, statement, evidence below it, then commands to paste.
    Finding {
        /// Says how bad it is.
        role: Role,
        /// The same as a sign in front of the line.
        mark: char,
        /// The statement.
        what: String,
        /// A figure set to the right, such as an age.
        aside: Option<String>,
        /// What it was concluded from, a line each.
        evidence: Vec<String>,
        /// Commands to paste, a line each.
        fixes: Vec<String>,
    },
    /// Rows under columns. The first table of a report is the one that CSV prints, unless it has
    /// another for it ([`Report::csv`]).
    Table(Table),
    /// Labels and values, one below the other. A value of several lines is indented.
    Fields(Vec<(String, Cell)>),
    /// A heading above what follows.
    Heading(String),
    /// Text kept as it is, line by line.
    Text(Cell),
}

/// A laid out report.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The parts, in order; an empty line goes between two parts.
    pub blocks: Vec<Block>,
    /// The zone in which instants are written.
    pub zone: Zone,
}

impl View {
    /// Adds a part.
    pub fn push(&mut self, block: Block) {
        self.blocks.push(block);
    }
}
