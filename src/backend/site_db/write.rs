//! What is written to a site's database: the scheduler's switch and the `stopped` of a job type.
//!
//! Each change locks what it replaces, tells what was there, and is one transaction of two round
//! trips. Frappe keeps both in its cache: after the commit, and not before, the keys that
//! [`cached_document`] names are to be deleted, also where the database already said what was
//! wanted, as the cache may not.
//!
//! [`cached_document`]: crate::backend::redis::keys::cached_document

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::sql::{self, Query, Value, time_text};
use super::{DbError, Rows, SiteDb};

const SWITCH: &str = "enable_scheduler";

/// Who Frappe's own commands say it was.
const AUTHOR: &str = "Administrator";

/// What a change found before it: for a journal, so that the change can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerSwitch {
    /// The values of all rows of `enable_scheduler`; none where there was no row.
    pub values: Vec<Option<String>>,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    /// What was there before.
    pub former: T,
    /// False where nothing had to be written.
    pub written: bool,
}

/// What became of taking a change back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored<T> {
    /// It is as it was before.
    Done,
    /// Somebody has changed it since, to this; nothing was written.
    Changed(T),
}

impl SiteDb {
    /// Sets `enable_scheduler` of System Settings, as Frappe's `set_single_value` does: deletes
    /// its rows and those of `modified` and `modified_by` and inserts the three anew. `now` is in
    /// the site's zone.
    ///
    /// Writes nothing where exactly one row already says so.
    pub fn set_scheduler_enabled(
        &mut self,
        enabled: bool,
        now: DateTime,
    ) -> Result<Change<FormerSwitch>, DbError> {
        let wanted = FormerSwitch::of_value(enabled);
        let mut written = false;
        let former = self.change(&Query::new(sql::SETTINGS_LOCK), |rows| {
            written = FormerSwitch::of(rows) != wanted;
            if written { wanted.replacing(now) } else { Vec::new() }
        })?;
        Ok(Change { former: FormerSwitch::of(&former), written })
    }

    /// Puts back what [`Self::set_scheduler_enabled`] found, the absence of a row included, if the
    /// value that it wrote still stands.
    pub fn restore_scheduler_enabled(
        &mut self,
        ours: bool,
        former: &FormerSwitch,
        now: DateTime,
    ) -> Result<Restored<FormerSwitch>, DbError> {
        let ours = FormerSwitch::of_value(ours);
        let found = self.change(&Query::new(sql::SETTINGS_LOCK), |rows| {
            if FormerSwitch::of(rows) == ours { former.replacing(now) } else { Vec::new() }
        })?;
        let found = FormerSwitch::of(&found);
        Ok(if found == ours { Restored::Done } else { Restored::Changed(found) })
    }

    /// Sets `stopped` of the scheduled job type with the key `name`; `None` where there is none.
    ///
    /// Writes nothing where it already is so. Survives a migration.
    pub fn set_stopped(
        &mut self,
        name: &str,
        stopped: bool,
        now: DateTime,
    ) -> Result<Option<Change<bool>>, DbError> {
        let mut written = false;
        let former = self.change(&lock_of(name), |rows| {
            written = is_stopped(rows).is_some_and(|former| former != stopped);
            if written { vec![stopping(name, stopped, now)] } else { Vec::new() }
        })?;
        Ok(is_stopped(&former).map(|former| Change { former, written }))
    }

    /// Puts back what [`Self::set_stopped`] found, if the value that it wrote still stands;
    /// `Changed(None)` where the type is gone.
    pub fn restore_stopped(
        &mut self,
        name: &str,
        ours: bool,
        former: bool,
        now: DateTime,
    ) -> Result<Restored<Option<bool>>, DbError> {
        let found = self.change(&lock_of(name), |rows| {
            let stands = is_stopped(rows) == Some(ours) && ours != former;
            if stands { vec![stopping(name, former, now)] } else { Vec::new() }
        })?;
        let found = is_stopped(&found);
        Ok(if found == Some(ours) { Restored::Done } else { Restored::Changed(found) })
    }
}

impl SiteDb {
    /// Locks the rows of the switch, and what stands there, until [`Self::put_switch`] or the end
    /// of the connection. One round trip.
    pub fn hold_switch(&mut self) -> Result<FormerSwitch, DbError> {
        Ok(FormerSwitch::of(&self.hold(&Query::new(sql::SETTINGS_LOCK))?))
    }

    /// Replaces the held rows as Frappe does, and ends the transaction. One round trip.
    ///
    /// Errors: nothing was changed, unless the error [is in doubt](DbError::is_in_doubt).
    pub fn put_switch(&mut self, wanted: &FormerSwitch, now: DateTime) -> Result<(), DbError> {
        self.commit(&wanted.replacing(now))
    }

    /// Locks a scheduled job type, and tells its `stopped`, until [`Self::put_stopped`] or the end
    /// of the connection; `None` where there is no such type. One round trip.
    pub fn hold_stopped(&mut self, name: &str) -> Result<Option<bool>, DbError> {
        Ok(is_stopped(&self.hold(&lock_of(name))?))
    }

    /// Sets `stopped` of the held type, and ends the transaction. One round trip.
    ///
    /// Errors: as for [`Self::put_switch`].
    pub fn put_stopped(&mut self, name: &str, stopped: bool, now: DateTime) -> Result<(), DbError> {
        self.commit(&[stopping(name, stopped, now)])
    }
}

impl FormerSwitch {
    /// What stands there for a scheduler that is enabled, or disabled.
    pub fn of_value(enabled: bool) -> Self {
        Self { values: vec![Some(i64::from(enabled).to_string())] }
    }

    /// As one text for a journal: the value of the only row, a JSON list for anything less plain,
    /// `None` for no row.
    pub fn to_text(&self) -> Option<String> {
        match self.values.as_slice() {
            [] => None,
            [Some(value)] if !value.starts_with('[') => Some(value.clone()),
            several => Some(serde_json::Value::from(several).to_string()),
        }
    }

    /// The reverse of [`Self::to_text`].
    pub fn from_text(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self { values: Vec::new() } };
        let several = text.starts_with('[').then(|| serde_json::from_str(text).ok()).flatten();
        Self { values: several.unwrap_or_else(|| vec![Some(text.to_owned())]) }
    }

    pub(super) fn of(rows: &Rows) -> Self {
        let switch = rows.iter().filter(|row| row.text("field") == Some(SWITCH));
        Self { values: switch.map(|row| row.text("value").map(str::to_owned)).collect() }
    }

    /// The statements that make these the rows.
    fn replacing(&self, now: DateTime) -> Vec<Query> {
        let row = |field: &str, value: Value| {
            Query::new(sql::SETTINGS_INSERT).with(Value::Text(field.to_owned())).with(value)
        };
        let mut statements = vec![Query::new(sql::SETTINGS_DELETE)];
        let values = self.values.iter().map(Option::as_deref);
        statements.extend(values.map(|value| row(SWITCH, Value::optional(value))));
        statements.push(row("modified", Value::Text(microseconds(now))));
        statements.push(row("modified_by", Value::Text(AUTHOR.to_owned())));
        statements
    }
}

/// As Frappe's `now` writes it: always with microseconds.
fn microseconds(now: DateTime) -> String {
    let text = time_text(now);
    if text.contains('.') { text } else { text + ".000000" }
}

fn lock_of(name: &str) -> Query {
    Query::new(sql::JOB_TYPE_LOCK).with(Value::Text(name.to_owned()))
}

fn is_stopped(rows: &Rows) -> Option<bool> {
    rows.first().map(|row| row.int("stopped").is_some_and(|number| number != 0))
}

fn stopping(name: &str, stopped: bool, now: DateTime) -> Query {
    Query::new(sql::JOB_TYPE_STOP)
        .with(Value::Int(stopped.into()))
        .with(Value::Time(now))
        .with(Value::Text(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switch_as_text_keeps_every_row() {
        let some = |text: &str| Some(text.to_owned());
        for (values, text) in [
            (vec![], None),
            (vec![some("1")], Some("1")),
            (vec![some("")], Some("")),
            (vec![None], Some("[null]")),
            (vec![some("0"), None], Some("[\"0\",null]")),
            (vec![some("[]")], Some("[\"[]\"]")),
        ] {
            let switch = FormerSwitch { values };
            assert_eq!(switch.to_text().as_deref(), text);
            assert_eq!(FormerSwitch::from_text(text), switch);
        }
    }
}
