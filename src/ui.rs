//! The output gate: the only part that writes to standard output and standard error.
//!
//! Results go to standard output, talk goes to standard error. Knows which of them is a terminal,
//! how wide it is and whether it is coloured; decides the format; hands reports to `render`. A
//! reader that went away (`| head`) ends output quietly, any other failure to write is an error.

use std::io::{self, BufWriter, IsTerminal, Write};

use crate::env;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::human::Zone;
use crate::render::list::{ListEncoder, ListSpec};
use crate::render::style::{ColorChoice, Style};
use crate::render::{Format, Page, csv, json, layout, plain};
use crate::report::{Cell, Layout, Report, Role, Scope, View};
use crate::sanitize;
use crate::secrets::Secrets;

mod ask;
mod backlog;
mod behind;
mod errors;
mod list;
mod progress;
mod screen;
#[cfg(test)]
mod tests;

use backlog::Backlog;
pub use list::ListWriter;
pub use progress::Progress;
pub use screen::Screen;

const PIPE_BUFFER_BYTES: usize = 64 * 1024;

/// What the operator asked for.
#[derive(Debug, Clone, Default)]
pub struct UiOptions {
    /// `-o`; without it, what suits the stream and the report.
    pub format: Option<Format>,
    /// `--color`.
    pub color: ColorChoice,
    /// `-q`: no notes, hints, status lines and progress. Warnings, errors and how to undo stay.
    pub quiet: bool,
    /// How often `-v` was given.
    pub verbose: u8,
    /// `--utc` or `--local`.
    pub zone: Zone,
    /// What is masked in errors and talk.
    pub secrets: Secrets,
}

/// The output gate. See the module.
pub struct Ui {
    options: UiOptions,
    screen: Screen,
    out: Box<dyn Write>,
    err: Box<dyn Write>,
    out_style: Style,
    err_style: Style,
    /// The reader of standard output went away; nothing more is written to it.
    closed: bool,
    /// Frames drawn so far, if the screen is redrawn in place.
    frames: Option<u64>,
    progress: progress::Shown,
    /// What is written to standard output and standard error by threads ([`Ui::write_behind`]).
    behind: Option<[Backlog; 2]>,
    /// The streams are those of the process, so that the system can be asked about them.
    of_process: bool,
}

impl std::fmt::Debug for Ui {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ui")
            .field("options", &self.options)
            .field("screen", &self.screen)
            .finish_non_exhaustive()
    }
}

impl Ui {
    /// Opens the gate on this process's streams: standard output is locked and buffered.
    pub fn new(options: UiOptions) -> Self {
        let out = BufWriter::with_capacity(PIPE_BUFFER_BYTES, io::stdout().lock());
        let ui = Self::with_streams(
            options,
            Screen::of_process(),
            Box::new(out),
            Box::new(io::stderr()),
        );
        Self { of_process: true, ..ui }
    }

    /// Opens the gate on given streams.
    pub fn with_streams(
        options: UiOptions,
        screen: Screen,
        out: Box<dyn Write>,
        err: Box<dyn Write>,
    ) -> Self {
        let (no_color, term) = (env::read(env::NO_COLOR), env::read(env::TERM));
        let style = |terminal| {
            Style::new(options.color.resolve(terminal, no_color.as_deref(), term.as_deref()))
        };
        Self {
            out_style: style(screen.out_terminal),
            err_style: style(screen.err_terminal),
            options,
            screen,
            out,
            err,
            closed: false,
            frames: None,
            progress: progress::Shown::default(),
            behind: None,
            of_process: false,
        }
    }

    /// The time zone that instants are shown in.
    pub const fn zone(&self) -> &Zone {
        &self.options.zone
    }

    /// What is hidden.
    pub const fn secrets(&self) -> Secrets {
        self.options.secrets
    }

    /// How often `-v` was given.
    pub const fn verbose(&self) -> u8 {
        self.options.verbose
    }

    /// Whether the reader of standard output went away: a producer may stop.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// The format that was asked for; `None` for what suits the stream.
    pub const fn format(&self) -> Option<Format> {
        self.options.format
    }

    /// The format in which a report of this layout is shown.
    ///
    /// Without `-o`, a list goes into a pipe as plain text, everything else as a table.
    pub fn format_for(&self, layout: Layout) -> Format {
        match (self.options.format, layout) {
            (Some(format), _) => format,
            (None, Layout::List) if !self.screen.out_terminal => Format::Plain,
            (None, _) => Format::Table,
        }
    }

    /// Shows a report and returns how the command turned out.
    ///
    /// Notes stand in the table and in JSON; beside the other formats they go to standard error.
    /// Fails with [`Kind::Io`] if standard output cannot take it, [`Kind::Usage`] if CSV was asked
    /// for and there is no table.
    pub fn finish<R: Report>(&mut self, scope: &Scope, report: &R) -> Result<Outcome> {
        let format = self.format_for(R::LAYOUT);
        let pretty = self.screen.out_terminal;
        let mut notes: &[String] = report.notes();
        let mut elsewhere = None;
        let written = match format {
            Format::Table | Format::Wide => {
                let shown = if self.options.quiet { &[] } else { notes };
                let view = view_of(report, &self.options.zone);
                let text = layout::render(&view, shown, &self.page(format));
                notes = &[];
                self.show(&text)
            }
            Format::Json => {
                notes = &[];
                json::write(scope, report, pretty, &mut self.out)
            }
            Format::Jsonl => json::write_lines(report, &mut self.out),
            Format::Plain => plain::write(&view_of(report, &self.options.zone), &mut self.out),
            Format::Csv => {
                let view = view_of(report, &self.options.zone);
                let own = report.csv();
                let table = own.as_ref().map(|(table, _)| table).or_else(|| csv::table_of(&view));
                elsewhere = own.as_ref().and_then(|(_, elsewhere)| *elsewhere);
                csv::write(table.ok_or_else(no_table)?, &mut self.out)
            }
        };
        self.wrote(written)?;
        self.flush()?;
        for note in notes.iter().map(String::as_str).chain(elsewhere) {
            self.note(note);
        }
        Ok(report.outcome())
    }

    /// Refuses a command whose report has no table where CSV was asked for.
    pub fn refuse_csv(&self) -> Result<()> {
        if self.options.format == Some(Format::Csv) { Err(no_table().into()) } else { Ok(()) }
    }

    /// Whether a list is collected into a table before anything is shown, so that it should be
    /// bounded.
    pub fn collects_lists(&self) -> bool {
        matches!(self.format_for(Layout::List), Format::Table | Format::Wide)
    }

    /// Begins a list whose items are written as they come. Fails as [`Ui::finish`].
    pub fn list(&mut self, scope: &Scope, spec: ListSpec) -> Result<ListWriter<'_>> {
        let format = self.format_for(Layout::List);
        let pretty = self.screen.out_terminal;
        // Nothing large is written by `begin`; going through a buffer keeps the encoder even if
        // the reader is gone already.
        let mut head = Vec::new();
        let encoder = ListEncoder::begin(format, pretty, spec, scope, &mut head)?;
        let written = self.out.write_all(&head);
        self.wrote(written)?;
        Ok(ListWriter { encoder, format, ui: self })
    }

    /// Whether what comes bit by bit is written as lines for people ([`Ui::line`]), not as items
    /// ([`Ui::list`]).
    pub fn writes_lines(&self) -> bool {
        matches!(self.format_for(Layout::Human), Format::Table | Format::Wide | Format::Plain)
    }

    /// Writes one line of cells side by side, as it comes. [`Ui::flush_lines`] hands it on.
    ///
    /// Returns whether anybody still reads; a producer stops at `false`. Fails as [`Ui::finish`].
    pub fn line(&mut self, cells: &[Cell]) -> Result<bool> {
        if !self.closed {
            let style = self.out_style;
            let parts = cells.iter().map(|cell| (cell.role, sanitize::text(&cell.text)));
            let out = &mut self.out;
            let write = || -> io::Result<()> {
                for (role, text) in parts {
                    out.write_all(style.paint(role, &text).as_bytes())?;
                }
                out.write_all(b"\n")
            };
            let written = write();
            self.wrote(written)?;
        }
        Ok(!self.closed)
    }

    /// Hands on the lines that were written so far.
    pub fn flush_lines(&mut self) -> Result<()> {
        self.flush()
    }

    /// Whether standard error is a terminal right now: one that was can go away.
    pub fn has_terminal(&self) -> bool {
        self.of_process && io::stderr().is_terminal()
    }

    /// Writes text that is its own format, such as a completion script or a man page, as it is.
    pub fn raw(&mut self, text: &[u8]) -> Result<()> {
        let written = if self.closed { Ok(()) } else { self.out.write_all(text) };
        self.wrote(written)?;
        self.flush()
    }

    /// From now on each report is drawn over the one before, on a terminal and for the formats
    /// that people read; elsewhere each is printed below. For `--watch`.
    pub fn redraw(&mut self) {
        let readable = matches!(self.options.format, None | Some(Format::Table | Format::Wide));
        self.frames = (self.screen.out_terminal && readable).then_some(0);
    }

    /// Says something that helps to read the result, on standard error. Not with `-q`.
    pub fn note(&mut self, text: &str) {
        if !self.options.quiet {
            self.talk("note", Role::Dim, text);
        }
    }

    /// Says what to type next. Not with `-q`.
    pub fn hint(&mut self, text: &str) {
        if !self.options.quiet {
            self.talk("hint", Role::Command, text);
        }
    }

    /// Says what went wrong without ending the command.
    pub fn warn(&mut self, text: &str) {
        self.talk("warning", Role::Warn, text);
    }

    /// Says what is being done, or what was done. Not with `-q`.
    pub fn status(&mut self, text: &str) {
        if !self.options.quiet {
            self.talk("", Role::Plain, text);
        }
    }

    /// Says how to undo what was done, also with `-q`.
    pub fn undo_with(&mut self, command: &str) {
        self.talk("", Role::Plain, &format!("undo with: {command}"));
    }

    /// Says what only matters with `-v`.
    pub fn detail(&mut self, text: &str) {
        if self.options.verbose > 0 {
            self.talk("", Role::Dim, text);
        }
    }

    /// Explains an error: what, the causes one per line, what to type next.
    pub fn error(&mut self, error: &anyhow::Error) {
        let text = errors::explain(error, self.options.secrets, self.err_style);
        self.say(&text);
    }

    /// Shows how far something got, on a terminal, once it has taken 300 ms.
    ///
    /// `what` reads like `reading jobs`. Disappears when dropped. Without a `total` only the count
    /// is shown. Does nothing with `-q` and where standard error is no terminal.
    pub fn progress(&mut self, what: &str, total: Option<u64>) -> Progress {
        let visible = self.screen.err_terminal && !self.options.quiet;
        let progress = Progress::new(what, total, visible, self.err_style);
        self.progress = progress.shown();
        progress
    }

    fn page(&self, format: Format) -> Page {
        Page {
            width: self.screen.width,
            wide: format == Format::Wide,
            // Who asks for a table, or says how wide it is to be, gets that.
            whole: self.screen.unbounded && self.options.format.is_none(),
            style: self.out_style,
        }
    }

    /// Writes a layout for people: as the next frame, if the screen is redrawn.
    fn show(&mut self, text: &str) -> io::Result<()> {
        let (Some(frame), Some(height)) = (self.frames, self.screen.height) else {
            return self.out.write_all(text.as_bytes());
        };
        self.frames = Some(frame + 1);
        let text = layout::first_lines(text, self.screen.width, height.saturating_sub(1).max(1));
        // Clearing everything only once, then each line's rest, does not flicker.
        self.out.write_all(if frame == 0 { b"\x1b[2J\x1b[H" } else { b"\x1b[H" })?;
        for line in text.lines() {
            writeln!(self.out, "{line}\x1b[K")?;
        }
        self.out.write_all(b"\x1b[J")
    }

    fn flush(&mut self) -> Result<()> {
        let flushed = if self.closed { Ok(()) } else { self.out.flush() };
        self.wrote(flushed)
    }

    /// Sorts out what became of writing to standard output.
    fn wrote(&mut self, result: io::Result<()>) -> Result<()> {
        match result {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                // What is still buffered must not be tried again when the gate is dropped.
                self.out = Box::new(io::sink());
                Ok(())
            }
            // What serde refuses to write is a mistake in a report, not in the stream.
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(error.into()),
            Err(error) => {
                self.out = Box::new(io::sink());
                Err(Failure::new(Kind::Io, "cannot write to standard output").because(error).into())
            }
        }
    }

    fn talk(&mut self, label: &str, role: Role, text: &str) {
        let text = self.options.secrets.text(text);
        let line = errors::labelled(label, role, &text, self.err_style);
        self.say(&line);
    }

    /// Writes to standard error, after what standard output already has. A failure is ignored:
    /// there is nowhere left to tell it.
    fn say(&mut self, text: &str) {
        let _ = self.flush();
        let err = &mut self.err;
        self.progress.aside(|| {
            let _ = err.write_all(text.as_bytes());
            let _ = err.flush();
        });
    }
}

fn view_of<R: Report>(report: &R, zone: &Zone) -> View {
    let mut view = View { zone: zone.clone(), ..View::default() };
    report.view(&mut view);
    view
}

fn no_table() -> Failure {
    Failure::new(Kind::Usage, "cannot print this as CSV: it has no table")
        .hint("use `-o json` or `-o plain`")
}
