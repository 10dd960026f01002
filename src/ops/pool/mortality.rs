//! What the pool's death means to its workers: that each ends after its job, also one that has been
//! told so before.
//!
//! A worker learns of the pool's death by a signal of the kernel ([`crate::sys::child::spawn`]). It
//! cannot be SIGTERM: RQ takes the second one for "cut the job off", the pool may have sent the first
//! one, and nobody but the worker itself can take the kernel's back. So it is a signal of its own,
//! and a line of Python in front of the worker's module passes it on as SIGTERM unless RQ has begun
//! to stop.
//!
//! A keeper between pool and worker, which passes on one signal alone, would need a process for each
//! worker, would hide the worker's process id from the pool, and, killed itself, cut the job off after
//! all. A helper beside the workers would leave them behind where it dies with the pool, as by a
//! `killall -9`.

use std::ffi::OsStr;
use std::process::Command;

use crate::sys::child;

/// Runs the module that `sys.argv` names, as `python -m` does, its search path included, and ends
/// after the job on [`child::spawn`]'s signal.
///
/// After the first signal, of whichever kind, RQ's handler of SIGTERM is `request_force_stop`.
/// Source: `rq/worker.py` `request_stop`, 1.11 to 2.12, `rq/worker/base.py`, 3.0. One line, as it
/// stands in the worker's command line. Before it has run, the signal ends the worker, which has no
/// job yet. Work horses do not inherit the kernel's promise.
const HEED: &str = "import os,runpy,sys,signal as s;\
s.signal(s.SIGPWR,lambda*_:getattr(s.getsignal(s.SIGTERM),'__name__','')=='request_force_stop'\
 or os.kill(os.getpid(),s.SIGTERM));\
sys.path[:1]=[path or os.getcwd()for path in sys.path[:1]];\
del sys.argv[0];runpy.run_module(sys.argv[0],None,'__main__',True)";

/// The command of a worker, `python -m MODULE …`, so that it heeds the pool's death. Anything else,
/// and every command where the kernel makes no such promise, stays as it is.
pub(super) fn heeding(command: &Command) -> Command {
    let mut arguments: Vec<&OsStr> = command.get_args().collect();
    if cfg!(target_os = "linux") && arguments.first().is_some_and(|first| *first == "-m") {
        arguments.splice(..1, ["-c", HEED].map(OsStr::new));
    }
    child::again(command, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::proc::PREAMBLE_BEGIN;

    #[test]
    #[cfg(target_os = "linux")]
    fn heeding_changes_how_a_module_is_called_and_nothing_else() {
        let mut command = Command::new("python");
        command.args(["-m", "rq.cli", "worker", "-m"]).env("A", "b").current_dir("/");
        let heeding = heeding(&command);
        let arguments: Vec<&OsStr> = heeding.get_args().collect();
        assert!(HEED.starts_with(PREAMBLE_BEGIN), "or no process table leaves it out");
        assert_eq!(arguments, ["-c", HEED, "rq.cli", "worker", "-m"]);
        assert!(heeding.get_envs().eq(command.get_envs()));
        assert_eq!(heeding.get_current_dir(), command.get_current_dir());
        let mut other = Command::new("sh");
        other.args(["-c", "true"]);
        assert!(super::heeding(&other).get_args().eq(other.get_args()));
    }
}
