//! The sites of a bench, as Frappe lists them.

use std::io;
use std::path::{Path, PathBuf};

use super::{Config, Family, Origin};
use crate::sys::file;

/// What a site's directory usually holds; tells a site without configuration from other things.
const SITE_MARKS: [&str; 4] = ["private", "public", "locks", "logs"];

/// A site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name, which is its directory's.
    pub name: String,
    /// Its directory.
    pub dir: PathBuf,
}

/// What there is under `sites`. All lists are sorted by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sites {
    /// The sites.
    pub sites: Vec<Site>,
    /// Directories that look like sites but have no `site_config.json`: Frappe passes them over.
    pub without_config: Vec<String>,
    /// Links to a site's directory: Frappe passes them over.
    pub links: Vec<String>,
    /// Would be sites, but this version does not accept the name.
    pub refused_names: Vec<String>,
    /// What could not be looked at.
    pub problems: Vec<SiteProblem>,
}

/// Something under `sites` that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteProblem {
    /// The directory.
    pub path: PathBuf,
    /// Why not.
    pub why: String,
}

impl Sites {
    /// The site of this exact name.
    pub fn find(&self, name: &str) -> Option<&Site> {
        let index = self.sites.binary_search_by(|site| site.name.as_str().cmp(name)).ok()?;
        self.sites.get(index)
    }

    /// The names of the sites.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sites.iter().map(|site| site.name.as_str())
    }

    fn problem(&mut self, path: PathBuf, why: &impl ToString) {
        self.problems.push(SiteProblem { path, why: why.to_string() });
    }
}

/// Reads the list. Source: `get_sites` in `frappe/utils/__init__.py`.
pub(super) fn read(root: &Path, family: Family) -> Sites {
    let dir = root.join("sites");
    let mut found = Sites::default();
    match std::fs::read_dir(&dir) {
        Err(error) => found.problem(dir, &error),
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(entry) => sort_in(&mut found, &entry, family),
                    Err(error) => found.problem(dir.clone(), &error),
                }
            }
        }
    }
    found.sites.sort_by(|a, b| a.name.cmp(&b.name));
    found.without_config.sort();
    found.links.sort();
    found.refused_names.sort();
    found.problems.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn sort_in(found: &mut Sites, entry: &std::fs::DirEntry, family: Family) {
    let dir = entry.path();
    let kind = match entry.file_type() {
        Ok(kind) if kind.is_dir() || kind.is_symlink() => kind,
        Ok(_) => return,
        Err(error) => return found.problem(dir, &error),
    };
    let Ok(name) = entry.file_name().into_string() else {
        return found.problem(dir, &"its name is not UTF-8");
    };
    let configured = match dir.join("site_config.json").metadata() {
        Ok(_) => true,
        Err(error) if is_absence(&error) => false,
        Err(_) if kind.is_symlink() => false,
        Err(error) => return found.problem(dir, &error),
    };
    match (configured, kind.is_symlink()) {
        (true, true) => found.links.push(name),
        (true, false) if family.restricts_site_names() && !is_accepted_name(&name) => {
            found.refused_names.push(name);
        }
        (true, false) => found.sites.push(Site { name, dir }),
        (false, false) if looks_like_site(&dir, &name) => found.without_config.push(name),
        (false, _) => {}
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn looks_like_site(dir: &Path, name: &str) -> bool {
    name != "assets"
        && !name.starts_with('.')
        && SITE_MARKS.iter().any(|mark| dir.join(mark).is_dir())
}

/// The names that v16 and later accept.
fn is_accepted_name(name: &str) -> bool {
    name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// Whether a name stays inside `sites`: one path component that goes nowhere else.
pub(super) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}

/// The site that Frappe takes where none is named: a key from v15 on, a file before.
pub(super) fn default_site(
    root: &Path,
    family: Family,
    config: &Config,
) -> Option<(String, PathBuf)> {
    if family.has_default_site_key() {
        let setting = config.get("default_site")?;
        let (Origin::Common(path) | Origin::Site(path)) = &setting.origin else { return None };
        let name = setting.value.as_str().filter(|name| !name.is_empty())?;
        return Some((name.to_owned(), path.to_path_buf()));
    }
    let path = root.join("sites/currentsite.txt");
    let (bytes, _) = file::read_bounded(&path, 4096).ok()?;
    let name = String::from_utf8(bytes).ok()?.trim().to_owned();
    (!name.is_empty()).then_some((name, path))
}
