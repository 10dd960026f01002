//! `--event` in the selection language: by the frequency of a scheduled job's type, by the payload
//! of every other job.

use serde_json::{Value, json};

use super::{Place, SITE, fixed_id, several};
use crate::support::redis::free_port;

/// A site with its daily, hourly and nightly jobs enqueued, and one job that was enqueued for the
/// event `daily` and one for `all`.
fn place() -> Place {
    let place = Place::v15(&several());
    place.trigger(0, &["any"]);
    for event in ["daily", "all"] {
        place.ends(
            0,
            &[
                "jobs",
                "enqueue",
                "app.mail.send",
                "--site",
                SITE,
                "--event",
                event,
                "--job-id",
                event,
            ],
        );
    }
    place
}

fn purge(place: &Place, code: i32, arguments: &[&str]) -> Value {
    let base = ["purge-jobs", "-o", "json"];
    let run = place.ends(code, &[&base[..], arguments].concat());
    if code == 0 { run.json()["data"].clone() } else { json!(run.stderr) }
}

fn waiting(place: &Place) -> Vec<String> {
    let mut ids = [place.queued("default"), place.queued("long")].concat();
    ids.sort();
    ids
}

#[test]
fn purge_takes_the_scheduled_jobs_of_a_frequency_and_says_how_many_by_which() {
    let place = place();
    let all = waiting(&place);
    assert_eq!(all.len(), 7);
    let dry = purge(&place, 0, &["--event", "daily", "--dry-run"]);
    assert_eq!(dry["plan"]["by_event"], json!({"frequency": 1, "payload": 1}), "{dry}");
    assert_eq!(waiting(&place), all);

    let done = purge(&place, 0, &["--event", "daily"]);
    assert_eq!(done["removed"], 2, "{done}");
    let gone = [fixed_id("app.tasks.daily"), format!("{SITE}::daily")];
    let left: Vec<String> = all.iter().filter(|id| !gone.contains(id)).cloned().collect();
    assert_eq!(waiting(&place), left);

    // The word is the frequency All, not everything.
    let dry = purge(&place, 0, &["--event", "all", "--dry-run"]);
    assert_eq!(dry["plan"]["by_event"], json!({"frequency": 1, "payload": 1}));
    let several = purge(&place, 0, &["--event", "hourly,daily_long", "--dry-run"]);
    assert_eq!(several["plan"]["by_event"], json!({"frequency": 2}));
    let any = purge(&place, 0, &["--event", "any"]);
    assert_eq!(any["plan"]["by_event"], json!({"frequency": 4}), "{any}");
    assert_eq!(waiting(&place), [format!("{SITE}::all")]);
}

#[test]
fn event_means_the_same_wherever_jobs_are_selected() {
    let place = place();
    let listed = |event: &str| {
        let run = place.ends(0, &["jobs", "list", "--event", event, "-o", "json"]);
        let jobs = run.json()["data"]["jobs"].as_array().unwrap().len();
        u64::try_from(jobs).unwrap()
    };
    for event in ["daily", "daily_long", "hourly", "weekly", "any", "data_import"] {
        let dry = purge(&place, 0, &["--event", event, "--dry-run"]);
        assert_eq!(dry["plan"]["count"], listed(event), "{event}");
    }
    assert_eq!((listed("daily"), listed("weekly"), listed("any")), (2, 0, 5));
}

#[test]
fn purge_changes_nothing_where_types_cannot_be_read() {
    let mut place = place();
    place.bench.set_on("other", "db_name", "_other");
    place.bench.set_on("other", "db_type", "mariadb");
    place.bench.set_on("other", "db_host", "127.0.0.1");
    place.bench.set_on("other", "db_port", free_port());
    let all = waiting(&place);
    let refused = purge(&place, 69, &["--event", "daily", "--yes"]);
    assert!(refused.as_str().unwrap().contains("`other`"), "{refused}");
    assert_eq!(waiting(&place), all);
    // A site that is left out is not asked, and neither is any for events that are no frequency.
    purge(&place, 0, &["--event", "daily", "--site", SITE]);
    purge(&place, 0, &["--event", "data_import"]);
    assert_eq!(waiting(&place).len(), all.len() - 2);
}
