//! One line of Frappe's monitor log.
//!
//! Two readers that agree: [`fast`] for the lines that Frappe itself writes (sorted keys, no
//! blanks, plain ASCII), [`slow`] for every other JSON. Source: `frappe/monitor.py`, v13 to v17;
//! the fields and their units are those of [`Record`].

mod fast;
mod slow;
#[cfg(test)]
mod tests;

/// Text as it stands in the log; shown lossily where it is not UTF-8.
pub type Text<'a> = &'a [u8];

/// What a line records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// The execution of a job.
    Job,
    /// A web request.
    Request,
    /// Something that no known Frappe writes.
    Other,
}

/// One line. What it does not tell is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// What it records.
    pub transaction: Transaction,
    /// The site.
    pub site: Option<Text<'a>>,
    /// When it began, microseconds since 1970.
    pub started_us: i64,
    /// Whether the time names its offset (v15 and later).
    pub has_offset: bool,
    /// Microseconds that it took; negative where the clock was set back meanwhile.
    pub duration_us: Option<i64>,
    /// The method of a job; of a scheduled job the real one.
    pub method: Option<Text<'a>>,
    /// Whether the scheduler enqueued the job.
    pub scheduled: Option<bool>,
    /// Microseconds between enqueueing and start, as written; see [`Record::wait_us`].
    pub written_wait_us: Option<i64>,
    /// Whether the job failed, where that is told; see [`told_failure`].
    pub failed: Option<bool>,
    /// RQ's id of the job (v16 and later).
    pub job_id: Option<Text<'a>>,
    /// RQ's id of the job up to v15, a random one later.
    pub uuid: Option<Text<'a>>,
    /// The queue; never in a log, but other sources know it.
    pub queue: Option<Text<'a>>,
}

impl Record<'_> {
    /// Microseconds that the job waited, if that is known.
    ///
    /// v15 always writes 0, because subtracting a naive from an aware time fails there; such lines
    /// carry an offset and no `job_id`.
    pub fn wait_us(&self) -> Option<i64> {
        self.written_wait_us.filter(|&wait| wait != 0 || !self.is_of_v15())
    }

    /// Whether its shape is that of v15.
    fn is_of_v15(&self) -> bool {
        self.has_offset && self.job_id.is_none()
    }
}

/// Whether a line tells that its job failed.
///
/// Versions that write a `job_id` also name the exception (v16 and later), but those of scheduled
/// jobs are swallowed before the monitor sees them.
fn told_failure(has_exception: bool, has_job_id: bool, scheduled: Option<bool>) -> Option<bool> {
    let tells = has_job_id && scheduled == Some(false);
    (has_exception || tells).then_some(has_exception)
}

/// Reads one line, without its newline, and shows the record in it. `None` for what is no record.
///
/// The record is shown rather than returned, because an unusual line's text does not stand in the
/// line itself.
pub fn read<T>(line: &[u8], show: impl FnOnce(&Record<'_>) -> T) -> Option<T> {
    match fast::read(line) {
        Some(record) => Some(show(&record)),
        None => Some(show(&slow::Wire::read(line)?.record()?)),
    }
}
