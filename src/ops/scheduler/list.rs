//! Scheduled job types: how often, when last, when next, and what is wrong with them.

use std::collections::HashMap;

use globset::GlobMatcher;
use jiff::{Span, Timestamp};

use super::{
    Jobs, SiteClock, asked, cut_note, fits, ids_of, jitter_of, pending_word, queue_of, site_notes,
    unlogged_note,
};
use crate::backend::redis::fixed_ids::FixedJob;
use crate::backend::site_db::DbError;
use crate::backend::site_db::read::{RunTally, ScheduledJobType, SchedulerFacts};
use crate::context::Context;
use crate::error::Result;
use crate::ops::sites::pending::job_id;
use crate::ops::sites::read::{ReadSite, read_each, selected};
use crate::ops::sites::standing::TimedType;
use crate::ops::sites::status::ROUNDS;
use crate::ops::sites::{Standing, Surroundings};
use crate::ops::switch::places::bench_of;
use crate::report::schedule::list::{TypeProblem, TypeRow, TypesReport};
use crate::schedule::Frequency;
use crate::schedule::due::{Effect, JobTypeClock, Problem, Rules};
use crate::sys::clock;

/// Days of the log that are counted.
const WEEK_D: i64 = 7;

/// Problems that are put into words below the table; all of them are in `-o wide` and JSON.
const MOST_TOLD: usize = 5;

/// Which types are asked for; nothing stands for all.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Those of this frequency.
    pub frequency: Option<Frequency>,
    /// Those whose method, or key, fits.
    pub method: Option<GlobMatcher>,
    /// Those that are stopped.
    pub stopped: bool,
    /// Those that are overdue.
    pub overdue: bool,
    /// Those with failures in the last seven days.
    pub failing: bool,
}

impl Wanted {
    fn takes(&self, row: &TypeRow) -> bool {
        (!self.stopped || row.stopped)
            && (!self.overdue || row.overdue_s.is_some())
            && (!self.failing || row.failed_7d.is_some_and(|failed| failed > 0))
    }

    fn admits(&self, row: &ScheduledJobType) -> bool {
        fits(self.method.as_ref(), row)
            && self
                .frequency
                .is_none_or(|wanted| Frequency::of_title(&row.frequency) == Some(wanted))
    }
}

/// What was read of a site: the scheduler, and the runs of a week.
type Read = ReadSite<(SchedulerFacts, Result<Vec<RunTally>, DbError>)>;

/// Lists the types of the selected sites, the next due first.
///
/// Three round trips to each site's database, several sites at a time; to Redis one per some
/// hundred types, and a few more where jobs wait. Errors: `Usage` without a bench, `NotFound` for
/// an unknown site. What fails of a single site is in the report.
pub fn list(context: &mut Context, wanted: &Wanted) -> Result<TypesReport> {
    let now = clock::now();
    let bench = bench_of(context)?;
    let sites = selected(context, bench)?;
    let read: Vec<Read> = read_each(bench, &sites, context.settings.timeout, |_, db| {
        let facts = db.scheduler_facts(now)?;
        if let Err(error) = &facts.types {
            return Err(error.clone());
        }
        let week = db.run_tallies(facts.now.saturating_sub(Span::new().days(WEEK_D)));
        Ok((facts, week))
    });
    let ids = ids_of(bench, types_of(&read).filter(|(_, row)| wanted.admits(row)));
    let mut notes = Vec::new();
    let jobs = Jobs::read(context, &ids, now, &mut notes);

    let bench = bench_of(context)?;
    let family = bench.frappe().family();
    let around = {
        let (command, unseen) =
            (context.target()?.command(), crate::bench::SchedulerProcess::Absent);
        Surroundings::with_process(bench, command, unseen, now)
    };
    let clock_of =
        |facts: &SchedulerFacts| SiteClock::of(facts.settings.time_zone.as_deref(), family, now);
    let found = read.iter().map(|site| (site.site.as_str(), site.found.as_ref()));
    let sites = asked(found, |(facts, _)| clock_of(facts).zone_name().to_owned());
    let mut types = Vec::new();
    let mut told = Vec::new();
    for site in &read {
        let Ok((facts, week)) = &site.found else { continue };
        let standing =
            Standing { around: &around, site: &site.site, config: &site.config, facts: Ok(facts) };
        let listing = Listing {
            standing: &standing,
            rules: standing.rules(),
            clock: clock_of(facts),
            tallies: tallies(week.as_deref().unwrap_or_default()),
            logs_are_read: week.is_ok(),
            jobs: &jobs,
        };
        told.extend(listing.clock.caveat(&site.site));
        told.extend(cut_note(&site.site, facts.types.iter().flatten().count()));
        if let Err(error) = week {
            told.push(format!("{}: the runs are not known: {error}", site.site));
        }
        let admitted = standing.types().into_iter().filter(|timed| wanted.admits(timed.row));
        types.extend(admitted.map(|timed| listing.row(&timed)).filter(|row| wanted.takes(row)));
    }
    types.sort_by(|a, b| due_order(a).cmp(&due_order(b)));
    let unlogged = types.iter().filter(|row| !row.create_log);
    let mut all_notes = site_notes(&sites, bench);
    all_notes.append(&mut told);
    all_notes.append(&mut notes);
    all_notes.extend(unlogged_note(unlogged.map(|row| row.method.as_str())));
    all_notes.extend(problem_notes(&types));
    let mut report = TypesReport { types, sites, checked_at: now, notes: all_notes };
    report.mask(context.secrets);
    Ok(report)
}

fn types_of(read: &[Read]) -> impl Iterator<Item = (&str, &ScheduledJobType)> {
    read.iter().flat_map(|site| {
        let types = site.found.iter().flat_map(|(facts, _)| facts.types.iter().flatten());
        types.map(|row| (site.site.as_str(), row))
    })
}

/// The next due first, what never is due last, what is stopped behind everything.
fn due_order(row: &TypeRow) -> (bool, bool, Option<Timestamp>, &str, &str) {
    let next = row.next_execution_at;
    (row.stopped, next.is_none(), next, &row.site, &row.method)
}

/// The runs of one type that ended.
#[derive(Debug, Clone, Copy, Default)]
struct Ended {
    complete: u64,
    failed: u64,
    mean_s: Option<f64>,
    longest_s: Option<f64>,
}

fn tallies(week: &[RunTally]) -> HashMap<&str, Ended> {
    let mut by_type: HashMap<&str, Ended> = HashMap::new();
    for tally in week {
        let ended = by_type.entry(&tally.job_type).or_default();
        match tally.status.as_str() {
            "Failed" => ended.failed += tally.runs,
            "Complete" => {
                ended.complete += tally.runs;
                ended.mean_s = tally.mean_s;
                ended.longest_s = tally.longest_s;
            }
            _ => {}
        }
    }
    by_type
}

/// What the rows of a site are made of.
struct Listing<'a> {
    standing: &'a Standing<'a>,
    rules: Rules,
    clock: SiteClock,
    tallies: HashMap<&'a str, Ended>,
    logs_are_read: bool,
    jobs: &'a Jobs,
}

impl Listing<'_> {
    fn row(&self, timed: &TimedType<'_>) -> TypeRow {
        let TimedType { row, clock } = timed;
        let site = self.standing.site;
        let id = job_id(self.standing.around.bench, site, row);
        let job = self.jobs.of(id.as_ref());
        let pending = pending_word(job);
        let is_counted = row.create_log && self.logs_are_read;
        let ended = self.tallies.get(row.name.as_str()).copied().unwrap_or_default();
        let runs = ended.complete + ended.failed;
        TypeRow {
            site: site.to_owned(),
            name: row.name.clone(),
            method: row.method.clone(),
            frequency: row.frequency.clone(),
            cron_format: row.cron_format.clone(),
            expression: clock.expression().map(str::to_owned),
            queue: queue_of(clock),
            stopped: row.stopped,
            create_log: row.create_log,
            server_script: row.server_script.clone(),
            time_zone: self.clock.zone_name().to_owned(),
            last_execution_at: row.last_execution.and_then(|at| self.clock.instant(at)),
            next_execution_at: clock.next().and_then(|at| self.clock.instant(at)),
            jitter_s: jitter_of(clock),
            overdue_s: self.overdue_s(timed).filter(|_| pending.is_none()),
            job_id: id.map(|id| id.text().into_owned()),
            pending,
            ghost: job.map(|job| job == FixedJob::Ghost),
            runs_7d: is_counted.then_some(runs),
            failed_7d: is_counted.then_some(ended.failed),
            failing_share: (is_counted && runs > 0).then(|| ended.failed as f64 / runs as f64),
            mean_duration_s: ended.mean_s,
            longest_s: ended.longest_s,
            problems: self.problems(clock),
            zone: self.clock.zone.zone().clone(),
        }
    }

    fn overdue_s(&self, timed: &TimedType<'_>) -> Option<f64> {
        let overdue = timed.clock.overdue_by(self.clock.naive)?;
        let is_late = overdue.as_secs() > ROUNDS * self.standing.around.tick_s();
        (is_late && !timed.row.stopped).then(|| overdue.as_secs_f64())
    }

    fn problems(&self, clock: &JobTypeClock) -> Vec<TypeProblem> {
        let of = |problem: &Problem| TypeProblem {
            code: problem.code(),
            detail: problem.to_string(),
            effect: self.rules.effect(problem).describe(),
        };
        clock.problem().map(of).into_iter().collect()
    }
}

/// The problems in words, each once.
fn problem_notes(types: &[TypeRow]) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    let faulty = types.iter().filter(|row| !row.stopped);
    for (row, problem) in faulty.flat_map(|row| row.problems.iter().map(move |p| (row, p))) {
        // What is wrong with a site's rules is the same for every type of it.
        let whom = if problem.effect == Effect::WholeSite.describe() {
            row.site.clone()
        } else {
            format!("{}: {}", row.site, row.method)
        };
        let note = format!("{whom}: {}: {}", problem.detail, problem.effect);
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    let more = notes.len().saturating_sub(MOST_TOLD);
    notes.truncate(MOST_TOLD);
    if more > 0 {
        notes.push(format!("{more} more problems: -o wide shows them"));
    }
    notes
}
