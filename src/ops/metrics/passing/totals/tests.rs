use super::super::busiest::{FIRST, RESERVED};
use super::*;

fn texts(changed: Vec<(String, Option<String>)>) -> Vec<(String, String)> {
    changed.into_iter().filter_map(|(series, value)| Some((series, value?))).collect()
}

fn values(totals: &Totals, name: &str) -> BTreeMap<String, f64> {
    let family = totals.families().into_iter().find(|family| family.name == name).unwrap();
    family
        .samples
        .into_iter()
        .map(|sample| (format!("{:?}", sample.labels), sample.value))
        .collect()
}

#[test]
fn times_count_up_to_each_bound_and_all_at_the_end() {
    let mut times = Times::default();
    for seconds in [0.05, 0.1, 7.0, 9_999.0] {
        times.observe(seconds);
    }
    let mut family = Family::new("x", MetricKind::Histogram, "X.");
    times.add_to(&mut family, &[]);
    let of = |bound: &str| {
        let is = |sample: &&Sample| sample.labels == [("le", bound.to_owned())];
        family.samples.iter().find(is).unwrap().value.to_string()
    };
    let bounds = ["0.1", "5.0", "10.0", "3600.0", "+Inf"].map(of);
    assert_eq!(bounds, ["2", "2", "3", "3", "4"]);
    assert_eq!(family.samples.last().unwrap().value.to_string(), "4");
}

#[test]
fn totals_of_many_names_are_bounded_and_lose_no_count() {
    let mut totals = Totals::default();
    for number in 0..3_000 {
        let series = Series::of(What::Failed, "q", &format!("task{number}"));
        let worker = format!("host{number}/q");
        let error_type = Some(format!("Error{number}"));
        totals.add(Series { error_type, ..series.by(Some(&worker)) }, 1);
    }
    let family = totals.families().into_iter().find(|f| f.name == "jobctl_job_failed").unwrap();
    assert!(family.samples.len() <= FIRST + 2, "{}", family.samples.len());
    let sum: f64 = family.samples.iter().map(|sample| sample.value).sum();
    assert!((sum - 3_000.0).abs() < 0.5);
    let keeps_queue = |sample: &Sample| sample.labels.contains(&("queue", "q".to_owned()));
    assert!(family.samples.iter().all(keeps_queue));
}

#[test]
fn totals_survive_being_written_down() {
    let mut totals = Totals::default();
    totals.add(Series::of(What::Started, "q", "a.b").by(Some("h/q")), 2);
    totals.observe(Series::of(What::Ran, "q", "a.b"), 0.25);
    totals.add(Series::bare(What::Gaps), 0);
    let written = totals.take_changed();
    // Two of them are outcomes of the same task at 0.
    assert_eq!(written.len(), 5);
    totals.add(Series::bare(What::Gaps), 0);
    assert!(totals.take_changed().is_empty());
    let mut again = Totals::restored(texts(written));
    assert_eq!(again.counted, totals.counted);
    again.add(Series::of(What::Started, "q", "a.b").by(Some("h/q")), 1);
    let text = again.take_changed();
    assert_eq!(text[0].1.as_deref(), Some("3"));
    let hostile = [("{".to_owned(), "1".to_owned()), ("{\"what\":\"x\"}".into(), "1".into())];
    assert!(Totals::restored(hostile).counted.is_empty());
}

#[test]
fn busiest_of_ten_thousand_tasks_is_told_apart_also_where_it_comes_late() {
    let (mut totals, mut shown) = (Totals::default(), BTreeMap::new());
    let name = "jobctl_job_completed";
    for number in 0..10_000 {
        totals.add(Series::of(What::Completed, "q", &format!("task{number}")), 1);
        if number >= 6_000 {
            totals.add(Series::of(What::Completed, "q", "busiest"), 1);
        }
        if number % 250 == 0 {
            // A scrape: nothing that was shown vanishes or falls.
            let now = values(&totals, name);
            for (labels, before) in &shown {
                assert!(now.get(labels).is_some_and(|value| value >= before), "{labels}");
            }
            shown = now;
        }
    }
    let now = values(&totals, name);
    let busiest = now.iter().find(|(labels, _)| labels.contains("busiest")).unwrap();
    assert!(*busiest.1 > 3_500.0, "{busiest:?}");
    assert!(now.len() <= FIRST + RESERVED + 1, "{}", now.len());
    assert!((now.values().sum::<f64>() - 14_000.0).abs() < 0.5);
    // A restart gives up the least busy ones, and loses no count.
    let again = Totals::restored(texts(totals.take_changed()));
    let restored = values(&again, name);
    assert!((restored.values().sum::<f64>() - 14_000.0).abs() < 0.5);
    assert_eq!(restored.get(busiest.0), Some(busiest.1));
}

#[test]
fn tasks_that_lose_their_place_at_a_restart_are_counted_among_the_others_once() {
    let written = (0..FIRST + RESERVED).map(|number| {
        let series = Series::of(What::Completed, "q", &format!("task{number}"));
        (serde_json::to_string(&series).unwrap(), number.to_string())
    });
    let mut file: BTreeMap<String, String> = written.collect();
    let sum = |totals: &Totals| values(totals, "jobctl_job_completed").values().sum::<f64>();
    let before: f64 = file.values().map(|value| value.parse::<f64>().unwrap()).sum();
    for _ in 0..3 {
        let mut totals = Totals::restored(file.clone());
        assert!((sum(&totals) - before).abs() < 0.5);
        for (series, value) in totals.take_changed() {
            match value {
                Some(value) => file.insert(series, value),
                None => file.remove(&series),
            };
        }
        assert_eq!(file.len(), FIRST + RESERVED / 2 + 1);
    }
}

#[test]
fn queue_that_is_known_has_every_outcome_at_0_before_anything_happens() {
    let mut totals = Totals::default();
    totals.know("short");
    for outcome in ["enqueued", "started", "completed", "failed", "retry", "cancelled"] {
        let shown = values(&totals, &format!("jobctl_job_{outcome}"));
        assert_eq!(shown.len(), 1, "{outcome}");
        assert!(shown.iter().all(|(labels, value)| labels.contains("short") && *value == 0.0));
    }
    for number in 0..1_000 {
        totals.know(&format!("q{number}"));
    }
    assert_eq!(totals.counted.len(), OUTCOMES.len() * MOST_QUEUES);
}

#[test]
fn counters_of_another_recorder_are_taken_up_where_they_are_greater() {
    let (mut first, mut here) = (Totals::default(), Totals::default());
    first.add(Series::of(What::Completed, "q", "a.b"), 500);
    first.add(Series::of(What::Completed, "q", "c.d"), 7);
    first.add(Series::of(What::Completed, "q", "e.f"), 7);
    here.add(Series::of(What::Completed, "q", "a.b"), 3);
    here.add(Series::of(What::Completed, "q", "e.f"), 9);
    here.adopt(texts(first.take_changed()));
    let shown = values(&here, "jobctl_job_completed");
    assert_eq!(shown.values().copied().collect::<Vec<_>>(), [500.0, 7.0, 9.0]);
}
