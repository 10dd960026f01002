//! The demo's directory: where it is, that it is ours, that one jobctl works on it at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::unistd::geteuid;

use super::server;
use super::state::{self, State};
use crate::env;
use crate::error::{Failure, Kind, Result};

/// What a directory that may serve holds.
pub(super) enum Contents {
    /// Nothing at all.
    Nothing,
    /// A demo, running or not.
    Demo(State),
}

/// A directory of the user's own, locked against a second jobctl.
pub(super) struct Place {
    dir: PathBuf,
    _lock: Flock<File>,
}

/// The demo's directory as an absolute path; `None` asks for the default one.
///
/// The default is `jobctl/demo` in the user's state directory, or one in the directory for
/// temporary files where there is no such directory or its path will not do for a socket.
pub(super) fn choose(dir: Option<&Path>) -> Result<PathBuf> {
    let dir = match dir {
        Some(dir) => resolve(dir)?,
        None => resolve(&default_dir())?,
    };
    if !is_plain(&dir) {
        let message = format!(
            "cannot use `{}` for the demo: its path holds blanks or is not plain text",
            dir.display()
        );
        return Err(Failure::new(Kind::Config, message).hint("jobctl demo --dir DIR").into());
    }
    Ok(dir)
}

/// Whether RQ's workers come to terms with the path.
///
/// Redis lists a client by the path of its socket, and redis-py cannot read that list when there is
/// a blank in it. Seen with redis-py 8.1.0: a worker does not even start.
fn is_plain(dir: &Path) -> bool {
    dir.to_str().is_some_and(|text| !text.contains(|c: char| c.is_control() || c.is_whitespace()))
}

fn default_dir() -> PathBuf {
    let state = env::read(env::XDG_STATE_HOME)
        .filter(|dir| Path::new(dir).is_absolute())
        .or_else(|| env::read(env::HOME).map(|home| format!("{home}/.local/state")))
        .map(|state| Path::new(&state).join("jobctl/demo"))
        .filter(|dir| dir.is_absolute() && is_plain(dir) && server::socket_fits(dir));
    state.unwrap_or_else(|| std::env::temp_dir().join(format!("jobctl-demo-{}", geteuid())))
}

/// Makes `dir` absolute and frees all but its last part of links.
///
/// RQ's queue names start with the bench's path as Frappe sees it, links resolved.
fn resolve(dir: &Path) -> Result<PathBuf> {
    let cannot = |e| {
        let message = format!("cannot find out where `{}` is", dir.display());
        Failure::new(Kind::CannotCreate, message).because(e)
    };
    let absolute = std::path::absolute(dir).map_err(cannot)?;
    // The existing part is resolved, the rest of the path is yet to be created.
    let (mut existing, mut missing) = (absolute.as_path(), Vec::new());
    while let (Some(parent), Some(name)) = (existing.parent(), existing.file_name()) {
        missing.push(name);
        existing = parent;
        if existing.exists() {
            break;
        }
    }
    let mut resolved = existing.canonicalize().map_err(cannot)?;
    resolved.extend(missing.iter().rev());
    Ok(resolved)
}

impl Place {
    /// Opens the directory, which is created with mode 0700 where it is missing.
    pub(super) fn create(dir: &Path) -> Result<Self> {
        server::check_socket_path(dir)?;
        let cannot = |e| {
            let message = format!("cannot create `{}`", dir.display());
            Failure::new(Kind::CannotCreate, message).because(e).hint("jobctl demo --dir DIR")
        };
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(cannot)?;
        }
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(cannot(e).into()),
            Ok(()) | Err(_) => {}
        }
        let place = Self::open(dir)?.ok_or_else(|| busy(dir))?;
        fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(cannot)?;
        Ok(place)
    }

    /// Opens the directory if there is one.
    ///
    /// Errors: `Refused` if it is a link or somebody else's, `TryAgain` if it is in use.
    pub(super) fn open(dir: &Path) -> Result<Option<Self>> {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY;
        let file = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(dir) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => {
                let message = format!("cannot use `{}` for the demo", dir.display());
                return Err(Failure::new(Kind::Refused, message).because(e).into());
            }
        };
        // A stranger's demo.json could name processes of ours as its own.
        let metadata = file.metadata()?;
        if metadata.uid() != geteuid().as_raw() || metadata.mode() & 0o022 != 0 {
            let message =
                format!("cannot use `{}` for the demo: others may write to it", dir.display());
            return Err(Failure::new(Kind::Refused, message).hint("jobctl demo --dir DIR").into());
        }
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|_| busy(dir))?;
        // Another jobctl may have removed the directory while this one waited to open it.
        match fs::symlink_metadata(dir) {
            Ok(now) if now.ino() == metadata.ino() => {
                Ok(Some(Self { dir: dir.to_owned(), _lock: lock }))
            }
            _ => Err(busy(dir)),
        }
    }

    /// Looks what the directory holds.
    ///
    /// Errors: `CannotCreate` for anything but a demo.
    pub(super) fn contents(&self) -> Result<Contents> {
        if let Some(state) = State::read(&self.dir)? {
            return Ok(Contents::Demo(state));
        }
        let entries = fs::read_dir(&self.dir).map_err(|e| {
            let message = format!("cannot read `{}`", self.dir.display());
            Failure::new(Kind::Io, message).because(e)
        })?;
        for entry in entries.flatten() {
            // All that a demo can be before its first state is in place.
            if entry.file_name().as_bytes() != state::UNFINISHED.as_bytes() {
                let message = format!("`{}` holds other things and is no demo", self.dir.display());
                return Err(Failure::new(Kind::CannotCreate, message)
                    .hint("name a directory that is empty or does not exist: jobctl demo --dir DIR")
                    .into());
            }
        }
        Ok(Contents::Nothing)
    }

    /// Removes the directory with everything in it; links in it are removed, not followed.
    pub(super) fn remove(self) -> Result<()> {
        self.remove_all().map_err(|e| {
            let message = format!("cannot remove `{}`", self.dir.display());
            Failure::new(Kind::Io, message).because(e).hint("jobctl demo --stop").into()
        })
    }

    /// The mark goes last: broken off half-way, what is left can still be recognised and removed.
    fn remove_all(&self) -> std::io::Result<()> {
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_name() == state::FILE {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_dir_all(&self.dir)
    }
}

fn busy(dir: &Path) -> anyhow::Error {
    let message = format!("another jobctl starts or ends the demo in `{}`", dir.display());
    Failure::new(Kind::TryAgain, message).into()
}
