//! `--inline` with a stand-in for the bench's Python.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use nix::unistd::geteuid;
use serde_json::json;

use super::{Place, SITE, column, several};
use crate::support::site_schema::{V14, job_type};

/// Notes how it was called, talks, and ends as a file says.
const PYTHON: &str = r#"#!/bin/sh
echo "$PWD $*" >> ../calls
echo 'a word of Frappe'
exit "$(cat ../code 2>/dev/null || echo 0)"
"#;

fn with_python(place: &Place) {
    place.bench.write("env/bin/python", PYTHON);
    let python = place.bench.root().join("env/bin/python");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
}

fn calls(place: &Place) -> Vec<String> {
    let text = fs::read_to_string(place.bench.root().join("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn inline_runs_frappes_own_command_for_each_type() {
    let silent = |method: &str| job_type(method, "All").set("create_log", "0");
    // 13 has no fixed ids, and needs none.
    let place = Place::new("13.58.1", V14, &[silent("app.tasks.a"), silent("app.tasks.b")]);
    with_python(&place);
    let run = place
        .ends(0, &["trigger-scheduler-event", "all", "--inline", "--site", SITE, "-o", "json"]);
    let data = run.json()["data"].clone();
    assert_eq!(column(&data, "state"), ["finished"; 2]);
    assert_eq!((&data["inline"], &data["op_id"]), (&json!(true), &json!(null)));
    let sites = place.bench.root().join("sites");
    let call = |method: &str| {
        format!(
            "{} -m frappe.utils.bench_helper frappe --site {SITE} trigger-scheduler-event {method}",
            sites.display()
        )
    };
    assert_eq!(calls(&place), [call("app.tasks.a"), call("app.tasks.b")]);
    assert!(run.stderr.contains("a word of Frappe"), "{}", run.stderr);
    let audit = place.bench.root().join("config/jobctl/audit.jsonl");
    assert!(fs::read_to_string(audit).unwrap().contains("trigger-inline"));
}

#[test]
fn inline_without_a_log_row_is_not_called_a_success_and_an_exit_code_is_a_failure() {
    let place = Place::v15(&several());
    with_python(&place);
    let data = place.trigger(1, &["app.tasks.idle", "--inline"]);
    assert_eq!(column(&data, "state"), ["untold"], "the type is logged, and there is no run");
    fs::write(place.bench.root().join("code"), "1").unwrap();
    let data = place.trigger(1, &["app.tasks.idle", "--inline"]);
    assert_eq!(column(&data, "state"), ["failed"]);
    assert_eq!(data["types"][0]["reason"], "Frappe ended with exit code 1");
}

#[test]
fn inline_is_refused_under_read_only_and_as_root_on_a_strangers_bench() {
    let place = Place::v15(&several());
    with_python(&place);
    let base = ["trigger-scheduler-event", "daily", "--inline", "--site", SITE];
    place.ends(77, &[&base[..], &["--read-only"]].concat());
    place.ends(64, &[&base[..], &["--wait"]].concat());
    let planned = place.ends(0, &[&base[..], &["--dry-run"]].concat());
    assert!(planned.stdout.contains("cannot be undone"), "{}", planned.stdout);
    if geteuid().is_root() {
        let sites = place.bench.root().join("sites");
        chown(&sites, Some(65534), None).unwrap();
        let run = place.ends(77, &base);
        assert!(run.stderr.contains("sudo -u nobody jobctl"), "{}", run.stderr);
        chown(&sites, Some(0), None).unwrap();
    }
    assert!(calls(&place).is_empty());
}
