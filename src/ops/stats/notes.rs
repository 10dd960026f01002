//! What must be known to read the figures rightly: where they are from, what was left out, what is
//! not known.

use super::Read;
use crate::context::Context;
use crate::error::Result;
use crate::human::{bytes, count, counted, percent};
use crate::report::stats::{Source, StatsReport};
use crate::stats::By;
use crate::stats::buckets::ERROR;
use crate::stats::group::Group;
use crate::stats::keys::{Key, MOST_KEYS};
use crate::stats::tally::{Counted, Oddities};

/// Sources that are named one by one.
const MOST_NAMED: usize = 5;

/// Adds what the sources and the figures call for.
pub(super) fn add(counted: &Counted, source: &'static str, read: &mut Read) {
    read.notes.push(sources(&read.sources));
    let problems = read.sources.iter().filter_map(|source| {
        Some(format!("`{}` could not be read: {}", source.name, source.problem.as_ref()?))
    });
    let problems: Vec<String> = problems.collect();
    read.notes.extend(problems);
    let notes = &mut read.notes;
    if source == "rq" {
        notes.push(
            "RQ forgets finished jobs after minutes (result_ttl) and keeps failed ones for days \
             (failure_ttl), so the share of failures is not what these counts suggest"
                .to_owned(),
        );
    }
    if read.undated > 0 {
        notes.push(format!("{} not counted: RQ does not tell when they ran", jobs(read.undated)));
    }
    unknown(&counted.total, &counted.oddities, source, notes);
    odd(&counted.oddities, notes);
    precision(counted, notes);
}

/// Says why a bench's figures are not from its monitor.
pub(super) fn no_monitor(context: &Context, by: By) -> Result<String> {
    if by == By::Queue {
        return Ok("queues are told by RQ alone, so the monitor log was not read".to_owned());
    }
    let bench = context.target()?.bench.as_ref();
    let is_on = bench.is_some_and(|bench| {
        let sites = bench.sites();
        bench.config().is_on("monitor")
            || sites.names().any(|site| bench.site_config(site).is_on("monitor"))
    });
    Ok(if is_on {
        "Frappe's monitor is on but has not written anything yet (logs/monitor.json.log)".to_owned()
    } else {
        "Frappe's monitor is off; `bench set-config -g monitor 1` makes it record every job"
            .to_owned()
    })
}

fn sources(sources: &[Source]) -> String {
    let named: Vec<String> = sources
        .iter()
        .filter(|source| source.problem.is_none())
        .take(MOST_NAMED)
        .map(|source| match (source.bytes, source.records) {
            (Some(size), _) => format!("{} ({})", source.name, bytes(size)),
            (_, Some(records)) => format!("{} ({})", source.name, count(records)),
            _ => source.name.clone(),
        })
        .collect();
    let readable = sources.iter().filter(|source| source.problem.is_none()).count();
    let more = match readable.saturating_sub(named.len()) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let named = if named.is_empty() { "nothing whole".to_owned() } else { named.join(", ") };
    format!("read: {named}{more}")
}

/// Of how many it is not known whether they failed, and why.
pub(super) fn failures(report: &StatsReport) -> Option<String> {
    let total = &report.total;
    if total.failed_known >= total.count {
        return None;
    }
    let known = match total.failed_known {
        0 => "failures are not known".to_owned(),
        known => format!("failures are known of {} of {}", count(known), jobs(total.count)),
    };
    let why = if report.source == "monitor" {
        "the monitor flags them from v16 on, and never those of scheduled jobs"
    } else {
        "Frappe swallows the errors of scheduled jobs, and RQ sees them finish"
    };
    Some(format!("{known}: {why}; see `jobctl scheduler log --status failed` and `jobctl errors`"))
}

/// What no record tells.
fn unknown(total: &Group, oddities: &Oddities, source: &str, notes: &mut Vec<String>) {
    if oddities.waits_of_v15 > 0 {
        notes.push(format!(
            "waits of {} are not known: Frappe v15 always writes 0",
            jobs(oddities.waits_of_v15)
        ));
    }
    let untold = total.count.saturating_sub(total.wait.count() + oddities.waits_of_v15);
    if source == "rq" && untold > 0 {
        notes.push(format!("waits of {} are not told", jobs(untold)));
    }
}

/// What was met and left out, or is strange.
fn odd(oddities: &Oddities, notes: &mut Vec<String>) {
    let mut note = |n: u64, what: &str, text: &str| {
        if n > 0 {
            notes.push(format!("{} {text}", counted(n, what)));
        }
    };
    note(oddities.duplicates, "record", "left out that a flush wrote twice");
    note(oddities.requests, "web request", "not counted: only jobs are");
    note(oddities.others, "record", "not counted: neither a job nor a request");
    note(oddities.unreadable, "line", "could not be read");
    note(oddities.salvaged, "record", "found behind the remains of another in the same line");
    note(oddities.cut_short, "last line", "cut short: its writer was stopped, or is writing");
    note(oddities.negative, "execution", "took less than no time: a clock was set back");
    note(
        oddities.misdated,
        "execution",
        "not counted: they began before 2010 or in the future, so a clock was wrong",
    );
    note(
        oddities.steps_back,
        "step",
        "back in time by more than an hour: a clock was set back, or a buffer flushed late",
    );
}

/// Which figures are not exact.
fn precision(all: &Counted, notes: &mut Vec<String>) {
    let groups = all.groups.iter().map(|(_, group)| group);
    let rough = |group: &Group| !group.duration.is_exact() || !group.wait.is_exact();
    let rows = groups.filter(|group| rough(group)).count() as u64;
    if rows > 0 || rough(&all.total) {
        let which = if rows > 0 { counted(rows, "row") } else { "all rows together".to_owned() };
        notes.push(format!(
            "medians and percentiles of {which} are within {} of the exact ones",
            percent(ERROR)
        ));
    }
    if all.groups.iter().any(|(key, _)| *key == Key::Rest) {
        notes.push(format!(
            "only {} keys are told apart; the rest is one row",
            count(MOST_KEYS as u64)
        ));
    }
}

fn jobs(n: u64) -> String {
    counted(n, "job")
}
