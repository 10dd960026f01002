//! What time it is while the wall clock is set: the wall clock beside one that nobody sets.
//!
//! A machine that was paused, a time server that answers late, a wrong battery clock: the wall clock
//! jumps, and what is kept or counted by it must neither vanish nor stop. So the time is reckoned on
//! by what has passed, and a wall clock that says something else is believed only once it has said so
//! for [`BELIEVED_AFTER`].

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::clock::Steady;

/// For how long a wall clock must stay apart until it is believed.
pub const BELIEVED_AFTER: Duration = Duration::from_secs(48 * 60 * 60);

/// By how much the wall clock may differ from what has passed: it is set a little all the time.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(60);

/// What is taken to have passed at most where no clock tells, as after a restart of the machine.
const UNSURE: Duration = Duration::from_secs(600);

/// The time as it is reckoned on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoning {
    time: Timestamp,
    /// For how long the wall clock has been somewhere else.
    apart_for: Duration,
    steady: Steady,
    /// Whether the last look believed what it had not before.
    leapt: bool,
}

impl Reckoning {
    /// Begins with a wall clock that is believed.
    pub fn begin(wall: Timestamp, steady: Steady) -> Self {
        Self { time: wall, apart_for: Duration::ZERO, steady, leapt: false }
    }

    /// Goes on from a time that was right when no steady clock was noted.
    pub fn since(time: Timestamp) -> Self {
        Self::begin(time, Steady::unknown())
    }

    /// Reads what [`Self::to_text`] wrote; `None` for anything else.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let (time, apart) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let steady = Steady::from_words(words.next()?, words.next()?)?;
        Some(Self { apart_for: Duration::from_millis(apart), ..Self::begin(time, steady) })
    }

    /// The same for a later process.
    pub fn to_text(&self) -> String {
        format!("{} {} {}", self.time, self.apart_for.as_millis(), self.steady)
    }

    /// The time as it was reckoned last.
    pub const fn time(&self) -> Timestamp {
        self.time
    }

    /// Reckons on to now.
    pub fn look(&mut self, wall: Timestamp, steady: Steady) -> Timestamp {
        let passed = steady.since(&self.steady);
        (self.steady, self.leapt) = (steady, false);
        let time = match passed {
            Some(passed) => self.time.checked_add(passed).unwrap_or(wall),
            // Between the two there may have been anything.
            None => wall.min(self.time.checked_add(UNSURE).unwrap_or(wall)).max(self.time),
        };
        let is_near = wall.duration_since(time).abs() <= TOLERANCE;
        self.apart_for =
            if is_near { Duration::ZERO } else { self.apart_for + passed.unwrap_or(UNSURE) };
        self.time = if is_near { wall } else { time };
        if self.apart_for >= BELIEVED_AFTER {
            self.believe(wall);
        }
        self.time
    }

    /// Takes the wall clock for right.
    pub fn believe(&mut self, wall: Timestamp) {
        (self.time, self.apart_for, self.leapt) = (wall, Duration::ZERO, true);
    }

    /// Whether the wall clock was believed just now, wherever it leapt to.
    pub const fn has_leapt(&self) -> bool {
        self.leapt
    }

    /// Whether the wall clock says something else at present.
    pub const fn is_apart(&self) -> bool {
        !self.apart_for.is_zero()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn steady(second: i64) -> Steady {
        Steady::of("boot", Duration::from_secs(second.try_into().unwrap()))
    }

    #[test]
    fn reckoning_follows_a_clock_that_is_right() {
        let mut reckoning = Reckoning::begin(at(0), steady(7));
        for second in [5, 5, 3_000, 100 * HOUR] {
            assert_eq!(reckoning.look(at(second), steady(7 + second)), at(second));
            assert!(!reckoning.is_apart());
        }
    }

    #[test]
    fn reckoning_goes_on_through_jumps_in_both_directions() {
        for jump in [3 * 365 * 24 * HOUR, 2 * HOUR, -2 * HOUR, -40 * 365 * 24 * HOUR] {
            let mut reckoning = Reckoning::begin(at(0), steady(0));
            for second in [30, 60, HOUR, 47 * HOUR] {
                assert_eq!(reckoning.look(at(second + jump), steady(second)), at(second), "{jump}");
            }
            // What is right again is believed at once.
            let mut mended = reckoning.clone();
            assert_eq!(mended.look(at(47 * HOUR + 9), steady(47 * HOUR + 9)), at(47 * HOUR + 9));
            assert!(!mended.is_apart());
            // What stays is believed in the end.
            let late = 49 * HOUR;
            assert_eq!(reckoning.look(at(late + jump), steady(late)), at(late + jump), "{jump}");
        }
    }

    #[test]
    fn reckoning_survives_a_process_and_believes_no_more_than_minutes_of_a_restart() {
        let mut first = Reckoning::begin(at(0), steady(0));
        first.look(at(60), steady(60));
        let text = first.to_text();
        let mut again = Reckoning::from_text(&text).unwrap();
        assert_eq!(again, first, "{text}");
        assert_eq!(again.look(at(999 * HOUR), steady(120)), at(120));
        let mut rebooted = Reckoning::from_text(&text).unwrap();
        let other = |second| Steady::of("other", Duration::from_secs(second));
        assert_eq!(rebooted.look(at(999 * HOUR), other(5)), at(660));
        assert_eq!(rebooted.look(at(999 * HOUR + 30), other(35)), at(690));
        // A restart that took five minutes is nothing to wonder about.
        let mut short = Reckoning::from_text(&text).unwrap();
        assert_eq!(short.look(at(360), other(5)), at(360));
        for text in ["", "x 1 b 2", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z 1 b x"] {
            assert_eq!(Reckoning::from_text(text), None, "{text}");
        }
    }
}
