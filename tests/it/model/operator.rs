//! Somebody who changes jobs at random, and sometimes is killed while at it.

use jobctl::journal::JournalDir;

use super::chance::Chance;
use super::world::{JOBS, QUEUES, World};
use crate::support::env::{Run, jobctl};

/// Where an operator may be killed.
const FAULTS: [&str; 6] =
    ["journal-created", "images-synced", "script-replied", "confirmed", "before-end", "ended"];

/// What a change may end with: done, done in part, nothing there, locked or changing too fast,
/// refused because a fixed id waits.
const GOOD_ENDS: [i32; 5] = [0, 1, 66, 75, 77];

pub(super) struct Operator<'w> {
    world: &'w World,
    chance: Chance,
}

impl<'w> Operator<'w> {
    pub(super) fn new(world: &'w World, number: u64) -> Self {
        Self { world, chance: Chance::new(world.seed, number) }
    }

    /// Makes so many changes.
    pub(super) fn work(mut self, changes: usize) {
        for _ in 0..changes {
            let words = self.next();
            let fault = self.chance.percent(15).then(|| self.chance.one(&FAULTS));
            self.run(&words, fault);
        }
    }

    /// Takes back what was left unfinished by those who were killed.
    pub(super) fn recover(&self) {
        for op in self.journals().list().unwrap() {
            if op.end.is_none() {
                self.run(&["undo".into(), op.header.op_id.to_string()], None);
            }
        }
    }

    fn journals(&self) -> JournalDir {
        JournalDir::of(Some(self.world.place.path())).unwrap()
    }

    fn run(&self, words: &[String], fault: Option<&str>) {
        let url = self.world.server.url();
        let target = ["--redis", &url].map(str::to_owned);
        let command = jobctl(target.iter().chain(words)).env("XDG_STATE_HOME", self.world.state());
        let run: Run = match fault {
            None => command.run(),
            Some(fault) => command.env("JOBCTL_TEST_FAULT", fault).run(),
        };
        let good = GOOD_ENDS.contains(&run.code) || (fault.is_some() && run.code == -1);
        let (version, seed) = (&self.world.version, self.world.seed);
        assert!(good, "RQ {version}, JOBCTL_TEST_SEEDS={seed}: {words:?} {fault:?}\n{run:?}");
        if let Some(id) = words.iter().find(|word| word.starts_with("fixed-"))
            && run.code == 0
        {
            *self.world.enqueued.lock().unwrap().entry(id.clone()).or_default() += 1;
        }
    }

    /// The words of the next change.
    fn next(&mut self) -> Vec<String> {
        let chance = &mut self.chance;
        let (queue, other) = (chance.one(&QUEUES), chance.one(&QUEUES));
        let limit = (10 + chance.below(150)).to_string();
        let method = chance.one(&["counting.ok", "counting.fails"]);
        let dependents = chance.one(&["leave", "cancel", "release"]);
        let ids: Vec<String> = (0..6).map(|_| format!("job-{}", chance.below(JOBS))).collect();
        let text = match chance.below(16) {
            0 => format!("purge-jobs --queue {queue} --limit {limit}"),
            1 => format!("purge-jobs --method {method} --limit {limit}"),
            2 => format!("purge-jobs --queue {queue} --method {method} --keep-newest {limit}"),
            3 => format!("purge-jobs --status failed --limit {limit}"),
            4 => format!("purge-jobs --queue {queue} --dependents {dependents} --limit {limit}"),
            5 => format!("jobs delete {} --dependents {dependents}", ids.join(" ")),
            6 => format!("jobs delete --queue {queue} --limit {limit}"),
            7 => format!("jobs cancel --queue {queue} --limit {limit} --dependents {dependents}"),
            8 => "jobs retry --all".to_owned(),
            9 => format!("jobs retry --queue {queue} --status canceled --front"),
            10 => format!("jobs move --queue {queue} --to {other} --limit {limit}"),
            11 => format!("jobs promote {}", ids.join(" ")),
            12 => {
                let number = chance.below(4);
                format!("jobs enqueue {method} --queue {queue} --job-id fixed-{number}")
            }
            _ => self.undo(),
        };
        text.split(' ').map(str::to_owned).collect()
    }

    /// Undoes an earlier operation, mostly one of the last.
    fn undo(&mut self) -> String {
        let ops = self.journals().ids().unwrap();
        if ops.is_empty() {
            return "purge-jobs --queue b --limit 20".to_owned();
        }
        let recent = if self.chance.percent(70) { ops.len().min(4) } else { ops.len() };
        format!("undo {}", ops[self.chance.below(recent)])
    }
}
