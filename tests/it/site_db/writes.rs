//! What is written, and taken back.

use jiff::civil::{DateTime, date};
use jobctl::backend::site_db::write::{FormerSwitch, Restored};

use super::{ENGINES, Place};
use crate::support::site_schema::{V15, V16, job_type};

const METHOD: &str = "app.tasks.daily";

fn now() -> DateTime {
    date(2026, 3, 1).at(12, 0, 0, 0)
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| Some((*value).to_owned())).collect()
}

#[test]
fn switching_writes_what_frappe_writes() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| {
            db.setting("enable_scheduler", "0")
                .setting("modified", "2020-01-01 00:00:00.000000")
                .setting("modified_by", "someone@example.com")
                .setting("time_zone", "Asia/Kolkata")
        });
        let mut db = place.write();
        let change = db.set_scheduler_enabled(true, now()).unwrap();
        assert!(change.written);
        assert_eq!(change.former.values, some(&["0"]));
        assert_eq!(db.round_trips(), 2);
        assert_eq!(place.db.singles("enable_scheduler"), some(&["1"]));
        assert_eq!(place.db.singles("modified"), some(&["2026-03-01 12:00:00.000000"]));
        assert_eq!(place.db.singles("modified_by"), some(&["Administrator"]));
        assert_eq!(place.db.singles("time_zone"), some(&["Asia/Kolkata"]), "untouched");
        assert!(place.read().system_settings().unwrap().scheduler_enabled, "{engine}");
    }
}

#[test]
fn switching_to_what_already_stands_writes_nothing() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| {
            db.setting("enable_scheduler", "1").setting("modified", "2020-01-01 00:00:00.000000")
        });
        assert!(!place.write().set_scheduler_enabled(true, now()).unwrap().written);
        assert_eq!(place.db.singles("modified"), some(&["2020-01-01 00:00:00.000000"]));
    }
}

#[test]
fn switching_repairs_duplicates_and_restoring_brings_them_back() {
    for engine in ENGINES {
        let place = Place::new(engine, V16, |db| {
            db.setting("enable_scheduler", "0").setting_of("enable_scheduler", None)
        });
        let mut db = place.write();
        let former = db.set_scheduler_enabled(true, now()).unwrap().former;
        assert_eq!(former.values, [Some("0".to_owned()), None]);
        assert_eq!(place.db.singles("enable_scheduler"), some(&["1"]));
        let journal = serde_json::to_string(&former).unwrap();
        let former: FormerSwitch = serde_json::from_str(&journal).unwrap();
        assert_eq!(db.restore_scheduler_enabled(true, &former, now()), Ok(Restored::Done));
        assert_eq!(place.db.singles("enable_scheduler"), [Some("0".to_owned()), None]);
    }
}

#[test]
fn restoring_brings_back_the_absence_of_a_row() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| db);
        let mut db = place.write();
        let former = db.set_scheduler_enabled(true, now()).unwrap().former;
        assert_eq!(former.values, []);
        assert_eq!(db.restore_scheduler_enabled(true, &former, now()), Ok(Restored::Done));
        assert_eq!(place.db.singles("enable_scheduler"), []);
    }
}

#[test]
fn restoring_over_somebody_elses_value_writes_nothing() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| db.setting("enable_scheduler", "1"));
        let mut db = place.write();
        let former = db.set_scheduler_enabled(false, now()).unwrap().former;
        place
            .db
            .execute("UPDATE `tabSingles` SET `value` = '7' WHERE `field` = 'enable_scheduler'");
        let restored = db.restore_scheduler_enabled(false, &former, now()).unwrap();
        assert_eq!(restored, Restored::Changed(FormerSwitch { values: some(&["7"]) }));
        assert_eq!(place.db.singles("enable_scheduler"), some(&["7"]));
    }
}

#[test]
fn stopping_a_type_changes_that_row_alone() {
    for engine in ENGINES {
        let place = Place::new(engine, V16, |db| {
            db.job_type(job_type(METHOD, "Daily")).job_type(job_type("app.tasks.other", "Daily"))
        });
        let name = V16.type_name(METHOD);
        let mut db = place.write();
        let change = db.set_stopped(&name, true, now()).unwrap().unwrap();
        assert_eq!((change.former, change.written), (false, true));
        assert!(place.db.is_stopped(METHOD));
        assert!(!place.db.is_stopped("app.tasks.other"));
        assert!(!db.set_stopped(&name, true, now()).unwrap().unwrap().written, "already so");
        assert_eq!(db.restore_stopped(&name, true, false, now()), Ok(Restored::Done));
        assert!(!place.db.is_stopped(METHOD));
        let restored = db.restore_stopped(&name, true, false, now());
        assert_eq!(restored, Ok(Restored::Changed(Some(false))));
    }
}

#[test]
fn stopping_an_unknown_type_says_so() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| db.job_type(job_type(METHOD, "Daily")));
        let mut db = place.write();
        assert_eq!(db.set_stopped("nobody's \\ type", true, now()), Ok(None));
        let restored = db.restore_stopped("nobody's \\ type", true, false, now());
        assert_eq!(restored, Ok(Restored::Changed(None)));
        assert!(!place.db.is_stopped(METHOD));
    }
}

#[test]
fn switching_from_many_sides_leaves_one_row() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| {
            db.setting("enable_scheduler", "1")
                .setting("modified", "2020-01-01 00:00:00.000000")
                .setting("modified_by", "someone@example.com")
        });
        std::thread::scope(|scope| {
            for enabled in [true, false, true, false] {
                let mut db = place.write();
                scope.spawn(move || {
                    for _ in 0..5 {
                        // A deadlock that the server resolved is an answer too.
                        let _ = db.set_scheduler_enabled(enabled, now());
                    }
                });
            }
        });
        assert_eq!(place.db.singles("enable_scheduler").len(), 1, "{engine}");
        assert_eq!(place.db.singles("modified").len(), 1, "{engine}");
    }
}
