//! What the scheduler does for a site, and why: the facts of its configuration, its database and
//! the host, put into the words of [`crate::schedule`].

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::backend::site_db::read::{ScheduledJobType, SchedulerFacts};
use crate::backend::site_db::{DbError, DbFault};
use crate::bench::processes::Role;
use crate::bench::{Bench, Config, Family, SchedulerProcess};
use crate::schedule::dormancy::{self, Dormancy};
use crate::schedule::due::{Due, JobType, JobTypeClock, Rules};
use crate::schedule::inactive::{Facts, Stored, Switches, Verdict};
use crate::schedule::{Dialect, SiteZone};
use crate::sys::proc::ProcTable;

/// Clocks of hosts differ; what is less than this ahead of ours is not the future.
const AHEAD_S: i64 = 60;

/// What concerns every site of a bench alike.
#[derive(Debug)]
pub struct Surroundings<'b> {
    /// The bench.
    pub bench: &'b Bench,
    /// Whether its scheduler runs.
    pub process: SchedulerProcess,
    /// Whether workers of it run on this host.
    pub workers_here: bool,
    /// The file that makes the scheduler skip its rounds, where there is one.
    pub restarting: Option<PathBuf>,
    /// How jobctl is called on this target, for commands to paste.
    pub jobctl: String,
    /// The present.
    pub now: Timestamp,
}

/// What is known of one site.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// What it shares with the others.
    pub around: &'a Surroundings<'a>,
    /// Its name.
    pub site: &'a str,
    /// Its configuration.
    pub config: &'a Config,
    /// What its database says.
    pub facts: Result<&'a SchedulerFacts, &'a DbError>,
}

/// A job type with its clock.
#[derive(Debug)]
pub struct TimedType<'a> {
    /// The row.
    pub row: &'a ScheduledJobType,
    /// Its times.
    pub clock: JobTypeClock,
}

impl<'b> Surroundings<'b> {
    /// Looks at the processes of this host: some milliseconds where no scheduler holds the lock.
    pub fn of(bench: &'b Bench, jobctl: String, now: Timestamp) -> Self {
        let (process, workers_here) = match ProcTable::live() {
            Err(cannot) => (SchedulerProcess::CannotTell(cannot.to_string()), false),
            Ok(table) => {
                let process = bench.scheduler(&table);
                // Only where no scheduler was seen does it matter who else is here.
                let workers_here = process == SchedulerProcess::Absent
                    && bench.processes(&table).with_role(Role::Worker).next().is_some();
                (process, workers_here)
            }
        };
        let unseen = SchedulerProcess::Absent;
        Self { process, workers_here, ..Self::with_process(bench, jobctl, unseen, now) }
    }

    /// The same where somebody looked at the processes already.
    pub fn with_process(
        bench: &'b Bench,
        jobctl: String,
        process: SchedulerProcess,
        now: Timestamp,
    ) -> Self {
        let restarting = bench.is_restarting().then(|| bench.root().join("sites/.restarting"));
        Self { bench, process, workers_here: false, restarting, jobctl, now }
    }

    /// The Frappe version.
    pub fn family(&self) -> Family {
        self.bench.frappe().family()
    }

    /// Seconds between two rounds of the scheduler.
    ///
    /// Processes without a site read the interval, so a site's own value means nothing.
    pub fn tick_s(&self) -> i64 {
        let setting = self.bench.config().get("scheduler_tick_interval");
        let own = setting.and_then(|setting| crate::bench::config::integer(&setting.value));
        own.filter(|&tick| tick > 0).unwrap_or_else(|| self.family().default_tick_s().into())
    }
}

impl<'a> Standing<'a> {
    /// Why the scheduler enqueues nothing, if so.
    pub fn verdict(&self) -> Verdict {
        let why = self.facts.err().map(ToString::to_string).unwrap_or_default();
        let mut verdict = Verdict::of(&Facts {
            site: self.site,
            jobctl: &self.around.jobctl,
            bench: self.around.bench.root(),
            switches: Switches::of(self.config),
            process: &self.around.process,
            workers_here: self.around.workers_here,
            restarting: self.around.restarting.as_deref(),
            stored: match self.facts {
                Err(error) if error.fault() == DbFault::Misconfigured => {
                    Stored::Misconfigured(&why)
                }
                Err(_) => Stored::Unreachable(&why),
                Ok(facts) => Stored::Read {
                    enable_scheduler: facts.settings.enable_scheduler.as_deref(),
                    dormancy: self.dormancy(facts),
                },
            },
        });
        verdict.caveats.extend(self.caveats());
        verdict
    }

    /// What of the database may make the verdict wrong.
    fn caveats(&self) -> Vec<String> {
        let Ok(facts) = self.facts else { return Vec::new() };
        let mut caveats = Vec::new();
        if let Err(error) = facts.last_activity.as_ref().and(facts.newest_run.as_ref()) {
            caveats.push(format!("whether the site is dormant cannot be told: {error}"));
        }
        for duplicate in facts.settings.duplicates.iter().filter(|d| d.is_contradictory()) {
            caveats.push(format!(
                "`{}` of System Settings has {} rows that differ",
                duplicate.field,
                duplicate.values.len()
            ));
        }
        let zone = self.zone(facts);
        if zone.origin() == crate::schedule::zone::ZoneOrigin::Unknown {
            caveats.push(format!("time zone `{}` is unknown: Frappe takes UTC", zone.name()));
        }
        caveats
    }

    fn dormancy(&self, facts: &SchedulerFacts) -> Dormancy {
        let (Ok(last_activity), Ok(newest)) = (&facts.last_activity, &facts.newest_run) else {
            return Dormancy::Awake { until: None };
        };
        let family = self.around.family();
        let last_log = newest.as_ref().and_then(|run| match family {
            Family::V13 | Family::V14 | Family::V15 => run.changed_at,
            Family::V16Dev | Family::V16 | Family::V17 | Family::Unknown => run.started_at,
        });
        Dormancy::of(&dormancy::Facts {
            family,
            site: self.site,
            developer_mode: self.config.is_on("developer_mode"),
            dormant_days: facts.settings.dormant_days,
            last_activity: *last_activity,
            last_log,
            now: self.now(facts),
        })
    }

    /// The site's time zone.
    pub fn zone(&self, facts: &SchedulerFacts) -> SiteZone {
        SiteZone::of_setting(facts.settings.time_zone.as_deref(), self.around.family())
    }

    /// What the site's clock shows.
    pub fn now(&self, facts: &SchedulerFacts) -> DateTime {
        self.zone(facts).clock_at(self.around.now)
    }

    /// By what rules its types are due.
    pub fn rules(&self) -> Rules {
        let frappe = self.around.bench.frappe();
        let family = frappe.family();
        // Late releases of 15 took the lock and the new croniter together.
        let is_late_v15 = family == Family::V15 && frappe.locks_scheduler();
        let expected = if is_late_v15 { Dialect::V6_0 } else { Dialect::of_family(family) };
        let installed = self.around.bench.croniter_version().and_then(Dialect::of_release);
        let dialect = installed.unwrap_or(expected);
        let interval = self.config.get("scheduler_interval").map(|setting| &setting.value);
        Rules::new(family, dialect, is_late_v15, interval)
    }

    /// Its job types with their clocks; none where they could not be read.
    pub fn types(&self) -> Vec<TimedType<'a>> {
        let Ok(facts) = self.facts else { return Vec::new() };
        let (rules, now) = (self.rules(), self.now(facts));
        let rows = facts.types.iter().flatten();
        rows.map(|row| {
            let job_type = JobType {
                frequency: &row.frequency,
                cron_format: row.cron_format.as_deref(),
                last_execution: row.last_execution,
                creation: row.creation,
            };
            TimedType { row, clock: JobTypeClock::new(&rules, &job_type, now) }
        })
        .collect()
    }

    /// When a job type of the site last began to run; times of the future are left out.
    pub fn last_run_at(&self) -> Option<Timestamp> {
        let facts = self.facts.ok()?;
        let zone = self.zone(facts);
        let types = facts.types.iter().flatten().filter_map(|row| row.last_execution);
        let logged = facts.newest_run.iter().flatten().filter_map(|run| run.started_at);
        let latest =
            zone.clock_at(self.around.now).saturating_add(jiff::Span::new().seconds(AHEAD_S));
        zone.reached_at(types.chain(logged).filter(|&at| at <= latest).max()?)
    }

    /// When the next type is due: in the past where one waits for the scheduler's next round.
    pub fn next_run_at(&self, types: &[TimedType<'_>]) -> Option<Timestamp> {
        let facts = self.facts.ok()?;
        let now = self.now(facts);
        let due = |timed: &TimedType<'_>| match timed.clock.due(now) {
            Due::Waiting(at) | Due::ByChance { since: at } | Due::Since(at) => Some(at),
            Due::Never => None,
        };
        let running = types.iter().filter(|timed| {
            !timed.row.stopped
                && !matches!(timed.clock.problem(), Some(problem) if problem.holds_back())
        });
        self.zone(facts).reached_at(running.filter_map(due).min()?)
    }

    /// When a dormant site gets its daily round.
    pub fn next_round_at(&self) -> Option<Timestamp> {
        let facts = self.facts.ok()?;
        match self.dormancy(facts) {
            Dormancy::Asleep { next_round, .. } => self.zone(facts).reached_at(next_round?),
            Dormancy::Never(_) | Dormancy::Awake { .. } => None,
        }
    }
}
