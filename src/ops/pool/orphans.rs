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

/// A worker that has died, and what was known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dead<'d> {
    pub(super) pid: u32,
    /// What it was called with.
    pub(super) arguments: &'d [String],
    /// Its name in Redis.
    pub(super) name: Option<&'d str>,
    /// Its children when they were looked at last.
    pub(super) children: &'d [u32],
}

/// Looks for what a worker left behind, among what was adopted and is not `known`.
///
/// A horse leads a group of its own ([`Stat::leads_group`]) and shows the worker's command line or
/// RQ's title; a helper stayed in the worker's group. What jobs started on their own account is
/// neither, and is left alone: a daemon that a job forked looks like its horse, but a worker has one
/// horse at a time. One read of the process table.
pub(super) fn left_by(dead: &Dead<'_>, known: &HashSet<u32>) -> Vec<Orphan> {
    let Ok(table) = ProcTable::live() else { return Vec::new() };
    let own = std::process::id();
    let pids = table.pids().into_iter().filter(|pid| !known.contains(pid));
    let adopted: Vec<Stat> = pids
        .filter_map(|pid| table.stat(pid))
        .filter(|stat| stat.parent == own && !stat.is_dead())
        .collect();
    let (helpers, others): (Vec<Stat>, Vec<Stat>) =
        adopted.into_iter().partition(|stat| stat.group == dead.pid);
    let line = |stat: &Stat| table.command_line(stat.pid).unwrap_or_default();
    // A spawning worker's horse has a command line of its own. Source: `rq/worker.py`, `SpawnWorker`.
    let is_its = |stat: &Stat| dead.children.contains(&stat.pid) || is_like(dead, &line(stat));
    let horses = others.into_iter().filter(|stat| stat.leads_group() && is_its(stat));
    let horse = the_horse(dead, horses.map(|stat| (stat.pid, stat.start_ticks)));
    let helpers = helpers.into_iter().map(|stat| Orphan::Helper(stat.pid));
    helpers.chain(horse.map(Orphan::Horse)).collect()
}

/// Whether a process shows the command line of a worker, or a title with its name.
fn is_like(dead: &Dead<'_>, line: &[String]) -> bool {
    match Title::of(line) {
        Some(title @ Title::Worker(_)) => dead.name.is_none_or(|name| title.names(name)),
        Some(Title::Nameless) => true,
        Some(Title::Other) => false,
        None => line.get(1..).is_some_and(|line| line.ends_with(dead.arguments)),
    }
}

/// The one horse among processes that look like it, given with their starts: the one that was its
/// child; else the youngest, as whatever a job that has ended left behind is older.
fn the_horse(dead: &Dead<'_>, alike: impl Iterator<Item = (u32, u64)>) -> Option<u32> {
    let known_and_young = |(pid, start): &(u32, u64)| (dead.children.contains(pid), *start, *pid);
    alike.max_by_key(known_and_young).map(|(pid, _)| pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn horse_is_the_worker_s_known_child_or_else_the_youngest_of_those_that_look_like_one() {
        let dead = Dead { pid: 7, arguments: &[], name: None, children: &[11, 12] };
        let horse = |alike: &[(u32, u64)]| the_horse(&dead, alike.iter().copied());
        assert_eq!(horse(&[]), None);
        // A daemon of a job of another worker, and one that was forked later.
        assert_eq!(horse(&[(9, 500), (12, 600), (40, 700)]), Some(12));
        assert_eq!(horse(&[(9, 500), (30, 600)]), Some(30));
    }

    #[test]
    fn process_of_another_worker_is_not_like_it() {
        let arguments = words("-c x rq.cli worker --name n1 -- a");
        let dead = Dead { pid: 7, arguments: &arguments, name: Some("n1"), children: &[] };
        for (line, expected) in [
            ("python -c x rq.cli worker --name n1 -- a", true),
            ("python -c x rq.cli worker --name n2 -- a", false),
            ("sleep 600", false),
        ] {
            assert_eq!(is_like(&dead, &words(line)), expected, "{line}");
        }
        for (title, expected) in [
            ("rq:worker:n1: Processing f from a since 1", true),
            ("rq:worker:n2: Processing f from a since 1", false),
            ("rq: Processing f", true),
            ("rq:scheduler", false),
        ] {
            assert_eq!(is_like(&dead, &[title.to_owned()]), expected, "{title}");
        }
    }
}
