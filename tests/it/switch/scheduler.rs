//! Pause, resume, maintenance mode, and their undo.

use std::fs;

use serde_json::{Value, json};

use super::{ends, key, on, op_of, text};
use crate::support::bench::Bench;
use crate::support::redis::RedisServer;

fn bench_of(version: &str) -> (RedisServer, Bench) {
    let server = RedisServer::start();
    let mut bench = Bench::new(version, &server);
    bench.site("erp");
    bench.site("erp.example");
    (server, bench)
}

fn bench() -> (RedisServer, Bench) {
    bench_of("15.44.2")
}

fn paused(bench: &Bench, site: &str) -> Option<Value> {
    key(bench, site, "pause_scheduler")
}

#[test]
fn switches_write_what_each_version_writes_for_exactly_the_named_site() {
    for (version, on_value, off_value) in
        [("14.81.0", json!(true), json!(false)), ("16.1.0", json!(true), json!(false))]
    {
        let (_server, bench) = bench_of(version);
        ends(0, &bench, &["pause-scheduler", "--site", "erp"]);
        assert_eq!((paused(&bench, "erp"), paused(&bench, "erp.example")), (Some(on_value), None));
        ends(0, &bench, &["scheduler", "resume", "--site", "erp"]);
        assert_eq!(paused(&bench, "erp"), Some(off_value));
        ends(0, &bench, &["set-maintenance-mode", "on", "--site", "erp"]);
        assert_eq!(key(&bench, "erp", "maintenance_mode"), Some(json!(1)));
        ends(0, &bench, &["--site", "erp", "set-maintenance-mode", "off"]);
        assert_eq!(key(&bench, "erp", "maintenance_mode"), Some(json!(0)));
    }
}

#[test]
fn frappe_13_is_only_read() {
    let (server, bench) = bench_of("13.58.1");
    let before = text(&bench, "erp");
    for words in [
        &["pause-scheduler", "--site", "erp"][..],
        &["disable-scheduler", "--site", "erp"],
        &["purge-jobs", "--site", "erp"],
        &["jobs", "enqueue", "frappe.ping", "--site", "erp", "--create"],
    ] {
        let run = ends(77, &bench, words);
        assert!(run.stderr.contains("Frappe 13"), "{words:?} {}", run.stderr);
    }
    assert_eq!(text(&bench, "erp"), before);
    assert_eq!(server.cmd(&["DBSIZE"]), redis::Value::Int(0));
    ends(0, &bench, &["purge-jobs", "--site", "erp", "--dry-run"]);
    ends(0, &bench, &["jobs", "list"]);
}

#[test]
fn switch_that_could_not_be_read_is_not_called_unset_and_a_pipe_gets_all_of_it() {
    let server = RedisServer::start();
    let mut bench = Bench::new("15.44.2", &server);
    let long = format!("{}.example", "long-name.of-a-site".repeat(4));
    bench.site("erp");
    bench.site(&long);
    fs::write(bench.root().join("sites/erp/site_config.json"), "{\"db_name\": ").unwrap();
    let words = ["pause-scheduler", "--site", "all", "--dry-run"];
    // Nobody says how wide a line may be.
    let run = on(&bench, &words).env("COLUMNS", "").run();
    assert_eq!(run.code, 1, "{run:?}");
    let row = run.stdout.lines().find(|line| line.starts_with("erp ")).unwrap();
    assert!(row.contains('?') && !row.contains("not set"), "{row}");
    assert!(run.stdout.contains(&format!("sites/{long}/site_config.json")), "{}", run.stdout);
    let json = ends(1, &bench, &[&words[..], &["-o", "json"]].concat()).json();
    let read: Vec<_> = (0..2).map(|at| json["data"]["sites"][at]["read"].clone()).collect();
    assert_eq!(read, [json!(false), json!(true)]);
}

#[test]
fn switch_that_stands_so_already_is_said_and_no_operation() {
    let (_server, mut bench) = bench();
    bench.set_on("erp", "pause_scheduler", "0");
    let run = ends(0, &bench, &["scheduler", "pause", "--site", "erp"]);
    assert!(run.stdout.contains("already paused"), "{}", run.stdout);
    assert!(!run.stderr.contains("undo with"), "{}", run.stderr);
    ends(0, &bench, &["scheduler", "resume", "--site", "erp.example"]);
    assert_eq!(paused(&bench, "erp.example"), None);
    let ops = ends(0, &bench, &["ops", "list", "-o", "json"]).json();
    assert_eq!(ops["data"]["ops"], json!([]));
}

#[test]
fn broken_file_of_one_site_fails_alone_and_by_name() {
    let (_server, bench) = bench();
    let broken = bench.root().join("sites/erp/site_config.json");
    fs::write(&broken, "{\"db_name\": \"_x\", ").unwrap();
    let run = ends(1, &bench, &["pause-scheduler", "--site", "all", "-o", "json"]);
    let sites = run.json()["data"]["sites"].clone();
    assert_eq!((&sites[0]["turn"], &sites[0]["site"]), (&json!("failed"), &json!("erp")));
    assert_eq!(sites[1]["turn"], "changed");
    assert_eq!(fs::read_to_string(&broken).unwrap(), "{\"db_name\": \"_x\", ");
    assert_eq!(paused(&bench, "erp.example"), Some(json!(true)));
    let alone = ends(65, &bench, &["pause-scheduler", "--site", "erp"]);
    assert!(alone.stderr.contains("sites/erp/site_config.json"), "{}", alone.stderr);
}

#[test]
fn resume_under_a_pause_of_the_bench_refuses_unless_overridden() {
    let (_server, mut bench) = bench();
    bench.set("pause_scheduler", 1);
    let run = ends(77, &bench, &["resume-scheduler", "--site", "erp"]);
    assert!(run.stderr.contains("sites/common_site_config.json"), "{}", run.stderr);
    assert_eq!(paused(&bench, "erp"), None);
    ends(0, &bench, &["resume-scheduler", "--site", "erp", "--override-bench"]);
    assert_eq!(paused(&bench, "erp"), Some(json!(false)));
    // Now it is so for this site, and the other one is refused.
    ends(0, &bench, &["resume-scheduler", "--site", "erp"]);
    ends(1, &bench, &["resume-scheduler", "--site", "all"]);
}

#[test]
fn resume_says_what_else_keeps_the_scheduler_from_running() {
    let (_server, mut bench) = bench();
    bench.set_on("erp", "pause_scheduler", true);
    bench.set_on("erp", "maintenance_mode", 1);
    bench.set("disable_scheduler", 1);
    let run = ends(0, &bench, &["resume-scheduler", "--site", "erp", "-o", "json"]);
    let obstacles = run.json()["data"]["sites"][0]["obstacles"].clone();
    assert_eq!(obstacles[0]["code"], "maintenance_mode");
    assert_eq!(obstacles[0]["source"], "sites/erp/site_config.json");
    assert_eq!(obstacles[1]["code"], "disable_scheduler");
    assert_eq!(obstacles[1]["source"], "sites/common_site_config.json");
    assert_eq!(obstacles.as_array().unwrap().len(), 2);
}

#[test]
fn switch_without_a_flag_under_read_only_or_for_an_unknown_site_changes_nothing() {
    let (_server, mut bench) = bench();
    bench.set("default_site", "erp");
    ends(77, &bench, &["pause-scheduler"]);
    let variable = on(&bench, &["pause-scheduler"]).env("JOBCTL_SITE", "erp").run();
    assert_eq!(variable.code, 77, "{}", variable.stderr);
    ends(77, &bench, &["pause-scheduler", "--site", "erp", "--read-only"]);
    ends(0, &bench, &["pause-scheduler", "--site", "erp", "--dry-run", "--read-only"]);
    ends(66, &bench, &["pause-scheduler", "--site", "erp.exampel"]);
    ends(64, &bench, &["pause-scheduler", "--site", ""]);
    assert_eq!((paused(&bench, "erp"), paused(&bench, "erp.example")), (None, None));
}

#[test]
fn bench_spelling_of_the_format_is_taken() {
    let (_server, bench) = bench();
    let run = ends(0, &bench, &["--site", "erp", "scheduler", "pause", "--format", "json", "-v"]);
    assert_eq!(run.json()["schema"], "jobctl.switch/1");
}

#[test]
fn undo_restores_also_the_absence_of_a_key_and_can_be_undone() {
    let (_server, mut bench) = bench();
    bench.set_on("erp.example", "pause_scheduler", 0);
    let run = ends(0, &bench, &["pause-scheduler", "--site", "all", "--reason", "import"]);
    let op = op_of(&run);
    let shown = ends(0, &bench, &["ops", "show", &op, "-o", "json"]).json();
    assert_eq!(shown["data"]["switches"][0]["before"], Value::Null);
    assert_eq!(shown["data"]["switches"][1]["before"], "0");
    ends(0, &bench, &["undo", &op, "--dry-run"]);
    assert_eq!(paused(&bench, "erp"), Some(json!(true)));
    let undo = ends(0, &bench, &["undo", &op]);
    assert_eq!((paused(&bench, "erp"), paused(&bench, "erp.example")), (None, Some(json!(0))));
    ends(0, &bench, &["undo", &op_of(&undo)]);
    assert_eq!(paused(&bench, "erp"), Some(json!(true)));
}

#[test]
fn undo_leaves_what_somebody_changed_since() {
    let (_server, mut bench) = bench();
    let op = op_of(&ends(0, &bench, &["pause-scheduler", "--site", "erp"]));
    bench.set_on("erp", "pause_scheduler", "until monday");
    let run = ends(1, &bench, &["undo", &op]);
    assert!(run.stdout.contains("until monday"), "{}", run.stdout);
    assert_eq!(paused(&bench, "erp"), Some(json!("until monday")));
    ends(0, &bench, &["undo", &op, "--force"]);
    assert_eq!(paused(&bench, "erp"), None);
}

#[test]
fn undo_twice_does_not_take_back_what_somebody_did_between() {
    let (_server, bench) = bench();
    let op = op_of(&ends(0, &bench, &["pause-scheduler", "--site", "erp"]));
    ends(0, &bench, &["undo", &op]);
    ends(0, &bench, &["undo", &op]);
    ends(0, &bench, &["pause-scheduler", "--site", "erp"]);
    let run = ends(1, &bench, &["undo", &op]);
    assert!(run.stdout.contains("set back already"), "{}", run.stdout);
    assert_eq!(paused(&bench, "erp"), Some(json!(true)));
}

#[test]
fn extra_config_is_said_to_be_unseen() {
    let (_server, mut bench) = bench();
    bench.set_on("erp", "extra_config", "app.config.extra");
    let run = ends(0, &bench, &["pause-scheduler", "--site", "erp", "-o", "json"]);
    assert!(run.json()["notes"][0].as_str().unwrap().contains("extra_config"), "{}", run.stdout);
}
