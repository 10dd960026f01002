//! Names: queues, jobs, sites. What may be told from a name alone is told here.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// A queue's name as RQ knows it, prefix of the bench included: `home-frappe-bench:short`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct QueueName(String);

impl QueueName {
    /// Takes a full name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Puts a bench's prefix before a short name; no prefix leaves it as it is (v13, plain RQ).
    pub fn in_bench(prefix: Option<&str>, short: &str) -> Self {
        prefix.map_or_else(|| Self::new(short), |prefix| Self(format!("{prefix}:{short}")))
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the last colon: the bench id of a Frappe queue.
    ///
    /// Source: `frappe.utils.background_jobs.generate_qname` (v14+) joins with one colon, and a
    /// bench id may hold colons of its own.
    pub fn prefix(&self) -> Option<&str> {
        self.0.rsplit_once(':').map(|(prefix, _)| prefix)
    }

    /// What stands after the last colon, or the whole name.
    pub fn short(&self) -> &str {
        self.0.rsplit_once(':').map_or(&self.0, |(_, short)| short)
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A job's id, byte for byte as it stands in Redis.
///
/// RQ writes UTF-8, but a foreign writer may not; the bytes are kept so that the job can still be
/// found, and shown lossily.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(Vec<u8>);

impl JobId {
    /// Takes an id's bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The id's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The id as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The site that the id carries, if it does.
    pub fn site(&self) -> Option<&str> {
        site_of_id(&self.0)
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl Serialize for JobId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// The site part of a job id: what stands before the first `::` (v14, v15) or `||` (v16+).
///
/// The whole part is compared with a site's name, never a prefix of it, so that `erp` is not
/// `erp.example`. Source: `frappe.utils.background_jobs.create_job_id`.
pub fn site_of_id(id: &[u8]) -> Option<&str> {
    let at = id.windows(2).position(|pair| pair == b"::" || pair == b"||")?;
    let site = std::str::from_utf8(&id[..at]).ok()?;
    is_site_name(site).then_some(site)
}

/// Whether `name` could be a site's directory name; anything else in front of a separator is not
/// a site but part of a foreign id.
fn is_site_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 255
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// Whether an id is the fixed id of a scheduled job, of which only one may exist at a time.
///
/// Source: `ScheduledJobType.rq_job_id`: `scheduled_job::METHOD` (v14, v15),
/// `scheduled_job||NAME` (v16+), behind the site part.
pub fn is_scheduled_job_id(id: &[u8]) -> bool {
    behind_scheduled_job(id).is_some()
}

/// What stands in the fixed id of a scheduled job for its type: see [`is_scheduled_job_id`].
pub fn scheduled_job_key(id: &[u8]) -> Option<&str> {
    std::str::from_utf8(behind_scheduled_job(id)?).ok()
}

fn behind_scheduled_job(id: &[u8]) -> Option<&[u8]> {
    let at = id.windows(2).position(|pair| pair == b"::" || pair == b"||")?;
    let rest = id.get(at + 2..)?;
    rest.strip_prefix(b"scheduled_job::").or_else(|| rest.strip_prefix(b"scheduled_job||"))
}

/// Splits a member of `rq:wip` into the job's id and, from RQ 2.0 on, the execution's id.
///
/// Ids hold colons themselves (`site::uuid`), so only a last part of 32 lower-case hex digits
/// counts as an execution. Source: `rq/registry.py`, `rq/executions.py` (2.0+).
pub fn split_started_member(member: &[u8]) -> (&[u8], Option<&str>) {
    let Some(at) = member.iter().rposition(|&b| b == b':') else { return (member, None) };
    let tail = &member[at + 1..];
    let is_execution =
        tail.len() == 32 && tail.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    match (is_execution, std::str::from_utf8(tail)) {
        (true, Ok(execution)) if at > 0 => (&member[..at], Some(execution)),
        _ => (member, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_name_with_colons_in_prefix_splits_at_the_last() {
        let queue = QueueName::new("a:b:short");
        assert_eq!((queue.prefix(), queue.short()), (Some("a:b"), "short"));
        assert_eq!(QueueName::new("default").prefix(), None);
        assert_eq!(QueueName::in_bench(Some("x"), "long").as_str(), "x:long");
    }

    #[test]
    fn site_of_id_both_separators_cut_at_the_first() {
        assert_eq!(site_of_id(b"site1.localhost::a::b"), Some("site1.localhost"));
        assert_eq!(site_of_id(b"erp||a|b"), Some("erp"));
        assert_eq!(site_of_id(b"0b1c-uuid"), None);
        assert_eq!(site_of_id(b"::x"), None);
        assert_eq!(site_of_id(b"no site::x"), None);
        assert_eq!(site_of_id(b"\xff::x"), None);
    }

    #[test]
    fn scheduled_job_id_needs_the_fixed_form() {
        assert!(is_scheduled_job_id(b"s::scheduled_job::frappe.x"));
        assert!(is_scheduled_job_id(b"s||scheduled_job||abc"));
        assert!(!is_scheduled_job_id(b"s::my_scheduled_job"));
        assert!(!is_scheduled_job_id(b"scheduled_job::x"));
    }

    #[test]
    fn started_member_splits_only_at_an_execution() {
        let eid = "0123456789abcdef0123456789abcdef";
        let member = format!("site::u:{eid}");
        assert_eq!(split_started_member(member.as_bytes()), (&b"site::u"[..], Some(eid)));
        assert_eq!(split_started_member(b"site::u"), (&b"site::u"[..], None));
        assert_eq!(split_started_member(b"plain"), (&b"plain"[..], None));
        let upper = "s:0123456789ABCDEF0123456789ABCDEF";
        assert_eq!(split_started_member(upper.as_bytes()).1, None);
    }
}
