//! The faults of the definitions that are there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::process::{Job, Process};
use super::unit::{of_supervisor, of_systemd, set_in};
use super::{ENDLESS_S, SURPLUS_S, drop_ins, longest, pools};
use crate::bench::Bench;
use crate::bench::version::Family;
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::ops::switch::places::bench_of;
use crate::report::supervisor::{Fault, ProcessRow, SupervisorCheckReport};
use crate::sys::file;

/// The most that is read of one file.
const MOST_BYTES: u64 = 4 << 20;

/// The most files of one directory.
const MOST_FILES: usize = 1_000;

/// Where definitions are looked for beside the bench's `config`. Source: the packages of supervisor,
/// and `bench setup production`, which links its file into the first that exists.
const SUPERVISOR_DIRS: [&str; 3] =
    ["/etc/supervisor/conf.d", "/etc/supervisord.d", "/usr/local/etc/supervisor.d"];
/// See [`SUPERVISOR_DIRS`].
const SYSTEMD_DIR: &str = "/etc/systemd/system";

/// Checks `files`, or without any what is found in the usual places.
///
/// Errors: `NotFound` where nothing defines a process of the bench, or a file that was named is not
/// there; `Io` for one that cannot be read; `Data` for one that is no definition.
pub fn check(context: &Context, files: &[PathBuf]) -> Result<SupervisorCheckReport> {
    let bench = bench_of(context)?;
    let mut notes = Vec::new();
    let mut processes: Vec<Process> = Vec::new();
    let found = if files.is_empty() { candidates(bench) } else { files.to_vec() };
    for path in &found {
        match processes_in(path, bench) {
            Ok(more) => processes.extend(more),
            Err(failure) if files.is_empty() => notes.push(failure.to_string()),
            Err(failure) => return Err(failure.into()),
        }
    }
    processes.retain(|process| process.job != Job::Other);
    if processes.is_empty() {
        let root = bench.root().display();
        let message = format!("no process definition of the bench `{root}` is found");
        return Err(Failure::new(Kind::NotFound, message)
            .hint("name the files: jobctl supervisor check FILE…")
            .hint("make some: jobctl supervisor generate")
            .into());
    }
    let faults = faults(bench, &processes);
    for process in processes.iter().filter(|process| !process.drop_ins.is_empty()) {
        let read: Vec<String> =
            process.drop_ins.iter().map(|path| format!("`{}`", path.display())).collect();
        notes.push(format!("`{}` is read with its drop-ins {}", process.name, read.join(", ")));
    }
    let rows = processes.iter().map(|process| row(bench, process)).collect();
    Ok(SupervisorCheckReport { faults, processes: rows, notes })
}

/// The processes of the bench in one file, a unit's drop-ins taken into account.
fn processes_in(path: &Path, bench: &Bench) -> std::result::Result<Vec<Process>, Failure> {
    let mut text = text_of(path)?;
    let wrong = |path: &Path, why: String| {
        let message = format!("cannot read `{}` as a process definition: {why}", path.display());
        Failure::new(Kind::Data, message)
    };
    let roots = [bench.root(), bench.real_root()];
    let shown = path.to_string_lossy();
    let mut processes = if path.extension().is_some_and(|ending| ending == "service") {
        let found = drop_ins::of(path).map_err(|error| {
            let message = format!("cannot read the drop-ins of `{shown}`: {error}");
            Failure::new(Kind::Io, message)
        })?;
        let mut texts = vec![std::mem::take(&mut text)];
        for path in &found {
            texts.push(text_of(path)?);
        }
        let process = of_systemd(&texts, &shown, &roots).map_err(|why| wrong(path, why))?;
        let set_in = set_in(&found, texts.get(1..).unwrap_or_default());
        process.map(|process| Process { drop_ins: found, set_in, ..process }).into_iter().collect()
    } else {
        of_supervisor(&text, &shown, &roots).map_err(|why| wrong(path, why))?
    };
    for process in &mut processes {
        pools::resolve(process, bench);
    }
    Ok(processes)
}

/// A definition's text.
fn text_of(path: &Path) -> std::result::Result<String, Failure> {
    let (bytes, _) = file::read_bounded(path, MOST_BYTES).map_err(|error| {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            // No definition is that long.
            io::ErrorKind::FileTooLarge => Kind::Data,
            _ => Kind::Io,
        };
        Failure::new(kind, format!("cannot read `{}`: {error}", path.display()))
    })?;
    if bytes.contains(&0) {
        let message = format!("cannot read `{}` as a process definition", path.display());
        return Err(Failure::new(Kind::Data, format!("{message}: it is no text")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A worker in supervisor's definitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerDefinition {
    /// The program's name.
    pub name: String,
    /// The queues that it serves.
    pub queues: Vec<String>,
    /// Seconds that supervisor waits for its end before it kills it.
    pub stop_s: u64,
}

/// The workers of the bench's own `config/supervisor.conf`; none where that cannot be read.
pub fn workers_of_bench_conf(bench: &Bench) -> Vec<WorkerDefinition> {
    let path = bench.root().join("config/supervisor.conf");
    let Ok(processes) = processes_in(&path, bench) else { return Vec::new() };
    let worker = |process: &Process| {
        let Job::Worker(queues) = &process.job else { return None };
        let queues = served(bench, queues);
        Some(WorkerDefinition { name: process.name.clone(), queues, stop_s: process.stop_s? })
    };
    processes.iter().filter_map(worker).collect()
}

/// Files that may define processes of the bench, each once: `bench setup production` links its own
/// into `/etc`.
fn candidates(bench: &Bench) -> Vec<PathBuf> {
    let mut found = vec![bench.root().join("config/supervisor.conf")];
    found.extend(listed(&bench.root().join("config/systemd"), "service"));
    for dir in SUPERVISOR_DIRS {
        found.extend(listed(Path::new(dir), "conf"));
        found.extend(listed(Path::new(dir), "ini"));
    }
    found.extend(listed(Path::new(SYSTEMD_DIR), "service"));
    let mut seen: Vec<PathBuf> = Vec::new();
    found.retain(|path| {
        let Ok(real) = path.canonicalize() else { return false };
        let is_new = !seen.contains(&real);
        seen.push(real);
        is_new
    });
    found
}

fn listed(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries
        .take(MOST_FILES)
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    paths.sort();
    paths
}

/// The queues that a worker serves.
fn served(bench: &Bench, queues: &[String]) -> Vec<String> {
    if queues.is_empty() {
        return bench.queues().into_iter().map(|queue| queue.name).collect();
    }
    queues.to_vec()
}

fn row(bench: &Bench, process: &Process) -> ProcessRow {
    let (role, queues) = match &process.job {
        Job::Worker(queues) => ("worker", served(bench, queues)),
        Job::Pools(_) => ("worker", Vec::new()),
        Job::Scheduler => ("schedule", Vec::new()),
        Job::Other => ("other", Vec::new()),
    };
    let is_worker = matches!(process.job, Job::Worker(_));
    let longest_job_s = longest(bench, &queues).filter(|_| is_worker);
    ProcessRow {
        name: process.name.clone(),
        file: process.file.clone(),
        role,
        queues,
        count: process.count,
        stop_s: process.stop_s,
        longest_job_s,
    }
}

pub(super) fn faults(bench: &Bench, processes: &[Process]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let known = bench.queues();
    let mut all_served: Vec<String> = Vec::new();
    for process in processes {
        let mut add = |what: String, fix: Option<String>| {
            faults.push(Fault {
                process: Some(process.name.clone()),
                file: Some(match &fix {
                    Some(fix) => process.file_to_mend(fix),
                    None => process.file.clone(),
                }),
                what,
                fix,
            });
        };
        for (what, fix) in &process.faults {
            add(what.clone(), Some(fix.clone()));
        }
        let Job::Worker(queues) = &process.job else { continue };
        let queues = served(bench, queues);
        for name in &queues {
            if !known.iter().any(|queue| queue.name == *name) {
                let what =
                    format!("it serves `{name}`, which the bench's configuration does not name");
                add(what, None);
            }
        }
        let longest = longest(bench, &queues);
        let late = |grace: &u64| longest.is_none_or(|longest| *grace < longest);
        if let Some(grace) = process.grace_s.filter(late) {
            let limit = longest.map_or_else(
                || "have no time limit".to_owned(),
                |longest| format!("may run for {longest} s"),
            );
            let what = format!(
                "--grace is {grace} s, and jobs of its queues {limit}: a stop cuts them off"
            );
            add(what, Some(format!("--grace {}s", longest.unwrap_or(ENDLESS_S) + SURPLUS_S / 2)));
        }
        if let Some(what) = stop_fault(process, longest) {
            let enough = longest.unwrap_or(ENDLESS_S) + SURPLUS_S;
            add(what, Some(format!("{}={enough}", process.stop_key)));
        }
        all_served.extend(queues.into_iter().filter(|_| process.count > 0));
    }
    for queue in known.iter().filter(|queue| !all_served.contains(&queue.name)) {
        faults.push(Fault {
            process: None,
            file: None,
            what: format!("no process serves queue `{}`", queue.name),
            fix: Some("jobctl supervisor generate".to_owned()),
        });
    }
    let schedulers: Vec<&Process> =
        processes.iter().filter(|process| process.job == Job::Scheduler).collect();
    let scheduler = |what: String| Fault { process: None, file: None, what, fix: None };
    let started: u64 = schedulers.iter().map(|process| process.count).sum();
    match started {
        0 if runs_in_pool(bench, processes) => {}
        0 => faults.push(Fault {
            fix: Some("jobctl supervisor generate".to_owned()),
            ..scheduler("no process is the scheduler: no scheduled job is ever enqueued".to_owned())
        }),
        1 => {}
        many => {
            let files: Vec<&str> = schedulers.iter().map(|process| process.file.as_str()).collect();
            faults.push(scheduler(format!(
                "{many} processes are the scheduler ({}): jobs are enqueued twice, or one of them \
                 ends again and again",
                files.join(", ")
            )));
        }
    }
    faults
}

/// Whether the workers of bench's own pool run the scheduler: one of them, by a lock.
///
/// Source: `frappe/utils/background_jobs.py`, `FrappeWorker`, from 16 on.
fn runs_in_pool(bench: &Bench, processes: &[Process]) -> bool {
    matches!(bench.frappe().family(), Family::V16Dev | Family::V16 | Family::V17)
        && processes.iter().any(|process| process.is_pool_of_bench && process.count > 0)
}

/// A worker that is killed before its longest job could end.
fn stop_fault(process: &Process, longest: Option<u64>) -> Option<String> {
    let stop_s = process.stop_s?;
    let set = if process.stop_is_set { "" } else { " (nothing sets it)" };
    match longest {
        Some(longest) if stop_s >= longest => None,
        Some(longest) => Some(format!(
            "{} is {stop_s} s{set}, and a job of its queues may run for {longest} s: a restart kills it",
            process.stop_key
        )),
        None => Some(format!(
            "{} is {stop_s} s{set}, and jobs of its queues have no time limit: a restart kills them",
            process.stop_key
        )),
    }
}
