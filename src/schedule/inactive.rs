//! Why Frappe's scheduler enqueues nothing for a site: which switch, in which file or table, and
//! how to lift it.
//!
//! A pure function from facts to reasons, in the order in which Frappe asks. Frappe itself
//! collapses these into "inactive" and never tells of dormancy.
//!
//! Source: `enqueue_events_for_site`, `is_scheduler_inactive` and `is_scheduler_disabled` in
//! `frappe/utils/scheduler.py`.

#[cfg(test)]
mod tests;

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::dormancy::Dormancy;
use crate::bench::config::{self, Standing, integer, is_deceptive, truthy};
use crate::bench::{Config, SchedulerProcess};
use crate::human;
use crate::sanitize::{holds_control, shell_quote};

/// What is known of a site.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The site's name.
    pub site: &'a str,
    /// How jobctl is called on this bench, for commands to paste.
    pub jobctl: &'a str,
    /// The bench's directory, which file names are shown relative to.
    pub bench: &'a Path,
    /// The switches of its configuration.
    pub switches: Switches<'a>,
    /// Whether a scheduler runs.
    pub process: &'a SchedulerProcess,
    /// Whether workers of the bench run on this host. Where none does, the scheduler is elsewhere
    /// too, and that none was seen says nothing.
    pub workers_here: bool,
    /// The file `sites/.restarting`, where it exists and this Frappe obeys it.
    pub restarting: Option<&'a Path>,
    /// What the database says.
    pub stored: Stored<'a>,
}

/// What the files say about the keys that stop the scheduler.
#[derive(Debug, Clone, Copy)]
pub struct Switches<'a> {
    /// `maintenance_mode`, `pause_scheduler` and `disable_scheduler`, in this order.
    pub standings: [Standing<'a>; 3],
    /// Whether functions change the configuration after the files are merged.
    pub has_extra_config: bool,
}

impl<'a> Switches<'a> {
    /// Takes the switches out of a site's configuration.
    pub fn of(config: &'a Config) -> Self {
        Self {
            standings: config::SWITCHES.map(|key| config.standing(key)),
            has_extra_config: config.extra_config().is_some(),
        }
    }
}

/// What the site's database says.
#[derive(Debug, Clone, Copy)]
pub enum Stored<'a> {
    /// It could not be asked, and why.
    Unreachable(&'a str),
    /// The configuration leads to no database, and why.
    Misconfigured(&'a str),
    /// It was asked.
    Read {
        /// `enable_scheduler` in `tabSingles`; `None` where there is no such row.
        enable_scheduler: Option<&'a str>,
        /// Whether the site sleeps.
        dormancy: Dormancy,
    },
}

/// The state of a site's scheduler in a word.
///
/// The site's own switches outrank the process, which concerns every site of the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum State {
    /// Its types are enqueued when they are due.
    #[serde(rename = "enabled")]
    Enabled,
    /// `maintenance_mode`.
    #[serde(rename = "maintenance")]
    Maintenance,
    /// `pause_scheduler`.
    #[serde(rename = "paused")]
    Paused,
    /// `disable_scheduler`, or `enable_scheduler` is off.
    #[serde(rename = "disabled")]
    Disabled,
    /// Something else stops it: a database that does not answer, a restart under way.
    #[serde(rename = "inactive")]
    Inactive,
    /// No scheduler runs.
    #[serde(rename = "no process")]
    NoProcess,
    /// No activity for days.
    #[serde(rename = "dormant")]
    Dormant,
}

impl State {
    /// The word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Maintenance => "maintenance",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
            Self::Inactive => "inactive",
            Self::NoProcess => "no process",
            Self::Dormant => "dormant",
        }
    }

    /// Which of several reasons names the state; the lowest does.
    const fn rank(self) -> u8 {
        match self {
            Self::Maintenance => 0,
            Self::Paused => 1,
            Self::Disabled => 2,
            Self::Inactive => 3,
            Self::NoProcess => 4,
            Self::Dormant => 5,
            Self::Enabled => 6,
        }
    }
}

/// One thing that keeps the scheduler from enqueueing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// A short word for machines.
    pub code: &'static str,
    /// Where it stands: a file and its key, a table and its row, or a process.
    pub source: String,
    /// One sentence.
    pub detail: String,
    /// How to lift it: a command to paste, or what to do; `None` where a name in it holds
    /// characters that must not be pasted.
    pub fix: Option<String>,
    /// The state that it alone would make.
    #[serde(skip)]
    pub state: State,
}

/// The state, what makes it, and what could not be taken into account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// In a word.
    pub state: State,
    /// In the order in which Frappe asks; empty exactly where the state is `Enabled`.
    pub reasons: Vec<Reason>,
    /// What may make the verdict wrong, a sentence each.
    pub caveats: Vec<String>,
}

impl Verdict {
    /// Concludes from what is known.
    pub fn of(facts: &Facts<'_>) -> Self {
        let mut reasons = Vec::new();
        reasons.extend(process(facts));
        reasons.extend(restarting(facts));
        reasons.extend(unread_database(facts));
        let switches = SWITCHES.iter().zip(&facts.switches.standings);
        reasons.extend(switches.filter_map(|(switch, standing)| switch.reason(facts, standing)));
        reasons.extend(unset(facts));
        reasons.extend(dormant(facts));
        let states = reasons.iter().map(|reason| reason.state);
        let state = states.min_by_key(|state| state.rank()).unwrap_or(State::Enabled);
        Self { state, reasons, caveats: caveats(facts) }
    }

    /// Takes into account that so many types were due for longer than `late_s` seconds without being
    /// enqueued, where no scheduler was seen on this host.
    ///
    /// One may run on another host, but it does not do its work. Only where nothing else explains
    /// the types: those of a paused or dormant site are overdue by right.
    #[must_use]
    pub fn with_overdue(mut self, overdue: usize, late_s: i64) -> Self {
        if self.state != State::Enabled || overdue == 0 {
            return self;
        }
        self.state = State::NoProcess;
        self.reasons.push(Reason {
            code: "nothing-enqueued",
            source: "tabScheduled Job Type: last_execution".to_owned(),
            detail: format!(
                "no scheduler runs on this host, and {} due for over {} without being enqueued",
                if overdue == 1 { "1 type is".to_owned() } else { format!("{overdue} types are") },
                human::age(late_s as f64)
            ),
            fix: Some("bench schedule, on the host of the workers".to_owned()),
            state: State::NoProcess,
        });
        self
    }
}

/// A key of the configuration that stops the scheduler while it counts as true.
struct Switch {
    key: &'static str,
    code: &'static str,
    state: State,
    detail: &'static str,
    /// The command that lifts it in the site's file.
    lift: Option<&'static str>,
    /// The command's flag that lifts it for one site although the common file sets it.
    lift_here: Option<&'static str>,
}

/// In the order in which Frappe asks, which is that of [`config::SWITCHES`].
const SWITCHES: [Switch; 3] = [
    Switch {
        key: config::SWITCHES[0],
        code: "maintenance-mode",
        state: State::Maintenance,
        detail: "maintenance mode is on",
        lift: Some("set-maintenance-mode off"),
        lift_here: None,
    },
    Switch {
        key: config::SWITCHES[1],
        code: "pause-scheduler",
        state: State::Paused,
        detail: "the scheduler is paused",
        lift: Some("resume-scheduler"),
        lift_here: Some("--override-bench"),
    },
    Switch {
        key: config::SWITCHES[2],
        code: "disable-scheduler",
        state: State::Disabled,
        detail: "the configuration disables the scheduler",
        lift: None,
        lift_here: None,
    },
];

impl Switch {
    fn reason(&self, facts: &Facts<'_>, standing: &Standing<'_>) -> Option<Reason> {
        let (value, file) = standing.in_force().filter(|(value, _)| truthy(value))?;
        Some(Reason {
            code: self.code,
            source: format!("{}: {}", facts.relative(file), self.key),
            detail: self.detail(standing, value),
            fix: pasteable(self.fix(facts, standing, file)),
            state: self.state,
        })
    }

    fn detail(&self, standing: &Standing<'_>, value: &Value) -> String {
        let whom = match (standing.site, standing.common) {
            (None, _) => ", for every site of the bench",
            (Some(_), Some((common, _))) if truthy(common) => {
                ", for this site and in the common file"
            }
            _ => "",
        };
        // Only texts that read as a "no" are shown: nothing else that stands here can be a secret.
        let deceptive = match value {
            Value::String(text) if is_deceptive(value) => {
                format!(": the text \"{}\" counts as true", text.escape_debug())
            }
            _ => String::new(),
        };
        format!("{}{whom}{deceptive}", self.detail)
    }

    fn fix(&self, facts: &Facts<'_>, standing: &Standing<'_>, file: &Path) -> String {
        let by_hand = format!("remove `{}` from {}", self.key, facts.relative(file));
        let Some(lift) = self.lift else { return by_hand };
        let command = facts.command(lift);
        match (standing.site, self.lift_here) {
            (Some(_), _) => command,
            (None, Some(flag)) => format!("{command} {flag}"),
            (None, None) => by_hand,
        }
    }
}

impl Facts<'_> {
    fn relative(&self, file: &Path) -> String {
        file.strip_prefix(self.bench).unwrap_or(file).display().to_string()
    }

    fn command(&self, words: &str) -> String {
        format!("{} {words} --site {}", self.jobctl, shell_quote(self.site))
    }
}

/// A site's directory can have any name; one with control characters is not offered for pasting.
fn pasteable(fix: String) -> Option<String> {
    (!holds_control(&fix)).then_some(fix)
}

fn process(facts: &Facts<'_>) -> Option<Reason> {
    let (code, detail, fix) = match facts.process {
        SchedulerProcess::Absent if facts.workers_here => {
            ("no-process", "no scheduler runs".to_owned(), "bench schedule".to_owned())
        }
        SchedulerProcess::HeldByOrphan { holders, .. } => {
            let pids: Vec<String> = holders.iter().map(ToString::to_string).collect();
            let fix = match &*pids {
                [] => "end the processes that hold config/scheduler_process".to_owned(),
                _ => format!("ps -o pid,etime,args -p {}", pids.join(",")),
            };
            let detail = "no scheduler runs, and left-over processes keep its lock".to_owned();
            ("orphaned-lock", detail, fix)
        }
        SchedulerProcess::Absent
        | SchedulerProcess::Running { .. }
        | SchedulerProcess::CannotTell(_) => return None,
    };
    let source = "process table: bench schedule".to_owned();
    Some(Reason { code, source, detail, fix: Some(fix), state: State::NoProcess })
}

fn restarting(facts: &Facts<'_>) -> Option<Reason> {
    let file = facts.restarting?;
    Some(Reason {
        code: "restarting",
        source: facts.relative(file),
        detail: "the scheduler skips its rounds while this file exists".to_owned(),
        fix: pasteable(format!("rm {}", shell_quote(&file.to_string_lossy()))),
        state: State::Inactive,
    })
}

fn unread_database(facts: &Facts<'_>) -> Option<Reason> {
    let (code, source, detail) = match facts.stored {
        Stored::Read { .. } => return None,
        Stored::Unreachable(why) => (
            "database-unreachable",
            "site database".to_owned(),
            format!("the database does not answer: {why}"),
        ),
        Stored::Misconfigured(why) => (
            "database-misconfigured",
            format!("sites/{}/site_config.json", facts.site),
            format!("the configuration leads to no database: {why}"),
        ),
    };
    let fix = pasteable(facts.command("doctor"));
    Some(Reason { code, source, detail, fix, state: State::Inactive })
}

/// Frappe takes whatever becomes the integer 0 for off, and what is no number becomes 0.
fn unset(facts: &Facts<'_>) -> Option<Reason> {
    let Stored::Read { enable_scheduler, .. } = facts.stored else { return None };
    let value = enable_scheduler.and_then(|text| integer(&Value::from(text)));
    if value.is_some_and(|value| value != 0) {
        return None;
    }
    Some(Reason {
        code: "enable-scheduler-unset",
        source: "tabSingles: System Settings.enable_scheduler".to_owned(),
        detail: match enable_scheduler {
            None => "the scheduler was never enabled for this site",
            Some(_) => "the scheduler is disabled in the site's settings",
        }
        .to_owned(),
        fix: pasteable(facts.command("enable-scheduler")),
        state: State::Disabled,
    })
}

fn dormant(facts: &Facts<'_>) -> Option<Reason> {
    let Stored::Read { dormancy, .. } = facts.stored else { return None };
    let Dormancy::Asleep { last_activity, threshold_days, next_round: Some(next) } = dormancy
    else {
        return None;
    };
    let since = last_activity.map_or_else(
        || "nobody was ever active".to_owned(),
        |last| format!("nobody was active since {}", last.strftime("%Y-%m-%d %H:%M:%S")),
    );
    Some(Reason {
        code: "dormant",
        source: "tabSingles: System Settings.dormant_days".to_owned(),
        detail: format!(
            "{since}, longer than {threshold_days} days: the next round is at {}",
            next.strftime("%Y-%m-%d %H:%M:%S")
        ),
        fix: Some("log in to the site, or raise Dormant Days in its System Settings".to_owned()),
        state: State::Dormant,
    })
}

fn caveats(facts: &Facts<'_>) -> Vec<String> {
    let mut caveats = Vec::new();
    match facts.process {
        SchedulerProcess::CannotTell(why) => {
            caveats.push(format!("whether a scheduler runs cannot be told: {why}"));
        }
        SchedulerProcess::Absent if !facts.workers_here => caveats.push(
            "whether a scheduler runs cannot be told: no process of this bench runs on this host"
                .to_owned(),
        ),
        _ => {}
    }
    if facts.switches.has_extra_config {
        let caveat = "`extra_config` may change the switches, which only Python can tell";
        caveats.push(caveat.to_owned());
    }
    caveats
}
