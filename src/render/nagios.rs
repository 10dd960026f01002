//! A health report as a monitoring plugin prints it: one line, and figures behind a bar.
//!
//! Source: Monitoring Plugins Development Guidelines, "Plugin Output" and "Performance data".
//! The exit codes of `health` are those of a plugin already: 0 OK, 1 WARNING, 2 CRITICAL,
//! 3 UNKNOWN.

use std::fmt::Write as _;

use crate::error::Outcome;
use crate::report::Report as _;
use crate::report::health::{Figure, HealthReport};
use crate::sanitize;

/// Longest statement in bytes: agents cut what they pass on, and the figures come behind it.
const LONGEST: usize = 512;

/// The line, with its newline.
pub fn line(report: &HealthReport) -> String {
    let state = match report.outcome() {
        Outcome::Done => "OK",
        Outcome::No => "WARNING",
        Outcome::Unhealthy => "CRITICAL",
        _ => "UNKNOWN",
    };
    let message = sanitize::line(&report.message);
    // The bar begins the figures, wherever it stands.
    let message = message.replace('|', "/");
    let message = match message.char_indices().find(|(at, c)| at + c.len_utf8() > LONGEST) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    };
    let mut out = format!("JOBCTL {state} - {}: {message} |", report.verdict.word());
    for figure in &report.figures {
        out.push(' ');
        self::figure(figure, &mut out);
    }
    out.push('\n');
    out
}

fn figure(figure: &Figure, out: &mut String) {
    // A label must not hold `=` or `|`; a quote in it is doubled.
    let label = sanitize::line(&figure.name).replace(['=', '|'], "_").replace('\'', "''");
    let bound = |bound: Option<f64>| bound.map_or_else(String::new, |bound| bound.to_string());
    let value = (figure.value * 1000.0).round() / 1000.0;
    let _ = write!(
        out,
        "'{label}'={value}{};{};{};0",
        figure.unit,
        bound(figure.warning),
        bound(figure.critical),
    );
}
