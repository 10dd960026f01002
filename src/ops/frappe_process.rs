//! Commands of the bench's own Python, and who may run them.
//!
//! Source: `bench` replaces itself with `env/bin/python -m frappe.utils.bench_helper frappe …` in
//! `sites` for every command that is not its own.

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use nix::unistd::{Uid, User, geteuid};

use crate::bench::Bench;
use crate::error::{Failure, Kind, Result};
use crate::render::sanitize::shell_quote;

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
