//! What is read, the same from every engine and version.

use jiff::civil::{DateTime, date};
use jobctl::backend::site_db::DbFault;
use jobctl::backend::site_db::read::RunFilter;

use super::{ENGINES, Place};
use crate::support::site_schema::{Schema, V14, V15, V16, job_type, run};

const DAILY: &str = "app.tasks.daily";
const HOURLY: &str = "app.tasks.hourly";

/// A site with some history.
fn place(engine: &str, schema: Schema) -> Place {
    Place::new(engine, schema, |db| {
        db.setting("enable_scheduler", "1")
            .setting("time_zone", "Europe/Berlin")
            .setting("dormant_days", "4")
            .setting("language", "de")
            .job_type(job_type(DAILY, "Daily").last_execution("2026-03-01 00:00:07.123456"))
            .job_type(job_type(HOURLY, "Cron").cron("0 * * * *").stopped())
            .run_of(DAILY, run("Complete", "2026-02-20 00:00:00").took_s(90))
            .run_of(DAILY, run("Failed", "2026-03-01 00:00:07").took_s(10).details("boom \u{fc}"))
            .run_of(DAILY, run("Failed", "2026-03-01 01:00:00").took_s(20).details("ooo"))
            .run_of(HOURLY, run("Start", "2026-03-01 02:00:00.5"))
            .active_at("2026-02-27 10:00:00.000001")
            .active_at("2026-02-28 11:12:13.141516")
            .error_at("2026-02-10 00:00:00", "old")
            .error_at("2026-03-01 00:00:00", "new")
            .mail_at("2026-03-01 00:00:00", "Error")
            .mail_at("2026-03-01 00:00:01", "Error")
            .mail_at("2026-03-01 00:00:02", "Sent")
            .mail_at("2026-02-01 00:00:00", "Error")
            .clears("Error Log", 30)
    })
}

fn march() -> DateTime {
    date(2026, 3, 1).at(0, 0, 0, 0)
}

fn every_place(check: impl Fn(Place)) {
    for engine in ENGINES {
        for schema in [V14, V15, V16] {
            check(place(engine, schema));
        }
    }
}

#[test]
fn reads_of_every_engine_and_version_agree() {
    every_place(|place| {
        let mut db = place.read();
        let settings = db.system_settings().unwrap();
        assert!(settings.scheduler_enabled);
        assert_eq!(settings.zone_name(), "Europe/Berlin");
        assert_eq!(settings.dormant_days, Some(4));
        assert!(settings.duplicates.is_empty());

        let mut types = db.scheduled_job_types().unwrap();
        types.sort_by(|a, b| a.method.cmp(&b.method));
        let [daily, hourly] = &types[..] else { panic!("{types:?}") };
        assert_eq!((daily.method.as_str(), daily.frequency.as_str()), (DAILY, "Daily"));
        assert_eq!((daily.stopped, daily.create_log), (false, true));
        assert_eq!(daily.cron_format, None);
        assert_eq!(daily.last_execution, Some(date(2026, 3, 1).at(0, 0, 7, 123_456_000)));
        assert_eq!((hourly.stopped, hourly.last_execution), (true, None));
        assert_eq!(hourly.cron_format.as_deref(), Some("0 * * * *"));

        let last = db.last_activity().unwrap();
        assert_eq!(last, Some(date(2026, 2, 28).at(11, 12, 13, 141_516_000)));
        assert_eq!(db.error_log_count(march()).unwrap(), 1);
        let mails = db.mail_tallies(march()).unwrap();
        let mails: Vec<_> = mails.iter().map(|mail| (mail.status.as_str(), mail.mails)).collect();
        assert_eq!(mails, [("Error", 2), ("Sent", 1)]);
        assert_eq!(db.logs_to_clear().unwrap(), [("Error Log".to_owned(), 30)]);
    });
}

#[test]
fn logged_runs_are_filtered_counted_and_timed_alike() {
    every_place(|place| {
        let mut db = place.read();
        let all = RunFilter { since: march(), limit: 10, job_type: None, status: None };
        let runs = db.job_runs(&all).unwrap();
        let statuses: Vec<_> = runs.iter().map(|run| run.status.as_str()).collect();
        assert_eq!(statuses, ["Start", "Failed", "Failed"]);
        assert_eq!(runs[0].duration(), None, "it has not ended");
        assert_eq!(runs[1].duration().unwrap().as_secs(), 20);
        assert_eq!(runs[2].details.as_deref(), Some("boom \u{fc}"));
        assert_eq!(db.newest_run().unwrap().unwrap().status, "Start");

        let limited = RunFilter { limit: 1, status: Some("Failed".into()), ..all.clone() };
        let runs = db.job_runs(&limited).unwrap();
        assert_eq!(runs.len(), 1);
        assert_eq!(runs[0].details.as_deref(), Some("ooo"));
        let daily = runs[0].job_type.clone();
        let of_type = RunFilter { job_type: Some(daily.clone()), ..all.clone() };
        assert_eq!(db.job_runs(&of_type).unwrap().len(), 2);
        let hostile = RunFilter { job_type: Some("x' OR '1'='1\\".into()), ..all };
        assert_eq!(db.job_runs(&hostile).unwrap(), []);

        let tallies = db.run_tallies(march()).unwrap();
        let failed = tallies.iter().find(|tally| tally.status == "Failed").unwrap();
        assert_eq!((failed.job_type.as_str(), failed.runs), (daily.as_str(), 2));
        assert_eq!(failed.last_started, Some(date(2026, 3, 1).at(1, 0, 0, 0)));
        assert!((failed.mean_s.unwrap() - 15.0).abs() < 0.01, "{failed:?}");
        assert!((failed.longest_s.unwrap() - 20.0).abs() < 0.01, "{failed:?}");
    });
}

#[test]
fn status_of_a_site_takes_two_round_trips() {
    let now = "2026-03-01T02:30:00Z".parse().unwrap();
    every_place(|place| {
        let mut db = place.read();
        let facts = db.scheduler_facts(now).unwrap();
        assert_eq!(db.round_trips(), 2);
        assert_eq!(facts.now, date(2026, 3, 1).at(3, 30, 0, 0), "Berlin is an hour ahead");
        assert_eq!(facts.types.unwrap().len(), 2);
        assert_eq!(facts.newest_run.unwrap().unwrap().status, "Start");
        assert_eq!(facts.last_activity.unwrap().unwrap().date(), date(2026, 2, 28));
        let runs: u64 = facts.tallies.unwrap().iter().map(|tally| tally.runs).sum();
        assert_eq!(runs, 3, "the run of February is older than a day");
    });
}

#[test]
fn missing_table_fails_alone() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| {
            db.setting("enable_scheduler", "1")
                .job_type(job_type(DAILY, "Daily"))
                .without_table("Scheduled Job Log")
        });
        let mut db = place.read();
        let facts = db.scheduler_facts(jiff::Timestamp::now()).unwrap();
        assert!(facts.settings.scheduler_enabled);
        assert_eq!(facts.types.unwrap().len(), 1);
        assert_eq!(facts.tallies.unwrap_err().fault(), DbFault::NoTable, "{engine}");
        assert_eq!(facts.newest_run.unwrap_err().fault(), DbFault::NoTable, "{engine}");
        assert_eq!(db.error_log_count(march()).unwrap(), 0, "{engine}: the connection is well");
    }
}

#[test]
fn missing_column_is_told_from_a_missing_table() {
    for engine in ENGINES {
        let place = Place::new(engine, V16, |db| {
            db.execute("ALTER TABLE `tabUser` DROP COLUMN `last_active`");
            db
        });
        let error = place.read().last_activity().unwrap_err();
        assert_eq!(error.fault(), DbFault::NoColumn, "{engine}: {error:?}");
        assert!(error.why().contains("last_active"), "{error:?}");
    }
}

#[test]
fn site_without_rows_has_nothing_and_is_off() {
    for engine in ENGINES {
        let place = Place::new(engine, V16, |db| db);
        let facts = place.read().scheduler_facts(jiff::Timestamp::now()).unwrap();
        assert!(!facts.settings.scheduler_enabled);
        assert_eq!(facts.settings.enable_scheduler, None);
        assert_eq!((facts.last_activity, facts.newest_run), (Ok(None), Ok(None)));
        assert_eq!(facts.types.unwrap(), []);
    }
}

#[test]
fn duplicated_rows_are_reported_and_read_as_the_version_does() {
    for engine in ENGINES {
        for (schema, enabled) in [(V15, true), (V16, false)] {
            let place = Place::new(engine, schema, |db| {
                db.setting("enable_scheduler", "1").setting("enable_scheduler", "0")
            });
            let settings = place.read().system_settings().unwrap();
            assert_eq!(settings.scheduler_enabled, enabled, "{engine} {schema:?}");
            let values = &settings.duplicates[0].values;
            assert_eq!(values, &[Some("1".to_owned()), Some("0".to_owned())]);
        }
    }
}

#[test]
fn connection_for_reading_is_refused_a_change() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| db.setting("enable_scheduler", "0"));
        let result = place.read().set_scheduler_enabled(true, march());
        assert!(result.is_err(), "{engine}");
        assert_eq!(place.db.singles("enable_scheduler"), [Some("0".to_owned())]);
    }
}
