//! Checks of the workers.

use super::{Stage, evidence, fixes, pairs};
use crate::support::state::{know, listen};

pairs! {
    none: "worker.none" is "critical"
        when |stage| {
            let mut stage = Stage::bench();
            stage.crew[0].kill();
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.crew[0].kill();
            let queue = stage.queue("long");
            let worker = stage.worker("last", &[&queue]).start();
            stage.hire(worker);
            stage
        }

    stale: "worker.stale" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            let queue = stage.queue("short");
            let worker = stage.worker("frozen", &[&queue]).set("state", "busy").silent(60).start();
            stage.hire(worker);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            let queue = stage.queue("short");
            // Idle for as long as it may be silent, busy between two heartbeats, and without a
            // fork in a job of half an hour.
            let idle = stage.worker("idle", &[&queue]).silent(404).start();
            let busy = stage.worker("busy", &[&queue]).set("state", "busy").silent(29).start();
            let unforked = stage.worker("unforked", &[&queue]).set("state", "busy").silent(80);
            let unforked = unforked.set("last_heartbeat", crate::support::state::ago(1_000));
            let unforked = unforked.expires_in(860).start();
            stage.crew.extend([idle, busy, unforked]);
            stage
        }

    gone: "worker.gone" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            let queue = stage.queue("short");
            let dead = stage.worker("dead", &[&queue]).set("state", "busy").set("current_job", "j");
            let dead = dead.silent(5).deaf().start();
            stage.hire(dead);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            let queue = stage.queue("short");
            // Signed off a moment ago; and born a moment ago, before it listens.
            let ended = stage.worker("ended", &[&queue]).deaf();
            let ended = ended.set("death", crate::support::state::ago(3)).expires_in(57).start();
            let born = stage.worker("born", &[&queue]).deaf().set("state", "starting");
            let born = born.set("birth", crate::support::state::ago(0)).start();
            stage.crew.extend([ended, born]);
            stage
        }

    unregistered: "worker.unregistered" is "warning"
        when |stage| {
            let stage = Stage::bench();
            // After a flush: a heartbeat writes its own field and nothing else.
            stage.server.cmd(&["DEL", "rq:worker:w1"]);
            stage.server.cmd(&["SREM", "rq:workers", "rq:worker:w1"]);
            stage.server.cmd(&["HSET", "rq:worker:w1", "last_heartbeat", &crate::support::state::ago(9)]);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            // A worker of another database: channels know none.
            let socket = listen(&stage.server, "of-another-database");
            std::mem::forget(socket);
            let queue = stage.queue("short");
            let worker = stage.worker("registered", &[&queue]).start();
            stage.hire(worker);
            stage
        }

    versions: "worker.versions" is "warning"
        when |stage| {
            let stage = Stage::bench();
            stage.bench.as_ref().unwrap().install_rq("1.15.1");
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.bench.as_ref().unwrap().install_rq("1.16.2");
            let worker = stage.worker("stranger", &["home-other:short"]).set("version", "2.6.1").start();
            stage.hire(worker);
            stage
        }

    generation: "worker.generation" is "critical"
        when |stage| {
            let mut stage = Stage::bench();
            let queue = stage.queue("short");
            let worker = stage.worker("new", &[&queue]).set("version", "2.6.1").start();
            stage.hire(worker);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            let queue = stage.queue("of-its-own");
            let worker = stage.worker("new", &[&queue]).set("version", "2.6.1").start();
            stage.hire(worker);
            stage
        }

    foreign: "worker.foreign" is "info"
        when |stage| {
            let mut stage = Stage::bench();
            let worker = stage.worker("stranger", &["home-other:short"]).start();
            stage.hire(worker);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            // A queue that nobody configures any more is still the bench's own.
            know(&stage.server, &stage.queue("of-last-year"));
            stage
        }
}

#[test]
fn dead_worker_says_what_it_ran_and_how_it_was_told() {
    let mut stage = Stage::bench();
    let queue = stage.queue("short");
    let dead = stage.worker("0123456789abcdef0123456789abcdef", &[&queue]).set("state", "busy");
    let dead = dead.set("current_job", "site1.localhost::x").silent(5).deaf().start();
    stage.hire(dead);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("worker.gone");
    assert_eq!(finding["summary"], "worker 01234567 died without signing off");
    let text = evidence(finding);
    assert!(
        text.contains("site1.localhost::x") && text.contains("pid 4711 on another-host"),
        "{text}"
    );
    let fixes = fixes(finding);
    assert!(fixes.contains("workers show 0123456789abcdef0123456789abcdef\n"), "{fixes}");
    assert!(fixes.ends_with("workers prune"), "{fixes}");
    assert_eq!(diagnosis.data()["workers"]["alive"], 1);
}

#[test]
fn worker_whose_process_left_this_host_is_gone_though_its_horse_keeps_the_line() {
    let mut stage = Stage::bench();
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    let queue = stage.queue("short");
    // No system gives out this process id.
    let orphan = stage.worker("orphan", &[&queue]).set("hostname", host).set("pid", "4194304000");
    let orphan = orphan.set("pid", "4194303").set("state", "busy").silent(70).start();
    stage.hire(orphan);
    let diagnosis = stage.diagnose();
    assert!(evidence(diagnosis.finding("worker.gone")).contains("process 4194303 is gone"));
}

#[test]
fn host_with_a_wrong_clock_has_living_workers() {
    let mut stage = Stage::bench();
    let queue = stage.queue("short");
    let late =
        stage.worker("late", &[&queue]).set("last_heartbeat", crate::support::state::ago(7_200));
    let late = late.expires_in(470).start();
    stage.hire(late);
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.outcome("worker.stale"), "passed", "{:#}", diagnosis.report);
}

#[test]
fn fifty_dead_workers_are_summed_up() {
    let mut stage = Stage::bench();
    let queue = stage.queue("short");
    for n in 0..50 {
        let dead = stage.worker(&format!("dead-{n:02}"), &[&queue]).deaf().start();
        stage.hire(dead);
    }
    let diagnosis = stage.diagnose();
    let found = diagnosis.findings("worker.gone");
    assert_eq!(found.len(), 11);
    assert_eq!(found[10]["summary"], "and 40 workers like the 10 above");
}

#[test]
fn worker_that_is_only_missing_from_the_set_still_serves() {
    let stage = Stage::bench();
    stage.server.cmd(&["SREM", "rq:workers", "rq:worker:w1"]);
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.outcome("worker.unregistered"), "warning");
    assert_eq!(diagnosis.outcome("worker.none"), "passed");
    assert_eq!(diagnosis.data()["workers"]["alive"], 1);
}
