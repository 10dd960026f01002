//! Scheduled job types of many sites: which there are, what is due when, what became of the runs.
//!
//! Reads only. Joins what the sites' databases say with what the queue Redis knows of the jobs; what
//! a type's row means for its times is decided in [`crate::schedule`].

pub mod list;
pub mod log;
pub mod next;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use globset::GlobMatcher;
use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::backend::redis::fixed_ids::FixedJob;
use crate::backend::site_db::DbError;
use crate::backend::site_db::read::{MAX_JOB_TYPES, ScheduledJobType};
use crate::bench::{Bench, Family};
use crate::context::Context;
use crate::error::failure_of;
use crate::model::id::JobId;
use crate::ops::sites::pending::job_id;
use crate::report::schedule::{AskedSite, AskedSites};
use crate::schedule::due::JobTypeClock;
use crate::schedule::zone::ZoneOrigin;
use crate::schedule::{Frequency, SiteZone};

/// Methods that a note names.
const MOST_NAMED: usize = 5;

/// A site's clock: its zone, and what it shows now.
#[derive(Debug, Clone)]
struct SiteClock {
    zone: SiteZone,
    now: Timestamp,
    naive: DateTime,
}

impl SiteClock {
    fn of(setting: Option<&str>, family: Family, now: Timestamp) -> Self {
        let zone = SiteZone::of_setting(setting, family);
        let naive = zone.clock_at(now);
        Self { zone, now, naive }
    }

    /// When the clock shows a time: of the past, the first time that it did; of the future, the
    /// next time that it will, which in a repeated hour is not the first.
    fn instant(&self, at: DateTime) -> Option<Timestamp> {
        let first = self.zone.reached_at(at)?;
        if at > self.naive && first < self.now {
            return self.now.checked_add(at.duration_since(self.naive)).ok();
        }
        Some(first)
    }

    /// The zone that is in force.
    fn zone_name(&self) -> &str {
        match self.zone.origin() {
            ZoneOrigin::Unknown => "UTC",
            ZoneOrigin::Setting | ZoneOrigin::Default => self.zone.name(),
        }
    }

    /// What is wrong with the zone.
    fn caveat(&self, site: &str) -> Option<String> {
        (self.zone.origin() == ZoneOrigin::Unknown).then(|| {
            format!("{site}: time zone `{}` is unknown: Frappe takes UTC", self.zone.name())
        })
    }
}

/// Where the jobs of types stand.
#[derive(Debug, Default)]
struct Jobs(HashMap<JobId, FixedJob>);

impl Jobs {
    /// Asks the queue Redis; what keeps that from being known is a note, and then nothing is.
    fn read(context: &mut Context, ids: &[JobId], now: Timestamp, notes: &mut Vec<String>) -> Self {
        if ids.is_empty() {
            return Self::default();
        }
        match context.store().and_then(|store| store.fixed_jobs(ids, now)) {
            Ok(found) => {
                let unread = found.iter().filter(|job| job.is_err()).count();
                if unread > 0 {
                    notes.push(format!("of {unread} jobs Redis does not say whether they wait"));
                }
                let pairs = ids.iter().cloned().zip(found);
                Self(pairs.filter_map(|(id, job)| Some((id, job.ok()?))).collect())
            }
            Err(error) => {
                context.disconnect();
                let why =
                    failure_of(&error).map_or_else(|| format!("{error:#}"), ToString::to_string);
                notes.push(format!("which jobs wait or run is not known: {why}"));
                Self::default()
            }
        }
    }

    fn of(&self, id: Option<&JobId>) -> Option<FixedJob> {
        self.0.get(id?).copied()
    }
}

/// The ids of the jobs of types; none in v13, where they are random.
fn ids_of<'t>(
    bench: &Bench,
    types: impl Iterator<Item = (&'t str, &'t ScheduledJobType)>,
) -> Vec<JobId> {
    types.filter_map(|(site, row)| job_id(bench, site, row)).collect()
}

/// The word for a job that waits or runs.
const fn pending_word(job: Option<FixedJob>) -> Option<&'static str> {
    match job {
        Some(FixedJob::Queued) => Some("queued"),
        Some(FixedJob::Started) => Some("started"),
        Some(FixedJob::None | FixedJob::Ghost) | None => None,
    }
}

/// The queue that Frappe takes for a type. Source: `get_queue_name` in `scheduled_job_type.py`.
fn queue_of(clock: &JobTypeClock) -> &'static str {
    clock.frequency().map_or("default", Frequency::queue)
}

/// The bounds of the jitter.
fn jitter_of(clock: &JobTypeClock) -> Option<[i64; 2]> {
    clock.jitter_s().map(|jitter| [*jitter.start(), *jitter.end()])
}

/// Whether a type is asked for: its method or its key fits the pattern.
fn fits(method: Option<&GlobMatcher>, row: &ScheduledJobType) -> bool {
    method.is_none_or(|glob| glob.is_match(&row.method) || glob.is_match(&row.name))
}

/// Puts together the sites that were asked and what each became.
fn asked<'r, T: 'r>(
    read: impl Iterator<Item = (&'r str, Result<T, &'r DbError>)>,
    zone_of: impl Fn(T) -> String,
) -> AskedSites {
    AskedSites(
        read.map(|(site, found)| match found {
            Ok(found) => AskedSite::answered(site, &zone_of(found)),
            Err(error) => AskedSite::failed(site, &error.failure(site)),
        })
        .collect(),
    )
}

/// What every one of these reports says of its sites.
fn site_notes(sites: &AskedSites, bench: &Bench) -> Vec<String> {
    let mut notes = sites.notes();
    notes.extend(sites.clock_note());
    if bench.job_id_separator().is_none() && sites.0.iter().any(|site| site.error.is_none()) {
        let why = "this Frappe gives scheduled jobs random ids";
        notes.push(format!("which types wait or run cannot be told: {why}"));
    }
    notes
}

/// Says how many types leave no trace in the log, given their methods.
fn unlogged_note<'m>(methods: impl Iterator<Item = &'m str>) -> Option<String> {
    let mut methods: Vec<&str> = methods.collect();
    let total = methods.len();
    if total == 0 {
        return None;
    }
    methods.sort_unstable();
    methods.dedup();
    let more = if methods.len() > MOST_NAMED { ", …" } else { "" };
    methods.truncate(MOST_NAMED);
    let types = crate::human::counted(total as u64, "type");
    let are = if total == 1 { "is" } else { "are" };
    Some(format!(
        "{types} {are} not logged (`create_log` is 0), so a failure leaves no trace: {}{more}",
        methods.join(", ")
    ))
}

/// Says that a site has more types than are read.
fn cut_note(site: &str, types: usize) -> Option<String> {
    (i64::try_from(types) == Ok(MAX_JOB_TYPES))
        .then(|| format!("{site}: only the first {MAX_JOB_TYPES} job types were read"))
}
