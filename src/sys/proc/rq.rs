//! What RQ's processes show of themselves in the process table: their titles, and what tells a work
//! horse from other children.

use super::Stat;

/// A title that RQ put in place of the command line, where `setproctitle` is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Title<'a> {
    /// A worker or its horse: `rq:worker:<name>: <what it does>`, since RQ 1.9. Source:
    /// `rq/worker.py`, `procline`.
    Worker(&'a str),
    /// The same without a name: `rq: <what it does>`, before.
    Nameless,
    /// Another process of RQ.
    Other,
}

impl<'a> Title<'a> {
    /// The title in a command line; `None` where it is none.
    pub fn of(arguments: &'a [String]) -> Option<Self> {
        let shown = arguments.first()?;
        let rest = shown.strip_prefix("rq:")?;
        Some(match rest.strip_prefix("worker:") {
            Some(worker) => Self::Worker(worker),
            None if rest.starts_with(' ') => Self::Nameless,
            None => Self::Other,
        })
    }

    /// Whether it names this worker.
    pub fn names(self, worker: &str) -> bool {
        let Self::Worker(text) = self else { return false };
        text.strip_prefix(worker).is_some_and(|rest| rest.starts_with(':'))
    }
}

/// How the line of Python begins that a pool puts in front of the module of its workers.
pub const PREAMBLE_BEGIN: &str = "import os,runpy,sys,signal as s;";

/// A command line for people: that of a pool's worker without the pool's line of Python.
pub fn readable(arguments: &[String]) -> String {
    match arguments {
        [python, option, code, rest @ ..]
            if option == "-c" && code.starts_with(PREAMBLE_BEGIN) && !rest.is_empty() =>
        {
            format!("{python} -m {}", rest.join(" "))
        }
        _ => arguments.join(" "),
    }
}

/// Whether the program of a command line is a Python.
pub fn is_python(arguments: &[String]) -> bool {
    let program = arguments.first().map_or("", String::as_str);
    let name = program.rsplit('/').next().unwrap_or(program);
    name.starts_with("python") || name.starts_with("pypy")
}

impl Stat {
    /// Whether it leads a process group of its own, as a work horse does below its worker, whose
    /// other children (RQ's scheduler) stay in the worker's group.
    ///
    /// Source: `rq/worker.py` `fork_work_horse`: `setsid` up to 1.16, `setpgrp` from 2.0 on. What a
    /// job starts may do so as well: a caller also compares programs or titles.
    pub fn leads_group(&self) -> bool {
        self.group == self.pid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn readable_leaves_the_line_of_a_pool_out() {
        let line = |code: &str| {
            let words = ["/env/bin/python", "-c", code, "rq.cli", "worker", "a"];
            readable(&words.map(str::to_owned))
        };
        let of_pool = format!("{PREAMBLE_BEGIN}s.signal(1)");
        assert_eq!(line(&of_pool), "/env/bin/python -m rq.cli worker a");
        assert_eq!(line("import rq"), "/env/bin/python -c import rq rq.cli worker a");
    }

    #[test]
    fn names_of_a_title_takes_the_whole_name() {
        let names = |title: &str, worker| {
            Title::of(&[title.to_owned()]).is_some_and(|title| title.names(worker))
        };
        assert!(names("rq:worker:3f2a: Listening on short", "3f2a"));
        assert!(names("rq:worker:a:b: Forked 7 at 1", "a:b"));
        assert!(!names("rq:worker:3f2ab: Listening on short", "3f2a"));
        assert!(!names("rq:worker:3f2a", "3f2a"));
        assert!(!names("3f2a:", "3f2a"));
        assert!(!names("rq: 3f2a: Listening", "3f2a"));
    }

    #[test]
    fn title_of_other_command_lines_is_none() {
        assert_eq!(Title::of(&words("rq worker short")), None);
        assert_eq!(Title::of(&[]), None);
        assert_eq!(Title::of(&["rq: Listening on short".to_owned()]), Some(Title::Nameless));
        assert_eq!(Title::of(&words("rq:scheduler")), Some(Title::Other));
    }

    #[test]
    fn is_python_by_the_program_alone() {
        assert!(is_python(&words("/bench/env/bin/python3.11 -m rq.cli worker")));
        assert!(is_python(&words("pypy3 worker.py")));
        assert!(!is_python(&words("vim worker.py")));
        assert!(!is_python(&words("/usr/sbin/sshd")));
        assert!(!is_python(&[]));
    }
}
