//! The names that a condition may use: gauges of `metrics`, quantities of alerts, checks.

use super::number::Dimension;

/// A quantity and the labels of its samples.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) labels: &'static [&'static str],
    pub(super) dimension: Dimension,
}

const fn known(name: &'static str, labels: &'static [&'static str], dimension: Dimension) -> Known {
    Known { name, labels, dimension }
}

/// What alerts measure themselves, short names for what is asked most.
pub(super) const QUANTITIES: &[Known] = &[
    known("failure_rate", &["queue"], Dimension::Share),
    known("longest_running", &["queue", "job"], Dimension::Seconds),
    known("backlog", &["queue"], Dimension::Count),
    known("oldest_age", &["queue"], Dimension::Seconds),
    known("workers", &["queue"], Dimension::Count),
    known("scheduler_silence", &["site"], Dimension::Seconds),
    known("error_log_rate", &["site"], Dimension::PerHour),
    known("worker_memory", &["pid", "role"], Dimension::Bytes),
    known("redis_up", &[], Dimension::Count),
];

/// The gauges of `metrics`; those that it has counters for come from `serve` alone.
pub(super) const GAUGES: &[Known] = &[
    known("jobctl_build_info", &["version"], Dimension::Count),
    known("jobctl_redis_up", &[], Dimension::Count),
    known("jobctl_collect_duration_seconds", &[], Dimension::Seconds),
    known("jobctl_redis_latency_seconds", &[], Dimension::Seconds),
    known("jobctl_workers_suspended", &[], Dimension::Count),
    known("jobctl_redis_memory_bytes", &[], Dimension::Bytes),
    known("jobctl_redis_memory_max_bytes", &[], Dimension::Bytes),
    known("jobctl_queue_length", &["queue", "status"], Dimension::Count),
    known("jobctl_queue_oldest_age_seconds", &["queue"], Dimension::Seconds),
    known("jobctl_queue_workers", &["queue"], Dimension::Count),
    known("jobctl_worker_busy", &["worker"], Dimension::Count),
    known("jobctl_worker_idle", &["worker"], Dimension::Count),
    known("jobctl_worker_stale", &["worker"], Dimension::Count),
    known("jobctl_worker_heartbeat_age_seconds", &["worker"], Dimension::Seconds),
    known("jobctl_workers_dead", &[], Dimension::Count),
    known("jobctl_site_queued", &["site"], Dimension::Count),
    known("jobctl_site_failed_24h", &["site"], Dimension::Count),
    known("jobctl_scheduler_enabled", &["site"], Dimension::Count),
    known("jobctl_scheduler_last_run_timestamp_seconds", &["site"], Dimension::Seconds),
    known("jobctl_scheduler_up", &[], Dimension::Count),
    known("jobctl_findings", &["severity"], Dimension::Count),
    known("jobctl_health", &["status"], Dimension::Count),
    known("jobctl_health_check", &["check", "status"], Dimension::Count),
];

/// The entry of a name.
pub(super) fn find(name: &str) -> Option<&'static Known> {
    QUANTITIES.iter().chain(GAUGES).find(|known| known.name == name)
}

/// All names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    QUANTITIES.iter().chain(GAUGES).map(|known| known.name)
}

/// Whether a name is taken over a window of time.
pub fn is_windowed(name: &str) -> bool {
    name == "failure_rate"
}
