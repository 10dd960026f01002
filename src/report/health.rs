//! The report of `health`: one line, and what it was concluded from.

use jiff::Timestamp;
use serde::Serialize;

use super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use crate::error::Outcome;
use crate::model::health::{Finding, Severity, Verdict};

/// A diagnosis, passed through gates.
#[derive(Debug, Serialize)]
pub struct HealthReport {
    /// The verdict over all gates.
    pub verdict: Verdict,
    /// What is worst; where nothing is, the target in figures.
    pub message: String,
    /// The gates.
    pub checks: Vec<GateLine>,
    /// Figures for a monitoring system: totals first, then queue by queue.
    pub figures: Vec<Figure>,
    /// When it was measured, by the Redis clock.
    pub checked_at: Timestamp,
    /// Milliseconds that it took.
    pub took_ms: f64,
    /// Who was told, where somebody wants to be.
    pub ping: Option<PingLine>,
    /// Whether DEGRADED exits 1.
    #[serde(skip)]
    pub degraded_fails: bool,
    /// Whether the gates are listed for people.
    #[serde(skip)]
    pub verbose: bool,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// That the outcome was posted somewhere.
#[derive(Debug, Clone, Serialize)]
pub struct PingLine {
    /// Where, without what may be secret of it.
    pub url: String,
    /// Whether it was taken.
    pub sent: bool,
    /// What sort of fault kept it: `dns`, `refused`, `unreachable`, `tls`, `timeout`, `closed`,
    /// `status`, `redirect`, `protocol` or `other`.
    pub cause: Option<&'static str>,
    /// The same in words.
    pub error: Option<String>,
}

/// One gate.
#[derive(Debug, Serialize)]
pub struct GateLine {
    /// Its name.
    pub check: &'static str,
    /// Its verdict; `None` where none of its checks applies to the target, and where none that does
    /// could be made and it was not asked for by name.
    pub verdict: Option<Verdict>,
    /// The doctor's checks in it.
    pub cases: Vec<Case>,
}

/// One of the doctor's checks.
#[derive(Debug, Serialize)]
pub struct Case {
    /// Its name.
    pub check: &'static str,
    /// What came of it.
    #[serde(flatten)]
    pub state: CaseState,
}

/// What came of a check.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CaseState {
    /// It passed.
    Passed {
        /// What holds.
        summary: &'static str,
    },
    /// It found something.
    Found {
        /// What it found, worst first.
        findings: Vec<Finding>,
    },
    /// It could not be made.
    NotMade {
        /// What kept it from being made.
        why: String,
        /// Whether the verdict depends on it.
        essential: bool,
    },
}

impl CaseState {
    /// Whether it changes the verdict.
    pub fn is_fault(&self) -> bool {
        match self {
            Self::Passed { .. } => false,
            Self::Found { findings } => findings.iter().any(|f| f.severity > Severity::Info),
            Self::NotMade { essential, .. } => *essential,
        }
    }
}

impl Case {
    /// What it found.
    pub fn findings(&self) -> &[Finding] {
        match &self.state {
            CaseState::Found { findings } => findings,
            CaseState::Passed { .. } | CaseState::NotMade { .. } => &[],
        }
    }
}

/// A number for a monitoring system.
#[derive(Debug, Serialize)]
pub struct Figure {
    /// What it counts.
    pub name: String,
    /// The number.
    pub value: f64,
    /// `s`, or nothing for a count.
    pub unit: &'static str,
    /// From where on it is a warning.
    pub warning: Option<f64>,
    /// From where on it is critical.
    pub critical: Option<f64>,
}

impl Figure {
    /// A figure without bounds.
    pub fn new(name: String, value: f64, unit: &'static str) -> Self {
        Self { name, value, unit, warning: None, critical: None }
    }

    /// The same with the thresholds that apply to it.
    #[must_use]
    pub fn bounds(mut self, warning: f64, critical: f64) -> Self {
        (self.warning, self.critical) = (Some(warning), Some(critical));
        self
    }
}

/// How a verdict is coloured.
pub(super) const fn role_of(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Healthy => Role::Good,
        Verdict::Degraded | Verdict::Unknown => Role::Warn,
        Verdict::Unhealthy => Role::Bad,
    }
}

impl GateLine {
    /// What is worst in it, in a few words.
    fn words(&self) -> String {
        let faults: Vec<String> = self
            .cases
            .iter()
            .flat_map(|case| match &case.state {
                CaseState::Found { findings } => {
                    findings.iter().map(|finding| finding.summary.clone()).collect()
                }
                CaseState::NotMade { why, essential: true } => vec![why.clone()],
                CaseState::NotMade { .. } | CaseState::Passed { .. } => Vec::new(),
            })
            .collect();
        let passed = |case: &Case| matches!(case.state, CaseState::Passed { .. });
        let passed = self.cases.iter().filter(|case| passed(case)).count();
        let left = self.cases.iter().find_map(|case| match &case.state {
            CaseState::NotMade { why, .. } => Some(why.clone()),
            _ => None,
        });
        match (faults.split_first(), passed, left) {
            (Some((first, [])), ..) => first.clone(),
            (Some((first, more)), ..) => format!("{first} (+{} more)", more.len()),
            (None, 0, Some(why)) => format!("not made: {why}"),
            (None, 0, None) => "does not apply to this target".to_owned(),
            (None, 1, _) => "1 check passed".to_owned(),
            (None, passed, _) => format!("{passed} checks passed"),
        }
    }
}

impl Report for HealthReport {
    const SCHEMA: &'static str = "jobctl.health/1";
    const ITEMS: Option<&'static str> = Some("checks");
    const LAYOUT: Layout = Layout::Human;

    fn outcome(&self) -> Outcome {
        self.verdict.outcome(self.degraded_fails)
    }

    fn view(&self, view: &mut View) {
        view.push(Block::Headline {
            verdict: Cell::new(self.verdict.word(), role_of(self.verdict)),
            text: self.message.clone(),
            aside: String::new(),
        });
        if !self.verbose {
            return;
        }
        let columns =
            vec![Column::left("CHECK"), Column::left("VERDICT"), Column::left("WHY").wraps()];
        let mut table = Table::new(columns, "no checks");
        for line in &self.checks {
            let verdict = line.verdict.map_or_else(
                || Cell::new("-", Role::Dim),
                |verdict| Cell::new(verdict.word(), role_of(verdict)),
            );
            table.row(vec![line.check.into(), verdict, line.words().into()]);
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
