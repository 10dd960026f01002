//! What can be wrong with a cron expression, in words.

use std::fmt;

use super::Field;

/// An expression that croniter refuses: where, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronError {
    /// The field; `None` where the expression as a whole is wrong.
    pub field: Option<Field>,
    /// The part that is wrong, in lower case; empty where it is the whole expression.
    pub part: String,
    /// What is wrong with it.
    pub fault: CronFault,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CronFault {
    /// Longer than is looked at; bytes.
    TooLong(usize),
    /// Characters beyond ASCII.
    NotAscii,
    /// Too few or too many fields.
    FieldCount {
        /// How many there are.
        found: usize,
        /// Up to how many there may be.
        most: usize,
    },
    /// A word with `@` that stands for no expression.
    UnknownAlias,
    /// Nothing before or after a comma.
    Empty,
    /// No number, range, step or name.
    Unreadable,
    /// Not between these.
    OutOfRange {
        /// The smallest.
        min: u16,
        /// The largest.
        max: u16,
    },
    /// Less than nothing.
    Negative,
    /// A step of 0.
    ZeroStep,
    /// A range that ends before it starts; croniter 6.0 lets it wrap.
    Backwards,
    /// `?` in a dialect without it.
    QuestionMark,
    /// `?` beside other characters, or in a field without days.
    MisplacedQuestionMark,
    /// `h`, which needs an id that Frappe does not give.
    Hash,
    /// `#` and something other than 1 to 5.
    Occurrence,
    /// `#` or `l` beside plain weekdays.
    MixedOccurrence,
}

impl CronError {
    pub(super) fn whole(fault: CronFault) -> Self {
        Self { field: None, part: String::new(), fault }
    }

    pub(super) fn at(field: Field, part: &str, fault: CronFault) -> Self {
        Self { field: Some(field), part: part.to_owned(), fault }
    }
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(f, "the {field} `{}` {}", self.part, self.fault),
            None => write!(f, "the expression {}", self.fault),
        }
    }
}

impl std::error::Error for CronError {}

impl fmt::Display for CronFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(bytes) => {
                write!(f, "has {bytes} characters, more than {}", super::MAX_LENGTH)
            }
            Self::NotAscii => f.write_str("has characters beyond ASCII"),
            Self::FieldCount { found, most } => {
                let fields = if *found == 1 { "field" } else { "fields" };
                write!(f, "has {found} {fields}, not 5 to {most}")
            }
            Self::UnknownAlias => f.write_str("starts with `@` and stands for nothing"),
            Self::Empty => f.write_str("has nothing before or after a comma"),
            Self::Unreadable => f.write_str("is no number, name, range or step"),
            Self::OutOfRange { min, max } => write!(f, "is not between {min} and {max}"),
            Self::Negative => f.write_str("is negative"),
            Self::ZeroStep => f.write_str("has a step of 0"),
            Self::Backwards => f.write_str("ends before it starts"),
            Self::QuestionMark => f.write_str("has a `?`, which this croniter does not know"),
            Self::MisplacedQuestionMark => {
                f.write_str("has a `?`, which only stands alone, for a day")
            }
            Self::Hash => f.write_str("has an `h`, which needs an id that Frappe does not give"),
            Self::Occurrence => f.write_str("has something other than 1 to 5 after `#`"),
            Self::MixedOccurrence => f.write_str("has plain weekdays beside `#` or `l`"),
        }
    }
}

/// Why an expression that parses has no next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTime {
    /// No such date within the fifty years that croniter looks through, or within the calendar.
    Never,
    /// A field is drawn at random.
    Random(Field),
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => write!(f, "no such date within {} years", super::search::MAX_YEARS),
            Self::Random(field) => write!(f, "the {field} is drawn at random"),
        }
    }
}

impl std::error::Error for NoTime {}
