//! The folder of journals: where it is, whose it is, and what may be opened in it.
//!
//! Every step below the bench is taken relative to an opened directory and follows no link, so
//! that whoever owns the bench cannot make root write elsewhere. Source: openat(2), `O_NOFOLLOW`.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg, OFlag, open, openat};
use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::sys::statvfs::fstatvfs;
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, geteuid, unlinkat};

use super::id::OpId;
use super::reader::{JournalReader, Summary};
use super::record::{Header, Verdict};
use super::writer::Journal;
use crate::env;
use crate::error::{Failure, Kind, Result};

/// Share of a disk that has to stay free.
const FREE_PERCENT: u64 = 10;
/// Bytes of a disk that have to stay free.
const FREE_BYTES: u64 = 1 << 30;
const AUDIT: &str = "audit.jsonl";
const SUFFIX: &str = ".journal";

/// Where journals are kept. Opens nothing before it is asked to.
#[derive(Debug, Clone)]
pub struct JournalDir {
    /// The directory that is there already and may be reached through links.
    base: PathBuf,
    /// What is below it, made where it is missing; the last is the folder of journals.
    below: &'static [&'static str],
    /// Whether the owner of `base` is to own what is made.
    of_bench: bool,
}

impl JournalDir {
    /// The journals of a bench, or of this user where there is none.
    ///
    /// Errors: `Config` where neither `XDG_STATE_HOME` nor `HOME` says where a user's state is.
    pub fn of(bench: Option<&Path>) -> Result<Self> {
        if let Some(bench) = bench {
            let below = &["config", "jobctl", "ops"];
            return Ok(Self { base: bench.to_owned(), below, of_bench: true });
        }
        let filled = |name: &str| env::read(name).filter(|value| value.starts_with('/'));
        let (base, below): (_, &'static [_]) = match filled(env::XDG_STATE_HOME) {
            Some(state) => (state, &["jobctl", "ops"]),
            None => match filled(env::HOME) {
                Some(home) => (home, &[".local", "state", "jobctl", "ops"]),
                None => {
                    return Err(Failure::new(
                        Kind::Config,
                        "cannot keep a journal: neither XDG_STATE_HOME nor HOME is set",
                    )
                    .hint("set HOME, or give up the undo with --no-undo")
                    .into());
                }
            },
        };
        Ok(Self { base: base.into(), below, of_bench: false })
    }

    /// The folder of journals.
    pub fn path(&self) -> PathBuf {
        self.below.iter().fold(self.base.clone(), |path, name| path.join(name))
    }

    /// The audit log: beside the folder of journals.
    pub fn audit_path(&self) -> PathBuf {
        self.path().with_file_name(AUDIT)
    }

    /// Refuses where too little of the disk would stay free with `bytes` more on it: less than a
    /// tenth of it, or less than a gibibyte, whichever is more.
    ///
    /// `bytes` are those of the images as they are; packed they take about a third.
    pub fn check_room(&self, bytes: u64) -> Result<()> {
        // What is below may not exist yet; it will be made on the disk of its closest parent.
        let mut place = self.path();
        while !place.exists() && place.pop() {}
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let disk = open(&place, flags, Mode::empty()).and_then(|fd| fstatvfs(&fd));
        let disk = disk.map_err(|errno| self.cannot("measure the room in", &place, errno))?;
        let (unit, free, total) = (disk.fragment_size(), disk.blocks_available(), disk.blocks());
        #[allow(clippy::unnecessary_cast, reason = "the types differ between platforms")]
        let (free, total) =
            ((free as u64).saturating_mul(unit as u64), (total as u64).saturating_mul(unit as u64));
        let left = free.saturating_sub(bytes);
        if left >= FREE_BYTES && left >= total / 100 * FREE_PERCENT {
            return Ok(());
        }
        let shown = crate::human::bytes;
        Err(Failure::new(
            Kind::Io,
            format!(
                "cannot keep a journal of {} in `{}`: {} of {} would stay free, less than \
                 {FREE_PERCENT} % or 1 GiB",
                shown(bytes),
                place.display(),
                shown(left),
                shown(total)
            ),
        )
        .hint("make room, or do less at a time with --limit N")
        .hint("--no-undo keeps no journal: what is done can then not be undone")
        .into())
    }

    /// Begins the journal of an operation; its header is on disk when this returns.
    ///
    /// Errors: `CannotCreate` or `Io`; nothing was changed then.
    pub fn create(&self, header: &Header) -> Result<Journal> {
        let folder = self.ensured(self.below)?;
        let name = file_name(&header.op_id);
        let path = self.path().join(&name);
        let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_RDWR;
        let file = self.open_at(&folder, &name, flags)?;
        let file = lock(file, &path, &header.op_id)?;
        let journal = Journal::begin(file, path.clone(), header)?;
        // The name has to survive a crash as well as the content.
        File::from(folder).sync_all().map_err(|error| {
            Failure::new(Kind::Io, format!("cannot write `{}`: {error}", path.display()))
        })?;
        Ok(journal)
    }

    /// Opens the journal of an operation for reading.
    ///
    /// Errors: `NotFound` where there is none.
    pub fn open(&self, op: &OpId) -> Result<JournalReader> {
        let Some(folder) = self.existing()? else { return Err(self.no_such(op).into()) };
        JournalReader::open(self.open_journal(&folder, op, OFlag::O_RDONLY)?, &self.path_of(op))
    }

    /// Keeps everybody else from writing or undoing an operation while the value lives.
    ///
    /// Errors: `TryAgain` where somebody does at the moment.
    pub fn hold(&self, op: &OpId) -> Result<Flock<File>> {
        let Some(folder) = self.existing()? else { return Err(self.no_such(op).into()) };
        lock(self.open_journal(&folder, op, OFlag::O_RDWR)?, &self.path_of(op), op)
    }

    /// Goes on with a journal that a crash left unfinished, to write down what was found out.
    ///
    /// `held` is the lock of [`Self::hold`]; it comes back inside the journal.
    pub fn resume(&self, op: &OpId, held: Flock<File>) -> Result<Journal> {
        let mut reader = self.open(op)?;
        let (_, verdicts, length) = reader.scan(true)?;
        Journal::resume(held, self.path_of(op), length, verdicts.len() as u64)
    }

    /// Every operation whose journal is kept, newest first. Looks into all of them, but not at the
    /// images.
    ///
    /// What cannot be read is left out: it is no journal.
    pub fn list(&self) -> Result<Vec<Summary>> {
        let mut summaries: Vec<Summary> =
            self.ids()?.iter().filter_map(|op| self.summary(op).ok()).collect();
        summaries.sort_by(|a, b| b.header.op_id.cmp(&a.header.op_id));
        Ok(summaries)
    }

    /// The names of all operations, newest first.
    pub fn ids(&self) -> Result<Vec<OpId>> {
        let Some(folder) = self.existing()? else { return Ok(Vec::new()) };
        let cannot = |errno| self.cannot("list", &self.path(), errno);
        let mut folder = nix::dir::Dir::from_fd(folder).map_err(cannot)?;
        let mut ids: Vec<OpId> = folder
            .iter()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                entry.file_name().to_str().ok()?.strip_suffix(SUFFIX)?.parse().ok()
            })
            .collect();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        Ok(ids)
    }

    /// What one journal says. Passes over the images in it.
    pub fn summary(&self, op: &OpId) -> Result<Summary> {
        let mut reader = self.open(op)?;
        let size_bytes = reader.file().metadata().map_or(0, |metadata| metadata.len());
        let running = is_locked(reader.file());
        let (end, verdicts, length) = reader.scan(false)?;
        let count = |wanted: Option<Verdict>| {
            verdicts.iter().filter(|verdict| **verdict == wanted).count() as u64
        };
        Ok(Summary {
            header: reader.header().clone(),
            end,
            images: verdicts.len() as u64,
            confirmed: count(Some(Verdict::Changed)),
            doubtful: count(None),
            size_bytes,
            running,
            torn_bytes: size_bytes.saturating_sub(length),
        })
    }

    /// Removes the journal of an operation.
    pub(super) fn remove(&self, op: &OpId) -> Result<()> {
        let Some(folder) = self.existing()? else { return Ok(()) };
        let removed = unlinkat(&folder, file_name(op).as_str(), UnlinkatFlags::NoRemoveDir);
        removed.map_err(|errno| self.cannot("remove", &self.path_of(op), errno).into())
    }

    /// The audit log, made where it is missing, ready to be appended to.
    pub(super) fn open_audit(&self) -> Result<File> {
        self.open_beside(AUDIT, OFlag::O_CREAT | OFlag::O_WRONLY | OFlag::O_APPEND)
    }

    /// The folders above that of journals, below the base.
    pub(super) fn beside(&self) -> &'static [&'static str] {
        self.below.split_last().map_or(&[], |(_, beside)| beside)
    }

    fn path_of(&self, op: &OpId) -> PathBuf {
        self.path().join(file_name(op))
    }

    fn no_such(&self, op: &OpId) -> Failure {
        Failure::new(
            Kind::NotFound,
            format!("there is no operation `{op}` in `{}`", self.path().display()),
        )
        .hint("jobctl ops list shows what can be undone")
    }

    fn open_journal(&self, folder: &OwnedFd, op: &OpId, flags: OFlag) -> Result<File> {
        let name = file_name(op);
        match openat(folder, name.as_str(), flags | SAFE, Mode::empty()) {
            Err(Errno::ENOENT) => Err(self.no_such(op).into()),
            Err(errno) => Err(self.cannot("open", &self.path_of(op), errno).into()),
            Ok(fd) => regular(File::from(fd), &self.path_of(op)),
        }
    }

    /// The folder of journals, if it is there.
    fn existing(&self) -> Result<Option<OwnedFd>> {
        let mut path = self.base.clone();
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut folder = match open(&path, flags, Mode::empty()) {
            Err(Errno::ENOENT) => return Ok(None),
            opened => opened.map_err(|errno| self.cannot("open", &path, errno))?,
        };
        for name in self.below {
            path.push(name);
            folder = match openat(&folder, *name, flags | OFlag::O_NOFOLLOW, Mode::empty()) {
                Err(Errno::ENOENT) => return Ok(None),
                opened => opened.map_err(|errno| self.cannot("open", &path, errno))?,
            };
        }
        Ok(Some(folder))
    }

    /// A folder below the base, made where it is missing: 0700, and of the bench's owner where
    /// root makes it.
    pub(super) fn ensured(&self, below: &[&str]) -> Result<OwnedFd> {
        let mut path = self.base.clone();
        if !self.of_bench {
            std::fs::create_dir_all(&path).map_err(|error| {
                Failure::new(
                    Kind::CannotCreate,
                    format!("cannot create `{}`: {error}", path.display()),
                )
            })?;
        }
        let flags = OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let mut folder =
            open(&path, flags, Mode::empty()).map_err(|errno| self.cannot("open", &path, errno))?;
        let owner = self.owner()?;
        for name in below {
            path.push(name);
            let made = match mkdirat(&folder, *name, Mode::S_IRWXU) {
                Ok(()) => true,
                Err(Errno::EEXIST) => false,
                Err(errno) => return Err(self.cannot("create", &path, errno).into()),
            };
            folder = openat(&folder, *name, flags | OFlag::O_NOFOLLOW, Mode::empty())
                .map_err(|errno| self.cannot("open", &path, errno))?;
            if made {
                self.give(folder.as_fd(), owner, &path)?;
            }
        }
        Ok(folder)
    }

    pub(super) fn open_at(&self, folder: &OwnedFd, name: &str, flags: OFlag) -> Result<File> {
        let path = self.path().join(name);
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let fd = openat(folder, name, flags | SAFE, mode)
            .map_err(|errno| self.cannot("create", &path, errno))?;
        let file = regular(File::from(fd), &path)?;
        self.give(file.as_fd(), self.owner()?, &path)?;
        Ok(file)
    }

    /// Whose the files are to be, where this process may decide that.
    fn owner(&self) -> Result<Option<(Uid, Gid)>> {
        if !self.of_bench || !geteuid().is_root() {
            return Ok(None);
        }
        let metadata = std::fs::metadata(&self.base).map_err(|error| {
            Failure::new(Kind::Io, format!("cannot look at `{}`: {error}", self.base.display()))
        })?;
        Ok(Some((Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()))))
    }

    fn give(
        &self,
        file: std::os::fd::BorrowedFd<'_>,
        owner: Option<(Uid, Gid)>,
        path: &Path,
    ) -> Result<()> {
        let Some((uid, gid)) = owner else { return Ok(()) };
        let now = fstat(file).map_err(|errno| self.cannot("look at", path, errno))?;
        if (now.st_uid, now.st_gid) == (uid.as_raw(), gid.as_raw()) {
            return Ok(());
        }
        fchown(file, Some(uid), Some(gid))
            .map_err(|errno| self.cannot("give away", path, errno).into())
    }

    pub(super) fn cannot(&self, attempt: &str, path: &Path, errno: Errno) -> Failure {
        let kind = match errno {
            Errno::ENOENT => Kind::NotFound,
            Errno::EIO | Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG => Kind::Io,
            _ => Kind::CannotCreate,
        };
        let path = path.display();
        let failure = match errno {
            Errno::ELOOP | Errno::ENOTDIR => Failure::new(
                kind,
                format!("cannot {attempt} `{path}`: it is a link or no directory"),
            )
            .hint("journals are kept inside of the bench and follow no link out of it"),
            _ => Failure::new(kind, format!("cannot {attempt} `{path}`: {}", errno.desc())),
        };
        match errno {
            Errno::EACCES | Errno::EPERM if self.of_bench => {
                failure.hint("run jobctl as the user who owns the bench")
            }
            _ => failure,
        }
    }
}

/// No link is followed, no pipe is waited for, nothing is passed on to children.
pub(super) const SAFE: OFlag = OFlag::O_NOFOLLOW.union(OFlag::O_NONBLOCK).union(OFlag::O_CLOEXEC);

fn file_name(op: &OpId) -> String {
    format!("{op}{SUFFIX}")
}

/// Refuses what is not a plain file with one name: a second name may lie outside of the bench.
pub(super) fn regular(file: File, path: &Path) -> Result<File> {
    let metadata = file.metadata();
    if metadata.as_ref().is_ok_and(|metadata| metadata.is_file() && metadata.nlink() == 1) {
        return Ok(file);
    }
    Err(Failure::new(
        Kind::CannotCreate,
        format!("cannot use `{}`: it is not a plain file with one name", path.display()),
    )
    .into())
}

fn lock(file: File, path: &Path, op: &OpId) -> Result<Flock<File>> {
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        Errno::EWOULDBLOCK => Failure::new(
            Kind::TryAgain,
            format!("operation `{op}` is being worked on at the moment"),
        )
        .hint("wait for the other jobctl to end, then try again")
        .into(),
        errno => {
            Failure::new(Kind::Io, format!("cannot lock `{}`: {}", path.display(), errno.desc()))
                .into()
        }
    })
}

/// Whether another process holds the journal's lock.
fn is_locked(file: &File) -> bool {
    let Ok(file) = file.try_clone() else { return false };
    match Flock::lock(file, FlockArg::LockSharedNonblock) {
        // A lock belongs to the open file, which the clone shares: it is given back at once.
        Ok(lock) => {
            drop(lock.unlock());
            false
        }
        Err((_, errno)) => errno == Errno::EWOULDBLOCK,
    }
}
