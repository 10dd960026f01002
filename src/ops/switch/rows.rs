//! Switches that are rows of a site's database: `enable_scheduler` of System Settings, and
//! `stopped` of a scheduled job type.
//!
//! A row is held by a transaction that locks it, and let go by its end: whoever else writes it waits
//! or is waited for. Frappe keeps both documents in its cache; see [`super::cache`].

use super::places::{Held, bench_of};
use crate::backend::site_db::read::SystemSettings;
use crate::backend::site_db::write::FormerSwitch;
use crate::backend::site_db::{Access, DbError, Settings, SiteDb, connect};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::journal::SwitchPlace;
use crate::sys::clock;

/// The document with the scheduler's switch.
pub const SETTINGS: &str = "System Settings";
/// The field that is the switch.
const SWITCH: &str = "enable_scheduler";
/// The document of a scheduled job type.
pub const JOB_TYPE: &str = "Scheduled Job Type";
/// Its table.
const TYPES: &str = "tabScheduled Job Type";
/// The column by which the scheduler passes a type over.
const STOPPED: &str = "stopped";

/// Where a site's scheduler is enabled.
pub fn enable_scheduler(site: &str) -> SwitchPlace {
    SwitchPlace::Singles {
        site: site.to_owned(),
        doctype: SETTINGS.to_owned(),
        field: SWITCH.to_owned(),
    }
}

/// Where a job type is stopped; `row` is its key.
pub fn stopped(site: &str, row: &str) -> SwitchPlace {
    SwitchPlace::Column {
        site: site.to_owned(),
        table: TYPES.to_owned(),
        row: row.to_owned(),
        column: STOPPED.to_owned(),
    }
}

/// As it stands in a journal.
pub const fn flag(set: bool) -> &'static str {
    if set { "1" } else { "0" }
}

/// One of the two sorts of row.
enum Row {
    Switch,
    /// With the key of the type.
    Stopped(String),
}

impl Row {
    /// The site and the row of a place.
    ///
    /// Errors: `Data` for a row that this version does not know, from a journal of another one.
    fn of(place: &SwitchPlace) -> Result<(&str, Self)> {
        match place {
            SwitchPlace::Singles { site, doctype, field }
                if doctype == SETTINGS && field == SWITCH =>
            {
                Ok((site, Self::Switch))
            }
            SwitchPlace::Column { site, table, row, column }
                if table == TYPES && column == STOPPED =>
            {
                Ok((site, Self::Stopped(row.clone())))
            }
            _ => Err(Failure::new(Kind::Data, format!("cannot change {place}"))
                .hint("use the version of jobctl that changed it before")
                .into()),
        }
    }
}

/// A row under its lock.
struct HeldRow {
    db: SiteDb,
    site: String,
    row: Row,
    stands: Option<String>,
    /// Says in which zone `modified` is written.
    settings: SystemSettings,
}

/// Locks the row of a place, in a transaction of its own.
///
/// Three round trips. Errors: those of the database.
pub(super) fn hold(context: &Context, place: &SwitchPlace) -> Result<Box<dyn Held>> {
    let (site, row) = Row::of(place)?;
    let told = |error: DbError| error.failure(site);
    let mut db = open(context, site, Access::Write)?;
    let settings = db.system_settings().map_err(told)?;
    let stands = match &row {
        Row::Switch => db.hold_switch().map_err(told)?.to_text(),
        Row::Stopped(name) => {
            db.hold_stopped(name).map_err(told)?.map(|stopped| flag(stopped).to_owned())
        }
    };
    Ok(Box::new(HeldRow { db, site: site.to_owned(), row, stands, settings }))
}

/// What stands in a place, read without a lock.
pub(super) fn look(context: &Context, place: &SwitchPlace) -> Result<Option<String>> {
    let (site, row) = Row::of(place)?;
    let told = |error: DbError| error.failure(site);
    let mut db = open(context, site, Access::Read)?;
    Ok(match row {
        Row::Switch => db.system_settings().map_err(told)?.switch.to_text(),
        Row::Stopped(name) => {
            let types = db.scheduled_job_types().map_err(told)?;
            let found = types.iter().find(|row| row.name == name);
            found.map(|row| flag(row.stopped).to_owned())
        }
    })
}

fn open(context: &Context, site: &str, access: Access) -> Result<SiteDb> {
    let opened = Settings::of(bench_of(context)?, site)
        .and_then(|settings| connect(&settings, access, context.settings.timeout));
    opened.map_err(|error| error.failure(site).into())
}

impl Held for HeldRow {
    fn now(&self) -> Option<String> {
        self.stands.clone()
    }

    fn put(&mut self, value: Option<&str>) -> Result<()> {
        let now = self.settings.clock_at(clock::now());
        let done = match &self.row {
            Row::Switch => self.db.put_switch(&FormerSwitch::from_text(value), now),
            Row::Stopped(name) if self.stands.is_none() => {
                let message = format!("cannot set `stopped` of `{name}`: the job type is gone");
                return Err(Failure::new(Kind::NotFound, message).into());
            }
            // A type's absence is never put back.
            Row::Stopped(name) => self.db.put_stopped(name, value == Some(flag(true)), now),
        };
        done.map_err(|error| error.failure(&self.site))?;
        self.stands = value.map(str::to_owned);
        Ok(())
    }
}
