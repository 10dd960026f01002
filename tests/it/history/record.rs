//! Recording: once, for a time, through crashes, outages, full disks and damage.

use std::fs;
use std::time::Instant;

use nix::sys::signal::Signal;
use serde_json::json;

use super::*;
use crate::doctor::Stage;
use crate::support::rq::{RELEASES, Rq};
use crate::support::state::{self, job};

/// A job that ended some seconds ago, as RQ keeps it.
fn ended(server: &RedisServer, id: &str, status: &str, seconds: i64) {
    let job = job(server, "q", id).ended(status, seconds);
    job.save_in(status, Some(&state::in_s(500 - seconds)));
}

#[test]
fn record_once_counts_each_job_of_every_release_once() {
    for version in RELEASES {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        for call in ["work.ok", "work.ok", "work.fail"] {
            rq.enqueue(&server, "q", call);
        }
        rq.burst(&server, &["q"]);
        let notebook = Notebook::about(&server);
        let told = notebook.data("record", &["--once"]);
        assert_eq!((&told["jobs_ended"], &told["jobs_failed"]), (&json!(3), &json!(1)), "{told:#}");
        assert_eq!(told["queues"].as_array().unwrap().len(), 1, "{version}: {told:#}");
        assert_eq!(notebook.data("record", &["--once"])["jobs_ended"], 0, "{version}");
        let shown = notebook.data("show", &["--by", "method"]);
        let row = |method: &str| {
            let rows = shown["rows"].as_array().unwrap();
            rows.iter().find(|row| row["key"] == method).unwrap_or_else(|| panic!("{shown:#}"))
        };
        assert_eq!((&row("work.ok")["count"], &row("work.ok")["failed"]), (&json!(2), &json!(0)));
        assert_eq!(row("work.fail")["failure_rate"], json!(1.0), "{version}");
        assert!(row("work.ok")["mean_ms"].is_number() && row("work.ok")["p95_ms"].is_number());
        let errors = notebook.data("show", &["--by", "error"]);
        assert_eq!(errors["rows"][0]["key"], "ValueError", "{errors:#}");
        assert_eq!(errors["rows"][0]["failed"], 1);
        let queues = notebook.data("show", &["--by", "queue"]);
        assert_eq!(queues["rows"][0]["queued_max"], 0, "{queues:#}");
    }
}

#[test]
fn record_counts_all_of_more_jobs_than_a_look_reads_at_first() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    let script = "
local now = redis.call('TIME')[1]
redis.call('SADD', 'rq:queues', 'rq:queue:q')
for n = 1, tonumber(ARGV[2]) do
  local id = ARGV[1] .. n
  redis.call('HSET', 'rq:job:' .. id, 'status', ARGV[3], 'origin', 'q', 'description', 'a.b()',
    'created_at', ARGV[4], 'enqueued_at', ARGV[4], 'started_at', ARGV[4], 'ended_at', ARGV[4])
  redis.call('ZADD', 'rq:' .. ARGV[3] .. ':q', now + ARGV[5] + n, id)
end";
    // The last number is for how long the first of them is kept.
    let end = |prefix: &str, count: &str, status: &str, kept_s: &str| {
        server.cmd(&["EVAL", script, "0", prefix, count, status, &state::ago(2), kept_s]);
    };
    end("old-", "2300", "finished", "400");
    notebook.once();
    assert_eq!(notebook.jobs(), 2_300);
    end("new-", "1700", "finished", "9000");
    end("bad-", "900", "failed", "9000");
    let told = notebook.once().stdout;
    assert!(told.contains("2,600 jobs, 900 of them failed"), "{told}");
    let shown = notebook.data("show", &["--by", "day"]);
    assert_eq!((&shown["total"]["count"], &shown["total"]["failed"]), (&json!(4_900), &json!(900)));
    assert!(notebook.once().stdout.contains("0 jobs"));
    // Jobs that are kept for less time stand behind those: the size of the registry tells of them.
    let samples = || number(&notebook.path(), "SELECT count(*) FROM samples");
    let before = samples();
    let _recording = notebook.record(&["--every", "1s"]);
    wait_until(LONG, "a look", || (samples() > before).then_some(()));
    end("short-", "150", "finished", "200");
    wait_until(LONG, "them to be counted", || (notebook.jobs() == 5_050).then_some(()));
}

#[test]
fn record_of_a_bench_is_kept_in_the_bench_with_its_sites() {
    let stage = Stage::bench();
    let of = |id: &str| stage.job("short", id).ended("finished", 20);
    of("site1.localhost::a").save_in("finished", Some(&state::in_s(400)));
    stage.job("long", "site2.localhost::b").waited(7).wait();
    let run = stage.command("history", &["record", "--once"]).run();
    assert_eq!(run.code, 0, "{run:?}");
    let root = stage.bench.as_ref().unwrap().root();
    assert!(root.join("config/jobctl/history.db").exists());
    let shown = stage.command("history", &["show", "--by", "site", "-o", "json"]).run().json();
    assert_eq!(shown["data"]["rows"][0]["key"], "site1.localhost", "{shown:#}");
    let queues = stage.command("history", &["show", "--by", "queue", "-o", "json"]).run().json();
    let rows = queues["data"]["rows"].as_array().unwrap();
    let long = rows.iter().find(|row| row["key"] == "long").unwrap();
    assert_eq!((&long["queued_max"], &long["workers_max"]), (&json!(1), &json!(1)), "{queues:#}");
    let one = ["show", "--site", "site2.localhost", "--by", "method", "-o", "json"];
    let other = stage.command("history", &one).run().json();
    assert_eq!(other["data"]["total"]["count"], 0, "{other:#}");
    // What only reads writes nothing into Redis, also this.
    let run = stage.command("history", &["record", "--once", "--read-only"]).run();
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn record_killed_again_and_again_tears_nothing_and_counts_nothing_twice() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    // Something to compare with before the first crash.
    notebook.once();
    let started = Instant::now();
    let mut made = 0;
    for round in 0..12_u64 {
        let recording = notebook.record(&["--every", "1s"]);
        // A crash at another moment each time: before the first look, within one, between two.
        let until = Instant::now() + Duration::from_millis(37 * round * round % 1_900);
        while Instant::now() < until {
            ended(&server, &format!("job-{made}"), ["finished", "failed"][made % 2], 1);
            made += 1;
            std::thread::sleep(Duration::from_millis(5).min(until - Instant::now()));
            if made.is_multiple_of(40) {
                // No more than a look reads of a queue.
                break;
            }
        }
        recording.crash();
        assert!(is_whole(&notebook.path()), "round {round}");
    }
    let mut last = notebook.record(&["--every", "1s"]);
    wait_until(LONG, "every job to be counted", || (notebook.jobs() == made as u64).then_some(()));
    last.signal(Signal::SIGTERM);
    assert_eq!(last.code(), Some(143), "{}", last.said());
    assert_eq!(notebook.jobs(), made as u64);
    let path = notebook.path();
    assert_eq!(number(&path, "SELECT count(*) FROM ended"), i64::try_from(made).unwrap());
    assert_eq!(
        number(&path, "SELECT sum(count) FROM ended_rollup WHERE span = 60"),
        number(&path, "SELECT sum(count) FROM ended_rollup WHERE span = 86400")
    );
    // Never two samples within an interval, whoever took them.
    let close = "SELECT count(*) FROM samples a JOIN samples b ON b.at > a.at AND b.at < a.at + 700
                 WHERE a.at > (SELECT min(at) FROM samples)";
    assert_eq!(number(&path, close), 0);
    let samples = number(&path, "SELECT count(*) FROM samples");
    let seconds = started.elapsed().as_secs() + 2;
    assert!(samples <= i64::try_from(seconds).unwrap(), "{samples} in {seconds} s");
}

#[test]
fn record_goes_on_through_an_outage_and_tells_it_as_a_gap() {
    let mut server = RedisServer::builder().persistent().start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h.db");
    let arguments = [
        "--redis",
        &server.url(),
        "history",
        "record",
        "--every",
        "1s",
        "--file",
        path.to_str().unwrap(),
    ];
    let mut recording = Recording::start(&arguments);
    let samples = || number(&path, "SELECT count(*) FROM samples");
    recording.says("recording into");
    wait_until(LONG, "a sample", || (path.exists() && samples() > 0).then_some(()));
    server.kill();
    recording.says("the history has a gap until Redis can be read again");
    let before = samples();
    // Long enough that a sample is missed.
    let gone = Instant::now();
    wait_until(LONG, "some time", || (gone.elapsed() > Duration::from_secs(3)).then_some(()));
    server.restart();
    recording.says("Redis can be read again");
    wait_until(LONG, "another sample", || (samples() > before).then_some(()));
    recording.signal(Signal::SIGINT);
    assert_eq!(recording.code(), Some(130));
    let notebook = Notebook { server: &server, folder };
    let gaps = notebook.data("show", &[])["gaps"].clone();
    assert_eq!(gaps.as_array().unwrap().len(), 1, "{gaps:#}");
    assert!(gaps[0]["why"].as_str().unwrap().starts_with("Redis could not be read"), "{gaps:#}");
    assert_eq!(recording.said().matches("has a gap").count(), 1, "{}", recording.said());
}

#[test]
fn record_once_during_an_outage_says_so() {
    let mut server = RedisServer::start();
    let url = server.url();
    server.kill();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h.db");
    let arguments =
        ["--redis", &url, "history", "record", "--once", "--file", path.to_str().unwrap()];
    let run = jobctl(arguments).run();
    assert_eq!(run.code, 69, "{run:?}");
    // Nothing is left behind that would look like a history.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for command in ["show", "trend", "peaks", "forecast"] {
        let run = jobctl(["history", command, "--file", path.to_str().unwrap()]).run();
        assert_eq!(run.code, 66, "{run:?}");
        assert!(run.stderr.contains("there are no samples yet"), "{}", run.stderr);
    }
}

#[test]
fn record_that_begins_in_an_outage_makes_the_file_with_the_first_sample() {
    let mut server = RedisServer::builder().persistent().start();
    server.kill();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("h.db");
    let (url, file) = (server.url(), path.to_str().unwrap());
    let arguments = ["--redis", &url, "history", "record", "--every", "1s", "--file", file];
    let mut recording = Recording::start(&arguments);
    recording.says("the history has a gap until Redis can be read again");
    assert!(!path.exists());
    // A second one waits also where there is no file yet.
    let mut second = Recording::start(&arguments);
    second.says(&format!("process {} on ", recording.pid()));
    server.restart();
    recording.says("Redis can be read again");
    wait_until(LONG, "a sample", || {
        (path.exists() && number(&path, "SELECT count(*) FROM samples") > 0).then_some(())
    });
}

#[test]
fn record_once_reports_what_it_recorded_in_every_format() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    job(&server, "q", "waits").waited(9).wait();
    ended(&server, "failed", "failed", 3);
    let report = notebook.run("record", &["--once", "-o", "json"]).json();
    assert_eq!(report["schema"], "jobctl.history_record/1");
    let data = &report["data"];
    assert_eq!(data["file"], notebook.path().to_str().unwrap());
    assert!(data["sampled_at"].is_string() && data["gap"].is_null(), "{data:#}");
    assert_eq!((&data["jobs_ended"], &data["jobs_failed"]), (&json!(1), &json!(1)), "{data:#}");
    assert_eq!((&data["is_partial"], &data["pruned_samples"]), (&json!(false), &json!(0)));
    let queue = &data["queues"][0];
    assert_eq!(
        (&queue["queue"], &queue["queued"], &queue["failed"]),
        (&json!("q"), &json!(1), &json!(1))
    );
    assert!(queue["oldest_s"].as_u64() >= Some(9), "{data:#}");
    let table = notebook.run("record", &["--once"]).stdout;
    assert!(table.contains("Recorded at") && table.contains("QUEUE"), "{table}");
    let csv = notebook.run("record", &["--once", "-o", "csv"]).stdout;
    assert!(csv.starts_with("QUEUE,QUEUED,OLDEST_S,STARTED,"), "{csv}");
    let lines = notebook.run("record", &["--once", "-o", "jsonl"]).stdout;
    assert_eq!(lines.lines().count(), 1, "{lines}");
}

#[test]
fn record_notices_that_its_file_was_removed_or_replaced_and_goes_on() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    ended(&server, "first", "finished", 3);
    let mut recording = notebook.record(&["--every", "1s"]);
    let path = notebook.path();
    let samples = || number(&path, "SELECT count(*) FROM samples");
    let any = || (path.exists() && samples() > 0).then_some(());
    wait_until(LONG, "a sample", any);
    let kept = notebook.folder.path().join("kept.db");
    let copy = Command::new("python3")
        .args(["-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('VACUUM INTO ?', sys.argv[2:])"])
        .args([&path, &kept])
        .status();
    assert!(copy.unwrap().success());
    fs::remove_file(&path).unwrap();
    recording.says("was removed: a new one is begun");
    wait_until(LONG, "a sample in the new one", any);
    assert!(is_whole(&path));
    // What RQ still shows was counted before.
    let completed = "SELECT count(*) FROM totals WHERE series LIKE '%completed%a%' AND value = '1'";
    assert_eq!(number(&path, completed), 1);
    fs::rename(&kept, &path).unwrap();
    recording.says("was replaced: recording goes on in what is there now");
    let before = samples();
    wait_until(LONG, "a sample in that", || (samples() > before).then_some(()));
    assert!(is_whole(&path));
    assert_eq!(notebook.jobs(), 1);
    recording.signal(Signal::SIGTERM);
    assert_eq!(recording.code(), Some(143), "{}", recording.said());
}

#[test]
fn record_waits_for_the_end_of_another_and_takes_over() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    let mut first = notebook.record(&["--every", "1s"]);
    first.says("recording into");
    let mut second = notebook.record(&["--every", "1s"]);
    second.says(&format!("process {} on ", first.pid()));
    second.says("this one takes over when that ends");
    let path = notebook.path();
    let samples = || number(&path, "SELECT count(*) FROM samples");
    wait_until(LONG, "a sample", || (path.exists() && samples() > 0).then_some(()));
    first.crash();
    ended(&server, "between", "finished", 1);
    second.says("nobody else records any more");
    wait_until(LONG, "the job", || (notebook.jobs() == 1).then_some(()));
    let before = samples();
    wait_until(LONG, "another sample", || (samples() > before).then_some(()));
    let run = notebook.run("record", &["--once"]);
    assert_eq!(run.code, 75, "{run:?}");
    assert!(run.stderr.contains(&format!("process {} on ", second.pid())), "{}", run.stderr);
}

#[test]
fn record_keeps_its_history_and_counts_on_while_the_clock_is_wrong() {
    const YEAR: i64 = 366 * 86_400;
    let server = RedisServer::start();
    // Then the time is that of this host, which a test can set.
    server.cmd(&["ACL", "SETUSER", "default", "-time"]);
    let notebook = Notebook::about(&server);
    let (url, path) = (server.url(), notebook.path());
    let now = jiff::Timestamp::now();
    let once = |later_s: i64| {
        let fixed = (now + jiff::SignedDuration::from_secs(later_s)).to_string();
        let file = path.to_str().unwrap();
        let words = ["--redis", &url, "history", "record", "--once", "--file", file, "-o", "json"];
        let run = jobctl(words).env("JOBCTL_TEST_NOW", &fixed).run();
        assert_eq!(run.code, 0, "{run:?}");
        run.json()["data"].clone()
    };
    ended(&server, "first", "finished", 3);
    assert_eq!(once(0)["jobs_ended"], 1);
    let at = now.as_second();
    let kept = || {
        let sample =
            format!("SELECT count(*) FROM samples WHERE at / 1000 BETWEEN {at} - 1 AND {at} + 1");
        let figures = "SELECT count(*) FROM ended_rollup WHERE span = 60 AND at BETWEEN";
        let figures = format!("{figures} {at} - 120 AND {at}");
        number(&path, &sample) == 1 && number(&path, &figures) >= 1
    };
    let jumps = [3 * YEAR, 3 * YEAR + 60, -3 * YEAR, 5 * YEAR, 5 * YEAR + 90];
    for (round, jump) in (1..).zip(jumps) {
        once(jump);
        assert!(kept(), "{jump}");
        ended(&server, &format!("in-{round}"), "finished", 1);
        // It is right again.
        let told = once(10 * round);
        assert_eq!(told["jobs_ended"], 1, "{jump} {told:#}");
        assert!(kept(), "{jump}");
    }
    // What stays wrong is counted all the same.
    once(9 * YEAR);
    ended(&server, "last", "finished", 1);
    assert_eq!(once(9 * YEAR + 30)["jobs_ended"], 1);
}

#[test]
fn record_refuses_a_second_recorder_and_names_the_first() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    let mut first = notebook.record(&["--every", "1s"]);
    first.says("recording into");
    let run = notebook.run("record", &["--once"]);
    assert_eq!(run.code, 75, "{run:?}");
    assert!(run.stderr.contains(&format!("process {} on ", first.pid())), "{}", run.stderr);
    // Reading goes on meanwhile.
    wait_until(LONG, "a sample", || {
        let run = notebook.run("show", &["--by", "minute", "-o", "jsonl"]);
        (run.code == 0 && !run.stdout.is_empty()).then_some(())
    });
    first.crash();
    notebook.once();
}

#[test]
fn record_without_room_keeps_what_it_has_until_there_is_some() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    let mut recording = notebook.record(&["--every", "1s"]);
    recording.says("recording into");
    wait_until(LONG, "a sample", || {
        let path = notebook.path();
        (path.exists() && number(&path, "SELECT count(*) FROM samples") > 0).then_some(())
    });
    let limit = |bytes: &str| {
        let pid = recording.child.id().to_string();
        let done =
            Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:")]).status();
        assert!(done.unwrap().success());
    };
    limit("512");
    ended(&server, "while-full", "finished", 1);
    wait_until(LONG, "the full disk to be said", || {
        recording.said().contains("cannot write the history").then_some(())
    });
    limit("unlimited");
    wait_until(LONG, "the end of it", || {
        recording.said().contains("can be written again").then_some(())
    });
    assert_eq!(notebook.jobs(), 1);
    assert!(is_whole(&notebook.path()));
}

#[test]
fn record_moves_a_damaged_history_aside_and_says_so() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    notebook.once();
    let mut bytes = fs::read(notebook.path()).unwrap();
    bytes[100..].fill(b'x');
    fs::write(notebook.path(), bytes).unwrap();
    let run = notebook.run("show", &[]);
    assert_eq!(run.code, 65, "{run:?}");
    let said = notebook.run("record", &["--once", "-o", "json"]).json()["notes"].to_string();
    assert!(said.contains("damaged") && said.contains("a new one was begun"), "{said}");
    let names = fs::read_dir(notebook.folder.path()).unwrap();
    let aside = names.filter(|entry| {
        entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("h.db.damaged-")
    });
    assert_eq!(aside.count(), 1);
    assert_eq!(notebook.run("show", &[]).code, 0);
}

#[test]
fn record_ends_after_its_time() {
    let server = RedisServer::start();
    let notebook = Notebook::about(&server);
    let run = notebook.run("record", &["--every", "1s", "--for", "1s"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(number(&notebook.path(), "SELECT count(*) FROM samples") >= 1);
    let folder = notebook.folder.path().to_str().unwrap();
    let run = jobctl(["--redis", &server.url(), "history", "record", "--file", folder]).run();
    assert_eq!(run.code, 65, "{run:?}");
    assert!(!notebook.folder.path().with_extension("lock").exists());
    for wrong in [&["--every", "0.1s"][..], &["--every", "x"], &["--once", "--for", "1s"]] {
        assert_eq!(notebook.run("record", wrong).code, 64, "{wrong:?}");
    }
}

#[test]
fn record_notes_the_memory_of_jobs_of_this_host() {
    const GROW: &str = r"
import os, time

def hold(megabytes, path):
    held = b'x' * (megabytes << 20)
    while not os.path.exists(path):
        time.sleep(0.01)
    return len(held)
";
    for version in ["1.15.1", "3.0.0"] {
        let server = RedisServer::start();
        let rq = Rq::version(version).module("grow", GROW);
        let worker = rq.worker(&server, "w", &["q"]);
        let flag = rq.folder().join("flag");
        rq.enqueue(&server, "q", &format!("'grow.hold', 150, '{}'", flag.display()));
        let notebook = Notebook::about(&server);
        let memory = "SELECT coalesce(max(peak_kib), 0) FROM memory";
        // It takes a moment until the job has it all.
        wait_until(LONG, "the memory of the job", || {
            notebook.once();
            (number(&notebook.path(), memory) > 150 * 1024).then_some(())
        });
        fs::write(&flag, "").unwrap();
        wait_until(LONG, "the job to end", || {
            notebook.once();
            (notebook.jobs() == 1).then_some(())
        });
        let shown = notebook.data("show", &["--by", "method"]);
        let row = &shown["rows"][0];
        assert_eq!(row["key"], "grow.hold", "{shown:#}");
        let peak = row["memory_peak_kib"].as_u64().unwrap();
        assert!((150 * 1024..600 * 1024).contains(&peak), "{peak}");
        assert_eq!(shown["memory_threshold_kib"], 100 * 1024);
        drop(worker);
    }
}

#[test]
fn record_names_the_memory_of_a_job_by_its_payload_where_the_description_does_not() {
    const HOLD: &str = r"
import os, time

def hold(path):
    held = b'x' * (30 << 20)
    while not os.path.exists(path):
        time.sleep(0.01)
    return len(held)
";
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1").module("hold", HOLD);
    let worker = rq.worker(&server, "w", &["q"]);
    let flag = rq.folder().join("flag");
    let call =
        format!("'hold.hold', '{}', description='nightly import, do not stop'", flag.display());
    rq.enqueue(&server, "q", &call);
    let notebook = Notebook::about(&server);
    let named = "SELECT count(*) FROM memory JOIN names ON id = method WHERE name = 'hold.hold'";
    wait_until(LONG, "the memory of the job", || {
        notebook.once();
        (number(&notebook.path(), named) > 0).then_some(())
    });
    assert_eq!(number(&notebook.path(), "SELECT count(DISTINCT method) FROM memory"), 1);
    fs::write(&flag, "").unwrap();
    wait_until(LONG, "the job to end", || {
        notebook.once();
        (notebook.jobs() == 1).then_some(())
    });
    // Its figures and its memory are one row.
    let shown = notebook.data("show", &["--by", "method"]);
    let row = &shown["rows"][0];
    assert_eq!((&row["key"], &row["count"]), (&json!("hold.hold"), &json!(1)), "{shown:#}");
    assert!(row["memory_peak_kib"].as_u64() > Some(0), "{shown:#}");
    drop(worker);
}
