//! What to type where a process is not signalled.

use std::path::Path;

use super::Dumper;
use crate::context::Context;
use crate::env;
use crate::ops::workers::identify::Doubt;
use crate::report::dump::{Dump, Turn};
use crate::sanitize::shell_quote;
use crate::sys::proc::{Title, is_python};

/// What helps where no signal does.
pub(super) struct Tools {
    py_spy: Option<String>,
    is_bench: bool,
    pub(super) jobctl: String,
}

impl Tools {
    pub(super) fn of(context: &Context) -> Self {
        let target = context.target().ok();
        let bench = target.and_then(|target| target.bench.as_ref());
        let own = bench.map(|bench| bench.root().join("env/bin/py-spy"));
        let found = env::read(env::PATH).and_then(|path| {
            let mut places = std::env::split_paths(&path).map(|folder| folder.join("py-spy"));
            places.find(|place| is_program(place))
        });
        let py_spy = own.filter(|place| is_program(place)).or(found);
        Self {
            py_spy: py_spy.map(|path| shell_quote(&path.to_string_lossy()).into_owned()),
            is_bench: bench.is_some(),
            jobctl: target.map_or_else(|| "jobctl".to_owned(), crate::target::Target::command),
        }
    }

    /// What to type for a process without a handler.
    pub(super) fn instead_of_handler(&self, pid: u32) -> Vec<String> {
        let mut hints: Vec<String> = self
            .py_spy
            .iter()
            .map(|py_spy| {
                let sudo = if nix::unistd::geteuid().is_root() { "" } else { "sudo " };
                format!("{sudo}{py_spy} dump --pid {pid}")
            })
            .collect();
        hints.push(if self.is_bench {
            "Frappe 14 and newer set the handler when a process opens its first site; try again in a moment".to_owned()
        } else {
            "to have it next time: faulthandler.register(signal.SIGUSR1) in the worker's program"
                .to_owned()
        });
        hints
    }
}

fn is_program(path: &Path) -> bool {
    path.is_file() && nix::unistd::access(path, nix::unistd::AccessFlags::X_OK).is_ok()
}

impl Dumper<'_> {
    /// The id that a worker registered, and the id here of the one process in a container that has
    /// it there and may be the worker.
    fn in_container(&self, dump: &Dump) -> Option<(u32, u32)> {
        let inside = dump.worker_pid.or(dump.pid)?;
        let may_be = |outside: &u32| {
            let command = self.table.command_line(*outside).unwrap_or_default();
            let title = Title::of(&command);
            let named = dump.worker.as_deref().zip(title).map(|(name, title)| title.names(name));
            named.unwrap_or_else(|| is_python(&command))
        };
        let found = self.table.seen_from_outside(inside).into_iter().filter(may_be);
        match found.collect::<Vec<_>>().as_slice() {
            [outside] => Some((inside, *outside)),
            _ => None,
        }
    }

    /// A process that is not certain to be what it should be.
    pub(super) fn doubtful(&self, mut dump: Dump, doubt: &Doubt, name: &str) -> Dump {
        (dump.turn, dump.reason) = (Turn::Refused, Some(doubt.reason()));
        if let (Doubt::Unproven(_), Some((inside, outside))) = (doubt, self.in_container(&dump)) {
            let container = self.table.container(outside);
            let (name, jobctl) = (shell_quote(name), &self.tools.jobctl);
            let (place, enter) = match container {
                Some((program, id)) => (format!(" `{id}`"), format!("{program} exec {id}")),
                None => (String::new(), format!("nsenter --target {outside} --pid --mount")),
            };
            dump.reason = Some(format!(
                "it runs in a container{place}: there it is process {inside}, here {outside}"
            ));
            dump.hints.push(format!("{enter} {jobctl} workers dump {name}"));
        }
        if let Doubt::Elsewhere(_) = doubt {
            let name = shell_quote(name);
            dump.hints.push(format!("on that host: {} workers dump {name}", self.tools.jobctl));
        }
        dump
    }
}
