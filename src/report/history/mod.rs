//! The reports of `history`.

pub mod forecast;
pub mod peaks;
pub mod record;
pub mod show;
pub mod trend;

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Role};
use crate::human::{self, Zone};

/// Columns of the longest bar, which no terminal cuts: half a bar would say something else.
const BAR_COLUMNS: f64 = 10.0;

/// Parts of a column that a bar can be long, shortest first.
const PARTS: [char; 7] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/// What the figures are from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Source {
    /// The file.
    pub file: String,
    /// Bytes of it.
    pub bytes: u64,
    /// The zone whose hours and days the figures are of.
    pub zone: Option<String>,
    /// Seconds between two samples, as last recorded; `null` where each was asked for by itself.
    pub every_s: Option<f64>,
    /// When the first figures begin.
    pub first_at: Option<Timestamp>,
    /// When the last sample was taken.
    pub last_at: Option<Timestamp>,
    /// Hours of which something is known.
    pub hours: u64,
    /// Days of which something is known.
    pub days: u64,
}

impl Source {
    /// The same in a line or two: from when to when, how large.
    fn block(&self, zone: &Zone) -> Block {
        let at =
            |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| human::time(at, zone));
        let text = format!(
            "{} to {} · {} of data · {}",
            at(self.first_at),
            at(self.last_at),
            human::counted(self.days, "day"),
            human::bytes(self.bytes)
        );
        Block::Fields(vec![("recorded".to_owned(), Cell::new(text, Role::Dim))])
    }
}

/// A bar as long as a value beside the largest one; nothing for nothing.
fn bar(value: f64, largest: f64, role: Role) -> Cell {
    if value <= 0.0 || largest <= 0.0 {
        return Cell::default();
    }
    let columns = (value / largest * BAR_COLUMNS).min(BAR_COLUMNS);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 10")]
    let (full, eighths) = (columns as usize, (columns.fract() * 8.0) as usize);
    let mut text = "█".repeat(full);
    if let Some(part) = eighths.checked_sub(1).and_then(|at| PARTS.get(at)) {
        text.push(*part);
    }
    if text.is_empty() {
        text.push(PARTS[0]);
    }
    Cell::new(text, role)
}

/// A mean: with a decimal below ten; nothing where it is not known.
fn number(value: Option<f64>) -> Cell {
    let Some(value) = value else { return Cell::default() };
    let text = if value.abs() < 9.95 {
        format!("{value:.1}")
    } else {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "above 9, and the cast saturates"
        )]
        let whole = human::count(value.abs().round() as u64);
        if value < 0.0 { format!("-{whole}") } else { whole }
    };
    Cell { raw: Some(format!("{value:.3}")), ..text.into() }
}

/// A count that may not be known.
fn count(count: Option<u64>) -> Cell {
    count.map_or_else(Cell::default, |count| Cell {
        raw: Some(count.to_string()),
        ..human::count(count).into()
    })
}

/// A length of time in seconds that may not be known.
fn age(seconds: Option<u64>) -> Cell {
    seconds.map_or_else(Cell::default, |s| Cell {
        raw: Some(s.to_string()),
        ..human::age(s as f64).into()
    })
}

/// So many bytes.
fn bytes(bytes: u64) -> Cell {
    Cell { raw: Some(bytes.to_string()), ..human::bytes(bytes).into() }
}

/// A share that failed: red from the usual limit of 5 % on.
fn failure_rate(rate: Option<f64>) -> Cell {
    let Some(rate) = rate else { return Cell::default() };
    let role = match rate {
        _ if rate >= 0.05 => Role::Bad,
        _ if rate > 0.0 => Role::Warn,
        _ => Role::Dim,
    };
    Cell { raw: Some(format!("{rate:.4}")), ..Cell::new(human::percent(rate), role) }
}

/// Jobs that failed: red, unless there are none.
fn failed(failed: u64) -> Cell {
    Cell::count(Some(failed), if failed > 0 { Role::Bad } else { Role::Dim })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bar_is_as_long_as_its_share_and_never_empty() {
        let text = |value, largest| bar(value, largest, Role::Plain).text;
        assert_eq!(text(0.0, 5.0), "");
        assert_eq!(text(1.0, 0.0), "");
        assert_eq!(text(5.0, 5.0), "█".repeat(10));
        assert_eq!(text(0.001, 5.0), "▏");
        assert_eq!(text(1.5, 20.0), "▊");
        assert_eq!(text(9.0, 5.0).chars().count(), 10);
    }

    #[test]
    fn number_has_a_decimal_only_below_ten() {
        let text = |value| number(value).text;
        assert_eq!((text(None), text(Some(0.26))), (String::new(), "0.3".to_owned()));
        assert_eq!((text(Some(1234.5)), text(Some(-12.0))), ("1,235".to_owned(), "-12".to_owned()));
    }
}
