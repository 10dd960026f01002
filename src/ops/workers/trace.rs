//! Makes one process print its stacks, and reads them where its standard error goes.
//!
//! The end of that file is remembered before the signal. A pipe is never read, as that would take
//! the text from its reader: what the reader (a process manager) writes to its files is read
//! instead.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::manager::manager_of;
use crate::codec::stack_dump::StackDump;
use crate::human;
use crate::report::worker_stop::Manager;
use crate::sanitize::shell_quote;
use crate::sys::pidfd::{ProcessHandle, Signal};
use crate::sys::proc::{ProcTable, Service, Stream, Written};
use crate::sys::signals::Interrupts;

/// Between two looks at the file.
const PAUSE: Duration = Duration::from_millis(10);

/// A dump that has not grown for so long is whole: faulthandler writes it in one go, within about
/// three milliseconds, and a process manager passes it on at once.
const QUIET: Duration = Duration::from_millis(250);

/// The most that is read of one file after the signal.
const MOST_BYTES: usize = 4 << 20;

/// The most files of a process manager that are watched.
const MOST_FILES: usize = 256;

/// What came of one process.
pub(super) enum Traced {
    /// It printed this among other lines, into this file.
    Stacks { text: String, file: PathBuf },
    /// It was signalled; what it printed is to be read like this.
    Elsewhere { why: String, hints: Vec<String> },
    /// It was signalled; nothing came in time.
    Silent { why: String, hints: Vec<String> },
    /// It was not signalled.
    Refused { why: String, no_handler: bool },
}

/// Where the stacks of a process will come out.
pub(super) enum Outlet {
    /// In one of these files, one of which is the process's own or its manager's.
    Files(Vec<Written>),
    /// Where it cannot be read from here: why, and what to type.
    Unreadable { why: String, hints: Vec<String> },
}

/// Whether a process may be signalled and where its stacks will come out; else why not. Also whether
/// that is for want of a handler.
pub(super) fn outlet(
    table: &ProcTable,
    process: &ProcessHandle,
) -> Result<(Outlet, String), Traced> {
    let pid = process.pid();
    let refuse = |why: String| Traced::Refused { why, no_handler: false };
    let status = table.status(pid).ok_or_else(|| refuse("it cannot be looked at".to_owned()))?;
    let stream = table.stderr(pid);
    // Before anything else: what is wrong with a process of another user is not for this one to mend.
    if stream.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied) {
        let user = nix::unistd::User::from_uid(status.user.into()).ok().flatten();
        let user = user.map_or_else(|| status.user.to_string(), |user| user.name);
        let why = format!("it is a process of user `{user}`: run jobctl as that user or as root");
        return Err(refuse(why));
    }
    if !status.catches(Signal::Usr1.number()) {
        let why = "it has no handler for SIGUSR1: the signal would end it".to_owned();
        return Err(Traced::Refused { why, no_handler: true });
    }
    if status.is_stopped() {
        return Err(refuse(format!(
            "it is stopped (SIGSTOP, or a debugger) and answers nothing before it is continued: kill -CONT {pid}"
        )));
    }
    if status.blocks(Signal::Usr1.number()) {
        return Err(refuse("it holds SIGUSR1 back".to_owned()));
    }
    let stream = stream.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            refuse("it has no standard error, so its stacks would be lost".to_owned())
        }
        _ => refuse(format!("its standard error cannot be looked at: {error}")),
    })?;
    let named = name_of(&stream);
    Ok((outlet_of(table, pid, stream)?, named))
}

fn outlet_of(table: &ProcTable, pid: u32, stream: Stream) -> Result<Outlet, Traced> {
    let refuse = |why: String| Traced::Refused { why, no_handler: false };
    match stream {
        Stream::File { path, .. } => {
            let written = table.open_stderr(pid).map_err(|error| {
                refuse(format!("its standard error, `{}`, cannot be read: {error}", path.display()))
            })?;
            Ok(Outlet::Files(vec![written]))
        }
        Stream::Pipe(pipe) => {
            let mut files = table.files_behind(pipe);
            files.truncate(MOST_FILES);
            if files.is_empty() {
                let readers = table.readers_of(pipe);
                let why = match readers.first() {
                    Some(reader) => format!("its standard error is a pipe to process {reader}"),
                    None => "its standard error is a pipe whose reader is not in sight".to_owned(),
                };
                return Ok(Outlet::Unreadable { why, hints: vec![where_to_look(table, pid)] });
            }
            Ok(Outlet::Files(files))
        }
        Stream::Socket => Ok(Outlet::Unreadable {
            why: "its standard error is a socket, as that of systemd's journal".to_owned(),
            hints: vec![journal(table, pid)],
        }),
        Stream::Terminal(path) => Ok(Outlet::Unreadable {
            why: format!("its stacks are on terminal {}", path.display()),
            hints: Vec::new(),
        }),
        Stream::Nowhere => {
            Err(refuse("its standard error is /dev/null, so its stacks would be lost".to_owned()))
        }
        Stream::Other(name) => Err(refuse(format!("its standard error is `{}`", name.display()))),
    }
}

/// How the journal is read of what a process printed.
fn journal(table: &ProcTable, pid: u32) -> String {
    let of = match table.service(pid) {
        Some(Service { unit, user: None }) => format!("-u {unit}"),
        Some(Service { unit, user: Some(_) }) => format!("--user -u {unit}"),
        None => format!("_PID={pid}"),
    };
    format!("journalctl {of} --since -2min --no-pager")
}

/// How to read what went into a pipe: as whoever started the process, or the pool that it is of, is
/// asked for its output.
fn where_to_look(table: &ProcTable, pid: u32) -> String {
    // A pool passes everything on to its standard output.
    let (mut next, mut stream) = (pid, " stderr");
    // The work horse, its worker, and the pool.
    for _ in 0..3 {
        match manager_of(table, next) {
            Manager::Supervisor { program: Some(program), .. } => {
                let program = shell_quote(&program).into_owned();
                return format!("supervisorctl tail -20000 {program}{stream}");
            }
            Manager::Systemd { .. } => return journal(table, next),
            Manager::Pool { pid, .. } => (next, stream) = (pid, ""),
            Manager::Nobody => match table.stat(next) {
                Some(stat) => next = stat.parent,
                None => break,
            },
            _ => break,
        }
    }
    "read it where that pipe ends, such as `docker logs`".to_owned()
}

/// What the report calls a stream.
fn name_of(stream: &Stream) -> String {
    match stream {
        Stream::File { path, deleted: false } => path.display().to_string(),
        Stream::File { path, deleted: true } => format!("{} (deleted)", path.display()),
        Stream::Pipe(_) => "pipe".to_owned(),
        Stream::Socket => "socket".to_owned(),
        Stream::Terminal(path) | Stream::Other(path) => path.display().to_string(),
        Stream::Nowhere => "/dev/null".to_owned(),
    }
}

/// Signals the process, and waits for its stacks up to `limit`.
pub(super) fn trace(
    table: &ProcTable,
    process: &ProcessHandle,
    outlet: Outlet,
    limit: Duration,
    interrupts: &Interrupts,
) -> Traced {
    if let Err(error) = process.send(Signal::Usr1) {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "it has just ended".to_owned(),
            io::ErrorKind::PermissionDenied => {
                "this user may not signal it: run jobctl as its user or as root".to_owned()
            }
            _ => format!("it cannot be signalled: {error}"),
        };
        return Traced::Refused { why, no_handler: false };
    }
    let files = match outlet {
        Outlet::Files(files) => files,
        Outlet::Unreadable { why, hints } => return Traced::Elsewhere { why, hints },
    };
    let mut watched: Vec<Watched> = files.into_iter().map(Watched::new).collect();
    if let Some(found) = wait(&mut watched, process, limit, interrupts) {
        return found;
    }
    let (why, hint) = why_silent(table, process, limit);
    Traced::Silent { why, hints: hint.into_iter().collect() }
}

/// Waits until one of the files holds a whole dump.
fn wait(
    watched: &mut [Watched],
    process: &ProcessHandle,
    limit: Duration,
    interrupts: &Interrupts,
) -> Option<Traced> {
    let started = Instant::now();
    loop {
        // Read once more after the end, as the last words may have come between.
        let is_over = started.elapsed() >= limit || process.has_ended();
        for file in &mut *watched {
            file.read_on();
            if file.is_whole(is_over) {
                let text = String::from_utf8_lossy(&file.text).into_owned();
                return Some(Traced::Stacks { text, file: file.written.path.clone() });
            }
        }
        if is_over || interrupts.wait(PAUSE).is_some() {
            return None;
        }
    }
}

fn why_silent(
    table: &ProcTable,
    process: &ProcessHandle,
    limit: Duration,
) -> (String, Option<String>) {
    let limit = human::seconds(limit);
    if process.has_ended() {
        return ("it ended before its stacks came".to_owned(), None);
    }
    match table.status(process.pid()).map(|status| status.state) {
        Some('D') => (
            format!(
                "it hangs in the kernel, on a disk or a file server: nothing came within {limit}"
            ),
            Some(format!("cat /proc/{}/stack   # as root: where in the kernel", process.pid())),
        ),
        _ => (format!("no stacks came within {limit}"), None),
    }
}

/// A file that is read on from where it ended.
struct Watched {
    written: Written,
    text: Vec<u8>,
    lines: usize,
    grew: Instant,
}

impl Watched {
    fn new(written: Written) -> Self {
        Self { written, text: Vec::new(), lines: 0, grew: Instant::now() }
    }

    fn read_on(&mut self) {
        let mut chunk = [0; 16 * 1024];
        while self.text.len() < MOST_BYTES {
            let at = self.written.end + self.text.len() as u64;
            // What cannot be read now is read at the next look.
            let Ok(read @ 1..) = self.written.file.read_at(&mut chunk, at) else { return };
            self.text.extend(chunk.iter().take(read));
        }
    }

    /// Whether a dump is there and grows no more.
    fn is_whole(&mut self, is_over: bool) -> bool {
        let text = String::from_utf8_lossy(&self.text);
        let Some(dump) = StackDump::parse(&text) else { return false };
        let lines = dump.lines();
        if lines != self.lines {
            (self.lines, self.grew) = (lines, Instant::now());
        }
        dump.has_current() && (is_over || self.grew.elapsed() >= QUIET)
    }
}
