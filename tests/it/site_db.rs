//! Site databases on real servers: what is read, what is written, and everything that fails.

mod faults;
mod fleet;
mod reads;
mod sqlite;
mod writes;

use std::time::Duration;

use jobctl::backend::site_db::{Access, Settings, SiteDb as Opened, connect};
use jobctl::bench::{Bench as OpenedBench, Environment};
use serde_json::json;

use crate::support::bench::Bench;
use crate::support::mariadb::mariadb;
use crate::support::postgres::postgres;
use crate::support::redis::RedisServer;
use crate::support::site_schema::{Schema, SiteDb};

/// Longer than anything here takes; the tests that wait for the end of one set their own.
const TIMEOUT: Duration = Duration::from_secs(20);

const SITE: &str = "site1.localhost";

const ENGINES: [&str; 3] = ["mariadb", "postgres", "sqlite"];

/// A bench with one site on one engine.
struct Place {
    bench: Bench,
    _redis: RedisServer,
    db: SiteDb,
}

impl Place {
    /// The site's database holds what `fill` puts there.
    fn new(engine: &str, schema: Schema, fill: impl FnOnce(SiteDb) -> SiteDb) -> Self {
        let redis = RedisServer::start();
        let mut bench = Bench::new(schema.version(), &redis);
        let db = match engine {
            "mariadb" => SiteDb::mariadb(mariadb(), SITE, schema),
            "postgres" => SiteDb::postgres(postgres(), SITE, schema),
            _ => SiteDb::sqlite(bench.root(), SITE, schema),
        };
        let db = fill(db);
        db.join(&mut bench);
        Self { bench, _redis: redis, db }
    }

    fn open_bench(&self) -> OpenedBench {
        open(&self.bench)
    }

    fn settings(&self) -> Settings {
        Settings::of(&self.open_bench(), SITE).unwrap()
    }

    fn open(&self, access: Access) -> Opened {
        connect(&self.settings(), access, TIMEOUT).unwrap_or_else(|error| panic!("{error:?}"))
    }

    fn read(&self) -> Opened {
        self.open(Access::Read)
    }

    fn write(&self) -> Opened {
        self.open(Access::Write)
    }
}

fn open(bench: &Bench) -> OpenedBench {
    OpenedBench::find_from(Some(bench.root()), None, Environment::of([])).unwrap().unwrap()
}

/// Leads a site to a port of this host.
fn lead_to_port(bench: &mut Bench, site: &str, engine: &str, port: u16) {
    for (key, value) in [
        ("db_name", json!("_dead")),
        ("db_type", json!(engine)),
        ("db_host", json!("127.0.0.1")),
        ("db_port", json!(port)),
    ] {
        bench.set_on(site, key, value);
    }
}
