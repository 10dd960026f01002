use std::path::Path;

use super::*;
use crate::model::worker::Identity;

/// SIGINT and SIGTERM are caught.
const OF_A_WORKER: &str = "0000000000004002";

/// A process that began at boot.
fn write(root: &Path, pid: u32, arguments: &str, caught: &str) {
    let folder = root.join(pid.to_string());
    std::fs::create_dir(&folder).unwrap();
    let zeros = " 0".repeat(16);
    std::fs::write(folder.join("stat"), format!("{pid} (python) S 1 {pid} {pid}{zeros}")).unwrap();
    let masks = format!("SigBlk:\t0\nSigIgn:\t0\nSigCgt:\t{caught}\n");
    let ids = format!("State:\tS\nUid:\t0\t0\t0\t0\nNSpid:\t{pid}\n");
    std::fs::write(folder.join("status"), ids + &masks).unwrap();
    std::fs::write(folder.join("cmdline"), arguments.replace(' ', "\0")).unwrap();
}

fn table(processes: &[(u32, &str, &str)]) -> (tempfile::TempDir, ProcTable) {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("stat"), "").unwrap();
    for (pid, arguments, caught) in processes {
        write(root.path(), *pid, arguments, caught);
    }
    let table = ProcTable::at(root.path()).unwrap();
    (root, table)
}

/// A worker that registered as this process a second after the boot.
fn worker(table: &ProcTable, name: &str, pid: u32) -> Worker {
    let start = table.stat(pid).as_ref().and_then(ProcTable::started_exactly).unwrap();
    let birth = Some(start + jiff::SignedDuration::from_secs(1));
    let hostname = Some("here".to_owned());
    Worker {
        name: name.to_owned(),
        identity: Some(Identity { birth, hostname, pid: Some(pid), ..Identity::default() }),
        state: None,
        last_heartbeat: None,
        died_at: None,
        stop_requested_at: None,
        current_jobs: Vec::new(),
        current_job_working_s: None,
        successful: 0,
        failed: 0,
        working_s: 0.0,
        ttl_s: None,
        listeners: None,
        registered: true,
    }
}

#[test]
fn worker_of_a_container_with_the_hosts_name_does_not_make_the_first_process_a_worker() {
    let is_here = |arguments: &str, caught: &str| {
        let (_root, table) = table(&[(1, arguments, caught)]);
        let worker = worker(&table, "w1", 1);
        registered_here(&table, Some("here"), &[&worker]).contains_key(&1)
    };
    assert!(!is_here("/sbin/init", OF_A_WORKER));
    assert!(!is_here("python3 /usr/bin/supervisord -n", OF_A_WORKER));
    // In a container it may well be the worker.
    assert!(is_here("python3 /usr/bin/rq worker -u redis://a", OF_A_WORKER));
    assert!(!is_here("python3 /usr/bin/rq worker -u redis://a", "0"));
}

#[test]
fn worker_that_the_title_names_is_registered_rather_than_another_of_that_process_id() {
    let processes = [(7, "rq:worker:w1:\u{a0}Listening", "0"), (8, "python w.py", OF_A_WORKER)];
    let (_root, table) = table(&processes);
    let workers = [("w0", 7), ("w1", 7), ("w2", 8)].map(|(name, pid)| worker(&table, name, pid));
    let registered = registered_here(&table, Some("here"), &workers.each_ref());
    assert_eq!(registered[&7].name, "w1");
    assert_eq!(registered[&8].name, "w2");
}

#[test]
fn living_worker_claims_its_process_under_another_hosts_name() {
    let titled = "rq:worker:w1:\u{a0}Listening";
    let processes = [(7, "python w.py", OF_A_WORKER), (8, titled, "0"), (9, titled, "0")];
    let (_root, table) = table(&processes);
    let workers = [worker(&table, "w0", 7), worker(&table, "w1", 8)];
    let living = workers.each_ref();
    assert!(registered_here(&table, Some("renamed"), &living).is_empty());
    for pid in [7, 8, 9] {
        assert!(is_claimed(&table, &living, pid), "{pid}");
    }
    assert!(!is_claimed(&table, &living[..1], 8));
    assert!(!is_claimed(&table, &living, 6));
}
