//! Workers that do not behave: what they print, where they cannot start, what stands in the way.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::thread;

use nix::sys::signal::Signal;

use super::{LONG, Place, Running};
use crate::support::wait::wait_until;

#[test]
fn worker_that_prints_long_lines_bad_text_and_escapes_is_shown_without_harm() {
    let place = Place::of("2.6.1");
    let script = r"head -c 1000000 /dev/zero | tr '\0' x; echo
printf 'bad \377 text \033[31mred \033]0;title\007\n' >&2
exec sleep 600";
    let mut pool = place.scripted(script, &["-n", "1", "--log-prefix"]);
    let log = wait_until(LONG, "both lines", || {
        let log = fs::read(&pool.log).unwrap();
        let long = log.split(|&byte| byte == b'x').count() > 1_000_000;
        let shown = String::from_utf8_lossy(&log).contains("bad");
        (long && shown).then_some(log)
    });
    assert!(!log.iter().any(|byte| [0x1b, 0x07].contains(byte)), "a terminal would obey");
    let text = String::from_utf8(log).expect("what is no text is shown as such");
    assert!(text.contains("bad \u{fffd} text"), "{}", &text[text.len() - 300..]);
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0);
}

#[test]
fn pool_whose_output_nobody_reads_obeys_the_first_signal() {
    let place = Place::of("2.6.1");
    let python = place.path("python");
    let script = "#!/bin/sh\nyes 'nobody reads this' | head -c 4000000\nexec sleep 600\n";
    fs::write(&python, script).unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = ["--python", &python, "--allow-root", "-n", "1", "--log-prefix"];
    let mut pool = place.pool_with(&arguments, |command| {
        command.stdout(Stdio::piped());
    });
    let written = |pool: &Running| pool.state().map(|state| state["written_at"].to_string());
    let before = wait_until(LONG, "the state", || written(&pool));
    // It still writes its state after the pipe of 64 KiB has long been full.
    wait_until(LONG, "a newer state", || written(&pool).filter(|at| *at != before));
    let before = written(&pool);
    wait_until(LONG, "a newer state", || written(&pool).filter(|at| Some(at) != before.as_ref()));
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
    assert!(pool.log().contains("no job was cut off"), "{}", pool.log());
}

#[test]
fn pool_whose_workers_cannot_be_started_is_given_up_with_the_reason() {
    thread::scope(|scope| {
        scope.spawn(|| {
            let place = Place::of("2.6.1");
            let mut pool = place.scripted(r#"rm -- "$0"; exit 1"#, &["-n", "1"]);
            assert_eq!(pool.ends(), 1, "{}", pool.log());
            assert!(pool.log().contains("cannot start `"), "{}", pool.log());
        });
        scope.spawn(|| {
            let place = Place::of("2.6.1");
            fs::create_dir(place.path("worker-1.log")).unwrap();
            let dir = place.path("");
            let mut pool = place.scripted("exec sleep 600", &["-n", "1", "--log-dir", &dir]);
            assert_eq!(pool.ends(), 73, "{}", pool.log());
            assert!(pool.log().contains("cannot open the worker's log"), "{}", pool.log());
        });
    });
}

#[test]
fn pool_of_a_queue_that_nobody_knows_waits_for_its_first_job() {
    let place = Place::of("2.6.1");
    let mut pool = place.pool(&["-n", "1", "--queue", "never seen, ☃"]);
    pool.up(1);
    place.rq.enqueue(&place.server, "☃", "work.ok");
    wait_until(LONG, "the job to run", || {
        let mut client = place.server.client();
        let left: usize = redis::cmd("LLEN").arg("rq:queue:☃").query(&mut client).unwrap();
        (left == 0).then_some(())
    });
    pool.signal(Signal::SIGTERM);
    assert_eq!(pool.ends(), 0, "{}", pool.log());
}
