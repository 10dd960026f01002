//! A job's failure, taken apart, and which of its frames people see first.

use serde::Serialize;

use crate::human;
use crate::report::{Block, View};

/// Frames that are shown where none is the application's.
const FRAMES_OF_OTHERS: usize = 3;

/// A failure, taken apart.
#[derive(Debug, Serialize)]
pub struct Failed {
    /// The exception's class with its module.
    pub class: String,
    /// What it says.
    pub message: String,
    /// The frame to look at first.
    pub at: Option<String>,
    /// The frames of the exception, outermost first.
    pub frames: Vec<Frame>,
    /// The exceptions that led to it, the nearest first.
    pub causes: Vec<Cause>,
    /// The whole text as it was stored.
    pub traceback: String,
    /// Whether people get the whole text.
    #[serde(skip)]
    pub full: bool,
}

/// An exception that led to another.
#[derive(Debug, Serialize)]
pub struct Cause {
    /// Its class with its module.
    pub class: String,
    /// What it says.
    pub message: String,
    /// The frame to look at first.
    pub at: Option<String>,
}

/// One call on the way to the exception.
#[derive(Debug, Serialize)]
pub struct Frame {
    /// The source file.
    pub file: String,
    /// The line in it.
    pub line: u32,
    /// The function.
    pub function: String,
    /// The source line.
    pub code: Option<String>,
    /// Whose code it is: `application`, `framework`, `package` or `plumbing`.
    pub origin: &'static str,
}

impl Failed {
    /// Lays the failure out: what was raised, where it matters, and what had led to it.
    pub(super) fn blocks(&self, view: &mut View) {
        let class = if self.class.is_empty() { "Failure" } else { &self.class };
        view.push(Block::Heading(class.to_owned()));
        if self.full || self.frames.is_empty() {
            view.push(Block::Text(self.traceback.trim_end().into()));
            return;
        }
        let shown = self.frames_that_matter();
        let mut lines: Vec<String> = vec![self.message.clone()];
        for frame in &shown {
            lines.push(format!("at {}:{} in {}", frame.file, frame.line, frame.function));
            lines.extend(frame.code.as_ref().map(|code| format!("   {code}")));
        }
        for cause in &self.causes {
            lines.push(format!("after {}: {}", cause.class, cause.message));
            lines.extend(cause.at.as_ref().map(|at| format!("   at {at}")));
        }
        let hidden = self.frames.len() - shown.len();
        if hidden > 0 {
            lines.push(format!(
                "and {}; --full shows the whole traceback",
                human::counted(hidden as u64, "other frame")
            ));
        }
        view.push(Block::Text(lines.join("\n").into()));
    }

    /// The application's own frames, innermost first; without one a few of the framework's, else
    /// of a package, else the last ones.
    fn frames_that_matter(&self) -> Vec<&Frame> {
        let of = |origin: &'static str| {
            self.frames.iter().rev().filter(move |frame| frame.origin == origin)
        };
        let own: Vec<&Frame> = of("application").collect();
        if !own.is_empty() {
            return own;
        }
        let nearest = ["framework", "package", "plumbing"]
            .map(|origin| of(origin).take(FRAMES_OF_OTHERS).collect::<Vec<_>>());
        nearest.into_iter().find(|frames| !frames.is_empty()).unwrap_or_default()
    }
}
