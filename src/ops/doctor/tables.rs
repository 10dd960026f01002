//! The compact tables below the findings.

use super::facts::{BenchFacts, Facts};
use super::jobs::failed_within_a_day;
use crate::bench::config::SWITCHES;
use crate::model::job::seconds_between;
use crate::report::doctor::{QueueLine, SiteLine, WorkerCount};

/// A line for each selected site.
pub(super) fn sites(facts: &Facts<'_>) -> Vec<SiteLine> {
    let names: Vec<String> = match (facts.bench, facts.sites) {
        (Some(bench), _) => bench.configs.iter().map(|(site, _)| site.clone()).collect(),
        (None, Some(sites)) => sites.to_vec(),
        (None, None) => seen_sites(facts),
    };
    names.into_iter().map(|site| site_line(facts, site)).collect()
}

/// The sites that waiting and running ids carry.
fn seen_sites(facts: &Facts<'_>) -> Vec<String> {
    let waiting = facts.queues().iter().flat_map(|queue| queue.ids.by_site.keys().cloned());
    let others = facts.queues().iter().flat_map(|queue| {
        let running = queue.running.iter().map(|sampled| &sampled.entry);
        running.chain(&queue.failed_entries).filter_map(|entry| entry.id.site().map(str::to_owned))
    });
    let mut sites: Vec<String> = waiting.chain(others).collect();
    sites.sort_unstable();
    sites.dedup();
    sites
}

fn site_line(facts: &Facts<'_>, site: String) -> SiteLine {
    let readable = facts.survey.is_ok();
    let count = |count: u64| readable.then_some(count);
    let of_site = |id: &crate::model::id::JobId| id.site() == Some(site.as_str());
    let (mut queued, mut running, mut failed, mut sampled) = (0, 0, 0, false);
    for queue in facts.queues() {
        queued += queue.ids.by_site.get(&site).copied().unwrap_or(0);
        queued += queue.waiting.by_site.get(&site).copied().unwrap_or(0);
        sampled |= queue.ids.without_site > 0 && !queue.waiting.complete;
        running += queue.running.iter().filter(|sampled| of_site(&sampled.entry.id)).count() as u64;
        let only = Facts { sites: Some(std::slice::from_ref(&site)), ..*facts };
        failed += failed_within_a_day(&only, queue);
    }
    SiteLine {
        scheduler: facts.bench.and_then(|bench| switched_off(bench, &site)),
        queued: count(queued),
        queued_is_least: sampled,
        running: count(running),
        failed_24h: count(failed),
        site,
    }
}

/// The switch of the configuration that stops a site's scheduler. What the database says is not
/// looked at, so the absence of a switch proves nothing.
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
        let serving = || facts.living_workers().filter(|w| w.queues().contains(&queue.name));
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
    if facts.bench.is_some() {
        notes.push(
            "site databases were not read: enable_scheduler, dormancy, overdue and failing scheduled jobs are not checked"
                .to_owned(),
        );
    }
    for queue in facts.queues().iter().filter(|queue| !queue.waiting.complete) {
        let total = crate::human::count(queue.counts.queued.unwrap_or(0));
        notes.push(format!(
            "queue `{}`: depth and sites are exact, single jobs were looked at {} of {total}, from both ends; --deep reads all",
            facts.short(&queue.name),
            queue.waiting.looked_at,
        ));
    }
    if let Ok(survey) = facts.survey {
        for lack in &survey.lacks {
            notes.push(lack.to_string());
        }
    }
    notes
}
