//! One run of the model: Redis, real RQ, and everybody who works on them at the same time.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use tempfile::TempDir;

use super::ledger::Ledger;
use super::operator::Operator;
use crate::support::redis::RedisServer;
use crate::support::rq::{Rq, RqWorker};
use crate::support::wait::{PATIENCE, wait_until};

/// Queues with workers, and one without, so that something is left to look at the order of.
pub(super) const QUEUES: [&str; 3] = ["a", "b", "c"];

/// Jobs of one run, without those that others wait for.
pub(super) const JOBS: usize = 700;

/// Changes that each of the operators makes.
const CHANGES: usize = 14;

/// What the jobs do: write down that they ran, outside of Redis.
const COUNTING: &str = r"
import os
from rq import get_current_job

def note():
    file = os.open(os.environ['RUNS'], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, (get_current_job().id + '\n').encode())
    os.close(file)

def ok():
    note()

def fails():
    note()
    raise ValueError('on purpose')
";

/// Enqueues jobs `FIRST` to `END` and writes down which: id, queue, end of the queue, whether its
/// place in the queue is nobody's but its own.
const PRODUCE: &str = r"
import random, counting
rng = random.Random('SEED-FIRST')
queues = [Queue(name, connection=connection) for name in 'abc']
try:
    from rq.group import Group
except ImportError:
    Group = None
written = []
for n in range(FIRST, END):
    queue, front = rng.choice(queues), rng.random() < 0.25
    call = counting.fails if rng.random() < 0.2 else counting.ok
    def note(id, side):
        written.append(f'{id} {queue.name} {side} {n}')
    kind = rng.random()
    if kind < 0.08:
        parent = queue.enqueue(call, job_id=f'job-{n}')
        note(parent.id, 'back')
        for k in range(2):
            child = queue.enqueue(counting.ok, job_id=f'job-{n}-child-{k}', depends_on=parent)
            note(child.id, 'later')
    elif kind < 0.14 and Group:
        group = Group.create(connection=connection, name=f'group-{n % 7}')
        ids = [f'job-{n}', f'job-{n}-too']
        group.enqueue_many(queue, [Queue.prepare_data(call, job_id=id) for id in ids])
        for id in ids:
            note(id, 'later')
    elif kind < 0.2:
        queue.enqueue_in(datetime.timedelta(hours=1), call, job_id=f'job-{n}')
        note(f'job-{n}', 'later')
    else:
        queue.enqueue(call, job_id=f'job-{n}', at_front=front)
        note(f'job-{n}', 'front' if front else 'back')
with open('WRITTEN', 'a') as file:
    file.write(''.join(line + '\n' for line in written))
";

/// What a producer says of a job.
#[derive(Debug, Clone)]
pub(super) struct Produced {
    pub(super) queue: String,
    /// Its rank in the queue where nobody moved it: the smaller one runs first. `None` where
    /// workers decide when it comes into the queue.
    pub(super) rank: Option<i64>,
}

pub(super) struct World {
    pub(super) server: RedisServer,
    pub(super) rq: Rq,
    pub(super) version: String,
    pub(super) seed: u64,
    /// Journals are kept as those of a bench would be, so that they can be read with its path.
    pub(super) place: TempDir,
    /// How often operators enqueued each of the fixed ids.
    pub(super) enqueued: Mutex<BTreeMap<String, i64>>,
    workers: Vec<RqWorker>,
}

impl World {
    /// Half of the jobs are waiting, and the workers have begun.
    pub(super) fn new(version: &str, seed: u64) -> Self {
        let server = RedisServer::start();
        let rq = Rq::version(version).module("counting", COUNTING);
        let runs = rq.folder().join("runs");
        let rq = rq.env("RUNS", runs.to_str().unwrap());
        let place = tempfile::tempdir().unwrap();
        let (enqueued, workers) = (Mutex::default(), Vec::new());
        let version = version.to_owned();
        let mut world = Self { server, rq, version, seed, place, enqueued, workers };
        world.produce(0, JOBS / 2);
        let several = ["--worker-class", "rq.SimpleWorker", "b", "a"];
        world.workers.push(world.rq.worker(&world.server, "several", &several));
        world.workers.push(world.rq.worker(&world.server, "single", &["a"]));
        world
    }

    fn produce(&self, first: usize, end: usize) {
        let script = PRODUCE
            .replace("SEED", &self.seed.to_string())
            .replace("FIRST", &first.to_string())
            .replace("END", &end.to_string())
            .replace("WRITTEN", &self.written().display().to_string());
        self.rq.python(&self.server, &script);
    }

    fn written(&self) -> PathBuf {
        self.rq.folder().join("written")
    }

    /// The value of `XDG_STATE_HOME`.
    pub(super) fn state(&self) -> PathBuf {
        self.place.path().join("config")
    }

    pub(super) fn folder(&self) -> &Path {
        self.rq.folder()
    }

    /// Everybody does what they do, until the producer and the operators are done.
    pub(super) fn live(&self) {
        thread::scope(|scope| {
            scope.spawn(|| self.produce(JOBS / 2, JOBS));
            for number in 0..2 {
                scope.spawn(move || Operator::new(self, number).work(CHANGES));
            }
        });
        Operator::new(self, 2).recover();
    }

    /// Ends the work: either no worker takes another job, or they finish what they have.
    pub(super) fn settle(&self) {
        if self.stops_early() {
            self.server.cmd(&["SET", "rq:suspended", "1"]);
        }
    }

    pub(super) const fn stops_early(&self) -> bool {
        self.seed.is_multiple_of(2)
    }

    /// What does not balance once nothing is in flight any more.
    pub(super) fn faults(&self) -> Vec<String> {
        let faults = || Ledger::read(self).faults();
        let settled = std::time::Instant::now();
        wait_until(PATIENCE * 2, "the books to balance, or to stay as they are", || {
            let (before, found) = (Ledger::read(self), faults());
            // A job between two places is in neither: only what stays wrong is wrong.
            let stuck = before.is_still() && settled.elapsed() > PATIENCE / 3;
            (found.is_empty() || stuck).then_some(found)
        })
    }

    /// What the producers enqueued.
    pub(super) fn produced(&self) -> BTreeMap<String, Produced> {
        let text = fs::read_to_string(self.written()).unwrap();
        let line = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            let [id, queue, side, number] = words[..] else { panic!("{line}") };
            let number: i64 = number.parse().unwrap();
            let rank = match side {
                "front" => Some(-number),
                "back" => Some(number),
                _ => None,
            };
            (id.to_owned(), Produced { queue: queue.to_owned(), rank })
        };
        text.lines().map(line).collect()
    }

    /// How often each job ran.
    pub(super) fn runs(&self) -> BTreeMap<String, i64> {
        let mut runs = BTreeMap::new();
        let text = fs::read_to_string(self.folder().join("runs")).unwrap_or_default();
        for id in text.lines() {
            *runs.entry(id.to_owned()).or_default() += 1;
        }
        runs
    }

    /// What happened to the jobs that `faults` name, and what the workers said at last.
    pub(super) fn story(&self, faults: &[String]) -> String {
        let mut story = Ledger::read(self).story(faults);
        for worker in &self.workers {
            let log = worker.log();
            let tail = log.char_indices().rev().nth(1_500).map_or(0, |(at, _)| at);
            story.push_str(&format!("\n--- a worker's last words\n{}", &log[tail..]));
        }
        story
    }
}
