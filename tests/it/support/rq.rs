//! Real RQ of several releases, each in a virtual environment that `tests/run.sh` made.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::redis::{PREPARE, RedisServer};
use super::wait::{PATIENCE, wait_until};

/// The releases that `tests/run.sh` installs, oldest first.
pub(crate) const RELEASES: &[&str] = &["1.14.1", "1.15.1", "1.16.2", "2.6.1", "3.0.0"];

/// What the jobs of the tests do; importable as `work` by snippets and workers.
const WORK: &str = r#"
import os, time

def ok(*args, **kwargs):
    return 42

def fail(message="broken on purpose"):
    raise ValueError(message)

def slow(seconds=60):
    time.sleep(seconds)

def until(path):
    "Runs until the file appears, so that a test decides how long; ends with the test at the latest."
    while not os.path.exists(path) and os.path.isdir(os.path.dirname(path)):
        time.sleep(0.01)

def die():
    os._exit(13)
"#;

/// Precedes every snippet.
const PRELUDE: &str = r"
import os, sys, json, datetime
import redis, rq
from rq import Queue
from rq.job import Job
import work
connection = redis.Redis.from_url(os.environ['REDIS_URL'])
";

/// A virtual environment that `tests/run.sh` made. Fails, naming that, where it is not there.
pub(crate) fn venv(name: &str) -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|c| !c.is_empty()).map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"),
        PathBuf::from,
    );
    let venv = cache.join("jobctl-tests/venvs").join(name);
    assert!(venv.join("stamp").exists(), "{name} is not installed: {PREPARE}");
    venv
}

/// One release of RQ.
pub(crate) struct Rq {
    venv: PathBuf,
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Rq {
    /// Fails, naming `tests/run.sh`, where the release is not installed.
    pub(crate) fn version(version: &str) -> Self {
        let venv = venv(&format!("rq-{version}"));
        let folder = tempfile::Builder::new().prefix("jobctl-rq-").tempdir().unwrap();
        fs::write(folder.path().join("work.py"), WORK).unwrap();
        Self { venv, folder, variables: Vec::new() }
    }

    /// Sets a variable for snippets and workers, such as `RQ_KEY_PREFIX`.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Adds or replaces an importable module.
    pub(crate) fn module(self, name: &str, source: &str) -> Self {
        let path = self.folder.path().join(format!("{name}.py"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, source).unwrap();
        self
    }

    /// Where the modules are, and where snippets and workers run.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs Python that finds `connection`, `rq`, `Queue`, `Job` and the module `work`; gives what
    /// it printed. Panics with the traceback where it fails.
    pub(crate) fn python(&self, server: &RedisServer, snippet: &str) -> String {
        let output = self
            .command(server, "python")
            .arg("-c")
            .arg(format!("{PRELUDE}\n{snippet}"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{snippet}\n{errors}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Puts a job on `queue`; `call` is a function of `work` and what else `enqueue` takes, such
    /// as `work.fail, 'why', job_timeout=5`. Gives the job's id.
    pub(crate) fn enqueue(&self, server: &RedisServer, queue: &str, call: &str) -> String {
        self.python(
            server,
            &format!("print(Queue('{queue}', connection=connection).enqueue({call}).id)"),
        )
    }

    /// Runs a worker until the queues are empty.
    pub(crate) fn burst(&self, server: &RedisServer, queues: &[&str]) {
        let output = self
            .command(server, "rq")
            .args(["worker", "--burst", "--url", &server.url()])
            .args(queues)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts a worker and waits until it has registered itself.
    pub(crate) fn worker(&self, server: &RedisServer, name: &str, queues: &[&str]) -> RqWorker {
        let file = fs::File::create(self.folder.path().join(format!("{name}.log"))).unwrap();
        let (out, err) = (file.try_clone().unwrap().into(), file.into());
        self.worker_printing_to(server, name, queues, out, err)
    }

    /// The same, where its output and its errors go elsewhere than into its log.
    pub(crate) fn worker_printing_to(
        &self,
        server: &RedisServer,
        name: &str,
        queues: &[&str],
        out: Stdio,
        err: Stdio,
    ) -> RqWorker {
        let log = self.folder.path().join(format!("{name}.log"));
        let child = self
            .command(server, "rq")
            .args(["worker", "--name", name, "--url", &server.url()])
            .args(queues)
            .stdout(out)
            .stderr(err)
            .spawn()
            .unwrap();
        let mut worker = RqWorker { child, log };
        let prefix = self.variable("RQ_KEY_PREFIX").unwrap_or("rq");
        let (set, member) = (format!("{prefix}:workers"), format!("{prefix}:worker:{name}"));
        let mut client = server.client();
        wait_until(PATIENCE, "the worker to register", || {
            assert!(worker.child.try_wait().unwrap().is_none(), "{}", worker.log());
            let known: bool =
                redis::cmd("SISMEMBER").arg(&set).arg(&member).query(&mut client).unwrap();
            known.then_some(())
        });
        worker
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn command(&self, server: &RedisServer, program: &str) -> Command {
        let mut command = Command::new(self.venv.join("bin").join(program));
        command.current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", "/usr/bin:/bin").env("HOME", self.folder.path());
        command.env("LANG", "C.UTF-8").env("PYTHONPATH", self.folder.path());
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("REDIS_URL", server.url());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A worker that runs until it is stopped, with its work horse at the latest by `drop`.
pub(crate) struct RqWorker {
    child: Child,
    log: PathBuf,
}

impl RqWorker {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        // It may have ended by itself.
        let _ = kill(pid, signal);
    }

    /// Ends it as a lost machine does: no clean-up; a work horse lives on.
    pub(crate) fn crash(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn ended_within(&mut self, limit: Duration) -> bool {
        let started = std::time::Instant::now();
        while started.elapsed() < limit {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for RqWorker {
    /// The first signal asks RQ to finish its job, the second ends the work horse as well; one that
    /// comes within a second of the first is ignored. Source: RQ 1.16, `rq/worker.py`,
    /// `request_force_stop`.
    fn drop(&mut self) {
        for limit in [Duration::from_millis(1200), Duration::from_secs(5)] {
            if self.ended_within(Duration::ZERO) {
                return;
            }
            self.signal(Signal::SIGTERM);
            if self.ended_within(limit) {
                return;
            }
        }
        self.crash();
    }
}
