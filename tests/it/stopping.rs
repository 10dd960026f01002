//! `jobctl jobs stop` against real workers.

use std::fs;

use super::support::env::{Run, jobctl};
use super::support::redis::RedisServer;
use super::support::rq::{RELEASES, Rq};
use super::support::wait::{PATIENCE, wait_until};

fn plain(server: &RedisServer, arguments: &[&str]) -> Run {
    let url = server.url();
    jobctl(["--redis", &url].iter().chain(arguments)).run()
}

fn field(server: &RedisServer, id: &str, field: &str) -> String {
    let value: Option<String> = redis::cmd("HGET")
        .arg(format!("rq:job:{id}"))
        .arg(field)
        .query(&mut server.client())
        .unwrap();
    value.unwrap_or_default()
}

fn started(server: &RedisServer, id: &str) {
    wait_until(PATIENCE, "the job to start", || {
        (field(server, id, "status") == "started").then_some(())
    });
}

fn turn(run: &Run) -> (String, String) {
    let job = &run.json()["data"]["jobs"][0];
    (job["turn"].as_str().unwrap().to_owned(), job["reason"].to_string())
}

#[test]
fn stopped_job_ends_as_stopped_and_its_process_with_it_on_every_release() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version);
                let flag = rq.folder().join("flag");
                let worker = rq.worker(&server, "w1", &["default"]);
                let call = format!("work.until, '{}'", flag.display());
                let id = rq.enqueue(&server, "default", &call);
                started(&server, &id);
                let horses = || {
                    let pid = worker.pid();
                    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap()
                };
                assert_ne!(horses(), "");
                let run = plain(&server, &["jobs", "stop", &id, "--wait", "20s", "-o", "json"]);
                assert_eq!((run.code, turn(&run).0.as_str()), (0, "stopped"), "{version} {run:?}");
                assert_eq!(field(&server, &id, "status"), "stopped", "{version}");
                assert_eq!(horses(), "", "{version}");
                // The worker lives and takes the next job; the stopped one is not told again.
                let next = rq.enqueue(&server, "default", "work.ok");
                let watched =
                    plain(&server, &["jobs", "watch", &next, "--wait", "20", "-o", "json"]);
                assert_eq!(watched.code, 0, "{version} {watched:?}");
                let again = plain(&server, &["jobs", "stop", &id, "-o", "json"]);
                assert_eq!((again.code, turn(&again).0.as_str()), (1, "left_alone"), "{again:?}");
            });
        }
    });
}

#[test]
fn stop_is_sent_once_per_run_and_never_to_a_worker_that_shuts_down() {
    let server = RedisServer::start();
    let rq = Rq::version("1.16.2");
    let flag = rq.folder().join("flag");
    let worker = rq.worker(&server, "w1", &["default"]);
    let call = format!("work.until, '{}'", flag.display());
    let id = rq.enqueue(&server, "default", &call);
    started(&server, &id);
    let dry = plain(&server, &["jobs", "stop", "--all", "--dry-run", "-o", "json"]);
    assert_eq!((dry.code, turn(&dry).0.as_str()), (0, "planned"), "{dry:?}");
    assert_eq!(plain(&server, &["jobs", "stop"]).code, 77);

    // The worker is frozen: it will get the message once, however often it is told.
    worker.signal(nix::sys::signal::Signal::SIGSTOP);
    for _ in 0..2 {
        let run = plain(&server, &["jobs", "stop", &id, "--wait", "0.1", "-o", "json"]);
        assert_eq!((run.code, turn(&run).0.as_str()), (75, "told"), "{run:?}");
    }
    let published: String =
        redis::cmd("INFO").arg("commandstats").query(&mut server.client()).unwrap();
    assert!(published.contains("cmdstat_publish:calls=1,"), "{published}");
    worker.signal(nix::sys::signal::Signal::SIGCONT);
    let run = plain(&server, &["jobs", "watch", &id, "--wait", "20", "-o", "json"]);
    assert_eq!((run.code, run.json()["data"]["status"].as_str()), (1, Some("stopped")), "{run:?}");

    // The same job, run again, may be stopped again, but not while the worker shuts down.
    assert_eq!(plain(&server, &["jobs", "retry", &id]).code, 0);
    started(&server, &id);
    worker.signal(nix::sys::signal::Signal::SIGTERM);
    wait_until(PATIENCE, "the worker to note it", || {
        let noted: Option<String> = redis::cmd("HGET")
            .arg("rq:worker:w1")
            .arg("shutdown_requested_date")
            .query(&mut server.client())
            .unwrap();
        noted.map(drop)
    });
    let run = plain(&server, &["jobs", "stop", &id, "-o", "json"]);
    assert_eq!((run.code, turn(&run).0.as_str()), (1, "left_alone"), "{run:?}");
    assert!(turn(&run).1.contains("shutting down"), "{run:?}");
    fs::write(&flag, "").unwrap();
}

#[test]
fn stop_without_the_right_to_publish_is_refused() {
    let server = RedisServer::builder()
        .acl(&["user ops on >secret ~rq:* +@all -@admin resetchannels"])
        .start();
    let rq = Rq::version("2.6.1");
    let flag = rq.folder().join("flag");
    let _worker = rq.worker(&server, "w1", &["default"]);
    let id = rq.enqueue(&server, "default", &format!("work.until, '{}'", flag.display()));
    started(&server, &id);
    let url = server.url_as("ops", "secret");
    let run = jobctl(["--redis", &url, "jobs", "stop", &id]).run();
    assert_eq!(run.code, 77, "{run:?}");
    assert_eq!(field(&server, &id, "status"), "started");
    // Nothing was sent, so that somebody who may can still do it.
    let run = plain(&server, &["jobs", "stop", &id, "--wait", "20", "-o", "json"]);
    assert_eq!((run.code, turn(&run).0.as_str()), (0, "stopped"), "{run:?}");
}

#[test]
fn stop_of_a_job_whose_worker_is_gone_names_the_worker() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let flag = rq.folder().join("flag");
    let mut worker = rq.worker(&server, "w1", &["default"]);
    let id = rq.enqueue(&server, "default", &format!("work.until, '{}'", flag.display()));
    started(&server, &id);
    worker.crash();
    let run = plain(&server, &["jobs", "stop", &id, "-o", "json"]);
    assert_eq!((run.code, turn(&run).0.as_str()), (1, "left_alone"), "{run:?}");
    assert!(turn(&run).1.contains("w1"), "{run:?}");
    fs::write(&flag, "").unwrap();
}
