//! What is called by jobs whose description does not tell, and what failures are: read from Redis,
//! once for each event.

use std::collections::{BTreeSet, HashMap};

use super::events::is_wrapper;
use super::{MOST_NAMED, NewEnd, Passing, Unnamed};
use crate::backend::redis::read::{Store, Want};
use crate::codec::payload::Decoder;
use crate::codec::traceback::Traceback;
use crate::error::Result;
use crate::model::id::JobId;
use crate::ops::jobs::decode::failure_text;

/// What jobs call, by their payloads; jobs that are gone or cannot be read are left out.
///
/// One round trip per 500 jobs. Errors: those of Redis.
pub(in crate::ops) fn methods_of(
    store: &mut Store,
    ids: &[JobId],
) -> Result<HashMap<JobId, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let read = store.jobs(ids, Want { data: true, ..Want::default() })?;
    let mut decoder = Decoder::default();
    let mut methods = HashMap::new();
    for (id, job) in ids.iter().zip(read) {
        let stored = job.ok().flatten();
        let data = stored.as_ref().and_then(|job| job.data.as_deref());
        let headline = data.and_then(|data| decoder.headline(data));
        methods.extend(headline.map(|headline| (id.clone(), headline.method.into_owned())));
    }
    Ok(methods)
}

impl Passing {
    /// Reads from the payload what is called by those whose description names what wraps the call;
    /// where that cannot be read the description stands.
    pub(super) fn name_methods(&mut self, store: &mut Store, new: &mut [NewEnd]) -> Result<()> {
        let ended = new.iter().filter(|end| is_wrapper(&end.ended.method)).map(|end| &end.id);
        let ids: BTreeSet<&JobId> =
            self.unnamed.iter().map(|unnamed| &unnamed.id).chain(ended).take(MOST_NAMED).collect();
        let ids: Vec<JobId> = ids.into_iter().cloned().collect();
        let read = methods_of(store, &ids);
        let nothing = HashMap::new();
        let methods = read.as_ref().unwrap_or(&nothing);
        for end in new {
            if let Some(method) = methods.get(&end.id) {
                end.ended.method.clone_from(method);
            }
        }
        for Unnamed { id, mut series, more } in std::mem::take(&mut self.unnamed) {
            series.task = methods.get(&id).cloned().or(series.task);
            self.totals.add(series, more);
        }
        read.map(|_| ())
    }

    /// Counts ends, and failures by what they are called.
    pub(super) fn name_failures(&mut self, store: &mut Store, new: Vec<NewEnd>) -> Result<()> {
        let (new, done): (Vec<_>, Vec<_>) = new.into_iter().partition(|end| end.ended.failed);
        for end in done {
            self.count_named(end, None);
        }
        let ids: Vec<JobId> = new.iter().map(|failure| failure.id.clone()).collect();
        let want = Want { exception: true, ..Want::default() };
        let read = if ids.is_empty() { Ok(Vec::new()) } else { store.jobs(&ids, want) };
        let mut decoder = Decoder::default();
        let mut texts = match &read {
            Ok(jobs) => jobs
                .iter()
                .map(|job| failure_text(&mut decoder, job.as_ref().ok()?.as_ref()?))
                .collect::<Vec<_>>(),
            Err(_) => Vec::new(),
        }
        .into_iter();
        for failure in new {
            let text = texts.next().flatten();
            let sort = text.as_deref().map(|text| Traceback::parse(text).short_class().to_owned());
            self.count_named(failure, sort.filter(|sort| !sort.is_empty()));
        }
        read.map(|_| ())
    }
}
