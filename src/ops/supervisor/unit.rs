//! Definitions of supervisor programs and systemd units, read into processes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ini::{Dialect, Section, merged, parse};
use super::process::{CommandLine, Job, Process};

/// Seconds that supervisor waits unless told. Source: supervisord.org, `stopwaitsecs`.
pub(super) const SUPERVISOR_STOP_S: u64 = 10;

/// Seconds that systemd waits unless told. Source: `systemd-system.conf(5)`,
/// `DefaultTimeoutStopSec`.
const SYSTEMD_STOP_S: u64 = 90;

/// What `KillMode` may be. Source: `systemd.kill(5)`.
const KILL_MODES: [&str; 4] = ["control-group", "mixed", "process", "none"];

/// Signals upon which an RQ worker finishes its job; of every other one it dies.
const WARM: [&str; 4] = ["TERM", "INT", "15", "2"];

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
    if let (true, Some(signal)) = (job.is_worker(), section.get("stopsignal"))
        && !WARM.contains(&signal.to_ascii_uppercase().trim_start_matches("SIG"))
    {
        fault(
            format!("stopsignal={signal} ends workers in the middle of a job"),
            "stopsignal=TERM",
        );
    }
    let kills_group = section.get("killasgroup").or_else(|| section.get("stopasgroup"));
    if job.is_worker() && kills_group.and_then(boolean) != Some(true) {
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
    let autostart = section.get("autostart").unwrap_or("true");
    match boolean(autostart) {
        Some(true) => {}
        Some(false) if job == Job::Other => {}
        Some(false) => {
            let what = format!("autostart={autostart}: it is not started with the machine");
            fault(what, "autostart=true");
        }
        None => {
            let what =
                format!("autostart={autostart} is no yes or no: supervisor refuses the file");
            fault(what, "autostart=true");
        }
    }
    let names = section.get("process_name").unwrap_or_default();
    if count > 1 && !names.contains("%(process_num)") {
        let what = format!(
            "numprocs={count}, and process_name holds no %(process_num): supervisor refuses the file"
        );
        fault(what, "process_name=%(program_name)s-%(process_num)d");
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
        drop_ins: Vec::new(),
        set_in: BTreeMap::new(),
        count,
        stop_s,
        stop_key: "stopwaitsecs",
        stop_is_set: section.get("stopwaitsecs").is_some(),
        grace_s: command.grace_s(),
        is_pool_of_bench: command.is_pool_of_bench(),
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
    match boolean(value) {
        Some(answer) => return Ok(answer),
        None if value.eq_ignore_ascii_case("unexpected") => {}
        None => return Err(format!("autorestart=`{value}` says neither")),
    }
    let codes = section.get("exitcodes").unwrap_or("0");
    let codes: Result<Vec<u8>, _> = codes.split(',').map(|code| code.trim().parse()).collect();
    let codes = codes.map_err(|_| "its exitcodes are no numbers".to_owned())?;
    Ok(!codes.contains(&0))
}

/// The process of a systemd service file, if it belongs to the bench at `root`. `texts` are the file
/// and its drop-ins, in the order in which they count.
pub(super) fn of_systemd(
    texts: &[String],
    file: &str,
    root: &[&Path],
) -> Result<Option<Process>, String> {
    let mut sections = Vec::new();
    for text in texts {
        sections.extend(parse(text, Dialect::Systemd)?);
    }
    Ok(service(&merged(sections), file, root))
}

/// Which keys the drop-ins of a unit set, in lower case, and the last one that does.
pub(super) fn set_in(drop_ins: &[PathBuf], texts: &[String]) -> BTreeMap<String, PathBuf> {
    let mut set_in = BTreeMap::new();
    for (path, text) in drop_ins.iter().zip(texts) {
        let sections = parse(text, Dialect::Systemd).unwrap_or_default();
        let keys = sections.into_iter().flat_map(|section| section.values);
        set_in.extend(keys.map(|(key, _)| (key, path.clone())));
    }
    set_in
}

fn service(sections: &[Section], file: &str, root: &[&Path]) -> Option<Process> {
    let service = sections.iter().find(|section| section.name == "Service")?;
    let commands = service.list("execstart");
    let started = commands.last()?.trim_start_matches(['-', '@', '!', '+', ':']);
    let command = CommandLine::of(&undoubled(started));
    let place = service.list("workingdirectory").last().map(|place| undoubled(place));
    if !is_of(&command, place.as_deref().map(Path::new), file, root) {
        return None;
    }
    let job = command.job();
    let mut faults = Vec::new();
    let mut fault = |what: String, fix: &str| faults.push((what, fix.to_owned()));
    let is_oneshot = service.last(&["type"], some).as_deref() == Some("oneshot");
    if job != Job::Other && commands.len() > 1 && !is_oneshot {
        let what =
            format!("ExecStart stands there {} times: systemd refuses the unit", commands.len());
        fault(what, "ExecStart= (an empty one before the one that counts)");
    }
    if job.is_worker() {
        let known = |mode: &str| KILL_MODES.contains(&mode).then(|| mode.to_owned());
        let mode = service.last(&["killmode"], known);
        if mode.is_none_or(|mode| mode == "control-group") {
            fault(
                "KillMode=control-group signals work horses too, which ends their jobs at once"
                    .to_owned(),
                "KillMode=mixed",
            );
        }
        if let Some(signal) = service.last(&["killsignal"], some)
            && !WARM.contains(&signal.to_ascii_uppercase().trim_start_matches("SIG"))
        {
            fault(
                format!("KillSignal={signal} ends workers in the middle of a job"),
                "KillSignal=SIGTERM",
            );
        }
    }
    let restart = service.last(&["restart"], some);
    if job != Job::Other && restart.as_deref() != Some("always") {
        let set =
            restart.as_ref().map_or("Restart is missing".to_owned(), |is| format!("Restart={is}"));
        let what = match restart.as_deref() {
            Some("on-success") => "what fails is not started again",
            _ => "what ends with exit code 0 is not started again",
        };
        fault(format!("{set}: {what}"), "Restart=always");
    }
    let install = sections.iter().find(|section| section.name == "Install");
    let is_wanted = install.is_some_and(|section| {
        ["wantedby", "requiredby"].iter().any(|key| !section.list(key).is_empty())
    });
    let is_part = sections.iter().any(|s| s.name == "Unit" && s.get("partof").is_some());
    if job != Job::Other && !is_wanted && !is_part {
        fault(
            "[Install] is missing: nothing starts it with the machine".to_owned(),
            "[Install] WantedBy=multi-user.target",
        );
    }
    let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".service");
    // What it cannot read systemd passes over.
    let set = service.last(&["timeoutstopsec", "timeoutsec"], span);
    Some(Process {
        name: name.to_owned(),
        file: file.to_owned(),
        drop_ins: Vec::new(),
        set_in: BTreeMap::new(),
        job,
        count: 1,
        stop_s: match set {
            Some(StopWait::Endless) => None,
            Some(StopWait::Seconds(seconds)) => Some(seconds),
            None => Some(SYSTEMD_STOP_S),
        },
        stop_key: "TimeoutStopSec",
        stop_is_set: set.is_some(),
        grace_s: command.grace_s(),
        is_pool_of_bench: command.is_pool_of_bench(),
        faults,
    })
}

/// How long systemd waits for a unit's end.
enum StopWait {
    Seconds(u64),
    Endless,
}

/// What is set; an empty value sets nothing.
fn some(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// A stop timeout in systemd's words, in whole seconds: `90`, `26min`, `1h 30min`. 0 is no limit,
/// too, so that less than a second counts as one. Source: `systemd.time(7)`; `systemd.service(5)`, `TimeoutStopSec`.
fn span(text: &str) -> Option<StopWait> {
    let text = text.trim();
    if text == "infinity" {
        return Some(StopWait::Endless);
    }
    let span = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => humantime::parse_duration(text).ok()?,
    };
    Some(if span.is_zero() { StopWait::Endless } else { StopWait::Seconds(span.as_secs().max(1)) })
}

/// Both managers write a percent sign as two. What one of them would put in for `%(here)s` or `%h`
/// stays as it is.
fn undoubled(text: &str) -> String {
    text.replace("%%", "%")
}

/// Supervisor's yes and no. Source: `supervisor/datatypes.py`, `boolean`.
fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Whether a definition is one of the bench's: by its directory, else by its command, else by the
/// place of its file.
fn is_of(command: &CommandLine, place: Option<&Path>, file: &str, roots: &[&Path]) -> bool {
    match place {
        Some(place) => roots.iter().any(|root| place.starts_with(root)),
        None => roots.iter().any(|root| command.names(root) || Path::new(file).starts_with(root)),
    }
}
