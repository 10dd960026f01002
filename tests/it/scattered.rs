//! Every second job of a long list is changed, by each verb, and taken back.

use std::collections::HashSet;
use std::path::Path;

use tempfile::tempdir;

use crate::change::{assert_same, data, done, enqueue_raw, list, on, op_of, snapshot};
use crate::support::redis::RedisServer;

const JOBS: usize = 6_000;

fn id(n: usize) -> String {
    format!("{}.localhost::{n:05}", if n.is_multiple_of(2) { "one" } else { "two" })
}

/// A server with a long queue of two sites and a short one beside it.
fn prepared() -> RedisServer {
    let server = RedisServer::start();
    enqueue_raw(&server, "long", (0..JOBS).map(id));
    enqueue_raw(&server, "onto", ["first".to_owned()]);
    server
}

fn of_site(site: &str) -> Vec<String> {
    (0..JOBS).map(id).filter(|id| id.starts_with(site)).collect()
}

const SITE: [&str; 2] = ["--site", "two.localhost"];

/// The verbs, each with where the jobs of the site and the others must be afterwards.
fn verbs() -> [(&'static [&'static str], Vec<String>, Vec<String>); 5] {
    let (one, two) = (of_site("one"), of_site("two"));
    let first = || vec!["first".to_owned()];
    [
        (&["purge-jobs"], one.clone(), first()),
        (&["jobs", "delete"], one.clone(), first()),
        (&["jobs", "cancel"], one.clone(), first()),
        (&["jobs", "move", "--to", "onto"], one.clone(), [first(), two.clone()].concat()),
        (&["jobs", "promote"], [two, one].concat(), first()),
    ]
}

#[test]
fn change_of_every_second_job_keeps_the_order_and_undo_restores_it() {
    for (verb, long, onto) in verbs() {
        let (server, state) = (prepared(), tempdir().unwrap());
        let before = snapshot(&server);
        let run = done(&server, state.path(), &[verb, &SITE, &["-o", "json"]].concat());
        assert_eq!((&data(&run)["changed"], &data(&run)["skipped"]), (&3_000.into(), &0.into()));
        assert!(list(&server, "long") == long, "{verb:?}");
        assert!(list(&server, "onto") == onto, "{verb:?}");
        let after = snapshot(&server);
        // Taken back, done again by taking that back, and taken back for good.
        let undo = done(&server, state.path(), &["undo", &op_of(&run)]);
        assert_same(&before, &snapshot(&server));
        let redo = done(&server, state.path(), &["undo", &op_of(&undo)]);
        assert_eq!(after.names(), snapshot(&server).names(), "{verb:?}");
        assert_eq!(sorted(&server, "long"), as_sorted(&long), "{verb:?}");
        assert_eq!(sorted(&server, "onto"), as_sorted(&onto), "{verb:?}");
        done(&server, state.path(), &["undo", &op_of(&redo)]);
        assert_same(&before, &snapshot(&server));
    }
}

fn sorted(server: &RedisServer, queue: &str) -> Vec<String> {
    as_sorted(&list(server, queue))
}

fn as_sorted(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.sort();
    ids
}

#[test]
fn undo_puts_back_no_job_that_a_worker_took_after_it_was_restored() {
    let (server, state) = (prepared(), tempdir().unwrap());
    let run = done(&server, state.path(), &[&["jobs", "delete"][..], &SITE].concat());
    // Killed when most are back at the tail and none has its place.
    let undo = on(&server, state.path(), &["undo", &op_of(&run)])
        .env("JOBCTL_TEST_FAULT", "confirmed:4")
        .run();
    assert_eq!(undo.code, -1, "{}", undo.stderr);
    let taken: Vec<String> =
        redis::cmd("RPOP").arg("rq:queue:long").arg(100).query(&mut server.client()).unwrap();
    assert!(taken.iter().all(|id| id.starts_with("two")), "nothing was restored");
    done(&server, state.path(), &["undo", &op_of(&run)]);
    let taken: HashSet<String> = taken.into_iter().collect();
    let expected: Vec<String> = (0..JOBS).map(id).filter(|id| !taken.contains(id)).collect();
    let found = list(&server, "long");
    assert_eq!(found.len(), expected.len());
    assert!(found == expected, "the order was not restored");
}

#[test]
fn undo_leaves_jobs_alone_that_ran_since_they_were_moved() {
    let (server, state) = (prepared(), tempdir().unwrap());
    let arguments = ["jobs", "move", "--to", "onto", "--site", "two.localhost"];
    let op = op_of(&done(&server, state.path(), &arguments));
    let ran: Vec<String> =
        redis::cmd("LPOP").arg("rq:queue:onto").arg(11).query(&mut server.client()).unwrap();
    let undo = on(&server, state.path(), &["undo", &op, "-o", "json"]).run();
    assert_eq!(undo.code, 1, "{undo:?}");
    assert_eq!((&data(&undo)["changed"], &data(&undo)["skipped"]), (&2_990.into(), &10.into()));
    assert!(list(&server, "onto").is_empty());
    let expected: Vec<String> = (0..JOBS).map(id).filter(|id| !ran.contains(id)).collect();
    assert!(list(&server, "long") == expected);
}

#[test]
fn dry_run_of_an_undo_knows_what_only_the_receipts_tell() {
    let (server, state) = (prepared(), tempdir().unwrap());
    on(&server, state.path(), &["jobs", "delete", "--queue", "long"])
        .env("JOBCTL_TEST_FAULT", "script-replied:2")
        .run();
    let op = newest(&server, state.path());
    let gone = JOBS - list(&server, "long").len();
    assert!(gone > 0);
    let before = snapshot(&server);
    let plan = done(&server, state.path(), &["undo", &op, "--dry-run", "-o", "json"]);
    assert_eq!(data(&plan)["plan"]["count"], gone, "{}", plan.stdout);
    assert_eq!(data(&plan)["skipped"], 0, "{}", plan.stdout);
    assert_same(&before, &snapshot(&server));
    assert_eq!(newest(&server, state.path()), op);
    done(&server, state.path(), &["undo", &op]);
    assert!(list(&server, "long") == (0..JOBS).map(id).collect::<Vec<_>>());
}

fn newest(server: &RedisServer, state: &Path) -> String {
    let ops = data(&done(server, state, &["ops", "list", "-o", "json"]));
    ops["ops"][0]["op_id"].as_str().unwrap().to_owned()
}
