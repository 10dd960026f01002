//! In which order rows go out, and how many: as they come, or sorted once all are known.

use clap::ValueEnum;

use crate::report::jobs::JobRow;

/// Rows that are kept beyond twice the limit before the superfluous ones are dropped.
const SLACK: usize = 1024;

/// What is listed first, and how much.
#[derive(Debug, Clone, Copy)]
pub struct ListOptions {
    /// At most this many rows.
    pub limit: Option<usize>,
    /// What to sort by; without it jobs come as they stand in their places.
    pub sort: Option<SortKey>,
    /// Turn the order round.
    pub reverse: bool,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortKey {
    /// Seconds in its state
    Age,
    /// When it was made
    Created,
    /// When it was enqueued
    Enqueued,
    /// When it was started
    Started,
    /// When it ended
    Ended,
    /// How long it ran
    Duration,
    /// How long it waited
    Wait,
    /// Its id
    Id,
    /// Its queue
    Queue,
    /// Its site
    Site,
    /// Its method
    Method,
    /// Its state
    Status,
}

/// What becomes of a row.
pub(super) enum Taken {
    /// It goes out at once.
    Write(Box<JobRow>),
    /// It is kept for sorting.
    Keep,
    /// There are enough.
    Full,
}

/// Rows on their way out.
pub(super) struct Rows {
    options: ListOptions,
    seen: usize,
    kept: Vec<(usize, JobRow)>,
}

impl Rows {
    /// Rows under `options`.
    pub(super) fn new(options: &ListOptions) -> Self {
        Self { options: *options, seen: 0, kept: Vec::new() }
    }

    /// Takes the next row.
    pub(super) fn take(&mut self, row: JobRow) -> Taken {
        self.seen += 1;
        if self.options.sort.is_none() && !self.options.reverse {
            let full = self.is_truncated();
            return if full { Taken::Full } else { Taken::Write(Box::new(row)) };
        }
        self.kept.push((self.seen, row));
        if self.options.limit.is_some_and(|limit| self.kept.len() > 2 * limit + SLACK) {
            self.arrange();
        }
        Taken::Keep
    }

    /// Whether there were more rows than go out.
    pub(super) fn is_truncated(&self) -> bool {
        self.options.limit.is_some_and(|limit| self.seen > limit)
    }

    /// The rows that were kept, in order.
    pub(super) fn sorted(mut self) -> impl Iterator<Item = JobRow> {
        self.arrange();
        self.kept.into_iter().map(|(_, row)| row)
    }

    /// Brings the kept rows into their order and drops those beyond the limit. Equal ones stay as
    /// they came; those that do not tell the key come last, whichever way round.
    fn arrange(&mut self) {
        self.kept.sort_unstable_by_key(|(at, _)| *at);
        if let Some(key) = self.options.sort {
            key.sort(&mut self.kept);
        }
        if self.options.reverse {
            self.kept.reverse();
        }
        if let Some(key) = self.options.sort {
            self.kept.sort_by_key(|(_, row)| key.is_unknown(row));
        }
        self.kept.truncate(self.options.limit.unwrap_or(usize::MAX));
    }
}

impl SortKey {
    fn sort(self, rows: &mut [(usize, JobRow)]) {
        fn by<T: Ord>(rows: &mut [(usize, JobRow)], key: impl Fn(&JobRow) -> T) {
            rows.sort_by_cached_key(|(_, row)| key(row));
        }
        match self {
            Self::Age => {
                let age = |row: &JobRow| row.age_s.unwrap_or(0.0);
                rows.sort_by(|(_, a), (_, b)| age(a).total_cmp(&age(b)));
            }
            Self::Created => by(rows, |row| row.created_at),
            Self::Enqueued => by(rows, |row| row.enqueued_at),
            Self::Started => by(rows, |row| row.started_at),
            Self::Ended => by(rows, |row| row.ended_at),
            Self::Duration => by(rows, |row| row.duration_ms),
            Self::Wait => by(rows, |row| row.wait_ms),
            Self::Id => by(rows, |row| row.id.clone()),
            Self::Queue => by(rows, |row| row.queue.clone()),
            Self::Site => by(rows, |row| row.site.clone()),
            Self::Method => by(rows, |row| row.method.clone()),
            Self::Status => by(rows, |row| row.status.clone()),
        }
    }

    fn is_unknown(self, row: &JobRow) -> bool {
        match self {
            Self::Age => row.age_s.is_none(),
            Self::Created => row.created_at.is_none(),
            Self::Enqueued => row.enqueued_at.is_none(),
            Self::Started => row.started_at.is_none(),
            Self::Ended => row.ended_at.is_none(),
            Self::Duration => row.duration_ms.is_none(),
            Self::Wait => row.wait_ms.is_none(),
            Self::Site => row.site.is_none(),
            Self::Method => row.method.is_none(),
            Self::Id | Self::Queue | Self::Status => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::JobId;

    fn row(id: &str, duration_ms: Option<u64>) -> JobRow {
        JobRow {
            id: JobId::new(id),
            queue: "default".to_owned(),
            site: None,
            method: None,
            event: None,
            user: None,
            scheduled_job: None,
            status: "finished".to_owned(),
            created_at: None,
            enqueued_at: None,
            started_at: None,
            ended_at: None,
            due_at: None,
            duration_ms,
            wait_ms: None,
            attempts: None,
            max_attempts: None,
            retries_left: None,
            timeout_s: None,
            worker: None,
            exception: None,
            age_s: None,
        }
    }

    fn ordered(options: ListOptions, rows: &[(&str, Option<u64>)]) -> (Vec<String>, bool) {
        let mut taken = Rows::new(&options);
        for (id, duration) in rows {
            assert!(matches!(taken.take(row(id, *duration)), Taken::Keep));
        }
        let truncated = taken.is_truncated();
        (taken.sorted().map(|row| row.id.to_string()).collect(), truncated)
    }

    #[test]
    fn rows_sorted_put_the_unknown_last_and_keep_the_limit() {
        let rows = [("a", None), ("b", Some(2)), ("c", Some(1)), ("d", Some(2))];
        let options = ListOptions { limit: None, sort: Some(SortKey::Duration), reverse: false };
        assert_eq!(ordered(options, &rows).0, ["c", "b", "d", "a"]);
        let reversed = ListOptions { reverse: true, ..options };
        assert_eq!(ordered(reversed, &rows).0, ["d", "b", "c", "a"]);
        let (ids, truncated) = ordered(ListOptions { limit: Some(2), ..options }, &rows);
        assert_eq!((ids, truncated), (vec!["c".to_owned(), "b".to_owned()], true));
    }

    #[test]
    fn rows_reversed_are_the_last_ones_and_few_are_held() {
        let options = ListOptions { limit: Some(2), sort: None, reverse: true };
        let mut rows = Rows::new(&options);
        for n in 0..10_000 {
            rows.take(row(&n.to_string(), None));
            assert!(rows.kept.len() <= 2 * 2 + SLACK);
        }
        assert!(rows.is_truncated());
        let ids: Vec<_> = rows.sorted().map(|row| row.id.to_string()).collect();
        assert_eq!(ids, ["9999", "9998"]);
    }

    #[test]
    fn rows_unsorted_stop_at_the_limit() {
        let options = ListOptions { limit: Some(1), sort: None, reverse: false };
        let mut rows = Rows::new(&options);
        assert!(matches!(rows.take(row("a", None)), Taken::Write(_)));
        assert!(!rows.is_truncated());
        assert!(matches!(rows.take(row("b", None)), Taken::Full));
        assert!(rows.is_truncated());
    }
}
