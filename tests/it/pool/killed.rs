//! SIGKILL for workers, horses and the pool: no job is lost, none runs twice.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{Busy, LONG, Place, in_each_release, wait_gone};
use crate::support::wait::wait_until;

fn sigkill(pid: i32) {
    kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
}

#[test]
fn killed_worker_is_replaced_and_its_horse_is_noticed_and_ends_its_job() {
    in_each_release(|version| {
        let place = Place::of(version);
        let Busy { mut pool, workers, id, horse } = place.busy(1, &[]);
        sigkill(workers[0]);
        pool.wait_for("the orphan to be noticed", |state| {
            (state["orphans"] == json!([horse])).then_some(())
        });
        // The replacement works while the horse does.
        place.enqueue_marks("a", 0..1);
        wait_until(LONG, "the next job", || (place.lines("marks") == ["0"]).then_some(()));
        place.release_job();
        pool.wait_for("the horse to end", |state| (state["orphans"] == json!([])).then_some(()));
        wait_gone(&[horse]);
        let ends = place.lines("log").iter().filter(|line| *line == "end").count();
        assert_eq!((ends, place.status(&id).as_str()), (1, "finished"), "{version}");
        let replaced = pool.up(1)[0];
        assert_ne!(replaced, workers[0]);
        pool.signal(Signal::SIGTERM);
        assert_eq!(pool.ends(), 0, "{version}\n{}", pool.log());
        assert!(pool.log().contains("runs on without it"), "{version}\n{}", pool.log());
        wait_gone(&[replaced]);
    });
}

#[test]
fn killed_horse_is_its_workers_business() {
    in_each_release(|version| {
        let place = Place::of(version);
        let Busy { mut pool, workers, id, horse } = place.busy(1, &[]);
        sigkill(horse);
        wait_until(LONG, "the job to fail", || (place.status(&id) == "failed").then_some(()));
        place.enqueue_marks("a", 0..1);
        wait_until(LONG, "the next job", || (place.lines("marks") == ["0"]).then_some(()));
        assert_eq!(pool.up(1), workers, "{version}");
        assert_eq!(pool.state().unwrap()["cut_off"], json!([]), "{version}");
    });
}

#[test]
fn daemon_of_a_job_is_nobodys_work_horse_when_another_worker_is_killed() {
    let place = Place::of("2.6.1");
    let mut pool = place.pool(&["-n", "2", "--queue", "a"]);
    let workers = pool.up(2);
    let (log, flag) = (place.path("log"), place.path("flag"));
    place.rq.python(
        &place.server,
        &format!(
            "import marks\nq = Queue('a', connection=connection)\n\
             q.enqueue(marks.daemon, '{log}', '{flag}')"
        ),
    );
    let daemon = place.horse();
    // It is adopted once the job that forked it has ended.
    let parent = format!("PPid:\t{}\n", pool.child.id());
    wait_until(LONG, "the job to end", || {
        let status = std::fs::read_to_string(format!("/proc/{daemon}/status")).unwrap();
        status.contains(&parent).then_some(())
    });
    let line = |pid: i32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    let other = workers.iter().find(|&&worker| line(worker) != line(daemon)).unwrap();
    sigkill(*other);
    wait_until(LONG, "its replacement", || pool.log().contains("starting it again").then_some(()));
    pool.up(2);
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
    assert!(!pool.log().contains("runs on without it"), "{}", pool.log());
    assert!(!super::is_gone(daemon), "it is nobody's to end");
    place.release_job();
}

#[test]
fn killed_pool_takes_its_workers_along_after_their_jobs() {
    in_each_release(|version| {
        let place = Place::of(version);
        let Busy { mut pool, workers, id, horse } = place.busy(2, &[]);
        pool.child.kill().unwrap();
        pool.child.wait().unwrap();
        // The idle one ends at once, the busy one after its job.
        wait_until(LONG, "the idle worker to end", || {
            workers.iter().any(|&pid| super::is_gone(pid)).then_some(())
        });
        place.release_job();
        wait_gone(&workers);
        wait_gone(&[horse]);
        assert_eq!(place.status(&id), "finished", "{version}");
        let left: usize =
            redis::cmd("SCARD").arg("rq:workers").query(&mut place.server.client()).unwrap();
        assert_eq!(left, 0, "{version}");
    });
}

#[test]
fn pool_killed_while_it_stops_cuts_no_job_off() {
    in_each_release(|version| {
        let place = Place::of(version);
        let Busy { mut pool, workers, id, horse } = place.busy(1, &[]);
        let name = pool.wait_for("the worker's name", |state| {
            state["workers"][0]["worker"].as_str().map(|name| format!("rq:worker:{name}"))
        });
        pool.signal(Signal::SIGTERM);
        let told = place.told(&name);
        // RQ passes over a second signal that comes within a second.
        wait_until(LONG, "RQ to listen again", || {
            (told.elapsed().as_millis() > 1300).then_some(())
        });
        let parent = format!("PPid:\t{}\n", pool.child.id());
        pool.child.kill().unwrap();
        pool.child.wait().unwrap();
        // The worker hears of it, and looks after its job as before.
        wait_until(LONG, "the kernel's signal to be taken", || {
            let status = std::fs::read_to_string(format!("/proc/{}/status", workers[0])).unwrap();
            let pending = |label| status.lines().find_map(|line| line.strip_prefix(label)).unwrap();
            let pending: [&str; 2] = ["SigPnd:", "ShdPnd:"].map(pending).map(str::trim);
            (pending == ["0000000000000000"; 2] && !status.contains(&parent)).then_some(())
        });
        place.release_job();
        wait_gone(&workers);
        wait_gone(&[horse]);
        assert_eq!(place.lines("log").len(), 2, "{version}: the job was cut off");
        assert_eq!(place.status(&id), "finished", "{version}");
    });
}

#[test]
fn workers_killed_again_and_again_lose_no_job_and_run_none_twice() {
    let place = Place::of("2.6.1");
    place.enqueue_marks("a", 0..60);
    let mut pool = place.pool(&["-n", "3", "--queue", "a"]);
    for _ in 0..4 {
        let done = place.lines("marks").len();
        let workers = pool.up(3);
        wait_until(LONG, "some jobs", || {
            let now = place.lines("marks").len();
            (now > done || now == 60).then_some(())
        });
        sigkill(workers[0]);
        wait_gone(&workers[..1]);
        // Until the supervisor has looked, its state still names the one that is gone.
        pool.wait_for("the death to be noticed", |state| {
            let known = state["workers"].as_array().unwrap();
            known.iter().all(|worker| worker["pid"] != workers[0]).then_some(())
        });
    }
    // A worker that dies between taking a job and starting it leaves the id in the intermediate
    // list, where RQ's own maintenance finds it minutes later.
    let parked = || -> usize {
        let mut client = place.server.client();
        redis::cmd("LLEN").arg("rq:queue:a:intermediate").query(&mut client).unwrap()
    };
    wait_until(LONG, "all jobs", || (place.lines("marks").len() + parked() >= 60).then_some(()));
    pool.up(3);
    let mut numbers = place.lines("marks");
    let run = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), run, "a job ran twice\n{}", pool.log());
    assert_eq!(run + parked(), 60, "{}", pool.log());
}
