//! Many ids leave a long list while producers and workers are at it.
//!
//! Each test says what every id's fate must be: popped, pushed, removed with a receipt, or still
//! there in its place.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jobctl::backend::redis::keys::{Key, Keys};
use jobctl::backend::redis::list_merge::{MergeSource, Merged, Visit};
use jobctl::backend::redis::list_removal::{
    Candidate, Course, Deed, ListSweep, REMOVAL_BATCH, Taking,
};
use jobctl::backend::redis::read::Store;
use jobctl::backend::redis::scripts::Code;
use jobctl::backend::redis::{Endpoint, connect};
use jobctl::error::Result;
use jobctl::journal::OpId;
use jobctl::model::id::{JobId, QueueName};
use redis::Connection;

use crate::support::redis::RedisServer;
use crate::support::wait::StopOnDrop;

const LIST: &str = "rq:queue:q";
const RECEIPT_OF: &str = "20261121T232501-3f9a2c";

fn store(server: &RedisServer) -> Store {
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let link = connect(&endpoint, Duration::from_secs(30), "queue Redis").unwrap();
    Store::new(link, Keys::default())
}

fn queue() -> QueueName {
    QueueName::new("q")
}

/// Numbers that look random and come again with the same seed.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

/// Which ids of a list are meant.
#[derive(Debug, Clone, Copy)]
enum Shape {
    Alternating,
    Random(u64),
    Clustered,
    All,
    None,
}

impl Shape {
    fn picks(self, index: usize, draw: &mut Draw) -> bool {
        match self {
            Self::Alternating => index.is_multiple_of(2),
            Self::Random(percent) => draw.below(100) < percent,
            Self::Clustered => (index / 700) % 2 == 1,
            Self::All => true,
            Self::None => false,
        }
    }
}

fn fill(client: &mut Connection, count: usize) -> Vec<String> {
    let ids: Vec<String> = (0..count).map(|n| format!("site1::{n:08}")).collect();
    for ids in ids.chunks(2_000) {
        let mut pipe = redis::pipe();
        pipe.rpush(LIST, ids).ignore();
        for id in ids {
            pipe.hset(format!("rq:job:{id}"), "status", "queued").ignore();
        }
        pipe.exec(client).unwrap();
    }
    ids
}

fn list(client: &mut Connection) -> Vec<String> {
    redis::cmd("LRANGE").arg(LIST).arg(0).arg(-1).query(client).unwrap()
}

fn receipts(client: &mut Connection, op: &str) -> Vec<String> {
    redis::cmd("LRANGE").arg(Keys::default().receipt(op)).arg(0).arg(-1).query(client).unwrap()
}

/// What happens between the look at a batch and the script.
type Between<'b> = dyn FnMut(&[Candidate]) + Send + 'b;

/// What came of each id; `between` runs between the look at a batch and the script.
#[derive(Default)]
struct Record<'a> {
    offered: Vec<Candidate>,
    /// `None`: it was left alone.
    fates: HashMap<String, Option<Code>>,
    between: Option<&'a mut Between<'a>>,
    leave: HashSet<String>,
    fingerprints: bool,
    sets: Vec<Key>,
    sorted_sets: Vec<Key>,
}

impl Record<'_> {
    fn removed(&self) -> HashSet<String> {
        let removed = self.fates.iter().filter(|(_, fate)| **fate == Some(Code::Done));
        removed.map(|(id, _)| id.clone()).collect()
    }

    fn taking(&self, keys: &Keys, candidate: &Candidate) -> Taking {
        let id = candidate.id.as_bytes();
        let unlink = vec![keys.job(id), keys.dependents(id), keys.results(id)];
        let counts = [unlink.len(), self.sets.len()];
        Taking {
            id: id.to_vec(),
            receipt: id.to_vec(),
            fingerprint: if self.fingerprints { b"queued\n\n\n".to_vec() } else { Vec::new() },
            keys: [unlink, self.sets.clone(), self.sorted_sets.clone()].concat(),
            words: counts.map(|count| count.to_string().into_bytes()).to_vec(),
        }
    }
}

/// Takes ids out; gives how many were.
fn remove(server: &RedisServer, op: &str, ids: &[String], record: &mut Record<'_>) -> usize {
    let (keys, op, mut store) = (Keys::default(), op.parse::<OpId>().unwrap(), store(server));
    let mut sweep = ListSweep::new(keys.queue(&queue()), ids.iter().collect(), Course::BothEnds);
    let mut removed = 0;
    loop {
        let batch = sweep.next_batch(&mut store, REMOVAL_BATCH).unwrap().to_vec();
        if batch.is_empty() {
            return removed;
        }
        record.offered.extend(batch.iter().cloned());
        if let Some(between) = &mut record.between {
            between(&batch);
        }
        let (left, wanted): (Vec<_>, Vec<_>) =
            batch.iter().partition(|c| record.leave.contains(&c.id.to_string()));
        let jobs: Vec<Taking> = wanted.iter().map(|c| record.taking(&keys, c)).collect();
        let called = sweep.take(&mut store, &op, &Deed::Delete, &jobs).unwrap();
        assert_eq!(called.len(), jobs.len());
        record.fates.extend(left.iter().map(|candidate| (candidate.id.to_string(), None)));
        for (candidate, code) in wanted.iter().zip(called) {
            let code = code.unwrap();
            removed += usize::from(code == Code::Done);
            record.fates.insert(candidate.id.to_string(), Some(code));
        }
    }
}

#[test]
fn removal_of_any_shape_takes_exactly_what_is_meant_in_order() {
    let server = RedisServer::start();
    let mut client = server.client();
    let mut draw = Draw(7);
    let shapes = [
        Shape::Alternating,
        Shape::Random(50),
        Shape::Random(1),
        Shape::Random(97),
        Shape::Clustered,
        Shape::All,
        Shape::None,
    ];
    for count in [0, 1, 2, 3, 501, 5_000, 30_003] {
        for shape in shapes {
            server.cmd(&["FLUSHALL"]);
            let all = fill(&mut client, count);
            let meant: Vec<String> = all
                .iter()
                .enumerate()
                .filter(|(index, _)| shape.picks(*index, &mut draw))
                .map(|(_, id)| id.clone())
                .collect();
            let mut record = Record { fingerprints: true, ..Record::default() };
            let removal = remove(&server, RECEIPT_OF, &meant, &mut record);
            let context = format!("{count} ids, {shape:?}");
            let gone: HashSet<&String> = meant.iter().collect();
            let stays: Vec<String> = all.iter().filter(|id| !gone.contains(id)).cloned().collect();
            assert_eq!(removal, meant.len(), "{context}");
            assert!(list(&mut client) == stays, "the order changed: {context}");
            let mut noted = receipts(&mut client, RECEIPT_OF);
            noted.sort();
            assert!(noted == meant, "receipts: {context}");
            let keys: usize = redis::cmd("DBSIZE").query(&mut client).unwrap();
            let lists = usize::from(!stays.is_empty()) + usize::from(!meant.is_empty());
            assert_eq!(keys, stays.len() + lists, "{context}");
            check_hints(&all, &record, &context);
        }
    }
}

/// Orders give the list's order again, and each id follows what it followed, or what is left of it.
fn check_hints(all: &[String], record: &Record<'_>, context: &str) {
    let place: HashMap<&str, usize> =
        all.iter().enumerate().map(|(n, id)| (id.as_str(), n)).collect();
    let meant: HashSet<String> = record.offered.iter().map(|c| c.id.to_string()).collect();
    let mut sorted: Vec<&Candidate> = record.offered.iter().collect();
    sorted.sort_by_key(|candidate| candidate.order);
    let places: Vec<usize> =
        sorted.iter().map(|candidate| place[candidate.id.to_string().as_str()]).collect();
    assert!(places.is_sorted(), "orders: {context}");
    let mut kept = None;
    let kept_before: Vec<Option<&String>> = all
        .iter()
        .map(|id| {
            let last = kept;
            kept = if meant.contains(id) { kept } else { Some(id) };
            last
        })
        .collect();
    for candidate in sorted {
        let at = place[candidate.id.to_string().as_str()];
        let before = at.checked_sub(1).map(|before| &all[before]);
        let kept = kept_before[at];
        let follows = candidate.follows.as_ref().map(ToString::to_string);
        let follows = follows.as_ref();
        assert!(
            follows == before || follows == kept,
            "{} follows {follows:?}: {context}",
            candidate.id
        );
    }
}

#[test]
fn removal_that_lost_the_race_leaves_popped_and_changed_jobs_alone() {
    let server = RedisServer::start();
    let mut client = server.client();
    let all = fill(&mut client, 3_000);
    let mut other = server.client();
    let mut popped: Vec<String> = Vec::new();
    let mut changed: HashSet<String> = HashSet::new();
    let mut between = |batch: &[Candidate]| {
        let ids: Vec<String> = redis::cmd("LPOP").arg(LIST).arg(3).query(&mut other).unwrap();
        popped.extend(ids);
        let id = batch.last().unwrap().id.to_string();
        let () = redis::cmd("HSET")
            .arg(format!("rq:job:{id}"))
            .arg("started_at")
            .arg("now")
            .query(&mut other)
            .unwrap();
        changed.insert(id);
    };
    let mut record =
        Record { between: Some(&mut between), fingerprints: true, ..Record::default() };
    record.leave.insert(all[1_500].clone());
    remove(&server, RECEIPT_OF, &all, &mut record);
    let removed = record.removed();
    let fates = record.fates.clone();
    drop(record);
    for id in &popped {
        assert!(!removed.contains(id), "{id} was popped and removed");
        let hash: bool =
            redis::cmd("EXISTS").arg(format!("rq:job:{id}")).query(&mut client).unwrap();
        assert!(hash, "{id} was popped and lost its hash");
    }
    assert_eq!(fates[&all[1_500]], None);
    let left = list(&mut client);
    for id in changed.iter().filter(|id| !popped.contains(id)) {
        assert_eq!(fates[id], Some(Code::Changed), "{id}");
        assert!(left.contains(id));
    }
    assert_eq!(removed.len() + popped.len() + left.len(), all.len());
}

#[test]
fn removal_follows_a_list_that_shifts_at_both_ends() {
    let server = RedisServer::start();
    let mut client = server.client();
    let all = fill(&mut client, 12_000);
    let meant: Vec<String> = all.iter().skip(1).step_by(2).cloned().collect();
    let mut other = server.client();
    let mut number = 0;
    // More than a script looks around for, so that further passes have to find it.
    let mut between = |_: &[Candidate]| {
        number += 1;
        let ids: Vec<String> = (0..3_000).map(|n| format!("new::{number}-{n}")).collect();
        let end = if number % 2 == 0 { "LPUSH" } else { "RPUSH" };
        if number < 6 {
            let () = redis::cmd(end).arg(LIST).arg(&ids).query(&mut other).unwrap();
        }
    };
    let mut record = Record { between: Some(&mut between), ..Record::default() };
    let removal = remove(&server, RECEIPT_OF, &meant, &mut record);
    drop(record);
    assert_eq!(removal, meant.len());
    let left = list(&mut client);
    let old: Vec<&String> = left.iter().filter(|id| id.starts_with("site1")).collect();
    assert_eq!(old, all.iter().step_by(2).collect::<Vec<_>>());
    assert_eq!(left.len(), 6_000 + 5 * 3_000);
}

#[test]
fn removal_beside_fast_producers_and_a_consumer_accounts_for_every_id() {
    for seed in [1, 2, 3] {
        let server = RedisServer::start();
        let mut client = server.client();
        let all = fill(&mut client, 20_000);
        let mut draw = Draw(seed);
        let meant: Vec<String> = all.iter().filter(|_| draw.below(2) == 0).cloned().collect();
        let (stop, mut record) = (AtomicBool::new(false), Record::default());
        let (popped, back, front) = std::thread::scope(|scope| {
            let consumer = scope.spawn(|| consume(&server, &stop));
            let back = scope.spawn(|| produce(&server, &stop, "RPUSH", "back"));
            let front = scope.spawn(|| produce(&server, &stop, "LPUSH", "front"));
            let meanwhile = StopOnDrop(&stop);
            remove(&server, RECEIPT_OF, &meant, &mut record);
            drop(meanwhile);
            (consumer.join().unwrap(), back.join().unwrap(), front.join().unwrap())
        });
        let (removed, left) = (record.removed(), list(&mut client));
        let context = format!("seed {seed}: popped {}, pushed {}", popped.len(), back + front);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for id in popped.iter().chain(&left).chain(&removed) {
            *seen.entry(id).or_default() += 1;
        }
        assert!(seen.values().all(|times| *times == 1), "an id has two fates, {context}");
        assert_eq!(seen.len(), all.len() + back + front, "an id is lost, {context}");
        assert!(seen.keys().all(|id| !id.contains("jobctl")), "a marker was seen, {context}");
        let meant: HashSet<&String> = meant.iter().collect();
        assert!(removed.iter().all(|id| meant.contains(id)), "{context}");
        let forgotten = left.iter().filter(|id| meant.contains(id)).count();
        assert_eq!(forgotten, 0, "meant ids stayed, {context}");
        // First in, first out: what the consumer saw, and then what is left, of either origin.
        for prefix in ["site1::", "back::"] {
            let order: Vec<&String> =
                popped.iter().chain(&left).filter(|id| id.starts_with(prefix)).collect();
            assert!(order.is_sorted(), "{prefix} out of order, {context}");
        }
        let noted: HashSet<String> = receipts(&mut client, RECEIPT_OF).into_iter().collect();
        assert_eq!(noted, removed, "{context}");
    }
}

fn consume(server: &RedisServer, stop: &AtomicBool) -> Vec<String> {
    let (mut client, mut popped) = (server.client(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let id: Option<String> = redis::cmd("LPOP").arg(LIST).query(&mut client).unwrap();
        popped.extend(id);
    }
    popped
}

fn produce(server: &RedisServer, stop: &AtomicBool, command: &str, name: &str) -> usize {
    let (mut client, mut count) = (server.client(), 0);
    while !stop.load(Ordering::Relaxed) {
        let id = format!("{name}::{count:08}");
        let () = redis::cmd(command).arg(LIST).arg(id).query(&mut client).unwrap();
        count += 1;
    }
    count
}

#[test]
fn two_removals_at_once_take_each_id_once() {
    let server = RedisServer::start();
    let mut client = server.client();
    let all = fill(&mut client, 10_000);
    let meant: Vec<String> = all.iter().step_by(2).cloned().collect();
    let (mut one, mut two) = (Record::default(), Record::default());
    std::thread::scope(|scope| {
        scope.spawn(|| remove(&server, RECEIPT_OF, &meant, &mut one));
        scope.spawn(|| remove(&server, "20261121T232502-3f9a2d", &meant, &mut two));
    });
    let (one, two) = (one.removed(), two.removed());
    assert!(one.is_disjoint(&two));
    assert_eq!(one.len() + two.len(), meant.len());
    assert_eq!(list(&mut client), all.iter().skip(1).step_by(2).cloned().collect::<Vec<_>>());
}

#[test]
fn removal_goes_on_when_redis_forgets_the_script() {
    let server = RedisServer::start();
    let mut client = server.client();
    let all = fill(&mut client, 3_000);
    let mut between = |_: &[Candidate]| {
        server.cmd(&["SCRIPT", "FLUSH"]);
    };
    let mut record = Record { between: Some(&mut between), ..Record::default() };
    let removal = remove(&server, RECEIPT_OF, &all, &mut record);
    assert_eq!((removal, list(&mut client).len()), (3_000, 0));
}

#[test]
fn removal_works_on_a_redis_without_free_memory() {
    let server = RedisServer::start();
    let mut client = server.client();
    let all = fill(&mut client, 3_000);
    server.cmd(&["CONFIG", "SET", "maxmemory", "1mb"]);
    let refused: redis::RedisResult<()> = redis::cmd("RPUSH").arg("x").arg("y").query(&mut client);
    assert!(refused.is_err(), "Redis still takes writes");
    let meant: Vec<String> = all.iter().step_by(2).cloned().collect();
    let removal = remove(&server, RECEIPT_OF, &meant, &mut Record::default());
    assert_eq!(removal, 1_500);
}

#[test]
fn removal_takes_groups_rate_limits_and_both_places_of_a_doubled_id() {
    let server = RedisServer::start();
    let mut client = server.client();
    fill(&mut client, 10);
    server.cmd(&["RPUSH", LIST, "site1::00000003"]);
    server.cmd(&["SADD", "rq:group:g", "site1::00000003", "other"]);
    server.cmd(&["ZADD", "rq:rl:k:allowed", "1", "site1::00000003", "1", "other"]);
    let keys = Keys::default();
    let (sets, sorted_sets) = (vec![keys.group("g")], vec![keys.rate_limit_allowed(b"k")]);
    let mut record = Record { sets, sorted_sets, ..Record::default() };
    let id = "site1::00000003".to_owned();
    assert_eq!(remove(&server, RECEIPT_OF, &[id], &mut record), 2);
    assert_eq!(list(&mut client).len(), 9);
    let members: Vec<String> = redis::cmd("SMEMBERS").arg("rq:group:g").query(&mut client).unwrap();
    assert_eq!(members, ["other"]);
    let slots: usize = redis::cmd("ZCARD").arg("rq:rl:k:allowed").query(&mut client).unwrap();
    assert_eq!(slots, 1);
}

/// The keys that a merge works with.
fn work() -> [Key; 2] {
    ["prepared", "snapshot"].map(|name| Key::of(format!("rq:jobctl:merge:{name}").into_bytes()))
}

/// What was removed, in the queue's order, each with what it followed.
fn removed_in_order(record: &Record<'_>) -> Vec<(JobId, Option<JobId>)> {
    let removed = record.removed();
    let mut candidates: Vec<&Candidate> =
        record.offered.iter().filter(|c| removed.contains(&c.id.to_string())).collect();
    candidates.sort_by_key(|candidate| candidate.order);
    candidates.into_iter().map(|c| (c.id.clone(), c.follows.clone())).collect()
}

/// Puts ids at the end of the list, as an undo does, and then to their places.
fn merge(server: &RedisServer, source: &[(JobId, Option<JobId>)]) -> Merged {
    let source: Vec<(&[u8], Option<&[u8]>)> = source
        .iter()
        .map(|(id, follows)| (id.as_bytes(), follows.as_ref().map(JobId::as_bytes)))
        .collect();
    for ids in source.chunks(1_000) {
        let ids: Vec<&[u8]> = ids.iter().map(|(id, _)| *id).collect();
        let () = redis::cmd("RPUSH").arg(LIST).arg(ids).query(&mut server.client()).unwrap();
    }
    reorder(server, &source)
}

fn reorder(server: &RedisServer, source: &[(&[u8], Option<&[u8]>)]) -> Merged {
    let mut source = source;
    store(server).reorder_list(&queue(), &work(), &mut source).unwrap()
}

#[test]
fn merge_gives_the_list_back_as_it_was() {
    let server = RedisServer::start();
    let mut client = server.client();
    let mut draw = Draw(11);
    for count in [1, 2, 700, 25_000] {
        for shape in [Shape::Alternating, Shape::Random(3), Shape::Clustered, Shape::All] {
            server.cmd(&["FLUSHALL"]);
            let all = fill(&mut client, count);
            let picked = all.iter().enumerate().filter(|(at, _)| shape.picks(*at, &mut draw));
            let meant: Vec<String> = picked.map(|(_, id)| id.clone()).collect();
            let mut record = Record::default();
            remove(&server, RECEIPT_OF, &meant, &mut record);
            let merged = merge(&server, &removed_in_order(&record));
            assert_eq!(merged, Merged { moved: meant.len(), gone: 0, unplaced: 0 });
            assert!(list(&mut client) == all, "{count} ids, {shape:?}");
            let left: usize =
                redis::cmd("EXISTS").arg(&work()[0]).arg(&work()[1]).query(&mut client).unwrap();
            assert_eq!(left, 0, "keys of the merge stayed");
        }
    }
}

#[test]
fn merge_adds_no_id_that_a_worker_has_taken() {
    let server = RedisServer::start();
    let mut client = server.client();
    let all = fill(&mut client, 500);
    let source: Vec<(&[u8], Option<&[u8]>)> =
        vec![(b"gone", Some(all[3].as_bytes())), (all[9].as_bytes(), Some(b"gone"))];
    let merged = reorder(&server, &source);
    assert_eq!(merged, Merged { moved: 1, gone: 1, unplaced: 0 });
    let mut expected = all.clone();
    let moved = expected.remove(9);
    expected.insert(4, moved);
    assert!(list(&mut client) == expected);
}

#[test]
fn merge_after_pops_and_pushes_keeps_what_is_defined() {
    let server = RedisServer::start();
    let mut client = server.client();
    let all = fill(&mut client, 4_000);
    let meant: Vec<String> = all.iter().step_by(2).cloned().collect();
    let mut record = Record::default();
    remove(&server, RECEIPT_OF, &meant, &mut record);
    let popped: Vec<String> = redis::cmd("LPOP").arg(LIST).arg(300).query(&mut client).unwrap();
    server.cmd(&["RPUSH", LIST, "new::1", "new::2"]);
    let merged = merge(&server, &removed_in_order(&record));
    assert_eq!(merged.moved, 2_000);
    // Those that followed what was popped.
    assert_eq!(merged.unplaced, 300);
    let mut expected: Vec<String> = all.iter().filter(|id| !popped.contains(id)).cloned().collect();
    expected.extend(["new::1".to_owned(), "new::2".to_owned()]);
    assert!(list(&mut client) == expected);
}

#[test]
fn merge_beside_producers_and_a_consumer_loses_and_doubles_nothing() {
    for seed in [5, 6] {
        let server = RedisServer::start();
        let mut client = server.client();
        let all = fill(&mut client, 20_000);
        let mut draw = Draw(seed);
        let meant: Vec<String> = all.iter().filter(|_| draw.below(2) == 0).cloned().collect();
        let mut record = Record::default();
        remove(&server, RECEIPT_OF, &meant, &mut record);
        let stop = AtomicBool::new(false);
        let (popped, back, front, merged) = std::thread::scope(|scope| {
            let consumer = scope.spawn(|| consume_slowly(&server, &stop));
            let back = scope.spawn(|| produce_slowly(&server, &stop, "RPUSH", "back"));
            let front = scope.spawn(|| produce_slowly(&server, &stop, "LPUSH", "front"));
            let meanwhile = StopOnDrop(&stop);
            let merged = merge(&server, &removed_in_order(&record));
            drop(meanwhile);
            (consumer.join().unwrap(), back.join().unwrap(), front.join().unwrap(), merged)
        });
        let left = list(&mut client);
        let context = format!("seed {seed}: popped {}, pushed {}", popped.len(), back + front);
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for id in popped.iter().chain(&left) {
            *seen.entry(id).or_default() += 1;
        }
        assert!(merged.moved + merged.gone == meant.len(), "{context}");
        assert!(seen.values().all(|times| *times == 1), "an id came twice, {context}");
        assert_eq!(seen.len(), all.len() + back + front, "an id is lost, {context}");
        assert!(seen.keys().all(|id| !id.contains("jobctl")), "a marker was seen, {context}");
        let meant: HashSet<&String> = meant.iter().collect();
        let kept: Vec<&String> = popped
            .iter()
            .chain(&left)
            .filter(|id| id.starts_with("site1::") && !meant.contains(id))
            .collect();
        assert!(kept.is_sorted(), "what stayed is out of order, {context}");
        let all_left: Vec<&String> = left.iter().filter(|id| id.starts_with("site1::")).collect();
        assert!(all_left.is_sorted() || !popped.is_empty(), "{context}");
    }
}

/// As fast as a row of real workers.
fn consume_slowly(server: &RedisServer, stop: &AtomicBool) -> Vec<String> {
    let (mut client, mut popped) = (server.client(), Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let id: Option<String> = redis::cmd("LPOP").arg(LIST).query(&mut client).unwrap();
        popped.extend(id);
        std::thread::sleep(Duration::from_millis(1));
    }
    popped
}

fn produce_slowly(server: &RedisServer, stop: &AtomicBool, command: &str, name: &str) -> usize {
    let (mut client, mut count) = (server.client(), 0);
    while !stop.load(Ordering::Relaxed) {
        let id = format!("{name}::{count:08}");
        let () = redis::cmd(command).arg(LIST).arg(id).query(&mut client).unwrap();
        count += 1;
        std::thread::sleep(Duration::from_millis(1));
    }
    count
}

#[test]
fn merge_notices_an_id_taken_from_the_middle_meanwhile() {
    struct Meddling<'a> {
        server: &'a RedisServer,
        calls: usize,
        source: Vec<(String, Option<String>)>,
    }
    impl MergeSource for Meddling<'_> {
        fn each(&mut self, visit: &mut Visit<'_>) -> Result<()> {
            self.calls += 1;
            if self.calls == 2 {
                self.server.cmd(&["LREM", LIST, "1", "site1::00001500"]);
                self.server.cmd(&["RPUSH", LIST, "new::1"]);
            }
            self.source
                .iter()
                .try_for_each(|(id, f)| visit(id.as_bytes(), f.as_ref().map(String::as_bytes)))
        }
    }
    let server = RedisServer::start();
    let mut client = server.client();
    fill(&mut client, 3_000);
    server.cmd(&["RPUSH", LIST, "back"]);
    let source = vec![("back".to_owned(), Some("site1::00000100".to_owned()))];
    let mut source = Meddling { server: &server, calls: 0, source };
    let merged = store(&server).reorder_list(&queue(), &work(), &mut source).unwrap();
    assert_eq!((merged.moved, merged.unplaced), (1, 0));
    let ids = list(&mut client);
    assert!(!ids.contains(&"site1::00001500".to_owned()), "a canceled job came back");
    assert_eq!((ids[101].as_str(), ids.len()), ("back", 3_001));
}
