//! Opens files for writing that lie inside of the bench, and follows no link out of it.
//!
//! A path's links are resolved first; what comes out must be below the bench's real directory, and
//! is then opened step by step without following any link. So whoever owns a part of the bench
//! cannot make root write elsewhere, not even by exchanging a directory meanwhile. Source:
//! openat(2), `O_NOFOLLOW`.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, fstat, mkdirat};
use nix::unistd::{Gid, Uid, fchown, geteuid};

use crate::error::{Failure, Kind, Result};

/// No link is followed, no pipe is waited for, nothing is passed on to children.
pub(super) const SAFE: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);
const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// An opened folder inside of the bench.
#[derive(Debug)]
pub(super) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens the folder at `path` of the bench whose real directory is `root`.
    ///
    /// Errors: `NotFound`, `Config` where links lead out of the bench, `Refused` without
    /// permission.
    pub(super) fn open(root: &Path, path: &Path) -> Result<Self> {
        let real = resolve(root, path)?;
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let opened = open(root, flags, Mode::empty());
        let mut fd = opened.map_err(|errno| cannot("open", root, errno))?;
        for step in real.strip_prefix(root).unwrap_or(&real).components() {
            let Component::Normal(name) = step else { continue };
            fd = openat(&fd, name, FOLDER, Mode::empty())
                .map_err(|errno| cannot("open", &real, errno))?;
        }
        Ok(Self { fd, path: path.to_path_buf() })
    }

    /// Opens the folder in which the file at `path` really lies, and gives its name there.
    pub(super) fn of_file(root: &Path, path: &Path) -> Result<(Self, OsString)> {
        let real = resolve(root, path)?;
        let name = real.file_name().map(ToOwned::to_owned);
        let parent = real.parent().unwrap_or(root);
        let name = name.ok_or_else(|| cannot("open", path, Errno::EISDIR))?;
        Ok((Self::open(root, parent)?, name))
    }

    /// Opens the folder `name` in this one, made with mode 0755 where it is missing.
    pub(super) fn below(&self, name: &str) -> Result<Self> {
        let path = self.path.join(name);
        let mode = Mode::from_bits_truncate(0o755);
        let made = match mkdirat(&self.fd, name, mode) {
            Ok(()) => true,
            Err(Errno::EEXIST) => false,
            Err(errno) => return Err(cannot("create", &path, errno).into()),
        };
        let fd = openat(&self.fd, name, FOLDER, Mode::empty())
            .map_err(|errno| cannot("open", &path, errno))?;
        if made {
            self.give(fd.as_fd(), &path)?;
        }
        Ok(Self { fd, path })
    }

    /// Opens a file in it, without following a link.
    pub(super) fn file(&self, name: &Path, flags: OFlag, mode: u32) -> nix::Result<File> {
        #[allow(clippy::unnecessary_cast, reason = "the type differs between platforms")]
        let mode = Mode::from_bits_truncate(mode as nix::libc::mode_t);
        openat(&self.fd, name, flags | SAFE, mode).map(File::from)
    }

    /// Gives a file that root made to the owner of this folder, who has to open it as well.
    pub(super) fn give(&self, file: BorrowedFd<'_>, path: &Path) -> Result<()> {
        if !geteuid().is_root() {
            return Ok(());
        }
        let owner = self.stat().map_err(|errno| cannot("look at", &self.path, errno))?;
        let (uid, gid) = (Uid::from_raw(owner.st_uid), Gid::from_raw(owner.st_gid));
        fchown(file, Some(uid), Some(gid)).map_err(|errno| cannot("give away", path, errno).into())
    }

    pub(super) fn stat(&self) -> nix::Result<FileStat> {
        fstat(&self.fd)
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The path by which it was opened.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Where a path leads, if that is inside of the bench.
fn resolve(root: &Path, path: &Path) -> Result<PathBuf> {
    let real = std::fs::canonicalize(path).map_err(|error| {
        let errno = error.raw_os_error().map_or(Errno::EIO, Errno::from_raw);
        cannot("open", path, errno)
    })?;
    if real.starts_with(root) {
        return Ok(real);
    }
    Err(Failure::new(
        Kind::Config,
        format!(
            "will not write `{}`: it is a link that leads out of the bench, to `{}`",
            path.display(),
            real.display()
        ),
    )
    .hint("make it a file of the bench, or change the other file by its own bench")
    .into())
}

/// A failure to `attempt` something with a file of the bench.
pub(super) fn cannot(attempt: &str, path: &Path, errno: Errno) -> Failure {
    let kind = match errno {
        Errno::ENOENT | Errno::ENOTDIR => Kind::NotFound,
        Errno::EACCES | Errno::EPERM => Kind::Refused,
        Errno::ELOOP => Kind::Config,
        Errno::EROFS => Kind::CannotCreate,
        _ => Kind::Io,
    };
    let what = errno.desc().to_lowercase();
    let failure = Failure::new(kind, format!("cannot {attempt} `{}`: {what}", path.display()));
    match kind {
        Kind::Refused => failure.hint("run jobctl as the user who owns the bench"),
        _ => failure,
    }
}
