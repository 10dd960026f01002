//! What is not asked for is not read: which commands a selection costs.

use super::{Job, NOON, jobs};
use crate::support::redis::RedisServer;

/// How often the server ran a command since the counters were reset.
fn calls(server: &RedisServer, command: &str) -> usize {
    let stat = super::info(server, "commandstats", &format!("cmdstat_{command}:calls="));
    stat.split(',').next().and_then(|calls| calls.parse().ok()).unwrap_or(0)
}

/// How many payloads, hashes and streams a selection reads.
fn cost(server: &RedisServer, flags: &[&str]) -> (usize, usize, usize) {
    server.cmd(&["CONFIG", "RESETSTAT"]);
    let run = jobs(server, &[&["list", "-o", "jsonl"], flags].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    (calls(server, "hget"), calls(server, "hmget"), calls(server, "xrevrange"))
}

fn filled() -> RedisServer {
    let server = RedisServer::start();
    for n in 0..10 {
        Job::frappe(&format!("erp::{n}"), "b:short", "queued", "erp", "shop.pay")
            .at("enqueued_at", NOON + n)
            .write(&server);
        Job::frappe(&format!("crm::{n}"), "b:short", "queued", "crm", "shop.pay").write(&server);
        Job::frappe(&format!("uuid-{n}"), "b:long", "queued", "erp", "shop.pay").write(&server);
        Job::frappe(&format!("erp::f{n}"), "b:long", "failed", "erp", "shop.pay")
            .field("exc_info", "ValueError: x")
            .write(&server);
    }
    server
}

#[test]
fn cost_of_a_selection_is_what_its_stages_need() {
    let server = filled();
    // Ids of other sites are turned down before anything of them is read.
    let by_site = ["--site", "erp", "--queue", "short"];
    assert_eq!(cost(&server, &by_site), (10, 10, 0));
    // Ids without a site need the payload, and nobody reads a list that was not named.
    assert_eq!(
        cost(&server, &["--site", "crm", "--queue", "long", "--status", "queued"]),
        (10, 10, 0)
    );
    // What is too young costs no payload.
    let until = jiff::Timestamp::from_second(NOON + 3).unwrap().to_string();
    let young = ["--queue", "short", "--site", "erp", "--until", &until];
    assert_eq!(cost(&server, &young), (3, 10, 0));
    // Failures are read of failed jobs alone; what the payload turned down has none read.
    assert_eq!(cost(&server, &["--status", "queued", "--exception", "x"]).2, 0);
    assert_eq!(cost(&server, &["--status", "failed", "--method", "shop.mail"]).2, 0);
    assert_eq!(cost(&server, &["--status", "failed"]), (10, 20, 10));
    // Named ids cost no list.
    server.cmd(&["CONFIG", "RESETSTAT"]);
    jobs(&server, &["list", "--id", "erp::1", "-o", "jsonl"]);
    assert_eq!((calls(&server, "lrange"), calls(&server, "zrange")), (0, 0));
    assert_eq!(calls(&server, "hget"), 1);
}

#[test]
fn limit_in_order_of_place_reads_no_second_batch() {
    let server = RedisServer::start();
    for n in 0..1200 {
        Job::new(format!("j{n}"), "q", "queued").write(&server);
    }
    assert_eq!(cost(&server, &["--limit", "5"]).1, 500);
}

#[test]
fn reading_commands_write_nothing() {
    let server = filled();
    let before = super::changes(&server);
    let commands = [
        &["list", "-o", "json"][..],
        &["show", "erp::1"],
        &["exists", "erp::1"],
        &["show", "uuid"],
    ];
    for arguments in commands {
        let code = jobs(&server, arguments).code;
        assert!([0, 64].contains(&code), "{arguments:?}");
    }
    assert_eq!(super::changes(&server), before);
}
