//! Which types an event, a method or a name means on each site, and under which ids and on which
//! queues the scheduler of that Frappe enqueues them.

use crate::backend::site_db::DbError;
use crate::backend::site_db::read::ScheduledJobType;
use crate::bench::config::SWITCHES;
use crate::bench::{Bench, Family};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::human;
use crate::model::id::JobId;
use crate::nearby;
use crate::ops::change::How;
use crate::ops::job_types::SiteTypes;
use crate::ops::switch::places::bench_of;
use crate::report::switch::Obstacle;
use crate::report::trigger::{TriggerReport, TriggerRow, TriggerSite, Triggered};
use crate::schedule::frequency::{Event, Frequency};

/// Frequencies that are named where the one asked for has no types.
const MOST_NEAR: usize = 4;

/// Sites without types that are named.
const MOST_WITHOUT: usize = 5;

/// Stopped types that are named.
const MOST_STOPPED: usize = 3;

/// What could be read of each site.
pub(super) type OfSites = [(String, Result<SiteTypes, DbError>)];

/// Plans the types that `word` means.
///
/// Errors: `NotFound` where no site that could be read has one; `Usage` where the word is neither
/// an event nor a method nor a name.
pub(super) fn report(
    context: &Context,
    word: &str,
    read: &OfSites,
    inline: bool,
    how: &How,
) -> Result<TriggerReport> {
    let bench = bench_of(context)?;
    // What is no event may still be the name of a row.
    let (event, unknown) = match Event::parse(word) {
        Ok(event) => (event, None),
        Err(failure) => (Event::Method(word.to_owned()), Some(failure)),
    };
    let mut report = TriggerReport {
        event: word.to_owned(),
        op_id: None,
        dry_run: how.dry_run,
        inline,
        frappe: bench.frappe().version().unwrap_or("unknown").to_owned(),
        types: Vec::new(),
        sites: Vec::new(),
        undoable: false,
        timed_out: false,
        interrupted_by: None,
        notes: Vec::new(),
    };
    let mut without = Vec::new();
    for (site, answer) in read {
        report.sites.push(site_of(bench, site, answer));
        let Ok(SiteTypes { types, .. }) = answer else { continue };
        let meant = meant(&event, types);
        if meant.is_empty() {
            without.push((site.as_str(), types.as_slice()));
        }
        report.types.extend(meant.into_iter().map(|job_type| row(bench, site, job_type, inline)));
    }
    if report.types.is_empty() && !without.is_empty() {
        return Err(unknown.unwrap_or_else(|| nothing(&event, word, &without)).into());
    }
    report.notes.extend(notes_on(&event, word, &without));
    let count = usize::try_from(how.limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    if report.types.len() > count {
        report.notes.push(format!("only the first {count} of {} types", report.types.len()));
        report.types.truncate(count);
    }
    Ok(report)
}

/// Says which sites have no type where others have some.
fn notes_on(event: &Event, word: &str, without: &[(&str, &[ScheduledJobType])]) -> Vec<String> {
    let told = without.iter().take(MOST_WITHOUT).map(|(site, types)| {
        let instead = nothing(event, word, &[(*site, *types)]);
        let instead = instead.hints().first().map(|hint| format!(" ({hint})"));
        format!("{site} has no types of `{word}`{}", instead.unwrap_or_default())
    });
    let more = without.len().saturating_sub(MOST_WITHOUT) as u64;
    let more = (more > 0).then(|| format!("nor have {} more", human::counted(more, "site")));
    told.chain(more).collect()
}

/// The types that an event means. A stopped one has to be named.
fn meant<'t>(event: &Event, types: &'t [ScheduledJobType]) -> Vec<&'t ScheduledJobType> {
    let all = |wanted: &dyn Fn(&ScheduledJobType) -> bool| -> Vec<&'t ScheduledJobType> {
        types.iter().filter(|job_type| wanted(job_type)).collect()
    };
    match event {
        Event::Frequency(frequency) => all(&|t| !t.stopped && t.frequency == frequency.title()),
        Event::Any => all(&|t| !t.stopped),
        Event::Method(method) => {
            let of_method = all(&|t| t.method == *method);
            if of_method.is_empty() { all(&|t| t.name == *method) } else { of_method }
        }
    }
}

/// Nothing is meant: what there is instead.
fn nothing(event: &Event, word: &str, sites: &[(&str, &[ScheduledJobType])]) -> Failure {
    let types = || sites.iter().flat_map(|(_, types)| types.iter());
    let place = match sites {
        [(site, _)] => format!("site `{site}`"),
        _ => "any of the sites".to_owned(),
    };
    let no = |what: &str| Failure::new(Kind::NotFound, format!("there is no {what} on {place}"));
    let Event::Frequency(frequency) = event else {
        if *event == Event::Any {
            return no("scheduled job type");
        }
        let failure = no(&format!("scheduled job type with the method or name `{word}`"));
        let mut methods: Vec<&str> = types().map(|t| t.method.as_str()).collect();
        methods.sort_unstable();
        methods.dedup();
        return nearby::hint(failure, word, methods.into_iter());
    };
    let failure = no(&format!("scheduled job type of the event `{}`", frequency.hook_key()));
    let stopped: Vec<&str> = types()
        .filter(|t| t.stopped && t.frequency == frequency.title())
        .map(|t| t.method.as_str())
        .collect();
    if !stopped.is_empty() {
        let names: Vec<String> =
            stopped.iter().take(MOST_STOPPED).map(|method| format!("`{method}`")).collect();
        let more = if stopped.len() > MOST_STOPPED { ", …" } else { "" };
        let count = human::counted(stopped.len() as u64, "type");
        return failure.hint(format!(
            "{count} of it stopped; one is triggered by its method: {}{more}",
            names.join(", ")
        ));
    }
    let running = || types().filter(|t| !t.stopped);
    let present = running().filter_map(|t| Frequency::of_title(&t.frequency));
    let near: Vec<String> = event
        .near(present)
        .into_iter()
        .take(MOST_NEAR)
        .map(|near| {
            let count = running().filter(|t| t.frequency == near.title()).count();
            format!("`{}` has {count}", near.hook_key())
        })
        .collect();
    if near.is_empty() { failure } else { failure.hint(near.join(", ")) }
}

fn site_of(bench: &Bench, site: &str, answer: &Result<SiteTypes, DbError>) -> TriggerSite {
    let config = bench.site_config(site);
    let mut obstacles: Vec<Obstacle> = SWITCHES
        .into_iter()
        .filter_map(|key| {
            let standing = config.standing(key);
            let (_, path) = standing.in_force().filter(|_| standing.is_on())?;
            let source = bench.relative(path).to_string_lossy().into_owned();
            let detail = format!("`{key}` is set in {source}");
            Some(Obstacle { code: key.to_owned(), source, detail, fix: None })
        })
        .collect();
    let mut found = TriggerSite {
        site: site.to_owned(),
        obstacles: Vec::new(),
        error: None,
        kind: None,
        hints: Vec::new(),
    };
    match answer {
        Ok(read) if !read.settings.scheduler_enabled => obstacles.push(Obstacle {
            code: "enable_scheduler".to_owned(),
            source: "System Settings (database)".to_owned(),
            detail: "`enable_scheduler` is off in System Settings".to_owned(),
            fix: None,
        }),
        Ok(_) => {}
        Err(error) => {
            let failure = error.failure(site);
            found.error = Some(failure.to_string());
            found.kind = Some(failure.kind());
            found.hints = failure.hints().to_vec();
        }
    }
    TriggerSite { obstacles, ..found }
}

fn row(bench: &Bench, site: &str, job_type: &ScheduledJobType, inline: bool) -> TriggerRow {
    let owned = job_type.clone();
    TriggerRow {
        site: site.to_owned(),
        queue: (!inline).then(|| queue_of(&job_type.frequency).to_owned()),
        id: if inline { None } else { id_of(bench, site, job_type) },
        name: owned.name,
        method: owned.method,
        frequency: owned.frequency,
        cron_format: owned.cron_format,
        server_script: owned.server_script,
        stopped: owned.stopped,
        logged: owned.create_log,
        state: Triggered::Planned,
        status: None,
        log: None,
        reason: None,
        fix: None,
    }
}

/// The queue, without a prefix. Source: `get_queue_name` in `scheduled_job_type.py`, which looks
/// for words, so that a frequency that is not known here has a queue as well.
fn queue_of(frequency: &str) -> &'static str {
    let is_long = frequency.contains("Long") || frequency.contains("Maintenance");
    if is_long { "long" } else { "default" }
}

/// The fixed id; `None` where ids carry none.
///
/// Source: `rq_job_id` in `scheduled_job_type.py`, `create_job_id` in `background_jobs.py`: up to 15
/// by the method, later by the row; with bars, every colon of the rest becomes one, too.
fn id_of(bench: &Bench, site: &str, job_type: &ScheduledJobType) -> Option<JobId> {
    let separator = bench.job_id_separator()?;
    let rest = match bench.frappe().family() {
        Family::V13 | Family::Unknown => return None,
        Family::V14 | Family::V15 => format!("scheduled_job::{}", job_type.method),
        Family::V16Dev | Family::V16 | Family::V17 => format!("scheduled_job::{}", job_type.name),
    };
    let rest = if separator == "||" { rest.replace(':', "|") } else { rest };
    Some(JobId::new(format!("{site}{separator}{rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job_type(name: &str, method: &str, frequency: Frequency, stopped: bool) -> ScheduledJobType {
        ScheduledJobType {
            name: name.to_owned(),
            method: method.to_owned(),
            frequency: frequency.title().to_owned(),
            cron_format: None,
            stopped,
            create_log: true,
            last_execution: None,
            creation: None,
            server_script: None,
            scheduler_event: None,
        }
    }

    fn types() -> Vec<ScheduledJobType> {
        vec![
            job_type("a1", "app.all", Frequency::All, false),
            job_type("d1", "app.daily", Frequency::Daily, false),
            job_type("d2", "app.stopped", Frequency::Daily, true),
            job_type("h1", "app.care", Frequency::HourlyMaintenance, false),
            job_type("h2", "app.tidy", Frequency::HourlyMaintenance, false),
            job_type("w1", "app.weekly", Frequency::Weekly, true),
        ]
    }

    fn names(word: &str) -> Vec<String> {
        let event = Event::parse(word).unwrap_or_else(|_| Event::Method(word.to_owned()));
        meant(&event, &types()).iter().map(|t| t.name.clone()).collect()
    }

    #[test]
    fn event_means_the_types_that_are_not_stopped_and_a_name_any() {
        assert_eq!(names("all"), ["a1"], "the frequency, not every type");
        assert_eq!(names("any"), ["a1", "d1", "h1", "h2"]);
        assert_eq!(names("daily"), ["d1"]);
        assert_eq!(names("app.stopped"), ["d2"]);
        assert_eq!(names("d2"), ["d2"], "the name of a row");
        assert_eq!(names("app.stop"), [""; 0]);
    }

    fn told(word: &str) -> (String, Vec<String>) {
        let types = types();
        let failure = nothing(&Event::parse(word).unwrap(), word, &[("erp", &types)]);
        (failure.to_string(), failure.hints().to_vec())
    }

    #[test]
    fn event_without_types_is_told_with_those_that_have_some() {
        let (message, hints) = told("hourly");
        assert_eq!(message, "there is no scheduled job type of the event `hourly` on site `erp`");
        assert_eq!(hints, ["`hourly_maintenance` has 2, `all` has 1, `daily` has 1"]);
        let (_, hints) = told("weekly");
        assert!(hints[0].contains("stopped") && hints[0].contains("`app.weekly`"), "{hints:?}");
        let (_, hints) = told("app.dayly");
        assert!(hints[0].contains("`app.daily`"), "{hints:?}");
    }

    #[test]
    fn queue_goes_by_the_words_of_the_frequency() {
        for frequency in Frequency::ALL {
            assert_eq!(queue_of(frequency.title()), frequency.queue());
        }
        assert_eq!(queue_of("Yearly Long"), "long");
    }
}
