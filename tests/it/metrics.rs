//! Metrics: that Prometheus understands them, that they count what is there, and what they cost.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::doctor::Stage;
use crate::support::redis::{PREPARE, RedisServer};
use crate::support::rq::{RELEASES, Rq};
use crate::support::site_schema::{SiteDb, V15, job_type, site_time};

fn metrics(stage: &Stage) -> String {
    let run = stage.command("metrics", &[]).run();
    assert_eq!(run.code, 0, "{run:?}");
    run.stdout
}

/// Lets Prometheus' own checker read the text; it names whatever it minds.
pub(crate) fn promtool(text: &str) {
    let mut child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("promtool: {error}: {PREPARE}"));
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}\n{text}");
}

/// The value of a sample, by its name with labels.
pub(crate) fn sample(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.rsplit_once(' ').is_some_and(|(n, _)| n == name))?;
    line.rsplit_once(' ').map(|(_, value)| value.parse().unwrap())
}

/// The sum of all samples of a name that have these labels, whatever others they have.
pub(crate) fn total(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let wanted: Vec<String> = labels.iter().map(|(n, value)| format!("{n}=\"{value}\"")).collect();
    let samples = text.lines().filter(|line| {
        let is_named = line.split(['{', ' ']).next() == Some(name);
        is_named && wanted.iter().all(|label| line.contains(label.as_str()))
    });
    let values = samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap());
    // The sum of no numbers is -0.
    values.fold(0.0, |sum, value| sum + value)
}

#[test]
fn metrics_of_a_bench_are_clean_and_count_what_is_there() {
    let stage = Stage::bench();
    stage.job("short", "site1.localhost::a").waited(50).wait();
    stage.job("short", "site2.localhost::b").waited(20).wait();
    stage
        .job("long", "site1.localhost::c")
        .ended("failed", 9)
        .save_in("failed", Some("9999999999"));
    let text = metrics(&stage);
    promtool(&text);
    let value = |name: &str| sample(&text, name);
    assert_eq!(value("jobctl_redis_up"), Some(1.0));
    assert_eq!(value(r#"jobctl_queue_length{queue="short",status="queued"}"#), Some(2.0));
    assert_eq!(value(r#"jobctl_queue_length{queue="long",status="failed"}"#), Some(1.0));
    assert_eq!(value(r#"jobctl_queue_workers{queue="short"}"#), Some(1.0));
    assert_eq!(value(r#"jobctl_site_queued{site="site2.localhost"}"#), Some(1.0));
    assert_eq!(value(r#"jobctl_health{status="healthy"}"#), Some(1.0));
    assert_eq!(value(r#"jobctl_health_check{check="redis",status="healthy"}"#), Some(1.0));
    assert_eq!(value("jobctl_scheduler_up"), Some(1.0));
    let oldest = value(r#"jobctl_queue_oldest_age_seconds{queue="short"}"#).unwrap();
    assert!((50.0..3600.0).contains(&oldest), "{oldest}");
    assert!(!text.contains("_total"), "{text}");
}

/// The metrics that the README names, with what stands between them taken apart: `a_b|c` is `a_b` and
/// `a_c`.
fn named_in_readme() -> Vec<String> {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let prints = readme.split("`jobctl metrics` prints gauges:").nth(1).unwrap();
    let paragraph = prints.split("\n\n").next().unwrap();
    let words = paragraph.split('`').filter(|word| word.starts_with("jobctl_"));
    let names = words.flat_map(|word| {
        let name = word.split(['{', ' ']).next().unwrap();
        let mut ways = name.split('|');
        let first = ways.next().unwrap().to_owned();
        let stem = first.rsplit_once('_').unwrap().0.to_owned();
        let more: Vec<String> = ways.map(|way| format!("{stem}_{way}")).collect();
        std::iter::once(first).chain(more)
    });
    names.collect()
}

#[test]
fn metrics_have_every_gauge_with_its_value() {
    const ZONE: &str = "Asia/Kolkata";
    let mut stage = Stage::bench();
    SiteDb::sqlite(stage.bench_mut().root(), "site1.localhost", V15)
        .setting("time_zone", ZONE)
        .setting("enable_scheduler", "1")
        .active_at(&site_time(ZONE, 60))
        .job_type(
            job_type("app.often", "Cron").cron("* * * * *").last_execution(&site_time(ZONE, 20)),
        )
        .join(stage.bench_mut());
    let long = stage.queue("long");
    let busy = stage.worker("busy", &[&long]).set("state", "busy").set("current_job", "j").start();
    let stale = stage.worker("stale", &[&long]).silent(470).start();
    stage.crew.extend([busy, stale]);
    stage.server.cmd(&["SADD", "rq:workers", "rq:worker:gone"]);
    stage.server.cmd(&["SET", "rq:suspended", "1", "EX", "600"]);
    stage.server.cmd(&["CONFIG", "SET", "maxmemory", "1gb"]);
    stage
        .job("short", "site1.localhost::f")
        .ended("failed", 9)
        .save_in("failed", Some("9999999999"));
    let text = metrics(&stage);
    promtool(&text);
    let value = |name: &str| sample(&text, name);
    let of = |name: &str| total(&text, name, &[]);
    let counts = ["busy", "idle"].map(|state| of(&format!("jobctl_worker_{state}")).to_string());
    assert_eq!(counts, ["1", "1"], "{text}");
    assert!(of("jobctl_worker_heartbeat_age_seconds") >= 10.0, "{text}");
    assert_eq!(value("jobctl_workers_suspended"), Some(1.0));
    assert_eq!(value("jobctl_redis_memory_max_bytes"), Some(1_073_741_824.0));
    assert!(value("jobctl_redis_memory_bytes") > Some(100_000.0), "{text}");
    assert!(value("jobctl_redis_latency_seconds") > Some(0.0), "{text}");
    assert!(value("jobctl_collect_duration_seconds") > Some(0.0), "{text}");
    assert_eq!(value(r#"jobctl_site_failed_24h{site="site1.localhost"}"#), Some(1.0));
    assert_eq!(value(r#"jobctl_scheduler_enabled{site="site1.localhost"}"#), Some(1.0));
    let last = value(r#"jobctl_scheduler_last_run_timestamp_seconds{site="site1.localhost"}"#);
    let ago = jiff::Timestamp::now().as_second() as f64 - last.unwrap();
    assert!((10.0..3_600.0).contains(&ago), "{ago}");
    assert!(value(r#"jobctl_findings{severity="critical"}"#) >= Some(1.0), "{text}");
    let version = format!("jobctl_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert_eq!(value(&version), Some(1.0));
    for name in named_in_readme().into_iter().chain(["jobctl_workers_dead".to_owned()]) {
        assert!(text.contains(&format!("# TYPE {name} gauge")), "{name}: {text}");
    }
}

#[test]
fn metrics_of_every_release_are_clean_and_name_no_worker() {
    for version in RELEASES {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        rq.enqueue(&server, "default", "work.fail");
        rq.burst(&server, &["default"]);
        rq.enqueue(&server, "default", "work.ok");
        let _worker = rq.worker(&server, "my-own-name", &["other"]);
        let run = crate::support::env::jobctl(["metrics", "--redis", &server.url()]).run();
        assert_eq!(run.code, 0, "{run:?}");
        promtool(&run.stdout);
        let value = |name: &str| sample(&run.stdout, name);
        let length = |status: &str| {
            value(&format!("jobctl_queue_length{{queue=\"default\",status=\"{status}\"}}"))
        };
        assert_eq!((length("failed"), length("queued")), (Some(1.0), Some(1.0)), "{version}");
        assert!(run.stdout.contains("/other\"} "), "{}", run.stdout);
        assert!(!run.stdout.contains("my-own-name"), "{}", run.stdout);
    }
}

#[test]
fn metrics_of_hostile_names_stay_clean_and_bounded() {
    let stage = Stage::plain();
    for name in ["a\"b", "two\nlines", "back\\slash", "\u{1b}[2J", "{x=\"y\"} 1", "\u{202e}gnp"] {
        stage.job(name, "id").wait();
    }
    for number in 0..700 {
        stage.job(&format!("q{number:04}"), format!("job-{number}")).wait();
    }
    let text = metrics(&stage);
    promtool(&text);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    let lines = text.lines().filter(|line| line.contains("status=\"queued\"")).count();
    assert_eq!(lines, 501);
    let other = sample(&text, r#"jobctl_queue_length{queue="other",status="queued"}"#);
    assert_eq!(other, Some(206.0));
}

#[test]
fn metrics_during_an_outage_say_so_and_exit_0() {
    let mut stage = Stage::bench();
    stage.server.kill();
    let text = metrics(&stage);
    promtool(&text);
    assert_eq!(sample(&text, "jobctl_redis_up"), Some(0.0));
    assert_eq!(sample(&text, r#"jobctl_health{status="unhealthy"}"#), Some(1.0));
    assert!(!text.contains("jobctl_queue_length"), "{text}");
}

#[test]
fn metrics_cost_as_many_commands_turns_for_many_queues_as_for_few() {
    let turns = |queues: usize, jobs: usize| {
        let stage = Stage::plain();
        let mut workers = Vec::new();
        for queue in 0..queues {
            let name = format!("q{queue}");
            for job in 0..jobs {
                stage.job(&name, format!("{name}-{job}")).waited(1).wait();
            }
            workers.push(stage.worker(&format!("w{queue}"), &[&name]).start());
        }
        // A turn ends when the client has read all answers; `reads` counts how often the server
        // found something to read from clients.
        let before = reads(&stage.server);
        let run = stage.command("metrics", &["-o", "json"]).run();
        assert_eq!(run.code, 0, "{run:?}");
        reads(&stage.server) - before
    };
    let (few, many) = (turns(1, 1), turns(40, 5));
    // A turn of many bytes arrives in more than one piece.
    assert!(many <= few * 3, "{few} reads for one queue, {many} for 40");
}

fn reads(server: &RedisServer) -> u64 {
    let info: String = redis::cmd("INFO").arg("stats").query(&mut server.client()).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
    line.unwrap().trim().parse().unwrap()
}

#[test]
fn metrics_textfile_is_written_as_a_whole_and_readable_by_others() {
    let mut stage = Stage::bench();
    let folder = stage.server.folder().join("textfile");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("jobctl.prom");
    let write = |stage: &Stage| {
        let run =
            stage.command("metrics", &["--read-only", "--textfile", path.to_str().unwrap()]).run();
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:?}");
        fs::read_to_string(&path).unwrap()
    };
    promtool(&write(&stage));
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    stage.server.kill();
    assert_eq!(sample(&write(&stage), "jobctl_redis_up"), Some(0.0));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[test]
fn metrics_textfile_that_cannot_be_made_is_refused() {
    let stage = Stage::plain();
    let code = |more: &[&str]| stage.command("metrics", more).run().code;
    assert_eq!(code(&["--textfile", "/no/such/folder/x.prom"]), 73);
    assert_eq!(code(&["--textfile", "/"]), 73);
    assert_eq!(code(&["--textfile", "x.prom", "-o", "json"]), 64);
    assert_eq!(code(&["--textfile", ""]), 64);
}
