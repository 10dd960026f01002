//! When a sample is due, and what is told of the time between two.

use std::time::Duration;

use jiff::Timestamp;

use crate::human;

/// Seconds without a sample beyond what was meant, after which the time between is a gap.
pub(super) const LATE_S: f64 = 10.0;

/// Seconds by which the clock may be ahead of what has passed without a word.
const JUMP_S: f64 = 60.0;

/// Whether a sample is due: a little early rather than a look late, and when the clock went back.
pub(super) fn is_due(last: Option<Timestamp>, now: Timestamp, every: Duration) -> bool {
    let Some(last) = last else { return true };
    let since = now.duration_since(last).as_secs_f64();
    since < -1.0 || since + 0.25 >= every.as_secs_f64()
}

/// That the clock went back since the last sample, where it did.
pub(super) fn went_back(last: Timestamp, now: Timestamp) -> Option<String> {
    let seconds = last.duration_since(now).as_secs_f64();
    (seconds > LATE_S).then(|| format!("the clock went back by {}", human::age(seconds)))
}

/// Why nothing is known of a time: Redis was `missed`, or the clock was ahead of what had passed.
pub(super) fn why_missing(missed: Option<&str>, jumped_s: f64) -> String {
    match missed {
        Some(why) => format!("Redis could not be read: {why}"),
        None if jumped_s > JUMP_S => {
            let by = human::age(jumped_s);
            format!("the clock went {by} ahead, or the machine was stopped")
        }
        None => "nothing was recorded".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn time_between_two_samples_says_what_the_clock_did() {
        assert_eq!(went_back(at(172_800), at(0)).unwrap(), "the clock went back by 2d 0h");
        assert_eq!((went_back(at(100), at(100)), went_back(at(100), at(99))), (None, None));
        assert!(why_missing(None, 7_200.0).starts_with("the clock went 2h 00m ahead"));
        assert_eq!(why_missing(None, 59.0), "nothing was recorded");
        assert!(why_missing(Some("refused"), 7_200.0).ends_with(": refused"));
    }

    #[test]
    fn sample_is_due_after_its_time_and_when_the_clock_went_back() {
        let every = Duration::from_secs(30);
        assert!(is_due(None, at(0), every));
        assert!(!is_due(Some(at(100)), at(129), every));
        assert!(is_due(Some(at(100)), at(130), every));
        assert!(!is_due(Some(at(100)), at(100), every));
        assert!(is_due(Some(at(1_000)), at(100), every));
    }
}
