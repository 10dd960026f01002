//! The language of conditions: what it can say ([`Expr`]), how it is read, and how it is evaluated.
//!
//! ```text
//! condition  = and { "or" and }
//! and        = term { "and" term }
//! term       = "not" term | "(" condition ")" | comparison | check
//! comparison = value ( ">" | ">=" | "<" | "<=" | "==" | "!=" ) ( number | "threshold" )
//! value      = selection | ( "max" | "min" | "sum" | "avg" | "count" ) "(" selection ")"
//! selection  = NAME [ "{" LABEL ( "=" | "!=" ) STRING { "," … } "}" ] [ "[" TIME "]" ]
//! check      = "check" "(" STRING ")" [ ( ">=" | ">" | "<" | "<=" | "==" | "!=" ) severity ]
//! number     = DIGITS [ "%" | "ms" | "s" | "m" | "h" | "d" | "K" | "M" | "G" | "T" | "/h" ]
//! severity   = "none" | "info" | "warning" | "critical"
//! ```
//!
//! A comparison of several samples holds where it holds for one of them. What an expression prints
//! is read as the same expression again.

mod eval;
mod lexer;
mod number;
mod parse;
#[cfg(test)]
mod tests;
mod vocabulary;

use std::fmt;

use crate::model::health::Severity;
pub use eval::{Evidence, Examined, Judgement, Lack, LackSort, Sample, Scene, Series, Truth};
pub use number::{Dimension, Number, Unit};
pub(super) use parse::number;
pub use parse::{Wrong, parse};
pub use vocabulary::is_windowed;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// One of both holds.
    Or(Box<Expr>, Box<Expr>),
    /// Both hold.
    And(Box<Expr>, Box<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// A number compared with a bound.
    Compare {
        /// The number.
        value: Value,
        /// How it is compared.
        op: Op,
        /// The bound.
        bound: Bound,
    },
    /// The worst finding of a check compared with a severity.
    Check {
        /// A gate of `health`, a family of gates, or a check of the doctor.
        name: String,
        /// How it is compared.
        op: Op,
        /// The severity; `None` for no finding at all.
        severity: Option<Severity>,
    },
}

/// How two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Op {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

impl Op {
    /// Whether the comparison holds.
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }

    /// Whether more brings it closer to holding.
    const fn wants_more(self) -> bool {
        !matches!(self, Self::Less | Self::LessOrEqual)
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }
}

/// The number of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// What the samples are made into; `None` compares each.
    pub aggregate: Option<Aggregate>,
    /// The samples.
    pub of: Selection,
}

/// What several samples are made into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Aggregate {
    Max,
    Min,
    Sum,
    Avg,
    Count,
}

impl Aggregate {
    const ALL: [Self; 5] = [Self::Max, Self::Min, Self::Sum, Self::Avg, Self::Count];

    const fn word(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Min => "min",
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Count => "count",
        }
    }
}

/// Samples of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// A metric or a quantity.
    pub name: String,
    /// What their labels must be.
    pub matchers: Vec<Matcher>,
    /// The seconds over which they are taken, where the condition says so itself.
    pub window_s: Option<u64>,
}

/// What a label must be, or must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label.
    pub label: String,
    /// Its value.
    pub value: String,
    /// Whether it must differ.
    pub negated: bool,
}

/// What a number is compared with.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    /// A number of the condition.
    Number(Number),
    /// The `threshold` of the rule.
    Threshold,
}

impl Expr {
    /// Calls `visit` for each selection.
    pub fn selections(&self, visit: &mut dyn FnMut(&Selection)) {
        match self {
            Self::Or(left, right) | Self::And(left, right) => {
                left.selections(visit);
                right.selections(visit);
            }
            Self::Not(inner) => inner.selections(visit),
            Self::Compare { value, .. } => visit(&value.of),
            Self::Check { .. } => {}
        }
    }

    /// Whether the rule's `threshold` is a part of it.
    pub fn uses_threshold(&self) -> bool {
        match self {
            Self::Or(left, right) | Self::And(left, right) => {
                left.uses_threshold() || right.uses_threshold()
            }
            Self::Not(inner) => inner.uses_threshold(),
            Self::Compare { bound, .. } => *bound == Bound::Threshold,
            Self::Check { .. } => false,
        }
    }

    /// The same with a number in place of `threshold`.
    #[must_use]
    pub fn filled(&self, number: Number) -> Self {
        let again = |inner: &Self| Box::new(inner.filled(number));
        match self {
            Self::Or(left, right) => Self::Or(again(left), again(right)),
            Self::And(left, right) => Self::And(again(left), again(right)),
            Self::Not(inner) => Self::Not(again(inner)),
            Self::Compare { value, op, bound: Bound::Threshold } => {
                Self::Compare { value: value.clone(), op: *op, bound: Bound::Number(number) }
            }
            Self::Compare { .. } | Self::Check { .. } => self.clone(),
        }
    }

    /// How tightly it binds, for the parentheses around it.
    const fn rank(&self) -> u8 {
        match self {
            Self::Or(..) => 0,
            Self::And(..) => 1,
            Self::Not(_) => 2,
            Self::Compare { .. } | Self::Check { .. } => 3,
        }
    }

    fn print(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.rank() < least {
            f.write_str("(")?;
            self.print(f, 0)?;
            return f.write_str(")");
        }
        match self {
            // Both chains lean to the left, so the right side needs the next rank.
            Self::Or(left, right) => {
                left.print(f, 0)?;
                f.write_str(" or ")?;
                right.print(f, 1)
            }
            Self::And(left, right) => {
                left.print(f, 1)?;
                f.write_str(" and ")?;
                right.print(f, 2)
            }
            Self::Not(inner) => {
                f.write_str("not ")?;
                inner.print(f, 2)
            }
            Self::Compare { value, op, bound } => {
                write!(f, "{value} {} ", op.sign())?;
                match bound {
                    Bound::Number(number) => write!(f, "{number}"),
                    Bound::Threshold => f.write_str("threshold"),
                }
            }
            Self::Check { name, op, severity } => {
                let severity = severity_word(*severity);
                write!(f, "check({}) {} {severity}", Quoted(name), op.sign())
            }
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.print(f, 0)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.aggregate {
            Some(aggregate) => write!(f, "{}({})", aggregate.word(), self.of),
            None => write!(f, "{}", self.of),
        }
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (at, matcher) in self.matchers.iter().enumerate() {
            let (before, sign) =
                (if at == 0 { "{" } else { "," }, if matcher.negated { "!=" } else { "=" });
            write!(f, "{before}{}{sign}{}", matcher.label, Quoted(&matcher.value))?;
        }
        if !self.matchers.is_empty() {
            f.write_str("}")?;
        }
        self.window_s.map_or(Ok(()), |seconds| write!(f, "[{seconds}s]"))
    }
}

/// The word of a severity; `none` for no finding.
pub fn severity_word(severity: Option<Severity>) -> &'static str {
    severity.map_or("none", Severity::word)
}

/// A text as the language writes it.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}
