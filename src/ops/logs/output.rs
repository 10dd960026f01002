//! Records on their way out: lines for people, items for programs. Masks secrets.

use std::borrow::Cow;
use std::path::Path;

use jiff::Timestamp;

use super::sources::Chosen;
use crate::error::Result;
use crate::logs::discover::Source;
use crate::logs::scan::Found;
use crate::render::list::ListSpec;
use crate::report::logs::{LOGS_SCHEMA, LineLayout, LogRecord};
use crate::report::{Cell, Role, Scope};
use crate::secrets::Secrets;
use crate::ui::{ListWriter, Ui};

/// Labels are padded up to this; longer ones push their lines to the right.
const WIDEST_LABEL: usize = 32;

/// Colours of labels, by turns. Red is for the logs of errors.
const COLORS: [Role; 5] = [Role::Command, Role::Started, Role::Good, Role::Queued, Role::Waiting];

/// Where records go.
pub(super) struct Output<'u> {
    form: Form<'u>,
    labels: Vec<Cell>,
    layout: LineLayout,
    secrets: Secrets,
    written: u64,
}

enum Form<'u> {
    Lines(&'u mut Ui),
    Items(ListWriter<'u>),
}

impl<'u> Output<'u> {
    pub(super) fn begin(
        ui: &'u mut Ui,
        scope: &Scope,
        chosen: &[Chosen],
        raw: bool,
    ) -> Result<Self> {
        let labels: Vec<Cell> = chosen.iter().map(|one| label(&one.source)).collect();
        let labels: Vec<Cell> =
            labels.into_iter().enumerate().map(|(at, text)| colored(at, text)).collect();
        let width = labels.iter().map(|label| label.text.chars().count()).max();
        let layout = LineLayout {
            label_width: (labels.len() != 1).then(|| width.unwrap_or(0).clamp(6, WIDEST_LABEL)),
            raw,
            zone: ui.zone().clone(),
        };
        let secrets = ui.secrets();
        let form = if ui.writes_lines() {
            Form::Lines(ui)
        } else {
            let spec = ListSpec {
                schema: LOGS_SCHEMA,
                items: "records",
                columns: LogRecord::columns(),
                when_empty: "no records",
            };
            Form::Items(ui.list(scope, spec)?)
        };
        Ok(Self { form, labels, layout, secrets, written: 0 })
    }

    /// A log that appeared while others are followed.
    pub(super) fn add(&mut self, source: &Source) {
        let at = self.labels.len();
        self.labels.push(colored(at, label(source)));
        let width = self.layout.label_width.unwrap_or(0).max(6);
        self.layout.label_width = (self.labels.len() > 1).then_some(width);
    }

    /// Shows a record; false where nobody reads any more.
    pub(super) fn record(
        &mut self,
        which: usize,
        source: &Source,
        path: &Path,
        found: &Found,
    ) -> Result<bool> {
        self.written += 1;
        let text = String::from_utf8_lossy(&found.text);
        let text = match self.secrets.text(&text) {
            Cow::Borrowed(_) => text.into_owned(),
            Cow::Owned(masked) => masked,
        };
        let record = LogRecord {
            source: source.name.clone(),
            path: path.to_string_lossy().into_owned(),
            site: source.site.clone(),
            at: found.at.and_then(|at| Timestamp::from_microsecond(at).ok()),
            level: found.level,
            text,
            continued: found.continued,
        };
        match &mut self.form {
            Form::Items(writer) => writer.row(&record, || record.cells()),
            Form::Lines(ui) => {
                let label = self.labels.get(which).cloned().unwrap_or_default();
                for cells in record.lines(&label, &self.layout) {
                    if !ui.line(&cells)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
        }
    }

    pub(super) fn warn(&mut self, text: &str) {
        match &mut self.form {
            Form::Lines(ui) => ui.warn(text),
            Form::Items(writer) => writer.warn(text),
        }
    }

    pub(super) fn flush(&mut self) -> Result<()> {
        match &mut self.form {
            Form::Lines(ui) => ui.flush_lines(),
            Form::Items(writer) => writer.flush(),
        }
    }

    /// Whether somebody still reads.
    pub(super) fn is_read(&mut self) -> bool {
        match &mut self.form {
            Form::Lines(ui) => ui.is_read(),
            Form::Items(writer) => writer.is_read(),
        }
    }

    pub(super) fn finish(self, notes: &[String]) -> Result<()> {
        match self.form {
            Form::Items(writer) => writer.finish(&[], notes),
            Form::Lines(ui) => {
                ui.flush_lines()?;
                if self.written == 0 {
                    ui.note("no records match");
                }
                notes.iter().for_each(|note| ui.note(note));
                Ok(())
            }
        }
    }
}

fn label(source: &Source) -> Cell {
    let role = if source.name.contains("error") { Role::Bad } else { Role::Plain };
    Cell::new(source.label(), role)
}

fn colored(at: usize, label: Cell) -> Cell {
    match label.role {
        Role::Plain => Cell::new(label.text, COLORS[at % COLORS.len()]),
        _ => label,
    }
}
