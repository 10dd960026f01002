//! `workers dump` on real workers: with and without a handler, and on processes that are not what
//! their registration says.

mod orphans;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::{Rq, RqWorker, venv};
use crate::support::wait::{PATIENCE, wait_until};

const GENERATIONS: &[&str] = &["1.14.1", "1.15.1", "1.16.2", "2.6.1", "3.0.0"];

/// What Frappe does when a process opens its first site; Python imports this module by itself.
const HANDLER: &str = "import faulthandler, signal, sys\nfaulthandler.register(signal.SIGUSR1, file=sys.__stderr__)\n";

/// Jobs that hang in the application's own code.
const SHOP: &str = r"
import os, time

def import_items(path):
    wait_for_file(path)

def wait_for_file(path):
    while not os.path.exists(path):
        time.sleep(0.01)
";

fn with_handler(version: &str) -> Rq {
    Rq::version(version).module("sitecustomize", HANDLER).module("shop", SHOP)
}

fn on(server: &RedisServer, arguments: &[&str]) -> Run {
    jobctl(["--redis", &server.url()].iter().chain(arguments)).run()
}

fn field(server: &RedisServer, key: &str, name: &str) -> Option<String> {
    redis::cmd("HGET").arg(key).arg(name).query(&mut server.client()).unwrap()
}

/// Gives a worker a job that runs until the file appears; the job's id and the file.
fn hang(rq: &Rq, server: &RedisServer, worker: &str, queue: &str) -> (String, PathBuf) {
    let flag = rq.folder().join(format!("{worker}.flag"));
    let call = format!("'shop.import_items', '{}', job_timeout=3600", flag.display());
    let id = rq.enqueue(server, queue, &call);
    wait_until(PATIENCE, "the job to run", || {
        let started = field(server, &format!("rq:job:{id}"), "status")?;
        let busy = field(server, &format!("rq:worker:{worker}"), "state")?;
        (started == "started" && busy == "busy").then_some(())
    });
    (id, flag)
}

/// Lets the job end, and waits for its good end.
fn finish(server: &RedisServer, id: &str, flag: &Path) {
    fs::write(flag, "").unwrap();
    wait_until(PATIENCE, "the job to end", || {
        let status = field(server, &format!("rq:job:{id}"), "status").unwrap();
        assert!(["started", "finished"].contains(&status.as_str()), "{status}");
        (status == "finished").then_some(())
    });
}

fn horse_of(worker: &RqWorker) -> u32 {
    let pid = worker.pid();
    wait_until(PATIENCE, "the work horse", || {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        children.split_whitespace().next()?.parse().ok()
    })
}

/// The signal ends what has no handler yet: the handler comes with the interpreter's start.
fn only_dump(run: &Run) -> Value {
    let report = run.json();
    let dumps = report["data"]["dumps"].as_array().unwrap();
    assert_eq!(dumps.len(), 1, "{run:?}");
    dumps[0].clone()
}

#[test]
fn dump_of_a_hanging_job_names_the_function_and_the_job_goes_on_in_every_generation() {
    std::thread::scope(|scope| {
        for version in GENERATIONS {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = with_handler(version);
                let mut worker = rq.worker(&server, "w1", &["default"]);
                let (id, flag) = hang(&rq, &server, "w1", "default");
                let horse = horse_of(&worker);
                let by_worker_pid = worker.pid().to_string();
                for which in
                    [&["w1"][..], &[&by_worker_pid], &[&horse.to_string()], &["--job", &id]]
                {
                    let run = on(&server, &[&["workers", "dump", "-o", "json"], which].concat());
                    assert_eq!(run.code, 0, "{version} {which:?}: {run:?}");
                    let dump = only_dump(&run);
                    let found = [&dump["turn"], &dump["duty"], &dump["stuck_in"]["function"]];
                    assert_eq!(found, ["traced", "horse", "wait_for_file"], "{version}: {dump}");
                    assert_eq!(dump["stuck_in"]["is_application"], true);
                    assert_eq!(dump["pid"], horse);
                    assert_eq!(
                        (&dump["worker_pid"], &dump["job"]),
                        (&worker.pid().into(), &id.as_str().into())
                    );
                }
                let text = on(&server, &["workers", "dump", "w1"]).stdout;
                let first = text.lines().next().unwrap();
                assert!(
                    first.contains("wait_for_file at") && first.contains("of 1h 00m"),
                    "{text}"
                );
                assert!(text.contains(&format!("pid {horse}, work horse of worker w1")), "{text}");
                assert!(text.contains("method shop.import_items"), "{text}");

                let parent = on(&server, &["workers", "dump", "w1", "--parent", "-o", "json"]);
                let dump = only_dump(&parent);
                assert_eq!((&dump["duty"], &dump["pid"]), (&"worker".into(), &worker.pid().into()));
                finish(&server, &id, &flag);
                assert!(worker.lives());
                // An idle worker shows where it waits.
                let idle = wait_until(PATIENCE, "the worker to be idle", || {
                    let run = on(&server, &["workers", "dump", "w1", "-o", "json"]);
                    (run.code == 0 && only_dump(&run)["duty"] == "worker").then(|| only_dump(&run))
                });
                assert_eq!(idle["turn"], "traced", "{version}: {idle}");
            });
        }
    });
}

#[test]
fn dump_of_a_process_without_a_handler_is_refused_and_the_process_lives() {
    std::thread::scope(|scope| {
        for version in GENERATIONS {
            scope.spawn(move || {
                let server = RedisServer::start();
                let rq = Rq::version(version).module("shop", SHOP);
                let mut worker = rq.worker(&server, "w1", &["default"]);
                let (id, flag) = hang(&rq, &server, "w1", "default");
                for which in [&["w1"][..], &["w1", "--parent"], &["--job", &id]] {
                    let run = on(&server, &[&["workers", "dump"], which].concat());
                    assert_eq!((run.code, run.stdout.as_str()), (77, ""), "{version}: {run:?}");
                    assert!(run.stderr.contains("has no handler for SIGUSR1"), "{}", run.stderr);
                    assert!(run.stderr.contains("faulthandler.register"), "{}", run.stderr);
                }
                // py-spy is offered where it is installed.
                let tools = rq.folder().join("tools");
                fs::create_dir(&tools).unwrap();
                std::os::unix::fs::symlink("/bin/true", tools.join("py-spy")).unwrap();
                let run = jobctl(["--redis", &server.url(), "workers", "dump", "w1"])
                    .env("PATH", &tools)
                    .run();
                let offered = format!("py-spy dump --pid {}", horse_of(&worker));
                assert!(run.stderr.contains(&offered), "{}", run.stderr);
                finish(&server, &id, &flag);
                assert!(worker.lives());
            });
        }
    });
}

#[test]
fn all_stuck_takes_those_past_half_of_their_limit() {
    let server = RedisServer::start();
    let rq = with_handler("1.16.2");
    let _worker = rq.worker(&server, "w1", &["default"]);
    let (id, flag) = hang(&rq, &server, "w1", "default");
    let stuck = |more: &[&str]| {
        let run = on(&server, &[&["workers", "dump", "-o", "json"], more].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run.json()["data"]["dumps"].as_array().unwrap().len()
    };
    assert_eq!(stuck(&["--all-stuck"]), 0);
    assert_eq!(stuck(&["--running-for", "1h"]), 0);
    let ago = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(31);
    let ago = ago.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string();
    server.cmd(&["HSET", &format!("rq:job:{id}"), "started_at", &ago]);
    assert_eq!(stuck(&["--all-stuck"]), 1);
    assert_eq!(stuck(&["--running-for", "30m"]), 1);
    assert_eq!(stuck(&["--all-stuck", "--running-for", "40m"]), 0);
    // Nothing is signalled in a dry run, nor under read-only.
    let dry =
        on(&server, &["--read-only", "workers", "dump", "--all-stuck", "--dry-run", "-o", "json"]);
    assert_eq!((dry.code, &only_dump(&dry)["turn"]), (0, &"planned".into()), "{dry:?}");
    assert_eq!(on(&server, &["--read-only", "workers", "dump", "--all-stuck"]).code, 77);
    assert_eq!(on(&server, &["workers", "dump"]).code, 64);
    finish(&server, &id, &flag);
}

#[test]
fn stacks_are_found_in_a_deleted_file_and_behind_a_pipe() {
    let server = RedisServer::start();
    let rq = with_handler("2.6.1");
    let _deleted = rq.worker(&server, "deleted", &["one"]);
    fs::remove_file(rq.folder().join("deleted.log")).unwrap();

    // As a process manager does it: it reads the pipe, and writes its own file.
    let log = rq.folder().join("managed.log");
    let file = File::options().create(true).append(true).open(&log).unwrap();
    let mut manager = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(file)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pipe: std::os::fd::OwnedFd = manager.stdin.take().unwrap().into();
    let piped = rq.worker_printing_to(&server, "piped", &["two"], Stdio::null(), pipe.into());

    for (name, queue) in [("deleted", "one"), ("piped", "two")] {
        let (id, flag) = hang(&rq, &server, name, queue);
        let run = on(&server, &["workers", "dump", name, "-o", "json"]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        let dump = only_dump(&run);
        assert_eq!(dump["stuck_in"]["function"], "wait_for_file", "{name}: {dump}");
        finish(&server, &id, &flag);
    }
    let written = fs::read_to_string(&log).unwrap();
    assert!(written.contains("in wait_for_file"), "nothing was taken from the pipe: {written}");
    drop(piped);
    manager.wait().unwrap();
}

#[test]
fn stacks_that_cannot_be_read_are_said_to_be_elsewhere_and_lost_ones_are_not_asked_for() {
    let server = RedisServer::start();
    let rq = with_handler("1.16.2");
    let (ours, theirs) = UnixStream::pair().unwrap();
    let theirs: std::os::fd::OwnedFd = theirs.into();
    let _journalled =
        rq.worker_printing_to(&server, "journalled", &["one"], Stdio::null(), theirs.into());
    let run = on(&server, &["workers", "dump", "journalled", "-o", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let dump = only_dump(&run);
    assert_eq!((&dump["turn"], &dump["stderr"]), (&"sent".into(), &"socket".into()));
    assert!(dump["hints"][0].as_str().unwrap().starts_with("journalctl "), "{dump}");
    ours.set_nonblocking(true).unwrap();
    let mut printed = Vec::new();
    wait_until(PATIENCE, "the stacks to come out of the socket", || {
        let _ = (&ours).read_to_end(&mut printed);
        String::from_utf8_lossy(&printed).contains("Current thread").then_some(())
    });

    // A pipe whose reader keeps it to itself.
    let (reader, writer) = std::io::pipe().unwrap();
    let _piped =
        rq.worker_printing_to(&server, "piped", &["two"], Stdio::null(), Stdio::from(writer));
    let dump = only_dump(&on(&server, &["workers", "dump", "piped", "-o", "json", "--wait", "1s"]));
    assert!(["sent", "silent"].contains(&dump["turn"].as_str().unwrap()), "{dump}");
    drop(reader);

    let mut mute = rq.worker_printing_to(&server, "mute", &["three"], Stdio::null(), Stdio::null());
    let run = on(&server, &["workers", "dump", "mute"]);
    assert_eq!(run.code, 77, "{run:?}");
    assert!(run.stderr.contains("/dev/null"), "{}", run.stderr);
    assert!(mute.lives());
}

/// A Python that catches what a worker catches, and prints when it is asked for its stacks.
struct Bystander {
    child: Child,
    log: PathBuf,
}

impl Bystander {
    fn start(folder: &Path) -> Self {
        let log = folder.join("bystander.log");
        let program = "import faulthandler, signal, time\n\
                       faulthandler.register(signal.SIGUSR1)\n\
                       signal.signal(signal.SIGTERM, lambda *_: print('told', flush=True))\n\
                       print('ready', flush=True)\n\
                       while True: time.sleep(0.05)\n";
        let file = File::create(&log).unwrap();
        let child = Command::new(venv("rq-1.16.2").join("bin/python"))
            .args(["-c", program])
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let bystander = Self { child, log };
        wait_until(PATIENCE, "the bystander", || bystander.heard().contains("ready").then_some(()));
        bystander
    }

    fn heard(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Another program; ends with the value.
struct Sleeper(Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn process_that_only_has_the_id_of_a_worker_is_never_signalled() {
    let server = RedisServer::start();
    let rq = with_handler("1.16.2");
    let worker = rq.worker(&server, "w1", &["default"]);
    // Both are younger than the registration, as whoever gets a free id is.
    let earlier = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(2);
    let earlier = earlier.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string();
    server.cmd(&["HSET", "rq:worker:w1", "birth", &earlier]);
    let bystander = Bystander::start(rq.folder());
    let mut sleeper = Sleeper(Command::new("sleep").arg("600").spawn().unwrap());
    let pid = bystander.child.id().to_string();
    server.cmd(&["HSET", "rq:worker:w1", "pid", &pid]);
    let run = on(&server, &["workers", "dump", "w1"]);
    assert_eq!(run.code, 77, "{run:?}");
    assert!(run.stderr.contains("was started after the worker had registered"), "{}", run.stderr);
    let pid = sleeper.0.id().to_string();
    server.cmd(&["HSET", "rq:worker:w1", "pid", &pid]);
    let run = on(&server, &["workers", "dump", "w1"]);
    assert_eq!(run.code, 77, "{run:?}");
    // An older one, and one that two workers claim.
    let pid = worker.pid().to_string();
    server.cmd(&["HSET", "rq:worker:w1", "pid", &pid, "birth", "2099-01-01T00:00:00.000000Z"]);
    let run = on(&server, &["workers", "dump", "w1"]);
    assert!(run.code == 77 && run.stderr.contains("much older"), "{run:?}");
    server.cmd(&["HSET", "rq:worker:w1", "hostname", "elsewhere"]);
    let run = on(&server, &["workers", "dump", "w1"]);
    assert!(run.code == 77 && run.stderr.contains("runs on host `elsewhere`"), "{run:?}");
    assert!(run.stderr.contains("workers dump w1"), "{run:?}");

    server.cmd(&["HSET", "rq:worker:w1", "pid", &bystander.child.id().to_string()]);
    // Told by command it is the worker that ends, not who has the process id.
    let run = on(&server, &["workers", "stop", "w1", "--wait", "60", "-o", "json"]);
    assert_eq!((run.code, &run.json()["data"]["workers"][0]["by"]), (0, &"command".into()));
    assert_eq!(bystander.heard(), "ready\n");
    assert!(sleeper.0.try_wait().unwrap().is_none());
}

#[test]
fn two_registrations_of_one_process_are_both_refused() {
    let server = RedisServer::start();
    let rq = with_handler("1.16.2");
    let mut one = rq.worker(&server, "w1", &["default"]);
    let mut two = rq.worker(&server, "w2", &["default"]);
    let (birth, pid) = (field(&server, "rq:worker:w1", "birth").unwrap(), one.pid().to_string());
    server.cmd(&["HSET", "rq:worker:w2", "pid", &pid, "birth", &birth]);
    for name in ["w1", "w2"] {
        let run = on(&server, &["workers", "dump", name]);
        assert!(run.code == 77 && run.stderr.contains("is registered as process"), "{run:?}");
    }
    assert!(one.lives() && two.lives());
}

#[test]
fn stopped_process_is_not_asked() {
    let server = RedisServer::start();
    let rq = with_handler("1.16.2");
    let worker = rq.worker(&server, "w1", &["default"]);
    worker.signal(Signal::SIGSTOP);
    let pid = worker.pid();
    wait_until(PATIENCE, "the worker to stand still", || {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        status.contains("State:\tT").then_some(())
    });
    let run = on(&server, &["workers", "dump", "w1"]);
    assert!(run.code == 77 && run.stderr.contains(&format!("kill -CONT {pid}")), "{run:?}");
    worker.signal(Signal::SIGCONT);
}

#[test]
fn process_of_another_user_is_refused_with_the_user_to_be() {
    // Only root can be somebody else.
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let server = RedisServer::builder().tcp().start();
    let rq = with_handler("1.16.2");
    let mut worker = rq.worker(&server, "w1", &["default"]);
    let (id, flag) = hang(&rq, &server, "w1", "default");
    let run = jobctl(["--redis", &server.url(), "workers", "dump", "w1"]).user(65534).run();
    assert_eq!(run.code, 77, "{run:?}");
    assert!(run.stderr.contains("user `root`"), "{}", run.stderr);
    let run = jobctl(["--redis", &server.url(), "workers", "stop", "w1", "--wait", "1"]);
    let run = run.user(65534).run();
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("another user"), "{run:?}");
    finish(&server, &id, &flag);
    assert!(worker.lives());
}
