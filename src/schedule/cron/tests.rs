//! Cron expressions; that croniter agrees is tested against croniter itself, in `tests/it/cron.rs`.

use jiff::civil::{DateTime, date};

use super::walker::{days_in_month, weekday};
use super::*;

const DIALECTS: [Dialect; 4] = [Dialect::V1_0, Dialect::V1_3, Dialect::V2_0, Dialect::V6_0];

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn next(expression: &str, dialect: Dialect, base: &str) -> String {
    Cron::parse(expression, dialect).unwrap().next(at(base)).unwrap().to_string()
}

fn fault(expression: &str, dialect: Dialect) -> CronFault {
    Cron::parse(expression, dialect).unwrap_err().fault
}

#[test]
fn weekday_and_length_agree_with_the_calendar() {
    for year in [1, 4, 100, 400, 1900, 1970, 2000, 2023, 2024, 2100, 9999] {
        for month in 1..=12 {
            let first = date(year, month, 1);
            let (year, month) = (year.into(), month.into());
            assert_eq!(days_in_month(year, month), i32::from(first.days_in_month()));
            let sunday_0 = i32::from(first.weekday().to_sunday_zero_offset());
            assert_eq!(weekday(year, month, 1), sunday_0, "{first}");
        }
    }
}

#[test]
fn expression_of_every_kind_finds_its_next_time() {
    for (expression, expected) in [
        ("@hourly", "2026-11-21T11:00:00"),
        ("@WEEKLY", "2026-11-22T00:00:00"),
        ("0/4 * * * *", "2026-11-21T10:32:00"),
        ("*/75 * * * *", "2026-11-21T11:00:00"),
        ("13 11 17 10 tue", "2027-10-05T11:13:00"),
        ("0 0 * * 5#2", "2026-12-11T00:00:00"),
        ("0 0 * * L5", "2026-11-27T00:00:00"),
        ("0 0 L * *", "2026-11-30T00:00:00"),
        ("0 0 29 2 *", "2028-02-29T00:00:00"),
        ("* * * * * 30", "2026-11-21T10:30:30"),
        ("15,45\u{a0}8-10 * nov,DEC mon-fri", "2026-11-23T08:15:00"),
    ] {
        for dialect in DIALECTS {
            let found = next(expression, dialect, "2026-11-21T10:30:00.25");
            assert_eq!(found, expected, "`{expression}` in {}", dialect.name());
        }
    }
}

#[test]
fn next_keeps_the_quirks_of_croniter() {
    // A jump of a whole month from 2 February lands on 3 March.
    assert_eq!(next("0 0 1,31 * *", Dialect::V6_0, "2026-02-02T00:00:00"), "2026-03-31T00:00:00");
    // From 6.0 on a range from a value to itself is the whole field.
    assert_eq!(next("30-30 * * * *", Dialect::V2_0, "2026-01-01T00:00:00"), "2026-01-01T00:30:00");
    assert_eq!(next("30-30 * * * *", Dialect::V6_0, "2026-01-01T00:00:00"), "2026-01-01T00:01:00");
    // Every day of the month counts as `*` before 2.0, and then leaves only the weekday.
    assert_eq!(next("0 0 1-31 * 1", Dialect::V1_3, "2026-01-01T00:00:00"), "2026-01-05T00:00:00");
    assert_eq!(next("0 0 1-31 * 1", Dialect::V2_0, "2026-01-01T00:00:00"), "2026-01-02T00:00:00");
    // Beside a day of the month, `#` restricts both searches, and one of them never ends well.
    let never = Cron::parse("0 0 1 * 5#2", Dialect::V6_0).unwrap();
    assert_eq!(never.next(at("2026-01-01T00:00:00")), Err(NoTime::Never));
}

#[test]
fn impossible_date_parses_and_has_no_time() {
    for dialect in DIALECTS {
        let cron = Cron::parse("30 2 31 2 *", dialect).unwrap();
        assert_eq!(cron.next(at("2026-01-01T00:00:00")), Err(NoTime::Never));
        assert_eq!(cron.prev(at("2026-01-01T00:00:00")), Err(NoTime::Never));
        assert_eq!(cron.after(at("2026-01-01T00:00:00")).count(), 0);
    }
    let daily = Cron::parse("@daily", Dialect::V6_0).unwrap();
    assert_eq!(daily.next(DateTime::MAX), Err(NoTime::Never));
    assert_eq!(daily.prev(DateTime::MIN), Err(NoTime::Never));
}

#[test]
fn dialects_differ_in_what_they_take() {
    use CronFault::{Backwards, FieldCount, OutOfRange, QuestionMark};
    for (expression, taken_from, before) in [
        ("0 22-2 * * *", Dialect::V6_0, Backwards),
        ("0 0 ? * 1", Dialect::V2_0, QuestionMark),
        ("0 0 * * * * 2030", Dialect::V6_0, FieldCount { found: 7, most: 6 }),
        ("0 0 * * mon-fri#2", Dialect::V1_3, CronFault::Unreadable),
    ] {
        for dialect in DIALECTS {
            let parsed = Cron::parse(expression, dialect).map_err(|error| error.fault);
            let name = dialect.name();
            if dialect >= taken_from {
                assert!(parsed.is_ok(), "`{expression}` in {name}");
            } else {
                assert_eq!(parsed, Err(before), "`{expression}` in {name}");
            }
        }
    }
    // The other way round: a day 0 only in the oldest, a Sunday as 7 beside seconds in all but 6.0.
    assert!(Cron::parse("0 0 0 * *", Dialect::V1_0).is_ok());
    assert_eq!(fault("0 0 0 * *", Dialect::V1_3), OutOfRange { min: 1, max: 31 });
    assert!(Cron::parse("0 0 * * 7 0", Dialect::V2_0).is_ok());
    assert_eq!(fault("0 0 * * 7 0", Dialect::V6_0), OutOfRange { min: 0, max: 6 });
}

#[test]
fn error_says_where_and_why() {
    for (expression, message) in [
        ("annual", "the expression has 1 field, not 5 to 7"),
        ("@reboot", "the expression starts with `@` and stands for nothing"),
        ("*/0 * * * *", "the minute `*/0` has a step of 0"),
        ("0 24 * * *", "the hour `24` is not between 0 and 23"),
        ("0 0 1,,2 * *", "the day of month `` has nothing before or after a comma"),
        ("0 0 * foo *", "the month `foo` is no number, name, range or step"),
        ("0 0 * * 5#6", "the day of week `5#6` has something other than 1 to 5 after `#`"),
        ("0 0 * * 1,5#2", "the day of week `1,5#2` has plain weekdays beside `#` or `l`"),
        ("-5 * * * *", "the minute `-5` is negative"),
        ("H * * * *", "the minute `h` has an `h`, which needs an id that Frappe does not give"),
        ("٣ * * * *", "the expression has characters beyond ASCII"),
    ] {
        let error = Cron::parse(expression, Dialect::V6_0).unwrap_err();
        assert_eq!(error.to_string(), message, "`{expression}`");
    }
}

#[test]
fn random_field_is_taken_and_named() {
    for expression in ["r * * * *", "R(0-29) * * * *", "r/15 * * * *", "r(0-30)/10 * * * *"] {
        let cron = Cron::parse(expression, Dialect::V2_0).unwrap();
        assert_eq!(cron.random(), Some(Field::Minute), "`{expression}`");
        assert_eq!(cron.next(at("2026-01-01T00:00:00")), Err(NoTime::Random(Field::Minute)));
    }
    assert_eq!(fault("r(5-5) * * * *", Dialect::V2_0), CronFault::Backwards);
    assert_eq!(fault("r/0 * * * *", Dialect::V2_0), CronFault::ZeroStep);
}

#[test]
fn hostile_expression_is_refused_or_searched_within_bounds() {
    let long = "1,".repeat(MAX_LENGTH);
    assert_eq!(fault(&long, Dialect::V6_0), CronFault::TooLong(2 * MAX_LENGTH));
    let wide = format!("{} * * * * * *", "0-59,".repeat(190) + "0");
    assert!(Cron::parse(&wide, Dialect::V6_0).is_ok());
    let years = format!("* * * * * * {}", "1970-2099/1,".repeat(80) + "2000");
    assert!(Cron::parse(&years, Dialect::V6_0).is_ok());
    for expression in ["", " ", "\0 * * * *", "9999999999999999999999-1 * * * *", "*/-1 * * * *"] {
        assert!(Cron::parse(expression, Dialect::V6_0).is_err(), "`{expression}`");
    }
    let huge_step = Cron::parse("*/99999999999999999999 * * * *", Dialect::V6_0).unwrap();
    assert_eq!(huge_step.next(at("2026-01-01T00:00:00")), Ok(at("2026-01-01T01:00:00")));
}

#[test]
fn dialect_of_release_is_the_nearest() {
    for (release, dialect) in [
        ("1.0.15", Some(Dialect::V1_0)),
        ("1.4.1", Some(Dialect::V1_3)),
        ("2.0.7", Some(Dialect::V2_0)),
        ("6.2.4", Some(Dialect::V6_0)),
        ("7", Some(Dialect::V6_0)),
        ("x", None),
    ] {
        assert_eq!(Dialect::of_release(release), dialect, "{release}");
    }
}
