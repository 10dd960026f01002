//! Files of sections and keys, as supervisor and systemd write them.

/// One section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Section {
    /// What stands between the brackets.
    pub(super) name: String,
    /// Keys in lower case and values, in the order of the file.
    pub(super) values: Vec<(String, String)>,
}

impl Section {
    /// The last value of a key: both programs let it win.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

impl Section {
    /// The last value of any of `keys` that means something to `read`: systemd passes over others.
    pub(super) fn last<T>(&self, keys: &[&str], read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let of_keys = |(name, value): &(String, String)| {
            keys.contains(&name.as_str()).then(|| read(value)).flatten()
        };
        self.values.iter().rev().find_map(of_keys)
    }

    /// The values of a list: an empty one takes back those before it.
    pub(super) fn list(&self, key: &str) -> Vec<&str> {
        let mut list = Vec::new();
        for (_, value) in self.values.iter().filter(|(name, _)| name == key) {
            match value.as_str() {
                "" => list.clear(),
                value => list.push(value),
            }
        }
        list
    }
}

/// Sections of one name as one, as both programs take them.
pub(super) fn merged(sections: Vec<Section>) -> Vec<Section> {
    let mut merged: Vec<Section> = Vec::new();
    for section in sections {
        match merged.iter_mut().find(|known| known.name == section.name) {
            Some(known) => known.values.extend(section.values),
            None => merged.push(section),
        }
    }
    merged
}

/// How lines go on and where comments begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// An indented line goes on with the value before it; ` ;` and ` #` begin a comment. Source:
    /// `supervisor/options.py`, `UnhosedConfigParser`.
    Supervisor,
    /// A backslash at the end of a line joins the next one. Source: `systemd.syntax(7)`.
    Systemd,
}

/// Reads the sections of a file.
///
/// Errors: a sentence about what is no line of such a file. Of systemd's only a broken header is an
/// error; it passes over other lines that mean nothing, supervisor refuses the file.
pub(super) fn parse(text: &str, dialect: Dialect) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let mut joined = String::new();
    // Source: systemd's `config_parse`; supervisor refuses it.
    let text = match dialect {
        Dialect::Systemd => text.strip_prefix('\u{feff}').unwrap_or(text),
        Dialect::Supervisor => text,
    };
    for (number, line) in (1_u64..).zip(text.lines()) {
        let at = |what: &str| format!("line {number} {what}");
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if dialect == Dialect::Systemd {
            if let Some(part) = trimmed.strip_suffix('\\') {
                joined.push_str(part);
                joined.push(' ');
                continue;
            }
            joined.push_str(trimmed);
            take(&mut sections, &std::mem::take(&mut joined), dialect).map_err(at)?;
            continue;
        }
        let comment = [" ;", "\t;", " #", "\t#"].into_iter().filter_map(|mark| trimmed.find(mark));
        let value = comment.min().and_then(|at| trimmed.get(..at)).unwrap_or(trimmed).trim_end();
        let last = sections.last_mut().and_then(|section| section.values.last_mut());
        match last {
            Some((_, before)) if line.starts_with([' ', '\t']) => {
                before.push('\n');
                before.push_str(value);
            }
            _ => take(&mut sections, value, dialect).map_err(at)?,
        }
    }
    if !joined.is_empty() {
        take(&mut sections, &joined, dialect).map_err(str::to_owned)?;
    }
    Ok(sections)
}

fn take(sections: &mut Vec<Section>, line: &str, dialect: Dialect) -> Result<(), &'static str> {
    if let Some(name) = line.strip_prefix('[') {
        let name = name.strip_suffix(']').ok_or("begins a section and has no `]` at its end")?;
        sections.push(Section { name: name.trim().to_owned(), values: Vec::new() });
        return Ok(());
    }
    let is_strict = dialect == Dialect::Supervisor;
    let pair = if is_strict { line.split_once(['=', ':']) } else { line.split_once('=') };
    match (pair, sections.last_mut()) {
        (Some((key, value)), Some(section)) => {
            section.values.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
            Ok(())
        }
        (None, _) if is_strict => Err("is neither a section nor a key with a value"),
        (_, None) if is_strict => Err("stands before any section"),
        _ => Ok(()),
    }
}
