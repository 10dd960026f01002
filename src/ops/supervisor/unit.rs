//! Definitions of supervisor programs and systemd units, read into processes.

use std::path::Path;

use super::ini::{Dialect, Section, parse};
use super::process::{CommandLine, Job, Process};

/// Seconds that supervisor waits unless told. Source: supervisord.org, `stopwaitsecs`.
pub(super) const SUPERVISOR_STOP_S: u64 = 10;

/// Seconds that systemd waits unless told. Source: `systemd-system.conf(5)`,
/// `DefaultTimeoutStopSec`.
const SYSTEMD_STOP_S: u64 = 90;

/// Signals upon which an RQ worker finishes its job; of every other one it dies.
const WARM: [&str; 2] = ["TERM", "INT"];

/// The programs of a supervisor file that belong to the bench at `root`.
pub(super) fn of_supervisor(
    text: &str,
    file: &str,
    root: &[&Path],
) -> Result<Vec<Process>, String> {
    let sections = parse(text, Dialect::Supervisor)?;
    let programs = sections.iter().filter_map(|section| {
        let name = section.name.strip_prefix("program:")?;
        program(name.trim(), file, section, root)
    });
    Ok(programs.collect())
}

fn program(name: &str, file: &str, section: &Section, root: &[&Path]) -> Option<Process> {
    let command = CommandLine::of(&undoubled(section.get("command")?));
    let place = section.get("directory").map(undoubled);
    if !is_of(&command, place.as_deref().map(Path::new), file, root) {
        return None;
    }
    let job = command.job();
    let mut faults = Vec::new();
    let mut fault = |what: String, fix: &str| faults.push((what, fix.to_owned()));
    let mut number = |key: &str, default: u64| match section.get(key).map(str::parse) {
        None => Some(default),
        Some(Ok(number)) => Some(number),
        Some(Err(_)) => {
            let value = section.get(key).unwrap_or_default();
            fault(format!("{key}={value} is no number"), &format!("{key}={default}"));
            None
        }
    };
    let count = number("numprocs", 1).unwrap_or(0);
    let stop_s = number("stopwaitsecs", SUPERVISOR_STOP_S);
    if let (Job::Worker(_), Some(signal)) = (&job, section.get("stopsignal"))
        && !WARM.contains(&signal.to_ascii_uppercase().trim_start_matches("SIG"))
    {
        fault(
            format!("stopsignal={signal} ends workers in the middle of a job"),
            "stopsignal=TERM",
        );
    }
    if matches!(job, Job::Worker(_)) && !is_yes(section.get("killasgroup")) {
        fault(
            "killasgroup is missing: what has to be killed leaves its children behind".to_owned(),
            "killasgroup=true",
        );
    }
    if job != Job::Other && comes_back(section) != Ok(true) {
        let set = section.get("autorestart");
        let set = set.map_or("autorestart is missing".to_owned(), |is| format!("autorestart={is}"));
        let what = format!("{set}: what ends with exit code 0 is not started again");
        fault(what, "autorestart=true");
    }
    if job != Job::Other && section.get("autostart") == Some("false") {
        fault("autostart=false: it is not started with the machine".to_owned(), "autostart=true");
    }
    if job != Job::Other && section.get("user").is_none() {
        fault(
            "user is missing: under a supervisord of root it runs as root".to_owned(),
            "user=<the bench's owner>",
        );
    }
    Some(Process {
        name: name.to_owned(),
        file: file.to_owned(),
        count,
        stop_s,
        stop_key: "stopwaitsecs",
        stop_is_set: section.get("stopwaitsecs").is_some(),
        grace_s: command.grace_s(),
        job,
        faults,
    })
}

/// Whether supervisor starts a program again that ends with exit code 0, as a worker does that is
/// told to end; else why that cannot be told.
///
/// Source: `supervisor/options.py`, `autorestart` (`unexpected` unless set) and `exitcodes` (0);
/// `supervisor/datatypes.py`, `auto_restart`.
pub(super) fn comes_back(section: &Section) -> Result<bool, String> {
    let value = section.get("autorestart").unwrap_or("unexpected");
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => return Ok(true),
        "false" | "no" | "off" | "0" => return Ok(false),
        "unexpected" => {}
        _ => return Err(format!("autorestart=`{value}` says neither")),
    }
    let codes = section.get("exitcodes").unwrap_or("0");
    let codes: Result<Vec<u8>, _> = codes.split(',').map(|code| code.trim().parse()).collect();
    let codes = codes.map_err(|_| "its exitcodes are no numbers".to_owned())?;
    Ok(!codes.contains(&0))
}

/// The process of a systemd service file, if it belongs to the bench at `root`.
pub(super) fn of_systemd(
    text: &str,
    file: &str,
    root: &[&Path],
) -> Result<Option<Process>, String> {
    Ok(service(&parse(text, Dialect::Systemd)?, file, root))
}

fn service(sections: &[Section], file: &str, root: &[&Path]) -> Option<Process> {
    let service = sections.iter().find(|section| section.name == "Service")?;
    let started = service.get("execstart")?.trim_start_matches(['-', '@', '!', '+', ':']);
    let command = CommandLine::of(&undoubled(started));
    let place = service.get("workingdirectory").map(undoubled);
    if !is_of(&command, place.as_deref().map(Path::new), file, root) {
        return None;
    }
    let job = command.job();
    let text = service.get("timeoutstopsec").or_else(|| service.get("timeoutsec"));
    let mut faults = Vec::new();
    let mut fault = |what: String, fix: &str| faults.push((what, fix.to_owned()));
    if let Job::Worker(_) = &job {
        let mode = service.get("killmode").unwrap_or("control-group");
        if mode == "control-group" {
            fault(
                "KillMode=control-group signals work horses too, which ends their jobs at once"
                    .to_owned(),
                "KillMode=mixed",
            );
        }
        if let Some(signal) = service.get("killsignal")
            && !WARM.contains(&signal.to_ascii_uppercase().trim_start_matches("SIG"))
        {
            fault(
                format!("KillSignal={signal} ends workers in the middle of a job"),
                "KillSignal=SIGTERM",
            );
        }
    }
    let restart = service.get("restart");
    if job != Job::Other && restart != Some("always") {
        let set = restart.map_or("Restart is missing".to_owned(), |is| format!("Restart={is}"));
        let what = match restart {
            Some("on-success") => "what fails is not started again",
            _ => "what ends with exit code 0 is not started again",
        };
        fault(format!("{set}: {what}"), "Restart=always");
    }
    let install = sections.iter().find(|section| section.name == "Install");
    let is_wanted = install.is_some_and(|section| {
        section.get("wantedby").is_some() || section.get("requiredby").is_some()
    });
    let is_part = sections.iter().any(|s| s.name == "Unit" && s.get("partof").is_some());
    if job != Job::Other && !is_wanted && !is_part {
        fault(
            "[Install] is missing: nothing starts it with the machine".to_owned(),
            "[Install] WantedBy=multi-user.target",
        );
    }
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".service");
    let stop_s = match text {
        Some("infinity" | "0") => None,
        text => Some(text.and_then(span).unwrap_or(SYSTEMD_STOP_S)),
    };
    Some(Process {
        name: name.to_owned(),
        file: file.to_owned(),
        job,
        count: 1,
        stop_s,
        stop_key: "TimeoutStopSec",
        // What it cannot read systemd passes over.
        stop_is_set: text.and_then(span).is_some(),
        grace_s: command.grace_s(),
        faults,
    })
}

/// A length of time in systemd's words, in whole seconds: `90`, `26min`, `1h 30min`. Source:
/// `systemd.time(7)`.
fn span(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(seconds);
    }
    humantime::parse_duration(text).ok().map(|span| span.as_secs())
}

/// Both managers write a percent sign as two. What one of them would put in for `%(here)s` or `%h`
/// stays as it is.
fn undoubled(text: &str) -> String {
    text.replace("%%", "%")
}

fn is_yes(value: Option<&str>) -> bool {
    value.is_some_and(|value| {
        matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "on" | "1")
    })
}

/// Whether a definition is one of the bench's: by its directory, else by its command, else by the
/// place of its file.
fn is_of(command: &CommandLine, place: Option<&Path>, file: &str, roots: &[&Path]) -> bool {
    match place {
        Some(place) => roots.iter().any(|root| place.starts_with(root)),
        None => roots.iter().any(|root| command.names(root) || Path::new(file).starts_with(root)),
    }
}
