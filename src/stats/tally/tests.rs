use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

/// Room for the records of the longest log below.
const LOG_BYTES: u64 = 8_000_000;

fn query(by: By) -> Query {
    Query {
        by,
        since_us: None,
        until_us: None,
        sites: Vec::new(),
        scheduled: None,
        slowest: 3,
        zone: TimeZone::UTC,
        now_us: i64::MAX,
        earliest_us: i64::MIN,
    }
}

/// A line of v17.
fn line(number: usize, method: &str, second: i64, duration_us: i64, failed: bool) -> String {
    let exception = if failed { r#","exception":"ValueError""# } else { "" };
    let at = super::super::instant::timestamp(second * 1_000_000 + 1).unwrap();
    let at = at.strftime("%Y-%m-%d %H:%M:%S%.6f");
    format!(
        r#"{{"duration":{duration_us}{exception},"job":{{"method":"{method}","scheduled":false,"wait":{}}},"job_id":"s||{number}","site":"s{}","timestamp":"{at}+00:00","transaction_type":"job","uuid":"u{number}"}}"#,
        duration_us / 2,
        number % 2
    )
}

fn counted(query: &Query, lines: &[String]) -> Counted {
    let seen = Seen::for_log_of(Some(LOG_BYTES));
    let mut tally = Tally::new(query, &seen);
    count(&mut tally, lines);
    tally.finish()
}

fn count(tally: &mut Tally<'_>, lines: &[String]) {
    for line in lines {
        tally.line(line.as_bytes(), true);
    }
}

fn key(key: &Key) -> String {
    match key {
        Key::Name(name) => String::from_utf8(name.to_vec()).unwrap(),
        other => format!("{other:?}"),
    }
}

/// Everything that a tally tells, in a comparable form.
fn figures(counted: &Counted) -> Vec<String> {
    let quantiles = |of: &super::super::distribution::Distribution| {
        let at = [0.0, 0.5, 0.95, 0.99, 1.0].map(|q| of.quantile_us(q));
        format!("{} {} {at:?} {:?} {}", of.count(), of.sum_us(), of.max_us(), of.is_exact())
    };
    let figures = |name: String, group: &Group| {
        let Group { count, failed, failed_known, scheduled, first_us, last_us, .. } = group;
        format!(
            "{name} {count} {failed} {failed_known} {scheduled} {first_us} {last_us} {} {} {:?}",
            quantiles(&group.duration),
            quantiles(&group.wait),
            group.timeline
        )
    };
    let mut all: Vec<String> =
        counted.groups.iter().map(|(name, group)| figures(key(name), group)).collect();
    all.sort();
    all.push(figures("total".to_owned(), &counted.total));
    all.push(format!("{:?} {:?} {:?}", counted.axis, counted.slowest, counted.oddities));
    all
}

#[test]
fn repeated_record_is_counted_once() {
    let one = line(1, "a.b", 100, 5, false);
    let query = query(By::Method);
    let counted = counted(&query, &[one.clone(), line(2, "a.b", 101, 5, false), one]);
    assert_eq!((counted.total.count, counted.oddities.duplicates), (2, 1));
}

#[test]
fn record_behind_the_remains_of_another_is_salvaged() {
    let (one, two) = (line(1, "a.b", 100, 5, false), line(2, "a.b", 101, 5, false));
    let query = query(By::Method);
    let counted = counted(&query, &[format!("{}{two}", &one[..40]), "garbage".to_owned()]);
    assert_eq!(counted.total.count, 1);
    assert_eq!((counted.oddities.unreadable, counted.oddities.salvaged), (2, 1));
}

#[test]
fn open_line_counts_if_it_is_whole_and_else_as_cut_short() {
    let query = query(By::Method);
    let seen = Seen::for_log_of(Some(LOG_BYTES));
    let mut tally = Tally::new(&query, &seen);
    tally.line(line(1, "a.b", 100, 5, false).as_bytes(), false);
    tally.line(&line(2, "a.b", 100, 5, false).as_bytes()[..50], false);
    tally.line(b"  ", true);
    let counted = tally.finish();
    assert_eq!((counted.total.count, counted.oddities.cut_short), (1, 1));
    assert_eq!(counted.oddities.unreadable, 0);
}

#[test]
fn clock_that_jumps_is_noticed() {
    let query = Query { now_us: 10_000_000_000, earliest_us: 50_000_000, ..query(By::Method) };
    let lines = [
        line(1, "a", 9_000, 1_000_000, false),
        line(2, "a", 9_100, -5_000_000, false),
        line(3, "a", 100, 1_000_000, false),
        // In the future, and before there were any; a clock of another host may be a little ahead.
        line(4, "a", 14_000, 1_000_000, false),
        line(5, "a", 5, 1_000_000, false),
        line(6, "a", 11_000, 1_000_000, false),
    ];
    let counted = counted(&query, &lines);
    let Oddities { negative, misdated, steps_back, .. } = counted.oddities;
    assert_eq!((negative, misdated, steps_back), (1, 2, 1));
    assert_eq!((counted.total.count, counted.total.duration.count()), (4, 3));
    assert_eq!(counted.total.first_us / 1_000_000, 100);
}

#[test]
fn requests_and_other_sites_and_times_are_left_out() {
    let request = r#"{"duration":1,"request":{"ip":"::1"},"site":"s1","timestamp":"1970-01-01 00:02:00","transaction_type":"request","uuid":"r"}"#;
    let query = Query {
        sites: vec![b"s1".to_vec()],
        since_us: Some(101_000_000),
        until_us: Some(200_000_000),
        ..query(By::Site)
    };
    let mut lines: Vec<String> =
        (0..10).map(|n| line(n, "a", 98 + i64::try_from(n).unwrap(), 5, false)).collect();
    lines.push(request.to_owned());
    let counted = counted(&query, &lines);
    // 101, 103, 105 and 107 are odd numbers' seconds minus 98, hence of `s1`.
    assert_eq!((counted.total.count, counted.oddities.requests), (4, 1));
    assert_eq!(key(&counted.groups[0].0), "s1");
}

#[test]
fn only_scheduled_leaves_out_what_does_not_tell() {
    let query = Query { scheduled: Some(true), ..query(By::Method) };
    let adhoc = line(1, "a", 1, 5, false);
    let scheduled = line(2, "a", 1, 5, false).replace("\"scheduled\":false", "\"scheduled\":true");
    let silent = line(3, "a", 1, 5, false).replace("\"scheduled\":false,", "");
    let counted = counted(&query, &[adhoc, scheduled, silent]);
    assert_eq!((counted.total.count, counted.total.failed_known), (1, 0));
}

#[test]
fn ten_thousand_methods_are_all_told_apart() {
    let lines: Vec<String> =
        (0..30_000).map(|n| line(n, &format!("app.m{}", n % 10_000), 1, 5, false)).collect();
    let counted = counted(&query(By::Method), &lines);
    assert_eq!(counted.groups.len(), 10_000);
    assert!(counted.groups.iter().all(|(_, group)| group.count == 3));
    assert_eq!(counted.total.count, 30_000);
}

/// Seconds, durations and whether they failed, for three methods.
fn executions() -> impl Strategy<Value = Vec<(usize, i64, i64, bool)>> {
    prop::collection::vec((0..3_usize, 0..100_000_i64, 0..10_i64.pow(8), any::<bool>()), 1..120)
}

fn lines_of(executions: &[(usize, i64, i64, bool)]) -> Vec<String> {
    let methods = ["a.b", "c.d", "e.f"];
    let lines = executions.iter().enumerate();
    lines
        .map(|(n, (m, at, duration, failed))| line(n, methods[*m], *at, *duration, *failed))
        .collect()
}

proptest! {
    #[test]
    fn figures_equal_those_of_sorted_values(executions in executions()) {
        let counted = counted(&query(By::Method), &lines_of(&executions));
        for (name, group) in &counted.groups {
            let method = ["a.b", "c.d", "e.f"].iter().position(|m| *m == key(name)).unwrap();
            let of: Vec<_> = executions.iter().filter(|one| one.0 == method).collect();
            let mut durations: Vec<u64> = of.iter().map(|one| one.2.cast_unsigned()).collect();
            durations.sort_unstable();
            let (n, sum) = (durations.len(), durations.iter().sum::<u64>());
            let twice_median = durations[(n - 1) / 2] + durations[n / 2];
            let median = group.duration.quantile_us(0.5).unwrap();
            prop_assert_eq!(group.count, n as u64);
            prop_assert_eq!(group.failed, of.iter().filter(|one| one.3).count() as u64);
            prop_assert_eq!(group.duration.sum_us(), sum);
            prop_assert_eq!(group.duration.max_us(), durations.last().copied());
            prop_assert!((median - twice_median as f64 / 2.0).abs() < 1e-6);
            prop_assert_eq!(group.first_us, of.iter().map(|one| one.1).min().unwrap() * 1_000_000 + 1);
        }
        let slowest: Vec<u64> = counted.slowest.iter().map(|one| one.duration_us).collect();
        let mut durations: Vec<u64> = executions.iter().map(|one| one.2.cast_unsigned()).collect();
        durations.sort_unstable_by_key(|duration| std::cmp::Reverse(*duration));
        durations.truncate(3);
        prop_assert_eq!(slowest, durations);
    }

    #[test]
    fn merge_of_parts_equals_the_whole(
        executions in executions(),
        cut in any::<prop::sample::Index>(),
        by in prop::sample::select(vec![By::Method, By::Site, By::Hour, By::Day, By::Queue]),
    ) {
        let lines = lines_of(&executions);
        let query = query(by);
        let whole = counted(&query, &lines);
        let seen = Seen::for_log_of(Some(LOG_BYTES));
        let (left, right) = lines.split_at(cut.index(lines.len()));
        let part = |lines: &[String]| {
            let mut tally = Tally::new(&query, &seen);
            count(&mut tally, lines);
            tally
        };
        let (mut merged, right) = (part(left), part(right));
        merged.merge(right);
        let (mut merged, mut whole) = (merged.finish(), whole);
        // Steps back are counted within a part, since parts are read at the same time.
        merged.oddities.steps_back = 0;
        whole.oddities.steps_back = 0;
        prop_assert_eq!(figures(&merged), figures(&whole));
    }
}
