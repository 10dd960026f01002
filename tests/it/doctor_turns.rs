//! The round trips of `doctor` do not grow with queues and sites.

use serde_json::Value;

use crate::support::bench_dir::BenchDir;
use crate::support::env::jobctl;
use crate::support::redis::RedisServer;

/// Diagnoses a bench of so many queues and sites, with `jobs` ids of each site in each queue.
fn round_trips(queues: usize, sites: usize, jobs: usize) -> u64 {
    let server = RedisServer::start();
    let queues: Vec<String> = (0..queues).map(|n| format!("queue{n}")).collect();
    let sites: Vec<String> = (0..sites).map(|n| format!("site{n}.localhost")).collect();
    let names: Vec<&str> = sites.iter().map(String::as_str).collect();
    let custom: Vec<&str> = queues.iter().map(String::as_str).collect();
    let bench = BenchDir::with_queues(&server, "bench", &names, &custom);
    let mut client = server.client();
    let mut pipe = redis::pipe();
    for queue in &queues {
        pipe.cmd("SADD").arg("rq:queues").arg(format!("rq:queue:bench:{queue}"));
        for site in &sites {
            let ids: Vec<String> = (0..jobs).map(|n| format!("{site}::{queue}-{n}")).collect();
            pipe.cmd("RPUSH").arg(format!("rq:queue:bench:{queue}")).arg(ids);
        }
    }
    pipe.exec(&mut client).unwrap();
    let run = jobctl(["--bench", bench.path().to_str().unwrap(), "doctor", "-o", "json"]).run();
    let report: Value = serde_json::from_str(&run.stdout).expect(&run.stderr);
    let listed = report["data"]["queues"].as_array().unwrap();
    let waiting: u64 = listed.iter().map(|queue| queue["queued"].as_u64().unwrap()).sum();
    assert_eq!(waiting, (queues.len() * sites.len() * jobs) as u64);
    report["data"]["round_trips"].as_u64().unwrap()
}

#[test]
fn doctor_round_trips_are_the_same_for_any_number_of_queues_and_sites() {
    let few = round_trips(1, 1, 3);
    assert!(few <= 5, "{few}");
    assert_eq!(round_trips(30, 20, 3), few);
}

#[test]
fn doctor_round_trips_are_the_same_for_any_number_of_long_queues() {
    let one_long = round_trips(1, 1, 2_500);
    assert!(one_long <= 6, "{one_long}");
    assert_eq!(round_trips(7, 5, 600), one_long);
}
