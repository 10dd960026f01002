//! The only file that spells a Redis key.
//!
//! Types and contents of the keys: `rq` 1.11 to 3.0, as each function says. RQ before 3.0 always
//! uses the prefix `rq`; 3.0 takes it from `RQ_KEY_PREFIX`.

use redis::{RedisWrite, ToRedisArgs, ToSingleRedisArg};

use crate::bench::Family;
use crate::model::id::QueueName;
use crate::model::queue::Registry;

/// A key of RQ; made here only, so that no key is spelled elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key that was made here and kept as bytes since.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key, as bytes of their own.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl ToRedisArgs for Key {
    fn write_redis_args<W: ?Sized + RedisWrite>(&self, out: &mut W) {
        out.write_arg(&self.0);
    }
}

impl ToSingleRedisArg for Key {}

/// List of what Frappe's monitor of one site has not flushed yet, in the cache Redis: JSON texts,
/// oldest first. Source: `frappe/monitor.py`, under the key of `RedisWrapper.make_key`.
pub fn monitor_buffer(db_name: &str) -> Key {
    Key(format!("{db_name}|monitor-transactions").into_bytes())
}

/// Something in the cache Redis that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CacheEntry {
    /// A whole key: `DEL`.
    Key(Key),
    /// A field of a hash: `HDEL`.
    Field {
        /// The hash.
        hash: Key,
        /// The field.
        field: String,
    },
}

/// What holds a document in the cache Redis, to be deleted after the document was written to the
/// database by hand. For a single such as System Settings `name` is the `DocType` again.
///
/// From 16 on the scheduler goes by the cached System Settings, so a change has no effect before
/// this; earlier versions show the old value in places. An unknown version gets all forms.
/// Source: `clear_document_cache` in `frappe/__init__.py`, `get_document_cache_key`.
pub fn cached_document(
    family: Family,
    db_name: &str,
    doctype: &str,
    name: &str,
) -> Vec<CacheEntry> {
    let key = |text: String| Key(text.into_bytes());
    let document = format!("{doctype}::{name}");
    let single_key = CacheEntry::Key(key(format!("{db_name}|document_cache::{document}")));
    let field = |hash: &str, field: &str| CacheEntry::Field {
        hash: key(format!("{db_name}|{hash}")),
        field: field.to_owned(),
    };
    let mut entries = Vec::new();
    if matches!(family, Family::V13 | Family::V14 | Family::Unknown) {
        entries.push(field("document_cache", &document));
        if doctype == name {
            entries.push(field("last_modified", doctype));
        }
    }
    if !matches!(family, Family::V13 | Family::V14) {
        entries.push(single_key);
    }
    entries
}

/// Makes keys under one prefix.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
}

impl Default for Keys {
    fn default() -> Self {
        Self::new("rq")
    }
}

impl Keys {
    /// Keys under `prefix`, without a trailing colon.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }

    /// The prefix.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    fn key(&self, parts: &[&[u8]]) -> Key {
        let length = parts.iter().map(|part| part.len() + 1).sum::<usize>();
        let mut key = Vec::with_capacity(self.prefix.len() + length);
        key.extend_from_slice(self.prefix.as_bytes());
        for part in parts {
            key.push(b':');
            key.extend_from_slice(part);
        }
        Key(key)
    }

    /// Set of full list keys of every queue that ever was; only grows.
    pub fn queues(&self) -> Key {
        self.key(&[b"queues"])
    }

    /// List of job ids, next first.
    pub fn queue(&self, queue: &QueueName) -> Key {
        self.key(&[b"queue", queue.as_str().as_bytes()])
    }

    /// List of ids that a single-queue worker moved and has not started (1.15+).
    pub fn intermediate(&self, queue: &QueueName) -> Key {
        self.key(&[b"queue", queue.as_str().as_bytes(), b"intermediate"])
    }

    /// When maintenance first saw an id stuck in the intermediate list, Unix seconds (1.16.2+).
    pub fn first_seen(&self, queue: &QueueName, id: &[u8]) -> Key {
        self.key(&[b"queue", queue.as_str().as_bytes(), b"intermediate", b"first_seen", id])
    }

    /// A registry: sorted set of ids, the started one of `id:execution` from 2.0 on.
    pub fn registry(&self, registry: Registry, queue: &QueueName) -> Key {
        let name: &[u8] = match registry {
            Registry::Started => b"wip",
            Registry::Finished => b"finished",
            Registry::Failed => b"failed",
            Registry::Scheduled => b"scheduled",
            Registry::Deferred => b"deferred",
            Registry::Canceled => b"canceled",
        };
        self.key(&[name, queue.as_str().as_bytes()])
    }

    /// Pattern of the registries of jobs that wait for others, of every queue.
    pub fn deferred_pattern(&self) -> Key {
        self.registry(Registry::Deferred, &QueueName::new("*"))
    }

    /// Hash of a job.
    pub fn job(&self, id: &[u8]) -> Key {
        self.key(&[b"job", id])
    }

    /// Pattern of the fixed ids' job hashes; also matches their `:dependents`.
    pub fn scheduled_jobs_pattern(&self) -> Key {
        self.key(&[b"job", b"*scheduled_job*"])
    }

    /// Pattern of every job hash; also matches `…:dependents` and `:id:dependencies` sets.
    pub fn jobs_pattern(&self) -> Key {
        self.key(&[b"job", b"*"])
    }

    /// The job id in a key that a pattern of job hashes matched; `None` for the sets beside them.
    pub fn job_id_of<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        let id = key.strip_prefix(self.prefix.as_bytes())?.strip_prefix(b":job:")?;
        let beside = id.ends_with(b":dependents")
            || (id.starts_with(b":") && id.ends_with(b":dependencies"));
        (!beside && !id.is_empty()).then_some(id)
    }

    /// Set of ids that wait for this job.
    pub fn dependents(&self, id: &[u8]) -> Key {
        self.key(&[b"job", id, b"dependents"])
    }

    /// Set of ids that this job waits for; two colons after `job`, in every version.
    pub fn dependencies(&self, id: &[u8]) -> Key {
        self.key(&[b"job", b"", id, b"dependencies"])
    }

    /// Set of the ids of a group (2.0+).
    pub fn group(&self, group: &str) -> Key {
        self.key(&[b"group", group.as_bytes()])
    }

    /// Set of the names of groups (2.0+).
    pub fn groups(&self) -> Key {
        self.key(&[b"groups"])
    }

    /// Sorted set of jobs that are free of their dependencies and about to be queued (3.0).
    pub fn ready(&self, queue: &QueueName) -> Key {
        self.key(&[b"ready", queue.as_str().as_bytes()])
    }

    /// What the key of every job begins with.
    pub fn job_prefix(&self) -> Key {
        self.key(&[b"job", b""])
    }

    /// What the key of every queue's list begins with.
    pub fn queue_prefix(&self) -> Key {
        self.key(&[b"queue", b""])
    }

    /// Set of the names of rate limits (3.0).
    pub fn rate_limits(&self) -> Key {
        self.key(&[b"rl-keys"])
    }

    /// Hash of a rate limit: `concurrency` (3.0).
    pub fn rate_limit(&self, limit: &[u8]) -> Key {
        self.key(&[b"rl", limit])
    }

    /// jobctl's own: the run of a job that a worker was told to stop.
    pub fn stop_note(&self, id: &[u8]) -> Key {
        self.key(&[b"jobctl", b"stop", id])
    }

    /// Sorted set of the jobs that hold a slot of a rate limit (3.0).
    pub fn rate_limit_allowed(&self, limit: &[u8]) -> Key {
        self.key(&[b"rl", limit, b"allowed"])
    }

    /// Sorted set of the jobs that a rate limit holds back (3.0).
    pub fn rate_limited(&self, limit: &[u8]) -> Key {
        self.key(&[b"rl", limit, b"rate_limited"])
    }

    /// List of what an operation of ours has done and not yet written down: numbers of images.
    ///
    /// Below `jobctl` so that Frappe's access list, which allows `rq:[^q]*`, covers it.
    pub fn receipt(&self, op: &str) -> Key {
        self.key(&[b"jobctl", b"receipt", op.as_bytes()])
    }

    /// The two lists of an operation that gives jobs their places in a queue: the merged list, and
    /// the copy from which it is made.
    pub fn merge(&self, op: &str) -> [Key; 2] {
        [b"merged".as_slice(), b"copy"].map(|name| self.key(&[b"jobctl", name, op.as_bytes()]))
    }

    /// The queue in the key of its list; `None` for any other key.
    pub fn queue_of_list<'k>(&self, key: &'k [u8]) -> Option<&'k str> {
        self.queue_name_of(std::str::from_utf8(key).ok()?)
    }

    /// Whether a list's key is that of an intermediate list, which no set of queues names.
    pub fn is_intermediate(&self, key: &[u8]) -> bool {
        self.queue_of_list(key).is_some_and(|queue| queue.ends_with(":intermediate"))
    }

    /// The registry and the queue in the key of a registry; `None` for any other key.
    pub fn registry_of(&self, key: &[u8]) -> Option<(Registry, QueueName)> {
        Registry::ALL.into_iter().find_map(|registry| {
            let prefix = self.registry(registry, &QueueName::new(""));
            let queue = std::str::from_utf8(key.strip_prefix(prefix.as_bytes())?).ok()?;
            Some((registry, QueueName::new(queue)))
        })
    }

    /// Stream of results, one entry per execution (1.12+).
    pub fn results(&self, id: &[u8]) -> Key {
        self.key(&[b"results", id])
    }

    /// Pattern of every stream of results.
    pub fn results_pattern(&self) -> Key {
        self.key(&[b"results", b"*"])
    }

    /// The job id in a key that [`Keys::results_pattern`] matched.
    pub fn id_of_results<'k>(&self, key: &'k [u8]) -> Option<&'k [u8]> {
        key.strip_prefix(self.prefix.as_bytes())?.strip_prefix(b":results:")
    }

    /// Sorted set of running executions (2.0+).
    pub fn executions(&self, id: &[u8]) -> Key {
        self.key(&[b"executions", id])
    }

    /// Hash of one running execution (2.0+).
    pub fn execution(&self, id: &[u8], execution: &str) -> Key {
        self.key(&[b"execution", id, execution.as_bytes()])
    }

    /// Set of full worker keys.
    pub fn workers(&self) -> Key {
        self.key(&[b"workers"])
    }

    /// Set of full worker keys of one queue.
    pub fn queue_workers(&self, queue: &QueueName) -> Key {
        self.key(&[b"workers", queue.as_str().as_bytes()])
    }

    /// Hash of a worker's registration.
    pub fn worker(&self, name: &str) -> Key {
        self.key(&[b"worker", name.as_bytes()])
    }

    /// Set of `id:execution` that a worker runs (3.0).
    pub fn worker_executions(&self, name: &str) -> Key {
        self.key(&[b"worker", name.as_bytes(), b"executions"])
    }

    /// The name in a member of [`Keys::workers`].
    pub fn worker_name_of<'k>(&self, member: &'k str) -> Option<&'k str> {
        member.strip_prefix(&self.prefix)?.strip_prefix(":worker:")
    }

    /// The name in a member of [`Keys::queues`].
    pub fn queue_name_of<'k>(&self, member: &'k str) -> Option<&'k str> {
        member.strip_prefix(&self.prefix)?.strip_prefix(":queue:")
    }

    /// Channel of a worker's commands.
    pub fn pubsub(&self, worker: &str) -> Key {
        self.key(&[b"pubsub", worker.as_bytes()])
    }

    /// Pattern of every worker's channel.
    pub fn pubsub_pattern(&self) -> Key {
        self.key(&[b"pubsub", b"*"])
    }

    /// The worker's name in a channel that [`Keys::pubsub_pattern`] matched.
    pub fn worker_name_of_channel<'k>(&self, channel: &'k str) -> Option<&'k str> {
        channel.strip_prefix(&self.prefix)?.strip_prefix(":pubsub:")
    }

    /// String whose existence suspends every worker.
    pub fn suspended(&self) -> Key {
        self.key(&[b"suspended"])
    }

    /// String that names the owner of RQ's own scheduler for a queue.
    pub fn scheduler_lock(&self, queue: &QueueName) -> Key {
        self.key(&[b"scheduler-lock", queue.as_str().as_bytes()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_id_of_skips_the_sets_beside_a_job() {
        let keys = Keys::default();
        assert_eq!(keys.job_id_of(b"rq:job:a::b"), Some(&b"a::b"[..]));
        assert_eq!(keys.job_id_of(b"rq:job:a:dependents"), None);
        assert_eq!(keys.job_id_of(b"rq:job::a:dependencies"), None);
        assert_eq!(keys.job_id_of(b"rq:queue:a"), None);
    }

    #[test]
    fn registry_of_finds_queue_and_registry_again() {
        let (keys, queue) = (Keys::default(), QueueName::new("a:b:short"));
        for registry in Registry::ALL {
            let key = keys.registry(registry, &queue);
            assert_eq!(keys.registry_of(key.as_bytes()), Some((registry, queue.clone())));
        }
        assert_eq!(keys.registry_of(keys.queue(&queue).as_bytes()), None);
        assert_eq!(keys.queue_of_list(keys.queue(&queue).as_bytes()), Some("a:b:short"));
    }

    #[test]
    fn cached_document_is_a_field_up_to_14_and_a_key_later() {
        let of = |family, doctype: &str, name: &str| -> Vec<String> {
            let entries = cached_document(family, "_db", doctype, name).into_iter();
            let text = |key: Key| String::from_utf8(key.0).unwrap();
            let shown = entries.map(|entry| match entry {
                CacheEntry::Key(key) => text(key),
                CacheEntry::Field { hash, field } => format!("{} > {field}", text(hash)),
            });
            shown.collect()
        };
        let settings = "System Settings";
        let document = "_db|document_cache > System Settings::System Settings";
        let modified = "_db|last_modified > System Settings";
        let key = "_db|document_cache::System Settings::System Settings";
        assert_eq!(of(Family::V14, settings, settings), [document, modified]);
        assert_eq!(of(Family::V15, settings, settings), [key]);
        assert_eq!(of(Family::V17, settings, settings), [key]);
        assert_eq!(of(Family::Unknown, settings, settings), [document, modified, key]);
        let of_type = of(Family::V13, "Scheduled Job Type", "a.b");
        assert_eq!(of_type, ["_db|document_cache > Scheduled Job Type::a.b"]);
    }

    #[test]
    fn keys_carry_a_prefix_of_their_own() {
        let keys = Keys::new("{bench}:rq");
        assert_eq!(keys.queues().as_bytes(), b"{bench}:rq:queues");
        assert_eq!(keys.queue_name_of("{bench}:rq:queue:short"), Some("short"));
        assert_eq!(keys.queue_name_of("rq:queue:short"), None);
    }
}
