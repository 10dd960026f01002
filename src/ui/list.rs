//! A list that is shown item by item.

use serde::Serialize;
use serde_json::Value;

use super::Ui;
use crate::error::Result;
use crate::render::list::ListEncoder;
use crate::render::{Format, layout};
use crate::report::Cell;

/// Writes one list, item by item; see [`Ui::list`].
#[derive(Debug)]
pub struct ListWriter<'a> {
    pub(super) encoder: ListEncoder,
    pub(super) format: Format,
    pub(super) ui: &'a mut Ui,
}

impl ListWriter<'_> {
    /// Writes one item: `item` for JSON, `cells` for the formats with columns.
    ///
    /// Returns whether anybody still reads; a producer stops at `false`.
    pub fn row<T: Serialize>(
        &mut self,
        item: &T,
        cells: impl FnOnce() -> Vec<Cell>,
    ) -> Result<bool> {
        if !self.ui.closed {
            let written = self.encoder.row(item, cells, &mut self.ui.out);
            self.ui.wrote(written)?;
        }
        Ok(!self.ui.closed)
    }

    /// Says what went wrong without ending the list; see [`Ui::warn`].
    pub fn warn(&mut self, text: &str) {
        self.ui.warn(text);
    }

    /// Whether anybody still reads; see [`Ui::is_read`].
    pub fn is_read(&mut self) -> bool {
        self.ui.is_read()
    }

    /// Hands on what was written so far, for a list that grows slowly.
    pub fn flush(&mut self) -> Result<()> {
        self.ui.flush()
    }

    /// Ends the list. `tail` are the further fields of `data`, in order; notes as in
    /// [`Ui::finish`].
    pub fn finish(self, tail: &[(&'static str, Value)], notes: &[String]) -> Result<()> {
        let Self { encoder, format, ui } = self;
        let page = ui.page(format);
        let table = matches!(format, Format::Table | Format::Wide);
        if !ui.closed {
            let written = encoder.end(tail, notes, &page, &mut ui.out).and_then(|()| {
                let notes = if table && !ui.options.quiet { notes } else { &[] };
                notes
                    .iter()
                    .try_for_each(|note| ui.out.write_all(layout::note(note, &page).as_bytes()))
            });
            ui.wrote(written)?;
            ui.flush()?;
        }
        if !table && format != Format::Json {
            for note in notes {
                ui.note(note);
            }
        }
        Ok(())
    }
}
