use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;
use crate::bench::Environment;
use crate::error::exit_code_of;

const NOW: Waiting<'static> = Waiting { limit: Duration::ZERO, interrupts: None };

fn bench(site_config: &str) -> (TempDir, Bench) {
    let folder = tempfile::tempdir().unwrap();
    for part in ["apps/frappe/frappe", "sites/erp", "config"] {
        fs::create_dir_all(folder.path().join(part)).unwrap();
    }
    fs::write(folder.path().join("sites/common_site_config.json"), "{}").unwrap();
    fs::write(folder.path().join("sites/erp/site_config.json"), site_config).unwrap();
    let found = Bench::find_from(Some(folder.path()), None, Environment::default());
    (folder, found.unwrap().unwrap())
}

fn erp() -> ConfigName {
    ConfigName::Site("erp".to_owned())
}

fn content(folder: &TempDir) -> String {
    fs::read_to_string(folder.path().join("sites/erp/site_config.json")).unwrap()
}

fn set(bench: &Bench, key: &str, value: Option<&Json>) -> Result<()> {
    bench.edit_config(&erp(), NOW)?.set(key, value)
}

#[test]
fn set_changes_one_key_and_keeps_mode_and_everything_else() {
    let (folder, bench) =
        bench("{\"z\": 1.50, \"db_name\": \"_x\", \"n\": 12345678901234567890123}");
    let path = folder.path().join("sites/erp/site_config.json");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    set(&bench, "pause_scheduler", Some(&true.into())).unwrap();
    let expected = "{\n \"db_name\": \"_x\",\n \"n\": 12345678901234567890123,\n \
                    \"pause_scheduler\": true,\n \"z\": 1.5\n}";
    assert_eq!(content(&folder), expected);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o7777, 0o640);
    set(&bench, "pause_scheduler", None).unwrap();
    assert!(!content(&folder).contains("pause"));
    assert!(!folder.path().join("sites/erp/.site_config.json.jobctl").exists());
}

#[test]
fn edit_of_broken_json_refuses_and_leaves_the_file_as_it_is() {
    for broken in ["", "{\"a\": ", "[]", "{\"a\": NaN}", "{\"a\": \"\\ud800\"}"] {
        let (folder, bench) = bench(broken);
        let error = set(&bench, "a", None).unwrap_err();
        assert_eq!(exit_code_of(&error), 65, "{broken}: {error}");
        assert_eq!(content(&folder), broken);
    }
}

#[test]
fn edit_through_a_link_inside_of_the_bench_writes_its_target() {
    let (folder, bench) = bench("{}");
    let path = folder.path().join("sites/erp/site_config.json");
    let target = folder.path().join("config/erp.json");
    fs::rename(&path, &target).unwrap();
    symlink("../../config/erp.json", &path).unwrap();
    set(&bench, "a", Some(&1.into())).unwrap();
    assert!(path.symlink_metadata().unwrap().is_symlink());
    assert_eq!(fs::read_to_string(target).unwrap(), "{\n \"a\": 1\n}");
}

#[test]
fn edit_through_a_link_out_of_the_bench_is_refused_by_name() {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("other.json");
    fs::write(&target, "{}").unwrap();
    let (folder, bench) = bench("{}");
    let path = folder.path().join("sites/erp/site_config.json");
    fs::remove_file(&path).unwrap();
    symlink(&target, &path).unwrap();
    let error = set(&bench, "a", Some(&1.into())).unwrap_err();
    assert_eq!(exit_code_of(&error), 78);
    assert!(error.to_string().contains("other.json"), "{error}");
    assert_eq!(fs::read_to_string(&target).unwrap(), "{}");
    // The folder of the locks may be a link, too.
    fs::remove_file(&path).unwrap();
    fs::write(&path, "{}").unwrap();
    symlink(outside.path(), folder.path().join("sites/erp/locks")).unwrap();
    assert!(set(&bench, "a", Some(&1.into())).is_err());
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn edit_of_a_file_with_two_names_keeps_them_one_file() {
    let (folder, bench) = bench("{\"a\": \"long enough that the new content is shorter\"}");
    let path = folder.path().join("sites/erp/site_config.json");
    let second = folder.path().join("second.json");
    fs::hard_link(&path, &second).unwrap();
    set(&bench, "a", Some(&1.into())).unwrap();
    assert_eq!(fs::read_to_string(second).unwrap(), "{\n \"a\": 1\n}");
}

#[test]
fn edit_while_the_lock_is_held_names_the_holder() {
    let (_folder, bench) = bench("{}");
    let _held = bench.edit_config(&erp(), NOW).unwrap();
    let error = set(&bench, "a", None).unwrap_err();
    assert_eq!(exit_code_of(&error), 75);
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
}

#[test]
fn set_keeps_what_somebody_without_the_lock_wrote_meanwhile() {
    let (folder, bench) = bench("{}");
    let path = folder.path().join("sites/erp/site_config.json");
    let mut edit = bench.edit_config(&erp(), NOW).unwrap();
    fs::write(&path, "{\"other\": 1}").unwrap();
    edit.set("a", Some(&1.into())).unwrap();
    assert_eq!(content(&folder), "{\n \"a\": 1,\n \"other\": 1\n}");
    fs::write(&path, "{\"a\": 7}").unwrap();
    assert_eq!(exit_code_of(&edit.set("a", None).unwrap_err()), 75);
    assert_eq!(content(&folder), "{\"a\": 7}");
}

#[test]
fn lock_file_that_was_removed_is_made_anew() {
    let (folder, bench) = bench("{}");
    let lock = folder.path().join("sites/erp/locks/site_config.lock");
    drop(bench.edit_config(&erp(), NOW).unwrap());
    fs::remove_file(&lock).unwrap();
    set(&bench, "a", Some(&1.into())).unwrap();
    assert!(lock.exists());
}

#[test]
fn config_name_of_a_path_takes_only_the_two_files() {
    for name in [ConfigName::Common, erp()] {
        assert_eq!(ConfigName::of_path(&name.path()), Some(name));
    }
    for path in ["sites/../site_config.json", "sites/a/b/site_config.json", "/etc/passwd", ""] {
        assert_eq!(ConfigName::of_path(path), None);
    }
}
