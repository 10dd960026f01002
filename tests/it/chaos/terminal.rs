//! A terminal with somebody at it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::pty::openpty;
use tempfile::TempDir;

use crate::support::wait::{PATIENCE, wait_until};

/// A jobctl on a terminal of its own.
pub(super) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Arc<Mutex<String>>,
    reading: Option<JoinHandle<()>>,
    _home: TempDir,
}

impl Terminal {
    /// Starts it as the leader of its session, so that the terminal's signals reach it; also where
    /// the tests run in the background of a shell, which has its children ignore Ctrl-C.
    pub(super) fn start(words: &[&str], state: &std::path::Path) -> Self {
        let pty = openpty(None, None).unwrap();
        let ours = |fd: &std::os::fd::OwnedFd| Stdio::from(fd.try_clone().unwrap());
        let home = tempfile::tempdir().unwrap();
        let child = Command::new("env")
            .args(["--default-signal=INT", "setsid", "--ctty", "--wait"])
            .arg(env!("CARGO_BIN_EXE_jobctl"))
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home.path())
            .env("XDG_STATE_HOME", state)
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env("LANG", "C.UTF-8")
            .current_dir(home.path())
            .stdin(ours(&pty.slave))
            .stdout(ours(&pty.slave))
            .stderr(ours(&pty.slave))
            .spawn()
            .unwrap();
        drop(pty.slave);
        let keyboard = File::from(pty.master);
        let screen = Arc::new(Mutex::new(String::new()));
        let (mut output, shown) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        let reading = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The terminal ends with an error once nobody has it open any more. Source: pty(7).
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                shown.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        Self { child, keyboard, screen, reading: Some(reading), _home: home }
    }

    pub(super) fn screen(&self) -> String {
        self.screen.lock().unwrap().clone()
    }

    /// Waits until this is on the screen.
    pub(super) fn shows(&self, text: &str) {
        let started = std::time::Instant::now();
        wait_until(PATIENCE * 2, text, || {
            let screen = self.screen();
            assert!(started.elapsed() < PATIENCE, "no `{text}` on the screen: {screen}");
            screen.contains(text).then_some(())
        });
    }

    pub(super) fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits for the end; gives the exit code, as a shell has it, and all that was shown.
    pub(super) fn ends(mut self) -> (i32, String) {
        let status = wait_until(PATIENCE, "jobctl to end", || self.child.try_wait().unwrap());
        let reading = self.reading.take().unwrap();
        wait_until(PATIENCE, "the screen to come to rest", || reading.is_finished().then_some(()));
        let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap());
        (code, self.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
