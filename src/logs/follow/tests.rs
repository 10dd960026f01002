//! Tests of following, with real files and rotations of every kind between the looks.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

/// A program that writes a log and rotates it.
struct Writer {
    dir: tempfile::TempDir,
    live: File,
    /// The file before the last rename: other processes still write to it.
    stale: Option<File>,
    lines: u32,
}

impl Writer {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let live = append(&dir.path().join("x.log"));
        Self { dir, live, stale: None, lines: 0 }
    }

    fn path(&self, suffix: &str) -> PathBuf {
        self.dir.path().join(format!("x.log{suffix}"))
    }

    fn line(&mut self) -> String {
        self.lines += 1;
        let more = if self.lines.is_multiple_of(3) { "\n  and more\n" } else { "\n" };
        format!("2026-11-21 09:12:03,123 ERROR x n={}{more}", self.lines)
    }

    fn write(&mut self, lines: usize) {
        let text: String = (0..lines).map(|_| self.line()).collect();
        self.live.write_all(text.as_bytes()).unwrap();
    }

    fn write_stale(&mut self, lines: usize) {
        let text: String = (0..lines).map(|_| self.line()).collect();
        if let Some(stale) = &mut self.stale {
            stale.write_all(text.as_bytes()).unwrap();
        } else {
            self.live.write_all(text.as_bytes()).unwrap();
        }
    }

    /// Makes room for `.1`.
    fn shift(&self) {
        for number in (1..40).rev() {
            for ending in ["", ".gz"] {
                let from = self.path(&format!(".{number}{ending}"));
                if from.exists() {
                    fs::rename(from, self.path(&format!(".{}{ending}", number + 1))).unwrap();
                }
            }
        }
    }

    fn rename(&mut self) {
        self.shift();
        fs::rename(self.path(""), self.path(".1")).unwrap();
        let live = append(&self.path(""));
        self.stale = Some(std::mem::replace(&mut self.live, live));
    }

    fn copy_and_truncate(&mut self) {
        self.shift();
        fs::copy(self.path(""), self.path(".1")).unwrap();
        self.live.set_len(0).unwrap();
        self.stale = None;
    }

    fn compress(&mut self) {
        let plain = self.path(".1");
        let Ok(text) = fs::read(&plain) else { return };
        let mut gzip =
            GzEncoder::new(File::create(self.path(".1.gz")).unwrap(), Compression::fast());
        gzip.write_all(&text).unwrap();
        gzip.finish().unwrap();
        let born = fs::metadata(&plain).unwrap().created().unwrap();
        fs::remove_file(plain).unwrap();
        self.stale = None;
        // Its number is free now. A file that takes it must not be as old, to the clock's tick.
        let probe = self.dir.path().join("probe");
        while {
            fs::write(&probe, "").unwrap();
            let same = fs::metadata(&probe).unwrap().created().unwrap() <= born;
            fs::remove_file(&probe).unwrap();
            same
        } {}
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

fn clock() -> Clock {
    Clock::new(TimeZone::UTC)
}

/// A follower that looks at made-up times.
struct Looking {
    follower: Follower,
    now: Instant,
    found: Vec<Found>,
}

impl Looking {
    /// Follows from the end of what there is.
    fn at(path: &Path) -> Self {
        let taken = rotation::snapshot(path, |_| false).unwrap();
        let known: Vec<_> = taken.rotated.into_iter().map(|(file, _)| file).collect();
        let live = taken.live.map(|(file, metadata)| {
            let mut input = Input::plain(file, metadata.len());
            input.guard().unwrap();
            (Scan::new(input, clock()), FileId::of(&metadata))
        });
        let now = Instant::now();
        let follower = Follower::new(path.to_owned(), live, &known, clock(), Vec::new(), now);
        Self { follower, now, found: Vec::new() }
    }

    fn look(&mut self, list: bool) -> Option<Problem> {
        self.now += QUIET;
        self.follower.look(&Filter::default(), self.now, list, &mut self.found)
    }

    fn finish(&mut self) {
        self.follower.finish(&Filter::default(), self.now, &mut self.found);
    }

    /// How often each line was found.
    fn counts(&self) -> BTreeMap<u32, u32> {
        let mut counts = BTreeMap::new();
        for found in &self.found {
            let text = String::from_utf8_lossy(&found.text);
            let number = text.split("n=").nth(1).and_then(|rest| rest.lines().next()).unwrap();
            let number: u32 = number.parse().unwrap();
            assert_eq!(
                text.lines().count(),
                if number.is_multiple_of(3) { 2 } else { 1 },
                "{text}"
            );
            *counts.entry(number).or_default() += 1;
        }
        counts
    }
}

fn once(lines: u32) -> BTreeMap<u32, u32> {
    (1..=lines).map(|line| (line, 1)).collect()
}

#[test]
fn look_hands_out_the_last_record_when_it_is_quiet() {
    let mut writer = Writer::new();
    let mut looking = Looking::at(&writer.path(""));
    writer.write(2);
    looking.look(false);
    assert_eq!(looking.found.len(), 1);
    assert!(looking.follower.is_waiting());
    looking.look(false);
    assert_eq!(looking.found.len(), 2);
    assert!(!looking.follower.is_waiting());
}

#[test]
fn look_does_not_hand_out_half_a_line() {
    let mut writer = Writer::new();
    let mut looking = Looking::at(&writer.path(""));
    writer.live.write_all(b"2026-11-21 09:12:03,123 ERROR x n=").unwrap();
    for _ in 0..5 {
        looking.look(false);
    }
    assert!(looking.found.is_empty());
    writer.live.write_all(b"1\n").unwrap();
    looking.look(false);
    looking.look(false);
    assert_eq!(looking.counts(), once(1));
}

#[test]
fn look_reads_a_renamed_file_to_its_end() {
    let mut writer = Writer::new();
    let mut looking = Looking::at(&writer.path(""));
    writer.write(5);
    writer.rename();
    writer.write(5);
    looking.look(true);
    writer.write_stale(5);
    looking.look(false);
    looking.finish();
    assert_eq!(looking.counts(), once(15));
    let order: Vec<_> = looking.found.iter().map(|found| found.offset).collect();
    assert_eq!(order[0], 0, "the renamed file comes first");
}

#[test]
fn look_finds_what_came_and_went_between_two_looks() {
    let mut writer = Writer::new();
    let mut looking = Looking::at(&writer.path(""));
    for _ in 0..4 {
        writer.write(3);
        writer.rename();
    }
    writer.write(3);
    looking.look(true);
    looking.finish();
    assert_eq!(looking.counts(), once(15));
}

#[test]
fn look_reads_the_rest_of_a_truncated_file_from_its_copy() {
    for compressed in [false, true] {
        let mut writer = Writer::new();
        let mut looking = Looking::at(&writer.path(""));
        writer.write(4);
        looking.look(false);
        writer.write(4);
        writer.copy_and_truncate();
        if compressed {
            writer.compress();
        }
        // As long as before: only the content tells.
        writer.write(40);
        looking.look(false);
        looking.finish();
        assert_eq!(looking.counts(), once(48));
    }
}

#[test]
fn look_finds_a_compressed_copy_of_what_was_never_read() {
    let mut writer = Writer::new();
    let mut looking = Looking::at(&writer.path(""));
    writer.write(1);
    writer.copy_and_truncate();
    writer.compress();
    looking.finish();
    assert_eq!(looking.counts(), once(1));
}

#[test]
fn look_does_not_read_what_was_rotated_before() {
    let mut writer = Writer::new();
    writer.write(9);
    writer.rename();
    writer.write(9);
    let mut looking = Looking::at(&writer.path(""));
    writer.compress();
    writer.rename();
    looking.look(true);
    looking.look(true);
    looking.finish();
    assert!(looking.found.is_empty(), "{:?}", looking.counts());
}

#[test]
fn look_at_a_directory_in_the_place_complains_once_and_goes_on() {
    let mut writer = Writer::new();
    let mut looking = Looking::at(&writer.path(""));
    fs::rename(writer.path(""), writer.path(".1")).unwrap();
    fs::create_dir(writer.path("")).unwrap();
    let problem = looking.look(true).unwrap();
    assert_eq!(problem.error.kind(), io::ErrorKind::IsADirectory);
    assert!(looking.look(true).is_none());
    fs::remove_dir(writer.path("")).unwrap();
    writer.live = append(&writer.path(""));
    writer.write(1);
    looking.look(true);
    looking.finish();
    assert_eq!(looking.counts(), once(1));
}

#[test]
fn look_waits_for_a_log_that_is_not_there_yet() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    let mut looking = Looking::at(&path);
    looking.look(true);
    fs::write(&path, "2026-11-21 09:12:03,123 x n=1\n").unwrap();
    looking.look(false);
    looking.finish();
    assert_eq!(looking.counts(), once(1));
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize),
    WriteStale(usize),
    Rename,
    CopyAndTruncate,
    Compress,
    Look(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_usize..40).prop_map(Step::Write),
        1 => (1_usize..4).prop_map(Step::WriteStale),
        2 => Just(Step::Rename),
        2 => Just(Step::CopyAndTruncate),
        1 => Just(Step::Compress),
        4 => any::<bool>().prop_map(Step::Look),
    ]
}

proptest! {
    /// Whatever happens between the looks, each line is found once.
    #[test]
    fn follower_over_any_rotations_loses_and_repeats_nothing(
        steps in prop::collection::vec(step(), 1..30),
    ) {
        let mut writer = Writer::new();
        let mut looking = Looking::at(&writer.path(""));
        for step in &steps {
            match step {
                Step::Write(lines) => writer.write(*lines),
                Step::WriteStale(lines) => writer.write_stale(*lines),
                Step::Rename => writer.rename(),
                Step::CopyAndTruncate => writer.copy_and_truncate(),
                Step::Compress => writer.compress(),
                Step::Look(list) => drop(looking.look(*list)),
            }
        }
        looking.finish();
        let (found, expected) = (looking.counts(), once(writer.lines));
        let wrong: Vec<_> = (1..=writer.lines)
            .filter(|line| found.get(line) != expected.get(line))
            .map(|line| (line, found.get(&line).copied().unwrap_or(0)))
            .take(5)
            .collect();
        prop_assert!(wrong.is_empty(), "line, times: {wrong:?}");
    }
}
