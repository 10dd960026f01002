//! `jobctl logs` end to end: real files, a real writer, rotation under load.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::env::{Run, jobctl};
use crate::support::wait::{PATIENCE, wait_until};

/// The present of every run.
const NOW: &str = "2026-11-21T12:00:00Z";

const FAILED: &str = "\
2026-11-21 11:30:00,500 [Job site1.localhost::abc]: exception raised while executing (shop.x)
Traceback (most recent call last):
  File \"x.py\", line 7, in x
    login(password='hunter2')
ValueError: no
";

/// A bench with two sites and logs, and no Redis anywhere.
fn bench() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    fs::create_dir_all(dir.path().join("apps")).unwrap();
    write("sites/common_site_config.json", "{}");
    for site in ["site1.localhost", "site2.localhost"] {
        write(&format!("sites/{site}/site_config.json"), "{}");
    }
    write(
        "logs/worker.log",
        "2026-11-21 11:00:00,000 default: shop.x(a=1) (site1.localhost::abc)\n\
         2026-11-21 11:45:00,000 default: Job OK (site2.localhost::def)\n",
    );
    write("logs/worker.error.log", FAILED);
    write("logs/frappe.log", "2026-11-21 11:40:00,000 ERROR frappe both sites\n");
    write("sites/site1.localhost/logs/frappe.log", "2026-11-21 11:40:00,000 ERROR frappe own\n");
    write("logs/web.log", "[2026-11-21 11:20:00 +0000] [7] [INFO] Listening\n");
    dir
}

fn logs<'a>(bench: &'a Path, arguments: impl IntoIterator<Item = &'a str>) -> Run {
    let all = ["--bench", bench.to_str().unwrap(), "logs"].into_iter().chain(arguments);
    jobctl(all).env("JOBCTL_TEST_NOW", NOW).run()
}

fn at_path<'a>(path: &'a Path, arguments: impl IntoIterator<Item = &'a str>) -> Run {
    let all = ["logs", "--source", path.to_str().unwrap()].into_iter().chain(arguments);
    jobctl(all).env("JOBCTL_TEST_NOW", NOW).run()
}

fn file(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.log");
    fs::write(&path, text).unwrap();
    (dir, path)
}

#[test]
fn logs_of_a_bench_are_merged_in_time_with_their_tracebacks() {
    let bench = bench();
    let run = logs(bench.path(), []);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let lines: Vec<_> = run.stdout.lines().collect();
    assert!(lines[0].starts_with("worker        2026-11-21 11:00:00,000"), "{}", run.stdout);
    assert!(lines[1].starts_with("worker.error  2026-11-21 11:30:00,500"));
    assert!(lines[5] == "worker.error  ValueError: no");
    assert!(lines[6].starts_with("frappe        2026-11-21 11:40:00,000 ERROR frappe both"));
    assert!(lines[7].starts_with("worker        2026-11-21 11:45:00,000"));
    assert_eq!(lines.len(), 8, "neither the web server nor the site's copy");
    assert!(!run.stdout.contains("hunter2"));
    assert!(logs(bench.path(), ["--show-secrets"]).stdout.contains("hunter2"));
}

#[test]
fn logs_are_narrowed_by_every_filter() {
    let bench = bench();
    for (arguments, expected) in [
        (&["--level", "error"][..], &["worker.error", "frappe"][..]),
        (&["--job", "site1.localhost::abc"], &["worker", "worker.error"]),
        (&["--job", "abc"], &["worker", "worker.error"]),
        (&["--job", "ab"], &[]),
        (&["--since", "25m"], &["frappe", "worker"]),
        (&["--since", "11:30", "--until", "11:40"], &["worker.error", "frappe"]),
        (&["--grep", "^ValueError", "--grep", "OK"], &["worker.error", "worker"]),
        (&["--exclude", "site|Value"], &[]),
        (&["-n", "1"], &["worker"]),
        (&["--since", "1h", "-n", "2"], &["frappe", "worker"]),
        (&["--source", "web,frappe"], &["web", "frappe"]),
        (&["--source", "w*r"], &["worker", "worker.error", "worker"]),
        (&["--site", "site1.localhost"], &["worker", "worker.error", "frappe"]),
        (&["--site", "site2.localhost"], &["worker"]),
    ] {
        let run = logs(bench.path(), arguments.iter().copied().chain(["-o", "jsonl"]));
        let sources: Vec<String> = run.stdout.lines().map(|line| field(line, "source")).collect();
        assert_eq!((sources, run.code), (expected.iter().map(ToString::to_string).collect(), 0));
    }
}

fn field(line: &str, name: &str) -> String {
    let value: Value = serde_json::from_str(line).unwrap();
    value[name].as_str().unwrap_or_default().to_owned()
}

#[test]
fn logs_as_json_carry_every_field() {
    let bench = bench();
    let run = logs(bench.path(), ["--source", "frappe", "--site", "site1.localhost", "-o", "json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(json["schema"], "jobctl.logs/1");
    assert_eq!(json["scope"]["sites"][0], "site1.localhost");
    let record = &json["data"]["records"][0];
    assert_eq!(record["source"], "frappe");
    assert_eq!(record["site"], "site1.localhost");
    assert_eq!(record["at"], "2026-11-21T11:40:00Z");
    assert_eq!(record["level"], "error");
    assert_eq!(record["text"], "2026-11-21 11:40:00,000 ERROR frappe own");
    assert_eq!(record["continued"], false);
    assert!(record["path"].as_str().unwrap().ends_with("sites/site1.localhost/logs/frappe.log"));
    let csv = logs(bench.path(), ["--source", "frappe", "-o", "csv"]).stdout;
    assert!(
        csv.starts_with("SOURCE,SITE,AT,LEVEL,TEXT\r\nfrappe,,2026-11-21T11:40:00Z,error,"),
        "{csv}"
    );
}

#[test]
fn logs_by_path_need_neither_bench_nor_redis() {
    let (_dir, path) = file("2026-11-21 11:00:00,000 one\n2026-11-21 11:01:00,000 two\n");
    let run = at_path(&path, ["-n", "1"]);
    assert_eq!((run.stdout.as_str(), run.code), ("2026-11-21 11:01:00,000 two\n", 0));
    let run = at_path(&path, ["-n", "all", "--utc"]);
    assert!(run.stdout.starts_with("2026-11-21 11:00:00.000Z one\n"), "{}", run.stdout);
}

#[test]
fn logs_since_read_compressed_rotations() {
    let (dir, path) = file("2026-11-21 11:02:00,000 three\n");
    let gz = File::create(dir.path().join("x.log.2.gz")).unwrap();
    let mut gz = GzEncoder::new(gz, Compression::fast());
    gz.write_all(b"2026-11-21 09:00:00,000 old\n2026-11-21 11:00:00,000 one\n").unwrap();
    gz.finish().unwrap();
    fs::write(dir.path().join("x.log.1"), "2026-11-21 11:01:00,000 two\n").unwrap();
    let run = at_path(&path, ["--since", "2h", "-o", "jsonl"]);
    let texts: Vec<_> =
        run.stdout.lines().map(|line| field(line, "text")[24..].to_owned()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let run = at_path(&dir.path().join("x.log.2.gz"), ["--grep", "old"]);
    assert_eq!(run.stdout, "2026-11-21 09:00:00,000 old\n");
    let cut = fs::read(dir.path().join("x.log.2.gz")).unwrap();
    fs::write(dir.path().join("x.log.2.gz"), &cut[..cut.len() / 2]).unwrap();
    let run = at_path(&path, ["--since", "2h"]);
    assert_eq!(run.code, 1, "one file of three could not be read");
    assert!(run.stdout.contains("two") && run.stderr.contains("x.log.2.gz"), "{}", run.stderr);
}

/// A line that begins with a day of its own (a licence's end, imported rows) hides no record.
#[test]
fn logs_between_instants_are_whole_whatever_times_stand_in_the_text() {
    let begin: jiff::Timestamp = "2026-11-21T09:00:00Z".parse().unwrap();
    let mut text = String::new();
    for number in 0..10_800_i64 {
        let at = begin + jiff::SignedDuration::from_secs(number);
        text.push_str(&format!("{} default: n={number}\n", at.strftime("%Y-%m-%d %H:%M:%S,000")));
        if number % 4_000 == 300 {
            text.push_str("2099-12-31 00:00:00 licence expires\n");
        }
        if number == 8_000 {
            text.push_str(&"2012-12-31 00:00:00 imported row\n".repeat(20_000));
        }
    }
    let (_dir, path) = file(text);
    for (flags, expected) in [
        (&["--until", "10m"][..], 10_201),
        (&["--since", "2h"], 7_200),
        (&["--since", "2h", "--until", "10m"], 6_601),
    ] {
        let run = at_path(&path, flags.iter().copied().chain(["-n", "all"]));
        let shown = run.stdout.lines().filter(|line| line.contains("n=")).count();
        assert_eq!((run.code, shown, run.stderr.as_str()), (0, expected, ""), "{flags:?}");
    }
}

#[test]
fn logs_say_once_what_compressed_rotations_are_left_out() {
    let (dir, path) = file("2026-11-21 11:00:00,000 new\n");
    for name in ["x.log.2.xz", "x.log.3.zst"] {
        fs::write(dir.path().join(name), "?").unwrap();
    }
    let run = at_path(&path, ["-n", "all"]);
    let packed = dir.path().join("x.log.2.xz");
    assert!(
        run.stderr.contains(&format!("unpacked it is: xz -dk {}", packed.display())),
        "{run:?}"
    );
    assert_eq!((run.code, run.stderr.matches("left out").count()), (0, 1), "{run:?}");
    assert_eq!(at_path(&path, ["-n", "5"]).stderr, "", "nothing further back was asked for");
    let run = at_path(&packed, []);
    assert!(run.code == 74 && run.stderr.contains("xz -dk"), "{run:?}");
}

#[test]
fn logs_of_lines_without_a_day_say_that_it_is_reckoned() {
    let (_dir, path) = file("23:59:00 one\n00:01:00 two\n");
    let modified: std::time::SystemTime =
        "2026-11-21T00:01:00Z".parse::<jiff::Timestamp>().unwrap().into();
    File::options().append(true).open(&path).unwrap().set_modified(modified).unwrap();
    let run = at_path(&path, ["-o", "jsonl"]);
    let times: Vec<_> = run.stdout.lines().map(|line| field(line, "at")).collect();
    assert_eq!(times, ["2026-11-20T23:59:00Z", "2026-11-21T00:01:00Z"]);
    assert!(run.stderr.contains("it is reckoned back"), "{}", run.stderr);
}

#[test]
fn logs_that_are_hostile_stay_harmless() {
    let mut text =
        b"2026-11-21 11:00:00,000 \x1b]0;owned\x07\x1b[2J \xff\xfe caf\xc3\xa9\n".to_vec();
    text.extend_from_slice(&vec![b'x'; 1 << 20]);
    text.extend_from_slice(b"\n\n2026-11-21 11:01:00,000 last without an end \x9b2J");
    let (_dir, path) = file(&text);
    for format in ["plain", "table", "jsonl", "json", "csv"] {
        let run = at_path(&path, ["-n", "all", "-o", format]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(!run.stdout.contains(['\x1b', '\x07', '\u{9b}']), "{format}");
        assert!(run.stdout.contains("café") && run.stdout.contains("last without an end"));
        assert!(run.stdout.matches('x').count() >= 1 << 20, "a long line is shown whole");
    }
}

#[test]
fn json_lines_are_laid_out_or_raw() {
    let line = r#"{"duration":1200,"job":{"method":"shop.x"},"site":"s1","timestamp":"2026-11-21 11:00:00.5","transaction_type":"job"}"#;
    let (_dir, path) = file(format!("{line}\n"));
    let run = at_path(&path, []);
    assert_eq!(run.stdout, "2026-11-21 11:00:00 UTC job duration=1200 job.method=shop.x site=s1\n");
    assert_eq!(at_path(&path, ["--raw"]).stdout, format!("{line}\n"));
}

#[test]
fn logs_that_cannot_be_read_are_named() {
    let bench = bench();
    let (dir, path) = file("");
    let missing = dir.path().join("none.log");
    for (run, code, said) in [
        (at_path(&missing, []), 66, "none.log`: there is no such file"),
        (at_path(dir.path(), []), 66, "it is a folder"),
        (at_path(&dir.path().join("none/x.log"), ["-f"]), 66, "there is no such file"),
        (logs(bench.path(), ["--source", "wroker"]), 66, "did you mean `worker`"),
        (logs(bench.path(), ["--source", "worker,,web"]), 64, "empty name"),
        (logs(bench.path(), ["--site", "site3"]), 66, "site3"),
        (at_path(&path, ["--grep", "("]), 64, "cannot use `(` for --grep: unclosed group"),
        (at_path(&path, ["--since", "soon"]), 64, "cannot use `soon` for --since"),
        (at_path(&path, ["--since", "1h", "--until", "2h"]), 64, "--since is after --until"),
        (at_path(&path, ["-n", "-1"]), 64, ""),
        (at_path(&path, ["--watch"]), 64, "for reads"),
    ] {
        assert_eq!(run.code, code, "{}", run.stderr);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    }
    assert_eq!(at_path(&path, []).code, 0, "an empty log has nothing to say");
    fs::remove_dir_all(bench.path().join("logs")).unwrap();
    let run = logs(bench.path(), []);
    assert!(run.code == 66 && run.stderr.contains("the folder does not exist"), "{}", run.stderr);
}

#[test]
fn log_that_cannot_be_read_among_others_is_told_and_the_others_shown() {
    let bench = bench();
    let worker = bench.path().join("logs/worker.log");
    fs::remove_file(&worker).unwrap();
    nix::unistd::mkfifo(&worker, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let run = logs(bench.path(), []);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("worker.log`: it is not a regular file"), "{}", run.stderr);
    assert!(run.stdout.contains("ValueError: no"));
}

#[test]
fn logs_into_a_closed_pipe_end_quietly() {
    let (_dir, path) = file("2026-11-21 11:00:00,000 a line of some length\n".repeat(50_000));
    let mut following = Following::start(&path, &["-n", "all"]);
    drop(following.stdout.take());
    let code = following.end();
    assert_eq!(code, Some(0), "{}", following.stderr());
}

#[test]
fn following_without_a_reader_ends_although_nothing_is_written() {
    let (_dir, path) = file("");
    let mut following = Following::start(&path, &["-f"]);
    drop(following.stdout.take());
    assert_eq!(following.end(), Some(0));
}

/// A jobctl that follows.
struct Following {
    child: Child,
    stdout: Option<ChildStdout>,
}

impl Following {
    fn start(path: &Path, arguments: &[&str]) -> Self {
        Self::begin(Command::new(env!("CARGO_BIN_EXE_jobctl")), path, arguments)
    }

    fn begin(mut command: Command, path: &Path, arguments: &[&str]) -> Self {
        command.args(["logs", "--source"]).arg(path).args(arguments).env_clear().env("TZ", "UTC");
        command.current_dir(path.parent().unwrap()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take();
        Self { child, stdout }
    }

    /// The lines as they come.
    fn lines(&mut self) -> Receiver<String> {
        let stdout = BufReader::new(self.stdout.take().unwrap());
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        receiver
    }

    fn interrupt(&mut self) -> Option<i32> {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
        self.end()
    }

    fn end(&mut self) -> Option<i32> {
        wait_until(PATIENCE, "jobctl to end", || self.child.try_wait().unwrap()).code()
    }

    fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(path).unwrap()
}

#[test]
fn following_shows_a_failing_job_at_once_and_ends_with_its_signal() {
    let (_dir, path) = file("2026-11-21 11:00:00,000 before\n");
    let mut following = Following::start(&path, &["-f"]);
    let lines = following.lines();
    assert!(lines.recv_timeout(PATIENCE).unwrap().ends_with("before"));
    let began = Instant::now();
    append(&path).write_all(FAILED.as_bytes()).unwrap();
    let shown: Vec<String> = (0..5).map(|_| lines.recv_timeout(PATIENCE).unwrap()).collect();
    assert!(shown[0].contains("exception raised") && shown[4] == "ValueError: no", "{shown:?}");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(following.interrupt(), Some(130));
}

/// As under nohup: who started it wants it to outlive the terminal.
#[test]
fn following_with_hang_ups_ignored_outlives_one() {
    let (_dir, path) = file("2026-11-21 11:00:00,000 before\n");
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_jobctl")]);
    let mut following = Following::begin(command, &path, &["-f"]);
    let lines = following.lines();
    assert!(lines.recv_timeout(PATIENCE).unwrap().ends_with("before"));
    kill(Pid::from_raw(following.child.id().try_into().unwrap()), Signal::SIGHUP).unwrap();
    append(&path).write_all(b"2026-11-21 11:01:00,000 after\n").unwrap();
    assert!(lines.recv_timeout(PATIENCE).unwrap().ends_with("after"));
    assert_eq!(following.interrupt(), Some(130));
}

#[test]
fn following_as_json_ends_with_a_whole_document() {
    let (_dir, path) = file("2026-11-21 11:00:00,000 before\n");
    let mut following = Following::start(&path, &["-f", "-o", "json"]);
    let mut out = following.stdout.take().unwrap();
    let mut text = vec![0; 200];
    let got = out.read(&mut text).unwrap();
    text.truncate(got);
    assert_eq!(following.interrupt(), Some(130));
    out.read_to_end(&mut text).unwrap();
    let json: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(json["data"]["records"].as_array().unwrap().len(), 1);
}

#[test]
fn following_a_bench_takes_up_logs_that_appear() {
    let bench = bench();
    let mut command = Command::new(env!("CARGO_BIN_EXE_jobctl"));
    command.arg("--bench").arg(bench.path()).args(["logs", "-f", "-n", "0"]).env_clear();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take();
    let mut following = Following { child, stdout };
    let lines = following.lines();
    // It follows as soon as it shows a line.
    let path = bench.path().join("logs/worker.log");
    wait_until(PATIENCE, "it to follow", || {
        append(&path).write_all(b"2026-11-21 11:50:00,000 tick\n").unwrap();
        lines.recv_timeout(Duration::from_millis(50)).ok()
    });
    fs::write(
        bench.path().join("logs/worker_custom.log"),
        "2026-11-21 11:51:00,000 of a new worker\n",
    )
    .unwrap();
    wait_until(PATIENCE, "the new log", || {
        let line = lines.recv_timeout(Duration::from_millis(50)).ok()?;
        (line.starts_with("worker_custom") && line.ends_with("of a new worker")).then_some(())
    });
    assert_eq!(following.interrupt(), Some(130));
}

/// A program that writes numbered records and rotates its log in every way, as fast as it can.
struct Torturer {
    path: PathBuf,
    live: File,
    written: u32,
}

impl Torturer {
    fn rotated(&self, suffix: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(suffix);
        path.into()
    }

    fn write(&mut self, records: u32) {
        for _ in 0..records {
            self.written += 1;
            let line = format!("2026-11-21 11:00:00,000 ERROR x n={}\n  more\n", self.written);
            self.live.write_all(line.as_bytes()).unwrap();
        }
    }

    fn shift(&self) {
        let numbers = (1..).take_while(|number| {
            ["", ".gz"].iter().any(|end| self.rotated(&format!(".{number}{end}")).exists())
        });
        for number in numbers.collect::<Vec<_>>().into_iter().rev() {
            for end in ["", ".gz"] {
                let from = self.rotated(&format!(".{number}{end}"));
                if from.exists() {
                    fs::rename(from, self.rotated(&format!(".{}{end}", number + 1))).unwrap();
                }
            }
        }
    }

    fn rename(&mut self) {
        self.shift();
        fs::rename(&self.path, self.rotated(".1")).unwrap();
        // Some processes still write to the old file.
        self.write(3);
        self.live = append(&self.path);
    }

    fn copy_and_truncate(&mut self) {
        self.shift();
        fs::copy(&self.path, self.rotated(".1")).unwrap();
        self.live.set_len(0).unwrap();
    }

    fn compress(&mut self) {
        let plain = self.rotated(".1");
        let text = fs::read(&plain).unwrap();
        let file = File::create(self.rotated(".1.gz")).unwrap();
        let mut gz = GzEncoder::new(file, Compression::fast());
        gz.write_all(&text).unwrap();
        gz.finish().unwrap();
        fs::remove_file(plain).unwrap();
    }
}

#[test]
fn following_under_rotation_loses_nothing_and_repeats_nothing() {
    let (_dir, path) = file("");
    let mut following = Following::start(&path, &["-f", "-n", "0", "-o", "jsonl"]);
    let lines = following.lines();
    let mut torturer = Torturer { live: append(&path), path, written: 0 };
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut note = |line: &str| {
        let text = field(line, "text");
        assert!(text.ends_with("\n  more"), "a record came in pieces: {text}");
        let number = text.split("n=").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        *counts.entry(number).or_default() += 1;
        number
    };
    // Numbered from when it follows: what was there before is not its to show.
    wait_until(PATIENCE, "it to follow", || {
        torturer.write(1);
        lines.recv_timeout(Duration::from_millis(50)).ok()
    });
    let first = torturer.written + 1;
    for round in 0..60 {
        torturer.write(400);
        match round % 4 {
            0 | 2 => torturer.rename(),
            1 => torturer.copy_and_truncate(),
            _ => {
                torturer.copy_and_truncate();
                torturer.compress();
            }
        }
    }
    torturer.write(10);
    let last = torturer.written;
    let deadline = Instant::now() + PATIENCE;
    let mut seen = 0;
    while seen < last - first + 1 && Instant::now() < deadline {
        let Ok(line) = lines.recv_timeout(Duration::from_secs(2)) else { break };
        seen += u32::from(note(&line) >= first);
    }
    assert_eq!(following.interrupt(), Some(130));
    for line in lines {
        note(&line);
    }
    let wrong: Vec<_> = (first..=last)
        .map(|number| (number, counts.get(&number).copied().unwrap_or(0)))
        .filter(|(_, times)| *times != 1)
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}: {:?}",
        wrong.len(),
        last - first + 1,
        &wrong[..wrong.len().min(8)]
    );
}
