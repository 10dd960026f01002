//! Checks of the bench's processes on this host.

use std::process::{Child, Command, Stdio};

use super::{Stage, evidence, fixes, later, pairs};

/// A process that looks like one of the bench's; ends with the value.
struct Process(Child);

impl Process {
    /// One with these words behind `bench_helper frappe`.
    fn of(stage: &Stage, words: &[&str]) -> Self {
        let sites = stage.bench.as_ref().unwrap().root().join("sites");
        let child = Command::new("sh")
            .args(["-c", "read end; :", "frappe.utils.bench_helper", "frappe"])
            .args(words)
            .current_dir(sites)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    fn pid(&self) -> String {
        self.0.id().to_string()
    }

    /// Lets it live until the test's process ends.
    fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn register(stage: &mut Stage, process: &Process) {
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    let queue = stage.queue("short");
    let worker = stage.worker("here", &[&queue]).set("hostname", host).set("pid", process.pid());
    let worker = worker.start();
    stage.hire(worker);
}

/// A process whose end of the pipe goes with the test's process, so that it never outlives it.
fn leave(stage: &Stage, words: &[&str]) {
    Process::of(stage, words).forget();
}

pairs! {
    unregistered: "process.unregistered" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            leave(&stage, &["worker", "--queue", "short"]);
            later(&mut stage);
            stage
        }
        but_not_when |stage| {
            // One is registered, the other has just been started.
            let mut stage = Stage::bench();
            let process = Process::of(&stage, &["worker", "--queue", "short"]);
            register(&mut stage, &process);
            process.forget();
            leave(&stage, &["worker", "--queue", "long"]);
            stage
        }

    memory: "process.memory" is "warning"
        when |stage| {
            let mut stage = Stage::bench();
            leave(&stage, &["worker", "--queue", "short"]);
            stage.threshold("worker_memory_warning_mb", 0.0);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            leave(&stage, &["worker", "--queue", "short"]);
            stage
        }

    stop_timeout: "process.stop-timeout" is "warning"
        when |stage| {
            let stage = Stage::bench();
            supervise(&stage, "long,default,short", 360);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            supervise(&stage, "short,default", 360);
            stage
        }

    twice: "scheduler.twice" is "warning"
        when |stage| {
            let stage = Stage::bench();
            leave(&stage, &["schedule"]);
            leave(&stage, &["schedule"]);
            stage
        }
        but_not_when |stage| {
            let stage = Stage::bench();
            leave(&stage, &["schedule"]);
            stage
        }
}

fn supervise(stage: &Stage, queues: &str, stop_wait_s: u32) {
    let text = format!(
        "[program:b-frappe-worker]\ncommand=/usr/bin/bench worker --queue {queues}\n\
         stopwaitsecs={stop_wait_s}\n"
    );
    stage.bench.as_ref().unwrap().write("config/supervisor.conf", &text);
}

#[test]
fn unregistered_worker_names_its_process_and_how_to_end_it() {
    let mut stage = Stage::bench();
    let process = Process::of(&stage, &["worker", "--queue", "short"]);
    later(&mut stage);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("process.unregistered");
    assert!(fixes(finding).contains(&format!("kill {}", process.pid())), "{finding}");
    assert!(evidence(finding).contains("worker --queue short"), "{finding}");
}

#[test]
fn left_behind_process_is_told_from_a_worker() {
    let mut stage = Stage::bench();
    // Its parent ends at once, so that the first process adopts it. It ends with the pipe.
    let mut shell = Command::new("sh")
        .args([
            "-c",
            "exec 3<&0; sh -c 'read end <&3; :' frappe.utils.bench_helper frappe worker &",
        ])
        .current_dir(stage.bench.as_ref().unwrap().root().join("sites"))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let keeps_it_alive = shell.stdin.take();
    shell.wait().unwrap();
    later(&mut stage);
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("process.unregistered");
    let fixes = fixes(finding);
    let pid = fixes.rsplit("kill ").next().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    // Something else than the first process may adopt it; then it looks like any other child.
    let is_adopted = status.contains("PPid:\t1\n");
    assert_eq!(fixes.contains(&format!("workers dump {pid}")), is_adopted, "{finding}");
    assert_eq!(finding["summary"].as_str().unwrap().contains("left behind"), is_adopted);
    drop(keeps_it_alive);
}
