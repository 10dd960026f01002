//! What is read is printed so that it is read again; nothing makes the parser panic; three values.

use proptest::prelude::*;

use super::eval::{Examined, Lack, Sample, Series};
use super::vocabulary::{GAUGES, Known, QUANTITIES};
use super::*;

fn fine(text: &str) -> Expr {
    parse(text, Some(Number { digits: 7.0, unit: Unit::None }))
        .unwrap_or_else(|wrong| panic!("{text}: {wrong:?}"))
}

fn wrong(text: &str) -> (usize, String) {
    let wrong = parse(text, None).expect_err(text);
    (wrong.at, wrong.why)
}

#[test]
fn condition_prints_as_it_is_read_with_only_the_needed_parentheses() {
    for (text, printed) in [
        (
            "jobctl_queue_length{ queue = \"long\", status=\"queued\" }>1000",
            "jobctl_queue_length{queue=\"long\",status=\"queued\"} > 1000",
        ),
        (
            "(backlog > 1 or workers<1) and redis_up==1",
            "(backlog > 1 or workers < 1) and redis_up == 1",
        ),
        (
            "((backlog > 1) and workers<1) or redis_up==1",
            "backlog > 1 and workers < 1 or redis_up == 1",
        ),
        ("not not (backlog > 1)", "not not backlog > 1"),
        ("not (backlog > 1 and workers > 1)", "not (backlog > 1 and workers > 1)"),
        ("failure_rate[5m] >= 5%", "failure_rate[300s] >= 5 %"),
        ("worker_memory > 512MiB", "worker_memory > 512M"),
        ("check(\"queue.stalled\")", "check(\"queue.stalled\") >= warning"),
        ("max(oldest_age) > 10 m", "max(oldest_age) > 10m"),
        ("error_log_rate > 100/h", "error_log_rate > 100/h"),
        (
            "backlog{queue=\"a\\\"b\\\\\\n\"} > threshold",
            "backlog{queue=\"a\\\"b\\\\\\n\"} > threshold",
        ),
    ] {
        assert_eq!(fine(text).to_string(), printed);
    }
}

#[test]
fn condition_that_is_wrong_names_the_place() {
    for (text, at, part) in [
        ("backlogg > 1", 0, "there is no metric or quantity `backlogg`"),
        ("backlog > ", 10, "the condition ends where a number was expected"),
        ("backlog", 7, "a comparison, as in `backlog > 10`"),
        ("backlog > 5 %", 10, "is a count, `5 %` is a share"),
        ("failure_rate > 5", 15, "for 5 percent write 5 %"),
        ("oldest_age > 5M", 13, "is a time, `5M` is a size"),
        ("backlog > 5x", 11, "`x` is no unit"),
        ("backlog{que=\"a\"} > 1", 8, "has no label `que`"),
        ("backlog[5m] > 1", 8, "is taken at one moment"),
        ("failure_rate[2d] > 1%", 13, "between 1s and 24h"),
        ("check(\"queue.stald\") > info", 6, "there is no check `queue.stald`"),
        ("check(\"queue\") > bad", 17, "`bad` is no severity"),
        ("backlog > threshold", 10, "the rule has no `threshold`"),
        ("backlog > 1 2", 12, "where `and`, `or` or the end was expected"),
        ("backlog > 1 & 2", 12, "`&` means nothing here"),
        ("(backlog > 1", 12, "where `)` was expected"),
        ("", 0, "the condition ends"),
        ("backlog{queue=\"a} > 1", 14, "no closing quotation mark"),
        ("jobctl_job_failed_total > 1", 0, "there is no metric or quantity"),
    ] {
        let (place, why) = wrong(text);
        assert_eq!(place, at, "{text}: {why}");
        assert!(why.contains(part), "{text}: {why}");
    }
    assert!(wrong(&"(".repeat(9_000)).1.contains("longer than"));
    assert!(wrong(&"(".repeat(3_000)).1.contains("nested too deeply"));
    assert!(wrong(&"not ".repeat(1_000)).1.contains("nested too deeply"));
    let hints = parse("backlogg > 1", None).unwrap_err().hints;
    assert!(hints[0].starts_with("did you mean `backlog`"), "{hints:?}");
}

/// Numbers by name, checks by name.
#[derive(Default)]
struct Made {
    series: Vec<(&'static str, Series)>,
    checks: Vec<(&'static str, Examined)>,
}

impl Made {
    fn with(mut self, name: &'static str, values: &[f64], lack: Option<&str>) -> Self {
        let sample = |value: &f64| Sample { labels: Vec::new(), value: *value };
        let samples = values.iter().map(sample).collect();
        self.series.push((name, Series { samples, lack: lack.map(Lack::unread) }));
        self
    }

    fn judge(&self, text: &str) -> Truth {
        fine(text).judge(self, Some(Number { digits: 7.0, unit: Unit::None }), 300).truth
    }
}

impl Scene for Made {
    fn series(&self, selection: &Selection, _: u64) -> Series {
        self.series.iter().find(|(name, _)| *name == selection.name).unwrap().1.clone()
    }

    fn check(&self, name: &str) -> Examined {
        self.checks.iter().find(|(known, _)| *known == name).unwrap().1.clone()
    }
}

#[test]
fn comparison_holds_where_it_holds_for_one_sample() {
    let made = Made::default().with("backlog", &[3.0, 9.0], None).with("workers", &[], None);
    assert_eq!(made.judge("backlog > 8"), Truth::True);
    assert_eq!(made.judge("backlog > 9"), Truth::False);
    assert_eq!(made.judge("backlog >= threshold"), Truth::True);
    assert_eq!(made.judge("sum(backlog) == 12"), Truth::True);
    assert_eq!(made.judge("avg(backlog) == 6 and count(backlog) == 2"), Truth::True);
    assert_eq!(made.judge("min(backlog) < 4 and max(backlog) > 8"), Truth::True);
    assert_eq!(made.judge("workers > 0"), Truth::False);
    assert_eq!(made.judge("count(workers) == 0"), Truth::True);
}

#[test]
fn what_could_not_be_read_is_neither_true_nor_false() {
    let made = Made::default().with("backlog", &[3.0], Some("a queue was not read")).with(
        "workers",
        &[2.0],
        None,
    );
    assert_eq!(made.judge("backlog > 2"), Truth::True);
    assert_eq!(made.judge("backlog > 3"), Truth::Unknown);
    assert_eq!(made.judge("not backlog > 3"), Truth::Unknown);
    assert_eq!(made.judge("sum(backlog) > 2"), Truth::Unknown);
    assert_eq!(made.judge("backlog > 3 and workers > 9"), Truth::False);
    assert_eq!(made.judge("backlog > 3 and workers > 1"), Truth::Unknown);
    assert_eq!(made.judge("backlog > 3 or workers > 1"), Truth::True);
    assert_eq!(made.judge("backlog > 3 or workers > 9"), Truth::Unknown);
}

#[test]
fn check_that_was_made_in_part_can_only_be_worse() {
    let found = |severities: &[Severity], lack: bool| Made {
        checks: vec![(
            "queue",
            Examined {
                findings: severities.iter().map(|s| (*s, String::new())).collect(),
                lack: lack.then(|| Lack::unread("x")),
            },
        )],
        ..Made::default()
    };
    let (none, warning, critical) =
        ("check(\"queue\") == none", "check(\"queue\") >= warning", "check(\"queue\") == critical");
    assert_eq!(found(&[], false).judge(none), Truth::True);
    assert_eq!(found(&[], true).judge(none), Truth::Unknown);
    assert_eq!(found(&[Severity::Info], true).judge(none), Truth::False);
    assert_eq!(found(&[Severity::Info], true).judge(warning), Truth::Unknown);
    assert_eq!(found(&[Severity::Info], false).judge(warning), Truth::False);
    assert_eq!(found(&[Severity::Warning], true).judge(warning), Truth::True);
    assert_eq!(found(&[Severity::Warning], true).judge(critical), Truth::Unknown);
    assert_eq!(found(&[Severity::Warning], false).judge(critical), Truth::False);
}

fn any_number() -> impl Strategy<Value = Number> {
    let unit = prop::sample::select(Unit::ALL.to_vec());
    ((0_u64..1_000_000_000, 0_u32..4), unit).prop_map(|((digits, shift), unit)| Number {
        digits: digits as f64 / f64::from(10_u32.pow(shift)),
        unit,
    })
}

fn any_op() -> impl Strategy<Value = Op> {
    prop::sample::select(vec![
        Op::Greater,
        Op::GreaterOrEqual,
        Op::Less,
        Op::LessOrEqual,
        Op::Equal,
        Op::NotEqual,
    ])
}

fn any_known() -> impl Strategy<Value = &'static Known> {
    prop::sample::select(QUANTITIES.iter().chain(GAUGES).collect::<Vec<_>>())
}

fn any_compare() -> impl Strategy<Value = Expr> {
    let aggregate = prop::option::of(prop::sample::select(super::Aggregate::ALL.to_vec()));
    let matchers = prop::collection::vec(
        (any::<prop::sample::Index>(), "\\PC{0,8}|[\"\\\\\n]{0,4}", any::<bool>()),
        0..3,
    );
    (any_known(), aggregate, matchers, any_op(), any_number(), 1_u64..86_400).prop_map(
        |(known, aggregate, matchers, op, mut number, window)| {
            let matcher = |(at, value, negated): (prop::sample::Index, String, bool)| {
                let label = known.labels[at.index(known.labels.len())].to_owned();
                Matcher { label, value, negated }
            };
            let matchers = if known.labels.is_empty() { Vec::new() } else { matchers };
            let dimension = if aggregate == Some(super::Aggregate::Count) {
                Dimension::Count
            } else {
                known.dimension
            };
            if number.misfit(dimension, "x").is_some() {
                number = Number { digits: 0.5, unit: Unit::None };
            }
            let of = Selection {
                name: known.name.to_owned(),
                matchers: matchers.into_iter().map(matcher).collect(),
                window_s: is_windowed(known.name).then_some(window),
            };
            Expr::Compare { value: Value { aggregate, of }, op, bound: Bound::Number(number) }
        },
    )
}

fn any_check() -> impl Strategy<Value = Expr> {
    let name = prop::sample::select(crate::ops::health::names());
    let severity = prop::sample::select(vec![
        None,
        Some(Severity::Info),
        Some(Severity::Warning),
        Some(Severity::Critical),
    ]);
    (name, any_op(), severity).prop_map(|(name, op, severity)| Expr::Check {
        name: name.to_owned(),
        op,
        severity,
    })
}

fn any_expr() -> impl Strategy<Value = Expr> {
    prop_oneof![3 => any_compare(), 1 => any_check()].prop_recursive(5, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Expr::Or(Box::new(a), Box::new(b))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| Expr::And(Box::new(a), Box::new(b))),
            inner.prop_map(|a| Expr::Not(Box::new(a))),
        ]
    })
}

proptest! {
    #[test]
    fn expression_that_is_printed_is_read_as_itself(expr in any_expr()) {
        let printed = expr.to_string();
        prop_assume!(printed.len() <= 4096);
        prop_assert_eq!(parse(&printed, None), Ok(expr), "{}", printed);
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_inside(text in "\\PC{0,80}") {
        if let Err(wrong) = parse(&text, None) {
            prop_assert!(wrong.at <= text.len());
        }
    }

    #[test]
    fn any_row_of_pieces_is_read_or_refused(pieces in prop::collection::vec(
        prop::sample::select(vec![
            "backlog", "failure_rate", "max", "check", "not", "and", "or", "threshold", "(", ")",
            "{", "}", "[", "]", "=", "!=", ">", ">=", "\"queue\"", "queue", "5", "%", "m", "/", "h",
            ",", "\"", "\\", "é", "\0", "1.2.3",
        ]), 0..24,
    )) {
        let text = pieces.join(" ");
        if let Err(wrong) = parse(&text, None) {
            prop_assert!(wrong.at <= text.len() && text.is_char_boundary(wrong.at), "{wrong:?}");
        }
    }
}
