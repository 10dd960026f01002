//! The drop-ins of a systemd unit: which there are, and in what order they count.
//!
//! Source: `systemd.unit(5)`, and `unit_file_find_dropin_paths` in systemd's
//! `src/shared/dropin.c`. Reads directories; what stands in the files is read elsewhere.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where systemd looks for units and drop-ins, the one that wins first.
const SYSTEMD_DIRS: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// The most entries of one directory; a bound, not a rule of systemd's.
const MOST_ENTRIES: usize = 1_000;

/// The drop-ins of a unit file in the order in which they count: by their names, whichever directory
/// they are in. Of two with one name that in the more important directory counts alone.
///
/// The file's own directory is looked at too, and first: a unit may be checked before it is
/// installed. Errors: a directory that is there and cannot be read, or has too many entries.
pub(super) fn of(unit: &Path) -> io::Result<Vec<PathBuf>> {
    let Some(name) = unit.file_name().and_then(|name| name.to_str()) else { return Ok(Vec::new()) };
    let own = unit.parent().unwrap_or(Path::new("."));
    let others = SYSTEMD_DIRS.iter().map(Path::new).filter(|dir| *dir != own);
    in_places(name, &[own].into_iter().chain(others).collect::<Vec<_>>())
}

fn in_places(name: &str, places: &[&Path]) -> io::Result<Vec<PathBuf>> {
    let mut found: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    let own = folders(name);
    let of_unit = places.iter().flat_map(|place| own.iter().map(|folder| place.join(folder)));
    // Those of all services give way to every other, wherever that is.
    let of_all = places.iter().map(|place| place.join("service.d"));
    for folder in of_unit.chain(of_all) {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if is_none(&error) => continue,
            Err(error) => return Err(at(&folder, &error)),
        };
        for (count, entry) in entries.enumerate() {
            if count == MOST_ENTRIES {
                let error = io::Error::other(format!("it has more than {MOST_ENTRIES} entries"));
                return Err(at(&folder, &error));
            }
            let path = entry.map_err(|error| at(&folder, &error))?.path();
            if path.extension().is_some_and(|ending| ending == "conf")
                && let Some(file) = path.file_name()
            {
                found.entry(file.to_owned()).or_insert(path);
            }
        }
    }
    // A link to /dev/null masks the drop-ins of its name.
    Ok(found.into_values().filter(|path| path.metadata().is_ok_and(|m| m.is_file())).collect())
}

/// The directories of one place, the most special first: `a-b@x.service` has `a-b@x.service.d`,
/// `a-b@.service.d`, and those of the names cut off behind each dash.
fn folders(name: &str) -> Vec<String> {
    let stem = name.strip_suffix(".service").unwrap_or(name);
    let (prefix, instance) = stem.split_once('@').map_or((stem, None), |(p, i)| (p, Some(i)));
    let cut = prefix.match_indices('-').filter(|(at, _)| *at > 0).map(|(at, dash)| at + dash.len());
    let mut prefixes: Vec<&str> = cut.filter_map(|end| prefix.get(..end)).collect();
    prefixes.retain(|cut| *cut != prefix);
    prefixes.push(prefix);
    let mut folders = Vec::new();
    for prefix in prefixes.into_iter().rev() {
        match instance {
            None => folders.push(format!("{prefix}.service.d")),
            Some("") => folders.push(format!("{prefix}@.service.d")),
            Some(instance) => {
                folders.push(format!("{prefix}@{instance}.service.d"));
                folders.push(format!("{prefix}@.service.d"));
            }
        }
    }
    folders
}

fn is_none(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn at(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("`{}`: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_ins_count_by_name_and_the_more_special_one_alone() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        for path in [
            "etc/b-w.service.d/20-own.conf",
            "etc/b-w.service.d/README",
            "etc/b-w.service.d/50.conf",
            "lib/b-w.service.d/10-lib.conf",
            "lib/b-w.service.d/20-own.conf",
            "lib/b-.service.d/50.conf",
            "lib/b-.service.d/70.conf",
            "etc/service.d/60-all.conf",
            "etc/service.d/70.conf",
            "lib/service.d/65-off.conf",
        ] {
            write(path);
        }
        let off = dir.path().join("etc/b-.service.d/65-off.conf");
        fs::create_dir_all(off.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink("/dev/null", off).unwrap();
        let (etc, lib) = (dir.path().join("etc"), dir.path().join("lib"));
        let found = in_places("b-w.service", &[&etc, &lib]).unwrap();
        let shown: Vec<_> =
            found.iter().map(|path| path.strip_prefix(dir.path()).unwrap().to_str()).collect();
        let expected = [
            "lib/b-w.service.d/10-lib.conf",
            "etc/b-w.service.d/20-own.conf",
            "etc/b-w.service.d/50.conf",
            "etc/service.d/60-all.conf",
            "lib/b-.service.d/70.conf",
        ];
        assert_eq!(shown, expected.map(Some));
    }

    #[test]
    fn folders_are_those_of_the_instance_the_template_and_the_dashes() {
        assert_eq!(folders("a-b.service"), ["a-b.service.d", "a-.service.d"]);
        assert_eq!(folders("a-.service"), ["a-.service.d"]);
        let of_instance = ["a-b@1.service.d", "a-b@.service.d", "a-@1.service.d", "a-@.service.d"];
        assert_eq!(folders("a-b@1.service"), of_instance);
        assert_eq!(folders("b@.service"), ["b@.service.d"]);
    }
}
