//! The history: what is recorded beside real servers and workers, what survives crashes, and what is
//! shown of it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::wait::wait_until;

mod beside;
mod counters;
mod prometheus;
mod record;
mod shown;

/// How long anything here may take, on a machine that is four times as slow.
const LONG: Duration = Duration::from_secs(120);

/// A history of its own, about a Redis.
struct Notebook<'s> {
    server: &'s RedisServer,
    folder: TempDir,
}

impl<'s> Notebook<'s> {
    fn about(server: &'s RedisServer) -> Self {
        Self { server, folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("h.db")
    }

    fn run(&self, command: &str, more: &[&str]) -> Run {
        let (url, path) = (self.server.url(), self.path());
        let fixed = ["--redis", &url, "history", command, "--file", path.to_str().unwrap()];
        jobctl(fixed.iter().chain(more)).run()
    }

    /// Takes one sample.
    fn once(&self) -> Run {
        let run = self.run("record", &["--once"]);
        assert_eq!(run.code, 0, "{run:?}");
        run
    }

    /// A report as scripts see it.
    fn data(&self, command: &str, more: &[&str]) -> Value {
        let run = self.run(command, &[more, &["-o", "json"]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run.json()["data"].clone()
    }

    /// Jobs that ended, by method; a day's figures are kept longest.
    fn jobs(&self) -> u64 {
        self.data("show", &["--by", "day"])["total"]["count"].as_u64().unwrap()
    }

    /// Begins to record, with words before the program where there are some.
    fn record(&self, more: &[&str]) -> Recording {
        let (url, path) = (self.server.url(), self.path());
        let fixed = ["--redis", &url, "history", "record", "--file", path.to_str().unwrap()];
        Recording::start(&[fixed.as_slice(), more].concat())
    }
}

/// A running `jobctl` that talks; ends with the value.
struct Recording {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Recording {
    fn start(arguments: &[&str]) -> Self {
        // A file that may not grow is a disk without room, unless the signal ends the process.
        let mut child = Command::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_jobctl")])
            .args(arguments)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("PATH", "/usr/bin:/bin")
            .env("TZ", "UTC")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        listen(child.stderr.take().unwrap(), Arc::clone(&said));
        Self { child, said }
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// Waits until it says something.
    fn says(&mut self, words: &str) {
        wait_until(LONG, words, || {
            let said = self.said();
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() || said.contains(words), "{ended:?}: {said}");
            said.contains(words).then_some(())
        });
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for its end and gives its exit code.
    fn code(&mut self) -> Option<i32> {
        wait_until(LONG, "the recorder to end", || self.child.try_wait().unwrap()).code()
    }

    /// Ends it as a lost machine does.
    fn crash(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(stderr: ChildStderr, said: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            said.lock().unwrap().push_str(&(line + "\n"));
        }
    });
}

/// What `SQLite` itself thinks of a file.
fn is_whole(path: &Path) -> bool {
    let script = "import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])";
    let output = Command::new("python3").args(["-c", script]).arg(path).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim() == "ok"
}

/// The number that a statement about a file gives.
fn number(path: &Path, sql: &str) -> i64 {
    let script = "import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])";
    let output = Command::new("python3").args(["-c", script]).arg(path).arg(sql).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    text.parse().unwrap_or_else(|_| panic!("{sql}: {output:?}"))
}
