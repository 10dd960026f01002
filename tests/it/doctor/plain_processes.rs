//! Checks of the processes of plain RQ, with real workers.

use super::{Diagnosis, Stage, evidence, fixes, later};
use crate::support::redis::RedisServer;
use crate::support::rq::{Rq, RqWorker};
use crate::support::wait::{PATIENCE, wait_until};
use crate::workers_via::{Supervisord, two_workers};

/// Plain RQ with a real worker called `w1`.
struct Plain {
    stage: Stage,
    rq: Rq,
    worker: RqWorker,
}

impl Plain {
    fn of(version: &str) -> Self {
        let stage = Stage::plain();
        let rq = Rq::version(version);
        let worker = rq.worker(&stage.server, "w1", &["default"]);
        Self { stage, rq, worker }
    }

    /// Has the worker run a job until the file is there; the job's id, and the process of its horse.
    fn busy(&self, flag: &str) -> (String, String) {
        let call =
            format!("work.until, '{}', job_timeout=600", self.rq.folder().join(flag).display());
        let id = self.rq.enqueue(&self.stage.server, "default", &call);
        wait_until(PATIENCE, "the job to run", || {
            (self.field(&format!("rq:job:{id}"), "status")? == "started").then_some(())
        });
        let pid = self.worker.pid();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        (id, children.split_whitespace().next().unwrap().to_owned())
    }

    fn field(&self, key: &str, name: &str) -> Option<String> {
        let mut client = self.stage.server.client();
        redis::cmd("HGET").arg(key).arg(name).query(&mut client).unwrap()
    }

    /// Ends what [`Self::busy`] began.
    fn release(&self, flag: &str, id: &str) {
        std::fs::write(self.rq.folder().join(flag), "").unwrap();
        wait_until(PATIENCE, "the job to end", || {
            (self.field(&format!("rq:job:{id}"), "status")? != "started").then_some(())
        });
    }
}

fn outcomes(diagnosis: &Diagnosis) -> [&str; 4] {
    ["process.unregistered", "process.memory", "process.stop-timeout", "scheduler.twice"]
        .map(|check| diagnosis.outcome(check))
}

#[test]
fn work_horse_without_its_worker_is_found_with_its_job() {
    std::thread::scope(|scope| {
        for version in ["1.15.1", "2.6.1"] {
            scope.spawn(move || {
                let mut plain = Plain::of(version);
                let (id, horse) = plain.busy("flag");
                // Below its worker it is that worker's.
                let before = plain.stage.diagnose();
                assert_eq!(before.outcome("process.unregistered"), "passed", "{version}");
                plain.worker.crash();
                let key = format!("rq:job:{id}");
                plain.stage.server.cmd(&["HSET", &key, "timeout", "1"]);
                let diagnosis = plain.stage.diagnose();
                let finding = diagnosis.finding("process.unregistered");
                assert!(evidence(finding).contains(&format!("it runs job {id}")), "{finding}");
                assert!(fixes(finding).contains(&format!("workers dump {horse}")), "{finding}");
                // What is said of the job names the process, too.
                let late = wait_until(PATIENCE, "the job to be late", || {
                    let diagnosis = plain.stage.diagnose();
                    let found = diagnosis.findings("job.timeout");
                    found.first().map(|finding| (*finding).clone())
                });
                assert!(evidence(&late).contains(&format!("work horse {horse} goes on")), "{late}");
                assert!(fixes(&late).ends_with(&format!("workers dump {horse}")), "{late}");
                plain.stage.server.cmd(&["ZADD", "rq:wip:default", "1", &member(&plain)]);
                let diagnosis = plain.stage.diagnose();
                let abandoned = diagnosis.finding("job.abandoned");
                assert!(fixes(abandoned).contains(&format!("workers dump {horse}")), "{abandoned}");
                plain.release("flag", &id);
            });
        }
    });
}

/// The only member of the started registry.
fn member(plain: &Plain) -> String {
    let mut client = plain.stage.server.client();
    let mut members: Vec<String> =
        redis::cmd("ZRANGE").arg("rq:wip:default").arg(0).arg(-1).query(&mut client).unwrap();
    assert_eq!(members.len(), 1);
    members.remove(0)
}

#[test]
fn worker_whose_registration_names_another_process_is_found_and_those_of_another_redis_are_not() {
    let mut plain = Plain::of("2.6.1");
    let other = RedisServer::start();
    let elsewhere = plain.rq.worker(&other, "w2", &["default"]);
    later(&mut plain.stage);
    assert_eq!(plain.stage.diagnose().outcome("process.unregistered"), "passed");
    let pid = plain.worker.pid().to_string();
    plain.stage.server.cmd(&["HSET", "rq:worker:w1", "pid", &elsewhere.pid().to_string()]);
    let diagnosis = plain.stage.diagnose();
    let finding = diagnosis.finding("process.unregistered");
    assert!(fixes(finding).contains(&format!("kill {pid}")), "{finding}");
    assert!(evidence(finding).contains("--name w1"), "{finding}");
    // Under other keys it is another's.
    plain.stage.env("RQ_KEY_PREFIX", "other");
    assert_eq!(plain.stage.diagnose().findings("process.unregistered").len(), 0);
}

#[test]
fn memory_is_that_of_registered_workers_and_their_horses_alone() {
    let mut plain = Plain::of("1.15.1");
    let other = RedisServer::start();
    let _elsewhere = plain.rq.worker(&other, "w2", &["default"]);
    let (id, horse) = plain.busy("flag");
    assert_eq!(plain.stage.diagnose().outcome("process.memory"), "passed");
    plain.stage.threshold("worker_memory_warning_mb", 0.0);
    let diagnosis = plain.stage.diagnose();
    let mut fixes: Vec<String> =
        diagnosis.findings("process.memory").into_iter().map(fixes).collect();
    fixes.sort();
    let url = plain.stage.server.url();
    assert_eq!(fixes.len(), 2, "{fixes:?}");
    assert!(fixes[0].ends_with(&format!("workers dump {horse}")), "{fixes:?} {url}");
    let worker = plain.worker.pid();
    assert!(fixes[1].ends_with(&format!("workers restart {worker}")), "{fixes:?}");
    plain.release("flag", &id);
}

#[test]
fn supervisor_that_kills_before_the_longest_job_can_end_is_named() {
    let stage = Stage::plain();
    let rq = Rq::version("2.6.1");
    // It waits 600 s.
    let _supervisord = Supervisord::start(&rq, &stage.server);
    two_workers(&stage.server);
    assert_eq!(stage.diagnose().outcome("process.stop-timeout"), "passed");
    let id = rq.enqueue(&stage.server, "default", "work.ok, job_timeout=3600");
    wait_until(PATIENCE, "the job to end", || {
        let mut client = stage.server.client();
        let ended: Option<f64> =
            redis::cmd("ZSCORE").arg("rq:finished:default").arg(&id).query(&mut client).unwrap();
        ended
    });
    let diagnosis = stage.diagnose();
    let finding = diagnosis.finding("process.stop-timeout");
    assert_eq!(finding["severity"], "warning");
    assert!(finding["summary"].as_str().unwrap().contains("`b-workers`"), "{finding}");
    assert!(evidence(finding).contains("stopwaitsecs = 600; its jobs may run 3600 s"), "{finding}");
    assert!(fixes(finding).contains("3660 or more"), "{finding}");
}

#[test]
fn processes_are_passed_over_where_neither_redis_nor_a_worker_is_here() {
    let stage = Stage::plain();
    assert_eq!(outcomes(&stage.diagnose()), ["passed", "passed", "skipped", "skipped"]);
    let mut down = Stage::plain();
    down.at("unix:///nowhere/redis.sock".to_owned());
    assert_eq!(down.diagnose().outcome("process.memory"), "not made");
    let mut away = Stage::plain();
    away.at("redis://198.51.100.7:6379".to_owned());
    away.with("--timeout");
    away.with("1s");
    let outcome = away.diagnose();
    assert_eq!(outcome.outcome("process.memory"), "skipped", "{:#}", outcome.report);
}
