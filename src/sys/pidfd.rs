//! A hold on one process: what is signalled through it is the process that was looked at.
//!
//! A process id is given to another program as soon as its owner is gone; a pidfd never is. So the
//! handle is opened first, then the process is checked, then it is signalled through the handle.
//! Needs Linux 5.3; elsewhere nothing can be opened. Source:
//! `pidfd_open(2)`, `pidfd_send_signal(2)`.

use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, OwnedFd};

/// The signals that jobctl sends to workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Makes a process with Python's faulthandler print its stacks; ends one without a handler.
    Usr1,
    /// Makes a worker end after its job; ends a process without a handler.
    Term,
}

impl Signal {
    /// Its number on this platform.
    pub const fn number(self) -> u32 {
        match self {
            Self::Usr1 => nix::libc::SIGUSR1.cast_unsigned(),
            Self::Term => nix::libc::SIGTERM.cast_unsigned(),
        }
    }
}

/// A hold on one process.
#[derive(Debug)]
pub struct ProcessHandle {
    pid: u32,
    #[cfg(target_os = "linux")]
    fd: OwnedFd,
}

#[cfg(target_os = "linux")]
impl ProcessHandle {
    /// Takes hold of the process that has this id now.
    ///
    /// Errors: `NotFound` without such a process, `Unsupported` where the kernel knows no pidfd.
    pub fn open(pid: u32) -> io::Result<Self> {
        use rustix::io::Errno;
        use rustix::process::{Pid, PidfdFlags, pidfd_open};

        let id = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let id = id.ok_or(io::ErrorKind::NotFound)?;
        match pidfd_open(id, PidfdFlags::empty()) {
            Ok(fd) => Ok(Self { pid, fd }),
            // The id is that of a thread, which no worker registers.
            Err(Errno::SRCH | Errno::INVAL) => Err(io::ErrorKind::NotFound.into()),
            Err(Errno::NOSYS) => Err(io::ErrorKind::Unsupported.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a signal.
    ///
    /// Errors: `NotFound` if the process has ended, `PermissionDenied` if it is another user's.
    pub fn send(&self, signal: Signal) -> io::Result<()> {
        use rustix::io::Errno;
        use rustix::process::{Signal as Number, pidfd_send_signal};

        let number = match signal {
            Signal::Usr1 => Number::USR1,
            Signal::Term => Number::TERM,
        };
        match pidfd_send_signal(&self.fd, number) {
            Err(Errno::SRCH) => Err(io::ErrorKind::NotFound.into()),
            sent => Ok(sent?),
        }
    }

    /// Whether the process has ended.
    pub fn has_ended(&self) -> bool {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

        // A pidfd becomes readable when its process ends.
        let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }
}

#[cfg(not(target_os = "linux"))]
impl ProcessHandle {
    /// There are no pidfds here.
    pub fn open(_pid: u32) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// There are no pidfds here.
    pub fn send(&self, _signal: Signal) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// There are no pidfds here.
    pub fn has_ended(&self) -> bool {
        true
    }
}

impl ProcessHandle {
    /// The process's id.
    pub fn pid(&self) -> u32 {
        self.pid
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn handle_of_a_process_that_ended_signals_nobody() {
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let handle = ProcessHandle::open(child.id()).unwrap();
        assert!(!handle.has_ended());
        handle.send(Signal::Term).unwrap();
        child.wait().unwrap();
        assert!(handle.has_ended());
        assert_eq!(handle.send(Signal::Usr1).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn open_without_such_a_process_finds_nothing() {
        for pid in [0, u32::MAX, 1 << 30] {
            assert_eq!(ProcessHandle::open(pid).unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }
}
