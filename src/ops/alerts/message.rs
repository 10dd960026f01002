//! What channels are told: one event, as text and as JSON.
//!
//! Everything in it that came from Redis, a log or a configuration is sanitized and masked when it
//! is made, as it goes to places that jobctl does not know.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::expr::{Evidence, Judgement};
use super::readings::View;
use super::rules::Rule;
use super::standing::Told;
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
    /// What it is concluded from, a line each; once it is over, how that stands now.
    pub(super) evidence: Vec<String>,
    /// Once it is over: what it fired for, a line each.
    #[serde(default)]
    pub(super) was: Vec<String>,
    /// Once it is over: seconds that it fired.
    #[serde(default)]
    pub(super) lasted_s: Option<f64>,
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
    /// The event of a rule; `evidence` is what it is concluded from.
    pub(super) fn of(
        rule: &Rule,
        told: Told,
        at: Timestamp,
        evidence: Vec<String>,
        place: &Place,
    ) -> Self {
        let Told { tell: state, since, was } = told;
        let is_over = state == Tell::Resolved;
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
            evidence,
            was: was.into_iter().map(|subject| subject.words).collect(),
            lasted_s: is_over.then(|| at.duration_since(since).as_secs_f64().max(0.0)),
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
            was: Vec::new(),
            lasted_s: None,
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
        if self.state == Tell::Resolved {
            lines.extend(self.was.iter().map(|line| format!("was: {line}")));
            lines.extend(self.evidence.iter().map(|line| format!("now: {line}")));
        } else {
            lines.extend(self.evidence.iter().cloned());
        }
        if self.state != Tell::Test {
            lines.push(format!("condition: {}", self.condition));
            let (since, at) =
                (human::time(self.since, &Zone::Utc), human::time(self.at, &Zone::Utc));
            lines.push(match self.lasted_s {
                Some(lasted) => format!("fired from {since} to {at}, {}", human::age(lasted)),
                None => format!("since {since}"),
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

/// Something that an alert fires for, by which it is found again once that is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Subject {
    /// The quantity or the check; `None` for a sum of several subjects.
    name: Option<String>,
    labels: Vec<(String, String)>,
    words: String,
}

impl Subject {
    /// What speaks for a condition that holds.
    pub(super) fn all(judgement: &Judgement, secrets: Secrets) -> Vec<Self> {
        let holding = || judgement.evidence.iter().filter(|evidence| evidence.holds());
        let mut all: Vec<Self> =
            holding().take(MOST_TOLD).map(|evidence| Self::of(evidence, secrets)).collect();
        let more = holding().count().saturating_sub(MOST_TOLD);
        if more > 0 {
            let words = format!("and {more} more");
            all.push(Self { name: None, labels: Vec::new(), words });
        }
        all
    }

    fn of(evidence: &Evidence, secrets: Secrets) -> Self {
        let (name, labels) = identity(evidence);
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Self {
            name: Some(name.to_owned()),
            labels: labels.collect(),
            words: clean(&evidence.in_words(), secrets),
        }
    }

    /// Its words.
    pub(super) fn words(&self) -> &str {
        &self.words
    }

    fn is_of(&self, evidence: &Evidence) -> bool {
        let (name, labels) = identity(evidence);
        let same = |(mine, other): (&(String, String), &(&str, String))| {
            (mine.0.as_str(), &mine.1) == (other.0, &other.1)
        };
        self.name.as_deref() == Some(name)
            && self.labels.len() == labels.len()
            && self.labels.iter().zip(labels).all(same)
    }

    /// Whether it is this quantity of what a label names, or stands for several of these.
    pub(super) fn may_be(&self, quantity: &str, label: &str, value: &str) -> bool {
        let is_it = |(name, of): &(String, String)| name == label && of == value;
        self.name.as_ref().is_none_or(|name| name.contains(quantity))
            && (self.labels.is_empty() || self.labels.iter().any(is_it))
    }

    /// How it stands now that it is over, a line each.
    fn now(&self, asked: &[Evidence], view: &View<'_>) -> Vec<String> {
        let Some(name) = &self.name else { return Vec::new() };
        let known: Vec<String> =
            asked.iter().filter(|evidence| self.is_of(evidence)).map(Evidence::in_words).collect();
        if !known.is_empty() {
            return known;
        }
        let gone = self.labels.iter().find(|(label, value)| view.is_gone(label, value));
        if let Some((label, value)) = gone {
            return vec![gone_in_words(label, value)];
        }
        let labels = self.labels.iter().map(|(label, value)| format!(" {label}={value}"));
        vec![format!("{name}{}: nothing to measure any more", labels.collect::<String>())]
    }
}

/// By what evidence of one look is found again in another.
fn identity(evidence: &Evidence) -> (&str, &[(&'static str, String)]) {
    match evidence {
        Evidence::Number { name, labels, .. } => (name, labels),
        Evidence::Finding { check, .. } => (check, &[]),
    }
}

/// That something is no more.
fn gone_in_words(label: &str, value: &str) -> String {
    match label {
        "job" => format!("job `{value}` runs no more"),
        "pid" => format!("process {value} has ended"),
        label => format!("{label} `{value}` is gone"),
    }
}

/// How that stands now which an alert fired for, a line each; where that is not known, why the
/// condition holds no more.
pub(super) fn how_it_ended(
    rule: &Rule,
    was: &[Subject],
    judgement: &Judgement,
    view: &View<'_>,
    secrets: Secrets,
) -> Vec<String> {
    let asked = rule.condition.asked(view, rule.window_s);
    let mut lines: Vec<String> = Vec::new();
    let found = was.iter().flat_map(|subject| subject.now(&asked, view));
    let others = judgement.evidence.iter().filter(|evidence| !evidence.holds());
    let others =
        others.map(Evidence::in_words).chain(judgement.lacks.iter().map(|l| l.why.clone()));
    for line in found.map(|line| clean(&line, secrets)) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    if lines.is_empty() {
        lines.extend(others.map(|line| clean(&line, secrets)));
    }
    lines.truncate(MOST_TOLD);
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
