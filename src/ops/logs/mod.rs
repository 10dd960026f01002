//! Shows logs: chooses them, reads what stands there, follows what is added.

mod output;
mod sources;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};
use crate::logs::clock::Clock;
use crate::logs::filter::{Filter, Token};
use crate::logs::follow::{Follower, QUIET};
use crate::logs::record::Level;
use crate::logs::rotation;
use crate::logs::scan::Found;
use crate::logs::trail::{LiveLog, Merge, Problem, Reach, Trail, from_last};
use crate::logs::watch::{Watch, Woken};
use crate::logs::when;
use crate::sys::clock;
use crate::sys::signals::Interrupts;

use output::Output;
pub use sources::is_path;
use sources::{Chosen, Sources};

/// Records shown where nothing says how many.
const LAST: usize = 100;
/// The same before following.
const LAST_FOLLOWED: usize = 10;
/// How soon a reader that went away is noticed while nothing is written.
const IDLE: Duration = Duration::from_millis(500);
/// Between two looks at a log that is written all the time.
const BREATH: Duration = Duration::from_millis(4);

/// What is shown.
#[derive(Debug, Clone, Default)]
pub struct LogsOptions {
    /// Go on with what is added.
    pub follow: bool,
    /// Names, patterns and paths of logs; empty for those about jobs.
    pub sources: Vec<String>,
    /// The first instant, as it was typed.
    pub since: Option<String>,
    /// The last instant, as it was typed.
    pub until: Option<String>,
    /// One of these patterns matches.
    pub grep: Vec<String>,
    /// None of these patterns matches.
    pub exclude: Vec<String>,
    /// The least level.
    pub level: Option<Level>,
    /// The job that is named.
    pub job: Option<String>,
    /// How many records.
    pub lines: Option<Lines>,
    /// JSON lines as they are.
    pub raw: bool,
}

/// How many records are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lines {
    /// All that there are.
    All,
    /// The last so many.
    Last(usize),
}

/// Shows logs. Ends with the last record, or, following, with a signal or the reader.
///
/// Errors: `Usage` for what cannot be understood, `NotFound` for a log that does not exist,
/// `Refused` for one that may not be read.
pub fn show(context: &mut Context, options: &LogsOptions) -> Result<Outcome> {
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    let filter = filter_of(options, &zone, context.settings.utc)?;
    let mut sources = Sources::choose(context, options)?;
    let interrupts = Interrupts::catch()?;
    // Before anything is read, so that no change goes unseen.
    let mut watch = options.follow.then(|| sources.watch());
    let clock = Clock::new(zone);
    let scope = context.target().and(context.scope()).unwrap_or_default();
    let mut output = Output::begin(&mut context.ui, &scope, &sources.chosen, options.raw)?;
    let mut reading =
        Reading { filter, options, output: &mut output, failed: 0, notes: Vec::new() };
    let mut trails = reading.open(&mut sources.chosen, &clock)?;
    reading.show_what_stands(&sources.chosen, &mut trails, &interrupts)?;
    if let (Some(watch), None) = (&mut watch, interrupts.seen()) {
        reading.follow(&mut sources, trails, &clock, watch, &interrupts)?;
    }
    let (notes, failed) = (reading.notes, reading.failed);
    output.finish(&notes)?;
    Ok(match interrupts.seen() {
        Some(signal) => Outcome::Interrupted { signal },
        None if failed > 0 => Outcome::No,
        None => Outcome::Done,
    })
}

fn filter_of(options: &LogsOptions, zone: &TimeZone, utc: bool) -> Result<Filter> {
    let mut filter = Filter::default();
    filter.level = options.level;
    let wrong = |flag: &str, text: &str, why: &str| {
        Failure::new(Kind::Usage, format!("cannot use `{text}` for {flag}: {why}"))
    };
    let shown = |patterns: &[String]| patterns.join("`, `");
    let grep = &options.grep;
    filter.grep(grep).map_err(|why| wrong("--grep", &shown(grep), &why))?;
    let exclude = &options.exclude;
    filter.exclude(exclude).map_err(|why| wrong("--exclude", &shown(exclude), &why))?;
    filter.job = options.job.as_deref().map(Token::id);
    let (now, zone) = (clock::now(), if utc { &TimeZone::UTC } else { zone });
    let instant = |flag: &str, text: &Option<String>| -> Result<Option<i64>> {
        let Some(text) = text else { return Ok(None) };
        let at = when::parse(text, now, zone).map_err(|why| wrong(flag, text, &why))?;
        Ok(Some(at.as_microsecond()))
    };
    filter.since = instant("--since", &options.since)?;
    filter.until = instant("--until", &options.until)?;
    if let (Some(since), Some(until)) = (filter.since, filter.until)
        && since > until
    {
        return Err(
            Failure::new(Kind::Usage, "cannot show that time: --since is after --until").into()
        );
    }
    Ok(filter)
}

/// Reads the chosen logs into the output.
struct Reading<'a, 'u> {
    filter: Filter,
    options: &'a LogsOptions,
    output: &'a mut Output<'u>,
    /// Logs that could not be read.
    failed: usize,
    notes: Vec<String>,
}

impl Reading<'_, '_> {
    /// How many of the records that stand there are shown.
    fn lines(&self) -> Lines {
        match self.options.lines {
            Some(lines) => lines,
            None if self.filter.since.is_some() => Lines::All,
            None if self.options.follow => Lines::Last(LAST_FOLLOWED),
            None => Lines::Last(LAST),
        }
    }

    /// Opens the logs. Those that cannot be are told and leave `chosen`; none left is an error.
    fn open(&mut self, chosen: &mut Vec<Chosen>, clock: &Clock) -> Result<Vec<Trail>> {
        let whole = self.filter.since.is_some() || self.lines() == Lines::All;
        let reach = if whole { Reach::All } else { Reach::Plain };
        let mut trails = Vec::new();
        let mut first = None;
        let mut opened = Vec::new();
        for one in chosen.drain(..) {
            let path = &one.source.path;
            match Trail::open(path, clock, self.filter.since, reach, self.options.follow) {
                Ok(mut trail) => {
                    trail.sites.clone_from(&one.sites);
                    trails.push(trail);
                    opened.push(one);
                }
                Err(error) => {
                    let failure = sources::unreadable(path, &error);
                    self.failed += 1;
                    if let Some(before) = first.replace(failure) {
                        self.output.warn(&before.to_string());
                    }
                }
            }
        }
        *chosen = opened;
        match first {
            Some(failure) if trails.is_empty() => Err(failure.into()),
            Some(failure) => {
                self.output.warn(&failure.to_string());
                Ok(trails)
            }
            None => Ok(trails),
        }
    }

    fn show_what_stands(
        &mut self,
        chosen: &[Chosen],
        trails: &mut [Trail],
        interrupts: &Interrupts,
    ) -> Result<()> {
        let stop = || interrupts.seen().is_some();
        let compressed = |one: &Chosen| one.source.path.extension().is_some_and(|end| end == "gz");
        // What is compressed, or has a beginning, is read from there; the rest from its end.
        let forwards = self.filter.since.is_some() || chosen.iter().any(compressed);
        let lines = self.lines();
        match lines {
            Lines::Last(most) if !forwards => from_last(trails, most, &self.filter, &stop),
            _ => trails
                .iter_mut()
                .for_each(|trail| trail.begin_at_instant(self.filter.since, self.filter.until)),
        }
        let keep = match lines {
            Lines::Last(most) if forwards => Some(most),
            _ => None,
        };
        let mut last: VecDeque<(usize, Arc<Path>, Found)> = VecDeque::new();
        let mut merge = Merge::new(trails, &self.filter, &stop);
        while let Some((which, path, found)) = merge.next(trails, &self.filter, &stop) {
            let Some(most) = keep else {
                if !self.record(chosen, which, &path, &found)? {
                    break;
                }
                continue;
            };
            last.push_back((which, path, found));
            if last.len() > most {
                last.pop_front();
            }
        }
        for (which, path, found) in last {
            if !self.record(chosen, which, &path, &found)? {
                break;
            }
        }
        self.note_what_lacks(chosen, trails);
        self.output.flush()
    }

    fn note_what_lacks(&mut self, chosen: &[Chosen], trails: &mut [Trail]) {
        let labels = |told: &dyn Fn(&Trail) -> bool, trails: &[Trail]| -> Option<String> {
            let told = chosen.iter().zip(trails).filter(|(_, trail)| told(trail));
            let labels: Vec<_> = told.map(|(one, _)| format!("`{}`", one.source.label())).collect();
            (!labels.is_empty()).then(|| labels.join(", "))
        };
        if let Some(labels) = labels(&|trail| trail.undated, trails) {
            self.notes.push(format!(
                "records without a time are left out of {labels}: read them without --since and --until"
            ));
        }
        if let Some(labels) = labels(&|trail| trail.disordered, trails) {
            self.notes.push(format!(
                "{labels} is not in the order of time: records that stand among much older or younger \
                 ones may be missing; all are read without --since and --until"
            ));
        }
        if let Some(labels) = labels(&|trail| trail.reckoned, trails) {
            self.notes.push(format!(
                "the lines of {labels} carry no day: it is reckoned back from the last change"
            ));
        }
        let packed: Vec<&PathBuf> = trails.iter().flat_map(|trail| &trail.packed).collect();
        if let Some(first) = packed.first()
            && let Some(command) = rotation::unpacking(first)
        {
            let others = packed.len() - 1;
            let more = if others > 0 { format!(" and {others} more") } else { String::new() };
            self.notes.push(format!(
                "`{}`{more} left out: of compressed logs only gzip is read; unpacked it is: {command}",
                first.display()
            ));
        }
        for problem in trails.iter_mut().flat_map(|trail| trail.problems.drain(..)) {
            self.tell(&problem);
        }
    }

    fn tell(&mut self, problem: &Problem) {
        self.failed += 1;
        self.output.warn(&sources::unreadable(&problem.path, &problem.error).to_string());
    }

    /// Shows a record; false where nobody reads any more.
    fn record(
        &mut self,
        chosen: &[Chosen],
        which: usize,
        path: &Path,
        found: &Found,
    ) -> Result<bool> {
        match chosen.get(which) {
            Some(one) => self.output.record(which, &one.source, path, found),
            None => Ok(true),
        }
    }

    fn follow(
        &mut self,
        sources: &mut Sources,
        trails: Vec<Trail>,
        clock: &Clock,
        watch: &mut Watch,
        interrupts: &Interrupts,
    ) -> Result<()> {
        let now = Instant::now();
        let mut followers: Vec<Follower> = trails
            .into_iter()
            .map(|trail| Follower::new(trail.into_live(), clock.clone(), now))
            .collect();
        // A beginning has been kept; what is added now is younger.
        self.filter.since = None;
        let mut woken = Woken { written: true, renamed: true };
        loop {
            if woken.renamed {
                for one in sources.appeared(watch) {
                    self.output.add(&one.source);
                    let log = LiveLog {
                        path: one.source.path.clone(),
                        live: None,
                        known: Vec::new(),
                        sites: one.sites.clone(),
                    };
                    followers.push(Follower::new(log, clock.clone(), Instant::now()));
                    sources.chosen.push(one);
                }
            }
            let ended = interrupts.seen().is_some();
            let any = self.look(sources, &mut followers, woken, ended)?;
            if ended || !self.output.is_read() {
                return Ok(());
            }
            if any {
                // A log that is written all the time is read in pieces, not byte by byte.
                std::thread::sleep(BREATH);
            }
            let waiting = followers.iter().any(Follower::is_waiting);
            woken = watch.wait(if waiting { QUIET } else { IDLE });
            woken.written |= waiting;
        }
    }

    /// Looks at every log once and shows what was added, in the order of time.
    fn look(
        &mut self,
        sources: &Sources,
        followers: &mut [Follower],
        woken: Woken,
        ended: bool,
    ) -> Result<bool> {
        if woken == Woken::default() && !ended {
            return Ok(false);
        }
        let now = Instant::now();
        let mut found: Vec<(i64, usize, PathBuf, Found)> = Vec::new();
        for (which, follower) in followers.iter_mut().enumerate() {
            let mut added = Vec::new();
            let problem = if ended {
                follower.finish(&self.filter, now, &mut added);
                None
            } else {
                follower.look(&self.filter, now, woken.renamed, &mut added)
            };
            if let Some(problem) = problem {
                self.tell(&problem);
            }
            // The order within a log stays, whatever its times say.
            let mut key = i64::MIN;
            for record in added {
                key = key.max(record.at.unwrap_or(key));
                let path = sources.chosen.get(which).map(|one| one.source.path.clone());
                found.push((key, which, path.unwrap_or_default(), record));
            }
        }
        found.sort_by_key(|(key, ..)| *key);
        let any = !found.is_empty();
        for (_, which, path, record) in found {
            if !self.record(&sources.chosen, which, &path, &record)? {
                break;
            }
        }
        if any {
            self.output.flush()?;
        }
        Ok(any)
    }
}
