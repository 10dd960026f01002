use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;

use proptest::prelude::*;

use super::memory::tree;
use super::*;

/// A process table on disk, for what a real one cannot be made to show.
struct FakeTable {
    dir: tempfile::TempDir,
}

impl FakeTable {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("stat"), "cpu 1 2\nbtime 1700000000\n").unwrap();
        Self { dir }
    }

    fn process(self, pid: u32, state: char, command: &[u8]) -> Self {
        let dir = self.dir.path().join(pid.to_string());
        fs::create_dir(&dir).unwrap();
        let stat = format!(
            "{pid} (a) b) {state} 1 {pid} {pid} 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4200 0 0\n"
        );
        fs::write(dir.join("stat"), stat).unwrap();
        fs::write(dir.join("cmdline"), command).unwrap();
        self
    }

    fn table(&self) -> ProcTable {
        ProcTable::at(self.dir.path()).unwrap()
    }
}

#[test]
fn stat_parse_of_a_name_with_brackets_ends_at_the_last_one() {
    let line = b"42 (x) R 7 (y) S 9 10 11 0 -1 4 0 0 0 0 0 0 0 0 20 0 1 0 4200 0 0";
    let stat = Stat::parse(line).unwrap();
    assert_eq!(stat.name, "x) R 7 (y");
    assert_eq!((stat.pid, stat.parent, stat.group, stat.session), (42, 9, 10, 11));
    assert_eq!((stat.state, stat.start_ticks), ('S', 4200));
}

#[test]
fn stat_parse_of_a_line_cut_short_is_none() {
    assert_eq!(Stat::parse(b"42 (x) S 9"), None);
    assert_eq!(Stat::parse(b"42 )x( S 9 10 11"), None);
    assert_eq!(Stat::parse(b""), None);
}

proptest! {
    #[test]
    fn stat_parse_of_any_bytes_does_not_panic(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Stat::parse(&line);
    }

    #[test]
    fn lock_parse_of_any_text_does_not_panic(line in "\\PC{0,80}") {
        let _ = FileLock::parse(&line);
    }

    #[test]
    fn tree_of_any_parents_visits_each_process_once(pairs in prop::collection::hash_map(0u32..20, 0u32..20, 0..20)) {
        let mut members = tree(3, &pairs);
        let count = members.len();
        members.sort_unstable();
        members.dedup();
        prop_assert_eq!(members.len(), count);
        prop_assert!(members.contains(&3));
    }
}

#[test]
fn lock_parse_reads_device_and_inode_and_passes_over_waiters() {
    let lock = FileLock::parse("1: FLOCK  ADVISORY  WRITE 12826 fe:1a:10010656 0 EOF").unwrap();
    assert_eq!((lock.owner, lock.inode), (Some(12826), 10_010_656));
    assert_eq!((lock.major, lock.minor), (0xfe, 0x1a));
    assert_eq!(FileLock::parse("1: -> FLOCK  ADVISORY  WRITE 12826 fe:00:1 0 EOF"), None);
    assert_eq!(FileLock::parse("2: POSIX  ADVISORY  WRITE 12826 fe:00:1 0 EOF"), None);
    assert_eq!(FileLock::parse("3: FLOCK  ADVISORY  WRITE 0 fe:00:1 0 EOF").unwrap().owner, None);
}

#[test]
fn tree_holds_all_descendants_and_nobody_else() {
    let parents = HashMap::from([(2, 1), (3, 2), (4, 3), (5, 1), (1, 0)]);
    let mut members = tree(2, &parents);
    members.sort_unstable();
    assert_eq!(members, [2, 3, 4]);
}

#[test]
fn command_line_with_a_rewritten_title_drops_the_row_of_nuls() {
    let fake = FakeTable::new().process(7, 'S', b"rq:worker:a: Listening\0\0\0\0");
    assert_eq!(fake.table().command_line(7).unwrap(), ["rq:worker:a: Listening"]);
}

#[test]
fn worker_process_tells_workers_from_strangers_zombies_and_nobody() {
    let fake = FakeTable::new()
        .process(1, 'S', b"/sbin/init\0")
        .process(7, 'S', b"/bench/env/bin/python\0-m\0frappe.utils.bench_helper\0")
        .process(8, 'Z', b"")
        .process(9, 'S', b"/usr/sbin/nginx\0-g\0");
    let table = fake.table();
    assert_eq!(table.worker_process(7), WorkerProcess::Alive);
    assert_eq!(table.worker_process(8), WorkerProcess::Gone);
    assert_eq!(table.worker_process(9), WorkerProcess::Reused("/usr/sbin/nginx -g".into()));
    assert_eq!(table.worker_process(10), WorkerProcess::Gone);
}

#[test]
fn worker_process_in_a_hidden_table_cannot_tell() {
    let fake = FakeTable::new().process(7, 'S', b"python3\0");
    assert_eq!(fake.table().worker_process(10), WorkerProcess::CannotTell);
}

#[test]
fn sees_whole_machine_only_in_the_first_namespace() {
    let fake = FakeTable::new().process(1, 'S', b"/sbin/init\0");
    let namespace = fake.dir.path().join("self/ns");
    fs::create_dir_all(&namespace).unwrap();
    symlink("pid:[4026532001]", namespace.join("pid")).unwrap();
    assert!(!fake.table().sees_whole_machine());
    fs::remove_file(namespace.join("pid")).unwrap();
    symlink(HOST_PID_NAMESPACE, namespace.join("pid")).unwrap();
    assert!(fake.table().sees_whole_machine());
}

#[test]
fn started_at_adds_the_ticks_to_the_boot_time() {
    let fake = FakeTable::new().process(7, 'S', b"python3\0");
    let table = fake.table();
    let started = table.started_at(&table.stat(7).unwrap()).unwrap();
    assert_eq!(started.as_second(), 1_700_000_042);
}

#[test]
fn table_without_proc_says_that_it_cannot_see() {
    let dir = tempfile::tempdir().unwrap();
    assert!(ProcTable::at(dir.path()).unwrap_err().to_string().contains("no process table"));
}

#[test]
fn live_table_shows_this_process_with_its_memory_and_start() {
    let table = ProcTable::live().unwrap();
    let me = std::process::id();
    assert!(table.is_alive(me));
    assert!(table.pids().contains(&me));
    assert_eq!(table.cwd(me).unwrap(), std::env::current_dir().unwrap());
    let memory = table.tree_memory(me, &table.parents()).unwrap();
    assert!(memory.bytes > 100_000, "{memory:?}");
    let age = crate::sys::clock::now() - table.started_at(&table.stat(me).unwrap()).unwrap();
    assert!((-2..3600).contains(&age.get_seconds()), "{age:?}");
}

#[test]
fn tree_memory_of_a_vanished_process_is_none() {
    let table = ProcTable::live().unwrap();
    assert_eq!(table.tree_memory(u32::MAX, &table.parents()), None);
}

#[test]
fn is_inside_container_asks_for_the_innermost_id_of_other_namespaces() {
    let fake = FakeTable::new().process(40, 'S', b"python\0").process(41, 'S', b"python\0");
    fs::write(fake.dir.path().join("40/status"), "Name:\tpython\nNSpid:\t40\t9\t7\n").unwrap();
    fs::write(fake.dir.path().join("41/status"), "Name:\tpython\nNSpid:\t41\n").unwrap();
    let table = fake.table();
    assert!(table.is_inside_container(7));
    assert!(!table.is_inside_container(9));
    assert!(!table.is_inside_container(41));
}
