//! Users who may only read get the same report, and reading changes nothing.

use std::collections::BTreeMap;

use super::{Diagnosis, Stage};
use crate::support::redis::RedisServer;
use crate::support::state::{in_s, know, put};

/// A bench with something wrong in most families, as far as no refused command tells of it.
fn troubled() -> Stage {
    let mut stage = Stage::bench();
    stage.job("short", "site1.localhost::a").waited(700).wait();
    put(&stage.server, "queue", &stage.queue("short"), b"site1.localhost::gone", None);
    stage.job("short", "site1.localhost::b").started(400).save_in("wip", Some(&in_s(60)));
    stage.job("long", "site2.localhost::c").started(400).save_in("wip", Some(&in_s(-60)));
    stage.job("long", "site2.localhost::d").waited(90).save_in("intermediate", None);
    let overdue = stage.job("default", "site2.localhost::e").set("status", "scheduled");
    overdue.save_in("scheduled", Some(&in_s(-900)));
    stage.job("default", "site1.localhost::scheduled_job::app.x").waited(99).save();
    stage.job("orphaned", "site1.localhost::f").expires_in(500).wait();
    know(&stage.server, "home-other:short");
    let queue = stage.queue("short");
    let frozen = stage.worker("frozen", &[&queue]).set("state", "busy").silent(70).start();
    stage.hire(frozen);
    stage
}

/// Check and summary of each finding.
fn found(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let all = diagnosis.data()["findings"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    // Ages grow between two runs.
    let summary = |value| {
        let text = text(value);
        let timeless = text.split(" is silent").next().unwrap().split(" waits for ").next();
        timeless.unwrap().to_owned()
    };
    all.iter().map(|finding| (text(&finding["check"]), summary(&finding["summary"]))).collect()
}

/// Every key with its value. Lifetimes are left out, as they run down by themselves; the order of
/// a hash's fields, too, as it is the server's affair.
fn everything(server: &RedisServer) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut client = server.client();
    let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("*").query(&mut client).unwrap();
    let value = |key: Vec<u8>| {
        let kind: String = redis::cmd("TYPE").arg(&key).query(&mut client).unwrap();
        let value = if kind == "hash" {
            let fields: BTreeMap<Vec<u8>, Vec<u8>> =
                redis::cmd("HGETALL").arg(&key).query(&mut client).unwrap();
            fields.into_iter().flat_map(|(field, value)| [field, value]).collect()
        } else {
            vec![redis::cmd("DUMP").arg(&key).query(&mut client).unwrap()]
        };
        (key, value)
    };
    keys.into_iter().map(value).collect()
}

/// The numbers of the queues, without the ages, which grow.
fn numbers(diagnosis: &Diagnosis) -> Vec<serde_json::Value> {
    let mut queues = diagnosis.data()["queues"].as_array().unwrap().clone();
    for queue in &mut queues {
        queue.as_object_mut().unwrap().remove("oldest_age_s");
    }
    queues
}

#[test]
fn users_without_writes_find_the_same() {
    let mut stage = troubled();
    let own = stage.diagnose();
    let prefix = stage.bench_mut().prefix();
    let frappe = [
        "~rq:[^q]*".to_owned(),
        "~rq:queues".to_owned(),
        format!("~rq:queue:{prefix}:*"),
        "+@all".to_owned(),
        "-@admin".to_owned(),
    ];
    let users: [(&str, Vec<String>); 3] = [
        ("no-writes", ["~*", "&*", "+@all", "-@write"].map(String::from).to_vec()),
        ("reads", ["~*", "+@read", "+@connection"].map(String::from).to_vec()),
        (&prefix, frappe.to_vec()),
    ];
    assert!(own.troubles().len() >= 8, "{:#}", own.report);
    for (user, rules) in users {
        let mut command = vec!["ACL", "SETUSER", user, "on", ">pw"];
        command.extend(rules.iter().map(String::as_str));
        stage.server.cmd(&command);
        let url = stage.server.url_as(user, "pw");
        stage.at(url);
        let diagnosis = stage.diagnose();
        assert_eq!(found(&diagnosis), found(&own), "{user}: {:#}", diagnosis.report);
        assert_eq!(numbers(&diagnosis), numbers(&own), "{user}");
        assert_eq!((diagnosis.verdict(), diagnosis.code), (own.verdict(), own.code), "{user}");
    }
}

#[test]
fn reading_changes_nothing_with_and_without_workers() {
    let mut stage = troubled();
    for round in ["with workers", "without workers"] {
        let before = everything(&stage.server);
        for deep in [&["--deep", "-v"][..], &["--site", "site1.localhost"]] {
            assert!(stage.run(deep).code <= 3);
        }
        assert_eq!(everything(&stage.server), before, "{round}");
        stage.crew.iter_mut().for_each(crate::support::state::FakeWorker::kill);
    }
}
