//! How a rule stands from one look to the next, and what is told of it. No clock, no files.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::expr::Truth;
use super::message::{Subject, Tell};
use super::rules::Rule;

/// How a rule stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// Since when the condition holds.
    pub(super) holds_since: Option<Timestamp>,
    /// Since when it fires.
    pub(super) fires_since: Option<Timestamp>,
    /// When it was told last.
    told_at: Option<Timestamp>,
    /// What it was told to fire for.
    #[serde(default)]
    was: Vec<Subject>,
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// What happened.
    pub(super) tell: Tell,
    /// Since when it fires, or fired.
    pub(super) since: Timestamp,
    /// What it fired for, once it is over.
    pub(super) was: Vec<Subject>,
}

impl Standing {
    /// What it fires for, if it does.
    pub(super) fn fires_for(&self) -> &[Subject] {
        if self.fires_since.is_some() { &self.was } else { &[] }
    }

    /// Takes in what the condition came to, and what it holds for; gives what is to be told.
    ///
    /// What is not known fires nothing and resolves nothing.
    pub(super) fn step(
        &mut self,
        rule: &Rule,
        truth: Truth,
        holds_for: &[Subject],
        now: Timestamp,
    ) -> Option<Told> {
        // Of a clock that was set back since: what it says of the future would silence the rule.
        for at in [&mut self.holds_since, &mut self.fires_since, &mut self.told_at] {
            *at = at.map(|at| at.min(now));
        }
        match truth {
            Truth::Unknown => None,
            Truth::False => {
                let Self { fires_since, was, .. } = std::mem::take(self);
                fires_since.map(|since| Told { tell: Tell::Resolved, since, was })
            }
            Truth::True => {
                let since = *self.holds_since.get_or_insert(now);
                if let Some(fired) = self.fires_since {
                    let again = rule.repeat.is_some_and(|repeat| {
                        self.told_at.is_none_or(|told| passed(told, now) >= repeat)
                    });
                    return again.then(|| self.told(Tell::StillFiring, fired, holds_for, now));
                }
                if passed(since, now) < rule.hold {
                    return None;
                }
                self.fires_since = Some(now);
                Some(self.told(Tell::Firing, now, holds_for, now))
            }
        }
    }

    /// Notes what is told, to be told again as what it was.
    fn told(
        &mut self,
        tell: Tell,
        since: Timestamp,
        holds_for: &[Subject],
        now: Timestamp,
    ) -> Told {
        self.told_at = Some(now);
        self.was = holds_for.to_vec();
        Told { tell, since, was: Vec::new() }
    }
}

/// The time between two moments; none where the clock was set back.
fn passed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::alerts::AlertFile;

    /// What is told at each look: `T`rue, `F`alse, `?` unknown, one every ten seconds.
    fn told(hold: u64, repeat: Option<u64>, looks: &str) -> Vec<(u32, &'static str)> {
        let rules = super::super::rules::rules(&AlertFile::default()).unwrap();
        let rule = Rule {
            hold: Duration::from_secs(hold),
            repeat: repeat.map(Duration::from_secs),
            ..rules[0].clone()
        };
        let mut standing = Standing::default();
        let mut told = Vec::new();
        for (at, look) in (0_u32..).zip(looks.chars()) {
            let now = Timestamp::from_second(1_800_000_000 + 10 * i64::from(at)).unwrap();
            let truth = match look {
                'T' => Truth::True,
                'F' => Truth::False,
                _ => Truth::Unknown,
            };
            // A restart between any two looks changes nothing.
            let text = serde_json::to_string(&standing).unwrap();
            standing = serde_json::from_str(&text).unwrap();
            let step = standing.step(&rule, truth, &[], now);
            told.extend(step.map(|told| (at, told.tell.word())));
        }
        told
    }

    #[test]
    fn rule_fires_once_and_resolves_once() {
        assert_eq!(
            told(0, None, "FTTTTFFTF"),
            [(1, "firing"), (5, "resolved"), (7, "firing"), (8, "resolved")]
        );
    }

    #[test]
    fn rule_fires_in_time_though_the_clock_was_set_back() {
        let rules = super::super::rules::rules(&AlertFile::default()).unwrap();
        let rule = Rule { hold: Duration::from_secs(20), ..rules[0].clone() };
        let at = |s: i64| Timestamp::from_second(1_800_000_000 + s).unwrap();
        let mut standing = Standing::default();
        let mut step =
            |s| standing.step(&rule, Truth::True, &[], at(s)).map(|told| told.tell.word());
        assert_eq!([step(3_600), step(0), step(10), step(20)], [None, None, None, Some("firing")]);
    }

    #[test]
    fn unknown_fires_nothing_and_resolves_nothing() {
        assert_eq!(told(0, None, "??T??T?F??"), [(2, "firing"), (7, "resolved")]);
    }

    #[test]
    fn rule_that_must_hold_for_a_time_is_silent_before_and_afterwards() {
        assert_eq!(told(20, None, "TTFTTTF"), [(5, "firing"), (6, "resolved")]);
        assert_eq!(told(20, None, "TTFTTF"), []);
    }

    #[test]
    fn rule_is_told_again_only_where_it_says_so() {
        assert_eq!(
            told(0, Some(25), "TTTTTTTF"),
            [(0, "firing"), (3, "still_firing"), (6, "still_firing"), (7, "resolved")]
        );
    }
}
