//! How a pool ends: drained, stopped warm, stopped cold, given up.

use std::fs;
use std::time::Instant;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::{Busy, LONG, Place, in_each_release, wait_gone};
use crate::support::wait::wait_until;

#[test]
fn burst_drains_its_queues_and_tells_whether_jobs_failed() {
    in_each_release(|version| {
        let place = Place::of(version);
        place.rq.enqueue(&place.server, "b", "work.fail, 'of old'");
        place.rq.burst(&place.server, &["b"]);
        place.enqueue_marks("a", 0..20);
        place.enqueue_marks("b", 20..30);
        let burst = ["-n", "3", "--queue", "a,b", "--burst", "--fail-on-job-failure"];
        let mut pool = place.pool(&burst);
        assert_eq!(pool.ends(), 0, "{version}\n{}", pool.log());
        assert_eq!(place.lines("marks").len(), 30, "{version}");
        place.rq.enqueue(&place.server, "b", "work.fail");
        assert_eq!(place.pool(&burst).ends(), 1, "{version}\n{}", pool.log());
        assert!(pool.log().contains("1 job failed"), "{version}\n{}", pool.log());
        assert_eq!(place.pool(&burst).ends(), 0, "{version}\n{}", pool.log());
    });
}

#[test]
fn burst_tells_of_failures_that_are_not_kept_or_wait_for_a_retry_and_not_of_those_made_good() {
    in_each_release(|version| {
        let place = Place::of(version);
        let flaky = format!("marks.flaky, '{}', retry=rq.Retry(max=1)", place.path("tried"));
        for (call, code, text) in [
            ("work.fail, failure_ttl=0", 1, "failed"),
            ("work.fail, retry=rq.Retry(max=1, interval=600)", 1, "wait"),
            (&flaky, 0, "the queues are empty"),
        ] {
            place.rq.python(
                &place.server,
                &format!("import marks\nQueue('a', connection=connection).enqueue({call})"),
            );
            let mut pool =
                place.pool(&["-n", "1", "--queue", "a", "--burst", "--fail-on-job-failure"]);
            assert_eq!(pool.ends(), code, "{version}, {call}\n{}", pool.log());
            assert!(pool.log().contains(text), "{version}, {call}\n{}", pool.log());
        }
    });
}

#[test]
fn burst_with_a_number_of_jobs_per_worker_leaves_none_behind() {
    let place = Place::of("2.6.1");
    place.enqueue_marks("a", 0..12);
    let mut pool = place.pool(&["-n", "2", "--queue", "a", "--burst", "--max-jobs", "2"]);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
    assert_eq!(place.lines("marks").len(), 12, "{}", pool.log());
    assert!(pool.log().contains("has run its number of jobs"), "{}", pool.log());
}

#[test]
fn first_signal_waits_for_the_job_and_the_second_cuts_it_off() {
    in_each_release(|version| {
        let place = Place::of(version);
        let Busy { mut pool, workers, id, .. } = place.busy(2, &[]);
        pool.signal(Signal::SIGINT);
        pool.wait_for("the stop", |state| {
            let left = state["workers"].as_array().unwrap().iter();
            let leaving = left.filter(|worker| worker["state"] == "leaving").count();
            (state["phase"] == "stopping" && leaving == 1).then_some(())
        });
        assert_eq!(place.status(&id), "started", "{version}");
        place.release_job();
        assert_eq!(pool.ends(), 0, "{version}\n{}", pool.log());
        assert_eq!(place.status(&id), "finished", "{version}");
        wait_gone(&workers);

        fs::remove_file(place.path("flag")).unwrap();
        fs::remove_file(place.path("log")).unwrap();
        let Busy { mut pool, workers, horse, .. } = place.busy(1, &[]);
        pool.signal(Signal::SIGTERM);
        pool.wait_for("the stop", |state| (state["phase"] == "stopping").then_some(()));
        pool.signal(Signal::SIGTERM);
        assert_eq!(pool.ends(), 143, "{version}\n{}", pool.log());
        wait_gone(&workers);
        wait_gone(&[horse]);
        assert_eq!(place.lines("log").len(), 1, "{version}: the job was cut off");
    });
}

#[test]
fn time_of_grace_that_is_over_cuts_the_job_off() {
    let place = Place::of("2.6.1");
    let Busy { mut pool, workers, horse, .. } = place.busy(1, &["--grace", "1s"]);
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 143, "{}", pool.log());
    wait_gone(&workers);
    wait_gone(&[horse]);
    assert!(pool.log().contains("the time of grace is over"), "{}", pool.log());
}

#[test]
fn worker_that_ignores_every_signal_is_killed() {
    let place = Place::of("2.6.1");
    let script = "trap '' TERM INT; echo $$ >> pids; while :; do sleep 0.1; done";
    let mut pool = place.scripted(script, &["-n", "1", "--grace", "1s"]);
    let pid: i32 = wait_until(LONG, "the script", || place.lines("pids").first()?.parse().ok());
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 143, "{}", pool.log());
    wait_gone(&[pid]);
    assert!(pool.log().contains("is killed"), "{}", pool.log());
}

#[test]
fn worker_that_ends_at_once_is_given_up_with_its_last_words() {
    let place = Place::of("2.6.1");
    let script = "echo start >> starts; echo 'No module named rq' >&2; exit 3";
    let dir = place.path("");
    let mut pool = place.scripted(script, &["-n", "2", "--log-dir", &dir]);
    assert_eq!(pool.ends(), 1, "{}", pool.log());
    let log = pool.log();
    assert!(log.contains("starting it again in 0.5 s"), "{log}");
    assert!(log.contains("starting it again in 8 s"), "{log}");
    assert!(log.contains("cannot keep workers running"), "{log}");
    assert!(log.contains("exit code 3"), "{log}");
    assert!(log.contains("No module named rq"), "{log}");
    // No more starts than the rule allows: two workers, six times each.
    assert_eq!(place.lines("starts").len(), 12, "{log}");
    let state = pool.state().unwrap();
    assert_eq!(state["phase"], "ended");
    assert!(state["pools"][0]["given_up"].as_str().unwrap().contains("exit code 3"), "{state}");
}

#[test]
fn worker_that_was_told_to_end_before_keeps_its_job_when_the_pool_stops() {
    let place = Place::of("2.6.1");
    let Busy { mut pool, workers, id, .. } = place.busy(1, &[]);
    let name = pool.wait_for("the worker's name", |state| {
        state["workers"][0]["worker"].as_str().map(|name| format!("rq:worker:{name}"))
    });
    kill(Pid::from_raw(workers[0]), Signal::SIGTERM).unwrap();
    let told = place.told(&name);
    // RQ passes over a second signal that comes within a second.
    wait_until(LONG, "RQ to listen again", || (told.elapsed().as_millis() > 1300).then_some(()));
    pool.signal(Signal::SIGTERM);
    wait_until(LONG, "the pool to see that", || {
        pool.log().contains("told to end already").then_some(())
    });
    place.release_job();
    assert_eq!(pool.ends(), 0, "{}", pool.log());
    assert_eq!(place.status(&id), "finished", "{}", pool.log());
}

#[test]
fn burst_whose_worker_is_told_to_end_starts_another_for_the_jobs_that_wait() {
    let place = Place::of("2.6.1");
    let first = place.enqueue_until("a");
    place.enqueue_marks("a", 0..3);
    let mut pool = place.pool(&["-n", "1", "--queue", "a", "--burst"]);
    place.horse();
    let worker = pool.up(1)[0];
    kill(Pid::from_raw(worker), Signal::SIGTERM).unwrap();
    place.release_job();
    assert_eq!(pool.ends(), 0, "{}", pool.log());
    assert!(pool.log().contains("but jobs wait in its queues"), "{}", pool.log());
    assert_eq!(place.status(&first), "finished");
    assert_eq!(place.lines("marks").len(), 3, "{}", pool.log());
}

/// Waits until RQ takes a second signal: it passes over one that comes within a second.
fn wait_for_rq_to_listen(told: Instant) {
    wait_until(LONG, "RQ to listen again", || (told.elapsed().as_millis() > 1300).then_some(()));
}

#[test]
fn job_that_somebody_else_cuts_off_while_the_pool_stops_is_named_and_the_pool_did_not_end_well() {
    in_each_release(|version| {
        for by in ["second signal", "kill -9", "horse"] {
            let place = Place::of(version);
            let Busy { mut pool, workers, id, horse } = place.busy(1, &[]);
            let name = pool.wait_for("the worker's name", |state| {
                let worker = &state["workers"][0];
                worker["job"].is_string().then_some(())?;
                worker["worker"].as_str().map(|name| format!("rq:worker:{name}"))
            });
            pool.signal(Signal::SIGTERM);
            let told = place.told(&name);
            let (worker, horse) = (Pid::from_raw(workers[0]), Pid::from_raw(horse));
            match by {
                "second signal" => {
                    wait_for_rq_to_listen(told);
                    kill(worker, Signal::SIGTERM).unwrap();
                }
                "kill -9" => {
                    kill(worker, Signal::SIGKILL).unwrap();
                    kill(horse, Signal::SIGKILL).unwrap();
                }
                _ => kill(horse, Signal::SIGTERM).unwrap(),
            }
            assert_eq!(pool.ends(), 143, "{version}, {by}\n{}", pool.log());
            let log = pool.log();
            assert!(!log.contains("no job was cut off"), "{version}, {by}\n{log}");
            assert!(log.contains(&format!("1 job was cut off with its worker: `{id}`")), "{log}");
            assert_eq!(
                log.contains("ended with SIGKILL"),
                by == "kill -9",
                "{version}, {by}\n{log}"
            );
            let state = pool.state().unwrap();
            assert_eq!(state["cut_off"][0]["job"], id.as_str(), "{version}, {by}: {state}");
            assert_ne!(place.status(&id), "finished", "{version}, {by}");
        }
    });
}

#[test]
fn job_that_is_cut_off_with_a_worker_that_is_replaced_counts_when_the_pool_stops() {
    let place = Place::of("2.6.1");
    let Busy { mut pool, workers, id, horse } = place.busy(1, &[]);
    pool.signal(Signal::SIGHUP);
    pool.wait_for("the old one to be told", |state| {
        state["workers"].as_array()?.iter().find(|w| w["state"] == "leaving").map(drop)
    });
    kill(Pid::from_raw(workers[0]), Signal::SIGKILL).unwrap();
    kill(Pid::from_raw(horse), Signal::SIGKILL).unwrap();
    let cut = pool.wait_for("the cut off job", |state| {
        Some(state["cut_off"][0].clone()).filter(Value::is_object)
    });
    assert_eq!((&cut["job"], &cut["told"]), (&id.as_str().into(), &"replaced".into()));
    assert!(pool.log().contains("ended with SIGKILL (replaced)"), "{}", pool.log());
    let shown = crate::support::env::jobctl([
        "worker-pool",
        "status",
        "--status-file",
        &place.path("state"),
    ])
    .run()
    .stdout;
    assert!(shown.contains("1 job was cut off with a worker"), "{shown}");
    pool.up(1);
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 143, "{}", pool.log());
}

#[test]
fn burst_whose_worker_and_horse_are_killed_says_so_and_counts_it_as_a_failure() {
    let place = Place::of("2.6.1");
    let id = place.enqueue_until("a");
    let mut pool = place.pool(&["-n", "1", "--queue", "a", "--burst", "--fail-on-job-failure"]);
    let horse = place.horse();
    let worker = pool.up(1)[0];
    kill(Pid::from_raw(worker), Signal::SIGKILL).unwrap();
    kill(Pid::from_raw(horse), Signal::SIGKILL).unwrap();
    assert_eq!(pool.ends(), 1, "{}", pool.log());
    assert!(pool.log().contains(&format!("cut off with its worker: `{id}`")), "{}", pool.log());
}
