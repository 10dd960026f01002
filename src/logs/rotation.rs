//! The rotated files of a log: which they are, and in which order they were written.
//!
//! Known are numbers (`x.log.1`: Python's `RotatingFileHandler`, supervisor, logrotate) and days
//! (`x.log-20261121`, `x.log.2026-11-21`: logrotate's `dateext`, `TimedRotatingFileHandler`), each
//! plain or gzipped.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::input::{self, FileId, read_at};
use crate::sanitize::shell_quote;

/// How often a listing is repeated when files were renamed meanwhile.
const TRIES: usize = 10;

/// A rotated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// Where it is.
    pub path: PathBuf,
    /// Which file it is.
    pub id: FileId,
    /// Orders rotated files: the oldest has the highest.
    pub age: i64,
    /// Whether it is compressed.
    pub gzip: bool,
    /// When it was last written, in microseconds since 1970.
    pub modified: i64,
}

/// How old the content of a rotated file is among its like, and whether it is gzipped. `None` for
/// a name that is no rotation of `live`.
fn parse(live: &[u8], name: &[u8]) -> Option<(i64, bool)> {
    let rest = name.strip_prefix(live)?;
    let gzip = rest.ends_with(b".gz");
    let rest = rest.strip_suffix(b".gz").unwrap_or(rest);
    let suffix = rest.strip_prefix(b".").or_else(|| rest.strip_prefix(b"-"))?;
    let digits: Vec<u8> = suffix.iter().copied().filter(u8::is_ascii_digit).collect();
    let clean = suffix.iter().all(|b| b.is_ascii_digit() || b"-_:T".contains(b));
    if digits.is_empty() || !clean {
        return None;
    }
    if digits.len() == suffix.len() && digits.len() < 8 && rest.starts_with(b".") {
        return Some((number(&digits)?, gzip));
    }
    // A day, and perhaps a time; all of one length so that they compare.
    let mut instant = digits.get(..digits.len().min(14)).filter(|day| day.len() >= 8)?.to_vec();
    instant.resize(14, b'0');
    Some((99_999_999_999_999 - number(&instant)?, gzip))
}

/// Endings of compressed files that are not read, and what unpacks such a file beside itself.
const PACKED: [(&str, &str); 3] = [("xz", "xz -dk"), ("zst", "zstd -d"), ("bz2", "bzip2 -dk")];

/// How such files begin, and what unpacks one without such an ending.
const MAGIC: [(&[u8], &str); 4] = [
    (b"\xfd7zXZ\0", "xz -dc"),
    (b"\x28\xb5\x2f\xfd", "zstd -dc"),
    (b"BZh", "bzip2 -dc"),
    (b"\x1f\x8b", "gzip -dc"),
];

/// How a file is unpacked that is compressed, as its first bytes tell, without a name that says so.
pub fn unpacking_by_content(path: &Path, file: &File) -> Option<String> {
    let head = read_at(file, 0, 10).ok()?;
    let (magic, command) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic))?;
    // Three letters may begin a text; a number and the first block's mark follow in bzip2.
    let is_text = *magic == b"BZh" && head.get(4..) != Some(b"1AY&SY");
    (!is_text).then(|| format!("{command} < {}", shell_quote(&path.to_string_lossy())))
}

/// How a file is unpacked whose compression is not read; `None` for every other.
pub fn unpacking(path: &Path) -> Option<String> {
    let ending = path.extension()?;
    let (_, command) = PACKED.iter().find(|(known, _)| ending == *known)?;
    Some(format!("{command} {}", shell_quote(&path.to_string_lossy())))
}

/// The rotated files of `live` that are not read for their compression, and not there unpacked, too;
/// only those that were written at `since` or later.
pub fn packed(live: &Path, since: Option<i64>) -> io::Result<Vec<PathBuf>> {
    let name = live.file_name().map(OsStr::as_bytes).unwrap_or_default();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder(live))? {
        let path = entry?.path();
        let Some(stem) = path.file_stem().filter(|_| unpacking(&path).is_some()) else { continue };
        let is_recent = |at: i64| since.is_none_or(|since| at >= since);
        if parse(name, stem.as_bytes()).is_some()
            && !path.with_extension("").exists()
            && path.metadata().is_ok_and(|metadata| is_recent(modified(&metadata)))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn folder(live: &Path) -> &Path {
    live.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn number(digits: &[u8]) -> Option<i64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether `name` is a log itself, not the rotation of another.
pub fn is_live_name(name: &str) -> bool {
    name.strip_suffix(".log").is_some_and(|stem| !stem.is_empty())
}

/// The rotated files of `live`, oldest first. What vanishes while it is listed is left out.
pub fn list(live: &Path) -> io::Result<Vec<Rotated>> {
    let name = live.file_name().map(OsStr::as_bytes).unwrap_or_default();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder(live))? {
        let entry = entry?;
        let Some((age, gzip)) = parse(name, entry.file_name().as_bytes()) else { continue };
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_file() {
            let (path, id) = (entry.path(), FileId::of(&metadata));
            found.push(Rotated { path, id, age, gzip, modified: modified(&metadata) });
        }
    }
    found.sort_by(|a, b| b.age.cmp(&a.age).then_with(|| a.path.cmp(&b.path)));
    Ok(found)
}

/// When a file was last written, in microseconds since 1970.
pub fn modified(metadata: &Metadata) -> i64 {
    metadata
        .modified()
        .ok()
        .and_then(|at| jiff::Timestamp::try_from(at).ok())
        .map_or(0, jiff::Timestamp::as_microsecond)
}

/// A log as it is at one moment: the live file and the rotated ones, none missing, none twice.
#[derive(Debug)]
pub struct Snapshot {
    /// The live file; `None` where there is none, as for a moment during a rotation.
    pub live: Option<(File, Metadata)>,
    /// The rotated files, oldest first, opened where asked for.
    pub rotated: Vec<(Rotated, Option<io::Result<File>>)>,
}

/// Takes a snapshot of the log at `path`. Rotated files for which `wants` says so are opened, so
/// that later renames do not matter.
///
/// Errors: those of opening the live file, other than that it is missing.
pub fn snapshot(path: &Path, wants: impl Fn(&Rotated) -> bool) -> io::Result<Snapshot> {
    let mut tries = 0;
    loop {
        tries += 1;
        let live = match input::open(path) {
            Ok(live) => Some(live),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let listed = list(path).unwrap_or_default();
        let mut moved = false;
        let mut rotated = Vec::new();
        for file in listed {
            let opened = wants(&file).then(|| input::open(&file.path));
            let opened = opened.map(|opened| {
                opened.map(|(handle, metadata)| {
                    moved |= FileId::of(&metadata) != file.id;
                    handle
                })
            });
            moved |= matches!(&opened, Some(Err(error)) if error.kind() == io::ErrorKind::NotFound);
            rotated.push((file, opened));
        }
        let id = live.as_ref().map(|(_, metadata)| FileId::of(metadata));
        let now = std::fs::metadata(path).ok().map(|metadata| FileId::of(&metadata));
        // A rotation removes the live name for a moment.
        let settled = id == now && !moved && (id.is_some() || tries > 1);
        if settled || tries >= TRIES {
            if tries >= TRIES {
                rotated.retain(|(_, opened)| !matches!(opened, Some(Err(_))));
            }
            return Ok(Snapshot { live, rotated });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_orders_numbers_and_days() {
        let age = |name: &str| parse(b"worker.log", name.as_bytes());
        assert_eq!(age("worker.log.1"), Some((1, false)));
        assert_eq!(age("worker.log.12.gz"), Some((12, true)));
        assert!(age("worker.log-20261120").unwrap().0 > age("worker.log-20261121.gz").unwrap().0);
        assert!(
            age("worker.log.2026-11-20").unwrap().0 > age("worker.log.2026-11-21_10").unwrap().0
        );
        for other in [
            "worker.log",
            "worker.log.bak",
            "worker.log.1.swp",
            "worker.error.log.1",
            "worker.log.",
        ] {
            assert_eq!(age(other), None, "{other}");
        }
    }

    #[test]
    fn unpacking_by_content_knows_a_compressed_file_by_its_first_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.log");
        for (bytes, expected) in [
            (&b"\xfd7zXZ\0rest"[..], Some("xz -dc < ")),
            (b"\x28\xb5\x2f\xfdrest", Some("zstd -dc < ")),
            (b"BZh91AY&SYrest", Some("bzip2 -dc < ")),
            (b"\x1f\x8brest", Some("gzip -dc < ")),
            (b"BZh is the header", None),
            (b"2026-11-22 text", None),
            (b"", None),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let found = unpacking_by_content(&path, &File::open(&path).unwrap());
            let expected = expected.map(|command| format!("{command}{}", path.display()));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn packed_are_rotated_files_of_other_compressions() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "w.log",
            "w.log.1",
            "w.log.2.xz",
            "w.log-20261101.zst",
            "w.log.4.gz",
            "w.log.5.bz2",
            "w.log.5",
            "w.log.bak.xz",
            "other.log.1.xz",
        ] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let live = dir.path().join("w.log");
        let names: Vec<_> = packed(&live, None)
            .unwrap()
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, ["w.log-20261101.zst", "w.log.2.xz"]);
        assert!(packed(&live, Some(i64::MAX)).unwrap().is_empty());
        assert_eq!(unpacking(Path::new("a b.xz")).as_deref(), Some("xz -dk 'a b.xz'"));
    }

    #[test]
    fn snapshot_lists_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let live = dir.path().join("worker.log");
        for name in
            ["worker.log", "worker.log.1", "worker.log.2.gz", "worker.log.10", "other.log.1"]
        {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let taken = snapshot(&live, |file| !file.gzip).unwrap();
        let names: Vec<_> = taken
            .rotated
            .iter()
            .map(|(file, opened)| {
                (file.path.file_name().unwrap().to_str().unwrap(), opened.is_some())
            })
            .collect();
        assert_eq!(
            names,
            [("worker.log.10", true), ("worker.log.2.gz", false), ("worker.log.1", true)]
        );
        assert!(taken.live.is_some());
    }

    #[test]
    fn snapshot_of_a_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let error = snapshot(dir.path(), |_| true).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }
}
