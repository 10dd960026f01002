//! A health report as `JUnit` XML: one test case per check, as CI systems read it.

use std::fmt::Write as _;

use crate::model::health::{Finding, Severity};
use crate::report::health::{Case, CaseState, GateLine, HealthReport};
use crate::sanitize;

/// The document. A warning fails its case only where DEGRADED fails the gate.
pub fn document(report: &HealthReport) -> String {
    let mut tally = Tally { degraded_fails: report.degraded_fails, ..Tally::default() };
    let mut cases = String::new();
    for line in &report.checks {
        if line.cases.is_empty() {
            tally.empty_gate(line, &mut cases);
        }
        for case in &line.cases {
            tally.case(line.check, case, &mut cases);
        }
    }
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\"",
        tally.tests,
        tally.failures,
        tally.errors,
        tally.skipped,
        report.took_ms / 1000.0
    );
    let at = report.checked_at.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n\
         <testsuite name=\"jobctl health\" timestamp=\"{at}\" {counts}>\n\
         {cases}</testsuite>\n</testsuites>\n"
    )
}

#[derive(Default)]
struct Tally {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    degraded_fails: bool,
}

impl Tally {
    /// A gate that was asked for and holds no check for this target.
    fn empty_gate(&mut self, line: &GateLine, out: &mut String) {
        self.tests += 1;
        self.skipped += 1;
        let body = "<skipped message=\"does not apply to this target\"/>";
        element(line.check, line.check, body, out);
    }

    fn case(&mut self, gate: &str, case: &Case, out: &mut String) {
        self.tests += 1;
        let body = match &case.state {
            CaseState::Passed { .. } => String::new(),
            CaseState::Found { findings } => self.found(findings),
            CaseState::NotMade { why, essential: true } => {
                self.errors += 1;
                format!("<error type=\"UNKNOWN\" message=\"{}\"/>", escape(why))
            }
            CaseState::NotMade { why, essential: false } => {
                self.skipped += 1;
                format!("<skipped message=\"{}\"/>", escape(why))
            }
        };
        element(gate, case.check, &body, out);
    }

    fn found(&mut self, findings: &[Finding]) -> String {
        let text = escape(&findings.iter().map(words).collect::<Vec<_>>().join("\n"));
        let worst = findings.iter().map(|finding| finding.severity).max();
        let kind = match worst {
            Some(Severity::Critical) => "UNHEALTHY",
            Some(Severity::Warning) if self.degraded_fails => "DEGRADED",
            _ => return format!("<system-out>{text}</system-out>"),
        };
        self.failures += 1;
        let first = findings.first().map(|finding| escape(&finding.summary)).unwrap_or_default();
        format!("<failure type=\"{kind}\" message=\"{first}\">{text}</failure>")
    }
}

fn element(gate: &str, name: &str, body: &str, out: &mut String) {
    let _ =
        writeln!(out, "<testcase classname=\"jobctl.{gate}\" name=\"{name}\">{body}</testcase>");
}

/// A finding with its evidence and its commands, a line each.
fn words(finding: &Finding) -> String {
    let mut lines = vec![finding.summary.clone()];
    lines.extend(finding.evidence.iter().map(|line| format!("  {line}")));
    lines.extend(finding.fix.iter().map(|command| format!("  → {command}")));
    lines.join("\n")
}

/// Text for an attribute or an element. What XML 1.0 cannot hold at all is shown as an escape.
fn escape(text: &str) -> String {
    let text = sanitize::text(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
