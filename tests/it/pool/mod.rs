//! `jobctl worker-pool` over real RQ workers: what is killed, stopped, restarted, and what survives.

mod bench;
mod endings;
mod hostile;
mod killed;
mod options;
mod restarts;
mod scaling;

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::redis::RedisServer;
use crate::support::rq::{Rq, venv};
use crate::support::wait::wait_until;

/// How long anything may take: starting Python on a loaded machine is slow.
const LONG: Duration = Duration::from_secs(120);

/// Releases with a pool of their own, and the one before the newest.
const RELEASES: [&str; 4] = ["1.15.1", "1.16.2", "2.6.1", "3.0.0"];

/// Jobs that leave a line in a file when they start and when they end.
const MARKS: &str = r#"
import os, time

def note(path, word):
    with open(path, "a") as file:
        file.write(word + "\n")

def mark(path, n):
    note(path, f"{n}")

def work(path, n):
    note(path, f"begin {n}")
    time.sleep(0.3)
    note(path, f"end {n}")

def until(path, flag):
    note(path, f"begin {os.getpid()}")
    while not os.path.exists(flag) and os.path.isdir(os.path.dirname(flag)):
        time.sleep(0.01)
    note(path, "end")

def daemon(path, flag):
    "Leaves a process behind that looks like its work horse."
    if os.fork() == 0:
        os.setsid()
        until(path, flag)
        os._exit(0)

def flaky(path):
    "Fails once."
    if not os.path.exists(path):
        note(path, "tried")
        raise ValueError("try again")

def hog(path, flag, mib):
    memory = bytearray(mib << 20)
    for at in range(0, len(memory), 4096):
        memory[at] = 1
    until(path, flag)
"#;

/// RQ of one release with the jobs of these tests, and a Redis.
struct Place {
    server: RedisServer,
    rq: Rq,
    python: PathBuf,
}

impl Place {
    fn of(version: &str) -> Self {
        let rq = Rq::version(version).module("marks", MARKS);
        let python = venv(&format!("rq-{version}")).join("bin/python");
        Self { server: RedisServer::start(), rq, python }
    }

    fn path(&self, name: &str) -> String {
        self.rq.folder().join(name).display().to_string()
    }

    /// Lines of the file in which jobs leave their marks.
    fn lines(&self, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Enqueues `mark` for each number on `queue`.
    fn enqueue_marks(&self, queue: &str, numbers: std::ops::Range<u32>) {
        let path = self.path("marks");
        self.rq.python(
            &self.server,
            &format!(
                "import marks\nq = Queue('{queue}', connection=connection)\n\
                 for n in range({}, {}): q.enqueue(marks.mark, '{path}', n)",
                numbers.start, numbers.end
            ),
        );
    }

    /// Enqueues a job that runs until the file `flag` is there; its process id comes from the file.
    fn enqueue_until(&self, queue: &str) -> String {
        self.enqueue_held(queue, "until", "job_timeout=600")
    }

    /// The same with another function, and what more it or the queue is to be told.
    fn enqueue_held(&self, queue: &str, function: &str, more: &str) -> String {
        let (log, flag) = (self.path("log"), self.path("flag"));
        self.rq.python(
            &self.server,
            &format!(
                "import marks\nq = Queue('{queue}', connection=connection)\n\
                 print(q.enqueue(marks.{function}, '{log}', '{flag}', {more}).id)"
            ),
        )
    }

    /// Waits until that job runs, and gives its process.
    fn horse(&self) -> i32 {
        wait_until(LONG, "the job to begin", || {
            let lines = self.lines("log");
            lines.iter().rev().find_map(|line| line.strip_prefix("begin ")?.parse().ok())
        })
    }

    /// A pool of so many workers on queue `a`, one of them busy.
    fn busy(&self, workers: usize, arguments: &[&str]) -> Busy {
        let count = workers.to_string();
        let mut pool = self.pool(&[&["-n", &count, "--queue", "a"], arguments].concat());
        let workers = pool.up(workers);
        let id = self.enqueue_until("a");
        Busy { horse: self.horse(), pool, workers, id }
    }

    /// Waits until the worker under this key has noted that it is to end; from then on it may be told
    /// once more.
    fn told(&self, worker: &str) -> Instant {
        let mut client = self.server.client();
        wait_until(LONG, "the worker to note it", || {
            let mut asked = redis::cmd("HGET");
            asked.arg(worker).arg("shutdown_requested_date");
            let asked: Option<String> = asked.query(&mut client).unwrap();
            asked.filter(|asked| !asked.is_empty())
        });
        Instant::now()
    }

    /// Jobs that wait by their own word and stand in no queue: taken from it, and not begun.
    fn dropped(&self, queue: &str) -> usize {
        let mut client = self.server.client();
        let list = format!("rq:queue:{queue}");
        let listed: Vec<String> =
            redis::cmd("LRANGE").arg(list).arg(0).arg(-1).query(&mut client).unwrap();
        let jobs: Vec<String> = redis::cmd("KEYS").arg("rq:job:*").query(&mut client).unwrap();
        let ids = jobs.iter().filter_map(|key| key.strip_prefix("rq:job:"));
        ids.filter(|id| !listed.iter().any(|listed| listed == id) && self.status(id) == "queued")
            .count()
    }

    fn release_job(&self) {
        fs::write(self.path("flag"), "").unwrap();
    }

    fn status(&self, id: &str) -> String {
        let value: Option<String> = redis::cmd("HGET")
            .arg(format!("rq:job:{id}"))
            .arg("status")
            .query(&mut self.server.client())
            .unwrap();
        value.unwrap_or_default()
    }

    /// A pool on this Redis with the right Python.
    fn pool(&self, arguments: &[&str]) -> Running {
        let folder = self.path("");
        let python = self.python.to_str().unwrap();
        let base = ["--python", python, "--path", &folder, "--allow-root"];
        self.pool_as_it_is(&[&base, arguments].concat())
    }

    fn pool_as_it_is(&self, arguments: &[&str]) -> Running {
        self.pool_with(arguments, |_| {})
    }

    /// A pool whose Python is a script.
    fn scripted(&self, script: &str, arguments: &[&str]) -> Running {
        let python = self.path("python");
        fs::write(&python, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
        let base = ["--python", &python, "--allow-root"];
        self.pool_as_it_is(&[&base, arguments].concat())
    }

    fn pool_with(&self, arguments: &[&str], adapt: impl FnOnce(&mut Command)) -> Running {
        self.pool_of(&["--redis", &self.server.url()], arguments, adapt)
    }

    /// A pool of another target than this Redis alone.
    fn pool_of(
        &self,
        target: &[&str],
        arguments: &[&str],
        adapt: impl FnOnce(&mut Command),
    ) -> Running {
        let (log, state) = (self.rq.folder().join("pool.log"), self.rq.folder().join("state"));
        let file = File::options().append(true).create(true).open(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_jobctl"));
        command.env_clear().current_dir(self.rq.folder()).env("HOME", self.rq.folder());
        command.env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TZ", "UTC");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.args(target).args(["worker-pool", "--status-file"]).arg(&state);
        command.args(arguments).stdin(Stdio::null());
        command.stdout(file.try_clone().unwrap()).stderr(file);
        adapt(&mut command);
        Running { child: command.spawn().unwrap(), log, state }
    }
}

/// Does the same with each release, side by side.
fn in_each_release(test: impl Fn(&str) + Sync) {
    thread::scope(|scope| {
        for version in RELEASES {
            let test = &test;
            scope.spawn(move || test(version));
        }
    });
}

/// A pool one of whose workers runs a job that ends with [`Place::release_job`].
struct Busy {
    pool: Running,
    workers: Vec<i32>,
    /// The job's id.
    id: String,
    /// The job's process.
    horse: i32,
}

/// A pool that runs; killed at the latest with the value, and its workers with it.
struct Running {
    child: Child,
    log: PathBuf,
    state: PathBuf,
}

impl Running {
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn state(&self) -> Option<Value> {
        let state: Value = serde_json::from_slice(&fs::read(&self.state).ok()?).unwrap();
        (state["pid"] == self.child.id()).then_some(state)
    }

    /// Waits until the state is as `condition` wants it.
    fn wait_for<T>(&mut self, what: &str, condition: impl Fn(&Value) -> Option<T>) -> T {
        wait_until(LONG, &format!("{what}: {}", self.log.display()), || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{what}: the pool ended ({ended:?})\n{}", self.log());
            condition(&self.state()?)
        })
    }

    /// Waits until so many workers are up and registered; gives their processes.
    fn up(&mut self, count: usize) -> Vec<i32> {
        self.wait_for("workers to be up", |state| {
            let workers = state["workers"].as_array().unwrap();
            let up = workers.iter().filter(|w| w["state"] == "up" && !w["worker"].is_null());
            let pids: Vec<i32> = up.map(pid_of).collect();
            (pids.len() == count && workers.len() == count).then_some(pids)
        })
    }

    /// Waits for its end; gives the exit code.
    fn ends(&mut self) -> i32 {
        let log = self.log.clone();
        let status = wait_until(LONG, &format!("the pool to end: {}", log.display()), || {
            self.child.try_wait().unwrap()
        });
        status.code().unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let state = self.state();
        let _ = self.child.kill();
        let _ = self.child.wait();
        // They got SIGTERM with the pool's end; what ignores that must not outlive the test.
        for worker in state.iter().flat_map(|state| state["workers"].as_array().unwrap()) {
            if !worker["pid"].is_null() && is_ours(pid_of(worker)) {
                let _ = kill(Pid::from_raw(pid_of(worker)), Signal::SIGKILL);
            }
        }
    }
}

fn pid_of(worker: &Value) -> i32 {
    i32::try_from(worker["pid"].as_i64().unwrap()).unwrap()
}

/// Whether a process is one that this test run started: its directory is one of ours.
fn is_ours(pid: i32) -> bool {
    let cwd = fs::read_link(format!("/proc/{pid}/cwd"));
    cwd.is_ok_and(|cwd| {
        let cwd = cwd.to_string_lossy();
        ["jobctl-rq-", "jobctl-bench-"].iter().any(|ours| cwd.contains(ours))
    })
}

fn is_gone(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.is_err() || stat.is_ok_and(|stat| stat.rsplit(") ").next().unwrap().starts_with('Z'))
}

fn wait_gone(pids: &[i32]) {
    wait_until(LONG, &format!("{pids:?} to end"), || {
        pids.iter().all(|&pid| is_gone(pid)).then_some(())
    });
}
