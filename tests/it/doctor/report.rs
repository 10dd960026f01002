//! The report itself: what scripts read of it, what it exits with, and that nothing hostile
//! comes through.

use serde_json::Value;

use super::{Stage, fixes};
use crate::support::state::{description, in_s, put};

/// Names that others chose, with everything that a terminal or a shell would obey.
const HOSTILE: [&str; 7] = [
    "with blanks",
    "two\nlines",
    "\x1b]0;title\x07\x1b[31mred",
    "emoji \u{1f600}",
    "site1.localhost::a::b||c",
    "gnp\u{202e}exe",
    "$(touch /tmp/never); `reboot` 'x' \"y\"",
];

/// A bench in which each hostile name is that of a job, in most places where one is told of.
fn hostile() -> Stage {
    let mut stage = Stage::bench();
    for name in HOSTILE {
        let job = stage.job("short", format!("bad {name}")).set("timeout", format!("x{name}"));
        job.set("description", description(name, name)).waited(700).wait();
        put(&stage.server, "queue", &stage.queue("long"), name.as_bytes(), None);
        let id = format!("run {name}");
        stage.job("default", &id).started(900).save_in("wip", Some(&in_s(60)));
        let id = format!("left {name}");
        stage.job("default", &id).started(900).save_in("wip", Some(&in_s(-60)));
        stage.job(name, format!("unserved {name}")).expires_in(99).wait();
        stage.job("short", format!("parked {name}")).waited(99).save_in("intermediate", None);
        let ghost = format!("site1.localhost::scheduled_job::{name}");
        stage.job("short", ghost).waited(99).save();
        let queue = stage.queue("short");
        let dead = stage.worker(&format!("dead {name}"), &[&queue]).set("hostname", name);
        let dead = dead.set("current_job", name).deaf().start();
        stage.hire(dead);
    }
    put(&stage.server, "queue", &stage.queue("long"), b"\xff\xfe not text", None);
    stage
}

/// What no terminal may get, whatever is in the data.
fn is_harmless(text: &str) -> bool {
    !text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}')
}

#[test]
fn hostile_names_never_reach_a_terminal_raw() {
    let stage = hostile();
    for arguments in [&[][..], &["-o", "plain"], &["-o", "wide", "--deep", "-v"]] {
        let run = stage.run(arguments);
        assert_eq!(run.code, 2, "{}", run.stderr);
        // A tab parts the fields of plain lists.
        let text = run.stdout.replace('\t', " ") + &run.stderr;
        assert!(is_harmless(&text), "{arguments:?}: {text:?}");
        assert!(text.contains("\\x1b]0;title\\x07"), "{arguments:?}: {text}");
    }
}

#[test]
fn commands_with_hostile_names_are_quoted_or_left_out() {
    let stage = hostile();
    let run = stage.run(&["-o", "json", "--deep"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let mut commands = 0;
    for finding in report["data"]["findings"].as_array().unwrap() {
        for command in fixes(finding).lines() {
            commands += 1;
            assert!(is_harmless(command) && !command.contains('\u{fffd}'), "{command}");
            assert!(!command.contains("--yes") && !command.contains('<'), "{command}");
            // A shell that only parses: what is not quoted would make words of its own.
            let script = format!("set -n; {command}");
            let checked = std::process::Command::new("sh").args(["-n", "-c", &script]).output();
            assert!(checked.unwrap().status.success(), "{command}");
            if let Some(at) = command.find("$(touch") {
                let quotes = command[..at].matches('\'').count();
                assert_eq!(quotes % 2, 1, "{command}");
            }
        }
    }
    assert!(commands > 20, "{report:#}");
    assert!(!std::path::Path::new("/tmp/never").exists());
}

#[test]
fn json_has_the_fields_that_scripts_read() {
    let stage = hostile();
    let diagnosis = stage.diagnose();
    assert_eq!(diagnosis.report["schema"], "jobctl.doctor/1");
    assert_eq!(diagnosis.data()["verdict"], "UNHEALTHY");
    let findings = diagnosis.data()["findings"].as_array().unwrap();
    let severities = ["critical", "warning", "info"];
    let mut last = 0;
    for finding in findings {
        let keys: Vec<&String> = finding.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["check", "severity", "summary", "evidence", "fix"]);
        let rank = severities.iter().position(|word| finding["severity"] == *word).unwrap();
        assert!(rank >= last, "worst first: {finding}");
        last = rank;
        for list in ["evidence", "fix"] {
            assert!(finding[list].as_array().unwrap().iter().all(Value::is_string), "{finding}");
        }
        let known = jobctl::ops::doctor::all_checks().any(|check| finding["check"] == check.name());
        assert!(known, "{finding}");
        assert!(!finding["evidence"].as_array().unwrap().is_empty(), "{finding}");
    }
    let count = |word: &str| findings.iter().filter(|f| f["severity"] == word).count();
    assert_eq!(diagnosis.data()["problems"], count("critical"));
    assert_eq!(diagnosis.data()["warnings"], count("warning"));
    assert!(diagnosis.report["notes"].is_array());
    let bench = stage.bench.as_ref().unwrap();
    assert_eq!(diagnosis.report["scope"]["bench_id"], bench.prefix());
}

#[test]
fn jsonl_streams_one_finding_a_line() {
    let stage = hostile();
    let diagnosis = stage.diagnose();
    let lines = stage.run(&["-o", "jsonl"]).stdout;
    assert_eq!(lines.lines().count(), diagnosis.data()["findings"].as_array().unwrap().len());
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

#[test]
fn each_verdict_has_its_exit_code_and_fail_on_spares_only_degraded() {
    let healthy = Stage::bench();
    let mut degraded = Stage::bench();
    degraded.bench_mut().set("pause_scheduler", 1);
    let mut unhealthy = Stage::bench();
    unhealthy.server.kill();
    let mut unknown = Stage::bench();
    unknown.server.cmd(&["ACL", "SETUSER", "blind", "on", ">pw", "~*", "+@read", "-smembers"]);
    let url = unknown.server.url_as("blind", "pw");
    unknown.at(url);
    for (stage, word, code, spared) in [
        (healthy, "HEALTHY", 0, 0),
        (degraded, "DEGRADED", 1, 0),
        (unhealthy, "UNHEALTHY", 2, 2),
        (unknown, "UNKNOWN", 3, 3),
    ] {
        let run = stage.run(&[]);
        assert_eq!(run.code, code, "{}{}", run.stdout, run.stderr);
        assert!(run.stdout.starts_with(word), "{}", run.stdout);
        assert_eq!(stage.run(&["--fail-on", "unhealthy"]).code, spared, "{word}");
        assert_eq!(stage.run(&["--fail-on", "degraded"]).code, code, "{word}");
    }
}

#[test]
fn verbose_lists_what_passed_and_what_was_not_made() {
    let run = Stage::bench().run(&["-v"]);
    assert!(run.stdout.contains("redis.reachable") && run.stdout.contains("job.lost"));
    let brief = Stage::bench().run(&[]).stdout;
    assert!(!brief.contains("redis.reachable"), "{brief}");
    assert!(brief.contains("site databases were not read"), "{brief}");
}

#[test]
fn secrets_in_evidence_are_hidden_and_never_in_a_command() {
    let stage = Stage::bench();
    let secret = "redis://:hunter2@db/0";
    stage.job("short", format!("x {secret}")).set("timeout", secret).wait();
    for arguments in [&["-o", "json"][..], &[]] {
        let run = stage.run(arguments);
        assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
        assert!(run.stdout.contains("***"), "{}", run.stdout);
    }
    assert!(stage.run(&["--show-secrets"]).stdout.contains("hunter2"));
}

#[test]
fn csv_has_a_row_for_each_finding_and_says_where_the_rest_is() {
    let stage = Stage::bench();
    stage.job("myqueue", "site1.localhost::a").waited(30).wait();
    stage.job("short", "site1.localhost::b").waited(700).wait();
    let findings = stage.run(&["-o", "json"]).json()["data"]["findings"].as_array().unwrap().len();
    let run = stage.run(&["-o", "csv"]);
    assert_eq!(run.code, 2, "{run:?}");
    let (head, rows) = run.stdout.split_once("\r\n").unwrap();
    assert_eq!(head, "SEVERITY,CHECK,FINDING,FIGURE,EVIDENCE,FIX");
    assert_eq!(rows.matches("\r\n").count(), findings, "{rows}");
    let first = "critical,queue.worker,\"queue `myqueue`: 1 job waits, no worker serves it\",";
    assert!(rows.starts_with(first), "{rows}");
    assert!(run.stderr.contains("jobctl queues list -o csv"), "{}", run.stderr);
    assert_eq!(stage.run(&["-o", "csv", "-q"]).stderr, "");
}

#[test]
fn quiet_report_has_its_findings_and_no_notes() {
    let mut stage = Stage::bench();
    stage.job("myqueue", "site1.localhost::a").waited(30).wait();
    // Another bench on the same Redis is a note.
    let other = stage.worker("other", &["home-other-bench:short"]).start();
    stage.hire(other);
    let told = stage.run(&[]);
    assert!(told.stdout.contains("\nnote: "), "{}", told.stdout);
    let quiet = stage.run(&["-q"]);
    assert!(quiet.stdout.contains("queue `myqueue`"), "{}", quiet.stdout);
    assert!(!quiet.stdout.contains("note: ") && quiet.stderr.is_empty(), "{quiet:?}");
    assert_eq!(quiet.code, told.code);
    let json = stage.run(&["-q", "-o", "json"]).json();
    assert!(!json["notes"].as_array().unwrap().is_empty(), "programs read them: {json:#}");
}
