//! Checks of each site's database and of what it says of the site itself.

use super::site_facts::{few, on_sites};
use super::{Checked, Facts, Simple};
use crate::backend::site_db::{DbError, DbFault};
use crate::human::{self, counted};
use crate::model::health::{Finding, Severity};
use crate::sanitize::shell_quote;
use crate::schedule::inactive::State;
use crate::schedule::zone::ZoneOrigin;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple {
        name: "site.database",
        passes_when: "every site database answers, and fast",
        run: database,
    },
    &Simple {
        name: "site.scheduler",
        passes_when: "no site has its scheduler disabled in its database",
        run: scheduler,
    },
    &Simple { name: "site.dormant", passes_when: "no site is dormant", run: dormant },
    &Simple {
        name: "site.settings",
        passes_when: "what System Settings say of scheduling is clear",
        run: settings,
    },
    &Simple { name: "site.errors", passes_when: "few errors are logged", run: errors },
    &Simple { name: "site.mail", passes_when: "mails are sent", run: mail },
];

/// Mails that failed within a week, from which on their share counts. As the System Health Report.
const LEAST_MAILS: u64 = 4;

/// The reason code of a scheduler that is off in the database.
const UNSET: &str = "enable-scheduler-unset";

fn database(facts: &Facts<'_>) -> Checked {
    let Some(bench) = facts.bench else { return Checked::Skipped };
    let asked = || bench.databases.iter().filter(|read| !is_without(read.found.as_ref().err()));
    if asked().next().is_none() {
        return Checked::not_made("no site has a database");
    }
    let slow = facts.thresholds.database_warning_ms;
    let finding = |site: &str, error: Option<&DbError>, took_ms: f64| match error {
        Some(error) => Some(unreadable(facts, site, error)),
        None if took_ms > slow => Some(
            Finding::new(
                "site.database",
                Severity::Warning,
                format!("{site}: its database answers slowly"),
            )
            .because("the scheduler asks the sites one after the other: each waits for this one")
            .figure(format!("{took_ms:.0} ms")),
        ),
        None => None,
    };
    let findings = asked().filter_map(|read| match &read.found {
        Ok(examined) => finding(&read.site, None, examined.took_ms),
        Err(error) => finding(&read.site, Some(error), 0.0),
    });
    few(findings.collect()).into()
}

/// Whether the site says of itself that it has no database, or the files do not say which it has,
/// which is another check's finding.
fn is_without(error: Option<&DbError>) -> bool {
    error.is_some_and(|error| {
        error.fault() == DbFault::NoneThere
            || (error.fault() == DbFault::Misconfigured && error.why().starts_with("`db_name`"))
    })
}

/// Where no worker of the bench runs on this host, jobctl may be refused where the workers are not.
fn unreadable(facts: &Facts<'_>, site: &str, error: &DbError) -> Finding {
    let here = facts.bench.is_some_and(|bench| bench.around.workers_here);
    let severity = match error.fault() {
        DbFault::Denied if !here => Severity::Warning,
        DbFault::Locked | DbFault::TimedOut if error.is_of_the_statement() => Severity::Warning,
        _ => Severity::Critical,
    };
    let finding =
        Finding::new("site.database", severity, format!("{site}: its database cannot be read"))
            .because(error.to_string())
            .because("its jobs fail, and the scheduler enqueues none for it");
    finding.fix(facts.jobctl(&format!("scheduler status --site {}", shell_quote(site))))
}

fn scheduler(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        let verdict = site.standing.verdict();
        if !verdict.reasons.iter().any(|reason| reason.code == UNSET) {
            return Vec::new();
        }
        // A new site's scheduler is off until its setup wizard was gone through.
        let last_run = site.standing.last_run_at();
        let (severity, aside) = match last_run {
            Some(at) => {
                let ago = facts.now.duration_since(at).as_secs_f64();
                (Severity::Critical, format!("last run {}", human::ago(ago)))
            }
            None => (Severity::Info, "never ran".to_owned()),
        };
        let summary = format!("{}: its scheduler is off", site.name());
        let mut finding = Finding::new("site.scheduler", severity, summary).figure(aside);
        for reason in verdict.reasons {
            finding = finding.because(format!("{} ({})", reason.detail, reason.source));
            if let Some(fix) = reason.fix {
                finding = finding.fix(fix);
            }
        }
        vec![finding]
    })
}

fn dormant(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        let verdict = site.standing.verdict();
        if verdict.state != State::Dormant {
            return Vec::new();
        }
        let summary = format!("{}: dormant, its jobs run once a day", site.name());
        let mut finding = Finding::new("site.dormant", Severity::Warning, summary);
        for reason in verdict.reasons {
            finding = finding.because(format!("{} ({})", reason.detail, reason.source));
            finding = finding.because(reason.fix.unwrap_or_default());
        }
        vec![finding]
    })
}

fn settings(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        let scheduler = &site.examined.facts.scheduler;
        let mut findings = Vec::new();
        let contradictory =
            scheduler.settings.duplicates.iter().filter(|field| field.is_contradictory());
        for duplicate in contradictory {
            let (name, field) = (site.name(), &duplicate.field);
            let summary = format!("{name}: `{field}` has several rows that differ");
            let values: Vec<_> = duplicate
                .values
                .iter()
                .map(|value| {
                    value.as_deref().unwrap_or("NULL").chars().take(40).collect::<String>()
                })
                .collect();
            let mut finding = Finding::new("site.settings", Severity::Warning, summary)
                .because(format!("tabSingles, System Settings: {}", values.join(", ")));
            if field == "enable_scheduler" {
                let verb = if scheduler.settings.scheduler_enabled { "enable" } else { "disable" };
                let site = shell_quote(name);
                finding = finding.fix(facts.jobctl(&format!("{verb}-scheduler --site {site}")));
            }
            findings.push(finding);
        }
        let zone = site.standing.zone(scheduler);
        if zone.origin() == ZoneOrigin::Unknown {
            let summary = format!("{}: time zone `{}` is unknown", site.name(), zone.name());
            findings.push(
                Finding::new("site.settings", Severity::Warning, summary)
                    .because("Frappe takes UTC, so everything runs at other times than meant"),
            );
        }
        findings
    })
}

fn errors(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        let Ok(errors) = site.examined.facts.errors_1h else { return Vec::new() };
        if errors < facts.thresholds.errors_per_hour {
            return Vec::new();
        }
        let summary = format!("{}: many errors are logged", site.name());
        vec![
            Finding::new("site.errors", Severity::Warning, summary)
                .because(format!(
                    "Error Log of the last hour; {} are usual",
                    human::count(facts.thresholds.errors_per_hour)
                ))
                .figure(counted(errors, "error")),
        ]
    })
}

fn mail(facts: &Facts<'_>) -> Checked {
    on_sites(facts, |site| {
        let Ok(mails) = &site.examined.facts.mails else { return Vec::new() };
        let all: u64 = mails.iter().map(|tally| tally.mails).sum();
        let of = |status: &str| {
            mails
                .iter()
                .filter(|tally| tally.status == status)
                .map(|tally| tally.mails)
                .sum::<u64>()
        };
        let failed = of("Error") + of("Partially Errored");
        let percent = failed as f64 * 100.0 / all.max(1) as f64;
        if failed < LEAST_MAILS || percent <= facts.thresholds.mail_error_percent {
            return Vec::new();
        }
        let summary = format!("{}: mails are not sent", site.name());
        vec![
            Finding::new("site.mail", Severity::Warning, summary)
                .because(format!(
                    "Email Queue of the last 7 days: {} of {} with an error",
                    human::count(failed),
                    counted(all, "mail")
                ))
                .figure(format!("{percent:.0} %")),
        ]
    })
}
