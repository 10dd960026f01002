//! How configuration files are written: beside Frappe's own writers, and byte for byte like them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::process::{Command, Stdio};

use nix::fcntl::{Flock, FlockArg};
use nix::unistd::geteuid;
use serde_json::Value;

use super::{ends, key, on, text};
use crate::support::bench::Bench;
use crate::support::redis::RedisServer;

/// Sets keys one after the other as Frappe does: lock, read, truncate, rewrite. Source:
/// `update_site_config` in `frappe/installer.py`.
const WRITER: &str = r#"
import fcntl, json, os, sys
site, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
path = os.path.join(site, "site_config.json")
for n in range(count):
    lock = os.open(os.path.join(site, "locks/site_config.lock"), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with open(path) as f:
        config = json.loads(f.read())
    config[f"{name}_{n}"] = n
    with open(path, "w") as f:
        f.write(json.dumps(config, indent=1, sort_keys=True))
    fcntl.flock(lock, fcntl.LOCK_UN)
    os.close(lock)
"#;

/// Writes a configuration of odd values per site, and beside it what Frappe would make of it with
/// the scheduler paused.
const GENERATE: &str = r#"
import json, os, random, sys
random.seed(4)
def text():
    signs = ["a", "Z", "_", " ", "\"", "\\", "/", "\n", "\t", "\b", "\f", "\x7f", "\x01", "é", "ß", "€", "\u2028", "\ud7ff", "😀", "\U0010ffff"]
    return "".join(random.choice(signs) for _ in range(random.randrange(8)))
def number():
    return random.choice([
        random.randrange(-10**6, 10**6), random.randrange(10**30), -random.randrange(2**70),
        random.uniform(-1, 1), random.uniform(-1e20, 1e20), random.random() * 10.0 ** random.randrange(-300, 300),
        float(random.randrange(10**17)), 0.0, -0.0, 5e-324, 1e16, 123456789.0])
def value(depth):
    kinds = [text, number, lambda: None, lambda: random.random() < 0.5]
    if depth:
        kinds += [lambda: [value(depth - 1) for _ in range(random.randrange(4))],
                  lambda: {text(): value(depth - 1) for _ in range(random.randrange(4))}]
    return random.choice(kinds)()
for n in range(int(sys.argv[2])):
    config = {text(): value(3) for _ in range(random.randrange(9))}
    site = os.path.join(sys.argv[1], f"site{n}")
    os.makedirs(site)
    with open(os.path.join(site, "site_config.json"), "w", encoding="utf-8") as f:
        json.dump(config, f, ensure_ascii=n % 2 == 0, indent=random.choice([None, 0, 4]))
    config["pause_scheduler"] = True
    with open(os.path.join(site, "expected"), "w") as f:
        f.write(json.dumps(config, indent=1, sort_keys=True))
"#;

fn python(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("python3");
    command.arg("-c").arg(script).args(arguments).stdin(Stdio::null());
    command
}

fn bench() -> (RedisServer, Bench) {
    let server = RedisServer::start();
    let mut bench = Bench::new("15.44.2", &server);
    bench.site("erp");
    (server, bench)
}

#[test]
fn pause_beside_thousands_of_writes_of_frappe_loses_no_key() {
    const WRITERS: usize = 4;
    const WRITES: usize = 600;
    let (_server, bench) = bench();
    let site = bench.root().join("sites/erp");
    fs::create_dir(site.join("locks")).unwrap();
    let mut writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            let (name, count) = (format!("w{n}"), WRITES.to_string());
            python(WRITER, &[site.to_str().unwrap(), &name, &count]).spawn().unwrap()
        })
        .collect();
    let mut turns = 0;
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) || turns < 10 {
        let verb = if turns % 2 == 0 { "pause" } else { "resume" };
        ends(0, &bench, &["scheduler", verb, "--site", "erp", "--no-undo"]);
        turns += 1;
    }
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let config: Value = serde_json::from_str(&text(&bench, "erp")).unwrap();
    for writer in 0..WRITERS {
        for n in 0..WRITES {
            assert_eq!(config[format!("w{writer}_{n}")], n, "after {turns} turns");
        }
    }
    assert_eq!(config["pause_scheduler"], turns % 2 == 1);
}

#[test]
fn file_after_a_switch_is_byte_for_byte_what_python_writes() {
    const SITES: usize = 300;
    let server = RedisServer::start();
    let bench = Bench::new("15.44.2", &server);
    let sites = bench.root().join("sites");
    let made = python(GENERATE, &[sites.to_str().unwrap(), &SITES.to_string()]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    ends(0, &bench, &["pause-scheduler", "--site", "all"]);
    for n in 0..SITES {
        let expected = fs::read_to_string(sites.join(format!("site{n}/expected"))).unwrap();
        assert_eq!(text(&bench, &format!("site{n}")), expected);
    }
}

#[test]
fn switch_keeps_owner_and_mode_and_gives_the_lock_to_the_sites_owner() {
    let (_server, bench) = bench();
    let site = bench.root().join("sites/erp");
    let path = site.join("site_config.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let root = geteuid().is_root();
    if root {
        chown(&path, Some(4711), Some(4712)).unwrap();
        chown(&site, Some(4711), Some(4711)).unwrap();
    }
    let before = path.metadata().unwrap();
    ends(0, &bench, &["pause-scheduler", "--site", "erp"]);
    let after = path.metadata().unwrap();
    let owner = |file: &fs::Metadata| (file.uid(), file.gid(), file.mode());
    assert_eq!(owner(&before), owner(&after));
    if root {
        let lock = site.join("locks/site_config.lock").metadata().unwrap();
        assert_eq!((lock.uid(), lock.mode() & 0o777), (4711, 0o644));
    }
}

#[test]
fn site_whose_folder_cannot_be_written_is_named_and_keeps_its_file() {
    let (_server, bench) = bench();
    let site = bench.root().join("sites/erp");
    fs::create_dir(site.join("locks")).unwrap();
    let open = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(bench.root(), 0o755);
    open(&bench.root().join("config"), 0o777);
    open(&site.join("locks"), 0o777);
    open(&site, 0o555);
    let before = text(&bench, "erp");
    let arguments = ["--bench", bench.root().to_str().unwrap(), "pause-scheduler", "--site", "erp"];
    let binary = env!("CARGO_BIN_EXE_jobctl");
    let mut command = Command::new(if geteuid().is_root() { "setpriv" } else { binary });
    if geteuid().is_root() {
        command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", binary]);
    }
    let output = command.args(arguments).env_clear().env("PATH", "/usr/bin:/bin").output().unwrap();
    open(&site, 0o755);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(77), "{said}");
    assert!(said.contains("sites/erp/site_config.json"), "{said}");
    assert_eq!(text(&bench, "erp"), before);
}

#[test]
fn lock_held_by_another_process_ends_with_75_and_its_name() {
    let (_server, bench) = bench();
    let site = bench.root().join("sites/erp");
    fs::create_dir(site.join("locks")).unwrap();
    let file = fs::File::create(site.join("locks/site_config.lock")).unwrap();
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).unwrap();
    let run = ends(75, &bench, &["pause-scheduler", "--site", "erp", "--timeout", "200ms"]);
    let pid = std::process::id().to_string();
    assert!(run.stderr.contains(&pid), "{}", run.stderr);
    drop(lock);
    ends(0, &bench, &["pause-scheduler", "--site", "erp", "--timeout", "200ms"]);
}

#[test]
fn kill_while_a_file_is_written_leaves_the_old_or_the_new_one_and_undo_takes_it_back() {
    for point in ["switch-journalled", "config-beside", "config-written", "switch-turned"] {
        let (_server, bench) = bench();
        let before = text(&bench, "erp");
        let run =
            on(&bench, &["pause-scheduler", "--site", "erp"]).env("JOBCTL_TEST_FAULT", point).run();
        assert_eq!(run.code, -1, "{point}: {}", run.stderr);
        let paused = key(&bench, "erp", "pause_scheduler").is_some();
        assert_eq!(paused, matches!(point, "config-written" | "switch-turned"), "{point}");
        let list = ends(0, &bench, &["ops", "list", "-o", "json"]).json();
        let op = list["data"]["ops"][0]["op_id"].as_str().unwrap().to_owned();
        ends(0, &bench, &["undo", &op]);
        assert_eq!(key(&bench, "erp", "pause_scheduler"), None, "{point}");
        let known: Value = serde_json::from_str(&before).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text(&bench, "erp")).unwrap(), known);
        // What the crash left beside is used again, not left to gather.
        ends(0, &bench, &["pause-scheduler", "--site", "erp"]);
        let left = fs::read_dir(bench.root().join("sites/erp")).unwrap().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).filter(|n| n != "locks").collect();
        assert_eq!(left, ["site_config.json"], "{point}");
    }
}
