//! `scheduler status`, and the switches in databases, on real databases of Frappe 14, 15 and 16.

mod report;
mod switches;

use serde_json::Value;

use crate::support::bench::Bench;
use crate::support::env::{Run, jobctl};
use crate::support::mariadb::mariadb;
use crate::support::postgres::postgres;
use crate::support::redis::RedisServer;
use crate::support::site_schema::{Schema, SiteDb, site_time};

/// The zone of every site here: far from UTC, and without summer time.
const ZONE: &str = "Asia/Kolkata";

const ENGINES: [&str; 3] = ["mariadb", "postgres", "sqlite"];

/// A bench with a running scheduler; sites are added.
struct Place {
    server: RedisServer,
    bench: Bench,
}

impl Place {
    fn new(schema: Schema) -> Self {
        let mut place = Self::without_scheduler(schema);
        place.bench.run_scheduler();
        place
    }

    /// A bench of which nothing runs on this host.
    fn without_scheduler(schema: Schema) -> Self {
        let server = RedisServer::start();
        let bench = Bench::new(schema.version(), &server);
        Self { server, bench }
    }

    /// Adds a site whose scheduler is enabled, and who has been active just now.
    fn site(&mut self, engine: &str, name: &str, schema: Schema) -> SiteDb {
        let db = self.bare_site(engine, name, schema);
        db.setting("enable_scheduler", "1").active_at(&site_time(ZONE, 60))
    }

    /// Adds a site with nothing in its settings but the zone.
    fn bare_site(&mut self, engine: &str, name: &str, schema: Schema) -> SiteDb {
        let db = match engine {
            "mariadb" => SiteDb::mariadb(mariadb(), name, schema),
            "postgres" => SiteDb::postgres(postgres(), name, schema),
            _ => SiteDb::sqlite(self.bench.root(), name, schema),
        };
        db.join(&mut self.bench);
        db.setting("time_zone", ZONE)
    }

    fn ends(&self, code: i32, arguments: &[&str]) -> Run {
        let target = ["--bench", self.bench.root().to_str().unwrap()];
        let run = jobctl(target.iter().chain(arguments)).run();
        assert_eq!(run.code, code, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run
    }

    /// The report of `scheduler status` on every site.
    fn status(&self) -> Value {
        self.ends(0, &["scheduler", "status", "-o", "json"]).json()
    }

    /// What is said of the first site.
    fn first(&self) -> Value {
        self.status()["data"]["sites"][0].clone()
    }
}

/// The codes of the reasons.
fn codes(site: &Value) -> Vec<&str> {
    let reasons = site["reasons"].as_array().unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap()).collect()
}
