//! `jobctl trigger-scheduler-event`, and `--event` wherever jobs are selected: real databases, real
//! RQ, and a stand-in for what Frappe's workers import.

mod inline;
mod plan;
mod purge;
mod runs;

use serde_json::Value;

use crate::support::bench::Bench;
use crate::support::env::{Jobctl, Run, jobctl};
use crate::support::mariadb::mariadb;
use crate::support::redis::RedisServer;
use crate::support::site_schema::{JobType, Schema, SiteDb, V15, V16, job_type};

const SITE: &str = "erp.example";

/// A bench whose one site is in a database.
struct Place {
    server: RedisServer,
    bench: Bench,
    db: SiteDb,
}

impl Place {
    /// The site has these types, in a SQLite file, and the scheduler is on.
    fn new(version: &str, schema: Schema, types: &[JobType]) -> Self {
        let server = RedisServer::start();
        let mut bench = Bench::new(version, &server);
        let db = filled(SiteDb::sqlite(bench.root(), SITE, schema), types);
        db.join(&mut bench);
        Self { server, bench, db }
    }

    /// The same on a MariaDB server.
    fn on_mariadb(version: &str, schema: Schema, types: &[JobType]) -> Self {
        let server = RedisServer::start();
        let mut bench = Bench::new(version, &server);
        let db = filled(SiteDb::mariadb(mariadb(), SITE, schema), types);
        db.join(&mut bench);
        Self { server, bench, db }
    }

    fn v15(types: &[JobType]) -> Self {
        Self::new(V15.version(), V15, types)
    }

    fn v16(types: &[JobType]) -> Self {
        Self::new(V16.version(), V16, types)
    }

    /// A `jobctl` on this bench.
    fn jobctl(&self, arguments: &[&str]) -> Jobctl {
        let target = ["--bench", self.bench.root().to_str().unwrap()];
        jobctl(target.iter().chain(arguments))
    }

    /// Runs it and expects this exit code.
    fn ends(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.jobctl(arguments).run();
        assert_eq!(run.code, code, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run
    }

    /// Triggers on the site and gives `data` of the report.
    fn trigger(&self, code: i32, arguments: &[&str]) -> Value {
        let base = ["trigger-scheduler-event", "--site", SITE, "-o", "json"];
        self.ends(code, &[&base[..], arguments].concat()).json()["data"].clone()
    }

    fn queued(&self, queue: &str) -> Vec<String> {
        let key = format!("rq:queue:{}", self.bench.queue(queue));
        redis::cmd("LRANGE").arg(key).arg(0).arg(-1).query(&mut self.server.client()).unwrap()
    }
}

/// The fixed id of a method's job in Frappe 14 and 15.
fn fixed_id(method: &str) -> String {
    format!("{SITE}::scheduled_job::{method}")
}

fn filled(db: SiteDb, types: &[JobType]) -> SiteDb {
    let db = db.setting("enable_scheduler", "1").setting("time_zone", "UTC");
    types.iter().fold(db, |db, job_type| db.job_type(job_type.clone()))
}

/// Types of several frequencies, one of them stopped.
fn several() -> [JobType; 6] {
    [
        job_type("app.tasks.all", "All"),
        job_type("app.tasks.daily", "Daily"),
        job_type("app.tasks.idle", "Daily").stopped(),
        job_type("app.more.nightly", "Daily Long"),
        job_type("app.more.hourly", "Hourly"),
        job_type("app.more.cron", "Cron").cron("*/5 * * * *"),
    ]
}

/// What one key of each row says.
fn column(data: &Value, key: &str) -> Vec<String> {
    let rows = data["types"].as_array().unwrap();
    rows.iter()
        .map(|row| row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned))
        .collect()
}

/// The operation in the last line of standard error.
fn op_of(run: &Run) -> String {
    let last = run.stderr.lines().last().unwrap_or_default();
    let op = last.strip_prefix("undo with: jobctl undo ");
    op.unwrap_or_else(|| panic!("{run:?}")).split(' ').next().unwrap().to_owned()
}
