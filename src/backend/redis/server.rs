//! What `INFO` says of the server, as far as jobs depend on it.
//!
//! Source: the fields of `INFO` of Redis 6.2 to 7.4 and Valkey 7.2+; all are optional here.

use std::collections::HashMap;

/// The server's own account.
#[derive(Debug, Clone, Default)]
pub struct Server {
    /// `redis_version`; Valkey reports a compatible one.
    pub version: Option<String>,
    /// `valkey` where the server says so.
    pub flavour: Option<String>,
    /// Seconds since it started.
    pub uptime_s: Option<u64>,
    /// Bytes of data in use.
    pub used_memory: Option<u64>,
    /// Bytes that may be used; 0 or absent for no limit.
    pub max_memory: Option<u64>,
    /// What happens at the limit.
    pub eviction_policy: Option<String>,
    /// Keys evicted since it started.
    pub evicted_keys: Option<u64>,
    /// Whether an append-only file is written.
    pub aof_enabled: Option<bool>,
    /// Whether the last snapshot went well.
    pub last_save_ok: Option<bool>,
    /// Unix seconds of the last snapshot.
    pub last_save_s: Option<i64>,
    /// Whether the last write of the append-only file went well.
    pub aof_write_ok: Option<bool>,
    /// Changes since the last snapshot.
    pub changes_since_save: Option<u64>,
    /// Whether it still loads its data.
    pub loading: bool,
    /// `master` or `slave`.
    pub role: Option<String>,
    /// Commands refused for lack of memory since it started.
    pub refused_oom: u64,
    /// Commands refused because a snapshot failed, since it started.
    pub refused_misconf: u64,
    /// Keys in the selected database.
    pub keys: Option<u64>,
}

impl Server {
    /// Reads the text of `INFO`; `db` selects the line of the key count.
    pub fn parse(info: &str, db: i64) -> Self {
        let fields: HashMap<&str, &str> =
            info.lines().filter_map(|line| line.trim_end().split_once(':')).collect();
        let text = |name: &str| fields.get(name).map(|value| (*value).to_owned());
        let number = |name: &str| fields.get(name).and_then(|value| value.parse::<u64>().ok());
        let ok = |name: &str| fields.get(name).map(|value| *value == "ok");
        let refused = |name: &str| {
            fields
                .get(name)
                .and_then(|value| value.strip_prefix("count="))
                .and_then(|count| count.parse().ok())
                .unwrap_or(0)
        };
        Self {
            version: text("redis_version"),
            flavour: text("server_name")
                .or_else(|| text("valkey_version").map(|_| "valkey".into())),
            uptime_s: number("uptime_in_seconds"),
            used_memory: number("used_memory"),
            max_memory: number("maxmemory"),
            eviction_policy: text("maxmemory_policy"),
            evicted_keys: number("evicted_keys"),
            aof_enabled: number("aof_enabled").map(|flag| flag == 1),
            last_save_ok: ok("rdb_last_bgsave_status"),
            last_save_s: fields.get("rdb_last_save_time").and_then(|value| value.parse().ok()),
            aof_write_ok: ok("aof_last_write_status"),
            changes_since_save: number("rdb_changes_since_last_save"),
            loading: number("loading") == Some(1),
            role: text("role"),
            refused_oom: refused("errorstat_OOM"),
            refused_misconf: refused("errorstat_MISCONF"),
            keys: Some(
                fields
                    .get(format!("db{db}").as_str())
                    .and_then(|value| value.strip_prefix("keys="))
                    .and_then(|rest| rest.split(',').next())
                    .and_then(|count| count.parse().ok())
                    .unwrap_or(0),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_fields_are_found_and_missing_ones_are_absent() {
        let info = "# Server\r\nredis_version:7.0.15\r\nmaxmemory:1048576\r\nerrorstat_OOM:count=3\r\ndb1:keys=12,expires=0,avg_ttl=0\r\nrdb_last_bgsave_status:err\r\n";
        let server = Server::parse(info, 1);
        assert_eq!(server.version.as_deref(), Some("7.0.15"));
        assert_eq!((server.max_memory, server.refused_oom), (Some(1_048_576), 3));
        assert_eq!(server.keys, Some(12));
        assert_eq!(server.last_save_ok, Some(false));
        assert_eq!(server.used_memory, None);
        assert_eq!(Server::parse("garbage", 0).version, None);
    }
}
