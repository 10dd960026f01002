//! One record of a log: its JSON form, and its lines for people.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Cell, Column, Role};
use crate::human::{self, Zone};
use crate::logs::record::Level;
use crate::logs::stamp;

/// The schema of `logs`.
pub const LOGS_SCHEMA: &str = "jobctl.logs/1";

/// A record of a log. Its text is masked, not yet sanitized.
#[derive(Debug, Clone, Serialize)]
pub struct LogRecord {
    /// The name of its log.
    pub source: String,
    /// The file that it stands in; for what is followed, the log's own name.
    pub path: String,
    /// The site whose log it is; `null` for logs of the whole bench.
    pub site: Option<String>,
    /// When it was written. A record without a time has that of the record before it.
    pub at: Option<Timestamp>,
    /// Its level, where it names one or its words give it away.
    pub level: Option<Level>,
    /// Its lines, without the line ends behind them.
    pub text: String,
    /// Whether it goes on with a record that was written before.
    pub continued: bool,
}

/// How records are laid out for people.
#[derive(Debug, Clone)]
pub struct LineLayout {
    /// The width of the labels; `None` without labels.
    pub label_width: Option<usize>,
    /// JSON lines as they are.
    pub raw: bool,
    /// The zone of times that are written anew.
    pub zone: Zone,
}

impl LogRecord {
    /// The columns of its CSV form.
    pub fn columns() -> Vec<Column> {
        ["SOURCE", "SITE", "AT", "LEVEL", "TEXT"].into_iter().map(Column::left).collect()
    }

    /// Its cells under [`LogRecord::columns`].
    pub fn cells(&self) -> Vec<Cell> {
        vec![
            self.source.as_str().into(),
            self.site.as_deref().unwrap_or_default().into(),
            self.at.map(human::rfc3339).unwrap_or_default().into(),
            self.level.map(word).unwrap_or_default().into(),
            self.text.as_str().into(),
        ]
    }

    /// Its lines for people, each as cells side by side. `label` stands in front of each.
    pub fn lines(&self, label: &Cell, layout: &LineLayout) -> Vec<Vec<Cell>> {
        let front = layout
            .label_width
            .map(|width| Cell::new(format!("{:width$}  ", label.text), label.role));
        if !layout.raw
            && stamp::is_json(self.text.as_bytes())
            && let Ok(Value::Object(fields)) = serde_json::from_str(&self.text)
        {
            return vec![front.into_iter().chain(self.json_cells(fields, &layout.zone)).collect()];
        }
        let role = self.level.map_or(Role::Plain, role);
        let text = self.in_zone(&layout.zone);
        let lines = text.split('\n').enumerate().map(|(at, line)| {
            let role = if at == 0 { role } else { Role::Plain };
            let line = line.strip_suffix('\r').unwrap_or(line);
            front.iter().cloned().chain([Cell::new(line, role)]).collect()
        });
        lines.collect()
    }

    /// The text, with a local time in front of it turned into UTC where that was asked for.
    fn in_zone(&self, zone: &Zone) -> Cow<'_, str> {
        let (Zone::Utc, Some(at)) = (zone, self.at) else { return Cow::Borrowed(&self.text) };
        match stamp::find(self.text.lines().next().unwrap_or_default().as_bytes()) {
            // A stamp is ASCII, so its ends are ends of characters.
            Some(stamp) if stamp.offset_s.is_none() => Cow::Owned(format!(
                "{}{}{}",
                &self.text[..stamp.begin],
                at.strftime("%Y-%m-%d %H:%M:%S.%3fZ"),
                &self.text[stamp.end..]
            )),
            _ => Cow::Borrowed(&self.text),
        }
    }

    fn json_cells(&self, mut fields: Map<String, Value>, zone: &Zone) -> Vec<Cell> {
        let mut cells = Vec::new();
        if let Some(at) = self.at {
            for key in ["timestamp", "time", "ts", "@timestamp", "asctime", "datetime"] {
                fields.shift_remove(key);
            }
            cells.push(Cell::new(human::time(at, zone), Role::Dim));
        }
        for key in ["level", "levelname", "severity"] {
            if let Some(level) = fields.shift_remove(key) {
                let role = self.level.map_or(Role::Plain, role);
                cells.push(Cell::new(format!(" {}", plain(&level)), role));
            }
        }
        for key in ["transaction_type", "message", "msg", "event"] {
            if let Some(message) = fields.shift_remove(key) {
                cells.push(Cell::new(format!(" {}", plain(&message)), Role::Strong));
            }
        }
        for (key, value) in &fields {
            push_field(&mut cells, key, value);
        }
        if self.at.is_none()
            && let Some(first) = cells.first_mut()
        {
            first.text = first.text.trim_start().to_owned();
        }
        cells
    }
}

/// `key=value`, and the fields of an object under their dotted names.
fn push_field(cells: &mut Vec<Cell>, key: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (inner, value) in fields {
                push_field(cells, &format!("{key}.{inner}"), value);
            }
        }
        Value::Null => {}
        _ => {
            cells.push(Cell::new(format!(" {key}="), Role::Dim));
            cells.push(plain(value).into());
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Critical => "critical",
    }
}

fn role(level: Level) -> Role {
    match level {
        Level::Debug => Role::Dim,
        Level::Info => Role::Plain,
        Level::Warning => Role::Warn,
        Level::Error | Level::Critical => Role::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> LogRecord {
        LogRecord {
            source: "worker".to_owned(),
            path: "logs/worker.log".to_owned(),
            site: None,
            at: Some("2026-11-21T09:12:03.123Z".parse().unwrap()),
            level: None,
            text: text.to_owned(),
            continued: false,
        }
    }

    fn shown(text: &str, raw: bool) -> String {
        let layout = LineLayout { label_width: Some(6), raw, zone: Zone::Utc };
        let lines = record(text).lines(&Cell::new("w", Role::Plain), &layout);
        let line = |cells: &Vec<Cell>| cells.iter().map(|cell| cell.text.as_str()).collect();
        lines.iter().map(line).collect::<Vec<String>>().join("\n")
    }

    #[test]
    fn lines_carry_the_label_and_the_asked_zone() {
        assert_eq!(
            shown("2026-11-21 10:12:03,123 one\n  two", false),
            "w       2026-11-21 09:12:03.123Z one\nw         two"
        );
        assert_eq!(
            shown("2026-11-21T10:12:03+01:00 x", false),
            "w       2026-11-21T10:12:03+01:00 x"
        );
    }

    #[test]
    fn json_line_is_laid_out_unless_raw() {
        let line = r#"{"duration":7,"job":{"method":"a.b","wait":null},"timestamp":"2026-11-21 09:12:03.123","transaction_type":"job"}"#;
        assert_eq!(
            shown(line, false),
            "w       2026-11-21 09:12:03 UTC job duration=7 job.method=a.b"
        );
        assert_eq!(shown(line, true), format!("w       {line}"));
        assert_eq!(shown("{\"broken\":}", false), "w       {\"broken\":}");
    }
}
