//! A health report for a GitHub workflow: annotations, and the summary on the run's page.
//!
//! Source: GitHub, "Workflow commands for GitHub Actions". A runner obeys every line that begins
//! with `::`, so nothing from outside may begin one: line breaks are sent as `%0A`.

use std::fmt::Write as _;

use crate::model::health::{Finding, Severity, Verdict};
use crate::report::health::{Case, CaseState, HealthReport};
use crate::sanitize;

/// Annotations that a step may have; GitHub drops more.
const MOST: usize = 10;

/// A line for people, then an annotation for each finding, worst first.
pub fn annotations(report: &HealthReport) -> String {
    let message = sanitize::line(&report.message);
    let mut out = format!("{}  {message}\n", report.verdict.word());
    for (level, title, text) in notable(report).into_iter().take(MOST) {
        let _ = writeln!(out, "::{level} title={}::{}", property(&title), data(&text));
    }
    out
}

/// The summary, as Markdown.
pub fn summary(report: &HealthReport) -> String {
    let sign = match report.verdict {
        Verdict::Healthy => "✅",
        Verdict::Degraded => "⚠️",
        Verdict::Unhealthy => "❌",
        Verdict::Unknown => "❔",
    };
    let mut out =
        format!("### {sign} {}\n\n{}\n", report.verdict.word(), markdown(&report.message));
    let rows = notable(report);
    if !rows.is_empty() {
        out.push_str("\n| | Check | What |\n|---|---|---|\n");
    }
    for (level, check, text) in rows {
        let _ = writeln!(out, "| {level} | {} | {} |", markdown(&check), markdown(&text));
    }
    out.push('\n');
    out
}

/// What is worth an annotation: level, check, text; worst first.
fn notable(report: &HealthReport) -> Vec<(&'static str, String, String)> {
    let cases = || report.checks.iter().flat_map(|line| &line.cases);
    let mut findings: Vec<&Finding> = cases().flat_map(Case::findings).collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let unmeasured = cases().filter_map(|case| match &case.state {
        CaseState::NotMade { why, essential: true } => {
            Some(("error", case.check.to_owned(), format!("could not be checked: {why}")))
        }
        _ => None,
    });
    let found = findings.into_iter().filter_map(|finding| {
        let level = match finding.severity {
            Severity::Critical => "error",
            Severity::Warning => "warning",
            Severity::Info => return None,
        };
        let mut lines = vec![finding.summary.clone()];
        lines.extend(finding.evidence.iter().cloned());
        lines.extend(finding.fix.iter().map(|command| format!("→ {command}")));
        Some((level, finding.check.to_owned(), lines.join("\n")))
    });
    let mut all: Vec<_> = unmeasured.chain(found).collect();
    all.sort_by_key(|(level, ..)| *level != "error");
    all
}

fn data(text: &str) -> String {
    sanitize::text(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text in a cell of a table: what Markdown or HTML would obey is written as an entity.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in sanitize::text(text).chars() {
        match c {
            '\n' => out.push_str("<br>"),
            '`' | '*' | '_' | '|' | '<' | '>' | '&' | '[' | ']' | '\\' | '#' | '@' | '!' | '~' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
