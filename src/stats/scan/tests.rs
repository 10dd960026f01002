use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::tz::TimeZone;

use super::*;
use crate::stats::query::By;
use crate::stats::tally::Counted;

fn query() -> Query {
    Query {
        by: By::Method,
        since_us: None,
        until_us: None,
        sites: Vec::new(),
        scheduled: None,
        slowest: 5,
        zone: TimeZone::UTC,
        now_us: i64::MAX,
        earliest_us: i64::MIN,
    }
}

/// So many lines, of three methods, each repeated once some lines later.
fn log(records: usize) -> Vec<u8> {
    let mut log = Vec::new();
    for n in (0..records).flat_map(|n| [n, n.saturating_sub(7)]) {
        writeln!(
            log,
            r#"{{"duration":{},"job":{{"method":"app.m{}","scheduled":false,"wait":5}},"site":"s","timestamp":"2026-11-21 20:57:14.707324","transaction_type":"job","uuid":"{n}"}}"#,
            n * 31 % 1_000_003,
            n % 3
        )
        .unwrap();
    }
    log
}

fn scanned(logs: &[Log]) -> (Counted, Vec<(usize, io::Error)>, u64) {
    let (query, seen) = (query(), Seen::for_log_of(Some(50_000_000)));
    let read = std::sync::atomic::AtomicU64::new(0);
    let mut tally = Tally::new(&query, &seen);
    let progress = |bytes| {
        read.fetch_add(bytes, Ordering::Relaxed);
    };
    let failures = scan(logs, &query, &seen, &mut tally, &progress);
    (tally.finish(), failures, read.into_inner())
}

fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    io::Seek::rewind(&mut file).unwrap();
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn file_in_parts_equals_the_stream() {
    let records = 30_000;
    let bytes = log(records);
    assert!(bytes.len() as u64 > 2 * PART_BYTES);
    let (parts, none, read) = scanned(&[Log::File(file(&bytes), bytes.len() as u64)]);
    let (stream, _, _) = scanned(&[Log::stream(io::Cursor::new(bytes.clone()))]);
    assert!(none.is_empty());
    assert!(read >= bytes.len() as u64);
    for counted in [&parts, &stream] {
        assert_eq!(counted.total.count, records as u64);
        assert_eq!(counted.oddities.duplicates, records as u64);
        assert_eq!(counted.oddities.unreadable + counted.oddities.cut_short, 0);
    }
    assert_eq!(parts.slowest, stream.slowest);
    assert_eq!(parts.total.duration.sum_us(), stream.total.duration.sum_us());
    assert_eq!(parts.total.duration.quantile_us(0.95), stream.total.duration.quantile_us(0.95));
}

#[test]
fn gzip_of_several_members_is_read_whole() {
    let bytes = log(100);
    let middle = bytes.len() / 2;
    let packed = [gzip(&bytes[..middle]), gzip(&bytes[middle..])].concat();
    let (counted, failures, _) = scanned(&[Log::gzip(file(&packed))]);
    assert!(failures.is_empty());
    assert_eq!(counted.total.count, 100);
}

#[test]
fn gzip_that_is_cut_short_counts_what_came_before() {
    let packed = gzip(&log(5000));
    let (counted, failures, _) =
        scanned(&[Log::gzip(file(&packed[..packed.len() / 2])), Log::stream(&b""[..])]);
    assert_eq!(failures.len(), 1);
    assert_eq!((failures[0].0, failures[0].1.kind()), (0, io::ErrorKind::UnexpectedEof));
    assert!((1..5000).contains(&counted.total.count), "{}", counted.total.count);
}

#[test]
fn file_that_was_cut_after_it_was_opened_is_read_to_its_end() {
    let bytes = log(10);
    let (counted, failures, _) = scanned(&[Log::File(file(&bytes), 100 * PART_BYTES)]);
    assert!(failures.is_empty());
    assert_eq!(counted.total.count, 10);
}

#[test]
fn all_of_a_log_is_shared_up_to_256_mebibytes_and_the_edges_of_a_longer_one() {
    let edges = |mebibytes: u64| {
        let log = Log::File(tempfile::tempfile().unwrap(), mebibytes * 1024 * 1024);
        let runs = runs_of(&[log]);
        let parts: Vec<bool> = runs.iter().flatten().map(|part| part.is_edge).collect();
        (runs.len(), parts.iter().filter(|edge| **edge).count(), parts.len())
    };
    assert_eq!(edges(88), (22, 22, 22));
    assert_eq!(edges(256), (64, 64, 64));
    assert_eq!(edges(260), (5, 9, 65));
}
