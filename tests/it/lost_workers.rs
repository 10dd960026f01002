//! Jobs of workers that were killed with their work horse: RQ writes no end into them, and they must
//! count as failures nonetheless, everywhere.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::json;

use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;
use crate::support::wait::{PATIENCE, wait_until};

/// What tells a test which process runs the job.
const HORSES: &str = r"
import os, time
def go(path):
    with open(path + '.new', 'w') as file:
        file.write(str(os.getpid()))
    os.rename(path + '.new', path)
    time.sleep(600)
";

/// RQ's own clean-up, once the worker's last sign of life is long past; the jobs had begun two days
/// before.
const CLEAN_UP: &str = r"
from rq.registry import StartedJobRegistry
import time
began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=2)
for member in connection.zrange('rq:wip:q', 0, -1):
    key = 'rq:job:' + member.decode().split(':')[0]
    connection.hset(key, 'started_at', began.strftime('%Y-%m-%dT%H:%M:%S.%fZ'))
StartedJobRegistry('q', connection=connection).cleanup(time.time() + 1000)
";

#[test]
fn job_of_a_killed_worker_counts_as_a_failure_of_now_everywhere() {
    std::thread::scope(|scope| {
        for version in ["1.16.2", "2.6.1"] {
            scope.spawn(move || check(version));
        }
    });
}

fn check(version: &str) {
    let server = RedisServer::start();
    let rq = Rq::version(version).module("horses", HORSES);
    let horse = |number: &str| rq.folder().join(format!("horse{number}")).display().to_string();
    let put = format!(
        "import horses\nq = Queue('q', connection=connection)\n\
         print(q.enqueue(horses.go, {:?}).id)\n\
         print(q.enqueue(horses.go, {:?}, failure_ttl=-1).id)\n",
        horse("1"),
        horse("2"),
    );
    let ids: Vec<String> = rq.python(&server, &put).lines().map(str::to_owned).collect();
    let url = server.url();
    let db = rq.folder().join("h.db").display().to_string();
    let run = |arguments: &[&str]| -> Run {
        jobctl(["--redis", url.as_str()].iter().chain(arguments)).run()
    };
    let record = |what: &[&str]| run(&[&["history"], what, &["--file", &db]].concat());
    assert_eq!(record(&["record", "--once"]).code, 0);

    for number in ["1", "2"] {
        let mut worker = rq.worker(&server, &format!("w{number}"), &["q"]);
        let told = || std::fs::read_to_string(horse(number)).ok()?.parse().ok();
        let pid: i32 = wait_until(PATIENCE, "the job runs", told);
        worker.crash();
        killpg(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    rq.python(&server, CLEAN_UP);
    let left = format!("print(connection.hmget('rq:job:{}', 'status', 'ended_at'))", ids[0]);
    assert_eq!(rq.python(&server, &left), "[b'failed', b'']", "{version} does it otherwise by now");

    let listed = run(&["jobs", "list", "--status", "failed", "--since", "1h", "-o", "json"]).json();
    let rows = listed["data"]["jobs"].as_array().unwrap();
    let row = rows.iter().find(|row| row["id"] == ids[0].as_str());
    let row = row.unwrap_or_else(|| panic!("{version}: {listed:#}"));
    assert!(row["ended_at"].is_string() && row["duration_ms"].is_null(), "{version}: {row:#}");
    // The one that is kept for ever is dated by its worker's last sign of life.
    assert_eq!(rows.len(), 2, "{version}: {listed:#}");
    let named = run(&["jobs", "show", &ids[0], "-o", "json"]).json();
    assert!(named["data"]["ended_at"].is_string(), "{version}: {named:#}");

    let errors = run(&["errors", "--since", "1h", "-o", "json"]).json();
    let failed = errors["data"]["groups"].as_array().unwrap().iter();
    assert_eq!(failed.filter_map(|g| g["failed_jobs"].as_u64()).sum::<u64>(), 2, "{errors:#}");

    assert_eq!(record(&["record", "--once"]).code, 0);
    let shown = record(&["show", "--by", "day", "-o", "json"]).json();
    assert_eq!(
        (&shown["data"]["total"]["count"], &shown["data"]["total"]["failed"]),
        (&json!(2), &json!(2)),
        "{version}: {shown:#}"
    );
    assert_eq!(record(&["record", "--once"]).code, 0);
    let again = record(&["show", "--by", "day", "-o", "json"]).json();
    assert_eq!(again["data"]["total"]["count"], 2, "{version}: counted twice");
}
