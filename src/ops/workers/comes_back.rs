//! Whether a process manager starts a worker again that was told to end, by itself and with exit
//! code 0 as RQ's workers do, and how long it waits for that end.
//!
//! Reads supervisor's configuration and asks systemd; orders nothing.

use std::path::{Path, PathBuf};

use crate::ops::supervisor::{starts_again, stop_wait_s};
use crate::ops::workers::manager::manager_of;
use crate::ops::workers::via::{Order, configuration, last_line};
use crate::report::worker_stop::Manager;
use crate::sys::proc::ProcTable;

/// Why the worker would not come back, or why that cannot be told; `None` if it comes back.
pub(super) fn against(
    table: &ProcTable,
    manager: &Manager,
    systemctl: &Path,
) -> Option<(String, Vec<String>)> {
    let (name, told, kept) = match manager {
        Manager::Supervisor { pid, program } => {
            ("supervisor", of_supervisor(table, *pid, program.as_deref()), "autorestart")
        }
        Manager::Systemd { unit, user } => {
            ("systemd", of_systemd(systemctl, unit, *user), "Restart")
        }
        _ => return None,
    };
    let why = match told {
        Ok(true) => return None,
        Ok(false) => format!(
            "{name} would not start it again: by its {kept} one that ends with exit code 0 is left ended"
        ),
        Err(why) => format!("whether {name} would start it again cannot be told: {why}"),
    };
    Some((why, vec![format!("--via {name} restarts it there")]))
}

fn of_supervisor(table: &ProcTable, daemon: u32, name: Option<&str>) -> Result<bool, String> {
    let name = name.ok_or("the worker's name there is not known")?;
    let (group, process) = name.split_once(':').unwrap_or((name, name));
    starts_again(&config_of(table, daemon)?, group, process)
}

/// What supervisor calls the program of a process, and the seconds that it waits for its end before it
/// kills it; `None` for a process that is not supervisor's, and where that cannot be told.
pub(crate) fn stop_wait(table: &ProcTable, pid: u32) -> Option<(String, u64)> {
    let Manager::Supervisor { pid: daemon, program: Some(name) } = manager_of(table, pid) else {
        return None;
    };
    let (group, process) = name.split_once(':').unwrap_or((&name, &name));
    let seconds = stop_wait_s(&config_of(table, daemon).ok()?, group, process).ok()?;
    Some((group.to_owned(), seconds))
}

/// The configuration file of a supervisord. Source: `supervisor/options.py`, `searchpaths`.
fn config_of(table: &ProcTable, daemon: u32) -> Result<PathBuf, String> {
    let arguments = table.command_line(daemon).unwrap_or_default();
    let place = table.cwd(daemon);
    let absolute = |path: &Path| match &place {
        _ if path.is_absolute() => Some(path.to_owned()),
        Some(place) => Some(place.join(path)),
        None => None,
    };
    let unknown = || format!("the configuration of supervisord (process {daemon}) is not known");
    if let Some(file) = configuration(&arguments) {
        return absolute(Path::new(file)).ok_or_else(unknown);
    }
    let program = arguments.iter().find(|word| word.ends_with("supervisord"));
    let home = program.and_then(|path| Path::new(path).parent()?.parent());
    let near = home.map(|home| [home.join("etc/supervisord.conf"), home.join("supervisord.conf")]);
    let fixed = [
        "supervisord.conf",
        "etc/supervisord.conf",
        "/etc/supervisord.conf",
        "/etc/supervisor/supervisord.conf",
    ];
    for path in near.into_iter().flatten().chain(fixed.map(PathBuf::from)) {
        // One that comes first and cannot be looked for may be the one.
        let path = absolute(&path).ok_or_else(unknown)?;
        if path.exists() {
            return Ok(path);
        }
    }
    Err(unknown())
}

/// Source: `systemd.service(5)`, `Restart` and `RestartPreventExitStatus`.
fn of_systemd(systemctl: &Path, unit: &str, user: Option<u32>) -> Result<bool, String> {
    let wanted = "--property=Restart,RestartPreventExitStatus";
    let control = Order::systemctl(systemctl, unit, user)?;
    let answer = control.and(&["show", wanted, "--", unit]).answer()?;
    let value = |name: &str| {
        let value = answer.printed.lines().find_map(|line| line.strip_prefix(name));
        value.and_then(|value| value.strip_prefix('=')).map(str::trim)
    };
    let is_prevented = value("RestartPreventExitStatus")
        .is_some_and(|codes| codes.split_whitespace().any(|code| code == "0"));
    match value("Restart") {
        Some("always" | "on-success") => Ok(!is_prevented),
        Some("no" | "on-failure" | "on-abnormal" | "on-watchdog" | "on-abort") => Ok(false),
        _ => Err(last_line(&answer)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn unit_comes_back_only_if_systemd_restarts_it_after_exit_code_0() {
        let dir = tempfile::tempdir().unwrap();
        let systemctl = dir.path().join("systemctl");
        let script = "#!/bin/sh\ncase \"$*\" in\n\
                      *' -- always.service') echo Restart=always;;\n\
                      *' -- success.service') echo Restart=on-success;;\n\
                      *' -- held.service') echo Restart=always; echo RestartPreventExitStatus=3 0;;\n\
                      *' -- failure.service') echo Restart=on-failure;;\n\
                      *' -- no.service') echo Restart=no;;\n\
                      *) echo 'Failed to connect to bus' >&2; exit 1;;\nesac\n";
        fs::write(&systemctl, script).unwrap();
        fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
        for (unit, expected) in [
            ("always", Ok(true)),
            ("success", Ok(true)),
            ("held", Ok(false)),
            ("failure", Ok(false)),
            ("no", Ok(false)),
            ("deaf", Err("Failed to connect to bus".to_owned())),
        ] {
            let told = of_systemd(&systemctl, &format!("{unit}.service"), None);
            assert_eq!(told, expected, "{unit}");
        }
    }

    #[test]
    fn worker_without_a_known_name_in_supervisor_is_not_believed_to_come_back() {
        let table = ProcTable::live().unwrap();
        let manager = Manager::Supervisor { pid: std::process::id(), program: None };
        let (why, hints) = against(&table, &manager, Path::new("systemctl")).unwrap();
        assert!(why.contains("cannot be told"), "{why}");
        assert_eq!(hints, ["--via supervisor restarts it there"]);
    }
}
