//! When types are due, for each Frappe version.

use jiff::ToSpan;
use serde_json::json;

use super::*;

const NOW: &str = "2026-11-21T10:30:00";

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn rules(family: Family) -> Rules {
    Rules::new(family, Dialect::of_family(family), false, None)
}

fn ran<'a>(frequency: &'a str, last_execution: &str) -> JobType<'a> {
    JobType { frequency, last_execution: Some(at(last_execution)), ..JobType::default() }
}

fn clock(family: Family, job_type: &JobType<'_>) -> JobTypeClock {
    JobTypeClock::new(&rules(family), job_type, at(NOW))
}

fn own(cron_format: &str) -> JobType<'_> {
    JobType { cron_format: Some(cron_format), ..ran("Cron", NOW) }
}

#[test]
fn every_frequency_is_due_at_its_time() {
    for (frequency, next) in [
        ("All", "2026-11-21T10:32:00"),
        ("Hourly", "2026-11-21T11:00:00"),
        ("Hourly Maintenance", "2026-11-21T11:00:00"),
        ("Daily Long", "2026-11-22T00:00:00"),
        ("Weekly", "2026-11-22T00:00:00"),
        ("Monthly Long", "2026-12-01T00:00:00"),
        ("Yearly", "2027-01-01T00:00:00"),
        ("Annual", "2027-01-01T00:00:00"),
    ] {
        let clock = clock(Family::V16, &ran(frequency, "2026-11-21T10:29:59.5"));
        assert_eq!((clock.next(), clock.problem()), (Some(at(next)), None), "{frequency}");
        assert_eq!(clock.due(at(NOW)), Due::Waiting(at(next)), "{frequency}");
        assert_eq!(clock.due(at(next)), Due::Since(at(next)), "{frequency}");
    }
}

#[test]
fn own_expression_wins_over_every_frequency() {
    let job_type = JobType { cron_format: Some("0 12 * * *"), ..ran("Daily", NOW) };
    assert_eq!(clock(Family::V15, &job_type).next(), Some(at("2026-11-21T12:00:00")));
    let odd = JobType { frequency: "Fortnightly", ..job_type };
    assert_eq!(clock(Family::V15, &odd).problem(), None);
}

#[test]
fn type_that_never_ran_counts_from_its_creation_but_in_v13() {
    let new = JobType {
        frequency: "Daily",
        creation: Some(at("2026-11-21T08:00:00")),
        ..JobType::default()
    };
    assert_eq!(clock(Family::V14, &new).next(), Some(at("2026-11-22T00:00:00")));
    assert!(clock(Family::V13, &new).overdue_by(at(NOW)).is_some());
    let neither = JobType { creation: None, ..new };
    assert_eq!(clock(Family::V14, &neither).problem(), Some(&Problem::NoBase));
    assert_eq!(clock(Family::V14, &neither).due(at(NOW)), Due::Never);
}

#[test]
fn long_types_are_due_by_chance_for_ten_minutes_in_v14_and_v15() {
    let job_type = ran("Hourly Long", "2026-11-21T09:05:00");
    let jittery = clock(Family::V15, &job_type);
    assert_eq!(jittery.jitter_s(), Some(1..=600));
    let first = at("2026-11-21T10:00:01");
    assert_eq!(jittery.due(at("2026-11-21T10:00:00")), Due::Waiting(first));
    assert_eq!(jittery.due(at("2026-11-21T10:09:59")), Due::ByChance { since: first });
    assert_eq!(jittery.due(at(NOW)), Due::Since(at("2026-11-21T10:10:00")));
    assert_eq!(jittery.overdue_by(at(NOW)), Some(SignedDuration::from_mins(20)));
    for (family, late) in [(Family::V13, false), (Family::V15, true), (Family::V16, false)] {
        let rules = Rules::new(family, Dialect::V6_0, late, None);
        assert_eq!(JobTypeClock::new(&rules, &job_type, at(NOW)).jitter_s(), None, "{family:?}");
    }
    assert_eq!(clock(Family::V15, &ran("Hourly", NOW)).jitter_s(), None);
}

#[test]
fn interval_sets_the_step_of_all_as_python_divides() {
    let expression = |interval: Value| {
        let rules = Rules::new(Family::V15, Dialect::V2_0, false, Some(&interval));
        let clock = JobTypeClock::new(&rules, &ran("All", NOW), at(NOW));
        (clock.expression().map(str::to_owned), clock.problem().map(Problem::code))
    };
    for (interval, step, problem) in [
        (json!(null), "4", None),
        (json!(0), "4", None),
        (json!(300), "5", None),
        (json!(4500), "75", None),
        (json!(59), "0", Some("bad-cron")),
        (json!(true), "0", Some("bad-cron")),
        (json!(-60), "-1", Some("bad-cron")),
        (json!(300.5), "5.0", Some("bad-cron")),
    ] {
        let expected = (Some(format!("*/{step} * * * *")), problem);
        assert_eq!(expression(interval.clone()), expected, "{interval}");
    }
    assert_eq!(expression(json!("240")), (None, Some("interval-not-a-number")));
}

#[test]
fn interval_that_is_no_number_stops_every_type() {
    let rules = Rules::new(Family::V16, Dialect::V6_0, false, Some(&json!("240")));
    let problem = rules.problem().unwrap();
    assert_eq!(rules.effect(problem), Effect::WholeSite);
    let daily = JobTypeClock::new(&rules, &ran("Daily", NOW), at(NOW));
    assert_eq!(daily.problem(), Some(problem));
}

#[test]
fn problem_names_what_stands_still() {
    for (job_type, code, in_v13, later) in [
        (own("*/0 * * * *"), "bad-cron", Effect::RestOfRound, Effect::ThisType),
        (own("30 2 31 2 *"), "impossible-cron", Effect::RestOfRound, Effect::RestOfRound),
        (own("r * * * *"), "random-cron", Effect::Unpredictable, Effect::Unpredictable),
        (ran("Cron", NOW), "no-cron-format", Effect::RestOfRound, Effect::RestOfRound),
        (ran("daily", NOW), "unknown-frequency", Effect::RestOfRound, Effect::RestOfRound),
        (ran("Daily", "2026-11-21T11:00:00"), "base-in-future", Effect::ThisType, Effect::ThisType),
    ] {
        for (family, effect) in [(Family::V13, in_v13), (Family::V15, later)] {
            let clock = clock(family, &job_type);
            let problem = clock.problem().unwrap();
            assert_eq!((problem.code(), problem.effect(family)), (code, effect), "{job_type:?}");
        }
    }
}

#[test]
fn base_in_the_future_still_has_a_next_time() {
    let clock = clock(Family::V15, &ran("Daily", "2027-06-01T00:30:00"));
    assert_eq!(clock.due(at(NOW)), Due::Waiting(at("2027-06-02T00:00:00")));
    assert_eq!(
        clock.problem().unwrap().to_string(),
        "`last_execution` is in the future: 2027-06-01 00:30:00"
    );
}

#[test]
fn upcoming_of_a_due_type_starts_after_the_run_that_it_waits_for() {
    let clock = clock(Family::V16, &ran("Hourly", "2026-11-20T00:00:00"));
    let upcoming = clock.upcoming(at(NOW), at("2026-11-21T13:00:00"), 2);
    assert_eq!(upcoming.times, [at("2026-11-21T11:00:00"), at("2026-11-21T12:00:00")]);
    assert_eq!(upcoming.count, 3);
}

#[test]
fn timeline_of_every_minute_types_is_bounded_and_sorted() {
    let clocks: Vec<_> = (0..200)
        .map(|n| {
            let seconds = JobType { cron_format: Some("* * * * * *"), ..ran("Cron", NOW) };
            let minutes = JobType { cron_format: Some("*/1 * * * *"), ..ran("Cron", NOW) };
            clock(Family::V16, if n % 50 == 0 { &seconds } else { &minutes })
        })
        .collect();
    let until = at(NOW).saturating_add(1.day());
    let timeline = timeline(&clocks, at(NOW), until, 3);
    assert_eq!(timeline.len(), 600);
    assert!(timeline.is_sorted());
    assert_eq!(clocks[0].upcoming(at(NOW), until, 0).count, MAX_COUNTED);
    assert_eq!(clocks[1].upcoming(at(NOW), until, 0).count, 1440);
}
