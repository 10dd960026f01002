//! Findings and the verdict over them.

use serde::{Deserialize, Serialize};

use crate::error::Outcome;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never changes the verdict.
    Info,
    /// Not as it should be, jobs still run.
    Warning,
    /// Jobs do not run, or will be lost.
    Critical,
}

impl Severity {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// The one word over all findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Nothing to do.
    Healthy,
    /// At least one warning.
    Degraded,
    /// At least one critical finding.
    Unhealthy,
    /// Something essential could not be measured, and nothing worse was found.
    Unknown,
}

impl Verdict {
    /// Concludes from findings and whether everything essential was measured.
    pub fn of(severities: impl IntoIterator<Item = Severity>, essential_measured: bool) -> Self {
        match severities.into_iter().max() {
            Some(Severity::Critical) => Self::Unhealthy,
            _ if !essential_measured => Self::Unknown,
            Some(Severity::Warning) => Self::Degraded,
            _ => Self::Healthy,
        }
    }

    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Degraded => "DEGRADED",
            Self::Unhealthy => "UNHEALTHY",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The outcome, where DEGRADED counts as well when only UNHEALTHY is to fail.
    pub const fn outcome(self, degraded_fails: bool) -> Outcome {
        match self {
            Self::Degraded if degraded_fails => Outcome::No,
            Self::Healthy | Self::Degraded => Outcome::Done,
            Self::Unhealthy => Outcome::Unhealthy,
            Self::Unknown => Outcome::Unknown,
        }
    }
}

/// Something worth telling: what, what it was concluded from, and what to type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check that found it.
    pub check: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// One sentence.
    pub summary: String,
    /// What it was concluded from, a line each.
    pub evidence: Vec<String>,
    /// Commands to paste, a line each.
    pub fix: Vec<String>,
    /// The figure beside the sentence, such as an age.
    #[serde(skip)]
    pub figure: Option<String>,
}

impl Finding {
    /// A finding without evidence yet.
    pub fn new(check: &'static str, severity: Severity, summary: impl Into<String>) -> Self {
        let (evidence, fix) = (Vec::new(), Vec::new());
        Self { check, severity, summary: summary.into(), evidence, fix, figure: None }
    }

    /// Adds a line of evidence.
    #[must_use]
    pub fn because(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// Adds a command to paste.
    #[must_use]
    pub fn fix(mut self, command: impl Into<String>) -> Self {
        self.fix.push(command.into());
        self
    }

    /// Sets the figure beside the sentence, where there is one.
    #[must_use]
    pub fn figure_opt(mut self, figure: Option<String>) -> Self {
        self.figure = figure;
        self
    }

    /// Sets the figure beside the sentence.
    #[must_use]
    pub fn figure(mut self, figure: impl Into<String>) -> Self {
        self.figure = Some(figure.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_of_findings_takes_the_worst() {
        assert_eq!(Verdict::of([], true), Verdict::Healthy);
        assert_eq!(Verdict::of([Severity::Info], true), Verdict::Healthy);
        assert_eq!(Verdict::of([Severity::Info, Severity::Warning], true), Verdict::Degraded);
        assert_eq!(Verdict::of([Severity::Warning, Severity::Critical], false), Verdict::Unhealthy);
        assert_eq!(Verdict::of([Severity::Warning], false), Verdict::Unknown);
        assert_eq!(Verdict::of([], false), Verdict::Unknown);
    }

    #[test]
    fn verdict_fail_on_unhealthy_lets_degraded_pass_but_not_unknown() {
        assert_eq!(Verdict::Degraded.outcome(false).exit_code(), 0);
        assert_eq!(Verdict::Degraded.outcome(true).exit_code(), 1);
        assert_eq!(Verdict::Unknown.outcome(false).exit_code(), 3);
        assert_eq!(Verdict::Unhealthy.outcome(true).exit_code(), 2);
    }
}
