//! Lists without an end: each row is written as it comes, in every format but the tables.
//!
//! JSON has the same bytes as a report written at once ([`json::write`]), so that a command may
//! stream or not without anybody noticing. The tables must see all rows before they know a width:
//! they collect, and whoever feeds them bounds the number of rows.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::{Format, Page, csv, json, plain, table};
use crate::report::{Cell, Column, Scope, Table};

/// What a streamed list is made of.
#[derive(Debug, Clone)]
pub struct ListSpec {
    /// Name and version of the JSON form, as [`Report::SCHEMA`](crate::report::Report::SCHEMA).
    pub schema: &'static str,
    /// The field of `data` that holds the items.
    pub items: &'static str,
    /// The columns of the table.
    pub columns: Vec<Column>,
    /// Said instead of an empty table on a terminal.
    pub when_empty: &'static str,
}

/// Writes a list in one format, item by item: [`begin`](Self::begin), rows, [`end`](Self::end).
#[derive(Debug)]
pub struct ListEncoder {
    form: Form,
    table: Table,
    rows: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Table,
    Plain,
    Csv,
    Jsonl,
    Json { pretty: bool },
}

impl ListEncoder {
    /// Writes what stands before the first item.
    pub fn begin(
        format: Format,
        pretty: bool,
        spec: ListSpec,
        scope: &Scope,
        out: &mut dyn Write,
    ) -> io::Result<Self> {
        let form = match format {
            Format::Table | Format::Wide => Form::Table,
            Format::Plain => Form::Plain,
            Format::Csv => Form::Csv,
            Format::Jsonl => Form::Jsonl,
            Format::Json => Form::Json { pretty },
        };
        match form {
            Form::Plain => plain::heading(&spec.columns, out)?,
            Form::Csv => csv::heading(&spec.columns, out)?,
            Form::Table | Form::Jsonl => {}
            Form::Json { .. } => {
                let json = form;
                out.write_all(b"{")?;
                json.key("schema", 1, true, out)?;
                json::value(spec.schema, json.depth(1), out)?;
                json.key("scope", 1, false, out)?;
                json::value(scope, json.depth(1), out)?;
                json.key("data", 1, false, out)?;
                out.write_all(b"{")?;
                json.key(spec.items, 2, true, out)?;
                out.write_all(b"[")?;
            }
        }
        Ok(Self { form, table: Table::new(spec.columns, spec.when_empty), rows: 0 })
    }

    /// Writes one item. `cells` is only asked for where there are columns.
    pub fn row<T: Serialize>(
        &mut self,
        item: &T,
        cells: impl FnOnce() -> Vec<Cell>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let columns = self.table.columns.len();
        match self.form {
            Form::Table => self.table.row(cells()),
            Form::Plain => plain::row(&cells(), columns, out)?,
            Form::Csv => csv::row(&cells(), columns, out)?,
            Form::Jsonl => json::line(item, out)?,
            Form::Json { .. } => {
                if self.rows > 0 {
                    out.write_all(b",")?;
                }
                self.form.indent(3, out)?;
                json::value(item, self.form.depth(3), out)?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Writes what stands behind the last item. `tail` are the other fields of `data`.
    pub fn end(
        self,
        tail: &[(&'static str, Value)],
        notes: &[String],
        page: &Page,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let form = self.form;
        match form {
            Form::Table => out.write_all(table::render(&self.table, page).as_bytes()),
            Form::Plain | Form::Csv | Form::Jsonl => Ok(()),
            Form::Json { .. } => {
                if self.rows > 0 {
                    form.indent(2, out)?;
                }
                out.write_all(b"]")?;
                for (name, value) in tail {
                    form.key(name, 2, false, out)?;
                    json::value(value, form.depth(2), out)?;
                }
                form.indent(1, out)?;
                out.write_all(b"}")?;
                form.key("notes", 1, false, out)?;
                json::value(notes, form.depth(1), out)?;
                form.indent(0, out)?;
                out.write_all(b"}\n")
            }
        }
    }
}

impl Form {
    fn depth(self, depth: usize) -> Option<usize> {
        (self == Self::Json { pretty: true }).then_some(depth)
    }

    fn indent(self, depth: usize, out: &mut dyn Write) -> io::Result<()> {
        match self.depth(depth) {
            Some(depth) => write!(out, "\n{:1$}", "", depth * 2),
            None => Ok(()),
        }
    }

    fn key(self, name: &str, depth: usize, first: bool, out: &mut dyn Write) -> io::Result<()> {
        if !first {
            out.write_all(b",")?;
        }
        self.indent(depth, out)?;
        json::value(name, None, out)?;
        out.write_all(if self.depth(depth).is_some() { b": " } else { b":" })
    }
}
