//! The demo's rules about directories; running it is tested end to end in `tests/it/demo.rs`.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::error::{Kind, failure_of};

fn kind<T>(result: Result<T>) -> Option<Kind> {
    failure_of(&result.err()?).map(crate::error::Failure::kind)
}

#[test]
fn stop_when_directory_is_absent_reports_absent() {
    let temp = tempfile::tempdir().unwrap();
    let report = stop(Some(&temp.path().join("none/at/all"))).unwrap();
    assert_eq!(report.status, DemoStatus::Absent);
}

#[test]
fn stop_when_directory_is_no_demo_leaves_it_alone() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("thesis.txt"), "x").unwrap();
    assert_eq!(kind(stop(Some(temp.path()))), Some(Kind::CannotCreate));
    assert!(temp.path().join("thesis.txt").exists());
}

#[test]
fn stop_when_state_is_of_another_directory_refuses() {
    let temp = tempfile::tempdir().unwrap();
    let state = r#"{"schema":"jobctl.demo-state/1","bench":"/elsewhere","frappe":"","rq":"",
        "healthy":true,"ready":true,"jobs":{},"processes":[{"name":"x","pid":1,"started":""}]}"#;
    fs::write(temp.path().join(state::FILE), state).unwrap();
    assert_eq!(kind(stop(Some(temp.path()))), Some(Kind::Refused));
    assert!(temp.path().join(state::FILE).exists());
}

#[test]
fn stop_when_others_may_write_to_the_directory_refuses() {
    let temp = tempfile::tempdir().unwrap();
    fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(kind(stop(Some(temp.path()))), Some(Kind::Refused));
}

#[test]
fn stop_when_directory_is_a_link_refuses() {
    let temp = tempfile::tempdir().unwrap();
    let link = temp.path().join("link");
    symlink(temp.path(), &link).unwrap();
    assert_eq!(kind(stop(Some(&link))), Some(Kind::Refused));
}

#[test]
fn stop_when_recorded_pid_is_another_process_spares_it() {
    let temp = tempfile::tempdir().unwrap();
    let dir = temp.path().canonicalize().unwrap().join("demo");
    fs::create_dir(&dir).unwrap();
    let mut bystander = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let state = serde_json::json!({
        "schema": "jobctl.demo-state/1", "bench": dir, "frappe": "", "rq": "", "healthy": true,
        "ready": true, "jobs": {},
        "processes": [{"name": "redis_queue", "pid": bystander.id(), "started": "long ago"}],
    });
    fs::write(dir.join(state::FILE), state.to_string()).unwrap();
    assert_eq!(stop(Some(&dir)).unwrap().status, DemoStatus::Stopped);
    assert!(!dir.exists());
    assert!(bystander.try_wait().unwrap().is_none(), "the bystander was ended");
    bystander.kill().unwrap();
    bystander.wait().unwrap();
}

#[test]
fn place_when_another_jobctl_holds_it_asks_to_try_again() {
    let temp = tempfile::tempdir().unwrap();
    let _held = Place::open(temp.path()).unwrap();
    assert_eq!(kind(Place::open(temp.path())), Some(Kind::TryAgain));
}

#[test]
fn start_when_path_holds_a_blank_reports_config() {
    let temp = tempfile::tempdir().unwrap();
    let options = DemoOptions { dir: Some(temp.path().join("a b")), ..DemoOptions::default() };
    assert_eq!(kind(start(&options)), Some(Kind::Config));
    assert!(!temp.path().join("a b").exists());
}
