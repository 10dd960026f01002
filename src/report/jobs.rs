//! One job in a list, and how such a list is laid out.

use jiff::Timestamp;
use serde::Serialize;

use super::{Cell, Column, Role};
use crate::human::{self, Zone};
use crate::model::id::JobId;

/// The schema of `jobs list`.
pub const LIST_SCHEMA: &str = "jobctl.jobs/1";

/// A job in a list. What is not known is `null`, never 0.
#[derive(Debug, Clone, Serialize)]
pub struct JobRow {
    /// Its id.
    pub id: JobId,
    /// Its queue, short within a bench.
    pub queue: String,
    /// The site of a Frappe job.
    pub site: Option<String>,
    /// What it calls, as it is shown everywhere.
    pub method: Option<String>,
    /// The event of a Frappe job.
    pub event: Option<String>,
    /// The user who enqueued a Frappe job.
    pub user: Option<String>,
    /// Whether the scheduler enqueued it.
    pub scheduled_job: Option<bool>,
    /// Its state; `missing` for an id whose job is gone, `unreadable` for one whose key holds
    /// something else.
    pub status: String,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last put into a queue.
    pub enqueued_at: Option<Timestamp>,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When a scheduled job is due.
    pub due_at: Option<Timestamp>,
    /// Milliseconds that it ran, or has been running.
    pub duration_ms: Option<u64>,
    /// Milliseconds between enqueueing and start, or until now.
    pub wait_ms: Option<u64>,
    /// Runs since it was enqueued or requeued; `null` where RQ keeps no count.
    pub attempts: Option<u64>,
    /// Runs that it may have in all; `null` where RQ keeps no count.
    pub max_attempts: Option<u64>,
    /// Retries that are left.
    pub retries_left: Option<u64>,
    /// Seconds that it may run; -1 for no limit.
    pub timeout_s: Option<i64>,
    /// The worker that ran it last.
    pub worker: Option<String>,
    /// Class and first line of its failure.
    pub exception: Option<String>,
    /// Seconds that it has been in its state.
    pub age_s: Option<f64>,
}

impl JobRow {
    /// The columns of a table of jobs.
    pub fn columns() -> Vec<Column> {
        vec![
            Column::left("ID"),
            Column::left("STATUS"),
            Column::left("QUEUE"),
            Column::left("SITE").wide(),
            Column::left("METHOD").flexible(),
            Column::right("AGE"),
            Column::right("DURATION"),
            Column::right("WAIT").wide(),
            Column::right("ATTEMPTS").wide(),
            Column::left("USER").wide(),
            Column::left("EVENT").wide(),
            Column::left("CREATED").wide(),
            Column::left("ENQUEUED").wide(),
            Column::left("STARTED").wide(),
            Column::left("ENDED").wide(),
            Column::left("WORKER").wide(),
            Column::left("EXCEPTION").flexible(),
        ]
    }

    /// The cells of its row.
    pub fn cells(&self, zone: &Zone) -> Vec<Cell> {
        let time =
            |at: Option<Timestamp>| at.map_or_else(String::new, |at| human::time(at, zone)).into();
        let ms = |ms: Option<u64>| ms.map_or_else(String::new, human::duration_ms).into();
        let text = |text: &Option<String>| text.clone().unwrap_or_default().into();
        let age = match self.due_at {
            Some(due) => human::until(due.duration_since(self.seen_at(due)).as_secs_f64()),
            None => self.age_s.map_or_else(String::new, human::age),
        };
        vec![
            self.id.text().into_owned().into(),
            Cell::new(self.status.clone(), status_role(&self.status)),
            self.queue.clone().into(),
            text(&self.site),
            text(&self.method),
            age.into(),
            ms(self.duration_ms),
            ms(self.wait_ms),
            self.attempts_text().into(),
            text(&self.user),
            text(&self.event),
            time(self.created_at),
            time(self.enqueued_at),
            time(self.started_at),
            time(self.ended_at),
            text(&self.worker),
            Cell::new(self.exception.clone().unwrap_or_default(), Role::Bad),
        ]
    }

    /// The present, as far as the row tells it: a scheduled job's age counts from its making.
    fn seen_at(&self, due: Timestamp) -> Timestamp {
        let made = self.created_at.zip(self.age_s);
        let seen = made.and_then(|(made, age)| {
            made.checked_add(jiff::SignedDuration::try_from_secs_f64(age).ok()?).ok()
        });
        seen.unwrap_or(due)
    }

    /// `1/3`; where RQ keeps no count, what it does keep: `2 left`, or `3` without an end.
    pub fn attempts_text(&self) -> String {
        match (self.attempts, self.max_attempts, self.retries_left) {
            (Some(attempts), Some(most), _) => format!("{attempts}/{most}"),
            (Some(attempts), None, _) => attempts.to_string(),
            (None, _, Some(left)) => format!("{left} left"),
            (None, _, None) => String::new(),
        }
    }
}

/// What a status means.
pub fn status_role(status: &str) -> Role {
    match status {
        "queued" => Role::Queued,
        "started" => Role::Started,
        "finished" => Role::Good,
        "failed" | "stopped" => Role::Bad,
        "scheduled" | "deferred" | "rate_limited" | "ready_to_enqueue" => Role::Waiting,
        "missing" | "unreadable" => Role::Warn,
        _ => Role::Dim,
    }
}
