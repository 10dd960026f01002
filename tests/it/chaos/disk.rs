//! Disks that fill up, are full, or may not be written.

use std::path::Path;
use std::process::Command;

use tempfile::{TempDir, tempdir};

use super::{VERBS, Verb, leavings, newest};
use crate::change::{assert_same, data, done, list, on, snapshot};
use crate::support::env::jobctl;
use crate::support::redis::RedisServer;

/// Gives every job of the list so much that compresses badly: hex digits of running numbers' hashes.
const FILL: &str = "
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local noise = {}
  for k = 1, 50 do noise[k] = redis.sha1hex(id .. k) end
  redis.call('HSET', 'rq:job:' .. id, 'meta', table.concat(noise))
end";

#[test]
fn disk_that_fills_up_in_the_middle_stops_it_with_what_was_done_undoable() {
    for words in [&["purge-jobs", "--queue", "q"][..], &["jobs", "delete", "--queue", "q"]] {
        let server = RedisServer::start();
        let state = tempdir().unwrap();
        super::PURGE.prepare(&server, 2_000);
        server.cmd(&["EVAL", FILL, "1", "rq:queue:q"]);
        let before = snapshot(&server);
        // Blocks of 512 bytes; the signal that would end the process is ignored.
        let limited = "trap '' XFSZ; ulimit -f 2600; exec \"$0\" \"$@\"";
        let output = Command::new("sh")
            .args(["-c", limited, env!("CARGO_BIN_EXE_jobctl"), "--redis", &server.url()])
            .args(words)
            .env("XDG_STATE_HOME", state.path())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(74), "{errors}");
        let left = list(&server, "q").len();
        assert!((1..2_000).contains(&left), "{left} of 2000 are left: {errors}");
        let op = newest(&server, state.path()).unwrap();
        assert!(errors.contains(&format!("undo {op}")), "{errors}");
        done(&server, state.path(), &["undo", &op]);
        assert_same(&before, &snapshot(&server));
        assert_eq!(leavings(&server), [""; 0]);
    }
}

/// A file system in memory; gone with the value.
struct Mount(TempDir);

impl Mount {
    /// `None` where this user may not mount.
    fn new(options: &str) -> Option<Self> {
        let folder = tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(folder.path())
            .output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

/// Runs every verb and expects that it changes nothing.
fn refuses_everything(state: &Path, codes: &[i32], says: &str) {
    for verb in VERBS {
        let server = RedisServer::start();
        verb.prepare(&server, 10);
        let before = snapshot(&server);
        let run = on(&server, state, verb.words).run();
        assert!(codes.contains(&run.code), "{verb:?}: {run:?}");
        assert!(run.stderr.contains(says), "{verb:?}: {run:?}");
        assert_same(&before, &snapshot(&server));
        assert_eq!(leavings(&server), [""; 0]);
    }
}

#[test]
fn disk_that_is_nearly_full_refuses_before_anything_is_changed() {
    let Some(disk) = Mount::new("size=8m") else { return };
    refuses_everything(disk.path(), &[74], "would stay free");
    // Without a journal there is nothing to keep.
    let server = RedisServer::start();
    let Verb { words, .. } = super::DELETE;
    super::DELETE.prepare(&server, 10);
    let words = [words, &["--no-undo", "-o", "json"]].concat();
    assert_eq!(data(&done(&server, disk.path(), &words))["removed"], 5);
}

#[test]
fn journal_that_may_not_be_written_refuses_before_anything_is_changed() {
    if let Some(disk) = Mount::new("ro") {
        refuses_everything(disk.path(), &[73, 74], disk.path().to_str().unwrap());
    }
    // A file stands where the folder should be: what also root cannot write.
    let state = tempdir().unwrap();
    std::fs::create_dir(state.path().join("jobctl")).unwrap();
    std::fs::write(state.path().join("jobctl/ops"), "in the way").unwrap();
    refuses_everything(state.path(), &[73, 74], "jobctl/ops");
}

#[test]
fn user_without_a_home_is_told_before_anything_is_changed() {
    let server = RedisServer::start();
    super::DELETE.prepare(&server, 10);
    let before = snapshot(&server);
    let url = server.url();
    let words = ["--redis", &url].into_iter().chain(super::DELETE.words.iter().copied());
    let run = jobctl(words).env("HOME", "").run();
    assert_eq!(run.code, 78, "{run:?}");
    assert_same(&before, &snapshot(&server));
}
