//! What a mutation may do at all: dry runs, read-only, explicit scope, the right user.

use tempfile::tempdir;

use super::{assert_same, data, done, enqueue_raw, list, on, op_of, snapshot};
use crate::support::bench::Bench;
use crate::support::env::jobctl;
use crate::support::redis::RedisServer;

fn three_jobs() -> RedisServer {
    let server = RedisServer::start();
    enqueue_raw(&server, "long", ["s::a", "s::b", "t::c"].map(str::to_owned));
    server
}

#[test]
fn dry_run_shows_the_plan_and_changes_and_writes_nothing() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let before = snapshot(&server);
    let run = done(
        &server,
        state.path(),
        &["jobs", "delete", "--queue", "long", "--dry-run", "-o", "json"],
    );
    let report = data(&run);
    assert_eq!(report["plan"]["count"], 3);
    assert_eq!(report["plan"]["by_site"], serde_json::json!({"s": 2, "t": 1}));
    assert!(report["plan"]["by_method"].is_object());
    assert_eq!(report["op_id"], serde_json::Value::Null);
    assert_same(&before, &snapshot(&server));
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
}

#[test]
fn csv_is_refused_before_anything_is_changed_where_there_is_no_table() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let before = snapshot(&server);
    for words in [
        &["purge-jobs", "--queue", "long"][..],
        &["jobs", "delete", "--all"],
        &["jobs", "cancel", "s::a"],
        &["jobs", "retry", "--all"],
        &["jobs", "move", "--all", "--to", "other", "--create"],
        &["jobs", "promote", "t::c"],
        &["jobs", "enqueue", "app.run", "--queue", "long"],
        &["undo", "20260101T000000-000000"],
        &["workers", "suspend"],
        &["workers", "resume"],
        &["ops", "prune"],
    ] {
        let flag = on(&server, state.path(), &[words, &["-o", "csv"]].concat()).run();
        let variable = on(&server, state.path(), words).env("JOBCTL_OUTPUT", "csv").run();
        for run in [flag, variable] {
            assert_eq!(run.code, 64, "{words:?} {run:?}");
            assert!(run.stderr.contains("it has no table"), "{words:?} {run:?}");
        }
    }
    assert_same(&before, &snapshot(&server));
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
    done(&server, state.path(), &["jobs", "repair", "--dry-run", "-o", "csv"]);
}

#[test]
fn undo_line_comes_whatever_becomes_of_standard_output_and_with_quiet() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let url = server.url();
    let full = std::process::Command::new(env!("CARGO_BIN_EXE_jobctl"))
        .args(["--redis", &url, "jobs", "delete", "s::a"])
        .env("XDG_STATE_HOME", state.path())
        .env("HOME", state.path())
        .stdin(std::process::Stdio::null())
        .stdout(std::fs::File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    let errors = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(74), "{errors}");
    let line = errors.lines().find_map(|line| line.strip_prefix("undo with: jobctl undo "));
    let op = line.unwrap_or_else(|| panic!("{errors}")).split(' ').next().unwrap().to_owned();
    done(&server, state.path(), &["undo", &op]);
    assert_eq!(list(&server, "long").len(), 3);
    op_of(&done(&server, state.path(), &["jobs", "delete", "s::a", "-q"]));
}

#[test]
fn dry_run_names_the_queue_that_jobs_go_to() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let words = ["jobs", "move", "--all", "--to", "other", "--create", "--dry-run"];
    let text = done(&server, state.path(), &words).stdout;
    let line = text.lines().find(|line| line.starts_with("to queue")).unwrap();
    assert!(line.ends_with("other"), "{text}");
    let json = data(&done(&server, state.path(), &[&words[..], &["-o", "json"]].concat()));
    assert_eq!(json["plan"]["to"], "other");
}

#[test]
fn read_only_refuses_but_shows_plans() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    for arguments in [
        &["jobs", "delete", "--all", "--read-only"][..],
        &["jobs", "cancel", "s::a", "--read-only"],
    ] {
        let run = on(&server, state.path(), arguments).run();
        assert_eq!(run.code, 77, "{}", run.stderr);
    }
    let run =
        on(&server, state.path(), &["jobs", "delete", "--all"]).env("JOBCTL_READ_ONLY", "1").run();
    assert_eq!(run.code, 77);
    done(&server, state.path(), &["jobs", "delete", "--all", "--read-only", "--dry-run"]);
    let op = op_of(&done(&server, state.path(), &["jobs", "delete", "s::a"]));
    assert_eq!(on(&server, state.path(), &["undo", &op, "--read-only"]).run().code, 77);
}

#[test]
fn site_of_the_environment_is_no_explicit_scope() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    for variable in ["FRAPPE_SITE", "JOBCTL_SITE"] {
        let run = on(&server, state.path(), &["jobs", "delete"]).env(variable, "s").run();
        assert_eq!(run.code, 77, "{}", run.stderr);
        assert!(run.stderr.contains("--all"), "{}", run.stderr);
    }
    let run = on(&server, state.path(), &["jobs", "delete", "--yes"]).run();
    assert_eq!(run.code, 77, "{}", run.stderr);
    assert_eq!(list(&server, "long").len(), 3);
    // `--all` means all of what the variable narrowed.
    let run = on(&server, state.path(), &["jobs", "delete", "--all"]).env("FRAPPE_SITE", "s").run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(list(&server, "long"), ["t::c"]);
}

#[test]
fn site_filter_spares_sites_with_a_similar_name_and_foreign_jobs() {
    let server = RedisServer::start();
    let state = tempdir().unwrap();
    let ids = ["erp::a", "erp.example::a", "erp2::a", "0b1c-foreign"];
    enqueue_raw(&server, "q", ids.map(str::to_owned));
    done(&server, state.path(), &["jobs", "delete", "--site", "erp"]);
    assert_eq!(list(&server, "q"), &ids[1..]);
}

#[test]
fn limit_takes_the_first_in_queue_order_and_says_so() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let run = done(
        &server,
        state.path(),
        &["jobs", "delete", "--queue", "long", "--limit", "2", "-o", "json"],
    );
    assert_eq!(data(&run)["plan"]["limit"], 2);
    assert_eq!(list(&server, "long"), ["t::c"]);
}

#[test]
fn unknown_id_is_not_found_and_one_of_several_is_listed() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    assert_eq!(on(&server, state.path(), &["jobs", "delete", "nope"]).run().code, 66);
    let run = on(&server, state.path(), &["jobs", "delete", "nope", "s::a", "-o", "json"]).run();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(data(&run)["removed"], 1);
    assert_eq!(data(&run)["skipped_jobs"][0]["id"], "nope");
    for words in [&["purge-jobs"][..], &["jobs", "delete"], &["jobs", "cancel"], &["jobs", "retry"]]
    {
        let run = on(&server, state.path(), &[words, &["--id", "nope"]].concat()).run();
        assert_eq!(run.code, 66, "{words:?}: {}{}", run.stdout, run.stderr);
    }
    let several = ["purge-jobs", "--id", "nope", "--id", "s::b", "-o", "json"];
    let run = on(&server, state.path(), &several).run();
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert_eq!(data(&run)["removed"], 1);
    assert_eq!(data(&run)["skipped_jobs"][0]["id"], "nope");
}

#[test]
fn word_that_is_nearly_an_event_is_refused() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let run = on(&server, state.path(), &["purge-jobs", "--event", "dayly"]).run();
    assert_eq!(run.code, 64, "{}", run.stderr);
    assert!(run.stderr.contains("did you mean `daily`"), "{}", run.stderr);
    // Any other word may be the event of a payload.
    done(&server, state.path(), &["purge-jobs", "--event", "on_update_of_invoice"]);
    done(&server, state.path(), &["purge-jobs", "--event", "import"]);
}

#[test]
fn prefix_that_is_not_in_redis_is_refused_on_a_dry_run_too() {
    let server = RedisServer::start();
    enqueue_raw(&server, "another-bench:long", ["erp::a".to_owned()]);
    let mut bench = Bench::new("15.44.2", &server);
    bench.site("erp");
    let state = tempdir().unwrap();
    for words in [
        &["purge-jobs", "--site", "erp"][..],
        &["jobs", "delete", "--queue", "long"],
        &["jobs", "cancel", "--site", "erp"],
        &["jobs", "retry", "--site", "erp"],
        &["jobs", "move", "--queue", "short", "--to", "long"],
        &["jobs", "promote", "--all"],
        &["jobs", "repair"],
        &["workers", "prune"],
    ] {
        for dry in [&["--dry-run"][..], &[]] {
            let root = bench.root().to_str().unwrap();
            let run = jobctl([&["--bench", root], words, dry].concat())
                .env("XDG_STATE_HOME", state.path())
                .run();
            assert_eq!(run.code, 78, "{words:?} {dry:?}: {}{}", run.stdout, run.stderr);
            assert!(run.stderr.contains("`another-bench`"), "{}", run.stderr);
        }
    }
}

#[test]
fn running_state_cannot_be_asked_for() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let run = on(&server, state.path(), &["jobs", "delete", "--status", "started"]).run();
    assert_eq!(run.code, 64, "{}", run.stderr);
}

#[test]
fn undo_without_a_terminal_needs_the_operation() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let op = op_of(&done(&server, state.path(), &["jobs", "delete", "s::a"]));
    let run = on(&server, state.path(), &["undo"]).run();
    assert_eq!(run.code, 77, "{}", run.stderr);
    assert!(run.stderr.contains(&op), "{}", run.stderr);
    assert_eq!(on(&server, state.path(), &["undo", "20260101T000000-000000"]).run().code, 66);
    assert_eq!(on(&server, state.path(), &["undo", "../../etc/passwd"]).run().code, 64);
}

#[test]
fn access_list_that_forbids_the_change_is_told_and_nothing_is_lost() {
    let server = RedisServer::builder()
        .acl(&["user reader on >secret ~* &* +@read +ping +script|load +evalsha +role"])
        .start();
    enqueue_raw(&server, "long", ["a".to_owned()]);
    let state = tempdir().unwrap();
    let url = server.url_as("reader", "secret");
    let run =
        jobctl(["--redis", &url, "jobs", "delete", "a"]).env("XDG_STATE_HOME", state.path()).run();
    assert_eq!(run.code, 77, "{}", run.stderr);
    assert!(!run.stderr.contains("secret"), "{}", run.stderr);
    assert_eq!(list(&server, "long"), ["a"]);
}
