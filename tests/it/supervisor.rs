//! `jobctl supervisor`: what it makes has none of the faults that it finds.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::support::bench::Bench;
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;

fn bench() -> (RedisServer, Bench) {
    let server = RedisServer::start();
    let mut bench = Bench::new("15.44.2", &server);
    bench.set("background_workers", 2);
    bench.set("workers", json!({"imports": {"timeout": 5000, "background_workers": 3}}));
    (server, bench)
}

fn on(bench: &Bench, arguments: &[&str]) -> Run {
    let target = ["--bench", bench.root().to_str().unwrap(), "supervisor"];
    jobctl(target.iter().chain(arguments)).run()
}

fn faults(run: &Run) -> Vec<String> {
    let faults = run.json()["data"]["faults"].as_array().unwrap().clone();
    let text = |fault: &serde_json::Value| {
        let process = fault["process"].as_str().unwrap_or("-");
        format!("{process}: {}", fault["what"].as_str().unwrap())
    };
    faults.iter().map(text).collect()
}

/// The definition as `bench setup supervisor` of bench 5 writes it, cut to what matters.
fn of_bench(bench: &Bench, stop_s: u32) -> String {
    let root = bench.root().display().to_string();
    let program = |name: &str, command: &str, stop_s: u32| {
        format!(
            "[program:b-frappe-{name}]\ncommand=/usr/local/bin/bench {command}\nuser=frappe\n\
             autostart=true\nautorestart=true\nstopwaitsecs={stop_s}\nkillasgroup=true\n\
             directory={root}\nnumprocs=1\n\n"
        )
    };
    program("schedule", "schedule", 10)
        + &program("short-worker", "worker --queue short,default", 360)
        + &program("long-worker", "worker --queue long,default,short", stop_s)
        + &program("imports-worker", "worker --queue imports", 5000)
}

#[test]
fn check_of_what_bench_writes_finds_no_fault_and_of_changes_each_of_them() {
    let (_server, bench) = bench();
    bench.write("config/supervisor.conf", &of_bench(&bench, 1560));
    let path = bench.root().join("config/supervisor.conf");
    let file = path.to_str().unwrap();
    let run = on(&bench, &["check", file, "-o", "json"]);
    assert_eq!((run.code, faults(&run).len()), (0, 0), "{run:?}");

    let broken = of_bench(&bench, 300)
        .replace("b-frappe-schedule]\ncommand=/usr/local/bin/bench schedule", "b-x]\ncommand=true")
        .replace("worker --queue imports", "worker --queue import")
        .replacen("killasgroup=true\n", "", 2);
    bench.write("config/supervisor.conf", &broken);
    let run = on(&bench, &["check", file, "-o", "json"]);
    let found = faults(&run).join("\n");
    assert_eq!(run.code, 1);
    for expected in [
        "b-frappe-short-worker: killasgroup is missing",
        "b-frappe-long-worker: stopwaitsecs is 300 s, and a job of its queues may run for 1500 s",
        "b-frappe-imports-worker: it serves `import`, which",
        "-: no process serves queue `imports`",
        "-: no process is the scheduler",
    ] {
        assert!(found.contains(expected), "{expected}\n{found}");
    }
    assert_eq!(found.lines().count(), 5, "{found}");
    let shown = on(&bench, &["check", file]);
    assert!(shown.stdout.starts_with("5 faults  in 3 definitions"), "{}", shown.stdout);
    assert!(shown.stdout.contains("stopwaitsecs=1560"), "{}", shown.stdout);
}

#[test]
fn generated_definitions_have_no_faults() {
    let (_server, bench) = bench();
    for pool in [&[][..], &["--pool"]] {
        let run = on(&bench, &[&["generate"], pool].concat());
        assert_eq!(run.code, 0, "{run:?}");
        bench.write("config/made.conf", &run.stdout);
        let path = bench.root().join("config/made.conf");
        let run = on(&bench, &["check", path.to_str().unwrap(), "-o", "json"]);
        assert_eq!((run.code, faults(&run).len()), (0, 0), "{run:?}");
        let rows = run.json()["data"]["processes"].clone();
        let imports =
            rows.as_array().unwrap().iter().find(|row| row["queues"] == json!(["imports"]));
        assert_eq!(imports.unwrap()["stop_s"], 5060);

        let run = on(&bench, &[&["generate", "--format", "systemd", "-o", "json"], pool].concat());
        let made = run.json()["data"]["definitions"].as_array().unwrap().clone();
        let mut files = Vec::new();
        for unit in &made {
            let name = unit["file"].as_str().unwrap().rsplit('/').next().unwrap();
            let path = bench.root().join(name);
            fs::write(&path, unit["text"].as_str().unwrap()).unwrap();
            if name.ends_with(".service") {
                files.push(path.display().to_string());
            }
        }
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        assert_eq!(complaints(&bench), "", "{made:#?}");
        let run = on(&bench, &[&["check", "-o", "json"], &files[..]].concat());
        assert_eq!((run.code, faults(&run).len()), (0, 0), "{run:?}");
    }
}

/// What systemd itself has against the units in the bench's root; nothing where it is not installed.
///
/// The Python that they call is made here, as systemd wants it to be there.
fn complaints(bench: &Bench) -> String {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return String::new();
    }
    let python = bench.root().join("env/bin/python");
    fs::create_dir_all(python.parent().unwrap()).unwrap();
    let _ = std::os::unix::fs::symlink("/bin/true", &python);
    let units = fs::read_dir(bench.root()).unwrap().map(|entry| entry.unwrap().path());
    let is_unit =
        |path: &PathBuf| path.extension().is_some_and(|e| e == "service" || e == "target");
    let mut units: Vec<PathBuf> = units.filter(is_unit).collect();
    // What others wrote into this machine's units is not ours: only lines that name ours count.
    let root = bench.root().display().to_string();
    units.sort();
    let said = Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--recursive-errors=no"])
        .args(&units)
        .output()
        .unwrap();
    let said = String::from_utf8(said.stderr).unwrap();
    let of_ours = |line: &&str| {
        line.contains(&root)
            || units.iter().any(|u| line.starts_with(u.file_name().unwrap().to_str().unwrap()))
    };
    said.lines().filter(of_ours).collect::<Vec<_>>().join("\n")
}

#[test]
fn check_of_a_bench_without_definitions_and_of_an_unreadable_file_says_so() {
    let (_server, bench) = bench();
    bench.write("empty.conf", "");
    let empty = bench.root().join("empty.conf");
    assert_eq!(on(&bench, &["check", empty.to_str().unwrap()]).code, 66);
    assert_eq!(on(&bench, &["check", "/nowhere/x.conf"]).code, 66);
    assert_eq!(on(&bench, &["check", "/"]).code, 74);
    assert_eq!(on(&bench, &["check", env!("CARGO_BIN_EXE_jobctl")]).code, 65);
    bench.write("torn.conf", &of_bench(&bench, 1560).replace("long-worker]", "long-worker"));
    let torn = on(&bench, &["check", bench.root().join("torn.conf").to_str().unwrap()]);
    assert_eq!(torn.code, 65, "{torn:?}");
    let pool = of_bench(&bench, 1560).replace(
        "/usr/local/bin/bench worker --queue long,",
        "jobctl worker-pool --grace 10s --queue long,",
    );
    bench.write("pool.conf", &pool);
    let run =
        on(&bench, &["check", bench.root().join("pool.conf").to_str().unwrap(), "-o", "json"]);
    let expected = "b-frappe-long-worker: --grace is 10 s, and jobs of its queues may run for \
                    1500 s: a stop cuts them off";
    assert_eq!(faults(&run), [expected]);
    let plain = jobctl(["--redis", "redis://127.0.0.1:1", "supervisor", "generate"]).run();
    assert_eq!(plain.code, 64, "{plain:?}");
}
