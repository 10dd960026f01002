//! Metrics: families of samples, as Prometheus knows them.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::{Block, Cell, Column, Report, Table, View};

/// What was measured, all of it at one moment.
#[derive(Debug, Serialize)]
pub struct MetricsReport {
    /// The families, in the order in which they are shown.
    pub families: Vec<Family>,
    /// When it was measured, by the Redis clock.
    pub checked_at: Timestamp,
    /// What must be known to read the numbers rightly.
    #[serde(skip)]
    pub notes: Vec<String>,
}

/// Samples of one name.
#[derive(Debug, Serialize)]
pub struct Family {
    /// Its name; of a counter without `_total`.
    pub name: &'static str,
    /// What it measures, in one line.
    pub help: &'static str,
    /// How it behaves over time.
    pub kind: MetricKind,
    /// The samples; their labels differ.
    pub samples: Vec<Sample>,
}

/// How a metric behaves over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// Goes up and down.
    Gauge,
    /// Only goes up; begins anew when its process does.
    Counter,
    /// Observations counted by size.
    Histogram,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sample {
    /// What is appended to the family's name: `_bucket`, `_sum`, `_count`, `_total` or nothing.
    pub suffix: &'static str,
    /// Names and values of its labels.
    #[serde(serialize_with = "as_object")]
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: f64,
}

fn as_object<S: Serializer>(
    labels: &[(&'static str, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(labels.iter().map(|(name, value)| (name, value)))
}

impl Family {
    /// A family without samples.
    pub const fn new(name: &'static str, kind: MetricKind, help: &'static str) -> Self {
        Self { name, help, kind, samples: Vec::new() }
    }

    /// A gauge without samples.
    pub const fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, MetricKind::Gauge, help)
    }

    /// Adds a sample.
    pub fn add<const N: usize>(&mut self, labels: [(&'static str, &str); N], value: f64) {
        let labels = labels.map(|(name, value)| (name, value.to_owned())).to_vec();
        self.samples.push(Sample { suffix: "", labels, value });
    }

    /// The same family with a sample without labels.
    #[must_use]
    pub fn alone(mut self, value: f64) -> Self {
        self.add([], value);
        self
    }
}

impl Report for MetricsReport {
    const SCHEMA: &'static str = "jobctl.metrics/1";
    const ITEMS: Option<&'static str> = Some("families");

    fn view(&self, view: &mut View) {
        let columns =
            vec![Column::left("METRIC"), Column::left("LABELS").flexible(), Column::right("VALUE")];
        let mut table = Table::new(columns, "no metrics");
        for family in &self.families {
            for sample in &family.samples {
                let labels: Vec<String> =
                    sample.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
                table.row(vec![
                    format!("{}{}", family.name, sample.suffix).into(),
                    labels.join(" ").into(),
                    Cell::from(sample.value.to_string()),
                ]);
            }
        }
        view.push(Block::Table(table));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}
