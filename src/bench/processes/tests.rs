use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command as Program, Stdio};
use std::time::{Duration, Instant};

use super::*;
use crate::bench::Bench;
use crate::bench::tests::TestBench;

/// A child that ends with the test.
struct Running(Child);

impl Running {
    fn start(program: &mut Program) -> Self {
        Self(program.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    /// A shell that waits, under a command line of the test's choice.
    fn posing(title: &str, arguments: &[&str], cwd: &Path) -> Self {
        let mut shell = Program::new("sh");
        Self::start(shell.arg0(title).args(["-c", "read x"]).args(arguments).current_dir(cwd))
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const HELPER: [&str; 3] = ["-m", "frappe.utils.bench_helper", "frappe"];

fn live() -> ProcTable {
    ProcTable::live().unwrap()
}

fn wait_until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "nothing came within 10 s");
        std::thread::yield_now();
    }
}

/// A process table on disk for what a test cannot start: pools, horses, other users, containers.
struct FakeTable {
    dir: tempfile::TempDir,
}

impl FakeTable {
    fn new(namespace: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("stat"), "btime 1700000000\n").unwrap();
        fs::create_dir_all(dir.path().join("self/ns")).unwrap();
        symlink(namespace, dir.path().join("self/ns/pid")).unwrap();
        Self { dir }.process(1, 0, "/sbin/init", None)
    }

    fn of_machine() -> Self {
        Self::new("pid:[4026531836]")
    }

    fn process(self, pid: u32, parent: u32, command: &str, cwd: Option<&Path>) -> Self {
        let dir = self.dir.path().join(pid.to_string());
        fs::create_dir(&dir).unwrap();
        let rest = "0 0 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4200 0";
        fs::write(dir.join("stat"), format!("{pid} (p) S {parent} {rest} 0\n")).unwrap();
        fs::write(dir.join("cmdline"), command.replace(' ', "\0")).unwrap();
        if let Some(cwd) = cwd {
            symlink(cwd, dir.join("cwd")).unwrap();
        }
        self
    }

    /// A line of the kernel's list of locks, for a file on this device.
    fn lock(self, owner: u32, device: u64, inode: u64) -> Self {
        let (major, minor) = (device >> 8 & 0xfff, device & 0xff);
        let line =
            format!("1: FLOCK  ADVISORY  WRITE {owner} {major:02x}:{minor:02x}:{inode} 0 EOF\n");
        fs::write(self.dir.path().join("locks"), line).unwrap();
        self
    }

    /// An open file of a process, with its lock if it holds one.
    fn descriptor(self, pid: u32, file: &Path, locked: bool) -> Self {
        let dir = self.dir.path().join(pid.to_string());
        fs::create_dir_all(dir.join("fd")).unwrap();
        fs::create_dir_all(dir.join("fdinfo")).unwrap();
        symlink(file, dir.join("fd/5")).unwrap();
        let lock = if locked { "lock:\t1: FLOCK  ADVISORY  WRITE 0 fe:00:1 0 EOF\n" } else { "" };
        fs::write(dir.join("fdinfo/5"), format!("pos:\t0\n{lock}")).unwrap();
        self
    }

    fn table(&self) -> ProcTable {
        ProcTable::at(self.dir.path()).unwrap()
    }
}

fn roles(bench: &Bench, fake: &FakeTable) -> Vec<(u32, Role)> {
    bench.processes(&fake.table()).ours.iter().map(|p| (p.pid, p.role)).collect()
}

#[test]
fn command_of_a_line_skips_the_options_before_the_subcommand() {
    let of = |line: &str| Command::of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let helper = "/b/env/bin/python -m frappe.utils.bench_helper frappe";
    assert_eq!(of(&format!("{helper} --site a schedule")), Some(Command::Schedule));
    assert_eq!(of(&format!("{helper} worker --queue long")), Some(Command::Worker));
    assert_eq!(of(&format!("{helper} worker-pool")), Some(Command::Pool));
    assert_eq!(of(&format!("{helper} migrate")), None);
    assert_eq!(of("vi schedule"), None);
    assert_eq!(of("rq:worker:1: Listening"), Some(Command::Title));
}

#[test]
fn processes_get_their_role_from_their_ancestors() {
    let bench = TestBench::new("16.10.0");
    let (python, sites) = (bench.path("env/bin/python"), bench.path("sites"));
    let line =
        |sub: &str| format!("{} -m frappe.utils.bench_helper frappe {sub}", python.display());
    let (worker, pool) = (line("worker"), line("worker-pool"));
    let fake = FakeTable::of_machine()
        .process(10, 1, &worker, Some(&sites))
        .process(11, 10, &worker, Some(&sites))
        .process(20, 1, &pool, Some(&sites))
        .process(21, 20, &pool, Some(&sites))
        .process(22, 21, &pool, Some(&sites))
        .process(23, 20, "rq:worker:1: Forked", Some(&sites))
        .process(24, 23, "rq:worker:1: Processing", Some(&sites))
        .process(30, 1, &line("schedule"), Some(&sites));
    assert_eq!(
        roles(&bench.open(), &fake),
        [
            (10, Role::Worker),
            (11, Role::Horse),
            (20, Role::Pool),
            (21, Role::Worker),
            (22, Role::Horse),
            (23, Role::Worker),
            (24, Role::Horse),
            (30, Role::Scheduler),
        ]
    );
}

#[test]
fn processes_of_another_bench_are_not_ours_and_hidden_ones_are_unattributed() {
    let bench = TestBench::new("15.44.2");
    let other = TestBench::new("15.44.2");
    let helper = "-m frappe.utils.bench_helper frappe schedule";
    let fake = FakeTable::of_machine()
        .process(10, 1, &format!("/usr/bin/python3 {helper}"), Some(&other.path("sites")))
        .process(11, 1, &format!("/srv/else/env/bin/python {helper}"), None);
    let bench = bench.open();
    let found = bench.processes(&fake.table());
    assert_eq!((found.ours.len(), found.unattributed.len()), (0, 0));
    assert_eq!(bench.scheduler(&fake.table()), SchedulerProcess::Absent);
    let fake = fake.process(12, 1, &format!("/usr/bin/python3 {helper}"), None);
    assert_eq!(bench.processes(&fake.table()).unattributed.len(), 1);
    assert!(matches!(bench.scheduler(&fake.table()), SchedulerProcess::CannotTell(_)));
}

#[test]
fn scheduler_in_a_container_is_absent_only_where_the_whole_bench_runs() {
    let bench = TestBench::new("15.44.2");
    let (python, sites) = (bench.path("env/bin/python"), bench.path("sites"));
    let line =
        |sub: &str| format!("{} -m frappe.utils.bench_helper frappe {sub}", python.display());
    let fake = FakeTable::new("pid:[4026532001]").process(10, 1, &line("worker"), Some(&sites));
    let bench = bench.open();
    assert!(matches!(bench.scheduler(&fake.table()), SchedulerProcess::CannotTell(_)));
    let fake = fake.process(11, 1, &line("serve"), Some(&sites));
    assert_eq!(bench.scheduler(&fake.table()), SchedulerProcess::Absent);
}

#[test]
fn scheduler_that_holds_the_lock_is_running() {
    let bench = TestBench::new("16.10.0");
    let lock = bench.path("config/scheduler_process");
    let holder = Running::start(Program::new("flock").arg("--no-fork").arg(&lock).arg("cat"));
    let expected = SchedulerProcess::Running { pid: holder.pid(), seen_by: SeenBy::Lock };
    let bench = bench.open();
    wait_until(|| (bench.scheduler(&live()) == expected).then_some(()));
}

#[test]
fn scheduler_lock_that_outlives_its_owner_is_held_by_the_orphan() {
    let bench = TestBench::new("16.10.0");
    let lock = bench.path("config/scheduler_process");
    // The `flock` process takes the lock on the shell's descriptor and ends; the shell keeps it.
    let script = format!("exec 9>'{}'; flock 9; exec cat", lock.display());
    let orphan = Running::start(Program::new("sh").args(["-c", &script]));
    let bench = bench.open();
    let (owner, holders) = wait_until(|| match bench.scheduler(&live()) {
        SchedulerProcess::HeldByOrphan { owner, holders } => Some((owner, holders)),
        _ => None,
    });
    assert_eq!(holders, [orphan.pid()]);
    assert_ne!(owner, Some(orphan.pid()));
}

#[test]
fn scheduler_lock_of_another_user_is_believed_only_on_the_right_device() {
    let bench = TestBench::new("16.10.0");
    bench.write("config/scheduler_process", "");
    let file = fs::metadata(bench.path("config/scheduler_process")).unwrap();
    let bench = bench.open();
    let table = |device: u64, inode: u64| {
        FakeTable::of_machine().process(10, 1, "python3", None).lock(10, device, inode)
    };
    let right = table(file.dev(), file.ino());
    let running = SchedulerProcess::Running { pid: 10, seen_by: SeenBy::Lock };
    assert_eq!(bench.scheduler(&right.table()), running);
    let wrong = table(file.dev() + 1, file.ino());
    assert_eq!(bench.scheduler(&wrong.table()), SchedulerProcess::Absent);
    let other = table(file.dev(), file.ino() + 1);
    assert_eq!(bench.scheduler(&other.table()), SchedulerProcess::Absent);
}

#[test]
fn scheduler_lock_whose_owner_id_was_given_out_again_is_held_by_the_orphan() {
    let bench = TestBench::new("16.10.0");
    let path = bench.path("config/scheduler_process");
    bench.write("config/scheduler_process", "");
    let file = fs::metadata(&path).unwrap();
    let fake = FakeTable::of_machine()
        .process(10, 1, "/usr/sbin/nginx", None)
        .descriptor(10, Path::new("/dev/null"), false)
        .process(11, 1, "python3", None)
        .descriptor(11, &path, true)
        .process(12, 1, "/usr/bin/vi", None)
        .descriptor(12, &path, false)
        .lock(10, file.dev(), file.ino());
    let expected = SchedulerProcess::HeldByOrphan { owner: Some(10), holders: vec![11] };
    assert_eq!(bench.open().scheduler(&fake.table()), expected);
}

#[test]
fn scheduler_lock_that_a_container_does_not_list_is_seen_in_descriptors() {
    let bench = TestBench::new("16.10.0");
    bench.write("config/scheduler_process", "");
    let (path, sites) = (bench.path("config/scheduler_process"), bench.path("sites"));
    let pool = "python3 -m frappe.utils.bench_helper frappe worker-pool";
    let fake = FakeTable::new("pid:[4026532001]")
        .process(20, 1, pool, Some(&sites))
        .process(21, 20, pool, Some(&sites))
        .descriptor(21, &path, true)
        .process(22, 21, pool, Some(&sites))
        .descriptor(22, &path, true);
    let running = SchedulerProcess::Running { pid: 21, seen_by: SeenBy::Lock };
    assert_eq!(bench.open().scheduler(&fake.table()), running);
    let orphan = FakeTable::new("pid:[4026532001]")
        .process(22, 1, pool, Some(&sites))
        .descriptor(22, &path, true);
    let held = SchedulerProcess::HeldByOrphan { owner: None, holders: vec![22] };
    assert_eq!(bench.open().scheduler(&orphan.table()), held);
}

#[test]
fn scheduler_lock_file_that_nobody_holds_says_nothing() {
    let bench = TestBench::new("16.10.0");
    bench.write("config/scheduler_process", "");
    let opened = bench.open();
    let fake = FakeTable::of_machine();
    assert_eq!(opened.scheduler(&fake.table()), SchedulerProcess::Absent);
}

#[test]
fn scheduler_without_a_lock_is_seen_by_its_command_line() {
    let bench = TestBench::new("15.44.2");
    let python = bench.path("env/bin/python");
    let arguments = [&HELPER[..], &["schedule"]].concat();
    let process = Running::posing(python.to_str().unwrap(), &arguments, &bench.path("sites"));
    let expected = SchedulerProcess::Running { pid: process.pid(), seen_by: SeenBy::CommandLine };
    let bench = bench.open();
    wait_until(|| (bench.scheduler(&live()) == expected).then_some(()));
}

#[test]
fn worker_with_a_title_belongs_to_the_bench_of_its_directory() {
    let (bench, other) = (TestBench::new("15.44.2"), TestBench::new("15.44.2"));
    let process = Running::posing("rq:worker:1: Listening on short", &[], &bench.path("sites"));
    let found = |bench: &TestBench| {
        bench.open().processes(&live()).ours.iter().map(|p| p.pid).collect::<Vec<_>>()
    };
    wait_until(|| (found(&bench) == [process.pid()]).then_some(()));
    assert!(!found(&other).contains(&process.pid()));
}
