//! Which logs a folder holds, and their names.

use std::io;
use std::path::{Path, PathBuf};

use super::rotation;

/// A log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name: the file's, without `.log`.
    pub name: String,
    /// The site whose log it is.
    pub site: Option<String>,
    /// Where it is.
    pub path: PathBuf,
}

impl Source {
    /// The log at `path`, named by its file.
    pub fn at(path: &Path) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let name = name.strip_suffix(".log").unwrap_or(&name).to_owned();
        Self { name, site: None, path: path.to_owned() }
    }

    /// What stands in front of its records.
    pub fn label(&self) -> String {
        match &self.site {
            Some(site) => format!("{site}/{}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether it is read where no log is named: what runs jobs, schedules them, and what they
    /// say.
    pub fn is_about_jobs(&self) -> bool {
        self.name.contains("worker") || self.name.starts_with("schedule") || self.name == "frappe"
    }
}

/// The logs of a folder, by name. Rotated files belong to their log and are not listed.
pub fn in_folder(dir: &Path, site: Option<&str>) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let is_log = path.file_name().and_then(|name| name.to_str());
        if is_log.is_some_and(rotation::is_live_name) && !path.is_dir() {
            sources.push(Source { site: site.map(str::to_owned), ..Source::at(&path) });
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_folder_lists_logs_without_their_rotations() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["worker.log", "worker.error.log", "worker.log.1", "web.log", "x.txt", ".log"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("dir.log")).unwrap();
        let sources = in_folder(dir.path(), None).unwrap();
        let names: Vec<_> = sources.iter().map(|source| source.name.as_str()).collect();
        assert_eq!(names, ["web", "worker", "worker.error"]);
        let about: Vec<_> = sources.iter().map(Source::is_about_jobs).collect();
        assert_eq!(about, [false, true, true]);
    }
}
