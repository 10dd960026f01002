//! What keeps a scheduled job type from being due, and what else stands still with it.

use std::fmt;

use jiff::civil::DateTime;

use crate::bench::Family;
use crate::schedule::cron::{CronError, Field};

/// The column that a type's next time counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseColumn {
    /// When it last started.
    LastExecution,
    /// When the row was made: the type has not run yet.
    Creation,
}

impl BaseColumn {
    /// The column's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LastExecution => "last_execution",
            Self::Creation => "creation",
        }
    }
}

/// Something wrong with a type, or with the rules of its site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// `scheduler_interval` is no number, which Frappe divides by 60 for each type.
    IntervalNotNumber,
    /// A frequency that this Frappe does not know.
    UnknownFrequency(String),
    /// The frequency Cron without an expression.
    NoExpression,
    /// An expression that croniter refuses.
    BadExpression {
        /// The expression.
        expression: String,
        /// What is wrong with it.
        error: CronError,
    },
    /// An expression that matches no date.
    NeverMatches {
        /// The expression.
        expression: String,
    },
    /// An expression that croniter draws at random, so that its next time cannot be told.
    Random {
        /// The expression.
        expression: String,
        /// The first such field.
        field: Field,
    },
    /// Neither a last run nor a creation: Frappe counts from the present, which never is past.
    NoBase,
    /// It counts from a time that the site's clock has not reached: a changed clock or time zone,
    /// or the repeated hour when summer time ends.
    FutureBase {
        /// The time.
        base: DateTime,
        /// Where it stands.
        column: BaseColumn,
    },
}

/// What is not enqueued because of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: its times just cannot be told.
    Unpredictable,
    /// The type itself.
    ThisType,
    /// The type, and at every round those that the scheduler would have looked at after it.
    RestOfRound,
    /// Every type of the site.
    WholeSite,
}

impl Problem {
    /// A short word for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IntervalNotNumber => "interval-not-a-number",
            Self::UnknownFrequency(_) => "unknown-frequency",
            Self::NoExpression => "no-cron-format",
            Self::BadExpression { .. } => "bad-cron",
            Self::NeverMatches { .. } => "impossible-cron",
            Self::Random { .. } => "random-cron",
            Self::NoBase => "no-base-time",
            Self::FutureBase { .. } => "base-in-future",
        }
    }

    /// Whether the type is never due because of it.
    pub const fn holds_back(&self) -> bool {
        !matches!(self, Self::Random { .. } | Self::FutureBase { .. })
    }

    /// What stands still. From v14 on the scheduler catches what croniter refuses
    /// (`CroniterBadCronError`), and nothing else.
    pub(super) const fn effect(&self, family: Family) -> Effect {
        match self {
            Self::IntervalNotNumber => Effect::WholeSite,
            Self::Random { .. } => Effect::Unpredictable,
            Self::NoBase | Self::FutureBase { .. } => Effect::ThisType,
            Self::BadExpression { .. } if !matches!(family, Family::V13) => Effect::ThisType,
            Self::BadExpression { .. }
            | Self::UnknownFrequency(_)
            | Self::NoExpression
            | Self::NeverMatches { .. } => Effect::RestOfRound,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IntervalNotNumber => f.write_str("`scheduler_interval` is not a number"),
            Self::UnknownFrequency(frequency) => write!(f, "no frequency is called `{frequency}`"),
            Self::NoExpression => f.write_str("the frequency is Cron, and `cron_format` is empty"),
            Self::BadExpression { expression, error } => {
                write!(f, "cannot read `{expression}`: {error}")
            }
            Self::NeverMatches { expression } => {
                write!(f, "`{expression}` matches no date within 50 years")
            }
            Self::Random { expression, field } => {
                write!(f, "`{expression}` draws the {field} at random")
            }
            Self::NoBase => f.write_str("it has neither `last_execution` nor `creation`"),
            Self::FutureBase { base, column } => {
                let base = base.strftime("%Y-%m-%d %H:%M:%S");
                write!(f, "`{}` is in the future: {base}", column.name())
            }
        }
    }
}

impl Effect {
    /// In words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Unpredictable => "its next time cannot be told",
            Self::ThisType => "it is not enqueued",
            Self::RestOfRound => {
                "it is not enqueued, and neither are the types that come after it in a round"
            }
            Self::WholeSite => "nothing of the site is enqueued",
        }
    }
}
