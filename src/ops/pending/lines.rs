//! From counts to the lines of the report.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::scan::Scanned;
use super::tally::{NO_PAYLOAD, Only, REFUSED, UNDECODABLE};
use crate::backend::redis::depths::Depths;
use crate::human::{count, counted};
use crate::model::id::QueueName;
use crate::model::job::seconds_between;
use crate::model::queue::Counts;
use crate::report::pending::{MethodLine, PendingReport, QueueLine, SiteLine, Totals};
use crate::target::Target;

/// Puts the report together.
pub(super) fn report(
    depths: &Depths,
    scanned: Scanned,
    oldest: &[Option<Timestamp>],
    target: &Target,
    only: Option<&[String]>,
) -> PendingReport {
    let prefix = target.prefix();
    let queues = queue_lines(depths, &scanned, oldest, prefix.as_deref(), only.is_some());
    let totals = totals(&queues);
    let by_site = site_lines(&scanned, only, totals.pending);
    let notes = notes(depths, &scanned, prefix.as_deref(), target.bench.is_some(), only.is_some());
    let (complete, looked_at) = (scanned.complete, queues.iter().map(|line| line.looked_at).sum());
    PendingReport {
        by_method: method_lines(scanned, &queues),
        queues,
        totals,
        by_site,
        sampled: !complete,
        looked_at,
        of: totals.pending,
        checked_at: depths.taken_at,
        place: place(target),
        is_unknown: depths.queues_read.is_err() || !depths.only_other_prefixes.is_empty(),
        notes,
    }
}

fn queue_lines(
    depths: &Depths,
    scanned: &Scanned,
    oldest: &[Option<Timestamp>],
    prefix: Option<&str>,
    of_some_sites: bool,
) -> Vec<QueueLine> {
    let lines = depths.queues.iter().enumerate().map(|(number, (name, counts))| {
        let mut line = QueueLine {
            name: shown(name, prefix).to_owned(),
            full_name: name.as_str().to_owned(),
            intermediate: counts.intermediate.filter(|_| !of_some_sites),
            oldest_age_s: oldest
                .get(number)
                .copied()
                .flatten()
                .and_then(|at| seconds_between(at, depths.taken_at)),
            ..QueueLine::default()
        };
        let mut counts = *counts;
        if of_some_sites {
            line.queued_is_least = narrow(&mut counts, scanned, number);
        }
        line.queued = counts.queued;
        line.started = counts.started;
        line.failed = counts.failed;
        line.scheduled = counts.scheduled;
        line.deferred = counts.deferred;
        line.finished = counts.finished;
        line.canceled = counts.canceled;
        line.looked_at = looked_at(scanned, number);
        line
    });
    lines.collect()
}

/// Replaces the counts of a queue by those of the selected sites. Whether more of the waiting ones
/// may be of them.
fn narrow(counts: &mut Counts, scanned: &Scanned, queue: usize) -> bool {
    let mut is_least = false;
    for (number, area) in scanned.areas.iter().enumerate().filter(|(_, area)| area.queue == queue) {
        let ours = area.ours + told(scanned, number);
        let place = match area.registry {
            None => &mut counts.queued,
            Some(registry) => counts.registry_mut(registry),
        };
        *place = place.map(|_| ours);
        is_least |= area.registry.is_none() && !scanned.complete && area.unknown > 0;
    }
    is_least
}

/// Entries of an area that only their payloads told to be of the scope.
fn told(scanned: &Scanned, area: usize) -> u64 {
    let of_area = scanned.area_of.iter().zip(&scanned.tally.stretches);
    of_area.filter(|(of, _)| **of == area).map(|(_, stretch)| stretch.told).sum()
}

/// Waiting jobs of a queue and of the scope whose payloads were read.
fn looked_at(scanned: &Scanned, queue: usize) -> u64 {
    let of_queue = scanned.area_of.iter().zip(&scanned.tally.stretches).filter(|(area, _)| {
        let area = scanned.areas.get(**area);
        area.is_some_and(|area| area.queue == queue && area.registry.is_none())
    });
    of_queue.map(|(_, stretch)| stretch.counted).sum()
}

fn totals(queues: &[QueueLine]) -> Totals {
    let sum = |of: fn(&QueueLine) -> Option<u64>| queues.iter().filter_map(of).sum();
    Totals {
        pending: sum(|line| line.queued),
        processing: sum(|line| line.started),
        failed: sum(|line| line.failed),
        scheduled: sum(|line| line.scheduled),
        deferred: sum(|line| line.deferred),
        finished: sum(|line| line.finished),
        canceled: sum(|line| line.canceled),
    }
}

/// The waiting jobs by site, most first, those without one last.
fn site_lines(scanned: &Scanned, only: Option<&[String]>, pending: u64) -> Vec<SiteLine> {
    let tally = &scanned.tally;
    let by_id = scanned.sites.as_ref().unwrap_or(&tally.sites);
    let is_selected = |site: &str| only.is_none_or(|only| only.iter().any(|one| one == site));
    let mut names: Vec<&str> = by_id.keys().chain(tally.told.keys()).map(String::as_str).collect();
    names.extend(only.into_iter().flatten().map(String::as_str));
    names.sort_unstable();
    names.dedup();
    let unread = unread(scanned);
    let line = |site: Option<&str>, why, count| SiteLine {
        site: site.map(str::to_owned),
        why,
        count,
        at_least: unread > 0 && why != Some("not read"),
        share: share(count, pending),
    };
    let counted = |site: &str| [by_id, &tally.told].iter().filter_map(|t| t.get(site)).sum();
    let mut lines: Vec<SiteLine> = names
        .into_iter()
        .filter(|site| is_selected(site))
        .map(|site| line(Some(site), None, counted(site)))
        .collect();
    lines.sort_by_key(|line| Reverse(line.count));
    if tally.siteless > 0 {
        lines.push(line(None, Some("no site"), tally.siteless));
    }
    if unread > 0 && only.is_none() {
        lines.push(line(None, Some("not read"), unread));
    }
    lines
}

/// Waiting jobs whose ids tell no site and whose payloads were not read.
fn unread(scanned: &Scanned) -> u64 {
    if scanned.complete {
        return 0;
    }
    let lists = scanned.areas.iter().filter(|area| area.registry.is_none());
    let unknown: u64 = lists.map(|area| area.unknown).sum();
    let read: u64 = scanned.tally.stretches.iter().map(|stretch| stretch.told).sum();
    unknown.saturating_sub(read + scanned.tally.siteless + scanned.tally.doubtful)
}

/// The waiting jobs by method, most first.
fn method_lines(scanned: Scanned, queues: &[QueueLine]) -> Vec<MethodLine> {
    let weights: Vec<f64> = queues.iter().map(|line| weight(line, scanned.complete)).collect();
    let weight = |queue: usize| weights.get(queue).copied().unwrap_or(1.0);
    let mut lines: Vec<MethodLine> = scanned
        .tally
        .into_methods()
        .into_iter()
        .map(|(name, method)| {
            let estimate =
                method.by_queue.iter().map(|(queue, n)| *n as f64 * weight(*queue)).sum();
            let queue = match method.by_queue.as_slice() {
                [(queue, _)] => queues.get(*queue).map(|line| line.name.clone()),
                _ => None,
            };
            let site = match &method.site {
                Only::Site(site) => Some(site.clone()),
                Only::Unseen | Only::Mixed => None,
            };
            MethodLine {
                method: name,
                queue,
                site,
                count: method.jobs(),
                estimate: rounded(estimate),
                scheduled: method.scheduled,
                share: 0.0,
            }
        })
        .collect();
    let all = lines.iter().map(|line| line.estimate).sum();
    for line in &mut lines {
        line.share = share(line.estimate, all);
    }
    lines.sort_by(|a, b| b.estimate.cmp(&a.estimate).then_with(|| a.method.cmp(&b.method)));
    lines
}

/// How many waiting jobs of a queue one that was looked at stands for.
fn weight(line: &QueueLine, complete: bool) -> f64 {
    match line.queued {
        Some(queued) if !complete && line.looked_at > 0 => queued as f64 / line.looked_at as f64,
        _ => 1.0,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a sum of counts is not negative, and far below 2^53"
)]
fn rounded(estimate: f64) -> u64 {
    estimate.round() as u64
}

fn share(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}

/// The name of a queue as the operator types it.
pub(super) fn shown<'q>(queue: &'q QueueName, prefix: Option<&str>) -> &'q str {
    if prefix.is_some() && queue.prefix() == prefix { queue.short() } else { queue.as_str() }
}

fn place(target: &Target) -> Vec<String> {
    let bench = target.bench.as_ref().map(|bench| format!("bench {}", bench.root().display()));
    let redis = target.endpoint().ok().map(|endpoint| format!("redis {endpoint}"));
    bench.into_iter().chain(redis).collect()
}

/// That the queues of the bench are not where it looked for them.
pub(super) fn other_prefixes(prefix: &str, others: &[String]) -> String {
    let others: Vec<String> = others.iter().map(|other| format!("`{other}`")).collect();
    format!(
        "no queue and no worker in this Redis has the bench's prefix `{prefix}`; there are {}: what waits here is not known",
        others.join(", ")
    )
}

fn notes(
    depths: &Depths,
    scanned: &Scanned,
    prefix: Option<&str>,
    is_bench: bool,
    of_some_sites: bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    if let (Some(prefix), false) = (prefix, depths.only_other_prefixes.is_empty()) {
        notes.push(other_prefixes(prefix, &depths.only_other_prefixes));
    }
    if !scanned.complete {
        notes.push("methods are estimated from jobs at both ends of each queue, depths are exact; --exact reads all".to_owned());
    }
    let tally = &scanned.tally;
    let mut note = |jobs: u64, what: &str| {
        if jobs > 0 {
            notes.push(format!("{} {what}", counted(jobs, "job")));
        }
    };
    note(
        tally.jobs_under(UNDECODABLE),
        "cannot be decoded, counted as `(undecodable)`: a worker fails them",
    );
    note(
        tally.jobs_under(NO_PAYLOAD),
        "without a payload, counted as `(no payload)`: the hash is gone or has no `data`, a worker skips them",
    );
    note(tally.jobs_under(REFUSED), "could not be read, counted as `(refused)`");
    if is_bench {
        note(tally.foreign, "not enqueued by Frappe: plain RQ jobs, which run without a site");
    }
    note(tally.doubtful, "left out: they do not tell whether they are of a selected site");
    if of_some_sites {
        let in_registries = |area: &&super::scan::Area| area.registry.is_some();
        let unknown: u64 = scanned.areas.iter().filter(in_registries).map(|a| a.unknown).sum();
        if !scanned.complete {
            note(
                unread(scanned) + unknown,
                "left out: their ids do not tell the site, and they were not read; --exact reads them",
            );
        }
    } else if scanned.complete {
        let listed: u64 = scanned.areas.iter().map(|area| area.depth).sum();
        let read: u64 = tally.stretches.iter().map(|stretch| stretch.looked_at).sum();
        if read != listed {
            notes.push(format!(
                "the queues moved meanwhile: {} of {} waiting jobs were still there to be read",
                count(read),
                count(listed)
            ));
        }
    }
    let lacks = depths.lacks.iter().chain(&scanned.lacks);
    notes.extend(lacks.map(ToString::to_string));
    notes.dedup();
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weight_of_a_sampled_queue_is_its_depth_over_what_was_seen() {
        let line = QueueLine { queued: Some(1_000), looked_at: 100, ..QueueLine::default() };
        assert!((weight(&line, false) - 10.0).abs() < f64::EPSILON);
        assert!((weight(&line, true) - 1.0).abs() < f64::EPSILON);
        let unread = QueueLine { queued: Some(1_000), ..QueueLine::default() };
        assert!((weight(&unread, false) - 1.0).abs() < f64::EPSILON);
    }
}
