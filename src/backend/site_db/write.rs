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

impl FormerSwitch {
    fn of_value(enabled: bool) -> Self {
        Self { values: vec![Some(i64::from(enabled).to_string())] }
    }

    fn of(rows: &Rows) -> Self {
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
