//! Children that lead sessions of their own and do not outlive the one who started them.
//!
//! Owns the one unsafe call that matters: what runs between fork and exec.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpid, getppid, setsid};

/// Starts a command in a session of its own; it gets SIGPWR when the calling *thread* ends.
///
/// A session of its own keeps a terminal's Ctrl-C and hang-up away from it. The signal is tied to
/// the thread that forks, so only a thread that lives as long as the process may call this
/// (source: prctl(2), `PR_SET_PDEATHSIG`; Linux alone has it). It ends a child that does not handle
/// it, and nobody else sends it: a child that tells its parent's death from a SIGTERM can, as nobody
/// but the child itself can take the signal back. Dropping the value neither ends nor reaps the
/// child: see [`reap`].
pub fn spawn(command: &mut Command) -> io::Result<Child> {
    let parent = getpid();
    let prepare = move || {
        setsid()?;
        end_with(parent)
    };
    // SAFETY: between fork and exec only async-signal-safe calls are allowed: the closure makes
    // three or four system calls, takes no lock and allocates nothing.
    #[expect(unsafe_code, reason = "the standard library has no other way to call setsid")]
    unsafe {
        command.pre_exec(prepare);
    }
    command.spawn()
}

#[cfg(target_os = "linux")]
fn end_with(parent: Pid) -> io::Result<()> {
    nix::sys::prctl::set_pdeathsig(Signal::SIGPWR)?;
    // The parent may have ended before that took effect.
    if getppid() == parent { Ok(()) } else { Err(Errno::ESRCH.into()) }
}

#[cfg(not(target_os = "linux"))]
fn end_with(_parent: Pid) -> io::Result<()> {
    Ok(())
}

/// The same command with other arguments: a `Command` cannot be cloned. Its streams are left behind.
pub fn again<'a>(command: &Command, arguments: impl IntoIterator<Item = &'a OsStr>) -> Command {
    let mut again = Command::new(command.get_program());
    again.args(arguments);
    if let Some(dir) = command.get_current_dir() {
        again.current_dir(dir);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => again.env(name, value),
            None => again.env_remove(name),
        };
    }
    again
}

/// From now on processes whose parent ends become children of this one, where [`reap`] sees them
/// end, and not of process 1. Says whether that works here. Source: `PR_SET_CHILD_SUBREAPER`.
pub fn adopt_orphans() -> bool {
    #[cfg(target_os = "linux")]
    {
        nix::sys::prctl::set_child_subreaper(true).is_ok()
    }
    #[cfg(not(target_os = "linux"))]
    {
        false
    }
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With this exit code.
    Code(i32),
    /// By this signal.
    Signal(Signal),
}

impl Ending {
    /// Whether it ended without a fault.
    pub fn is_clean(self) -> bool {
        self == Self::Code(0)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => f.write_str(signal.as_str()),
        }
    }
}

/// Takes one child that has ended, own or adopted; `None` once there is none. Never waits.
pub fn reap() -> Option<(u32, Ending)> {
    loop {
        let (pid, ending) = match waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::Exited(pid, code)) => (pid, Ending::Code(code)),
            Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, Ending::Signal(signal)),
            Ok(WaitStatus::StillAlive) => return None,
            Ok(_) | Err(Errno::EINTR) => continue,
            Err(_) => return None,
        };
        return Some((u32::try_from(pid.as_raw()).ok()?, ending));
    }
}

/// Signals a child that was not reaped yet: until then its id cannot be anybody else's.
pub fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        // One that has just ended is a zombie, which takes any signal.
        let _ = kill(Pid::from_raw(pid), signal);
    }
}
