//! Checks of the scheduler's process. What the site databases say of it is not looked at here.

use super::{Checked, Facts, Simple};
use crate::bench::SchedulerProcess;
use crate::model::health::{Finding, Severity};

pub(super) const CHECKS: &[&dyn super::Check] =
    &[&Simple { name: "scheduler.process", passes_when: "the scheduler runs", run: process }];

fn process(facts: &Facts<'_>) -> Checked {
    let Some(bench) = facts.bench else { return Checked::Skipped };
    let mut findings = Vec::new();
    if bench.bench.is_restarting() {
        findings.push(
            Finding::new(
                "scheduler.process",
                Severity::Warning,
                "the scheduler skips its rounds: sites/.restarting exists",
            )
            .because("a restart left the file behind, or is under way")
            .fix("rm sites/.restarting"),
        );
    }
    match &bench.scheduler {
        SchedulerProcess::Running { .. } => {}
        SchedulerProcess::Absent if bench.workers_here => findings.push(
            Finding::new(
                "scheduler.process",
                Severity::Critical,
                "no scheduler runs: no scheduled job is enqueued",
            )
            .because("no process holds config/scheduler_process or is called `schedule`")
            .fix("bench schedule"),
        ),
        SchedulerProcess::Absent => {
            return Checked::not_made("no worker and no scheduler of this bench runs on this host");
        }
        SchedulerProcess::HeldByOrphan { owner, holders } => {
            let owner = owner.map_or_else(
                || "a dead process".to_owned(),
                |pid| format!("the dead process {pid}"),
            );
            let listed: Vec<_> = holders.iter().map(ToString::to_string).collect();
            let held = if holders.is_empty() {
                "by a process of another user".to_owned()
            } else {
                format!("by {}", listed.join(", "))
            };
            findings.push(
                Finding::new("scheduler.process", Severity::Critical, "no scheduler runs, and none can start: its lock is held by left-over processes")
                    .because(format!("config/scheduler_process was locked by {owner} and is kept {held}"))
                    .because("the lock is free when these jobs end"),
            );
        }
        SchedulerProcess::CannotTell(why) => return Checked::not_made(why.clone()),
    }
    findings.into()
}
