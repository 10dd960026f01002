//! Alerts: what fires, who hears of it and how often, with real servers on the other side.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::demo::Demo;
use crate::doctor::Stage;
use crate::support::env::{Jobctl, jobctl};
use crate::support::mail_box::MailBox;
use crate::support::post_box::PostBox;
use crate::support::redis::{RedisServer, make_certificates};
use crate::support::rq::{Rq, venv};
use crate::support::wait::wait_until;

/// Long enough for a machine that is busy with other tests.
const LIMIT: Duration = Duration::from_secs(120);

/// Settings, and a home for the state.
struct Desk {
    folder: tempfile::TempDir,
    target: Vec<String>,
}

impl Desk {
    fn on(stage: &Stage, settings: &str) -> Self {
        let target = match &stage.bench {
            Some(bench) => ["--bench".to_owned(), bench.root().to_str().unwrap().to_owned()],
            None => ["--redis".to_owned(), stage.server.url()],
        };
        Self::at(&target, settings)
    }

    fn of(server: &RedisServer, settings: &str) -> Self {
        Self::at(&["--redis".to_owned(), server.url()], settings)
    }

    fn at(target: &[String], settings: &str) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), target: target.to_vec() };
        desk.settle(settings);
        desk
    }

    fn settle(&self, settings: &str) {
        fs::write(self.config(), settings).unwrap();
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("jobctl.toml")
    }

    /// Writes a file that only its owner reads, beside the settings.
    fn secret(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn arguments(&self, words: &[&str]) -> Vec<String> {
        let config = self.config().to_str().unwrap().to_owned();
        let own = ["--config".to_owned(), config].into_iter().chain(self.target.clone());
        own.chain(words.iter().map(ToString::to_string)).collect()
    }

    fn alerts(&self, words: &[&str]) -> Jobctl {
        let words: Vec<&str> = ["alerts"].iter().chain(words).copied().collect();
        jobctl(self.arguments(&words)).env("HOME", self.folder.path())
    }

    /// The state of each rule by `alerts check`, and the exit code.
    fn check(&self) -> (Vec<(String, String)>, i32) {
        let run = self.alerts(&["check", "-o", "json"]).run();
        let rows = run.json()["data"]["alerts"].as_array().unwrap().clone();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        (rows.iter().map(|row| (word(&row["alert"]), word(&row["state"]))).collect(), run.code)
    }

    fn state_of(&self, alert: &str) -> String {
        let (rows, _) = self.check();
        rows.into_iter().find(|(name, _)| name == alert).unwrap().1
    }

    fn watch(&self) -> Watching {
        Watching::start(self, &[])
    }

    /// The only state file in the home.
    fn state_file(&self) -> PathBuf {
        let folder = self.folder.path().join(".local/state/jobctl");
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.into_iter().find(|path| path.extension().is_some_and(|e| e == "json")).unwrap()
    }
}

/// A running `alerts run`; killed with the value.
struct Watching {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Watching {
    fn start(desk: &Desk, more: &[&str]) -> Self {
        let words: Vec<&str> =
            ["alerts", "run", "--every", "1", "-v"].iter().chain(more).copied().collect();
        let mut child = Command::new(env!("CARGO_BIN_EXE_jobctl"))
            .args(desk.arguments(&words))
            .env_clear()
            .env("HOME", desk.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let pipes: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for pipe in pipes {
            let said = Arc::clone(&said);
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    said.lock().unwrap().push_str(&format!("{line}\n"));
                }
            });
        }
        let watching = Self { child, said };
        watching.hears("watching ");
        watching
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    fn hears(&self, words: &str) {
        wait_until(LIMIT, words, || self.said().contains(words).then_some(()));
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Ends it as an operator does; gives the exit code.
    fn end(mut self) -> i32 {
        self.signal(Signal::SIGTERM);
        wait_until(LIMIT, "the end", || self.child.try_wait().unwrap()).code().unwrap_or(-1)
    }

    /// Ends it as a crash does.
    fn crash(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    wait_until(LIMIT, what, || condition().then_some(()));
}

fn states(rows: &[(String, String)]) -> Vec<(&str, &str)> {
    rows.iter().map(|(name, state)| (name.as_str(), state.as_str())).collect()
}

#[test]
fn alerts_check_of_what_is_in_order_exits_0_and_1_once_something_fires() {
    let stage = Stage::plain();
    let desk =
        Desk::on(&stage, "[alert.backlog]\nthreshold = 2\n[alert.timeout]\nenabled = false\n");
    let (rows, code) = desk.check();
    let quiet = [
        ("redis", "ok"),
        ("failure-rate", "ok"),
        ("backlog", "ok"),
        ("errors", "not_applicable"),
        ("timeout", "disabled"),
    ];
    assert_eq!((states(&rows), code), (quiet.to_vec(), 0));
    stage.job("long", "a").waited(5).wait();
    stage.job("long", "b").waited(5).wait();
    let (rows, code) = desk.check();
    assert_eq!((states(&rows)[0], code), (("backlog", "firing"), 1));
    let run = desk.alerts(&["check"]).run();
    assert!(
        run.stdout.contains("backlog\tFIRING\twarning\t2 queue=long\tbacklog >= 2"),
        "{}",
        run.stdout
    );
}

#[test]
fn alerts_check_without_redis_is_unknown_but_for_the_alert_of_redis() {
    let mut stage = Stage::plain();
    let desk = Desk::on(
        &stage,
        "[alert.q]\ncondition = 'check(\"queue.stalled\") or jobctl_queue_workers < 1'\n",
    );
    stage.server.kill();
    let (rows, code) = desk.check();
    let row = |name: &str| rows.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!((row("redis").as_str(), code), ("firing", 1));
    for unknown in ["backlog", "failure-rate", "timeout", "q"] {
        assert_eq!(row(unknown), "unknown", "{unknown}");
    }
    desk.settle("[alert.redis]\nenabled = false\n");
    assert_eq!(desk.check().1, 3);
}

#[test]
fn alerts_know_every_gauge_of_metrics_and_every_check() {
    let stage = Stage::bench();
    stage.job("short", "site1.localhost::a").waited(5).wait();
    let run = stage.command("metrics", &["-o", "json"]).run();
    let families = run.json()["data"]["families"].as_array().unwrap().clone();
    let mut settings = String::new();
    for (number, family) in families.iter().enumerate() {
        let name = family["name"].as_str().unwrap();
        settings += &format!("[alert.m{number}]\ncondition = 'count({name}) >= 0'\n");
        let labels = family["samples"].as_array().into_iter().flatten().flat_map(|sample| {
            sample["labels"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        });
        for (at, label) in labels.collect::<std::collections::BTreeSet<_>>().iter().enumerate() {
            settings += &format!(
                "[alert.m{number}-{at}]\ncondition = 'count({name}{{{label}!=\"\"}}) >= 0'\n"
            );
        }
    }
    assert!(families.len() > 15);
    let quantities = [
        "failure_rate",
        "longest_running",
        "backlog",
        "oldest_age",
        "workers",
        "scheduler_silence",
        "error_log_rate",
        "worker_memory",
        "redis_up",
    ];
    for name in quantities {
        settings += &format!("[alert.m-{name}]\ncondition = 'count({name}) >= 0'\n");
    }
    let desk = Desk::on(&stage, &settings);
    let (rows, _) = desk.check();
    // The databases of the sites cannot be read.
    let odd: Vec<_> = rows
        .iter()
        .filter(|(name, state)| {
            name.starts_with('m') && !matches!(state.as_str(), "firing" | "unknown")
        })
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
    assert!(rows.iter().filter(|(_, state)| state == "firing").count() > 20, "{rows:?}");
}

#[test]
fn alerts_with_an_unknown_metric_name_file_line_and_column() {
    let stage = Stage::plain();
    let desk = Desk::on(&stage, "\n[alert.x]\ncondition = \"max(jobctl_queue_size) > 5\"\n");
    for words in [&["check"][..], &["run"], &["test"]] {
        let run = desk.alerts(words).run();
        assert_eq!(run.code, 78, "{run:?}");
        let place =
            "jobctl.toml`, line 3, column 18: there is no metric or quantity `jobctl_queue_size`";
        assert!(run.stderr.contains(place), "{}", run.stderr);
    }
    // Others go on.
    let run = jobctl(desk.arguments(&["queues", "list"])).run();
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn alert_arrives_once_by_every_channel_and_so_does_its_end_across_crashes() {
    let stage = Stage::plain();
    let (mail, hook, hung) =
        (MailBox::start("plain"), PostBox::answering(200), PostBox::answering(0));
    let desk = Desk::on(&stage, "");
    let out = desk.folder.path().join("out");
    desk.settle(&format!(
        "[channel.hung]\ntype = \"webhook\"\nurl = \"{}\"\ntimeout = \"2m\"\n\
         [channel.mail]\ntype = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"jobs@example.com\"\nto = [\"ops@example.com\"]\n\
         [channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\n\
         [channel.run]\ntype = \"exec\"\ncommand = [\"/bin/sh\", \"-c\", 'echo \"$JOBCTL_ALERT_STATE $JOBCTL_ALERT\" >> \"$0\"', \"{}\"]\n\
         [alert.backlog]\nthreshold = 2\nseverity = \"critical\"\nmessage = \"see the runbook\"\n",
        hung.url(),
        mail.port(),
        hook.url(),
        out.display(),
    ));
    let lines = || {
        fs::read_to_string(&out).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let first = desk.watch();
    stage.job("long", "a").waited(5).wait();
    stage.job("long", "b").waited(5).wait();
    // The channel that hangs comes first by its name and delays nobody.
    until("the alert", || {
        !mail.mails().is_empty() && !hook.taken().is_empty() && !lines().is_empty()
    });
    until("the one that hangs", || !hung.messages().is_empty());
    // What was told is on disk before the channel is asked for the next.
    until("the state", || {
        let state: Value = serde_json::from_slice(&fs::read(desk.state_file()).unwrap()).unwrap();
        state["outbox"].as_object().unwrap().keys().eq(["hung"])
    });
    first.crash();
    let second = desk.watch();
    // Looks twice before anything changes.
    second.hears("watching");
    stage.job("other", "c").waited(5).wait();
    stage.job("other", "d").waited(5).wait();
    until("two looks", || {
        let state: Value = serde_json::from_slice(&fs::read(desk.state_file()).unwrap()).unwrap();
        let holds = state["rules"]["backlog"]["holds_since"].as_str().map(str::to_owned);
        holds.is_some() && hung.messages().len() >= 2
    });
    for key in ["rq:queue:long", "rq:queue:other"] {
        stage.server.cmd(&["DEL", key]);
    }
    until("the end", || mail.mails().len() >= 2 && hook.taken().len() >= 2 && lines().len() >= 2);
    second.crash();
    assert_eq!(hook.taken(), ["firing backlog", "resolved backlog"]);
    assert_eq!(lines(), ["firing backlog", "resolved backlog"]);
    let subjects = mail.subjects();
    assert!(subjects[0].starts_with("[jobctl] FIRING critical: backlog on "), "{subjects:?}");
    assert!(
        subjects[1].starts_with("[jobctl] RESOLVED: backlog on ") && subjects.len() == 2,
        "{subjects:?}"
    );
    let data = mail.mails()[0]["data"].as_str().unwrap().to_owned();
    let body = data.split_once("\n\n").or_else(|| data.split_once("\r\n\r\n")).unwrap().1;
    let body: String = body.split_whitespace().collect();
    let text = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    let text = String::from_utf8(text).unwrap();
    for part in [
        "see the runbook",
        "backlog queue=long 2",
        "condition: backlog >= 2",
        "look: jobctl --redis",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let ids: Vec<_> =
        hook.messages().iter().map(|m| m.field("Idempotency-Key").unwrap().to_owned()).collect();
    assert!(
        ids[0].starts_with("backlog-")
            && ids[0].ends_with("-firing")
            && ids[1].ends_with("-resolved")
    );
    let mode = fs::metadata(desk.state_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn webhook_that_fails_is_tried_again_with_the_same_name_and_a_signature() {
    let stage = Stage::plain();
    let hook = PostBox::answering(503);
    let desk = Desk::on(&stage, "");
    desk.secret("key", "a long secret\n");
    desk.settle(&format!(
        "[channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\nsecret_file = \"key\"\n\
         [alert.backlog]\nthreshold = 1\n",
        hook.url()
    ));
    stage.job("long", "a").waited(5).wait();
    let watching = desk.watch();
    until("two attempts", || hook.messages().len() >= 2);
    watching.hears("answers 503");
    assert_eq!(watching.end(), 143);
    // What was not taken goes out after a restart.
    hook.answer(200);
    let watching = desk.watch();
    until("the message", || !hook.taken().is_empty());
    assert_eq!(watching.end(), 143);
    assert_eq!(hook.taken(), ["firing backlog"]);
    let messages = hook.messages();
    let ids: std::collections::HashSet<_> =
        messages.iter().map(|message| message.field("Idempotency-Key").unwrap()).collect();
    assert_eq!(ids.len(), 1);
    let last = messages.last().unwrap();
    let signature = last.field("X-Jobctl-Signature").unwrap();
    let at = signature.split([',', '=']).nth(1).unwrap();
    let signed = format!("{at}.{}", last.body);
    assert_eq!(signature, format!("t={at},v1={}", hmac_of_openssl("a long secret", &signed)));
    for text in [&last.body, &fs::read_to_string(desk.state_file()).unwrap()] {
        assert!(!text.contains("a long secret"));
    }
}

fn hmac_of_openssl(key: &str, text: &str) -> String {
    let mut child = Command::new("openssl")
        .args(["dgst", "-sha256", "-hmac", key])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn alert_of_redis_fires_while_it_is_down_and_nothing_else_changes() {
    let mut stage = Stage::plain();
    let hook = PostBox::answering(200);
    let settings = format!(
        "[channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\n[alert.backlog]\nthreshold = 1\n",
        hook.url()
    );
    let desk = Desk::on(&stage, &settings);
    stage.job("long", "a").waited(5).wait();
    let watching = desk.watch();
    until("the backlog", || hook.taken() == ["firing backlog"]);
    stage.server.kill();
    until("the outage", || hook.taken() == ["firing backlog", "firing redis"]);
    watching.hears("alert `backlog` is unknown");
    stage.server.restart();
    until("the end of the outage", || hook.taken().iter().any(|taken| taken == "resolved redis"));
    assert_eq!(watching.end(), 143);
    // The jobs were lost with the server, or are there again: the backlog goes its own way.
    let taken = hook.taken();
    assert_eq!(taken.iter().filter(|taken| taken.ends_with(" redis")).count(), 2, "{taken:?}");
    assert_eq!(taken.iter().filter(|taken| *taken == "firing backlog").count(), 1, "{taken:?}");
}

#[test]
fn one_process_at_a_time_watches_a_target() {
    let stage = Stage::plain();
    let desk = Desk::on(&stage, "");
    let first = desk.watch();
    let run = desk.alerts(&["run"]).run();
    assert_eq!(run.code, 75, "{run:?}");
    let pid = first.child.id().to_string();
    assert!(
        run.stderr.contains(&format!("process {pid} already sends these alerts")),
        "{}",
        run.stderr
    );
    // Another target has a lock of its own.
    let other = Stage::plain();
    let elsewhere = Desk { folder: tempfile::tempdir().unwrap(), ..Desk::on(&other, "") };
    fs::write(elsewhere.config(), "").unwrap();
    let second = Watching::start(&elsewhere, &[]);
    assert_eq!((first.end(), second.end()), (143, 143));
}

#[test]
fn state_that_cannot_be_understood_is_moved_aside_and_said() {
    let stage = Stage::plain();
    let desk = Desk::on(&stage, "");
    assert_eq!(desk.watch().end(), 143);
    let path = desk.state_file();
    fs::write(&path, "{\"version\": 1, \"wri").unwrap();
    let watching = desk.watch();
    watching.hears("could not be understood");
    watching.end();
    assert!(path.with_extension("json.broken").exists() && path.exists());
}

#[test]
fn jobs_of_real_workers_that_fail_are_told_and_so_is_their_recovery() {
    let server = RedisServer::start();
    let rq = Rq::version("3.0.0");
    let hook = PostBox::answering(200);
    let desk = Desk::of(
        &server,
        &format!(
            "[channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\n[alert.failure-rate]\nthreshold = \"50 %\"\n",
            hook.url()
        ),
    );
    let health = || jobctl(desk.arguments(&["health", "--check", "job.failure-rate"])).run();
    let watching = desk.watch();
    assert_eq!(health().code, 0);
    rq.python(
        &server,
        "q = Queue('default', connection=connection)\nfor n in range(12): q.enqueue(work.fail)",
    );
    rq.burst(&server, &["default"]);
    until("the alert", || hook.taken() == ["firing failure-rate"]);
    assert_ne!(health().code, 0);
    let evidence = hook.messages()[0].json()["evidence"][0].as_str().unwrap().to_owned();
    assert_eq!(evidence, "failure_rate queue=default 100%");
    // Mended: the same jobs run well, and the failures of before are put away.
    rq.python(&server, "q = Queue('default', connection=connection)\nfor n in range(12): q.enqueue(work.ok)\nfor i in q.failed_job_registry.get_job_ids(): q.failed_job_registry.remove(i, delete_job=True)");
    rq.burst(&server, &["default"]);
    until("the recovery", || hook.taken() == ["firing failure-rate", "resolved failure-rate"]);
    assert_eq!(health().code, 0);
    assert_eq!(watching.end(), 143);
}

/// Settings of a mail channel `m`.
fn mail(host: &MailBox, more: &str) -> String {
    format!(
        "[channel.m]\ntype = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\nfrom = \"jobs@example.com\"\n{more}\n",
        host.port()
    )
}

#[test]
fn mail_goes_out_encrypted_with_a_login_and_never_otherwise() {
    let stage = Stage::plain();
    for (mode, tls) in [("starttls", "starttls"), ("implicit", "implicit")] {
        let server = MailBox::start(mode);
        let desk = Desk::on(&stage, "");
        desk.secret("password", "s3cret-word\n");
        let settings = |ca: &Path| {
            mail(
                &server,
                &format!(
                    "tls = \"{tls}\"\nusername = \"anna\"\npassword_file = \"password\"\nca_file = \"{}\"\n\
                 to = [\"a@example.com\", \"refuse@example.com\"]",
                    ca.display()
                ),
            )
        };
        desk.settle(&settings(&server.ca_file()));
        let run = desk.alerts(&["test", "-o", "json"]).run();
        assert_eq!(run.code, 0, "{mode}: {run:?}");
        let row = &run.json()["data"]["channels"][0];
        assert!(
            row["why"]
                .as_str()
                .unwrap()
                .contains("refuses refuse@example.com: 550 5.1.1 no such mailbox"),
            "{row}"
        );
        let mails = server.mails();
        assert_eq!(
            (&mails[0]["tls"], &mails[0]["login"], mails.len()),
            (&Value::Bool(true), &Value::Bool(true), 1)
        );
        assert_eq!(mails[0]["to"], serde_json::json!(["a@example.com"]));
        // A server that cannot prove who it is gets nothing.
        desk.settle(&settings(&server.foreign_ca_file()));
        let run = desk.alerts(&["test"]).run();
        assert!(run.code == 1 && run.stdout.contains("certificate"), "{run:?}");
        // A wrong password is told without being shown.
        desk.settle(&settings(&server.ca_file()));
        desk.secret("password", "another-word\n");
        let run = desk.alerts(&["test"]).run();
        assert!(run.code == 1 && run.stdout.contains("refuses the login (535"), "{run:?}");
        assert!(!format!("{run:?}").contains("another-word"), "{run:?}");
        // A file that others can read is not used.
        fs::set_permissions(desk.folder.path().join("password"), fs::Permissions::from_mode(0o644))
            .unwrap();
        let run = desk.alerts(&["test"]).run();
        assert!(run.code == 1 && run.stdout.contains("others may read or write"), "{run:?}");
        assert_eq!(desk.alerts(&["run"]).run().code, 78);
        assert_eq!(server.mails().len(), 1);
    }
}

#[test]
fn mail_server_that_cannot_or_does_not_is_named_in_time() {
    let stage = Stage::plain();
    let plain = MailBox::start("plain");
    let to = "to = [\"a@example.com\"]";
    let desk = Desk::on(&stage, &mail(&plain, to));
    let run = desk.alerts(&["test"]).run();
    assert!(run.code == 1 && run.stdout.contains("offers no STARTTLS"), "{run:?}");
    desk.settle(&mail(&plain, "tls = \"none\"\nto = [\"refuse@example.com\"]"));
    let run = desk.alerts(&["test"]).run();
    assert!(run.code == 1 && run.stdout.contains("refuses every recipient"), "{run:?}");
    let login = MailBox::start("login-only");
    desk.secret("password", "s3cret-word");
    let known = "tls = \"none\"\nusername = \"anna\"\npassword_file = \"password\"";
    desk.settle(&mail(&login, &format!("{known}\n{to}")));
    assert_eq!(desk.alerts(&["test"]).run().code, 0);
    assert_eq!(login.mails()[0]["login"], true);
    // One that never speaks, and one that is not there.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let settings = mail(&plain, &format!("timeout = 1\n{to}"));
    desk.settle(&settings.replace(&plain.port().to_string(), &port.to_string()));
    let run = desk.alerts(&["test", "m"]).run();
    assert!(run.code == 1 && run.stdout.contains("did not answer within 1.000 s"), "{run:?}");
    drop(silent);
    let run = desk.alerts(&["test", "m"]).run();
    assert!(run.code == 1 && run.stdout.contains("refused"), "{run:?}");
}

#[test]
fn alerts_test_tries_each_channel_and_hides_where_it_is() {
    let stage = Stage::plain();
    let (fine, bad, hung) =
        (PostBox::answering(200), PostBox::answering(404), PostBox::answering(0));
    let desk = Desk::on(&stage, "");
    desk.secret("slack", &format!("{}/T000/very-secret\n", bad.url()));
    desk.settle(&format!(
        "[channel.a]\ntype = \"webhook\"\nurl = \"{}\"\n\
         [channel.b]\ntype = \"slack\"\nurl_file = \"slack\"\n\
         [channel.c]\ntype = \"webhook\"\nurl_env = \"NOWHERE\"\n\
         [channel.d]\ntype = \"webhook\"\nurl = \"{}\"\ntimeout = \"1s\"\n\
         [channel.e]\ntype = \"exec\"\ncommand = [\"false\"]\n",
        fine.url(),
        hung.url()
    ));
    let run = desk.alerts(&["test", "-o", "json"]).run();
    assert_eq!(run.code, 1, "{run:?}");
    let rows = run.json()["data"]["channels"].as_array().unwrap().clone();
    let why = |at: usize| rows[at]["why"].as_str().unwrap_or_default().to_owned();
    assert_eq!(rows[0]["sent"], true);
    assert!(why(1).ends_with("answers 404"), "{}", why(1));
    assert_eq!(why(2), "the variable `NOWHERE` is not set");
    assert!(why(3).ends_with("did not answer within 1.000 s"), "{}", why(3));
    assert_eq!(why(4), "`false` ended with exit code 1");
    assert!(!format!("{run:?}").contains("very-secret"));
    let slack = bad.messages()[0].json();
    assert!(slack["text"].as_str().unwrap().starts_with("TEST: jobctl on "), "{slack}");
    assert_eq!(fine.messages()[0].json()["state"], "test");
    assert_eq!(desk.alerts(&["test", "a"]).run().code, 0);
    let run = desk.alerts(&["test", "aa"]).run();
    assert!(run.code == 66 && run.stderr.contains("did you mean `a`"), "{run:?}");
    let run = desk.alerts(&["test", "--read-only"]).run();
    assert_eq!(run.code, 77, "{run:?}");
    desk.settle("");
    assert_eq!(desk.alerts(&["test"]).run().code, 66);
}

#[test]
fn alerts_run_keeps_its_state_in_the_bench_also_where_nothing_may_be_changed() {
    let mut stage = Stage::bench();
    let desk = Desk::on(&stage, "");
    let watching = Watching::start(&desk, &["--read-only"]);
    let state = stage.bench_mut().root().join("config/jobctl/alerts.json");
    until("the state", || state.exists());
    assert_eq!(watching.end(), 143);
    assert_eq!(desk.state_of("redis"), "ok");
    assert!(!desk.folder.path().join(".local").exists());
}

/// Answers every POST with 200, over TLS; prints its port.
const TLS_SERVER: &str = r"
import http.server, ssl
class Taker(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.send_response(200)
        self.end_headers()
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Taker)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('server.crt', 'server.key')
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
";

#[test]
fn webhook_over_tls_trusts_the_authority_that_is_named_and_no_other() {
    let stage = Stage::plain();
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let child = Command::new(venv("aiosmtpd-1.4.6").join("bin/python"))
        .args(["-c", TLS_SERVER])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Watching { child, said: Arc::default() };
    let mut port = String::new();
    BufReader::new(server.child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let desk = Desk::on(&stage, "");
    let test = |more: &str| {
        desk.settle(&format!(
            "[channel.c]\ntype = \"webhook\"\nurl = \"https://127.0.0.1:{}/x\"\n{more}\n",
            port.trim()
        ));
        desk.alerts(&["test"]).run()
    };
    let trusting = |name: &str| format!("ca_file = \"{}\"", folder.path().join(name).display());
    let run = test(&trusting("ca.crt"));
    assert_eq!(run.code, 0, "{run:?}");
    for more in [trusting("foreign.crt"), String::new()] {
        let run = test(&more);
        let words = "the server's certificate is not accepted: its issuer is unknown here";
        assert!(run.code == 1 && run.stdout.contains(words), "{run:?}");
    }
    desk.settle(&format!(
        "[channel.c]\ntype = \"webhook\"\nurl = \"https://localhost:{}/x\"\n{}\n",
        port.trim(),
        trusting("ca.crt")
    ));
    let run = desk.alerts(&["test"]).run();
    let words = "it is made out to `127.0.0.1`, not to `localhost`";
    assert!(run.code == 1 && run.stdout.contains(words), "{run:?}");
    drop(server);
}

#[test]
fn alert_whose_queue_is_gone_is_resolved_with_words_and_one_that_cannot_be_read_is_not() {
    let stage = Stage::plain();
    let hook = PostBox::answering(200);
    let desk = Desk::on(
        &stage,
        &format!(
            "[channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\n[alert.backlog]\nenabled = false\n\
             [alert.q]\ncondition = 'backlog{{queue=\"long\"}} >= 2'\n\
             [alert.all]\ncondition = 'backlog >= 2'\n",
            hook.url()
        ),
    );
    stage.job("other", "c").waited(5).wait();
    for id in ["a", "b"] {
        stage.job("long", id).waited(5).wait();
    }
    let watching = desk.watch();
    until("the alerts", || hook.taken().len() == 2);
    // What queues there are cannot be read: nothing is resolved.
    stage.server.cmd(&["RENAME", "rq:queues", "aside"]);
    stage.server.cmd(&["SET", "rq:queues", "nonsense"]);
    watching.hears("alert `q` is unknown");
    watching.hears("alert `all` is unknown");
    assert_eq!(desk.state_of("q"), "unknown");
    assert_eq!(hook.taken().len(), 2);
    stage.server.cmd(&["DEL", "rq:queue:long", "rq:queues"]);
    stage.server.cmd(&["SREM", "aside", "rq:queue:long"]);
    stage.server.cmd(&["RENAME", "aside", "rq:queues"]);
    until("the ends", || hook.taken().len() == 4);
    for message in &hook.messages()[2..] {
        let json = message.json();
        assert_eq!(json["state"], "resolved", "{json:#}");
        assert_eq!(json["was"][0], "backlog queue=long 2", "{json:#}");
        assert_eq!(json["evidence"][0], "queue `long` is gone", "{json:#}");
    }
    // A name that nothing has stays unknown, so that a slip of the pen is seen.
    let run = desk.alerts(&["check"]).run();
    assert!(run.stdout.contains("there is no queue `long`"), "{}", run.stdout);
    assert_eq!((desk.state_of("q").as_str(), desk.state_of("all").as_str()), ("unknown", "ok"));
    assert_eq!(watching.end(), 143);
    assert_eq!(hook.taken().len(), 4);
}

#[test]
fn alert_on_a_job_is_resolved_once_it_runs_no_more_though_others_run_longer() {
    let stage = Stage::plain();
    let desk = Desk::on(
        &stage,
        "[alert.timeout]\nenabled = false\n\
         [alert.mine]\ncondition = 'longest_running{job=\"mine\"} > 60s'\n",
    );
    for (id, ran) in [("mine", 300), ("longer", 900)] {
        stage.job("long", id).started(ran).save_in("wip", Some(&crate::support::state::in_s(999)));
    }
    let watching = desk.watch();
    watching.hears("FIRING  mine");
    stage.server.cmd(&["ZREM", "rq:wip:long", "mine"]);
    watching.hears("job `mine` runs no more");
    assert!(watching.said().contains("RESOLVED  mine  after "), "{}", watching.said());
    assert_eq!(watching.end(), 143);
}

/// The text of a mail.
fn text_of(mail: &Value) -> String {
    let data = mail["data"].as_str().unwrap().replace("\r\n", "\n");
    let body: String = data.split_once("\n\n").unwrap().1.split_whitespace().collect();
    let text = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

#[test]
fn end_of_an_alert_says_in_every_channel_what_it_was_how_long_and_how_it_is_now() {
    let stage = Stage::plain();
    let (mail, hook, slack) =
        (MailBox::start("plain"), PostBox::answering(200), PostBox::answering(200));
    let desk = Desk::on(&stage, "");
    let out = desk.folder.path().join("out");
    desk.secret("slack", &slack.url());
    desk.settle(&format!(
        "[channel.mail]\ntype = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
         from = \"jobs@example.com\"\nto = [\"ops@example.com\"]\n\
         [channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\n\
         [channel.slack]\ntype = \"slack\"\nurl_file = \"slack\"\n\
         [channel.run]\ntype = \"exec\"\ncommand = [\"/bin/sh\", \"-c\", 'cat >> \"$0\"', \"{}\"]\n\
         [alert.backlog]\nthreshold = 2\nseverity = \"critical\"\n",
        mail.port(),
        hook.url(),
        out.display(),
    ));
    let lines = || {
        let text = fs::read_to_string(&out).unwrap_or_default();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect::<Vec<Value>>()
    };
    let all = |count: usize| {
        mail.mails().len() >= count
            && hook.messages().len() >= count
            && slack.messages().len() >= count
            && lines().len() >= count
    };
    for id in ["a", "b"] {
        stage.job("long", id).waited(5).wait();
    }
    // Of another queue, and closer to the threshold afterwards.
    stage.job("other", "c").waited(5).wait();
    let watching = desk.watch();
    until("the alert", || all(1));
    stage.server.cmd(&["DEL", "rq:queue:long"]);
    until("the end", || all(2));
    assert_eq!(watching.end(), 143);
    let mail = text_of(&mail.mails()[1]);
    let slack = slack.messages()[1].json();
    assert!(slack["text"].as_str().unwrap().starts_with("RESOLVED: backlog on "), "{slack:#}");
    assert_eq!(slack["attachments"][0]["color"], "good");
    let slack = slack["attachments"][0]["text"].as_str().unwrap().to_owned();
    for (text, condition) in [(mail, "backlog >= 2"), (slack, "backlog &gt;= 2")] {
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.contains(&"was: backlog queue=long 2"), "{text}");
        assert!(lines.contains(&"now: backlog queue=long 0"), "{text}");
        assert!(lines.contains(&format!("condition: {condition}").as_str()), "{text}");
        assert!(lines.iter().any(|line| line.starts_with("fired from 2")), "{text}");
    }
    for json in [hook.messages()[1].json(), lines()[1].clone()] {
        assert_eq!(json["was"], serde_json::json!(["backlog queue=long 2"]), "{json:#}");
        assert_eq!(json["evidence"], serde_json::json!(["backlog queue=long 0"]), "{json:#}");
        assert!(json["lasted_s"].as_f64().is_some_and(|s| s > 0.0), "{json:#}");
        assert!(json["since"].as_str().unwrap() < json["at"].as_str().unwrap(), "{json:#}");
    }
    let first = lines()[0].clone();
    assert_eq!((&first["was"], &first["lasted_s"]), (&serde_json::json!([]), &Value::Null));
}

#[test]
fn alerts_of_one_look_go_out_the_most_severe_first() {
    let stage = Stage::plain();
    let hook = PostBox::answering(200);
    let rule = |name: &str, severity: &str| {
        format!("[alert.{name}]\ncondition = 'backlog >= 1'\nseverity = \"{severity}\"\n")
    };
    let desk = Desk::on(
        &stage,
        &[
            format!("[channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\n", hook.url()),
            rule("a", "info"),
            rule("b", "warning"),
            rule("c", "critical"),
            rule("d", "warning"),
            rule("e", "critical"),
        ]
        .concat(),
    );
    stage.job("long", "a").waited(5).wait();
    let watching = desk.watch();
    until("the alerts", || hook.taken().len() == 5);
    assert_eq!(hook.taken(), ["firing c", "firing e", "firing b", "firing d", "firing a"]);
    stage.server.cmd(&["DEL", "rq:queue:long"]);
    until("the ends", || hook.taken().len() == 10);
    assert_eq!(hook.taken()[5..7], ["resolved c", "resolved e"]);
    assert_eq!(watching.end(), 143);
}

#[test]
fn alerts_check_on_a_narrow_terminal_cuts_neither_value_nor_condition() {
    let stage = Stage::plain();
    let long =
        "backlog{queue=\"a-queue-with-a-long-name\"} >= 2 and not workers{queue=\"other\"} > 3";
    let desk = Desk::on(&stage, &format!("[alert.a-name-that-is-long]\ncondition = '{long}'\n"));
    for id in ["a", "b"] {
        stage.job("a-queue-with-a-long-name", id).waited(5).wait();
    }
    stage.job("other", "c").waited(5).wait();
    let letters = |text: &str| text.split_whitespace().collect::<String>();
    for columns in ["40", "50", "60", "80", "100", "120"] {
        let run = desk.alerts(&["check", "-o", "table"]).env("COLUMNS", columns).run();
        assert_eq!(run.code, 1, "{run:?}");
        let width: usize = columns.parse().unwrap();
        let table = run.stdout.split("\nnote: ").next().unwrap();
        assert!(table.lines().all(|line| line.chars().count() <= width), "{columns}: {table}");
        assert!(!table.contains('…'), "{columns}: {table}");
        if width <= 60 {
            // As cards: the lines of one value follow one another.
            let text = letters(table);
            assert!(text.contains(&letters(long)), "{columns}: {table}");
            assert!(text.contains("2queue=a-queue-with-a-long-name"), "{columns}: {table}");
        }
    }
}

#[test]
fn demo_bench_that_breaks_turns_health_and_is_told_once_and_so_is_its_recovery() {
    let demo = Demo::new("bench", true);
    demo.start();
    let (mail, hook) = (MailBox::start("plain"), PostBox::answering(200));
    let target = ["--bench".to_owned(), demo.dir.to_str().unwrap().to_owned()];
    let desk = Desk::at(
        &target,
        &format!(
            "[channel.hook]\ntype = \"webhook\"\nurl = \"{}\"\n\
             [channel.mail]\ntype = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             from = \"jobs@example.com\"\nto = [\"ops@example.com\"]\n\
             [alert.stalled]\ncondition = 'check(\"queue.worker\") >= critical'\n\
             severity = \"critical\"\n[thresholds]\nlatency_warning_ms = 60000\n\
             latency_critical_ms = 60000\n",
            hook.url(),
            mail.port()
        ),
    );
    let health = || jobctl(desk.arguments(&["health", "--check", "queue"])).run();
    let watching = desk.watch();
    let run = health();
    assert_eq!(run.code, 0, "{run:?}");
    // Broken: jobs for a queue that nobody serves.
    let (mut redis, queue) = (demo.redis(), demo.queue("nobody"));
    let (id, at) = ("site1.localhost::lost", crate::support::state::ago(60));
    let job = format!("rq:job:{id}");
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    for command in [
        words(&["HSET", &job, "status", "queued", "origin", &queue, "data", "x", "timeout", "300"]),
        words(&["HSET", &job, "created_at", &at, "enqueued_at", &at]),
        words(&["SADD", "rq:queues", &format!("rq:queue:{queue}")]),
        words(&["RPUSH", &format!("rq:queue:{queue}"), id]),
    ] {
        redis::cmd(&command[0]).arg(&command[1..]).exec(&mut redis).unwrap();
    }
    until("the alert", || hook.taken().len() == 1 && mail.mails().len() == 1);
    assert_eq!(health().code, 2);
    // Mended by what the doctor's world offers.
    let purge = ["purge-jobs", "--queue", "nobody", "--yes"];
    let run = jobctl(desk.arguments(&purge)).env("HOME", desk.folder.path()).run();
    assert_eq!(run.code, 0, "{run:?}");
    until("its end", || hook.taken().len() == 2 && mail.mails().len() == 2);
    let run = health();
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(watching.end(), 143);
    assert_eq!(hook.taken(), ["firing stalled", "resolved stalled"]);
    let text = text_of(&mail.mails()[1]);
    for part in [
        "was: queue.worker critical: queue `nobody`: 1 job waits, no worker serves it",
        "now: queue.worker none: nothing found",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
