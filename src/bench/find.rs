//! Finds the bench that a command is about.

use std::io;
use std::path::{Path, PathBuf};

use super::Environment;
use crate::env;
use crate::error::{Failure, Kind, Result};

/// What makes a directory a bench. The bench command asks for `config`, `logs` and `config/pids`
/// too, which container images may lack.
const PARTS: [&str; 2] = ["apps", "sites"];

/// What named the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// The command line.
    Flag,
    /// `JOBCTL_BENCH`.
    Environment,
    /// The current directory lies in it.
    CurrentDirectory,
}

impl FoundBy {
    /// How an operator would name it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Flag => "--bench",
            Self::Environment => env::JOBCTL_BENCH,
            Self::CurrentDirectory => "the current directory",
        }
    }
}

#[derive(Debug)]
pub(super) struct Place {
    pub(super) root: PathBuf,
    pub(super) real_root: PathBuf,
    pub(super) found_by: FoundBy,
}

/// Finds the bench: the explicit one, else the environment's, else the one around `cwd`.
pub(super) fn find(
    explicit: Option<&Path>,
    cwd: Option<&Path>,
    environment: &Environment,
) -> Result<Option<Place>> {
    let named = explicit
        .map(|dir| (dir, FoundBy::Flag))
        .or_else(|| Some((Path::new(environment.get(env::JOBCTL_BENCH)?), FoundBy::Environment)));
    if let Some((dir, found_by)) = named {
        return open_named(dir, cwd, found_by).map(Some);
    }
    let home = environment.get_filled(env::HOME).map(Path::new);
    let Some(root) = cwd.and_then(|cwd| enclosing_bench(cwd, home)) else { return Ok(None) };
    Ok(Some(place(root.to_path_buf(), FoundBy::CurrentDirectory)))
}

/// Walks up from `start`, up to the home directory and short of `/`. Source: the bench command
/// stops there too.
fn enclosing_bench<'a>(start: &'a Path, home: Option<&Path>) -> Option<&'a Path> {
    for dir in start.ancestors().filter(|dir| dir.parent().is_some()) {
        if missing_parts(dir).is_empty() {
            return Some(dir);
        }
        if Some(dir) == home {
            return None;
        }
    }
    None
}

fn open_named(dir: &Path, cwd: Option<&Path>, found_by: FoundBy) -> Result<Place> {
    let label = found_by.label();
    if dir.as_os_str().is_empty() {
        return Err(Failure::new(Kind::Usage, format!("`{label}` is empty"))
            .hint("name a bench directory, or leave it out to search from the current directory")
            .into());
    }
    let root = absolute(dir, cwd);
    let shown = root.display();
    match std::fs::metadata(&root) {
        Err(error) => return Err(unreachable_dir(&root, label, error).into()),
        Ok(metadata) if !metadata.is_dir() => {
            let message = format!("cannot open bench `{shown}` (from {label}): not a directory");
            return Err(Failure::new(Kind::NotFound, message)
                .hint("name the directory that holds `apps` and `sites`")
                .into());
        }
        Ok(_) => {}
    }
    let missing = missing_parts(&root);
    let Some(first) = missing.first() else { return Ok(place(root, found_by)) };
    // A directory that may not be entered looks empty.
    if let Err(error) = std::fs::metadata(root.join(first))
        && error.kind() == io::ErrorKind::PermissionDenied
    {
        return Err(unreachable_dir(&root, label, error).into());
    }
    let message = format!(
        "cannot open bench `{shown}` (from {label}): it has no directory {}",
        missing.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(" and ")
    );
    let hint = match enclosing_bench(&root, None) {
        Some(bench) => format!("the bench around it is `{}`", bench.display()),
        None => "name the directory that holds `apps` and `sites`".to_owned(),
    };
    Err(Failure::new(Kind::Config, message).hint(hint).into())
}

fn unreachable_dir(root: &Path, label: &str, error: io::Error) -> Failure {
    let (kind, why) = match error.kind() {
        io::ErrorKind::NotFound => (Kind::NotFound, "no such directory"),
        io::ErrorKind::NotADirectory => (Kind::NotFound, "a part of the path is a file"),
        io::ErrorKind::PermissionDenied => (Kind::Refused, "no permission"),
        _ => (Kind::Io, "it cannot be looked at"),
    };
    let message = format!("cannot open bench `{}` (from {label}): {why}", root.display());
    let failure = Failure::new(kind, message);
    match kind {
        Kind::NotFound => failure.hint("name the directory that holds `apps` and `sites`"),
        Kind::Refused => failure.hint("run jobctl as the user who owns the bench"),
        _ => failure.because(error),
    }
}

fn missing_parts(dir: &Path) -> Vec<&'static str> {
    PARTS.into_iter().filter(|part| !dir.join(part).is_dir()).collect()
}

fn place(root: PathBuf, found_by: FoundBy) -> Place {
    let real_root = std::fs::canonicalize(&root).unwrap_or_else(|_| root.clone());
    Place { root, real_root, found_by }
}

/// Makes a path absolute and drops `.` parts, without resolving links or `..`.
fn absolute(dir: &Path, cwd: Option<&Path>) -> PathBuf {
    let joined = cwd.map_or_else(|| dir.to_path_buf(), |cwd| cwd.join(dir));
    joined.components().collect()
}
