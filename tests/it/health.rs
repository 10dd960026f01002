//! The gate: verdicts of parts, exit codes, and the forms that monitoring systems read.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::doctor::Stage;
use crate::support::env::{Run, jobctl};
use crate::support::http_sink::HttpSink;
use crate::support::redis::RedisServer;

fn health(stage: &Stage, more: &[&str]) -> Run {
    stage.command("health", more).run()
}

/// A bench in good order.
fn fine() -> Stage {
    let mut stage = Stage::bench();
    stage.bench_mut().set("monitor", 1);
    stage
}

/// The same with a queue that nobody serves, a critical finding, and a long one, a warning.
fn broken() -> Stage {
    let stage = fine();
    stage.job("myqueue", "site1.localhost::a").waited(30).wait();
    stage.job("short", "site1.localhost::b").waited(700).wait();
    stage
}

/// Only with a warning.
fn slow() -> Stage {
    let stage = fine();
    stage.job("short", "site1.localhost::b").waited(700).wait();
    stage
}

#[test]
fn health_of_a_bench_in_order_is_one_line_and_exits_0() {
    let run = health(&fine(), &[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.stdout, "HEALTHY  0 queued, 0 running, 0 failed, 1 worker (0 busy)\n");
}

#[test]
fn health_tells_the_worst_first_and_how_much_more_there_is() {
    let run = health(&broken(), &[]);
    assert_eq!(run.code, 2, "{run:?}");
    let expected = "UNHEALTHY  queue `myqueue`: 1 job waits, no worker serves it";
    assert!(run.stdout.starts_with(expected), "{}", run.stdout);
    assert!(run.stdout.ends_with("more)\n") && run.stdout.lines().count() == 1, "{}", run.stdout);
}

#[test]
fn health_fail_on_unhealthy_lets_a_warning_pass() {
    let stage = slow();
    assert_eq!(health(&stage, &[]).code, 1);
    let run = health(&stage, &["--fail-on", "unhealthy"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stdout.starts_with("DEGRADED"), "{}", run.stdout);
    let nagios = health(&stage, &["--fail-on", "unhealthy", "--as", "nagios"]);
    assert!(nagios.stdout.starts_with("JOBCTL OK - DEGRADED: "), "{}", nagios.stdout);
}

#[test]
fn health_check_counts_only_what_it_names() {
    let stage = broken();
    let code = |names: &[&str]| {
        let more: Vec<&str> = names.iter().flat_map(|name| ["--check", name]).collect();
        health(&stage, &more).code
    };
    assert_eq!(code(&["queue"]), 2);
    assert_eq!(code(&["queue.stalled"]), 2);
    assert_eq!(code(&["queue.length"]), 1);
    assert_eq!(code(&["worker"]), 0);
    assert_eq!(code(&["redis,worker.activity"]), 0);
    assert_eq!(code(&["worker", "queue.oldest"]), 1);
    assert_eq!(code(&["aggregate"]), 2);
    assert_eq!(code(&["queues"]), 64);
    assert_eq!(code(&[""]), 64);
}

#[test]
fn health_of_a_gate_that_does_not_apply_says_so_and_passes_only_beside_one_that_does() {
    let mut stage = Stage::plain();
    let worker = stage.worker("w1", &["default"]).start();
    stage.hire(worker);
    let words = "scheduler.activity, scheduler.processing do not apply to this target";
    let asked = health(&stage, &["--check", "scheduler"]);
    assert_eq!((asked.code, asked.stdout), (3, format!("UNKNOWN  {words}\n")));
    let asked = health(&stage, &["--check", "scheduler,redis", "-o", "json"]);
    assert_eq!((asked.code, &asked.json()["notes"][0]), (0, &words.into()), "{asked:?}");
    let junit = health(&stage, &["--check", "scheduler", "--as", "junit"]);
    assert!(junit.stdout.contains("tests=\"2\" failures=\"0\" errors=\"0\" skipped=\"2\""));
    // In an alert it is not unknown, and does not fire: there are others.
    let settings = stage.server.folder().join("alerts.toml");
    fs::write(&settings, "[alert.x]\ncondition = 'check(\"scheduler\")'\n").unwrap();
    let target = ["--redis", &stage.server.url(), "--config", settings.to_str().unwrap()];
    let alerts = jobctl(target.iter().chain(&["alerts", "check", "-o", "json"])).run();
    let rows = alerts.json()["data"]["alerts"].as_array().unwrap().clone();
    let row = rows.iter().find(|row| row["alert"] == "x").unwrap();
    assert_eq!((alerts.code, &row["state"]), (0, &"not_applicable".into()), "{alerts:?}");
    assert_eq!(health(&stage, &[]).code, 0);
    assert_eq!(health(&stage, &["--check", "aggregate"]).code, 0);
}

#[test]
fn health_of_any_part_without_redis_is_unhealthy_but_of_the_files() {
    let mut stage = fine();
    stage.server.kill();
    for gate in ["redis", "queue.failed", "worker", "aggregate"] {
        let run = health(&stage, &["--check", gate]);
        assert_eq!(run.code, 2, "{gate}: {run:?}");
        assert!(run.stdout.contains("Redis cannot be reached"), "{gate}: {}", run.stdout);
    }
    assert_eq!(health(&stage, &["--check", "config"]).code, 0);
}

#[test]
fn health_json_lists_gates_with_their_checks() {
    let run = health(&broken(), &["-o", "json"]);
    let data = &run.json()["data"];
    assert_eq!(data["verdict"], "UNHEALTHY");
    let gate = |name: &str| {
        let all = data["checks"].as_array().unwrap();
        all.iter().find(|gate| gate["check"] == name).unwrap().clone()
    };
    assert_eq!(gate("queue.stalled")["verdict"], "UNHEALTHY");
    assert_eq!(gate("worker.activity")["verdict"], "HEALTHY");
    assert_eq!(gate("database")["verdict"], Value::Null);
    let cases = gate("queue.stalled")["cases"].clone();
    let case = cases.as_array().unwrap().iter().find(|case| case["check"] == "queue.worker");
    assert_eq!(case.unwrap()["state"], "found");
    assert!(case.unwrap()["findings"][0]["fix"][0].as_str().unwrap().contains("bench worker"));
}

#[test]
fn health_as_nagios_is_one_line_with_figures_and_thresholds() {
    let mut stage = broken();
    let name = "it's|odd=";
    stage.job(name, "site1.localhost::c").wait();
    stage.with("--redis");
    let url = stage.server.url();
    stage.with(&url);
    let run = health(&stage, &["--as", "nagios"]);
    assert_eq!((run.code, run.stdout.lines().count()), (2, 1), "{run:?}");
    let (text, figures) = run.stdout.trim_end().split_once(" | ").unwrap();
    assert!(text.starts_with("JOBCTL CRITICAL - UNHEALTHY: queue `"), "{text}");
    assert!(figures.contains("'queued'=3;;;0 "), "{figures}");
    assert!(figures.contains("'myqueue queued'=1;1000;10000;0 "), "{figures}");
    assert!(figures.contains("'it''s_odd_ queued'=1;1000;10000;0 "), "{figures}");
    assert!(!figures.contains('|'), "{figures}");
}

#[test]
fn health_as_junit_is_xml_that_counts_right_whatever_names_hold() {
    let mut stage = broken();
    for name in ["<&\"]]>", "two\nlines", "\u{1b}[31m", "\u{fffe}"] {
        stage.job(name, "site1.localhost::c").waited(9).wait();
    }
    stage.env("TZ", "Asia/Tokyo");
    let run = health(&stage, &["--as", "junit"]);
    assert_eq!(run.code, 2);
    let check = "
import sys, xml.etree.ElementTree as E
suites = E.fromstring(sys.stdin.buffer.read())
suite = suites[0]
cases = suite.findall('testcase')
assert suites.tag == 'testsuites' and suite.tag == 'testsuite'
for tag in ('tests', 'failures', 'errors', 'skipped'):
    assert suites.get(tag) == suite.get(tag), tag
count = lambda tag: sum(case.find(tag) is not None for case in cases)
assert int(suite.get('tests')) == len(cases)
assert int(suite.get('failures')) == count('failure')
assert int(suite.get('errors')) == count('error')
assert int(suite.get('skipped')) == count('skipped')
assert len(set(case.get('name') for case in cases)) == len(cases)
failed = {case.get('name') for case in cases if case.find('failure') is not None}
print(' '.join(sorted(failed)))
";
    let failed = python(check, &run.stdout);
    assert!(failed.contains("queue.oldest") && failed.contains("queue.worker"), "{failed}");
    // A warning does not fail where only UNHEALTHY is to.
    let run = health(&stage, &["--as", "junit", "--fail-on", "unhealthy"]);
    assert!(!python(check, &run.stdout).contains("queue.oldest"));
}

/// Runs a script on a text and gives what it printed.
fn python(script: &str, input: &str) -> String {
    let mut child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{input}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn health_as_github_lets_no_name_begin_a_command() {
    let mut stage = broken();
    stage.job("::set-env name=X::y\n::error::mine", "site1.localhost::c").waited(9).wait();
    let summary = stage.server.folder().join("summary.md");
    fs::write(&summary, "before\n").unwrap();
    stage.env("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    let run = health(&stage, &["--as", "github"]);
    assert_eq!(run.code, 2);
    let commands: Vec<&str> = run.stdout.lines().filter(|line| line.starts_with("::")).collect();
    assert!(!commands.is_empty());
    for command in &commands {
        let level = command.split(' ').next().unwrap();
        assert!(["::error", "::warning"].contains(&level), "{command}");
        assert!(!command.contains("::error::mine"), "{command}");
    }
    assert!(commands.iter().any(|line| line.starts_with("::error title=queue.worker::")));
    let summary = fs::read_to_string(&summary).unwrap();
    assert!(summary.starts_with("before\n### ❌ UNHEALTHY\n"), "{summary}");
    assert!(summary.contains("| warning | queue.oldest |"), "{summary}");
}

#[test]
fn health_ping_gets_the_exit_code_behind_its_path() {
    let sink = HttpSink::answering("200 OK");
    let url = format!("{}/ping/uuid?x=1", sink.url());
    let run = health(&broken(), &["--ping-url", &url]);
    assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{run:?}");
    let request = sink.request();
    assert!(request.starts_with("POST /ping/uuid/2?x=1 HTTP/1.1\r\n"), "{request}");
    let body: Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!((&body["verdict"], &body["exit_code"]), (&"UNHEALTHY".into(), &2.into()));
}

#[test]
fn health_ping_fills_in_the_words_of_its_address() {
    let sink = HttpSink::answering("204 No Content");
    let url = format!("{}/push?status={{state}}&msg={{verdict}}", sink.url());
    assert_eq!(health(&fine(), &["--ping-url", &url]).code, 0);
    assert!(sink.request().starts_with("POST /push?status=up&msg=HEALTHY HTTP/1.1\r\n"));
}

#[test]
fn health_ping_that_fails_is_told_and_leaves_the_verdict() {
    let sink = HttpSink::answering("500 Internal Server Error");
    let url = format!("{}/secret-uuid", sink.url());
    let run = health(&fine(), &["--ping-url", &url]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.stderr.contains("it answers 500"), "{}", run.stderr);
    assert!(!run.stderr.contains("secret-uuid"), "{}", run.stderr);
    sink.request();
    let run = health(&fine(), &["--ping-url", "http://127.0.0.1:1/x"]);
    assert_eq!(run.code, 0, "{run:?}");
    let words = "cannot post the outcome to `http://127.0.0.1:1/…`: connection refused";
    assert!(run.stderr.contains(words), "{run:?}");
}

#[test]
fn health_ping_tells_in_json_whether_it_was_taken_and_what_kept_it() {
    let mut stage = fine();
    stage.with("--timeout");
    stage.with("2s");
    let ping = |url: &str| {
        let run = health(&stage, &["--ping-url", url, "-o", "json"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(!format!("{run:?}").contains("very-secret"), "{run:?}");
        let line = run.json()["data"]["ping"].clone();
        let error = line["error"].as_str().unwrap_or_default().to_owned();
        let told = run
            .stderr
            .contains(&format!("cannot post the outcome to `{}`: ", line["url"].as_str().unwrap()));
        assert_eq!(told, line["sent"] == false, "{run:?}");
        assert!(run.stderr.contains(&error), "{run:?}");
        (line["cause"].as_str().unwrap_or("taken").to_owned(), error)
    };
    let cause = |url: &str| ping(url).0;
    let sink = HttpSink::answering("200 OK");
    assert_eq!(cause(&sink.url()), "taken");
    sink.request();
    let sink = HttpSink::answering("302 Found");
    assert_eq!(cause(&format!("{}/very-secret", sink.url())), "redirect");
    sink.request();
    let sink = HttpSink::answering("418 No");
    assert_eq!(ping(&format!("{}/very-secret", sink.url())).1, "it answers 418");
    sink.request();
    assert_eq!(cause("http://127.0.0.1:1/very-secret"), "refused");
    assert_eq!(cause("https://anna:very-secret@nowhere.invalid/x"), "dns");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let (sort, error) = ping(&format!("http://127.0.0.1:{port}/very-secret"));
    assert_eq!((sort.as_str(), error.as_str()), ("timeout", "it did not answer within 2.000 s"));
    // A server without TLS, which does not wait for the end of what it does not understand.
    let plain = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = plain.local_addr().unwrap().port();
    let rude = std::thread::spawn(move || {
        let (mut stream, _) = plain.accept().unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let (sort, error) = ping(&format!("https://127.0.0.1:{port}/very-secret"));
    assert_eq!((sort.as_str(), error.as_str()), ("tls", "the server does not speak TLS"));
    rude.join().unwrap();
    let run = health(&fine(), &["-o", "json"]);
    assert_eq!(run.json()["data"]["ping"], Value::Null);
}

#[test]
fn health_with_two_formats_or_an_unusable_address_is_refused() {
    let server = RedisServer::start();
    let url = server.url();
    let code = |more: &[&str]| jobctl(["--redis", &url, "health"].iter().chain(more)).run().code;
    assert_eq!(code(&["--as", "nagios", "-o", "json"]), 64);
    assert_eq!(code(&["--ping-url", "file:///etc/passwd"]), 64);
    assert_eq!(code(&["--ping-url", ""]), 64);
}
