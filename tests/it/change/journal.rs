//! The journal on disk: whose it is, and that nothing is changed without it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::{TempDir, tempdir};

use super::{data, done, enqueue_raw, list, on, op_of};
use crate::support::env::jobctl;
use crate::support::redis::RedisServer;

fn one_job() -> RedisServer {
    let server = RedisServer::start();
    enqueue_raw(&server, "q", ["one".to_owned()]);
    server
}

/// A directory that passes for a bench with no sites.
fn bench() -> TempDir {
    let folder = tempdir().unwrap();
    for part in ["apps/frappe/frappe", "sites", "config"] {
        std::fs::create_dir_all(folder.path().join(part)).unwrap();
    }
    std::fs::write(folder.path().join("sites/common_site_config.json"), "{\"bench_id\": \"b\"}")
        .unwrap();
    std::fs::write(
        folder.path().join("apps/frappe/frappe/__init__.py"),
        "__version__ = \"15.44.2\"\n",
    )
    .unwrap();
    folder
}

fn on_bench(server: &RedisServer, bench: &Path, arguments: &[&str]) -> crate::support::env::Run {
    let (url, bench) = (server.url(), bench.display().to_string());
    let all = ["--bench", &bench, "--redis", &url].into_iter().chain(arguments.iter().copied());
    jobctl(all).run()
}

fn journals(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(journals(&path));
        } else if path.extension().is_some_and(|e| e == "journal" || e == "jsonl") {
            found.push(path);
        }
    }
    found
}

#[test]
fn journal_that_cannot_be_written_refuses_before_anything_is_changed() {
    let server = one_job();
    let state = tempdir().unwrap();
    std::fs::write(state.path().join("jobctl"), "in the way").unwrap();
    let run = on(&server, state.path(), &["jobs", "delete", "one"]).run();
    assert!([73, 74].contains(&run.code), "{}: {}", run.code, run.stderr);
    assert_eq!(list(&server, "q"), ["one"]);
    done(&server, state.path(), &["jobs", "delete", "one", "--dry-run"]);
}

#[test]
fn disk_that_fills_up_refuses_before_anything_is_changed() {
    let server = RedisServer::start();
    enqueue_raw(&server, "q", ["one".to_owned()]);
    // Random enough that it does not compress below the limit.
    let mut random = 88_172_645_463_325_252_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_le_bytes()[0]
    })
    .take(100_000)
    .collect();
    redis::cmd("HSET").arg("rq:job:one").arg("meta").arg(noise).exec(&mut server.client()).unwrap();
    let state = tempdir().unwrap();
    let output = Command::new("sh")
        .arg("-c")
        // Blocks of 512 bytes; the signal that would end the process is ignored.
        .arg("trap '' XFSZ; ulimit -f 16; exec \"$0\" --redis \"$1\" jobs delete one")
        .arg(env!("CARGO_BIN_EXE_jobctl"))
        .arg(server.url())
        .env("XDG_STATE_HOME", state.path())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(74), "{errors}");
    assert_eq!(list(&server, "q"), ["one"]);
}

#[test]
fn journal_of_a_bench_is_private_and_belongs_to_its_owner_also_when_root_writes_it() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let server = RedisServer::builder().config("unixsocketperm", "777").start();
    std::fs::set_permissions(
        server.socket().parent().unwrap(),
        std::fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    enqueue_raw(&server, "b:q", ["one", "two"].map(str::to_owned));
    let bench = bench();
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    for path in ["", "apps", "sites", "config", "sites/common_site_config.json"] {
        let path = bench.path().join(path);
        nix::unistd::chown(&path, Some(nobody.uid), Some(nobody.gid)).unwrap();
    }
    std::fs::set_permissions(bench.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let run = on_bench(&server, bench.path(), &["jobs", "delete", "one"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let op = op_of(&run);
    let config = bench.path().join("config/jobctl");
    for path in journals(&config).into_iter().chain([config.clone(), config.join("ops")]) {
        let metadata = path.metadata().unwrap();
        assert_eq!(metadata.uid(), nobody.uid.as_raw(), "{}", path.display());
        assert_eq!(metadata.mode() & 0o077, 0, "{}", path.display());
    }
    // Then as the bench's user: a mutation of its own, and the undo of root's. The binary may lie
    // where that user may not go, so it is copied.
    let copy = tempdir().unwrap();
    std::fs::set_permissions(copy.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let binary = copy.path().join("jobctl");
    std::fs::copy(env!("CARGO_BIN_EXE_jobctl"), &binary).unwrap();
    for arguments in [&["jobs", "delete", "two"][..], &["undo", &op]] {
        let output = Command::new("setpriv")
            .args([
                "--reuid",
                &nobody.uid.to_string(),
                "--regid",
                &nobody.gid.to_string(),
                "--clear-groups",
            ])
            .arg(&binary)
            .arg("--bench")
            .arg(bench.path())
            .args(["--redis", &server.url()])
            .args(arguments)
            .env_clear()
            .env("HOME", "/nonexistent")
            .current_dir("/")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
    }
    assert_eq!(list(&server, "b:q"), ["one"]);
}

#[test]
fn link_out_of_the_bench_is_not_followed() {
    let server = RedisServer::start();
    enqueue_raw(&server, "b:q", ["one".to_owned()]);
    for link in ["config", "config/jobctl", "config/jobctl/ops"] {
        let (bench, outside) = (bench(), tempdir().unwrap());
        let path = bench.path().join(link);
        if link == "config" {
            std::fs::remove_dir(&path).unwrap();
        }
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(outside.path(), &path).unwrap();
        let run = on_bench(&server, bench.path(), &["jobs", "delete", "one"]);
        assert_eq!(run.code, 73, "{link}: {}", run.stderr);
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0, "{link}");
        assert_eq!(list(&server, "b:q"), ["one"], "{link}");
    }
}

#[test]
fn audit_line_says_who_and_why_without_secrets() {
    let server = RedisServer::builder().password("hunter2").start();
    enqueue_raw(&server, "q", ["one".to_owned()]);
    let state = tempdir().unwrap();
    let reason = ["jobs", "delete", "one", "--reason", "stuck, password=hunter2"];
    let run = on(&server, state.path(), &reason).env("SUDO_USER", "anna").run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    let text = std::fs::read_to_string(state.path().join("jobctl/audit.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains("hunter2"), "{text}");
    let line: serde_json::Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(line["actor"]["sudo_user"], "anna");
    assert_eq!(line["verb"], "delete");
    assert_eq!(line["changed"], 1);
    assert!(line["command"].as_str().unwrap().contains("jobs delete one"));
}

#[test]
fn state_folder_that_is_not_there_yet_is_made_private() {
    let server = one_job();
    let home = tempdir().unwrap();
    let state = home.path().join("not/there/yet");
    done(&server, &state, &["jobs", "delete", "one"]);
    let mode = state.join("jobctl").metadata().unwrap().mode();
    assert_eq!(mode & 0o077, 0);
    assert_eq!(journals(&state).len(), 2);
}

#[test]
fn no_undo_keeps_no_journal_but_the_audit_line() {
    let server = one_job();
    let state = tempdir().unwrap();
    let run = done(&server, state.path(), &["jobs", "delete", "one", "--no-undo", "-o", "json"]);
    assert_eq!(data(&run)["undoable"], false);
    assert!(!run.stderr.contains("undo with"), "{}", run.stderr);
    assert_eq!(journals(state.path()).len(), 1);
    assert!(list(&server, "q").is_empty());
}

#[test]
fn ops_list_show_and_prune_tell_what_is_kept() {
    let server = one_job();
    let state = tempdir().unwrap();
    let op = op_of(&done(&server, state.path(), &["jobs", "delete", "one", "--reason", "test"]));
    let shown = data(&done(&server, state.path(), &["ops", "show", &op, "-o", "json"]));
    assert_eq!(shown["jobs"][0]["id"], "one");
    assert_eq!(shown["reason"], "test");
    done(&server, state.path(), &["undo", &op]);
    let ops = data(&done(&server, state.path(), &["ops", "list", "-o", "json"]));
    assert_eq!(ops["ops"].as_array().unwrap().len(), 2);
    assert_eq!(ops["ops"][1]["undone_by"], ops["ops"][0]["op_id"]);
    let pruned = data(&done(
        &server,
        state.path(),
        &["ops", "prune", "--older-than", "0.001", "-o", "json"],
    ));
    assert_eq!(pruned["pruned"].as_array().unwrap().len(), 2);
    let ops = data(&done(&server, state.path(), &["ops", "list", "-o", "json"]));
    assert!(ops["ops"].as_array().unwrap().is_empty());
}

#[test]
fn unfinished_journal_is_never_pruned() {
    let server = one_job();
    let state = tempdir().unwrap();
    on(&server, state.path(), &["jobs", "delete", "one"])
        .env("JOBCTL_TEST_FAULT", "script-replied")
        .run();
    let pruned = data(&done(
        &server,
        state.path(),
        &["ops", "prune", "--older-than", "0.001", "-o", "json"],
    ));
    assert!(pruned["pruned"].as_array().unwrap().is_empty());
}

#[test]
fn journal_that_was_cut_is_told_and_its_undo_fails() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    enqueue_raw(&server, "q", (0..5).map(|n| format!("job-{n}")));
    let op = op_of(&done(&server, state.path(), &["jobs", "delete", "--all"]));
    let path = state.path().join(format!("jobctl/ops/{op}.journal"));
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    // Behind the header, in the middle of the images.
    let bytes = std::fs::read(&path).unwrap();
    let magic = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let length = u32::from_le_bytes(bytes[magic + 5..magic + 9].try_into().unwrap());
    file.set_len(magic as u64 + 13 + u64::from(length) + 40).unwrap();
    std::fs::write(path.with_file_name("20200101T000000-000000.journal"), "garbage").unwrap();
    let ops = data(&done(&server, state.path(), &["ops", "list", "-o", "json"]));
    let damaged: Vec<_> = (0..2).map(|at| ops["ops"][at]["damaged"].clone()).collect();
    assert_eq!(damaged, [true, true]);
    assert_eq!(ops["ops"][1]["op_id"], "20200101T000000-000000");
    let shown = done(&server, state.path(), &["ops", "show", &op]);
    assert!(shown.stdout.contains("damaged"), "{}", shown.stdout);
    for more in [&["--dry-run"][..], &[]] {
        let words = [&["undo", op.as_str()], more].concat();
        let undo = on(&server, state.path(), &words).run();
        assert_eq!(undo.code, 1, "{undo:?}");
        assert!(undo.stdout.contains("0 jobs of 5 planned are in it"), "{undo:?}");
    }
}
