//! Enabling and disabling schedulers, stopping and starting job types, and their undo.

use serde_json::json;

use super::{ENGINES, Place, ZONE};
use crate::support::env::Run;
use crate::support::site_schema::{SiteDb, V14, V15, V16, job_type, site_time};

const METHOD: &str = "app.tasks.often";
const SETTINGS: &str = "document_cache::System Settings::System Settings";

/// The operation in the last line of standard error.
fn op_of(run: &Run) -> String {
    let last = run.stderr.lines().last().unwrap_or_default();
    let op = last.strip_prefix("undo with: jobctl undo ");
    op.unwrap_or_else(|| panic!("{run:?}")).split(' ').next().unwrap().to_owned()
}

fn some(value: &str) -> Vec<Option<String>> {
    vec![Some(value.to_owned())]
}

/// Puts a document into the cache of a site.
fn cache(place: &Place, db: &SiteDb, words: &[&str]) {
    let key = format!("{}|{}", db.name, words[1]);
    let mut command = vec![words[0], &key];
    command.extend(&words[2..]);
    place.server.cmd(&command);
}

/// How many keys of a site are in the cache.
fn cached(place: &Place, db: &SiteDb) -> usize {
    match place.server.cmd(&["KEYS", &format!("{}|*", db.name)]) {
        redis::Value::Array(keys) => keys.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn enabling_writes_the_row_drops_the_cached_document_and_can_be_undone() {
    for engine in ENGINES {
        for schema in [V14, V15, V16] {
            let mut place = Place::new(schema);
            let db = place.bare_site(engine, "erp", schema).active_at(&site_time(ZONE, 60));
            if schema == V14 {
                let document = "System Settings::System Settings";
                cache(&place, &db, &["HSET", "document_cache", document, "pickled"]);
                cache(&place, &db, &["HSET", "last_modified", "System Settings", "pickled"]);
            } else {
                cache(&place, &db, &["SET", SETTINGS, "pickled"]);
            }
            let run = place.ends(0, &["enable-scheduler", "--site", "erp"]);
            assert_eq!(db.singles("enable_scheduler"), some("1"), "{engine} {schema:?}");
            assert_eq!(db.singles("modified_by"), some("Administrator"));
            let modified = db.singles("modified")[0].clone().unwrap();
            assert_eq!(modified[..13], site_time(ZONE, 0)[..13], "in the site's zone");
            assert_eq!(cached(&place, &db), 0, "{engine} {schema:?}");
            assert!(!run.stdout.contains("stays off"), "{}", run.stdout);
            place.ends(0, &["undo", &op_of(&run)]);
            assert_eq!(db.singles("enable_scheduler"), [], "the absence of the row comes back");
        }
    }
}

#[test]
fn undo_over_somebody_elses_value_leaves_it() {
    let mut place = Place::new(V16);
    let db = place.site("mariadb", "erp", V16);
    let run = place.ends(0, &["scheduler", "disable", "--site", "erp", "--reason", "import"]);
    assert_eq!(db.singles("enable_scheduler"), some("0"));
    db.execute("UPDATE `tabSingles` SET `value` = '7' WHERE `field` = 'enable_scheduler'");
    let undo = place.ends(1, &["undo", &op_of(&run)]);
    assert!(undo.stdout.contains("somebody set it to 7"), "{}", undo.stdout);
    assert_eq!(db.singles("enable_scheduler"), some("7"));
    cache(&place, &db, &["SET", SETTINGS, "pickled"]);
    place.ends(0, &["undo", &op_of(&run), "--force"]);
    assert_eq!((db.singles("enable_scheduler"), cached(&place, &db)), (some("1"), 0));
}

#[test]
fn enabling_says_what_keeps_the_scheduler_off_all_the_same() {
    let mut place = Place::new(V15);
    let _db = place.bare_site("sqlite", "erp", V15).active_at(&site_time(ZONE, 60));
    place.bench.set_on("erp", "pause_scheduler", 1);
    let enable = ["enable-scheduler", "--site", "erp", "-o", "json"];
    let report = place.ends(0, &enable).json();
    let obstacles = &report["data"]["sites"][0]["obstacles"];
    assert_eq!(obstacles.as_array().unwrap().len(), 1, "{report:#}");
    assert_eq!(obstacles[0]["code"], "pause-scheduler");
    let root = place.bench.root().display().to_string();
    let fix = format!("jobctl --bench {root} resume-scheduler --site erp");
    assert_eq!(obstacles[0]["fix"], fix.as_str());
}

#[test]
fn site_that_fails_fails_alone_and_the_others_are_done() {
    let mut place = Place::new(V15);
    let dbs = ENGINES.map(|engine| place.site(engine, &format!("well-{engine}"), V15));
    place.bench.set_on("dead", "db_name", "_dead");
    place.bench.set_on("dead", "db_port", 1);
    let run = place.ends(1, &["disable-scheduler", "--site", "all", "-o", "json"]);
    let report = run.json();
    let sites = report["data"]["sites"].as_array().unwrap();
    let turns: Vec<_> = sites.iter().map(|row| row["turn"].as_str().unwrap()).collect();
    assert_eq!(turns, ["failed", "changed", "changed", "changed"]);
    for db in &dbs {
        assert_eq!(db.singles("enable_scheduler"), some("0"));
    }
    place.ends(0, &["undo", &op_of(&run)]);
    for db in &dbs {
        assert_eq!(db.singles("enable_scheduler"), some("1"));
    }
    place.ends(69, &["disable-scheduler", "--site", "dead"]);
}

#[test]
fn what_stands_so_already_is_no_operation_but_clears_the_cache() {
    let mut place = Place::new(V16);
    let db = place.site("postgres", "erp", V16);
    cache(&place, &db, &["SET", SETTINGS, "pickled"]);
    let run = place.ends(0, &["enable-scheduler", "--site", "erp"]);
    assert!(run.stdout.contains("already enabled"), "{}", run.stdout);
    assert!(!run.stderr.contains("undo with"), "{}", run.stderr);
    assert_eq!(cached(&place, &db), 0);
}

#[test]
fn cache_that_is_down_fails_only_where_the_scheduler_goes_by_it() {
    for (schema, code) in [(V15, 0), (V16, 1)] {
        let mut place = Place::new(schema);
        let db = place.site("sqlite", "erp", schema);
        place.bench.set("redis_cache", "redis://127.0.0.1:1");
        let run = place.ends(code, &["disable-scheduler", "--site", "erp", "-o", "json"]);
        assert_eq!(db.singles("enable_scheduler"), some("0"));
        let report = run.json();
        assert_eq!(report["data"]["sites"][0]["is_stale"], json!(code == 1), "{report:#}");
        assert_eq!(report["data"]["undoable"], true);
    }
}

#[test]
fn dry_run_read_only_and_unnamed_sites_change_nothing() {
    let mut place = Place::new(V15);
    let db = place.site("sqlite", "erp", V15).job_type(job_type(METHOD, "All"));
    place.ends(0, &["disable-scheduler", "--site", "erp", "--dry-run"]);
    place.ends(77, &["disable-scheduler", "--site", "erp", "--read-only"]);
    place.ends(77, &["disable-scheduler"]);
    place.ends(66, &["disable-scheduler", "--site", "erpp"]);
    place.ends(0, &["scheduler", "stop-job", METHOD, "--site", "erp", "--dry-run"]);
    assert_eq!((db.singles("enable_scheduler"), db.is_stopped(METHOD)), (some("1"), false));
    let ops = place.ends(0, &["ops", "list", "-o", "json"]).json();
    assert_eq!(ops["data"]["ops"], json!([]));
}

#[test]
fn job_type_is_stopped_by_method_or_name_and_comes_back() {
    for engine in ENGINES {
        for schema in [V14, V16] {
            let mut place = Place::new(schema);
            let other = "app.tasks.other";
            let db = place
                .site(engine, "erp", schema)
                .job_type(job_type(METHOD, "All"))
                .job_type(job_type(other, "All"));
            let name = schema.type_name(METHOD);
            let document = format!("Scheduled Job Type::{name}");
            if schema == V14 {
                cache(&place, &db, &["HSET", "document_cache", &document, "pickled"]);
            } else {
                cache(&place, &db, &["SET", &format!("document_cache::{document}"), "pickled"]);
            }
            let run = place.ends(0, &["scheduler", "stop-job", METHOD, "--site", "erp"]);
            assert!(db.is_stopped(METHOD) && !db.is_stopped(other), "{engine} {schema:?}");
            assert_eq!(cached(&place, &db), 0);
            place.ends(0, &["undo", &op_of(&run)]);
            assert!(!db.is_stopped(METHOD));
            place.ends(0, &["scheduler", "stop-job", &name, "--site", "erp"]);
            place.ends(0, &["scheduler", "start-job", &name, "--site", "erp"]);
            assert!(!db.is_stopped(METHOD));
        }
    }
}

#[test]
fn unknown_job_type_names_the_near_ones_and_sites_that_have_it_are_done() {
    let mut place = Place::new(V15);
    let db = place.site("sqlite", "a", V15).job_type(job_type(METHOD, "All"));
    let _other = place.site("sqlite", "b", V15).job_type(job_type("app.tasks.rarely", "All"));
    let run = place.ends(66, &["scheduler", "stop-job", "app.tasks.oftn", "--site", "a"]);
    assert!(run.stderr.contains(METHOD), "{}", run.stderr);
    let run = place.ends(1, &["scheduler", "stop-job", METHOD, "--site", "all"]);
    assert!(run.stdout.contains("site `b` has no scheduled job type"), "{}", run.stdout);
    assert!(db.is_stopped(METHOD));
}

#[test]
fn type_that_is_gone_since_is_left_alone_by_undo() {
    let mut place = Place::new(V16);
    let db = place.site("postgres", "erp", V16).job_type(job_type(METHOD, "All"));
    let run = place.ends(0, &["scheduler", "stop-job", METHOD, "--site", "erp"]);
    db.execute("DELETE FROM `tabScheduled Job Type`");
    place.ends(1, &["undo", &op_of(&run)]);
    let forced = place.ends(66, &["undo", &op_of(&run), "--force"]);
    assert!(forced.stdout.contains("gone"), "{}", forced.stdout);
}
