//! A model test of everything that changes jobs, beside real workers and producers.
//!
//! Jobs are enqueued at both ends of their queues by real RQ while real workers run them and two
//! operators at once purge, delete, cancel, retry, move, promote, enqueue and undo at random, some
//! of them killed in the middle. Each run of a job is written down outside of Redis. In the end the
//! books must balance: see [`ledger`].
//!
//! `JOBCTL_TEST_SEEDS=1,2,3` or `=1..50` runs other seeds than the fixed few.

mod chance;
mod ledger;
mod operator;
mod world;

use std::ops::Range;

use world::World;

/// What runs without being asked: one seed that ends with the workers suspended in the middle of
/// their work, one that lets them finish.
const SEEDS: Range<u64> = 1..3;

/// The seeds to run, as the environment has them.
fn seeds() -> Vec<u64> {
    let Ok(text) = std::env::var("JOBCTL_TEST_SEEDS") else { return SEEDS.collect() };
    let number = |text: &str| text.trim().parse::<u64>().expect("seeds are numbers");
    match text.split_once("..") {
        Some((first, end)) => (number(first)..number(end)).collect(),
        None => text.split(',').map(number).collect(),
    }
}

/// Runs the model on one release of RQ with every seed.
fn check(version: &str) {
    for seed in seeds() {
        let world = World::new(version, seed);
        world.live();
        world.settle();
        let faults = world.faults();
        assert!(
            faults.is_empty(),
            "RQ {version}, JOBCTL_TEST_SEEDS={seed}: the books do not balance\n{}\n{}",
            faults.join("\n"),
            world.story(&faults),
        );
    }
}

#[test]
fn books_balance_on_rq_1_14() {
    check("1.14.1");
}

#[test]
fn books_balance_on_rq_1_15() {
    check("1.15.1");
}

#[test]
fn books_balance_on_rq_1_16() {
    check("1.16.2");
}

#[test]
fn books_balance_on_rq_2_6() {
    check("2.6.1");
}

#[test]
fn books_balance_on_rq_3_0() {
    check("3.0.0");
}
