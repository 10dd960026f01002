//! The Scheduled Job Types of sites, read from their databases, and which scheduled jobs an event
//! means by them.

use std::collections::HashMap;
use std::time::Instant;

use crate::backend::site_db::read::{ScheduledJobType, SystemSettings};
use crate::backend::site_db::{DbError, Fleet, for_each_site};
use crate::context::Context;
use crate::error::{Failure, Kind, Result};
use crate::model::event::{EventFilter, MeantTypes};
use crate::ops::switch::places::bench_of;
use crate::schedule::frequency::{Event, Frequency};

/// What a site's database says of its scheduled jobs.
#[derive(Debug, Clone)]
pub(in crate::ops) struct SiteTypes {
    /// All types, sorted by name.
    pub types: Vec<ScheduledJobType>,
    /// The switches and the time zone.
    pub settings: SystemSettings,
}

/// Reads the types of sites, several at a time; the answers are in the order of `sites`.
///
/// Two round trips per site. Errors: `Usage` without a bench; what fails of a site fails alone.
pub(in crate::ops) fn read(
    context: &Context,
    sites: &[String],
) -> Result<Vec<(String, Result<SiteTypes, DbError>)>> {
    let timeout = context.settings.timeout;
    // Nobody is given up for want of time: a plan for some of the sites is not what was asked for.
    let deadline = Instant::now() + timeout.saturating_mul(u32::try_from(sites.len() + 1)?);
    let fleet = Fleet::reading(timeout, deadline);
    Ok(for_each_site(bench_of(context)?, sites, fleet, |_, database| {
        let settings = database.system_settings()?;
        Ok(SiteTypes { types: database.scheduled_job_types()?, settings })
    }))
}

/// What `--event` means in the selection language; `None` without words.
///
/// A word matches the `event` of a payload. One that names a frequency matches, on a bench, the
/// scheduled jobs whose type has it as well; `any`, every scheduled job. The databases of the
/// selected sites are read for frequencies alone.
///
/// Errors: `Usage` for a word that is nearly a frequency; `Unreachable` where the types of a selected site cannot be read: what is left would not
/// be what was asked for.
pub fn event_filter(context: &Context, words: &[String]) -> Result<Option<EventFilter>> {
    if words.is_empty() {
        return Ok(None);
    }
    for word in words {
        refuse_near_miss(word)?;
    }
    let meant: Vec<Event> = words.iter().filter_map(|word| Event::parse(word).ok()).collect();
    let frequencies: Vec<Frequency> = meant
        .iter()
        .filter_map(|event| match event {
            Event::Frequency(frequency) => Some(*frequency),
            Event::Any | Event::Method(_) => None,
        })
        .collect();
    let bench = context.target()?.bench.as_ref().filter(|_| !frequencies.is_empty());
    let sites = match (bench, context.sites()?) {
        (None, _) => HashMap::new(),
        (Some(_), Some(sites)) => meant_types(context, words, &sites, &frequencies)?,
        (Some(bench), None) => {
            let sites: Vec<String> = bench.sites().names().map(str::to_owned).collect();
            meant_types(context, words, &sites, &frequencies)?
        }
    };
    Ok(Some(EventFilter { words: words.to_vec(), any: meant.contains(&Event::Any), sites }))
}

/// Refuses a bare word that is all but the word for a frequency: it would select nothing. Any other
/// may be the event of a payload.
fn refuse_near_miss(word: &str) -> Result<()> {
    let Err(failure) = Event::parse(word) else { return Ok(()) };
    let near = Event::words().any(|known| strsim::damerau_levenshtein(word, known) == 1);
    if near { Err(failure.into()) } else { Ok(()) }
}

fn meant_types(
    context: &Context,
    words: &[String],
    sites: &[String],
    frequencies: &[Frequency],
) -> Result<HashMap<String, MeantTypes>> {
    let mut meant = HashMap::new();
    for (site, answer) in read(context, sites)? {
        let SiteTypes { types, .. } = answer.map_err(|error| unreadable(words, &site, &error))?;
        let mut of_site = MeantTypes::default();
        for job_type in types {
            let is_meant =
                frequencies.iter().any(|frequency| frequency.title() == job_type.frequency);
            of_site.add(job_type.name, job_type.method, is_meant);
        }
        meant.insert(site, of_site);
    }
    Ok(meant)
}

fn unreadable(words: &[String], site: &str, error: &DbError) -> anyhow::Error {
    let cause = error.failure(site);
    let message = format!(
        "cannot tell which scheduled jobs belong to `{}`: the job types of site `{site}` cannot be read",
        words.join("`, `")
    );
    let failure = Failure::new(Kind::Unreachable, message);
    let failure = cause.hints().iter().fold(failure, |failure, hint| failure.hint(hint.as_str()));
    failure.hint("--site leaves other sites out").because(cause).into()
}
