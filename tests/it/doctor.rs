//! The doctor, check by check: each has a state in which it fires, and a near miss in which it is
//! made and does not. Against a real redis-server, with state as RQ leaves it.

use std::collections::HashSet;

use jobctl::ops::doctor::{Check, all_checks};
use serde_json::Value;

use crate::support::bench::Bench;
use crate::support::env::{Jobctl, Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::state::{FakeWorker, Job, Registration, job, worker};

mod access;
mod config;
mod hooks;
mod jobs;
mod plain_processes;
mod processes;
mod queues;
mod redis;
mod report;
mod scheduler;
mod scope;
mod sites;
mod waiting;
mod workers;

/// A bench or a plain RQ in good order, to be disturbed, and how the doctor is asked about it.
pub(crate) struct Stage {
    pub(crate) server: RedisServer,
    pub(crate) bench: Option<Bench>,
    pub(crate) crew: Vec<FakeWorker>,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    thresholds: String,
    url: Option<String>,
}

impl Stage {
    /// A bench of Frappe 15.44 with two sites that have no database, its scheduler, and a worker of another host for its
    /// three queues.
    pub(crate) fn bench() -> Self {
        Self::bench_of("15.44.2")
    }

    /// The same of another version.
    pub(crate) fn bench_of(version: &str) -> Self {
        let mut stage = Self::plain();
        let mut bench = Bench::new(version, &stage.server);
        for site in ["site1.localhost", "site2.localhost"] {
            bench.site(site);
            bench.set_on(site, "db_type", "none");
        }
        bench.run_scheduler();
        stage.bench = Some(bench);
        let queues = ["short", "default", "long"].map(|name| stage.queue(name));
        let queues: Vec<&str> = queues.iter().map(String::as_str).collect();
        let first = stage.worker("w1", &queues).start();
        stage.crew.push(first);
        stage
    }

    /// A Redis that keeps its data, and nothing in it.
    pub(crate) fn plain() -> Self {
        let server = RedisServer::builder().config("save", "3600 1").start();
        Self {
            server,
            bench: None,
            crew: Vec::new(),
            arguments: Vec::new(),
            variables: Vec::new(),
            // Other tests may keep this machine busy.
            thresholds: "latency_warning_ms = 60000\nlatency_critical_ms = 60000\n".to_owned(),
            url: None,
        }
    }

    /// The full name of a queue of the bench, or the name itself.
    pub(crate) fn queue(&self, name: &str) -> String {
        self.bench.as_ref().map_or_else(|| name.to_owned(), |bench| bench.queue(name))
    }

    pub(crate) fn bench_mut(&mut self) -> &mut Bench {
        self.bench.as_mut().unwrap()
    }

    /// A job on one of the stage's queues.
    pub(crate) fn job(&self, queue: &str, id: impl AsRef<[u8]>) -> Job<'_> {
        job(&self.server, &self.queue(queue), id)
    }

    /// A worker for queues of these full names.
    pub(crate) fn worker(&self, name: &str, queues: &[&str]) -> Registration<'_> {
        worker(&self.server, name, queues)
    }

    /// Lets a worker work until the end of the test.
    pub(crate) fn hire(&mut self, worker: FakeWorker) {
        self.crew.push(worker);
    }

    /// Adds an argument.
    pub(crate) fn with(&mut self, argument: &str) {
        self.arguments.push(argument.to_owned());
    }

    /// Sets a variable.
    pub(crate) fn env(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Sets a threshold of the settings.
    pub(crate) fn threshold(&mut self, name: &str, value: f64) {
        let kept = self.thresholds.lines().filter(|line| !line.starts_with(name));
        let mut lines: Vec<String> = kept.map(str::to_owned).collect();
        lines.push(if value.fract() == 0.0 {
            format!("{name} = {value:.0}")
        } else {
            format!("{name} = {value}")
        });
        self.thresholds = lines.join("\n");
    }

    /// Reads another Redis than the stage's own address.
    pub(crate) fn at(&mut self, url: String) {
        self.url = Some(url);
    }

    /// Runs the doctor with more arguments.
    pub(crate) fn run(&self, more: &[&str]) -> Run {
        self.command("doctor", more).run()
    }

    /// Another command on the same target, with the same settings.
    pub(crate) fn command(&self, command: &str, more: &[&str]) -> Jobctl {
        let settings = self.server.folder().join("jobctl.toml");
        std::fs::write(&settings, format!("[thresholds]\n{}\n", self.thresholds)).unwrap();
        let settings = settings.to_str().unwrap();
        let root = self.bench.as_ref().map(|bench| bench.root().to_str().unwrap());
        let url = match (&self.url, root) {
            (Some(url), _) => Some(url.clone()),
            (None, None) => Some(self.server.url()),
            (None, Some(_)) => None,
        };
        let mut arguments = vec![command, "--config", settings];
        arguments.extend(root.iter().flat_map(|root| ["--bench", root]));
        arguments.extend(url.iter().flat_map(|url| ["--redis", url]));
        arguments.extend(self.arguments.iter().map(String::as_str));
        arguments.extend(more);
        let command = jobctl(arguments);
        self.variables.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// Runs the doctor and reads its report.
    pub(crate) fn diagnose(&self) -> Diagnosis {
        let run = self.run(&["-o", "json"]);
        let report = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.stdout, run.stderr));
        Diagnosis { report, code: run.code }
    }
}

/// A report as scripts see it.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    pub(crate) report: Value,
    pub(crate) code: i32,
}

impl Diagnosis {
    pub(crate) fn data(&self) -> &Value {
        &self.report["data"]
    }

    pub(crate) fn verdict(&self) -> &str {
        self.data()["verdict"].as_str().unwrap()
    }

    /// The findings of a check.
    pub(crate) fn findings(&self, check: &str) -> Vec<&Value> {
        let all = self.data()["findings"].as_array().unwrap();
        all.iter().filter(|finding| finding["check"] == check).collect()
    }

    /// The one finding of a check.
    pub(crate) fn finding(&self, check: &str) -> &Value {
        match self.findings(check).as_slice() {
            [finding] => finding,
            other => panic!("{check} found {}: {:#}", other.len(), self.report),
        }
    }

    /// How bad a check is: the severity of its worst finding, `unknown` where it is essential and
    /// was not made, `not made`, `passed`, or `skipped`.
    pub(crate) fn outcome(&self, check: &str) -> &str {
        // Findings come worst first.
        if let Some(finding) = self.findings(check).first() {
            return finding["severity"].as_str().unwrap();
        }
        let is_it = |entry: &&Value| entry["check"] == check;
        match self.data()["not_made"].as_array().unwrap().iter().find(is_it) {
            Some(entry) if entry["essential"] == true => "unknown",
            Some(_) => "not made",
            None if self.data()["passed"].as_array().unwrap().iter().any(|e| is_it(&e)) => "passed",
            None => "skipped",
        }
    }

    /// What else than information was found, for messages.
    pub(crate) fn troubles(&self) -> Vec<&Value> {
        let all = self.data()["findings"].as_array().unwrap();
        all.iter().filter(|finding| finding["severity"] != "info").collect()
    }

    pub(crate) fn notes(&self) -> String {
        self.report["notes"].to_string()
    }
}

/// All evidence of a finding in one text.
pub(crate) fn evidence(finding: &Value) -> String {
    lines(&finding["evidence"])
}

/// All commands of a finding in one text.
pub(crate) fn fixes(finding: &Value) -> String {
    lines(&finding["fix"])
}

fn lines(list: &Value) -> String {
    let lines = list.as_array().unwrap().iter().map(|line| line.as_str().unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

/// Sets the present a few minutes forward, so that what has just started is old.
pub(crate) fn later(stage: &mut Stage) {
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(5);
    stage.env("JOBCTL_TEST_NOW", &later.to_string());
}

/// Declares the pair of states of each check: two tests, and the check's name in `PAIRED`.
macro_rules! pairs {
    ($($name:ident: $check:literal is $outcome:literal
        when |$stage:ident| $fires:block
        but_not_when |$near:ident| $misses:block)+) => {
        /// The checks that have a pair here.
        pub(super) const PAIRED: &[&str] = &[$($check),+];

        $(mod $name {
            #[allow(unused_imports, reason = "not every pair uses all of it")]
            use super::*;

            #[test]
            fn in_the_bad_state_fires() {
                let $stage: Stage = $fires;
                let diagnosis = $stage.diagnose();
                assert_eq!(diagnosis.outcome($check), $outcome, "{:#}", diagnosis.report);
            }

            #[test]
            fn in_a_near_miss_passes() {
                let $near: Stage = $misses;
                let diagnosis = $near.diagnose();
                assert_eq!(diagnosis.outcome($check), "passed", "{:#}", diagnosis.report);
            }
        })+
    };
}
use pairs;

#[test]
fn every_check_has_a_state_that_fires_and_a_near_miss() {
    let families = [
        redis::PAIRED,
        queues::PAIRED,
        waiting::PAIRED,
        jobs::PAIRED,
        workers::PAIRED,
        processes::PAIRED,
        scheduler::PAIRED,
        sites::PAIRED,
        hooks::PAIRED,
        config::PAIRED,
    ];
    let paired: HashSet<&str> = families.into_iter().flatten().copied().collect();
    let checks: HashSet<&str> = all_checks().map(Check::name).collect();
    let unpaired: Vec<_> = checks.difference(&paired).collect();
    assert!(unpaired.is_empty(), "no pair of tests for {unpaired:?}");
    let unknown: Vec<_> = paired.difference(&checks).collect();
    assert!(unknown.is_empty(), "tests for no check: {unknown:?}");
}
