//! What is shown of a history of two months that is written as the recorder writes it.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use jobctl::backend::history::{Batch, Place, Writer};
use jobctl::model::history::{EndedJob, QueueSample, Sample};
use serde_json::json;

use super::*;

/// A Sunday, noon.
const NOW: &str = "2026-11-22T12:00:00Z";

/// Sixty days, a sample an hour: jobs on weekdays rise by ten a day, at 14:00 there are most of them.
struct Past {
    folder: TempDir,
}

impl Past {
    fn of(days: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let past = Self { folder };
        let place = Place::named(&past.path());
        let mut writer = Writer::open(place, TimeZone::UTC).unwrap().writer;
        let now: Timestamp = NOW.parse().unwrap();
        let begin = now - SignedDuration::from_hours(24 * days + 12);
        for day in 0..days {
            let mut batch = Batch::default();
            for hour in 0..24 {
                let at = begin + SignedDuration::from_hours(day * 24 + hour);
                Self::hour(&mut batch, at, day, hour);
            }
            writer.write(&batch).unwrap();
        }
        past
    }

    /// One sample, of a queue that no job ended in.
    fn sampled() -> Self {
        let past = Self::of(0);
        let mut writer = Writer::open(Place::named(&past.path()), TimeZone::UTC).unwrap().writer;
        let mut batch = Batch::default();
        Self::hour(&mut batch, NOW.parse().unwrap(), 0, 0);
        batch.ended.clear();
        writer.write(&batch).unwrap();
        past
    }

    fn hour(batch: &mut Batch, at: Timestamp, day: i64, hour: i64) {
        let peak = hour == 14;
        let queue = QueueSample {
            queue: "long".to_owned(),
            queued: Some(if peak { 300 } else { 0 }),
            oldest_s: Some(0),
            workers: Some(2),
            ..QueueSample::default()
        };
        batch.samples.push(Sample {
            at,
            redis_memory: Some(1 << 20),
            busy: Some(1),
            idle: Some(1),
            queues: vec![queue],
        });
        let jobs = if peak { 100 } else { 10 } + day / 2;
        for number in 0..jobs {
            batch.ended.push(EndedJob {
                hash: u64::try_from(day * 1_000_000 + hour * 10_000 + number).unwrap(),
                queue: "long".to_owned(),
                method: "shop.month_end".to_owned(),
                site: None,
                ended_at: at + SignedDuration::from_secs(number),
                failed: number % 10 == 0,
                error: None,
                wait_ms: Some(1_000),
                run_ms: Some(6_000),
            });
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("h.db")
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let path = self.path();
        let fixed = ["history", arguments[0], "--file", path.to_str().unwrap()];
        jobctl(fixed.iter().chain(&arguments[1..])).env("JOBCTL_TEST_NOW", NOW).run()
    }

    fn report(&self, arguments: &[&str]) -> Value {
        let run = self.run(&[arguments, &["-o", "json"]].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run.json()
    }
}

#[test]
fn shown_trend_has_thirty_days_and_twelve_weeks() {
    let past = Past::of(60);
    let report = past.report(&["trend"]);
    let data = &report["data"];
    let (days, weeks) = (data["days"].as_array().unwrap(), data["weeks"].as_array().unwrap());
    assert_eq!((days.len(), weeks.len()), (30, 12));
    // Today nothing was recorded any more.
    assert_eq!(days[29]["date"], "2026-11-22");
    assert_eq!((&days[29]["is_recorded"], &days[29]["mean_ms"]), (&json!(false), &json!(null)));
    assert_eq!((&days[28]["count"], &days[28]["mean_ms"]), (&json!(1026), &json!(6000.0)));
    assert_eq!(weeks[11]["monday"], "2026-11-16");
    assert_eq!(weeks[11]["days_recorded"], 6);
    let rate = weeks[10]["failure_rate"].as_f64().unwrap();
    assert!((0.1..0.12).contains(&rate), "{rate}");
    assert_eq!((&weeks[0]["count"], &weeks[0]["days_recorded"]), (&json!(null), &json!(0)));
}

#[test]
fn shown_peaks_name_the_busiest_hour() {
    let past = Past::of(60);
    let report = past.report(&["peaks"]);
    let data = &report["data"];
    assert_eq!(data["busiest_hour"], "14:00", "{data:#}");
    assert_eq!(data["hours"][14]["queued_max"], 300);
    assert!(data["hours"][14]["recorded"].as_u64() > Some(50));
    assert_eq!(data["weekdays"].as_array().unwrap().len(), 7);
    assert!(data["busiest_weekday"].is_string());
    let short = Past::of(3).report(&["peaks"]);
    assert_eq!(short["data"]["busiest_weekday"], json!(null));
    assert!(short["notes"].to_string().contains("recorded so far: 3 days"), "{short:#}");
}

#[test]
fn shown_forecast_has_growth_with_its_confidence_and_the_workers_for_the_peak() {
    let past = Past::of(60);
    let report = past.report(&["forecast", "--within", "10m"]);
    let data = &report["data"];
    let growth = &data["growth"];
    let slope = growth["slope"].as_f64().unwrap();
    // Half a job more in each of the 24 hours, every day.
    assert!((11.5..12.5).contains(&slope), "{growth:#}");
    assert!(growth["slope_low"].as_f64().unwrap() < slope && growth["is_significant"] == true);
    assert!(growth["r2"].as_f64().unwrap() > 0.99, "{growth:#}");
    assert_eq!(data["days_recorded"], 60);
    let line = &data["capacity"][0];
    // 129 jobs in an hour and 300 that wait, 6 s each, within 10 minutes.
    assert_eq!((&line["queue"], &line["workers_needed"]), (&json!("long"), &json!(4)), "{line:#}");
    assert_eq!((&line["workers_now"], &line["workers_steady"]), (&json!(2), &json!(1)));
    assert!(line["workers_in_90_days"].as_u64() > Some(4), "{line:#}");
    let short = Past::of(5);
    let report = short.report(&["forecast"]);
    assert_eq!(report["data"]["growth"], json!(null));
    assert!(report["notes"].to_string().contains("5 whole days recorded so far, 14 are needed"));
    let little = Past::sampled();
    let run = little.run(&["forecast"]);
    assert_eq!(run.code, 1, "{run:?}");
    let nothing = Past::of(0).run(&["forecast"]);
    assert_eq!(nothing.code, 66, "{nothing:?}");
    assert!(nothing.stderr.contains("there are no samples yet"), "{nothing:?}");
}

#[test]
fn shown_history_narrows_and_comes_in_every_format() {
    let past = Past::of(20);
    let count = |more: &[&str]| {
        let arguments = [&["show", "--by", "day", "--since", "2026-11-20"][..], more].concat();
        past.report(&arguments)["data"]["total"]["count"].as_u64().unwrap()
    };
    let all = count(&[]);
    assert!(all > 500);
    assert_eq!((count(&["--queue", "long"]), count(&["--method", "shop.month_end"])), (all, all));
    assert_eq!(count(&["--site", "nobody.localhost"]), 0);
    let unknown = past.run(&["show", "--queue", "lnog"]);
    assert_eq!(unknown.code, 66, "{unknown:?}");
    assert!(unknown.stderr.contains("long"), "{}", unknown.stderr);
    for command in ["show", "trend", "peaks", "forecast"] {
        for format in ["table", "wide", "plain", "json", "jsonl", "csv"] {
            let run = past.run(&[command, "-o", format]);
            assert_eq!(run.code, 0, "{run:?}");
            assert!(!run.stdout.is_empty(), "{command} {format}");
        }
    }
    let csv = past.run(&["trend", "-o", "csv"]).stdout;
    assert!(csv.starts_with("DAY,JOBS,FAILED,MEAN_MS,P95_MS\r\n"), "{csv}");
    // Numbers, whatever people see.
    let csv = past.run(&["show", "--by", "day", "-o", "csv"]).stdout;
    let (head, rows) = csv.split_once("\r\n").unwrap();
    assert!(head.contains(",MEAN_MS,DEVIATION_MS,MEDIAN_MS,"), "{head}");
    for field in rows.lines().flat_map(|row| row.trim().split(',').skip(1)) {
        assert!(field.is_empty() || field.parse::<f64>().is_ok(), "{field}: {csv}");
    }
    let plain = past.run(&["peaks", "-o", "plain"]).stdout;
    assert!(plain.starts_with("HOUR\tHOURS\tJOBS_MEAN\tJOBS_MAX\t"), "{plain}");
    let table = past.run(&["show", "--by", "day", "-o", "table"]).stdout;
    assert!(table.contains("█") && table.contains("recorded  2026-11-02"), "{table}");
}

#[test]
fn shown_history_that_is_not_there_says_how_to_begin_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    for command in ["show", "trend", "peaks", "forecast"] {
        let run = jobctl(["history", command, "--file", path.to_str().unwrap()]).run();
        assert_eq!(run.code, 66, "{run:?}");
        assert!(run.stderr.contains("jobctl history record"), "{}", run.stderr);
        assert!(!path.exists());
    }
}

#[test]
fn shown_history_fits_narrow_terminals_and_cuts_no_number() {
    let past = Past::of(60);
    for columns in ["50", "80"] {
        for command in ["show", "trend", "peaks", "forecast"] {
            let path = past.path();
            let words = ["history", command, "--file", path.to_str().unwrap(), "-o", "table"];
            let run = jobctl(words).env("JOBCTL_TEST_NOW", NOW).env("COLUMNS", columns).run();
            assert_eq!(run.code, 0, "{run:?}");
            let width = columns.parse::<usize>().unwrap();
            for line in run.stdout.lines() {
                assert!(line.chars().count() <= width, "{columns} {command}: {line}");
                assert!(!line.contains('…'), "{columns} {command}: {line}");
            }
        }
    }
    let forecast = past.run(&["forecast", "-o", "table"]).stdout;
    assert!(forecast.contains(" 14:00"), "{forecast}");
}
