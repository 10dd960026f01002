//! Recording beside something else: while alerts are watched and while it is served, and how one takes
//! over from the other.

use std::fs;

use nix::sys::signal::Signal;

use super::*;
use crate::doctor::Stage;
use crate::metrics::total;
use crate::serve::Serving;
use crate::support::state;

/// A bench of which a sample is taken every second.
fn bench() -> (Stage, String) {
    let mut stage = Stage::bench();
    let root = stage.bench_mut().root().to_owned();
    fs::write(root.join("config/jobctl.toml"), "[history]\nevery = \"1s\"\n").unwrap();
    (stage, root.to_str().unwrap().to_owned())
}

fn history_of(root: &str) -> PathBuf {
    Path::new(root).join("config/jobctl/history.db")
}

/// Samples that a bench has; 0 before there is a history.
fn samples(root: &str) -> i64 {
    let path = history_of(root);
    if path.exists() { number(&path, "SELECT count(*) FROM samples") } else { 0 }
}

fn end(stage: &Stage, id: &str) {
    stage.job("short", id).ended("finished", 1).save_in("finished", Some(&state::in_s(400)));
}

fn jobs(stage: &Stage) -> u64 {
    let run = stage.command("history", &["show", "--by", "day", "-o", "json"]).run();
    run.json()["data"]["total"]["count"].as_u64().unwrap_or(0)
}

#[test]
fn alerts_run_records_meanwhile_and_serve_takes_over_with_its_counters() {
    let (stage, root) = bench();
    let arguments = ["--bench", &root, "alerts", "run", "--every", "1s", "--record"];
    let mut alerts = Recording::start(&arguments);
    alerts.says("watching ");
    wait_until(LONG, "a sample", || (samples(&root) > 0).then_some(()));
    end(&stage, "site1.localhost::a");
    wait_until(LONG, "the job", || (jobs(&stage) == 1).then_some(()));
    // One writes: another one waits, and names it.
    let serving = Serving::on(&["--bench", &root], &["--record"]);
    let said = serving.said();
    assert!(said.contains(&format!("process {} on ", alerts.pid())), "{said}");
    assert!(said.contains("takes over when that ends"), "{said}");
    let completed = |least: f64| {
        wait_until(LONG, "the counter", || {
            let text = serving.get("/metrics").body;
            let count = total(&text, "jobctl_job_completed_total", &[("queue", "short")]);
            (count >= least).then_some(count)
        })
    };
    // It goes on from what the other has written, and counts each job once.
    assert!((completed(0.0) - 1.0).abs() < 0.1);
    end(&stage, "site1.localhost::b");
    assert!((completed(2.0) - 2.0).abs() < 0.1);
    wait_until(LONG, "the job in the history", || (jobs(&stage) == 2).then_some(()));
    alerts.signal(Signal::SIGTERM);
    assert_eq!(alerts.code(), Some(143), "{}", alerts.said());
    assert!(is_whole(&history_of(&root)));
    let before = samples(&root);
    wait_until(LONG, "a sample of the other", || (samples(&root) > before).then_some(()));
    end(&stage, "site1.localhost::c");
    // What was shown goes on; the history has every job once.
    assert!((completed(3.0) - 3.0).abs() < 0.1);
    wait_until(LONG, "all jobs", || (jobs(&stage) == 3).then_some(()));
    let run = stage.command("history", &["record", "--once"]).run();
    assert_eq!(run.code, 75, "{run:?}");
}

#[test]
fn serve_whose_history_is_removed_keeps_its_counters_and_writes_them_anew() {
    let (stage, root) = bench();
    let serving = Serving::on(&["--bench", &root], &["--record"]);
    let completed = || {
        let text = serving.get("/metrics").body;
        total(&text, "jobctl_job_completed_total", &[("queue", "short")])
    };
    end(&stage, "site1.localhost::a");
    wait_until(LONG, "the job", || (completed() > 0.5).then_some(()));
    wait_until(LONG, "a sample", || (samples(&root) > 0).then_some(()));
    let path = history_of(&root);
    fs::remove_file(&path).unwrap();
    let counted = "SELECT count(*) FROM totals WHERE series LIKE '%completed%' AND value = '1'";
    wait_until(LONG, "the counters in a new file", || {
        assert!(completed() > 0.5);
        (samples(&root) > 0 && number(&path, counted) == 1).then_some(())
    });
    end(&stage, "site1.localhost::b");
    wait_until(LONG, "the next", || (completed() > 1.5).then_some(()));
    drop(serving);
    let again = Serving::on(&["--bench", &root], &["--record"]);
    let text = again.get("/metrics").body;
    let count = total(&text, "jobctl_job_completed_total", &[("queue", "short")]);
    assert!((count - 2.0).abs() < 0.1, "{text}");
}
