//! What channels are told: one event, as text and as JSON.
//!
//! Everything in it that came from Redis, a log or a configuration is sanitized and masked when it
//! is made, as it goes to places that jobctl does not know.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::expr::Judgement;
use super::rules::Rule;
use crate::human::{self, Zone};
use crate::model::health::Severity;
use crate::sanitize;
use crate::secrets::Secrets;

/// Numbers and findings that are told; of more, how many.
const MOST_TOLD: usize = 10;

/// Characters of one of them.
const LONGEST: usize = 300;

/// Something that channels are told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Event {
    /// Its form, for those who read it.
    pub(super) schema: String,
    /// Its name: the same for each attempt to tell it.
    pub(super) id: String,
    /// The rule.
    pub(super) alert: String,
    /// What happened to it.
    pub(super) state: Tell,
    /// How bad it is.
    pub(super) severity: Severity,
    /// When it fires.
    pub(super) condition: String,
    /// Words of the operator.
    pub(super) message: Option<String>,
    /// Since when it fires, or fired.
    pub(super) since: Timestamp,
    /// When it was seen.
    pub(super) at: Timestamp,
    /// What it was concluded from, a line each.
    pub(super) evidence: Vec<String>,
    /// Where.
    pub(super) place: Place,
    /// Earlier messages of this alert that this channel did not take.
    #[serde(default)]
    pub(super) skipped: u64,
}

/// What happened to an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tell {
    /// It began to fire.
    Firing,
    /// It still does.
    StillFiring,
    /// It is over.
    Resolved,
    /// Nothing: the channel is tried.
    Test,
}

impl Tell {
    /// The word of JSON and of variables.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::StillFiring => "still_firing",
            Self::Resolved => "resolved",
            Self::Test => "test",
        }
    }

    /// The word for people.
    pub(super) const fn headline(self) -> &'static str {
        match self {
            Self::Firing => "FIRING",
            Self::StillFiring => "STILL FIRING",
            Self::Resolved => "RESOLVED",
            Self::Test => "TEST",
        }
    }
}

/// Where something happened.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The host that jobctl runs on.
    pub(super) host: String,
    /// The bench directory.
    pub(super) bench: Option<String>,
    /// The Redis, without credentials.
    pub(super) redis: Option<String>,
    /// How `jobctl` is called to look there.
    pub(super) command: String,
}

impl Event {
    /// The event of a rule.
    pub(super) fn of(
        rule: &Rule,
        state: Tell,
        since: Timestamp,
        at: Timestamp,
        judgement: &Judgement,
        place: &Place,
        secrets: Secrets,
    ) -> Self {
        Self {
            schema: "jobctl.alert/1".to_owned(),
            id: format!("{}-{}-{}", rule.name, since.as_millisecond(), name_of(state, at)),
            alert: rule.name.clone(),
            state,
            severity: rule.severity,
            condition: rule.in_words(),
            message: rule.message.clone(),
            since,
            at,
            evidence: in_words(judgement, state, secrets),
            place: place.clone(),
            skipped: 0,
        }
    }

    /// A message that says that it is none.
    pub(super) fn test(channel: &str, at: Timestamp, place: &Place) -> Self {
        Self {
            schema: "jobctl.alert/1".to_owned(),
            id: format!("test-{channel}-{}", at.as_millisecond()),
            alert: "test".to_owned(),
            state: Tell::Test,
            severity: Severity::Info,
            condition: "none".to_owned(),
            message: Some("This is a test of the channel; nothing is wrong.".to_owned()),
            since: at,
            at,
            evidence: Vec::new(),
            place: place.clone(),
            skipped: 0,
        }
    }

    /// One line: `FIRING critical: redis on erp1`.
    pub(super) fn headline(&self) -> String {
        let severity = super::expr::severity_word(Some(self.severity));
        let (word, host) = (self.state.headline(), &self.place.host);
        match self.state {
            Tell::Test => format!("TEST: jobctl on {host}"),
            Tell::Resolved => format!("RESOLVED: {} on {host}", self.alert),
            Tell::Firing | Tell::StillFiring => {
                format!("{word} {severity}: {} on {host}", self.alert)
            }
        }
    }

    /// The rest, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(self.message.clone());
        lines.extend(self.evidence.iter().cloned());
        if self.state != Tell::Test {
            lines.push(format!("condition: {}", self.condition));
            let (since, at) =
                (human::time(self.since, &Zone::Utc), human::time(self.at, &Zone::Utc));
            lines.push(match self.state {
                Tell::Resolved => {
                    let lasted = human::age(self.at.duration_since(self.since).as_secs_f64());
                    format!("fired from {since} to {at}, {lasted}")
                }
                _ => format!("since {since}"),
            });
        }
        if self.skipped > 0 {
            let count = human::counted(self.skipped, "earlier message");
            lines.push(format!("{count} of this alert could not be sent here"));
        }
        let place = [&self.place.bench, &self.place.redis];
        let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
        if !place.is_empty() {
            lines.push(place.join(" · "));
        }
        if self.state != Tell::Test {
            lines.push(format!("look: {} doctor", self.place.command));
        }
        lines
    }
}

/// Repeated messages differ by their moment; the first and the last of a fire are one each.
fn name_of(state: Tell, at: Timestamp) -> String {
    match state {
        Tell::StillFiring => format!("{}-{}", state.word(), at.as_millisecond()),
        _ => state.word().to_owned(),
    }
}

/// What speaks for the condition; once it is over, what does not.
fn in_words(judgement: &Judgement, state: Tell, secrets: Secrets) -> Vec<String> {
    let wanted = state != Tell::Resolved;
    let told: Vec<_> =
        judgement.evidence.iter().filter(|evidence| evidence.holds() == wanted).collect();
    let mut lines: Vec<String> =
        told.iter().take(MOST_TOLD).map(|evidence| clean(&evidence.in_words(), secrets)).collect();
    if told.len() > MOST_TOLD {
        lines.push(format!("and {} more", told.len() - MOST_TOLD));
    }
    lines
}

/// A text from outside as it may be sent on: one bounded line, masked, without what a terminal
/// would obey.
pub(super) fn clean(text: &str, secrets: Secrets) -> String {
    let masked = secrets.text(text);
    let line = sanitize::line(&masked);
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line.into_owned(),
    }
}
