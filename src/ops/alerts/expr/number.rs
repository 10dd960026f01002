//! Numbers with units, and what may be compared with what.

use std::fmt;

use crate::human;

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The digits.
    pub digits: f64,
    /// What stands behind them.
    pub unit: Unit,
}

/// What stands behind the digits. Small letters are times, capitals are sizes: `5m` are minutes,
/// `5M` mebibytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Unit {
    None,
    Percent,
    Milliseconds,
    Seconds,
    Minutes,
    Hours,
    Days,
    Kibibytes,
    Mebibytes,
    Gibibytes,
    Tebibytes,
    PerHour,
}

impl Unit {
    pub(super) const ALL: [Self; 12] = [
        Self::None,
        Self::Percent,
        Self::Milliseconds,
        Self::Seconds,
        Self::Minutes,
        Self::Hours,
        Self::Days,
        Self::Kibibytes,
        Self::Mebibytes,
        Self::Gibibytes,
        Self::Tebibytes,
        Self::PerHour,
    ];

    /// How it is written.
    pub(super) const fn sign(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Percent => "%",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Minutes => "m",
            Self::Hours => "h",
            Self::Days => "d",
            Self::Kibibytes => "K",
            Self::Mebibytes => "M",
            Self::Gibibytes => "G",
            Self::Tebibytes => "T",
            Self::PerHour => "/h",
        }
    }

    /// The unit that is written so; `MiB` and `MB` are `M`.
    pub(super) fn of(sign: &str) -> Option<Self> {
        let short = sign.strip_suffix("iB").or_else(|| sign.strip_suffix('B')).unwrap_or(sign);
        let unit = Self::ALL.into_iter().find(|unit| unit.sign() == short)?;
        let is_plain = short.len() == sign.len();
        (is_plain || unit.dimension() == Dimension::Bytes).then_some(unit)
    }

    /// What it measures; a bare number counts.
    pub const fn dimension(self) -> Dimension {
        match self {
            Self::None => Dimension::Count,
            Self::Percent => Dimension::Share,
            Self::Milliseconds | Self::Seconds | Self::Minutes | Self::Hours | Self::Days => {
                Dimension::Seconds
            }
            Self::Kibibytes | Self::Mebibytes | Self::Gibibytes | Self::Tebibytes => {
                Dimension::Bytes
            }
            Self::PerHour => Dimension::PerHour,
        }
    }
}

impl Number {
    /// The number in the base of its dimension: seconds, bytes, a share of 1.
    pub fn value(self) -> f64 {
        // Dividing keeps 7 % what 7 of 100 are; multiplying by 0.07 does not.
        match self.unit {
            Unit::None | Unit::Seconds | Unit::PerHour => self.digits,
            Unit::Percent => self.digits / 100.0,
            Unit::Milliseconds => self.digits / 1_000.0,
            Unit::Minutes => self.digits * 60.0,
            Unit::Hours => self.digits * 3_600.0,
            Unit::Days => self.digits * 86_400.0,
            Unit::Kibibytes => self.digits * 1_024.0,
            Unit::Mebibytes => self.digits * 1_048_576.0,
            Unit::Gibibytes => self.digits * 1_073_741_824.0,
            Unit::Tebibytes => self.digits * 1_099_511_627_776.0,
        }
    }

    /// Why it cannot be compared with something of `dimension`; `None` where it can. A bare number
    /// is in the base of the other side, but for shares, where 5 would be taken for 5 %.
    pub(super) fn misfit(self, dimension: Dimension, name: &str) -> Option<String> {
        if self.unit == Unit::None {
            let is_odd = dimension == Dimension::Share && self.digits > 1.0;
            return is_odd.then(|| {
                format!("`{name}` is a share of 1: for {0} percent write {0} %", self.digits)
            });
        }
        (self.unit.dimension() != dimension)
            .then(|| format!("`{name}` is {}, `{self}` is {}", dimension, self.unit.dimension()))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.unit == Unit::Percent { " " } else { "" };
        write!(f, "{}{space}{}", self.digits, self.unit.sign())
    }
}

/// What a number measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// How many.
    Count,
    /// A part of 1.
    Share,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// How many within an hour.
    PerHour,
}

impl Dimension {
    /// A value for people: `4.2%`, `12m 08s`, `1.4 GiB`, `1,204`.
    pub fn in_words(self, value: f64) -> String {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast of a float saturates, which is right for counts and sizes"
        )]
        let whole = value.round() as u64;
        match self {
            Self::Share => human::percent(value),
            Self::Seconds => human::age(value),
            Self::Bytes => human::bytes(whole),
            Self::PerHour => format!("{}/h", human::count(whole)),
            Self::Count if value >= 0.0 && value.fract().abs() < f64::EPSILON => {
                human::count(whole)
            }
            Self::Count => format!("{value:.2}"),
        }
    }

    /// The unit as JSON names it.
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::Share => "ratio",
            Self::Seconds => "s",
            Self::Bytes => "bytes",
            Self::PerHour => "per_hour",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "a count",
            Self::Share => "a share",
            Self::Seconds => "a time",
            Self::Bytes => "a size",
            Self::PerHour => "a rate",
        })
    }
}
