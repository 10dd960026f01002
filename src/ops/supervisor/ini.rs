//! Files of sections and keys, as supervisor and systemd write them. Never fails: what is no line of
//! either is passed over.

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

/// How lines go on and where comments begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// An indented line goes on with the value before it; ` ;` begins a comment. Source:
    /// `supervisor/options.py`, `UnhosedConfigParser`.
    Supervisor,
    /// A backslash at the end of a line joins the next one. Source: `systemd.syntax(7)`.
    Systemd,
}

/// Reads the sections of a file.
pub(super) fn parse(text: &str, dialect: Dialect) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut joined = String::new();
    for line in text.lines() {
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
            take(&mut sections, &std::mem::take(&mut joined));
            continue;
        }
        let value = trimmed.split_once(" ;").map_or(trimmed, |(value, _)| value.trim_end());
        let last = sections.last_mut().and_then(|section| section.values.last_mut());
        match last {
            Some((_, before)) if line.starts_with([' ', '\t']) => {
                before.push('\n');
                before.push_str(value);
            }
            _ => take(&mut sections, value),
        }
    }
    if !joined.is_empty() {
        take(&mut sections, &joined);
    }
    sections
}

fn take(sections: &mut Vec<Section>, line: &str) {
    if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        sections.push(Section { name: name.trim().to_owned(), values: Vec::new() });
    } else if let (Some((key, value)), Some(section)) = (line.split_once('='), sections.last_mut())
    {
        section.values.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}
