//! The report of `history record --once`.

use jiff::Timestamp;
use serde::Serialize;

use super::super::{Block, Cell, Column, Layout, Report, Role, Table, View};
use super::count;
use crate::human;
use crate::model::history::{Gap, QueueSample};

/// What one look wrote into a history.
#[derive(Debug, Serialize)]
pub struct RecordReport {
    /// The history.
    pub file: String,
    /// When the sample was taken, by the Redis clock.
    pub sampled_at: Timestamp,
    /// The queues of the sample.
    pub queues: Vec<QueueSample>,
    /// Live workers that run a job; `null` where they could not be read.
    pub workers_busy: Option<u64>,
    /// Live workers that wait for one.
    pub workers_idle: Option<u64>,
    /// Bytes that the data of Redis takes.
    pub redis_memory_bytes: Option<u64>,
    /// Jobs that ended and were not in the history yet.
    pub jobs_ended: u64,
    /// Those of them that failed.
    pub jobs_failed: u64,
    /// Whether not all jobs that ended could be read.
    pub is_partial: bool,
    /// The time before the sample of which nothing is known; `null` where there is none.
    pub gap: Option<Gap>,
    /// Samples that were removed because of their age.
    pub pruned_samples: u64,
    /// Jobs that were removed, one by one; figures have them.
    pub pruned_jobs: u64,
    /// Rows of figures that were removed.
    pub pruned_figures: u64,
    /// What the operator should know.
    #[serde(skip)]
    pub notes: Vec<String>,
}

impl RecordReport {
    fn table(&self) -> Table {
        let columns = vec![
            Column::left("QUEUE").flexible(),
            Column::right("QUEUED"),
            Column::right("OLDEST").for_programs("OLDEST_S"),
            Column::right("STARTED"),
            Column::right("FAILED"),
            Column::right("SCHEDULED").wide(),
            Column::right("DEFERRED").wide(),
            Column::right("WORKERS"),
        ];
        let mut table = Table::new(columns, "no queue is known");
        for queue in &self.queues {
            table.row(vec![
                Cell::from(queue.queue.clone()).in_one_line(),
                count(queue.queued),
                super::age(queue.oldest_s),
                count(queue.started),
                count(queue.failed),
                count(queue.scheduled),
                count(queue.deferred),
                count(queue.workers),
            ]);
        }
        table
    }

    fn pruned(&self) -> Option<String> {
        let parts = [
            (self.pruned_samples, "sample"),
            (self.pruned_jobs, "single job"),
            (self.pruned_figures, "row of figures"),
        ];
        let removed = parts.iter().filter(|(n, _)| *n > 0);
        let removed: Vec<String> = removed
            .map(|(n, what)| match *what {
                "row of figures" if *n != 1 => format!("{} rows of figures", human::count(*n)),
                what => human::counted(*n, what),
            })
            .collect();
        (!removed.is_empty()).then(|| removed.join(", "))
    }
}

impl Report for RecordReport {
    const SCHEMA: &'static str = "jobctl.history_record/1";
    const ITEMS: Option<&'static str> = Some("queues");
    const LAYOUT: Layout = Layout::Human;

    fn view(&self, view: &mut View) {
        let zone = view.zone.clone();
        let ended = match self.jobs_failed {
            0 => human::counted(self.jobs_ended, "job"),
            failed => {
                let failed = human::count(failed);
                format!("{}, {failed} of them failed", human::counted(self.jobs_ended, "job"))
            }
        };
        let mut fields = vec![
            ("Recorded at".to_owned(), human::time(self.sampled_at, &zone).into()),
            ("Into".to_owned(), Cell::from(self.file.clone()).in_one_line()),
            ("Ended".to_owned(), ended.into()),
        ];
        if let Some(gap) = &self.gap {
            let from = human::time(gap.from, &zone);
            let text = format!("nothing is known since {from}: {}", gap.why);
            fields.push(("Gap".to_owned(), Cell::new(text, Role::Warn)));
        }
        if self.is_partial {
            let text = "not all jobs that ended could be read";
            fields.push(("Lost".to_owned(), Cell::new(text, Role::Warn)));
        }
        if let Some(pruned) = self.pruned() {
            fields.push(("Removed".to_owned(), format!("{pruned}: older than is kept").into()));
        }
        view.push(Block::Fields(fields));
        view.push(Block::Table(self.table()));
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_tells_what_was_lost_and_removed_only_where_something_was() {
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let mut report = RecordReport {
            file: "/h.db".to_owned(),
            sampled_at: at,
            queues: Vec::new(),
            workers_busy: None,
            workers_idle: None,
            redis_memory_bytes: None,
            jobs_ended: 3,
            jobs_failed: 0,
            is_partial: false,
            gap: None,
            pruned_samples: 0,
            pruned_jobs: 0,
            pruned_figures: 0,
            notes: Vec::new(),
        };
        let labels = |report: &RecordReport| {
            let mut view = View::default();
            report.view(&mut view);
            let Some(Block::Fields(fields)) = view.blocks.into_iter().next() else { panic!() };
            fields.into_iter().map(|(label, _)| label).collect::<Vec<_>>()
        };
        assert_eq!(labels(&report), ["Recorded at", "Into", "Ended"]);
        report.gap = Some(Gap { from: at, until: at, why: "no Redis".to_owned() });
        (report.is_partial, report.pruned_samples, report.pruned_figures) = (true, 1, 2);
        assert_eq!(labels(&report)[3..], ["Gap", "Lost", "Removed"]);
        assert_eq!(report.pruned().unwrap(), "1 sample, 2 rows of figures");
    }
}
