//! Checks of the bench's configuration files.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use super::facts::BenchFacts;
use super::{Checked, Facts, Simple};
use crate::bench::config::{Config, SWITCHES, is_deceptive};
use crate::bench::id::split_id;
use crate::bench::{ConfigFault, ConfigProblem, Origin};
use crate::model::health::{Finding, Severity};
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple {
        name: "config.files",
        passes_when: "all configuration files are readable JSON",
        run: files,
    },
    &Simple { name: "config.sites", passes_when: "every site directory is a site", run: sites },
    &Simple { name: "config.keys", passes_when: "the needed keys are set", run: keys },
    &Simple {
        name: "config.switches",
        passes_when: "no site is paused or in maintenance",
        run: switches,
    },
    &Simple {
        name: "config.deceptive",
        passes_when: "no switch is the text \"0\"",
        run: deceptive,
    },
    &Simple {
        name: "config.bench-id",
        passes_when: "no site has a bench id of its own",
        run: bench_id,
    },
    &Simple {
        name: "config.extra",
        passes_when: "the files are the whole configuration",
        run: extra,
    },
    &Simple { name: "config.monitor", passes_when: "the monitor is on", run: monitor },
];

fn on_bench(facts: &Facts<'_>, check: impl FnOnce(&BenchFacts<'_>) -> Vec<Finding>) -> Checked {
    facts.bench.map_or(Checked::Skipped, |bench| check(bench).into())
}

/// The configurations: the bench's own, then those of the selected sites.
fn configs<'b>(bench: &'b BenchFacts<'_>) -> impl Iterator<Item = (Option<&'b str>, &'b Config)> {
    let own = std::iter::once((None, bench.bench.config()));
    own.chain(bench.configs.iter().map(|(site, config)| (Some(site.as_str()), config)))
}

fn shown<'p>(bench: &BenchFacts<'_>, path: &'p Path) -> std::borrow::Cow<'p, str> {
    path.strip_prefix(bench.bench.root()).unwrap_or(path).to_string_lossy()
}

fn files(facts: &Facts<'_>) -> Checked {
    on_bench(facts, |bench| {
        let mut seen = HashSet::new();
        let mut findings = Vec::new();
        for (_, config) in configs(bench) {
            for problem in config.problems() {
                if seen.insert(&*problem.path) {
                    findings.push(unusable(bench, config, problem));
                }
            }
        }
        let mut writable: Vec<&Path> =
            configs(bench).flat_map(|(_, config)| config.world_writable()).collect();
        writable.sort_unstable();
        writable.dedup();
        findings.extend(writable.into_iter().map(|path| {
            let path_shown = shown(bench, path);
            let summary = format!("{path_shown}: every user of this machine may write it");
            Finding::new("config.files", Severity::Warning, summary)
                .because("it holds passwords, and decides which code runs")
                .fix(format!("chmod o-w {}", shell_quote(&path.to_string_lossy())))
        }));
        findings
    })
}

fn unusable(bench: &BenchFacts<'_>, config: &Config, problem: &ConfigProblem) -> Finding {
    let consequence = if config.refused_by_frappe().is_some() {
        "this Frappe refuses to start on it"
    } else {
        "this Frappe carries on without the file"
    };
    let quoted = problem.path.to_string_lossy();
    let quoted = shell_quote(&quoted);
    let fix = match problem.fault {
        ConfigFault::Syntax { .. } | ConfigFault::NotAnObject(_) => {
            format!("python3 -m json.tool {quoted}")
        }
        _ => format!("ls -l {quoted}"),
    };
    let summary = format!("{} cannot be used", shown(bench, &problem.path));
    Finding::new("config.files", Severity::Critical, summary)
        .because(problem.fault.to_string())
        .because(consequence)
        .fix(fix)
}

fn sites(facts: &Facts<'_>) -> Checked {
    // None of these can be selected, so they are other sites' faults.
    if facts.sites.is_some() {
        return Checked::Skipped;
    }
    on_bench(facts, |bench| {
        let mut findings = Vec::new();
        let mut tell = |severity, summary: String, line: &str| {
            findings.push(Finding::new("config.sites", severity, summary).because(line));
        };
        for name in &bench.sites.without_config {
            tell(
                Severity::Warning,
                format!("sites/{name} has no site_config.json"),
                "Frappe does not list it: nothing is scheduled for it",
            );
        }
        for name in &bench.sites.links {
            tell(
                Severity::Info,
                format!("sites/{name} is a link"),
                "Frappe does not list links: nothing is scheduled for it",
            );
        }
        for name in &bench.sites.refused_names {
            tell(
                Severity::Warning,
                format!("sites/{name} has a name that this Frappe refuses"),
                "letters, digits, `.`, `_` and `-` are accepted",
            );
        }
        for problem in &bench.sites.problems {
            tell(
                Severity::Warning,
                format!("{} cannot be looked at", shown(bench, &problem.path)),
                &problem.why,
            );
        }
        findings
    })
}

fn keys(facts: &Facts<'_>) -> Checked {
    on_bench(facts, |bench| {
        let mut findings = Vec::new();
        for (key, default) in [("redis_queue", 11_000), ("redis_cache", 13_000)] {
            findings.extend(unset_redis(facts, bench, key, default));
        }
        for (site, config) in &bench.configs {
            let broken = config.problems().next().is_some();
            if config.get("db_name").is_none() && !broken {
                findings.push(
                    Finding::new(
                        "config.keys",
                        Severity::Warning,
                        format!("{site}: `db_name` is not set"),
                    )
                    .because(format!("sites/{site}/site_config.json names no database"))
                    .fix(format!(
                        "ls -l {}",
                        shell_quote(&bench.bench.root().join("sites").join(site).to_string_lossy())
                    )),
                );
            }
        }
        findings
    })
}

/// The finding where a Redis is not named; `port` is the one that bench gives it.
fn unset_redis(facts: &Facts<'_>, bench: &BenchFacts<'_>, key: &str, port: u16) -> Option<Finding> {
    let setting = bench.bench.config().get(key);
    let why = match setting {
        Some(setting) if setting.origin != Origin::Default => return None,
        Some(setting) => {
            let default = setting.value.as_str().unwrap_or_default();
            format!("Frappe falls back to {default}, which bench starts no Redis on")
        }
        None => "this Frappe has no default for it".to_owned(),
    };
    let severity = match (key, setting) {
        ("redis_queue", None) => Severity::Critical,
        _ => Severity::Warning,
    };
    Some(
        Finding::new("config.keys", severity, format!("`{key}` is not set"))
            .because(format!("sites/common_site_config.json should name it; {why}"))
            .fix(facts.bench_cli(&format!("set-config -g {key} redis://127.0.0.1:{port}"))),
    )
}

/// What each switch means for a site.
fn meaning(key: &str) -> &'static str {
    match key {
        "maintenance_mode" => {
            "in maintenance: the scheduler enqueues nothing, web requests are refused"
        }
        "pause_scheduler" => "its scheduler is paused",
        _ => "its scheduler is switched off in the configuration",
    }
}

fn switches(facts: &Facts<'_>) -> Checked {
    on_bench(facts, |bench| {
        let mut findings = Vec::new();
        for key in SWITCHES {
            let mut common: Vec<&str> = Vec::new();
            for (site, config) in &bench.configs {
                let standing = config.standing(key);
                if !standing.is_on() {
                    continue;
                }
                if standing.site.is_none() {
                    common.push(site);
                    continue;
                }
                let Some((value, path)) = standing.in_force() else { continue };
                findings.push(
                    Finding::new(
                        "config.switches",
                        Severity::Warning,
                        format!("{site}: {}", meaning(key)),
                    )
                    .because(format!("`{key}` = {} in {}", brief(value), shown(bench, path)))
                    .fix(lift(facts, key, Some(site))),
                );
            }
            if !common.is_empty() {
                let who = if common.len() == bench.sites.sites.len() {
                    "every site".to_owned()
                } else {
                    common.join(", ")
                };
                let mut finding = Finding::new(
                    "config.switches",
                    Severity::Warning,
                    format!("{who}: {}", meaning(key)),
                )
                .because(format!("`{key}` is set in sites/common_site_config.json, for all sites"));
                if key != "disable_scheduler" {
                    finding = finding.because("`bench update` sets it and takes it back; an update that was aborted leaves it");
                }
                findings.push(finding.fix(lift(facts, key, None)));
            }
        }
        findings
    })
}

/// How to lift a switch in the file where it stands; with bench where no command of ours does it.
fn lift(facts: &Facts<'_>, key: &str, site: Option<&str>) -> String {
    match (site, key) {
        (Some(site), "pause_scheduler") => {
            facts.jobctl(&format!("resume-scheduler --site {}", shell_quote(site)))
        }
        (Some(site), "maintenance_mode") => {
            facts.jobctl(&format!("set-maintenance-mode off --site {}", shell_quote(site)))
        }
        (Some(site), _) => {
            facts.bench_cli(&format!("--site {} set-config {key} 0", shell_quote(site)))
        }
        (None, _) => facts.bench_cli(&format!("set-config -g {key} 0")),
    }
}

/// A value of a switch, cut short: it is somebody's file.
fn brief(value: &Value) -> String {
    value.to_string().chars().take(20).collect()
}

fn deceptive(facts: &Facts<'_>) -> Checked {
    on_bench(facts, |bench| {
        let mut findings: Vec<Finding> = Vec::new();
        for (site, config) in configs(bench) {
            for key in SWITCHES {
                let standing = config.standing(key);
                let Some((value, path)) = standing.in_force() else { continue };
                let summary =
                    format!("`{key}` is the text {} in {}", brief(value), shown(bench, path));
                if is_deceptive(value) && !findings.iter().any(|finding| finding.summary == summary)
                {
                    findings.push(
                        Finding::new("config.deceptive", Severity::Warning, summary)
                            .because("a text that is not empty counts as true: the switch is on")
                            .fix(lift(facts, key, site.filter(|_| standing.site.is_some()))),
                    );
                }
            }
        }
        findings
    })
}

fn bench_id(facts: &Facts<'_>) -> Checked {
    on_bench(facts, |bench| {
        let Some(id) = &bench.id else { return Vec::new() };
        let split = bench.configs.iter().filter_map(|(site, config)| split_id(id, site, config));
        split
            .map(|split| {
                let summary = format!(
                    "{}: its jobs go to queues that no worker of this bench serves",
                    split.site
                );
                Finding::new("config.bench-id", Severity::Critical, summary)
                    .because(format!(
                        "`bench_id` = `{}` in {}",
                        split.value,
                        shown(bench, &split.path)
                    ))
                    .because(format!("the bench's workers serve `{}`", id.value))
                    // The value `None` removes a key. Source: `update_site_config` in Frappe.
                    .fix(facts.bench_cli(&format!(
                        "--site {} set-config bench_id None",
                        shell_quote(&split.site)
                    )))
            })
            .collect()
    })
}

fn extra(facts: &Facts<'_>) -> Checked {
    on_bench(facts, |bench| {
        let found = configs(bench).find_map(|(site, config)| config.extra_config().map(|_| site));
        let Some(site) = found else { return Vec::new() };
        let site = site.or(bench.configs.first().map(|(site, _)| site.as_str())).unwrap_or("SITE");
        vec![
            Finding::new("config.extra", Severity::Info, "`extra_config` is set: Python functions may change the configuration")
                .because("only the files and the environment were read; what the functions change is not seen")
                .because("the command below prints passwords, too")
                .fix(facts.bench_cli(&format!("--site {} show-config -f json", shell_quote(site)))),
        ]
    })
}

fn monitor(facts: &Facts<'_>) -> Checked {
    on_bench(facts, |bench| {
        let off: Vec<&str> = bench
            .configs
            .iter()
            .filter(|(_, config)| !config.is_on("monitor"))
            .map(|(site, _)| site.as_str())
            .collect();
        if off.is_empty() {
            return Vec::new();
        }
        let who = if off.len() == bench.configs.len() && off.len() > 1 {
            "all sites".to_owned()
        } else {
            off.join(", ")
        };
        vec![
            Finding::new(
                "config.monitor",
                Severity::Info,
                format!("the monitor is off for {who}: job durations are not recorded"),
            )
            .because("`monitor` is not set")
            .fix(facts.bench_cli("set-config -g monitor 1")),
        ]
    })
}
