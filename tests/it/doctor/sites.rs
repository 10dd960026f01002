//! Checks of the databases of sites, and of the job types in them.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::{Stage, evidence, fixes, pairs};
use crate::support::mariadb::mariadb;
use crate::support::site_schema::{SiteDb, V15, V16, job_type, run, site_time};
use crate::support::state::job;

const ZONE: &str = "Asia/Kolkata";
const SITE: &str = "site1.localhost";
const METHOD: &str = "app.tasks.often";

/// A bench with a database for its first site: zone and activity, and what `fill` puts there.
fn with(fill: impl FnOnce(SiteDb) -> SiteDb) -> Stage {
    let mut stage = Stage::bench();
    let db = SiteDb::sqlite(stage.bench_mut().root(), SITE, V15).setting("time_zone", ZONE);
    fill(db).join(stage.bench_mut());
    stage
}

/// The same with the scheduler on and somebody active.
fn enabled(fill: impl FnOnce(SiteDb) -> SiteDb) -> Stage {
    with(|db| fill(db.setting("enable_scheduler", "1").active_at(&site_time(ZONE, 60))))
}

fn ago(seconds: i64) -> String {
    site_time(ZONE, seconds)
}

/// A type that ran that many seconds ago, and is due every minute.
fn often(seconds: i64) -> crate::support::site_schema::JobType {
    job_type(METHOD, "Cron").cron("* * * * *").last_execution(&ago(seconds))
}

/// A type that ran just now, so that the scheduler evidently ticks.
fn fresh() -> crate::support::site_schema::JobType {
    job_type("app.tasks.fresh", "Cron").cron("* * * * *").last_execution(&ago(20))
}

/// So many of something.
fn repeated(db: SiteDb, times: usize, add: impl Fn(SiteDb) -> SiteDb) -> SiteDb {
    (0..times).fold(db, |db, _| add(db))
}

pairs! {
    database: "site.database" is "critical"
        when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set_on(SITE, "db_type", "mariadb");
            stage.bench_mut().set_on(SITE, "db_port", 1);
            stage
        }
        but_not_when |stage| { enabled(|db| db) }

    scheduler: "site.scheduler" is "critical"
        when |stage| { with(|db| db.setting("enable_scheduler", "0").job_type(often(7200))) }
        but_not_when |stage| { enabled(|db| db.job_type(often(20))) }

    dormant: "site.dormant" is "warning"
        when |stage| {
            with(|db| {
                db.setting("enable_scheduler", "1")
                    .active_at(&ago(9 * 86400))
                    .job_type(often(3600))
                    .run_of(METHOD, run("Complete", &ago(3600)))
            })
        }
        but_not_when |stage| {
            with(|db| {
                db.setting("enable_scheduler", "1")
                    .setting("dormant_days", "30")
                    .active_at(&ago(9 * 86400))
                    .run_of(METHOD, run("Complete", &ago(3600)))
            })
        }

    settings: "site.settings" is "warning"
        when |stage| { enabled(|db| db.setting("enable_scheduler", "0")) }
        but_not_when |stage| { enabled(|db| db.setting("enable_scheduler", "1")) }

    errors: "site.errors" is "warning"
        when |stage| {
            let mut stage = enabled(|db| repeated(db, 5, |db| db.error_at(&ago(60), "app.x")));
            stage.threshold("errors_per_hour", 5.0);
            stage
        }
        but_not_when |stage| {
            let mut stage = enabled(|db| repeated(db, 5, |db| db.error_at(&ago(7200), "app.x")));
            stage.threshold("errors_per_hour", 5.0);
            stage
        }

    mail: "site.mail" is "warning"
        when |stage| {
            enabled(|db| repeated(db, 4, |db| db.mail_at(&ago(60), "Error").mail_at(&ago(60), "Sent")))
        }
        but_not_when |stage| {
            enabled(|db| repeated(db, 3, |db| db.mail_at(&ago(60), "Error").mail_at(&ago(60), "Sent")))
        }

    ticking: "scheduler.ticking" is "critical"
        when |stage| { enabled(|db| db.job_type(often(7200))) }
        but_not_when |stage| {
            let stage = enabled(|db| db.job_type(often(7200)));
            // What waits for a worker was enqueued.
            stage.job("default", format!("{SITE}::scheduled_job::{METHOD}")).wait();
            stage
        }

    overdue: "scheduler.overdue" is "warning"
        when |stage| { enabled(|db| db.job_type(often(7200)).job_type(fresh())) }
        but_not_when |stage| { enabled(|db| db.job_type(often(300)).job_type(often(7200)
            .set("method", "app.tasks.stopped").stopped())) }

    failing: "scheduler.failing" is "warning"
        when |stage| {
            enabled(|db| {
                let db = db.job_type(often(20));
                repeated(db, 3, |db| db.run_of(METHOD, run("Failed", &ago(3600))))
            })
        }
        but_not_when |stage| {
            enabled(|db| {
                let db = db.job_type(often(20)).run_of(METHOD, run("Failed", &ago(3600)));
                repeated(db, 9, |db| db.run_of(METHOD, run("Complete", &ago(3600))))
            })
        }

    stale_start: "scheduler.stale-start" is "warning"
        when |stage| {
            enabled(|db| db.job_type(often(20)).run_of(METHOD, run("Start", &ago(7200))))
        }
        but_not_when |stage| {
            enabled(|db| db.job_type(often(20)).run_of(METHOD, run("Start", &ago(600))))
        }

    future: "scheduler.future" is "warning"
        when |stage| { enabled(|db| db.job_type(often(-7200))) }
        but_not_when |stage| { enabled(|db| db.job_type(often(0))) }

    cron: "scheduler.cron" is "critical"
        when |stage| { enabled(|db| db.job_type(often(20).cron("30 2 31 2 *"))) }
        but_not_when |stage| { enabled(|db| db.job_type(often(20).cron("30 2 29 2 *"))) }
}

#[test]
fn healthy_sites_with_databases_are_healthy_and_told_in_the_table() {
    let mut stage = enabled(|db| db.job_type(often(20)));
    let second = SiteDb::mariadb(mariadb(), "site2.localhost", V15)
        .setting("enable_scheduler", "1")
        .setting("time_zone", ZONE)
        .active_at(&ago(60));
    second.join(stage.bench_mut());
    stage.bench_mut().set_on("site2.localhost", "db_type", "mariadb");
    let diagnosis = stage.diagnose();
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("HEALTHY", 0), "{:#}", diagnosis.report);
    let sites = &diagnosis.data()["sites"];
    assert_eq!(sites[0]["scheduler"], "enabled");
    assert!(sites[0]["last_run_at"].is_string(), "{sites:#}");
    assert!(!diagnosis.notes().contains("not read"), "{}", diagnosis.notes());
    let table = stage.run(&[]).stdout;
    assert!(table.contains("LAST RUN") && table.contains("s ago"), "{table}");
}

#[test]
fn disabled_site_names_every_reason_and_how_to_lift_it() {
    let mut stage = with(|db| db.setting("enable_scheduler", "0").job_type(often(7200)));
    stage.bench_mut().set_on(SITE, "pause_scheduler", 1);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("site.scheduler");
    assert!(evidence(finding).contains("pause_scheduler"), "{finding:#}");
    assert!(fixes(finding).contains("enable-scheduler --site site1.localhost"), "{finding:#}");
    assert!(fixes(finding).contains("resume-scheduler --site site1.localhost"), "{finding:#}");
}

#[test]
fn new_site_whose_scheduler_was_never_on_is_no_fault() {
    let diagnosis = with(|db| db.job_type(job_type(METHOD, "Daily"))).diagnose();
    assert_eq!(diagnosis.outcome("site.scheduler"), "info");
    assert_eq!(diagnosis.verdict(), "HEALTHY", "{:#}", diagnosis.report);
}

#[test]
fn hanging_database_is_a_finding_within_the_deadline_and_hides_no_other_site() {
    let mut stage = enabled(|db| db.setting("enable_scheduler", "0"));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    stage.bench_mut().set_on("site2.localhost", "db_type", "mariadb");
    stage.bench_mut().set_on("site2.localhost", "db_port", silent.local_addr().unwrap().port());
    stage.with("--timeout");
    stage.with("3s");
    let started = Instant::now();
    let diagnosis = stage.diagnose();
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    assert!(diagnosis.finding("site.database")["summary"].to_string().contains("site2"));
    assert_eq!(diagnosis.outcome("site.settings"), "warning");
    assert_eq!(diagnosis.outcome("redis.reachable"), "passed");
    assert!(diagnosis.notes().contains("1 of 2 site databases"), "{}", diagnosis.notes());
}

#[test]
fn sites_without_a_database_are_not_checked() {
    let diagnosis = Stage::bench().diagnose();
    for check in ["site.database", "site.scheduler", "scheduler.overdue"] {
        assert_eq!(diagnosis.outcome(check), "not made");
    }
    assert_eq!(diagnosis.verdict(), "HEALTHY", "{:#}", diagnosis.report);
}

#[test]
fn redis_that_is_down_leaves_the_databases_checked() {
    let mut stage = with(|db| db.setting("enable_scheduler", "0").job_type(often(7200)));
    stage.server.kill();
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.outcome("site.scheduler"), "critical");
    assert_eq!(diagnosis.verdict(), "UNHEALTHY");
}

#[test]
fn overdue_type_in_a_queue_is_the_workers_affair() {
    let mut stage = Stage::bench_of(V16.version());
    let db = SiteDb::sqlite(stage.bench_mut().root(), SITE, V16)
        .setting("time_zone", ZONE)
        .setting("enable_scheduler", "1")
        .job_type(often(7200));
    db.join(stage.bench_mut());
    let id = format!("{SITE}||scheduled_job||{}", V16.type_name(METHOD));
    job(&stage.server, &stage.queue("default"), &id).wait();
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("scheduler.overdue");
    assert!(finding["summary"].to_string().contains("waiting for workers"), "{finding:#}");
    assert_eq!(diagnosis.outcome("scheduler.ticking"), "passed");
}
