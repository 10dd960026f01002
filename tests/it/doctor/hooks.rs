//! Checks of the apps' hooks, which a deep diagnosis asks the bench's Python for.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{Stage, evidence, fixes, pairs};
use crate::support::site_schema::{SiteDb, V15, job_type};

const SITE: &str = "site1.localhost";

/// Stands in for the bench's Python: notes how it was called and prints what a file says.
const PYTHON: &str = r#"#!/bin/sh
echo "$*" >> ../calls
echo 'an app greets you'
cat ../hooks.json
exec sh ../more.sh
"#;

/// A deep look at a bench whose apps ask for `hooks`, and whose first site has these job types.
fn deep(hooks: &str, fill: impl FnOnce(SiteDb) -> SiteDb) -> Stage {
    let mut stage = Stage::bench();
    stage.with("--deep");
    let bench = stage.bench_mut();
    bench.write("env/bin/python", PYTHON);
    let python = bench.root().join("env/bin/python");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    bench.write("hooks.json", hooks);
    bench.write("more.sh", "");
    fill(SiteDb::sqlite(bench.root(), SITE, V15)).join(stage.bench_mut());
    stage
}

const HOOKS: &str =
    r#"{"daily_long": ["app.tasks.daily"], "cron": {"*/5 * * * *": ["app.tasks.often"]}}"#;

fn as_asked(db: SiteDb) -> SiteDb {
    db.job_type(job_type("app.tasks.daily", "Daily Long"))
        .job_type(job_type("app.tasks.often", "Cron").cron("*/5 * * * *"))
        .job_type(job_type("script_daily", "Daily").set("server_script", "Script"))
}

pairs! {
    drift: "scheduler.drift" is "warning"
        when |stage| { deep(HOOKS, |db| db.job_type(job_type("app.tasks.daily", "Daily Long"))) }
        but_not_when |stage| { deep(HOOKS, as_asked) }

    collision: "scheduler.collision" is "warning"
        when |stage| {
            let hooks = r#"{"daily": ["app1.tasks.daily", "app2.tasks.daily"]}"#;
            deep(hooks, |db| db.job_type(job_type("app1.tasks.daily", "Daily")))
        }
        but_not_when |stage| {
            let hooks = r#"{"daily": ["app.one.daily", "app.two.daily"]}"#;
            deep(hooks, |db| db.job_type(job_type("app.one.daily", "Daily")))
        }
}

#[test]
fn each_difference_is_told_with_its_jobs_and_a_collision_is_no_drift() {
    let hooks = concat!(
        r#"{"daily": ["app.tasks.missing", "app1.same.name", "app2.same.name"],"#,
        r#" "weekly": ["app.tasks.moved"]}"#
    );
    let stage = deep(hooks, |db| {
        db.job_type(job_type("app.tasks.moved", "Monthly"))
            .job_type(job_type("app.tasks.gone", "Daily"))
            .job_type(job_type("app1.same.name", "Daily"))
    });
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("scheduler.drift");
    assert_eq!(finding["summary"], "site1.localhost: 3 job types not as the apps' hooks ask");
    let told = evidence(finding);
    for line in [
        "missing, so they never run: app.tasks.missing",
        "with another frequency than their hook: app.tasks.moved",
        "that no app asks for any more: app.tasks.gone",
    ] {
        assert!(told.contains(line), "{line}: {finding:#}");
    }
    assert!(fixes(finding).contains("bench --site site1.localhost migrate"), "{finding:#}");
    let calls = fs::read_to_string(stage.bench.as_ref().unwrap().root().join("calls")).unwrap();
    let call = "-m frappe.utils.bench_helper frappe --site site1.localhost execute \
                frappe.get_hooks --kwargs {'hook': 'scheduler_events'}";
    assert_eq!(calls.lines().collect::<Vec<_>>(), [call]);
}

#[test]
fn hooks_that_cannot_be_read_are_no_finding_and_the_reason_is_told() {
    let cases = [
        ("", "sleep 60 & echo $! > ../child; wait", "took too long"),
        ("", "echo 'App `erp` is not installed' >&2; exit 1", "App `erp` is not installed"),
        ("{\"daily\": [", "", "something else than hooks"),
    ];
    for (hooks, more, expected) in cases {
        let mut stage = deep(hooks, as_asked);
        stage.bench_mut().write("more.sh", more);
        let report = stage.run(&["-o", "json", "--timeout", "5s"]);
        assert!(report.stdout.contains(expected), "{expected}: {}", report.stdout);
        assert!(!report.stdout.contains("not as the apps' hooks ask"), "{}", report.stdout);
        let child = stage.bench.as_ref().unwrap().root().join("child");
        if let Ok(pid) = fs::read_to_string(child) {
            let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
            assert!(stat.is_empty() || stat.contains(") Z "), "what it started lives: {stat}");
        }
    }
}
