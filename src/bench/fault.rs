//! What can be wrong with a configuration file.

use std::fmt;
use std::path::PathBuf;

/// A configuration file that could not be used. The other files and the environment still are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: ConfigFault,
}

/// What is wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFault {
    /// There is no such file.
    Missing,
    /// It cannot be read, and why.
    Unreadable(String),
    /// It is larger than any configuration; it was not read.
    TooLarge,
    /// It is not JSON, also after it was given time to be written to its end.
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1; 0 at the end of a line.
        column: usize,
        /// What the parser expected; holds nothing of the file's content.
        message: String,
    },
    /// It is JSON, but not an object with keys; holds the kind that it is.
    NotAnObject(&'static str),
}

impl ConfigFault {
    /// Whether Frappe v16 and later refuse to start on it: only what cannot be parsed or read.
    pub(super) fn stops_new_frappe(&self) -> bool {
        !matches!(self, Self::Missing)
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("no such file"),
            Self::Unreadable(why) => write!(f, "cannot be read: {why}"),
            Self::TooLarge => write!(f, "larger than {} MiB", super::config::MAX_SIZE >> 20),
            Self::Syntax { line, column, message } => {
                write!(f, "not valid JSON: {message} at line {line}, column {column}")
            }
            Self::NotAnObject(kind) => write!(f, "holds {kind}, not an object"),
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.path.display(), self.fault)
    }
}
