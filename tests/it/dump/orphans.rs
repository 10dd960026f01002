//! Work horses whose worker was killed: found, told from those of another Redis, with their jobs.

use super::*;

/// Releases of both forms of the started registry, the oldest of them with sessions of their own for
/// work horses.
const VERSIONS: [&str; 3] = ["1.15.1", "2.6.1", "3.0.0"];

/// A job whose worker was killed.
struct Left {
    id: String,
    flag: PathBuf,
    horse: u32,
}

impl Left {
    fn by(rq: &Rq, server: &RedisServer, mut worker: RqWorker, name: &str) -> Self {
        let (id, flag) = hang(rq, server, name, "default");
        let horse = horse_of(&worker);
        worker.crash();
        Self { id, flag, horse }
    }

    /// Lets it end; waits for that, and for the end of its process.
    fn finish(&self, server: &RedisServer) {
        finish(server, &self.id, &self.flag);
        wait_until(PATIENCE, "the work horse to end", || {
            (!Path::new(&format!("/proc/{}", self.horse)).exists()).then_some(())
        });
    }
}

impl Drop for Left {
    fn drop(&mut self) {
        let _ = fs::write(&self.flag, "");
    }
}

fn dumps(server: &RedisServer, which: &[&str]) -> Vec<Value> {
    let run = on(server, &[&["workers", "dump", "-o", "json"], which].concat());
    assert_eq!(run.code, 0, "{which:?}: {run:?}");
    run.json()["data"]["dumps"].as_array().unwrap().clone()
}

#[test]
fn orphan_is_dumped_with_its_job_by_process_id_by_job_and_among_the_stuck() {
    std::thread::scope(|scope| {
        for version in VERSIONS {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = with_handler(version);
                let left = Left::by(&rq, &server, rq.worker(&server, "w1", &["default"]), "w1");
                let key = format!("rq:job:{}", left.id);
                assert_eq!(dumps(&server, &["--all-stuck"]), [] as [Value; 0], "{version}");
                server.cmd(&["HSET", &key, "timeout", "1"]);
                let pid = left.horse.to_string();
                for which in [&[&*pid][..], &["--job", &left.id], &["--all-stuck"]] {
                    let found = wait_until(PATIENCE, "the orphan", || {
                        dumps(&server, which).into_iter().next()
                    });
                    assert_eq!(found["pid"], left.horse, "{version} {which:?}: {found}");
                    let said = [&found["turn"], &found["duty"], &found["method"], &found["worker"]];
                    assert_eq!(said, ["traced", "horse", "shop.import_items", "w1"], "{version}");
                    assert_eq!(
                        (&found["orphaned"], &found["timeout_s"]),
                        (&true.into(), &1.into())
                    );
                    assert_eq!(found["job"], left.id.as_str(), "{version}: {found}");
                    assert!(found["running_s"].as_f64().unwrap() > 0.0, "{found}");
                    assert_eq!(found["stuck_in"]["function"], "wait_for_file", "{found}");
                }
                let text = on(&server, &["workers", "dump", &pid]).stdout;
                assert!(text.contains("work horse of worker w1, which is gone"), "{text}");

                // As RQ's clean-up leaves it, minutes later, with the worker's registration expired.
                server.cmd(&["DEL", "rq:wip:default", "rq:worker:w1"]);
                server.cmd(&["SREM", "rq:workers", "rq:worker:w1"]);
                server.cmd(&["HSET", &key, "status", "failed", "worker_name", ""]);
                server.cmd(&["ZADD", "rq:failed:default", "9999999999", &left.id]);
                for which in [&[&*pid][..], &["--job", &left.id], &["--all-stuck"]] {
                    let found = dumps(&server, which);
                    let ids: Vec<_> = found.iter().map(|dump| &dump["job"]).collect();
                    assert_eq!(ids, [left.id.as_str()], "{version} {which:?}");
                }
                server.cmd(&["HSET", &key, "status", "started"]);
                left.finish(&server);
                assert_eq!(on(&server, &["workers", "dump", &pid]).code, 66, "{version}");
            });
        }
    });
}

#[test]
fn orphan_of_a_nameless_worker_has_the_job_that_began_with_it() {
    let server = RedisServer::start();
    let rq = with_handler("2.6.1");
    let mut child = Command::new(venv("rq-2.6.1").join("bin/rq"))
        .args(["worker", "--quiet", "default"])
        .current_dir(rq.folder())
        .env("RQ_REDIS_URL", server.url())
        .env("PYTHONPATH", rq.folder())
        .stdin(Stdio::null())
        .stderr(File::create(rq.folder().join("nameless.log")).unwrap())
        .spawn()
        .unwrap();
    let flag = rq.folder().join("flag");
    let call = format!("'shop.import_items', '{}', job_timeout=3600", flag.display());
    let id = rq.enqueue(&server, "default", &call);
    wait_until(PATIENCE, "the job to run", || {
        let status = field(&server, &format!("rq:job:{id}"), "status")?;
        (status == "started").then_some(())
    });
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let horse: u32 = fs::read_to_string(children).unwrap().trim().parse().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let left = Left { id, flag, horse };
    let found = dumps(&server, &[&left.horse.to_string()]);
    assert_eq!(found[0]["job"], left.id.as_str(), "{found:?}");
    assert_eq!(found[0]["worker"].as_str().unwrap().len(), 32, "{found:?}");
    left.finish(&server);
}

#[test]
fn orphan_of_another_redis_is_nobodys() {
    let (server, other) = (RedisServer::start(), RedisServer::start());
    let rq = with_handler("2.6.1");
    let left = Left::by(&rq, &other, rq.worker(&other, "w1", &["default"]), "w1");
    let pid = left.horse.to_string();
    // The same job, too: what it says of its worker is not what the process says of its Redis.
    let began = field(&other, &format!("rq:job:{}", left.id), "started_at").unwrap();
    let key = format!("rq:job:{}", left.id);
    server.cmd(&["SADD", "rq:queues", "rq:queue:default"]);
    server.cmd(&["ZADD", "rq:wip:default", "9999999999", &left.id]);
    let fields = ["status", "started", "started_at", &began, "worker_name", "w1", "timeout", "1"];
    server.cmd(&[&["HSET", &key, "created_at", &began, "origin", "default"], &fields[..]].concat());
    assert_eq!(on(&server, &["workers", "dump", &pid]).code, 66);
    assert_eq!(on(&server, &["workers", "dump", "--job", &left.id]).code, 66);
    assert_eq!(dumps(&server, &["--all-stuck", "--running-for", "0s"]), [] as [Value; 0]);
    assert_eq!(dumps(&other, &[&pid])[0]["job"], left.id.as_str());
    left.finish(&other);
}
