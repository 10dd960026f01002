use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::bench::ConfigFault;

fn file(name: &str, values: Value) -> Arc<ConfigFile> {
    let Value::Object(values) = values else { panic!("not an object") };
    let path = Arc::from(Path::new(name));
    Arc::new(ConfigFile { path, values, problem: None, world_writable: false })
}

fn merge(common: Value, site: Value, environment: &Environment, family: Family) -> Config {
    Config::merge(file("common", common), Some(file("site", site)), environment, family)
}

fn written(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("site_config.json");
    fs::write(&path, content).unwrap();
    (dir, path)
}

fn fault(content: &[u8]) -> ConfigFault {
    let (_dir, path) = written(content);
    ConfigFile::read_pausing(&path, |_| false).problem.unwrap().fault
}

#[test]
fn merge_replaces_nested_objects_whole() {
    let config = merge(
        json!({"workers": {"a": {}, "b": {}}}),
        json!({"workers": {"c": {}}}),
        &Environment::default(),
        Family::V15,
    );
    assert_eq!(config.get("workers").unwrap().value, json!({"c": {}}));
}

#[test]
fn environment_wins_over_both_files_where_the_version_reads_it() {
    let environment = Environment::of([
        ("FRAPPE_REDIS_QUEUE", "redis://env:1"),
        ("FRAPPE_DB_NAME", "env_db"),
        ("FRAPPE_DB_HOST", ""),
    ]);
    let of = |family| {
        let common = json!({"redis_queue": "redis://file:1", "db_host": "files"});
        merge(common, json!({"db_name": "file_db"}), &environment, family)
    };
    let queue = |config: &Config| config.get("redis_queue").unwrap().clone();
    assert_eq!(of(Family::V14).text("redis_queue"), Some("redis://file:1"));
    assert_eq!(of(Family::V15).text("redis_queue"), Some("redis://env:1"));
    assert_eq!(queue(&of(Family::V15)).origin, Origin::Environment("FRAPPE_REDIS_QUEUE"));
    assert_eq!(of(Family::V15).text("db_name"), Some("file_db"));
    assert_eq!(of(Family::V16).text("db_name"), Some("env_db"));
    assert_eq!(of(Family::V16).text("db_host"), Some("files"), "an empty variable says nothing");
}

#[test]
fn defaults_fill_in_the_redis_urls_of_each_version() {
    let of = |family| merge(json!({}), json!({}), &Environment::default(), family);
    assert_eq!(of(Family::V13).get("redis_queue"), None);
    assert_eq!(of(Family::V13).text("redis_cache"), Some("redis://localhost:11311"));
    assert_eq!(of(Family::V14).get("redis_cache"), None);
    assert_eq!(of(Family::V15).text("redis_queue"), Some("redis://127.0.0.1:11311"));
    assert_eq!(of(Family::V17).text("redis_cache"), Some("redis://127.0.0.1:13311"));
    assert_eq!(of(Family::V17).get("redis_cache").unwrap().origin, Origin::Default);
}

#[test]
fn default_replaces_a_url_that_counts_as_false() {
    let common = json!({"redis_queue": ""});
    let config = merge(common, json!({}), &Environment::default(), Family::V15);
    assert_eq!(config.get("redis_queue").unwrap().origin, Origin::Default);
}

#[test]
fn standing_names_the_file_that_pauses() {
    let config = merge(
        json!({"pause_scheduler": 0, "maintenance_mode": 1}),
        json!({"pause_scheduler": 1}),
        &Environment::default(),
        Family::V15,
    );
    let pause = config.standing("pause_scheduler");
    assert!(pause.is_on() && pause.is_contested());
    assert_eq!(pause.in_force().unwrap().1, Path::new("site"));
    let maintenance = config.standing("maintenance_mode");
    assert!(maintenance.is_on() && !maintenance.is_contested());
    assert_eq!(maintenance.in_force().unwrap().1, Path::new("common"));
    assert!(!config.standing("disable_scheduler").is_on());
}

#[test]
fn standing_of_a_pause_that_the_site_takes_back_is_off() {
    let config = merge(
        json!({"pause_scheduler": 1}),
        json!({"pause_scheduler": false}),
        &Environment::default(),
        Family::V15,
    );
    assert!(!config.standing("pause_scheduler").is_on());
    assert!(!config.is_on("pause_scheduler"));
}

#[test]
fn text_zero_switches_on() {
    let common = json!({"pause_scheduler": "0"});
    let config = merge(common, json!({}), &Environment::default(), Family::V15);
    assert!(config.is_on("pause_scheduler"));
    assert!(is_deceptive(&config.get("pause_scheduler").unwrap().value));
}

#[test]
fn extra_config_is_seen_from_v15_on() {
    let of = |family, value: Value| {
        let site = json!({"extra_config": value});
        merge(json!({}), site, &Environment::default(), family).extra_config().is_some()
    };
    assert!(of(Family::V15, json!("app.config.get")));
    assert!(of(Family::V16, json!(["app.config.get"])));
    assert!(!of(Family::V14, json!("app.config.get")));
    assert!(!of(Family::V15, json!([])));
}

#[test]
fn read_of_broken_files_says_what_and_where() {
    match fault(b"{\n \"a\": 1,\n}") {
        ConfigFault::Syntax { line, message, .. } => {
            assert_eq!(line, 3);
            assert!(!message.contains(" line "), "{message}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fault(b"[1]"), ConfigFault::NotAnObject("a list"));
    assert!(matches!(fault(b""), ConfigFault::Syntax { .. }));
    assert!(matches!(fault(b"{\"a\": \"\xff\"}"), ConfigFault::Syntax { .. }));
    assert!(matches!(fault("[".repeat(100_000).as_bytes()), ConfigFault::Syntax { .. }));
    assert_eq!(fault(&vec![b' '; 4 * 1024 * 1024 + 1]), ConfigFault::TooLarge);
}

#[test]
fn read_of_a_directory_or_a_missing_file_is_a_named_fault() {
    let dir = tempfile::tempdir().unwrap();
    let read = |path: &Path| ConfigFile::read_pausing(path, |_| false).problem.unwrap().fault;
    assert!(matches!(read(dir.path()), ConfigFault::Unreadable(_)));
    assert_eq!(read(&dir.path().join("x.json")), ConfigFault::Missing);
}

#[test]
fn read_of_a_half_written_file_waits_for_the_rest() {
    let (_dir, path) = written(b"{\"pause_sched");
    let mut pauses = 0;
    let file = ConfigFile::read_pausing(&path, |_| {
        pauses += 1;
        if pauses == 2 {
            fs::write(&path, b"{\"pause_scheduler\": 1}").unwrap();
        }
        true
    });
    assert_eq!(pauses, 2);
    assert_eq!(file.problem, None);
    assert_eq!(file.values.get("pause_scheduler"), Some(&json!(1)));
}

#[test]
fn read_beside_a_writer_gets_the_finished_file() {
    let (_dir, path) = written(b"{\"a\"");
    let (begun, wait) = std::sync::mpsc::channel();
    let target = path.clone();
    let writer = std::thread::spawn(move || {
        wait.recv().unwrap();
        fs::write(target, b"{\"a\": 1}").unwrap();
    });
    let patience = Patience::default();
    // The sender goes with the closure, so a reader that never waits does not leave the writer
    // waiting.
    let file = ConfigFile::read_pausing(&path, move |ms| {
        let _ = begun.send(());
        patience.pause(ms)
    });
    writer.join().unwrap();
    assert_eq!(file.problem, None);
}

#[test]
fn read_of_a_file_broken_long_ago_does_not_wait() {
    let (_dir, path) = written(b"{");
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    fs::File::options().write(true).open(&path).unwrap().set_modified(long_ago).unwrap();
    let file = ConfigFile::read_pausing(&path, |_| panic!("waited"));
    assert!(file.problem.is_some());
}

#[test]
fn patience_for_many_broken_files_ends() {
    let patience = Patience::default();
    let waited: u64 = std::iter::repeat_n(20, 100).filter(|&ms| patience.pause(ms)).sum();
    assert_eq!(waited, 180);
}

#[test]
fn broken_file_stops_only_new_frappe() {
    let (_dir, path) = written(b"{");
    let broken = Arc::new(ConfigFile::read_pausing(&path, |_| false));
    let of = |family| {
        let common = file("common", json!({"a": 1}));
        Config::merge(common, Some(Arc::clone(&broken)), &Environment::default(), family)
    };
    assert!(of(Family::V15).refused_by_frappe().is_none());
    assert!(of(Family::V16Dev).refused_by_frappe().is_none());
    assert_eq!(of(Family::V16).refused_by_frappe().unwrap().path, path);
    assert_eq!(of(Family::V16).get("a").unwrap().value, json!(1), "the rest stays usable");
}

#[test]
fn world_writable_file_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = written(b"{}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let common = Arc::new(ConfigFile::read_pausing(&path, |_| false));
    let config = Config::merge(common, None, &Environment::default(), Family::V15);
    assert_eq!(config.world_writable().collect::<Vec<_>>(), [path.as_path()]);
}

#[test]
fn debug_shows_no_text_of_the_configuration() {
    let site = json!({
        "db_password": "hunter2", "redis_queue": "redis://:hunter2@h", "nested": {"x": "hunter2"},
    });
    let config = merge(json!({}), site, &Environment::default(), Family::V15);
    let shown = format!("{config:?}");
    assert!(shown.contains("db_password") && !shown.contains("hunter2"), "{shown}");
}

fn any_values() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
    ];
    prop::collection::btree_map("[a-d]|db_host|redis_queue", value, 0..6)
        .prop_map(|map: BTreeMap<String, Value>| map.into_iter().collect())
}

proptest! {
    #[test]
    fn merge_of_any_files_prefers_the_site_and_keeps_the_origin(
        common in any_values(),
        site in any_values(),
    ) {
        let files = (Value::Object(common.clone()), Value::Object(site.clone()));
        let config = merge(files.0, files.1, &Environment::default(), Family::V14);
        for (key, setting) in config.iter() {
            let (values, origin) = if site.contains_key(key) {
                (&site, Origin::Site(Path::new("site").into()))
            } else {
                (&common, Origin::Common(Path::new("common").into()))
            };
            prop_assert_eq!(Some(&setting.value), values.get(key));
            prop_assert_eq!(&setting.origin, &origin);
        }
        let keys = common.keys().chain(site.keys());
        prop_assert!(keys.into_iter().all(|key| config.get(key).is_some()));
    }
}
