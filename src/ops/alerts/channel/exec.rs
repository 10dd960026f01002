//! A program that is told: no shell, the event as JSON on its input, few variables, and an end.

use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::env;
use crate::ops::alerts::expr::severity_word;
use crate::ops::alerts::message::{Event, clean};
use crate::secrets::Secrets;

/// Variables that the program keeps; the others may hold secrets.
const KEPT: &[&str] = &[env::PATH, env::HOME, env::USER, env::LANG, env::TZ];

/// How often it is looked whether it has ended.
const LOOK: Duration = Duration::from_millis(10);

/// Bytes of its errors that are kept.
const MOST_ERRORS: u64 = 2048;

/// How long what it said last is waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// A program and its arguments.
#[derive(Debug, Clone)]
pub(super) struct Exec {
    pub(super) command: Vec<String>,
}

impl Exec {
    pub(super) fn send(
        &self,
        event: &Event,
        limit: Duration,
        stop: &AtomicBool,
    ) -> Result<(), String> {
        let Some((program, arguments)) = self.command.split_first() else {
            return Err("it names no program".to_owned());
        };
        let input = serde_json::to_vec(event).map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().process_group(0).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        for name in KEPT {
            if let Some(value) = env::read(name) {
                command.env(name, value);
            }
        }
        command.env(env::JOBCTL_ALERT, &event.alert);
        command.env(env::JOBCTL_ALERT_STATE, event.state.word());
        command.env(env::JOBCTL_ALERT_SEVERITY, severity_word(Some(event.severity)));
        let child = command.spawn().map_err(|error| format!("cannot run `{program}`: {error}"))?;
        Running(child).finish(program, input, limit, stop)
    }
}

/// A program that is running. One that is cut off ends with its group; one that ended by itself may
/// leave others running, as those do that go on in the background.
struct Running(Child);

impl Running {
    fn finish(
        mut self,
        program: &str,
        mut input: Vec<u8>,
        limit: Duration,
        stop: &AtomicBool,
    ) -> Result<(), String> {
        let deadline = Instant::now() + limit;
        let (stdin, stderr) = (self.0.stdin.take(), self.0.stderr.take());
        input.push(b'\n');
        // Both end by themselves once nobody holds the other end of their pipe.
        std::thread::spawn(move || {
            // A program need not read what it is told.
            let _ = stdin.map(|mut stdin| stdin.write_all(&input));
        });
        let (tell, told) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.map(|stderr| stderr.take(MOST_ERRORS).read_to_end(&mut said));
            let _ = tell.send(said);
        });
        let status = loop {
            match self.0.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if Instant::now() >= deadline => {
                    let limit = crate::human::seconds(limit);
                    return Err(format!("`{program}` did not end within {limit} and was killed"));
                }
                Ok(None) if stop.load(Ordering::Relaxed) => {
                    return Err(format!("`{program}` was killed, as jobctl ends"));
                }
                Ok(None) => std::thread::sleep(LOOK),
                Err(error) => return Err(format!("cannot wait for `{program}`: {error}")),
            }
        };
        if status.success() {
            return Ok(());
        }
        // A child of it that lives on may hold the pipe open.
        let said = told.recv_timeout(LAST_WORDS).unwrap_or_default();
        let said = clean(String::from_utf8_lossy(&said).trim(), Secrets::default());
        let ended = format!("`{program}` {}", ending(status));
        Err(if said.is_empty() { ended } else { format!("{ended}: {said}") })
    }

    fn kill_group(&self) {
        if let Ok(pid) = i32::try_from(self.0.id()) {
            // It may all have ended; nobody else has this group while its first process is ours.
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            self.kill_group();
            let _ = self.0.wait();
        }
    }
}

fn ending(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::alerts::message::Place;

    fn run(words: &[&str], limit_ms: u64) -> Result<(), String> {
        let event = Event::test("c", "2026-01-02T03:04:05Z".parse().unwrap(), &Place::default());
        let command = words.iter().map(ToString::to_string).collect();
        Exec { command }.send(&event, Duration::from_millis(limit_ms), &AtomicBool::new(false))
    }

    #[test]
    fn program_gets_the_event_and_few_variables() {
        let dir = tempfile::tempdir().unwrap();
        let (out, env) = (dir.path().join("out"), dir.path().join("env"));
        let script = format!("cat > '{}'; env > '{}'", out.display(), env.display());
        run(&["/bin/sh", "-c", &script], 60_000).unwrap();
        let event: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
        assert_eq!(event["state"], "test");
        let env = std::fs::read_to_string(env).unwrap();
        assert!(env.contains("JOBCTL_ALERT_STATE=test"), "{env}");
        assert!(!env.contains("CARGO"), "{env}");
    }

    #[test]
    fn program_that_fails_says_why_and_one_that_does_not_read_is_fine() {
        let error = run(&["/bin/sh", "-c", "echo no pager >&2; exit 3"], 60_000).unwrap_err();
        assert_eq!(error, "`/bin/sh` ended with exit code 3: no pager");
        assert!(run(&["/nonexistent/x"], 60_000).unwrap_err().starts_with("cannot run"));
        run(&["/bin/true"], 60_000).unwrap();
    }

    #[test]
    fn program_that_hangs_is_killed_with_its_children() {
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let script = format!("sleep 600 & echo $! > '{}'; wait", pid.display());
        let error = run(&["/bin/sh", "-c", &script], 4_000).unwrap_err();
        assert!(error.ends_with("was killed"), "{error}");
        let pid: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            stat.is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
        };
        let began = Instant::now();
        while !gone() && began.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(gone());
    }
}
