//! What a supervisord's own configuration says of one of its processes.
//!
//! Reads files; what supervisord cannot have meant by them is never guessed. A file that was changed
//! and not taken up (`supervisorctl reread`) is taken as it stands.

use std::fs;
use std::path::{Path, PathBuf};

use globset::Glob;
use regex::Regex;

use super::ini::{Dialect, Section, parse};
use super::unit::{SUPERVISOR_STOP_S, comes_back};
use crate::sys::file;

/// The most that is read of one file.
const MOST_BYTES: u64 = 4 << 20;

/// The most files that are included.
const MOST_FILES: usize = 1_000;

/// Whether supervisord starts a process of `group` again that ends with exit code 0; the error says
/// why that cannot be told.
pub fn starts_again(config: &Path, group: &str, process: &str) -> Result<bool, String> {
    told(config, group, process, comes_back)
}

/// Seconds that supervisord waits for the end of a process of `group` before it kills it; the error
/// says why that cannot be told.
pub fn stop_wait_s(config: &Path, group: &str, process: &str) -> Result<u64, String> {
    told(config, group, process, |section| {
        let Some(text) = section.get("stopwaitsecs") else { return Ok(SUPERVISOR_STOP_S) };
        text.parse().map_err(|_| format!("stopwaitsecs=`{text}` is no number"))
    })
}

/// What the definition of a process says, where all that may be its definition agree.
fn told<T: PartialEq>(
    config: &Path,
    group: &str,
    process: &str,
    say: impl Fn(&Section) -> Result<T, String>,
) -> Result<T, String> {
    let sections = with_included(config)?;
    let mut answers = programs_of(&sections, group)
        .into_iter()
        .filter(|(name, section)| may_be_called(section, name, group, process))
        .map(|(name, section)| say(section).map_err(|why| format!("`{name}`: {why}")));
    let Some(first) = answers.next() else {
        return Err(format!("`{}` defines no `{group}:{process}`", config.display()));
    };
    let first = first?;
    for other in answers {
        if other? != first {
            return Err(format!("several programs of `{group}` may be `{process}`"));
        }
    }
    Ok(first)
}

/// The sections of a configuration and of the files that it includes; those of one name as one.
///
/// Source: `supervisor/options.py`, `read_config` and `read_include_config`.
fn with_included(config: &Path) -> Result<Vec<Section>, String> {
    let mut sections = read(config)?;
    let include = sections.iter().find(|section| section.name == "include");
    let base = config.parent().unwrap_or(Path::new("/"));
    let patterns = include.and_then(|section| section.get("files")).unwrap_or_default();
    let patterns = patterns.replace("%(here)s", &base.to_string_lossy());
    for pattern in patterns.split_whitespace() {
        for path in files_of(&base.join(pattern))? {
            for section in read(&path)? {
                match sections.iter_mut().find(|known| known.name == section.name) {
                    Some(known) => known.values.extend(section.values),
                    None => sections.push(section),
                }
            }
        }
    }
    Ok(sections)
}

fn read(path: &Path) -> Result<Vec<Section>, String> {
    let read = file::read_bounded(path, MOST_BYTES);
    let (bytes, _) = read.map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    parse(&String::from_utf8_lossy(&bytes), Dialect::Supervisor)
        .map_err(|why| format!("`{}`: {why}", path.display()))
}

/// The files that a pattern means; only its last part may hold wildcards.
fn files_of(pattern: &Path) -> Result<Vec<PathBuf>, String> {
    let unclear = || format!("what `{}` includes cannot be told", pattern.display());
    let is_wild = |text: &str| text.contains(['*', '?', '[', '%']);
    let (dir, last) = pattern.parent().zip(pattern.file_name()).ok_or_else(unclear)?;
    let last = last.to_string_lossy();
    if is_wild(&dir.to_string_lossy()) || last.contains('%') {
        return Err(unclear());
    }
    if !is_wild(&last) {
        return Ok(vec![pattern.to_owned()].into_iter().filter(|path| path.exists()).collect());
    }
    let matcher = Glob::new(&last).map_err(|_| unclear())?.compile_matcher();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot read `{}`: {error}", dir.display())),
    };
    let mut paths: Vec<PathBuf> = entries
        .take(MOST_FILES)
        .flatten()
        .filter(|entry| matcher.is_match(entry.file_name()))
        // To Python's glob a dot at the beginning is never a wildcard.
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    Ok(paths)
}

/// The programs that make up a group: those that it lists, else the one of its name.
fn programs_of<'s>(sections: &'s [Section], group: &str) -> Vec<(&'s str, &'s Section)> {
    let listed = sections
        .iter()
        .find(|section| section.name.strip_prefix("group:").is_some_and(|n| n.trim() == group))
        .and_then(|section| section.get("programs"));
    let is_meant = |name: &str| match listed {
        Some(names) => names.split(',').any(|listed| listed.trim() == name),
        None => name == group,
    };
    let programs = sections.iter().filter_map(|section| {
        let name = section.name.strip_prefix("program:")?.trim();
        is_meant(name).then_some((name, section))
    });
    programs.collect()
}

/// Whether a process of the program may have this name. Source: supervisord.org, `process_name`.
fn may_be_called(section: &Section, program: &str, group: &str, process: &str) -> bool {
    let mut rest = section.get("process_name").unwrap_or("%(program_name)s");
    let mut pattern = String::from("^(?s:");
    while let Some((before, after)) = rest.split_once("%(") {
        pattern.push_str(&regex::escape(before));
        let Some((name, after)) = after.split_once(')') else { return true };
        let format: String = after.chars().take_while(char::is_ascii_digit).collect();
        let after = after.get(format.len()..).unwrap_or_default();
        match name {
            "program_name" => pattern.push_str(&regex::escape(program)),
            "group_name" => pattern.push_str(&regex::escape(group)),
            "process_num" => pattern.push_str("[0-9]+"),
            _ => pattern.push_str(".*"),
        }
        rest = after.strip_prefix(['s', 'd', 'i']).unwrap_or(after);
    }
    pattern.push_str(&regex::escape(rest));
    pattern.push_str(")$");
    Regex::new(&pattern).map_or(true, |pattern| pattern.is_match(process))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_starts_again_only_if_its_own_program_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let main = dir.path().join("s.conf");
        fs::create_dir(dir.path().join("conf.d")).unwrap();
        fs::write(&main, "[supervisord]\n[include]\nfiles = conf.d/*.conf none/*.ini\n").unwrap();
        let text = "[group:b]\nprograms=yes,no,un,ex,odd\n\
                    [program:yes]\nautorestart=TRUE ; comment\nprocess_name=%(program_name)s-%(process_num)02d\n\
                    stopwaitsecs=600\n[program:no]\nautorestart=false\n\
                    [program:un]\ncommand=x\nstopwaitsecs=soon\n\
                    [program:ex]\nexitcodes=2,3\n[program:odd]\nautorestart=%(ENV_X)s\n";
        fs::write(dir.path().join("conf.d/b.conf"), text).unwrap();
        fs::write(dir.path().join("conf.d/lone.conf"), "[program:lone]\nautorestart=1\n").unwrap();
        fs::write(dir.path().join("conf.d/x.off"), "[program:off]\nautorestart=1\n").unwrap();
        let ask = |group, process| starts_again(&main, group, process);
        for (group, process, expected) in [
            ("b", "yes-01", true),
            ("b", "no", false),
            // `unexpected` unless told, and 0 is expected unless told.
            ("b", "un", false),
            ("b", "ex", true),
            ("lone", "lone", true),
        ] {
            assert_eq!(ask(group, process), Ok(expected), "{group}:{process}");
        }
        assert_eq!(stop_wait_s(&main, "b", "yes-01"), Ok(600));
        assert_eq!(stop_wait_s(&main, "b", "no"), Ok(10));
        stop_wait_s(&main, "b", "un").unwrap_err();
        for (group, process) in [("b", "odd"), ("b", "yes-x"), ("b", "lone"), ("off", "off")] {
            ask(group, process).unwrap_err();
        }
        starts_again(&dir.path().join("gone.conf"), "b", "yes-01").unwrap_err();
    }
}
