use std::path::Path;

use super::ini::{Dialect, parse};
use super::process::{CommandLine, Job};
use super::unit::{of_supervisor, of_systemd};

const ROOT: &str = "/home/frappe/frappe-bench";

/// A program as `bench setup supervisor` writes it, and one that somebody changed.
const SUPERVISOR: &str = "
; comment
[program:frappe-bench-frappe-short-worker]
command=/usr/local/bin/bench worker --queue short,default ; two queues
priority=4
autostart=true
autorestart=true
stdout_logfile=/home/frappe/frappe-bench/logs/worker.log
user=frappe
stopwaitsecs=360
directory=/home/frappe/frappe-bench
killasgroup=true
numprocs=3

[program:other-bench-frappe-long-worker]
command=/usr/local/bin/bench worker --queue long
directory=/home/frappe/other-bench

[program:mine]
command=bash -c 'cd /home/frappe/frappe-bench
  && bench worker --queue=long'
stopsignal=QUIT
autorestart=false
";

fn roots() -> [&'static Path; 1] {
    [Path::new(ROOT)]
}

#[test]
fn supervisor_file_gives_the_programs_of_this_bench_with_their_faults() {
    let found = of_supervisor(SUPERVISOR, "supervisor.conf", &roots());
    let names: Vec<&str> = found.iter().map(|process| process.name.as_str()).collect();
    assert_eq!(names, ["frappe-bench-frappe-short-worker", "mine"]);
    let queues = |names: &[&str]| Job::Worker(names.iter().map(|&n| n.to_owned()).collect());
    assert_eq!(found[0].job, queues(&["short", "default"]));
    assert_eq!((found[0].count, found[0].stop_s, found[0].faults.len()), (3, Some(360), 0));
    assert_eq!(found[1].job, queues(&["long"]));
    assert_eq!((found[1].stop_s, found[1].stop_is_set), (Some(10), false));
    let fixes: Vec<&str> = found[1].faults.iter().map(|(_, fix)| fix.as_str()).collect();
    let expected =
        ["stopsignal=TERM", "killasgroup=true", "autorestart=true", "user=<the bench's owner>"];
    assert_eq!(fixes, expected);
}

#[test]
fn systemd_unit_of_bench_signals_horses_and_is_told_so() {
    let unit = "[Unit]\nDescription=x\nPartOf=frappe-bench-workers.target\n\n[Service]\nUser=frappe\n\
                ExecStart=/usr/local/bin/bench \\\n  worker --queue long\nRestart=always\n\
                WorkingDirectory=/home/frappe/frappe-bench\nTimeoutStopSec=26min\n";
    let found = of_systemd(unit, "/x/frappe-bench-frappe-long-worker@.service", &roots()).unwrap();
    assert_eq!(found.job, Job::Worker(vec!["long".to_owned()]));
    assert_eq!(
        (found.name.as_str(), found.stop_s),
        ("frappe-bench-frappe-long-worker@", Some(1560))
    );
    let fixes: Vec<&str> = found.faults.iter().map(|(_, fix)| fix.as_str()).collect();
    assert_eq!(fixes, ["KillMode=mixed"]);
    let other = unit.replace("frappe-bench", "other");
    assert_eq!(of_systemd(&other, "x.service", &roots()), None);
}

#[test]
fn command_line_tells_what_it_starts() {
    for (text, expected) in [
        ("bench schedule", Job::Scheduler),
        (
            "/usr/bin/env python3 -m frappe.utils.bench_helper frappe worker-pool",
            Job::Worker(vec![]),
        ),
        ("jobctl --bench /b worker-pool --queue a,b", Job::Worker(vec!["a".into(), "b".into()])),
        ("node apps/frappe/socketio.js", Job::Other),
        ("celery worker", Job::Other),
        ("bench serve", Job::Other),
        ("", Job::Other),
    ] {
        assert_eq!(CommandLine::of(text).job(), expected, "{text}");
    }
}

#[test]
fn parse_of_anything_gives_sections_and_never_fails() {
    for text in
        ["", "=", "[", "[]\n=x", "key=1\n[a", "\u{0}\n[a]\n\\", "[a]\n  x\nk = v ;c\n  more"]
    {
        parse(text, Dialect::Supervisor);
        parse(text, Dialect::Systemd);
    }
    let sections = parse("[a]\nKey = v ; c\n more\n", Dialect::Supervisor);
    assert_eq!(sections[0].get("key"), Some("v\nmore"));
}
