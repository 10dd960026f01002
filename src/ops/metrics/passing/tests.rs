use std::time::Duration;

use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_795_291_200 + second).unwrap()
}

fn finished(enqueued: i64, started: i64, ended: i64) -> Job {
    Job {
        status: Status::Finished,
        description: Some("work.ok()".to_owned()),
        created_at: Some(at(enqueued)),
        enqueued_at: Some(at(enqueued)),
        started_at: Some(at(started)),
        ended_at: Some(at(ended)),
        ..Job::bare(JobId::new("a"))
    }
}

fn samples(passing: &Passing, name: &str) -> Vec<f64> {
    let family = passing.families().into_iter().find(|family| family.name == name).unwrap();
    family.samples.into_iter().map(|sample| sample.value).collect()
}

/// A reading of the clock that nobody sets.
fn steady(second: i64) -> Steady {
    Steady::of("boot", Duration::from_secs((second + 1_000_000).try_into().unwrap()))
}

/// Whether an end is counted by a look at `now`, by the clock of Redis, when it is `right`.
fn ends_by(passing: &mut Passing, job: &Job, now: i64, right: i64) -> usize {
    let look = passing.attention.begin(at(now), steady(right));
    let jobs = std::iter::once(job);
    let new = passing.meet_ended("q", Registry::Finished, jobs, look, &mut Vec::new()).new;
    passing.end(&look);
    new
}

fn ends(passing: &mut Passing, job: &Job, now: i64) -> usize {
    ends_by(passing, job, now, now)
}

const DAY: i64 = 86_400;

#[test]
fn passing_counts_on_after_a_clock_that_was_ahead() {
    let ahead = at(2 * DAY).to_string();
    let last_look = |name: &str| (name == LAST_LOOK).then(|| ahead.clone());
    let mut resumed = Passing::resumed(Vec::new(), Vec::new(), last_look, at(0));
    assert_eq!(ends(&mut resumed, &finished(-9, -8, -5), 0), 1);
    // One that began with a wrong clock.
    let mut going = Passing::resumed(Vec::new(), Vec::new(), |_| None, at(2 * DAY));
    assert_eq!(ends_by(&mut going, &finished(-2, -1, 0), 2 * DAY, 0), 0);
    assert_eq!(ends_by(&mut going, &finished(1, 2, 5), 10, 10), 1);
    assert_eq!(ends_by(&mut going, &finished(1, 2, 5), 15, 15), 0);
}

#[test]
fn passing_counts_on_and_nothing_twice_while_the_clock_of_redis_is_wrong() {
    for jump in [3 * 365 * DAY, 3_600, -3_600, -20 * 365 * DAY] {
        let mut passing = Passing::resumed(Vec::new(), Vec::new(), |_| None, at(0));
        let mut old = Vec::new();
        for turn in 0..40 {
            let right = turn * 300;
            // Right for the first half of an hour and again after two hours.
            let by_redis = if (6..30).contains(&turn) { right + jump } else { right };
            let job = Job {
                id: JobId::new(format!("job{turn}")),
                ..finished(right - 9, right - 8, right - 5)
            };
            assert_eq!(ends_by(&mut passing, &job, by_redis, right), 1, "{jump} {turn}");
            old.push(job);
            // Failures stay for long: whatever is still there was counted.
            for job in &old {
                assert_eq!(ends_by(&mut passing, job, by_redis, right), 0, "{jump} {turn} {job:?}");
            }
        }
    }
}

#[test]
fn passing_of_one_process_after_the_other_counts_on_while_the_clock_is_wrong() {
    let (mut totals, mut seen, mut facts) = (Batch::default(), HashMap::new(), HashMap::new());
    let mut jobs = Vec::new();
    for turn in 0..30 {
        let right = turn * 300;
        let now = if turn % 3 == 0 {
            right
        } else {
            right + if turn % 2 == 0 { 5 * 365 * DAY } else { -7 * DAY }
        };
        let fact = |name: &str| facts.get(name).cloned();
        let kept = seen.iter().map(|(hash, at)| (*hash, *at)).collect();
        let mut passing = Passing::resumed(Vec::new(), kept, fact, at(now));
        let id = JobId::new(format!("job{turn}"));
        jobs.push(Job { id, ..finished(right - 9, right - 8, right - 5) });
        let look = passing.attention.begin(at(now), steady(right));
        let page = passing.meet_ended("q", Registry::Finished, jobs.iter(), look, &mut Vec::new());
        assert_eq!(page.new, 1, "{turn}");
        passing.end(&look);
        passing.note_look(at(now));
        passing.hand_over(&mut totals);
        seen.extend(std::mem::take(&mut totals.seen));
        let forget = totals.forget_before.unwrap();
        seen.retain(|_, at| *at >= forget);
        facts.extend(
            std::mem::take(&mut totals.facts)
                .into_iter()
                .map(|(name, text)| (name.to_owned(), text)),
        );
    }
}

#[test]
fn passing_counts_on_after_a_pause_of_the_machine() {
    let mut passing = Passing::resumed(Vec::new(), Vec::new(), |_| None, at(0));
    assert_eq!(ends(&mut passing, &finished(-9, -8, -5), 0), 1);
    // Every clock is three weeks later, but the one that nobody sets.
    for turn in 1..100 {
        let (now, steady) = (21 * DAY + turn * 3_600, turn * 3_600);
        let job =
            Job { id: JobId::new(format!("job{turn}")), ..finished(now - 9, now - 8, now - 5) };
        assert_eq!(ends_by(&mut passing, &job, now, steady), 1, "{turn}");
        assert_eq!(ends_by(&mut passing, &job, now + 5, steady + 5), 0, "{turn}");
    }
    assert!(passing.seen.len() < 20, "{}", passing.seen.len());
}

#[test]
fn passing_counts_the_start_of_a_run_once_and_of_the_next_again() {
    let mut passing = Passing::resumed(Vec::new(), Vec::new(), |_| None, at(0));
    let look = passing.attention.begin(at(0), steady(0));
    let job = finished(-9, -8, -5);
    passing.meet("q", &job, look);
    // RQ writes `started_at` once more when the work horse performs the job.
    passing.meet("q", &Job { started_at: Some(at(-7)), ..job.clone() }, look);
    assert_eq!(samples(&passing, "jobctl_job_started"), [1.0]);
    passing.meet("q", &finished(-3, -2, -1), look);
    assert_eq!(samples(&passing, "jobctl_job_started"), [2.0]);
}

#[test]
fn passing_takes_times_for_unknown_that_cannot_be() {
    let job = finished(-9, -8, -5);
    assert_eq!((ran(&job), waited(&job)), (Some(3.0), Some(1.0)));
    let year_one = Some("0001-01-01T00:00:00Z".parse().unwrap());
    let began_in_the_year_one = Job { started_at: year_one, ..job.clone() };
    assert_eq!((ran(&began_in_the_year_one), waited(&began_in_the_year_one)), (None, None));
    let undated = Job { created_at: None, enqueued_at: None, ..began_in_the_year_one };
    assert_eq!(ran(&undated), None);
    let backwards = Job { ended_at: Some(at(-100)), ..job.clone() };
    assert_eq!(ran(&backwards), None);
    // Clocks of hosts differ a little.
    let skewed = Job { started_at: Some(at(-10)), ..job };
    assert_eq!(waited(&skewed), Some(0.0));
}
