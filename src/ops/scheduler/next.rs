//! What is due within a window, on the sites' own clocks.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::{
    Jobs, SiteClock, asked, cut_note, fits, ids_of, jitter_of, pending_word, queue_of, site_notes,
};
use crate::backend::redis::fixed_ids::FixedJob;
use crate::backend::site_db::read::{ScheduledJobType, SchedulerFacts};
use crate::context::Context;
use crate::error::Result;
use crate::human;
use crate::ops::sites::pending::job_id;
use crate::ops::sites::read::{ReadSite, read_each, selected};
use crate::ops::sites::standing::TimedType;
use crate::ops::sites::status::ROUNDS;
use crate::ops::sites::{Standing, Surroundings};
use crate::ops::switch::places::bench_of;
use crate::report::schedule::next::{DueRow, HeldBack, TimelineReport};
use crate::schedule::due::{Due, MAX_COUNTED, Rules};
use crate::schedule::inactive::{State, Verdict};
use crate::sys::clock;

/// A type that is due more often within the window becomes one row.
const MOST_ROWS_EACH: usize = 3;

/// The longest window: a year, after which every frequency has had its turn.
pub const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(24 * 366);

/// What was read of a site.
type Read = ReadSite<SchedulerFacts>;

/// Tells what is due between now and the end of a window.
///
/// Two round trips to each site's database, several sites at a time; to Redis as `scheduler list`.
/// Counts at most [`MAX_COUNTED`] times of a type. Errors: `Usage` without a bench, `NotFound` for
/// an unknown site. What fails of a single site is in the report.
pub fn next(
    context: &mut Context,
    window: SignedDuration,
    method: Option<&GlobMatcher>,
) -> Result<TimelineReport> {
    let now = clock::now();
    let until = now.saturating_add(window)?;
    let bench = bench_of(context)?;
    let sites = selected(context, bench)?;
    let read: Vec<Read> = read_each(bench, &sites, context.settings.timeout, |_, db| {
        let facts = db.scheduler_facts(now)?;
        match &facts.types {
            Err(error) => Err(error.clone()),
            Ok(_) => Ok(facts),
        }
    });
    let types = read.iter().flat_map(|site| {
        site.found
            .iter()
            .flat_map(|facts| facts.types.iter().flatten())
            .map(|row| (&*site.site, row))
    });
    let ids = ids_of(bench, types.filter(|(_, row)| fits(method, row)));
    let mut redis_notes = Vec::new();
    let jobs = Jobs::read(context, &ids, now, &mut redis_notes);

    let bench = bench_of(context)?;
    let family = bench.frappe().family();
    let around = Surroundings::of(bench, context.target()?.command(), now);
    let clock_of =
        |facts: &SchedulerFacts| SiteClock::of(facts.settings.time_zone.as_deref(), family, now);
    let found = read.iter().map(|site| (site.site.as_str(), site.found.as_ref()));
    let sites = asked(found, |facts| clock_of(facts).zone_name().to_owned());
    let mut notes = site_notes(&sites, bench);
    let (mut due, mut held_back, mut caveats) = (Vec::new(), Vec::new(), Vec::new());
    for site in &read {
        let Ok(facts) = &site.found else { continue };
        let standing =
            Standing { around: &around, site: &site.site, config: &site.config, facts: Ok(facts) };
        let verdict = standing.verdict();
        let clock = clock_of(facts);
        caveats.extend(verdict.caveats.iter().map(|caveat| (&*site.site, caveat.clone())));
        notes.extend(cut_note(&site.site, facts.types.iter().flatten().count()));
        let until = clock.zone.clock_at(until);
        let rules = standing.rules();
        let timeline = Timeline {
            standing: &standing,
            state: verdict.state,
            rules,
            clock,
            until,
            jobs: &jobs,
        };
        let types = standing.types().into_iter().filter(|timed| fits(method, timed.row));
        types.for_each(|timed| timeline.add(&timed, &mut due));
        let Verdict { state, reasons, .. } = verdict;
        if state != State::Enabled {
            held_back.push(HeldBack { site: site.site.clone(), state, reasons });
        }
    }
    // Nothing is earlier than what is due already; what is never due comes last.
    due.sort_by(|a, b| {
        let key = |row: &DueRow| (row.at.is_none(), row.at);
        key(a).cmp(&key(b)).then_with(|| (&a.site, &a.method).cmp(&(&b.site, &b.method)))
    });
    notes.extend(caveat_notes(&caveats));
    notes.append(&mut redis_notes);
    notes.extend(jitter_note(&due));
    notes.extend(least_note(&due));
    let mut report = TimelineReport { from: now, until, due, held_back, sites, notes };
    report.mask(context.secrets);
    Ok(report)
}

/// What may make the states wrong: what several sites share is said once.
fn caveat_notes(caveats: &[(&str, String)]) -> Vec<String> {
    let mut sites: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (site, caveat) in caveats {
        sites.entry(caveat).or_default().push(site);
    }
    let note = |(caveat, sites): (&str, Vec<&str>)| match sites.as_slice() {
        [site] => format!("{site}: {caveat}"),
        several => format!("of {} sites: {caveat}", several.len()),
    };
    sites.into_iter().map(note).collect()
}

fn jitter_note(due: &[DueRow]) -> Option<String> {
    let [first, last] = due.iter().find_map(|row| row.jitter_s)?;
    Some(format!(
        "to the times of the Long frequencies this Frappe adds {first} to {last} s, drawn anew at every round of the scheduler"
    ))
}

fn least_note(due: &[DueRow]) -> Option<String> {
    due.iter().any(|row| row.count_is_least).then(|| {
        let most = human::count(MAX_COUNTED as u64);
        format!("≥: no more than {most} times of a type are counted; a shorter window shows all")
    })
}

/// What the rows of a site are made of.
struct Timeline<'a> {
    standing: &'a Standing<'a>,
    state: State,
    rules: Rules,
    clock: SiteClock,
    /// The end of the window on the site's clock.
    until: DateTime,
    jobs: &'a Jobs,
}

impl Timeline<'_> {
    /// Adds the rows of a type.
    fn add(&self, timed: &TimedType<'_>, rows: &mut Vec<DueRow>) {
        let TimedType { row, clock } = timed;
        let id = job_id(self.standing.around.bench, self.standing.site, row);
        let job = self.jobs.of(id.as_ref());
        let plain = self.plain(timed, job);
        let Some(next) = clock.next() else {
            // A stopped type is not due either way.
            if !row.stopped {
                rows.push(plain);
            }
            return;
        };
        if let (Due::ByChance { since } | Due::Since(since), false) =
            (clock.due(self.clock.naive), row.stopped)
        {
            let due_for = self.clock.naive.duration_since(since).as_secs_f64();
            let is_late = matches!(clock.due(self.clock.naive), Due::Since(_))
                && due_for > (ROUNDS * self.standing.around.tick_s()) as f64;
            rows.push(DueRow {
                at: self.clock.instant(next),
                count: 1,
                due_for_s: Some(due_for),
                overdue: is_late && plain.pending.is_none(),
                ..plain.clone()
            });
        }
        let upcoming = clock.upcoming(self.clock.naive, self.until, MAX_COUNTED);
        // What runs now or is due now says nothing of the times to come.
        let plain = DueRow { pending: None, ..plain };
        if upcoming.count > MOST_ROWS_EACH {
            rows.push(self.folded(&plain, &upcoming.times));
            return;
        }
        rows.extend(upcoming.times.iter().map(|&at| DueRow {
            at: self.clock.instant(at),
            count: 1,
            ..plain.clone()
        }));
    }

    /// Many times in one row.
    fn folded(&self, plain: &DueRow, times: &[DateTime]) -> DueRow {
        let gap = |pair: &[DateTime]| match pair {
            [a, b] => b.duration_since(*a).as_secs(),
            _ => 0,
        };
        let mut gaps = times.windows(2).map(gap);
        let first = gaps.next();
        DueRow {
            at: times.first().and_then(|&at| self.clock.instant(at)),
            last_at: times.last().and_then(|&at| self.clock.instant(at)),
            count: times.len(),
            count_is_least: times.len() >= MAX_COUNTED,
            every_s: first.filter(|&first| gaps.all(|gap| gap == first)),
            ..plain.clone()
        }
    }

    /// A row of a type without a time.
    fn plain(&self, timed: &TimedType<'_>, job: Option<FixedJob>) -> DueRow {
        let TimedType { row, clock } = timed;
        let (blocked_by, detail) = self.blocked(timed, job);
        DueRow {
            at: None,
            time_zone: self.clock.zone_name().to_owned(),
            site: self.standing.site.to_owned(),
            method: row.method.clone(),
            name: row.name.clone(),
            frequency: row.frequency.clone(),
            expression: clock.expression().map(str::to_owned),
            queue: queue_of(clock),
            count: 0,
            count_is_least: false,
            every_s: None,
            last_at: None,
            due_for_s: None,
            overdue: false,
            pending: pending_word(job),
            jitter_s: jitter_of(clock),
            blocked_by,
            detail,
            zone: self.clock.zone.zone().clone(),
        }
    }

    /// Why a type will not be enqueued, what concerns it alone first; a problem that does not hold
    /// it back is told all the same.
    fn blocked(
        &self,
        timed: &TimedType<'_>,
        job: Option<FixedJob>,
    ) -> (Option<&'static str>, Option<String>) {
        let ScheduledJobType { stopped, .. } = timed.row;
        if *stopped {
            return (Some("stopped"), Some("the type is stopped".to_owned()));
        }
        if job == Some(FixedJob::Ghost) {
            let why = "its job says queued or started and stands nowhere: delete the job's hash";
            return (Some("ghost"), Some(why.to_owned()));
        }
        if let Some(problem) = timed.clock.problem() {
            let effect = self.rules.effect(problem).describe();
            let code = problem.holds_back().then(|| problem.code());
            return (code, Some(format!("{problem}: {effect}")));
        }
        if self.state != State::Enabled {
            return (Some(self.state.word()), Some(format!("the site is {}", self.state.word())));
        }
        (None, None)
    }
}
