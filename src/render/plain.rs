//! Tab-separated text for `cut`, `awk` and `while read`: complete, uncut, without colour.
//!
//! A table is a heading row and one line per row, wide columns included. In a field a tab is `\t`,
//! a newline `\n`, a backslash `\\`, so that each row has the same number of tabs whatever a name
//! holds; other control characters are escaped as well. Other blocks are fields too, one line each.

use std::io::{self, Write};

use crate::report::{Block, Cell, Column, View};
use crate::sanitize;

/// Writes all of `view`, with an empty line between two blocks of different kinds.
pub fn write(view: &View, out: &mut dyn Write) -> io::Result<()> {
    let mut previous: Option<&Block> = None;
    for block in &view.blocks {
        match (previous, block) {
            (None | Some(Block::Heading(_)), _)
            | (Some(Block::Finding { .. }), Block::Finding { .. }) => {}
            _ => out.write_all(b"\n")?,
        }
        self::block(block, out)?;
        previous = Some(block);
    }
    Ok(())
}

fn block(block: &Block, out: &mut dyn Write) -> io::Result<()> {
    match block {
        Block::Headline { verdict, text, aside } => line([&verdict.text, text, aside], out),
        Block::Finding { mark, what, aside, evidence, fixes, .. } => {
            let mark = mark.to_string();
            let (evidence, fixes) = (evidence.join("; "), fixes.join("; "));
            line([mark.as_str(), what, aside.as_deref().unwrap_or(""), &evidence, &fixes], out)
        }
        Block::Table(table) => {
            heading(&table.columns, out)?;
            table.rows.iter().try_for_each(|cells| row(cells, table.columns.len(), out))
        }
        Block::Fields(fields) => {
            fields.iter().try_for_each(|(label, value)| line([label, value.for_programs()], out))
        }
        Block::Heading(text) => line([text], out),
        Block::Text(cell) => {
            out.write_all(sanitize::text(cell.text.trim_end_matches('\n')).as_bytes())?;
            out.write_all(b"\n")
        }
    }
}

/// Writes the heading row.
pub(crate) fn heading(columns: &[Column], out: &mut dyn Write) -> io::Result<()> {
    line(columns.iter().map(Column::program_title), out)
}

/// Writes one row of exactly `columns` fields.
pub(crate) fn row(cells: &[Cell], columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let cells = cells.iter().map(Cell::for_programs);
    line(cells.chain(std::iter::repeat("")).take(columns), out)
}

fn line<T: AsRef<str>>(fields: impl IntoIterator<Item = T>, out: &mut dyn Write) -> io::Result<()> {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.write_all(b"\t")?;
        }
        out.write_all(sanitize::field(field.as_ref()).as_bytes())?;
    }
    out.write_all(b"\n")
}
