//! Commands of the bench's own Python, and who may run them.
//!
//! Source: `bench` replaces itself with `env/bin/python -m frappe.utils.bench_helper frappe …` in
//! `sites` for every command that is not its own.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{Pid, Uid, User, geteuid};

use crate::bench::Bench;
use crate::error::{Failure, Kind, Result};
use crate::sanitize::shell_quote;

/// A command of Frappe, to be run with `arguments`.
///
/// `what` is what it does, as in `start the scheduler`; `again` is what to type after the bench's
/// flag, for the hint. Errors: `Refused` as root on somebody else's bench, `NotFound` without the
/// bench's Python.
pub(super) fn command(
    bench: &Bench,
    arguments: &[&str],
    what: &str,
    again: &str,
) -> Result<Command> {
    refuse_root(bench, what, again)?;
    let python = bench.root().join("env/bin/python");
    if !python.exists() {
        let message = format!("cannot {what}: there is no `{}`", python.display());
        return Err(Failure::new(Kind::NotFound, message)
            .hint("make the bench's environment: bench setup env")
            .into());
    }
    let mut command = Command::new(&python);
    command.args(["-m", "frappe.utils.bench_helper", "frappe"]).args(arguments);
    command.current_dir(bench.root().join("sites"));
    Ok(command)
}

/// The most that is read of what a command prints.
const MOST_PRINTED: u64 = 4 * 1024 * 1024;

/// How often it is looked whether a command has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a command until it ends, and gives what it printed, at most [`MOST_PRINTED`] bytes. What is
/// still running at `deadline` is killed, with everything that it started.
///
/// Errors, as a sentence: it did not start, took too long, or failed, with the last line that it
/// wrote to standard error.
pub(super) fn printed(
    mut command: Command,
    deadline: Instant,
) -> std::result::Result<String, String> {
    if Instant::now() >= deadline {
        return Err("no time was left to ask Frappe: --timeout gives more".to_owned());
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn().map_err(|error| not_started(&command, &error).to_string())?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    std::thread::scope(|threads| {
        let output = threads.spawn(|| text_of(output));
        let errors = threads.spawn(|| text_of(errors));
        let in_time = ended_by(&child, deadline);
        // While the child is not reaped its group is nobody else's. What it left behind would hold
        // the pipes open.
        kill_group(&child);
        let ended = in_time.then(|| child.wait().is_ok_and(|status| status.success()));
        let texts = (output.join(), errors.join());
        let (output, errors) = (texts.0.unwrap_or_default(), texts.1.unwrap_or_default());
        match ended {
            None => {
                let _ = child.wait();
                Err("Frappe took too long to answer: --timeout gives it more".to_owned())
            }
            Some(true) => Ok(output),
            Some(false) => {
                let last = errors.lines().rfind(|line| !line.trim().is_empty());
                Err(format!("Frappe failed: {}", last.unwrap_or("it does not say why").trim()))
            }
        }
    })
}

fn text_of(pipe: Option<impl Read>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        // What came before an error is all there is.
        let _ = pipe.by_ref().take(MOST_PRINTED).read_to_end(&mut bytes);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether it ended in time; it is not reaped.
fn ended_by(child: &Child, deadline: Instant) -> bool {
    let Ok(pid) = i32::try_from(child.id()) else { return false };
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    loop {
        match waitid(Id::Pid(Pid::from_raw(pid)), flags) {
            Ok(WaitStatus::StillAlive) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Ok(WaitStatus::StillAlive) | Err(_) => return false,
            Ok(_) => return true,
        }
    }
}

/// Ends everything in the process group that the child was started as the leader of.
fn kill_group(child: &Child) {
    if let Ok(leader) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
    }
}

/// What a command that could not be started ends with.
pub(super) fn not_started(command: &Command, error: &std::io::Error) -> anyhow::Error {
    let kind = match error.kind() {
        std::io::ErrorKind::NotFound => Kind::NotFound,
        std::io::ErrorKind::PermissionDenied => Kind::Refused,
        _ => Kind::Io,
    };
    let program = command.get_program().to_string_lossy();
    Failure::new(kind, format!("cannot start `{program}`: {error}")).into()
}

/// What Frappe writes as root, its owner can no longer write. bench itself changes to the user
/// `frappe_user` of the common file, or refuses.
pub(super) fn refuse_root(bench: &Bench, what: &str, again: &str) -> Result<()> {
    let Ok(sites) = bench.root().join("sites").metadata() else { return Ok(()) };
    if !geteuid().is_root() || sites.uid() == 0 {
        return Ok(());
    }
    let owner = User::from_uid(Uid::from_raw(sites.uid())).ok().flatten();
    let owner = owner.map_or_else(|| format!("#{}", sites.uid()), |user| user.name);
    let root = bench.root().to_string_lossy();
    let message = format!("will not {what} as root: the bench belongs to `{owner}`");
    let (owner, root) = (shell_quote(&owner), shell_quote(&root));
    Err(Failure::new(Kind::Refused, message)
        .hint(format!("sudo -u {owner} jobctl --bench {root} {again}"))
        .into())
}
