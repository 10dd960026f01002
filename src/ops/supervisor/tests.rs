use std::path::Path;

use super::ini::{Dialect, parse};
use super::process::{CommandLine, Job, Pools, Process};
use super::unit::of_supervisor;

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
process_name=%(program_name)s-%(process_num)d

[program:other-bench-frappe-long-worker]
command=/usr/local/bin/bench worker --queue long
directory=/home/frappe/other-bench

[program:mine]
command=bash -c 'cd /home/frappe/frappe-bench
  && bench worker --queue=long'
stopsignal=QUIT
autorestart=false
";

fn of_systemd(text: &str, file: &str, roots: &[&Path]) -> Result<Option<Process>, String> {
    super::unit::of_systemd(&[text.to_owned()], file, roots)
}

fn roots() -> [&'static Path; 1] {
    [Path::new(ROOT)]
}

#[test]
fn supervisor_file_gives_the_programs_of_this_bench_with_their_faults() {
    let found = of_supervisor(SUPERVISOR, "supervisor.conf", &roots()).unwrap();
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
    let found = of_systemd(unit, "/x/frappe-bench-frappe-long-worker@.service", &roots());
    let found = found.unwrap().unwrap();
    assert_eq!(found.job, Job::Worker(vec!["long".to_owned()]));
    assert_eq!(
        (found.name.as_str(), found.stop_s),
        ("frappe-bench-frappe-long-worker@", Some(1560))
    );
    let fixes: Vec<&str> = found.faults.iter().map(|(_, fix)| fix.as_str()).collect();
    assert_eq!(fixes, ["KillMode=mixed"]);
    let other = unit.replace("frappe-bench", "other");
    assert_eq!(of_systemd(&other, "x.service", &roots()), Ok(None));
}

fn pools(names: &[&str], config: Option<&str>) -> Job {
    let names = names.iter().map(|&name| name.to_owned()).collect();
    Job::Pools(Pools { names, config: config.map(Into::into) })
}

#[test]
fn command_line_tells_what_it_starts() {
    for (text, expected) in [
        ("bench schedule", Job::Scheduler),
        (
            "/usr/bin/env python3 -m frappe.utils.bench_helper frappe worker-pool",
            Job::Worker(vec![]),
        ),
        ("jobctl worker-pool -n2", Job::Worker(vec![])),
        ("jobctl worker-pool --max=4", Job::Worker(vec![])),
        ("jobctl worker-pool --burst", pools(&[], None)),
        ("/opt/jobctl --config /c worker-pool --pool a --pool=b", pools(&["a", "b"], Some("/c"))),
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
fn parse_of_anything_gives_sections_or_says_what_is_none() {
    for text in
        ["", "=", "[", "[]\n=x", "key=1\n[a", "\u{0}\n[a]\n\\", "[a]\n  x\nk = v ;c\n  more"]
    {
        let _ = parse(text, Dialect::Supervisor);
        let _ = parse(text, Dialect::Systemd);
    }
    let sections = parse("[a]\nKey = v ; c\n more\n", Dialect::Supervisor).unwrap();
    assert_eq!(sections[0].get("key"), Some("v\nmore"));
    for (text, line) in [("[a]\nk=v\n[program:x\n", 3), ("[a]\nword\n", 2), ("k=v\n", 1)] {
        let why = parse(text, Dialect::Supervisor).unwrap_err();
        assert!(why.starts_with(&format!("line {line} ")), "{why}");
    }
    parse("[Service\nUser=x\n", Dialect::Systemd).unwrap_err();
}

/// The faults of one program of the bench with these lines.
fn faults_of_program(lines: &str) -> (u64, Option<u64>, Vec<String>) {
    let text = format!(
        "[program:w]\ncommand=bench worker --queue long\nuser=frappe\nkillasgroup=true\n\
         directory={ROOT}\n{lines}"
    );
    let found = of_supervisor(&text, "s.conf", &roots()).unwrap().remove(0);
    (found.count, found.stop_s, found.faults.into_iter().map(|(what, _)| what).collect())
}

#[test]
fn program_that_ends_for_good_or_has_no_numbers_is_a_fault() {
    let rest = "what ends with exit code 0 is not started again";
    for (lines, faults) in [
        ("autorestart=true\n", vec![]),
        ("autorestart=unexpected\nexitcodes=2\n", vec![]),
        ("", vec![format!("autorestart is missing: {rest}")]),
        ("autorestart=unexpected\n", vec![format!("autorestart=unexpected: {rest}")]),
        ("autorestart=off\n", vec![format!("autorestart=off: {rest}")]),
    ] {
        assert_eq!(faults_of_program(lines), (1, Some(10), faults), "{lines}");
    }
    let (count, stop_s, faults) =
        faults_of_program("autorestart=true\nnumprocs=-3\nstopwaitsecs=abc\n");
    assert_eq!((count, stop_s), (0, None));
    assert_eq!(faults, ["numprocs=-3 is no number", "stopwaitsecs=abc is no number"]);
}

#[test]
fn program_that_supervisor_refuses_or_does_not_start_is_a_fault() {
    let refused = "supervisor refuses the file";
    let autostart = |value: &str, why: &str| vec![format!("autostart={value}{why}")];
    let stands = ": it is not started with the machine";
    for (lines, faults) in [
        (
            "numprocs=3\n",
            vec![format!("numprocs=3, and process_name holds no %(process_num): {refused}")],
        ),
        ("numprocs=3\nprocess_name=%(program_name)s_%(process_num)02d\n", vec![]),
        ("numprocs=1\nprocess_name=w\n", vec![]),
        ("autostart=Yes\n", vec![]),
        ("autostart=False\n", autostart("False", stands)),
        ("autostart=OFF\n", autostart("OFF", stands)),
        ("autostart=0\n", autostart("0", stands)),
        ("autostart=never\n", autostart("never", &format!(" is no yes or no: {refused}"))),
        ("stopsignal=15\n", vec![]),
    ] {
        let found = faults_of_program(&format!("autorestart=true\n{lines}"));
        assert_eq!(found.2, faults, "{lines}");
    }
}

#[test]
fn unit_is_judged_with_its_drop_ins() {
    let unit = format!(
        "[Service]\nUser=frappe\nExecStart=bench worker\nKillMode=mixed\nRestart=always\n\
         WorkingDirectory={ROOT}\nTimeoutStopSec=infinity\n[Install]\nWantedBy=x.target\n"
    );
    let of = |drop_ins: &[&str]| {
        let mut texts = vec![unit.clone()];
        texts.extend(drop_ins.iter().map(|&text| text.to_owned()));
        let found = super::unit::of_systemd(&texts, "b-w.service", &roots()).unwrap().unwrap();
        let fixes: Vec<String> = found.faults.into_iter().map(|(_, fix)| fix).collect();
        (found.job, found.stop_s, fixes)
    };
    let all = || Job::Worker(vec![]);
    assert_eq!(of(&[]), (all(), None, vec![]));
    let spoilt = "[Service]\nTimeoutStopSec=5\nKillMode=control-group\n";
    assert_eq!(of(&[spoilt]), (all(), Some(5), vec!["KillMode=mixed".to_owned()]));
    let mended = "[Service]\nTimeoutSec=1h\nKillMode=mixed\n";
    assert_eq!(of(&[spoilt, mended]), (all(), Some(3600), vec![]));
    // What means nothing is passed over, and an empty value takes back a list alone.
    let empty =
        "[Service]\nTimeoutStopSec=soon\nTimeoutStopSec=\nKillMode=\nRestart=\nKillMode=all\n";
    assert_eq!(of(&[empty]), (all(), None, vec![]));
    assert_eq!(of(&["[Install]\nWantedBy=\n"]).2, ["[Install] WantedBy=multi-user.target"]);
    let other = "[Service]\nExecStart=\nExecStart=bench worker --queue long\n";
    assert_eq!(of(&[other]), (Job::Worker(vec!["long".to_owned()]), None, vec![]));
    let second = "[Service]\nExecStart=bench worker --queue long\n";
    assert_eq!(of(&[second]).2, ["ExecStart= (an empty one before the one that counts)"]);
    assert_eq!(of(&["[Service]\nTimeoutStopSec=0\n"]).1, None);
}

#[test]
fn unit_that_is_not_always_restarted_is_a_fault() {
    let of = |restart: &str| {
        let text = format!(
            "[Service]\nUser=frappe\nExecStart=bench worker\nKillMode=mixed\n{restart}\
             WorkingDirectory={ROOT}\nTimeoutStopSec=abc\n[Install]\nWantedBy=x.target\n"
        );
        let found = of_systemd(&text, "x.service", &roots()).unwrap().unwrap();
        assert_eq!((found.stop_s, found.stop_is_set), (Some(90), false));
        found.faults.into_iter().map(|(what, _)| what).collect::<Vec<String>>()
    };
    assert!(of("Restart=always\n").is_empty());
    assert!(of("")[0].starts_with("Restart is missing: "));
    for value in ["no", "on-failure", "on-success"] {
        let found = of(&format!("Restart={value}\n"));
        assert!(found[0].starts_with(&format!("Restart={value}: ")), "{found:?}");
    }
}

#[test]
fn grace_is_that_of_a_pool_of_ours() {
    for (text, grace) in [
        ("/usr/bin/jobctl --bench /b worker-pool --grace 10s", Some(10)),
        ("jobctl worker-pool --grace=2m --queue long", Some(120)),
        ("jobctl worker-pool", None),
        ("jobctl worker-pool --grace", None),
        ("bench worker-pool --grace 10s", None),
    ] {
        assert_eq!(CommandLine::of(text).grace_s(), grace, "{text}");
    }
}

#[test]
fn program_of_a_bench_with_a_percent_sign_is_recognised() {
    let root = Path::new("/home/x/we ird%d'x");
    let text = "[program:we-ird-d-x-frappe-long-worker]\n\
                command='/home/x/we ird%%d'\\''x/env/bin/python' -m frappe.utils.bench_helper frappe \
                worker --queue long\ndirectory=/home/x/we ird%%d'x/sites # comment\n";
    let found = of_supervisor(text, "s.conf", &[root]).unwrap();
    assert_eq!(found[0].job, Job::Worker(vec!["long".to_owned()]));
    let unit = "[Service]\nExecStart=\"/home/x/we ird%%d'x/env/bin/python\" -m \
                frappe.utils.bench_helper frappe schedule\n\
                WorkingDirectory=/home/x/we ird%%d'x/sites\n";
    let found = of_systemd(unit, "x.service", &[root]).unwrap().unwrap();
    assert_eq!(found.job, Job::Scheduler);
}

#[test]
fn drop_in_counts_with_a_byte_order_mark_and_is_named_for_the_faults_that_it_sets() {
    let unit = format!(
        "[Service]\nUser=frappe\nExecStart=bench worker\nKillMode=mixed\nRestart=no\n\
         WorkingDirectory={ROOT}\n[Install]\nWantedBy=x.target\n"
    );
    let drop_in = "\u{feff}[Service]\nKillMode=control-group\nTimeoutSec=500ms\n";
    let texts = [unit, drop_in.to_owned()];
    let found = super::unit::of_systemd(&texts, "b-w.service", &roots()).unwrap().unwrap();
    assert_eq!(found.stop_s, Some(1));
    let set_in = super::unit::set_in(&["d/a.conf".into()], &texts[1..]);
    let found = Process { set_in, ..found };
    let fixes: Vec<_> =
        found.faults.iter().map(|(_, fix)| (fix.as_str(), found.file_to_mend(fix))).collect();
    let expected = [("KillMode=mixed", "d/a.conf"), ("Restart=always", "b-w.service")];
    assert_eq!(fixes, expected.map(|(fix, file)| (fix, file.to_owned())));
    assert_eq!(found.file_to_mend("TimeoutStopSec=360"), "d/a.conf");
    assert_eq!(found.file_to_mend("--grace 330s"), "b-w.service");
}
