//! `jobctl stats`, end to end: logs of every Frappe, the buffer in a real Redis, real RQ jobs.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;

/// One line of a monitor log, as a version of Frappe writes it.
struct Line {
    version: u8,
    method: &'static str,
    duration_us: i64,
    wait_us: i64,
    scheduled: bool,
    exception: Option<&'static str>,
    at: &'static str,
    id: &'static str,
}

const PING: Line = Line {
    version: 17,
    method: "frappe.ping",
    duration_us: 4_000,
    wait_us: 20_000,
    scheduled: false,
    exception: None,
    at: "2026-11-21 20:00:00.000001",
    id: "a",
};

impl Line {
    /// v13: naive times, no `job_id`. v15: aware times, a wait of 0. v17: `job_id`, `exception`.
    fn text(&self) -> String {
        let Self { method, duration_us, wait_us, scheduled, at, id, .. } = self;
        let exception =
            self.exception.map(|class| format!(r#","exception":"{class}""#)).unwrap_or_default();
        let (exception, job_id, offset, wait) = match self.version {
            13 => ("", String::new(), "", *wait_us),
            15 => ("", String::new(), "+00:00", 0),
            _ => (exception.as_str(), format!(r#","job_id":"s1||{id}""#), "+00:00", *wait_us),
        };
        format!(
            r#"{{"duration":{duration_us}{exception},"job":{{"method":"{method}","scheduled":{scheduled},"wait":{wait}}}{job_id},"site":"s1","timestamp":"{at}{offset}","transaction_type":"job","uuid":"{id}"}}"#
        ) + "\n"
    }
}

fn log(folder: &TempDir, lines: &[Line]) -> PathBuf {
    let path = folder.path().join("monitor.json.log");
    fs::write(&path, lines.iter().map(Line::text).collect::<String>()).unwrap();
    path
}

fn stats(arguments: &[&str]) -> Run {
    jobctl(["stats", "-o", "json"].iter().chain(arguments)).run()
}

/// The JSON of a run that ended well.
fn good(run: &Run) -> Value {
    assert_eq!(run.code, 0, "{}\n{}", run.stderr, run.stdout);
    serde_json::from_str(&run.stdout).unwrap()
}

fn of_file(path: &Path, more: &[&str]) -> Value {
    good(&stats(&[&["--file", path.to_str().unwrap()], more].concat()))
}

fn notes(report: &Value) -> String {
    let notes = report["notes"].as_array().unwrap();
    notes.iter().map(|note| note.as_str().unwrap().to_owned() + "\n").collect()
}

#[test]
fn log_of_v17_gives_durations_waits_and_failures() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        PING,
        Line { id: "b", duration_us: 6_000, wait_us: 40_000, ..PING },
        Line { id: "c", duration_us: 11_000, exception: Some("ValueError"), ..PING },
        Line { id: "d", method: "a.b", scheduled: true, duration_us: 1_000_000, ..PING },
    ];
    let report = of_file(&log(&folder, &lines), &["--slowest", "2"]);
    assert_eq!(report["schema"], "jobctl.stats/1");
    let rows = report["data"]["rows"].as_array().unwrap();
    let keys: Vec<&str> = rows.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["a.b", "frappe.ping"]);
    let ping = &rows[1];
    for (figure, expected) in [
        ("count", 3.0),
        ("failed", 1.0),
        ("mean_ms", 7.0),
        ("median_ms", 6.0),
        ("p95_ms", 10.5),
        ("p99_ms", 10.9),
        ("max_ms", 11.0),
        ("total_ms", 21.0),
        ("wait_median_ms", 20.0),
        ("wait_p95_ms", 38.0),
    ] {
        assert_eq!(ping[figure].as_f64(), Some(expected), "{figure}");
    }
    assert_eq!(rows[0]["failed"], Value::Null, "scheduled jobs never tell");
    assert_eq!(report["data"]["slowest"][0]["job_id"], "s1||d");
    assert_eq!(report["data"]["slowest"][1]["failed"], true);
    assert!(notes(&report).contains("failures are known of 3 of 4 jobs"), "{}", notes(&report));
}

#[test]
fn log_of_mixed_versions_leaves_unknown_what_each_does_not_tell() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        Line { version: 13, method: "v13", id: "a", ..PING },
        Line { version: 15, method: "v15", id: "b", ..PING },
        Line { version: 17, method: "v17", id: "c", ..PING },
    ];
    let report = of_file(&log(&folder, &lines), &[]);
    let rows = report["data"]["rows"].as_array().unwrap();
    let figure = |key: &str, figure: &str| {
        rows.iter().find(|row| row["key"] == key).unwrap()[figure].clone()
    };
    assert_eq!(figure("v13", "wait_median_ms"), 20.0);
    assert_eq!(figure("v15", "wait_median_ms"), Value::Null);
    assert_eq!(figure("v15", "wait_known"), 0);
    assert_eq!(figure("v17", "wait_median_ms"), 20.0);
    assert_eq!(figure("v13", "failed"), Value::Null);
    assert_eq!(figure("v15", "failed"), Value::Null);
    assert_eq!(figure("v17", "failed"), 0);
    assert!(notes(&report).contains("waits of 1 job are not known: Frappe v15 always writes 0"));
}

#[test]
fn damaged_log_is_counted_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder, &[PING, Line { id: "b", ..PING }]);
    let request = r#"{"duration":9,"request":{"ip":"::1"},"site":"s1","timestamp":"2026-11-21 20:00:00","transaction_type":"request","uuid":"r"}"#;
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let repeated = Line { id: "b", ..PING }.text();
    let backwards = Line { id: "e", duration_us: -3, ..PING }.text();
    write!(file, "{repeated}not a record\n\0\0\0\n\n{request}\n{backwards}").unwrap();
    write!(file, "{}{}", &repeated[..60], Line { id: "c", ..PING }.text()).unwrap();
    write!(file, "{}", &Line { id: "d", ..PING }.text()[..70]).unwrap();
    drop(file);
    let report = of_file(&path, &[]);
    assert_eq!(report["data"]["total"]["count"], 4);
    let left_out = &report["data"]["left_out"];
    for (what, count) in [
        ("duplicates", 1),
        ("requests", 1),
        ("unreadable_lines", 3),
        ("cut_short_lines", 1),
        ("negative_durations", 1),
    ] {
        assert_eq!(left_out[what], count, "{what}");
    }
    let notes = notes(&report);
    for said in [
        "1 record left out that a flush wrote twice",
        "1 web request not counted",
        "3 lines could not be read",
        "1 record found behind the remains of another",
        "1 last line cut short",
        "1 execution took less than no time",
    ] {
        assert!(notes.contains(said), "{said}:\n{notes}");
    }
}

#[test]
fn log_without_one_record_is_refused_with_what_was_read() {
    let folder = TempDir::new().unwrap();
    let garbage = folder.path().join("garbage.log");
    fs::write(&garbage, "Traceback (most recent call last):\n{\"a\": 1}\n\nno end").unwrap();
    let run = stats(&["--file", garbage.to_str().unwrap()]);
    assert_eq!((run.code, run.stdout.as_str()), (65, ""), "{run:?}");
    assert!(
        run.stderr.contains("not one of 3 lines is a record (1 last line cut short)"),
        "{run:?}"
    );
    assert!(run.stderr.contains("garbage.log"), "{run:?}");
    fs::write(&garbage, "x".repeat(100) + "\n").unwrap();
    assert_eq!(stats(&["--file", garbage.to_str().unwrap()]).code, 65);
    // Good lines anywhere make it a log: the others are counted and told.
    let good = log(&folder, &[PING]);
    let run = stats(&["--file", garbage.to_str().unwrap(), "--file", good.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.contains("1 line could not be read"), "{run:?}");
    // Also where no record was asked for, and where there is no line at all.
    let run = stats(&["--file", good.to_str().unwrap(), "--since", "2027-01-01"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn csv_has_numbers_with_their_units_in_the_heading() {
    let folder = TempDir::new().unwrap();
    let log = log(&folder, &[PING]);
    let csv = jobctl(["stats", "--file", log.to_str().unwrap(), "-o", "csv"]).run().stdout;
    let mut lines = csv.lines();
    assert!(lines.next().unwrap().starts_with("METHOD,COUNT,FAILED,SCHEDULED,MEAN_MS,MEDIAN_MS,"));
    let row: Vec<&str> = lines.next().unwrap().trim().split(',').collect();
    assert_eq!((row[0], row[1], row[4]), ("frappe.ping", "1", "4.000"), "{csv}");
    for field in row[1..].iter().filter(|field| !field.is_empty()) {
        assert!(field.parse::<f64>().is_ok(), "{field}: {csv}");
    }
}

#[test]
fn standard_input_and_gzip_are_read_like_files() {
    let text: String = [PING, Line { id: "b", ..PING }].iter().map(Line::text).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    for input in [text.clone().into_bytes(), packed.clone()] {
        let run = jobctl(["stats", "--file", "-", "-o", "json"]).stdin(input).run();
        assert_eq!(good(&run)["data"]["total"]["count"], 2);
    }
    let folder = tempfile::tempdir().unwrap();
    // Its name does not say that it is compressed, and it is named twice.
    let path = folder.path().join("old.log");
    fs::write(&path, packed).unwrap();
    let path = path.to_str().unwrap();
    let report = good(&stats(&["--file", path, "--file", path]));
    assert_eq!(
        (&report["data"]["total"]["count"], &report["data"]["left_out"]["duplicates"]),
        (&2.into(), &0.into())
    );
}

#[test]
fn empty_log_has_no_rows() {
    let folder = tempfile::tempdir().unwrap();
    let report = of_file(&log(&folder, &[]), &[]);
    assert_eq!(report["data"]["rows"], Value::Array(Vec::new()));
    assert_eq!(report["data"]["total"]["median_ms"], Value::Null);
    assert_eq!(report["data"]["first_at"], Value::Null);
}

#[test]
fn filters_narrow_by_time_kind_and_site() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [
        PING,
        Line { id: "b", at: "2026-11-21 22:30:00.000001", scheduled: true, ..PING },
        Line { id: "c", at: "2026-11-22 23:30:00.000001", ..PING },
    ];
    let path = log(&folder, &lines);
    let count = |more: &[&str]| of_file(&path, more)["data"]["total"]["count"].as_u64().unwrap();
    assert_eq!(count(&["--since", "2026-11-21T21:00:00Z"]), 2);
    assert_eq!(count(&["--until", "2026-11-21T21:00:00Z"]), 1);
    assert_eq!(count(&["--scheduled"]), 1);
    assert_eq!(count(&["--adhoc"]), 2);
    assert_eq!(count(&["--site", "s1"]), 3);
    assert_eq!(count(&["--site", "s"]), 0);
    let days = of_file(&path, &["--by", "day", "--utc"]);
    let keys: Vec<&Value> =
        days["data"]["rows"].as_array().unwrap().iter().map(|row| &row["key"]).collect();
    assert_eq!(keys, ["2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z"]);
    assert_eq!(of_file(&path, &["--by", "hour"])["data"]["rows"].as_array().unwrap().len(), 3);
}

#[test]
fn what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder, &[PING]);
    let path = path.to_str().unwrap();
    let missing = stats(&["--file", "/nonexistent/monitor.log"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (66, ""));
    assert!(missing.stderr.contains("`/nonexistent/monitor.log`: it does not exist"));
    let directory = stats(&["--file", folder.path().to_str().unwrap()]);
    assert_eq!(directory.code, 74);
    assert!(directory.stderr.contains("it is a directory"), "{}", directory.stderr);
    // Beside one that can be read, the other is told and the rest stands.
    let partly = stats(&["--file", path, "--file", "/nonexistent/monitor.log"]);
    assert_eq!(partly.code, 1);
    let report: Value = serde_json::from_str(&partly.stdout).unwrap();
    assert_eq!(report["data"]["total"]["count"], 1);
    assert_eq!(report["data"]["is_partial"], true);
    assert!(notes(&report).contains("`/nonexistent/monitor.log` could not be read"));
    let by_queue = stats(&["--file", path, "--by", "queue"]);
    assert_eq!(by_queue.code, 64);
    assert!(by_queue.stderr.contains("Frappe does not write queues"));
    assert_eq!(stats(&["--file", ""]).code, 64);
    assert_eq!(stats(&["--scheduled", "--adhoc", "--file", path]).code, 64);
}

#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    fs::write(&path, PING.text().replace("frappe.ping", "a\\u001b[2Jb\\u202e")).unwrap();
    for format in ["table", "plain", "csv", "json"] {
        let run = jobctl(["stats", "-o", format, "--file", path.to_str().unwrap()]).run();
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']), "{format}: {:?}", run.stdout);
    }
}

/// A bench of one site whose queue and cache are on `server`.
fn bench(server: &RedisServer) -> TempDir {
    let bench = tempfile::tempdir().unwrap();
    let root = bench.path();
    for folder in ["apps/frappe/frappe", "sites/s1", "logs", "config"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    fs::write(root.join("apps/frappe/frappe/__init__.py"), "__version__ = \"15.44.2\"\n").unwrap();
    let url = server.url();
    fs::write(
        root.join("sites/common_site_config.json"),
        format!(r#"{{"redis_queue": "{url}", "redis_cache": "{url}", "monitor": 1}}"#),
    )
    .unwrap();
    fs::write(root.join("sites/s1/site_config.json"), r#"{"db_name": "_db1"}"#).unwrap();
    fs::write(root.join("sites/apps.txt"), "frappe\n").unwrap();
    bench
}

#[test]
fn bench_adds_log_rotations_and_buffer_and_takes_nothing_away() {
    let server = RedisServer::builder().tcp().start();
    let bench = bench(&server);
    let logs = bench.path().join("logs");
    let line = |id| Line { id, ..PING }.text();
    fs::write(logs.join("monitor.json.log"), line("c") + &line("d")).unwrap();
    fs::write(logs.join("monitor.json.log.1"), line("b")).unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(line("a").as_bytes()).unwrap();
    fs::write(logs.join("monitor.json.log.2.gz"), encoder.finish().unwrap()).unwrap();
    // A flush leaves its last record in the buffer; more of them than fit into one page.
    let mut buffer = server.client();
    let key = "_db1|monitor-transactions";
    let mut push = redis::cmd("RPUSH");
    push.arg(key).arg(line("d").trim_end());
    for n in 0..7_000 {
        push.arg(
            line("x")
                .trim_end()
                .replace("||x", "||y")
                .replace(r#""uuid":"x""#, &format!(r#""uuid":"{n}""#)),
        );
    }
    push.exec(&mut buffer).unwrap();
    let root = bench.path().to_str().unwrap();
    let report = good(&stats(&["--bench", root]));
    assert_eq!(report["data"]["source"], "monitor");
    assert_eq!(report["data"]["total"]["count"], 4 + 7_000);
    assert_eq!(report["data"]["left_out"]["duplicates"], 1);
    assert!(notes(&report).contains("buffer in the cache Redis (7,001)"), "{}", notes(&report));
    let left: u64 = redis::cmd("LLEN").arg(key).query(&mut buffer).unwrap();
    assert_eq!(left, 7_001);
    // Another site's buffer is not read for this one, and its name must be whole.
    assert_eq!(stats(&["--bench", root, "--site", "s2"]).code, 66);
}

#[test]
fn bench_without_cache_redis_still_counts_its_log() {
    let mut server = RedisServer::builder().tcp().start();
    let bench = bench(&server);
    fs::write(bench.path().join("logs/monitor.json.log"), PING.text()).unwrap();
    server.kill();
    let run = stats(&["--bench", bench.path().to_str().unwrap()]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["data"]["total"]["count"], 1);
    assert!(notes(&report).contains("`buffer in the cache Redis` could not be read"));
}

#[test]
fn jobs_of_plain_rq_are_counted_from_its_registries() {
    std::thread::scope(|scope| {
        for version in ["1.16.2", "2.6.1"] {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                for _ in 0..3 {
                    rq.enqueue(&server, "high", "work.ok");
                }
                rq.enqueue(&server, "low", "work.fail");
                rq.enqueue(&server, "low", "work.slow, 0.2");
                rq.burst(&server, &["high", "low"]);
                let url = server.url();
                let report = good(&stats(&["--redis", &url, "--slowest", "1"]));
                assert_eq!(report["data"]["source"], "rq");
                let rows = report["data"]["rows"].as_array().unwrap();
                let row = |key: &str| rows.iter().find(|row| row["key"] == key).unwrap();
                assert_eq!(
                    (&row("work.ok")["count"], &row("work.ok")["failed"]),
                    (&3.into(), &0.into())
                );
                assert_eq!(row("work.fail")["failed"], 1);
                let slow = row("work.slow");
                assert!(slow["median_ms"].as_f64().unwrap() >= 200.0, "{slow}");
                assert!(slow["wait_median_ms"].as_f64().unwrap() > 0.0, "{slow}");
                assert_eq!(report["data"]["slowest"][0]["method"], "work.slow");
                assert!(notes(&report).contains("RQ forgets finished jobs"));
                let queues = good(&stats(&["--redis", &url, "--by", "queue"]));
                let mut queues: Vec<(String, u64)> = queues["data"]["rows"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|row| {
                        (row["key"].as_str().unwrap().to_owned(), row["count"].as_u64().unwrap())
                    })
                    .collect();
                queues.sort();
                assert_eq!(queues, [("high".to_owned(), 3), ("low".to_owned(), 2)], "{version}");
            });
        }
    });
}

#[test]
fn table_shows_the_figures_and_the_notes() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [PING, Line { id: "b", method: "a.b", duration_us: 2_500_000, ..PING }];
    let path = log(&folder, &lines);
    let run = jobctl(["stats", "-o", "table", "--file", path.to_str().unwrap()]).run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    for part in ["METHOD", "frappe.ping", "2.5s", "all", "DURATION BELOW", "note: read: "] {
        assert!(run.stdout.contains(part), "{part}:\n{}", run.stdout);
    }
    let piped = jobctl(["stats", "--file", path.to_str().unwrap()]).run();
    assert_eq!(piped.stdout.lines().count(), 3, "{}", piped.stdout);
}
