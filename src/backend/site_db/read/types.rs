//! Scheduled Job Types.

use jiff::civil::DateTime;

use crate::backend::site_db::sql::{self, Query, Value};
use crate::backend::site_db::{Row, Rows};

/// The most types that are read of one site; large sites have some two hundred.
pub const MAX_JOB_TYPES: i64 = 10_000;

/// A row of `tabScheduled Job Type`; a column that a version lacks is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledJobType {
    /// Its key: up to 15 the tail of the method, later ten random characters.
    pub name: String,
    /// The dotted path, or for a server script a pseudo method.
    pub method: String,
    /// The frequency, such as `Daily Long`.
    pub frequency: String,
    /// The cron expression, where it is not empty; it wins over the frequency.
    pub cron_format: Option<String>,
    /// Whether the scheduler skips it.
    pub stopped: bool,
    /// Whether its runs are logged.
    pub create_log: bool,
    /// When its last run started.
    pub last_execution: Option<DateTime>,
    /// When the row was made; counts as the last run where there was none, from 14 on.
    pub creation: Option<DateTime>,
    /// The server script that it runs.
    pub server_script: Option<String>,
    /// The Scheduler Event that it hangs on (late 15, 16 and later).
    pub scheduler_event: Option<String>,
}

impl ScheduledJobType {
    fn of(row: Row<'_>) -> Self {
        let owned = |column| row.filled(column).map(str::to_owned);
        let is_set = |column| row.int(column).is_some_and(|number| number != 0);
        Self {
            name: owned("name").unwrap_or_default(),
            method: owned("method").unwrap_or_default(),
            frequency: owned("frequency").unwrap_or_default(),
            cron_format: owned("cron_format"),
            stopped: is_set("stopped"),
            create_log: is_set("create_log"),
            last_execution: row.time("last_execution"),
            creation: row.time("creation"),
            server_script: owned("server_script"),
            scheduler_event: owned("scheduler_event"),
        }
    }
}

/// The key that Frappe up to 15 gives the type of a method: its last two parts.
///
/// Two methods with the same tail collide there: each migration deletes the row of one and inserts
/// that of the other, and one of them silently never runs. The table never shows both, so who
/// looks for collisions compares the methods of the hooks.
/// Source: `autoname` in `scheduled_job_type.py`.
pub fn name_before_16(method: &str) -> &str {
    let cut = method.rmatch_indices('.').nth(1).map_or(0, |(at, _)| at + 1);
    method.get(cut..).unwrap_or(method)
}

pub(super) fn query() -> Query {
    Query::new(sql::JOB_TYPES).with(Value::Int(MAX_JOB_TYPES))
}

pub(super) fn read(rows: &Rows) -> Vec<ScheduledJobType> {
    rows.iter().map(ScheduledJobType::of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_before_16_is_the_tail_of_the_method() {
        assert_eq!(name_before_16("app1.tasks.daily"), "tasks.daily");
        assert_eq!(name_before_16("tasks.daily"), "tasks.daily");
        assert_eq!(name_before_16("daily"), "daily");
        assert_eq!(name_before_16(""), "");
    }
}
