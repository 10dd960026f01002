//! The waiting jobs one by one, streamed: a page is read, written and forgotten.

use jiff::Timestamp;
use serde::Serialize;

use super::{lines, tally};
use crate::backend::redis::read::{JOB_BATCH, Place, Store, StoredJob, Want};
use crate::codec::{Call, Decoder, FrappeJob, Payload, Value};
use crate::context::Context;
use crate::error::{Outcome, Result};
use crate::human;
use crate::model::id::{JobId, QueueName};
use crate::model::job::seconds_between;
use crate::model::part::Part;
use crate::render::Format;
use crate::render::list::ListSpec;
use crate::report::{Cell, Column, Layout, Role};
use crate::secrets::Secrets;
use crate::sys::clock;
use crate::ui::ListWriter;

/// Rows of a table on a terminal, which has to be laid out as a whole.
const MOST_ROWS: u64 = 1_000;
/// Characters of the arguments that are shown.
const ARGUMENT_CHARS: usize = 120;

/// One waiting job.
#[derive(Debug, Serialize)]
struct PendingJob {
    id: String,
    /// The queue that it waits in, without the bench's prefix.
    queue: String,
    site: Option<String>,
    /// The method, or in brackets why there is none.
    method: String,
    event: Option<String>,
    user: Option<String>,
    /// Whether the scheduler enqueued it.
    scheduled: bool,
    enqueued_at: Option<Timestamp>,
    age_s: Option<f64>,
    /// The method's arguments, cut short, secrets masked.
    arguments: Option<String>,
}

/// Lists the waiting jobs in the order in which workers take them, queue by queue.
///
/// Memory is that of one page, whatever the number of jobs; a table on a terminal is cut.
pub fn list(context: &mut Context) -> Result<Outcome> {
    let only = context.sites()?;
    let scope = context.scope()?;
    let secrets = context.secrets;
    let (ui, target, store) = context.split()?;
    let prefix = target.prefix();
    let survey = crate::ops::doctor::survey_scope(target, false);
    let depths = store.depths(&survey, clock::now())?;
    let is_table = matches!(ui.format_for(Layout::List), Format::Table | Format::Wide);
    let reader = Reader {
        decoder: Decoder::default(),
        only: only.as_deref(),
        now: depths.taken_at,
        secrets,
    };
    let rows = ui.list(&scope, spec())?;
    let most = if is_table { MOST_ROWS } else { u64::MAX };
    let mut listing = Listing { store, reader, rows, left: most, notes: Vec::new() };
    for (queue, counts) in &depths.queues {
        let shown = lines::shown(queue, prefix.as_deref());
        if !listing.queue(queue, shown, counts.queued.unwrap_or(0))? {
            break;
        }
    }
    let Listing { rows, mut notes, .. } = listing;
    notes.extend(depths.lacks.iter().map(ToString::to_string));
    let wrong_prefix = !depths.only_other_prefixes.is_empty();
    if let (Some(prefix), true) = (prefix, wrong_prefix) {
        notes.insert(0, lines::other_prefixes(&prefix, &depths.only_other_prefixes));
    }
    rows.finish(&[], &notes)?;
    let is_unknown = wrong_prefix || depths.queues_read.is_err();
    Ok(if is_unknown { Outcome::Unknown } else { Outcome::Done })
}

/// A list that is being written.
struct Listing<'a> {
    store: &'a mut Store,
    reader: Reader<'a>,
    rows: ListWriter<'a>,
    /// How many rows may still be written.
    left: u64,
    notes: Vec<String>,
}

impl Listing<'_> {
    /// Lists one queue, a page at a time; false where nothing more can be written.
    fn queue(&mut self, queue: &QueueName, shown: &str, depth: u64) -> Result<bool> {
        let place = Place::Queue(queue.clone());
        let depth = usize::try_from(depth).unwrap_or(usize::MAX);
        let mut start = 0;
        while start < depth {
            let entries = match self.store.entries(&place, start, JOB_BATCH.min(depth - start))? {
                Ok(entries) => entries,
                Err(lack) => {
                    self.notes.push(lack.to_string());
                    break;
                }
            };
            if entries.is_empty() {
                break;
            }
            start += entries.len();
            let ids = entries.into_iter().map(|entry| entry.id);
            let ids: Vec<JobId> = ids.filter(|id| self.reader.may_concern(id)).collect();
            if !self.page(&ids, shown)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn page(&mut self, ids: &[JobId], queue: &str) -> Result<bool> {
        let jobs = self.store.jobs(ids, Want { data: true, ..Want::default() })?;
        for (id, job) in ids.iter().zip(jobs) {
            let Some(row) = self.reader.row(id, &job, queue) else { continue };
            if self.left == 0 {
                let most = human::count(MOST_ROWS);
                self.notes.push(format!("only the first {most} are shown; -o plain lists all"));
                return Ok(false);
            }
            self.left -= 1;
            if !self.rows.row(&row, || cells(&row))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn spec() -> ListSpec {
    ListSpec {
        schema: "jobctl.pending-jobs/1",
        items: "jobs",
        columns: vec![
            Column::left("ID").flexible(),
            Column::left("QUEUE"),
            Column::left("SITE").flexible(),
            Column::left("METHOD").flexible(),
            Column::right("AGE"),
            Column::left("ARGUMENTS").flexible(),
            Column::left("ENQUEUED").wide(),
            Column::left("USER").wide(),
        ],
        when_empty: "nothing pending",
    }
}

fn cells(row: &PendingJob) -> Vec<Cell> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default().into();
    let role = if row.method.starts_with('(') { Role::Warn } else { Role::Plain };
    vec![
        row.id.clone().into(),
        row.queue.clone().into(),
        text(&row.site),
        Cell::new(&row.method, role),
        row.age_s.map_or_else(String::new, human::age).into(),
        text(&row.arguments),
        row.enqueued_at.map_or_else(String::new, human::rfc3339).into(),
        text(&row.user),
    ]
}

/// Turns stored jobs into rows.
struct Reader<'s> {
    decoder: Decoder,
    only: Option<&'s [String]>,
    now: Timestamp,
    secrets: Secrets,
}

impl Reader<'_> {
    /// Whether a job may be of the scope, by its id alone.
    fn may_concern(&self, id: &JobId) -> bool {
        self.only.is_none_or(|only| {
            id.site().is_none_or(|site| only.iter().any(|wanted| wanted == site))
        })
    }

    /// The row of a job; `None` if it is not of the scope.
    fn row(
        &mut self,
        id: &JobId,
        job: &Part<Option<StoredJob>>,
        queue: &str,
    ) -> Option<PendingJob> {
        let mut row = PendingJob {
            id: id.text().into_owned(),
            queue: queue.to_owned(),
            site: id.site().map(str::to_owned),
            method: tally::REFUSED.to_owned(),
            event: None,
            user: None,
            scheduled: false,
            enqueued_at: None,
            age_s: None,
            arguments: None,
        };
        if let Ok(stored) = job {
            tally::NO_PAYLOAD.clone_into(&mut row.method);
            if let Some(stored) = stored {
                row.enqueued_at = stored.job.enqueued_at.or(stored.job.created_at);
                row.age_s = row.enqueued_at.and_then(|at| seconds_between(at, self.now));
                if let Some(data) = &stored.data {
                    self.add_call(&mut row, data);
                }
            }
        }
        let concerns = |site: &String| self.only.is_none_or(|only| only.contains(site));
        (self.only.is_none() || row.site.as_ref().is_some_and(concerns)).then_some(row)
    }

    fn add_call(&mut self, row: &mut PendingJob, data: &[u8]) {
        let Payload::Call(call, _) = self.decoder.payload(data) else {
            tally::UNDECODABLE.clone_into(&mut row.method);
            return;
        };
        let headline = call.headline();
        row.method = self.secrets.text(&headline.method).into_owned();
        row.scheduled = headline.is_scheduled;
        let owned = |text: Option<std::borrow::Cow<'_, str>>| {
            text.map(|text| self.secrets.text(&text).into_owned())
        };
        row.event = owned(headline.event);
        row.user = owned(headline.user);
        row.site = row.site.take().or(owned(headline.site));
        row.arguments = arguments(&call, self.secrets);
    }
}

/// A job's own arguments in short: those of the real method of a Frappe job.
fn arguments(call: &Call, secrets: Secrets) -> Option<String> {
    let named = match FrappeJob::of(call) {
        Some(frappe) => frappe.kwargs?,
        None => &call.kwargs,
    };
    let mut shown: Vec<String> = Vec::new();
    if FrappeJob::of(call).is_none() {
        shown.extend(call.args.iter().map(|value| value.repr(secrets, ARGUMENT_CHARS)));
    }
    for (key, value) in named.entries().unwrap_or_default() {
        let key = key.plain_text();
        let value = if secrets.hides(&key) {
            crate::secrets::MASK.to_owned()
        } else {
            Value::repr(value, secrets, ARGUMENT_CHARS)
        };
        shown.push(format!("{key}={value}"));
    }
    let text = shown.join(", ");
    let cut = text.char_indices().nth(ARGUMENT_CHARS).map(|(at, _)| at);
    match cut {
        _ if text.is_empty() => None,
        Some(at) => Some(format!("{}…", text.get(..at).unwrap_or_default())),
        None => Some(text),
    }
}
