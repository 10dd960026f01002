//! Reads a list from the head, page by page, while workers pop and producers push.

use redis::cmd;

use super::super::batch::Batch;
use super::super::keys::Key;
use super::super::read::Store;
use super::side::{End, OVERLAP, Side, WIDE_OVERLAP};
use super::unread;
use crate::error::Result;

/// A reader of one list. An id that stands in it all the time is seen, whatever comes and goes at
/// the ends; one may be seen twice.
pub struct ListPages {
    list: Key,
    side: Side,
    done: bool,
}

impl ListPages {
    /// Is going to read `list`.
    pub fn new(list: Key) -> Self {
        Self { list, side: Side::new(End::Head, 0), done: false }
    }

    /// The next 10,000 ids, head first; `None` at the end. One round trip.
    pub fn next_page(&mut self, store: &mut Store) -> Result<Option<Vec<Vec<u8>>>> {
        if self.done {
            return Ok(None);
        }
        for overlap in [OVERLAP, WIDE_OVERLAP] {
            let (from, count) = self.side.page(overlap);
            let (start, stop) = End::Head.range(from, count);
            let mut batch = Batch::default();
            let page =
                batch.add("LRANGE", cmd("LRANGE").arg(&self.list).arg(start).arg(stop).take());
            let page: Vec<Vec<u8>> = store.run(batch)?.get(page).map_err(unread)?;
            self.done = page.len() < count;
            if self.side.take_page(page, from, usize::MAX) {
                break;
            }
        }
        let page = self.side.pass_all();
        Ok(Some(page).filter(|page| !page.is_empty()))
    }
}
