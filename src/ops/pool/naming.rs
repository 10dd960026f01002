//! Names that the pool gives to its workers, so that it knows its own from others: two containers on
//! the host's network may have workers of one host name and process id.
//!
//! A name is drawn by lot, as RQ draws one itself. Frappe's workers name themselves.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::process::Command;

use crate::sys::child;
use crate::sys::proc::{ProcTable, Title};

/// Whether further arguments of `rq worker` leave the name to the pool. Source: `rq/cli/workers.py`,
/// `--name`, `-n`.
pub(super) fn may_name(rest: &[String]) -> bool {
    let names = |word: &String| {
        word == "--name"
            || word.starts_with("--name=")
            || (word.starts_with("-n") && !word.starts_with("--"))
    };
    !rest.iter().any(names)
}

/// A name of 32 hex digits; `None` without a source of chance.
pub(super) fn draw() -> Option<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).ok()?;
    Some(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The command of `rq worker` with a name; any other stays as it is.
pub(super) fn named(command: &Command, name: &str) -> Command {
    let mut arguments: Vec<&OsStr> = command.get_args().collect();
    let is_call = |pair: &[&OsStr]| pair == ["rq.cli", "worker"];
    if let Some(at) = arguments.windows(2).position(is_call) {
        arguments.splice(at + 2..at + 2, ["--name", name].map(OsStr::new));
    }
    child::again(command, arguments)
}

/// Whether the title of a process shows that it is another worker than the one registered under its
/// id. Only where `setproctitle` is installed does it show any.
pub(super) fn is_another(table: &ProcTable, pid: u32, worker: &str) -> bool {
    let line = table.command_line(pid).unwrap_or_default();
    match Title::of(&line) {
        Some(title @ Title::Worker(_)) => !title.names(worker),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_puts_the_name_before_the_worker_s_own_arguments_and_queues() {
        let mut command = Command::new("python");
        command.args(["-c", "…", "rq.cli", "worker", "--burst", "--", "worker"]).env("A", "b");
        let named = named(&command, "n1");
        let arguments: Vec<&OsStr> = named.get_args().collect();
        assert_eq!(
            arguments,
            ["-c", "…", "rq.cli", "worker", "--name", "n1", "--burst", "--", "worker"]
        );
        assert!(named.get_envs().eq(command.get_envs()));
        let mut other = Command::new("python");
        other.args(["-m", "frappe.utils.bench_helper", "frappe", "worker"]);
        assert!(super::named(&other, "n1").get_args().eq(other.get_args()));
    }

    #[test]
    fn name_that_was_given_is_left_to_the_operator() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (line, expected) in [
            ("--with-scheduler --results-ttl 5", true),
            ("--name x", false),
            ("--name=x", false),
            ("-n x", false),
            ("-nx", false),
        ] {
            assert_eq!(may_name(&words(line)), expected, "{line}");
        }
    }

    #[test]
    fn drawn_names_are_like_those_of_rq_and_differ() {
        let (one, other) = (draw().unwrap(), draw().unwrap());
        assert!(crate::model::worker::is_drawn(&one));
        assert_ne!(one, other);
    }
}
