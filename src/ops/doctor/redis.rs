//! Checks of the Redis server: does it answer, will it keep the jobs, does it take new ones.

use super::{Checked, Facts, Simple};
use crate::backend::redis::server::Server;
use crate::human::{bytes, percent};
use crate::model::health::{Finding, Severity};

pub(super) const CHECKS: &[&dyn super::Check] = &[
    &Simple { name: "redis.reachable", passes_when: "Redis answers", run: reachable },
    &Simple { name: "redis.latency", passes_when: "Redis answers fast", run: latency },
    &Simple { name: "redis.memory", passes_when: "memory use is below the limit", run: memory },
    &Simple { name: "redis.eviction", passes_when: "no job can be evicted", run: eviction },
    &Simple { name: "redis.persistence", passes_when: "jobs survive a restart", run: persistence },
    &Simple { name: "redis.writes", passes_when: "Redis takes writes", run: writes },
];

/// Runs `check` on the server's account of itself, or says why there is none.
fn on_server(facts: &Facts<'_>, check: impl FnOnce(&Server) -> Checked) -> Checked {
    match facts.survey.map(|survey| &survey.server) {
        Ok(Ok(server)) => check(server),
        Ok(Err(lack)) => Checked::not_made(lack.to_string()),
        Err(_) => Checked::not_made("Redis could not be read"),
    }
}

fn reachable(facts: &Facts<'_>) -> Checked {
    match facts.survey {
        Ok(_) => Vec::new().into(),
        Err(why) => Some(
            Finding::new(
                "redis.reachable",
                Severity::Critical,
                "Redis cannot be read: no job can be enqueued or run",
            )
            .because(why)
            .fix(reach_fix(facts)),
        )
        .into(),
    }
}

fn reach_fix(facts: &Facts<'_>) -> String {
    match facts.bench {
        Some(bench) => {
            let conf = bench.bench.root().join("config/redis_queue.conf");
            format!(
                "redis-server {}",
                crate::render::sanitize::shell_quote(&conf.to_string_lossy())
            )
        }
        None => facts.redis_cli("ping"),
    }
}

fn latency(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
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
            "the first answer took {ms:.0} ms, from {:.0} ms on that is slow",
            facts.thresholds.latency_warning_ms
        ))
        .fix(facts.redis_cli("slowlog get 10"));
    Some(finding).into()
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
            .fix(facts.redis_cli("config set maxmemory <more>"));
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
        let evicted = server.evicted_keys.unwrap_or(0);
        let severity = match (limited, policy.starts_with("allkeys")) {
            (true, true) => Severity::Critical,
            (true, false) => Severity::Warning,
            // Without a limit nothing is evicted, whatever the policy.
            (false, _) => Severity::Info,
        };
        let finding = Finding::new(
            "redis.eviction",
            severity,
            format!("Redis may evict jobs: maxmemory-policy is `{policy}`"),
        )
        .because(format!(
            "maxmemory {}, {evicted} keys evicted since the start",
            server.max_memory.filter(|&max| max > 0).map_or_else(|| "unlimited".to_owned(), bytes),
        ))
        .fix(facts.redis_cli("config set maxmemory-policy noeviction"));
        Some(finding).into()
    })
}

fn persistence(facts: &Facts<'_>) -> Checked {
    let Ok(survey) = facts.survey else { return Checked::not_made("Redis could not be read") };
    on_server(facts, |server| {
        let Some(aof) = server.aof_enabled else {
            return Checked::not_made("INFO names no persistence");
        };
        let rule = match &survey.save_rule {
            Ok(rule) => rule,
            // Without CONFIG nothing tells a snapshot rule from none.
            Err(_) if aof => return Vec::new().into(),
            Err(lack) => return Checked::not_made(lack.to_string()),
        };
        if aof || !rule.is_empty() {
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
    on_server(facts, |server| {
        let mut findings = Vec::new();
        if server.role.as_deref() == Some("slave") {
            findings.push(
                Finding::new(
                    "redis.writes",
                    Severity::Critical,
                    "this Redis is a replica: it takes no jobs",
                )
                .because("INFO says role:slave")
                .fix(facts.redis_cli("role")),
            );
        }
        if server.last_save_ok == Some(false) {
            let refused = server.refused_misconf;
            let finding = Finding::new(
                "redis.writes",
                Severity::Critical,
                "Redis cannot save its data and refuses writes",
            )
            .because("the last background save failed (rdb_last_bgsave_status:err)")
            .because(format!("{refused} commands refused for it since the start (MISCONF)"))
            .fix(facts.redis_cli("config get dir && df -h"));
            findings.push(finding);
        }
        if server.aof_write_ok == Some(false) {
            findings.push(
                Finding::new(
                    "redis.writes",
                    Severity::Critical,
                    "Redis cannot write its append-only file",
                )
                .because("aof_last_write_status:err")
                .fix(facts.redis_cli("config get dir && df -h")),
            );
        }
        let full = match (server.used_memory, server.max_memory) {
            (Some(used), Some(max)) => max > 0 && used >= max,
            _ => false,
        };
        if server.refused_oom > 0 {
            let severity = if full { Severity::Critical } else { Severity::Info };
            findings.push(
                Finding::new(
                    "redis.writes",
                    severity,
                    format!(
                        "Redis refused {} commands for lack of memory since its start",
                        server.refused_oom
                    ),
                )
                .because("errorstat_OOM in INFO")
                .fix(facts.redis_cli("info memory")),
            );
        }
        findings.into()
    })
}
