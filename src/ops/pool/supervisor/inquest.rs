//! Finds out, of every worker that has ended, whether a job was cut off with it.

use std::time::{Duration, Instant};

use super::place::Drained;
use super::{EAGER_ROUND, Member, Place, Stage, Supervisor};
use crate::ops::pool::examine::{Finding, Subject};
use crate::report::pool::CutOff;
use crate::sys::child::Ending;
use crate::sys::clock;

/// How long the end of the pool waits for Redis to answer this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Cut off jobs that are remembered.
const MOST_REMEMBERED: usize = 100;

/// What is to be found out about one worker that has ended.
#[derive(Debug)]
pub(crate) struct Inquest {
    subject: Subject,
    place: Place,
    name: String,
    ending: Ending,
    /// Why it had been told to end, if it had.
    told: Option<String>,
    /// Its work horse, while that runs on without it.
    horse: Option<u32>,
    /// When Redis was asked; not while its work horse runs on.
    asked: Option<Instant>,
}

impl Inquest {
    /// Whether there was reason to think that it ran a job; of workers that were to drop theirs
    /// there always is.
    fn is_open_question(&self, stage: Stage) -> bool {
        // Without Redis a worker ends with a fault, and gets no job.
        self.subject.job.is_some()
            || matches!(self.ending, Ending::Signal(_))
            || matches!(stage, Stage::Cold { .. } | Stage::Killed { .. })
    }
}

impl Supervisor<'_> {
    /// Begins one; gives its number.
    pub(super) fn open_inquest(
        &mut self,
        member: &Member,
        ending: Ending,
        horse: Option<u32>,
    ) -> u64 {
        self.next_inquest += 1;
        let number = self.next_inquest;
        let subject = Subject {
            number,
            who: member.who.clone(),
            seen_as: member.last.as_ref().map(|seen| seen.name.clone()),
            job: member.last.as_ref().and_then(|seen| seen.job.clone()),
            was_told: member.leaving.is_some(),
        };
        let told = member.leaving.as_ref().map(|leaving| leaving.why.clone());
        let (place, name) = (member.place, member.name.clone());
        let inquest = Inquest { subject, place, name, ending, told, horse, asked: None };
        self.inquests.push(inquest);
        number
    }

    /// Asks about those whose processes are all gone, and takes the answers.
    pub(super) fn hold_inquests(&mut self) {
        for inquest in &mut self.inquests {
            inquest.horse = inquest.horse.filter(|horse| self.orphans.contains(horse));
            if inquest.horse.is_none() && inquest.asked.is_none() {
                inquest.asked = Some(Instant::now());
                self.observer.examine(inquest.subject.clone());
            }
        }
        for finding in self.observer.findings() {
            let is_it = |inquest: &Inquest| inquest.subject.number == finding.number;
            if let Some(at) = self.inquests.iter().position(is_it) {
                let inquest = self.inquests.swap_remove(at);
                self.close_inquest(&inquest, finding);
            }
        }
        if !matches!(self.stage, Stage::Running) {
            self.drop_unanswered();
        }
    }

    /// Whether this one is not closed.
    pub(super) fn is_open(&self, number: u64) -> bool {
        self.inquests.iter().any(|inquest| inquest.subject.number == number)
    }

    /// Asks again what was not answered: who was asked is gone.
    pub(super) fn ask_again(&mut self) {
        for inquest in &mut self.inquests {
            inquest.asked = None;
        }
    }

    /// Whether an answer is awaited.
    pub(super) fn awaits_answers(&self) -> bool {
        self.inquests.iter().any(|inquest| inquest.horse.is_none())
    }

    /// Whether one is to come at any moment.
    pub(super) fn has_just_asked(&self) -> bool {
        let is_near = |asked: Instant| asked.elapsed() < EAGER_ROUND;
        self.inquests.iter().any(|inquest| inquest.asked.is_some_and(is_near))
    }

    fn close_inquest(&mut self, inquest: &Inquest, finding: Finding) {
        let is_its = |drained: &&mut Drained| drained.inquest == inquest.subject.number;
        if let Some(drained) = self.slot(inquest.place).drained.as_mut().filter(is_its) {
            drained.life.registered |= finding.registered;
            drained.life.jobs = finding.jobs.or(drained.life.jobs);
        }
        self.failed_runs = self.failed_runs.saturating_add(finding.failed);
        for (job, queue) in finding.cut_off {
            let cut = CutOff {
                job: job.text().into_owned(),
                queue: queue.map(|queue| queue.as_str().to_owned()),
                worker: inquest.name.clone(),
                pid: inquest.subject.who.pid,
                ending: inquest.ending.to_string(),
                told: inquest.told.clone(),
                at: clock::now(),
            };
            self.warn(&cut.text());
            self.has_broken_its_word |= inquest.told.is_some();
            self.cut_off.push(cut);
        }
        let surplus = self.cut_off.len().saturating_sub(MOST_REMEMBERED);
        self.cut_off.drain(..surplus);
    }

    fn drop_unanswered(&mut self) {
        let is_late =
            |inquest: &Inquest| inquest.asked.is_some_and(|asked| asked.elapsed() >= PATIENCE);
        let late: Vec<Inquest> = self.inquests.extract_if(.., |inquest| is_late(inquest)).collect();
        let stage = self.stage;
        for inquest in late.iter().filter(|inquest| inquest.is_open_question(stage)) {
            self.has_broken_its_word = true;
            let fault = self.sight.fault.as_deref().unwrap_or("Redis does not answer");
            let text = format!(
                "{}: whether a job was cut off with it cannot be told: {fault}",
                inquest.name
            );
            self.warn(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::pool::observer::Who;

    #[test]
    fn end_without_an_answer_is_an_open_question_where_jobs_were_to_be_cut_off() {
        let inquest = Inquest {
            subject: Subject {
                number: 1,
                who: Who { pid: 1, since: clock::now(), name: None },
                seen_as: None,
                job: None,
                was_told: true,
            },
            place: (0, 0),
            name: "worker-1".to_owned(),
            ending: Ending::Code(0),
            told: None,
            horse: None,
            asked: None,
        };
        let deadline = Instant::now();
        assert!(!inquest.is_open_question(Stage::Warm { deadline, signal: 15 }));
        assert!(inquest.is_open_question(Stage::Cold { deadline, signal: 15 }));
        assert!(inquest.is_open_question(Stage::Killed { signal: 15 }));
    }
}
