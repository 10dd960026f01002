//! Work horses and helpers that outlive their worker: a worker that is killed cannot end them.
//!
//! The supervisor adopts them ([`crate::sys::child::adopt_orphans`]), so their ids stay theirs until
//! it reaps them, and a signal cannot reach anybody else.

use std::collections::HashSet;

use crate::sys::proc::{ProcTable, Stat, Title};

/// An adopted process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Orphan {
    /// It runs a job and ends with it.
    Horse(u32),
    /// It served its worker alone, such as RQ's scheduler.
    Helper(u32),
}

/// Looks for what the worker `worker`, whose arguments were `arguments`, left behind.
///
/// A horse leads a group of its own ([`Stat::leads_group`]) and shows the worker's command line or
/// RQ's title; a helper stayed in the worker's group. What jobs started on their own account is
/// neither, and is left alone. One read of the process table.
pub(super) fn left_by(worker: u32, arguments: &[String], known: &HashSet<u32>) -> Vec<Orphan> {
    let Ok(table) = ProcTable::live() else { return Vec::new() };
    let own = std::process::id();
    let adopted = table
        .pids()
        .into_iter()
        .filter(|pid| !known.contains(pid))
        .filter_map(|pid| table.stat(pid))
        .filter(|stat| stat.parent == own && !stat.is_dead());
    adopted.filter_map(|stat| judge(&table, &stat, worker, arguments)).collect()
}

fn judge(table: &ProcTable, stat: &Stat, worker: u32, arguments: &[String]) -> Option<Orphan> {
    if stat.group == worker {
        return Some(Orphan::Helper(stat.pid));
    }
    let line = table.command_line(stat.pid)?;
    let same = line.get(1..).is_some_and(|line| line.ends_with(arguments));
    let is_titled = Title::of(&line).is_some();
    (stat.leads_group() && (same || is_titled)).then_some(Orphan::Horse(stat.pid))
}
