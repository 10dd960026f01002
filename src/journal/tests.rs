use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use tempfile::tempdir;

use super::*;
use crate::error::exit_code_of;
use crate::model::id::QueueName;
use crate::model::queue::Registry;

fn header() -> Header {
    let began_at: Timestamp = "2026-11-21T23:25:01Z".parse().unwrap();
    Header {
        op_id: OpId::new(began_at),
        verb: "delete".into(),
        version: "0".into(),
        began_at,
        actor: Actor { user: "anna".into(), sudo_user: None, host: None },
        reason: None,
        command: "jobctl".into(),
        bench: None,
        redis: "redis".into(),
        key_prefix: "rq".into(),
        planned: 1,
        undoes: None,
    }
}

fn end(ending: Ending) -> End {
    End { ended_at: Timestamp::UNIX_EPOCH, ending, changed: 1, skipped: 0 }
}

fn dir(base: &Path) -> JournalDir {
    JournalDir::of(Some(base)).unwrap()
}

fn image(id: &str) -> JobImage {
    let hash = KeyValue::Hash([(b"data", [0, 255, b'\n'])].into_iter().collect());
    JobImage {
        id: id.into(),
        after: After::Gone,
        memberships: Vec::new(),
        keys: vec![KeyImage { key: b"rq:job:x".to_vec(), ttl_ms: Some(0), value: hash }],
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..12)
}

fn pairs() -> impl Strategy<Value = Pairs> {
    prop::collection::vec((bytes(), bytes()), 0..4).prop_map(Pairs::from_iter)
}

/// Scores without NaN, which no sorted set holds and which equals nothing.
fn score() -> impl Strategy<Value = f64> {
    prop_oneof![Just(f64::INFINITY), Just(-1.0), -1e18..1e18_f64]
}

fn value() -> impl Strategy<Value = KeyValue> {
    prop_oneof![
        pairs().prop_map(KeyValue::Hash),
        prop::collection::vec(bytes(), 0..4).prop_map(KeyValue::Set),
        prop::collection::vec((bytes(), score()), 0..4).prop_map(KeyValue::Zset),
        prop::collection::vec((bytes(), pairs()), 0..3).prop_map(KeyValue::Stream),
        prop::collection::vec(bytes(), 0..4).prop_map(KeyValue::List),
        bytes().prop_map(KeyValue::String),
    ]
}

fn after() -> impl Strategy<Value = After> {
    let queue = || "[a-z:]{0,8}".prop_map(QueueName::new);
    prop_oneof![
        Just(After::Gone),
        Just(After::Unlisted),
        (bytes(), prop::option::of(bytes())).prop_map(|(key, value)| After::Key { key, value }),
        queue().prop_map(|queue| After::InList { queue }),
        (prop::sample::select(&Registry::ALL[..]), queue())
            .prop_map(|(registry, queue)| After::InRegistry { registry, queue }),
    ]
}

fn membership() -> impl Strategy<Value = Membership> {
    prop_oneof![
        (bytes(), any::<u64>(), prop::option::of(bytes()))
            .prop_map(|(key, order, follows)| Membership::List { key, order, follows }),
        (bytes(), bytes(), score()).prop_map(|(key, member, score)| Membership::Zset {
            key,
            member,
            score
        }),
        (bytes(), bytes()).prop_map(|(key, member)| Membership::Set { key, member }),
    ]
}

fn any_image() -> impl Strategy<Value = JobImage> {
    let key = (bytes(), prop::option::of(0..i64::MAX), value())
        .prop_map(|(key, ttl_ms, value)| KeyImage { key, ttl_ms, value });
    let keys = prop::collection::vec(key, 0..3);
    (bytes(), after(), prop::collection::vec(membership(), 0..4), keys)
        .prop_map(|(id, after, memberships, keys)| JobImage { id, after, memberships, keys })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn images_written_are_read_again(batches in prop::collection::vec(
        prop::collection::vec(any_image(), 0..5), 0..4,
    )) {
        let folder = tempdir().unwrap();
        let dir = dir(folder.path());
        let header = header();
        let mut journal = dir.create(&header).unwrap();
        for batch in &batches {
            journal.images(7, batch).unwrap();
        }
        journal.end(&end(Ending::Done)).unwrap();
        drop(journal);
        let mut reader = dir.open(&header.op_id).unwrap();
        prop_assert_eq!(reader.header(), &header);
        let mut read = Vec::new();
        let mut ended = false;
        while let Some(step) = reader.step().unwrap() {
            match step {
                Step::Switches(_) => panic!("no switch was written"),
                Step::Images(batch) => {
                    prop_assert_eq!(batch.first, read.len() as u64);
                    read.extend(batch.images);
                }
                Step::End(_) => ended = true,
                Step::Verdicts { .. } => {}
            }
        }
        prop_assert!(ended);
        prop_assert_eq!(read, batches.concat());
    }

    #[test]
    fn damaged_journal_never_panics(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut source = noise.as_slice();
        let _ = frame::unpack(&mut source);
        let _ = codec::Reader { bytes: &noise }.image();
    }
}

#[test]
fn journal_cut_at_every_byte_still_gives_every_whole_frame() {
    let folder = tempdir().unwrap();
    let dir = dir(folder.path());
    let header = header();
    let mut journal = dir.create(&header).unwrap();
    let path = dir.path().join(format!("{}.journal", header.op_id));
    let mut ends = vec![path.metadata().unwrap().len()];
    for id in ["a", "b", "c"] {
        let first = journal.images(1, &[image(id)]).unwrap();
        ends.push(path.metadata().unwrap().len());
        journal.confirm(first, &[Verdict::Changed]).unwrap();
        ends.push(path.metadata().unwrap().len());
    }
    journal.end(&end(Ending::Done)).unwrap();
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let opened = dir.open(&header.op_id);
        if (length as u64) < ends[0] {
            assert_eq!(exit_code_of(&opened.unwrap_err()), 65);
            continue;
        }
        let mut reader = opened.unwrap();
        let mut steps = 0;
        while reader.step().unwrap().is_some() {
            steps += 1;
        }
        let frames = ends[1..].iter().filter(|end| **end <= length as u64).count();
        assert_eq!(steps, frames + usize::from(length == whole.len()), "cut at {length}");
    }
}

#[test]
fn journal_with_one_flipped_byte_gives_no_wrong_frame() {
    let folder = tempdir().unwrap();
    let dir = dir(folder.path());
    let header = header();
    let mut journal = dir.create(&header).unwrap();
    let path = dir.path().join(format!("{}.journal", header.op_id));
    let begin = usize::try_from(path.metadata().unwrap().len()).unwrap();
    journal.images(1, &[image("a")]).unwrap();
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    for at in begin..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        std::fs::write(&path, &damaged).unwrap();
        assert_eq!(dir.open(&header.op_id).unwrap().step().unwrap(), None, "byte {at}");
    }
}

#[test]
fn resume_cuts_a_torn_tail_and_goes_on() {
    let folder = tempdir().unwrap();
    let dir = dir(folder.path());
    let header = header();
    let mut journal = dir.create(&header).unwrap();
    journal.images(1, &[image("a"), image("b")]).unwrap();
    drop(journal);
    let path = dir.path().join(format!("{}.journal", header.op_id));
    let mut torn = std::fs::read(&path).unwrap();
    torn.extend_from_slice(b"I\x10\0\0");
    std::fs::write(&path, torn).unwrap();
    let held = dir.hold(&header.op_id).unwrap();
    let mut journal = dir.resume(&header.op_id, held).unwrap();
    journal.confirm(1, &[Verdict::Changed]).unwrap();
    journal.end(&end(Ending::Recovered)).unwrap();
    drop(journal);
    let summary = dir.summary(&header.op_id).unwrap();
    assert_eq!((summary.confirmed, summary.doubtful, summary.torn_bytes), (1, 1, 0));
    assert_eq!(summary.end.unwrap().ending, Ending::Recovered);
}

#[test]
fn hold_of_a_journal_that_is_being_written_says_to_try_again() {
    let folder = tempdir().unwrap();
    let dir = dir(folder.path());
    let header = header();
    let journal = dir.create(&header).unwrap();
    assert_eq!(exit_code_of(&dir.hold(&header.op_id).unwrap_err()), 75);
    assert!(dir.summary(&header.op_id).unwrap().running);
    drop(journal);
    assert!(!dir.summary(&header.op_id).unwrap().running);
    dir.hold(&header.op_id).unwrap();
}

#[test]
fn journals_of_a_bench_made_by_root_belong_to_its_owner() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = tempdir().unwrap();
    let (uid, gid) = (nix::unistd::Uid::from_raw(1234), nix::unistd::Gid::from_raw(4321));
    nix::unistd::chown(folder.path(), Some(uid), Some(gid)).unwrap();
    let dir = dir(folder.path());
    let header = header();
    let mut journal = dir.create(&header).unwrap();
    journal.end(&end(Ending::Done)).unwrap();
    dir.audit(&AuditLine::of(&header, &end(Ending::Done), true)).unwrap();
    let file = dir.path().join(format!("{}.journal", header.op_id));
    for path in ["config", "config/jobctl", "config/jobctl/ops"].map(|p| folder.path().join(p)) {
        let metadata = path.metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (1234, 4321), "{}", path.display());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
    }
    for path in [file, dir.audit_path()] {
        let metadata = path.metadata().unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (1234, 4321), "{}", path.display());
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn audit_log_with_a_second_name_or_as_a_link_is_refused() {
    let (folder, outside) = (tempdir().unwrap(), tempdir().unwrap());
    let dir = dir(folder.path());
    let line = AuditLine::of(&header(), &end(Ending::Done), true);
    dir.audit(&line).unwrap();
    let target = outside.path().join("target");
    std::fs::write(&target, "").unwrap();
    for hard in [true, false] {
        std::fs::remove_file(dir.audit_path()).unwrap();
        if hard {
            std::fs::hard_link(&target, dir.audit_path()).unwrap();
        } else {
            std::os::unix::fs::symlink(&target, dir.audit_path()).unwrap();
        }
        assert_eq!(exit_code_of(&dir.audit(&line).unwrap_err()), 73);
        assert_eq!(std::fs::read(&target).unwrap(), b"");
    }
}

#[test]
fn room_for_more_than_the_disk_is_refused() {
    let folder = tempdir().unwrap();
    let error = dir(folder.path()).check_room(u64::MAX).unwrap_err();
    assert_eq!(exit_code_of(&error), 74);
    assert!(error.to_string().contains("1 GiB"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn prune_takes_the_old_and_the_oldest_beyond_the_room_but_nothing_unfinished() {
    let now: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let summary = |day: &str, ended: bool| {
        let mut header = header();
        header.began_at = format!("{day}T00:00:00Z").parse().unwrap();
        header.op_id = OpId::new(header.began_at);
        let end = ended.then(|| end(Ending::Done));
        Summary {
            header,
            end,
            images: 1,
            confirmed: 1,
            doubtful: 0,
            size_bytes: 100,
            running: false,
            torn_bytes: 0,
        }
    };
    let all = ["2026-11-20", "2026-11-19", "2026-11-18", "2026-11-02", "2026-11-01"];
    let all: Vec<Summary> =
        all.into_iter().enumerate().map(|(at, day)| summary(day, at != 4)).collect();
    let days = |kept_bytes| -> Vec<String> {
        let gone = prune::to_prune(&all, now, KEPT_FOR, kept_bytes);
        gone.iter().map(|pruned| pruned.began_at.to_string()[8..10].to_owned()).collect()
    };
    assert_eq!(days(u64::MAX), ["02"]);
    assert_eq!(days(399), ["02", "18"]);
    assert_eq!(days(0), ["02", "18", "19", "20"]);
}

#[test]
fn operation_name_is_a_plain_file_name() {
    let op = OpId::new("2026-11-21T23:25:01Z".parse().unwrap());
    assert!(op.as_str().starts_with("20261121T232501-"));
    assert_eq!(op.as_str().parse::<OpId>().unwrap(), op);
    for wrong in ["", "../x", "20261121T232501-3F9a2c", "20261121T232501-3f9a2c/x"] {
        assert!(wrong.parse::<OpId>().is_err(), "{wrong}");
    }
}

#[test]
fn switches_come_back_as_they_were_written_and_count_like_images() {
    let folder = tempdir().unwrap();
    let dir = dir(folder.path());
    let header = header();
    let place = |key: &str| SwitchPlace::ConfigKey {
        file: "sites/erp.example/site_config.json".into(),
        key: key.into(),
    };
    let images = [
        SwitchImage { place: place("pause"), before: None, after: Some("true".into()) },
        SwitchImage {
            place: SwitchPlace::Singles {
                site: "erp".into(),
                doctype: "System Settings".into(),
                field: "enable_scheduler".into(),
            },
            before: Some("1".into()),
            after: Some("0".into()),
        },
        SwitchImage {
            place: SwitchPlace::Column {
                site: "erp".into(),
                table: "tabScheduled Job Type".into(),
                row: "x\n".into(),
                column: "stopped".into(),
            },
            before: Some(String::new()),
            after: None,
        },
    ];
    let mut journal = dir.create(&header).unwrap();
    for (number, image) in (0..).zip(&images) {
        assert_eq!(journal.switch(image.clone()).unwrap(), number);
    }
    journal.confirm(1, &[Verdict::Changed]).unwrap();
    drop(journal);
    let mut reader = dir.open(&header.op_id).unwrap();
    assert_eq!(reader.verdicts().unwrap(), [None, Some(Verdict::Changed), None]);
    let mut read = Vec::new();
    while let Some(step) = reader.step().unwrap() {
        if let Step::Switches(batch) = step {
            read.extend(batch.switches);
        }
    }
    assert_eq!(read, images);
    assert_eq!(images[0].place.site(), Some("erp.example"));
    assert_eq!(dir.summary(&header.op_id).unwrap().doubtful, 2);
}
