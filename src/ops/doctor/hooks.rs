//! The scheduled jobs that the apps ask for in their hooks, against the job types of each site.
//!
//! Hooks reach the table only when a site is migrated: what an app asked for since does not run.
//! Only Frappe itself can tell them, as an app may compute its hooks, so a deep diagnosis asks the
//! bench's Python, which takes seconds for each site.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::Value;

use super::site_facts::{Site, few};
use super::types::named;
use super::{Checked, Facts, Simple};
use crate::backend::site_db::read::{ScheduledJobType, name_before_16};
use crate::bench::{Bench, Family};
use crate::human::counted;
use crate::model::health::{Finding, Severity};
use crate::ops::frappe_process;
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple {
        name: "scheduler.drift",
        passes_when: "the job types are those of the apps' hooks",
        run: drift,
    },
    &Simple {
        name: "scheduler.collision",
        passes_when: "no two hooks share one job type",
        run: collision,
    },
];

/// Sites that are asked at a time: each is a Python of some 150 MB.
const AT_A_TIME: usize = 2;

/// A scheduled job that an app asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hook {
    /// The dotted path.
    pub method: String,
    /// The frequency, as the column of the job types has it.
    pub frequency: String,
    /// The cron expression, where it has one.
    pub cron: Option<String>,
}

/// What the apps of a site ask for, or why they could not be asked.
pub type SiteHooks = Result<Vec<Hook>, String>;

/// Asks Frappe for the hooks of each site; those for which there is no time left are told so.
pub(super) fn read(
    bench: &Bench,
    sites: &[String],
    deadline: Instant,
) -> BTreeMap<String, SiteHooks> {
    let (share, left) = (sites.len().div_ceil(AT_A_TIME).max(1), deadline);
    std::thread::scope(|threads| {
        let asking: Vec<_> = sites
            .chunks(share)
            .map(|sites| {
                let ask = |site: &String| (site.clone(), ask(bench, site, left));
                threads.spawn(move || sites.iter().map(ask).collect::<Vec<_>>())
            })
            .collect();
        asking.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}

/// Source: `bench execute` prints what the method returns as one line of JSON, Frappe v13 to v17;
/// apps may print lines of their own before.
fn ask(bench: &Bench, site: &str, deadline: Instant) -> SiteHooks {
    let arguments =
        ["--site", site, "execute", "frappe.get_hooks", "--kwargs", "{'hook': 'scheduler_events'}"];
    let command = frappe_process::command(bench, &arguments, "read hooks", "doctor --deep")
        .map_err(|error| error.to_string())?;
    let printed = frappe_process::printed(command, deadline)?;
    hooks_in(&printed).ok_or_else(|| "Frappe printed something else than hooks".to_owned())
}

/// The hooks of the last line that is a JSON object; nothing printed is no hooks.
fn hooks_in(printed: &str) -> Option<Vec<Hook>> {
    if printed.trim().is_empty() {
        return Some(Vec::new());
    }
    let object = |line: &str| serde_json::from_str::<serde_json::Map<String, Value>>(line).ok();
    let events = printed.lines().rev().find_map(object)?;
    let mut hooks = Vec::new();
    for (key, asked) in &events {
        match asked {
            Value::Object(expressions) => {
                for (expression, methods) in expressions {
                    hooks.extend(hooks_of(&title(key), Some(expression), methods));
                }
            }
            methods => hooks.extend(hooks_of(&title(key), None, methods)),
        }
    }
    hooks.sort();
    hooks.dedup();
    Some(hooks)
}

fn hooks_of(frequency: &str, cron: Option<&String>, methods: &Value) -> Vec<Hook> {
    let hook = |method: &str| Hook {
        method: method.to_owned(),
        frequency: frequency.to_owned(),
        cron: cron.cloned(),
    };
    match methods {
        Value::String(method) => vec![hook(method)],
        Value::Array(methods) => methods.iter().filter_map(Value::as_str).map(hook).collect(),
        _ => Vec::new(),
    }
}

/// As Frappe makes the frequency of a hook's key: `daily_long` becomes `Daily Long`.
fn title(key: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters.map(|letter| letter.to_ascii_lowercase())).collect()
    };
    key.split('_').map(word).collect::<Vec<String>>().join(" ")
}

/// Makes a check on each site whose database and hooks were read.
fn on_hooks(facts: &Facts<'_>, check: impl Fn(&Site<'_>, &[Hook]) -> Option<Finding>) -> Checked {
    let Some(bench) = facts.bench else { return Checked::Skipped };
    if bench.databases.is_empty() {
        return Checked::Skipped;
    }
    if !facts.deep {
        return Checked::not_made("needs --deep: it asks Frappe for the hooks of each site");
    }
    let mut findings = Vec::new();
    let (mut asked, mut why) = (0, "no site database was read".to_owned());
    for site in bench.examined() {
        match bench.hooks.get(site.name()) {
            Some(Ok(hooks)) => {
                asked += 1;
                findings.extend(check(&site, hooks));
            }
            Some(Err(lack)) => why = format!("{}: {lack}", site.name()),
            None => {}
        }
    }
    if asked == 0 { Checked::not_made(why) } else { few(findings).into() }
}

/// What differs between the hooks and the table.
#[derive(Debug, Default, PartialEq, Eq)]
struct Differences<'a> {
    missing: BTreeSet<&'a str>,
    changed: BTreeSet<&'a str>,
    left_over: BTreeSet<&'a str>,
}

fn differences<'a>(hooks: &'a [Hook], types: &'a [ScheduledJobType]) -> Differences<'a> {
    let of_hooks =
        |row: &&ScheduledJobType| row.server_script.is_none() && row.scheduler_event.is_none();
    let types: Vec<&ScheduledJobType> = types.iter().filter(of_hooks).collect();
    let is_of = |row: &ScheduledJobType, hook: &Hook| {
        row.method == hook.method
            && row.frequency == hook.frequency
            && row.cron_format.as_deref() == hook.cron.as_deref()
    };
    let mut found = Differences::default();
    for hook in hooks {
        if types.iter().any(|row| is_of(row, hook)) {
            continue;
        }
        let is_there = types.iter().any(|row| row.method == hook.method);
        let list = if is_there { &mut found.changed } else { &mut found.missing };
        list.insert(&hook.method);
    }
    let is_asked = |row: &ScheduledJobType| hooks.iter().any(|hook| hook.method == row.method);
    found.left_over.extend(types.iter().filter(|row| !is_asked(row)).map(|row| &*row.method));
    found
}

fn drift(facts: &Facts<'_>) -> Checked {
    on_hooks(facts, |site, hooks| {
        let rows = &site.examined.facts.scheduler;
        let mut found = differences(hooks, rows.types.as_ref().ok()?);
        for hidden in shared(facts, hooks).into_values().flatten() {
            found.missing.remove(hidden);
        }
        let told = [
            ("missing, so they never run", &found.missing),
            ("with another frequency than their hook", &found.changed),
            ("that no app asks for any more", &found.left_over),
        ];
        let many: usize = told.iter().map(|(_, methods)| methods.len()).sum();
        if many == 0 {
            return None;
        }
        let summary = format!(
            "{}: {} not as the apps' hooks ask",
            site.name(),
            counted(many as u64, "job type")
        );
        let finding = Finding::new("scheduler.drift", Severity::Warning, summary);
        let finding = told.iter().filter(|(_, methods)| !methods.is_empty()).fold(
            finding,
            |finding, (what, methods)| {
                finding.because(format!("{what}: {}", named(methods.iter().copied())))
            },
        );
        let site = shell_quote(site.name());
        Some(finding.fix(format!("{} --site {site} migrate", facts.paste.bench)))
    })
}

/// The methods of hooks that get the same name in the table, where names are made of methods: of
/// such only the one that was put in last has a row.
fn shared<'h>(facts: &Facts<'_>, hooks: &'h [Hook]) -> BTreeMap<&'h str, BTreeSet<&'h str>> {
    let family = facts.bench.map(|bench| bench.bench.frappe().family());
    let mut methods_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    if matches!(family, Some(Family::V13 | Family::V14 | Family::V15)) {
        for hook in hooks {
            methods_of.entry(name_before_16(&hook.method)).or_default().insert(&hook.method);
        }
    }
    methods_of.retain(|_, methods| methods.len() > 1);
    methods_of
}

fn collision(facts: &Facts<'_>) -> Checked {
    on_hooks(facts, |site, hooks| {
        let names = shared(facts, hooks);
        if names.is_empty() {
            return None;
        }
        let n = counted(names.len() as u64, "job type name");
        let summary = format!("{}: {n} asked for by two hooks", site.name());
        let finding = Finding::new("scheduler.collision", Severity::Warning, summary);
        let finding = names
            .values()
            .fold(finding, |finding, methods| finding.because(named(methods.iter().copied())));
        Some(finding.because(
            "up to v15 a type is named by the last two parts of its method: only one of them runs; \
             another function name in the app's hooks mends it",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(method: &str, frequency: &str, cron: Option<&str>) -> Hook {
        Hook {
            method: method.to_owned(),
            frequency: frequency.to_owned(),
            cron: cron.map(str::to_owned),
        }
    }

    #[test]
    fn hooks_are_read_from_the_last_object_that_was_printed() {
        let printed = concat!(
            "app greets you\n",
            r#"{"daily_long": ["a.b.c"], "cron": {"*/5 * * * *": ["d.e"], "0 1 * * *": "f.g"}, "all": 7}"#,
            "\nbye\n"
        );
        let expected = [
            hook("a.b.c", "Daily Long", None),
            hook("d.e", "Cron", Some("*/5 * * * *")),
            hook("f.g", "Cron", Some("0 1 * * *")),
        ];
        assert_eq!(hooks_in(printed).unwrap(), expected);
        assert_eq!(hooks_in(" \n"), Some(Vec::new()));
        for broken in ["{\"daily\": [", "[1]", "None"] {
            assert_eq!(hooks_in(broken), None, "{broken}");
        }
    }
}
