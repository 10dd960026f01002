//! `jobctl worker`: becomes the right program, with the right arguments and variables.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::bench::Bench;
use crate::support::env::{Jobctl, Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::{RELEASES, Rq, venv};

/// Says how it was called, and with which Redis.
const PYTHON: &str = "#!/bin/sh\necho \"$PWD $*\"\necho \"redis=$FRAPPE_REDIS_QUEUE\"\n";

fn bench(version: &str) -> (RedisServer, Bench) {
    let server = RedisServer::builder().acl(&["user anna on >p@ss ~* &* +@all"]).start();
    let bench = Bench::new(version, &server);
    bench.write("env/bin/python", PYTHON);
    let python = bench.root().join("env/bin/python");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    (server, bench)
}

fn on(bench: &Bench, arguments: &[&str]) -> Jobctl {
    let target = ["--bench", bench.root().to_str().unwrap()];
    jobctl(target.iter().chain(arguments))
}

fn ends(code: i32, bench: &Bench, arguments: &[&str]) -> Run {
    let run = on(bench, arguments).run();
    assert_eq!(run.code, code, "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
    run
}

#[test]
fn worker_of_a_bench_becomes_frappes_own_with_its_options() {
    let (_server, bench) = bench("15.44.2");
    let long = format!("{},short", bench.queue("long"));
    let arguments =
        ["worker", "--queue", &long, "--burst", "-q", "--strategy", "round_robin", "--site", "x"];
    let run = ends(0, &bench, &arguments);
    let expected = format!(
        "{} -m frappe.utils.bench_helper frappe worker --queue long,short --quiet --burst \
         --strategy round_robin\nredis=\n",
        bench.root().join("sites").display()
    );
    assert_eq!(run.stdout, expected);
}

#[test]
fn worker_of_a_bench_gets_a_login_by_its_environment_and_not_by_arguments() {
    let (server, bench) = bench("16.10.0");
    let run = ends(0, &bench, &["worker", "-u", "anna", "-p", "p@ss"]);
    let socket = server.url().replace("unix://", "");
    let url = format!("redis=unix://anna:p%40ss@{socket}?db=0");
    assert!(run.stdout.ends_with(&format!("frappe worker\n{url}\n")), "{}", run.stdout);
}

#[test]
fn worker_with_a_wrong_login_is_told_the_flags_that_gave_it() {
    let (_server, bench) = bench("16.10.0");
    let run = ends(77, &bench, &["worker", "--rq-username", "anna", "--rq-password", "wrong"]);
    assert!(run.stderr.contains("--rq-username and --rq-password"), "{}", run.stderr);
    assert!(!run.stderr.contains("in the URL"), "{}", run.stderr);
}

#[test]
fn bench_that_may_not_be_entered_is_no_permission_and_not_empty() {
    // Only root can be somebody else.
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let (_server, bench) = bench("16.10.0");
    fs::set_permissions(bench.root(), fs::Permissions::from_mode(0o700)).unwrap();
    let run = on(&bench, &["queues", "list"]).user(65534).run();
    assert_eq!(run.code, 77, "{run:?}");
    assert!(run.stderr.contains("no permission") && !run.stderr.contains("`apps`"), "{run:?}");
}

#[test]
fn worker_of_an_older_bench_gets_a_login_by_argument_with_a_warning() {
    let (_server, bench) = bench("14.81.0");
    let run = ends(0, &bench, &["worker", "-u", "anna", "-p", "p@ss"]);
    assert!(run.stdout.contains("--rq-username anna --rq-password p@ss"), "{}", run.stdout);
    assert!(run.stderr.contains("every user of the machine"), "{}", run.stderr);
}

#[test]
fn worker_with_a_queue_or_an_option_that_frappe_does_not_know_is_refused() {
    let (_server, bench) = bench("13.58.0");
    let run = ends(66, &bench, &["worker", "--queue", "shrot"]);
    assert!(run.stderr.contains("did you mean `short`?"), "{}", run.stderr);
    ends(64, &bench, &["worker", "--queue", "short,"]);
    let run = ends(64, &bench, &["worker", "--burst"]);
    assert!(run.stderr.contains("Frappe 13"), "{}", run.stderr);
    let run = ends(64, &bench, &["worker", "--python", "/usr/bin/python3"]);
    assert!(run.stderr.contains("--python"), "{}", run.stderr);
    assert_eq!(on(&bench, &["worker"]).env("JOBCTL_READ_ONLY", "1").run().code, 77);
    let other = bench.root().join("other.sock").display().to_string();
    ends(78, &bench, &["worker", "--redis", &other]);
    fs::remove_file(bench.root().join("env/bin/python")).unwrap();
    ends(66, &bench, &["worker"]);
}

#[test]
fn worker_while_redis_is_down_says_so_before_python_starts() {
    let (server, bench) = bench("15.44.2");
    drop(server);
    let run = ends(69, &bench, &["worker"]);
    assert_eq!(run.stdout, "");
}

#[test]
fn worker_without_a_bench_runs_jobs_of_every_release() {
    std::thread::scope(|scope| {
        for version in RELEASES {
            scope.spawn(move || {
                let server = RedisServer::builder().tcp().password("s3cret").start();
                let rq = Rq::version(version);
                let id = rq.enqueue(&server, "high", "work.ok");
                let python = venv(&format!("rq-{version}")).join("bin/python");
                let folder = rq.folder().to_str().unwrap();
                let url = server.url();
                let run = jobctl([
                    "--redis",
                    &url,
                    "worker",
                    "--queue",
                    "low,high",
                    "--burst",
                    "--allow-root",
                    "--python",
                    python.to_str().unwrap(),
                    "--path",
                    folder,
                    "--strategy",
                    "random",
                    "--",
                    "--max-jobs",
                    "5",
                ])
                .cwd(folder)
                .run();
                assert_eq!(run.code, 0, "{version} {run:?}");
                let snippet =
                    format!("print(Job.fetch('{id}', connection=connection).is_finished)");
                assert_eq!(rq.python(&server, &snippet), "True", "{version} {run:?}");
                assert!(!format!("{run:?}").contains("s3cret"), "{version} {run:?}");
            });
        }
    });
}

#[test]
fn worker_without_a_bench_needs_a_python_and_is_not_root_unless_told() {
    let server = RedisServer::start();
    let url = server.url();
    let base = ["--redis", &url, "worker", "--burst"];
    let run = |more: &[&str]| jobctl(base.iter().chain(more)).run();
    assert_eq!(run(&["--allow-root", "--python", "/nowhere/python"]).code, 66);
    if nix::unistd::geteuid().is_root() {
        let refused = run(&[]);
        assert_eq!(refused.code, 77, "{refused:?}");
        assert!(refused.stderr.contains("--allow-root"), "{refused:?}");
    }
}
