//! Checks of the scheduler's process. What the site databases say of it is not looked at here.

use super::{Checked, Facts, Simple};
use crate::bench::SchedulerProcess;
use crate::model::health::{Finding, Severity};
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] =
    &[&Simple { name: "scheduler.process", passes_when: "the scheduler runs", run: process }];

fn process(facts: &Facts<'_>) -> Checked {
    let Some(bench) = facts.bench else { return Checked::Skipped };
    let (root, mut findings) = (bench.bench.root(), Vec::new());
    if bench.bench.is_restarting() {
        findings.push(
            Finding::new(
                "scheduler.process",
                Severity::Warning,
                "the scheduler skips its rounds: sites/.restarting exists",
            )
            .because("a restart left the file behind, or is under way")
            .fix(format!("rm {}", shell_quote(&root.join("sites/.restarting").to_string_lossy()))),
        );
    }
    match &bench.around.process {
        SchedulerProcess::Running { .. } => {}
        SchedulerProcess::Absent if bench.around.workers_here => findings.push(
            Finding::new(
                "scheduler.process",
                Severity::Critical,
                "no scheduler runs: no scheduled job is enqueued",
            )
            .because(if bench.bench.frappe().locks_scheduler() {
                "no process holds config/scheduler_process or runs `bench schedule`"
            } else {
                "no process runs `bench schedule`"
            })
            .fix(facts.bench_cli("schedule")),
        ),
        SchedulerProcess::Absent => {
            return Checked::not_made("no worker and no scheduler of this bench runs on this host");
        }
        SchedulerProcess::HeldByOrphan { owner, holders } => {
            findings.push(orphaned_lock(*owner, holders));
        }
        SchedulerProcess::CannotTell(why) => return Checked::not_made(why.clone()),
    }
    findings.into()
}

fn orphaned_lock(owner: Option<u32>, holders: &[u32]) -> Finding {
    let owner =
        owner.map_or_else(|| "a dead process".to_owned(), |pid| format!("the dead process {pid}"));
    let listed: Vec<_> = holders.iter().map(ToString::to_string).collect();
    let held = match holders {
        [] => "a process of another user".to_owned(),
        _ => listed.join(", "),
    };
    let summary = "no scheduler runs, and none can start: its lock is held by left-over processes";
    let finding = Finding::new("scheduler.process", Severity::Critical, summary)
        .because(format!("config/scheduler_process was locked by {owner} and is kept by {held}"))
        .because("the lock is free when these jobs end");
    if holders.is_empty() {
        return finding;
    }
    finding.fix(format!("ps -o pid,etime,args -p {}", listed.join(",")))
}
