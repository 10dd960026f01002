//! Metrics as Prometheus scrapes them, in its own text format or in `OpenMetrics`.
//!
//! Source: Prometheus, "Exposition formats", text version 0.0.4; `OpenMetrics` 1.0.0. They differ in
//! the name of a counter's family and in the last line.

use std::fmt::Write as _;

use crate::report::metrics::{Family, MetricKind, MetricsReport, Sample};
use crate::sanitize;

/// Which of the two formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Prometheus text 0.0.4.
    Text,
    /// `OpenMetrics` 1.0.0.
    OpenMetrics,
}

impl Dialect {
    /// Its media type.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The whole exposition. A family without samples is left out: nothing was measured.
pub fn exposition(report: &MetricsReport, dialect: Dialect) -> String {
    let mut out = String::new();
    for family in report.families.iter().filter(|family| !family.samples.is_empty()) {
        self::family(family, dialect, &mut out);
    }
    if dialect == Dialect::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

fn family(family: &Family, dialect: Dialect, out: &mut String) {
    let kind = match family.kind {
        MetricKind::Gauge => "gauge",
        MetricKind::Counter => "counter",
        MetricKind::Histogram => "histogram",
    };
    let total = match (family.kind, dialect) {
        (MetricKind::Counter, Dialect::Text) => "_total",
        _ => "",
    };
    let Family { name, help, samples, .. } = family;
    let _ = writeln!(out, "# HELP {name}{total} {help}\n# TYPE {name}{total} {kind}");
    for sample in samples {
        let _ = write!(out, "{name}{}", sample.suffix);
        labels(sample, out);
        let _ = writeln!(out, " {}", number(sample.value));
    }
}

fn labels(sample: &Sample, out: &mut String) {
    if sample.labels.is_empty() {
        return;
    }
    for (at, (name, value)) in sample.labels.iter().enumerate() {
        let before = if at == 0 { '{' } else { ',' };
        let _ = write!(out, "{before}{name}=\"{}\"", quoted(value));
    }
    out.push('}');
}

/// A label's value. Control characters are shown as escapes first: who reads this on a terminal
/// must not obey a queue's name. No two values look the same, since a series may stand here once.
fn quoted(value: &str) -> String {
    sanitize::field(value).replace('\\', "\\\\").replace('"', "\\\"")
}

fn number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(family: Family) -> MetricsReport {
        let checked_at = jiff::Timestamp::UNIX_EPOCH;
        MetricsReport { families: vec![family], checked_at, notes: Vec::new() }
    }

    #[test]
    fn exposition_of_a_hostile_label_stays_on_its_line() {
        let mut family = Family::gauge("jobctl_x", "X.");
        family.add([("queue", "a\"} 9\n\u{1b}[2J\\")], 1.5);
        let text = exposition(&report(family), Dialect::Text);
        assert_eq!(
            text,
            "# HELP jobctl_x X.\n# TYPE jobctl_x gauge\n\
             jobctl_x{queue=\"a\\\"} 9\\\\n\\\\x1b[2J\\\\\\\\\"} 1.5\n"
        );
        assert_ne!(quoted("e\nf"), quoted("e\\nf"), "a series may stand here once");
    }

    #[test]
    fn exposition_names_a_counter_as_each_format_wants_it() {
        let mut family = Family::new("jobctl_y", MetricKind::Counter, "Y.");
        family.samples.push(Sample { suffix: "_total", labels: Vec::new(), value: 3.0 });
        let report = report(family);
        let text = exposition(&report, Dialect::Text);
        assert!(text.contains("# TYPE jobctl_y_total counter\njobctl_y_total 3\n"), "{text}");
        let open = exposition(&report, Dialect::OpenMetrics);
        assert!(open.contains("# TYPE jobctl_y counter\njobctl_y_total 3\n# EOF\n"), "{open}");
    }

    #[test]
    fn exposition_leaves_out_what_was_not_measured() {
        assert_eq!(exposition(&report(Family::gauge("jobctl_x", "X.")), Dialect::Text), "");
    }
}
