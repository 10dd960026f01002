//! Replaces a file as a whole: who reads it meanwhile sees the old one or the new one.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Puts `bytes` into the file at `path`, with `mode` less what the umask forbids.
///
/// The new file is made beside it, so its folder must be writable. Errors: `InvalidInput` where a
/// device, a pipe, a socket, a directory or a link is in its place, which root could replace for
/// everybody; those of making, writing and renaming. Then the old file stays and nothing is left
/// beside it.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let (mut file, draft) = draft(path, mode)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        // Half a file is of no use to anybody.
        let _ = fs::remove_file(&draft);
    })
}

/// Makes the new file that is to take the place of the one at `path`.
///
/// Errors: as [`replace`].
pub fn draft(path: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let beside = beside(path)?;
    // What a process of the same number left behind when it was killed.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    Ok((file, beside))
}

/// `.NAME.PID.tmp` beside a file: who reads all `*.prom` of a folder passes it over.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", std::process::id()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn replace_puts_a_whole_file_in_place_of_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "a longer old one").unwrap();
        replace(&path, b"new", 0o600).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(path.symlink_metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn replace_of_a_link_or_a_pipe_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        fs::write(&target, "precious").unwrap();
        symlink(&target, &link).unwrap();
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).unwrap();
        for special in [&link, &pipe] {
            let error = replace(special, b"new", 0o600).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
        assert_eq!(fs::read(&target).unwrap(), b"precious");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);
    }

    #[test]
    fn replace_that_fails_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("is-a-folder");
        fs::create_dir_all(folder.join("full")).unwrap();
        assert!(replace(&folder, b"new", 0o600).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
