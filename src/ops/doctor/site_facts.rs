//! What the databases of the sites say, gathered for the checks while Redis is being read.

use std::time::{Duration, Instant};

use jiff::civil::DateTime;

use super::facts::BenchFacts;
use super::{Checked, Facts};
use crate::backend::site_db::read::SiteFacts;
use crate::backend::site_db::{Access, Fleet};
use crate::bench::Bench;
use crate::model::health::{Finding, Severity};
use crate::model::id::JobId;
use crate::ops::sites::read::read_until;
use crate::ops::sites::standing::TimedType;
use crate::ops::sites::{ReadSite, Standing, Surroundings, pending};
use crate::schedule::inactive::State;
use crate::sys::clock;

/// Steps of one site: the login, and two round trips. Together they are to end before the doctor's
/// deadline, so each gets its share.
const STEPS: u32 = 3;

/// Sites at a time; see [`Fleet::reading`].
const AT_A_TIME: usize = 16;

/// Findings of one check that are told one by one; of more, how many there are.
const MOST_TOLD: usize = 10;

/// Rounds of the scheduler after which a type that is due should have been enqueued.
const ROUNDS: i64 = 3;

/// The least seconds for that: a round over many sites takes its time.
const LEAST_LATE_S: i64 = 600;

/// What a site's database says, and how long it took to say so.
#[derive(Debug, Clone)]
pub struct Examined {
    /// What it says.
    pub facts: SiteFacts,
    /// Milliseconds that the questions took, the login apart.
    pub took_ms: f64,
}

/// Reads the databases of `sites`, all of them before `deadline`.
pub(super) fn read(
    bench: &Bench,
    sites: &[String],
    timeout: Duration,
    deadline: Instant,
) -> Vec<ReadSite<Examined>> {
    let step = timeout / STEPS;
    let fleet = Fleet {
        bound: AT_A_TIME,
        timeout: step,
        deadline: deadline.checked_sub(step * (STEPS - 1)).unwrap_or(deadline),
        access: Access::Read,
    };
    read_until(bench, sites, fleet, |_, db| {
        let began = Instant::now();
        let facts = db.site_facts(clock::now())?;
        Ok(Examined { facts, took_ms: began.elapsed().as_secs_f64() * 1000.0 })
    })
}

/// A site whose database was read.
pub(super) struct Site<'a> {
    /// Its standing.
    pub standing: Standing<'a>,
    /// The rest of what its database says.
    pub examined: &'a Examined,
}

impl<'a> Site<'a> {
    /// Its name.
    pub(super) fn name(&self) -> &'a str {
        self.standing.site
    }

    /// What its clock shows.
    pub(super) fn now(&self) -> DateTime {
        self.standing.now(&self.examined.facts.scheduler)
    }

    /// Its types that are not stopped.
    pub(super) fn running_types(&self) -> Vec<TimedType<'a>> {
        let mut types = self.standing.types();
        types.retain(|timed| !timed.row.stopped);
        types
    }

    /// The types that should have been enqueued some rounds ago, with the seconds since they are
    /// due; none where the scheduler passes the site over for a reason.
    pub(super) fn late_types(&self) -> Vec<(TimedType<'a>, i64)> {
        if self.standing.verdict().state != State::Enabled {
            return Vec::new();
        }
        let now = self.now();
        let late = (ROUNDS * self.standing.around.tick_s()).max(LEAST_LATE_S);
        let overdue = |timed: TimedType<'a>| {
            let by = timed.clock.overdue_by(now)?.as_secs();
            (by > late).then_some((timed, by))
        };
        self.running_types().into_iter().filter_map(overdue).collect()
    }
}

/// The standing of each site, whether its database was read or not.
fn standings<'a>(
    around: &'a Surroundings<'a>,
    databases: &'a [ReadSite<Examined>],
) -> impl Iterator<Item = Standing<'a>> {
    databases.iter().map(move |read| Standing {
        around,
        site: &read.site,
        config: &read.config,
        facts: read.found.as_ref().map(|examined| &examined.facts.scheduler),
    })
}

fn examined<'a>(
    around: &'a Surroundings<'a>,
    databases: &'a [ReadSite<Examined>],
) -> impl Iterator<Item = Site<'a>> {
    let examined = databases.iter().map(|read| read.found.as_ref().ok());
    standings(around, databases)
        .zip(examined)
        .filter_map(|(standing, examined)| Some(Site { standing, examined: examined? }))
}

/// The fixed ids of the types that are late, to be looked up in Redis.
pub(super) fn late_ids(around: &Surroundings<'_>, databases: &[ReadSite<Examined>]) -> Vec<JobId> {
    let ids = |site: Site<'_>| {
        let late = site.late_types();
        let id = |(timed, _): &(TimedType<'_>, i64)| {
            pending::job_id(around.bench, site.name(), timed.row)
        };
        late.iter().filter_map(id).collect::<Vec<_>>()
    };
    examined(around, databases).flat_map(ids).collect()
}

impl BenchFacts<'_> {
    /// The standing of each selected site, whether its database was read or not.
    pub(super) fn standings(&self) -> impl Iterator<Item = Standing<'_>> {
        standings(&self.around, &self.databases)
    }

    /// The sites whose database was read.
    pub(super) fn examined(&self) -> impl Iterator<Item = Site<'_>> {
        examined(&self.around, &self.databases)
    }

    /// Whether the job of a late type stands in Redis, so that the scheduler has done its part.
    pub(super) fn is_enqueued(&self, site: &str, timed: &TimedType<'_>) -> bool {
        pending::job_id(self.bench, site, timed.row).is_some_and(|id| self.enqueued.contains(&id))
    }
}

/// Makes a check on each site whose database was read.
pub(super) fn on_sites(facts: &Facts<'_>, check: impl Fn(&Site<'_>) -> Vec<Finding>) -> Checked {
    let Some(bench) = facts.bench else { return Checked::Skipped };
    if bench.databases.is_empty() {
        return Checked::Skipped;
    }
    let mut sites = bench.examined().peekable();
    if sites.peek().is_none() {
        return Checked::not_made("no site database was read");
    }
    few(sites.flat_map(|site| check(&site)).collect()).into()
}

/// The worst findings of a check, and how many more there are.
pub(super) fn few(mut findings: Vec<Finding>) -> Vec<Finding> {
    if findings.len() <= MOST_TOLD {
        return findings;
    }
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let rest = findings.split_off(MOST_TOLD);
    let (Some(first), more) = (rest.first(), rest.len()) else { return findings };
    let worst = rest.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Info);
    let summary = format!("{more} more of the same, on other sites or job types");
    findings.push(Finding::new(first.check, worst, summary));
    findings
}
