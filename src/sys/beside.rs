//! A program that runs beside this one, and what it prints. Never through a shell.
//!
//! Its output goes into a file without a name, not into a pipe: it may outlive jobctl, and a program
//! that prints into a broken pipe dies in the middle of its work.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The most that is read of what it prints.
const MOST_PRINTED: u64 = 1 << 20;

/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A program that was started. Dropping the value leaves it alone.
#[derive(Debug)]
pub struct Beside {
    child: Child,
    output: File,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it printed, to standard output and to standard error.
    pub printed: String,
}

impl Beside {
    /// Starts a command in a process group of its own: a Ctrl-C is not meant for it.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let output = nameless()?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?);
        let child = command.process_group(0).spawn()?;
        Ok(Self { child, output })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended; `None` while it runs. Never waits.
    pub fn ended(&mut self) -> io::Result<Option<Ended>> {
        let Some(status) = self.child.try_wait()? else { return Ok(None) };
        let mut bytes = Vec::new();
        self.output.rewind()?;
        (&self.output).take(MOST_PRINTED).read_to_end(&mut bytes)?;
        let printed = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some(Ended { code: status.code(), printed }))
    }

    /// Waits for its end, and kills it with what it started if that takes longer than `limit`.
    ///
    /// Errors: `TimedOut`. Only for programs that change nothing.
    pub fn answer(mut self, limit: Duration) -> io::Result<Ended> {
        let started = Instant::now();
        loop {
            if let Some(ended) = self.ended()? {
                return Ok(ended);
            }
            if started.elapsed() >= limit {
                // Not reaped yet, so its group is nobody else's.
                if let Ok(leader) = i32::try_from(self.child.id()) {
                    let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
                }
                let _ = self.child.wait();
                let why = format!("it gave no answer within {} s", limit.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, why));
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// A file of this user's alone that no name leads to.
fn nameless() -> io::Result<File> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("jobctl-{}-{number}.out", std::process::id());
    let path = std::env::temp_dir().join(name);
    let mut options = OpenOptions::new();
    let file = options.read(true).append(true).create_new(true).mode(0o600).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn answer_has_what_was_printed_on_both_streams_and_the_exit_code() {
        let beside = Beside::start(&mut shell("echo one; echo two >&2; exit 3")).unwrap();
        let ended = beside.answer(Duration::from_secs(120)).unwrap();
        assert_eq!(ended, Ended { code: Some(3), printed: "one\ntwo\n".to_owned() });
    }

    #[test]
    fn answer_that_does_not_come_ends_what_was_asked_and_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("pid");
        let script = format!("sleep 600 & echo $! > {}; wait", file.display());
        let beside = Beside::start(&mut shell(&script)).unwrap();
        let pid = loop {
            if let Ok(pid) = fs::read_to_string(&file).unwrap_or_default().trim().parse::<u32>() {
                break pid;
            }
            std::thread::yield_now();
        };
        let error = beside.answer(Duration::ZERO).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let stat = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        while stat().contains(") S ") {
            std::thread::yield_now();
        }
    }

    #[test]
    fn start_without_such_a_program_fails_and_leaves_no_file() {
        let error = Beside::start(&mut Command::new("/nowhere/at/all")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
