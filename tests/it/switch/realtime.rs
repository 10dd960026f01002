//! `jobctl publish-realtime` with a real subscriber.

use serde_json::{Value, json};

use super::ends;
use crate::support::bench::Bench;
use crate::support::redis::RedisServer;

fn bench(version: &str) -> (RedisServer, Bench) {
    let server = RedisServer::start();
    let mut bench = Bench::new(version, &server);
    bench.site("erp");
    (server, bench)
}

#[test]
fn event_reaches_the_subscriber_as_frappe_would_send_it() {
    let (server, bench) = bench("15.44.2");
    let mut client = server.client();
    let mut listener = client.as_pubsub();
    listener.subscribe("events").unwrap();
    let arguments = ["publish-realtime", "msgprint", "--message", "Größe", "--user", "a@b.c"];
    let site = ["--site", "erp", "--after-commit", "1", "-o", "json"];
    let run = ends(0, &bench, &[&arguments[..], &site[..]].concat());
    assert_eq!(run.json()["data"]["sites"][0]["subscribers"], 1);
    assert!(run.stderr.contains("--after-commit"), "{}", run.stderr);
    let sent: String = listener.get_message().unwrap().get_payload().unwrap();
    let expected = "{\n \"event\": \"msgprint\",\n \"message\": \"Gr\\u00f6\\u00dfe\",\n \
                    \"namespace\": \"erp\",\n \"room\": \"user:a@b.c\"\n}";
    assert_eq!(sent, expected);
}

#[test]
fn event_of_an_old_version_goes_to_its_own_redis_with_the_site_in_the_room() {
    let (_queue, mut bench) = bench("14.81.0");
    let realtime = RedisServer::start();
    bench.set("redis_socketio", realtime.url());
    let mut client = realtime.client();
    let mut listener = client.as_pubsub();
    listener.subscribe("events").unwrap();
    ends(0, &bench, &["publish-realtime", "x", "--site", "erp"]);
    let sent: String = listener.get_message().unwrap().get_payload().unwrap();
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert_eq!(sent, json!({"event": "x", "message": {}, "room": "erp:all"}));
}

#[test]
fn event_that_nobody_takes_is_a_no() {
    let (_server, bench) = bench("16.10.0");
    let run = ends(1, &bench, &["publish-realtime", "x", "--site", "erp"]);
    assert!(run.stdout.contains("no socket.io server"), "{}", run.stdout);
}

#[test]
fn event_is_not_published_without_a_flag_under_read_only_or_in_a_dry_run() {
    let (server, bench) = bench("15.44.2");
    let mut client = server.client();
    let mut listener = client.as_pubsub();
    listener.subscribe("events").unwrap();
    ends(77, &bench, &["publish-realtime", "x"]);
    ends(77, &bench, &["publish-realtime", "x", "--site", "erp", "--read-only"]);
    ends(64, &bench, &["publish-realtime", "list_update", "--site", "erp"]);
    let run = ends(0, &bench, &["publish-realtime", "x", "--site", "erp", "--dry-run"]);
    assert!(run.stdout.contains("cannot be undone"), "{}", run.stdout);
    ends(0, &bench, &["publish-realtime", "last", "--site", "erp"]);
    let first: String = listener.get_message().unwrap().get_payload().unwrap();
    assert!(first.contains("\"last\""), "{first}");
}
