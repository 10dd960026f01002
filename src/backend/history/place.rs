//! Where a history is, and how its file is made: with the owner and the rights of journals.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;

use crate::error::{Failure, Kind, Result};
use crate::journal::JournalDir;

/// Characters of a Redis' address in a file's name.
const MOST_NAME: usize = 100;

/// Where a history is kept.
#[derive(Debug, Clone)]
pub struct Place {
    path: PathBuf,
    /// The folder that it belongs into; `None` for a named file.
    folder: Option<JournalDir>,
}

impl Place {
    /// The file that the operator named.
    pub fn named(path: &Path) -> Self {
        Self { path: path.to_owned(), folder: None }
    }

    /// `history.db` beside the journals of a target; where several Redis share that folder, the
    /// `redis` that it is about is part of the name.
    pub fn beside(folder: JournalDir, redis: Option<&str>) -> Self {
        let name = redis.map_or_else(
            || "history.db".to_owned(),
            |redis| {
                let plain = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
                let name: String = redis.chars().map(plain).take(MOST_NAME).collect();
                format!("history-{}.db", name.trim_matches('-'))
            },
        );
        Self { path: folder.audit_path().with_file_name(name), folder: Some(folder) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether jobctl chose the name, so that whatever is there was a history.
    pub(super) const fn is_own(&self) -> bool {
        self.folder.is_some()
    }

    /// The file whose lock the one writer holds.
    pub(super) fn lock_path(&self) -> PathBuf {
        self.with_suffix(".lock")
    }

    /// A name beside the file that begins as the file's.
    pub(super) fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    }

    /// Makes or opens a file at `path`, which is this one's or begins as it: nobody else may read
    /// it, no link is followed.
    ///
    /// Errors: `CannotCreate` and `Io`.
    pub(super) fn open(&self, path: &Path) -> Result<std::fs::File> {
        if let Some(folder) = &self.folder {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            return folder.open_beside(name, OFlag::O_CREAT | OFlag::O_RDWR);
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        options.custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
        options.open(path).map_err(|error| {
            let message = format!("cannot create the history `{}`: {error}", path.display());
            Failure::new(Kind::CannotCreate, message).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn place_beside_names_the_redis_where_several_share_the_folder() {
        let folder = JournalDir::of(Some(Path::new("/bench"))).unwrap();
        let of = |redis| Place::beside(folder.clone(), redis).path().display().to_string();
        assert_eq!(of(None), "/bench/config/jobctl/history.db");
        assert_eq!(
            of(Some("127.0.0.1:6379 (db 0)")),
            "/bench/config/jobctl/history-127.0.0.1-6379--db-0.db"
        );
        assert_eq!(of(Some("unix:/../../x")), "/bench/config/jobctl/history-unix--..-..-x.db");
    }
}
