//! Jobs that ended, counted by queue and time, for windows longer than RQ keeps finished jobs.
//!
//! What ended within the last half minute is read anew at each look, as clocks of hosts differ and
//! entries come late; what is older is counted once and remembered.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ops::doctor::Ends;

/// How long an end may still turn up, seconds.
const SETTLED_S: i64 = 30;

/// Slices of a window: more are put together.
const SLICES: u64 = 120;

/// Queues that are remembered.
const MOST_QUEUES: usize = 500;

/// What ended, by queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Remembered {
    queues: BTreeMap<String, Vec<Slice>>,
}

/// What ended within a time: after `from`, up to `to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Slice {
    from: Timestamp,
    to: Timestamp,
    failed: u64,
    finished: u64,
}

impl Remembered {
    /// Counts what has settled of `ends` since the last look, and forgets what is older than
    /// `longest_s`.
    pub(super) fn look(&mut self, queue: &str, ends: &Ends, at: Timestamp, longest_s: u64) {
        if !self.queues.contains_key(queue) && self.queues.len() >= MOST_QUEUES {
            return;
        }
        let slices = self.queues.entry(queue.to_owned()).or_default();
        let to = before(at, SETTLED_S as f64);
        // Of what ended before the newest ends that were read, only some may be known.
        let known = before(at, ends.reach_s.min(longest_s as f64));
        let from = slices.last().map_or(known, |last| last.to.max(known));
        if from >= to {
            return;
        }
        let (until, since) = (SETTLED_S as f64, at.duration_since(from).as_secs_f64());
        let (all, new) = (ends.within(since), ends.within(until));
        let slice = Slice {
            from,
            to,
            failed: all.0.saturating_sub(new.0),
            finished: all.1.saturating_sub(new.1),
        };
        let least = SignedDuration::from_secs(i64::try_from(longest_s / SLICES).unwrap_or(0));
        match slices.last_mut() {
            Some(last) if last.to == from && to.duration_since(last.from) <= least => {
                last.to = to;
                last.failed += slice.failed;
                last.finished += slice.finished;
            }
            _ => slices.push(slice),
        }
        let oldest = before(at, longest_s as f64);
        slices.retain(|slice| slice.to > oldest);
    }

    /// Drops queues of which nothing is remembered any more, for a state that stays small.
    pub(super) fn forget_empty(&mut self) {
        self.queues.retain(|_, slices| !slices.is_empty());
    }

    /// Failures and successes within the last `window_s` seconds: what `ends` tells, and before
    /// that what is remembered.
    pub(super) fn within(
        &self,
        queue: &str,
        ends: &Ends,
        at: Timestamp,
        window_s: u64,
    ) -> (u64, u64) {
        if ends.reach_s >= window_s as f64 {
            return ends.within(window_s as f64);
        }
        let slices = self.queues.get(queue).map(Vec::as_slice).unwrap_or_default();
        let Some(last) = slices.last() else { return ends.within(ends.reach_s) };
        let begin = before(at, window_s as f64);
        let since = at.duration_since(last.to).as_secs_f64().clamp(0.0, ends.reach_s);
        let (mut failed, mut finished) = ends.within(since);
        for slice in slices.iter().filter(|slice| slice.from >= begin) {
            failed += slice.failed;
            finished += slice.finished;
        }
        (failed, finished)
    }
}

/// A moment some seconds earlier; the server's clock may show anything.
fn before(at: Timestamp, seconds: f64) -> Timestamp {
    let time = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
    at.checked_sub(time).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// What a look at `now` finds of failures at `failed` and successes at `finished`, of which RQ
    /// keeps `kept` seconds.
    fn seen(now: i64, failed: &[i64], finished: &[i64], kept: i64) -> Ends {
        let ages = |ended: &[i64]| {
            let ages = ended.iter().map(|end| now - end);
            ages.filter(|age| (0..=kept).contains(age)).map(|age| age as f64).collect()
        };
        Ends { failed: ages(failed), finished: ages(finished), reach_s: kept as f64 }
    }

    #[test]
    fn ends_are_counted_once_however_often_they_are_seen() {
        let (failed, finished) = (vec![1, 100, 900], (0..100).map(|n| n * 10).collect::<Vec<_>>());
        let mut remembered = Remembered::default();
        let mut now = 0;
        while now <= 1_500 {
            let ends = seen(now, &failed, &finished, 500);
            remembered.look("q", &ends, at(now), 3_600);
            now += 7;
        }
        let ends = seen(1_500, &failed, &finished, 500);
        assert_eq!(ends.within(3_600.0), (0, 0));
        let whole = remembered.within("q", &ends, at(1_500), 3_600);
        assert_eq!(whole, (3, 100));
        // A slice that began before the window is left out as a whole: 30 s of 3600.
        let (failed, finished) = remembered.within("q", &ends, at(1_500), 700);
        assert_eq!(failed, 1);
        assert!((14..=20).contains(&finished), "{finished}");
    }

    #[test]
    fn gap_between_looks_is_not_made_up() {
        let mut remembered = Remembered::default();
        let finished: Vec<i64> = (0..2_000).collect();
        remembered.look("q", &seen(600, &[], &finished, 500), at(600), 7_200);
        remembered.look("q", &seen(1_800, &[], &finished, 500), at(1_800), 7_200);
        let ends = seen(1_800, &[], &finished, 500);
        let (_, known) = remembered.within("q", &ends, at(1_800), 7_200);
        // 100 to 570, 1,300 to 1,770 and the last 30 seconds.
        assert!((960..=980).contains(&known), "{known}");
    }

    #[test]
    fn clock_at_the_end_of_time_is_survived() {
        for at in [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
            let mut remembered = Remembered::default();
            let ends = Ends { failed: vec![1.0], finished: vec![40.0], reach_s: f64::INFINITY };
            remembered.look("q", &ends, at, 86_400);
            remembered.look("q", &ends, Timestamp::UNIX_EPOCH, 86_400);
            assert_eq!(remembered.within("q", &ends, at, 86_400), (1, 1));
        }
    }

    #[test]
    fn memory_of_a_day_stays_small() {
        let mut remembered = Remembered::default();
        for look in 0..5_000 {
            let now = look * 30;
            remembered.look("q", &seen(now, &[], &[now - 10], 500), at(now), 86_400);
        }
        let slices = &remembered.queues["q"];
        assert!(slices.len() <= 130, "{}", slices.len());
        assert!(slices[0].to > at(5_000 * 30 - 86_500));
    }

    #[test]
    fn queues_without_end_are_not_remembered_without_end() {
        let mut remembered = Remembered::default();
        for number in 0..2_000 {
            remembered.look(&format!("q{number}"), &seen(900, &[], &[1], 900), at(900), 3_600);
        }
        assert_eq!(remembered.queues.len(), MOST_QUEUES);
        let mut later = Remembered::default();
        later.queues.insert("q".to_owned(), Vec::new());
        later.forget_empty();
        assert!(later.queues.is_empty());
    }
}
