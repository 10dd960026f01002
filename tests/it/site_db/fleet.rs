//! Many sites at once.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jobctl::backend::site_db::{DbFault, Fleet, for_each_site};

use super::{TIMEOUT, lead_to_port, open};
use crate::support::bench::Bench;
use crate::support::mariadb::mariadb;
use crate::support::redis::RedisServer;
use crate::support::site_schema::{SiteDb, V16};

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}{index:02}")).collect()
}

#[test]
fn one_dead_server_among_many_sites_costs_its_time_limit_once() {
    let redis = RedisServer::start();
    let mut bench = Bench::new(V16.version(), &redis);
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let (dead, alive) = (names("dead", 20), names("alive", 6));
    for site in &dead {
        lead_to_port(&mut bench, site, "mariadb", silent.local_addr().unwrap().port());
    }
    for (index, site) in alive.iter().enumerate() {
        let db = if index % 2 == 0 {
            SiteDb::sqlite(bench.root(), site, V16)
        } else {
            SiteDb::mariadb(mariadb(), site, V16)
        };
        db.setting("enable_scheduler", "1").join(&mut bench);
    }
    bench.set_on("broken", "db_type", "oracle");
    let sites: Vec<_> = dead.iter().cloned().chain(alive).chain(["broken".to_owned()]).collect();
    let started = Instant::now();
    let limit = Duration::from_secs(3);
    // Two at a time: the dead ones come first, and must not take both places.
    let fleet = Fleet { bound: 2, ..Fleet::reading(limit, started + TIMEOUT) };
    let alive_after = AtomicUsize::new(0);
    let found = for_each_site(&open(&bench), &sites, fleet, |_, db| {
        let settings = db.system_settings()?;
        if started.elapsed() < limit {
            alive_after.fetch_add(1, Ordering::Relaxed);
        }
        Ok(settings.scheduler_enabled)
    });
    assert!(started.elapsed() < limit * 2, "{:?}", started.elapsed());
    assert_eq!(alive_after.load(Ordering::Relaxed), 6, "none waited for the dead");
    assert_eq!(found.iter().map(|(site, _)| site.clone()).collect::<Vec<_>>(), sites);
    for (site, answer) in found {
        let fault = answer.as_ref().err().map(jobctl::backend::site_db::DbError::fault);
        match site.as_str() {
            "broken" => assert_eq!(fault, Some(DbFault::Misconfigured)),
            dead if dead.starts_with("dead") => assert_eq!(fault, Some(DbFault::TimedOut)),
            _ => assert_eq!(answer, Ok(true)),
        }
    }
}

#[test]
fn sites_are_asked_several_at_a_time_but_no_more_than_allowed() {
    let redis = RedisServer::start();
    let mut bench = Bench::new(V16.version(), &redis);
    let sites = names("site", 12);
    for site in &sites {
        SiteDb::sqlite(bench.root(), site, V16).join(&mut bench);
    }
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let fleet = Fleet { bound: 3, ..Fleet::reading(TIMEOUT, Instant::now() + TIMEOUT) };
    let barrier = std::sync::Barrier::new(3);
    let found = for_each_site(&open(&bench), &sites, fleet, |_, _| {
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // Twelve sites are four full rounds; with fewer at a time this would never end.
        barrier.wait();
        now.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    });
    assert!(found.iter().all(|(_, answer)| answer.is_ok()));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn sites_after_the_deadline_are_said_not_to_have_been_asked() {
    let redis = RedisServer::start();
    let mut bench = Bench::new(V16.version(), &redis);
    SiteDb::sqlite(bench.root(), "site", V16).join(&mut bench);
    let fleet = Fleet::reading(TIMEOUT, Instant::now());
    let found = for_each_site(&open(&bench), &["site".to_owned()], fleet, |_, _| Ok(()));
    let error = found[0].1.clone().unwrap_err();
    assert_eq!(error.fault(), DbFault::TimedOut);
    assert!(error.why().contains("not asked"), "{error:?}");
}
