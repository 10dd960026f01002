//! One configuration file, read while Frappe may be writing it.

use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};

use super::value::kind_of;
use crate::bench::{ConfigFault, ConfigProblem};
use crate::sys::{clock, file};

/// The size beyond which a file is not taken for a configuration.
pub(in crate::bench) const MAX_SIZE: u64 = 4 << 20;

/// A file that was written longer ago is not being written any more.
pub(super) const SETTLED: Duration = Duration::from_secs(2);

/// Pauses before the next try, in milliseconds.
pub(super) const PAUSES_MS: [u64; 5] = [5, 10, 20, 40, 60];

/// The time that all files of a bench together may be waited for, so that one bench with hundreds
/// of broken files is not slow.
#[derive(Debug)]
pub(in crate::bench) struct Patience {
    left_ms: AtomicU64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { left_ms: AtomicU64::new(180) }
    }
}

impl Patience {
    /// Waits, or says that there is no time left to wait.
    pub(super) fn pause(&self, ms: u64) -> bool {
        let take = |left: u64| left.checked_sub(ms);
        let taken = self.left_ms.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok();
        if taken {
            std::thread::sleep(Duration::from_millis(ms));
        }
        taken
    }
}

/// A configuration file: its values, or what is wrong with it.
#[derive(Clone)]
pub(in crate::bench) struct ConfigFile {
    pub(in crate::bench) path: Arc<Path>,
    /// In the file's order; empty where there is a problem.
    pub(super) values: Map<String, Value>,
    pub(super) problem: Option<ConfigProblem>,
    pub(super) world_writable: bool,
}

/// Keys only: see [`super::Setting`].
impl fmt::Debug for ConfigFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigFile")
            .field("path", &self.path)
            .field("keys", &self.values.keys().collect::<Vec<_>>())
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

impl ConfigFile {
    /// Reads a file. One that cannot be parsed and was written a moment ago gets more tries:
    /// Frappe truncates and rewrites in place, so a reader can meet half a file.
    pub(in crate::bench) fn read(path: &Path, patience: &Patience) -> Self {
        Self::read_pausing(path, |ms| patience.pause(ms))
    }

    /// A file that is not there, or must not be looked for.
    pub(in crate::bench) fn missing(path: &Path) -> Self {
        Self::broken(path, ConfigFault::Missing, false)
    }

    pub(super) fn read_pausing(path: &Path, mut pause: impl FnMut(u64) -> bool) -> Self {
        let mut pauses = PAUSES_MS.into_iter();
        loop {
            let (bytes, metadata) = match file::read_bounded(path, MAX_SIZE) {
                Ok(read) => read,
                Err(error) => return Self::broken(path, fault_of(&error), false),
            };
            let world_writable = metadata.permissions().mode() & 0o002 != 0;
            match serde_json::from_slice(&bytes) {
                Ok(Value::Object(values)) => {
                    let path = Arc::from(path);
                    return Self { path, values, problem: None, world_writable };
                }
                Ok(other) => {
                    let fault = ConfigFault::NotAnObject(kind_of(&other));
                    return Self::broken(path, fault, world_writable);
                }
                Err(error) => {
                    let settled = clock::age_of(&metadata) > SETTLED;
                    if settled || !pauses.next().is_some_and(&mut pause) {
                        return Self::broken(path, syntax(&error), world_writable);
                    }
                }
            }
        }
    }

    fn broken(path: &Path, fault: ConfigFault, world_writable: bool) -> Self {
        let problem = Some(ConfigProblem { path: path.to_path_buf(), fault });
        Self { path: Arc::from(path), values: Map::new(), problem, world_writable }
    }
}

fn fault_of(error: &io::Error) -> ConfigFault {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ConfigFault::Missing,
        io::ErrorKind::FileTooLarge => ConfigFault::TooLarge,
        io::ErrorKind::PermissionDenied => ConfigFault::Unreadable("no permission".to_owned()),
        _ => ConfigFault::Unreadable(error.to_string()),
    }
}

fn syntax(error: &serde_json::Error) -> ConfigFault {
    let text = error.to_string();
    // The parser puts the place behind its message; we say it in our own words.
    let message = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    ConfigFault::Syntax { line: error.line(), column: error.column(), message: message.to_owned() }
}
