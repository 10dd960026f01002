//! Switches in configuration files, readiness, realtime events and the scheduler's process.

mod files;
mod ready;
mod realtime;
mod schedule;
mod scheduler;

use std::fs;

use serde_json::Value;

use super::support::bench::Bench;
use super::support::env::{Jobctl, Run, jobctl};

/// A `jobctl` on a bench.
fn on(bench: &Bench, arguments: &[&str]) -> Jobctl {
    let target = ["--bench", bench.root().to_str().unwrap()];
    jobctl(target.iter().chain(arguments))
}

/// Runs it and expects this exit code.
fn ends(code: i32, bench: &Bench, arguments: &[&str]) -> Run {
    let run = on(bench, arguments).run();
    assert_eq!(run.code, code, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

/// A site's file as it is.
fn text(bench: &Bench, site: &str) -> String {
    fs::read_to_string(bench.root().join("sites").join(site).join("site_config.json")).unwrap()
}

/// A key in a site's file.
fn key(bench: &Bench, site: &str, key: &str) -> Option<Value> {
    let config: Value = serde_json::from_str(&text(bench, site)).unwrap();
    config.get(key).cloned()
}

/// The operation in the last line of standard error.
fn op_of(run: &Run) -> String {
    let last = run.stderr.lines().last().unwrap_or_default();
    let op = last.strip_prefix("undo with: jobctl undo ");
    op.unwrap_or_else(|| panic!("{run:?}")).split(' ').next().unwrap().to_owned()
}
