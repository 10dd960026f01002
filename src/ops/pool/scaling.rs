//! How many workers a pool is to have: by the time in which its queues would be cleared.
//!
//! Numbers and rules only; starts nothing, reads nothing.

use std::time::{Duration, Instant};

use crate::human;

/// The time in which queues are to be cleared unless told.
pub(super) const TARGET: Duration = Duration::from_secs(60);

/// How long fewer workers must have been enough, unless told, before some leave.
pub(super) const COOL_DOWN: Duration = Duration::from_secs(30);

/// Between which numbers a pool is kept, and at what it aims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scaling {
    pub(super) min: usize,
    pub(super) max: usize,
    /// In what time the queues are to be cleared.
    pub(super) target: Duration,
    /// How long fewer workers must have been enough before some leave.
    pub(super) cool_down: Duration,
}

/// What is known of a pool at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Load {
    /// Places that have a worker or wait for one.
    pub(super) workers: usize,
    /// Workers that run a job.
    pub(super) busy: usize,
    /// Whether every worker has come to work: before that the last growth shows no effect yet.
    pub(super) is_settled: bool,
    /// Jobs that wait in the pool's queues; `None` where that is hidden.
    pub(super) waiting: Option<u64>,
    /// Seconds for which they would keep one worker busy; `None` where it is not known how long
    /// jobs run.
    pub(super) work_s: Option<f64>,
}

impl Load {
    /// Seconds until the queues are empty if nothing is added.
    pub(super) fn time_to_clear_s(&self) -> Option<f64> {
        Some(self.work_s? / self.workers.max(1) as f64)
    }

    /// How many workers this needs. Those that run a job are needed as well.
    ///
    /// Where it is not known how long jobs run, one more than there are if more jobs wait than there
    /// are workers.
    fn need(&self, waiting: u64, scaling: &Scaling) -> usize {
        let by_queue = match self.work_s {
            Some(work_s) => workers_for(work_s, scaling.target),
            None if waiting > self.workers as u64 => self.workers + 1,
            None if waiting == 0 => 0,
            None => self.workers,
        };
        by_queue.max(self.busy).clamp(scaling.min, scaling.max)
    }
}

/// The workers that do so much work in `target`. A target of nothing would need endlessly many.
fn workers_for(work_s: f64, target: Duration) -> usize {
    let needed = (work_s / target.as_secs_f64().max(0.001)).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is out of range becomes the nearest whole number"
    )]
    let needed = needed as usize;
    needed
}

/// A change of the number of workers, and its reason with the figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) to: usize,
    pub(super) why: String,
}

/// What is remembered from one look to the next.
#[derive(Debug, Clone, Default)]
pub(super) struct Scaler {
    /// When the number was changed last.
    changed: Option<Instant>,
    /// Since when fewer workers were enough, and the most that were needed since.
    calm: Option<(Instant, usize)>,
}

impl Scaler {
    /// Decides what to do about `load` at `now`; `None` to leave it as it is.
    ///
    /// Growth is quick: to what is needed, at most to twice as many at a time. Shrinking is slow: to
    /// the most that was needed at any look of a whole cool-down.
    pub(super) fn decide(
        &mut self,
        scaling: &Scaling,
        load: &Load,
        now: Instant,
    ) -> Option<Decision> {
        let Some(waiting) = load.waiting else {
            self.calm = None;
            return None;
        };
        let need = load.need(waiting, scaling);
        let to = if need < load.workers {
            let (since, most) = self.calm.map_or((now, need), |(at, most)| (at, most.max(need)));
            self.calm = Some((since, most));
            (now.duration_since(since) >= scaling.cool_down).then_some(most)
        } else {
            self.calm = None;
            let may_grow =
                load.is_settled && (load.work_s.is_some() || self.has_cooled(scaling, now));
            let doubled = load.workers.saturating_mul(2).max(1);
            (may_grow && need > load.workers).then_some(need.min(doubled))
        }?;
        (self.changed, self.calm) = (Some(now), None);
        Some(Decision { to, why: reason(scaling, load, waiting, to) })
    }

    /// Without knowing how long jobs run, the effect of one step has to be seen before the next.
    fn has_cooled(&self, scaling: &Scaling, now: Instant) -> bool {
        self.changed.is_none_or(|at| now.duration_since(at) >= scaling.cool_down)
    }
}

fn reason(scaling: &Scaling, load: &Load, waiting: u64, to: usize) -> String {
    let span = |duration: Duration| human::age(duration.as_secs_f64());
    if to < load.workers {
        return format!("no more were needed for {}", span(scaling.cool_down));
    }
    let (verb, jobs) =
        (if waiting == 1 { "waits" } else { "wait" }, human::counted(waiting, "job"));
    match load.time_to_clear_s() {
        Some(clear_s) => format!(
            "{jobs} {verb}, {} to clear with {}, aimed at {}",
            human::age(clear_s),
            load.workers,
            span(scaling.target)
        ),
        None => format!("{jobs} {verb}; how long one runs is not known yet, so one more at a time"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALING: Scaling = Scaling {
        min: 1,
        max: 8,
        target: Duration::from_secs(60),
        cool_down: Duration::from_secs(30),
    };

    fn load(workers: usize, busy: usize, waiting: u64, each_s: Option<f64>) -> Load {
        let work_s = if waiting == 0 { Some(0.0) } else { each_s.map(|s| s * waiting as f64) };
        Load { workers, busy, is_settled: true, waiting: Some(waiting), work_s }
    }

    /// The first decision of a scaler that has seen nothing.
    fn first(load: Load) -> Option<usize> {
        Some(Scaler::default().decide(&SCALING, &load, Instant::now())?.to)
    }

    #[test]
    fn decide_grows_to_what_is_needed_at_most_twofold_and_never_beyond_the_bounds() {
        for (workers, busy, waiting, each_s, expected) in [
            (1, 0, 10, Some(1.0), None),
            (1, 1, 60, Some(1.0), None),
            (1, 1, 61, Some(1.0), Some(2)),
            (1, 1, 1_000_000, Some(1.0), Some(2)),
            (3, 3, 240, Some(1.0), Some(4)),
            (4, 4, 10_000, Some(1.0), Some(8)),
            (8, 8, 10_000, Some(1.0), None),
            (6, 6, 10_000, Some(1.0), Some(8)),
            (2, 2, u64::MAX, Some(f64::MAX), Some(4)),
            // Without a run time, one at a time, and only if more wait than there are workers.
            (2, 2, 2, None, None),
            (2, 2, 3, None, Some(3)),
            (8, 8, 100, None, None),
        ] {
            let seen = first(load(workers, busy, waiting, each_s));
            assert_eq!(seen, expected, "{workers} {busy} {waiting} {each_s:?}");
        }
    }

    #[test]
    fn decide_waits_until_new_workers_have_come_and_knows_nothing_of_hidden_queues() {
        let starting = Load { is_settled: false, ..load(2, 2, 600, Some(1.0)) };
        assert_eq!(first(starting), None);
        assert_eq!(first(Load { waiting: None, work_s: None, ..starting }), None);
    }

    #[test]
    fn decide_without_a_run_time_grows_once_in_a_cool_down() {
        let (mut scaler, start) = (Scaler::default(), Instant::now());
        let mut to = |after: u64, workers| {
            let now = start + Duration::from_secs(after);
            Some(scaler.decide(&SCALING, &load(workers, workers, 50, None), now)?.to)
        };
        assert_eq!(
            [to(0, 1), to(5, 2), to(29, 2), to(30, 2), to(31, 3)],
            [Some(2), None, None, Some(3), None]
        );
    }

    #[test]
    fn decide_shrinks_after_a_calm_cool_down_to_the_most_that_was_needed() {
        let (mut scaler, start) = (Scaler::default(), Instant::now());
        let mut to = |after: u64, load: Load| {
            let now = start + Duration::from_secs(after);
            Some(scaler.decide(&SCALING, &load, now)?.to)
        };
        assert_eq!(to(0, load(8, 2, 0, None)), None);
        assert_eq!(to(10, load(8, 3, 0, None)), None);
        assert_eq!(to(20, load(8, 0, 0, None)), None);
        assert_eq!(to(30, load(8, 0, 0, None)), Some(3));
        // A burst in between begins the wait anew.
        assert_eq!(to(31, load(3, 0, 0, None)), None);
        assert_eq!(to(50, load(3, 3, 0, None)), None);
        assert_eq!(to(62, load(3, 0, 0, None)), None);
        assert_eq!(to(91, load(3, 0, 0, None)), None);
        assert_eq!(to(92, load(3, 0, 0, None)), Some(1));
        assert_eq!(to(200, load(1, 0, 0, None)), None);
    }

    #[test]
    fn decide_keeps_workers_with_long_jobs_though_nothing_waits() {
        let (mut scaler, start) = (Scaler::default(), Instant::now());
        for after in (0..600).step_by(5) {
            let now = start + Duration::from_secs(after);
            assert_eq!(scaler.decide(&SCALING, &load(4, 4, 0, Some(600.0)), now), None);
        }
    }

    #[test]
    fn decision_names_its_figures() {
        let decide = |load| Scaler::default().decide(&SCALING, &load, Instant::now()).unwrap().why;
        let known = decide(load(2, 2, 1_200, Some(0.5)));
        assert_eq!(known, "1,200 jobs wait, 5m 00s to clear with 2, aimed at 1m 00s");
        assert!(decide(load(2, 2, 9, None)).contains("not known yet"));
    }
}
