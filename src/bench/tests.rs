use std::fs;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use super::id::{IdSource, split_id};
use super::*;
use crate::error::failure_of;

/// A bench in a temporary directory.
pub(super) struct TestBench {
    dir: tempfile::TempDir,
}

impl TestBench {
    /// A bench with this Frappe and an empty common file.
    pub(super) fn new(version: &str) -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap() };
        for dir in ["apps/frappe/frappe/utils", "sites/assets", "config"] {
            fs::create_dir_all(bench.path(dir)).unwrap();
        }
        let source = format!("import os\n__version__ = \"{version}\"\n");
        bench.write("apps/frappe/frappe/__init__.py", &source);
        bench.common(&json!({}));
        bench
    }

    pub(super) fn root(&self) -> PathBuf {
        // Temporary directories may lie behind a link.
        fs::canonicalize(self.dir.path()).unwrap().join("bench")
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        fs::write(self.path(path), content).unwrap();
    }

    fn common(&self, values: &Value) {
        self.write("sites/common_site_config.json", &values.to_string());
    }

    fn site(&self, name: &str, values: &Value) {
        fs::create_dir_all(self.path("sites").join(name)).unwrap();
        self.write(&format!("sites/{name}/site_config.json"), &values.to_string());
    }

    pub(super) fn open(&self) -> Bench {
        self.open_under(Environment::default())
    }

    fn open_under(&self, environment: Environment) -> Bench {
        Bench::find_from(Some(&self.root()), None, environment).unwrap().unwrap()
    }
}

fn dashes(path: &Path) -> String {
    path.to_str().unwrap().trim_matches('/').replace('/', "-")
}

fn refusal(explicit: &Path) -> (Kind, String, String) {
    let error = Bench::find_from(Some(explicit), None, Environment::default()).unwrap_err();
    let failure = failure_of(&error).unwrap();
    (failure.kind(), failure.to_string(), failure.hints().join("\n"))
}

#[test]
fn find_of_what_is_no_bench_says_what_is_missing() {
    let bench = TestBench::new("15.44.2");
    let (kind, message, hint) = refusal(&bench.path("sites"));
    assert_eq!(kind, Kind::Config);
    assert!(message.contains("no directory `apps` and `sites`"), "{message}");
    assert!(hint.contains(&format!("`{}`", bench.root().display())), "{hint}");
    assert_eq!(refusal(&bench.path("nowhere")).0, Kind::NotFound);
    assert_eq!(refusal(&bench.path("sites/common_site_config.json")).0, Kind::NotFound);
    assert_eq!(refusal(&bench.path("sites/common_site_config.json/x")).0, Kind::NotFound);
    assert_eq!(refusal(Path::new("")).0, Kind::Usage);
}

#[test]
fn find_prefers_flag_then_variable_then_directory() {
    let (flag, variable, around) =
        (TestBench::new("15.0.0"), TestBench::new("15.0.0"), TestBench::new("15.0.0"));
    let named = variable.root().display().to_string();
    let cwd = around.path("sites/assets");
    let find = |explicit: Option<&Path>, environment| {
        let bench = Bench::find_from(explicit, Some(&cwd), environment).unwrap().unwrap();
        (bench.root().to_path_buf(), bench.found_by())
    };
    let environment = Environment::of([("JOBCTL_BENCH", &named)]);
    assert_eq!(find(Some(&flag.root()), environment.clone()), (flag.root(), FoundBy::Flag));
    assert_eq!(find(None, environment), (variable.root(), FoundBy::Environment));
    assert_eq!(find(None, Environment::default()), (around.root(), FoundBy::CurrentDirectory));
}

#[test]
fn find_with_an_empty_variable_is_a_usage_error() {
    let environment = Environment::of([("JOBCTL_BENCH", "")]);
    let error = Bench::find_from(None, Some(Path::new("/")), environment).unwrap_err();
    assert_eq!(failure_of(&error).unwrap().kind(), Kind::Usage);
}

#[test]
fn find_walks_up_to_the_home_directory_and_not_beyond() {
    let bench = TestBench::new("15.0.0");
    let below = bench.path("sites/assets");
    let from = |home: &Path| {
        let environment = Environment::of([("HOME", home.to_str().unwrap())]);
        Bench::find_from(None, Some(&below), environment).unwrap().is_some()
    };
    assert!(from(&bench.root()), "a bench in the home directory itself counts");
    assert!(!from(&bench.path("sites")));
}

#[test]
fn find_of_a_relative_path_is_absolute_and_keeps_the_link() {
    let bench = TestBench::new("15.0.0");
    let parent = bench.root().parent().unwrap().to_path_buf();
    symlink(bench.root(), parent.join("link")).unwrap();
    let found = Bench::find_from(Some(Path::new("./link")), Some(&parent), Environment::default());
    let found = found.unwrap().unwrap();
    assert_eq!(found.root(), parent.join("link"));
    assert_eq!(found.real_root(), bench.root());
}

#[test]
fn bench_id_of_each_version_is_the_dashed_path() {
    for version in ["14.81.0", "15.44.2", "16.0.0-dev", "16.10.0", "17.0.0-dev"] {
        let bench = TestBench::new(version);
        let id = bench.open().id().unwrap();
        assert_eq!(id.value, dashes(&bench.root()), "{version}");
        assert_eq!(id.source, IdSource::FrappePath(bench.root()));
        assert_eq!(id.queue("short"), format!("{}:short", dashes(&bench.root())));
    }
    assert_eq!(TestBench::new("13.58.0").open().id(), None);
}

#[test]
fn bench_id_through_a_linked_bench_is_that_of_the_real_one() {
    let bench = TestBench::new("15.44.2");
    let link = bench.root().parent().unwrap().join("link");
    symlink(bench.root(), &link).unwrap();
    let linked = Bench::find_from(Some(&link), None, Environment::default()).unwrap().unwrap();
    assert_eq!(linked.id().unwrap().value, dashes(&bench.root()));
}

#[test]
fn bench_id_with_a_linked_frappe_follows_the_link() {
    let bench = TestBench::new("15.44.2");
    let elsewhere = bench.root().parent().unwrap().join("src/apps");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::rename(bench.path("apps/frappe"), elsewhere.join("frappe")).unwrap();
    symlink(elsewhere.join("frappe"), bench.path("apps/frappe")).unwrap();
    let expected = dashes(elsewhere.parent().unwrap());
    assert_eq!(bench.open().id().unwrap().value, expected);
}

#[test]
fn bench_id_from_the_environment_is_verbatim_from_v15_on() {
    let environment = Environment::of([("FRAPPE_BENCH_ROOT", "/srv/my/bench/")]);
    let id = TestBench::new("15.44.2").open_under(environment.clone()).id().unwrap();
    assert_eq!(id.value, "srv-my-bench");
    let old = TestBench::new("14.81.0");
    assert_eq!(old.open_under(environment).id().unwrap().value, dashes(&old.root()));
}

#[test]
fn bench_id_without_frappe_falls_back_to_the_bench_path() {
    let bench = TestBench::new("15.44.2");
    fs::remove_dir_all(bench.path("apps/frappe")).unwrap();
    let opened = bench.open();
    assert_eq!(opened.frappe().family(), Family::Unknown);
    assert_eq!(opened.id().unwrap().source, IdSource::BenchPath(bench.root()));
}

#[test]
fn bench_id_of_the_configuration_wins_and_a_site_of_its_own_is_split() {
    let bench = TestBench::new("15.44.2");
    bench.common(&json!({"bench_id": "prod"}));
    bench.site("same", &json!({"bench_id": "prod"}));
    bench.site("other", &json!({"bench_id": "else"}));
    bench.site("plain", &json!({}));
    let bench = bench.open();
    let id = bench.id().unwrap();
    assert_eq!(id.value, "prod");
    let split = |site: &str| split_id(&id, site, &bench.site_config(site));
    assert_eq!(split("same"), None);
    assert_eq!(split("plain"), None);
    let other = split("other").unwrap();
    assert_eq!((other.site.as_str(), other.value.as_str()), ("other", "else"));
    assert_eq!(bench.relative(&other.path), Path::new("sites/other/site_config.json"));
}

#[test]
fn sites_are_real_directories_with_a_configuration_sorted() {
    let bench = TestBench::new("15.44.2");
    bench.site("b.example", &json!({}));
    bench.site("a.example", &json!({}));
    bench.site("odd name", &json!({}));
    fs::create_dir_all(bench.path("sites/lost.example/private")).unwrap();
    fs::create_dir_all(bench.path("sites/.cache/private")).unwrap();
    symlink(bench.path("sites/a.example"), bench.path("sites/alias")).unwrap();
    symlink("dangling", bench.path("sites/nowhere")).unwrap();
    let sites = bench.open().sites();
    assert_eq!(sites.names().collect::<Vec<_>>(), ["a.example", "b.example", "odd name"]);
    assert_eq!(sites.without_config, ["lost.example"]);
    assert_eq!(sites.links, ["alias"]);
    assert_eq!(sites.problems, []);
    assert!(sites.find("a.example").is_some() && sites.find("a").is_none());
}

#[test]
fn sites_with_odd_names_are_refused_by_v16() {
    let bench = TestBench::new("16.10.0");
    bench.site("odd name", &json!({}));
    bench.site("a-b_c.example", &json!({}));
    let sites = bench.open().sites();
    assert_eq!(sites.names().collect::<Vec<_>>(), ["a-b_c.example"]);
    assert_eq!(sites.refused_names, ["odd name"]);
}

#[test]
fn sites_of_a_vanished_directory_are_a_named_problem() {
    let bench = TestBench::new("15.44.2");
    let opened = bench.open();
    fs::remove_dir_all(bench.path("sites")).unwrap();
    let sites = opened.sites();
    assert!(sites.sites.is_empty());
    assert_eq!(sites.problems[0].path, bench.path("sites"));
}

#[test]
fn sites_with_an_unreadable_configuration_are_named_and_the_rest_listed() {
    let bench = TestBench::new("15.44.2");
    bench.site("a.example", &json!({}));
    fs::create_dir_all(bench.path("sites/b.example")).unwrap();
    // A link to itself cannot be followed by anybody, root included.
    let looped = bench.path("sites/b.example/site_config.json");
    symlink(&looped, &looped).unwrap();
    let sites = bench.open().sites();
    assert_eq!(sites.names().collect::<Vec<_>>(), ["a.example"]);
    assert_eq!(sites.problems[0].path, bench.path("sites/b.example"));
}

#[test]
fn site_config_of_a_name_that_leaves_the_bench_is_missing() {
    let bench = TestBench::new("15.44.2");
    fs::create_dir_all(bench.path("outside")).unwrap();
    bench.write("outside/site_config.json", r#"{"secret": 1}"#);
    let config = bench.open().site_config("../outside");
    assert_eq!(config.get("secret"), None);
    assert_eq!(config.problems().next().unwrap().fault, ConfigFault::Missing);
}

#[test]
fn config_without_a_site_reads_the_stray_file() {
    let bench = TestBench::new("15.44.2");
    bench.common(&json!({"a": 1, "b": 1}));
    bench.write("sites/site_config.json", r#"{"b": 2}"#);
    let bench = bench.open();
    assert_eq!(bench.config().get("b").unwrap().value, json!(2));
    assert_eq!(bench.config().get("a").unwrap().value, json!(1));
}

#[test]
fn default_site_is_a_key_from_v15_on_and_a_file_before() {
    let bench = TestBench::new("14.81.0");
    bench.write("sites/currentsite.txt", "old.example\n");
    bench.common(&json!({"default_site": "new.example"}));
    assert_eq!(bench.open().default_site().unwrap().0, "old.example");
    bench.write("apps/frappe/frappe/__init__.py", "__version__ = '15.0.0'\n");
    assert_eq!(bench.open().default_site().unwrap().0, "new.example");
}

#[test]
fn version_is_read_in_either_quotes_and_sorted_into_families() {
    let bench = TestBench::new("15.44.2");
    assert_eq!(bench.open().frappe().version(), Some("15.44.2"));
    bench.write("apps/frappe/frappe/__init__.py", "x = 1\n__version__='13.58.0'  # v\n");
    assert_eq!(bench.open().frappe().family(), Family::V13);
    bench.write("apps/frappe/frappe/__init__.py", "__version__ = get()\n");
    assert_eq!(bench.open().frappe().version(), None);
    let families = [
        ("12.9.0", Family::Unknown),
        ("14.0.0", Family::V14),
        ("16.0.0-dev", Family::V16Dev),
        ("16.0.0", Family::V16),
        ("17.0.0-dev", Family::V17),
        ("18.1.0", Family::V17),
        ("dev", Family::Unknown),
    ];
    for (version, family) in families {
        assert_eq!(Family::of(version), family, "{version}");
    }
}

#[test]
fn late_v15_is_known_by_its_source() {
    let bench = TestBench::new("15.44.2");
    let early = bench.open();
    assert!(!early.frappe().caps_queues() && !early.frappe().locks_scheduler());
    assert!(early.frappe().obeys_restarting_file());
    assert_eq!(early.queue_cap(2), None);
    bench.write("apps/frappe/frappe/utils/background_jobs.py", "conf.max_queued_jobs or 500\n");
    bench.write("apps/frappe/frappe/utils/scheduler.py", "lock('scheduler_process')\n");
    bench.write("sites/.restarting", "");
    let late = bench.open();
    assert!(late.frappe().caps_queues() && late.frappe().locks_scheduler());
    assert!(!late.is_restarting() && early.is_restarting());
    assert_eq!(late.queue_cap(2), Some(600));
}

#[test]
fn queue_cap_takes_its_base_from_the_configuration() {
    let bench = TestBench::new("16.10.0");
    bench.common(&json!({"max_queued_jobs": "100"}));
    assert_eq!(bench.open().queue_cap(3), Some(250));
}

#[test]
fn rq_version_is_that_of_the_newest_metadata() {
    let bench = TestBench::new("15.44.2");
    assert_eq!(bench.open().rq_version(), None);
    for package in ["rq-1.9.0", "rq-1.15.1", "rq_scheduler-9.0.0", "rq-dashboard-9.1"] {
        let dir = format!("env/lib/python3.11/site-packages/{package}.dist-info");
        fs::create_dir_all(bench.path(&dir)).unwrap();
    }
    assert_eq!(bench.open().rq_version(), Some("1.15.1"));
}

#[test]
fn croniter_version_is_that_of_the_environment() {
    let bench = TestBench::new("15.44.2");
    assert_eq!(bench.open().croniter_version(), None);
    let packages = "env/lib/python3.11/site-packages";
    for package in ["croniter-2.0.7", "croniter_extra-9.0.0"] {
        fs::create_dir_all(bench.path(&format!("{packages}/{package}.dist-info"))).unwrap();
    }
    assert_eq!(bench.open().croniter_version(), Some("2.0.7"));
}

#[test]
fn job_id_separator_follows_the_version_and_a_snapshot_its_rq() {
    let of = |version| TestBench::new(version).open().job_id_separator();
    assert_eq!(of("13.58.0"), None);
    assert_eq!(of("15.44.2"), Some("::"));
    assert_eq!(of("16.10.0"), Some("||"));
    let snapshot = TestBench::new("16.0.0-dev");
    assert_eq!(snapshot.open().job_id_separator(), Some("::"));
    let dir = "env/lib/python3.14/site-packages/rq-2.6.1.dist-info";
    fs::create_dir_all(snapshot.path(dir)).unwrap();
    assert_eq!(snapshot.open().job_id_separator(), Some("||"));
}

#[test]
fn queues_keep_the_order_of_the_file_and_their_timeouts() {
    let bench = TestBench::new("15.44.2");
    let workers = r#"{"workers": {"zeta": {"timeout": 5000}, "alpha": {}, "long": {"timeout": "1h"},
        "odd": {"timeout": "soon"}, "text": "x"}}"#;
    bench.write("sites/common_site_config.json", workers);
    let queues = bench.open().queues();
    let seen: Vec<_> = queues.iter().map(|q| (q.name.as_str(), q.timeout_s, q.custom)).collect();
    assert_eq!(
        seen,
        [
            ("short", Some(300), false),
            ("default", Some(300), false),
            ("long", Some(3600), true),
            ("zeta", Some(5000), true),
            ("alpha", Some(300), true),
            ("odd", None, true),
            ("text", Some(300), true),
        ]
    );
}

#[test]
fn queue_redis_takes_url_login_and_origin_from_the_configuration() {
    let bench = TestBench::new("15.44.2");
    bench.common(&json!({
        "redis_queue": "redis://q:11000", "use_rq_auth": 1, "rq_password": 12345,
    }));
    let target = bench.open().queue_redis().unwrap();
    assert_eq!(target.url, "redis://q:11000");
    assert_eq!(target.username.unwrap(), dashes(&bench.root()));
    assert_eq!(target.password.unwrap(), "12345");
    assert_eq!(target.origin.path().unwrap(), bench.path("sites/common_site_config.json"));
}

#[test]
fn queue_redis_without_rq_auth_takes_the_admin_password() {
    let environment = Environment::of([("RQ_ADMIN_PASWORD", "hunter2")]);
    let bench = TestBench::new("15.44.2");
    let target = bench.open_under(environment.clone()).queue_redis().unwrap();
    assert_eq!(target.username.as_deref(), Some("default"));
    assert_eq!(target.password.as_deref(), Some("hunter2"));
    assert!(!format!("{target:?}").contains("hunter2"));
    bench.common(&json!({"redis_queue": "redis://me:own@q:1"}));
    let target = bench.open_under(environment).queue_redis().unwrap();
    assert_eq!((target.username.as_ref(), target.password.as_ref()), (None, None));
    assert!(!format!("{target:?}").contains("own"), "{target:?}");
}

#[test]
fn queue_redis_debug_hides_a_password_with_signs_that_end_a_host() {
    let bench = TestBench::new("15.44.2");
    bench.common(&json!({"redis_queue": "redis://:hun/t@er?2@q:1/0?password=hunter3"}));
    let shown = format!("{:?}", bench.open().queue_redis().unwrap());
    assert!(shown.contains("redis://***@q:1/0\""), "{shown}");
}

#[test]
fn queue_redis_through_sentinel_has_nodes_and_service() {
    let bench = TestBench::new("15.44.2");
    let mut values = json!({
        "redis_queue_sentinel_enabled": 1, "redis_queue_sentinels": ["s1:26379", "s2:26379"],
        "redis_queue_sentinel_password": "hunter2", "redis_queue_master_password": "hunter2",
    });
    bench.common(&values);
    let error = bench.open().queue_redis().unwrap_err();
    assert!(error.to_string().contains("`redis_queue_master_service` is not set"), "{error}");
    values["redis_queue_master_service"] = json!("mymaster");
    bench.common(&values);
    let target = bench.open().queue_redis().unwrap();
    assert!(!format!("{target:?}").contains("hunter2"));
    let sentinel = target.sentinel.unwrap();
    assert_eq!(sentinel.nodes, ["s1:26379", "s2:26379"]);
    assert_eq!(sentinel.service, "mymaster");
    assert_eq!(sentinel.master_password.as_deref(), Some("hunter2"));
    assert_eq!(bench.open().cache_redis().unwrap().sentinel, None);
}

#[test]
fn queue_redis_that_nothing_sets_is_a_configuration_failure() {
    let bench = TestBench::new("14.81.0");
    let error = bench.open().queue_redis().unwrap_err();
    let failure = failure_of(&error).unwrap();
    assert_eq!(failure.kind(), Kind::Config);
    assert!(failure.to_string().contains("`redis_queue` is not set"));
    bench.common(&json!({"redis_queue": 11000}));
    let error = bench.open().queue_redis().unwrap_err();
    assert!(error.to_string().contains("not a URL"), "{error}");
}

#[test]
fn queue_redis_under_a_broken_file_names_the_file() {
    let bench = TestBench::new("14.81.0");
    bench.write("sites/common_site_config.json", "{,");
    let error = bench.open().queue_redis().unwrap_err();
    let hints = failure_of(&error).unwrap().hints().join("\n");
    assert!(hints.contains("common_site_config.json") && hints.contains("not valid JSON"));
}
