//! Reads long lists by a few fields of each job.

use jiff::Timestamp;

use super::draft::{Draft, Match};
use crate::backend::redis::Item;
use crate::backend::redis::list_removal::ListPages;
use crate::backend::redis::read::{JOB_BATCH, Store};
use crate::codec::payload::Decoder;
use crate::error::Result;
use crate::model::id::{JobId, QueueName};
use crate::model::job::parse_rq_date;
use crate::model::selection::{Admits, Facets, Selection};
use crate::ops::jobs::find::Flow;
use crate::sys::clock;

/// Whether a few fields of each job decide: nothing asks for failures or arguments.
pub(super) fn suffice(selection: &Selection) -> bool {
    selection.exception.is_none() && selection.args.is_empty()
}

/// Visits a list with the few fields that tell site, method and age: the server sends a fifth of
/// what whole jobs take, and is never waited for.
pub(super) fn visit_list(
    store: &mut Store,
    queue: &QueueName,
    selection: &Selection,
    draft: &mut Draft<'_>,
) -> Result<()> {
    let mut reader = FieldReader { decoder: Decoder::default(), selection, now: clock::now() };
    let mut pages = ListPages::new(store.keys().queue(queue));
    while let Some(page) = pages.next_page(store)? {
        let admitted: Vec<(JobId, Admits)> = page
            .into_iter()
            .map(JobId::new)
            .map(|id| (selection.admits_id(&id), id))
            .filter(|(admits, _)| *admits != Admits::No)
            .map(|(admits, id)| (id, admits))
            .collect();
        let matches = reader.read(store, &admitted)?;
        for found in matches {
            if draft.add(found) == Flow::Enough {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The fields that [`FieldReader`] asks for, in its order.
const FIELDS: [&[u8]; 4] = [b"status", b"enqueued_at", b"created_at", b"data"];

/// Decides about waiting jobs by a few fields of each.
struct FieldReader<'a> {
    decoder: Decoder,
    selection: &'a Selection,
    now: Timestamp,
}

/// The small fields of one job, while its payload is on the way.
#[derive(Default)]
struct Row {
    status: Vec<u8>,
    enqueued_at: Option<Timestamp>,
    created_at: Option<Timestamp>,
}

impl FieldReader<'_> {
    /// Reads the jobs of one page and gives those that match, in their order.
    fn read(&mut self, store: &mut Store, admitted: &[(JobId, Admits)]) -> Result<Vec<Match>> {
        let keys = store.keys().clone();
        let mut asked = admitted.iter();
        let mut matches = Vec::with_capacity(admitted.len());
        let (mut row, mut current, mut field) = (Row::default(), usize::MAX, 0);
        store.link().stream(
            JOB_BATCH,
            |out| match asked.next() {
                Some((id, _)) => {
                    let key = keys.job(id.as_bytes());
                    out.push(&[
                        &[b"HMGET"],
                        &[key.as_bytes()],
                        &[FIELDS[0]],
                        &[FIELDS[1]],
                        &[FIELDS[2]],
                        &[FIELDS[3]],
                    ]);
                    true
                }
                None => false,
            },
            |index, item| {
                if index != current {
                    (row, current, field) = (Row::default(), index, 0);
                }
                field += 1;
                let bytes = match item {
                    Item::Bytes(bytes) => Some(bytes),
                    _ => None,
                };
                let date = || parse_rq_date(std::str::from_utf8(bytes?).ok()?);
                match field {
                    1 => row.status = bytes.unwrap_or_default().to_vec(),
                    2 => row.enqueued_at = date(),
                    3 => row.created_at = date(),
                    _ => {
                        let job = admitted.get(index);
                        matches.extend(job.and_then(|job| self.decide(job, &row, bytes)));
                    }
                }
            },
        )?;
        Ok(matches)
    }

    /// Whether a job matches, once its fields are there; `data` is its payload.
    fn decide(
        &mut self,
        (id, admits): &(JobId, Admits),
        row: &Row,
        data: Option<&[u8]>,
    ) -> Option<Match> {
        let selection = self.selection;
        // Another run under the same id: what runs is never purged.
        if row.status == b"started" {
            return None;
        }
        let exists = !row.status.is_empty() || row.created_at.is_some() || data.is_some();
        if !exists && !selection.is_by_place() {
            return None;
        }
        if exists && !selection.admits_age(row.enqueued_at.or(row.created_at), self.now) {
            return None;
        }
        let headline = data.and_then(|data| self.decoder.headline(data));
        let headline = headline.as_ref();
        let facets = Facets {
            site: headline.and_then(|headline| headline.site.as_deref()),
            method: headline.map(|headline| &*headline.method),
            event: headline.and_then(|headline| headline.event.as_deref()),
            user: headline.and_then(|headline| headline.user.as_deref()),
            is_scheduled: headline.is_some_and(|headline| headline.is_scheduled),
        };
        selection.admits_facets(id, *admits, &facets).then(|| Match {
            matched_by: selection.event.as_ref().and_then(|e| e.matched_by(id, &facets)),
            id: id.clone(),
            site: id.site().or(facets.site).map(str::to_owned),
            method: facets.method.map(str::to_owned),
        })
    }
}
