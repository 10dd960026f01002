//! The paths of the API, and the commands that they stand for.

/// A path of the API: the command that it stands for, and which of its flags may be set.
pub(super) struct Endpoint {
    pub(super) words: &'static [&'static str],
    pub(super) flags: &'static [&'static str],
    pub(super) is_limited: bool,
    pub(super) takes_id: bool,
    /// Whether the report of the command is the answer also where the command fails in the end, as
    /// it names each part that could not be read.
    pub(super) tells_failures: bool,
}

impl Endpoint {
    /// Every path, in so many words: nothing is decoded or joined, so nothing can be escaped from.
    pub(super) fn of(name: &str) -> Option<Self> {
        let endpoint = |words, flags, is_limited| Self {
            words,
            flags,
            is_limited,
            takes_id: false,
            tells_failures: false,
        };
        Some(match name {
            "queues" => endpoint(&["queues", "list"], &[], false),
            "workers" => endpoint(&["workers", "list"], &[], false),
            "jobs" => endpoint(
                &["jobs", "list"],
                &["status", "queue", "method", "exception", "since", "until", "older-than", "sort"],
                true,
            ),
            "job" => Self { takes_id: true, ..endpoint(&["jobs", "show"], &[], false) },
            "groups" => endpoint(&["groups", "list"], &[], false),
            "sites" => {
                Self { tells_failures: true, ..endpoint(&["scheduler", "status"], &[], false) }
            }
            "stats" => endpoint(&["stats"], &["by", "since", "until", "slowest"], true),
            "errors" => endpoint(&["errors"], &["by", "since", "class"], false),
            "history" => {
                endpoint(&["history", "show"], &["by", "since", "until", "queue", "method"], true)
            }
            "trend" => endpoint(&["history", "trend"], &["queue", "method"], false),
            "peaks" => endpoint(&["history", "peaks"], &["since", "queue", "method"], false),
            "forecast" => endpoint(&["history", "forecast"], &["within", "queue", "method"], false),
            _ => return None,
        })
    }
}
