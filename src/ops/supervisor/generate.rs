//! Writes the definitions that a bench should have.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use clap::ValueEnum;
use nix::unistd::{Uid, User};

use super::{ENDLESS_S, Group, SURPLUS_S, groups, longest};
use crate::bench::Bench;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::ops::switch::places::bench_of;
use crate::report::supervisor::{Definition, SupervisorGenerateReport};

/// Seconds for the scheduler, which ends after the round it is in.
const SCHEDULER_STOP_S: u64 = 60;

/// Who starts the processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub enum Manager {
    /// supervisord.
    #[default]
    Supervisor,
    /// systemd.
    Systemd,
}

/// One process to be defined.
struct Process {
    name: String,
    arguments: Vec<String>,
    count: u64,
    stop_s: u64,
    log: &'static str,
    /// A supervisor of ours, which tells systemd how it is.
    notifies: bool,
}

/// The definitions for the bench's queues and its scheduler; with `pool`, one `jobctl worker-pool`
/// for each group of queues in place of single workers.
///
/// Errors: `Config` for a path or queue that a definition cannot hold.
pub fn generate(
    context: &Context,
    manager: Manager,
    pool: bool,
) -> Result<SupervisorGenerateReport> {
    let bench = bench_of(context)?;
    let owner = owner(bench);
    let processes = processes(bench, pool);
    let words = processes.iter().flat_map(|process| &process.arguments);
    for word in words.chain([&owner]) {
        if word.chars().any(char::is_control) {
            let message = format!(
                "cannot define a process with `{}`: it holds control bytes",
                word.escape_debug()
            );
            return Err(Failure::new(Kind::Config, message).into());
        }
    }
    let name = plain_name(&bench.root().file_name().unwrap_or_default().to_string_lossy());
    let definitions = match manager {
        Manager::Supervisor => vec![supervisor(bench, &name, &owner, &processes)],
        Manager::Systemd => systemd(bench, &name, &owner, &processes),
    };
    Ok(SupervisorGenerateReport { definitions, notes: Vec::new() })
}

fn owner(bench: &Bench) -> String {
    let uid = bench.root().join("sites").metadata().map_or(0, |metadata| metadata.uid());
    let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
    user.map_or_else(|| uid.to_string(), |user| user.name)
}

fn processes(bench: &Bench, pool: bool) -> Vec<Process> {
    let python = bench.root().join("env/bin/python").display().to_string();
    let frappe = |command: &[&str]| -> Vec<String> {
        let fixed = [python.as_str(), "-m", "frappe.utils.bench_helper", "frappe"];
        fixed.iter().chain(command).map(|&word| word.to_owned()).collect()
    };
    let jobctl = std::env::current_exe()
        .map_or_else(|_| "jobctl".to_owned(), |path| path.display().to_string());
    let of_group = |group: Group| {
        let queues = group.queues.join(",");
        let stop_s = longest(bench, &group.queues).unwrap_or(ENDLESS_S) + SURPLUS_S;
        let (arguments, count) = if pool {
            let root = bench.root().display().to_string();
            // The manager waits a little longer than the pool does for its workers.
            let grace = format!("{}s", stop_s - SURPLUS_S / 2);
            let workers = group.workers.to_string();
            let words = [
                &jobctl,
                "--bench",
                &root,
                "worker-pool",
                "--queue",
                &queues,
                "--num-workers",
                &workers,
                "--grace",
                &grace,
            ];
            (words.iter().map(|&word| word.to_owned()).collect(), 1)
        } else {
            (frappe(&["worker", "--queue", &queues]), group.workers)
        };
        Process {
            name: format!("{}-worker", group.name),
            arguments,
            count,
            stop_s,
            log: "worker",
            notifies: pool,
        }
    };
    let mut processes = vec![Process {
        name: "schedule".to_owned(),
        arguments: frappe(&["schedule"]),
        count: 1,
        stop_s: SCHEDULER_STOP_S,
        log: "schedule",
        notifies: false,
    }];
    processes.extend(groups(bench).into_iter().map(of_group));
    for (number, process) in processes.iter_mut().enumerate() {
        let name = plain_name(&process.name);
        // Two that differ only in other characters must not become one.
        process.name = if name == process.name { name } else { format!("{name}-{number}") };
    }
    processes
}

/// A name that both supervisor and systemd take: other characters mean something to one of them.
fn plain_name(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect()
}

fn supervisor(bench: &Bench, name: &str, owner: &str, processes: &[Process]) -> Definition {
    let root = bench.root();
    let mut text = String::new();
    for process in processes {
        let full = format!("{name}-frappe-{}", process.name);
        let command: Vec<String> = process.arguments.iter().map(|word| quoted(word)).collect();
        let place = |path: &Path| path.display().to_string().replace('%', "%%");
        let log = |ending: &str| place(&root.join(format!("logs/{}{ending}", process.log)));
        text.push_str(&format!(
            "[program:{full}]\ncommand={}\ndirectory={}\nuser={owner}\npriority=4\nautostart=true\n\
             autorestart=true\nnumprocs={}\nprocess_name=%(program_name)s-%(process_num)d\n\
             stopwaitsecs={}\nkillasgroup=true\nstdout_logfile={}\nstderr_logfile={}\n\n",
            command.join(" "),
            place(&root.join("sites")),
            process.count,
            process.stop_s,
            log(".log"),
            log(".error.log"),
        ));
    }
    let programs: Vec<String> =
        processes.iter().map(|process| format!("{name}-frappe-{}", process.name)).collect();
    text.push_str(&format!("[group:{name}-workers]\nprograms={}\n", programs.join(",")));
    Definition { file: "config/supervisor-workers.conf".to_owned(), text }
}

/// A word of a supervisor command. Source: supervisord.org: split as by a shell, `%` doubled.
fn quoted(word: &str) -> String {
    crate::sanitize::shell_quote(word).replace('%', "%%")
}

fn systemd(bench: &Bench, name: &str, owner: &str, processes: &[Process]) -> Vec<Definition> {
    let root = bench.root();
    let sites = unit_path(&root.join("sites"));
    let target = format!("{name}-workers.target");
    let mut units = Vec::new();
    let mut wants = Vec::new();
    for process in processes {
        let template = if process.count > 1 { "@" } else { "" };
        let file = format!("{name}-frappe-{}{template}.service", process.name);
        for number in 1..=process.count {
            let instance = if process.count > 1 { format!("@{number}") } else { String::new() };
            wants.push(format!("{name}-frappe-{}{instance}.service", process.name));
        }
        let command: Vec<String> = process.arguments.iter().map(|word| unit_word(word)).collect();
        let log = |ending: &str| unit_path(&root.join(format!("logs/{}{ending}", process.log)));
        let kind = if process.notifies { "notify" } else { "simple" };
        let reload = if process.notifies { "ExecReload=/bin/kill -HUP $MAINPID\n" } else { "" };
        let text = format!(
            "[Unit]\nDescription={} of {name}\nPartOf={target}\nAfter=network.target\n\n[Service]\n\
             Type={kind}\nUser={owner}\nWorkingDirectory={sites}\nExecStart={}\n{reload}Restart=always\n\
             RestartSec=5\nKillMode=mixed\nKillSignal=SIGTERM\nTimeoutStopSec={}\n\
             StandardOutput=append:{}\nStandardError=append:{}\n\n[Install]\nWantedBy={target}\n",
            process.name,
            command.join(" "),
            process.stop_s,
            log(".log"),
            log(".error.log"),
        );
        units.push(Definition { file: format!("/etc/systemd/system/{file}"), text });
    }
    let text = format!(
        "[Unit]\nDescription=Workers and scheduler of {name}\nWants={}\n\n[Install]\n\
         WantedBy=multi-user.target\n",
        wants.join(" ")
    );
    units.push(Definition { file: format!("/etc/systemd/system/{target}"), text });
    units
}

/// A path in a unit, taken as it stands to the end of the line. Source: `systemd.unit(5)`,
/// specifiers.
fn unit_path(path: &Path) -> String {
    path.display().to_string().replace('%', "%%")
}

/// A word of `ExecStart`. Source: `systemd.service(5)`, command lines.
fn unit_word(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\\\"");
    let escaped = escaped.replace('%', "%%").replace('$', "$$");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,:=@+%$".contains(c);
    if !word.is_empty() && word.chars().all(plain) { escaped } else { format!("\"{escaped}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_name_keeps_nothing_that_a_manager_takes_apart() {
        assert_eq!(plain_name("we ird%d'x"), "we-ird-d-x");
        assert_eq!(plain_name("frappe-bench_15.2"), "frappe-bench_15.2");
        assert_eq!(plain_name("a,b:c@d/e\u{e9}"), "a-b-c-d-e-");
    }
}
