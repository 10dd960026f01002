//! Cron expressions against croniter itself, and site clocks against Python's zoneinfo.
//!
//! Expressions are generated from a seed; a failure prints the expression, its base and both
//! answers, which is all that is needed to see it again.

use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::civil::DateTime;
use jobctl::bench::Family;
use jobctl::schedule::SiteZone;
use jobctl::schedule::cron::{Cron, Dialect};
use serde_json::{Value, json};

use crate::support::rq::venv;

/// The dialects and the release of croniter that each is.
const RELEASES: [(Dialect, &str); 4] = [
    (Dialect::V1_0, "1.0.15"),
    (Dialect::V1_3, "1.3.15"),
    (Dialect::V2_0, "2.0.7"),
    (Dialect::V6_0, "6.0.0"),
];

/// How many expressions are compared for each release.
const EXPRESSIONS: usize = 1000;
/// How many times of an expression are compared, forwards and backwards.
const TIMES: usize = 5;

/// Answers each line with the times of an expression; `null` where croniter refuses it. A list
/// ends early where croniter finds no more.
const ORACLE: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
from datetime import datetime
from croniter import croniter
def times(expression, base, step, count):
    cron = croniter(expression, base)
    found = []
    try:
        for _ in range(count):
            found.append(getattr(cron, step)(datetime).isoformat())
    except Exception:
        pass
    return found
for line in sys.stdin:
    expression, base, count = json.loads(line)
    base = datetime.fromisoformat(base)
    try:
        answer = [times(expression, base, step, count) for step in ("get_next", "get_prev")]
    except Exception:
        answer = None
    print(json.dumps(answer))
"#;

/// Sends lines to a Python of a virtual environment and reads as many answers.
fn ask(venv_name: &str, script: &str, questions: &[Value]) -> Vec<Value> {
    let mut python = Command::new(venv(venv_name).join("bin/python"))
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let lines: Vec<String> = questions.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers: Vec<Value> = output
        .stdout
        .split(|b| *b == b'\n')
        .filter_map(|l| serde_json::from_slice(l).ok())
        .collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

/// Our answer, in the oracle's form.
fn ours(expression: &str, base: DateTime, dialect: Dialect) -> Value {
    let Ok(cron) = Cron::parse(expression, dialect) else { return Value::Null };
    let walk = |step: &dyn Fn(DateTime) -> Option<DateTime>| -> Vec<String> {
        std::iter::successors(step(base), |at| step(*at))
            .take(TIMES)
            .map(|at| at.to_string())
            .collect()
    };
    json!([walk(&|at| cron.next(at).ok()), walk(&|at| cron.prev(at).ok())])
}

fn assert_agrees(dialect: Dialect, release: &str, cases: &[(String, DateTime)]) {
    let questions: Vec<Value> = cases
        .iter()
        .map(|(expression, base)| json!([expression, base.to_string(), TIMES]))
        .collect();
    let answers = ask(&format!("croniter-{release}"), ORACLE, &questions);
    let differences: Vec<String> = cases
        .iter()
        .zip(&answers)
        .filter_map(|((expression, base), theirs)| {
            let ours = ours(expression, *base, dialect);
            (ours != *theirs).then(|| {
                format!("`{expression}` after {base}\n  croniter {theirs}\n  jobctl   {ours}")
            })
        })
        .collect();
    let shown: Vec<&str> = differences.iter().take(8).map(String::as_str).collect();
    assert!(
        differences.is_empty(),
        "croniter {release}: {} of {} differ\n{}",
        differences.len(),
        cases.len(),
        shown.join("\n")
    );
    let taken = answers.iter().filter(|answer| !answer.is_null()).count();
    assert!(taken > cases.len() / 4, "croniter {release} took {taken} of {} only", cases.len());
}

/// A generator of numbers that is the same everywhere (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// The fields' values, one beyond what they take at either end where that is possible.
const RANGES: [(u64, u64); 7] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7), (0, 59), (1970, 2099)];
const MONTHS: &[&str] = &["jan", "Feb", "mar", "apr", "JUN", "sep", "oct", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "TUE", "wed", "thu", "Fri", "sat"];
const ODD: &[&str] = &[
    "?",
    "L",
    "l5",
    "L0",
    "l7",
    "h",
    "H",
    "h/5",
    "x",
    "-1",
    "1-",
    "5/0",
    "*/0",
    "*/75",
    "*/",
    "0/4",
    "1,,2",
    ",",
    "60",
    "99",
    "32",
    "0",
    "00",
    "7",
    "1-5-7",
    "*-5",
    "1/2/3",
    "*/2/3",
    "*/*/2",
    "2#3",
    "5#0",
    "5#6",
    "mon#2",
    "mon-wed#1",
    "fri-sun#2",
    "5-7#2",
    "jan#1",
    "l#2",
    "3-l",
    "l/2",
    "l-3",
    "15,l",
    "2-31,l",
    "1-30,l",
    "1,31",
    "29-31",
    "sat-sun",
    "sun-sat",
    "6-0",
    "5-00",
    "5-5",
    "59/5",
    "7-2",
    "*,3",
    "1_0",
    "2#3x",
    "l5x",
    "0-7",
    "0-6",
    "1-31",
    "*/7",
    "1-12",
    "nov-feb",
    "11-2/2",
    "2000-1999",
    "1-2099",
    "2024,2028",
    "1969",
    "#2",
    "2#",
    "mon,5#2",
    "0-6,5#2",
    "5#2,5#4,l5",
    "?,1",
    "99999999999999999999",
    "*/99999999999999999999",
    "0-99999999999999999999",
];

fn value(dice: &mut Dice, field: usize) -> String {
    let (low, high) = RANGES[field];
    match field {
        3 if dice.one_in(4) => dice.pick(MONTHS).to_owned(),
        4 if dice.one_in(3) => dice.pick(WEEKDAYS).to_owned(),
        _ if dice.one_in(60) => dice.between(low.saturating_sub(1), high + 1).to_string(),
        6 => dice.between(2015, 2045).to_string(),
        _ => dice.between(low, high).to_string(),
    }
}

fn part(dice: &mut Dice, field: usize) -> String {
    let (low, high) = RANGES[field];
    let step = dice.between(1, (high - low).min(70));
    match dice.below(20) {
        0..8 => value(dice, field),
        8..11 => {
            // Mostly ascending: backwards is an error in all but one dialect.
            let (a, b) = (dice.between(low, high), dice.between(low, high));
            let (a, b) = if dice.one_in(6) { (a, b) } else { (a.min(b), a.max(b)) };
            if dice.one_in(3) { format!("{a}-{b}/{step}") } else { format!("{a}-{b}") }
        }
        11 => format!("{}-{}", value(dice, field), value(dice, field)),
        12..15 => format!("*/{step}"),
        15..17 => format!("{}/{step}", value(dice, field)),
        17 if field == 2 => "L".to_owned(),
        17 | 18 if field == 4 => {
            let day = dice.between(0, 7);
            if dice.one_in(3) { format!("L{day}") } else { format!("{day}#{}", dice.between(1, 5)) }
        }
        17 => "*".to_owned(),
        _ => value(dice, field),
    }
}

fn field(dice: &mut Dice, index: usize) -> String {
    if dice.one_in(12) {
        return dice.pick(ODD).to_owned();
    }
    // Days and months are often left open, or most expressions would hardly ever match.
    let open = if (2..5).contains(&index) { 2 } else { 5 };
    if dice.one_in(open) {
        return "*".to_owned();
    }
    let parts = if dice.one_in(3) { dice.between(2, 4) } else { 1 };
    let parts: Vec<String> = (0..parts).map(|_| part(dice, index)).collect();
    parts.join(",")
}

fn expression(dice: &mut Dice) -> String {
    let width = match dice.below(20) {
        0..13 => 5,
        13..17 => 6,
        17..19 => 7,
        _ => usize::try_from(dice.below(9)).unwrap(),
    };
    let fields: Vec<String> = (0..width).map(|index| field(dice, index.min(6))).collect();
    fields.join(if dice.one_in(20) { " \t" } else { " " })
}

/// Often at an end of a month, a leap day or a full minute, where the errors live.
fn base(dice: &mut Dice) -> DateTime {
    let year = i16::try_from(dice.between(1998, 2060)).unwrap();
    let month = if dice.one_in(3) { dice.between(1, 3) } else { dice.between(1, 12) };
    let first = jiff::civil::date(year, i8::try_from(month).unwrap(), 1);
    let day = match dice.below(4) {
        0 => first.last_of_month().day(),
        1 => 1,
        _ => i8::try_from(dice.between(1, first.days_in_month().unsigned_abs().into())).unwrap(),
    };
    let small = |n: u64| i8::try_from(n).unwrap();
    let (hour, minute) = match dice.below(4) {
        0 => (0, 0),
        1 => (23, 59),
        _ => (small(dice.below(24)), small(dice.below(60))),
    };
    let second = if dice.one_in(2) { 0 } else { small(dice.below(60)) };
    let nanos =
        if dice.one_in(2) { 0 } else { i32::try_from(dice.below(1_000_000)).unwrap() * 1000 };
    DateTime::new(year, small(month), day, hour, minute, second, nanos).unwrap()
}

#[test]
fn cron_generated_expressions_agree_with_croniter() {
    std::thread::scope(|scope| {
        for (seed, (dialect, release)) in (2026..).zip(RELEASES) {
            scope.spawn(move || {
                let mut dice = Dice(seed);
                let cases: Vec<_> =
                    (0..EXPRESSIONS).map(|_| (expression(&mut dice), base(&mut dice))).collect();
                assert_agrees(dialect, release, &cases);
            });
        }
    });
}

/// Zones with gaps and overlaps of an hour, of half an hour, at midnight, of a whole day, and none.
const ZONES: &[&str] = &[
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "Pacific/Apia",
    "Asia/Kolkata",
    "Africa/Casablanca",
    "America/St_Johns",
];

/// Answers what a clock shows at an instant, and when it first reaches a naive time: looked for in
/// ever smaller steps, without a word about gaps and overlaps.
const CLOCK_ORACLE: &str = r"
import json, sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo
def shows(zone, second):
    at = datetime.fromtimestamp(second, timezone.utc)
    return at.astimezone(zone).replace(tzinfo=None)
for line in sys.stdin:
    name, second, naive = json.loads(line)
    zone, naive = ZoneInfo(name), datetime.fromisoformat(naive)
    middle = int(naive.replace(tzinfo=timezone.utc).timestamp())
    # No offset is larger than 15 hours.
    reached = middle + 54000
    for step, back in (900, 108000), (30, 900), (1, 30):
        reached = next(s for s in range(reached - back, reached + 1, step) if shows(zone, s) >= naive)
    print(json.dumps([shows(zone, second).isoformat(), reached]))
";

#[test]
fn zone_clock_agrees_with_zoneinfo_around_every_change() {
    let mut dice = Dice(27);
    let mut cases = Vec::new();
    for name in ZONES {
        let zone = jiff::tz::TimeZone::get(name).unwrap();
        let changes = zone.following("2010-01-01T00:00:00Z".parse().unwrap());
        let until: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for change in changes.take_while(|change| change.timestamp() < until) {
            let second = change.timestamp().as_second();
            for _ in 0..3 {
                let near =
                    |dice: &mut Dice| second - 7200 + i64::try_from(dice.below(14400)).unwrap();
                let at = jiff::Timestamp::from_second(near(&mut dice)).unwrap();
                // A reading of the clock before the change, moved on: in the gap or the overlap.
                let before = jiff::Timestamp::from_second(second - 1).unwrap();
                let ahead = jiff::SignedDuration::from_secs(near(&mut dice) - second);
                let naive = zone.to_datetime(before).saturating_add(ahead);
                cases.push((*name, at, naive));
            }
        }
    }
    assert!(cases.len() > 500, "{}", cases.len());
    let questions: Vec<Value> = cases
        .iter()
        .map(|(name, at, naive)| json!([name, at.as_second(), naive.to_string()]))
        .collect();
    let answers = ask("croniter-6.0.0", CLOCK_ORACLE, &questions);
    for ((name, at, naive), theirs) in cases.iter().zip(&answers) {
        let zone = SiteZone::of_setting(Some(name), Family::V16);
        let reached = zone.reached_at(*naive).unwrap().as_second();
        let ours = json!([zone.clock_at(*at).to_string(), reached]);
        assert_eq!(ours, *theirs, "{name} at {at}, reaching {naive}");
    }
}
