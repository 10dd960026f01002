//! `scheduler list`, `next` and `log` on real databases of every engine and version.

mod list;
mod log;
mod next;

use serde_json::Value;

use super::support::bench::Bench;
use super::support::env::{Run, jobctl};
use super::support::mariadb::mariadb;
use super::support::postgres::postgres;
use super::support::redis::{RedisServer, free_port};
use super::support::site_schema::{Schema, SiteDb, V14, V15, V16, site_time};

const SITE: &str = "site1.localhost";
const ZONE: &str = "Europe/Berlin";
const DAILY: &str = "app.tasks.daily";
const HOURLY: &str = "app.sync.hourly";
const OFTEN: &str = "app.mail.flush";

/// A bench with one site.
struct Place {
    server: RedisServer,
    bench: Bench,
    schema: Schema,
    db: SiteDb,
}

impl Place {
    /// The site is enabled, awake, in [`ZONE`], and its database holds what `fill` puts there.
    fn new(engine: &str, schema: Schema, fill: impl FnOnce(SiteDb) -> SiteDb) -> Self {
        let server = RedisServer::start();
        let mut bench = Bench::new(schema.version(), &server);
        let db = match engine {
            "mariadb" => SiteDb::mariadb(mariadb(), SITE, schema),
            "postgres" => SiteDb::postgres(postgres(), SITE, schema),
            _ => SiteDb::sqlite(bench.root(), SITE, schema),
        };
        let db = db.setting("enable_scheduler", "1").setting("time_zone", ZONE);
        let db = fill(db.active_at(&ago(60)));
        db.join(&mut bench);
        Self { server, bench, schema, db }
    }

    /// The fixed id of the job of a method's type.
    fn job_id(&self, method: &str) -> String {
        if self.schema < V16 {
            format!("{SITE}::scheduled_job::{method}")
        } else {
            format!("{SITE}||scheduled_job||{}", self.schema.type_name(method))
        }
    }

    /// Runs `jobctl scheduler …` and expects this exit code.
    fn ends(&self, code: i32, arguments: &[&str]) -> Run {
        ends(&self.bench, code, arguments)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.ends(0, &[arguments, &["-o", "json"]].concat()).json()
    }
}

fn ends(bench: &Bench, code: i32, arguments: &[&str]) -> Run {
    let target = ["--bench", bench.root().to_str().unwrap(), "scheduler"];
    let run = jobctl(target.iter().chain(arguments)).run();
    assert_eq!(run.code, code, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

/// A moment on the site's clock, some seconds before now.
fn ago(seconds: i64) -> String {
    site_time(ZONE, seconds)
}

fn every_place(fill: impl Fn(SiteDb) -> SiteDb, check: impl Fn(&Place)) {
    for engine in ["mariadb", "postgres", "sqlite"] {
        for schema in [V14, V15, V16] {
            check(&Place::new(engine, schema, &fill));
        }
    }
}

/// The rows under a key of a report's data.
fn rows<'j>(json: &'j Value, key: &str) -> &'j Vec<Value> {
    json["data"][key].as_array().unwrap_or_else(|| panic!("{json:#}"))
}

/// The values of a field of all rows.
fn field<'j>(json: &'j Value, key: &str, field: &str) -> Vec<&'j str> {
    rows(json, key).iter().map(|row| row[field].as_str().unwrap_or("null")).collect()
}

/// Whether a note of a report holds a text.
fn notes(json: &Value, text: &str) -> bool {
    json["notes"].as_array().unwrap().iter().any(|note| note.as_str().unwrap().contains(text))
}

/// Seconds from a field's instant until now.
fn age_s(value: &Value) -> f64 {
    let at: jiff::Timestamp = value.as_str().unwrap().parse().unwrap();
    jiff::Timestamp::now().duration_since(at).as_secs_f64()
}

/// Adds a site whose database nobody serves.
fn add_dead_site(bench: &mut Bench, site: &str) {
    bench.set_on(site, "db_name", "_dead");
    bench.set_on(site, "db_host", "127.0.0.1");
    bench.set_on(site, "db_port", free_port());
}
