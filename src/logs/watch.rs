//! Waits until something happens to the files of some folders. Uses inotify; where that cannot be
//! had (limits, network file systems) it looks at the clock instead.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

/// Between two looks where nobody tells of changes.
const LOOK: Duration = Duration::from_millis(25);
/// Changes that are not told (mapped memory, a file server) are seen after this long.
const SAFETY: Duration = Duration::from_secs(1);

/// What happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Woken {
    /// A file was written, or may have been.
    pub written: bool,
    /// A file appeared, vanished or was renamed, or may have been.
    pub renamed: bool,
}

/// Watches the folders of some logs.
#[derive(Debug)]
pub struct Watch {
    inotify: Option<Inotify>,
    dirs: HashSet<PathBuf>,
    names: HashSet<OsString>,
    logs: Vec<PathBuf>,
    looked: Instant,
}

impl Watch {
    /// Watches nothing yet.
    pub fn new() -> Self {
        let flags = InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC;
        Self {
            inotify: Inotify::init(flags).ok(),
            dirs: HashSet::new(),
            names: HashSet::new(),
            logs: Vec::new(),
            looked: Instant::now(),
        }
    }

    /// Watches the log at `path` and its rotated files, and where it is a link, what it leads to.
    pub fn add(&mut self, path: &Path) {
        self.logs.push(path.to_owned());
        self.reach(path);
    }

    fn reach(&mut self, path: &Path) {
        let real = path.canonicalize().ok();
        for path in [Some(path), real.as_deref()].into_iter().flatten() {
            let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
            self.names.extend(path.file_name().map(OsStr::to_owned));
            self.add_dir(dir.unwrap_or(Path::new(".")));
        }
    }

    /// Watches for new logs in a folder.
    pub fn add_dir(&mut self, dir: &Path) {
        if !self.dirs.insert(dir.to_owned()) {
            return;
        }
        let flags = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_CREATE
            | AddWatchFlags::IN_DELETE
            | AddWatchFlags::IN_MOVED_FROM
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_ONLYDIR;
        let watched =
            self.inotify.as_ref().is_some_and(|inotify| inotify.add_watch(dir, flags).is_ok());
        if !watched {
            self.inotify = None;
        }
    }

    /// Waits until something happens, but no longer than `most`; a signal ends the wait too.
    pub fn wait(&mut self, most: Duration) -> Woken {
        let due = SAFETY.saturating_sub(self.looked.elapsed());
        let Some(inotify) = &self.inotify else {
            std::thread::sleep(most.min(LOOK));
            let renamed = due.is_zero();
            if renamed {
                self.looked = Instant::now();
            }
            return Woken { written: true, renamed };
        };
        let mut fds = [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(most.min(due)).unwrap_or(PollTimeout::ZERO);
        // A signal ends it with `EINTR`; whoever waits looks for signals.
        let _ = poll(&mut fds, timeout);
        let mut woken = self.events();
        if self.looked.elapsed() >= SAFETY {
            woken = Woken { written: true, renamed: true };
            self.looked = Instant::now();
        }
        if woken.renamed {
            // A link may lead to another folder now; what is written there is told from here on.
            let logs = std::mem::take(&mut self.logs);
            for log in &logs {
                self.reach(log);
            }
            self.logs = logs;
        }
        woken
    }

    fn events(&self) -> Woken {
        let mut woken = Woken::default();
        let Some(inotify) = &self.inotify else { return woken };
        loop {
            match inotify.read_events() {
                Ok(events) => {
                    for event in events {
                        let ours = event.name.as_deref().is_none_or(|name| self.is_ours(name));
                        let write = event.mask.contains(AddWatchFlags::IN_MODIFY);
                        woken.written |= ours;
                        woken.renamed |= !write && (ours || is_log(event.name.as_deref()));
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_) => return woken,
            }
        }
    }

    /// Whether it is a log that is watched, or a rotated file of one.
    fn is_ours(&self, name: &OsStr) -> bool {
        let begins = |known: &OsString| name.as_bytes().starts_with(known.as_bytes());
        self.names.contains(name) || self.names.iter().any(begins)
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

fn is_log(name: Option<&OsStr>) -> bool {
    name.is_some_and(|name| name.as_bytes().ends_with(b".log"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn link_that_is_turned_has_its_new_folder_watched() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        for folder in ["old", "new"] {
            std::fs::create_dir(real.join(folder)).unwrap();
            std::fs::write(real.join(folder).join("x"), "").unwrap();
        }
        let link = real.join("x.log");
        symlink("old/x", &link).unwrap();
        let mut watch = Watch::new();
        watch.add(&link);
        assert!(watch.dirs.contains(&real.join("old")) && !watch.dirs.contains(&real.join("new")));
        symlink("new/x", real.join("turned")).unwrap();
        std::fs::rename(real.join("turned"), &link).unwrap();
        let began = Instant::now();
        while !watch.wait(LOOK).renamed && began.elapsed() < Duration::from_secs(120) {}
        assert!(watch.dirs.contains(&real.join("new")));
    }
}
