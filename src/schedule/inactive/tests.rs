//! Reasons, their order and the word over them.

use jiff::civil::datetime;
use serde_json::json;

use super::*;
use crate::bench::processes::SeenBy;
use crate::schedule::dormancy::NeverBecause;

const SITE_FILE: &str = "/b/sites/s1/site_config.json";
const COMMON_FILE: &str = "/b/sites/common_site_config.json";
const RUNNING: SchedulerProcess = SchedulerProcess::Running { pid: 7, seen_by: SeenBy::Lock };
const AWAKE: Dormancy = Dormancy::Never(NeverBecause::NotHosted);
const ON: Stored<'_> = Stored::Read { enable_scheduler: Some("1"), dormancy: AWAKE };

fn site(value: &Value) -> Standing<'_> {
    Standing { site: Some((value, Path::new(SITE_FILE))), common: None }
}

fn common(value: &Value) -> Standing<'_> {
    Standing { common: Some((value, Path::new(COMMON_FILE))), site: None }
}

/// A site whose scheduler works.
fn facts() -> Facts<'static> {
    Facts {
        site: "s1",
        jobctl: "jobctl",
        bench: Path::new("/b"),
        switches: Switches { standings: Default::default(), has_extra_config: false },
        process: &RUNNING,
        workers_here: true,
        restarting: None,
        stored: ON,
    }
}

fn with<'a>(maintenance: Standing<'a>, pause: Standing<'a>, disable: Standing<'a>) -> Facts<'a> {
    let standings = [maintenance, pause, disable];
    Facts { switches: Switches { standings, has_extra_config: false }, ..facts() }
}

fn codes(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.code).collect()
}

#[test]
fn site_without_reasons_is_enabled() {
    let verdict = Verdict::of(&facts());
    assert_eq!((verdict.state, verdict.reasons, verdict.caveats), (State::Enabled, vec![], vec![]));
}

#[test]
fn reasons_come_in_the_order_in_which_frappe_asks() {
    let on = json!(1);
    let verdict = Verdict::of(&Facts {
        process: &SchedulerProcess::Absent,
        restarting: Some(Path::new("/b/sites/.restarting")),
        stored: Stored::Read {
            enable_scheduler: Some("0"),
            dormancy: Dormancy::Asleep {
                last_activity: None,
                threshold_days: 4,
                next_round: Some(datetime(2026, 11, 21, 9, 0, 0, 0)),
            },
        },
        ..with(site(&on), site(&on), site(&on))
    });
    let expected = [
        "no-process",
        "restarting",
        "maintenance-mode",
        "pause-scheduler",
        "disable-scheduler",
        "enable-scheduler-unset",
        "dormant",
    ];
    assert_eq!(codes(&verdict), expected);
    assert_eq!(verdict.state, State::Maintenance);
    assert_eq!(
        verdict.reasons[6].detail,
        "nobody was ever active, longer than 4 days: the next round is at 2026-11-21 09:00:00"
    );
}

#[test]
fn state_is_the_word_of_the_site_before_that_of_the_bench() {
    let (on, none) = (json!(true), Standing::default());
    let absent = SchedulerProcess::Absent;
    let word = |facts: Facts<'_>| Verdict::of(&facts).state.word();
    assert_eq!(word(Facts { process: &absent, ..facts() }), "no process");
    assert_eq!(word(Facts { process: &absent, ..with(none, site(&on), none) }), "paused");
    assert_eq!(word(Facts { process: &absent, ..with(none, none, common(&on)) }), "disabled");
    assert_eq!(word(Facts { stored: Stored::Unreachable("refused"), ..facts() }), "inactive");
    assert_eq!(word(Facts { stored: Stored::Misconfigured("no"), ..facts() }), "inactive");
    for off in [None, Some("0"), Some(""), Some("x"), Some("0.5")] {
        let stored = Stored::Read { enable_scheduler: off, dormancy: AWAKE };
        assert_eq!(word(Facts { stored, ..facts() }), "disabled", "{off:?}");
    }
}

#[test]
fn switch_in_the_sites_file_names_it_and_the_command() {
    let on = json!(1);
    let verdict = Verdict::of(&with(Standing::default(), site(&on), Standing::default()));
    let reason = &verdict.reasons[0];
    assert_eq!(reason.source, "sites/s1/site_config.json: pause_scheduler");
    assert_eq!(reason.detail, "the scheduler is paused");
    assert_eq!(reason.fix.as_deref(), Some("jobctl resume-scheduler --site s1"));
}

#[test]
fn switch_in_the_common_file_is_lifted_there_or_overridden() {
    let on = json!(1);
    let verdict = Verdict::of(&with(common(&on), common(&on), common(&on)));
    let fixes: Vec<_> = verdict.reasons.iter().map(|reason| reason.fix.as_deref()).collect();
    let file = "sites/common_site_config.json";
    assert_eq!(
        fixes,
        [
            Some(&*format!("remove `maintenance_mode` from {file}")),
            Some("jobctl resume-scheduler --site s1 --override-bench"),
            Some(&*format!("remove `disable_scheduler` from {file}")),
        ]
    );
    assert_eq!(verdict.reasons[1].detail, "the scheduler is paused, for every site of the bench");
}

#[test]
fn site_file_overrides_the_common_file_both_ways() {
    let (on, off) = (json!(1), json!(0));
    let none = Standing::default();
    let lifted = Standing { site: site(&off).site, common: common(&on).common };
    assert_eq!(Verdict::of(&with(none, lifted, none)).state, State::Enabled);
    let both = Standing { site: site(&on).site, common: common(&on).common };
    let verdict = Verdict::of(&with(none, both, none));
    assert_eq!(
        verdict.reasons[0].detail,
        "the scheduler is paused, for this site and in the common file"
    );
}

#[test]
fn text_that_reads_as_no_counts_as_true_and_says_so() {
    let zero = json!("0");
    let verdict = Verdict::of(&with(Standing::default(), site(&zero), Standing::default()));
    assert_eq!(verdict.state, State::Paused);
    let expected = "the scheduler is paused: the text \"0\" counts as true";
    assert_eq!(verdict.reasons[0].detail, expected);
    let secret = json!("hunter2");
    let verdict = Verdict::of(&with(Standing::default(), site(&secret), Standing::default()));
    assert_eq!(verdict.reasons[0].detail, "the scheduler is paused");
}

#[test]
fn process_elsewhere_or_hidden_is_a_caveat_and_no_reason() {
    let hidden = SchedulerProcess::CannotTell("no /proc".into());
    for (process, workers_here) in [(&SchedulerProcess::Absent, false), (&hidden, true)] {
        let verdict = Verdict::of(&Facts { process, workers_here, ..facts() });
        assert_eq!((verdict.state, verdict.caveats.len()), (State::Enabled, 1), "{process:?}");
    }
    let switches = Switches { standings: Default::default(), has_extra_config: true };
    assert_eq!(Verdict::of(&Facts { switches, ..facts() }).caveats.len(), 1);
}

#[test]
fn lock_kept_by_orphans_is_no_process() {
    let orphaned = SchedulerProcess::HeldByOrphan { owner: Some(4), holders: vec![5, 6] };
    let verdict = Verdict::of(&Facts { process: &orphaned, ..facts() });
    assert_eq!(verdict.state, State::NoProcess);
    assert_eq!(verdict.reasons[0].fix.as_deref(), Some("ps -o pid,etime,args -p 5,6"));
}

#[test]
fn site_name_of_a_hostile_directory_is_quoted_or_left_out() {
    let stored = Stored::Read { enable_scheduler: None, dormancy: AWAKE };
    let fix = |site| Verdict::of(&Facts { site, stored, ..facts() }).reasons[0].fix.clone();
    assert_eq!(fix("a;rm b").as_deref(), Some("jobctl enable-scheduler --site 'a;rm b'"));
    assert_eq!(fix("a\u{1b}[2J"), None);
}

#[test]
fn overdue_types_are_a_reason_only_where_nothing_else_explains_them() {
    let overdue = |facts: Facts<'_>, types| {
        let verdict = Verdict::of(&facts).with_overdue(types, 720);
        (verdict.state, codes(&verdict).join(" "))
    };
    let absent = SchedulerProcess::Absent;
    let elsewhere = Facts { process: &absent, workers_here: false, ..facts() };
    assert_eq!(overdue(elsewhere, 0), (State::Enabled, String::new()));
    assert_eq!(overdue(elsewhere, 3), (State::NoProcess, "nothing-enqueued".to_owned()));
    let off = Stored::Read { enable_scheduler: Some("0"), dormancy: AWAKE };
    let expected = (State::Disabled, "enable-scheduler-unset".to_owned());
    assert_eq!(overdue(Facts { stored: off, ..elsewhere }, 3), expected);
}
