//! The RQ releases of the tests really run jobs: what every later test of a reader stands on.

use crate::support::redis::RedisServer;
use crate::support::rq::{RELEASES, Rq};
use crate::support::wait::{PATIENCE, wait_until};

#[test]
fn burst_worker_of_every_release_finishes_and_fails_jobs() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                let good = rq.enqueue(&server, "default", "work.ok, 1, name='x'");
                let bad = rq.enqueue(&server, "default", "work.fail");
                rq.burst(&server, &["default"]);
                let status = |id: &str| {
                    let snippet = "status = Job.fetch('ID', connection=connection).get_status()\n\
                                   print(getattr(status, 'value', status))";
                    rq.python(&server, &snippet.replace("ID", id))
                };
                assert_eq!((status(&good).as_str(), status(&bad).as_str()), ("finished", "failed"));
            });
        }
    });
}

#[test]
fn lasting_worker_registers_works_and_goes_with_its_job() {
    let server = RedisServer::builder().tcp().password("s3cret").start();
    let rq = Rq::version("1.16.2");
    let flag = rq.folder().join("flag");
    let call = format!("work.until, '{}'", flag.display());
    let id = rq.enqueue(&server, "default", &call);
    let worker = rq.worker(&server, "w1", &["default"]);
    let running = format!("rq:job:{id}");
    wait_until(PATIENCE, "the job to start", || {
        let status: String =
            redis::cmd("HGET").arg(&running).arg("status").query(&mut server.client()).unwrap();
        (status == "started").then_some(())
    });
    drop(worker);
    let workers: usize = redis::cmd("SCARD").arg("rq:workers").query(&mut server.client()).unwrap();
    assert_eq!(workers, 0);
}
