//! What could not be read on the way through many jobs, counted and said in few notes.

use std::collections::BTreeMap;

use crate::backend::redis::read::Place;
use crate::model::id::JobId;
use crate::model::part::{Lack, Part, Why};

/// Parts that could not be read. Its size depends on the kinds of obstacles, not on the jobs.
#[derive(Debug, Default)]
pub(in crate::ops) struct Unread {
    places: Vec<String>,
    jobs: BTreeMap<String, (JobId, u64)>,
    incomplete: bool,
}

impl Unread {
    /// A place whose ids could not be read.
    pub(super) fn place(&mut self, place: &Place, lack: &Lack) {
        self.incomplete = true;
        self.places.push(format!("{}: {lack}", place.describe(place.queue().as_str())));
    }

    /// A job of which something could not be read.
    ///
    /// A key of another type is that one job's fault; every other obstacle may have hidden jobs
    /// that fit the selection.
    pub(super) fn job(&mut self, id: &JobId, lack: &Lack) {
        self.incomplete |= lack.why != Why::WrongType;
        let (_, count) = self.jobs.entry(lack.to_string()).or_insert_with(|| (id.clone(), 0));
        *count += 1;
    }

    /// What was read of a job, noting what was not.
    pub(super) fn take<T>(&mut self, id: &JobId, part: Option<Part<Option<T>>>) -> Option<T> {
        part?.unwrap_or_else(|lack| {
            self.job(id, &lack);
            None
        })
    }

    /// Whether jobs that fit may be missing from what was found.
    pub(in crate::ops) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// One line per place and per kind of obstacle.
    pub(in crate::ops) fn notes(&self) -> impl Iterator<Item = String> {
        let jobs = self.jobs.iter().map(|(lack, (id, count))| match count {
            1 => format!("job `{id}`: {lack}"),
            _ => format!("{count} jobs, `{id}` among them: {lack}"),
        });
        self.places.iter().cloned().chain(jobs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::QueueName;

    #[test]
    fn notes_of_many_jobs_are_one_per_obstacle() {
        let mut unread = Unread::default();
        let wrong = Lack::new("HMGET", Why::WrongType, "");
        for id in ["a", "b", "c"] {
            unread.job(&JobId::new(id), &wrong);
        }
        assert!(!unread.is_incomplete());
        unread.place(&Place::Queue(QueueName::new("q")), &Lack::new("LRANGE", Why::Denied, ""));
        assert!(unread.is_incomplete());
        let notes: Vec<_> = unread.notes().collect();
        assert_eq!(
            notes,
            [
                "queue `q`: LRANGE: not permitted for this Redis user",
                "3 jobs, `a` among them: HMGET: the key holds another type than RQ's",
            ]
        );
    }
}
