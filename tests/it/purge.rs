//! `purge-jobs` on real Redis with real RQ: the plan, what goes, and what workers do meanwhile.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::change::{assert_same, snapshot};
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;
use crate::support::wait::{PATIENCE, wait_until};

fn purge(server: &RedisServer, state: &Path, arguments: &[&str]) -> Run {
    let url = server.url();
    let all = ["--redis", &url, "purge-jobs"].into_iter().chain(arguments.iter().copied());
    jobctl(all).env("XDG_STATE_HOME", state).run()
}

fn data(run: &Run) -> Json {
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let mut report: Json = serde_json::from_str(&run.stdout).unwrap();
    report["data"].take()
}

fn queued(server: &RedisServer, queue: &str) -> Vec<String> {
    let key = format!("rq:queue:{queue}");
    redis::cmd("LRANGE").arg(key).arg(0).arg(-1).query(&mut server.client()).unwrap()
}

/// Writes the number of each run into a file, one line per run.
const COUNTING: &str = r"
def odd(path, number):
    with open(path, 'a') as file:
        file.write(f'{number}\n')

def even(path, number):
    odd(path, number)
";

const ENQUEUE: &str = r"
import counting
queue = Queue('q', connection=connection)
for n in range(COUNT):
    queue.enqueue(counting.odd if n % 2 else counting.even, 'FILE', n, job_id=f'job-{n:05}')
";

fn enqueue(rq: &Rq, server: &RedisServer, count: usize, file: &Path) {
    let snippet = ENQUEUE.replace("COUNT", &count.to_string());
    rq.python(server, &snippet.replace("FILE", &file.display().to_string()));
}

#[test]
fn purge_beside_real_workers_runs_or_removes_each_job_once() {
    let count = 300;
    for (version, queues) in
        [("1.16.2", &["q"][..]), ("1.16.2", &["other", "q"][..]), ("2.6.1", &["q"][..])]
    {
        let server = RedisServer::start();
        let rq = Rq::version(version).module("counting", COUNTING);
        let (state, file) = (tempfile::tempdir().unwrap(), rq.folder().join("runs"));
        enqueue(&rq, &server, count, &file);
        let worker = rq.worker(&server, "w", queues);
        wait_until(PATIENCE, "the first run", || file.exists().then_some(()));
        let run = purge(&server, state.path(), &["--method", "counting.odd", "-o", "json"]);
        let data = data(&run);
        let runs = || -> Vec<usize> {
            let text = fs::read_to_string(&file).unwrap();
            text.lines().map(|line| line.parse().unwrap()).collect()
        };
        let removed = usize::try_from(data["removed"].as_u64().unwrap()).unwrap();
        wait_until(PATIENCE * 4, "the jobs that stay to run", || {
            (runs().len() + removed >= count).then_some(())
        });
        drop(worker);
        let (runs, context) = (runs(), format!("rq {version} on {queues:?}, {removed} removed"));
        assert!(removed > 0, "{context}");
        assert!(runs.is_sorted(), "out of order, {context}: {runs:?}");
        let once: HashSet<usize> = runs.iter().copied().collect();
        assert_eq!(once.len(), runs.len(), "a job ran twice, {context}");
        assert_eq!(runs.len() + removed, count, "{context}");
        assert!((0..count).step_by(2).all(|n| once.contains(&n)), "{context}");
        assert!(queued(&server, "q").is_empty(), "{context}");
        let keys: Vec<String> =
            redis::cmd("KEYS").arg("rq:jobctl:*").query(&mut server.client()).unwrap();
        assert!(keys.is_empty(), "{keys:?} stayed, {context}");
    }
}

#[test]
fn purge_shows_its_plan_and_changes_nothing_on_a_dry_run() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2").module("counting", COUNTING);
    enqueue(&rq, &server, 10, Path::new("/dev/null"));
    let state = tempfile::tempdir().unwrap();
    let before = queued(&server, "q");
    let run = purge(&server, state.path(), &["--queue", "q", "--dry-run", "-o", "json"]);
    let plan = &data(&run)["plan"];
    assert_eq!(plan["count"], 10);
    assert_eq!(plan["by_method"]["counting.odd"], 5);
    assert_eq!(plan["by_queue"]["q"], 10);
    assert!(plan["bytes_to_journal"].as_u64().unwrap() > 0);
    assert_eq!(queued(&server, "q"), before);
    assert!(fs::read_dir(state.path()).unwrap().next().is_none(), "a file was written");
}

#[test]
fn purge_leaves_the_newest_and_takes_the_first() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1").module("counting", COUNTING);
    enqueue(&rq, &server, 10, Path::new("/dev/null"));
    let state = tempfile::tempdir().unwrap();
    let odd = ["--method", "counting.odd", "-o", "json"];
    let run = purge(&server, state.path(), &[&odd[..], &["--keep-newest", "3"]].concat());
    assert_eq!(data(&run)["removed"], 2);
    let left = queued(&server, "q");
    assert!(!left.contains(&"job-00001".into()) && left.contains(&"job-00005".into()));
    let run = purge(&server, state.path(), &["--queue", "q", "--limit", "2", "-o", "json"]);
    assert_eq!(data(&run)["removed"], 2);
    assert_eq!(queued(&server, "q")[0], "job-00004");
}

#[test]
fn purge_clears_registries_and_never_what_runs() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    for _ in 0..3 {
        rq.enqueue(&server, "default", "work.fail");
    }
    let good = rq.enqueue(&server, "default", "work.ok");
    rq.burst(&server, &["default"]);
    let waiting = rq.enqueue(&server, "default", "work.ok");
    let state = tempfile::tempdir().unwrap();
    let run = purge(&server, state.path(), &["--status", "failed", "-o", "json"]);
    assert_eq!(data(&run)["removed"], 3);
    let mut keys: Vec<String> =
        redis::cmd("KEYS").arg("rq:job:*").query(&mut server.client()).unwrap();
    keys.sort();
    let mut expected = [format!("rq:job:{good}"), format!("rq:job:{waiting}")];
    expected.sort();
    assert_eq!(keys, expected);
    let streams: Vec<String> =
        redis::cmd("KEYS").arg("rq:results:*").query(&mut server.client()).unwrap();
    assert_eq!(streams, [format!("rq:results:{good}")]);
    let run = purge(&server, state.path(), &["--status", "started"]);
    assert_eq!(run.code, 64, "{}", run.stderr);
    let run = purge(&server, state.path(), &[]);
    assert_eq!(run.code, 77, "{}", run.stderr);
    assert!(run.stderr.contains("--all"), "{}", run.stderr);
}

#[test]
fn purge_counts_those_that_would_wait_for_ever() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2");
    rq.python(
        &server,
        "queue = Queue('q', connection=connection)\n\
         parent = queue.enqueue(work.ok)\n\
         queue.enqueue(work.ok, depends_on=parent)",
    );
    let state = tempfile::tempdir().unwrap();
    let run = purge(&server, state.path(), &["--queue", "q", "--dry-run", "-o", "json"]);
    let plan = &data(&run)["plan"];
    assert_eq!((&plan["count"], &plan["dependents"]), (&1.into(), &1.into()));
    assert!(plan["warnings"][0].as_str().unwrap().contains("--dependents"), "{plan}");
}

fn undo(server: &RedisServer, state: &Path, arguments: &[&str], op: &str) -> Run {
    let url = server.url();
    let all = ["--redis", &url, "undo", op, "--yes", "-o", "json"];
    let all = all.into_iter().chain(arguments.iter().copied());
    jobctl(all).env("XDG_STATE_HOME", state).run()
}

#[test]
fn undo_of_a_purge_gives_everything_back_in_its_place() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2").module("counting", COUNTING);
    enqueue(&rq, &server, 1_300, Path::new("/dev/null"));
    let state = tempfile::tempdir().unwrap();
    let before = snapshot(&server);
    for selection in [&["--method", "counting.odd"][..], &["--queue", "q"][..]] {
        let run = purge(&server, state.path(), &[selection, &["-o", "json"]].concat());
        assert!(run.stderr.trim_end().lines().last().unwrap().starts_with("undo with: "));
        let op = data(&run)["op_id"].as_str().unwrap().to_owned();
        let run = undo(&server, state.path(), &[], &op);
        assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
        assert_same(&before, &snapshot(&server));
        let again = undo(&server, state.path(), &[], &op);
        assert_eq!(data(&again)["changed"], 0, "{}", again.stdout);
        assert_same(&before, &snapshot(&server));
    }
}

#[test]
fn undo_of_a_purge_keeps_to_what_is_left_of_the_order() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1").module("counting", COUNTING);
    enqueue(&rq, &server, 100, Path::new("/dev/null"));
    let state = tempfile::tempdir().unwrap();
    let all = queued(&server, "q");
    let run = purge(&server, state.path(), &["--method", "counting.odd", "-o", "json"]);
    let op = data(&run)["op_id"].as_str().unwrap().to_owned();
    server.cmd(&["LPOP", "rq:queue:q", "10"]);
    server.cmd(&["RPUSH", "rq:queue:q", "new"]);
    let run = undo(&server, state.path(), &[], &op);
    assert_eq!(data(&run)["changed"], 50);
    assert!(run.stdout.contains("10 jobs stood behind jobs that have run"), "{}", run.stdout);
    let popped: Vec<&String> = all.iter().step_by(2).take(10).collect();
    let mut expected: Vec<String> = all.iter().filter(|id| !popped.contains(id)).cloned().collect();
    expected.push("new".into());
    assert_eq!(queued(&server, "q"), expected);
}

#[test]
fn undo_takes_back_a_purge_that_was_killed_anywhere() {
    // The images of a batch are synced while the batch before is changed: those of the third after
    // the first was.
    for fault in ["images-synced:3", "script-replied:1", "script-replied:2", "confirmed:1"] {
        let server = RedisServer::start();
        let rq = Rq::version("1.16.2").module("counting", COUNTING);
        enqueue(&rq, &server, 2_300, Path::new("/dev/null"));
        let state = tempfile::tempdir().unwrap();
        let before = snapshot(&server);
        let url = server.url();
        let run = jobctl(["--redis", &url, "purge-jobs", "--queue", "q"])
            .env("XDG_STATE_HOME", state.path())
            .env("JOBCTL_TEST_FAULT", fault)
            .run();
        assert_eq!(run.code, -1, "{fault}: {}", run.stderr);
        assert!(queued(&server, "q").len() < 2_300, "{fault}");
        let ops = fs::read_dir(state.path().join("jobctl/ops")).unwrap();
        let op = ops.map(|entry| entry.unwrap().path()).find(|path| path.is_file()).unwrap();
        let run = undo(&server, state.path(), &[], op.file_stem().unwrap().to_str().unwrap());
        assert_eq!(run.code, 0, "{fault}: {}\n{}", run.stdout, run.stderr);
        assert_same(&before, &snapshot(&server));
    }
}
