//! Reads Python tracebacks, and the texts that RQ writes where there is none.
//!
//! Everything borrows from the text. One pass; how much is kept of a text is bounded. Which
//! frames matter is decided here and nowhere else.
//! Source: `CPython`'s `Lib/traceback.py`; rq/worker.py, rq/registry.py and rq/timeouts.py for RQ's
//! own texts; `frappe.get_traceback` (v14 and later) for those with variables.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

/// Frames kept of one exception: the innermost ones.
const FRAMES: usize = 256;
/// Exceptions kept of one chain: the last ones.
const EXCEPTIONS: usize = 32;

const CAUSED: &str = "The above exception was the direct cause of the following exception:";
const WHILE_HANDLING: &str = "During handling of the above exception, another exception occurred:";

/// What RQ writes of a job whose worker was lost, before the time.
const MOVED: &str = "Moved to FailedJobRegistry";

/// When RQ noticed that a job's worker was lost, by the text of the failure.
///
/// 2.0 and later write it in UTC; 1.x in the zone of whoever noticed, which is not told, so that it
/// cannot be known. Source: `rq/registry.py` `StartedJobRegistry.cleanup`.
pub fn abandoned_at(text: &str) -> Option<jiff::Timestamp> {
    let (_, at) = text.trim().strip_prefix(MOVED)?.rsplit_once(", at ")?;
    at.parse().ok()
}

/// A failure's text, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Traceback<'a> {
    exceptions: VecDeque<Raised<'a>>,
}

/// One exception of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Raised<'a> {
    /// Dotted name of its class; for RQ's own texts a name that fits, and empty if there is none.
    pub class: &'a str,
    /// What it says, perhaps in several lines.
    pub message: &'a str,
    /// Where it was raised, outermost call first.
    pub frames: VecDeque<Frame<'a>>,
    /// How the exception before it in the chain led to it.
    pub link: Option<Link>,
}

/// How one exception led to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// `raise … from …`.
    Cause,
    /// Raised while the other one was handled.
    Context,
}

/// One call on the way to an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Path of the source file.
    pub file: &'a str,
    /// Line in it, from 1; 0 if unknown.
    pub line: u32,
    /// Name of the function; empty where a syntax error points at a file.
    pub function: &'a str,
    /// The source line.
    pub code: Option<&'a str>,
}

/// Whose code a frame is, nearest to the operator first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The application's: an app of the bench, a module of the project.
    Application,
    /// Frappe's own.
    Framework,
    /// An installed package's.
    Package,
    /// RQ's, the standard library's, or Frappe's own way to a job and out of it.
    Plumbing,
}

impl<'a> Traceback<'a> {
    /// Takes `text` apart; every text gives something.
    pub fn parse(text: &'a str) -> Self {
        let mut reader =
            Reader { text, done: VecDeque::new(), now: Raised::default(), state: State::Outside };
        for line in text.split_inclusive('\n') {
            reader.line(line);
        }
        reader.finish()
    }

    /// The exceptions of the chain, in the order in which they were raised; at most the last 32.
    pub fn exceptions(&self) -> impl DoubleEndedIterator<Item = &Raised<'a>> {
        self.exceptions.iter()
    }

    /// The exception that ended the job.
    pub fn last(&self) -> Option<&Raised<'a>> {
        self.exceptions.back()
    }

    /// Dotted name of the class of the exception that ended the job; may be empty.
    pub fn class(&self) -> &'a str {
        self.last().map_or("", |raised| raised.class)
    }

    /// The same without the module.
    pub fn short_class(&self) -> &'a str {
        self.last().map_or("", Raised::short_class)
    }

    /// What the exception that ended the job says.
    pub fn message(&self) -> &'a str {
        self.last().map_or("", |raised| raised.message)
    }

    /// The frame to look at first: the innermost of the application, else of Frappe, else of a
    /// package; from the last exception that has one.
    pub fn application_frame(&self) -> Option<&Frame<'a>> {
        self.exceptions.iter().rev().find_map(Raised::application_frame)
    }
}

impl<'a> Raised<'a> {
    /// The class without its module.
    pub fn short_class(&self) -> &'a str {
        self.class.rsplit('.').next().unwrap_or(self.class)
    }

    /// The frame of this exception to look at first; none if all of it is plumbing.
    pub fn application_frame(&self) -> Option<&Frame<'a>> {
        let candidates =
            self.frames.iter().rev().filter(|frame| frame.origin() != Origin::Plumbing);
        // The first of equals is the innermost one.
        candidates.min_by_key(|frame| frame.origin())
    }
}

impl Frame<'_> {
    /// Whose code this is, told by its path.
    pub fn origin(&self) -> Origin {
        let file = self.file;
        let under = |folder: &str| file.starts_with(folder) || file.contains(&format!("/{folder}"));
        let installed = ["site-packages/", "dist-packages/"]
            .into_iter()
            .find_map(|folder| file.rsplit_once(folder))
            .map(|(_, package)| package);
        match installed {
            Some(package) if package.starts_with("rq/") => Origin::Plumbing,
            Some(package) if package.starts_with("frappe/") => self.frappe_origin(),
            Some(_) => Origin::Package,
            None if file.starts_with('<') || under("lib/python2") || under("lib/python3") => {
                Origin::Plumbing
            }
            None if file.starts_with("rq/") || file.contains("/rq/rq/") => Origin::Plumbing,
            None if under("apps/frappe/") || file.starts_with("frappe/") => self.frappe_origin(),
            None => Origin::Application,
        }
    }

    /// The way from a worker to a job, and the functions behind `frappe.throw`, say nothing about
    /// where a job failed.
    fn frappe_origin(&self) -> Origin {
        let is_plumbing = match self.function {
            "execute_job" | "run_doc_method" | "start_worker" | "start_worker_pool" => {
                self.file.ends_with("/background_jobs.py")
                    || self.file.ends_with("frappe/commands/scheduler.py")
            }
            _ if self.file.ends_with("frappe/utils/bench_helper.py") => true,
            "throw" | "msgprint" | "_raise_exception" => {
                self.file.ends_with("frappe/__init__.py") || self.file.ends_with("/messages.py")
            }
            _ => false,
        };
        if is_plumbing { Origin::Plumbing } else { Origin::Framework }
    }
}

/// Where in a text the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before any traceback.
    Outside,
    /// Among the frames.
    Frames,
    /// Among the frames, right after one: its source line may follow.
    AfterFrame,
    /// In the exception's message, which began at this offset and ends so far at the second.
    Message(usize, usize),
}

struct Reader<'a> {
    text: &'a str,
    done: VecDeque<Raised<'a>>,
    now: Raised<'a>,
    state: State,
}

impl<'a> Reader<'a> {
    fn line(&mut self, raw: &'a str) {
        // `raw` is a part of the text, so the difference of their addresses is its offset.
        let offset = raw.as_ptr() as usize - self.text.as_ptr() as usize;
        let line = raw.trim_end_matches(['\n', '\r']);
        let link = match line.trim_start_matches([' ', '|']) {
            CAUSED => Some(Link::Cause),
            WHILE_HANDLING => Some(Link::Context),
            _ => None,
        };
        if let Some(link) = link {
            self.end_exception();
            self.now.link = Some(link);
        } else if is_header(line) {
            self.end_exception();
            self.state = State::Frames;
        } else {
            self.content(line, offset);
        }
    }

    fn content(&mut self, line: &'a str, offset: usize) {
        match self.state {
            State::Outside => {}
            State::Message(start, _) => self.state = State::Message(start, offset + line.len()),
            State::Frames | State::AfterFrame => {
                if let Some(frame) = frame(line) {
                    self.push_frame(frame);
                    self.state = State::AfterFrame;
                } else if line.starts_with(' ') {
                    if self.state == State::AfterFrame
                        && let Some(last) = self.now.frames.back_mut()
                    {
                        last.code = Some(line.trim());
                    }
                    self.state = State::Frames;
                } else if let Some((class, message)) = exception_line(line) {
                    self.now.class = class;
                    let start = offset + line.len() - message.len();
                    self.state = State::Message(start, offset + line.len());
                }
            }
        }
    }

    fn push_frame(&mut self, frame: Frame<'a>) {
        if self.now.frames.len() == FRAMES {
            self.now.frames.pop_front();
        }
        self.now.frames.push_back(frame);
    }

    /// Ends the exception that is being read, if one is.
    fn end_exception(&mut self) {
        if let State::Message(start, end) = self.state {
            self.now.message = self.text.get(start..end).unwrap_or_default().trim_end();
        }
        if self.state != State::Outside {
            if self.done.len() == EXCEPTIONS {
                self.done.pop_front();
            }
            self.done.push_back(std::mem::take(&mut self.now));
        }
        self.state = State::Outside;
    }

    fn finish(mut self) -> Traceback<'a> {
        self.end_exception();
        if self.done.is_empty() {
            self.done.extend(without_traceback(self.text));
        }
        Traceback { exceptions: self.done }
    }
}

/// `Traceback (most recent call last):`, also Frappe's `Traceback with variables (…):` and the
/// indented ones of exception groups.
fn is_header(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '|', '+']);
    line.ends_with("(most recent call last):")
        && (line.starts_with("Traceback ") || line.starts_with("Exception Group Traceback "))
}

/// `  File "…", line N, in function`
fn frame(line: &str) -> Option<Frame<'_>> {
    let rest = line.trim_start_matches([' ', '|']);
    let (file, rest) = rest.strip_prefix("File \"")?.split_once("\", line ")?;
    let (number, function) = rest.split_once(", in ").unwrap_or((rest, ""));
    Some(Frame { file, line: number.trim().parse().unwrap_or(0), function, code: None })
}

/// `package.Class: message`, or the class alone. Its name is dotted and made of identifiers.
fn exception_line(line: &str) -> Option<(&str, &str)> {
    let (class, message) = match line.split_once(':') {
        Some((class, message)) => (class, message.strip_prefix(' ').unwrap_or(message)),
        None => (line, ""),
    };
    let is_part = |part: &str| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && chars.all(|c| c.is_alphanumeric() || c == '_')
    };
    let class = class.trim_end();
    // A class inside a function is named `module.function.<locals>.Class`.
    let is_name = class.split('.').all(|part| part == "<locals>" || is_part(part));
    is_name.then_some((class, message))
}

/// What RQ says where Python said nothing, under a class name that fits.
fn without_traceback(text: &str) -> Option<Raised<'_>> {
    let message = text.trim();
    let first = message.lines().next()?;
    let class = [
        // Until RQ 1.x: "… was terminated unexpectedly (waitpid returned …)".
        ("Work-horse", "terminated unexpectedly", "WorkHorseTerminated"),
        ("Moved to FailedJobRegistry", "", "AbandonedJobError"),
        ("Job stopped by user", "", "JobStopped"),
        ("Job was stuck in intermediate queue", "", "StuckInIntermediateQueue"),
        ("Task exceeded maximum timeout value", "", "JobTimeoutException"),
    ]
    .into_iter()
    .find(|(start, part, _)| first.starts_with(start) && first.contains(part))
    .map(|(_, _, class)| class);
    if let Some(class) = class {
        return Some(Raised { class, message, ..Raised::default() });
    }
    match exception_line(first) {
        Some((class, rest)) if first.contains(':') || !rest.is_empty() => {
            let start = first.len() - rest.len();
            Some(Raised { class, message: message.get(start..)?, ..Raised::default() })
        }
        _ => Some(Raised { message, ..Raised::default() }),
    }
}

/// The signal that killed a work horse, from RQ's text; `None` if it says none.
///
/// Source: rq/worker.py, `Work-horse terminated unexpectedly; waitpid returned N (signal S); `.
pub fn work_horse_signal(message: &str) -> Option<i32> {
    let (_, rest) = message.split_once("(signal ")?;
    rest.split_once(')')?.0.parse().ok()
}
