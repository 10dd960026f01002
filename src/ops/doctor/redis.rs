//! Checks of the Redis server: does it answer, will it keep the jobs, does it take new ones.

use super::facts::Outage;
use super::{Checked, Facts, Simple};
use crate::backend::redis::server::Server;
use crate::error::Kind;
use crate::human::{age, bytes, count, percent};
use crate::model::health::{Finding, Severity};
use crate::sanitize::shell_quote;

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple { name: "redis.reachable", passes_when: "Redis answers", run: reachable },
    &Simple { name: "redis.deadline", passes_when: "all was read in time", run: deadline },
    &Simple { name: "redis.latency", passes_when: "Redis answers fast", run: latency },
    &Simple {
        name: "redis.clock",
        passes_when: "Redis and this host agree on the time",
        run: clock,
    },
    &Simple { name: "redis.memory", passes_when: "memory use is below the limit", run: memory },
    &Simple { name: "redis.eviction", passes_when: "no job can be evicted", run: eviction },
    &Simple { name: "redis.persistence", passes_when: "jobs survive a restart", run: persistence },
    &Simple { name: "redis.writes", passes_when: "Redis takes writes", run: writes },
];

/// Seconds by which two clocks may differ: below it ages and lifetimes still are about right.
const SKEW_S: f64 = 30.0;

/// Runs `check` on the server's account of itself, or says why there is none.
fn on_server(facts: &Facts<'_>, check: impl FnOnce(&Server) -> Checked) -> Checked {
    match facts.survey.map(|survey| &survey.server) {
        Ok(Ok(server)) => check(server),
        Ok(Err(lack)) => Checked::not_made(lack.to_string()),
        Err(_) => Checked::no_redis(),
    }
}

fn reachable(facts: &Facts<'_>) -> Checked {
    match facts.survey {
        Ok(survey) if survey.server.as_ref().is_ok_and(|server| server.loading) => Some(
            Finding::new(
                "redis.reachable",
                Severity::Critical,
                "Redis is still loading its data: no job can be enqueued or run",
            )
            .because("INFO says loading:1")
            .fix(facts.redis_cli("info persistence")),
        )
        .into(),
        Ok(_) => Vec::new().into(),
        Err(outage) => Some(outage_finding(facts, outage)).into(),
    }
}

fn outage_finding(facts: &Facts<'_>, outage: &Outage) -> Finding {
    let summary = match outage.kind {
        Kind::Refused => "Redis refuses to be read: the queues cannot be seen",
        Kind::Config => "the address of Redis cannot be used: the queues cannot be seen",
        Kind::TryAgain => "Redis does not answer in time: the queues cannot be seen",
        _ => "Redis cannot be reached: no job can be enqueued or run",
    };
    let finding = Finding::new("redis.reachable", Severity::Critical, summary).because(&outage.why);
    let finding = outage.hints.iter().fold(finding, Finding::because);
    let conf = facts.bench.map(|bench| bench.bench.root().join("config/redis_queue.conf"));
    match conf.filter(|conf| outage.kind == Kind::Unreachable && conf.is_file()) {
        Some(conf) => finding.fix(format!("redis-server {}", shell_quote(&conf.to_string_lossy()))),
        None => finding.fix(facts.redis_cli("ping")),
    }
}

fn deadline(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    match &survey.cut_short {
        None => Vec::new().into(),
        Some(why) => Checked::unknown(format!("not all was read in time: {why}")),
    }
}

fn latency(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    let ms = survey.latency_ms;
    let severity = if ms >= facts.thresholds.latency_critical_ms {
        Severity::Critical
    } else if ms >= facts.thresholds.latency_warning_ms {
        Severity::Warning
    } else {
        return Vec::new().into();
    };
    let finding = Finding::new("redis.latency", severity, "Redis answers slowly")
        .figure(format!("{ms:.0} ms"))
        .because(format!(
            "the fastest of a few answers took {ms:.0} ms, from {:.0} ms on that is slow",
            facts.thresholds.latency_warning_ms
        ))
        .fix(facts.redis_cli("slowlog get 10"));
    Some(finding).into()
}

fn clock(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    let Some(ahead) = survey.clock_ahead_s else {
        return Checked::not_made("TIME: not permitted for this Redis user");
    };
    if ahead.abs() < SKEW_S {
        return Vec::new().into();
    }
    let (word, by) = (if ahead > 0.0 { "ahead of" } else { "behind" }, age(ahead.abs()));
    let summary = format!("the clock of Redis is {by} {word} the one of this host");
    Some(
        Finding::new("redis.clock", Severity::Warning, summary)
            .because("jobs are dated by the hosts and judged by Redis: ages, time limits and lifetimes are wrong by so much")
            .fix("timedatectl status"),
    )
    .into()
}

fn memory(facts: &Facts<'_>) -> Checked {
    on_server(facts, |server| {
        let (Some(used), Some(limit)) = (server.used_memory, server.max_memory) else {
            return Checked::not_made("INFO names no memory figures");
        };
        if limit == 0 {
            return Vec::new().into();
        }
        let share = used as f64 / limit as f64 * 100.0;
        let severity = if share >= facts.thresholds.memory_critical_percent {
            Severity::Critical
        } else if share >= facts.thresholds.memory_warning_percent {
            Severity::Warning
        } else {
            return Vec::new().into();
        };
        let finding = Finding::new("redis.memory", severity, "Redis is near its memory limit")
            .figure(percent(share / 100.0))
            .because(format!("{} of maxmemory {} in use", bytes(used), bytes(limit)))
            .because(
                "at the limit enqueueing fails, or jobs are evicted, depending on maxmemory-policy",
            )
            .fix(facts.redis_cli("info memory"))
            .fix(facts.redis_cli(&format!("config set maxmemory {}", limit.saturating_mul(2))));
        Some(finding).into()
    })
}

fn eviction(facts: &Facts<'_>) -> Checked {
    on_server(facts, |server| {
        let Some(policy) = server.eviction_policy.as_deref() else {
            return Checked::not_made("INFO names no maxmemory_policy");
        };
        if policy == "noeviction" {
            return Vec::new().into();
        }
        let limited = server.max_memory.unwrap_or(0) > 0;
        let evicted = count(server.evicted_keys.unwrap_or(0));
        let severity = match (limited, policy.starts_with("allkeys")) {
            (true, true) => Severity::Critical,
            (true, false) => Severity::Warning,
            // Without a limit nothing is evicted, whatever the policy.
            (false, _) => Severity::Info,
        };
        let summary = if limited {
            format!("Redis may evict jobs: maxmemory-policy is `{policy}`")
        } else {
            format!(
                "Redis would evict jobs if it had a memory limit: maxmemory-policy is `{policy}`"
            )
        };
        let finding = Finding::new("redis.eviction", severity, summary)
            .because(format!(
                "maxmemory {}, {evicted} keys evicted since the start",
                server
                    .max_memory
                    .filter(|&max| max > 0)
                    .map_or_else(|| "unlimited".to_owned(), bytes),
            ))
            .fix(facts.redis_cli("config set maxmemory-policy noeviction"));
        Some(finding).into()
    })
}

fn persistence(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    on_server(facts, |server| {
        let Some(aof) = server.aof_enabled else {
            return Checked::not_made("INFO names no persistence");
        };
        let rule = match &survey.save_rule {
            _ if aof => return Vec::new().into(),
            Ok(rule) => rule,
            // Without CONFIG nothing tells a snapshot rule from none.
            Err(lack) => return Checked::not_made(lack.to_string()),
        };
        if !rule.is_empty() {
            return Vec::new().into();
        }
        let finding = Finding::new(
            "redis.persistence",
            Severity::Warning,
            "jobs do not survive a restart of Redis: persistence is off",
        )
        .because("`save` is empty and `appendonly` is no")
        .fix(facts.redis_cli("config set save '3600 1 300 100 60 10000'"));
        Some(finding).into()
    })
}

fn writes(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::no_redis() };
    on_server(facts, |server| {
        let critical =
            |summary: &str| Finding::new("redis.writes", Severity::Critical, summary.to_owned());
        let mut findings = Vec::new();
        if server.role.as_deref() == Some("slave") {
            findings.push(
                critical("this Redis is a replica: it takes no jobs")
                    .because("INFO says role:slave")
                    .fix(facts.redis_cli("role")),
            );
        }
        if server.last_save_ok == Some(false) {
            // Source: Redis 7 `writeCommandsDeniedByDiskError`: only where snapshots are on and
            // are to stop writes.
            let snapshots = survey.save_rule.as_ref().map_or(true, |rule| !rule.is_empty());
            let stops = survey.stops_on_failed_save.as_ref().is_ok_and(|stops| *stops)
                || survey.stops_on_failed_save.is_err();
            findings.push(failed_save(facts, server, snapshots && stops));
        }
        if server.aof_write_ok == Some(false) {
            findings.push(
                critical("Redis cannot write its append-only file and refuses writes")
                    .because("aof_last_write_status:err")
                    .fix(facts.redis_cli("config get dir && df -h")),
            );
        }
        if server.refused_oom > 0 {
            findings.push(refused_for_memory(facts, server));
        }
        findings.into()
    })
}

fn failed_save(facts: &Facts<'_>, server: &Server, stops_writes: bool) -> Finding {
    let (severity, summary) = if stops_writes {
        (Severity::Critical, "Redis cannot save its data and refuses writes")
    } else {
        (Severity::Warning, "Redis cannot save its data: jobs would not survive a restart")
    };
    let finding = Finding::new("redis.writes", severity, summary)
        .because("the last background save failed (rdb_last_bgsave_status:err)");
    let finding = match server.refused_misconf {
        0 => finding,
        refused => finding.because(format!(
            "{} commands refused for it since the start (MISCONF)",
            count(refused)
        )),
    };
    finding.fix(facts.redis_cli("config get dir && df -h"))
}

fn refused_for_memory(facts: &Facts<'_>, server: &Server) -> Finding {
    let is_full = match (server.used_memory, server.max_memory) {
        (Some(used), Some(max)) => max > 0 && used >= max,
        _ => false,
    };
    // What was refused in the past and is not any more changes nothing now.
    let severity = if is_full { Severity::Critical } else { Severity::Info };
    let refused = count(server.refused_oom);
    let summary = format!("Redis refused {refused} commands for lack of memory since its start");
    Finding::new("redis.writes", severity, summary)
        .because("errorstat_OOM in INFO")
        .fix(facts.redis_cli("info memory"))
}
