//! Everything that can be wrong with a database, told apart.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use jobctl::backend::site_db::{Access, DbError, DbFault, connect};
use jobctl::error::Kind;
use serde_json::json;

use super::{ENGINES, Place, SITE, TIMEOUT, lead_to_port, open};
use crate::support::bench::Bench;
use crate::support::mariadb::mariadb;
use crate::support::postgres::postgres;
use crate::support::redis::{RedisServer, free_port};
use crate::support::site_schema::{PASSWORD, V15, V16, job_type};

const SERVERS: [&str; 2] = ["mariadb", "postgres"];

/// What connecting says once `change` was made to the site's configuration.
fn refusal(engine: &str, change: impl FnOnce(&mut Bench)) -> DbError {
    let mut place = Place::new(engine, V15, |db| db);
    change(&mut place.bench);
    let error = connect(&place.settings(), Access::Read, TIMEOUT).err().unwrap();
    let shown = format!("{error:?} {error} {}", error.failure(SITE));
    assert!(!shown.contains(PASSWORD) && !shown.contains("wrong-secret"), "{shown}");
    error
}

#[test]
fn wrong_password_is_denied() {
    for engine in SERVERS {
        let error = refusal(engine, |bench| bench.set_on(SITE, "db_password", "wrong-secret"));
        assert_eq!(error.fault(), DbFault::Denied, "{error:?}");
        let failure = error.failure(SITE);
        assert_eq!(failure.kind(), Kind::Refused);
        assert!(failure.to_string().contains(SITE) && !failure.hints().is_empty(), "{failure}");
    }
}

#[test]
fn missing_password_is_denied() {
    for engine in SERVERS {
        let error = refusal(engine, |bench| bench.unset_on(SITE, "db_password"));
        assert_eq!(error.fault(), DbFault::Denied, "{error:?}");
    }
}

#[test]
fn unknown_database_is_named() {
    let mut place = Place::new("postgres", V16, |db| db);
    place.bench.set_on(SITE, "db_user", place.db.name.clone());
    place.bench.set_on(SITE, "db_name", "nowhere");
    let error = connect(&place.settings(), Access::Read, TIMEOUT).err().unwrap();
    assert_eq!((error.fault(), error.kind()), (DbFault::NoDatabase, Kind::Config), "{error:?}");
    assert!(error.to_string().contains("nowhere"), "{error}");
    // MariaDB tells nobody whether a database exists who has no right to it.
    let mut place = Place::new("mariadb", V16, |db| db);
    place.bench.set_on(SITE, "db_user", "root");
    place.bench.set_on(SITE, "db_socket", mariadb().socket().display().to_string());
    place.bench.set_on(SITE, "db_password", "");
    place.bench.set_on(SITE, "db_name", "nowhere");
    let error = connect(&place.settings(), Access::Read, TIMEOUT).err().unwrap();
    assert_eq!(error.fault(), DbFault::NoDatabase, "{error:?}");
}

#[test]
fn server_that_is_down_is_unreachable() {
    for engine in SERVERS {
        let port = free_port();
        let error = refusal(engine, |bench| bench.set_on(SITE, "db_port", port));
        assert_eq!((error.fault(), error.kind()), (DbFault::Unreachable, Kind::Unreachable));
        assert!(error.to_string().contains("connection refused"), "{error}");
        assert!(error.to_string().contains(&port.to_string()), "{error}");
    }
}

#[test]
fn server_that_never_speaks_ends_with_the_time_limit() {
    for engine in SERVERS {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = silent.local_addr().unwrap().port();
        let mut place = Place::new(engine, V15, |db| db);
        place.bench.set_on(SITE, "db_port", port);
        let (settings, started) = (place.settings(), Instant::now());
        let limit = Duration::from_millis(300);
        let error = connect(&settings, Access::Read, limit).err().unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "{engine}: {:?}", started.elapsed());
        assert_eq!((error.fault(), error.kind()), (DbFault::TimedOut, Kind::Unreachable));
        assert!(error.to_string().contains("no answer within 300ms"), "{error}");
    }
}

#[test]
fn server_of_another_kind_is_no_hang_and_no_panic() {
    let redis = RedisServer::builder().tcp().start();
    for engine in SERVERS {
        let mut bench = Bench::new(V15.version(), &redis);
        lead_to_port(&mut bench, SITE, engine, redis.port());
        let settings = jobctl::backend::site_db::Settings::of(&open(&bench), SITE).unwrap();
        let error = connect(&settings, Access::Read, Duration::from_millis(500)).err().unwrap();
        let expected = [DbFault::Unreachable, DbFault::TimedOut];
        assert!(expected.contains(&error.fault()), "{engine}: {error:?}");
    }
}

#[test]
fn statement_that_waits_for_a_lock_ends_with_the_time_limit() {
    for engine in SERVERS {
        let place = Place::new(engine, V15, |db| {
            db.setting("enable_scheduler", "0").job_type(job_type("app.tasks.daily", "Daily"))
        });
        let name = V15.type_name("app.tasks.daily");
        // The login has to fit in as well, on a busy machine.
        let limit = Duration::from_secs(2);
        let mut db = connect(&place.settings(), Access::Write, limit).unwrap();
        place.db.execute("BEGIN");
        place.db.execute(&format!(
            "UPDATE `tabScheduled Job Type` SET `idx` = 1 WHERE `name` = '{name}'"
        ));
        let (now, started) = (jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0), Instant::now());
        let error = db.set_stopped(&name, true, now).unwrap_err();
        assert!(started.elapsed() < TIMEOUT, "{engine}: {:?}", started.elapsed());
        assert!(
            [DbFault::TimedOut, DbFault::Locked].contains(&error.fault()),
            "{engine}: {error:?}"
        );
        assert_eq!(error.kind(), Kind::TryAgain);
        place.db.execute("COMMIT");
        let change = db.set_stopped(&name, true, now).unwrap().unwrap();
        assert!(change.written, "{engine}: the connection is well");
    }
}

#[test]
fn connection_that_was_cut_is_unreachable() {
    for engine in SERVERS {
        let place = Place::new(engine, V15, |db| db.setting("enable_scheduler", "1"));
        let mut db = place.read();
        db.system_settings().unwrap();
        cut_connections(engine, &place);
        let error = db.system_settings().unwrap_err();
        assert_eq!(
            (error.fault(), error.kind()),
            (DbFault::Unreachable, Kind::Unreachable),
            "{error:?}"
        );
        assert!(db.system_settings().is_err(), "nothing is sent over a dead connection");
    }
}

/// Ends every connection to the site's database but the test's own.
fn cut_connections(engine: &str, place: &Place) {
    if engine == "postgres" {
        place.db.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'jobctl' AND datname = current_database()",
        );
        return;
    }
    let found = place.db.query(&format!(
        "SELECT id FROM information_schema.processlist WHERE user = '{}'",
        place.db.name
    ));
    for row in found {
        place.db.execute(&format!("KILL {}", row[0].as_deref().unwrap()));
    }
}

#[test]
fn mariadb_is_reached_over_its_socket() {
    let mut place = Place::new("mariadb", V16, |db| db.setting("enable_scheduler", "1"));
    place.bench.set_on(SITE, "db_socket", mariadb().socket().display().to_string());
    place.bench.set_on(SITE, "db_port", free_port());
    assert!(place.read().system_settings().unwrap().scheduler_enabled);
}

#[test]
fn postgres_is_reached_over_its_socket_and_in_its_schema() {
    let mut place = Place::new("postgres", V15, |db| {
        db.execute(
            "CREATE SCHEMA `other one`; \
             CREATE TABLE `other one`.`tabSingles` (`doctype` text, `field` text, `value` text); \
             INSERT INTO `other one`.`tabSingles` VALUES ('System Settings', 'enable_scheduler', '1')",
        );
        db.setting("enable_scheduler", "0")
    });
    place.bench.set_on(SITE, "db_host", postgres().socket_folder().display().to_string());
    assert!(!place.read().system_settings().unwrap().scheduler_enabled);
    place.bench.set_on(SITE, "db_schema", "other one");
    assert!(place.read().system_settings().unwrap().scheduler_enabled);
}

#[test]
fn tls_is_spoken_where_the_configuration_asks_and_checks_the_authority() {
    let server = mariadb();
    let mut place = Place::new("mariadb", V16, |db| {
        db.execute(&format!("ALTER USER '{}'@'%' REQUIRE SSL", db.name));
        db.setting("enable_scheduler", "1")
    });
    let plain = connect(&place.settings(), Access::Read, TIMEOUT).err().unwrap();
    assert_eq!(plain.fault(), DbFault::Denied, "{plain:?}");
    place.bench.set_on(SITE, "db_ssl_ca", server.ca_file().display().to_string());
    assert!(place.read().system_settings().unwrap().scheduler_enabled);
    place.bench.set_on(SITE, "db_ssl_ca", server.foreign_ca_file().display().to_string());
    let error = connect(&place.settings(), Access::Read, TIMEOUT).err().unwrap();
    assert_eq!(error.fault(), DbFault::Unreachable, "{error:?}");
    assert!(error.why().contains("certificate is not accepted: its issuer"), "{error:?}");
    place.bench.set_on(SITE, "db_ssl_ca", "no/such/file");
    let error = connect(&place.settings(), Access::Read, TIMEOUT).err().unwrap();
    assert_eq!(error.fault(), DbFault::Misconfigured, "{error:?}");
    assert!(error.why().contains("db_ssl_ca"), "{error:?}");
}

#[test]
fn tls_with_a_client_certificate_is_accepted() {
    let server = mariadb();
    let mut place = Place::new("mariadb", V15, |db| {
        db.execute(&format!("ALTER USER '{}'@'%' REQUIRE X509", db.name));
        db.setting("enable_scheduler", "1")
    });
    let (certificate, key) = server.client_files();
    for (name, file) in
        [("db_ssl_ca", server.ca_file()), ("db_ssl_cert", certificate), ("db_ssl_key", key)]
    {
        place.bench.set_on(SITE, name, file.display().to_string());
    }
    assert!(place.read().system_settings().unwrap().scheduler_enabled);
}

#[test]
fn missing_table_of_settings_is_named_by_every_engine() {
    for engine in ENGINES {
        let place = Place::new(engine, V15, |db| db.without_table("Singles"));
        let error = place.read().system_settings().unwrap_err();
        assert_eq!((error.fault(), error.kind()), (DbFault::NoTable, Kind::Config), "{error:?}");
        assert!(error.why().contains("tabSingles"), "{error:?}");
    }
}

#[test]
fn configuration_without_a_database_names_the_key() {
    let redis = RedisServer::start();
    let mut bench = Bench::new(V15.version(), &redis);
    bench.set_on(SITE, "db_host", json!("127.0.0.1"));
    let error = jobctl::backend::site_db::Settings::of(&open(&bench), SITE).unwrap_err();
    assert_eq!((error.fault(), error.kind()), (DbFault::Misconfigured, Kind::Config));
    assert!(error.to_string().contains("`db_name`"), "{error}");
}
