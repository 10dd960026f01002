use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Context as _;
use serde::Serialize;
use serde_json::{Value, json};

use super::*;
use crate::render::tests::{checkup, scope};
use crate::report::{Cell, Column};

/// A stream that can be looked at, or that fails as told.
#[derive(Clone, Default)]
struct Stream {
    bytes: Rc<RefCell<Vec<u8>>>,
    fails: Option<io::ErrorKind>,
}

impl Stream {
    fn text(&self) -> String {
        String::from_utf8(self.bytes.borrow().clone()).unwrap()
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if let Some(kind) = self.fails {
            return Err(kind.into());
        }
        self.bytes.borrow_mut().extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn screen(terminal: bool) -> Screen {
    Screen {
        out_terminal: terminal,
        err_terminal: terminal,
        unbounded: false,
        width: 80,
        height: terminal.then_some(24),
    }
}

fn ui(format: Option<Format>, terminal: bool, out: &Stream, err: &Stream) -> Ui {
    let options = UiOptions { format, color: ColorChoice::Never, ..UiOptions::default() };
    Ui::with_streams(options, screen(terminal), Box::new(out.clone()), Box::new(err.clone()))
}

fn finished(format: Option<Format>, terminal: bool) -> (String, String, Outcome) {
    let (out, err) = (Stream::default(), Stream::default());
    let outcome = ui(format, terminal, &out, &err).finish(&scope(), &checkup()).unwrap();
    (out.text(), err.text(), outcome)
}

fn spec() -> ListSpec {
    ListSpec {
        schema: "jobctl.jobs/1",
        items: "jobs",
        columns: vec![Column::left("ID"), Column::right("N")],
        when_empty: "no jobs",
    }
}

fn listed(format: Option<Format>, terminal: bool) -> (String, String) {
    let (out, err) = (Stream::default(), Stream::default());
    let mut ui = ui(format, terminal, &out, &err);
    let mut list = ui.list(&scope(), spec()).unwrap();
    for n in 0..3 {
        let cells = || vec![Cell::from(format!("job{n}")), Cell::from(n.to_string())];
        assert!(list.row(&json!({ "id": n }), cells).unwrap());
    }
    list.finish(&[("truncated", json!(true))], &["only the first 3".into()]).unwrap();
    (out.text(), err.text())
}

#[test]
fn finish_human_report_in_a_pipe_keeps_its_layout() {
    let (out, err, outcome) = finished(None, false);
    assert!(out.starts_with("UNHEALTHY  2 problems"));
    assert!(out.ends_with("reads all\n"));
    assert_eq!(err, "");
    assert_eq!(outcome, Outcome::Unhealthy);
}

#[test]
fn finish_json_is_one_line_in_a_pipe_and_indented_on_a_terminal() {
    let (piped, err, _) = finished(Some(Format::Json), false);
    assert_eq!(piped.lines().count(), 1);
    assert_eq!(err, "", "notes are in the JSON");
    let (shown, _, _) = finished(Some(Format::Json), true);
    assert!(shown.starts_with("{\n  \"schema\""));
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parse(&piped), parse(&shown));
}

#[test]
fn finish_formats_without_room_for_notes_tell_them_on_stderr() {
    for format in [Format::Jsonl, Format::Csv, Format::Plain] {
        let (out, err, _) = finished(Some(format), true);
        assert!(!out.contains("sampled"));
        assert!(err.starts_with("note: methods are sampled"), "{err}");
    }
}

#[test]
fn list_goes_plain_into_a_pipe_and_as_a_table_onto_a_terminal() {
    let (out, err) = listed(None, false);
    assert_eq!(out, "ID\tN\njob0\t0\njob1\t1\njob2\t2\n");
    assert_eq!(err, "note: only the first 3\n");
    let (out, err) = listed(None, true);
    assert_eq!(out, "ID    N\njob0  0\njob1  1\njob2  2\nnote: only the first 3\n");
    assert_eq!(err, "");
}

#[test]
fn list_as_json_is_one_valid_object() {
    let (out, err) = listed(Some(Format::Json), false);
    let value: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        value["data"],
        json!({"jobs": [{"id": 0}, {"id": 1}, {"id": 2}], "truncated": true})
    );
    assert_eq!(value["notes"], json!(["only the first 3"]));
    assert_eq!(err, "");
}

#[test]
fn finish_closed_pipe_is_a_quiet_success() {
    let gone = Stream { fails: Some(io::ErrorKind::BrokenPipe), ..Stream::default() };
    let err = Stream::default();
    let mut ui = ui(None, false, &gone, &err);
    assert_eq!(ui.finish(&scope(), &checkup()).unwrap(), Outcome::Unhealthy);
    assert!(ui.is_closed());
    let mut list = ui.list(&scope(), spec()).unwrap();
    assert!(!list.row(&1, Vec::new).unwrap(), "a producer is told to stop");
    list.finish(&[], &[]).unwrap();
    assert_eq!(err.text(), "");
}

#[test]
fn finish_full_disk_is_an_io_failure() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let options = UiOptions::default();
    let out = Box::new(BufWriter::new(full));
    let mut ui = Ui::with_streams(options, screen(false), out, Box::new(Stream::default()));
    let error = ui.finish(&scope(), &checkup()).unwrap_err();
    assert_eq!(crate::error::exit_code_of(&error), 74);
    assert!(format!("{error:#}").starts_with("cannot write to standard output: "), "{error:#}");
}

#[test]
fn finish_csv_without_a_table_is_a_usage_failure() {
    #[derive(Serialize)]
    struct Bare;
    impl Report for Bare {
        const SCHEMA: &'static str = "jobctl.bare/1";
        const ITEMS: Option<&'static str> = None;
        fn view(&self, _: &mut View) {}
        fn notes(&self) -> &[String] {
            &[]
        }
    }
    let (out, err) = (Stream::default(), Stream::default());
    let error = ui(Some(Format::Csv), false, &out, &err).finish(&scope(), &Bare).unwrap_err();
    assert_eq!(crate::error::exit_code_of(&error), 64);
}

fn explained(error: &anyhow::Error) -> String {
    errors::explain(error, Secrets::default(), Style::default())
}

#[test]
fn error_tells_what_why_and_what_next() {
    let refused = io::Error::other("connection refused");
    let failure = Failure::new(Kind::Unreachable, "cannot read queue `long`")
        .because(anyhow::Error::new(refused).context("redis at localhost:11000 does not answer"))
        .hint("check that the bench is running");
    assert_eq!(
        explained(&failure.into()),
        "error: cannot read queue `long`\n\
         \x20 because: redis at localhost:11000 does not answer\n\
         \x20 because: connection refused\n\
         hint: check that the bench is running\n"
    );
}

#[test]
fn error_cause_already_told_is_left_out() {
    let cause = io::Error::other("no route to host");
    let error = Failure::new(Kind::Io, "cannot read `x`: no route to host").because(cause);
    assert_eq!(explained(&error.into()), "error: cannot read `x`: no route to host\n");
}

#[test]
fn error_that_is_no_failure_asks_to_be_reported() {
    let error = Err::<(), _>(io::Error::other("oops")).context("reading").unwrap_err();
    let text = explained(&error);
    assert!(
        text.starts_with("error: internal error: reading\n  because: oops\nhint: this is a bug")
    );
}

#[test]
fn error_hostile_text_is_harmless_and_secrets_are_masked() {
    let failure = Failure::new(
        Kind::Data,
        "bad id `a\x1b[2J\nhint: rm -rf /` at redis://:pw1@h password='x'",
    );
    assert_eq!(
        explained(&failure.into()),
        "error: bad id `a\\x1b[2J\n  hint: rm -rf /` at redis://:***@h password='***'\n"
    );
}

#[test]
fn talk_quiet_keeps_warnings_only() {
    let (out, err) = (Stream::default(), Stream::default());
    let mut ui = ui(None, false, &out, &err);
    ui.options.quiet = true;
    ui.note("n");
    ui.hint("h");
    ui.status("s");
    ui.detail("d");
    ui.warn("w");
    assert_eq!(err.text(), "warning: w\n");
    assert_eq!(out.text(), "");
}

#[test]
fn redraw_on_a_terminal_draws_over_the_frame_before() {
    let (out, err) = (Stream::default(), Stream::default());
    let mut ui = ui(None, true, &out, &err);
    ui.redraw();
    ui.finish(&scope(), &checkup()).unwrap();
    let first = out.text();
    assert!(first.starts_with("\x1b[2J\x1b[HUNHEALTHY"));
    assert!(first.contains("more lines\x1b[K\n"), "cut to the height of the screen");
    assert_eq!(first.lines().count(), 23);
    ui.finish(&scope(), &checkup()).unwrap();
    assert!(out.text()[first.len()..].starts_with("\x1b[HUNHEALTHY"));
}

#[test]
fn redraw_in_a_pipe_prints_each_time() {
    let (out, err) = (Stream::default(), Stream::default());
    let mut ui = ui(None, false, &out, &err);
    ui.redraw();
    ui.finish(&scope(), &checkup()).unwrap();
    assert!(!out.text().contains('\x1b'));
}

#[test]
fn line_is_painted_and_harmless() {
    let (out, err) = (Stream::default(), Stream::default());
    let options = UiOptions { color: ColorChoice::Always, ..UiOptions::default() };
    let mut ui =
        Ui::with_streams(options, screen(false), Box::new(out.clone()), Box::new(err.clone()));
    assert!(ui.writes_lines());
    assert!(ui.line(&[Cell::new("worker  ", Role::Good), "\x1b[2Jx".into()]).unwrap());
    ui.flush_lines().unwrap();
    assert_eq!(out.text(), "\x1b[32mworker  \x1b[0m\\x1b[2Jx\n");
    assert!(ui.is_read());
}

#[test]
fn line_without_a_reader_says_so() {
    let out = Stream { fails: Some(io::ErrorKind::BrokenPipe), ..Stream::default() };
    let mut ui = ui(None, false, &out, &Stream::default());
    assert!(!ui.line(&["x".into()]).unwrap());
    assert!(!ui.is_read());
}
