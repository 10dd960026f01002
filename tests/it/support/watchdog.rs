//! Servers that all tests of a run share, and that end with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::redis::PREPARE;

/// A server in the background; its folder goes with it.
///
/// It is held by a shell that reads from a pipe of this process: however the process ends, the pipe
/// closes, and the shell ends the server and removes its folder. A value that all tests share is
/// never dropped, so nothing in here could.
pub(crate) struct Watched {
    _shell: Child,
    folder: PathBuf,
}

impl Watched {
    /// Starts `command` in `folder`, which is to be ended with `signal`.
    pub(crate) fn start(folder: &Path, signal: &str, command: &[String]) -> Self {
        let log = fs::File::create(folder.join("log")).unwrap();
        let script = "folder=$1; signal=$2; shift 2; \"$@\" & pid=$!; read -r _; \
                      kill -s \"$signal\" $pid; wait $pid; rm -rf \"$folder\"";
        let shell = Command::new("sh")
            .args(["-c", script, "sh"])
            .arg(folder)
            .arg(signal)
            .args(command)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stderr(log.try_clone().unwrap())
            .stdout(log)
            .spawn()
            .unwrap_or_else(|error| panic!("sh cannot be started: {error}"));
        Self { _shell: shell, folder: folder.to_owned() }
    }

    /// What the server printed.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

/// Runs a command to its end; panics with what it said where it fails.
pub(crate) fn run(command: &mut Command) {
    let name = command.get_program().to_owned();
    let output = command.output().unwrap_or_else(|error| {
        panic!("{} cannot be started ({error}): {PREPARE}", name.display())
    });
    assert!(
        output.status.success(),
        "{}: {}{}",
        name.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
