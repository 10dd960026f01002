//! `jobctl schedule` with a stand-in for the bench's Python.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};

use nix::unistd::geteuid;

use super::{ends, on};
use crate::support::bench::Bench;
use crate::support::redis::RedisServer;

/// Says how it was called; `exec` leaves it the process's id.
const PYTHON: &str = "#!/bin/sh\necho \"$$ $PWD $*\"\n";

fn bench() -> (RedisServer, Bench) {
    let server = RedisServer::start();
    let mut bench = Bench::new("16.10.0", &server);
    bench.site("erp");
    bench.write("env/bin/python", PYTHON);
    let python = bench.root().join("env/bin/python");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    (server, bench)
}

#[test]
fn schedule_becomes_the_benchs_own_process() {
    let (_server, bench) = bench();
    let run = ends(0, &bench, &["schedule"]);
    let sites = bench.root().join("sites");
    let expected = format!("{} -m frappe.utils.bench_helper frappe schedule", sites.display());
    assert!(run.stdout.trim().ends_with(&expected), "{run:?}");
}

#[test]
fn schedule_refuses_while_the_lock_is_held_and_says_by_whom() {
    let (_server, mut bench) = bench();
    bench.run_scheduler();
    let run = ends(75, &bench, &["schedule"]);
    let pid = format!("process {}", std::process::id());
    assert!(run.stderr.contains(&pid) && run.stderr.contains("since"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
    bench.stop_scheduler();
    ends(0, &bench, &["schedule"]);
}

#[test]
fn schedule_refuses_under_read_only_without_python_and_as_root_on_a_strangers_bench() {
    let (_server, bench) = bench();
    let run = on(&bench, &["schedule"]).env("JOBCTL_READ_ONLY", "1").run();
    assert_eq!((run.code, run.stdout.as_str()), (77, ""), "{run:?}");
    if geteuid().is_root() {
        let sites = bench.root().join("sites");
        chown(&sites, Some(65534), None).unwrap();
        let run = ends(77, &bench, &["schedule"]);
        assert!(run.stderr.contains("sudo -u nobody jobctl"), "{}", run.stderr);
        chown(&sites, Some(0), None).unwrap();
    }
    fs::remove_file(bench.root().join("env/bin/python")).unwrap();
    ends(66, &bench, &["schedule"]);
}
