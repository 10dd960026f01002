//! Every filter of the selection language: a hit, a near miss, and all of them together against
//! the same filters applied by hand.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{Job, NOON, ids, jobs, list};
use crate::support::redis::RedisServer;

/// Jobs that differ in one thing each.
fn varied() -> RedisServer {
    let server = RedisServer::start();
    let write = |job: Job| job.write(&server);
    let kwargs = |site: &str, method: &str, user: &str, event: Value, kwargs: Value| json!({"site": site, "method": method, "user": user, "event": event, "kwargs": kwargs});
    let company = |name: &str| json!({"filters": {"company": name}, "rows": [1, 2], "force": true});
    write(Job::new("erp::a", "b:short", "queued").at("enqueued_at", NOON).calls(&kwargs(
        "erp",
        "shop.stock.submit",
        "kim",
        json!("daily"),
        company("ACME"),
    )));
    write(Job::new("erp.example||b", "b:short", "queued").at("enqueued_at", NOON + 60).calls(
        &kwargs("erp.example", "shop.stock.submit_all", "kim.lee", json!("daily_long"), json!({})),
    ));
    write(Job::new("7f2c", "b:long", "queued").at("enqueued_at", NOON + 120).calls(&kwargs(
        "erp",
        "shop.mail.submit",
        "Kim",
        Value::Null,
        company("ACME 2"),
    )));
    let ended = |job: Job| job.at("started_at", NOON + 200).at("ended_at", NOON + 260);
    let failed = |id: &str, text: &str| {
        let job = Job::new(id, "b:long", "failed").at("enqueued_at", NOON + 180);
        ended(job).field("exc_info", text)
    };
    write(failed("erp::timeout", "rq.timeouts.JobTimeoutException: too slow (12 seconds)"));
    write(failed("erp::key", "KeyError: 'timeless'"));
    write(failed("erp::stopped", "Job stopped by user").field("status", "stopped"));
    write(ended(Job::new("erp::done", "b:long", "finished")).at("enqueued_at", NOON + 180));
    write(Job::new("erp::run", "b:long", "started").at("started_at", NOON + 300));
    write(Job::new("erp::sched", "b:long", "scheduled"));
    write(Job::new("erp::def", "b:long", "deferred"));
    write(Job::new("erp::can", "b:long", "canceled"));
    write(Job::new("plain", "other", "queued").at("enqueued_at", NOON + 240).field(
        "data",
        super::call("pay.charge", &json!([5, {"currency": "EUR"}]), &json!({"token": "t"})),
    ));
    server
}

#[test]
fn every_filter_has_its_hits_and_turns_near_misses_down() {
    let server = varied();
    let cases: &[(&[&str], &[&str])] = &[
        (&["--queue", "b:short"], &["erp::a", "erp.example||b"]),
        (&["--queue", "short"], &["erp::a", "erp.example||b"]),
        (&["--queue", "short,other"], &["erp::a", "erp.example||b", "plain"]),
        (&["--site", "erp", "--status", "queued"], &["7f2c", "erp::a"]),
        (&["--site", "erp.example"], &["erp.example||b"]),
        (&["--site", "erp.exampl"], &[]),
        (&["--status", "started"], &["erp::run"]),
        (&["--status", "failed"], &["erp::key", "erp::timeout"]),
        (&["--status", "stopped"], &["erp::stopped"]),
        (&["--status", "finished,canceled"], &["erp::done", "erp::can"]),
        (&["--status", "scheduled", "--status", "deferred"], &["erp::sched", "erp::def"]),
        (&["--method", "shop.*.submit"], &["7f2c", "erp::a"]),
        (&["--method", "shop.stock.submit"], &["erp::a"]),
        (&["--method", "*.Submit"], &[]),
        (&["--method", "pay.charge"], &["plain"]),
        (&["--event", "daily"], &["erp::a"]),
        (&["--event", "dai"], &[]),
        (&["--user", "kim"], &["erp::a"]),
        (&["--user", "Kim"], &["7f2c"]),
        (&["--exception", "timeoutexception"], &["erp::timeout"]),
        (&["--exception", "^JobTimeout"], &[]),
        (&["--exception", r"\d+ seconds"], &["erp::timeout"]),
        (&["--exception", "time"], &["erp::key", "erp::timeout"]),
        (&["--exception", "stopped by"], &["erp::stopped"]),
        (&["--arg", "filters.company=ACME"], &["erp::a"]),
        (&["--arg", "filters.company=acme"], &[]),
        (&["--arg", "rows.1=2", "--arg", "filters.company=ACME 2"], &["7f2c"]),
        (&["--arg", "force=true"], &["7f2c", "erp::a"]),
        (&["--arg", "0=5"], &["plain"]),
        (&["--arg", "1.currency=EUR"], &["plain"]),
        (&["--arg", "token=t"], &["plain"]),
        (&["--arg", "0=6"], &[]),
        (&["--id", "erp::key"], &["erp::key"]),
        (&["--id", "erp::key", "--id", "7f2c", "--id", "nobody"], &["erp::key", "7f2c"]),
        (&["--id", "erp::ke"], &[]),
        (&["--id", "erp::key", "--status", "queued"], &[]),
        (&["--id", "7f2c", "--site", "erp.example"], &[]),
    ];
    for (arguments, wanted) in cases {
        let mut found = ids(&server, arguments);
        found.sort();
        let mut wanted: Vec<&str> = wanted.to_vec();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{arguments:?}");
    }
}

#[test]
fn filters_of_time_are_exact_to_the_second() {
    let server = varied();
    let at = |seconds: i64| Timestamp::from_second(NOON + seconds).unwrap().to_string();
    let queued = |flags: &[&str]| ids(&server, &[&["--status", "queued"], flags].concat());
    assert_eq!(queued(&["--since", &at(60), "--until", &at(121)]), ["7f2c", "erp.example||b"]);
    assert_eq!(queued(&["--since", &at(61), "--until", &at(120)]), Vec::<String>::new());
    assert_eq!(queued(&["--until", &at(1)]), ["erp::a"]);
    assert_eq!(queued(&["--since", &at(240)]), ["plain"]);
    assert_eq!(ids(&server, &["--status", "finished", "--since", &at(260)]), ["erp::done"]);
    assert_eq!(ids(&server, &["--status", "finished", "--since", &at(261)]), Vec::<String>::new());

    let now = Timestamp::now().as_second();
    Job::new("young", "age", "queued").at("enqueued_at", now - 50).write(&server);
    Job::new("old", "age", "queued").at("enqueued_at", now - 7300).write(&server);
    Job::new("ageless", "age", "queued").field("created_at", "").write(&server);
    assert_eq!(ids(&server, &["--queue", "age", "--older-than", "2h"]), ["old"]);
    assert_eq!(ids(&server, &["--queue", "age", "--since", "10m"]), ["young"]);
    assert_eq!(ids(&server, &["--queue", "age", "--until", "10m"]), ["old"]);
}

#[test]
fn order_and_limit_are_those_that_were_asked_for() {
    let server = varied();
    let of = |flags: &[&str]| ids(&server, &[&["--status", "queued"], flags].concat());
    // In their places: queue by queue, head first.
    assert_eq!(of(&[]), ["7f2c", "erp::a", "erp.example||b", "plain"]);
    assert_eq!(of(&["--reverse"]), ["plain", "erp.example||b", "erp::a", "7f2c"]);
    assert_eq!(of(&["--limit", "2"]), ["7f2c", "erp::a"]);
    assert_eq!(of(&["-n", "1", "-r"]), ["plain"]);
    assert_eq!(of(&["--sort", "enqueued"]), ["erp::a", "erp.example||b", "7f2c", "plain"]);
    assert_eq!(
        of(&["--sort", "id", "--limit", "0"]),
        ["7f2c", "erp.example||b", "erp::a", "plain"]
    );
    assert_eq!(of(&["--sort", "age", "-r", "-n", "1"]), ["erp::a"]);
    assert_eq!(of(&["--sort", "method", "-n", "2"]), ["plain", "7f2c"]);
    // Three have no site in a sorted list of sites: the one that is known to be none comes last.
    assert_eq!(of(&["--sort", "site", "-r"]).last().unwrap(), "plain");

    let run = jobs(&server, &["list", "-o", "json", "--limit", "3"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["data"]["truncated"], true);
    assert!(report["notes"][0].as_str().unwrap().contains("only 3 jobs"));
    let run = jobs(&server, &["list", "-o", "jsonl", "--limit", "3"]);
    assert_eq!(run.stdout.lines().count(), 3);
    assert!(run.stderr.contains("only 3 jobs"), "{}", run.stderr);
}

/// A selection as flags, and the same by hand.
#[derive(Debug, Clone)]
struct Wanted {
    site: Option<&'static str>,
    statuses: Vec<&'static str>,
    method: Option<&'static str>,
    queue: Option<&'static str>,
    user: Option<&'static str>,
    exception: Option<&'static str>,
}

impl Wanted {
    fn flags(&self) -> Vec<&'static str> {
        let mut flags = Vec::new();
        let mut add = |name: &'static str, value: Option<&'static str>| {
            flags.extend(value.into_iter().flat_map(|value| [name, value]));
        };
        add("--site", self.site);
        add("--method", self.method);
        add("--queue", self.queue);
        add("--user", self.user);
        add("--exception", self.exception);
        self.statuses.iter().for_each(|status| add("--status", Some(status)));
        flags
    }

    fn admits(&self, job: &Value) -> bool {
        let text = |field: &str| job[field].as_str().unwrap_or_default().to_owned();
        let is = |wanted: Option<&str>, field: &str| wanted.is_none_or(|w| text(field) == w);
        let method = self.method.is_none_or(|glob| match glob.strip_suffix('*') {
            Some(start) => text("method").starts_with(start),
            None => text("method") == glob,
        });
        is(self.site, "site")
            && is(self.queue, "queue")
            && is(self.user, "user")
            && method
            && (self.statuses.is_empty() || self.statuses.contains(&&*text("status")))
            && self.exception.is_none_or(|part| text("exception").to_lowercase().contains(part))
    }
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let statuses = ["queued", "started", "failed", "finished", "stopped", "canceled"];
    (
        proptest::option::of(proptest::sample::select(vec!["erp", "erp.example", "none"])),
        proptest::sample::subsequence(statuses.to_vec(), 0..=3),
        proptest::option::of(proptest::sample::select(vec!["shop.*", "work.ok", "*", "shop"])),
        proptest::option::of(proptest::sample::select(vec!["b:short", "b:long", "other"])),
        proptest::option::of(proptest::sample::select(vec!["kim", "Kim", "kim.lee"])),
        proptest::option::of(proptest::sample::select(vec!["time", "key", "stopped"])),
    )
        .prop_map(|(site, statuses, method, queue, user, exception)| Wanted {
            site,
            statuses,
            method,
            queue,
            user,
            exception,
        })
}

#[test]
fn list_with_filters_is_the_list_filtered_by_hand() {
    let server = varied();
    let all = list(&server, &[]);
    assert_eq!(all.len(), 12);
    let mut runner =
        TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    runner
        .run(&wanted(), |wanted| {
            // Ages go on between two runs.
            let by_hand: Vec<_> =
                all.iter().filter(|job| wanted.admits(job)).map(|job| job["id"].clone()).collect();
            let flags = wanted.flags();
            let listed: Vec<_> = list(&server, &flags).iter().map(|j| j["id"].clone()).collect();
            prop_assert_eq!(listed, by_hand, "{:?}", flags);
            Ok(())
        })
        .unwrap();
}

#[test]
fn filters_that_cannot_be_read_are_usage_errors() {
    let server = RedisServer::start();
    for (flags, why) in [
        (["--method", "["], "cannot use `[` as `--method`"),
        (["--exception", "("], "cannot use `(` as `--exception`"),
        (["--exception", "a{1000}{1000}"], "exceeds size limit"),
        (["--arg", "company"], "write it as PATH=VALUE"),
        (["--since", "soonish"], "cannot read `soonish` as `--since`"),
        (["--older-than", "0"], "a length of time must be above 0"),
        (["--status", "runing"], "possible values"),
        (["--queue", ""], "an empty value selects nothing"),
        (["--id", " "], "an empty value selects nothing"),
    ] {
        let run = jobs(&server, &["list", flags[0], flags[1]]);
        assert_eq!(run.code, 64, "{flags:?}");
        assert!(run.stderr.contains(why), "{flags:?}: {}", run.stderr);
        assert_eq!(run.stdout, "");
    }
}
