//! `workers stop|restart --via` with a real supervisord, and a container's first process.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::{Rq, venv};
use crate::support::wait::wait_until;

/// How long anything may take: starting Python on a loaded machine is slow.
const LONG: Duration = Duration::from_secs(120);

fn on(server: &RedisServer, arguments: &[&str]) -> Run {
    jobctl(["--redis", &server.url()].iter().chain(arguments)).run()
}

/// supervisord with two workers of one group; ends with the value, and they with it.
pub(crate) struct Supervisord {
    child: Child,
    folder: PathBuf,
}

impl Supervisord {
    pub(crate) fn start(rq: &Rq, server: &RedisServer) -> Self {
        let folder = rq.folder().to_owned();
        let shown = folder.display();
        let program = venv("rq-2.6.1").join("bin/rq");
        let text = format!(
            "[unix_http_server]\nfile={shown}/supervisor.sock\n\
             [supervisord]\nlogfile={shown}/supervisord.log\npidfile={shown}/supervisord.pid\n\
             [rpcinterface:supervisor]\n\
             supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisorctl]\nserverurl=unix://{shown}/supervisor.sock\n\
             [group:b-workers]\nprograms=b-short\n\
             [program:b-short]\ncommand={} worker --url {} default\n\
             process_name=%(program_name)s-%(process_num)d\nnumprocs=2\nautorestart=true\n\
             startsecs=0\nstopwaitsecs=600\ndirectory={shown}\n\
             environment=PYTHONPATH=\"{shown}\"\n\
             stdout_logfile={shown}/worker.log\nredirect_stderr=true\n",
            program.display(),
            server.url(),
        );
        fs::write(folder.join("s.conf"), text).unwrap();
        let log = File::create(folder.join("supervisord.out")).unwrap();
        let child = Command::new(venv("supervisor").join("bin/supervisord"))
            // Relative, as somebody may type it.
            .args(["-n", "-c", "s.conf"])
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self { child, folder }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }
}

impl Drop for Supervisord {
    fn drop(&mut self) {
        let pid = self.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let _ = kill(pid, Signal::SIGTERM);
        // Their jobs end with the folder at the latest; what does not end must not stay.
        let _ = fs::write(self.folder.join("flag"), "");
        for _ in 0..200 {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        for child in children.unwrap_or_default().split_whitespace().filter_map(|c| c.parse().ok())
        {
            let _ = kill(Pid::from_raw(child), Signal::SIGKILL);
        }
    }
}

fn workers(server: &RedisServer) -> Vec<Value> {
    let report = on(server, &["workers", "list", "-o", "json"]).json();
    let workers = report["data"]["workers"].as_array().unwrap().clone();
    workers.into_iter().filter(|worker| worker["alive"] == "yes").collect()
}

fn names(server: &RedisServer) -> Vec<String> {
    workers(server).iter().map(|worker| worker["name"].as_str().unwrap().to_owned()).collect()
}

pub(crate) fn two_workers(server: &RedisServer) -> Vec<String> {
    wait_until(LONG, "two workers", || Some(names(server)).filter(|names| names.len() == 2))
}

/// Gives one of the workers a job that runs until the file appears; its id, and the file.
fn busy(rq: &Rq, server: &RedisServer) -> (String, PathBuf) {
    let flag = rq.folder().join("flag");
    let id = rq.enqueue(
        server,
        "default",
        &format!("work.until, '{}', job_timeout=600", flag.display()),
    );
    wait_until(LONG, "the job to run", || (status(server, &id) == "started").then_some(()));
    (id, flag)
}

fn status(server: &RedisServer, id: &str) -> String {
    let key = format!("rq:job:{id}");
    redis::cmd("HGET").arg(key).arg("status").query(&mut server.client()).unwrap()
}

fn rows(run: &Run) -> Vec<Value> {
    run.json()["data"]["workers"].as_array().unwrap().clone()
}

#[test]
fn restart_via_supervisor_rolls_and_lets_the_job_end() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let _supervisord = Supervisord::start(&rq, &server);
    let before = two_workers(&server);
    let (id, flag) = busy(&rq, &server);
    let restart = ["workers", "restart", "--all", "--via", "supervisor"];
    let dry = on(&server, &[&restart[..], &["--dry-run"]].concat());
    assert_eq!(dry.code, 0, "{dry:?}");
    for name in ["b-workers:b-short-0", "b-workers:b-short-1"] {
        let command = format!("s.conf restart {name}");
        assert!(dry.stdout.contains(&command), "{command}\n{}", dry.stdout);
    }
    let json = [&restart[..], &["--wait", "100", "-o", "json"]].concat();
    let run = std::thread::scope(|scope| {
        let run = scope.spawn(|| on(&server, &json));
        // The idle one first; then the busy one is awaited.
        wait_until(LONG, "the first to be replaced", || {
            let now = names(&server);
            before.iter().any(|name| !now.contains(name)).then_some(())
        });
        assert_eq!(status(&server, &id), "started");
        fs::write(&flag, "").unwrap();
        run.join().unwrap()
    });
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(status(&server, &id), "finished");
    for row in rows(&run) {
        assert_eq!((&row["turn"], &row["by"]), (&json!("restarted"), &json!("manager")), "{row}");
        assert_eq!(
            (&row["manager"], &row["order"]["exit_code"]),
            (&json!("supervisor"), &json!(0))
        );
        assert!(row["order"]["printed"].as_str().unwrap().contains("started"), "{row}");
    }
    let after = two_workers(&server);
    assert!(after.iter().all(|name| !before.contains(name)), "{before:?} {after:?}");
}

#[test]
fn restart_via_supervisor_that_takes_too_long_goes_on_by_itself() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let _supervisord = Supervisord::start(&rq, &server);
    two_workers(&server);
    let (id, flag) = busy(&rq, &server);
    let is_busy = |worker: &&Value| worker["state"] == "busy";
    let name = wait_until(LONG, "a busy worker", || {
        Some(workers(&server).iter().find(is_busy)?["name"].as_str()?.to_owned())
    });
    let restart = ["workers", "restart", &name, "--via", "supervisor", "-o", "json"];
    let run = on(&server, &[&restart[..], &["--wait", "1"]].concat());
    assert_eq!(run.code, 75, "{run:?}");
    assert!(rows(&run)[0]["reason"].as_str().unwrap().contains("goes on by itself"), "{run:?}");
    // Told again it would lose its job.
    let again = on(&server, &[&restart[..], &["--wait", "0.1"]].concat());
    assert_eq!((again.code, &rows(&again)[0]["reason"]), (75, &json!("was asked before")));
    assert_eq!(status(&server, &id), "started");
    fs::write(&flag, "").unwrap();
    wait_until(LONG, "the job to end", || (status(&server, &id) == "finished").then_some(()));
    wait_until(LONG, "another in its place", || {
        let now = names(&server);
        (now.len() == 2 && !now.contains(&name)).then_some(())
    });
}

#[test]
fn stop_via_supervisor_stays_stopped_and_without_it_the_worker_is_left_alone() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let supervisord = Supervisord::start(&rq, &server);
    let before = two_workers(&server);
    let plain = on(&server, &["workers", "stop", "--all", "-o", "json"]);
    assert_eq!(plain.code, 1, "{plain:?}");
    let hints = format!("{}{}", rows(&plain)[0]["hints"], rows(&plain)[1]["hints"]);
    assert!(hints.contains("supervisorctl stop b-workers:b-short-"), "{hints}");
    let systemd = on(&server, &["workers", "stop", "--all", "--via", "systemd", "-o", "json"]);
    assert_eq!(systemd.code, 1, "{systemd:?}");
    assert_eq!(rows(&systemd)[0]["reason"], "it is not systemd's but supervisor's");
    // Restarted by a signal it must come back by itself, and it exits with 0.
    let restart = || on(&server, &["workers", "restart", "--all", "--dry-run", "-o", "json"]);
    assert_eq!(rows(&restart())[0]["turn"], "planned");
    let conf = supervisord.folder.join("s.conf");
    let text = fs::read_to_string(&conf).unwrap();
    fs::write(&conf, text.replace("autorestart=true", "")).unwrap();
    let run = restart();
    assert_eq!((run.code, &rows(&run)[0]["turn"]), (1, &json!("left_alone")), "{run:?}");
    assert!(rows(&run)[0]["reason"].to_string().contains("would not start it again"), "{run:?}");
    fs::write(&conf, text).unwrap();
    assert_eq!(names(&server).len(), 2);

    let run = on(&server, &["workers", "stop", &before[0], "--via", "supervisor", "-o", "json"]);
    assert_eq!((run.code, &rows(&run)[0]["turn"]), (0, &json!("stopped")), "{run:?}");
    assert_eq!(names(&server), [before[1].clone()]);
    let control = Command::new(venv("supervisor").join("bin/supervisorctl"))
        .args(["-c", "s.conf", "status"])
        .current_dir(&supervisord.folder)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&control.stdout).into_owned();
    assert_eq!(shown.matches("STOPPED").count(), 1, "{shown}");
    // A supervisord that cannot be asked says so, and nothing is signalled.
    fs::remove_file(supervisord.folder.join("supervisor.sock")).unwrap();
    let deaf = on(&server, &["workers", "stop", &before[1], "--via", "supervisor", "-o", "json"]);
    assert_eq!((deaf.code, &rows(&deaf)[0]["turn"]), (1, &json!("left_alone")), "{deaf:?}");
    let reason = rows(&deaf)[0]["reason"].to_string();
    assert!(reason.contains("supervisor shows no running process"), "{reason}");
    assert_eq!(names(&server), [before[1].clone()]);
}

#[test]
fn via_of_a_worker_without_a_manager_is_refused_and_contradictions_are_usage() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let mut worker = rq.worker(&server, "w1", &["default"]);
    let run = on(&server, &["workers", "restart", "w1", "--via", "supervisor", "-o", "json"]);
    assert_eq!((run.code, &rows(&run)[0]["turn"]), (1, &json!("left_alone")), "{run:?}");
    assert_eq!(rows(&run)[0]["reason"], "no process manager started it");
    server.cmd(&["HSET", "rq:worker:w1", "hostname", "elsewhere"]);
    let run = on(&server, &["workers", "stop", "w1", "--via", "systemd", "-o", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let reason = "it runs on host `elsewhere`: its process manager is there";
    assert_eq!(rows(&run)[0]["reason"], reason);
    for more in [["--via", "docker"], ["--via", ""]] {
        assert_eq!(on(&server, &[&["workers", "stop", "w1"][..], &more].concat()).code, 64);
    }
    let now = ["workers", "stop", "w1", "--via", "systemd", "--now"];
    assert_eq!(on(&server, &now).code, 64);
    assert!(worker.lives());
}

/// Two scripts that behave as systemd and systemctl do with one unit, in a control group of its own.
struct Systemd {
    child: Child,
    folder: PathBuf,
    group: PathBuf,
}

/// Starts the worker again until it is told to stop; the parent's name tells who it is.
const SYSTEMD: &str = r#"#!/bin/sh
while [ ! -e stopped ]; do
    "$@" &
    echo $! >main
    wait $!
    rm -f main
done
"#;

/// Ends the main process, and waits for its end or for the next one.
const SYSTEMCTL: &str = r#"#!/bin/sh
case "$*" in
"show --property=MainPID -- "*) echo "MainPID=$(cat main)"; exit ;;
"--no-ask-password stop -- "*) touch stopped ;;
"--no-ask-password restart -- "*) ;;
*) echo "Unknown operation $*" >&2; exit 1 ;;
esac
old=$(cat main)
kill -TERM "$old"
while kill -0 "$old" 2>/dev/null; do sleep 0.1; done
"#;

impl Systemd {
    /// `None` where no control group can be made, as everywhere but for root.
    fn start(rq: &Rq, server: &RedisServer) -> Option<Self> {
        let folder = rq.folder().to_owned();
        let group = ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup"].iter().find_map(|root| {
            let group = Path::new(root).join(format!("jobctl-{}.service", std::process::id()));
            fs::create_dir(&group).ok()?;
            if group.join("cgroup.procs").exists() {
                return Some(group);
            }
            let _ = fs::remove_dir(&group);
            None
        })?;
        for (name, script) in [("systemd", SYSTEMD), ("systemctl", SYSTEMCTL)] {
            fs::write(folder.join(name), script).unwrap();
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        let log = File::create(folder.join("systemd.log")).unwrap();
        let enter = r#"echo $$ >"$0/cgroup.procs" && exec ./systemd "$@""#;
        let child = Command::new("sh")
            .args(["-c", enter])
            .arg(&group)
            .arg(venv("rq-2.6.1").join("bin/rq"))
            .args(["worker", "--name", "w1", "--url", &server.url(), "default"])
            .env("PYTHONPATH", &folder)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Some(Self { child, folder, group })
    }

    fn main(&self) -> Option<i32> {
        fs::read_to_string(self.folder.join("main")).ok()?.trim().parse().ok()
    }

    fn jobctl(&self, server: &RedisServer, arguments: &[&str]) -> Run {
        let path = format!("{}:/usr/bin:/bin", self.folder.display());
        let jobctl = jobctl(["--redis", &server.url()].iter().chain(arguments));
        jobctl.env("PATH", path).cwd(&self.folder).run()
    }
}

impl Drop for Systemd {
    fn drop(&mut self) {
        let _ = fs::write(self.folder.join("stopped"), "");
        let main = self.main();
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(main) = main {
            let _ = kill(Pid::from_raw(main), Signal::SIGKILL);
        }
        for _ in 0..200 {
            if fs::remove_dir(&self.group).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn worker_of_a_unit_is_restarted_and_stopped_by_systemctl() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let Some(systemd) = Systemd::start(&rq, &server) else { return };
    wait_until(LONG, "the worker", || (names(&server) == ["w1"]).then_some(()));
    let plain = systemd.jobctl(&server, &["workers", "stop", "w1", "-o", "json"]);
    assert_eq!((plain.code, &rows(&plain)[0]["manager"]), (1, &json!("systemd")), "{plain:?}");
    assert!(
        rows(&plain)[0]["hints"][0].to_string().contains("systemctl stop jobctl-"),
        "{plain:?}"
    );
    let first = systemd.main().unwrap();
    let via = |verb: &str| {
        let arguments = ["workers", verb, "w1", "--via", "systemd", "--wait", "100", "-o", "json"];
        systemd.jobctl(&server, &arguments)
    };
    let run = via("restart");
    assert_eq!((run.code, &rows(&run)[0]["turn"]), (0, &json!("restarted")), "{run:?}");
    let second = systemd.main().unwrap();
    assert_ne!(first, second);
    // Another main process than the worker's: nothing is told.
    fs::write(systemd.folder.join("main"), first.to_string()).unwrap();
    let other = via("stop");
    assert_eq!((other.code, &rows(&other)[0]["turn"]), (1, &json!("left_alone")), "{other:?}");
    assert!(rows(&other)[0]["reason"].to_string().contains("the main process of"), "{other:?}");
    fs::write(systemd.folder.join("main"), second.to_string()).unwrap();
    let run = via("stop");
    assert_eq!((run.code, &rows(&run)[0]["turn"]), (0, &json!("stopped")), "{run:?}");
    assert!(names(&server).is_empty());
}

/// A worker as the first process of a PID namespace of its own, as in a container that keeps the
/// host's name; ends with the value.
struct Container(Child);

impl Container {
    fn start(rq: &Rq, server: &RedisServer) -> Self {
        let log = File::create(rq.folder().join("container.log")).unwrap();
        let child = Command::new("unshare")
            .args(["--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL"])
            .arg(venv("rq-2.6.1").join("bin/rq"))
            .args(["worker", "--name", "w1", "--url", &server.url(), "default"])
            .env("PYTHONPATH", rq.folder())
            .current_dir(rq.folder())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Runs jobctl beside the worker, in its namespaces.
    fn inside(&self, server: &RedisServer, arguments: &[&str]) -> (i32, String) {
        let pid = self.0.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let output = Command::new("nsenter")
            .args(["--target", children.trim(), "--pid", "--mount"])
            .args([env!("CARGO_BIN_EXE_jobctl"), "--redis", &server.url()])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.code().unwrap_or(-1), text)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn first_process_of_a_container_is_known_as_such_and_its_id_means_nobody_outside() {
    // Only root can make a namespace without further ado, and not in every container.
    let made = Command::new("unshare").args(["--pid", "--fork", "--mount-proc", "true"]).output();
    let may = made.is_ok_and(|made| made.status.success());
    if !may || !Path::new("/usr/bin/nsenter").exists() {
        return;
    }
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let container = Container::start(&rq, &server);
    wait_until(LONG, "the worker", || (names(&server) == ["w1"]).then_some(()));
    let pid: u32 =
        redis::cmd("HGET").arg("rq:worker:w1").arg("pid").query(&mut server.client()).unwrap();
    assert_eq!(pid, 1);
    let (code, text) =
        container.inside(&server, &["workers", "restart", "w1", "-o", "json", "--wait", "5"]);
    assert_eq!(code, 1, "{text}");
    let report: Value = serde_json::from_str(&text).unwrap();
    let row = &report["data"]["workers"][0];
    assert_eq!((&row["manager"], &row["turn"]), (&json!("container"), &json!("left_alone")));
    // Outside, process 1 is somebody else: no dump, and it is stopped by its name alone.
    let dump = on(&server, &["workers", "dump", "w1"]);
    assert_eq!(dump.code, 77, "{dump:?}");
    assert!(dump.stderr.contains("it runs in a container: there it is process 1"), "{dump:?}");
    assert!(dump.stderr.contains("nsenter --target "), "{dump:?}");
    let run = on(&server, &["workers", "stop", "w1", "--wait", "100", "-o", "json"]);
    assert_eq!((run.code, &rows(&run)[0]["by"]), (0, &json!("command")), "{run:?}");
    wait_until(LONG, "the worker to end", || names(&server).is_empty().then_some(()));
}
