//! Checks of the configuration.

use serde_json::json;

use super::{Stage, evidence, fixes, pairs};

const SITE: &str = "site1.localhost";

pairs! {
    files: "config.files" is "critical"
        when |stage| {
            let stage = Stage::bench();
            stage.bench.as_ref().unwrap().write("sites/site2.localhost/site_config.json", "{\"db_na");
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.bench.as_ref().unwrap().write("sites/site2.localhost/site_config.json", "{\"db_name\": \"x\"}");
            stage
        }

    sites: "config.sites" is "warning"
        when |stage| {
            let stage = Stage::bench();
            stage.bench.as_ref().unwrap().write("sites/half.localhost/private/x", "");
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            stage.bench.as_ref().unwrap().write("sites/assets/private/x", "");
            stage
        }

    keys: "config.keys" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().unset_on(SITE, "db_name");
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().unset_on(SITE, "db_name");
            stage.bench_mut().set("db_name", "shared");
            stage
        }

    switches: "config.switches" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set_on(SITE, "pause_scheduler", 1);
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set_on(SITE, "pause_scheduler", 0);
            stage.bench_mut().set_on(SITE, "maintenance_mode", json!(""));
            stage
        }

    deceptive: "config.deceptive" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set_on(SITE, "maintenance_mode", "0");
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set_on(SITE, "maintenance_mode", 0);
            stage
        }

    bench_id: "config.bench-id" is "critical"
        when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set_on(SITE, "bench_id", "elsewhere");
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            let own = stage.bench_mut().prefix();
            stage.bench_mut().set_on(SITE, "bench_id", own);
            stage
        }

    extra: "config.extra" is "info"
        when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set("extra_config", "app.config.more");
            stage
        }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set("extra_config", "");
            stage
        }

    monitor: "config.monitor" is "info"
        when |stage| { Stage::bench() }
        but_not_when |stage| {
            let mut stage = Stage::bench();
            stage.bench_mut().set("monitor", 1);
            stage
        }
}

#[test]
fn switch_in_the_common_file_is_told_once_with_its_file() {
    let mut stage = Stage::bench();
    stage.bench_mut().set("pause_scheduler", 1);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("config.switches");
    assert!(finding["summary"].as_str().unwrap().starts_with("every site"), "{finding}");
    assert!(evidence(finding).contains("sites/common_site_config.json"), "{finding}");
    let root = stage.bench.as_ref().unwrap().root().display().to_string();
    assert_eq!(fixes(finding), format!("cd {root} && bench set-config -g pause_scheduler 0"));
}

#[test]
fn switch_that_a_site_takes_back_is_not_in_force_there() {
    let mut stage = Stage::bench();
    stage.bench_mut().set("pause_scheduler", 1);
    stage.bench_mut().set_on("site2.localhost", "pause_scheduler", 0);
    let diagnosis = stage.diagnose();
    let summary = diagnosis.finding("config.switches")["summary"].as_str().unwrap();
    assert!(summary.starts_with("site1.localhost:"), "{summary}");
    let sites = &diagnosis.data()["sites"];
    assert_eq!((&sites[0]["scheduler"], &sites[1]["scheduler"]), (&json!("paused"), &json!(null)));
}

#[test]
fn half_written_common_file_leaves_the_rest_of_the_report() {
    let stage = Stage::bench();
    stage.bench.as_ref().unwrap().write("sites/common_site_config.json", "{\"redis_queue\": \"re");
    let mut stage = stage;
    let url = stage.server.url();
    stage.at(url);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("config.files");
    assert!(evidence(finding).contains("not valid JSON"), "{finding}");
    assert!(fixes(finding).starts_with("python3 -m json.tool "), "{finding}");
    assert_eq!(diagnosis.outcome("queue.readable"), "passed");
    assert_eq!(diagnosis.data()["workers"]["alive"], 1);
}

#[test]
fn queue_redis_that_is_not_named_is_critical_where_frappe_has_no_default() {
    for (version, severity) in [("14.81.0", "critical"), ("15.44.2", "warning")] {
        let mut stage = Stage::bench_of(version);
        stage.bench_mut().unset("redis_queue");
        let diagnosis = stage.diagnose();
        assert_eq!(diagnosis.outcome("config.keys"), severity, "{version}");
    }
}

#[test]
fn file_that_everybody_may_write_is_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::bench();
    let path = stage.bench.as_ref().unwrap().root().join("sites/common_site_config.json");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.outcome("config.files"), "warning");
    assert!(fixes(diagnosis.finding("config.files")).starts_with("chmod o-w "));
}
