//! The compact tables below the findings.

use std::collections::{BTreeSet, HashSet};

use super::facts::{BenchFacts, Facts, site_of};
use super::jobs::{DayOfFailures, failed_within_a_day};
use crate::backend::redis::survey::{Sampled, Survey};
use crate::bench::config::SWITCHES;
use crate::model::job::seconds_between;
use crate::model::part::Why;
use crate::report::doctor::{QueueLine, SiteLine, WorkerCount};

/// Sites that are told from ids alone and listed: without a bench the part of an id that looks like
/// a site may be anything.
const MOST_SEEN_SITES: usize = 50;

/// A line for each selected site.
pub(super) fn sites(facts: &Facts<'_>) -> Vec<SiteLine> {
    let names: Vec<String> = match (facts.bench, facts.sites) {
        (Some(bench), _) => bench.configs.iter().map(|(site, _)| site.clone()).collect(),
        (None, Some(sites)) => sites.to_vec(),
        (None, None) => seen_sites(facts).into_iter().take(MOST_SEEN_SITES).collect(),
    };
    names.into_iter().map(|site| site_line(facts, site)).collect()
}

/// The sites that waiting, running and failed jobs belong to.
pub(super) fn seen_sites(facts: &Facts<'_>) -> BTreeSet<String> {
    let waiting = facts
        .queues()
        .iter()
        .flat_map(|queue| queue.ids.by_site.keys().chain(queue.waiting.by_site.keys()).cloned());
    let others = facts.queues().iter().flat_map(|queue| {
        let running = queue.running.iter().filter_map(site_of_sampled);
        let failed = queue.failed_entries.iter();
        running.chain(failed.filter_map(|entry| entry.id.site().map(str::to_owned)))
    });
    waiting.chain(others).collect()
}

/// The site of a running job: of its id, or of its description where the id carries none.
fn site_of_sampled(sampled: &Sampled) -> Option<String> {
    match sampled.stored() {
        Some(stored) => site_of(&stored.job),
        None => sampled.entry.id.site().map(str::to_owned),
    }
}

fn site_line(facts: &Facts<'_>, site: String) -> SiteLine {
    let readable = facts.survey.is_ok();
    let count = |count: u64| readable.then_some(count);
    let cut = facts.survey.is_ok_and(|survey| survey.cut_short.is_some());
    let (mut queued, mut running, mut failed) = (0, 0, DayOfFailures::default());
    let mut queued_is_least = cut;
    for queue in facts.queues() {
        queued += queue.ids.by_site.get(&site).copied().unwrap_or(0);
        queued += queue.waiting.by_site.get(&site).copied().unwrap_or(0);
        queued_is_least |= queue.ids.without_site > 0 && !queue.waiting.complete;
        let of_site = |sampled: &&Sampled| site_of_sampled(sampled).as_deref() == Some(&*site);
        let jobs: HashSet<_> =
            queue.running.iter().filter(of_site).map(|sampled| &sampled.entry.id).collect();
        running += jobs.len() as u64;
        let of_queue = failed_within_a_day(facts, queue, |id, job| match (id.site(), job) {
            (Some(of_id), _) => Some(of_id == site),
            (None, Some(job)) => Some(site_of(job).as_deref() == Some(&*site)),
            (None, None) => None,
        });
        failed.count += of_queue.count;
        failed.is_least |= of_queue.is_least;
    }
    SiteLine {
        scheduler: facts.bench.and_then(|bench| scheduler_of(bench, &site)),
        last_run_at: facts.bench.and_then(|bench| {
            bench.standings().find(|standing| standing.site == site)?.last_run_at()
        }),
        queued: count(queued),
        queued_is_least,
        running: count(running),
        failed_24h: count(failed.count),
        failed_24h_is_least: failed.is_least,
        site,
    }
}

/// The state of a site's scheduler, as far as it is known.
fn scheduler_of(bench: &BenchFacts<'_>, site: &str) -> Option<&'static str> {
    let standing = bench.standings().find(|standing| standing.site == site)?;
    match standing.facts {
        Ok(_) => Some(standing.verdict().state.word()),
        Err(_) => switched_off(bench, site),
    }
}

/// The switch of the configuration that stops a site's scheduler. Without its database, the absence
/// of a switch proves nothing.
fn switched_off(bench: &BenchFacts<'_>, site: &str) -> Option<&'static str> {
    let (_, config) = bench.configs.iter().find(|(name, _)| name == site)?;
    SWITCHES.into_iter().find(|key| config.is_on(key)).map(|key| match key {
        "maintenance_mode" => "maintenance",
        "pause_scheduler" => "paused",
        _ => "disabled",
    })
}

/// A line for each queue.
pub(super) fn queues(facts: &Facts<'_>) -> Vec<QueueLine> {
    let lines = facts.queues().iter().map(|queue| {
        let serving = || facts.serving(&queue.name);
        QueueLine {
            queue: facts.short(&queue.name).to_owned(),
            queued: queue.counts.queued,
            oldest_age_s: queue.waiting.oldest_at.and_then(|at| seconds_between(at, facts.now)),
            running: queue.counts.started,
            failed: queue.counts.failed,
            workers: WorkerCount {
                alive: serving().count(),
                busy: serving().filter(|worker| worker.is_busy()).count(),
            },
        }
    });
    lines.collect()
}

/// The workers of the scope, all queues together.
pub(super) fn workers(facts: &Facts<'_>) -> WorkerCount {
    WorkerCount {
        alive: facts.living_workers().count(),
        busy: facts.living_workers().filter(|worker| worker.is_busy()).count(),
    }
}

/// Where it was measured, for the first line.
pub(super) fn place(facts: &Facts<'_>) -> Vec<String> {
    let mut place = Vec::new();
    if let Some(bench) = facts.bench {
        place.push(format!("bench {}", bench.bench.root().display()));
        place.push(match bench.sites.sites.len() {
            1 => "1 site".to_owned(),
            n => format!("{n} sites"),
        });
    }
    place.push(format!("redis {}", facts.place));
    place
}

/// What must be known to read the numbers rightly.
pub(super) fn notes(facts: &Facts<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(facts.bench.and_then(unread_databases));
    if let Some(bench) = facts.bench {
        notes.extend(caveats(bench));
    }
    for queue in facts.queues().iter().filter(|queue| !queue.waiting.complete) {
        let total = crate::human::count(queue.counts.queued.unwrap_or(0));
        notes.push(format!(
            "queue `{}`: depth and sites are exact, single jobs were looked at {} of {total}, from both ends; --deep reads all",
            facts.short(&queue.name),
            crate::human::count(queue.waiting.looked_at),
        ));
    }
    if facts.bench.is_none() && facts.sites.is_none() {
        let seen = seen_sites(facts).len();
        if seen > MOST_SEEN_SITES {
            notes
                .push(format!("{MOST_SEEN_SITES} of {seen} names that look like sites are listed"));
        }
    }
    notes.extend(facts.survey.into_iter().flat_map(|survey| lacks(facts, survey)));
    notes
}

/// Says which site databases were not read, and what therefore was not checked.
fn unread_databases(bench: &BenchFacts<'_>) -> Option<String> {
    let all = bench.databases.len();
    let unread = bench.databases.iter().filter(|read| read.found.is_err()).count();
    let which = match unread {
        0 => return None,
        _ if unread == all => "site databases were not read".to_owned(),
        _ => format!("{unread} of {all} site databases were not read"),
    };
    Some(format!(
        "{which}: enable_scheduler, dormancy, overdue and failing scheduled jobs are not checked"
    ))
}

/// What may make the state of a scheduler wrong, each sentence once. Whether the process runs is a
/// check of its own.
fn caveats(bench: &BenchFacts<'_>) -> Vec<String> {
    let mut told = Vec::new();
    for site in bench.examined() {
        let facts = &site.examined.facts;
        let scheduler = &facts.scheduler;
        let lacks = [
            scheduler.last_activity.as_ref().err(),
            scheduler.types.as_ref().err(),
            scheduler.newest_run.as_ref().err(),
            scheduler.tallies.as_ref().err(),
            facts.unfinished.as_ref().err(),
            facts.errors_1h.as_ref().err(),
            facts.mails.as_ref().err(),
        ];
        for lack in lacks.into_iter().flatten() {
            let note = format!("{}: {lack}", site.name());
            if !told.contains(&note) {
                told.push(note);
            }
        }
    }
    told
}

/// What could not be read, each once. What an access list forbids is no fault of the queues.
fn lacks(facts: &Facts<'_>, survey: &Survey) -> Vec<String> {
    let shared = [survey.server.as_ref().err(), survey.keys.as_ref().err()];
    let shared = shared.into_iter().flatten().chain(&survey.lacks);
    let mut notes: Vec<String> = shared.map(ToString::to_string).collect();
    for queue in &survey.queues {
        let name = facts.short(&queue.name);
        let denied = queue.unreadable.iter().filter(|(_, lack)| lack.why == Why::Denied);
        notes.extend(denied.map(|(place, lack)| format!("{}: {lack}", place.describe(name))));
        notes.extend(queue.lacks.iter().map(|lack| format!("queue `{name}`: {lack}")));
    }
    let mut seen = HashSet::new();
    notes.retain(|note| seen.insert(note.clone()));
    notes
}
