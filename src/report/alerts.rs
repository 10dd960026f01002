//! Reports of `alerts`: how the rules stand, and how the channels answer.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Report, Role, Table, View};
use crate::error::Outcome;
use crate::human;
use crate::model::health::Severity;

/// How the rules stand.
#[derive(Debug, Serialize)]
pub struct AlertsReport {
    /// The rules, those that fire first.
    pub alerts: Vec<AlertRow>,
    /// How many fire.
    pub firing: usize,
    /// How many could not be judged.
    pub unknown: usize,
    /// When it was measured, by the Redis clock.
    pub checked_at: Timestamp,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A rule.
#[derive(Debug, Serialize)]
pub struct AlertRow {
    /// Its name.
    pub alert: String,
    /// How it stands.
    pub state: AlertState,
    /// How bad it is.
    pub severity: Severity,
    /// When it fires.
    pub condition: String,
    /// The number of its first comparison that decides; `null` for checks and where nothing is
    /// known.
    pub value: Option<f64>,
    /// What the number measures: `s`, `bytes`, `ratio`, `per_hour`, or nothing for a count.
    pub unit: Option<&'static str>,
    /// What decides, in few words.
    #[serde(skip)]
    pub brief: String,
    /// What it was concluded from, in words.
    pub evidence: Vec<String>,
    /// Why it is unknown.
    pub why: Option<String>,
    /// Seconds that the condition must hold before `alerts run` tells it.
    pub for_s: f64,
    /// Who is told.
    pub channels: Vec<String>,
    /// Whether it holds without settings.
    pub shipped: bool,
}

/// How a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertState {
    /// Its condition holds.
    Firing,
    /// It could not be told.
    Unknown,
    /// Its condition does not hold.
    Ok,
    /// The target has no such thing.
    NotApplicable,
    /// It is switched off.
    Disabled,
}

impl AlertState {
    const fn cell(self, severity: Severity) -> (&'static str, Role) {
        match (self, severity) {
            (Self::Firing, Severity::Critical) => ("FIRING", Role::Bad),
            (Self::Firing, _) => ("FIRING", Role::Warn),
            (Self::Unknown, _) => ("unknown", Role::Warn),
            (Self::Ok, _) => ("ok", Role::Good),
            (Self::NotApplicable, _) => ("n/a", Role::Dim),
            (Self::Disabled, _) => ("disabled", Role::Dim),
        }
    }
}

impl Report for AlertsReport {
    const SCHEMA: &'static str = "jobctl.alerts/1";
    const ITEMS: Option<&'static str> = Some("alerts");

    fn outcome(&self) -> Outcome {
        match (self.firing, self.unknown) {
            (1.., _) => Outcome::No,
            (0, 1..) => Outcome::Unknown,
            (0, 0) => Outcome::Done,
        }
    }

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("ALERT"),
            Column::left("STATE"),
            Column::left("SEVERITY").wide(),
            Column::left("VALUE").wraps(),
            Column::left("CONDITION").wraps(),
            Column::right("FOR").wide(),
            Column::left("CHANNELS").wide(),
        ];
        let mut table = Table::new(columns, "no alerts");
        for row in &self.alerts {
            let (word, role) = row.state.cell(row.severity);
            let value = match (&row.why, row.evidence.len()) {
                (Some(why), _) => Cell::new(why.clone(), Role::Dim),
                (None, 0) => Cell::new("-", Role::Dim),
                (None, 1) => row.brief.clone().into(),
                (None, count) => format!("{} (+{} more)", row.brief, count - 1).into(),
            };
            table.row(vec![
                row.alert.clone().into(),
                Cell::new(word, role),
                row.severity.word().into(),
                value.in_one_line(),
                row.condition.clone().into(),
                human::age(row.for_s).into(),
                row.channels.join(",").into(),
            ]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// How the channels answered to a test.
#[derive(Debug, Serialize)]
pub struct ChannelsReport {
    /// The channels that were tried.
    pub channels: Vec<ChannelRow>,
    /// What must be known.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// A channel that was tried.
#[derive(Debug, Serialize)]
pub struct ChannelRow {
    /// Its name.
    pub channel: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Whether it took the message.
    pub sent: bool,
    /// Why it did not, or what was not quite as it should be.
    pub why: Option<String>,
    /// Milliseconds that it took.
    pub took_ms: u64,
}

impl Report for ChannelsReport {
    const SCHEMA: &'static str = "jobctl.alert_channels/1";
    const ITEMS: Option<&'static str> = Some("channels");

    fn outcome(&self) -> Outcome {
        if self.channels.iter().all(|row| row.sent) { Outcome::Done } else { Outcome::No }
    }

    fn view(&self, view: &mut View) {
        let columns = vec![
            Column::left("CHANNEL"),
            Column::left("TYPE"),
            Column::left("OUTCOME"),
            Column::right("TIME"),
            Column::left("WHY").wraps(),
        ];
        let mut table = Table::new(columns, "no channels");
        for row in &self.channels {
            let outcome = if row.sent {
                Cell::new("sent", Role::Good)
            } else {
                Cell::new("failed", Role::Bad)
            };
            table.row(vec![
                row.channel.clone().into(),
                row.kind.into(),
                outcome,
                human::duration_ms(row.took_ms).into(),
                Cell::from(row.why.clone().unwrap_or_default()).in_one_line(),
            ]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
