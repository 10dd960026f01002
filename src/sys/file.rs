//! Reads files that other programs own, without trusting their size or their type.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::O_NONBLOCK;

/// Reads a regular file of at most `limit` bytes, with its metadata as of the opened file.
///
/// Never waits: a named pipe in a file's place is refused, not read. Errors: those of opening and
/// reading, `InvalidInput` for what is no regular file, `FileTooLarge` beyond the limit.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<(Vec<u8>, Metadata)> {
    let (bytes, metadata) = read_start(path, limit.saturating_add(1))?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {limit} bytes"),
        ));
    }
    Ok((bytes, metadata))
}

/// Reads the first `limit` bytes of a regular file; the rest is not looked at.
///
/// Errors: as [`read_bounded`], without the one for large files.
pub fn read_start(path: &Path, limit: u64) -> io::Result<(Vec<u8>, Metadata)> {
    // Opening a named pipe without O_NONBLOCK waits for a writer that may never come.
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len().min(limit)).unwrap_or(0));
    file.take(limit).read_to_end(&mut bytes)?;
    Ok((bytes, metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_bounded_at_and_above_the_limit_accepts_and_refuses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, b"12345").unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap().0, b"12345");
        assert_eq!(read_bounded(&path, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn read_bounded_of_a_named_pipe_refuses_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }

    #[test]
    fn read_bounded_of_a_directory_refuses() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read_bounded(dir.path(), 5).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
