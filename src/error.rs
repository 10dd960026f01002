//! The one error type at boundaries, and the only table of exit codes.
//!
//! Every expected failure is a [`Failure`]: what was attempted, why it did not work, what to type
//! next. It travels inside `anyhow::Error`; anything in a chain that is not a `Failure` is a bug.

use std::fmt;

/// The result of everything that can fail in a way the operator should read about.
pub type Result<T, E = anyhow::Error> = std::result::Result<T, E>;

/// What sort of failure it is; decides the exit code.
///
/// Source: the codes follow `sysexits.h`, as `jobctl --help` lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A "no", or some targets of several failed.
    Partial,
    /// The command line is wrong.
    Usage,
    /// Data that cannot be understood.
    Data,
    /// No such site, queue, job, worker or file.
    NotFound,
    /// Redis or a database cannot be reached.
    Unreachable,
    /// A bug in jobctl.
    Internal,
    /// A file cannot be created.
    CannotCreate,
    /// Reading or writing failed.
    Io,
    /// Timed out or locked; trying again may help.
    TryAgain,
    /// Read-only, not confirmed, or no permission.
    Refused,
    /// The configuration is wrong, or the target is not what it seems.
    Config,
}

impl Kind {
    /// The exit code of this kind.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Partial => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NotFound => 66,
            Self::Unreachable => 69,
            Self::Internal => 70,
            Self::CannotCreate => 73,
            Self::Io => 74,
            Self::TryAgain => 75,
            Self::Refused => 77,
            Self::Config => 78,
        }
    }
}

/// How a command that ran to its end turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    /// Done, or already so; healthy; ready.
    #[default]
    Done,
    /// The answer is no, or some targets failed; for `doctor`: DEGRADED.
    No,
    /// `doctor`: UNHEALTHY.
    Unhealthy,
    /// `doctor`: something essential could not be measured.
    Unknown,
    /// What was waited for did not come in time; trying again may help.
    TimedOut,
    /// Ended by a signal, after everything was put in order.
    Interrupted {
        /// The signal's number.
        signal: i32,
    },
}

impl Outcome {
    /// The exit code of this outcome.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::No => 1,
            Self::Unhealthy => 2,
            Self::Unknown => 3,
            Self::TimedOut => Kind::TryAgain.exit_code(),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "signal numbers are 1 to 64"
            )]
            Self::Interrupted { signal } => 128 + signal as u8,
        }
    }
}

/// An expected failure: what, why, and what to type next.
///
/// The message is lower case, without a full stop, and names the object in backticks. It must not
/// hold a secret; text that came from outside is sanitized where it is printed.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    source: Option<anyhow::Error>,
}

impl Failure {
    /// Makes a failure of `kind` that says `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), source: None }
    }

    /// Adds a line that says what to do next, with a command to paste where there is one.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Keeps the cause, printed under the message.
    #[must_use]
    pub fn because(mut self, source: impl Into<anyhow::Error>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What sort of failure it is.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The hints, in the order in which they were added.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(AsRef::as_ref)
    }
}

/// Finds the failure in an error's chain; `None` means that the error is a bug.
pub fn failure_of(error: &anyhow::Error) -> Option<&Failure> {
    error.chain().find_map(|cause| cause.downcast_ref::<Failure>())
}

/// The exit code for an error that reached `main`.
pub fn exit_code_of(error: &anyhow::Error) -> u8 {
    failure_of(error).map_or(Kind::Internal, Failure::kind).exit_code()
}
