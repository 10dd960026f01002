//! Pools whose size follows their queues.

use std::fs;

use nix::sys::signal::Signal;
use serde_json::json;

use super::{LONG, Place, in_each_release};
use crate::support::env::jobctl;
use crate::support::wait::wait_until;

/// Enqueues jobs that note their begin and their end, and take a while in between.
fn enqueue_work(place: &Place, jobs: u32) {
    let path = place.path("work");
    place.rq.python(
        &place.server,
        &format!(
            "import marks\nq = Queue('a', connection=connection)\n\
             for n in range({jobs}): q.enqueue(marks.work, '{path}', n)"
        ),
    );
}

#[test]
fn scaled_pool_grows_under_load_and_shrinks_afterwards_and_cuts_no_job_off() {
    in_each_release(|version| {
        let place = Place::of(version);
        let scale = ["--min", "1", "--max", "3", "--scale-target", "1s", "--cool-down", "1s"];
        let mut pool = place.pool(&[&scale[..], &["--queue", "a"]].concat());
        let first = pool.up(1);
        // More than a slow machine gets through before three workers have started.
        enqueue_work(&place, 1_500);
        let scaled = pool.wait_for("three workers", |state| {
            let pool = &state["pools"][0];
            let up = state["workers"].as_array().unwrap().iter().filter(|w| !w["worker"].is_null());
            (pool["wanted"] == 3 && up.count() == 3).then(|| pool["scaled"].clone())
        });
        assert_eq!((&scaled["min"], &scaled["max"]), (&json!(1), &json!(3)));
        assert!(scaled["reason"].as_str().unwrap().contains("→ 3 workers"), "{scaled}");
        let shown =
            jobctl(["worker-pool", "status", "--status-file", &place.path("state")]).run().stdout;
        assert!(shown.contains("pool `worker`: 3 of 1 to 3 workers"), "{shown}");
        let _: () = redis::cmd("DEL").arg("rq:queue:a").query(&mut place.server.client()).unwrap();
        let left = pool.wait_for("one worker", |state| {
            (state["pools"][0]["wanted"] == 1 && state["workers"].as_array()?.len() == 1)
                .then(|| super::pid_of(&state["workers"][0]))
        });
        assert_eq!(left, first[0], "the last to come leaves first\n{}", pool.log());
        let mut numbers = [Vec::new(), Vec::new()];
        for line in place.lines("work") {
            let (word, n) = line.split_once(' ').unwrap();
            numbers[usize::from(word == "end")].push(n.parse::<u32>().unwrap());
        }
        for numbers in &mut numbers {
            numbers.sort_unstable();
        }
        let [begun, ended] = numbers;
        assert_eq!(begun, ended, "what began ends\n{}", pool.log());
        assert!(begun.windows(2).all(|pair| pair[0] < pair[1]), "none twice\n{}", pool.log());
        pool.signal(Signal::SIGTERM);
        assert_eq!(pool.ends(), 0, "{}", pool.log());
        let log = pool.log();
        assert!(log.contains("to clear with"), "the figures of a decision\n{log}");
        assert!(log.contains("→ 1 worker: no more were needed"), "{log}");
    });
}

#[test]
fn scaled_pool_keeps_its_workers_with_long_jobs_and_stops_growing_at_the_most() {
    in_each_release(|version| {
        let place = Place::of(version);
        for _ in 0..6 {
            place.enqueue_until("a");
        }
        let scale = ["--max", "2", "--scale-target", "1s", "--cool-down", "1s", "--queue", "a"];
        let mut pool = place.pool(&scale);
        pool.wait_for("two busy workers", |state| {
            let busy = state["workers"].as_array()?.iter().filter(|w| w["job"].is_string()).count();
            (busy == 2).then_some(())
        });
        assert!(pool.log().contains("not known yet"), "{version}\n{}", pool.log());
        place.release_job();
        pool.wait_for("one worker", |state| (state["pools"][0]["wanted"] == 1).then_some(()));
        wait_until(LONG, &format!("{version}: all jobs to end"), || {
            let ends = place.lines("log").iter().filter(|line| *line == "end").count();
            (ends == 6).then_some(())
        });
    });
}

#[test]
fn hang_up_takes_up_changed_settings_and_keeps_the_old_ones_where_the_new_are_broken() {
    let place = Place::of("2.6.1");
    let file = place.path("settings.toml");
    let write = |text: &str| fs::write(&file, text).unwrap();
    write("[pool.a]\nqueues = \"a\"\nworkers = 3\n[pool.b]\nqueues = \"b\"\nworkers = 1\n");
    let mut pool = place.pool(&["--config", &file]);
    let before = pool.up(4);
    write("[pool.a]\nworkers = \"many\"\n");
    pool.signal(Signal::SIGHUP);
    let kept = pool.wait_for("the restart with the old settings", |state| {
        let workers = state["workers"].as_array()?;
        let pids: Vec<i32> = workers.iter().map(super::pid_of).collect();
        let replaced = pids.len() == 4 && pids.iter().all(|pid| !before.contains(pid));
        (replaced && state["phase"] == "running").then_some(pids)
    });
    assert!(pool.log().contains("the old settings stay: cannot understand"), "{}", pool.log());

    write("");
    pool.signal(Signal::SIGHUP);
    wait_until(LONG, "settings without pools to be refused", || {
        pool.log().contains("has no [pool.NAME] any more").then_some(())
    });
    pool.wait_for("the second restart", |state| {
        let workers = state["workers"].as_array()?;
        (workers.len() == 4 && state["phase"] == "running").then_some(())
    });

    write("[pool.a]\nqueues = \"a,c\"\nmin = 1\nmax = 2\n[pool.d]\nqueues = \"d\"\nworkers = 1\n");
    pool.signal(Signal::SIGHUP);
    pool.wait_for("the pools to change", |state| {
        let names: Vec<&str> =
            state["pools"].as_array()?.iter().map(|pool| pool["name"].as_str().unwrap()).collect();
        let workers = state["workers"].as_array()?;
        let up = workers.iter().filter(|w| w["state"] == "up" && !w["worker"].is_null());
        let new = up.filter(|worker| !kept.contains(&super::pid_of(worker))).count();
        let settled = state["phase"] == "running" && new == workers.len();
        // The scaled pool goes from two to one by itself.
        (names == ["a", "d"] && settled && (2..=3).contains(&new)).then_some(())
    });
    // The new pool and the new queue of the old one are served; pool b's queue is not.
    for queue in ["c", "d", "b"] {
        place.rq.enqueue(&place.server, queue, "work.ok");
    }
    let waiting = |queue: &str| -> usize {
        let mut client = place.server.client();
        redis::cmd("LLEN").arg(format!("rq:queue:{queue}")).query(&mut client).unwrap()
    };
    wait_until(LONG, "the new queues to be served", || {
        (waiting("c") == 0 && waiting("d") == 0).then_some(())
    });
    assert_eq!(waiting("b"), 1);
    for text in ["pool `b`: no longer in the settings", "pool `d`: new, 1 worker"] {
        assert!(pool.log().contains(text), "{text}\n{}", pool.log());
    }
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
}

#[test]
fn scaling_that_means_nothing_is_refused() {
    let place = Place::of("2.6.1");
    let file = place.path("settings.toml");
    for (arguments, code) in [
        (&["--max", "4", "--num-workers", "2"][..], 64),
        (&["--max", "4", "--burst"], 64),
        (&["--min", "2"], 64),
        (&["--min", "3", "--max", "2"], 64),
        (&["--min", "0", "--max", "2"], 64),
        (&["--max", "100000"], 64),
        (&["--num-workers", "2", "--scale-target", "1m"], 64),
        (&["--max", "2", "--pool", "x"], 64),
    ] {
        assert_eq!(place.pool(arguments).ends(), code, "{arguments:?}");
    }
    for pool in [
        "min = 1",
        "workers = 2\nmax = 3",
        "min = 3\nmax = 2",
        "max = 0",
        "max = 2\nscale_target = \"soon\"",
        "max = 2\ncool_down = \"-1s\"",
    ] {
        fs::write(&file, format!("[pool.x]\n{pool}\n")).unwrap();
        let mut run = place.pool(&["--config", &file]);
        assert_eq!(run.ends(), 78, "{pool}\n{}", run.log());
        assert!(run.log().contains("pool.x."), "{pool}\n{}", run.log());
    }
}
