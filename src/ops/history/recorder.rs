//! Records: looks at the present again and again, and writes down what is new.
//!
//! An outage of Redis is a gap in the history, a disk without room a delay, another recorder somebody
//! to wait for, a file that is gone a reason to begin anew: the recorder goes on, and says so once each.

mod pen;
mod timing;

use std::time::Duration;

use jiff::Timestamp;

use super::memory::{Horses, Peak};
use super::sampling::sample;
use crate::backend::history::{Batch, Place, Pruned, Reader};
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::model::history::{Gap, Sample};
use crate::ops::doctor::Facts;
use crate::ops::metrics::{Passing, look};
use crate::settings::HistorySettings;
use crate::sys::clock::{self, Steady, Stopwatch};
use crate::sys::reckoning::Reckoning;
use pen::{Claimed, Pen, Written};

/// How often it is looked what happened, however seldom samples are taken: RQ forgets.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long it is waited where a sample is overdue.
const OVERDUE: Duration = Duration::from_secs(1);

/// How long somebody who has the file locked is waited for while others wait for an answer: what
/// could not be written is written later.
const SERVING: Duration = Duration::from_millis(250);

/// How often old figures are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60 * 60);

/// What is kept in memory while it cannot be written.
const MOST_SAMPLES: usize = 3_000;
const MOST_ENDED: usize = 50_000;
const MOST_SEEN: usize = 200_000;

/// The fact that says when the last sample was taken.
const LAST_SAMPLE: &str = "last_sample";

/// The fact that says what time it was reckoned to be then. See [`Reckoning::to_text`].
const RECKONING: &str = "reckoning";

/// How it is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Recording {
    /// How often a sample is taken.
    pub every: Duration,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a recorder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// One sample among others that somebody else arranges: where another process records, it fails.
    Once,
    /// The history alone: where another process records, its end is waited for.
    History,
    /// The counters are also shown, whoever records: they go on when that is taken over.
    Counters,
}

/// One who records.
pub struct Recorder {
    pen: Pen,
    settings: HistorySettings,
    recording: Recording,
    horses: Horses,
    /// What is not written yet.
    pending: Batch,
    last_sample: Option<Timestamp>,
    /// When that was, by a clock that nobody sets.
    sampled: Option<Stopwatch>,
    reckoning: Reckoning,
    /// Why Redis cannot be read at the moment.
    outage: Option<String>,
    /// Why it could not be read since the last sample.
    missed: Option<String>,
    /// Whether the file cannot be written at the moment.
    is_stuck: bool,
    pruned: Option<Stopwatch>,
}

/// What one look did.
#[derive(Debug, Default)]
pub struct Looked {
    /// The sample that was taken.
    pub sample: Option<Sample>,
    /// Jobs that ended since the last look, and those of them that failed.
    pub ended: u64,
    /// See [`Self::ended`].
    pub failed: u64,
    /// The time before the sample of which nothing is known.
    pub gap: Option<Gap>,
    /// What was removed because of its age, where it was looked for.
    pub pruned: Option<Pruned>,
    /// Whether not all jobs that ended could be read.
    pub is_partial: bool,
    /// What the operator should know, a line each.
    pub said: Vec<String>,
    /// Why nothing could be looked at.
    pub outage: Option<String>,
}

impl Recorder {
    /// Begins to record; the counters go on where the history ended. Lines say what the operator
    /// should know. A history that is not there yet is made with the first sample.
    ///
    /// Errors: those of [`Claim::take`](crate::backend::history::Claim::take), unless another process
    /// records and its end is waited for, and of [`Writer::begin`](crate::backend::history::Writer::begin).
    pub fn open(
        place: Place,
        context: &Context,
        recording: Recording,
    ) -> Result<(Self, Passing, Vec<String>)> {
        let patience = (recording.purpose == Purpose::Counters).then_some(SERVING);
        let pen = Pen::new(place, context.ui.zone().tz(), patience);
        let mut recorder = Self {
            pen,
            settings: context.settings.history,
            recording,
            horses: Horses::default(),
            pending: Batch::default(),
            last_sample: None,
            sampled: None,
            reckoning: Reckoning::begin(clock::now(), Steady::now()),
            outage: None,
            missed: None,
            is_stuck: false,
            pruned: None,
        };
        let mut said = Vec::new();
        let passing = match recorder.pen.claim()? {
            Claimed::Ours { moved_aside } => {
                said.extend(moved_aside.map(|aside| pen::aside_line(&aside)));
                recorder.resume()?
            }
            Claimed::Elsewhere(error) if recording.purpose == Purpose::Once => return Err(error),
            Claimed::Elsewhere(error) => {
                said.push(format!("{error}; this one takes over when that ends"));
                Passing::standing_by(recorder.begun())
            }
        };
        Ok((recorder, passing, said))
    }

    /// What whoever records has counted so far; `None` where that cannot be read.
    fn begun(&self) -> Option<Passing> {
        let reader = Reader::open(self.place().clone()).ok()?;
        let fact = |name: &str| reader.fact(name).ok().flatten();
        Some(Passing::resumed(reader.totals().ok()?, reader.seen().ok()?, fact, clock::now()))
    }

    /// Where it records.
    pub const fn place(&self) -> &Place {
        self.pen.place()
    }

    /// Whether it records, and no other process does.
    pub const fn is_at_work(&self) -> bool {
        self.pen.is_ours()
    }

    /// Goes on where the history ended.
    fn resume(&mut self) -> Result<Passing> {
        let now = clock::now();
        let Some(writer) = self.pen.writer() else {
            return Ok(Passing::resumed(Vec::new(), Vec::new(), |_| None, now));
        };
        // What cannot be read was read a moment ago; without it no more is lost than a little time.
        let fact = |name: &str| writer.fact(name).ok().flatten();
        let passing = Passing::resumed(writer.totals()?, writer.seen()?, fact, now);
        self.go_on()?;
        Ok(passing)
    }

    /// Takes up when the last sample was, and what time it was reckoned to be.
    fn go_on(&mut self) -> Result<()> {
        let Some(writer) = self.pen.writer() else { return Ok(()) };
        let reckoned = writer.fact(RECKONING)?;
        self.last_sample = writer.fact(LAST_SAMPLE)?.and_then(|text| text.parse().ok());
        let since = || self.last_sample.map(Reckoning::since);
        let reckoned = reckoned.as_deref().and_then(Reckoning::from_text);
        if let Some(reckoning) = reckoned.or_else(since) {
            self.reckoning = reckoning;
        }
        Ok(())
    }

    /// How long until the next look: to the next sample, but no longer than [`LOOK_EVERY`].
    pub fn pause(&self) -> Duration {
        let since = self.sampled.map_or(Duration::ZERO, |watch| watch.elapsed());
        let due = self.recording.every.saturating_sub(since);
        // What is overdue because Redis is away is not asked for without a rest.
        if due.is_zero() { OVERDUE } else { due.min(LOOK_EVERY) }
    }

    /// Looks once, takes a sample where one is due, and writes down what is new.
    ///
    /// Neither an outage of Redis nor a file that cannot be written ends it, nor that another process
    /// records. Errors: what no waiting mends.
    pub fn look(&mut self, context: &mut Context, passing: &mut Passing) -> Result<Looked> {
        let mut report = Looked::default();
        if !self.pen.is_ours() && !self.take_over(passing, &mut report.said)? {
            if self.recording.purpose == Purpose::Counters {
                let looked = look(context, passing, &mut |_| {});
                pass_outage(looked, context)?;
                passing.keep_ready();
            }
            return Ok(report);
        }
        let gaps = passing.gaps();
        let (mut outage, mut taken, mut peaks) = (None, None, Vec::new());
        let (last, recording, secrets) = (self.last_sample, self.recording, context.secrets);
        let horses = &mut self.horses;
        let looked = look(context, passing, &mut |facts| {
            outage = blindness(facts).map(|why| secrets.text(&why).into_owned());
            if outage.is_some() {
                return;
            }
            if recording.purpose == Purpose::Once
                || timing::is_due(last, facts.now, recording.every)
            {
                taken = sample(facts);
            }
            peaks = horses.look(facts);
        });
        let named = looked.and_then(|()| self.name(context, &mut peaks));
        if let Some(error) = pass_outage(named, context)? {
            outage.get_or_insert_with(|| secrets.text(&error.to_string()).into_owned());
        }
        self.pending.peaks.extend(peaks.into_iter().map(|(_, peak)| peak));
        report.outage.clone_from(&outage);
        self.tell_outage(outage, &mut report.said);
        if let Some(sample) = taken {
            self.take(sample, &mut report);
        }
        let before = self.pending.ended.len();
        passing.hand_over(&mut self.pending);
        let ended = self.pending.ended.get(before..).unwrap_or_default();
        report.ended = ended.len() as u64;
        report.failed = ended.iter().filter(|job| job.failed == Some(true)).count() as u64;
        report.is_partial = passing.gaps() > gaps;
        self.write(passing, &mut report)?;
        Ok(report)
    }

    /// Names the methods of peaks by the payloads of their jobs.
    fn name(&mut self, context: &mut Context, peaks: &mut [Peak]) -> Result<()> {
        if Horses::needs_names(peaks) { self.horses.name(context.store()?, peaks) } else { Ok(()) }
    }

    /// Takes a sample up.
    fn take(&mut self, sample: Sample, report: &mut Looked) {
        let here = clock::now();
        let reckoned = self.reckoning.look(here, Steady::now());
        self.note_gap(sample.at, here.duration_since(reckoned).as_secs_f64(), report);
        self.last_sample = Some(sample.at);
        self.sampled = Some(Stopwatch::start());
        let facts = &mut self.pending.facts;
        facts.insert(LAST_SAMPLE, sample.at.to_string());
        facts.insert(RECKONING, self.reckoning.to_text());
        if self.recording.purpose != Purpose::Once {
            facts.insert("every_s", self.recording.every.as_secs_f64().to_string());
        }
        report.sample = Some(sample.clone());
        self.pending.samples.push(sample);
    }

    /// Writes down what `passing` counted, and what could not be written before.
    ///
    /// Errors: as [`Self::look`].
    pub fn hand_over(&mut self, passing: &mut Passing) -> Result<Vec<String>> {
        if !self.pen.is_ours() {
            passing.keep_ready();
            return Ok(Vec::new());
        }
        passing.hand_over(&mut self.pending);
        let mut report = Looked::default();
        self.write(passing, &mut report)?;
        Ok(report.said)
    }

    /// Takes over where the one who recorded ended; whether that is so.
    fn take_over(&mut self, passing: &mut Passing, said: &mut Vec<String>) -> Result<bool> {
        let moved_aside = match self.pen.claim() {
            Ok(Claimed::Ours { moved_aside }) => moved_aside,
            Ok(Claimed::Elsewhere(_)) => return Ok(false),
            Err(error) if mends(&error) => {
                if !std::mem::replace(&mut self.is_stuck, true) {
                    said.push(format!("{error}; it is tried again"));
                }
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        self.is_stuck = false;
        said.extend(moved_aside.map(|aside| pen::aside_line(&aside)));
        said.push(format!("nobody else records any more: recording into {}", self.pen.shown()));
        if self.recording.purpose != Purpose::Counters {
            *passing = self.resume()?;
            return Ok(true);
        }
        if let Some(writer) = self.pen.writer() {
            passing.take_over(writer.totals()?, writer.seen()?);
        }
        self.go_on()?;
        Ok(true)
    }

    fn tell_outage(&mut self, outage: Option<String>, said: &mut Vec<String>) {
        match (&self.outage, outage) {
            (None, Some(why)) => {
                said.push(format!("{why}; the history has a gap until Redis can be read again"));
                self.missed = Some(why.clone());
                self.outage = Some(why);
            }
            (Some(_), None) => {
                said.push("Redis can be read again".to_owned());
                self.outage = None;
            }
            _ => {}
        }
    }

    /// Tells the time since the last sample as a gap, where it is longer than it was meant to be.
    /// `ahead_s` says by how much the clock of this host is ahead of what it is reckoned to be.
    fn note_gap(&mut self, now: Timestamp, ahead_s: f64, report: &mut Looked) {
        let missed = self.missed.take();
        let Some(last) = self.last_sample else { return };
        if let Some(why) = timing::went_back(last, now) {
            report.said.push(format!("{why}; recording goes on from now"));
            self.add_gap(Gap { from: now, until: now, why }, report);
            return;
        }
        let passed_s = now.duration_since(last).as_secs_f64();
        let watched_s = self.sampled.map(|watch| watch.elapsed().as_secs_f64());
        let jumped_s = watched_s.map_or(0.0, |watched_s| passed_s - watched_s);
        let jumped_s = jumped_s.max(ahead_s.min(passed_s));
        let late_s = passed_s - self.recording.every.as_secs_f64();
        if late_s >= self.tolerated_s(missed.is_some()) {
            let why = timing::why_missing(missed.as_deref(), jumped_s);
            self.add_gap(Gap { from: last, until: now, why }, report);
        }
    }

    /// Seconds by which a sample may be late without a gap.
    fn tolerated_s(&self, is_outage: bool) -> f64 {
        let every_s = self.recording.every.as_secs_f64();
        match self.recording.purpose {
            Purpose::Once => PRUNE_EVERY.as_secs_f64(),
            _ if is_outage => every_s,
            _ => every_s + timing::LATE_S,
        }
    }

    fn add_gap(&mut self, gap: Gap, report: &mut Looked) {
        report.gap = Some(gap.clone());
        self.pending.gaps.push(gap);
    }

    fn write(&mut self, passing: &mut Passing, report: &mut Looked) -> Result<()> {
        // A history is made for samples, and remembered counters are none.
        if !self.pen.has_file() && self.pending.samples.is_empty() {
            self.bound();
            return Ok(());
        }
        match self.pen.write(&mut self.pending, passing, &mut report.said) {
            Ok(Written::Nothing) => return Ok(()),
            Ok(Written::All) => {
                if std::mem::take(&mut self.is_stuck) {
                    report
                        .said
                        .push("the history can be written again; nothing was lost".to_owned());
                }
            }
            Ok(Written::Elsewhere(error)) => {
                report.said.push(format!("{error}; this one takes over when that ends"));
                self.pending = Batch::default();
                return Ok(());
            }
            Err(error) if self.recording.purpose != Purpose::Once && mends(&error) => {
                if !std::mem::replace(&mut self.is_stuck, true) {
                    let told = format!("{error}; what is to be written is kept meanwhile");
                    report.said.push(told);
                }
                self.bound();
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        self.prune(report);
        Ok(())
    }

    fn prune(&mut self, report: &mut Looked) {
        if self.pruned.is_some_and(|watch| watch.elapsed() < PRUNE_EVERY) {
            return;
        }
        self.pruned = Some(Stopwatch::start());
        // A clock that is ahead would remove everything: that of Redis, this host's, or both.
        let now = self.reckoning.time().min(clock::now());
        let now = self.last_sample.map_or(now, |last| now.min(last));
        match self.pen.prune(now, &self.settings.retention) {
            Ok(pruned) => report.pruned = pruned,
            Err(error) => report.said.push(error.to_string()),
        }
    }

    /// Gives up the oldest of what cannot be written for too long.
    fn bound(&mut self) {
        fn keep<T>(items: &mut Vec<T>, most: usize) {
            items.drain(..items.len().saturating_sub(most));
        }
        keep(&mut self.pending.samples, MOST_SAMPLES);
        keep(&mut self.pending.ended, MOST_ENDED);
        keep(&mut self.pending.seen, MOST_SEEN);
        keep(&mut self.pending.peaks, MOST_ENDED);
        keep(&mut self.pending.gaps, MOST_SAMPLES);
    }
}

/// Passes over a failure that waiting mends, and forgets the connection; gives it.
fn pass_outage(looked: Result<()>, context: &mut Context) -> Result<Option<anyhow::Error>> {
    let Err(error) = looked else { return Ok(None) };
    let passes = failure_of(&error).is_some_and(|failure| {
        matches!(failure.kind(), Kind::Unreachable | Kind::TryAgain | Kind::Io)
    });
    if !passes {
        return Err(error);
    }
    context.disconnect();
    Ok(Some(error))
}

/// Whether a failure to write may be over the next time.
fn mends(error: &anyhow::Error) -> bool {
    let kind = failure_of(error).map(Failure::kind);
    matches!(kind, Some(Kind::Io | Kind::TryAgain | Kind::CannotCreate))
}

/// Why the facts say nothing of this target; `None` where they do.
fn blindness(facts: &Facts<'_>) -> Option<String> {
    match facts.survey {
        Err(outage) => Some(outage.why.clone()),
        // Its emptiness would be recorded as an empty bench.
        Ok(_) if facts.prefix_is_unseen() => {
            Some("this Redis knows queues of other benches and none of this one".to_owned())
        }
        Ok(_) => None,
    }
}
