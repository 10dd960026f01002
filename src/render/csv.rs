//! CSV of one table, for spreadsheets. Source: RFC 4180 (CRLF, quotes doubled, a heading row).
//!
//! Spreadsheets run what begins with `=`, `+`, `-` or `@` as a formula, and names in a queue are
//! chosen by others. Such a field gets an apostrophe in front, unless it is a number or a lone
//! sign; whoever needs the exact text takes JSON. Control characters other than tab and newline
//! are escaped as everywhere.

use std::io::{self, Write};

use crate::report::{Block, Cell, Column, Table, View};
use crate::sanitize;

/// The table that CSV shows of a view: its first.
pub fn table_of(view: &View) -> Option<&Table> {
    view.blocks.iter().find_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    })
}

/// Writes `table` with every column, the wide ones included.
pub fn write(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    heading(&table.columns, out)?;
    table.rows.iter().try_for_each(|cells| row(cells, table.columns.len(), out))
}

/// Writes the heading record.
pub(crate) fn heading(columns: &[Column], out: &mut dyn Write) -> io::Result<()> {
    record(columns.iter().map(Column::program_title), out)
}

/// Writes one record of exactly `columns` fields.
pub(crate) fn row(cells: &[Cell], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let cells = cells.iter().map(Cell::for_programs);
    record(cells.chain(std::iter::repeat("")).take(columns), out)
}

fn record<'a>(fields: impl Iterator<Item = &'a str>, out: &mut dyn Write) -> io::Result<()> {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        self::field(field, out)?;
    }
    out.write_all(b"\r\n")
}

fn field(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = sanitize::csv(text);
    let guard = if is_formula(&text) { "'" } else { "" };
    if text.contains([',', '"', '\n', '\t']) || text.starts_with(' ') || text.ends_with(' ') {
        write!(out, "\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, "{guard}{text}")
    }
}

/// Whether a spreadsheet would compute `text`. A tab or a newline in front is skipped by some.
pub(crate) fn is_formula(text: &str) -> bool {
    let text = text.trim_start_matches(['\t', '\n', ' ']);
    text.len() > 1 && text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err()
}
