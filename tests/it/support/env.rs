//! Running the binary in an environment that holds nothing of the developer's.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use super::wait::{PATIENCE, wait_until};

/// A `jobctl` about to run.
///
/// It sees no variable but the ones set here, has a home of its own and works in it.
pub(crate) struct Jobctl {
    command: Command,
    home: TempDir,
    input: Vec<u8>,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The exit code; -1 where a signal ended it.
    pub(crate) code: i32,
}

impl Run {
    /// What was printed as JSON; panics with everything that was said where it is none.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A `jobctl` with `arguments`.
pub(crate) fn jobctl<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Jobctl {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_jobctl"));
    command.args(arguments).env_clear().current_dir(home.path());
    command.env("HOME", home.path()).env("COLUMNS", "100").env("PATH", "/usr/bin:/bin");
    command.env("TZ", "UTC").env("LANG", "C.UTF-8");
    Jobctl { command, home, input: Vec::new() }
}

impl Jobctl {
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs as another user, to whom the home is given.
    pub(crate) fn user(mut self, id: u32) -> Self {
        std::os::unix::fs::chown(self.home.path(), Some(id), Some(id)).unwrap();
        self.command.uid(id).gid(id);
        self
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Runs to the end; panics, and ends the process, if that does not come.
    pub(crate) fn run(mut self) -> Run {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Running(self.command.spawn().unwrap());
        let (mut stdin, input) = (child.0.stdin.take().unwrap(), self.input);
        // Nobody has to read it: a closed pipe is no fault.
        thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = collect(child.0.stdout.take().unwrap());
        let stderr = collect(child.0.stderr.take().unwrap());
        let status = wait_until(PATIENCE, "jobctl to end", || child.0.try_wait().unwrap());
        Run {
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
            code: status.code().unwrap_or(-1),
        }
    }
}

/// A child that does not outlive the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn collect(mut pipe: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8(bytes).expect("jobctl prints UTF-8")
    })
}
