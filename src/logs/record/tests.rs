//! Tests of splitting and levels.

use proptest::prelude::*;

use super::*;

fn split(text: &[u8], end: End) -> Vec<String> {
    let mut splitter = Splitter::default();
    let mut records = Vec::new();
    let mut at = 0;
    while let Some(span) = splitter.next(text, at, end) {
        assert_eq!(span.begin, at);
        assert!(span.end > at);
        records.push(String::from_utf8_lossy(&text[span.begin..span.end]).into_owned());
        at = span.end;
    }
    records
}

const FAILED: &str = "\
2026-11-21 09:12:03,123 [Job a||1]: exception raised while executing (shop.x)
Traceback (most recent call last):
  File \"a.py\", line 1, in x
    y()
ValueError: no

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"a.py\", line 2, in x
KeyError: 'no'
";

#[test]
fn next_keeps_the_traceback_with_its_line() {
    let text = format!("2026-11-21 09:12:02,000 before\n{FAILED}2026-11-21 09:12:04,000 after\n");
    let records = split(text.as_bytes(), End::Quiet);
    assert_eq!(
        records,
        ["2026-11-21 09:12:02,000 before\n", FAILED, "2026-11-21 09:12:04,000 after\n"]
    );
}

#[test]
fn next_without_times_ends_a_traceback_at_its_exception() {
    let traceback = "Traceback (most recent call last):\n  File \"a\"\nValueError: x\n";
    let text = format!("one\ntwo\n  more of two\n{traceback}three\n{traceback}{traceback}");
    let records = split(text.as_bytes(), End::Quiet);
    assert_eq!(
        records,
        ["one\n", "two\n  more of two\n", traceback, "three\n", traceback, traceback]
    );
}

#[test]
fn next_stack_dump_is_a_record_of_its_own() {
    let dump = "Thread 0x00007f (most recent call first):\n  File \"a\", line 1 in f\n\n\
                Current thread 0x00007e (most recent call first):\n  File \"b\", line 1 in g\n";
    let text = format!("2026-11-21 09:12:02,000 before\n{dump}2026-11-21 09:12:04,000 after\n");
    assert_eq!(split(text.as_bytes(), End::Quiet)[1], dump);
    let printed = format!("2026-11-21 09:12:02,000 before\n{dump}printed\n");
    assert_eq!(split(printed.as_bytes(), End::Quiet)[1..], [dump, "printed\n"]);
}

#[test]
fn next_waits_for_what_may_still_come() {
    let text = b"2026-11-21 09:12:02,000 one\n2026-11-21 09:12:03,000 two\n2026-11-21 09";
    assert_eq!(split(text, End::Open), ["2026-11-21 09:12:02,000 one\n"]);
    assert_eq!(split(text, End::Quiet).len(), 2);
    assert_eq!(split(text, End::Final).len(), 2, "the cut time belongs to the record before");
    assert!(split(b"no line end", End::Quiet).is_empty());
    assert_eq!(split(b"no line end", End::Final), ["no line end"]);
}

#[test]
fn next_line_without_an_end_is_cut() {
    let text = vec![b'x'; MOST_BYTES * 2 + 10];
    let lengths: Vec<_> = split(&text, End::Final).iter().map(String::len).collect();
    assert_eq!(lengths, [MOST_BYTES, MOST_BYTES, 10]);
    assert_eq!(split(&text, End::Open).len(), 2);
}

#[test]
fn level_is_found_where_each_program_writes_it() {
    for (line, expected) in [
        ("2026-11-21 09:12:03,123 ERROR scheduler x", Some(Level::Error)),
        ("2026-11-21 09:12:03,123 WARNING database x", Some(Level::Warning)),
        ("[2026-11-21 09:12:03 +0100] [77] [INFO] x", Some(Level::Info)),
        ("2026/11/21 09:12:03 [crit] 7#7: x", Some(Level::Critical)),
        ("2026-11-21 09:12:03,1 short: ERROR is only a word", None),
        ("2026-11-21 09:12:03,1 [Job 1]: exception raised while executing (x)", Some(Level::Error)),
        ("2026-11-21 09:12:03,1 Moving job to FailedJobRegistry (x)", Some(Level::Warning)),
        ("4711:M 21 Nov 2026 09:12:03.123 # Warning", Some(Level::Warning)),
        ("4711:M 21 Nov 2026 09:12:03.123 * Ready", Some(Level::Info)),
        (r#"{"timestamp":"2026-11-21 09:12:03","exception":"ValueError"}"#, Some(Level::Error)),
        (r#"{"timestamp":"2026-11-21 09:12:03","level":"debug"}"#, Some(Level::Debug)),
        (r#"{"timestamp":"2026-11-21 09:12:03"}"#, None),
        ("printed", None),
        (FAILED, Some(Level::Error)),
    ] {
        let first = line.lines().next().unwrap().as_bytes();
        assert_eq!(level(line.as_bytes(), stamp::find(first).as_ref()), expected, "{line}");
    }
}

proptest! {
    /// However the bytes arrive, the records hold each of them once and in order.
    #[test]
    fn next_over_any_pieces_loses_and_repeats_nothing(
        lines in prop::collection::vec(prop::sample::select(vec![
            &b"2026-11-21 09:12:03,123 ERROR x\n"[..], b"09:12:03 short\n", b"  indented\n", b"\n",
            b"Traceback (most recent call last):\n", b"ValueError: x\n", b"\xff\xfe\n",
            b"Thread 0x1 (most recent call first):\n", b"{\"a\":1}\n", b"word\n",
        ]), 0..30),
        cuts in prop::collection::vec(1_usize..60, 0..30),
    ) {
        let whole = lines.concat();
        let mut out = Vec::new();
        let mut splitter = Splitter::default();
        let (mut from, mut upto) = (0, 0);
        for cut in cuts.iter().chain([&whole.len()]) {
            upto = (upto + cut).min(whole.len());
            let end = if upto == whole.len() { End::Final } else { End::Open };
            while let Some(span) = splitter.next(&whole[..upto], from, end) {
                prop_assert_eq!(span.begin, from);
                out.push(whole[span.begin..span.end].to_vec());
                from = span.end;
            }
        }
        prop_assert_eq!(out.concat(), &whole[..]);
        let text = split(&whole, End::Final);
        let pieces: Vec<String> =
            out.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect();
        prop_assert_eq!(pieces, text, "the cuts made a difference");
    }
}
