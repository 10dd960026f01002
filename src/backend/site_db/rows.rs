//! What a query gave: named columns of text, read by type.
//!
//! All three engines hand over text, so that a column that another version declares differently
//! reads the same. Text that is not of the type asked for counts as absent: rows are written by
//! anything, and one odd cell must not hide the others.

use jiff::civil::DateTime;

use crate::bench::config::integer;

/// The rows of one query, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    columns: Vec<String>,
    rows: Vec<Vec<Option<String>>>,
}

impl Rows {
    /// No rows, of these columns.
    pub(super) fn of(columns: Vec<String>) -> Self {
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row, whose cells are in the order of the columns.
    pub(super) fn push(&mut self, cells: Vec<Option<String>>) {
        self.rows.push(cells);
    }

    /// The rows.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { columns: &self.columns, cells })
    }

    /// The first row.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// One row.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    columns: &'a [String],
    cells: &'a [Option<String>],
}

impl<'a> Row<'a> {
    /// The text under `column`; `None` for NULL, and where there is no such column.
    pub fn text(&self, column: &str) -> Option<&'a str> {
        let index = self.columns.iter().position(|name| name == column)?;
        self.cells.get(index)?.as_deref()
    }

    /// The text under `column`, where it is not empty.
    pub fn filled(&self, column: &str) -> Option<&'a str> {
        self.text(column).filter(|text| !text.is_empty())
    }

    /// The integer under `column`, read as Frappe's `cint` does.
    pub fn int(&self, column: &str) -> Option<i64> {
        integer(&serde_json::Value::from(self.text(column)?))
    }

    /// The count under `column`; 0 where there is none.
    pub fn count(&self, column: &str) -> u64 {
        self.int(column).and_then(|count| u64::try_from(count).ok()).unwrap_or(0)
    }

    /// The number under `column`.
    pub fn real(&self, column: &str) -> Option<f64> {
        self.text(column)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// The moment under `column`, in the site's time zone; MariaDB's zero date is none.
    pub fn time(&self, column: &str) -> Option<DateTime> {
        self.text(column)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_reads_by_type_and_takes_odd_cells_for_absent() {
        let columns = ["a", "t", "zero", "odd"].map(str::to_owned).to_vec();
        let mut rows = Rows::of(columns);
        let cells = ["1.0", "2026-01-02 03:04:05.000006", "0000-00-00 00:00:00.000000", "soon"];
        rows.push(cells.map(|cell| Some(cell.to_owned())).to_vec());
        let row = rows.first().unwrap();
        assert_eq!(row.int("a"), Some(1));
        assert_eq!(row.time("t"), Some(jiff::civil::date(2026, 1, 2).at(3, 4, 5, 6000)));
        assert_eq!((row.time("zero"), row.time("odd"), row.int("odd")), (None, None, None));
        assert_eq!(row.text("nowhere"), None);
    }
}
