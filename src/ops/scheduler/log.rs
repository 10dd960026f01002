//! Runs of scheduled job types, out of the Scheduled Job Log.

use std::collections::HashMap;

use globset::GlobMatcher;
use jiff::Timestamp;

use super::{Jobs, SiteClock, asked, fits, ids_of, site_notes, unlogged_note};
use crate::backend::redis::fixed_ids::FixedJob;
use crate::backend::site_db::read::{JobRun, RunFilter, ScheduledJobType, SystemSettings};
use crate::backend::site_db::{DbError, SiteDb};
use crate::bench::Bench;
use crate::context::Context;
use crate::error::Result;
use crate::human;
use crate::ops::sites::pending::job_id;
use crate::ops::sites::read::{ReadSite, read_each, selected};
use crate::ops::switch::places::bench_of;
use crate::report::schedule::log::{RunRow, RunsReport};
use crate::schedule::Frequency;
use crate::sys::clock;

/// Runs that are looked at for a pattern that fits several types.
const MOST_LOOKED_AT: u32 = 5_000;

/// Seconds beyond its time limit after which a run that did not end is no longer on its way out.
const GRACE_S: f64 = 60.0;

/// Seconds that a job may run in a queue whose limit is not known.
const FALLBACK_LIMIT_S: i64 = 1_500;

/// Characters of a traceback that are read: its end.
const DETAILS_CHARS: usize = 8_192;

/// Which runs are asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Those that began then or later.
    pub since: Timestamp,
    /// Those with this status, as the column spells it.
    pub status: Option<String>,
    /// Those of types whose method, or key, fits.
    pub method: Option<GlobMatcher>,
    /// The newest ones, over all sites.
    pub limit: u32,
}

/// What was read of a site.
#[derive(Debug)]
struct Found {
    settings: SystemSettings,
    types: Vec<ScheduledJobType>,
    runs: Vec<JobRun>,
    /// Whether there are older runs in the window, as far as that is known.
    has_more: bool,
    /// Whether older runs that would fit may not have been looked at.
    is_partial: bool,
}

/// Shows the runs of the selected sites, the newest first.
///
/// Three round trips to each site's database, several sites at a time. Errors: `Usage` without a
/// bench, `NotFound` for an unknown site. What fails of a single site is in the report.
pub fn log(context: &mut Context, wanted: &Wanted) -> Result<RunsReport> {
    let now = clock::now();
    let bench = bench_of(context)?;
    let family = bench.frappe().family();
    let sites = selected(context, bench)?;
    let read: Vec<ReadSite<Found>> =
        read_each(bench, &sites, context.settings.timeout, |_, db| read(db, wanted, now));
    let unended = read
        .iter()
        .flat_map(|site| site.found.iter().flat_map(Found::unended).map(|row| (&*site.site, row)));
    let mut ids = ids_of(bench, unended);
    ids.sort_unstable();
    ids.dedup();
    let mut redis_notes = Vec::new();
    let jobs = Jobs::read(context, &ids, now, &mut redis_notes);

    let bench = bench_of(context)?;
    let limits = limits(bench);
    let clock_of = |found: &Found| SiteClock::of(found.settings.time_zone.as_deref(), family, now);
    let answers = read.iter().map(|site| (site.site.as_str(), site.found.as_ref()));
    let sites = asked(answers, |found| clock_of(found).zone_name().to_owned());
    let mut notes = site_notes(&sites, bench);
    let (mut runs, mut has_more) = (Vec::new(), false);
    for site in &read {
        let Ok(found) = &site.found else { continue };
        let clock = clock_of(found);
        notes.extend(clock.caveat(&site.site));
        if found.is_partial {
            notes.push(format!(
                "{}: only the newest {} runs were looked at for the pattern",
                site.site,
                human::count(MOST_LOOKED_AT.into())
            ));
        }
        has_more |= found.has_more;
        let telling = Telling { bench, site: &site.site, clock, limits: &limits, jobs: &jobs };
        runs.extend(telling.rows(found));
    }
    runs.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.name.cmp(&b.name)));
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    let truncated = has_more || runs.len() > limit;
    runs.truncate(limit);
    if truncated {
        notes.push(format!(
            "only the newest {}: there are older ones, --limit shows more",
            human::counted(runs.len() as u64, "run")
        ));
    }
    notes.append(&mut redis_notes);
    let types = read.iter().flat_map(|site| site.found.iter().flat_map(|found| &found.types));
    let unlogged = types.filter(|row| !row.create_log && fits(wanted.method.as_ref(), row));
    notes.extend(unlogged_note(unlogged.map(|row| row.method.as_str())));
    let mut report = RunsReport { since: wanted.since, runs, truncated, sites, notes };
    report.mask(context.secrets);
    Ok(report)
}

/// Reads a site: settings, types, runs.
fn read(db: &mut SiteDb, wanted: &Wanted, now: Timestamp) -> Result<Found, DbError> {
    let settings = db.system_settings()?;
    let types = db.scheduled_job_types()?;
    let clock = SiteClock::of(settings.time_zone.as_deref(), db.family(), now);
    let fitting: Vec<&ScheduledJobType> =
        types.iter().filter(|row| fits(wanted.method.as_ref(), row)).collect();
    let one = match (&wanted.method, fitting.as_slice()) {
        (Some(_), [one]) => Some(one.name.clone()),
        _ => None,
    };
    let scans = wanted.method.is_some() && one.is_none();
    let limit = if scans { MOST_LOOKED_AT } else { wanted.limit.saturating_add(1) };
    let filter = RunFilter {
        since: clock.zone.clock_at(wanted.since),
        limit,
        job_type: one,
        status: wanted.status.clone(),
    };
    let mut runs = db.job_runs(&filter)?;
    let is_full = u32::try_from(runs.len()) == Ok(limit);
    let mut has_more = is_full && !scans;
    if let (Some(glob), true) = (&wanted.method, scans) {
        let methods: HashMap<&str, &str> =
            types.iter().map(|row| (row.name.as_str(), row.method.as_str())).collect();
        runs.retain(|run| {
            let method = methods.get(run.job_type.as_str());
            glob.is_match(&run.job_type) || method.is_some_and(|method| glob.is_match(method))
        });
    }
    let limit = usize::try_from(wanted.limit).unwrap_or(usize::MAX);
    has_more |= runs.len() > limit;
    runs.truncate(limit);
    let is_partial = scans && is_full && runs.len() < limit;
    Ok(Found { settings, types, runs, has_more, is_partial })
}

impl Found {
    /// The types of which a run did not end.
    fn unended(&self) -> impl Iterator<Item = &ScheduledJobType> {
        let open = |row: &&ScheduledJobType| {
            self.runs.iter().any(|run| !run.has_ended() && run.job_type == row.name)
        };
        self.types.iter().filter(open)
    }
}

/// Seconds that a job may run, by queue.
fn limits(bench: &Bench) -> HashMap<String, Option<i64>> {
    bench.queues().into_iter().map(|queue| (queue.name, queue.timeout_s)).collect()
}

/// What the rows of a site are made of.
struct Telling<'a> {
    bench: &'a Bench,
    site: &'a str,
    clock: SiteClock,
    limits: &'a HashMap<String, Option<i64>>,
    jobs: &'a Jobs,
}

impl Telling<'_> {
    fn rows(&self, found: &Found) -> Vec<RunRow> {
        let types: HashMap<&str, &ScheduledJobType> =
            found.types.iter().map(|row| (row.name.as_str(), row)).collect();
        // Newest first: only the newest run of a type can be the one that runs.
        let mut newest: HashMap<&str, &str> = HashMap::new();
        for run in &found.runs {
            newest.entry(&run.job_type).or_insert(&run.name);
        }
        found
            .runs
            .iter()
            .map(|run| {
                let is_newest = newest.get(run.job_type.as_str()) == Some(&run.name.as_str());
                self.row(run, types.get(run.job_type.as_str()).copied(), is_newest)
            })
            .collect()
    }

    fn row(&self, run: &JobRun, row: Option<&ScheduledJobType>, is_newest: bool) -> RunRow {
        let started_at = run.started_at.and_then(|at| self.clock.zone.reached_at(at));
        let open = !run.has_ended();
        let age_s =
            started_at.filter(|_| open).map(|at| self.clock.now.duration_since(at).as_secs_f64());
        let details = run.details.as_deref().filter(|text| !text.trim().is_empty());
        RunRow {
            site: self.site.to_owned(),
            time_zone: self.clock.zone_name().to_owned(),
            name: run.name.clone(),
            job_type: run.job_type.clone(),
            method: row.map_or(&run.job_type, |row| &row.method).clone(),
            status: run.status.clone(),
            started_at,
            ended_at: run
                .changed_at
                .filter(|_| !open)
                .and_then(|at| self.clock.zone.reached_at(at)),
            duration_s: run.duration().map(|took| took.as_secs_f64()),
            stale: if open { self.is_stale(age_s, row, is_newest) } else { Some(false) },
            age_s,
            error: details.and_then(last_line).map(str::to_owned),
            details_truncated: details.is_some_and(|text| text.chars().count() >= DETAILS_CHARS),
            details: details.map(str::to_owned),
            zone: self.clock.zone.zone().clone(),
        }
    }

    /// Whether the process of a run that did not end is dead.
    fn is_stale(
        &self,
        age_s: Option<f64>,
        row: Option<&ScheduledJobType>,
        is_newest: bool,
    ) -> Option<bool> {
        let age_s = age_s?;
        let queue = row
            .and_then(|row| Frequency::of_title(&row.frequency))
            .map_or("default", Frequency::queue);
        let limit = self.limits.get(queue).copied().flatten().unwrap_or(FALLBACK_LIMIT_S);
        // A negative limit is none.
        if limit >= 0 && age_s <= limit as f64 + GRACE_S {
            return Some(false);
        }
        if !is_newest {
            return Some(true);
        }
        let id = row.and_then(|row| job_id(self.bench, self.site, row));
        match self.jobs.of(id.as_ref()) {
            Some(FixedJob::Started) => Some(false),
            Some(FixedJob::None | FixedJob::Queued | FixedJob::Ghost) => Some(true),
            // Without the ids of v13 or an answer of Redis, the time limit alone has to do.
            None => (limit >= 0 && id.is_none()).then_some(true),
        }
    }
}

/// The last line of a traceback, which names the exception.
fn last_line(details: &str) -> Option<&str> {
    details.lines().map(str::trim).rfind(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_line_of_a_traceback_is_the_exception() {
        let text = "Traceback (most recent call last):\n  File \"a.py\"\nValueError: no\n\n  \n";
        assert_eq!(last_line(text), Some("ValueError: no"));
        assert_eq!(last_line(" \n"), None);
    }
}
