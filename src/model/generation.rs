//! Generations of RQ: what a worker of one accepts.

use std::fmt;

/// A release of RQ, as the field `version` of a worker names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation {
    major: u32,
    minor: u32,
}

impl Generation {
    /// The release line `major.minor`.
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads `2.6.1` or `3.0`; `None` for what is no version.
    pub fn parse(version: &str) -> Option<Self> {
        let mut parts = version.trim().split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next().unwrap_or("0");
        let digits = minor.find(|c: char| !c.is_ascii_digit()).unwrap_or(minor.len());
        Some(Self { major, minor: minor.get(..digits)?.parse().unwrap_or(0) })
    }

    /// Why a worker of this generation cannot run a job with this id; `None` where it can.
    ///
    /// Source: RQ 2.0 cuts what it pops at the first colon (`rq/worker.py`), 2.8 and later exit on
    /// an id that `rq/job.py` `validate_job_id` refuses.
    pub fn refuses_id(self, id: &[u8]) -> Option<&'static str> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if self >= Self::new(2, 0) && id.contains(&b':') {
            return Some("a worker of RQ 2.0 or later loses ids with a colon");
        }
        if self >= Self::new(2, 8) && (id.is_empty() || !id.iter().all(plain)) {
            return Some(
                "a worker of RQ 2.8 or later exits on ids of other signs than letters, digits, - and _",
            );
        }
        None
    }

    /// Whether jobs have a callback for being stopped.
    pub fn has_stopped_callback(self) -> bool {
        self >= Self::new(1, 15)
    }

    /// Whether jobs belong to groups.
    pub fn has_groups(self) -> bool {
        self >= Self::new(2, 0)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generation_reads_versions() {
        assert_eq!(Generation::parse("1.16.2"), Some(Generation::new(1, 16)));
        assert_eq!(Generation::parse("3.0b1"), Some(Generation::new(3, 0)));
        assert_eq!(Generation::parse("3"), Some(Generation::new(3, 0)));
        assert_eq!(Generation::parse("unknown"), None);
        assert!(Generation::new(2, 10) > Generation::new(2, 8));
    }

    #[test]
    fn ids_are_refused_by_those_that_cannot_run_them() {
        let refuses = |version, id: &str| {
            Generation::parse(version).unwrap().refuses_id(id.as_bytes()).is_some()
        };
        for (id, generations) in [
            ("0b1c-4d_e", [false, false, false]),
            ("site::x", [false, true, true]),
            ("site||x", [false, false, true]),
            ("a.b", [false, false, true]),
            ("é", [false, false, true]),
        ] {
            let answers = ["1.16.2", "2.6.1", "3.0.0"].map(|version| refuses(version, id));
            assert_eq!(answers, generations, "{id}");
        }
    }
}
