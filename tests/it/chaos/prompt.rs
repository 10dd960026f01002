//! Somebody at a terminal is asked, and may say no.

use tempfile::tempdir;

use super::terminal::Terminal;
use crate::change::{assert_same, done, enqueue_raw, list, op_of, snapshot};
use crate::support::redis::RedisServer;

fn three_jobs() -> RedisServer {
    let server = RedisServer::start();
    enqueue_raw(&server, "long", ["one", "two", "three"].map(str::to_owned));
    server
}

const WHOLE_QUEUE: [&str; 3] = ["purge-jobs", "--queue", "long"];
const SOME_JOBS: [&str; 4] = ["jobs", "delete", "one", "two"];

/// Starts a change and waits for its question.
fn asked(
    server: &RedisServer,
    state: &std::path::Path,
    words: &[&str],
    question: &str,
) -> Terminal {
    let url = server.url();
    let terminal = Terminal::start(&[&["--redis", &url], words].concat(), state);
    terminal.shows(question);
    terminal
}

#[test]
fn whole_queue_goes_only_when_its_name_is_typed() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let before = snapshot(&server);
    for answer in ["y\n", "yes\n", "\n", "lon\n", "LONG\n", "long long\n", "\u{4}"] {
        let mut terminal = asked(&server, state.path(), &WHOLE_QUEUE, "Type `long` to go on");
        terminal.types(answer);
        let (code, screen) = terminal.ends();
        assert_eq!(code, 77, "{answer:?}: {screen}");
        assert!(screen.contains("not confirmed"), "{answer:?}: {screen}");
        assert_same(&before, &snapshot(&server));
        assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0, "{answer:?}: a journal");
    }
    let mut terminal = asked(&server, state.path(), &WHOLE_QUEUE, "Type `long` to go on");
    terminal.types("long\n");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("undo with: jobctl undo "), "{screen}");
    assert!(list(&server, "long").is_empty());
}

#[test]
fn some_jobs_go_when_somebody_says_yes() {
    for (answer, code, left) in
        [("n\n", 77, 3), ("\n", 77, 3), ("nes\n", 77, 3), ("y\n", 0, 1), ("yes\n", 0, 1)]
    {
        let server = three_jobs();
        let state = tempdir().unwrap();
        let mut terminal = asked(&server, state.path(), &SOME_JOBS, "delete 2 jobs? [y/N]");
        assert_eq!(list(&server, "long").len(), 3, "it did not wait for the answer");
        terminal.types(answer);
        let (ended, screen) = terminal.ends();
        assert_eq!(ended, code, "{answer:?}: {screen}");
        assert_eq!(list(&server, "long").len(), left, "{answer:?}: {screen}");
    }
}

#[test]
fn ctrl_c_at_the_question_changes_nothing_and_is_an_interruption() {
    for words in [&WHOLE_QUEUE[..], &SOME_JOBS] {
        let server = three_jobs();
        let state = tempdir().unwrap();
        let before = snapshot(&server);
        let mut terminal = asked(&server, state.path(), words, "?");
        terminal.types("\u{3}");
        let (code, screen) = terminal.ends();
        assert_eq!(code, 130, "{words:?}: {screen}");
        assert_same(&before, &snapshot(&server));
    }
}

#[test]
fn yes_and_dry_run_ask_nothing() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let url = server.url();
    for (flag, left) in [("--dry-run", 3), ("--yes", 0)] {
        let words = [&["--redis", &url], &WHOLE_QUEUE[..], &[flag]].concat();
        let (code, screen) = Terminal::start(&words, state.path()).ends();
        assert_eq!(code, 0, "{flag}: {screen}");
        assert!(!screen.contains("Type"), "{flag}: {screen}");
        assert_eq!(list(&server, "long").len(), left, "{flag}: {screen}");
    }
}

#[test]
fn undo_without_an_operation_asks_about_the_last_one() {
    let server = three_jobs();
    let state = tempdir().unwrap();
    let before = snapshot(&server);
    let op = op_of(&done(&server, state.path(), &WHOLE_QUEUE));
    let mut terminal = asked(&server, state.path(), &["undo"], "[y/N]");
    assert!(terminal.screen().contains(&op), "{}", terminal.screen());
    terminal.types("n\n");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 77, "{screen}");
    assert!(list(&server, "long").is_empty());
    let mut terminal = asked(&server, state.path(), &["undo"], "[y/N]");
    terminal.types("y\n");
    let (code, screen) = terminal.ends();
    assert_eq!(code, 0, "{screen}");
    assert_same(&before, &snapshot(&server));
}
