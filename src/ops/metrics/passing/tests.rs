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

fn ends(passing: &mut Passing, job: &Job, now: i64) -> usize {
    let look = passing.begin(at(now));
    let jobs = std::iter::once(job);
    passing.meet_ended("q", Registry::Finished, jobs, look, &mut Vec::new()).new
}

#[test]
fn passing_counts_on_after_a_clock_that_was_ahead() {
    let ahead = at(172_800).to_string();
    let mut resumed = Passing::resumed(Vec::new(), Vec::new(), Some(&ahead), at(0));
    assert_eq!(ends(&mut resumed, &finished(-9, -8, -5), 0), 1);
    // The clock of a process that goes on, forward and back.
    let mut going = Passing::resumed(Vec::new(), Vec::new(), None, at(0));
    going.begin(at(0));
    going.horizon = Some(at(172_800));
    assert_eq!(ends(&mut going, &finished(1, 2, 5), 10), 1);
}

#[test]
fn passing_counts_the_start_of_a_run_once_and_of_the_next_again() {
    let mut passing = Passing { from_the_first: true, ..Passing::default() };
    let look = passing.begin(at(0));
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
