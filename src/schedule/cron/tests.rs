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
