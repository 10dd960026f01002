//! Evaluates a condition in three values: what could not be read makes it unknown, never false.

use super::number::{Dimension, Number};
use super::vocabulary;
use super::{Aggregate, Bound, Expr, Op, Selection, Value, severity_word};
use crate::model::health::Severity;

/// Where numbers and checks come from.
pub trait Scene {
    /// The samples that a selection means, over `window_s` seconds where it is taken over a time.
    fn series(&self, selection: &Selection, window_s: u64) -> Series;

    /// What a check found.
    fn check(&self, name: &str) -> Examined;
}

/// Samples, and why there may be more.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// The samples.
    pub samples: Vec<Sample>,
    /// What could not be read; `None` where the samples are all.
    pub lack: Option<Lack>,
}

/// A number with its labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// Names and values of its labels.
    pub labels: Vec<(&'static str, String)>,
    /// The number.
    pub value: f64,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examined {
    /// Severities and sentences, worst first.
    pub findings: Vec<(Severity, String)>,
    /// Why there may be more.
    pub lack: Option<Lack>,
}

/// Why something is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// The reason.
    pub why: String,
    /// What sort of reason it is.
    pub sort: LackSort,
}

/// Why something is not known, as far as it matters to what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LackSort {
    /// It could not be read; another time it may be.
    Unread,
    /// What was asked about is not there, and all that there is was read.
    Gone,
    /// The target has no such thing, as plain RQ has no sites.
    ByNature,
}

impl Lack {
    /// Something that could not be read.
    pub fn unread(why: impl Into<String>) -> Self {
        Self { why: why.into(), sort: LackSort::Unread }
    }

    /// Something that is certainly not there.
    pub fn gone(why: impl Into<String>) -> Self {
        Self { why: why.into(), sort: LackSort::Gone }
    }

    /// Something that this target does not have.
    pub fn by_nature(why: impl Into<String>) -> Self {
        Self { why: why.into(), sort: LackSort::ByNature }
    }

    /// Whether it is because the target has no such thing.
    pub fn is_by_nature(&self) -> bool {
        self.sort == LackSort::ByNature
    }
}

/// The three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Truth {
    True,
    False,
    Unknown,
}

impl Truth {
    const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    const fn or(self, other: Self) -> Self {
        self.not().and(other.not()).not()
    }
}

/// What a condition came to, and from what.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// Whether it holds.
    pub truth: Truth,
    /// The numbers and findings, those that speak for it first.
    pub evidence: Vec<Evidence>,
    /// What is not known.
    pub lacks: Vec<Lack>,
}

impl Judgement {
    /// Whether it is unknown only because what it asks about is not there: no further look will
    /// find it out.
    pub fn is_about_what_is_gone(&self) -> bool {
        let has = |sort| self.lacks.iter().any(|lack| lack.sort == sort);
        self.truth == Truth::Unknown && has(LackSort::Gone) && !has(LackSort::Unread)
    }
}

/// What a condition was concluded from.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// A number.
    Number {
        /// The metric or quantity, aggregated where the condition does so.
        name: String,
        /// Its labels.
        labels: Vec<(&'static str, String)>,
        /// The number.
        value: f64,
        /// What it measures.
        dimension: Dimension,
        /// Whether its comparison holds.
        holds: bool,
    },
    /// What a check found.
    Finding {
        /// The check.
        check: String,
        /// How bad it is; `None` for no finding.
        severity: Option<Severity>,
        /// In words.
        summary: String,
        /// Whether its comparison holds.
        holds: bool,
    },
}

impl Evidence {
    /// Whether its comparison holds.
    pub const fn holds(&self) -> bool {
        match self {
            Self::Number { holds, .. } | Self::Finding { holds, .. } => *holds,
        }
    }

    fn turn(&mut self) {
        match self {
            Self::Number { holds, .. } | Self::Finding { holds, .. } => *holds = !*holds,
        }
    }

    /// In few words, beside the condition: `1,204 queue=long`.
    pub fn in_brief(&self) -> String {
        match self {
            Self::Number { labels, value, dimension, .. } => {
                let mut words = dimension.in_words(*value);
                for (label, value) in labels {
                    words.push_str(&format!(" {label}={value}"));
                }
                words
            }
            Self::Finding { summary, .. } => summary.clone(),
        }
    }

    /// In words: `backlog queue=long 1,204`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Number { name, labels, value, dimension, .. } => {
                let mut words = name.clone();
                for (label, value) in labels {
                    words.push_str(&format!(" {label}={value}"));
                }
                words.push(' ');
                words + &dimension.in_words(*value)
            }
            Self::Finding { check, severity, summary, .. } => {
                format!("{check} {}: {summary}", severity_word(*severity))
            }
        }
    }
}

impl Expr {
    /// Evaluates the condition; `threshold` and `window_s` are those of the rule.
    pub fn judge(&self, scene: &dyn Scene, threshold: Option<Number>, window_s: u64) -> Judgement {
        let again = |inner: &Self| inner.judge(scene, threshold, window_s);
        match self {
            Self::Or(left, right) => joined(again(left), again(right), Truth::or),
            Self::And(left, right) => joined(again(left), again(right), Truth::and),
            Self::Not(inner) => {
                let mut judgement = again(inner);
                judgement.truth = judgement.truth.not();
                judgement.evidence.iter_mut().for_each(Evidence::turn);
                judgement
            }
            Self::Compare { value, op, bound } => {
                let bound = match bound {
                    Bound::Number(number) => Some(*number),
                    Bound::Threshold => threshold,
                };
                // The parser refuses a condition whose rule has no threshold.
                let bound = bound.map_or(f64::NAN, Number::value);
                let series = scene.series(&value.of, value.of.window_s.unwrap_or(window_s));
                compare(value, series, *op, bound)
            }
            Self::Check { name, op, severity } => check(name, scene.check(name), *op, *severity),
        }
    }

    /// Every number and finding that the condition asks for, also those that decide nothing.
    pub fn asked(&self, scene: &dyn Scene, window_s: u64) -> Vec<Evidence> {
        match self {
            Self::Or(left, right) | Self::And(left, right) => {
                let mut asked = left.asked(scene, window_s);
                asked.extend(right.asked(scene, window_s));
                asked
            }
            Self::Not(inner) => inner.asked(scene, window_s),
            Self::Compare { value, .. } => {
                let series = scene.series(&value.of, value.of.window_s.unwrap_or(window_s));
                let samples = value.made_of(series.samples, series.lack.is_some());
                samples.into_iter().map(|sample| value.evidence(sample, false)).collect()
            }
            Self::Check { name, .. } => found(name, scene.check(name).findings, false),
        }
    }
}

impl Value {
    /// The samples to compare. Of a part of them nothing can be said about the whole.
    fn made_of(&self, samples: Vec<Sample>, is_part: bool) -> Vec<Sample> {
        match self.aggregate {
            None => samples,
            Some(_) if is_part => Vec::new(),
            Some(aggregate) => aggregated(aggregate, &samples),
        }
    }

    fn evidence(&self, sample: Sample, holds: bool) -> Evidence {
        let known = vocabulary::find(&self.of.name);
        let dimension = match self.aggregate {
            Some(Aggregate::Count) => Dimension::Count,
            _ => known.map_or(Dimension::Count, |known| known.dimension),
        };
        let name = match self.aggregate {
            Some(_) => self.to_string(),
            None => self.of.name.clone(),
        };
        Evidence::Number { name, labels: sample.labels, value: sample.value, dimension, holds }
    }
}

fn joined(
    mut left: Judgement,
    right: Judgement,
    join: impl Fn(Truth, Truth) -> Truth,
) -> Judgement {
    left.truth = join(left.truth, right.truth);
    left.evidence.extend(right.evidence);
    left.evidence.sort_by_key(|evidence| !evidence.holds());
    left.lacks.extend(right.lacks);
    left
}

fn compare(value: &Value, series: Series, op: Op, bound: f64) -> Judgement {
    let Series { samples, mut lack } = series;
    let mut samples = value.made_of(samples, lack.is_some());
    samples.sort_by(|a, b| {
        let order = a.value.total_cmp(&b.value);
        if op.wants_more() { order.reverse() } else { order }
    });
    let holding = samples.iter().filter(|sample| op.holds(&sample.value, &bound)).count();
    let truth = match (holding, &lack) {
        (1.., _) => Truth::True,
        (0, Some(_)) => Truth::Unknown,
        (0, None) => Truth::False,
    };
    if truth == Truth::True {
        // What is missing could not change it.
        lack = None;
    }
    // Of those for which it does not hold the closest one is told.
    samples.sort_by_key(|sample| !op.holds(&sample.value, &bound));
    samples.truncate(holding.max(1));
    let evidence = samples.into_iter().map(|sample| {
        let holds = op.holds(&sample.value, &bound);
        value.evidence(sample, holds)
    });
    Judgement { truth, evidence: evidence.collect(), lacks: lack.into_iter().collect() }
}

fn aggregated(aggregate: Aggregate, samples: &[Sample]) -> Vec<Sample> {
    let values = || samples.iter().map(|sample| sample.value);
    let sum: f64 = values().sum();
    let value = match aggregate {
        Aggregate::Sum => Some(sum),
        Aggregate::Count => Some(samples.len() as f64),
        Aggregate::Max => values().max_by(f64::total_cmp),
        Aggregate::Min => values().min_by(f64::total_cmp),
        Aggregate::Avg => (!samples.is_empty()).then(|| sum / samples.len() as f64),
    };
    value.map(|value| Sample { labels: Vec::new(), value }).into_iter().collect()
}

fn check(name: &str, examined: Examined, op: Op, bound: Option<Severity>) -> Judgement {
    let Examined { findings, mut lack } = examined;
    let worst = findings.iter().map(|(severity, _)| *severity).max();
    let holds = op.holds(&worst, &bound);
    // What was not examined could be worse than what was, never better.
    let is_final = lack.is_none()
        || match op {
            Op::Greater | Op::GreaterOrEqual => holds,
            Op::Less | Op::LessOrEqual => !holds,
            Op::Equal => worst > bound,
            Op::NotEqual => worst > bound,
        };
    let truth = match (is_final, holds) {
        (false, _) => Truth::Unknown,
        (true, true) => Truth::True,
        (true, false) => Truth::False,
    };
    if is_final {
        lack = None;
    }
    let evidence = found(name, findings, holds);
    Judgement { truth, evidence, lacks: lack.into_iter().collect() }
}

/// What a check found, as evidence; that it found nothing is one, too.
fn found(name: &str, findings: Vec<(Severity, String)>, holds: bool) -> Vec<Evidence> {
    let evidence =
        |severity, summary| Evidence::Finding { check: name.to_owned(), severity, summary, holds };
    if findings.is_empty() {
        return vec![evidence(None, "nothing found".to_owned())];
    }
    findings.into_iter().map(|(severity, text)| evidence(Some(severity), text)).collect()
}
