//! Reads what Frappe's monitor has not flushed yet. Nothing is removed: the flush does that.

use redis::cmd;

use super::batch::Batch;
use super::connect::Link;
use super::keys::{Key, monitor_buffer};
use crate::error::Result;
use crate::model::part::Part;

/// Records that are asked for in one command: about a mebibyte, and a millisecond of the server's.
const PAGE: usize = 5_000;
/// How often a buffer is read anew because a flush took records from its beginning meanwhile.
const MOST_RESTARTS: usize = 3;

/// Reads how many records wait in the buffers of these databases: one round trip.
pub fn buffer_lengths(link: &mut Link, db_names: &[String]) -> Result<Vec<Part<u64>>> {
    let mut batch = Batch::default();
    let slots: Vec<_> = db_names
        .iter()
        .map(|name| {
            batch.add("LLEN monitor-transactions", cmd("LLEN").arg(monitor_buffer(name)).take())
        })
        .collect();
    let mut replies = batch.run(link)?;
    Ok(slots.into_iter().map(|slot| replies.get(slot)).collect())
}

/// Shows each record of a buffer to `visit`, oldest first: one round trip for 5000 of them.
///
/// A flush takes records from the beginning; then reading begins anew, and records may be shown
/// twice. What a flush took before it was shown stands in the log by then.
pub fn visit_buffer(
    link: &mut Link,
    db_name: &str,
    visit: &mut dyn FnMut(&[u8]),
) -> Result<Part<()>> {
    let key = monitor_buffer(db_name);
    for _ in 0..=MOST_RESTARTS {
        match visit_once(link, &key, visit)? {
            Ok(false) => {}
            Ok(true) => break,
            Err(lack) => return Ok(Err(lack)),
        }
    }
    Ok(Ok(()))
}

/// Reads page by page to the end; false as soon as the list got shorter.
fn visit_once(link: &mut Link, key: &Key, visit: &mut dyn FnMut(&[u8])) -> Result<Part<bool>> {
    let (mut start, mut longest) = (0, 0);
    loop {
        let mut batch = Batch::default();
        let range = cmd("LRANGE").arg(key).arg(start).arg(start + PAGE - 1).take();
        let page = batch.add("LRANGE monitor-transactions", range);
        let length = batch.add("LLEN monitor-transactions", cmd("LLEN").arg(key).take());
        let mut replies = batch.run(link)?;
        let (page, length): (Vec<Vec<u8>>, usize) = match (replies.get(page), replies.get(length)) {
            (Ok(page), Ok(length)) => (page, length),
            (Err(lack), _) | (_, Err(lack)) => return Ok(Err(lack)),
        };
        for record in &page {
            visit(record);
        }
        if length < longest {
            return Ok(Ok(false));
        }
        longest = length;
        start += page.len();
        if page.len() < PAGE {
            return Ok(Ok(true));
        }
    }
}
