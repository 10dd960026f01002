//! Tests of what is read of a long file, and of what a file's days are.

use std::io::Write as _;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::logs::filter::Filter;
use crate::logs::record::End;
use crate::logs::scan::{Scan, Search};

const BEGIN: &str = "2026-11-01T00:00:00Z";
/// A minute between two records of eight kibibytes.
const RECORDS: i64 = 3_000;
const RECORD: usize = 8 << 10;

fn begin() -> Timestamp {
    BEGIN.parse().unwrap()
}

fn line(minute: i64, text: &str) -> String {
    let at = begin() + SignedDuration::from_mins(minute);
    format!("{} {text}\n", at.strftime("%Y-%m-%d %H:%M:%S,000"))
}

/// A file of numbered records, one a minute, with other lines before some of them.
fn file_of(records: i64, others: &[(i64, String)]) -> (File, u64) {
    let mut text = Vec::new();
    for number in 0..records {
        for (_, other) in others.iter().filter(|(before, _)| *before == number) {
            text.extend_from_slice(other.as_bytes());
        }
        let record = line(number, &format!("INFO n={number} "));
        text.extend_from_slice(record.trim_end_matches('\n').as_bytes());
        text.resize(text.len() + RECORD - record.len(), b'x');
        text.push(b'\n');
    }
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&text).unwrap();
    (file, text.len() as u64)
}

fn minute(number: i64) -> i64 {
    (begin() + SignedDuration::from_mins(number)).as_microsecond()
}

/// The numbers of the records between two minutes, and how far was read for them.
fn numbers(file: &File, length: u64, since: Option<i64>, until: Option<i64>) -> (Vec<i64>, u64) {
    let mut clock = Clock::new(TimeZone::UTC);
    clock.within = days_within(file, false, minute(2 * RECORDS)).unwrap();
    let filter = Filter { since: since.map(minute), until: until.map(minute), ..Filter::default() };
    let region = find(file, length, filter.since, filter.until, &clock).unwrap();
    let mut scan = Scan::new(Input::plain(file.try_clone().unwrap(), region.begin), clock);
    scan.read_at_least_to(region.last);
    let search = Search { filter: &filter, sites: &[], stop: &|| false };
    let mut numbers = Vec::new();
    while let Some(found) = scan.next(&search, End::Final).unwrap() {
        let text = String::from_utf8(found.text).unwrap();
        let number =
            text.split("n=").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<i64>().ok());
        numbers.extend(number);
    }
    (numbers, scan.read_to() - region.begin)
}

#[test]
fn long_file_is_read_where_the_wanted_records_stand() {
    let (file, length) = file_of(RECORDS * 2, &[]);
    let (found, read) = numbers(&file, length, Some(5_000), Some(5_100));
    assert_eq!(found, (5_000..=5_100).collect::<Vec<_>>());
    assert!(read < STRETCH + 8 * BLOCK, "{read} of {length}");
    let (found, read) = numbers(&file, length, Some(5_990), None);
    assert_eq!((found.len(), read < 4 * BLOCK), (10, true), "{read}");
}

#[test]
fn days_within_are_those_of_the_first_lines_and_of_the_last_change() {
    let within = |text: &str| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let within = days_within(&file, false, begin().as_microsecond()).unwrap();
        (within.first.to_string(), within.last.to_string())
    };
    let days = |first: &str, last: &str| (first.to_owned(), last.to_owned());
    let all = days(&Date::MIN.to_string(), &Date::MAX.to_string());
    assert_eq!(within("2026-10-20 09:00:00 x\n"), days("2025-10-20", "2026-11-02"));
    assert_eq!(
        within("2099-01-01 09:00:00 x\n2026-10-20 09:00:00 x\n2026-10-21 09:00:00 x\n"),
        days("2025-10-20", "2026-11-02")
    );
    assert_eq!(within("2099-01-01 09:00:00 x\n2098-10-20 09:00:00 x\n09:00:00 x\n"), all);
    assert_eq!(within("09:00:00 x\n"), days(&Date::MIN.to_string(), "2026-11-02"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    /// Lines that tell another time than their own, alone or many in a row, cost no record.
    #[test]
    fn records_of_a_long_file_with_odd_times_are_those_of_the_whole(
        odd in prop::collection::vec(
            (0..RECORDS, prop::sample::select(vec!["2012-12-31", "2099-12-31", "2026-11-03",
             "2026-11-25"]), prop::sample::select(vec![1_usize, 1, 1, 500])),
            1..5,
        ),
        since in prop::option::of(0..RECORDS),
        until in prop::option::of(0..RECORDS),
    ) {
        let others: Vec<(i64, String)> = odd
            .iter()
            .map(|(before, day, count)| {
                let line = format!("{day} 00:00:00 imported row {}\n", "y".repeat(RECORD));
                (*before, line.repeat(*count))
            })
            .collect();
        let (file, length) = file_of(RECORDS, &others);
        let first = since.unwrap_or(0);
        let last = until.unwrap_or(RECORDS - 1);
        let expected: Vec<i64> = (first..=last).collect();
        let (found, _) = numbers(&file, length, since, until);
        let differ = found.iter().zip(&expected).find(|(one, other)| one != other);
        prop_assert!(found == expected, "{} of {}, {differ:?}", found.len(), expected.len());
    }
}
