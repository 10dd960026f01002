//! What is next to the jobs that are meant: sites with a similar name, jobs that are not Frappe's,
//! another bench on the same Redis.

use crate::change::{Snapshot, enqueue_raw, list, snapshot};
use crate::support::bench_dir::BenchDir;
use crate::support::env::Run;
use crate::support::redis::RedisServer;

/// Ids in the queue `short` of the first bench, in their order.
const IDS: [&str; 8] = [
    "erp.example::1",
    "erp::1",
    "erp2::1",
    "0b1c2d3e-foreign",
    "erp::2",
    "ERP::1",
    "erp.example::2",
    "erp-erp::1",
];

/// The same site name on the second bench.
const BESIDE: [&str; 2] = ["erp::beside", "erp.example::beside"];

struct Town {
    server: RedisServer,
    bench: BenchDir,
    _beside: BenchDir,
}

impl Town {
    fn new() -> Self {
        let server = RedisServer::start();
        let sites = ["erp", "erp.example", "erp2", "ERP", "erp-erp"];
        let bench = BenchDir::new(&server, "bench", &sites);
        let beside = BenchDir::new(&server, "bench-2", &sites);
        enqueue_raw(&server, "bench:short", IDS.map(str::to_owned));
        enqueue_raw(&server, "bench-2:short", BESIDE.map(str::to_owned));
        enqueue_raw(&server, "short", ["erp::no-bench".to_owned()]);
        server.cmd(&["SADD", "rq:queues", "rq:queue:bench:long"]);
        Self { server, bench, _beside: beside }
    }

    /// Lets all jobs fail, those of the neighbours too.
    fn fail(&self) {
        for queue in ["bench:short", "bench-2:short", "short"] {
            let (list, registry) = (format!("rq:queue:{queue}"), format!("rq:failed:{queue}"));
            self.server.cmd(&["EVAL", super::FAIL, "2", &list, &registry]);
        }
    }

    fn run(&self, words: &[&str]) -> Run {
        let run = self.bench.jobctl(words).run();
        assert_eq!(run.code, 0, "{words:?}: {run:?}");
        run
    }
}

/// The keys whose type or content is another, or that came or went.
fn differences(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let of = |state: &Snapshot, key: &String| {
        state.keys.get(key).map(|(kind, content, _)| (kind.clone(), content.clone()))
    };
    let keys = before.keys.keys().chain(after.keys.keys());
    let mut keys: Vec<String> =
        keys.filter(|key| of(before, key) != of(after, key)).cloned().collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[test]
fn site_takes_its_own_jobs_and_touches_no_other() {
    let verbs: [(&[&str], bool, &[&str]); 6] = [
        (&["purge-jobs", "--site", "erp"], false, &[]),
        (&["jobs", "delete", "--site", "erp"], false, &[]),
        (&["jobs", "cancel", "--site", "erp"], false, &["rq:canceled:bench:short"]),
        (&["jobs", "move", "--site", "erp", "--to", "long"], false, &["rq:queue:bench:long"]),
        (&["jobs", "retry", "--site", "erp"], true, &["rq:queue:bench:short"]),
        (&["purge-jobs", "--site", "erp", "--status", "failed"], true, &[]),
    ];
    for (words, on_failed, places) in verbs {
        let town = Town::new();
        if on_failed {
            town.fail();
        }
        let before = snapshot(&town.server);
        town.run(words);
        let changed = differences(&before, &snapshot(&town.server));
        let home = if on_failed { "rq:failed:bench:short" } else { "rq:queue:bench:short" };
        let mut wanted: Vec<&str> = vec!["rq:job:erp::1", "rq:job:erp::2", home];
        wanted.extend(places);
        wanted.sort_unstable();
        wanted.dedup();
        assert_eq!(changed, wanted, "{words:?}");
        if !on_failed {
            let left: Vec<&str> = IDS.into_iter().filter(|id| !id.starts_with("erp::")).collect();
            assert_eq!(list(&town.server, "bench:short"), left, "{words:?}");
        }
    }
}

#[test]
fn whole_queue_takes_foreign_jobs_too_but_none_of_another_bench() {
    for words in [
        &["purge-jobs", "--queue", "short"][..],
        &["purge-jobs", "--all"],
        &["jobs", "delete", "--all"],
        &["jobs", "cancel", "--queue", "short"],
        &["jobs", "move", "--queue", "short", "--to", "long"],
    ] {
        let town = Town::new();
        let before = snapshot(&town.server);
        town.run(words);
        assert!(list(&town.server, "bench:short").is_empty(), "{words:?}");
        let changed = differences(&before, &snapshot(&town.server));
        let theirs = |key: &&String| {
            ["bench-2", "beside", "no-bench", "rq:queue:short"]
                .iter()
                .any(|part| key.contains(part))
        };
        assert_eq!(changed.iter().filter(theirs).count(), 0, "{words:?}: {changed:?}");
    }
}

#[test]
fn foreign_jobs_stay_unless_they_are_asked_for() {
    let town = Town::new();
    let every_site: Vec<&str> = ["erp", "erp.example", "erp2", "ERP", "erp-erp"]
        .iter()
        .flat_map(|s| ["--site", s])
        .collect();
    town.run(&[&["purge-jobs"], every_site.as_slice()].concat());
    assert_eq!(list(&town.server, "bench:short"), ["0b1c2d3e-foreign"]);
    town.run(&["jobs", "delete", "0b1c2d3e-foreign"]);
    assert!(list(&town.server, "bench:short").is_empty());
}

#[test]
fn job_of_another_bench_is_not_found_by_its_id() {
    let town = Town::new();
    let before = snapshot(&town.server);
    for verb in ["delete", "cancel", "promote"] {
        let run = town.bench.jobctl(&["jobs", verb, "erp::beside"]).run();
        assert_eq!(run.code, 66, "{verb}: {run:?}");
    }
    assert_eq!(differences(&before, &snapshot(&town.server)), [""; 0]);
}
