//! Every block in every format, against the golden files in `tests/fixtures/render`.
//!
//! After a wanted change: `JOBCTL_TEST_BLESS=1 cargo test --lib golden`, then read the difference.

use crate::sanitize;
use std::path::PathBuf;

use proptest::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};

use super::list::{ListEncoder, ListSpec};
use super::style::Style;
use super::*;
use crate::report::{Block, Cell, Column, Layout, Report, Role, Scope, Table, View};

/// A report with every block, shaped as `doctor` shapes its own.
#[derive(Serialize)]
pub(crate) struct Checkup {
    verdict: &'static str,
    queues: Vec<Value>,
    #[serde(skip)]
    notes: Vec<String>,
}

impl Report for Checkup {
    const SCHEMA: &'static str = "jobctl.checkup/1";
    const ITEMS: Option<&'static str> = Some("queues");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> crate::error::Outcome {
        crate::error::Outcome::Unhealthy
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Headline {
            verdict: Cell::new(self.verdict, Role::Bad),
            text: "2 problems, 1 warning".into(),
            aside: "bench ~/frappe-bench · 2 sites · redis 127.0.0.1:11000 · 0.014 s".into(),
        });
        findings(view);
        view.push(Block::Table(sites()));
        view.push(Block::Table(queues()));
        view.push(Block::Heading("Job".into()));
        view.push(Block::Fields(vec![
            ("id".into(), "site1.localhost::my-import".into()),
            ("status".into(), Cell::new("failed", Role::Bad)),
            ("description".into(), "frappe.utils.background_jobs.execute_job(event=None, is_async=True, job_name='import', kwargs={'file': 'a.csv'}, method='app.imports.run')".into()),
            ("result".into(), "".into()),
            ("traceback".into(), "Traceback (most recent call last):\n  File \"a.py\", line 1\n\traise X\nX: \x1b[31mno\x1b[0m\n".into()),
        ]));
        view.push(Block::Text(Cell::new("kept  as it\tis\n\nto the end\n", Role::Dim)));
    }
}

fn findings(view: &mut View) {
    let mut finding = |role, mark, what: &str, aside: Option<&str>, evidence: &str, fix: &str| {
        view.push(Block::Finding {
            role,
            mark,
            what: what.into(),
            aside: aside.map(Into::into),
            evidence: vec![evidence.into()],
            fixes: vec![fix.into()],
        });
    };
    finding(
        Role::Bad,
        '✗',
        "queue `myqueue`: 4 jobs wait, no worker serves it",
        Some("oldest 12m 08s"),
        "live workers serve short, default, long",
        "jobctl worker --queue myqueue        or for good: jobctl supervisor generate",
    );
    finding(
        Role::Bad,
        '✗',
        "site2.localhost: scheduler off since 2026-11-21 09:12",
        None,
        "System Settings enable_scheduler = 0 (database), pause_scheduler = 1 (sites/site2.localhost/site_config.json)",
        "jobctl enable-scheduler --site site2.localhost && jobctl resume-scheduler --site site2.localhost",
    );
    finding(
        Role::Warn,
        '!',
        "job site1.localhost::my-import runs past its timeout",
        Some("25m 10s of 25m"),
        "worker 3f2a (pid 4711, long), method app.imports.run",
        "jobctl workers dump --job site1.localhost::my-import",
    );
}

fn sites() -> Table {
    let mut table = Table::new(
        vec![
            Column::left("SITE").flexible(),
            Column::left("SCHEDULER"),
            Column::left("LAST RUN"),
            Column::right("QUEUED"),
            Column::right("RUNNING"),
            Column::right("FAILED 24h"),
        ],
        "no sites",
    );
    for (site, on, role, ran, numbers) in [
        ("site1.localhost", "on", Role::Good, "38s ago", ["31", "2", "7"]),
        ("site2.localhost", "off", Role::Bad, "6d ago", ["4", "0", "0"]),
    ] {
        let mut row: Vec<Cell> = vec![site.into(), Cell::new(on, role), ran.into()];
        row.extend(numbers.map(Cell::from));
        table.row(row);
    }
    table
}

fn queues() -> Table {
    let mut table = Table::new(
        vec![
            Column::left("QUEUE").flexible(),
            Column::right("QUEUED"),
            Column::left("OLDEST"),
            Column::left("WORKERS"),
            Column::left("KEY").wide(),
        ],
        "no queues",
    );
    for (name, queued, oldest, workers) in [
        ("short", "1,204", "4s", "2 (1 busy)"),
        ("月次レポートを作成する長い名前のキュー", "15", "9s", "1"),
        ("evil\x1b[2J\tname\n\\", "4", "12m 08s", "none"),
        ("🚀 launch ❤\u{fe0f}", "0", "-", "none"),
    ] {
        let key = format!("rq:queue:{name}");
        table.row(vec![
            Cell::new(name, Role::Queued),
            queued.into(),
            oldest.into(),
            workers.into(),
            key.into(),
        ]);
    }
    table
}

pub(crate) fn checkup() -> Checkup {
    let queue = |name: &str, queued: u64| json!({"name": name, "queued": queued});
    Checkup {
        verdict: "UNHEALTHY",
        queues: vec![queue("short", 1204), queue("evil\x1b[2J\u{9b}\u{202e}\u{7f}\u{e0041}", 4)],
        notes: vec![
            "methods are sampled from both ends of 1,000,000 jobs; `--exact` reads all".into(),
        ],
    }
}

pub(crate) fn scope() -> Scope {
    Scope {
        bench: Some("/home/frappe/frappe-bench".into()),
        redis: Some("redis://127.0.0.1:11000".into()),
        ..Scope::default()
    }
}

fn page(width: usize, wide: bool, color: bool) -> Page {
    Page { width, wide, whole: false, style: Style::new(color) }
}

fn human(width: usize, wide: bool, color: bool) -> String {
    let report = checkup();
    let mut view = View::default();
    report.view(&mut view);
    layout::render(&view, report.notes(), &page(width, wide, color))
}

fn bytes(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn goldens() -> Vec<(&'static str, String)> {
    let report = checkup();
    let mut view = View::default();
    report.view(&mut view);
    vec![
        ("table-110.txt", human(110, false, false)),
        ("table-100.txt", human(100, false, false)),
        ("table-60.txt", human(60, false, false)),
        ("table-40.txt", human(40, false, false)),
        ("table-color.txt", human(80, false, true).replace('\x1b', "^")),
        ("wide.txt", human(60, true, false)),
        ("plain.tsv", bytes(|out| plain::write(&view, out))),
        ("table.csv", bytes(|out| csv::write(&queues(), out))),
        ("pretty.json", bytes(|out| json::write(&scope(), &report, true, out))),
        ("compact.json", bytes(|out| json::write(&scope(), &report, false, out))),
        ("lines.jsonl", bytes(|out| json::write_lines(&report, out))),
    ]
}

fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/fixtures/render", name].iter().collect()
}

#[test]
fn every_format_matches_its_golden_file() {
    if std::env::var_os("JOBCTL_TEST_BLESS").is_some() {
        for (name, actual) in goldens() {
            std::fs::write(fixture(name), actual).unwrap();
        }
    }
    for (name, actual) in goldens() {
        let expected = std::fs::read_to_string(fixture(name)).unwrap();
        assert!(actual == expected, "{name} differs; now it is:\n{actual}");
    }
}

#[test]
fn table_without_rows_says_so() {
    let table = Table::new(vec![Column::left("QUEUE")], "no queues");
    assert_eq!(table::render(&table, &page(80, false, false)), "no queues\n");
}

#[test]
fn json_hostile_text_is_escaped_and_stays_the_same_value() {
    let text = bytes(|out| json::write(&scope(), &checkup(), false, out));
    assert!(text.trim_end().chars().all(|c| !sanitize::is_hostile(c)), "{text}");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["data"]["queues"], json!(checkup().queues));
    assert_eq!(value["schema"], "jobctl.checkup/1");
    assert_eq!(value["notes"], json!(checkup().notes));
}

#[test]
fn json_raw_values_are_escaped_too() {
    let raw: Box<serde_json::value::RawValue> =
        serde_json::from_str("{\"a\":\n \"\u{9b}2J\"}").unwrap();
    assert_eq!(bytes(|out| json::line(&raw, out)), "{\"a\":  \"\\u009b2J\"}\n");
}

#[test]
fn list_streamed_json_has_the_bytes_of_the_whole_report() {
    for pretty in [true, false] {
        for items in [0, 1, 2] {
            let mut report = checkup();
            report.queues.truncate(items);
            report.notes.truncate(items);
            // The verdict stands before the items in the report; a list keeps what is not an
            // item behind them.
            let whole = bytes(|out| json::write(&scope(), &Behind(&report), pretty, out));
            let spec = ListSpec {
                schema: Checkup::SCHEMA,
                items: "queues",
                columns: Vec::new(),
                when_empty: "",
            };
            let streamed = bytes(|out| {
                let mut list = ListEncoder::begin(Format::Json, pretty, spec, &scope(), out)?;
                for item in &report.queues {
                    list.row(item, Vec::new, out)?;
                }
                let tail = [("verdict", json!("UNHEALTHY"))];
                list.end(&tail, &report.notes, &page(80, false, false), out)
            });
            assert_eq!(streamed, whole);
        }
    }
}

/// A checkup with its items first.
struct Behind<'a>(&'a Checkup);

impl Serialize for Behind<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({"queues": self.0.queues, "verdict": self.0.verdict}).serialize(serializer)
    }
}

impl Report for Behind<'_> {
    const SCHEMA: &'static str = Checkup::SCHEMA;
    const ITEMS: Option<&'static str> = Checkup::ITEMS;

    fn view(&self, _: &mut View) {}

    fn notes(&self) -> &[String] {
        &self.0.notes
    }
}

#[test]
fn list_streamed_rows_equal_a_table_at_once() {
    let table = queues();
    let spec = ListSpec {
        schema: "jobctl.queues/1",
        items: "queues",
        columns: table.columns.clone(),
        when_empty: "",
    };
    let mut view = View::default();
    view.push(Block::Table(table.clone()));
    let page = page(60, false, false);
    for (format, whole) in [
        (Format::Plain, bytes(|out| plain::write(&view, out))),
        (Format::Csv, bytes(|out| csv::write(&table, out))),
        (Format::Table, table::render(&table, &page)),
    ] {
        let streamed = bytes(|out| {
            let mut list = ListEncoder::begin(format, false, spec.clone(), &scope(), out)?;
            for row in &table.rows {
                list.row(&(), || row.clone(), out)?;
            }
            list.end(&[], &[], &page, out)
        });
        assert_eq!(streamed, whole);
    }
}

#[test]
fn csv_formulas_are_disarmed_and_numbers_are_not() {
    for (text, formula) in [
        ("=1+1", true),
        ("@SUM(A1)", true),
        ("+cmd", true),
        ("-cmd", true),
        ("\t=1", true),
        ("-5", false),
        ("+1.5", false),
        ("-", false),
        ("a=b", false),
    ] {
        assert_eq!(csv::is_formula(text), formula, "{text}");
    }
}

#[test]
fn first_lines_taller_than_the_screen_are_counted() {
    assert_eq!(layout::first_lines("a\nb\n", 10, 2), "a\nb\n");
    assert_eq!(layout::first_lines("a\nb\nc\n", 10, 2), "a\n… 2 more lines\n");
    let painted = format!("\x1b[31m{}\x1b[0m\nb\nc\n", "x".repeat(15));
    assert_eq!(
        layout::first_lines(&painted, 10, 3),
        format!("\x1b[31m{}\x1b[0m\n… 2 more lines\n", "x".repeat(15))
    );
}

/// A CSV reader of fifteen lines, so that the writer is not its own judge.
fn parse_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {
                assert_eq!(chars.next(), Some('\n'));
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            _ => field.push(c),
        }
    }
    rows
}

fn any_table() -> impl Strategy<Value = Table> {
    let column = (any::<bool>(), any::<bool>(), any::<bool>());
    (1usize..7).prop_flat_map(move |width| {
        let cell = prop_oneof!["[a-z=+,\"' \\\\\t\n\r\x1b]{0,12}", "\\PC{0,60}", "[0-9]{1,9}"];
        let rows = prop::collection::vec(prop::collection::vec(cell, width), 0..5);
        (prop::collection::vec(column, width), rows).prop_map(|(columns, rows)| {
            let columns = columns.into_iter().map(|(right, wide, flexible)| {
                let mut c = if right { Column::right("TITLE") } else { Column::left("NAME") };
                c.wide = wide;
                c.flexible = flexible;
                c
            });
            let mut table = Table::new(columns.collect(), "nothing");
            for row in rows {
                table.row(row.into_iter().map(|text| Cell::new(text, Role::Good)).collect());
            }
            table
        })
    })
}

proptest! {
    #[test]
    fn table_any_rows_never_exceed_the_width(table in any_table(), width in 20usize..120) {
        let drawn = table::render(&table, &page(width, false, false));
        for line in drawn.lines() {
            prop_assert!(width::of(line) <= width, "{} > {width}: {line:?}", width::of(line));
            prop_assert!(!line.chars().any(sanitize::is_hostile));
        }
    }

    #[test]
    fn table_colors_change_nothing_else(table in any_table(), width in 20usize..120) {
        let painted = table::render(&table, &page(width, false, true));
        let bare: String = painted
            .split('\x1b')
            .enumerate()
            .map(|(at, part)| if at == 0 { part } else { part.split_once('m').unwrap().1 })
            .collect();
        prop_assert_eq!(bare, table::render(&table, &page(width, false, false)));
    }

    #[test]
    fn plain_any_rows_have_as_many_tabs_as_columns(table in any_table()) {
        let (columns, rows) = (table.columns.len(), table.rows.len());
        let mut view = View::default();
        view.push(Block::Table(table));
        let text = bytes(|out| plain::write(&view, out));
        prop_assert_eq!(text.split_terminator('\n').count(), rows + 1);
        for line in text.split_terminator('\n') {
            prop_assert_eq!(line.matches('\t').count(), columns - 1);
        }
    }

    #[test]
    fn csv_any_rows_parse_back(table in any_table()) {
        let rows = parse_csv(&bytes(|out| csv::write(&table, out)));
        prop_assert_eq!(rows.len(), table.rows.len() + 1);
        for (parsed, row) in rows.iter().skip(1).zip(&table.rows) {
            prop_assert_eq!(parsed.len(), row.len());
            for (field, cell) in parsed.iter().zip(row) {
                let text = sanitize::csv(&cell.text);
                let guard = if csv::is_formula(&text) { "'" } else { "" };
                prop_assert_eq!(field, &format!("{guard}{text}"));
            }
        }
    }

    #[test]
    fn json_any_text_comes_back(text in any::<String>()) {
        let line = bytes(|out| json::line(&text, out));
        prop_assert!(!line.trim_end().chars().any(sanitize::is_hostile));
        prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
    }
}

#[test]
fn narrow_table_gives_up_spare_columns_before_its_rows_become_cards() {
    let columns = vec![
        Column::left("NAME").flexible(),
        Column::right("COUNT"),
        Column::right("MEAN").spare(1),
        Column::right("WAIT").spare(2),
    ];
    let mut table = Table::new(columns, "");
    table.row(vec!["a-long-name".into(), "1000000".into(), "2000000".into(), "3000000".into()]);
    let drawn = |width, wide| table::render(&table, &page(width, wide, false));
    assert!(drawn(80, false).contains("3000000"));
    let narrow = drawn(30, false);
    assert!(narrow.contains("2000000") && !narrow.contains("3000000"), "{narrow}");
    assert_eq!(narrow.lines().count(), 2, "{narrow}");
    let narrower = drawn(20, false);
    assert!(narrower.contains("1000000") && !narrower.contains("2000000"), "{narrower}");
    assert!(drawn(20, true).contains("3000000"));
}
