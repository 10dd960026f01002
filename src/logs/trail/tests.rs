//! Tests of reading logs as they stand.

use std::io::Write as _;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

fn clock() -> Clock {
    Clock::new(TimeZone::UTC)
}

fn second(second: u32) -> String {
    format!("2026-11-21 09:{:02}:{:02},000", second / 60 % 60, second % 60)
}

fn micros(second: u32) -> i64 {
    let at: Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
    at.as_microsecond() + i64::from(second) * 1_000_000
}

fn gzip(path: &Path, text: &str) {
    let file = File::create(path).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap();
}

fn texts(trails: &mut [Trail], filter: &Filter) -> Vec<String> {
    let mut merge = Merge::new(trails, filter, &|| false);
    let mut texts = Vec::new();
    while let Some((_, _, found)) = merge.next(trails, filter, &|| false) {
        texts.push(String::from_utf8(found.text).unwrap());
    }
    texts
}

#[test]
fn merge_reads_rotated_files_in_order_and_compressed_ones_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    gzip(&dir.path().join("x.log.2.gz"), &format!("{} one\n", second(1)));
    std::fs::write(dir.path().join("x.log.1"), format!("{} two\n", second(2))).unwrap();
    std::fs::write(&path, format!("{} three\n", second(3))).unwrap();
    for (reach, first) in [(Reach::All, "one"), (Reach::Plain, "two"), (Reach::Live, "three")] {
        let mut trail = Trail::open(&path, &clock(), None, reach, false).unwrap();
        trail.begin_at_instant(None, None);
        let texts = texts(&mut [trail], &Filter::default());
        assert!(texts[0].ends_with(first) && texts.last().unwrap().ends_with("three"), "{texts:?}");
    }
}

#[test]
fn begin_at_instant_leaves_out_what_is_older() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    gzip(&dir.path().join("x.log.1.gz"), &format!("{} one\n{} two\n", second(1), second(2)));
    std::fs::write(&path, format!("{} three\n", second(3))).unwrap();
    let since = Some(micros(2));
    let mut trail = Trail::open(&path, &clock(), since, Reach::All, false).unwrap();
    trail.begin_at_instant(since, None);
    let filter = Filter { since, ..Filter::default() };
    assert_eq!(texts(&mut [trail], &filter).len(), 2);
}

#[test]
fn from_last_goes_back_into_the_rotated_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    std::fs::write(dir.path().join("x.log.1"), format!("{} one\n{} two\n", second(1), second(2)))
        .unwrap();
    std::fs::write(&path, format!("{} three\n", second(3))).unwrap();
    let filter = Filter::default();
    let mut trails = [Trail::open(&path, &clock(), None, Reach::Plain, false).unwrap()];
    from_last(&mut trails, 2, &filter, &|| false);
    assert_eq!(
        texts(&mut trails, &filter),
        [format!("{} two", second(2)), format!("{} three", second(3))]
    );
}

#[test]
fn damaged_compressed_file_is_a_problem_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    std::fs::write(dir.path().join("x.log.1.gz"), "not gzip").unwrap();
    std::fs::write(&path, format!("{} three\n", second(3))).unwrap();
    let mut trails = [Trail::open(&path, &clock(), None, Reach::All, false).unwrap()];
    trails[0].begin_at_instant(None, None);
    assert_eq!(texts(&mut trails, &Filter::default()).len(), 1);
    assert_eq!(trails[0].problems.len(), 1);
}

#[test]
fn log_that_is_missing_is_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let open =
        |follows| Trail::open(&dir.path().join("x.log"), &clock(), None, Reach::All, follows);
    assert_eq!(open(false).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(open(true).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// The last records are the end of the whole, and the whole is in order.
    #[test]
    fn from_last_is_the_end_of_the_whole(
        logs in prop::collection::vec(prop::collection::vec((0_u32..3000, 0_usize..3), 0..40), 1..4),
        split in 0_usize..40,
        most in 0_usize..60,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut number = 0;
        let paths: Vec<PathBuf> = logs.iter().enumerate().map(|(which, records)| {
            let mut records = records.clone();
            records.sort_unstable();
            let lines: Vec<String> = records.iter().map(|(at, more)| {
                number += 1;
                format!("{} n={number}\n{}", second(*at), "  more\n".repeat(*more))
            }).collect();
            let path = dir.path().join(format!("{which}.log"));
            let split = split.min(lines.len());
            std::fs::write(dir.path().join(format!("{which}.log.1")), lines[..split].concat()).unwrap();
            std::fs::write(&path, lines[split..].concat()).unwrap();
            path
        }).collect();
        let open = || -> Vec<Trail> {
            let open = |path: &PathBuf| Trail::open(path, &clock(), None, Reach::Plain, false).unwrap();
            paths.iter().map(open).collect()
        };
        let filter = Filter::default();
        let mut whole = open();
        for trail in &mut whole {
            trail.begin_at_instant(None, None);
        }
        let whole = texts(&mut whole, &filter);
        prop_assert_eq!(whole.len(), number);
        let times: Vec<_> = whole.iter().map(|text| text[..23].to_owned()).collect();
        prop_assert!(times.is_sorted());
        let mut last = open();
        from_last(&mut last, most, &filter, &|| false);
        let last = texts(&mut last, &filter);
        let end = &whole[whole.len() - most.min(whole.len())..];
        let times = |texts: &[String]| texts.iter().map(|t| t[..23].to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(times(&last), times(end));
    }
}
