use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::error::exit_code_of;
use crate::journal::JournalDir;
use crate::model::history::{EndedJob, Gap, MemoryPeak, QueueSample, Retention, Sample};

/// 2026-11-21, 20:00 UTC.
const NOW: i64 = 1_795_291_200;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(NOW + second).unwrap()
}

fn sample(second: i64, queued: u64) -> Sample {
    let queue = QueueSample {
        queue: "short".to_owned(),
        queued: Some(queued),
        workers: Some(2),
        oldest_s: Some(queued * 2),
        ..QueueSample::default()
    };
    Sample {
        at: at(second),
        redis_memory: Some(1_000 + queued),
        busy: Some(1),
        idle: Some(1),
        queues: vec![queue],
    }
}

fn ended(second: i64, method: &str, run_ms: u64) -> EndedJob {
    EndedJob {
        hash: second.unsigned_abs() * 31 + run_ms,
        queue: "short".to_owned(),
        method: method.to_owned(),
        site: Some("a.localhost".to_owned()),
        ended_at: at(second),
        failed: Some(run_ms == 666),
        error: (run_ms == 666).then(|| "ValueError".to_owned()),
        wait_ms: Some(5),
        run_ms: Some(run_ms),
    }
}

fn open(path: &Path) -> Opened {
    Writer::open(Place::named(path), TimeZone::UTC).unwrap()
}

fn everything() -> Filter {
    Filter { since_s: 0, until_s: i64::MAX / 1_000, ..Filter::default() }
}

fn batch(samples: Vec<Sample>, ended: Vec<EndedJob>) -> Batch {
    Batch { samples, ended, ..Batch::default() }
}

#[test]
fn history_gives_back_what_was_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    let jobs = vec![ended(10, "a.b", 100), ended(70, "a.b", 300), ended(80, "c.d", 666)];
    let first = batch(vec![sample(0, 3), sample(30, 7)], jobs);
    writer.write(&first).unwrap();
    // The same look once more, as after a crash.
    writer.write(&first).unwrap();
    let reader = Reader::open(Place::named(&path)).unwrap();
    assert_eq!(reader.samples(&everything()).unwrap(), first.samples);
    for span in Span::ALL {
        let figures = reader.ended_by_method(span, &everything()).unwrap();
        let of = |method: &str| (figures[method].count, figures[method].failed);
        assert_eq!((of("a.b"), of("c.d")), ((2, 0), (1, 1)), "{span:?}");
        assert_eq!(figures["a.b"].run_mean_ms(), Some(200.0));
        assert_eq!((figures["a.b"].run_max_ms, figures["a.b"].wait_sum_ms), (300, 10));
        let levels = reader.levels(span, &everything()).unwrap();
        let level = levels.values().next().unwrap();
        assert_eq!((level.samples, level.queued_sum, level.queued_max), (2, 10, 7), "{span:?}");
        assert_eq!((level.workers_sum, level.busy_sum, level.memory_max), (4, 2, Some(1_007)));
    }
    let minutes = reader.ended_by_time(Span::Minute, &everything()).unwrap();
    assert_eq!(minutes.keys().copied().collect::<Vec<_>>(), [NOW, NOW + 60]);
    assert_eq!(reader.errors(&everything()).unwrap()["ValueError"], 1);
    assert_eq!(reader.ended_by_site(Span::Day, &everything()).unwrap()["a.localhost"].count, 3);
    let demand = reader.demand(Span::Hour, &everything()).unwrap();
    let demand = demand[&("short".to_owned(), NOW)];
    assert_eq!((demand.ended, demand.runs, demand.queued_max), (3, 3, 7));
}

#[test]
fn history_filter_narrows_to_queue_method_site_and_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    let other = EndedJob { site: None, queue: "long".to_owned(), ..ended(3_700, "a.b", 9) };
    writer
        .write(&batch(Vec::new(), vec![ended(10, "a.b", 1), ended(11, "c.d", 2), other]))
        .unwrap();
    let reader = Reader::open(Place::named(&path)).unwrap();
    let count = |filter: Filter| {
        let by_time = reader.ended_by_time(Span::Hour, &filter).unwrap();
        by_time.values().map(|figures| figures.count).sum::<u64>()
    };
    let name = |text: &str| Some(text.to_owned());
    assert_eq!(count(everything()), 3);
    assert_eq!(count(Filter { queue: name("long"), ..everything() }), 1);
    assert_eq!(count(Filter { method: name("a.b"), ..everything() }), 2);
    assert_eq!(count(Filter { sites: Some(vec!["a.localhost".into()]), ..everything() }), 2);
    assert_eq!(count(Filter { sites: Some(vec!["a.local".into()]), ..everything() }), 0);
    assert_eq!(count(Filter { since_s: NOW + 3_600, ..everything() }), 1);
    assert_eq!(count(Filter { until_s: NOW + 3_600, ..everything() }), 2);
    let unknown = Filter { queue: name("lnog"), ..everything() };
    let error = reader.check(&unknown).unwrap_err();
    assert_eq!(exit_code_of(&error), 66, "{error}");
}

#[test]
fn history_is_private_and_written_by_one_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let writer = open(&path).writer;
    for name in ["h.db", "h.db-wal", "h.db.lock"] {
        let mode = dir.path().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let Err(error) = Writer::open(Place::named(&path), TimeZone::UTC) else { panic!("no lock") };
    assert_eq!(exit_code_of(&error), 75);
    let process = format!("process {} on ", std::process::id());
    assert!(error.to_string().contains(&process), "{error}");
    drop(writer);
    assert!(open(&path).moved_aside.is_none());
}

#[test]
fn history_of_a_bench_is_beside_its_journals_and_follows_no_link() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let place = || Place::beside(JournalDir::of(Some(dir.path())).unwrap(), None);
    drop(Writer::open(place(), TimeZone::UTC).unwrap());
    let path = dir.path().join("config/jobctl/history.db");
    assert_eq!(place().path(), path);
    assert_eq!(path.metadata().unwrap().uid(), dir.path().metadata().unwrap().uid());
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &path).unwrap();
    assert!(Writer::open(place(), TimeZone::UTC).is_err());
}

/// The header of a history, and nothing behind it that could be read.
fn damage(path: &Path) -> Vec<u8> {
    drop(open(path));
    let mut bytes = std::fs::read(path).unwrap();
    bytes[100..].fill(b'x');
    bytes
}

#[test]
fn history_that_is_damaged_is_moved_aside_and_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    let own = || Place::beside(JournalDir::of(Some(dir.path())).unwrap(), None);
    drop(Writer::open(own(), TimeZone::UTC).unwrap());
    let named = dir.path().join("h.db");
    let header = damage(&named);
    for (place, damage) in [
        (own(), &b"this is no database, whatever its name says"[..]),
        (own(), &[0; 8192][..]),
        (Place::named(&named), header.as_slice()),
    ] {
        std::fs::write(place.path(), damage).unwrap();
        let Opened { mut writer, moved_aside } =
            Writer::open(place.clone(), TimeZone::UTC).unwrap();
        let aside = moved_aside.expect("the damage to be noticed");
        assert_eq!(std::fs::read(&aside).unwrap(), damage);
        writer.write(&batch(vec![sample(0, 1)], Vec::new())).unwrap();
        drop(writer);
        let samples = Reader::open(place.clone()).unwrap().samples(&everything()).unwrap();
        assert_eq!(samples.len(), 1);
        std::fs::remove_file(aside).unwrap();
        std::fs::remove_file(place.path()).unwrap();
    }
}

#[test]
fn history_named_that_is_something_else_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("important.json");
    let refused = |path: &Path| {
        let reader = Reader::open(Place::named(path)).err().unwrap();
        let Err(writer) = Writer::open(Place::named(path), TimeZone::UTC) else { panic!("taken") };
        assert_eq!((exit_code_of(&reader), exit_code_of(&writer)), (65, 65), "{reader} {writer}");
    };
    std::fs::write(&path, "{\"a\": 1}").unwrap();
    refused(&path);
    assert_eq!(std::fs::read(&path).unwrap(), b"{\"a\": 1}");
    // The database of another program.
    std::fs::remove_file(&path).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE facts (a); PRAGMA user_version = 1").unwrap();
    drop(other);
    let before = std::fs::read(&path).unwrap();
    refused(&path);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    // What would be waited for.
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    refused(&fifo);
    refused(dir.path());
}

#[test]
fn history_of_the_first_release_is_taken_and_marked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    drop(open(&path));
    let old = rusqlite::Connection::open(&path).unwrap();
    old.pragma_update(None, "application_id", 0).unwrap();
    drop(old);
    Reader::open(Place::named(&path)).unwrap();
    assert!(open(&path).moved_aside.is_none());
    assert_eq!(identity::content(&path).unwrap(), identity::Content::Marked);
}

#[test]
#[cfg(target_os = "linux")]
fn looking_into_a_history_leaves_the_locks_of_this_process_on_it() {
    use std::os::unix::fs::MetadataExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let writer = open(&path);
    let inode = format!(":{} ", path.metadata().unwrap().ino());
    let locks = || {
        let all = std::fs::read_to_string("/proc/locks").unwrap();
        all.lines().filter(|line| line.contains(" POSIX ") && line.contains(&inode)).count()
    };
    assert_eq!(locks(), 1, "the writer's");
    assert_eq!(identity::content(&path).unwrap(), identity::Content::Marked);
    drop(Reader::open(Place::named(&path)).unwrap());
    held::ensure(&path, || -> Result<_, ()> { panic!("it is open already") }).unwrap();
    assert_eq!(locks(), 1);
    drop(writer);
}

#[test]
fn history_that_is_locked_is_waited_for_as_long_as_there_is_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    writer.set_patience(Duration::ZERO).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let facts = std::collections::BTreeMap::from([("a", "b".to_owned())]);
    let batch = Batch { facts, ..Batch::default() };
    let began = std::time::Instant::now();
    assert_eq!(exit_code_of(&writer.write(&batch).unwrap_err()), 75);
    assert!(began.elapsed() < Duration::from_secs(5), "what a file that is opened is waited for");
    other.execute_batch("ROLLBACK").unwrap();
    writer.write(&batch).unwrap();
    assert_eq!(writer.fact("a").unwrap().as_deref(), Some("b"));
}

#[test]
fn history_that_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let code = || exit_code_of(&Reader::open(Place::named(&path)).err().unwrap());
    assert_eq!(code(), 66);
    std::fs::write(&path, "").unwrap();
    assert_eq!(code(), 66);
    std::fs::write(&path, "x".repeat(5_000)).unwrap();
    assert_eq!(code(), 65);
    std::fs::remove_file(&path).unwrap();
    drop(open(&path));
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 999).unwrap();
    drop(newer);
    assert_eq!(code(), 78);
    let Err(error) = Writer::open(Place::named(&path), TimeZone::UTC) else { panic!("taken") };
    assert_eq!(exit_code_of(&error), 78, "{error}");
}

#[test]
fn history_damaged_while_it_is_written_begins_anew_with_all_names() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    writer.write(&batch(vec![sample(0, 1)], vec![ended(1, "a.b", 2)])).unwrap();
    let aside = writer.start_anew().unwrap();
    writer.write(&batch(vec![sample(5, 2)], vec![ended(6, "a.b", 3)])).unwrap();
    let reader = Reader::open(Place::named(&path)).unwrap();
    assert_eq!(reader.ended_by_method(Span::Day, &everything()).unwrap()["a.b"].count, 1);
    assert_eq!(reader.samples(&everything()).unwrap(), [sample(5, 2)]);
    let old = Reader::open(Place::named(&aside)).unwrap();
    assert_eq!(old.samples(&everything()).unwrap(), [sample(0, 1)]);
}

#[test]
fn history_keeps_only_as_long_as_it_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    let day = 86_400;
    let old = batch(vec![sample(-40 * day, 1)], vec![ended(-40 * day, "old", 1)]);
    writer.write(&old).unwrap();
    writer.write(&batch(vec![sample(0, 2)], vec![ended(0, "new", 1)])).unwrap();
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let retention = Retention {
        samples: days(1),
        jobs: days(1),
        minutes: days(1),
        hours: days(30),
        days: days(365),
    };
    let pruned = writer.prune(at(60), &retention).unwrap();
    assert_eq!((pruned.samples, pruned.jobs), (1, 1));
    assert_eq!(writer.prune(at(60), &retention).unwrap(), Pruned::default());
    let reader = Reader::open(Place::named(&path)).unwrap();
    let methods = |span| reader.ended_by_method(span, &everything()).unwrap().len();
    assert_eq!((methods(Span::Minute), methods(Span::Hour), methods(Span::Day)), (1, 1, 2));
    assert_eq!(reader.samples(&everything()).unwrap().len(), 1);
    let recorded = reader.recorded().unwrap();
    assert_eq!((recorded.days, recorded.hours), (2, 1));
    // The day is kept longest, so it tells how far back the history reaches.
    assert_eq!(recorded.first, Some(at(-40 * day - 20 * 3_600)));
}

#[test]
fn history_tells_methods_of_a_day_apart_up_to_a_bound() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    let long = "x".repeat(10_000);
    let jobs: Vec<EndedJob> = (0..3_000)
        .map(|number| ended(number, &format!("m{number}"), 1))
        .chain([ended(4_000, &long, 1)])
        .collect();
    writer.write(&batch(Vec::new(), jobs)).unwrap();
    drop(writer);
    // The bound holds for the day, not for the process.
    let mut writer = open(&path).writer;
    writer.write(&batch(Vec::new(), vec![ended(5_000, "one.more", 1)])).unwrap();
    let reader = Reader::open(Place::named(&path)).unwrap();
    let methods = reader.ended_by_method(Span::Day, &everything()).unwrap();
    assert_eq!(methods.len(), 1_001);
    assert_eq!(methods.values().map(|figures| figures.count).sum::<u64>(), 3_002);
    assert_eq!(methods["other"].count, 2_002);
}

#[test]
fn history_keeps_counters_events_gaps_and_peaks() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    let peak = |kib, is_new| MemoryPeak {
        at: at(1),
        queue: "short".to_owned(),
        method: "a.b".to_owned(),
        kib,
        is_new,
    };
    let gap = Gap { from: at(0), until: at(90), why: "no Redis".to_owned() };
    let first = Batch {
        peaks: vec![peak(100, true), peak(300, false), peak(200, true)],
        totals: ["x", "gone"].map(|name| (name.to_owned(), Some("1".to_owned()))).into(),
        seen: vec![(u64::MAX, at(0)), (7, at(100))],
        facts: [("last_look", "then".to_owned())].into(),
        gaps: vec![gap.clone()],
        ..Batch::default()
    };
    writer.write(&first).unwrap();
    let second = Batch {
        totals: [("x".to_owned(), Some("2".to_owned())), ("gone".to_owned(), None)].into(),
        forget_before: Some(at(50)),
        ..Batch::default()
    };
    writer.write(&second).unwrap();
    drop(writer);
    let writer = open(&path).writer;
    assert_eq!(writer.totals().unwrap(), [("x".to_owned(), "2".to_owned())]);
    assert_eq!(writer.seen().unwrap(), [(7, at(100))]);
    assert_eq!(writer.fact("last_look").unwrap().as_deref(), Some("then"));
    assert_eq!(writer.fact("zone").unwrap().as_deref(), Some("UTC"));
    let reader = Reader::open(Place::named(&path)).unwrap();
    assert_eq!(reader.memory(&everything()).unwrap()["a.b"], (300, 2));
    assert_eq!(reader.gaps(&everything()).unwrap(), [gap]);
}

#[test]
fn history_knows_queues_and_methods_apart_from_sites() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let jobs = vec![ended(10, "a.b", 100)];
    open(&path).writer.write(&batch(vec![sample(0, 3)], jobs)).unwrap();
    let reader = Reader::open(Place::named(&path)).unwrap();
    let check = |queue: &str| {
        reader.check(&Filter { queue: Some(queue.to_owned()), ..everything() }).is_ok()
    };
    assert_eq!(["short", "a.localhost", "a.b"].map(check), [true, false, false]);
}

#[test]
fn history_that_was_removed_or_replaced_is_noticed_and_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut writer = open(&path).writer;
    writer.write(&batch(vec![sample(0, 1)], Vec::new())).unwrap();
    assert_eq!(writer.displaced(), None);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(writer.displaced(), Some(Displaced::Removed));
    writer.reclaim().unwrap();
    assert_eq!(writer.reopen().unwrap(), None);
    writer.write(&batch(vec![sample(5, 2)], Vec::new())).unwrap();
    let samples = || Reader::open(Place::named(&path)).unwrap().samples(&everything()).unwrap();
    assert_eq!((writer.displaced(), samples()), (None, vec![sample(5, 2)]));
    // With its log and its lock as well; then another one, of before, is put into its place.
    let other = dir.path().join("other.db");
    open(&other).writer.write(&batch(vec![sample(-50, 9)], Vec::new())).unwrap();
    for name in ["h.db", "h.db-wal", "h.db-shm", "h.db.lock"] {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(writer.displaced(), Some(Displaced::Replaced));
    writer.reclaim().unwrap();
    assert_eq!(writer.reopen().unwrap(), None);
    writer.write(&batch(vec![sample(10, 3)], Vec::new())).unwrap();
    assert_eq!(samples(), [sample(-50, 9), sample(10, 3)]);
    // It still keeps others out.
    let Err(error) = Writer::open(Place::named(&path), TimeZone::UTC) else { panic!("no lock") };
    assert_eq!(exit_code_of(&error), 75, "{error}");
}

#[test]
fn history_that_somebody_else_began_after_its_removal_is_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let mut first = open(&path).writer;
    for name in ["h.db", "h.db.lock"] {
        std::fs::remove_file(dir.path().join(name)).unwrap();
    }
    let second = open(&path).writer;
    assert_eq!(first.displaced(), Some(Displaced::Replaced));
    assert_eq!(exit_code_of(&first.reclaim().unwrap_err()), 75);
    assert_eq!(second.displaced(), None);
    drop(first);
    assert!(dir.path().join("h.db.lock").exists());
    drop(second);
}

#[test]
fn history_that_is_claimed_and_never_begun_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    let claim = Claim::take(Place::named(&path)).unwrap();
    assert!(!claim.has_file());
    assert_eq!(exit_code_of(&Claim::take(Place::named(&path)).unwrap_err()), 75);
    drop(claim);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn history_of_the_first_version_is_read_as_it_is_and_brought_up_by_who_writes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.db");
    drop(open(&path));
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "DROP TABLE ended; DROP TABLE ended_rollup; CREATE TABLE ended (
             at INTEGER NOT NULL, hash INTEGER NOT NULL, queue INTEGER NOT NULL,
             method INTEGER NOT NULL, site INTEGER, failed INTEGER NOT NULL, error INTEGER,
             wait_ms INTEGER, run_ms INTEGER, PRIMARY KEY (at, hash)) WITHOUT ROWID;
         CREATE TABLE ended_rollup (
             span INTEGER NOT NULL, at INTEGER NOT NULL, queue INTEGER NOT NULL,
             method INTEGER NOT NULL, site INTEGER NOT NULL, count INTEGER NOT NULL,
             failed INTEGER NOT NULL, runs INTEGER NOT NULL, run_sum INTEGER NOT NULL,
             run_squares REAL NOT NULL, run_max INTEGER NOT NULL, run_histogram BLOB NOT NULL,
             waits INTEGER NOT NULL, wait_sum INTEGER NOT NULL, wait_max INTEGER NOT NULL,
             wait_histogram BLOB NOT NULL,
             PRIMARY KEY (span, at, queue, method, site)) WITHOUT ROWID;
         INSERT INTO names VALUES (1, 'short'), (2, 'a.b');
         INSERT INTO ended VALUES (1795291200000, 7, 1, 2, NULL, 0, NULL, NULL, NULL);
         INSERT INTO ended_rollup VALUES
             (86400, 1795219200, 1, 2, 0, 4, 1, 0, 0, 0.0, 0, x'', 0, 0, 0, x'');
         PRAGMA user_version = 1;",
    )
    .unwrap();
    drop(old);
    let known = || {
        let reader = Reader::open(Place::named(&path)).unwrap();
        let figures = &reader.ended_by_method(Span::Day, &everything()).unwrap()["a.b"];
        (figures.count, figures.failed, figures.failed_known())
    };
    assert_eq!(known(), (4, 1, 4));
    let unknown = EndedJob { failed: None, site: None, ..ended(10, "a.b", 9) };
    open(&path).writer.write(&batch(Vec::new(), vec![unknown])).unwrap();
    assert_eq!(known(), (5, 1, 4));
}
