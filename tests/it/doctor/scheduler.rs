//! Checks of the scheduler.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};

use super::{Stage, evidence, fixes, pairs};

/// A process that has the title of a worker; ends with the value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Registers a process of this host as a worker of the stage's bench.
fn work_here(stage: &mut Stage) -> Process {
    let process = Command::new("sleep").arg0("rq:worker:here").arg("600").spawn().unwrap();
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    let (queue, pid) = (stage.queue("short"), process.id().to_string());
    let worker = stage.worker("here", &[&queue]).set("hostname", host).set("pid", pid).start();
    stage.hire(worker);
    Process(process)
}

/// Whether the whole machine is in sight: only then the absence of a process means anything.
fn whole_machine() -> bool {
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap();
    namespace.to_str() == Some("pid:[4026531836]")
}

pairs! {
    process: "scheduler.process" is "warning"
        when |stage| {
            let stage = Stage::bench();
            stage.bench.as_ref().unwrap().write("sites/.restarting", "");
            stage
        }
        but_not_when |stage| {
            // The file is obeyed up to the versions that lock.
            let stage = Stage::bench_of("16.10.0");
            stage.bench.as_ref().unwrap().write("sites/.restarting", "");
            stage
        }
}

#[test]
fn absent_scheduler_of_a_bench_with_workers_here_is_critical_where_it_can_be_told() {
    let mut stage = Stage::bench();
    let _process = work_here(&mut stage);
    stage.bench_mut().stop_scheduler();
    let diagnosis = stage.diagnose();
    let expected = if whole_machine() { "critical" } else { "not made" };
    assert_eq!(diagnosis.outcome("scheduler.process"), expected, "{:#}", diagnosis.report);
}

#[test]
fn absent_scheduler_of_a_bench_that_runs_elsewhere_is_no_fault() {
    let mut stage = Stage::bench();
    stage.bench_mut().stop_scheduler();
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.outcome("scheduler.process"), "not made");
    assert_eq!((diagnosis.verdict(), diagnosis.code), ("HEALTHY", 0), "{:#}", diagnosis.report);
}

#[test]
fn restarting_file_fix_names_the_file_whole() {
    let stage = Stage::bench();
    let root = stage.bench.as_ref().unwrap().root().display().to_string();
    stage.bench.as_ref().unwrap().write("sites/.restarting", "");
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("scheduler.process");
    assert_eq!(fixes(finding), format!("rm {root}/sites/.restarting"));
    assert!(evidence(finding).contains("left the file behind"));
}
