//! Visits the ids and payloads of long lists and registries, keeping none of them.
//!
//! Owns how many commands are on their way and how the answers find their questions. Knows nothing
//! of what is counted. Positions are the server's at the time of each page: what workers take
//! meanwhile moves the rest forward, so a busy queue's sweep may miss as many ids as were taken.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::connect::Link;
use super::read::{Place, Store};
use super::reply::{Commands, Item, ReplyError};
use crate::error::Result;
use crate::model::id::split_started_member;
use crate::model::part::{Lack, Part};
use crate::model::queue::Registry;

/// Ids that are asked for in one command: 0.2 ms of the server's time.
const PAGE: usize = 1_000;
/// Pages of ids that are on their way while nothing else is read.
const PAGES_IN_FLIGHT: usize = 4;
/// Ids that are on their way or waiting before payloads are asked for; more than [`IN_FLIGHT`], so
/// that the next page has come before the last one is used up.
const IDS_AHEAD: usize = 4 * PAGE;
/// Payloads that are on their way. Measured: 100 to 5,000 are alike.
const IN_FLIGHT: usize = 512;
/// Bytes of ids that were dealt with before the buffer is shifted.
const SHIFT_AFTER: usize = 64 * 1024;

/// A stretch of a list or registry, from its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Where the ids stand.
    pub place: Place,
    /// The first position.
    pub start: usize,
    /// How many positions.
    pub count: usize,
}

impl Span {
    /// The first `count` positions of a place.
    pub fn first(place: Place, count: usize) -> Self {
        Self { place, start: 0, count }
    }
}

/// What a job's payload turned out to be.
#[derive(Debug)]
pub enum Found<'a> {
    /// The bytes of `data`.
    Payload(&'a [u8]),
    /// The hash is gone, or has no `data`: a worker skips the id.
    Nothing,
    /// Redis refused, because the key holds another type or an access list hides it.
    Refused(Lack),
}

impl Store {
    /// Shows every id of `spans` to `visit`, with the number of its span.
    ///
    /// Gives for each span whether it could be read. One round trip for all of them; nothing is
    /// allocated for an id.
    pub fn sweep_ids(
        &mut self,
        spans: &[Span],
        mut visit: impl FnMut(usize, &[u8]),
    ) -> Result<Vec<Part<()>>> {
        let mut parts = vec![Ok(()); spans.len()];
        let keys = self.keys_of(spans);
        let mut pages = Pages::of(spans);
        let asked = RefCell::new(VecDeque::with_capacity(PAGES_IN_FLIGHT));
        let mut first = 0;
        let next = |out: &mut Commands| {
            let Some(page) = pages.next() else { return false };
            page.ask(&keys, out);
            asked.borrow_mut().push_back(page);
            true
        };
        let answered = |index: usize, item: Item<'_>| {
            let mut asked = asked.borrow_mut();
            while first < index {
                asked.pop_front();
                first += 1;
            }
            let Some(page) = asked.front() else { return };
            match item {
                Item::Bytes(member) => visit(page.span, page.id_in(member)),
                Item::Error(error) => refuse(&mut parts, page, error),
                Item::Int(_) | Item::Nil => {}
            }
        };
        self.link().stream(PAGES_IN_FLIGHT, next, answered)?;
        Ok(parts)
    }

    /// Shows the payload of every id of `spans` that `wants` takes to `visit`, in their order, with
    /// the number of its span.
    ///
    /// `wants` sees every id once. Gives for each span whether its ids could be read. One round
    /// trip where the ids are wanted, more where most are passed over; nothing is allocated for a
    /// job.
    pub fn sweep_payloads(
        &mut self,
        spans: &[Span],
        mut wants: impl FnMut(usize, &[u8]) -> bool,
        mut visit: impl FnMut(usize, &[u8], Found<'_>),
    ) -> Result<Vec<Part<()>>> {
        let keys = self.keys_of(spans);
        let mut job_key = self.keys().job(b"").as_bytes().to_vec();
        job_key.shrink_to_fit();
        let mut sweep = Sweep::over(spans);
        while !sweep.is_done() {
            sweep.run(self.link(), &keys, &job_key, &mut wants, &mut visit)?;
        }
        Ok(sweep.parts)
    }

    fn keys_of(&self, spans: &[Span]) -> Vec<Vec<u8>> {
        spans.iter().map(|span| self.key_of(&span.place).as_bytes().to_vec()).collect()
    }
}

fn refuse(parts: &mut [Part<()>], page: &Page, error: ReplyError) {
    if let Some(part) = parts.get_mut(page.span) {
        *part = Err(Lack::of(page.command, error));
    }
}

/// One command for ids.
#[derive(Debug, Clone, Copy)]
struct Page {
    span: usize,
    command: &'static str,
    start: usize,
    count: usize,
    /// Whether members carry an execution (2.0+).
    started: bool,
}

impl Page {
    fn ask(&self, keys: &[Vec<u8>], out: &mut Commands) {
        let key = keys.get(self.span).map_or(&[][..], Vec::as_slice);
        let (start, stop) = (self.start.to_string(), (self.start + self.count - 1).to_string());
        out.push(&[&[self.command.as_bytes()], &[key], &[start.as_bytes()], &[stop.as_bytes()]]);
    }

    fn id_in<'m>(&self, member: &'m [u8]) -> &'m [u8] {
        if self.started { split_started_member(member).0 } else { member }
    }
}

/// The pages of spans, one after the other.
struct Pages<'s> {
    spans: std::iter::Enumerate<std::slice::Iter<'s, Span>>,
    current: Option<Page>,
}

impl<'s> Pages<'s> {
    fn of(spans: &'s [Span]) -> Self {
        Self { spans: spans.iter().enumerate(), current: None }
    }
}

impl Iterator for Pages<'_> {
    type Item = Page;

    fn next(&mut self) -> Option<Page> {
        let rest = loop {
            if let Some(rest) = self.current.take().filter(|rest| rest.count > 0) {
                break rest;
            }
            let (number, span) = self.spans.next()?;
            let (command, started) = match &span.place {
                Place::Queue(_) | Place::Intermediate(_) => ("LRANGE", false),
                Place::Registry(registry, _) => ("ZRANGE", *registry == Registry::Started),
            };
            let (start, count) = (span.start, span.count);
            self.current = Some(Page { span: number, command, start, count, started });
        };
        let count = rest.count.min(PAGE);
        self.current = Some(Page { start: rest.start + count, count: rest.count - count, ..rest });
        Some(Page { count, ..rest })
    }
}

/// An id whose payload is wanted.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    span: usize,
    len: usize,
}

/// Ids that wait for their question or their answer, in order, in one buffer.
#[derive(Debug, Default)]
struct Ids {
    bytes: Vec<u8>,
    wanted: VecDeque<Wanted>,
    /// How many at the front of `wanted` have been asked for.
    asked: usize,
    /// Where in `bytes` the first of `wanted` begins.
    answer_at: usize,
    /// Where in `bytes` the first begins that has not been asked for.
    ask_at: usize,
}

impl Ids {
    fn waiting(&self) -> usize {
        self.wanted.len() - self.asked
    }

    fn add(&mut self, span: usize, id: &[u8]) {
        self.bytes.extend_from_slice(id);
        self.wanted.push_back(Wanted { span, len: id.len() });
    }

    fn ask(&mut self) -> Option<&[u8]> {
        let len = self.wanted.get(self.asked)?.len;
        let id = self.bytes.get(self.ask_at..self.ask_at + len)?;
        self.asked += 1;
        self.ask_at += len;
        Some(id)
    }

    /// The id whose answer has come.
    fn answered(&self) -> Option<(usize, &[u8])> {
        let first = self.wanted.front()?;
        Some((first.span, self.bytes.get(self.answer_at..self.answer_at + first.len)?))
    }

    fn drop_answered(&mut self) {
        let Some(first) = self.wanted.pop_front() else { return };
        self.asked -= 1;
        self.answer_at += first.len;
        if self.answer_at >= SHIFT_AFTER {
            self.bytes.drain(..self.answer_at);
            self.ask_at -= self.answer_at;
            self.answer_at = 0;
        }
    }
}

/// What a command on its way asked for.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Ids(Page),
    Payload,
}

/// A sweep over payloads, between two turns.
struct Sweep<'s> {
    pages: Pages<'s>,
    /// A page that was taken and not yet asked for.
    next_page: Option<Page>,
    ids: Ids,
    asked: VecDeque<Asked>,
    /// Positions whose ids are on their way.
    expected: usize,
    parts: Vec<Part<()>>,
}

impl<'s> Sweep<'s> {
    fn over(spans: &'s [Span]) -> Self {
        let mut pages = Pages::of(spans);
        let next_page = pages.next();
        Self {
            pages,
            next_page,
            ids: Ids::default(),
            asked: VecDeque::with_capacity(IN_FLIGHT),
            expected: 0,
            parts: vec![Ok(()); spans.len()],
        }
    }

    fn is_done(&self) -> bool {
        self.next_page.is_none() && self.ids.wanted.is_empty()
    }

    /// Goes on until everything is read, or nothing can be asked before an answer has come.
    fn run(
        &mut self,
        link: &mut Link,
        keys: &[Vec<u8>],
        job_key: &[u8],
        wants: &mut dyn FnMut(usize, &[u8]) -> bool,
        visit: &mut dyn FnMut(usize, &[u8], Found<'_>),
    ) -> Result<()> {
        let mut first = 0;
        let sweep = RefCell::new(&mut *self);
        let next = |out: &mut Commands| sweep.borrow_mut().ask(keys, job_key, out);
        let answered = |index: usize, item: Item<'_>| {
            let mut sweep = sweep.borrow_mut();
            while first < index {
                sweep.settle();
                first += 1;
            }
            sweep.take(item, wants, visit);
        };
        link.stream(IN_FLIGHT, next, answered)?;
        // An empty page is never shown, so what is left has been answered as well.
        while !self.asked.is_empty() {
            self.settle();
        }
        Ok(())
    }

    /// Writes the next command; false where none can be written yet, or ever.
    fn ask(&mut self, keys: &[Vec<u8>], job_key: &[u8], out: &mut Commands) -> bool {
        if self.ids.waiting() + self.expected < IDS_AHEAD
            && let Some(page) = self.next_page
        {
            page.ask(keys, out);
            self.expected += page.count;
            self.asked.push_back(Asked::Ids(page));
            self.next_page = self.pages.next();
            return true;
        }
        let Some(id) = self.ids.ask() else { return false };
        out.push(&[&[b"HGET"], &[job_key, id], &[b"data"]]);
        self.asked.push_back(Asked::Payload);
        true
    }

    /// Deals with one element of the oldest command's answer.
    fn take(
        &mut self,
        item: Item<'_>,
        wants: &mut dyn FnMut(usize, &[u8]) -> bool,
        visit: &mut dyn FnMut(usize, &[u8], Found<'_>),
    ) {
        match (self.asked.front(), item) {
            (Some(Asked::Ids(page)), Item::Bytes(member)) => {
                let id = page.id_in(member);
                if wants(page.span, id) {
                    self.ids.add(page.span, id);
                }
            }
            (Some(Asked::Ids(page)), Item::Error(error)) => {
                refuse(&mut self.parts, page, error);
            }
            (Some(Asked::Payload), item) => {
                let Some((span, id)) = self.ids.answered() else { return };
                match item {
                    Item::Bytes(data) => visit(span, id, Found::Payload(data)),
                    Item::Error(error) => {
                        visit(span, id, Found::Refused(Lack::of("HGET data", error)));
                    }
                    Item::Int(_) | Item::Nil => visit(span, id, Found::Nothing),
                }
            }
            _ => {}
        }
    }

    /// The oldest command's answer has been dealt with.
    fn settle(&mut self) {
        match self.asked.pop_front() {
            Some(Asked::Ids(page)) => self.expected -= page.count,
            Some(Asked::Payload) => self.ids.drop_answered(),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::QueueName;

    fn span(start: usize, count: usize) -> Span {
        Span { place: Place::Queue(QueueName::new("q")), start, count }
    }

    #[test]
    fn pages_cover_spans_without_gap_or_overlap() {
        let spans = [span(0, 2_500), span(0, 0), span(7_000, 1_000)];
        let pages: Vec<_> = Pages::of(&spans).map(|p| (p.span, p.start, p.count)).collect();
        assert_eq!(pages, [(0, 0, 1_000), (0, 1_000, 1_000), (0, 2_000, 500), (2, 7_000, 1_000)]);
    }

    #[test]
    fn ids_are_answered_in_the_order_in_which_they_were_asked() {
        let mut ids = Ids::default();
        let long = vec![b'x'; SHIFT_AFTER];
        ids.add(0, &long);
        ids.add(1, b"b");
        assert_eq!(ids.ask(), Some(long.as_slice()));
        assert_eq!(ids.answered(), Some((0, long.as_slice())));
        ids.add(2, b"c");
        ids.drop_answered();
        assert_eq!(ids.ask(), Some(&b"b"[..]));
        assert_eq!(ids.answered(), Some((1, &b"b"[..])));
        ids.drop_answered();
        assert_eq!((ids.waiting(), ids.ask()), (1, Some(&b"c"[..])));
        assert_eq!(ids.ask(), None);
    }
}
