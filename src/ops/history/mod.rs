//! The history: recording it ([`recorder`], [`aside`]), and what it tells ([`show`], [`trend`], [`peaks`],
//! [`forecast`]).

pub mod aside;
pub mod forecast;
mod memory;
pub mod peaks;
pub mod recorder;
mod regression;
mod sampling;
pub mod show;
pub mod trend;

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::backend::history::{Filter, Place, Reader, Recorded};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::report::Scope;
use crate::report::history::Source;
use crate::sys::clock;
use crate::target;

/// Which part of a history is asked for.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The history, where it is not that of the target.
    pub file: Option<std::path::PathBuf>,
    /// Only this queue.
    pub queue: Option<String>,
    /// Only this method.
    pub method: Option<String>,
}

/// Where the history of the target is, or the named one.
pub fn place(context: &Context, file: Option<&Path>) -> Result<Place> {
    if let Some(file) = file {
        return Ok(Place::named(file));
    }
    let target = context.target()?;
    let folder = context.journals().map_err(|_| {
        let message = "cannot keep a history: neither XDG_STATE_HOME nor HOME is set";
        Failure::new(Kind::Config, message).hint("set HOME, or name a file: --file PATH")
    })?;
    if target.bench.is_some() && !target.has_other_redis() {
        return Ok(Place::beside(folder, None));
    }
    Ok(Place::beside(folder, Some(&target.endpoint()?.to_string())))
}

/// A history opened for a question.
struct Open {
    reader: Reader,
    recorded: Recorded,
    zone: TimeZone,
    filter: Filter,
    scope: Scope,
    notes: Vec<String>,
}

impl Open {
    /// Errors: `NotFound` where nothing was recorded, or where the history knows no such queue or
    /// method; those of [`Reader::open`].
    fn of(context: &Context, wanted: &Wanted) -> Result<Self> {
        let (scope, sites) = if wanted.file.is_some() {
            let sites = target::selected_sites(&context.global)?;
            (Scope { sites: sites.clone(), ..Scope::default() }, sites)
        } else {
            (context.scope()?, context.sites()?)
        };
        let reader = Reader::open(place(context, wanted.file.as_deref())?)?;
        let recorded = reader.recorded()?;
        let named = recorded.zone.as_deref().and_then(|name| TimeZone::get(name).ok());
        let zone = named.unwrap_or(TimeZone::UTC);
        let filter = Filter {
            since_s: 0,
            until_s: i64::MAX / 1_000,
            queue: wanted.queue.clone(),
            method: wanted.method.clone(),
            sites,
        };
        reader.check_begun()?;
        reader.check(&filter)?;
        let mut notes = Vec::new();
        if !keep_the_same_time(&zone, &context.ui.zone().tz()) {
            let name = recorded.zone.as_deref().unwrap_or("UTC");
            notes.push(format!("hours and days are those of {name}, where it was recorded"));
        }
        Ok(Self { reader, recorded, zone, filter, scope, notes })
    }

    /// What the reports say of where their figures are from.
    fn source(&self) -> Source {
        Source {
            file: self.reader.path().display().to_string(),
            bytes: self.reader.bytes(),
            zone: self.recorded.zone.clone(),
            every_s: self.recorded.every_s,
            first_at: self.recorded.first,
            last_at: self.recorded.last,
            hours: self.recorded.hours,
            days: self.recorded.days,
        }
    }
}

/// Whether clocks of two zones show the same, in summer and in winter: one zone has many names.
fn keep_the_same_time(one: &TimeZone, other: &TimeZone) -> bool {
    let now = clock::now();
    let days = [now, before(now, SignedDuration::from_hours(24 * 182))];
    one.iana_name() == other.iana_name()
        || days.into_iter().all(|day| one.to_offset(day) == other.to_offset(day))
}

/// `time` before `now`.
fn before(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH)
}
