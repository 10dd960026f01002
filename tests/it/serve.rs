//! The web server: what it answers, whom it refuses, and that no client can hold it up.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::doctor::Stage;
use crate::metrics::{promtool, sample, total};
use crate::support::env::jobctl;
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;
use crate::support::state;
use crate::support::wait::{PATIENCE, wait_until};

/// A running `jobctl serve`; ends with the value.
pub(crate) struct Serving {
    child: Child,
    address: String,
    said: String,
}

impl Serving {
    /// On a target, with more arguments.
    pub(crate) fn on(target: &[&str], more: &[&str]) -> Self {
        Self::with(target, more, "LANG", Path::new("C.UTF-8"))
    }

    /// The same with a variable.
    pub(crate) fn with(target: &[&str], more: &[&str], name: &str, value: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_jobctl"))
            .args(target)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(more)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("TZ", "UTC")
            .env(name, value)
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).unwrap() > 0, "{said}");
            if let Some(address) = line.trim().strip_prefix("serving on http://") {
                break address.to_owned();
            }
            said.push_str(&line);
        };
        Self { child, address, said }
    }

    /// What it said before it began to serve.
    pub(crate) fn said(&self) -> &str {
        &self.said
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn stage(stage: &Stage) -> Self {
        match &stage.bench {
            Some(bench) => Self::on(&["--bench", bench.root().to_str().unwrap()], &[]),
            None => Self::on(&["--redis", &stage.server.url()], &[]),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Sends bytes and reads all of the answer.
    fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(bytes);
        Answer::read(stream)
    }

    fn get_with(&self, target: &str, fields: &str) -> Answer {
        let address = &self.address;
        self.send(format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{fields}\r\n").as_bytes())
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.get_with(target, "")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends bytes to an address and reads all of the answer; `None` where nobody answers.
pub(crate) fn exchange(address: &str, bytes: &[u8]) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

#[test]
fn serve_answers_prometheus_in_both_formats_and_health_by_status() {
    let mut stage = Stage::bench();
    stage.job("short", "site1.localhost::a").waited(5).wait();
    let serving = Serving::stage(&stage);
    let metrics = serving.get("/metrics");
    assert_eq!(metrics.status, 200);
    assert!(metrics.head.contains("text/plain; version=0.0.4"), "{}", metrics.head);
    promtool(&metrics.body);
    assert_eq!(
        sample(&metrics.body, r#"jobctl_queue_length{queue="short",status="queued"}"#),
        Some(1.0)
    );
    let open =
        serving.get_with("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
    assert!(open.head.contains("application/openmetrics-text"), "{}", open.head);
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
    let health = serving.get("/health");
    assert_eq!((health.status, &health.json()["data"]["verdict"]), (200, &json!("HEALTHY")));
    assert_eq!(serving.get("/ready").status, 200);

    stage.server.kill();
    wait_until(PATIENCE, "the outage to show", || {
        (serving.get("/ready").status == 503).then_some(())
    });
    let health = serving.get("/health");
    assert_eq!((health.status, &health.json()["data"]["verdict"]), (503, &json!("UNHEALTHY")));
    let metrics = serving.get("/metrics");
    assert_eq!((metrics.status, sample(&metrics.body, "jobctl_redis_up")), (200, Some(0.0)));
    stage.server.restart();
    wait_until(PATIENCE, "the end of the outage", || {
        (serving.get("/ready").status == 200).then_some(())
    });
}

#[test]
fn serve_api_answers_with_the_reports_of_the_commands() {
    let stage = Stage::bench();
    stage.job("short", "site1.localhost::a").waited(5).wait();
    stage.job("long", "site2.localhost::b").waited(5).wait();
    let failed = stage.job("long", "site1.localhost::c").ended("failed", 60);
    failed.set("exc_info", "ValueError: x").save_in("failed", Some(&state::in_s(999)));
    let serving = Serving::stage(&stage);
    let schema = |path: &str| {
        let answer = serving.get(path);
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()["schema"].as_str().unwrap().to_owned()
    };
    assert_eq!(schema("/api/v1/queues"), "jobctl.queues/1");
    assert_eq!(schema("/api/v1/workers"), "jobctl.workers/1");
    assert_eq!(schema("/api/v1/errors?since=1h"), "jobctl.errors/1");
    assert_eq!(schema("/api/v1/stats?since=1h&by=queue"), "jobctl.stats/1");
    assert_eq!(schema("/api/v1/groups"), "jobctl.groups/1");
    assert_eq!(schema("/api/v1/job?id=site1.localhost%3A%3Ac"), "jobctl.job/1");
    let ids = |path: &str| {
        let json = serving.get(path).json();
        let jobs = json["data"]["jobs"].as_array().unwrap_or_else(|| panic!("{json}")).clone();
        jobs.iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("/api/v1/jobs?status=failed"), ["site1.localhost::c"]);
    assert_eq!(ids("/api/v1/jobs?site=site2.localhost"), ["site2.localhost::b"]);
    assert_eq!(ids("/api/v1/jobs?limit=1").len(), 1);
}

#[test]
fn serve_api_takes_no_parameter_for_a_flag() {
    let stage = Stage::plain();
    let job = stage.job("q", "--all");
    job.wait();
    let serving = Serving::stage(&stage);
    for (target, status) in [
        ("/api/v1/jobs?status=nonsense", 400),
        ("/api/v1/jobs?limit=100000", 400),
        ("/api/v1/jobs?limit=-1", 400),
        ("/api/v1/jobs?redis=redis://evil/", 400),
        ("/api/v1/jobs?show-secrets=1", 400),
        ("/api/v1/jobs?config=/etc/passwd", 400),
        ("/api/v1/stats?file=/etc/passwd", 400),
        ("/api/v1/jobs?queue=--help", 404),
        ("/api/v1/jobs?since=--version", 400),
        ("/api/v1/job", 400),
        ("/api/v1/job?id=--help", 404),
        ("/api/v1/job?id=--all", 200),
        ("/api/v1/queues?limit=1", 400),
    ] {
        let answer = serving.get(target);
        assert_eq!(answer.status, status, "{target}: {answer:?}");
        answer.json();
    }
    // Nothing that changes is there at all.
    for path in ["/api/v1/purge-jobs", "/api/v1/retry", "/api/v1/undo"] {
        assert_eq!(serving.get(path).status, 404);
    }
}

#[test]
fn serve_refuses_paths_methods_and_requests_that_are_not_right() {
    let stage = Stage::plain();
    let serving = Serving::stage(&stage);
    for target in [
        "/../../etc/passwd",
        "/api/v1/../../../etc/passwd",
        "/api/v1/%2e%2e/%2e%2e/etc/passwd",
        "/api/v1/queues/../jobs",
        "//etc/passwd",
        "/api/v1/",
        "/metrics/",
        "/METRICS",
    ] {
        assert_eq!(serving.get(target).status, 404, "{target}");
    }
    let address = &serving.address;
    let send = |text: &str| serving.send(text.replace("HOST", address).as_bytes()).status;
    assert_eq!(send("POST /metrics HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n"), 405);
    assert_eq!(send("DELETE / HTTP/1.1\r\nHost: HOST\r\n\r\n"), 405);
    assert_eq!(send("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_eq!(send("GET / HTTP/1.1\r\nHost: HOST\r\nContent-Length: 9\r\n\r\n"), 413);
    assert_eq!(send("nonsense\r\n\r\n"), 400);
    assert_eq!(send("\u{16}\u{3}\u{1}\r\n\r\n"), 400);
    assert_eq!(send(&format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "a".repeat(9_000))), 431);
    assert_eq!(send(&"a".repeat(100_000)), 431);
    let long = format!("GET /{} HTTP/1.1\r\nHost: HOST\r\n\r\n", "a".repeat(4_000));
    assert_eq!(send(&long), 414);
    let head = serving.send(format!("HEAD /ready HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes());
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let answer = serving.get("/ready");
    for field in ["nosniff", "Content-Security-Policy: default-src 'none'", "no-store", "DENY"] {
        assert!(answer.head.contains(field), "{}", answer.head);
    }
    assert!(!answer.head.to_lowercase().contains("access-control"), "{}", answer.head);
}

#[test]
fn serve_without_a_token_answers_only_loopback_names() {
    let stage = Stage::plain();
    let serving = Serving::stage(&stage);
    let of = |host: &str| {
        serving.send(format!("GET /ready HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
    };
    assert_eq!(of("localhost:1").status, 200);
    assert_eq!(of("rebound.evil.example").status, 421);
    let run = jobctl(["--redis", &stage.server.url(), "serve", "--listen", "0.0.0.0:0"]).run();
    assert_eq!(run.code, 77, "{run:?}");
    assert!(run.stderr.contains("--token-file"), "{}", run.stderr);
}

/// A token file in the server's folder.
fn token_file(server: &RedisServer, text: &str, mode: u32) -> PathBuf {
    let path = server.folder().join("token");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn serve_with_a_token_answers_nobody_without_it() {
    let server = RedisServer::start();
    let token = "0123456789abcdef0123456789abcdef";
    let path = token_file(&server, &format!("{token}\n"), 0o600);
    let target = ["--redis", &server.url()];
    let serving = Serving::on(&target, &["--token-file", path.to_str().unwrap()]);
    let with = |field: &str| serving.get_with("/metrics", field).status;
    assert_eq!(with(&format!("Authorization: Bearer {token}\r\n")), 200);
    assert_eq!(with(""), 401);
    assert_eq!(with("Authorization: Bearer wrong\r\n"), 401);
    assert_eq!(with(&format!("Authorization: Bearer {token}x\r\n")), 401);
    assert_eq!(with(&format!("Authorization: Basic {token}\r\n")), 401);
    assert_eq!(with("Authorization: Bearer \r\n"), 401);
    assert_eq!(serving.get("/nothing").status, 401, "not even whether there is something");
    for (text, mode, code) in [(token, 0o644, 78), ("short", 0o600, 78), ("", 0o600, 78)] {
        let path = token_file(&server, text, mode);
        let more = ["serve", "--listen", "127.0.0.1:0", "--token-file", path.to_str().unwrap()];
        let run = jobctl(target.iter().chain(&more)).run();
        assert_eq!(run.code, code, "{run:?}");
        assert!(text.is_empty() || !run.stderr.contains(text), "{}", run.stderr);
    }
}

#[test]
fn serve_is_not_held_up_by_slow_or_many_clients() {
    let stage = Stage::plain();
    let serving = Serving::stage(&stage);
    // Clients that begin and never end.
    let slow: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = serving.connect();
            stream.write_all(b"GET / HTT").unwrap();
            stream
        })
        .collect();
    assert_eq!(serving.get("/ready").status, 200);
    // One that sends a byte now and then is cut off as well.
    let mut drip = serving.connect();
    drip.set_nonblocking(true).unwrap();
    let answer = wait_until(PATIENCE, "the slow client to be cut off", || {
        let _ = drip.write(b"G");
        let mut buffer = [0; 256];
        match drip.read(&mut buffer) {
            Ok(read) if read > 0 => Some(String::from_utf8_lossy(&buffer[..read]).into_owned()),
            _ => None,
        }
    });
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    drop(slow);
    // More than it takes at a time.
    let many: Vec<TcpStream> = (0..100).map(|_| serving.connect()).collect();
    let refused = many.into_iter().rev().find_map(|stream| {
        stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let mut text = String::new();
        let _ = BufReader::new(stream).read_line(&mut text);
        text.starts_with("HTTP/1.1 503").then_some(())
    });
    assert!(refused.is_some());
    wait_until(PATIENCE, "the server to answer again", || {
        (serving.get("/ready").status == 200).then_some(())
    });
}

#[test]
fn serve_ends_with_the_signal_and_says_so() {
    let stage = Stage::plain();
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let mut serving = Serving::stage(&stage);
        assert_eq!(serving.get("/").status, 200);
        kill(Pid::from_raw(serving.child.id().try_into().unwrap()), signal).unwrap();
        let status = wait_until(PATIENCE, "serve to end", || serving.child.try_wait().unwrap());
        assert_eq!(status.code(), Some(code));
    }
}

#[test]
fn serve_for_one_site_answers_for_no_other() {
    let stage = Stage::bench();
    stage.job("short", "site1.localhost::a").waited(5).wait();
    stage.job("short", "site2.localhost::b").waited(5).wait();
    let root = stage.bench.as_ref().unwrap().root().to_str().unwrap();
    let serving = Serving::on(&["--bench", root, "--site", "site1.localhost"], &[]);
    let jobs = serving.get("/api/v1/jobs").json();
    assert_eq!(jobs["data"]["jobs"].as_array().unwrap().len(), 1, "{jobs:#}");
    assert_eq!(serving.get("/api/v1/jobs?site=site2.localhost").status, 400);
    assert_eq!(serving.get("/api/v1/jobs?site=all").status, 400);
}

#[test]
fn serve_counts_each_job_that_ends_once_whoever_ran_it() {
    for version in ["1.15.1", "3.0.0"] {
        let server = RedisServer::start();
        let rq = Rq::version(version);
        rq.enqueue(&server, "q", "work.ok");
        rq.burst(&server, &["q"]);
        let serving = Serving::on(&["--redis", &server.url()], &[]);
        let labels = [("queue", "q"), ("task", "work.ok")];
        let completed = |text: &str| total(text, "jobctl_job_completed_total", &labels).to_string();
        assert_eq!(completed(&serving.get("/metrics").body), "0");
        // Two workers, one after the other.
        for _ in 0..2 {
            rq.enqueue(&server, "q", "work.ok");
            rq.enqueue(&server, "q", "work.fail");
            rq.burst(&server, &["q"]);
        }
        let metrics = wait_until(PATIENCE, "the jobs to be counted", || {
            let text = serving.get("/metrics").body;
            (completed(&text) == "2").then_some(text)
        });
        promtool(&metrics);
        let value = |name: &str| sample(&metrics, name);
        let labels = [("queue", "q"), ("task", "work.fail"), ("error_type", "ValueError")];
        let failed = total(&metrics, "jobctl_job_failed_total", &labels);
        assert_eq!(failed.to_string(), "2", "{metrics}");
        let count = r#"jobctl_execution_time_seconds_count{queue="q",task="work.ok"}"#;
        assert_eq!(value(count), Some(2.0));
        let all = r#"jobctl_wait_time_seconds_bucket{queue="q",task="work.ok",le="+Inf"}"#;
        assert_eq!(value(all), Some(2.0));
        assert_eq!(value("jobctl_watch_gaps_total"), Some(0.0));
        let open = serving.get_with("/metrics", "Accept: application/openmetrics-text\r\n").body;
        assert!(open.contains("# TYPE jobctl_job_completed counter\n"), "{open}");
    }
}

#[test]
fn serve_tells_of_sites_that_cannot_be_read_site_by_site() {
    let mut stage = Stage::bench();
    for site in ["site1.localhost", "site2.localhost"] {
        let bench = stage.bench_mut();
        bench.set_on(site, "db_type", "mariadb");
        bench.set_on(site, "db_host", "127.0.0.1");
        bench.set_on(site, "db_port", 1);
        bench.set_on(site, "db_name", "x");
        bench.set_on(site, "db_password", "very-secret");
    }
    let serving = Serving::stage(&stage);
    let answer = serving.get("/api/v1/sites");
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    assert_eq!(json["schema"], "jobctl.scheduler-status/1", "{json:#}");
    let sites = json["data"]["sites"].as_array().unwrap();
    assert_eq!(sites.len(), 2);
    for site in sites {
        assert!(site["error"].as_str().unwrap().contains("connection refused"), "{site:#}");
        for unknown in ["last_run_at", "next_run_at", "failed_24h", "types", "pending"] {
            assert_eq!(site[unknown], Value::Null, "{unknown}: {site:#}");
        }
    }
    assert!(!answer.body.contains("very-secret"), "{}", answer.body);
    // Without a bench there is no such thing, which is an error as before.
    let plain = Stage::plain();
    let answer = Serving::stage(&plain).get("/api/v1/sites");
    assert!((400..500).contains(&answer.status), "{answer:?}");
}

#[test]
fn serve_refuses_at_once_while_requests_hang_and_answers_while_refusals_pour_in() {
    let server = RedisServer::start();
    let token = "0123456789abcdef0123456789abcdef";
    let path = token_file(&server, &format!("{token}\n"), 0o600);
    let target = ["--redis", &server.url()];
    let serving = Serving::on(&target, &["--token-file", path.to_str().unwrap()]);
    let right = format!("Authorization: Bearer {token}\r\n");
    let address = serving.address.clone();
    let ask = |target: &str, field: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: {address}\r\n{field}\r\n")
    };
    assert_eq!(serving.get_with("/ready", &right).status, 200);
    // Whoever says nothing, or has no token, keeps out nobody who has.
    let idle: Vec<TcpStream> = (0..150).map(|_| serving.connect()).collect();
    let refused: Vec<TcpStream> = (0..150)
        .map(|_| {
            let mut stream = serving.connect();
            let _ = stream.write_all(ask("/metrics", "").as_bytes());
            stream
        })
        .collect();
    assert_eq!(serving.get_with("/ready", &right).status, 200);
    assert_eq!(serving.get("/ready").status, 401);
    drop((idle, refused));
    // A Redis that hangs: as many requests as are answered at a time wait for it.
    let redis = Pid::from_raw(server.pid().try_into().unwrap());
    kill(redis, Signal::SIGSTOP).unwrap();
    let mut hanging = Vec::new();
    wait_until(PATIENCE, "every place to be taken", || {
        for _ in 0..40 {
            let mut stream = serving.connect();
            stream.write_all(ask("/metrics", &right).as_bytes()).unwrap();
            stream.set_nonblocking(true).unwrap();
            hanging.push(stream);
        }
        let turned_away = |stream: &mut TcpStream| {
            let mut buffer = [0; 512];
            let read = stream.read(&mut buffer).unwrap_or(0);
            String::from_utf8_lossy(&buffer[..read]).contains("too many requests")
        };
        hanging.iter_mut().any(turned_away).then_some(())
    });
    let began = std::time::Instant::now();
    let refused = serving.get("/metrics").status;
    let took = began.elapsed();
    kill(redis, Signal::SIGCONT).unwrap();
    assert_eq!(refused, 401);
    assert!(took < Duration::from_secs(10), "{took:?}");
    drop(hanging);
    wait_until(PATIENCE, "the server to answer again", || {
        (serving.get_with("/ready", &right).status == 200).then_some(())
    });
}

#[test]
fn serve_is_scraped_in_time_while_redis_hangs() {
    let server = RedisServer::start();
    let serving = Serving::on(&["--redis", &server.url()], &[]);
    assert_eq!(sample(&serving.get("/metrics").body, "jobctl_redis_up"), Some(1.0));
    let redis = Pid::from_raw(server.pid().try_into().unwrap());
    kill(redis, Signal::SIGSTOP).unwrap();
    // A measurement of before is good for a second.
    let (metrics, took) = wait_until(PATIENCE, "the outage to show", || {
        let began = std::time::Instant::now();
        let metrics = serving.get("/metrics");
        let is_down = sample(&metrics.body, "jobctl_redis_up") == Some(0.0);
        is_down.then(|| (metrics, began.elapsed()))
    });
    kill(redis, Signal::SIGCONT).unwrap();
    assert_eq!(metrics.status, 200);
    promtool(&metrics.body);
    // Prometheus gives up after ten seconds.
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[test]
fn serve_survives_requests_of_any_bytes() {
    let stage = Stage::plain();
    let serving = Serving::stage(&stage);
    let address = serving.address.clone();
    let fine =
        format!("GET /api/v1/jobs?limit=3&status=failed HTTP/1.1\r\nHost: {address}\r\n\r\n");
    // The same sequence in every run.
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for round in 0..150 {
        let mut bytes = fine.clone().into_bytes();
        if round % 5 == 0 {
            bytes = (0..random(3_000)).map(|_| u8::try_from(random(256)).unwrap()).collect();
        }
        for _ in 0..random(6) {
            let at = random(bytes.len().max(1)).min(bytes.len());
            match random(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, b"\r\n\0% ?&=:\xff"[random(10)]),
                2 if at < bytes.len() => bytes[at] = u8::try_from(random(256)).unwrap(),
                _ => bytes.extend_from_within(at..),
            }
        }
        let mut stream = serving.connect();
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let is_answer = answer.is_empty() || answer.starts_with(b"HTTP/1.1 ");
        assert!(is_answer, "{bytes:?}: {}", String::from_utf8_lossy(&answer));
        assert!(!answer.starts_with(b"HTTP/1.1 500"), "{bytes:?}");
    }
    assert_eq!(serving.get("/ready").status, 200);
}
