//! What is particular to SQLite: files, locks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jobctl::backend::site_db::{Access, DbFault, connect};
use jobctl::error::Kind;

use super::{Place, SITE, TIMEOUT};
use crate::support::site_schema::V16;

fn place() -> Place {
    Place::new("sqlite", V16, |db| db.setting("enable_scheduler", "1"))
}

fn names_beside(file: &Path) -> Vec<String> {
    let entries = fs::read_dir(file.parent().unwrap()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn reading_leaves_neither_a_file_nor_a_trace() {
    let place = place();
    let file = place.db.file();
    let before = (names_beside(file), fs::read(file).unwrap());
    assert_eq!(before.0.len(), 1, "{before:?}");
    let mut db = place.read();
    assert!(db.system_settings().unwrap().scheduler_enabled);
    assert_eq!(names_beside(file), before.0, "while it is open");
    drop(db);
    assert_eq!((names_beside(file), fs::read(file).unwrap()), before);
}

#[test]
fn reading_works_in_a_folder_that_cannot_be_written() {
    let place = place();
    let folder = place.db.file().parent().unwrap().to_owned();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let settings = place.read().system_settings();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert!(settings.unwrap().scheduler_enabled);
}

#[test]
fn reading_sees_what_stands_in_the_log_of_an_open_database() {
    let place = place();
    let writer = rusqlite::Connection::open(place.db.file()).unwrap();
    writer
        .execute_batch("UPDATE tabSingles SET value = '0' WHERE field = 'enable_scheduler'")
        .unwrap();
    assert!(!place.read().system_settings().unwrap().scheduler_enabled);
    drop(writer);
}

#[test]
fn reading_sees_a_change_that_was_made_after_opening() {
    let place = place();
    let mut db = place.read();
    assert!(db.system_settings().unwrap().scheduler_enabled);
    let writer = rusqlite::Connection::open(place.db.file()).unwrap();
    writer
        .execute_batch("UPDATE tabSingles SET value = '0' WHERE field = 'enable_scheduler'")
        .unwrap();
    assert!(!db.system_settings().unwrap().scheduler_enabled);
    drop(writer);
    assert!(!db.system_settings().unwrap().scheduler_enabled);
}

#[test]
fn writing_to_a_locked_database_is_locked_and_reading_is_not() {
    let place = place();
    let settings = place.settings();
    let holder = rusqlite::Connection::open(place.db.file()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut db = connect(&settings, Access::Write, Duration::from_millis(200)).unwrap();
    let (now, started) = (jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0), Instant::now());
    let error = db.set_scheduler_enabled(false, now).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!((error.fault(), error.kind()), (DbFault::Locked, Kind::TryAgain), "{error:?}");
    assert!(place.read().system_settings().unwrap().scheduler_enabled);
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(db.set_scheduler_enabled(false, now).unwrap().written);
}

#[test]
fn missing_file_is_not_made() {
    let place = place();
    let file = place.db.file().to_owned();
    fs::remove_file(&file).unwrap();
    for access in [Access::Read, Access::Write] {
        let error = connect(&place.settings(), access, TIMEOUT).err().unwrap();
        assert_eq!((error.fault(), error.kind()), (DbFault::NoDatabase, Kind::Config));
        assert!(error.failure(SITE).to_string().contains("no such file"), "{error}");
    }
    assert!(!file.exists());
}

#[test]
fn file_that_is_no_database_says_so() {
    let place = place();
    fs::write(place.db.file(), "not a database, but long enough to be read as one".repeat(50))
        .unwrap();
    let error = place.read().system_settings().unwrap_err();
    assert_eq!(error.fault(), DbFault::Other);
    assert!(error.why().contains("not a database"), "{error:?}");
}
