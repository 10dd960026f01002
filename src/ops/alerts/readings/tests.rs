use super::*;
use crate::model::health::Verdict;
use crate::ops::alerts::expr::{Judgement, Truth};
use crate::ops::alerts::standing::Standing;

/// A queue whose jobs ended that many seconds ago.
fn readings(failed: &[f64], finished: &[f64], waiting: f64) -> Readings {
    let ends =
        Ends { failed: failed.to_vec(), finished: finished.to_vec(), reach_s: f64::INFINITY };
    let backlog = Sample { labels: vec![("queue", "long".to_owned())], value: waiting };
    Readings {
        at: Timestamp::UNIX_EPOCH,
        ends: BTreeMap::from([("long".to_owned(), ends)]),
        series: BTreeMap::from([("backlog", Series { samples: vec![backlog], lack: None })]),
        health: HealthReport {
            verdict: Verdict::Healthy,
            message: String::new(),
            checks: Vec::new(),
            figures: Vec::new(),
            checked_at: Timestamp::UNIX_EPOCH,
            took_ms: 0.0,
            ping: None,
            degraded_fails: false,
            verbose: false,
            notes: Vec::new(),
        },
        outage: None,
        unread_sites: Vec::new(),
        there: There::default(),
        least_jobs: 10,
    }
}

#[test]
fn alert_on_failures_is_not_over_for_lack_of_jobs() {
    let rule = super::super::rules::rules(&crate::settings::alerts::AlertFile::default())
        .unwrap()
        .into_iter()
        .find(|rule| rule.name == "failure-rate")
        .unwrap();
    let judge = |readings: &Readings, fired_for: &[Subject]| -> Judgement {
        let view = readings.with(None).of_what_fires(fired_for);
        rule.condition.judge(&view, rule.threshold, rule.window_s)
    };
    let secrets = crate::secrets::Secrets::default();
    let failing = judge(&readings(&[10.0; 12], &[], 0.0), &[]);
    assert_eq!(failing.truth, Truth::True);
    let mut standing = Standing::default();
    standing.step(&rule, failing.truth, &Subject::all(&failing, secrets), Timestamp::UNIX_EPOCH);
    let fires = standing.fires_for();
    assert!(!fires.is_empty());

    let few = readings(&[10.0; 5], &[], 0.0);
    assert_eq!(judge(&few, &[]).truth, Truth::False, "too few to fire for");
    assert_eq!(judge(&few, fires).truth, Truth::True, "all of the few failed");
    let well = readings(&[], &[10.0], 3.0);
    assert_eq!(judge(&well, fires).truth, Truth::False, "what ended, ended well");
    assert_eq!(judge(&readings(&[], &[], 3.0), fires).truth, Truth::Unknown, "3 jobs wait");
    assert_eq!(judge(&readings(&[], &[], 3.0), &[]).truth, Truth::False);
    assert_eq!(judge(&readings(&[], &[], 0.0), fires).truth, Truth::False, "nothing is left to do");
}
