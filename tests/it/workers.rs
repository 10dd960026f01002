//! `workers list` and `workers show` on real workers of several RQ releases.

use serde_json::{Value, json};

use crate::support::bench_dir::BenchDir;
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::{Rq, RqWorker};
use crate::support::wait::{PATIENCE, wait_until};

/// The sites of each bench.
const SITES: &[&str] = &["site1.localhost"];

const GENERATIONS: &[&str] = &["1.14.1", "1.16.2", "2.6.1", "3.0.0"];

fn on(server: &RedisServer, arguments: &[&str]) -> Run {
    jobctl(["--redis", &server.url()].iter().chain(arguments)).run()
}

fn worker<'r>(report: &'r Value, name: &str) -> &'r Value {
    let workers = report["data"]["workers"].as_array().unwrap();
    workers.iter().find(|w| w["name"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

/// A worker that runs a job until `flag` appears, as soon as the job has started; with its id.
fn busy_worker(rq: &Rq, server: &RedisServer, name: &str, queue: &str) -> (RqWorker, String) {
    let flag = rq.folder().join(format!("{name}.flag"));
    let id = rq.enqueue(server, queue, &format!("work.until, '{}'", flag.display()));
    let worker = rq.worker(server, name, &[queue]);
    let mut client = server.client();
    wait_until(PATIENCE, "the job to run", || {
        let mut hget = redis::cmd("HGET");
        hget.arg(format!("rq:job:{id}")).arg("status");
        let status: Option<String> = hget.query(&mut client).unwrap();
        let state: Option<String> = redis::cmd("HGET")
            .arg(format!("rq:worker:{name}"))
            .arg("state")
            .query(&mut client)
            .unwrap();
        (status.as_deref() == Some("started") && state.as_deref() == Some("busy")).then_some(())
    });
    (worker, id)
}

#[test]
fn busy_worker_of_every_generation_names_its_job_and_a_killed_one_is_gone() {
    std::thread::scope(|scope| {
        for version in GENERATIONS {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                let (mut process, id) = busy_worker(&rq, &server, "w1", "default");
                // The last write before the work: from here on nothing changes until the flag.
                let report = wait_until(PATIENCE, "the worker to name its job", || {
                    let report = on(&server, &["workers", "-o", "json"]).json();
                    (report["data"]["workers"][0]["current_job"] != Value::Null).then_some(report)
                });
                check_busy(worker(&report, "w1"), &process, &id, version);

                // What it runs is found without its own word, too.
                server.cmd(&["HDEL", "rq:worker:w1", "current_job"]);
                server.cmd(&["DEL", "rq:worker:w1:executions"]);
                let report = on(&server, &["workers", "-o", "json"]).json();
                assert_eq!(worker(&report, "w1")["current_job"], id, "{version}");
                let queues = on(&server, &["queues", "-o", "json"]).json();
                let queue = &queues["data"]["queues"][0];
                let found = [&queue["started"], &queue["workers"], &queue["workers_busy"]];
                assert_eq!(found, [&json!(1); 3], "{version}: {queue}");

                let shown = on(&server, &["workers", "show", "w1", "-o", "json"]).json();
                let horse = shown["data"]["horse_pid"].as_u64().unwrap();
                assert_eq!(shown["data"]["processes"][0]["pid"], process.pid());
                for pid in [u64::from(process.pid()), horse] {
                    let by_pid = on(&server, &["workers", "show", &pid.to_string(), "-o", "json"]);
                    assert_eq!(by_pid.json()["data"]["name"], "w1", "{version}");
                }

                process.crash();
                // The work horse holds the worker's subscription open: while it lives, so may the
                // worker, in a container of the same host name.
                kill_process(horse);
                let gone = wait_until(PATIENCE, "the worker to be reported gone", || {
                    let report = on(&server, &["workers", "-o", "json"]).json();
                    let found = worker(&report, "w1").clone();
                    (found["alive"] == "no").then_some(found)
                });
                let reason = gone["alive_reason"].as_str().unwrap();
                assert!(reason.contains("gone from this host"), "{version}: {reason}");
                let queues = on(&server, &["queues", "-o", "json"]).json();
                assert_eq!(queues["data"]["queues"][0]["workers"], 0, "{version}");
            });
        }
    });
}

fn kill_process(pid: u64) {
    let pid = nix::unistd::Pid::from_raw(pid.try_into().unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
}

fn check_busy(found: &Value, process: &RqWorker, id: &str, version: &str) {
    assert_eq!((&found["state"], &found["alive"]), (&json!("busy"), &json!("yes")), "{found}");
    assert_eq!(
        (&found["current_job"], &found["current_method"]),
        (&json!(id), &json!("work.until"))
    );
    assert_eq!((&found["pid"], &found["version"]), (&json!(process.pid()), &json!(version)));
    assert_eq!((&found["queues"], &found["local"]), (&json!(["default"]), &json!(true)));
    assert_eq!((&found["successful"], &found["failed"]), (&json!(0), &json!(0)));
    assert!(found["current_job_age_s"].as_f64().unwrap() < 30.0, "{found}");
    // A Python is larger than this in any measure.
    assert!(found["memory_bytes"].as_u64().unwrap() > 4 << 20, "{found}");
    assert!(["pss", "rss"].contains(&found["memory_measure"].as_str().unwrap()));
}

#[test]
fn benches_that_share_a_redis_see_their_own_workers() {
    let server = RedisServer::start();
    let (alpha, beta) =
        (BenchDir::new(&server, "alpha", SITES), BenchDir::new(&server, "beta", SITES));
    let rq = Rq::version("1.16.2");
    let (one, two) = std::thread::scope(|scope| {
        let one = scope.spawn(|| rq.worker(&server, "abc1", &["alpha:short"]));
        let two = scope.spawn(|| rq.worker(&server, "abc2", &["beta:short", "beta:mine"]));
        (one.join().unwrap(), two.join().unwrap())
    });
    let names = |run: Run| -> Vec<(String, Value)> {
        let report = run.json();
        let workers = report["data"]["workers"].as_array().unwrap();
        let row = |w: &Value| (w["name"].as_str().unwrap().to_owned(), w["foreign"].clone());
        workers.iter().map(row).collect()
    };
    let list = ["workers", "list", "-o", "json"];
    let run = alpha.jobctl(&list).run();
    assert_eq!(
        run.json()["notes"],
        json!(["1 worker of others on this Redis left out; --all shows them"])
    );
    assert_eq!(names(run), [("abc1".to_owned(), json!(false))]);
    assert_eq!(names(beta.jobctl(&list).run()), [("abc2".to_owned(), json!(false))]);
    let all = names(alpha.jobctl(&["workers", "list", "--all", "-o", "json"]).run());
    assert_eq!(all, [("abc1".to_owned(), json!(false)), ("abc2".to_owned(), json!(true))]);

    // A queue that only a live worker names exists, by the short name in its bench alone.
    let mine = beta.jobctl(&["queues", "show", "mine", "-o", "json"]).run();
    assert_eq!((mine.code, &mine.json()["data"]["workers"]), (0, &json!(1)));
    assert_eq!(alpha.jobctl(&["queues", "show", "mine"]).run().code, 66);

    // The beginning of a name: a bench's own worker first; without a bench both fit.
    let ours = alpha.jobctl(&["workers", "show", "ab", "-o", "json"]).run();
    assert_eq!(ours.json()["data"]["name"], "abc1");
    let both = on(&server, &["workers", "show", "ab"]);
    assert_eq!(both.code, 64);
    assert!(both.stderr.contains("`abc1`, `abc2` fit"), "{}", both.stderr);
    let missed = on(&server, &["workers", "show", "acb1"]);
    assert_eq!(missed.code, 66);
    assert!(missed.stderr.contains("did you mean `abc1`"), "{}", missed.stderr);
    drop((one, two));
}

#[test]
fn reads_need_no_more_than_reading_rights() {
    let server = RedisServer::builder()
        .acl(&[
            "user nowrite on >x ~* &* +@all -@write",
            "user reader on >x ~* +@read +@connection",
            "user frappe on >x resetchannels ~rq:[^q]* ~rq:queues ~rq:queue:alpha:* +@all -@admin",
        ])
        .start();
    let bench = BenchDir::new(&server, "alpha", SITES);
    let rq = Rq::version("2.6.1");
    let (_process, _id) = busy_worker(&rq, &server, "w1", "alpha:short");
    rq.enqueue(&server, "alpha:short", "work.ok");
    rq.enqueue(&server, "beta:short", "work.ok");
    for arguments in [
        &["queues"][..],
        &["queues", "show", "short"],
        &["workers", "list", "--all"],
        &["workers", "show", "w1"],
    ] {
        let as_user = |user: Option<&str>| {
            let url = user.map_or_else(|| server.url(), |user| server.url_as(user, "x"));
            let target = ["--redis", &url, "-o", "json"];
            let run = bench.jobctl(&[arguments, &target].concat()).run();
            assert_eq!(run.code, 0, "{user:?} {arguments:?}: {run:?}");
            run.json()
        };
        let (mut full, mut nowrite, mut frappe, mut reader) = (
            as_user(None),
            as_user(Some("nowrite")),
            as_user(Some("frappe")),
            as_user(Some("reader")),
        );
        for report in [&mut full, &mut nowrite, &mut frappe, &mut reader] {
            steady(&mut report["data"]);
        }
        for other in [&nowrite, &frappe] {
            assert_eq!((&full["data"], &full["notes"]), (&other["data"], &other["notes"]));
        }
        // Who listens to a channel is not among the reads: the list says so and concludes from the
        // heartbeat instead.
        let note = "workers: PUBSUB NUMSUB: not permitted for this Redis user";
        assert_eq!(reader["notes"], json!([note]), "{arguments:?}");
        for report in [&mut full, &mut reader] {
            without_reason(&mut report["data"]);
        }
        assert_eq!(full["data"], reader["data"]);
    }
}

/// Takes out what changes from one look to the next.
fn steady(value: &mut Value) {
    walk(value, &|name| {
        name.ends_with("age_s")
            || ["ttl_s", "utilisation_percent", "memory_bytes", "last_heartbeat"].contains(&name)
    });
}

fn without_reason(value: &mut Value) {
    walk(value, &|name| name == "alive_reason");
}

fn walk(value: &mut Value, drop: &dyn Fn(&str) -> bool) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !drop(name));
            fields.values_mut().for_each(|value| walk(value, drop));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, drop)),
        _ => {}
    }
}
