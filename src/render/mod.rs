//! How a report looks in each format; one file per format.
//!
//! Takes a [`Report`](crate::report::Report) or its [`View`](crate::report::View) and writes text.
//! Everything that came from outside is made harmless here ([`crate::sanitize`]). Secrets are *not*
//! hidden here: whoever fills a report hides them, so that JSON and the exit code agree with the
//! table. This module opens nothing and prints nothing; `ui` owns the streams.

pub mod csv;
pub mod github;
pub mod json;
pub mod junit;
pub mod layout;
pub mod list;
pub mod nagios;
pub mod plain;
pub mod prometheus;
pub mod style;
pub mod table;
pub mod width;

#[cfg(test)]
pub(crate) mod tests;

/// The formats that `-o` offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people, cut to the width of the terminal
    Table,
    /// The same with every column, cut nowhere
    Wide,
    /// Tab-separated and complete
    Plain,
    /// One object with schema, scope, data and notes
    Json,
    /// One item per line
    Jsonl,
    /// The items as one table, as RFC 4180 says
    Csv,
}

/// What a human layout is drawn on.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Columns that a line may have.
    pub width: usize,
    /// Show the wide columns too, and cut nothing.
    pub wide: bool,
    /// Cut no table, however narrow the page: it goes into a pipe, or a file.
    pub whole: bool,
    /// Whether and how roles are coloured.
    pub style: style::Style,
}
