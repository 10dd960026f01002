//! Records: looks at the present again and again, and writes down what is new.
//!
//! An outage of Redis is a gap in the history, a disk without room a delay: the recorder goes on, and
//! says so once each.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::memory::Horses;
use super::sampling::sample;
use crate::backend::history::{Batch, Opened, Place, Writer};
use crate::context::Context;
use crate::error::{Failure, Kind, Result, failure_of};
use crate::model::history::Gap;
use crate::ops::doctor::Facts;
use crate::ops::metrics::{Passing, look};
use crate::settings::HistorySettings;
use crate::sys::clock::{self, Stopwatch};

/// How often it is looked what happened, however seldom samples are taken: RQ forgets.
pub const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long it is waited where a sample is overdue.
const OVERDUE: Duration = Duration::from_secs(1);

/// How often old figures are removed.
const PRUNE_EVERY: Duration = Duration::from_secs(60 * 60);

/// How much later than the sample before it may be for old figures to be removed.
const LONGEST_JUMP: SignedDuration = SignedDuration::from_hours(48);

/// What is kept in memory while it cannot be written.
const MOST_SAMPLES: usize = 3_000;
const MOST_ENDED: usize = 50_000;
const MOST_SEEN: usize = 200_000;

/// Seconds without a sample beyond what was meant, after which the time between is a gap.
const LATE_S: f64 = 10.0;

/// The fact that says when the last sample was taken.
const LAST_SAMPLE: &str = "last_sample";

/// How it is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Recording {
    /// How often a sample is taken.
    pub every: Duration,
    /// Whether this is one sample among others that somebody else arranges.
    pub once: bool,
}

/// One who records.
pub struct Recorder {
    writer: Writer,
    settings: HistorySettings,
    recording: Recording,
    horses: Horses,
    /// What is not written yet.
    pending: Batch,
    last_sample: Option<Timestamp>,
    /// When that was, by a clock that nobody sets.
    sampled: Option<Stopwatch>,
    /// Why Redis cannot be read at the moment.
    outage: Option<String>,
    /// Why it could not be read since the last sample.
    missed: Option<String>,
    /// Whether the file cannot be written at the moment.
    is_stuck: bool,
    pruned: Option<Stopwatch>,
    /// When the sample before this look was taken.
    before: Option<Timestamp>,
}

/// What one look did.
#[derive(Debug, Default)]
pub struct Looked {
    /// Whether a sample was taken.
    pub sampled: bool,
    /// Queues of the sample.
    pub queues: usize,
    /// Jobs that ended since the last look.
    pub ended: usize,
    /// What the operator should know, a line each.
    pub said: Vec<String>,
    /// Why nothing could be looked at.
    pub outage: Option<String>,
}

impl Recorder {
    /// Begins to record; the counters go on where the history ended. Lines say what the operator
    /// should know.
    ///
    /// Errors: those of [`Writer::open`].
    pub fn open(
        place: Place,
        context: &Context,
        recording: Recording,
    ) -> Result<(Self, Passing, Vec<String>)> {
        let Opened { writer, moved_aside } = Writer::open(place, context.ui.zone().tz())?;
        let said = moved_aside.map(|aside| aside_line(&aside));
        let look = writer.fact(Passing::last_look_fact())?;
        let passing =
            Passing::resumed(writer.totals()?, writer.seen()?, look.as_deref(), clock::now());
        let last_sample = writer.fact(LAST_SAMPLE)?.and_then(|text| text.parse().ok());
        let recorder = Self {
            writer,
            settings: context.settings.history,
            recording,
            horses: Horses::default(),
            pending: Batch::default(),
            last_sample,
            sampled: None,
            outage: None,
            missed: None,
            is_stuck: false,
            pruned: None,
            before: last_sample,
        };
        Ok((recorder, passing, said.into_iter().collect()))
    }

    /// Where it records.
    pub fn place(&self) -> &Place {
        self.writer.place()
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
    /// Neither an outage of Redis nor a file that cannot be written ends it. Errors: what no waiting
    /// mends.
    pub fn look(&mut self, context: &mut Context, passing: &mut Passing) -> Result<Looked> {
        let (mut outage, mut taken, mut peaks) = (None, None, Vec::new());
        let (last, recording, secrets) = (self.last_sample, self.recording, context.secrets);
        self.before = last;
        let horses = &mut self.horses;
        let looked = look(context, passing, &mut |facts| {
            outage = blindness(facts).map(|why| secrets.text(&why).into_owned());
            if outage.is_some() {
                return;
            }
            if recording.once || is_due(last, facts.now, recording.every) {
                taken = sample(facts);
            }
            peaks = horses.look(facts);
        });
        if let Err(error) = looked {
            let passes = failure_of(&error).is_some_and(|failure| {
                matches!(failure.kind(), Kind::Unreachable | Kind::TryAgain | Kind::Io)
            });
            if !passes {
                return Err(error);
            }
            context.disconnect();
            outage.get_or_insert_with(|| secrets.text(&error.to_string()).into_owned());
        }
        self.pending.peaks.extend(peaks);
        let mut report = Looked { outage: outage.clone(), ..Looked::default() };
        self.tell_outage(outage, &mut report.said);
        if let Some(sample) = taken {
            (report.sampled, report.queues) = (true, sample.queues.len());
            self.note_gap(sample.at, &mut report.said);
            self.last_sample = Some(sample.at);
            self.sampled = Some(Stopwatch::start());
            let every_s = self.recording.every.as_secs_f64();
            self.pending.facts.insert(LAST_SAMPLE, sample.at.to_string());
            if !self.recording.once {
                self.pending.facts.insert("every_s", every_s.to_string());
            }
            self.pending.samples.push(sample);
        }
        let before = self.pending.ended.len();
        passing.hand_over(&mut self.pending);
        report.ended = self.pending.ended.len() - before;
        self.write(passing, &mut report.said)?;
        Ok(report)
    }

    /// Writes down what `passing` counted, and what could not be written before.
    ///
    /// Errors: as [`Self::look`].
    pub fn hand_over(&mut self, passing: &mut Passing) -> Result<Vec<String>> {
        passing.hand_over(&mut self.pending);
        let mut said = Vec::new();
        self.write(passing, &mut said)?;
        Ok(said)
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
    fn note_gap(&mut self, now: Timestamp, said: &mut Vec<String>) {
        let missed = self.missed.take();
        let Some(last) = self.last_sample else { return };
        if let Some(why) = ahead(last, now) {
            said.push(format!("{why}; recording goes on from now"));
            self.pending.gaps.push(Gap { from: now, until: now, why });
            return;
        }
        let every_s = self.recording.every.as_secs_f64();
        let late_s = now.duration_since(last).as_secs_f64() - every_s;
        let tolerated_s = match missed {
            _ if self.recording.once => PRUNE_EVERY.as_secs_f64(),
            Some(_) => every_s,
            None => every_s + LATE_S,
        };
        if late_s < tolerated_s {
            return;
        }
        let why = missed.map_or_else(
            || "nothing was recorded".to_owned(),
            |why| format!("Redis could not be read: {why}"),
        );
        self.pending.gaps.push(Gap { from: last, until: now, why });
    }

    fn write(&mut self, passing: &mut Passing, said: &mut Vec<String>) -> Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        match self.writer.write(&self.pending) {
            Ok(()) => {
                self.pending = Batch::default();
                if std::mem::take(&mut self.is_stuck) {
                    said.push("the history can be written again; nothing was lost".to_owned());
                }
            }
            Err(error) if failure_of(&error).map(Failure::kind) == Some(Kind::Data) => {
                said.push(aside_line(&self.writer.start_anew()?));
                passing.repeat();
                passing.hand_over(&mut self.pending);
                self.writer.write(&self.pending)?;
                self.pending = Batch::default();
            }
            Err(error) => {
                if !std::mem::replace(&mut self.is_stuck, true) {
                    said.push(format!("{error}; what is to be written is kept meanwhile"));
                }
                self.bound();
                return Ok(());
            }
        }
        self.prune(said);
        Ok(())
    }

    fn prune(&mut self, said: &mut Vec<String>) {
        if self.pruned.is_some_and(|watch| watch.elapsed() < PRUNE_EVERY) {
            return;
        }
        self.pruned = Some(Stopwatch::start());
        let now = clock::now();
        // A clock that jumped ahead would remove everything. Where it was right it is believed at
        // the next time.
        if self.before.is_some_and(|before| now.duration_since(before) > LONGEST_JUMP) {
            return;
        }
        if let Err(error) = self.writer.prune(now, &self.settings.retention) {
            said.push(error.to_string());
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

fn aside_line(aside: &std::path::Path) -> String {
    format!("the history was damaged: it is now `{}`, and a new one was begun", aside.display())
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

/// That the last sample was taken by a clock that was ahead, where it was.
fn ahead(last: Timestamp, now: Timestamp) -> Option<String> {
    let seconds = last.duration_since(now).as_secs_f64();
    (seconds > LATE_S).then(|| {
        let by = crate::human::age(seconds);
        format!("the clock was {by} ahead: what ended while it was may be missing")
    })
}

/// Whether a sample is due: a little early rather than a look late, and when the clock went back.
fn is_due(last: Option<Timestamp>, now: Timestamp, every: Duration) -> bool {
    let Some(last) = last else { return true };
    let since = now.duration_since(last).as_secs_f64();
    since < -1.0 || since + 0.25 >= every.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sample_after_a_clock_that_was_ahead_is_told_as_a_gap() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(
            ahead(at(172_800), at(0)).unwrap().contains("2d"),
            "{:?}",
            ahead(at(172_800), at(0))
        );
        assert_eq!((ahead(at(100), at(100)), ahead(at(100), at(99))), (None, None));
    }

    #[test]
    fn sample_is_due_after_its_time_and_when_the_clock_went_back() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let every = Duration::from_secs(30);
        assert!(is_due(None, at(0), every));
        assert!(!is_due(Some(at(100)), at(129), every));
        assert!(is_due(Some(at(100)), at(130), every));
        assert!(!is_due(Some(at(100)), at(100), every));
        assert!(is_due(Some(at(1_000)), at(100), every));
    }
}
