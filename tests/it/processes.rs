//! jobctl as a process among others: closed pipes, full disks, signals, servers that are down, mute
//! or restarted.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::env::jobctl;
use crate::support::redis::{RedisServer, free_port};
use crate::support::wait::{PATIENCE, wait_until};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jobctl"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn fill(server: &RedisServer, jobs: usize) {
    let script = "for n = 1, tonumber(ARGV[1]) do \
                  redis.call('HSET', 'rq:job:j' .. n, 'status', 'queued', 'origin', 'q', \
                             'created_at', '2026-11-21T12:00:00.000000Z') \
                  redis.call('RPUSH', 'rq:queue:q', 'j' .. n) end \
                  redis.call('SADD', 'rq:queues', 'rq:queue:q')";
    server.cmd(&["EVAL", script, "0", &jobs.to_string()]);
}

#[test]
fn version_and_help_work_where_nothing_can_be_opened() {
    let gone = tempfile::tempdir().unwrap();
    let here = gone.path().to_str().unwrap().to_owned();
    for arguments in ["--version", "--help", "jobs list --help"] {
        // The shell stands in a directory that it removes: there is no current one any more.
        fs::create_dir_all(&here).unwrap();
        let line = format!("cd '{here}' && rmdir '{here}' && exec \"$0\" {arguments}");
        let output = Command::new("sh")
            .args(["-c", &line, env!("CARGO_BIN_EXE_jobctl")])
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("JOBCTL_CONFIG", "/nonexistent/config.toml")
            .env("JOBCTL_BENCH", "/nonexistent")
            .env("JOBCTL_REDIS", "redis://192.0.2.1:1")
            .output()
            .unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn reader_that_goes_away_ends_a_list_quietly() {
    let server = RedisServer::start();
    fill(&server, 20_000);
    for format in ["plain", "jsonl", "json", "csv"] {
        let mut child = command(&["--redis", &server.url(), "jobs", "list", "-o", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = [0; 16];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{format}: {output:?}");
        assert!(output.stderr.is_empty(), "{format}: {output:?}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_io_error() {
    let server = RedisServer::start();
    fill(&server, 3);
    let url = server.url();
    for arguments in
        [&["--redis", &url, "jobs", "list"][..], &["--redis", &url, "jobs", "show", "j1"]]
    {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command(arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(74), "{arguments:?}: {output:?}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("cannot write to standard output"), "{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn redis_that_is_down_or_mute_is_unreachable_within_the_timeout() {
    let down = format!("redis://127.0.0.1:{}", free_port());
    let started = Instant::now();
    let run = jobctl(["--redis", &down, "jobs", "list"]).run();
    assert_eq!((run.code, run.stdout.as_str()), (69, ""), "{}", run.stderr);
    assert!(started.elapsed() < Duration::from_secs(5));

    // The system accepts for the listener; nobody ever answers.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://127.0.0.1:{}", mute.local_addr().unwrap().port());
    for command in [&["jobs", "list"][..], &["jobs", "show", "x"], &["jobs", "exists", "x"]] {
        let started = Instant::now();
        let run = jobctl([&["--redis", &url, "--timeout", "0.3"], command].concat()).run();
        assert_eq!(run.code, 69, "{command:?}: {}", run.stderr);
        assert!(run.stderr.contains("no answer within 300ms"), "{}", run.stderr);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    }
}

/// A `jobctl --watch`; ends with the value.
struct Watching {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

fn lines_of(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

impl Watching {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(&[&["--watch", "0.2"], arguments].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout: ChildStdout = child.stdout.take().unwrap();
        let (lines, errors) = (lines_of(stdout), lines_of(child.stderr.take().unwrap()));
        Self { child, lines, errors }
    }

    /// Waits for a line of output in which `part` stands.
    fn sees(&self, part: &str) {
        wait_for(&self.lines, part);
    }

    fn signal(&mut self, signal: Signal) -> (Option<i32>, Option<i32>) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
        let status = wait_until(PATIENCE, "jobctl to end", || self.child.try_wait().unwrap());
        (status.code(), status.signal())
    }
}

fn wait_for(lines: &Receiver<String>, part: &str) {
    let deadline = Instant::now() + PATIENCE;
    while let Ok(line) = lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if line.contains(part) {
            return;
        }
    }
    panic!("no line with `{part}` came");
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn watch_repeats_until_a_signal_and_ends_with_its_code() {
    let server = RedisServer::start();
    fill(&server, 1);
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let mut watching =
            Watching::start(&["--redis", &server.url(), "jobs", "list", "-o", "plain"]);
        for _ in 0..3 {
            watching.sees("j1\tqueued");
        }
        assert_eq!(watching.signal(signal), (Some(code), None));
    }
}

#[test]
fn watch_outlives_a_restart_of_redis() {
    let mut server = RedisServer::builder().persistent().start();
    fill(&server, 1);
    let watching = Watching::start(&["--redis", &server.url(), "jobs", "list", "-o", "plain"]);
    watching.sees("j1\tqueued");
    server.kill();
    wait_for(&watching.errors, "error: ");
    server.restart();
    watching.sees("j1\tqueued");
}

#[test]
fn watch_ends_when_its_reader_goes_away() {
    let server = RedisServer::start();
    fill(&server, 1);
    let mut child = command(&["--redis", &server.url(), "--watch", "0.1", "jobs", "list"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 4];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let status = wait_until(PATIENCE, "jobctl to end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn watch_of_a_wrong_name_ends_at_once() {
    let server = RedisServer::start();
    let run = jobctl(["--redis", &server.url(), "--watch", "5", "jobs", "show", "nobody"]).run();
    assert_eq!(run.code, 66, "{}", run.stderr);
}
