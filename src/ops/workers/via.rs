//! What the process manager of a worker is to be told, once it has said itself that the process is
//! its own.
//!
//! Asks supervisor and systemd; orders nothing. A program, a configuration or a name that stands on
//! another user's command line is not believed: it could be anything, and jobctl may run as root.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use clap::ValueEnum;
use nix::unistd::geteuid;

use crate::env;
use crate::report::worker_stop::Manager;
use crate::sanitize::shell_quote;
use crate::sys::beside::{Beside, Ended};
use crate::sys::proc::ProcTable;

/// How long a process manager may take to say what it runs.
const ANSWER: Duration = Duration::from_secs(20);

/// The process manager that is to stop or restart workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// By supervisorctl.
    Supervisor,
    /// By systemctl.
    Systemd,
}

/// What a process manager is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    program: PathBuf,
    arguments: Vec<String>,
    /// Where it runs, if that is not where jobctl runs.
    directory: Option<PathBuf>,
}

impl Order {
    /// As one would type it.
    pub(super) fn text(&self) -> String {
        let program = self.program.to_string_lossy();
        let words = std::iter::once(&*program).chain(self.arguments.iter().map(String::as_str));
        words.map(shell_quote).collect::<Vec<_>>().join(" ")
    }

    /// Runs it.
    pub(super) fn start(&self) -> io::Result<Beside> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        Beside::start(&mut command)
    }

    /// `systemctl` for a unit of the system's or of one's own systemd.
    pub(super) fn systemctl(program: &Path, unit: &str, user: Option<u32>) -> Result<Self, String> {
        if let Some(user) = user.filter(|&user| user != geteuid().as_raw()) {
            return Err(format!("`{unit}` is a unit of user {user}: run jobctl as that user"));
        }
        let arguments = user.map(|_| "--user".to_owned()).into_iter().collect();
        Ok(Self { program: program.to_owned(), arguments, directory: None })
    }

    /// The same with more words.
    pub(super) fn and(&self, more: &[&str]) -> Self {
        let mut order = self.clone();
        order.arguments.extend(more.iter().map(|&word| word.to_owned()));
        order
    }

    /// Runs it to its end.
    pub(super) fn answer(&self) -> Result<Ended, String> {
        let answer = self.start().and_then(|running| running.answer(ANSWER));
        answer.map_err(|error| format!("`{}` cannot be asked: {error}", self.text()))
    }
}

/// One way to stop or restart workers, and what was learned on it.
pub(super) struct Managers {
    via: Via,
    verb: &'static str,
    /// What each supervisord runs: process ids and names.
    supervised: HashMap<u32, Result<Vec<(u32, String)>, String>>,
}

impl Managers {
    /// Orders of one verb, `stop` or `restart`.
    pub(super) fn new(via: Via, verb: &'static str) -> Self {
        Self { via, verb, supervised: HashMap::new() }
    }

    /// The order for the worker of process `pid`; else why there is none, as a sentence.
    pub(super) fn order(
        &mut self,
        table: &ProcTable,
        manager: &Manager,
        pid: u32,
    ) -> Result<Order, String> {
        match (self.via, manager) {
            (Via::Supervisor, Manager::Supervisor { pid: daemon, .. }) => {
                self.of_supervisor(table, *daemon, pid)
            }
            (Via::Systemd, Manager::Systemd { unit, user }) => {
                of_systemd(Path::new("systemctl"), unit, *user, pid, self.verb)
            }
            (_, Manager::Nobody) => Err("no process manager started it".to_owned()),
            (_, other) => Err(format!("it is not {}'s but {}'s", self.name(), other.word())),
        }
    }

    fn name(&self) -> &'static str {
        match self.via {
            Via::Supervisor => "supervisor",
            Via::Systemd => "systemd",
        }
    }

    fn of_supervisor(&mut self, table: &ProcTable, daemon: u32, pid: u32) -> Result<Order, String> {
        let control = control_of(table, daemon)?;
        let known = self
            .supervised
            .entry(daemon)
            .or_insert_with(|| programs_of(&control.and(&["status"]).answer()?));
        let known = known.as_ref().map_err(Clone::clone)?;
        let Some((_, name)) = known.iter().find(|(other, _)| *other == pid) else {
            return Err(format!("supervisor (process {daemon}) does not run a process {pid}"));
        };
        Ok(control.and(&[self.verb, name]))
    }
}

/// The `supervisorctl` that belongs to a supervisord, with its configuration.
fn control_of(table: &ProcTable, daemon: u32) -> Result<Order, String> {
    let owner = table.status(daemon).map(|status| status.user);
    if owner.is_none_or(|owner| owner != 0 && owner != geteuid().as_raw()) {
        return Err(format!(
            "its supervisord (process {daemon}) is another user's: run jobctl as that user"
        ));
    }
    let arguments = table.command_line(daemon).unwrap_or_default();
    let place = table.cwd(daemon);
    let own = arguments.iter().find(|word| word.ends_with("/supervisord"));
    let own = own.map(|path| Path::new(path).with_file_name("supervisorctl"));
    let own = own.filter(|path| path.is_absolute() && path.is_file());
    let program = own.or_else(|| on_search_path("supervisorctl"));
    let program = program.ok_or_else(|| "there is no `supervisorctl`".to_owned())?;
    let mut order = Order { program, arguments: Vec::new(), directory: None };
    match (configuration(&arguments), place) {
        (Some(file), Some(place)) => {
            // An absolute path stays what it is.
            let file = place.join(file).to_string_lossy().into_owned();
            order.arguments.extend(["-c".to_owned(), file]);
        }
        (Some(file), None) => order.arguments.extend(["-c".to_owned(), file.to_owned()]),
        // Both look for it in the same places, the working directory first.
        (None, place) => order.directory = place,
    }
    Ok(order)
}

/// The configuration file that a supervisord was started with. Source: supervisord.org, "Running
/// Supervisor", `-c` and `--configuration`.
pub(super) fn configuration(arguments: &[String]) -> Option<&str> {
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-c" | "--configuration" => return words.next(),
            _ => {
                let joined = word.strip_prefix("--configuration=");
                if let Some(file) = joined.or_else(|| word.strip_prefix("-c")) {
                    return Some(file);
                }
            }
        }
    }
    None
}

fn on_search_path(name: &str) -> Option<PathBuf> {
    let path = env::read(env::PATH)?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// The processes in what `supervisorctl status` prints: `GROUP:NAME  RUNNING  pid 4711, uptime …`.
///
/// Its exit code says nothing here: 3 as soon as one program does not run.
fn programs_of(answer: &Ended) -> Result<Vec<(u32, String)>, String> {
    let running = answer.printed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        // To `supervisorctl` these words mean more than one program.
        let name = words.next().filter(|name| *name != "all" && !name.contains('*'))?;
        let pid = words.skip_while(|word| *word != "pid").nth(1)?;
        Some((pid.trim_end_matches(',').parse().ok()?, name.to_owned()))
    });
    let running: Vec<_> = running.collect();
    if running.is_empty() {
        return Err(format!("supervisor shows no running process: {}", last_line(answer)));
    }
    Ok(running)
}

/// The order for a unit whose main process is the worker.
///
/// Source: `systemctl(1)`; `MainPID` is explained in `org.freedesktop.systemd1(5)`.
fn of_systemd(
    systemctl: &Path,
    unit: &str,
    user: Option<u32>,
    pid: u32,
    verb: &str,
) -> Result<Order, String> {
    let control = Order::systemctl(systemctl, unit, user)?;
    let answer = control.and(&["show", "--property=MainPID", "--", unit]).answer()?;
    let main = answer.printed.lines().find_map(|line| line.strip_prefix("MainPID="));
    match main.and_then(|main| main.trim().parse::<u32>().ok()) {
        Some(main) if main == pid => Ok(control.and(&["--no-ask-password", verb, "--", unit])),
        Some(main) => Err(format!("the main process of `{unit}` is {main}, not {pid}")),
        None => Err(format!("systemd does not know `{unit}`: {}", last_line(&answer))),
    }
}

/// The last thing that a program said.
pub(super) fn last_line(ended: &Ended) -> String {
    let last = ended.printed.lines().rfind(|line| !line.trim().is_empty());
    last.map_or_else(
        || "it said nothing".to_owned(),
        |line| line.trim().chars().take(300).collect(),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn programs_of_a_status_are_those_with_a_process() {
        let printed = "b-workers:b-short-0   RUNNING   pid 4711, uptime 1 day, 0:00:05\n\
                       b-workers:b-short-1   STOPPED   Nov 22 09:00 AM\n\
                       lone   RUNNING   pid 12, uptime 0:00:01\n\
                       all   RUNNING   pid 13, uptime 0:00:01\n\
                       g:*   RUNNING   pid 14, uptime 0:00:01\n\
                       broken   FATAL   Exited too quickly (process log may have details)\n\
                       pid\n\u{1b}[31m pid pid,\n";
        let answer = Ended { code: Some(3), printed: printed.to_owned() };
        let expected = vec![(4711, "b-workers:b-short-0".to_owned()), (12, "lone".to_owned())];
        assert_eq!(programs_of(&answer), Ok(expected));
        let refused = "unix:///var/run/supervisor.sock no such file\n";
        let answer = Ended { code: Some(4), printed: refused.to_owned() };
        assert!(programs_of(&answer).unwrap_err().contains("no such file"));
    }

    #[test]
    fn configuration_is_found_in_every_spelling() {
        let found = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            configuration(&words).map(str::to_owned)
        };
        let file = Some("/etc/s.conf".to_owned());
        assert_eq!(found("python /usr/bin/supervisord -n -c /etc/s.conf"), file);
        assert_eq!(found("supervisord -c/etc/s.conf"), file);
        assert_eq!(found("supervisord --configuration=/etc/s.conf -n"), file);
        assert_eq!(found("supervisord --configuration /etc/s.conf"), file);
        assert_eq!(found("supervisord -n"), None);
        assert_eq!(found("supervisord -c"), None);
    }

    #[test]
    fn unit_is_ordered_only_if_its_main_process_is_the_worker() {
        let dir = tempfile::tempdir().unwrap();
        let systemctl = dir.path().join("systemctl");
        let script = "#!/bin/sh\ncase \"$*\" in\n\
                      *'show --property=MainPID -- rq.service') echo MainPID=4711;;\n\
                      *) echo 'Failed to connect to bus' >&2; exit 1;;\nesac\n";
        fs::write(&systemctl, script).unwrap();
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
        let ask = |unit, user, pid| of_systemd(&systemctl, unit, user, pid, "restart");
        let own = geteuid().as_raw();
        let text = |user| ask("rq.service", user, 4711).unwrap().text();
        let program = systemctl.display();
        assert_eq!(text(None), format!("{program} --no-ask-password restart -- rq.service"));
        let expected = format!("{program} --user --no-ask-password restart -- rq.service");
        assert_eq!(text(Some(own)), expected);
        let why = ask("rq.service", None, 4712).unwrap_err();
        assert_eq!(why, "the main process of `rq.service` is 4711, not 4712");
        assert!(ask("x.service", None, 1).unwrap_err().contains("Failed to connect to bus"));
        assert!(ask("rq.service", Some(own + 1), 4711).unwrap_err().contains("as that user"));
    }
}
